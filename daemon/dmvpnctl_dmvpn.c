/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders `show dmvpn detail` in the layout of IOS 15, which 12.4's later releases have, too: each
 * tunnel with its servers and peers, then the sessions that carry them.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/dmvpnctl.h"

static void detail_servers(const json_t *servers, FILE *out)
{
	const json_t *nhs;
	size_t i;

	if (!json_array_size(servers))
		return;
	fprintf(out, "\nIPv4 NHS:\n");
	json_array_foreach (servers, i, nhs) {
		/* One on standby waits until it is needed. */
		bool waits = nhs_waits(nhs);

		fprintf(out, "%s  %s%s%s priority = %lld cluster = %lld\n",
			member_text(nhs, "protocol"), member_true(nhs, "responding") ? "R" : " ",
			member_true(nhs, "expecting") && !waits ? "E" : "", waits ? "W" : "",
			(long long)member_int(nhs, "priority"),
			(long long)member_int(nhs, "cluster"));
	}
}

/* A line for each entry; the first one counts them. */
static void detail_peer(const json_t *peer, FILE *out)
{
	const json_t *entries = json_object_get(peer, "entries"), *entry;
	const char *first = member_text(json_array_get(entries, 0), "protocol");
	char time[IOS_TIME_TEXT] = "never";
	size_t i;

	if (member_has(peer, "since"))
		ios_time(member_int(peer, "since"), time);
	json_array_foreach (entries, i, entry) {
		const char *protocol = member_text(entry, "protocol");
		bool network = strchr(protocol, '/') != NULL;
		char count[8] = "", target[64];

		if (!i)
			snprintf(count, sizeof(count), "%zu", json_array_size(entries) % 100000);
		snprintf(target, sizeof(target), "%.45s%s", protocol, network ? "" : "/32");
		/* What is behind a peer is reached through its own address. */
		fprintf(out, "%5s %-15s %15s %5s %8s %5s %18s\n", count, member_text(peer, "nbma"),
			network ? first : protocol, member_text(peer, "state"), time,
			member_text(entry, "attributes"), target);
	}
}

static void detail_tunnel(const json_t *tunnel, FILE *out)
{
	const json_t *peers = json_object_get(tunnel, "peers"), *peer;
	const char *address = member_text(tunnel, "address");
	size_t i;

	fprintf(out, "\nInterface %s is %s/%s, Addr. is %.*s, VRF \"\"\n",
		member_text(tunnel, "interface"), member_text(tunnel, "link"),
		member_text(tunnel, "line_protocol"), (int)strcspn(address, "/"), address);
	fprintf(out, "   Tunnel Src./Dest. addr: %s/MGRE, Tunnel VRF \"\"\n",
		member_has(tunnel, "source") ? member_text(tunnel, "source") : "UNKNOWN");
	fprintf(out, "   Protocol/Transport: \"multi-GRE/IP\", Protect \"%s\"\n",
		member_text(tunnel, "profile"));
	/* Ours: hub and spoke must agree on it. */
	if (member_has(tunnel, "key"))
		fprintf(out, "   Tunnel key: %lld\n", (long long)member_int(tunnel, "key"));
	detail_servers(json_object_get(tunnel, "servers"), out);
	fprintf(out, "Type:%s, Total NBMA Peers (v4/v6): %zu\n\n", member_text(tunnel, "type"),
		json_array_size(peers));
	fprintf(out,
		"# Ent  Peer NBMA Addr Peer Tunnel Add State  UpDn Tm Attrb    Target Network\n"
		"----- --------------- --------------- ----- -------- ----- -----------------\n");
	json_array_foreach (peers, i, peer)
		detail_peer(peer, out);
	fprintf(out, "\n");
}

static bool has_sas(const json_t *session)
{
	return member_int(session, "active_sas") > 0;
}

static void detail_session(const json_t *s, FILE *out)
{
	char transform[IOS_TRANSFORM_TEXT];
	const json_t *sa;
	size_t i;

	fprintf(out, "\nInterface: %s\n", member_text(s, "interface"));
	json_array_foreach (json_object_get(s, "isakmp_sas"), i, sa)
		render_session_isakmp_sa(sa, true, out);
	fprintf(out, "  Crypto Session Status: %s\n  fvrf: (none), Phase1_id: %s\n",
		member_text(s, "status"),
		member_has(s, "phase1_id") ? member_text(s, "phase1_id") : "(none)");
	render_session_flow(s, true, out);
	if (has_sas(s)) {
		ios_transform(member_text(s, "transform"), transform);
		fprintf(out, "   Outbound SPI : 0x%llX, transform : %s\n",
			(unsigned long long)member_int(s, "outbound_spi"), transform);
	}
	fprintf(out, "    Socket State: %s\n", has_sas(s) ? "Open" : "Closed");
}

void render_dmvpn_detail(const json_t *answer, FILE *out)
{
	const json_t *sessions = json_object_get(answer, "sessions"), *tunnel, *s;
	size_t i;

	fprintf(out,
		"Legend: Attrb --> S - Static, D - Dynamic, I - Incomplete\n"
		"        N - NATed, L - Local, X - No Socket\n"
		"        T1 - Route Installed, T2 - Nexthop-override\n"
		"        # Ent --> Number of NHRP entries with same NBMA peer\n"
		"        NHS Status: E --> Expecting Replies, R --> Responding, W --> Waiting\n"
		"        UpDn Time --> Up or Down Time for a Tunnel\n"
		"=========================================================================="
		"\n");
	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel)
		detail_tunnel(tunnel, out);
	fprintf(out, "\nCrypto Session Details:\n"
		     "----------------------------------------------------------------------------"
		     "----\n");
	json_array_foreach (sessions, i, s)
		if (has_sas(s))
			detail_session(s, out);
	fprintf(out, "\nPending DMVPN Sessions:\n");
	json_array_foreach (sessions, i, s)
		if (!has_sas(s))
			detail_session(s, out);
}
