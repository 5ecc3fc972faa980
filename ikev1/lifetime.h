/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RESPONDER-LIFETIME, RFC 2407 4.6.3.1: a responder repeats the chosen transform as it was offered, so
 * where its own lifetime is shorter it says so by a notify in the same message (message 2 of quick
 * mode, message 6 of main mode). An initiator that hears it takes the shorter one.
 */
#ifndef IKEV1_LIFETIME_H
#define IKEV1_LIFETIME_H

#include "ikev1/core.h"

/* Responder: what is offered against what is agreed; 0 where nothing is said. */
void lifetime_compare_phase1(struct isakmp_sa *sa, uint32_t seconds);
void lifetime_compare_phase2(struct ipsec_pair *pair, uint32_t seconds, uint32_t kilobytes);
/* Adds the notify where there is something to say. */
void lifetime_add_phase1(struct isakmp_builder *b, const struct isakmp_sa *sa);
void lifetime_add_phase2(struct isakmp_builder *b, const struct ipsec_pair *pair);
/* Initiator: a notify of the authenticated message. */
void lifetime_hear_phase1(struct isakmp_sa *sa, const struct isakmp_notify *n);
/* Initiator: all notifies of message 2; others than this one are told, and mean nothing. */
void lifetime_hear_phase2(struct ipsec_pair *pair, const struct incoming *in);

#endif
