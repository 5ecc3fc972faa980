/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Main mode with pre-shared keys (RFC 2409 5.4) and RSA signatures (5.1): two transition tables and
 * their actions; what only signatures need is in rsa_sig.c.
 */
#ifndef IKEV1_MAIN_MODE_H
#define IKEV1_MAIN_MODE_H

#include "ikev1/core.h"

extern const struct transition main_mode_initiator[];
extern const struct transition main_mode_responder[];

/* The owner finished the job that the exchange waits for. */
bool main_mode_job_done(struct isakmp_sa *sa, const struct ike_job *job);
/* Message 5 or 6 made no sense after decryption: most likely another pre-shared key. */
void main_mode_undecryptable(struct isakmp_sa *sa, enum isakmp_flaw flaw);
/* What its keys and hashes are made of. */
struct keymat_phase1 main_mode_inputs(const struct isakmp_sa *sa);
void main_mode_free(struct main_mode *mm);

#endif
