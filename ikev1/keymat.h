/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key material, RFC 2409 section 5 and appendix B. The prf is HMAC of the negotiated hash. No
 * state; the caller owns and wipes what is written.
 */
#ifndef IKEV1_KEYMAT_H
#define IKEV1_KEYMAT_H

#include "ikev1/crypto.h"
#include "ikev1/isakmp.h"

#define KEYMAT_MAX 256 /* octets that one ESP SA may need, with room */

struct keymat_skeyid {
	uint8_t len; /* of each, the hash's length */
	uint8_t skeyid[HASH_LEN_MAX];
	uint8_t d[HASH_LEN_MAX];
	uint8_t a[HASH_LEN_MAX];
	uint8_t e[HASH_LEN_MAX];
};

struct keymat_phase1 {
	enum hash_id hash;
	struct span ni, nr;	/* nonce bodies */
	struct span gxi, gxr;	/* public values */
	struct span gxy;	/* shared secret */
	struct span icookie, rcookie;
	struct span sa_i;	/* body of the initiator's SA payload */
};

/* SKEYID for pre-shared keys, prf(psk, Ni | Nr), and the three keys that follow from it. */
void keymat_skeyid_psk(const struct keymat_phase1 *p, struct span psk, struct keymat_skeyid *out);
/* SKEYID for signatures, prf(Ni | Nr, g^xy). */
void keymat_skeyid_sig(const struct keymat_phase1 *p, struct keymat_skeyid *out);
/* HASH_I (initiator true) or HASH_R over the body of that side's ID payload. */
void keymat_auth_hash(const struct keymat_phase1 *p, const struct keymat_skeyid *k, bool initiator,
		      struct span id_body, uint8_t *out);
/* The encryption key of the ISAKMP SA; lengthened by appendix B where SKEYID_e is too short. */
void keymat_cipher_key(enum hash_id hash, enum cipher_id cipher, const struct keymat_skeyid *k,
		       uint8_t key[CRYPTO_KEY_MAX]);
/* Phase 1 IV: hash(g^xi | g^xr), cut to the block. */
void keymat_iv_phase1(const struct keymat_phase1 *p, enum cipher_id cipher, uint8_t *iv);
/* IV of a phase 2 or informational exchange: hash(last phase 1 block | message id). */
void keymat_iv_phase2(enum hash_id hash, enum cipher_id cipher, const uint8_t *last_block,
		      uint32_t msgid, uint8_t *iv);

/*
 * HASH(1): prf(SKEYID_a, M-ID | rest); HASH(2): prf(SKEYID_a, M-ID | Ni_b | rest);
 * HASH(3): prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b). Informational: as HASH(1).
 * `rest` is everything behind the HASH payload, without padding.
 */
void keymat_hash1(enum hash_id hash, const struct keymat_skeyid *k, uint32_t msgid,
		  struct span rest, uint8_t *out);
void keymat_hash2(enum hash_id hash, const struct keymat_skeyid *k, uint32_t msgid, struct span ni,
		  struct span rest, uint8_t *out);
void keymat_hash3(enum hash_id hash, const struct keymat_skeyid *k, uint32_t msgid, struct span ni,
		  struct span nr, uint8_t *out);

/*
 * KEYMAT of one SA, RFC 2409 5.5: gxy is empty without PFS; spi, in host order, is the one that
 * the SA's receiver chose. len octets are written; no suite needs more than KEYMAT_MAX.
 */
void keymat_ipsec(enum hash_id hash, const struct keymat_skeyid *k, struct span gxy,
		  uint8_t protocol, uint32_t spi, struct span ni, struct span nr, uint8_t *out,
		  size_t len);

#endif
