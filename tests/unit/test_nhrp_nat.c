/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind NATs: what registrations, requests and answers say about addresses inside and outside, who
 * connects to whom, and that nobody is told what he cannot reach.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_hub.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

static struct addr inside(int k)
{
	return addr_v4(0xc0a80002U + 256U * (unsigned int)k);
}

/* A hub, A and B, each behind a NAT or not. */
static struct net *spokes(bool a, bool b)
{
	struct net *net = net_new();

	net_start(net, HUB);
	for (int k = A; k <= B; k++)
		if (k == A ? a : b)
			net_start_natted(net, k);
		else
			net_start(net, k);
	net_run(net, 1000);
	return net;
}

/* The nth entry of the NAT extension. */
static struct nhrp_cie nat_entry(struct nhrp_packet *p, size_t n)
{
	struct nhrp_extension *e = nhrp_extension_find(p, NHRP_EXT_NAT);
	struct reader r;
	struct nhrp_cie cie = { 0 };

	cr_assert(e);
	r = reader_of_span(e->value);
	for (size_t k = 0; k <= n; k++)
		cie = nhrp_cie_read(&r);
	cr_expect_not(r.bad, "%zu", n);
	return cie;
}

static struct nhrp_packet packet_in_flight(struct net *net, size_t k, uint8_t room[NHRP_PACKET_MAX])
{
	struct nhrp_packet p;
	size_t offset;

	cr_assert_lt(k, net->n_flights);
	memcpy(room, net->flight[k].packet, net->flight[k].len);
	cr_assert_eq(nhrp_packet_parse(room, net->flight[k].len, &p, &offset), 0);
	return p;
}

/* ---- registering ---- */

Test(nhrp_nat, both_addresses_are_registered)
{
	struct net *net = net_new();
	uint8_t room[NHRP_PACKET_MAX];
	struct nhrp_packet p;
	struct nhrp_cie cie;
	struct nhrp_entry e;
	const struct record *r;
	struct addr seen;

	net_start(net, HUB);
	net_start_natted(net, A);
	net_run(net, SA_TIME); /* the request is on its way */
	p = packet_in_flight(net, 0, room);
	cr_assert_eq(p.type, NHRP_REGISTRATION_REQUEST);
	cr_expect(p.flags & NHRP_CISCO_NAT);
	cie = nat_entry(&p, 0); /* the server's own addresses */
	cr_expect_eq(cie.prefix, 32);
	cr_expect_eq(node_of(&cie.nbma), HUB);
	cr_expect_eq(addr_to_v4(&cie.protocol), 0xac100001);
	net_run(net, SA_TIME + LATENCY); /* and its answer */
	p = packet_in_flight(net, 0, room);
	cr_assert_eq(p.type, NHRP_REGISTRATION_REPLY);
	cr_expect(p.flags & NHRP_CISCO_NAT);
	cie = nat_entry(&p, 0);
	cr_expect_eq(node_of(&cie.nbma), HUB);
	cie = nat_entry(&p, 1); /* where the server sees the client */
	cr_expect_eq(cie.prefix, 32);
	cr_expect_eq(node_of(&cie.nbma), A);
	cr_expect_eq(addr_to_v4(&cie.protocol), 0xac100002);
	net_run(net, 1000);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	seen = nhs_of(net, A).translated;
	cr_expect_eq(node_of(&seen), A);
	r = find_event(net, 0, A, NHRP_EV_NAT);
	cr_assert(r);
	cr_expect_eq(node_of(&r->event.other_nbma), A);
	cr_assert(entry_of(net, HUB, A, &e));
	cr_expect_eq(node_of(&e.nbma), A);
	cr_expect(addr_equal(&e.nat_nbma, &(struct addr){ 4, { 192, 168, 1, 2 } }));
	cr_expect(e.nat);
	net_free(net);
}

Test(nhrp_nat, without_a_nat_there_is_no_translation)
{
	struct net *net = net_up(1);
	struct nhrp_entry e;

	cr_expect_eq(nhs_of(net, A).translated.len, 0);
	cr_expect_null(find_event(net, 0, A, NHRP_EV_NAT));
	cr_assert(entry_of(net, HUB, A, &e));
	cr_expect_eq(e.nat_nbma.len, 0);
	net_free(net);
}

/* Who did not ask for it is not told. */
Test(nhrp_nat, client_without_the_extension)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);

	nhrp_peer_nat(net->node[HUB].core, TUNNEL, nbma_of(A), true);
	p.source_nbma = inside(A);
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	cr_expect_null(nhrp_extension_find(last_sent(net), NHRP_EXT_NAT));
	net_free(net);
}

/* Rubbish in the extension is taken back as it came, and nothing is read from it. */
Test(nhrp_nat, rubbish_in_the_extension)
{
	static const uint8_t rubbish[200] = { 1, 2, 3 };
	static const size_t sizes[] = { 0, 1, 11, 12, 19, 20, 21, 159, 160, 161, 200 };

	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		struct net *net = hub();
		struct nhrp_packet p = registration(A, 1);

		nhrp_peer_nat(net->node[HUB].core, TUNNEL, nbma_of(A), true);
		p.source_nbma = inside(A);
		nhrp_extension_add(&p, NHRP_EXT_NAT, (struct span){ rubbish, sizes[k] });
		cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS, "%zu", sizes[k]);
		cr_assert(nhrp_extension_find(last_sent(net), NHRP_EXT_NAT));
		net_free(net);
	}
}

/* ---- paths ---- */

/* All packets of NHRP and all that NHRP asks for: a peer behind a NAT is never connected to. */
static void nobody_connects_to(const struct net *net, int k)
{
	struct addr out = nbma_of(k), in = inside(k);

	for (size_t i = 0; i < net->n_records; i++) {
		const struct record *r = &net->record[i];

		cr_expect_not(addr_equal(&r->nbma, &in), "node %d: %d", r->node, (int)r->kind);
		cr_expect_not(r->kind == NHRP_CONNECT && addr_equal(&r->nbma, &out));
	}
}

static void both_ways_direct(bool a, bool b, enum nhrp_answer answer)
{
	struct net *net = net_new();
	struct nhrp_config cfg = config_of(HUB);
	int natted = a ? A : B;

	cfg.answer = answer;
	net_start_with(net, HUB, cfg);
	for (int k = A; k <= B; k++)
		if (k == A ? a : b)
			net_start_natted(net, k);
		else
			net_start(net, k);
	net_run(net, 1000);
	net_upcall(net, A, B);
	cr_expect(points_to(net, A, B, HUB));
	net_run(net, 1030);
	net_upcall(net, B, A); /* the answer to the first packet */
	net_run(net, 1500);
	cr_expect(points_to(net, A, B, B));
	cr_expect(points_to(net, B, A, A));
	nobody_connects_to(net, natted);
	net_free(net);
}

Test(nhrp_nat, one_is_behind_a_nat)
{
	both_ways_direct(true, false, NHRP_FORWARD);
	both_ways_direct(false, true, NHRP_FORWARD);
	both_ways_direct(true, false, NHRP_ANSWER);
	both_ways_direct(false, true, NHRP_ANSWER);
}

/* Only one of them has something to say; the other only answers. */
Test(nhrp_nat, one_asks)
{
	for (int asks = A; asks <= B; asks++) {
		struct net *net = spokes(true, false);
		int other = asks == A ? B : A;

		net_upcall(net, asks, other);
		net_run(net, 1500);
		cr_expect(points_to(net, asks, other, other), "%d", asks);
		nobody_connects_to(net, A);
		/* For as long as it carries traffic. */
		for (int k = 1; k <= 16; k++) {
			net->node[asks].traffic[other] += 100;
			net_run(net, SECONDS(900) * (msec)k);
			cr_expect(points_to(net, asks, other, other), "%d at %d", asks, 900 * k);
		}
		cr_expect(nhrp_knows_nbma(net->node[asks].core, TUNNEL, nbma_of(other)));
		cr_expect(nhrp_knows_nbma(net->node[other].core, TUNNEL, nbma_of(asks)));
		net_free(net);
	}
}

/* Its own attempt fails, so its answer comes through the hub: that is no reason to try from here. */
Test(nhrp_nat, it_comes_by_itself_or_not_at_all)
{
	struct net *net = spokes(true, false);
	size_t from = net->n_records;

	net->blocked[A][B] = true;
	net_upcall(net, B, A);
	net_run(net, SECONDS(30));
	cr_expect(find_event(net, from, B, NHRP_EV_RESOLUTION_ANSWERED));
	cr_expect(points_to(net, B, A, HUB));
	nobody_connects_to(net, A);
	net_free(net);
}

Test(nhrp_nat, two_behind_nats_that_let_them)
{
	for (int both = 0; both < 2; both++) {
		struct net *net = spokes(true, true);

		net->punching = true;
		net_upcall(net, A, B);
		net_run(net, 1030);
		if (both)
			net_upcall(net, B, A);
		net_run(net, SECONDS(3));
		cr_expect(points_to(net, A, B, B));
		cr_expect(!both || points_to(net, B, A, A));
		net_free(net);
	}
}

Test(nhrp_nat, two_behind_nats_that_do_not)
{
	struct net *net = spokes(true, true);
	size_t from = net->n_records;
	struct nhrp_entry e;

	net_upcall(net, A, B);
	net_run(net, 1030);
	net_upcall(net, B, A);
	net_run(net, SECONDS(20));
	for (int k = A; k <= B; k++) {
		int other = k == A ? B : A;

		cr_expect(points_to(net, k, other, HUB));
		cr_assert(entry_of(net, k, other, &e));
		cr_expect_eq(e.type, NHRP_ENTRY_NEGATIVE);
	}
	/* Quietly. */
	for (size_t i = from; i < net->n_records; i++)
		cr_expect_not(net->record[i].kind == NHRP_EVENT &&
			      net->record[i].event.level <= NHRP_LEVEL_WARNING,
			      "event %d reason %d", (int)net->record[i].event.kind,
			      (int)net->record[i].event.reason);
	net_free(net);
}

/* ---- what others do ---- */

/* The hub tells the egress where the requester is seen, also for one that knows no such thing. */
Test(nhrp_nat, request_passed_on)
{
	for (int asked_for = 0; asked_for < 2; asked_for++) {
		struct net *net = hub();
		struct nhrp_packet p = registration(A, 1), q = registration(B, 2), *out;
		struct nhrp_cie cie;

		nhrp_peer_nat(net->node[HUB].core, TUNNEL, nbma_of(A), true);
		p.source_nbma = inside(A);
		register_with(net, A, &p);
		register_with(net, B, &q);
		p = request(A, B, 3);
		p.source_nbma = inside(A);
		if (asked_for)
			nhrp_extension_add(&p, NHRP_EXT_NAT, (struct span){ NULL, 0 });
		forget_flights(net);
		net_inject(net, A, HUB, &p);
		out = last_sent(net);
		cr_assert_eq(out->type, NHRP_RESOLUTION_REQUEST);
		cr_expect(addr_equal(&out->source_nbma, &p.source_nbma), "inside, as it was");
		cie = nat_entry(out, 0);
		cr_expect_eq(node_of(&cie.nbma), A);
		cr_expect(addr_equal(&cie.protocol, &out->source));
		/* And the answer of somebody behind a NAT who does not know it. */
		p = request(B, A, 4);
		p.type = NHRP_RESOLUTION_REPLY;
		p.source = protocol_of(B);
		p.cies[0] = (struct nhrp_cie){ .prefix = 32,
					       .holding_time = 600,
					       .nbma = inside(A),
					       .protocol = protocol_of(A) };
		forget_flights(net);
		net_inject(net, A, HUB, &p);
		out = last_sent(net);
		cr_assert_eq(out->type, NHRP_RESOLUTION_REPLY);
		cie = nat_entry(out, 0);
		cr_expect_eq(node_of(&cie.nbma), A);
		cr_expect(addr_equal(&cie.protocol, &(struct addr){ 4, { 172, 16, 0, 2 } }));
		net_free(net);
	}
}

/* In no packet of them all, which are counted. */
static size_t look_for(struct nhrp *n, const struct addr *secret)
{
	struct nhrp_effect e;
	size_t sent = 0;

	while (nhrp_next_effect(n, &e)) {
		if (e.kind == NHRP_BIND)
			nhrp_bound(n, 0, e.token, 0);
		if (e.kind != NHRP_SEND)
			continue;
		sent++;
		cr_expect_null(memmem(e.packet.data, e.packet.len, secret->b, secret->len));
	}
	return sent;
}

/* A pseudo address is never in a packet, wherever the peer stands. */
Test(nhrp_nat, pseudo_addresses_are_kept)
{
	struct net *net = hub();
	struct nhrp *n = net->node[HUB].core;
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2);
	struct addr pseudo = ip("240.0.0.7");
	uint8_t octets[NHRP_PACKET_MAX];
	size_t len, sent = 0;

	register_with(net, B, &q);
	net_drain(net, HUB);
	nhrp_peer_nat(n, TUNNEL, pseudo, true);
	nhrp_peer_up(n, 0, TUNNEL, pseudo);
	p.source_nbma = inside(A);
	nhrp_extension_add(&p, NHRP_EXT_NAT, (struct span){ NULL, 0 });
	len = nhrp_packet_encode(&p, octets, sizeof(octets));
	nhrp_input(n, 0, TUNNEL, pseudo, octets, len);
	sent += look_for(n, &pseudo);
	for (int asks = A; asks <= B; asks++) {
		struct nhrp_packet r = request(asks, asks == A ? B : A, 7);

		if (asks == A)
			r.source_nbma = inside(A);
		len = nhrp_packet_encode(&r, octets, sizeof(octets));
		nhrp_input(n, 0, TUNNEL, asks == A ? pseudo : nbma_of(B), octets, len);
	}
	sent += look_for(n, &pseudo);
	cr_expect_eq(sent, 3, "the registration's answer, two refusals: %zu", sent);
	cr_expect_eq(counters_of(net, HUB).refusals_sent[NHRP_CODE_NO_BINDING], 2);
	net_free(net);
}

/* ---- as IOS does it ---- */

Test(nhrp_nat, request_as_ios_sends_it)
{
	struct net *net = net_new();
	struct span octets = hex(IOS_REQUEST);
	struct nhrp_nhs_config nhs = { .protocol = ip("10.255.255.1"), .nbma = ip("192.168.200.1") };
	struct nhrp_config cfg = { .address = { ip("10.255.255.3"), 24 },
				   .nbma = ip("192.168.200.3"),
				   .authentication = text_span("secret"),
				   .mtu = 1514,
				   .nhs = &nhs,
				   .n_nhs = 1 };
	struct nhrp_packet p = { 0 };
	struct nhrp_effect e;
	struct nhrp *n;
	uint8_t again[NHRP_PACKET_MAX], kept[NHRP_PACKET_MAX];
	size_t offset, len;

	net_start_with(net, A, cfg);
	n = net->node[A].core;
	nhrp_peer_up(n, 0, TUNNEL, nhs.nbma);
	while (nhrp_next_effect(n, &e) && e.kind != NHRP_SEND)
		;
	cr_assert_eq(e.kind, NHRP_SEND);
	memcpy(kept, e.packet.data, e.packet.len);
	nhrp_packet_parse(kept, e.packet.len, &p, &offset);
	p.type = NHRP_REGISTRATION_REPLY;
	len = nhrp_packet_encode(&p, again, sizeof(again));
	nhrp_input(n, 0, TUNNEL, nhs.nbma, again, len);
	nhrp_resolve(n, 0, TUNNEL, ip("10.255.255.2"));
	while (nhrp_next_effect(n, &e) && e.kind != NHRP_SEND)
		;
	cr_assert_eq(e.kind, NHRP_SEND);
	cr_assert_eq(nhrp_packet_parse(e.packet.data, e.packet.len, &p, &offset), 0);
	p.request_id = 5;
	cr_assert_eq(nhrp_packet_encode(&p, again, sizeof(again)), octets.len);
	cr_expect_arr_eq(again, octets.data, octets.len);
	net_free(net);
	free((void *)octets.data);
}
