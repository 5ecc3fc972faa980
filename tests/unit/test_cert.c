/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is accepted of a peer's certificate, signature and identity, what is not and why; what can be
 * wrong with our own files.
 *
 * LINK: ikev1/cert.c ikev1/isakmp.c lib/addr.c lib/wire.c
 */
#include "tests/certs.h"

#include <criterion/criterion.h>
#include <openssl/param_build.h>

static const uint8_t hash_octets[20] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
					 17, 18, 19, 20 };
#define HASH ((struct span){ hash_octets, sizeof(hash_octets) })

static struct made_cert root, us;

static void setup(void)
{
	root = certs_make(&(struct cert_wish){ .cn = "Lab CA", .ca = true });
	us = certs_make(&(struct cert_wish){ .cn = "us", .issuer = &root, .serial = 2,
					     .names = "DNS:us.lab,IP:10.0.0.1" });
}

TestSuite(cert, .init = setup);

/* The identification payload's body. */
static struct span id_of(uint8_t type, const void *data, size_t len)
{
	uint8_t *body = certs_keep(xcalloc(1, len + 4));

	body[0] = type;
	memcpy(body + 4, data, len);
	return (struct span){ body, len + 4 };
}

static struct span fqdn(const char *name)
{
	return id_of(ISAKMP_ID_FQDN, name, strlen(name));
}

static struct span subject_of(const struct made_cert *c)
{
	struct span s = certs_subject(c);

	return id_of(ISAKMP_ID_DER_ASN1_DN, s.data, s.len);
}

static struct trustpoint *trust(struct trustpoint_source src)
{
	struct span anchor = certs_pem(&root);
	enum trustpoint_flaw flaw;
	struct trustpoint *tp;
	size_t index;

	src.ca = &anchor;
	src.ca_count = 1;
	src.certificate = certs_pem(&us);
	src.key = certs_key_pem(&us);
	tp = trustpoint_new(&src, &flaw, &index);
	cr_assert_eq(flaw, TRUSTPOINT_OK, "flaw %d", (int)flaw);
	return tp;
}

static struct span sign_as(const struct made_cert *c)
{
	struct trustpoint *tp = certs_trustpoint(&root, c);
	uint8_t *out = certs_keep(xcalloc(1, CERT_SIGNATURE_MAX));
	size_t len = cert_sign(tp, HASH, out);

	cr_assert_eq(len, 128);
	trustpoint_release(tp);
	return (struct span){ out, len };
}

static enum ike_cause judge_id(struct trustpoint *tp, const struct made_cert *peer,
			       struct span id, struct ike_cert *about)
{
	struct cert_proof p = { .chain = { certs_der(peer) }, .count = 1, .hash = HASH,
				.signature = sign_as(peer), .id = id };

	return cert_verify(tp, &p, CERTS_NOW, about);
}

static enum ike_cause judge(struct cert_wish wish, struct trustpoint_source src)
{
	struct trustpoint *tp = trust(src);
	struct ike_cert about;
	struct made_cert peer;
	enum ike_cause cause;

	if (!wish.issuer)
		wish.issuer = &root;
	wish.cn = "peer";
	wish.serial = 7;
	peer = certs_make(&wish);
	cause = judge_id(tp, &peer, subject_of(&peer), &about);
	cr_expect_str_eq(about.subject, "O=Lab,CN=peer");
	cr_expect_eq(about.serial_len, 1);
	cr_expect_eq(about.serial[0], 7);
	cr_expect_eq(about.not_after, wish.not_after ? wish.not_after : CERTS_NOW + CERTS_YEAR);
	trustpoint_release(tp);
	return cause;
}

#define NOTHING ((struct trustpoint_source){ 0 })

Test(cert, a_good_one)
{
	struct trustpoint *tp = trust(NOTHING);
	struct made_cert peer = certs_make(&(struct cert_wish){
		.cn = "peer", .issuer = &root, .serial = 0x6b0001, .usage = "digitalSignature" });
	struct ike_cert about;

	cr_expect_eq(judge_id(tp, &peer, subject_of(&peer), &about), IKE_CAUSE_NONE);
	cr_expect_str_eq(about.subject, "O=Lab,CN=peer");
	cr_expect_str_eq(about.issuer, "O=Lab,CN=Lab CA");
	cr_expect_eq(about.serial_len, 3);
	cr_expect_eq(memcmp(about.serial, "\x6b\0\1", 3), 0);
	cr_expect_eq(about.not_before, CERTS_NOW - CERTS_YEAR);
	cr_expect_eq(about.not_after, CERTS_NOW + CERTS_YEAR);
	cr_expect_eq(about.depth, 0);
	trustpoint_release(tp);
}

Test(cert, key_usage)
{
	static const struct {
		const char *usage, *extended;
		enum ike_cause cause;
	} t[] = {
		{ NULL, NULL, IKE_CAUSE_NONE },
		{ "digitalSignature", NULL, IKE_CAUSE_NONE },
		{ "critical,digitalSignature,keyEncipherment", NULL, IKE_CAUSE_NONE },
		{ "nonRepudiation", NULL, IKE_CAUSE_NONE },
		{ "keyEncipherment", NULL, IKE_CAUSE_CERT_KEY_USAGE },
		{ "critical,cRLSign", NULL, IKE_CAUSE_CERT_KEY_USAGE },
		{ NULL, "ipsecIKE", IKE_CAUSE_NONE },
		{ NULL, "1.3.6.1.5.5.8.2.2", IKE_CAUSE_NONE },
		{ NULL, "codeSigning,serverAuth", IKE_CAUSE_NONE },
		{ NULL, "clientAuth", IKE_CAUSE_NONE },
		{ NULL, "anyExtendedKeyUsage", IKE_CAUSE_NONE },
		{ "digitalSignature", "codeSigning", IKE_CAUSE_CERT_KEY_USAGE },
		{ "keyEncipherment", "ipsecIKE", IKE_CAUSE_CERT_KEY_USAGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cert_wish w = { .usage = t[i].usage, .extended = t[i].extended };

		cr_expect_eq(judge(w, NOTHING), t[i].cause, "%s %s", t[i].usage, t[i].extended);
		cr_expect_eq(judge(w, (struct trustpoint_source){ .ignore_key_usage = true }),
			     IKE_CAUSE_NONE);
	}
}

Test(cert, time)
{
	cr_expect_eq(judge((struct cert_wish){ .not_after = CERTS_NOW - 1 }, NOTHING),
		     IKE_CAUSE_CERT_EXPIRED);
	cr_expect_eq(judge((struct cert_wish){ .not_after = CERTS_NOW + 1 }, NOTHING),
		     IKE_CAUSE_NONE);
	cr_expect_eq(judge((struct cert_wish){ .not_before = CERTS_NOW + 1 }, NOTHING),
		     IKE_CAUSE_CERT_NOT_YET_VALID);
}

/* Any number is a modulus to who only has to look at its size. */
static EVP_PKEY *public_key(int bits)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new(), *e = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	BN_set_bit(n, bits - 1);
	BN_set_bit(n, 0);
	BN_set_word(e, 65537);
	OSSL_PARAM_BLD_push_BN(b, "n", n);
	OSSL_PARAM_BLD_push_BN(b, "e", e);
	params = OSSL_PARAM_BLD_to_param(b);
	cr_assert_eq(EVP_PKEY_fromdata_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return certs_keep(key);
}

/* Of RSA's numbers, but not for what IKE does with them. */
static EVP_PKEY *pss_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA_PSS, NULL);
	EVP_PKEY *key = NULL;

	cr_assert_eq(EVP_PKEY_keygen_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024), 1);
	cr_assert_eq(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return certs_keep(key);
}

Test(cert, keys_and_hashes)
{
	EVP_PKEY *keys[] = {
		certs_keep(EVP_RSA_gen(768)),
		certs_keep(EVP_EC_gen("P-256")),
		pss_key(),
		public_key(8 * CERT_SIGNATURE_MAX + 1),
	};
	struct trustpoint *tp = trust(NOTHING);
	struct ike_cert about;

	cr_expect_eq(judge((struct cert_wish){ .md = EVP_sha1() }, NOTHING), IKE_CAUSE_NONE);
	cr_expect_eq(judge((struct cert_wish){ .md = EVP_md5() }, NOTHING),
		     IKE_CAUSE_CERT_UNTRUSTED);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct made_cert c = certs_make(
			&(struct cert_wish){ .cn = "p", .issuer = &root, .key = keys[i] });
		struct cert_proof p = { .chain = { certs_der(&c) }, .count = 1, .hash = HASH,
					.signature = HASH, .id = subject_of(&c) };

		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_CERT_MALFORMED,
			     "key %zu", i);
	}
	trustpoint_release(tp);
}

Test(cert, untrusted)
{
	struct made_cert other = certs_make(&(struct cert_wish){ .cn = "Other CA", .ca = true });
	/* The same name, another key. */
	struct made_cert fake = certs_make(&(struct cert_wish){ .cn = "Lab CA", .ca = true });
	struct made_cert leaf = certs_make(&(struct cert_wish){ .cn = "leaf", .issuer = &root });

	cr_expect_eq(judge((struct cert_wish){ .issuer = &other }, NOTHING),
		     IKE_CAUSE_CERT_UNTRUSTED);
	cr_expect_eq(judge((struct cert_wish){ .issuer = &fake }, NOTHING),
		     IKE_CAUSE_CERT_UNTRUSTED);
	cr_expect_eq(judge((struct cert_wish){ .issuer = &leaf }, NOTHING),
		     IKE_CAUSE_CERT_UNTRUSTED);
}

/* Whoever has a good certificate is no authority: what he signs is worth nothing. */
Test(cert, a_member_is_no_authority)
{
	static const char *const usages[] = { NULL, "digitalSignature", "keyCertSign" };

	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		struct made_cert member = certs_make(&(struct cert_wish){
			.cn = "member", .issuer = &root, .usage = usages[i] });
		struct made_cert hub = certs_make(&(struct cert_wish){ .cn = "hub", .issuer = &member });
		struct cert_proof p = { .chain = { certs_der(&hub), certs_der(&member) }, .count = 2,
					.hash = HASH, .signature = sign_as(&hub),
					.id = subject_of(&hub) };
		struct trustpoint *tp = trust(NOTHING);
		struct ike_cert about;

		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_CERT_UNTRUSTED);
		/* His own with the key of another, or another's with his. */
		p.chain[0] = certs_der(&member);
		p.count = 1;
		p.id = subject_of(&member);
		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about),
			     i == 2 ? IKE_CAUSE_CERT_KEY_USAGE : IKE_CAUSE_SIGNATURE);
		trustpoint_release(tp);
	}
}

Test(cert, intermediates)
{
	struct made_cert sub = certs_make(
		&(struct cert_wish){ .cn = "Sub CA", .ca = true, .issuer = &root, .serial = 5 });
	struct made_cert old = certs_make(&(struct cert_wish){ .cn = "Old CA", .ca = true,
		.issuer = &root, .serial = 6, .not_after = CERTS_NOW - 1 });
	struct made_cert peer = certs_make(&(struct cert_wish){ .cn = "peer", .issuer = &sub });
	struct made_cert late = certs_make(&(struct cert_wish){ .cn = "late", .issuer = &old });
	struct cert_proof p = { .chain = { certs_der(&peer), certs_der(&sub) }, .count = 2,
				.hash = HASH, .signature = sign_as(&peer), .id = subject_of(&peer) };
	struct trustpoint *tp = trust(NOTHING), *tp_sub = certs_trustpoint(&sub, &peer);
	struct ike_cert about;

	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_NONE);
	p.count = 1;
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_CERT_UNTRUSTED);
	/* An anchor need not be a root. */
	cr_expect_eq(cert_verify(tp_sub, &p, CERTS_NOW, &about), IKE_CAUSE_NONE);
	p.chain[0] = certs_der(&late);
	p.chain[1] = certs_der(&old);
	p.count = 2;
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_CERT_EXPIRED);
	cr_expect_eq(about.depth, 1);
	cr_expect_str_eq(about.subject, "O=Lab,CN=Old CA");
	trustpoint_release(tp);
	trustpoint_release(tp_sub);
}

Test(cert, revocation)
{
	struct span lists[] = { certs_crl(&root, 7, CERTS_NOW + 1000),
				certs_crl(&root, 9, CERTS_NOW + 1000),
				certs_crl(&root, 9, CERTS_NOW - 1000),
				certs_crl(&root, 7, CERTS_NOW - 1000) };
	static const struct {
		enum cert_revocation check;
		int list; /* -1: none */
		enum ike_cause cause;
	} t[] = {
		{ CERT_REVOCATION_NONE, 0, IKE_CAUSE_NONE },
		{ CERT_REVOCATION_IF_PRESENT, 0, IKE_CAUSE_CERT_REVOKED },
		{ CERT_REVOCATION_IF_PRESENT, 1, IKE_CAUSE_NONE },
		{ CERT_REVOCATION_IF_PRESENT, 2, IKE_CAUSE_NONE },
		{ CERT_REVOCATION_IF_PRESENT, 3, IKE_CAUSE_CERT_REVOKED },
		{ CERT_REVOCATION_IF_PRESENT, -1, IKE_CAUSE_NONE },
		{ CERT_REVOCATION_REQUIRED, 0, IKE_CAUSE_CERT_REVOKED },
		{ CERT_REVOCATION_REQUIRED, 1, IKE_CAUSE_NONE },
		{ CERT_REVOCATION_REQUIRED, 2, IKE_CAUSE_CERT_NO_CRL },
		{ CERT_REVOCATION_REQUIRED, -1, IKE_CAUSE_CERT_NO_CRL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct trustpoint_source src = { .revocation = t[i].check };

		if (t[i].list >= 0) {
			src.crl = &lists[t[i].list];
			src.crl_count = 1;
		}
		cr_expect_eq(judge((struct cert_wish){ 0 }, src), t[i].cause, "case %zu", i);
	}
}

Test(cert, identities)
{
	struct made_cert peer = certs_make(&(struct cert_wish){
		.cn = "peer.lab", .issuer = &root, .unstructured = "site.example",
		.names = "DNS:Peer.lab,IP:10.0.0.4,email:admin@lab" });
	struct trustpoint *tp = trust(NOTHING);
	struct trustpoint *any = trust((struct trustpoint_source){ .ignore_identity = true });
	const struct {
		struct span id;
		bool good;
	} t[] = {
		{ fqdn("peer.lab"), true },
		{ fqdn("PEER.LAB"), true },
		{ fqdn("peer.labs"), false },
		{ fqdn("eer.lab"), false },
		{ fqdn(""), false },
		{ fqdn("site.example"), true },
		{ fqdn("admin@lab"), false },
		{ id_of(ISAKMP_ID_FQDN, "peer.lab\0x", 10), false },
		{ id_of(ISAKMP_ID_IPV4_ADDR, "\x0a\0\0\4", 4), true },
		{ id_of(ISAKMP_ID_IPV4_ADDR, "\x0a\0\0\5", 4), false },
		{ id_of(ISAKMP_ID_IPV4_ADDR, "\x0a\0\0", 3), false },
		{ id_of(ISAKMP_ID_IPV4_SUBNET, "\x0a\0\0\4\xff\xff\xff\xff", 8), false },
		{ id_of(ISAKMP_ID_USER_FQDN, "admin@lab", 9), true },
		{ id_of(ISAKMP_ID_USER_FQDN, "peer.lab", 8), false },
		{ id_of(ISAKMP_ID_KEY_ID, "peer.lab", 8), false },
		{ subject_of(&peer), true },
		{ subject_of(&root), false },
		{ id_of(ISAKMP_ID_DER_ASN1_DN, "\x30", 1), false },
		{ id_of(ISAKMP_ID_DER_ASN1_DN, "\x30\0", 2), false },
		{ (struct span){ (const uint8_t *)"\2", 1 }, false },
		{ (struct span){ NULL, 0 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ike_cert about;

		cr_expect_eq(judge_id(tp, &peer, t[i].id, &about),
			     t[i].good ? IKE_CAUSE_NONE : IKE_CAUSE_CERT_IDENTITY, "case %zu", i);
		if (!t[i].good)
			cr_expect_str_eq(about.detail,
					 "DNS:Peer.lab, IP Address:10.0.0.4, email:admin@lab");
		cr_expect_eq(judge_id(any, &peer, t[i].id, &about), IKE_CAUSE_NONE);
	}
	trustpoint_release(tp);
	trustpoint_release(any);
}

Test(cert, signatures)
{
	struct made_cert peer = certs_make(&(struct cert_wish){ .cn = "peer", .issuer = &root });
	struct trustpoint *tp = trust(NOTHING);
	struct span good = sign_as(&peer);
	struct cert_proof p = { .chain = { certs_der(&peer) }, .count = 1, .hash = HASH,
				.id = subject_of(&peer) };
	uint8_t *s = xmemdup(good.data, good.len);
	struct ike_cert about;

	for (size_t len = 0; len < good.len; len += 9) {
		p.signature = (struct span){ s, len };
		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_SIGNATURE);
	}
	p.signature = (struct span){ s, good.len };
	for (size_t i = 0; i < good.len; i += 3) {
		s[i] ^= 0x10;
		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_SIGNATURE);
		s[i] ^= 0x10;
	}
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_NONE);
	/* Over a part of the hash only. */
	p.hash.len--;
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_SIGNATURE);
	p.hash = HASH;
	p.signature = sign_as(&us);
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_SIGNATURE);
	free(s);
	trustpoint_release(tp);
}

Test(cert, certificates_that_are_none)
{
	struct made_cert peer = certs_make(&(struct cert_wish){ .cn = "peer", .issuer = &root });
	struct trustpoint *tp = trust(NOTHING);
	struct span der = certs_der(&peer);
	static const uint8_t zeros[CERT_LEN_MAX + 1];
	struct cert_proof p = { .hash = HASH, .signature = sign_as(&peer),
				.id = subject_of(&peer) };
	struct ike_cert about;

	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_NO_CERTIFICATE);
	p.count = 1;
	for (size_t len = 0; len < der.len; len++) {
		uint8_t *cut = xmemdup(der.data, len);

		p.chain[0] = (struct span){ cut, len };
		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_CERT_MALFORMED);
		cr_expect_eq(about.serial_len, 0);
		free(cut);
	}
	p.chain[0] = (struct span){ zeros, sizeof(zeros) };
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_CERT_MALFORMED);
	/* What is wrong behind the first does not matter. */
	p.chain[0] = der;
	p.chain[1] = (struct span){ zeros, 20 };
	p.count = 2;
	cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_NONE);
	trustpoint_release(tp);
}

/* One that is good, but for its size. */
Test(cert, certificate_that_is_too_long)
{
	struct trustpoint *tp = trust(NOTHING);

	for (size_t names = 2; names <= 66; names += 64) {
		char text[66 * 130] = "";
		struct made_cert signer = certs_make(&(struct cert_wish){ .cn = "peer" }), peer;
		struct cert_proof p = { .count = 1, .hash = HASH, .signature = sign_as(&signer) };
		struct ike_cert about;

		for (size_t i = 0; i < names; i++) {
			strcat(text, i ? ",DNS:" : "DNS:");
			memset(text + strlen(text), 'a', 124);
		}
		peer = certs_make(&(struct cert_wish){
			.cn = "peer", .issuer = &root, .names = text, .key = signer.key });
		p.chain[0] = certs_der(&peer);
		p.id = subject_of(&peer);
		cr_assert_eq(p.chain[0].len > CERT_LEN_MAX, names > 2);
		cr_expect_eq(cert_verify(tp, &p, CERTS_NOW, &about),
			     names > 2 ? IKE_CAUSE_CERT_MALFORMED : IKE_CAUSE_NONE);
	}
	trustpoint_release(tp);
}

/* Any octet of a certificate changed: something else comes out, and nothing breaks. */
Test(cert, certificates_that_were_changed)
{
	struct made_cert peer = certs_make(&(struct cert_wish){
		.cn = "peer", .issuer = &root, .names = "DNS:peer.lab", .usage = "digitalSignature" });
	struct trustpoint *tp = trust(NOTHING);
	struct span der = certs_der(&peer);
	uint8_t *copy = xmemdup(der.data, der.len);
	struct cert_proof p = { .chain = { { copy, der.len } }, .count = 1, .hash = HASH,
				.signature = sign_as(&peer), .id = subject_of(&peer) };
	struct ike_cert about;

	for (size_t i = 0; i < der.len; i++) {
		copy[i] ^= 0x80;
		cr_expect_neq(cert_verify(tp, &p, CERTS_NOW, &about), IKE_CAUSE_NONE, "octet %zu", i);
		copy[i] ^= 0x80;
	}
	free(copy);
	trustpoint_release(tp);
}

Test(cert, our_own)
{
	struct made_cert old = certs_make(&(struct cert_wish){ .cn = "old", .issuer = &root,
							       .not_after = CERTS_NOW - 5 });
	struct made_cert other = certs_make(&(struct cert_wish){ .cn = "Other CA", .ca = true });
	struct trustpoint *good = certs_trustpoint(&root, &us), *bad = certs_trustpoint(&root, &old);
	struct trustpoint *stranger = certs_trustpoint(&other, &us);
	struct ike_cert about;

	cr_expect_eq(trustpoint_judge(good, CERTS_NOW, &about), IKE_CAUSE_NONE);
	cr_expect_str_eq(about.subject, "O=Lab,CN=us");
	cr_expect_eq(trustpoint_judge(bad, CERTS_NOW, &about), IKE_CAUSE_CERT_EXPIRED);
	cr_expect_eq(trustpoint_judge(stranger, CERTS_NOW, &about), IKE_CAUSE_CERT_UNTRUSTED);
	cr_expect(trustpoint_issued_by(good, certs_subject(&root)));
	cr_expect_not(trustpoint_issued_by(good, certs_subject(&other)));
	cr_expect_not(trustpoint_issued_by(good, HASH));
	cr_expect_eq(trustpoint_certificate(good, 0).len, certs_der(&us).len);
	cr_expect_eq(trustpoint_certificate(good, 1).len, 0);
	cr_expect_eq(trustpoint_certificate(good, 1000).len, 0);
	cr_expect_eq(trustpoint_anchor(good, 0).len, certs_subject(&root).len);
	cr_expect_eq(trustpoint_anchor(good, 1).len, 0);
	trustpoint_release(good);
	trustpoint_release(bad);
	trustpoint_release(stranger);
}

static enum trustpoint_flaw flaw_of(struct trustpoint_source src, size_t *index)
{
	enum trustpoint_flaw flaw;
	struct trustpoint *tp = trustpoint_new(&src, &flaw, index);

	cr_expect_eq(tp == NULL, flaw != TRUSTPOINT_OK);
	trustpoint_release(tp);
	return flaw;
}

#define SPAN(text) ((struct span){ (const uint8_t *)(text), sizeof(text) - 1 })

Test(cert, flawed_files)
{
	struct made_cert ec = certs_make(
		&(struct cert_wish){ .cn = "ec", .issuer = &root, .key = certs_keep(EVP_EC_gen("P-256")) });
	struct made_cert sub = certs_make(
		&(struct cert_wish){ .cn = "Sub", .ca = true, .issuer = &root });
	struct span ca[2] = { certs_pem_two(&root, &sub), certs_der(&root) };
	struct span crl[2] = { certs_crl(&root, 0, CERTS_NOW), SPAN("no") };
	struct trustpoint_source good = { .ca = ca, .ca_count = 2, .crl = crl, .crl_count = 1,
					  .certificate = certs_pem_two(&us, &sub),
					  .key = certs_key_pem(&us) };
	struct trustpoint_source src = good;
	size_t index;

	cr_expect_eq(flaw_of(good, &index), TRUSTPOINT_OK);
	src.ca_count = 0;
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_CA);
	src = good;
	ca[1] = SPAN("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_CA);
	cr_expect_eq(index, 1);
	ca[1] = (struct span){ NULL, 0 };
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_CA);
	src.ca_count = 1;
	src.crl_count = 2;
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_CRL);
	cr_expect_eq(index, 1);
	src.crl_count = 0;
	src.certificate = SPAN("hello");
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_CERTIFICATE);
	src.certificate = certs_pem(&ec);
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_NOT_RSA);
	src.certificate = certs_pem(&us);
	src.key = certs_key_pem(&root);
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_KEY_OTHER);
	src.key = SPAN("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		       "-----END ENCRYPTED PRIVATE KEY-----\n");
	cr_expect_eq(flaw_of(src, &index), TRUSTPOINT_KEY);
}

Test(cert, names)
{
	uint8_t longer[200] = { 0 };
	char text[20];

	cr_expect(cert_name_text(certs_subject(&us), text, sizeof(text)));
	cr_expect_str_eq(text, "O=Lab,CN=us");
	cr_expect(cert_name_text(certs_subject(&us), text, 6));
	cr_expect_str_eq(text, "O=Lab");
	memcpy(longer, certs_subject(&us).data, MIN(certs_subject(&us).len, sizeof(longer) - 1));
	cr_expect_not(cert_name_text((struct span){ longer, certs_subject(&us).len + 1 }, text,
				     sizeof(text)),
		      "one octet more");
	cr_expect_not(cert_name_text(SPAN("\x30"), text, sizeof(text)));
	cr_expect_str_eq(text, "");
	cr_expect_not(cert_name_text((struct span){ NULL, 0 }, text, sizeof(text)));
}
