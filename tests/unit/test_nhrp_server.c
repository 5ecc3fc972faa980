/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations made by hand, right ones and lies, and purges, against a hub.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include <errno.h>

#include "tests/unit/nhrp_hub.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

static enum nhrp_reason refused_because(const struct net *net, size_t from)
{
	return reason_of(net, from, HUB, NHRP_EV_CLIENT_REFUSED);
}

/* ---- registrations ---- */

Test(nhrp_server, reply_is_the_request_with_its_codes)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 77), *reply;
	struct nhrp_extension *e;
	struct reader r;
	struct nhrp_cie cie;

	p.n_extensions = 0;
	nhrp_extension_add(&p, NHRP_EXT_RESPONDER, (struct span){ NULL, 0 });
	nhrp_extension_add(&p, NHRP_EXT_FORWARD_TRANSIT, (struct span){ NULL, 0 });
	nhrp_extension_add(&p, NHRP_EXT_REVERSE_TRANSIT, (struct span){ NULL, 0 });
	net_sign(&p);
	nhrp_extension_add(&p, NHRP_EXT_NAT, (struct span){ NULL, 0 });
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	reply = last_sent(net);
	cr_expect_eq(reply->type, NHRP_REGISTRATION_REPLY);
	cr_expect_eq(reply->request_id, 77);
	cr_expect_eq(reply->flags, NHRP_REGISTRATION_UNIQUE);
	cr_expect(addr_equal(&reply->source, &p.source));
	cr_expect(addr_equal(&reply->destination, &p.destination));
	cr_expect_eq(reply->cies[0].prefix, 255);
	cr_expect_eq(reply->cies[0].holding_time, 600);
	e = nhrp_extension_find(reply, NHRP_EXT_RESPONDER);
	cr_assert(e);
	r = reader_of_span(e->value);
	cie = nhrp_cie_read(&r);
	cr_expect(reader_done(&r));
	cr_expect_eq(node_of(&cie.nbma), HUB);
	cr_expect(nhrp_extension_find(reply, NHRP_EXT_REVERSE_TRANSIT));
	cr_expect(nhrp_extension_find(reply, NHRP_EXT_AUTHENTICATION));
	cr_assert(nhrp_extension_find(reply, NHRP_EXT_NAT));
	cr_expect_eq(nhrp_extension_find(reply, NHRP_EXT_NAT)->value.len, 0);
	net_free(net);
}

Test(nhrp_server, ios_registration)
{
	struct net *net = net_new();
	struct span packet = hex(IOS_REGISTRATION);
	struct nhrp_config cfg = { .address = { ip("192.168.0.1"), 24 },
				   .nbma = ip("10.0.12.1"),
				   .authentication = text_span("CISCO") };
	struct nhrp_entry e;
	const void *cursor = NULL;

	net_start_with(net, HUB, cfg);
	nhrp_input(net->node[HUB].core, 0, TUNNEL, ip("10.0.12.2"), packet.data, packet.len);
	net_drain(net, HUB);
	while (nhrp_entry_next(net->node[HUB].core, &cursor, &e))
		if (e.type == NHRP_ENTRY_DYNAMIC)
			break;
	cr_expect_eq(e.type, NHRP_ENTRY_DYNAMIC);
	cr_expect_eq(e.holding_time, 30);
	cr_expect_eq(e.mtu, NHRP_MTU, "1514 is clamped");
	cr_expect_eq(e.flags, NHRP_FLAG_REGISTERED | NHRP_FLAG_UNIQUE);
	/* The pair was not told up yet: the answer waits for it. */
	cr_expect_eq(count_from(net, 0, HUB, NHRP_SEND), 0);
	cr_expect_eq(count_from(net, 0, HUB, NHRP_CONNECT), 1);
	nhrp_peer_up(net->node[HUB].core, 5, TUNNEL, ip("10.0.12.2"));
	net_drain(net, HUB);
	cr_expect_eq(count_sent(net, 0, HUB, NHRP_REGISTRATION_REPLY), 1);
	net_free(net);
	free((void *)packet.data);
}

struct lie {
	const char *what;
	enum nhrp_code code;
	enum nhrp_reason why;
	const char *source;	 /* NULL: right */
	const char *source_nbma;
	const char *cie_protocol;
	const char *cie_nbma;
	uint8_t prefix;
	bool no_holding;
};

static const struct lie lies[] = {
	{ "right", NHRP_CODE_SUCCESS, NHRP_WHY_NONE, .prefix = 255 },
	{ "right, 32", NHRP_CODE_SUCCESS, NHRP_WHY_NONE, .prefix = 32 },
	{ "right, 0", NHRP_CODE_SUCCESS, NHRP_WHY_NONE, .prefix = 0 },
	{ "the hub's own address", NHRP_CODE_PROHIBITED, NHRP_WHY_OWN_ADDRESS,
	  .source = "172.16.0.1" },
	{ "the hub's own in the entry", NHRP_CODE_PROHIBITED, NHRP_WHY_OWN_ADDRESS,
	  .cie_protocol = "172.16.0.1" },
	{ "another prefix", NHRP_CODE_PROHIBITED, NHRP_WHY_OUTSIDE,
	  .source = "172.16.1.2" },
	{ "the network", NHRP_CODE_PROHIBITED, NHRP_WHY_OUTSIDE,
	  .source = "172.16.0.0" },
	{ "the broadcast address", NHRP_CODE_PROHIBITED, NHRP_WHY_OUTSIDE,
	  .source = "172.16.0.255" },
	{ "a group", NHRP_CODE_PROHIBITED, NHRP_WHY_OUTSIDE,
	  .source = "224.0.0.5" },
	{ "another NBMA address", NHRP_CODE_PROHIBITED, NHRP_WHY_NBMA_MISMATCH,
	  .source_nbma = "10.9.9.9" },
	{ "another in the entry", NHRP_CODE_PROHIBITED, NHRP_WHY_NBMA_MISMATCH,
	  .cie_nbma = "10.9.9.9" },
	{ "a whole net", NHRP_CODE_PROHIBITED, NHRP_WHY_PREFIX_LENGTH, .prefix = 24 },
	{ "no time at all", NHRP_CODE_PROHIBITED, NHRP_WHY_HOLDING_TIME, .no_holding = true },
};

Test(nhrp_server, registrations_that_lie)
{
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		const struct lie *l = &lies[i];
		struct net *net = hub();
		struct nhrp_packet p = registration(A, 1);
		struct nhrp_entry e;

		p.cies[0].prefix = l->prefix;
		p.source = l->source ? ip(l->source) : p.source;
		p.source_nbma = l->source_nbma ? ip(l->source_nbma) : p.source_nbma;
		p.cies[0].protocol = l->cie_protocol ? ip(l->cie_protocol) : (struct addr){ 0 };
		p.cies[0].nbma = l->cie_nbma ? ip(l->cie_nbma) : (struct addr){ 0 };
		p.cies[0].holding_time = l->no_holding ? 0 : 600;
		cr_expect_eq(register_with(net, A, &p), (int)l->code, "%s", l->what);
		cr_expect_eq(refused_because(net, 0), l->why, "%s", l->what);
		cr_expect_eq(entry_of(net, HUB, A, &e), !l->code, "%s", l->what);
		cr_expect_eq(counters_of(net, HUB).refusals_sent[l->code], l->code != 0);
		net_free(net);
	}
}

/* Behind a NAT a client claims an address that does not show; it is bound to what does. */
Test(nhrp_server, behind_a_nat)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);

	p.source_nbma = ip("192.168.2.2");
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_PROHIBITED, "not known to be behind one");
	nhrp_peer_nat(net->node[HUB].core, TUNNEL, nbma_of(A), true);
	p.request_id++;
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	cr_expect(points_to(net, HUB, A, A));
	p.request_id++;
	p.cies[0].nbma = ip("192.168.2.9");
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_PROHIBITED, "two claims that differ");

	net_free(net);
}

/* The names of peers that share an address: class E, which no packet on a network has. */
Test(nhrp_server, pseudo_address)
{
	struct net *net = hub();
	struct nhrp *n = net->node[HUB].core;
	struct nhrp_packet p = registration(A, 1);
	uint8_t octets[NHRP_PACKET_MAX];
	struct addr name = ip("240.0.0.1");
	struct nhrp_entry e;
	size_t len;

	p.source_nbma = ip("192.168.2.2");
	len = nhrp_packet_encode(&p, octets, sizeof(octets));
	nhrp_peer_up(n, 0, TUNNEL, name);
	nhrp_peer_nat(n, TUNNEL, name, true);
	nhrp_input(n, 0, TUNNEL, name, octets, len);
	net_drain(net, HUB);
	cr_assert(entry_of(net, HUB, A, &e));
	cr_expect(addr_equal(&e.nbma, &name));
	cr_expect_eq(count_from(net, 0, HUB, NHRP_SEND), 1);
	net_free(net);
}

Test(nhrp_server, not_addressed_to_us)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);

	p.destination = protocol_of(B);
	register_with(net, A, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_ERROR_INDICATION);
	cr_expect_eq(last_sent(net)->code, NHRP_ERROR_UNREACHABLE);
	cr_expect_eq(counters_of(net, HUB).dropped, 1);
	net_free(net);
}

Test(nhrp_server, another_live_spokes_address_is_code_14)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), thief = registration(B, 2);
	const struct record *r;
	size_t from;

	cr_assert_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	thief.source = protocol_of(A);
	from = net->n_records;
	cr_expect_eq(register_with(net, B, &thief), NHRP_CODE_ALREADY_UNIQUE);
	thief.flags = 0; /* not asking for uniqueness does not help */
	thief.request_id++;
	cr_expect_eq(register_with(net, B, &thief), NHRP_CODE_ALREADY_UNIQUE);
	r = find_event(net, from, HUB, NHRP_EV_CLIENT_REFUSED);
	cr_assert(r);
	cr_expect_eq(node_of(&r->event.other_nbma), A);
	cr_expect(points_to(net, HUB, A, A));
	/* The holder is asked to prove that it is alive. */
	r = find_effect(net, from, HUB, NHRP_PROBE);
	cr_assert(r);
	cr_expect_eq(node_of(&r->nbma), A);

	/* It is not: the address moves, and the old pair is released. */
	net_pair_down(net, HUB, A);
	thief.request_id++;
	from = net->n_records;
	cr_expect_eq(register_with(net, B, &thief), NHRP_CODE_SUCCESS);
	cr_expect(points_to(net, HUB, A, B));
	cr_expect_eq(reason_of(net, from, HUB, NHRP_EV_BINDING_GONE), NHRP_WHY_REPLACED);
	net_free(net);
}

Test(nhrp_server, without_unique_the_newest_wins)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2);
	size_t from;
	const struct record *r;

	p.flags = q.flags = 0;
	q.source = protocol_of(A);
	cr_assert_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	from = net->n_records;
	cr_expect_eq(register_with(net, B, &q), NHRP_CODE_SUCCESS);
	cr_expect(points_to(net, HUB, A, B));
	cr_expect_eq(count_from(net, from, HUB, NHRP_UNBIND), 0, "replaced in place");
	r = find_effect(net, from, HUB, NHRP_RELEASE);
	cr_assert(r);
	cr_expect_eq(node_of(&r->nbma), A);
	net_free(net);
}

Test(nhrp_server, a_map_is_never_replaced)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_map map = { protocol_of(A), nbma_of(C) };
	struct nhrp_packet p = registration(A, 1);
	struct net *net;

	cfg.maps = &map;
	cfg.n_maps = 1;
	net = hub_with(cfg);
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_PROHIBITED);
	cr_expect_eq(refused_because(net, 0), NHRP_WHY_STATIC);
	cr_expect(points_to(net, HUB, A, C));
	net_free(net);
}

Test(nhrp_server, limit_per_nbma_address)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1);
	struct net *net;

	cfg.max_bindings_per_nbma = 3;
	net = hub_with(cfg);
	p.n_cies = 5; /* several entries in one packet, each with its own code */
	for (unsigned int k = 0; k < 5; k++)
		p.cies[k] = (struct nhrp_cie){ .prefix = 32,
					       .mtu = 1400,
					       .holding_time = 600,
					       .protocol = addr_v4(0xac10000aU + k) };
	cr_assert_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	for (int k = 0; k < 5; k++)
		cr_expect_eq(last_sent(net)->cies[k].code,
			     k < 3 ? NHRP_CODE_SUCCESS : NHRP_CODE_RESOURCES);
	cr_expect_eq(last_sent(net)->n_cies, 5);
	cr_expect_eq(counters_of(net, HUB).limits, 2);
	/* Refreshing what is there is no new one. */
	p.request_id++;
	register_with(net, A, &p);
	cr_expect_eq(last_sent(net)->cies[2].code, NHRP_CODE_SUCCESS);
	net_free(net);
}

Test(nhrp_server, limit_in_all)
{
	static const uint8_t seed[DRBG_SEED];
	struct net *net = net_new();
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1);

	net->node[HUB].core = nhrp_new(seed, 2);
	nhrp_interface_add(net->node[HUB].core, 0, TUNNEL, &cfg);
	for (int k = A; k <= C; k++) {
		net->pair[HUB][k] = net->pair[k][HUB] = true;
		nhrp_peer_up(net->node[HUB].core, 0, TUNNEL, nbma_of(k));
	}
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	p = registration(B, 2);
	cr_expect_eq(register_with(net, B, &p), NHRP_CODE_SUCCESS);
	p = registration(C, 3);
	cr_expect_eq(register_with(net, C, &p), NHRP_CODE_RESOURCES);
	cr_expect_eq(refused_because(net, 0), NHRP_WHY_LIMIT);
	/* One expires: there is room. */
	net_run(net, SECONDS(300));
	p = registration(A, 4);
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	net_run(net, SECONDS(601));
	p = registration(C, 5);
	cr_expect_eq(register_with(net, C, &p), NHRP_CODE_SUCCESS);
	net_free(net);
}

Test(nhrp_server, answer_waits_for_the_kernel)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), ask = request(B, A, 9), b = registration(B, 2);
	size_t from;
	uint64_t token;

	cr_assert_eq(register_with(net, B, &b), NHRP_CODE_SUCCESS);
	net->node[HUB].slow_kernel = true;
	from = net->n_records;
	cr_expect_eq(register_with(net, A, &p), -1);
	token = net->node[HUB].unanswered_token;
	/* Nobody is sent there yet, and who repeats himself is not answered twice. */
	net_inject(net, B, HUB, &ask);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NO_BINDING);
	cr_expect_eq(register_with(net, A, &p), -1);
	cr_expect_eq(count_from(net, from, HUB, NHRP_BIND), 1);
	/* Who asks anew gets that answer, from the one neighbour. */
	p.request_id = 4;
	cr_expect_eq(register_with(net, A, &p), -1);
	nhrp_bound(net->node[HUB].core, net->now, token, 0);
	net_drain(net, HUB);
	cr_expect_eq(last_sent(net)->type, NHRP_REGISTRATION_REPLY);
	cr_expect_eq(last_sent(net)->request_id, 4);
	cr_expect_eq(count_from(net, from, HUB, NHRP_BIND), 1);
	/* A late second answer, or one that was never asked for, is nothing. */
	nhrp_bound(net->node[HUB].core, net->now, token, EINVAL);
	nhrp_bound(net->node[HUB].core, net->now, 123456, 0);
	net_inject(net, B, HUB, &ask);
	cr_expect_eq(count_sent(net, from, HUB, NHRP_RESOLUTION_REQUEST), 1);
	net_free(net);
}

Test(nhrp_server, kernel_refuses)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);
	struct nhrp_entry e;

	net->node[HUB].bind_error = ENOBUFS;
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_RESOURCES);
	cr_expect_eq(find_event(net, 0, HUB, NHRP_EV_BIND_FAILED)->event.code, ENOBUFS);
	cr_expect_eq(refused_because(net, 0), NHRP_WHY_KERNEL);
	cr_expect_not(entry_of(net, HUB, A, &e));
	net_free(net);
}

Test(nhrp_server, kernel_never_answers)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);
	struct nhrp_entry e;

	net->node[HUB].slow_kernel = true;
	cr_expect_eq(register_with(net, A, &p), -1);
	net_run(net, SECONDS(6));
	cr_expect_not(entry_of(net, HUB, A, &e));
	cr_expect_eq(count_sent(net, 0, HUB, NHRP_REGISTRATION_REPLY), 1);
	net_free(net);
}

Test(nhrp_server, holding_time_passes)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);
	size_t from;
	const struct record *r;

	register_with(net, A, &p);
	from = net->n_records;
	net_run(net, SECONDS(600) - 1);
	cr_expect_eq(count_from(net, from, HUB, NHRP_UNBIND), 0);
	net_run(net, SECONDS(600));
	r = find_effect(net, from, HUB, NHRP_UNBIND);
	cr_assert(r);
	cr_expect_gt(find_effect(net, from, HUB, NHRP_RELEASE), r);
	cr_expect_eq(reason_of(net, from, HUB, NHRP_EV_BINDING_GONE), NHRP_WHY_EXPIRED);
	cr_expect_not(nhrp_knows_nbma(net->node[HUB].core, TUNNEL, nbma_of(A)));
	net_free(net);
}

Test(nhrp_server, two_addresses_of_one_peer_share_its_pair)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = registration(A, 2);
	size_t from;

	register_with(net, A, &p);
	q.source = protocol_of(C);
	q.cies[0].holding_time = 900;
	register_with(net, A, &q);
	from = net->n_records;
	net_run(net, SECONDS(700));
	cr_expect_eq(count_from(net, from, HUB, NHRP_UNBIND), 1);
	cr_expect_eq(count_from(net, from, HUB, NHRP_RELEASE), 0);
	net_run(net, SECONDS(1000));
	cr_expect_eq(count_from(net, from, HUB, NHRP_RELEASE), 1);
	net_free(net);
}

Test(nhrp_server, same_address_twice_in_one_request)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);

	p.cies[1] = p.cies[0];
	p.n_cies = 2;
	net->node[HUB].slow_kernel = true;
	cr_expect_eq(register_with(net, A, &p), -1);
	nhrp_bound(net->node[HUB].core, 0, net->node[HUB].unanswered_token, 0);
	net_drain(net, HUB);
	cr_expect_eq(last_sent(net)->n_cies, 2);
	cr_expect_eq(last_sent(net)->cies[1].code, NHRP_CODE_SUCCESS);
	cr_expect_eq(count_from(net, 0, HUB, NHRP_BIND), 1);
	net_free(net);
}

Test(nhrp_server, forgotten_while_it_waits_for_the_kernel)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);
	struct nhrp_entry e;

	net->node[HUB].slow_kernel = true;
	register_with(net, A, &p);
	nhrp_clear(net->node[HUB].core, 0, TUNNEL, (struct addr){ 0 });
	nhrp_bound(net->node[HUB].core, 0, net->node[HUB].unanswered_token, 0);
	net_drain(net, HUB);
	cr_expect_not(entry_of(net, HUB, A, &e));
	cr_expect_eq(count_sent(net, 0, HUB, NHRP_REGISTRATION_REPLY), 0);
	/* Another takes the address before the kernel took it for the first. */
	net->node[HUB].slow_kernel = true;
	p.flags = 0;
	p.request_id = 2;
	register_with(net, A, &p);
	p = registration(B, 3);
	p.flags = 0;
	p.source = protocol_of(A);
	register_with(net, B, &p);
	nhrp_bound(net->node[HUB].core, 0, net->node[HUB].unanswered_token, 0);
	net_drain(net, HUB);
	cr_assert(entry_of(net, HUB, A, &e));
	cr_expect_eq(node_of(&e.nbma), B);
	cr_expect_eq(count_sent(net, 0, HUB, NHRP_REGISTRATION_REPLY), 1);
	cr_expect_eq(last_sent(net)->request_id, 3);
	net_free(net);
}

Test(nhrp_server, interface_goes_while_a_registration_waits)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);

	net->node[HUB].slow_kernel = true;
	register_with(net, A, &p);
	nhrp_interface_remove(net->node[HUB].core, 0, TUNNEL);
	nhrp_bound(net->node[HUB].core, 0, net->node[HUB].unanswered_token, 0);
	net_drain(net, HUB);
	cr_expect_eq(nhrp_deadline(net->node[HUB].core), MSEC_NEVER);
	net_free(net);
}

Test(nhrp_server, point_to_point_prefix)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1);
	struct net *net;

	cfg.address = (struct prefix){ ip("172.16.0.2"), 31 };
	net = hub_with(cfg);
	p.source = ip("172.16.0.3"); /* all ones behind the mask, and yet a host */
	p.destination = cfg.address.addr;
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	net_free(net);
}

Test(nhrp_server, those_who_only_connect_are_bounded)
{
	static const uint8_t seed[DRBG_SEED];
	struct nhrp *n = nhrp_new(seed, 10);
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1);
	struct nhrp_counters counters;
	struct nhrp_effect e;
	uint8_t octets[NHRP_PACKET_MAX];
	size_t len = nhrp_packet_encode(&p, octets, sizeof(octets));

	cfg.max_resolutions = 10;
	nhrp_interface_add(n, 0, TUNNEL, &cfg);
	for (unsigned int k = 0; k < 100; k++)
		nhrp_peer_up(n, 0, TUNNEL, addr_v4(0xc6336401U + k));
	nhrp_input(n, 0, TUNNEL, nbma_of(A), octets, len);
	nhrp_counters_get(n, TUNNEL, &counters);
	cr_expect_eq(counters.limits, 81);
	while (nhrp_next_effect(n, &e))
		cr_expect_neq(e.kind, NHRP_BIND);
	/* They go, there is room. */
	for (unsigned int k = 0; k < 100; k++)
		nhrp_peer_down(n, 0, TUNNEL, addr_v4(0xc6336401U + k));
	nhrp_input(n, 0, TUNNEL, nbma_of(A), octets, len);
	while (nhrp_next_effect(n, &e) && e.kind != NHRP_BIND)
		;
	cr_expect_eq(e.kind, NHRP_BIND);
	nhrp_free(n);
}

/* ---- purges ---- */

static struct nhrp_packet purge(int by, int about)
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_PURGE_REQUEST,
				 .request_id = 55,
				 .source_nbma = nbma_of(by),
				 .source = protocol_of(by),
				 .destination = protocol_of(HUB),
				 .n_cies = 1,
				 .cies = { { .prefix = 32, .protocol = protocol_of(about) } } };

	net_sign(&p);
	return p;
}

Test(nhrp_server, purge_by_its_owner)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = purge(A, A);
	struct nhrp_entry e;

	register_with(net, A, &p);
	forget_flights(net);
	net_inject(net, A, HUB, &q);
	cr_expect_not(entry_of(net, HUB, A, &e));
	cr_expect(addr_is_none(neighbour(net, HUB, A)));
	cr_expect_eq(last_sent(net)->type, NHRP_PURGE_REPLY);
	cr_expect_eq(last_sent(net)->request_id, 55);
	/* The pair went with the binding. Once more: nothing to purge, but answered; with N not. */
	cr_expect_not(net->pair[HUB][A]);
	net->pair[HUB][A] = net->pair[A][HUB] = true;
	nhrp_peer_up(net->node[HUB].core, net->now, TUNNEL, nbma_of(A));
	forget_flights(net);
	net_inject(net, A, HUB, &q);
	cr_expect_eq(on_the_way(net), 1);
	forget_flights(net);
	q.flags = NHRP_PURGE_NO_REPLY;
	net_inject(net, A, HUB, &q);
	cr_expect_eq(on_the_way(net), 0);
	net_free(net);
}

Test(nhrp_server, purge_by_somebody_else)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = purge(B, A);
	struct nhrp_entry e;

	register_with(net, A, &p);
	net_inject(net, B, HUB, &q);
	cr_expect(entry_of(net, HUB, A, &e));
	cr_expect_eq(reason_of(net, 0, HUB, NHRP_EV_DROPPED), NHRP_WHY_NOT_OWNER);
	q.destination = protocol_of(C); /* purges are not passed on */
	net_inject(net, B, HUB, &q);
	q.type = NHRP_PURGE_REPLY; /* and nobody asked for that */
	net_inject(net, B, HUB, &q);
	cr_expect_eq(count_events(net, 0, HUB, NHRP_EV_DROPPED), 3);
	q = purge(B, HUB); /* our own address */
	net_inject(net, B, HUB, &q);
	cr_expect(entry_of(net, HUB, HUB, &e));
	net_free(net);
}

/* ---- many ---- */

Test(nhrp_server, ten_thousand_clients)
{
	static const uint8_t seed[DRBG_SEED];
	struct nhrp_config cfg = { .address = { ip("10.0.0.1"), 16 }, .nbma = ip("192.0.2.1") };
	struct nhrp *n = nhrp_new(seed, 0);
	struct nhrp_effect e;
	size_t binds = 0, replies = 0, unbinds = 0, releases = 0;

	nhrp_interface_add(n, 0, 1, &cfg);
	for (unsigned int k = 0; k < 10000; k++) {
		struct nhrp_packet p = { .hop_count = 255,
					 .type = NHRP_REGISTRATION_REQUEST,
					 .request_id = k,
					 .source_nbma = addr_v4(0x0b000001U + k),
					 .source = addr_v4(0x0a000002U + k),
					 .destination = cfg.address.addr,
					 .n_cies = 1,
					 .cies = { { .holding_time = 7200 } } };
		uint8_t octets[NHRP_PACKET_MAX];
		size_t len = nhrp_packet_encode(&p, octets, sizeof(octets));

		nhrp_peer_up(n, 0, 1, p.source_nbma);
		nhrp_input(n, 0, 1, p.source_nbma, octets, len);
		while (nhrp_next_effect(n, &e)) {
			if (e.kind == NHRP_BIND)
				nhrp_bound(n, 0, e.token, 0);
			binds += e.kind == NHRP_BIND;
			replies += e.kind == NHRP_SEND;
		}
	}
	/* 10.0.0.255 and the like are hosts of a /16; all were taken. */
	cr_expect_eq(binds, 10000);
	cr_expect_eq(replies, 10000);
	nhrp_tick(n, SECONDS(7200));
	while (nhrp_next_effect(n, &e)) {
		unbinds += e.kind == NHRP_UNBIND;
		releases += e.kind == NHRP_RELEASE;
	}
	cr_expect_eq(unbinds, 10000);
	cr_expect_eq(releases, 10000);
	cr_expect_eq(nhrp_deadline(n), MSEC_NEVER);
	nhrp_free(n);
}
