/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is chosen from an offer, what is said where nothing fits, and what is answered.
 *
 * LINK: ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/wire.c
 */
#include <criterion/criterion.h>

#include "ikev1/proposal.h"
#include "tests/unit/offers.h"

/* Choosing, phase 1 */

Test(proposal_choose, choose_isakmp)
{
	const struct ike_policy *chosen = NULL;
	const struct transform *t;
	struct mismatch why;
	struct offer o;

	cr_assert_eq(parse(hex(DOI "0000008c 01010005"
			"03000018 01010000 80010001 80020001 80030001 80040001"
			"03000018 02010000 80010005 80020001 80030001 80040002"
			"0300001c 03010000 80010007 800e0080 80020002 80030001 80040005"
			"0300001c 04010000 80010007 800e0100 80020004 80030001 8004000e"
			"0000001c 05010000 800e0100 80010007 80020004 80030001 8004000e"), 1, &o),
		     ISAKMP_OK);
	/* Our order decides: the first policy fits number 4 although others fit 2 and 3. */
	t = proposal_choose_isakmp(&o, policies, 3, &chosen, &why);
	cr_assert_not_null(t);
	cr_expect(t->number == 4 && chosen == &policies[0] && why.attr == ATTR_NONE);
	t = proposal_choose_isakmp(&o, policies + 1, 2, &chosen, &why);
	cr_expect(t && t->number == 3 && chosen == &policies[1]);
	t = proposal_choose_isakmp(&o, policies + 2, 1, &chosen, &why);
	cr_expect(t && t->number == 2 && chosen == &policies[2]);
	cr_expect_null(proposal_choose_isakmp(&o, policies, 0, &chosen, &why));
	cr_expect_eq(why.attr, ATTR_NONE);
}

/* One offered transform against one policy: what differs, and both values. */
static void expect_miss(const struct ike_policy *p, const char *attributes, enum proposal_attr attr,
			uint32_t ours, uint32_t theirs)
{
	const struct ike_policy *chosen = NULL;
	struct mismatch why;
	struct offer o;
	const struct transform *t;

	cr_assert_eq(parse(one(ISAKMP_PROTO_ISAKMP, 1, attributes), 1, &o), ISAKMP_OK);
	t = proposal_choose_isakmp(&o, p, 1, &chosen, &why);
	cr_expect_eq(!t, attr != ATTR_NONE, "%s", attributes);
	cr_expect_eq(why.attr, attr, "%s: %s", attributes, proposal_attr_name(why.attr));
	cr_expect_eq(why.ours, ours, "%s: %u", attributes, why.ours);
	cr_expect_eq(why.theirs, theirs, "%s: %u", attributes, why.theirs);
	if (t) {
		cr_expect_eq(chosen, p);
		return;
	}
	cr_expect_null(chosen);
	cr_expect(why.policy == p->priority && why.transform == 1);
	cr_expect(why.our_isakmp.cipher == p->suite.cipher &&
		  why.our_isakmp.group == p->suite.group);
	cr_expect(why.their.raw.data == NULL && why.their.raw_proposal.data == NULL);
}

Test(proposal_choose, misses_of_phase_1)
{
	static const struct ike_policy *aes256 = &policies[0], *aes128 = &policies[1],
				       *tdes = &policies[2];

	expect_miss(aes256, "80010007 800e0100 80020004 80030001 8004000e", ATTR_NONE, 0, 0);
	expect_miss(aes256, "80010005 80020004 80030001 8004000e", ATTR_ENCRYPTION, 7, 5);
	expect_miss(aes256, "80010001 80020004 80030001 8004000e", ATTR_ENCRYPTION, 7, 1);
	expect_miss(aes256, "8001fde8 80020004 80030001 8004000e", ATTR_ENCRYPTION, 7, 0xfde8);
	expect_miss(aes256, "80020004 80030001 8004000e", ATTR_ENCRYPTION, 7, 0);
	expect_miss(aes256, "80010007 800e0080 80020004 80030001 8004000e", ATTR_KEY_LENGTH, 256,
		    128);
	expect_miss(aes256, "80010007 800e0081 80020004 80030001 8004000e", ATTR_KEY_LENGTH, 256,
		    129);
	expect_miss(aes256, "80010007 80020004 80030001 8004000e", ATTR_KEY_LENGTH, 256, 0);
	expect_miss(aes256, "80010007 800e0100 80020002 80030001 8004000e", ATTR_HASH, 4, 2);
	expect_miss(aes256, "80010007 800e0100 80030001 8004000e", ATTR_HASH, 4, 0);
	expect_miss(aes256, "80010007 800e0100 80020004 80030003 8004000e", ATTR_AUTH_METHOD, 1, 3);
	expect_miss(aes256, "80010007 800e0100 80020004 8003fde9 8004000e", ATTR_AUTH_METHOD, 1,
		    65001);
	expect_miss(aes256, "80010007 800e0100 80020004 80030001 80040002", ATTR_GROUP, 14, 2);
	expect_miss(aes256, "80010007 800e0100 80020004 80030001", ATTR_GROUP, 14, 0);
	expect_miss(aes256, "80010007 800e0100 80020004 80030001 8004000e 800d0003", ATTR_UNKNOWN,
		    0,
		    13);
	/* AES without a length is AES with 128 bits; 3DES may say its only one. */
	expect_miss(aes128, "80010007 80020002 80030001 80040005", ATTR_NONE, 0, 0);
	expect_miss(aes128, "80010007 800e0080 80020002 80030001 80040005", ATTR_NONE, 0, 0);
	expect_miss(tdes, "80010005 800e00c0 80020001 80030001 80040002", ATTR_NONE, 0, 0);
	expect_miss(tdes, "80010005 800e00a8 80020001 80030001 80040002", ATTR_KEY_LENGTH, 192,
		    168);
	/* A lifetime is never the reason. */
	expect_miss(tdes, "80010005 80020001 80030001 80040002 800b0001 800c0001", ATTR_NONE, 0, 0);
}

Test(proposal_choose, misses_of_protocol)
{
	const struct ike_policy *chosen;
	struct mismatch why;
	struct offer o;

	cr_assert_eq(parse(one(ISAKMP_PROTO_ESP, 1, "80010005"), 1, &o), ISAKMP_OK);
	cr_expect_null(proposal_choose_isakmp(&o, policies, 1, &chosen, &why));
	cr_expect(why.attr == ATTR_PROTOCOL && why.ours == 1 && why.theirs == ISAKMP_PROTO_ESP);
	cr_assert_eq(parse(one(ISAKMP_PROTO_ISAKMP, 2, "80010005"), 1, &o), ISAKMP_OK);
	cr_expect_null(proposal_choose_isakmp(&o, policies, 1, &chosen, &why));
	cr_expect(why.attr == ATTR_PROTOCOL && why.ours == PROPOSAL_KEY_IKE && why.theirs == 2);
}

/* Of all pairs the one that agreed longest; of equals the first in our order, then in theirs. */
Test(proposal_choose, closest_miss)
{
	const struct ike_policy *chosen;
	struct mismatch why;
	struct offer o;

	cr_assert_eq(parse(hex(DOI "00000074 01010004"
			"0300001c 01010000 80010007 800e0080 80020002 80030001 80040002"
			"03000018 02010000 80010005 80020002 80030001 80040002"
			"0300001c 03010000 80010007 800e0100 80020004 80030001 80040010"
			"0000001c 04010000 80010007 800e0100 80020004 80030001 8004000f"), 1, &o),
		     ISAKMP_OK);
	cr_expect_null(proposal_choose_isakmp(&o, policies, 3, &chosen, &why));
	cr_expect(why.attr == ATTR_GROUP && why.policy == 10 && why.transform == 3);
	cr_expect(why.ours == 14 && why.theirs == 16);
	cr_expect(why.their.encryption == 7 && why.their.key_bits == 256 && why.their.hash == 4);
	cr_expect(why.our_isakmp.cipher == CIPHER_AES256);
	cr_expect_null(proposal_choose_isakmp(&o, policies + 1, 2, &chosen, &why));
	cr_expect(why.attr == ATTR_GROUP && why.policy == 20 && why.transform == 1 &&
		  why.ours == 5 && why.theirs == 2);
	cr_expect_null(proposal_choose_isakmp(&o, policies + 2, 1, &chosen, &why));
	cr_expect(why.attr == ATTR_HASH && why.policy == 30 && why.transform == 2 &&
		  why.ours == 1 && why.theirs == 2);
}

/* A policy that must not be used is never chosen, not even where the peer offers the same. */
Test(proposal_choose, unusable_policies)
{
	static const struct ike_policy bad[] = {
		{ 1, { CIPHER_DES, HASH_MD5, AUTH_PSK, GROUP_1 }, 0 },
		{ 2, { CIPHER_GCM128, HASH_MD5, AUTH_PSK, GROUP_1 }, 0 },
		{ 3, { CIPHER_NULL, HASH_MD5, AUTH_PSK, GROUP_1 }, 0 },
		{ 4, { CIPHER_NONE, HASH_MD5, AUTH_PSK, GROUP_1 }, 0 },
		{ 5, { CIPHER_3DES, HASH_NONE, AUTH_PSK, GROUP_1 }, 0 },
		{ 6, { CIPHER_3DES, HASH_MD5, AUTH_PSK, GROUP_NONE }, 0 },
	};
	static const char *const offers[] = {
		"80010001 80020001 80030001 80040001", "800e0080 80020001 80030001 80040001",
		"80020001 80030001 80040001", "80010005 80030001 80040001",
		"80010005 80020001 80030001",
	};
	const struct ike_policy *chosen;
	struct mismatch why;
	struct offer o;

	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		cr_assert_eq(parse(one(ISAKMP_PROTO_ISAKMP, 1, offers[i]), 1, &o), ISAKMP_OK);
		cr_expect_null(proposal_choose_isakmp(&o, bad, ARRAY_SIZE(bad), &chosen, &why));
		cr_expect_eq(why.attr, ATTR_NONE);
	}
}

/* Choosing, phase 2 */

static void expect_esp(const struct esp_suite *suite, enum group_id pfs, enum proposal_encap encap,
		       uint8_t id, const char *attributes, enum proposal_attr attr, uint32_t ours,
		       uint32_t theirs)
{
	struct ike_profile p = { "p", suite, 1, pfs, 3600, 0 };
	struct esp_suite chosen = { CIPHER_NONE, HASH_NONE };
	const struct transform *t;
	struct mismatch why;
	struct offer o;

	cr_assert_eq(parse(one(ISAKMP_PROTO_ESP, id, attributes), 2, &o), ISAKMP_OK);
	t = proposal_choose_esp(&o, &p, encap, &chosen, &why);
	cr_expect_eq(!t, attr != ATTR_NONE, "%u %s", id, attributes);
	cr_expect_eq(why.attr, attr, "%u %s: %s", id, attributes, proposal_attr_name(why.attr));
	cr_expect_eq(why.ours, ours, "%u %s: %u", id, attributes, why.ours);
	cr_expect_eq(why.theirs, theirs, "%u %s: %u", id, attributes, why.theirs);
	cr_expect_eq(chosen.cipher, t ? suite->cipher : CIPHER_NONE);
	if (!t)
		cr_expect(why.policy == 1 && why.our_pfs == pfs &&
			  why.our_esp.cipher == suite->cipher);
}

Test(proposal_choose, misses_of_phase_2)
{
	static const struct esp_suite *aes = &suites[0], *gcm = &suites[1], *tdes = &suites[2],
				      *null = &suites[3];
	const enum proposal_encap tr = ENCAP_TRANSPORT;

	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005 80060080", ATTR_NONE, 0, 0);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005", ATTR_NONE, 0, 0);
	expect_esp(aes, GROUP_NONE, tr, 3, "80040002 80050005", ATTR_ESP_CIPHER, 12, 3);
	expect_esp(aes, GROUP_NONE, tr, 23, "80040002", ATTR_ESP_CIPHER, 12, 23); /* GMAC */
	expect_esp(aes, GROUP_NONE, tr, 11, "80040002 80050005", ATTR_ESP_CIPHER, 12, 11);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005 80060100", ATTR_KEY_LENGTH, 128,
		   256);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050002", ATTR_ESP_AUTH, 5, 2);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002", ATTR_ESP_AUTH, 5, 0);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040001 80050005", ATTR_ENCAP, 2, 1);
	expect_esp(aes, GROUP_NONE, tr, 12, "80050005", ATTR_ENCAP, 2, 0); /* says nothing */
	expect_esp(aes, GROUP_NONE, tr, 12, "80040004 80050005", ATTR_ENCAP, 2, 4);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005 800b0001", ATTR_UNKNOWN, 0, 11);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80040001 80050005", ATTR_UNKNOWN, 0, 4);
	expect_esp(gcm, GROUP_NONE, tr, 20, "80040002 80060100", ATTR_NONE, 0, 0);
	expect_esp(gcm, GROUP_NONE, tr, 20, "80040002 80060100 80050002", ATTR_ESP_AUTH, 0, 2);
	expect_esp(gcm, GROUP_NONE, tr, 20, "80040002", ATTR_KEY_LENGTH, 256, 0);
	expect_esp(gcm, GROUP_NONE, tr, 18, "80040002 80060100", ATTR_ESP_CIPHER, 20, 18);
	expect_esp(tdes, GROUP_NONE, tr, 3, "80040002 80050002", ATTR_NONE, 0, 0);
	expect_esp(tdes, GROUP_NONE, tr, 3, "80040002 80050002 800600c0", ATTR_NONE, 0, 0);
	expect_esp(tdes, GROUP_NONE, tr, 3, "80040002 80050002 80060080", ATTR_KEY_LENGTH, 192,
		   128);
	expect_esp(null, GROUP_NONE, tr, 11, "80040002 80050001", ATTR_NONE, 0, 0);
	expect_esp(null, GROUP_NONE, tr, 11, "80040002 80050001 80060080", ATTR_KEY_LENGTH, 0, 128);
	/* The UDP encapsulations, of the RFC and of the drafts before it. */
	expect_esp(aes, GROUP_NONE, ENCAP_UDP_TRANSPORT, 12, "80040004 80050005", ATTR_NONE, 0, 0);
	expect_esp(aes, GROUP_NONE, ENCAP_UDP_TRANSPORT, 12, "8004f004 80050005", ATTR_NONE, 0, 0);
	expect_esp(aes, GROUP_NONE, ENCAP_UDP_TRANSPORT_DRAFT, 12, "8004f004 80050005", ATTR_NONE,
		   0,
		   0);
	expect_esp(aes, GROUP_NONE, ENCAP_UDP_TRANSPORT, 12, "8004f003 80050005", ATTR_ENCAP, 4,
		   61443);
	expect_esp(aes, GROUP_NONE, ENCAP_UDP_TRANSPORT, 12, "80040002 80050005", ATTR_ENCAP, 4, 2);
}

Test(proposal_choose, pfs)
{
	static const struct esp_suite *aes = &suites[0];
	const enum proposal_encap tr = ENCAP_TRANSPORT;

	expect_esp(aes, GROUP_2, tr, 12, "80040002 80050005 80030002", ATTR_NONE, 0, 0);
	expect_esp(aes, GROUP_2, tr, 12, "80040002 80050005", ATTR_PFS_GROUP, 2, 0);
	expect_esp(aes, GROUP_2, tr, 12, "80040002 80050005 8003000e", ATTR_PFS_GROUP, 2, 14);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005 8003000e", ATTR_NONE, 0, 0);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005 80030016", ATTR_PFS_GROUP, 0, 22);
	expect_esp(aes, GROUP_NONE, tr, 12, "80040002 80050005 8003fffe", ATTR_PFS_GROUP, 0,
		   0xfffe);
}

Test(proposal_choose, choose_esp)
{
	struct ike_profile p = { "p", suites, 4, GROUP_NONE, 3600, 0 };
	struct esp_suite chosen;
	const struct transform *t;
	struct mismatch why;
	struct offer o;

	/* ESP with AH, 3DES, AES-128; ours prefers AES-128. */
	cr_assert_eq(parse(hex(DOI
			"0200001c 01030401 c0ffee00 00000010 010c0000 80040002 80050005"
			"02000018 01020401 c0ffee01 0000000c 01050000 80040002"
			"02000034 02030402 c0ffee02 03000010 01030000 80040002 80050001"
			"00000018 02030000 80040002 80050002 80010001 80020e10"
			"0000001c 03030401 c0ffee03 00000010 010c0000 80040002 80050005"), 2, &o),
		     ISAKMP_OK);
	t = proposal_choose_esp(&o, &p, ENCAP_TRANSPORT, &chosen, &why);
	cr_assert_not_null(t);
	cr_expect(t->proposal == 3 && t->spi == 0xc0ffee03 && why.attr == ATTR_NONE);
	cr_expect(chosen.cipher == CIPHER_AES128 && chosen.auth == HASH_SHA256);
	p.suites = suites + 2;
	p.suite_count = 1;
	t = proposal_choose_esp(&o, &p, ENCAP_TRANSPORT, &chosen, &why);
	cr_assert_not_null(t);
	cr_expect(t->proposal == 2 && t->number == 2 && t->life_seconds == 3600);
	/* Only the bundle has what we want: that it is one is then the reason. */
	cr_assert_eq(parse(hex(DOI
			"0200001c 01030401 c0ffee00 00000010 010c0000 80040002 80050005"
			"00000018 01020401 c0ffee01 0000000c 01050000 80040002"), 2, &o),
		     ISAKMP_OK);
	p.suites = suites;
	p.suite_count = 4;
	cr_expect_null(proposal_choose_esp(&o, &p, ENCAP_TRANSPORT, &chosen, &why));
	cr_expect_eq(why.attr, ATTR_BUNDLE);
	p.suites = suites + 1;
	p.suite_count = 3;
	cr_expect_null(proposal_choose_esp(&o, &p, ENCAP_TRANSPORT, &chosen, &why));
	cr_expect(why.attr == ATTR_ESP_CIPHER && why.policy == 1 && why.ours == 20 &&
		  why.theirs == 12);
}

/* Answers */

/* What we build, we choose, and the answer to it is the offered transform, octet by octet. */
Test(proposal_choose, answer)
{
	static const uint8_t spi[4] = { 0xab, 0xcd, 0xef, 1 };
	struct ike_profile p = { "p", suites, 4, GROUP_14, 3600, 4608000 };
	uint8_t offered[512], answered[512];
	struct offer o, back;

	for (size_t i = 0; i < 4; i++) {
		struct ike_profile ours = { "q", &suites[i], 1, GROUP_14, 60, 0 };
		struct writer w = writer_of(offered, sizeof(offered));
		const struct transform *t;
		struct esp_suite chosen;
		struct mismatch why;

		proposal_build_esp(&w, &p, ENCAP_TRANSPORT, 0xc0ffee00);
		cr_assert_eq(proposal_parse((struct span){ offered, w.len }, 2, &o), ISAKMP_OK);
		t = proposal_choose_esp(&o, &ours, ENCAP_TRANSPORT, &chosen, &why);
		cr_assert_not_null(t);
		cr_expect_eq(t->proposal, i + 1);
		w = writer_of(answered, sizeof(answered));
		proposal_build_answer(&w, t, spi, sizeof(spi));
		cr_assert_not(w.bad);
		cr_assert_eq(proposal_parse((struct span){ answered, w.len }, 2, &back), ISAKMP_OK);
		cr_assert_eq(back.count, 1);
		cr_expect(back.transform[0].spi == 0xabcdef01 &&
			  back.transform[0].proposal == i + 1);
		cr_expect(back.transform[0].raw.len == t->raw.len);
		cr_expect(memcmp(back.transform[0].raw.data + 1, t->raw.data + 1,
				 t->raw.len - 1) == 0);
		cr_expect_not_null(
			proposal_choose_esp(&back, &p, ENCAP_TRANSPORT, &chosen, &why));
		cr_expect(chosen.cipher == suites[i].cipher && chosen.auth == suites[i].auth);
	}
}

Test(proposal_choose, answer_of_phase_1)
{
	uint8_t buf[256], answer[64];
	struct writer w = writer_of(buf, sizeof(buf)), a = writer_of(answer, sizeof(answer));
	const struct ike_policy *chosen;
	struct mismatch why;
	struct offer o;

	proposal_build_isakmp(&w, policies, 3);
	cr_assert_eq(proposal_parse((struct span){ buf, w.len }, 1, &o), ISAKMP_OK);
	proposal_build_answer(
		&a, proposal_choose_isakmp(&o, policies + 1, 1, &chosen, &why), NULL, 0);
	cr_expect(span_is((struct span){ answer, a.len },
			  hex(DOI "0000002c 01010001 00000024 02010000 80010007 800e0080 80020002"
				  "80030001 80040005 800b0001 800c0e10")));
	for (size_t cap = 0; cap < a.len; cap++) {
		struct writer small = writer_of(answer, cap);

		proposal_build_answer(&small, &o.transform[1], NULL, 0);
		cr_expect(small.bad);
	}
}

/* strongSwan's offers: we take them, and answer what its responder answered. */
static struct span sa_body(const json_t *messages, size_t index, const char *key)
{
	const json_t *j = json_array_get(messages, index);
	struct span bytes = json_hex(j, "bytes"), chain = { bytes.data + ISAKMP_HEADER,
							    bytes.len - ISAKMP_HEADER };
	struct isakmp_message m;

	if (strcmp(key, "plain") == 0)
		chain = json_hex(j, "plain");
	cr_assert_eq(isakmp_parse_header(bytes, &m.header), ISAKMP_OK);
	cr_assert_eq(isakmp_parse_payloads(&m, chain, *key == 'p', NULL), ISAKMP_OK);
	cr_assert_not_null(isakmp_find(&m, ISAKMP_SA));
	return isakmp_find(&m, ISAKMP_SA)->body;
}

static void expect_same_answer(const struct transform *t, struct span theirs, const uint8_t *spi,
			       size_t spi_len)
{
	uint8_t buf[256];
	struct writer w = writer_of(buf, sizeof(buf));

	cr_assert_not_null(t);
	proposal_build_answer(&w, t, spi, spi_len);
	cr_expect(span_is((struct span){ buf, w.len }, theirs));
}

Test(proposal_choose, strongswan)
{
	static const struct {
		const char *file;
		struct ike_policy policy;
		struct esp_suite esp;
	} files[] = {
		{ "strongswan-3des-sha1-modp1024.json",
		  { 1, { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_2 }, 0 },
		  { CIPHER_3DES, HASH_SHA1 } },
		{ "strongswan-aes128-sha256-modp2048.json",
		  { 1, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_14 }, 0 },
		  { CIPHER_AES128, HASH_SHA256 } },
		{ "strongswan-aes256-sha384-ecp384.json",
		  { 1, { CIPHER_AES256, HASH_SHA384, AUTH_PSK, GROUP_20 }, 0 },
		  { CIPHER_GCM256, HASH_NONE } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const json_t *j = vector_file(files[i].file);
		const json_t *messages = json_object_get(j, "messages");
		struct ike_profile p = { "p", &files[i].esp, 1, GROUP_NONE, 0, 0 };
		struct span theirs = sa_body(messages, 1, "bytes");
		const struct ike_policy *chosen;
		struct esp_suite suite;
		struct mismatch why;
		struct offer o, answer;

		cr_assert_eq(parse(sa_body(messages, 0, "bytes"), 1, &o), ISAKMP_OK);
		expect_same_answer(
			proposal_choose_isakmp(&o, &files[i].policy, 1, &chosen, &why), theirs,
			NULL, 0);
		cr_assert_eq(parse(sa_body(messages, 6, "plain"), 2, &o), ISAKMP_OK);
		theirs = sa_body(messages, 7, "plain");
		cr_assert_eq(parse(theirs, 2, &answer), ISAKMP_OK);
		cr_assert_eq(answer.count, 1);
		expect_same_answer(proposal_choose_esp(&o, &p, ENCAP_TRANSPORT, &suite, &why),
				   theirs, answer.transform[0].raw_proposal.data + 8, 4);
	}
}
