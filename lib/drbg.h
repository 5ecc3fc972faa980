/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deterministic random bit generator for the pure cores: seeded once by the owner (from the
 * system's randomness in the daemon, from a number in a simulation), never from inside.
 *
 * AES-256 in counter mode with fast key erasure: each refill replaces the key, so the state that
 * leaks today does not tell what was drawn yesterday. Besides ikev1/crypto.c the only user of
 * OpenSSL among the pure rooms, because nhrp needs request ids that cannot be guessed.
 */
#ifndef LIB_DRBG_H
#define LIB_DRBG_H

#include <stddef.h>
#include <stdint.h>

#define DRBG_SEED 32

struct drbg {
	uint8_t key[32];
	uint8_t pool[512];
	size_t used; /* octets of the pool that are gone */
};

void drbg_init(struct drbg *d, const uint8_t seed[DRBG_SEED]);
void drbg_bytes(struct drbg *d, void *out, size_t len);
uint32_t drbg_u32(struct drbg *d);
/* Uniform in [0, below); below > 0. */
uint32_t drbg_below(struct drbg *d, uint32_t below);
void drbg_wipe(struct drbg *d);

#endif
