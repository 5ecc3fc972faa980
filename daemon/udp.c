/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* Needs struct timespec. */
#include <linux/errqueue.h>
#include <linux/udp.h>

#include "daemon/daemon.h"
#include "daemon/limit.h"
#include "daemon/loop.h"
#include "daemon/trace.h"
#include "ikev1/ike.h"

#define DATAGRAMS_PER_TURN 64
#define ERRORS_PER_TURN	   16
/* A hub that starts hears from all its spokes at once. */
#define RECEIVE_BUFFER (4 << 20)

struct udp_socket {
	struct udp_socket *next;
	struct endpoint local;
	int fd;
	struct loop_watch *watch;
};

struct udp {
	struct udp_socket *sockets; /* two per tunnel source: a few */
	struct udp_counters count;
	struct limit log; /* of lines about send errors and ICMP */
	uint8_t buffer[ISAKMP_MESSAGE_MAX];
};

static const uint8_t marker[4];

static struct sockaddr_in sockaddr_of(const struct endpoint *e)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(e->port) };

	memcpy(&sin.sin_addr, e->addr.b, sizeof(sin.sin_addr));
	return sin;
}

static struct endpoint endpoint_of(const struct sockaddr_in *sin)
{
	struct endpoint e = { .port = ntohs(sin->sin_port) };

	e.addr = addr_from_bytes(&sin->sin_addr, sizeof(sin->sin_addr));
	return e;
}

struct udp *udp_new(void)
{
	struct udp *u = xcalloc(1, sizeof(*u));

	u->log = limit_of(SECONDS(5), 10);
	return u;
}

static void socket_free(struct udp_socket *s)
{
	loop_unwatch(s->watch);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

void udp_free(struct udp *u)
{
	if (!u)
		return;
	while (u->sockets) {
		struct udp_socket *s = u->sockets;

		u->sockets = s->next;
		socket_free(s);
	}
	free(u);
}

static struct udp_socket *find(const struct udp *u, const struct endpoint *local)
{
	struct udp_socket *s = u->sockets;

	while (s && !endpoint_equal(&s->local, local))
		s = s->next;
	return s;
}

/* An ICMP error about something we sent: who says so, and about whom. */
static void told_by_icmp(struct daemon *d, struct udp_socket *s, const struct sockaddr_in *about,
			 const struct sock_extended_err *ee)
{
	struct endpoint remote = endpoint_of(about);
	/* Behind ee, as long as the control message is. */
	struct sockaddr_in offender;
	char to[ADDR_TEXT], from[ADDR_TEXT] = "this machine", local[ADDR_TEXT];

	d->udp->count.icmp_errors++;
	if (!limit_take(&d->udp->log, loop_now()))
		return;
	if (ee->ee_origin == SO_EE_ORIGIN_ICMP) {
		struct endpoint e;

		memcpy(&offender, SO_EE_OFFENDER(ee), sizeof(offender));
		e = endpoint_of(&offender);
		addr_text(&e.addr, from);
	}
	log_msg(LOG_NOTICE, "IKE %s to %s: %s says: %s%s", addr_text(&s->local.addr, local),
		endpoint_text(&remote, to), from, strerror((int)ee->ee_errno),
		ee->ee_errno == ECONNREFUSED ? ": no IKE daemon runs there" : "");
}

static void read_errors(struct daemon *d, struct udp_socket *s)
{
	for (int i = 0; i < ERRORS_PER_TURN; i++) {
		uint8_t control[256] __attribute__((aligned(8)));
		struct sockaddr_in about = { 0 };
		struct iovec iov = { d->udp->buffer, sizeof(d->udp->buffer) };
		struct msghdr msg = {
			.msg_name = &about,
			.msg_namelen = sizeof(about),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(s->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
			if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR ||
			    c->cmsg_len < CMSG_LEN(sizeof(struct sock_extended_err) +
						   sizeof(struct sockaddr_in)))
				continue;
			told_by_icmp(d, s, &about, (const void *)CMSG_DATA(c));
		}
	}
}

static void readable(struct daemon *d, void *arg)
{
	struct udp_socket *s = arg;
	struct udp *u = d->udp;

	read_errors(d, s);
	for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(s->fd, u->buffer, sizeof(u->buffer), MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&from, &len);
		struct ike_datagram dg = { .local = s->local,
					   .natt = s->local.port == UDP_PORT_NATT };
		size_t skip = dg.natt ? sizeof(marker) : 0;

		if (n < 0)
			return;
		u->count.received++;
		if ((size_t)n > sizeof(u->buffer) || (size_t)n < skip || len != sizeof(from) ||
		    memcmp(u->buffer, marker, skip) != 0) {
			u->count.dropped++;
			continue;
		}
		dg.remote = endpoint_of(&from);
		dg.data = (struct span){ u->buffer + skip, (size_t)n - skip };
		ike_input(d->ike, loop_now(), &dg);
	}
}

static void set_options(int fd)
{
	int on = 1, size = RECEIVE_BUFFER, tos = IPTOS_CLASS_CS6, pmtu = IP_PMTUDISC_DONT;

	/* None of them is needed to work. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	/* As routers mark what keeps the network together. */
	setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	/* A message larger than the path is fragmented on the way, not dropped. */
	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &pmtu, sizeof(pmtu));
}

/* From here on the kernel takes ESP that comes on this socket. */
static int take_esp(int fd)
{
	int type = UDP_ENCAP_ESPINUDP;

	return setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type));
}

static bool open_port(struct daemon *d, const struct endpoint *local, char why[UDP_WHY])
{
	struct sockaddr_in sin = sockaddr_of(local);
	struct udp_socket *s;
	char text[ADDR_TEXT];
	int fd;

	if (find(d->udp, local))
		return true;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) ||
	    (local->port == UDP_PORT_NATT && take_esp(fd))) {
		int err = errno;

		snprintf(why, UDP_WHY, "cannot receive IKE on %s port %d: %s%s",
			 addr_text(&local->addr, text), local->port, strerror(err),
			 err == EADDRINUSE ? ": stop the other IKE daemon (`ss -ulnp sport = :500`"
					     " shows it)"
					   : "");
		if (fd >= 0)
			close(fd);
		return false;
	}
	set_options(fd);
	s = xcalloc(1, sizeof(*s));
	s->local = *local;
	s->fd = fd;
	s->watch = loop_watch(d->loop, fd, readable, s);
	s->next = d->udp->sockets;
	d->udp->sockets = s;
	return true;
}

static void close_port(struct daemon *d, const struct endpoint *local)
{
	struct udp_socket **at = &d->udp->sockets, *s = find(d->udp, local);

	if (!s)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	socket_free(s);
}

bool udp_open(struct daemon *d, const struct addr *local, char why[UDP_WHY])
{
	struct endpoint ike = { *local, UDP_PORT_IKE }, natt = { *local, UDP_PORT_NATT };

	if (!open_port(d, &ike, why))
		return false;
	if (open_port(d, &natt, why))
		return true;
	close_port(d, &ike);
	return false;
}

void udp_close(struct daemon *d, const struct addr *local)
{
	struct endpoint ike = { *local, UDP_PORT_IKE }, natt = { *local, UDP_PORT_NATT };

	close_port(d, &ike);
	close_port(d, &natt);
}

static int send_once(const struct udp_socket *s, struct sockaddr_in *to, bool marked,
		     struct span data)
{
	struct iovec iov[] = { { (void *)(uintptr_t)marker, marked ? sizeof(marker) : 0 },
			       { (void *)(uintptr_t)data.data, data.len } };
	struct msghdr msg = { .msg_name = to,
			      .msg_namelen = sizeof(*to),
			      .msg_iov = iov,
			      .msg_iovlen = ARRAY_SIZE(iov) };

	return sendmsg(s->fd, &msg, MSG_DONTWAIT) < 0 ? errno : 0;
}

void udp_send(struct daemon *d, const struct endpoint *local, const struct endpoint *remote,
	      bool marked, struct span data)
{
	struct udp_socket *s = find(d->udp, local);
	struct sockaddr_in to = sockaddr_of(remote);
	char from[ADDR_TEXT], text[ADDR_TEXT];
	int err = s ? send_once(s, &to, marked, data) : ENOTCONN;

	if (s && err) {
		/* It may be the ICMP error of an earlier datagram, which is told only once. */
		read_errors(d, s);
		err = send_once(s, &to, marked, data);
	}
	if (!err) {
		d->udp->count.sent++;
		return;
	}
	d->udp->count.send_errors++;
	if (limit_take(&d->udp->log, loop_now()))
		log_msg(LOG_NOTICE, "IKE %s to %s: not sent: %s", addr_text(&local->addr, from),
			endpoint_text(remote, text), strerror(err));
}

const struct udp_counters *udp_counters(const struct daemon *d)
{
	return &d->udp->count;
}
