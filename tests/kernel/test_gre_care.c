/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What surrounds a tunnel: the path's MTU, DF, and settings of the machine.
 *
 * LINK: tests/kernel/tap.c gre/
 * LINK: lib/addr.c lib/algo.c lib/batch.c lib/fifo.c
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "gre/care.h"
#include "gre/link.h"
#include "lib/util.h"
#include "tests/kernel/tap.h"

static struct gre_links *links;
static unsigned int gre1;
static int first_namespace;
static char why[GRE_WHY];

static const struct gre_link_config config = {
	.name = "gre1",
	.local = { 4, { 10, 0, 0, 4 } },
	.keyed = true,
	.key = 1,
	.address = { { 4, { 172, 16, 0, 2 } }, 24 },
};

static void start(void)
{
	gre_links_close(links);
	nodes_new();
	node_enter('A');
	must(gre_links_open(&links, why) == 0, why);
	must(gre_link_ensure(links, &config, &gre1, NULL, why) == 0, why);
}

static void test_ignore_df(void)
{
	struct gre_link_config c = config;

	start();
	ok(!shows("ignore-df", "ip -n A -d link show gre1"), "DF is heeded unless configured");
	must(run("ip -n A neighbour add 172.16.0.9 lladdr 10.0.0.6 dev gre1 nud permanent") == 0,
	     "neighbour");
	c.ignore_df = true;
	c.mtu = 1360;
	ok(gre_link_update(links, gre1, &c, why) == 0 &&
		   shows("ignore-df", "ip -n A -d link show gre1") &&
		   shows("mtu 1360", "ip -n A link show gre1"),
	   "it is ignored, and the MTU is another, from now on");
	ok(shows("172.16.0.9 lladdr 10.0.0.6", "ip -n A neighbour show dev gre1"),
	   "the neighbours stay");
	c.ignore_df = false;
	c.pmtudisc = true;
	ok(gre_link_update(links, gre1, &c, why) == 0 &&
		   !shows("ignore-df", "ip -n A -d link show gre1") &&
		   !shows("nopmtudisc", "ip -n A -d link show gre1"),
	   "and back");
	c.ignore_df = true;
	ok(gre_link_update(links, gre1, &c, why) == EINVAL, "%s", why);
}

static bool path_is(const char *to, uint16_t expected)
{
	struct addr a = { 0 };
	uint16_t mtu = 0;

	if (to[0])
		must(addr_parse(to, &a), to);
	return gre_links_path_mtu(links, &config.local, &a, &mtu, why) == 0 && mtu == expected;
}

static void test_path_mtu(void)
{
	struct addr nowhere = addr_v4(0x08080808);
	uint16_t mtu;

	start();
	ok(path_is("", 1500) && path_is("10.0.0.6", 1500), "the MTU of the interface");
	must(run("ip -n A link set v0 mtu 1300;"
		 "ip -n A route add 10.9.0.0/16 via 10.0.0.6 mtu 1280") == 0,
	     "routes");
	ok(path_is("", 1300) && path_is("10.0.0.6", 1300), "as it is now");
	ok(path_is("10.9.1.1", 1280), "or what the route says");
	ok(gre_links_path_mtu(links, &config.local, &nowhere, &mtu, why) != 0, "%s", why);
	ok(gre_links_path_mtu(links, &nowhere, &(struct addr){ 0 }, &mtu, why) != 0, "%s", why);
}

static void test_forwarding(void)
{
	struct gre_care c = { .name = "gre1", .forwarding = GRE_CARE_CHECK };
	struct gre_care_finding f[GRE_CARE_MAX];

	start();
	run("ip netns exec A sysctl -qw net.ipv4.ip_forward=0");
	ok(gre_care_check(&c, f) == 1 && !f[0].repaired &&
		   strcmp(f[0].setting, "net.ipv4.ip_forward") == 0 &&
		   strstr(f[0].why, "sysctl -w net.ipv4.ip_forward=1"),
	   "%s", f[0].why);
	ok(shows("0", "ip netns exec A sysctl -n net.ipv4.ip_forward"), "a check changes nothing");
	c.forwarding = GRE_CARE_NO;
	ok(gre_care_check(&c, f) == 0, "nor is one made that is not wanted");
	c.forwarding = GRE_CARE_SET;
	ok(gre_care_check(&c, f) == 1 && f[0].repaired &&
		   shows("1", "ip netns exec A sysctl -n net.ipv4.ip_forward"),
	   "%s", f[0].why);
	ok(gre_care_check(&c, f) == 0, "then all is well");
	run("ip netns exec A sysctl -qw net.ipv4.conf.gre1.forwarding=0");
	c.forwarding = GRE_CARE_CHECK;
	ok(gre_care_check(&c, f) == 1 && strcmp(f[0].setting, "net.ipv4.conf.gre1.forwarding") == 0,
	   "%s", f[0].why);
	run("ip netns exec A sysctl -qw net.ipv4.conf.gre1.forwarding=1");
	must(run("mount -o remount,ro,bind /proc/sys 2>/dev/null || mount --bind -o ro /proc/sys "
		 "/proc/sys") == 0,
	     "read-only /proc/sys");
	c.forwarding = GRE_CARE_SET;
	ok(gre_care_check(&c, f) == 0, "what is right need not be writable");
	run("umount /proc/sys");
}

static void test_neighbours(void)
{
	struct gre_care c = { .name = "gre1", .neighbours = GRE_CARE_CHECK, .peers = 5000 };
	struct gre_care_finding f[GRE_CARE_MAX];
	uint64_t seen = 0;
	bool told;

	start();
	ok(gre_care_check(&c, f) == 0 && !gre_care_neighbours_overflowed(&seen, why),
	   "a namespace that cannot say is not complained about");
	must(setns(first_namespace, CLONE_NEWNET) == 0, "the first namespace");
	ok(gre_care_check(&c, f) == 3 && strstr(f[0].why, "gc_thresh3=10000") && !f[0].repaired,
	   "%s", f[0].why);
	c.peers = 200;
	ok(gre_care_check(&c, f) == 0, "for few peers the kernel's defaults will do");
	c.peers = 5000;
	c.neighbours = GRE_CARE_SET;
	ok(gre_care_check(&c, f) == 3 && f[2].repaired && gre_care_check(&c, f) == 0 &&
		   shows("10000", "sysctl -n net.ipv4.neigh.default.gc_thresh3"),
	   "%s", f[2].why);
	ok(!gre_care_neighbours_overflowed(&seen, why), "no overflow so far");
	run("sysctl -qw net.ipv4.neigh.default.gc_thresh1=1 net.ipv4.neigh.default.gc_thresh2=2"
	    " net.ipv4.neigh.default.gc_thresh3=3");
	run("for i in $(seq 20 40); do ip netns exec A ping -c1 -W0.01 -i0.01 10.0.0.$i; done "
	    ">/dev/null 2>&1");
	told = gre_care_neighbours_overflowed(&seen, why);
	run("sysctl -qw net.ipv4.neigh.default.gc_thresh3=1024 "
	    "net.ipv4.neigh.default.gc_thresh2=512"
	    " net.ipv4.neigh.default.gc_thresh1=128");
	ok(told, "%s", why);
	ok(!gre_care_neighbours_overflowed(&seen, why), "once");
	node_enter('A');
}

int main(void)
{
	first_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	must(first_namespace >= 0, "/proc/self/ns/net");
	test_ignore_df();
	test_path_mtu();
	test_forwarding();
	test_neighbours();
	gre_links_close(links);
	return tap_end();
}
