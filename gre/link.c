/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mGRE links by rtnetlink: one blocking socket to ask on, one to listen on.
 *
 * A link message always carries every attribute, because the kernel resets those that an update
 * leaves out. The alias, "dmvpnd: 172.16.0.1/24", says that the link is ours and which address we
 * gave it, so that after a crash exactly that address is replaced by the configured one.
 */
#include "gre/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "gre/link_sysctl.h"
#include "gre/route_msg.h"
#include "gre/rtnl.h"
#include "lib/fifo.h"
#include "lib/util.h"

#define EVENT_BUFFER (1 << 20)
#define DATAGRAMS_AT_ONCE 64 /* per gre_links_readable() */
#define DRAIN_MAX 10000	     /* no end, but an end */

/* A link that we made or adopted. */
struct own_link {
	unsigned int ifindex;
	char name[IFNAMSIZ];
	bool up;
	UT_hash_handle hh;
};

/* One that we did not: what is known of it. */
struct other_link {
	unsigned int ifindex;
	uint32_t mtu;
	UT_hash_handle hh;
};

struct gre_links {
	struct nl_sock *ask, *listen;
	struct own_link *own;	  /* hash by ifindex */
	struct other_link *other; /* the same, of those that anything was told of */
	struct fifo queue;    /* struct gre_link_event */
};

/* A link as the kernel tells it. */
struct link_info {
	unsigned int ifindex;
	unsigned int flags;
	uint32_t mtu;
	char name[IFNAMSIZ];
	char kind[16];
	char alias[64];
};

/* ---- Reading ---- */

static bool get_link(const struct nlmsghdr *nlh, struct link_info *out)
{
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	const struct ifinfomsg *ifi = nlmsg_data(nlh);

	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return false;
	*out = (struct link_info){ .ifindex = (unsigned int)ifi->ifi_index,
				   .flags = ifi->ifi_flags };
	if (tb[IFLA_IFNAME])
		nla_strlcpy(out->name, tb[IFLA_IFNAME], sizeof(out->name));
	if (tb[IFLA_MTU] && nla_len(tb[IFLA_MTU]) == 4)
		out->mtu = nla_get_u32(tb[IFLA_MTU]);
	if (tb[IFLA_IFALIAS])
		nla_strlcpy(out->alias, tb[IFLA_IFALIAS], sizeof(out->alias));
	if (tb[IFLA_LINKINFO] && nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) == 0 &&
	    info[IFLA_INFO_KIND])
		nla_strlcpy(out->kind, info[IFLA_INFO_KIND], sizeof(out->kind));
	return true;
}

static void take_link(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type == RTM_NEWLINK)
		get_link(nlh, arg);
}

/* By index, or by name where that is 0. ENODEV: there is none. */
static int read_link(struct gre_links *ls, unsigned int ifindex, const char *name,
		     struct link_info *out, char text[RTNL_TEXT])
{
	struct ifinfomsg ifi = { .ifi_index = (int)ifindex };
	struct nl_msg *msg;
	int err;

	*out = (struct link_info){ 0 };
	if (!ifindex && !name)
		return ENODEV;
	msg = rtnl_message(RTM_GETLINK, 0, &ifi, sizeof(ifi));
	if (!ifindex)
		nla_put_string(msg, IFLA_IFNAME, name);
	err = rtnl_call(ls->ask, msg, take_link, out, text);
	return err ? err : out->ifindex ? 0 : ENODEV;
}

static bool is_ours(const struct link_info *info)
{
	return strcmp(info->kind, "gre") == 0 &&
	       strncmp(info->alias, GRE_LINK_TAG, strlen(GRE_LINK_TAG)) == 0;
}

static int complain(const char *what, const char *name, int err, const char *text,
		    char why[GRE_WHY])
{
	char words[GRE_WHY - 64];

	rtnl_explain(err, text, words, sizeof(words));
	snprintf(why, GRE_WHY, "cannot %s %.15s: %s", what, name, words);
	return err;
}

/* ---- Making and changing ---- */

static int check(const struct gre_link_config *cfg, uint32_t *device, char why[GRE_WHY])
{
	*device = 0;
	if (cfg->local.len != 4 || cfg->address.addr.len != 4 || cfg->address.bits > 32 ||
	    !cfg->name[0]) {
		snprintf(why, GRE_WHY, "tunnel %.15s lacks a name, a source or an IPv4 address",
			 cfg->name);
		return EINVAL;
	}
	if (cfg->pmtudisc && cfg->ignore_df) {
		snprintf(why, GRE_WHY,
			 "tunnel %.15s cannot both set DF outside and ignore it inside: turn off"
			 " path MTU discovery or ignore-df", cfg->name);
		return EINVAL;
	}
	if (!cfg->device[0])
		return 0;
	*device = if_nametoindex(cfg->device);
	if (!*device) {
		snprintf(why, GRE_WHY, "tunnel %.15s cannot send through %.15s: no such interface",
			 cfg->name, cfg->device);
		return ENODEV;
	}
	return 0;
}

/* As `ip link add type gre` says it, see IFLA_GRE_* in linux/if_tunnel.h; without a remote. */
static void put_gre(struct nl_msg *msg, const struct gre_link_config *cfg, uint32_t device)
{
	uint16_t flags = cfg->keyed ? GRE_KEY : 0;
	uint32_t key = cfg->keyed ? htonl(cfg->key) : 0;

	nla_put(msg, IFLA_GRE_LOCAL, 4, cfg->local.b);
	nla_put_u32(msg, IFLA_GRE_REMOTE, 0);
	nla_put_u16(msg, IFLA_GRE_IFLAGS, flags);
	nla_put_u16(msg, IFLA_GRE_OFLAGS, flags);
	nla_put_u32(msg, IFLA_GRE_IKEY, key);
	nla_put_u32(msg, IFLA_GRE_OKEY, key);
	nla_put_u8(msg, IFLA_GRE_TTL, cfg->ttl ? cfg->ttl : GRE_LINK_TTL);
	nla_put_u8(msg, IFLA_GRE_TOS, 0);
	nla_put_u8(msg, IFLA_GRE_PMTUDISC, cfg->pmtudisc);
	nla_put_u8(msg, IFLA_GRE_IGNORE_DF, cfg->ignore_df);
	nla_put_u32(msg, IFLA_GRE_FWMARK, 0);
	nla_put_u32(msg, IFLA_GRE_LINK, device);
}

/* Everything there is to say about the link; ifindex 0 makes a new one. */
static struct nl_msg *link_message(const struct gre_link_config *cfg, unsigned int ifindex,
				   uint32_t device, bool up)
{
	const unsigned int on = IFF_MULTICAST | (up ? IFF_UP : 0);
	struct ifinfomsg ifi = { .ifi_index = (int)ifindex,
				 .ifi_flags = on,
				 .ifi_change = on | IFF_NOARP };
	char alias[ADDR_TEXT + 16], text[ADDR_TEXT];
	struct nlattr *info, *data;
	struct nl_msg *msg = rtnl_message(RTM_NEWLINK, ifindex ? 0 : NLM_F_CREATE | NLM_F_EXCL, &ifi,
					  sizeof(ifi));

	snprintf(alias, sizeof(alias), GRE_LINK_TAG " %s", prefix_text(&cfg->address, text));
	if (!ifindex)
		nla_put_string(msg, IFLA_IFNAME, cfg->name);
	nla_put_string(msg, IFLA_IFALIAS, alias);
	nla_put_u32(msg, IFLA_MTU, cfg->mtu ? cfg->mtu : GRE_LINK_MTU);
	info = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, "gre");
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	put_gre(msg, cfg, device);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return msg;
}

static int call_address(struct gre_links *ls, int type, int flags, unsigned int ifindex,
			const struct prefix *p, char text[RTNL_TEXT])
{
	struct ifaddrmsg ifa = { .ifa_family = AF_INET,
				 .ifa_prefixlen = p->bits,
				 .ifa_index = ifindex };
	struct nl_msg *msg = rtnl_message(type, flags, &ifa, sizeof(ifa));

	nla_put(msg, IFA_LOCAL, 4, p->addr.b);
	nla_put(msg, IFA_ADDRESS, 4, p->addr.b);
	return rtnl_call(ls->ask, msg, NULL, NULL, text);
}

/* The address that the alias names goes, unless it is the one that is wanted. */
static int set_address(struct gre_links *ls, const struct gre_link_config *cfg,
		       const struct link_info *info, char why[GRE_WHY])
{
	char text[RTNL_TEXT];
	struct prefix old;
	int err;

	err = call_address(ls, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, info->ifindex,
			   &cfg->address, text);
	if (err)
		return complain("give its address to", cfg->name, err, text, why);
	if (is_ours(info) && prefix_parse(info->alias + strlen(GRE_LINK_TAG) + 1, &old) &&
	    memcmp(&old, &cfg->address, sizeof(old)) != 0)
		call_address(ls, RTM_DELADDR, 0, info->ifindex, &old, text);
	return 0;
}

/* A link that ignores DF refuses to be told to set it in the message that ends the ignoring. */
static int change(struct gre_links *ls, const struct gre_link_config *cfg, uint32_t device,
		  unsigned int ifindex, char text[RTNL_TEXT])
{
	struct gre_link_config neither = *cfg;
	int err = rtnl_call(ls->ask, link_message(cfg, ifindex, device, false), NULL, NULL, text);

	if (err != EINVAL || !cfg->pmtudisc)
		return err;
	neither.pmtudisc = false;
	err = rtnl_call(ls->ask, link_message(&neither, ifindex, device, false), NULL, NULL, text);
	if (err)
		return err;
	return rtnl_call(ls->ask, link_message(cfg, ifindex, device, false), NULL, NULL, text);
}

/* Brings a link that is there to the configuration, and up. */
static int apply(struct gre_links *ls, const struct gre_link_config *cfg, uint32_t device,
		 const struct link_info *info, char why[GRE_WHY])
{
	char text[RTNL_TEXT];
	int err;

	err = change(ls, cfg, device, info->ifindex, text);
	if (err)
		return complain("set up the GRE link", cfg->name, err, text, why);
	err = link_sysctl_apply(info->name, why);
	if (!err)
		err = set_address(ls, cfg, info, why);
	if (err)
		return err;
	err = rtnl_call(ls->ask, link_message(cfg, info->ifindex, device, true), NULL, NULL, text);
	return err ? complain("bring up the GRE link", cfg->name, err, text, why) : 0;
}

static void drain(struct gre_links *ls);

/* From here on the link raises events; what we did ourselves until now does not. */
static void own(struct gre_links *ls, const struct link_info *info)
{
	struct own_link *o;

	drain(ls);
	HASH_FIND(hh, ls->own, &info->ifindex, sizeof(info->ifindex), o);
	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->ifindex = info->ifindex;
		HASH_ADD(hh, ls->own, ifindex, sizeof(o->ifindex), o);
	}
	memcpy(o->name, info->name, sizeof(o->name));
	o->up = true;
}

static void disown(struct gre_links *ls, struct own_link *o)
{
	HASH_DEL(ls->own, o);
	free(o);
}

static int create(struct gre_links *ls, const struct gre_link_config *cfg, uint32_t device,
		  struct link_info *info, char why[GRE_WHY])
{
	char text[RTNL_TEXT];
	int err = rtnl_call(ls->ask, link_message(cfg, 0, device, false), NULL, NULL, text);

	if (err == EEXIST)
		return complain("make the GRE link", cfg->name, err,
				"another tunnel has the same source and key, see ip -d link", why);
	if (err)
		return complain("make the GRE link", cfg->name, err, text, why);
	err = read_link(ls, 0, cfg->name, info, text);
	return err ? complain("find the GRE link", cfg->name, err, text, why) : 0;
}

int gre_link_ensure(struct gre_links *ls, const struct gre_link_config *cfg, unsigned int *ifindex,
		    bool *adopted, char why[GRE_WHY])
{
	struct link_info info;
	char text[RTNL_TEXT], ignored[GRE_WHY];
	uint32_t device;
	bool found;
	int err = check(cfg, &device, why);

	if (err)
		return err;
	err = read_link(ls, 0, cfg->name, &info, text);
	found = err == 0;
	if (err && err != ENODEV)
		return complain("look for the link", cfg->name, err, text, why);
	if (found && !is_ours(&info)) {
		snprintf(why, GRE_WHY, "there is an interface %.15s already, and it is not ours: "
			 "remove it (ip link delete %.15s) or give the tunnel another name",
			 cfg->name, cfg->name);
		return EEXIST;
	}
	if (!found)
		err = create(ls, cfg, device, &info, why);
	if (err)
		return err;
	err = apply(ls, cfg, device, &info, why);
	if (err) {
		if (!found)
			gre_link_delete(ls, info.ifindex, ignored);
		return err;
	}
	own(ls, &info);
	*ifindex = info.ifindex;
	if (adopted)
		*adopted = found;
	return 0;
}

int gre_link_update(struct gre_links *ls, unsigned int ifindex, const struct gre_link_config *cfg,
		    char why[GRE_WHY])
{
	struct link_info info;
	char text[RTNL_TEXT];
	uint32_t device;
	int err = check(cfg, &device, why);

	if (err)
		return err;
	err = read_link(ls, ifindex, NULL, &info, text);
	if (err)
		return complain("change the GRE link", cfg->name, err, text, why);
	return apply(ls, cfg, device, &info, why);
}

int gre_link_delete(struct gre_links *ls, unsigned int ifindex, char why[GRE_WHY])
{
	struct ifinfomsg ifi = { .ifi_index = (int)ifindex };
	struct link_info info;
	struct own_link *o;
	char text[RTNL_TEXT];
	int err;

	HASH_FIND(hh, ls->own, &ifindex, sizeof(ifindex), o);
	if (o)
		disown(ls, o);
	err = read_link(ls, ifindex, NULL, &info, text);
	if (err == ENODEV || (!err && strcmp(info.kind, "gre") != 0))
		return 0;
	if (!err)
		err = rtnl_call(ls->ask, rtnl_message(RTM_DELLINK, 0, &ifi, sizeof(ifi)), NULL,
				NULL, text);
	return err && err != ENODEV ? complain("remove the GRE link", info.name, err, text, why) : 0;
}

/* Our links, as a dump finds them. */
struct found_links {
	struct link_info *list;
	size_t count;
};

static void take_ours(const struct nlmsghdr *nlh, void *arg)
{
	struct found_links *f = arg;
	struct link_info info;

	if (nlh->nlmsg_type != RTM_NEWLINK || !get_link(nlh, &info) || !is_ours(&info))
		return;
	f->list = xreallocarray(f->list, f->count + 1, sizeof(*f->list));
	f->list[f->count++] = info;
}

static bool is_kept(const char *name, const char *const *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, keep[i]) == 0)
			return true;
	return false;
}

int gre_links_sweep(struct gre_links *ls, const char *const *keep, size_t n, size_t *removed,
		    char why[GRE_WHY])
{
	struct ifinfomsg ifi = { 0 };
	struct found_links found = { 0 };
	size_t gone = 0;
	char text[RTNL_TEXT];
	int err = rtnl_call(ls->ask, rtnl_message(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi)),
			    take_ours, &found, text);

	if (err)
		complain("list", "the links", err, text, why);
	for (size_t i = 0; !err && i < found.count; i++) {
		if (is_kept(found.list[i].name, keep, n))
			continue;
		err = gre_link_delete(ls, found.list[i].ifindex, why);
		gone += !err;
	}
	free(found.list);
	if (removed)
		*removed = gone;
	return err;
}

/* ---- Events ---- */

static void push(struct gre_links *ls, enum gre_link_event_type type, unsigned int ifindex,
		 const char *name, const struct addr *addr)
{
	struct gre_link_event *ev = fifo_push(&ls->queue);

	ev->type = type;
	ev->ifindex = ifindex;
	if (name)
		memcpy(ev->name, name, IFNAMSIZ);
	else if (ifindex && !if_indextoname(ifindex, ev->name))
		ev->name[0] = '\0';
	if (addr)
		ev->addr = *addr;
}

static void link_is(struct gre_links *ls, struct own_link *o, bool up)
{
	if (o->up == up)
		return;
	o->up = up;
	push(ls, up ? GRE_LINK_UP : GRE_LINK_DOWN, o->ifindex, o->name, NULL);
}

static void link_is_gone(struct gre_links *ls, struct own_link *o)
{
	push(ls, GRE_LINK_REMOVED, o->ifindex, o->name, NULL);
	disown(ls, o);
}

static void forget_other(struct gre_links *ls, struct other_link *o)
{
	HASH_DEL(ls->other, o);
	free(o);
}

/* The kernel tells of links whatever happens to them: true where the MTU is not what it was. */
static bool know_other(struct gre_links *ls, const struct link_info *info)
{
	struct other_link *o;
	bool other_mtu;

	HASH_FIND(hh, ls->other, &info->ifindex, sizeof(info->ifindex), o);
	other_mtu = o && o->mtu != info->mtu;
	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->ifindex = info->ifindex;
		HASH_ADD(hh, ls->other, ifindex, sizeof(o->ifindex), o);
	}
	o->mtu = info->mtu;
	return other_mtu;
}

static void take_other(struct gre_links *ls, const struct link_info *info, bool gone)
{
	struct other_link *o;

	if (!gone) {
		if (info->mtu && know_other(ls, info))
			push(ls, GRE_LINK_MTU_CHANGED, info->ifindex, info->name, NULL);
		return;
	}
	HASH_FIND(hh, ls->other, &info->ifindex, sizeof(info->ifindex), o);
	if (o)
		forget_other(ls, o);
}

static void take_known(const struct nlmsghdr *nlh, void *arg)
{
	struct link_info info;

	if (nlh->nlmsg_type == RTM_NEWLINK && get_link(nlh, &info) && info.mtu)
		know_other(arg, &info);
}

/* What the changes to come are compared with. Where it cannot be read there are none until later. */
static void know_all(struct gre_links *ls)
{
	struct ifinfomsg ifi = { 0 };
	char text[RTNL_TEXT];

	rtnl_call(ls->ask, rtnl_message(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi)), take_known, ls,
		  text);
}

static void take_link_event(struct gre_links *ls, const struct nlmsghdr *nlh)
{
	struct link_info info;
	struct own_link *o;

	if (!get_link(nlh, &info))
		return;
	HASH_FIND(hh, ls->own, &info.ifindex, sizeof(info.ifindex), o);
	if (!o) {
		take_other(ls, &info, nlh->nlmsg_type == RTM_DELLINK);
		return;
	}
	if (nlh->nlmsg_type == RTM_DELLINK) {
		link_is_gone(ls, o);
		return;
	}
	if (info.name[0])
		memcpy(o->name, info.name, sizeof(o->name));
	link_is(ls, o, info.flags & IFF_UP);
}

static void take_address_event(struct gre_links *ls, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = nlmsg_data(nlh);
	struct nlattr *local;
	struct addr addr;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifa)) || ifa->ifa_family != AF_INET)
		return;
	local = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifa), IFA_LOCAL);
	if (!local || nla_len(local) != 4)
		return;
	addr = addr_from_bytes(nla_data(local), 4);
	push(ls, nlh->nlmsg_type == RTM_NEWADDR ? GRE_LINK_ADDR_ADDED : GRE_LINK_ADDR_REMOVED,
	     ifa->ifa_index, NULL, &addr);
}

/* Something was not told: look at our links, and let the owner look at the rest. */
static void resync(struct gre_links *ls)
{
	struct own_link *o, *next;
	struct link_info info;
	char text[RTNL_TEXT];
	int err;

	push(ls, GRE_LINK_RESYNC, 0, NULL, NULL);
	know_all(ls);
	HASH_ITER (hh, ls->own, o, next) {
		err = read_link(ls, o->ifindex, NULL, &info, text);
		if (err == ENODEV)
			link_is_gone(ls, o);
		else if (!err)
			link_is(ls, o, info.flags & IFF_UP);
	}
}

static void take_datagram(struct gre_links *ls, const unsigned char *datagram, int left)
{
	struct nlmsghdr *nlh = (void *)(uintptr_t)datagram;

	for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left)) {
		switch (nlh->nlmsg_type) {
		case RTM_NEWLINK:
		case RTM_DELLINK:
			take_link_event(ls, nlh);
			break;
		case RTM_NEWADDR:
		case RTM_DELADDR:
			take_address_event(ls, nlh);
			break;
		}
	}
}

/* One datagram; false where there is none. */
static bool receive(struct gre_links *ls)
{
	unsigned char *datagram;
	ssize_t n = rtnl_receive(ls->listen, &datagram);

	if (n < 0)
		resync(ls);
	else if (n > 0)
		take_datagram(ls, datagram, (int)n);
	free(datagram);
	return n != 0;
}

static void drain(struct gre_links *ls)
{
	for (int i = 0; i < DRAIN_MAX && receive(ls); i++)
		;
}

void gre_links_readable(struct gre_links *ls)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE && receive(ls); i++)
		;
}

bool gre_links_next_event(struct gre_links *ls, struct gre_link_event *ev)
{
	return fifo_pop(&ls->queue, ev);
}

/* ---- Sockets ---- */

int gre_links_open(struct gre_links **out, char why[GRE_WHY])
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, 0 };
	struct gre_links *ls = xcalloc(1, sizeof(*ls));
	int err = 0;

	ls->queue = fifo_of(sizeof(struct gre_link_event));
	ls->ask = rtnl_open(&(struct rtnl_options){ .blocking = true }, &err, why);
	if (ls->ask)
		ls->listen = rtnl_open(&(struct rtnl_options){ .groups = groups,
							       .receive = EVENT_BUFFER },
				       &err, why);
	if (!ls->listen) {
		gre_links_close(ls);
		return err;
	}
	know_all(ls);
	*out = ls;
	return 0;
}

void gre_links_close(struct gre_links *ls)
{
	struct other_link *other, *next_other;
	struct own_link *o, *next;

	if (!ls)
		return;
	rtnl_close(ls->ask);
	rtnl_close(ls->listen);
	HASH_ITER (hh, ls->own, o, next)
		disown(ls, o);
	HASH_ITER (hh, ls->other, other, next_other)
		forget_other(ls, other);
	fifo_free(&ls->queue);
	free(ls);
}

int gre_links_fd(const struct gre_links *ls, unsigned int i)
{
	return i == 0 ? nl_socket_get_fd(ls->listen) : -1;
}

/* ---- Addresses of this machine ---- */

struct address_search {
	unsigned int ifindex;
	struct addr found;
};

static void take_address(const struct nlmsghdr *nlh, void *arg)
{
	struct address_search *s = arg;
	const struct ifaddrmsg *ifa = nlmsg_data(nlh);
	struct nlattr *local;

	if (nlh->nlmsg_type != RTM_NEWADDR || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifa)))
		return;
	if (ifa->ifa_index != s->ifindex || ifa->ifa_scope != RT_SCOPE_UNIVERSE ||
	    (ifa->ifa_flags & IFA_F_SECONDARY) || !addr_is_none(&s->found))
		return;
	local = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifa), IFA_LOCAL);
	if (local)
		s->found = addr_from_bytes(nla_data(local), (size_t)nla_len(local));
}

int gre_links_address_of(struct gre_links *ls, const char *name, struct addr *out,
			 char why[GRE_WHY])
{
	struct ifaddrmsg ifa = { .ifa_family = AF_INET };
	struct address_search s = { .ifindex = if_nametoindex(name) };
	char text[RTNL_TEXT];
	int err;

	if (!s.ifindex) {
		snprintf(why, GRE_WHY, "there is no interface %.15s", name);
		return ENODEV;
	}
	err = rtnl_call(ls->ask, rtnl_message(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa)),
			take_address, &s, text);
	if (err)
		return complain("read the addresses of", name, err, text, why);
	if (addr_is_none(&s.found)) {
		snprintf(why, GRE_WHY, "interface %.15s has no IPv4 address", name);
		return EADDRNOTAVAIL;
	}
	*out = s.found;
	return 0;
}

static void take_route(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type == RTM_NEWROUTE)
		route_msg_read(nlh, arg);
}

static int ask_route(struct gre_links *ls, const struct addr *from, const struct addr *to,
		     struct route_info *out)
{
	struct rtmsg rtm = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
	struct nl_msg *msg = rtnl_message(RTM_GETROUTE, 0, &rtm, sizeof(rtm));
	char text[RTNL_TEXT];

	*out = (struct route_info){ 0 };
	nla_put(msg, RTA_DST, 4, to->b);
	if (!addr_is_none(from))
		nla_put(msg, RTA_SRC, 4, from->b);
	return rtnl_call(ls->ask, msg, take_route, out, text);
}

int gre_links_is_local(struct gre_links *ls, const struct addr *addr, char why[GRE_WHY])
{
	struct route_info r;
	char ip[ADDR_TEXT];

	/* An error is a destination without a route, which is not ours either. */
	if (ask_route(ls, &(struct addr){ 0 }, addr, &r) == 0 && r.type == RTN_LOCAL)
		return 0;
	snprintf(why, GRE_WHY, "%.15s is not an address of this machine", addr_text(addr, ip));
	return EADDRNOTAVAIL;
}

/* The interface that has this address. */
struct owner_search {
	struct addr addr;
	unsigned int ifindex;
};

static void take_owner(const struct nlmsghdr *nlh, void *arg)
{
	struct owner_search *s = arg;
	const struct ifaddrmsg *ifa = nlmsg_data(nlh);
	struct nlattr *local;

	if (nlh->nlmsg_type != RTM_NEWADDR || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifa)))
		return;
	local = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifa), IFA_LOCAL);
	if (local && nla_len(local) == 4 && memcmp(nla_data(local), s->addr.b, 4) == 0)
		s->ifindex = ifa->ifa_index;
}

int gre_links_path_mtu(struct gre_links *ls, const struct addr *local, const struct addr *to,
		       uint16_t *mtu, char why[GRE_WHY])
{
	struct ifaddrmsg ifa = { .ifa_family = AF_INET };
	struct owner_search owner = { .addr = *local };
	struct link_info info = { 0 };
	char text[RTNL_TEXT] = "", ip[ADDR_TEXT];
	struct route_info r = { 0 };
	int err;

	if (addr_is_none(to))
		err = rtnl_call(ls->ask, rtnl_message(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa)),
				take_owner, &owner, text);
	else
		err = ask_route(ls, local, to, &r);
	if (!err && !r.mtu)
		err = read_link(ls, r.ifindex ? r.ifindex : owner.ifindex, NULL, &info, text);
	if (err)
		return complain("find the path MTU to", addr_text(addr_is_none(to) ? local : to, ip),
				err, text, why);
	*mtu = (uint16_t)MIN(r.mtu ? r.mtu : info.mtu, (uint32_t)UINT16_MAX);
	return 0;
}
