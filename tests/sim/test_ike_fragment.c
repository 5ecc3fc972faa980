/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragmentation: certificates that make messages 5 and 6 longer than a packet should be, and every
 * way in which fragments can come that nobody would send.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include "tests/certs.h"

#include <criterion/criterion.h>

#include "ikev1/core.h"
#include "ikev1/fragment.h"
#include "tests/sim/world.h"

#define NUMBER_AT (ISAKMP_HEADER + 6)
#define FLAGS_AT  (ISAKMP_HEADER + 7)
#define LENGTH_AT (ISAKMP_HEADER + 2)
#define DATA_AT	  (ISAKMP_HEADER + 8)

static const struct ike_policy by_certificate = {
	10, { CIPHER_AES128, HASH_SHA256, AUTH_RSA_SIG, GROUP_19 }, 86400
};

/* Fragments that were seen on their way. */
static struct caught {
	size_t len;
	uint8_t octets[2048];
} caught[64];
static size_t caught_count, caught_whole;
static unsigned int catch_from;

static struct made_cert root;

static void setup(void)
{
	root = certs_make(&(struct cert_wish){ .cn = "Lab CA", .ca = true });
}

TestSuite(ike_fragment, .init = setup);

static struct node_config with_names(const char *cn, unsigned int count)
{
	struct node_config cfg = plain_config();
	struct made_cert own;
	char names[8192] = "DNS:a";
	size_t n = 5;

	for (unsigned int i = 0; i < count; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, ",DNS:name-%u.lab.example", i);
	own = certs_make(&(struct cert_wish){ .cn = cn, .issuer = &root, .names = names });
	cfg.ike.policies = &by_certificate;
	cfg.ike.psk_count = 0;
	cfg.ike.trustpoint = certs_trustpoint(&root, &own);
	return cfg;
}

/* Messages 5 and 6 are three fragments each. */
static struct world *world_of_long_ones(uint64_t seed)
{
	struct node_config a = with_names("A", 90), b = with_names("B", 90);

	return world_of_two(seed, &a, &b);
}

static void release(struct world *w)
{
	struct trustpoint *a = A(w)->cfg.ike.trustpoint, *b = B(w)->cfg.ike.trustpoint;

	world_free(w);
	trustpoint_release(a);
	trustpoint_release(b);
}

static bool is_fragment(const struct packet *p)
{
	return p->kind == PACKET_IKE && p->len > 16 && p->octets[16] == ISAKMP_FRAGMENT;
}

static enum verdict count_fragments(struct world *w, const struct packet *p)
{
	(void)w;
	if (p->kind != PACKET_IKE)
		return PASS;
	/* IP and UDP are not in it. */
	cr_expect_leq(p->len, 1280 - 28);
	if (is_fragment(p))
		caught_count++;
	return PASS;
}

Test(ike_fragment, comes_up)
{
	struct world *w = world_of_long_ones(1);

	w->filter = count_fragments;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(10));
	inspect_rest(A(w));
	inspect_rest(B(w));
	inspect_agreement(A(w), B(w), true);
	cr_expect_eq(caught_count, 6);
	cr_expect_eq(A(w)->ike->fragment_bytes, 0);
	release(w);
}

Test(ike_fragment, losses)
{
	for (uint64_t s = seeds_begin(); s < seeds_end(20); s++) {
		struct world *w = world_of_long_ones(s);

		w->faults = (struct faults){ .loss = 15, .twice = 20, .late = 30,
					     .latency = 20, .jitter = 50, .lateness = 3000 };
		node_want(A(w), B(w));
		node_want(B(w), A(w));
		world_run(w, SECONDS(120));
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		cr_expect_eq(A(w)->ike->fragment_bytes, 0);
		cr_expect_eq(B(w)->ike->fragment_bytes, 0);
		release(w);
	}
}

/* Each message 6 loses another fragment: what came first is completed by the repetition. */
static enum verdict lose_one_each(struct world *w, const struct packet *p)
{
	if (p->from == 1 && is_fragment(p)) {
		unsigned int number = p->octets[NUMBER_AT];

		w->subject += number == 1;
		return number == (unsigned int)w->subject ? LOSE : PASS;
	}
	return PASS;
}

Test(ike_fragment, a_repetition_completes)
{
	struct world *w = world_of_long_ones(1);

	w->filter = lose_one_each;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(10));
	cr_expect_eq(w->subject, 2);
	inspect_agreement(A(w), B(w), true);
	cr_expect_geq(ike_counters(B(w)->ike)->duplicates, 1);
	release(w);
}

/* A peer that did not say that it takes them gets the message in one piece. */
static enum verdict count_whole(struct world *w, const struct packet *p)
{
	(void)w;
	if (p->kind == PACKET_IKE && p->len > 1300)
		caught_whole++;
	if (is_fragment(p))
		caught_count++;
	return PASS;
}

static bool waits_for_4(struct world *w)
{
	return A(w)->ike->sas && A(w)->ike->sas->x.state == MM_WAIT_MSG4;
}

Test(ike_fragment, not_announced)
{
	struct world *w = world_of_long_ones(1);

	w->filter = count_whole;
	node_connect(A(w), B(w));
	cr_assert(world_run_until(w, waits_for_4, SECONDS(2)));
	A(w)->ike->sas->vendor_ids &= ~(1u << VID_FRAGMENTATION);
	world_run(w, SECONDS(10));
	inspect_agreement(A(w), B(w), true);
	cr_expect_eq(caught_whole, 1);
	cr_expect_eq(caught_count, 3);
	release(w);
}

Test(ike_fragment, announcements)
{
	static const uint8_t vid[20] = { [16] = 0x80 }, cisco[20] = { [16] = 0xc0 },
			     base[20] = { [16] = 0x40 };

	cr_expect(fragment_announced((struct span){ vid, 16 }));
	cr_expect(fragment_announced((struct span){ vid, 20 }));
	cr_expect(fragment_announced((struct span){ cisco, 20 }));
	cr_expect_not(fragment_announced((struct span){ base, 20 }));
	cr_expect(fragment_announced((struct span){ base, 16 }), "what is behind it is not its own");
}

/* ---- what nobody would send ---- */

static enum verdict catch(struct world *w, const struct packet *p)
{
	(void)w;
	if (p->from != catch_from || !is_fragment(p))
		return PASS;
	if (caught_count < ARRAY_SIZE(caught)) {
		caught[caught_count].len = p->len;
		memcpy(caught[caught_count++].octets, p->octets, p->len);
	}
	return LOSE;
}

static bool three_caught(struct world *w)
{
	(void)w;
	return caught_count >= 3;
}

/* B waits for message 5, whose three fragments are in caught[]. */
static struct world *before_message_5(void)
{
	struct world *w = world_of_long_ones(1);

	caught_count = 0;
	catch_from = 0;
	w->filter = catch;
	node_connect(A(w), B(w));
	cr_assert(world_run_until(w, three_caught, SECONDS(2)));
	return w;
}

static void inject(struct world *w, const struct caught *c)
{
	network_inject(w, 0, 1, c->octets, c->len);
}

static bool goes_on(struct world *w)
{
	w->filter = NULL;
	world_run(w, 500);
	return A(w)->up[1];
}

static struct caught changed(const struct caught *c, size_t at, uint8_t value)
{
	struct caught copy = *c;

	copy.octets[at] = value;
	return copy;
}

/* Cut (or grown by zeros) to so many octets of data. */
static struct caught of_length(const struct caught *c, size_t data)
{
	struct caught copy = { .len = DATA_AT + data };

	memcpy(copy.octets, c->octets, MIN(c->len, copy.len));
	copy.octets[26] = (uint8_t)(copy.len >> 8);
	copy.octets[27] = (uint8_t)copy.len;
	copy.octets[LENGTH_AT] = (uint8_t)((8 + data) >> 8);
	copy.octets[LENGTH_AT + 1] = (uint8_t)(8 + data);
	return copy;
}

Test(ike_fragment, orders)
{
	static const int orders[][8] = {
		{ 0, 1, 2, -1 }, { 0, 2, 1, -1 }, { 2, 1, 0, -1 }, { 1, 0, 2, -1 },
		{ 0, 0, 2, 2, 2, 1, -1 }, { 2, 2, 0, 1, -1 }, { 1, 1, 1, 1, 0, 2, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct world *w = before_message_5();

		for (const int *at = orders[i]; *at >= 0; at++)
			inject(w, &caught[*at]);
		cr_expect(goes_on(w), "order %zu", i);
		cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_MALFORMED], 0);
		cr_expect_eq(B(w)->ike->fragment_bytes, 0);
		release(w);
	}
}

Test(ike_fragment, too_short)
{
	struct world *w = before_message_5();
	struct caught c;

	inject(w, &caught[0]);
	inject(w, &caught[2]);
	/* The payload's own header, and not even that. */
	c = of_length(&caught[1], 0);
	inject(w, &c);
	for (uint8_t len = 0; len < 8; len++) {
		c = changed(&c, LENGTH_AT + 1, len);
		inject(w, &c);
		c.len = ISAKMP_HEADER + len;
		c.octets[27] = (uint8_t)c.len;
		inject(w, &c);
		c = of_length(&caught[1], 0);
	}
	world_run(w, 100);
	cr_expect_geq(ike_counters(B(w)->ike)->dropped[IKE_DROP_MALFORMED], 16);
	inject(w, &caught[1]);
	cr_expect(goes_on(w));
	release(w);
}

Test(ike_fragment, numbers)
{
	struct world *w = before_message_5();
	struct caught c;

	inject(w, &caught[2]);
	world_run(w, 50);
	/* Past the tail, a second tail, before the first, past all. */
	c = changed(&caught[1], NUMBER_AT, 4);
	inject(w, &c);
	c = changed(&caught[1], NUMBER_AT, 64);
	inject(w, &c);
	c = changed(&caught[1], FLAGS_AT, 1);
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_FRAGMENT], 3);
	c = changed(&caught[1], NUMBER_AT, 0);
	inject(w, &c);
	c = changed(&caught[1], NUMBER_AT, 65);
	inject(w, &c);
	c = changed(&caught[1], NUMBER_AT, 255);
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_MALFORMED], 3);
	/* Another payload behind it. */
	c = changed(&caught[1], ISAKMP_HEADER, ISAKMP_VENDOR);
	memcpy(c.octets + c.len, "\0\0\0\4", 4);
	c.len += 4;
	c.octets[26] = (uint8_t)(c.len >> 8);
	c.octets[27] = (uint8_t)c.len;
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_MALFORMED], 4);
	inject(w, &caught[0]);
	inject(w, &caught[1]);
	cr_expect(goes_on(w));
	release(w);
}

/* A tail in front of what is there already. */
Test(ike_fragment, tail_too_early)
{
	struct world *w = before_message_5();
	struct caught c = changed(&caught[0], FLAGS_AT, 1);

	inject(w, &caught[1]);
	world_run(w, 50);
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_FRAGMENT], 1);
	inject(w, &caught[0]);
	inject(w, &caught[2]);
	cr_expect(goes_on(w));
	release(w);
}

/* Peers whose id never changes: what is left of one message does not spoil the next but one. */
Test(ike_fragment, another_message_with_the_same_id)
{
	struct world *w = before_message_5();
	struct caught c = changed(&caught[1], DATA_AT, (uint8_t)~caught[1].octets[DATA_AT]);

	inject(w, &caught[0]);
	inject(w, &c);
	world_run(w, 50);
	inject(w, &caught[1]);
	inject(w, &caught[2]);
	inject(w, &caught[0]);
	cr_expect(goes_on(w));
	release(w);
}

/* One fragment alone that is a whole message, one in it that is a fragment, one of nonsense. */
Test(ike_fragment, in_each_other)
{
	struct world *w = before_message_5();
	struct caught one = of_length(&caught[0], caught[1].len), c;

	one = changed(&one, FLAGS_AT, 1);
	memcpy(one.octets + DATA_AT, caught[1].octets, caught[1].len);
	inject(w, &one);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_FRAGMENT], 1);
	c = changed(&one, DATA_AT, (uint8_t)~one.octets[DATA_AT]); /* another cookie */
	c = changed(&c, DATA_AT + 16, ISAKMP_SA);
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_FRAGMENT], 2);
	c = changed(&one, DATA_AT + 8, (uint8_t)~one.octets[DATA_AT + 8]); /* the other cookie */
	c = changed(&c, DATA_AT + 16, ISAKMP_SA);
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_FRAGMENT], 3);
	c = changed(&one, DATA_AT + 27, 0); /* another length */
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_MALFORMED], 1);
	cr_expect_eq(B(w)->ike->fragment_bytes, 0);
	for (int i = 0; i < 3; i++)
		inject(w, &caught[i]);
	cr_expect(goes_on(w));
	release(w);
}

/* Many, of many messages, too long together: bounded, and the honest ones still get through. */
Test(ike_fragment, a_thousand)
{
	struct world *w = before_message_5();
	struct caught c = of_length(&caught[0], 1100);
	size_t most = 0;

	w->filter = NULL;
	for (unsigned int i = 0; i < 2000; i++) {
		c.octets[ISAKMP_HEADER + 4] = (uint8_t)(i / 500);
		c.octets[NUMBER_AT] = (uint8_t)(1 + world_random(w, 64));
		c.octets[FLAGS_AT] = world_random(w, 50) == 0;
		if (world_random(w, 10) == 0)
			c.octets[DATA_AT] = (uint8_t)world_random(w, 256);
		inject(w, &c);
		world_run(w, 1);
		most = MAX(most, B(w)->ike->fragment_bytes);
	}
	cr_expect_leq(most, ISAKMP_MESSAGE_MAX);
	cr_expect_gt(most, ISAKMP_MESSAGE_MAX / 2);
	/* A's own repetitions bring it up in between, or now. */
	world_run(w, SECONDS(10));
	cr_expect(A(w)->up[1]);
	release(w);
}

Test(ike_fragment, time_and_end)
{
	struct world *w = before_message_5();
	size_t bytes;

	inject(w, &caught[0]);
	world_run(w, 100);
	cr_expect_gt(B(w)->ike->fragment_bytes, 0);
	bytes = B(w)->ike->fragment_bytes;
	inject(w, &caught[0]);
	inject(w, &caught[0]);
	world_run(w, 100);
	cr_expect_eq(B(w)->ike->fragment_bytes, bytes, "kept more than once");
	world_run(w, FRAGMENT_LIFETIME);
	cr_expect_eq(B(w)->ike->fragment_bytes, 0);
	/* The SA ends with some that are waiting. */
	inject(w, &caught[0]);
	world_run(w, 100);
	cr_expect_gt(B(w)->ike->fragment_bytes, 0);
	node_shutdown(B(w));
	cr_expect_eq(B(w)->ike->fragment_bytes, 0);
	release(w);
}

Test(ike_fragment, of_nobody)
{
	struct world *w = before_message_5();
	struct caught c = changed(&caught[0], 3, (uint8_t)~caught[0].octets[3]);

	inject(w, &c);
	c = changed(&caught[0], 12, (uint8_t)~caught[0].octets[12]);
	inject(w, &c);
	memset(c.octets + 8, 0, 8);
	inject(w, &c);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_UNKNOWN_SA], 3);
	cr_expect_eq(B(w)->ike->fragment_bytes, 0);
	release(w);
}

/* All SAs together have a bound, too. */
Test(ike_fragment, all_together)
{
	struct world *w = before_message_5();

	B(w)->ike->fragment_bytes += FRAGMENT_BYTES_MAX;
	inject(w, &caught[0]);
	world_run(w, 50);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_FRAGMENT], 1);
	B(w)->ike->fragment_bytes -= FRAGMENT_BYTES_MAX;
	for (int i = 0; i < 3; i++)
		inject(w, &caught[i]);
	cr_expect(goes_on(w));
	release(w);
}
