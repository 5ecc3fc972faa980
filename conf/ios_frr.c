/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios_frr.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/addr.h"
#include "lib/util.h"

enum block {
	BLOCK_NONE,
	BLOCK_INTERFACE,
	BLOCK_EIGRP,
	BLOCK_OSPF,
	BLOCK_BGP,
	BLOCK_MAP,  /* route-map */
	BLOCK_LIST, /* ip access-list standard */
	BLOCK_OTHER,
};

struct frr {
	FILE *out;
	const struct conf_interfaces *here;
	enum block block;
	const struct ios_line *interface; /* whose heading is not written yet */
	bool tunnel;
	const struct ios_line *named; /* "router eigrp NAME": its number comes later */
	bool skipped;		      /* within an address family that FRR gets nothing of */
	const struct ios_line *family; /* the address family of BGP that is open */
	const char *list;	       /* the access list of the block */
	const char **asked;	       /* those that routing asks */
	size_t asked_count;
	char name[IOS_INTERFACE_NAME];
};

static bool is(const struct ios_line *l, size_t word, const char *what)
{
	return word < l->count && strcasecmp(l->word[word], what) == 0;
}

static bool is_number(const struct ios_line *l, size_t word)
{
	return word < l->count && isdigit((unsigned char)l->word[word][0]);
}

/* "a|b|c": whether the word is one of them. */
static bool is_one(const struct ios_line *l, size_t word, const char *of)
{
	size_t n = word < l->count ? strlen(l->word[word]) : 0;

	for (const char *p = of; n && *p; p += *p == '|') {
		size_t len = strcspn(p, "|");

		if (len == n && strncasecmp(p, l->word[word], n) == 0)
			return true;
		p += len;
	}
	return false;
}

/*
 * The name here of an interface there: that of the map; a loopback is the kernel's own and a tunnel
 * ours. NULL: nobody knows, and FRR could not have a name as long as the router's.
 */
static const char *name_here(struct frr *f, const struct ios_line *l, size_t word)
{
	char other[IOS_INTERFACE_NAME];

	ios_interface_name(l->word[word], word + 1 < l->count ? l->word[word + 1] : NULL, f->name);
	for (size_t i = 0; f->here && i < f->here->count; i++) {
		ios_interface_name(f->here->interface[i].ios, NULL, other);
		if (strcmp(other, f->name) == 0)
			return f->here->interface[i].here;
	}
	if (strncmp(f->name, "Loopback", 8) == 0)
		return "lo";
	return strncmp(f->name, "Tunnel", 6) == 0 ? f->name : NULL;
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

static void not_here(struct frr *f, const struct ios_line *l)
{
	fprintf(f->out, "! FRR has nothing for: %s\n", l->text);
}

/* What is left out of a line that else is there. */
static void without(struct frr *f, const struct ios_line *l, size_t word)
{
	fprintf(f->out, "! FRR has nothing for:");
	words(f, l, word);
}

/* Words are cut when they are typed; the first of a line of a routing protocol. */
static bool begins_as(const struct ios_line *l, const char *what)
{
	return strlen(l->word[0]) > 2 ? ios_means(l->word[0], what) : is(l, 0, what);
}

/* An interface gets its heading with the first line that belongs to routing. */
static bool heading(struct frr *f, const struct ios_line *l)
{
	const char *name;

	if (!f->interface)
		return true;
	name = name_here(f, f->interface, 1);
	if (!name) {
		fprintf(f->out, "! say --map %s=eth0 to have: %s\n", f->name, l->text);
		return false;
	}
	fprintf(f->out, "!\ninterface %s\n", name);
	f->interface = NULL;
	return true;
}

static void as_it_is(struct frr *f, const struct ios_line *l)
{
	fputs(l->no ? " no" : "", f->out);
	words(f, l, 0);
}

/* ---- interfaces ---- */

/* ip ospf NUMBER area AREA: FRR has one process, and no number. */
static void ospf_interface(struct frr *f, const struct ios_line *l)
{
	if (is_number(l, 2) && is(l, 3, "area"))
		fprintf(f->out, " ip ospf area %s\n", l->count > 4 ? l->word[4] : "0");
	else if (is(l, 2, "message-digest-key") && !is(l, 5, "7"))
		fprintf(f->out, " ip ospf message-digest-key %s md5 %s\n",
			l->count > 3 ? l->word[3] : "1", l->word[l->count - 1]);
	else if (is(l, 3, "key-chain") || is(l, 4, "non-broadcast") || is(l, 3, "strict-mode"))
		not_here(f, l);
	else if (is_one(l, 2,
			"area|network|priority|cost|hello-interval|dead-interval|"
			"retransmit-interval|transmit-delay|mtu-ignore|authentication|bfd") ||
		 (is(l, 2, "authentication-key") && l->count == 4))
		as_it_is(f, l);
	else
		not_here(f, l);
}

/* IOS counts kilobits, FRR megabits, from 1 to 100000. */
static void bandwidth(struct frr *f, const struct ios_line *l)
{
	unsigned long megabits = strtoul(l->word[1], NULL, 10) / 1000;

	fprintf(f->out, " bandwidth %lu\n", MIN(megabits ? megabits : 1, 100000UL));
}

static bool is_routing(const struct ios_line *l)
{
	return is_one(l, 0, "bandwidth|delay") ||
	       (is(l, 0, "ip") &&
		(is_one(l, 1,
			"ospf|pim|igmp|rip|router|split-horizon|next-hop-self|hello-interval|"
			"hold-time|summary-address|bandwidth-percent|authentication") ||
		 (is(l, 1, "address") && is_number(l, 2))));
}

static void interface_line(struct frr *f, const struct ios_line *l)
{
	char prefix[ADDR_TEXT] = "";

	/* A tunnel's address is dmvpnd's. */
	if (!is_routing(l) || (is(l, 1, "address") && f->tunnel) || !heading(f, l))
		return;
	if (is(l, 1, "address") && l->count >= 4 &&
	    prefix_of(l->word[2], l->word[3], false, prefix))
		fprintf(f->out, " ip address %s\n", prefix);
	else if (is(l, 1, "ospf"))
		ospf_interface(f, l);
	else if (is(l, 1, "pim") && is_one(l, 2, "sparse-mode|sparse-dense-mode"))
		fputs(l->no ? " no ip pim\n" : " ip pim\n", f->out);
	else if (is(l, 0, "bandwidth") && is_number(l, 1))
		bandwidth(f, l);
	else
		/* delay: eigrpd takes it only of an interface that is there already, tunnels come later */
		not_here(f, l);
}

/* ---- routing protocols ---- */

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
			first == 0    ? 0
			: first < 128 ? 8
			: first < 192 ? 16
				      : 24);
	} else {
		not_here(f, l);
	}
}

static void passive(struct frr *f, const struct ios_line *l)
{
	const char *name = l->count < 2 || is(l, 1, "default") ? "default" : name_here(f, l, 1);

	/* eigrpd has no "default": an interface takes part where a network says so. */
	if (f->block == BLOCK_EIGRP && (l->no || (name && strcmp(name, "default") == 0)))
		not_here(f, l);
	else if (name)
		fprintf(f->out, "%s passive-interface %s\n", l->no ? " no" : "", name);
	else
		fprintf(f->out, "! say --map %s=eth0 to have: %s\n", f->name, l->text);
}

/* redistribute PROTOCOL [PROCESS] ...: processes have no numbers, and subnets are what there is. */
static void redistribute(struct frr *f, const struct ios_line *l)
{
	size_t i = is_number(l, 2) ? 3 : 2;

	/* eigrpd has no route-map there; without one, all would be redistributed. */
	for (size_t w = 2; f->block == BLOCK_EIGRP && w < l->count; w++) {
		if (is(l, w, "route-map")) {
			not_here(f, l);
			return;
		}
	}
	fprintf(f->out, "%s redistribute %s", l->no ? " no" : "", l->count > 1 ? l->word[1] : "");
	for (; i < l->count; i++) {
		/* EIGRP's metric: bandwidth, delay, reliability, load, MTU. */
		size_t values = f->block == BLOCK_EIGRP && is(l, i, "metric") ? 5 : 1;

		if (!is_one(l, i, "metric|route-map") &&
		    !(f->block == BLOCK_OSPF && is(l, i, "metric-type")))
			continue;
		fprintf(f->out, " %s", l->word[i]);
		for (; values && i + 1 < l->count; values--)
			fprintf(f->out, " %s", l->word[++i]);
	}
	fputs("\n", f->out);
}

/* area N range ADDRESS MASK ..., area N nssa ... */
static void area(struct frr *f, const struct ios_line *l)
{
	char prefix[ADDR_TEXT], network[ADDR_TEXT];

	if (is(l, 2, "range") && l->count > 4 && prefix_of(l->word[3], l->word[4], false, prefix)) {
		fprintf(f->out, "%s area %s range %s", l->no ? " no" : "", l->word[1],
			network_of(prefix, network));
		words(f, l, 5);
	} else if (is(l, 2, "nssa") && l->count > 3 && !is(l, 3, "no-summary")) {
		fprintf(f->out, "%s area %s nssa\n", l->no ? " no" : "", l->word[1]);
		without(f, l, 3);
	} else {
		as_it_is(f, l);
	}
}

/* What both have, but not all of it. */
static bool is_less_here(const struct ios_line *l)
{
	if (is(l, 0, "max-metric"))
		return !(is(l, 2, "on-startup") && is_number(l, 3) && l->count == 4);
	if (is(l, 0, "timers"))
		return !is(l, 1, "throttle") && !is(l, 1, "active-time");
	return is(l, 0, "neighbor") && !(l->count == 2 || is(l, 2, "priority"));
}

/* Of EIGRP's named mode FRR has what the address family says, under its number. */
static bool named_mode(struct frr *f, const struct ios_line *l)
{
	const char *number = l->word[l->count - 1];
	bool vrf = false;

	if (!f->named)
		return false;
	for (size_t i = 0; i < l->count; i++)
		vrf |= is(l, i, "vrf") || is(l, i, "ipv6");
	if (begins_as(l, "address-family")) {
		f->skipped = vrf;
		if (!vrf)
			fprintf(f->out, "router eigrp %s\n", number);
		else
			not_here(f, l);
		return true;
	}
	if (is_one(l, 0, "exit-address-family|exit-af-interface|exit-af-topology|topology"))
		return true;
	if (f->skipped || !begins_as(l, "network")) {
		not_here(f, l);
		return true;
	}
	return false;
}

static void igp_line(struct frr *f, const struct ios_line *l)
{
	static const char eigrp[] = "maximum-paths|variance|neighbor|timers";
	static const char ospf[] =
		"router-id|area|auto-cost|default-information|distance|max-metric|"
		"timers|neighbor|default-metric|log-adjacency-changes|maximum-paths";

	if (named_mode(f, l))
		return;
	if (begins_as(l, "network"))
		network_wild(f, l);
	else if (begins_as(l, "passive-interface"))
		passive(f, l);
	else if (begins_as(l, "redistribute"))
		redistribute(f, l);
	else if (begins_as(l, "auto-summary") && l->no)
		return; /* FRR never does */
	else if (is(l, 0, "area") && l->count > 2)
		area(f, l);
	else if (is(l, 0, "max-metric") && is(l, 1, "router-lsa") && l->count == 2)
		fprintf(f->out, "%s max-metric router-lsa administrative\n", l->no ? " no" : "");
	else if (is_less_here(l))
		not_here(f, l);
	else if (is_one(l, 0, f->block == BLOCK_EIGRP ? eigrp : ospf) ||
		 (is(l, 0, "eigrp") && is(l, 1, "router-id")))
		as_it_is(f, l);
	else
		not_here(f, l);
}

static void bgp_neighbor(struct frr *f, const struct ios_line *l)
{
	static const char known[] =
		"remote-as|peer-group|next-hop-self|route-reflector-client|activate|send-community|"
		"soft-reconfiguration|default-originate|description|ebgp-multihop|timers|prefix-"
		"list|"
		"route-map|weight|maximum-prefix|shutdown|local-as|allowas-in|as-override|"
		"remove-private-as|distribute-list|filter-list|advertisement-interval|passive|bfd|"
		"disable-connected-check|route-server-client";
	const char *no = l->no ? " no" : "", *peer = l->count > 1 ? l->word[1] : "", *name;

	if ((is(l, 2, "timers") && l->count > 5) || (is(l, 2, "remote-as") && l->count > 4) ||
	    is(l, l->count - 1, "dual-as") || (is(l, 2, "shutdown") && l->count > 3))
		not_here(f, l);
	else if (is(l, 2, "update-source") && l->count > 3 && (name = name_here(f, l, 3)))
		fprintf(f->out, "%s neighbor %s update-source %s\n", no, peer, name);
	else if (is(l, 2, "fall-over") && is(l, 3, "bfd"))
		fprintf(f->out, "%s neighbor %s bfd\n", no, peer);
	else if (is(l, 2, "transport") && is(l, 4, "passive"))
		fprintf(f->out, "%s neighbor %s passive\n", no, peer);
	else if (is_one(l, 2, known) || (is(l, 2, "password") && l->count == 4))
		as_it_is(f, l);
	else
		not_here(f, l);
}

/* What is the session's stands outside of address families. */
static void bgp_peer(struct frr *f, const struct ios_line *l)
{
	bool outside =
		f->family && is_one(l, 2,
				    "remote-as|update-source|timers|description|ebgp-multihop|"
				    "fall-over|password|local-as|shutdown|transport|bfd|"
				    "disable-connected-check");

	if (outside)
		fputs(" exit-address-family\n", f->out);
	bgp_neighbor(f, l);
	if (outside)
		as_it_is(f, f->family);
}

static void bgp_family(struct frr *f, const struct ios_line *l)
{
	f->family = is(l, 0, "address-family") ? l : NULL;
	f->skipped = f->family && (l->count > 3 || !is_one(l, 1, "ipv4|ipv6") ||
				   (l->count == 3 && !is_one(l, 2, "unicast|multicast")));
	if (f->skipped)
		not_here(f, l);
	else
		as_it_is(f, l);
}

static void bgp_line(struct frr *f, const struct ios_line *l)
{
	static const char ours[] =
		"router-id|log-neighbor-changes|listen|cluster-id|bestpath|default|"
		"always-compare-med|deterministic-med|graceful-restart|confederation";
	char prefix[ADDR_TEXT];
	bool was_skipped = f->skipped;

	if (is(l, 0, "address-family") || (is(l, 0, "exit-address-family") && !was_skipped)) {
		bgp_family(f, l);
	} else if (is(l, 0, "exit-address-family")) {
		f->skipped = false;
	} else if (f->skipped) {
		not_here(f, l);
	} else if (is_one(l, 0, "network|aggregate-address") && l->count > 2) {
		bool mask = is(l, 2, "mask") && l->count > 3;

		if (!prefix_of(l->word[1], l->word[mask ? 3 : 2], false, prefix)) {
			not_here(f, l);
			return;
		}
		fprintf(f->out, "%s %s %s", l->no ? " no" : "", l->word[0], prefix);
		words(f, l, mask ? 4 : 3);
	} else if (is_one(l, 0, "synchronization|auto-summary")) {
		return; /* FRR has neither, and both are off */
	} else if (begins_as(l, "neighbor")) {
		bgp_peer(f, l);
	} else if (begins_as(l, "redistribute")) {
		redistribute(f, l);
	} else if (is(l, 1, "eibgp") || (is(l, 0, "timers") && l->count > 4) ||
		   (is(l, 0, "bgp") && is(l, 2, "interface"))) {
		not_here(f, l);
	} else if (is(l, 0, "bgp") && is(l, 1, "listen") && is(l, 6, "remote-as")) {
		fprintf(f->out, "%s bgp listen range %s peer-group %s\n", l->no ? " no" : "",
			l->word[3], l->word[5]);
		without(f, l, 6);
	} else if (is_one(l, 0, "maximum-paths|distance|timers|network") ||
		   (is(l, 0, "bgp") && is_one(l, 1, ours))) {
		as_it_is(f, l);
	} else {
		not_here(f, l);
	}
}

/* FRR takes one value of each, IOS several: fewer would match, or other things be set. */
static bool is_several(const struct ios_line *l)
{
	if (is(l, 0, "match"))
		return l->count > (is(l, 1, "ip") ? is(l, 3, "prefix-list") ? 5U : 4U : 3U) &&
		       !is(l, 3, "exact-match");
	return (is(l, 1, "ip") && (!is(l, 2, "next-hop") || l->count > 4)) ||
	       (is(l, 1, "metric") && l->count > 3) ||
	       (is(l, 1, "metric-type") && !is_one(l, 2, "type-1|type-2"));
}

static void map_line(struct frr *f, const struct ios_line *l)
{
	const char *name;

	if (is_one(l, 0, "match|set") && is_several(l))
		not_here(f, l);
	else if (is(l, 0, "match") && is(l, 1, "interface") && l->count > 2 &&
		 (name = name_here(f, l, 2)))
		fprintf(f->out, " match interface %s\n", name);
	else if (is_one(l, 0, "description|continue|call|on-match") ||
		 (is(l, 0, "match") && is_one(l, 1, "ip|tag|metric|as-path|community|peer")) ||
		 (is(l, 0, "set") && is_one(l, 1,
					    "ip|tag|metric|local-preference|weight|community|as-"
					    "path|origin|metric-type")))
		as_it_is(f, l);
	else
		not_here(f, l);
}

/* ---- lines of the top ---- */

/* ip route ADDRESS MASK [INTERFACE] [GATEWAY] [DISTANCE] [tag N] [name X] [track N] [permanent] */
static void static_route(struct frr *f, const struct ios_line *l)
{
	const char *interface = NULL, *gateway = NULL;
	char prefix[ADDR_TEXT];
	size_t i = 4, track = 0;
	struct addr a;

	if (l->no)
		return;
	fputs("!\n", f->out);
	if (l->count < 5 || !prefix_of(l->word[2], l->word[3], false, prefix) ||
	    is_one(l, 4, "dhcp|multicast")) {
		not_here(f, l);
		return;
	}
	if (is_one(l, i, "Null0|Null")) {
		interface = "Null0";
		i++;
	} else if (!is_number(l, i)) {
		bool two = !strpbrk(l->word[i], "0123456789");

		interface = name_here(f, l, i);
		i += two ? 2 : 1;
	}
	if (i < l->count && addr_parse(l->word[i], &a))
		gateway = l->word[i++];
	if (!gateway && is(l, i, "dhcp")) {
		not_here(f, l);
		return;
	}
	if (!gateway && !interface) {
		fprintf(f->out, "! say --map %s=eth0 to have: %s\n", f->name, l->text);
		return;
	}
	fprintf(f->out, "ip route %s%s%s%s%s", prefix, gateway ? " " : "", gateway ? gateway : "",
		interface ? " " : "", interface ? interface : "");
	for (; i < l->count; i++) {
		if (is_number(l, i))
			fprintf(f->out, " %s", l->word[i]);
		else if (is(l, i, "tag") && is_number(l, i + 1))
			fprintf(f->out, " tag %s", l->word[++i]);
		else if (is(l, i, "track"))
			track = i++;
		else if (is(l, i, "name"))
			i++;
	}
	fputs("\n", f->out);
	if (track)
		without(f, l, track);
}

/* ---- access lists ---- */

/* Most filter packets or say what is translated; those are meant that routing asks. */
static void find_asked(struct frr *f, const struct ios_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct ios_line *l = &lines->line[i];
		bool match = is(l, 0, "match") && is(l, 1, "ip");

		for (size_t w = 1; w < l->count && !l->top && !l->gone; w++) {
			if (!match && !is(l, w - 1, "distribute-list"))
				continue;
			f->asked = xreallocarray(f->asked, f->asked_count + 1, sizeof(*f->asked));
			f->asked[f->asked_count++] = l->word[w];
		}
	}
}

static bool is_asked(const struct frr *f, const char *list)
{
	for (size_t i = 0; i < f->asked_count; i++)
		if (strcmp(f->asked[i], list) == 0)
			return true;
	return false;
}

/* [SEQ] permit | deny, then any, host ADDRESS or ADDRESS [WILDCARD], from that word on. */
static void list_entry(struct frr *f, const struct ios_line *l, const char *list, size_t i)
{
	bool numbered = is_number(l, i);

	if (l->no || !is_one(l, i + numbered, "permit|deny|remark"))
		return;
	fprintf(f->out, "access-list %s", list);
	if (numbered)
		fprintf(f->out, " seq %s", l->word[i++]);
	for (; i < l->count && !is(l, i, "log"); i++)
		fprintf(f->out, " %s", l->word[i]);
	fputs("\n", f->out);
}

/* access-list 10 permit ..., ip access-list standard NAME: the others know more than FRR asks for. */
static enum block access_list(struct frr *f, const struct ios_line *l)
{
	bool block = is(l, 0, "ip");
	const char *list = l->word[block && l->count > 3 ? 3 : 1];
	unsigned long number = strtoul(list, NULL, 10);

	if (!is_asked(f, list))
		return BLOCK_OTHER;
	if (block ? !is(l, 2, "standard") : number > 99 && (number < 1300 || number > 1999)) {
		not_here(f, l);
		return BLOCK_OTHER;
	}
	f->list = list;
	if (!block)
		list_entry(f, l, list, 2);
	return block ? BLOCK_LIST : BLOCK_OTHER;
}

static enum block router(struct frr *f, const struct ios_line *l)
{
	enum block b = ios_means(l->word[1], "eigrp") ? BLOCK_EIGRP
		       : is(l, 1, "ospf")	      ? BLOCK_OSPF
		       : is(l, 1, "bgp")	      ? BLOCK_BGP
						      : BLOCK_OTHER;

	f->skipped = false;
	f->family = NULL;
	f->named = NULL;
	if (b == BLOCK_OTHER) {
		fprintf(f->out, "!\n! not translated: %s\n", l->text);
	} else if (b == BLOCK_EIGRP && !is_number(l, 2)) {
		f->named = l;
		fputs("!\n", f->out);
	} else if (b == BLOCK_OSPF) {
		/* One OSPF process is FRR's default; more need a daemon each. */
		fprintf(f->out, "!\nrouter ospf\n");
	} else {
		fprintf(f->out, "!\nrouter %s %s\n", b == BLOCK_BGP ? "bgp" : "eigrp",
			l->count > 2 ? l->word[2] : "");
	}
	return b;
}

static void top_line(struct frr *f, const struct ios_line *l)
{
	f->interface = NULL;
	f->block = BLOCK_OTHER;
	if (l->no)
		return;
	if (is(l, 0, "hostname")) {
		fprintf(f->out, "hostname %s\n", l->count > 1 ? l->word[1] : "");
	} else if (ios_means(l->word[0], "interface") && l->count > 1) {
		f->block = BLOCK_INTERFACE;
		f->interface = l;
		f->tunnel = strncasecmp(l->word[1], "tu", 2) == 0;
	} else if (is(l, 0, "router") && l->count > 1) {
		f->block = router(f, l);
	} else if (is(l, 0, "ip") && is(l, 1, "route")) {
		static_route(f, l);
	} else if (is(l, 0, "ip") && is_one(l, 1, "community-list|extcommunity-list|as-path")) {
		fprintf(f->out, "!\nbgp %s", l->word[1]);
		words(f, l, 2);
	} else if (is(l, 0, "access-list") || (is(l, 0, "ip") && is(l, 1, "access-list"))) {
		f->block = access_list(f, l);
	} else if (is(l, 0, "ip") && is(l, 1, "pim") && is(l, 2, "rp-address") && l->count == 4) {
		fprintf(f->out, "!\nip pim rp %s\n", l->word[3]);
	} else if (is(l, 0, "route-map") || (is(l, 0, "ip") && is(l, 1, "prefix-list"))) {
		fprintf(f->out, "!\n%s", l->word[0]);
		words(f, l, 1);
		f->block = is(l, 0, "route-map") ? BLOCK_MAP : BLOCK_OTHER;
	} else if ((is(l, 0, "ip") && is_one(l, 1, "pim|mroute|msdp|default-network")) ||
		   (is(l, 0, "ipv6") && is_one(l, 1, "route|router|prefix-list|pim")) ||
		   (is(l, 0, "key") && is(l, 1, "chain"))) {
		fprintf(f->out, "!\n! not translated: %s\n", l->text);
	}
}

/* No line of a routing protocol begins with "ip": where nothing is indented it is one of the top. */
static bool is_top(const struct frr *f, const struct ios_line *l)
{
	return l->top || (!l->indented && f->block >= BLOCK_EIGRP && is(l, 0, "ip"));
}

char *ios_frr(const struct ios_lines *lines, const struct conf_interfaces *here)
{
	char *text = NULL;
	size_t len;
	struct frr f = { .out = open_memstream(&text, &len), .here = here };

	if (!f.out)
		abort();
	find_asked(&f, lines);
	fputs("frr defaults traditional\n", f.out);
	for (size_t i = 0; i < lines->count; i++) {
		const struct ios_line *l = &lines->line[i];

		if (l->gone)
			continue;
		if (is_top(&f, l))
			top_line(&f, l);
		else if (f.block == BLOCK_INTERFACE)
			interface_line(&f, l);
		else if (f.block == BLOCK_EIGRP || f.block == BLOCK_OSPF)
			igp_line(&f, l);
		else if (f.block == BLOCK_BGP)
			bgp_line(&f, l);
		else if (f.block == BLOCK_MAP)
			map_line(&f, l);
		else if (f.block == BLOCK_LIST)
			list_entry(&f, l, f.list, 0);
	}
	free(f.asked);
	fputs("!\nend\n", f.out);
	if (fclose(f.out))
		abort();
	return text;
}
