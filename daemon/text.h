/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text put together piece by piece in a buffer of fixed size; what does not fit is cut. */
#ifndef DAEMON_TEXT_H
#define DAEMON_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *buf;
	size_t cap; /* with the terminating zero, at least 1 */
	size_t len;
};

static inline struct text text_of(char *buf, size_t cap)
{
	buf[0] = '\0';
	return (struct text){ .buf = buf, .cap = cap };
}

static inline void text_vadd(struct text *t, const char *fmt, va_list args)
{
	int n = vsnprintf(t->buf + t->len, t->cap - t->len, fmt, args);

	if (n > 0)
		t->len = t->len + (size_t)n < t->cap ? t->len + (size_t)n : t->cap - 1;
}

static inline void __attribute__((format(printf, 2, 3)))
text_add(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_vadd(t, fmt, args);
	va_end(args);
}

/* Octets of the UTF-8 character that begins here; 0: there is none (RFC 3629: cut, too long, a surrogate). */
static inline size_t text_character(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t len = 0;

	if (c[0] < 0x80)
		len = 1;
	else if (c[0] >= 0xc2 && c[0] < 0xf5)
		len = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	/* A text's terminating zero does not continue anything, so nothing behind it is read. */
	for (size_t i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return len;
}

/*
 * JSON, SVG and DOT are UTF-8; a file's name or a foreign configuration need not be, and what was cut to
 * fit may end within a character. Each octet that is none becomes a question mark.
 */
static inline void text_make_utf8(char *text)
{
	while (*text) {
		size_t len = text_character(text);

		if (!len)
			*text++ = '?';
		text += len;
	}
}

/* Whether a terminal would do something instead of showing it: C0, DEL, and C1, which some take as ESC [. */
static inline bool text_is_control(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	return (c[0] < ' ' && c[0] != '\t') || c[0] == 0x7f ||
	       (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

/* The same for one line; and what a peer has put into it moves no cursor and begins no other line. */
static inline void text_make_printable(char *text)
{
	text_make_utf8(text);
	while (*text) {
		size_t len = text_character(text);

		if (text_is_control(text))
			memset(text, '?', len);
		text += len;
	}
}

struct text_word {
	const char *word, *text; /* "{peer}", "10.0.0.4" */
};

/* A sentence with its {words} replaced; a brace that is none of them stays. */
static inline void text_fill(struct text *t, const char *sentence, const struct text_word *words,
			     size_t count)
{
	while (*sentence) {
		size_t plain = strcspn(sentence, "{"), i;

		text_add(t, "%.*s", (int)plain, sentence);
		sentence += plain;
		for (i = 0; i < count; i++)
			if (!strncmp(sentence, words[i].word, strlen(words[i].word)))
				break;
		if (i < count) {
			text_add(t, "%s", words[i].text);
			sentence += strlen(words[i].word);
		} else if (*sentence) {
			text_add(t, "{");
			sentence++;
		}
	}
}

#endif
