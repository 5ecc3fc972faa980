/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface is given another configuration while it works: what is the same in both stays.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_net.h"

static void configure(struct net *net, int k, const struct nhrp_config *cfg)
{
	nhrp_interface_configure(net->node[k].core, net->now, TUNNEL, cfg);
	net_drain(net, k);
}

Test(nhrp_configure, the_same_does_nothing)
{
	struct net *net = net_up(2);
	struct nhrp_config cfg = config_of(A);
	size_t from;

	resolve_a_to_b(net);
	from = net->n_records;
	configure(net, A, &cfg);
	cr_expect_eq(net->n_records, from, "no effect, no event");
	net_run(net, net->now + SECONDS(60));
	cr_expect(points_to(net, A, B, B));
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	net_free(net);
}

Test(nhrp_configure, a_server_goes_and_comes)
{
	struct net *net = net_up(2);
	struct nhrp_config cfg = config_of(A);
	struct nhrp_entry e;
	const void *cursor = NULL;
	struct nhrp_nhs s;
	size_t from;

	resolve_a_to_b(net);
	from = net->n_records;
	cfg.n_nhs = cfg.n_maps = 0;
	configure(net, A, &cfg);
	cr_expect_eq(count_sent(net, from, A, NHRP_PURGE_REQUEST), 1, "it is told");
	cr_expect_eq(count_events(net, from, A, NHRP_EV_NHS_DOWN), 1);
	cr_expect_not(nhrp_nhs_next(net->node[A].core, &cursor, &s));
	cr_expect_not(entry_of(net, A, HUB, &e));
	cr_expect(points_to(net, A, B, B), "a direct path needs no server");
	net_run(net, net->now + SECONDS(10));

	from = net->n_records;
	cfg = config_of(A);
	configure(net, A, &cfg);
	net_run(net, net->now + SECONDS(2));
	cr_expect_eq(count_events(net, from, A, NHRP_EV_NHS_UP), 1);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	cr_assert(entry_of(net, A, HUB, &e));
	cr_expect(e.flags & NHRP_FLAG_NHS);
	cr_expect(points_to(net, A, B, B));
	/* And nothing of the first one is left that fires. */
	net_run(net, net->now + SECONDS(4 * 3600));
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	net_free(net);
}

/* What went through the server that goes is not left pointing there. */
Test(nhrp_configure, provisional_paths_go_with_their_server)
{
	struct net *net = net_up(1);
	struct nhrp_config cfg = config_of(A);
	struct nhrp_entry e;

	net_upcall(net, A, B); /* who is not there */
	net_run(net, net->now + 100);
	cr_expect(points_to(net, A, B, HUB));
	cfg.n_nhs = cfg.n_maps = 0;
	configure(net, A, &cfg);
	cr_expect_not(entry_of(net, A, B, &e));
	cr_expect(addr_is_none(neighbour(net, A, B)));
	net_run(net, net->now + SECONDS(300));
	net_free(net);
}

Test(nhrp_configure, maps_and_registrations)
{
	struct net *net = net_up(2);
	struct nhrp_config cfg = config_of(A);
	struct nhrp_map maps[] = { { protocol_of(HUB), nbma_of(HUB) },
				   { protocol_of(C), nbma_of(C) } };
	struct nhrp_entry e;
	size_t from = net->n_records;

	cfg.maps = maps;
	cfg.n_maps = 2;
	configure(net, A, &cfg);
	cr_assert(entry_of(net, A, C, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_STATIC);
	maps[1].nbma = nbma_of(B);
	configure(net, A, &cfg);
	cr_expect(points_to(net, A, C, B));
	cfg.n_maps = 1;
	configure(net, A, &cfg);
	cr_expect_not(entry_of(net, A, C, &e));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 0);

	cfg.holding_time = 600;
	configure(net, A, &cfg);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1, "told at once");
	net_run(net, net->now + SECONDS(1));
	cr_assert(entry_of(net, HUB, A, &e));
	cr_expect_eq(e.holding_time, 600);
	net_free(net);
}

Test(nhrp_configure, registration_timeout)
{
	struct net *net = net_up(1);
	struct nhrp_config cfg = config_of(A);
	size_t from = net->n_records;
	msec registered;

	cfg.registration_timeout = 60;
	configure(net, A, &cfg);
	net_run(net, net->now + SECONDS(1));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1, "begins at once");
	registered = nhs_of(net, A).registered;
	from = net->n_records;
	net_run(net, registered + SECONDS(60) - 1);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 0);
	net_run(net, registered + SECONDS(185));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 3);

	/* Later than it holds: that would be too late. */
	cfg.holding_time = 30;
	configure(net, A, &cfg);
	net_run(net, net->now + SECONDS(1));
	registered = nhs_of(net, A).registered;
	from = net->n_records;
	net_run(net, registered + SECONDS(11));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_free(net);
}
