/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages from elsewhere than where a peer was: which are read, who is asked whether he is there, and
 * what has to be proven before a peer is believed to have moved. See test_natt.c for those that have.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/ike_inputs.h"

#include "ikev1/store.h"

/* Up, and the peer is behind a NAT. */
static void behind_a_nat(void)
{
	alone();
	t.nat = 1000;
	two_connect(&t, false);
	two_deliver(&t, 100);
	cr_assert(t.us_up && t.them_up);
	cr_assert(t.us->peers->path.natt && t.us->peers->path.them);
	two_mark(&t);
}

/* As if it came from that address and port, on port 4500. */
static void arrive_from(uint32_t address, uint16_t port, const void *octets, size_t len)
{
	struct endpoint real = t.their_end;
	struct two_datagram d = { .to_us = true,
				  .natt = true,
				  .from = (uint16_t)(port - t.nat),
				  .to = 4500,
				  .len = len };

	memcpy(d.octets, octets, len);
	t.their_end.addr = addr_v4(address);
	two_arrive(&t, &d);
	t.their_end = real;
}

static struct two_datagram question_of_theirs(void)
{
	struct two_datagram d;

	ike_suspect(t.them, t.now, &t.their_end.addr, &t.our_end.addr);
	two_drain(&t);
	d = two_take(&t);
	cr_assert(d.to_us && d.len);
	return d;
}

static const struct endpoint *where(void)
{
	return &t.us->peers->path.remote;
}

/* Where there is no NAT a peer is where it was; not even a question goes elsewhere. */
Test(ike_moves, nobody_moves_without_a_nat)
{
	struct two_datagram d;

	up();
	d = question_of_theirs();
	two_mark(&t);
	arrive_from(0x0a000009, 4500, d.octets, d.len);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
	/* Nor does another port of its address count, when it is still to prove who it is. */
	under_way(4);
	d = two_take(&t);
	arrive_from(0x0a000002, 7777, d.octets, d.len);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	two_arrive(&t, &d);
	goes_on();
}

/* The change to port 4500 is not made backwards: a message that comes on port 500 is old. */
Test(ike_moves, never_back_to_port_500)
{
	struct two_datagram d;

	behind_a_nat();
	d = question_of_theirs();
	d.natt = false;
	d.from = d.to = 500;
	two_arrive(&t, &d);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(where()->port, 5500);
	two_free(&t);
}

/* What is not encrypted is nobody's word, behind a NAT, too: neighbours have its address. */
Test(ike_moves, nothing_in_the_clear)
{
	for (unsigned int messages = 4; messages <= 100; messages += 96) {
		struct forged f;

		alone();
		t.nat = 1000;
		two_connect(&t, false);
		two_deliver(&t, messages);
		cr_assert(t.us->sas->nat.them);
		two_mark(&t);
		forge(&t, &f, ISAKMP_XCHG_INFO, 5);
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_NO_PROPOSAL_CHOSEN,
				  span_of(NULL, 0), span_of(NULL, 0));
		isakmp_finish(&f.b, 1);
		arrive_from(0x0a000002, 7777, f.octets, f.b.w.len);
		cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1, "after %u messages", messages);
		cr_expect_eq(t.us->sas->x.evidence, IKE_CAUSE_NONE);
		cr_expect_eq(t.sent_by_us, 0);
		goes_on();
	}
}

/* A question of the peer's that never arrived, from the place where somebody has read it. */
static void doubtful(uint32_t msgid, uint16_t port)
{
	struct forged f;
	uint8_t number[4];
	struct writer w = writer_of(number, sizeof(number));

	write_u32(&w, msgid);
	forge(&t, &f, ISAKMP_XCHG_INFO, msgid);
	forged_hash_begin(&t, &f);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE,
			  span_of(two_their_sa(&t)->cookies, 16), span_of(number, 4));
	forged_seal_phase2(&t, &f, true);
	arrive_from(0x0a000009, port, f.octets, f.b.w.len);
}

/* Each is answered where the peer is; who is elsewhere is asked once in a second. */
Test(ike_moves, questions_are_few)
{
	behind_a_nat();
	for (uint32_t i = 0; i < 5; i++)
		doubtful(100 + i, 7777);
	cr_expect_eq(t.sent_by_us, 5 + 1);
	two_wait(&t, 1100);
	two_mark(&t);
	for (uint32_t i = 0; i < 5; i++)
		doubtful(200 + i, 7777);
	cr_expect_eq(t.sent_by_us, 5 + 1);
	cr_expect_eq(where()->port, 5500);
	two_free(&t);
}

/* ---- answers to the question whether somebody is there ---- */

static void answer(uint32_t number, uint32_t msgid, uint32_t address, uint16_t port)
{
	const struct isakmp_sa *sa = two_their_sa(&t);
	struct forged f;
	uint8_t octets[4];
	struct writer w = writer_of(octets, sizeof(octets));

	write_u32(&w, number);
	forge(&t, &f, ISAKMP_XCHG_INFO, msgid);
	forged_hash_begin(&t, &f);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE_ACK,
			  span_of(sa->cookies, sizeof(sa->cookies)), span_of(octets, 4));
	forged_seal_phase2(&t, &f, true);
	arrive_from(address, port, f.octets, f.b.w.len);
}

/* Only the number that was asked there, and only from there; and once. */
Test(ike_moves, only_the_right_answer)
{
	struct addr before;
	uint32_t asked;

	behind_a_nat();
	before = where()->addr;
	doubtful(100, 7777);
	asked = t.us->sas->probe.sequence;
	cr_assert_neq(asked, 0);
	answer(asked - 1, 200, 0x0a000009, 7777);
	answer(asked + 1, 201, 0x0a000009, 7777);
	answer(0, 202, 0x0a000009, 7777);
	answer(asked, 203, 0x0a000009, 7778);
	answer(asked, 204, 0x0a00000a, 7777);
	cr_expect_eq(where()->port, 5500);
	cr_expect(addr_equal(&where()->addr, &before));
	cr_expect(t.us_up);
	cr_expect_eq(t.us->sas->probe.sequence, asked);
	two_wait(&t, 100);
	answer(asked, 205, 0x0a000009, 7777);
	cr_expect_not(t.us_up && where()->port == 5500, "it has moved");
	two_free(&t);
}

/* A quick mode that comes from elsewhere was written by the peer: some time ago, maybe. */
Test(ike_moves, quick_mode_moves_nobody)
{
	struct addr before;
	struct two_datagram d;

	behind_a_nat();
	before = where()->addr;
	pair_rekey(ike_peer_pair(t.them->peers));
	two_drain(&t);
	d = two_take(&t);
	cr_assert_eq(d.octets[18], ISAKMP_XCHG_QUICK);
	arrive_from(0x0a000009, 7777, d.octets, d.len);
	cr_expect_eq(t.us->peers->unfinished, 1, "it was read");
	cr_expect_eq(where()->port, 5500);
	cr_expect(addr_equal(&where()->addr, &before));
	cr_expect_eq(t.us->sas->probe.at.port, 7777, "but somebody is asked there");
	two_deliver(&t, 100);
	cr_expect(t.us_up && t.them_up);
	two_free(&t);
}
