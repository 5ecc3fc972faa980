/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loaded configuration as IOS would print it: what IOS leaves out is left out, secrets are never
 * in it. What no line of IOS says is in comments ("! dmvpnd: hook = /usr/local/sbin/hook").
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/value.h"
#include "lib/addr.h"
#include "lib/util.h"

struct ios_print {
	FILE *out;
	const struct conf_interfaces *here;
};

static void line(struct ios_print *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line(struct ios_print *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(p->out, fmt, args);
	va_end(args);
	fputc('\n', p->out);
}

static const char *mask_text(unsigned int bits, char buf[ADDR_TEXT])
{
	const struct addr mask = addr_v4(bits ? UINT32_MAX << (32 - bits) : 0);

	return addr_text(&mask, buf);
}

static void print_system(struct ios_print *p, const struct conf *c)
{
	char pool[ADDR_TEXT];

	line(p, "!");
	if (c->hostname)
		line(p, "hostname %s\n!", c->hostname);
	if (strcmp(conf_log_level_name(c->log_level), "informational") != 0)
		line(p, "logging trap %s", conf_log_level_name(c->log_level));
	if (c->log_to == CONF_LOG_FILE)
		line(p, "! dmvpnd: log = %s", c->log_path);
	else if (c->log_to != CONF_LOG_DEFAULT)
		line(p, "! dmvpnd: log = %s", c->log_to == CONF_LOG_STDERR ? "stderr" : "syslog");
	if (strcmp(prefix_text(&c->nat_pool, pool), "240.0.0.0/8") != 0)
		line(p, "! dmvpnd: nat-pool = %s", pool);
	if (c->hook)
		line(p, "! dmvpnd: hook = %s", c->hook);
	if (c->sysctl != CONF_SYSCTL_CHECK)
		line(p, "! dmvpnd: kernel-settings = %s", sysctl_words[c->sysctl]);
}

/* IOS's defaults are not ours: des, sha, rsa-sig, group 1. */
static void print_policy(struct ios_print *p, const struct conf_isakmp_policy *policy)
{
	line(p, "crypto isakmp policy %u", policy->number);
	line(p, " encr %s", cipher_get(policy->suite.cipher)->ios_isakmp);
	if (policy->suite.hash != HASH_SHA1)
		line(p, " hash %s", hash_get(policy->suite.hash)->name);
	if (policy->suite.auth != AUTH_RSA_SIG)
		line(p, " authentication %s", auth_method_name(policy->suite.auth));
	if (policy->suite.group != GROUP_1)
		line(p, " group %d", policy->suite.group);
	if (policy->lifetime != 86400)
		line(p, " lifetime %u", policy->lifetime);
	line(p, "!");
}

static void print_key(struct ios_print *p, const struct prefix *peers)
{
	char address[ADDR_TEXT], mask[ADDR_TEXT];

	addr_text(&peers->addr, address);
	if (peers->bits == 32)
		line(p, "crypto isakmp key " CONF_SECRET_MASK " address %s", address);
	else
		line(p, "crypto isakmp key " CONF_SECRET_MASK " address %s %s", address,
		     mask_text(peers->bits, mask));
}

static void print_phase1(struct ios_print *p, const struct conf *c)
{
	const struct conf_keepalive *k = &c->keepalive;
	char retry[16] = "";

	for (size_t i = 0; i < c->isakmp_policy_count; i++)
		print_policy(p, &c->isakmp_policies[i]);
	for (size_t i = 0; i < c->isakmp_key_count; i++)
		print_key(p, &c->isakmp_keys[i].peers);
	if (k->retry != 2)
		snprintf(retry, sizeof(retry), " %u", k->retry);
	if (k->interval)
		line(p, "crypto isakmp keepalive %u%s%s", k->interval, retry,
		     k->periodic ? " periodic" : "");
	else
		line(p, "! dmvpnd: isakmp-keepalive { interval = 0 }");
	if (c->nat_keepalive != 20)
		line(p, "crypto isakmp nat keepalive %u", c->nat_keepalive);
	if (c->isakmp_identity != CONF_IDENTITY_AUTO)
		line(p, "crypto isakmp identity %s", identity_words[c->isakmp_identity]);
	line(p, "!");
}

static void print_trustpoint(struct ios_print *p, const struct conf_trustpoint *t)
{
	static const char *const checks[] = { [CONF_REVOCATION_NONE] = "none",
					      [CONF_REVOCATION_IF_PRESENT] = "crl none",
					      [CONF_REVOCATION_CRL] = "crl" };

	line(p, "crypto pki trustpoint %s\n enrollment terminal", t->name);
	line(p, " revocation-check %s", checks[t->revocation]);
	if (t->ignore_key_usage)
		line(p, " ! dmvpnd: ignore-key-usage = true");
	if (t->ignore_identity)
		line(p, " ! dmvpnd: ignore-identity = true");
	for (size_t i = 0; i < t->ca.count; i++)
		line(p, " ! dmvpnd: ca = %s", t->ca.file[i].path);
	line(p, " ! dmvpnd: certificate = %s", t->certificate.path);
	line(p, " ! dmvpnd: key = %s", t->key.path);
	for (size_t i = 0; i < t->crl.count; i++)
		line(p, " ! dmvpnd: crl = %s", t->crl.file[i].path);
	line(p, "!");
}

static void print_transform_set(struct ios_print *p, const struct conf_transform_set *t)
{
	const struct hash *h = hash_get(t->esp.auth);

	line(p, "crypto ipsec transform-set %s %s%s%s\n mode transport\n!", t->name,
	     cipher_get(t->esp.cipher)->ios_esp, h ? " " : "", h ? h->ios_esp : "");
}

static void print_profile(struct ios_print *p, const struct conf_ipsec_profile *profile)
{
	line(p, "crypto ipsec profile %s", profile->name);
	if (profile->lifetime_kilobytes == UINT32_MAX)
		line(p, " set security-association lifetime kilobytes disable");
	else if (profile->lifetime_kilobytes != 4608000)
		line(p, " set security-association lifetime kilobytes %u",
		     profile->lifetime_kilobytes);
	if (profile->lifetime_seconds != 3600)
		line(p, " set security-association lifetime seconds %u", profile->lifetime_seconds);
	fprintf(p->out, " set transform-set");
	for (size_t i = 0; i < profile->transform_set_count; i++)
		fprintf(p->out, " %s", profile->transform_sets[i]->name);
	line(p, "%s", "");
	if (profile->pfs != GROUP_NONE)
		line(p, " set pfs group%d", profile->pfs);
	line(p, "!");
}

static bool has_map(const struct conf_nhrp *n, const struct addr *protocol)
{
	for (size_t i = 0; i < n->map_count; i++)
		if (addr_equal(&n->maps[i].protocol, protocol))
			return true;
	return false;
}

static void print_nhs(struct ios_print *p, const struct conf_nhrp *n, const struct conf_nhrp_nhs *h)
{
	char protocol[ADDR_TEXT], nbma[ADDR_TEXT];

	fprintf(p->out, " ip nhrp nhs %s", addr_text(&h->protocol, protocol));
	if (h->name)
		fprintf(p->out, " nbma %s", h->name);
	else if (!has_map(n, &h->protocol))
		fprintf(p->out, " nbma %s", addr_text(&h->nbma, nbma));
	if (h->multicast)
		fprintf(p->out, " multicast");
	if (h->priority)
		fprintf(p->out, " priority %u", h->priority);
	if (h->cluster)
		fprintf(p->out, " cluster %u", h->cluster);
	line(p, "%s", "");
}

static void print_members(struct ios_print *p, const struct conf_nhrp *n)
{
	char protocol[ADDR_TEXT], nbma[ADDR_TEXT];

	if (n->multicast_dynamic)
		line(p, " ip nhrp map multicast dynamic");
	for (size_t i = 0; i < n->map_count; i++)
		line(p, " ip nhrp map %s %s", addr_text(&n->maps[i].protocol, protocol),
		     addr_text(&n->maps[i].nbma, nbma));
	for (size_t i = 0; i < n->multicast.count; i++)
		line(p, " ip nhrp map multicast %s", addr_text(&n->multicast.addr[i], nbma));
}

static void print_authorize(struct ios_print *p, const struct conf_nhrp_authorize *a)
{
	char text[ADDR_TEXT];

	fprintf(p->out, " ! dmvpnd: authorize %s:", a->identity);
	for (size_t i = 0; i < a->addresses.count; i++)
		fprintf(p->out, " %s", addr_text(&a->addresses.addr[i], text));
	line(p, "%s", "");
}

static void print_nhrp(struct ios_print *p, const struct conf_nhrp *n)
{
	if (n->authentication_len)
		line(p, " ip nhrp authentication " CONF_SECRET_MASK);
	print_members(p, n);
	line(p, " ip nhrp network-id %u", n->network_id);
	if (n->holdtime != 7200)
		line(p, " ip nhrp holdtime %u", n->holdtime);
	for (size_t i = 0; i < n->nhs_count; i++)
		print_nhs(p, n, &n->nhs[i]);
	for (size_t i = 0; i < n->cluster_count; i++)
		line(p, " ip nhrp nhs cluster %u max-connections %u", n->clusters[i].number,
		     n->clusters[i].max);
	if (n->fallback)
		line(p, " ip nhrp nhs fallback %u", n->fallback);
	if (n->registration_timeout)
		line(p, " ip nhrp registration timeout %u", n->registration_timeout);
	if (n->no_unique)
		line(p, " ip nhrp registration no-unique");
	if (n->shortcut)
		line(p, " ip nhrp shortcut");
	if (n->redirect)
		line(p, " ip nhrp redirect");
	if (n->hold_down != 60)
		line(p, " ! dmvpnd: hold-down = %u", n->hold_down);
	if (n->resolution_answer == CONF_NHRP_ANSWER_HUB)
		line(p, " ! dmvpnd: resolution-answer = hub");
	for (size_t i = 0; i < n->authorize_count; i++)
		print_authorize(p, &n->authorize[i]);
}

/* An interface by the router's name, where it has one. */
static const char *router_name(const struct ios_print *p, const char *name)
{
	for (size_t i = 0; p->here && i < p->here->count; i++)
		if (strcmp(p->here->interface[i].here, name) == 0)
			return p->here->interface[i].ios;
	return name;
}

static void print_tunnel(struct ios_print *p, const struct conf_tunnel *t)
{
	char address[ADDR_TEXT], mask[ADDR_TEXT];

	line(p, "interface %s", t->name);
	line(p, " ip address %s %s", addr_text(&t->address.addr, address),
	     mask_text(t->address.bits, mask));
	line(p, " no ip redirects");
	if (t->mtu)
		line(p, " ip mtu %u", t->mtu);
	else
		line(p, " ! dmvpnd: mtu = auto");
	if (t->ignore_df)
		line(p, " ! dmvpnd: ignore-df = true");
	print_nhrp(p, &t->nhrp);
	line(p, " tunnel source %s",
	     t->source_if[0] ? router_name(p, t->source_if) : addr_text(&t->source, address));
	line(p, " tunnel mode gre multipoint");
	if (t->has_key)
		line(p, " tunnel key %u", t->key);
	if (t->ttl != 255)
		line(p, " tunnel ttl %u", t->ttl);
	if (t->profile)
		line(p, " tunnel protection ipsec profile %s", t->profile->name);
	line(p, "!");
}

char *conf_print_ios(const struct conf *c, const struct conf_interfaces *here)
{
	struct ios_print p = { .here = here };
	char *text = NULL;
	size_t len;

	p.out = open_memstream(&text, &len);
	if (!p.out)
		abort();
	print_system(&p, c);
	line(&p, "!");
	print_phase1(&p, c);
	if (c->trustpoint)
		print_trustpoint(&p, c->trustpoint);
	for (size_t i = 0; i < c->transform_set_count; i++)
		print_transform_set(&p, &c->transform_sets[i]);
	for (size_t i = 0; i < c->ipsec_profile_count; i++)
		print_profile(&p, &c->ipsec_profiles[i]);
	for (size_t i = 0; i < c->tunnel_count; i++)
		print_tunnel(&p, &c->tunnels[i]);
	line(&p, "end");
	if (fclose(p.out))
		abort();
	return text;
}
