/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/schema.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/draft.h"
#include "conf/value.h"
#include "lib/util.h"

#define FIELD(type, member) \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define WHOLE(type) .offset = 0, .size = sizeof(struct type)

#define NAME_MAX_LEN 64
#define IDENTITY_MAX 63 /* octets of an identity that are compared whole */
#define EXPECT_NAME "a name of up to 64 letters, digits and . _ -"
#define EXPECT_ADDRESS "an IPv4 address, as 172.16.0.1"

static const struct schema_key file_keys[] = {
	{ .name = "hostname", .read = read_hostname, FIELD(conf, hostname), .max = 63,
	  .otherwise = "the machine's", .expected = "a host name of up to 63 letters, digits and . -",
	  .ios = "hostname SiteA", .help = "name in prompts and logs" },
	{ .name = "log-level", .read = read_log_level, FIELD(conf, log_level),
	  .def = "informational",
	  .expected = "one of emergencies, alerts, critical, errors, warnings, notifications, "
		      "informational, debugging",
	  .ios = "logging console informational", .help = "the least important messages to log" },
	{ .name = "log", .read = read_log, WHOLE(conf),
	  .otherwise = "stderr in the foreground, else syslog",
	  .expected = "stderr, syslog or the absolute path of a file", .help = "where logs go" },
	{ .name = "isakmp-identity", .read = read_identity, FIELD(conf, isakmp_identity),
	  .def = "auto", .expected = "one of auto, address, hostname, dn",
	  .ios = "crypto isakmp identity dn",
	  .help = "what we call ourselves in phase 1; auto is address with pre-share and dn, the "
		  "certificate's subject, with rsa-sig" },
	{ .name = "nat-keepalive", .read = read_number, FIELD(conf, nat_keepalive), .min = 5,
	  .max = 3600, .def = "20", .ios = "crypto isakmp nat keepalive 20",
	  .help = "seconds between packets that keep a NAT in front of us as it is (RFC 3948)" },
	{ .name = "nat-pool", .read = read_nat_pool, FIELD(conf, nat_pool), .def = "240.0.0.0/8",
	  .expected = "a network of 8 to 24 bits, as 240.0.0.0/8",
	  .help = "names for peers that share an address behind a NAT: addresses that nobody has "
		  "and that are seen on this machine only" },
	{ .name = "hook", .read = read_hook, FIELD(conf, hook), .otherwise = "none",
	  .expected = "the absolute path of a program",
	  .help = "is run when a peer, a registration, a shortcut or a tunnel comes or goes" },
	{ .name = "kernel-settings", .read = read_sysctl, FIELD(conf, sysctl), .def = "check",
	  .expected = "check, set or ignore",
	  .help = "what is done about forwarding and the size of the neighbour table: warn "
		  "with the command, change them, or nothing" },
};

static const struct schema_key keepalive_keys[] = {
	{ .name = "interval", .read = read_number, FIELD(conf_keepalive, interval), .min = 0,
	  .max = 3600, .def = "10", .ios = "crypto isakmp keepalive 10 2 periodic",
	  .help = "seconds without a sign of life until a peer is asked for one; 0: it never is" },
	{ .name = "retry", .read = read_number, FIELD(conf_keepalive, retry), .min = 1, .max = 60,
	  .def = "2", .ios = "crypto isakmp keepalive 10 2 periodic",
	  .help = "seconds until it is asked again; who leaves 4 questions unanswered is dead" },
	{ .name = "mode", .read = read_keepalive_mode, FIELD(conf_keepalive, periodic),
	  .def = "periodic", .expected = "periodic or on-demand",
	  .ios = "crypto isakmp keepalive 10 2 periodic",
	  .help = "whether an idle peer is asked, too, or only one that we have sent to" },
};

static const struct schema_key policy_keys[] = {
	{ .name = "encryption", .read = read_isakmp_cipher, FIELD(conf_isakmp_policy, suite.cipher),
	  .mandatory = true, .expected = "one of 3des, aes-128, aes-192, aes-256",
	  .ios = "encr 3des", .help = "cipher of main mode and of what it protects" },
	{ .name = "hash", .read = read_isakmp_hash, FIELD(conf_isakmp_policy, suite.hash),
	  .def = "sha", .expected = "one of md5, sha, sha256, sha384, sha512", .ios = "hash sha",
	  .help = "hash, also the pseudo-random function" },
	{ .name = "authentication", .read = read_isakmp_auth, FIELD(conf_isakmp_policy, suite.auth),
	  .mandatory = true, .expected = "pre-share or rsa-sig", .ios = "authentication pre-share",
	  .help = "how peers prove who they are" },
	{ .name = "group", .read = read_isakmp_group, FIELD(conf_isakmp_policy, suite.group),
	  .mandatory = true, .expected = "one of 1, 2, 5, 14, 15, 16, 19, 20, 21",
	  .ios = "group 2", .help = "Diffie-Hellman group" },
	{ .name = "lifetime", .read = read_number, FIELD(conf_isakmp_policy, lifetime), .min = 60,
	  .max = 86400, .def = "86400", .ios = "lifetime 86400",
	  .help = "seconds; with a peer the shorter of both holds" },
};

static const struct schema_key key_keys[] = {
	{ .name = "key", .read = read_secret, WHOLE(conf_isakmp_key), .min = 1, .max = 255,
	  .mandatory = true, .secret = true, .expected = "a pre-shared key of 1 to 255 octets",
	  .ios = "crypto isakmp key ISAKMP-KEY address 0.0.0.0 0.0.0.0",
	  .help = "pre-shared key, the same on both sides; 20 random characters or more" },
};

#define EXPECT_FILE "the absolute path of a file"
#define EXPECT_FILES "the absolute path of a file, or several as { A, B }"

static const struct schema_key trustpoint_keys[] = {
	{ .name = "ca", .read = read_files, FIELD(conf_trustpoint, ca), .mandatory = true,
	  .list = true, .expected = EXPECT_FILES, .ios = "crypto pki authenticate CA",
	  .help = "certificates of the CAs that we trust, PEM or DER" },
	{ .name = "certificate", .read = read_file, FIELD(conf_trustpoint, certificate),
	  .mandatory = true, .expected = EXPECT_FILE, .ios = "crypto pki enroll CA",
	  .help = "our certificate; behind it, in PEM, those between it and the CA" },
	{ .name = "key", .read = read_key_file, FIELD(conf_trustpoint, key), .mandatory = true,
	  .expected = EXPECT_FILE, .ios = "rsakeypair KEY",
	  .help = "our private key, RSA with 1024 bits or more, not encrypted" },
	{ .name = "crl", .read = read_files, FIELD(conf_trustpoint, crl), .list = true,
	  .otherwise = "none", .expected = EXPECT_FILES,
	  .help = "certificate revocation lists of the CAs" },
	{ .name = "revocation-check", .read = read_revocation, FIELD(conf_trustpoint, revocation),
	  .def = "crl-if-present", .expected = "one of none, crl-if-present, crl",
	  .ios = "revocation-check crl none",
	  .help = "with crl, a peer whose CA has no CRL here, or an outdated one, is refused" },
	{ .name = "ignore-key-usage", .read = read_bool, FIELD(conf_trustpoint, ignore_key_usage),
	  .def = "false", .expected = "true or false", .ios = "ignore-ipsec-keyusage",
	  .help = "accept certificates that were issued for something else" },
	{ .name = "ignore-identity", .read = read_bool, FIELD(conf_trustpoint, ignore_identity),
	  .def = "false", .expected = "true or false", .ios = "peer-id-validate nocheck",
	  .help = "accept peers whose identity is not in their certificate" },
};

static const struct schema_key set_keys[] = {
	{ .name = "encryption", .read = read_esp_cipher, FIELD(conf_transform_set, esp.cipher),
	  .mandatory = true,
	  .expected = "one of esp-3des, esp-aes, esp-aes-192, esp-aes-256, esp-gcm, esp-gcm-192, "
		      "esp-gcm-256, esp-null",
	  .ios = "crypto ipsec transform-set DMVPN esp-3des ...", .help = "ESP cipher" },
	{ .name = "authentication", .read = read_esp_hash, FIELD(conf_transform_set, esp.auth),
	  .otherwise = "needed, except with esp-gcm, which has its own",
	  .expected = "one of esp-md5-hmac, esp-sha-hmac, esp-sha256-hmac, esp-sha384-hmac, "
		      "esp-sha512-hmac",
	  .ios = "crypto ipsec transform-set DMVPN ... esp-sha-hmac",
	  .help = "ESP authentication" },
	{ .name = "mode", .read = read_esp_mode, WHOLE(conf_transform_set), .def = "transport",
	  .expected = "transport", .ios = "mode transport", .help = "the only mode there is" },
};

static const struct schema_key profile_keys[] = {
	{ .name = "transform-set", .read = read_names, FIELD(draft_profile, sets),
	  .max = NAME_MAX_LEN, .mandatory = true, .list = true,
	  .expected = "the name of a transform-set, or several as { A, B }",
	  .ios = "set transform-set DMVPN", .help = "transform-sets, the preferred one first" },
	{ .name = "pfs", .read = read_pfs, FIELD(draft_profile, v.pfs), .def = "none",
	  .expected = "none or one of group1, group2, group5, group14, group15, group16, group19, "
		      "group20, group21",
	  .ios = "set pfs group2", .help = "a new Diffie-Hellman exchange for each phase 2 SA" },
	{ .name = "lifetime-seconds", .read = read_number, FIELD(draft_profile, v.lifetime_seconds),
	  .min = 120, .max = 86400, .def = "3600",
	  .ios = "set security-association lifetime seconds 3600",
	  .help = "of a phase 2 SA; it is renewed before" },
	{ .name = "lifetime-kilobytes", .read = read_number,
	  FIELD(draft_profile, v.lifetime_kilobytes), .min = 2560, .max = UINT32_MAX,
	  .def = "4608000", .ios = "set security-association lifetime kilobytes 4608000",
	  .help = "of a phase 2 SA; whichever limit comes first" },
};

static const struct schema_key tunnel_keys[] = {
	{ .name = "address", .read = read_tunnel_address, FIELD(conf_tunnel, address),
	  .mandatory = true,
	  .expected = "our address in the tunnel with its prefix length (8 to 30), as "
		      "172.16.0.2/24",
	  .ios = "ip address 172.16.0.2 255.255.255.0", .help = "our own address in the tunnel" },
	{ .name = "source", .read = read_source, WHOLE(conf_tunnel), .mandatory = true,
	  .expected = "an interface of this machine, as eth0, or its IPv4 address",
	  .ios = "tunnel source FastEthernet0/0",
	  .help = "where packets leave: an interface, whose address may change, or an address" },
	{ .name = "key", .read = read_number, FIELD(conf_tunnel, key), .min = 0, .max = UINT32_MAX,
	  .otherwise = "no GRE key", .ios = "tunnel key 1", .help = "GRE key, the same on all members" },
	{ .name = "profile", .read = read_name, FIELD(draft_tunnel, profile), .max = NAME_MAX_LEN,
	  .otherwise = "no protection, with a warning", .expected = "the name of an ipsec-profile",
	  .ios = "tunnel protection ipsec profile DMVPN", .help = "how the tunnel is protected" },
	{ .name = "mtu", .read = read_mtu, FIELD(conf_tunnel, mtu), .min = 576, .max = 9216,
	  .def = "1400", .expected = "auto or a number from 576 to 9216", .ios = "ip mtu 1400",
	  .help = "of packets in the tunnel; auto: what is left of the source interface's, also "
		  "when that changes" },
	{ .name = "ignore-df", .read = read_bool, FIELD(conf_tunnel, ignore_df), .def = "false",
	  .expected = "true or false", .ios = "ip df-bit 0 (a route-map)",
	  .help = "fragment packets that are too large even if they forbid it: for paths where "
		  "ICMP is filtered" },
	{ .name = "ttl", .read = read_number, FIELD(conf_tunnel, ttl), .min = 1, .max = 255,
	  .def = "64", .ios = "tunnel ttl 64", .help = "of the outer packets" },
};

static const struct schema_key nhrp_keys[] = {
	{ .name = "network-id", .read = read_number, FIELD(conf_nhrp, network_id), .min = 1,
	  .max = UINT32_MAX, .mandatory = true, .ios = "ip nhrp network-id 100",
	  .help = "tells this machine's NHRP networks apart; never sent" },
	{ .name = "authentication", .read = read_nhrp_secret, WHOLE(conf_nhrp), .min = 1,
	  .max = CONF_NHRP_AUTH_MAX, .secret = true, .otherwise = "no authentication",
	  .expected = "1 to 8 octets", .ios = "ip nhrp authentication NHRP-KEY",
	  .help = "a word that all members send, readable inside of the tunnel" },
	{ .name = "holdtime", .read = read_number, FIELD(conf_nhrp, holdtime), .min = 1,
	  .max = UINT16_MAX, .def = "7200", .ios = "ip nhrp holdtime 7200",
	  .help = "seconds that others keep our registration" },
	{ .name = "registration-timeout", .read = read_number,
	  FIELD(conf_nhrp, registration_timeout), .min = 1, .max = UINT16_MAX,
	  .otherwise = "a third of the holdtime", .ios = "ip nhrp registration timeout 60",
	  .help = "seconds until we register again" },
	{ .name = "hold-down", .read = read_number, FIELD(conf_nhrp, hold_down), .min = 1,
	  .max = 3600, .def = "60",
	  .help = "seconds until a direct path that could not be had is tried again" },
	{ .name = "resolution-answer", .read = read_resolution_answer,
	  FIELD(conf_nhrp, resolution_answer), .def = "egress", .expected = "egress or hub",
	  .help = "who answers when a spoke asks the hub for another one: the other spoke, to which "
		  "the hub forwards the request, or the hub itself" },
	{ .name = "redirect", .read = read_bool, FIELD(conf_nhrp, redirect), .def = "false",
	  .expected = "true or false", .ios = "ip nhrp redirect",
	  .help = "tell spokes whose packets go through here to other spokes that there is a "
		  "shorter way (phase 3, on the hub)" },
	{ .name = "shortcut", .read = read_bool, FIELD(conf_nhrp, shortcut), .def = "false",
	  .expected = "true or false", .ios = "ip nhrp shortcut",
	  .help = "look for the shorter way when told so, and install a route (phase 3, on spokes)" },
	{ .name = "no-unique", .read = read_bool, FIELD(conf_nhrp, no_unique), .def = "false",
	  .expected = "true or false", .ios = "ip nhrp registration no-unique",
	  .help = "register so that our address may be taken over from another address outside" },
	{ .name = "map-multicast", .read = read_multicast, WHOLE(conf_nhrp), .list = true,
	  .otherwise = "multicast does not leave", .expected = "dynamic, or NBMA addresses, as "
	  "{ dynamic, \"10.0.1.2\" }", .ios = "ip nhrp map multicast dynamic",
	  .help = "who gets copies of multicast and broadcast packets; dynamic: all who have "
		  "registered here" },
	{ .name = "nhs-fallback", .read = read_number, FIELD(conf_nhrp, fallback), .min = 0,
	  .max = 60, .def = "0", .ios = "ip nhrp nhs fallback 20",
	  .help = "seconds that a better hub must be up again before it is used again" },
};

static const struct schema_key map_keys[] = {
	{ .name = "nbma", .read = read_address, FIELD(conf_nhrp_map, nbma), .mandatory = true,
	  .expected = "an IPv4 address, as 10.0.1.2", .ios = "ip nhrp map 172.16.0.1 10.0.1.2",
	  .help = "its address outside of the tunnel" },
};

static const struct schema_key nhs_keys[] = {
	{ .name = "nbma", .read = read_nhs_nbma, WHOLE(conf_nhrp_nhs),
	  .otherwise = "that of its map",
	  .expected = "an IPv4 address or a name in the DNS, as 10.0.1.2 or hub.example.net",
	  .ios = "ip nhrp nhs 172.16.0.1 nbma 10.0.1.2",
	  .help = "its address outside of the tunnel; a name is asked for again when it is not "
		  "reached" },
	{ .name = "priority", .read = read_number, FIELD(conf_nhrp_nhs, priority), .min = 0,
	  .max = 255, .def = "0", .ios = "ip nhrp nhs 172.16.0.1 priority 1",
	  .help = "the lowest is used first; matters in a cluster with max-connections" },
	{ .name = "cluster", .read = read_number, FIELD(conf_nhrp_nhs, cluster), .min = 0,
	  .max = CONF_CLUSTER_MAX, .def = "0", .ios = "ip nhrp nhs 172.16.0.1 cluster 1",
	  .help = "the hubs that stand in for each other" },
	{ .name = "multicast", .read = read_bool, FIELD(conf_nhrp_nhs, multicast), .def = "false",
	  .expected = "true or false", .ios = "ip nhrp nhs 172.16.0.1 nbma 10.0.1.2 multicast",
	  .help = "it gets copies of multicast and broadcast packets" },
};

static const struct schema_key cluster_keys[] = {
	{ .name = "max-connections", .read = read_number, FIELD(conf_nhrp_cluster, max), .min = 1,
	  .max = CONF_NHS_MAX, .mandatory = true,
	  .ios = "ip nhrp nhs cluster 1 max-connections 1",
	  .help = "how many of its nhs are used at a time" },
};

static const struct schema_key authorize_keys[] = {
	{ .name = "address", .read = read_addresses, FIELD(conf_nhrp_authorize, addresses),
	  .mandatory = true, .list = true,
	  .expected = "an IPv4 address, as 172.16.0.2, or several as { A, B }",
	  .help = "the tunnel addresses that it may register, and nobody else" },
};

#define KEYS(array) .keys = array, .key_count = ARRAY_SIZE(array)

static const struct schema_section sections[SECTION_COUNT] = {
	[SECTION_FILE] = { .name = "root", .parent = SECTION_COUNT, KEYS(file_keys),
			   .single = true, .help = "outside of all braces" },
	[SECTION_KEEPALIVE] = {
		.name = "isakmp-keepalive", .parent = SECTION_FILE, KEYS(keepalive_keys),
		.single = true, .ios = "crypto isakmp keepalive 10 2 periodic",
		.help = "how dead peers are found" },
	[SECTION_ISAKMP_POLICY] = {
		.name = "isakmp-policy", .parent = SECTION_FILE, KEYS(policy_keys),
		.title = { .name = "NUMBER", .read = read_number, FIELD(conf_isakmp_policy, number),
			   .min = 1, .max = 10000, .help = "priority: the lowest is tried first" },
		.ios = "crypto isakmp policy 10", .help = "what to agree on in phase 1" },
	[SECTION_ISAKMP_KEY] = {
		.name = "isakmp-key", .parent = SECTION_FILE, KEYS(key_keys),
		.title = { .name = "PREFIX", .read = read_key_prefix, FIELD(conf_isakmp_key, peers),
			   .expected = "an IPv4 address or prefix, as 10.0.1.2 or 0.0.0.0/0",
			   .help = "the peers' addresses; the longest prefix that fits is taken" },
		.ios = "crypto isakmp key ISAKMP-KEY address 0.0.0.0 0.0.0.0",
		.help = "which key for which peers" },
	[SECTION_TRUSTPOINT] = {
		.name = "trustpoint", .parent = SECTION_FILE, KEYS(trustpoint_keys),
		.title = { .name = "NAME", .read = read_name, FIELD(conf_trustpoint, name),
			   .max = NAME_MAX_LEN, .expected = EXPECT_NAME },
		.ios = "crypto pki trustpoint CA",
		.help = "our certificate, and whose certificates we trust" },
	[SECTION_TRANSFORM_SET] = {
		.name = "transform-set", .parent = SECTION_FILE, KEYS(set_keys),
		.title = { .name = "NAME", .read = read_name, FIELD(conf_transform_set, name),
			   .max = NAME_MAX_LEN, .expected = EXPECT_NAME },
		.ios = "crypto ipsec transform-set DMVPN esp-3des esp-sha-hmac",
		.help = "what to agree on in phase 2" },
	[SECTION_IPSEC_PROFILE] = {
		.name = "ipsec-profile", .parent = SECTION_FILE, KEYS(profile_keys),
		.title = { .name = "NAME", .read = read_name, FIELD(draft_profile, v.name),
			   .max = NAME_MAX_LEN, .expected = EXPECT_NAME },
		.ios = "crypto ipsec profile DMVPN", .help = "how a tunnel is protected" },
	[SECTION_TUNNEL] = {
		.name = "tunnel", .parent = SECTION_FILE, KEYS(tunnel_keys), .mandatory = true,
		.title = { .name = "NAME", .read = read_interface, FIELD(conf_tunnel, name),
			   .expected = "a name for a network interface (up to 15 characters, no / "
				       "or :)",
			   .help = "also of the interface that is made" },
		.ios = "interface Tunnel0", .help = "a multipoint GRE interface" },
	[SECTION_NHRP] = {
		.name = "nhrp", .parent = SECTION_TUNNEL, KEYS(nhrp_keys), .single = true,
		.mandatory = true, .help = "how addresses in the tunnel are found" },
	[SECTION_MAP] = {
		.name = "map", .parent = SECTION_NHRP, KEYS(map_keys),
		.title = { .name = "ADDRESS", .read = read_address, FIELD(conf_nhrp_map, protocol),
			   .expected = EXPECT_ADDRESS, .help = "in the tunnel" },
		.ios = "ip nhrp map 172.16.0.1 10.0.1.2", .help = "a member whose place is known" },
	[SECTION_NHS] = {
		.name = "nhs", .parent = SECTION_NHRP, KEYS(nhs_keys),
		.title = { .name = "ADDRESS", .read = read_address, FIELD(conf_nhrp_nhs, protocol),
			   .expected = EXPECT_ADDRESS, .help = "in the tunnel" },
		.ios = "ip nhrp nhs 172.16.0.1",
		.help = "a hub to register at; a tunnel without one is a hub" },
	[SECTION_CLUSTER] = {
		.name = "cluster", .parent = SECTION_NHRP, KEYS(cluster_keys),
		.title = { .name = "NUMBER", .read = read_number, FIELD(conf_nhrp_cluster, number),
			   .min = 0, .max = CONF_CLUSTER_MAX, .help = "as the nhs say it" },
		.ios = "ip nhrp nhs cluster 1 max-connections 1",
		.help = "how many of several hubs are used at a time" },
	[SECTION_AUTHORIZE] = {
		.name = "authorize", .parent = SECTION_NHRP, KEYS(authorize_keys),
		.title = { .name = "IDENTITY", .read = read_identity_text,
			   FIELD(conf_nhrp_authorize, identity), .max = IDENTITY_MAX,
			   .expected = "an identity of phase 1: an address, a name, or a subject as "
				       "\"CN=site-a,O=example\"",
			   .help = "as phase 1 has proven it" },
		.help = "which peer has which tunnel address" },
};

const struct schema_section *schema_section(enum section_id id)
{
	return &sections[id];
}

enum section_id schema_section_by_name(enum section_id parent, const char *name)
{
	for (enum section_id i = 0; i < SECTION_COUNT; i++)
		if (sections[i].parent == parent && strcmp(sections[i].name, name) == 0)
			return i;
	return SECTION_COUNT;
}

int schema_key_index(enum section_id id, const char *name)
{
	for (size_t i = 0; i < sections[id].key_count; i++)
		if (strcmp(sections[id].keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *schema_expected(const struct schema_key *key, char buf[EXPECTED_MAX])
{
	if (key->expected)
		snprintf(buf, EXPECTED_MAX, "%s", key->expected);
	else
		snprintf(buf, EXPECTED_MAX, "a number from %u to %u", key->min, key->max);
	return buf;
}

/* Levenshtein's distance; words longer than any of ours are far from all of them. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32];
	size_t la = strlen(a), lb = strlen(b);

	if (la >= ARRAY_SIZE(row) || lb >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t other = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(other, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[lb];
}

/* The word number i that may stand in a section: its keys, then the sections within; or NULL. */
static const char *word_of(enum section_id id, size_t i)
{
	if (i < sections[id].key_count)
		return sections[id].keys[i].name;
	i -= sections[id].key_count;
	for (enum section_id s = 0; s < SECTION_COUNT; s++)
		if (sections[s].parent == id && i-- == 0)
			return sections[s].name;
	return NULL;
}

/* IOS's users abbreviate, all users mistype. */
static const char *nearest(enum section_id id, const char *word)
{
	size_t len = strlen(word), best = len < 4 ? 2 : 3; /* one less is the most that we accept */
	const char *w, *found = NULL;

	for (size_t i = 0; (w = word_of(id, i)); i++) {
		size_t d = len >= 3 && strncmp(w, word, len) == 0 ? 0 : distance(w, word);

		if (d < best) {
			best = d;
			found = w;
		}
	}
	return found;
}

const char *schema_hint(enum section_id id, const char *word, char buf[HINT_MAX])
{
	const char *w = nearest(id, word);
	size_t n;

	if (w) {
		snprintf(buf, HINT_MAX, "did you mean \"%s\"?", w);
		return buf;
	}
	for (enum section_id s = 0; s < SECTION_COUNT; s++) {
		if (schema_key_index(s, word) < 0 &&
		    schema_section_by_name(s, word) == SECTION_COUNT)
			continue;
		if (s == SECTION_FILE)
			snprintf(buf, HINT_MAX, "it belongs outside of all braces (is a } missing?)");
		else
			snprintf(buf, HINT_MAX, "it belongs into %s { }", sections[s].name);
		return buf;
	}
	n = (size_t)snprintf(buf, HINT_MAX, "expected one of");
	for (size_t i = 0; (w = word_of(id, i)) && n < HINT_MAX; i++)
		n += (size_t)snprintf(buf + n, HINT_MAX - n, "%s %s", i ? "," : "", w);
	return buf;
}
