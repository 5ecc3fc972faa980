/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a peer, or somebody who pretends to be one, may say: each was a published flaw somewhere.
 * Nothing crashes, nothing is answered that should not be, what was dropped is counted, and an
 * exchange that was running goes on.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/ike_inputs.h"

/* Cookies of nobody, next payload, version, exchange, flags, message id; length and rest follow. */
#define STRANGER "1111111111111111 0000000000000000"

/* A first message with that SA payload: what we make of it; answers at most. */
static void offer(struct span sa, uint64_t answers, enum ike_cause cause)
{
	uint64_t before = ike_counters(t.us)->failed[cause], sas = ike_counters(t.us)->sas;
	struct forged f;

	two_mark(&t);
	first_message(&f, sa);
	forged_send(&t, &f);
	cr_expect_leq(t.sent_by_us, answers);
	cr_expect_eq(ike_counters(t.us)->failed[cause], before + 1, "cause %d", (int)cause);
	cr_expect_eq(ike_counters(t.us)->sas, sas, "an SA was left");
	t.head = t.tail;
	two_wait(&t, SECONDS(1));
}

/* ---- the messages themselves ---- */

Test(ike_inputs, garbage)
{
	uint8_t octets[600];
	uint32_t random = 1;

	alone();
	for (size_t round = 0; round < 20000; round++) {
		size_t len = round % sizeof(octets);

		for (size_t i = 0; i < len; i++) {
			random = random * 1103515245u + 12345u;
			octets[i] = (uint8_t)(random >> 16);
		}
		if (len >= ISAKMP_HEADER && round % 2) { /* a header that is read */
			octets[17] = ISAKMP_VERSION;
			octets[18] = round % 4 == 1 ? ISAKMP_XCHG_MAIN : ISAKMP_XCHG_QUICK;
			octets[24] = octets[25] = 0;
			octets[26] = (uint8_t)(len >> 8);
			octets[27] = (uint8_t)len;
		}
		two_input(&t, true, octets, len);
	}
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(dropped_at_all(), 20000);
	cr_expect_eq(ike_counters(t.us)->received, 20000);
	cr_expect_eq(ike_counters(t.us)->sas, 0);
	cr_expect_null(t.us->peers);
	two_free(&t);
}

/* Each message of a whole exchange, at every length and with every octet broken, before it comes. */
Test(ike_inputs, every_truncation)
{
	under_way(0);
	while (t.head != t.tail) {
		struct two_datagram d = t.queue[t.head % TWO_QUEUE];
		uint64_t before = t.sent_by_us;
		enum ike_state state = two_our_state(&t);

		for (size_t len = 0; d.to_us && len < d.len; len++)
			two_input(&t, true, d.octets, len);
		cr_expect_eq(t.sent_by_us, before);
		cr_expect_eq(two_our_state(&t), state);
		two_deliver_one(&t);
	}
	goes_on();
}

Test(ike_inputs, total_length)
{
	under_way(0);
	for (int delta = -1; delta <= 1; delta += 2) {
		struct two_datagram d = t.queue[t.head % TWO_QUEUE];

		d.octets[27] = (uint8_t)(d.octets[27] + delta);
		two_input(&t, true, d.octets, d.len);
	}
	/* Something behind a message, and a length of four gigabytes. */
	for (int i = 0; i < 2; i++) {
		struct two_datagram d = t.queue[t.head % TWO_QUEUE];

		if (i)
			memset(d.octets + 24, 0xff, 4);
		two_input(&t, true, d.octets, d.len + !i);
	}
	cr_expect_eq(dropped(IKE_DROP_MALFORMED), 4);
	cr_expect_eq(t.sent_by_us, 0);
	goes_on();
}

Test(ike_inputs, ikev2)
{
	alone();
	say(STRANGER "21 20 22 08 00000000 00000020 00000004");
	cr_expect_eq(dropped(IKE_DROP_IKEV2), 1);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

Test(ike_inputs, aggressive_mode_and_others)
{
	static const uint8_t exchanges[] = { 0, 1, 3, 6, 31, 33, 34, 255 };
	struct forged f;

	alone();
	forge(&t, &f, ISAKMP_XCHG_AGGRESSIVE, 0);
	isakmp_add_payload(&f.b, ISAKMP_SA, one(1, 1, GOOD_OFFER));
	forged_send(&t, &f);
	cr_expect_eq(dropped(IKE_DROP_AGGRESSIVE), 1);
	for (size_t i = 0; i < sizeof(exchanges); i++) {
		forge(&t, &f, exchanges[i], 0);
		isakmp_add_payload(&f.b, ISAKMP_SA, one(1, 1, GOOD_OFFER));
		forged_send(&t, &f);
	}
	cr_expect_eq(dropped(IKE_DROP_EXCHANGE_TYPE), sizeof(exchanges));
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(ike_counters(t.us)->sas, 0);
	two_free(&t);
}

/* ---- informational, from nobody ---- */

Test(ike_inputs, r_u_there_without_cookies)
{
	alone();
	say("0000000000000000 0000000000000000 0b 10 05 00 00000001 00000040"
	    "00000020 00000001 01 10 8d28 0000000000000000 0000000000000000 00000007");
	/* And with cookies of half an SA. */
	say(STRANGER "0b 10 05 00 00000001 0000003c"
		     "00000020 00000001 01 10 8d28 1111111111111111 0000000000000000 00000007");
	cr_expect_eq(dropped_at_all(), 2);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

Test(ike_inputs, informational_of_unknown_sa)
{
	struct forged f;

	alone();
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	add_r_u_there(&f);
	forged_send(&t, &f);
	f.octets[19] = ISAKMP_FLAG_ENCRYPTED;
	two_input(&t, true, f.octets, f.b.w.len);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 2);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

/* In the clear, to an exchange at each of its stages, and to an SA that is up. */
Test(ike_inputs, cleartext_notify)
{
	static const uint16_t types[] = { ISAKMP_N_R_U_THERE,
					  ISAKMP_N_NO_PROPOSAL_CHOSEN,
					  ISAKMP_N_PAYLOAD_MALFORMED,
					  ISAKMP_N_INITIAL_CONTACT,
					  ISAKMP_N_INVALID_COOKIE,
					  ISAKMP_N_AUTHENTICATION_FAILED,
					  ISAKMP_N_INVALID_ID_INFORMATION,
					  0xffff };

	for (unsigned int messages = 0; messages <= 9; messages++) {
		struct forged f;

		alone();
		two_connect(&t, messages % 2);
		two_deliver(&t, messages);
		two_mark(&t);
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			const struct isakmp_sa *sa = two_their_sa(&t);

			if (!sa)
				continue;
			forge(&t, &f, ISAKMP_XCHG_INFO, 77);
			isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, types[i],
					  span_of(sa->cookies, sizeof(sa->cookies)),
					  span_of("\0\0\0\1", 4));
			isakmp_add_delete(&f.b, ISAKMP_PROTO_ISAKMP, sa->cookies,
					  sizeof(sa->cookies));
			forged_send(&t, &f);
		}
		cr_expect_eq(t.sent_by_us, 0, "after message %u", messages);
		goes_on();
	}
}

/* ---- main mode 1 ---- */

Test(ike_inputs, first_payload_of_type_15)
{
	alone();
	say(STRANGER "0f 10 02 00 00000000 00000024 00000008 00000000");
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(dropped_at_all(), 1);
	cr_expect_eq(ike_counters(t.us)->sas, 0);
	two_free(&t);
}

Test(ike_inputs, situation_and_doi)
{
	struct span sa = one(1, 1, GOOD_OFFER);
	uint8_t *octets = (uint8_t *)(uintptr_t)sa.data;

	alone();
	memset(octets + 4, 0xff, 4);
	offer(sa, 1, IKE_CAUSE_NO_POLICY);
	memset(octets, 0xff, 4);
	offer(sa, 1, IKE_CAUSE_NO_POLICY);
	/* Nothing behind them at all. */
	offer(span_of(octets, 8), 1, IKE_CAUSE_NO_POLICY);
	offer(span_of(octets, 4), 0, IKE_CAUSE_MALFORMED);
	offer(span_of(octets, 0), 0, IKE_CAUSE_MALFORMED);
	two_free(&t);
}

/* It refuses our answer as somebody who has not taken our cookie yet: evidence, and no more. */
Test(ike_inputs, answer_refused)
{
	struct isakmp_header h = { .version = ISAKMP_VERSION, .exchange = ISAKMP_XCHG_INFO };
	struct forged f;

	alone();
	first_message(&f, one(1, 1, GOOD_OFFER));
	memcpy(h.icookie, f.octets, ISAKMP_COOKIE);
	forged_send(&t, &f);
	isakmp_begin(&f.b, f.octets, sizeof(f.octets), &h);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_NO_PROPOSAL_CHOSEN, span_of(NULL, 0),
			  span_of(NULL, 0));
	forged_send(&t, &f);
	cr_expect_eq(t.us_suspect, IKE_CAUSE_PEER_NO_POLICY);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG3);
	/* Nobody else says so. */
	h.icookie[0] ^= 1;
	isakmp_begin(&f.b, f.octets, sizeof(f.octets), &h);
	forged_send(&t, &f);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	two_free(&t);
}

/* Refused, repeated, and its next message sent nevertheless: there is no state to trip over. */
Test(ike_inputs, refused_and_then_some)
{
	struct forged f;

	alone();
	for (int i = 0; i < 3; i++)
		offer(one(1, 1, "80010005 80020002 80030001 80040002"), 1, IKE_CAUSE_NO_POLICY);
	forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
	isakmp_add_payload(&f.b, ISAKMP_KE, span_of(zeros, 64));
	isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(zeros, 16));
	forged_send(&t, &f);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	cr_expect_null(t.us->peers);
	two_free(&t);
}

/* Algorithms that exist elsewhere only, and key lengths that do not exist. */
Test(ike_inputs, transforms_that_cannot_be)
{
	static const char *const offers[] = {
		"80010007 80020004 80030001 80040000 800e0080", /* no group */
		"80010007 80020004 80030001 80044000 800e0080", /* private group */
		"80010007 80020004 80030001 8004ffff 800e0080",
		"80010007 80020004 80030001 80040003 800e0080", /* EC2N */
		"80010007 80020004 80030004 80040013 800e0080", /* RSA encryption */
		"80010007 80020004 80030005 80040013 800e0080",
		"80010007 80020004 8003fde9 80040013 800e0080", /* XAUTH */
		"80010007 80020004 80030001 80040013 800e0000", /* key lengths */
		"80010007 80020004 80030001 80040013 800e0001",
		"80010007 80020004 80030001 80040013 800e0081",
		"80010007 80020004 80030001 80040013 800effff",
		"80010001 80020004 80030001 80040013", /* DES */
		"80010000 80020000 80030000 80040000",
		"80010007 80020004 80030001 80040013 800e0080 800d0001", /* a PRF */
		"80010007 80010005 80020004 80030001 80040013 800e0080", /* two ciphers */
		"",
	};

	alone();
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		offer(one(1, 1, offers[i]), 1, IKE_CAUSE_NO_POLICY);
	two_free(&t);
}

Test(ike_inputs, attributes_past_the_end)
{
	static const char *const offers[] = {
		"0001ffff",
		"0001000500",
		"8001",
		"80",
		"80010007 000c0004 0001",
		"80010007 000cffff 00015180",
	};

	alone();
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		offer(one(1, 1, offers[i]), 0, IKE_CAUSE_MALFORMED);
	two_free(&t);
}

/* SA, proposal and transform lengths and counts that disagree, each by one and by a lot. */
Test(ike_inputs, lengths_that_disagree)
{
	/* proposal's length, SPI size, count; transform's length */
	static const size_t places[] = { 10, 11, 14, 15, 18, 19 };

	alone();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		for (int delta = -1; delta <= 1; delta += 2) {
			struct span sa = one(1, 1, GOOD_OFFER);
			uint8_t *octets = (uint8_t *)(uintptr_t)sa.data;

			octets[places[i]] = (uint8_t)(octets[places[i]] + delta);
			offer(sa, 0, IKE_CAUSE_MALFORMED);
		}
	}
	/* They agree, and there is nothing. */
	offer(hex("00000001 00000001 00000008 01010000"), 0, IKE_CAUSE_MALFORMED);
	two_free(&t);
}

/* So many times the same transform. */
static struct span repeated(uint8_t *out, size_t cap, unsigned int times)
{
	struct span sa = one(1, 1, GOOD_OFFER);
	const size_t head = 16, len = sa.len - head;
	size_t total = head + times * len;

	cr_assert_leq(total, cap);
	memcpy(out, sa.data, head);
	for (unsigned int i = 0; i < times; i++) {
		memcpy(out + head + i * len, sa.data + head, len);
		out[head + i * len] = i + 1 < times ? ISAKMP_TRANSFORM : ISAKMP_NONE;
	}
	out[10] = (uint8_t)((total - 8) >> 8);
	out[11] = (uint8_t)(total - 8);
	out[15] = (uint8_t)times;
	return span_of(out, total);
}

/* What is kept of a stranger's offer is bounded; and an answer chooses. */
Test(ike_inputs, many_transforms)
{
	struct isakmp_header h = { .version = ISAKMP_VERSION,
				   .exchange = ISAKMP_XCHG_MAIN,
				   .rcookie = { 0xee } };
	uint8_t octets[4000];
	struct forged f;

	alone();
	offer(repeated(octets, sizeof(octets), 100), 0, IKE_CAUSE_MALFORMED);
	first_message(&f, repeated(octets, sizeof(octets), 60));
	two_mark(&t);
	forged_send(&t, &f);
	cr_expect_eq(t.sent_by_us, 1, "many are not too many");
	two_free(&t);

	alone();
	two_connect(&t, true);
	two_mark(&t);
	memcpy(h.icookie, t.queue[t.head].octets, ISAKMP_COOKIE);
	isakmp_begin(&f.b, f.octets, sizeof(f.octets), &h);
	isakmp_add_payload(&f.b, ISAKMP_SA, repeated(octets, sizeof(octets), 2));
	forged_send(&t, &f);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG2);
	cr_expect_eq(t.sent_by_us, 0);
	goes_on();
}

/* Payloads of no length, which others have walked for ever; and one that only claims to be long. */
Test(ike_inputs, zero_length_payloads)
{
	alone();
	say(STRANGER "01 10 02 00 00000000 00000024 01 00 0000 01 00 0000");
	say(STRANGER "0d 10 02 00 00000000 00000020 0d 00 0003");
	say(STRANGER "0d 10 02 00 00000000 00000020 0d 00 ffff");
	say(STRANGER "0d 10 02 00 00000000 0000001c");
	say(STRANGER "00 10 02 00 00000000 0000001c");
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(dropped_at_all(), 5);
	two_free(&t);
}

Test(ike_inputs, vendor_ids)
{
	static const char *const vids[] = { "", "af", "4048b7d56ebce88525e7de7f00d6c2d3",
					    "4048b7d56ebce88525e7de7f00d6c2d3ff",
					    "afcad71368a1f1c9" };
	struct forged f;

	alone();
	first_message(&f, one(1, 1, GOOD_OFFER));
	for (size_t i = 0; i < ARRAY_SIZE(vids); i++)
		isakmp_add_payload(&f.b, ISAKMP_VENDOR, hex(vids[i]));
	forged_send(&t, &f);
	cr_expect_eq(t.sent_by_us, 1, "accepted, whatever they mean");
	two_free(&t);
}

/* Fragments for another mode are none for us. */
Test(ike_inputs, capabilities_of_fragmentation)
{
	static const char *const vids[] = { "4048b7d56ebce88525e7de7f00d6c2d340000000",
					    "4048b7d56ebce88525e7de7f00d6c2d380000000",
					    "4048b7d56ebce88525e7de7f00d6c2d3" };

	for (size_t i = 0; i < ARRAY_SIZE(vids); i++) {
		struct forged f;

		alone();
		first_message(&f, one(1, 1, GOOD_OFFER));
		isakmp_add_payload(&f.b, ISAKMP_VENDOR, hex(vids[i]));
		forged_send(&t, &f);
		cr_assert_not_null(t.us->sas);
		cr_expect_eq(!!(t.us->sas->vendor_ids & 1u << VID_FRAGMENTATION), i > 0, "%zu", i);
		two_free(&t);
	}
}

Test(ike_inputs, thousands_of_payloads)
{
	struct forged f;

	alone();
	first_message(&f, one(1, 1, GOOD_OFFER));
	for (int i = 0; i < 500; i++)
		isakmp_add_payload(&f.b, ISAKMP_VENDOR, span_of(NULL, 0));
	forged_send(&t, &f);
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(dropped(IKE_DROP_MALFORMED), 1);
	two_free(&t);
}

/* Types of IKEv2 (33 to 48), of drafts, reserved ones. */
Test(ike_inputs, payload_types_of_others)
{
	alone();
	for (unsigned int type = 0; type < 256; type++) {
		uint64_t before = t.sent_by_us;
		struct forged f;

		first_message(&f, one(1, 1, GOOD_OFFER));
		isakmp_add_payload(&f.b, (uint8_t)type, span_of("\0\0\0\0", 4));
		f.octets[0] = (uint8_t)(type + 1);
		forged_send(&t, &f);
		/* Vendor ids, requests for certificates, and what is private, are put up with. */
		cr_expect_eq(t.sent_by_us - before,
			     type == ISAKMP_VENDOR || type == ISAKMP_CR ||
				     (type >= 128 &&
				      (type < ISAKMP_NATD_DRAFT || type > ISAKMP_FRAGMENT)),
			     "type %u", type);
		t.head = t.tail;
	}
	two_free(&t);
}

/* ---- cookies ---- */

/* A refusal with a responder cookie is no message 2, and its cookie opens nothing. */
Test(ike_inputs, cookie_of_a_refusal)
{
	struct forged f;
	struct isakmp_header h = { .version = ISAKMP_VERSION,
				   .exchange = ISAKMP_XCHG_INFO,
				   .msgid = 9,
				   .rcookie = { 0xee } };

	alone();
	two_connect(&t, true);
	two_mark(&t);
	memcpy(h.icookie, t.queue[t.head].octets, ISAKMP_COOKIE);
	isakmp_begin(&f.b, f.octets, sizeof(f.octets), &h);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_NO_PROPOSAL_CHOSEN, span_of(NULL, 0),
			  span_of(NULL, 0));
	forged_send(&t, &f);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG2);
	h.exchange = ISAKMP_XCHG_MAIN;
	h.msgid = 0;
	isakmp_begin(&f.b, f.octets, sizeof(f.octets), &h);
	isakmp_add_payload(&f.b, ISAKMP_KE, span_of(zeros, 64));
	isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(zeros, 16));
	forged_send(&t, &f);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG2);
	cr_expect_eq(t.sent_by_us, 0);
	goes_on();
}

/* The right cookies from another address or port. */
Test(ike_inputs, from_elsewhere)
{
	for (unsigned int messages = 0; messages < 9; messages++) {
		struct endpoint real;
		struct two_datagram d;

		under_way(messages);
		d = t.queue[t.head % TWO_QUEUE];
		if (!d.to_us || !messages) {
			two_free(&t);
			continue;
		}
		real = t.their_end;
		t.their_end.addr = addr_v4(0x0a000009);
		two_input(&t, true, d.octets, d.len);
		cr_expect_eq(t.sent_by_us, 0, "message %u", messages);
		t.their_end = real;
		goes_on();
	}
}

/* ---- KE and nonce ---- */

/* Message 3 with another KE. The exchange waits for a better one; where none comes it fails. */
static void bad_ke(struct span ke, size_t nonce_len, bool has_nonce)
{
	uint8_t nonce[300] = { 1 };
	struct forged f;

	under_way(2);
	forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
	if (ke.data)
		isakmp_add_payload(&f.b, ISAKMP_KE, ke);
	if (has_nonce)
		isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(nonce, nonce_len));
	forged_send(&t, &f);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG3);
	cr_expect_eq(t.sent_by_us, 0);
	goes_on();
}

Test(ike_inputs, ke_of_wrong_length)
{
	static const uint8_t ke[600] = { 4 };

	for (size_t len = 0; len <= 65; len++)
		if (len != 64)
			bad_ke(span_of(ke, len), 32, true);
	bad_ke(span_of(ke, 600), 32, true);
	bad_ke(span_of(NULL, 0), 32, true);
	bad_ke(span_of(ke, 64), 0, false);
	bad_ke(span_of(ke, 64), 0, true);
	bad_ke(span_of(ke, 64), 7, true);
	bad_ke(span_of(ke, 64), 257, true);
}

/* 0, 1, p - 1, p and above: only arithmetic tells, and then it is the wrong key at the worst. */
Test(ike_inputs, ke_of_wrong_value)
{
	struct ike_policy policy = two_policy;
	struct ike_config cfg = two_config;
	static const char *const p =
		"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
		"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
		"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
		"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";
	uint8_t value[5][128] = { { 0 } };

	policy.suite.group = GROUP_2;
	cfg.policies = &policy;
	value[1][127] = 1;
	memcpy(value[2], hex(p).data, 128);
	memcpy(value[3], hex(p).data, 128);
	value[2][127]--;
	memset(value[4], 0xff, 128);
	for (int i = 0; i < 5; i++) {
		struct forged f;

		two_init(&t, &cfg, &cfg, GROUP_NONE);
		two_connect(&t, false);
		two_deliver(&t, 2);
		two_mark(&t);
		forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
		isakmp_add_payload(&f.b, ISAKMP_KE, span_of(value[i], 128));
		isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(value[1] + 100, 28));
		forged_send(&t, &f);
		cr_expect_eq(t.sent_by_us, 0, "value %d", i);
		/* Unauthenticated as it is, it must not end the exchange of the honest peer. */
		goes_on();
	}
}

/* As numbers they would do: cut short, with a zero in front, with more behind. */
Test(ike_inputs, ke_of_wrong_length_as_a_number)
{
	static const size_t lengths[] = { 1, 127, 129, 256, 600 };
	struct ike_policy policy = two_policy;
	struct ike_config cfg = two_config;
	uint8_t value[600] = { 0, 2 };

	policy.suite.group = GROUP_2;
	cfg.policies = &policy;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct forged f;

		two_init(&t, &cfg, &cfg, GROUP_NONE);
		two_connect(&t, false);
		two_deliver(&t, 2);
		two_mark(&t);
		forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
		isakmp_add_payload(&f.b, ISAKMP_KE, span_of(value, lengths[i]));
		isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(value, 28));
		forged_send(&t, &f);
		cr_expect_eq(t.sent_by_us, 0, "%zu octets", lengths[i]);
		goes_on();
	}
}

/* Points that are not on the curve. */
Test(ike_inputs, ke_off_the_curve)
{
	uint8_t value[3][64] = { { 0 }, { 1 } };

	memset(value[2], 0xff, 64);
	for (int i = 0; i < 3; i++) {
		struct forged f;

		under_way(2);
		forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
		isakmp_add_payload(&f.b, ISAKMP_KE, span_of(value[i], 64));
		isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(value[2], 16));
		forged_send(&t, &f);
		cr_expect_eq(t.sent_by_us, 0, "value %d", i);
		goes_on();
	}
}

/* ---- what we give away to strangers ---- */

/* A responder repeats nothing by itself before the initiator has shown that it is there. */
Test(ike_inputs, no_amplification)
{
	struct two_datagram first;

	under_way(0);
	first = two_take(&t);
	two_input(&t, true, first.octets, first.len);
	cr_expect_eq(t.sent_by_us, 1);
	for (int i = 0; i < 100; i++)
		two_input(&t, true, first.octets, first.len);
	cr_expect_leq(t.sent_by_us, 20, "answers to duplicates are bounded");
	two_mark(&t);
	ike_clear(t.them, t.now, NULL, NULL);
	two_drain(&t);
	two_wait(&t, SECONDS(100));
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(ike_counters(t.us)->sas, 0);
	two_free(&t);
}

/* Refusals are few, however many ask. */
Test(ike_inputs, refusals_are_limited)
{
	alone();
	for (int i = 0; i < 1000; i++) {
		struct forged f;

		first_message(&f, one(1, 1, "80010005 80020002 80030001 80040002"));
		f.octets[2] = (uint8_t)i;
		f.octets[3] = (uint8_t)(i >> 8);
		forged_send(&t, &f);
		t.head = t.tail;
	}
	cr_expect_leq(t.sent_by_us, 25);
	cr_expect_eq(ike_counters(t.us)->failed[IKE_CAUSE_NO_POLICY], 1000);
	two_free(&t);
}

Test(ike_inputs, half_open_limits)
{
	struct ike_config cfg = two_config;

	cfg.limits.half_open = 50;
	cfg.limits.half_open_per_source = 5;
	two_init(&t, &cfg, &two_config, GROUP_NONE);
	for (uint32_t i = 0; i < 2000; i++) {
		struct forged f;

		t.their_end.addr = addr_v4(0x0b000000 + i % 40);
		first_message(&f, one(1, 1, GOOD_OFFER));
		f.octets[2] = (uint8_t)i;
		f.octets[3] = (uint8_t)(i >> 8);
		forged_send(&t, &f);
		t.head = t.tail;
		cr_assert_leq(ike_counters(t.us)->half_open, 50);
		for (struct ike_peer *p = t.us->peers; p; p = p->hh.next)
			cr_assert_leq(p->half_open, 5);
	}
	two_wait(&t, SECONDS(60));
	cr_expect_eq(ike_counters(t.us)->half_open, 0);
	cr_expect_null(t.us->peers);
	two_free(&t);
}

/* Main mode has no message ids: one that has is none of it, at no stage. */
Test(ike_inputs, main_mode_with_a_message_id)
{
	for (unsigned int messages = 0; messages < 6; messages += 2) {
		struct two_datagram d, real;

		under_way(messages);
		d = real = two_take(&t);
		cr_assert(d.to_us);
		d.octets[23] = 1;
		two_arrive(&t, &d);
		cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1, "after %u messages", messages);
		cr_expect_eq(t.sent_by_us, 0);
		two_arrive(&t, &real);
		goes_on();
	}
}
