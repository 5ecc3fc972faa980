/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: made and told here, run wherever the owner likes. */
#include "ikev1/job.h"

#include "ikev1/exchange.h"

/* The exchange waits for it; `extra` octets are behind the struct. */
static struct ike_job *job_new(struct exchange *x, enum job_kind kind, size_t extra)
{
	struct ike_job *job = xcalloc(1, sizeof(*job) + extra);

	job->id = exchange_wait(x);
	job->size = sizeof(*job) + extra;
	job->kind = kind;
	ike_effect_push(x->ike, IKE_EFFECT_JOB, NULL, 0)->effect.job = job;
	return job;
}

void job_start_dh(struct exchange *x, enum group_id group, uint8_t *private_value, bool make_public,
		  struct span peer)
{
	struct job_dh *dh = &job_new(x, JOB_DH, 0)->dh;
	size_t len = crypto_dh_private_len(group);

	dh->group = group;
	dh->make_public = make_public;
	if (make_public) {
		drbg_bytes(&x->ike->drbg, private_value, len);
		crypto_dh_private_fix(group, private_value);
	}
	memcpy(dh->private_value, private_value, len);
	if (peer.len) {
		memcpy(dh->peer_public, peer.data, peer.len);
		dh->peer_len = (uint16_t)peer.len;
	}
}

static void run_dh(struct job_dh *dh)
{
	dh->status = CRYPTO_DH_OK;
	if (dh->make_public)
		dh->status = crypto_dh_public(dh->group, dh->private_value, dh->public_value);
	if (dh->status == CRYPTO_DH_OK && dh->peer_len)
		dh->status = crypto_dh_secret(dh->group, dh->private_value,
					      span_of(dh->peer_public, dh->peer_len), dh->secret);
}

void ike_job_run(struct ike_job *job)
{
	switch (job->kind) {
	case JOB_DH:
		run_dh(&job->dh);
		break;
	}
}

void ike_job_free(struct ike_job *job)
{
	if (!job)
		return;
	util_wipe(job, job->size);
	free(job);
}
