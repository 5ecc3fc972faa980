/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind the "|" of a command line. */
#include <string.h>
#include <strings.h>

#include "daemon/dmvpnctl_line.h"
#include "lib/util.h"

static const struct {
	const char *name;
	enum filter_kind kind;
} kinds[] = {
	{ "include", FILTER_INCLUDE },
	{ "exclude", FILTER_EXCLUDE },
	{ "begin", FILTER_BEGIN },
	{ "section", FILTER_SECTION },
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
			"%% Expected behind the |: include, exclude, begin or section, and a "
			"regular expression.\n");
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
