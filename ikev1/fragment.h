/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragmentation of ISAKMP messages as Cisco and others do it (no RFC): a message is cut after it is
 * encrypted, each piece travels in a payload 132 of a message in the clear: id (2 octets), number
 * (1, from 1), flags (1; 1: the last), data.
 *
 * Sending: whatever would make an IP packet of more than 1280 octets goes in fragments from the
 * first try, if the peer said that it takes them. Large IP fragments get lost silently on many
 * paths, and waiting for silence to try otherwise costs more than a header for each piece.
 *
 * Receiving: one set for each SA. The fragments of a set are bounded in number, octets and time, all
 * sets together in octets (beyond which the oldest goes); each costs constant work. The cookies in front
 * of it and where it comes from are its only proof, and it does not need more: what comes out is a message
 * like any other.
 */
#ifndef IKEV1_FRAGMENT_H
#define IKEV1_FRAGMENT_H

#include "ikev1/core.h"

#define FRAGMENT_COUNT_MAX 64
#define FRAGMENT_BYTES_MAX (4u << 20) /* of all SAs together */
#define FRAGMENT_LIFETIME  SECONDS(15)

/* Whether a vendor id FRAGMENTATION is about main mode. */
bool fragment_announced(struct span vendor_id);
/* Sends the message in fragments. False: it need not or cannot be, nothing was done. */
bool fragment_send(struct isakmp_sa *sa, struct span message);

/*
 * Takes a fragment of an SA's. The whole message where this one completes it, to be freed by the
 * caller; NULL otherwise, and where it is dropped, that is told.
 */
uint8_t *fragment_take(struct isakmp_sa *sa, const struct ike_datagram *d,
		       const struct isakmp_header *h, size_t *len);
void fragment_forget(struct isakmp_sa *sa);
/* TIMER_FRAGMENTS */
void fragment_timer(struct timer *t);

#endif
