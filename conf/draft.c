/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/draft.h"

#include <stdlib.h>
#include <string.h>

#include "conf/file.h"
#include "lib/util.h"

void *draft_section(struct draft *d, enum section_id id)
{
	void *section[SECTION_COUNT] = {
		[SECTION_FILE] = &d->v,
		[SECTION_KEEPALIVE] = &d->v.keepalive,
		[SECTION_ISAKMP_POLICY] = &d->policy,
		[SECTION_ISAKMP_KEY] = &d->key,
		[SECTION_TRUSTPOINT] = &d->trustpoint,
		[SECTION_TRANSFORM_SET] = &d->set,
		[SECTION_IPSEC_PROFILE] = &d->profile,
		[SECTION_TUNNEL] = &d->tunnel,
		[SECTION_NHRP] = &d->tunnel.v.nhrp,
		[SECTION_MAP] = &d->map,
		[SECTION_NHS] = &d->one_nhs,
		[SECTION_CLUSTER] = &d->cluster,
		[SECTION_AUTHORIZE] = &d->authorize,
	};

	return section[id];
}

struct origin *draft_origin(struct draft *d, enum section_id id)
{
	struct origin *origin[SECTION_COUNT] = {
		[SECTION_FILE] = &d->from,
		[SECTION_KEEPALIVE] = &d->keepalive_from,
		[SECTION_ISAKMP_POLICY] = &d->policy.from,
		[SECTION_ISAKMP_KEY] = &d->key.from,
		[SECTION_TRUSTPOINT] = &d->trustpoint.from,
		[SECTION_TRANSFORM_SET] = &d->set.from,
		[SECTION_IPSEC_PROFILE] = &d->profile.from,
		[SECTION_TUNNEL] = &d->tunnel.from,
		[SECTION_NHRP] = &d->tunnel.nhrp_from,
		[SECTION_MAP] = &d->map.from,
		[SECTION_NHS] = &d->one_nhs.from,
		[SECTION_CLUSTER] = &d->cluster.from,
		[SECTION_AUTHORIZE] = &d->authorize.from,
	};

	return origin[id];
}

/*
 * Moves *one to the end of the array and leaves zeros. The array doubles whenever its count is a
 * power of two; by hand, because realloc would leave secrets behind.
 */
static void *push(void *array, size_t *count, void *one, size_t size)
{
	if ((*count & (*count - 1)) == 0) {
		void *larger = xcalloc(*count ? 2 * *count : 1, size);

		if (*count) {
			memcpy(larger, array, *count * size);
			util_wipe(array, *count * size);
		}
		free(array);
		array = larger;
	}
	memcpy((char *)array + *count * size, one, size);
	(*count)++;
	util_wipe(one, size);
	return array;
}

#define PUSH(array, count, one) (array) = push(array, &(count), &(one), sizeof(one))

void draft_add(struct draft *d, enum section_id id)
{
	switch (id) {
	case SECTION_ISAKMP_POLICY:
		PUSH(d->policies, d->policy_count, d->policy);
		break;
	case SECTION_ISAKMP_KEY:
		PUSH(d->keys, d->key_count, d->key);
		break;
	case SECTION_TRUSTPOINT:
		PUSH(d->trustpoints, d->trustpoint_count, d->trustpoint);
		break;
	case SECTION_TRANSFORM_SET:
		PUSH(d->sets, d->set_count, d->set);
		break;
	case SECTION_IPSEC_PROFILE:
		PUSH(d->profiles, d->profile_count, d->profile);
		break;
	case SECTION_TUNNEL:
		PUSH(d->tunnels, d->tunnel_count, d->tunnel);
		break;
	case SECTION_MAP:
		PUSH(d->tunnel.maps, d->tunnel.map_count, d->map);
		break;
	case SECTION_NHS:
		PUSH(d->tunnel.nhs, d->tunnel.nhs_count, d->one_nhs);
		break;
	case SECTION_CLUSTER:
		PUSH(d->tunnel.clusters, d->tunnel.cluster_count, d->cluster);
		break;
	case SECTION_AUTHORIZE:
		PUSH(d->tunnel.authorize, d->tunnel.authorize_count, d->authorize);
		break;
	case SECTION_KEEPALIVE: /* part of the file */
	case SECTION_NHRP:	/* part of its tunnel */
	case SECTION_FILE:
	case SECTION_COUNT:
		break;
	}
}

bool origin_has(const struct origin *from, enum section_id id, const char *key)
{
	int i = schema_key_index(id, key);

	return i >= 0 && from->key_line[i];
}

unsigned int origin_line(const struct origin *from, enum section_id id, const char *key)
{
	int i = schema_key_index(id, key);

	return i >= 0 && from->key_line[i] ? from->key_line[i] : from->line;
}

struct draft_set *draft_find_set(const struct draft *d, const char *name)
{
	for (size_t i = 0; i < d->set_count; i++)
		if (d->sets[i].v.name && strcmp(d->sets[i].v.name, name) == 0)
			return &d->sets[i];
	return NULL;
}

struct draft_profile *draft_find_profile(const struct draft *d, const char *name)
{
	for (size_t i = 0; i < d->profile_count; i++)
		if (d->profiles[i].v.name && strcmp(d->profiles[i].v.name, name) == 0)
			return &d->profiles[i];
	return NULL;
}

struct draft_map *draft_find_map(const struct draft_tunnel *t, const struct addr *protocol)
{
	for (size_t i = 0; i < t->map_count; i++)
		if (addr_equal(&t->maps[i].v.protocol, protocol))
			return &t->maps[i];
	return NULL;
}

static void free_key(struct conf_isakmp_key *k)
{
	if (k->key)
		util_wipe(k->key, k->len);
	free(k->key);
}

static void free_trustpoint(struct draft_trustpoint *t)
{
	file_free_trustpoint(&t->v);
	free(t->from.path);
}

static void free_names(struct draft_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->name[i]);
	free(n->name);
}

static void free_set(struct draft_set *s)
{
	free(s->v.name);
	free(s->from.path);
}

static void free_profile(struct draft_profile *p)
{
	free_names(&p->sets);
	free(p->v.name);
	free(p->v.transform_sets);
	free(p->from.path);
}

static void free_nhs(struct draft_nhs *n)
{
	free(n->v.name);
	free(n->from.path);
}

static void free_authorize(struct draft_authorize *a)
{
	free(a->v.identity);
	free(a->v.addresses.addr);
	free(a->from.path);
}

static void free_tunnel(struct draft_tunnel *t)
{
	for (size_t i = 0; i < t->map_count; i++)
		free(t->maps[i].from.path);
	for (size_t i = 0; i < t->nhs_count; i++)
		free_nhs(&t->nhs[i]);
	for (size_t i = 0; i < t->cluster_count; i++)
		free(t->clusters[i].from.path);
	for (size_t i = 0; i < t->authorize_count; i++)
		free_authorize(&t->authorize[i]);
	free(t->maps);
	free(t->nhs);
	free(t->clusters);
	free(t->authorize);
	free(t->v.nhrp.multicast.addr);
	free(t->profile);
	free(t->from.path);
	free(t->nhrp_from.path);
	util_wipe(t, sizeof(*t));
}

static void free_open_sections(struct draft *d)
{
	free(d->policy.from.path);
	free_key(&d->key.v);
	free(d->key.from.path);
	free_trustpoint(&d->trustpoint);
	free_set(&d->set);
	free_profile(&d->profile);
	free_tunnel(&d->tunnel);
	free(d->map.from.path);
	free_nhs(&d->one_nhs);
	free(d->cluster.from.path);
	free_authorize(&d->authorize);
}

void draft_free(struct draft *d)
{
	free_open_sections(d);
	for (size_t i = 0; i < d->policy_count; i++)
		free(d->policies[i].from.path);
	for (size_t i = 0; i < d->key_count; i++) {
		free_key(&d->keys[i].v);
		free(d->keys[i].from.path);
	}
	for (size_t i = 0; i < d->trustpoint_count; i++)
		free_trustpoint(&d->trustpoints[i]);
	for (size_t i = 0; i < d->set_count; i++)
		free_set(&d->sets[i]);
	for (size_t i = 0; i < d->profile_count; i++)
		free_profile(&d->profiles[i]);
	for (size_t i = 0; i < d->tunnel_count; i++)
		free_tunnel(&d->tunnels[i]);
	free(d->policies);
	free(d->keys);
	free(d->trustpoints);
	free(d->sets);
	free(d->profiles);
	free(d->tunnels);
	free(d->v.hostname);
	free(d->v.log_path);
	free(d->v.hook);
	free(d->from.path);
	free(d->keepalive_from.path);
	*d = (struct draft){ 0 };
}

static int by_number(const void *a, const void *b)
{
	const struct conf_isakmp_policy *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int by_length(const void *a, const void *b)
{
	const struct conf_isakmp_key *x = a, *y = b;

	return (x->peers.bits < y->peers.bits) - (x->peers.bits > y->peers.bits);
}

static void finish_lists(struct draft *d, struct conf *c)
{
	c->isakmp_policies = xcalloc(d->policy_count, sizeof(*c->isakmp_policies));
	for (size_t i = 0; i < d->policy_count; i++)
		c->isakmp_policies[c->isakmp_policy_count++] = d->policies[i].v;
	qsort(c->isakmp_policies, c->isakmp_policy_count, sizeof(*c->isakmp_policies), by_number);

	c->isakmp_keys = xcalloc(d->key_count, sizeof(*c->isakmp_keys));
	for (size_t i = 0; i < d->key_count; i++) {
		c->isakmp_keys[c->isakmp_key_count++] = d->keys[i].v;
		d->keys[i].v.key = NULL;
	}
	qsort(c->isakmp_keys, c->isakmp_key_count, sizeof(*c->isakmp_keys), by_length);

	if (d->trustpoint_count) {
		c->trustpoint = xmemdup(&d->trustpoints[0].v, sizeof(*c->trustpoint));
		c->trustpoint->line = d->trustpoints[0].from.line;
		d->trustpoints[0].v = (struct conf_trustpoint){ 0 };
	}

	c->transform_sets = xcalloc(d->set_count, sizeof(*c->transform_sets));
	for (size_t i = 0; i < d->set_count; i++) {
		c->transform_sets[c->transform_set_count++] = d->sets[i].v;
		/* The name stays with the draft, too, until the profiles have found it. */
	}
}

static void finish_profiles(struct draft *d, struct conf *c)
{
	c->ipsec_profiles = xcalloc(d->profile_count, sizeof(*c->ipsec_profiles));
	for (size_t i = 0; i < d->profile_count; i++) {
		struct draft_profile *p = &d->profiles[i];
		struct conf_ipsec_profile *out = &c->ipsec_profiles[c->ipsec_profile_count++];

		*out = p->v;
		out->transform_sets = xcalloc(p->sets.count, sizeof(*out->transform_sets));
		for (size_t j = 0; j < p->sets.count; j++) {
			ptrdiff_t k = draft_find_set(d, p->sets.name[j]) - d->sets;

			out->transform_sets[out->transform_set_count++] = &c->transform_sets[k];
		}
	}
	for (size_t i = 0; i < d->set_count; i++)
		d->sets[i].v.name = NULL;
}

static void finish_nhrp(struct draft_tunnel *t, struct conf_nhrp *n)
{
	n->maps = xcalloc(t->map_count, sizeof(*n->maps));
	for (size_t i = 0; i < t->map_count; i++)
		n->maps[n->map_count++] = t->maps[i].v;
	n->nhs = xcalloc(t->nhs_count, sizeof(*n->nhs));
	for (size_t i = 0; i < t->nhs_count; i++) {
		struct conf_nhrp_nhs *s = &n->nhs[n->nhs_count++];
		const struct draft_map *map = draft_find_map(t, &t->nhs[i].v.protocol);

		*s = t->nhs[i].v;
		t->nhs[i].v.name = NULL;
		if (map && !s->name)
			s->nbma = map->v.nbma;
	}
	n->clusters = xcalloc(t->cluster_count, sizeof(*n->clusters));
	for (size_t i = 0; i < t->cluster_count; i++)
		n->clusters[n->cluster_count++] = t->clusters[i].v;
	n->authorize = xcalloc(t->authorize_count, sizeof(*n->authorize));
	for (size_t i = 0; i < t->authorize_count; i++) {
		n->authorize[n->authorize_count++] = t->authorize[i].v;
		t->authorize[i].v = (struct conf_nhrp_authorize){ 0 };
	}
	t->v.nhrp.multicast = (struct conf_addrs){ 0 };
}

static void finish_tunnels(struct draft *d, struct conf *c)
{
	c->tunnels = xcalloc(d->tunnel_count, sizeof(*c->tunnels));
	for (size_t i = 0; i < d->tunnel_count; i++) {
		struct draft_tunnel *t = &d->tunnels[i];
		struct conf_tunnel *out = &c->tunnels[c->tunnel_count++];

		*out = t->v;
		out->has_key = origin_has(&t->from, SECTION_TUNNEL, "key");
		if (t->profile)
			out->profile = &c->ipsec_profiles[draft_find_profile(d, t->profile) -
							  d->profiles];
		finish_nhrp(t, &out->nhrp);
	}
	for (size_t i = 0; i < d->profile_count; i++)
		d->profiles[i].v.name = NULL;
}

struct conf *draft_finish(struct draft *d)
{
	struct conf *c = xcalloc(1, sizeof(*c));

	*c = d->v;
	d->v = (struct conf){ 0 };
	finish_lists(d, c);
	finish_profiles(d, c);
	finish_tunnels(d, c);
	draft_free(d);
	return c;
}
