/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Main mode with RSA signatures between two nodes: what is accepted, and what both ends say of what
 * is not.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include "tests/certs.h"

#include <criterion/criterion.h>

#include "ikev1/exchange.h"
#include "ikev1/rsa_sig.h"
#include "tests/sim/world.h"

_Static_assert(CERTS_NOW == WORLD_WALL, "the certificates are of this world");

static const struct ike_policy by_certificate = {
	10, { CIPHER_AES128, HASH_SHA256, AUTH_RSA_SIG, GROUP_19 }, 86400
};
static struct made_cert root;

static void setup(void)
{
	root = certs_make(&(struct cert_wish){ .cn = "Lab CA", .ca = true });
}

TestSuite(ike_cert, .init = setup);

static struct node_config config_of(struct cert_wish w)
{
	struct node_config cfg = plain_config();
	struct made_cert own;

	if (!w.issuer)
		w.issuer = &root;
	own = certs_make(&w);
	cfg.ike.policies = &by_certificate;
	cfg.ike.psk_count = 0;
	cfg.ike.trustpoint = certs_trustpoint(&root, &own);
	return cfg;
}

static struct node_config good(const char *cn)
{
	return config_of((struct cert_wish){ .cn = cn, .serial = 3, .usage = "digitalSignature" });
}

static void comes_up(struct world *w)
{
	node_connect(A(w), B(w));
	world_run(w, SECONDS(10));
	inspect_rest(A(w));
	inspect_rest(B(w));
	inspect_agreement(A(w), B(w), true);
}

static void release(struct world *w)
{
	struct trustpoint *a = A(w)->cfg.ike.trustpoint, *b = B(w)->cfg.ike.trustpoint;

	world_free(w);
	trustpoint_release(a);
	trustpoint_release(b);
}

Test(ike_cert, comes_up)
{
	struct node_config a = good("A"), b = good("B");
	struct world *w = world_of_two(1, &a, &b);

	comes_up(w);
	cr_expect_eq(w->messages, 9);
	cr_expect_eq(A(w)->seen.events[IKE_EVENT_CERT], 1);
	cr_expect_eq(B(w)->seen.events[IKE_EVENT_CERT], 1);
	release(w);
}

Test(ike_cert, every_hash)
{
	for (enum hash_id h = HASH_MD5; h < HASH_COUNT; h++) {
		struct ike_policy policy = by_certificate;
		struct node_config a = good("A"), b = good("B");
		struct world *w;

		policy.suite.hash = h;
		a.ike.policies = b.ike.policies = &policy;
		w = world_of_two(1, &a, &b);
		comes_up(w);
		release(w);
	}
}

Test(ike_cert, losses)
{
	for (uint64_t s = seeds_begin(); s < seeds_end(30); s++) {
		struct node_config a = good("A"), b = good("B");
		struct world *w = world_of_two(s, &a, &b);

		w->faults = (struct faults){ .loss = 20, .twice = 20, .late = 20,
					     .latency = 20, .jitter = 50, .lateness = 2000 };
		w->dh_delay = 300;
		node_want(A(w), B(w));
		node_want(B(w), A(w));
		world_run(w, SECONDS(120));
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		release(w);
	}
}

/* Both kinds of policies on one side: what the peer can do is found. */
Test(ike_cert, next_to_a_key)
{
	struct ike_policy both[] = { by_certificate, *plain_config().ike.policies };
	struct node_config a = good("A"), b = good("B"), c = plain_config();
	struct world *w;
	const void *cursor = NULL;
	struct ike_sa_info sa;

	both[1].priority = 20;
	a.ike.policies = both;
	a.ike.policy_count = 2;
	a.ike.psk_count = 1;
	w = world_of_two(1, &a, &c);
	comes_up(w);
	cr_assert(ike_sa_next(A(w)->ike, &cursor, &sa));
	cr_expect_eq(sa.suite.auth, AUTH_PSK);
	world_free(w);
	w = world_of_two(1, &b, &a);
	comes_up(w);
	cursor = NULL;
	cr_assert(ike_sa_next(A(w)->ike, &cursor, &sa));
	cr_expect_eq(sa.suite.auth, AUTH_RSA_SIG);
	release(w);
}

struct blame {
	enum ike_cause judge, judged; /* how each end calls it */
	enum ike_cause flaw;	      /* what the judged one finds in its own certificate */
};

/* One with a flaw meets a good one, in both roles; none may be left behind. Takes both. */
static void expect_blame(const struct node_config *flawed, const struct node_config *judge,
			 const struct blame *want)
{
	for (int role = 0; role < 2; role++) {
		struct world *w = role ? world_of_two(1, judge, flawed)
				       : world_of_two(1, flawed, judge);
		struct node *bad = role ? B(w) : A(w), *other = role ? A(w) : B(w);

		node_connect(A(w), B(w));
		world_run(w, SECONDS(10));
		cr_expect_eq(other->seen.failure.failure.cause, want->judge, "role %d: judge %d",
			     role, (int)other->seen.failure.failure.cause);
		cr_expect_eq(bad->seen.failure.failure.cause, want->judged, "role %d: judged %d",
			     role, (int)bad->seen.failure.failure.cause);
		cr_expect_eq(bad->seen.failure.failure.cert.flaw, want->flaw, "role %d: flaw %d",
			     role, (int)bad->seen.failure.failure.cert.flaw);
		cr_expect_not(A(w)->up[1]);
		cr_expect_eq(ike_counters(A(w)->ike)->sas, 0);
		cr_expect_eq(ike_counters(B(w)->ike)->sas, 0);
		world_free(w);
	}
	trustpoint_release(flawed->ike.trustpoint);
	trustpoint_release(judge->ike.trustpoint);
}

#define PEER IKE_CAUSE_PEER_CERTIFICATE

Test(ike_cert, expired)
{
	struct node_config b = good("B"), a = config_of((struct cert_wish){
		.cn = "A", .serial = 3, .not_after = CERTS_NOW - 60 });

	expect_blame(&a, &b, &(struct blame){ IKE_CAUSE_CERT_EXPIRED, PEER,
					      IKE_CAUSE_CERT_EXPIRED });
}

Test(ike_cert, not_yet_valid)
{
	struct node_config b = good("B"), a = config_of((struct cert_wish){
		.cn = "A", .not_before = CERTS_NOW + 3600 });

	expect_blame(&a, &b, &(struct blame){ IKE_CAUSE_CERT_NOT_YET_VALID, PEER,
					      IKE_CAUSE_CERT_NOT_YET_VALID });
}

Test(ike_cert, key_usage)
{
	struct node_config b = good("B"), a = config_of((struct cert_wish){
		.cn = "A", .usage = "keyEncipherment" });

	expect_blame(&a, &b, &(struct blame){ IKE_CAUSE_CERT_KEY_USAGE, PEER,
					      IKE_CAUSE_CERT_KEY_USAGE });
}

Test(ike_cert, untrusted)
{
	struct made_cert other = certs_make(&(struct cert_wish){ .cn = "Other CA", .ca = true });
	struct made_cert own = certs_make(&(struct cert_wish){ .cn = "A", .issuer = &other });
	struct node_config a = good("A"), b = good("B");
	struct span anchors[] = { certs_pem(&root), certs_pem(&other) };
	struct trustpoint_source src = { .ca = anchors, .ca_count = 2,
					 .certificate = certs_pem(&own),
					 .key = certs_key_pem(&own) };
	enum trustpoint_flaw flaw;
	size_t index;

	/* By itself it is good: what is wrong, the peer's requests tell. */
	trustpoint_release(a.ike.trustpoint);
	a.ike.trustpoint = trustpoint_new(&src, &flaw, &index);
	cr_assert_not_null(a.ike.trustpoint);
	expect_blame(&a, &b, &(struct blame){ IKE_CAUSE_CERT_UNTRUSTED, PEER,
					      IKE_CAUSE_CERT_UNTRUSTED });
}

Test(ike_cert, identity)
{
	struct node_config b = good("B"), a = good("A");

	a.ike.identity = IKE_IDENTITY_ADDRESS;
	expect_blame(&a, &b, &(struct blame){ IKE_CAUSE_CERT_IDENTITY, PEER, IKE_CAUSE_NONE });
}

Test(ike_cert, identities)
{
	static const struct {
		enum ike_identity identity;
		const char *hostname;
	} t[] = {
		{ IKE_IDENTITY_ADDRESS, "" },
		{ IKE_IDENTITY_HOSTNAME, "a.lab" },
		{ IKE_IDENTITY_HOSTNAME, "" },
		{ IKE_IDENTITY_DN, "" },
		{ IKE_IDENTITY_AUTO, "a.lab" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct node_config b = good("B"), a = config_of((struct cert_wish){
			.cn = "A", .names = "IP:10.0.0.1,DNS:a.lab" });
		struct world *w;

		a.ike.identity = t[i].identity;
		a.ike.hostname = (struct span){ (const uint8_t *)t[i].hostname,
						strlen(t[i].hostname) };
		w = world_of_two(1, &a, &b);
		comes_up(w);
		release(w);
	}
}

Test(ike_cert, no_trustpoint)
{
	struct node_config b = good("B"), a = good("A");

	trustpoint_release(a.ike.trustpoint);
	a.ike.trustpoint = NULL;
	struct world *w = world_of_two(1, &a, &b);

	node_connect(A(w), B(w));
	world_run(w, SECONDS(5));
	cr_expect_eq(A(w)->seen.failure.failure.cause, IKE_CAUSE_NO_TRUSTPOINT);
	node_connect(B(w), A(w));
	world_run(w, SECONDS(5));
	cr_expect_eq(A(w)->seen.failure.failure.cause, IKE_CAUSE_NO_TRUSTPOINT);
	release(w);
}

static bool signs(struct world *w)
{
	return A(w)->ike->sas && A(w)->ike->sas->x.state == MM_BLD_MSG5 && A(w)->ike->sas->mm->sig;
}

/* Everybody who did the Diffie-Hellman can compute HASH_I: without a signature it proves nothing. */
Test(ike_cert, a_hash_instead_of_a_signature)
{
	struct node_config a = good("A"), b = good("B");
	struct world *w = world_of_two(1, &a, &b);
	struct isakmp_sa *sa;

	w->dh_delay = 100;
	node_connect(A(w), B(w));
	cr_assert(world_run_until(w, signs, SECONDS(5)));
	sa = A(w)->ike->sas;
	rsa_sig_free(sa->mm->sig);
	sa->mm->sig = NULL;
	exchange_stop_waiting(&sa->x);
	exchange_run(&sa->x, EV_SIG_OK, NULL);
	node_turn(A(w));
	world_run(w, SECONDS(5));
	cr_expect_eq(B(w)->ike->sas->x.state, MM_WAIT_MSG5);
	cr_expect_eq(B(w)->ike->sas->x.evidence, IKE_CAUSE_MALFORMED);
	cr_expect_eq(ike_counters(B(w)->ike)->phase1_up, 0);
	world_rest(w);
	release(w);
}

/* The daemon's configuration changes while proofs are on their way. */
Test(ike_cert, another_trustpoint_meanwhile)
{
	struct node_config a = good("A"), b = good("B"), c = good("C");
	struct world *w = world_of_two(1, &a, &b);

	w->dh_delay = 1000;
	node_connect(A(w), B(w));
	world_run(w, 1500);
	for (int i = 0; i < 2; i++) {
		struct trustpoint *old = w->node[i]->cfg.ike.trustpoint;

		w->node[i]->cfg.ike.trustpoint = trustpoint_hold(c.ike.trustpoint);
		ike_configure(w->node[i]->ike, &w->node[i]->cfg.ike);
		trustpoint_release(old);
	}
	world_run(w, SECONDS(60));
	world_rest(w);
	release(w);
	trustpoint_release(c.ike.trustpoint);
}
