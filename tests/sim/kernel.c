/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node's kernel does, as measured on Linux 6.1: the newest outbound SA to a destination
 * takes the packet; it arrives if the receiver has the inbound SA of that SPI, from that source,
 * with the same keys. Without an outbound SA the packet is lost and an ACQUIRE is raised, once per
 * destination and 30 s. An unknown neighbour is asked for once a second, three packets wait for it.
 */
#include "tests/sim/world.h"

#include <errno.h>

#define ACQUIRE_EXPIRES SECONDS(30)
#define NEIGHBOUR_WAIT	SECONDS(1)
#define NEIGHBOUR_QUEUE 3
#define DATA_LEN	1000
#define HOPS		4 /* more would be a loop */

/* ---- SAs ---- */

/* FNV-1a */
static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h;
}

static struct kernel_sa *find(const struct node *n, unsigned int peer, enum ike_direction direction,
			      uint32_t spi)
{
	struct kernel_sa *sa = n->kernel.sas[peer];

	while (sa && (sa->direction != direction || sa->spi != spi))
		sa = sa->next;
	return sa;
}

const struct kernel_sa *kernel_sa_find(const struct node *n, unsigned int peer,
				       enum ike_direction direction, uint32_t spi)
{
	return find(n, peer, direction, spi);
}

const struct kernel_sa *kernel_outbound(const struct node *n, unsigned int peer)
{
	const struct kernel_sa *sa = n->kernel.sas[peer];

	while (sa && sa->direction != IKE_OUTBOUND)
		sa = sa->next;
	return sa;
}

unsigned int kernel_sa_count(const struct node *n, unsigned int peer)
{
	unsigned int count = 0;

	for (const struct kernel_sa *sa = n->kernel.sas[peer]; sa; sa = sa->next)
		count++;
	return count;
}

/* The kernel knows an SA by destination and SPI. */
static bool is_taken(const struct node *n, const struct ike_ipsec_sa *sa, unsigned int peer)
{
	if (sa->direction == IKE_OUTBOUND)
		return find(n, peer, IKE_OUTBOUND, sa->spi) != NULL;
	for (unsigned int i = 0; i < n->world->nodes; i++)
		if (find(n, i, IKE_INBOUND, sa->spi))
			return true;
	return false;
}

struct sa_name {
	unsigned int peer;
	enum ike_direction direction;
	uint32_t spi;
	uint64_t serial;
};

static void sa_died(struct node *n, unsigned int peer, enum ike_direction direction, uint32_t spi,
		    bool hard)
{
	const struct addr *remote = &n->world->node[peer]->nbma;
	bool in = direction == IKE_INBOUND;

	if (hard)
		kernel_sa_delete(n, peer, direction, spi);
	world_tell(n->world, n, "SA %08x expires (%s)", spi, hard ? "hard" : "soft");
	if (!n->ike)
		return;
	ike_sa_expired(n->ike, n->world->now, in ? remote : &n->nbma, in ? &n->nbma : remote, spi,
		       hard);
	node_turn(n);
}

/* The time limit that the kernel was given. The node may be down: its kernel is not. */
static void time_is_over(struct world *w, struct node *none, void *arg)
{
	const struct sa_name *name = arg;
	struct node *n = w->node[name->serial >> 32];
	const struct kernel_sa *sa = find(n, name->peer, name->direction, name->spi);

	(void)none;
	if (sa && sa->serial == name->serial)
		sa_died(n, name->peer, name->direction, name->spi, true);
}

static uint64_t next_serial(struct node *n)
{
	return (uint64_t)n->index << 32 | (++n->kernel.serial & UINT32_MAX);
}

/* Its outbound SA is what a responder adds when message 3 has come. */
static void wake_inbound(struct node *n, unsigned int peer)
{
	for (struct kernel_sa *sa = n->kernel.sas[peer]; sa; sa = sa->next)
		sa->asleep = false;
}

int kernel_sa_add(struct node *n, const struct ike_ipsec_sa *in)
{
	unsigned int peer = index_of_nbma(&in->remote);
	struct world *w = n->world;
	struct sa_name name;
	struct kernel_sa *sa;

	world_check(w, addr_equal(&in->local, &n->nbma) && peer < w->nodes, "an SA of strangers");
	world_check(w, in->key.len + in->auth_key.len <= sizeof(sa->keys), "a key too long");
	if (n->kernel.refuse.count && n->kernel.refuse.direction == in->direction) {
		n->kernel.refuse.count--;
		return n->kernel.refuse.error;
	}
	if (is_taken(n, in, peer))
		return EEXIST;
	sa = xcalloc(1, sizeof(*sa));
	sa->direction = in->direction;
	sa->peer = peer;
	sa->spi = in->spi;
	sa->suite = in->suite;
	if (in->key.len)
		memcpy(sa->keys, in->key.data, in->key.len);
	if (in->auth_key.len)
		memcpy(sa->keys + in->key.len, in->auth_key.data, in->auth_key.len);
	sa->keys_len = in->key.len + in->auth_key.len;
	sa->key = mix(0xcbf29ce484222325u, sa->keys, sa->keys_len);
	sa->key = mix(sa->key, &sa->suite, sizeof(sa->suite));
	sa->serial = next_serial(n);
	sa->soft_bytes = in->soft_bytes;
	sa->hard_bytes = in->hard_bytes;
	sa->next = n->kernel.sas[peer];
	n->kernel.sas[peer] = sa;
	if (in->direction == IKE_OUTBOUND)
		wake_inbound(n, peer);
	else
		sa->asleep = n->cfg.late_inbound;
	if (in->replaces_spi)
		kernel_sa_delete(n, peer, IKE_OUTBOUND, in->replaces_spi);
	name = (struct sa_name){ peer, in->direction, in->spi, sa->serial };
	if (in->hard_seconds)
		world_after(w, SECONDS(in->hard_seconds), time_is_over, NULL,
			    xmemdup(&name, sizeof(name)));
	return 0;
}

static void sa_free(struct kernel_sa **at)
{
	struct kernel_sa *sa = *at;

	*at = sa->next;
	free(sa);
}

void kernel_sa_delete(struct node *n, unsigned int peer, enum ike_direction direction, uint32_t spi)
{
	struct kernel_sa **at = &n->kernel.sas[peer];

	world_tell(n->world, n, "delete %s SA %08x", direction == IKE_INBOUND ? "in" : "out", spi);
	while (*at && ((*at)->direction != direction || (*at)->spi != spi))
		at = &(*at)->next;
	if (*at)
		sa_free(at);
}

void kernel_flush(struct node *n)
{
	struct kernel kept = { 0 };

	for (unsigned int i = 0; i < WORLD_NODES; i++)
		while (n->kernel.sas[i])
			sa_free(&n->kernel.sas[i]);
	/* What is configured there, or learned anew at once, is not lost. */
	memcpy(kept.holds, n->kernel.holds, sizeof(kept.holds));
	memcpy(kept.to, n->kernel.to, sizeof(kept.to));
	n->kernel = kept;
}

void kernel_leave(struct node *n)
{
	for (unsigned int i = 0; i < n->world->nodes; i++) {
		n->kernel.neighbour[i].leftover = n->kernel.neighbour[i].known;
		n->kernel.shortcut[i].leftover = n->kernel.shortcut[i].known;
		for (struct kernel_sa *sa = n->kernel.sas[i]; sa; sa = sa->next)
			sa->leftover = true;
	}
}

void kernel_forget_neighbours(struct node *n)
{
	for (unsigned int i = 0; i < n->world->nodes; i++)
		if (n->kernel.neighbour[i].leftover)
			kernel_unbind(n, i);
}

void kernel_reconcile(struct node *n, unsigned int peer)
{
	struct kernel_sa **at = &n->kernel.sas[peer];

	while (*at)
		if ((*at)->leftover)
			sa_free(at);
		else
			at = &(*at)->next;
}

uint64_t kernel_packets(struct node *n, unsigned int peer)
{
	uint64_t packets = 0;

	for (struct kernel_sa *sa = n->kernel.sas[peer]; sa; sa = sa->next) {
		packets += sa->packets - sa->told;
		sa->told = sa->packets;
	}
	return packets;
}

/* ---- packets through SAs ---- */

static void acquire(struct node *n, unsigned int peer)
{
	struct world *w = n->world;
	const struct addr *remote = &w->node[peer]->nbma;
	msec last = n->kernel.acquired[peer];

	if ((last && w->now - last < ACQUIRE_EXPIRES) || !n->ike)
		return;
	n->kernel.acquired[peer] = w->now;
	if (n->nhrp && !nhrp_knows_nbma(n->nhrp, 0, *remote))
		return;
	world_tell(w, n, "ACQUIRE for %s", w->node[peer]->cfg.name);
	node_connect(n, w->node[peer]);
}

/* True where that was its last packet: the limit in octets is reached. */
static void count(struct node *n, struct kernel_sa *sa, size_t octets)
{
	sa->packets++;
	sa->bytes += octets;
	if (sa->hard_bytes && sa->bytes >= sa->hard_bytes) {
		sa_died(n, sa->peer, sa->direction, sa->spi, true);
	} else if (sa->soft_bytes && sa->bytes >= sa->soft_bytes && !sa->soft) {
		sa->soft = true;
		sa_died(n, sa->peer, sa->direction, sa->spi, false);
	}
}

void kernel_encapsulate(struct node *n, struct packet *p)
{
	struct world *w = n->world;
	const struct kernel_sa *sa = kernel_outbound(n, p->to);

	p->from = n->index;
	if (!sa) {
		unsigned int to = p->to;

		world_tell(w, n, "no SA for a packet to %s", w->node[to]->cfg.name);
		if (p->kind == PACKET_DATA)
			w->data.unprotected++;
		free(p);
		acquire(n, to);
		return;
	}
	p->spi = sa->spi;
	p->key = sa->key;
	network_send(w, p);
	count(n, find(n, sa->peer, IKE_OUTBOUND, sa->spi), DATA_LEN);
}

static void forward(struct node *n, struct packet *p);

static void data_arrived(struct node *n, const struct packet *p)
{
	struct world *w = n->world;

	if (p->lan ? n->kernel.holds[p->destination] : p->destination == n->index) {
		w->data.delivered++;
		n->seen.received++;
		return;
	}
	if (p->lan && p->hops >= HOPS) { /* while routes change */
		world_tell(w, n, "a packet to LAN %u goes round", p->destination);
		w->data.unrouted++;
		return;
	}
	world_check(w, p->hops < HOPS, "a packet to .%u goes round", p->destination);
	forward(n, xmemdup(p, sizeof(*p) + p->len));
	if (p->lan)
		lan_hairpin(n, p);
}

void kernel_receive(struct node *n, const struct packet *p)
{
	struct world *w = n->world;
	struct kernel_sa *sa = find(n, p->from, IKE_INBOUND, p->spi);

	if (!sa || sa->key != p->key || sa->asleep) {
		world_tell(w, n, "ESP %08x from %s: %s", p->spi, w->node[p->from]->cfg.name,
			   !sa		       ? "no such SA"
			   : sa->key != p->key ? "wrong key"
					       : "not usable yet");
		if (p->kind == PACKET_DATA)
			w->data.not_received++;
		return;
	}
	count(n, sa, DATA_LEN);
	if (p->kind == PACKET_DATA) {
		data_arrived(n, p);
	} else if (n->nhrp) {
		nhrp_input(n->nhrp, w->now, 0, w->node[p->from]->nbma, p->octets, p->len);
		node_turn(n);
	}
}

/* ---- neighbours ---- */

struct question {
	unsigned int node, destination;
};

static void not_found(struct world *w, struct node *none, void *arg)
{
	const struct question *q = arg;
	struct neighbour *to = &w->node[q->node]->kernel.neighbour[q->destination];

	(void)none;
	if (to->known)
		return;
	w->data.unresolved += to->waiting;
	to->waiting = 0;
	to->asked = false;
}

static void ask(struct node *n, unsigned int destination)
{
	struct neighbour *to = &n->kernel.neighbour[destination];
	struct question q = { n->index, destination };

	if (to->asked)
		return;
	to->asked = true;
	world_after(n->world, NEIGHBOUR_WAIT, not_found, NULL, xmemdup(&q, sizeof(q)));
	if (!n->nhrp)
		return;
	world_tell(n->world, n, "who is .%u?", destination);
	nhrp_resolve(n->nhrp, n->world->now, 0, n->world->node[destination]->tunnel);
	node_turn(n);
}

/* To a LAN: through its gateway, who is a neighbour like others. */
static void forward_to_lan(struct node *n, struct packet *p)
{
	unsigned int gateway = lan_gateway(n, p->destination);
	struct neighbour *to = gateway == NOBODY ? NULL : &n->kernel.neighbour[gateway];

	p->hops++;
	if (to && to->known) {
		p->to = to->nbma;
		kernel_encapsulate(n, p);
		return;
	}
	if (to)
		n->world->data.unresolved++;
	else
		n->world->data.unrouted++;
	world_tell(n->world, n, "no %s for LAN %u", to ? "neighbour" : "route", p->destination);
	free(p);
	if (to)
		ask(n, gateway);
}

/* Data packets are alike, so the queue of a neighbour is a number. */
static void forward(struct node *n, struct packet *p)
{
	struct neighbour *to = &n->kernel.neighbour[p->destination];
	unsigned int destination = p->destination;

	if (p->lan) {
		forward_to_lan(n, p);
		return;
	}
	p->hops++;
	if (to->known) {
		p->to = to->nbma;
		kernel_encapsulate(n, p);
		return;
	}
	if (to->waiting < NEIGHBOUR_QUEUE)
		to->waiting++;
	else
		n->world->data.unresolved++;
	free(p);
	ask(n, destination);
}

void kernel_bind(struct node *n, unsigned int destination, unsigned int nbma)
{
	struct neighbour *to = &n->kernel.neighbour[destination];

	world_check(n->world, destination < n->world->nodes && nbma < n->world->nodes,
		    "a neighbour of another world");
	world_tell(n->world, n, ".%u is at %s", destination, n->world->node[nbma]->cfg.name);
	to->known = true;
	to->leftover = false;
	to->nbma = nbma;
	to->asked = false;
	while (to->waiting) {
		struct packet *p = packet_new(PACKET_DATA, n->index, nbma, NULL, 0);

		to->waiting--;
		p->source = n->index;
		p->destination = destination;
		p->hops = 1;
		kernel_encapsulate(n, p);
	}
}

void kernel_unbind(struct node *n, unsigned int destination)
{
	world_tell(n->world, n, ".%u is gone", destination);
	n->kernel.neighbour[destination].known = n->kernel.neighbour[destination].leftover = false;
	n->kernel.neighbour[destination].asked = false;
}

void kernel_send_data(struct node *n, const struct node *destination)
{
	struct packet *p = packet_new(PACKET_DATA, n->index, destination->index, NULL, 0);

	n->world->data.sent++;
	p->source = n->index;
	p->destination = destination->index;
	p->lan = n->world->lans;
	if (n->cfg.nhrp)
		forward(n, p);
	else
		kernel_encapsulate(n, p);
}

struct flow {
	unsigned int from, to, number;
	msec interval;
};

/* Kernels send on when their daemons are dead. */
static void flow_on(struct world *w, struct node *none, void *arg)
{
	const struct flow *f = arg;

	(void)none;
	if (f->number != w->flows)
		return;
	kernel_send_data(w->node[f->from], w->node[f->to]);
	world_after(w, f->interval, flow_on, NULL, xmemdup(f, sizeof(*f)));
}

void data_flow(struct node *a, struct node *b, msec interval)
{
	struct flow there = { a->index, b->index, a->world->flows, interval };
	struct flow back = { b->index, a->index, a->world->flows, interval };

	world_after(a->world, 0, flow_on, NULL, xmemdup(&there, sizeof(there)));
	world_after(a->world, 0, flow_on, NULL, xmemdup(&back, sizeof(back)));
}

void data_stop(struct world *w)
{
	w->flows++;
}
