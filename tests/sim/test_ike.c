/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Main mode and quick mode between two nodes: what is agreed on, and every single message lost,
 * repeated and late.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "tests/sim/world.h"

/* ---- what is agreed on ---- */

struct combination {
	struct isakmp_suite isakmp;
	struct esp_suite esp;
	enum group_id pfs;
};

/* Every algorithm of every kind at least once, and the neighbours that the article has. */
static const struct combination combinations[] = {
	{ { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_2 }, { CIPHER_3DES, HASH_SHA1 }, GROUP_NONE },
	{ { CIPHER_3DES, HASH_MD5, AUTH_PSK, GROUP_1 }, { CIPHER_3DES, HASH_MD5 }, GROUP_1 },
	{ { CIPHER_3DES, HASH_SHA256, AUTH_PSK, GROUP_5 }, { CIPHER_NULL, HASH_SHA1 }, GROUP_2 },
	{ { CIPHER_AES128, HASH_SHA1, AUTH_PSK, GROUP_14 },
	  { CIPHER_AES128, HASH_SHA1 },
	  GROUP_14 },
	{ { CIPHER_AES192, HASH_SHA384, AUTH_PSK, GROUP_15 },
	  { CIPHER_AES192, HASH_SHA384 },
	  GROUP_5 },
	{ { CIPHER_AES256, HASH_SHA512, AUTH_PSK, GROUP_16 },
	  { CIPHER_AES256, HASH_SHA512 },
	  GROUP_16 },
	{ { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 },
	  { CIPHER_GCM128, HASH_NONE },
	  GROUP_19 },
	{ { CIPHER_AES256, HASH_SHA384, AUTH_PSK, GROUP_20 },
	  { CIPHER_GCM256, HASH_NONE },
	  GROUP_20 },
	{ { CIPHER_AES256, HASH_MD5, AUTH_PSK, GROUP_21 }, { CIPHER_GCM192, HASH_NONE }, GROUP_21 },
	{ { CIPHER_AES192, HASH_MD5, AUTH_PSK, GROUP_2 },
	  { CIPHER_AES256, HASH_SHA256 },
	  GROUP_15 },
	{ { CIPHER_AES256, HASH_SHA1, AUTH_PSK, GROUP_19 }, { CIPHER_NULL, HASH_MD5 }, GROUP_19 },
};

static struct world *two_of(const struct combination *c)
{
	struct ike_policy policy = { 10, c->isakmp, 86400 };
	struct node_config cfg = plain_config();

	cfg.ike.policies = &policy;
	cfg.profile.suites = &c->esp;
	cfg.profile.pfs = c->pfs;
	/* The policy is borrowed: main mode must be over before it goes. */
	struct world *w = world_of_two(1, &cfg, &cfg);

	node_connect(A(w), B(w));
	world_run(w, SECONDS(10));
	return w;
}

Test(ike, every_algorithm)
{
	for (size_t i = 0; i < ARRAY_SIZE(combinations); i++) {
		const struct combination *c = &combinations[i];
		struct world *w = two_of(c);
		const void *cursor = NULL;
		struct ike_pair_info pair;
		struct ike_sa_info sa;

		inspect_rest(A(w));
		inspect_rest(B(w));
		inspect_agreement(A(w), B(w), true);
		cr_assert(ike_sa_next(B(w)->ike, &cursor, &sa));
		cr_expect_eq(memcmp(&sa.suite, &c->isakmp, sizeof(sa.suite)), 0);
		cr_expect_eq(sa.lifetime, 86400);
		cursor = NULL;
		cr_assert(ike_pair_next(B(w)->ike, &cursor, &pair));
		cr_expect_eq(memcmp(&pair.suite, &c->esp, sizeof(pair.suite)), 0);
		cr_expect_eq(pair.pfs, c->pfs);
		cr_expect_eq(w->messages, 9);
		kernel_send_data(A(w), B(w));
		kernel_send_data(B(w), A(w));
		world_run(w, SECONDS(1));
		cr_expect_eq(w->data.delivered, 2);
		world_free(w);
	}
}

/* Our order of preference decides, among what the other end offers. */
Test(ike, priorities)
{
	static const struct ike_policy ours[] = {
		{ 10, { CIPHER_AES256, HASH_SHA512, AUTH_PSK, GROUP_20 }, 86400 },
		{ 20, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 86400 },
		{ 30, { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_2 }, 86400 },
	};
	static const struct ike_policy theirs[] = {
		{ 1, { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_2 }, 86400 },
		{ 2, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 86400 },
	};
	static const struct esp_suite our_suites[] = { { CIPHER_GCM128, HASH_NONE },
						       { CIPHER_AES256, HASH_SHA1 },
						       { CIPHER_3DES, HASH_SHA1 } };
	static const struct esp_suite their_suites[] = { { CIPHER_3DES, HASH_SHA1 },
							 { CIPHER_AES256, HASH_SHA1 } };
	struct node_config a = plain_config(), b = a;
	const void *cursor = NULL;
	struct ike_pair_info pair;
	struct ike_sa_info sa;
	struct world *w;

	a.ike.policies = theirs;
	a.ike.policy_count = ARRAY_SIZE(theirs);
	a.profile.suites = their_suites;
	a.profile.suite_count = ARRAY_SIZE(their_suites);
	b.ike.policies = ours;
	b.ike.policy_count = ARRAY_SIZE(ours);
	b.profile.suites = our_suites;
	b.profile.suite_count = ARRAY_SIZE(our_suites);
	w = world_of_two(1, &a, &b);
	node_connect(A(w), B(w));
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	cr_assert(ike_sa_next(B(w)->ike, &cursor, &sa));
	cr_expect_eq(sa.suite.cipher, CIPHER_AES128);
	cursor = NULL;
	cr_assert(ike_pair_next(B(w)->ike, &cursor, &pair));
	cr_expect_eq(pair.suite.cipher, CIPHER_AES256);
	world_free(w);
}

/* More protection than we ask for is taken. */
Test(ike, offered_pfs_is_taken)
{
	struct node_config a = plain_config(), b = a;
	const void *cursor = NULL;
	struct ike_pair_info pair;
	struct world *w;

	a.profile.pfs = GROUP_19;
	w = world_of_two(1, &a, &b);
	node_connect(A(w), B(w));
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	cr_assert(ike_pair_next(B(w)->ike, &cursor, &pair));
	cr_expect_eq(pair.pfs, GROUP_19);
	world_free(w);
}

/* ---- each message lost, repeated, late ---- */

static enum verdict the_subject;

static enum verdict nth_message(struct world *w, const struct packet *p)
{
	(void)p;
	return (int)w->messages == w->subject ? the_subject : PASS;
}

static void with_fault(enum verdict verdict, int message, enum group_id pfs, msec kernel_delay)
{
	struct node_config cfg = plain_config();
	struct world *w;

	cfg.profile.pfs = pfs;
	w = world_of_two((uint64_t)message, &cfg, &cfg);
	w->kernel_delay = w->dh_delay = kernel_delay;
	w->filter = nth_message;
	w->subject = message;
	the_subject = verdict;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(20));
	world_check(w, A(w)->up[1] && B(w)->up[0], "message %d: not up", message);
	world_check(w,
		    A(w)->seen.up == 1 && B(w)->seen.up == 1 && !A(w)->seen.down &&
			    !A(w)->seen.failed && !B(w)->seen.down && !B(w)->seen.failed,
		    "message %d: up and down", message);
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	inspect_same_phase1(A(w), B(w));
	cr_expect_eq(A(w)->seen.events[IKE_EVENT_FAILED] + B(w)->seen.events[IKE_EVENT_FAILED], 0,
		     "message %d: something failed", message);
	cr_expect_eq(kernel_sa_count(A(w), 1) + kernel_sa_count(B(w), 0), 4, "message %d", message);
	world_free(w);
}

static void each_message(enum verdict verdict)
{
	for (int message = 1; message <= 9; message++) {
		with_fault(verdict, message, GROUP_NONE, 0);
		with_fault(verdict, message, GROUP_19, 0);
		with_fault(verdict, message, GROUP_19, 300);
	}
}

Test(ike, each_message_lost)
{
	each_message(LOSE);
}

Test(ike, each_message_twice)
{
	each_message(TWICE);
}

Test(ike, each_message_late)
{
	each_message(LATE);
}

/* A lost QM3 leaves no side up alone: the responder repeats QM2 and gets QM3 again. */
Test(ike, lost_last_message)
{
	struct node_config cfg = plain_config();
	struct world *w = world_of_two(1, &cfg, &cfg);

	w->filter = nth_message;
	w->subject = 9;
	the_subject = LOSE;
	node_connect(A(w), B(w));
	world_run(w, 900);
	cr_expect(A(w)->up[1] && !B(w)->up[0]);
	world_run(w, 300);
	cr_expect(A(w)->up[1] && B(w)->up[0]);
	cr_expect_eq(w->messages, 11);
	cr_expect_eq(ike_counters(A(w)->ike)->duplicates, 1);
	world_free(w);
}
