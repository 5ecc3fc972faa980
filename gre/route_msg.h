/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the room: IPv4 routes as rtnetlink says them, read and written. No socket. */
#ifndef GRE_ROUTE_MSG_H
#define GRE_ROUTE_MSG_H

#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

struct route_info {
	uint32_t table;
	uint8_t protocol, type, tos; /* RTPROT_, RTN_ */
	bool cloned;		     /* of the cache, no route of a table */
	struct prefix prefix;
	uint32_t metric, mtu; /* 0: none */
	/* The first way that is not known to be dead; ifindex 0: there is none. */
	unsigned int ifindex;
	struct addr gateway; /* none: on link, or not IPv4 */
};

/* False where it is no IPv4 route, or cannot be understood. */
bool route_msg_read(const struct nlmsghdr *nlh, struct route_info *out);

/* Host routes are those of GRE_ROUTE_TABLE. */
struct nl_msg *route_msg_put(unsigned int ifindex, const struct prefix *prefix,
			     const struct addr *gateway);
/* gateway none: any of ours. */
struct nl_msg *route_msg_del(unsigned int ifindex, const struct prefix *prefix,
			     const struct addr *gateway);
/* Which route of the tables matches the address. */
struct nl_msg *route_msg_lookup(const struct addr *to);
/* All routes of the main table. */
struct nl_msg *route_msg_dump_main(void);
/* Those of ours through this link, in whatever table. */
struct nl_msg *route_msg_dump_ours(unsigned int ifindex);
/* Makes or removes the rule for GRE_ROUTE_TABLE. EEXIST: it is there. */
struct nl_msg *route_msg_rule(bool add);

#endif
