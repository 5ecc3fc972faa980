/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node of the article for tests of the shows: verbs.c and the shows as they are, on stand-ins for
 * the cores and the kernel that tell what a test has put into the arrays.
 */
#ifndef TESTS_SHOW_NODE_H
#define TESTS_SHOW_NODE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/dmvpnctl.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/ctl.h"
#include "daemon/mtu.h"
#include "daemon/names.h"
#include "daemon/packets.h"
#include "daemon/peer.h"
#include "daemon/trace.h"
#include "daemon/reload.h"
#include "daemon/show.h"
#include "daemon/tunnel.h"
#include "daemon/verbs.h"
#include "daemon/verbs_debug.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"
#include "tests/unit/answer_whole.h"

#define NOW	  SECONDS(100000)
#define HUB	  addr_v4(0x0a000102)
#define SITE_A	  addr_v4(0x0a000004)
#define SITE_B	  addr_v4(0x0a000006)
#define TUNNEL(n) addr_v4(0xac100000 + (n))

#ifndef NODE_PEERS
#define NODE_PEERS 8 /* room for them */
#endif

/* ---- stand-ins for the cores ---- */

static struct nhrp_entry entries[NODE_PEERS];
static size_t entry_count;
static struct nhrp_nhs nhs[2];
static size_t nhs_count;
static struct nhrp_shortcut shortcuts[NODE_PEERS];
static size_t shortcut_count;
static struct nhrp_flow flows[4];
static size_t flow_count;
static struct nhrp_counters traffic;
static struct ike_sa_info sas[NODE_PEERS];
static size_t sa_count;
static struct ike_pair_info pairs[NODE_PEERS];
static size_t pair_count;
static struct xfrm_sa_info kernel_sas[2 * NODE_PEERS];
static size_t kernel_sa_count;
static int kernel_error;
static struct {
	bool all;
	struct addr local, remote;
	struct addr nhrp;
	unsigned int calls;
} cleared;
static const json_t *asked;
static json_t *answered;

/* A cursor counts from 1. */
static bool next(const void **cursor, size_t count, size_t *index)
{
	*index = (size_t)*cursor;
	*cursor = (const void *)(*index + 1);
	return *index < count;
}

bool nhrp_entry_next(const struct nhrp *n, const void **cursor, struct nhrp_entry *out)
{
	size_t i;

	(void)n;
	return next(cursor, entry_count, &i) && (*out = entries[i], true);
}

bool nhrp_nhs_next(const struct nhrp *n, const void **cursor, struct nhrp_nhs *out)
{
	size_t i;

	(void)n;
	return next(cursor, nhs_count, &i) && (*out = nhs[i], true);
}

bool nhrp_shortcut_next(const struct nhrp *n, const void **cursor, struct nhrp_shortcut *out)
{
	size_t i;

	(void)n;
	return next(cursor, shortcut_count, &i) && (*out = shortcuts[i], true);
}

bool nhrp_flow_next(const struct nhrp *n, const void **cursor, struct nhrp_flow *out)
{
	size_t i;

	(void)n;
	return next(cursor, flow_count, &i) && (*out = flows[i], true);
}

size_t nhrp_cache_octets(const struct nhrp *n)
{
	(void)n;
	return 100 * (entry_count + shortcut_count);
}

bool nhrp_counters_get(const struct nhrp *n, int id, struct nhrp_counters *out)
{
	(void)n;
	*out = traffic;
	return id == 0;
}

void nhrp_clear(struct nhrp *n, msec now, int id, struct addr protocol)
{
	(void)n;
	(void)now;
	(void)id;
	cleared.calls++;
	cleared.nhrp = protocol;
}

bool ike_sa_next(const struct ike *ike, const void **cursor, struct ike_sa_info *out)
{
	size_t i;

	(void)ike;
	return next(cursor, sa_count, &i) && (*out = sas[i], true);
}

bool ike_pair_next(const struct ike *ike, const void **cursor, struct ike_pair_info *out)
{
	size_t i;

	(void)ike;
	return next(cursor, pair_count, &i) && (*out = pairs[i], true);
}

void ike_clear(struct ike *ike, msec now, const struct addr *local, const struct addr *remote)
{
	(void)ike;
	(void)now;
	cleared.calls++;
	cleared.all = !local;
	if (local)
		cleared.local = *local;
	if (remote)
		cleared.remote = *remote;
}

const struct ike_counters *ike_counters(const struct ike *ike)
{
	static const struct ike_counters c = { .received = 7, .dropped[IKE_DROP_IKEV2] = 3 };

	(void)ike;
	return &c;
}

const struct peers_counters *peers_counters(const struct daemon *d)
{
	static const struct peers_counters c = { .acquires = 2 };

	(void)d;
	return &c;
}

const struct xfrm_counters *xfrm_counters(const struct xfrm *x)
{
	static const struct xfrm_counters c = { .requests = 4 };

	(void)x;
	return &c;
}

void kernel_sa_dump(struct daemon *d, kernel_done *done, void *ctx, uint64_t arg)
{
	const struct kernel_answer a = { .err = kernel_error,
					 .why = kernel_error ? "the kernel says no" : "",
					 .sas = kernel_sas,
					 .count = kernel_error ? 0 : kernel_sa_count };

	done(d, ctx, arg, &a);
}

#ifndef NODE_IS_A_BENCH /* which has the real one */
void explain_start(struct daemon *unused, const json_t *args, struct ctl_client *c)
{
	(void)unused;
	(void)args;
	(void)c;
}

void explain_forget(const struct ctl_client *c)
{
	(void)c;
}
#endif

void kernel_forget(struct daemon *d, const void *ctx)
{
	(void)d;
	(void)ctx;
}

bool conf_tunnel_is_hub(const struct conf_tunnel *t)
{
	return !t->nhrp.nhs_count;
}

struct tunnel *tunnel_by_id(struct daemon *d, int id)
{
	return id >= 0 && (size_t)id < d->tunnel_count ? &d->tunnels[id] : NULL;
}

struct tunnel *tunnel_next_on(struct daemon *d, struct tunnel *after, const struct addr *local)
{
	struct tunnel *t = tunnel_next(d, after);

	while (t && !addr_equal(&t->local, local))
		t = tunnel_next(d, t);
	return t;
}

msec loop_now(void)
{
	return NOW;
}

json_t *reload(struct daemon *daemon)
{
	(void)daemon;
	return json_object();
}

bool packets_are_open(const struct tunnel *t)
{
	(void)t;
	return true;
}

uint64_t packets_send_errors(const struct tunnel *t)
{
	(void)t;
	return 0;
}

json_t *packets_show_multicast(const struct tunnel *t)
{
	(void)t;
	return json_pack("{s:[s, s], s:i, s:i, s:i, s:i}", "listeners", "10.0.0.4", "10.0.0.6",
			 "captured", 5, "copies", 10, "errors", 0, "dropped", 1);
}

json_t *packets_show_redirect(const struct daemon *daemon, const struct tunnel *t)
{
	(void)daemon;
	(void)t;
	return json_pack("{s:b, s:i}", "works", 1, "seen", 3);
}

bool mtu_arithmetic(struct daemon *daemon, const struct tunnel *t, const struct addr *local,
		    struct gre_mtu *out)
{
	(void)daemon;
	(void)t;
	(void)local;
	*out = (struct gre_mtu){ .path = 1500, .outer_ip = 20, .udp = 8, .esp = 8, .iv = 8, .trailer = 2,
				 .icv = 12, .gre = 8, .mtu = 1434, .tcp_mss = 1394 };
	return true;
}

const char *names_of(const struct tunnel *t, const struct addr *protocol)
{
	(void)t;
	return addr_to_v4(protocol) == 0xac100005 ? "hub-2.example.net" : NULL;
}

/* Their own test has them: test_debug.c. */
#define NOT_HERE(name)                                       \
	json_t *name(struct daemon *daemon, const json_t *args) \
	{                                                     \
		(void)daemon;                                 \
		(void)args;                                   \
		return json_object();                         \
	}
NOT_HERE(verb_debug_isakmp)
NOT_HERE(verb_debug_ipsec)
NOT_HERE(verb_debug_nhrp)
NOT_HERE(verb_debug_nhrp_packet)
NOT_HERE(verb_debug_nhrp_cache)
NOT_HERE(verb_debug_nhrp_extension)
NOT_HERE(verb_debug_nhrp_error)
NOT_HERE(verb_debug_peer)
NOT_HERE(verb_debug_tunnel)
NOT_HERE(verb_debug_username)
NOT_HERE(verb_debug_reset)
NOT_HERE(verb_show_debugging)
NOT_HERE(verb_undebug)
NOT_HERE(show_ladder)
NOT_HERE(show_running_config)
NOT_HERE(show_running_config_ios)
NOT_HERE(show_log_peer)

void verb_debug(struct daemon *daemon, const json_t *args, struct ctl_client *c)
{
	(void)daemon;
	(void)args;
	(void)c;
}

bool ctl_follow(struct ctl_client *c, enum ctl_stream stream)
{
	(void)c;
	(void)stream;
	return false;
}

void ctl_answer(struct ctl_client *c, json_t *answer)
{
	(void)c;
	cr_assert_null(answered, "answered twice");
	answered = answer;
}

#ifndef NODE_IS_A_BENCH
void ctl_send(struct ctl_client *c, struct answer *answer)
{
	ctl_answer(c, answer_whole(answer));
}
#endif

bool ctl_takes_turn(struct ctl_client *c)
{
	(void)c;
	return true;
}

const json_t *ctl_request(const struct ctl_client *c)
{
	(void)c;
	return asked;
}

/* ---- a node of the article ---- */

static struct conf_ipsec_profile profile = { .name = (char *)(uintptr_t) "DMVPN" };
static struct conf_isakmp_policy policy = {
	.number = 10,
	.suite = { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_2 },
	.lifetime = 86400,
};
static struct conf_tunnel conf_tunnel = {
	.name = "Tunnel0",
	.source_if = "lo",
	.has_key = true,
	.key = 1,
	.profile = &profile,
	.mtu = 1400,
	.ttl = 64,
};
static struct conf conf = {
	.hostname = (char *)(uintptr_t) "SiteA",
	.isakmp_policies = &policy,
	.isakmp_policy_count = 1,
	.tunnels = &conf_tunnel,
	.tunnel_count = 1,
};
static struct tunnel tunnel = { .conf = &conf_tunnel };
static struct daemon d = {
	.instance = "sitea",
	.config_path = "/etc/dmvpnd/dmvpnd.conf",
	.conf = &conf,
	.tunnels = &tunnel,
	.tunnel_count = 1,
};

static inline json_t *ask(const char *request)
{
	json_t *parsed = json_loads(request, 0, NULL), *answer;

	cr_assert_not_null(parsed, "%s", request);
	answered = NULL;
	asked = parsed;
	verbs_run(&d, parsed, NULL);
	json_decref(parsed);
	cr_assert_not_null(answered, "no answer");
	answer = answered;
	answered = NULL;
	return answer;
}

/* What the client prints for the answer. */
static inline char *rendered(const char *request, render_fn *render)
{
	json_t *answer = ask(request);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	render(answer, out);
	fclose(out);
	json_decref(answer);
	return text;
}

static inline void check_golden(const char *request, render_fn *render, const char *name)
{
	char path[128], want[8192], *is = rendered(request, render);
	FILE *in;

	snprintf(path, sizeof(path), "tests/unit/golden/%s.txt", name);
	in = fopen(path, "r");
	cr_assert_not_null(in, "%s: run this from the top of the source tree", path);
	want[fread(want, 1, sizeof(want) - 1, in)] = '\0';
	fclose(in);
	cr_assert_str_eq(is, want, "%s:\n%s", name, is);
	free(is);
}

static inline void check_error(const char *request, const char *part)
{
	json_t *answer = ask(request);
	const char *error = member_text(answer, "error");

	cr_assert_not_null(strstr(error, part), "%s: %s", request, error);
	json_decref(answer);
}

static inline struct nhrp_entry *add_entry(struct addr protocol, struct addr nbma,
				    enum nhrp_entry_type type)
{
	struct nhrp_entry *e = &entries[entry_count++];

	*e = (struct nhrp_entry){
		.protocol = protocol,
		.nbma = nbma,
		.path = nbma,
		.type = type,
		.created = NOW - SECONDS(1372),
		.expires = MSEC_NEVER,
		.peer_up = true,
		.peer_since = NOW - SECONDS(839),
	};
	return e;
}

static inline void site_a(void)
{
	conf_tunnel.nhrp.nhs_count = 1;
	tunnel.local = SITE_A;
	d.started = NOW - SECONDS(8043);
	add_entry(TUNNEL(2), SITE_A, NHRP_ENTRY_LOCAL);
	add_entry(TUNNEL(1), HUB, NHRP_ENTRY_STATIC)->flags = NHRP_FLAG_USED | NHRP_FLAG_NHS;
	nhs[nhs_count++] = (struct nhrp_nhs){
		.protocol = TUNNEL(1),
		.nbma = HUB,
		.state = NHRP_NHS_UP,
		.since = NOW - SECONDS(3720),
		.registered = NOW - SECONDS(223),
		.next = NOW + SECONDS(2177),
		.requests_sent = 5,
		.replies = 4,
	};
	sas[sa_count++] = (struct ike_sa_info){
		.conn_id = 1003,
		.local = { SITE_A, 500 },
		.remote = { HUB, 500 },
		.role = IKE_INITIATOR,
		.state = MM_ACTIVE,
		.last = { MM_BLD_MSG5, EV_ACTIVATE_NEW_SA },
		.suite = policy.suite,
		.lifetime = 86400,
		.since = NOW - SECONDS(18),
		.expires = NOW + SECONDS(86382),
		.dpd = true,
		.fragments = true,
	};
}

static inline void add_pair(struct addr remote, uint32_t in, uint32_t out, bool current)
{
	pairs[pair_count++] = (struct ike_pair_info){
		.conn_id = 5,
		.local = SITE_A,
		.remote = remote,
		.outer = remote,
		.state = QM_ACTIVE,
		.suite = { CIPHER_3DES, HASH_SHA1 },
		.spi_in = in,
		.spi_out = out,
		.life_seconds = 3600,
		.life_kilobytes = 4608000,
		.since = NOW - SECONDS(1239),
		.expires = NOW + SECONDS(2361),
		.current = current,
		.sends = current,
	};
	kernel_sas[kernel_sa_count++] = (struct xfrm_sa_info){ .id = { remote, SITE_A, in },
							       .packets = 277,
							       .bytes = 1024 };
	kernel_sas[kernel_sa_count++] = (struct xfrm_sa_info){ .id = { SITE_A, remote, out },
							       .packets = 277,
							       .bytes = 2048 };
}

#endif
