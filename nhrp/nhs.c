/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Next hop servers together: which of them are needed, and which one is in use.
 *
 * In each cluster the best servers are started, by priority, until as many as the cluster may have
 * are up or on their way. One that fails (no pair, no answer, a refusal) is tried on, but does not
 * count any more: the next one is started. When it is up again it counts, after the fallback time
 * if there is one, and the worse ones that are not needed any more go on standby.
 *
 * Of those that are up one is in use: the best that is trusted, or the best of all where none is.
 * Requests go to it, and the path of whatever has no direct path leads through it. A direct path
 * does not depend on any server.
 */
#include "nhrp/core.h"

#define NO_LIMIT NHRP_NHS_MAX

struct nhs *nhs_in_use(const struct iface *i)
{
	return i->nhs_in_use;
}

struct nhs *nhs_by_nbma(struct iface *i, const struct addr *nbma)
{
	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].peer && addr_equal(&i->nhs[k].peer->nbma, nbma))
			return &i->nhs[k];
	return NULL;
}

struct nhs *nhs_by_protocol(struct iface *i, const struct addr *protocol)
{
	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].protocol.len && addr_equal(&i->nhs[k].protocol, protocol))
			return &i->nhs[k];
	return NULL;
}

/* ---- which one is in use ---- */

static bool serves(const struct nhs *s)
{
	return s->state == NHRP_NHS_UP && s->peer->up;
}

static bool trusted(const struct nhs *s, msec now)
{
	return serves(s) && now >= s->trusted_from;
}

/* Of the same priority the first of the configuration. */
static bool better(const struct nhs *a, const struct nhs *b)
{
	return a->priority != b->priority ? a->priority < b->priority : a < b;
}

static struct nhs *best(struct iface *i, msec now)
{
	struct nhs *found = NULL;

	for (size_t k = 0; k < i->n_nhs; k++) {
		struct nhs *s = &i->nhs[k];

		if (!serves(s))
			continue;
		if (!found || trusted(s, now) > trusted(found, now) ||
		    (trusted(s, now) == trusted(found, now) && better(s, found)))
			found = s;
	}
	return found;
}

/* What went through another server goes through this one; a question without an answer is asked here. */
static void take_over(struct nhs *s, msec now)
{
	struct iface *i = s->iface;

	for (struct binding *b = i->bindings; b; b = b->hh.next) {
		if (b->step == STEP_NONE || b->step == STEP_DIRECT || b->nhs == s)
			continue;
		b->nhs = s;
		binding_point(b, &s->peer->nbma);
		if (b->step != STEP_ASKING)
			continue;
		b->tries = 0;
		resolve_step(b, now);
		binding_expire_at(b, now + retry_after(ASK_TRIES) - RETRY_FIRST);
	}
}

static void choose(struct iface *i, msec now)
{
	struct nhs *before = i->nhs_in_use, *s = best(i, now);

	i->nhs_in_use = s;
	if (!s || s == before)
		return;
	event(i, NHRP_EV_NHS_IN_USE, NOTICE, .protocol = s->protocol, .nbma = s->peer->nbma,
	      .other_nbma = before && before->peer ? before->peer->nbma : (struct addr){ 0 });
	take_over(s, now);
}

/* ---- which ones are needed ---- */

/* So many servers of its cluster that are better: on their way or up, and up for good. */
static void count_better(const struct nhs *than, msec now, unsigned int *hopeful, unsigned int *up)
{
	const struct iface *i = than->iface;

	*hopeful = *up = 0;
	for (size_t k = 0; k < i->n_nhs; k++) {
		const struct nhs *s = &i->nhs[k];

		if (!s->peer || s->cluster != than->cluster || s == than || !better(s, than))
			continue;
		*hopeful += !s->failed && (!serves(s) || trusted(s, now));
		*up += trusted(s, now);
	}
}

void nhs_review(struct iface *i, msec now)
{
	choose(i, now);
	for (size_t k = 0; k < i->n_nhs; k++) {
		struct nhs *s = &i->nhs[k];
		unsigned int max = i->cluster_max[s->cluster], hopeful, up;

		if (!s->peer)
			continue;
		max = max ? max : NO_LIMIT;
		count_better(s, now, &hopeful, &up);
		/* Who serves goes only when there are enough others that do. */
		if ((serves(s) ? up : hopeful) < max)
			nhs_start(s, now);
		else
			nhs_stop(s, now, NHRP_WHY_STANDBY);
	}
}

void nhs_unreachable(const struct peer *p, msec now)
{
	struct iface *i = p->iface;
	bool news = false;

	for (size_t k = 0; k < i->n_nhs; k++) {
		struct nhs *s = &i->nhs[k];

		if (s->peer != p || !s->wanted || s->failed)
			continue;
		s->failed = news = true;
	}
	if (news)
		nhs_review(i, now);
}

/* ---- where they are ---- */

static struct nhs *free_place(struct iface *i)
{
	for (size_t k = 0; k < i->n_nhs; k++)
		if (!i->nhs[k].protocol.len)
			return &i->nhs[k];
	return i->n_nhs < NHRP_NHS_MAX ? &i->nhs[i->n_nhs++] : NULL;
}

static void find_peer(struct nhs *s)
{
	struct binding *map = binding_find(s->iface, &s->protocol);

	if (!map || map->type != NHRP_ENTRY_STATIC)
		return;
	map->flags |= NHRP_FLAG_NHS;
	s->peer = map->peer;
}

/* The caller reviews all of them afterwards. */
void nhs_add(struct iface *i, msec now, const struct nhrp_nhs_config *cfg)
{
	struct nhs *s = nhs_by_protocol(i, &cfg->protocol);
	bool added = !s;

	if (added)
		s = free_place(i);
	if (!s)
		return;
	if (added) {
		*s = (struct nhs){ .iface = i,
				   .protocol = cfg->protocol,
				   .state = NHRP_NHS_NO_MAP,
				   .since = now,
				   .registered = MSEC_NEVER };
		s->timer.kind = TIMER_NHS;
		s->fallback.kind = TIMER_FALLBACK;
		find_peer(s);
		if (!s->peer && !cfg->named)
			event(i, NHRP_EV_NHS_DOWN, ERROR, .protocol = s->protocol,
			      .reason = NHRP_WHY_NO_MAP);
	}
	s->priority = cfg->priority;
	s->cluster = cfg->cluster;
	s->named = cfg->named;
	s->multicast = cfg->multicast;
	if (s->peer)
		multicast_review(s->peer);
}

/* Its place in the array stays, free: timers and bindings point into the array. */
void nhs_remove(struct nhs *s, msec now)
{
	struct iface *i = s->iface;
	struct binding *b, *next;

	nhs_stop(s, now, NHRP_WHY_REMOVED);
	choose(i, now);
	HASH_ITER (hh, i->bindings, b, next) {
		if (b->nhs != s)
			continue;
		b->nhs = NULL;
		/* What goes through it is looked for anew, through another one, when it is needed. */
		if (b->step != STEP_DIRECT)
			binding_free(b, NHRP_WHY_REMOVED);
	}
	*s = (struct nhs){ .iface = i };
}

void nhs_move(struct nhs *s, msec now, const struct addr *nbma)
{
	struct iface *i = s->iface;
	struct binding *b = binding_find(i, &s->protocol);
	struct peer *p;

	if (s->peer && addr_equal(&s->peer->nbma, nbma))
		return;
	p = peer_get(i, nbma);
	if (!p || (b && b->type == NHRP_ENTRY_LOCAL))
		return;
	nhs_stop(s, now, NHRP_WHY_REPLACED);
	s->failed = false;
	if (b && b->type != NHRP_ENTRY_STATIC) {
		binding_free(b, NHRP_WHY_REPLACED);
		b = NULL;
	}
	if (!b)
		b = binding_new(i, now, &s->protocol, NHRP_ENTRY_STATIC);
	b->flags |= NHRP_FLAG_NHS;
	binding_set_peer(b, now, p, false);
	binding_point(b, nbma);
	s->peer = p;
	nhs_review(i, now);
}
