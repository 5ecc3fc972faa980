/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hairpins against a real kernel: A is a hub with two tunnel members behind B's address; what B
 * sends into the tunnel for another member comes back to B by the same link of A.
 *
 * LINK: tests/kernel/tap.c gre/
 * LINK: lib/addr.c lib/algo.c lib/batch.c lib/fifo.c
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gre/hairpin.h"
#include "gre/link.h"
#include "lib/util.h"
#include "tests/kernel/tap.h"

#define INTERVAL 1000 /* ms */

static struct gre_links *links, *links_b;
static struct hairpin_program *program;
static struct hairpin *hairpin;
static unsigned int gre1;
static char why[GRE_WHY];

static void make_link(struct gre_links *ls, const char *name, uint8_t local, uint8_t key,
		      uint8_t inner, unsigned int *ifindex)
{
	struct gre_link_config c = { .local = { 4, { 10, 0, 0, local } },
				     .keyed = true,
				     .key = key,
				     .address = { { 4, { 172, 16, key, inner } }, 24 } };

	strcpy(c.name, name);
	must(gre_link_ensure(ls, &c, ifindex, NULL, why) == 0, why);
}

/*
 * A: gre1 172.16.1.1, gre2 172.16.2.1, and a LAN 192.168.1.0/24; B: gre1 172.16.1.2 that sends all
 * to A, and takes whatever comes.
 */
static void start(void)
{
	unsigned int unused;

	nodes_new();
	node_enter('B');
	must(gre_links_open(&links_b, why) == 0, why);
	make_link(links_b, "gre1", 6, 1, 2, &unused);
	node_enter('A');
	must(gre_links_open(&links, why) == 0, why);
	make_link(links, "gre1", 4, 1, 1, &gre1);
	make_link(links, "gre2", 4, 2, 1, &unused);
	must(run("set -e; ip netns exec A sysctl -qw net.ipv4.ip_forward=1;"
		 "ip -n A link add lan type dummy; ip -n A address add 192.168.1.1/24 dev lan;"
		 "ip -n A link set lan up;"
		 "for i in 3 4 5; do ip -n A neighbour add 172.16.1.$i lladdr 10.0.0.6 nud "
		 "permanent dev gre1;"
		 "ip -n A neighbour add 172.16.2.$i lladdr 10.0.0.6 nud permanent dev gre2; done;"
		 "ip -n A neighbour add 172.16.1.2 lladdr 10.0.0.6 nud permanent dev gre1;"
		 "ip -n B neighbour add 172.16.1.1 lladdr 10.0.0.4 nud permanent dev gre1;"
		 "for i in 172.16.1.3 172.16.1.4 172.16.1.5 172.16.2.0/24 192.168.1.0/24 "
		 "20.0.0.0/8; do"
		 " ip -n B route add $i via 172.16.1.1 dev gre1; done;"
		 "ip -n A route add 20.0.0.0/8 via 172.16.1.3 dev gre1") == 0,
	     "hub and spokes");
	must(hairpin_open(&hairpin, program, gre1, why) == 0, why);
}

/* What has been seen of packets to this address (none: any), within ms. */
static unsigned int seen(uint32_t to, int ms)
{
	uint64_t end = clock_ms() + (uint64_t)ms;
	unsigned int n = 0;
	struct span p;

	while (clock_ms() < end) {
		if (!readable_within((int)(end - clock_ms()),
				     (const int[]){ hairpin_fd(hairpin), -1 }))
			break;
		hairpin_readable(hairpin);
		while (hairpin_next(hairpin, &p))
			n += !to || memcmp(p.data + 16, addr_v4(to).b, 4) == 0;
	}
	return n;
}

static void send_from_b(const char *to, unsigned int count, const char *text)
{
	static int fd = -1;

	if (fd < 0) {
		node_enter('B');
		fd = udp_open("172.16.1.2");
		node_enter('A');
	}
	for (unsigned int i = 0; i < count; i++)
		must(udp_send(fd, to, text), to);
}

static void test_flows(void)
{
	static char large[1001];
	struct span p;

	start();
	send_from_b("172.16.1.3", 1, "one");
	ok(readable_within(500, (const int[]){ hairpin_fd(hairpin), -1 }),
	   "a packet that hairpins is seen");
	hairpin_readable(hairpin);
	ok(hairpin_next(hairpin, &p) && p.len == 31 && p.data[0] == 0x45 && p.data[9] == 17 &&
		   memcmp(p.data + 12, addr_v4(0xac100102).b, 4) == 0 &&
		   memcmp(p.data + 16, addr_v4(0xac100103).b, 4) == 0 &&
		   memcmp(p.data + 28, "one", 3) == 0,
	   "from its IPv4 header on");
	ok(!hairpin_next(hairpin, &p), "once");
	send_from_b("172.16.1.3", 50, "again");
	ok(seen(0, 200) == 0, "others of its flow are not");
	send_from_b("172.16.1.4", 50, "other");
	ok(seen(0xac100104, 200) == 1, "those of another flow are, once");
	sleep_ms(INTERVAL);
	send_from_b("172.16.1.3", 50, "later");
	send_from_b("172.16.1.4", 50, "later");
	ok(seen(0, 200) == 2, "when the interval is over, once more");
	memset(large, 'x', sizeof(large) - 1);
	send_from_b("172.16.1.5", 1, large);
	hairpin_readable(hairpin);
	ok(readable_within(500, (const int[]){ hairpin_fd(hairpin), -1 }) &&
		   hairpin_next(hairpin, &p) && p.len == HAIRPIN_SNAP,
	   "of a large one, the beginning");
}

static void test_others(void)
{
	int fd;

	send_from_b("192.168.1.7", 5, "to the LAN");
	send_from_b("172.16.2.3", 5, "by another tunnel");
	send_from_b("172.16.1.1", 5, "to the hub");
	ok(seen(0, 200) == 0, "what leaves elsewhere, or is for the hub, is not seen");
	fd = udp_open("172.16.1.1");
	must(udp_send(fd, "172.16.1.2", "x") && udp_send(fd, "172.16.1.3", "x") &&
		     udp_send(fd, "224.0.0.10", "x"),
	     "send");
	ok(seen(0, 200) == 0, "nor what the hub sends");
	close(fd);
	run("ip -n A link set gre1 down; ip -n A link set gre1 up;"
	    "ip -n A neighbour add 172.16.1.3 lladdr 10.0.0.6 nud permanent dev gre1;"
	    "ip -n A route add 20.0.0.0/8 via 172.16.1.3 dev gre1");
	sleep_ms(INTERVAL);
	send_from_b("172.16.1.3", 5, "x");
	ok(seen(0xac100103, 300) == 1, "a link that was down is watched again");
}

/* One source that talks to everybody. */
static void test_flood(void)
{
	struct hairpin_counters before = hairpin_counters(hairpin), after;
	unsigned int calls = 0, n = 0, most = 0;
	struct span p;
	char to[24];

	for (int i = 0; i < 2000; i++) {
		snprintf(to, sizeof(to), "20.0.%d.%d", i / 250, i % 250 + 1);
		send_from_b(to, 1, "x");
	}
	sleep_ms(200);
	while (readable_within(100, (const int[]){ hairpin_fd(hairpin), -1 })) {
		unsigned int now = 0;

		hairpin_readable(hairpin);
		for (calls++; hairpin_next(hairpin, &p); now++)
			;
		most = MAX(most, now);
		n += now;
	}
	after = hairpin_counters(hairpin);
	note("2000 flows at once: %u seen in %u calls, %llu dropped", n, calls,
	     (unsigned long long)(after.dropped - before.dropped));
	ok(n > 64 && most <= 64, "one wake-up reads a bounded number");
	ok(after.seen - before.seen == n && n + after.dropped - before.dropped == 2000,
	   "the rest is counted");
}

/* Of this process only these: bits of their numbers. */
static bool keep_capabilities(uint64_t set)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)set, .permitted = (uint32_t)set },
		{ .effective = (uint32_t)(set >> 32), .permitted = (uint32_t)(set >> 32) },
	};

	return syscall(SYS_capset, &head, data) == 0;
}

/*
 * What the systemd unit leaves the daemon. The kernel is stricter with such a program than with one of
 * somebody who has CAP_PERFMON, too.
 */
static void test_fewest_privileges(void)
{
	struct hairpin_program *p = NULL;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!keep_capabilities(1ULL << CAP_BPF | 1ULL << CAP_NET_RAW))
			_exit(9);
		if (hairpin_load(&p, INTERVAL, why) == 0)
			_exit(0);
		note("%s", why);
		_exit(1);
	}
	must(waitpid(pid, &status, 0) == pid, "child");
	ok(status == 0, "CAP_BPF and CAP_NET_RAW are enough to load it");
}

/* In a process of its own, without any capability. */
static void test_privileges(void)
{
	int fds[2], status;
	pid_t pid;

	must(pipe(fds) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		struct hairpin_program *p = NULL;
		struct hairpin *h = NULL;
		int err;

		if (!keep_capabilities(0))
			_exit(9);
		err = hairpin_load(&p, INTERVAL, why);
		if (write(fds[1], why, sizeof(why)) < 0)
			_exit(8);
		_exit(err != EPERM ? 1 : hairpin_open(&h, program, gre1, why) != EPERM ? 2 : 0);
	}
	must(waitpid(pid, &status, 0) == pid && read(fds[0], why, sizeof(why)) == sizeof(why),
	     "child");
	ok(status == 0 && strstr(why, "CAP_BPF"), "%s", why);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	must(getenv("LAB_WORLD") != NULL, "run it by scripts/check-netns.sh");
	if (!ok(hairpin_load(&program, INTERVAL, why) == 0, "the program is loaded %s", why))
		return tap_end();
	test_flows();
	test_others();
	test_flood();
	test_fewest_privileges();
	test_privileges();
	hairpin_close(hairpin);
	ok(hairpin_open(&hairpin, program, 4242, why) == ENODEV, "%s", why);
	hairpin_unload(program);
	gre_links_close(links);
	gre_links_close(links_b);
	return tap_end();
}
