/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened later counts more: successes heal, new attempts outdate, and what is over is the past.
 *
 * LINK: daemon/explain.c daemon/explain_causes.c daemon/explain_digest.c daemon/explain_evidence.c
 * LINK: daemon/explain_tunnel.c
 * LINK: daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c
 * LINK: ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#include "tests/unit/explain_story.h"

TestSuite(explain_time, .init = begin);

/* What was mended is not blamed for what is wrong now ... */
Test(explain_time, heals)
{
	opens(IKE_INITIATOR);
	fails(1, IKE_INITIATOR, IKE_CAUSE_PEER_KEY_MISMATCH, MM_WAIT_MSG6);
	phase1_done();
	differs(IKE_CAUSE_PFS_GROUP, ATTR_PFS_GROUP, 2, 5);
	check_first("pfs_groups", EXPLAIN_CERTAIN);
	cr_assert_null(named("psk_mismatch"));
}

/* Who has got beyond the offer has offered what fits. */
Test(explain_time, later_steps_heal_earlier_ones)
{
	ike(IKE_EVENT_DROP, 0, IKE_RESPONDER)->drop.why = IKE_DROP_IKEV2;
	opens(IKE_RESPONDER);
	differs(IKE_CAUSE_NO_POLICY, ATTR_HASH, 2, 1);
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_POLICY_MATCH, 1, IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_KEY_MISMATCH, MM_WAIT_MSG5);
	check_first("psk_mismatch", EXPLAIN_LIKELY);
	cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
}

/* Of two failures of the same kind the newer one is what is wrong now. */
Test(explain_time, newest_first)
{
	opens(IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_CERT_EXPIRED, MM_BLD_MSG6);
	opens(IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_CERT_REVOKED, MM_BLD_MSG6);
	check_first("cert_revoked", EXPLAIN_CERTAIN);
	opens(IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_CERT_EXPIRED, MM_BLD_MSG6);
	check_first("cert_expired", EXPLAIN_CERTAIN);
	cr_assert_eq(x.causes, 1, "%zu", x.causes);
	cr_assert_null(named("cert_revoked"));
}

/* What an attempt does not come to any more is not what is wrong now, however sure it was. */
Test(explain_time, newest_attempt)
{
	phase1_done();
	differs(IKE_CAUSE_PFS_GROUP, ATTR_PFS_GROUP, 2, 5);
	nhrp(NHRP_EV_AUTHENTICATION_FAILED);
	opens(IKE_RESPONDER);
	ike(IKE_EVENT_POLICY_MATCH, 1, IKE_RESPONDER);
	fails(1, IKE_RESPONDER, IKE_CAUSE_KEY_MISMATCH, MM_WAIT_MSG5);
	check_first("psk_mismatch", EXPLAIN_LIKELY);
	cr_assert_eq(x.causes, 1, "%s", x.cause[1].name);
}

/* What each side's attempts show is told together: the responder knows the attribute. */
Test(explain_time, both_roles)
{
	opens(IKE_RESPONDER);
	differs(IKE_CAUSE_NO_POLICY, ATTR_HASH, 2, 1);
	opens(IKE_INITIATOR);
	fails(1, IKE_INITIATOR, IKE_CAUSE_PEER_NO_POLICY, MM_WAIT_MSG2);
	explain(&facts, &x);
	cr_assert(named("phase1_hash"));
	cr_assert(named("peer_no_policy"));
}

/* ... but told as the past when all is well. */
Test(explain_time, the_past)
{
	opens(IKE_INITIATOR);
	fails(1, IKE_INITIATOR, IKE_CAUSE_PEER_KEY_MISMATCH, MM_WAIT_MSG6);
	phase2_done();
	facts.registered = true;
	check_state("UP");
	check_first("psk_mismatch", EXPLAIN_LIKELY);
	cr_assert(x.past);
	cr_assert_eq(x.n_ruled, 0);
}

/* What was heard before a new attempt that stays silent does not rule out that the way is blocked. */
Test(explain_time, silence_after_a_long_time)
{
	phase1_done();
	for (size_t i = 0; i < facts.count; i++)
		events[i].at = events[i].ike.at = NOW - SECONDS(3000);
	opens(IKE_INITIATOR);
	fails(1, IKE_INITIATOR, IKE_CAUSE_NO_ANSWER, MM_WAIT_MSG2);
	facts.phase1 = MM_START;
	check_first("udp500_blocked", EXPLAIN_LIKELY);
	cr_assert_not(rules_out("UDP port 500 blocked on the way here"));
}

/* What was heard before it died rules nothing out. */
Test(explain_time, dead_peer)
{
	phase2_done();
	facts.up = false;
	facts.phase1 = facts.phase2 = MM_START;
	facts.ping = EXPLAIN_PING_SILENT;
	ike(IKE_EVENT_DPD, 1, IKE_INITIATOR)->dpd.dead = true;
	check_first("peer_dead", EXPLAIN_LIKELY);
	cr_assert_not(rules_out("the peer is down"));
	cr_assert_not(rules_out("UDP port 500 blocked on the way here"));
	cr_assert_not(rules_out("UDP port 500 blocked on the way there"));
}

/* Spokes that were connected and are done with each other are no fault. */
Test(explain_time, nobody_wants_it)
{
	facts.mapped = facts.server = false;
	phase1_done();
	fails(2, IKE_INITIATOR, IKE_CAUSE_EXPIRED, QM_ACTIVE);
	facts.phase1 = MM_START;
	explain(&facts, &x);
	cr_assert_eq(x.causes, 0);
	cr_assert_not(explain_matters(&facts, &x));
}
