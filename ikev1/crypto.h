/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Primitives that IKE needs, as functions without state: hash, HMAC, CBC, Diffie-Hellman. With
 * lib/drbg the only user of OpenSSL in the pure rooms. All functions may run in any thread.
 *
 * Diffie-Hellman: private values are supplied (made from the core's DRBG). g^xy always has the
 * group's full length, leading zeros kept (RFC 2409 appendix B). A peer's MODP value must be in
 * 2..p-2, which is all a safe-prime group with fresh exponents needs; a peer's ECP point (x | y,
 * RFC 5903) must be on the curve.
 */
#ifndef IKEV1_CRYPTO_H
#define IKEV1_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/algo.h"
#include "lib/wire.h"

#define CRYPTO_KEY_MAX 32   /* octets, largest cipher key */
#define CRYPTO_BLOCK_MAX 16 /* octets, largest block and IV */
#define CRYPTO_PRIVATE_MAX 74 /* octets, see crypto_dh_private_len() */

/* Whether the library can do all of it: one in FIPS mode lacks MD5, and soon 3DES. */
bool crypto_can(const struct isakmp_suite *s);

/*
 * Over the concatenation of the parts; out has hash_get(id)->len octets. They cannot fail for a
 * hash that crypto_can() was asked about; for another one they abort.
 */
void crypto_hash(enum hash_id id, const struct span *parts, size_t count, uint8_t *out);
void crypto_hmac(enum hash_id id, struct span key, const struct span *parts, size_t count,
		 uint8_t *out);

/*
 * CBC in place, no padding; len is a multiple of the block. iv is replaced by the last cipher
 * block, which is the next message's IV (RFC 2409 appendix B). False, and nothing changed, where
 * the length does not fit or the cipher is none that IKE may use.
 */
bool crypto_cbc(enum cipher_id id, bool encrypt, const uint8_t *key, uint8_t *iv, uint8_t *data,
		size_t len);

/* Weak and semi-weak keys of DES, in 3DES too; 3DES that is single DES. RFC 2409 appendix B. */
bool crypto_key_is_weak(enum cipher_id id, const uint8_t *key);

enum crypto_dh_status {
	CRYPTO_DH_OK,
	CRYPTO_DH_BAD_LENGTH, /* the peer's public value has not the group's length */
	CRYPTO_DH_BAD_VALUE,  /* 0, 1, p-1, >= p, or a point that is not on the curve */
	CRYPTO_DH_FAILED,     /* the library failed */
};
const char *crypto_dh_status_text(enum crypto_dh_status s);

/*
 * Octets of randomness that a private value of the group takes: for ECP 64 bits more than the
 * order has, so that reducing them leaves no bias (FIPS 186-5 A.2.1).
 */
size_t crypto_dh_private_len(enum group_id group);
/* Turns that many random octets into a valid private value, in place. */
void crypto_dh_private_fix(enum group_id group, uint8_t *private_value);
/*
 * Whether that is a public value of the group: of its length, and neither 0, 1, p - 1 or above it,
 * nor off the curve. Costs next to nothing, so that it can be asked before anything is answered.
 */
bool crypto_dh_is_public(enum group_id group, struct span value);
/* public_value has group_get(group)->public_len octets. */
enum crypto_dh_status crypto_dh_public(enum group_id group, const uint8_t *private_value,
				       uint8_t *public_value);
/* secret has group_get(group)->secret_len octets. */
enum crypto_dh_status crypto_dh_secret(enum group_id group, const uint8_t *private_value,
				       struct span peer_public, uint8_t *secret);

#endif
