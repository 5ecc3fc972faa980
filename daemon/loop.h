/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop. A turn is: wait for descriptors and deadlines, run their handlers once, tick the
 * cores that are due, then do what the cores ask for until they ask for nothing more, and commit
 * the batches to the kernel. Handlers do a bounded amount of work and leave the rest for the next
 * turn, so that one peer or one tunnel cannot starve the others.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdbool.h>

#include "lib/util.h"

struct daemon;
struct event_base;
struct loop;

/* A descriptor is readable. */
typedef void loop_handler(struct daemon *d, void *arg);
struct loop_watch;

struct loop *loop_new(struct daemon *d);
void loop_free(struct loop *l); /* NULL is fine; all watches must be gone */
/* For those who bring libevent events of their own (the control socket). */
struct event_base *loop_base(struct loop *l);

/*
 * Milliseconds since some moment in the past, by CLOCK_BOOTTIME: it never jumps, as the wall clock
 * does, and goes on while the machine sleeps, as CLOCK_MONOTONIC does not. The kernel's timers of
 * SAs go by it, too, and so does whoever waits for us: after a sleep all that is overdue is due at
 * once, SAs that have expired are made anew, and a peer that has forgotten us is found out.
 */
msec loop_now(void);

struct loop_watch *loop_watch(struct loop *l, int fd, loop_handler *handler, void *arg);
void loop_unwatch(struct loop_watch *w); /* NULL is fine; also from inside its handler */

/* The handler runs in the loop, not in the signal's context. */
typedef void loop_signal_handler(struct daemon *d, int number);
void loop_signal(struct loop *l, int number, loop_signal_handler *handler);

/* Turns until loop_stop(). */
void loop_run(struct loop *l);
/* The current turn is the last one of loop_run(). */
void loop_stop(struct loop *l);

#endif
