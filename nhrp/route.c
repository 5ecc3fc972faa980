/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about the kernel's routing table, and what waits for their answers; which prefixes may
 * be routed through the tunnel at all.
 *
 * A question that a packet caused is a guest: there are at most QUESTIONS of them, and an answer
 * that does not come costs nothing but its place. The others belong to something that has a limit
 * of its own. Who asks learns what is true after the last change that we were told of: an answer
 * that may be older is not used, the question is put once more.
 */
#include "nhrp/core.h"

#define IPV4_HEADER 20
#define QUOTED	    8 /* octets behind the header */

static bool is_guest(enum question_kind kind)
{
	return kind != QUESTION_SHORTCUT && kind != QUESTION_OFFER;
}

static void forget(struct nhrp *n, struct question *q)
{
	HASH_DELETE(hh, n->questions, q);
	if (is_guest(q->kind)) {
		TAILQ_REMOVE(&n->guests, q, next);
		n->n_guests--;
	}
	free(q);
}

static void put(struct iface *i, struct question *q)
{
	q->stale = false;
	q->token = ++i->core->last_token;
	HASH_ADD(hh, i->core->questions, token, sizeof(q->token), q);
	effect_push(i->core, &(struct nhrp_effect){ .kind = NHRP_QUERY_ROUTE,
						    .id = i->id,
						    .token = q->token,
						    .protocol = q->about });
}

void route_ask(struct iface *i, const struct question *about, struct span packet)
{
	struct nhrp *n = i->core;
	struct question *q = xcalloc(1, sizeof(*q) + packet.len);

	if (is_guest(about->kind)) {
		if (n->n_guests == QUESTIONS)
			forget(n, TAILQ_FIRST(&n->guests));
		n->n_guests++;
		TAILQ_INSERT_TAIL(&n->guests, q, next);
	}
	q->id = i->id;
	q->kind = about->kind;
	q->about = about->about;
	q->from = about->from;
	q->prefix = about->prefix;
	q->len = packet.len;
	if (packet.len)
		memcpy(q->octets, packet.data, packet.len);
	put(i, q);
}

void routes_forget(struct iface *i)
{
	struct nhrp *n = i->core;
	struct question *q, *next;

	HASH_ITER (hh, n->questions, q, next)
		if (q->id == i->id)
			forget(n, q);
}

static void answered(struct iface *i, msec now, const struct question *q,
		     const struct nhrp_route *r)
{
	switch (q->kind) {
	case QUESTION_HAIRPIN_SOURCE:
		redirect_source_known(i, now, q, r);
		break;
	case QUESTION_HAIRPIN_DESTINATION:
		redirect_destination_known(i, now, q, r);
		break;
	case QUESTION_REQUEST:
	case QUESTION_REQUEST_BESIDE:
		forward_routed(i, now, q, r);
		break;
	case QUESTION_INDICATION:
		shortcut_path_known(i, now, q, r);
		break;
	case QUESTION_SHORTCUT:
		shortcut_checked(i, now, q, r);
		break;
	case QUESTION_OFFER:
		offer_checked(i, now, q, r);
		break;
	}
}

void nhrp_route(struct nhrp *n, msec now, uint64_t token, const struct nhrp_route *route)
{
	struct question *q;
	struct iface *i;

	HASH_FIND(hh, n->questions, &token, sizeof(token), q);
	if (!q)
		return;
	if (q->stale) {
		HASH_DELETE(hh, n->questions, q);
		put(iface_find(n, q->id), q);
		return;
	}
	/* Out of the tables first: what is done with the answer may ask the next one. */
	HASH_DELETE(hh, n->questions, q);
	if (is_guest(q->kind)) {
		TAILQ_REMOVE(&n->guests, q, next);
		n->n_guests--;
	}
	i = iface_find(n, q->id);
	if (i)
		answered(i, now, q, route);
	free(q);
	peers_sweep(n);
}

void nhrp_routes_changed(struct nhrp *n, msec now, struct prefix prefix)
{
	(void)now;
	/* The answer that is under way may be from before. */
	for (struct question *q = n->questions; q; q = q->hh.next)
		q->stale |= !prefix.bits || prefix_contains(&prefix, &q->about);
	for (struct iface *i = n->ifaces; i; i = i->hh.next) {
		shortcuts_check(i, &prefix);
		offers_check(i, &prefix);
	}
}

struct addr route_next_hop(const struct iface *i, const struct question *q,
			   const struct nhrp_route *r)
{
	if (!r->found || r->local || r->id != i->id)
		return (struct addr){ 0 };
	return r->gateway.len ? r->gateway : q->about;
}

/* ---- packets ---- */

bool flow_read(struct span packet, struct flow_key *key)
{
	struct reader r = reader_of_span(packet);
	uint8_t version = read_u8(&r);
	struct span source, destination;

	read_skip(&r, 11);
	source = read_span(&r, 4);
	destination = read_span(&r, 4);
	if (r.bad || version >> 4 != 4 || (version & 15) * 4 < IPV4_HEADER)
		return false;
	*key = (struct flow_key){ addr_from_bytes(source.data, source.len),
				  addr_from_bytes(destination.data, destination.len) };
	return addr_is_unicast(&key->source) && addr_is_unicast(&key->destination);
}

struct span flow_start(struct span packet)
{
	size_t header = packet.len ? (size_t)(packet.data[0] & 15) * 4 : 0;

	return (struct span){ packet.data, MIN(packet.len, header + QUOTED) };
}

/* ---- prefixes ---- */

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	if (!a->bits || !b->bits)
		return true;
	return a->bits < b->bits ? prefix_contains(a, &b->addr) : prefix_contains(b, &a->addr);
}

bool prefix_of_cie(const struct nhrp_cie *cie, const struct addr *about, struct prefix *out)
{
	struct prefix p = { *about, nhrp_cie_is_host(cie) ? 32 : cie->prefix };

	if (p.bits > 32)
		return false;
	*out = prefix_network(&p);
	return true;
}

bool prefix_is_unsafe(const struct iface *i, const struct prefix *p, const struct addr *other)
{
	if (p->bits < i->cfg.prefix_min || prefix_contains(p, &i->cfg.address.addr) ||
	    prefix_contains(p, &i->cfg.nbma) || prefix_contains(p, other))
		return true;
	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].peer && prefix_contains(p, &i->nhs[k].peer->nbma))
			return true;
	return false;
}
