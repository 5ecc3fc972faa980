/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the room: rtnetlink sockets on libnl, one request at a time or listening, and the
 * words for what can go wrong.
 */
#ifndef GRE_RTNL_H
#define GRE_RTNL_H

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/types.h>

#include "gre/link.h"

#define RTNL_TEXT 96 /* room for the kernel's own words */

struct rtnl_options {
	const int *groups; /* RTNLGRP_* to listen to, 0 at the end; NULL for none */
	int receive;	   /* octets of socket buffer to ask for, 0: the default */
	bool blocking;	   /* a receive gives up after some seconds */
};

struct nl_sock *rtnl_open(const struct rtnl_options *o, int *err, char why[GRE_WHY]);
void rtnl_close(struct nl_sock *sk); /* NULL is fine */
/* One datagram of the kernel's, for the caller to free(): its length, 0 for none, or -errno. */
ssize_t rtnl_receive(struct nl_sock *sk, unsigned char **datagram);
/* An empty message; the sequence number is written when it is sent. */
struct nl_msg *rtnl_message(int type, int flags, const void *header, size_t len);
/* An NLMSG_ERROR: 0 or a positive errno and the kernel's words; false where it is none. */
bool rtnl_get_error(const struct nlmsghdr *nlh, int *err, char text[RTNL_TEXT]);
/* "File exists (the kernel's words): what to do". */
void rtnl_explain(int err, const char *kernel_text, char *buf, size_t size);

/*
 * On a blocking socket: sends the message (and frees it), gives what comes back to take() and
 * waits for the end, an ACK or the end of a dump. 0 or a positive errno with the kernel's words.
 */
typedef void rtnl_take(const struct nlmsghdr *nlh, void *arg);
int rtnl_call(struct nl_sock *sk, struct nl_msg *msg, rtnl_take *take, void *arg,
	      char text[RTNL_TEXT]);

#endif
