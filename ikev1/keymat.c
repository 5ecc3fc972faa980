/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key material: each function is one formula of RFC 2409 section 5 or appendix B. */
#include "ikev1/keymat.h"

#include <string.h>

#include "lib/util.h"

/* A list of spans in place, and its length, for the last two inputs of a hash. */
#define PARTS(...)                     \
	(const struct span[]){ __VA_ARGS__ }, \
		ARRAY_SIZE(((const struct span[]){ __VA_ARGS__ }))
#define SPAN(p, n) ((struct span){ (p), (n) })

static void prf(enum hash_id hash, const uint8_t *key, size_t key_len, const struct span *parts,
		size_t count, uint8_t *out)
{
	crypto_hmac(hash, SPAN(key, key_len), parts, count, out);
}

static void put_u32(uint8_t to[4], uint32_t v)
{
	struct writer w = writer_of(to, 4);

	write_u32(&w, v);
}

/* SKEYID_d, _a and _e, each made with the one before it (RFC 2409 section 5). */
static void derive_from_skeyid(const struct keymat_phase1 *p, struct keymat_skeyid *out)
{
	static const uint8_t number[3] = { 0, 1, 2 };

	prf(p->hash, out->skeyid, out->len,
	    PARTS(p->gxy, p->icookie, p->rcookie, SPAN(&number[0], 1)), out->d);
	prf(p->hash, out->skeyid, out->len,
	    PARTS(SPAN(out->d, out->len), p->gxy, p->icookie, p->rcookie, SPAN(&number[1], 1)),
	    out->a);
	prf(p->hash, out->skeyid, out->len,
	    PARTS(SPAN(out->a, out->len), p->gxy, p->icookie, p->rcookie, SPAN(&number[2], 1)),
	    out->e);
}

void keymat_skeyid_psk(const struct keymat_phase1 *p, struct span psk, struct keymat_skeyid *out)
{
	out->len = hash_get(p->hash)->len;
	prf(p->hash, psk.data, psk.len, PARTS(p->ni, p->nr), out->skeyid);
	derive_from_skeyid(p, out);
}

void keymat_skeyid_sig(const struct keymat_phase1 *p, struct keymat_skeyid *out)
{
	/* The nonces are the key here: the only place where a key is made of two parts. */
	size_t len = p->ni.len + p->nr.len;
	uint8_t *nonces = xcalloc(1, len);
	struct writer w = writer_of(nonces, len);

	write_span(&w, p->ni);
	write_span(&w, p->nr);
	out->len = hash_get(p->hash)->len;
	prf(p->hash, nonces, len, PARTS(p->gxy), out->skeyid);
	free(nonces);
	derive_from_skeyid(p, out);
}

void keymat_auth_hash(const struct keymat_phase1 *p, const struct keymat_skeyid *k, bool initiator,
		      struct span id_body, uint8_t *out)
{
	if (initiator)
		prf(p->hash, k->skeyid, k->len,
		    PARTS(p->gxi, p->gxr, p->icookie, p->rcookie, p->sa_i, id_body), out);
	else
		prf(p->hash, k->skeyid, k->len,
		    PARTS(p->gxr, p->gxi, p->rcookie, p->icookie, p->sa_i, id_body), out);
}

/* Ka = K1 | K2 | ... with K1 = prf(SKEYID_e, 0) and Kn = prf(SKEYID_e, Kn-1) (appendix B). */
void keymat_cipher_key(enum hash_id hash, enum cipher_id cipher, const struct keymat_skeyid *k,
		       uint8_t key[CRYPTO_KEY_MAX])
{
	static const uint8_t zero[1];
	size_t len = cipher_get(cipher)->key_bits / 8u, done = 0;
	uint8_t block[HASH_LEN_MAX];
	struct span previous = SPAN(zero, sizeof(zero));

	if (len <= k->len) {
		memcpy(key, k->e, len);
		return;
	}
	while (done < len) {
		size_t n = MIN(len - done, k->len);

		prf(hash, k->e, k->len, PARTS(previous), block);
		memcpy(key + done, block, n);
		previous = SPAN(block, k->len);
		done += n;
	}
	util_wipe(block, sizeof(block));
}

void keymat_iv_phase1(const struct keymat_phase1 *p, enum cipher_id cipher, uint8_t *iv)
{
	uint8_t full[HASH_LEN_MAX];

	crypto_hash(p->hash, PARTS(p->gxi, p->gxr), full);
	memcpy(iv, full, cipher_get(cipher)->block);
}

void keymat_iv_phase2(enum hash_id hash, enum cipher_id cipher, const uint8_t *last_block,
		      uint32_t msgid, uint8_t *iv)
{
	uint8_t full[HASH_LEN_MAX], id[4];
	size_t block = cipher_get(cipher)->block;

	put_u32(id, msgid);
	crypto_hash(hash, PARTS(SPAN(last_block, block), SPAN(id, sizeof(id))), full);
	memcpy(iv, full, block);
}

void keymat_hash1(enum hash_id hash, const struct keymat_skeyid *k, uint32_t msgid,
		  struct span rest, uint8_t *out)
{
	keymat_hash2(hash, k, msgid, SPAN(NULL, 0), rest, out);
}

void keymat_hash2(enum hash_id hash, const struct keymat_skeyid *k, uint32_t msgid, struct span ni,
		  struct span rest, uint8_t *out)
{
	uint8_t id[4];

	put_u32(id, msgid);
	prf(hash, k->a, k->len, PARTS(SPAN(id, sizeof(id)), ni, rest), out);
}

void keymat_hash3(enum hash_id hash, const struct keymat_skeyid *k, uint32_t msgid, struct span ni,
		  struct span nr, uint8_t *out)
{
	uint8_t id[5] = { 0 };

	put_u32(id + 1, msgid);
	prf(hash, k->a, k->len, PARTS(SPAN(id, sizeof(id)), ni, nr), out);
}

/* KEYMAT = K1 | K2 | ... with Kn = prf(SKEYID_d, Kn-1 | [g^xy |] protocol | SPI | Ni_b | Nr_b). */
void keymat_ipsec(enum hash_id hash, const struct keymat_skeyid *k, struct span gxy,
		  uint8_t protocol, uint32_t spi, struct span ni, struct span nr, uint8_t *out,
		  size_t len)
{
	uint8_t block[HASH_LEN_MAX], head[5] = { protocol };
	struct span previous = SPAN(NULL, 0);

	put_u32(head + 1, spi);
	for (size_t done = 0; done < len; done += k->len) {
		prf(hash, k->d, k->len, PARTS(previous, gxy, SPAN(head, sizeof(head)), ni, nr),
		    block);
		memcpy(out + done, block, MIN(len - done, k->len));
		previous = SPAN(block, k->len);
	}
	util_wipe(block, sizeof(block));
}
