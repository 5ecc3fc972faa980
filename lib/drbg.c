/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fast key erasure: the first 32 octets of every refill become the next key. */
#include "lib/drbg.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

static void refill(struct drbg *d)
{
	static const uint8_t zero[sizeof(d->key) + sizeof(d->pool)];
	uint8_t out[sizeof(zero)], iv[16] = { 0 };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (!ctx || EVP_EncryptInit_ex(ctx, EVP_aes_256_ctr(), NULL, d->key, iv) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &n, zero, sizeof(zero)) != 1)
		abort(); /* without randomness nothing here is safe */
	EVP_CIPHER_CTX_free(ctx);
	memcpy(d->key, out, sizeof(d->key));
	memcpy(d->pool, out + sizeof(d->key), sizeof(d->pool));
	util_wipe(out, sizeof(out));
	d->used = 0;
}

void drbg_init(struct drbg *d, const uint8_t seed[DRBG_SEED])
{
	memcpy(d->key, seed, sizeof(d->key));
	d->used = sizeof(d->pool);
}

void drbg_bytes(struct drbg *d, void *out, size_t len)
{
	uint8_t *to = out;

	while (len) {
		size_t n;

		if (d->used == sizeof(d->pool))
			refill(d);
		n = MIN(len, sizeof(d->pool) - d->used);
		memcpy(to, d->pool + d->used, n);
		util_wipe(d->pool + d->used, n);
		d->used += n;
		to += n;
		len -= n;
	}
}

uint32_t drbg_u32(struct drbg *d)
{
	uint32_t v;

	drbg_bytes(d, &v, sizeof(v));
	return v;
}

uint32_t drbg_below(struct drbg *d, uint32_t below)
{
	/* Values under this threshold would make the low results more likely. */
	uint32_t threshold = -below % below, v;

	do
		v = drbg_u32(d);
	while (v < threshold);
	return v % below;
}

void drbg_wipe(struct drbg *d)
{
	util_wipe(d, sizeof(*d));
}
