/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/check_nhrp.h"

#include <string.h>

#include "lib/util.h"

/* A key of a section, for what is said about its value. */
struct place {
	const struct origin *at;
	enum section_id id;
	const char *key;
};

static unsigned int line_of(const struct place *p)
{
	return origin_line(p->at, p->id, p->key);
}

static void in_pool(struct draft *d, const struct place *p)
{
	char text[ADDR_TEXT];

	ERROR(d, line_of(p), p->at,
	      "%s: expected none of the addresses of nat-pool (%s), which nobody may have", p->key,
	      prefix_text(&d->v.nat_pool, text));
}

static bool any_key_for(const struct draft *d, const struct addr *peer)
{
	for (size_t i = 0; i < d->key_count; i++)
		if (d->keys[i].from.bad || prefix_contains(&d->keys[i].v.peers, peer))
			return true;
	return false;
}

/* An address outside of the tunnel, of somebody with whom there will be SAs. */
static void check_nbma(struct draft *d, const struct draft_tunnel *t, const struct addr *nbma,
		       const struct place *p)
{
	char a[ADDR_TEXT];

	if (prefix_contains(&d->v.nat_pool, nbma))
		in_pool(d, p);
	else if (addr_equal(nbma, &t->v.source))
		ERROR(d, line_of(p), p->at, "%s: this is our own source address", p->key);
	else if (prefix_contains(&t->v.address, nbma))
		ERROR(d, line_of(p), p->at,
		      "%s: this is an address in the tunnel; expected the one outside", p->key);
	else if (t->profile && d->key_count && !check_any_policy_with(d, AUTH_RSA_SIG) &&
		 !any_key_for(d, nbma))
		ERROR(d, line_of(p), p->at,
		      "%s: no key for this peer; add: isakmp-key \"%s\" { key = \"...\" }", p->key,
		      addr_text(nbma, a));
}

static void check_pool(struct draft *d, const struct draft_tunnel *t)
{
	const struct place address = { &t->from, SECTION_TUNNEL, "address" };
	const struct place source = { &t->from, SECTION_TUNNEL, "source" };

	if (check_overlap(&d->v.nat_pool, &t->v.address))
		in_pool(d, &address);
	if (prefix_contains(&d->v.nat_pool, &t->v.source))
		in_pool(d, &source);
}

/* An address in the tunnel, of somebody else. False: it is told. */
static bool check_protocol(struct draft *d, const struct draft_tunnel *t,
			   const struct addr *protocol, const struct origin *at, const char *ours)
{
	char p[ADDR_TEXT];

	if (addr_equal(&t->v.address.addr, protocol))
		ERROR(d, at->line, at, "this is our own address in the tunnel%s", ours);
	else if (!prefix_contains(&t->v.address, protocol))
		ERROR(d, at->line, at, "expected an address in the tunnel's network, %s",
		      prefix_text(&t->v.address, p));
	else
		return true;
	return false;
}

static void check_maps(struct draft *d, const struct draft_tunnel *t)
{
	for (size_t i = 0; i < t->map_count; i++) {
		const struct draft_map *m = &t->maps[i];
		const struct place nbma = { &m->from, SECTION_MAP, "nbma" };

		if (m->from.bad)
			continue;
		if (draft_find_map(t, &m->v.protocol) != m)
			check_already(d, &m->from, &draft_find_map(t, &m->v.protocol)->from);
		check_protocol(d, t, &m->v.protocol, &m->from, "");
		check_nbma(d, t, &m->v.nbma, &nbma);
	}
}

/* Where an nhs is must be known from itself or from its map, and not in two ways. */
static void check_nhs_place(struct draft *d, const struct draft_tunnel *t,
			    const struct draft_nhs *n)
{
	const struct draft_map *map = draft_find_map(t, &n->v.protocol);
	const struct place nbma = { &n->from, SECTION_NHS, "nbma" };
	char a[ADDR_TEXT];
	bool maps_bad = false;

	for (size_t i = 0; i < t->map_count; i++)
		maps_bad |= t->maps[i].from.bad;
	if (n->v.name || !addr_is_none(&n->v.nbma)) {
		if (map && !map->from.bad && !addr_equal(&map->v.nbma, &n->v.nbma))
			ERROR(d, line_of(&nbma), &n->from,
			      "nbma: the map in line %u says %s; remove one of them",
			      map->from.line, addr_text(&map->v.nbma, a));
		else if (!n->v.name)
			check_nbma(d, t, &n->v.nbma, &nbma);
	} else if (!maps_bad && !map) {
		ERROR(d, n->from.line, &n->from,
		      "it is not said where it is; add: nbma = \"its address outside\"");
	}
}

static void check_nhs(struct draft *d, const struct draft_tunnel *t)
{
	if (t->nhs_count > CONF_NHS_MAX)
		ERROR(d, t->nhs[CONF_NHS_MAX].from.line, &t->nhs[CONF_NHS_MAX].from,
		      "more than %d of them", CONF_NHS_MAX);
	for (size_t i = 0; i < t->nhs_count; i++) {
		const struct draft_nhs *n = &t->nhs[i];

		if (n->from.bad)
			continue;
		for (size_t j = 0; j < i; j++)
			if (addr_equal(&n->v.protocol, &t->nhs[j].v.protocol)) {
				check_already(d, &n->from, &t->nhs[j].from);
				break;
			}
		if (check_protocol(d, t, &n->v.protocol, &n->from, "; a hub has no nhs"))
			check_nhs_place(d, t, n);
	}
}

static void check_clusters(struct draft *d, const struct draft_tunnel *t)
{
	for (size_t i = 0; i < t->cluster_count; i++) {
		const struct draft_cluster *c = &t->clusters[i];
		bool used = false;

		if (c->from.bad)
			continue;
		for (size_t j = 0; j < i; j++)
			if (c->v.number == t->clusters[j].v.number)
				check_already(d, &c->from, &t->clusters[j].from);
		for (size_t j = 0; j < t->nhs_count; j++)
			used |= t->nhs[j].from.bad || t->nhs[j].v.cluster == c->v.number;
		if (!used)
			WARN(d, c->from.line, &c->from, "no nhs is in it");
	}
}

static void check_multicast(struct draft *d, const struct draft_tunnel *t)
{
	const struct place p = { &t->nhrp_from, SECTION_NHRP, "map-multicast" };

	for (size_t i = 0; i < t->v.nhrp.multicast.count; i++)
		check_nbma(d, t, &t->v.nhrp.multicast.addr[i], &p);
}

/* Another authorize that has the address; NULL: none before this one. */
static const struct draft_authorize *owner(const struct draft_tunnel *t, size_t before,
					   const struct addr *a)
{
	for (size_t i = 0; i < before; i++)
		for (size_t j = 0; j < t->authorize[i].v.addresses.count; j++)
			if (addr_equal(&t->authorize[i].v.addresses.addr[j], a))
				return &t->authorize[i];
	return NULL;
}

static void check_authorized(struct draft *d, const struct draft_tunnel *t, size_t i)
{
	const struct draft_authorize *a = &t->authorize[i], *other;
	unsigned int line = origin_line(&a->from, SECTION_AUTHORIZE, "address");
	char text[ADDR_TEXT], p[ADDR_TEXT];

	for (size_t j = 0; j < a->v.addresses.count; j++) {
		const struct addr *address = &a->v.addresses.addr[j];

		other = owner(t, i, address);
		addr_text(address, text);
		if (addr_equal(address, &t->v.address.addr))
			ERROR(d, line, &a->from, "address: %s is our own", text);
		else if (!prefix_contains(&t->v.address, address))
			ERROR(d, line, &a->from,
			      "address: expected addresses in the tunnel's network, %s, found %s",
			      prefix_text(&t->v.address, p), text);
		else if (other)
			ERROR(d, line, &a->from,
			      "address: %s belongs to authorize %.64s (line %u) already", text,
			      other->v.identity ? other->v.identity : "", other->from.line);
	}
}

static void check_authorize(struct draft *d, const struct draft_tunnel *t)
{
	for (size_t i = 0; i < t->authorize_count; i++) {
		const struct draft_authorize *a = &t->authorize[i];

		if (a->from.bad)
			continue;
		for (size_t j = 0; j < i; j++)
			if (t->authorize[j].v.identity &&
			    strcmp(a->v.identity, t->authorize[j].v.identity) == 0)
				check_already(d, &a->from, &t->authorize[j].from);
		check_authorized(d, t, i);
	}
	if (t->authorize_count && !t->profile)
		WARN(d, t->authorize[0].from.line, &t->authorize[0].from,
		     "without a profile nobody proves who he is: these addresses are refused to all");
}

void check_nhrp(struct draft *d, const struct draft_tunnel *t)
{
	if (t->from.bad)
		return;
	check_pool(d, t);
	check_maps(d, t);
	check_nhs(d, t);
	check_clusters(d, t);
	check_multicast(d, t);
	check_authorize(d, t);
}
