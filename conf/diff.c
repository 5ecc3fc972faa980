/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/diff.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && addr_equal(&a->addr, &b->addr);
}

/* ---- what IKE works with ---- */

static bool same_isakmp_suite(const struct isakmp_suite *a, const struct isakmp_suite *b)
{
	return a->cipher == b->cipher && a->hash == b->hash && a->auth == b->auth &&
	       a->group == b->group;
}

static bool same_policies(const struct conf *a, const struct conf *b)
{
	if (a->isakmp_policy_count != b->isakmp_policy_count)
		return false;
	for (size_t i = 0; i < a->isakmp_policy_count; i++) {
		const struct conf_isakmp_policy *p = &a->isakmp_policies[i];
		const struct conf_isakmp_policy *q = &b->isakmp_policies[i];

		if (p->number != q->number || p->lifetime != q->lifetime ||
		    !same_isakmp_suite(&p->suite, &q->suite))
			return false;
	}
	return true;
}

/* Those of one prefix length may come in any order. */
static bool has_key(const struct conf *c, const struct conf_isakmp_key *key)
{
	for (size_t i = 0; i < c->isakmp_key_count; i++) {
		const struct conf_isakmp_key *k = &c->isakmp_keys[i];

		if (same_prefix(&k->peers, &key->peers))
			return k->len == key->len && util_equal_ct(k->key, key->key, k->len);
	}
	return false;
}

static bool same_keys(const struct conf *a, const struct conf *b)
{
	if (a->isakmp_key_count != b->isakmp_key_count)
		return false;
	for (size_t i = 0; i < a->isakmp_key_count; i++)
		if (!has_key(b, &a->isakmp_keys[i]))
			return false;
	return true;
}

static bool same_profile(const struct conf_ipsec_profile *a, const struct conf_ipsec_profile *b)
{
	if (a->transform_set_count != b->transform_set_count || a->pfs != b->pfs ||
	    a->lifetime_seconds != b->lifetime_seconds ||
	    a->lifetime_kilobytes != b->lifetime_kilobytes)
		return false;
	for (size_t i = 0; i < a->transform_set_count; i++) {
		const struct esp_suite *s = &a->transform_sets[i]->esp;
		const struct esp_suite *t = &b->transform_sets[i]->esp;

		if (s->cipher != t->cipher || s->auth != t->auth)
			return false;
	}
	return true;
}

static bool has_profile(const struct conf *c, const struct conf_ipsec_profile *profile)
{
	for (size_t i = 0; i < c->ipsec_profile_count; i++)
		if (same_text(c->ipsec_profiles[i].name, profile->name))
			return same_profile(&c->ipsec_profiles[i], profile);
	return false;
}

static bool same_profiles(const struct conf *a, const struct conf *b)
{
	if (a->ipsec_profile_count != b->ipsec_profile_count)
		return false;
	for (size_t i = 0; i < a->ipsec_profile_count; i++)
		if (!has_profile(b, &a->ipsec_profiles[i]))
			return false;
	return true;
}

static bool same_keepalive(const struct conf_keepalive *a, const struct conf_keepalive *b)
{
	return a->interval == b->interval && a->retry == b->retry && a->periodic == b->periodic;
}

/* By what is in them: a new CRL comes under the name of the old one. */
static bool same_file(const struct conf_file *a, const struct conf_file *b)
{
	return a->len == b->len && (!a->len || util_equal_ct(a->data, b->data, a->len));
}

static bool same_files(const struct conf_files *a, const struct conf_files *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_file(&a->file[i], &b->file[i]))
			return false;
	return true;
}

static bool same_trustpoint(const struct conf_trustpoint *a, const struct conf_trustpoint *b)
{
	if (!a || !b)
		return a == b;
	return same_files(&a->ca, &b->ca) && same_files(&a->crl, &b->crl) &&
	       same_file(&a->certificate, &b->certificate) && same_file(&a->key, &b->key) &&
	       a->revocation == b->revocation && a->ignore_key_usage == b->ignore_key_usage &&
	       a->ignore_identity == b->ignore_identity;
}

static bool same_ike(const struct conf *a, const struct conf *b)
{
	return same_keepalive(&a->keepalive, &b->keepalive) && same_policies(a, b) &&
	       same_keys(a, b) && same_profiles(a, b) &&
	       a->isakmp_identity == b->isakmp_identity &&
	       a->nat_keepalive == b->nat_keepalive && same_prefix(&a->nat_pool, &b->nat_pool) &&
	       same_trustpoint(a->trustpoint, b->trustpoint);
}

static bool same_log(const struct conf *a, const struct conf *b)
{
	return same_text(a->hostname, b->hostname) && a->log_level == b->log_level &&
	       a->log_to == b->log_to && same_text(a->log_path, b->log_path);
}

/* ---- tunnels ---- */

static bool has_map(const struct conf_nhrp *n, const struct conf_nhrp_map *map)
{
	for (size_t i = 0; i < n->map_count; i++)
		if (addr_equal(&n->maps[i].protocol, &map->protocol))
			return addr_equal(&n->maps[i].nbma, &map->nbma);
	return false;
}

static bool same_server(const struct conf_nhrp_nhs *a, const struct conf_nhrp_nhs *b)
{
	return addr_equal(&a->protocol, &b->protocol) && addr_equal(&a->nbma, &b->nbma) &&
	       same_text(a->name, b->name) && a->priority == b->priority &&
	       a->cluster == b->cluster && a->multicast == b->multicast;
}

/* In their order, which is that of preference. */
static bool same_servers(const struct conf_nhrp *a, const struct conf_nhrp *b)
{
	if (a->nhs_count != b->nhs_count)
		return false;
	for (size_t i = 0; i < a->nhs_count; i++)
		if (!same_server(&a->nhs[i], &b->nhs[i]))
			return false;
	return true;
}

static bool has_cluster(const struct conf_nhrp *n, const struct conf_nhrp_cluster *cluster)
{
	for (size_t i = 0; i < n->cluster_count; i++)
		if (n->clusters[i].number == cluster->number)
			return n->clusters[i].max == cluster->max;
	return false;
}

static bool same_clusters(const struct conf_nhrp *a, const struct conf_nhrp *b)
{
	if (a->cluster_count != b->cluster_count)
		return false;
	for (size_t i = 0; i < a->cluster_count; i++)
		if (!has_cluster(b, &a->clusters[i]))
			return false;
	return true;
}

static bool has_addr(const struct conf_addrs *list, const struct addr *a)
{
	for (size_t i = 0; i < list->count; i++)
		if (addr_equal(&list->addr[i], a))
			return true;
	return false;
}

/* None is in a list twice. */
static bool same_addrs(const struct conf_addrs *a, const struct conf_addrs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!has_addr(b, &a->addr[i]))
			return false;
	return true;
}

static bool has_authorize(const struct conf_nhrp *n, const struct conf_nhrp_authorize *authorize)
{
	for (size_t i = 0; i < n->authorize_count; i++)
		if (same_text(n->authorize[i].identity, authorize->identity))
			return same_addrs(&n->authorize[i].addresses, &authorize->addresses);
	return false;
}

static bool same_authorize(const struct conf_nhrp *a, const struct conf_nhrp *b)
{
	if (a->authorize_count != b->authorize_count)
		return false;
	for (size_t i = 0; i < a->authorize_count; i++)
		if (!has_authorize(b, &a->authorize[i]))
			return false;
	return true;
}

static bool same_phases(const struct conf_nhrp *a, const struct conf_nhrp *b)
{
	return a->redirect == b->redirect && a->shortcut == b->shortcut &&
	       a->no_unique == b->no_unique && a->fallback == b->fallback &&
	       a->multicast_dynamic == b->multicast_dynamic &&
	       same_addrs(&a->multicast, &b->multicast);
}

static bool same_nhrp(const struct conf_nhrp *a, const struct conf_nhrp *b)
{
	if (a->network_id != b->network_id || a->authentication_len != b->authentication_len ||
	    !util_equal_ct(a->authentication, b->authentication, sizeof(a->authentication)) ||
	    a->holdtime != b->holdtime ||
	    a->registration_timeout != b->registration_timeout || a->hold_down != b->hold_down ||
	    a->resolution_answer != b->resolution_answer || a->map_count != b->map_count)
		return false;
	for (size_t i = 0; i < a->map_count; i++)
		if (!has_map(b, &a->maps[i]))
			return false;
	return same_servers(a, b) && same_clusters(a, b) && same_authorize(a, b) &&
	       same_phases(a, b);
}

static unsigned int compare(const struct conf_tunnel *a, const struct conf_tunnel *b)
{
	unsigned int what = 0;

	if (!same_prefix(&a->address, &b->address) || a->has_key != b->has_key ||
	    (a->has_key && a->key != b->key) || !a->profile != !b->profile)
		what |= CONF_CHANGED_NATURE;
	if (!same_text(a->source_if, b->source_if) || !addr_equal(&a->source, &b->source))
		what |= CONF_CHANGED_SOURCE;
	if (a->profile && b->profile && !same_text(a->profile->name, b->profile->name))
		what |= CONF_CHANGED_PROFILE;
	if (a->mtu != b->mtu || a->ttl != b->ttl || a->ignore_df != b->ignore_df)
		what |= CONF_CHANGED_LINK;
	if (a->mtu != b->mtu || !same_nhrp(&a->nhrp, &b->nhrp))
		what |= CONF_CHANGED_NHRP;
	return what;
}

static const struct conf_tunnel *find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->tunnel_count; i++)
		if (strcmp(c->tunnels[i].name, name) == 0)
			return &c->tunnels[i];
	return NULL;
}

static void add(struct conf_diff *d, const struct conf_tunnel *before,
		const struct conf_tunnel *after)
{
	struct conf_tunnel_diff *t = &d->tunnels[d->count++];

	t->before = before;
	t->after = after;
	if (before && after)
		t->what = compare(before, after);
	d->changes += !before || !after || t->what;
}

struct conf_diff *conf_diff(const struct conf *before, const struct conf *after)
{
	struct conf_diff *d =
		xcalloc(1, sizeof(*d) + (before->tunnel_count + after->tunnel_count) *
						sizeof(d->tunnels[0]));

	if (!same_log(before, after))
		d->what |= CONF_CHANGED_LOG;
	if (!same_ike(before, after))
		d->what |= CONF_CHANGED_IKE;
	if (!same_text(before->hook, after->hook) || before->sysctl != after->sysctl)
		d->what |= CONF_CHANGED_HOST;
	for (size_t i = 0; i < before->tunnel_count; i++)
		add(d, &before->tunnels[i], find(after, before->tunnels[i].name));
	for (size_t i = 0; i < after->tunnel_count; i++)
		if (!find(before, after->tunnels[i].name))
			add(d, NULL, &after->tunnels[i]);
	return d;
}
