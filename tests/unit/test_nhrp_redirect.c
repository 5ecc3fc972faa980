/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub of phase 3: who is told that there is a shorter way, how often, and in which octets.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_hub.h"
#include "tests/unit/nhrp_phase3.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

/* The packet that made IOS send its indication, longer than what it quotes. */
#define PING                                                                       \
	"4500006400050000ff01a78f0affff030affff020800325b00010000000000000001e124" \
	"abcdabcd"

static struct net *ios_hub(void)
{
	struct net *net = net_new();
	struct nhrp_config cfg = { .address = { ip("10.255.255.1"), 24 },
				   .nbma = ip("192.168.200.1"),
				   .authentication = text_span("secret"),
				   .mtu = 1514,
				   .redirect = true };
	struct nhrp *n;

	route_set(net, HUB, net_prefix("10.255.255.0/24"), ON_LINK);
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
	return net;
}

Test(nhrp_redirect, ios_indication_octet_for_octet)
{
	struct net *net = ios_hub();
	struct span packet = hex(PING), expected = hex(IOS_INDICATION);
	struct nhrp *n = net->node[HUB].core;
	struct nhrp_effect e;
	bool seen = false;

	nhrp_hairpin(n, 0, TUNNEL, packet);
	while (nhrp_next_effect(n, &e)) {
		if (e.kind == NHRP_QUERY_ROUTE) {
			struct nhrp_route r = net_lookup(&net->node[HUB], &e.protocol);

			nhrp_route(n, 0, e.token, &r);
		}
		if (e.kind != NHRP_SEND)
			continue;
		seen = true;
		cr_expect_eq(addr_to_v4(&e.nbma), 0xc0a8c803);
		cr_assert_eq(e.packet.len, expected.len);
		cr_expect_arr_eq(e.packet.data, expected.data, expected.len);
	}
	cr_expect(seen);
	net_free(net);
	free((void *)packet.data);
	free((void *)expected.data);
}

static size_t indications(const struct net *net, size_t from)
{
	return count_sent(net, from, HUB, NHRP_TRAFFIC_INDICATION);
}

/* It is remembered once, and who was told what. */
static void check_flow(struct net *net, struct addr source, struct addr destination, int told,
		       uint64_t times, uint64_t limited)
{
	const void *cursor = NULL;
	struct nhrp_flow f;
	int found = 0;

	while (nhrp_flow_next(net->node[HUB].core, &cursor, &f)) {
		if (!addr_equal(&f.source, &source) || !addr_equal(&f.destination, &destination))
			continue;
		found++;
		cr_expect_eq(f.id, TUNNEL);
		cr_expect_eq(node_of(&f.nbma), told);
		cr_expect_eq(f.told, times);
		cr_expect_eq(f.limited, limited, "%llu", (unsigned long long)f.limited);
		cr_expect(f.until > net->now && f.next < f.until);
	}
	cr_expect_eq(found, 1);
}

Test(nhrp_redirect, once_per_flow_in_a_while)
{
	struct net *net = phase3(2);
	size_t from = net->n_records;
	struct nhrp_counters c;

	net->node[A].cfg.shortcut = net->node[B].cfg.shortcut = false;
	for (int k = A; k <= B; k++)
		nhrp_interface_configure(net->node[k].core, net->now, TUNNEL, &net->node[k].cfg);
	for (int k = 0; k < 290; k++, net_run(net, net->now + 100)) {
		hairpin(net, lan(A, 10), lan(B, 10));
		/* At 0, and some time before 2, 6, 14, 22 s. */
		cr_expect_eq(indications(net, from),
			     k < 15 ? 1 : k < 50 ? 2 : k < 125 ? 3 : k < 200 ? 4 : k < 275 ? 5 : 6,
			     "%d", k);
	}
	from = net->n_records;
	cr_expect_eq(node_of(&find_event(net, 0, HUB, NHRP_EV_REDIRECT_SENT)->event.nbma), A);
	hairpin(net, lan(B, 10), lan(A, 10)); /* the other direction */
	cr_expect_eq(indications(net, from), 1);
	hairpin(net, lan(A, 10), lan(B, 11));
	hairpin(net, lan(A, 11), lan(B, 10));
	cr_expect_eq(indications(net, from), 3);
	c = counters_of(net, HUB);
	cr_expect_eq(c.hairpins, 293);
	cr_expect_eq(c.hairpins_limited, 284);
	cr_expect_eq(c.hairpins_ignored, 0);
	check_flow(net, lan(A, 10), lan(B, 10), A, 6, 284);
	check_flow(net, lan(B, 10), lan(A, 10), B, 1, 0);
	/* It was quiet for a while: soon again. */
	net_run(net, net->now + SECONDS(16));
	from = net->n_records;
	hairpin(net, lan(A, 10), lan(B, 10));
	net_run(net, net->now + 1500);
	hairpin(net, lan(A, 10), lan(B, 10));
	cr_expect_eq(indications(net, from), 2);
	net_free(net);
}

Test(nhrp_redirect, bounded_per_peer_and_in_all)
{
	struct net *net = phase3(2);
	size_t from = net->n_records;
	uint8_t packet[28];

	for (unsigned int k = 0; k < 40; k++)
		hairpin(net, lan(A, 10 + k), lan(B, 10));
	cr_expect_eq(indications(net, from), 32);
	cr_expect_eq(reason_of(net, from, HUB, NHRP_EV_REDIRECT_IGNORED), NHRP_WHY_RATE);
	net_run(net, net->now + 500); /* 50 ms for each of the next */
	from = net->n_records;
	for (unsigned int k = 0; k < 20; k++)
		hairpin(net, lan(A, 100 + k), lan(B, 10));
	cr_expect_eq(indications(net, from), 10);

	/* Sources and destinations without end: no more is remembered than has a place. */
	net->n_records = 0;
	for (unsigned int k = 0; k < 10000; k++) {
		struct nhrp_effect e;

		ipv4(packet, addr_v4(0xc0a80100U + k % 250), addr_v4(0x0b000000U + k));
		nhrp_hairpin(net->node[HUB].core, net->now, TUNNEL, (struct span){ packet, 28 });
		while (nhrp_next_effect(net->node[HUB].core, &e))
			; /* a kernel that does not answer */
	}
	cr_expect_geq(counters_of(net, HUB).hairpins_limited, 10000 - 4096);
	net_run(net, net->now + SECONDS(16));
	from = net->n_records;
	hairpin(net, lan(A, 10), lan(B, 10));
	cr_expect_eq(indications(net, from), 1);
	net_free(net);
}

static enum nhrp_reason ignored_because(struct net *net, struct addr from, struct addr to)
{
	size_t first = net->n_records;

	hairpin(net, from, to);
	cr_expect_eq(indications(net, first), 0);
	return reason_of(net, first, HUB, NHRP_EV_REDIRECT_IGNORED);
}

Test(nhrp_redirect, only_who_can_take_it)
{
	struct net *net = phase3(2);
	uint8_t packet[28];
	size_t from;

	/* From, or to, somewhere else; back to where it came from; nobody registered there. */
	cr_expect_eq(ignored_because(net, ip("8.8.8.8"), lan(B, 10)), NHRP_WHY_NO_ROUTE);
	cr_expect_eq(ignored_because(net, lan(A, 10), ip("8.8.8.8")), NHRP_WHY_NO_ROUTE);
	cr_expect_eq(ignored_because(net, lan(A, 10), lan(A, 11)), NHRP_WHY_SAME_PEER);
	cr_expect_eq(ignored_because(net, lan(A, 10), lan(C, 10)), NHRP_WHY_NO_ROUTE);
	cr_expect_eq(ignored_because(net, lan(A, 10), protocol_of(C)), NHRP_WHY_NO_ROUTE);
	/* Between tunnel addresses, that are on link, too. */
	from = net->n_records;
	hairpin(net, protocol_of(A), protocol_of(B));
	cr_expect_eq(indications(net, from), 1);
	/* The pair went down meanwhile. */
	net_pair_down(net, HUB, B);
	cr_expect_eq(ignored_because(net, lan(A, 12), lan(B, 10)), NHRP_WHY_NO_ROUTE);

	/* No packets for a host. */
	from = net->n_records;
	ipv4(packet, lan(A, 10), lan(B, 10));
	for (size_t len = 0; len < 20; len++)
		nhrp_hairpin(net->node[HUB].core, net->now, TUNNEL, (struct span){ packet, len });
	packet[0] = 0x65;
	nhrp_hairpin(net->node[HUB].core, net->now, TUNNEL, (struct span){ packet, 28 });
	packet[0] = 0x44;
	nhrp_hairpin(net->node[HUB].core, net->now, TUNNEL, (struct span){ packet, 28 });
	hairpin(net, lan(A, 10), ip("224.0.0.5"));
	hairpin(net, ip("127.0.0.1"), lan(B, 10));
	nhrp_hairpin(net->node[HUB].core, net->now, 7, (struct span){ packet, 28 });
	cr_expect_eq(count_from(net, from, HUB, NHRP_QUERY_ROUTE), 0);
	net_free(net);
}

Test(nhrp_redirect, not_where_it_is_not_configured)
{
	struct net *net = net_up(2);

	phase3_routes(net, HUB);
	hairpin(net, lan(A, 10), lan(B, 10));
	cr_expect_eq(indications(net, 0), 0);
	cr_expect_eq(counters_of(net, HUB).hairpins_ignored, 1);
	net_free(net);
}
