/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the kernel and who waits for their answers: SAs (xfrm), neighbours and routes (gre)
 * are asked for here, each request with a function that is called once when the kernel has answered.
 * What the kernel says by itself (ACQUIRE, EXPIRE, upcalls, links, addresses, routes) goes on to
 * peer.h, tunnel.h and route.h.
 *
 * Answers arrive in the loop's drain, never during the request.
 */
#ifndef DAEMON_KERNEL_H
#define DAEMON_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre/route.h"
#include "lib/addr.h"
#include "lib/util.h"
#include "xfrm/xfrm.h"

struct daemon;

struct kernel_answer {
	int err;			/* 0, or a positive errno; ECANCELED: the daemon stops */
	const char *why;		/* a sentence, empty without error */
	const struct xfrm_sa_info *sas; /* of a get or a dump */
	size_t count;
	const struct gre_route_event *route; /* of a lookup: its `found` */
	size_t restored, removed;	     /* of a comparison */
};
typedef void kernel_done(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a);

/* Opens d->xfrm, d->links, d->neighs, d->routes and watches them. False: an error has been logged. */
bool kernel_open(struct daemon *d);
/* Calls whoever still waits with ECANCELED. What is in the kernel stays there. */
void kernel_close(struct daemon *d);

/* Sends what is queued and passes on what came; true if anything came. For the loop. */
bool kernel_drain(struct daemon *d);
/* Waits until routes and neighbours are done, then the SAs: the order of a teardown. */
void kernel_flush(struct daemon *d, msec timeout);

/* done may be NULL in all of them: an error is logged then, ESRCH and ENOENT are none. */

/* old: replaced in the same turn, outbound only; NULL: none. */
void kernel_sa_add(struct daemon *d, const struct xfrm_sa *sa, const struct xfrm_sa_id *old,
		   kernel_done *done, void *ctx, uint64_t arg);
/* An error is logged. */
void kernel_sa_update(struct daemon *d, const struct xfrm_sa *sa);
void kernel_sa_delete(struct daemon *d, const struct xfrm_sa_id *id, kernel_done *done, void *ctx,
		      uint64_t arg);
void kernel_sa_get(struct daemon *d, const struct xfrm_sa_id *id, kernel_done *done, void *ctx,
		   uint64_t arg);
/* All SAs of our reqid range; larval ones are left out. */
void kernel_sa_dump(struct daemon *d, kernel_done *done, void *ctx, uint64_t arg);
/* Whoever waits with this ctx is gone: its function is not called any more. */
void kernel_forget(struct daemon *d, const void *ctx);

void kernel_bind(struct daemon *d, unsigned int ifindex, const struct addr *protocol,
		 const struct addr *nbma, kernel_done *done, void *ctx, uint64_t arg);
void kernel_unbind(struct daemon *d, unsigned int ifindex, const struct addr *protocol);
void kernel_route_add(struct daemon *d, unsigned int ifindex, const struct prefix *prefix,
		      const struct addr *gateway, kernel_done *done, void *ctx, uint64_t arg);
void kernel_route_del(struct daemon *d, unsigned int ifindex, const struct prefix *prefix);
/* The route that others' have to this address. */
void kernel_route_lookup(struct daemon *d, const struct addr *to, kernel_done *done, void *ctx,
			 uint64_t arg);
/*
 * Compares the link's neighbours, or its shortcuts, with what was asked for, and repairs what
 * differs; sweep: removes what an earlier run has left, too. Never what is others'.
 */
void kernel_compare_neighbours(struct daemon *d, unsigned int ifindex, bool sweep,
			       kernel_done *done, void *ctx, uint64_t arg);
void kernel_compare_routes(struct daemon *d, unsigned int ifindex, bool sweep, kernel_done *done,
			   void *ctx, uint64_t arg);

#endif
