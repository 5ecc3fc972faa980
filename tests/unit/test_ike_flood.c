/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flood of first messages with forged sources, 20,000 a second: who repeats itself gets in.
 *
 * LINK: ikev1/ lib/
 */
#include <criterion/criterion.h>

#include "ikev1/store.h"
#include "tests/unit/ike_inputs.h"

#define RATE 20 /* a millisecond */

static const uint8_t offer[] = {
	0x00, 0x00, 0x00, 0x38, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	0x00, 0x2c, 0x01, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x24, 0x01, 0x01, 0x00, 0x00,
	0x80, 0x01, 0x00, 0x07, 0x80, 0x02, 0x00, 0x04, 0x80, 0x03, 0x00, 0x01, 0x80, 0x04,
	0x00, 0x13, 0x80, 0x0e, 0x00, 0x80, 0x80, 0x0b, 0x00, 0x01, 0x80, 0x0c, 0x70, 0x80,
};

static struct drbg chance;
static uint64_t told, lines;

/* What we answer to others than them ends nowhere. */
static void drain(void)
{
	struct ike_effect e;

	while (ike_next_effect(t.us, &e)) {
		lines += e.kind == IKE_EFFECT_EVENT;
		told += e.kind == IKE_EFFECT_EVENT && e.event.kind == IKE_EVENT_FLOOD;
		if (e.kind != IKE_EFFECT_SEND || addr_equal(&e.send.remote.addr, &t.their_end.addr))
			two_effect(&t, true, &e);
	}
}

static struct endpoint forge_first(uint8_t octets[ISAKMP_HEADER + sizeof(offer)])
{
	memset(octets, 0, ISAKMP_HEADER);
	drbg_bytes(&chance, octets, ISAKMP_COOKIE);
	octets[16] = ISAKMP_SA;
	octets[17] = ISAKMP_VERSION;
	octets[18] = ISAKMP_XCHG_MAIN;
	octets[27] = ISAKMP_HEADER + sizeof(offer);
	memcpy(octets + ISAKMP_HEADER, offer, sizeof(offer));
	return (struct endpoint){ addr_v4(0x20000000 + drbg_below(&chance, 1 << 28)), 500 };
}

static void first_from(const struct endpoint *remote, const uint8_t *octets)
{
	struct ike_datagram d = { .local = t.our_end,
				  .remote = *remote,
				  .data = { octets, ISAKMP_HEADER + sizeof(offer) } };

	ike_input(t.us, t.now, &d);
	drain();
}

/* `twice`: each one comes a second time. */
static void flood(msec duration, unsigned int twice)
{
	uint8_t octets[ISAKMP_HEADER + sizeof(offer)];

	for (msec end = t.now + duration; t.now < end; two_wait(&t, 1)) {
		for (unsigned int i = 0; i < RATE; i++) {
			struct endpoint from = forge_first(octets);

			for (unsigned int k = 0; k <= twice; k++)
				first_from(&from, octets);
		}
		two_deliver(&t, 100);
	}
}

static void begin(void)
{
	drbg_init(&chance, zeros);
	told = lines = 0;
	alone();
}

/* Not before it has repeated its message, and then at once, at every moment of the flood. */
Test(ike_flood, newcomer)
{
	begin();
	flood(SECONDS(5), 0);
	for (int i = 0; i < 15; i++) {
		two_connect(&t, false);
		flood(900, 0);
		cr_expect(!t.us_up && !t.them_up);
		flood(200, 0);
		cr_expect(t.us_up && t.them_up, "%d", i);
		ike_clear(t.them, t.now, NULL, NULL);
		two_drain(&t);
		two_deliver(&t, 100);
		cr_expect(!t.us_up && !t.them_up);
		flood(1500, 0);
	}
	cr_expect_eq(ike_counters(t.us)->evicted, 0);
	cr_expect_gt(dropped(IKE_DROP_FLOOD), 700000);
	/* Half a minute of what is answered at first sight, and what is taken for another. */
	cr_expect_leq(ike_counters(t.us)->half_open, 30 * 250 + 1000 + 30 * 120);
	cr_expect_eq(told, 1);
	two_free(&t);
}

/* A member's phase 1 is renewed as ever. */
Test(ike_flood, member)
{
	begin();
	two_connect(&t, false);
	two_deliver(&t, 100);
	cr_assert(t.us_up && t.them_up);
	flood(SECONDS(5), 0);
	cr_expect_eq(ike_counters(t.us)->phase1_up, 1);
	/* Nothing is left of what is answered at first sight. */
	flood(1, 0);
	ike_peer_start_phase1(t.them->peers);
	two_drain(&t);
	two_deliver(&t, 100);
	cr_expect_eq(ike_counters(t.us)->phase1_up, 2);
	two_free(&t);
}

/* Somebody who repeats his, too, costs what he did before: memory is bounded, the oldest go. */
Test(ike_flood, repeated)
{
	begin();
	flood(SECONDS(5), 1);
	cr_expect_leq(ike_counters(t.us)->half_open, 16384);
	cr_expect_gt(ike_counters(t.us)->evicted, 70000);
	two_connect(&t, false);
	flood(1200, 1);
	cr_expect(t.us_up && t.them_up);
	two_free(&t);
}

/* Few or many: it ends, and strangers are answered at first sight again. */
Test(ike_flood, calm)
{
	begin();
	flood(SECONDS(5), 0);
	two_wait(&t, SECONDS(61));
	two_connect(&t, false);
	two_deliver(&t, 100);
	cr_expect(t.us_up && t.them_up);
	cr_expect_eq(ike_counters(t.us)->half_open, 0);
	two_free(&t);
}
