/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers: what is wanted of them and the next step towards it. */
#include "ikev1/exchange.h"
#include "ikev1/quick_mode.h"
#include "ikev1/sharing.h"
#include "ikev1/store.h"

struct ike_peer *ike_peer_find(struct ike *ike, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p;
	struct {
		uint8_t secret[sizeof(ike->hash_secret)];
		struct addr local, remote;
	} key = { .local = *local, .remote = *remote };

	memcpy(key.secret, ike->hash_secret, sizeof(key.secret));
	HASH_FIND(hh, ike->peers, &key, sizeof(key), p);
	return p;
}

struct ike_peer *ike_peer_get(struct ike *ike, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);

	if (p || sharing_is_pseudo(ike, remote))
		return p;
	return ike_peer_new(ike, local, remote);
}

struct ike_peer *ike_peer_new(struct ike *ike, const struct addr *local, const struct addr *remote)
{
	const struct ike_local *at;
	struct ike_peer *p;

	HASH_FIND(hh, ike->locals, local, sizeof(*local), at);
	if (!at)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->ike = ike;
	p->at = at;
	memcpy(p->key.secret, ike->hash_secret, sizeof(p->key.secret));
	p->key.local = *local;
	p->key.remote = *remote;
	p->want.kind = TIMER_PEER_WANT;
	p->keepalive.kind = TIMER_PEER_KEEPALIVE;
	p->moved.kind = TIMER_PEER_MOVED;
	LIST_INIT(&p->sas);
	LIST_INIT(&p->pairs);
	HASH_ADD(hh, ike->peers, key, sizeof(p->key), p);
	return p;
}

void ike_peer_tidy(struct ike_peer *p)
{
	if (!LIST_EMPTY(&p->sas) || !LIST_EMPTY(&p->pairs) || p->wanted || p->ending)
		return;
	timer_disarm(&p->ike->timers, &p->want);
	timer_disarm(&p->ike->timers, &p->keepalive);
	timer_disarm(&p->ike->timers, &p->moved);
	sharing_forget(p);
	HASH_DEL(p->ike->peers, p);
	free(p);
}

bool ike_peer_has_sas(const struct ike_peer *p)
{
	const struct isakmp_sa *sa;
	const struct ipsec_pair *pair;

	LIST_FOREACH (sa, &p->sas, of_peer)
		if (sa->x.done && !sa->deleted)
			return true;
	LIST_FOREACH (pair, &p->pairs, of_peer)
		if (pair->x.done)
			return true;
	return false;
}

struct isakmp_sa *ike_peer_sa(const struct ike_peer *p)
{
	struct isakmp_sa *sa;

	LIST_FOREACH (sa, &p->sas, of_peer)
		if (sa->x.done && !sa->retired)
			return sa;
	return NULL;
}

struct ipsec_pair *ike_peer_pair(const struct ike_peer *p)
{
	struct ipsec_pair *pair;

	LIST_FOREACH (pair, &p->pairs, of_peer)
		if (pair->x.done && !pair->superseded)
			return pair;
	return NULL;
}

struct ipsec_pair *ike_peer_sender(const struct ike_peer *p)
{
	struct ipsec_pair *pair;

	LIST_FOREACH (pair, &p->pairs, of_peer)
		if (pair->x.done && pair->has_out)
			return pair;
	return NULL;
}

bool ike_peer_negotiates(const struct ike_peer *p)
{
	const struct isakmp_sa *sa;

	/* An unproven one may be a forger's message 1: it must not keep us from beginning ourselves. */
	LIST_FOREACH (sa, &p->sas, of_peer)
		if (!sa->x.done && !sa->is_unproven)
			return true;
	return false;
}

void ike_peer_tell_up(struct ike_peer *p)
{
	struct effect_node *n = ike_effect_push(p->ike, IKE_EFFECT_PEER_UP, NULL, 0);

	n->effect.local = p->key.local;
	n->effect.remote = p->key.remote;
	if (p->is_known) {
		n->effect.up.identity = p->claims;
		n->effect.up.auth = p->auth;
	}
	p->up = true;
	p->wanted = false;
	timer_disarm(&p->ike->timers, &p->want);
}

void ike_peer_tell_down(struct ike_peer *p, enum ike_cause cause)
{
	struct effect_node *n = ike_effect_push(p->ike, IKE_EFFECT_PEER_DOWN, NULL, 0);

	n->effect.local = p->key.local;
	n->effect.remote = p->key.remote;
	n->effect.cause = cause;
	p->up = false;
}

void ike_peer_check_failed(struct ike_peer *p, enum ike_cause cause)
{
	struct effect_node *n;

	if (!p->wanted || p->ending || p->unfinished || ike_peer_negotiates(p) ||
	    ike_peer_pair(p) || timer_armed(&p->want))
		return;
	p->wanted = false;
	timer_disarm(&p->ike->timers, &p->want);
	n = ike_effect_push(p->ike, IKE_EFFECT_PEER_FAILED, NULL, 0);
	n->effect.local = p->key.local;
	n->effect.remote = p->key.remote;
	n->effect.cause = cause;
}

void ike_peer_start(struct ike_peer *p)
{
	struct ipsec_pair *pair = ike_peer_pair(p);
	struct isakmp_sa *sa = ike_peer_sa(p);

	if (pair && p->wanted)
		ike_peer_tell_up(p);
	if (pair && !pair->rekeying)
		return;
	/* What is on its way, from either end, may bring it. */
	if (p->unfinished || (!sa && ike_peer_negotiates(p)))
		return;
	if (sa) {
		quick_mode_start(sa);
		return;
	}
	ike_peer_start_phase1(p);
}

void ike_peer_start_phase1(struct ike_peer *p)
{
	struct endpoint local = { p->key.local, 500 }, remote = { p->key.remote, 500 };
	bool natt = p->path.natt;
	struct isakmp_sa *sa;

	/* RFC 3947 4: where the change to the other port has been made, it stays. */
	if (natt) {
		local = p->path.local;
		remote = p->path.remote;
	}
	sa = sa_new(p, IKE_INITIATOR, &local, &remote);
	sa->natt = natt;
	exchange_run(&sa->x, EV_START_MM, NULL);
}

void ike_peer_initial_contact(struct isakmp_sa *sa)
{
	struct ike_peer *p = sa->peer;
	struct ipsec_pair *pair, *next_pair;
	struct isakmp_sa *old, *next;

	LIST_FOREACH_SAFE (pair, &p->pairs, of_peer, next_pair)
		if (pair->sa != sa && (pair->x.done ? pair->x.last : pair->x.first) < sa->x.first)
			pair_end(pair, IKE_CAUSE_PEER_DELETED);
	LIST_FOREACH_SAFE (old, &p->sas, of_peer, next)
		if (old != sa && old->x.done && old->x.last < sa->x.first)
			sa_end(old, IKE_CAUSE_PEER_DELETED);
}

void ike_peer_end(struct ike_peer *p, enum ike_cause cause)
{
	struct ipsec_pair *pair, *next_pair;
	struct isakmp_sa *sa, *next;
	bool wanted = p->wanted;

	/* A peer that is wanted outlives its last SA, and nothing failed that was ended on purpose. */
	p->ending = true;
	timer_disarm(&p->ike->timers, &p->want);
	LIST_FOREACH_SAFE (pair, &p->pairs, of_peer, next_pair)
		pair_end(pair, cause);
	LIST_FOREACH_SAFE (sa, &p->sas, of_peer, next)
		sa_end(sa, cause);
	p->ending = false;
	if (wanted)
		ike_peer_check_failed(p, cause);
	ike_peer_tidy(p);
}
