/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK: lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/util.h"

static struct addr addr(const char *text)
{
	struct addr a;

	cr_assert(addr_parse(text, &a), "%s", text);
	return a;
}

static struct prefix prefix(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(text, &p), "%s", text);
	return p;
}

Test(addr, values)
{
	struct addr a = addr_v4(0x0a000104), none = { 0 };

	cr_expect_eq(a.len, 4);
	cr_expect_eq(addr_to_v4(&a), 0x0a000104);
	cr_expect(addr_equal(&a, &(struct addr){ .len = 4, .b = { 10, 0, 1, 4 } }));
	cr_expect_not(addr_equal(&a, &none));
	cr_expect(addr_is_none(&none) && !addr_is_none(&a));
	a = addr_from_bytes("\x0a\x00\x01\x04", 4);
	cr_expect_eq(addr_to_v4(&a), 0x0a000104);
	for (size_t len = 0; len <= 16; len++) {
		a = addr_from_bytes("\x0a\x00\x01\x04............", len);
		cr_expect_eq(addr_is_none(&a), len != 4);
	}
}

/* Keys of hash tables: no octet of them may be anything but the value. */
Test(addr, no_padding)
{
	struct endpoint a, b;

	cr_expect_eq(sizeof(struct prefix), sizeof(struct addr) + 1);
	memset(&a, 0x11, sizeof(a));
	memset(&b, 0x22, sizeof(b));
	a.addr = b.addr = addr_v4(1);
	a.port = b.port = 500;
	cr_expect(memcmp(&a, &b, sizeof(a)) == 0);
	cr_expect(endpoint_equal(&a, &b));
	b.port = 4500;
	cr_expect_not(endpoint_equal(&a, &b));
	b = (struct endpoint){ addr_v4(2), 500 };
	cr_expect_not(endpoint_equal(&a, &b));
}

Test(addr, unicast)
{
	static const struct {
		const char *text;
		bool unicast;
	} cases[] = {
		{ "0.0.0.0", false },	    { "0.1.2.3", false },   { "1.0.0.1", true },
		{ "10.0.0.4", true },	    { "127.0.0.1", false }, { "172.16.0.1", true },
		{ "223.255.255.255", true }, { "224.0.0.1", false }, { "240.0.0.1", false },
		{ "255.255.255.255", false },
	};
	struct addr none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a = addr(cases[i].text);

		cr_expect_eq(addr_is_unicast(&a), cases[i].unicast, "%s", cases[i].text);
	}
	cr_expect_not(addr_is_unicast(&none));
}

Test(addr, nbma)
{
	struct addr names[] = { addr("10.0.0.4"), addr("240.0.0.1"), addr("255.255.255.254") };
	struct addr others[] = { addr("224.0.0.1"), addr("239.255.255.255"),
				 addr("255.255.255.255"), addr("127.0.0.1"), { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_expect(addr_is_nbma(&names[i]), "%zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		cr_expect_not(addr_is_nbma(&others[i]), "%zu", i);
}

Test(addr, parse)
{
	static const char *const bad[] = { "", "10", "10.0.0", "10.0.0.256", "10.0.0.1 ",
					   " 10.0.0.1", "10.0.0.1.2", "::1", "10.0.0.-1", "hub",
					   "10.0.0.1/24" };
	struct addr a = addr_v4(7);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_not(addr_parse(bad[i], &a), "%s", bad[i]);
	cr_expect_eq(addr_to_v4(&a), 7, "untouched");
	cr_expect(addr_parse("255.255.255.255", &a));
	cr_expect_eq(addr_to_v4(&a), UINT32_MAX);
}

Test(addr, prefix_parse)
{
	static const char *const bad[] = { "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
					   "10.0.0.0/+1", "10.0.0.0/ 8", "10.0.0.0/8 ",
					   "10.0.0.0/8/8", "/8", "10.0.0.0/99999999999999999999999",
					   "1000000.100000.1000000.1000000/8", "10.0.0.0/0x8" };
	struct prefix p = prefix("10.1.2.3/24");

	cr_expect(p.bits == 24 && addr_to_v4(&p.addr) == 0x0a010203);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_not(prefix_parse(bad[i], &p), "%s", bad[i]);
	cr_expect(p.bits == 24 && addr_to_v4(&p.addr) == 0x0a010203, "untouched");
	p = prefix_network(&p);
	cr_expect_eq(addr_to_v4(&p.addr), 0x0a010200);
	p = prefix("10.1.2.3");
	cr_expect_eq(p.bits, 32);
	p = prefix("10.1.2.3/0");
	p = prefix_network(&p);
	cr_expect(p.bits == 0 && addr_to_v4(&p.addr) == 0 && p.addr.len == 4);
}

Test(addr, prefix_contains)
{
	static const struct {
		const char *prefix, *addr;
		bool contains;
	} cases[] = {
		{ "0.0.0.0/0", "255.1.2.3", true },	{ "0.0.0.0/0", "0.0.0.0", true },
		{ "172.16.0.0/24", "172.16.0.255", true }, { "172.16.0.0/24", "172.16.1.0", false },
		{ "172.16.0.7/24", "172.16.0.1", true }, /* only the network counts */
		{ "10.0.0.4/32", "10.0.0.4", true },	{ "10.0.0.4/32", "10.0.0.5", false },
		{ "128.0.0.0/1", "127.255.255.255", false },
		{ "10.0.0.4/31", "10.0.0.5", true },
	};
	struct addr none = { 0 };
	struct prefix all = prefix("0.0.0.0/0"), unset = { 0 }, wrong = all;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = prefix(cases[i].prefix);
		struct addr a = addr(cases[i].addr);

		cr_expect_eq(prefix_contains(&p, &a), cases[i].contains, "%s %s", cases[i].prefix,
			     cases[i].addr);
	}
	cr_expect_not(prefix_contains(&all, &none));
	cr_expect_not(prefix_contains(&unset, &(struct addr){ .len = 4 }));
	wrong.bits = 33;
	cr_expect_not(prefix_contains(&wrong, &(struct addr){ .len = 4 }));
}

Test(addr, text)
{
	struct addr a = addr("10.0.0.4"), none = { 0 };
	struct prefix p = prefix("172.16.0.1/24");
	struct endpoint e = { addr("255.255.255.255"), 65535 };
	char buf[ADDR_TEXT];

	cr_expect_str_eq(addr_text(&a, buf), "10.0.0.4");
	cr_expect_str_eq(addr_text(&none, buf), "none");
	cr_expect_str_eq(prefix_text(&p, buf), "172.16.0.1/24");
	cr_expect_str_eq(endpoint_text(&e, buf), "255.255.255.255:65535");
	cr_expect_str_eq(endpoint_text(&(struct endpoint){ none, 0 }, buf), "none:0");
}
