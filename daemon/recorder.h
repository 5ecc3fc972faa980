/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder: what the cores told of each peer, all of it, at all times, whatever the log
 * shows. A failure that happened an hour ago can be looked at with every payload and every state,
 * without making it happen again.
 *
 * Events are kept as they are, not as text, in a ring of fixed size: the newest push out the oldest.
 * Each record leads to the one before it of the same peer, so that adding and finding cost the same
 * with one peer and with ten thousand. What anybody on the Internet can make us tell has a ring of its
 * own, so that a flood does not push out what happened with peers.
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

#define RECORDER_PEERS	   ((size_t)16 << 20) /* octets; memory that is never used costs nothing */
#define RECORDER_STRANGERS ((size_t)1 << 20)

struct recorder;

struct recorder *recorder_new(size_t octets_peers, size_t octets_strangers);
void recorder_free(struct recorder *r); /* NULL is fine */

/* `stranger`: anybody can cause it, without being a peer. */
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
/*
 * Of whom anything was recorded since then, peers first, strangers behind them (some may be both); in
 * an array for the caller to free().
 */
size_t recorder_peers(const struct recorder *r, msec since, struct addr **out);

#endif
