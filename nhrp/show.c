/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the show commands read: copies of plain values, nothing is changed. */
#include "nhrp/core.h"

static struct binding *first_from(struct iface *i)
{
	while (i && !i->bindings)
		i = i->hh.next;
	return i ? i->bindings : NULL;
}

bool nhrp_entry_next(const struct nhrp *n, const void **cursor, struct nhrp_entry *out)
{
	const struct binding *b = *cursor;

	if (!b)
		b = first_from(n->ifaces);
	else
		b = b->hh.next ? b->hh.next : first_from(b->iface->hh.next);
	if (!b)
		return false;
	*cursor = b;
	*out = (struct nhrp_entry){
		.id = b->iface->id,
		.protocol = b->protocol,
		.path = b->path,
		.type = b->type,
		.flags = b->flags,
		.created = b->created,
		.expires = b->expires,
		.nat_nbma = b->inside,
		.mtu = b->mtu,
		.holding_time = b->holding_time,
		.peer_since = MSEC_NEVER,
	};
	if (b->type == NHRP_ENTRY_LOCAL)
		out->nbma = b->iface->cfg.nbma;
	if (b->peer) {
		out->nbma = b->peer->nbma;
		out->nat = b->peer->nat;
		out->peer_up = b->peer->up;
		out->peer_since = b->peer->since;
	}
	return true;
}

/* The next place of the interface, or of those behind it, that is not free. */
static const struct nhs *server_from(const struct iface *i, size_t k)
{
	for (; i; i = i->hh.next, k = 0)
		for (; k < i->n_nhs; k++)
			if (i->nhs[k].protocol.len)
				return &i->nhs[k];
	return NULL;
}

bool nhrp_nhs_next(const struct nhrp *n, const void **cursor, struct nhrp_nhs *out)
{
	const struct nhs *s = *cursor;

	s = s ? server_from(s->iface, (size_t)(s - s->iface->nhs) + 1) : server_from(n->ifaces, 0);
	if (!s)
		return false;
	*cursor = s;
	*out = (struct nhrp_nhs){
		.id = s->iface->id,
		.protocol = s->protocol,
		.nbma = s->peer ? s->peer->nbma : (struct addr){ 0 },
		.priority = s->priority,
		.cluster = s->cluster,
		.in_use = s == s->iface->nhs_in_use,
		.translated = s->translated,
		.state = s->state,
		.since = s->since,
		.registered = s->registered,
		.next = timer_armed(&s->timer) ? s->timer.due : MSEC_NEVER,
		.last_code = s->last_code,
		.requests_sent = s->requests_sent,
		.replies = s->replies,
		.refusals = s->refusals,
	};
	return true;
}

size_t nhrp_cache_octets(const struct nhrp *n)
{
	size_t octets = 0;

	for (const struct iface *i = n->ifaces; i; i = i->hh.next)
		octets += HASH_COUNT(i->bindings) * sizeof(struct binding) +
			  HASH_COUNT(i->shortcuts) * sizeof(struct shortcut);
	return octets;
}

bool nhrp_counters_get(const struct nhrp *n, int id, struct nhrp_counters *out)
{
	const struct iface *i = iface_find(n, id);

	if (i)
		*out = i->counters;
	return i != NULL;
}
