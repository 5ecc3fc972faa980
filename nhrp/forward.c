/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of others: answered for ourselves, for what is behind us and for our maps, forwarded to
 * the client who owns the address or to whom the routing table sends packets for it, refused. And
 * what comes back for a client that asked through us.
 *
 * The egress answers the requester directly, over an SA pair of their own, also where the request
 * came through a server: the reply waits until the pair is up, and takes the way back through the
 * server if it does not come up. The requester's NBMA address is believed because the server that
 * forwarded the request has compared it with the outer source of a registered client.
 *
 * Behind a NAT (message.c says what is on the wire) nobody can be reached first: who is behind one
 * connects to who is not. So an egress that is not answers a requester that is through the server,
 * and waits for it. If both are behind one, both try at the same time, which some NATs let through;
 * with the others the paths stay on the server. A peer with a pseudo address is not to be reached by
 * anybody else, and nobody is told of it.
 *
 * An egress whose pair with the requester is up on one side only would answer into nothing; so a
 * request that comes again through the server is answered through the server.
 *
 * An address outside the tunnel's prefix (phase 3) goes where its route goes: the request waits for
 * the answer to a question about it. If packets for it leave the tunnel here, so does the request:
 * we are the egress and answer with the prefix of the route.
 *
 * Place for later: serve() only knows requests of clients of our own. One that came from another
 * server, about an address behind a server or a client of ours, would be sent on there likewise.
 */
#include "nhrp/core.h"

struct passage {
	enum nhrp_extension_type record; /* the transit record of this direction */
	uint8_t room[NHRP_PACKET_MAX];
	struct nat_room nat;
};

static bool in_record(const struct iface *i, struct nhrp_packet *p, enum nhrp_extension_type type)
{
	const struct nhrp_extension *e = nhrp_extension_find(p, type);
	struct reader r = reader_of_span(e ? e->value : (struct span){ NULL, 0 });

	while (reader_left(&r)) {
		struct nhrp_cie cie = nhrp_cie_read(&r);

		if (addr_equal(&cie.protocol, &i->cfg.address.addr))
			return true;
	}
	return false;
}

static void add_to_record(const struct iface *i, struct nhrp_packet *p, struct passage *way)
{
	struct nhrp_extension *e = nhrp_extension_find(p, way->record);
	struct writer w = writer_of(way->room, sizeof(way->room));
	struct nhrp_cie own = message_own_cie(i);

	if (!e) /* the requester did not ask for it */
		return;
	write_span(&w, e->value);
	nhrp_cie_write(&w, &own);
	/* One that does not fit makes the packet too large to send, which is told then. */
	if (!w.bad)
		e->value = (struct span){ way->room, w.len };
}

/* Who it comes from is seen here at another address than it says, and others must know. */
static void add_translation(const struct arrival *a, struct passage *way)
{
	struct nhrp_packet *p = a->packet;
	bool request = p->type == NHRP_RESOLUTION_REQUEST;
	const struct addr *who = request ? &p->source : &p->destination;
	const struct binding *b = binding_find(a->iface, who);

	if (p->type == NHRP_ERROR_INDICATION || !b || !b->inside.len || !b->peer ||
	    !addr_equal(&b->peer->nbma, &a->from) || message_nat_address(p, who).len)
		return;
	message_nat_add(p, who, &a->from, &way->nat);
}

static void loop(const struct arrival *a)
{
	struct nhrp_packet *p = a->packet;

	a->iface->counters.loops++;
	event(a->iface, NHRP_EV_LOOP, WARNING, .nbma = a->from, .type = p->type,
	      .source = p->source, .protocol = p->destination, .request_id = p->request_id);
	message_error(a->iface, a->now, &a->from, NHRP_ERROR_LOOP, 0, p, a->raw);
}

/* One hop further; true where it left. */
static bool pass_on(const struct arrival *a, struct peer *to, enum nhrp_extension_type record)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;
	struct passage way = { .record = record };

	if (in_record(i, p, record)) {
		loop(a);
		return false;
	}
	if (p->hop_count <= 1) {
		event(i, NHRP_EV_HOP_COUNT, WARNING, .nbma = a->from, .type = p->type,
		      .source = p->source, .protocol = p->destination,
		      .request_id = p->request_id);
		message_error(i, a->now, &a->from, NHRP_ERROR_HOP_COUNT, 9, p, a->raw);
		return false;
	}
	p->hop_count--;
	add_translation(a, &way);
	add_to_record(i, p, &way);
	if (!message_send(i, a->now, to, p, NULL)) {
		message_error(i, a->now, &a->from, NHRP_ERROR_SIZE, 0, p, a->raw);
		return false;
	}
	i->counters.forwarded[p->type]++;
	return true;
}

/* ---- requests ---- */

static void send_answer(const struct arrival *a, struct peer *to, const struct addr *through,
			uint16_t flags, const struct nhrp_cie *cie)
{
	struct nhrp_packet *p = a->packet;
	uint8_t room[NHRP_CIE_OCTETS];
	struct addr seen = message_where_we_are_seen(a->iface);
	struct nat_room nat;
	bool ours = addr_equal(&cie->nbma, &a->iface->cfg.nbma);

	p->flags = (uint16_t)((p->flags & (NHRP_Q | NHRP_S | NHRP_CISCO_NAT)) | flags);
	p->cies[0] = *cie;
	p->n_cies = 1;
	message_reply(a->iface, p, NHRP_RESOLUTION_REPLY, room);
	if (ours && seen.len && nhrp_extension_find(p, NHRP_EXT_NAT))
		message_nat_add(p, &a->iface->cfg.address.addr, &seen, &nat);
	else if (ours && seen.len)
		p->cies[0].nbma = seen;
	message_send(a->iface, a->now, to, p, through);
}

static void refuse(const struct arrival *a, enum nhrp_code code, enum nhrp_reason why)
{
	struct iface *i = a->iface;
	struct peer *to = peer_get(i, &a->from);
	struct nhrp_cie cie = { .code = (uint8_t)code, .prefix = 32 };

	i->counters.refusals_sent[counter_index(code)]++;
	i->counters.refused[why]++;
	event(i, NHRP_EV_REQUEST_REFUSED, INFO, .source = a->packet->source,
	      .other_nbma = a->from, .protocol = a->packet->destination, .code = (int)code,
	      .reason = why, .request_id = a->packet->request_id);
	if (to)
		send_answer(a, to, NULL, 0, &cie);
}

static void told(const struct arrival *a, enum nhrp_event_kind kind, const struct addr *nbma)
{
	event(a->iface, kind, INFO, .source = a->packet->source, .other_nbma = a->from,
	      .protocol = a->packet->destination, .nbma = *nbma,
	      .request_id = a->packet->request_id);
}

/* It comes from the requester, not through a server. */
static bool is_direct(const struct arrival *a)
{
	return addr_equal(&a->from, &a->packet->source_nbma) || peer_is_inside(a->iface, &a->from);
}

/* The peer that asks; NULL where there is none to be. */
static struct peer *requester(const struct arrival *a, bool direct)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;
	struct addr seen = message_nat_address(p, &p->source);
	const struct addr *nbma = direct ? &a->from : seen.len ? &seen : &p->source_nbma;
	struct peer *peer;

	if (!addr_is_nbma(nbma) || addr_equal(nbma, &i->cfg.nbma)) {
		message_drop(i, p, &a->from, NHRP_WHY_NBMA_MISMATCH, nbma);
		return NULL;
	}
	peer = peer_get(i, nbma);
	if (!peer)
		message_drop(i, p, &a->from, NHRP_WHY_LIMIT, nbma);
	else if (!direct && !peer->up)
		peer->nat = seen.len && !addr_equal(&seen, &p->source_nbma);
	return peer;
}

/*
 * It asks again, through the server, though we answered over its pair: perhaps it has lost the pair
 * and we do not know. The server is the other way to it, and what it asks for makes it connect.
 */
static bool is_lost(const struct arrival *a, struct peer *to, bool direct)
{
	struct iface *i = a->iface;
	bool again = !direct && to->up && to->answered == a->packet->request_id;

	to->answered = !direct && to->up ? a->packet->request_id : 0;
	if (again)
		effect_push(i->core, &(struct nhrp_effect){ .kind = NHRP_SUSPECT,
							    .id = i->id,
							    .nbma = to->nbma });
	return again;
}

/*
 * For our own address (no route), or one that is behind us as the route of `proof` says; the
 * requester may be behind a server.
 */
static void answer_for_us(const struct arrival *a, const struct nhrp_route *r,
			  const struct addr *proof)
{
	struct iface *i = a->iface;
	struct nhrp_packet request = *a->packet;
	struct nhrp_cie cie = message_own_cie(i);
	bool direct = is_direct(a);
	struct peer *to = requester(a, direct), *server = peer_find(i, &a->from);
	const struct addr *through = direct ? NULL : &a->from;
	struct prefix prefix = { request.destination, 32 };

	if (!to)
		return;
	if (r && !offer_prefix(i, &request.destination, r, &to->nbma, &prefix)) {
		refuse(a, NHRP_CODE_NO_BINDING, NHRP_WHY_TOO_WIDE);
		return;
	}
	if (r && !offer_tell(i, a->now, to, &request.source, &prefix, proof)) {
		refuse(a, NHRP_CODE_RESOURCES, NHRP_WHY_LIMIT);
		return;
	}
	/* The pair is the requester's path to us for as long as our answer holds. */
	peer_lease(to, a->now, a->now + SECONDS(i->cfg.holding_time) + LEASE_MARGIN);
	told(a, NHRP_EV_REQUEST_ANSWERED, &i->cfg.nbma);
	cie.prefix = prefix.bits;
	if (is_lost(a, to, direct) && server) {
		send_answer(a, server, NULL, NHRP_A | NHRP_D | NHRP_U, &cie);
		return;
	}
	if (!direct && to->nat && !to->up && server) {
		send_answer(a, server, NULL, NHRP_A | NHRP_D | NHRP_U, &cie);
		if (!message_where_we_are_seen(i).len)
			return;
		*a->packet = request; /* and once more, to make us connect */
		through = NULL;
	}
	send_answer(a, to, through, NHRP_A | NHRP_D | NHRP_U, &cie);
}

static void answer_from_cache(const struct arrival *a, struct binding *target, uint16_t flags)
{
	struct iface *i = a->iface;
	struct peer *to = peer_get(i, &a->from);
	struct nhrp_cie cie = { .prefix = 32,
				.mtu = target->mtu ? target->mtu : i->cfg.mtu,
				.holding_time = i->cfg.holding_time,
				.nbma = target->peer->nbma,
				.protocol = target->protocol };

	if (!to)
		return;
	if (target->type != NHRP_ENTRY_STATIC)
		server_remember_asker(target, to, &a->packet->source);
	if (target->expires != MSEC_NEVER && target->expires > a->now)
		cie.holding_time = (uint16_t)((target->expires - a->now) / 1000);
	if (target->flags & NHRP_FLAG_UNIQUE)
		flags |= NHRP_U;
	told(a, NHRP_EV_REQUEST_ANSWERED, &target->peer->nbma);
	send_answer(a, to, NULL, flags, &cie);
}

bool forward_is_forbidden(const struct peer *a, const struct peer *b)
{
	return !addr_is_unicast(&a->nbma) || !addr_is_unicast(&b->nbma);
}

/* As a client of other servers: for who does not ask for an authoritative answer. */
static bool found_by_us(const struct binding *b)
{
	return b && b->step == STEP_DIRECT && addr_is_unicast(&b->peer->nbma);
}

static bool is_unique(const struct binding *b)
{
	return b->type == NHRP_ENTRY_STATIC || b->flags & NHRP_FLAG_UNIQUE;
}

/* A client of ours asks about somebody else, or about what is behind somebody else. */
static void serve(const struct arrival *a, struct binding *target)
{
	struct nhrp_packet *p = a->packet;
	const struct binding *client = binding_find(a->iface, &p->source);
	bool itself = target && addr_equal(&target->protocol, &p->destination);
	struct addr egress;

	if (!binding_is_settled(client) || !addr_equal(&client->peer->nbma, &a->from)) {
		refuse(a, NHRP_CODE_PROHIBITED, NHRP_WHY_NOT_REGISTERED);
	} else if (itself && found_by_us(target) && !(p->flags & NHRP_A) &&
		   target->peer != client->peer) {
		answer_from_cache(a, target, NHRP_D);
	} else if (!binding_is_settled(target)) {
		refuse(a, NHRP_CODE_NO_BINDING, NHRP_WHY_NO_BINDING);
	} else if (target->peer == client->peer) {
		refuse(a, NHRP_CODE_NO_BINDING, NHRP_WHY_SAME_PEER);
	} else if (itself && p->flags & NHRP_U && !is_unique(target)) {
		refuse(a, NHRP_CODE_NOT_UNIQUE, NHRP_WHY_UNIQUE);
	} else if (target->type == NHRP_ENTRY_STATIC && itself) {
		answer_from_cache(a, target, NHRP_A | NHRP_D);
	} else if (!target->peer->up) {
		refuse(a, NHRP_CODE_NO_BINDING, NHRP_WHY_EGRESS_DOWN);
	} else if (forward_is_forbidden(client->peer, target->peer)) {
		/* Quietly: the requester asks again after its hold-down. */
		refuse(a, NHRP_CODE_NO_BINDING, NHRP_WHY_PSEUDO);
	} else if (a->iface->cfg.answer == NHRP_ANSWER && itself && !target->inside.len) {
		answer_from_cache(a, target, NHRP_A | NHRP_D);
	} else {
		egress = target->peer->nbma;
		if (pass_on(a, target->peer, NHRP_EXT_FORWARD_TRANSIT))
			told(a, NHRP_EV_REQUEST_FORWARDED, &egress);
	}
}

void forward_request(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;
	struct binding *target = binding_find(i, &p->destination);
	bool direct = is_direct(a);

	if (in_record(i, p, NHRP_EXT_FORWARD_TRANSIT) ||
	    addr_equal(&p->source, &i->cfg.address.addr))
		loop(a);
	else if (!direct && !nhs_by_nbma(i, &a->from))
		message_drop(i, p, &a->from, NHRP_WHY_NBMA_MISMATCH, &p->source_nbma);
	else if (addr_equal(&p->destination, &i->cfg.address.addr))
		answer_for_us(a, NULL, NULL);
	else if (direct && (target || in_tunnel(i, &p->destination)))
		serve(a, target);
	else if (in_tunnel(i, &p->destination))
		refuse(a, NHRP_CODE_NO_BINDING, NHRP_WHY_NOT_FOR_US);
	else
		route_ask(i,
			  &(struct question){ .kind = QUESTION_REQUEST,
					      .about = p->destination,
					      .from = a->from },
			  a->raw);
}

/*
 * It is an address of this machine, for which there is a route of 32 bits. What is meant is the
 * network that it is in, and a neighbour in that network has its route.
 */
static void ask_beside(struct iface *i, const struct question *q)
{
	route_ask(i,
		  &(struct question){ .kind = QUESTION_REQUEST_BESIDE,
				      .about = addr_v4(addr_to_v4(&q->about) ^ 3),
				      .from = q->from },
		  (struct span){ q->octets, q->len });
}

static void answer_beside(const struct arrival *a, const struct question *q,
			  const struct nhrp_route *r)
{
	const struct addr *about = &a->packet->destination;
	const struct nhrp_route itself = { true, true, NHRP_ALL, { *about, 32 }, { 0 } };
	bool same = r->found && !r->local && !r->gateway.len && r->id != a->iface->id &&
		    r->prefix.bits && prefix_contains(&r->prefix, about);

	answer_for_us(a, same ? r : &itself, same ? &q->about : about);
}

void forward_routed(struct iface *i, msec now, const struct question *q,
		    const struct nhrp_route *r)
{
	struct addr next_hop = route_next_hop(i, q, r);
	struct nhrp_packet packet;
	struct arrival a = { i, now, q->from, &packet, { q->octets, q->len } };
	size_t offset;

	/* It was read before; the address of its sender may have changed its meaning since. */
	if (nhrp_packet_parse(q->octets, q->len, &packet, &offset) ||
	    (!is_direct(&a) && !nhs_by_nbma(i, &a.from)))
		return;
	if (q->kind == QUESTION_REQUEST_BESIDE)
		answer_beside(&a, q, r);
	else if (r->found && r->local)
		ask_beside(i, q);
	else if (r->found && !next_hop.len)
		answer_for_us(&a, r, &q->about);
	else if (!r->found)
		refuse(&a, NHRP_CODE_NO_BINDING, NHRP_WHY_NO_ROUTE);
	else if (!is_direct(&a))
		refuse(&a, NHRP_CODE_NO_BINDING, NHRP_WHY_THROUGH_TUNNEL);
	else
		serve(&a, binding_find(i, &next_hop));
}

/* ---- the way back ---- */

void forward_back(const struct arrival *a)
{
	struct nhrp_packet *p = a->packet;
	const struct addr *requester =
		p->type == NHRP_ERROR_INDICATION ? &p->destination : &p->source;
	const struct binding *client = binding_find(a->iface, requester);
	const struct peer *from = peer_find(a->iface, &a->from);

	if (!binding_is_settled(client) || !client->peer->up || client->type == NHRP_ENTRY_STATIC) {
		message_drop(a->iface, p, &a->from, NHRP_WHY_NO_BINDING, NULL);
		return;
	}
	if (!from || !from->known) {
		message_drop(a->iface, p, &a->from, NHRP_WHY_NOT_REGISTERED, NULL);
		return;
	}
	pass_on(a, client->peer,
		p->type == NHRP_ERROR_INDICATION ? NHRP_EXT_END : NHRP_EXT_REVERSE_TRANSIT);
}
