/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections that were found bad while they were read are left out where their values matter, so
 * that one mistake is told once.
 */
#include "conf/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/check_nhrp.h"
#include "lib/util.h"

#define KEY_GOOD 20 /* octets of a pre-shared key that nobody guesses */
#define NAMES_SHOWN 10

void check_say(struct draft *d, enum conf_severity severity, unsigned int line,
	       const struct origin *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(&d->complaints, severity, line, at->path, fmt, ap);
	va_end(ap);
}

void check_already(struct draft *d, const struct origin *second, const struct origin *first)
{
	ERROR(d, second->line, second, "there twice, first in line %u",
	      complaint_line(&d->complaints, first->line));
}

bool check_any_policy_with(const struct draft *d, enum auth_method auth)
{
	for (size_t i = 0; i < d->policy_count; i++)
		if (d->policies[i].from.bad || d->policies[i].v.suite.auth == auth)
			return true;
	return false;
}

bool check_overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_contains(a, &b->addr) || prefix_contains(b, &a->addr);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && addr_equal(&a->addr, &b->addr);
}

static void check_policies(struct draft *d)
{
	if (d->policy_count > CONF_POLICIES_MAX) {
		ERROR(d, d->policies[CONF_POLICIES_MAX].from.line,
		      &d->policies[CONF_POLICIES_MAX].from, "more than %d policies",
		      CONF_POLICIES_MAX);
		return;
	}
	for (size_t i = 0; i < d->policy_count; i++)
		for (size_t j = 0; j < i; j++)
			if (d->policies[i].v.number &&
			    d->policies[i].v.number == d->policies[j].v.number) {
				check_already(d, &d->policies[i].from, &d->policies[j].from);
				break;
			}
}

/*
 * Main mode with a pre-shared key (RFC 2409 section 5.4): who poses as a peer once can try keys
 * offline for ever; a key for every address makes posing easy.
 */
static void check_key_strength(struct draft *d, const struct draft_key *k)
{
	unsigned int line = origin_line(&k->from, SECTION_ISAKMP_KEY, "key");

	if (k->v.key[0] == ' ' || k->v.key[k->v.len - 1] == ' ')
		WARN(d, line, &k->from,
		     "key: begins or ends with a blank, which is part of it: is it part of the "
		     "peer's, too?");
	if (k->v.len < KEY_GOOD)
		WARN(d, line, &k->from,
		     "key: has %zu octets%s: whoever once poses as a peer can guess it offline; use "
		     "%d random ones or more (openssl rand -base64 24)",
		     k->v.len, k->v.peers.bits ? "" : " and is the same for every peer", KEY_GOOD);
	else if (k->v.peers.bits == 0)
		WARN(d, line, &k->from,
		     "key: is the same for every peer: whoever has it can pose as any of them");
}

static void check_keys(struct draft *d)
{
	for (size_t i = 0; i < d->key_count; i++) {
		struct draft_key *k = &d->keys[i];

		for (size_t j = 0; j < i; j++)
			if (!addr_is_none(&k->v.peers.addr) &&
			    same_prefix(&k->v.peers, &d->keys[j].v.peers)) {
				check_already(d, &k->from, &d->keys[j].from);
				break;
			}
		if (!k->from.bad)
			check_key_strength(d, k);
	}
}

static void check_trustpoints(struct draft *d)
{
	for (size_t i = 0; i < d->policy_count && !d->trustpoint_count; i++) {
		const struct draft_policy *p = &d->policies[i];

		if (p->v.suite.auth == AUTH_RSA_SIG)
			ERROR(d, origin_line(&p->from, SECTION_ISAKMP_POLICY, "authentication"),
			      &p->from, "authentication: rsa-sig needs a trustpoint, there is none");
	}
	for (size_t i = 1; i < d->trustpoint_count; i++)
		ERROR(d, d->trustpoints[i].from.line, &d->trustpoints[i].from,
		      "there can be one only, the first ends in line %u; several CAs are "
		      "ca = { A, B }", d->trustpoints[0].from.line);
	if (d->v.isakmp_identity == CONF_IDENTITY_DN && !d->trustpoint_count)
		ERROR(d, origin_line(&d->from, SECTION_FILE, "isakmp-identity"), &d->from,
		      "isakmp-identity: dn needs a trustpoint, there is none");
}

static void check_sets(struct draft *d)
{
	for (size_t i = 0; i < d->set_count; i++) {
		struct draft_set *s = &d->sets[i];
		const struct cipher *cipher = cipher_get(s->v.esp.cipher);
		unsigned int line = origin_line(&s->from, SECTION_TRANSFORM_SET, "authentication");
		bool given = origin_has(&s->from, SECTION_TRANSFORM_SET, "authentication");

		if (s->v.name && draft_find_set(d, s->v.name) != s)
			check_already(d, &s->from, &draft_find_set(d, s->v.name)->from);
		if (s->from.bad || !cipher)
			continue;
		if (cipher->aead && given)
			ERROR(d, line, &s->from,
			      "authentication: %s has its own: remove this line", cipher->ios_esp);
		else if (!cipher->aead && !given)
			ERROR(d, line, &s->from,
			      "authentication: missing: %s needs one, as esp-sha256-hmac",
			      cipher->ios_esp);
	}
}

/* "there are A, B", for a reference that leads nowhere. */
static char *what_there_is(const struct draft *d, enum section_id id)
{
	size_t count = id == SECTION_TRANSFORM_SET ? d->set_count : d->profile_count, len, n = 0;
	char *text;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	for (size_t i = 0; i < count; i++) {
		const char *name = id == SECTION_TRANSFORM_SET ? d->sets[i].v.name
							      : d->profiles[i].v.name;

		if (name && n < NAMES_SHOWN)
			fprintf(f, "%s%s", n++ ? ", " : "there is ", name);
	}
	if (n == 0)
		fprintf(f, "there is none");
	if (fclose(f) != 0)
		abort();
	return text;
}

static void no_such(struct draft *d, unsigned int line, const struct origin *at, enum section_id id,
		    const char *key, const char *name)
{
	char *there = what_there_is(d, id);

	ERROR(d, line, at, "%s: no %s \"%s\"; %s", key, schema_section(id)->name, name, there);
	free(there);
}

static void check_profiles(struct draft *d)
{
	for (size_t i = 0; i < d->profile_count; i++) {
		struct draft_profile *p = &d->profiles[i];
		unsigned int line = origin_line(&p->from, SECTION_IPSEC_PROFILE, "transform-set");

		if (p->v.name && draft_find_profile(d, p->v.name) != p)
			check_already(d, &p->from, &draft_find_profile(d, p->v.name)->from);
		for (size_t j = 0; j < p->sets.count; j++) {
			struct draft_set *s = draft_find_set(d, p->sets.name[j]);

			if (s)
				s->used = true;
			else
				no_such(d, line, &p->from, SECTION_TRANSFORM_SET, "transform-set",
					p->sets.name[j]);
			for (size_t k = 0; k < j; k++)
				if (strcmp(p->sets.name[j], p->sets.name[k]) == 0)
					ERROR(d, line, &p->from, "transform-set: %s is there twice",
					      p->sets.name[j]);
		}
	}
}

/* Not where there are errors: a misspelt reference is one, what it was meant for is in use. */
static void check_unused(struct draft *d)
{
	if (d->complaints.report->errors)
		return;
	if (d->trustpoint_count && !check_any_policy_with(d, AUTH_RSA_SIG))
		WARN(d, d->trustpoints[0].from.line, &d->trustpoints[0].from,
		     "no isakmp-policy uses it: none has authentication = rsa-sig");
	for (size_t i = 0; i < d->profile_count; i++)
		if (!d->profiles[i].used)
			WARN(d, d->profiles[i].from.line, &d->profiles[i].from,
			     "no tunnel uses it");
	for (size_t i = 0; i < d->set_count; i++)
		if (!d->sets[i].used)
			WARN(d, d->sets[i].from.line, &d->sets[i].from, "no ipsec-profile uses it");
}

static bool same_source(const struct conf_tunnel *a, const struct conf_tunnel *b)
{
	return strcmp(a->source_if, b->source_if) == 0 && addr_equal(&a->source, &b->source);
}

static bool has_key(const struct draft_tunnel *t)
{
	return origin_has(&t->from, SECTION_TUNNEL, "key");
}

/* Two tunnels of one machine that cannot live side by side. */
static void check_pair(struct draft *d, const struct draft_tunnel *t, const struct draft_tunnel *u)
{
	char text[ADDR_TEXT];

	if (t->v.name[0] && strcmp(t->v.name, u->v.name) == 0)
		check_already(d, &t->from, &u->from);
	if (t->from.bad || u->from.bad)
		return;
	if (check_overlap(&t->v.address, &u->v.address))
		ERROR(d, origin_line(&t->from, SECTION_TUNNEL, "address"), &t->from,
		      "address: its network overlaps that of tunnel %s (%s)", u->v.name,
		      prefix_text(&u->v.address, text));
	if (!same_source(&t->v, &u->v))
		return;
	if (has_key(t) == has_key(u) && t->v.key == u->v.key)
		ERROR(d, origin_line(&t->from, SECTION_TUNNEL, "key"), &t->from,
		      "key: tunnel %s has the same source and the same key: packets could not be "
		      "told apart", u->v.name);
	/* They share the policies and the SAs of that address. */
	if (strcmp(t->profile ? t->profile : "", u->profile ? u->profile : "") != 0)
		ERROR(d, origin_line(&t->from, SECTION_TUNNEL, "profile"), &t->from,
		      "profile: tunnel %s has the same source: expected its profile, %s",
		      u->v.name, u->profile ? u->profile : "none");
}

static void check_protection(struct draft *d, const struct draft_tunnel *t)
{
	unsigned int line = origin_line(&t->from, SECTION_TUNNEL, "profile");
	struct draft_profile *p;

	if (!t->profile) {
		if (!t->from.bad)
			WARN(d, t->from.line, &t->from,
			     "no profile: all traffic of this tunnel can be read and forged");
		return;
	}
	p = draft_find_profile(d, t->profile);
	if (p)
		p->used = true;
	else
		no_such(d, line, &t->from, SECTION_IPSEC_PROFILE, "profile", t->profile);
	if (d->policy_count == 0)
		ERROR(d, line, &t->from, "profile: protection needs an isakmp-policy, there is none");
	if (d->key_count == 0 && !check_any_policy_with(d, AUTH_RSA_SIG))
		ERROR(d, line, &t->from, "profile: protection needs an isakmp-key, there is none");
}

static void check_tunnels(struct draft *d)
{
	if (d->tunnel_count == 0)
		complain(&d->complaints, CONF_ERROR, 0, "no tunnel: expected tunnel NAME { }");
	if (d->tunnel_count > CONF_TUNNELS_MAX) {
		ERROR(d, d->tunnels[CONF_TUNNELS_MAX].from.line,
		      &d->tunnels[CONF_TUNNELS_MAX].from, "more than %d tunnels", CONF_TUNNELS_MAX);
		return;
	}
	for (size_t i = 0; i < d->tunnel_count; i++) {
		const struct draft_tunnel *t = &d->tunnels[i];

		for (size_t j = 0; j < i; j++)
			check_pair(d, t, &d->tunnels[j]);
		check_protection(d, t);
		check_nhrp(d, t);
	}
}

void check_draft(struct draft *d)
{
	/* Where so much is wrong already, nobody would see more of it. */
	if (d->incomplete || d->complaints.report->errors >= CONF_MESSAGES_MAX)
		return;
	check_policies(d);
	check_keys(d);
	check_trustpoints(d);
	check_sets(d);
	check_profiles(d);
	check_tunnels(d);
	check_unused(d);
}
