/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders what IKE and IPsec show, in the layouts of IOS 12.4.
 */
#include "daemon/dmvpnctl.h"

#include <ctype.h>
#include <string.h>

void render_isakmp_sa(const json_t *answer, FILE *out)
{
	const json_t *sa;
	size_t i;

	fprintf(out, "IPv4 Crypto ISAKMP SA\n"
		     "dst             src             state          conn-id slot status\n");
	json_array_foreach (json_object_get(answer, "sas"), i, sa)
		fprintf(out, "%-15s %-15s %-14s %7lld %4lld %s\n", member_text(sa, "dst"),
			member_text(sa, "src"), member_text(sa, "state"),
			(long long)member_int(sa, "conn_id"), (long long)member_int(sa, "slot"),
			member_text(sa, "status"));
	fprintf(out, "\nIPv6 Crypto ISAKMP SA\n\n");
}

static void isakmp_sa_detail(const json_t *sa, FILE *out)
{
	long long conn_id = member_int(sa, "conn_id");
	char time[IOS_TIME_TEXT] = "";
	char status[16], group[8] = "", letters[8] = "";
	const char *cipher = member_text(sa, "encryption");
	size_t n = 0;

	/* Those of the legend above; show crypto session has more. */
	for (const char *c = member_text(sa, "capabilities"); *c && n + 1 < sizeof(letters); c++)
		if (strchr("CDKNTX", *c))
			letters[n++] = *c;
	if (member_has(sa, "remaining"))
		ios_time(member_int(sa, "remaining"), time);
	if (member_has(sa, "group"))
		snprintf(group, sizeof(group), "%lld", (long long)member_int(sa, "group"));
	snprintf(status, sizeof(status), "%.6s", member_text(sa, "status"));
	/* The column is for "3des": the length of an AES key is what show ... ikev1 sa detail says. */
	fprintf(out, "%-5lld %-15s %-15s %-6s %-6s %-4.*s %-6s %-4s %-2s %*s%s%s\n", conn_id,
		member_text(sa, "local"), member_text(sa, "remote"), "", status,
		(int)strcspn(cipher, "-"), cipher, member_text(sa, "hash"), member_text(sa, "auth"),
		group, *letters ? -8 : 0, time, *letters ? " " : "", letters);
	/* The engine's own ids begin with 1, IKE's with 1001. */
	fprintf(out, "       Engine-id:Conn-id =  SW:%lld\n",
		conn_id > 1000 ? conn_id - 1000 : conn_id);
	/* Ours: what a tunnel that hangs is waiting for. */
	fprintf(out, "       Role : %s   Rekey : %s   State : %s   Last event : %s   Age : %s\n\n",
		member_text(sa, "role"), member_true(sa, "rekeying") ? "yes" : "no",
		member_text(sa, "mm_state"), member_text(sa, "last_event"),
		ios_time(member_int(sa, "age"), time));
}

void render_isakmp_sa_detail(const json_t *answer, FILE *out)
{
	const json_t *sa;
	size_t i;

	fprintf(out, "Codes: C - IKE configuration mode, D - Dead Peer Detection\n"
		     "       K - Keepalives, N - NAT-traversal\n"
		     "       T - cTCP encapsulation, X - IKE Extended Authentication\n"
		     "       psk - Preshared key, rsig - RSA signature\n"
		     "       renc - RSA encryption\n"
		     "IPv4 Crypto ISAKMP SA\n\n"
		     "C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH "
		     "Lifetime Cap.\n\n");
	json_array_foreach (json_object_get(answer, "sas"), i, sa)
		isakmp_sa_detail(sa, out);
	fprintf(out, "IPv6 Crypto ISAKMP SA\n\n");
}

void render_isakmp_policy(const json_t *answer, FILE *out)
{
	const json_t *policy;
	size_t i;

	fprintf(out, "\nGlobal IKE policy\n");
	json_array_foreach (json_object_get(answer, "policies"), i, policy) {
		fprintf(out, "Protection suite of priority %lld\n",
			(long long)member_int(policy, "priority"));
		fprintf(out, "        encryption algorithm:   %s\n",
			member_text(policy, "encryption_text"));
		fprintf(out, "        hash algorithm:         %s\n",
			member_text(policy, "hash_text"));
		fprintf(out, "        authentication method:  %s\n",
			member_text(policy, "authentication_text"));
		fprintf(out, "        Diffie-Hellman group:   #%lld (%lld bit)\n",
			(long long)member_int(policy, "group"),
			(long long)member_int(policy, "group_bits"));
		fprintf(out, "        lifetime:               %lld seconds, no volume limit\n",
			(long long)member_int(policy, "lifetime"));
	}
}

/* Counters by the names they have in the JSON: "phase1_up" is "phase1 up". */
static void counters(const json_t *named, const char *indent, FILE *out)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)named, name, value) {
		int width = 0;

		fprintf(out, "%s", indent);
		for (; name[width]; width++)
			fputc(name[width] == '_' ? ' ' : name[width], out);
		if (json_is_object(value)) {
			fprintf(out, "\n");
			counters(value, "    ", out);
		} else {
			fprintf(out, "%*s%lld\n", width < 32 ? 33 - width : 1, " ",
				(long long)json_integer_value(value));
		}
	}
}

void render_isakmp_stats(const json_t *answer, FILE *out)
{
	fprintf(out, "ISAKMP statistics\n");
	counters(answer, "  ", out);
}

void ios_transform(const char *transform, char buf[IOS_TRANSFORM_TEXT])
{
	const char *rest = transform + strlen("esp-aes ");

	if (!strncmp(transform, "esp-aes ", strlen("esp-aes ")) && isdigit((unsigned char)*rest))
		snprintf(buf, IOS_TRANSFORM_TEXT, "esp-%.3s-aes%s", rest, rest + 3);
	else
		snprintf(buf, IOS_TRANSFORM_TEXT, "%s", transform);
}

static void ipsec_sa(const json_t *sa, const char *map, bool in_udp, FILE *out)
{
	unsigned long long spi = (unsigned long long)member_int(sa, "spi");
	char transform[IOS_TRANSFORM_TEXT];

	ios_transform(member_text(sa, "transform"), transform);
	fprintf(out, "      spi: 0x%llX(%llu)\n", spi, spi);
	fprintf(out, "        transform: %s ,\n", transform);
	fprintf(out, "        in use settings ={%s%s, }\n", member_text(sa, "mode"),
		in_udp ? " UDP-Encaps" : "");
	fprintf(out, "        conn id: %lld, flow_id: SW:%lld, crypto map: %s\n",
		(long long)member_int(sa, "conn_id"), (long long)member_int(sa, "flow_id"), map);
	fprintf(out, "        sa timing: remaining key lifetime ");
	if (member_has(sa, "remaining_kilobytes"))
		fprintf(out, "(k/sec): (%lld/%lld)\n",
			(long long)member_int(sa, "remaining_kilobytes"),
			(long long)member_int(sa, "remaining_seconds"));
	else
		fprintf(out, "(sec): %lld\n", (long long)member_int(sa, "remaining_seconds"));
	fprintf(out, "        IV size: %lld bytes\n", (long long)member_int(sa, "iv_bytes"));
	fprintf(out, "        replay detection support: %s\n",
		member_true(sa, "replay_detection") ? "Y" : "N");
	fprintf(out, "        Status: %s\n", member_text(sa, "status"));
}

static void ipsec_direction(const json_t *peer, const char *name, const char *map, FILE *out)
{
	/* Who is behind a NAT has left port 500 in phase 1 (RFC 3947). */
	bool in_udp = member_int(peer, "port") != 500;
	const json_t *sas = json_object_get(peer, name), *sa;
	size_t i;

	fprintf(out, "\n     %s esp sas:\n", name);
	json_array_foreach (sas, i, sa)
		ipsec_sa(sa, map, in_udp, out);
	/* AH and compression are never negotiated; the headings stay for those who read by them. */
	fprintf(out, "\n     %s ah sas:\n\n     %s pcp sas:\n", name, name);
}

/* Where nobody counts them: what the kernel threw away on the SAs we send with. */
static long long send_errors(const json_t *peer)
{
	const json_t *sa;
	long long n = 0;
	size_t i;

	if (member_has(peer, "send_errors"))
		return member_int(peer, "send_errors");
	json_array_foreach (json_object_get(peer, "outbound"), i, sa)
		n += member_int(sa, "replay_drops") + member_int(sa, "auth_failures");
	return n;
}

static void ipsec_counters(const json_t *peer, FILE *out)
{
	long long sent = member_int(peer, "encaps"), received = member_int(peer, "decaps");

	fprintf(out, "    #pkts encaps: %lld, #pkts encrypt: %lld, #pkts digest: %lld\n", sent,
		sent, sent);
	fprintf(out, "    #pkts decaps: %lld, #pkts decrypt: %lld, #pkts verify: %lld\n", received,
		received, received);
	fprintf(out, "    #pkts compressed: 0, #pkts decompressed: 0\n"
		     "    #pkts not compressed: 0, #pkts compr. failed: 0\n"
		     "    #pkts not decompressed: 0, #pkts decompress failed: 0\n");
	fprintf(out, "    #send errors %lld, #recv errors %lld\n", send_errors(peer),
		(long long)member_int(peer, "recv_errors"));
}

static void ipsec_peer(const json_t *link, const json_t *peer, FILE *out)
{
	const char *local = member_text(link, "local"), *remote = member_text(peer, "remote");
	unsigned long long spi = (unsigned long long)member_int(peer, "outbound_spi");

	fprintf(out, "\n   protected vrf: (none)\n");
	fprintf(out, "   local  ident (addr/mask/prot/port): (%s/255.255.255.255/47/0)\n", local);
	fprintf(out, "   remote ident (addr/mask/prot/port): (%s/255.255.255.255/47/0)\n", remote);
	fprintf(out, "   current_peer %s port %lld\n", remote, (long long)member_int(peer, "port"));
	fprintf(out, "     PERMIT, flags={origin_is_acl,}\n");
	ipsec_counters(peer, out);
	/* A peer that shares its NAT's address with others has one of ours: this is the NAT's. */
	fprintf(out, "\n     local crypto endpt.: %s, remote crypto endpt.: %s\n", local,
		member_has(peer, "outer") ? member_text(peer, "outer") : remote);
	if (member_has(link, "path_mtu")) {
		long long mtu = member_int(link, "path_mtu");

		fprintf(out, "     path mtu %lld, ip mtu %lld", mtu, mtu);
		if (member_has(link, "source_interface"))
			fprintf(out, ", ip mtu idb %s", member_text(link, "source_interface"));
		fprintf(out, "\n");
	}
	fprintf(out, "     current outbound spi: 0x%llX(%llu)\n", spi, spi);
	ipsec_direction(peer, "inbound", member_text(link, "map"), out);
	ipsec_direction(peer, "outbound", member_text(link, "map"), out);
}

void render_ipsec_sa(const json_t *answer, FILE *out)
{
	const json_t *link, *peer;
	bool any = false;
	size_t i, j;

	json_array_foreach (json_object_get(answer, "interfaces"), i, link) {
		if (!json_array_size(json_object_get(link, "peers")))
			continue;
		any = true;
		fprintf(out, "\ninterface: %s\n    Crypto map tag: %s, local addr %s\n",
			member_text(link, "interface"), member_text(link, "map"),
			member_text(link, "local"));
		json_array_foreach (json_object_get(link, "peers"), j, peer)
			ipsec_peer(link, peer, out);
	}
	if (!any)
		fprintf(out, "\nNo SAs found\n");
}
