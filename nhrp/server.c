/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's side of registering.
 *
 * A registration is judged entry by entry; what is accepted goes to the kernel first and is
 * answered when the kernel took it, so that a client that reads "registered" is reachable. One
 * registration per peer waits so; a client that asks again meanwhile gets the one answer.
 */
#include <errno.h>

#include "nhrp/core.h"

struct registration {
	struct peer *peer;
	uint8_t codes[NHRP_CIES];
	struct binding *waiting[NHRP_CIES]; /* for the kernel, by entry */
	size_t n_waiting;
	uint32_t request_id;
	size_t len;
	uint8_t packet[];
};

void registration_free(struct registration *r)
{
	if (!r)
		return;
	for (size_t k = 0; k < NHRP_CIES; k++)
		if (r->waiting[k])
			r->waiting[k]->registration = NULL;
	if (r->peer->registration == r)
		r->peer->registration = NULL;
	free(r);
}

/* The entry of a binding is settled. */
static void settle(struct binding *b, uint8_t code)
{
	struct registration *r = b->registration;

	b->registration = NULL;
	for (size_t k = 0; k < NHRP_CIES; k++) {
		if (r->waiting[k] != b)
			continue;
		r->waiting[k] = NULL;
		r->codes[k] = code;
		r->n_waiting--;
	}
}

void registration_leave(struct binding *b)
{
	struct registration *r = b->registration;

	if (!r)
		return;
	settle(b, NHRP_CODE_RESOURCES);
	if (!r->n_waiting)
		registration_free(r);
}

/* Reads the request once more and sends it back with its codes. */
static void answer(struct registration *r, msec now)
{
	struct iface *i = r->peer->iface;
	struct nhrp_packet p;
	uint8_t room[NHRP_CIE_OCTETS];
	struct nat_room nat;
	struct nhrp_extension *e;
	struct span told = { NULL, 0 };
	size_t offset;

	if (nhrp_packet_parse(r->packet, r->len, &p, &offset) == NHRP_WELL_FORMED) {
		for (size_t k = 0; k < p.n_cies; k++) {
			p.cies[k].code = r->codes[k];
			if (r->codes[k])
				i->counters.refusals_sent[counter_index(r->codes[k])]++;
		}
		e = nhrp_extension_find(&p, NHRP_EXT_NAT);
		told = e ? e->value : told;
		message_reply(i, &p, NHRP_REGISTRATION_REPLY, room);
		e = nhrp_extension_find(&p, NHRP_EXT_NAT);
		if (e)
			e->value = told;
		/* A pseudo address is no address at all outside of this machine. */
		if (e && !addr_equal(&p.source_nbma, &r->peer->nbma) &&
		    addr_is_unicast(&r->peer->nbma))
			message_nat_add(&p, &p.source, &r->peer->nbma, &nat);
		message_send(i, now, r->peer, &p, NULL);
	}
	registration_free(r);
}

static unsigned int registered_by(const struct peer *p)
{
	const struct binding *b;
	unsigned int count = 0;

	/* No more than the limit below. */
	LIST_FOREACH(b, &p->bindings, same_peer)
		count += b->flags & NHRP_FLAG_REGISTERED ? 1 : 0;
	return count;
}

struct claim {
	struct addr protocol;
	struct addr nbma;
	bool unique;
	uint16_t holding_time;
	uint16_t mtu;
};

static struct claim claim_of(const struct nhrp_packet *p, const struct nhrp_cie *cie)
{
	return (struct claim){
		.protocol = cie->protocol.len ? cie->protocol : p->source,
		.nbma = cie->nbma.len ? cie->nbma : p->source_nbma,
		.unique = p->flags & NHRP_REGISTRATION_UNIQUE,
		.holding_time = cie->holding_time,
		.mtu = cie->mtu,
	};
}

static bool other_alive(const struct binding *b, const struct peer *p)
{
	return b->flags & NHRP_FLAG_REGISTERED && b->peer != p && b->peer->up;
}

/* The NBMA address that it claims is its own, which behind a NAT is one that does not show here. */
static bool claims_itself(const struct arrival *a, const struct claim *c)
{
	const struct addr *own = &a->packet->source_nbma;

	return addr_equal(&c->nbma, own) &&
	       (addr_equal(own, &a->from) || peer_is_inside(a->iface, &a->from));
}

static enum nhrp_reason judge(const struct arrival *a, struct peer *p, const struct claim *c,
			      const struct nhrp_cie *cie)
{
	const struct iface *i = a->iface;
	const struct binding *b = binding_find(i, &c->protocol);

	if (!claims_itself(a, c))
		return NHRP_WHY_NBMA_MISMATCH;
	if (addr_equal(&c->protocol, &i->cfg.address.addr))
		return NHRP_WHY_OWN_ADDRESS;
	if (!in_tunnel(i, &c->protocol))
		return NHRP_WHY_OUTSIDE;
	if (!nhrp_cie_is_host(cie))
		return NHRP_WHY_PREFIX_LENGTH;
	if (!c->holding_time)
		return NHRP_WHY_HOLDING_TIME;
	if (!authorized(i, p, &c->protocol))
		return NHRP_WHY_AUTHORIZE;
	if (b && b->type == NHRP_ENTRY_STATIC)
		return NHRP_WHY_STATIC;
	if (b && other_alive(b, p) && (c->unique || b->flags & NHRP_FLAG_UNIQUE))
		return NHRP_WHY_UNIQUE;
	if (!b && dynamic_limit_reached(i))
		return NHRP_WHY_LIMIT;
	if ((!b || b->peer != p) && registered_by(p) >= i->cfg.max_bindings_per_nbma)
		return NHRP_WHY_LIMIT_NBMA;
	return NHRP_WHY_NONE;
}

static uint8_t code_for(enum nhrp_reason why)
{
	switch (why) {
	case NHRP_WHY_NONE:
		return NHRP_CODE_SUCCESS;
	case NHRP_WHY_UNIQUE:
		return NHRP_CODE_ALREADY_UNIQUE;
	case NHRP_WHY_LIMIT:
	case NHRP_WHY_LIMIT_NBMA:
	case NHRP_WHY_KERNEL:
		return NHRP_CODE_RESOURCES;
	default:
		return NHRP_CODE_PROHIBITED;
	}
}

static uint8_t refuse(const struct arrival *a, const struct claim *c, enum nhrp_reason why)
{
	struct iface *i = a->iface;
	const struct binding *b = binding_find(i, &c->protocol);
	struct addr other = { 0 };

	i->counters.refused[why]++;
	if (why == NHRP_WHY_UNIQUE) {
		other = b->peer->nbma;
		/* Perhaps it is the same client and its old address is dead: find out. */
		effect_push(i->core, &(struct nhrp_effect){ .kind = NHRP_PROBE,
							    .id = i->id,
							    .nbma = other });
	} else if (why == NHRP_WHY_NBMA_MISMATCH) {
		other = addr_equal(&c->nbma, &a->from) ? a->packet->source_nbma : c->nbma;
	} else if (why == NHRP_WHY_LIMIT || why == NHRP_WHY_LIMIT_NBMA) {
		i->counters.limits++;
	}
	event(i, NHRP_EV_CLIENT_REFUSED, WARNING, .protocol = c->protocol, .nbma = a->from,
	      .other_nbma = other, .code = code_for(why), .reason = why,
	      .request_id = a->packet->request_id);
	return code_for(why);
}

static void tell_askers(struct binding *b, msec now);

/* A binding that waits for the kernel, new or with another peer than before. */
static struct binding *take(const struct arrival *a, struct peer *p, const struct claim *c)
{
	struct binding *b = binding_find(a->iface, &c->protocol);

	if (b && !(b->flags & NHRP_FLAG_REGISTERED)) { /* a path of our own: this is better */
		binding_free(b, NHRP_WHY_REPLACED);
		b = NULL;
	}
	if (!b) {
		b = binding_new(a->iface, a->now, &c->protocol, NHRP_ENTRY_DYNAMIC);
		b->flags = NHRP_FLAG_REGISTERED;
	} else if (b->peer != p) {
		registration_leave(b);
		tell_askers(b, a->now);
		b->created = a->now;
		event(a->iface, NHRP_EV_BINDING_GONE, NOTICE, .protocol = b->protocol,
		      .nbma = b->peer->nbma, .other_nbma = p->nbma, .reason = NHRP_WHY_REPLACED);
	}
	if (b->peer != p)
		binding_set_peer(b, a->now, p, false);
	binding_expire_at(b, a->now + BOUND_TIME);
	binding_point(b, &p->nbma);
	return b;
}

/* Accepts one entry: in place, or through the kernel. */
static void accept(const struct arrival *a, struct registration *r, size_t k, const struct claim *c)
{
	struct binding *b = binding_find(a->iface, &c->protocol);
	bool refresh = b && b->flags & NHRP_FLAG_REGISTERED && b->peer == r->peer &&
		       !b->registration && !b->token;

	if (refresh) {
		binding_expire_at(b, a->now + SECONDS(c->holding_time));
		event(a->iface, NHRP_EV_CLIENT_REFRESHED, DEBUG, .protocol = c->protocol,
		      .nbma = a->from, .seconds = c->holding_time);
	} else {
		b = take(a, r->peer, c);
		if (b->registration == r) /* twice in one request */
			return;
		b->registration = r;
		r->waiting[k] = b;
		r->n_waiting++;
	}
	b->holding_time = c->holding_time;
	b->mtu = message_mtu(a->iface, c->mtu);
	b->inside = addr_equal(&c->nbma, &a->from) ? (struct addr){ 0 } : c->nbma;
	b->flags = NHRP_FLAG_REGISTERED | (c->unique ? NHRP_FLAG_UNIQUE : 0U);
}

void server_registration(const struct arrival *a)
{
	struct nhrp_packet *p = a->packet;
	struct peer *peer;
	struct registration *r;

	if (!addr_equal(&p->destination, &a->iface->cfg.address.addr)) {
		message_drop(a->iface, p, &a->from, NHRP_WHY_NOT_FOR_US, NULL);
		/* Its map leads to us by mistake, which silence would not tell it. */
		message_error(a->iface, a->now, &a->from, NHRP_ERROR_UNREACHABLE, 0, p, a->raw);
		return;
	}
	peer = peer_get(a->iface, &a->from);
	if (!peer) {
		message_drop(a->iface, p, &a->from, NHRP_WHY_LIMIT, NULL);
		return;
	}
	if (peer->registration && peer->registration->request_id == p->request_id)
		return; /* its answer is on the way */
	registration_free(peer->registration);

	r = xcalloc(1, sizeof(*r) + a->raw.len);
	r->peer = peer;
	r->request_id = p->request_id;
	r->len = a->raw.len;
	memcpy(r->packet, a->raw.data, a->raw.len);
	peer->registration = r;
	for (size_t k = 0; k < p->n_cies; k++) {
		struct claim c = claim_of(p, &p->cies[k]);
		enum nhrp_reason why = judge(a, peer, &c, &p->cies[k]);

		if (why)
			r->codes[k] = refuse(a, &c, why);
		else
			accept(a, r, k, &c);
	}
	if (!r->n_waiting)
		answer(r, a->now);
}

void server_bound(struct binding *b, msec now, int error)
{
	struct iface *i = b->iface;
	struct registration *r = b->registration;

	settle(b, error ? NHRP_CODE_RESOURCES : NHRP_CODE_SUCCESS);
	if (error) {
		i->counters.refused[NHRP_WHY_KERNEL]++;
		event(i, NHRP_EV_CLIENT_REFUSED, ERROR, .protocol = b->protocol,
		      .nbma = b->peer->nbma, .code = NHRP_CODE_RESOURCES,
		      .reason = NHRP_WHY_KERNEL, .request_id = r->request_id);
		binding_free(b, NHRP_WHY_KERNEL);
	} else {
		binding_expire_at(b, now + SECONDS(b->holding_time));
		multicast_review(b->peer);
		event(i, NHRP_EV_CLIENT_REGISTERED, NOTICE, .protocol = b->protocol,
		      .nbma = b->peer->nbma, .seconds = b->holding_time);
	}
	if (!r->n_waiting)
		answer(r, now);
}

void server_life(struct binding *b, msec now)
{
	if (b->registration)
		server_bound(b, now, ETIMEDOUT);
	else
		binding_free(b, NHRP_WHY_EXPIRED);
}

/* Who was told of a binding from our cache, the newest first. */
struct asker {
	struct asker *next;
	struct addr nbma;
	struct addr requester;
};

#define ASKERS_MAX 64 /* of one binding; the oldest is forgotten, and finds out by itself */

void askers_free(struct binding *b)
{
	struct asker *t, *next;

	for (t = b->askers; t; t = next) {
		next = t->next;
		free(t);
	}
	b->askers = NULL;
}

void server_remember_asker(struct binding *b, const struct peer *to, const struct addr *requester)
{
	struct asker **at = &b->askers, *t;
	size_t n = 1;

	while ((t = *at) && !(addr_equal(&t->nbma, &to->nbma) &&
			      addr_equal(&t->requester, requester)) && n++ < ASKERS_MAX)
		at = &t->next;
	if (t) /* the same one, or the last one */
		*at = t->next;
	else
		t = xcalloc(1, sizeof(*t));
	*t = (struct asker){ b->askers, to->nbma, *requester };
	b->askers = t;
}

static struct nhrp_cie purged(const struct binding *b)
{
	return (struct nhrp_cie){ .prefix = 32,
				  .mtu = b->iface->cfg.mtu,
				  .nbma = b->inside.len ? b->inside : b->peer->nbma,
				  .protocol = b->protocol };
}

static void tell_askers(struct binding *b, msec now)
{
	struct nhrp_cie cie = { .prefix = 32, .mtu = b->iface->cfg.mtu, .protocol = b->protocol };
	struct peer *to;

	for (struct asker *t = b->askers; t; t = t->next) {
		to = peer_find(b->iface, &t->nbma);
		if (to)
			purge_send(to, now, &t->requester, &cie);
	}
	askers_free(b);
}

void server_forget(struct binding *b, msec now, enum nhrp_reason why)
{
	tell_askers(b, now);
	binding_free(b, why);
}

void server_disown(struct binding *b, msec now)
{
	struct nhrp_cie cie = purged(b);

	purge_send(b->peer, now, &b->protocol, &cie);
}

static void review(struct binding *b, msec now)
{
	if (!(b->flags & NHRP_FLAG_REGISTERED) || authorized(b->iface, b->peer, &b->protocol))
		return;
	server_disown(b, now);
	server_forget(b, now, NHRP_WHY_AUTHORIZE);
}

void server_review(struct iface *i, msec now)
{
	struct binding *b, *next;

	HASH_ITER (hh, i->bindings, b, next)
		review(b, now);
}

void server_review_peer(struct peer *p, msec now)
{
	struct binding *b, *following;

	for (b = LIST_FIRST(&p->bindings); b; b = following) {
		following = LIST_NEXT(b, same_peer);
		review(b, now);
	}
}

void server_identity(struct peer *p, struct span identity)
{
	bool usable = identity.len && identity.len <= NHRP_IDENTITY_MAX;
	bool same = usable && identity.len == p->identity_len &&
		    memcmp(identity.data, p->identity, identity.len) == 0;

	if (same)
		return;
	p->stranger = p->identity != NULL;
	free(p->identity);
	p->identity = usable ? xmemdup(identity.data, identity.len) : NULL;
	p->identity_len = usable ? identity.len : 0;
}

void server_stranger(struct peer *p, msec now)
{
	struct binding *b, *following;

	p->stranger = false;
	for (b = LIST_FIRST(&p->bindings); b; b = following) {
		following = LIST_NEXT(b, same_peer);
		if (b->flags & NHRP_FLAG_REGISTERED)
			server_forget(b, now, NHRP_WHY_IDENTITY);
	}
}
