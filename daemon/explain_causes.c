/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of causes. A row holds where its failure was seen (`cause`, `attr`: then the evidence is
 * diagnose.h's sentence) and its predicate, if it has one, agrees; the predicate may add evidence.
 * A row with `drop` holds where such messages came.
 * Rows stand in the order in which they are to be checked.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/diagnose.h"
#include "daemon/explain_digest.h"

struct row {
	const char *name, *title;
	enum explain_weight weight;
	enum explain_side side;
	const char *change; /* {peer}, {us}, ...: see change() */
	explain_test *holds;
	enum ike_cause cause;	 /* NONE: of no failure that IKE tells */
	enum proposal_attr attr; /* NONE: any */
	enum ike_drop drop;	 /* 0: none */
};

/* ---- the table ---- */

#define CERTAIN	 EXPLAIN_CERTAIN
#define LIKELY	 EXPLAIN_LIKELY
#define POSSIBLE EXPLAIN_POSSIBLE
#define HERE	 EXPLAIN_HERE
#define THERE	 EXPLAIN_THERE
#define BOTH	 EXPLAIN_BOTH
#define BETWEEN	 EXPLAIN_BETWEEN
/* A failure that IKE tells, by its cause; and one of an offer, by the attribute that differs. */
#define FAILS(c)      .cause = IKE_CAUSE_##c
#define DIFFERS(c, a) .cause = IKE_CAUSE_##c, .attr = ATTR_##a

static const struct row rows[] = {
	/* This machine and the way. */
	{ "interface_down", "the tunnel's source is down", CERTAIN, HERE,
	  "ip link set {interface} up; give it its address", .holds = saw_interface_down },
	{ "no_carrier", "the tunnel's source has no carrier", CERTAIN, HERE,
	  "the cable, the port that it is in, the radio: ip link show {interface}",
	  .holds = saw_no_carrier },
	{ "tunnel_down", "the tunnel's interface is down", CERTAIN, HERE, "ip link set {link} up",
	  .holds = saw_tunnel_down },
	{ "kernel_lost", "the kernel has no SAs with the peer any more", CERTAIN, HERE,
	  "who flushed them (ip xfrm state flush, another IPsec daemon)? clear crypto sa peer "
	  "{peer} makes new ones",
	  .holds = saw_kernel_lost },
	{ "no_route", "no route to the peer", CERTAIN, HERE,
	  "ip route add {peer} via GATEWAY, or a default route", .holds = saw_no_route },
	{ "route_through_tunnel", "the way to the peer leads through the tunnel", CERTAIN, HERE,
	  "ip route add {peer} via GATEWAY; keep the network of {peer} out of what the routing "
	  "protocol announces through the tunnel",
	  .holds = saw_route_through_tunnel },
	{ "own_address", "the peer's address is our own", CERTAIN, HERE,
	  "map \"{tunnel}\" { nbma = ... } (IOS: ip nhrp map): the other end's address",
	  .holds = saw_own_address },
	{ "local_firewall", "this machine's own firewall drops our IKE messages", CERTAIN, HERE,
	  "iptables -S OUTPUT, nft list ruleset: let UDP ports 500 and 4500 and IP protocol 50 to "
	  "{peer} out, and in",
	  .holds = saw_local_firewall },
	{ "not_sent", "this machine does not send our IKE messages", CERTAIN, HERE,
	  "ip rule; ip route get {peer} from {us} ipproto udp dport 500: a rule of policy routing "
	  "sends them elsewhere than the rest",
	  .holds = saw_not_sent },
	{ "gateway_silent", "the next hop does not answer on its link", CERTAIN, HERE,
	  "ip route get {peer}; ip neigh show: the gateway's address, the network's mask, the VLAN "
	  "and the port that the cable is in; is the gateway up?",
	  .holds = saw_gateway_silent },
	{ "reverse_path", "this machine drops what comes in by another interface", LIKELY, HERE,
	  "ip route get {peer}: the route should leave by {interface}, which has the tunnel's "
	  "source address; or sysctl net.ipv4.conf.{interface}.rp_filter=2 (and that of \"all\")",
	  .holds = saw_wrong_way },
	{ "no_daemon", "no IKE daemon runs there", LIKELY, THERE,
	  "start dmvpnd on {peer}; or the address is another machine's: compare map \"{tunnel}\" { "
	  "nbma = \"{peer}\" } here",
	  .holds = saw_no_daemon },
	{ "udp500_filtered", "a firewall refuses IKE", LIKELY, BETWEEN,
	  "let UDP ports 500 and 4500 and IP protocol 50 between {us} and {peer} pass",
	  .holds = saw_filtered },
	{ "unreachable", "the peer cannot be reached", LIKELY, BETWEEN,
	  "look at the routes of the router that says so; compare the address {peer} with the "
	  "configuration",
	  .holds = saw_unreachable },
	{ "peer_down", "the peer is down or cannot be reached", LIKELY, THERE,
	  "ping {peer}, traceroute {peer}; look at the machine and its link",
	  .holds = saw_peer_down },
	{ "udp500_blocked", "UDP port 500 is blocked on the way", LIKELY, BETWEEN,
	  "let UDP port 500 between {us} and {peer} pass, both ways, the firewalls of both "
	  "machines included; see what the peer knows of us: there, dmvpnctl explain {us}",
	  .holds = saw_udp500_likely },
	{ "peer_ignores", "the peer does not know us, or accepts none of our policies", LIKELY,
	  THERE,
	  "there: isakmp-key \"{us}\" { key = ... } and an isakmp-policy like ours; its log may "
	  "name what it refuses",
	  .holds = saw_peer_ignores_likely },
	{ "udp500_return_blocked", "our answers do not reach the peer", LIKELY, BETWEEN,
	  "let UDP port 500 from {us} to {peer} pass; who never sent anything (a forged address) "
	  "would look the same",
	  .holds = saw_udp500_return },
	{ "udp500_return_blocked", "our answers do not reach the peer", LIKELY, BETWEEN,
	  "let UDP port 500 from {us} to {peer} pass", .holds = saw_answer6_lost },
	{ "map_address", "the peer's NBMA address is wrong", POSSIBLE, HERE,
	  "compare map \"{tunnel}\" { nbma = \"{peer}\" } (IOS: ip nhrp map {tunnel} {peer}) with "
	  "the address that the other end has",
	  .holds = saw_map_address },
	{ "udp500_blocked", "UDP port 500 is blocked on the way", POSSIBLE, BETWEEN,
	  "let UDP port 500 between {us} and {peer} pass, both ways, the firewalls of both "
	  "machines included; see what the peer knows of us: there, dmvpnctl explain {us}",
	  .holds = saw_udp500_possible },
	{ "peer_ignores", "the peer does not know us, or accepts none of our policies", POSSIBLE,
	  THERE,
	  "there: isakmp-key \"{us}\" { key = ... } and an isakmp-policy like ours; its log "
	  "may name what it refuses",
	  .holds = saw_peer_ignores },
	{ "nothing_received", "the peer's messages do not get here, or it sends none", POSSIBLE,
	  BOTH,
	  "look at the peer: dmvpnctl explain {us}; let UDP port 500 from {peer} to {us} pass",
	  .holds = saw_nothing_received },

	/* Phase 1: what is offered. */
	{ "phase1_encryption", "phase 1 encryption differs", CERTAIN, BOTH,
	  "here: isakmp-policy {policy} { encryption = {theirs} }, or there: {ours} (IOS: crypto "
	  "isakmp policy, encr)",
	  DIFFERS(NO_POLICY, ENCRYPTION) },
	{ "phase1_encryption", "phase 1 key length differs", CERTAIN, BOTH,
	  "here: isakmp-policy {policy} { encryption = ... } with {theirs}, or there: {ours} (IOS: "
	  "crypto isakmp policy, encr aes)",
	  DIFFERS(NO_POLICY, KEY_LENGTH) },
	{ "phase1_hash", "phase 1 hash differs", CERTAIN, BOTH,
	  "here: isakmp-policy {policy} { hash = {theirs} }, or there: {ours} (IOS: crypto isakmp "
	  "policy, hash)",
	  DIFFERS(NO_POLICY, HASH) },
	{ "xauth", "the peer wants XAuth", CERTAIN, THERE,
	  "there: authenticate by {ours} alone, without XAuth (IOS: crypto isakmp key ... "
	  "no-xauth)",
	  .holds = saw_xauth, DIFFERS(NO_POLICY, AUTH_METHOD) },
	{ "phase1_authentication", "phase 1 authentication method differs", CERTAIN, BOTH,
	  "here: isakmp-policy {policy} { authentication = {theirs} }, or there: {ours} (IOS: "
	  "crypto isakmp policy, authentication)",
	  .holds = saw_no_xauth, DIFFERS(NO_POLICY, AUTH_METHOD) },
	{ "phase1_group", "phase 1 Diffie-Hellman group differs", CERTAIN, BOTH,
	  "here: isakmp-policy {policy} { group = {their number} }, or there: group {our number} "
	  "(IOS: crypto isakmp policy, group)",
	  DIFFERS(NO_POLICY, GROUP) },
	{ "phase1_policy", "no common phase 1 policy", CERTAIN, BOTH,
	  "make one isakmp-policy the same on both sides", FAILS(NO_POLICY) },
	{ "answer_refused", "the peer refuses our answer to its own offer", CERTAIN, THERE,
	  "there: a pre-shared key for {us}, by the identities that the connection has (libreswan: "
	  "those of leftid and rightid in ipsec.secrets); its log names what is missing",
	  .holds = saw_answer_refused, FAILS(PEER_NO_POLICY) },
	{ "phase1_answer", "the peer answers with a policy that we did not offer", CERTAIN, THERE,
	  "a fault of the peer's software: one isakmp-policy here, the one that it answers with, "
	  "lets it pass",
	  .holds = saw_another_answer, FAILS(PEER_NO_POLICY) },
	{ "peer_no_policy", "the peer accepts none of our phase 1 policies", CERTAIN, BOTH,
	  "compare isakmp-policy (IOS: show run | section crypto isakmp policy) on both sides; the "
	  "peer knows the attribute: there, dmvpnctl explain {us}; does it expect {us} at all, "
	  "and by IKEv1?",
	  .holds = saw_no_answer_policy, FAILS(PEER_NO_POLICY) },
	{ "answers_elsewhere", "the peer answers from another address", CERTAIN, THERE,
	  "there: the daemon's source must be {peer} (tunnel source; strongSwan: local_addrs), and "
	  "no NAT on the way back; or here: map \"{tunnel}\" to the address that answers",
	  .drop = IKE_DROP_ELSEWHERE },

	/* Phase 1: who it is. */
	{ "udp4500_blocked", "UDP port 4500 is blocked behind the NAT", LIKELY, BETWEEN,
	  "let UDP port 4500 between {us} and {peer} pass, both ways",
	  .holds = saw_udp4500_blocked },
	{ "udp4500_return_blocked", "our answers on UDP port 4500 do not reach the peer", LIKELY,
	  BETWEEN, "let UDP port 4500 from {us} to {peer} pass", .holds = saw_udp4500_return },
	{ "no_key", "no pre-shared key for the peer", CERTAIN, HERE,
	  "isakmp-key \"{peer}\" { key = \"...\" } (IOS: crypto isakmp key ... address {peer})",
	  FAILS(NO_KEY) },
	{ "peer_no_key", "the peer has no key for us", CERTAIN, THERE,
	  "there: isakmp-key \"{us}\" { key = \"...\" } (IOS: crypto isakmp key ... address {us})",
	  FAILS(PEER_NO_KEY) },
	{ "peer_refuses", "the peer refuses us, though the keys are the same", CERTAIN, BOTH,
	  "there: the identity that is expected must be {us} (or here: isakmp-identity = "
	  "hostname), authentication by pre-shared key alone, main mode; its log names which",
	  FAILS(PEER_REFUSES) },
	{ "psk_mismatch", "the pre-shared keys differ", LIKELY, BOTH,
	  "give both sides the same key: here isakmp-key for {peer}, there for {us}",
	  FAILS(KEY_MISMATCH) },
	{ "psk_mismatch", "the pre-shared keys differ", LIKELY, BOTH,
	  "give both sides the same key: here isakmp-key for {peer}, there for {us}",
	  FAILS(PEER_KEY_MISMATCH) },
	{ "psk_mismatch", "the pre-shared keys differ", LIKELY, BOTH,
	  "give both sides the same key: here isakmp-key for {peer}, there for {us}",
	  FAILS(AUTH_HASH) },
	{ "psk_mismatch", "the pre-shared keys differ", POSSIBLE, BOTH,
	  "give both sides the same key: here isakmp-key for {peer}, there for {us}",
	  .holds = saw_psk_silent },
	{ "peer_no_key", "the peer has no key for us, or does not know us", POSSIBLE, THERE,
	  "there: isakmp-key \"{us}\" { key = \"...\" } (IOS: crypto isakmp key ... address {us})",
	  .holds = saw_peer_unaware },
	{ "long_messages_lost", "longer UDP packets or fragments are lost on the way", LIKELY,
	  BETWEEN, "let UDP packets of any length and fragments from {us} to {peer} pass",
	  .holds = saw_answer4_lost },
	{ "long_messages_lost", "longer UDP packets or fragments are lost on the way", LIKELY,
	  BETWEEN, "let UDP packets of any length and fragments from {us} to {peer} pass",
	  .holds = saw_long_answer6_lost },
	{ "long_messages_lost", "longer UDP packets or fragments are lost on the way", LIKELY,
	  BETWEEN, "let UDP packets of any length and fragments from {us} to {peer} pass",
	  .holds = saw_answer2_lost },
	{ "long_messages_lost", "longer UDP packets or fragments are lost on the way", POSSIBLE,
	  BETWEEN, "let fragments between {us} and {peer} pass", .holds = saw_long_lost },
	{ "cert_silent", "the peer refuses our certificate without a word", POSSIBLE, THERE,
	  "look into the log of {peer}", .holds = saw_cert_silent },
	{ "identity", "the peer's identity is not accepted", CERTAIN, THERE,
	  "there: isakmp-identity = address (IOS: crypto isakmp identity address), which must be "
	  "{peer}",
	  .holds = saw_we_expect_other, FAILS(IDENTITY) },
	{ "identity_refused", "the peer does not accept our identity", CERTAIN, BOTH,
	  "isakmp-identity = ... (IOS: crypto isakmp identity) as the peer expects it",
	  .holds = saw_peer_expects_other, FAILS(IDENTITY) },
	{ "aggressive_mode", "the peer tries aggressive mode", CERTAIN, THERE,
	  "there: main mode (IOS: no crypto isakmp profile with initiate mode aggressive)",
	  .drop = IKE_DROP_AGGRESSIVE },
	{ "mode_config", "the peer wants mode configuration or XAuth", CERTAIN, THERE,
	  "there: no pool of addresses and no XAuth for this peer (IOS: no crypto isakmp client "
	  "configuration; strongSwan: no vips, no pools)",
	  .holds = saw_mode_config, .drop = IKE_DROP_EXCHANGE_TYPE },
	{ "ikev2", "the peer speaks IKEv2", CERTAIN, THERE,
	  "there: IKEv1 (IOS: crypto isakmp ..., and in the ipsec profile no set ikev2-profile)",
	  .drop = IKE_DROP_IKEV2 },
	{ "no_trustpoint", "no certificate of ours", CERTAIN, HERE, "trustpoint NAME { ... }",
	  FAILS(NO_TRUSTPOINT) },
	{ "no_certificate", "the peer sent no certificate", CERTAIN, THERE,
	  "there: a trustpoint with a certificate", FAILS(NO_CERTIFICATE) },
	{ "cert_malformed", "the peer's certificate cannot be used", CERTAIN, THERE,
	  "there: a new certificate with an RSA key", FAILS(CERT_MALFORMED) },
	{ "cert_untrusted", "the peer's certificate is of a CA that we do not trust", CERTAIN, BOTH,
	  "here: trustpoint { ca = ... } with that CA's certificate, or there: a certificate of "
	  "ours",
	  FAILS(CERT_UNTRUSTED) },
	{ "cert_expired", "the peer's certificate has expired", CERTAIN, THERE,
	  "there: renew the certificate", FAILS(CERT_EXPIRED) },
	{ "cert_not_yet_valid", "the peer's certificate is not valid yet", CERTAIN, BOTH,
	  "date, on both sides", FAILS(CERT_NOT_YET_VALID) },
	{ "clock_here", "this machine's clock is off", LIKELY, HERE, "date; set up NTP",
	  .holds = saw_clock_here },
	{ "cert_revoked", "the peer's certificate was revoked", CERTAIN, THERE,
	  "there: a new certificate", FAILS(CERT_REVOKED) },
	{ "cert_no_crl", "no CRL to check the peer's certificate by", CERTAIN, HERE,
	  "trustpoint { crl = ... }: a new one of its CA", FAILS(CERT_NO_CRL) },
	{ "cert_key_usage", "the key usage of the peer's certificate does not fit", CERTAIN, BOTH,
	  "there: a certificate with digitalSignature, or here: trustpoint { ignore-key-usage = "
	  "true } (ASA: ignore-ipsec-keyusage)",
	  FAILS(CERT_KEY_USAGE) },
	{ "cert_name", "the peer's identity is not in its certificate", CERTAIN, BOTH,
	  "there: isakmp-identity = dn, or a certificate with the name; or here: trustpoint { "
	  "ignore-identity = true }",
	  FAILS(CERT_IDENTITY) },
	{ "signature", "the peer's signature is wrong", CERTAIN, THERE,
	  "there: the key that belongs to the certificate", FAILS(SIGNATURE) },
	{ "our_certificate", "the peer refuses our certificate, with reason", CERTAIN, HERE,
	  "trustpoint { certificate = ... }: a new one", .holds = saw_peer_names_flaw,
	  FAILS(PEER_CERTIFICATE) },
	{ "our_certificate", "the peer refuses our certificate", CERTAIN, THERE,
	  "there: compare its CAs, CRL, clock and the name it expects with our certificate; there, "
	  "dmvpnctl explain {us}",
	  .holds = saw_peer_names_none, FAILS(PEER_CERTIFICATE) },
	{ "our_certificate", "the peer refuses our certificate, right after phase 1", LIKELY, THERE,
	  "there: compare its CAs, CRL, clock and the name it expects with our certificate; look "
	  "into the log of {peer}",
	  .holds = saw_left_signed, FAILS(PEER_LEFT) },
	{ "clock_there", "the peer's clock is off", LIKELY, THERE, "there: date; set up NTP",
	  .holds = saw_clock_there },
	{ "key_exchange", "the peer's Diffie-Hellman value is wrong", CERTAIN, THERE,
	  "update the peer's software", FAILS(BAD_KE) },

	/* Phase 2. */
	{ "transform_encryption", "the encryption of the transform-set differs", CERTAIN, BOTH,
	  "here: transform-set { encryption = {theirs} }, or there: {ours}",
	  DIFFERS(NO_TRANSFORM, ESP_CIPHER) },
	{ "transform_encryption", "the key length of the transform-set differs", CERTAIN, BOTH,
	  "here: transform-set { encryption = ... } with {theirs}, or there: {ours}",
	  DIFFERS(NO_TRANSFORM, KEY_LENGTH) },
	{ "transform_authentication", "the authentication of the transform-set differs", CERTAIN,
	  BOTH, "here: transform-set { authentication = {theirs} }, or there: {ours}",
	  DIFFERS(NO_TRANSFORM, ESP_AUTH) },
	{ "transform_mode", "tunnel mode there, transport mode here", CERTAIN, THERE,
	  "there: transform-set { mode = transport } (IOS: mode transport)",
	  DIFFERS(NO_TRANSFORM, ENCAP) },
	{ "transform_protocol", "the transform-set asks for AH or a bundle", CERTAIN, THERE,
	  "there: ESP alone", DIFFERS(NO_TRANSFORM, BUNDLE) },
	{ "transform_protocol", "the transform-set asks for another protocol than ESP", CERTAIN,
	  THERE, "there: ESP alone", DIFFERS(NO_TRANSFORM, PROTOCOL) },
	{ "transform_set", "no common transform-set", CERTAIN, BOTH,
	  "make the transform-set the same on both sides", FAILS(NO_TRANSFORM) },
	{ "peer_no_transform", "the peer accepts none of our transform-sets", CERTAIN, BOTH,
	  "compare transform-set, mode and pfs on both sides (or its kernel refuses them); the "
	  "peer knows what it is: there, dmvpnctl explain {us}",
	  FAILS(PEER_NO_TRANSFORM) },
	{ "pfs_one_side", "PFS on our side only", CERTAIN, BOTH,
	  "there: ipsec-profile { pfs = group{our number} } (IOS: set pfs group{our number}), or "
	  "here: pfs = none",
	  FAILS(PFS_REQUIRED) },
	{ "pfs_groups", "the PFS groups differ", CERTAIN, BOTH,
	  "here: ipsec-profile { pfs = group{their number} }, or there: group{our number} (IOS: "
	  "set pfs)",
	  FAILS(PFS_GROUP) },
	{ "proxy_identities", "the peer protects something else than this tunnel", CERTAIN, THERE,
	  "there: tunnel protection on a GRE tunnel with source {peer}, and no crypto map (or an "
	  "ACL of gre host {peer} host {us})",
	  FAILS(PROXY_IDENTITIES) },
	{ "peer_proxy_identities", "the peer does not accept what we want to protect", CERTAIN,
	  THERE,
	  "there: a GRE tunnel with source {peer} and tunnel protection, in transport mode "
	  "(strongSwan: mode = transport, local_ts and remote_ts = dynamic[gre], no pools)",
	  FAILS(PEER_PROXY_IDENTITIES) },
	{ "phase2_silent", "the peer does not take our offer of phase 2, without a word", POSSIBLE,
	  BOTH, "compare transform-set, mode and pfs on both sides; there, dmvpnctl explain {us}",
	  .holds = saw_phase2_silent },
	{ "peer_left", "the peer gave up right after phase 1", LIKELY, THERE,
	  "look into the log of {peer}: which identity does it expect of us? It gets {us} (here: "
	  "isakmp-identity)",
	  .holds = saw_peer_left, FAILS(PEER_LEFT) },
	{ "phase2_not_asked", "the peer asks for no SAs for the tunnel", POSSIBLE, THERE,
	  "there: tunnel protection on a GRE tunnel from {peer} to {us}; a peer that still waits "
	  "for XAuth or mode configuration would look the same",
	  .holds = saw_no_quick_mode },
	{ "phase2_unconfirmed", "the peer could not install its SAs, or its last message was lost",
	  POSSIBLE, THERE, "look into the log of {peer}", .holds = saw_phase2_unconfirmed },

	/* The kernel. */
	{ "kernel_algorithm", "the kernel lacks an algorithm", CERTAIN, HERE,
	  "load its module, or another transform-set on both sides", .holds = saw_kernel_algorithm,
	  FAILS(KERNEL) },
	{ "kernel_esp", "the kernel has no ESP", CERTAIN, HERE, "modprobe esp4 (CONFIG_INET_ESP)",
	  .holds = saw_kernel_esp, FAILS(KERNEL) },
	{ "kernel", "the kernel refuses the SA", CERTAIN, HERE, "see the evidence, and dmesg",
	  .holds = saw_kernel_other, FAILS(KERNEL) },
	{ "kernel_neighbour", "the kernel refuses the neighbour", CERTAIN, HERE,
	  "see the evidence, and dmesg", .holds = saw_neighbour_refused },

	/* The tunnel. */
	{ "nhrp_authentication", "NHRP authentication differs", CERTAIN, BOTH,
	  "tunnel { nhrp { authentication = \"...\" } } (IOS: ip nhrp authentication): the same on "
	  "both sides",
	  .holds = saw_nhrp_key_here },
	{ "nhrp_authentication", "NHRP authentication differs", CERTAIN, BOTH,
	  "tunnel { nhrp { authentication = \"...\" } } (IOS: ip nhrp authentication): the same on "
	  "both sides",
	  .holds = saw_nhrp_key_there },
	{ "duplicate_address", "two spokes have one tunnel address", CERTAIN, THERE,
	  "give one of the two another tunnel { address }; where the spoke has moved: clear ip "
	  "nhrp {tunnel}",
	  .holds = saw_same_address_here },
	{ "duplicate_address", "another spoke has our tunnel address", CERTAIN, HERE,
	  "tunnel { address = ... } (IOS: ip address) that nobody else has; where we have moved: "
	  "clear ip nhrp on the server",
	  .holds = saw_same_address_there },
	{ "wrong_server", "the peer takes us for its next hop server", CERTAIN, THERE,
	  "there: the NBMA address of its map (IOS: ip nhrp map) is ours, and should be the "
	  "server's",
	  .holds = saw_wrong_server },
	{ "map_address", "the peer's NBMA address is another machine's", CERTAIN, HERE,
	  "map \"{tunnel}\" { nbma = \"{peer}\" } (IOS: ip nhrp map {tunnel} {peer}): the address "
	  "of the next hop server instead",
	  .holds = saw_another_server },
	{ "registration_refused", "the server refuses our registration", CERTAIN, BOTH,
	  "compare the tunnel's address and mask with the server's; its log names the reason",
	  .holds = saw_registration_refused },
	{ "client_refused", "we refuse the peer's registration", CERTAIN, BOTH,
	  "there: the tunnel's address (IOS: ip address), or here what keeps it from that peer: "
	  "the tunnel's prefix, a map, authorize, limits; the evidence says which",
	  .holds = saw_client_refused },
	{ "nhrp_error", "the peer answers NHRP with an error", CERTAIN, BOTH,
	  "compare the tunnel's configuration on both sides", .holds = saw_nhrp_error },
	{ "tunnel_key", "the peer has no such tunnel: another key or source, or it is down",
	  CERTAIN, BOTH,
	  "there: tunnel source {peer}, up, with the key that tunnel { key = ... } has here (IOS: "
	  "tunnel key)",
	  .holds = saw_gre_refused },
	{ "no_nhrp", "nobody answers NHRP there", LIKELY, THERE,
	  "there: is it a next hop server, with \"network-id\" on that tunnel (IOS: ip nhrp "
	  "network-id) and a daemon that speaks NHRP? Here: is it the one that nhs should name?",
	  .holds = saw_no_nhrp },
	{ "esp_truncation", "HMAC-SHA-256 is cut to different lengths", LIKELY, THERE,
	  "there: 128 bits, as RFC 4868 has it (strongSwan: sha256_96 = no; libreswan: "
	  "sha2-truncbug=no; Linux before 2.6.33 and some routers cut to 96); or another "
	  "authentication in the transform-set, on both sides",
	  .holds = saw_truncation },
	{ "esp_integrity", "what comes from the peer fails its authentication", CERTAIN, BETWEEN,
	  "somebody changes or forges them: a device on the way that touches ESP; clear crypto sa "
	  "peer {peer} makes new keys",
	  .holds = saw_integrity },
	{ "gre_filtered", "this machine drops GRE before it comes to ESP", LIKELY, HERE,
	  "iptables -S OUTPUT, nft list ruleset: let IP protocol 47 out; dmesg: \"nf_conntrack: "
	  "table full\"?",
	  .holds = saw_gre_unsent },
	{ "tunnel_key", "the tunnel keys differ", LIKELY, BOTH,
	  "tunnel { key = ... } (IOS: tunnel key): the same on both sides (network-id may differ, "
	  "it is never sent)",
	  .holds = saw_tunnel_key },
	{ "esp_blocked", "ESP is blocked on the way", LIKELY, BETWEEN,
	  "let IP protocol 50 (behind a NAT UDP port 4500) between {us} and {peer} pass, both "
	  "ways, the firewalls of both machines included; do the peer's SAs count our packets (ip "
	  "-s xfrm state; show crypto ipsec sa), then they arrive; does it have them at all? "
	  "clear crypto sa peer {peer} makes new ones",
	  .holds = saw_esp_blocked },
	{ "esp_blocked", "ESP is blocked on the way", POSSIBLE, BETWEEN,
	  "let IP protocol 50 (behind a NAT UDP port 4500) from {peer} to {us} pass",
	  .holds = saw_esp_blocked_there },
	{ "gre_blocked", "GRE is blocked on the way", POSSIBLE, BETWEEN,
	  "let IP protocol 47 between {us} and {peer} pass, both ways, the firewalls of both "
	  "machines included",
	  .holds = saw_gre_blocked },
	{ "not_registering", "the peer does not register", POSSIBLE, THERE,
	  "there: nhs with our tunnel address, and map with {us} (IOS: ip nhrp nhs, ip nhrp map), "
	  "on a tunnel that is up; there, dmvpnctl explain {us}",
	  .holds = saw_not_registering },
	{ "tunnel_key", "the tunnel keys differ", POSSIBLE, BOTH,
	  "tunnel { key = ... } (IOS: tunnel key): the same on both sides (network-id may differ, "
	  "it is never sent)",
	  .holds = saw_tunnel_key_there },
	{ "gre_filtered", "this machine's own firewall drops GRE that comes out of ESP", POSSIBLE,
	  HERE,
	  "iptables -S INPUT, nft list ruleset: let IP protocol 47 in that was protected "
	  "(iptables: -p gre -m policy --dir in --pol ipsec -j ACCEPT)",
	  .holds = saw_gre_filtered },
	{ "gre_filtered", "the peer's own firewall drops GRE that comes out of ESP", POSSIBLE,
	  THERE,
	  "there: let IP protocol 47 in that was protected (iptables: -p gre -m policy --dir in "
	  "--pol ipsec -j ACCEPT)",
	  .holds = saw_gre_filtered_there },
	{ "esp_truncation", "HMAC-SHA-256 is cut to different lengths", POSSIBLE, THERE,
	  "there: 128 bits, as RFC 4868 has it (strongSwan: sha256_96 = no; libreswan: "
	  "sha2-truncbug=no)",
	  .holds = saw_truncation_there },
	{ "no_nhrp", "nobody answers NHRP there", POSSIBLE, THERE,
	  "there: \"network-id\" on that tunnel (IOS: ip nhrp network-id), and a daemon that "
	  "speaks NHRP",
	  .holds = saw_no_nhrp_there },
	{ "registration_unanswered", "the peer does not answer registrations", LIKELY, THERE,
	  "is it a next hop server? There: tunnel without nhs of its own for {us}; see its log",
	  .holds = saw_registration_unanswered },
	{ "mtu_black_hole", "long packets are lost on the way without a word", LIKELY, BETWEEN,
	  "let ICMP \"fragmentation needed\" pass; until then tunnel { mtu = 1300 } (IOS: ip mtu)",
	  .holds = saw_black_hole },

	{ "esp_return_blocked", "what we send through the tunnel does not arrive", LIKELY, BETWEEN,
	  "let IP protocol 50 (behind a NAT UDP port 4500) from {us} to {peer} pass",
	  .holds = saw_esp_return_blocked },
	{ "esp_blocked", "nothing comes through the tunnel any more", POSSIBLE, BETWEEN,
	  "let IP protocol 50 (behind a NAT UDP port 4500) between {us} and {peer} pass, both "
	  "ways, for as long as the tunnel is up; or {peer} has lost its SAs, or a NAT has come "
	  "between: clear crypto sa peer {peer} makes new ones, and isakmp-keepalive { interval = "
	  "10 } (IOS: crypto isakmp keepalive) finds out",
	  .holds = saw_gone_in_tunnel },
	{ "peer_down", "the peer is down or cannot be reached any more", POSSIBLE, THERE,
	  "ping {peer}, traceroute {peer}; isakmp-keepalive { interval = 10 } (IOS: crypto isakmp "
	  "keepalive) finds out by itself and lets go of what is dead",
	  .holds = saw_gone },

	{ "packet_loss", "packets are lost on the way", LIKELY, BETWEEN,
	  "ping -c 100 {peer}: how many are lost, how long do they take? Then hop by hop: mtr "
	  "{peer}",
	  .holds = saw_loss },

	/* How it ended, where nothing says more. */
	{ "peer_dead", "the peer stopped answering", LIKELY, BETWEEN,
	  "is the machine up, is its daemon? ping {peer}", .holds = saw_peer_died },
	{ "peer_closed", "the peer deleted its SAs and has not come back", LIKELY, THERE,
	  "was it stopped or configured anew? Its log tells; traffic for it makes new SAs",
	  .holds = saw_peer_closed },
	{ "peer_deleted", "the peer deleted the SA while it was made", LIKELY, THERE,
	  "look into the log of {peer}", FAILS(PEER_DELETED) },
	{ "malformed", "a message makes no sense", LIKELY, BOTH,
	  "debug crypto isakmp 254 on both sides shows it", FAILS(MALFORMED) },
	{ "limit", "too many negotiations at once", LIKELY, HERE,
	  "look who sends them: show crypto "
	  "isakmp stats",
	  FAILS(LIMIT) },
};

/* ---- a row that holds ---- */

static const struct mismatch *mismatch_of(const struct digest *g, const struct row *r)
{
	switch (r->cause) {
	case IKE_CAUSE_NO_POLICY:
	case IKE_CAUSE_NO_TRANSFORM:
	case IKE_CAUSE_PFS_REQUIRED:
	case IKE_CAUSE_PFS_GROUP:
		return &g->cause[r->cause].e->failure.mismatch;
	default:
		return NULL;
	}
}

/* The failure, or the messages, that the row is about; NULL: what it is about was not seen. */
static const struct seen_ike *seen_by(const struct digest *g, const struct row *r)
{
	const struct seen_ike *s = r->drop ? &g->drop[r->drop] : &g->cause[r->cause];

	if (!s->e)
		return NULL;
	return r->attr == ATTR_NONE || mismatch_of(g, r)->attr == r->attr ? s : NULL;
}

/* *at: when. */
static bool row_holds(const struct digest *g, const struct row *r, struct text *evidence, msec *at)
{
	const struct seen_ike *s;

	*at = g->f->now;
	if (r->cause == IKE_CAUSE_NONE && !r->drop)
		return r->holds(g, evidence);
	s = seen_by(g, r);
	if (!s || (r->holds && !r->holds(g, evidence)))
		return false;
	saw_ike(g, evidence, s);
	*at = s->e->at;
	return true;
}

/* Of "here: ..., or there: ..." the second half, where what the peer has is nothing for us. */
static const char *only_there(const char *change)
{
	const char *there = strstr(change, "there: ");

	return there ? there : change;
}

static void change(const struct digest *g, const struct row *r, char out[EXPLAIN_TEXT])
{
	char peer[ADDR_TEXT], us[ADDR_TEXT], tunnel[ADDR_TEXT] = "A.B.C.D";
	char ours[DIAGNOSE_VALUE] = "", theirs[DIAGNOSE_VALUE] = "";
	char policy[16] = "", our_number[16] = "", their_number[16] = "";
	const struct mismatch *m = mismatch_of(g, r);
	const struct text_word words[] = {
		{ "{peer}", addr_text(&g->f->remote, peer) },
		{ "{us}", addr_is_none(&g->f->local) ? "this end" : addr_text(&g->f->local, us) },
		{ "{tunnel}", tunnel },
		{ "{interface}", g->f->interface },
		{ "{link}", g->f->link },
		{ "{ours}", ours },
		{ "{theirs}", theirs },
		{ "{policy}", policy },
		{ "{our number}", our_number },
		{ "{their number}", their_number },
	};
	struct text t = text_of(out, EXPLAIN_TEXT);

	if (!addr_is_none(&g->f->protocol))
		addr_text(&g->f->protocol, tunnel);
	if (m) {
		bool pfs = r->cause == IKE_CAUSE_PFS_REQUIRED || r->cause == IKE_CAUSE_PFS_GROUP;

		diagnose_values(m, r->cause == IKE_CAUSE_NO_POLICY ? 1 : 2, ours, theirs);
		snprintf(policy, sizeof(policy), "%u", m->policy);
		snprintf(our_number, sizeof(our_number), "%u",
			 pfs ? (unsigned int)m->our_pfs : (unsigned int)m->ours);
		snprintf(their_number, sizeof(their_number), "%u", (unsigned int)m->theirs);
	}
	text_fill(&t, m && !diagnose_fits_here(m) ? only_there(r->change) : r->change, words,
		  ARRAY_SIZE(words));
}

static bool has(const struct explain_cause *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return true;
	return false;
}

/* A generic row yields to a special one of the same failure. */
static bool is_said(const struct digest *g, const struct row *r, const struct explain_cause *list,
		    size_t n)
{
	if (has(list, n, r->name))
		return true;
	if (r->attr != ATTR_NONE || r->cause == IKE_CAUSE_NONE)
		return false;
	for (const struct row *other = rows; other < r; other++)
		if (other->cause == r->cause && other->attr != ATTR_NONE && g->cause[r->cause].e &&
		    mismatch_of(g, other)->attr == other->attr)
			return true;
	return false;
}

/* Of failures that are equally sure the newest comes first: the older one may be mended. */
static void newest_first(struct explain_cause *list, size_t n)
{
	for (size_t i = n - 1;
	     i && list[i].weight == list[i - 1].weight && list[i].at > list[i - 1].at; i--) {
		struct explain_cause other = list[i - 1];

		list[i - 1] = list[i];
		list[i] = other;
	}
}

static bool fill(const struct digest *g, const struct row *r, struct explain_cause *c)
{
	struct text evidence = text_of(c->evidence, EXPLAIN_TEXT);

	if (!row_holds(g, r, &evidence, &c->at))
		return false;
	c->name = r->name;
	c->title = r->title;
	c->weight = r->weight;
	c->side = r->side;
	change(g, r, c->change);
	return true;
}

size_t explain_find_causes(const struct digest *g, struct explain_cause *out, size_t max)
{
	size_t n = 0;

	for (unsigned int w = CERTAIN; w <= POSSIBLE; w++) {
		/* Guesses are for those who know nothing. */
		if (w == POSSIBLE && n && out[0].weight == CERTAIN)
			break;
		for (size_t i = 0; i < ARRAY_SIZE(rows) && n < max; i++) {
			const struct row *r = &rows[i];

			if (r->weight == w && !is_said(g, r, out, n) && fill(g, r, &out[n]))
				newest_first(out, ++n);
		}
	}
	return n;
}
