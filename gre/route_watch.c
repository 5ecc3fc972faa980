/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others change: prefixes are collected, so that many changes of one are told once. */
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "gre/route_core.h"
#include "gre/rtnl.h"

#define DATAGRAMS_AT_ONCE 256 /* per gre_routes_readable() */
#define CHANGES_MAX	  64  /* prefixes; more at once are told as 0.0.0.0/0 */

struct change {
	struct prefix prefix;
	UT_hash_handle hh;
};

static const struct prefix everything = { .addr = { .len = 4 } };

void route_forget_changes(struct gre_routes *rs)
{
	struct change *c, *next;

	HASH_ITER (hh, rs->changes, c, next) {
		HASH_DEL(rs->changes, c);
		free(c);
	}
}

static void changed(struct gre_routes *rs, const struct prefix *prefix)
{
	struct prefix p = prefix_network(prefix);
	struct change *c;

	HASH_FIND(hh, rs->changes, &p, sizeof(p), c);
	if (c)
		return;
	/* A default route may be in force anywhere: it stands for everything, too. */
	if (HASH_COUNT(rs->changes) == CHANGES_MAX || !p.bits) {
		route_forget_changes(rs);
		p = everything;
	} else {
		struct prefix all = everything;

		HASH_FIND(hh, rs->changes, &all, sizeof(all), c);
		if (c)
			return;
	}
	c = xcalloc(1, sizeof(*c));
	c->prefix = p;
	HASH_ADD(hh, rs->changes, prefix, sizeof(c->prefix), c);
	rs->counters.changes++;
}

/* Somebody has removed a route with our tag: a shortcut, or half of one. */
static void take_lost(struct gre_routes *rs, const struct route_info *r)
{
	struct mirror_key key = mirror_key_of(r->ifindex, &r->prefix);
	struct mirror_entry *e = mirror_find(&rs->mirror, &key);
	struct gre_route_event *ev;

	if (!e || !addr_equal(&e->value, &r->gateway))
		return;
	if (!route_shortcut(rs, &key)) {
		struct prefix both = { .addr = r->prefix.addr,
				       .bits = (uint8_t)(r->prefix.bits - 1) };

		key = mirror_key_of(r->ifindex, &both);
	}
	ev = fifo_push(&rs->queue);
	ev->type = GRE_ROUTE_LOST;
	ev->changed.ifindex = r->ifindex;
	ev->changed.prefix = key.prefix;
}

static void take_others(struct gre_routes *rs, int type, const struct route_info *r)
{
	if (type == RTM_NEWROUTE && r->table == RT_TABLE_MAIN && !r->tos)
		route_outdone(rs, r);
	changed(rs, &r->prefix);
}

static void take_route_change(struct gre_routes *rs, const struct nlmsghdr *nlh)
{
	struct route_info r;

	if (nlh->nlmsg_pid == rs->port)
		return;
	if (!route_msg_read(nlh, &r))
		rs->counters.bad++;
	else if (r.cloned)
		return;
	else if (r.protocol != GRE_ROUTE_PROTOCOL)
		take_others(rs, nlh->nlmsg_type, &r);
	else if (nlh->nlmsg_type == RTM_DELROUTE)
		take_lost(rs, &r);
}

/* The routes through a link that goes down go without a word. */
static void take_link_change(struct gre_routes *rs, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifi)))
		rs->counters.bad++;
	else if (nlh->nlmsg_type == RTM_DELLINK ||
		 ((ifi->ifi_change & IFF_UP) && !(ifi->ifi_flags & IFF_UP)))
		changed(rs, &everything);
}

static void take_change(struct gre_routes *rs, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		take_route_change(rs, nlh);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link_change(rs, nlh);
		break;
	}
}

void route_receive_changes(struct gre_routes *rs)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(rs->listen, &datagram);
		struct nlmsghdr *nlh = (void *)datagram;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			struct gre_route_event *ev = fifo_push(&rs->queue);

			ev->type = GRE_ROUTE_RESYNC;
			rs->counters.resyncs++;
		}
		for (; n > 0 && nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			take_change(rs, nlh);
		free(datagram);
	}
}

bool route_next_change(struct gre_routes *rs, struct prefix *out)
{
	struct change *c = rs->changes;

	if (!c)
		return false;
	*out = c->prefix;
	HASH_DEL(rs->changes, c);
	free(c);
	return true;
}
