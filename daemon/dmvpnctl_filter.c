/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind the "|" of a command line. */
#include <string.h>
#include <strings.h>

#include "daemon/dmvpnctl_line.h"
#include "lib/util.h"

static const struct {
	const char *name;
	enum filter_kind kind;
	const char *help;
} kinds[] = {
	{ "begin", FILTER_BEGIN, "All lines from the first that matches" },
	{ "count", FILTER_COUNT, "How many lines match" },
	{ "exclude", FILTER_EXCLUDE, "Only lines that do not match" },
	{ "include", FILTER_INCLUDE, "Only lines that match" },
	{ "section", FILTER_SECTION, "Lines that match, with what is indented below them" },
};

static enum filter_kind kind_of(const char *word)
{
	enum filter_kind found = FILTER_NONE;

	for (size_t i = 0; *word && i < ARRAY_SIZE(kinds); i++)
		if (strncasecmp(kinds[i].name, word, strlen(word)) == 0)
			found = kinds[i].kind;
	return found;
}

bool filter_open(struct filter *f, char *const *words, size_t count)
{
	char pattern[512] = "", why[128];
	size_t len = 0;
	int error;

	*f = (struct filter){ .kind = count ? kind_of(words[0]) : FILTER_NONE };
	if (f->kind == FILTER_NONE || count < 2) {
		fprintf(stderr,
			"%% Expected behind the |: include, exclude, begin, section or count, and "
			"a regular expression.\n");
		f->kind = FILTER_NONE;
		return false;
	}
	for (size_t i = 1; i < count && len < sizeof(pattern); i++)
		len += (size_t)snprintf(pattern + len, sizeof(pattern) - len, "%s%s",
					i > 1 ? " " : "", words[i]);
	error = regcomp(&f->regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (!error)
		return true;
	regerror(error, &f->regex, why, sizeof(why));
	fprintf(stderr, "%% \"%s\" is no regular expression: %s\n", pattern, why);
	f->kind = FILTER_NONE;
	return false;
}

void filter_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		fprintf(out, "  %-14s  %s\n", kinds[i].name, kinds[i].help);
}

size_t filter_candidates(const char *typed, FILE *out)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncasecmp(kinds[i].name, typed, strlen(typed)) != 0)
			continue;
		fprintf(out, "%s\n", kinds[i].name);
		count++;
	}
	return count;
}

void filter_begin(struct filter *f)
{
	f->open = false;
	f->count = 0;
}

void filter_end(const struct filter *f, FILE *out)
{
	if (f->kind == FILTER_COUNT)
		fprintf(out, "Number of lines which match regexp = %zu\n", f->count);
}

void filter_close(struct filter *f)
{
	if (f->kind != FILTER_NONE)
		regfree(&f->regex);
	f->kind = FILTER_NONE;
}

bool filter_takes(struct filter *f, const char *line)
{
	size_t indent = strspn(line, " \t");
	bool matches = f->kind != FILTER_NONE && regexec(&f->regex, line, 0, NULL, 0) == 0;

	switch (f->kind) {
	case FILTER_NONE:
		break;
	case FILTER_INCLUDE:
		return matches;
	case FILTER_EXCLUDE:
		return !matches;
	case FILTER_COUNT:
		f->count += matches;
		return false;
	case FILTER_BEGIN:
		f->open |= matches;
		return f->open;
	case FILTER_SECTION:
		if (f->open && line[indent] && indent <= f->indent)
			f->open = false;
		if (matches && !f->open) {
			f->open = true;
			f->indent = indent;
		}
		return f->open;
	}
	return true;
}
