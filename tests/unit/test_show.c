/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the cores to the terminal: verbs make JSON of what stand-ins for the cores tell, the client
 * renders it. The article's figures go in, the layouts that it prints come out.
 * LINK: daemon/verbs.c daemon/show.c daemon/show_values.c daemon/show_nhrp.c daemon/show_peers.c daemon/show_map.c daemon/show_ike.c
 * LINK: daemon/show_ipsec.c daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c
 * LINK: daemon/diagnose_nhrp.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c
 * LINK: lib/wire.c daemon/dmvpnctl_show.c daemon/dmvpnctl_crypto.c daemon/dmvpnctl_session.c daemon/dmvpnctl_events.c
 */
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

#define NOW	  SECONDS(100000)
#define HUB	  addr_v4(0x0a000102)
#define SITE_A	  addr_v4(0x0a000004)
#define SITE_B	  addr_v4(0x0a000006)
#define TUNNEL(n) addr_v4(0xac100000 + (n))

/* Stand-ins for the cores. */

static struct nhrp_entry entries[8];
static size_t entry_count;
static struct nhrp_nhs nhs[2];
static size_t nhs_count;
static struct nhrp_shortcut shortcuts[2];
static size_t shortcut_count;
static struct nhrp_counters traffic;
static struct ike_sa_info sas[4];
static size_t sa_count;
static struct ike_pair_info pairs[4];
static size_t pair_count;
static struct xfrm_sa_info kernel_sas[8];
static size_t kernel_sa_count;
static int kernel_error;
static struct {
	bool all;
	struct addr local, remote;
	struct addr nhrp;
	unsigned int calls;
} cleared;
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
	struct tunnel *t = after ? after + 1 : d->tunnels;

	return t < d->tunnels + d->tunnel_count && addr_equal(&t->local, local) ? t : NULL;
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

/* test_show_session.c has it. */
json_t *show_crypto_session(struct daemon *daemon, const struct kernel_answer *kernel)
{
	(void)daemon;
	(void)kernel;
	return json_object();
}

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

/* A node of the article. */

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

static json_t *ask(const char *request)
{
	json_t *parsed = json_loads(request, 0, NULL), *answer;

	cr_assert_not_null(parsed, "%s", request);
	answered = NULL;
	verbs_run(&d, parsed, NULL);
	json_decref(parsed);
	cr_assert_not_null(answered, "no answer");
	answer = answered;
	answered = NULL;
	return answer;
}

/* What the client prints for the answer. */
static char *rendered(const char *request, render_fn *render)
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

static void check_golden(const char *request, render_fn *render, const char *name)
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

static void check_error(const char *request, const char *part)
{
	json_t *answer = ask(request);
	const char *error = member_text(answer, "error");

	cr_assert_not_null(strstr(error, part), "%s: %s", request, error);
	json_decref(answer);
}

static struct nhrp_entry *add_entry(struct addr protocol, struct addr nbma,
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

static void site_a(void)
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
	};
}

Test(show, the_article_s_spoke, .init = site_a)
{
	check_golden("{\"verb\": [\"show\", \"ip\", \"nhrp\"]}", render_nhrp, "show-ip-nhrp");
	check_golden("{\"verb\": [\"show\", \"dmvpn\"]}", render_dmvpn, "show-dmvpn-spoke");
	check_golden("{\"verb\": [\"show\", \"ip\", \"nhrp\", \"nhs\"]}", render_nhrp_nhs_detail,
		     "show-ip-nhrp-nhs-detail");
	check_golden("{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"sa\"]}", render_isakmp_sa,
		     "show-crypto-isakmp-sa");
	check_golden("{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"sa\"]}",
		     render_isakmp_sa_detail, "show-crypto-isakmp-sa-detail");
	check_golden("{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"policy\"]}",
		     render_isakmp_policy, "show-crypto-isakmp-policy");
}

Test(show, endpoints, .init = site_a)
{
	char *text;

	/* An address that is being resolved rides with the hub's. */
	add_entry(TUNNEL(3), (struct addr){ 0 }, NHRP_ENTRY_INCOMPLETE)->path = HUB;
	text = rendered("{\"verb\": [\"show\", \"tunnel\", \"endpoints\"]}",
			render_tunnel_endpoints);
	cr_assert_str_eq(text, " Tunnel0 running in multi-GRE/IP mode\n\n"
			       " Endpoint transport 10.0.1.2 Refcount 3 Base 0x0A000102\n"
			       "   overlay 172.16.0.1 Refcount 2 Parent 0x0A000102\n"
			       "   overlay 172.16.0.3 Refcount 2 Parent 0x0A000102\n");
	free(text);
}

/* As in the article, SiteA counts two entries with the hub while SiteB is being resolved. */
Test(show, two_entries_with_the_same_nbma, .init = site_a)
{
	struct nhrp_entry *e = add_entry(TUNNEL(3), (struct addr){ 0 }, NHRP_ENTRY_INCOMPLETE);

	e->path = HUB;
	entries[1].peer_since = e->peer_since = NOW - SECONDS(3464);
	check_golden("{\"verb\": [\"show\", \"dmvpn\"]}", render_dmvpn, "show-dmvpn-entries");
}

Test(show, the_article_s_hub)
{
	tunnel.local = HUB;
	/* In no order, as a hash table tells them. */
	add_entry(TUNNEL(3), SITE_B, NHRP_ENTRY_DYNAMIC)->peer_since = MSEC_NEVER;
	add_entry(TUNNEL(2), SITE_A, NHRP_ENTRY_DYNAMIC)->peer_since = MSEC_NEVER;
	check_golden("{\"verb\": [\"show\", \"dmvpn\"]}", render_dmvpn, "show-dmvpn-hub");
}

static const char *state_of_hub(void)
{
	static char state[16];
	json_t *answer = ask("{\"verb\": [\"show\", \"dmvpn\"]}");
	const json_t *tunnels = json_object_get(answer, "tunnels");
	const json_t *peer =
		json_array_get(json_object_get(json_array_get(tunnels, 0), "peers"), 0);

	snprintf(state, sizeof(state), "%s", member_text(peer, "state"));
	json_decref(answer);
	return state;
}

Test(show, states_on_the_way_up, .init = site_a)
{
	entries[1].peer_up = false;
	sas[0].state = MM_WAIT_MSG4;
	cr_assert_str_eq(state_of_hub(), "IKE");
	sas[0].state = MM_ACTIVE;
	cr_assert_str_eq(state_of_hub(), "IPSEC");
	entries[1].peer_up = true;
	nhs[0].state = NHRP_NHS_REGISTERING;
	cr_assert_str_eq(state_of_hub(), "NHRP");
	nhs[0].state = NHRP_NHS_UP;
	cr_assert_str_eq(state_of_hub(), "UP");
}

static void add_pair(struct addr remote, uint32_t in, uint32_t out, bool current)
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

Test(show, ipsec_sas, .init = site_a)
{
	json_t *answer;
	char *text;

	add_pair(SITE_B, 0x1000, 0x2000, true);
	add_pair(HUB, 0xd7fce35f, 0xf54a9d77, true);
	text = rendered("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"]}", render_ipsec_sa);
	cr_assert_not_null(strstr(text,
				  "interface: Tunnel0\n"
				  "    Crypto map tag: Tunnel0-head-0, local addr 10.0.0.4\n"));
	cr_assert_not_null(
		strstr(text, "    #pkts encaps: 277, #pkts encrypt: 277, #pkts digest: 277\n"));
	cr_assert_not_null(strstr(text, "     current outbound spi: 0xF54A9D77(4115307895)\n"));
	cr_assert_not_null(strstr(text, "      spi: 0xD7FCE35F(3623674719)\n"
					"        transform: esp-3des esp-sha-hmac ,\n"
					"        in use settings ={Transport, }\n"));
	cr_assert_not_null(strstr(text,
				  "(k/sec): (4607999/2361)\n        IV size: 8 bytes\n"
				  "        replay detection support: Y\n        Status: ACTIVE\n"));
	cr_assert_lt(strstr(text, "current_peer 10.0.0.6"), strstr(text, "current_peer 10.0.1.2"));
	free(text);

	answer = ask("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"], \"args\": {\"peer\": "
		     "\"10.0.1.2\"}}");
	cr_assert_eq(json_array_size(json_object_get(
			     json_array_get(json_object_get(answer, "interfaces"), 0), "peers")),
		     1);
	json_decref(answer);
	answer = ask("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"], "
		     "\"args\": {\"interface\": \"tunnel0\"}}");
	cr_assert_eq(json_array_size(json_object_get(answer, "interfaces")), 1);
	json_decref(answer);
	check_error("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"], "
		    "\"args\": {\"interface\": \"Tunnel7\"}}",
		    "interface: expected a tunnel of the configuration: Tunnel0");
	kernel_error = EIO;
	check_error("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"]}", "the kernel says no");
}

/* After a rekey the old inbound SA drains; the new one stands first and the counters add up. */
Test(show, ipsec_sas_in_a_rekey, .init = site_a)
{
	char *text, *first, *second;

	add_pair(HUB, 0x1111, 0x2222, false);
	kernel_sa_count--; /* its outbound SA has gone */
	add_pair(HUB, 0x3333, 0x4444, true);
	pairs[1].since = NOW;
	text = rendered("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"]}", render_ipsec_sa);
	cr_assert_not_null(strstr(text, "#pkts encaps: 277,"));
	cr_assert_not_null(strstr(text, "#pkts decaps: 554,"));
	first = strstr(text, "spi: 0x3333");
	second = strstr(text, "spi: 0x1111");
	cr_assert(first && second && first < second);
	cr_assert_not_null(strstr(second, "Status: DRAINING"));
	cr_assert_null(strstr(text, "0x2222"));
	free(text);
}

/* Each peer has the counters of all its SAs; one without SAs has none. */
Test(show, map, .init = site_a)
{
	json_t *answer;
	const json_t *map, *peer;

	add_pair(SITE_B, 0x1000, 0x2000, true);
	add_pair(HUB, 0x1111, 0x2222, false);
	add_pair(HUB, 0x3333, 0x4444, true);
	kernel_sa_count--; /* the outbound SA is not there yet */
	add_entry(TUNNEL(9), addr_v4(0x0a000009), NHRP_ENTRY_DYNAMIC);
	answer = ask("{\"verb\": [\"map\"]}");
	map = json_array_get(json_object_get(answer, "tunnels"), 0);
	cr_assert_str_eq(member_text(map, "source"), "10.0.0.4");
	peer = json_array_get(json_object_get(map, "peers"), 0);
	cr_assert_str_eq(member_text(peer, "nbma"), "10.0.1.2");
	cr_assert(member_true(peer, "nhs"));
	peer = json_object_get(peer, "traffic");
	cr_assert_eq(member_int(peer, "packets_out"), 277);
	cr_assert_eq(member_int(peer, "bytes_out"), 2048);
	cr_assert_eq(member_int(peer, "packets_in"), 554);
	cr_assert_eq(member_int(peer, "bytes_in"), 2048);
	peer = json_array_get(json_object_get(map, "peers"), 1);
	cr_assert_str_eq(member_text(peer, "nbma"), "10.0.0.9");
	cr_assert_not(member_has(peer, "traffic"));
	json_decref(answer);
}

/* The initiator of a rekey has not switched yet: the new outbound SA is not there, and not missed. */
Test(show, ipsec_sas_before_the_switch, .init = site_a)
{
	json_t *answer, *peer;

	add_pair(HUB, 0x1111, 0x2222, false);
	pairs[0].sends = true;
	add_pair(HUB, 0x3333, 0x4444, true);
	pairs[1].sends = false;
	kernel_sa_count--;
	answer = ask("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"]}");
	peer = json_array_get(
		json_object_get(json_array_get(json_object_get(answer, "interfaces"), 0), "peers"),
		0);
	cr_expect_eq(json_integer_value(json_object_get(peer, "outbound_spi")), 0x2222);
	cr_assert_eq(json_array_size(json_object_get(peer, "outbound")), 1);
	cr_assert_eq(json_array_size(json_object_get(peer, "inbound")), 2);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(peer, "outbound"), 0), "status")),
			 "ACTIVE");
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(peer, "inbound"), 1), "status")),
			 "DRAINING");
	json_decref(answer);
}

Test(show, clear_crypto, .init = site_a)
{
	json_decref(ask("{\"verb\": [\"clear\", \"crypto\", \"sa\"]}"));
	cr_assert(cleared.all);
	json_decref(ask(
		"{\"verb\": [\"clear\", \"crypto\", \"sa\"], \"args\": {\"peer\": \"10.0.1.2\"}}"));
	cr_assert(!cleared.all &&
		  addr_equal(&cleared.remote, &(struct addr){ HUB.len, { 10, 0, 1, 2 } }));
	json_decref(ask(
		"{\"verb\": [\"clear\", \"crypto\", \"isakmp\"], \"args\": {\"conn_id\": 1003}}"));
	cr_assert_eq(cleared.calls, 3);
	check_error(
		"{\"verb\": [\"clear\", \"crypto\", \"sa\"], \"args\": {\"peer\": \"10.9.9.9\"}}",
		"there is no SA with 10.9.9.9");
	check_error("{\"verb\": [\"clear\", \"crypto\", \"sa\"], \"args\": {\"peer\": 7}}",
		    "peer: expected an address");
	check_error("{\"verb\": [\"clear\", \"crypto\", \"isakmp\"], \"args\": {\"conn_id\": 1}}",
		    "there is no SA with conn-id 1");
	/* What is not understood is not taken for nothing, which would clear everything. */
	check_error(
		"{\"verb\": [\"clear\", \"crypto\", \"isakmp\"], \"args\": {\"conn_id\": \"\"}}",
		"conn_id: expected a number");
	check_error(
		"{\"verb\": [\"clear\", \"crypto\", \"isakmp\"], \"args\": {\"conn_id\": null}}",
		"conn_id: expected a number");
	check_error("{\"verb\": [\"clear\", \"crypto\", \"isakmp\"], \"args\": {\"id\": 1003}}",
		    "id: expected \"conn_id\", or no argument");
	check_error("{\"verb\": [\"clear\", \"crypto\", \"sa\"], \"args\": {\"peer\": \"\"}}",
		    "peer: expected an address");
	check_error(
		"{\"verb\": [\"clear\", \"crypto\", \"sa\"], \"args\": {\"peer\": \"0.0.0.0\"}}",
		"peer: expected an address");
	check_error("{\"verb\": [\"clear\", \"crypto\", \"sa\"], \"args\": [\"10.0.1.2\"]}",
		    "\"args\": expected an object");
	check_error("{\"verb\": [\"undebug\", \"all\"], \"args\": {\"level\": 1}}",
		    "level: no argument was expected");
	cr_assert_eq(cleared.calls, 3);
}

Test(show, clear_ip_nhrp, .init = site_a)
{
	add_entry(TUNNEL(3), SITE_B, NHRP_ENTRY_DYNAMIC);
	json_decref(ask("{\"verb\": [\"clear\", \"ip\", \"nhrp\"]}"));
	cr_assert(addr_is_none(&cleared.nhrp));
	json_decref(ask("{\"verb\": [\"clear\", \"ip\", \"nhrp\"], \"args\": {\"address\": "
			"\"172.16.0.3\"}}"));
	cr_assert_eq(addr_to_v4(&cleared.nhrp), 0xac100003);
	check_error("{\"verb\": [\"clear\", \"ip\", \"nhrp\"], \"args\": {\"address\": "
		    "\"172.16.0.1\"}}",
		    "there is no dynamic entry for 172.16.0.1");
	check_error("{\"verb\": [\"clear\", \"ip\", \"nhrp\"], \"args\": {\"address\": \"\"}}",
		    "address: expected an address");
}

Test(show, traffic_and_stats, .init = site_a)
{
	json_t *answer;
	char *text;

	traffic.sent[NHRP_REGISTRATION_REQUEST] = 42;
	traffic.refusals_received[NHRP_CODE_ALREADY_UNIQUE] = 2;
	traffic.malformed = 1;
	text = rendered("{\"verb\": [\"show\", \"ip\", \"nhrp\", \"traffic\"]}",
			render_nhrp_traffic);
	cr_assert_not_null(strstr(text, "Sent: Total 42\n"));
	cr_assert_not_null(strstr(text, "         2 unique address already registered (14)\n"));
	cr_assert_not_null(strstr(text, "         1 malformed\n"));
	free(text);
	answer = ask("{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"stats\"]}");
	cr_assert_eq(member_int(answer, "received"), 7);
	cr_assert_eq(member_int(json_object_get(answer, "dropped"), "ikev2"), 3);
	cr_assert_eq(member_int(json_object_get(answer, "kernel"), "acquires"), 2);
	json_decref(answer);
}

Test(show, version_and_interface, .init = site_a)
{
	char *text = rendered("{\"verb\": [\"show\", \"version\"]}", render_version);

	cr_assert_not_null(strstr(text, "SiteA uptime is 2 hours, 14 minutes\n"));
	free(text);
	text = rendered("{\"verb\": [\"show\", \"interface\"]}", render_interface);
	cr_assert_not_null(strstr(text, "    Key 0x1, sequencing disabled\n"));
	cr_assert_not_null(strstr(text, "  Tunnel source 10.0.0.4 (lo)\n"));
	free(text);
}

Test(show, requests_that_make_no_sense)
{
	check_error("{}", "\"verb\": expected an array of words");
	check_error("[]", "\"verb\": expected an array of words");
	check_error("{\"verb\": \"show\"}", "\"verb\": expected an array of words");
	check_error("{\"verb\": [1]}", "\"verb\": expected an array of words");
	check_error("{\"verb\": [\"show\", \"eigrp\"]}", "does not know \"show eigrp\"");
}

/* Nothing is there yet: a daemon that has just been started. */
Test(show, nothing)
{
	static const char *const words[] = {
		"[\"show\", \"dmvpn\"]",
		"[\"show\", \"ip\", \"nhrp\"]",
		"[\"show\", \"tunnel\", \"endpoints\"]",
		"[\"show\", \"crypto\", \"isakmp\", \"sa\"]",
		"[\"show\", \"crypto\", \"ipsec\", \"sa\"]",
		"[\"show\", \"ip\", \"nhrp\", \"nhs\"]",
		"[\"show\", \"interface\"]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char request[128];
		json_t *answer;

		snprintf(request, sizeof(request), "{\"verb\": %s}", words[i]);
		answer = ask(request);
		cr_assert_not(member_has(answer, "error"), "%s", words[i]);
		json_decref(answer);
	}
}
