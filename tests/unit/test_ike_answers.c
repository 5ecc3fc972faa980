/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a peer who has the keys may answer to what we have begun, or prove himself with.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/certs.h"
#include "tests/unit/ike_inputs.h"

#include "ikev1/lifetime.h"
#include "ikev1/rsa_sig.h"
#include "ikev1/store.h"

/* The answer to our quick mode, but with two transforms to choose from; its HASH is right. */
static void two_transforms(const struct two_datagram *d, const struct two_datagram *before)
{
	const struct isakmp_sa *sa = two_their_sa(&t);
	const struct ipsec_pair *pair = LIST_FIRST(&t.us->peers->pairs);
	size_t block = cipher_get(sa->suite.cipher)->block, at = ISAKMP_HEADER + 4u + sa->keys.len;
	uint8_t iv[CRYPTO_BLOCK_MAX], plain[TWO_MAX], two[256], *hash;
	struct isakmp_message m;
	struct forged f;

	memcpy(iv, before->octets + before->len - block, block);
	memcpy(plain, d->octets + ISAKMP_HEADER, d->len - ISAKMP_HEADER);
	cr_assert(crypto_cbc(sa->suite.cipher, false, sa->cipher_key, iv, plain,
			     d->len - ISAKMP_HEADER));
	cr_assert_eq(isakmp_parse_header(span_of(d->octets, d->len), &m.header), ISAKMP_OK);
	cr_assert_eq(isakmp_parse_payloads(&m, span_of(plain, d->len - ISAKMP_HEADER), true, NULL),
		     ISAKMP_OK);
	forge(&t, &f, ISAKMP_XCHG_QUICK, m.header.msgid);
	forged_hash_begin(&t, &f);
	for (size_t i = 1; i < m.count; i++) {
		struct span b = m.payload[i].body;

		if (m.payload[i].type == ISAKMP_SA) {
			/* DOI, situation, proposal with its SPI: 20 octets; then the transform. */
			size_t transform = b.len - 20;

			memcpy(two, b.data, b.len);
			memcpy(two + b.len, two + 20, transform);
			two[11] = (uint8_t)(two[11] + transform); /* length of the proposal */
			two[15] = 2;
			two[20] = 3; /* one more follows */
			two[b.len + 4] = 2;
			b = span_of(two, b.len + transform);
		}
		isakmp_add_payload(&f.b, m.payload[i].type, b);
	}
	hash = f.octets + ISAKMP_HEADER + 4;
	keymat_hash2(sa->suite.hash, &sa->keys, m.header.msgid, nonce_span(&pair->qm->ni),
		     span_of(f.octets + at, f.b.w.len - at), hash);
	isakmp_finish(&f.b, block);
	f.octets[19] = ISAKMP_FLAG_ENCRYPTED;
	memcpy(iv, before->octets + before->len - block, block);
	crypto_cbc(sa->suite.cipher, true, sa->cipher_key, iv, f.octets + ISAKMP_HEADER,
		   f.b.w.len - ISAKMP_HEADER);
	two_input(&t, true, f.octets, f.b.w.len);
}

/* An answer is one choice: what is none is not believed, and the peer hears of it. */
Test(ike_answers, answer_with_two_transforms)
{
	struct two_datagram before, real;

	alone();
	two_connect(&t, true);
	two_deliver(&t, 6);
	before = t.queue[t.head % TWO_QUEUE];
	two_deliver(&t, 1);
	real = two_take(&t);
	cr_assert(!before.to_us && real.to_us && real.octets[18] == ISAKMP_XCHG_QUICK);
	two_mark(&t);
	two_transforms(&real, &before);
	cr_expect_eq(dropped_at_all(), 0, "its HASH is right");
	cr_expect_eq(ike_counters(t.us)->failed[IKE_CAUSE_MALFORMED], 1);
	cr_expect_eq(t.sas_added, 0);
	cr_expect_geq(t.sent_by_us, 1);
	two_free(&t);
}

/* RESPONDER-LIFETIME shortens a life, it gives none, and none that is longer. */
Test(ike_answers, responder_lifetime_only_shortens)
{
	static const struct {
		uint32_t told, holds;
	} cases[] = { { 7200, 3600 }, { UINT32_MAX, 3600 }, { 0, 3600 }, { 3601, 3600 }, { 900, 900 } };

	alone();
	two_connect(&t, true);
	two_deliver(&t, 100);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct isakmp_sa *sa = t.us->sas;
		struct ipsec_pair *pair = ike_peer_pair(t.us->peers);
		struct incoming in = { .m.count = 1 };
		struct isakmp_notify n = { .type = ISAKMP_N_RESPONDER_LIFETIME };
		uint8_t life[32], body[64];
		struct writer w = writer_of(life, sizeof(life)), b = writer_of(body, sizeof(body));

		sa->lifetime = pair->life_seconds = pair->life_kilobytes = 3600;
		proposal_build_life(&w, 1, cases[i].told, 0);
		n.data = span_of(life, w.len);
		lifetime_hear_phase1(sa, &n);
		cr_expect_eq(sa->lifetime, cases[i].holds, "%u s", cases[i].told);
		w = writer_of(life, sizeof(life));
		proposal_build_life(&w, 2, cases[i].told, cases[i].told);
		write_u32(&b, 1);
		write_u8(&b, ISAKMP_PROTO_ESP);
		write_u8(&b, 0);
		write_u16(&b, ISAKMP_N_RESPONDER_LIFETIME);
		write_span(&b, span_of(life, w.len));
		in.m.payload[0] = (struct isakmp_payload){ .type = ISAKMP_NOTIFY,
							   .body = span_of(body, b.len) };
		lifetime_hear_phase2(pair, &in);
		cr_expect_eq(pair->life_seconds, cases[i].holds, "%u s", cases[i].told);
		cr_expect_eq(pair->life_kilobytes, cases[i].holds, "%u KB", cases[i].told);
	}
	two_free(&t);
}

static size_t certificates;

static void count_certificates(struct ike_job *job)
{
	if (job->kind == JOB_VERIFY)
		certificates = job->verify.proof.count;
	else
		ike_job_run(job);
}

/* Of certificates no more are taken than a chain may have. */
Test(ike_answers, many_certificates)
{
	struct made_cert root = certs_make(&(struct cert_wish){ .cn = "Lab CA", .ca = true });
	struct ike_config cfg = two_config;

	cfg.trustpoint = certs_trustpoint(&root, &root);
	for (size_t n = 1; n < ISAKMP_PAYLOADS_MAX - 2; n++) {
		/* X.509, for signatures. */
		static const uint8_t certificate[] = { 4, 1, 2, 3 };
		struct incoming in = { .m.count = n + 2 };

		under_way(4);
		ike_configure(t.us, &cfg);
		t.run_job = count_certificates;
		cr_assert(rsa_sig_begin(t.us->sas));
		in.m.payload[0] = (struct isakmp_payload){ .type = ISAKMP_ID,
							   .body = span_of(zeros, 8) };
		in.m.payload[1] = (struct isakmp_payload){ .type = ISAKMP_SIG,
							   .body = span_of(zeros, 64) };
		for (size_t i = 0; i < n; i++)
			in.m.payload[2 + i] =
				(struct isakmp_payload){ .type = ISAKMP_CERT,
							 .body = span_of(certificate, 4) };
		certificates = 0;
		rsa_sig_validate(&t.us->sas->x, &in);
		two_drain(&t);
		cr_expect_eq(certificates, MIN(n, CERT_CHAIN_MAX), "of %zu", n);
		two_free(&t);
	}
	trustpoint_release(cfg.trustpoint);
}
