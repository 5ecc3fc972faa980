/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Primitives against published vectors, and Diffie-Hellman against tests/vectors/dh.json.
 *
 * LINK: ikev1/crypto.c lib/algo.c lib/drbg.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <pthread.h>

#include "ikev1/crypto.h"
#include "lib/drbg.h"
#include "tests/unit/vectors.h"

#define NONE ((struct span){ NULL, 0 })

static struct span digest(enum hash_id id, struct span data)
{
	uint8_t *out = keep(xcalloc(1, hash_get(id)->len));

	crypto_hash(id, &data, 1, out);
	return (struct span){ out, hash_get(id)->len };
}

static struct span mac(enum hash_id id, struct span key, struct span data)
{
	uint8_t *out = keep(xcalloc(1, hash_get(id)->len));

	crypto_hmac(id, key, &data, 1, out);
	return (struct span){ out, hash_get(id)->len };
}

Test(crypto, hash_of_abc)
{
	static const struct {
		enum hash_id id;
		const char *digest; /* RFC 1321, FIPS 180 */
	} cases[] = {
		{ HASH_MD5, "900150983cd24fb0d6963f7d28e17f72" },
		{ HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			       "8086072ba1e7cc2358baeca134c825a7" },
		{ HASH_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};
	struct span parts[3] = { text_span("a"), NONE, text_span("bc") };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t out[HASH_LEN_MAX];

		cr_expect(span_is(digest(cases[i].id, text_span("abc")), hex(cases[i].digest)));
		crypto_hash(cases[i].id, parts, 3, out);
		cr_expect(memcmp(out, hex(cases[i].digest).data, hash_get(cases[i].id)->len) == 0);
	}
	cr_expect(span_is(digest(HASH_MD5, NONE), hex("d41d8cd98f00b204e9800998ecf8427e")));
}

/* RFC 2202 for MD5 and SHA-1, RFC 4231 for SHA-2: cases 1, 2 and the key longer than a block. */
Test(crypto, hmac)
{
	static const char *const jefe = "4a656665",
				 *const what =
					 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
				 *const hi = "4869205468657265",
				 *const b16 = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
				 *const b20 = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
	const struct {
		enum hash_id id;
		const char *key, *data, *mac;
	} cases[] = {
		{ HASH_MD5, b16, hi, "9294727a3638bb1c13f48ef8158bfc9d" },
		{ HASH_MD5, jefe, what, "750c783e6ab0b503eaa86e310a5db738" },
		{ HASH_SHA1, b20, hi, "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ HASH_SHA1, jefe, what, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ HASH_SHA256, b20, hi,
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ HASH_SHA256, jefe, what,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ HASH_SHA384, b20, hi,
		  "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
		  "faea9ea9076ede7f4af152e8b2fa9cb6" },
		{ HASH_SHA384, jefe, what,
		  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		  "8e2240ca5e69e2c78b3239ecfab21649" },
		{ HASH_SHA512, b20, hi,
		  "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
		  "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
		{ HASH_SHA512, jefe, what,
		  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	};
	static uint8_t aa[131];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect(span_is(mac(cases[i].id, hex(cases[i].key), hex(cases[i].data)),
				  hex(cases[i].mac)),
			  "case %zu", i);
	memset(aa, 0xaa, sizeof(aa));
	cr_expect(span_is(mac(HASH_SHA1, (struct span){ aa, 80 },
			      text_span("Test Using Larger Than Block-Size Key - Hash Key First")),
			  hex("aa4ae5e15272d00e95705637ce8a3b55ed402112")));
	cr_expect(span_is(mac(HASH_SHA256, (struct span){ aa, 131 },
			      text_span("Test Using Larger Than Block-Size Key - Hash Key First")),
			  hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")));
	/* An empty key is a key, and the one used before does not stay behind. */
	cr_expect(span_is(mac(HASH_SHA256, NONE, NONE),
			  hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")));
}

Test(crypto, cbc_vectors)
{
	static const struct {
		enum cipher_id id;
		const char *key, *iv, *plain, *coded;
	} cases[] = {
		/* RFC 3602, cases 1 and 2 */
		{ CIPHER_AES128, "06a9214036b8a15b512e03d534120006",
		  "3dafba429d9eb430b422da802c9fac41", "53696e676c6520626c6f636b206d7367",
		  "e353779c1079aeb82708942dbe77181a" },
		{ CIPHER_AES128, "c286696d887c9aa0611bbb3e2025a45a",
		  "562e17996d093d28ddb3ba695a2e6f58",
		  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		  "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1" },
		/* NIST SP 800-38A F.2.3, F.2.5 */
		{ CIPHER_AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		  "000102030405060708090a0b0c0d0e0f",
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
		  "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a" },
		{ CIPHER_AES256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		  "000102030405060708090a0b0c0d0e0f",
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
		  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" },
		/* NIST SP 800-67 appendix B, each block by itself (there it is ECB) */
		{ CIPHER_3DES, "0123456789abcdef23456789abcdef01456789abcdef0123",
		  "0000000000000000", "5468652071756663", "a826fd8ce53b855f" },
		{ CIPHER_3DES, "0123456789abcdef23456789abcdef01456789abcdef0123",
		  "0000000000000000", "6b2062726f776e20", "cce21c8112256fe6" },
		{ CIPHER_3DES, "0123456789abcdef23456789abcdef01456789abcdef0123",
		  "0000000000000000", "666f78206a756d70", "68d5c05dd9b6b900" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct span coded = hex(cases[i].coded), plain = hex(cases[i].plain);
		size_t block = cipher_get(cases[i].id)->block;
		const uint8_t *key = hex(cases[i].key).data;
		uint8_t data[64], iv[CRYPTO_BLOCK_MAX];

		memcpy(data, plain.data, plain.len);
		memcpy(iv, hex(cases[i].iv).data, block);
		cr_assert(crypto_cbc(cases[i].id, true, key, iv, data, plain.len));
		cr_expect(memcmp(data, coded.data, coded.len) == 0, "case %zu", i);
		cr_expect(memcmp(iv, coded.data + coded.len - block, block) == 0);
		memcpy(iv, hex(cases[i].iv).data, block);
		cr_assert(crypto_cbc(cases[i].id, false, key, iv, data, plain.len));
		cr_expect(memcmp(data, plain.data, plain.len) == 0);
		cr_expect(memcmp(iv, coded.data + coded.len - block, block) == 0);
	}
}

/* Two messages one after the other are one message in two pieces. */
Test(crypto, cbc_iv_chains)
{
	for (enum cipher_id id = CIPHER_3DES; id <= CIPHER_AES256; id++) {
		uint8_t key[CRYPTO_KEY_MAX], iv[CRYPTO_BLOCK_MAX] = { 1 }, whole[96], parts[96];

		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)(i * 7 + 1);
		for (size_t i = 0; i < sizeof(whole); i++)
			whole[i] = parts[i] = (uint8_t)i;
		cr_assert(crypto_cbc(id, true, key, iv, whole, 96));
		memset(iv, 0, sizeof(iv));
		iv[0] = 1;
		cr_assert(crypto_cbc(id, true, key, iv, parts, 32));
		cr_assert(crypto_cbc(id, true, key, iv, parts + 32, 64));
		cr_expect(memcmp(whole, parts, 96) == 0);
	}
}

Test(crypto, cbc_refuses)
{
	static const enum cipher_id not_for_ike[] = { CIPHER_NONE,   CIPHER_DES,    CIPHER_GCM128,
						      CIPHER_GCM192, CIPHER_GCM256, CIPHER_NULL,
						      CIPHER_COUNT };
	uint8_t key[CRYPTO_KEY_MAX] = { 0 }, iv[CRYPTO_BLOCK_MAX] = { 3 }, data[48] = { 5 };

	for (size_t i = 0; i < ARRAY_SIZE(not_for_ike); i++)
		cr_expect_not(crypto_cbc(not_for_ike[i], true, key, iv, data, 48));
	for (size_t len = 0; len <= 48; len++) {
		uint8_t d[48] = { 5 };

		cr_expect_eq(crypto_cbc(CIPHER_AES128, false, key, (uint8_t[16]){ 3 }, d, len),
			     len && len % 16 == 0);
		cr_expect_eq(crypto_cbc(CIPHER_3DES, false, key, (uint8_t[16]){ 3 }, d, len),
			     len && len % 8 == 0);
	}
	cr_expect_not(crypto_cbc(CIPHER_AES128, true, key, iv, data, 47));
	cr_expect(data[0] == 5 && iv[0] == 3);
}

Test(crypto, weak_keys)
{
	static const char *const weak[] = {
		"0101010101010101", "fefefefefefefefe", "1f1f1f1f0e0e0e0e", "e0e0e0e0f1f1f1f1",
		"01fe01fe01fe01fe", "fe01fe01fe01fe01", "1fe01fe00ef10ef1", "e01fe01ff10ef10e",
		"01e001e001f101f1", "e001e001f101f101", "1ffe1ffe0efe0efe", "fe1ffe1ffe0efe0e",
		"011f011f010e010e", "1f011f010e010e01", "e0fee0fef1fef1fe", "fee0fee0fef1fef1",
		"0000000000000000", "ffffffffffffffff", /* parity does not count */
	};
	static const char *const good = "0123456789abcdef23456789abcdef01456789abcdef0123";
	uint8_t key[24];

	for (size_t i = 0; i < ARRAY_SIZE(weak); i++) {
		cr_expect(crypto_key_is_weak(CIPHER_DES, hex(weak[i]).data), "%s", weak[i]);
		for (size_t at = 0; at < 24; at += 8) {
			memcpy(key, hex(good).data, 24);
			memcpy(key + at, hex(weak[i]).data, 8);
			cr_expect(crypto_key_is_weak(CIPHER_3DES, key));
		}
	}
	cr_expect_not(crypto_key_is_weak(CIPHER_3DES, hex(good).data));
	cr_expect_not(crypto_key_is_weak(CIPHER_DES, hex("0123456789abcdef").data));
	/* Two equal keys in a row: single DES. The first and the third equal: two-key 3DES. */
	cr_expect(crypto_key_is_weak(
		CIPHER_3DES, hex("0123456789abcdef0022446688aaccee456789abcdef0123").data));
	cr_expect(crypto_key_is_weak(
		CIPHER_3DES, hex("0123456789abcdef456789abcdef0123456789abcdef0123").data));
	cr_expect_not(crypto_key_is_weak(
		CIPHER_3DES, hex("0123456789abcdef23456789abcdef010123456789abcdef").data));
	memset(key, 0, sizeof(key));
	cr_expect_not(crypto_key_is_weak(CIPHER_AES128, key));
}

Test(crypto, can)
{
	struct isakmp_suite s = { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_14 };

	for (s.cipher = CIPHER_NONE; s.cipher <= CIPHER_COUNT; s.cipher++)
		cr_expect_eq(crypto_can(&s), s.cipher >= CIPHER_3DES && s.cipher <= CIPHER_AES256);
	s.cipher = CIPHER_3DES;
	for (s.hash = HASH_NONE; s.hash <= HASH_COUNT; s.hash++)
		cr_expect_eq(crypto_can(&s), s.hash > HASH_NONE && s.hash < HASH_COUNT);
	s.hash = HASH_MD5;
	for (unsigned int g = 0; g < 40; g++) {
		s.group = (enum group_id)g;
		cr_expect_eq(crypto_can(&s), group_get(g) != NULL);
	}
}

/* Diffie-Hellman */

Test(crypto, dh_vectors)
{
	const json_t *cases = json_object_get(vector_file("dh.json"), "cases");

	cr_assert(json_array_size(cases) >= 18);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);
		json_int_t number = json_integer_value(json_object_get(c, "group"));
		enum group_id group = (enum group_id)number;
		struct span private_i = json_hex(c, "private_i");
		struct span private_r = json_hex(c, "private_r");
		struct span public_i = json_hex(c, "public_i"), public_r = json_hex(c, "public_r");
		struct span secret = json_hex(c, "secret");
		uint8_t out[GROUP_PUBLIC_MAX];

		cr_assert_eq(private_i.len, crypto_dh_private_len(group));
		cr_assert_eq(public_i.len, group_get(group)->public_len);
		cr_assert_eq(secret.len, group_get(group)->secret_len);
		cr_expect_eq(crypto_dh_public(group, private_i.data, out), CRYPTO_DH_OK);
		cr_expect(memcmp(out, public_i.data, public_i.len) == 0, "group %d", group);
		cr_expect_eq(crypto_dh_secret(group, private_i.data, public_r, out), CRYPTO_DH_OK);
		cr_expect(memcmp(out, secret.data, secret.len) == 0, "group %d: %s", group,
			  json_text(c, "name"));
		cr_expect_eq(crypto_dh_secret(group, private_r.data, public_i, out), CRYPTO_DH_OK);
		cr_expect(memcmp(out, secret.data, secret.len) == 0, "group %d: %s", group,
			  json_text(c, "name"));
	}
}

/* Both sides agree in every group, with private values as the core makes them. */
Test(crypto, dh_agreement)
{
	uint8_t seed[DRBG_SEED] = { 1 };
	const struct group *g;
	struct drbg drbg;

	drbg_init(&drbg, seed);
	for (size_t i = 0; (g = group_at(i)); i++) {
		uint8_t a[CRYPTO_PRIVATE_MAX], b[CRYPTO_PRIVATE_MAX];
		uint8_t pa[GROUP_PUBLIC_MAX], pb[GROUP_PUBLIC_MAX];
		uint8_t sa[GROUP_SECRET_MAX], sb[GROUP_SECRET_MAX];
		size_t len = crypto_dh_private_len(g->id);

		cr_assert(len <= CRYPTO_PRIVATE_MAX && g->public_len <= GROUP_PUBLIC_MAX);
		drbg_bytes(&drbg, a, len);
		drbg_bytes(&drbg, b, len);
		crypto_dh_private_fix(g->id, a);
		crypto_dh_private_fix(g->id, b);
		cr_expect_eq(crypto_dh_public(g->id, a, pa), CRYPTO_DH_OK);
		cr_expect_eq(crypto_dh_public(g->id, b, pb), CRYPTO_DH_OK);
		cr_expect_eq(crypto_dh_secret(g->id, a, (struct span){ pb, g->public_len }, sa),
			     CRYPTO_DH_OK);
		cr_expect_eq(crypto_dh_secret(g->id, b, (struct span){ pa, g->public_len }, sb),
			     CRYPTO_DH_OK);
		cr_expect(memcmp(sa, sb, g->secret_len) == 0, "%s", g->name);
	}
}

static unsigned int bit_length(const uint8_t *v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		for (int bit = 7; bit >= 0; bit--)
			if (v[i] >> bit & 1)
				return (unsigned int)((len - i - 1) * 8) + (unsigned int)bit + 1;
	return 0;
}

/* Whatever the randomness was, the value is in range. */
Test(crypto, dh_private_fix)
{
	const struct group *g;

	for (size_t i = 0; (g = group_at(i)); i++) {
		size_t len = crypto_dh_private_len(g->id);
		uint8_t v[CRYPTO_PRIVATE_MAX], again[CRYPTO_PRIVATE_MAX];

		for (unsigned int fill = 0; fill <= 0xff; fill += 0x33) {
			memset(v, (int)fill, len);
			crypto_dh_private_fix(g->id, v);
			if (g->ecp)
				cr_expect(bit_length(v, len) <= g->exponent_bits &&
					  bit_length(v, len) > 0);
			else
				cr_expect_eq(bit_length(v, len), g->exponent_bits);
			memcpy(again, v, len);
			crypto_dh_private_fix(g->id, again);
			if (!g->ecp)
				cr_expect(memcmp(v, again, len) == 0);
		}
	}
	cr_expect_eq(crypto_dh_private_len(GROUP_NONE), 0);
}

/* order - 1 becomes 1, order becomes 2 and so on: FIPS 186-5 A.2.1 */
Test(crypto, dh_private_fix_reduces)
{
	static const char *const order =
		"0000000000000000ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	uint8_t v[40];

	memcpy(v, hex(order).data, 40);
	crypto_dh_private_fix(GROUP_19, v);
	cr_expect(bit_length(v, 40) == 2 && v[39] == 2);
	memcpy(v, hex(order).data, 40);
	v[39]--;
	crypto_dh_private_fix(GROUP_19, v);
	cr_expect(bit_length(v, 40) == 1);
	memcpy(v, hex(order).data, 40);
	v[39] -= 2;
	crypto_dh_private_fix(GROUP_19, v);
	v[39]++;
	cr_expect(memcmp(v, hex(order).data, 40) == 0);
}

/* RFC 2409 6.2 and RFC 3526 3. */
static void modp_prime(enum group_id id, uint8_t *p)
{
	static const char *const p1024 =
		"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
		"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
		"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
		"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";
	static const char *const p2048 =
		"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
		"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
		"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
		"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
		"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
		"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
		"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
		"3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";
	struct span s = hex(id == GROUP_2 ? p1024 : p2048);

	memcpy(p, s.data, s.len);
}

Test(crypto, dh_modp_refuses)
{
	static const enum group_id ids[] = { GROUP_2, GROUP_14 };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct group *g = group_get(ids[i]);
		uint8_t x[CRYPTO_PRIVATE_MAX] = { 0 }, y[GROUP_PUBLIC_MAX + 1] = { 0 };
		uint8_t out[GROUP_SECRET_MAX];
		size_t n = g->public_len;

		crypto_dh_private_fix(g->id, x);
#define STATUS(len) crypto_dh_secret(g->id, x, (struct span){ y, (len) }, out)
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE); /* 0 */
		y[n - 1] = 1;
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE);
		y[n - 1] = 2;
		cr_expect_eq(STATUS(n), CRYPTO_DH_OK);
		for (size_t len = 0; len <= n + 1; len++)
			if (len != n)
				cr_expect_eq(STATUS(len), CRYPTO_DH_BAD_LENGTH);
		modp_prime(g->id, y); /* ends in ff */
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE);
		y[n - 1]--; /* p - 1 */
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE);
		y[n - 1]--; /* p - 2 */
		cr_expect_eq(STATUS(n), CRYPTO_DH_OK);
		memset(y, 0xff, n); /* >= p */
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE);
#undef STATUS
	}
}

Test(crypto, dh_ecp_refuses)
{
	const struct group *g;

	for (size_t i = 0; (g = group_at(i)); i++) {
		uint8_t x[CRYPTO_PRIVATE_MAX] = { 1 }, y[GROUP_PUBLIC_MAX + 1] = { 0 };
		uint8_t out[GROUP_SECRET_MAX];
		size_t n = g->public_len;

		if (!g->ecp)
			continue;
		crypto_dh_private_fix(g->id, x);
#define STATUS(len) crypto_dh_secret(g->id, x, (struct span){ y, (len) }, out)
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE); /* 0, 0: not the point at infinity */
		memset(y, 0xff, n);
		cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE);
		cr_assert_eq(crypto_dh_public(g->id, x, y), CRYPTO_DH_OK);
		cr_expect_eq(STATUS(n), CRYPTO_DH_OK);
		for (size_t at = 0; at < n; at++) { /* off the curve */
			y[at] ^= 1;
			cr_expect_eq(STATUS(n), CRYPTO_DH_BAD_VALUE);
			y[at] ^= 1;
		}
		for (size_t len = 0; len <= n + 1; len++)
			if (len != n)
				cr_expect_eq(STATUS(len), CRYPTO_DH_BAD_LENGTH);
#undef STATUS
	}
}

/* x + p is the same coordinate in another spelling, and there is room for it in group 21. */
Test(crypto, dh_ecp_refuses_unreduced)
{
	uint8_t x[CRYPTO_PRIVATE_MAX] = { 1 }, out[66];

	crypto_dh_private_fix(GROUP_21, x);
	for (size_t half = 0; half < 2; half++) {
		uint8_t y[132], *at = y + 66 * half;
		unsigned int carry = 0;

		cr_assert_eq(crypto_dh_public(GROUP_21, x, y), CRYPTO_DH_OK);
		for (size_t i = 66; i--;) { /* p = 2^521 - 1 */
			carry += at[i] + (i ? 0xffu : 0x01u);
			at[i] = (uint8_t)carry;
			carry >>= 8;
		}
		cr_expect_eq(crypto_dh_secret(GROUP_21, x, (struct span){ y, 132 }, out),
			     CRYPTO_DH_BAD_VALUE);
		cr_expect_not(crypto_dh_is_public(GROUP_21, (struct span){ y, 132 }));
	}
}

Test(crypto, dh_unknown_group)
{
	uint8_t x[CRYPTO_PRIVATE_MAX] = { 0 }, y[GROUP_PUBLIC_MAX] = { 0 };

	for (unsigned int g = 0; g < 70000; g++) {
		if (group_get(g))
			continue;
		crypto_dh_private_fix((enum group_id)g, x);
		cr_expect_eq(crypto_dh_public((enum group_id)g, x, y), CRYPTO_DH_FAILED);
		cr_expect_eq(crypto_dh_secret((enum group_id)g, x, (struct span){ y, 0 }, y),
			     CRYPTO_DH_FAILED);
	}
	for (enum crypto_dh_status s = CRYPTO_DH_OK; s <= CRYPTO_DH_FAILED; s++)
		cr_expect_gt(strlen(crypto_dh_status_text(s)), 3);
}

/* Any thread may be the first, and all may work at once. */
static void *work(void *arg)
{
	struct span secret = *(struct span *)arg;
	uint8_t out[GROUP_SECRET_MAX];
	const json_t *c;
	bool *ok = keep(xcalloc(1, sizeof(*ok)));

	*ok = span_is(digest(HASH_SHA1, text_span("abc")),
		      hex("a9993e364706816aba3e25717850c26c9cd0d89d"));
	for (int i = 0; i < 20; i++) {
		c = json_array_get(json_object_get(vector_file("dh.json"), "cases"), 2);
		*ok &= crypto_dh_secret(GROUP_2, json_hex(c, "private_i").data,
					json_hex(c, "public_r"), out) == CRYPTO_DH_OK &&
		       memcmp(out, secret.data, secret.len) == 0;
	}
	return ok;
}

Test(crypto, threads)
{
	const json_t *c = json_array_get(json_object_get(vector_file("dh.json"), "cases"), 2);
	struct span secret = json_hex(c, "secret");
	pthread_t thread[4];

	for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, work, &secret), 0);
	for (size_t i = 0; i < ARRAY_SIZE(thread); i++) {
		void *ok;

		cr_assert_eq(pthread_join(thread[i], &ok), 0);
		cr_expect(*(bool *)ok);
	}
}
