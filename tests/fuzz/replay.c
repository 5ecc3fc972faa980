/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target over the files that it is given, without libFuzzer: a target linked with this
 * (its LINK line says so) is a plain program of any compiler, for regression runs over a corpus.
 */
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define INPUT_MAX (1 << 20)

/* In memory of exactly the input's size, so that a sanitizer sees the first octet behind it. */
static bool run(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *all = xcalloc(1, INPUT_MAX), *data;
	size_t len;

	if (!f) {
		perror(path);
		free(all);
		return false;
	}
	len = fread(all, 1, INPUT_MAX, f);
	fclose(f);
	data = xmemdup(all, len);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	free(all);
	return true;
}

int main(int argc, char **argv)
{
	bool ok = true;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		ok &= run(argv[i]);
	printf("%s: %d inputs\n", strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0],
	       argc - 1);
	return ok ? 0 : 1;
}
