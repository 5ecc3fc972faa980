/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Worlds that many tests start from. */
#include "tests/sim/world.h"

struct node_config plain_config(void)
{
	static const struct ike_policy policy = {
		10, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 86400
	};
	static const struct esp_suite suite = { CIPHER_AES128, HASH_SHA256 };
	static const struct ike_psk psk = { { { 4, { 0 } }, 0 }, { (const uint8_t *)"cisco", 5 } };

	return (struct node_config){
		.ike = { .policies = &policy, .policy_count = 1, .psks = &psk, .psk_count = 1 },
		.profile = { .name = "plain",
			     .suites = &suite,
			     .suite_count = 1,
			     .life_seconds = 3600 },
	};
}

struct world *world_of_two(uint64_t seed, const struct node_config *a, const struct node_config *b)
{
	struct world *w = world_new(seed);
	struct node_config cfg[2] = { *a, *b };

	cfg[0].name = "A";
	cfg[1].name = "B";
	node_new(w, &cfg[0]);
	node_new(w, &cfg[1]);
	return w;
}

static bool is_quiet(struct world *w)
{
	for (unsigned int i = 0; i < w->nodes; i++)
		if (!inspect_is_quiet(w->node[i]))
			return false;
	return true;
}

void world_rest(struct world *w)
{
	w->faults = GOOD_NETWORK;
	w->filter = NULL;
	world_run(w, REST);
	/* A rekey may be under way just now; on a good network it takes seconds, where nothing flows. */
	world_check(w, world_run_until(w, is_quiet, SECONDS(6)), "no rest");
	for (unsigned int i = 0; i < w->nodes; i++)
		inspect_rest(w->node[i]);
}
