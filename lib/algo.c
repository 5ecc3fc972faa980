/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table, and look-ups over its few rows. */
#include "lib/algo.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

static const struct cipher ciphers[CIPHER_COUNT] = {
	[CIPHER_DES] = { "des", "des", "esp-des", "DES - Data Encryption Standard (56 bit keys).",
			 "cbc(des)", 1, 2, false, false, true, 64, 8, 8, 0, 0 },
	[CIPHER_3DES] = { "3des", "3des", "esp-3des", "Three key triple DES", "cbc(des3_ede)", 5, 3,
			  false, false, false, 192, 8, 8, 0, 0 },
	[CIPHER_AES128] = { "aes-128", "aes", "esp-aes",
			    "AES - Advanced Encryption Standard (128 bit keys).", "cbc(aes)", 7, 12,
			    true, false, false, 128, 16, 16, 0, 0 },
	[CIPHER_AES192] = { "aes-192", "aes 192", "esp-aes 192",
			    "AES - Advanced Encryption Standard (192 bit keys).", "cbc(aes)", 7, 12,
			    true, false, false, 192, 16, 16, 0, 0 },
	[CIPHER_AES256] = { "aes-256", "aes 256", "esp-aes 256",
			    "AES - Advanced Encryption Standard (256 bit keys).", "cbc(aes)", 7, 12,
			    true, false, false, 256, 16, 16, 0, 0 },
	[CIPHER_GCM128] = { "gcm-128", NULL, "esp-gcm", NULL, "rfc4106(gcm(aes))", 0, 20, true, true,
			    false, 128, 16, 8, 4, 16 },
	[CIPHER_GCM192] = { "gcm-192", NULL, "esp-gcm 192", NULL, "rfc4106(gcm(aes))", 0, 20, true,
			    true, false, 192, 16, 8, 4, 16 },
	[CIPHER_GCM256] = { "gcm-256", NULL, "esp-gcm 256", NULL, "rfc4106(gcm(aes))", 0, 20, true,
			    true, false, 256, 16, 8, 4, 16 },
	[CIPHER_NULL] = { "null", NULL, "esp-null", NULL, "ecb(cipher_null)", 0, 11, false, false,
			  false, 0, 1, 0, 0, 0 },
};

static const struct hash hashes[HASH_COUNT] = {
	[HASH_MD5] = { "md5", "esp-md5-hmac", "Message Digest 5", "hmac(md5)", 1, 1, 16, 12 },
	[HASH_SHA1] = { "sha", "esp-sha-hmac", "Secure Hash Standard", "hmac(sha1)", 2, 2, 20, 12 },
	[HASH_SHA256] = { "sha256", "esp-sha256-hmac", "Secure Hash Standard 2 (256 bit)",
			  "hmac(sha256)", 4, 5, 32, 16 },
	[HASH_SHA384] = { "sha384", "esp-sha384-hmac", "Secure Hash Standard 2 (384 bit)",
			  "hmac(sha384)", 5, 6, 48, 24 },
	[HASH_SHA512] = { "sha512", "esp-sha512-hmac", "Secure Hash Standard 2 (512 bit)",
			  "hmac(sha512)", 6, 7, 64, 32 },
};

/* Exponents: twice the strength that NIST SP 800-57 and RFC 3526 give the modulus, 160 at least. */
static const struct group groups[] = {
	{ GROUP_1, "modp768", false, 768, 96, 96, 160, true },
	{ GROUP_2, "modp1024", false, 1024, 128, 128, 160, true },
	{ GROUP_5, "modp1536", false, 1536, 192, 192, 200, true },
	{ GROUP_14, "modp2048", false, 2048, 256, 256, 225, false },
	{ GROUP_15, "modp3072", false, 3072, 384, 384, 275, false },
	{ GROUP_16, "modp4096", false, 4096, 512, 512, 325, false },
	{ GROUP_19, "ecp256", true, 256, 64, 32, 256, false },
	{ GROUP_20, "ecp384", true, 384, 96, 48, 384, false },
	{ GROUP_21, "ecp521", true, 521, 132, 66, 521, false },
};

const struct cipher *cipher_get(enum cipher_id id)
{
	return id > CIPHER_NONE && id < CIPHER_COUNT ? &ciphers[id] : NULL;
}

const struct hash *hash_get(enum hash_id id)
{
	return id > HASH_NONE && id < HASH_COUNT ? &hashes[id] : NULL;
}

const struct group *group_get(unsigned int id)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

const struct group *group_at(size_t index)
{
	return index < ARRAY_SIZE(groups) ? &groups[index] : NULL;
}

/* Equal but for case, and a space in one may be a '-' in the other: "aes 256" is "aes-256". */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if ((*a == ' ' || *a == '-') && (*b == ' ' || *b == '-'))
			continue;
		if (strncasecmp(a, b, 1) != 0)
			return false;
	}
	return !*a && !*b;
}

static bool name_is(const char *row, const char *name)
{
	return row && same_name(row, name);
}

/* IOS leaves 128 out ("aes", "esp-gcm") but also takes it. */
static bool cipher_name_is(const struct cipher *c, const char *row, const char *name)
{
	char with_128[32];

	if (name_is(row, name))
		return true;
	if (!row || !c->key_length_attr || c->key_bits != 128)
		return false;
	snprintf(with_128, sizeof(with_128), "%s 128", row);
	return same_name(with_128, name);
}

enum cipher_id cipher_by_isakmp_name(const char *name)
{
	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++)
		if (cipher_name_is(&ciphers[i], ciphers[i].ios_isakmp, name))
			return i;
	return CIPHER_NONE;
}

enum cipher_id cipher_by_esp_name(const char *name)
{
	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++)
		if (cipher_name_is(&ciphers[i], ciphers[i].ios_esp, name))
			return i;
	return CIPHER_NONE;
}

enum hash_id hash_by_isakmp_name(const char *name)
{
	if (same_name(name, "sha1"))
		return HASH_SHA1;
	for (enum hash_id i = HASH_NONE + 1; i < HASH_COUNT; i++)
		if (same_name(hashes[i].name, name))
			return i;
	return HASH_NONE;
}

enum hash_id hash_by_esp_name(const char *name)
{
	for (enum hash_id i = HASH_NONE + 1; i < HASH_COUNT; i++)
		if (same_name(hashes[i].ios_esp, name))
			return i;
	return HASH_NONE;
}

enum group_id group_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		char number[16], with_word[16];

		snprintf(number, sizeof(number), "%d", groups[i].id);
		snprintf(with_word, sizeof(with_word), "group%d", groups[i].id);
		if (same_name(name, number) || same_name(name, with_word) ||
		    same_name(name, groups[i].name))
			return groups[i].id;
	}
	return GROUP_NONE;
}

/*
 * AES without a key length attribute means 128 bits (RFC 3602 section 5.3). A cipher whose keys
 * have one length must not be given it (RFC 2409 appendix A), yet some peers say 192 for 3DES;
 * there is nothing to misunderstand in that, so it is taken.
 */
static bool key_fits(const struct cipher *c, unsigned int key_bits)
{
	if (key_bits == 0)
		return !c->key_length_attr || c->key_bits == 128;
	return key_bits == c->key_bits;
}

enum cipher_id cipher_by_ike(unsigned int ike, unsigned int key_bits)
{
	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++)
		if (ciphers[i].ike && ciphers[i].ike == ike && key_fits(&ciphers[i], key_bits))
			return i;
	return CIPHER_NONE;
}

enum cipher_id cipher_by_esp(unsigned int esp, unsigned int key_bits)
{
	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++)
		if (ciphers[i].esp && ciphers[i].esp == esp && key_fits(&ciphers[i], key_bits))
			return i;
	return CIPHER_NONE;
}

enum hash_id hash_by_ike(unsigned int ike)
{
	for (enum hash_id i = HASH_NONE + 1; i < HASH_COUNT; i++)
		if (hashes[i].ike == ike)
			return i;
	return HASH_NONE;
}

enum hash_id hash_by_esp(unsigned int esp)
{
	for (enum hash_id i = HASH_NONE + 1; i < HASH_COUNT; i++)
		if (hashes[i].esp == esp)
			return i;
	return HASH_NONE;
}

const char *auth_method_name(unsigned int auth)
{
	switch (auth) {
	case AUTH_PSK:
		return "pre-share";
	case AUTH_RSA_SIG:
		return "rsa-sig";
	default:
		return "unknown";
	}
}

size_t esp_suite_keymat(const struct esp_suite *s)
{
	const struct cipher *c = cipher_get(s->cipher);
	const struct hash *h = hash_get(s->auth);

	return (c ? c->key_bits / 8u + c->salt : 0) + (h ? h->len : 0u);
}
