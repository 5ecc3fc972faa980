/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers as show dmvpn and show tunnel endpoints have them: the entries of the NHRP cache, put
 * together by NBMA address. An address that is still being resolved belongs to the NBMA address
 * that carries its traffic meanwhile, the hub's: that is why IOS counts two entries there.
 */
#include "daemon/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/tunnel.h"
#include "daemon/verbs.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

/* A run of entries of one tunnel with one NBMA address. */
struct nbma_peer {
	const struct nhrp_entry *first;
	uint32_t count;
	const char *state; /* a word of IOS */
};

/* What says whose an entry is. */
typedef const struct addr *owner_fn(const struct nhrp_entry *e);

static const struct addr *nbma_or_path(const struct nhrp_entry *e)
{
	return addr_is_none(&e->nbma) ? &e->path : &e->nbma;
}

static const struct addr *path(const struct nhrp_entry *e)
{
	return &e->path;
}

static int compare(const struct nhrp_entry *a, const struct nhrp_entry *b, owner_fn *owner)
{
	int order = a->id - b->id;

	if (!order)
		order = show_addr_order(owner(a), owner(b));
	if (!order)
		order = (int)a->type - (int)b->type; /* static before dynamic before incomplete */
	return order ? order : show_addr_order(&a->protocol, &b->protocol);
}

static int by_nbma(const void *a, const void *b)
{
	return compare(a, b, nbma_or_path);
}

static int by_path(const void *a, const void *b)
{
	return compare(a, b, path);
}

/* Peers stand in the order of their first tunnel address. */
static int by_first(const void *x, const void *y)
{
	const struct nbma_peer *a = x, *b = y;
	int order = a->first->id - b->first->id;

	return order ? order : show_addr_order(&a->first->protocol, &b->first->protocol);
}

/* Sorts the entries and makes groups of them; to be freed. */
static struct nbma_peer *group_by(struct nhrp_entry *entries, size_t count, owner_fn *owner,
				  size_t *groups)
{
	struct nbma_peer *list = xcalloc(count, sizeof(*list));
	size_t n = 0;

	qsort(entries, count, sizeof(*entries), owner == path ? by_path : by_nbma);
	for (size_t i = 0; i < count; i++) {
		struct nhrp_entry *e = &entries[i];

		if (n && list[n - 1].first->id == e->id &&
		    addr_equal(owner(list[n - 1].first), owner(e)))
			list[n - 1].count++;
		else
			list[n++] = (struct nbma_peer){ .first = e, .count = 1 };
	}
	qsort(list, n, sizeof(*list), by_first);
	*groups = n;
	return list;
}

/* Entries of others than ourselves, at the front; how many they are. */
static size_t without_local(struct nhrp_entry *entries, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (entries[i].type != NHRP_ENTRY_LOCAL)
			entries[n++] = entries[i];
	return n;
}

/* How far things have come with a peer whose SAs are not up: addresses with phase 1, sorted. */
struct phase1 {
	struct addr *remotes;
	size_t count;
};

static int addr_order(const void *a, const void *b)
{
	return show_addr_order(a, b);
}

static struct phase1 phase1_collect(struct daemon *d)
{
	struct phase1 p = { NULL, 0 };
	const void *cursor = NULL;
	struct ike_sa_info sa;
	size_t room = 0;

	while (ike_sa_next(d->ike, &cursor, &sa)) {
		if (sa.state != MM_ACTIVE)
			continue;
		if (p.count == room) {
			room = room ? 2 * room : 64;
			p.remotes = xreallocarray(p.remotes, room, sizeof(*p.remotes));
		}
		p.remotes[p.count++] = sa.remote.addr;
	}
	if (p.count)
		qsort(p.remotes, p.count, sizeof(*p.remotes), addr_order);
	return p;
}

static bool phase1_is_up(const struct phase1 *p, const struct addr *remote)
{
	return p->count && bsearch(remote, p->remotes, p->count, sizeof(*p->remotes), addr_order);
}

/* Sorted by tunnel and NBMA address, then by prefix. */
struct shortcuts {
	struct nhrp_shortcut *list;
	size_t count;
};

/* Whose they are. */
static int by_owner(const void *x, const void *y)
{
	const struct nhrp_shortcut *a = x, *b = y;

	return a->id != b->id ? a->id - b->id : show_addr_order(&a->nbma, &b->nbma);
}

static int by_owner_and_prefix(const void *x, const void *y)
{
	const struct nhrp_shortcut *a = x, *b = y;
	int order = by_owner(a, b);

	if (!order)
		order = show_addr_order(&a->prefix.addr, &b->prefix.addr);
	return order ? order : a->prefix.bits - b->prefix.bits;
}

static struct shortcuts shortcuts_collect(struct daemon *d)
{
	struct shortcuts s;

	s.list = show_nhrp_shortcuts(d, &s.count);
	qsort(s.list, s.count, sizeof(*s.list), by_owner_and_prefix);
	return s;
}

struct show_peers {
	struct nhrp_entry *entries;
	struct nbma_peer *groups; /* of the entries; those of one tunnel stand together */
	size_t count;
	struct shortcuts shortcuts;
	const struct show_tunnels *tunnels;
	const struct show_pairs *pairs; /* for their traffic; NULL: it is not shown */
	const struct tunnel *only;	/* asked for; NULL: all. Not looked at later */
	msec now;
};

static void release(void *arg)
{
	struct show_peers *p = arg;

	free(p->entries);
	free(p->groups);
	free(p->shortcuts.list);
	free(p);
}

static struct show_peers *take(struct daemon *d, struct answer *a, owner_fn *owner)
{
	struct show_peers *p = answer_owns(a, xcalloc(1, sizeof(*p)), release);
	size_t count;

	p->now = loop_now();
	p->tunnels = show_tunnels_take(d, a);
	p->entries = show_nhrp_entries(d, &count);
	count = without_local(p->entries, count);
	p->groups = group_by(p->entries, count, owner, &p->count);
	return p;
}

static int by_tunnel(const void *key, const void *item)
{
	return *(const int *)key - ((const struct nbma_peer *)item)->first->id;
}

/* What one tunnel has of them, as a list. */
static json_t *list_of(struct answer *a, answer_item *item, const struct show_peers *p, int id)
{
	const int behind = id + 1;
	size_t first = show_first(&id, p->groups, p->count, sizeof(*p->groups), by_tunnel);
	size_t end = show_first(&behind, p->groups, p->count, sizeof(*p->groups), by_tunnel);

	return answer_list(a, item, p, first, end - first);
}

/* A next hop server is up once it has taken our registration. */
static bool registered_at(const struct daemon *d, const struct nhrp_entry *e)
{
	const void *cursor = NULL;
	struct nhrp_nhs s;

	while (nhrp_nhs_next(d->nhrp, &cursor, &s))
		if (s.id == e->id && addr_equal(&s.protocol, &e->protocol))
			return s.state == NHRP_NHS_UP;
	return true;
}

/* The words of IOS: what is still missing, and UP where nothing is. */
static const char *peer_state(const struct daemon *d, const struct nbma_peer *g,
			      const struct phase1 *p)
{
	if (!g->first->peer_up)
		return phase1_is_up(p, nbma_or_path(g->first)) ? "IPSEC" : "IKE";
	for (size_t i = 0; i < g->count; i++)
		if ((g->first[i].flags & NHRP_FLAG_NHS) && !registered_at(d, &g->first[i]))
			return "NHRP";
	return "UP";
}

#define ATTRIBUTES 8

/* IOS's letters: S, D, I or L, then N for one behind a NAT and X for one without an SA. */
static const char *attributes(const struct show_peers *p, const struct nhrp_entry *e,
			      char buf[ATTRIBUTES])
{
	bool bare = show_tunnel_of(p->tunnels, e->id)->is_protected &&
		    e->type == NHRP_ENTRY_DYNAMIC && !e->peer_up;
	const char *type = "I";

	if (e->type == NHRP_ENTRY_LOCAL)
		type = "L";
	else if (e->type == NHRP_ENTRY_STATIC)
		type = "S";
	else if (e->type == NHRP_ENTRY_DYNAMIC)
		type = "D";
	snprintf(buf, ATTRIBUTES, "%s%s%s", type, e->nat ? "N" : "", bare ? "X" : "");
	return buf;
}

static const char *type_name(const struct nhrp_entry *e)
{
	switch (e->type) {
	case NHRP_ENTRY_STATIC:
		return "static";
	case NHRP_ENTRY_DYNAMIC:
		return "dynamic";
	default:
		return "incomplete";
	}
}

/* Networks behind the peer: T1 where there is a route of ours, T2 where there was one to it already. */
static void add_shortcuts(json_t *entries, const struct nbma_peer *g, const struct shortcuts *s)
{
	const struct nhrp_shortcut key = { .id = g->first->id, .nbma = *nbma_or_path(g->first) };
	size_t i = show_first(&key, s->list, s->count, sizeof(*s->list), by_owner);
	char text[ADDR_TEXT];

	for (; i < s->count && !by_owner(&s->list[i], &key); i++) {
		const struct nhrp_shortcut *one = &s->list[i];

		if (one->state != NHRP_SHORTCUT_UP)
			continue;
		json_array_append_new(entries,
				      json_pack("{s:s, s:s, s:s}", "protocol",
						prefix_text(&one->prefix, text), "type", "dynamic",
						"attributes", one->overrides ? "DT2" : "DT1"));
	}
}

static bool is_server(const struct nbma_peer *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->first[i].flags & NHRP_FLAG_NHS)
			return true;
	return false;
}

/* The SAs' counters. Tunnels of one source share their SAs: each has all of the peer's traffic. */
static void add_traffic(json_t *peer, const struct show_peers *p, const struct nhrp_entry *e)
{
	const struct show_tunnel *t = show_tunnel_of(p->tunnels, e->id);
	json_t *traffic = NULL;

	if (p->pairs && t->is_protected && !addr_is_none(nbma_or_path(e)))
		traffic = show_pairs_traffic(p->pairs, &t->local, nbma_or_path(e));
	if (traffic)
		json_object_set_new(peer, "traffic", traffic);
}

static json_t *peer_item(const void *of, size_t at)
{
	const struct show_peers *p = of;
	const struct nbma_peer *g = &p->groups[at];
	const struct addr *nbma = nbma_or_path(g->first);
	json_t *entries = json_array(), *peer;
	char letters[ATTRIBUTES];

	for (size_t i = 0; i < g->count; i++) {
		const struct nhrp_entry *e = &g->first[i];

		json_array_append_new(
			entries, json_pack("{s:o, s:s, s:s}", "protocol", show_addr(&e->protocol),
					   "type", type_name(e), "attributes",
					   attributes(p, e, letters)));
	}
	add_shortcuts(entries, g, &p->shortcuts);
	peer = json_pack("{s:o, s:s, s:b, s:o, s:o}", "nbma",
			 addr_is_none(nbma) ? json_string("UNKNOWN") : show_addr(nbma), "state",
			 g->state, "nhs", (int)is_server(g), "since",
			 show_ago(p->now, g->first->peer_since), "entries", entries);
	add_traffic(peer, p, g->first);
	return peer;
}

/* Which peers are asked for; zeros: all. */
struct which {
	const struct tunnel *tunnel;
	struct addr nbma, protocol;
};

static bool has_protocol(const struct nbma_peer *g, const struct addr *protocol)
{
	for (size_t i = 0; i < g->count; i++)
		if (addr_equal(&g->first[i].protocol, protocol))
			return true;
	return false;
}

static bool is_wanted(const struct which *w, const struct nbma_peer *g)
{
	return (!w->tunnel || w->tunnel->id == g->first->id) &&
	       (addr_is_none(&w->nbma) || addr_equal(nbma_or_path(g->first), &w->nbma)) &&
	       (addr_is_none(&w->protocol) || has_protocol(g, &w->protocol));
}

struct show_peers *show_peers_take(struct daemon *d, struct answer *a, const json_t *args,
				   json_t **error)
{
	struct phase1 phase1;
	struct show_peers *p;
	struct which w;
	size_t n = 0;

	if (!verbs_tunnel(d, args, "interface", &w.tunnel, error) ||
	    !verbs_address(args, "nbma", &w.nbma, error) ||
	    !verbs_address(args, "tunnel", &w.protocol, error))
		return NULL;
	p = take(d, a, nbma_or_path);
	p->only = w.tunnel;
	p->shortcuts = shortcuts_collect(d);
	phase1 = phase1_collect(d);
	for (size_t i = 0; i < p->count; i++) {
		p->groups[n] = p->groups[i];
		p->groups[n].state = peer_state(d, &p->groups[n], &phase1);
		n += is_wanted(&w, &p->groups[n]);
	}
	p->count = n;
	free(phase1.remotes);
	return p;
}

json_t *show_peers_tunnels(struct daemon *d, struct answer *a, struct show_peers *p,
			   const struct show_pairs *pairs)
{
	json_t *list = json_array();

	p->pairs = pairs;
	TUNNELS_EACH (d, t)
		if (!p->only || p->only == t)
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:o}", "interface", t->conf->name, "type",
						conf_tunnel_is_hub(t->conf) ? "Hub" : "Spoke", "peers",
						list_of(a, peer_item, p, t->id)));
	return list;
}

bool show_peers_at(const struct show_peers *p, size_t i, int *tunnel, struct addr *nbma, msec *since)
{
	if (i >= p->count)
		return false;
	*tunnel = p->groups[i].first->id;
	*nbma = *nbma_or_path(p->groups[i].first);
	*since = p->groups[i].first->peer_since;
	return true;
}

struct answer *show_dmvpn(struct daemon *d, const json_t *args, const struct kernel_answer *unused)
{
	struct answer *a = answer_new();
	json_t *error;
	struct show_peers *p = show_peers_take(d, a, args, &error);

	(void)unused;
	if (!p)
		return answer_is(a, error);
	return answer_is(a, json_pack("{s:o}", "tunnels", show_peers_tunnels(d, a, p, NULL)));
}

/* IOS prints the address of its own structure; here, something that names the endpoint. */
static json_t *base_of(const struct addr *nbma)
{
	return json_sprintf("0x%08X", addr_to_v4(nbma));
}

static json_t *endpoint_item(const void *of, size_t at)
{
	const struct nbma_peer *g = &((const struct show_peers *)of)->groups[at];
	json_t *overlays = json_array();

	for (size_t i = 0; i < g->count; i++)
		json_array_append_new(overlays, show_addr(&g->first[i].protocol));
	return json_pack("{s:o, s:o, s:o}", "transport", show_addr(&g->first->path), "base",
			 base_of(&g->first->path), "overlays", overlays);
}

struct answer *show_tunnel_endpoints(struct daemon *d, const json_t *args,
				     const struct kernel_answer *unused)
{
	struct answer *a = answer_new();
	struct show_peers *p = take(d, a, path);
	json_t *list = json_array();
	size_t n = 0;

	(void)args;
	(void)unused;
	/* Without those that nothing points to: no neighbour in the kernel. */
	for (size_t i = 0; i < p->count; i++)
		if (!addr_is_none(&p->groups[i].first->path))
			p->groups[n++] = p->groups[i];
	p->count = n;
	TUNNELS_EACH (d, t)
		json_array_append_new(list,
				      json_pack("{s:s, s:o}", "interface", t->conf->name, "endpoints",
						list_of(a, endpoint_item, p, t->id)));
	return answer_is(a, json_pack("{s:o}", "tunnels", list));
}
