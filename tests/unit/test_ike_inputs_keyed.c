/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody may say who has the keys, or who cannot know whether we have: message 5, quick
 * mode, informational exchanges, fragments. As test_ike_inputs.c otherwise.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/ike_inputs.h"

#include "ikev1/store.h"

/* ---- messages 5 and 6 ---- */

/* What cannot be read, or can and is nonsense: one word back at the most, and the real one counts. */
Test(ike_inputs_keyed, undecryptable_message_5)
{
	uint8_t noise[200];

	memset(noise, 0xa5, sizeof(noise));
	for (size_t len = 0; len < sizeof(noise); len += 8) {
		struct forged f;

		under_way(4);
		cr_assert_eq(two_our_state(&t), MM_WAIT_MSG5);
		forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
		isakmp_payload_begin(&f.b, ISAKMP_ID);
		write_bytes(&f.b.w, noise, len);
		isakmp_payload_end(&f.b);
		isakmp_finish(&f.b, 1);
		f.octets[19] = ISAKMP_FLAG_ENCRYPTED;
		two_input(&t, true, f.octets, f.b.w.len);
		two_input(&t, true, f.octets, f.b.w.len);
		cr_expect_leq(t.sent_by_us, 1, "%zu octets", len);
		/* Told at once, by its name, and once. */
		cr_expect_eq(t.us_suspect, IKE_CAUSE_KEY_MISMATCH, "%zu octets", len);
		cr_expect_eq(t.us_suspected, 1, "%zu octets", len);
		cr_expect_eq(two_our_state(&t), MM_WAIT_MSG5);
		goes_on();
	}
}

/* Well encrypted by somebody who has the keys, but not what is expected. */
static void message_5(const struct isakmp_payload *payloads, size_t count)
{
	struct forged f;

	under_way(4);
	forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
	for (size_t i = 0; i < count; i++)
		isakmp_add_payload(&f.b, payloads[i].type, payloads[i].body);
	forged_seal(&t, &f, true);
	two_input(&t, true, f.octets, f.b.w.len);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG5);
	cr_expect_leq(t.sent_by_us, 1);
	cr_expect_eq(ike_counters(t.us)->phase1_up, 0);
	two_deliver(&t, 100);
	cr_expect_eq(ike_counters(t.us)->phase1_up, 1, "the real one counts");
	two_free(&t);
}

/* Hashes and signatures of odd sizes, none, two of them. */
Test(ike_inputs_keyed, hash_sizes)
{
	static const uint8_t zero[2000], id[8] = { 1, 17, 1, 244, 10, 0, 0, 2 };
	static const size_t lengths[] = { 0, 1, 16, 20, 31, 33, 64, 65, 1500 };
	struct isakmp_payload p[3] = { { .type = ISAKMP_ID, .body = { id, 8 } },
				       { .type = ISAKMP_HASH, .body = { zero, 32 } },
				       { .type = ISAKMP_HASH, .body = { zero, 32 } } };

	message_5(p, 1);
	message_5(p, 2);
	message_5(p, 3);
	message_5(p + 1, 1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		p[1].body.len = lengths[i];
		p[1].type = ISAKMP_HASH;
		message_5(p, 2);
		p[1].type = ISAKMP_SIG;
		message_5(p, 2);
	}
}

/* A distinguished name of one octet, addresses of no length, types that nobody has. */
Test(ike_inputs_keyed, identities)
{
	static const uint8_t zero[64];
	struct isakmp_payload p[2] = { { .type = ISAKMP_ID },
				       { .type = ISAKMP_HASH, .body = { zero, 32 } } };
	uint8_t id[40] = { 0 };

	for (unsigned int type = 0; type < 16; type++) {
		for (size_t len = 0; len < 12; len++) {
			id[0] = (uint8_t)type;
			id[4] = 0x30;
			p[0].body = span_of(id, len);
			message_5(p, 2);
		}
	}
}

/* The very octets that count when they come encrypted. */
Test(ike_inputs_keyed, message_5_in_the_clear)
{
	struct two_datagram d;
	uint8_t iv[CRYPTO_BLOCK_MAX];

	under_way(4);
	d = t.queue[t.head % TWO_QUEUE];
	memcpy(iv, t.us->sas->x.iv, sizeof(iv));
	cr_assert(crypto_cbc(two_policy.suite.cipher, false, two_their_sa(&t)->cipher_key, iv,
			     d.octets + ISAKMP_HEADER, d.len - ISAKMP_HEADER));
	cr_assert_eq(d.octets[16], ISAKMP_ID);
	cr_assert_eq(d.octets[ISAKMP_HEADER], ISAKMP_HASH);
	d.octets[19] = 0;
	/* What pads the cipher's blocks is too much here. */
	d.len = ISAKMP_HEADER + 12 + 36;
	d.octets[ISAKMP_HEADER + 12] = ISAKMP_NONE;
	d.octets[26] = (uint8_t)(d.len >> 8);
	d.octets[27] = (uint8_t)d.len;
	two_input(&t, true, d.octets, d.len);
	cr_expect_eq(dropped(IKE_DROP_CLEARTEXT), 1);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG5);
	cr_expect_eq(t.sent_by_us, 0);
	goes_on();
}

/* ---- phase 2 and informational, with the keys ---- */

static const uint8_t gre_id[2][8] = { { 1, 47, 0, 0, 10, 0, 0, 2 }, { 1, 47, 0, 0, 10, 0, 0, 1 } };

struct quick {
	struct span sa, ke, id[3];
	size_t nonce;
};

static struct quick good_quick(void)
{
	return (struct quick){ .sa = one(3, 12, "80040002 80050005 80060080 80010001 80020e10"),
			       .id = { { gre_id[0], 8 }, { gre_id[1], 8 } },
			       .nonce = 16 };
}

/* Sends a quick mode 1 with a right HASH; true where it was answered by a message 2. */
static bool quick(const struct quick *q, uint32_t msgid)
{
	static const uint8_t nonce[300];
	uint64_t added = t.sas_added;
	struct forged f;

	forge(&t, &f, ISAKMP_XCHG_QUICK, msgid);
	forged_hash_begin(&t, &f);
	isakmp_add_payload(&f.b, ISAKMP_SA, q->sa);
	isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(nonce, q->nonce));
	if (q->ke.data)
		isakmp_add_payload(&f.b, ISAKMP_KE, q->ke);
	for (size_t i = 0; i < ARRAY_SIZE(q->id); i++)
		if (q->id[i].data)
			isakmp_add_payload(&f.b, ISAKMP_ID, q->id[i]);
	two_mark(&t);
	forged_send_phase2(&t, &f, true);
	cr_expect_leq(t.sent_by_us, 1);
	t.head = t.tail;
	return t.sas_added > added;
}

Test(ike_inputs_keyed, quick_mode_that_fits)
{
	struct quick q = good_quick();

	up();
	cr_expect(quick(&q, 0x1001));
	two_free(&t);
}

static void refused(const struct quick *q, enum ike_cause cause)
{
	static uint32_t msgid = 0x2000;
	uint64_t before = ike_counters(t.us)->failed[cause];

	cr_expect_not(quick(q, ++msgid), "accepted what should be %d", (int)cause);
	cr_expect_eq(ike_counters(t.us)->failed[cause], before + 1, "cause %d", (int)cause);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
}

/* Names, ranges, other hosts, other protocols, none, one, three. */
Test(ike_inputs_keyed, quick_mode_identities)
{
	static const uint8_t fqdn[] = { 2, 47, 0, 0, 'a', '.', 'b' }, empty[] = { 1, 47, 0, 0 },
			     udp[] = { 1, 17, 0, 0, 10, 0, 0, 2 },
			     any[] = { 1, 0, 0, 0, 10, 0, 0, 2 },
			     port[] = { 1, 47, 0, 1, 10, 0, 0, 2 },
			     other[] = { 1, 47, 0, 0, 10, 0, 0, 3 },
			     subnet[] = { 4, 47, 0, 0, 10, 0, 0, 0, 255, 255, 255, 0 },
			     wide[] = { 4, 47, 0, 0, 10, 0, 0, 2, 255, 255, 255, 254 },
			     host[] = { 4, 47, 0, 0, 10, 0, 0, 2, 255, 255, 255, 255 },
			     range[] = { 7, 47, 0, 0, 10, 0, 0, 2, 10, 0, 0, 2 },
			     nothing[] = { 0, 0, 0, 0 }, six[] = { 5, 47, 0, 0, 10, 0, 0, 2 };
	static const struct span wrong[] = {
		{ fqdn, sizeof(fqdn) },	    { empty, sizeof(empty) }, { udp, sizeof(udp) },
		{ any, sizeof(any) },	    { port, sizeof(port) },   { other, sizeof(other) },
		{ subnet, sizeof(subnet) }, { range, sizeof(range) }, { nothing, sizeof(nothing) },
		{ wide, sizeof(wide) },
		{ six, sizeof(six) },	    { nothing, 0 },	      { nothing, 3 },
	};
	struct quick q;

	up();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (int which = 0; which < 2; which++) {
			q = good_quick();
			q.id[which] = wrong[i];
			refused(&q, IKE_CAUSE_PROXY_IDENTITIES);
		}
	}
	/* What was wanted instead is told. */
	q = good_quick();
	q.id[0] = span_of(subnet, sizeof(subnet));
	q.id[1] = span_of(port, sizeof(port));
	refused(&q, IKE_CAUSE_PROXY_IDENTITIES);
	cr_expect_eq(t.us_failed.failure.proxy[0].type, ISAKMP_ID_IPV4_SUBNET);
	cr_expect_eq(t.us_failed.failure.proxy[0].len, 8);
	cr_expect_arr_eq(t.us_failed.failure.proxy[0].data, subnet + 4, 8);
	cr_expect_eq(t.us_failed.failure.proxy[1].protocol, 47);
	cr_expect_eq(t.us_failed.failure.proxy[1].port, 1);
	q = good_quick();
	q.id[2] = q.id[0];
	refused(&q, IKE_CAUSE_PROXY_IDENTITIES);
	q = good_quick();
	q.id[1] = span_of(NULL, 0);
	refused(&q, IKE_CAUSE_PROXY_IDENTITIES);
	q.id[0] = span_of(NULL, 0);
	refused(&q, IKE_CAUSE_PROXY_IDENTITIES);
	/* A network of one host is that host. */
	q = good_quick();
	q.id[0] = span_of(host, sizeof(host));
	cr_expect(quick(&q, 0x1002));
	ike_clear(t.us, t.now, NULL, NULL);
	two_free(&t);
	up();
	/* Turned round. */
	q = good_quick();
	q.id[0] = span_of(gre_id[1], 8);
	q.id[1] = span_of(gre_id[0], 8);
	refused(&q, IKE_CAUSE_PROXY_IDENTITIES);
	two_free(&t);
}

/* GMAC, no cipher and no authentication, no key, bad key lengths, ESN, tunnel mode, AH, both. */
Test(ike_inputs_keyed, quick_mode_transforms)
{
	static const struct {
		uint8_t protocol, id;
		const char *attributes;
	} wrong[] = {
		{ 3, 23, "80040002 80060080" },
		{ 3, 20, "80040002 80060000" },
		{ 3, 20, "80040002" },
		{ 3, 12, "80040002 80050005 80060000" },
		{ 3, 12, "80040002 80050005 80060041" },
		{ 3, 12, "80040002 80050005 8006ffff" },
		{ 3, 12, "80040002 80060080" },
		{ 3, 12, "80040002 80050000 80060080" },
		{ 3, 11, "80040002" },
		{ 3, 0, "80040002 80050005" },
		{ 3, 2, "80040002 80050005" }, /* DES */
		{ 3, 12, "80040001 80050005 80060080" },
		{ 3, 12, "80040004 80050005 80060080" },
		{ 3, 12, "80050005 80060080" },
		{ 3, 12, "80040002 80050005 80060080 800b0001" },
		{ 2, 3, "80040002 80050002" },
		{ 4, 2, "80040002" },
		{ 2, 12, "80040002 80050005 80060080" },
		{ 4, 12, "80040002 80050005 80060080" },
		{ 3, 12, "" },
	};
	struct quick q = good_quick();

	up();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		q.sa = one(wrong[i].protocol, wrong[i].id, wrong[i].attributes);
		refused(&q, IKE_CAUSE_NO_TRANSFORM);
	}
	two_free(&t);
}

Test(ike_inputs_keyed, quick_mode_form)
{
	static const uint8_t ke[64] = { 4 };
	uint8_t x[CRYPTO_PRIVATE_MAX] = { 1 }, point[65] = { 0 };
	struct quick q = good_quick();

	up();
	/* A reserved SPI, a nonce too short or too long, a KE that nobody announced, and the other. */
	memset((uint8_t *)(uintptr_t)q.sa.data + 16, 0, 4);
	refused(&q, IKE_CAUSE_MALFORMED);
	q = good_quick();
	q.nonce = 7;
	refused(&q, IKE_CAUSE_MALFORMED);
	q.nonce = 257;
	refused(&q, IKE_CAUSE_MALFORMED);
	q = good_quick();
	q.ke = span_of(ke, 64);
	refused(&q, IKE_CAUSE_MALFORMED);
	q = good_quick();
	q.sa = one(3, 12, "80040002 80050005 80060080 80030013");
	refused(&q, IKE_CAUSE_MALFORMED);
	q.ke = span_of(ke, 63);
	refused(&q, IKE_CAUSE_BAD_KE);
	q.ke = span_of(ke, 64);
	refused(&q, IKE_CAUSE_BAD_KE);
	/* A good one, and an octet behind it. */
	crypto_dh_private_fix(GROUP_19, x);
	cr_assert_eq(crypto_dh_public(GROUP_19, x, point), CRYPTO_DH_OK);
	q.ke = span_of(point, 65);
	refused(&q, IKE_CAUSE_BAD_KE);
	q = good_quick();
	q.sa.len--;
	refused(&q, IKE_CAUSE_MALFORMED);
	two_free(&t);
}

/* Quick mode where it does not belong: before phase 1 is done, in the clear, with message id 0. */
Test(ike_inputs_keyed, quick_mode_out_of_place)
{
	struct forged f;

	for (unsigned int messages = 2; messages <= 5; messages++) {
		under_way(messages);
		forge(&t, &f, ISAKMP_XCHG_QUICK, 1);
		isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, 32));
		f.octets[19] = ISAKMP_FLAG_ENCRYPTED;
		forged_send(&t, &f);
		cr_expect_eq(t.sent_by_us, 0);
		goes_on();
	}
	up();
	two_mark(&t);
	forge(&t, &f, ISAKMP_XCHG_QUICK, 1);
	isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, 32));
	isakmp_add_payload(&f.b, ISAKMP_SA, good_quick().sa);
	forged_send(&t, &f);
	cr_expect_eq(dropped(IKE_DROP_CLEARTEXT), 1);
	forge(&t, &f, ISAKMP_XCHG_QUICK, 0);
	isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, 32));
	forged_seal(&t, &f, false);
	two_input(&t, true, f.octets, f.b.w.len);
	cr_expect_eq(dropped(IKE_DROP_UNEXPECTED), 1);
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect(t.us_up);
	two_free(&t);
}

/*
 * Before there are keys all keys are zero, and the HASH has no octets: nothing that comes encrypted
 * then is read, and nothing is said about it.
 */
Test(ike_inputs_keyed, encrypted_before_there_are_keys)
{
	static const uint8_t exchanges[] = { ISAKMP_XCHG_INFO, ISAKMP_XCHG_MAIN };

	for (unsigned int ours = 0; ours < 2; ours++) {
		for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++) {
			enum ike_state state;
			struct isakmp_sa key = { 0 };
			uint8_t iv[CRYPTO_BLOCK_MAX];
			struct forged f;

			alone();
			two_connect(&t, ours);
			two_deliver(&t, 2);
			two_mark(&t);
			state = two_our_state(&t);
			cr_assert_eq(state, ours ? MM_WAIT_MSG4 : MM_WAIT_MSG3);
			memcpy(key.cookies, t.us->sas->cookies, sizeof(key.cookies));
			key.suite = t.us->sas->suite;
			forge(&t, &f, exchanges[i], exchanges[i] == ISAKMP_XCHG_INFO ? 5 : 0);
			memcpy(f.octets, key.cookies, sizeof(key.cookies));
			isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(NULL, 0));
			isakmp_add_delete(&f.b, ISAKMP_PROTO_ISAKMP, key.cookies,
					  sizeof(key.cookies));
			cr_assert(isakmp_finish(&f.b, 16));
			keymat_iv_phase2(key.suite.hash, key.suite.cipher, key.x.iv, 5, iv);
			f.octets[19] = ISAKMP_FLAG_ENCRYPTED;
			crypto_cbc(key.suite.cipher, true, key.cipher_key, iv,
				   f.octets + ISAKMP_HEADER, f.b.w.len - ISAKMP_HEADER);
			two_input(&t, true, f.octets, f.b.w.len);
			cr_expect_eq(two_our_state(&t), state);
			cr_expect_eq(dropped(IKE_DROP_UNDECRYPTABLE), 1);
			cr_expect_eq(t.us->sas->x.evidence, IKE_CAUSE_NONE);
			cr_expect_eq(t.sent_by_us, 0);
			goes_on();
		}
	}
}

static void add_delete(struct forged *f, uint8_t protocol, const void *spi, uint8_t spi_size)
{
	isakmp_add_delete(&f->b, protocol, spi, spi_size);
}

/* A HASH that is wrong, not there, of another size, behind the payload that it should cover. */
Test(ike_inputs_keyed, unverified_delete_and_notify)
{
	const struct isakmp_sa *sa;
	struct forged f;

	up();
	two_mark(&t);
	sa = two_their_sa(&t);
	for (int kind = 0; kind < 4; kind++) {
		uint64_t before = dropped(IKE_DROP_HASH);

		forge(&t, &f, ISAKMP_XCHG_INFO, 100u + (uint32_t)kind);
		if (kind == 0)
			forged_hash_begin(&t, &f);
		if (kind == 1)
			isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, 20));
		add_delete(&f, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INITIAL_CONTACT,
				  span_of(sa->cookies, sizeof(sa->cookies)), span_of(NULL, 0));
		if (kind == 2)
			isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, 32));
		if (kind == 0) {
			forged_send_phase2(&t, &f, false);
		} else {
			forged_seal(&t, &f, false);
			two_input(&t, true, f.octets, f.b.w.len);
		}
		cr_expect_eq(dropped(IKE_DROP_HASH), before + 1, "kind %d", kind);
	}
	cr_expect_eq(ike_counters(t.us)->sas, 1);
	cr_expect(t.us_up);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

/* A refusal before phase 1 is done: a right HASH on it was made with our pre-shared key. */
Test(ike_inputs_keyed, refused_in_phase_1)
{
	static const struct {
		uint16_t notify;
		enum ike_cause cause;
	} cases[] = {
		{ ISAKMP_N_AUTHENTICATION_FAILED, IKE_CAUSE_PEER_REFUSES },
		{ ISAKMP_N_INVALID_KEY_INFORMATION, IKE_CAUSE_PEER_REFUSES },
		{ ISAKMP_N_INVALID_ID_INFORMATION, IKE_CAUSE_IDENTITY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct forged f;

		alone();
		two_connect(&t, true);
		two_deliver(&t, 5);
		cr_assert_eq(two_our_state(&t), MM_WAIT_MSG6);
		/* As if they had not gone on to message 6. */
		memcpy(two_their_sa(&t)->x.iv, t.us->sas->x.iv, sizeof(t.us->sas->x.iv));
		forge(&t, &f, ISAKMP_XCHG_INFO, 7);
		forged_hash_begin(&t, &f);
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, cases[i].notify, span_of(NULL, 0),
				  span_of(NULL, 0));
		forged_send_phase2(&t, &f, true);
		cr_expect_eq(t.us_told, cases[i].cause, "case %zu: %d", i, (int)t.us_told);
		two_free(&t);
	}
}

/* Who takes his leave as soon as he knows who we are is evidence, and told. */
Test(ike_inputs_keyed, left_after_phase_1)
{
	const struct isakmp_sa *sa;
	struct forged f;

	under_way(6);
	sa = two_their_sa(&t);
	cr_assert_eq(two_our_state(&t), MM_ACTIVE);
	forge(&t, &f, ISAKMP_XCHG_INFO, 7);
	forged_hash_begin(&t, &f);
	add_delete(&f, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(t.us_suspect, IKE_CAUSE_PEER_LEFT, "%d", (int)t.us_suspect);
	two_free(&t);
	/* Not where there was something to be protected. */
	up();
	two_mark(&t);
	sa = two_their_sa(&t);
	forge(&t, &f, ISAKMP_XCHG_INFO, 7);
	forged_hash_begin(&t, &f);
	add_delete(&f, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(t.us_suspected, 0);
	two_free(&t);
}

/* As much of the right HASH as he pleases: nothing would be right, too. */
static const size_t too_short[] = { 0, 1, 16, 31 };

static void add_short_hash(struct forged *f, uint32_t msgid, size_t len)
{
	const struct isakmp_sa *sa = two_their_sa(&t);
	size_t at = ISAKMP_HEADER + 4u;
	uint8_t hash[HASH_LEN_MAX];

	keymat_hash1(sa->suite.hash, &sa->keys, msgid,
		     span_of(f->octets + at + len, f->b.w.len - at - len), hash);
	memcpy(f->octets + at, hash, len);
	forged_seal(&t, f, false);
	two_input(&t, true, f->octets, f->b.w.len);
}

Test(ike_inputs_keyed, first_octets_of_a_hash)
{
	const struct isakmp_sa *sa;
	struct quick q = good_quick();
	struct forged f;

	up();
	two_mark(&t);
	sa = two_their_sa(&t);
	for (uint32_t i = 0; i < ARRAY_SIZE(too_short); i++) {
		forge(&t, &f, ISAKMP_XCHG_INFO, 100u + i);
		isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, too_short[i]));
		add_delete(&f, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
		add_short_hash(&f, 100u + i, too_short[i]);
		forge(&t, &f, ISAKMP_XCHG_QUICK, 100u + i);
		isakmp_add_payload(&f.b, ISAKMP_HASH, span_of(zeros, too_short[i]));
		isakmp_add_payload(&f.b, ISAKMP_SA, q.sa);
		isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(zeros, q.nonce));
		isakmp_add_payload(&f.b, ISAKMP_ID, q.id[0]);
		isakmp_add_payload(&f.b, ISAKMP_ID, q.id[1]);
		add_short_hash(&f, 100u + i, too_short[i]);
		cr_expect_eq(dropped(IKE_DROP_HASH), 2 * (i + 1));
	}
	/* All of it, but not in a HASH payload. */
	forge(&t, &f, ISAKMP_XCHG_INFO, 200);
	isakmp_add_payload(&f.b, ISAKMP_VENDOR, span_of(zeros, sa->keys.len));
	add_delete(&f, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	add_short_hash(&f, 200, sa->keys.len);
	cr_expect_eq(dropped(IKE_DROP_HASH), 2 * ARRAY_SIZE(too_short) + 1);
	/* Wrong in one bit. */
	forge(&t, &f, ISAKMP_XCHG_QUICK, 201);
	forged_hash_begin(&t, &f);
	isakmp_add_payload(&f.b, ISAKMP_SA, q.sa);
	isakmp_add_payload(&f.b, ISAKMP_NONCE, span_of(zeros, q.nonce));
	isakmp_add_payload(&f.b, ISAKMP_ID, q.id[0]);
	isakmp_add_payload(&f.b, ISAKMP_ID, q.id[1]);
	forged_send_phase2(&t, &f, false);
	cr_expect_eq(dropped(IKE_DROP_HASH), 2 * ARRAY_SIZE(too_short) + 2);
	cr_expect_not(t.us->sas->deleted);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

/*
 * The same message of a quick mode, but for its HASH, of which only the first octets are left; or all,
 * and one bit is wrong.
 */
static struct two_datagram cut_hash(const struct two_datagram *d, const struct two_datagram *before,
				    size_t len)
{
	const struct isakmp_sa *sa = two_their_sa(&t);
	size_t block = cipher_get(sa->suite.cipher)->block, cut = sa->keys.len - len;
	struct two_datagram out = *d;
	uint8_t iv[CRYPTO_BLOCK_MAX], *at = out.octets + ISAKMP_HEADER;

	memcpy(iv, before->octets + before->len - block, block);
	cr_assert(crypto_cbc(sa->suite.cipher, false, sa->cipher_key, iv, at,
			     d->len - ISAKMP_HEADER));
	cr_assert_eq(at[3], 4 + sa->keys.len);
	at[3] = (uint8_t)(4 + len);
	at[4] = (uint8_t)(at[4] ^ !cut);
	memmove(at + 4 + len, at + 4 + sa->keys.len, d->len - ISAKMP_HEADER - 4 - sa->keys.len);
	if (cut)
		memset(out.octets + d->len - cut, 0, cut);
	memcpy(iv, before->octets + before->len - block, block);
	crypto_cbc(sa->suite.cipher, true, sa->cipher_key, iv, at, d->len - ISAKMP_HEADER);
	return out;
}

Test(ike_inputs_keyed, first_octets_of_the_hash_of_messages_2_and_3)
{
	for (int ours = 0; ours < 2; ours++) {
		struct two_datagram before, real;

		alone();
		two_connect(&t, ours);
		/* Ours: 1 leaves, 2 comes. Theirs: 1 comes, 2 leaves, 3 comes. */
		two_deliver(&t, ours ? 6 : 7);
		before = t.queue[t.head % TWO_QUEUE];
		two_deliver(&t, 1);
		real = t.queue[t.head % TWO_QUEUE];
		cr_assert(!before.to_us && real.to_us && real.octets[18] == ISAKMP_XCHG_QUICK);
		two_mark(&t);
		for (size_t i = 0; i <= ARRAY_SIZE(too_short); i++) {
			size_t len = i < ARRAY_SIZE(too_short) ? too_short[i] : 32;
			struct two_datagram d = cut_hash(&real, &before, len);
			uint64_t added = t.sas_added;

			two_input(&t, true, d.octets, d.len);
			cr_expect_eq(dropped(IKE_DROP_HASH), i + 1);
			cr_expect_eq(t.sas_added, added);
		}
		cr_expect_eq(t.sent_by_us, 0);
		goes_on();
	}
}

/* The SA deletes itself in the midst of payloads that are still to be read. */
Test(ike_inputs_keyed, delete_with_more_behind)
{
	const struct isakmp_sa *sa;
	struct forged f;

	up();
	sa = two_their_sa(&t);
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	for (int i = 0; i < 3; i++) {
		add_delete(&f, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE,
				  span_of(sa->cookies, sizeof(sa->cookies)),
				  span_of("\0\0\0\1", 4));
		add_delete(&f, ISAKMP_PROTO_ESP, "\1\2\3\4", 4);
	}
	forged_send_phase2(&t, &f, true);
	two_wait(&t, SECONDS(5));
	cr_expect_eq(ike_counters(t.us)->sas, 0);
	cr_expect(t.us_up, "phase 2 survives it");
	two_free(&t);
}

/*
 * Thousands of SPIs announced, few there; SPIs of no length and of odd ones; another protocol's. The
 * octets are those of what is there.
 */
Test(ike_inputs_keyed, delete_with_many_spis)
{
	static const struct {
		uint8_t protocol, spi_size;
		uint16_t count;
		size_t octets;
	} wrong[] = { { 3, 4, 0xffff, 4 }, { 3, 0, 0xffff, 0 }, { 3, 4, 0, 0 },	  { 3, 4, 1, 0 },
		      { 3, 4, 2, 4 },	   { 3, 3, 1, 3 },	{ 1, 16, 2, 16 }, { 1, 8, 1, 8 },
		      { 1, 255, 255, 16 }, { 7, 4, 1, 4 },	{ 2, 4, 1, 4 },	  { 7, 16, 1, 16 },
		      { 1, 4, 1, 4 },	   { 3, 8, 1, 8 },	{ 3, 16, 1, 16 }, { 3, 255, 1, 255 } };
	uint8_t octets[256];
	struct forged f;

	up();
	two_mark(&t);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		forge(&t, &f, ISAKMP_XCHG_INFO, 10u + (uint32_t)i);
		forged_hash_begin(&t, &f);
		isakmp_payload_begin(&f.b, ISAKMP_DELETE);
		write_u32(&f.b.w, 1);
		write_u8(&f.b.w, wrong[i].protocol);
		write_u8(&f.b.w, wrong[i].spi_size);
		write_u16(&f.b.w, wrong[i].count);
		for (size_t k = 0; k < sizeof(octets); k++) {
			uint32_t spi = ike_peer_pair(t.us->peers)->spi_out;

			if (wrong[i].protocol == 1 || wrong[i].spi_size == 16)
				octets[k] = t.us->sas->cookies[k % 16];
			else
				octets[k] = (uint8_t)(spi >> (24 - 8 * (k % 4)));
		}
		write_bytes(&f.b.w, octets, wrong[i].octets);
		isakmp_payload_end(&f.b);
		forged_send_phase2(&t, &f, true);
	}
	/* As many as fit, all of them nobody's. */
	forge(&t, &f, ISAKMP_XCHG_INFO, 99);
	forged_hash_begin(&t, &f);
	isakmp_payload_begin(&f.b, ISAKMP_DELETE);
	write_u32(&f.b.w, 1);
	write_u8(&f.b.w, 3);
	write_u8(&f.b.w, 4);
	write_u16(&f.b.w, 900);
	write_zero(&f.b.w, 3600);
	isakmp_payload_end(&f.b);
	forged_send_phase2(&t, &f, true);
	cr_expect(t.us_up);
	cr_expect_eq(ike_counters(t.us)->sas, 1);
	cr_expect_not(t.us->sas->deleted);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

/* Encrypted in the midst of main mode; and a question that is not about this SA. */
Test(ike_inputs_keyed, r_u_there)
{
	struct forged f;

	up();
	two_mark(&t);
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	add_r_u_there(&f);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE, span_of(NULL, 0),
			  span_of(NULL, 0));
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(t.sent_by_us, 0);
	/* One that is, and the same again: answered once. */
	forge(&t, &f, ISAKMP_XCHG_INFO, 6);
	forged_hash_begin(&t, &f);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE,
			  span_of(two_their_sa(&t)->cookies, 16), span_of("\0\0\0\1", 4));
	forged_send_phase2(&t, &f, true);
	two_input(&t, true, f.octets, f.b.w.len);
	cr_expect_eq(t.sent_by_us, 1);
	cr_expect_eq(dropped(IKE_DROP_REPLAY), 1);
	two_free(&t);
}

/* One that is not as long as it has to be, also where the next octets would make it so. */
Test(ike_inputs_keyed, r_u_there_of_odd_lengths)
{
	static const struct {
		size_t spi, data;
	} wrong[] = { { 16, 0 }, { 16, 3 }, { 16, 5 }, { 16, 8 }, { 0, 4 }, { 12, 4 }, { 8, 4 } };

	up();
	two_mark(&t);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint8_t octets[24] = { 0 };
		struct forged f;

		memcpy(octets, two_their_sa(&t)->cookies, 16);
		forge(&t, &f, ISAKMP_XCHG_INFO, 10u + (uint32_t)i);
		forged_hash_begin(&t, &f);
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE,
				  span_of(octets, wrong[i].spi),
				  span_of(octets + wrong[i].spi, wrong[i].data));
		forged_send_phase2(&t, &f, true);
		cr_expect_eq(t.sent_by_us, 0, "SPI of %zu octets, %zu of data", wrong[i].spi,
			     wrong[i].data);
	}
	cr_expect_eq(dropped_at_all(), 0);
	two_free(&t);
}

/* ---- fragments, from somebody whom we did not tell that we take them ---- */

Test(ike_inputs_keyed, fragments)
{
	for (unsigned int messages = 0; messages < 6; messages += 2) {
		under_way(messages);
		for (unsigned int i = 0; i < 1000; i++) {
			struct forged f;

			forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
			isakmp_payload_begin(&f.b, ISAKMP_FRAGMENT);
			write_zero(&f.b.w, i % 12);
			isakmp_payload_end(&f.b);
			forged_send(&t, &f);
		}
		cr_expect_leq(t.sent_by_us, 0);
		cr_expect_leq(ike_counters(t.us)->sas, 1);
		goes_on();
	}
}
