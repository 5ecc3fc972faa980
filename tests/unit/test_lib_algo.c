/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table against itself and against the registries' numbers.
 *
 * LINK: lib/algo.c
 */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/algo.h"
#include "lib/util.h"

Test(algo, rows)
{
	cr_expect_null(cipher_get(CIPHER_NONE));
	cr_expect_null(cipher_get(CIPHER_COUNT));
	cr_expect_null(hash_get(HASH_NONE));
	cr_expect_null(hash_get(HASH_COUNT));
	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++) {
		const struct cipher *c = cipher_get(i);

		cr_assert_not_null(c);
		cr_expect(c->name && c->ios_esp && c->kernel && c->esp && c->block);
		cr_expect_eq(c->ike != 0, c->ios_isakmp && c->ios_long, "%s", c->name);
		cr_expect_eq(c->aead, c->icv == 16);
		cr_expect_eq(c->salt, c->aead ? 4 : 0);
		cr_expect_eq(c->key_bits % 8, 0);
	}
	for (enum hash_id i = HASH_NONE + 1; i < HASH_COUNT; i++) {
		const struct hash *h = hash_get(i);

		cr_assert_not_null(h);
		cr_expect(h->name && h->ios_esp && h->ios_long && h->kernel && h->ike && h->esp);
		cr_expect(h->len <= HASH_LEN_MAX && h->icv < h->len);
		/* RFC 4868: half; RFC 2403 and 2404: 96 bits. */
		cr_expect_eq(h->icv, i <= HASH_SHA1 ? 12 : h->len / 2);
	}
}

Test(algo, groups)
{
	const struct group *g;
	size_t n = 0;

	for (; (g = group_at(n)); n++) {
		cr_expect_eq(group_get(g->id), g);
		cr_expect_eq(group_by_name(g->name), g->id);
		cr_expect_eq(g->secret_len, (g->bits + 7) / 8);
		cr_expect_eq(g->public_len, g->ecp ? 2 * g->secret_len : g->secret_len);
		cr_expect(g->public_len <= GROUP_PUBLIC_MAX && g->secret_len <= GROUP_SECRET_MAX);
		cr_expect(g->ecp ? g->exponent_bits == g->bits : g->exponent_bits >= 160);
	}
	cr_expect_eq(n, 9);
	for (unsigned int id = 0; id < 70000; id++)
		if (group_get(id))
			n--;
	cr_expect_eq(n, 0);
}

Test(algo, wire_numbers)
{
	static const struct {
		unsigned int ike, bits;
		enum cipher_id id;
	} ike[] = {
		{ 0, 0, CIPHER_NONE },	   { 1, 0, CIPHER_DES },      { 5, 0, CIPHER_3DES },
		{ 5, 192, CIPHER_3DES },   { 5, 168, CIPHER_NONE },   { 5, 128, CIPHER_NONE },
		{ 7, 0, CIPHER_AES128 },   { 7, 128, CIPHER_AES128 }, { 7, 192, CIPHER_AES192 },
		{ 7, 256, CIPHER_AES256 }, { 7, 64, CIPHER_NONE },    { 7, 512, CIPHER_NONE },
		{ 2, 0, CIPHER_NONE },	   { 3, 0, CIPHER_NONE },     { 65535, 0, CIPHER_NONE },
		{ 0, 128, CIPHER_NONE },
	}, esp[] = {
		{ 0, 0, CIPHER_NONE },	    { 2, 0, CIPHER_DES },	{ 3, 0, CIPHER_3DES },
		{ 11, 0, CIPHER_NULL },	    { 11, 128, CIPHER_NONE },	{ 12, 0, CIPHER_AES128 },
		{ 12, 256, CIPHER_AES256 }, { 13, 128, CIPHER_NONE },	{ 18, 128, CIPHER_NONE },
		{ 20, 128, CIPHER_GCM128 }, { 20, 192, CIPHER_GCM192 }, { 20, 256, CIPHER_GCM256 },
		{ 20, 0, CIPHER_GCM128 },   { 23, 128, CIPHER_NONE },
	};
	static const unsigned int ike_hash[] = { [1] = HASH_MD5, [2] = HASH_SHA1, [4] = HASH_SHA256,
						 [5] = HASH_SHA384, [6] = HASH_SHA512 };
	static const unsigned int esp_hash[] = { [1] = HASH_MD5, [2] = HASH_SHA1, [5] = HASH_SHA256,
						 [6] = HASH_SHA384, [7] = HASH_SHA512 };

	for (size_t i = 0; i < ARRAY_SIZE(ike); i++)
		cr_expect_eq(cipher_by_ike(ike[i].ike, ike[i].bits), ike[i].id, "%u/%u", ike[i].ike,
			     ike[i].bits);
	for (size_t i = 0; i < ARRAY_SIZE(esp); i++)
		cr_expect_eq(cipher_by_esp(esp[i].ike, esp[i].bits), esp[i].id, "%u/%u", esp[i].ike,
			     esp[i].bits);
	for (unsigned int i = 0; i < 20; i++) {
		cr_expect_eq(hash_by_ike(i), i < ARRAY_SIZE(ike_hash) ? ike_hash[i] : HASH_NONE);
		cr_expect_eq(hash_by_esp(i), i < ARRAY_SIZE(esp_hash) ? esp_hash[i] : HASH_NONE);
	}
	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++) {
		const struct cipher *c = cipher_get(i);

		cr_expect(!c->ike || cipher_by_ike(c->ike, c->key_bits) == i);
		cr_expect_eq(cipher_by_esp(c->esp, c->key_bits), i);
	}
}

Test(algo, cipher_names)
{
	static const struct {
		const char *name;
		enum cipher_id isakmp, esp;
	} cases[] = {
		{ "des", CIPHER_DES, CIPHER_NONE },
		{ "3des", CIPHER_3DES, CIPHER_NONE },
		{ "3DES", CIPHER_3DES, CIPHER_NONE },
		{ "3des-128", CIPHER_NONE, CIPHER_NONE },
		{ "aes", CIPHER_AES128, CIPHER_NONE },
		{ "aes 128", CIPHER_AES128, CIPHER_NONE },
		{ "aes-128", CIPHER_AES128, CIPHER_NONE },
		{ "aes 192", CIPHER_AES192, CIPHER_NONE },
		{ "aes-256", CIPHER_AES256, CIPHER_NONE },
		{ "aes-256-128", CIPHER_NONE, CIPHER_NONE },
		{ "aes 25", CIPHER_NONE, CIPHER_NONE },
		{ "aes-", CIPHER_NONE, CIPHER_NONE },
		{ "gcm-128", CIPHER_NONE, CIPHER_NONE },
		{ "null", CIPHER_NONE, CIPHER_NONE },
		{ "esp-des", CIPHER_NONE, CIPHER_DES },
		{ "esp-3des", CIPHER_NONE, CIPHER_3DES },
		{ "esp-3des-128", CIPHER_NONE, CIPHER_NONE },
		{ "esp-aes", CIPHER_NONE, CIPHER_AES128 },
		{ "esp-aes 128", CIPHER_NONE, CIPHER_AES128 },
		{ "esp-aes-256", CIPHER_NONE, CIPHER_AES256 },
		{ "esp-gcm", CIPHER_NONE, CIPHER_GCM128 },
		{ "esp-gcm 128", CIPHER_NONE, CIPHER_GCM128 },
		{ "esp-gcm-256", CIPHER_NONE, CIPHER_GCM256 },
		{ "esp-null", CIPHER_NONE, CIPHER_NULL },
		{ "esp-null-128", CIPHER_NONE, CIPHER_NONE },
		{ "", CIPHER_NONE, CIPHER_NONE },
		{ "128", CIPHER_NONE, CIPHER_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_expect_eq(cipher_by_isakmp_name(cases[i].name), cases[i].isakmp, "%s",
			     cases[i].name);
		cr_expect_eq(cipher_by_esp_name(cases[i].name), cases[i].esp, "%s", cases[i].name);
	}
}

Test(algo, hash_and_group_names)
{
	cr_expect_eq(hash_by_isakmp_name("sha"), HASH_SHA1);
	cr_expect_eq(hash_by_isakmp_name("sha1"), HASH_SHA1);
	cr_expect_eq(hash_by_isakmp_name("MD5"), HASH_MD5);
	cr_expect_eq(hash_by_isakmp_name("sha512"), HASH_SHA512);
	cr_expect_eq(hash_by_isakmp_name("sha2"), HASH_NONE);
	cr_expect_eq(hash_by_isakmp_name(""), HASH_NONE);
	cr_expect_eq(hash_by_esp_name("esp-sha-hmac"), HASH_SHA1);
	cr_expect_eq(hash_by_esp_name("esp-md5-hmac"), HASH_MD5);
	cr_expect_eq(hash_by_esp_name("esp-sha256-hmac"), HASH_SHA256);
	cr_expect_eq(hash_by_esp_name("sha"), HASH_NONE);
	cr_expect_eq(group_by_name("2"), GROUP_2);
	cr_expect_eq(group_by_name("group14"), GROUP_14);
	cr_expect_eq(group_by_name("Group 14"), GROUP_NONE);
	cr_expect_eq(group_by_name("ecp384"), GROUP_20);
	cr_expect_eq(group_by_name("modp2048"), GROUP_14);
	cr_expect_eq(group_by_name("1"), GROUP_1);
	cr_expect_eq(group_by_name("3"), GROUP_NONE);
	cr_expect_eq(group_by_name(""), GROUP_NONE);
	cr_expect_str_eq(auth_method_name(1), "pre-share");
	cr_expect_str_eq(auth_method_name(3), "rsa-sig");
	cr_expect_str_eq(auth_method_name(2), "unknown");
}

Test(algo, keymat)
{
	static const struct {
		struct esp_suite suite;
		size_t len;
	} cases[] = {
		{ { CIPHER_3DES, HASH_SHA1 }, 24 + 20 },
		{ { CIPHER_3DES, HASH_MD5 }, 24 + 16 },
		{ { CIPHER_AES128, HASH_SHA256 }, 16 + 32 },
		{ { CIPHER_AES256, HASH_SHA512 }, 32 + 64 },
		{ { CIPHER_GCM128, HASH_NONE }, 16 + 4 },
		{ { CIPHER_GCM256, HASH_NONE }, 32 + 4 },
		{ { CIPHER_NULL, HASH_SHA1 }, 20 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(esp_suite_keymat(&cases[i].suite), cases[i].len);
}
