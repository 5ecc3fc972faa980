/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/translate.h"

#include <stdio.h>
#include <unistd.h>

_Static_assert(CONF_NHS_MAX <= NHRP_NHS_MAX, "every configured nhs fits");
_Static_assert(CONF_NHRP_AUTH_MAX <= NHRP_AUTHENTICATION_MAX, "every configured key fits");

/* Larger than IOS's 64: packets of one SA may come in through several receive queues. */
#define REPLAY_WINDOW 256

static void translate_policies(struct ike_config *out, const struct conf *conf)
{
	struct ike_policy *policies = xcalloc(conf->isakmp_policy_count, sizeof(*policies));

	for (size_t i = 0; i < conf->isakmp_policy_count; i++) {
		const struct conf_isakmp_policy *p = &conf->isakmp_policies[i];

		policies[i] = (struct ike_policy){ p->number, p->suite, p->lifetime };
	}
	out->policies = policies;
	out->policy_count = conf->isakmp_policy_count;
}

static void translate_keys(struct ike_config *out, const struct conf *conf)
{
	struct ike_psk *psks = xcalloc(conf->isakmp_key_count, sizeof(*psks));

	for (size_t i = 0; i < conf->isakmp_key_count; i++) {
		const struct conf_isakmp_key *k = &conf->isakmp_keys[i];

		psks[i] = (struct ike_psk){ k->peers, { k->key, k->len } };
	}
	out->psks = psks;
	out->psk_count = conf->isakmp_key_count;
}

static struct ike_profile translate_profile(const struct conf_ipsec_profile *p)
{
	struct esp_suite *suites = xcalloc(p->transform_set_count, sizeof(*suites));

	for (size_t i = 0; i < p->transform_set_count; i++)
		suites[i] = p->transform_sets[i]->esp;
	return (struct ike_profile){
		.name = p->name,
		.suites = suites,
		.suite_count = p->transform_set_count,
		.pfs = p->pfs,
		.life_seconds = p->lifetime_seconds,
		.life_kilobytes = p->lifetime_kilobytes,
	};
}

static void translate_identity(struct ike_terms *terms, const struct conf *conf)
{
	static const enum ike_identity identities[] = {
		[CONF_IDENTITY_AUTO] = IKE_IDENTITY_AUTO,
		[CONF_IDENTITY_ADDRESS] = IKE_IDENTITY_ADDRESS,
		[CONF_IDENTITY_HOSTNAME] = IKE_IDENTITY_HOSTNAME,
		[CONF_IDENTITY_DN] = IKE_IDENTITY_DN,
	};

	if (conf->hostname)
		snprintf(terms->hostname, sizeof(terms->hostname), "%s", conf->hostname);
	else if (gethostname(terms->hostname, sizeof(terms->hostname) - 1))
		terms->hostname[0] = '\0';
	terms->config.identity = identities[conf->isakmp_identity];
	terms->config.pseudo_pool = conf->nat_pool;
	terms->config.hostname =
		(struct span){ (const uint8_t *)terms->hostname, strlen(terms->hostname) };
}

struct ike_terms *translate_ike(const struct conf *conf, struct trustpoint *trustpoint)
{
	struct ike_terms *terms = xcalloc(1, sizeof(*terms));

	terms->config.trustpoint = trustpoint;
	translate_identity(terms, conf);
	translate_policies(&terms->config, conf);
	translate_keys(&terms->config, conf);
	terms->config.dpd = (struct ike_dpd){
		.interval = conf->keepalive.interval,
		.retry = conf->keepalive.retry,
		.periodic = conf->keepalive.periodic,
	};
	terms->config.nat_keepalive = conf->nat_keepalive;
	/* One more, so that the end can be found: a profile has a name. */
	terms->profiles = xcalloc(conf->ipsec_profile_count + 1, sizeof(*terms->profiles));
	for (size_t i = 0; i < conf->ipsec_profile_count; i++)
		terms->profiles[i] = translate_profile(&conf->ipsec_profiles[i]);
	return terms;
}

void ike_terms_free(struct ike_terms *terms)
{
	if (!terms)
		return;
	for (struct ike_profile *p = terms->profiles; p->name; p++)
		free((void *)(uintptr_t)p->suites);
	free(terms->profiles);
	free((void *)(uintptr_t)terms->config.policies);
	free((void *)(uintptr_t)terms->config.psks);
	free(terms);
}

const struct ike_profile *ike_terms_profile(const struct ike_terms *terms, const struct conf *conf,
					    const struct conf_ipsec_profile *profile)
{
	return &terms->profiles[profile - conf->ipsec_profiles];
}

/* One identity may have several addresses; NHRP has an entry for each. */
static void translate_authorize(struct nhrp_terms *terms, const struct conf_nhrp *n)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < n->authorize_count; i++)
		count += n->authorize[i].addresses.count;
	terms->authorize = xcalloc(count, sizeof(*terms->authorize));
	for (size_t i = 0; i < n->authorize_count; i++) {
		const struct conf_nhrp_authorize *a = &n->authorize[i];

		for (size_t j = 0; j < a->addresses.count; j++)
			terms->authorize[at++] = (struct nhrp_authorize){
				.identity = { (const uint8_t *)a->identity,
					      strlen(a->identity) },
				.protocol = a->addresses.addr[j],
			};
	}
	terms->config.authorize = terms->authorize;
	terms->config.n_authorize = count;
}

static void translate_servers(struct nhrp_terms *terms, const struct conf_nhrp *n)
{
	for (size_t i = 0; i < n->nhs_count; i++)
		terms->nhs[i] = (struct nhrp_nhs_config){
			.protocol = n->nhs[i].protocol,
			.nbma = n->nhs[i].nbma,
			.named = n->nhs[i].name != NULL,
			.priority = n->nhs[i].priority,
			.cluster = n->nhs[i].cluster,
			.multicast = n->nhs[i].multicast,
		};
	terms->config.nhs = terms->nhs;
	terms->config.n_nhs = n->nhs_count;
	terms->clusters = xcalloc(n->cluster_count, sizeof(*terms->clusters));
	for (size_t i = 0; i < n->cluster_count; i++)
		terms->clusters[i] =
			(struct nhrp_cluster){ n->clusters[i].number, n->clusters[i].max };
	terms->config.clusters = terms->clusters;
	terms->config.n_clusters = n->cluster_count;
}

void translate_nhrp(struct nhrp_terms *terms, const struct conf_tunnel *tunnel, struct addr nbma,
		    uint16_t mtu)
{
	const struct conf_nhrp *n = &tunnel->nhrp;

	*terms = (struct nhrp_terms){ .maps = xcalloc(n->map_count, sizeof(*terms->maps)) };
	for (size_t i = 0; i < n->map_count; i++)
		terms->maps[i] = (struct nhrp_map){ n->maps[i].protocol, n->maps[i].nbma };
	terms->config = (struct nhrp_config){
		.address = tunnel->address,
		.nbma = nbma,
		.authentication = { n->authentication, n->authentication_len },
		.network_id = n->network_id,
		.holding_time = n->holdtime,
		.registration_timeout = n->registration_timeout,
		.hold_down = n->hold_down,
		.mtu = mtu,
		.no_unique = n->no_unique,
		.answer = n->resolution_answer == CONF_NHRP_ANSWER_HUB ? NHRP_ANSWER : NHRP_FORWARD,
		.maps = terms->maps,
		.n_maps = n->map_count,
		.fallback = n->fallback,
		.multicast_dynamic = n->multicast_dynamic,
		.multicast = n->multicast.addr,
		.n_multicast = n->multicast.count,
		.redirect = n->redirect,
		.shortcut = n->shortcut,
	};
	translate_servers(terms, n);
	translate_authorize(terms, n);
}

void nhrp_terms_free(struct nhrp_terms *terms)
{
	free(terms->maps);
	free(terms->clusters);
	free(terms->authorize);
	*terms = (struct nhrp_terms){ 0 };
}

struct gre_link_config translate_link(const struct conf_tunnel *tunnel, const struct addr *local,
				      uint16_t mtu)
{
	struct gre_link_config cfg = {
		.local = *local,
		.keyed = tunnel->has_key,
		.key = tunnel->key,
		.ttl = tunnel->ttl,
		.mtu = mtu,
		.ignore_df = tunnel->ignore_df,
		.address = tunnel->address,
	};

	memcpy(cfg.name, tunnel->name, sizeof(cfg.name));
	return cfg;
}

struct xfrm_tunnel_policy translate_policy(const struct conf_tunnel *tunnel,
					   const struct addr *local, uint32_t reqid)
{
	return (struct xfrm_tunnel_policy){
		.local = *local,
		.keyed = tunnel->has_key,
		.key = tunnel->key,
		.reqid = reqid,
		.bare = !tunnel->profile,
	};
}

struct xfrm_sa_id translate_sa_id(const struct addr *local, const struct addr *remote,
				  enum ike_direction direction, uint32_t spi)
{
	bool out = direction == IKE_OUTBOUND;

	return (struct xfrm_sa_id){ out ? *local : *remote, out ? *remote : *local, spi };
}

bool translate_sa(struct xfrm_sa *out, const struct ike_ipsec_sa *sa, uint32_t reqid,
		  uint8_t keymat[TRANSLATE_KEYMAT_MAX])
{
	bool outbound = sa->direction == IKE_OUTBOUND;
	struct writer w = writer_of(keymat, TRANSLATE_KEYMAT_MAX);

	write_span(&w, sa->key);
	write_span(&w, sa->auth_key);
	*out = (struct xfrm_sa){
		.id = translate_sa_id(&sa->local, &sa->outer, sa->direction, sa->spi),
		.pseudo = addr_equal(&sa->remote, &sa->outer) ? (struct addr){ 0 } : sa->remote,
		.outbound = outbound,
		.reqid = reqid,
		.suite = sa->suite,
		.keymat = { keymat, w.len },
		.replay_window = outbound ? 0 : REPLAY_WINDOW,
		.hard_seconds = sa->hard_seconds,
		.soft_bytes = sa->soft_bytes,
		.hard_bytes = sa->hard_bytes,
		.encap_sport = outbound ? sa->encap_local : sa->encap_remote,
		.encap_dport = outbound ? sa->encap_remote : sa->encap_local,
	};
	return !w.bad;
}
