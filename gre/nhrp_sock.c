/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A datagram packet socket of one protocol: the kernel's GRE header functions put the NBMA address
 * of sll_addr into the outer header, and read it from there. Outgoing packets do not come back to
 * a socket that is bound to a protocol (ETH_P_ALL would), but who relies on that is fooled once.
 */
#include "gre/nhrp_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"

#define PACKETS_AT_ONCE 64
#define RECEIVE_BUFFER (1 << 20) /* a burst of some thousand registrations */

struct nhrp_sock {
	int fd;
	unsigned int ifindex;
	int budget; /* packets that may still be read before the next wake-up */
	struct nhrp_sock_counters counters;
	uint8_t buf[NHRP_SOCK_PACKET_MAX];
};

static int complain(unsigned int ifindex, int err, char why[GRE_WHY])
{
	const char *advice = "";

	if (err == EPERM || err == EACCES)
		advice = "; it needs CAP_NET_RAW (run as root)";
	else if (err == EAFNOSUPPORT)
		advice = "; load the module af_packet (CONFIG_PACKET)";
	snprintf(why, GRE_WHY, "cannot open an NHRP packet socket on interface %u: %s%s", ifindex,
		 strerror(err), advice);
	return err;
}

int nhrp_sock_open(struct nhrp_sock **out, unsigned int ifindex, char why[GRE_WHY])
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(NHRP_SOCK_PROTOCOL),
				   .sll_ifindex = (int)ifindex };
	int size = RECEIVE_BUFFER, err;
	struct nhrp_sock *s;
	int fd;

	/* Protocol 0 until it is bound, so that no packet of another link gets in. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain(ifindex, errno, why);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&sll, sizeof(sll)) != 0) {
		err = errno;
		close(fd);
		return complain(ifindex, err, why);
	}
	s = xcalloc(1, sizeof(*s));
	s->fd = fd;
	s->ifindex = ifindex;
	*out = s;
	return 0;
}

void nhrp_sock_close(struct nhrp_sock *s)
{
	if (!s)
		return;
	close(s->fd);
	free(s);
}

int nhrp_sock_fd(const struct nhrp_sock *s)
{
	return s->fd;
}

void nhrp_sock_readable(struct nhrp_sock *s)
{
	s->budget = PACKETS_AT_ONCE;
}

bool nhrp_sock_next(struct nhrp_sock *s, struct nhrp_sock_packet *out)
{
	while (s->budget > 0) {
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n;

		s->budget--;
		n = recvfrom(s->fd, s->buf, sizeof(s->buf), MSG_TRUNC, (struct sockaddr *)&from,
			     &from_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			/* An error of the socket (the link went down) is told once, then gone. */
			if (errno == EAGAIN)
				s->budget = 0;
			else
				s->counters.receive_errors++;
			continue;
		}
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if ((size_t)n > sizeof(s->buf) || from.sll_halen != 4) {
			s->counters.dropped++;
			continue;
		}
		s->counters.received++;
		out->nbma = addr_from_bytes(from.sll_addr, 4);
		out->payload = (struct span){ s->buf, (size_t)n };
		return true;
	}
	return false;
}

int nhrp_sock_send(struct nhrp_sock *s, const struct addr *nbma, struct span payload)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(NHRP_SOCK_PROTOCOL),
				  .sll_ifindex = (int)s->ifindex,
				  .sll_halen = 4 };
	ssize_t n;

	if (!addr_is_nbma(nbma)) {
		s->counters.send_errors++;
		return EINVAL;
	}
	memcpy(to.sll_addr, nbma->b, 4);
	do
		n = sendto(s->fd, payload.data, payload.len, 0, (const struct sockaddr *)&to,
			   sizeof(to));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		s->counters.send_errors++;
		return errno;
	}
	s->counters.sent++;
	return 0;
}

const struct nhrp_sock_counters *nhrp_sock_counters(const struct nhrp_sock *s)
{
	return &s->counters;
}
