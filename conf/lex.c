/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over the octets; see lex.h for why. */
#include "conf/lex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define DEPTH_MAX 16 /* braces within braces; our own grammar needs four */
#define WORD_MAX 255 /* octets without quotes; libconfuse takes quadratic time for one */

struct scan {
	const struct complaints *complaints;
	const char *p, *end;
	unsigned int line;
	struct lexed *out;
	size_t len, room; /* of out->grammar */
	bool behind_equals;
	struct {
		unsigned int line;
		bool list;
	} open[DEPTH_MAX];
	size_t depth;
	bool failed;
};

static void fail(struct scan *s, unsigned int line, const char *what)
{
	complain(s->complaints, CONF_ERROR, line, "%s", what);
	s->failed = true;
}

static void emit(struct scan *s, const char *text, size_t len)
{
	if (s->len + len + 1 > s->room) {
		s->room = 2 * (s->len + len + 1);
		s->out->grammar = xreallocarray(s->out->grammar, s->room, 1);
	}
	memcpy(s->out->grammar + s->len, text, len);
	s->len += len;
	s->out->grammar[s->len] = '\0';
}

/* Takes ownership of the value. */
static void emit_handle(struct scan *s, char *value)
{
	struct lexed *t = s->out;
	char word[24];

	t->values = xreallocarray(t->values, t->value_count + 1, sizeof(*t->values));
	t->values[t->value_count] = value;
	/* The blanks keep "a"b two words, which is an error that the grammar finds. */
	emit(s, word, (size_t)snprintf(word, sizeof(word), " @%zu ", t->value_count));
	t->value_count++;
}

static bool at(const struct scan *s, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, what, n) == 0;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._-/:", c));
}

static void scan_line_comment(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static void scan_block_comment(struct scan *s)
{
	unsigned int line = s->line;

	for (s->p += 2; s->p < s->end && !at(s, "*/"); s->p++) {
		if (*s->p == '\n') {
			s->line++;
			emit(s, "\n", 1);
		}
	}
	if (s->p == s->end)
		fail(s, line, "this comment has no end: expected */");
	else
		s->p += 2;
	emit(s, " ", 1);
}

/* Octets up to the closing quote or the end of the line. */
static size_t string_length(const struct scan *s, char quote)
{
	const char *p = s->p;

	while (p < s->end && *p != '\n' && *p != quote)
		p += *p == '\\' && p + 1 < s->end && p[1] != '\n' ? 2 : 1;
	return (size_t)(p - s->p);
}

static void scan_string(struct scan *s)
{
	char quote = *s->p++;
	char *value = xcalloc(1, string_length(s, quote) + 1);
	size_t n = 0;

	for (; s->p < s->end && *s->p != '\n' && *s->p != quote; s->p++) {
		unsigned char c = (unsigned char)*s->p;

		if (c == '\\') {
			s->p++;
			if (s->p == s->end || !strchr("\\\"'", *s->p) || !*s->p) {
				fail(s, s->line, "unknown escape in a string: write \\\\ for one \\");
				s->p--;
			}
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			fail(s, s->line, "a string holds a control character");
		}
		value[n++] = *s->p;
	}
	if (s->p == s->end || *s->p == '\n')
		fail(s, s->line, "this string has no end: expected its closing quote on the same line");
	else
		s->p++;
	emit_handle(s, value);
}

static void scan_word(struct scan *s)
{
	const char *start = s->p;
	size_t n;

	while (s->p < s->end && is_word(*s->p))
		s->p++;
	n = (size_t)(s->p - start);
	if (n > WORD_MAX) {
		fail(s, s->line, "a word of more than 255 octets");
	} else if (s->behind_equals) {
		char *value = xcalloc(1, n + 1);

		memcpy(value, start, n);
		emit_handle(s, value);
	} else {
		emit(s, start, n);
	}
	if (s->p < s->end && *s->p == '#')
		fail(s, s->line, "a # within a word: put quotes around the value, or a blank before "
				 "the comment");
}

static void scan_open(struct scan *s)
{
	if (s->depth == DEPTH_MAX) {
		fail(s, s->line, "too many braces within braces");
		s->p = s->end;
		s->depth = 0;
		return;
	}
	s->open[s->depth].line = s->line;
	s->open[s->depth].list = s->behind_equals;
	s->depth++;
	emit(s, s->p++, 1);
}

static void scan_close(struct scan *s)
{
	struct lexed *t = s->out;

	if (s->depth == 0) {
		fail(s, s->line, "a } without its {");
		s->p++;
		return;
	}
	s->depth--;
	if (!s->open[s->depth].list) {
		t->section_lines = xreallocarray(t->section_lines, t->section_count + 1,
						 sizeof(*t->section_lines));
		t->section_lines[t->section_count++] = s->open[s->depth].line;
	}
	emit(s, s->p++, 1);
}

/* What carries meaning; blanks and comments are the caller's. */
static void scan_token(struct scan *s)
{
	char c = *s->p;

	if (c == '"' || c == '\'') {
		scan_string(s);
	} else if (c == '{') {
		scan_open(s);
	} else if (c == '}') {
		scan_close(s);
	} else if (c == '=' || c == ',') {
		emit(s, s->p++, 1);
	} else if (is_word(c)) {
		scan_word(s);
	} else {
		/* Once for a run of them: each octet of a UTF-8 letter would complain otherwise. */
		fail(s, s->line, "a character that needs quotes: without them a value holds "
				 "letters, digits and . _ - / : only");
		while (s->p < s->end && *s->p != '\n' && !strchr(" \t\r\"'{}=,", *s->p))
			s->p++;
		s->p += s->p < s->end && !*s->p; /* strchr finds a NUL, too */
	}
	s->behind_equals = c == '=';
}

bool lex_text(const char *in, size_t len, const struct complaints *c, struct lexed *out)
{
	struct scan s = { .complaints = c, .p = in, .end = in + len, .line = 1, .out = out };

	*out = (struct lexed){ 0 };
	emit(&s, " ", 1); /* libconfuse is not made for nothing at all */
	while (s.p < s.end) {
		if (*s.p == '\n') {
			s.line++;
			emit(&s, s.p++, 1);
		} else if (*s.p == ' ' || *s.p == '\t' || *s.p == '\r') {
			s.p++;
			emit(&s, " ", 1);
		} else if (*s.p == '#' || at(&s, "//")) {
			scan_line_comment(&s);
		} else if (at(&s, "/*")) {
			scan_block_comment(&s);
		} else {
			scan_token(&s);
		}
	}
	while (s.depth > 0)
		fail(&s, s.open[--s.depth].line, "this { has no }");
	return !s.failed;
}

void lex_free(struct lexed *t)
{
	for (size_t i = 0; i < t->value_count; i++) {
		util_wipe(t->values[i], strlen(t->values[i]));
		free(t->values[i]);
	}
	free(t->values);
	free(t->grammar);
	free(t->section_lines);
	*t = (struct lexed){ 0 };
}

const char *lex_value(const struct lexed *t, const char *word)
{
	size_t i;

	if (word[0] != '@')
		return word;
	i = strtoul(word + 1, NULL, 10);
	return i < t->value_count ? t->values[i] : word;
}
