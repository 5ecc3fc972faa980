/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Main mode. Message by message:
 *
 *   1  initiator  HDR, SA, VID...            2  responder  HDR, SA, VID...
 *   3  initiator  HDR, KE, Ni                4  responder  HDR, KE, Nr
 *   5  initiator  HDR*, IDii, HASH_I         6  responder  HDR*, IDir, HASH_R
 *
 * With RSA signatures a signature takes the place of HASH_I and HASH_R, see rsa_sig.h.
 *
 * Nothing before messages 5 and 6 is authenticated: what is wrong there is ignored and kept as
 * evidence, it does not end the exchange.
 */
#include "ikev1/main_mode.h"

#include "ikev1/exchange.h"
#include "ikev1/fragment.h"
#include "ikev1/identity.h"
#include "ikev1/info.h"
#include "ikev1/job.h"
#include "ikev1/lifetime.h"
#include "ikev1/message.h"
#include "ikev1/natt.h"
#include "ikev1/psk.h"
#include "ikev1/rsa_sig.h"
#include "ikev1/sharing.h"
#include "ikev1/step.h"
#include "ikev1/store.h"

/* Octets of an initiator's offer: the 64 transforms that are looked at fit well. */
#define SA_BODY_MAX 3072

static struct isakmp_sa *this_sa(struct exchange *x)
{
	return container_of(x, struct isakmp_sa, x);
}

/* What may come along with any message. */
static void process_extras(struct exchange *x, const struct incoming *in)
{
	rsa_sig_take_requests(this_sa(x), in);
	for (size_t i = 0; i < in->m.count; i++) {
		struct span body = in->m.payload[i].body;
		enum isakmp_vid vid = isakmp_vid_of(body);

		if (in->m.payload[i].type != ISAKMP_VENDOR)
			continue;
		report_payload(x, IKE_EVENT_PROCESSING, &in->m.payload[i]);
		if (vid != VID_FRAGMENTATION || fragment_announced(body))
			this_sa(x)->vendor_ids |= 1u << vid;
	}
}

static void add_vendor_ids(const struct isakmp_sa *sa, struct isakmp_builder *b)
{
	/* Only what is spoken: a peer that sees an id relies on it. */
	isakmp_add_payload(b, ISAKMP_VENDOR, isakmp_vid_bytes(VID_DPD));
	isakmp_add_payload(b, ISAKMP_VENDOR, isakmp_vid_bytes(VID_FRAGMENTATION));
	natt_add_vendor_ids(sa, b);
}

struct keymat_phase1 main_mode_inputs(const struct isakmp_sa *sa)
{
	const struct main_mode *mm = sa->mm;
	const struct group *g = group_get(sa->suite.group);

	return (struct keymat_phase1){
		.hash = sa->suite.hash,
		.ni = nonce_span(&mm->ni),
		.nr = nonce_span(&mm->nr),
		.gxi = span_of(mm->dh->gxi, g->public_len),
		.gxr = span_of(mm->dh->gxr, g->public_len),
		.gxy = span_of(mm->dh->gxy, g->secret_len),
		.icookie = span_of(sa->cookies, ISAKMP_COOKIE),
		.rcookie = span_of(sa->cookies + ISAKMP_COOKIE, ISAKMP_COOKIE),
		.sa_i = span_of(mm->sa_i, mm->sa_i_len),
	};
}

static enum ike_fsm_event ignore(struct exchange *x, enum ike_cause evidence, enum isakmp_flaw flaw)
{
	struct ike_event *e = report_exchange(x, IKE_EVENT_DROP, LEVEL_ALWAYS);
	enum ike_drop why =
		evidence == IKE_CAUSE_KEY_MISMATCH ? IKE_DROP_UNDECRYPTABLE : IKE_DROP_MALFORMED;

	x->ike->counters.dropped[why]++;
	/* One word in the clear, once: the peer sees our silence otherwise and cannot know why. */
	if (why == IKE_DROP_UNDECRYPTABLE && x->role == IKE_RESPONDER && x->evidence != evidence)
		info_send_clear(this_sa(x), ISAKMP_N_PAYLOAD_MALFORMED);
	exchange_suspect(x, evidence);
	e->drop.why = why;
	e->drop.flaw = flaw;
	e->drop.exchange = ISAKMP_XCHG_MAIN;
	return EV_IGNORED;
}

void main_mode_undecryptable(struct isakmp_sa *sa, enum isakmp_flaw flaw)
{
	bool signs = sa->suite.auth == AUTH_RSA_SIG;

	ignore(&sa->x, signs ? IKE_CAUSE_MALFORMED : IKE_CAUSE_KEY_MISMATCH, flaw);
}

static void agree(struct isakmp_sa *sa, const struct ike_policy *policy, const struct transform *t)
{
	struct ike_event *e = report_exchange(&sa->x, IKE_EVENT_POLICY_MATCH, LEVEL_STEPS);

	sa->suite = policy->suite;
	sa->lifetime = policy->lifetime;
	if (t->life_seconds && t->life_seconds < sa->lifetime)
		sa->lifetime = t->life_seconds;
	lifetime_compare_phase1(sa, t->life_seconds);
	e->match.policy = policy->priority;
	e->match.transform = t->number;
	e->match.isakmp = policy->suite;
	e->match.our_lifetime = policy->lifetime;
	e->match.their_lifetime = t->life_seconds;
}

/* What is missing to prove to this peer who we are; NONE: nothing. */
static enum ike_cause missing_proof(const struct isakmp_sa *sa, enum auth_method auth)
{
	const struct ike *ike = sa->x.ike;

	if (auth == AUTH_RSA_SIG)
		return ike->cfg->trustpoint ? IKE_CAUSE_NONE : IKE_CAUSE_NO_TRUSTPOINT;
	return psk_find(ike, &sa->remote.addr) ? IKE_CAUSE_NONE : IKE_CAUSE_NO_KEY;
}

/*
 * Our policies for this peer: those whose proof we can give. Where that is none of them it is all
 * of them, and the negotiation ends by naming what is missing.
 */
static size_t policies_for(const struct isakmp_sa *sa, struct ike_policy *out)
{
	const struct ike_config *cfg = sa->x.ike->cfg;
	size_t all = MIN(cfg->policy_count, PROPOSAL_TRANSFORMS_MAX), n = 0;

	for (size_t i = 0; i < all; i++)
		if (missing_proof(sa, cfg->policies[i].suite.auth) == IKE_CAUSE_NONE)
			out[n++] = cfg->policies[i];
	if (!n && all)
		memcpy(out, cfg->policies, (n = all) * sizeof(*out));
	return n;
}

/* Which of our policies an SA payload fits; NULL and the miss is told. */
static const struct transform *match(struct isakmp_sa *sa, const struct offer *o)
{
	struct ike_policy ours[PROPOSAL_TRANSFORMS_MAX];
	const struct ike_policy *policy = NULL;
	const struct transform *t =
		proposal_choose_isakmp(o, ours, policies_for(sa, ours), &policy, &sa->x.mismatch);

	if (t)
		agree(sa, policy, t);
	else
		report_exchange(&sa->x, IKE_EVENT_POLICY_MISS, LEVEL_ALWAYS)->mismatch =
			sa->x.mismatch;
	return t;
}

/* Message 1 */

static enum ike_fsm_event i_build1(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct ike_policy ours[PROPOSAL_TRANSFORMS_MAX];
	size_t count = policies_for(sa, ours);
	enum ike_cause missing = missing_proof(sa, count ? ours[0].suite.auth : AUTH_PSK);
	struct writer w = writer_of(x->ike->building, sizeof(x->ike->building));

	(void)in;
	report_exchange(x, IKE_EVENT_NEW_PHASE1, LEVEL_ALWAYS);
	if (missing)
		return exchange_error(x, missing);
	proposal_build_isakmp(&w, ours, count);
	if (w.bad)
		return exchange_error(x, IKE_CAUSE_LIMIT);
	sa->mm->sa_i = xmemdup(w.data, w.len);
	sa->mm->sa_i_len = w.len;
	/* What a refusal without words is about. */
	x->mismatch.our_isakmp = ours[0].suite;
	return EV_SND_MSG;
}

static enum ike_fsm_event i_send1(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct isakmp_builder b;

	(void)in;
	ike_message_begin(sa, &b, ISAKMP_XCHG_MAIN, 0);
	isakmp_add_payload(&b, ISAKMP_SA, span_of(sa->mm->sa_i, sa->mm->sa_i_len));
	add_vendor_ids(sa, &b);
	exchange_sent(x, ike_message_send(x, sa, &b, NULL), true);
	return EV_NONE;
}

static void answer_flaw(struct isakmp_sa *sa, const struct offer *o)
{
	uint16_t type = ISAKMP_N_NO_PROPOSAL_CHOSEN;

	if (o->doi != ISAKMP_DOI_IPSEC)
		type = ISAKMP_N_DOI_NOT_SUPPORTED;
	else if (o->situation != ISAKMP_SIT_IDENTITY_ONLY)
		type = ISAKMP_N_SITUATION_NOT_SUPPORTED;
	info_send_clear(sa, type);
}

static enum ike_fsm_event r_process1(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct span body = step_process(x, in, ISAKMP_SA);
	const struct transform *t;
	enum ike_cause missing;
	struct offer o;
	struct writer w;

	/* Kept until message 6, and anybody can send one. */
	if (body.len > SA_BODY_MAX || proposal_parse(body, 1, &o) != ISAKMP_OK)
		return exchange_error(x, IKE_CAUSE_MALFORMED);
	t = match(sa, &o);
	if (!t) {
		answer_flaw(sa, &o);
		return exchange_error(x, IKE_CAUSE_NO_POLICY);
	}
	process_extras(x, in);
	natt_choose_version(sa);
	missing = missing_proof(sa, sa->suite.auth);
	if (missing)
		return exchange_error(x, missing);
	sa->mm->sa_i = xmemdup(body.data, body.len);
	sa->mm->sa_i_len = body.len;
	sa->mm->answer = xcalloc(1, t->raw.len + 64);
	w = writer_of(sa->mm->answer, t->raw.len + 64);
	proposal_build_answer(&w, t, NULL, 0);
	if (w.bad)
		return exchange_error(x, IKE_CAUSE_MALFORMED);
	sa->mm->answer_len = w.len;
	return EV_BLD_MSG;
}

/* Message 2 */

static enum ike_fsm_event r_build2(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);

	(void)in;
	sa_choose_cookie(sa);
	return EV_SND_MSG;
}

static enum ike_fsm_event r_send2(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct isakmp_builder b;

	(void)in;
	ike_message_begin(sa, &b, ISAKMP_XCHG_MAIN, 0);
	isakmp_add_payload(&b, ISAKMP_SA, span_of(sa->mm->answer, sa->mm->answer_len));
	add_vendor_ids(sa, &b);
	exchange_sent(x, ike_message_send(x, sa, &b, NULL), true);
	return EV_NONE;
}

static enum ike_fsm_event i_process2(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct offer o;
	enum isakmp_flaw flaw;

	flaw = proposal_parse(step_process(x, in, ISAKMP_SA), 1, &o);
	if (flaw != ISAKMP_OK || o.count != 1)
		return ignore(x, IKE_CAUSE_MALFORMED, flaw ? flaw : ISAKMP_BAD_CONTENT);
	if (!match(sa, &o))
		return ignore(x, IKE_CAUSE_PEER_NO_POLICY, ISAKMP_BAD_CONTENT);
	process_extras(x, in);
	natt_choose_version(sa);
	sa_adopt_cookie(sa, in->m.header.rcookie);
	return EV_GEN_DH_KEY;
}

/* Messages 3 and 4 */

static enum ike_fsm_event i_gen_public(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);

	(void)in;
	sa->mm->dh = xcalloc(1, sizeof(*sa->mm->dh));
	step_make_nonce(&sa->x, &sa->mm->ni);
	memcpy(sa->order, sa->mm->ni.data, sizeof(sa->order));
	if (sa_is_outdone(sa))
		return exchange_error(x, IKE_CAUSE_SUPERSEDED);
	job_start_dh(x, sa->suite.group, sa->mm->dh->private_value, true, span_of(NULL, 0));
	return EV_NONE;
}

static enum ike_fsm_event send_ke(struct exchange *x, const uint8_t *public_value,
				  const struct nonce *n)
{
	struct isakmp_sa *sa = this_sa(x);
	struct isakmp_builder b;

	ike_message_begin(sa, &b, ISAKMP_XCHG_MAIN, 0);
	isakmp_add_payload(&b, ISAKMP_KE,
			   span_of(public_value, group_get(sa->suite.group)->public_len));
	isakmp_add_payload(&b, ISAKMP_NONCE, nonce_span(n));
	natt_add_discovery(sa, &b);
	rsa_sig_add_requests(sa, &b);
	exchange_sent(x, ike_message_send(x, sa, &b, NULL), true);
	return EV_NONE;
}

static enum ike_fsm_event i_send3(struct exchange *x, const struct incoming *in)
{
	(void)in;
	return send_ke(x, this_sa(x)->mm->dh->gxi, &this_sa(x)->mm->ni);
}

static enum ike_fsm_event r_send4(struct exchange *x, const struct incoming *in)
{
	(void)in;
	return send_ke(x, this_sa(x)->mm->dh->gxr, &this_sa(x)->mm->nr);
}

/* KE and nonce of the other end; false: not usable, nothing was changed. */
static bool take_ke(struct exchange *x, const struct incoming *in, uint8_t *public_value,
		    struct nonce *n)
{
	struct isakmp_sa *sa = this_sa(x);
	struct span ke = step_process(x, in, ISAKMP_KE), nonce = step_process(x, in, ISAKMP_NONCE);

	if (!crypto_dh_is_public(sa->suite.group, ke) || !step_take_nonce(n, nonce))
		return false;
	memcpy(public_value, ke.data, ke.len);
	process_extras(x, in);
	natt_discover(sa, in);
	return true;
}

static enum ike_fsm_event r_process3(struct exchange *x, const struct incoming *in)
{
	struct main_mode *mm = this_sa(x)->mm;

	if (!mm->dh)
		mm->dh = xcalloc(1, sizeof(*mm->dh));
	if (!take_ke(x, in, mm->dh->gxi, &mm->ni))
		return ignore(x, IKE_CAUSE_BAD_KE, ISAKMP_BAD_CONTENT);
	sa_proven(this_sa(x));
	return EV_GEN_DH_KEY;
}

static enum ike_fsm_event r_gen_secret(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);

	(void)in;
	step_make_nonce(&sa->x, &sa->mm->nr);
	job_start_dh(x, sa->suite.group, sa->mm->dh->private_value, true,
		     span_of(sa->mm->dh->gxi, group_get(sa->suite.group)->public_len));
	return EV_NONE;
}

static enum ike_fsm_event i_process4(struct exchange *x, const struct incoming *in)
{
	struct main_mode *mm = this_sa(x)->mm;

	if (!take_ke(x, in, mm->dh->gxr, &mm->nr))
		return ignore(x, IKE_CAUSE_BAD_KE, ISAKMP_BAD_CONTENT);
	natt_float(this_sa(x));
	return EV_GEN_SECRET;
}

static enum ike_fsm_event i_gen_secret(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);

	(void)in;
	job_start_dh(x, sa->suite.group, sa->mm->dh->private_value, false,
		     span_of(sa->mm->dh->gxr, group_get(sa->suite.group)->public_len));
	return EV_NONE;
}

static bool dh_done(struct isakmp_sa *sa, const struct job_dh *job)
{
	struct main_mode *mm = sa->mm;
	const struct group *g = group_get(sa->suite.group);

	if (job->status != CRYPTO_DH_OK) {
		exchange_fail(&sa->x, EV_ERROR, IKE_CAUSE_BAD_KE);
		return false;
	}
	if (job->make_public)
		memcpy(sa->x.role == IKE_INITIATOR ? mm->dh->gxi : mm->dh->gxr, job->public_value,
		       g->public_len);
	if (job->peer_len)
		memcpy(mm->dh->gxy, job->secret, g->secret_len);
	return exchange_run(&sa->x, job->peer_len ? EV_SECRET_OK : EV_DH_KEY_OK, NULL);
}

bool main_mode_job_done(struct isakmp_sa *sa, const struct ike_job *job)
{
	switch (job->kind) {
	case JOB_DH:
		return dh_done(sa, &job->dh);
	case JOB_SIGN:
		return rsa_sig_signed(sa, &job->sign);
	case JOB_VERIFY:
		return rsa_sig_verified(sa, &job->verify);
	}
	return true;
}

static void tell_key(const struct isakmp_sa *sa)
{
	struct effect_node *n;

	if (!sa->x.ike->tells_keys)
		return;
	n = ike_effect_push(sa->x.ike, IKE_EFFECT_KEY, sa->cipher_key,
			    cipher_get(sa->suite.cipher)->key_bits / 8u);
	memcpy(n->effect.key.icookie, sa->cookies, ISAKMP_COOKIE);
	n->effect.key.key = span_of(n->extra, n->extra_len);
}

static enum ike_fsm_event gen_skeyid(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	const struct ike_psk *psk = psk_find(x->ike, &sa->remote.addr);
	struct keymat_phase1 p = main_mode_inputs(sa);
	bool signs = sa->suite.auth == AUTH_RSA_SIG;

	(void)in;
	if (signs && !rsa_sig_begin(sa))
		return exchange_error(x, IKE_CAUSE_NO_TRUSTPOINT);
	if (!signs && !psk)
		return exchange_error(x, IKE_CAUSE_NO_KEY);
	report_exchange(x, IKE_EVENT_KEYS, LEVEL_STEPS);
	if (signs)
		keymat_skeyid_sig(&p, &sa->keys);
	else
		keymat_skeyid_psk(&p, psk->key, &sa->keys);
	keymat_cipher_key(sa->suite.hash, sa->suite.cipher, &sa->keys, sa->cipher_key);
	keymat_iv_phase1(&p, sa->suite.cipher, x->iv);
	memcpy(sa->order, sa->mm->ni.data, MIN(sa->mm->ni.len, sizeof(sa->order)));
	util_wipe(sa->mm->dh->private_value, sizeof(sa->mm->dh->private_value));
	/* RFC 2409 appendix B forbids weak keys; one in 2^52, a new try has others. */
	if (crypto_key_is_weak(sa->suite.cipher, sa->cipher_key))
		return exchange_error(x, IKE_CAUSE_MALFORMED);
	tell_key(sa);
	return signs && x->role == IKE_INITIATOR ? EV_GEN_SIG : EV_BLD_MSG;
}

/* Messages 5 and 6 */

static void send_auth(struct exchange *x, bool expects_answer)
{
	struct isakmp_sa *sa = this_sa(x);
	struct keymat_phase1 p = main_mode_inputs(sa);
	struct isakmp_builder b;
	uint8_t id[IDENTITY_MAX], hash[HASH_LEN_MAX];
	size_t id_len = identity_build(sa, id);

	ike_message_begin(sa, &b, ISAKMP_XCHG_MAIN, 0);
	isakmp_add_payload(&b, ISAKMP_ID, span_of(id, id_len));
	if (sa->mm->sig) {
		rsa_sig_add_proof(sa, &b);
	} else {
		keymat_auth_hash(&p, &sa->keys, x->role == IKE_INITIATOR, span_of(id, id_len),
				 hash);
		isakmp_add_payload(&b, ISAKMP_HASH, span_of(hash, sa->keys.len));
	}
	if (!ike_peer_has_sas(sa->peer))
		isakmp_add_notify(&b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INITIAL_CONTACT,
				  span_of(sa->cookies, sizeof(sa->cookies)), span_of(NULL, 0));
	lifetime_add_phase1(&b, sa);
	exchange_sent(x, ike_message_send(x, sa, &b, x->iv), expects_answer);
}

static enum ike_fsm_event i_send5(struct exchange *x, const struct incoming *in)
{
	(void)in;
	send_auth(x, true);
	return EV_NONE;
}

static enum ike_fsm_event r_send6(struct exchange *x, const struct incoming *in)
{
	(void)in;
	send_auth(x, false);
	return EV_ACTIVATE_NEW_SA;
}

static void process_notifies(struct isakmp_sa *sa, const struct incoming *in)
{
	struct isakmp_notify n;

	for (size_t i = 0; i < in->m.count; i++) {
		struct ike_event *e;

		if (in->m.payload[i].type != ISAKMP_NOTIFY ||
		    !isakmp_parse_notify(in->m.payload[i].body, &n))
			continue;
		e = report_exchange(&sa->x, IKE_EVENT_NOTIFY, LEVEL_INFO);
		e->notify.type = n.type;
		e->notify.authenticated = true;
		if (n.type == ISAKMP_N_INITIAL_CONTACT)
			sa->mm->initial_contact = true;
		lifetime_hear_phase1(sa, &n);
	}
}

/* ID and HASH of message 5 or 6: the first moment at which we know to whom we speak. */
static enum ike_fsm_event process_auth(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct keymat_phase1 p = main_mode_inputs(sa);
	struct span id_body = step_process(x, in, ISAKMP_ID), theirs;
	struct isakmp_id id;
	uint8_t hash[HASH_LEN_MAX];
	bool right, accepted;

	/* With signatures everybody could compute this hash. */
	if (sa->suite.auth != AUTH_PSK)
		return ignore(x, IKE_CAUSE_MALFORMED, ISAKMP_BAD_CONTENT);
	if (!isakmp_parse_id(id_body, &id))
		return ignore(x, IKE_CAUSE_KEY_MISMATCH, ISAKMP_BAD_CONTENT);
	keymat_auth_hash(&p, &sa->keys, x->role == IKE_RESPONDER, id_body, hash);
	theirs = isakmp_find(&in->m, ISAKMP_HASH)->body;
	right = theirs.len == sa->keys.len && util_equal_ct(hash, theirs.data, theirs.len);
	accepted = right && identity_accept_psk(sa, &id);
	/* Told in the order of the payloads; an identity that the hash does not prove is not told. */
	if (right)
		identity_report(x, &id, accepted);
	step_process(x, in, ISAKMP_HASH);
	report_exchange(x, IKE_EVENT_HASH, LEVEL_STEPS)->flag = right;
	if (!right)
		return ignore(x, IKE_CAUSE_KEY_MISMATCH, ISAKMP_BAD_CONTENT);
	sharing_remember(sa, &id);
	x->cause = accepted ? IKE_CAUSE_NONE : IKE_CAUSE_IDENTITY;
	process_notifies(sa, in);
	process_extras(x, in);
	return EV_COMPARE_IDS;
}

/* The same with ID, certificates and signature; what it is worth takes a while to find out. */
static enum ike_fsm_event process_signed(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = this_sa(x);
	struct isakmp_id id;

	if (x->wait_id) /* one is being judged */
		return EV_IGNORED;
	if (sa->suite.auth != AUTH_RSA_SIG || !isakmp_parse_id(step_process(x, in, ISAKMP_ID), &id))
		return ignore(x, IKE_CAUSE_MALFORMED, ISAKMP_BAD_CONTENT);
	step_process(x, in, ISAKMP_SIG);
	identity_report(x, &id, true);
	sharing_remember(sa, &id);
	process_notifies(sa, in);
	process_extras(x, in);
	return EV_VALIDATE_CERT;
}

static enum ike_fsm_event cert_ok(struct exchange *x, const struct incoming *in)
{
	(void)x;
	(void)in;
	return EV_COMPARE_IDS;
}

static enum ike_fsm_event compare_ids(struct exchange *x, enum ike_fsm_event next)
{
	struct isakmp_sa *sa = this_sa(x);

	if (sa->mm->sig)
		return rsa_sig_compare_ids(x, next);
	if (x->cause != IKE_CAUSE_IDENTITY)
		return next;
	info_send_notify(sa, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INVALID_ID_INFORMATION,
			 span_of(sa->cookies, sizeof(sa->cookies)));
	return EV_ERROR;
}

/* The identity is accepted; whose SA it is follows from it where several peers share an address. */
static enum ike_fsm_event settle(struct exchange *x, enum ike_fsm_event next)
{
	enum ike_cause cause;

	if (next == EV_ERROR)
		return next;
	cause = sharing_settle(this_sa(x));
	if (cause)
		return exchange_error(x, cause);
	report_exchange(x, IKE_EVENT_LANDED, LEVEL_STEPS);
	return next;
}

static enum ike_fsm_event r_compare_ids(struct exchange *x, const struct incoming *in)
{
	(void)in;
	return settle(x, compare_ids(x, this_sa(x)->mm->sig ? EV_GEN_SIG : EV_BLD_MSG));
}

static enum ike_fsm_event i_compare_ids(struct exchange *x, const struct incoming *in)
{
	(void)in;
	return settle(x, compare_ids(x, EV_ACTIVATE_NEW_SA));
}

static enum ike_fsm_event activate(struct exchange *x, const struct incoming *in)
{
	(void)in;
	sa_activate(this_sa(x));
	return EV_START_QM;
}

static enum ike_fsm_event start_quick_mode(struct exchange *x, const struct incoming *in)
{
	(void)in;
	sa_start_quick_mode(this_sa(x));
	sa_tell_done(this_sa(x));
	return EV_NONE;
}

#define SA_    PAYLOAD_BIT(ISAKMP_SA)
#define KE_    PAYLOAD_BIT(ISAKMP_KE)
#define NONCE_ PAYLOAD_BIT(ISAKMP_NONCE)
#define ID_    PAYLOAD_BIT(ISAKMP_ID)
#define HASH_  PAYLOAD_BIT(ISAKMP_HASH)
#define SIG_   PAYLOAD_BIT(ISAKMP_SIG)
#define VID_   PAYLOAD_BIT(ISAKMP_VENDOR)
/* What others send along and what later messages may carry: read where it matters, else ignored. */
#define NATD_                                                        \
	(PAYLOAD_BIT(ISAKMP_NATD) | PAYLOAD_BIT(ISAKMP_NATD_DRAFT) | \
	 PAYLOAD_BIT(ISAKMP_NATD_DRAFT_08))
#define CERTS_	    (PAYLOAD_BIT(ISAKMP_CERT) | PAYLOAD_BIT(ISAKMP_CR))
#define SA_EXTRA_   (VID_ | PAYLOAD_BIT(ISAKMP_CR))
#define KE_EXTRA_   (VID_ | NATD_ | CERTS_)
#define AUTH_EXTRA_ (VID_ | CERTS_ | PAYLOAD_BIT(ISAKMP_NOTIFY))

/* clang-format off */
const struct transition main_mode_initiator[] = {
	/* state        event               next          action            required, optional, encrypted */
	{ MM_START,     EV_START_MM,        MM_SND_MSG1,  i_build1,         0, 0, false },
	{ MM_SND_MSG1,  EV_SND_MSG,         MM_WAIT_MSG2, i_send1,          0, 0, false },
	{ MM_WAIT_MSG2, EV_RCV_MSG,         MM_BLD_MSG3,  i_process2,       SA_, SA_EXTRA_, false },
	{ MM_BLD_MSG3,  EV_GEN_DH_KEY,      MM_BLD_MSG3,  i_gen_public,     0, 0, false },
	{ MM_BLD_MSG3,  EV_DH_KEY_OK,       MM_SND_MSG3,  step_then_send,   0, 0, false },
	{ MM_SND_MSG3,  EV_SND_MSG,         MM_WAIT_MSG4, i_send3,          0, 0, false },
	{ MM_WAIT_MSG4, EV_RCV_MSG,         MM_BLD_MSG5,  i_process4,       KE_ | NONCE_, KE_EXTRA_, false },
	{ MM_BLD_MSG5,  EV_GEN_SECRET,      MM_BLD_MSG5,  i_gen_secret,     0, 0, false },
	{ MM_BLD_MSG5,  EV_SECRET_OK,       MM_BLD_MSG5,  gen_skeyid,       0, 0, false },
	{ MM_BLD_MSG5,  EV_BLD_MSG,         MM_SND_MSG5,  step_then_send,   0, 0, false },
	{ MM_BLD_MSG5,  EV_GEN_SIG,         MM_BLD_MSG5,  rsa_sig_sign,     0, 0, false },
	{ MM_BLD_MSG5,  EV_SIG_OK,          MM_SND_MSG5,  step_then_send,   0, 0, false },
	{ MM_SND_MSG5,  EV_SND_MSG,         MM_WAIT_MSG6, i_send5,          0, 0, false },
	{ MM_WAIT_MSG6, EV_RCV_MSG,         MM_WAIT_MSG6, process_auth,     ID_ | HASH_, AUTH_EXTRA_, true },
	{ MM_WAIT_MSG6, EV_RCV_MSG,         MM_WAIT_MSG6, process_signed,   ID_ | SIG_, AUTH_EXTRA_, true },
	{ MM_WAIT_MSG6, EV_VALIDATE_CERT,   MM_WAIT_MSG6, rsa_sig_validate, 0, 0, false },
	{ MM_WAIT_MSG6, EV_CERT_OK,         MM_WAIT_MSG6, cert_ok,          0, 0, false },
	{ MM_WAIT_MSG6, EV_COMPARE_IDS,     MM_WAIT_MSG6, i_compare_ids,    0, 0, false },
	{ MM_WAIT_MSG6, EV_ACTIVATE_NEW_SA, MM_ACTIVE,    activate,         0, 0, false },
	{ MM_ACTIVE,    EV_START_QM,        MM_ACTIVE,    start_quick_mode, 0, 0, false },
	{ .event = EV_NONE },
};

const struct transition main_mode_responder[] = {
	{ MM_START,     EV_RCV_MSG,         MM_BLD_MSG2,  r_process1,       SA_, SA_EXTRA_, false },
	{ MM_BLD_MSG2,  EV_BLD_MSG,         MM_SND_MSG2,  r_build2,         0, 0, false },
	{ MM_SND_MSG2,  EV_SND_MSG,         MM_WAIT_MSG3, r_send2,          0, 0, false },
	{ MM_WAIT_MSG3, EV_RCV_MSG,         MM_BLD_MSG4,  r_process3,       KE_ | NONCE_, KE_EXTRA_, false },
	{ MM_BLD_MSG4,  EV_GEN_DH_KEY,      MM_BLD_MSG4,  r_gen_secret,     0, 0, false },
	{ MM_BLD_MSG4,  EV_SECRET_OK,       MM_BLD_MSG4,  gen_skeyid,       0, 0, false },
	{ MM_BLD_MSG4,  EV_BLD_MSG,         MM_SND_MSG4,  step_then_send,   0, 0, false },
	{ MM_SND_MSG4,  EV_SND_MSG,         MM_WAIT_MSG5, r_send4,          0, 0, false },
	{ MM_WAIT_MSG5, EV_RCV_MSG,         MM_BLD_MSG6,  process_auth,     ID_ | HASH_, AUTH_EXTRA_, true },
	{ MM_WAIT_MSG5, EV_RCV_MSG,         MM_BLD_MSG6,  process_signed,   ID_ | SIG_, AUTH_EXTRA_, true },
	{ MM_BLD_MSG6,  EV_VALIDATE_CERT,   MM_BLD_MSG6,  rsa_sig_validate, 0, 0, false },
	{ MM_BLD_MSG6,  EV_CERT_OK,         MM_BLD_MSG6,  cert_ok,          0, 0, false },
	{ MM_BLD_MSG6,  EV_COMPARE_IDS,     MM_BLD_MSG6,  r_compare_ids,    0, 0, false },
	{ MM_BLD_MSG6,  EV_BLD_MSG,         MM_SND_MSG6,  step_then_send,   0, 0, false },
	{ MM_BLD_MSG6,  EV_GEN_SIG,         MM_BLD_MSG6,  rsa_sig_sign,     0, 0, false },
	{ MM_BLD_MSG6,  EV_SIG_OK,          MM_SND_MSG6,  step_then_send,   0, 0, false },
	{ MM_SND_MSG6,  EV_SND_MSG,         MM_SND_MSG6,  r_send6,          0, 0, false },
	{ MM_SND_MSG6,  EV_ACTIVATE_NEW_SA, MM_ACTIVE,    activate,         0, 0, false },
	{ MM_ACTIVE,    EV_START_QM,        MM_ACTIVE,    start_quick_mode, 0, 0, false },
	{ .event = EV_NONE },
};
/* clang-format on */

void main_mode_free(struct main_mode *mm)
{
	if (!mm)
		return;
	if (mm->dh)
		util_wipe(mm->dh, sizeof(*mm->dh));
	free(mm->dh);
	rsa_sig_free(mm->sig);
	free(mm->sa_i);
	free(mm->answer);
	util_wipe(mm, sizeof(*mm));
	free(mm);
}
