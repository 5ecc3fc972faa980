/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody may try who holds nothing, the key that all share, or a good certificate of his own,
 * to hurt others: use what is not his, spend our memory and time, pass for somebody else. See
 * test_natt.c for the like through a NAT.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/ike_inputs.h"

#include "ikev1/fragment.h"
#include "ikev1/store.h"

/* As a stranger says it, from elsewhere. */
static void say_from(uint32_t address, struct forged *f)
{
	struct endpoint real = t.their_end;

	t.their_end.addr = addr_v4(address);
	forged_send(&t, f);
	t.their_end = real;
}

static struct two_datagram last_sent(void)
{
	cr_assert_neq(t.head, t.tail);
	return t.queue[(t.tail - 1) % TWO_QUEUE];
}

/* ---- with nothing ---- */

/* Who lies about where he is never sees our cookie, and gets no Diffie-Hellman without it. */
Test(ike_attacks, message_3_without_our_cookie)
{
	static const struct isakmp_header h = { .version = ISAKMP_VERSION,
						.exchange = ISAKMP_XCHG_MAIN };
	struct isakmp_header mine = h;
	struct two_datagram real;
	struct forged f;

	/* KE and nonce that are good: those of somebody else's message 3. */
	under_way(2);
	real = two_take(&t);
	two_free(&t);
	alone();
	first_message(&f, one(1, 1, GOOD_OFFER));
	forged_send(&t, &f);
	cr_assert_eq(t.sent_by_us, 1);
	memcpy(mine.icookie, f.octets, ISAKMP_COOKIE);
	isakmp_begin(&f.b, f.octets, sizeof(f.octets), &mine);
	f.octets[16] = real.octets[16];
	write_bytes(&f.b.w, real.octets + ISAKMP_HEADER, real.len - ISAKMP_HEADER);
	forged_send(&t, &f);
	cr_expect_eq(t.sent_by_us, 1);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG3);
	cr_expect(t.us->sas->is_unproven, "it may be evicted");
	cr_expect_null(t.us->sas->mm->dh);
	cr_expect_eq(dropped(IKE_DROP_UNEXPECTED), 1);
	two_free(&t);
}

/* Whoever has brought our cookie back keeps his place, however many come in his name or in others'. */
Test(ike_attacks, who_is_there_stays)
{
	struct ike_config cfg = two_config;

	cfg.limits.half_open_per_source = 2;
	cfg.limits.half_open = 3;
	two_init(&t, &cfg, &two_config, GROUP_NONE);
	two_connect(&t, false);
	two_deliver(&t, 4);
	cr_assert_eq(two_our_state(&t), MM_WAIT_MSG5);
	for (uint8_t i = 0; i < 20; i++) {
		struct forged f;

		first_message(&f, one(1, 1, GOOD_OFFER));
		f.octets[2] = i;
		say_from(i % 2 ? 0x14000000u + i : 0x0a000002, &f);
	}
	cr_expect_geq(ike_counters(t.us)->evicted, 15);
	two_deliver(&t, 100);
	cr_expect(t.us_up && t.them_up);
	two_free(&t);
}

/* The right answer from the wrong place does not count, but is told: the peer may have two addresses. */
Test(ike_attacks, answer_from_elsewhere)
{
	struct endpoint real;
	struct two_datagram answer;

	two_init(&t, &two_config, &two_config, GROUP_NONE);
	two_connect(&t, true);
	two_deliver(&t, 1);
	answer = two_take(&t);
	real = t.their_end;
	t.their_end.addr = addr_v4(0x0a000009);
	two_input(&t, true, answer.octets, answer.len);
	t.their_end = real;
	cr_expect_eq(dropped(IKE_DROP_ELSEWHERE), 1);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG2);
	two_input(&t, true, answer.octets, answer.len);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG4);
	two_free(&t);
}

/* All that we send comes back to us: with the key that all share we would be our own peer. */
Test(ike_attacks, reflection)
{
	struct ike_config cfg = two_config;

	cfg.identity = IKE_IDENTITY_HOSTNAME;
	cfg.hostname = span_of("everybody", 9);
	two_init(&t, &cfg, &cfg, GROUP_NONE);
	two_connect(&t, true);
	for (int i = 0; i < 50 && t.head != t.tail; i++) {
		struct two_datagram d = two_take(&t);

		two_input(&t, true, d.octets, d.len);
	}
	cr_expect_eq(dropped(IKE_DROP_REFLECTED), 1);
	cr_expect_eq(two_our_state(&t), MM_WAIT_MSG2);
	cr_expect_eq(ike_counters(t.us)->sas, 1);
	cr_expect_not(t.us_up);
	two_wait(&t, SECONDS(100));
	two_free(&t);
}

/* Addresses that would all fall into one bucket, if they could be chosen so. */
Test(ike_attacks, peers_that_collide)
{
	struct {
		uint8_t secret[8];
		struct addr local, remote;
	} key = { .local = addr_v4(0x0a000001) };
	const UT_hash_table *table;
	unsigned int most = 0;
	struct forged f;
	uint32_t found = 0;

	alone();
	first_message(&f, one(1, 1, GOOD_OFFER));
	for (uint32_t a = 0x14000000; found < 1000; a++) {
		unsigned int value;

		key.remote = addr_v4(a);
		HASH_JEN(&key, sizeof(key), value);
		if (value & 0x1ff)
			continue;
		say_from(a, &f);
		t.head = t.tail;
		found++;
	}
	cr_assert_eq(HASH_CNT(hh, t.us->peers), 1000);
	table = t.us->peers->hh.tbl;
	for (unsigned int i = 0; i < table->num_buckets; i++)
		most = MAX(most, table->buckets[i].count);
	cr_expect_lt(most, 50, "%u of 1000 in one bucket", most);
	two_free(&t);
}

/* A first message in a peer's name now and then does not keep us from renewing phase 1. */
Test(ike_attacks, renewal_goes_on)
{
	struct ike_policy policy = two_policy;
	struct ike_config cfg = two_config;
	struct forged f;

	policy.lifetime = 600;
	cfg.policies = &policy;
	two_init(&t, &cfg, &cfg, GROUP_NONE);
	two_connect(&t, true);
	two_deliver(&t, 100);
	cr_assert(t.us_up);
	for (msec end = t.now + SECONDS(550); t.now < end;) {
		first_message(&f, one(1, 1, GOOD_OFFER));
		f.octets[2] = (uint8_t)(t.now / 1000);
		forged_send(&t, &f);
		for (int i = 0; i < 20; i++) {
			two_wait(&t, SECONDS(1));
			two_deliver(&t, 100);
		}
	}
	cr_expect_eq(ike_counters(t.us)->phase1_up, 2);
	two_free(&t);
}

/* Nor does it tell that the peer is dead, when nothing follows it. */
Test(ike_attacks, nobody_dies_of_a_strangers_silence)
{
	struct forged f;

	up();
	first_message(&f, one(1, 1, GOOD_OFFER));
	forged_send(&t, &f);
	two_wait(&t, IKE_EXCHANGE_LIFETIME - 1000);
	/* A peer without DPD is asked by a new phase 1. */
	LIST_FIRST(&t.us->peers->sas)->vendor_ids = 0;
	ike_peer_sa(t.us->peers)->vendor_ids = 0;
	ike_suspect(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
	two_drain(&t);
	cr_assert(t.us->peers->suspect);
	t.no_messages = true;
	t.head = t.tail;
	two_wait(&t, SECONDS(3));
	cr_expect(t.us_up, "told dead before it could answer");
	t.no_messages = false;
	two_wait(&t, SECONDS(4));
	two_deliver(&t, 100);
	cr_expect(t.us_up);
	cr_expect_not(t.us->peers->suspect);
	two_free(&t);
}

/* ---- fragments ---- */

static void add_fragment(struct forged *f, uint16_t id, uint8_t number, size_t len)
{
	isakmp_payload_begin(&f->b, ISAKMP_FRAGMENT);
	write_u16(&f->b.w, id);
	write_u8(&f->b.w, number);
	write_u8(&f->b.w, 0);
	write_zero(&f->b.w, len);
	isakmp_payload_end(&f->b);
}

/* Who has read our cookies, but is elsewhere, does not disturb what is being put together. */
Test(ike_attacks, fragments_from_elsewhere)
{
	struct forged f;

	under_way(4);
	forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
	add_fragment(&f, 7, 1, 100);
	forged_send(&t, &f);
	cr_assert_eq(t.us->fragment_bytes, 100);
	forge(&t, &f, ISAKMP_XCHG_MAIN, 0);
	add_fragment(&f, 8, 1, 50);
	say_from(0x0a000009, &f);
	cr_expect_eq(t.us->fragment_bytes, 100, "thrown away");
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	goes_on();
}

/* Many leave theirs unfinished, until all room is taken: it is the oldest that goes. */
Test(ike_attacks, fragments_fill_the_room)
{
	enum { SOURCES = FRAGMENT_BYTES_MAX / 14000 + 20 };

	alone();
	for (uint32_t i = 0; i < SOURCES; i++) {
		struct isakmp_header h;
		struct two_datagram d;
		struct forged f;

		first_message(&f, one(1, 1, GOOD_OFFER));
		say_from(0x14000000 + i, &f);
		d = last_sent();
		cr_assert_eq(isakmp_parse_header(span_of(d.octets, d.len), &h), ISAKMP_OK);
		for (uint8_t k = 1; k <= 4; k++) {
			isakmp_begin(&f.b, f.octets, sizeof(f.octets), &h);
			add_fragment(&f, 1, k, 3500);
			say_from(0x14000000 + i, &f);
		}
		cr_assert_leq(t.us->fragment_bytes, FRAGMENT_BYTES_MAX);
		t.head = t.tail;
	}
	cr_expect_eq(dropped(IKE_DROP_FRAGMENT), 0, "the newest found room");
	cr_expect_geq(t.us->fragment_bytes, FRAGMENT_BYTES_MAX / 2);
	two_wait(&t, SECONDS(60));
	cr_expect_eq(t.us->fragment_bytes, 0);
	cr_expect(TAILQ_EMPTY(&t.us->fragments));
	cr_expect_null(t.us->peers);
	two_free(&t);
}

/* ---- old messages ---- */

static struct two_datagram next_to_us(void)
{
	for (;;) {
		struct two_datagram d = t.queue[t.head % TWO_QUEUE];

		cr_assert_neq(t.head, t.tail);
		if (d.to_us)
			return d;
		two_deliver_one(&t);
	}
}

static void many_signs_of_life(bool ours)
{
	for (int i = 0; i < 2 * IKE_SEEN_MSGIDS; i++) {
		if (ours)
			ike_suspect(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
		else
			ike_suspect(t.them, t.now, &t.their_end.addr, &t.our_end.addr);
		two_drain(&t);
		two_deliver(&t, 100);
	}
}

/* Signs of life have made it old, and its pair is gone: it is not negotiated once more. */
Test(ike_attacks, old_quick_mode)
{
	struct two_datagram first;
	struct ipsec_pair *old;

	alone();
	two_connect(&t, false);
	two_deliver(&t, 6);
	first = next_to_us();
	cr_assert_eq(first.octets[18], ISAKMP_XCHG_QUICK);
	two_deliver(&t, 100);
	cr_assert(t.us_up);
	old = ike_peer_pair(t.them->peers);
	pair_rekey(old);
	two_drain(&t);
	two_deliver(&t, 100);
	two_wait(&t, SECONDS(70));
	two_deliver(&t, 100);
	cr_assert_eq(ike_counters(t.us)->pairs, 1);
	many_signs_of_life(false);
	two_mark(&t);
	two_input(&t, true, first.octets, first.len);
	cr_expect_eq(t.sent_by_us, 0);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
	cr_expect_eq(dropped(IKE_DROP_REPLAY), 1);
	two_free(&t);
}

static msec last_heard(void)
{
	return ike_peer_sa(t.us->peers)->dpd.heard;
}

/* A question that is old, or our own sent back, makes nobody look alive. */
Test(ike_attacks, old_signs_of_life)
{
	for (int ours = 0; ours < 2; ours++) {
		struct two_datagram old;
		msec before;

		up();
		two_wait(&t, SECONDS(1));
		if (ours)
			ike_suspect(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
		else
			ike_suspect(t.them, t.now, &t.their_end.addr, &t.our_end.addr);
		two_drain(&t);
		old = t.queue[t.head % TWO_QUEUE];
		cr_assert_eq(old.to_us, !ours);
		two_deliver(&t, 100);
		cr_expect_eq(last_heard(), t.now, "it was one");
		many_signs_of_life(ours);
		before = t.now;
		two_wait(&t, SECONDS(5));
		two_input(&t, true, old.octets, old.len);
		cr_expect_eq(last_heard(), before, "%s", ours ? "our own" : "the peer's");
		two_free(&t);
	}
}

/* Answers to questions that were not asked, before and after those that were. */
Test(ike_attacks, answers_to_no_question)
{
	static const int beside[] = { -1, 1, 2, 1000, INT32_MIN };

	for (size_t i = 0; i <= ARRAY_SIZE(beside); i++) {
		struct isakmp_sa *ours;
		uint8_t number[4];
		struct writer w = writer_of(number, sizeof(number));
		struct forged f;
		bool right = i == ARRAY_SIZE(beside);

		up();
		two_wait(&t, SECONDS(1));
		ike_suspect(t.us, t.now, &t.our_end.addr, &t.their_end.addr);
		two_drain(&t);
		ours = ike_peer_sa(t.us->peers);
		write_u32(&w, ours->dpd.sequence + (right ? 0 : (uint32_t)beside[i]));
		forge(&t, &f, ISAKMP_XCHG_INFO, 5);
		forged_hash_begin(&t, &f);
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE_ACK,
				  span_of(ours->cookies, sizeof(ours->cookies)),
				  span_of(number, sizeof(number)));
		forged_send_phase2(&t, &f, true);
		cr_expect_eq(ours->dpd.heard == t.now, right, "number %zu", i);
		cr_expect_eq(ours->dpd.tries == 0, right);
		two_free(&t);
	}
}

/* What was sent before the peer deleted the SA comes after it: nothing new is begun over that. */
Test(ike_attacks, quick_mode_over_a_deleted_sa)
{
	const struct isakmp_sa *sa;
	struct forged f;

	up();
	sa = two_their_sa(&t);
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	isakmp_add_delete(&f.b, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	forged_send_phase2(&t, &f, true);
	cr_assert_eq(ike_counters(t.us)->sas, 1, "it lingers");
	two_mark(&t);
	forge(&t, &f, ISAKMP_XCHG_QUICK, 6);
	forged_hash_begin(&t, &f);
	add_quick_mode(&f);
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(dropped(IKE_DROP_UNKNOWN_SA), 1);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

/* "I know of nothing before" said before the newest SAs were made, and heard after it. */
Test(ike_attacks, old_initial_contact)
{
	const struct isakmp_sa *newer;
	struct forged f;

	up();
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INITIAL_CONTACT,
			  span_of(two_their_sa(&t)->cookies, 16), span_of(NULL, 0));
	forged_seal_phase2(&t, &f, true);
	two_wait(&t, SECONDS(1));
	ike_peer_start_phase1(t.them->peers);
	two_drain(&t);
	two_deliver(&t, 100);
	newer = ike_peer_sa(t.us->peers);
	pair_rekey(ike_peer_pair(t.them->peers));
	two_drain(&t);
	two_deliver(&t, 100);
	cr_assert_eq(ike_counters(t.us)->sas, 2, "the first one is still there");
	cr_assert_eq(ike_counters(t.us)->pairs, 2);
	two_input(&t, true, f.octets, f.b.w.len);
	cr_expect_eq(dropped_at_all(), 0);
	cr_expect_eq(ike_peer_sa(t.us->peers), newer);
	cr_expect(t.us_up);
	cr_expect_geq(ike_counters(t.us)->pairs, 1);
	cr_expect_eq(ike_peer_pair(t.us->peers)->sa, newer, "the newer one's pair");
	two_free(&t);
}

/* ---- with the key that all share, or whoever signs ---- */

/*
 * Keys are there before it is known whose they are. Who stands at a peer's address (behind its NAT)
 * and has come that far cannot delete what the peer has.
 */
Test(ike_attacks, delete_before_the_proof)
{
	struct isakmp_sa *ours, *theirs;
	uint8_t spi[4];
	struct writer w = writer_of(spi, sizeof(spi));
	struct forged f;

	up();
	write_u32(&w, ike_peer_pair(t.us->peers)->spi_out);
	ike_peer_start_phase1(t.them->peers);
	two_drain(&t);
	two_deliver(&t, 4);
	ours = LIST_FIRST(&t.us->peers->sas);
	theirs = two_their_sa(&t);
	cr_assert_eq(ours->x.state, MM_WAIT_MSG5);
	cr_assert(ours->keys.len && !memcmp(ours->cookies, theirs->cookies, 16));
	memcpy(theirs->x.iv, ours->x.iv, sizeof(theirs->x.iv));
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	isakmp_add_delete(&f.b, ISAKMP_PROTO_ESP, spi, sizeof(spi));
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INITIAL_CONTACT,
			  span_of(ours->cookies, 16), span_of(NULL, 0));
	two_mark(&t);
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(dropped_at_all(), 0, "its HASH is right");
	cr_expect(t.us_up);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
	cr_expect_eq(ike_counters(t.us)->sas, 2);
	cr_expect_eq(t.sent_by_us, 0);
	two_free(&t);
}

/* Nor does he get SAs. */
Test(ike_attacks, quick_mode_before_the_proof)
{
	struct isakmp_sa *theirs;
	uint8_t iv[CRYPTO_BLOCK_MAX];
	struct forged f;

	under_way(4);
	theirs = two_their_sa(&t);
	memcpy(iv, theirs->x.iv, sizeof(iv));
	memcpy(theirs->x.iv, t.us->sas->x.iv, sizeof(iv));
	forge(&t, &f, ISAKMP_XCHG_QUICK, 5);
	forged_hash_begin(&t, &f);
	add_quick_mode(&f);
	forged_send_phase2(&t, &f, true);
	memcpy(theirs->x.iv, iv, sizeof(iv));
	cr_expect_eq(dropped(IKE_DROP_UNEXPECTED), 1);
	cr_expect_eq(ike_counters(t.us)->pairs, 0);
	cr_expect_eq(t.sent_by_us, 0);
	goes_on();
}

/* Over an SA of its own nobody reaches another peer's: not by its SPIs, not by its cookies. */
Test(ike_attacks, delete_of_another_peers)
{
	struct addr another = addr_v4(0x0a000003);
	struct ike_peer *p;
	struct isakmp_sa *victim;
	struct ipsec_pair *pair;
	struct forged f;
	uint8_t spi[8];
	struct writer w = writer_of(spi, sizeof(spi));

	up();
	/* Another peer's pair and SA, as good as real. */
	p = ike_peer_get(t.us, &t.our_end.addr, &another);
	victim = sa_new(p, IKE_INITIATOR, &t.our_end, &(struct endpoint){ another, 500 });
	victim->suite = t.us->sas->suite;
	pair = pair_new(victim, IKE_INITIATOR, 77);
	pair_choose_spi(pair);
	pair->spi_out = 0x12345678;
	write_u32(&w, pair->spi_out);
	write_u32(&w, pair->spi_in);
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	isakmp_add_delete(&f.b, ISAKMP_PROTO_ESP, spi, 4);
	isakmp_add_delete(&f.b, ISAKMP_PROTO_ESP, spi + 4, 4);
	isakmp_add_delete(&f.b, ISAKMP_PROTO_ISAKMP, victim->cookies, 16);
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ESP, ISAKMP_N_NO_PROPOSAL_CHOSEN, span_of(spi + 4, 4),
			  span_of(NULL, 0));
	isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INITIAL_CONTACT,
			  span_of(victim->cookies, 16), span_of(NULL, 0));
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(dropped_at_all(), 0);
	cr_expect_eq(p->pair_count, 1);
	cr_expect_eq(p->sa_count, 1);
	cr_expect(ike_peer_sa(ike_peer_find(t.us, &t.our_end.addr, &t.their_end.addr)),
		  "nor does it delete its own by that");
	two_free(&t);
}

/* An SPI that is not known yet is zero in our books, which is no name for it. */
Test(ike_attacks, delete_of_spi_zero)
{
	struct forged f;

	up();
	pair_rekey(ike_peer_pair(t.us->peers));
	two_drain(&t);
	cr_assert_eq(t.us->peers->unfinished, 1);
	forge(&t, &f, ISAKMP_XCHG_INFO, 5);
	forged_hash_begin(&t, &f);
	isakmp_add_delete(&f.b, ISAKMP_PROTO_ESP, "\0\0\0\0", 4);
	forged_send_phase2(&t, &f, true);
	cr_expect_eq(t.us->peers->unfinished, 1);
	/* Nor for the kernel, which says so of what it had only asked for. */
	ike_sa_expired(t.us, t.now, &t.our_end.addr, &t.their_end.addr, 0, true);
	cr_expect_eq(t.us->peers->unfinished, 1);
	two_deliver(&t, 100);
	cr_expect_eq(t.us->peers->unfinished, 0);
	cr_expect(t.us_up && t.them_up);
	two_free(&t);
}

static void no_traffic(struct two *two, bool us, const struct ike_effect *e)
{
	ike_traffic(us ? two->us : two->them, two->now, &e->local, &e->remote, e->query.spi_in, 0, 0);
}

/* Up, with a peer that then begins many quick modes and ends none. */
static void many_quick_modes(uint32_t sas, uint32_t quick_modes)
{
	static struct ike_config cfg;

	cfg = two_config;
	cfg.limits.sas_per_peer = sas;
	cfg.limits.quick_modes_per_peer = quick_modes;
	cfg.limits.half_open_per_source = 5;
	two_init(&t, &cfg, &two_config, GROUP_NONE);
	two_connect(&t, false);
	two_deliver(&t, 100);
	for (uint32_t i = 0; i < 50; i++) {
		struct forged f;

		forge(&t, &f, ISAKMP_XCHG_QUICK, 100 + i);
		forged_hash_begin(&t, &f);
		add_quick_mode(&f);
		forged_send_phase2(&t, &f, true);
		t.head = t.tail;
		cr_assert_leq(t.us->peers->unfinished, quick_modes);
		cr_assert_leq(t.us->peers->pair_count, sas);
	}
	cr_expect_eq(dropped(IKE_DROP_HALF_OPEN_LIMIT), 50 - MIN(quick_modes, sas - 1));
	cr_expect(t.us_up);
}

/* Quick modes that it begins and never ends make no peer look alive, nor keep one from being asked. */
Test(ike_attacks, unfinished_work_is_no_sign_of_life)
{
	struct ike_config cfg = two_config;
	struct forged f;

	cfg.dpd.interval = 10;
	cfg.dpd.retry = 2;
	cfg.dpd.periodic = true;
	two_init(&t, &cfg, &two_config, GROUP_NONE);
	t.traffic = no_traffic;
	two_connect(&t, false);
	two_deliver(&t, 100);
	two_wait(&t, SECONDS(2));
	forge(&t, &f, ISAKMP_XCHG_QUICK, 77);
	forged_hash_begin(&t, &f);
	add_quick_mode(&f);
	forged_send_phase2(&t, &f, true);
	cr_assert_eq(t.us->peers->unfinished, 1);
	t.no_messages = true;
	t.head = t.tail;
	two_wait(&t, SECONDS(20));
	cr_expect_not(t.us_up, "nobody asked");
	cr_expect_eq(t.us_told, IKE_CAUSE_DEAD_PEER);
	two_free(&t);
}

/* A member that wants ever more of everything has it taken from itself. */
Test(ike_attacks, bounds_of_one_peer)
{
	const struct ike_peer *p;

	many_quick_modes(3, 10);
	two_free(&t);
	many_quick_modes(10, 3);
	two_free(&t);
	many_quick_modes(4, 3);
	p = t.us->peers;
	for (int i = 0; i < 30; i++) {
		ike_peer_start_phase1(t.them->peers);
		two_drain(&t);
		two_deliver(&t, 100);
		cr_assert_leq(p->sa_count, 9);
		two_wait(&t, SECONDS(1));
	}
	cr_expect_geq(p->sa_count, 9, "it tried");
	/* What finished pairs there may be. */
	two_wait(&t, SECONDS(40));
	two_deliver(&t, 100);
	for (int i = 0; i < 30; i++) {
		struct ipsec_pair *pair = ike_peer_pair(t.them->peers);

		if (pair)
			pair_rekey(pair);
		two_drain(&t);
		two_deliver(&t, 100);
		cr_assert_leq(p->pair_count, 4);
		two_wait(&t, SECONDS(1));
	}
	cr_expect(t.us_up);
	two_free(&t);
}
