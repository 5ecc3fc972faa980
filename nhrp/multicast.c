/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who gets copies of the multicast packets that leave through the tunnel: the NBMA addresses of the
 * configuration, servers with `multicast` that are up, with multicast_dynamic every client that is
 * registered. Only while their SA pair is up: nothing else is ever said to the owner, so that a
 * copy never waits for a pair, or asks for one.
 *
 * Nothing is counted: whether a peer is a listener follows from what is known of it, and is looked
 * at again whenever that changes.
 */
#include "nhrp/core.h"

static bool has_client(const struct peer *p)
{
	const struct binding *b;

	/* Registered ones are put in front and are few (max_bindings_per_nbma). */
	LIST_FOREACH(b, &p->bindings, same_peer)
		if (b->flags & NHRP_FLAG_REGISTERED && !b->registration)
			return true;
	return false;
}

static bool is_server(const struct peer *p)
{
	const struct iface *i = p->iface;

	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].peer == p && i->nhs[k].multicast && i->nhs[k].state == NHRP_NHS_UP)
			return true;
	return false;
}

void multicast_review(struct peer *p)
{
	struct iface *i = p->iface;
	bool listens = p->up && (p->multicast || is_server(p) ||
				 (i->cfg.multicast_dynamic && has_client(p)));
	struct nhrp_effect e = { .kind = listens ? NHRP_MULTICAST_ADD : NHRP_MULTICAST_DEL,
				 .id = i->id,
				 .nbma = p->nbma };

	if (listens == p->listening)
		return;
	p->listening = listens;
	effect_push(i->core, &e);
}

static bool in_list(const struct addr *list, size_t count, const struct addr *nbma)
{
	for (size_t k = 0; k < count; k++)
		if (addr_equal(&list[k], nbma))
			return true;
	return false;
}

static void set_static(struct peer *p, msec now, bool on)
{
	if (p->multicast == on)
		return;
	p->multicast = on;
	if (on)
		peer_want(p, now);
	else
		peer_unwant(p);
}

void multicast_configure(struct iface *i, msec now, const struct addr *list, size_t count)
{
	struct peer *p;

	for (size_t k = 0; k < i->n_multicast; k++)
		if (!in_list(list, count, &i->multicast[k]) &&
		    (p = peer_find(i, &i->multicast[k])))
			set_static(p, now, false);
	free(i->multicast);
	i->multicast = xcalloc(MAX(count, (size_t)1), sizeof(*list));
	i->n_multicast = 0;
	for (size_t k = 0; k < count; k++) {
		p = addr_is_unicast(&list[k]) && !addr_equal(&list[k], &i->cfg.nbma)
			    ? peer_get(i, &list[k])
			    : NULL;
		if (!p)
			continue;
		set_static(p, now, true);
		i->multicast[i->n_multicast++] = list[k];
	}
	/* multicast_dynamic may have changed, too. */
	for (p = i->peers; p; p = p->hh.next)
		multicast_review(p);
}
