/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diffie-Hellman jobs. */
#include "ikev1/dh.h"

#include "ikev1/exchange.h"

void dh_start(struct exchange *x, enum group_id group, uint8_t *private_value, bool make_public,
	      struct span peer)
{
	struct ike_dh_job job = { .id = exchange_wait(x),
				  .group = group,
				  .make_public = make_public };
	size_t len = crypto_dh_private_len(group);
	struct effect_node *n;

	if (make_public) {
		drbg_bytes(&x->ike->drbg, private_value, len);
		crypto_dh_private_fix(group, private_value);
	}
	memcpy(job.private_value, private_value, len);
	if (peer.len) {
		memcpy(job.peer_public, peer.data, peer.len);
		job.peer_len = (uint16_t)peer.len;
	}
	n = ike_effect_push(x->ike, IKE_EFFECT_DH, &job, sizeof(job));
	n->effect.dh = (const struct ike_dh_job *)(const void *)n->extra;
	util_wipe(&job, sizeof(job));
}

void ike_dh_compute(struct ike_dh_job *job)
{
	job->status = CRYPTO_DH_OK;
	if (job->make_public)
		job->status = crypto_dh_public(job->group, job->private_value, job->public_value);
	if (job->status == CRYPTO_DH_OK && job->peer_len)
		job->status = crypto_dh_secret(job->group, job->private_value,
					       (struct span){ job->peer_public, job->peer_len },
					       job->secret);
}
