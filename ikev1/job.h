/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Costly arithmetic as jobs that leave as effects, see ike.h. A job is one piece of memory, it
 * carries all that it needs, and while it runs it touches nothing else: any thread may run it.
 */
#ifndef IKEV1_JOB_H
#define IKEV1_JOB_H

#include "ikev1/core.h"

enum job_kind { JOB_DH };

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

struct ike_job {
	uint64_t id; /* who waits for it */
	size_t size; /* octets, all of it */
	enum job_kind kind;
	union {
		struct job_dh dh;
	};
};

/*
 * Asks for g^x (make_public) and, where peer is not empty, for g^xy; the exchange waits.
 * private_value is made here with make_public, and used again without.
 */
void job_start_dh(struct exchange *x, enum group_id group, uint8_t *private_value, bool make_public,
		  struct span peer);

#endif
