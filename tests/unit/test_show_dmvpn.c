/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows that are put together from others, or are about some peers or entries only.
 * LINK: daemon/verbs.c daemon/show.c daemon/show_values.c daemon/show_nhrp.c daemon/show_peers.c daemon/show_map.c daemon/show_ike.c
 * LINK: daemon/show_ipsec.c daemon/show_session.c daemon/answer.c daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c
 * LINK: daemon/diagnose_nhrp.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c
 * LINK: lib/wire.c daemon/dmvpnctl_show.c daemon/dmvpnctl_crypto.c daemon/dmvpnctl_session.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_events.c
 */
#include "tests/unit/show_node.h"

/* Each peer has the counters of all its SAs; one without SAs has none. */
Test(show_dmvpn, map, .init = site_a)
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

/* Three peers: the hub, SiteB with a network behind it, and one that is not there yet. */
static void three_peers(void)
{
	struct nhrp_entry *e;

	site_a();
	add_entry(TUNNEL(3), SITE_B, NHRP_ENTRY_DYNAMIC);
	e = add_entry(TUNNEL(9), (struct addr){ 0 }, NHRP_ENTRY_INCOMPLETE);
	e->path = HUB;
	shortcuts[shortcut_count++] = (struct nhrp_shortcut){
		.prefix = { addr_v4(0xc0a80300), 24 },
		.gateway = TUNNEL(3),
		.nbma = SITE_B,
		.state = NHRP_SHORTCUT_UP,
		.expires = MSEC_NEVER,
	};
}

/* Of what the answer lists, these members, with a blank behind each. */
static void check_list(const char *request, const char *list, const char *member, const char *want)
{
	json_t *answer = ask(request), *entry;
	char is[256] = "";
	size_t i;

	json_array_foreach (json_object_get(answer, list), i, entry)
		snprintf(is + strlen(is), sizeof(is) - strlen(is), "%s ",
			 member_text(entry, member));
	cr_expect_str_eq(is, want, "%s: %s", request, is);
	json_decref(answer);
}

static void check_peers(const char *request, const char *want)
{
	json_t *answer = ask(request), *peer;
	char is[256] = "";
	size_t i;

	json_array_foreach (
		json_object_get(json_array_get(json_object_get(answer, "tunnels"), 0), "peers"), i,
		peer)
		snprintf(is + strlen(is), sizeof(is) - strlen(is), "%s ",
			 member_text(peer, "nbma"));
	cr_expect_str_eq(is, want, "%s: %s", request, is);
	json_decref(answer);
}

Test(show_dmvpn, some_entries, .init = three_peers)
{
#define SHOW "{\"verb\": [\"show\", \"ip\", \"nhrp\""
	check_list(SHOW "]}", "entries", "protocol",
		   "172.16.0.1 172.16.0.2 172.16.0.3 172.16.0.9 192.168.3.0 ");
	check_list(SHOW ", \"static\"]}", "entries", "protocol", "172.16.0.1 ");
	check_list(SHOW ", \"dynamic\"]}", "entries", "protocol", "172.16.0.3 192.168.3.0 ");
	check_list(SHOW ", \"incomplete\"]}", "entries", "protocol", "172.16.0.9 ");
	check_list(SHOW "], \"args\": {\"address\": \"172.16.0.3\"}}", "entries", "protocol",
		   "172.16.0.3 ");
	check_list(SHOW "], \"args\": {\"address\": \"192.168.3.77\"}}", "entries", "protocol",
		   "192.168.3.0 ");
	check_list(SHOW "], \"args\": {\"address\": \"172.16.0.4\"}}", "entries", "protocol", "");
	check_error(SHOW "], \"args\": {\"address\": \"here\"}}", "expected an address");
	shortcuts[0].state = NHRP_SHORTCUT_RESOLVING;
	check_list(SHOW ", \"incomplete\"]}", "entries", "protocol", "172.16.0.9 192.168.3.0 ");
}

Test(show_dmvpn, some_peers, .init = three_peers)
{
	static const char *const words[] = { "\"dmvpn\"", "\"dmvpn\", \"detail\"" };
	static const struct {
		const char *args, *peers;
	} cases[] = {
		{ "", "10.0.1.2 10.0.0.6 " },
		{ "\"interface\": \"tunnel0\"", "10.0.1.2 10.0.0.6 " },
		{ "\"nbma\": \"10.0.0.6\"", "10.0.0.6 " },
		{ "\"tunnel\": \"172.16.0.1\"", "10.0.1.2 " },
		/* Its traffic goes through the hub. */
		{ "\"tunnel\": \"172.16.0.9\"", "10.0.1.2 " },
		{ "\"tunnel\": \"172.16.0.77\"", "" },
	};
	char request[128];

	for (size_t v = 0; v < ARRAY_SIZE(words); v++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			snprintf(request, sizeof(request),
				 "{\"verb\": [\"show\", %s], \"args\": {%s}}", words[v],
				 cases[i].args);
			check_peers(request, cases[i].peers);
		}
		snprintf(request, sizeof(request),
			 "{\"verb\": [\"show\", %s], \"args\": {\"interface\": \"Tunnel7\"}}",
			 words[v]);
		check_error(request, "a tunnel of the configuration: Tunnel0");
	}
	check_error("{\"verb\": [\"show\", \"dmvpn\", \"detail\"], \"args\": {\"nbma\": "
		    "\"10.0.0.6\", \"tunnel\": \"172.16.0.3\"}}",
		    "expected one of");
}

/* With all peers all sessions, with some only theirs; the tunnel has its link and its servers. */
Test(show_dmvpn, detail, .init = three_peers)
{
	json_t *answer, *first;

	sas[sa_count] = sas[0];
	sas[sa_count++].remote.addr = addr_v4(0x0a000063); /* NHRP does not know of it */
	answer = ask("{\"verb\": [\"show\", \"dmvpn\", \"detail\"]}");
	first = json_array_get(json_object_get(answer, "tunnels"), 0);
	cr_expect_str_eq(member_text(first, "profile"), "DMVPN");
	cr_expect_eq(json_array_size(json_object_get(first, "servers")), 1);
	json_decref(answer);
	check_list("{\"verb\": [\"show\", \"dmvpn\", \"detail\"]}", "sessions", "peer",
		   "10.0.0.6 10.0.0.99 10.0.1.2 ");
	check_list("{\"verb\": [\"show\", \"dmvpn\", \"detail\"], \"args\": {\"tunnel\": "
		   "\"172.16.0.1\"}}",
		   "sessions", "peer", "10.0.1.2 ");
	check_list("{\"verb\": [\"show\", \"dmvpn\", \"detail\"], \"args\": {\"nbma\": "
		   "\"10.0.0.6\"}}",
		   "sessions", "peer", "10.0.0.6 ");
	kernel_error = EIO;
	check_error("{\"verb\": [\"show\", \"dmvpn\", \"detail\"]}", "the kernel says no");
}

Test(show_dmvpn, redirects)
{
	char *text;

	flows[flow_count++] = (struct nhrp_flow){
		.source = addr_v4(0xc0a8020a),
		.destination = addr_v4(0xc0a8040a),
		.limited = 7,
		.next = NOW,
		.until = NOW + SECONDS(3),
	};
	flows[flow_count++] = (struct nhrp_flow){ .until = NOW }; /* over */
	flows[flow_count++] = (struct nhrp_flow){
		.source = addr_v4(0xc0a8020a),
		.destination = addr_v4(0xc0a8030a),
		.nbma = SITE_A,
		.told = 2,
		.limited = 1423,
		.next = NOW + SECONDS(1),
		.until = NOW + SECONDS(14),
	};
	check_golden("{\"verb\": [\"show\", \"ip\", \"nhrp\", \"redirect\"]}", render_nhrp_redirect,
		     "show-ip-nhrp-redirect");
	text = rendered("{\"verb\": [\"show\", \"ip\", \"nhrp\"]}", render_nhrp_summary);
	cr_expect_str_eq(text, "IP NHRP cache 0 entries, 0 bytes\n"
			       "    0 static  0 dynamic  0 incomplete\n");
	free(text);
}
