/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends begin at once, and the messages come in an order that is rare: see test_ike_crossing.c in
 * tests/sim for those that are not.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/ike_inputs.h"

#include "ikev1/store.h"

static const struct ipsec_pair *unfinished(enum ike_role role)
{
	const struct ipsec_pair *pair;

	LIST_FOREACH (pair, &t.us->peers->pairs, of_peer)
		if (!pair->x.done && pair->x.role == role)
			return pair;
	cr_assert_fail("there is none");
	return NULL;
}

/*
 * Two quick modes that cross, of which ours wins or loses: the loser's next message, to us, and the
 * winner's, whichever way. The one that is not delivered first is late.
 */
struct rivals {
	struct two_datagram loser, winner;
};

static struct rivals rivals(bool ours_wins)
{
	for (unsigned int attempt = 0; attempt < 64; attempt++) {
		struct two_datagram ours, theirs;
		struct rivals r;
		bool wins;

		up();
		for (unsigned int i = 0; i < attempt; i++)
			drbg_u32(&t.us->drbg);
		pair_rekey(ike_peer_pair(t.us->peers));
		pair_rekey(ike_peer_pair(t.them->peers));
		two_drain(&t);
		ours = two_take(&t);
		theirs = two_take(&t);
		cr_assert(!ours.to_us && theirs.to_us);
		two_arrive(&t, &theirs);
		theirs = two_take(&t); /* our answer */
		wins = memcmp(unfinished(IKE_INITIATOR)->order, unfinished(IKE_RESPONDER)->order,
			      IKE_NONCE_ORDER) < 0;
		if (wins == ours_wins) {
			two_arrive(&t, ours_wins ? &theirs : &ours);
			r.loser = two_take(&t);
			cr_assert(r.loser.to_us);
			r.winner = ours_wins ? ours : theirs;
			return r;
		}
		two_free(&t);
	}
	cr_assert_fail("one of them always loses");
	abort();
}

/* It comes when the winner carries the traffic, and must not take it over: the peer will delete it. */
Test(ike_rivals, message_3_of_a_loser)
{
	struct rivals r = rivals(true);
	uint64_t added;
	uint32_t spi;

	two_arrive(&t, &r.winner);
	two_deliver(&t, 100);
	two_wait(&t, SECONDS(5));
	spi = ike_peer_sender(t.us->peers)->spi_out;
	cr_assert_eq(spi, ike_peer_pair(t.us->peers)->spi_out, "the winner sends");
	added = t.sas_added;
	two_arrive(&t, &r.loser);
	cr_expect_eq(t.sas_added, added);
	cr_expect_eq(ike_peer_sender(t.us->peers)->spi_out, spi);
	two_wait(&t, SECONDS(120));
	two_deliver(&t, 100);
	cr_expect(t.us_up && t.them_up);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
	cr_expect_eq(ike_peer_sender(t.us->peers)->spi_out, spi);
	two_free(&t);
}

/* What has lost is not brought to its end: nothing of it reaches the kernel, before the winner or after. */
Test(ike_rivals, answer_to_a_loser)
{
	for (int is_late = 0; is_late < 2; is_late++) {
		struct rivals r = rivals(false);
		uint64_t added = t.sas_added;

		if (is_late) {
			two_arrive(&t, &r.winner);
			two_deliver(&t, 100);
			cr_expect_eq(t.us->peers->unfinished, 0);
			added = t.sas_added;
		}
		two_arrive(&t, &r.loser);
		cr_expect_eq(t.sas_added, added);
		cr_expect_eq(t.us->peers->unfinished, !is_late);
		if (!is_late)
			two_arrive(&t, &r.winner);
		two_deliver(&t, 100);
		two_wait(&t, SECONDS(120));
		two_deliver(&t, 100);
		cr_expect(t.us_up && t.them_up);
		cr_expect_eq(ike_counters(t.us)->pairs, 1);
		two_free(&t);
	}
}

/* The same of phase 1: ours is given up when theirs, which wins, is done. */
Test(ike_rivals, main_mode_that_has_lost)
{
	bool seen = false;

	for (unsigned int attempt = 0; attempt < 64 && !seen; attempt++) {
		struct isakmp_sa *ours;
		struct two_datagram late;

		alone();
		for (unsigned int i = 0; i < attempt; i++)
			drbg_u32(&t.us->drbg);
		two_connect(&t, true);
		two_deliver(&t, 2);
		late = two_take(&t);
		cr_assert_eq(two_our_state(&t), MM_WAIT_MSG4);
		ours = t.us->sas;
		two_connect(&t, false);
		two_deliver(&t, 3);
		seen = memcmp(LIST_FIRST(&t.us->peers->sas)->order, ours->order,
			      IKE_NONCE_ORDER) < 0;
		if (seen) {
			cr_assert_eq(ike_counters(t.us)->half_open, 2);
			two_deliver(&t, 100);
			cr_expect_eq(ike_counters(t.us)->phase1_up, 1);
			cr_expect_eq(ike_counters(t.us)->half_open, 0, "it goes on");
			cr_expect_eq(ike_counters(t.us)->failed[IKE_CAUSE_SUPERSEDED], 1);
			two_arrive(&t, &late);
			two_deliver(&t, 100);
			cr_expect(t.us_up && t.them_up);
		}
		two_free(&t);
	}
	cr_expect(seen, "theirs never wins");
}
