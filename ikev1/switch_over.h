/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the initiator of a rekey begins to send through the new pair.
 *
 * Not every responder can receive through it before message 3 has come and was worked on; and the
 * kernel sends through the newest outbound SA from the moment it has it. So at a rekey message 3
 * leaves first and the old outbound SA stays in use, until
 *
 *   - something came through the new inbound SA: the responder has switched, so it has message 3.
 *     The kernel's counter is asked, soon and then ever more seldom;
 *   - or IKE_SWITCH_WAIT is over, in case nothing is sent this way. A repeated message 2 says that
 *     message 3 was lost, and begins the wait anew, within bounds;
 *   - or the old pair ends.
 *
 * Without an older pair that sends there is nothing to wait for: quick_mode.c installs both SAs
 * before message 3. The responder switches when message 3 has come.
 */
#ifndef IKEV1_SWITCH_OVER_H
#define IKEV1_SWITCH_OVER_H

#include "ikev1/core.h"

/* Whether an older pair sends and this one is to take its place. */
bool switch_over_applies(const struct ipsec_pair *pair);
/* Message 3 leaves; the scratch of quick mode, which has the keys, is still there. */
void switch_over_begin(struct ipsec_pair *pair);
/* Message 2 came again. */
void switch_over_repeated(struct ipsec_pair *pair);
/* The kernel's counter of the new inbound SA. */
void switch_over_counted(struct ipsec_pair *pair, uint64_t packets_in);
/* What it was to replace goes away, or has gone: does it now. */
void switch_over_hurry(struct ike_peer *p);
/* The kernel took (0) or refused the outbound SA. */
void switch_over_done(struct ipsec_pair *pair, int error);
void switch_over_timer(struct timer *t);
/* It ends before it has sent: the one that was to be replaced serves on. False: there is none. */
bool switch_over_undo(struct ipsec_pair *pair);
/* Another pair takes its place. */
void switch_over_cancel(struct ipsec_pair *pair);
/* The pair goes. */
void switch_over_free(struct ipsec_pair *pair);

#endif
