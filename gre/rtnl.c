/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnl for sockets and messages; its callbacks are not used. */
#include "gre/rtnl.h"

#include <errno.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/util.h"

#define DATAGRAM 32768	/* what the kernel fills at most at once, in a dump */
#define BLOCK_SECONDS 5 /* a kernel that does not answer in this time will not */

/* libnl keeps errors of its own; those that a socket gives and that we tell apart. */
static int errno_of(int nle)
{
	switch (nle < 0 ? -nle : nle) {
	case NLE_SUCCESS:
		return 0;
	case NLE_AGAIN:
		return EAGAIN;
	case NLE_NOMEM:
		return ENOBUFS;
	case NLE_PERM:
	case NLE_NOACCESS:
		return EPERM;
	case NLE_AF_NOSUPPORT:
		return EAFNOSUPPORT;
	case NLE_MSG_TRUNC:
		return EMSGSIZE;
	default:
		return EIO;
	}
}

static void set_options(struct nl_sock *sk, const struct rtnl_options *o)
{
	int fd = nl_socket_get_fd(sk), on = 1;

	/* Errors without the request but with words. Old kernels: never mind. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	if (o->receive &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &o->receive, sizeof(o->receive)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o->receive, sizeof(o->receive));
	if (o->blocking) {
		struct timeval t = { .tv_sec = BLOCK_SECONDS };

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	} else {
		nl_socket_set_nonblocking(sk);
	}
	nl_socket_set_msg_buf_size(sk, DATAGRAM);
	nl_socket_disable_msg_peek(sk);
}

struct nl_sock *rtnl_open(const struct rtnl_options *o, int *err, char why[GRE_WHY])
{
	struct nl_sock *sk = nl_socket_alloc();
	int nle;

	if (!sk)
		abort();
	nle = nl_connect(sk, NETLINK_ROUTE);
	if (nle == 0)
		set_options(sk, o);
	for (const int *g = o->groups; nle == 0 && g && *g; g++)
		nle = nl_socket_add_membership(sk, *g);
	if (nle == 0)
		return sk;
	*err = errno_of(nle);
	snprintf(why, GRE_WHY, "cannot open an rtnetlink socket: %s", nl_geterror(nle));
	nl_socket_free(sk);
	return NULL;
}

void rtnl_close(struct nl_sock *sk)
{
	if (sk)
		nl_socket_free(sk);
}

ssize_t rtnl_receive(struct nl_sock *sk, unsigned char **datagram)
{
	struct sockaddr_nl from = { 0 };
	int n;

	for (;;) {
		*datagram = NULL;
		n = nl_recv(sk, &from, datagram, NULL);
		if (n > 0 && from.nl_pid == 0)
			return n;
		free(*datagram);
		*datagram = NULL;
		if (n <= 0)
			return n == 0 || n == -NLE_AGAIN ? 0 : -errno_of(n);
	}
}

struct nl_msg *rtnl_message(int type, int flags, const void *header, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!msg || nlmsg_append(msg, (void *)(uintptr_t)header, len, NLMSG_ALIGNTO) != 0)
		abort();
	return msg;
}

static void copy_words(const struct nlmsghdr *nlh, size_t skip, char text[RTNL_TEXT])
{
	size_t at = NLMSG_ALIGN(sizeof(*nlh) + skip);
	struct nlattr *attr;

	if (at >= nlh->nlmsg_len)
		return;
	attr = nla_find((const struct nlattr *)(const void *)((const char *)nlh + at),
			(int)(nlh->nlmsg_len - at), NLMSGERR_ATTR_MSG);
	if (attr)
		nla_strlcpy(text, attr, RTNL_TEXT);
}

bool rtnl_get_error(const struct nlmsghdr *nlh, int *err, char text[RTNL_TEXT])
{
	const struct nlmsgerr *e = nlmsg_data(nlh);
	size_t skip = sizeof(*e);

	if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_len < sizeof(*nlh) + sizeof(*e))
		return false;
	if (e->error > 0 || e->error < -4095)
		return false;
	*err = -e->error;
	text[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (e->msg.nlmsg_len < sizeof(e->msg) ||
		    e->msg.nlmsg_len - sizeof(e->msg) > nlh->nlmsg_len - sizeof(*nlh) - sizeof(*e))
			return false;
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	}
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		copy_words(nlh, skip, text);
	return true;
}

static const char *cure(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return "it needs CAP_NET_ADMIN in this network namespace (run as root)";
	case EOPNOTSUPP:
		return "the kernel has no GRE: load the module ip_gre (CONFIG_NET_IPGRE)";
	case ENODEV:
	case ENXIO:
		return "there is no such interface";
	case ENETDOWN:
		return "the interface is down";
	case ENOBUFS:
	case ENOMEM:
		return "the kernel is short of memory";
	default:
		return "";
	}
}

void rtnl_explain(int err, const char *kernel_text, char *buf, size_t size)
{
	const char *advice = cure(err);

	snprintf(buf, size, "%s%s%s%s%s%s", strerror(err), kernel_text[0] ? " (" : "", kernel_text,
		 kernel_text[0] ? ")" : "", advice[0] ? "; " : "", advice);
}

/* 1: go on, 0 or less: the end with this errno, negative. */
static int take_datagram(const unsigned char *datagram, int left, uint32_t seq, rtnl_take *take,
			 void *arg, char text[RTNL_TEXT])
{
	const struct nlmsghdr *nlh = (const void *)datagram;
	int err;

	for (; nlmsg_ok(nlh, left); nlh = nlmsg_next((struct nlmsghdr *)(uintptr_t)nlh, &left)) {
		if (nlh->nlmsg_seq != seq)
			continue;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 0;
		if (rtnl_get_error(nlh, &err, text))
			return -err;
		if (take)
			take(nlh, arg);
	}
	return 1;
}

int rtnl_call(struct nl_sock *sk, struct nl_msg *msg, rtnl_take *take, void *arg,
	      char text[RTNL_TEXT])
{
	struct nlmsghdr *req = nlmsg_hdr(msg);
	uint32_t seq = nl_socket_use_seq(sk);
	int nle, more = 1;

	text[0] = '\0';
	req->nlmsg_seq = seq;
	req->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nle = nl_sendto(sk, req, req->nlmsg_len);
	nlmsg_free(msg);
	if (nle < 0)
		return errno_of(nle);
	while (more > 0) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(sk, &datagram);

		if (n <= 0)
			return n ? (int)-n : ETIMEDOUT;
		more = take_datagram(datagram, (int)n, seq, take, arg, text);
		free(datagram);
	}
	return -more;
}
