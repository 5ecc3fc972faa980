/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is met between machines of different makers and on ways that are not as they should be. As
 * test_explain.c otherwise.
 *
 * LINK: daemon/explain.c daemon/explain_causes.c daemon/explain_digest.c daemon/explain_evidence.c
 * LINK: daemon/explain_tunnel.c
 * LINK: daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c
 * LINK: ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#include "tests/unit/explain_story.h"

TestSuite(explain_wild, .init = begin);

static bool notes(const char *words)
{
	for (size_t i = 0; i < x.notes; i++)
		if (strstr(x.note[i], words))
			return true;
	return false;
}

static bool evidence_of_first(const char *words)
{
	return strstr(x.cause[0].evidence, words);
}

/* ---- this machine and its link ---- */

Test(explain_wild, no_carrier)
{
	facts.no_carrier = true;
	facts.route = EXPLAIN_ROUTE_NONE;
	facts.ping = EXPLAIN_PING_SILENT;
	opens(IKE_INITIATOR);
	facts.phase1 = MM_WAIT_MSG2;
	check_first("no_carrier", EXPLAIN_CERTAIN);
	cr_assert_null(named("interface_down"));
	cr_assert_null(named("no_route"), "that the route is gone follows from it");
	cr_assert_not(rules_out("the source interface is down"));
}

/* A rule of policy routing: the table has a route, what is sent has none. */
Test(explain_wild, not_sent)
{
	opens(IKE_INITIATOR);
	facts.phase1 = MM_WAIT_MSG2;
	facts.icmp = (struct explain_icmp){ true, ENETUNREACH, false, { 0 }, NOW };
	check_first("not_sent", EXPLAIN_CERTAIN);
	cr_assert_null(named("udp500_blocked"), "it is not on the way yet");
	facts.route = EXPLAIN_ROUTE_NONE;
	check_first("no_route", EXPLAIN_CERTAIN);
	cr_assert_null(named("not_sent"));
	/* What is not said again, while messages are repeated, is over. */
	facts.route = EXPLAIN_ROUTE_FOUND;
	facts.icmp.at = NOW - SECONDS(600);
	check_first("udp500_blocked", EXPLAIN_LIKELY);
}

/* The kernel tells by ICMP from our own address: not a router that anybody could ask. */
Test(explain_wild, gateway_silent)
{
	opens(IKE_INITIATOR);
	facts.phase1 = MM_WAIT_MSG2;
	facts.ping = EXPLAIN_PING_SILENT;
	facts.icmp = (struct explain_icmp){ true, EHOSTUNREACH, false, SITE, NOW };
	check_first("gateway_silent", EXPLAIN_CERTAIN);
	cr_assert(evidence_of_first("does not answer ARP"));
	cr_assert_null(named("unreachable"));
	facts.icmp.from = addr_v4(0x0a000001);
	check_first("unreachable", EXPLAIN_LIKELY);
	cr_assert_null(named("gateway_silent"));
}

/* Two uplinks: out by one, back by the other. */
Test(explain_wild, reverse_path)
{
	opens(IKE_INITIATOR);
	facts.phase1 = MM_WAIT_MSG2;
	facts.ping = EXPLAIN_PING_SILENT;
	check_first("peer_down", EXPLAIN_LIKELY);
	facts.wrong_way = 4;
	check_first("reverse_path", EXPLAIN_LIKELY);
	cr_assert_null(named("peer_down"));
	/* Somebody else's packets, where the peer is heard. */
	facts.ping = EXPLAIN_PING_ANSWERED;
	check_first("udp500_blocked", EXPLAIN_LIKELY);
	cr_assert_null(named("reverse_path"));
}

/* ---- phase 1 ---- */

Test(explain_wild, answers_from_another_address)
{
	struct ike_event *e;

	opens(IKE_INITIATOR);
	e = ike(IKE_EVENT_DROP, 1, IKE_INITIATOR);
	e->drop.why = IKE_DROP_ELSEWHERE;
	e->drop.from = addr_v4(0x0a000109);
	facts.phase1 = MM_WAIT_MSG2;
	check_first("answers_elsewhere", EXPLAIN_CERTAIN);
	cr_assert(evidence_of_first("10.0.1.9"));
	cr_assert_null(named("udp500_blocked"));
	/* It has come to the next message from where it should. */
	ike(IKE_EVENT_POLICY_MATCH, 1, IKE_INITIATOR);
	explain(&facts, &x);
	cr_assert_null(named("answers_elsewhere"));
}

Test(explain_wild, answer_that_was_not_offered)
{
	struct ike_event *e;

	opens(IKE_INITIATOR);
	hears(IKE_INITIATOR);
	e = fails(1, IKE_INITIATOR, IKE_CAUSE_PEER_NO_POLICY, MM_WAIT_MSG2);
	check_first("peer_no_policy", EXPLAIN_CERTAIN);
	e->failure.mismatch = (struct mismatch){ .attr = ATTR_GROUP, .ours = 2, .theirs = 14 };
	check_first("phase1_answer", EXPLAIN_CERTAIN);
	cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
}

/* Who says no to our message 2 has had it. */
Test(explain_wild, answer_refused)
{
	facts.mapped = facts.server = false;
	opens(IKE_RESPONDER);
	facts.phase1 = MM_WAIT_MSG3;
	check_first("udp500_return_blocked", EXPLAIN_LIKELY);
	*fails(1, IKE_RESPONDER, IKE_CAUSE_PEER_NO_POLICY, MM_WAIT_MSG3) = (struct ike_event){
		.kind = IKE_EVENT_EVIDENCE,
		.at = NOW - SECONDS(20),
		.phase = 1,
		.role = IKE_RESPONDER,
		.local = { SITE, 500 },
		.remote = { HUB, 500 },
		.failure = { .cause = IKE_CAUSE_PEER_NO_POLICY, .state = MM_WAIT_MSG3 },
	};
	check_first("answer_refused", EXPLAIN_CERTAIN);
	cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
	cr_assert(evidence_of_first("which is one of its own offers"));
}

Test(explain_wild, mode_config)
{
	struct ike_event *e;

	facts.mapped = facts.server = false;
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_POLICY_MATCH, 1, IKE_RESPONDER)->match.isakmp.auth = AUTH_PSK;
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	facts.phase1 = MM_ACTIVE;
	e = ike(IKE_EVENT_DROP, 0, IKE_RESPONDER);
	e->drop.why = IKE_DROP_EXCHANGE_TYPE;
	e->drop.exchange = ISAKMP_XCHG_TRANSACTION;
	check_first("mode_config", EXPLAIN_CERTAIN);
	e->drop.exchange = ISAKMP_XCHG_NEW_GROUP;
	explain(&facts, &x);
	cr_assert_null(named("mode_config"));
}

/* With certificates no pre-shared key is in question. */
Test(explain_wild, long_messages)
{
	struct ike_event *agreed;

	facts.mapped = facts.server = false;
	opens(IKE_RESPONDER);
	agreed = ike(IKE_EVENT_POLICY_MATCH, 1, IKE_RESPONDER);
	agreed->match.isakmp.auth = AUTH_RSA_SIG;
	facts.phase1 = MM_WAIT_MSG5;
	check_first("long_messages_lost", EXPLAIN_POSSIBLE);
	cr_assert_null(named("peer_no_key"));
	agreed->match.isakmp.auth = AUTH_PSK;
	check_first("peer_no_key", EXPLAIN_POSSIBLE);
	/* Message 5 has come, and comes again: ours does not get back. */
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_RESPONDER);
	ike(IKE_EVENT_DUPLICATE, 1, IKE_RESPONDER);
	ike(IKE_EVENT_DUPLICATE, 1, IKE_RESPONDER);
	facts.phase1 = MM_ACTIVE;
	check_first("udp500_return_blocked", EXPLAIN_LIKELY);
	cr_assert(evidence_of_first("repeats its message 5 (2 times)"));
	cr_assert_null(named("phase2_not_asked"));
	agreed->match.isakmp.auth = AUTH_RSA_SIG;
	check_first("long_messages_lost", EXPLAIN_LIKELY);
	cr_assert_null(named("udp500_return_blocked"));
}

static void arrives(void)
{
	struct ike_event *e;

	hears(IKE_INITIATOR);
	e = ike(IKE_EVENT_STATE, 1, IKE_INITIATOR);
	e->state.event = EV_RCV_MSG;
	e->state.old_state = MM_WAIT_MSG2;
	e->state.new_state = MM_BLD_MSG3;
}

Test(explain_wild, loss)
{
	opens(IKE_INITIATOR);
	ike(IKE_EVENT_RETRANSMIT, 1, IKE_INITIATOR);
	arrives();
	facts.phase1 = MM_WAIT_MSG4;
	explain(&facts, &x);
	cr_assert_null(named("packet_loss"), "once may be a daemon that was just starting");
	ike(IKE_EVENT_RETRANSMIT, 1, IKE_INITIATOR);
	ike(IKE_EVENT_RETRANSMIT, 1, IKE_INITIATOR);
	arrives();
	facts.phase1 = MM_WAIT_MSG6;
	check_first("packet_loss", EXPLAIN_LIKELY);
	cr_assert(evidence_of_first("2 messages of the last two minutes"));
	facts.pings_lost = 2;
	check_first("packet_loss", EXPLAIN_LIKELY);
	cr_assert(evidence_of_first("sent for the third time; 2 messages"), "%s",
		  x.cause[0].evidence);
	/* All came in the end: worth a note. */
	phase2_done();
	facts.registered = true;
	explain(&facts, &x);
	cr_assert_null(named("packet_loss"));
	cr_assert(notes("had to be repeated"));
}

/* ---- phase 2 ---- */

/* What the peer wants instead is told, its own end first. */
Test(explain_wild, proxy_identities)
{
	struct ike_event *e;

	phase1_done();
	e = fails(2, IKE_RESPONDER, IKE_CAUSE_PROXY_IDENTITIES, QM_START);
	e->failure.proxy[0] = (struct ike_proxy){
		ISAKMP_ID_IPV4_SUBNET, 0, 0, 8, { 192, 168, 7, 0, 255, 255, 255, 0 }
	};
	e->failure.proxy[1] =
		(struct ike_proxy){ ISAKMP_ID_IPV4_ADDR, 17, 1701, 4, { 10, 0, 0, 4 } };
	check_first("proxy_identities", EXPLAIN_CERTAIN);
	cr_assert(
		evidence_of_first("(it wants network 192.168.7.0 255.255.255.0, any protocol there "
				  "and host 10.0.0.4, protocol 17, port 1701 here)"),
		"%s", x.cause[0].evidence);
	e->role = IKE_INITIATOR;
	explain(&facts, &x);
	cr_assert(evidence_of_first("(it wants host 10.0.0.4, protocol 17, port 1701 there"), "%s",
		  x.cause[0].evidence);
}

Test(explain_wild, peer_closed)
{
	phase2_done();
	facts.up = false;
	facts.phase1 = facts.phase2 = MM_START;
	ike(IKE_EVENT_DELETE, 1, IKE_INITIATOR);
	check_first("peer_closed", EXPLAIN_LIKELY);
	/* Who wants nothing of it does not miss it. */
	facts.mapped = facts.server = false;
	explain(&facts, &x);
	cr_assert_null(named("peer_closed"));
	cr_assert_not(explain_matters(&facts, &x));
	facts.mapped = true;
	events[facts.count - 1].ike.phase2.sent = true;
	explain(&facts, &x);
	cr_assert_null(named("peer_closed"), "that was us");
}

/* Renewals do not hide that nothing comes through. */
Test(explain_wild, renewed_all_the_time)
{
	phase2_done();
	for (unsigned int i = 0; i < 12; i++) {
		ike(IKE_EVENT_PHASE2_DONE, 2, IKE_RESPONDER)->phase2.life_seconds = 6;
		events[facts.count - 1].at = events[facts.count - 1].ike.at =
			NOW - SECONDS(24) + SECONDS(2 * i);
	}
	check_first("esp_blocked", EXPLAIN_LIKELY);
	cr_assert(notes(
		"phase 2 was negotiated 13 times within the last minute (the last time for 6 s)"));
	facts.registered = true;
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
	cr_assert(notes("within the last minute"));
}

/* ---- ESP ---- */

Test(explain_wild, integrity)
{
	phase2_done();
	facts.auth_failures = 3;
	check_first("esp_integrity", EXPLAIN_CERTAIN);
	cr_assert_null(named("esp_blocked"), "packets do come");
	/* A few forged ones among many are no matter. */
	facts.packets_in = 1000;
	explain(&facts, &x);
	cr_assert_null(named("esp_integrity"));
	/* One that has been registered long ago, or has a map: by the books all is well. */
	facts.registered = true;
	facts.packets_in = 0;
	check_first("esp_integrity", EXPLAIN_CERTAIN);
	cr_assert_not(x.past);
}

Test(explain_wild, truncation)
{
	phase2_done();
	events[facts.count - 1].ike.phase2.suite.auth = HASH_SHA256;
	check_first("esp_blocked", EXPLAIN_LIKELY);
	cr_assert(named("esp_truncation"), "such a peer takes none of ours");
	facts.auth_failures = 3;
	check_first("esp_truncation", EXPLAIN_LIKELY);
	cr_assert_null(named("esp_integrity"));
	/* The length is right, where some pass. */
	facts.packets_in = 1;
	check_first("esp_integrity", EXPLAIN_CERTAIN);
}

Test(explain_wild, gre_is_dropped)
{
	phase2_done();
	check_first("esp_blocked", EXPLAIN_LIKELY);
	cr_assert_eq(named("gre_filtered")->side, EXPLAIN_THERE);
	/* Here, before it comes to ESP. */
	facts.packets_out = 0;
	nhrp(NHRP_EV_SENT);
	nhrp(NHRP_EV_SENT);
	check_first("gre_filtered", EXPLAIN_LIKELY);
	cr_assert_eq(x.cause[0].side, EXPLAIN_HERE);
}

Test(explain_wild, replays)
{
	phase2_done();
	facts.registered = true;
	facts.packets_in = 1000;
	facts.replay_drops = 86;
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
	cr_assert(notes("86 packets of the peer were dropped as replays"));
}

/* Where something is wrong now, what was mended since is not told with it. */
Test(explain_wild, not_the_past_with_the_present)
{
	phase1_done();
	differs(IKE_CAUSE_NO_TRANSFORM, ATTR_ESP_CIPHER, 3, 12);
	phase2_done();
	facts.registered = true;
	check_first("transform_encryption", EXPLAIN_CERTAIN);
	cr_assert(x.past);
	facts.silence = SECONDS(40);
	facts.ping_inside = EXPLAIN_PING_SILENT;
	check_first("esp_blocked", EXPLAIN_POSSIBLE);
	cr_assert_not(x.past);
	cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
	/* Nobody is down of whom something has just come. */
	facts.ping = EXPLAIN_PING_SILENT;
	hears(IKE_INITIATOR);
	events[facts.count - 1].at = events[facts.count - 1].ike.at = NOW - SECONDS(3);
	explain(&facts, &x);
	cr_assert_null(named("peer_down"));
}

/* Without IPsec nobody speaks of it. */
Test(explain_wild, no_ipsec)
{
	facts.secured = false;
	facts.up = facts.counted = true;
	facts.phase1 = facts.phase2 = MM_START;
	facts.ping_inside = EXPLAIN_PING_SILENT;
	nhrp(NHRP_EV_SENT);
	check_state("NHRP");
	cr_assert_not_null(strstr(x.meaning, "has no IPsec"));
	check_first("map_address", EXPLAIN_POSSIBLE);
	cr_assert(evidence_of_first("whoever is there does not answer"));
	cr_assert(named("gre_blocked"));
	cr_assert(named("tunnel_key"));
	cr_assert(named("no_nhrp"));
	for (size_t i = 0; i < x.causes; i++)
		cr_assert_null(strstr(x.cause[i].evidence, "SA"), "%s", x.cause[i].evidence);
	facts.gre_refused = true;
	check_first("tunnel_key", EXPLAIN_CERTAIN);
	cr_assert(evidence_of_first("what we send is refused by 10.0.1.2 itself"));
}
