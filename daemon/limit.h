/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token bucket: `burst` at once, then one per `interval`. For lines that a stranger can provoke.
 */
#ifndef DAEMON_LIMIT_H
#define DAEMON_LIMIT_H

#include <stdbool.h>

#include "lib/util.h"

struct limit {
	msec interval;
	msec burst;
	msec spent_until; /* when the bucket is full again */
};

static inline struct limit limit_of(msec interval, unsigned int burst)
{
	return (struct limit){ .interval = interval, .burst = burst };
}

static inline bool limit_take(struct limit *l, msec now)
{
	msec from = MAX(l->spent_until, now);

	if (from + l->interval > now + l->interval * l->burst)
		return false;
	l->spent_until = from + l->interval;
	return true;
}

#endif
