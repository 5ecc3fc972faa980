/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/explain_digest.h"

#include <string.h>

/* Ends that are nobody's fault. */
static bool is_fault(enum ike_cause cause)
{
	switch (cause) {
	case IKE_CAUSE_NONE:
	case IKE_CAUSE_SUPERSEDED:
	case IKE_CAUSE_ADMIN:
	case IKE_CAUSE_EXPIRED:
	case IKE_CAUSE_MOVED:
		return false;
	default:
		return cause < IKE_CAUSE_COUNT;
	}
}

/* A success in this phase: what went wrong in it before is no longer so. */
static void heal_ike(struct digest *g, int phase)
{
	if (!g->heals)
		return;
	for (size_t i = 0; i < IKE_CAUSE_COUNT; i++)
		if (g->cause[i].e && g->cause[i].e->phase <= phase)
			g->cause[i] = (struct seen_ike){ 0 };
	if (g->failed && g->failed->phase <= phase)
		g->failed = NULL;
	g->dead = NULL;
	g->repeated = g->repeated2 = 0;
}

/* What comes after the offer shows that there is one which fits. */
static void heal_offer(struct digest *g, int phase)
{
	static const enum ike_cause of_phase[2][4] = {
		{ IKE_CAUSE_NO_POLICY, IKE_CAUSE_PEER_NO_POLICY },
		{ IKE_CAUSE_NO_TRANSFORM, IKE_CAUSE_PEER_NO_TRANSFORM, IKE_CAUSE_PFS_REQUIRED,
		  IKE_CAUSE_PFS_GROUP },
	};

	if (!g->heals)
		return;
	for (size_t i = 0; i < 4; i++)
		g->cause[of_phase[phase - 1][i]] = (struct seen_ike){ 0 };
	memset(g->drop, 0, sizeof(g->drop));
}

static void heal_nhrp(struct digest *g)
{
	if (g->heals)
		memset(g->nhrp, 0, sizeof(g->nhrp));
}

static void see(struct seen_ike *s, const struct ike_event *e)
{
	s->e = e;
	s->times++;
}

/*
 * A new attempt fails in another way: what was wrong before is mended, or is not reached any more. Each
 * side's attempts have their own failures, and both are of interest.
 */
static void outdate(struct digest *g, const struct ike_event *e)
{
	msec since = e->phase == 1 ? g->began[e->role] : e->at;

	if (!g->heals)
		return;
	for (size_t i = 0; i < IKE_CAUSE_COUNT; i++) {
		const struct ike_event *old = g->cause[i].e;

		if (i != e->failure.cause && old && old->at < since &&
		    (old->phase > e->phase || (old->phase == e->phase && old->role == e->role)))
			g->cause[i] = (struct seen_ike){ 0 };
	}
	if (!g->f->up)
		heal_nhrp(g);
}

static void failure(struct digest *g, const struct ike_event *e)
{
	if (!is_fault(e->failure.cause))
		return;
	outdate(g, e);
	see(&g->cause[e->failure.cause], e);
	*(e->phase == 2 ? &g->phase2 : &g->phase1) = NULL;
	if (e->kind == IKE_EVENT_FAILED)
		g->failed = e;
}

static bool is_recent(const struct digest *g, msec at, msec period)
{
	return g->f->now - MIN(at, g->f->now) <= period;
}

static void message(struct digest *g, const struct ike_event *e)
{
	if (e->message.sent) {
		g->sent++;
		g->length = e->message.length;
		return;
	}
	g->heard++;
	g->passed = MAX(g->passed, g->length);
	g->heard_at = e->at;
	g->heard_natt += e->local.port == 4500;
	/* Whoever is in the middle of an exchange has had our last message answered. */
	if (e->phase == 1 && e->role == IKE_INITIATOR)
		g->answered = true;
	if (e->phase == 1 && e->role == IKE_RESPONDER && g->waits != MM_START)
		g->answered = true;
}

/* What was heard long before a new attempt says nothing about the way as it is now. */
static void new_phase1(struct digest *g, const struct ike_event *e)
{
	g->waits = MM_START;
	g->repeated = 0;
	g->pending = false;
	g->mute_since = 0;
	g->began[e->role] = e->at;
	if (e->role == IKE_RESPONDER) {
		if (g->heals)
			memset(g->drop, 0, sizeof(g->drop));
		return;
	}
	g->we_opened = true;
	g->length = g->passed = 0;
	if (e->at - g->heard_at > SECONDS(60)) {
		g->heard = g->heard_natt = 0;
		g->answered = false;
	}
}

/* The responder's main mode begins with its first step; the initiator's has an event of its own. */
static void new_state(struct digest *g, const struct ike_event *e)
{
	enum ike_state s = e->state.new_state;

	if (e->phase == 1 && e->role == IKE_RESPONDER && e->state.old_state == MM_START)
		new_phase1(g, e);
	g->asked |= e->phase == 2;
	/* What brings it on; an answer that is no good comes again with each repetition, too. */
	if (e->state.event == EV_RCV_MSG) {
		g->late += g->pending && is_recent(g, e->at, SECONDS(120));
		g->pending = false;
	}
	g->waits = s == MM_DONE || s == QM_DONE || s == MM_ACTIVE || s == QM_ACTIVE ? MM_START : s;
}

static void phase2_done(struct digest *g, const struct ike_event *e)
{
	g->phase2 = e;
	g->renewed += is_recent(g, e->at, SECONDS(60));
	if (!g->mute_since)
		g->mute_since = e->at;
	heal_ike(g, 2);
	if (g->heals)
		g->nhrp_sent = g->nhrp_heard = 0; /* not through this SA */
}

static void add_ike(struct digest *g, const struct ike_event *e)
{
	switch (e->kind) {
	case IKE_EVENT_NEW_PHASE1:
		new_phase1(g, e);
		break;
	case IKE_EVENT_STATE:
		new_state(g, e);
		break;
	case IKE_EVENT_MESSAGE:
		message(g, e);
		break;
	case IKE_EVENT_RETRANSMIT:
		g->sent++;
		g->pending = true;
		break;
	case IKE_EVENT_DUPLICATE:
		/* Nobody repeats as quickly as a network that doubles packets. */
		g->pending |= e->at - MIN(g->heard_at, e->at) >= 400;
		g->repeated += e->phase == 1;
		g->repeated2 += e->phase == 2;
		break;
	case IKE_EVENT_POLICY_MATCH:
		g->agreed = e;
		heal_offer(g, 1);
		break;
	case IKE_EVENT_ESP_MATCH:
		heal_offer(g, 2);
		break;
	case IKE_EVENT_NAT:
		g->nat = e->nat.us || e->nat.them ? e : NULL;
		break;
	case IKE_EVENT_PHASE1_DONE:
		g->phase1 = e;
		g->asked = false;
		heal_ike(g, 1);
		break;
	case IKE_EVENT_PHASE2_DONE:
		phase2_done(g, e);
		break;
	case IKE_EVENT_DELETE:
		if (!e->phase2.sent)
			g->deleted = e;
		break;
	case IKE_EVENT_DROP:
		if (e->drop.why < IKE_DROP_COUNT)
			see(&g->drop[e->drop.why], e);
		break;
	case IKE_EVENT_DPD:
		if (e->dpd.dead)
			g->dead = e;
		break;
	case IKE_EVENT_EVIDENCE:
	case IKE_EVENT_FAILED:
		failure(g, e);
		break;
	default:
		break;
	}
}

/* A client that has its answer comes back after a third of the holding time, which are minutes. */
static void registered_again(struct digest *g, const struct recorded *r)
{
	const struct seen_nhrp *s = &g->nhrp[NHRP_EV_CLIENT_REFRESHED];

	g->again = s->e && r->at - s->at < SECONDS(20) ? g->again + 1 : 0;
}

static void add_nhrp(struct digest *g, const struct recorded *r)
{
	const struct nhrp_event *e = &r->nhrp;

	switch (e->kind) {
	case NHRP_EV_SENT:
		g->nhrp_sent++;
		return;
	case NHRP_EV_RECEIVED:
		g->nhrp_heard++;
		g->mute_since = 0;
		g->nhrp_heard_at = r->at;
		return;
	case NHRP_EV_CLIENT_REFRESHED:
		registered_again(g, r);
		heal_nhrp(g);
		break;
	case NHRP_EV_NHS_UP:
	case NHRP_EV_NHS_REFRESHED:
	case NHRP_EV_CLIENT_REGISTERED:
		heal_nhrp(g);
		break;
	default:
		break;
	}
	if ((unsigned int)e->kind < EXPLAIN_NHRP_KINDS) {
		struct seen_nhrp *s = &g->nhrp[e->kind];

		s->e = e;
		s->at = r->at;
		s->times++;
	}
}

void explain_digest(const struct explain_facts *f, bool past, struct digest *g)
{
	*g = (struct digest){ .f = f, .waits = MM_START };
	g->well = (f->up || !f->secured) && f->registered;
	g->heals = !g->well || !past;
	for (size_t i = 0; i < f->count; i++) {
		if (f->events[i].is_ike)
			add_ike(g, &f->events[i].ike);
		else
			add_nhrp(g, &f->events[i]);
	}
}
