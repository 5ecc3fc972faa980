/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manual pages as such, and the options of the programs in them. The options are read out of the
 * tables for getopt_long() in the source, which are private to their files. Keys are compared by
 * test_conf_schema.c, commands by test_dmvpnctl.c.
 *
 * LINK:
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl.h"
#include "tests/unit/manual.h"

#define OPTION	   ".It Fl "
#define OPTION_MAX 64

struct program {
	const char *page, *sources; /* a glob pattern */
	char *text;
	char known[OPTION_MAX][32]; /* names of its options, without "--" */
	size_t count;
};

static char *read_source(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = xcalloc(1, MANUAL_MAX);

	cr_assert_not_null(f, "%s", path);
	cr_assert_lt(fread(text, 1, MANUAL_MAX - 1, f), MANUAL_MAX - 1);
	fclose(f);
	return text;
}

static bool knows(const struct program *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->known[i], name) == 0)
			return true;
	return false;
}

static void know(struct program *p, const char *name)
{
	if (knows(p, name))
		return;
	cr_assert_lt(p->count, OPTION_MAX);
	snprintf(p->known[p->count++], sizeof(p->known[0]), "%s", name);
}

/* One option has its entry; `letter` is 0 where it has none. */
static void check_option(struct program *p, const char *path, char letter, const char *name,
			 bool argument)
{
	char entry[80], brief[8] = "";

	if (letter)
		snprintf(brief, sizeof(brief), "%c , ", letter);
	snprintf(entry, sizeof(entry), "\n" OPTION "%s-%s%s", brief, name, argument ? " Ar" : "");
	know(p, name);
	cr_expect(strstr(p->text, entry) && strchr(" \n", strstr(p->text, entry)[strlen(entry)]),
		  "%s has the option --%s: add to the options in %s an entry that begins with%s",
		  path, name, p->page, entry);
}

/* Rows of a table for getopt_long(): { "name", required_argument, NULL, 'n' }. */
static void check_table(struct program *p, const char *path, const char *source)
{
	const char *call = strstr(source, "getopt_long(");
	char brief[64] = "", name[32], kind[32], value[32];

	if (!call)
		return;
	cr_assert_eq(sscanf(strchr(call, '"'), "\"%63[^\"]", brief), 1);
	for (const char *at = source; (at = strstr(at, "{ \"")); at++) {
		if (sscanf(at, "{ \"%31[a-z-]\", %31[a-z_], NULL, %31[^ ]", name, kind, value) != 3)
			continue;
		check_option(p, path, value[0] == '\'' && strchr(brief, value[1]) ? value[1] : 0,
			     name, strcmp(kind, "required_argument") == 0);
	}
}

/* Words that stand behind a command are in no table, but compared one by one: "--svg". */
static void check_words(struct program *p, const char *path, const char *source)
{
	char name[32];

	for (const char *at = source; (at = strstr(at, "\"--")); at++)
		if (sscanf(at, "\"--%31[a-z-]", name) == 1 && at[3 + strlen(name)] == '"' &&
		    !knows(p, name))
			check_option(p, path, 0, name, false);
}

static void check_is_option(const char *entry, void *arg)
{
	const struct program *p = arg;
	const char *at = strchr(entry, '-');
	char name[32] = "";

	if (at)
		sscanf(at, "-%31[^ ]", name);
	cr_expect(knows(p, name), "%s: there is no option \"%s\" in %s: remove the entry", p->page, entry,
		  p->sources);
}

static void check_program(struct program *p)
{
	glob_t sources;

	p->text = manual_read(p->page);
	cr_assert_eq(glob(p->sources, 0, NULL, &sources), 0);
	for (size_t i = 0; i < sources.gl_pathc; i++) {
		char *source = read_source(sources.gl_pathv[i]);

		check_table(p, sources.gl_pathv[i], source);
		free(source);
	}
	for (size_t i = 0; i < sources.gl_pathc; i++) {
		char *source = read_source(sources.gl_pathv[i]);

		check_words(p, sources.gl_pathv[i], source);
		free(source);
	}
	globfree(&sources);
	/* A table that looks otherwise must not pass as one without options. */
	cr_assert_geq(p->count, 8, "only %zu options found in %s", p->count, p->sources);
	manual_entries(p->text, OPTION, check_is_option, p);
	free(p->text);
}

Test(manual, dmvpnd_has_every_option_and_no_other)
{
	struct program p = { .page = "doc/dmvpnd.8", .sources = "daemon/options.c" };

	check_program(&p);
}

Test(manual, dmvpnctl_has_every_option_and_no_other)
{
	struct program p = { .page = "doc/dmvpnctl.8", .sources = "daemon/dmvpnctl*.c" };

	check_program(&p);
}

Test(manual, default_instance)
{
	static const char *const pages[] = { "doc/dmvpnd.8", "doc/dmvpnctl.8" };

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		char *text = manual_read(pages[i]);

		cr_expect_not_null(strstr(text, "\n.Pq default Ql " CTL_INSTANCE " .\n"),
				   "%s: the default of --instance is " CTL_INSTANCE, pages[i]);
		free(text);
	}
}

Test(manual, pages_are_sound)
{
	cr_assert_eq(system("command -v mandoc >/dev/null"), 0,
		     "mandoc is missing: scripts/deps.sh check installs it");
	cr_expect_eq(system("mandoc -Tlint -W warning doc/*.5 doc/*.8 >&2"), 0);
}
