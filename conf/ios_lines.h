/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of an IOS running-config, as `show running-config` prints it or as somebody pasted it:
 * words, whether there was a "no", whether the line stands within the block of another. What is no
 * configuration (prompts, headers, comments, banners, certificates in hexadecimal, messages of a
 * console, "--More--", marks of a mail, numbers of lines, other parts of a `show tech-support`) is left
 * out; what was typed behind a prompt of the configuration mode is a line, and what a console of 80
 * columns broke off is part of the line above it.
 */
#ifndef CONF_IOS_LINES_H
#define CONF_IOS_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define IOS_WORDS_MAX 32 /* of a line; the rest of a longer one is in the last word */

struct ios_line {
	unsigned int number;
	size_t indent; /* blanks before it */
	bool indented; /* deeper than the text as a whole */
	bool first;    /* the first behind a "!" that stands by itself */
	bool top;      /* stands for itself or opens a block: belongs to no other line */
	bool gone;     /* a "no" further down took it back, or this is that "no" */
	bool no;    /* it began with "no", which is not among the words */
	char *text; /* as it was, without blanks around it; may hold a secret */
	char *word[IOS_WORDS_MAX];
	size_t count; /* at least 1 */
};

struct ios_lines {
	struct ios_line *line;
	size_t count;
	bool indents; /* blocks are indented: a line that is not belongs to none */
};

/* Whether a text is an IOS configuration rather than one in our own syntax. */
bool ios_is_config(const char *text, size_t len);
void ios_lines_read(const char *text, size_t len, struct ios_lines *out);
/* Marks the lines that a "no" further down takes back. */
void ios_lines_take_back(struct ios_lines *ls);
/* The line of that number; NULL where it was left out. */
const struct ios_line *ios_lines_find(const struct ios_lines *ls, unsigned int number);
/* Wipes them. */
void ios_lines_free(struct ios_lines *ls);

#endif
