/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings: whose NBMA address belongs to a protocol address, and where the kernel's neighbour of
 * that address points. The two differ while a path of ours is provisional.
 *
 * There is one binding per protocol address. Our own address and the maps of the configuration come
 * first: nothing that a packet says replaces them.
 */
#include "nhrp/core.h"

struct iface *iface_find(const struct nhrp *n, int id)
{
	struct iface *i;

	HASH_FIND_INT(n->ifaces, &id, i);
	return i;
}

struct binding *binding_find(const struct iface *i, const struct addr *protocol)
{
	struct binding *b;

	HASH_FIND(hh, i->bindings, protocol, sizeof(*protocol), b);
	return b;
}

bool in_tunnel(const struct iface *i, const struct addr *a)
{
	uint32_t host = addr_to_v4(a), mask;
	uint8_t bits = i->cfg.address.bits;

	if (!addr_is_unicast(a) || !prefix_contains(&i->cfg.address, a))
		return false;
	if (bits >= 31)
		return true;
	mask = UINT32_MAX >> bits;
	return (host & mask) != 0 && (host & mask) != mask;
}

bool binding_is_settled(const struct binding *b)
{
	return b && b->peer && !b->registration &&
	       (b->type == NHRP_ENTRY_STATIC || b->flags & NHRP_FLAG_REGISTERED);
}

bool dynamic_limit_reached(const struct iface *i)
{
	return i->core->n_dynamic >= i->core->max_dynamic;
}

static bool is_dynamic(enum nhrp_entry_type type)
{
	return type != NHRP_ENTRY_LOCAL && type != NHRP_ENTRY_STATIC;
}

static bool is_unresolved(enum nhrp_entry_type type)
{
	return type == NHRP_ENTRY_INCOMPLETE || type == NHRP_ENTRY_NEGATIVE;
}

void binding_set_type(struct binding *b, enum nhrp_entry_type type)
{
	if (is_unresolved(b->type))
		b->iface->n_unresolved--;
	if (is_unresolved(type))
		b->iface->n_unresolved++;
	b->type = type;
}

struct binding *binding_new(struct iface *i, msec now, const struct addr *protocol,
			    enum nhrp_entry_type type)
{
	struct binding *b = xcalloc(1, sizeof(*b));

	b->iface = i;
	b->protocol = *protocol;
	b->created = now;
	b->expires = MSEC_NEVER;
	b->step_timer.kind = TIMER_STEP;
	b->life.kind = TIMER_LIFE;
	LIST_INIT(&b->shortcuts);
	if (is_dynamic(type))
		i->core->n_dynamic++;
	binding_set_type(b, type);
	HASH_ADD(hh, i->bindings, protocol, sizeof(b->protocol), b);
	return b;
}

void binding_set_peer(struct binding *b, msec now, struct peer *peer, bool wants)
{
	struct peer *before = b->peer;
	bool wanted = b->wants;

	/* The new need first, so that a peer that stays is not let go in between. */
	if (peer && wants)
		peer_want(peer, now);
	else if (peer)
		peer_know(peer);
	if (before) {
		LIST_REMOVE(b, same_peer);
		if (wanted)
			peer_unwant(before);
		else
			peer_forget(before);
	}
	b->peer = peer;
	b->wants = wants;
	if (peer)
		LIST_INSERT_HEAD(&peer->bindings, b, same_peer);
	if (before && before != peer)
		multicast_review(before);
}

static void token_forget(struct binding *b)
{
	if (b->token)
		HASH_DELETE(hh_token, b->iface->core->by_token, b);
	b->token = 0;
}

void binding_repoint(struct binding *b)
{
	struct nhrp *n = b->iface->core;

	token_forget(b);
	b->token = ++n->last_token;
	HASH_ADD(hh_token, n->by_token, token, sizeof(b->token), b);
	effect_push(n, &(struct nhrp_effect){ .kind = NHRP_BIND,
					      .id = b->iface->id,
					      .token = b->token,
					      .protocol = b->protocol,
					      .nbma = b->path });
}

void binding_point(struct binding *b, const struct addr *nbma)
{
	if (addr_equal(&b->path, nbma))
		return;
	b->path = *nbma;
	binding_repoint(b);
}

struct binding *binding_answered(struct nhrp *n, uint64_t token)
{
	struct binding *b;

	HASH_FIND(hh_token, n->by_token, &token, sizeof(token), b);
	if (b)
		token_forget(b);
	return b;
}

void binding_expire_at(struct binding *b, msec when)
{
	b->expires = when;
	timer_arm(&b->iface->core->timers, &b->life, when);
}

void binding_free(struct binding *b, enum nhrp_reason why)
{
	struct iface *i = b->iface;
	struct nhrp *n = i->core;
	struct addr nbma = b->peer ? b->peer->nbma : b->path;
	bool resolved = b->type == NHRP_ENTRY_DYNAMIC;

	shortcuts_drop(b, why);
	token_forget(b);
	registration_leave(b);
	askers_free(b);
	if (b->path.len)
		effect_push(n, &(struct nhrp_effect){ .kind = NHRP_UNBIND,
						      .id = i->id,
						      .protocol = b->protocol });
	if (is_dynamic(b->type))
		event_push(i, NHRP_EV_BINDING_GONE, resolved ? NHRP_LEVEL_NOTICE : NHRP_LEVEL_DEBUG,
			   &(struct nhrp_event){ .protocol = b->protocol,
						 .nbma = nbma,
						 .reason = why });
	if (is_dynamic(b->type))
		n->n_dynamic--;
	if (is_unresolved(b->type))
		i->n_unresolved--;
	binding_set_peer(b, 0, NULL, false);
	timer_disarm(&n->timers, &b->step_timer);
	timer_disarm(&n->timers, &b->life);
	HASH_DELETE(hh, i->bindings, b);
	free(b);
}
