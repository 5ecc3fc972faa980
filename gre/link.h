/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mGRE interface: one `gre` link without remote per tunnel (RFC 2784, 2890), its address and
 * its settings, and what others do to it and to the addresses of this machine (rtnetlink).
 *
 * Requests are synchronous: a tunnel is made at start, on a reload and when the source address
 * changes. Events are drained: the owner polls every descriptor that gre_links_fd() lists, calls
 * gre_links_readable() when one is readable, then gre_links_next_event() until false; also after
 * any request, which may have read events on its way. Nothing calls back.
 *
 * Errors, in the whole room: functions that can fail return 0 or a positive errno and then leave
 * in why[] one sentence that says what failed, where, and what to do about it.
 */
#ifndef GRE_LINK_H
#define GRE_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define GRE_WHY 256 /* room for a sentence */

/* A link whose alias starts so is ours: adopted after a crash; any other is a stranger's. */
#define GRE_LINK_TAG "dmvpnd:"

#define GRE_LINK_TTL 64
#define GRE_LINK_MTU 1400

struct gre_link_config {
	char name[IFNAMSIZ];
	struct addr local; /* outer address of ours; must be given */
	bool keyed;
	uint32_t key;	       /* host order */
	char device[IFNAMSIZ]; /* send through this interface only; empty: as the routes say */
	uint8_t ttl;	       /* of the outer packet; 0: GRE_LINK_TTL */
	bool pmtudisc;	       /* DF on the outer packet; not together with ignore_df */
	bool ignore_df;	       /* fragment the outer packet even where the inner one has DF */
	uint16_t mtu;	       /* 0: GRE_LINK_MTU */
	struct prefix address; /* inner; its octets behind the mask are the host's */
};

enum gre_link_event_type {
	GRE_LINK_UP,	     /* one of our links came up: its neighbours and routes are gone */
	GRE_LINK_DOWN,	     /* one of our links went down (its neighbours with it) */
	GRE_LINK_REMOVED,    /* one of our links was removed by someone else */
	GRE_LINK_ADDR_ADDED, /* an IPv4 address appeared on any interface */
	GRE_LINK_ADDR_REMOVED,
	GRE_LINK_MTU_CHANGED, /* of an interface that is not ours */
	GRE_LINK_RESYNC, /* events were lost; links are read again, ask for the addresses */
};

struct gre_link_event {
	enum gre_link_event_type type;
	unsigned int ifindex;
	char name[IFNAMSIZ]; /* of the interface, empty where it is not known any more */
	struct addr addr;    /* ADDR_* only */
};

struct gre_links;

int gre_links_open(struct gre_links **out, char why[GRE_WHY]);
/* Closes the sockets; the links stay. NULL is fine. */
void gre_links_close(struct gre_links *ls);
/* The descriptors to poll for reading: call with i = 0, 1, ... until -1. They never change. */
int gre_links_fd(const struct gre_links *ls, unsigned int i);
void gre_links_readable(struct gre_links *ls);
bool gre_links_next_event(struct gre_links *ls, struct gre_link_event *ev);

/*
 * Makes the link as configured and brings it up; from then on it raises events. A link of ours
 * that is there already (*adopted, which may be NULL) is changed to the configuration and keeps
 * its neighbours and routes. Also sets what the tunnel needs under /proc/sys/net/ipv4/{neigh,conf}:
 * the kernel asks us instead of the wire for neighbours, sends no ICMP redirects (which takes
 * conf/all too), checks sources loosely; and turns IPv6 off on the link.
 *
 * EEXIST: a link of that name is not ours, or another tunnel has the same source and key.
 * Policies must be in place before: the link sends as soon as it is up.
 */
int gre_link_ensure(struct gre_links *ls, const struct gre_link_config *cfg, unsigned int *ifindex,
		    bool *adopted, char why[GRE_WHY]);
/*
 * The same link with another configuration (source address changed, say). Addresses, routes and
 * neighbours stay unless they depend on what changed.
 */
int gre_link_update(struct gre_links *ls, unsigned int ifindex, const struct gre_link_config *cfg,
		    char why[GRE_WHY]);
/*
 * Removes links of ours whose names are not among keep[]: what a crash left of a tunnel that is
 * configured no more, or under another name. *removed may be NULL. For the start, before
 * gre_link_ensure().
 */
int gre_links_sweep(struct gre_links *ls, const char *const *keep, size_t n, size_t *removed,
		    char why[GRE_WHY]);
/* Removes the link; one that is gone already is no error. */
int gre_link_delete(struct gre_links *ls, unsigned int ifindex, char why[GRE_WHY]);

/*
 * The first global IPv4 address of an interface. ENODEV: no such interface; EADDRNOTAVAIL: it
 * has none (yet). The owner asks again when a GRE_LINK_ADDR_* tells of a change.
 */
int gre_links_address_of(struct gre_links *ls, const char *name, struct addr *out,
			 char why[GRE_WHY]);
/*
 * Octets that a packet from `local` to `to` may have: what the route says or has learned of its path,
 * else the MTU of the interface it leaves by. `to` none: the MTU of the interface that has `local`.
 */
int gre_links_path_mtu(struct gre_links *ls, const struct addr *local, const struct addr *to,
		       uint16_t *mtu, char why[GRE_WHY]);
/* 0: packets to this address are ours; EADDRNOTAVAIL: they are not. */
int gre_links_is_local(struct gre_links *ls, const struct addr *addr, char why[GRE_WHY]);

#endif
