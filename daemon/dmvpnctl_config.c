/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renders the configuration, and what became of an archive for support. */
#include <string.h>

#include "daemon/dmvpnctl.h"

/* The first lines are comments, so that all of it can be read again. */
void render_running_config(const json_t *answer, FILE *out)
{
	fprintf(out,
		"# What dmvpnd %s runs, read from %s.\n# Without what is as it is when nothing is "
		"said; secrets are masked.\n\n%s",
		member_text(answer, "version"), member_text(answer, "config"),
		member_text(answer, "text"));
}

void render_running_config_ios(const json_t *answer, FILE *out)
{
	const char *text = member_text(answer, "text");

	fprintf(out, "Building configuration...\n\nCurrent configuration : %zu bytes\n%s",
		strlen(text), text);
}

void render_tech_support(const json_t *answer, FILE *out)
{
	const json_t *missing;
	size_t i;

	fprintf(out, "Written: %s (%lld bytes, %lld files)\n", member_text(answer, "file"),
		(long long)member_int(answer, "bytes"), (long long)member_int(answer, "files"));
	json_array_foreach (json_object_get(answer, "missing"), i, missing)
		fprintf(out, "Not in it: %s\n", value_text(missing));
	fprintf(out, "Keys are not in it, neither those of the configuration nor those of SAs. "
		     "Addresses, names,\nlogs and firewall rules are: look at it before it is given "
		     "away.\n");
}
