/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of what a peer may say: the core that is tested, at any stage of an exchange, and
 * what must be true of it afterwards. See ike_two.h.
 */
#ifndef TESTS_UNIT_IKE_INPUTS_H
#define TESTS_UNIT_IKE_INPUTS_H

#include "tests/unit/ike_two.h"

#include "tests/unit/offers.h"

static struct two t;
static const uint8_t zeros[64];

static inline void alone(void)
{
	two_init(&t, &two_config, &two_config, GROUP_NONE);
}

/* They have begun and so many messages were delivered; the next one waits. */
static inline void under_way(unsigned int messages)
{
	alone();
	two_connect(&t, false);
	two_deliver(&t, messages);
	two_mark(&t);
}

static inline void up(void)
{
	under_way(100);
	cr_assert(t.us_up && t.them_up);
}

static inline uint64_t dropped(enum ike_drop why)
{
	return ike_counters(t.us)->dropped[why];
}

static inline uint64_t dropped_at_all(void)
{
	uint64_t sum = 0;

	for (int why = 0; why < IKE_DROP_COUNT; why++)
		sum += ike_counters(t.us)->dropped[why];
	return sum;
}

static inline void say(const char *octets)
{
	struct span s = hex(octets);

	two_input(&t, true, s.data, s.len);
}

/* The exchange that was interrupted comes to its end. */
static inline void goes_on(void)
{
	two_deliver(&t, 100);
	cr_expect(t.us_up && t.them_up);
	cr_expect_eq(ike_counters(t.us)->half_open, 0);
	cr_expect_eq(ike_counters(t.us)->pairs, 1);
	two_free(&t);
}

#define GOOD_OFFER "80010007 80020004 80030001 80040013 800e0080 800b0001 800c7080"

/* A stranger's, begun; its cookie changes with the time. */
static inline void first_message(struct forged *f, struct span sa)
{
	struct isakmp_header h = { .version = ISAKMP_VERSION,
				   .exchange = ISAKMP_XCHG_MAIN,
				   .icookie = { 0x66, (uint8_t)t.now } };

	isakmp_begin(&f->b, f->octets, sizeof(f->octets), &h);
	isakmp_add_payload(&f->b, ISAKMP_SA, sa);
}

/* What quick mode offers, behind the HASH: a good one, for the addresses of the two. */
static inline void add_quick_mode(struct forged *f)
{
	static const uint8_t id[2][8] = { { 1, 47, 0, 0, 10, 0, 0, 2 }, { 1, 47, 0, 0, 10, 0, 0, 1 } };

	isakmp_add_payload(&f->b, ISAKMP_SA,
			   one(3, 12, "80040002 80050005 80060080 80010001 80020e10"));
	isakmp_add_payload(&f->b, ISAKMP_NONCE, span_of(zeros, 16));
	isakmp_add_payload(&f->b, ISAKMP_ID, span_of(id[0], 8));
	isakmp_add_payload(&f->b, ISAKMP_ID, span_of(id[1], 8));
}

/* Are you there? asked about an SA of nobody. */
static inline void add_r_u_there(struct forged *f)
{
	static const uint8_t cookies[16], number[4] = { 0, 0, 0, 7 };

	isakmp_add_notify(&f->b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE, span_of(cookies, 16),
			  span_of(number, 4));
}

#endif
