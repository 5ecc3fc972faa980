/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a hub whose spokes are made by hand, packet by packet. */
#ifndef TESTS_NHRP_HUB_H
#define TESTS_NHRP_HUB_H

#include "tests/unit/nhrp_net.h"

/* As the spoke's own core would send it. */
static inline struct nhrp_packet registration(int of, uint32_t id)
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_REGISTRATION_REQUEST,
				 .flags = NHRP_REGISTRATION_UNIQUE,
				 .request_id = id,
				 .source_nbma = nbma_of(of),
				 .source = protocol_of(of),
				 .destination = protocol_of(HUB),
				 .n_cies = 1,
				 .cies = { { .prefix = 255, .mtu = 1400, .holding_time = 600 } } };

	net_sign(&p);
	return p;
}

static inline struct nhrp_packet request(int of, int about, uint32_t id)
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_RESOLUTION_REQUEST,
				 .flags = NHRP_Q | NHRP_A | NHRP_S,
				 .request_id = id,
				 .source_nbma = nbma_of(of),
				 .source = protocol_of(of),
				 .destination = protocol_of(about),
				 .n_cies = 1,
				 .cies = { { .mtu = 1400, .holding_time = 600 } } };

	net_sign(&p);
	return p;
}

/* A hub alone; the spokes are made by hand, their pairs are up. */
static inline struct net *hub_with(struct nhrp_config cfg)
{
	struct net *net = net_new();

	net_start_with(net, HUB, cfg);
	for (int k = A; k <= C; k++) {
		net->pair[HUB][k] = net->pair[k][HUB] = true;
		nhrp_peer_up(net->node[HUB].core, 0, TUNNEL, nbma_of(k));
	}
	return net;
}

static inline struct net *hub(void)
{
	return hub_with(config_of(HUB));
}

/* What the hub sent last, parsed; valid until the next. */
static inline struct nhrp_packet *last_sent(struct net *net)
{
	static struct nhrp_packet p;
	static uint8_t octets[NHRP_PACKET_MAX];
	const struct flight *f = NULL;
	size_t offset;

	for (size_t i = 0; i < net->n_flights; i++)
		if (net->flight[i].kind == FLIGHT_PACKET)
			f = &net->flight[i];
	cr_assert(f, "nothing was sent");
	memcpy(octets, f->packet, f->len);
	cr_assert_eq(nhrp_packet_parse(octets, f->len, &p, &offset), NHRP_WELL_FORMED);
	return &p;
}

static inline size_t on_the_way(const struct net *net)
{
	return net->n_flights;
}

static inline void forget_flights(struct net *net)
{
	net->n_flights = 0;
}

static inline int register_with(struct net *net, int from, const struct nhrp_packet *p)
{
	forget_flights(net);
	net_inject(net, from, HUB, p);
	return on_the_way(net) ? last_sent(net)->cies[0].code : -1;
}

#endif
