/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the room: an NETLINK_XFRM socket and the words for what can go wrong on it.
 */
#ifndef XFRM_XFRM_NL_H
#define XFRM_XFRM_NL_H

#include <libmnl/libmnl.h>
#include <sys/types.h>

#include "xfrm/xfrm_msg.h"

/* What the kernel fills at most at once, in a dump. */
#define XFRM_NL_RECEIVE 32768

/*
 * groups: XFRMGRP_* of the events to listen to; receive: octets of socket buffer to ask for;
 * blocking sockets give up after some seconds (EAGAIN). NULL with why and *err.
 */
struct mnl_socket *xfrm_nl_open(unsigned int groups, int receive, bool blocking, int *err,
				char why[XFRM_WHY]);
/* Octets received, 0 where there is nothing (more) now, or a negative errno. */
ssize_t xfrm_nl_receive(const struct mnl_socket *nl, void *buf, size_t size);
/* "File exists (the kernel's words): what to do". */
void xfrm_nl_explain(int err, const char *kernel_text, char *buf, size_t size);

/*
 * The policies and probes of xfrm_policy.c run on a blocking socket of their own, so that they
 * need not care for what is under way.
 */
struct xfrm_sync {
	struct mnl_socket *nl;
	uint32_t seq;
};

int xfrm_sync_open(struct xfrm_sync *s, char why[XFRM_WHY]);
void xfrm_sync_close(struct xfrm_sync *s);
struct xfrm_sync *xfrm_sync_of(struct xfrm *x);

#endif
