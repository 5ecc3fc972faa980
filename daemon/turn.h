/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon does at the end of each turn of its loop, after the descriptors' handlers. */
#ifndef DAEMON_TURN_H
#define DAEMON_TURN_H

#include <stdbool.h>

#include "lib/util.h"

struct daemon;

/* The earliest moment at which somebody wants to be ticked; MSEC_NEVER: nobody does. */
msec turn_deadline(const struct daemon *d);
/*
 * Ticks who is due, carries out what the cores want done, and commits to the kernel, until there
 * is no more. False: there is more, but descriptors should have their turn in between.
 */
bool turn_work(struct daemon *d);

#endif
