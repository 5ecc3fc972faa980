/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The room gre against a real kernel: links and their settings, adoption, events, neighbours and
 * upcalls, NHRP packets.
 *
 * LINK: tests/kernel/tap.c gre/
 * LINK: lib/addr.c lib/algo.c lib/batch.c lib/fifo.c
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gre/link.h"
#include "gre/neigh.h"
#include "gre/nhrp_sock.h"
#include "lib/util.h"
#include "tests/kernel/tap.h"

static struct gre_links *links, *links_b;
static struct gre_neighs *neighs;
static unsigned int gre1;
static char why[GRE_WHY];

static const struct gre_link_config config = {
	.name = "gre1",
	.local = { 4, { 10, 0, 0, 4 } },
	.keyed = true,
	.key = 1,
	.address = { { 4, { 172, 16, 0, 2 } }, 24 },
};

/* ---- Small helps ---- */

/* Both nodes, nothing on them but their wire; we stay in A. */
static void start(void)
{
	gre_links_close(links);
	gre_links_close(links_b);
	gre_neighs_close(neighs);
	nodes_new();
	node_enter('B');
	must(gre_links_open(&links_b, why) == 0, why);
	node_enter('A');
	must(gre_links_open(&links, why) == 0, why);
	must(gre_neighs_open(&neighs, why) == 0, why);
}

static void start_with_link(void)
{
	start();
	must(gre_link_ensure(links, &config, &gre1, NULL, why) == 0, why);
	gre_neighs_watch(neighs, gre1);
}

static bool link_event_within(int ms, struct gre_link_event *ev)
{
	int fds[2] = { gre_links_fd(links, 0), gre_links_fd(links, 1) };

	while (!gre_links_next_event(links, ev)) {
		if (!readable_within(ms, fds))
			return false;
		gre_links_readable(links);
	}
	return true;
}

/* Drops events until one of this type comes. */
static bool link_event_of(enum gre_link_event_type type, struct gre_link_event *ev)
{
	while (link_event_within(500, ev))
		if (ev->type == type)
			return true;
	return false;
}

static bool neigh_event_within(int ms, struct gre_neigh_event *ev)
{
	int fds[4] = { gre_neighs_fd(neighs, 0), gre_neighs_fd(neighs, 1), gre_neighs_fd(neighs, 2),
		       -1 };

	gre_neighs_commit(neighs);
	while (!gre_neighs_next_event(neighs, ev)) {
		if (!readable_within(ms, fds))
			return false;
		gre_neighs_readable(neighs);
		gre_neighs_commit(neighs);
	}
	return true;
}

static int put(uint32_t addr, uint32_t nbma, uint64_t token)
{
	struct addr p = addr_v4(addr), n = addr_v4(nbma);
	struct gre_neigh_event ev;

	gre_neigh_put(neighs, token, gre1, &p, &n);
	while (neigh_event_within(1000, &ev))
		if (ev.type == GRE_NEIGH_ACK)
			return ev.ack.token == token ? ev.ack.err : -1;
	return ETIMEDOUT;
}

static size_t listed(void)
{
	struct gre_neigh_entry *v = NULL;
	size_t n = 0;

	must(gre_neigh_list(neighs, gre1, &v, &n, why) == 0, why);
	free(v);
	return n;
}

/* IP packets of protocol 47 that leave A to this address, within ms. */
static unsigned int gre_packets_to(int tap, uint32_t dst, int ms)
{
	unsigned int n = 0;
	uint8_t p[2048];

	while (readable_within(ms, (const int[]){ tap, -1 })) {
		ssize_t len = recv(tap, p, sizeof(p), 0);

		n += len >= 20 && p[9] == 47 && memcmp(p + 16, addr_v4(dst).b, 4) == 0;
	}
	return n;
}

static bool sysctl_is(const char *name, const char *value)
{
	return shows(value, "ip netns exec A sysctl -n %s", name);
}

/* ---- Links ---- */

static void test_create(void)
{
	bool adopted = true;
	struct gre_link_event ev;

	start();
	ok(gre_link_ensure(links, &config, &gre1, &adopted, why) == 0 && gre1 && !adopted,
	   "a link is made");
	ok(shows("gre remote any local 10.0.0.4", "ip -n A -d link show gre1") &&
		   shows("ttl 64", "ip -n A -d link show gre1") &&
		   shows("nopmtudisc", "ip -n A -d link show gre1"),
	   "without remote, ttl 64, nopmtudisc");
	ok(shows("ikey 0.0.0.1 okey 0.0.0.1", "ip -n A -d link show gre1"), "with its key");
	ok(shows("mtu 1400", "ip -n A link show gre1"), "MTU 1400");
	ok(shows("<MULTICAST,UP,LOWER_UP>", "ip -n A link show gre1"), "up, MULTICAST, not NOARP");
	ok(shows("alias dmvpnd: 172.16.0.2/24", "ip -n A link show gre1"), "tagged as ours");
	ok(shows("inet 172.16.0.2/24", "ip -n A address show dev gre1"), "with its address");
	ok(!shows("inet6", "ip -n A address show dev gre1"), "without IPv6");
	ok(sysctl_is("net.ipv4.neigh.gre1.app_solicit", "1") &&
		   sysctl_is("net.ipv4.neigh.gre1.mcast_solicit", "0") &&
		   sysctl_is("net.ipv4.neigh.gre1.ucast_solicit", "0"),
	   "neighbours are asked of us");
	ok(sysctl_is("net.ipv4.conf.gre1.send_redirects", "0") &&
		   sysctl_is("net.ipv4.conf.all.send_redirects", "0") &&
		   sysctl_is("net.ipv4.conf.gre1.rp_filter", "2"),
	   "no redirects, loose source check");
	while (link_event_within(100, &ev))
		ok(ev.type == GRE_LINK_ADDR_ADDED, "only an address event (%d) of what we did", ev.type);
	ok(gre_link_delete(links, gre1, why) == 0 && run("ip -n A link show gre1 2>/dev/null") != 0,
	   "the link is removed");
	ok(gre_link_delete(links, gre1, why) == 0, "what is gone need not be removed");
	ok(!link_event_of(GRE_LINK_REMOVED, &ev), "and we are not told what we did");
}

static void test_options(void)
{
	struct gre_link_config c = config;

	start();
	c.keyed = false;
	c.ttl = 200;
	c.pmtudisc = true;
	c.mtu = 1300;
	strcpy(c.device, "v0");
	ok(gre_link_ensure(links, &c, &gre1, NULL, why) == 0, "a link with other options");
	ok(shows("mtu 1300", "ip -n A link show gre1") &&
		   shows("gre1@v0", "ip -n A link show gre1") &&
		   shows("dev v0 ttl 200", "ip -n A -d link show gre1") &&
		   !shows("nopmtudisc", "ip -n A -d link show gre1") &&
		   !shows("key", "ip -n A -d link show gre1"),
	   "MTU, device, ttl, pmtudisc, no key");
	strcpy(c.device, "v9");
	strcpy(c.name, "gre2");
	ok(gre_link_ensure(links, &c, &gre1, NULL, why) == ENODEV && strstr(why, "v9"), "%s", why);
	c = config;
	c.local = (struct addr){ 0 };
	ok(gre_link_ensure(links, &c, &gre1, NULL, why) == EINVAL, "%s", why);
}

/* A second process finds what the first one left. */
static void test_adopt(void)
{
	struct gre_link_config c = config;
	struct gre_links *second;
	unsigned int ifindex = 0;
	bool adopted = false;

	start_with_link();
	must(put(0xac100003, NODE_B, 1) == 0, "neighbour");
	must(run("ip -n A route add 172.16.3.0/24 via 172.16.0.3") == 0, "route");
	must(gre_links_open(&second, why) == 0, why);
	c.key = 2;
	c.address.addr.b[3] = 9;
	ok(gre_link_ensure(second, &c, &ifindex, &adopted, why) == 0 && adopted && ifindex == gre1,
	   "a leftover is adopted");
	ok(shows("ikey 0.0.0.2 okey 0.0.0.2", "ip -n A -d link show gre1") &&
		   shows("mtu 1400", "ip -n A link show gre1") &&
		   shows("<MULTICAST,UP,LOWER_UP>", "ip -n A link show gre1"),
	   "and changed as configured");
	ok(shows("172.16.0.9/24", "ip -n A address show dev gre1") &&
		   !shows("172.16.0.2/24", "ip -n A address show dev gre1"),
	   "our former address is replaced");
	ok(shows("alias dmvpnd: 172.16.0.9/24", "ip -n A link show gre1"), "and told by the tag");
	ok(listed() == 1, "neighbours stay");
	ok(shows("172.16.3.0/24 via 172.16.0.3", "ip -n A route"), "routes stay");
	must(run("ip -n A address add 192.0.2.1/32 dev gre1") == 0, "address");
	ok(gre_link_ensure(second, &config, &ifindex, &adopted, why) == 0 && ifindex == gre1 &&
		   shows("172.16.0.2/24", "ip -n A address show dev gre1") &&
		   shows("192.0.2.1/32", "ip -n A address show dev gre1"),
	   "and back again; an address that is not ours stays");
	gre_links_close(second);
}

static void test_foreign(void)
{
	struct gre_link_config c = config;

	start();
	must(run("ip -n A link add gre1 type gre local 10.0.0.4 key 77") == 0, "link");
	ok(gre_link_ensure(links, &c, &gre1, NULL, why) == EEXIST && strstr(why, "not ours"), "%s", why);
	ok(shows("ikey 0.0.0.77", "ip -n A -d link show gre1"), "a stranger's link is left alone");
	strcpy(c.name, "gre2");
	c.key = 77;
	ok(gre_link_ensure(links, &c, &gre1, NULL, why) == EEXIST && strstr(why, "same source and key"),
	   "%s", why);
	strcpy(c.name, "v0");
	ok(gre_link_ensure(links, &c, &gre1, NULL, why) == EEXIST, "%s", why);
}

static void test_update(void)
{
	struct gre_link_config c = config;
	struct gre_link_event ev;

	start_with_link();
	must(put(0xac100003, NODE_B, 1) == 0, "neighbour");
	must(run("ip -n A address add 10.0.0.44/24 dev v0") == 0, "address");
	c.local.b[3] = 44;
	while (link_event_within(50, &ev))
		;
	ok(gre_link_update(links, gre1, &c, why) == 0 &&
		   shows("local 10.0.0.44 ", "ip -n A -d link show gre1") &&
		   shows("ikey 0.0.0.1 okey 0.0.0.1", "ip -n A -d link show gre1") &&
		   shows("mtu 1400", "ip -n A link show gre1") &&
		   shows("nopmtudisc", "ip -n A -d link show gre1"),
	   "the source address changes, all else stays");
	ok(listed() == 1, "neighbours too");
	ok(!link_event_of(GRE_LINK_DOWN, &ev), "and the link never went down");
}

static void test_link_events(void)
{
	struct gre_link_event ev;
	struct addr addr;
	int small = 1;

	start_with_link();
	must(put(0xac100003, NODE_B, 1) == 0 && listed() == 1, "neighbour");
	run("ip -n A link set gre1 down");
	ok(link_event_of(GRE_LINK_DOWN, &ev) && ev.ifindex == gre1 && strcmp(ev.name, "gre1") == 0,
	   "link down is told");
	run("ip -n A link set gre1 up");
	ok(link_event_of(GRE_LINK_UP, &ev) && ev.ifindex == gre1, "link up is told");
	ok(listed() == 0 && put(0xac100003, NODE_B, 2) == 0 && listed() == 1,
	   "neighbours are gone and can be put back");
	run("ip -n A link set gre1 mtu 1380");
	ok(!link_event_within(200, &ev), "other changes are not told");
	run("ip -n A address add 10.0.0.5/24 dev v0");
	ok(link_event_of(GRE_LINK_ADDR_ADDED, &ev) && strcmp(ev.name, "v0") == 0 &&
		   addr_to_v4(&ev.addr) == 0x0a000005,
	   "a new address is told");
	addr = addr_v4(0x0a000005);
	ok(gre_links_is_local(links, &addr, why) == 0, "it is ours");
	run("ip -n A address del 10.0.0.5/24 dev v0");
	ok(link_event_of(GRE_LINK_ADDR_REMOVED, &ev) && addr_to_v4(&ev.addr) == 0x0a000005,
	   "a removed one is told");
	ok(gre_links_is_local(links, &addr, why) == EADDRNOTAVAIL, "%s", why);
	addr = addr_v4(0x08080808);
	ok(gre_links_is_local(links, &addr, why) == EADDRNOTAVAIL, "nor is one without a route");
	ok(gre_links_address_of(links, "v0", &addr, why) == 0 && addr_to_v4(&addr) == NODE_A,
	   "the address of an interface");
	ok(gre_links_address_of(links, "lo", &addr, why) == EADDRNOTAVAIL, "%s", why);
	ok(gre_links_address_of(links, "v9", &addr, why) == ENODEV, "%s", why);
	run("ip -n A link delete gre1");
	ok(link_event_of(GRE_LINK_REMOVED, &ev) && ev.ifindex == gre1, "removal by others is told");

	must(gre_link_ensure(links, &config, &gre1, NULL, why) == 0, why);
	setsockopt(gre_links_fd(links, 0), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	run("for i in $(seq 60); do echo address add 10.9.0.$i/32 dev v0; done | ip -n A -batch -");
	run("ip -n A link delete gre1");
	ok(link_event_of(GRE_LINK_RESYNC, &ev), "lost events are told");
	ok(link_event_of(GRE_LINK_REMOVED, &ev) && ev.ifindex == gre1, "and our links looked at again");
}

/* ---- Neighbours ---- */

static void test_neighbours(void)
{
	struct gre_neigh_entry *v = NULL;
	struct gre_neigh_event ev;
	struct addr addr = addr_v4(0xac100003);
	size_t n = 0;

	start_with_link();
	ok(put(0xac100003, NODE_B, 0xfeedfacecafebeef) == 0, "a neighbour is set");
	ok(shows("172.16.0.3 lladdr 10.0.0.6 PERMANENT proto 211", "ip -n A neighbour show dev gre1"),
	   "permanent and tagged");
	ok(put(0xac100003, NODE_B + 1, 2) == 0 &&
		   shows("172.16.0.3 lladdr 10.0.0.7 PERMANENT", "ip -n A neighbour show dev gre1"),
	   "and replaced");
	must(run("ip -n A neighbour add 172.16.0.7 lladdr 10.9.9.9 dev gre1 nud permanent") == 0,
	     "neighbour");
	ok(gre_neigh_list(neighs, gre1, &v, &n, why) == 0 && n == 1 &&
		   addr_to_v4(&v[0].addr) == 0xac100003 && addr_to_v4(&v[0].nbma) == NODE_B + 1,
	   "the list has ours only");
	free(v);
	gre_neigh_del(neighs, 3, gre1, &addr);
	ok(neigh_event_within(1000, &ev) && ev.type == GRE_NEIGH_ACK && ev.ack.token == 3 &&
		   !ev.ack.err && listed() == 0,
	   "a neighbour is removed");
	gre_neigh_del(neighs, 4, gre1, &addr);
	ok(neigh_event_within(1000, &ev) && ev.ack.err == ENOENT && ev.ack.token == 4, "%s", ev.ack.why);
	gre_neigh_put(neighs, 5, 4242, &addr, &addr);
	ok(neigh_event_within(1000, &ev) && ev.ack.err == ENODEV && ev.ack.token == 5, "%s", ev.ack.why);
}

static void test_upcall(void)
{
	struct gre_neigh_event ev;
	int udp, tap;

	start_with_link();
	must(run("ip -n A neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent") == 0,
	     "neighbour");
	udp = udp_open("172.16.0.2");
	/* Every IP packet that leaves by v0; 3 is ETH_P_ALL. */
	tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(3));
	must(tap >= 0, "packet socket");
	udp_send(udp, "172.16.0.9", "wait");
	ok(neigh_event_within(500, &ev) && ev.type == GRE_NEIGH_UPCALL && ev.upcall.ifindex == gre1 &&
		   addr_to_v4(&ev.upcall.addr) == 0xac100009,
	   "an unknown neighbour is asked for");
	ok(gre_packets_to(tap, 0x0a000009, 100) == 0, "the packet waits");
	ok(put(0xac100009, 0x0a000009, 1) == 0 && gre_packets_to(tap, 0x0a000009, 100) == 1,
	   "and leaves when we answer");
	udp_send(udp, "172.16.0.9", "now");
	ok(!neigh_event_within(100, &ev) && gre_packets_to(tap, 0x0a000009, 100) == 1,
	   "known ones are not asked for");
	udp_send(udp, "224.0.0.10", "all");
	ok(!neigh_event_within(100, &ev), "nor are groups");
	gre_neighs_unwatch(neighs, gre1);
	udp_send(udp, "172.16.0.10", "x");
	ok(!neigh_event_within(100, &ev) && gre_neighs_counters(neighs)->ignored == 1,
	   "nor neighbours of links that are not watched");
	close(udp);
	close(tap);
}

static void test_lost_upcalls(void)
{
	struct gre_neigh_event ev;
	bool resync = false;
	unsigned int upcalls = 0;
	int udp, small = 1;
	char to[20];

	start_with_link();
	udp = udp_open("172.16.0.2");
	setsockopt(gre_neighs_fd(neighs, 1), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 10; i < 60; i++) {
		snprintf(to, sizeof(to), "172.16.0.%d", i);
		udp_send(udp, to, "x");
	}
	while (neigh_event_within(100, &ev)) {
		resync = resync || ev.type == GRE_NEIGH_RESYNC;
		upcalls += ev.type == GRE_NEIGH_UPCALL;
	}
	ok(resync && upcalls > 0 && upcalls < 50, "lost upcalls are told");
	close(udp);
}

static void test_many_neighbours(void)
{
	enum { N = 5000 };
	struct gre_neigh_event ev;
	unsigned int acks = 0, in_order = 0;
	uint64_t begin;

	start_with_link();
	begin = clock_ms();
	for (uint32_t i = 0; i < N; i++) {
		struct addr p = addr_v4(0xac110000 + i), n = addr_v4(0x0b000000 + i);

		gre_neigh_put(neighs, i, gre1, &p, &n);
	}
	while (acks < N && neigh_event_within(2000, &ev))
		if (ev.type == GRE_NEIGH_ACK && !ev.ack.err)
			in_order += ev.ack.token == acks++;
	note("%d neighbours in %llu ms", N, (unsigned long long)(clock_ms() - begin));
	ok(acks == N && in_order == N && listed() == N, "%d neighbours at once", N);
	ok(!neigh_event_within(100, &ev) && gre_neighs_counters(neighs)->ignored == 0,
	   "our own changes do not come back to us");
	for (uint32_t i = 0; i < N; i++) {
		struct addr p = addr_v4(0xac110000 + i);

		gre_neigh_del(neighs, i, gre1, &p);
	}
	ok(gre_neighs_flush(neighs, 20000, why) == 0 && listed() == 0, "a flush waits for all");
}

/* ---- NHRP packets ---- */

static bool nhrp_gets(struct nhrp_sock *s, int ms, uint32_t from, const char *text)
{
	struct nhrp_sock_packet p;

	if (!readable_within(ms, (const int[]){ nhrp_sock_fd(s), -1 }))
		return false;
	nhrp_sock_readable(s);
	return nhrp_sock_next(s, &p) && addr_to_v4(&p.nbma) == from &&
	       p.payload.len == strlen(text) && memcmp(p.payload.data, text, p.payload.len) == 0;
}

static void test_nhrp(void)
{
	struct gre_link_config c = config;
	struct addr to = addr_v4(NODE_B), group = addr_v4(0xe0000001);
	struct span hello = { (const uint8_t *)"hello", 5 };
	struct nhrp_sock_packet p;
	struct nhrp_sock *a, *b;
	unsigned int gre1_b, n = 0;

	start_with_link();
	node_enter('B');
	c.local.b[3] = 6;
	c.address.addr.b[3] = 3;
	must(gre_link_ensure(links_b, &c, &gre1_b, NULL, why) == 0, why);
	must(nhrp_sock_open(&b, gre1_b, why) == 0, why);
	node_enter('A');
	must(nhrp_sock_open(&a, gre1, why) == 0, why);

	ok(nhrp_sock_send(a, &to, hello) == 0 && nhrp_gets(b, 500, NODE_A, "hello"),
	   "an NHRP packet arrives with its outer source");
	ok(!nhrp_gets(a, 100, NODE_A, "hello"), "and not at its sender");
	ok(nhrp_sock_send(a, &group, hello) == EINVAL, "a group is no NBMA address");
	for (int i = 0; i < 100; i++)
		nhrp_sock_send(a, &to, hello);
	sleep_ms(50);
	nhrp_sock_readable(b);
	while (nhrp_sock_next(b, &p))
		n++;
	ok(n == 64 && nhrp_gets(b, 100, NODE_A, "hello"), "one wake-up reads a bounded number");
	nhrp_sock_readable(b);
	while (nhrp_sock_next(b, &p))
		n++;
	ok(n == 99 && nhrp_sock_counters(b)->received == 101, "and nothing is lost");

	run("ip -n A link set gre1 down");
	ok(nhrp_sock_send(a, &to, hello) == ENETDOWN, "a link that is down takes no packet");
	ok(!nhrp_gets(a, 100, 0, "") && nhrp_sock_counters(a)->receive_errors > 0,
	   "its error is counted");
	run("ip -n A link set gre1 up");
	to = addr_v4(NODE_A);
	ok(nhrp_sock_send(b, &to, hello) == 0 && nhrp_gets(a, 500, NODE_B, "hello"),
	   "once it is up again the same socket works");
	run("ip -n A link delete gre1");
	to = addr_v4(NODE_B);
	ok(nhrp_sock_send(a, &to, hello) != 0, "a link that is gone takes no packet");
	nhrp_sock_readable(a);
	ok(!nhrp_sock_next(a, &p) && !nhrp_sock_next(a, &p), "and brings none");
	nhrp_sock_close(a);
	nhrp_sock_close(b);
	ok(nhrp_sock_open(&a, 4242, why) == ENODEV, "%s", why);
}

int main(void)
{
	test_create();
	test_options();
	test_adopt();
	test_foreign();
	test_update();
	test_link_events();
	test_neighbours();
	test_upcall();
	test_lost_upcalls();
	test_many_neighbours();
	test_nhrp();
	gre_links_close(links);
	gre_links_close(links_b);
	gre_neighs_close(neighs);
	return tap_end();
}
