/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key material against NIST's figures and against whole exchanges that strongSwan held
 * (tests/vectors), from the secrets down to the last decrypted octet.
 *
 * LINK: ikev1/keymat.c ikev1/crypto.c ikev1/isakmp.c lib/algo.c lib/wire.c
 */
#include <criterion/criterion.h>

#include "ikev1/keymat.h"
#include "tests/unit/vectors.h"

#define IS(octets, span) (memcmp((octets), (span).data, (span).len) == 0)

Test(keymat, nist_psk)
{
	const json_t *cases = json_object_get(vector_file("nist-ikev1-psk-kdf.json"), "cases");

	cr_assert(json_array_size(cases) >= 2);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);
		bool sha1 = strcmp(json_text(c, "hash"), "sha1") == 0;
		struct keymat_phase1 p = {
			.hash = sha1 ? HASH_SHA1 : HASH_SHA256,
			.ni = json_hex(c, "ni"),
			.nr = json_hex(c, "nr"),
			.gxy = json_hex(c, "gxy"),
			.icookie = json_hex(c, "cky_i"),
			.rcookie = json_hex(c, "cky_r"),
		};
		struct keymat_skeyid k;

		keymat_skeyid_psk(&p, json_hex(c, "psk"), &k);
		cr_expect_eq(k.len, json_hex(c, "skeyid").len);
		cr_expect(IS(k.skeyid, json_hex(c, "skeyid")));
		cr_expect(IS(k.d, json_hex(c, "skeyid_d")));
		cr_expect(IS(k.a, json_hex(c, "skeyid_a")));
		cr_expect(IS(k.e, json_hex(c, "skeyid_e")));
	}
}

/* One exchange of strongSwan's, as we would have seen it. */
struct exchange {
	const json_t *json;
	enum cipher_id cipher;
	struct keymat_phase1 p;
	struct keymat_skeyid k;
	uint8_t key[CRYPTO_KEY_MAX];
};

static const struct {
	const char *file;
	enum cipher_id cipher;
	enum hash_id hash;
	enum group_id group;
	struct esp_suite esp;
} files[] = {
	{ "strongswan-3des-sha1-modp1024.json", CIPHER_3DES, HASH_SHA1, GROUP_2,
	  { CIPHER_3DES, HASH_SHA1 } },
	{ "strongswan-aes128-sha256-modp2048.json", CIPHER_AES128, HASH_SHA256, GROUP_14,
	  { CIPHER_AES128, HASH_SHA256 } },
	{ "strongswan-aes256-sha384-ecp384.json", CIPHER_AES256, HASH_SHA384, GROUP_20,
	  { CIPHER_GCM256, HASH_NONE } },
};

static struct exchange load(size_t i)
{
	json_t *j = vector_file(files[i].file);
	struct exchange x = {
		.json = j,
		.cipher = files[i].cipher,
		.p = {
			.hash = files[i].hash,
			.ni = json_hex(j, "ni"), .nr = json_hex(j, "nr"),
			.gxi = json_hex(j, "gxi"), .gxr = json_hex(j, "gxr"),
			.gxy = json_hex(j, "gxy"),
			.icookie = json_hex(j, "cky_i"), .rcookie = json_hex(j, "cky_r"),
			.sa_i = json_hex(j, "sa_i"),
		},
	};

	keymat_skeyid_psk(&x.p, json_hex(j, "psk"), &x.k);
	keymat_cipher_key(x.p.hash, x.cipher, &x.k, x.key);
	return x;
}

Test(keymat, strongswan_phase1)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct exchange x = load(i);
		uint8_t out[HASH_LEN_MAX], iv[CRYPTO_BLOCK_MAX];

		cr_expect_eq(x.p.gxi.len, group_get(files[i].group)->public_len);
		cr_expect_eq(x.p.gxy.len, group_get(files[i].group)->secret_len);
		cr_expect(IS(x.k.skeyid, json_hex(x.json, "skeyid")));
		cr_expect(IS(x.k.d, json_hex(x.json, "skeyid_d")));
		cr_expect(IS(x.k.a, json_hex(x.json, "skeyid_a")));
		cr_expect(IS(x.k.e, json_hex(x.json, "skeyid_e")));
		cr_expect_eq(json_hex(x.json, "key").len, cipher_get(x.cipher)->key_bits / 8u);
		cr_expect(IS(x.key, json_hex(x.json, "key")));
		keymat_iv_phase1(&x.p, x.cipher, iv);
		cr_expect(IS(iv, json_hex(x.json, "iv")));
		keymat_auth_hash(&x.p, &x.k, true, json_hex(x.json, "id_i"), out);
		cr_expect(IS(out, json_hex(x.json, "hash_i")));
		keymat_auth_hash(&x.p, &x.k, false, json_hex(x.json, "id_r"), out);
		cr_expect(IS(out, json_hex(x.json, "hash_r")));
	}
}

/* Decrypts one message as a receiver does; the parsed message points into plain. */
static struct isakmp_message decrypt(const struct exchange *x, const json_t *message, uint8_t *iv,
				     uint8_t *plain)
{
	struct span bytes = json_hex(message, "bytes"), expected = json_hex(message, "plain");
	size_t len = bytes.len - ISAKMP_HEADER;
	struct isakmp_message m;

	cr_assert_eq(isakmp_parse_header(bytes, &m.header), ISAKMP_OK);
	cr_assert(m.header.flags & ISAKMP_FLAG_ENCRYPTED);
	cr_expect(IS(iv, json_hex(message, "iv")), "%s", json_text(message, "name"));
	memcpy(plain, bytes.data + ISAKMP_HEADER, len);
	cr_assert(crypto_cbc(x->cipher, false, x->key, iv, plain, len));
	cr_expect(expected.len == len && IS(plain, expected), "%s", json_text(message, "name"));
	cr_assert_eq(isakmp_parse_payloads(&m, (struct span){ plain, len }, true, NULL), ISAKMP_OK);
	return m;
}

/* HASH(1), (2), (3) or an informational's, over the message as it was decrypted. */
static void expect_hash(const struct exchange *x, const struct isakmp_message *m, const char *name)
{
	const json_t *quick = json_object_get(x->json, "quick");
	struct span ni = json_hex(quick, "ni"), nr = json_hex(quick, "nr");
	const struct isakmp_payload *h = &m->payload[0];
	struct span rest = { h->raw.data + h->raw.len, m->length - h->raw.len };
	uint8_t out[HASH_LEN_MAX];

	cr_assert_eq(h->type, ISAKMP_HASH);
	cr_assert_eq(h->body.len, x->k.len);
	if (strcmp(name, "QM2") == 0)
		keymat_hash2(x->p.hash, &x->k, m->header.msgid, ni, rest, out);
	else if (strcmp(name, "QM3") == 0)
		keymat_hash3(x->p.hash, &x->k, m->header.msgid, ni, nr, out);
	else
		keymat_hash1(x->p.hash, &x->k, m->header.msgid, rest, out);
	cr_expect(IS(out, h->body), "%s", name);
}

Test(keymat, strongswan_messages)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct exchange x = load(i);
		const json_t *messages = json_object_get(x.json, "messages");
		uint8_t iv[CRYPTO_BLOCK_MAX], last_phase1[CRYPTO_BLOCK_MAX];
		uint8_t plain[ISAKMP_MESSAGE_MAX];
		uint32_t msgid = 0;
		unsigned int seen = 0;

		keymat_iv_phase1(&x.p, x.cipher, iv);
		for (size_t j = 4; j < json_array_size(messages); j++) {
			const json_t *message = json_array_get(messages, j);
			const char *name = json_text(message, "name");
			struct isakmp_header header;
			struct isakmp_message m;

			cr_assert_eq(isakmp_parse_header(json_hex(message, "bytes"), &header),
				     ISAKMP_OK);
			if (header.msgid && header.msgid != msgid)
				keymat_iv_phase2(x.p.hash, x.cipher, last_phase1, header.msgid, iv);
			msgid = header.msgid;
			m = decrypt(&x, message, iv, plain);
			if (msgid == 0)
				memcpy(last_phase1, iv, sizeof(iv));
			else
				expect_hash(&x, &m, name);
			seen++;
		}
		cr_expect_geq(seen, 5);
	}
}

Test(keymat, strongswan_ipsec)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct exchange x = load(i);
		const json_t *quick = json_object_get(x.json, "quick");
		const json_t *sas = json_object_get(quick, "esp");
		struct span gxy = { NULL, 0 };

		if (json_object_get(quick, "gxy"))
			gxy = json_hex(quick, "gxy");
		cr_assert_eq(json_array_size(sas), 2);
		for (size_t j = 0; j < 2; j++) {
			const json_t *sa = json_array_get(sas, j);
			struct span encryption = json_hex(sa, "encryption");
			struct span integrity = { NULL, 0 };
			size_t len = esp_suite_keymat(&files[i].esp);
			uint8_t out[KEYMAT_MAX];

			if (files[i].esp.auth != HASH_NONE)
				integrity = json_hex(sa, "integrity");
			cr_assert_eq(len, encryption.len + integrity.len);
			keymat_ipsec(x.p.hash, &x.k, gxy, ISAKMP_PROTO_ESP,
				     (uint32_t)strtoul(json_text(sa, "spi"), NULL, 16),
				     json_hex(quick, "ni"), json_hex(quick, "nr"), out, len);
			cr_expect(IS(out, encryption));
			cr_expect(integrity.len == 0 || IS(out + encryption.len, integrity));
		}
	}
}

static struct keymat_phase1 some_phase1(enum hash_id hash)
{
	return (struct keymat_phase1){
		.hash = hash,
		.ni = hex("00112233445566778899aabbccddeeff"),
		.nr = hex("0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
		.gxi = hex("1111"), .gxr = hex("2222"), .gxy = hex("00ff"),
		.icookie = hex("0102030405060708"), .rcookie = hex("1112131415161718"),
		.sa_i = hex("33"),
	};
}

/* SKEYID of signatures, by the formula: prf(Ni | Nr, g^xy). */
Test(keymat, skeyid_sig)
{
	for (enum hash_id h = HASH_MD5; h < HASH_COUNT; h++) {
		struct keymat_phase1 p = some_phase1(h);
		struct keymat_skeyid sig, psk;
		uint8_t out[HASH_LEN_MAX];

		keymat_skeyid_sig(&p, &sig);
		crypto_hmac(h,
			    hex("00112233445566778899aabbccddeeff"
				"0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
			    &p.gxy, 1, out);
		cr_expect(memcmp(sig.skeyid, out, hash_get(h)->len) == 0);
		cr_expect_eq(sig.len, hash_get(h)->len);
		keymat_skeyid_psk(&p, (struct span){ NULL, 0 }, &psk);
		cr_expect(memcmp(sig.d, psk.d, psk.len) != 0);
	}
}

/* Appendix B: a key longer than SKEYID_e is K1 | K2 ..., a shorter one its beginning. */
Test(keymat, cipher_key_lengths)
{
	static const uint8_t zero[1];

	for (enum hash_id h = HASH_MD5; h < HASH_COUNT; h++) {
		struct keymat_phase1 p = some_phase1(h);
		size_t n = hash_get(h)->len;
		struct keymat_skeyid k;
		uint8_t long_key[3 * HASH_LEN_MAX];
		struct span e, previous = { zero, 1 };

		keymat_skeyid_psk(&p, text_span("secret"), &k);
		e = (struct span){ k.e, k.len };
		for (size_t at = 0; at < 3 * n; at += n) {
			crypto_hmac(h, e, &previous, 1, long_key + at);
			previous = (struct span){ long_key + at, n };
		}
		for (enum cipher_id c = CIPHER_3DES; c <= CIPHER_AES256; c++) {
			size_t len = cipher_get(c)->key_bits / 8u;
			uint8_t key[CRYPTO_KEY_MAX + 1];

			memset(key, 0xa5, sizeof(key));
			keymat_cipher_key(h, c, &k, key);
			cr_expect(memcmp(key, len > n ? long_key : k.e, len) == 0);
			cr_expect_eq(key[len], 0xa5);
		}
	}
}

/* Every length is the beginning of every longer one, and nothing is written behind it. */
Test(keymat, ipsec_lengths)
{
	for (enum hash_id h = HASH_MD5; h < HASH_COUNT; h++) {
		struct keymat_phase1 p = some_phase1(h);
		uint8_t all[KEYMAT_MAX], out[KEYMAT_MAX + 1];
		struct keymat_skeyid k;

		keymat_skeyid_psk(&p, text_span("secret"), &k);
		keymat_ipsec(h, &k, p.gxy, ISAKMP_PROTO_ESP, 0x1234, p.ni, p.nr, all, KEYMAT_MAX);
		for (size_t len = 0; len <= KEYMAT_MAX; len++) {
			memset(out, 0x5a, sizeof(out));
			keymat_ipsec(h, &k, p.gxy, ISAKMP_PROTO_ESP, 0x1234, p.ni, p.nr, out, len);
			cr_expect(memcmp(out, all, len) == 0);
			cr_expect_eq(out[len], 0x5a);
		}
	}
}

/* Everything that goes in changes what comes out. */
Test(keymat, ipsec_inputs)
{
	struct keymat_phase1 p = some_phase1(HASH_SHA1);
	struct span none = { NULL, 0 };
	uint8_t out[5][20];
	struct keymat_skeyid k;

	keymat_skeyid_psk(&p, text_span("secret"), &k);
	keymat_ipsec(HASH_SHA1, &k, none, ISAKMP_PROTO_ESP, 0x12345678, p.ni, p.nr, out[0], 20);
	keymat_ipsec(HASH_SHA1, &k, p.gxy, ISAKMP_PROTO_ESP, 0x12345678, p.ni, p.nr, out[1], 20);
	keymat_ipsec(HASH_SHA1, &k, none, ISAKMP_PROTO_AH, 0x12345678, p.ni, p.nr, out[2], 20);
	keymat_ipsec(HASH_SHA1, &k, none, ISAKMP_PROTO_ESP, 0x78563412, p.ni, p.nr, out[3], 20);
	keymat_ipsec(HASH_SHA1, &k, none, ISAKMP_PROTO_ESP, 0x12345678, p.nr, p.ni, out[4], 20);
	for (size_t i = 0; i < 5; i++)
		for (size_t j = i + 1; j < 5; j++)
			cr_expect(memcmp(out[i], out[j], 20) != 0, "%zu %zu", i, j);
}
