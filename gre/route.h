/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes through mGRE links: the shortcuts that we put into the kernel's tables, what the
 * kernel has beside them, and what others change there.
 *
 * The owner polls every descriptor that gre_routes_fd() lists, calls gre_routes_readable() when
 * one is readable and gre_routes_commit() once per turn of its loop, and after each of the two
 * drains gre_routes_next_event() until false. Nothing calls back. Requests are queued in order,
 * sent in batches, and each is answered by exactly one event with the caller's token.
 *
 * Ours are those with GRE_ROUTE_PROTOCOL; no other route is ever changed. The kernel drops routes
 * through a link that goes down, without a word: gre_routes_reconcile() on GRE_LINK_UP.
 *
 * Errors: see gre/link.h.
 */
#ifndef GRE_ROUTE_H
#define GRE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre/link.h"
#include "lib/addr.h"
#include "lib/util.h"

/* rtm_protocol of our routes. FRR uses 11 and 186 to 198, iproute2 names none here. */
#define GRE_ROUTE_PROTOCOL 211
/*
 * A shortcut never competes by its metric, which is as bad as can be: it wins because its prefix
 * is longer. Where another route has the same prefix the shortcut is put as its two halves, and
 * that route stays in force for when the shortcut goes. This also keeps the peace with FRR's
 * zebra: it would withdraw its own route while one of ours with a better metric is there, and reads
 * the metric's first octet as the administrative distance (255: never to be chosen).
 */
#define GRE_ROUTE_METRIC (0xff000000u + GRE_ROUTE_PROTOCOL)
/*
 * A host route cannot be halved, and nothing is longer: those are in a table of their own, which a
 * rule of ours (from all, to be known by its protocol) puts before the main one. The rule is there
 * while one of them is.
 */
#define GRE_ROUTE_TABLE GRE_ROUTE_PROTOCOL
#define GRE_ROUTE_RULE	32765 /* priority; the main table's is 32766 */

enum gre_route_event_type {
	GRE_ROUTE_ACK,	      /* the answer to a put or a delete */
	GRE_ROUTE_FOUND,      /* the answer to a lookup */
	GRE_ROUTE_RECONCILED, /* the answer to a reconcile */
	GRE_ROUTE_CHANGED,    /* a route of others came, changed or went */
	GRE_ROUTE_LOST,	      /* someone else removed a shortcut of ours */
	GRE_ROUTE_RESYNC,     /* changes were not told: any route may have changed, reconcile */
};

struct gre_route_event {
	enum gre_route_event_type type;
	union {
		struct {
			uint64_t token;
			int err; /* 0, or a positive errno: ESRCH: there was none to delete */
			char why[GRE_WHY];
		} ack;
		struct {
			uint64_t token;
			bool found;
			bool local; /* an address of this machine */
			unsigned int
				ifindex; /* packets leave through; of the first way of several */
			struct prefix prefix; /* of the route that matched */
			struct addr gateway;  /* none: on link */
			uint32_t mtu;	      /* of the route, 0: it says none */
		} found;
		struct {
			uint64_t token;
			int err;
			char why[GRE_WHY];
			unsigned int ifindex;
			size_t restored, removed;
		} reconciled;
		struct {
			unsigned int ifindex; /* LOST only */
			struct prefix prefix; /* 0.0.0.0/0: any may have changed */
		} changed;		      /* CHANGED, LOST */
	};
};

struct gre_route_entry {
	struct prefix prefix;
	struct addr gateway;
};

struct gre_route_counters {
	uint64_t requests, errors, lookups, changes;
	uint64_t bad; /* messages that could not be understood */
	uint64_t resyncs, restored, removed;
};

struct gre_routes;

int gre_routes_open(struct gre_routes **out, char why[GRE_WHY]);
/* Closes the sockets and removes the rule; routes stay. NULL is fine. */
void gre_routes_close(struct gre_routes *rs);
/* The descriptors to poll for reading: call with i = 0, 1, ... until -1. They never change. */
int gre_routes_fd(const struct gre_routes *rs, unsigned int i);
void gre_routes_readable(struct gre_routes *rs);
void gre_routes_commit(struct gre_routes *rs);
bool gre_routes_next_event(struct gre_routes *rs, struct gre_route_event *ev);
const struct gre_route_counters *gre_routes_counters(const struct gre_routes *rs);
/* Sends everything and waits for all answers; ETIMEDOUT where none comes for that long. */
int gre_routes_flush(struct gre_routes *rs, msec timeout, char why[GRE_WHY]);

/*
 * A shortcut to prefix through the link, by way of gateway (a protocol address, which need not be
 * in the link's own prefix). Another gateway for the same prefix and link replaces the former one,
 * the new one first. EEXIST: the prefix is that of another interface. Asynchronous.
 */
void gre_route_put(struct gre_routes *rs, uint64_t token, unsigned int ifindex,
		   const struct prefix *prefix, const struct addr *gateway);
/* A shortcut of ours; no other route of that prefix is touched. Asynchronous. */
void gre_route_del(struct gre_routes *rs, uint64_t token, unsigned int ifindex,
		   const struct prefix *prefix);
/*
 * Which route the kernel would take for this address if there were no shortcuts of ours.
 * Asynchronous.
 */
void gre_route_lookup(struct gre_routes *rs, uint64_t token, const struct addr *to);
/*
 * Compares what the kernel has through a link with what was put and not deleted, and repairs it:
 * what is missing is put again; with `sweep`, what carries our tag and was never put is removed
 * (leftovers of a crash). Others' are left. Asynchronous, a part at each gre_routes_readable().
 */
void gre_routes_reconcile(struct gre_routes *rs, uint64_t token, unsigned int ifindex, bool sweep);
/* The link is gone, and with it all that was put there. */
void gre_routes_forget(struct gre_routes *rs, unsigned int ifindex);
/* What carries our tag, in an array for the caller to free(). Synchronous, for the start. */
int gre_route_list(struct gre_routes *rs, unsigned int ifindex, struct gre_route_entry **out,
		   size_t *count, char why[GRE_WHY]);

#endif
