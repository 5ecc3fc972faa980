/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One packet socket sees what leaves by the link (only a socket of all protocols does) and sends
 * the copies: its own packets do not come back to it, those of another one would, without end.
 *
 * One packet is copied at a time, so that every listener gets all packets in their order; a wake-up
 * that ends in the midst of it leaves a cursor, and an eventfd readable. The owner polls one
 * descriptor, an epoll of both.
 *
 * Broadcasts are not copied: an mGRE link has no broadcast address, so the kernel drops what is
 * sent to 255.255.255.255 before it gets here.
 */
#include "gre/multicast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "lib/util.h"

#define PACKETS_AT_ONCE	   32	      /* read by one system call */
#define COPIES_AT_ONCE	   32	      /* sent by one */
#define COPIES_PER_WAKE_UP 512	      /* some milliseconds */
#define RECEIVE_BUFFER	   (16 << 20) /* 10,000 packets of any size: a second of the daemon's absence */
#define SEND_BUFFER	   (4 << 20)

struct listener {
	struct addr nbma;
	UT_hash_handle hh; /* in the order of adding */
};

struct packet {
	uint8_t octets[MULTICAST_PACKET_MAX];
	size_t len;
	bool checksum_missing;
};

struct multicast {
	int fd, more, poll; /* packet socket, eventfd, epoll of both */
	unsigned int ifindex;
	struct listener *listeners;
	struct packet packets[PACKETS_AT_ONCE];
	unsigned int count, at; /* packets read, the one that is being copied */
	struct listener *next;	/* who gets the next copy of it; NULL: it has not begun */
	bool begun;
	struct multicast_counters counters;
};

static int complain(unsigned int ifindex, int err, char why[GRE_WHY])
{
	snprintf(why, GRE_WHY, "cannot open a multicast socket on interface %u: %s%s", ifindex,
		 strerror(err), err == EPERM ? "; it needs CAP_NET_RAW (run as root)" : "");
	return err;
}

/*
 * Outgoing IPv4 to 224.0.0.0/4. What the filter rejects costs no copy; all other packets of the
 * tunnel come by here.
 */
static int attach_filter(int fd)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF + 16),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = { .len = ARRAY_SIZE(code),
					 .filter = (struct sock_filter *)(uintptr_t)code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? errno : 0;
}

static void set_buffer(int fd, int force, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static int open_socket(unsigned int ifindex, int *err)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = (int)ifindex };
	int on = 1, fd;

	/* Protocol 0 until filter and link are set, so that nothing else gets in. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		*err = errno;
		return -1;
	}
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	*err = attach_filter(fd);
	if (!*err && (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
		      bind(fd, (const struct sockaddr *)&sll, sizeof(sll))))
		*err = errno;
	if (!*err)
		return fd;
	close(fd);
	return -1;
}

static bool watch(int poll, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return fd >= 0 && epoll_ctl(poll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

int multicast_open(struct multicast **out, unsigned int ifindex, char why[GRE_WHY])
{
	struct multicast *m;
	int err, fd = open_socket(ifindex, &err);

	if (fd < 0)
		return complain(ifindex, err, why);
	m = xcalloc(1, sizeof(*m));
	m->fd = fd;
	m->ifindex = ifindex;
	m->more = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->poll = epoll_create1(EPOLL_CLOEXEC);
	if (m->poll < 0 || !watch(m->poll, m->fd) || !watch(m->poll, m->more)) {
		err = errno;
		multicast_close(m);
		return complain(ifindex, err, why);
	}
	*out = m;
	return 0;
}

void multicast_close(struct multicast *m)
{
	struct listener *l, *next;

	if (!m)
		return;
	HASH_ITER (hh, m->listeners, l, next) {
		HASH_DEL(m->listeners, l);
		free(l);
	}
	close(m->fd);
	if (m->more >= 0)
		close(m->more);
	if (m->poll >= 0)
		close(m->poll);
	free(m);
}

int multicast_fd(const struct multicast *m)
{
	return m->poll;
}

/* ---- Listeners ---- */

static struct listener *find(const struct multicast *m, const struct addr *nbma)
{
	struct listener *l;

	HASH_FIND(hh, m->listeners, nbma, sizeof(*nbma), l);
	return l;
}

void multicast_add(struct multicast *m, const struct addr *nbma)
{
	struct listener *l;

	if (!addr_is_nbma(nbma) || find(m, nbma))
		return;
	l = xcalloc(1, sizeof(*l));
	l->nbma = *nbma;
	HASH_ADD(hh, m->listeners, nbma, sizeof(l->nbma), l);
}

bool multicast_del(struct multicast *m, const struct addr *nbma)
{
	struct listener *l = find(m, nbma);

	if (!l)
		return false;
	if (m->next == l)
		m->next = l->hh.next;
	HASH_DEL(m->listeners, l);
	free(l);
	return true;
}

size_t multicast_listeners(const struct multicast *m)
{
	return HASH_COUNT(m->listeners);
}

/* ---- Checksums ---- */

static uint32_t sum(uint32_t to, const uint8_t *octets, size_t len)
{
	for (; len > 1; octets += 2, len -= 2)
		to += (uint32_t)(octets[0] << 8 | octets[1]);
	return len ? to + (uint32_t)(octets[0] << 8) : to;
}

/*
 * Where a network card would have finished the checksum of UDP there is none yet, and the receiver
 * would drop the copy. Nothing else that is sent to groups leaves its checksum to a card.
 */
static void finish_checksum(struct packet *p)
{
	size_t header = (size_t)(p->octets[0] & 15) * 4, len;
	uint8_t *udp = p->octets + header;
	uint32_t total;

	if (p->len < 20 || header < 20 || p->len < header + 8 || p->octets[9] != IPPROTO_UDP)
		return;
	len = (size_t)(udp[4] << 8 | udp[5]);
	if (len < 8 || len > p->len - header)
		return;
	udp[6] = udp[7] = 0;
	total = sum(IPPROTO_UDP + (uint32_t)len, p->octets + 12, 8);
	total = sum(total, udp, len);
	total = (total & 0xffff) + (total >> 16);
	total = ~((total & 0xffff) + (total >> 16)) & 0xffff;
	/* 0 would mean that there is none. */
	total = total ? total : 0xffff;
	udp[6] = (uint8_t)(total >> 8);
	udp[7] = (uint8_t)total;
}

/* ---- Receiving ---- */

static bool checksum_missing(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

/* Reads some packets; those of no use have length 0. */
static void receive(struct multicast *m)
{
	_Alignas(struct cmsghdr) char control[PACKETS_AT_ONCE]
					     [CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct mmsghdr msgs[PACKETS_AT_ONCE] = { 0 };
	struct iovec iov[PACKETS_AT_ONCE];
	int n;

	for (unsigned int i = 0; i < PACKETS_AT_ONCE; i++) {
		iov[i] = (struct iovec){ m->packets[i].octets, sizeof(m->packets[i].octets) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_control = control[i];
		msgs[i].msg_hdr.msg_controllen = sizeof(control[i]);
	}
	/* An error of the socket (the link went down) is told once, then gone. */
	n = recvmmsg(m->fd, msgs, PACKETS_AT_ONCE, 0, NULL);
	m->at = 0;
	m->count = n > 0 ? (unsigned int)n : 0;
	for (unsigned int i = 0; i < m->count; i++) {
		struct packet *p = &m->packets[i];

		m->counters.captured++;
		p->len = msgs[i].msg_len;
		p->checksum_missing = checksum_missing(&msgs[i].msg_hdr);
		if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC) {
			m->counters.dropped++;
			p->len = 0;
		} else if (p->checksum_missing) {
			finish_checksum(p);
		}
	}
}

/* ---- Sending ---- */

/*
 * All of them, whatever becomes of each: a listener to whom nothing can be sent does not stop the
 * others.
 */
static void send_all(struct multicast *m, struct mmsghdr *msgs, unsigned int n)
{
	for (unsigned int done = 0; done < n;) {
		int sent = sendmmsg(m->fd, msgs + done, n - done, 0);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent > 0) {
			m->counters.copies += (unsigned int)sent;
			done += (unsigned int)sent;
		} else {
			m->counters.errors++;
			done++;
		}
	}
}

/* Copies of one packet, to some of its listeners from the cursor on: how many. */
static unsigned int send_some(struct multicast *m, struct packet *p)
{
	struct sockaddr_ll to[COPIES_AT_ONCE];
	struct mmsghdr msgs[COPIES_AT_ONCE] = { 0 };
	struct iovec iov = { p->octets, p->len };
	unsigned int n = 0;

	for (; m->next && n < COPIES_AT_ONCE; m->next = m->next->hh.next, n++) {
		to[n] = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					      .sll_protocol = htons(ETH_P_IP),
					      .sll_ifindex = (int)m->ifindex,
					      .sll_halen = 4 };
		memcpy(to[n].sll_addr, m->next->nbma.b, 4);
		msgs[n].msg_hdr.msg_name = &to[n];
		msgs[n].msg_hdr.msg_namelen = sizeof(to[n]);
		msgs[n].msg_hdr.msg_iov = &iov;
		msgs[n].msg_hdr.msg_iovlen = 1;
	}
	send_all(m, msgs, n);
	return n;
}

/* Goes on with the packet at hand: how many copies that took; begun is false when it is done. */
static unsigned int copy(struct multicast *m)
{
	struct packet *p = &m->packets[m->at];
	unsigned int n;

	if (!m->begun) {
		m->begun = true;
		m->next = p->len ? m->listeners : NULL;
		m->counters.unheard += p->len && !m->next;
	}
	n = send_some(m, p);
	if (!m->next) {
		m->begun = false;
		m->at++;
	}
	return n;
}

void multicast_readable(struct multicast *m)
{
	uint64_t value = 1;
	unsigned int work = 0;

	if (read(m->more, &value, sizeof(value)) < 0)
		value = 1;
	while (work < COPIES_PER_WAKE_UP) {
		if (m->at == m->count)
			receive(m);
		if (!m->count)
			return;
		/* A packet without listeners is work, too. */
		work += copy(m) + 1;
	}
	if (m->at < m->count && write(m->more, &value, sizeof(value)) < 0)
		m->counters.errors++;
}

struct multicast_counters multicast_counters(struct multicast *m)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	/* Read once, the kernel's count begins anew. */
	if (getsockopt(m->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		m->counters.dropped += stats.tp_drops;
	return m->counters;
}
