/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quick mode, RFC 2409 5.5: two transition tables and their actions. */
#ifndef IKEV1_QUICK_MODE_H
#define IKEV1_QUICK_MODE_H

#include "ikev1/core.h"
#include "ikev1/job.h"

extern const struct transition quick_mode_initiator[];
extern const struct transition quick_mode_responder[];

/* Begins one as initiator over an active ISAKMP SA. */
void quick_mode_start(struct isakmp_sa *sa);
/* The owner finished the DH job that the exchange waits for. */
bool quick_mode_dh_done(struct ipsec_pair *pair, const struct job_dh *job);
/* The kernel took (0) or refused (errno) the SA that the exchange waits for. */
void quick_mode_sa_done(struct ipsec_pair *pair, int error);
/* The outbound SA of a pair that is done; it goes in the batch that deletes `replaces`, 0: none. */
void quick_mode_install_out(struct ipsec_pair *pair, const uint8_t *keymat, uint32_t replaces);
/* The peer's mapping has changed: the SAs that are in the kernel get the new ports. */
void quick_mode_moved(struct ipsec_pair *pair, uint16_t local_port, uint16_t remote_port);
/* Its deadline is over; it is not done. */
void quick_mode_timed_out(struct ipsec_pair *pair);
void quick_mode_free(struct quick_mode *qm);

#endif
