/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The room xfrm against a real kernel: suites, policies, requests, events, leftovers.
 *
 * LINK: tests/kernel/tap.c xfrm/xfrm.c xfrm/xfrm_msg.c xfrm/xfrm_nl.c xfrm/xfrm_policy.c
 * LINK: lib/addr.c lib/algo.c lib/fifo.c lib/batch.c
 */
#include "xfrm/xfrm.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/kernel/tap.h"

static struct xfrm *a, *b; /* in node A and in node B */
static char why[XFRM_WHY];
static uint8_t keymat[128];

static const struct esp_suite aes_sha = { CIPHER_AES128, HASH_SHA1 };
static const struct xfrm_tunnel_policy policy_a = { { 4, { 10, 0, 0, 4 } }, true, 0x10002,
						    XFRM_REQID_BASE + 1, false };
static const struct xfrm_tunnel_policy policy_b = { { 4, { 10, 0, 0, 6 } }, true, 0x10002,
						    XFRM_REQID_BASE + 1, false };

/* ---- Small helps ---- */

static bool next_within(struct xfrm *x, int ms, struct xfrm_event *ev)
{
	int fds[4] = { xfrm_fd(x, 0), xfrm_fd(x, 1), xfrm_fd(x, 2), xfrm_fd(x, 3) };

	xfrm_commit(x);
	while (!xfrm_next_event(x, ev)) {
		if (!readable_within(ms, fds))
			return false;
		xfrm_readable(x);
		xfrm_commit(x);
	}
	return true;
}

/* The next ACK; other events on the way are dropped. */
static struct xfrm_ack ack_of(struct xfrm *x)
{
	struct xfrm_event ev;

	while (next_within(x, 2000, &ev))
		if (ev.type == XFRM_EV_ACK)
			return ev.ack;
	return (struct xfrm_ack){ .err = ETIMEDOUT };
}

static void forget_events(struct xfrm *x)
{
	struct xfrm_event ev;

	while (next_within(x, 50, &ev))
		;
}

static struct xfrm_sa sa_of(uint32_t src, uint32_t dst, uint32_t spi, struct esp_suite suite,
			    bool outbound)
{
	return (struct xfrm_sa){
		.id = { addr_v4(src), addr_v4(dst), spi },
		.outbound = outbound,
		.reqid = XFRM_REQID_BASE + 1,
		.suite = suite,
		.keymat = { keymat, esp_suite_keymat(&suite) },
		.replay_window = 64,
	};
}

static int add(struct xfrm *x, uint32_t src, uint32_t dst, uint32_t spi, struct esp_suite suite)
{
	struct xfrm_sa sa = sa_of(src, dst, spi, suite, (x == a) == (src == NODE_A));
	struct xfrm_ack ack;

	xfrm_sa_add(x, spi, &sa);
	ack = ack_of(x);
	if (ack.err)
		note("%s", ack.why);
	return ack.err;
}

static int delete(struct xfrm *x, uint32_t src, uint32_t dst, uint32_t spi)
{
	struct xfrm_sa_id id = { addr_v4(src), addr_v4(dst), spi };

	xfrm_sa_delete(x, spi, &id);
	return ack_of(x).err;
}

static int add_pair(uint32_t spi, struct esp_suite suite)
{
	int err = add(b, NODE_A, NODE_B, spi, suite);

	err = err ? err : add(a, NODE_B, NODE_A, spi + 1, suite);
	err = err ? err : add(a, NODE_A, NODE_B, spi, suite);
	return err ? err : add(b, NODE_B, NODE_A, spi + 1, suite);
}

static void delete_pair(uint32_t spi)
{
	delete(a, NODE_A, NODE_B, spi);
	delete(b, NODE_B, NODE_A, spi + 1);
	delete(a, NODE_B, NODE_A, spi + 1);
	delete(b, NODE_A, NODE_B, spi);
}

static struct xfrm_sa_info info_of(struct xfrm *x, uint32_t src, uint32_t dst, uint32_t spi)
{
	struct xfrm_sa_id id = { addr_v4(src), addr_v4(dst), spi };
	struct xfrm_sa_info info = { 0 };
	struct xfrm_event ev;

	xfrm_sa_get(x, 99, &id);
	while (next_within(x, 2000, &ev)) {
		if (ev.type == XFRM_EV_SA && ev.sa.token == 99)
			info = ev.sa.info;
		if (ev.type == XFRM_EV_ACK)
			break;
	}
	return info;
}

/* mGRE links and neighbours by hand: they are another room's. */
static void tunnels(const char *key)
{
	must(run("set -e; for n in A B; do ip -n $n link delete gre1 2>/dev/null || :; done;"
		 "ip -n A link add gre1 type gre local 10.0.0.4 %s ttl 64;"
		 "ip -n B link add gre1 type gre local 10.0.0.6 %s ttl 64;"
		 "ip -n A address add 172.16.0.2/24 dev gre1; ip -n B address add 172.16.0.3/24 dev gre1;"
		 "for n in A B; do ip netns exec $n sysctl -qw net.ipv6.conf.gre1.disable_ipv6=1;"
		 "ip -n $n link set gre1 up multicast on arp on; done;"
		 "ip -n A neighbour add 172.16.0.3 lladdr 10.0.0.6 dev gre1 nud permanent;"
		 "ip -n A neighbour add 172.16.0.9 lladdr 10.0.0.9 dev gre1 nud permanent;"
		 "ip -n B neighbour add 172.16.0.2 lladdr 10.0.0.4 dev gre1 nud permanent",
		 key, key) == 0,
	     "tunnels");
}

static int sa_count(char node)
{
	return lines("src ", "ip -n %c xfrm state", node);
}

static void start(void)
{
	xfrm_close(a);
	xfrm_close(b);
	nodes_new();
	node_enter('B');
	must(xfrm_open(&b, why) == 0, why);
	node_enter('A');
	must(xfrm_open(&a, why) == 0, why);
}

/* ---- Tests ---- */

static void test_probe(void)
{
	static const enum cipher_id ciphers[] = { CIPHER_3DES, CIPHER_AES128, CIPHER_AES192,
						  CIPHER_AES256, CIPHER_NULL };
	struct esp_suite s;

	start();
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++)
		for (int h = HASH_MD5; h < HASH_COUNT; h++) {
			s = (struct esp_suite){ ciphers[i], (enum hash_id)h };
			ok(xfrm_probe(a, &s, why) == 0, "the kernel can do %s with %s",
			   cipher_get(s.cipher)->name, hash_get(s.auth)->name);
		}
	for (int c = CIPHER_GCM128; c <= CIPHER_GCM256; c++) {
		s = (struct esp_suite){ (enum cipher_id)c, HASH_NONE };
		ok(xfrm_probe(a, &s, why) == 0, "the kernel can do %s", cipher_get(s.cipher)->name);
	}
	s = (struct esp_suite){ CIPHER_DES, HASH_SHA1 };
	ok(xfrm_probe(a, &s, why) == EINVAL && strstr(why, "des and sha"), "not DES: %s", why);
	ok(sa_count('A') == 0, "a probe leaves nothing");
}

/* Each suite carries a datagram there and back, so both ends agree on keys and lengths. */
static void test_suites(void)
{
	static const struct esp_suite suites[] = {
		{ CIPHER_3DES, HASH_MD5 },     { CIPHER_3DES, HASH_SHA1 },
		{ CIPHER_AES128, HASH_SHA256 }, { CIPHER_AES192, HASH_SHA384 },
		{ CIPHER_AES256, HASH_SHA512 }, { CIPHER_GCM128, HASH_NONE },
		{ CIPHER_GCM256, HASH_NONE },  { CIPHER_NULL, HASH_SHA1 },
	};
	struct xfrm_sa_info i;
	uint32_t spi = 0x1000;
	int in, out;

	start();
	tunnels("key 0.1.0.2");
	must(xfrm_policy_add(a, &policy_a, why) == 0 && xfrm_policy_add(b, &policy_b, why) == 0, why);
	node_enter('B');
	in = udp_open("172.16.0.3");
	node_enter('A');
	out = udp_open("172.16.0.2");
	for (size_t n = 0; n < ARRAY_SIZE(suites); n++, spi += 2) {
		bool there, back;

		must(add_pair(spi, suites[n]) == 0, "SA pair");
		there = udp_send(out, "172.16.0.3", "there") && udp_gets(in, 1000, "there");
		back = udp_send(in, "172.16.0.2", "back") && udp_gets(out, 1000, "back");
		i = info_of(b, NODE_A, NODE_B, spi);
		ok(there && back && i.packets == 1 && i.bytes > 0 && i.reqid == XFRM_REQID_BASE + 1,
		   "%s carries datagrams", cipher_get(suites[n].cipher)->name);
		if (n == 0)
			ok(i.added && i.first_used && !i.larval && !i.tunnel && !i.hard_seconds &&
				   !i.hard_bytes,
			   "times and limits of an SA are read");
		delete_pair(spi);
	}
	close(in);
	close(out);
}

static void test_requests(void)
{
	struct xfrm_sa sa;
	struct xfrm_sa_id id = { addr_v4(NODE_A), addr_v4(NODE_B), 0x5555 };
	struct xfrm_ack ack;

	start();
	ok(add(a, NODE_A, NODE_B, 0x1000, aes_sha) == 0, "an SA is added");
	sa = sa_of(NODE_A, NODE_B, 0x1000, aes_sha, true);
	xfrm_sa_add(a, 0xfeedfacecafebeef, &sa);
	ack = ack_of(a);
	ok(ack.err == EEXIST && ack.token == 0xfeedfacecafebeef, "the same again is EEXIST, with its token");
	ok(strstr(ack.why, "10.0.0.4 -> 10.0.0.6 SPI 0x00001000") != NULL, "%s", ack.why);
	xfrm_sa_delete(a, 7, &id);
	ack = ack_of(a);
	ok(ack.err == ESRCH && ack.token == 7, "%s", ack.why);
	xfrm_sa_get(a, 8, &id);
	ack = ack_of(a);
	ok(ack.err == ESRCH && ack.token == 8, "%s", ack.why);
	sa.keymat.len--;
	sa.id.spi = 0x1001;
	xfrm_sa_add(a, 9, &sa);
	ack = ack_of(a);
	ok(ack.err == EINVAL && ack.token == 9, "%s", ack.why);
	ok(delete(a, NODE_A, NODE_B, 0x1000) == 0 && sa_count('A') == 0, "an SA is deleted");
	ok(xfrm_flush(a, 1000, why) == 0, "a flush of nothing is done at once");
}

static void test_limits_are_read_back(void)
{
	struct xfrm_sa sa = sa_of(NODE_B, NODE_A, 0x2000, aes_sha, false);
	struct xfrm_sa_info i;

	start();
	sa.soft_seconds = 100;
	sa.hard_seconds = 200;
	sa.soft_bytes = 5000000000;
	sa.hard_bytes = 6000000000;
	sa.encap_sport = 4500;
	sa.encap_dport = 1024;
	sa.output_mark = 5;
	xfrm_sa_add(a, 1, &sa);
	ok(ack_of(a).err == 0, "an SA with everything is added");
	i = info_of(a, NODE_B, NODE_A, 0x2000);
	ok(i.soft_seconds == 100 && i.hard_seconds == 200 && i.soft_bytes == 5000000000 &&
		   i.hard_bytes == 6000000000 && i.encap_sport == 4500 && i.encap_dport == 1024,
	   "and read back");
	ok(shows("sel src 10.0.0.6/32 dst 10.0.0.4/32 proto gre", "ip -n A xfrm state"),
	   "it has its own selector");
	ok(shows("replay-window 64", "ip -n A -d xfrm state") ||
		   shows("replay_window 64", "ip -n A -d xfrm state"),
	   "a replay window of 64");
}

/* After a NAT's mapping has changed: other ports, and nothing else. */
static void test_update(void)
{
	struct xfrm_sa sa = sa_of(NODE_B, NODE_A, 0x2100, aes_sha, false);
	struct xfrm_sa_info i;

	start();
	sa.hard_seconds = 200;
	sa.hard_bytes = 6000000000;
	sa.encap_sport = 4500;
	sa.encap_dport = 4500;
	xfrm_sa_add(a, 1, &sa);
	ok(ack_of(a).err == 0, "an SA in UDP is added");
	must(run("ip -n A xfrm state | grep -E 'auth|enc ' >/tmp/keys.before") == 0, "keys");
	sa.encap_sport = 31000;
	sa.keymat.len = 0;
	xfrm_sa_update(a, 2, &sa);
	ok(ack_of(a).err == 0, "it gets another port");
	i = info_of(a, NODE_B, NODE_A, 0x2100);
	ok(i.encap_sport == 31000 && i.encap_dport == 4500, "which is read back");
	ok(i.hard_seconds == 200 && i.hard_bytes == 6000000000, "its limits are as before");
	ok(run("ip -n A xfrm state | grep -E 'auth|enc ' | cmp -s - /tmp/keys.before") == 0,
	   "and so are its keys");
	sa.id.spi++;
	xfrm_sa_update(a, 3, &sa);
	ok(ack_of(a).err == ESRCH, "one that is not there cannot be updated");
}

static int policy_count(char node)
{
	return lines("src ", "ip -n %c xfrm policy", node);
}

static void test_policies(void)
{
	struct xfrm_tunnel_policy other = policy_a;
	size_t removed;

	start();
	ok(xfrm_policy_add(a, &policy_a, why) == 0 && policy_count('A') == 3, "three policies");
	ok(shows("src 10.0.0.4/32 dst 0.0.0.0/0 proto gre key 65538", "ip -n A xfrm policy") &&
		   shows("src 0.0.0.0/0 dst 10.0.0.4/32 proto gre key 65538", "ip -n A xfrm policy"),
	   "with selector and key as iproute2 reads them");
	ok(shows("priority 100", "ip -n A xfrm policy list action block dst 224.0.0.0/4"),
	   "the block policy comes first");
	other.key = 5;
	ok(xfrm_policy_add(a, &other, why) == 0 && policy_count('A') == 6, "another key, three more");

	/* As after a crash, under another number. */
	other = policy_a;
	other.reqid = XFRM_REQID_BASE + 77;
	ok(xfrm_policy_add(a, &other, why) == 0 && policy_count('A') == 6 &&
		   shows("reqid 3539992653", "ip -n A xfrm policy"), /* 0xd300004d */
	   "leftovers are taken over");
	ok(xfrm_policy_sweep(a, &other, 1, &removed, why) == 0 && removed == 3 &&
		   policy_count('A') == 3,
	   "the sweep takes what is not configured any more");
	ok(xfrm_policy_del(a, &policy_a, why) == 0 && policy_count('A') == 0, "all are removed");
	ok(xfrm_policy_del(a, &policy_a, why) == 0, "what is gone need not be removed");

	must(run("ip -n A xfrm policy add src 0.0.0.0/0 dst 10.0.0.4/32 proto gre key 65538 dir in "
		 "tmpl proto esp mode transport reqid 7") == 0, "policy");
	ok(xfrm_policy_add(a, &policy_a, why) == EEXIST && strstr(why, "someone else"), "%s", why);
	ok(policy_count('A') == 1, "nothing of ours stays behind");
	ok(xfrm_policy_del(a, &policy_a, why) == 0 && policy_count('A') == 1 &&
		   xfrm_policy_sweep(a, NULL, 0, &removed, why) == 0 && removed == 0 &&
		   policy_count('A') == 1,
	   "a stranger's policy is left alone");
}

static void test_peer_policies(void)
{
	struct xfrm_peer_policy p = { addr_v4(NODE_A), addr_v4(0xf0000001), addr_v4(NODE_B),
				      XFRM_REQID_BASE + 1 };
	size_t removed;

	start();
	ok(xfrm_peer_policy_add(a, &p, why) == 0 && policy_count('A') == 2,
	   "two policies for a peer with a pseudo address");
	ok(shows("tmpl src 10.0.0.4 dst 10.0.0.6",
		 "ip -n A xfrm policy list dst 240.0.0.1 dir out") &&
		   shows("mode beet", "ip -n A xfrm policy list src 240.0.0.1 dir in"),
	   "with templates to where it is");
	p.outer = addr_v4(NODE_B + 1);
	ok(xfrm_peer_policy_add(a, &p, why) == 0 && policy_count('A') == 2 &&
		   shows("dst 10.0.0.7", "ip -n A xfrm policy list dst 240.0.0.1 dir out"),
	   "another outer address replaces them");
	ok(xfrm_peer_policy_del(a, &p, why) == 0 && policy_count('A') == 0, "they are removed");
	ok(xfrm_peer_policy_del(a, &p, why) == 0, "what is gone need not be removed");
	ok(xfrm_peer_policy_add(a, &p, why) == 0 &&
		   xfrm_policy_sweep(a, NULL, 0, &removed, why) == 0 && removed == 2,
	   "the sweep takes what a crash left of them");
}

/* Nothing leaves in the clear, and the kernel asks for what is missing. */
static void test_fail_closed(void)
{
	struct xfrm_event ev;
	int in, out;

	start();
	tunnels("key 0.1.0.2");
	node_enter('B');
	in = udp_open("172.16.0.3");
	node_enter('A');
	out = udp_open("172.16.0.2");
	ok(udp_send(out, "172.16.0.3", "clear") && udp_gets(in, 1000, "clear"),
	   "without policies GRE passes in the clear");
	must(xfrm_policy_add(a, &policy_a, why) == 0, why);
	udp_send(out, "172.16.0.9", "x");
	ok(next_within(a, 1000, &ev) && ev.type == XFRM_EV_ACQUIRE &&
		   addr_to_v4(&ev.acquire.src) == NODE_A &&
		   addr_to_v4(&ev.acquire.dst) == 0x0a000009 && ev.acquire.proto == 47 &&
		   ev.acquire.key == 0x10002 && ev.acquire.reqid == policy_a.reqid,
	   "an unknown destination raises an ACQUIRE with addresses, key and reqid");
	udp_send(out, "172.16.0.9", "x");
	udp_send(out, "224.0.0.10", "x");
	ok(!next_within(a, 200, &ev), "once, and never for a group");
	udp_send(out, "172.16.0.3", "dark");
	ok(!udp_gets(in, 200, "dark"), "nothing leaves in the clear");
	forget_events(a);
	udp_send(in, "172.16.0.2", "dark");
	ok(!udp_gets(out, 200, "dark"), "nothing enters in the clear");
	must(xfrm_policy_add(b, &policy_b, why) == 0, why);
	ok(add_pair(0x3000, aes_sha) == 0, "SAs replace what the ACQUIRE left");
	ok(udp_send(out, "172.16.0.3", "esp") && udp_gets(in, 1000, "esp"), "and traffic flows");

	/* The operator's own GRE, with another key, from the same address. */
	tunnels("key 9");
	ok(udp_send(out, "172.16.0.3", "mine") && udp_gets(in, 1000, "mine"),
	   "GRE with another key is left alone");
	tunnels("");
	ok(udp_send(out, "172.16.0.3", "mine") && udp_gets(in, 1000, "mine"),
	   "so is GRE without a key");
	close(in);
	close(out);
}

static void test_without_key(void)
{
	struct xfrm_tunnel_policy pa = policy_a, pb = policy_b;
	int in, out;

	pa.keyed = pb.keyed = false;
	start();
	tunnels("");
	must(xfrm_policy_add(a, &pa, why) == 0 && xfrm_policy_add(b, &pb, why) == 0, why);
	node_enter('B');
	in = udp_open("172.16.0.3");
	node_enter('A');
	out = udp_open("172.16.0.2");
	udp_send(out, "172.16.0.3", "dark");
	ok(!udp_gets(in, 200, "dark"), "GRE without a key: nothing in the clear");
	must(add_pair(0x3000, aes_sha) == 0, "SA pair");
	ok(udp_send(out, "172.16.0.3", "esp") && udp_gets(in, 1000, "esp"), "but ESP");
	ok(info_of(b, NODE_A, NODE_B, 0x3000).packets == 1, "over its SA");
	tunnels("key 9");
	ok(udp_send(out, "172.16.0.3", "mine") && udp_gets(in, 1000, "mine"),
	   "GRE with a key is left alone");
	close(in);
	close(out);
}

static void test_replace_outbound(void)
{
	struct xfrm_sa_id old = { addr_v4(NODE_A), addr_v4(NODE_B), 0x1000 };
	struct xfrm_sa sa = sa_of(NODE_A, NODE_B, 0x1100, aes_sha, true);
	struct xfrm_ack ack;

	start();
	must(add(a, NODE_A, NODE_B, 0x1000, aes_sha) == 0, "SA");
	xfrm_sa_replace_outbound(a, 5, &sa, &old);
	ack = ack_of(a);
	xfrm_flush(a, 1000, why);
	ok(ack.err == 0 && ack.token == 5 && sa_count('A') == 1 &&
		   shows("spi 0x00001100", "ip -n A xfrm state"),
	   "the new outbound SA takes the old one's place");
	old.spi = 0x1100;
	xfrm_sa_replace_outbound(a, 6, &sa, &old);
	ack = ack_of(a);
	xfrm_flush(a, 1000, why);
	ok(ack.err == EEXIST && sa_count('A') == 1, "a new one that is refused leaves the old one");
	sa.id.spi = 0x1200;
	old.spi = 0x4444;
	xfrm_sa_replace_outbound(a, 7, &sa, &old);
	ack = ack_of(a);
	xfrm_flush(a, 1000, why);
	ok(ack.err == 0 && sa_count('A') == 2 && xfrm_counters(a)->errors == 1,
	   "an old one that is gone is no error");
}

static void test_many(void)
{
	enum { N = 2000 };
	struct xfrm_event ev;
	unsigned int acks = 0, in_order = 0, found = 0, done = 0;
	uint64_t begin;

	start();
	must(run("ip -n A xfrm state add src 10.0.0.4 dst 10.0.0.6 proto esp spi 0x999 reqid 4 "
		 "mode transport aead 'rfc4106(gcm(aes))' 0x%040d 128", 1) == 0, "foreign SA");
	begin = clock_ms();
	for (uint32_t i = 0; i < N; i++) {
		struct xfrm_sa sa = sa_of(NODE_A, 0x0b000000 + i, 0x10000 + i, aes_sha, true);

		xfrm_sa_add(a, i, &sa);
	}
	while (acks < N && next_within(a, 2000, &ev))
		if (ev.type == XFRM_EV_ACK && !ev.ack.err)
			in_order += ev.ack.token == acks++;
	note("%d SAs in %llu ms", N, (unsigned long long)(clock_ms() - begin));
	ok(acks == N && in_order == N, "%d requests at once, answered in order", N);

	begin = clock_ms();
	xfrm_sa_dump(a, 1, XFRM_REQID_BASE, XFRM_REQID_COUNT);
	xfrm_sa_dump(a, 2, XFRM_REQID_BASE + 2, 10);
	while (done < 2 && next_within(a, 2000, &ev)) {
		found += ev.type == XFRM_EV_SA && ev.sa.token == 1;
		if (ev.type == XFRM_EV_ACK && !ev.ack.err && ev.ack.token == done + 1)
			done++;
	}
	note("two dumps in %llu ms", (unsigned long long)(clock_ms() - begin));
	ok(done == 2 && found == N, "a dump finds ours (%u) and not a stranger's", found);

	begin = clock_ms();
	for (uint32_t i = 0; i < N; i++) {
		struct xfrm_sa_id id = { addr_v4(NODE_A), addr_v4(0x0b000000 + i), 0x10000 + i };

		xfrm_sa_delete(a, i, &id);
	}
	ok(xfrm_flush(a, 20000, why) == 0 && sa_count('A') == 1, "a flush waits for all of them");
	note("deleted in %llu ms", (unsigned long long)(clock_ms() - begin));
}

static void test_expire(void)
{
	struct xfrm_sa sa = sa_of(NODE_A, NODE_B, 0x1000, aes_sha, true);
	struct xfrm_event ev;
	uint64_t ignored;
	int out;

	start();
	sa.soft_seconds = 1;
	sa.hard_seconds = 2;
	xfrm_sa_add(a, 1, &sa);
	must(ack_of(a).err == 0, "SA");
	ok(next_within(a, 3000, &ev) && ev.type == XFRM_EV_EXPIRE && !ev.expire.hard &&
		   ev.expire.id.spi == 0x1000 && addr_to_v4(&ev.expire.id.dst) == NODE_B &&
		   ev.expire.reqid == XFRM_REQID_BASE + 1,
	   "a soft expiry");
	ok(next_within(a, 3000, &ev) && ev.type == XFRM_EV_EXPIRE && ev.expire.hard, "a hard expiry");

	tunnels("key 0.1.0.2");
	must(run("ip netns exec A sysctl -qw net.core.xfrm_acq_expires=1") == 0, "sysctl");
	must(xfrm_policy_add(a, &policy_a, why) == 0, why);
	out = udp_open("172.16.0.2");
	ignored = xfrm_counters(a)->ignored;
	udp_send(out, "172.16.0.9", "x");
	ok(next_within(a, 1000, &ev) && ev.type == XFRM_EV_ACQUIRE, "an ACQUIRE");
	ok(!next_within(a, 3000, &ev) && xfrm_counters(a)->ignored == ignored + 1,
	   "whose expiry is ignored and counted");
	udp_send(out, "172.16.0.9", "x");
	ok(next_within(a, 1000, &ev) && ev.type == XFRM_EV_ACQUIRE, "then the kernel asks again");
	close(out);
}

/* Events that nobody read in time must not go unnoticed. */
static void test_lost_events(void)
{
	struct xfrm_event ev;
	bool resync = false;
	int small = 1;

	start();
	for (unsigned int i = 0; xfrm_fd(a, i) >= 0; i++)
		setsockopt(xfrm_fd(a, i), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (uint32_t i = 0; i < 64; i++) {
		struct xfrm_sa sa = sa_of(NODE_A, NODE_B, 0x1000 + i, aes_sha, true);

		sa.hard_seconds = 1;
		xfrm_sa_add(b, i, &sa);
		xfrm_sa_add(a, i, &sa);
		ack_of(a); /* one at a time: its socket buffer is as small */
	}
	sleep_ms(2500);
	while (next_within(a, 200, &ev))
		resync = resync || ev.type == XFRM_EV_RESYNC;
	ok(resync && xfrm_counters(a)->resyncs == 1, "lost events are told");
	xfrm_sa_dump(a, 3, XFRM_REQID_BASE, XFRM_REQID_COUNT);
	ok(next_within(a, 1000, &ev) && ev.type == XFRM_EV_ACK && !ev.ack.err && ev.ack.token == 3,
	   "and a dump says that the SAs are gone");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(keymat); i++)
		keymat[i] = (uint8_t)(i * 7 + 3);
	test_probe();
	test_suites();
	test_requests();
	test_limits_are_read_back();
	test_update();
	test_policies();
	test_peer_policies();
	test_fail_closed();
	test_without_key();
	test_replace_outbound();
	test_many();
	test_expire();
	test_lost_events();
	xfrm_close(a);
	xfrm_close(b);
	return tap_end();
}
