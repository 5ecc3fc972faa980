/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gre/route_msg.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/route/rule.h>
#include <sys/socket.h>

#include "gre/route.h"
#include "gre/rtnl.h"

/* ---- Reading ---- */

/* Octets of an attribute if it has exactly as many, else NULL. */
static const void *octets(const struct nlattr *attr, size_t len)
{
	return attr && (size_t)nla_len(attr) == len ? nla_data(attr) : NULL;
}

static uint32_t number(const struct nlattr *attr)
{
	const void *data = octets(attr, 4);
	uint32_t n = 0;

	if (data)
		memcpy(&n, data, sizeof(n));
	return n;
}

static struct addr address(const struct nlattr *attr)
{
	const void *data = octets(attr, 4);

	return data ? addr_from_bytes(data, 4) : (struct addr){ 0 };
}

static bool is_dead(unsigned int flags)
{
	return flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN);
}

/* A route of several ways; equal shares, so any of them will do. */
static void read_ways(const struct nlattr *attr, struct route_info *out)
{
	const char *at = nla_data(attr), *end = at + nla_len(attr);

	while ((size_t)(end - at) >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *nh = (const void *)at;
		int len = nh->rtnh_len;

		if (len < (int)sizeof(*nh) || len > end - at)
			return;
		if (!is_dead(nh->rtnh_flags)) {
			const struct nlattr *first = (const void *)(at + sizeof(*nh));

			out->ifindex = (unsigned int)nh->rtnh_ifindex;
			out->gateway =
				address(nla_find(first, len - (int)sizeof(*nh), RTA_GATEWAY));
			return;
		}
		/* The last one may be cut short of its alignment. */
		if ((int)RTNH_ALIGN(len) >= end - at)
			return;
		at += RTNH_ALIGN(len);
	}
}

bool route_msg_read(const struct nlmsghdr *nlh, struct route_info *out)
{
	const struct rtmsg *rtm = nlmsg_data(nlh);
	struct nlattr *tb[RTA_MAX + 1], *metrics[RTAX_MAX + 1];

	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*rtm), tb, RTA_MAX, NULL) < 0 ||
	    rtm->rtm_family != AF_INET || rtm->rtm_dst_len > 32 ||
	    (rtm->rtm_dst_len && !octets(tb[RTA_DST], 4)))
		return false;
	*out = (struct route_info){ .table = rtm->rtm_table,
				    .protocol = rtm->rtm_protocol,
				    .type = rtm->rtm_type,
				    .tos = rtm->rtm_tos,
				    .cloned = rtm->rtm_flags & RTM_F_CLONED };
	out->prefix = (struct prefix){ .addr = rtm->rtm_dst_len ? address(tb[RTA_DST]) : addr_v4(0),
				       .bits = rtm->rtm_dst_len };
	if (tb[RTA_TABLE])
		out->table = number(tb[RTA_TABLE]);
	out->metric = number(tb[RTA_PRIORITY]);
	if (tb[RTA_METRICS] && nla_parse_nested(metrics, RTAX_MAX, tb[RTA_METRICS], NULL) == 0)
		out->mtu = number(metrics[RTAX_MTU]);
	if (tb[RTA_MULTIPATH]) {
		read_ways(tb[RTA_MULTIPATH], out);
	} else if (!is_dead(rtm->rtm_flags)) {
		out->ifindex = number(tb[RTA_OIF]);
		out->gateway = address(tb[RTA_GATEWAY]);
	}
	return true;
}

/* ---- Writing ---- */

static struct nl_msg *ours(int type, int flags, unsigned int ifindex, const struct prefix *prefix,
			   const struct addr *gateway)
{
	struct rtmsg rtm = { .rtm_family = AF_INET,
			     .rtm_dst_len = prefix->bits,
			     .rtm_table = prefix->bits == 32 ? GRE_ROUTE_TABLE : RT_TABLE_MAIN,
			     .rtm_protocol = GRE_ROUTE_PROTOCOL,
			     .rtm_scope = RT_SCOPE_UNIVERSE,
			     .rtm_type = RTN_UNICAST };
	struct nl_msg *msg;

	/* The gateway is reached by its neighbour entry, whatever the link's own prefix is. */
	if (type == RTM_NEWROUTE)
		rtm.rtm_flags = RTNH_F_ONLINK;
	msg = rtnl_message(type, flags, &rtm, sizeof(rtm));
	nla_put(msg, RTA_DST, 4, prefix_network(prefix).addr.b);
	nla_put_u32(msg, RTA_OIF, ifindex);
	/* Without it one with any metric goes: an earlier version may have had another. */
	if (type == RTM_NEWROUTE)
		nla_put_u32(msg, RTA_PRIORITY, GRE_ROUTE_METRIC);
	if (!addr_is_none(gateway))
		nla_put(msg, RTA_GATEWAY, 4, gateway->b);
	return msg;
}

/* Neither EXCL nor REPLACE nor APPEND: in front of others of the same prefix and metric. */
struct nl_msg *route_msg_put(unsigned int ifindex, const struct prefix *prefix,
			     const struct addr *gateway)
{
	return ours(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, ifindex, prefix, gateway);
}

struct nl_msg *route_msg_del(unsigned int ifindex, const struct prefix *prefix,
			     const struct addr *gateway)
{
	return ours(RTM_DELROUTE, NLM_F_ACK, ifindex, prefix, gateway);
}

/* Without NLM_F_ACK: the route is the answer. */
struct nl_msg *route_msg_lookup(const struct addr *to)
{
	struct rtmsg rtm = { .rtm_family = AF_INET,
			     .rtm_dst_len = 32,
			     .rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH };
	struct nl_msg *msg = rtnl_message(RTM_GETROUTE, 0, &rtm, sizeof(rtm));

	nla_put(msg, RTA_DST, 4, to->b);
	return msg;
}

struct nl_msg *route_msg_dump_main(void)
{
	struct rtmsg rtm = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN };

	return rtnl_message(RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));
}

struct nl_msg *route_msg_dump_ours(unsigned int ifindex)
{
	struct rtmsg rtm = { .rtm_family = AF_INET, .rtm_protocol = GRE_ROUTE_PROTOCOL };
	struct nl_msg *msg = rtnl_message(RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));

	nla_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

struct nl_msg *route_msg_rule(bool add)
{
	struct rtnl_rule *rule = rtnl_rule_alloc();
	struct nl_msg *msg = NULL;

	if (!rule)
		abort();
	rtnl_rule_set_family(rule, AF_INET);
	rtnl_rule_set_table(rule, GRE_ROUTE_TABLE);
	rtnl_rule_set_prio(rule, GRE_ROUTE_RULE);
	rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
	rtnl_rule_set_protocol(rule, GRE_ROUTE_PROTOCOL);
	if (add ? rtnl_rule_build_add_request(rule, NLM_F_CREATE | NLM_F_EXCL, &msg)
		: rtnl_rule_build_delete_request(rule, 0, &msg))
		abort();
	rtnl_rule_put(rule);
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	return msg;
}
