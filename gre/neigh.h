/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours of mGRE links: which NBMA address carries a tunnel address (the kernel's copy of
 * NHRP's cache), and the kernel's questions for those it does not know.
 *
 * The owner polls every descriptor that gre_neighs_fd() lists, calls gre_neighs_readable() when
 * one is readable and gre_neighs_commit() once per turn of its loop, and after each of the two
 * drains gre_neighs_next_event() until false. Nothing calls back. Requests are queued in order,
 * sent in batches, and each is answered by exactly one GRE_NEIGH_ACK with the caller's token.
 *
 * Entries are PERMANENT (no ageing, no probes) and carry GRE_NEIGH_PROTOCOL, by which leftovers of
 * a crash are known. The kernel drops them all when the link goes down: put them back on
 * GRE_LINK_UP.
 *
 * Errors: see gre/link.h.
 */
#ifndef GRE_NEIGH_H
#define GRE_NEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre/link.h"
#include "lib/addr.h"
#include "lib/util.h"

/* NDA_PROTOCOL of our entries. FRR uses 186 to 199 (191 is its nhrp), iproute2 names none here. */
#define GRE_NEIGH_PROTOCOL 211

enum gre_neigh_event_type {
	GRE_NEIGH_ACK,	      /* the answer to a request */
	GRE_NEIGH_RECONCILED, /* the answer to a reconcile */
	GRE_NEIGH_UPCALL,     /* a packet waits for this neighbour, one second at most */
	GRE_NEIGH_RESYNC,     /* questions were lost; the kernel repeats those that still matter */
};

struct gre_neigh_event {
	enum gre_neigh_event_type type;
	union {
		struct {
			uint64_t token;
			int err; /* 0, or a positive errno: ENOENT: there was none to delete */
			char why[GRE_WHY];
		} ack;
		struct {
			uint64_t token;
			int err;
			char why[GRE_WHY];
			unsigned int ifindex;
			size_t restored, removed;
		} reconciled;
		struct {
			unsigned int ifindex;
			struct addr addr; /* protocol address that is asked for */
		} upcall;
	};
};

struct gre_neigh_entry {
	struct addr addr; /* protocol address */
	struct addr nbma;
};

struct gre_neigh_counters {
	uint64_t requests, errors, upcalls;
	uint64_t ignored; /* upcalls of other links, of IPv6 */
	uint64_t bad;	  /* messages that could not be understood */
	uint64_t resyncs, restored, removed;
};

struct gre_neighs;

int gre_neighs_open(struct gre_neighs **out, char why[GRE_WHY]);
/* Closes the sockets; entries stay. NULL is fine. */
void gre_neighs_close(struct gre_neighs *ns);
/* The descriptors to poll for reading: call with i = 0, 1, ... until -1. They never change. */
int gre_neighs_fd(const struct gre_neighs *ns, unsigned int i);
void gre_neighs_readable(struct gre_neighs *ns);
void gre_neighs_commit(struct gre_neighs *ns);
bool gre_neighs_next_event(struct gre_neighs *ns, struct gre_neigh_event *ev);
const struct gre_neigh_counters *gre_neighs_counters(const struct gre_neighs *ns);
/* Sends everything and waits for all answers; ETIMEDOUT where none comes for that long. */
int gre_neighs_flush(struct gre_neighs *ns, msec timeout, char why[GRE_WHY]);

/* Upcalls come from the links watched only. Watching twice is watching once. */
void gre_neighs_watch(struct gre_neighs *ns, unsigned int ifindex);
void gre_neighs_unwatch(struct gre_neighs *ns, unsigned int ifindex);

/* Adds or replaces; a packet that waits for the neighbour leaves. Asynchronous. */
void gre_neigh_put(struct gre_neighs *ns, uint64_t token, unsigned int ifindex,
		   const struct addr *addr, const struct addr *nbma);
/* Whoever made it. Asynchronous. */
void gre_neigh_del(struct gre_neighs *ns, uint64_t token, unsigned int ifindex,
		   const struct addr *addr);
/*
 * Compares the link's neighbours with what was put and not deleted, and repairs it: what is
 * missing or different is put again; with `sweep`, what carries our tag and was never put is
 * removed (leftovers of a crash). An entry that someone else has set in place of ours is left.
 * Asynchronous, a part at each gre_neighs_readable().
 */
void gre_neighs_reconcile(struct gre_neighs *ns, uint64_t token, unsigned int ifindex, bool sweep);
/* The link is gone, and with it all that was put there. */
void gre_neighs_forget(struct gre_neighs *ns, unsigned int ifindex);
/*
 * The entries of a link that carry our tag, in an array for the caller to free(). Synchronous,
 * for the start after a crash.
 */
int gre_neigh_list(struct gre_neighs *ns, unsigned int ifindex, struct gre_neigh_entry **out,
		   size_t *count, char why[GRE_WHY]);

#endif
