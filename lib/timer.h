/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers in a heap: arming and disarming cost the logarithm of their number, the next deadline
 * costs nothing. The caller supplies the time; nothing calls back, due timers are popped.
 *
 * A struct timer lives inside the object it belongs to (container_of gets back to it); `kind` is
 * the owner's, to tell what it is for. A timer that is armed must be disarmed before its memory
 * goes. A zeroed struct timer is disarmed.
 */
#ifndef LIB_TIMER_H
#define LIB_TIMER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/util.h"

struct timer {
	msec due;
	size_t slot; /* place in the heap plus one; 0: not armed */
	int kind;
};

struct timers {
	struct timer **heap;
	size_t len;
	size_t cap;
};

void timers_free(struct timers *ts); /* the heap only, not what it points to */
/* Arms, or moves an armed timer to another time. */
void timer_arm(struct timers *ts, struct timer *t, msec due);
void timer_disarm(struct timers *ts, struct timer *t);
bool timer_armed(const struct timer *t);
/* When the earliest is due; MSEC_NEVER where none is armed. */
msec timers_deadline(const struct timers *ts);
/* Disarms and returns the earliest timer due at now, NULL where none is. */
struct timer *timers_pop(struct timers *ts, msec now);

#endif
