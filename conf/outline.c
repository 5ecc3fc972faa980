/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/outline.h"

#include <stdio.h>
#include <string.h>

#include "lib/util.h"

#define COMMENT_COLUMN 48
#define TAB	       8

/* ---- building ---- */

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

struct outline *outline_find(const struct outline *o, const char *name, const char *title)
{
	for (size_t i = 0; i < o->child_count; i++)
		if (same(o->child[i]->name, name) && same(o->child[i]->title, title))
			return o->child[i];
	return NULL;
}

struct outline *outline_child(struct outline *o, const char *name, const char *title,
			      unsigned int line)
{
	struct outline *child = outline_find(o, name, title);

	if (child)
		return child;
	child = xcalloc(1, sizeof(*child));
	child->name = name;
	child->title = title ? xstrdup(title) : NULL;
	child->line = line;
	o->child = xreallocarray(o->child, o->child_count + 1, sizeof(struct outline *));
	o->child[o->child_count++] = child;
	return child;
}

static void free_text(char *text)
{
	if (text)
		util_wipe(text, strlen(text));
	free(text);
}

static void clear_values(struct outline_setting *s)
{
	for (size_t i = 0; i < s->count; i++)
		free_text(s->value[i]);
	free(s->value);
	s->value = NULL;
	s->count = 0;
}

void outline_clear(struct outline *o)
{
	for (size_t i = 0; i < o->setting_count; i++)
		clear_values(&o->setting[i]);
	free(o->setting);
	for (size_t i = 0; i < o->child_count; i++) {
		outline_clear(o->child[i]);
		free(o->child[i]);
	}
	free(o->child);
	free(o->title);
	*o = (struct outline){ 0 };
}

void outline_remove(struct outline *o, struct outline *child)
{
	size_t i = 0;

	while (i < o->child_count && o->child[i] != child)
		i++;
	if (i == o->child_count)
		return;
	memmove(&o->child[i], &o->child[i + 1], (--o->child_count - i) * sizeof(struct outline *));
	outline_clear(child);
	free(child);
}

static struct outline_setting *find_setting(const struct outline *o, const char *key)
{
	for (size_t i = 0; i < o->setting_count; i++)
		if (strcmp(o->setting[i].key, key) == 0)
			return &o->setting[i];
	return NULL;
}

void outline_add(struct outline *o, const char *key, const char *value, unsigned int line)
{
	struct outline_setting *s = find_setting(o, key);

	if (!s) {
		o->setting = xreallocarray(o->setting, o->setting_count + 1, sizeof(*o->setting));
		s = &o->setting[o->setting_count++];
		*s = (struct outline_setting){ .key = key };
	}
	s->line = line;
	s->value = xreallocarray(s->value, s->count + 1, sizeof(char *));
	s->value[s->count++] = xstrdup(value);
}

void outline_set(struct outline *o, const char *key, const char *value, unsigned int line)
{
	struct outline_setting *s = find_setting(o, key);

	if (s)
		clear_values(s);
	outline_add(o, key, value, line);
}

const char *outline_get(const struct outline *o, const char *key)
{
	const struct outline_setting *s = find_setting(o, key);

	return s && s->count ? s->value[0] : NULL;
}

bool outline_has(const struct outline *o, const char *key, const char *value)
{
	const struct outline_setting *s = find_setting(o, key);

	for (size_t i = 0; s && i < s->count; i++)
		if (strcmp(s->value[i], value) == 0)
			return true;
	return false;
}

/* ---- writing ---- */

/* Not with realloc, which leaves secrets behind. */
static void put(struct outline_text *t, const char *text, size_t len)
{
	if (t->len + len + 1 > t->room) {
		size_t room = 2 * (t->len + len + 1);
		char *larger = xcalloc(room, 1);

		if (t->len)
			memcpy(larger, t->text, t->len);
		if (t->text)
			util_wipe(t->text, t->room);
		free(t->text);
		t->text = larger;
		t->room = room;
	}
	memcpy(t->text + t->len, text, len);
	t->len += len;
	t->text[t->len] = '\0';
}

static void put_text(struct outline_text *t, const char *text)
{
	put(t, text, strlen(text));
}

static void put_value(struct outline_text *t, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "._-/:";

	if (value[0] && value[strspn(value, plain)] == '\0') {
		put_text(t, value);
		return;
	}
	put_text(t, "\"");
	for (const char *c = value; *c; c++) {
		if (*c == '"' || *c == '\\')
			put_text(t, "\\");
		put(t, c, 1);
	}
	put_text(t, "\"");
}

static size_t column(const struct outline_text *t, size_t from)
{
	size_t n = 0;

	for (; from < t->len; from++)
		n += t->text[from] == '\t' ? TAB : 1;
	return n;
}

static void end_line(struct outline_text *t, size_t start, unsigned int line, const char *comment)
{
	if (comment) {
		for (size_t n = column(t, start); n < COMMENT_COLUMN; n++)
			put_text(t, " ");
		put_text(t, column(t, start) > COMMENT_COLUMN ? " # " : "# ");
		put_text(t, comment);
	}
	put_text(t, "\n");
	t->line = xreallocarray(t->line, t->line_count + 1, sizeof(*t->line));
	t->line[t->line_count++] = line;
}

static size_t start_line(struct outline_text *t, unsigned int depth)
{
	size_t start = t->len;

	while (depth--)
		put_text(t, "\t");
	return start;
}

/* A section without a title has no line of its own: the first of its settings made it. */
static bool is_told(const struct outline *o)
{
	return o->line && o->title;
}

static void write_setting(const struct outline *o, const struct outline_setting *s,
			  unsigned int depth, outline_comment *comment, const void *arg,
			  struct outline_text *t)
{
	size_t start = start_line(t, depth);

	put_text(t, s->key);
	put_text(t, s->count > 1 ? " = { " : " = ");
	for (size_t i = 0; i < s->count; i++) {
		put_text(t, i ? ", " : "");
		put_value(t, s->value[i]);
	}
	put_text(t, s->count > 1 ? " }" : "");
	end_line(t, start, s->line ? s->line : o->line,
		 is_told(o) && s->line == o->line ? NULL : comment(s->line, arg));
}

static void write_section(const struct outline *o, unsigned int depth, outline_comment *comment,
			  const void *arg, struct outline_text *t);

static void write_content(const struct outline *o, unsigned int depth, outline_comment *comment,
			  const void *arg, struct outline_text *t)
{
	for (size_t i = 0; i < o->setting_count; i++)
		write_setting(o, &o->setting[i], depth, comment, arg, t);
	for (size_t i = 0; i < o->child_count; i++) {
		if (depth == 0 && (i || o->setting_count))
			end_line(t, t->len, o->line, NULL);
		write_section(o->child[i], depth, comment, arg, t);
	}
}

static void write_section(const struct outline *o, unsigned int depth, outline_comment *comment,
			  const void *arg, struct outline_text *t)
{
	size_t start = start_line(t, depth);

	put_text(t, o->name);
	if (o->title) {
		put_text(t, " ");
		put_value(t, o->title);
	}
	put_text(t, " {");
	end_line(t, start, o->line, is_told(o) ? comment(o->line, arg) : NULL);
	write_content(o, depth + 1, comment, arg, t);
	start = start_line(t, depth);
	put_text(t, "}");
	end_line(t, start, o->line, NULL);
}

void outline_write(const struct outline *o, outline_comment *comment, const void *arg,
		   struct outline_text *out)
{
	*out = (struct outline_text){ 0 };
	put_text(out, "");
	write_content(o, 0, comment, arg, out);
}

void outline_text_free(struct outline_text *t)
{
	if (t->text)
		util_wipe(t->text, t->room);
	free(t->text);
	free(t->line);
	*t = (struct outline_text){ 0 };
}
