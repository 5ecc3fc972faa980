/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of interfaces and of NHRP. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/addr.h"
#include "lib/util.h"

#define IOS_XE 16 /* the first version of IOS XE that is counted so, 16.1 */

static struct outline *nhrp(struct ios *x)
{
	return outline_child(x->section, "nhrp", NULL, x->at->number);
}

static void set_nhrp(struct ios *x, const char *key, const char *value)
{
	outline_set(nhrp(x), key, value, x->at->number);
}

/* ---- interfaces ---- */

/* Why a tunnel is none of ours; the first time that it is seen only. */
static void leave_out(struct ios *x, const struct ios_tunnel *t)
{
	if (t->line != x->at->number)
		return;
	if (t->shut)
		ios_say(x, CONF_WARNING, "%s: is shut down, it is left out", t->name);
	else if (t->multipoint && t->ipv6_nhrp)
		ios_say(x, CONF_WARNING,
			"%s: a tunnel for IPv6 only is not supported, it is left out", t->name);
	else
		ios_say(x, CONF_WARNING, "%s: a tunnel without NHRP is no DMVPN, it is left out",
			t->name);
}

static void open_tunnel(struct ios *x, struct ios_tunnel *t)
{
	if (!ios_is_ours(t)) {
		leave_out(x, t);
		x->use = IOS_UNSUPPORTED;
		ios_enter(x, IOS_BLOCK, NULL);
		return;
	}
	t->section = outline_child(&x->root, "tunnel", t->name, x->at->number);
	x->tunnel_now = t;
	ios_enter(x, IOS_TUNNEL, t->section);
}

static void interface(struct ios *x, const char *const *arg, size_t n)
{
	char name[IOS_INTERFACE_NAME];
	struct ios_tunnel *t;

	ios_interface_name(arg[0], n > 1 ? arg[1] : NULL, name);
	t = ios_tunnel_named(x, name);
	if (t) {
		open_tunnel(x, t);
		return;
	}
	ios_enter(x, IOS_INTERFACE, NULL);
	x->interface = xreallocarray(x->interface, x->interface_count + 1, sizeof(*x->interface));
	x->interface[x->interface_count] = (struct ios_interface){ 0 };
	memcpy(x->interface[x->interface_count++].name, name, sizeof(name));
}

static void interface_address(struct ios *x, const char *const *arg, size_t n)
{
	struct ios_interface *i = &x->interface[x->interface_count - 1];

	if (n == 2)
		snprintf(i->address, sizeof(i->address), "%.40s", arg[0]);
}

static void interface_crypto_map(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	x->interface[x->interface_count - 1].crypto_map = true;
}

static void tunnel_crypto_map(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	x->tunnel_now->crypto_map = true;
}

static void tunnel_address(struct ios *x, const char *const *arg, size_t n)
{
	const char *before = outline_get(x->section, "address");
	char prefix[ADDR_TEXT];

	if (n > 2) {
		ios_say(x, CONF_WARNING, "ip address: a secondary address is not supported");
		return;
	}
	if (!ios_prefix(x, arg[0], arg[1], prefix))
		return;
	if (before && strcmp(before, prefix) != 0)
		ios_say(x, CONF_WARNING,
			"ip address: %s had %s before, the last one holds; where the text is of "
			"two "
			"routers, keep one of them",
			x->tunnel_now->name, before);
	ios_set(x, "address", prefix);
}

static void unnumbered(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	x->tunnel_now->unnumbered = arg[0];
}

static void destination(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	x->tunnel_now->destination = arg[0];
	if (!x->tunnel_now->multipoint)
		return;
	x->use = IOS_UNSUPPORTED;
	ios_say(x, CONF_WARNING,
		"tunnel destination: nothing is done about it, with gre multipoint there is none");
}

/* tunnel source {ADDRESS | INTERFACE}, which may be two words */
static void source(struct ios *x, const char *const *arg, size_t n)
{
	char name[IOS_INTERFACE_NAME];
	struct addr address;

	if (addr_parse(arg[0], &address))
		ios_set(x, "source", arg[0]);
	else
		ios_set(x, "source", ios_interface_name(arg[0], n > 1 ? arg[1] : NULL, name));
}

static void protection(struct ios *x, const char *const *arg, size_t n)
{
	char name[IOS_NAME_MAX];

	for (size_t i = 1; i < n; i++)
		if (ios_is(arg[i], "ikev2-profile"))
			ios_say(x, CONF_ERROR,
				"tunnel protection: dmvpnd speaks IKEv1 only, so this tunnel would "
				"have no protection: leave out ikev2-profile and its name, here "
				"and "
				"on all members");
	ios_set(x, "profile", ios_name(arg[0], name));
}

/* ---- NHRP ---- */

static void network_id(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	set_nhrp(x, "network-id", arg[0]);
}

static void nhrp_authentication(struct ios *x, const char *const *arg, size_t n)
{
	char secret[IOS_SECRET_MAX];

	if (ios_secret(x, arg, n, secret))
		set_nhrp(x, "authentication", secret);
	util_wipe(secret, sizeof(secret));
}

/* ip nhrp map multicast {dynamic | NBMA} */
static void map_multicast(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	outline_add(nhrp(x), "map-multicast", ios_means(arg[0], "dynamic") ? "dynamic" : arg[0],
		    x->at->number);
}

/* ip nhrp map PROTOCOL [MASK] NBMA */
static void map(struct ios *x, const char *const *arg, size_t n)
{
	struct outline *o;

	if (n == 3 && !ios_is(arg[1], "255.255.255.255")) {
		ios_say(x, CONF_WARNING,
			"ip nhrp map: a network (mask %.16s) is not supported, only "
			"addresses",
			arg[1]);
		return;
	}
	o = outline_child(nhrp(x), "map", arg[0], x->at->number);
	outline_set(o, "nbma", arg[n - 1], x->at->number);
}

/* The words behind an nhs: nbma X, multicast, priority N, cluster N. */
static void nhs(struct ios *x, const char *const *arg, size_t n)
{
	struct outline *o;

	if (ios_means(arg[0], "dynamic")) {
		ios_say(x, CONF_ERROR,
			"ip nhrp nhs dynamic: the hub's address in the tunnel must be given: "
			"ip nhrp nhs 172.16.0.1 nbma %.64s multicast, with its own (show ip nhrp "
			"nhs on the router prints it)",
			n > 2 ? arg[2] : "...");
		return;
	}
	o = outline_child(nhrp(x), "nhs", arg[0], x->at->number);
	for (size_t i = 1; i < n; i++) {
		bool more = i + 1 < n;

		if (ios_means(arg[i], "multicast"))
			outline_set(o, "multicast", "true", x->at->number);
		else if (more && ios_is(arg[i], "nbma"))
			outline_set(o, "nbma", arg[++i], x->at->number);
		else if (more && ios_means(arg[i], "priority"))
			outline_set(o, "priority", arg[++i], x->at->number);
		else if (more && ios_means(arg[i], "cluster"))
			outline_set(o, "cluster", arg[++i], x->at->number);
		else
			ios_say(x, CONF_WARNING, "ip nhrp nhs: \"%.20s\" is not supported", arg[i]);
	}
}

static void nhs_cluster(struct ios *x, const char *const *arg, size_t n)
{
	struct outline *o = outline_child(nhrp(x), "cluster", arg[0], x->at->number);

	(void)n;
	outline_set(o, "max-connections", arg[1], x->at->number);
}

static void nhs_fallback(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	set_nhrp(x, "nhs-fallback", arg[0]);
}

static void holdtime(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	set_nhrp(x, "holdtime", arg[0]);
}

static void registration_timeout(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	set_nhrp(x, "registration-timeout", arg[0]);
}

static void no_unique(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	set_nhrp(x, "no-unique", "true");
}

static void redirect(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	set_nhrp(x, "redirect", "true");
}

static void shortcut(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	set_nhrp(x, "shortcut", "true");
}

#define NO_VRF                                                                                 \
	"VRFs are not supported, so this traffic would not be kept apart from the rest; "      \
	"where nothing else is on this machine, or dmvpnd runs in a network namespace of its " \
	"own, leave the line out"
#define APART  "kept this interface's traffic apart (ip link add type vrf does)"
#define FILTER \
	"filtered packets: nothing filters them here until you say so (nftables, dev Tunnel...)"

static const struct ios_command rows[] = {
	{ IOS_GLOBAL, "interface $ ...", IOS_APPLIED, NULL, interface },
	{ IOS_INTERFACE, "ip address $ $", IOS_SYSTEM, NULL, interface_address },
	{ IOS_INTERFACE, "ip address ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_INTERFACE, "vrf forwarding $", IOS_UNSUPPORTED, APART, NULL },
	{ IOS_INTERFACE, "ip vrf forwarding $", IOS_UNSUPPORTED, APART, NULL },
	{ IOS_INTERFACE, "crypto map ...", IOS_UNSUPPORTED,
	  "protected traffic other than the tunnels'", interface_crypto_map },
	{ IOS_INTERFACE, "ip inspect ...", IOS_UNSUPPORTED, FILTER, NULL },
	{ IOS_INTERFACE, "ip verify unicast ...", IOS_UNSUPPORTED,
	  "dropped packets with forged sources (sysctl net.ipv4.conf.*.rp_filter does)", NULL },
	{ IOS_INTERFACE, "ip policy ...", IOS_UNSUPPORTED, "routed by policy (ip rule does)",
	  NULL },
	{ IOS_INTERFACE, "service-policy ...", IOS_UNSUPPORTED, "shaped traffic (tc does)", NULL },
	{ IOS_INTERFACE, "ip access-group ...", IOS_UNSUPPORTED, FILTER, NULL },
	{ IOS_INTERFACE, "ip nat ...", IOS_UNSUPPORTED, "translated addresses (nftables does)",
	  NULL },
	{ IOS_INTERFACE, "zone-member ...", IOS_UNSUPPORTED, FILTER, NULL },
	{ IOS_INTERFACE,
	  "ip ospf|eigrp|rip|pim|router|hello-interval|hold-time|summary-address ...", IOS_ROUTING,
	  NULL, NULL },
	{ IOS_INTERFACE, "...", IOS_SYSTEM, NULL, NULL },

	{ IOS_TUNNEL, "ip address $ $ ...", IOS_APPLIED, NULL, tunnel_address },
	{ IOS_TUNNEL, "ip address ...", IOS_UNSUPPORTED,
	  "taken the tunnel's address from elsewhere; it must be in the text", NULL },
	{ IOS_TUNNEL, "ip unnumbered $", IOS_APPLIED, NULL, unnumbered },
	{ IOS_TUNNEL, "ip mtu $", IOS_APPLIED, "mtu", NULL },
	{ IOS_TUNNEL, "ip tcp adjust-mss $", IOS_UNSUPPORTED,
	  "limited the segments of TCP; path MTU discovery works in the tunnel, else nftables does "
	  "it "
	  "(tcp option maxseg size set rt mtu)",
	  NULL },
	{ IOS_TUNNEL, "ip redirects", IOS_UNSUPPORTED, "sent ICMP redirects, which break phase 2",
	  NULL },
	{ IOS_TUNNEL, "ip vrf forwarding $", IOS_REFUSED, NO_VRF, NULL },
	{ IOS_TUNNEL, "vrf forwarding $", IOS_REFUSED, NO_VRF, NULL },
	{ IOS_TUNNEL, "tunnel vrf $", IOS_REFUSED, NO_VRF, NULL },
	{ IOS_TUNNEL, "ip access-group ...", IOS_UNSUPPORTED, FILTER, NULL },
	{ IOS_TUNNEL, "ip inspect ...", IOS_UNSUPPORTED, FILTER, NULL },
	{ IOS_TUNNEL, "zone-member ...", IOS_UNSUPPORTED, FILTER, NULL },
	{ IOS_TUNNEL, "ip nat ...", IOS_UNSUPPORTED, "translated addresses (nftables does)", NULL },
	{ IOS_TUNNEL, "ip policy ...", IOS_UNSUPPORTED, "routed by policy (ip rule does)", NULL },
	{ IOS_TUNNEL, "service-policy ...", IOS_UNSUPPORTED, "shaped traffic (tc does)", NULL },
	{ IOS_TUNNEL, "crypto map ...", IOS_UNSUPPORTED,
	  "protected what goes through the tunnel by a crypto map as well", tunnel_crypto_map },
	{ IOS_TUNNEL, "crypto ipsec df-bit clear", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "crypto ipsec df-bit ...", IOS_UNSUPPORTED,
	  "set the DF bit of outer packets, which the tunnel leaves clear", NULL },
	{ IOS_TUNNEL, "crypto ipsec fragmentation ...", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "domain ...", IOS_UNSUPPORTED, "been a path for performance routing", NULL },
	{ IOS_TUNNEL, "ipv6 ...", IOS_UNSUPPORTED, "carried IPv6", NULL },

	{ IOS_TUNNEL, "tunnel source $", IOS_APPLIED, NULL, source },
	{ IOS_TUNNEL, "tunnel source $ $", IOS_APPLIED, NULL, source },
	{ IOS_TUNNEL, "tunnel destination $", IOS_APPLIED, NULL, destination },
	{ IOS_TUNNEL, "tunnel mode gre multipoint", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "tunnel mode gre ip", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "tunnel mode ...", IOS_REFUSED, "only GRE over IPv4 is done (gre multipoint)",
	  NULL },
	{ IOS_TUNNEL, "tunnel key $", IOS_APPLIED, "key", NULL },
	{ IOS_TUNNEL, "tunnel ttl $", IOS_APPLIED, "ttl", NULL },
	{ IOS_TUNNEL, "tunnel protection ipsec profile $ ...", IOS_APPLIED, NULL, protection },
	{ IOS_TUNNEL, "tunnel protection ...", IOS_REFUSED,
	  "only ipsec profile NAME is known, so the tunnel would have no protection", NULL },
	{ IOS_TUNNEL, "tunnel path-mtu-discovery ...", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "tunnel checksum", IOS_UNSUPPORTED, "put a checksum on each GRE packet",
	  NULL },
	{ IOS_TUNNEL, "tunnel bandwidth ...", IOS_ROUTING, NULL, NULL },
	{ IOS_TUNNEL, "tunnel tos $", IOS_UNSUPPORTED,
	  "set the TOS of outer packets, which have that of the inner ones", NULL },
	{ IOS_TUNNEL, "tunnel route-via ...", IOS_UNSUPPORTED,
	  "sent outer packets through that interface only (ip rule does)", NULL },
	{ IOS_TUNNEL, "tunnel ...", IOS_UNSUPPORTED, "changed the tunnel", NULL },

	{ IOS_TUNNEL, "ip nhrp network-id $", IOS_APPLIED, NULL, network_id },
	{ IOS_TUNNEL, "ip nhrp authentication $ ...", IOS_APPLIED, NULL, nhrp_authentication },
	{ IOS_TUNNEL, "ip nhrp map multicast $", IOS_APPLIED, NULL, map_multicast },
	{ IOS_TUNNEL, "ip nhrp map group ...", IOS_UNSUPPORTED,
	  "shaped traffic of a group of spokes", NULL },
	{ IOS_TUNNEL, "ip nhrp map $ $", IOS_APPLIED, NULL, map },
	{ IOS_TUNNEL, "ip nhrp map $ $ $", IOS_APPLIED, NULL, map },
	{ IOS_TUNNEL, "ip nhrp nhs cluster $ max-connections $", IOS_APPLIED, NULL, nhs_cluster },
	{ IOS_TUNNEL, "ip nhrp nhs fallback $", IOS_APPLIED, NULL, nhs_fallback },
	{ IOS_TUNNEL, "ip nhrp nhs $ ...", IOS_APPLIED, NULL, nhs },
	{ IOS_TUNNEL, "ip nhrp holdtime $", IOS_APPLIED, NULL, holdtime },
	{ IOS_TUNNEL, "ip nhrp registration no-unique", IOS_APPLIED, NULL, no_unique },
	{ IOS_TUNNEL, "ip nhrp registration unique", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "ip nhrp registration timeout $", IOS_APPLIED, NULL, registration_timeout },
	{ IOS_TUNNEL, "ip nhrp redirect ...", IOS_APPLIED, NULL, redirect },
	{ IOS_TUNNEL, "ip nhrp shortcut", IOS_APPLIED, NULL, shortcut },
	{ IOS_TUNNEL, "ip nhrp server-only ...", IOS_UNSUPPORTED,
	  "kept this machine from asking; one without nhs never asks", NULL },
	{ IOS_TUNNEL, "ip nhrp max-send ...", IOS_UNSUPPORTED,
	  "limited NHRP packets; there are limits of our own for each peer", NULL },
	{ IOS_TUNNEL, "ip nhrp cache|responder|use|record|connect ...", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "ip nhrp multicast batch-size ...", IOS_ALWAYS, NULL, NULL },
	{ IOS_TUNNEL, "ip nhrp path preference $", IOS_UNSUPPORTED,
	  "told the others how much this path is preferred", NULL },
	{ IOS_TUNNEL, "ip nhrp send-routed", IOS_UNSUPPORTED,
	  "sent resolution requests along the route; they go to an nhs", NULL },
	{ IOS_TUNNEL, "ip nhrp block-next-hop-override", IOS_UNSUPPORTED,
	  "kept shortcuts from taking the place of the next hops of routes", NULL },
	{ IOS_TUNNEL, "ip nhrp bfd", IOS_UNSUPPORTED, "watched direct paths with BFD", NULL },
	{ IOS_TUNNEL, "ip nhrp summary-map ...", IOS_UNSUPPORTED,
	  "answered for a whole network at once", NULL },
	{ IOS_TUNNEL, "nhrp event-publisher ...", IOS_UNSUPPORTED,
	  "told applications what happens (`hook` runs a program)", NULL },
	{ IOS_TUNNEL, "ip nhrp group|attribute ...", IOS_UNSUPPORTED,
	  "asked the hub to shape traffic to us", NULL },
	{ IOS_TUNNEL, "nhrp group|attribute ...", IOS_UNSUPPORTED,
	  "asked the hub to shape traffic to us", NULL },
	{ IOS_TUNNEL, "nhrp map group ...", IOS_UNSUPPORTED, "shaped traffic of a group of spokes",
	  NULL },
	{ IOS_TUNNEL, "nhrp ...", IOS_UNSUPPORTED, "changed NHRP", NULL },
	{ IOS_TUNNEL, "ip nhrp trigger-svc|interest ...", IOS_UNSUPPORTED,
	  "limited what NHRP looks for", NULL },
	{ IOS_TUNNEL, "ip nhrp ...", IOS_UNSUPPORTED, "changed NHRP", NULL },

	{ IOS_TUNNEL, "bandwidth|delay ...", IOS_ROUTING, NULL, NULL },
	{ IOS_TUNNEL,
	  "ip "
	  "ospf|eigrp|rip|pim|igmp|router|hello-interval|hold-time|summary-address|split-horizon|"
	  "next-hop-self|bandwidth-percent|authentication ...",
	  IOS_ROUTING, NULL, NULL },
	{ IOS_TUNNEL, "mpls ...", IOS_UNSUPPORTED, "carried MPLS", NULL },
	{ IOS_TUNNEL, "bfd ...", IOS_UNSUPPORTED, "found dead neighbours (FRR's bfdd does)", NULL },
	{ IOS_TUNNEL, "ip directed-broadcast|rtp|multicast|tcp ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_TUNNEL, "if-state nhrp", IOS_UNSUPPORTED, "taken the line down while no hub is up",
	  NULL },
	{ IOS_TUNNEL, "keepalive ...", IOS_UNSUPPORTED,
	  "sent GRE keepalives, which mGRE has none of", NULL },
	{ IOS_TUNNEL, "description ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_TUNNEL,
	  "ip flow|route-cache|virtual-reassembly|proxy-arp|unreachables|cef|mroute-cache|"
	  "load-sharing|broadcast-address|mfib|mask-reply|information-reply|nbar|accounting ...",
	  IOS_SYSTEM, NULL, NULL },
	{ IOS_TUNNEL,
	  "load-interval|snmp|cdp|lldp|logging|qos|clns|isis|hold-queue|arp|cts|routing|stackable|"
	  "max-reserved-bandwidth|bgp-policy|history ...",
	  IOS_SYSTEM, NULL, NULL },
};

const struct ios_commands ios_tunnel = { rows, ARRAY_SIZE(rows) };

/* ---- at the end ---- */

static const struct ios_interface *find_interface(const struct ios *x, const char *name)
{
	for (size_t i = 0; i < x->interface_count; i++)
		if (strcmp(x->interface[i].name, name) == 0)
			return &x->interface[i];
	return NULL;
}

static unsigned int source_line(const struct ios_tunnel *t)
{
	for (size_t i = 0; i < t->section->setting_count; i++)
		if (strcmp(t->section->setting[i].key, "source") == 0)
			return t->section->setting[i].line;
	return t->line;
}

/* The router's name of the source interface becomes that of this machine. */
static void finish_source(struct ios *x, const struct ios_tunnel *t)
{
	const char *name = outline_get(t->section, "source");
	unsigned int line = source_line(t);
	const struct ios_interface *i;
	struct addr address;

	if (!name || addr_parse(name, &address))
		return;
	for (size_t m = 0; x->here && m < x->here->count; m++) {
		char mapped[IOS_INTERFACE_NAME];

		if (strcmp(ios_interface_name(x->here->interface[m].ios, NULL, mapped), name) != 0)
			continue;
		outline_set(t->section, "source", x->here->interface[m].here, line);
		return;
	}
	i = find_interface(x, name);
	if (i && i->address[0]) {
		complain(x->complaints, CONF_WARNING, line,
			 "tunnel source %.40s: no interface of this machine is named for it, its "
			 "address %s is taken; to follow an interface: --map %.40s=eth0",
			 name, i->address, name);
		outline_set(t->section, "source", i->address, line);
		return;
	}
	complain(x->complaints, CONF_ERROR, line,
		 "tunnel source %.40s: which interface of this machine is it? say --map %.40s=eth0",
		 name, name);
	/* One complaint about it is enough. */
	outline_set(t->section, "source", "unmapped", line);
}

static void finish_address(struct ios *x, const struct ios_tunnel *t)
{
	char prefix[ADDR_TEXT], name[IOS_INTERFACE_NAME];
	const struct ios_interface *i;

	if (!t->unnumbered || outline_get(t->section, "address"))
		return;
	i = find_interface(x, ios_interface_name(t->unnumbered, NULL, name));
	if (!i || !i->address[0]) {
		complain(x->complaints, CONF_ERROR, t->line,
			 "ip unnumbered %.40s: that interface has no address here", t->unnumbered);
		return;
	}
	snprintf(prefix, sizeof(prefix), "%.40s/32", i->address);
	outline_set(t->section, "address", prefix, t->line);
}

/*
 * Phase 1: a spoke whose tunnel has one end only. All that leaves it goes there, multicast too, without
 * a map; on the wire it is the same as one with these.
 */
static void finish_destination(struct ios *x, const struct ios_tunnel *t)
{
	struct outline *o = outline_find(t->section, "nhrp", NULL);

	if (!t->destination || t->multipoint || !o)
		return;
	for (size_t i = 0; i < o->child_count; i++) {
		struct outline *nhs = o->child[i];

		if (strcmp(nhs->name, "nhs") == 0 && !outline_get(nhs, "nbma") &&
		    !outline_find(o, "map", nhs->title))
			outline_set(nhs, "nbma", t->destination, t->line);
	}
	if (!outline_has(o, "map-multicast", t->destination))
		outline_add(o, "map-multicast", t->destination, t->line);
	complain(x->complaints, CONF_WARNING, t->line,
		 "%.20s: a point-to-point tunnel with NHRP (phase 1) is made as multipoint: routes "
		 "through it need the hub's tunnel address as their next hop",
		 t->name);
}

/*
 * As it was done before there was tunnel protection: a crypto map, of the tunnel or of where its packets
 * leave, takes GRE along by an access list. The tunnel would be made without any protection.
 */
static void finish_protection(struct ios *x, const struct ios_tunnel *t)
{
	const char *source = outline_get(t->section, "source");
	bool map = t->crypto_map;

	for (size_t i = 0; source && i < x->interface_count; i++)
		map |= x->interface[i].crypto_map && (strcmp(x->interface[i].name, source) == 0 ||
						      strcmp(x->interface[i].address, source) == 0);
	if (map && !outline_get(t->section, "profile"))
		complain(x->complaints, CONF_ERROR, t->line,
			 "%.20s: a crypto map may protect it, which is not supported, so all of it "
			 "could be read and forged: say tunnel protection ipsec profile NAME, here "
			 "and on all members",
			 t->name);
}

/* What IOS XE has on by default: the spokes' side of phase 3, and copies for whoever registers. */
static void finish_defaults(struct ios *x, const struct ios_tunnel *t)
{
	struct outline *o = outline_find(t->section, "nhrp", NULL);

	if (!outline_get(t->section, "ttl"))
		outline_set(t->section, "ttl", "255", 0);
	/* On a router it is what is left of 1500 octets without IPsec. */
	if (x->ospf && !outline_get(t->section, "mtu"))
		complain(x->complaints, CONF_WARNING, t->line,
			 "%.20s: without ip mtu it is 1400 here and %d on a router, and with "
			 "different ones OSPF neighbours stay in EXSTART: say ip mtu on all "
			 "members, "
			 "or ip ospf mtu-ignore",
			 t->name, outline_get(t->section, "key") ? 1472 : 1476);
	if (!o || x->version < IOS_XE)
		return;
	if (!t->no_shortcut && !outline_get(o, "shortcut"))
		outline_set(o, "shortcut", "true", 0);
	if (!t->no_dynamic && !outline_has(o, "map-multicast", "dynamic"))
		outline_add(o, "map-multicast", "dynamic", 0);
}

void ios_tunnel_finish(struct ios *x)
{
	for (size_t i = 0; i < x->tunnel_count; i++) {
		const struct ios_tunnel *t = &x->tunnel[i];

		if (!t->section)
			continue;
		finish_protection(x, t);
		finish_source(x, t);
		finish_address(x, t);
		finish_destination(x, t);
		finish_defaults(x, t);
	}
}
