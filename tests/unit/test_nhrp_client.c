/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spoke whose server and peers are made by hand: what it sends, which answers it believes.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_net.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

/* A alone; the pairs with the hub and the others are up, or not. */
static struct net *spoke_with(struct nhrp_config cfg)
{
	struct net *net = net_new();

	net_start_with(net, A, cfg);
	net->pair[A][HUB] = net->pair[HUB][A] = true;
	nhrp_peer_up(net->node[A].core, 0, TUNNEL, nbma_of(HUB));
	net_drain(net, A);
	return net;
}

static uint32_t last_id(const struct net *net)
{
	const struct record *sent = NULL;

	for (size_t i = 0; i < net->n_records; i++)
		if (net->record[i].kind == NHRP_SEND)
			sent = &net->record[i];
	cr_assert(sent, "nothing was sent");
	return sent->request_id;
}

static struct nhrp_packet registration_reply(uint32_t id, uint8_t code)
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_REGISTRATION_REPLY,
				 .flags = NHRP_REGISTRATION_UNIQUE,
				 .request_id = id,
				 .source_nbma = nbma_of(A),
				 .source = protocol_of(A),
				 .destination = protocol_of(HUB),
				 .n_cies = 1,
				 .cies = { { code, .prefix = 255, .holding_time = 7200 } } };

	net_sign(&p);
	return p;
}

static struct nhrp_packet resolution_reply(uint32_t id, int names)
{
	struct nhrp_packet p = { .hop_count = 254,
				 .type = NHRP_RESOLUTION_REPLY,
				 .flags = NHRP_Q | NHRP_A | NHRP_D | NHRP_U | NHRP_S,
				 .request_id = id,
				 .source_nbma = nbma_of(A),
				 .source = protocol_of(A),
				 .destination = protocol_of(B),
				 .n_cies = 1,
				 .cies = { { .prefix = 32,
					     .mtu = 1400,
					     .holding_time = 7200,
					     .nbma = nbma_of(names),
					     .protocol = protocol_of(B) } } };

	net_sign(&p);
	return p;
}

/* For so long that no test sees a renewal. */
static struct net *registered(void)
{
	struct nhrp_config cfg = config_of(A);
	struct nhrp_packet p;
	struct net *net;

	cfg.holding_time = UINT16_MAX;
	net = spoke_with(cfg);
	p = registration_reply(last_id(net), 0);
	p.cies[0].holding_time = UINT16_MAX;
	net_inject(net, HUB, A, &p);
	cr_assert_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	return net;
}

/* A has asked the hub about B. */
static struct net *asking(void)
{
	struct net *net = registered();

	net_upcall(net, A, B);
	return net;
}

/* ---- registering ---- */

Test(nhrp_client, registration_as_ios_sends_it)
{
	/*
	 * The captured one with our addresses, key and id; see tests/unit/nhrp_vectors.h. That router
	 * was without NAT support, which IOS says with a flag and an extension at the end.
	 */
	struct net *net = net_new();
	struct span octets = hex(IOS_REGISTRATION);
	struct nhrp_map map = { ip("192.168.0.1"), ip("10.0.12.1") };
	struct nhrp_nhs_config nhs = { .protocol = ip("192.168.0.1") };
	struct nhrp_config cfg = { .address = { ip("192.168.0.2"), 24 },
				   .nbma = ip("10.0.12.2"),
				   .authentication = text_span("CISCO"),
				   .holding_time = 30,
				   .mtu = 1514,
				   .maps = &map,
				   .n_maps = 1,
				   .nhs = &nhs,
				   .n_nhs = 1 };
	struct nhrp_packet p;
	struct nhrp_effect e;
	uint8_t again[NHRP_PACKET_MAX];
	size_t offset;

	net_start_with(net, A, cfg);
	nhrp_peer_up(net->node[A].core, 0, TUNNEL, map.nbma);
	while (nhrp_next_effect(net->node[A].core, &e) && e.kind != NHRP_SEND)
		;
	cr_assert_eq(e.kind, NHRP_SEND);
	cr_assert_eq(nhrp_packet_parse(e.packet.data, e.packet.len, &p, &offset), NHRP_WELL_FORMED);
	p.request_id = 5;
	cr_expect_eq(p.flags, NHRP_REGISTRATION_UNIQUE | NHRP_CISCO_NAT);
	p.flags &= (uint16_t)~NHRP_CISCO_NAT;
	cr_assert_eq(p.extensions[--p.n_extensions].type, NHRP_EXT_NAT);
	cr_assert_eq(nhrp_packet_encode(&p, again, sizeof(again)), octets.len);
	cr_expect_arr_eq(again, octets.data, octets.len);
	net_free(net);
	free((void *)octets.data);
}

Test(nhrp_client, no_unique_is_said)
{
	struct nhrp_config cfg = config_of(A);
	struct net *net;
	struct nhrp_packet p;
	size_t offset;

	cfg.no_unique = true;
	net = spoke_with(cfg);
	nhrp_packet_parse(net->flight[0].packet, net->flight[0].len, &p, &offset);
	cr_expect_eq(p.flags, NHRP_CISCO_NAT);
	net_free(net);
}

Test(nhrp_client, replies_nobody_asked_for)
{
	struct net *net = spoke_with(config_of(A));
	uint32_t id = last_id(net);
	struct nhrp_packet p = registration_reply(id + 1, 0);

	net_inject(net, HUB, A, &p); /* a guessed id */
	p = registration_reply(id, 0);
	net_inject(net, B, A, &p); /* not from the server */
	p.source = protocol_of(C);
	net_inject(net, HUB, A, &p); /* for somebody else */
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_REGISTERING);
	cr_expect_eq(counters_of(net, A).unexpected_replies, 3);
	p = registration_reply(id, 0);
	net_inject(net, HUB, A, &p);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	net_inject(net, HUB, A, &p); /* a duplicate */
	cr_expect_eq(counters_of(net, A).unexpected_replies, 4);
	net_free(net);
}

Test(nhrp_client, refusals_are_told_and_tried_again)
{
	static const unsigned int gap[] = { 1, 2, 4, 8, 16, 32, 64, 64 };
	struct net *net = spoke_with(config_of(A));
	uint32_t id = 0;

	for (size_t k = 0; k < ARRAY_SIZE(gap); k++) {
		struct nhrp_packet p = registration_reply(last_id(net), NHRP_CODE_ALREADY_UNIQUE);
		size_t from = net->n_records;
		const struct record *r;

		cr_expect_neq(last_id(net), id, "a new attempt has a new id");
		id = last_id(net);
		net_inject(net, HUB, A, &p);
		r = find_event(net, from, A, NHRP_EV_REGISTRATION_REFUSED);
		cr_assert(r);
		cr_expect_eq(r->event.code, NHRP_CODE_ALREADY_UNIQUE);
		cr_expect_eq(r->event.seconds, gap[k]);
		cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_REFUSED);
		cr_expect_eq(nhs_of(net, A).last_code, NHRP_CODE_ALREADY_UNIQUE);
		from = net->n_records;
		net_run(net, net->now + SECONDS(gap[k]) - 1);
		cr_expect_eq(count_from(net, from, A, NHRP_SEND), 0);
		net_run(net, net->now + 1);
		cr_assert_eq(count_from(net, from, A, NHRP_SEND), 1);
	}
	cr_expect_eq(nhs_of(net, A).refusals, ARRAY_SIZE(gap));
	cr_expect_eq(counters_of(net, A).refusals_received[14], ARRAY_SIZE(gap));
	net_free(net);
}

Test(nhrp_client, every_code_but_zero_is_a_refusal)
{
	for (unsigned int code = 1; code < 256; code++) {
		struct net *net = spoke_with(config_of(A));
		struct nhrp_packet p = registration_reply(last_id(net), (uint8_t)code);

		net_inject(net, HUB, A, &p);
		cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_REFUSED, "code %u", code);
		net_free(net);
	}
}

Test(nhrp_client, server_that_grants_less_is_renewed_earlier)
{
	struct net *net = spoke_with(config_of(A));
	struct nhrp_packet p = registration_reply(last_id(net), 0);
	size_t from = net->n_records;

	p.cies[0].holding_time = 300;
	net_inject(net, HUB, A, &p);
	net_run(net, SECONDS(100) - 1);
	cr_expect_eq(count_from(net, from, A, NHRP_SEND), 0);
	net_run(net, SECONDS(100));
	cr_expect_eq(count_from(net, from, A, NHRP_SEND), 1);
	net_free(net);
}

Test(nhrp_client, server_without_a_map)
{
	struct nhrp_config cfg = config_of(A);
	struct net *net = net_new();

	cfg.n_maps = 0;
	net_start_with(net, A, cfg);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_NO_MAP);
	cr_expect_eq(reason_of(net, 0, A, NHRP_EV_NHS_DOWN), NHRP_WHY_NO_MAP);
	cr_expect_eq(find_event(net, 0, A, NHRP_EV_NHS_DOWN)->event.level, NHRP_LEVEL_ERROR);
	cr_expect_eq(count_from(net, 0, A, NHRP_CONNECT), 0);
	net_upcall(net, A, B);
	nhrp_clear(net->node[A].core, 0, TUNNEL, (struct addr){ 0 });
	net_run(net, SECONDS(10000));
	net_free(net);
}

Test(nhrp_client, error_about_a_registration_is_evidence_only)
{
	struct net *net = spoke_with(config_of(A));
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_ERROR_INDICATION,
				 .source_nbma = nbma_of(HUB),
				 .source = protocol_of(HUB),
				 .destination = protocol_of(A),
				 .code = NHRP_ERROR_AUTHENTICATION,
				 .inner = { net->flight[0].packet, net->flight[0].len } };
	const struct record *r;
	size_t from = net->n_records;

	net_inject(net, HUB, A, &p);
	r = find_event(net, from, A, NHRP_EV_ERROR_RECEIVED);
	cr_assert(r);
	cr_expect_eq(r->event.code, NHRP_ERROR_AUTHENTICATION);
	cr_expect_eq(r->event.type, NHRP_REGISTRATION_REQUEST);
	cr_expect_eq(r->event.request_id, last_id(net));
	cr_expect_eq(count_events(net, from, A, NHRP_EV_DROPPED), 0);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_REGISTERING);
	/* From somebody else, or about nothing of ours: told, and that is all. */
	net_inject(net, B, A, &p);
	p.inner.len = 10;
	net_inject(net, HUB, A, &p);
	cr_expect_eq(count_events(net, from, A, NHRP_EV_DROPPED), 2);
	net_run(net, SECONDS(1));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_free(net);
}

Test(nhrp_client, server_that_purges_us_is_registered_with_anew)
{
	struct net *net = registered();
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_PURGE_REQUEST,
				 .source_nbma = nbma_of(HUB),
				 .source = protocol_of(HUB),
				 .destination = protocol_of(A),
				 .n_cies = 1,
				 .cies = { { .prefix = 32, .protocol = protocol_of(A) } } };
	size_t from = net->n_records;

	net_sign(&p);
	net_inject(net, B, A, &p);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 0);
	net_inject(net, HUB, A, &p);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_free(net);
}

/* ---- upcalls ---- */

Test(nhrp_client, upcalls_that_get_no_answer)
{
	struct net *net = registered();
	size_t from = net->n_records;

	nhrp_resolve(net->node[A].core, 0, TUNNEL, ip("172.16.1.1"));
	nhrp_resolve(net->node[A].core, 0, TUNNEL, ip("172.16.0.255"));
	nhrp_resolve(net->node[A].core, 0, TUNNEL, ip("172.16.0.0"));
	nhrp_resolve(net->node[A].core, 0, TUNNEL, ip("172.16.0.2"));
	nhrp_resolve(net->node[A].core, 0, TUNNEL, ip("224.0.0.5"));
	nhrp_resolve(net->node[A].core, 0, TUNNEL, (struct addr){ 0 });
	nhrp_resolve(net->node[A].core, 0, TUNNEL + 7, ip("172.16.0.3"));
	net_drain(net, A);
	cr_expect_eq(count_events(net, from, A, NHRP_EV_RESOLVE_IGNORED), 6);
	cr_expect_eq(count_from(net, from, A, NHRP_BIND), 0);
	net_pair_down(net, A, HUB);
	from = net->n_records;
	net_upcall(net, A, B);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_RESOLVE_IGNORED), NHRP_WHY_NO_NHS);
	cr_expect_eq(count_from(net, from, A, NHRP_BIND), 0);
	net_free(net);
}

Test(nhrp_client, scan_of_the_prefix_is_bounded)
{
	struct nhrp_config cfg = config_of(A);
	struct nhrp_packet p;
	struct net *net;
	size_t from;

	cfg.address.bits = 16;
	cfg.max_resolutions = 20;
	net = spoke_with(cfg);
	p = registration_reply(last_id(net), 0);
	net_inject(net, HUB, A, &p);
	from = net->n_records;
	for (unsigned int k = 0; k < 1000; k++)
		nhrp_resolve(net->node[A].core, net->now, TUNNEL, addr_v4(0xac100100U + k));
	net_drain(net, A);
	cr_expect_eq(count_from(net, from, A, NHRP_BIND), 20);
	cr_expect_eq(count_from(net, from, A, NHRP_SEND), 20);
	cr_expect_eq(counters_of(net, A).limits, 980);
	net->n_flights = 0;
	/* They end by themselves. */
	net_run(net, SECONDS(100));
	cr_expect_eq(count_from(net, from, A, NHRP_UNBIND), 20);
	net_free(net);
}

/* ---- answers ---- */

static enum nhrp_reason dropped_because(const struct net *net, size_t from)
{
	return reason_of(net, from, A, NHRP_EV_DROPPED);
}

Test(nhrp_client, answers_that_are_not_believed)
{
	static const struct {
		const char *what;
		enum nhrp_reason why;
		int from;
		uint32_t wrong_id;
		const char *nbma;
		const char *protocol;
		uint8_t prefix;
		uint16_t holding_time;
	} answers[] = {
		{ "guessed id", NHRP_WHY_UNKNOWN_ID, HUB, 1, .prefix = 32, .holding_time = 600 },
		{ "from a stranger", NHRP_WHY_STRANGER, C, .prefix = 32, .holding_time = 600 },
		{ "our own NBMA address", NHRP_WHY_OWN_ADDRESS, HUB, .nbma = "10.0.0.4",
		  .prefix = 32, .holding_time = 600 },
		{ "a group as NBMA address", NHRP_WHY_OWN_ADDRESS, HUB, .nbma = "224.0.0.1",
		  .prefix = 32, .holding_time = 600 },
		{ "for another address", NHRP_WHY_NO_BINDING, HUB, .protocol = "172.16.0.9",
		  .prefix = 32, .holding_time = 600 },
		{ "a whole net", NHRP_WHY_PREFIX_LENGTH, HUB, .prefix = 8, .holding_time = 600 },
		{ "no time", NHRP_WHY_HOLDING_TIME, HUB, .prefix = 32, .holding_time = 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct net *net = asking();
		struct nhrp_packet p = resolution_reply(last_id(net) + answers[i].wrong_id, B);
		size_t from = net->n_records;

		p.cies[0].nbma = answers[i].nbma ? ip(answers[i].nbma) : p.cies[0].nbma;
		p.cies[0].protocol = answers[i].protocol ? ip(answers[i].protocol)
							 : p.cies[0].protocol;
		p.cies[0].prefix = answers[i].prefix;
		p.cies[0].holding_time = answers[i].holding_time;
		net_inject(net, answers[i].from, A, &p);
		cr_expect_eq(dropped_because(net, from), answers[i].why, "%s", answers[i].what);
		cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0, "%s", answers[i].what);
		cr_expect(points_to(net, A, B, HUB), "%s", answers[i].what);
		net_free(net);
	}
}

Test(nhrp_client, negative_answer_from_a_stranger)
{
	struct net *net = asking();
	struct nhrp_packet p = resolution_reply(last_id(net), B);
	size_t from = net->n_records;
	struct nhrp_entry e;

	p.cies[0] = (struct nhrp_cie){ .code = NHRP_CODE_NO_BINDING };
	net_inject(net, B, A, &p);
	cr_expect_eq(dropped_because(net, from), NHRP_WHY_STRANGER);
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_INCOMPLETE);
	net_inject(net, HUB, A, &p);
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_NEGATIVE);
	net_free(net);
}

Test(nhrp_client, answer_before_our_own_pair_is_up)
{
	struct net *net = asking();
	struct nhrp_packet p = resolution_reply(last_id(net), B);
	size_t from = net->n_records;

	/* It came through the inbound SA; the outbound one is not there yet. */
	net_inject(net, B, A, &p);
	cr_expect(points_to(net, A, B, HUB));
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 1);
	nhrp_peer_up(net->node[A].core, 5, TUNNEL, nbma_of(B));
	net_drain(net, A);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_client, hub_names_itself)
{
	struct net *net = asking();
	struct nhrp_packet p = resolution_reply(last_id(net), HUB);
	struct nhrp_entry e;
	size_t from = net->n_records;

	net_inject(net, HUB, A, &p);
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_DYNAMIC);
	cr_expect(points_to(net, A, B, HUB));
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0);
	/* When that goes there is nowhere else to go. */
	net_pair_down(net, A, HUB);
	cr_expect_not(entry_of(net, A, B, &e));
	net_free(net);
}

Test(nhrp_client, pair_up_is_not_enough)
{
	struct net *net = asking();
	struct nhrp_packet p = resolution_reply(last_id(net), B), other;
	size_t from = net->n_records;

	net_inject(net, HUB, A, &p); /* the hub knows B's address */
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 1);
	nhrp_peer_up(net->node[A].core, 5, TUNNEL, nbma_of(B));
	net->pair[A][B] = net->pair[B][A] = true;
	net_drain(net, A);
	cr_expect(points_to(net, A, B, HUB), "B has not been heard");
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	/* Any packet of NHRP over that pair proves it. */
	other = resolution_reply(1, C);
	net_inject(net, B, A, &other);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_client, kernel_that_refuses_the_path)
{
	struct net *net = registered();
	struct nhrp_entry e;
	size_t from = net->n_records;

	net->node[A].bind_error = 12;
	net_upcall(net, A, B);
	cr_expect_eq(find_event(net, from, A, NHRP_EV_BIND_FAILED)->event.code, 12);
	cr_expect_not(entry_of(net, A, B, &e));
	net_free(net);
}

Test(nhrp_client, error_about_a_request_ends_it)
{
	struct net *net = asking();
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_ERROR_INDICATION,
				 .source_nbma = nbma_of(HUB),
				 .source = protocol_of(HUB),
				 .destination = protocol_of(A),
				 .code = NHRP_ERROR_HOP_COUNT,
				 .inner = { net->flight[net->n_flights - 1].packet,
					    net->flight[net->n_flights - 1].len } };
	struct nhrp_entry e;

	net_inject(net, HUB, A, &p);
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_NEGATIVE);
	cr_expect(points_to(net, A, B, HUB));
	net_free(net);
}

Test(nhrp_client, purge_of_a_path)
{
	struct net *net = asking();
	struct nhrp_packet reply = resolution_reply(last_id(net), B);
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_PURGE_REQUEST,
				 .source_nbma = nbma_of(B),
				 .source = protocol_of(B),
				 .destination = protocol_of(A),
				 .n_cies = 1,
				 .cies = { { .prefix = 32, .protocol = protocol_of(B) } } };
	struct nhrp_entry e;

	net_sign(&p);
	net_inject(net, B, A, &reply);
	nhrp_peer_up(net->node[A].core, 0, TUNNEL, nbma_of(B));
	net_drain(net, A);
	cr_assert(points_to(net, A, B, B));
	net_inject(net, C, A, &p);
	cr_expect(points_to(net, A, B, B), "not C's affair");
	net_inject(net, B, A, &p);
	cr_expect_not(entry_of(net, A, B, &e));
	cr_expect(addr_is_none(neighbour(net, A, B)));
	net_free(net);
}

Test(nhrp_client, forwarded_requests_only_from_servers)
{
	struct net *net = registered();
	struct nhrp_packet p = { .hop_count = 254,
				 .type = NHRP_RESOLUTION_REQUEST,
				 .flags = NHRP_Q | NHRP_A | NHRP_S,
				 .request_id = 5,
				 .source_nbma = nbma_of(B),
				 .source = protocol_of(B),
				 .destination = protocol_of(A) };
	size_t from = net->n_records;

	net_sign(&p);
	net_inject(net, C, A, &p); /* C would have A connect to B */
	cr_expect_eq(dropped_because(net, from), NHRP_WHY_NBMA_MISMATCH);
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0);
	p.source_nbma = ip("224.0.0.9");
	net_inject(net, HUB, A, &p);
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0);
	p.source_nbma = nbma_of(B);
	net_inject(net, HUB, A, &p);
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 1);
	/* Repeated while it waits: one answer. */
	net_inject(net, HUB, A, &p);
	net_inject(net, HUB, A, &p);
	nhrp_peer_up(net->node[A].core, 5, TUNNEL, nbma_of(B));
	net_drain(net, A);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REPLY), 1);
	/* About somebody else: the server is told that this is not the egress. */
	p.destination = protocol_of(C);
	net_inject(net, HUB, A, &p);
	cr_expect_eq(counters_of(net, A).refusals_sent[NHRP_CODE_NO_BINDING], 1);
	net_free(net);
}

Test(nhrp_client, what_waits_is_bounded)
{
	struct nhrp_config cfg = config_of(A);
	struct nhrp_packet p = { .hop_count = 254,
				 .type = NHRP_RESOLUTION_REQUEST,
				 .request_id = 5,
				 .destination = protocol_of(A) };
	struct net *net;
	size_t from;

	cfg.max_resolutions = 10;
	net = spoke_with(cfg);
	net_sign(&p);
	from = net->n_records;
	/* Many requesters that nobody can connect to. */
	for (unsigned int k = 0; k < 100; k++) {
		p.source_nbma = addr_v4(0xc6336401U + k);
		p.source = addr_v4(0xac100010U + k);
		net_inject(net, HUB, A, &p);
	}
	cr_expect_eq(counters_of(net, A).held, 10);
	cr_expect_eq(counters_of(net, A).limits, 90);
	net_run(net, SECONDS(11));
	cr_expect_eq(count_from(net, from, A, NHRP_RELEASE), 10);
	cr_expect_eq(counters_of(net, A).held_expired, 10);
	/* And many addresses of one: the newest four wait, not all equally long. */
	from = net->n_records;
	for (unsigned int k = 0; k < 100; k++) {
		p.source = addr_v4(0xac100010U + k);
		net->now += 10;
		net_inject(net, HUB, A, &p);
	}
	net_pair_down(net, A, HUB); /* not through the server either */
	net_run(net, net->now + SECONDS(11));
	cr_expect_eq(counters_of(net, A).held_expired, 14);
	cr_expect_eq(count_from(net, from, A, NHRP_RELEASE), 1);
	cr_expect_eq(count_events(net, from, A, NHRP_EV_DROPPED), 4);
	net_free(net);
}

/* A's path to B, direct. */
static struct net *direct(void)
{
	struct net *net = asking();
	struct nhrp_packet p = resolution_reply(last_id(net), B);

	net->pair[A][B] = net->pair[B][A] = true;
	nhrp_peer_up(net->node[A].core, net->now, TUNNEL, nbma_of(B));
	net_inject(net, B, A, &p);
	cr_assert(points_to(net, A, B, B));
	return net;
}

Test(nhrp_client, refresh_that_names_another_address)
{
	struct net *net = direct();
	struct nhrp_packet p;
	size_t from = net->n_records;

	for (int k = 1; k <= 6; k++) {
		net->node[A].traffic[B] += 9;
		net_run(net, SECONDS(4800 / 6 * k));
	}
	cr_assert_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	p = resolution_reply(last_id(net), C); /* B has moved to where C was */
	net_inject(net, HUB, A, &p);
	cr_expect(points_to(net, A, B, HUB), "not to where nobody was heard");
	nhrp_peer_up(net->node[A].core, net->now, TUNNEL, nbma_of(C));
	net_inject(net, C, A, &p);
	cr_expect(points_to(net, A, B, C));
	cr_expect_not(nhrp_knows_nbma(net->node[A].core, TUNNEL, nbma_of(B)));
	net_free(net);
}

Test(nhrp_client, refresh_that_is_refused_or_lost)
{
	for (int refused = 0; refused < 2; refused++) {
		struct net *net = direct();
		size_t from = net->n_records;

		for (int k = 1; k <= 6; k++) {
			net->node[A].traffic[B] += 9;
			net_run(net, SECONDS(4800 / 6 * k));
		}
		if (refused) {
			struct nhrp_packet p = resolution_reply(last_id(net), B);

			p.cies[0] = (struct nhrp_cie){ .code = NHRP_CODE_NO_BINDING };
			net_inject(net, HUB, A, &p);
		}
		net_run(net, SECONDS(7199));
		cr_expect(points_to(net, A, B, B), "its time is not over");
		cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), refused ? 1 : 4);
		net_run(net, SECONDS(7201));
		cr_expect(addr_is_none(neighbour(net, A, B)));
		cr_expect_eq(reason_of(net, from, A, NHRP_EV_BINDING_GONE),
			     NHRP_WHY_EXPIRED);
		net_free(net);
	}
}

Test(nhrp_client, pair_goes_while_it_is_confirmed)
{
	struct net *net = asking();
	struct nhrp_packet p = resolution_reply(last_id(net), B);
	const struct record *r;

	net_inject(net, HUB, A, &p);
	nhrp_peer_up(net->node[A].core, 5, TUNNEL, nbma_of(B));
	nhrp_peer_down(net->node[A].core, 6, TUNNEL, nbma_of(B));
	net_drain(net, A);
	r = find_event(net, 0, A, NHRP_EV_RESOLUTION_TIMEOUT);
	cr_assert(r);
	cr_expect_eq(r->event.reason, NHRP_WHY_PEER_DOWN);
	cr_expect(points_to(net, A, B, HUB));
	net_free(net);
}

Test(nhrp_client, pair_goes_and_no_server_is_there)
{
	struct net *net = direct();
	struct nhrp_entry e;

	net_run(net, SECONDS(100));
	net_pair_down(net, A, HUB);
	cr_expect(points_to(net, A, B, B), "a path does not need the server");
	net_pair_down(net, A, B);
	cr_expect_not(entry_of(net, A, B, &e));
	net_free(net);
}

Test(nhrp_client, who_registers_here_is_not_looked_for)
{
	struct net *net = asking();
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_REGISTRATION_REQUEST,
				 .source_nbma = nbma_of(B),
				 .source = protocol_of(B),
				 .destination = protocol_of(A),
				 .n_cies = 1,
				 .cies = { { .prefix = 32, .holding_time = 600 } } };
	struct nhrp_entry e;

	net_sign(&p);
	nhrp_peer_up(net->node[A].core, 0, TUNNEL, nbma_of(B));
	net_inject(net, B, A, &p);
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.flags, NHRP_FLAG_REGISTERED);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_client, maps_that_make_no_sense)
{
	struct nhrp_map maps[] = { hub_map,
				   { protocol_of(HUB), nbma_of(C) }, /* twice */
				   { protocol_of(A), nbma_of(C) },   /* our own address */
				   { protocol_of(B), nbma_of(A) } }; /* at our own place */
	struct nhrp_config cfg = config_of(A);
	struct net *net = net_new();

	cfg.maps = maps;
	cfg.n_maps = ARRAY_SIZE(maps);
	net_start_with(net, A, cfg);
	cr_expect_eq(count_from(net, 0, A, NHRP_BIND), 1);
	cr_expect(points_to(net, A, HUB, HUB));
	net_free(net);
}

Test(nhrp_client, several_interfaces)
{
	static const uint8_t seed[DRBG_SEED];
	struct nhrp *n = nhrp_new(seed, 0);
	struct nhrp_config cfg = config_of(A);
	struct nhrp_entry e;
	struct nhrp_nhs s;
	struct nhrp_counters counters;
	const void *cursor = NULL;
	int entries = 0, servers = 0;

	nhrp_interface_add(n, 0, 3, &cfg);
	cfg.n_nhs = 0;
	nhrp_interface_add(n, 0, 5, &cfg);
	cfg.n_nhs = 1;
	nhrp_interface_add(n, 0, 9, &cfg);
	nhrp_interface_add(n, 0, 9, &cfg); /* replaced */
	while (nhrp_entry_next(n, &cursor, &e))
		entries++;
	cursor = NULL;
	while (nhrp_nhs_next(n, &cursor, &s))
		servers++;
	cr_expect_eq(entries, 6);
	cr_expect_eq(servers, 2);
	cr_expect(nhrp_knows_nbma(n, 3, nbma_of(HUB)));
	cr_expect_not(nhrp_knows_nbma(n, 4, nbma_of(HUB)));
	cr_expect_not(nhrp_knows_nbma(n, 3, nbma_of(B)));
	cr_expect(nhrp_counters_get(n, 5, &counters));
	cr_expect_not(nhrp_counters_get(n, 6, &counters));
	nhrp_interface_remove(n, 0, 3);
	nhrp_interface_remove(n, 0, 3);
	nhrp_peer_down(n, 0, 9, nbma_of(B));
	nhrp_used(n, 0, 9, nbma_of(B), 1);
	nhrp_free(n);
	nhrp_free(NULL);
}
