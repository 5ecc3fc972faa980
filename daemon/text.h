/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text put together piece by piece in a buffer of fixed size; what does not fit is cut. */
#ifndef DAEMON_TEXT_H
#define DAEMON_TEXT_H

#include <stdarg.h>
#include <stddef.h>
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
