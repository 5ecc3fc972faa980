/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink XFRM messages: encode and decode, pure (no socket, no state). Only xfrm.c and the tests
 * use it.
 *
 * Encoders write one message with sequence number seq into buf, which must be aligned as a
 * struct nlmsghdr and hold XFRM_MSG_ROOM octets, all of which may be overwritten; they return the
 * message, or NULL where what they were given cannot be. A message of an SA holds its keys: the
 * caller wipes the buffer.
 *
 * Decoders take a message that lies completely in memory (mnl_nlmsg_ok()) and are safe for any
 * content: every attribute's length is checked before it is read.
 */
#ifndef XFRM_XFRM_MSG_H
#define XFRM_XFRM_MSG_H

#include <linux/netlink.h>
#include <linux/xfrm.h>

#include "xfrm/xfrm.h"

#define XFRM_MSG_ROOM 2048

/* The policies of a tunnel source, in the order in which they are installed. */
enum xfrm_policy_kind { XFRM_POL_BLOCK, XFRM_POL_OUT, XFRM_POL_IN, XFRM_POL_COUNT };

struct nlmsghdr *xfrm_msg_sa_add(void *buf, uint32_t seq, const struct xfrm_sa *sa);
/* With a key of no use in place of keymat: the kernel wants one and does not take it. */
struct nlmsghdr *xfrm_msg_sa_update(void *buf, uint32_t seq, const struct xfrm_sa *sa);
struct nlmsghdr *xfrm_msg_sa_delete(void *buf, uint32_t seq, const struct xfrm_sa_id *id);
/* Answered by the SA or by an error, never by both. */
struct nlmsghdr *xfrm_msg_sa_get(void *buf, uint32_t seq, const struct xfrm_sa_id *id);
struct nlmsghdr *xfrm_msg_sa_dump(void *buf, uint32_t seq);
/* update: replaces a policy with the same selector and direction instead of refusing. */
struct nlmsghdr *xfrm_msg_policy_add(void *buf, uint32_t seq, const struct xfrm_tunnel_policy *p,
				     enum xfrm_policy_kind kind, bool update);
struct nlmsghdr *xfrm_msg_policy_get(void *buf, uint32_t seq, const struct xfrm_tunnel_policy *p,
				     enum xfrm_policy_kind kind);
struct nlmsghdr *xfrm_msg_policy_dump(void *buf, uint32_t seq);
/* Removes exactly the policy that a dump or a get told. */
struct nlmsghdr *xfrm_msg_policy_delete(void *buf, uint32_t seq,
					const struct xfrm_userpolicy_info *info);

/* dir: XFRM_POLICY_OUT or XFRM_POLICY_IN. */
struct nlmsghdr *xfrm_msg_peer_policy_set(void *buf, uint32_t seq, const struct xfrm_peer_policy *p,
					  uint8_t dir);
struct nlmsghdr *xfrm_msg_peer_policy_delete(void *buf, uint32_t seq,
					     const struct xfrm_peer_policy *p, uint8_t dir);

/* The selector of one of a tunnel source's policies. */
struct xfrm_selector xfrm_msg_policy_selector(const struct xfrm_tunnel_policy *p,
					      enum xfrm_policy_kind kind);
uint8_t xfrm_msg_policy_dir(enum xfrm_policy_kind kind);

/* All return false for a message that is cut, of another type or family, or senseless. */
bool xfrm_msg_get_sa(const struct nlmsghdr *nlh, struct xfrm_sa_info *info);
bool xfrm_msg_get_acquire(const struct nlmsghdr *nlh, struct xfrm_acquire *acq);
bool xfrm_msg_get_expire(const struct nlmsghdr *nlh, struct xfrm_expire *exp);
bool xfrm_msg_get_mapping(const struct nlmsghdr *nlh, struct xfrm_mapping *map);
/* reqid is that of the first template, 0 where there is none. */
bool xfrm_msg_get_policy(const struct nlmsghdr *nlh, struct xfrm_userpolicy_info *info,
			 uint32_t *reqid);
/*
 * An NLMSG_ERROR: *err is 0 or a positive errno, text the kernel's own words (cut to fit, empty
 * where it said nothing).
 */
bool xfrm_msg_get_error(const struct nlmsghdr *nlh, int *err, char *text, size_t size);

#endif
