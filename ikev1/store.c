/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ISAKMP SAs and pairs of IPsec SAs: their tables, their order, their end. */
#include "ikev1/store.h"

#include "ikev1/dpd.h"
#include "ikev1/exchange.h"
#include "ikev1/fragment.h"
#include "ikev1/info.h"
#include "ikev1/main_mode.h"
#include "ikev1/path.h"
#include "ikev1/quick_mode.h"
#include "ikev1/switch_over.h"

static const uint8_t no_cookie[ISAKMP_COOKIE];

/* Phase 1 */

static void sa_index(struct isakmp_sa *sa)
{
	HASH_ADD(hh, sa->x.ike->sas, cookies, sizeof(sa->cookies), sa);
}

static void sa_index_first(struct isakmp_sa *sa)
{
	memcpy(sa->first.secret, sa->x.ike->hash_secret, sizeof(sa->first.secret));
	memcpy(sa->first.icookie, sa->cookies, ISAKMP_COOKIE);
	sa->first.remote = sa->remote;
	HASH_ADD(hh_first, sa->x.ike->sas_first, first, sizeof(sa->first), sa);
}

static void count_half_open(struct isakmp_sa *sa, bool more)
{
	struct ike *ike = sa->x.ike;

	if (more)
		ike->counters.half_open++;
	else
		ike->counters.half_open--;
	if (sa->x.role != IKE_RESPONDER)
		return;
	if (more)
		sa->peer->half_open++;
	else
		sa->peer->half_open--;
}

struct isakmp_sa *sa_new(struct ike_peer *p, enum ike_role role, const struct endpoint *local,
			 const struct endpoint *remote)
{
	struct ike *ike = p->ike;
	struct isakmp_sa *sa = xcalloc(1, sizeof(*sa));

	sa->peer = p;
	sa->local = *local;
	sa->remote = *remote;
	sa->conn_id = ++ike->next_conn_id;
	sa->mm = xcalloc(1, sizeof(*sa->mm));
	sa->rekey.kind = TIMER_SA_REKEY;
	sa->expire.kind = TIMER_SA_EXPIRE;
	sa->dpd.timer.kind = TIMER_SA_DPD;
	LIST_INSERT_HEAD(&p->sas, sa, of_peer);
	p->sa_count++;
	ike->counters.sas++;
	exchange_init(&sa->x, ike, 1, role,
		      role == IKE_INITIATOR ? main_mode_initiator : main_mode_responder, 0);
	count_half_open(sa, true);
	if (role == IKE_INITIATOR) {
		/* Only the initiator repeats by itself; a responder would amplify for a forger. */
		sa->x.persistent = true;
		do
			drbg_bytes(&ike->drbg, sa->cookies, ISAKMP_COOKIE);
		while (memcmp(sa->cookies, no_cookie, ISAKMP_COOKIE) == 0 ||
		       sa_find(ike, sa->cookies, no_cookie));
		sa_index(sa);
	}
	return sa;
}

struct isakmp_sa *sa_find(struct ike *ike, const uint8_t *icookie, const uint8_t *rcookie)
{
	uint8_t key[2 * ISAKMP_COOKIE];
	struct isakmp_sa *sa;

	memcpy(key, icookie, ISAKMP_COOKIE);
	memcpy(key + ISAKMP_COOKIE, rcookie, ISAKMP_COOKIE);
	HASH_FIND(hh, ike->sas, key, sizeof(key), sa);
	return sa;
}

struct isakmp_sa *sa_find_first(struct ike *ike, const uint8_t *icookie,
				const struct endpoint *remote)
{
	struct isakmp_sa *sa, key;

	memset(&key.first, 0, sizeof(key.first));
	memcpy(key.first.secret, ike->hash_secret, sizeof(key.first.secret));
	memcpy(key.first.icookie, icookie, ISAKMP_COOKIE);
	key.first.remote = *remote;
	HASH_FIND(hh_first, ike->sas_first, &key.first, sizeof(key.first), sa);
	return sa;
}

void sa_choose_cookie(struct isakmp_sa *sa)
{
	uint8_t *mine = sa->cookies + ISAKMP_COOKIE;

	do
		drbg_bytes(&sa->x.ike->drbg, mine, ISAKMP_COOKIE);
	while (memcmp(mine, no_cookie, ISAKMP_COOKIE) == 0 ||
	       sa_find(sa->x.ike, sa->cookies, mine));
	sa_index(sa);
	sa_index_first(sa);
	sa->is_unproven = true;
	TAILQ_INSERT_TAIL(&sa->x.ike->unproven, sa, unproven);
}

void sa_proven(struct isakmp_sa *sa)
{
	if (sa->is_unproven)
		TAILQ_REMOVE(&sa->x.ike->unproven, sa, unproven);
	sa->is_unproven = false;
}

bool sa_evict(struct ike *ike, const struct ike_peer *p)
{
	struct isakmp_sa *sa = TAILQ_FIRST(&ike->unproven), *oldest = NULL;

	if (p) {
		/* A peer has few, and they stand newest first. */
		LIST_FOREACH (sa, &p->sas, of_peer)
			if (sa->is_unproven)
				oldest = sa;
		sa = oldest;
	}
	if (!sa)
		return false;
	ike->counters.evicted++;
	sa_end(sa, IKE_CAUSE_LIMIT);
	return true;
}

void sa_adopt_cookie(struct isakmp_sa *sa, const uint8_t *rcookie)
{
	HASH_DELETE(hh, sa->x.ike->sas, sa);
	memcpy(sa->cookies + ISAKMP_COOKIE, rcookie, ISAKMP_COOKIE);
	sa_index(sa);
}

static bool use(struct msgids *ids, uint32_t msgid)
{
	for (size_t i = 0; i < IKE_SEEN_MSGIDS; i++)
		if (ids->seen[i] == msgid)
			return false;
	ids->seen[ids->at] = msgid;
	ids->at = (uint8_t)((ids->at + 1) % IKE_SEEN_MSGIDS);
	return true;
}

bool sa_use_msgid(struct isakmp_sa *sa, uint32_t msgid)
{
	return use(&sa->quick_ids, msgid);
}

bool sa_had_quick_mode(const struct isakmp_sa *sa)
{
	return sa->quick_ids.at;
}

bool sa_use_info_msgid(struct isakmp_sa *sa, uint32_t msgid)
{
	return use(&sa->info_ids, msgid);
}

void sa_reuse_msgid(struct isakmp_sa *sa, uint32_t msgid)
{
	for (size_t i = 0; i < IKE_SEEN_MSGIDS; i++)
		if (sa->quick_ids.seen[i] == msgid)
			sa->quick_ids.seen[i] = 0;
}

static void finish(struct exchange *x)
{
	x->done = x->ike->now;
	x->last = ++x->ike->moments;
}

/* Each end initiated one, and each began before the other was over. */
static bool crosses(const struct exchange *a, const struct exchange *b)
{
	return !a->outlived && !b->outlived && a->role != b->role && (!a->last || b->first < a->last) &&
	       (!b->last || a->first < b->last);
}

/* Whether the first of two of a kind is the one that both ends keep. */
static bool beats(const struct exchange *a, const uint8_t *order_a, const struct exchange *b,
		  const uint8_t *order_b)
{
	if (crosses(a, b))
		return memcmp(order_a, order_b, IKE_NONCE_ORDER) < 0;
	return a->outlived == b->outlived ? a->first > b->first : b->outlived;
}

static void report_crossed(struct exchange *x, const struct exchange *other, bool ours_kept)
{
	if (x->role != other->role)
		report_exchange(x, IKE_EVENT_CROSSED, LEVEL_INFO)->flag = ours_kept;
}

static void sa_retire(struct isakmp_sa *sa)
{
	sa->retired = true;
	timer_disarm(&sa->x.ike->timers, &sa->rekey);
	timer_arm(&sa->x.ike->timers, &sa->expire, sa->x.ike->now + IKE_DRAIN);
}

/*
 * When a negotiation of the successor begins: the initiator first, at 80 to 90 % of the lifetime,
 * the responder at 93 to 97 % in case the initiator does not. Jitter keeps thousands apart.
 */
static msec rekey_time(struct exchange *x, uint32_t lifetime)
{
	msec life = SECONDS(lifetime);
	msec from = x->role == IKE_INITIATOR ? life * 80 / 100 : life * 93 / 100;
	msec spread = x->role == IKE_INITIATOR ? life / 10 : life * 4 / 100;

	return x->ike->now + from +
	       drbg_below(&x->ike->drbg, (uint32_t)MIN(spread, UINT32_MAX - 1) + 1);
}

void sa_activate(struct isakmp_sa *sa)
{
	struct ike *ike = sa->x.ike;
	struct ike_peer *p = sa->peer;
	bool initial_contact = sa->mm->initial_contact;
	struct isakmp_sa *other;

	main_mode_free(sa->mm);
	sa->mm = NULL;
	finish(&sa->x); /* counts as one of those to settle from here on */
	count_half_open(sa, false);
	ike->counters.phase1_up++;
	timer_arm(&ike->timers, &sa->rekey, rekey_time(&sa->x, sa->lifetime));
	timer_arm(&ike->timers, &sa->expire, ike->now + SECONDS(sa->lifetime));
	p->suspect = false;
	pair_renew_suspect(p);
	path_learn(sa);
	dpd_start(sa);
	if (initial_contact)
		ike_peer_initial_contact(sa);
	LIST_FOREACH (other, &p->sas, of_peer) {
		if (other == sa || !other->x.done || other->retired)
			continue;
		if (beats(&sa->x, sa->order, &other->x, other->order)) {
			sa_retire(other);
		} else {
			sa_retire(sa);
			report_crossed(&sa->x, &other->x, sa->x.role == IKE_RESPONDER);
		}
	}
}

void sa_tell_done(struct isakmp_sa *sa)
{
	struct ike_event *e;

	if (sa->told_done)
		return;
	sa->told_done = true;
	e = report_sa(sa, IKE_EVENT_PHASE1_DONE, LEVEL_ALWAYS);
	e->phase1.suite = sa->suite;
	e->phase1.lifetime = sa->lifetime;
}

bool sa_is_outdone(const struct isakmp_sa *sa)
{
	const struct isakmp_sa *other;

	LIST_FOREACH (other, &sa->peer->sas, of_peer)
		if (other->x.done && !other->retired && crosses(&sa->x, &other->x) &&
		    memcmp(other->order, sa->order, IKE_NONCE_ORDER) < 0)
			return true;
	return false;
}

/* Ours that cross it and would lose: the peer gives up its own likewise, so that one remains. */
static void abandon_outdone(struct ike_peer *p)
{
	struct isakmp_sa *sa, *next;

	LIST_FOREACH_SAFE (sa, &p->sas, of_peer, next)
		if (!sa->x.done && sa->x.role == IKE_INITIATOR && sa_is_outdone(sa))
			exchange_fail(&sa->x, EV_DELETE, IKE_CAUSE_SUPERSEDED);
}

void sa_start_quick_mode(struct isakmp_sa *sa)
{
	struct ike_peer *p = sa->peer;

	if (sa->x.role == IKE_INITIATOR)
		ike_peer_start(p);
	else if (p->wanted)
		timer_arm(&p->ike->timers, &p->want, p->ike->now + IKE_RESPONDER_PATIENCE);
	abandon_outdone(p);
}

static void sa_free(struct isakmp_sa *sa)
{
	struct ike *ike = sa->x.ike;

	exchange_release(&sa->x);
	fragment_forget(sa);
	sa_proven(sa);
	timer_disarm(&ike->timers, &sa->rekey);
	timer_disarm(&ike->timers, &sa->expire);
	timer_disarm(&ike->timers, &sa->dpd.timer);
	if (sa->hh.tbl)
		HASH_DELETE(hh, ike->sas, sa);
	if (sa->hh_first.tbl)
		HASH_DELETE(hh_first, ike->sas_first, sa);
	LIST_REMOVE(sa, of_peer);
	sa->peer->sa_count--;
	ike->counters.sas--;
	main_mode_free(sa->mm);
	util_wipe(sa, sizeof(*sa));
	free(sa);
}

/* Phase 2 survives the end of phase 1, unless it is still on its way. */
static void leave_pairs(struct isakmp_sa *sa, enum ike_cause cause)
{
	struct ipsec_pair *pair, *next;

	LIST_FOREACH_SAFE (pair, &sa->peer->pairs, of_peer, next) {
		if (pair->sa != sa)
			continue;
		if (pair->x.done)
			pair->sa = NULL;
		else
			pair_end(pair, cause);
	}
}

void sa_deleted(struct isakmp_sa *sa)
{
	sa_retire(sa);
	sa->deleted = true;
	timer_arm(&sa->x.ike->timers, &sa->expire, sa->x.ike->now + IKE_LINGER);
	leave_pairs(sa, IKE_CAUSE_PEER_DELETED);
}

void sa_end(struct isakmp_sa *sa, enum ike_cause cause)
{
	struct ike_peer *p = sa->peer;
	bool was_up = sa->x.done != 0;
	/* Of ours: one that the peer has begun may be a stranger's. */
	bool not_answered = !was_up && cause == IKE_CAUSE_NO_ANSWER && sa->x.role == IKE_INITIATOR;

	if (sa->deleted)
		cause = IKE_CAUSE_PEER_DELETED;
	leave_pairs(sa, cause);
	if (was_up) {
		struct ike_event *e = report_sa(sa, IKE_EVENT_SA_GONE, LEVEL_INFO);

		e->failure.cause = cause;
		if (cause != IKE_CAUSE_PEER_DELETED && cause != IKE_CAUSE_DEAD_PEER)
			info_send_delete_sa(sa);
	} else {
		count_half_open(sa, false);
	}
	if (not_answered)
		path_forget(p);
	sa_free(sa);
	/* The phase 1 that was to tell whether it lives did: it does not. */
	if (not_answered && p->suspect && !p->ending) {
		ike_peer_end(p, IKE_CAUSE_DEAD_PEER);
		return;
	}
	ike_peer_check_failed(p, cause);
	ike_peer_tidy(p);
}

/* Phase 2 */

/* The oldest that only drains can go before its time. */
static void evict_superseded(struct ike_peer *p)
{
	struct ipsec_pair *pair, *oldest = NULL;

	LIST_FOREACH (pair, &p->pairs, of_peer)
		if (pair->superseded && (!oldest || pair->x.began < oldest->x.began))
			oldest = pair;
	if (oldest)
		pair_end(oldest, IKE_CAUSE_SUPERSEDED);
}

struct ipsec_pair *pair_new(struct isakmp_sa *sa, enum ike_role role, uint32_t msgid)
{
	struct ike *ike = sa->x.ike;
	struct ike_peer *p = sa->peer;
	struct ipsec_pair *pair;

	if (p->pair_count >= ike->limits.sas_per_peer)
		evict_superseded(p);
	if (p->pair_count >= ike->limits.sas_per_peer ||
	    p->unfinished >= ike->limits.quick_modes_per_peer)
		return NULL;
	pair = xcalloc(1, sizeof(*pair));
	pair->peer = p;
	pair->sa = sa;
	pair->id.conn_id = sa->conn_id;
	pair->id.msgid = msgid;
	pair->qm = xcalloc(1, sizeof(*pair->qm));
	pair->rekey.kind = TIMER_PAIR_REKEY;
	pair->expire.kind = TIMER_PAIR_EXPIRE;
	LIST_INSERT_HEAD(&p->pairs, pair, of_peer);
	p->pair_count++;
	p->unfinished++;
	ike->counters.pairs++;
	HASH_ADD(hh, ike->pairs, id, sizeof(pair->id), pair);
	exchange_init(&pair->x, ike, 2, role,
		      role == IKE_INITIATOR ? quick_mode_initiator : quick_mode_responder, msgid);
	pair->x.persistent = true; /* phase 1 has proven the address */
	keymat_iv_phase2(sa->suite.hash, sa->suite.cipher, sa->x.iv, msgid, pair->x.iv);
	return pair;
}

struct ipsec_pair *pair_find(struct ike *ike, uint32_t conn_id, uint32_t msgid)
{
	struct {
		uint32_t conn_id, msgid;
	} key = { conn_id, msgid };
	struct ipsec_pair *pair;

	HASH_FIND(hh, ike->pairs, &key, sizeof(key), pair);
	return pair;
}

struct ipsec_pair *pair_find_spi_in(struct ike *ike, uint32_t spi)
{
	struct ipsec_pair *pair;

	HASH_FIND(hh_spi, ike->spis, &spi, sizeof(spi), pair);
	return pair;
}

struct ipsec_pair *pair_find_spi_out(struct ike_peer *p, uint32_t spi)
{
	struct ipsec_pair *pair;

	LIST_FOREACH (pair, &p->pairs, of_peer)
		if (pair->spi_out == spi && spi)
			return pair;
	return NULL;
}

void pair_choose_spi(struct ipsec_pair *pair)
{
	struct ike *ike = pair->x.ike;

	if (pair->hh_spi.tbl)
		HASH_DELETE(hh_spi, ike->spis, pair);
	do
		pair->spi_in = drbg_u32(&ike->drbg);
	while (pair->spi_in < 256 || pair_find_spi_in(ike, pair->spi_in)); /* RFC 4303 2.1 */
	HASH_ADD(hh_spi, ike->spis, spi_in, sizeof(pair->spi_in), pair);
}

bool pair_loses(const struct ipsec_pair *pair)
{
	const struct ipsec_pair *other = ike_peer_pair(pair->peer);

	return other && other != pair && !beats(&pair->x, pair->order, &other->x, other->order);
}

bool pair_has_rival(const struct ipsec_pair *pair)
{
	const struct ipsec_pair *other;

	LIST_FOREACH (other, &pair->peer->pairs, of_peer)
		if (crosses(&pair->x, &other->x))
			return true;
	return false;
}

bool pair_is_outdone(const struct ipsec_pair *pair)
{
	const struct ipsec_pair *other;

	LIST_FOREACH (other, &pair->peer->pairs, of_peer)
		if (!other->superseded && crosses(&pair->x, &other->x) &&
		    memcmp(other->order, pair->order, IKE_NONCE_ORDER) < 0)
			return true;
	return false;
}

void pair_query_traffic(const struct ipsec_pair *pair)
{
	struct effect_node *n =
		ike_effect_push(pair->x.ike, IKE_EFFECT_QUERY_TRAFFIC, NULL, 0);

	n->effect.local = pair->peer->key.local;
	n->effect.remote = pair->peer->key.remote;
	n->effect.outer = pair->outer;
	n->effect.query.spi_in = pair->spi_in;
	n->effect.query.spi_out = pair->spi_out;
}

void pair_push_delete(struct ipsec_pair *pair, enum ike_direction direction, uint32_t spi)
{
	struct effect_node *n = ike_effect_push(pair->x.ike, IKE_EFFECT_SA_DELETE, NULL, 0);

	n->effect.local = pair->peer->key.local;
	n->effect.remote = pair->peer->key.remote;
	n->effect.outer = pair->outer;
	n->effect.del.direction = direction;
	n->effect.del.spi = spi;
}

void pair_out_refused(struct ipsec_pair *pair, uint32_t replaced)
{
	struct ipsec_pair *old = pair_find_spi_out(pair->peer, replaced);

	pair->has_out = false;
	if (old && !ike_peer_sender(pair->peer))
		old->has_out = true;
	else if (replaced)
		pair_push_delete(pair, IKE_OUTBOUND, replaced);
}

/* It still receives for a while; what is sent goes through the winner, once that can be. */
static void pair_supersede(struct ipsec_pair *pair, const struct ipsec_pair *winner)
{
	pair->superseded = true;
	pair->rekeying = false;
	switch_over_cancel(pair);
	if (!winner->switch_over) {
		if (pair->has_out)
			pair_push_delete(pair, IKE_OUTBOUND, pair->spi_out);
		pair->has_out = false;
	}
	timer_disarm(&pair->x.ike->timers, &pair->rekey);
	timer_arm(&pair->x.ike->timers, &pair->expire, pair->x.ike->now + IKE_DRAIN);
}

/*
 * A quick mode of ours that the peer has not answered is given up when its own one is complete:
 * had it been lost until now, it would make one more pair that nobody needs.
 */
static void abandon_unanswered(struct ipsec_pair *winner)
{
	struct ipsec_pair *pair, *next;

	if (winner->x.role != IKE_RESPONDER)
		return;
	LIST_FOREACH_SAFE (pair, &winner->peer->pairs, of_peer, next)
		if (pair->x.role == IKE_INITIATOR &&
		    (pair->x.state == QM_WAIT_MSG2 || pair->x.state == QM_BLD_MSG1))
			pair_end(pair, IKE_CAUSE_SUPERSEDED);
}

static void report_phase2(struct ipsec_pair *pair)
{
	struct ike_event *e = report_exchange(&pair->x, IKE_EVENT_PHASE2_DONE, LEVEL_ALWAYS);

	e->phase2.spi_in = pair->spi_in;
	e->phase2.spi_out = pair->spi_out;
	e->phase2.suite = pair->suite;
	e->phase2.pfs = pair->pfs;
	e->phase2.life_seconds = pair->life_seconds;
	e->phase2.life_kilobytes = pair->life_kilobytes;
}

void pair_activate(struct ipsec_pair *pair)
{
	struct ike *ike = pair->x.ike;
	struct ike_peer *p = pair->peer;
	struct ipsec_pair *other;

	quick_mode_free(pair->qm);
	pair->qm = NULL;
	p->unfinished--;
	ike->counters.phase2_up++;
	report_phase2(pair);
	timer_arm(&ike->timers, &pair->rekey, rekey_time(&pair->x, pair->life_seconds));
	timer_arm(&ike->timers, &pair->expire, ike->now + SECONDS(pair->life_seconds));
	other = ike_peer_pair(p);
	finish(&pair->x);
	if (other && beats(&pair->x, pair->order, &other->x, other->order)) {
		if (other->rekeying)
			ike->counters.rekeyed++;
		pair_supersede(other, pair);
	} else if (other) {
		report_crossed(&pair->x, &other->x, pair->x.role == IKE_RESPONDER);
		pair_supersede(pair, other);
	}
	abandon_unanswered(pair);
	p->pair_suspect = false;
	if (!p->up || p->wanted)
		ike_peer_tell_up(p);
}

void pair_rekey(struct ipsec_pair *pair)
{
	struct ike *ike = pair->x.ike;

	if (pair->peer->unneeded && !pair->peer->wanted)
		return; /* it expires, unless the peer has a use for it */
	if (!pair->rekeying)
		report_exchange(&pair->x, IKE_EVENT_REKEY, LEVEL_INFO);
	pair->rekeying = true;
	/* Asked again until there is a successor or this one expires. */
	timer_arm(&ike->timers, &pair->rekey, ike->now + IKE_RETRANSMIT_FIRST * 5);
	ike_peer_start(pair->peer);
}

void pair_renew_suspect(struct ike_peer *p)
{
	struct ipsec_pair *pair = ike_peer_pair(p);

	if (p->pair_suspect && pair && !pair->rekeying)
		timer_arm(&pair->x.ike->timers, &pair->rekey, pair->x.ike->now);
	p->pair_suspect = false;
}

static void pair_free(struct ipsec_pair *pair)
{
	struct ike *ike = pair->x.ike;

	exchange_release(&pair->x);
	switch_over_free(pair);
	timer_disarm(&ike->timers, &pair->rekey);
	timer_disarm(&ike->timers, &pair->expire);
	HASH_DELETE(hh, ike->pairs, pair);
	if (pair->hh_spi.tbl)
		HASH_DELETE(hh_spi, ike->spis, pair);
	LIST_REMOVE(pair, of_peer);
	pair->peer->pair_count--;
	ike->counters.pairs--;
	quick_mode_free(pair->qm);
	util_wipe(pair, sizeof(*pair));
	free(pair);
}

/* Whether the peer may still have an SA to this pair's inbound SPI. */
static bool peer_needs_delete(const struct ipsec_pair *pair, enum ike_cause cause)
{
	switch (cause) {
	case IKE_CAUSE_PEER_DELETED:
	case IKE_CAUSE_DEAD_PEER:
	case IKE_CAUSE_PEER_NO_TRANSFORM:
	case IKE_CAUSE_PEER_PROXY_IDENTITIES:
		return false;
	default:
		return pair->announced;
	}
}

void pair_end(struct ipsec_pair *pair, enum ike_cause cause)
{
	struct ike_peer *p = pair->peer;
	bool was_up = pair->x.done != 0, in = was_up, out;

	/* It still sends in the place of another. */
	if (pair->superseded && pair->has_out && !p->ending)
		switch_over_hurry(p);
	out = pair->has_out;
	if (was_up) {
		struct ike_event *e = report_exchange(&pair->x, IKE_EVENT_SA_GONE, LEVEL_INFO);

		e->failure.cause = cause;
	} else {
		in = pair->qm->in_added;
		out = pair->qm->out_added;
		if (pair->x.role == IKE_RESPONDER && !pair->announced)
			sa_reuse_msgid(pair->sa, pair->id.msgid);
		p->unfinished--;
	}
	if (p->up && was_up && !pair->superseded && !switch_over_undo(pair))
		ike_peer_tell_down(p, cause);
	if (peer_needs_delete(pair, cause)) {
		struct isakmp_sa *sa = pair->sa ? pair->sa : ike_peer_sa(p);

		if (sa)
			info_send_delete_pair(sa, pair->spi_in);
	}
	/* The inbound SA goes last: the peer may still send. */
	if (out)
		pair_push_delete(pair, IKE_OUTBOUND, pair->spi_out);
	if (in)
		pair_push_delete(pair, IKE_INBOUND, pair->spi_in);
	pair_free(pair);
	ike_peer_check_failed(p, cause);
	ike_peer_tidy(p);
}
