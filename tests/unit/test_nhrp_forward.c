/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests made by hand against a hub: who may ask, what is answered, forwarded, refused, and which
 * errors are told.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_hub.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

static void fix_checksum(uint8_t *octets, size_t len)
{
	uint16_t sum;

	octets[12] = octets[13] = 0;
	sum = nhrp_checksum(octets, len);
	octets[12] = (uint8_t)(sum >> 8);
	octets[13] = (uint8_t)sum;
}

/* ---- requests ---- */

static struct net *hub_with_clients(void)
{
	struct net *net = hub();

	for (int k = A; k <= B; k++) {
		struct nhrp_packet p = registration(k, (uint32_t)k);

		cr_assert_eq(register_with(net, k, &p), NHRP_CODE_SUCCESS);
	}
	forget_flights(net);
	return net;
}

Test(nhrp_forward, ios_exchange_octet_for_octet)
{
	struct net *net = net_new();
	struct nhrp_config cfg = { .address = { ip("10.255.255.1"), 24 },
				   .nbma = ip("192.168.200.1"),
				   .authentication = text_span("secret"),
				   .mtu = 1514 };
	struct span in = hex(IOS_REQUEST), out = hex(IOS_FORWARDED);
	struct nhrp *n;
	struct nhrp_effect e;
	bool seen = false;

	net_start_with(net, HUB, cfg);
	n = net->node[HUB].core;
	for (unsigned int k = 2; k <= 3; k++) {
		struct nhrp_packet p = { .hop_count = 255,
					 .type = NHRP_REGISTRATION_REQUEST,
					 .source_nbma = addr_v4(0xc0a8c800U + k),
					 .source = addr_v4(0x0affff00U + k),
					 .destination = cfg.address.addr,
					 .n_cies = 1,
					 .cies = { { .holding_time = 7200 } } };
		uint8_t octets[NHRP_PACKET_MAX];
		size_t len;

		nhrp_extension_add(&p, NHRP_EXT_AUTHENTICATION,
				   (struct span){ (const uint8_t *)"\0\0\0\1secret", 10 });
		len = nhrp_packet_encode(&p, octets, sizeof(octets));
		nhrp_peer_up(n, 0, TUNNEL, p.source_nbma);
		nhrp_input(n, 0, TUNNEL, p.source_nbma, octets, len);
		net_drain(net, HUB);
	}
	nhrp_input(n, 0, TUNNEL, ip("192.168.200.3"), in.data, in.len);
	while (nhrp_next_effect(n, &e)) {
		if (e.kind != NHRP_SEND)
			continue;
		seen = true;
		cr_expect_eq(addr_to_v4(&e.nbma), 0xc0a8c802);
		cr_assert_eq(e.packet.len, out.len);
		cr_expect_arr_eq(e.packet.data, out.data, out.len);
	}
	cr_expect(seen);
	net_free(net);
	free((void *)in.data);
	free((void *)out.data);
}

Test(nhrp_forward, egress_answers_as_ios_does)
{
	struct net *net = net_new();
	struct nhrp_map map = { ip("10.255.255.1"), ip("192.168.200.1") };
	struct nhrp_nhs_config nhs = { .protocol = ip("10.255.255.1") };
	struct nhrp_config cfg = { .address = { ip("10.255.255.2"), 24 },
				   .nbma = ip("192.168.200.2"),
				   .authentication = text_span("secret"),
				   .mtu = 1514,
				   .maps = &map,
				   .n_maps = 1,
				   .nhs = &nhs,
				   .n_nhs = 1 };
	struct span in = hex(IOS_FORWARDED), octets = hex(IOS_REPLY);
	struct nhrp *n;
	struct nhrp_effect e;
	bool seen = false;

	net_start_with(net, HUB, cfg);
	n = net->node[HUB].core;
	nhrp_peer_up(n, 0, TUNNEL, map.nbma);
	nhrp_peer_up(n, 0, TUNNEL, ip("192.168.200.3"));
	net_drain(net, HUB);
	nhrp_input(n, 0, TUNNEL, map.nbma, in.data, in.len);
	while (nhrp_next_effect(n, &e)) {
		if (e.kind != NHRP_SEND)
			continue;
		cr_expect_eq(addr_to_v4(&e.nbma), 0xc0a8c803);
		cr_assert_eq(e.packet.len, octets.len);
		cr_expect_arr_eq(e.packet.data, octets.data, octets.len);
		seen = true;
	}
	cr_expect(seen);
	net_free(net);
	free((void *)in.data);
	free((void *)octets.data);
}

Test(nhrp_forward, requester_is_who_it_says)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(C, B, 1);
	const struct record *r;

	/* Not registered. */
	net_inject(net, C, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_PROHIBITED);
	r = find_event(net, 0, HUB, NHRP_EV_REQUEST_REFUSED);
	cr_assert(r);
	cr_expect_eq(r->event.reason, NHRP_WHY_NOT_REGISTERED);
	/* In the name of A. */
	p = request(A, B, 2);
	p.source_nbma = nbma_of(C);
	net_inject(net, C, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_PROHIBITED);
	/* To be answered at A: nothing is sent anywhere. */
	forget_flights(net);
	p = request(A, B, 3);
	net_inject(net, C, HUB, &p);
	cr_expect_eq(on_the_way(net), 0);
	cr_expect_eq(reason_of(net, 0, HUB, NHRP_EV_DROPPED), NHRP_WHY_NBMA_MISMATCH);
	net_free(net);
}

Test(nhrp_forward, what_the_hub_answers_itself)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_map map = { protocol_of(C), nbma_of(C) };
	struct nhrp_packet p, *reply;
	struct net *net;

	cfg.maps = &map;
	cfg.n_maps = 1;
	net = hub_with(cfg);
	p = registration(A, 1);
	register_with(net, A, &p);

	p = request(A, HUB, 2); /* its own address */
	net_inject(net, A, HUB, &p);
	reply = last_sent(net);
	cr_expect_eq(reply->request_id, 2);
	cr_expect_eq(reply->flags, NHRP_Q | NHRP_A | NHRP_D | NHRP_U | NHRP_S);
	cr_expect_eq(node_of(&reply->cies[0].nbma), HUB);
	cr_expect_eq(reply->cies[0].prefix, 32);

	p = request(A, C, 3); /* a map */
	net_inject(net, A, HUB, &p);
	reply = last_sent(net);
	cr_expect_eq(node_of(&reply->cies[0].nbma), C);
	cr_expect_eq(reply->cies[0].code, NHRP_CODE_SUCCESS);

	p = request(A, A, 4); /* the asker himself */
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NO_BINDING);

	p = request(A, B, 5); /* nobody */
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NO_BINDING);
	net_free(net);
}

Test(nhrp_forward, egress_whose_pair_is_down_is_no_egress)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(A, B, 1);
	const struct record *r;

	net_pair_down(net, HUB, B);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NO_BINDING);
	r = find_event(net, 0, HUB, NHRP_EV_REQUEST_REFUSED);
	cr_assert(r);
	cr_expect_eq(r->event.reason, NHRP_WHY_EGRESS_DOWN);
	net_free(net);
}

static void add_record(struct nhrp_packet *p, enum nhrp_extension_type type, int node, size_t times)
{
	static uint8_t room[NHRP_PACKET_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct nhrp_cie cie = { .nbma = nbma_of(node), .protocol = protocol_of(node) };

	while (times--)
		nhrp_cie_write(&w, &cie);
	cr_assert(nhrp_extension_add(p, type, (struct span){ room, w.len }));
}

Test(nhrp_forward, loops_end_here)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(A, B, 1);

	add_record(&p, NHRP_EXT_FORWARD_TRANSIT, HUB, 1);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_ERROR_INDICATION);
	cr_expect_eq(last_sent(net)->code, NHRP_ERROR_LOOP);
	cr_expect(addr_equal(&last_sent(net)->destination, &p.source));
	cr_expect_eq(counters_of(net, HUB).loops, 1);
	cr_expect_eq(counters_of(net, HUB).errors_sent[NHRP_ERROR_LOOP], 1);

	p = request(A, B, 2); /* our own packet came back */
	p.source = protocol_of(HUB);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(counters_of(net, HUB).loops, 2);

	p = request(A, HUB, 4); /* about ourselves, and was here before */
	add_record(&p, NHRP_EXT_FORWARD_TRANSIT, HUB, 1);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(counters_of(net, HUB).loops, 3);

	p = request(A, B, 3); /* somebody else in the record is no loop */
	add_record(&p, NHRP_EXT_FORWARD_TRANSIT, C, 2);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_RESOLUTION_REQUEST);
	cr_expect_eq(nhrp_extension_find(last_sent(net), NHRP_EXT_FORWARD_TRANSIT)->value.len, 60);
	net_free(net);
}

Test(nhrp_forward, hop_count_ends)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(A, B, 1);

	p.hop_count = 1;
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_ERROR_INDICATION);
	cr_expect_eq(last_sent(net)->code, NHRP_ERROR_HOP_COUNT);
	p.hop_count = 2;
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_RESOLUTION_REQUEST);
	cr_expect_eq(last_sent(net)->hop_count, 1);
	net_free(net);
}

Test(nhrp_forward, record_that_grows_too_large)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(A, B, 1);

	add_record(&p, NHRP_EXT_FORWARD_TRANSIT, C, 66);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_ERROR_INDICATION);
	cr_expect_eq(last_sent(net)->code, NHRP_ERROR_SIZE);
	cr_expect_eq(counters_of(net, HUB).forwarded[NHRP_RESOLUTION_REQUEST], 0);
	net_free(net);
}

Test(nhrp_forward, unknown_extensions)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(A, B, 1);

	/* In transit they are none of our business, compulsory or not. */
	nhrp_extension_add(&p, 77, (struct span){ (const uint8_t *)"hello", 5 });
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_RESOLUTION_REQUEST);
	cr_expect_eq(nhrp_extension_find(last_sent(net), 77)->value.len, 5);
	cr_expect(nhrp_extension_find(last_sent(net), 77)->compulsory);
	/* To us: compulsory is an error, the other is ignored. */
	p = request(A, HUB, 2);
	nhrp_extension_add(&p, 77, (struct span){ NULL, 0 });
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->code, NHRP_ERROR_EXTENSION);
	cr_expect_eq(find_event(net, 0, HUB, NHRP_EV_UNKNOWN_EXTENSION)->event.code, 77);
	p.extensions[p.n_extensions - 1].compulsory = false;
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_RESOLUTION_REPLY);
	net_free(net);
}

Test(nhrp_forward, reply_in_transit)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = request(A, B, 1);

	/* As B's answer for A that comes through the hub. */
	p.type = NHRP_RESOLUTION_REPLY;
	p.cies[0] = (struct nhrp_cie){ .prefix = 32,
				       .holding_time = 600,
				       .nbma = nbma_of(B),
				       .protocol = protocol_of(B) };
	nhrp_extension_add(&p, NHRP_EXT_REVERSE_TRANSIT, (struct span){ NULL, 0 });
	net_inject(net, B, HUB, &p);
	cr_expect_eq(last_sent(net)->type, NHRP_RESOLUTION_REPLY);
	cr_expect_eq(last_sent(net)->hop_count, 254);
	cr_expect_eq(nhrp_extension_find(last_sent(net), NHRP_EXT_REVERSE_TRANSIT)->value.len, 20);
	cr_expect_eq(net->flight[net->n_flights - 1].to, A);
	/* From somebody who is not registered, or for somebody who is not: no. */
	forget_flights(net);
	net_inject(net, C, HUB, &p);
	p.source = protocol_of(C);
	net_inject(net, B, HUB, &p);
	cr_expect_eq(on_the_way(net), 0);
	/* A loop of replies. */
	p = request(A, B, 1);
	p.type = NHRP_RESOLUTION_REPLY;
	add_record(&p, NHRP_EXT_REVERSE_TRANSIT, HUB, 1);
	net_inject(net, B, HUB, &p);
	cr_expect_eq(counters_of(net, HUB).loops, 1);
	net_free(net);
}

/* ---- authentication, errors ---- */

Test(nhrp_forward, authentication)
{
	static const struct {
		const char *value;
		size_t len;
		bool right;
	} keys[] = {
		{ "\0\0\0\1NHRP-KEY", 12, true },   { "\0\0\0\1NHRP-KEZ", 12, false },
		{ "\0\0\0\1NHRP-KE", 11, false },   { "\0\0\0\1NHRP-KEYS", 13, false },
		{ "\0\0\0\2NHRP-KEY", 12, false },  { "\0\0\0\1", 4, false },
		{ "", 0, false },		    { NULL, 0, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct net *net = hub();
		struct nhrp_packet p = registration(A, 1);
		struct span value = { (const uint8_t *)keys[i].value, keys[i].len };
		const struct record *failed;
		struct nhrp_entry e;

		p.n_extensions = 0;
		if (keys[i].value)
			nhrp_extension_add(&p, NHRP_EXT_AUTHENTICATION, value);
		net_inject(net, A, HUB, &p);
		cr_expect_eq(entry_of(net, HUB, A, &e), keys[i].right, "key %zu", i);
		cr_expect_eq(last_sent(net)->type,
			     keys[i].right ? NHRP_REGISTRATION_REPLY : NHRP_ERROR_INDICATION);
		cr_expect_eq(last_sent(net)->code, keys[i].right ? 0 : NHRP_ERROR_AUTHENTICATION);
		failed = find_event(net, 0, HUB, NHRP_EV_AUTHENTICATION_FAILED);
		cr_assert_eq(!failed, keys[i].right);
		cr_expect(!failed || failed->event.code == (keys[i].value ? 1 : 0));
		net_free(net);
	}
}

Test(nhrp_forward, without_a_key_any_is_taken)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1);
	struct net *net;

	cfg.authentication = (struct span){ NULL, 0 };
	net = hub_with(cfg);
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	cr_expect_null(nhrp_extension_find(last_sent(net), NHRP_EXT_AUTHENTICATION));
	net_free(net);
}

Test(nhrp_forward, errors_are_rate_limited)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);

	p.n_extensions = 0;
	for (int k = 0; k < 1000; k++)
		net_inject(net, A, HUB, &p);
	cr_expect_eq(on_the_way(net), 10);
	/* Nor are all of them looked at. */
	cr_expect_eq(counters_of(net, HUB).authentication_failures, NHRP_PEER_BURST);
	cr_expect_eq(counters_of(net, HUB).floods, 1000 - NHRP_PEER_BURST);
	forget_flights(net);
	net->now += SECONDS(1);
	for (int k = 0; k < 1000; k++)
		net_inject(net, A, HUB, &p);
	cr_expect_eq(on_the_way(net), 10);
	net_free(net);
}

Test(nhrp_forward, never_an_error_about_an_error)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_ERROR_INDICATION,
				 .source_nbma = nbma_of(A),
				 .source = protocol_of(A),
				 .destination = protocol_of(HUB),
				 .code = NHRP_ERROR_PROTOCOL };
	uint8_t octets[NHRP_PACKET_MAX];
	size_t len;

	nhrp_extension_add(&p, 99, (struct span){ NULL, 0 }); /* unknown, compulsory */
	net_inject(net, A, HUB, &p);
	p.n_extensions = 0;
	nhrp_extension_add(&p, NHRP_EXT_AUTHENTICATION, (struct span){ NULL, 0 }); /* wrong key */
	net_inject(net, A, HUB, &p);
	/* Extensions that do not end. */
	len = nhrp_packet_encode(&p, octets, sizeof(octets));
	octets[len - 3] = NHRP_EXT_VENDOR;
	fix_checksum(octets, len);
	nhrp_input(net->node[HUB].core, 0, TUNNEL, nbma_of(A), octets, len);
	net_drain(net, HUB);
	/* For a client of ours, with its hops used up. */
	p.n_extensions = 0;
	p.hop_count = 1;
	p.destination = protocol_of(B);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(on_the_way(net), 0);
	cr_expect_eq(counters_of(net, HUB).errors_received[NHRP_ERROR_PROTOCOL], 2);
	/* With hops left it goes on to B. */
	p.hop_count = 9;
	net_inject(net, A, HUB, &p);
	cr_expect_eq(on_the_way(net), 1);
	net_free(net);
}

Test(nhrp_forward, malformed_packets)
{
	struct net *net = hub_with_clients();
	struct nhrp_packet p = registration(A, 9);
	uint8_t octets[NHRP_PACKET_MAX];
	size_t len = nhrp_packet_encode(&p, octets, sizeof(octets));
	const struct record *r;

	/* Cut anywhere: nothing is answered, because the checksum cannot be right. */
	for (size_t k = 0; k < len; k++)
		nhrp_input(net->node[HUB].core, 0, TUNNEL, nbma_of(A), octets, k);
	net_drain(net, HUB);
	cr_expect_eq(on_the_way(net), 0);
	cr_expect_eq(counters_of(net, HUB).malformed, len);
	/* With a right checksum: its sender is told. */
	octets[48] = 9; /* the entry's NBMA length */
	fix_checksum(octets, len);
	nhrp_input(net->node[HUB].core, 0, TUNNEL, nbma_of(A), octets, len);
	net_drain(net, HUB);
	cr_expect_eq(last_sent(net)->code, NHRP_ERROR_PROTOCOL);
	cr_expect_eq(last_sent(net)->offset, 40);
	r = find_event(net, 0, HUB, NHRP_EV_ERROR_SENT);
	cr_assert(r);
	cr_expect_eq(r->event.type, NHRP_REGISTRATION_REQUEST);
	net_free(net);
}

Test(nhrp_forward, indications_and_packets_from_ourselves_are_ignored)
{
	struct net *net = net_new();
	struct nhrp_config cfg = { .address = { ip("10.255.255.3"), 24 },
				   .nbma = ip("192.168.200.3"),
				   .authentication = text_span("secret") };
	struct span in = hex(IOS_INDICATION);
	struct nhrp *n;

	net_start_with(net, HUB, cfg);
	n = net->node[HUB].core;
	nhrp_input(n, 0, TUNNEL, ip("192.168.200.1"), in.data, in.len);
	nhrp_input(n, 0, TUNNEL, cfg.nbma, in.data, in.len);
	nhrp_input(n, 0, TUNNEL, ip("224.0.0.1"), in.data, in.len);
	nhrp_input(n, 0, TUNNEL + 1, ip("192.168.200.1"), in.data, in.len);
	net_drain(net, HUB);
	cr_expect_eq(count_events(net, 0, HUB, NHRP_EV_TRAFFIC_INDICATION), 1);
	cr_expect_eq(count_events(net, 0, HUB, NHRP_EV_DROPPED), 2);
	cr_expect_eq(count_from(net, 0, HUB, NHRP_SEND), 0);
	net_free(net);
	free((void *)in.data);
}

/* ---- a hub that never resolves for itself ---- */

Test(nhrp_forward, hub_does_not_answer_upcalls)
{
	struct net *net = hub_with_clients();
	size_t from = net->n_records;

	net_upcall(net, HUB, C);
	cr_expect_eq(count_from(net, from, HUB, NHRP_BIND), 0);
	cr_expect_eq(count_from(net, from, HUB, NHRP_SEND), 0);
	cr_expect_eq(reason_of(net, from, HUB, NHRP_EV_RESOLVE_IGNORED),
		     NHRP_WHY_NO_BINDING);
	net_free(net);
}
