/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/answer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

struct list {
	json_t *mark; /* in the JSON; known by its address */
	answer_item *item;
	const void *of;
	size_t first, next, end;
};

/* What stands before a list; behind the last of them is no list. */
struct part {
	char *text;
	size_t len;
	struct list *list;
};

struct owned {
	void *what;
	void (*release)(void *what);
};

struct answer {
	struct list **lists;
	size_t list_count;
	struct part *parts;
	size_t part_count, at; /* what is before `at` has been told */
	struct owned *owned;
	size_t owned_count;
};

/* Text that grows. */
struct text {
	char *b;
	size_t len, room;
};

static int append(const char *b, size_t len, void *arg)
{
	struct text *t = arg;

	if (!len)
		return 0;
	if (t->room - t->len < len) {
		t->room = MAX(2 * t->room, t->len + len);
		t->b = xreallocarray(t->b, t->room, 1);
	}
	memcpy(t->b + t->len, b, len);
	t->len += len;
	return 0;
}

static void append_json(struct text *t, const json_t *value)
{
	size_t before = t->len;

	/* What cannot be written leaves nothing half behind. */
	if (json_dump_callback(value, append, t, JSON_COMPACT | JSON_ENCODE_ANY)) {
		t->len = before;
		append("null", 4, t);
	}
}

struct answer *answer_new(void)
{
	return xcalloc(1, sizeof(struct answer));
}

void answer_free(struct answer *a)
{
	if (!a)
		return;
	while (a->owned_count--)
		a->owned[a->owned_count].release(a->owned[a->owned_count].what);
	for (size_t i = 0; i < a->part_count; i++)
		free(a->parts[i].text);
	for (size_t i = 0; i < a->list_count; i++) {
		json_decref(a->lists[i]->mark);
		free(a->lists[i]);
	}
	free(a->owned);
	free(a->parts);
	free(a->lists);
	free(a);
}

void *answer_owns(struct answer *a, void *what, void (*release)(void *what))
{
	a->owned = xreallocarray(a->owned, a->owned_count + 1, sizeof(*a->owned));
	a->owned[a->owned_count++] = (struct owned){ what, release };
	return what;
}

json_t *answer_list(struct answer *a, answer_item *item, const void *of, size_t first, size_t count)
{
	struct list *l = xcalloc(1, sizeof(*l));

	*l = (struct list){ json_array(), item, of, first, first, first + count };
	a->lists = xreallocarray(a->lists, a->list_count + 1, sizeof(*a->lists));
	a->lists[a->list_count++] = l;
	return json_incref(l->mark);
}

static struct list *find_list(const struct answer *a, const json_t *value)
{
	for (size_t i = 0; i < a->list_count; i++)
		if (a->lists[i]->mark == value)
			return a->lists[i];
	return NULL;
}

/* The text up to here belongs before this list. */
static void end_part(struct answer *a, struct text *t, struct list *l)
{
	a->parts = xreallocarray(a->parts, a->part_count + 1, sizeof(*a->parts));
	a->parts[a->part_count++] = (struct part){ t->b, t->len, l };
	*t = (struct text){ 0 };
}

static void flatten(struct answer *a, struct text *t, const json_t *value);

static void flatten_object(struct answer *a, struct text *t, const json_t *object)
{
	const char *name, *comma = "";
	json_t *value;

	append("{", 1, t);
	/* Only jansson's iteration is not const. */
	json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
		json_t *text = json_string(name);

		append(comma, strlen(comma), t);
		append_json(t, text);
		append(":", 1, t);
		flatten(a, t, value);
		json_decref(text);
		comma = ",";
	}
	append("}", 1, t);
}

/* Lists stand in a few small objects, so each value is asked what it is. */
static void flatten(struct answer *a, struct text *t, const json_t *value)
{
	struct list *l = find_list(a, value);
	const json_t *one;
	size_t i;

	if (json_is_object(value)) {
		flatten_object(a, t, value);
	} else if (json_is_array(value)) {
		append("[", 1, t);
		if (l)
			end_part(a, t, l);
		json_array_foreach (value, i, one) {
			append(",", i > 0, t);
			flatten(a, t, one);
		}
		append("]", 1, t);
	} else {
		append_json(t, value);
	}
}

struct answer *answer_is(struct answer *a, json_t *top)
{
	struct text t = { 0 };

	flatten(a, &t, top);
	append("\n", 1, &t);
	end_part(a, &t, NULL);
	json_decref(top);
	return a;
}

struct answer *answer_of(json_t *top)
{
	return answer_is(answer_new(), top);
}

static void append_item(struct text *t, struct list *l)
{
	json_t *item = l->item(l->of, l->next);

	append(",", l->next++ > l->first, t);
	append_json(t, item);
	json_decref(item);
}

char *answer_next(struct answer *a, size_t *len)
{
	struct text t = { 0 };

	while (a->at < a->part_count && t.len < ANSWER_SLICE) {
		struct part *p = &a->parts[a->at];

		append(p->text, p->len, &t);
		p->len = 0;
		if (p->list && p->list->next < p->list->end)
			append_item(&t, p->list);
		else
			a->at++;
	}
	*len = t.len;
	return t.b;
}
