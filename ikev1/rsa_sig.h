/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What main mode does differently with RSA signatures (RFC 2409 5.1):
 *
 *   3  HDR, KE, Ni, [CERT_REQ...]                     4  HDR, KE, Nr, [CERT_REQ...]
 *   5  HDR*, IDii, [CERT...,] SIG_I                   6  HDR*, IDir, [CERT...,] SIG_R
 *
 * Signing and judging are jobs. Whoever sends a message 5 or 6 that decrypts has done the
 * Diffie-Hellman with us: if its proof is bad, nobody else will bring a better one, and the
 * exchange ends there and then. The peer is told by a notify, protected by the keys of the exchange.
 */
#ifndef IKEV1_RSA_SIG_H
#define IKEV1_RSA_SIG_H

#include "ikev1/core.h"
#include "ikev1/job.h"

/* Sets up what it needs until main mode is done. False: there is no trustpoint. */
bool rsa_sig_begin(struct isakmp_sa *sa);
void rsa_sig_free(struct main_mode_sig *sig); /* NULL is fine */

/* Names the CAs that we trust. */
void rsa_sig_add_requests(const struct isakmp_sa *sa, struct isakmp_builder *b);
/* The peer named those that it trusts, in whatever message. */
void rsa_sig_take_requests(struct isakmp_sa *sa, const struct incoming *in);
/* CERT payloads and the signature, which is made by then. */
void rsa_sig_add_proof(const struct isakmp_sa *sa, struct isakmp_builder *b);

/* Actions: hash, then sign it, which takes until EV_SIG_OK. */
enum ike_fsm_event rsa_sig_sign(struct exchange *x, const struct incoming *in);
/* Judge the proof of message 5 or 6, which takes until EV_CERT_OK. */
enum ike_fsm_event rsa_sig_validate(struct exchange *x, const struct incoming *in);

/* The jobs are done. False: the exchange has ended. */
bool rsa_sig_signed(struct isakmp_sa *sa, const struct job_sign *job);
bool rsa_sig_verified(struct isakmp_sa *sa, const struct job_verify *job);

/* For compare_ids: "next", or EV_ERROR and the peer is told. */
enum ike_fsm_event rsa_sig_compare_ids(struct exchange *x, enum ike_fsm_event next);

/* Whether an authenticated notify says that the peer refuses our proof ... */
bool rsa_sig_is_refusal(const struct isakmp_sa *sa, const struct isakmp_notify *n);
/* ... which ends the SA, even one that is up: the initiator judges last. */
void rsa_sig_refused(struct isakmp_sa *sa, uint16_t notify);

#endif
