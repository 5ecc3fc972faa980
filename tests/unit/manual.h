/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the manual pages in doc/, for the tests that compare them with the tables in the code.
 *
 * A page is held as lines, text that was wrapped joined again. An entry is a line ".It Ic NAME ..."
 * between the heading that the table's section has and the next one.
 */
#ifndef TESTS_MANUAL_H
#define TESTS_MANUAL_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

#define MANUAL_MAX (1 << 17)
#define ENTRY ".It Ic "

/* The page, for the caller to free(). */
static inline char *manual_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char *page = xcalloc(1, MANUAL_MAX), line[1024];
	bool after_text = false;
	size_t len = 0;

	cr_assert_not_null(f, "%s is missing", path);
	while (fgets(line, sizeof(line), f)) {
		/* Text behind text was wrapped for the eye only. */
		if (after_text && line[0] != '.')
			page[len - 1] = ' ';
		cr_assert_lt(len + strlen(line), MANUAL_MAX);
		memcpy(page + len, line, strlen(line) + 1);
		len += strlen(line);
		after_text = line[0] != '.';
	}
	fclose(f);
	return page;
}

/*
 * What stands below a heading (".Sh COMMANDS\n"), up to the next of its kind, for the caller to
 * free(); NULL: there is no such heading.
 */
static inline char *manual_below(const char *page, const char *heading)
{
	char start[256], next[8];
	const char *at, *end;

	snprintf(start, sizeof(start), "\n%s\n", heading);
	at = strstr(page, start);
	if (!at)
		return NULL;
	at += strlen(start) - 1;
	snprintf(next, sizeof(next), "\n%.4s", heading);
	end = strstr(at, next);
	if (!end || (strstr(at, "\n.Sh ") && strstr(at, "\n.Sh ") < end))
		end = strstr(at, "\n.Sh ");
	return end ? strndup(at, (size_t)(end - at + 1)) : strdup(at);
}

/* Calls `check` with the rest of each entry's line (NAME ...). */
static inline void manual_entries(const char *text, const char *macro,
				  void (*check)(const char *entry, void *arg), void *arg)
{
	char start[32];

	snprintf(start, sizeof(start), "\n%s", macro);
	for (const char *at = text; (at = strstr(at, start));) {
		char entry[256];

		at += strlen(start);
		snprintf(entry, sizeof(entry), "%.*s", (int)strcspn(at, "\n"), at);
		check(entry, arg);
	}
}

#endif
