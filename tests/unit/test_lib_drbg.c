/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK: lib/drbg.c lib/wire.c
 */
#include <criterion/criterion.h>

#include "lib/drbg.h"
#include "tests/unit/vectors.h"

static struct drbg seeded(uint8_t first)
{
	uint8_t seed[DRBG_SEED] = { first };
	struct drbg d;

	drbg_init(&d, seed);
	return d;
}

/* NIST's AES-256 counter mode with an all-zero key and counter begins so; the first 32 octets are
 * the next key, what comes out begins behind them. */
Test(drbg, octets)
{
	struct drbg d = seeded(0);
	uint8_t out[16];

	drbg_bytes(&d, out, sizeof(out));
	cr_expect(span_is((struct span){ d.key, 32 },
			  hex("dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b")));
	cr_expect(span_is((struct span){ out, 16 }, hex("cea7403d4d606b6e074ec5d3baf39d18")));
}

/* The same seed gives the same octets, in whatever pieces they are drawn. */
Test(drbg, deterministic)
{
	struct drbg a = seeded(1), b = seeded(1), c = seeded(2);
	uint8_t whole[5000], pieces[5000], other[5000];
	size_t n;

	drbg_bytes(&a, whole, sizeof(whole));
	for (size_t at = 0, i = 0; at < sizeof(pieces); at += n, i++) {
		n = MIN(i * 37 % 600, sizeof(pieces) - at);
		drbg_bytes(&b, pieces + at, n);
	}
	cr_expect(memcmp(whole, pieces, sizeof(whole)) == 0);
	drbg_bytes(&c, other, sizeof(other));
	cr_expect(memcmp(whole, other, 16) != 0);
	cr_expect(memcmp(whole, whole + 512, 512) != 0);
}

/* What was drawn cannot be found in the state any more. */
Test(drbg, erases)
{
	struct drbg d = seeded(3);
	uint8_t out[16], zero[sizeof(d)] = { 0 };

	for (int i = 0; i < 100; i++) {
		drbg_bytes(&d, out, sizeof(out));
		cr_assert_null(memmem(&d, sizeof(d), out, sizeof(out)));
	}
	drbg_wipe(&d);
	cr_expect(memcmp(&d, zero, sizeof(d)) == 0);
}

Test(drbg, below)
{
	struct drbg d = seeded(4);
	unsigned int seen[7] = { 0 };

	for (int i = 0; i < 7000; i++)
		seen[drbg_below(&d, 7)]++;
	for (size_t i = 0; i < 7; i++)
		cr_expect(seen[i] > 800 && seen[i] < 1200, "%zu: %u", i, seen[i]);
	for (int i = 0; i < 100; i++) {
		cr_expect_eq(drbg_below(&d, 1), 0);
		cr_expect_lt(drbg_below(&d, 0x80000001u), 0x80000001u);
	}
}

Test(drbg, bits)
{
	struct drbg d = seeded(5);
	unsigned int ones[32] = { 0 };

	for (int i = 0; i < 4000; i++) {
		uint32_t v = drbg_u32(&d);

		for (int bit = 0; bit < 32; bit++)
			ones[bit] += v >> bit & 1;
	}
	for (int bit = 0; bit < 32; bit++)
		cr_expect(ones[bit] > 1800 && ones[bit] < 2200, "bit %d: %u", bit, ones[bit]);
}
