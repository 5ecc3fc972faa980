/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap of pointers; each timer knows its slot, so that it can leave from the middle. */
#include "lib/timer.h"

static void place(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->slot = i + 1;
}

static void sift_up(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	while (i && ts->heap[(i - 1) / 2]->due > t->due) {
		place(ts, i, ts->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(ts, i, t);
}

static void sift_down(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (size_t child; (child = 2 * i + 1) < ts->len; i = child) {
		if (child + 1 < ts->len && ts->heap[child + 1]->due < ts->heap[child]->due)
			child++;
		if (ts->heap[child]->due >= t->due)
			break;
		place(ts, i, ts->heap[child]);
	}
	place(ts, i, t);
}

void timers_free(struct timers *ts)
{
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

void timer_disarm(struct timers *ts, struct timer *t)
{
	size_t i = t->slot - 1;
	struct timer *last;

	if (!t->slot)
		return;
	t->slot = 0;
	last = ts->heap[--ts->len];
	if (last == t)
		return;
	place(ts, i, last);
	sift_up(ts, i);
	sift_down(ts, last->slot - 1);
}

void timer_arm(struct timers *ts, struct timer *t, msec due)
{
	timer_disarm(ts, t);
	if (ts->len == ts->cap) {
		ts->cap = ts->cap ? 2 * ts->cap : 64;
		ts->heap = xreallocarray(ts->heap, ts->cap, sizeof(*ts->heap));
	}
	t->due = due;
	place(ts, ts->len++, t);
	sift_up(ts, ts->len - 1);
}

bool timer_armed(const struct timer *t)
{
	return t->slot != 0;
}

msec timers_deadline(const struct timers *ts)
{
	return ts->len ? ts->heap[0]->due : MSEC_NEVER;
}

struct timer *timers_pop(struct timers *ts, msec now)
{
	struct timer *t = ts->len ? ts->heap[0] : NULL;

	if (!t || t->due > now)
		return NULL;
	timer_disarm(ts, t);
	return t;
}
