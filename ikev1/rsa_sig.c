/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/rsa_sig.h"

#include "ikev1/exchange.h"
#include "ikev1/identity.h"
#include "ikev1/info.h"
#include "ikev1/main_mode.h"

/* Certificate encoding, RFC 2408 3.9. */
#define CERT_X509_SIGNATURE 4
/* With more anchors than these the peer is asked for whatever it has. */
#define REQUESTS_MAX 8

/* Kept apart from the SA: made when the proof is next, so that a forger costs less. */
struct main_mode_sig {
	struct trustpoint *tp; /* held: a new configuration does not change a running exchange */
	size_t signature_len;
	uint8_t signature[CERT_SIGNATURE_MAX]; /* ours */
};

bool rsa_sig_begin(struct isakmp_sa *sa)
{
	struct trustpoint *tp = sa->x.ike->cfg->trustpoint;

	if (!tp)
		return false;
	sa->mm->sig = xcalloc(1, sizeof(*sa->mm->sig));
	sa->mm->sig->tp = trustpoint_hold(tp);
	return true;
}

void rsa_sig_free(struct main_mode_sig *sig)
{
	if (!sig)
		return;
	trustpoint_release(sig->tp);
	free(sig);
}

/* ---- certificate requests ---- */

static void add_encoded(struct isakmp_builder *b, uint8_t type, struct span data)
{
	isakmp_payload_begin(b, type);
	write_u8(&b->w, CERT_X509_SIGNATURE);
	write_span(&b->w, data);
	isakmp_payload_end(b);
}

void rsa_sig_add_requests(const struct isakmp_sa *sa, struct isakmp_builder *b)
{
	const struct trustpoint *tp = sa->x.ike->cfg->trustpoint;

	if (!tp || sa->suite.auth != AUTH_RSA_SIG)
		return;
	if (trustpoint_anchor(tp, REQUESTS_MAX).len) {
		add_encoded(b, ISAKMP_CR, span_of(NULL, 0));
		return;
	}
	for (size_t i = 0; trustpoint_anchor(tp, i).len; i++)
		add_encoded(b, ISAKMP_CR, trustpoint_anchor(tp, i));
}

void rsa_sig_take_requests(struct isakmp_sa *sa, const struct incoming *in)
{
	const struct trustpoint *tp = sa->x.ike->cfg->trustpoint;

	for (size_t i = 0; tp && i < in->m.count; i++) {
		const struct isakmp_payload *p = &in->m.payload[i];
		struct span name = p->body;

		if (p->type != ISAKMP_CR)
			continue;
		report_payload(&sa->x, IKE_EVENT_PROCESSING, p);
		if (name.len < 1 || name.data[0] != CERT_X509_SIGNATURE)
			continue;
		name = span_of(name.data + 1, name.len - 1);
		if (!name.len || trustpoint_issued_by(tp, name))
			sa->asks_for_ours = true;
		else
			sa->asks_for_others = true;
	}
}

/* ---- our proof ---- */

static void auth_hash(struct isakmp_sa *sa, bool initiator, struct span id, uint8_t *hash)
{
	struct keymat_phase1 p = main_mode_inputs(sa);

	keymat_auth_hash(&p, &sa->keys, initiator, id, hash);
}

enum ike_fsm_event rsa_sig_sign(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = sa_of(x);
	uint8_t id[IDENTITY_MAX], hash[HASH_LEN_MAX];
	size_t len = identity_build(sa, id);

	(void)in;
	auth_hash(sa, x->role == IKE_INITIATOR, span_of(id, len), hash);
	job_start_sign(x, sa->mm->sig->tp, span_of(hash, sa->keys.len));
	return EV_NONE;
}

bool rsa_sig_signed(struct isakmp_sa *sa, const struct job_sign *job)
{
	struct main_mode_sig *sig = sa->mm->sig;

	if (!job->len) {
		exchange_fail(&sa->x, EV_ERROR, IKE_CAUSE_NO_TRUSTPOINT);
		return false;
	}
	memcpy(sig->signature, job->signature, job->len);
	sig->signature_len = job->len;
	report_exchange(&sa->x, IKE_EVENT_SIGNATURE, LEVEL_STEPS);
	return exchange_run(&sa->x, EV_SIG_OK, NULL);
}

void rsa_sig_add_proof(const struct isakmp_sa *sa, struct isakmp_builder *b)
{
	const struct main_mode_sig *sig = sa->mm->sig;

	for (size_t i = 0; trustpoint_certificate(sig->tp, i).len; i++)
		add_encoded(b, ISAKMP_CERT, trustpoint_certificate(sig->tp, i));
	isakmp_add_payload(b, ISAKMP_SIG, span_of(sig->signature, sig->signature_len));
}

/* ---- the peer's ---- */

static void take_certificates(struct exchange *x, const struct incoming *in, struct cert_proof *p)
{
	for (size_t i = 0; i < in->m.count && p->count < CERT_CHAIN_MAX; i++) {
		struct span body = in->m.payload[i].body;

		if (in->m.payload[i].type != ISAKMP_CERT)
			continue;
		report_payload(x, IKE_EVENT_PROCESSING, &in->m.payload[i]);
		if (body.len > 1 && body.data[0] == CERT_X509_SIGNATURE)
			p->chain[p->count++] = span_of(body.data + 1, body.len - 1);
	}
}

enum ike_fsm_event rsa_sig_validate(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = sa_of(x);
	uint8_t hash[HASH_LEN_MAX];
	struct cert_proof p = { .id = isakmp_find(&in->m, ISAKMP_ID)->body,
				.signature = isakmp_find(&in->m, ISAKMP_SIG)->body };

	take_certificates(x, in, &p);
	auth_hash(sa, x->role == IKE_RESPONDER, p.id, hash);
	p.hash = span_of(hash, sa->keys.len);
	job_start_verify(x, sa->mm->sig->tp, &p, ike_wall(x->ike));
	return EV_NONE;
}

/* How the peer hears of it, RFC 2408 3.14.1. */
static uint16_t notify_of(enum ike_cause cause)
{
	switch (cause) {
	case IKE_CAUSE_NO_CERTIFICATE:
		return ISAKMP_N_CERTIFICATE_UNAVAILABLE;
	case IKE_CAUSE_CERT_UNTRUSTED:
		return ISAKMP_N_INVALID_CERT_AUTHORITY;
	case IKE_CAUSE_CERT_IDENTITY:
		return ISAKMP_N_INVALID_ID_INFORMATION;
	case IKE_CAUSE_SIGNATURE:
		return ISAKMP_N_INVALID_SIGNATURE;
	case IKE_CAUSE_CERT_NO_CRL: /* no fault of the certificate's */
		return ISAKMP_N_AUTHENTICATION_FAILED;
	default:
		return ISAKMP_N_INVALID_CERTIFICATE;
	}
}

/* The peer hears of it; a responder's SA is up by then, since its message 6 has left. */
static void tell_refusal(struct isakmp_sa *sa, enum ike_cause cause)
{
	if (sa->x.role == IKE_INITIATOR)
		info_send_refusal(sa, notify_of(cause));
	else
		info_send_notify(sa, ISAKMP_PROTO_ISAKMP, notify_of(cause),
				 span_of(sa->cookies, sizeof(sa->cookies)));
}

bool rsa_sig_verified(struct isakmp_sa *sa, const struct job_verify *job)
{
	struct exchange *x = &sa->x;

	struct isakmp_id id;

	x->cause = job->cause;
	if (job->cause != IKE_CAUSE_NONE) {
		x->cert = xmemdup(&job->about, sizeof(job->about));
		if (isakmp_parse_id(job->proof.id, &id))
			x->cert->id = identity_of(&id);
	}
	if (job->cause == IKE_CAUSE_NONE || job->cause == IKE_CAUSE_CERT_IDENTITY) {
		report_exchange(x, IKE_EVENT_CERT, LEVEL_STEPS)->cert = job->about;
		report_exchange(x, IKE_EVENT_SIGNATURE, LEVEL_STEPS)->flag = true;
		return exchange_run(x, EV_CERT_OK, NULL);
	}
	tell_refusal(sa, job->cause);
	exchange_fail(x, EV_ERROR, job->cause);
	return false;
}

enum ike_fsm_event rsa_sig_compare_ids(struct exchange *x, enum ike_fsm_event next)
{
	if (x->cause == IKE_CAUSE_NONE)
		return next;
	tell_refusal(sa_of(x), x->cause);
	return EV_ERROR;
}

/* ---- the peer's opinion of ours ---- */

bool rsa_sig_is_refusal(const struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	if (sa->suite.auth != AUTH_RSA_SIG)
		return false;
	switch (n->type) {
	case ISAKMP_N_INVALID_CERT_ENCODING:
	case ISAKMP_N_INVALID_CERTIFICATE:
	case ISAKMP_N_CERT_TYPE_UNSUPPORTED:
	case ISAKMP_N_INVALID_CERT_AUTHORITY:
	case ISAKMP_N_INVALID_HASH_INFORMATION:
	case ISAKMP_N_AUTHENTICATION_FAILED:
	case ISAKMP_N_INVALID_SIGNATURE:
	case ISAKMP_N_CERTIFICATE_UNAVAILABLE:
		return true;
	case ISAKMP_N_INVALID_ID_INFORMATION: /* or it is about a quick mode */
		return n->protocol == ISAKMP_PROTO_ISAKMP && !sa->peer->unfinished;
	default:
		return false;
	}
}

void rsa_sig_refused(struct isakmp_sa *sa, uint16_t notify)
{
	struct ike *ike = sa->x.ike;
	struct ike_cert *about = xcalloc(1, sizeof(*about));
	enum ike_cause flaw = IKE_CAUSE_NO_TRUSTPOINT;

	/* A notify has no room for reasons: those that we can see ourselves we find. */
	if (ike->cfg->trustpoint)
		flaw = trustpoint_judge(ike->cfg->trustpoint, ike_wall(ike), about);
	if (flaw == IKE_CAUSE_NONE && sa->asks_for_others && !sa->asks_for_ours)
		flaw = IKE_CAUSE_CERT_UNTRUSTED;
	about->flaw = flaw;
	about->notify = notify;
	sa->x.cert = about;
	exchange_fail(&sa->x, EV_ERROR, IKE_CAUSE_PEER_CERTIFICATE);
}
