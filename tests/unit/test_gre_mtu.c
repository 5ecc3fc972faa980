/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel's MTU, against sizes that were measured and against the arithmetic done by hand.
 *
 * LINK: gre/mtu.c lib/algo.c
 */
#include "gre/mtu.h"

#include <criterion/criterion.h>

#include "lib/util.h"

struct row {
	uint16_t path;
	bool keyed, protect, udp;
	enum cipher_id cipher;
	enum hash_id auth;
	uint16_t mtu;
};

static const struct row rows[] = {
	{ 1500, false, false, false, CIPHER_NONE, HASH_NONE, 1476 }, /* the kernel's own */
	{ 1500, true, false, false, CIPHER_NONE, HASH_NONE, 1472 },
	/* 1500 - 20 - 8 - 16 - 12 = 1444, to 1440, - 2 - 8 */
	{ 1500, true, true, false, CIPHER_AES128, HASH_SHA1, 1430 },
	{ 1500, false, true, false, CIPHER_AES128, HASH_SHA1, 1434 },
	/* 1436, to 1424 */
	{ 1500, true, true, true, CIPHER_AES128, HASH_SHA1, 1414 },
	/* 1440 exactly */
	{ 1500, true, true, false, CIPHER_AES256, HASH_SHA256, 1430 },
	/* 1500 - 20 - 8 - 8 - 12 = 1452, to 1448 */
	{ 1500, true, true, false, CIPHER_3DES, HASH_SHA1, 1438 },
	/* 1500 - 20 - 8 - 8 - 16 = 1448, of 4 */
	{ 1500, true, true, false, CIPHER_GCM128, HASH_NONE, 1438 },
	{ 1500, true, true, false, CIPHER_NULL, HASH_SHA1, 1450 },
	{ 1300, true, true, false, CIPHER_AES128, HASH_SHA1, 1222 },
	{ 1492, true, true, true, CIPHER_AES256, HASH_SHA512, 1398 },
	{ 576, true, true, true, CIPHER_AES256, HASH_SHA512, GRE_MTU_MIN },
	{ 20, true, true, true, CIPHER_AES256, HASH_SHA512, GRE_MTU_MIN },
	{ 0, true, false, false, CIPHER_NONE, HASH_NONE, GRE_MTU_MIN },
};

static struct gre_mtu of(const struct row *r)
{
	return gre_mtu_of(&(struct gre_mtu_config){ .path = r->path,
						    .keyed = r->keyed,
						    .protect = r->protect,
						    .udp = r->udp,
						    .suite = { r->cipher, r->auth } });
}

Test(gre_mtu, table)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gre_mtu m = of(&rows[i]);

		cr_expect_eq(m.mtu, rows[i].mtu, "row %zu: %u", i, m.mtu);
		cr_expect_eq(m.tcp_mss, m.mtu - 40);
	}
}

Test(gre_mtu, addends)
{
	for (int path = 700; path <= 9000; path++)
		for (int cipher = CIPHER_3DES; cipher < CIPHER_COUNT; cipher++)
			for (int udp = 0; udp < 2; udp++) {
				bool aead = cipher_get((enum cipher_id)cipher)->aead;
				struct row r = { (uint16_t)path,
						 true,
						 true,
						 udp == 1,
						 (enum cipher_id)cipher,
						 aead ? HASH_NONE : HASH_SHA256,
						 0 };
				struct gre_mtu m = of(&r);
				int block =
					aead ? 4
					     : MAX(cipher_get((enum cipher_id)cipher)->block, 4);

				cr_assert_eq(m.outer_ip + m.udp + m.esp + m.iv + m.padding +
						     m.trailer + m.icv + m.gre + m.mtu,
					     path, "path %d, cipher %d", path, cipher);
				/* The largest: one octet more needs another block. */
				cr_assert_lt(m.padding, block);
				cr_assert_eq((m.gre + m.mtu + m.trailer) % block, 0);
			}
}
