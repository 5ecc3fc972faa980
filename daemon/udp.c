/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* Needs struct timespec. */
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/udp.h>

#include "daemon/daemon.h"
#include "daemon/limit.h"
#include "daemon/loop.h"
#include "daemon/trace.h"
#include "ikev1/ike.h"

#define BATCH		 32 /* datagrams that one system call brings */
#define BATCHES_PER_TURN 8
#define ERRORS_PER_TURN	 16
#define ICMP_KEPT	 64 /* addresses whose last error is kept */
/* A hub that starts hears from all its spokes at once. */
#define RECEIVE_BUFFER (4 << 20)

struct udp_socket {
	struct udp_socket *next;
	struct endpoint local;
	bool strangers; /* it gets what begins a conversation; the other one gets the rest */
	int fd;
	struct loop_watch *watch;
};

struct udp {
	struct udp_socket *sockets; /* four per tunnel source: a few */
	struct udp_counters count;
	struct udp_icmp icmp[ICMP_KEPT];
	struct limit log; /* of lines about send errors and ICMP */
	struct mmsghdr batch[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in from[BATCH];
	uint8_t buffer[BATCH][ISAKMP_MESSAGE_MAX];
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

	while (s && (s->strangers || !endpoint_equal(&s->local, local)))
		s = s->next;
	return s;
}

/* In the place of the last one about the same address, or of the oldest. */
static struct udp_icmp *icmp_place(struct udp *u, const struct addr *about)
{
	struct udp_icmp *place = &u->icmp[0];

	for (size_t i = 0; i < ICMP_KEPT; i++) {
		if (addr_equal(&u->icmp[i].about, about))
			return &u->icmp[i];
		if (u->icmp[i].at < place->at)
			place = &u->icmp[i];
	}
	return place;
}

static void keep_icmp(struct udp *u, const struct addr *about, const struct addr *from,
		      const struct sock_extended_err *ee)
{
	bool icmp = ee->ee_origin == SO_EE_ORIGIN_ICMP && ee->ee_type == ICMP_DEST_UNREACH;

	*icmp_place(u, about) = (struct udp_icmp){
		.about = *about,
		.from = *from,
		.error = (int)ee->ee_errno,
		.filtered = icmp && (ee->ee_code == ICMP_NET_ANO || ee->ee_code == ICMP_HOST_ANO ||
				     ee->ee_code == ICMP_PKT_FILTERED),
		.at = loop_now(),
	};
}

const struct udp_icmp *udp_icmp_about(const struct daemon *d, const struct addr *remote)
{
	const struct udp_icmp *i = icmp_place(d->udp, remote);

	return !addr_is_none(remote) && addr_equal(&i->about, remote) ? i : NULL;
}

/* An ICMP error about something we sent: who says so, and about whom. */
static void told_by_icmp(struct daemon *d, struct udp_socket *s, const struct sockaddr_in *about,
			 const struct sock_extended_err *ee)
{
	struct endpoint remote = endpoint_of(about), by = { 0 };
	/* Behind ee, as long as the control message is. */
	struct sockaddr_in offender;
	char to[ADDR_TEXT], from[ADDR_TEXT] = "this machine", local[ADDR_TEXT];

	d->udp->count.icmp_errors++;
	if (ee->ee_origin == SO_EE_ORIGIN_ICMP) {
		memcpy(&offender, SO_EE_OFFENDER(ee), sizeof(offender));
		by = endpoint_of(&offender);
		addr_text(&by.addr, from);
	}
	keep_icmp(d->udp, &remote.addr, &by.addr, ee);
	if (!limit_take(&d->udp->log, loop_now()))
		return;
	log_msg(LOG_NOTICE, "IKE %s to %s: %s says: %s%s", addr_text(&s->local.addr, local),
		endpoint_text(&remote, to), from, strerror((int)ee->ee_errno),
		ee->ee_errno == ECONNREFUSED ? ": no IKE daemon runs there" : "");
}

static void read_errors(struct daemon *d, struct udp_socket *s)
{
	for (int i = 0; i < ERRORS_PER_TURN; i++) {
		uint8_t control[256] __attribute__((aligned(8)));
		struct sockaddr_in about = { 0 };
		struct iovec iov = { d->udp->buffer[0], sizeof(d->udp->buffer[0]) };
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

static int receive(struct udp *u, const struct udp_socket *s)
{
	for (size_t i = 0; i < BATCH; i++) {
		u->iov[i] = (struct iovec){ u->buffer[i], sizeof(u->buffer[i]) };
		u->batch[i].msg_hdr = (struct msghdr){ .msg_name = &u->from[i],
						       .msg_namelen = sizeof(u->from[i]),
						       .msg_iov = &u->iov[i],
						       .msg_iovlen = 1 };
	}
	return recvmmsg(s->fd, u->batch, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
}

static void take(struct daemon *d, const struct udp_socket *s, msec now, size_t i)
{
	struct udp *u = d->udp;
	const struct mmsghdr *m = &u->batch[i];
	struct ike_datagram dg = { .local = s->local, .natt = s->local.port == UDP_PORT_NATT };
	size_t skip = dg.natt ? sizeof(marker) : 0;

	u->count.received++;
	if (m->msg_len > sizeof(u->buffer[i]) || m->msg_len < skip ||
	    m->msg_hdr.msg_namelen != sizeof(u->from[i]) ||
	    memcmp(u->buffer[i], marker, skip) != 0) {
		u->count.dropped++;
		return;
	}
	dg.remote = endpoint_of(&u->from[i]);
	dg.data = (struct span){ u->buffer[i] + skip, m->msg_len - skip };
	ike_input(d->ike, now, &dg);
}

static void readable(struct daemon *d, void *arg)
{
	struct udp_socket *s = arg;
	int n = BATCH;

	for (int batch = 0; batch < (s->strangers ? 1 : BATCHES_PER_TURN) && n == BATCH; batch++) {
		msec now;

		n = receive(d->udp, s);
		if (n < 0) {
			/* It is an error that waits, and maybe others behind it. */
			if (!batch)
				read_errors(d, s);
			return;
		}
		now = loop_now();
		for (int i = 0; i < n; i++)
			take(d, s, now, (size_t)i);
	}
}

/*
 * Of the two sockets of a port the first, number 0, gets the messages of those whom we have answered
 * before: they carry a responder's cookie. The second gets what begins a conversation, and all that
 * is no message. So a flood of first messages, which costs a stranger nothing, fills its own queue:
 * it neither delays nor displaces what peers say, keep-alives among it.
 */
static int divide(int fd, bool natt)
{
	const uint32_t at = natt ? sizeof(marker) : 0; /* of the message in the payload */
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, at + ISAKMP_HEADER, 0, 7),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + 17),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10, 0, 5), /* version 1.0 */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 8),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 1),
	};
	struct sock_fprog program;

	/* With its padding, which the kernel is given, too. */
	memset(&program, 0, sizeof(program));
	program.len = ARRAY_SIZE(filter);
	program.filter = filter;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program));
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

static int bind_to(int fd, const struct endpoint *local)
{
	struct sockaddr_in sin = sockaddr_of(local);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		return -1;
	return bind(fd, (const struct sockaddr *)&sin, sizeof(sin));
}

static bool open_one(struct daemon *d, const struct endpoint *local, bool strangers,
		     char why[UDP_WHY])
{
	bool natt = local->port == UDP_PORT_NATT;
	struct udp_socket *s;
	char text[ADDR_TEXT];
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (bind_to(fd, local) || (natt && take_esp(fd)) || (!strangers && divide(fd, natt))) {
		int err = errno, len;

		len = snprintf(why, UDP_WHY, "cannot receive IKE on %s port %d: %s",
			       addr_text(&local->addr, text), local->port, strerror(err));
		if (err == EADDRINUSE)
			snprintf(why + len, UDP_WHY - (size_t)len,
				 ": stop the other IKE daemon (`ss -ulnp sport = :%d` shows it)",
				 local->port);
		if (fd >= 0)
			close(fd);
		return false;
	}
	set_options(fd);
	s = xcalloc(1, sizeof(*s));
	s->local = *local;
	s->strangers = strangers;
	s->fd = fd;
	s->watch = loop_watch(d->loop, fd, readable, s);
	s->next = d->udp->sockets;
	d->udp->sockets = s;
	return true;
}

static void close_port(struct daemon *d, const struct endpoint *local)
{
	struct udp_socket **at = &d->udp->sockets, *s;

	while ((s = *at)) {
		if (!endpoint_equal(&s->local, local)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		socket_free(s);
	}
}

static bool open_port(struct daemon *d, const struct endpoint *local, char why[UDP_WHY])
{
	if (find(d->udp, local))
		return true;
	if (open_one(d, local, false, why) && open_one(d, local, true, why))
		return true;
	close_port(d, local);
	return false;
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
	/* A full queue is no reason. */
	if (s && err != EAGAIN && err != ENOBUFS)
		*icmp_place(d->udp, &remote->addr) =
			(struct udp_icmp){ .about = remote->addr, .error = err, .at = loop_now() };
	if (limit_take(&d->udp->log, loop_now()))
		log_msg(LOG_NOTICE, "IKE %s to %s: not sent: %s", addr_text(&local->addr, from),
			endpoint_text(remote, text), strerror(err));
}

const struct udp_counters *udp_counters(const struct daemon *d)
{
	return &d->udp->count;
}
