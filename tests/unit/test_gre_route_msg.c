/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes as rtnetlink says them: what is read of them, cut at every octet, and damaged.
 *
 * LINK: gre/route_msg.c gre/rtnl.c lib/addr.c
 */
#include "gre/route_msg.h"

#include <criterion/criterion.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "gre/route.h"
#include "gre/rtnl.h"
#include "lib/util.h"

static struct nl_msg *message(uint8_t bits)
{
	struct rtmsg rtm = { .rtm_family = AF_INET,
			     .rtm_dst_len = bits,
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_protocol = 188,
			     .rtm_type = RTN_UNICAST };
	struct nl_msg *msg = rtnl_message(RTM_NEWROUTE, 0, &rtm, sizeof(rtm));

	if (bits)
		nla_put(msg, RTA_DST, 4, "\xc0\xa8\x03\x00");
	nla_put_u32(msg, RTA_TABLE, RT_TABLE_MAIN);
	nla_put_u32(msg, RTA_PRIORITY, 20);
	return msg;
}

static void add_way(struct nl_msg *msg, int ifindex, unsigned int flags, const char *gateway)
{
	struct rtnexthop *nh = nlmsg_reserve(msg, sizeof(*nh), NLMSG_ALIGNTO);

	*nh = (struct rtnexthop){ .rtnh_ifindex = ifindex, .rtnh_flags = (uint8_t)flags };
	nla_put(msg, RTA_GATEWAY, 4, gateway);
	nh->rtnh_len = (uint16_t)((char *)nlmsg_tail(nlmsg_hdr(msg)) - (char *)nh);
}

static struct nl_msg *simple(void)
{
	struct nl_msg *msg = message(24);
	struct nlattr *metrics;

	nla_put_u32(msg, RTA_OIF, 7);
	nla_put(msg, RTA_GATEWAY, 4, "\xac\x10\x00\x03");
	metrics = nla_nest_start(msg, RTA_METRICS);
	nla_put_u32(msg, RTAX_MTU, 1300);
	nla_nest_end(msg, metrics);
	return msg;
}

static struct nl_msg *several(unsigned int first_flags)
{
	struct nl_msg *msg = message(24);
	struct nlattr *ways = nla_nest_start(msg, RTA_MULTIPATH);

	add_way(msg, 8, first_flags, "\x0a\x00\x00\x01");
	add_way(msg, 9, 0, "\x0a\x00\x00\x02");
	nla_nest_end(msg, ways);
	return msg;
}

Test(route_msg, read)
{
	struct nl_msg *msg = simple();
	struct route_info r;

	cr_assert(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(r.table, RT_TABLE_MAIN);
	cr_expect_eq(r.protocol, 188);
	cr_expect_eq(r.type, RTN_UNICAST);
	cr_expect_eq(r.prefix.bits, 24);
	cr_expect_eq(addr_to_v4(&r.prefix.addr), 0xc0a80300);
	cr_expect_eq(r.metric, 20);
	cr_expect_eq(r.mtu, 1300);
	cr_expect_eq(r.ifindex, 7);
	cr_expect_eq(addr_to_v4(&r.gateway), 0xac100003);
	nlmsg_free(msg);
	msg = message(0);
	cr_assert(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(r.prefix.bits, 0);
	cr_expect_eq(r.prefix.addr.len, 4);
	cr_expect_eq(r.ifindex, 0);
	cr_expect(addr_is_none(&r.gateway));
	nlmsg_free(msg);
}

Test(route_msg, several_ways)
{
	struct nl_msg *msg = several(0);
	struct route_info r;

	cr_assert(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(r.ifindex, 8);
	cr_expect_eq(addr_to_v4(&r.gateway), 0x0a000001);
	nlmsg_free(msg);
	msg = several(RTNH_F_DEAD);
	cr_assert(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(r.ifindex, 9, "the first that is not dead");
	cr_expect_eq(addr_to_v4(&r.gateway), 0x0a000002);
	nlmsg_free(msg);
}

Test(route_msg, refused)
{
	struct nl_msg *msg = simple();
	struct rtmsg *rtm = nlmsg_data(nlmsg_hdr(msg));
	struct route_info r;

	rtm->rtm_dst_len = 33;
	cr_expect_not(route_msg_read(nlmsg_hdr(msg), &r));
	rtm->rtm_dst_len = 24;
	rtm->rtm_family = AF_INET6;
	cr_expect_not(route_msg_read(nlmsg_hdr(msg), &r));
	rtm->rtm_family = AF_INET;
	rtm->rtm_flags = RTNH_F_DEAD;
	cr_expect(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(r.ifindex, 0, "a dead way is none");
	nlmsg_free(msg);
	msg = message(0);
	rtm = nlmsg_data(nlmsg_hdr(msg));
	rtm->rtm_dst_len = 8;
	cr_expect_not(route_msg_read(nlmsg_hdr(msg), &r), "a prefix without an address");
	nlmsg_free(msg);
}

/* In memory of exactly this size, so that a sanitizer sees the first octet behind it. */
static void read_copy(const struct nlmsghdr *nlh, size_t len)
{
	struct nlmsghdr *copy = xmemdup(nlh, len);
	struct route_info r;

	copy->nlmsg_len = (uint32_t)len;
	if (route_msg_read(copy, &r))
		cr_assert(r.prefix.bits <= 32 && r.prefix.addr.len == 4 &&
			  (r.gateway.len == 4 || addr_is_none(&r.gateway)));
	free(copy);
}

Test(route_msg, cut_and_damaged)
{
	struct nl_msg *all[] = { simple(), several(0), several(RTNH_F_DEAD) };
	uint32_t random = 1;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct nlmsghdr *nlh = nlmsg_hdr(all[i]);

		for (size_t len = sizeof(*nlh); len <= nlh->nlmsg_len; len++)
			read_copy(nlh, len);
		for (int round = 0; round < 20000; round++) {
			struct nlmsghdr *bad = xmemdup(nlh, nlh->nlmsg_len);

			for (int n = 0; n < 3; n++) {
				size_t at;

				random = random * 1664525 + 1013904223;
				at = sizeof(*nlh) + (random >> 8) % (nlh->nlmsg_len - sizeof(*nlh));
				((uint8_t *)bad)[at] =
					(uint8_t)(random >> 24 & 1 ? random >> 16 : random >> 29);
			}
			read_copy(bad, nlh->nlmsg_len);
			free(bad);
		}
		nlmsg_free(all[i]);
	}
}

Test(route_msg, written)
{
	struct prefix p = { addr_v4(0xc0a80307), 24 };
	struct addr g = addr_v4(0xac100003);
	struct nl_msg *msg = route_msg_put(5, &p, &g);
	const struct rtmsg *rtm = nlmsg_data(nlmsg_hdr(msg));
	struct route_info r;

	cr_assert(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(addr_to_v4(&r.prefix.addr), 0xc0a80300, "the host's octets are left out");
	cr_expect_eq(r.protocol, GRE_ROUTE_PROTOCOL);
	cr_expect_eq(r.metric >> 24, 255, "the distance that zebra reads");
	cr_expect_eq(r.ifindex, 5);
	cr_expect(addr_equal(&r.gateway, &g));
	cr_expect(rtm->rtm_flags & RTNH_F_ONLINK);
	cr_expect_not(nlmsg_hdr(msg)->nlmsg_flags & (NLM_F_REPLACE | NLM_F_EXCL | NLM_F_APPEND));
	cr_expect_eq(r.table, RT_TABLE_MAIN);
	nlmsg_free(msg);
	p.bits = 32;
	msg = route_msg_put(5, &p, &g);
	cr_assert(route_msg_read(nlmsg_hdr(msg), &r));
	cr_expect_eq(r.table, GRE_ROUTE_TABLE, "a host route");
	nlmsg_free(msg);
}
