/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker threads for IKE's jobs, so that the loop goes on while a big group is computed. One
 * thread per core of the machine; a bounded queue; whoever submits to a full queue computes the
 * job himself, which slows down just the reading of more.
 *
 * The threads see jobs only: no log, no core, no signal.
 */
#ifndef DAEMON_POOL_H
#define DAEMON_POOL_H

#include "ikev1/ike.h"

#define POOL_QUEUE	 256
#define POOL_THREADS_MAX 64

struct pool;

/* NULL: threads or a descriptor could not be had, errno says why. */
struct pool *pool_new(void);
/* Waits for the threads; what is queued is dropped. NULL is fine. */
void pool_free(struct pool *p);

/* Readable when a result waits. */
int pool_fd(const struct pool *p);
/* Takes the job. */
void pool_submit(struct pool *p, struct ike_job *job);
/* One that is finished, now the caller's. NULL: none (left). */
struct ike_job *pool_next(struct pool *p);

#endif
