/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders who the peers of IKE are: keys, peers and sessions in the layouts of IOS 12.4, phase 1 SAs
 * in the ASA's.
 */
#include <ctype.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "lib/util.h"

void render_isakmp_key(const json_t *answer, FILE *out)
{
	const json_t *key;
	size_t i;

	fprintf(out, "Keyring      Hostname/Address                            Preshared Key\n\n");
	json_array_foreach (json_object_get(answer, "keys"), i, key) {
		int64_t bits = member_int(key, "prefix_length");
		uint32_t mask = bits > 0 && bits <= 32 ? UINT32_MAX << (32 - bits) : 0;
		char behind[24] = "", dotted[16];

		snprintf(dotted, sizeof(dotted), "%u.%u.%u.%u", mask >> 24, mask >> 16 & 0xff,
			 mask >> 8 & 0xff, mask & 0xff);
		if (bits < 32)
			snprintf(behind, sizeof(behind), "[%-15s]", dotted);
		fprintf(out, "%-12s %-15s%-28s %s\n", i ? "" : member_text(key, "keyring"),
			member_text(key, "address"), behind, member_text(key, "key"));
	}
}

void render_isakmp_peers(const json_t *answer, FILE *out)
{
	const json_t *peer;
	size_t i;

	json_array_foreach (json_object_get(answer, "peers"), i, peer) {
		fprintf(out, "Peer: %s Port: %lld Local: %s\n", member_text(peer, "peer"),
			(long long)member_int(peer, "port"), member_text(peer, "local"));
		if (member_has(peer, "phase1_id"))
			fprintf(out, " Phase1 id: %s\n", member_text(peer, "phase1_id"));
	}
}

/* ---- show crypto session ---- */

void render_session_isakmp_sa(const json_t *sa, bool detail, FILE *out)
{
	const char *capabilities = member_text(sa, "capabilities");
	bool active = !strcmp(member_text(sa, "state"), "QM_IDLE");
	char time[IOS_TIME_TEXT] = "0";

	fprintf(out, "  IKEv1 SA: local %s/%lld remote %s/%lld %s\n", member_text(sa, "local"),
		(long long)member_int(sa, "local_port"), member_text(sa, "remote"),
		(long long)member_int(sa, "remote_port"), active ? "Active" : "Inactive");
	if (!detail)
		return;
	if (member_has(sa, "remaining"))
		ios_time(member_int(sa, "remaining"), time);
	fprintf(out, "          Capabilities:%s connid:%lld lifetime:%s\n",
		*capabilities ? capabilities : "(none)", (long long)member_int(sa, "conn_id"), time);
}

static void session_direction(const json_t *session, const char *label, const char *counter,
			      const char *drops, const char *life_name, FILE *out)
{
	const json_t *life = json_object_get(session, life_name);

	fprintf(out, "        %s %lld drop %lld life (KB/Sec) ", label,
		(long long)member_int(session, counter), (long long)member_int(session, drops));
	if (member_has(life, "kilobytes"))
		fprintf(out, "%lld/", (long long)member_int(life, "kilobytes"));
	else
		fprintf(out, "%s/", member_has(life, "seconds") ? "KB Vol Rekey Disabled" : "0");
	fprintf(out, "%lld\n", (long long)member_int(life, "seconds"));
}

void render_session_flow(const json_t *session, bool detail, FILE *out)
{
	fprintf(out, "  IPSEC FLOW: permit 47 host %s host %s\n", member_text(session, "local"),
		member_text(session, "peer"));
	fprintf(out, "        Active SAs: %lld, origin: crypto map\n",
		(long long)member_int(session, "active_sas"));
	if (!detail)
		return;
	session_direction(session, "Inbound:  #pkts dec'ed", "decaps", "in_drops", "inbound_life",
			  out);
	session_direction(session, "Outbound: #pkts enc'ed", "encaps", "out_drops",
			  "outbound_life", out);
}

static void session_identity(const json_t *session, FILE *out)
{
	bool known = member_has(session, "phase1_id");

	if (known)
		fprintf(out, "      Phase1_id: %s\n", member_text(session, "phase1_id"));
	fprintf(out, "      Desc: (none)\n");
	if (!known)
		fprintf(out, "      Phase1_id: (none)\n");
}

static void session(const json_t *s, bool detail, FILE *out)
{
	char time[IOS_TIME_TEXT];
	const json_t *sa;
	size_t i;

	fprintf(out, "\nInterface: %s\n", member_text(s, "interface"));
	if (detail && member_has(s, "uptime"))
		fprintf(out, "Uptime: %s\n", ios_time(member_int(s, "uptime"), time));
	fprintf(out, "Session status: %s\nPeer: %s port %lld%s\n", member_text(s, "status"),
		member_text(s, "peer"), (long long)member_int(s, "port"),
		detail ? " fvrf: (none) ivrf: (none)" : "");
	if (detail)
		session_identity(s, out);
	json_array_foreach (json_object_get(s, "isakmp_sas"), i, sa)
		render_session_isakmp_sa(sa, detail, out);
	render_session_flow(s, detail, out);
}

static void sessions(const json_t *answer, bool detail, FILE *out)
{
	const json_t *s;
	size_t i;

	fprintf(out, "Crypto session current status\n");
	if (detail)
		fprintf(out, "\nCode: C - IKE Configuration mode, D - Dead Peer Detection\n"
			     "K - Keepalives, N - NAT-traversal, T - cTCP encapsulation\n"
			     "X - IKE Extended Authentication, F - IKE Fragmentation\n");
	json_array_foreach (json_object_get(answer, "sessions"), i, s)
		session(s, detail, out);
}

void render_session(const json_t *answer, FILE *out)
{
	sessions(answer, false, out);
}

void render_session_detail(const json_t *answer, FILE *out)
{
	sessions(answer, true, out);
}

/* "UA" of UP-ACTIVE. */
static const char *brief_status(const char *status)
{
	static const struct {
		const char *status, *letters;
	} known[] = {
		{ "UP-ACTIVE", "UA" },
		{ "UP-IDLE", "UI" },
		{ "UP-NO-IKE", "UK" },
		{ "DOWN-NEGOTIATING", "DN" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].status, status))
			return known[i].letters;
	return "D";
}

void render_session_brief(const json_t *answer, FILE *out)
{
	const json_t *s;
	size_t i;

	fprintf(out, "Status: A- Active, U - Up, D - Down, I - Idle, S - Standby, "
		     "N - Negotiating\n        K - No IKE\nivrf = (none)\n"
		     "Peer            I/F          Username        Group/Phase1_id          "
		     "Uptime   Status\n");
	json_array_foreach (json_object_get(answer, "sessions"), i, s) {
		char interface[IOS_SHORT_NAME], time[IOS_TIME_TEXT] = "";

		ios_short_name(member_text(s, "interface"), interface);
		if (member_has(s, "uptime"))
			ios_time(member_int(s, "uptime"), time);
		fprintf(out, "%-15s %-12s %-15s %-24s %-8s %s\n", member_text(s, "peer"), interface,
			"", member_text(s, "phase1_id"), time,
			brief_status(member_text(s, "status")));
	}
}

/* ---- show crypto ikev1 sa ---- */

static void upper(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; text[n] && n + 1 < size; n++)
		buf[n] = (char)toupper((unsigned char)text[n]);
	buf[n] = '\0';
}

/* What is not agreed on yet is N/A there. */
static void asa_detail(const json_t *sa, FILE *out)
{
	const char *cipher = member_text(sa, "encryption"), *auth = member_text(sa, "auth");
	char hash[16];

	upper(member_text(sa, "hash"), hash, sizeof(hash));
	if (!strcmp(cipher, "aes-128"))
		cipher = "aes";
	if (!strcmp(auth, "psk"))
		auth = "preshared";
	else if (!strcmp(auth, "rsig"))
		auth = "rsa";
	fprintf(out, "    Encrypt : %-16sHash    : %-10s\n", *cipher ? cipher : "N/A",
		*hash ? hash : "N/A");
	fprintf(out, "    Auth    : %-16sLifetime: %lld\n", *auth ? auth : "N/A",
		(long long)member_int(sa, "lifetime"));
	if (member_has(sa, "remaining"))
		fprintf(out, "    Lifetime Remaining: %lld\n",
			(long long)member_int(sa, "remaining"));
}

static void asa_sa(const json_t *sa, size_t number, bool detail, FILE *out)
{
	fprintf(out, "%-3zu IKE Peer: %s\n", number, member_text(sa, "remote"));
	fprintf(out, "    Type    : %-16sRole    : %-10s\n", "L2L", member_text(sa, "role"));
	fprintf(out, "    Rekey   : %-16sState   : %-10s\n",
		member_true(sa, "rekeying") ? "yes" : "no", member_text(sa, "mm_state"));
	if (detail)
		asa_detail(sa, out);
}

static void ikev1_sas(const json_t *answer, bool detail, FILE *out)
{
	const json_t *sas = json_object_get(answer, "sas"), *sa;
	size_t i, count = json_array_size(sas), rekey = 0;

	json_array_foreach (sas, i, sa)
		rekey += member_true(sa, "rekeying");
	if (count) {
		fprintf(out, "\nIKEv1 SAs:\n\n   Active SA: %zu\n    Rekey SA: %zu (A tunnel will "
			     "report 1 Active and 1 Rekey SA during rekey)\nTotal IKE SA: %zu\n\n",
			count - rekey, rekey, count);
		json_array_foreach (sas, i, sa)
			asa_sa(sa, i + 1, detail, out);
	} else {
		fprintf(out, "\nThere are no IKEv1 SAs\n");
	}
	/* IKEv2 is not spoken; the sentence is for those who look for it. */
	fprintf(out, "\nThere are no IKEv2 SAs\n");
}

void render_ikev1_sa(const json_t *answer, FILE *out)
{
	ikev1_sas(answer, false, out);
}

void render_ikev1_sa_detail(const json_t *answer, FILE *out)
{
	ikev1_sas(answer, true, out);
}
