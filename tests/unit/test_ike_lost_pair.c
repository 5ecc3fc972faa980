/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer that lives and has lost the pair: its Delete did not arrive, and from then on we send to nobody.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/ike_inputs.h"

#include "ikev1/store.h"

static void lose_their_pair(bool dpd)
{
	struct ipsec_pair *theirs;

	up();
	if (!dpd) {
		ike_peer_sa(t.us->peers)->vendor_ids = 0;
		ike_peer_sa(t.them->peers)->vendor_ids = 0;
	}
	theirs = ike_peer_pair(t.them->peers);
	ike_sa_expired(t.them, t.now, &t.our_end.addr, &t.their_end.addr, theirs->spi_in, true);
	two_drain(&t);
	t.head = t.tail; /* the Delete is lost */
	cr_assert_null(ike_peer_pair(t.them->peers));
	cr_assert_not_null(ike_peer_pair(t.us->peers));
	cr_assert_not_null(ike_peer_sa(t.them->peers));
}

static void deliver_for(msec duration)
{
	for (msec until = t.now + duration; t.now < until;) {
		two_deliver(&t, 100);
		two_wait(&t, 100);
	}
}

static bool agree(void)
{
	const struct ipsec_pair *ours = ike_peer_pair(t.us->peers);
	const struct ipsec_pair *theirs = ike_peer_pair(t.them->peers);

	return ours && theirs && ours->spi_out == theirs->spi_in && ours->spi_in == theirs->spi_out;
}

Test(ike_lost_pair, is_negotiated_anew_when_the_peer_has_answered)
{
	lose_their_pair(true);
	ike_suspect_pair(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
	two_drain(&t);
	deliver_for(SECONDS(8));
	cr_expect(agree());
	cr_expect(t.us_up && t.them_up);
	two_free(&t);
}

Test(ike_lost_pair, without_dpd_a_new_phase_1_asks)
{
	lose_their_pair(false);
	ike_suspect_pair(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
	two_drain(&t);
	deliver_for(SECONDS(8));
	cr_expect(agree());
	two_free(&t);
}

/* Who only wants to know whether somebody lives leaves the pair alone: others can cause that. */
Test(ike_lost_pair, a_question_renews_nothing)
{
	uint32_t spi;

	up();
	spi = ike_peer_pair(t.us->peers)->spi_in;
	ike_suspect(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
	two_drain(&t);
	deliver_for(SECONDS(8));
	cr_expect_eq(ike_peer_pair(t.us->peers)->spi_in, spi);
	two_free(&t);
}
