/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multicast copies against a real kernel: who gets them, with what checksum, in which order, what
 * becomes of the kernel's own copy, and how many a second.
 *
 * A sends; the listeners are addresses of B, told apart by the outer destination.
 *
 * LINK: tests/kernel/tap.c gre/ xfrm/
 * LINK: lib/addr.c lib/algo.c lib/batch.c lib/fifo.c
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gre/link.h"
#include "gre/multicast.h"
#include "lib/util.h"
#include "tests/kernel/tap.h"
#include "xfrm/xfrm.h"

#define GROUP "224.0.0.10"

static struct gre_links *links, *links_b;
static struct multicast *multicast;
static unsigned int gre1;
static char why[GRE_WHY];

static unsigned int make_link(struct gre_links *ls, uint8_t local, uint8_t inner)
{
	struct gre_link_config c = { .name = "gre1",
				     .local = { 4, { 10, 0, 0, local } },
				     .keyed = true,
				     .key = 1,
				     .address = { { 4, { 172, 16, 0, inner } }, 24 } };
	unsigned int ifindex = 0;

	must(gre_link_ensure(ls, &c, &ifindex, NULL, why) == 0, why);
	return ifindex;
}

static struct addr listener(unsigned int i)
{
	return addr_v4(NODE_B + i * 256);
}

/* B also has 10.0.1.6, 10.0.2.6, ...: it is as many listeners as there need to be. */
static void start(void)
{
	multicast_close(multicast);
	gre_links_close(links);
	gre_links_close(links_b);
	nodes_new();
	node_enter('B');
	must(gre_links_open(&links_b, why) == 0, why);
	make_link(links_b, 6, 2);
	node_enter('A');
	must(gre_links_open(&links, why) == 0, why);
	gre1 = make_link(links, 4, 1);
	must(run("ip -n A route add 10.0.0.0/16 via 10.0.0.6; ip -n A route add 224.0.0.0/4 dev v0;"
		 "for i in $(seq 0 20); do ip -n B address add 10.0.$i.6/32 dev lo; done") == 0,
	     "listeners");
	must(multicast_open(&multicast, gre1, why) == 0, why);
}

/* Sends from A into the group through gre1. */
static int sender(void)
{
	struct ip_mreqn mr = { .imr_ifindex = (int)gre1 };
	int fd = udp_open("172.16.0.1"), off = 0;

	must(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mr, sizeof(mr)) == 0 &&
		     setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off)) == 0,
	     "sender");
	return fd;
}

/* In B: a member of the group on all of its links. */
static int receiver(void)
{
	struct ip_mreqn mr = { .imr_multiaddr.s_addr = inet_addr(GROUP) };
	int fd, size = 64 << 20;

	node_enter('B');
	fd = udp_open("0.0.0.0");
	for (int i = 0; i < 20; i++) {
		char name[IFNAMSIZ] = "gre1";

		if (i)
			snprintf(name, sizeof(name), "gre1%d", i);
		mr.imr_ifindex = (int)if_nametoindex(name);
		must(!mr.imr_ifindex ||
			     setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)) == 0,
		     "join");
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	node_enter('A');
	return fd;
}

/* In A: GRE that leaves by v0. */
static int wire(void)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));

	sll.sll_ifindex = (int)if_nametoindex("v0");
	must(fd >= 0 && bind(fd, (const struct sockaddr *)&sll, sizeof(sll)) == 0, "wire");
	return fd;
}

/* The next GRE or ESP on the wire: its outer destination and protocol; 0: none within ms. */
static uint32_t next_on_wire(int fd, int ms, uint8_t *protocol)
{
	uint8_t p[2048];

	while (readable_within(ms, (const int[]){ fd, -1 })) {
		ssize_t n = recv(fd, p, sizeof(p), 0);
		struct addr dst = addr_from_bytes(p + 16, 4);

		*protocol = p[9];
		if (n >= 28 && (p[9] == 47 || p[9] == 50))
			return addr_to_v4(&dst);
	}
	return 0;
}

/* The daemon's turn. */
static void work(int ms)
{
	while (readable_within(ms, (const int[]){ multicast_fd(multicast), -1 }))
		multicast_readable(multicast);
}

static void add(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct addr a = listener(i);

		multicast_add(multicast, &a);
	}
}

static void test_copies(void)
{
	struct addr a = listener(1), group = addr_v4(0xe0000001);
	struct multicast_counters c;
	uint8_t protocol;
	int s, r, w;

	start();
	s = sender();
	r = receiver();
	udp_send(s, GROUP, "nobody");
	work(50);
	c = multicast_counters(multicast);
	ok(c.captured == 1 && c.unheard == 1 && c.copies == 0, "without listeners nothing is sent");
	add(3);
	add(3);
	multicast_add(multicast, &group);
	ok(multicast_listeners(multicast) == 3, "three listeners");
	w = wire();
	udp_send(s, GROUP, "hello");
	work(50);
	/* There is no policy here, so the kernel's own copy comes first. */
	ok(next_on_wire(w, 100, &protocol) == 0xe000000a &&
		   next_on_wire(w, 100, &protocol) == NODE_B &&
		   next_on_wire(w, 100, &protocol) == NODE_B + 256 &&
		   next_on_wire(w, 100, &protocol) == NODE_B + 512 &&
		   !next_on_wire(w, 50, &protocol),
	   "each gets one copy, in the order of adding, and copies are not copied");
	ok(udp_gets(r, 100, "hello"), "it arrives, with its checksum");
	ok(multicast_del(multicast, &a) && !multicast_del(multicast, &a), "a listener goes");
	udp_send(s, GROUP, "two");
	work(50);
	next_on_wire(w, 50, &protocol);
	ok(next_on_wire(w, 50, &protocol) == NODE_B &&
		   next_on_wire(w, 50, &protocol) == NODE_B + 512 &&
		   !next_on_wire(w, 50, &protocol),
	   "the others stay");
	must(run("ip -n A neighbour add 172.16.0.2 lladdr 10.0.0.6 dev gre1 nud permanent") == 0,
	     "neighbour");
	c = multicast_counters(multicast);
	udp_send(s, "172.16.0.2", "unicast");
	work(50);
	ok(multicast_counters(multicast).captured == c.captured, "unicast is none of its business");
	close(s);
	close(r);
	close(w);
}

static void test_kinds(void)
{
	static char large[3001];
	char got[4000];
	int s, r;

	start();
	add(1);
	s = sender();
	r = receiver();
	memset(large, 'x', sizeof(large) - 1);
	udp_send(s, GROUP, large);
	work(50);
	ok(readable_within(500, (const int[]){ r, -1 }) && recv(r, got, sizeof(got), 0) == 3000,
	   "fragments arrive");
	ok(udp_send(s, GROUP, "odd") && (work(50), udp_gets(r, 100, "odd")) &&
		   udp_send(s, GROUP, "") && (work(50), udp_gets(r, 100, "")),
	   "an odd length, and none");
	run("ip -n A link set gre1 down");
	work(50);
	run("ip -n A link set gre1 up; ip -n A route add 224.0.0.0/4 dev v0 2>/dev/null");
	ok(udp_send(s, GROUP, "again") && (work(50), udp_gets(r, 200, "again")),
	   "a link that was down is heard again");
	close(s);
	close(r);
}

/* As the daemon has it where the tunnel is protected: policies, and SAs for some of them. */
static void test_protected(void)
{
	const struct xfrm_tunnel_policy policy = {
		.local = { 4, { 10, 0, 0, 4 } }, .keyed = true, .key = 1, .reqid = XFRM_REQID_BASE
	};
	const struct esp_suite suite = { CIPHER_AES128, HASH_SHA1 };
	static const uint8_t keymat[36] = { 1, 2, 3 };
	struct xfrm_sa sa = {
		.id = { .src = { 4, { 10, 0, 0, 4 } }, .dst = listener(1), .spi = 0x1000 },
		.outbound = true,
		.reqid = XFRM_REQID_BASE,
		.suite = suite,
		.keymat = { keymat, sizeof(keymat) }
	};
	unsigned int esp = 0, clear = 0;
	struct xfrm *xfrm;
	uint8_t protocol;
	uint32_t to;
	int s, w;

	start();
	must(xfrm_open(&xfrm, why) == 0 && xfrm_policy_add(xfrm, &policy, why) == 0, why);
	xfrm_sa_add(xfrm, 1, &sa);
	must(xfrm_flush(xfrm, 5000, why) == 0, why);
	add(3);
	s = sender();
	w = wire();
	for (int i = 0; i < 5; i++)
		udp_send(s, GROUP, "secret");
	work(50);
	while ((to = next_on_wire(w, 100, &protocol)))
		if (protocol == 50 && to == NODE_B + 256)
			esp++;
		else
			clear++;
	ok(esp == 5, "a listener with an SA gets its copies through it");
	ok(clear == 0,
	   "nothing leaves in the clear, neither copies nor the kernel's own to the group");
	xfrm_close(xfrm);
	close(s);
	close(w);
}

/* Sends at a rate, in a process of its own; its bursts are what the clock of the lab allows. */
static pid_t send_at(unsigned int per_second, unsigned int seconds)
{
	uint64_t begin = clock_ms();
	unsigned int sent = 0;
	pid_t pid = fork();
	int s;

	if (pid != 0)
		return pid;
	s = sender();
	while (sent < per_second * seconds) {
		uint64_t due = (clock_ms() - begin) * per_second / 1000;

		for (; sent < due && sent < per_second * seconds; sent++)
			udp_send(s, GROUP, "0123456789012345678901234567890123456789");
		sleep_ms(1);
	}
	_exit(0);
}

static unsigned int received(int fd)
{
	unsigned int n = 0;
	char buf[128];

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		n++;
	return n;
}

static void start_rate(unsigned int listeners)
{
	start();
	/* Everybody listens; and the kernel's own copy would only add to the load. */
	for (unsigned int i = 1; i < listeners; i++)
		must(run("ip -n B link add gre1%u type gre local 10.0.%u.6 key 1;"
			 "ip -n B address add 172.16.0.%u/32 dev gre1%u; ip -n B link set gre1%u "
			 "up",
			 i, i, 100 + i, i, i) == 0,
		     "listener");
	must(run("ip -n A xfrm policy add src 10.0.0.4 dst 224.0.0.0/4 proto gre dir out action "
		 "block") == 0,
	     "policy");
	add(listeners);
}

static void test_rate(unsigned int per_second, unsigned int listeners)
{
	unsigned int expected = per_second * listeners, got;
	struct multicast_counters c;
	uint64_t begin;
	int r, status;
	pid_t pid;

	start_rate(listeners);
	r = receiver();
	begin = clock_ms();
	pid = send_at(per_second, 1);
	while (waitpid(pid, &status, WNOHANG) == 0)
		if (readable_within(20, (const int[]){ multicast_fd(multicast), -1 }))
			multicast_readable(multicast);
	note("%u packets took %llu ms to send and copy", per_second,
	     (unsigned long long)(clock_ms() - begin));
	work(300);
	got = received(r);
	c = multicast_counters(multicast);
	note("captured %llu, copies %llu, errors %llu, dropped %llu",
	     (unsigned long long)c.captured, (unsigned long long)c.copies,
	     (unsigned long long)c.errors, (unsigned long long)c.dropped);
	ok(got == expected && !c.errors && !c.dropped, "%u/s to %u listeners: %u of %u arrive",
	   per_second, listeners, got, expected);
	close(r);
}

/* The daemon has something else to do for a second, then copies what has come. */
static void test_absence(void)
{
	enum { N = 10000 };
	struct multicast_counters c;
	uint64_t begin;
	unsigned int got;
	int r, s;

	start_rate(1);
	r = receiver();
	s = sender();
	for (int i = 0; i < N; i++)
		udp_send(s, GROUP, "0123456789012345678901234567890123456789");
	begin = clock_ms();
	work(50);
	note("%d copies took %llu ms", N, (unsigned long long)(clock_ms() - begin - 50));
	got = received(r);
	c = multicast_counters(multicast);
	ok(got == N && !c.dropped, "%d packets that wait: %u arrive, %llu are dropped", N, got,
	   (unsigned long long)c.dropped);
	close(r);
	close(s);
}

/* One packet to very many: it takes several turns. */
static void test_many_listeners(void)
{
	enum { N = 3000 };
	struct multicast_counters c;
	unsigned int turns = 0;
	int s;

	start();
	for (uint32_t i = 0; i < N; i++) {
		struct addr a = addr_v4(0x0a000000 + 256 + i);

		multicast_add(multicast, &a);
	}
	s = sender();
	udp_send(s, GROUP, "x");
	udp_send(s, GROUP, "y");
	while (readable_within(50, (const int[]){ multicast_fd(multicast), -1 })) {
		struct addr a = addr_v4(0x0a000000 + 256 + 1000 + turns);

		multicast_readable(multicast);
		multicast_del(multicast, &a);
		turns++;
	}
	c = multicast_counters(multicast);
	ok(turns > 10 && c.copies + c.errors > 2 * N - 40 && c.captured == 2,
	   "two packets to %d take several turns (%u), and listeners may go meanwhile", N, turns);
	close(s);
}

int main(void)
{
	test_copies();
	test_kinds();
	test_protected();
	test_many_listeners();
	test_absence();
	test_rate(1000, 10);
	test_rate(10000, 1);
	multicast_close(multicast);
	ok(multicast_open(&multicast, 4242, why) == ENODEV, "%s", why);
	gre_links_close(links);
	gre_links_close(links_b);
	return tap_end();
}
