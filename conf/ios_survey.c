/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be known of the whole text before its first line is carried out:
 *
 *   - which lines a "no" further down takes back (texts that were typed, not printed);
 *   - which tunnels are ours, and which profiles, transform-sets and keyrings they use. A router does
 *     more than DMVPN; what is wrong with the rest of it is no reason to refuse anything.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/util.h"

/* Lines that one "no" looks back over: bounds the work that a text can cause. */
#define LOOK_BACK 2000

/* ---- names of interfaces ---- */

/* Where an abbreviation fits several, the first is meant. */
static const char *const types[] = {
	"Tunnel",
	"GigabitEthernet",
	"FastEthernet",
	"Ethernet",
	"Loopback",
	"Serial",
	"Dialer",
	"Cellular",
	"Vlan",
	"ATM",
	"TenGigabitEthernet",
	"Port-channel",
	"Virtual-Template",
	"BVI",
	"Multilink",
};

const char *ios_interface_name(const char *word, const char *next, char out[IOS_INTERFACE_NAME])
{
	size_t letters = strcspn(word, "0123456789");
	const char *type = NULL, *number = word + letters, *rest = "";

	if (!*number && next && isdigit((unsigned char)next[0]))
		number = next;
	else if (next && next[0] == '/' && isdigit((unsigned char)next[1]))
		rest = next;
	for (size_t i = 0; letters && i < ARRAY_SIZE(types) && !type; i++)
		if (strncasecmp(types[i], word, letters) == 0)
			type = types[i];
	if (type)
		snprintf(out, IOS_INTERFACE_NAME, "%s%.12s%.12s", type, number, rest);
	else
		snprintf(out, IOS_INTERFACE_NAME, "%.*s%.12s%.11s", (int)MIN(letters, 24), word,
			 number, rest);
	return out;
}

static bool means(const struct ios_line *l, size_t word, const char *what)
{
	return word < l->count && ios_means(l->word[word], what);
}

static bool is_interface(const struct ios_line *l, char name[IOS_INTERFACE_NAME])
{
	if (!l->top || !means(l, 0, "interface") || l->count < 2)
		return false;
	ios_interface_name(l->word[1], l->count > 2 ? l->word[2] : NULL, name);
	return true;
}

/* ---- what is taken back ---- */

static bool is_same_block(const struct ios_line *a, const struct ios_line *b)
{
	char one[IOS_INTERFACE_NAME], other[IOS_INTERFACE_NAME];

	if (!a || !b)
		return a == b;
	if (is_interface(a, one) && is_interface(b, other))
		return strcmp(one, other) == 0;
	return strcasecmp(a->text, b->text) == 0;
}

/* "no ip nhrp nhs 172.16.0.1" takes back all that begins so. */
static bool takes_back(const struct ios_line *no, const struct ios_line *l)
{
	char one[IOS_INTERFACE_NAME], other[IOS_INTERFACE_NAME];

	if (l->no || l->gone || l->top != no->top || no->count > l->count)
		return false;
	if (is_interface(no, one) && is_interface(l, other))
		return strcmp(one, other) == 0;
	for (size_t i = 0; i < no->count; i++)
		if (strcasecmp(no->word[i], l->word[i]) != 0)
			return false;
	return true;
}

/* The line and, where it opens a block, all in it. */
static void take_back(struct ios_lines *ls, size_t i)
{
	bool top = ls->line[i].top;

	ls->line[i].gone = true;
	while (top && ++i < ls->count && !ls->line[i].top)
		ls->line[i].gone = true;
}

/* To which lines each belongs: that which opens the block, and the nearest above that is less indented. */
struct place {
	const struct ios_line *block, *parent;
};

static bool is_same_place(const struct place *a, const struct place *b)
{
	return is_same_block(a->block, b->block) && is_same_block(a->parent, b->parent);
}

static void resolve_no(struct ios_lines *ls, const struct place *place, size_t n)
{
	struct ios_line *no = &ls->line[n];

	for (size_t i = n; i-- > 0 && n - i < LOOK_BACK;) {
		if (!takes_back(no, &ls->line[i]) ||
		    (!no->top && !is_same_place(&place[i], &place[n])))
			continue;
		take_back(ls, i);
		no->gone = true;
	}
}

/* The nearest line above that is less indented than l; `last` is the line before it. */
static const struct ios_line *parent_of(const struct ios_lines *ls, const struct place *place,
					const struct ios_line *last, const struct ios_line *l)
{
	while (last && last->indent >= l->indent)
		last = place[last - ls->line].parent;
	return last;
}

void ios_lines_take_back(struct ios_lines *ls)
{
	struct place *place = xcalloc(ls->count + 1, sizeof(*place));

	for (size_t i = 0; i < ls->count; i++) {
		const struct ios_line *l = &ls->line[i];

		place[i].block = l->top ? l : i ? place[i - 1].block : NULL;
		place[i].parent = parent_of(ls, place, i ? l - 1 : NULL, l);
		if (l->no)
			resolve_no(ls, place, i);
	}
	free(place);
}

/* ---- what is ours ---- */

static void add(struct ios_names *names, const char *name)
{
	names->name = xreallocarray(names->name, names->count + 1, sizeof(*names->name));
	names->name[names->count++] = name;
}

static bool has(const struct ios_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return false;
}

struct ios_tunnel *ios_tunnel_named(struct ios *x, const char *name)
{
	for (size_t i = 0; i < x->tunnel_count; i++)
		if (strcmp(x->tunnel[i].name, name) == 0)
			return &x->tunnel[i];
	return NULL;
}

static struct ios_tunnel *tunnel_of(struct ios *x, const struct ios_line *l)
{
	char name[IOS_INTERFACE_NAME];
	struct ios_tunnel *t;

	if (!is_interface(l, name) || strncmp(name, "Tunnel", 6) != 0)
		return NULL;
	t = ios_tunnel_named(x, name);
	if (t)
		return t;
	x->tunnel = xreallocarray(x->tunnel, x->tunnel_count + 1, sizeof(*x->tunnel));
	t = &x->tunnel[x->tunnel_count++];
	*t = (struct ios_tunnel){ .line = l->number };
	memcpy(t->name, name, sizeof(t->name));
	return t;
}

static void look_at_tunnel_line(struct ios_tunnel *t, const struct ios_line *l)
{
	bool nhrp = ios_is(l->word[0], "ip") && means(l, 1, "nhrp");

	if (l->no) {
		t->no_shortcut |= nhrp && means(l, 2, "shortcut");
		t->no_dynamic |= nhrp && means(l, 3, "multicast") && means(l, 4, "dynamic");
		return;
	}
	t->nhrp |= nhrp;
	t->ipv6_nhrp |= means(l, 0, "ipv6") && means(l, 1, "nhrp");
	t->shut |= means(l, 0, "shutdown");
	if (!means(l, 0, "tunnel"))
		return;
	if (means(l, 1, "vrf") && l->count > 2)
		t->vrf = l->word[2];
	t->multipoint |= means(l, 1, "mode") && means(l, 3, "multipoint");
	if (means(l, 1, "protection") && l->count > 4)
		t->protection = l;
}

static void find_tunnels(struct ios *x)
{
	struct ios_tunnel *t = NULL;

	for (size_t i = 0; i < x->lines.count; i++) {
		const struct ios_line *l = &x->lines.line[i];

		if (l->top)
			t = l->no || l->gone ? NULL : tunnel_of(x, l);
		else if (t && !l->gone)
			look_at_tunnel_line(t, l);
	}
}

static void find_profiles(struct ios *x)
{
	for (size_t i = 0; i < x->tunnel_count; i++) {
		const struct ios_line *l = x->tunnel[i].protection;

		if (!ios_is_ours(&x->tunnel[i]) || !l)
			continue;
		add(&x->profiles, l->word[4]);
		for (size_t w = 5; w + 1 < l->count; w++)
			if (ios_is(l->word[w], "isakmp-profile"))
				add(&x->isakmp_profiles, l->word[w + 1]);
	}
}

static void find_odd_sets(struct ios *x)
{
	const struct ios_line *set = NULL;
	bool transport = false;

	for (size_t i = 0; i <= x->lines.count; i++) {
		const struct ios_line *l = i < x->lines.count ? &x->lines.line[i] : NULL;

		if (l && !l->top) {
			transport |= means(l, 0, "mode") && means(l, 1, "transport") && !l->gone;
			continue;
		}
		if (set && !ios_set_is_done(set, transport))
			add(&x->odd_sets, set->word[3]);
		set = l && !l->no && !l->gone && l->count > 4 && means(l, 0, "crypto") &&
				      means(l, 1, "ipsec") && means(l, 2, "transform-set")
			      ? l
			      : NULL;
		transport = false;
	}
}

static void look_at_sets(struct ios *x, const struct ios_line *l)
{
	bool other = false;

	for (size_t w = 2; w < l->count; w++)
		other |= !has(&x->odd_sets, l->word[w]);
	for (size_t w = 2; w < l->count; w++) {
		add(&x->sets, l->word[w]);
		if (!other)
			add(&x->needed_sets, l->word[w]);
	}
}

bool ios_set_is_left_out(const struct ios *x, const char *name)
{
	return has(&x->sets, name) && has(&x->odd_sets, name) && !has(&x->needed_sets, name);
}

/* What the profiles of our tunnels name. */
static void look_at_profile_line(struct ios *x, const struct ios_line *l)
{
	if (means(l, 0, "set") && means(l, 1, "transform-set"))
		look_at_sets(x, l);
	else if (means(l, 0, "set") && means(l, 1, "isakmp-profile") && l->count > 2)
		add(&x->isakmp_profiles, l->word[2]);
}

static void find_names(struct ios *x, const char *kind, const struct ios_names *used,
		       void (*look)(struct ios *, const struct ios_line *))
{
	bool in = false;

	for (size_t i = 0; i < x->lines.count; i++) {
		const struct ios_line *l = &x->lines.line[i];

		if (l->top)
			in = means(l, 0, "crypto") && means(l, 1, kind) && means(l, 2, "profile") &&
			     l->count > 3 && has(used, l->word[3]);
		else if (in && !l->no && !l->gone)
			look(x, l);
	}
}

static void look_at_isakmp_profile_line(struct ios *x, const struct ios_line *l)
{
	if (means(l, 0, "keyring") && l->count > 1)
		add(&x->keyrings, l->word[1]);
}

bool ios_is_ours(const struct ios_tunnel *t)
{
	return (t->nhrp || (t->multipoint && !t->ipv6_nhrp)) && !t->shut;
}

bool ios_is_outside(const struct ios *x, const char *vrf)
{
	for (size_t i = 0; i < x->tunnel_count; i++)
		if (ios_is_ours(&x->tunnel[i]) && x->tunnel[i].vrf &&
		    strcmp(x->tunnel[i].vrf, vrf) == 0)
			return true;
	return false;
}

bool ios_is_used(const struct ios *x, enum ios_kind kind, const char *name)
{
	/* A part of a configuration, without the tunnels: all of it is meant. */
	if (!x->profiles.count)
		return true;
	switch (kind) {
	case IOS_KIND_PROFILE:
		return has(&x->profiles, name);
	case IOS_KIND_SET:
		return has(&x->sets, name);
	case IOS_KIND_ISAKMP_PROFILE:
		return has(&x->isakmp_profiles, name);
	case IOS_KIND_KEYRING:
		/* Without profiles of ISAKMP all keys are for all. */
		return !x->isakmp_profiles.count || has(&x->keyrings, name);
	}
	return true;
}

/* "version 17.3": IOS XE since 16 has more on by default. */
static void find_version(struct ios *x)
{
	for (size_t i = 0; i < x->lines.count; i++) {
		const struct ios_line *l = &x->lines.line[i];

		x->ospf |= !l->no && !l->gone && l->count > 1 && ios_is(l->word[1], "ospf") &&
			   (ios_is(l->word[0], "router") || ios_is(l->word[0], "ip"));
		if (l->top && l->count > 1 && ios_is(l->word[0], "version"))
			x->version = (unsigned int)strtoul(l->word[1], NULL, 10);
	}
}

/* Of two routers one would become that is neither. */
static void find_routers(struct ios *x)
{
	const struct ios_line *name = NULL;
	char interface[IOS_INTERFACE_NAME];
	bool interfaces = false;

	for (size_t i = 0; i < x->lines.count; i++) {
		const struct ios_line *l = &x->lines.line[i];

		if (l->no || l->gone || !l->top || l->count < 2)
			continue;
		interfaces |= name && is_interface(l, interface);
		if (!means(l, 0, "hostname"))
			continue;
		if (interfaces && strcasecmp(name->word[1], l->word[1]) != 0)
			complain(x->complaints, CONF_ERROR, l->number,
				 "hostname: here begins another router, %.63s; that of line %u is "
				 "%.63s: keep one of them in the text",
				 l->word[1], name->number, name->word[1]);
		name = l;
		interfaces = false;
	}
}

void ios_survey(struct ios *x)
{
	ios_lines_take_back(&x->lines);
	find_routers(x);
	find_version(x);
	find_tunnels(x);
	find_profiles(x);
	find_odd_sets(x);
	find_names(x, "ipsec", &x->profiles, look_at_profile_line);
	find_names(x, "isakmp", &x->isakmp_profiles, look_at_isakmp_profile_line);
}

void ios_survey_free(struct ios *x)
{
	free(x->tunnel);
	free(x->profiles.name);
	free(x->sets.name);
	free(x->odd_sets.name);
	free(x->needed_sets.name);
	free(x->isakmp_profiles.name);
	free(x->keyrings.name);
}
