/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offers, read and built, octet by octet.
 *
 * LINK: ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/wire.c
 */
#include <criterion/criterion.h>

#include "ikev1/proposal.h"
#include "tests/unit/offers.h"

static struct transform phase1(const char *attributes)
{
	struct offer o;

	cr_assert_eq(parse(one(ISAKMP_PROTO_ISAKMP, PROPOSAL_KEY_IKE, attributes), 1, &o),
		     ISAKMP_OK);
	cr_assert_eq(o.count, 1);
	return o.transform[0];
}

static struct transform phase2(uint8_t cipher, const char *attributes)
{
	struct offer o;

	cr_assert_eq(parse(one(ISAKMP_PROTO_ESP, cipher, attributes), 2, &o), ISAKMP_OK);
	cr_assert_eq(o.count, 1);
	return o.transform[0];
}

/* Parsing */

Test(proposal, attributes_of_phase_1)
{
	struct transform t = phase1("80010007 800e0080 80020004 80030001 8004000e 800b0001 000c0004"
				    "00015180");

	cr_expect(t.proposal == 1 && t.protocol == ISAKMP_PROTO_ISAKMP && t.number == 1 &&
		  t.id == 1);
	cr_expect(t.encryption == 7 && t.key_bits == 128 && t.hash == 4 && t.auth == 1 &&
		  t.group == 14 && t.life_seconds == 86400 && t.life_kilobytes == 0);
	cr_expect_not(t.unknown_attribute);
	cr_expect_not(t.bundled);
	/* Any order, TLV where others have TV. */
	t = phase1("0004 0004 00000002 000c 0003 015180 800b 0001 80030001 0002 0001 02 80010005");
	cr_expect(t.encryption == 5 && t.key_bits == 0 && t.hash == 2 && t.auth == 1 &&
		  t.group == 2 && t.life_seconds == 86400 && !t.unknown_attribute);
}

Test(proposal, attributes_of_phase_2)
{
	struct transform t = phase2(12, "80040002 80010001 80020e10 80010002 00020004 00465000"
					"80050002 80060080 80030002");

	cr_expect(t.protocol == ISAKMP_PROTO_ESP && t.spi == 0xc0ffee00 && t.spi_len == 4);
	cr_expect(t.id == 12 && t.encap == ENCAP_TRANSPORT && t.auth == 2 && t.key_bits == 128 &&
		  t.group == 2 && t.life_seconds == 3600 && t.life_kilobytes == 4608000);
	cr_expect_not(t.unknown_attribute);
}

Test(proposal, lifetimes)
{
	static const struct {
		const char *attributes;
		uint32_t seconds, kilobytes;
	} cases[] = {
		{ "", 0, 0 },
		{ "80010001 80020e10", 3600, 0 },
		{ "80010001 00020001 3c", 60, 0 },
		{ "80010001 00020002 0e10", 3600, 0 },
		{ "80010001 00020003 015180", 86400, 0 },
		{ "80010001 00020004 00015180", 86400, 0 },
		{ "80010001 00020008 0000000000015180", 86400, 0 },
		{ "80010001 00020008 0000000100000000", UINT32_MAX, 0 }, /* saturated */
		{ "80010001 00020000", 0, 0 },
		{ "80010001 80020000", 0, 0 },		    /* zero: none */
		{ "80010002 80020064", 0, 100 },
		{ "80010002 80020064 80010001 80020e10", 3600, 100 },
		{ "80020e10 80010001", 3600, 0 },	    /* before its type */
		{ "80020e10 80010001 80020064 80010002", 3600, 100 },
		{ "80020e10", 3600, 0 },		    /* without a type */
		{ "80010001", 0, 0 },
		{ "80010001 80020e10 80010001 80020064", 100, 0 }, /* the shorter holds */
		{ "80010001 80020064 80010001 80020e10", 100, 0 },
		{ "80010009 80020064", 0, 0 },		    /* of a type that nobody knows */
		{ "80010009 80020064 80010001 80020e10", 3600, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct transform t = phase2(12, cases[i].attributes);

		cr_expect_eq(t.life_seconds, cases[i].seconds, "%s", cases[i].attributes);
		cr_expect_eq(t.life_kilobytes, cases[i].kilobytes, "%s", cases[i].attributes);
		cr_expect_not(t.unknown_attribute);
	}
}

Test(proposal, unacceptable_attributes)
{
	static const struct {
		int phase;
		const char *attributes;
		bool unknown;
		uint16_t type;
	} cases[] = {
		{ 1, "80010007 80010007", false, 0 },	/* twice the same is no contradiction */
		{ 1, "80010007 80010005", true, 1 },
		{ 1, "80020002 80030001 80020004", true, 2 },
		{ 1, "800e0000", true, 14 },		/* an explicit length of nothing */
		{ 1, "000e0000", true, 14 },
		{ 1, "000e0004 00010080", true, 14 },	/* more than 16 bits */
		{ 1, "80010000", true, 1 },
		{ 1, "80050001", true, 5 },		/* a group of one's own */
		{ 1, "00060004 01020304", true, 6 },
		{ 1, "800d0001", true, 13 },		/* another prf */
		{ 1, "80000001", true, 0 },
		{ 1, "ffff0001 80050001", true, 0x7fff }, /* the first is named */
		{ 2, "80040002 80040001", true, 4 },
		{ 2, "80040000", true, 4 },
		{ 2, "800b0001", true, 11 },		/* extended sequence numbers */
		{ 2, "80070001", true, 7 },
		{ 2, "80060000", true, 6 },
		{ 2, "80030000", true, 3 },
		{ 2, "80050002 80050002 80050001", true, 5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct transform t = cases[i].phase == 1 ? phase1(cases[i].attributes) :
							   phase2(12, cases[i].attributes);

		cr_expect_eq(t.unknown_attribute, cases[i].unknown, "%s", cases[i].attributes);
		cr_expect_eq(t.unknown_type, cases[i].type, "%s", cases[i].attributes);
	}
}

Test(proposal, other_doi_or_situation)
{
	struct offer o;

	cr_expect_eq(parse(hex("00000001 ffffffff"), 1, &o), ISAKMP_OK);
	cr_expect(o.count == 0 && o.doi == 1 && o.situation == UINT32_MAX);
	cr_expect_eq(parse(hex("00000000 00000001 01"), 1, &o), ISAKMP_OK);
	cr_expect(o.count == 0 && o.doi == 0);
	cr_expect_eq(parse(hex("00000001 00000003 00000001 0000"), 1, &o), ISAKMP_OK);
	cr_expect_eq(o.count, 0);
	for (size_t len = 0; len < 8; len++)
		cr_expect_eq(parse((struct span){ hex(DOI).data, len }, 1, &o), ISAKMP_BAD_CONTENT);
	cr_expect_eq(parse(hex(DOI), 1, &o), ISAKMP_BAD_CONTENT);
}

/* Two proposals, the second with two transforms, from which the flaws are made. */
static const char *const two_proposals =
	DOI "02000018 01010001  00000010 01010000 80010005 80020002"
	    "00000020 02010002  0300000c 01010000 80010007  0000000c 02010000 80010001";

Test(proposal, several)
{
	struct offer o;

	cr_assert_eq(parse(hex(two_proposals), 1, &o), ISAKMP_OK);
	cr_assert_eq(o.count, 3);
	cr_expect(o.transform[0].proposal == 1 && o.transform[0].number == 1);
	cr_expect(o.transform[1].proposal == 2 && o.transform[1].number == 1);
	cr_expect(o.transform[2].proposal == 2 && o.transform[2].number == 2);
	cr_expect(o.transform[0].encryption == 5 && o.transform[1].encryption == 7 &&
		  o.transform[2].encryption == 1);
	cr_expect(o.transform[1].raw.len == 12 && o.transform[1].raw_proposal.len == 8);
	for (size_t i = 0; i < o.count; i++)
		cr_expect_not(o.transform[i].bundled);
}

Test(proposal, malformed)
{
	/* Offsets: proposals at 8 and 32, their transforms at 16, and at 40 and 52. */
	static const struct {
		size_t at;
		uint8_t value;
		const char *what;
	} flips[] = {
		{ 8, 0, "a proposal more than the chain names" },
		{ 8, 3, "a transform named where a proposal is" },
		{ 9, 1, "reserved octet of a proposal" },
		{ 10, 1, "a proposal longer than the body" },
		{ 11, 23, "a proposal too short" },
		{ 11, 25, "a proposal too long" },
		{ 11, 7, "a proposal shorter than its header" },
		{ 11, 0, "a proposal of length zero" },
		{ 14, 17, "an SPI longer than 16" },
		{ 14, 1, "an SPI that eats the transform" },
		{ 15, 0, "no transform" },
		{ 15, 2, "a transform less than counted" },
		{ 16, 3, "a transform named that is not there" },
		{ 17, 1, "reserved octet of a transform" },
		{ 18, 1, "a transform longer than its proposal" },
		{ 19, 15, "a transform too short for its attributes" },
		{ 19, 7, "a transform shorter than its header" },
		{ 19, 0, "a transform of length zero" },
		{ 24, 0, "an attribute longer than its transform" },
		{ 32, 2, "a proposal named that is not there" },
		{ 35, 31, "octets behind the last proposal" },
		{ 39, 1, "a transform more than counted" },
		{ 40, 0, "a transform more than the chain names" },
	};
	struct span s = hex(two_proposals);
	uint8_t *copy = keep(xmemdup(s.data, s.len));
	struct offer o;

	for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
		copy[flips[i].at] = flips[i].value;
		cr_expect_eq(parse((struct span){ copy, s.len }, 1, &o), ISAKMP_BAD_CONTENT, "%s",
			     flips[i].what);
		cr_expect_eq(o.count, 0);
		copy[flips[i].at] = s.data[flips[i].at];
	}
	for (size_t len = 0; len < s.len; len++)
		cr_expect_eq(parse((struct span){ s.data, len }, 1, &o), ISAKMP_BAD_CONTENT);
}

/* An SPI in phase 1 means nothing; in ESP it has four octets and is none of the reserved ones. */
Test(proposal, spi)
{
	struct offer o;
	struct span s;
	uint8_t *copy;

	for (unsigned int len = 0; len <= 20; len++) {
		uint8_t body[64] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, (uint8_t)(16 + len), 1, 1,
				     (uint8_t)len, 1 };

		body[16 + len + 3] = 8;
		cr_expect_eq(parse((struct span){ body, 24 + len }, 1, &o),
			     len <= 16 ? ISAKMP_OK : ISAKMP_BAD_CONTENT, "%u", len);
		body[13] = ISAKMP_PROTO_ESP;
		memset(body + 16, len ? 0x77 : 0, len);
		cr_expect_eq(parse((struct span){ body, 24 + len }, 2, &o),
			     len == 4 ? ISAKMP_OK : ISAKMP_BAD_CONTENT, "%u", len);
		body[13] = 4; /* IPCOMP */
		cr_expect_eq(parse((struct span){ body, 24 + len }, 2, &o),
			     len <= 16 ? ISAKMP_OK : ISAKMP_BAD_CONTENT, "%u", len);
	}
	s = one(ISAKMP_PROTO_ESP, 12, "");
	copy = keep(xmemdup(s.data, s.len));
	for (uint32_t spi = 0; spi < 300; spi++) {
		copy[16] = copy[17] = 0;
		copy[18] = (uint8_t)(spi >> 8);
		copy[19] = (uint8_t)spi;
		cr_expect_eq(parse((struct span){ copy, s.len }, 2, &o),
			     spi < 256 ? ISAKMP_BAD_CONTENT : ISAKMP_OK);
	}
}

Test(proposal, more_than_the_limit)
{
	uint8_t *body = keep(xcalloc(1, 4096));
	struct writer w = writer_of(body, 4096);
	struct offer o;

	write_u32(&w, 1);
	write_u32(&w, 1);
	write_u32(&w, 8 + 200 * 12);
	write_u32(&w, 0x010100c8);
	for (unsigned int i = 1; i <= 200; i++) {
		write_u32(&w, (i < 200 ? 0x03000000u : 0) | 12);
		write_u32(&w, i << 24 | 0x010000);
		write_u32(&w, 0x80010000u | i);
	}
	cr_assert_eq(parse((struct span){ body, w.len }, 1, &o), ISAKMP_OK);
	cr_expect(o.count == PROPOSAL_TRANSFORMS_MAX);
	cr_expect(o.ignored == 200 - PROPOSAL_TRANSFORMS_MAX);
	for (size_t i = 0; i < o.count; i++)
		cr_expect_eq(o.transform[i].encryption, i + 1);
	/* Those that are not considered must be well-formed all the same. */
	cr_expect_eq(parse((struct span){ body, w.len - 1 }, 1, &o), ISAKMP_BAD_CONTENT);
	cr_expect(o.count == 0 && o.ignored == 0);
}

Test(proposal, bundles)
{
	static const char *const with_ah =
		DOI "0200001c 01030401 c0ffee00 00000010 010c0000 80040002 80050002"
		    "0200001c 01020401 c0ffee01 00000010 01030000 80040002 80050002"
		    "0000001c 02030401 c0ffee00 00000010 010c0000 80040002 80050002";
	struct offer o;

	cr_assert_eq(parse(hex(with_ah), 2, &o), ISAKMP_OK);
	cr_assert_eq(o.count, 3);
	cr_expect(o.transform[0].bundled && o.transform[1].bundled && !o.transform[2].bundled);
}

/* Building */

Test(proposal, build_isakmp)
{
	uint8_t buf[256];
	struct writer w = writer_of(buf, sizeof(buf));
	struct offer o;

	proposal_build_isakmp(&w, policies, 3);
	cr_assert_not(w.bad);
	cr_expect(span_is((struct span){ buf, w.len },
			  hex(DOI "0000006c 01010003"
				  "03000028 01010000 80010007 800e0100 80020004 80030001 8004000e"
				  "800b0001 000c000400015180"
				  "03000024 02010000 80010007 800e0080 80020002 80030001 80040005"
				  "800b0001 800c0e10"
				  "00000018 03010000 80010005 80020001 80030001 80040002")));
	cr_assert_eq(parse((struct span){ buf, w.len }, 1, &o), ISAKMP_OK);
	cr_expect_eq(o.count, 3);
}

Test(proposal, build_esp)
{
	struct ike_profile p = { "p", suites, 4, GROUP_2, 3600, 4608000 };
	uint8_t buf[512];
	struct writer w = writer_of(buf, sizeof(buf));
	struct offer o;

	proposal_build_esp(&w, &p, ENCAP_TRANSPORT, 0xc0ffee00);
	cr_assert_not(w.bad);
	cr_expect(span_is((struct span){ buf, w.len },
			  hex(DOI "02000038 01030401 c0ffee00"
				  "0000002c 010c0000 80040002 80010001 80020e10 80010002"
				  "0002000400465000 80050005 80060080 80030002"
				  "02000034 02030401 c0ffee00"
				  "00000028 01140000 80040002 80010001 80020e10 80010002"
				  "0002000400465000 80060100 80030002"
				  "02000034 03030401 c0ffee00"
				  "00000028 01030000 80040002 80010001 80020e10 80010002"
				  "0002000400465000 80050002 80030002"
				  "00000034 04030401 c0ffee00"
				  "00000028 010b0000 80040002 80010001 80020e10 80010002"
				  "0002000400465000 80050001 80030002")));
	cr_assert_eq(parse((struct span){ buf, w.len }, 2, &o), ISAKMP_OK);
	cr_expect_eq(o.count, 4);
	/* Without PFS and without a volume. */
	p = (struct ike_profile){ "p", suites, 1, GROUP_NONE, 120, 0 };
	w = writer_of(buf, sizeof(buf));
	proposal_build_esp(&w, &p, ENCAP_UDP_TRANSPORT, 0x100);
	cr_expect(span_is((struct span){ buf, w.len },
			  hex(DOI "00000028 01030401 00000100"
				  "0000001c 010c0000 80040004 80010001 80020078 80050005"
				  "80060080")));
}

Test(proposal, build_refuses)
{
	static const struct ike_policy bad_policies[] = {
		{ 1, { CIPHER_DES, HASH_SHA1, AUTH_PSK, GROUP_2 }, 0 },
		{ 1, { CIPHER_GCM128, HASH_SHA1, AUTH_PSK, GROUP_2 }, 0 },
		{ 1, { CIPHER_NONE, HASH_SHA1, AUTH_PSK, GROUP_2 }, 0 },
		{ 1, { CIPHER_3DES, HASH_NONE, AUTH_PSK, GROUP_2 }, 0 },
		{ 1, { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_NONE }, 0 },
	};
	static const struct esp_suite bad_suites[] = {
		{ CIPHER_DES, HASH_SHA1 },	{ CIPHER_NONE, HASH_SHA1 },
		{ CIPHER_AES128, HASH_NONE },	{ CIPHER_NULL, HASH_NONE },
		{ CIPHER_GCM128, HASH_SHA1 },
	};
	static struct ike_policy many[256];
	uint8_t *buf = keep(xcalloc(1, 10000));
	struct writer w;

	for (size_t i = 0; i < ARRAY_SIZE(bad_policies); i++) {
		w = writer_of(buf, 10000);
		proposal_build_isakmp(&w, &bad_policies[i], 1);
		cr_expect(w.bad);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_suites); i++) {
		struct ike_profile p = { "p", &bad_suites[i], 1, GROUP_NONE, 0, 0 };

		w = writer_of(buf, 10000);
		proposal_build_esp(&w, &p, ENCAP_TRANSPORT, 0x100);
		cr_expect(w.bad);
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = policies[0];
	for (size_t n = 0; n <= 256; n += 51) { /* ..., 255 */
		w = writer_of(buf, 20000);
		w.cap = 10000;
		proposal_build_isakmp(&w, many, n);
		cr_expect_eq(w.bad, n == 0 || 24 + 40 * n > 10000);
	}
	w = writer_of(buf, 10000);
	proposal_build_isakmp(&w, many, 256);
	cr_expect(w.bad);
	for (size_t cap = 0; cap < 130; cap++) {
		w = writer_of(buf, cap);
		proposal_build_isakmp(&w, policies, 3);
		cr_expect_eq(w.bad, cap < 116, "%zu", cap);
	}
}

/* Any octet of an offer replaced: whatever is parsed, choosing and answering survive it. */
Test(proposal, flipped)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff };
	struct ike_profile p = { "p", suites, 4, GROUP_2, 3600, 4608000 };
	const struct ike_policy *chosen;
	struct esp_suite suite;
	struct mismatch why;
	struct offer o;

	for (int phase = 1; phase <= 2; phase++) {
		uint8_t buf[512];
		struct writer w = writer_of(buf, sizeof(buf));

		if (phase == 1)
			proposal_build_isakmp(&w, policies, 3);
		else
			proposal_build_esp(&w, &p, ENCAP_TRANSPORT, 0xc0ffee00);
		for (size_t at = 0; at < w.len; at++) {
			uint8_t *copy = xmemdup(buf, w.len);

			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				copy[at] = values[v];
				proposal_parse((struct span){ copy, w.len }, phase, &o);
				proposal_choose_isakmp(&o, policies, 3, &chosen, &why);
				proposal_choose_esp(&o, &p, ENCAP_TRANSPORT, &suite, &why);
			}
			free(copy);
			cr_expect_eq(parse((struct span){ buf, at }, phase, &o),
				     ISAKMP_BAD_CONTENT);
		}
	}
}

Test(proposal, names)
{
	for (enum proposal_attr a = ATTR_NONE; a < ATTR_COUNT; a++)
		cr_expect(strlen(proposal_attr_name(a)) > 5);
	cr_expect_str_eq(proposal_attr_name(ATTR_COUNT), "unknown");
	cr_expect_str_eq(proposal_attr_name(ATTR_GROUP), "Diffie-Hellman group");
}
