/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a peer is reached: the two endpoints that its messages go between, which a NAT may change
 * at any time, and the keepalives that make a NAT of ours stay as it is (RFC 3947 4, 6; RFC 3948 4).
 *
 * A peer moves when something arrives from another place that only the peer can have sent, and only
 * now: an answer to a message of ours, a message of a running exchange, or ESP that the kernel has
 * taken. Anything else with a right HASH may be an old message that somebody sends again. It leads
 * to a question (R-U-THERE) to the new place, whose answer moves the peer.
 *
 * Another port: the SAs follow. Another address: the peer is told goodbye there and starts anew,
 * because the address is its name for NHRP and part of its SAs.
 */
#ifndef IKEV1_PATH_H
#define IKEV1_PATH_H

#include "ikev1/core.h"

/* Whether a datagram with this SA's cookies may come from there; it must prove itself then. */
bool path_may_bring(const struct isakmp_sa *sa, const struct ike_datagram *d, bool encrypted);
/* The SA is active: its peer is where it is. */
void path_learn(struct isakmp_sa *sa);
/* What came was sent now, by the peer. */
void path_proven(struct isakmp_sa *sa, const struct ike_datagram *from);
/* What came has a right HASH, and may be old. */
void path_doubt(struct isakmp_sa *sa, const struct ike_datagram *from);
/* A R-U-THERE-ACK with a right HASH. */
void path_answer(struct isakmp_sa *sa, const struct isakmp_notify *n,
		 const struct ike_datagram *from);
/* ESP that the kernel has taken came from there. */
void path_esp(struct ike_peer *p, const struct endpoint *seen);

/* Nobody answers there: the next attempt begins on port 500, as with a stranger. */
void path_forget(struct ike_peer *p);

/* TIMER_PEER_KEEPALIVE, TIMER_PEER_MOVED; the peer may be gone after the latter. */
void path_keepalive(struct ike_peer *p);
void path_moved_away(struct ike_peer *p);

#endif
