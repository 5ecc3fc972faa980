/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration in our syntax before it is text: sections with settings and sections in them, each
 * with the line of another text that it was made from. A reader of a foreign syntax fills one; the
 * text that outline_write() makes of it is read like a file, so that there is one place only that
 * knows what a value means (schema.c).
 *
 * Settings may be secrets: all is wiped when it is freed.
 */
#ifndef CONF_OUTLINE_H
#define CONF_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>

struct outline_setting {
	const char *key; /* borrowed; a name of the schema */
	char **value;
	size_t count;	   /* more than one: a list */
	unsigned int line; /* 0: from no line, a default of the other syntax */
};

struct outline {
	const char *name; /* borrowed; NULL: the file itself */
	char *title;	  /* NULL: none */
	unsigned int line;
	struct outline_setting *setting;
	size_t setting_count;
	struct outline **child;
	size_t child_count;
};

/* The child of that name and title, which is made where it is not there yet. */
struct outline *outline_child(struct outline *o, const char *name, const char *title,
			      unsigned int line);
/* NULL where there is none. */
struct outline *outline_find(const struct outline *o, const char *name, const char *title);
void outline_remove(struct outline *o, struct outline *child);
/* The key has this value, and no other. */
void outline_set(struct outline *o, const char *key, const char *value, unsigned int line);
/* The key has this value, too. */
void outline_add(struct outline *o, const char *key, const char *value, unsigned int line);
/* The first value; NULL where there is none. */
const char *outline_get(const struct outline *o, const char *key);
/* Whether it is among the values. */
bool outline_has(const struct outline *o, const char *key, const char *value);
/* Frees what is in it, not *o. */
void outline_clear(struct outline *o);

/* Text in our syntax, and for each of its lines the one that it was made from. */
struct outline_text {
	char *text;
	size_t len, room;
	unsigned int *line; /* line[0] belongs to line 1 */
	size_t line_count;
};

/* The comment for what came from that line of the other text; NULL: none. */
typedef const char *outline_comment(unsigned int line, const void *arg);
void outline_write(const struct outline *o, outline_comment *comment, const void *arg,
		   struct outline_text *out);
void outline_text_free(struct outline_text *t);

#endif
