/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker threads for Diffie-Hellman, so that the loop goes on while a big group is computed. One
 * thread per core of the machine; a bounded queue; whoever submits to a full queue computes the
 * job himself, which slows down just the reading of more. All copies of secrets are wiped.
 *
 * The threads see jobs only: no log, no core, no signal.
 */
#ifndef DAEMON_POOL_H
#define DAEMON_POOL_H

#include <stdbool.h>

#include "ikev1/ike.h"

#define POOL_QUEUE 256
#define POOL_THREADS_MAX 64

struct pool;

/* NULL: threads or a descriptor could not be had, errno says why. */
struct pool *pool_new(void);
/* Waits for the threads; what is queued is dropped and wiped. NULL is fine. */
void pool_free(struct pool *p);

/* Readable when a result waits. */
int pool_fd(const struct pool *p);
void pool_submit(struct pool *p, const struct ike_dh_job *job);
/* Takes one finished job; the caller wipes it. False: none (left). */
bool pool_next(struct pool *p, struct ike_dh_job *out);

#endif
