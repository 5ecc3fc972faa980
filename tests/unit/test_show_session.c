/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show crypto session: what belongs to which session, of all that the cores and the kernel know.
 * LINK: daemon/verbs.c daemon/answer.c daemon/show.c daemon/show_values.c daemon/show_nhrp.c daemon/show_peers.c daemon/show_map.c
 * LINK: daemon/show_ike.c daemon/show_ipsec.c daemon/show_session.c daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c
 * LINK: daemon/diagnose_nhrp.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c
 * LINK: lib/wire.c daemon/dmvpnctl_show.c
 */
#include "tests/unit/show_node.h"

static struct conf_tunnel protected = { .name = "Tunnel0", .profile = &profile };
static struct conf_tunnel shares = { .name = "Tunnel1", .profile = &profile };
static struct conf_tunnel bare = { .name = "Tunnel2" };
static struct tunnel three[3];

/* Two tunnels of one source, and one that is not protected. */
static void node(void)
{
	three[0] = (struct tunnel){ .conf = &protected, .local = SITE_A };
	three[1] = (struct tunnel){ .conf = &shares, .id = 1, .local = SITE_A };
	three[2] = (struct tunnel){ .conf = &bare, .id = 2, .local = addr_v4(0x0a000104) };
	d.tunnels = three;
	d.tunnel_count = 3;
}

static struct ike_sa_info *add_sa(uint32_t conn_id, enum ike_state state, struct addr remote,
				  const char *name)
{
	struct ike_sa_info *sa = &sas[sa_count++];

	*sa = (struct ike_sa_info){
		.conn_id = conn_id,
		.local = { SITE_A, 500 },
		.remote = { remote, 4500 },
		.state = state,
		.claims = { .type = 2, .len = (uint8_t)strlen(name) },
		.expires = MSEC_NEVER,
	};
	memcpy(sa->claims.data, name, strlen(name));
	return sa;
}

/* 277 packets out, 554 in; 3 of those that came were refused. */
static struct ike_pair_info *add_sas(uint32_t conn_id, struct addr remote)
{
	struct ike_pair_info *p;

	add_pair(remote, 0x100 + conn_id, 0x200 + conn_id, true);
	p = &pairs[pair_count - 1];
	p->conn_id = conn_id;
	p->since = NOW - SECONDS(3);
	kernel_sas[kernel_sa_count - 2].replay_drops = 2;
	kernel_sas[kernel_sa_count - 2].auth_failures = 1;
	return p;
}

static json_t *sessions(void)
{
	return ask("{\"verb\": [\"show\", \"crypto\", \"session\"]}");
}

static size_t count(const json_t *answer)
{
	return json_array_size(json_object_get(answer, "sessions"));
}

static const json_t *session(const json_t *answer, size_t i, const char *peer, const char *status)
{
	const json_t *s = json_array_get(json_object_get(answer, "sessions"), i);

	cr_assert_str_eq(member_text(s, "peer"), peer);
	cr_assert_str_eq(member_text(s, "status"), status);
	cr_assert_str_eq(member_text(s, "interface"), "Tunnel0");
	cr_assert_str_eq(member_text(s, "local"), "10.0.0.4");
	return s;
}

/* One of each status, in the order of the addresses, whatever the order of what they are made of. */
Test(show_session, statuses, .init = node)
{
	const json_t *s;
	json_t *answer;

	add_sas(1, HUB);
	add_sas(7, addr_v4(0x0a000064));
	add_sa(1, MM_ACTIVE, HUB, "name-1");
	add_sa(2, MM_ACTIVE, addr_v4(0x0a000009), "name-2");
	add_sa(3, MM_WAIT_MSG2, addr_v4(0x0a00001e), "name-3");
	add_entry(TUNNEL(1), HUB, NHRP_ENTRY_DYNAMIC)->peer_since = NOW - SECONDS(1372);
	add_entry(TUNNEL(7), addr_v4(0x0a000007), NHRP_ENTRY_DYNAMIC)->id = 1;
	add_entry(TUNNEL(8), (struct addr){ 0 }, NHRP_ENTRY_INCOMPLETE);
	add_entry(TUNNEL(9), addr_v4(0x0a090909), NHRP_ENTRY_DYNAMIC)->id = 2;
	answer = sessions();
	cr_assert_eq(count(answer), 5);
	s = session(answer, 0, "10.0.0.7", "DOWN");
	cr_assert_not(member_has(s, "uptime"));
	session(answer, 1, "10.0.0.9", "UP-IDLE");
	session(answer, 2, "10.0.0.30", "DOWN-NEGOTIATING");
	s = session(answer, 3, "10.0.0.100", "UP-NO-IKE");
	cr_assert_eq(member_int(s, "uptime"), 3);
	cr_assert_eq(member_int(s, "active_sas"), 2);
	s = session(answer, 4, "10.0.1.2", "UP-ACTIVE");
	cr_assert_eq(member_int(s, "uptime"), 1372);
	cr_assert_eq(member_int(s, "port"), 4500);
	cr_assert_eq(member_int(s, "in_drops"), 3);
	cr_assert_eq(member_int(s, "out_drops"), 0);
	cr_assert_eq(member_int(s, "decaps"), 277);
	cr_assert_eq(member_int(json_object_get(s, "inbound_life"), "kilobytes"), 4607999);
	cr_assert_eq(member_int(json_object_get(s, "outbound_life"), "seconds"), 2361);
	cr_assert_str_eq(member_text(s, "phase1_id"), "name-1");
	json_decref(answer);
}

/* Its ISAKMP SA is with the NAT's address: one session, not two. */
Test(show_session, peer_with_a_pseudo_address, .init = node)
{
	json_t *answer;

	add_sas(8, addr_v4(0xf0000001))->outer = addr_v4(0x0a000202);
	add_sa(8, MM_ACTIVE, addr_v4(0x0a000202), "name-8");
	add_entry(TUNNEL(3), addr_v4(0xf0000001), NHRP_ENTRY_DYNAMIC);
	answer = sessions();
	cr_assert_eq(count(answer), 1);
	session(answer, 0, "240.0.0.1", "UP-ACTIVE");
	json_decref(answer);
}

/*
 * Two behind one NAT, whose ISAKMP SAs are not those any more that made their SAs: each of them is in
 * the session with its own port.
 */
Test(show_session, peers_behind_one_nat_after_a_rekey, .init = node)
{
	static const struct {
		const char *peer, *id;
		json_int_t port;
	} want[] = { { "10.0.2.2", "192.168.2.2", 4500 }, { "240.0.0.1", "192.168.3.2", 10036 } };
	const struct addr nat = addr_v4(0x0a000202);
	struct ike_pair_info *p;
	json_t *answer;

	add_sas(1, nat)->encap_remote = 4500;
	p = add_sas(2, addr_v4(0xf0000001));
	p->outer = nat;
	p->encap_remote = 10036;
	add_sa(8, MM_ACTIVE, nat, "192.168.2.2");
	add_sa(9, MM_ACTIVE, nat, "192.168.3.2")->remote.port = 10036;
	answer = sessions();
	cr_assert_eq(count(answer), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *s = session(answer, i, want[i].peer, "UP-ACTIVE");

		cr_expect_eq(json_array_size(json_object_get(s, "isakmp_sas")), 1);
		cr_expect_eq(member_int(s, "port"), want[i].port);
		cr_expect_str_eq(member_text(s, "phase1_id"), want[i].id);
	}
	json_decref(answer);
}

/* At a rekey there are two pairs: one session, as old as the older of them until NHRP knows better. */
Test(show_session, two_pairs, .init = node)
{
	struct ike_pair_info *p = add_sas(1, HUB);
	const json_t *s;
	json_t *answer;

	p->current = p->sends = false;
	p->since = NOW - SECONDS(50);
	add_sas(2, HUB);
	answer = sessions();
	cr_assert_eq(count(answer), 1);
	s = session(answer, 0, "10.0.1.2", "UP-NO-IKE");
	cr_expect_eq(member_int(s, "active_sas"), 4);
	cr_expect_eq(member_int(s, "uptime"), 50);
	cr_expect_eq(member_int(s, "outbound_spi"), 0x202);
	json_decref(answer);
}

/* "Tunnel0: 10.0.0.7 10.0.1.2; Tunnel1: ", of the lists of all tunnels or interfaces. */
static void check_lists(const char *request, const char *outer, const char *inner, const char *name,
			const char *want)
{
	json_t *answer = ask(request), *group, *one;
	char is[256] = "";
	size_t i, j;

	json_array_foreach (json_object_get(answer, outer), i, group) {
		snprintf(is + strlen(is), sizeof(is) - strlen(is), "%s%s:", i ? "; " : "",
			 member_text(group, "interface"));
		json_array_foreach (json_object_get(group, inner), j, one)
			snprintf(is + strlen(is), sizeof(is) - strlen(is), " %s",
				 member_text(one, name));
	}
	cr_expect_str_eq(is, want, "%s: %s", request, is);
	json_decref(answer);
}

/* Each tunnel lists its own peers, and SAs of its own source; with one of them only its sessions. */
Test(show_session, several_tunnels, .init = node)
{
	json_t *answer;

	bare.profile = &profile;
	add_sas(1, HUB);
	add_sas(2, SITE_B);
	add_sas(3, HUB)->local = three[2].local;
	add_entry(TUNNEL(1), HUB, NHRP_ENTRY_DYNAMIC);
	add_entry(TUNNEL(2), SITE_B, NHRP_ENTRY_DYNAMIC);
	add_entry(TUNNEL(3), SITE_B, NHRP_ENTRY_DYNAMIC)->id = 1;
	add_entry(TUNNEL(4), HUB, NHRP_ENTRY_DYNAMIC)->id = 2;
	check_lists("{\"verb\": [\"show\", \"dmvpn\"]}", "tunnels", "peers", "nbma",
		    "Tunnel0: 10.0.1.2 10.0.0.6; Tunnel1: 10.0.0.6; Tunnel2: 10.0.1.2");
	check_lists("{\"verb\": [\"show\", \"tunnel\", \"endpoints\"]}", "tunnels", "endpoints",
		    "transport",
		    "Tunnel0: 10.0.1.2 10.0.0.6; Tunnel1: 10.0.0.6; Tunnel2: 10.0.1.2");
	check_lists("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"]}", "interfaces", "peers",
		    "remote", "Tunnel0: 10.0.0.6 10.0.1.2; Tunnel2: 10.0.1.2");
	check_lists("{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"], \"args\": {\"peer\": "
		    "\"10.0.0.6\"}}",
		    "interfaces", "peers", "remote", "Tunnel0: 10.0.0.6; Tunnel2:");
	answer = ask("{\"verb\": [\"show\", \"dmvpn\", \"detail\"], \"args\": {\"interface\": "
		     "\"Tunnel1\"}}");
	cr_expect_eq(count(answer), 1);
	session(answer, 0, "10.0.0.6", "UP-NO-IKE");
	json_decref(answer);
}

/* A source that is no tunnel's any more, and nothing at all. */
Test(show_session, nothing_to_show, .init = node)
{
	json_t *answer = sessions();

	cr_assert_eq(count(answer), 0);
	json_decref(answer);
	add_sa(1, MM_ACTIVE, HUB, "x")->local.addr = addr_v4(0x0a070707);
	add_sas(1, HUB)->local = addr_v4(0x0a070707);
	answer = sessions();
	cr_assert_eq(count(answer), 0);
	json_decref(answer);
}
