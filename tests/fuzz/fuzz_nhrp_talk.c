/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole conversations of NHRP: two hubs and two spokes, of which one may be behind a NAT, each with
 * a kernel's neighbours, routes and SA pairs. The input is a script: which packet arrives, which is
 * lost, comes again, or comes changed; what is forged, with the right key and checksum; what the
 * kernel and the owner do, which pairs come and go, how time goes by.
 *
 * After every step each core's own accounts must agree, and with its kernel's: no timer without an
 * owner, counts right, limits kept, nothing sent to a peer whose pair is down, no copy of multicast
 * either, no pseudo address told to anybody. At the end everything that others caused ends by itself.
 *
 *     tests/fuzz/run.sh nhrp_talk
 *
 * LINK: nhrp/ lib/ tests/fuzz/replay.c
 */
#include <stdio.h>

#include "nhrp/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)                                                              \
	do {                                                                         \
		if (!(condition)) {                                                  \
			fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #condition); \
			abort();                                                     \
		}                                                                    \
	} while (0)

#define NODES 4 /* hubs 0 and 1, spokes 2 and 3 */
#define HUBS 2
#define TUNNEL 5
#define STEPS 200    /* of a script, at most */
#define FLIGHTS 64
#define EFFECTS 5000 /* in one step: more is a storm */
#define BINDINGS 24
#define HOLDING 60   /* s */

struct flight {
	bool pair; /* not a packet, an SA pair that comes up */
	int from, to;
	struct addr source;
	size_t len;
	uint8_t octets[NHRP_PACKET_MAX];
};

struct node {
	struct nhrp *core;
	struct nhrp_config cfg;
	struct addr neighbour[256]; /* by the last octet */
	bool listens[NODES + 1];
	bool up[NODES + 1]; /* as it was told; the last is the pseudo address */
	bool behind;	    /* it was told of a pair's end before it said all that it had to */
	bool draining;
	int error; /* of the next BIND or ROUTE_ADD */
};

static struct node node[NODES];
static struct flight flights[FLIGHTS]; /* a ring */
static size_t first_flight, n_flights;
static bool silence; /* nothing flies any more */
static uint32_t ids[8]; /* seen lately */
static unsigned int n_ids;
static msec now;
static bool natted;
static struct reader script;

/* ---- addresses ---- */

static const struct addr pseudo = { 4, { 243, 165, 199, 30 } };

static struct addr nbma_of(int k)
{
	return k == NODES ? pseudo : addr_v4(0x0a000001U + (unsigned int)k);
}

static struct addr protocol_of(int k)
{
	return addr_v4(0xac100001U + (unsigned int)k);
}

static int node_of(const struct addr *nbma)
{
	for (int k = 0; k <= NODES; k++) {
		struct addr a = nbma_of(k);

		if (addr_equal(&a, nbma))
			return k;
	}
	return -1;
}

static bool is_natted(int k)
{
	return k == NODES || (natted && k == 2);
}

/* One that means something, or nearly. */
static struct addr some_protocol(void)
{
	uint8_t c = read_u8(&script);

	if (c < 160)
		return addr_v4(0xac100000U + c % 12);
	if (c < 200)
		return addr_v4(0x0a010000U + (uint32_t)(c % NODES) * 65536U + c);
	return c < 210	 ? (struct addr){ 0 }
	       : c < 220 ? addr_v4(0xac1000ff)
	       : c < 230 ? addr_v4(0xe0000005)
			 : addr_v4(0x08080800U + c);
}

static struct addr some_nbma(void)
{
	uint8_t c = read_u8(&script);

	return c < 160	 ? nbma_of(c % NODES)
	       : c < 200 ? (struct addr){ 0 }
	       : c < 230 ? addr_v4(0xc0a80202)
	       : c < 240 ? addr_v4(0xe0000005)
			 : addr_v4(0x09000000U + c);
}

/* ---- what must hold ---- */

static size_t armed(const struct timer *t)
{
	return timer_armed(t);
}

static size_t binding_timers(const struct node *n, const struct binding *b, size_t *dynamic,
			     size_t *unresolved)
{
	const struct addr *kernel = &n->neighbour[b->protocol.b[3]];

	*dynamic += b->type != NHRP_ENTRY_LOCAL && b->type != NHRP_ENTRY_STATIC;
	*unresolved += b->type == NHRP_ENTRY_INCOMPLETE || b->type == NHRP_ENTRY_NEGATIVE;
	MUST(b->type == NHRP_ENTRY_LOCAL || b->type == NHRP_ENTRY_STATIC || timer_armed(&b->life));
	/* A map that the kernel refused stays, and is said again when the kernel asks. */
	MUST(b->type == NHRP_ENTRY_LOCAL || addr_equal(kernel, &b->path) ||
	     (b->type == NHRP_ENTRY_STATIC && !kernel->len));
	MUST(b->step != STEP_DIRECT || (b->peer->up && addr_equal(&b->path, &b->peer->nbma)));
	MUST(!(b->flags & NHRP_FLAG_REGISTERED) || b->peer);
	return armed(&b->step_timer) + armed(&b->life);
}

static size_t peer_timers(const struct node *n, const struct peer *p, size_t *held,
			  size_t *dynamic)
{
	unsigned int known = 0, wanted = (p->n_held ? 1U : 0U) + p->multicast, registered = 0;
	const struct iface *i = p->iface;
	const struct binding *b;
	const struct told *t;
	size_t timers = armed(&p->connect) + armed(&p->held_timer) + armed(&p->lease);
	int k = node_of(&p->nbma);

	LIST_FOREACH (b, &p->bindings, same_peer) {
		known += !b->wants;
		wanted += b->wants;
		registered += b->flags & NHRP_FLAG_REGISTERED ? 1 : 0;
	}
	LIST_FOREACH (t, &p->told, same_peer) {
		timers += armed(&t->timer);
		known++;
		++*dynamic;
	}
	for (size_t s = 0; s < i->n_nhs; s++)
		wanted += i->nhs[s].peer == p && i->nhs[s].wanted;
	*held += p->n_held;
	MUST(known == p->known && wanted == p->wanted);
	MUST(p->up || !p->wanted || timer_armed(&p->connect));
	MUST(!p->listening || p->up);
	MUST(registered <= i->cfg.max_bindings_per_nbma);
	MUST(k < 0 || (p->up == n->up[k] && p->listening == n->listens[k]));
	return timers;
}

static void check(const struct node *n)
{
	const struct iface *i = iface_find(n->core, TUNNEL);
	size_t timers = 0, dynamic = 0, unresolved = 0, held = 0;

	if (!i) {
		MUST(n->core->timers.len == 0 && !n->core->n_dynamic);
		return;
	}
	for (const struct binding *b = i->bindings; b; b = b->hh.next)
		timers += binding_timers(n, b, &dynamic, &unresolved);
	for (const struct peer *p = i->peers; p; p = p->hh.next)
		timers += peer_timers(n, p, &held, &dynamic);
	for (const struct shortcut *s = i->shortcuts; s; s = s->hh.next)
		timers += armed(&s->step) + armed(&s->life), dynamic++;
	for (size_t k = 0; k < i->n_nhs; k++)
		timers += armed(&i->nhs[k].timer) + armed(&i->nhs[k].fallback);
	MUST(timers + HASH_COUNT(i->purges) == n->core->timers.len);
	MUST(dynamic == n->core->n_dynamic && dynamic <= BINDINGS);
	MUST(unresolved == i->n_unresolved && held == i->n_held);
	MUST(!i->nhs_in_use || i->nhs_in_use->peer->up);
}

/* ---- carrying out effects ---- */

static void push(const struct flight *p)
{
	if (silence)
		return;
	if (n_flights == FLIGHTS) { /* the oldest is lost */
		first_flight++;
		n_flights--;
	}
	flights[(first_flight + n_flights++) % FLIGHTS] = *p;
}

static void send_packet(int k, const struct nhrp_effect *e)
{
	struct flight f = { .from = k, .to = node_of(&e->nbma), .source = nbma_of(k) };
	struct nhrp_packet p;
	size_t offset;

	MUST(f.to < 0 || node[k].up[f.to] || node[k].behind);
	MUST(!memmem(e->packet.data, e->packet.len, pseudo.b, pseudo.len));
	MUST(!nhrp_packet_parse(e->packet.data, e->packet.len, &p, &offset));
	ids[n_ids++ % ARRAY_SIZE(ids)] = p.request_id;
	f.len = e->packet.len;
	memcpy(f.octets, e->packet.data, e->packet.len);
	if (f.to >= 0 && f.to < NODES)
		push(&f);
}

/* 10.(1+k).0.0/16 is behind node k. */
static void answer_route(struct node *n, int k, const struct nhrp_effect *e)
{
	unsigned int behind = e->protocol.b[1] - 1U;
	struct nhrp_route r = { .found = e->protocol.b[0] == 10 && behind < NODES,
				.id = (int)behind == k ? NHRP_ALL : TUNNEL,
				.prefix = { addr_v4(addr_to_v4(&e->protocol) & 0xffff0000U), 16 } };

	if (r.found && r.id == TUNNEL)
		r.gateway = protocol_of((int)behind);
	nhrp_route(n->core, now, e->token, &r);
}

static void pair_is(int a, int b, bool up);
static void drain(int k);

static void effect(int k, const struct nhrp_effect *e)
{
	struct node *n = &node[k];
	int to = node_of(&e->nbma);

	switch (e->kind) {
	case NHRP_SEND:
		send_packet(k, e);
		break;
	case NHRP_CONNECT:
		if (to >= 0 && to < NODES && n->up[to])
			nhrp_peer_up(n->core, now, TUNNEL, e->nbma);
		else if (to >= 0 && to < NODES && to != k && !is_natted(to))
			push(&(struct flight){ .pair = true, .from = k, .to = to });
		break;
	case NHRP_RELEASE:
		if (to >= 0)
			n->up[to] = false;
		if (to >= 0 && to < NODES)
			pair_is(k, to, false);
		break;
	case NHRP_BIND:
		if (!n->error)
			n->neighbour[e->protocol.b[3]] = e->nbma;
		nhrp_bound(n->core, now, e->token, n->error);
		n->error = 0;
		break;
	case NHRP_UNBIND:
		n->neighbour[e->protocol.b[3]] = (struct addr){ 0 };
		break;
	case NHRP_QUERY_USE:
		nhrp_used(n->core, now, TUNNEL, e->nbma, read_u8(&script));
		break;
	case NHRP_QUERY_ROUTE:
		answer_route(n, k, e);
		break;
	case NHRP_ROUTE_ADD:
		MUST(n->neighbour[e->protocol.b[3]].len);
		nhrp_routed(n->core, now, e->token, n->error);
		n->error = 0;
		break;
	case NHRP_MULTICAST_ADD:
	case NHRP_MULTICAST_DEL:
		if (to >= 0) {
			MUST(n->listens[to] == (e->kind == NHRP_MULTICAST_DEL));
			n->listens[to] = e->kind == NHRP_MULTICAST_ADD;
		}
		break;
	case NHRP_SUSPECT:
	case NHRP_PROBE:
	case NHRP_ROUTE_DEL:
	case NHRP_EVENT:
		break;
	}
}

static void drain(int k)
{
	struct node *n = &node[k];
	struct nhrp_effect e;

	/* One that is at it already goes on. */
	if (n->draining)
		return;
	n->draining = true;
	for (int count = 0; nhrp_next_effect(n->core, &e); count++) {
		MUST(count < EFFECTS);
		effect(k, &e);
	}
	n->draining = n->behind = false;
}

static void drain_all(void)
{
	for (int round = 0; round < 4; round++)
		for (int k = 0; k < NODES; k++)
			drain(k);
}

static void tell_pair(int k, int other, bool up)
{
	struct node *n = &node[k];

	n->behind |= n->draining;
	drain(k);
	if (up) {
		nhrp_peer_nat(n->core, TUNNEL, nbma_of(other), is_natted(other));
		n->up[other] = iface_find(n->core, TUNNEL) != NULL;
		nhrp_peer_up(n->core, now, TUNNEL, nbma_of(other));
	} else if (n->up[other]) {
		n->up[other] = false;
		nhrp_peer_down(n->core, now, TUNNEL, nbma_of(other));
	}
}

static void pair_is(int a, int b, bool up)
{
	if (a == b)
		return;
	tell_pair(a, b, up);
	tell_pair(b, a, up);
}

/* ---- nodes ---- */

static const struct nhrp_cluster cluster = { 0, 1 };
static struct addr static_listener;
static struct nhrp_nhs_config servers[HUBS];

static struct nhrp_config config_of(int k, uint8_t how)
{
	static const struct nhrp_authorize allowed = { { (const uint8_t *)"b", 1 },
						       { 4, { 172, 16, 0, 8 } } };
	struct nhrp_config cfg = { .address = { protocol_of(k), 24 },
				   .nbma = nbma_of(k),
				   .holding_time = HOLDING,
				   .hold_down = 20,
				   .authentication = { (const uint8_t *)"key", 3 },
				   .redirect = k < HUBS,
				   .shortcut = k >= HUBS,
				   .no_unique = how & 1,
				   .answer = how & 2 ? NHRP_ANSWER : NHRP_FORWARD,
				   .multicast_dynamic = how & 4,
				   .fallback = how & 8 ? 10 : 0,
				   .max_bindings_per_nbma = 4,
				   .max_resolutions = 8 };

	for (int s = 0; s < HUBS; s++)
		servers[s] = (struct nhrp_nhs_config){ .protocol = protocol_of(s),
						       .nbma = nbma_of(s),
						       .priority = (uint8_t)(how & 16 ? 9 - s : s),
						       .multicast = how & 32 };
	static_listener = nbma_of(HUBS);
	if (is_natted(k))
		cfg.nbma = addr_v4(0xc0a80202);
	if (k >= HUBS) {
		cfg.nhs = servers;
		cfg.n_nhs = HUBS;
		cfg.clusters = &cluster;
		cfg.n_clusters = how & 64 ? 1 : 0;
	} else {
		cfg.authorize = &allowed;
		cfg.n_authorize = how & 64 ? 1 : 0;
		cfg.multicast = &static_listener;
		cfg.n_multicast = how & 128 ? 1 : 0;
	}
	return cfg;
}

static void start(uint8_t how)
{
	for (int k = 0; k < NODES; k++) {
		uint8_t seed[DRBG_SEED] = { (uint8_t)k };
		struct nhrp_config cfg = config_of(k, how);

		memset(&node[k], 0, sizeof(node[k]));
		node[k].core = nhrp_new(seed, BINDINGS);
		nhrp_interface_add(node[k].core, now, TUNNEL, &cfg);
	}
	drain_all();
}

/* ---- packets ---- */

static void arrive(const struct flight *f)
{
	struct node *n = &node[f->to];

	if (f->pair) {
		pair_is(f->from, f->to, true);
	} else if (!memmem(f->octets, f->len, pseudo.b, pseudo.len)) { /* nobody knows it */
		nhrp_peer_nat(n->core, TUNNEL, f->source, is_natted(node_of(&f->source)));
		nhrp_input(n->core, now, TUNNEL, f->source, f->octets, f->len);
	}
	drain_all();
}

static struct flight take(void)
{
	struct flight f = { .to = -1 };

	if (n_flights) {
		n_flights--;
		f = flights[first_flight++ % FLIGHTS];
	}
	return f;
}

static void put_checksum_right(struct flight *f)
{
	uint16_t sum;

	if (f->len < NHRP_HEADER)
		return;
	f->octets[10] = (uint8_t)(f->len >> 8);
	f->octets[11] = (uint8_t)f->len;
	f->octets[12] = f->octets[13] = 0;
	sum = nhrp_checksum(f->octets, f->len);
	f->octets[12] = (uint8_t)(sum >> 8);
	f->octets[13] = (uint8_t)sum;
}

static void arrive_changed(struct flight *f, bool right)
{
	for (unsigned int n = read_u8(&script) % 4 + 1U; n && f->len; n--) {
		size_t at = read_u8(&script) % f->len;
		uint8_t how = read_u8(&script), value = read_u8(&script);

		if (how % 4 == 0)
			f->octets[at] = value;
		else if (how % 4 == 1)
			f->octets[at] = (uint8_t)(f->octets[at] ^ 1U << value % 8);
		else if (how % 4 == 2)
			f->len = at;
		else if (f->len + 4 < sizeof(f->octets))
			memset(f->octets + f->len, value, 4), f->len += 4;
	}
	if (right)
		put_checksum_right(f);
	arrive(f);
}

static struct nhrp_cie some_cie(void)
{
	return (struct nhrp_cie){ .code = (uint8_t)(read_u8(&script) % 16 * (script.bad ? 0 : 1)),
				  .prefix = read_u8(&script),
				  .mtu = read_u16(&script),
				  .holding_time = read_u8(&script),
				  .preference = read_u8(&script),
				  .nbma = some_nbma(),
				  .protocol = some_protocol() };
}

static void forge(void)
{
	static const uint8_t key[] = { 0, 0, 0, 1, 'k', 'e', 'y' };
	uint8_t how = read_u8(&script), entry[NHRP_CIE_OCTETS * 3], room[NHRP_PACKET_MAX];
	struct writer w = writer_of(entry, sizeof(entry));
	struct flight f = { .to = how % NODES,
			    .source = how % 16 == 15 ? pseudo : some_nbma() };
	struct nhrp_packet p = { .hop_count = (uint8_t)(how & 0x80 ? 255 : 1 + how % 3),
				 .type = (uint8_t)(1 + read_u8(&script) % (NHRP_TYPES - 1)),
				 .flags = read_u16(&script),
				 .source_nbma = some_nbma(),
				 .source = some_protocol(),
				 .destination = some_protocol() };

	p.request_id = how & 0x40 ? ids[how % ARRAY_SIZE(ids)] : how;
	for (unsigned int n = read_u8(&script) % 5; n; n--)
		p.cies[p.n_cies++] = some_cie();
	if (p.type >= NHRP_ERROR_INDICATION) {
		p.n_cies = 0;
		p.code = read_u8(&script);
		p.inner = read_span(&script, MIN(reader_left(&script), (size_t)(how / 2)));
	}
	for (unsigned int n = read_u8(&script) % 4; n; n--) {
		struct nhrp_cie cie = some_cie();
		size_t at = w.len;

		nhrp_cie_write(&w, &cie);
		nhrp_extension_add(&p, 3U + read_u8(&script) % 8,
				   (struct span){ entry + at, w.bad ? 0 : w.len - at });
	}
	if (p.type != NHRP_ERROR_INDICATION)
		nhrp_extension_add(&p, NHRP_EXT_AUTHENTICATION, (struct span){ key, sizeof(key) });
	f.len = nhrp_packet_encode(&p, room, sizeof(room));
	memcpy(f.octets, room, f.len);
	if (f.source.len)
		arrive(&f);
}

/* ---- the script ---- */

static void wait(msec how_long)
{
	msec until = now + how_long;

	for (int rounds = 0; rounds < 100000; rounds++) {
		msec next = until;

		for (int k = 0; k < NODES; k++)
			next = MIN(next, nhrp_deadline(node[k].core));
		now = MAX(now, next);
		for (int k = 0; k < NODES; k++)
			nhrp_tick(node[k].core, now);
		drain_all();
		if (now >= until && next >= until)
			return;
	}
	MUST(!"time stands still");
}

static void owner_acts(int k)
{
	struct nhrp *n = node[k].core;
	uint8_t how = read_u8(&script), more = read_u8(&script);
	struct addr nbma = nbma_of(more % (NODES + 1));
	struct nhrp_config cfg = config_of(k, more);

	switch (how % 12) {
	case 0:
		nhrp_clear(n, now, how & 16 ? NHRP_ALL : TUNNEL,
			   more & 1 ? some_protocol() : (struct addr){ 0 });
		break;
	case 1:
		nhrp_interface_configure(n, now, TUNNEL, &cfg);
		break;
	case 2:
		nhrp_interface_rebind(n, now, TUNNEL);
		break;
	case 3:
		nhrp_interface_remove(n, now, TUNNEL);
		drain_all();
		for (int j = 0; j < NODES; j++)
			pair_is(k, j, false);
		nhrp_interface_add(n, now, TUNNEL, &cfg);
		break;
	case 4:
		nhrp_nhs_address(n, now, TUNNEL, protocol_of(more % HUBS), nbma_of(more % NODES));
		break;
	case 5:
		nhrp_peer_identity(n, TUNNEL, nbma,
				   (struct span){ (const uint8_t *)"ab", more % 3U });
		break;
	case 6:
		node[k].error = more;
		break;
	case 7:
		nhrp_routes_changed(n, now, (struct prefix){ addr_v4(0x0a000000), more % 33 });
		break;
	case 8:
	case 9:
		nhrp_resolve(n, now, TUNNEL, some_protocol());
		break;
	default: {
		uint8_t packet[28] = { 0x45, [15] = 1 };
		struct addr from = some_protocol(), to = some_protocol();

		memcpy(packet + 12, from.b, 4);
		memcpy(packet + 16, to.b, 4);
		nhrp_hairpin(n, now, TUNNEL, (struct span){ packet, more % sizeof(packet) + 1U });
	}
	}
	drain_all();
}

static void step(void)
{
	uint8_t op = read_u8(&script);
	int k = op >> 4 & 3, other;
	struct flight f;

	switch (op % 16) {
	case 0:
	case 1:
	case 2:
		for (int n = 1 + (op >> 4); n && n_flights; n--) {
			f = take();
			arrive(&f);
		}
		break;
	case 3: /* lost */
		take();
		break;
	case 4: /* later than the next, or twice */
		f = take();
		if (f.to < 0)
			break;
		if (op & 0x40)
			arrive(&f);
		push(&f);
		break;
	case 5:
	case 6:
		f = take();
		if (f.to >= 0 && !f.pair)
			arrive_changed(&f, op & 0x40);
		break;
	case 7:
	case 8:
		forge();
		break;
	case 9:
		other = read_u8(&script) % (NODES + 1);
		if (other < NODES)
			pair_is(k, other, op & 0x40);
		else
			tell_pair(k, other, op & 0x40);
		drain_all();
		break;
	case 10:
	case 11:
		wait((msec)read_u8(&script) * 100);
		break;
	default:
		owner_acts(k);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t first;

	script = reader_of(data, len);
	first = read_u8(&script);
	natted = first & 1;
	now = n_flights = n_ids = 0;
	silence = false;
	start(read_u8(&script));
	/* The fuzzer need not learn the beginning by itself. */
	for (int n = first & 2 ? 40 : 0; n && n_flights; n--) {
		struct flight f = take();

		arrive(&f);
	}
	for (int i = 0; i < STEPS && reader_left(&script); i++) {
		step();
		for (int k = 0; k < NODES; k++)
			check(&node[k]);
	}
	/* Nobody hears anybody any more: in time all of it goes. */
	script = reader_of(NULL, 0);
	silence = true;
	for (int k = 0; k < NODES; k++)
		for (int j = 0; j <= NODES; j++)
			tell_pair(k, j, false);
	drain_all();
	wait(SECONDS(3 * 300));
	for (int k = 0; k < NODES; k++) {
		check(&node[k]);
		MUST(node[k].core->n_dynamic == 0);
		nhrp_interface_remove(node[k].core, now, TUNNEL);
		drain_all();
		check(&node[k]);
	}
	for (int k = 0; k < NODES; k++)
		nhrp_free(node[k].core);
	return 0;
}
