/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loaded configuration as text in our own syntax. What is as it is when nothing is said is left out,
 * as on the router; secrets are never in it. A key of the schema that is missing here is found by
 * tests/unit/test_conf_print.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/outline.h"
#include "conf/schema.h"
#include "conf/value.h"
#include "lib/util.h"

/* A section of the outline, and what it is called in the schema. */
struct section {
	struct outline *o;
	enum section_id id;
};

static struct section section(struct section parent, enum section_id id, const char *title)
{
	struct outline *o = outline_child(parent.o, schema_section(id)->name, title, 0);

	return (struct section){ o, id };
}

static const struct schema_key *key_of(struct section s, const char *name)
{
	int index = schema_key_index(s.id, name);

	if (index < 0)
		abort(); /* it was renamed there */
	return &schema_section(s.id)->keys[index];
}

static void say(struct section s, const char *name, const char *value)
{
	const struct schema_key *key = key_of(s, name);

	if (!value || (key->def && strcmp(key->def, value) == 0))
		return;
	outline_set(s.o, key->name, key->secret ? CONF_SECRET_MASK : value, 0);
}

static void say_number(struct section s, const char *name, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	say(s, name, text);
}

static void say_bool(struct section s, const char *name, bool value)
{
	say(s, name, value ? "true" : "false");
}

static void say_addr(struct section s, const char *name, const struct addr *value)
{
	char text[ADDR_TEXT];

	if (!addr_is_none(value))
		say(s, name, addr_text(value, text));
}

/* One more value of a list. */
static void also(struct section s, const char *name, const char *value)
{
	outline_add(s.o, key_of(s, name)->name, value, 0);
}

static void also_addrs(struct section s, const char *name, const struct conf_addrs *list)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < list->count; i++)
		also(s, name, addr_text(&list->addr[i], text));
}

static void print_file_keys(struct section s, const struct conf *c)
{
	char pool[ADDR_TEXT];

	say(s, "hostname", c->hostname);
	say(s, "log-level", conf_log_level_name(c->log_level));
	if (c->log_to != CONF_LOG_DEFAULT)
		say(s, "log",
		    c->log_to == CONF_LOG_FILE	 ? c->log_path :
		    c->log_to == CONF_LOG_STDERR ? "stderr" :
						   "syslog");
	say(s, "isakmp-identity", identity_words[c->isakmp_identity]);
	say_number(s, "nat-keepalive", c->nat_keepalive);
	say(s, "nat-pool", prefix_text(&c->nat_pool, pool));
	say(s, "hook", c->hook);
	say(s, "kernel-settings", sysctl_words[c->sysctl]);
}

/* A section that is said at most once stands there only if there is anything in it. */
static void print_keepalive(struct section root, const struct conf_keepalive *k)
{
	struct section s = section(root, SECTION_KEEPALIVE, NULL);

	say_number(s, "interval", k->interval);
	say_number(s, "retry", k->retry);
	say(s, "mode", k->periodic ? "periodic" : "on-demand");
	if (!s.o->setting_count)
		outline_remove(root.o, s.o);
}

static void print_policy(struct section root, const struct conf_isakmp_policy *p)
{
	char number[16];
	struct section s;

	snprintf(number, sizeof(number), "%u", p->number);
	s = section(root, SECTION_ISAKMP_POLICY, number);
	say(s, "encryption", cipher_get(p->suite.cipher)->name);
	say(s, "hash", hash_get(p->suite.hash)->name);
	say(s, "authentication", auth_method_name(p->suite.auth));
	say_number(s, "group", p->suite.group);
	say_number(s, "lifetime", p->lifetime);
}

static void print_trustpoint(struct section root, const struct conf_trustpoint *t)
{
	struct section s = section(root, SECTION_TRUSTPOINT, t->name);

	for (size_t i = 0; i < t->ca.count; i++)
		also(s, "ca", t->ca.file[i].path);
	say(s, "certificate", t->certificate.path);
	say(s, "key", t->key.path);
	for (size_t i = 0; i < t->crl.count; i++)
		also(s, "crl", t->crl.file[i].path);
	say(s, "revocation-check", revocation_words[t->revocation]);
	say_bool(s, "ignore-key-usage", t->ignore_key_usage);
	say_bool(s, "ignore-identity", t->ignore_identity);
}

static void print_transform_set(struct section root, const struct conf_transform_set *t)
{
	struct section s = section(root, SECTION_TRANSFORM_SET, t->name);
	char cipher[32];

	/* IOS's name, which is two words where it has a number. */
	snprintf(cipher, sizeof(cipher), "%s", cipher_get(t->esp.cipher)->ios_esp);
	for (char *space = cipher; (space = strchr(space, ' '));)
		*space = '-';
	say(s, "encryption", cipher);
	if (t->esp.auth != HASH_NONE)
		say(s, "authentication", hash_get(t->esp.auth)->ios_esp);
	say(s, "mode", "transport");
}

static void print_profile(struct section root, const struct conf_ipsec_profile *p)
{
	struct section s = section(root, SECTION_IPSEC_PROFILE, p->name);
	char group[16] = "none";

	for (size_t i = 0; i < p->transform_set_count; i++)
		also(s, "transform-set", p->transform_sets[i]->name);
	if (p->pfs != GROUP_NONE)
		snprintf(group, sizeof(group), "group%d", p->pfs);
	say(s, "pfs", group);
	say_number(s, "lifetime-seconds", p->lifetime_seconds);
	say_number(s, "lifetime-kilobytes", p->lifetime_kilobytes);
}

static bool has_map(const struct conf_nhrp *n, const struct addr *protocol)
{
	for (size_t i = 0; i < n->map_count; i++)
		if (addr_equal(&n->maps[i].protocol, protocol))
			return true;
	return false;
}

static void print_members(struct section nhrp, const struct conf_nhrp *n)
{
	char title[ADDR_TEXT];

	for (size_t i = 0; i < n->map_count; i++)
		say_addr(section(nhrp, SECTION_MAP, addr_text(&n->maps[i].protocol, title)), "nbma",
			 &n->maps[i].nbma);
	for (size_t i = 0; i < n->nhs_count; i++) {
		const struct conf_nhrp_nhs *h = &n->nhs[i];
		struct section s = section(nhrp, SECTION_NHS, addr_text(&h->protocol, title));

		if (h->name)
			say(s, "nbma", h->name);
		else if (!has_map(n, &h->protocol))
			say_addr(s, "nbma", &h->nbma);
		say_number(s, "priority", h->priority);
		say_number(s, "cluster", h->cluster);
		say_bool(s, "multicast", h->multicast);
	}
	for (size_t i = 0; i < n->cluster_count; i++) {
		snprintf(title, sizeof(title), "%u", n->clusters[i].number);
		say_number(section(nhrp, SECTION_CLUSTER, title), "max-connections",
			   n->clusters[i].max);
	}
	for (size_t i = 0; i < n->authorize_count; i++)
		also_addrs(section(nhrp, SECTION_AUTHORIZE, n->authorize[i].identity), "address",
			   &n->authorize[i].addresses);
}

static void print_nhrp(struct section tunnel, const struct conf_nhrp *n)
{
	struct section s = section(tunnel, SECTION_NHRP, NULL);

	say_number(s, "network-id", n->network_id);
	if (n->authentication_len)
		say(s, "authentication", CONF_SECRET_MASK);
	say_number(s, "holdtime", n->holdtime);
	if (n->registration_timeout)
		say_number(s, "registration-timeout", n->registration_timeout);
	say_number(s, "hold-down", n->hold_down);
	say(s, "resolution-answer",
	    n->resolution_answer == CONF_NHRP_ANSWER_HUB ? "hub" : "egress");
	say_bool(s, "redirect", n->redirect);
	say_bool(s, "shortcut", n->shortcut);
	say_bool(s, "no-unique", n->no_unique);
	if (n->multicast_dynamic)
		also(s, "map-multicast", "dynamic");
	also_addrs(s, "map-multicast", &n->multicast);
	say_number(s, "nhs-fallback", n->fallback);
	print_members(s, n);
}

static void print_tunnel(struct section root, const struct conf_tunnel *t)
{
	struct section s = section(root, SECTION_TUNNEL, t->name);
	char address[ADDR_TEXT];

	say(s, "address", prefix_text(&t->address, address));
	if (t->source_if[0])
		say(s, "source", t->source_if);
	else
		say_addr(s, "source", &t->source);
	if (t->has_key)
		say_number(s, "key", t->key);
	if (t->profile)
		say(s, "profile", t->profile->name);
	if (t->mtu)
		say_number(s, "mtu", t->mtu);
	else
		say(s, "mtu", "auto");
	say_bool(s, "ignore-df", t->ignore_df);
	say_number(s, "ttl", t->ttl);
	print_nhrp(s, &t->nhrp);
}

static const char *no_comment(unsigned int line, const void *arg)
{
	(void)line;
	(void)arg;
	return NULL;
}

char *conf_print(const struct conf *c)
{
	struct outline all = { 0 };
	struct section root = { &all, SECTION_FILE };
	struct outline_text text;
	char title[ADDR_TEXT], *out;

	print_file_keys(root, c);
	print_keepalive(root, &c->keepalive);
	for (size_t i = 0; i < c->isakmp_policy_count; i++)
		print_policy(root, &c->isakmp_policies[i]);
	for (size_t i = 0; i < c->isakmp_key_count; i++)
		say(section(root, SECTION_ISAKMP_KEY, prefix_text(&c->isakmp_keys[i].peers, title)),
		    "key", CONF_SECRET_MASK);
	if (c->trustpoint)
		print_trustpoint(root, c->trustpoint);
	for (size_t i = 0; i < c->transform_set_count; i++)
		print_transform_set(root, &c->transform_sets[i]);
	for (size_t i = 0; i < c->ipsec_profile_count; i++)
		print_profile(root, &c->ipsec_profiles[i]);
	for (size_t i = 0; i < c->tunnel_count; i++)
		print_tunnel(root, &c->tunnels[i]);
	outline_write(&all, no_comment, NULL, &text);
	out = xstrdup(text.text);
	outline_text_free(&text);
	outline_clear(&all);
	return out;
}
