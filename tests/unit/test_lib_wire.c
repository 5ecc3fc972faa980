/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK: lib/wire.c
 */
#include <criterion/criterion.h>

#include "lib/wire.h"
#include "tests/unit/vectors.h"

Test(wire, read)
{
	struct reader r = reader_of_span(hex("01 0203 04050607 08090a 0b0c 0d0e"));
	uint8_t bytes[2];
	struct reader sub;

	cr_expect_eq(reader_left(&r), 14);
	cr_expect_eq(read_u8(&r), 0x01);
	cr_expect_eq(read_u16(&r), 0x0203);
	cr_expect_eq(read_u32(&r), 0x04050607);
	cr_expect(span_is(read_span(&r, 3), hex("08090a")));
	read_bytes(&r, bytes, 2);
	cr_expect(bytes[0] == 0x0b && bytes[1] == 0x0c);
	read_skip(&r, 1);
	cr_expect_not(reader_done(&r));
	sub = read_sub(&r, 1);
	cr_expect_eq(read_u8(&sub), 0x0e);
	cr_expect(reader_done(&sub) && reader_done(&r));
}

/* The first access past the end poisons all that follow, also those that would still fit. */
Test(wire, read_past_the_end)
{
	struct reader r = reader_of_span(hex("010203"));
	uint8_t bytes[4] = { 9, 9, 9, 9 };
	struct reader sub;

	cr_expect_eq(read_u32(&r), 0);
	cr_expect(r.bad);
	cr_expect_eq(read_u8(&r), 0);
	cr_expect_eq(reader_left(&r), 0);
	cr_expect_not(reader_done(&r));
	cr_expect_null(read_span(&r, 1).data);
	read_bytes(&r, bytes, 4);
	cr_expect(bytes[0] == 0 && bytes[3] == 0);
	sub = read_sub(&r, 0);
	cr_expect(sub.bad);
	for (size_t len = 0; len < 4; len++) {
		r = reader_of(keep(xmemdup("abc", len)), len);
		read_u8(&r);
		read_u16(&r);
		cr_expect_eq(r.bad, len < 3);
	}
}

/* An inner reader cannot reach behind its own end. */
Test(wire, read_sub_is_bounded)
{
	struct reader r = reader_of_span(hex("0102030405")), sub = read_sub(&r, 2);

	cr_expect_eq(read_u32(&sub), 0);
	cr_expect(sub.bad);
	cr_expect_not(r.bad);
	cr_expect_eq(read_u8(&r), 3);
	sub = read_sub(&r, 3);
	cr_expect(sub.bad && r.bad);
}

Test(wire, read_nothing)
{
	struct reader r = reader_of(NULL, 0);
	uint8_t untouched = 7;

	cr_expect(reader_done(&r));
	read_bytes(&r, &untouched, 0);
	read_skip(&r, 0);
	cr_expect_eq(read_span(&r, 0).len, 0);
	cr_expect(!r.bad && untouched == 7);
	r = read_sub(&r, 0);
	cr_expect(reader_done(&r));
	r = reader_of(NULL, 1);
	cr_expect(r.bad);
	r = reader_of_span(hex("01"));
	read_skip(&r, SIZE_MAX);
	cr_expect(r.bad);
}

Test(wire, write)
{
	uint8_t buf[20];
	struct writer w = writer_of(buf, sizeof(buf));

	write_u8(&w, 1);
	write_u16(&w, 0);
	write_u32(&w, 0);
	write_bytes(&w, "ab", 2);
	write_span(&w, hex("0e0f"));
	write_zero(&w, 2);
	patch_u8(&w, 0, 0xff);
	patch_u16(&w, 1, 0x0203);
	patch_u32(&w, 3, 0x04050607);
	cr_expect_not(w.bad);
	cr_expect(span_is((struct span){ buf, w.len }, hex("ff 0203 04050607 6162 0e0f 0000")));
}

/* At every capacity: nothing behind it is touched, and the error sticks. */
Test(wire, write_past_the_end)
{
	for (size_t cap = 0; cap <= 16; cap++) {
		struct writer w = writer_of(keep(xcalloc(1, cap)), cap);

		write_u8(&w, 1);
		write_u16(&w, 2);
		write_u32(&w, 3);
		write_bytes(&w, "abcd", 4);
		write_zero(&w, 4);
		cr_expect_eq(w.bad, cap < 15);
		cr_expect_leq(w.len, cap);
		cr_expect(cap < 15 || w.len == 15);
		if (w.bad) {
			size_t len = w.len;

			write_u8(&w, 1);
			cr_expect_eq(w.len, len, "what follows an error is dropped");
		}
	}
}

Test(wire, patch_outside)
{
	uint8_t buf[8];

	for (size_t at = 0; at < 12; at++) {
		struct writer w8 = writer_of(buf, 8), w16, w32;

		write_zero(&w8, 6);
		w16 = w32 = w8;
		patch_u8(&w8, at, 1);
		patch_u16(&w16, at, 1);
		patch_u32(&w32, at, 1);
		cr_expect_eq(w8.bad, at > 5);
		cr_expect_eq(w16.bad, at > 4);
		cr_expect_eq(w32.bad, at > 2);
	}
	for (int i = 0; i < 2; i++) {
		struct writer w = writer_of(buf, 8);

		write_zero(&w, 6);
		patch_u16(&w, SIZE_MAX - (size_t)i, 1);
		cr_expect(w.bad);
	}
}

Test(wire, write_nothing)
{
	struct writer w = writer_of(NULL, 0);

	write_bytes(&w, NULL, 0);
	write_zero(&w, 0);
	write_span(&w, (struct span){ NULL, 0 });
	cr_expect_not(w.bad);
	write_u8(&w, 1);
	cr_expect(w.bad);
}

/* A length field written twice: as it is unknown, and when it is known. */
Test(wire, round_trip)
{
	for (uint32_t v = 1; v; v <<= 1) {
		uint8_t buf[7];
		struct writer w = writer_of(buf, sizeof(buf));
		struct reader r;

		write_u32(&w, v);
		write_u16(&w, (uint16_t)v);
		write_u8(&w, (uint8_t)v);
		r = reader_of(buf, w.len);
		cr_expect_eq(read_u32(&r), v);
		cr_expect_eq(read_u16(&r), (uint16_t)v);
		cr_expect_eq(read_u8(&r), (uint8_t)v);
		cr_expect(reader_done(&r));
	}
}
