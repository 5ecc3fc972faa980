/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lifetimes that differ: the shorter holds at both ends, since a responder that has the shorter one
 * says so (RESPONDER-LIFETIME). And the commit bit, which changes nothing.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "tests/sim/world.h"

struct lives {
	uint32_t phase1, seconds, kilobytes;
};

static struct lives lives_of(const struct node *n)
{
	const void *cursor = NULL;
	struct ike_pair_info pair;
	struct ike_sa_info sa;
	struct lives l = { 0 };

	cr_assert(ike_sa_next(n->ike, &cursor, &sa));
	l.phase1 = sa.lifetime;
	cursor = NULL;
	cr_assert(ike_pair_next(n->ike, &cursor, &pair));
	l.seconds = pair.life_seconds;
	l.kilobytes = pair.life_kilobytes;
	return l;
}

static struct node_config with(struct ike_policy *policy, struct lives l)
{
	struct node_config cfg = plain_config();

	*policy = cfg.ike.policies[0];
	policy->lifetime = l.phase1;
	cfg.ike.policies = policy;
	cfg.profile.life_seconds = l.seconds;
	cfg.profile.life_kilobytes = l.kilobytes;
	return cfg;
}

Test(lifetime, the_shorter_holds_at_both_ends)
{
	static const struct lives cases[][3] = {
		/* initiator, responder, both */
		{ { 86400, 3600, 4608000 }, { 86400, 3600, 4608000 }, { 86400, 3600, 4608000 } },
		{ { 86400, 3600, 4608000 }, { 7200, 900, 100000 }, { 7200, 900, 100000 } },
		{ { 7200, 900, 100000 }, { 86400, 3600, 4608000 }, { 7200, 900, 100000 } },
		{ { 86400, 3600, 4608000 }, { 86400, 3600, 100000 }, { 86400, 3600, 100000 } },
		{ { 86400, 3600, 0 }, { 86400, 900, 70000 }, { 86400, 900, 70000 } },
		{ { 86400, 86400, 0 }, { 70000, 70000, 0 }, { 70000, 70000, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ike_policy policy[2];
		struct node_config a = with(&policy[0], cases[i][0]), b = with(&policy[1], cases[i][1]);
		struct world *w = world_of_two(i, &a, &b);

		node_connect(A(w), B(w));
		world_run(w, SECONDS(5));
		inspect_agreement(A(w), B(w), true);
		for (unsigned int k = 0; k < 2; k++) {
			struct lives l = lives_of(w->node[k]);

			cr_expect_eq(l.phase1, cases[i][2].phase1, "%zu %u", i, k);
			cr_expect_eq(l.seconds, cases[i][2].seconds, "%zu %u", i, k);
			cr_expect_eq(l.kilobytes, cases[i][2].kilobytes, "%zu %u", i, k);
		}
		/* Told by a notify where, and only where, the responder's is shorter. */
		cr_expect_eq(A(w)->seen.events[IKE_EVENT_NOTIFY] > B(w)->seen.events[IKE_EVENT_NOTIFY],
			     cases[i][1].phase1 < cases[i][0].phase1 ||
				     cases[i][1].seconds < cases[i][0].seconds ||
				     (cases[i][1].kilobytes &&
				      (!cases[i][0].kilobytes ||
				       cases[i][1].kilobytes < cases[i][0].kilobytes)),
			     "%zu", i);
		world_free(w);
	}
}

static enum verdict set_commit_bit(struct world *w, const struct packet *p)
{
	uint8_t *octets = (uint8_t *)(uintptr_t)p->octets;

	(void)w;
	/* The header is not authenticated. */
	if (p->kind == PACKET_IKE && octets[18] == ISAKMP_XCHG_QUICK)
		octets[19] |= ISAKMP_FLAG_COMMIT;
	return PASS;
}

Test(lifetime, commit_bit_changes_nothing)
{
	struct node_config cfg = plain_config();
	struct world *w = world_of_two(1, &cfg, &cfg);

	w->filter = set_commit_bit;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(5));
	inspect_agreement(A(w), B(w), true);
	cr_expect_eq(w->messages, 9, "%u", w->messages);
	world_free(w);
}
