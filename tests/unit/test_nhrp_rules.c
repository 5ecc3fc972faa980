/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have which address, what a server may answer from its cache and takes back later, how
 * much of one peer is listened to; RFC 2332's smaller rules.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_hub.h"

static void is_called(struct net *net, int k, const char *name)
{
	struct span s = { (const uint8_t *)name, name ? strlen(name) : 0 };

	nhrp_peer_identity(net->node[HUB].core, TUNNEL, nbma_of(k), s);
}

static struct span text(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static enum nhrp_reason last_refusal(const struct net *net)
{
	enum nhrp_reason why = NHRP_WHY_NONE;

	for (size_t i = 0; i < net->n_records; i++)
		if (net->record[i].kind == NHRP_EVENT &&
		    net->record[i].event.kind == NHRP_EV_CLIENT_REFUSED)
			why = net->record[i].event.reason;
	return why;
}

/* ---- authorize ---- */

/* a.example may have .2 and .12, b.example .3, c.example also .3; everybody else nothing of these. */
static struct net *hub_that_knows_names(void)
{
	static struct nhrp_authorize list[4];
	struct nhrp_config cfg = config_of(HUB);

	list[0] = (struct nhrp_authorize){ text("b.example"), protocol_of(B) };
	list[1] = (struct nhrp_authorize){ text("a.example"), ip("172.16.0.12") };
	list[2] = (struct nhrp_authorize){ text("a.example"), protocol_of(A) };
	list[3] = (struct nhrp_authorize){ text("c.example"), protocol_of(B) };
	cfg.authorize = list;
	cfg.n_authorize = ARRAY_SIZE(list);
	return hub_with(cfg);
}

Test(nhrp_rules, an_identity_has_its_addresses)
{
	static const struct {
		const char *name;
		const char *protocol;
		bool allowed;
	} tries[] = {
		{ "a.example", "172.16.0.2", true },	{ "a.example", "172.16.0.12", true },
		{ "a.example", "172.16.0.3", false },	{ "a.example", "172.16.0.99", false },
		{ "b.example", "172.16.0.3", true },	{ "b.example", "172.16.0.2", false },
		{ "c.example", "172.16.0.3", true },	{ "a.exampl", "172.16.0.2", false },
		{ "a.example2", "172.16.0.2", false },	{ "other.example", "172.16.0.2", false },
		{ "other.example", "172.16.0.99", true }, { NULL, "172.16.0.2", false },
		{ NULL, "172.16.0.99", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct net *net = hub_that_knows_names();
		struct nhrp_packet p = registration(A, 1);

		is_called(net, A, tries[i].name);
		p.source = ip(tries[i].protocol);
		cr_expect_eq(register_with(net, A, &p),
			     tries[i].allowed ? NHRP_CODE_SUCCESS : NHRP_CODE_PROHIBITED, "%zu", i);
		cr_expect_eq(last_refusal(net),
			     tries[i].allowed ? NHRP_WHY_NONE : NHRP_WHY_AUTHORIZE, "%zu", i);
		cr_expect_eq(counters_of(net, HUB).refused[NHRP_WHY_AUTHORIZE], !tries[i].allowed);
		net_free(net);
	}
}

Test(nhrp_rules, authorize_changes)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_authorize entry = { text("b.example"), protocol_of(A) };
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2);
	struct net *net = hub();
	struct nhrp_entry e;
	size_t from;

	register_with(net, A, &p);
	register_with(net, B, &q);
	cfg.authorize = &entry;
	cfg.n_authorize = 1;
	from = net->n_records;
	nhrp_interface_configure(net->node[HUB].core, net->now, TUNNEL, &cfg);
	net_drain(net, HUB);
	cr_expect_not(entry_of(net, HUB, A, &e), "A has no identity, and the address is b's");
	cr_expect(entry_of(net, HUB, B, &e));
	cr_expect_eq(count_sent(net, from, HUB, NHRP_PURGE_REQUEST), 1);
	net_free(net);
}

/* A packet may come through the SAs before phase 1's result does: what it brought is judged again. */
Test(nhrp_rules, registered_before_anybody_knew_who_it_is)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_authorize entry = { text("a.example"), protocol_of(B) };
	struct nhrp_packet p = registration(A, 1);
	struct net *net = hub();
	struct nhrp *n = net->node[HUB].core;
	struct nhrp_entry e;

	cfg.authorize = &entry;
	cfg.n_authorize = 1;
	nhrp_interface_configure(n, net->now, TUNNEL, &cfg);
	register_with(net, A, &p);
	cr_assert(entry_of(net, HUB, A, &e), "a stranger, and nobody's address");
	is_called(net, A, "a.example");
	nhrp_peer_up(n, net->now, TUNNEL, nbma_of(A));
	net_drain(net, HUB);
	cr_expect_not(entry_of(net, HUB, A, &e));
	cr_expect_eq(reason_of(net, 0, HUB, NHRP_EV_BINDING_GONE), NHRP_WHY_AUTHORIZE);
	net_free(net);
}

/* ---- identity ---- */

Test(nhrp_rules, another_identity_at_the_same_address)
{
	struct net *net = hub();
	struct nhrp *n = net->node[HUB].core;
	struct nhrp_packet p = registration(A, 1);
	struct nhrp_entry e;

	is_called(net, A, "a.example");
	nhrp_peer_up(n, net->now, TUNNEL, nbma_of(A));
	cr_assert_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	nhrp_peer_down(n, net->now, TUNNEL, nbma_of(A));
	is_called(net, A, "a.example"); /* it comes back */
	nhrp_peer_up(n, net->now, TUNNEL, nbma_of(A));
	net_drain(net, HUB);
	cr_expect(entry_of(net, HUB, A, &e));
	nhrp_peer_down(n, net->now, TUNNEL, nbma_of(A));
	is_called(net, A, "b.example"); /* somebody else got its address */
	nhrp_peer_up(n, net->now, TUNNEL, nbma_of(A));
	net_drain(net, HUB);
	cr_expect_not(entry_of(net, HUB, A, &e));
	cr_expect_eq(reason_of(net, 0, HUB, NHRP_EV_BINDING_GONE), NHRP_WHY_IDENTITY);
	net_free(net);
}

/* ---- what was answered from the cache ---- */

static struct net *hub_that_answers(void)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2);
	struct net *net;

	cfg.answer = NHRP_ANSWER;
	net = hub_with(cfg);
	register_with(net, A, &p);
	register_with(net, B, &q);
	forget_flights(net);
	return net;
}

static struct nhrp_packet answer_to_purge(const struct nhrp_packet *purge, int by)
{
	struct nhrp_packet p = *purge;

	p.type = NHRP_PURGE_REPLY;
	p.hop_count = 255;
	p.n_extensions = 0;
	net_sign(&p);
	(void)by;
	return p;
}

/* A asked about B: when B moves or goes, A is told, and again until it says that it heard. */
Test(nhrp_rules, who_was_told_is_told_again)
{
	for (int how = 0; how < 3; how++) {
		struct net *net = hub_that_answers();
		struct nhrp_packet p = request(A, B, 7), q, *out, reply;
		size_t from;

		net_inject(net, A, HUB, &p);
		cr_assert_eq(last_sent(net)->type, NHRP_RESOLUTION_REPLY);
		net_inject(net, A, HUB, &p); /* twice, and is told once */
		forget_flights(net);
		from = net->n_records;
		if (how == 0) { /* to another NBMA address, after the old one died */
			net_pair_down(net, HUB, B);
			q = registration(C, 8);
			q.source = protocol_of(B);
			net_inject(net, C, HUB, &q);
		} else if (how == 1) { /* withdrawn */
			q = registration(B, 9);
			q.type = NHRP_PURGE_REQUEST;
			q.flags = NHRP_PURGE_NO_REPLY;
			q.cies[0] = (struct nhrp_cie){ .prefix = 255, .protocol = protocol_of(B) };
			net_inject(net, B, HUB, &q);
		} else {
			nhrp_clear(net->node[HUB].core, net->now, TUNNEL, protocol_of(B));
			net_drain(net, HUB);
		}
		cr_assert_eq(count_sent(net, from, HUB, NHRP_PURGE_REQUEST), how == 2 ? 2 : 1);
		out = NULL;
		for (size_t k = 0; k < net->n_flights; k++) {
			static struct nhrp_packet seen;
			static uint8_t room[NHRP_PACKET_MAX];
			size_t offset;

			if (net->flight[k].to != A)
				continue;
			memcpy(room, net->flight[k].packet, net->flight[k].len);
			nhrp_packet_parse(room, net->flight[k].len, &seen, &offset);
			out = &seen;
		}
		cr_assert(out);
		cr_expect_eq(out->type, NHRP_PURGE_REQUEST);
		cr_expect_not(out->flags & NHRP_PURGE_NO_REPLY);
		cr_expect(addr_equal(&out->destination, &p.source));
		cr_expect(addr_equal(&out->cies[0].protocol, &p.destination));
		reply = answer_to_purge(out, A);
		forget_flights(net);
		from = net->n_records;
		net_run(net, net->now + SECONDS(2)); /* again after one second */
		cr_expect_geq(count_sent(net, from, HUB, NHRP_PURGE_REQUEST), 1);
		net_inject(net, C, HUB, &reply); /* the wrong one */
		cr_expect_eq(counters_of(net, HUB).unexpected_replies, 1);
		net_inject(net, A, HUB, &reply);
		net_inject(net, A, HUB, &reply); /* once more than needed */
		cr_expect_eq(counters_of(net, HUB).unexpected_replies, 2);
		from = net->n_records;
		net_run(net, net->now + SECONDS(60));
		if (how != 2)
			cr_expect_eq(count_sent(net, from, HUB, NHRP_PURGE_REQUEST), 0);
		net_free(net);
	}
}

Test(nhrp_rules, purges_end)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1);
	size_t from;

	register_with(net, A, &p);
	from = net->n_records;
	nhrp_clear(net->node[HUB].core, net->now, TUNNEL, (struct addr){ 0 });
	net->lose = NULL;
	forget_flights(net);
	net_run(net, SECONDS(59));
	cr_expect_eq(count_sent(net, from, HUB, NHRP_PURGE_REQUEST), 4);
	cr_expect_eq(counters_of(net, HUB).purges_unanswered, 1);
	net_run(net, SECONDS(70)); /* and the pair is not kept for ever */
	cr_expect_eq(count_from(net, from, HUB, NHRP_RELEASE), 1);
	net_free(net);
}

/* As many as one likes have asked; not as many are remembered. */
Test(nhrp_rules, those_who_were_told_are_bounded)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(B, 2), q;
	struct net *net;
	size_t from;

	cfg.answer = NHRP_ANSWER;
	cfg.max_bindings_per_nbma = 200;
	net = hub_with(cfg);
	register_with(net, B, &p);
	for (unsigned int k = 0; k < 100; k++) {
		net_run(net, net->now + 200);
		q = registration(A, 100 + k);
		q.source = addr_v4(0xac10000aU + k);
		net_inject(net, A, HUB, &q);
		q = request(A, B, 1000 + k);
		q.source = addr_v4(0xac10000aU + k);
		net_inject(net, A, HUB, &q);
	}
	from = net->n_records;
	nhrp_clear(net->node[HUB].core, net->now, TUNNEL, protocol_of(B));
	net_drain(net, HUB);
	cr_expect_eq(count_sent(net, from, HUB, NHRP_PURGE_REQUEST), 64 + 1);
	net_free(net);
}

/* ---- purges by others ---- */

Test(nhrp_rules, purge_of_a_prefix)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2), purge;
	struct nhrp_entry e;

	p.n_cies = 3;
	for (unsigned int k = 0; k < 3; k++)
		p.cies[k] = (struct nhrp_cie){ .prefix = 32,
					       .holding_time = 600,
					       .protocol = addr_v4(0xac10000cU + 4 * k) };
	register_with(net, A, &p);
	register_with(net, B, &q);
	purge = registration(A, 3);
	purge.type = NHRP_PURGE_REQUEST;
	purge.flags = 0;
	/* 172.16.0.0/28 has .12 of A, .3 of B; .16 and .20 are outside. */
	purge.cies[0] = (struct nhrp_cie){ .prefix = 28, .protocol = ip("172.16.0.0") };
	purge.cies[1] = (struct nhrp_cie){ .prefix = 32, .protocol = ip("172.16.0.20") };
	purge.n_cies = 2;
	forget_flights(net);
	net_inject(net, A, HUB, &purge);
	cr_expect_eq(last_sent(net)->type, NHRP_PURGE_REPLY);
	cr_expect_eq(last_sent(net)->n_cies, 2);
	cr_expect(entry_of(net, HUB, B, &e));
	cr_expect(addr_is_none(&net->node[HUB].neighbour[12]));
	cr_expect_eq(count_from(net, 0, HUB, NHRP_UNBIND), 2);
	/* What names another NBMA address means another binding. */
	purge.cies[0] = (struct nhrp_cie){ .prefix = 32,
					   .protocol = ip("172.16.0.16"),
					   .nbma = nbma_of(C) };
	purge.n_cies = 1;
	net_inject(net, A, HUB, &purge);
	cr_expect_eq(count_from(net, 0, HUB, NHRP_UNBIND), 2);
	purge.cies[0].nbma = nbma_of(A);
	net_inject(net, A, HUB, &purge);
	cr_expect_eq(count_from(net, 0, HUB, NHRP_UNBIND), 3);
	net_free(net);
}

/* ---- authoritative, unique ---- */

Test(nhrp_rules, unique_was_asked_for)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2), r;

	q.flags = 0; /* B's address is not unique */
	register_with(net, A, &p);
	register_with(net, B, &q);
	r = request(A, B, 3);
	r.flags |= NHRP_U;
	forget_flights(net);
	net_inject(net, A, HUB, &r);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NOT_UNIQUE);
	r = request(B, A, 4);
	r.flags |= NHRP_U;
	forget_flights(net);
	net_inject(net, B, HUB, &r);
	cr_expect_eq(last_sent(net)->type, NHRP_RESOLUTION_REQUEST, "A's is, and A is asked");
	net_free(net);
}

/* A hub that is also a client of another one (C) has found B there; its own client A asks. */
Test(nhrp_rules, what_a_server_has_found_itself)
{
	struct nhrp_nhs_config nhs = { .protocol = protocol_of(C), .nbma = nbma_of(C) };
	struct nhrp_config cfg = config_of(HUB), other = config_of(HUB);
	struct nhrp_packet p, *out;
	struct net *net = net_new();

	cfg.nhs = &nhs;
	cfg.n_nhs = 1;
	other.address.addr = protocol_of(C);
	other.nbma = nbma_of(C);
	net_start_with(net, C, other);
	net_start_with(net, HUB, cfg);
	other = config_of(B);
	other.maps = NULL;
	other.n_maps = 0;
	other.nhs = &nhs;
	net_start_with(net, B, other);
	net_run(net, 1000);
	net_upcall(net, HUB, B);
	net_run(net, 2000);
	cr_assert(points_to(net, HUB, B, B));
	net->pair[HUB][A] = net->pair[A][HUB] = true;
	nhrp_peer_up(net->node[HUB].core, net->now, TUNNEL, nbma_of(A));
	p = registration(A, 1);
	register_with(net, A, &p);
	p = request(A, B, 2);
	forget_flights(net);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NO_BINDING, "not authoritative");
	p = request(A, B, 3);
	p.flags = NHRP_Q;
	forget_flights(net);
	net_inject(net, A, HUB, &p);
	out = last_sent(net);
	cr_expect_eq(out->cies[0].code, NHRP_CODE_SUCCESS);
	cr_expect_eq(node_of(&out->cies[0].nbma), B);
	cr_expect_not(out->flags & NHRP_A);
	cr_expect_leq(out->cies[0].holding_time, 7199, "what is left of it");
	net_free(net);
}

/* ---- floods ---- */

Test(nhrp_rules, a_flood_hurts_its_sender_only)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2), r;

	register_with(net, A, &p);
	r = request(A, C, 3);
	for (unsigned int k = 0; k < 2000; k++) {
		forget_flights(net);
		net_inject(net, A, HUB, &r);
	}
	cr_expect_eq(counters_of(net, HUB).floods, 2000 + 1 - NHRP_PEER_BURST);
	cr_expect_eq(count_events(net, 0, HUB, NHRP_EV_DROPPED), 1, "told once");
	cr_expect_eq(register_with(net, B, &q), NHRP_CODE_SUCCESS);
	p.request_id++;
	cr_expect_eq(register_with(net, A, &p), -1);
	/* It gets its share again. */
	net->now += SECONDS(1);
	for (unsigned int k = 0; k < 2 * NHRP_PEER_RATE; k++)
		net_inject(net, A, HUB, &r);
	cr_expect_eq(counters_of(net, HUB).received[NHRP_RESOLUTION_REQUEST],
		     NHRP_PEER_BURST - 1 + NHRP_PEER_RATE);
	net->now += SECONDS(20);
	p.request_id++;
	cr_expect_eq(register_with(net, A, &p), NHRP_CODE_SUCCESS);
	net_free(net);
}

/* A server sends for many. */
Test(nhrp_rules, a_server_is_no_flood)
{
	struct net *net = net_up(1);
	struct nhrp_packet p = request(B, A, 1);

	p.hop_count = 254;
	for (unsigned int k = 0; k < 2 * NHRP_PEER_BURST; k++) {
		forget_flights(net);
		net_inject(net, HUB, A, &p);
	}
	cr_expect_eq(counters_of(net, A).floods, 0);
	net_free(net);
}

/* Those who are no peer share one allowance; there is no end of addresses to invent. */
Test(nhrp_rules, strangers_share)
{
	struct net *net = hub();
	struct nhrp_packet p = registration(A, 1), q = registration(B, 2);
	uint8_t octets[NHRP_PACKET_MAX];
	size_t len;

	p.type = NHRP_REGISTRATION_REPLY; /* needs no peer */
	len = nhrp_packet_encode(&p, octets, sizeof(octets));
	for (unsigned int k = 0; k < 2 * NHRP_STRANGERS_BURST; k++) {
		struct nhrp_effect e;

		nhrp_input(net->node[HUB].core, 0, TUNNEL, addr_v4(0xc6000001U + k), octets, len);
		while (nhrp_next_effect(net->node[HUB].core, &e))
			;
	}
	cr_expect_eq(counters_of(net, HUB).floods, NHRP_STRANGERS_BURST);
	cr_expect_eq(register_with(net, B, &q), NHRP_CODE_SUCCESS);
	net_free(net);
}

/* ---- small things ---- */

Test(nhrp_rules, the_preferred_entry_counts)
{
	struct net *net = net_up(2);
	struct nhrp_packet p;
	const struct record *sent;
	size_t from = net->n_records;

	net->blocked[A][HUB] = true;
	net_upcall(net, A, B);
	sent = find_effect(net, from, A, NHRP_SEND);
	cr_assert(sent);
	forget_flights(net);
	p = request(A, B, sent->request_id);
	p.type = NHRP_RESOLUTION_REPLY;
	p.n_cies = 4;
	for (int k = 0; k < 4; k++)
		p.cies[k] = (struct nhrp_cie){ .prefix = 32,
					       .mtu = 0,
					       .holding_time = 600,
					       .nbma = nbma_of(k == 2 ? B : C),
					       .preference = (uint8_t[]){ 5, 200, 9, 8 }[k],
					       .protocol = protocol_of(B) };
	p.cies[1].code = NHRP_CODE_NO_BINDING; /* the most preferred one is none */
	net_inject(net, HUB, A, &p);
	sent = find_effect(net, from, A, NHRP_CONNECT);
	cr_assert(sent);
	cr_expect_eq(node_of(&sent->nbma), B);
	net_free(net);
}

Test(nhrp_rules, mtu)
{
	static const struct {
		uint16_t said, taken;
	} mtus[] = { { 0, 1400 }, { 1, 1 }, { 576, 576 }, { 1400, 1400 }, { 1514, 1400 },
		     { 65535, 1400 } };

	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		struct net *net = hub();
		struct nhrp_packet p = registration(A, 1);
		struct nhrp_entry e;

		p.cies[0].mtu = mtus[i].said;
		register_with(net, A, &p);
		cr_assert(entry_of(net, HUB, A, &e));
		cr_expect_eq(e.mtu, mtus[i].taken, "%zu", i);
		net_free(net);
	}
}

/* RFC 2332 5.3: whoever a packet is for understands what is compulsory in it. */
Test(nhrp_rules, compulsory_in_a_reply)
{
	for (int compulsory = 0; compulsory < 2; compulsory++) {
		struct net *net = net_up(1);
		struct nhrp_packet p;
		const struct record *sent;
		size_t from = net->n_records;

		net_upcall(net, A, B);
		sent = find_effect(net, from, A, NHRP_SEND);
		p = request(A, B, sent->request_id);
		p.type = NHRP_RESOLUTION_REPLY;
		p.cies[0] = (struct nhrp_cie){ .prefix = 32,
					       .holding_time = 600,
					       .nbma = nbma_of(B),
					       .protocol = protocol_of(B) };
		p.extensions[p.n_extensions++] = (struct nhrp_extension){
			.type = 77, .compulsory = compulsory
		};
		forget_flights(net);
		net_inject(net, HUB, A, &p);
		cr_expect_eq(!find_effect(net, from, A, NHRP_CONNECT), compulsory);
		cr_expect_eq(counters_of(net, A).errors_sent[NHRP_ERROR_EXTENSION],
			     (unsigned int)compulsory);
		net_free(net);
	}
}
