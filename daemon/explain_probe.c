/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/explain_probe.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/loop.h"

#define LONGEST 9000

enum kind { SMALL, LARGE, INSIDE, KINDS };

struct probe {
	int fd;
	uint16_t id;
	struct loop_watch *watch;
	struct event *deadline, *again;
	struct explain_facts **facts;
	size_t count;
	size_t waiting;
	uint8_t round; /* of repetitions: the packets, and so their answers, say in which they were sent */
	void (*done)(void *ctx);
	void *ctx;
};

static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The sequence number says whose it is, and which one. */
static bool send_echo(const struct probe *p, size_t index, enum kind kind)
{
	const struct explain_facts *f = p->facts[index];
	const struct addr *src = kind == INSIDE ? &f->inside : &f->local;
	const struct addr *dst = kind == INSIDE ? &f->protocol : &f->remote;
	size_t len = kind == LARGE ? (f->large - sizeof(struct iphdr)) & ~(size_t)1 : 64;
	uint8_t packet[LONGEST] = { 0 };
	struct icmphdr h = { .type = ICMP_ECHO };
	struct sockaddr_in to = { .sin_family = AF_INET };
	union {
		struct cmsghdr h;
		uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { .room = { 0 } };
	struct iovec iov = { packet, len };
	struct msghdr msg = { .msg_name = &to,
			      .msg_namelen = sizeof(to),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.room) };
	struct in_pktinfo from = { 0 };
	uint16_t sum;

	h.un.echo.id = htons(p->id);
	h.un.echo.sequence = htons((uint16_t)(KINDS * index + kind));
	memcpy(packet, &h, sizeof(h));
	packet[sizeof(h)] = p->round;
	sum = htons(checksum(packet, len));
	memcpy(packet + offsetof(struct icmphdr, checksum), &sum, sizeof(sum));
	memcpy(&to.sin_addr, dst->b, sizeof(to.sin_addr));
	memcpy(&from.ipi_spec_dst, src->b, sizeof(from.ipi_spec_dst));
	from.ipi_ifindex = kind == INSIDE ? (int)f->tunnel : 0;
	control.h.cmsg_level = IPPROTO_IP;
	control.h.cmsg_type = IP_PKTINFO;
	control.h.cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(&control.h), &from, sizeof(from));
	return sendmsg(p->fd, &msg, MSG_DONTWAIT) >= 0;
}

static void finish(struct probe *p)
{
	p->done(p->ctx);
}

static enum explain_ping *answer_of(const struct probe *p, uint16_t sequence)
{
	struct explain_facts *f = sequence / KINDS < p->count ? p->facts[sequence / KINDS] : NULL;

	if (!f)
		return NULL;
	if (sequence % KINDS == INSIDE)
		return &f->ping_inside;
	return sequence % KINDS == LARGE ? &f->ping_large : &f->ping;
}

/* A router that says what is wrong is no black hole. */
static void too_long(struct probe *p, const uint8_t *inner, size_t len)
{
	struct icmphdr h;
	size_t header;
	enum explain_ping *a;

	if (len < sizeof(struct iphdr))
		return;
	header = (size_t)(inner[0] & 15) * 4;
	if (inner[9] != IPPROTO_ICMP || len < header + sizeof(h))
		return;
	memcpy(&h, inner + header, sizeof(h));
	a = answer_of(p, ntohs(h.un.echo.sequence));
	if (ntohs(h.un.echo.id) == p->id && a)
		*a = EXPLAIN_PING_UNKNOWN;
}

/* What the peer's machine decrypts belongs to no tunnel there: another key, another source, down. */
static void refused(struct probe *p, const uint8_t *inner, size_t len,
		    const struct sockaddr_in *from)
{
	if (len < sizeof(struct iphdr) || inner[9] != IPPROTO_GRE)
		return;
	for (size_t i = 0; i < p->count; i++) {
		struct explain_facts *f = p->facts[i];

		if (memcmp(&from->sin_addr, f->remote.b, 4) == 0 &&
		    memcmp(inner + offsetof(struct iphdr, saddr), f->local.b, 4) == 0 &&
		    memcmp(inner + offsetof(struct iphdr, daddr), f->remote.b, 4) == 0)
			f->gre_refused = true;
	}
}

static void take(struct probe *p, const uint8_t *data, size_t len, const struct sockaddr_in *from)
{
	size_t header = len ? (size_t)(data[0] & 15) * 4 : 0;
	struct icmphdr h;
	const struct explain_facts *f;
	const struct addr *asked;
	uint16_t sequence;
	enum explain_ping *a;

	if (len < header + sizeof(h))
		return;
	memcpy(&h, data + header, sizeof(h));
	if (h.type == ICMP_DEST_UNREACH &&
	    (h.code == ICMP_PORT_UNREACH || h.code == ICMP_PROT_UNREACH))
		refused(p, data + header + sizeof(h), len - header - sizeof(h), from);
	if (h.type == ICMP_DEST_UNREACH && h.code == ICMP_FRAG_NEEDED)
		too_long(p, data + header + sizeof(h), len - header - sizeof(h));
	if (h.type != ICMP_ECHOREPLY || ntohs(h.un.echo.id) != p->id)
		return;
	sequence = ntohs(h.un.echo.sequence);
	a = answer_of(p, sequence);
	if (!a || *a != EXPLAIN_PING_SILENT)
		return;
	f = p->facts[sequence / KINDS];
	asked = a == &f->ping_inside ? &f->protocol : &f->remote;
	if (memcmp(&from->sin_addr, asked->b, sizeof(from->sin_addr)) != 0)
		return;
	*a = EXPLAIN_PING_ANSWERED;
	if (a == &p->facts[sequence / KINDS]->ping && len > header + sizeof(h))
		p->facts[sequence / KINDS]->pings_lost = data[header + sizeof(h)];
	p->waiting--;
}

static void readable(struct daemon *d, void *arg)
{
	struct probe *p = arg;
	uint8_t data[256];

	(void)d;
	for (int i = 0; i < 64; i++) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(p->fd, data, sizeof(data), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &size);

		if (n < 0)
			break;
		take(p, data, (size_t)n, &from);
	}
	if (!p->waiting)
		finish(p);
}

static void time_is_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg);
}

/* What has no answer yet goes once more: one that is lost tells little. */
static void repeat(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	p->round++;
	for (size_t i = 0; i < p->count; i++)
		for (enum kind k = SMALL; k < KINDS; k++)
			if (*answer_of(p, (uint16_t)(KINDS * i + k)) == EXPLAIN_PING_SILENT)
				send_echo(p, i, k);
}

/* A way that is slow needs more patience. */
static struct timeval patience(const struct probe *p)
{
	msec longest = SECONDS(PROBE_SECONDS);

	for (size_t i = 0; i < p->count; i++)
		longest = MAX(longest, p->facts[i]->round_trip * 3 / 2);
	longest = MIN(longest, SECONDS(PROBE_SECONDS_MAX));
	return (struct timeval){ .tv_sec = (time_t)(longest / 1000),
				 .tv_usec = (suseconds_t)(longest % 1000 * 1000) };
}

static void send_all(struct probe *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct explain_facts *f = p->facts[i];

		if (!addr_is_unicast(&f->remote) || addr_is_none(&f->local))
			continue;
		f->ping = EXPLAIN_PING_SILENT; /* unsent, too: the kernel knows no way */
		send_echo(p, i, SMALL);
		p->waiting++;
		if (f->large >= 576 && f->large <= LONGEST && send_echo(p, i, LARGE)) {
			f->ping_large = EXPLAIN_PING_SILENT;
			p->waiting++;
		}
		if (f->up && f->tunnel && addr_is_unicast(&f->protocol) &&
		    send_echo(p, i, INSIDE)) {
			f->ping_inside = EXPLAIN_PING_SILENT;
			p->waiting++;
		}
	}
}

struct probe *probe_start(struct daemon *d, struct explain_facts *const *facts, size_t count,
			  void (*done)(void *ctx), void *ctx)
{
	const struct timeval interval = { .tv_usec = 300000 };
	struct timeval wait;
	int discover = IP_PMTUDISC_PROBE;
	struct probe *p;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);

	if (fd < 0)
		return NULL;
	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	p = xcalloc(1, sizeof(*p));
	p->fd = fd;
	p->facts = xmemdup(facts, count * sizeof(struct explain_facts *));
	p->count = count;
	p->done = done;
	p->ctx = ctx;
	if (getrandom(&p->id, sizeof(p->id), GRND_NONBLOCK) != sizeof(p->id))
		p->id = (uint16_t)getpid();
	p->watch = loop_watch(d->loop, fd, readable, p);
	p->deadline = evtimer_new(loop_base(d->loop), time_is_over, p);
	p->again = event_new(loop_base(d->loop), -1, EV_PERSIST, repeat, p);
	if (!p->deadline || !p->again)
		abort();
	send_all(p);
	wait = patience(p);
	evtimer_add(p->deadline, &wait);
	evtimer_add(p->again, &interval);
	return p;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	loop_unwatch(p->watch);
	event_free(p->deadline);
	event_free(p->again);
	close(p->fd);
	free(p->facts);
	free(p);
}
