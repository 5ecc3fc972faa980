/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose first message is answered while there are more of them than can be.
 *
 * Sources of first messages may be forged, and each one that is answered costs memory for half a
 * minute, a datagram, and an honest one its place in the queue behind it. So strangers have answers at
 * first sight at a limited rate. Beyond it a message is only remembered, and answered when it comes
 * again: an honest initiator repeats itself, after a second as we do, or four, or ten. A forger, who
 * does not see what is answered, would have to repeat all of his, too.
 *
 * What is remembered is in two Bloom filters of 512 kB, which are there while they are needed: one
 * is filled for up to 16 s or 262144 messages, the other has those of the time before. Where more
 * come the memory gets shorter, not larger. They are keyed, so that nobody can choose what is taken
 * for what.
 */
#ifndef IKEV1_FLOOD_H
#define IKEV1_FLOOD_H

#include "ikev1/core.h"

struct flood;

struct flood *flood_new(struct ike *ike);
void flood_free(struct flood *f);
/* Whether this first message of a new exchange is to be answered. */
bool flood_admits(struct ike *ike, const struct ike_datagram *d, const uint8_t *icookie);

#endif
