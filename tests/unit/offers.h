/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of proposals: offers to parse, policies and suites to choose by. */
#ifndef TESTS_OFFERS_H
#define TESTS_OFFERS_H

#include "ikev1/proposal.h"
#include "tests/unit/vectors.h"

#define DOI "00000001 00000001"

/* Parses in memory of exactly its size. */
static inline enum isakmp_flaw parse(struct span body, int phase, struct offer *o)
{
	return proposal_parse((struct span){ keep(xmemdup(body.data, body.len)), body.len }, phase, o);
}

/* A body of one ISAKMP or ESP proposal with one transform of these attributes. */
static inline struct span one(uint8_t protocol, uint8_t id, const char *attributes)
{
	struct span a = hex(attributes);
	uint8_t *out = keep(xcalloc(1, 512));
	struct writer w = writer_of(out, 512);
	bool spi = protocol != ISAKMP_PROTO_ISAKMP;

	write_u32(&w, 1);
	write_u32(&w, 1);
	write_u16(&w, 0);
	write_u16(&w, (uint16_t)(8u + (spi ? 4u : 0u) + 8u + a.len));
	write_u8(&w, 1);
	write_u8(&w, protocol);
	write_u8(&w, spi ? 4 : 0);
	write_u8(&w, 1);
	if (spi)
		write_u32(&w, 0xc0ffee00);
	write_u16(&w, 0);
	write_u16(&w, (uint16_t)(8 + a.len));
	write_u8(&w, 1);
	write_u8(&w, id);
	write_u16(&w, 0);
	write_span(&w, a);
	cr_assert_not(w.bad);
	return (struct span){ out, w.len };
}

__attribute__((unused)) static const struct ike_policy policies[] = {
	{ 10, { CIPHER_AES256, HASH_SHA256, AUTH_PSK, GROUP_14 }, 86400 },
	{ 20, { CIPHER_AES128, HASH_SHA1, AUTH_PSK, GROUP_5 }, 3600 },
	{ 30, { CIPHER_3DES, HASH_MD5, AUTH_PSK, GROUP_2 }, 0 },
};

__attribute__((unused)) static const struct esp_suite suites[] = {
	{ CIPHER_AES128, HASH_SHA256 },
	{ CIPHER_GCM256, HASH_NONE },
	{ CIPHER_3DES, HASH_SHA1 },
	{ CIPHER_NULL, HASH_MD5 },
};

#endif
