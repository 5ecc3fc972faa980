/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios_frr.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/addr.h"
#include "lib/util.h"

enum block {
	BLOCK_NONE,
	BLOCK_INTERFACE,
	BLOCK_EIGRP,
	BLOCK_OSPF,
	BLOCK_BGP,
	BLOCK_MAP, /* route-map */
	BLOCK_OTHER,
};

struct frr {
	FILE *out;
	const struct conf_interfaces *here;
	enum block block;
	const struct ios_line *interface; /* whose heading is not written yet */
	bool tunnel;
};

static bool is(const struct ios_line *l, size_t word, const char *what)
{
	return word < l->count && strcasecmp(l->word[word], what) == 0;
}

/* The name here of an interface there; a loopback is the kernel's own where nobody says more. */
static const char *name_here(const struct frr *f, const char *ios)
{
	for (size_t i = 0; f->here && i < f->here->count; i++)
		if (strcasecmp(f->here->interface[i].ios, ios) == 0)
			return f->here->interface[i].here;
	return strncasecmp(ios, "Loopback", 8) == 0 ? "lo" : ios;
}

/* "ADDRESS MASK", or with `wild` "ADDRESS WILDCARD", as a prefix; false where it is none. */
static bool prefix_of(const char *address, const char *mask, bool wild, char out[ADDR_TEXT])
{
	struct addr a, m;
	struct prefix p;
	uint32_t bits;

	if (!addr_parse(address, &a) || !addr_parse(mask, &m))
		return false;
	bits = wild ? ~addr_to_v4(&m) : addr_to_v4(&m);
	if (~bits & (~bits + 1))
		return false;
	p = (struct prefix){ a, (uint8_t)__builtin_popcount(bits) };
	prefix_text(&p, out);
	return true;
}

static const char *network_of(const char *prefix, char out[ADDR_TEXT])
{
	struct prefix p;

	if (!prefix_parse(prefix, &p))
		return prefix;
	p = prefix_network(&p);
	return prefix_text(&p, out);
}

/* ---- what leaves ---- */

static void words(const struct frr *f, const struct ios_line *l, size_t from)
{
	for (size_t i = from; i < l->count; i++)
		fprintf(f->out, " %s", l->word[i]);
	fputs("\n", f->out);
}

/* An interface gets its heading with the first line that belongs to routing. */
static void heading(struct frr *f)
{
	if (f->interface)
		fprintf(f->out, "!\ninterface %s\n", name_here(f, f->interface->word[1]));
	f->interface = NULL;
}

static void as_it_is(struct frr *f, const struct ios_line *l)
{
	heading(f);
	fputs(l->no ? " no" : "", f->out);
	words(f, l, 0);
}

static void not_here(struct frr *f, const struct ios_line *l)
{
	heading(f);
	fprintf(f->out, "! FRR has nothing for: %s\n", l->text);
}

/* ---- blocks ---- */

static void interface_line(struct frr *f, const struct ios_line *l)
{
	static const char *const routing[] = { "ospf", "pim", "igmp", "rip", "router" };
	char prefix[ADDR_TEXT];

	if (is(l, 0, "ip") && is(l, 1, "address") && l->count >= 4) {
		/* A tunnel's is dmvpnd's. */
		if (f->tunnel || !prefix_of(l->word[2], l->word[3], false, prefix))
			return;
		heading(f);
		fprintf(f->out, " ip address %s\n", prefix);
		return;
	}
	if (is(l, 0, "bandwidth")) {
		as_it_is(f, l);
		return;
	}
	/* eigrpd takes it only of an interface that is there already, and the tunnel comes later. */
	if (is(l, 0, "delay")) {
		not_here(f, l);
		return;
	}
	if (!is(l, 0, "ip") || l->count < 2)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(routing); i++)
		if (is(l, 1, routing[i]))
			as_it_is(f, l);
	if (is(l, 1, "split-horizon") || is(l, 1, "next-hop-self") || is(l, 1, "hello-interval") ||
	    is(l, 1, "hold-time") || is(l, 1, "summary-address"))
		not_here(f, l);
}

/* network ADDRESS [WILDCARD] [area N]; without one, the class decides, as in IOS. */
static void network_wild(struct frr *f, const struct ios_line *l)
{
	char prefix[ADDR_TEXT], network[ADDR_TEXT];
	struct addr a;
	uint8_t first;

	if (l->count >= 3 && prefix_of(l->word[1], l->word[2], true, prefix)) {
		fprintf(f->out, " network %s", network_of(prefix, network));
		words(f, l, 3);
	} else if (l->count == 2 && addr_parse(l->word[1], &a)) {
		first = a.b[0];
		fprintf(f->out, " network %s/%d\n", l->word[1],
			first < 128   ? 8
			: first < 192 ? 16
				      : 24);
	} else {
		not_here(f, l);
	}
}

static void passive(struct frr *f, const struct ios_line *l)
{
	fprintf(f->out, "%s passive-interface %s\n", l->no ? " no" : "",
		l->count > 1 ? name_here(f, l->word[1]) : "default");
}

/* eigrpd has no "default": an interface takes part where a network says so. */
static void eigrp_passive(struct frr *f, const struct ios_line *l)
{
	if (is(l, 1, "default"))
		not_here(f, l);
	else if (!l->no)
		passive(f, l);
}

static void igp_line(struct frr *f, const struct ios_line *l)
{
	if (is(l, 0, "network"))
		network_wild(f, l);
	else if (is(l, 0, "passive-interface") && f->block == BLOCK_EIGRP)
		eigrp_passive(f, l);
	else if (is(l, 0, "passive-interface"))
		passive(f, l);
	else if (is(l, 0, "auto-summary") && l->no)
		return; /* FRR never does */
	else if (f->block == BLOCK_EIGRP && (is(l, 0, "eigrp") || is(l, 0, "distribute-list")))
		not_here(f, l);
	else
		as_it_is(f, l);
}

static void bgp_line(struct frr *f, const struct ios_line *l)
{
	char prefix[ADDR_TEXT];

	if (is(l, 0, "network") && is(l, 2, "mask") && l->count > 3 &&
	    prefix_of(l->word[1], l->word[3], false, prefix)) {
		fprintf(f->out, " network %s", prefix);
		words(f, l, 4);
	} else if (is(l, 0, "synchronization") || is(l, 0, "auto-summary")) {
		return; /* FRR has neither, and both are off */
	} else {
		as_it_is(f, l);
	}
}

/* ---- lines of the top ---- */

static void static_route(const struct frr *f, const struct ios_line *l)
{
	char prefix[ADDR_TEXT];

	if (l->no || l->count < 5 || !prefix_of(l->word[2], l->word[3], false, prefix))
		return;
	fprintf(f->out, "!\nip route %s", prefix);
	if (l->word[4][0] < '0' || l->word[4][0] > '9') {
		fprintf(f->out, " %s", name_here(f, l->word[4]));
		words(f, l, 5);
	} else {
		words(f, l, 4);
	}
}

static enum block router(const struct frr *f, const struct ios_line *l)
{
	enum block b = is(l, 1, "eigrp")  ? BLOCK_EIGRP
		       : is(l, 1, "ospf") ? BLOCK_OSPF
		       : is(l, 1, "bgp")  ? BLOCK_BGP
					  : BLOCK_OTHER;

	if (b == BLOCK_OTHER) {
		fprintf(f->out, "!\n! not translated: %s\n", l->text);
		return b;
	}
	/* One OSPF process is FRR's default; more need a daemon each. */
	if (b == BLOCK_OSPF)
		fprintf(f->out, "!\nrouter ospf\n");
	else
		fprintf(f->out, "!\nrouter %s %s\n", l->word[1], l->count > 2 ? l->word[2] : "");
	return b;
}

static void top_line(struct frr *f, const struct ios_line *l)
{
	f->interface = NULL;
	f->block = BLOCK_OTHER;
	if (is(l, 0, "hostname")) {
		fprintf(f->out, "hostname %s\n", l->count > 1 ? l->word[1] : "");
	} else if (is(l, 0, "interface") && l->count > 1) {
		f->block = BLOCK_INTERFACE;
		f->interface = l;
		f->tunnel = strncasecmp(l->word[1], "Tunnel", 6) == 0;
	} else if (is(l, 0, "router") && l->count > 1) {
		f->block = router(f, l);
	} else if (is(l, 0, "ip") && is(l, 1, "route")) {
		static_route(f, l);
	} else if (is(l, 0, "route-map") ||
		   (is(l, 0, "ip") && (is(l, 1, "prefix-list") || is(l, 1, "community-list")))) {
		fprintf(f->out, "!\n%s\n", l->text);
		f->block = is(l, 0, "route-map") ? BLOCK_MAP : BLOCK_OTHER;
	}
}

static bool is_top(const struct ios_lines *lines, const struct ios_line *l)
{
	static const char *const tops[] = { "hostname", "interface", "router", "route-map",
					    "crypto",	"line",	     "end" };

	if (lines->indents)
		return !l->indented;
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (is(l, 0, tops[i]))
			return true;
	return is(l, 0, "ip") && (is(l, 1, "route") || is(l, 1, "prefix-list"));
}

char *ios_frr(const struct ios_lines *lines, const struct conf_interfaces *here)
{
	char *text = NULL;
	size_t len;
	struct frr f = { .out = open_memstream(&text, &len), .here = here };

	if (!f.out)
		abort();
	fputs("frr defaults traditional\n", f.out);
	for (size_t i = 0; i < lines->count; i++) {
		const struct ios_line *l = &lines->line[i];

		if (is_top(lines, l))
			top_line(&f, l);
		else if (f.block == BLOCK_INTERFACE)
			interface_line(&f, l);
		else if (f.block == BLOCK_EIGRP || f.block == BLOCK_OSPF)
			igp_line(&f, l);
		else if (f.block == BLOCK_BGP)
			bgp_line(&f, l);
		else if (f.block == BLOCK_MAP)
			as_it_is(&f, l);
	}
	fputs("!\nend\n", f.out);
	if (fclose(f.out))
		abort();
	return text;
}
