/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quick mode. Message by message, all encrypted and authenticated by their HASH:
 *
 *   1  initiator  HDR*, HASH(1), SA, Ni, [KE], IDci, IDcr
 *   2  responder  HDR*, HASH(2), SA, Nr, [KE], IDci, IDcr
 *   3  initiator  HDR*, HASH(3)
 *
 * The kernel has what a side announces before the other side can use it: the responder's inbound
 * SA before message 2 leaves, the initiator's before message 3. The responder's outbound one follows
 * message 3. The initiator's goes before message 3 where nothing else carries the traffic, and at a
 * rekey after it, see switch_over.h.
 *
 * That is why the commit bit (RFC 2408 3.1: "wait until I say CONNECTED, my SA is not there yet") is
 * never set, and changes nothing where it is received: a responder that sets it has, by the time that
 * message 3 comes, what it needs to receive, or loses what others lose without the bit. Waiting would
 * let one lost, unrepeated informational message hold up the tunnel. The CONNECTED notify that such a
 * responder sends in the end is accepted, told, and means nothing.
 */
#include "ikev1/quick_mode.h"

#include <errno.h>

#include "ikev1/ends.h"
#include "ikev1/exchange.h"
#include "ikev1/info.h"
#include "ikev1/lifetime.h"
#include "ikev1/message.h"
#include "ikev1/natt.h"
#include "ikev1/step.h"
#include "ikev1/store.h"
#include "ikev1/switch_over.h"

static const struct ike_profile *profile_of(const struct ipsec_pair *pair)
{
	return pair->peer->at->profile;
}

static enum proposal_encap encap_of(const struct ipsec_pair *pair)
{
	return natt_encap(pair->sa);
}

static enum ike_fsm_event bad_hash(struct exchange *x)
{
	struct ike_event *e = report_exchange(x, IKE_EVENT_DROP, LEVEL_INFO);

	x->ike->counters.dropped[IKE_DROP_HASH]++;
	e->drop.why = IKE_DROP_HASH;
	e->drop.exchange = ISAKMP_XCHG_QUICK;
	return EV_IGNORED;
}

static bool hash_is(struct exchange *x, const struct incoming *in, const uint8_t *ours)
{
	size_t len = sa_of(x)->keys.len;
	struct span theirs, rest;
	bool right = ike_message_hash_of(in, &theirs, &rest) && theirs.len == len &&
		     util_equal_ct(ours, theirs.data, len);

	report_exchange(x, IKE_EVENT_HASH, LEVEL_STEPS)->flag = right;
	return right;
}

static void keep_order(struct ipsec_pair *pair)
{
	memcpy(pair->order, pair->qm->ni.data, MIN(pair->qm->ni.len, sizeof(pair->order)));
}

static uint32_t shorter(uint32_t a, uint32_t b)
{
	return a && b ? MIN(a, b) : MAX(a, b);
}

/* What the chosen transform says is what holds; of lifetimes the shorter. */
static void agree(struct ipsec_pair *pair, const struct transform *t, const struct esp_suite *suite)
{
	const struct ike_profile *p = profile_of(pair);
	struct ike_event *e = report_exchange(&pair->x, IKE_EVENT_ESP_MATCH, LEVEL_STEPS);

	pair->suite = *suite;
	pair->pfs = t->group;
	pair->spi_out = t->spi;
	/* RFC 2407 4.5: 28800 seconds where nobody says anything. */
	pair->life_seconds = shorter(p->life_seconds, t->life_seconds);
	if (!pair->life_seconds)
		pair->life_seconds = 28800;
	pair->life_kilobytes = shorter(p->life_kilobytes, t->life_kilobytes);
	lifetime_compare_phase2(pair, t->life_seconds, t->life_kilobytes);
	e->match.transform = t->number;
	e->match.esp = *suite;
	e->match.pfs = pair->pfs;
	e->match.our_lifetime = p->life_seconds;
	e->match.their_lifetime = t->life_seconds;
}

/* Chooses from the SA payload, reads nonce and KE. IKE_CAUSE_NONE: all of it fits. */
static enum ike_cause take_offer(struct exchange *x, const struct incoming *in, struct nonce *n,
				 struct transform *out)
{
	struct ipsec_pair *pair = pair_of(x);
	const struct isakmp_payload *ke = isakmp_find(&in->m, ISAKMP_KE);
	const struct transform *t;
	struct esp_suite suite;
	struct offer o;

	if (proposal_parse(step_process(x, in, ISAKMP_SA), 2, &o) != ISAKMP_OK)
		return IKE_CAUSE_MALFORMED;
	/* An offer has many, an answer one. */
	if (x->role == IKE_INITIATOR && (o.count != 1 || o.ignored))
		return IKE_CAUSE_MALFORMED;
	t = proposal_choose_esp(&o, profile_of(pair), encap_of(pair), &suite, &x->mismatch);
	if (!t) {
		report_exchange(x, IKE_EVENT_ESP_MISS, LEVEL_ALWAYS)->mismatch = x->mismatch;
		if (x->mismatch.attr != ATTR_PFS_GROUP)
			return IKE_CAUSE_NO_TRANSFORM;
		return x->mismatch.theirs ? IKE_CAUSE_PFS_GROUP : IKE_CAUSE_PFS_REQUIRED;
	}
	if (!step_take_nonce(n, step_process(x, in, ISAKMP_NONCE)) || t->spi < 256 ||
	    !!ke != !!t->group)
		return IKE_CAUSE_MALFORMED;
	if (ke) {
		report_payload(x, IKE_EVENT_PROCESSING, ke);
		if (!crypto_dh_is_public((enum group_id)t->group, ke->body))
			return IKE_CAUSE_BAD_KE;
		memcpy(pair->qm->peer_public, ke->body.data, ke->body.len);
	}
	if (!ends_fit(x, in))
		return IKE_CAUSE_PROXY_IDENTITIES;
	agree(pair, t, &suite);
	*out = *t;
	return IKE_CAUSE_NONE;
}

/* Tells the peer why, as far as a notify can; `spi` is the peer's. */
static enum ike_fsm_event refuse(struct exchange *x, enum ike_cause cause)
{
	uint16_t type = ISAKMP_N_NO_PROPOSAL_CHOSEN;

	if (cause == IKE_CAUSE_PROXY_IDENTITIES)
		type = ISAKMP_N_INVALID_ID_INFORMATION;
	else if (cause == IKE_CAUSE_MALFORMED)
		type = ISAKMP_N_PAYLOAD_MALFORMED;
	else if (cause == IKE_CAUSE_BAD_KE)
		type = ISAKMP_N_INVALID_KEY_INFORMATION;
	info_send_notify(sa_of(x), ISAKMP_PROTO_ESP, type, span_of(NULL, 0));
	return exchange_error(x, cause);
}

/* Message 1 */

static enum ike_fsm_event i_start(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	enum group_id pfs = profile_of(pair)->pfs;

	(void)in;
	report_exchange(x, IKE_EVENT_QM_START, LEVEL_ALWAYS);
	sa_tell_done(pair->sa);
	x->mismatch.our_esp = profile_of(pair)->suites[0];
	x->mismatch.our_pfs = pfs;
	step_make_nonce(x, &pair->qm->ni);
	keep_order(pair);
	pair_choose_spi(pair);
	if (!pfs)
		return EV_BLD_MSG;
	job_start_dh(x, pfs, pair->qm->private_value, true, span_of(NULL, 0));
	return EV_NONE;
}

static void add_ke(struct isakmp_builder *b, struct ipsec_pair *pair, enum group_id pfs)
{
	if (pfs)
		isakmp_add_payload(b, ISAKMP_KE,
				   span_of(pair->qm->public_value, group_get(pfs)->public_len));
}

static enum ike_fsm_event i_send1(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct isakmp_sa *sa = pair->sa;
	const struct ike_profile *profile = profile_of(pair);
	struct isakmp_builder b;
	uint8_t hash[HASH_LEN_MAX];

	(void)in;
	ike_message_begin(sa, &b, ISAKMP_XCHG_QUICK, x->msgid);
	ike_message_hash_begin(sa, &b);
	isakmp_payload_begin(&b, ISAKMP_SA);
	proposal_build_esp(&b.w, profile, encap_of(pair), pair->spi_in);
	isakmp_payload_end(&b);
	isakmp_add_payload(&b, ISAKMP_NONCE, nonce_span(&pair->qm->ni));
	add_ke(&b, pair, profile->pfs);
	ends_add(pair, &b);
	keymat_hash1(sa->suite.hash, &sa->keys, x->msgid, ike_message_hash_rest(sa, &b), hash);
	ike_message_hash_patch(sa, &b, hash);
	pair->announced = true;
	exchange_sent(x, ike_message_send(x, sa, &b, x->iv), true);
	return EV_NONE;
}

static enum ike_fsm_event r_process1(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct quick_mode *qm = pair->qm;
	struct transform t = { 0 };
	enum ike_cause cause = take_offer(x, in, &qm->ni, &t);
	uint8_t spi[4] = { 0 };
	struct writer w;

	if (cause)
		return refuse(x, cause);
	keep_order(pair);
	pair_choose_spi(pair);
	step_make_nonce(x, &qm->nr);
	/* The SPI is patched in when it is certain, see r_send2. */
	qm->answer = xcalloc(1, t.raw.len + 64);
	w = writer_of(qm->answer, t.raw.len + 64);
	proposal_build_answer(&w, &t, spi, sizeof(spi));
	if (w.bad)
		return refuse(x, IKE_CAUSE_MALFORMED);
	qm->answer_len = w.len;
	return pair->pfs ? EV_GEN_SECRET : EV_GEN_KEYMAT;
}

/* Keys */

static enum ike_fsm_event gen_secret(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);

	(void)in;
	job_start_dh(x, pair->pfs, pair->qm->private_value, x->role == IKE_RESPONDER,
		     span_of(pair->qm->peer_public, group_get(pair->pfs)->public_len));
	return EV_NONE;
}

bool quick_mode_dh_done(struct ipsec_pair *pair, const struct job_dh *job)
{
	const struct group *g = group_get(job->group);

	if (job->status != CRYPTO_DH_OK) {
		exchange_fail(&pair->x, EV_ERROR, IKE_CAUSE_BAD_KE);
		return false;
	}
	if (job->make_public)
		memcpy(pair->qm->public_value, job->public_value, g->public_len);
	if (job->peer_len)
		memcpy(pair->qm->gxy, job->secret, g->secret_len);
	return exchange_run(&pair->x, job->peer_len ? EV_SECRET_OK : EV_DH_KEY_OK, NULL);
}

static enum ike_fsm_event next_is_keymat(struct exchange *x, const struct incoming *in)
{
	(void)x;
	(void)in;
	return EV_GEN_KEYMAT;
}

static enum ike_fsm_event gen_keymat(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct quick_mode *qm = pair->qm;
	struct isakmp_sa *sa = pair->sa;
	size_t len = esp_suite_keymat(&pair->suite);
	struct span gxy = span_of(qm->gxy, pair->pfs ? group_get(pair->pfs)->secret_len : 0);

	(void)in;
	report_exchange(x, IKE_EVENT_KEYS, LEVEL_STEPS);
	keymat_ipsec(sa->suite.hash, &sa->keys, gxy, ISAKMP_PROTO_ESP, pair->spi_in,
		     nonce_span(&qm->ni), nonce_span(&qm->nr), qm->key_in, len);
	keymat_ipsec(sa->suite.hash, &sa->keys, gxy, ISAKMP_PROTO_ESP, pair->spi_out,
		     nonce_span(&qm->ni), nonce_span(&qm->nr), qm->key_out, len);
	return EV_INSTALL_IN;
}

/* The kernel */

/* All but its keys. */
static struct ike_ipsec_sa describe(const struct ipsec_pair *pair, enum ike_direction direction)
{
	uint64_t hard_bytes = (uint64_t)pair->life_kilobytes * 1024;

	return (struct ike_ipsec_sa){
		.direction = direction,
		.local = pair->peer->key.local,
		.remote = pair->peer->key.remote,
		.outer = pair->outer,
		.encap_local = pair->encap_local,
		.encap_remote = pair->encap_remote,
		.nat = pair->peer->path.them,
		.spi = direction == IKE_INBOUND ? pair->spi_in : pair->spi_out,
		.suite = pair->suite,
		/* Ours ends it first; the kernel's limit is for the case that we are gone. */
		.hard_seconds = pair->life_seconds + IKE_DRAIN / 1000,
		.hard_bytes = hard_bytes,
		.soft_bytes = hard_bytes / 100 * 85,
	};
}

static void install(struct exchange *x, enum ike_direction direction, const uint8_t *keymat,
		    uint32_t replaces)
{
	struct ipsec_pair *pair = pair_of(x);
	const struct cipher *c = cipher_get(pair->suite.cipher);
	const struct hash *h = hash_get(pair->suite.auth);
	size_t key_len = c->key_bits / 8u + c->salt, auth_len = h ? h->len : 0u;
	struct effect_node *n =
		ike_effect_push(x->ike, IKE_EFFECT_SA_ADD, keymat, key_len + auth_len);
	struct ike_ipsec_sa *sa = &n->effect.add.sa;

	n->effect.add.token = exchange_wait(x);
	*sa = describe(pair, direction);
	sa->key = span_of(n->extra, key_len);
	sa->auth_key = span_of(n->extra + key_len, auth_len);
	sa->replaces_spi = replaces;
}

void quick_mode_install_out(struct ipsec_pair *pair, const uint8_t *keymat, uint32_t replaces)
{
	install(&pair->x, IKE_OUTBOUND, keymat, replaces);
}

static void update(const struct ipsec_pair *pair, enum ike_direction direction)
{
	struct effect_node *n = ike_effect_push(pair->x.ike, IKE_EFFECT_SA_UPDATE, NULL, 0);

	n->effect.add.sa = describe(pair, direction);
}

void quick_mode_moved(struct ipsec_pair *pair, uint16_t local_port, uint16_t remote_port)
{
	bool in = pair->x.done ? true : pair->qm->in_added;

	if (!pair->encap_remote)
		return;
	pair->encap_local = local_port;
	pair->encap_remote = remote_port;
	if (in)
		update(pair, IKE_INBOUND);
	if (pair->has_out)
		update(pair, IKE_OUTBOUND);
}

/* Where its SAs go: as the ISAKMP SA's messages do now. */
static void place(struct ipsec_pair *pair)
{
	const struct isakmp_sa *sa = pair->sa;
	bool udp = natt_encapsulates(sa);

	pair->outer = sa->remote.addr;
	pair->encap_local = udp ? sa->local.port : 0;
	pair->encap_remote = udp ? sa->remote.port : 0;
}

static enum ike_fsm_event install_in(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);

	(void)in;
	pair->qm->in_added = true;
	place(pair);
	install(x, IKE_INBOUND, pair->qm->key_in, 0);
	return EV_NONE;
}

static enum ike_fsm_event i_in_installed(struct exchange *x, const struct incoming *in)
{
	(void)in;
	return switch_over_applies(pair_of(x)) ? EV_BLD_MSG : EV_INSTALL_OUT;
}

static enum ike_fsm_event install_out(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct ipsec_pair *old = ike_peer_sender(pair->peer);

	(void)in;
	/* The kernel sends through the newest: the loser of a crossing must not become that. */
	if (pair_loses(pair))
		return EV_OUT_INSTALLED;
	pair->qm->out_added = true;
	if (old)
		pair->qm->replaces = old->spi_out;
	install(x, IKE_OUTBOUND, pair->qm->key_out, pair->qm->replaces);
	if (old)
		old->has_out = false;
	pair->has_out = true;
	return EV_NONE;
}

void quick_mode_sa_done(struct ipsec_pair *pair, int error)
{
	struct exchange *x = &pair->x;
	struct ike_peer *p = pair->peer;

	exchange_stop_waiting(x);
	if (pair->switch_over) {
		switch_over_done(pair, error);
		return;
	}
	if (!error) {
		enum ike_fsm_event event = pair->qm->in_done ? EV_OUT_INSTALLED : EV_IN_INSTALLED;

		pair->qm->in_done = true;
		exchange_run(x, event, NULL);
		return;
	}
	if (error == EEXIST && !pair->qm->in_done) {
		/* Somebody else in this machine has the SPI: not ours to delete. */
		pair->qm->in_added = false;
		if (x->role == IKE_RESPONDER) {
			exchange_run(x, EV_SPI_TAKEN, NULL);
			return;
		}
		/* It was announced: begin again, with another. */
		p->ending = true;
		pair_end(pair, IKE_CAUSE_SUPERSEDED);
		p->ending = false;
		ike_peer_start(p);
		return;
	}
	if (pair->qm->in_done) {
		pair->qm->out_added = false;
		pair_out_refused(pair, pair->qm->replaces);
	} else {
		pair->qm->in_added = false;
	}
	x->error = error;
	/* There is no word for it. Who has not learnt our SPI yet cannot be told by a delete. */
	if (!pair->announced)
		info_send_notify(pair->sa, ISAKMP_PROTO_ESP, ISAKMP_N_NO_PROPOSAL_CHOSEN,
				 span_of(NULL, 0));
	exchange_fail(x, EV_ERROR, IKE_CAUSE_KERNEL);
}

static enum ike_fsm_event r_spi_taken(struct exchange *x, const struct incoming *in)
{
	(void)in;
	pair_choose_spi(pair_of(x));
	return EV_GEN_KEYMAT;
}

/* Message 2 */

static enum ike_fsm_event r_send2(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct quick_mode *qm = pair->qm;
	struct isakmp_sa *sa = pair->sa;
	struct isakmp_builder b;
	struct writer answer = { qm->answer, qm->answer_len, qm->answer_len, false };
	uint8_t hash[HASH_LEN_MAX];

	(void)in;
	/* DOI and situation, generic header, number, protocol, SPI size, count: then the SPI. */
	patch_u32(&answer, 16, pair->spi_in);
	ike_message_begin(sa, &b, ISAKMP_XCHG_QUICK, x->msgid);
	ike_message_hash_begin(sa, &b);
	isakmp_add_payload(&b, ISAKMP_SA, span_of(qm->answer, qm->answer_len));
	isakmp_add_payload(&b, ISAKMP_NONCE, nonce_span(&qm->nr));
	add_ke(&b, pair, pair->pfs);
	ends_add(pair, &b);
	lifetime_add_phase2(&b, pair);
	keymat_hash2(sa->suite.hash, &sa->keys, x->msgid, nonce_span(&qm->ni),
		     ike_message_hash_rest(sa, &b), hash);
	ike_message_hash_patch(sa, &b, hash);
	pair->announced = true;
	exchange_sent(x, ike_message_send(x, sa, &b, x->iv), true);
	return EV_NONE;
}

static enum ike_fsm_event i_process2(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct quick_mode *qm = pair->qm;
	struct isakmp_sa *sa = pair->sa;
	struct transform t = { 0 };
	uint8_t hash[HASH_LEN_MAX];
	struct span theirs, rest;
	enum ike_cause cause;

	if (!ike_message_hash_of(in, &theirs, &rest))
		return bad_hash(x);
	keymat_hash2(sa->suite.hash, &sa->keys, x->msgid, nonce_span(&qm->ni), rest, hash);
	if (!hash_is(x, in, hash))
		return bad_hash(x);
	if (pair_is_outdone(pair)) {
		report_exchange(x, IKE_EVENT_CROSSED, LEVEL_INFO)->flag = false;
		return exchange_error(x, IKE_CAUSE_SUPERSEDED);
	}
	cause = take_offer(x, in, &qm->nr, &t);
	/* Our KE was made for one group; the answer may not be for another. */
	if (!cause && pair->pfs != profile_of(pair)->pfs)
		cause = IKE_CAUSE_PFS_GROUP;
	if (cause)
		return refuse(x, cause);
	lifetime_hear_phase2(pair, in);
	return pair->pfs ? EV_GEN_SECRET : EV_GEN_KEYMAT;
}

/* Message 3 */

static void make_hash3(struct exchange *x, uint8_t *hash)
{
	struct ipsec_pair *pair = pair_of(x);

	keymat_hash3(pair->sa->suite.hash, &pair->sa->keys, x->msgid, nonce_span(&pair->qm->ni),
		     nonce_span(&pair->qm->nr), hash);
}

static enum ike_fsm_event i_send3(struct exchange *x, const struct incoming *in)
{
	struct isakmp_sa *sa = sa_of(x);
	struct isakmp_builder b;
	uint8_t hash[HASH_LEN_MAX];

	(void)in;
	make_hash3(x, hash);
	ike_message_begin(sa, &b, ISAKMP_XCHG_QUICK, x->msgid);
	isakmp_add_payload(&b, ISAKMP_HASH, span_of(hash, sa->keys.len));
	exchange_sent(x, ike_message_send(x, sa, &b, x->iv), false);
	return EV_ACTIVATE_NEW_SA;
}

static enum ike_fsm_event r_process3(struct exchange *x, const struct incoming *in)
{
	uint8_t hash[HASH_LEN_MAX];

	make_hash3(x, hash);
	if (!hash_is(x, in, hash))
		return bad_hash(x);
	return EV_INSTALL_OUT;
}

static enum ike_fsm_event r_out_installed(struct exchange *x, const struct incoming *in)
{
	(void)x;
	(void)in;
	return EV_ACTIVATE_NEW_SA;
}

static enum ike_fsm_event activate(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);

	(void)in;
	if (!pair->qm->out_added && switch_over_applies(pair))
		switch_over_begin(pair);
	pair_activate(pair);
	return EV_NONE;
}

#define HASH_  PAYLOAD_BIT(ISAKMP_HASH)
#define OFFER_ (HASH_ | PAYLOAD_BIT(ISAKMP_SA) | PAYLOAD_BIT(ISAKMP_NONCE))
#define EXTRA_                                                                          \
	(PAYLOAD_BIT(ISAKMP_KE) | PAYLOAD_BIT(ISAKMP_ID) | PAYLOAD_BIT(ISAKMP_NOTIFY) | \
	 PAYLOAD_BIT(ISAKMP_VENDOR) | PAYLOAD_BIT(ISAKMP_NATOA) |                       \
	 PAYLOAD_BIT(ISAKMP_NATOA_DRAFT) | PAYLOAD_BIT(ISAKMP_NATOA_DRAFT_08))
#define LAST_EXTRA_ (PAYLOAD_BIT(ISAKMP_NOTIFY) | PAYLOAD_BIT(ISAKMP_VENDOR))

/* clang-format off */
const struct transition quick_mode_initiator[] = {
	/* state          event               next            action           required, optional, encrypted */
	{ QM_START,       EV_START_QM,        QM_BLD_MSG1,    i_start,         0, 0, false },
	{ QM_BLD_MSG1,    EV_DH_KEY_OK,       QM_BLD_MSG1,    step_then_build, 0, 0, false },
	{ QM_BLD_MSG1,    EV_BLD_MSG,         QM_SND_MSG1,    step_then_send,  0, 0, false },
	{ QM_SND_MSG1,    EV_SND_MSG,         QM_WAIT_MSG2,   i_send1,         0, 0, false },
	{ QM_WAIT_MSG2,   EV_RCV_MSG,         QM_BLD_MSG3,    i_process2,      OFFER_, EXTRA_, true },
	{ QM_BLD_MSG3,    EV_GEN_SECRET,      QM_BLD_MSG3,    gen_secret,      0, 0, false },
	{ QM_BLD_MSG3,    EV_SECRET_OK,       QM_BLD_MSG3,    next_is_keymat,  0, 0, false },
	{ QM_BLD_MSG3,    EV_GEN_KEYMAT,      QM_BLD_MSG3,    gen_keymat,      0, 0, false },
	{ QM_BLD_MSG3,    EV_INSTALL_IN,      QM_BLD_MSG3,    install_in,      0, 0, false },
	{ QM_BLD_MSG3,    EV_IN_INSTALLED,    QM_BLD_MSG3,    i_in_installed,  0, 0, false },
	{ QM_BLD_MSG3,    EV_BLD_MSG,         QM_SND_MSG3,    step_then_send,  0, 0, false },
	{ QM_BLD_MSG3,    EV_INSTALL_OUT,     QM_BLD_MSG3,    install_out,     0, 0, false },
	{ QM_BLD_MSG3,    EV_OUT_INSTALLED,   QM_SND_MSG3,    step_then_send,  0, 0, false },
	{ QM_SND_MSG3,    EV_SND_MSG,         QM_SND_MSG3,    i_send3,         0, 0, false },
	{ QM_SND_MSG3,    EV_ACTIVATE_NEW_SA, QM_ACTIVE,      activate,        0, 0, false },
	{ .event = EV_NONE },
};

const struct transition quick_mode_responder[] = {
	{ QM_START,       EV_RCV_MSG,         QM_BLD_MSG2,    r_process1,      OFFER_, EXTRA_, true },
	{ QM_BLD_MSG2,    EV_GEN_SECRET,      QM_BLD_MSG2,    gen_secret,      0, 0, false },
	{ QM_BLD_MSG2,    EV_SECRET_OK,       QM_BLD_MSG2,    next_is_keymat,  0, 0, false },
	{ QM_BLD_MSG2,    EV_GEN_KEYMAT,      QM_BLD_MSG2,    gen_keymat,      0, 0, false },
	{ QM_BLD_MSG2,    EV_INSTALL_IN,      QM_BLD_MSG2,    install_in,      0, 0, false },
	{ QM_BLD_MSG2,    EV_SPI_TAKEN,       QM_BLD_MSG2,    r_spi_taken,     0, 0, false },
	{ QM_BLD_MSG2,    EV_IN_INSTALLED,    QM_SND_MSG2,    step_then_send,  0, 0, false },
	{ QM_SND_MSG2,    EV_SND_MSG,         QM_WAIT_MSG3,   r_send2,         0, 0, false },
	{ QM_WAIT_MSG3,   EV_RCV_MSG,         QM_INSTALL_OUT, r_process3,      HASH_, LAST_EXTRA_, true },
	{ QM_INSTALL_OUT, EV_INSTALL_OUT,     QM_INSTALL_OUT, install_out,     0, 0, false },
	{ QM_INSTALL_OUT, EV_OUT_INSTALLED,   QM_INSTALL_OUT, r_out_installed, 0, 0, false },
	{ QM_INSTALL_OUT, EV_ACTIVATE_NEW_SA, QM_ACTIVE,      activate,        0, 0, false },
	{ .event = EV_NONE },
};
/* clang-format on */

void quick_mode_start(struct isakmp_sa *sa)
{
	struct ipsec_pair *pair;
	uint32_t msgid;

	do
		msgid = drbg_u32(&sa->x.ike->drbg);
	while (!msgid || !sa_use_msgid(sa, msgid));
	pair = pair_new(sa, IKE_INITIATOR, msgid);
	if (pair)
		exchange_run(&pair->x, EV_START_QM, NULL);
	else
		ike_peer_check_failed(sa->peer, IKE_CAUSE_LIMIT);
}

/*
 * Message 3 did not come. The peer may use the pair nevertheless: what it sends is still received,
 * while a new pair is negotiated that will replace this one at both ends.
 */
static void outlive(struct ipsec_pair *pair, struct isakmp_sa *serving)
{
	struct ike *ike = pair->x.ike;

	pair->x.outlived = true;
	timer_arm(&ike->timers, &pair->x.deadline, ike->now + IKE_EXCHANGE_LIFETIME);
	quick_mode_start(serving);
}

void quick_mode_timed_out(struct ipsec_pair *pair)
{
	struct isakmp_sa *sa = pair->sa, *serving = ike_peer_sa(pair->peer);
	enum ike_state state = pair->x.state;

	if (pair_has_rival(pair)) {
		exchange_fail(&pair->x, EV_TIMED_OUT, IKE_CAUSE_SUPERSEDED);
		return;
	}
	if (state == QM_WAIT_MSG3 && serving && !pair->x.outlived) {
		outlive(pair, serving);
		return;
	}
	exchange_fail(&pair->x, EV_TIMED_OUT, IKE_CAUSE_NO_ANSWER);
	/* A peer that answers nothing over this SA does not know it any more. */
	if (state == QM_WAIT_MSG2)
		sa_end(sa, IKE_CAUSE_NO_ANSWER);
}

void quick_mode_free(struct quick_mode *qm)
{
	if (!qm)
		return;
	free(qm->answer);
	util_wipe(qm, sizeof(*qm));
	free(qm);
}
