/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets, and errno values in the words of their cure. */
#include "xfrm/xfrm_nl.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

/* A kernel that does not answer in this time will not. */
#define SYNC_SECONDS 5

static void set_options(const struct mnl_socket *nl, int receive, bool blocking)
{
	int fd = mnl_socket_get_fd(nl), on = 1;

	/* Errors without the request: shorter, and no keys come back. Old kernels: never mind. */
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	if (receive && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
	if (blocking) {
		struct timeval t = { .tv_sec = SYNC_SECONDS };

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	}
}

struct mnl_socket *xfrm_nl_open(unsigned int groups, int receive, bool blocking, int *err,
				char why[XFRM_WHY])
{
	struct mnl_socket *nl;
	char text[XFRM_WHY];

	nl = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK));
	if (!nl) {
		*err = errno;
		if (*err == EPROTONOSUPPORT)
			snprintf(why, XFRM_WHY, "the kernel has no IPsec interface: load the module "
				 "xfrm_user (CONFIG_XFRM_USER)");
		else
			snprintf(why, XFRM_WHY, "cannot open an XFRM netlink socket: %s",
				 strerror(*err));
		return NULL;
	}
	set_options(nl, receive, blocking);
	if (mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		*err = errno;
		xfrm_nl_explain(*err, "", text, sizeof(text));
		snprintf(why, XFRM_WHY, "cannot listen to the kernel's IPsec events: %.160s", text);
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

ssize_t xfrm_nl_receive(const struct mnl_socket *nl, void *buf, size_t size)
{
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, size);

		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

static const char *cure(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return "it needs CAP_NET_ADMIN in this network namespace (run as root)";
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return "the kernel has no ESP for IPv4: load the module esp4 (CONFIG_INET_ESP)";
	case ENOSYS:
	case ENOENT:
		return "the kernel lacks the cipher or hash: load its crypto module or choose another";
	case EEXIST:
		return "it is there already";
	case ESRCH:
		return "it is not there";
	case EINVAL:
		return "the kernel refuses these values";
	case ENOBUFS:
	case ENOMEM:
		return "the kernel is short of memory";
	default:
		return "";
	}
}

void xfrm_nl_explain(int err, const char *kernel_text, char *buf, size_t size)
{
	const char *advice = cure(err);

	snprintf(buf, size, "%s%s%s%s%s%s", strerror(err), kernel_text[0] ? " (" : "", kernel_text,
		 kernel_text[0] ? ")" : "", advice[0] ? "; " : "", advice);
}

int xfrm_sync_open(struct xfrm_sync *s, char why[XFRM_WHY])
{
	int err = 0;

	s->nl = xfrm_nl_open(0, 0, true, &err, why);
	return err;
}

void xfrm_sync_close(struct xfrm_sync *s)
{
	if (s->nl)
		mnl_socket_close(s->nl);
}
