/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the cores to the terminal: verbs make JSON of what stand-ins for the cores tell, the client
 * renders it. The article's figures go in, the layouts that it prints come out.
 * LINK: daemon/verbs.c daemon/show.c daemon/show_values.c daemon/show_nhrp.c daemon/show_peers.c daemon/show_map.c daemon/show_ike.c
 * LINK: daemon/show_ipsec.c daemon/show_session.c daemon/answer.c daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c
 * LINK: daemon/diagnose_nhrp.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c
 * LINK: lib/wire.c daemon/dmvpnctl_show.c daemon/dmvpnctl_crypto.c daemon/dmvpnctl_session.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_events.c
 */
#include "tests/unit/show_node.h"

Test(show, the_article_s_spoke, .init = site_a)
{
	check_golden("{\"verb\": [\"show\", \"ip\", \"nhrp\"]}", render_nhrp, "show-ip-nhrp");
	check_golden("{\"verb\": [\"show\", \"dmvpn\"]}", render_dmvpn, "show-dmvpn-spoke");
	check_golden("{\"verb\": [\"show\", \"ip\", \"nhrp\", \"nhs\"]}", render_nhrp_nhs_detail,
		     "show-ip-nhrp-nhs-detail");
	check_golden("{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"sa\"]}", render_isakmp_sa,
		     "show-crypto-isakmp-sa");
	check_golden("{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"sa\"]}",
		     render_isakmp_sa_detail, "show-crypto-isakmp-sa-detail-spoke");
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
