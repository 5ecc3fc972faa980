/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder: what the cores told of each peer, all of it, at all times, whatever the log
 * shows. A failure that happened an hour ago can be looked at with every payload and every state,
 * without making it happen again.
 *
 * Events are kept as they are, not as text. Each peer has a share of its own, whose oldest part goes
 * first, so that a peer who talks much pushes out nobody else. What goes on for ever when all is well
 * (signs of life, NHRP's single packets, renewed registrations) has a part of its own, so that it does
 * not push out how the tunnel came up or went down; and so has what anybody on the Internet can make us
 * tell, so that a flood pushes out nothing of a peer. Where all shares together would take too much, what
 * was not added to for the longest time goes. Adding costs the same with one peer and with ten thousand.
 *
 * Pure but for memory: the caller says what time it is.
 */
#ifndef DAEMON_RECORDER_H
#define DAEMON_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ikev1/event.h"
#include "lib/addr.h"
#include "lib/util.h"
#include "nhrp/event.h"

/* Octets, of memory that is taken when there is something to keep. */
#define RECORDER_PEERS	   ((size_t)64 << 20)
#define RECORDER_STRANGERS ((size_t)8 << 20)
#define RECORDER_SHARE \
	((size_t)64 << 10) /* of a peer: a dozen negotiations; more for its routine */

struct recorder;

/* The most that it may take, in octets, of peers and of strangers. */
struct recorder *recorder_new(size_t peers, size_t strangers);
void recorder_free(struct recorder *r); /* NULL is fine */

/* `stranger`: anybody can cause it, without being a peer. Once its phase 1 is done, it was a peer's. */
void recorder_ike(struct recorder *r, const struct ike_event *e, bool stranger);
void recorder_nhrp(struct recorder *r, msec now, const struct nhrp_event *e);

struct recorded {
	uint64_t serial; /* of all that was ever recorded: the order of things in one millisecond */
	msec at;
	bool is_ike; /* else nhrp */
	union {
		struct ike_event ike;
		struct nhrp_event nhrp;
	};
};

/*
 * What is kept of a peer, by its NBMA address, oldest first: the last `max` events of the time behind
 * `since`, in an array for the caller to free().
 */
size_t recorder_read(const struct recorder *r, const struct addr *peer, msec since, size_t max,
		     struct recorded **out);
/* Of whom anything was recorded since then, peers and strangers; in an array for the caller to free(). */
size_t recorder_peers(const struct recorder *r, msec since, struct addr **out);

#endif
