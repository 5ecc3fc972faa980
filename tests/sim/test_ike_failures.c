/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cannot work ends, at both ends, with the cause that each can know, and leaves nothing
 * behind: not in the core, not in the kernel.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/sim/world.h"

/* A connects; both end with a cause, and nothing is left. */
static struct world *fails(const struct node_config *a, const struct node_config *b,
			   enum ike_cause of_a, enum ike_cause of_b)
{
	struct world *w = world_of_two(1, a, b);

	node_connect(A(w), B(w));
	world_rest(w);
	inspect_agreement(A(w), B(w), false);
	world_check(w, A(w)->seen.failed == 1 && A(w)->seen.told == of_a, "A was told %d, not %d",
		    (int)A(w)->seen.told, (int)of_a);
	world_check(w, A(w)->seen.causes[of_a] == 1, "A did not see %d", (int)of_a);
	world_check(w, of_b == IKE_CAUSE_NONE || B(w)->seen.causes[of_b] >= 1,
		    "B did not see %d but %d", (int)of_b, (int)B(w)->seen.failure.failure.cause);
	return w;
}

static void nothing_left(struct world *w)
{
	for (unsigned int i = 0; i < w->nodes; i++) {
		const struct ike *ike = w->node[i]->ike;

		cr_expect(!ike || !ike_counters(ike)->pairs);
		cr_expect_eq(kernel_sa_count(w->node[i], !i), 0);
	}
	world_free(w);
}

static struct ike_psk psk_of(const char *key)
{
	return (struct ike_psk){ { { 4, { 0 } }, 0 }, { (const uint8_t *)key, strlen(key) } };
}

Test(failures, wrong_key)
{
	struct node_config a = plain_config(), b = a;
	struct ike_psk wrong = psk_of("sicco");
	struct world *w;

	b.ike.psks = &wrong;
	w = fails(&a, &b, IKE_CAUSE_PEER_KEY_MISMATCH, IKE_CAUSE_KEY_MISMATCH);
	cr_expect_eq(A(w)->seen.failure.failure.state, MM_WAIT_MSG6);
	cr_expect_eq(B(w)->seen.failure.failure.state, MM_WAIT_MSG5);
	nothing_left(w);
}

/* Of every hash and cipher: what decrypts to nonsense may look like anything. */
Test(failures, wrong_key_of_any_kind)
{
	static const enum hash_id hashes[] = { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512 };

	for (uint64_t seed = seeds_begin(); seed < seeds_end(100); seed++) {
		struct node_config a = plain_config(), b = a;
		struct ike_policy policy = *a.ike.policies;
		struct ike_psk wrong = psk_of("sicco");
		struct world *w;

		policy.suite.hash = hashes[seed % ARRAY_SIZE(hashes)];
		policy.suite.cipher = seed % 3 ? CIPHER_AES128 : CIPHER_3DES;
		a.ike.policies = b.ike.policies = &policy;
		b.ike.psks = &wrong;
		w = world_of_two(seed, &a, &b);
		node_connect(A(w), B(w));
		world_rest(w);
		world_check(w, A(w)->seen.told == IKE_CAUSE_PEER_KEY_MISMATCH, "A was told %d",
			    (int)A(w)->seen.told);
		world_check(w, B(w)->seen.causes[IKE_CAUSE_KEY_MISMATCH] == 1, "B saw %d",
			    (int)B(w)->seen.failure.failure.cause);
		nothing_left(w);
	}
}

Test(failures, no_common_policy)
{
	static const struct ike_policy other = { 10,
						 { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_14 },
						 86400 };
	struct node_config a = plain_config(), b = a;
	const struct mismatch *m;
	struct world *w;

	b.ike.policies = &other;
	w = fails(&a, &b, IKE_CAUSE_PEER_NO_POLICY, IKE_CAUSE_NO_POLICY);
	m = &B(w)->seen.failure.failure.mismatch;
	cr_expect_eq(m->attr, ATTR_GROUP);
	cr_expect_eq(m->ours, 14);
	cr_expect_eq(m->theirs, 19);
	cr_expect_eq(A(w)->seen.failure.failure.state, MM_WAIT_MSG2);
	nothing_left(w);
}

Test(failures, no_common_transform)
{
	static const struct esp_suite other = { CIPHER_AES256, HASH_SHA256 };
	struct node_config a = plain_config(), b = a;
	struct world *w;

	b.profile.suites = &other;
	w = fails(&a, &b, IKE_CAUSE_PEER_NO_TRANSFORM, IKE_CAUSE_NO_TRANSFORM);
	cr_expect_eq(B(w)->seen.failure.failure.mismatch.attr, ATTR_KEY_LENGTH);
	cr_expect_eq(ike_counters(A(w)->ike)->sas, 1, "phase 1 stays");
	nothing_left(w);
}

Test(failures, pfs)
{
	struct node_config a = plain_config(), b = a;

	b.profile.pfs = GROUP_14;
	nothing_left(fails(&a, &b, IKE_CAUSE_PEER_NO_TRANSFORM, IKE_CAUSE_PFS_REQUIRED));
	a.profile.pfs = GROUP_2;
	nothing_left(fails(&a, &b, IKE_CAUSE_PEER_NO_TRANSFORM, IKE_CAUSE_PFS_GROUP));
}

Test(failures, no_key)
{
	static const struct ike_psk elsewhere = { { { 4, { 10, 9, 9, 9 } }, 32 },
						  { (const uint8_t *)"x", 1 } };
	struct node_config a = plain_config(), b = a;
	struct world *w;

	b.ike.psks = &elsewhere;
	w = fails(&a, &b, IKE_CAUSE_NO_ANSWER, IKE_CAUSE_NO_KEY);
	cr_expect_eq(B(w)->seen.sent, 0, "a stranger without a key learns nothing");
	nothing_left(w);
	w = fails(&b, &a, IKE_CAUSE_NO_KEY, IKE_CAUSE_NONE);
	cr_expect_eq(w->messages, 0);
	nothing_left(w);
}

Test(failures, nobody_there)
{
	struct node_config cfg = plain_config();
	struct world *w = world_of_two(1, &cfg, &cfg);

	node_crash(B(w), true);
	node_connect(A(w), B(w));
	world_run(w, SECONDS(29));
	cr_expect_eq(A(w)->seen.failed, 0);
	world_run(w, SECONDS(2));
	cr_expect_eq(A(w)->seen.told, IKE_CAUSE_NO_ANSWER);
	cr_expect_eq(A(w)->seen.failure.failure.state, MM_WAIT_MSG2);
	cr_expect_geq(w->messages, 5);
	cr_expect_leq(w->messages, 10);
	nothing_left(w);
}

/* A responder that knows nothing of the address: neither of a source of its own, nor of a peer. */
Test(failures, not_a_source)
{
	struct node_config cfg = plain_config();
	struct world *w = world_of_two(1, &cfg, &cfg);

	ike_local_remove(B(w)->ike, w->now, &B(w)->nbma);
	node_turn(B(w));
	node_connect(A(w), B(w));
	world_rest(w);
	cr_expect_eq(A(w)->seen.told, IKE_CAUSE_NO_ANSWER);
	cr_expect_eq(B(w)->seen.sent, 0);
	cr_expect_eq(ike_counters(B(w)->ike)->dropped[IKE_DROP_NO_LOCAL],
		     ike_counters(A(w)->ike)->sent + ike_counters(A(w)->ike)->retransmitted);
	cr_expect_not(ike_connect(B(w)->ike, w->now, &B(w)->nbma, &A(w)->nbma));
	nothing_left(w);
}

/* ---- the kernel says no ---- */

static struct world *refused(unsigned int node, enum ike_direction direction, int error,
			     unsigned int count)
{
	struct node_config cfg = plain_config();
	struct world *w = world_of_two(1, &cfg, &cfg);

	w->kernel_delay = 3;
	w->node[node]->kernel.refuse.count = count;
	w->node[node]->kernel.refuse.direction = direction;
	w->node[node]->kernel.refuse.error = error;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(10));
	return w;
}

/* The SPI is somebody else's: another one is taken, and nobody notices. */
Test(failures, spi_is_taken)
{
	for (unsigned int node = 0; node < 2; node++) {
		struct world *w = refused(node, IKE_INBOUND, EEXIST, 3);

		world_check(w, A(w)->up[1] && B(w)->up[0], "not up");
		cr_expect_eq(A(w)->seen.failed + B(w)->seen.failed, 0);
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		cr_expect_eq(kernel_sa_count(A(w), 1) + kernel_sa_count(B(w), 0), 4);
		world_free(w);
	}
}

/* Neither end believes in a pair that one kernel refused; a new try brings it. */
Test(failures, kernel)
{
	for (unsigned int node = 0; node < 2; node++) {
		for (unsigned int out = 0; out < 2; out++) {
			struct world *w =
				refused(node, out ? IKE_OUTBOUND : IKE_INBOUND, ENOMEM, 1);
			struct node *n = w->node[node];

			cr_expect_eq(n->seen.causes[IKE_CAUSE_KERNEL], 1, "node %u out %u", node,
				     out);
			cr_expect_eq(n->seen.failure.failure.error, ENOMEM);
			if (n == A(w))
				cr_expect_eq(n->seen.told, IKE_CAUSE_KERNEL);
			inspect_rest(A(w));
			inspect_rest(B(w));
			inspect_agreement(A(w), B(w), false);
			cr_expect_eq(kernel_sa_count(A(w), 1) + kernel_sa_count(B(w), 0), 0);
			node_connect(A(w), B(w));
			world_rest(w);
			inspect_agreement(A(w), B(w), true);
			world_free(w);
		}
	}
}

/* A rekey that a kernel refuses: the old pair goes on, without a gap, until it works. */
static void rekey_refused(unsigned int node, enum ike_direction direction)
{
	struct node_config cfg = plain_config();
	struct world *w = world_of_two(1, &cfg, &cfg);

	w->kernel_delay = 3;
	node_want(A(w), B(w));
	world_run(w, SECONDS(60));
	data_flow(A(w), B(w), 10);
	w->node[node]->kernel.refuse.count = 2;
	w->node[node]->kernel.refuse.direction = direction;
	w->node[node]->kernel.refuse.error = ENOMEM;
	node_expire(A(w), B(w), false);
	world_run(w, SECONDS(20));
	world_check(w, !w->data.unprotected && !w->data.not_received,
		    "%llu packets without an SA, %llu not received",
		    (unsigned long long)w->data.unprotected,
		    (unsigned long long)w->data.not_received);
	cr_expect_eq(w->node[node]->kernel.refuse.count, 0);
	cr_expect_eq(A(w)->seen.down, 0);
	cr_expect_eq(B(w)->seen.down, 0);
	inspect_agreement(A(w), B(w), true);
	world_free(w);
}

Test(failures, kernel_refuses_rekey)
{
	for (unsigned int node = 0; node < 2; node++) {
		rekey_refused(node, IKE_INBOUND);
		rekey_refused(node, IKE_OUTBOUND);
	}
}

/* ---- workers ---- */

/* Results that come when nobody waits any more, in each phase; and of an earlier life. */
Test(failures, late_diffie_hellman)
{
	struct node_config cfg = plain_config();

	cfg.profile.pfs = GROUP_19;
	for (uint64_t seed = seeds_begin(); seed < seeds_end(50); seed++) {
		struct world *w = world_of_two(seed, &cfg, &cfg);

		w->dh_delay = SECONDS(60);
		node_want(A(w), B(w));
		world_run(w, SECONDS(90));
		if (seed % 2)
			node_clear(A(w), B(w));
		if (seed % 3)
			node_crash(B(w), false);
		if (seed % 3)
			node_start(B(w));
		world_run(w, SECONDS(200));
		w->dh_delay = 20;
		world_run(w, SECONDS(300));
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		world_free(w);
	}
}
