/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's cores, joined in the way of daemon/peer.c: effects are carried out in their order, what
 * the kernel and the workers answer comes back later as a request.
 */
#include "tests/sim/world.h"

#include <errno.h>
#include <stdio.h>

#define NBMA_BASE   0x0a000001u
#define TUNNEL_BASE 0xac100001u
#define TUNNEL_BITS 16
#define ONLY_IFACE  0
#define RETRY_LAST  64
/* Of daemon/reconcile.h. */
#define RECONCILE_PACE	20
#define RECONCILE_GRACE SECONDS(60)

/* ---- addresses ---- */

unsigned int index_of_nbma(const struct addr *a)
{
	return addr_to_v4(a) - NBMA_BASE;
}

unsigned int index_of_tunnel(const struct addr *a)
{
	return addr_to_v4(a) - TUNNEL_BASE;
}

struct node *node_by_nbma(struct world *w, const struct addr *a)
{
	unsigned int i = index_of_nbma(a);

	return i < w->nodes ? w->node[i] : NULL;
}

/* ---- life and death ---- */

struct node *node_new(struct world *w, const struct node_config *cfg)
{
	struct node *n = xcalloc(1, sizeof(*n));

	world_check(w, w->nodes < WORLD_NODES, "too many nodes");
	n->world = w;
	n->index = w->nodes;
	n->nbma = addr_v4(NBMA_BASE + n->index);
	n->tunnel = addr_v4(TUNNEL_BASE + n->index);
	n->cfg = *cfg;
	w->node[w->nodes++] = n;
	node_start(n);
	return n;
}

static void start_nhrp(struct node *n, const uint8_t *seed)
{
	struct world *w = n->world;
	struct nhrp_nhs_config nhs[NHRP_NHS_MAX] = { 0 };
	struct nhrp_cluster cluster = { 0, (uint8_t)n->cfg.hubs_at_once };
	struct nhrp_config cfg = {
		.address = { n->cfg.false_tunnel.len ? n->cfg.false_tunnel : n->tunnel,
			     TUNNEL_BITS },
		.nbma = n->cfg.false_nbma.len ? n->cfg.false_nbma : n->nbma,
		.authentication = { (const uint8_t *)"secret", 6 },
		.holding_time = n->cfg.holding_time,
		.hold_down = n->cfg.hold_down,
		.answer = n->cfg.answer,
		.redirect = n->cfg.redirect,
		.shortcut = n->cfg.shortcut,
		.nhs = nhs,
		.n_nhs = n->cfg.hub ? 0 : MAX(n->cfg.hubs, 1U),
		.clusters = &cluster,
		.n_clusters = 1,
		.fallback = n->cfg.fallback,
	};

	for (unsigned int k = 0; k < cfg.n_nhs; k++)
		nhs[k] = (struct nhrp_nhs_config){ .protocol = addr_v4(TUNNEL_BASE + k),
						   .nbma = addr_v4(NBMA_BASE + k),
						   .priority = (uint8_t)k };
	n->nhrp = nhrp_new(seed, 0);
	nhrp_interface_add(n->nhrp, w->now, ONLY_IFACE, &cfg);
}

static void contact(struct world *w, struct node *n, void *arg)
{
	node_connect(n, w->node[*(const unsigned int *)arg]);
}

static void grace_is_over(struct world *w, struct node *n, void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < w->nodes; i++)
		kernel_reconcile(n, i);
	kernel_forget_neighbours(n);
	for (unsigned int i = 0; i < w->nodes; i++)
		if (n->kernel.shortcut[i].leftover)
			n->kernel.shortcut[i].known = n->kernel.shortcut[i].leftover = false;
}

static void reconcile(struct node *n)
{
	msec delay = 0;

	for (unsigned int i = 0; i < n->world->nodes; i++)
		if (kernel_sa_count(n, i))
			world_after(n->world, delay += RECONCILE_PACE, contact, n,
				    xmemdup(&i, sizeof(i)));
	world_after(n->world, RECONCILE_GRACE, grace_is_over, n, NULL);
}

void node_start(struct node *n)
{
	struct world *w = n->world;
	uint8_t seed[2][DRBG_SEED];

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i / DRBG_SEED][i % DRBG_SEED] = (uint8_t)world_random(w, 256);
	n->life++;
	n->ike = ike_new(&n->cfg.ike, seed[0]);
	ike_wall_clock(n->ike, w->now, WORLD_WALL + (int64_t)(w->now / 1000));
	ike_local_add(n->ike, &n->nbma, &n->cfg.profile);
	if (n->cfg.nhrp)
		start_nhrp(n, seed[1]);
	world_tell(w, n, "starts");
	reconcile(n);
	node_turn(n);
}

void node_crash(struct node *n, bool machine)
{
	world_tell(n->world, n, "crashes");
	ike_free(n->ike);
	nhrp_free(n->nhrp);
	n->ike = NULL;
	n->nhrp = NULL;
	n->due = MSEC_NEVER;
	n->life++;
	memset(n->up, 0, sizeof(n->up));
	memset(n->wanted, 0, sizeof(n->wanted));
	if (machine)
		kernel_flush(n);
	else
		kernel_leave(n);
}

/* ---- what IKE wants ---- */

static void job_done(struct world *w, struct node *n, void *arg)
{
	ike_job_done(n->ike, w->now, arg);
	node_turn(n);
}

static msec some_delay(struct world *w, msec at_most)
{
	return at_most ? world_random(w, (uint32_t)at_most) : 0;
}

struct answer {
	uint64_t token;
	int error;
};

static void sa_answered(struct world *w, struct node *n, void *arg)
{
	const struct answer *a = arg;

	ike_sa_done(n->ike, w->now, a->token, a->error);
	node_turn(n);
}

static void sa_add(struct node *n, const struct ike_effect *e)
{
	struct world *w = n->world;
	struct answer *a = xcalloc(1, sizeof(*a));

	a->token = e->add.token;
	a->error = kernel_sa_add(n, &e->add.sa);
	world_tell(w, n, "%s SA %08x: %d", e->add.sa.direction == IKE_INBOUND ? "in" : "out",
		   e->add.sa.spi, a->error);
	world_after(w, some_delay(w, w->kernel_delay), sa_answered, n, a);
}

static void try_again(struct world *w, struct node *n, void *arg)
{
	unsigned int peer = *(const unsigned int *)arg;

	if (n->wanted[peer] && !n->up[peer])
		node_connect(n, w->node[peer]);
}

/* On NHRP's schedule. */
static void again_later(struct node *n, unsigned int peer)
{
	unsigned int seconds = n->tries[peer] < 6 ? 1u << n->tries[peer] : RETRY_LAST;

	if (!n->wanted[peer])
		return;
	n->tries[peer]++;
	world_after(n->world, SECONDS(seconds), try_again, n, xmemdup(&peer, sizeof(peer)));
}

static void peer_is(struct node *n, const struct ike_effect *e)
{
	unsigned int peer = index_of_nbma(&e->remote);
	bool up = e->kind == IKE_EFFECT_PEER_UP;

	world_tell(n->world, n, "%s is %s (%d)", n->world->node[peer]->cfg.name,
		   up				     ? "up"
		   : e->kind == IKE_EFFECT_PEER_DOWN ? "down"
						     : "failed",
		   (int)e->cause);
	world_check(n->world, e->kind != IKE_EFFECT_PEER_DOWN || n->up[peer],
		    "%s: PEER_DOWN of a peer that is not up", n->cfg.name);
	world_check(n->world, e->kind != IKE_EFFECT_PEER_FAILED || !n->up[peer],
		    "%s: PEER_FAILED of a peer that is up", n->cfg.name);
	n->up[peer] = up;
	if (up) {
		n->seen.up++;
		n->tries[peer] = 0;
		kernel_reconcile(n, peer);
		if (n->nhrp)
			nhrp_peer_up(n->nhrp, n->world->now, ONLY_IFACE, e->remote);
		return;
	}
	if (e->kind == IKE_EFFECT_PEER_DOWN)
		n->seen.down++;
	else
		n->seen.failed++;
	n->seen.told = e->cause;
	if (n->nhrp)
		nhrp_peer_down(n->nhrp, n->world->now, ONLY_IFACE, e->remote);
	again_later(n, peer);
}

static void ike_happened(struct node *n, const struct ike_event *e)
{
	struct world *w = n->world;

	n->seen.events[e->kind]++;
	if (e->kind == IKE_EVENT_FAILED) {
		n->seen.causes[e->failure.cause]++;
		n->seen.failure = *e;
		world_tell(w, n, "failed in %s: cause %d", ike_state_name(e->failure.state),
			   (int)e->failure.cause);
	} else if (e->kind == IKE_EVENT_SA_GONE) {
		n->seen.gone[e->failure.cause]++;
		world_tell(w, n, "phase %d gone: cause %d", e->phase, (int)e->failure.cause);
	} else if (e->kind == IKE_EVENT_STATE) {
		world_tell(w, n, "%u/%08x %s, %s -> %s", e->conn_id, e->msgid,
			   ike_state_name(e->state.old_state), ike_fsm_event_name(e->state.event),
			   ike_state_name(e->state.new_state));
	} else if (e->kind == IKE_EVENT_DROP) {
		world_tell(w, n, "dropped: %d, flaw %d", (int)e->drop.why, (int)e->drop.flaw);
	} else if (e->kind == IKE_EVENT_REKEY) {
		world_tell(w, n, "rekey of phase %d", e->phase);
	} else if (e->kind == IKE_EVENT_CROSSED) {
		world_tell(w, n, "crossed in phase %d, ours is %s", e->phase,
			   e->flag ? "kept" : "not kept");
	}
}

static void query_traffic(struct node *n, const struct ike_effect *e)
{
	unsigned int peer = index_of_nbma(&e->remote);
	const struct kernel_sa *in = kernel_sa_find(n, peer, IKE_INBOUND, e->query.spi_in);
	const struct kernel_sa *out = kernel_sa_find(n, peer, IKE_OUTBOUND, e->query.spi_out);

	ike_traffic(n->ike, n->world->now, &e->local, &e->remote, e->query.spi_in,
		    in ? in->packets : 0, out ? out->packets : 0);
}

static void ike_effect(struct node *n, const struct ike_effect *e)
{
	struct world *w = n->world;
	const struct node *to;

	switch (e->kind) {
	case IKE_EFFECT_SEND:
		n->seen.sent++;
		to = node_by_nbma(w, &e->send.remote.addr);
		if (to)
			network_send(w, packet_new(PACKET_IKE, n->index, to->index,
						   e->send.data.data, e->send.data.len));
		break;
	case IKE_EFFECT_JOB:
		ike_job_run(e->job);
		world_after(w, some_delay(w, w->dh_delay), job_done, n, e->job);
		break;
	case IKE_EFFECT_SA_ADD:
		sa_add(n, e);
		break;
	case IKE_EFFECT_SA_UPDATE: /* there is no NAT in this world */
		break;
	case IKE_EFFECT_SA_DELETE:
		kernel_sa_delete(n, index_of_nbma(&e->remote), e->del.direction, e->del.spi);
		break;
	case IKE_EFFECT_PEER_UP:
	case IKE_EFFECT_PEER_DOWN:
	case IKE_EFFECT_PEER_FAILED:
		peer_is(n, e);
		break;
	case IKE_EFFECT_QUERY_TRAFFIC:
		query_traffic(n, e);
		break;
	case IKE_EFFECT_KEY: /* nobody has asked for it */
		abort();
	case IKE_EFFECT_EVENT:
		ike_happened(n, &e->event);
		break;
	}
}

/* ---- what NHRP wants ---- */

static void bound(struct world *w, struct node *n, void *arg)
{
	nhrp_bound(n->nhrp, w->now, *(const uint64_t *)arg, 0);
	node_turn(n);
}

static void nhrp_effect(struct node *n, const struct nhrp_effect *e)
{
	struct world *w = n->world;
	unsigned int peer = index_of_nbma(&e->nbma);
	uint64_t packets;

	switch (e->kind) {
	case NHRP_SEND:
		kernel_encapsulate(
			n, packet_new(PACKET_NHRP, n->index, peer, e->packet.data, e->packet.len));
		break;
	case NHRP_CONNECT:
		if (n->up[peer])
			nhrp_peer_up(n->nhrp, w->now, ONLY_IFACE, e->nbma);
		else
			ike_connect(n->ike, w->now, &n->nbma, &e->nbma);
		break;
	case NHRP_RELEASE:
		ike_release(n->ike, w->now, &n->nbma, &e->nbma);
		n->up[peer] = false;
		break;
	case NHRP_SUSPECT:
		ike_suspect_pair(n->ike, w->now, &n->nbma, &e->nbma);
		break;
	case NHRP_PROBE:
		ike_suspect(n->ike, w->now, &n->nbma, &e->nbma);
		break;
	case NHRP_BIND:
		n->seen.bound++;
		kernel_bind(n, index_of_tunnel(&e->protocol), peer);
		world_after(w, some_delay(w, w->kernel_delay), bound, n,
			    xmemdup(&e->token, sizeof(e->token)));
		break;
	case NHRP_UNBIND:
		kernel_unbind(n, index_of_tunnel(&e->protocol));
		break;
	case NHRP_QUERY_USE:
		packets = kernel_packets(n, peer);
		nhrp_used(n->nhrp, w->now, ONLY_IFACE, e->nbma, packets);
		break;
	case NHRP_QUERY_ROUTE:
		lan_query(n, e);
		break;
	case NHRP_ROUTE_ADD:
		lan_shortcut(n, e);
		break;
	case NHRP_ROUTE_DEL:
		lan_shortcut_gone(n, &e->prefix);
		break;
	case NHRP_MULTICAST_ADD:
	case NHRP_MULTICAST_DEL:
		break;
	case NHRP_EVENT:
		world_tell(w, n, "nhrp event %d reason %d type %d code %d protocol .%u nbma .%u",
			   (int)e->event.kind, (int)e->event.reason, e->event.type, e->event.code,
			   index_of_tunnel(&e->event.protocol), index_of_nbma(&e->event.nbma));
		break;
	}
}

void node_turn(struct node *n)
{
	struct world *w = n->world;
	struct nhrp_effect from_nhrp;
	struct ike_effect from_ike;
	bool busy = true;

	if (!n->ike)
		return;
	if (ike_deadline(n->ike) <= w->now)
		ike_tick(n->ike, w->now);
	if (n->nhrp && nhrp_deadline(n->nhrp) <= w->now)
		nhrp_tick(n->nhrp, w->now);
	for (int round = 0; busy; round++) {
		world_check(w, round < 1000, "%s does not come to rest", n->cfg.name);
		busy = false;
		for (; ike_next_effect(n->ike, &from_ike); busy = true)
			ike_effect(n, &from_ike);
		for (; n->nhrp && nhrp_next_effect(n->nhrp, &from_nhrp); busy = true)
			nhrp_effect(n, &from_nhrp);
	}
	n->due = MIN(ike_deadline(n->ike), n->nhrp ? nhrp_deadline(n->nhrp) : MSEC_NEVER);
	inspect_node(n);
	inspect_nhrp(n);
}

/* ---- requests ---- */

void node_connect(struct node *n, const struct node *peer)
{
	if (!n->ike)
		return;
	ike_connect(n->ike, n->world->now, &n->nbma, &peer->nbma);
	node_turn(n);
}

void node_want(struct node *n, const struct node *peer)
{
	n->wanted[peer->index] = true;
	n->tries[peer->index] = 0;
	node_connect(n, peer);
}

void node_unwant(struct node *n, const struct node *peer)
{
	n->wanted[peer->index] = false;
	if (!n->ike)
		return;
	ike_release(n->ike, n->world->now, &n->nbma, &peer->nbma);
	n->up[peer->index] = false;
	node_turn(n);
}

void node_clear(struct node *n, const struct node *peer)
{
	if (!n->ike)
		return;
	ike_clear(n->ike, n->world->now, &n->nbma, &peer->nbma);
	node_turn(n);
}

void node_shutdown(struct node *n)
{
	memset(n->wanted, 0, sizeof(n->wanted));
	ike_shutdown(n->ike, n->world->now);
	node_turn(n);
}

void node_expire(struct node *n, const struct node *peer, bool hard)
{
	const struct kernel_sa *sa = kernel_outbound(n, peer->index);
	uint32_t spi;

	if (!n->ike || !sa)
		return;
	spi = sa->spi;
	if (hard)
		kernel_sa_delete(n, peer->index, IKE_OUTBOUND, spi);
	ike_sa_expired(n->ike, n->world->now, &n->nbma, &peer->nbma, spi, hard);
	node_turn(n);
}
