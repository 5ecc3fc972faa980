/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of peer.h that carries out what NHRP wants. */
#include <errno.h>

#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/names.h"
#include "daemon/notice.h"
#include "daemon/packets.h"
#include "daemon/peer_table.h"
#include "daemon/reconcile.h"
#include "daemon/recorder.h"
#include "daemon/route.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

static void nhrp_connect(struct daemon *d, const struct tunnel *t, const struct addr *nbma)
{
	const struct peer *p = peers_find(d->peers, &t->local, nbma);
	msec now = loop_now();

	if (!tunnel_is_protected(t)) {
		nhrp_peer_up(d->nhrp, now, t->id, *nbma);
	} else if (p && p->up) {
		ike_need(d->ike, now, &t->local, nbma, true);
		peers_tell_up(d, t, p);
	} else if (!ike_connect(d->ike, now, &t->local, nbma)) {
		nhrp_peer_down(d->nhrp, now, t->id, *nbma);
	}
}

static void nhrp_release(struct daemon *d, const struct tunnel *t, const struct addr *nbma)
{
	struct peer *p = peers_find(d->peers, &t->local, nbma);

	if (!tunnel_is_protected(t) || peers_need(d, t, &t->local, nbma))
		return;
	ike_release(d->ike, loop_now(), &t->local, nbma);
	/* IKE does not tell what it was told; the next CONNECT must not take it for up. */
	if (p) {
		p->up = false;
		peers_put(d, p);
	}
}

static void nhrp_suspect(struct daemon *d, const struct tunnel *t, const struct addr *nbma)
{
	char text[ADDR_TEXT];

	if (!tunnel_is_protected(t))
		return;
	log_msg(LOG_NOTICE,
		"%s: %s has SAs and does not answer: it is asked whether it lives, and if so the SAs are "
		"renewed",
		t->conf->name, addr_text(nbma, text));
	ike_suspect_pair(d->ike, loop_now(), &t->local, nbma);
}

static void nhrp_probe(struct daemon *d, const struct tunnel *t, const struct addr *nbma)
{
	if (tunnel_is_protected(t))
		ike_suspect(d->ike, loop_now(), &t->local, nbma);
}

static void bound(struct daemon *d, void *ctx, uint64_t token, const struct kernel_answer *a)
{
	(void)ctx;
	if (a->err == ECANCELED)
		return;
	if (a->err) {
		d->peers->count.binds_refused++;
		log_msg(LOG_WARNING, "%s", a->why);
	}
	nhrp_bound(d->nhrp, loop_now(), token, a->err);
}

/*
 * A question about a peer's traffic: each of its SAs is asked for, the last answer tells NHRP.
 * Tunnels that share a source share the SAs, so they share the counts, too.
 */
struct use_query {
	int id;
	struct addr nbma;
	unsigned int waiting;
	uint64_t packets;
};

static void counted(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a)
{
	struct use_query *q = ctx;
	bool stop = a->err == ECANCELED;

	(void)arg;
	if (!a->err && a->count) {
		struct sa *sa = peers_find_sa(d->peers, &a->sas[0].id);

		if (sa && a->sas[0].packets > sa->told) {
			q->packets += a->sas[0].packets - sa->told;
			sa->told = a->sas[0].packets;
		}
	}
	if (--q->waiting)
		return;
	if (!stop)
		nhrp_used(d->nhrp, loop_now(), q->id, q->nbma, q->packets);
	free(q);
}

static void query_use(struct daemon *d, const struct tunnel *t, const struct addr *nbma)
{
	const struct peer *p = peers_find(d->peers, &t->local, nbma);
	struct use_query *q;

	if (!tunnel_is_protected(t) || !p || !p->sas) {
		nhrp_used(d->nhrp, loop_now(), t->id, *nbma, 0);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->id = t->id;
	q->nbma = *nbma;
	for (const struct sa *sa = p->sas; sa; sa = sa->next) {
		q->waiting++;
		kernel_sa_get(d, &sa->id, counted, q, 0);
	}
}

static void nhrp_event(struct daemon *d, const struct tunnel *t, const struct nhrp_event *e)
{
	recorder_nhrp(d->recorder, loop_now(), e);
	trace_nhrp_event(e);
	if (!t)
		return;
	notice_nhrp(d, t, e);
	if (e->kind == NHRP_EV_NHS_UP)
		reconcile_nhs_up(d, t);
	if (e->kind == NHRP_EV_NHS_DOWN || e->kind == NHRP_EV_NHS_CONNECTING)
		names_unreachable(d, t, &e->protocol);
}

static void nhrp_effect(struct daemon *d, const struct nhrp_effect *e)
{
	struct tunnel *t = tunnel_by_id(d, e->id);

	if (e->kind == NHRP_EVENT) {
		nhrp_event(d, t, &e->event);
		return;
	}
	if (!t || route_effect(d, t, e) || packets_effect(d, t, e))
		return;
	switch (e->kind) {
	case NHRP_SEND:
		packets_send_nhrp(t, &e->nbma, e->packet);
		break;
	case NHRP_CONNECT:
		nhrp_connect(d, t, &e->nbma);
		break;
	case NHRP_RELEASE:
		nhrp_release(d, t, &e->nbma);
		break;
	case NHRP_SUSPECT:
		nhrp_suspect(d, t, &e->nbma);
		break;
	case NHRP_PROBE:
		nhrp_probe(d, t, &e->nbma);
		break;
	case NHRP_BIND:
		kernel_bind(d, t->ifindex, &e->protocol, &e->nbma, bound, NULL, e->token);
		break;
	case NHRP_UNBIND:
		kernel_unbind(d, t->ifindex, &e->protocol);
		break;
	case NHRP_QUERY_USE:
		query_use(d, t, &e->nbma);
		break;
	case NHRP_QUERY_ROUTE: /* done above */
	case NHRP_ROUTE_ADD:
	case NHRP_ROUTE_DEL:
	case NHRP_MULTICAST_ADD:
	case NHRP_MULTICAST_DEL:
	case NHRP_EVENT:
		break;
	}
}

bool peers_drain_nhrp(struct daemon *d)
{
	struct nhrp_effect e;
	bool any = false;

	for (; nhrp_next_effect(d->nhrp, &e); any = true)
		nhrp_effect(d, &e);
	return any;
}
