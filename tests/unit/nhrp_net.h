/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the NHRP room: a few cores, their SA pairs, their kernels' neighbours and a clock,
 * without any of the real ones. What every core did is kept as a list of records that a test looks
 * through. Packets take LATENCY, an SA pair takes SA_TIME from the first CONNECT.
 *
 * The article's addresses: node 0 is the hub (172.16.0.1, 10.0.1.2), nodes 1, 2 ... are the spokes
 * 172.16.0.2, .3 ... at 10.0.0.4, .6 ...
 */
#ifndef TESTS_NHRP_NET_H
#define TESTS_NHRP_NET_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "nhrp/nhrp.h"
#include "nhrp/packet.h"

#define NODES 4
#define HUB 0
#define A 1
#define B 2
#define C 3
#define LATENCY 10
#define SA_TIME 50
#define RECORDS 20000
#define FLIGHTS 512
#define TUNNEL 0 /* the interface's id at every node */

struct record {
	msec at;
	int node;
	enum nhrp_effect_kind kind;
	struct addr nbma;
	struct addr protocol;
	struct nhrp_event event;
	uint8_t type; /* of a packet sent */
	uint32_t request_id;
	uint64_t token;
};

enum flight_kind { FLIGHT_PACKET, FLIGHT_PAIR };

struct flight {
	msec due;
	enum flight_kind kind;
	int from;
	int to;
	size_t len;
	uint8_t packet[NHRP_PACKET_MAX];
};

/* Where a route of a node's kernel leads to: a node of the tunnel, or one of these. */
enum { ON_LINK = -1, ELSEWHERE = -2, LOCAL = -3 };

struct net_route {
	struct prefix prefix;
	int to;
};

struct net_shortcut {
	struct prefix prefix;
	struct addr gateway;
};

#define NET_ROUTES 16

struct node {
	struct nhrp *core;
	struct nhrp_config cfg;
	struct addr neighbour[16]; /* by the last octet of the protocol address */
	uint64_t traffic[NODES];   /* packets over the pair with that node since it was asked */
	int bind_error;
	struct net_route route[NET_ROUTES];
	size_t n_routes;
	struct net_shortcut shortcut[NET_ROUTES]; /* what ROUTE_ADD put in */
	size_t n_shortcuts;
	int route_error;
	bool slow_routes; /* does not answer QUERY_ROUTE by itself */
	bool slow_kernel; /* does not answer BIND by itself */
	uint64_t unanswered_token;
};

struct net {
	msec now;
	struct node node[NODES];
	bool pair[NODES][NODES];
	bool blocked[NODES][NODES]; /* CONNECT from the first to the second does not succeed */
	bool unprotected;	    /* no SA pairs: CONNECT is answered at once */
	bool natted[NODES];	    /* behind a NAT: others see it at nbma_of(), itself does not */
	bool punching;		    /* the NATs let two through who connect at the same time */
	msec tried[NODES][NODES];   /* the last CONNECT of the first to the second */
	/* True for a packet that is lost. */
	bool (*lose)(struct net *net, int from, int to, const struct nhrp_packet *p);
	int lost;
	struct flight flight[FLIGHTS];
	size_t n_flights;
	struct record record[RECORDS];
	size_t n_records;
};

static inline struct addr ip(const char *text)
{
	struct addr a = { 0 };

	cr_assert(addr_parse(text, &a), "%s", text);
	return a;
}

static inline struct addr nbma_of(int node)
{
	return node == HUB ? addr_v4(0x0a000102) : addr_v4(0x0a000002U + 2U * (unsigned int)node);
}

static inline struct addr protocol_of(int node)
{
	return addr_v4(0xac100001U + (unsigned int)node);
}

static inline int node_of(const struct addr *nbma)
{
	for (int k = 0; k < NODES; k++) {
		struct addr a = nbma_of(k);

		if (addr_equal(&a, nbma))
			return k;
	}
	return -1;
}

static inline const struct addr *neighbour(const struct net *net, int node, int of)
{
	return &net->node[node].neighbour[protocol_of(of).b[3] & 15];
}

/* ---- carrying out effects ---- */

static void net_drain(struct net *net, int k);

static inline void net_fly(struct net *net, struct flight f)
{
	cr_assert_lt(net->n_flights, FLIGHTS, "a packet storm");
	net->flight[net->n_flights++] = f;
}

static inline void net_pair_down(struct net *net, int a, int b)
{
	bool was = net->pair[a][b];

	net->pair[a][b] = net->pair[b][a] = false;
	for (size_t i = 0; i < net->n_flights; i++) {
		struct flight *f = &net->flight[i];

		if (f->kind == FLIGHT_PAIR && ((f->from == a && f->to == b) ||
					       (f->from == b && f->to == a)))
			net->flight[i--] = net->flight[--net->n_flights];
	}
	if (!was)
		return;
	if (net->node[a].core)
		nhrp_peer_down(net->node[a].core, net->now, TUNNEL, nbma_of(b));
	if (net->node[b].core)
		nhrp_peer_down(net->node[b].core, net->now, TUNNEL, nbma_of(a));
	net_drain(net, a);
	net_drain(net, b);
}

static inline void net_connect(struct net *net, int k, const struct addr *nbma)
{
	int to = node_of(nbma);

	if (net->unprotected) {
		nhrp_peer_up(net->node[k].core, net->now, TUNNEL, *nbma);
		return;
	}
	if (to < 0 || !net->node[to].core || net->blocked[k][to])
		return;
	net->tried[k][to] = net->now;
	if (net->natted[to] && !net->pair[k][to] &&
	    !(net->natted[k] && net->punching && net->tried[to][k] &&
	      net->now - net->tried[to][k] < 2000))
		return;
	if (net->pair[k][to]) {
		nhrp_peer_up(net->node[k].core, net->now, TUNNEL, *nbma);
		return;
	}
	for (size_t i = 0; i < net->n_flights; i++)
		if (net->flight[i].kind == FLIGHT_PAIR &&
		    ((net->flight[i].from == k && net->flight[i].to == to) ||
		     (net->flight[i].from == to && net->flight[i].to == k)))
			return;
	net_fly(net, (struct flight){
			     .due = net->now + SA_TIME, .kind = FLIGHT_PAIR, .from = k, .to = to });
}

static inline void net_send(struct net *net, int k, const struct nhrp_effect *e, struct record *r)
{
	struct flight f = { .due = net->now + LATENCY, .from = k, .to = node_of(&e->nbma) };
	struct nhrp_packet p;
	size_t offset;

	cr_assert_eq(nhrp_packet_parse(e->packet.data, e->packet.len, &p, &offset), 0);
	r->type = p.type;
	r->request_id = p.request_id;
	if (f.to < 0 || (!net->unprotected && !net->pair[k][f.to]))
		return;
	if (net->lose && net->lose(net, k, f.to, &p)) {
		net->lost++;
		return;
	}
	f.len = e->packet.len;
	memcpy(f.packet, e->packet.data, e->packet.len);
	net_fly(net, f);
}

static inline void net_bind(struct net *net, int k, const struct nhrp_effect *e)
{
	struct node *n = &net->node[k];

	if (n->slow_kernel) {
		n->unanswered_token = e->token;
		return;
	}
	if (!n->bind_error)
		n->neighbour[e->protocol.b[3] & 15] = e->nbma;
	nhrp_bound(n->core, net->now, e->token, n->bind_error);
}

static inline struct nhrp_route net_lookup(const struct node *n, const struct addr *to)
{
	const struct net_route *best = NULL;
	struct nhrp_route r = { .found = false };

	for (size_t i = 0; i < n->n_routes; i++)
		if (prefix_contains(&n->route[i].prefix, to) &&
		    (!best || n->route[i].prefix.bits >= best->prefix.bits))
			best = &n->route[i];
	if (best) {
		r.found = true;
		r.local = best->to == LOCAL;
		r.id = best->to == ELSEWHERE || r.local ? NHRP_ALL : TUNNEL;
		r.prefix = best->prefix;
		if (best->to >= 0)
			r.gateway = protocol_of(best->to);
	}
	return r;
}

static inline void net_shortcut_del(struct node *n, const struct prefix *prefix)
{
	for (size_t i = 0; i < n->n_shortcuts; i++)
		if (!memcmp(&n->shortcut[i].prefix, prefix, sizeof(*prefix)))
			n->shortcut[i--] = n->shortcut[--n->n_shortcuts];
}

static inline void net_shortcut_add(struct net *net, int k, const struct nhrp_effect *e)
{
	struct node *n = &net->node[k];

	/* Its gateway is a neighbour by now. */
	cr_expect(n->neighbour[e->protocol.b[3] & 15].len);
	net_shortcut_del(n, &e->prefix);
	cr_assert_lt(n->n_shortcuts, NET_ROUTES);
	if (!n->route_error)
		n->shortcut[n->n_shortcuts++] = (struct net_shortcut){ e->prefix, e->protocol };
	nhrp_routed(n->core, net->now, e->token, n->route_error);
}

static void net_drain(struct net *net, int k)
{
	struct nhrp_route route;
	struct node *n = &net->node[k];
	struct nhrp_effect e;

	while (n->core && nhrp_next_effect(n->core, &e)) {
		struct record *r = &net->record[net->n_records++];
		int to = node_of(&e.nbma);

		cr_assert_lt(net->n_records, RECORDS, "too much happened");
		*r = (struct record){ net->now, k, e.kind, e.nbma, e.protocol, e.event, 0, 0, e.token };
		switch (e.kind) {
		case NHRP_SEND:
			net_send(net, k, &e, r);
			break;
		case NHRP_CONNECT:
			net_connect(net, k, &e.nbma);
			break;
		case NHRP_RELEASE:
			if (to >= 0 && !net->unprotected)
				net_pair_down(net, k, to);
			break;
		case NHRP_BIND:
			net_bind(net, k, &e);
			break;
		case NHRP_UNBIND:
			n->neighbour[e.protocol.b[3] & 15] = (struct addr){ 0 };
			break;
		case NHRP_QUERY_USE:
			nhrp_used(n->core, net->now, TUNNEL, e.nbma, to < 0 ? 0 : n->traffic[to]);
			if (to >= 0)
				n->traffic[to] = 0;
			break;
		case NHRP_QUERY_ROUTE:
			route = net_lookup(n, &e.protocol);
			if (!n->slow_routes)
				nhrp_route(n->core, net->now, e.token, &route);
			break;
		case NHRP_ROUTE_ADD:
			net_shortcut_add(net, k, &e);
			break;
		case NHRP_ROUTE_DEL:
			net_shortcut_del(n, &e.prefix);
			break;
		case NHRP_MULTICAST_ADD:
		case NHRP_MULTICAST_DEL:
		case NHRP_SUSPECT:
		case NHRP_PROBE:
		case NHRP_EVENT:
			break;
		}
	}
}

/* ---- time ---- */

static inline void net_arrive(struct net *net, const struct flight *f)
{
	struct addr from = nbma_of(f->from);

	if (!net->node[f->from].core || !net->node[f->to].core) {
		return;
	} else if (f->kind == FLIGHT_PAIR) {
		net->pair[f->from][f->to] = net->pair[f->to][f->from] = true;
		nhrp_peer_nat(net->node[f->from].core, TUNNEL, nbma_of(f->to), net->natted[f->to]);
		nhrp_peer_nat(net->node[f->to].core, TUNNEL, from, net->natted[f->from]);
		nhrp_peer_up(net->node[f->from].core, net->now, TUNNEL, nbma_of(f->to));
		nhrp_peer_up(net->node[f->to].core, net->now, TUNNEL, from);
		net_drain(net, f->from);
	} else if (net->unprotected || net->pair[f->from][f->to]) {
		net->node[f->from].traffic[f->to]++;
		net->node[f->to].traffic[f->from]++;
		nhrp_peer_nat(net->node[f->to].core, TUNNEL, from, net->natted[f->from]);
		nhrp_input(net->node[f->to].core, net->now, TUNNEL, from, f->packet, f->len);
	}
	net_drain(net, f->to);
}

/* Everything that happens until then, in order. */
static inline void net_run(struct net *net, msec until)
{
	for (int k = 0; k < NODES; k++)
		net_drain(net, k);
	for (;;) {
		msec next = MSEC_NEVER;
		size_t first = SIZE_MAX;
		struct flight f;

		for (size_t i = 0; i < net->n_flights; i++)
			if (first == SIZE_MAX || net->flight[i].due < net->flight[first].due)
				first = i;
		if (first != SIZE_MAX)
			next = net->flight[first].due;
		for (int k = 0; k < NODES; k++)
			if (net->node[k].core)
				next = MIN(next, nhrp_deadline(net->node[k].core));
		if (next > until)
			break;
		net->now = MAX(net->now, next);
		if (first != SIZE_MAX && net->flight[first].due <= net->now) {
			f = net->flight[first];
			/* Keeps the order of those that are due at the same time. */
			memmove(&net->flight[first], &net->flight[first + 1],
				(net->n_flights - first - 1) * sizeof(f));
			net->n_flights--;
			net_arrive(net, &f);
		}
		for (int k = 0; k < NODES; k++) {
			if (net->node[k].core)
				nhrp_tick(net->node[k].core, net->now);
			net_drain(net, k);
		}
	}
	net->now = until;
}

/* ---- nodes ---- */

#define KEY ((struct span){ (const uint8_t *)"NHRP-KEY", 8 })

static const struct nhrp_map hub_map = { { 4, { 172, 16, 0, 1 } }, { 4, { 10, 0, 1, 2 } } };
static const struct nhrp_nhs_config hub_nhs = { .protocol = { 4, { 172, 16, 0, 1 } } };

static inline struct nhrp_config config_for(int k, bool behind_a_nat)
{
	struct nhrp_config cfg = { .address = { protocol_of(k), 24 },
				   .nbma = nbma_of(k),
				   .authentication = KEY,
				   .network_id = 100 };

	if (k != HUB && behind_a_nat)
		cfg.nbma = addr_v4(0xc0a80002U + 256U * (unsigned int)k);
	if (k != HUB) {
		cfg.maps = &hub_map;
		cfg.n_maps = 1;
		cfg.nhs = &hub_nhs;
		cfg.n_nhs = 1;
	}
	return cfg;
}

static inline struct nhrp_config config_of(int k)
{
	return config_for(k, false);
}

static inline void net_start_with(struct net *net, int k, struct nhrp_config cfg)
{
	uint8_t seed[DRBG_SEED] = { (uint8_t)k, (uint8_t)net->n_records };

	net->node[k].cfg = cfg;
	net->node[k].core = nhrp_new(seed, 0);
	nhrp_interface_add(net->node[k].core, net->now, TUNNEL, &cfg);
	net_drain(net, k);
}

static inline void net_start(struct net *net, int k)
{
	net_start_with(net, k, config_of(k));
}

/* Without a word to anybody, as kill -9; the others' pairs stay until they notice. */
static inline void net_kill(struct net *net, int k)
{
	struct node *n = &net->node[k];

	nhrp_free(n->core);
	*n = (struct node){ 0 };
	for (int j = 0; j < NODES; j++)
		net->pair[k][j] = net->pair[j][k] = false;
}

static inline struct net *net_new(void)
{
	return xcalloc(1, sizeof(struct net));
}

static inline void net_free(struct net *net)
{
	for (int k = 0; k < NODES; k++)
		nhrp_free(net->node[k].core);
	free(net);
}

/* Its own address is 192.168.k.2. */
static inline void net_start_natted(struct net *net, int k)
{
	net->natted[k] = true;
	net_start_with(net, k, config_for(k, true));
}

/* The article's network, registered. */
static inline struct net *net_up(int spokes)
{
	struct net *net = net_new();

	for (int k = 0; k <= spokes; k++)
		net_start(net, k);
	net_run(net, 1000);
	return net;
}

static inline void net_upcall(struct net *net, int k, int about)
{
	nhrp_resolve(net->node[k].core, net->now, TUNNEL, protocol_of(about));
	net_drain(net, k);
}

/* A's upcall about B until A has the direct path. */
static inline size_t resolve_a_to_b(struct net *net)
{
	size_t from = net->n_records;

	net_upcall(net, A, B);
	net_run(net, net->now + 500);
	return from;
}

/* ---- looking at it ---- */

/* Records of that node and kind from index `from` on. */
static inline size_t count_from(const struct net *net, size_t from, int node,
				enum nhrp_effect_kind kind)
{
	size_t n = 0;

	for (size_t i = from; i < net->n_records; i++)
		n += net->record[i].node == node && net->record[i].kind == kind;
	return n;
}

static inline const struct record *find_event(const struct net *net, size_t from, int node,
					      enum nhrp_event_kind kind)
{
	for (size_t i = from; i < net->n_records; i++)
		if (net->record[i].node == node && net->record[i].kind == NHRP_EVENT &&
		    net->record[i].event.kind == kind)
			return &net->record[i];
	return NULL;
}

/* Why the first of those happened; NHRP_WHY_NONE where none did. */
static inline enum nhrp_reason reason_of(const struct net *net, size_t from, int node,
					 enum nhrp_event_kind kind)
{
	const struct record *r = find_event(net, from, node, kind);

	return r ? r->event.reason : NHRP_WHY_NONE;
}

static inline size_t count_events(const struct net *net, size_t from, int node,
				  enum nhrp_event_kind kind)
{
	size_t n = 0;

	for (size_t i = from; i < net->n_records; i++)
		n += net->record[i].node == node && net->record[i].kind == NHRP_EVENT &&
		     net->record[i].event.kind == kind;
	return n;
}

static inline const struct record *find_effect(const struct net *net, size_t from, int node,
					       enum nhrp_effect_kind kind)
{
	for (size_t i = from; i < net->n_records; i++)
		if (net->record[i].node == node && net->record[i].kind == kind)
			return &net->record[i];
	return NULL;
}

static inline size_t count_sent(const struct net *net, size_t from, int node, enum nhrp_type type)
{
	size_t n = 0;

	for (size_t i = from; i < net->n_records; i++)
		n += net->record[i].node == node && net->record[i].kind == NHRP_SEND &&
		     net->record[i].type == (uint8_t)type;
	return n;
}

static inline bool entry_of(const struct net *net, int node, int about, struct nhrp_entry *out)
{
	struct addr protocol = protocol_of(about);
	const void *cursor = NULL;

	while (nhrp_entry_next(net->node[node].core, &cursor, out))
		if (addr_equal(&out->protocol, &protocol))
			return true;
	return false;
}

static inline struct nhrp_nhs nhs_of(const struct net *net, int node)
{
	const void *cursor = NULL;
	struct nhrp_nhs out = { 0 };

	cr_assert(nhrp_nhs_next(net->node[node].core, &cursor, &out));
	return out;
}

static inline struct nhrp_counters counters_of(const struct net *net, int node)
{
	struct nhrp_counters out;

	cr_assert(nhrp_counters_get(net->node[node].core, TUNNEL, &out));
	return out;
}

static inline bool points_to(const struct net *net, int node, int about, int at)
{
	struct addr nbma = nbma_of(at);

	return addr_equal(neighbour(net, node, about), &nbma);
}

/* A packet from outside of the cores: built, sent from the NBMA address of node `from`. */
static inline void net_inject(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	uint8_t out[NHRP_PACKET_MAX];
	size_t len = nhrp_packet_encode(p, out, sizeof(out));

	cr_assert_gt(len, 0);
	nhrp_input(net->node[to].core, net->now, TUNNEL, nbma_of(from), out, len);
	net_drain(net, to);
}

/* With the authentication that all nodes share. */
static inline void net_sign(struct nhrp_packet *p)
{
	static const uint8_t value[] = "\0\0\0\1NHRP-KEY";

	nhrp_extension_add(p, NHRP_EXT_AUTHENTICATION, (struct span){ value, 12 });
}

#endif
