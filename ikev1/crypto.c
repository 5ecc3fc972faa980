/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE's primitives by OpenSSL 3.0. Algorithms and groups are looked up once, by whoever comes
 * first, and are only read afterwards: fetching by name costs more than hashing a message, and a
 * Montgomery context per exponentiation would be waste too.
 */
#define OPENSSL_API_COMPAT 30000
#define OPENSSL_NO_DEPRECATED
#include "ikev1/crypto.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "lib/util.h"

struct dh_group {
	/* MODP: p, p - 1, and what makes powers modulo p fast. */
	BIGNUM *p, *p_minus_1;
	BN_MONT_CTX *mont;
	/* ECP. */
	EC_GROUP *curve;
	BIGNUM *order_minus_1;
};

/* NULL where the library does not have it. */
static struct {
	EVP_MD *md[HASH_COUNT];
	EVP_MAC_CTX *hmac[HASH_COUNT]; /* without key, to be duplicated */
	EVP_CIPHER *cipher[CIPHER_COUNT];
	struct dh_group group[GROUP_21 + 1];
	BIGNUM *two; /* generator of all MODP groups */
} known;

static void load_hash(enum hash_id id, const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	known.md[id] = EVP_MD_fetch(NULL, name, NULL);
	if (ctx && EVP_MAC_CTX_set_params(ctx, params) == 1)
		known.hmac[id] = ctx;
	else
		EVP_MAC_CTX_free(ctx);
}

static BIGNUM *minus_1(const BIGNUM *v)
{
	BIGNUM *out = BN_dup(v);

	if (!out || !BN_sub_word(out, 1))
		abort();
	return out;
}

static void load_modp(enum group_id id, BIGNUM *p)
{
	struct dh_group *g = &known.group[id];
	BN_CTX *ctx = BN_CTX_new();

	g->mont = BN_MONT_CTX_new();
	if (!p || !ctx || !g->mont || !BN_MONT_CTX_set(g->mont, p, ctx))
		abort();
	g->p = p;
	g->p_minus_1 = minus_1(p);
	BN_CTX_free(ctx);
}

/* A library built without one of the curves leaves it NULL. */
static void load_ecp(enum group_id id, int nid)
{
	struct dh_group *g = &known.group[id];

	g->curve = EC_GROUP_new_by_curve_name(nid);
	if (g->curve)
		g->order_minus_1 = minus_1(EC_GROUP_get0_order(g->curve));
}

static void load_all(void)
{
	load_hash(HASH_MD5, "MD5");
	load_hash(HASH_SHA1, "SHA1");
	load_hash(HASH_SHA256, "SHA256");
	load_hash(HASH_SHA384, "SHA384");
	load_hash(HASH_SHA512, "SHA512");
	known.cipher[CIPHER_3DES] = EVP_CIPHER_fetch(NULL, "DES-EDE3-CBC", NULL);
	known.cipher[CIPHER_AES128] = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	known.cipher[CIPHER_AES192] = EVP_CIPHER_fetch(NULL, "AES-192-CBC", NULL);
	known.cipher[CIPHER_AES256] = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	known.two = BN_new();
	if (!known.two || !BN_set_word(known.two, 2))
		abort();
	load_modp(GROUP_1, BN_get_rfc2409_prime_768(NULL));
	load_modp(GROUP_2, BN_get_rfc2409_prime_1024(NULL));
	load_modp(GROUP_5, BN_get_rfc3526_prime_1536(NULL));
	load_modp(GROUP_14, BN_get_rfc3526_prime_2048(NULL));
	load_modp(GROUP_15, BN_get_rfc3526_prime_3072(NULL));
	load_modp(GROUP_16, BN_get_rfc3526_prime_4096(NULL));
	load_ecp(GROUP_19, NID_X9_62_prime256v1);
	load_ecp(GROUP_20, NID_secp384r1);
	load_ecp(GROUP_21, NID_secp521r1);
	ERR_clear_error();
}

static void load_once(void)
{
	static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

	if (!CRYPTO_THREAD_run_once(&once, load_all))
		abort();
}

bool crypto_can(const struct isakmp_suite *s)
{
	const struct dh_group *g;

	load_once();
	if (!cipher_get(s->cipher) || !hash_get(s->hash) || !group_get(s->group))
		return false;
	g = &known.group[s->group];
	return known.cipher[s->cipher] && known.md[s->hash] && known.hmac[s->hash] &&
	       (g->mont || g->curve);
}

/* Hash and HMAC */

void crypto_hash(enum hash_id id, const struct span *parts, size_t count, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	load_once();
	ok = ctx && hash_get(id) && known.md[id] && EVP_DigestInit_ex2(ctx, known.md[id], NULL);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
	if (!ok || !EVP_DigestFinal_ex(ctx, out, NULL))
		abort();
	EVP_MD_CTX_free(ctx);
}

void crypto_hmac(enum hash_id id, struct span key, const struct span *parts, size_t count,
		 uint8_t *out)
{
	static const uint8_t empty[1]; /* to the library, NULL is no key at all */
	const uint8_t *k = key.data ? key.data : empty;
	EVP_MAC_CTX *ctx = NULL;
	size_t len;
	bool ok;

	load_once();
	if (hash_get(id) && known.hmac[id])
		ctx = EVP_MAC_CTX_dup(known.hmac[id]);
	ok = ctx && EVP_MAC_init(ctx, k, key.len, NULL);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_MAC_update(ctx, parts[i].data, parts[i].len);
	if (!ok || !EVP_MAC_final(ctx, out, &len, hash_get(id)->len))
		abort();
	EVP_MAC_CTX_free(ctx);
}

/* Ciphers */

bool crypto_cbc(enum cipher_id id, bool encrypt, const uint8_t *key, uint8_t *iv, uint8_t *data,
		size_t len)
{
	const struct cipher *c = cipher_get(id);
	uint8_t next[CRYPTO_BLOCK_MAX];
	EVP_CIPHER_CTX *ctx;
	int n;

	load_once();
	if (!c || !known.cipher[id] || len == 0 || len % c->block || len > INT_MAX)
		return false;
	memcpy(next, data + len - c->block, c->block);
	ctx = EVP_CIPHER_CTX_new();
	if (!ctx || !EVP_CipherInit_ex2(ctx, known.cipher[id], key, iv, encrypt, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_CipherUpdate(ctx, data, &n, data, (int)len) || n != (int)len)
		abort();
	EVP_CIPHER_CTX_free(ctx);
	memcpy(iv, encrypt ? data + len - c->block : next, c->block);
	return true;
}

#define DES_KEY 8

/* The lowest bit of each octet is parity and no part of the key. */
static bool same_des_key(const uint8_t *a, const uint8_t *b)
{
	uint8_t diff = 0;

	for (size_t i = 0; i < DES_KEY; i++)
		diff = (uint8_t)(diff | ((a[i] ^ b[i]) & 0xfe));
	return diff == 0;
}

static bool des_key_is_weak(const uint8_t *key)
{
	/*
	 * Each of the four weak and twelve semi-weak keys repeats two octets in each of its halves
	 * (e.g. 01fe01fe 01fe01fe, 1fe01fe0 0ef10ef1), so these say it all.
	 */
	static const uint8_t pairs[16][4] = {
		{ 0x01, 0x01, 0x01, 0x01 }, { 0xfe, 0xfe, 0xfe, 0xfe }, /* weak */
		{ 0x1f, 0x1f, 0x0e, 0x0e }, { 0xe0, 0xe0, 0xf1, 0xf1 },
		{ 0x01, 0xfe, 0x01, 0xfe }, { 0xfe, 0x01, 0xfe, 0x01 }, /* semi-weak */
		{ 0x1f, 0xe0, 0x0e, 0xf1 }, { 0xe0, 0x1f, 0xf1, 0x0e },
		{ 0x01, 0xe0, 0x01, 0xf1 }, { 0xe0, 0x01, 0xf1, 0x01 },
		{ 0x1f, 0xfe, 0x0e, 0xfe }, { 0xfe, 0x1f, 0xfe, 0x0e },
		{ 0x01, 0x1f, 0x01, 0x0e }, { 0x1f, 0x01, 0x0e, 0x01 },
		{ 0xe0, 0xfe, 0xf1, 0xfe }, { 0xfe, 0xe0, 0xfe, 0xf1 },
	};
	bool weak = false;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const uint8_t *p = pairs[i];
		const uint8_t whole[DES_KEY] = { p[0], p[1], p[0], p[1], p[2], p[3], p[2], p[3] };

		weak |= same_des_key(key, whole);
	}
	return weak;
}

bool crypto_key_is_weak(enum cipher_id id, const uint8_t *key)
{
	const uint8_t *k2 = key + DES_KEY, *k3 = key + 2 * DES_KEY;

	if (id == CIPHER_DES)
		return des_key_is_weak(key);
	if (id != CIPHER_3DES)
		return false;
	return des_key_is_weak(key) || des_key_is_weak(k2) || des_key_is_weak(k3) ||
	       same_des_key(key, k2) || same_des_key(k2, k3);
}

/* Diffie-Hellman */

const char *crypto_dh_status_text(enum crypto_dh_status s)
{
	switch (s) {
	case CRYPTO_DH_OK:
		return "good";
	case CRYPTO_DH_BAD_LENGTH:
		return "the public value has not the group's length";
	case CRYPTO_DH_BAD_VALUE:
		return "the public value is not one of the group's";
	case CRYPTO_DH_FAILED:
		return "the computation failed";
	}
	return "unknown";
}

size_t crypto_dh_private_len(enum group_id group)
{
	const struct group *g = group_get(group);

	return g ? (g->exponent_bits + (g->ecp ? 64u : 0u) + 7) / 8 : 0;
}

/* Reduces modulo the order - 1 and adds 1: in 1..order-1. */
static void fix_ecp(const struct dh_group *g, uint8_t *value, size_t len)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *x = BN_bin2bn(value, (int)len, NULL);

	if (!ctx || !x)
		abort();
	BN_set_flags(x, BN_FLG_CONSTTIME);
	if (!BN_mod(x, x, g->order_minus_1, ctx) || !BN_add_word(x, 1) ||
	    BN_bn2binpad(x, value, (int)len) < 0)
		abort();
	BN_clear_free(x);
	BN_CTX_free(ctx);
}

void crypto_dh_private_fix(enum group_id group, uint8_t *private_value)
{
	const struct group *g = group_get(group);
	unsigned int top;

	load_once();
	if (g && g->ecp && known.group[group].curve) {
		fix_ecp(&known.group[group], private_value, crypto_dh_private_len(group));
	} else if (g && !g->ecp) {
		/* Exactly exponent_bits long, so that the length is no secret. */
		top = (g->exponent_bits - 1u) % 8;
		private_value[0] = (uint8_t)((private_value[0] & ((1u << top) - 1)) | 1u << top);
	}
}

/* out: base to the private value, modulo p. */
static bool modp_power(const struct dh_group *g, const BIGNUM *base, const BIGNUM *private_value,
		       BN_CTX *ctx, const struct group *row, uint8_t *out)
{
	BIGNUM *y = BN_new();
	bool ok;

	ok = y && BN_mod_exp_mont_consttime(y, base, private_value, g->p, ctx, g->mont) &&
	     BN_bn2binpad(y, out, row->secret_len) >= 0;
	BN_clear_free(y);
	return ok;
}

/* 1 < y < p - 1: with a safe prime and fresh exponents that is what matters. */
static bool modp_is_public(const struct dh_group *g, const BIGNUM *y)
{
	return BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, g->p_minus_1) < 0;
}

static enum crypto_dh_status modp_secret(const struct dh_group *g, const BIGNUM *private_value,
					 BN_CTX *ctx, const struct group *row, const uint8_t *peer,
					 uint8_t *out)
{
	BIGNUM *y = BN_bin2bn(peer, row->public_len, NULL);
	enum crypto_dh_status status = CRYPTO_DH_FAILED;

	if (y && !modp_is_public(g, y))
		status = CRYPTO_DH_BAD_VALUE;
	else if (y && modp_power(g, y, private_value, ctx, row, out))
		status = CRYPTO_DH_OK;
	BN_free(y);
	return status;
}

/* out: point (NULL: the generator) times the private value, as x or as x | y. */
static bool ecp_multiply(const struct dh_group *g, const EC_POINT *point,
			 const BIGNUM *private_value, BN_CTX *ctx, int len, bool with_y,
			 uint8_t *out)
{
	EC_POINT *product = EC_POINT_new(g->curve);
	BIGNUM *x = BN_new(), *y = BN_new();
	bool ok;

	ok = product && x && y &&
	     EC_POINT_mul(g->curve, product, point ? NULL : private_value, point,
			  point ? private_value : NULL, ctx) &&
	     EC_POINT_get_affine_coordinates(g->curve, product, x, y, ctx) &&
	     BN_bn2binpad(x, out, len) >= 0 && (!with_y || BN_bn2binpad(y, out + len, len) >= 0);
	EC_POINT_clear_free(product);
	BN_clear_free(x);
	BN_clear_free(y);
	return ok;
}

/* The point x | y; NULL where it is none of the curve's (which OpenSSL sees when setting it). */
static EC_POINT *ecp_point(const struct dh_group *g, const uint8_t *xy, int len, BN_CTX *ctx)
{
	const BIGNUM *field = EC_GROUP_get0_field(g->curve);
	BIGNUM *x = BN_bin2bn(xy, len, NULL), *y = BN_bin2bn(xy + len, len, NULL);
	EC_POINT *point = EC_POINT_new(g->curve);

	if (!x || !y || !point || BN_cmp(x, field) >= 0 || BN_cmp(y, field) >= 0 ||
	    !EC_POINT_set_affine_coordinates(g->curve, point, x, y, ctx) ||
	    EC_POINT_is_at_infinity(g->curve, point)) {
		EC_POINT_free(point);
		point = NULL;
	}
	BN_free(x);
	BN_free(y);
	return point;
}

static enum crypto_dh_status ecp_secret(const struct dh_group *g, const BIGNUM *private_value,
					BN_CTX *ctx, const struct group *row, const uint8_t *peer,
					uint8_t *out)
{
	EC_POINT *point = ecp_point(g, peer, row->secret_len, ctx);
	enum crypto_dh_status status = CRYPTO_DH_BAD_VALUE;

	if (point)
		status = ecp_multiply(g, point, private_value, ctx, row->secret_len, false, out) ?
				 CRYPTO_DH_OK :
				 CRYPTO_DH_FAILED;
	EC_POINT_free(point);
	return status;
}

bool crypto_dh_is_public(enum group_id group, struct span value)
{
	const struct group *row = group_get(group);
	const struct dh_group *g = &known.group[group];
	BN_CTX *ctx = NULL;
	EC_POINT *point = NULL;
	BIGNUM *y = NULL;
	bool is = false;

	load_once();
	if (!row || value.len != row->public_len)
		return false;
	if (g->mont && (y = BN_bin2bn(value.data, row->public_len, NULL))) {
		is = modp_is_public(g, y);
	} else if (g->curve && (ctx = BN_CTX_new())) {
		point = ecp_point(g, value.data, row->secret_len, ctx);
		is = point != NULL;
	}
	if (!is)
		ERR_clear_error();
	BN_free(y);
	EC_POINT_free(point);
	BN_CTX_free(ctx);
	return is;
}

/* Both operations: with the peer's public value (of the right length) the secret, else our own. */
static enum crypto_dh_status dh(enum group_id group, const uint8_t *private_value,
				const uint8_t *peer, uint8_t *out)
{
	const struct group *row = group_get(group);
	const struct dh_group *g = &known.group[group];
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *x = BN_bin2bn(private_value, (int)crypto_dh_private_len(group), NULL);
	enum crypto_dh_status status = CRYPTO_DH_FAILED;

	if (x)
		BN_set_flags(x, BN_FLG_CONSTTIME);
	if (!ctx || !x)
		status = CRYPTO_DH_FAILED;
	else if (g->mont && peer)
		status = modp_secret(g, x, ctx, row, peer, out);
	else if (g->mont && modp_power(g, known.two, x, ctx, row, out))
		status = CRYPTO_DH_OK;
	else if (g->curve && peer)
		status = ecp_secret(g, x, ctx, row, peer, out);
	else if (g->curve && ecp_multiply(g, NULL, x, ctx, row->secret_len, true, out))
		status = CRYPTO_DH_OK;
	BN_clear_free(x);
	BN_CTX_free(ctx);
	if (status != CRYPTO_DH_OK)
		ERR_clear_error();
	return status;
}

enum crypto_dh_status crypto_dh_public(enum group_id group, const uint8_t *private_value,
				       uint8_t *public_value)
{
	load_once();
	return group_get(group) ? dh(group, private_value, NULL, public_value) : CRYPTO_DH_FAILED;
}

enum crypto_dh_status crypto_dh_secret(enum group_id group, const uint8_t *private_value,
				       struct span peer_public, uint8_t *secret)
{
	const struct group *row = group_get(group);

	load_once();
	if (!row)
		return CRYPTO_DH_FAILED;
	if (peer_public.len != row->public_len)
		return CRYPTO_DH_BAD_LENGTH;
	return dh(group, private_value, peer_public.data, secret);
}
