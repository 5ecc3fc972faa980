/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One array: values are popped by moving its head, and what was popped is used again when the end
 * is reached. After a burst the memory is given back.
 */
#include "lib/fifo.h"

#include "lib/util.h"

#define KEPT 1024 /* values: capacity that an empty queue keeps */

struct fifo fifo_of(size_t size)
{
	return (struct fifo){ .size = size };
}

void fifo_free(struct fifo *f)
{
	free(f->items);
	*f = fifo_of(f->size);
}

/* Moves the values to the front; into a larger array where that would not free half of it. */
static void make_room(struct fifo *f)
{
	uint8_t *first = f->len ? f->items + f->head * f->size : NULL;
	uint8_t *to = f->items;

	if (f->len * 2 >= f->cap) {
		f->cap = MAX(f->cap * 2, (size_t)16);
		to = xcalloc(f->cap, f->size);
	}
	if (first)
		memmove(to, first, f->len * f->size);
	if (to != f->items)
		free(f->items);
	f->items = to;
	f->head = 0;
}

void *fifo_push(struct fifo *f)
{
	uint8_t *place;

	if (f->head + f->len == f->cap)
		make_room(f);
	place = f->items + (f->head + f->len++) * f->size;
	memset(place, 0, f->size);
	return place;
}

bool fifo_pop(struct fifo *f, void *out)
{
	if (!f->len)
		return false;
	memcpy(out, f->items + f->head * f->size, f->size);
	f->head++;
	if (--f->len == 0) {
		f->head = 0;
		if (f->cap > KEPT)
			fifo_free(f);
	}
	return true;
}
