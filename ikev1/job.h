/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Costly arithmetic as jobs that leave as effects, see ike.h. A job is one piece of memory, it
 * carries all that it needs, and while it runs it touches nothing else: any thread may run it.
 */
#ifndef IKEV1_JOB_H
#define IKEV1_JOB_H

#include "ikev1/cert.h"
#include "ikev1/core.h"

enum job_kind { JOB_DH, JOB_SIGN, JOB_VERIFY };

struct job_dh {
	enum group_id group;
	bool make_public; /* compute g^x */
	uint8_t private_value[CRYPTO_PRIVATE_MAX];
	uint16_t peer_len; /* 0: no secret wanted */
	uint8_t peer_public[GROUP_PUBLIC_MAX];
	/* results */
	enum crypto_dh_status status;
	uint8_t public_value[GROUP_PUBLIC_MAX];
	uint8_t secret[GROUP_SECRET_MAX];
};

struct job_sign {
	struct trustpoint *tp; /* held until it has run */
	uint8_t hash[HASH_LEN_MAX];
	size_t hash_len;
	/* results */
	size_t len; /* 0: it failed */
	uint8_t signature[CERT_SIGNATURE_MAX];
};

struct job_verify {
	struct trustpoint *tp; /* held until it has run */
	int64_t wall;
	struct cert_proof proof; /* in the octets behind the job */
	/* results */
	enum ike_cause cause;
	struct ike_cert about;
};

struct ike_job {
	uint64_t id; /* who waits for it */
	size_t size; /* octets, all of it */
	enum job_kind kind;
	union {
		struct job_dh dh;
		struct job_sign sign;
		struct job_verify verify;
	};
	uint8_t extra[];
};

/*
 * Asks for g^x (make_public) and, where peer is not empty, for g^xy; the exchange waits.
 * private_value is made here with make_public, and used again without.
 */
void job_start_dh(struct exchange *x, enum group_id group, uint8_t *private_value, bool make_public,
		  struct span peer);
/* Signs the hash with the trustpoint's key; the exchange waits. */
void job_start_sign(struct exchange *x, struct trustpoint *tp, struct span hash);
/* Judges a peer's proof at that wall time (seconds since 1970); the exchange waits. */
void job_start_verify(struct exchange *x, struct trustpoint *tp, const struct cert_proof *p,
		      int64_t wall);

#endif
