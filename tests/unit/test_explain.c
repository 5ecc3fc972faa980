/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an hour of events and what this machine can check to causes: each cause has a stream of its own,
 * and what is named first is what is wrong.
 *
 * LINK: daemon/explain.c daemon/explain_causes.c daemon/explain_digest.c daemon/explain_evidence.c
 * LINK: daemon/explain_tunnel.c
 * LINK: daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c
 * LINK: ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#include "tests/unit/explain_story.h"

TestSuite(explain, .init = begin);

/* ---- the way ---- */

Test(explain, no_route)
{
	facts.route = EXPLAIN_ROUTE_NONE;
	facts.ping = EXPLAIN_PING_SILENT;
	opens(IKE_INITIATOR);
	facts.phase1 = MM_WAIT_MSG2;
	check_first("no_route", EXPLAIN_CERTAIN);
	cr_assert_eq(x.cause[0].side, EXPLAIN_HERE);
	cr_assert_str_eq(x.cause[0].change,
			 "ip route add 10.0.1.2 via GATEWAY, or a default route");
	cr_assert_not(rules_out("no route to the peer"));
	cr_assert_null(named("map_address"), "guesses are for those who know nothing");
}

Test(explain, what_this_machine_can_check)
{
	facts.route = EXPLAIN_ROUTE_TUNNEL;
	check_first("route_through_tunnel", EXPLAIN_CERTAIN);
	facts.route = EXPLAIN_ROUTE_LOCAL;
	check_first("own_address", EXPLAIN_CERTAIN);
	facts.interface_down = true;
	check_first("interface_down", EXPLAIN_CERTAIN);
	cr_assert_str_eq(x.cause[0].change, "ip link set eth0 up; give it its address");
}

Test(explain, silence)
{
	opens(IKE_INITIATOR);
	facts.phase1 = MM_WAIT_MSG2;
	check_state("MM_WAIT_MSG2");
	check_first("udp500_blocked", EXPLAIN_LIKELY);
	cr_assert(named("peer_ignores"));
	cr_assert(named("map_address"));
	cr_assert(rules_out("the peer is down"));
	facts.ping = EXPLAIN_PING_SILENT;
	check_first("peer_down", EXPLAIN_LIKELY);
	cr_assert(named("map_address"));
	cr_assert_not(rules_out("the peer is down"));
	/* Who was not called and does not call. */
	facts.count = 0;
	facts.phase1 = MM_START;
	facts.ping = EXPLAIN_PING_UNKNOWN;
	check_state("NONE");
	check_first("nothing_received", EXPLAIN_POSSIBLE);
}

Test(explain, icmp)
{
	opens(IKE_INITIATOR);
	facts.icmp = (struct explain_icmp){ true, ECONNREFUSED, false, HUB, NOW };
	check_first("no_daemon", EXPLAIN_LIKELY);
	cr_assert_null(named("udp500_blocked"), "what is refused has arrived");
	facts.icmp = (struct explain_icmp){ true, EHOSTUNREACH, true, addr_v4(0x0a000001), NOW };
	check_first("udp500_filtered", EXPLAIN_LIKELY);
	cr_assert_not_null(strstr(x.cause[0].evidence, "10.0.0.1 says"));
	facts.icmp.filtered = false;
	check_first("unreachable", EXPLAIN_LIKELY);
	facts.icmp = (struct explain_icmp){ true, EPERM, false, { 0 }, NOW };
	check_first("local_firewall", EXPLAIN_CERTAIN);
	cr_assert_null(named("unreachable"));
	facts.icmp.error = EHOSTUNREACH;
	/* Before the peer was heard: over. */
	hears(IKE_INITIATOR);
	facts.icmp.at = NOW - SECONDS(1000);
	explain(&facts, &x);
	cr_assert_null(named("unreachable"));
}

/* The way there works, the way back does not: the responder sees it. */
Test(explain, answers_get_lost)
{
	facts.mapped = facts.server = false;
	opens(IKE_RESPONDER);
	events[facts.count - 1].ike.state.new_state = MM_WAIT_MSG3;
	facts.phase1 = MM_WAIT_MSG3;
	ike(IKE_EVENT_DUPLICATE, 1, IKE_RESPONDER);
	ike(IKE_EVENT_DUPLICATE, 1, IKE_RESPONDER);
	check_state("MM_WAIT_MSG3");
	check_first("udp500_return_blocked", EXPLAIN_LIKELY);
	cr_assert_not_null(strstr(x.cause[0].evidence, "came again after we answered (2 times)"));
	cr_assert(rules_out("UDP port 500 blocked on the way here"));
	cr_assert_not(rules_out("UDP port 500 blocked on the way there"));
	fails(1, IKE_RESPONDER, IKE_CAUSE_NO_ANSWER, MM_WAIT_MSG3);
	facts.phase1 = MM_START;
	check_first("udp500_return_blocked", EXPLAIN_LIKELY);
}

Test(explain, port_4500)
{
	opens(IKE_INITIATOR);
	hears(IKE_INITIATOR);
	ike(IKE_EVENT_POLICY_MATCH, 1, IKE_INITIATOR)->match.isakmp.auth = AUTH_PSK;
	ike(IKE_EVENT_NAT, 1, IKE_INITIATOR)->nat.us = true;
	facts.phase1 = MM_WAIT_MSG6;
	check_first("udp4500_blocked", EXPLAIN_LIKELY);
	cr_assert(named("psk_mismatch"), "a silent peer may have another key, too");
	cr_assert(rules_out("UDP port 500 blocked on the way there"));
	cr_assert_str_eq(x.note[0], "this end is behind a NAT: IKE and ESP use UDP port 4500");
	/* The responder is done and hears message 5 again. */
	hears(IKE_RESPONDER);
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	ike(IKE_EVENT_DUPLICATE, 1, IKE_RESPONDER);
	facts.phase1 = MM_ACTIVE;
	check_first("udp4500_return_blocked", EXPLAIN_LIKELY);
}

Test(explain, esp_and_tunnel_key)
{
	phase2_done();
	check_state("NHRP");
	check_first("esp_blocked", EXPLAIN_LIKELY);
	cr_assert_not_null(strstr(x.cause[0].evidence, "has sent 7 packets"));
	cr_assert(named("tunnel_key"), "from this side it looks the same");
	cr_assert(named("map_address"), "somebody else may be there");
	cr_assert(rules_out("transform-set, mode, PFS, proxy identities"));
	facts.packets_in = 5;
	check_first("tunnel_key", EXPLAIN_LIKELY);
	cr_assert(named("gre_filtered"), "a rule of a firewall here would look the same");
	cr_assert(rules_out("ESP blocked on the way here"));
	nhrp(NHRP_EV_RECEIVED);
	explain(&facts, &x);
	cr_assert_null(named("tunnel_key"));
	cr_assert(rules_out("tunnel key"));
}

/* The tunnel carries packets both ways, NHRP is what is missing. */
Test(explain, nobody_speaks_nhrp)
{
	phase2_done();
	facts.packets_in = 1; /* the answer to the ping */
	facts.ping_inside = EXPLAIN_PING_ANSWERED;
	check_first("no_nhrp", EXPLAIN_LIKELY);
	cr_assert_null(named("tunnel_key"));
	cr_assert_null(named("esp_blocked"));
	facts.ping_inside = EXPLAIN_PING_SILENT;
	check_first("tunnel_key", EXPLAIN_LIKELY);
	facts.tunnel_in = 1;
	check_first("no_nhrp", EXPLAIN_LIKELY);
	facts.packets_in = 0;
	check_first("esp_blocked", EXPLAIN_LIKELY);
	cr_assert_eq(named("no_nhrp")->weight, EXPLAIN_POSSIBLE);
	/* The peer's kernel itself may say what is wrong. */
	facts.gre_refused = true;
	check_first("tunnel_key", EXPLAIN_CERTAIN);
	cr_assert_null(named("esp_blocked"));
}

/* Who waits for a registration has sent nothing: then nothing that came back tells less. */
Test(explain, waiting_for_a_registration)
{
	facts.server = facts.mapped = false;
	phase2_done();
	facts.packets_out = 0;
	check_first("esp_blocked", EXPLAIN_POSSIBLE);
	cr_assert(named("not_registering"));
	facts.packets_out = 3;
	check_first("esp_blocked", EXPLAIN_LIKELY);
}

/* By the books all is up, and nothing comes any more. */
Test(explain, gone)
{
	phase2_done();
	facts.registered = true;
	facts.packets_in = 9;
	facts.silence = SECONDS(40);
	facts.ping_inside = EXPLAIN_PING_SILENT;
	/* A quiet peer that answers no pings looks the same. */
	check_first("esp_blocked", EXPLAIN_POSSIBLE);
	check_state("UP");
	cr_assert_not(x.past);
	cr_assert_not_null(strstr(x.cause[0].evidence, "for 40 s"));
	facts.gre_refused = true;
	check_first("tunnel_key", EXPLAIN_CERTAIN);
	facts.gre_refused = false;
	facts.ping = EXPLAIN_PING_SILENT;
	check_first("peer_down", EXPLAIN_POSSIBLE);
	/* What this machine itself has lost is certain. */
	facts.kernel_sas = 0;
	check_first("kernel_lost", EXPLAIN_CERTAIN);
	facts.kernel_sas = 2;
	facts.link_down = true;
	strcpy(facts.link, "Tunnel0");
	check_first("tunnel_down", EXPLAIN_CERTAIN);
	cr_assert_str_eq(x.cause[0].change, "ip link set Tunnel0 up");
	facts.link_down = false;
	facts.ping_inside = EXPLAIN_PING_ANSWERED;
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
}

/* The hub hears the spoke, the spoke does not hear the hub. */
Test(explain, registers_again_and_again)
{
	facts.server = facts.mapped = false;
	phase2_done();
	facts.registered = true;
	facts.packets_in = 4;
	facts.silence = SECONDS(8);
	facts.ping_inside = EXPLAIN_PING_SILENT;
	nhrp(NHRP_EV_CLIENT_REGISTERED);
	nhrp(NHRP_EV_CLIENT_REFRESHED);
	nhrp(NHRP_EV_CLIENT_REFRESHED);
	check_first("esp_return_blocked", EXPLAIN_LIKELY);
	cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
	cr_assert_not(x.past);
	/* A short holding time is no fault. */
	facts.ping_inside = EXPLAIN_PING_ANSWERED;
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
}

Test(explain, just_come_up_is_no_fault)
{
	phase2_done();
	events[facts.count - 1].ike.at = NOW - 500;
	explain(&facts, &x);
	cr_assert_null(named("esp_blocked"));
}

Test(explain, black_hole)
{
	facts.large = 1484;
	facts.ping_large = EXPLAIN_PING_SILENT;
	phase2_done();
	facts.registered = true;
	check_first("mtu_black_hole", EXPLAIN_LIKELY);
	facts.ping_large = EXPLAIN_PING_ANSWERED;
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
}

/* ---- phase 1 ---- */

Test(explain, policies)
{
	static const struct {
		enum proposal_attr attr;
		uint32_t ours, theirs;
		const char *name, *change;
	} cases[] = {
		{ ATTR_ENCRYPTION, 1, 5, "phase1_encryption",
		  "here: isakmp-policy 10 { encryption = 3des }, or there: des" },
		{ ATTR_KEY_LENGTH, 128, 256, "phase1_encryption", "256 bits" },
		{ ATTR_HASH, 2, 1, "phase1_hash",
		  "here: isakmp-policy 10 { hash = md5 }, or there: sha " },
		{ ATTR_AUTH_METHOD, AUTH_PSK, AUTH_RSA_SIG, "phase1_authentication",
		  "authentication = rsa-sig }, or there: pre-share" },
		{ ATTR_GROUP, 2, 14, "phase1_group", "group = 14 }, or there: group 2 " },
		{ ATTR_UNKNOWN, 0, 99, "phase1_policy", "isakmp-policy" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		opens(IKE_RESPONDER);
		hears(IKE_RESPONDER);
		differs(IKE_CAUSE_NO_POLICY, cases[i].attr, cases[i].ours, cases[i].theirs);
		check_first(cases[i].name, EXPLAIN_CERTAIN);
		cr_assert_not_null(strstr(x.cause[0].change, cases[i].change), "%s",
				   x.cause[0].change);
		cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
	}
	begin();
	opens(IKE_INITIATOR);
	hears(IKE_INITIATOR);
	fails(1, IKE_INITIATOR, IKE_CAUSE_PEER_NO_POLICY, MM_WAIT_MSG2);
	check_first("peer_no_policy", EXPLAIN_CERTAIN);
	check_state("MM_WAIT_MSG2");
}

Test(explain, phase1_failures)
{
	static const struct {
		enum ike_cause cause;
		enum ike_role role;
		enum ike_state state;
		const char *name;
		enum explain_weight weight;
	} cases[] = {
		{ IKE_CAUSE_NO_KEY, IKE_RESPONDER, MM_BLD_MSG4, "no_key", EXPLAIN_CERTAIN },
		{ IKE_CAUSE_KEY_MISMATCH, IKE_RESPONDER, MM_WAIT_MSG5, "psk_mismatch",
		  EXPLAIN_LIKELY },
		{ IKE_CAUSE_PEER_KEY_MISMATCH, IKE_INITIATOR, MM_WAIT_MSG6, "psk_mismatch",
		  EXPLAIN_LIKELY },
		{ IKE_CAUSE_AUTH_HASH, IKE_RESPONDER, MM_WAIT_MSG5, "psk_mismatch",
		  EXPLAIN_LIKELY },
		{ IKE_CAUSE_PEER_NO_KEY, IKE_INITIATOR, MM_WAIT_MSG4, "peer_no_key",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_PEER_REFUSES, IKE_INITIATOR, MM_WAIT_MSG6, "peer_refuses",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_NO_ANSWER, IKE_INITIATOR, MM_WAIT_MSG6, "psk_mismatch",
		  EXPLAIN_POSSIBLE },
		{ IKE_CAUSE_NO_ANSWER, IKE_INITIATOR, MM_WAIT_MSG4, "peer_no_key",
		  EXPLAIN_POSSIBLE },
		{ IKE_CAUSE_NO_ANSWER, IKE_RESPONDER, MM_WAIT_MSG5, "peer_no_key",
		  EXPLAIN_POSSIBLE },
		{ IKE_CAUSE_IDENTITY, IKE_INITIATOR, MM_WAIT_MSG6, "identity_refused",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_NO_TRUSTPOINT, IKE_RESPONDER, MM_BLD_MSG4, "no_trustpoint",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_NO_CERTIFICATE, IKE_RESPONDER, MM_BLD_MSG6, "no_certificate",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_UNTRUSTED, IKE_RESPONDER, MM_BLD_MSG6, "cert_untrusted",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_EXPIRED, IKE_RESPONDER, MM_BLD_MSG6, "cert_expired",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_NOT_YET_VALID, IKE_RESPONDER, MM_BLD_MSG6, "cert_not_yet_valid",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_REVOKED, IKE_RESPONDER, MM_BLD_MSG6, "cert_revoked",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_NO_CRL, IKE_RESPONDER, MM_BLD_MSG6, "cert_no_crl",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_KEY_USAGE, IKE_RESPONDER, MM_BLD_MSG6, "cert_key_usage",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_CERT_IDENTITY, IKE_RESPONDER, MM_BLD_MSG6, "cert_name",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_SIGNATURE, IKE_RESPONDER, MM_BLD_MSG6, "signature", EXPLAIN_CERTAIN },
		{ IKE_CAUSE_PEER_CERTIFICATE, IKE_INITIATOR, MM_WAIT_MSG6, "our_certificate",
		  EXPLAIN_CERTAIN },
		{ IKE_CAUSE_PEER_DELETED, IKE_INITIATOR, MM_WAIT_MSG6, "peer_deleted",
		  EXPLAIN_LIKELY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		opens(cases[i].role);
		hears(cases[i].role);
		fails(1, cases[i].role, cases[i].cause, cases[i].state);
		check_state(ike_state_name(cases[i].state));
		check_first(cases[i].name, cases[i].weight);
	}
}

/* Whose verdict it was is not a matter of who opened. */
Test(explain, identities)
{
	static const enum ike_role roles[] = { IKE_INITIATOR, IKE_RESPONDER };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		enum ike_state state = roles[i] == IKE_INITIATOR ? MM_WAIT_MSG6 : MM_BLD_MSG6;
		struct ike_event *e;

		begin();
		opens(roles[i]);
		hears(roles[i]);
		e = fails(1, roles[i], IKE_CAUSE_IDENTITY, state);
		e->failure.cert.id = (struct ike_id){ ISAKMP_ID_IPV4_ADDR, 4, { 10, 9, 9, 9 } };
		e->failure.history_len = 2;
		e->failure.history[0] = (struct ike_step){ MM_DONE, EV_ERROR };
		e->failure.history[1] = (struct ike_step){ state, EV_COMPARE_IDS };
		check_first("identity", EXPLAIN_CERTAIN);
		cr_assert_eq(x.cause[0].side, EXPLAIN_THERE);
		cr_assert_not_null(strstr(x.cause[0].evidence, "it calls itself 10.9.9.9 ("), "%s",
				   x.cause[0].evidence);
	}
}

/* What cannot be configured here, or would be worse than what we have, is not recommended. */
Test(explain, only_good_advice)
{
	opens(IKE_RESPONDER);
	differs(IKE_CAUSE_NO_POLICY, ATTR_AUTH_METHOD, AUTH_PSK, 65001);
	check_first("xauth", EXPLAIN_CERTAIN);
	cr_assert_eq(x.causes, 1);
	cr_assert_not_null(strstr(x.cause[0].change, "there: authenticate by pre-share alone"));
	begin();
	opens(IKE_RESPONDER);
	differs(IKE_CAUSE_NO_POLICY, ATTR_AUTH_METHOD, AUTH_PSK, 8);
	check_first("phase1_authentication", EXPLAIN_CERTAIN);
	cr_assert_eq(strncmp(x.cause[0].change, "there: pre-share", 16), 0, "%s",
		     x.cause[0].change);
	begin();
	phase1_done();
	differs(IKE_CAUSE_NO_TRANSFORM, ATTR_ESP_CIPHER, 3, 11);
	check_first("transform_encryption", EXPLAIN_CERTAIN);
	cr_assert_str_eq(x.cause[0].change, "there: esp-3des");
}

/* Its message 5 has come, with another key than ours: it is not without one. */
Test(explain, another_key_is_a_key)
{
	struct ike_event *e;

	opens(IKE_RESPONDER);
	e = ike(IKE_EVENT_EVIDENCE, 1, IKE_RESPONDER);
	e->failure.cause = IKE_CAUSE_KEY_MISMATCH;
	e->failure.state = MM_WAIT_MSG5;
	fails(1, IKE_RESPONDER, IKE_CAUSE_NO_ANSWER, MM_WAIT_MSG5);
	check_first("psk_mismatch", EXPLAIN_LIKELY);
	cr_assert_null(named("peer_no_key"));
}

/* What the peer repeats says which answer of ours is lost. */
Test(explain, lost_answers)
{
	opens(IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_NO_ANSWER, MM_WAIT_MSG5);
	check_first("peer_no_key", EXPLAIN_POSSIBLE);
	begin();
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_DUPLICATE, 1, IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_NO_ANSWER, MM_WAIT_MSG5);
	check_first("long_messages_lost", EXPLAIN_LIKELY);
	cr_assert_null(named("peer_no_key"));
	begin();
	phase1_done();
	ike(IKE_EVENT_DUPLICATE, 2, IKE_RESPONDER);
	fails(2, IKE_RESPONDER, IKE_CAUSE_NO_ANSWER, QM_WAIT_MSG3);
	check_first("long_messages_lost", EXPLAIN_LIKELY);
	cr_assert_null(named("phase2_unconfirmed"));
	cr_assert_null(named("udp4500_return_blocked"));
}

static void leaves(void)
{
	struct ike_event *e = ike(IKE_EVENT_EVIDENCE, 1, IKE_RESPONDER);

	e->failure.cause = IKE_CAUSE_PEER_LEFT;
	e->failure.state = MM_ACTIVE;
	e->failure.auth = AUTH_PSK;
}

/* The peer opened phase 1, and no more: it left, or has nothing to ask for. */
Test(explain, phase1_alone)
{
	facts.mapped = facts.server = false;
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	facts.phase1 = MM_ACTIVE;
	check_state("MM_ACTIVE");
	check_first("phase2_not_asked", EXPLAIN_POSSIBLE);
	leaves();
	check_first("peer_left", EXPLAIN_LIKELY);
	cr_assert_null(named("phase2_not_asked"));
	events[facts.count - 1].ike.failure.auth = AUTH_RSA_SIG;
	check_first("our_certificate", EXPLAIN_LIKELY);
	/* How an earlier quick mode went is not what is wrong now. */
	begin();
	facts.mapped = facts.server = false;
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	ike(IKE_EVENT_STATE, 2, IKE_RESPONDER)->state.new_state = QM_BLD_MSG2;
	differs(IKE_CAUSE_PFS_GROUP, ATTR_PFS_GROUP, 2, 5);
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	leaves();
	check_first("peer_left", EXPLAIN_LIKELY);
	cr_assert_eq(x.causes, 1);
	/* Where there is a quick mode, its own failure tells more. */
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	ike(IKE_EVENT_STATE, 2, IKE_RESPONDER)->state.new_state = QM_BLD_MSG2;
	differs(IKE_CAUSE_PFS_GROUP, ATTR_PFS_GROUP, 2, 5);
	check_first("pfs_groups", EXPLAIN_CERTAIN);
	cr_assert_null(named("peer_left"));
}

/* A clock that is off is named beside what the certificate looks like by it. */
Test(explain, clocks)
{
	opens(IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_CERT_NOT_YET_VALID, MM_BLD_MSG6);
	explain(&facts, &x);
	cr_assert_null(named("clock_here"), "a certificate alone is no clock");
	facts.own_flaw = IKE_CAUSE_CERT_NOT_YET_VALID;
	explain(&facts, &x);
	cr_assert_not_null(named("clock_here"));
	begin();
	opens(IKE_INITIATOR);
	fails(1, IKE_INITIATOR, IKE_CAUSE_PEER_CERTIFICATE, MM_WAIT_MSG6);
	explain(&facts, &x);
	cr_assert_not_null(named("clock_there"));
	events[facts.count - 1].ike.failure.cert.flaw = IKE_CAUSE_CERT_EXPIRED;
	explain(&facts, &x);
	cr_assert_null(named("clock_there"));
	cr_assert_eq(x.cause[0].side, EXPLAIN_HERE);
}

Test(explain, other_protocols)
{
	ike(IKE_EVENT_DROP, 0, IKE_RESPONDER)->drop.why = IKE_DROP_AGGRESSIVE;
	check_first("aggressive_mode", EXPLAIN_CERTAIN);
	cr_assert_str_eq(x.meaning,
			 "What came from this peer was not IKEv1's main mode, and was dropped.");
	begin();
	ike(IKE_EVENT_DROP, 0, IKE_RESPONDER)->drop.why = IKE_DROP_IKEV2;
	check_first("ikev2", EXPLAIN_CERTAIN);
}

Test(explain, lifetimes_are_a_note)
{
	phase2_done();
	facts.registered = true;
	for (size_t i = 0; i < facts.count; i++)
		if (events[i].ike.kind == IKE_EVENT_POLICY_MATCH) {
			events[i].ike.match.our_lifetime = 86400;
			events[i].ike.match.their_lifetime = 3600;
		}
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
	cr_assert_not(explain_matters(&facts, &x));
	cr_assert_str_eq(x.note[0], "lifetimes of phase 1 differ (ours 86400 s, theirs 3600 s): no "
				    "fault, the shorter one holds");
}

/* ---- phase 2, the kernel ---- */

Test(explain, phase2_failures)
{
	static const struct {
		enum ike_cause cause;
		enum proposal_attr attr;
		uint32_t ours, theirs;
		const char *name, *change;
	} cases[] = {
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_ESP_CIPHER, 3, 12, "transform_encryption", "esp-" },
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_KEY_LENGTH, 128, 256, "transform_encryption",
		  "bits" },
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_ESP_AUTH, 2, 5, "transform_authentication",
		  "authentication = esp-sha256-hmac }, or there: esp-sha-hmac" },
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_ENCAP, ENCAP_TRANSPORT, ENCAP_TUNNEL,
		  "transform_mode", "mode = transport" },
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_BUNDLE, 0, 0, "transform_protocol", "ESP alone" },
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_PROTOCOL, 3, 2, "transform_protocol", "ESP alone" },
		{ IKE_CAUSE_NO_TRANSFORM, ATTR_NONE, 0, 0, "transform_set", "the same" },
		{ IKE_CAUSE_PEER_NO_TRANSFORM, ATTR_NONE, 0, 0, "peer_no_transform", "pfs" },
		{ IKE_CAUSE_PFS_REQUIRED, ATTR_PFS_GROUP, 2, 0, "pfs_one_side",
		  "ipsec-profile { pfs = group2 }" },
		{ IKE_CAUSE_PFS_GROUP, ATTR_PFS_GROUP, 2, 5, "pfs_groups",
		  "here: ipsec-profile { pfs = group5 }, or there: group2" },
		{ IKE_CAUSE_PROXY_IDENTITIES, ATTR_NONE, 0, 0, "proxy_identities",
		  "source 10.0.1.2" },
		{ IKE_CAUSE_PEER_PROXY_IDENTITIES, ATTR_NONE, 0, 0, "peer_proxy_identities",
		  "GRE tunnel" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		phase1_done();
		differs(cases[i].cause, cases[i].attr, cases[i].ours, cases[i].theirs);
		check_first(cases[i].name, EXPLAIN_CERTAIN);
		cr_assert_not_null(strstr(x.cause[0].change, cases[i].change), "%s",
				   x.cause[0].change);
		cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
		cr_assert(rules_out("pre-shared key, certificates, identity"));
		cr_assert_not(rules_out("transform-set, mode, PFS, proxy identities"));
		check_state("QM_START");
	}
}

Test(explain, phase2_silence)
{
	phase1_done();
	facts.phase2 = QM_WAIT_MSG2;
	check_state("QM_WAIT_MSG2");
	check_first("phase2_silent", EXPLAIN_POSSIBLE);
	fails(2, IKE_INITIATOR, IKE_CAUSE_NO_ANSWER, QM_WAIT_MSG2);
	facts.phase2 = MM_START;
	check_state("QM_WAIT_MSG2");
	check_first("phase2_silent", EXPLAIN_POSSIBLE);
	fails(2, IKE_RESPONDER, IKE_CAUSE_NO_ANSWER, QM_WAIT_MSG3);
	check_first("phase2_unconfirmed", EXPLAIN_POSSIBLE);
}

Test(explain, kernel)
{
	static const struct {
		int error;
		const char *name;
	} cases[] = {
		{ ENOSYS, "kernel_algorithm" },
		{ EPROTONOSUPPORT, "kernel_esp" },
		{ EPERM, "kernel" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		phase1_done();
		fails(2, IKE_INITIATOR, IKE_CAUSE_KERNEL, QM_BLD_MSG3)->failure.error =
			cases[i].error;
		check_first(cases[i].name, EXPLAIN_CERTAIN);
	}
	begin();
	phase2_done();
	nhrp(NHRP_EV_RECEIVED);
	nhrp(NHRP_EV_BIND_FAILED)->code = ENOBUFS;
	check_first("kernel_neighbour", EXPLAIN_CERTAIN);
}

/* What concerns all peers is said once. */
Test(explain, this_machine)
{
	struct explain_machine m = { .redirect_why = "bpf(2): Operation not permitted" };

	cr_assert_eq(explain_machine(&m, x.cause), 1);
	cr_assert_str_eq(x.cause[0].name, "kernel_bpf");
	cr_assert_eq(x.cause[0].side, EXPLAIN_HERE);
	cr_assert_not_null(strstr(x.cause[0].evidence, "Operation not permitted"));
	m.waiting[0].name = "Tunnel0";
	m.waiting[0].why = "eth7: there is no such interface";
	m.waiting_count = 1;
	cr_assert_eq(explain_machine(&m, x.cause), 2);
	cr_assert_str_eq(x.cause[0].name, "no_source");
	cr_assert_str_eq(x.cause[0].evidence, "Tunnel0: eth7: there is no such interface");
	cr_assert_not_null(strstr(x.cause[0].change, "tunnel Tunnel0 { source = ... }"));
	m.redirect_why = NULL;
	m.waiting_count = 0;
	cr_assert_eq(explain_machine(&m, x.cause), 0);
}

/* ---- NHRP ---- */

Test(explain, registrations)
{
	static const struct {
		enum nhrp_event_kind kind;
		enum nhrp_reason reason;
		int code;
		const char *name;
		enum explain_side side;
	} cases[] = {
		{ NHRP_EV_AUTHENTICATION_FAILED, 0, 1, "nhrp_authentication", EXPLAIN_BOTH },
		{ NHRP_EV_ERROR_RECEIVED, 0, NHRP_ERROR_AUTHENTICATION, "nhrp_authentication",
		  EXPLAIN_BOTH },
		{ NHRP_EV_ERROR_RECEIVED, 0, NHRP_ERROR_PROTOCOL, "nhrp_error", EXPLAIN_BOTH },
		{ NHRP_EV_CLIENT_REFUSED, NHRP_WHY_UNIQUE, 14, "duplicate_address", EXPLAIN_THERE },
		{ NHRP_EV_CLIENT_REFUSED, NHRP_WHY_OUTSIDE, 4, "client_refused", EXPLAIN_BOTH },
		{ NHRP_EV_REGISTRATION_REFUSED, 0, NHRP_CODE_ALREADY_UNIQUE, "duplicate_address",
		  EXPLAIN_HERE },
		{ NHRP_EV_DROPPED, NHRP_WHY_NOT_FOR_US, 0, "wrong_server", EXPLAIN_THERE },
		{ NHRP_EV_ERROR_RECEIVED, 0, NHRP_ERROR_UNREACHABLE, "map_address", EXPLAIN_HERE },
		{ NHRP_EV_REGISTRATION_REFUSED, 0, NHRP_CODE_PROHIBITED, "registration_refused",
		  EXPLAIN_BOTH },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nhrp_event *e;

		begin();
		phase2_done();
		nhrp(NHRP_EV_RECEIVED);
		e = nhrp(cases[i].kind);
		e->reason = cases[i].reason;
		e->code = cases[i].code;
		e->type = NHRP_REGISTRATION_REQUEST;
		check_state("NHRP");
		check_first(cases[i].name, EXPLAIN_CERTAIN);
		cr_assert_eq(x.cause[0].side, cases[i].side);
	}
}
