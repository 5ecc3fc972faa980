/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders what NHRP and the tunnels show, in the layouts of IOS 12.4, its own "Incompletea"
 * included: people's scripts read these columns.
 */
#include "daemon/dmvpnctl.h"

#include <string.h>

const char *ios_time(int64_t seconds, char buf[IOS_TIME_TEXT])
{
	const int64_t minute = 60, hour = 60 * minute, day = 24 * hour, week = 7 * day,
		      year = 52 * week;
	long long s = seconds < 0 ? 0 : seconds;

	if (s < day)
		snprintf(buf, IOS_TIME_TEXT, "%02lld:%02lld:%02lld", s / hour, s % hour / minute,
			 s % minute);
	else if (s < week)
		snprintf(buf, IOS_TIME_TEXT, "%lldd%02lldh", s / day, s % day / hour);
	else if (s < year)
		snprintf(buf, IOS_TIME_TEXT, "%lldw%lldd", s / week, s % week / day);
	else
		snprintf(buf, IOS_TIME_TEXT, "%lldy%lldw", s / year, s % year / week);
	return buf;
}

const char *value_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? text : "";
}

const char *member_text(const json_t *o, const char *name)
{
	return value_text(json_object_get(o, name));
}

int64_t member_int(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

bool member_true(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

bool member_is(const json_t *o, const char *name, const char *text)
{
	return !strcmp(member_text(o, name), text);
}

bool member_has(const json_t *o, const char *name)
{
	const json_t *member = json_object_get(o, name);

	return member && !json_is_null(member);
}

void render_nothing(const json_t *answer, FILE *out)
{
	(void)answer;
	(void)out;
}

void render_reload(const json_t *answer, FILE *out)
{
	const json_t *changed = json_object_get(answer, "changed"), *what;
	size_t i;

	if (!json_array_size(changed))
		fprintf(out, "Nothing has changed\n");
	json_array_foreach (changed, i, what)
		fprintf(out, "%s\n", value_text(what));
}

void render_message(const json_t *answer, FILE *out)
{
	fprintf(out, "%s\n", member_text(answer, "message"));
}

void render_tracing(const json_t *answer, FILE *out)
{
	render_message(answer, out);
	fprintf(out, "It goes to the daemon's log; \"debug\" alone follows that here\n");
}

void render_log_line(const json_t *line, FILE *out)
{
	const char *tag = member_text(line, "tag");

	/* The first line of those that follow only says that they do. */
	if (member_has(line, "text"))
		fprintf(out, "%s %s%s%s%s\n", member_text(line, "time"), *tag ? "[" : "", tag,
			*tag ? "]: " : "", member_text(line, "text"));
}

void render_log(const json_t *answer, FILE *out)
{
	const json_t *line;
	size_t i;

	json_array_foreach (json_object_get(answer, "lines"), i, line)
		render_log_line(line, out);
	if (!i)
		fprintf(out, "Nothing is recorded of %s.\n", member_text(answer, "peer"));
}

/* What the router calls it, here as when it is turned on. */
static const char *debugging_name(const char *kind)
{
	if (!strcmp(kind, "packet"))
		return "activity";
	return strcmp(kind, "extension") != 0 ? kind : "extension processing";
}

static void debugging_nhrp(const json_t *kinds, FILE *out)
{
	const json_t *kind;
	size_t i;

	if (json_array_size(kinds))
		fprintf(out, "NHRP:\n");
	if (json_array_size(kinds) == 4) {
		fprintf(out, "  NHRP protocol debugging is on\n");
		return;
	}
	json_array_foreach (kinds, i, kind)
		fprintf(out, "  NHRP %s debugging is on\n", debugging_name(value_text(kind)));
}

void render_debugging(const json_t *answer, FILE *out)
{
	const json_t *condition;
	size_t i;

	if (member_int(answer, "crypto_isakmp") || member_true(answer, "crypto_ipsec"))
		fprintf(out, "Cryptographic Subsystem:\n");
	if (member_int(answer, "crypto_isakmp"))
		fprintf(out, "  Crypto ISAKMP debugging is on (level %lld)\n",
			(long long)member_int(answer, "crypto_isakmp"));
	if (member_true(answer, "crypto_ipsec"))
		fprintf(out, "  Crypto IPSEC debugging is on\n");
	debugging_nhrp(json_object_get(answer, "nhrp"), out);
	json_array_foreach (json_object_get(answer, "conditions"), i, condition)
		fprintf(out, "%s  %s %s\n", i ? "" : "Crypto conditional debug is on for:\n",
			member_text(condition, "kind"), member_text(condition, "value"));
}

/* One row per NBMA peer, as IOS 12.4 does: the tunnel address is that of its first entry. */
static void dmvpn_peer(const json_t *peer, FILE *out)
{
	const json_t *entries = json_object_get(peer, "entries");
	const json_t *first = json_array_get(entries, 0);
	char time[IOS_TIME_TEXT] = "never";

	if (member_has(peer, "since"))
		ios_time(member_int(peer, "since"), time);
	fprintf(out, " %5zu %15s %15s %5s %8s %s\n", json_array_size(entries),
		member_text(peer, "nbma"), member_text(first, "protocol"),
		member_text(peer, "state"), time, member_text(first, "attributes"));
}

/* Networks behind the peer have rows of their own, as in IOS 15; show dmvpn detail names them. */
static bool is_network(const json_t *entry)
{
	return strchr(member_text(entry, "attributes"), 'T') != NULL;
}

static void dmvpn_networks(const json_t *peer, FILE *out)
{
	const json_t *entries = json_object_get(peer, "entries"), *entry;
	const char *gateway = member_text(json_array_get(entries, 0), "protocol");
	char time[IOS_TIME_TEXT] = "never";
	size_t i;

	if (member_has(peer, "since"))
		ios_time(member_int(peer, "since"), time);
	json_array_foreach (entries, i, entry)
		if (i && is_network(entry))
			fprintf(out, " %5s %15s %15s %5s %8s %s\n", "", "", gateway,
				member_text(peer, "state"), time, member_text(entry, "attributes"));
}

static bool any_network(const json_t *answer)
{
	const json_t *tunnel, *peer, *entry;
	size_t i, j, k;

	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel)
		json_array_foreach (json_object_get(tunnel, "peers"), j, peer)
			json_array_foreach (json_object_get(peer, "entries"), k, entry)
				if (is_network(entry))
					return true;
	return false;
}

void render_dmvpn(const json_t *answer, FILE *out)
{
	const json_t *tunnel, *peer;
	size_t i, j;

	fprintf(out, "Legend: Attrb --> S - Static, D - Dynamic, I - Incompletea\n"
		     "        N - NATed, L - Local, X - No Socket\n");
	if (any_network(answer))
		fprintf(out, "        T1 - Route Installed, T2 - Nexthop-override\n");
	fprintf(out, "        # Ent --> Number of NHRP entries with same NBMA peer\n\n");
	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel) {
		const json_t *peers = json_object_get(tunnel, "peers");

		fprintf(out, "%s, Type:%s, NHRP Peers:%zu,\n", member_text(tunnel, "interface"),
			member_text(tunnel, "type"), json_array_size(peers));
		fprintf(out, " # Ent  Peer NBMA Addr Peer Tunnel Add State  UpDn Tm Attrb\n"
			     " ----- --------------- --------------- ----- -------- -----\n");
		json_array_foreach (peers, j, peer) {
			dmvpn_peer(peer, out);
			dmvpn_networks(peer, out);
		}
		fprintf(out, "\n");
	}
}

/* Ours, of what the router keeps to itself: the way packets take now, and what the reply said. */
static void nhrp_entry_detail(const json_t *entry, FILE *out)
{
	if (member_has(entry, "shortcut"))
		fprintf(out, "  Shortcut: %s\n", member_text(entry, "shortcut"));
	else if (member_has(entry, "path"))
		/* Its own SA says nothing of the way through a hub. */
		fprintf(out, "  Path: through %s%s\n", member_text(entry, "path"),
			member_is(entry, "path", member_text(entry, "nbma")) &&
					!member_true(entry, "up")
				? " (down)"
				: "");
	if (member_int(entry, "holding_time"))
		fprintf(out, "  Holding time: %lld seconds\n",
			(long long)member_int(entry, "holding_time"));
	if (member_int(entry, "mtu"))
		fprintf(out, "  MTU: %lld bytes\n", (long long)member_int(entry, "mtu"));
}

static void nhrp_entry(const json_t *entry, FILE *out)
{
	const json_t *flag;
	char time[IOS_TIME_TEXT];
	bool incomplete = !strcmp(member_text(entry, "type"), "incomplete");
	size_t i;

	fprintf(out, "%s/%lld", member_text(entry, "protocol"),
		(long long)member_int(entry, "prefix_length"));
	if (!incomplete)
		fprintf(out, " via %s",
			member_text(entry, member_has(entry, "gateway") ? "gateway" : "protocol"));
	fprintf(out, ", %s created %s, ", member_text(entry, "interface"),
		ios_time(member_int(entry, "created"), time));
	if (member_has(entry, "expires"))
		fprintf(out, "expire %s\n", ios_time(member_int(entry, "expires"), time));
	else
		fprintf(out, "never expire\n");
	fprintf(out, "  Type: %s, Flags:", member_text(entry, "type"));
	json_array_foreach (json_object_get(entry, "flags"), i, flag)
		fprintf(out, " %s", value_text(flag));
	fprintf(out, "\n");
	if (!incomplete && member_has(entry, "nbma"))
		fprintf(out, "  NBMA address: %s\n", member_text(entry, "nbma"));
	if (!incomplete && member_has(entry, "nat_nbma"))
		fprintf(out, "    (Claimed NBMA address: %s)\n", member_text(entry, "nat_nbma"));
}

void render_nhrp_shortcut(const json_t *answer, FILE *out)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(answer, "entries"), i, entry)
		if (member_has(entry, "gateway"))
			nhrp_entry(entry, out);
}

static void nhrp_entries(const json_t *answer, bool detail, FILE *out)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(answer, "entries"), i, entry) {
		/* IOS keeps its own address to itself. */
		if (member_is(entry, "type", "local"))
			continue;
		nhrp_entry(entry, out);
		if (detail)
			nhrp_entry_detail(entry, out);
	}
}

void render_nhrp(const json_t *answer, FILE *out)
{
	nhrp_entries(answer, false, out);
}

void render_nhrp_detail(const json_t *answer, FILE *out)
{
	nhrp_entries(answer, true, out);
}

static void nhs_registration(const json_t *nhs, FILE *out)
{
	char time[IOS_TIME_TEXT];

	fprintf(out, "  req-sent %lld  req-failed %lld  repl-recv %lld",
		(long long)member_int(nhs, "requests"), (long long)member_int(nhs, "failures"),
		(long long)member_int(nhs, "replies"));
	if (member_has(nhs, "registered"))
		fprintf(out, " (%s ago)", ios_time(member_int(nhs, "registered"), time));
	/* Ours: what it is waiting for. */
	fprintf(out, "\n  %s for %s", member_text(nhs, "state"),
		ios_time(member_int(nhs, "since"), time));
	if (member_has(nhs, "next"))
		fprintf(out, ", next registration in %s", ios_time(member_int(nhs, "next"), time));
	if (member_has(nhs, "refusal"))
		fprintf(out, ", refused: %s", member_text(nhs, "refusal"));
}

/* Of one among equals nothing is said, as in IOS 12.4. */
static void nhs_rank(const json_t *nhs, FILE *out, bool detail)
{
	if (member_int(nhs, "priority") || member_int(nhs, "cluster"))
		fprintf(out, "  priority = %lld cluster = %lld",
			(long long)member_int(nhs, "priority"),
			(long long)member_int(nhs, "cluster"));
	if (detail && member_has(nhs, "name"))
		fprintf(out, "  name %s", member_text(nhs, "name"));
}

bool nhs_waits(const json_t *nhs)
{
	return member_is(nhs, "state", "standby");
}

/* IOS 12.4 has no such letter. */
static bool any_waits(const json_t *answer)
{
	const json_t *tunnel, *nhs;
	size_t i, j;

	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel)
		json_array_foreach (json_object_get(tunnel, "servers"), j, nhs)
			if (nhs_waits(nhs))
				return true;
	return false;
}

static void nhrp_nhs(const json_t *answer, FILE *out, bool detail)
{
	const json_t *tunnel, *nhs;
	size_t i, j;

	fprintf(out, "Legend: E=Expecting replies, R=Responding%s\n",
		any_waits(answer) ? ", W=Waiting" : "");
	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel) {
		fprintf(out, "%s:\n", member_text(tunnel, "interface"));
		json_array_foreach (json_object_get(tunnel, "servers"), j, nhs) {
			bool waits = nhs_waits(nhs);

			fprintf(out, "%-15s  %s%s", member_text(nhs, "protocol"),
				member_true(nhs, "responding") ? "R" : " ",
				waits				? "W"
				: member_true(nhs, "expecting") ? "E"
								: "");
			nhs_rank(nhs, out, detail);
			if (detail)
				nhs_registration(nhs, out);
			fprintf(out, "\n");
		}
	}
}

void render_nhrp_nhs(const json_t *answer, FILE *out)
{
	nhrp_nhs(answer, out, false);
}

void render_nhrp_nhs_detail(const json_t *answer, FILE *out)
{
	nhrp_nhs(answer, out, true);
}

static bool array_has(const json_t *texts, const json_t *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach (texts, i, one)
		if (json_equal(one, text))
			return true;
	return false;
}

void render_nhrp_multicast(const json_t *answer, FILE *out)
{
	const json_t *tunnel, *listener;
	size_t i, j;

	fprintf(out, "  I/F     NBMA address\n");
	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel) {
		const json_t *fixed = json_object_get(tunnel, "static");

		json_array_foreach (json_object_get(tunnel, "listeners"), j, listener)
			fprintf(out, "%-9s %-15s Flags: %s\n", member_text(tunnel, "interface"),
				value_text(listener),
				array_has(fixed, listener) ? "static" : "dynamic");
		/* Ours: whether anything was to be copied. */
		fprintf(out,
			"%-9s %lld packets captured, %lld copies sent, %lld errors, "
			"%lld dropped\n",
			member_text(tunnel, "interface"), (long long)member_int(tunnel, "captured"),
			(long long)member_int(tunnel, "copies"),
			(long long)member_int(tunnel, "errors"),
			(long long)member_int(tunnel, "dropped"));
	}
}

static void traffic_direction(const json_t *counts, const char *title, FILE *out)
{
	static const struct {
		const char *member, *text, *end;
	} columns[] = {
		{ "resolution_request", "Resolution Request", "  " },
		{ "resolution_reply", "Resolution Reply", "  " },
		{ "registration_request", "Registration Request", "\n" },
		{ "registration_reply", "Registration Reply", "  " },
		{ "purge_request", "Purge Request", "  " },
		{ "purge_reply", "Purge Reply", "\n" },
		{ "error_indication", "Error Indication", "  " },
		{ "traffic_indication", "Traffic Indication", "\n" },
	};
	bool line_begins = true;
	uint64_t total = 0;

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		total += (uint64_t)member_int(counts, columns[i].member);
	fprintf(out, "   %s: Total %llu\n", title, (unsigned long long)total);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		fprintf(out, "%s%lld %s%s", line_begins ? "         " : "",
			(long long)member_int(counts, columns[i].member), columns[i].text,
			columns[i].end);
		line_begins = columns[i].end[0] == '\n';
	}
}

static void refusals(const json_t *named, const char *title, FILE *out)
{
	const char *name;
	json_t *count;

	if (!json_object_size(named))
		return;
	fprintf(out, "   %s:\n", title);
	json_object_foreach ((json_t *)(uintptr_t)named, name, count)
		fprintf(out, "         %lld %s\n", (long long)json_integer_value(count), name);
}

void render_nhrp_traffic(const json_t *answer, FILE *out)
{
	const json_t *tunnel;
	size_t i;

	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel) {
		fprintf(out, "%s:\n", member_text(tunnel, "interface"));
		traffic_direction(json_object_get(tunnel, "sent"), "Sent", out);
		traffic_direction(json_object_get(tunnel, "received"), "Rcvd", out);
		if (member_int(tunnel, "hairpins"))
			fprintf(out,
				"   Hairpins: Total %lld\n         %lld limited  %lld ignored\n",
				(long long)member_int(tunnel, "hairpins"),
				(long long)member_int(tunnel, "hairpins_limited"),
				(long long)member_int(tunnel, "hairpins_ignored"));
		refusals(json_object_get(tunnel, "refusals_sent"), "Refusals sent", out);
		refusals(json_object_get(tunnel, "refusals_received"), "Refusals received", out);
		refusals(json_object_get(tunnel, "errors_sent"), "Errors sent", out);
		refusals(json_object_get(tunnel, "errors_received"), "Errors received", out);
		refusals(json_object_get(tunnel, "dropped"), "Dropped", out);
	}
}

void render_tunnel_endpoints(const json_t *answer, FILE *out)
{
	const json_t *tunnel, *endpoint, *overlay;
	size_t i, j, k;

	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel) {
		fprintf(out, " %s running in multi-GRE/IP mode\n\n",
			member_text(tunnel, "interface"));
		json_array_foreach (json_object_get(tunnel, "endpoints"), j, endpoint) {
			const json_t *overlays = json_object_get(endpoint, "overlays");
			const char *base = member_text(endpoint, "base");

			fprintf(out, " Endpoint transport %s Refcount %zu Base %s\n",
				member_text(endpoint, "transport"), json_array_size(overlays) + 1,
				base);
			json_array_foreach (overlays, k, overlay)
				fprintf(out, "   overlay %s Refcount 2 Parent %s\n",
					value_text(overlay), base);
		}
	}
}

static void interface_tunnel(const json_t *link, FILE *out)
{
	fprintf(out, "  Encapsulation TUNNEL, loopback not set\n  Keepalive not set\n");
	fprintf(out, "  Tunnel source %s", member_text(link, "source"));
	if (member_has(link, "source_interface"))
		fprintf(out, " (%s)", member_text(link, "source_interface"));
	fprintf(out, "\n  Tunnel protocol/transport multi-GRE/IP\n");
	if (member_has(link, "key"))
		fprintf(out, "    Key 0x%llX, sequencing disabled\n",
			(unsigned long long)member_int(link, "key"));
	else
		fprintf(out, "    Key disabled, sequencing disabled\n");
	fprintf(out, "    Checksumming of packets disabled\n");
	fprintf(out, "  Tunnel TTL %lld\n", (long long)member_int(link, "ttl"));
	if (member_has(link, "profile"))
		fprintf(out, "  Tunnel protection via IPSec (profile \"%s\")\n",
			member_text(link, "profile"));
}

/* "1500 - 20 IP - 8 UDP ... = 1390"; what is 0 is left out. */
static void mtu_arithmetic(const json_t *m, FILE *out)
{
	static const struct {
		const char *member, *text;
	} parts[] = {
		{ "outer_ip", "IP" }, { "udp", "UDP" },		{ "esp", "ESP" },
		{ "iv", "IV" },	      { "padding", "padding" }, { "trailer", "trailer" },
		{ "icv", "ICV" },     { "gre", "GRE" },
	};

	fprintf(out, "  Path MTU: %lld", (long long)member_int(m, "path"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (member_int(m, parts[i].member))
			fprintf(out, " - %lld %s", (long long)member_int(m, parts[i].member),
				parts[i].text);
	fprintf(out, " = %lld bytes fit, TCP MSS %lld\n", (long long)member_int(m, "mtu"),
		(long long)member_int(m, "tcp_mss"));
}

static void redirect(const json_t *r, FILE *out)
{
	if (member_true(r, "works"))
		fprintf(out, "  NHRP redirect: %lld packets seen\n",
			(long long)member_int(r, "seen"));
	else
		fprintf(out, "  NHRP redirect does not work: %s\n", member_text(r, "why"));
}

/* What only hardware can count is 0 here as on a router's tunnel; a tunnel has no queue. */
static void link_counters(const json_t *c, FILE *out)
{
	fprintf(out,
		"  Input queue: 0/0/%lld/0 (size/max/drops/flushes); Total output drops: %lld\n",
		(long long)member_int(c, "drops_in"), (long long)member_int(c, "drops_out"));
	fprintf(out, "     %lld packets input, %lld bytes, 0 no buffer\n",
		(long long)member_int(c, "packets_in"), (long long)member_int(c, "bytes_in"));
	fprintf(out,
		"     0 runts, 0 giants, 0 throttles\n"
		"     %lld input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored, 0 abort\n",
		(long long)member_int(c, "errors_in"));
	fprintf(out, "     %lld packets output, %lld bytes, 0 underruns\n",
		(long long)member_int(c, "packets_out"), (long long)member_int(c, "bytes_out"));
	fprintf(out, "     %lld output errors, 0 collisions, 0 interface resets\n",
		(long long)member_int(c, "errors_out"));
}

void render_interface(const json_t *answer, FILE *out)
{
	const json_t *link;
	size_t i;

	json_array_foreach (json_object_get(answer, "interfaces"), i, link) {
		fprintf(out, "%s is %s, line protocol is %s\n", member_text(link, "interface"),
			member_text(link, "link"), member_text(link, "line_protocol"));
		fprintf(out, "  Hardware is Tunnel\n  Internet address is %s\n",
			member_text(link, "address"));
		if (member_has(link, "mtu"))
			fprintf(out, "  MTU %lld bytes\n", (long long)member_int(link, "mtu"));
		if (member_has(link, "mtu_arithmetic"))
			mtu_arithmetic(json_object_get(link, "mtu_arithmetic"), out);
		interface_tunnel(link, out);
		if (member_has(link, "redirect"))
			redirect(json_object_get(link, "redirect"), out);
		if (member_has(link, "counters"))
			link_counters(json_object_get(link, "counters"), out);
	}
}

static void uptime(int64_t seconds, FILE *out)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{ "year", 364 * 86400 }, { "week", 7 * 86400 }, { "day", 86400 },
		{ "hour", 3600 },	 { "minute", 60 },
	};
	const char *separator = "";

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		long long n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (!n && (*separator || i + 1 < sizeof(units) / sizeof(units[0])))
			continue;
		fprintf(out, "%s%lld %s%s", separator, n, units[i].name, n == 1 ? "" : "s");
		separator = ", ";
	}
}

void render_version(const json_t *answer, FILE *out)
{
	fprintf(out, "dmvpnd, Version %s\n\n", member_text(answer, "version"));
	fprintf(out, "%s uptime is ", member_text(answer, "hostname"));
	uptime(member_int(answer, "uptime"), out);
	fprintf(out, "\nInstance \"%s\", process %lld\nConfiguration file is \"%s\"\n",
		member_text(answer, "instance"), (long long)member_int(answer, "pid"),
		member_text(answer, "config"));
	if (json_is_string(json_object_get(answer, "keylog")))
		fprintf(out,
			"WARNING: keys are written to \"%s\" (--keylog): whoever reads them reads "
			"what "
			"the tunnels carry\n",
			member_text(answer, "keylog"));
}
