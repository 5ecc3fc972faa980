/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as the body of an SA payload, in both phases. What is chosen must be what a policy of
 * ours says; a miss must name something; the answer must parse, and be chosen by the same policy.
 *
 *     tests/fuzz/run.sh proposal
 *
 * LINK: ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/wire.c tests/fuzz/replay.c
 */
#include <stdlib.h>

#include "ikev1/proposal.h"
#include "lib/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)          \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

static const struct ike_policy policies[] = {
	{ 1, { CIPHER_AES256, HASH_SHA256, AUTH_PSK, GROUP_14 }, 86400 },
	{ 2, { CIPHER_AES128, HASH_SHA1, AUTH_RSA_SIG, GROUP_19 }, 3600 },
	{ 3, { CIPHER_3DES, HASH_MD5, AUTH_PSK, GROUP_2 }, 0 },
};

static const struct esp_suite suites[] = {
	{ CIPHER_AES128, HASH_SHA256 },
	{ CIPHER_GCM256, HASH_NONE },
	{ CIPHER_3DES, HASH_SHA1 },
	{ CIPHER_NULL, HASH_MD5 },
};

static const uint8_t spi[4] = { 1, 2, 3, 4 };

static void check_offer(const struct offer *o, struct span body)
{
	MUST(o->count <= PROPOSAL_TRANSFORMS_MAX);
	for (size_t i = 0; i < o->count; i++) {
		const struct transform *t = &o->transform[i];

		MUST(t->raw.len >= 8 && t->raw.data > t->raw_proposal.data);
		MUST(t->raw_proposal.data >= body.data + 8 &&
		     t->raw_proposal.len == 8u + t->spi_len);
		MUST(t->raw.data + t->raw.len <= body.data + body.len);
		MUST(t->protocol != ISAKMP_PROTO_ESP || t->spi >= 256);
	}
}

static void check_miss(const struct mismatch *why, const struct offer *o)
{
	MUST((why->attr == ATTR_NONE) == (o->count == 0));
	MUST(why->attr < ATTR_COUNT && !why->their.raw.data && !why->their.raw_proposal.data);
}

/* The answer as the initiator reads it. */
static void read_answer(const struct transform *t, size_t spi_len, int phase, struct offer *answer)
{
	static uint8_t out[UINT16_MAX + 64];
	struct writer w = writer_of(out, sizeof(out));

	proposal_build_answer(&w, t, spi, spi_len);
	MUST(!w.bad);
	MUST(proposal_parse((struct span){ out, w.len }, phase, answer) == ISAKMP_OK);
	MUST(answer->count == 1 && answer->ignored == 0);
	MUST(answer->transform[0].raw.len == t->raw.len &&
	     memcmp(answer->transform[0].raw.data + 1, t->raw.data + 1, t->raw.len - 1) == 0);
}

static void phase1(struct span body)
{
	const struct ike_policy *chosen = NULL, *again = NULL;
	const struct transform *t;
	struct mismatch why;
	struct offer o, answer;

	if (proposal_parse(body, 1, &o) != ISAKMP_OK) {
		MUST(o.count == 0 && o.ignored == 0);
		return;
	}
	check_offer(&o, body);
	t = proposal_choose_isakmp(&o, policies, ARRAY_SIZE(policies), &chosen, &why);
	if (!t) {
		check_miss(&why, &o);
		return;
	}
	MUST(cipher_by_ike(t->encryption, t->key_bits) == chosen->suite.cipher);
	MUST(hash_by_ike(t->hash) == chosen->suite.hash && t->group == chosen->suite.group);
	MUST(t->auth == chosen->suite.auth && !t->bundled && !t->unknown_attribute);
	read_answer(t, 0, 1, &answer);
	MUST(proposal_choose_isakmp(&answer, policies, ARRAY_SIZE(policies), &again, &why));
	MUST(again == chosen);
}

static void phase2(struct span body, enum group_id pfs, enum proposal_encap encap)
{
	struct ike_profile p = { "p", suites, ARRAY_SIZE(suites), pfs, 3600, 0 };
	const struct transform *t;
	struct esp_suite suite, again;
	struct mismatch why;
	struct offer o, answer;

	if (proposal_parse(body, 2, &o) != ISAKMP_OK) {
		MUST(o.count == 0 && o.ignored == 0);
		return;
	}
	check_offer(&o, body);
	t = proposal_choose_esp(&o, &p, encap, &suite, &why);
	if (!t) {
		check_miss(&why, &o);
		return;
	}
	MUST(t->protocol == ISAKMP_PROTO_ESP && !t->bundled && !t->unknown_attribute);
	MUST(cipher_by_esp(t->id, t->key_bits) == suite.cipher);
	MUST(hash_by_esp(t->auth) == suite.auth);
	MUST(t->group == pfs || (pfs == GROUP_NONE && group_get(t->group)));
	read_answer(t, sizeof(spi), 2, &answer);
	MUST(answer.transform[0].spi == 0x01020304);
	MUST(proposal_choose_esp(&answer, &p, encap, &again, &why));
	MUST(again.cipher == suite.cipher && again.auth == suite.auth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span body = { data, len };

	phase1(body);
	phase2(body, GROUP_NONE, ENCAP_TRANSPORT);
	phase2(body, GROUP_14, ENCAP_UDP_TRANSPORT);
	return 0;
}
