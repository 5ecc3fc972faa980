/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shortcut routes against a real kernel: what wins over what, lookups behind them, what others
 * change, and comparing with what is there; the same for neighbours.
 *
 * LINK: tests/kernel/tap.c gre/
 * LINK: lib/addr.c lib/algo.c lib/batch.c lib/fifo.c
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gre/link.h"
#include "gre/neigh.h"
#include "gre/route.h"
#include "lib/util.h"
#include "tests/kernel/tap.h"

static struct gre_links *links;
static struct gre_neighs *neighs;
static struct gre_routes *routes;
static unsigned int gre1;
static uint64_t last_token;
static char why[GRE_WHY];

static void start(void)
{
	static const struct gre_link_config config = { .name = "gre1",
						       .local = { 4, { 10, 0, 0, 4 } },
						       .keyed = true,
						       .key = 1,
						       .address = { { 4, { 172, 16, 0, 2 } },
								    24 } };

	gre_links_close(links);
	gre_neighs_close(neighs);
	gre_routes_close(routes);
	nodes_new();
	node_enter('A');
	must(gre_links_open(&links, why) == 0, why);
	must(gre_neighs_open(&neighs, why) == 0, why);
	must(gre_routes_open(&routes, why) == 0, why);
	must(gre_link_ensure(links, &config, &gre1, NULL, why) == 0, why);
}

static struct prefix net(const char *text)
{
	struct prefix p;

	must(prefix_parse(text, &p), text);
	return p;
}

static struct addr host(const char *text)
{
	struct addr a;

	must(addr_parse(text, &a), text);
	return a;
}

static bool event_within(int ms, struct gre_route_event *ev)
{
	int fds[4] = { gre_routes_fd(routes, 0), gre_routes_fd(routes, 1), gre_routes_fd(routes, 2),
		       -1 };

	gre_routes_commit(routes);
	while (!gre_routes_next_event(routes, ev)) {
		if (!readable_within(ms, fds))
			return false;
		gre_routes_readable(routes);
		gre_routes_commit(routes);
	}
	return true;
}

/* Drops others until one of this type comes. */
static bool event_of(enum gre_route_event_type type, int ms, struct gre_route_event *ev)
{
	while (event_within(ms, ev))
		if (ev->type == type)
			return true;
	return false;
}

static void drain(void)
{
	struct gre_route_event ev;

	while (event_within(50, &ev))
		;
}

static int put(const char *prefix, const char *gateway)
{
	struct prefix p = net(prefix);
	struct addr g = host(gateway);
	struct gre_route_event ev;

	gre_route_put(routes, ++last_token, gre1, &p, &g);
	if (!event_of(GRE_ROUTE_ACK, 1000, &ev) || ev.ack.token != last_token)
		return -1;
	memcpy(why, ev.ack.why, sizeof(why));
	return ev.ack.err;
}

static int del(const char *prefix)
{
	struct prefix p = net(prefix);
	struct gre_route_event ev;

	gre_route_del(routes, ++last_token, gre1, &p);
	if (!event_of(GRE_ROUTE_ACK, 1000, &ev) || ev.ack.token != last_token)
		return -1;
	memcpy(why, ev.ack.why, sizeof(why));
	return ev.ack.err;
}

static bool goes(const char *to, const char *how)
{
	return shows(how, "ip -n A route get %s", to);
}

/* The shortcuts in the kernel, whoever made them. */
static int ours(void)
{
	return lines("", "ip -n A route show table all proto 211") - 1;
}

/* ---- */

static void test_put(void)
{
	struct gre_route_entry *v = NULL;
	size_t n = 0;

	start();
	must(run("ip -n A route add 192.168.0.0/16 via 172.16.0.1 dev gre1") == 0, "summary");
	ok(put("192.168.3.0/24", "172.16.0.3") == 0 &&
		   goes("192.168.3.7", "via 172.16.0.3 dev gre1"),
	   "a shortcut wins over a summary");
	ok(shows("192.168.3.0/24 via 172.16.0.3 dev gre1 proto 211 metric 4278190291 onlink",
		 "ip -n A route show"),
	   "with our protocol and a metric that outdoes nobody");
	ok(goes("192.168.4.7", "via 172.16.0.1 dev gre1"), "nothing else changes");
	ok(put("192.168.3.0/24", "172.16.0.3") == 0 && ours() == 1, "once more is no change");
	ok(put("192.168.3.0/24", "172.16.0.4") == 0 && goes("192.168.3.7", "via 172.16.0.4") &&
		   ours() == 1,
	   "another gateway takes the former one's place");
	ok(put("192.168.8.0/24", "10.99.0.1") == 0 && goes("192.168.8.7", "via 10.99.0.1 dev gre1"),
	   "a gateway need not be in the prefix of the link");
	ok(gre_route_list(routes, gre1, &v, &n, why) == 0 && n == 2 && v[0].prefix.bits == 24 &&
		   addr_to_v4(&v[0].gateway) == 0xac100004,
	   "the list has ours only");
	free(v);
	ok(del("192.168.3.0/24") == 0 && goes("192.168.3.7", "via 172.16.0.1"),
	   "a shortcut that goes leaves the summary");
	ok(del("192.168.3.0/24") == ESRCH, "%s", why);
	ok(put("192.168.3.0/24", "0.0.0.0") != 0, "%s", why);
	ok(ours() == 1 && del("192.168.3.0/24") == ESRCH, "what is refused is not there");
	ok(put("10.0.0.0/24", "172.16.0.3") == EEXIST && goes("10.0.0.77", "dev v0"), "%s", why);
}

/* Two routes to one prefix: the routing daemon's, and ours. */
static void test_same_prefix(void)
{
	start();
	must(run("ip -n A route add 192.168.3.0/24 via 172.16.0.1 dev gre1 proto ospf metric 20") ==
		     0,
	     "route");
	must(run("ip -n A route add 192.168.5.0/24 via 172.16.0.1 dev gre1") == 0, "route");
	ok(put("192.168.3.0/24", "172.16.0.3") == 0 && goes("192.168.3.7", "via 172.16.0.3") &&
		   goes("192.168.3.200", "via 172.16.0.3"),
	   "a shortcut wins over a route to the same prefix");
	ok(ours() == 2 && shows("192.168.3.0/25 via 172.16.0.3", "ip -n A route") &&
		   shows("192.168.3.128/25 via 172.16.0.3", "ip -n A route"),
	   "as its halves");
	ok(shows("192.168.3.0/24 via 172.16.0.1 dev gre1 proto ospf metric 20", "ip -n A route"),
	   "and the other one stays");
	ok(put("192.168.5.0/24", "172.16.0.3") == 0 && goes("192.168.5.7", "via 172.16.0.3"),
	   "also over a static one without metric");
	ok(put("192.168.3.0/24", "172.16.0.4") == 0 && goes("192.168.3.200", "via 172.16.0.4") &&
		   goes("192.168.3.1", "via 172.16.0.4") && ours() == 4,
	   "another gateway takes the former one's place");
	must(run("ip -n A route add 192.168.9.0/24 via 172.16.0.1 dev gre1;"
		 "ip -n A route add 192.168.9.0/28 via 10.0.0.6") == 0,
	     "routes");
	ok(put("192.168.9.0/24", "172.16.0.3") == 0 && goes("192.168.9.77", "via 172.16.0.3") &&
		   goes("192.168.9.7", "via 10.0.0.6") && del("192.168.9.0/24") == 0,
	   "also where a longer one hides the route of the same prefix");
	must(run("ip -n A route add 192.168.5.128/25 via 10.0.0.6") == 0, "route");
	ok(goes("192.168.5.200", "via 10.0.0.6 dev v0") && goes("192.168.5.7", "via 172.16.0.3"),
	   "a longer prefix of others wins over a half");
	must(run("ip -n A route del 192.168.5.128/25 via 10.0.0.6") == 0, "route");
	ok(del("192.168.3.0/24") == 0 && goes("192.168.3.7", "via 172.16.0.1") && ours() == 2,
	   "a shortcut that goes leaves the other route");
	ok(del("192.168.5.0/24") == 0 && goes("192.168.5.200", "via 172.16.0.1") && ours() == 0,
	   "and the static one");
}

static void test_later_route(void)
{
	struct gre_route_event ev;

	start();
	ok(put("192.168.3.0/24", "172.16.0.3") == 0 && ours() == 1, "a shortcut");
	drain();
	must(run("ip -n A route add 192.168.3.0/24 via 172.16.0.1 dev gre1 proto ospf metric 20") ==
		     0,
	     "route");
	ok(event_of(GRE_ROUTE_CHANGED, 500, &ev) && ev.changed.prefix.bits == 24,
	   "another route comes");
	drain();
	ok(goes("192.168.3.7", "via 172.16.0.3") && goes("192.168.3.200", "via 172.16.0.3") &&
		   ours() == 2,
	   "the shortcut still wins");
	ok(del("192.168.3.0/24") == 0 && ours() == 0 && goes("192.168.3.7", "via 172.16.0.1"),
	   "and still can go");
}

static bool reconciled(bool sweep, size_t restored, size_t removed)
{
	struct gre_route_event ev;

	gre_routes_reconcile(routes, ++last_token, gre1, sweep);
	if (!event_of(GRE_ROUTE_RECONCILED, 2000, &ev) || ev.reconciled.token != last_token ||
	    ev.reconciled.err)
		return false;
	note("restored %zu, removed %zu", ev.reconciled.restored, ev.reconciled.removed);
	must(gre_routes_flush(routes, 1000, why) == 0, why);
	return ev.reconciled.restored == restored && ev.reconciled.removed == removed;
}

static bool rule(void)
{
	return shows("32765:\tfrom all lookup 211 proto 211", "ip -n A rule");
}

/* There is nothing longer than /32: a table of our own, before the main one. */
static void test_hosts(void)
{
	start();
	must(run("ip -n A route add 172.16.0.9/32 via 172.16.0.1 dev gre1 proto ospf metric 20") ==
		     0,
	     "route");
	ok(!rule(), "no rule while there is no host route");
	ok(put("172.16.0.9/32", "172.16.0.9") == 0 && goes("172.16.0.9", "dev gre1 table 211") &&
		   rule(),
	   "a shortcut to a host wins over another route to it");
	ok(shows("172.16.0.9 via 172.16.0.1 dev gre1 proto ospf metric 20", "ip -n A route"),
	   "which stays where it is");
	ok(put("192.168.3.1/32", "172.16.0.3") == 0 &&
		   goes("192.168.3.1", "via 172.16.0.3 dev gre1") && ours() == 2,
	   "a second one");
	ok(put("192.168.3.1/32", "172.16.0.4") == 0 &&
		   goes("192.168.3.1", "via 172.16.0.4 dev gre1") && ours() == 2,
	   "with another gateway");
	ok(del("172.16.0.9/32") == 0 && goes("172.16.0.9", "via 172.16.0.1") && rule(),
	   "one that goes leaves the other route");
	ok(del("192.168.3.1/32") == 0 && gre_routes_flush(routes, 1000, why) == 0 && ours() == 0 &&
		   !rule(),
	   "the last one takes the rule with it");
	ok(put("172.16.0.9/32", "172.16.0.9") == 0 && rule(), "and back");
	must(run("ip -n A rule del pref 32765") == 0, "rule");
	ok(reconciled(false, 0, 0) && rule() && goes("172.16.0.9", "dev gre1 table 211"),
	   "a rule that someone has removed is put back");
	gre_routes_forget(routes, gre1);
	gre_routes_close(routes);
	routes = NULL;
	ok(!rule(), "a clean end leaves no rule");
	must(run("ip -n A rule add pref 32765 lookup 211 protocol 211") == 0, "rule");
	must(gre_routes_open(&routes, why) == 0, why);
	ok(reconciled(true, 0, 1) && !rule() && ours() == 0, "nor does a new start, of a crash");
}

static bool found(const char *to, const char *prefix, const char *gateway, unsigned int ifindex)
{
	struct addr a = host(to);
	struct prefix p = net(prefix);
	struct gre_route_event ev;

	gre_route_lookup(routes, ++last_token, &a);
	if (!event_of(GRE_ROUTE_FOUND, 1000, &ev) || ev.found.token != last_token)
		return false;
	a = gateway[0] ? host(gateway) : (struct addr){ 0 };
	return ev.found.found && !ev.found.local && memcmp(&ev.found.prefix, &p, sizeof(p)) == 0 &&
	       addr_equal(&ev.found.gateway, &a) && ev.found.ifindex == ifindex;
}

static void test_lookup(void)
{
	unsigned int v0 = if_nametoindex("v0");
	struct addr a = host("9.9.9.9");
	struct gre_route_event ev;

	start();
	must(run("ip -n A route add 192.168.0.0/16 via 172.16.0.1 dev gre1;"
		 "ip -n A route add 192.168.3.0/24 via 172.16.0.5 dev gre1 metric 50;"
		 "ip -n A route add 192.168.3.0/24 via 172.16.0.6 dev gre1 metric 30;"
		 "ip -n A route add unreachable 192.168.7.0/24;"
		 "ip -n A route add 192.168.9.0/24 nexthop via 10.0.0.6 nexthop via 10.0.0.7") == 0,
	     "routes");
	v0 = if_nametoindex("v0");
	gre_route_lookup(routes, 1, &a);
	ok(event_of(GRE_ROUTE_FOUND, 500, &ev) && !ev.found.found && ev.found.token == 1,
	   "no route");
	a = host("172.16.0.2");
	gre_route_lookup(routes, 2, &a);
	ok(event_of(GRE_ROUTE_FOUND, 500, &ev) && ev.found.found && ev.found.local,
	   "our own address");
	a = host("192.168.7.1");
	gre_route_lookup(routes, 3, &a);
	ok(event_of(GRE_ROUTE_FOUND, 500, &ev) && !ev.found.found, "a route that forbids");
	ok(found("10.0.0.77", "10.0.0.0/24", "", v0), "a connected prefix");
	ok(found("192.168.4.1", "192.168.0.0/16", "172.16.0.1", gre1),
	   "a summary through the tunnel");
	ok(found("192.168.3.1", "192.168.3.0/24", "172.16.0.6", gre1), "the better of two");
	ok(found("192.168.9.1", "192.168.9.0/24", "10.0.0.6", v0), "a route of several ways");
	must(put("192.168.3.0/24", "172.16.0.3") == 0 && put("192.168.4.0/24", "172.16.0.4") == 0 &&
		     put("192.168.7.0/24", "172.16.0.4") == 0 &&
		     put("192.168.3.1/32", "172.16.0.3") == 0 &&
		     put("20.0.0.0/8", "172.16.0.4") == 0,
	     "shortcuts");
	ok(found("192.168.3.1", "192.168.3.0/24", "172.16.0.6", gre1) &&
		   found("192.168.4.1", "192.168.0.0/16", "172.16.0.1", gre1),
	   "behind our shortcuts the same is found");
	a = host("20.0.0.1");
	gre_route_lookup(routes, 4, &a);
	ok(event_of(GRE_ROUTE_FOUND, 500, &ev) && !ev.found.found, "or nothing");
	a = host("192.168.7.1");
	gre_route_lookup(routes, 5, &a);
	ok(event_of(GRE_ROUTE_FOUND, 500, &ev) && !ev.found.found, "or what forbids");
}

/* Many questions at once, half of them behind shortcuts, in a table that is not small. */
static void test_many_lookups(void)
{
	enum { N = 200 };
	unsigned int good = 0, got = 0;
	struct gre_route_event ev;
	bool seen[N] = { false };
	uint64_t begin;

	start();
	must(run("for i in $(seq 0 19); do for j in $(seq 0 249); do echo route add 30.$i.$j.0/24 "
		 "via "
		 "172.16.0.1 dev gre1; done; done | ip -n A -batch -") == 0,
	     "routes");
	for (uint32_t i = 0; i < N / 2; i++) {
		struct prefix p = { addr_v4(0x1e000000 + (i << 8)), 24 };
		struct addr g = host("172.16.0.3");

		gre_route_put(routes, 0, gre1, &p, &g);
	}
	must(gre_routes_flush(routes, 5000, why) == 0 && gre_routes_flush(routes, 5000, why) == 0,
	     why);
	drain();
	must(ours() == N, "two halves of each");
	begin = clock_ms();
	for (uint32_t i = 0; i < N; i++) {
		struct addr a = addr_v4(0x1e000001 + (i << 8));

		gre_route_lookup(routes, i, &a);
	}
	while (got < N && event_of(GRE_ROUTE_FOUND, 3000, &ev)) {
		got += !seen[ev.found.token];
		seen[ev.found.token] = true;
		good += ev.found.found && ev.found.prefix.bits == 24 &&
			addr_to_v4(&ev.found.prefix.addr) ==
				0x1e000000 + ((uint32_t)ev.found.token << 8) &&
			addr_to_v4(&ev.found.gateway) == 0xac100001;
	}
	note("%d lookups, half of them behind shortcuts, in 5000 routes: %llu ms", N,
	     (unsigned long long)(clock_ms() - begin));
	ok(got == N && good == N, "all of %d questions are answered, each once", N);
}

static void test_changes(void)
{
	struct gre_route_event ev;
	unsigned int n = 0, all = 0;
	int small = 1;

	start();
	drain();
	must(run("ip -n A route add 192.168.3.0/24 via 10.0.0.6") == 0, "route");
	ok(event_within(500, &ev) && ev.type == GRE_ROUTE_CHANGED && ev.changed.prefix.bits == 24 &&
		   addr_to_v4(&ev.changed.prefix.addr) == 0xc0a80300,
	   "a route of others comes");
	must(run("for i in 1 2 3 4 5; do ip -n A route replace 192.168.3.0/24 via 10.0.0.$i; done;"
		 "ip -n A route del 192.168.3.0/24") == 0,
	     "routes");
	ok(event_within(500, &ev) && ev.type == GRE_ROUTE_CHANGED && !event_within(100, &ev),
	   "changes of one prefix are told once");
	must(put("192.168.3.0/24", "172.16.0.3") == 0 && del("192.168.3.0/24") == 0, "shortcut");
	ok(!event_within(100, &ev), "our own are not told");
	must(run("for i in $(seq 50); do echo route add 20.$i.0.0/16 via 10.0.0.6; done | ip -n A "
		 "-batch -") == 0,
	     "routes");
	while (event_within(100, &ev))
		n += ev.type == GRE_ROUTE_CHANGED && ev.changed.prefix.bits == 16;
	ok(n == 50, "each of fifty is told");
	must(run("for i in $(seq 100); do for j in $(seq 10); do echo route add 30.$i.$j.0/24 via "
		 "10.0.0.6; "
		 "done; done | ip -n A -batch -") == 0,
	     "routes");
	for (n = 0; event_within(100, &ev); n++)
		all += ev.type == GRE_ROUTE_CHANGED && ev.changed.prefix.bits == 0;
	note("a thousand changes: %u events, %u of them for everything", n, all);
	ok(all > 0 && n < 300, "many at once are everything");
	run("ip -n A link set v0 down");
	ok(event_of(GRE_ROUTE_CHANGED, 500, &ev) && ev.changed.prefix.bits == 0,
	   "a link that goes down is everything, too: its routes go without a word");
	run("ip -n A link set v0 up");
	drain();

	must(put("192.168.3.0/24", "172.16.0.3") == 0, "shortcut");
	must(run("ip -n A route del 192.168.3.0/24 proto 211") == 0, "delete");
	ok(event_of(GRE_ROUTE_LOST, 500, &ev) && ev.changed.ifindex == gre1 &&
		   ev.changed.prefix.bits == 24,
	   "a shortcut that someone else removes is told");
	must(run("ip -n A route add 192.168.4.0/24 via 172.16.0.1 dev gre1") == 0, "route");
	must(put("192.168.4.0/24", "172.16.0.3") == 0, "shortcut");
	must(run("ip -n A route del 192.168.4.128/25 proto 211") == 0, "delete");
	ok(event_of(GRE_ROUTE_LOST, 500, &ev) && ev.changed.prefix.bits == 24 &&
		   addr_to_v4(&ev.changed.prefix.addr) == 0xc0a80400,
	   "half of one, too");
	setsockopt(gre_routes_fd(routes, 1), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	run("for i in $(seq 100); do echo route add 40.$i.0.0/16 via 172.16.0.1; done | ip -n A "
	    "-batch -");
	ok(event_of(GRE_ROUTE_RESYNC, 500, &ev), "lost changes are told");
}

static void test_reconcile(void)
{
	start();
	must(run("ip -n A route add 192.168.4.0/24 via 172.16.0.1 dev gre1") == 0, "route");
	must(put("192.168.3.0/24", "172.16.0.3") == 0 && put("192.168.4.0/24", "172.16.0.3") == 0 &&
		     ours() == 3,
	     "shortcuts");
	ok(reconciled(true, 0, 0) && ours() == 3, "nothing to do");
	run("ip -n A link set gre1 down; ip -n A link set gre1 up");
	must(ours() == 0, "the kernel has dropped them");
	ok(reconciled(false, 3, 0) && ours() == 3 && goes("192.168.3.7", "via 172.16.0.3") &&
		   goes("192.168.4.7", "via 172.16.0.3"),
	   "what the kernel has dropped is put again");
	must(run("ip -n A route add 192.168.5.0/24 via 172.16.0.9 dev gre1 proto 211;"
		 "ip -n A route add 192.168.6.0/24 via 172.16.0.9 dev gre1 proto 212;"
		 "ip -n A route del 192.168.3.0/24 proto 211;"
		 "ip -n A route add 192.168.3.0/24 via 172.16.0.8 dev gre1 proto 211;"
		 "ip -n A route add 192.168.5.0/24 via 10.0.0.6 dev v0 proto 211 metric 9") == 0,
	     "leftovers");
	ok(reconciled(false, 1, 1) && goes("192.168.3.7", "via 172.16.0.3") && ours() == 5,
	   "another gateway is removed");
	ok(reconciled(true, 0, 1) && ours() == 4 && shows("192.168.6.0/24", "ip -n A route") &&
		   shows("192.168.5.0/24 via 10.0.0.6 dev v0 proto 211", "ip -n A route"),
	   "leftovers go when that is asked for; those of others and of other links stay");
	gre_routes_forget(routes, gre1);
	ok(reconciled(false, 0, 0) && ours() == 4, "what is forgotten is not repaired");
}

/* ---- Neighbours ---- */

static bool neigh_event_of(enum gre_neigh_event_type type, struct gre_neigh_event *ev)
{
	int fds[4] = { gre_neighs_fd(neighs, 0), gre_neighs_fd(neighs, 1), gre_neighs_fd(neighs, 2),
		       -1 };

	for (;;) {
		gre_neighs_commit(neighs);
		while (gre_neighs_next_event(neighs, ev))
			if (ev->type == type)
				return true;
		if (!readable_within(2000, fds))
			return false;
		gre_neighs_readable(neighs);
	}
}

static bool neighs_reconciled(bool sweep, size_t restored, size_t removed)
{
	struct gre_neigh_event ev;

	gre_neighs_reconcile(neighs, ++last_token, gre1, sweep);
	if (!neigh_event_of(GRE_NEIGH_RECONCILED, &ev) || ev.reconciled.token != last_token ||
	    ev.reconciled.err)
		return false;
	note("restored %zu, removed %zu", ev.reconciled.restored, ev.reconciled.removed);
	must(gre_neighs_flush(neighs, 1000, why) == 0, why);
	return ev.reconciled.restored == restored && ev.reconciled.removed == removed;
}

static bool neighbours(const char *prefix, unsigned int count)
{
	char n[16];

	snprintf(n, sizeof(n), "\n%u\n", count);
	return shows(n, "ip -n A neighbour show to %s dev gre1 | wc -l", prefix);
}

static void test_reconcile_neighbours(void)
{
	enum { N = 3000 };

	start();
	for (uint32_t i = 0; i < N; i++) {
		struct addr p = addr_v4(0xac110000 + i), n = addr_v4(0x0b000000 + i);

		gre_neigh_put(neighs, i, gre1, &p, &n);
	}
	must(gre_neighs_flush(neighs, 20000, why) == 0, why);
	ok(neighs_reconciled(true, 0, 0) && neighbours("172.17.0.0/16", N), "nothing to do in %d",
	   N);
	run("ip -n A link set gre1 down; ip -n A link set gre1 up");
	ok(neighs_reconciled(false, N, 0) && neighbours("172.17.0.0/16", N), "all are put again");
	must(run("ip -n A neighbour del 172.17.0.5 dev gre1;"
		 "ip -n A neighbour replace 172.17.0.6 lladdr 9.9.9.9 dev gre1 nud permanent proto "
		 "211;"
		 "ip -n A neighbour del 172.17.0.7 dev gre1;"
		 "ip -n A neighbour add 172.17.0.7 lladdr 9.9.9.9 dev gre1 nud permanent;"
		 "ip -n A neighbour add 172.18.0.1 lladdr 9.9.9.9 dev gre1 nud permanent proto 211;"
		 "ip -n A neighbour add 172.18.0.2 lladdr 9.9.9.9 dev gre1 nud permanent") == 0,
	     "neighbours");
	ok(neighs_reconciled(false, 2, 0) &&
		   shows("172.17.0.6 lladdr 11.0.0.6",
			 "ip -n A neighbour show 172.17.0.6 dev gre1") &&
		   shows("172.17.0.5 lladdr 11.0.0.5",
			 "ip -n A neighbour show 172.17.0.5 dev gre1"),
	   "what is missing or different is put again");
	ok(shows("172.17.0.7 lladdr 9.9.9.9", "ip -n A neighbour show 172.17.0.7 dev gre1"),
	   "what someone else has set is left");
	ok(neighbours("172.18.0.0/16", 2) && neighs_reconciled(true, 0, 1) &&
		   neighbours("172.18.0.0/16", 1),
	   "a leftover goes when that is asked for, another's stays");
}

int main(void)
{
	test_put();
	test_same_prefix();
	test_later_route();
	test_hosts();
	test_lookup();
	test_many_lookups();
	test_changes();
	test_reconcile();
	test_reconcile_neighbours();
	gre_links_close(links);
	gre_neighs_close(neighs);
	gre_routes_close(routes);
	return tap_end();
}
