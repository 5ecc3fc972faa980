/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multicast on one mGRE link: what this machine sends or forwards to a group (224/4) is sent once
 * to each listener's NBMA address. The kernel's
 * own copy, to the outer group address, is for a block policy to stop (xfrm_policy_add()); where
 * the link is protected each copy rides its peer's SA, and one without an SA is dropped there.
 *
 * The owner polls multicast_fd() and calls multicast_readable() when it is readable, which sends a
 * bounded number of copies; what is left keeps the descriptor readable.
 *
 * The descriptor belongs to the link's index: a link that went down and up keeps it, one that was
 * removed and made again needs a new one, and its listeners again. Errors: see gre/link.h.
 */
#ifndef GRE_MULTICAST_H
#define GRE_MULTICAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre/link.h"
#include "lib/addr.h"

/* Octets of one packet; longer ones are dropped and counted. */
#define MULTICAST_PACKET_MAX 9216

struct multicast_counters {
	uint64_t captured; /* packets to a group */
	uint64_t copies;   /* sent */
	uint64_t errors;   /* copies that could not be sent */
	uint64_t dropped;  /* packets that came faster than they were read, or too long */
	uint64_t unheard;  /* captured while there was no listener */
};

struct multicast;

int multicast_open(struct multicast **out, unsigned int ifindex, char why[GRE_WHY]);
void multicast_close(struct multicast *m); /* NULL is fine */
int multicast_fd(const struct multicast *m);
void multicast_readable(struct multicast *m);

/* Listeners get their copies in the order in which they were added. Adding twice is adding once. */
void multicast_add(struct multicast *m, const struct addr *nbma);
/* False: there was none. */
bool multicast_del(struct multicast *m, const struct addr *nbma);
size_t multicast_listeners(const struct multicast *m);
struct multicast_counters multicast_counters(struct multicast *m);

#endif
