/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Diffie-Hellman costs, in microseconds of CPU, and what the short exponents save: the same
 * exponentiation with an exponent as long as the modulus, in the same run. Take the ratios; the
 * figures themselves are the machine's. Hash and HMAC of a message's size are there for scale.
 *
 *     make build/tests/bench/bench_dh && build/tests/bench/bench_dh
 *
 * LINK: ikev1/crypto.c lib/algo.c lib/drbg.c lib/wire.c
 */
#include <openssl/bn.h>
#include <stdio.h>
#include <time.h>

#include "ikev1/crypto.h"
#include "lib/drbg.h"
#include "lib/util.h"

#define BATCHES 5
#define BATCH_USEC 100000.0

static struct drbg drbg;

struct job {
	const struct group *group;
	uint8_t private_value[CRYPTO_PRIVATE_MAX];
	uint8_t peer[GROUP_PUBLIC_MAX];
	uint8_t out[GROUP_PUBLIC_MAX];
	/* for the full length */
	BIGNUM *p, *y, *x;
	BN_MONT_CTX *mont;
	BN_CTX *ctx;
};

static double cpu_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Of several batches the fastest: what disturbs only ever adds. */
static double measure(void (*run)(struct job *), struct job *j)
{
	double best = 0;

	for (int batch = 0; batch < BATCHES; batch++) {
		double start = cpu_usec(), took = 0;
		unsigned int n = 0;

		for (; took < BATCH_USEC; n++, took = cpu_usec() - start)
			run(j);
		if (batch == 0 || took / n < best)
			best = took / n;
	}
	return best;
}

static void run_public(struct job *j)
{
	if (crypto_dh_public(j->group->id, j->private_value, j->out) != CRYPTO_DH_OK)
		abort();
}

static void run_secret(struct job *j)
{
	struct span peer = { j->peer, j->group->public_len };

	if (crypto_dh_secret(j->group->id, j->private_value, peer, j->out) != CRYPTO_DH_OK)
		abort();
}

static void run_full(struct job *j)
{
	BIGNUM *r = BN_new();

	if (!BN_mod_exp_mont_consttime(r, j->y, j->x, j->p, j->ctx, j->mont))
		abort();
	BN_free(r);
}

static void run_hmac(struct job *j)
{
	struct span key = { j->peer, 32 }, data = { j->peer, GROUP_PUBLIC_MAX };

	crypto_hmac(HASH_SHA256, key, &data, 1, j->out);
}

static void run_hash(struct job *j)
{
	struct span data = { j->peer, GROUP_PUBLIC_MAX };

	crypto_hash(HASH_SHA256, &data, 1, j->out);
}

static void prepare_full(struct job *j)
{
	int bits = j->group->bits;

	j->p = bits == 768 ? BN_get_rfc2409_prime_768(NULL) :
	       bits == 1024 ? BN_get_rfc2409_prime_1024(NULL) :
	       bits == 1536 ? BN_get_rfc3526_prime_1536(NULL) :
	       bits == 2048 ? BN_get_rfc3526_prime_2048(NULL) :
	       bits == 3072 ? BN_get_rfc3526_prime_3072(NULL) :
			      BN_get_rfc3526_prime_4096(NULL);
	j->y = BN_bin2bn(j->peer, j->group->public_len, NULL);
	j->x = BN_new();
	j->ctx = BN_CTX_new();
	j->mont = BN_MONT_CTX_new();
	BN_priv_rand(j->x, bits - 1, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
	BN_set_flags(j->x, BN_FLG_CONSTTIME);
	BN_MONT_CTX_set(j->mont, j->p, j->ctx);
}

static void forget_full(struct job *j)
{
	BN_free(j->p);
	BN_free(j->y);
	BN_free(j->x);
	BN_CTX_free(j->ctx);
	BN_MONT_CTX_free(j->mont);
}

static void prepare(struct job *j, const struct group *g)
{
	memset(j, 0, sizeof(*j));
	j->group = g;
	drbg_bytes(&drbg, j->private_value, crypto_dh_private_len(g->id));
	crypto_dh_private_fix(g->id, j->private_value);
	if (crypto_dh_public(g->id, j->private_value, j->peer) != CRYPTO_DH_OK)
		abort();
	drbg_bytes(&drbg, j->private_value, crypto_dh_private_len(g->id));
	crypto_dh_private_fix(g->id, j->private_value);
}

int main(void)
{
	static const uint8_t seed[DRBG_SEED] = { 1 };
	const struct group *g;
	struct job j;

	drbg_init(&drbg, seed);
	printf("%-10s %9s %9s %9s %12s\n", "group", "public us", "secret us", "full us",
	       "full/secret");
	for (size_t i = 0; (g = group_at(i)); i++) {
		double public, secret, full;

		prepare(&j, g);
		public = measure(run_public, &j);
		secret = measure(run_secret, &j);
		if (g->ecp) {
			printf("%-10s %9.0f %9.0f\n", g->name, public, secret);
			continue;
		}
		prepare_full(&j);
		full = measure(run_full, &j);
		forget_full(&j);
		printf("%-10s %9.0f %9.0f %9.0f %12.1f\n", g->name, public, secret, full,
		       full / secret);
	}
	printf("sha256 of %d octets %.2f us, HMAC %.2f us\n", GROUP_PUBLIC_MAX,
	       measure(run_hash, &j), measure(run_hmac, &j));
	return 0;
}
