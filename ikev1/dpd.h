/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dead peer detection, RFC 3706. A peer is heard while it sends anything authenticated: IKE or ESP.
 * One that was not heard for the interval is asked, when periodic or when we have sent without an
 * answer; after IKE_DPD_TRIES unanswered questions all that it has is ended, and nothing else.
 */
#ifndef IKEV1_DPD_H
#define IKEV1_DPD_H

#include "ikev1/core.h"

/* The SA is active: begin to watch, where both ends can. */
void dpd_start(struct isakmp_sa *sa);
/* TIMER_SA_DPD. The SA may be gone afterwards. */
void dpd_timer(struct isakmp_sa *sa);
/* The owner's answer to IKE_EFFECT_QUERY_TRAFFIC. */
void dpd_traffic(struct isakmp_sa *sa, uint64_t packets_in, uint64_t packets_out);
/* There is doubt: ask now. */
void dpd_probe(struct isakmp_sa *sa);

/* Notifies with a verified HASH. */
void dpd_r_u_there(struct isakmp_sa *sa, const struct isakmp_notify *n);
void dpd_r_u_there_ack(struct isakmp_sa *sa, const struct isakmp_notify *n);

#endif
