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

void job_start_sign(struct exchange *x, struct trustpoint *tp, struct span hash)
{
	struct job_sign *sign = &job_new(x, JOB_SIGN, 0)->sign;

	sign->tp = trustpoint_hold(tp);
	sign->hash_len = MIN(hash.len, sizeof(sign->hash));
	memcpy(sign->hash, hash.data, sign->hash_len);
}

/* Moves what a span points to behind the job. */
static void keep(struct writer *w, struct span *s)
{
	size_t at = w->len;

	write_span(w, *s);
	*s = span_of(w->data + at, w->len - at);
}

void job_start_verify(struct exchange *x, struct trustpoint *tp, const struct cert_proof *p,
		      int64_t wall)
{
	size_t total = p->hash.len + p->signature.len + p->id.len;
	struct ike_job *job;
	struct writer w;

	for (size_t i = 0; i < p->count; i++)
		total += p->chain[i].len;
	job = job_new(x, JOB_VERIFY, total);
	w = writer_of(job->extra, total);
	job->verify.tp = trustpoint_hold(tp);
	job->verify.wall = wall;
	job->verify.proof = *p;
	for (size_t i = 0; i < p->count; i++)
		keep(&w, &job->verify.proof.chain[i]);
	keep(&w, &job->verify.proof.hash);
	keep(&w, &job->verify.proof.signature);
	keep(&w, &job->verify.proof.id);
}

static void let_go(struct trustpoint **tp)
{
	trustpoint_release(*tp);
	*tp = NULL;
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
	case JOB_SIGN:
		job->sign.len = cert_sign(job->sign.tp,
					  span_of(job->sign.hash, job->sign.hash_len),
					  job->sign.signature);
		let_go(&job->sign.tp);
		break;
	case JOB_VERIFY:
		job->verify.cause = cert_verify(job->verify.tp, &job->verify.proof,
						job->verify.wall, &job->verify.about);
		let_go(&job->verify.tp);
		break;
	}
}

void ike_job_free(struct ike_job *job)
{
	if (!job)
		return;
	if (job->kind == JOB_SIGN)
		let_go(&job->sign.tp);
	else if (job->kind == JOB_VERIFY)
		let_go(&job->verify.tp);
	util_wipe(job, job->size);
	free(job);
}
