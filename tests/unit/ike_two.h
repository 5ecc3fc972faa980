/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two cores face to face, for tests that say to one of them what no peer would say. "us" is the
 * one that is tested; "them" negotiates with it and lends its keys, so that a message can be
 * written in plain octets and arrive encrypted and authenticated.
 *
 * Time passes only in two_wait(). Jobs and the kernel answer at once. Datagrams wait in a queue
 * until they are delivered, one by one.
 */
#ifndef TESTS_UNIT_IKE_TWO_H
#define TESTS_UNIT_IKE_TWO_H

#include "ikev1/core.h"
#include "ikev1/info.h"

#define TWO_QUEUE 64
#define TWO_MAX	  4096

struct two_datagram {
	bool to_us, natt;
	uint16_t from, to; /* ports */
	size_t len;
	uint8_t octets[TWO_MAX];
};

struct two {
	struct ike *us, *them;
	struct endpoint our_end, their_end; /* as each knows itself */
	uint16_t nat;			    /* added to their port on the way: there is a NAT */
	struct ike_profile profile;
	msec now;
	struct two_datagram queue[TWO_QUEUE];
	size_t head, tail;
	uint64_t sent_by_us; /* since two_mark() */
	bool us_up, them_up;
	enum ike_cause us_told;		      /* with the last PEER_DOWN or PEER_FAILED */
	enum ike_cause us_suspect;	      /* the evidence that was told last */
	unsigned int us_suspected;	      /* how often */
	struct ike_event us_failed;	      /* the last of these events */
	uint64_t sas_added;		      /* by us */
	unsigned int keys_told;		      /* by us, and the last one of them */
	uint8_t key_told[CRYPTO_KEY_MAX], key_cookie[ISAKMP_COOKIE];
	size_t key_told_len;
	void (*run_job)(struct ike_job *job); /* NULL: as it should */
	/* What the kernel counted; NULL: nobody answers. */
	void (*traffic)(struct two *t, bool us, const struct ike_effect *e);
	int kernel_error;		      /* to the next SA_ADD */
	bool no_messages, no_jobs, no_kernel; /* these never come */
};

static const struct ike_policy two_policy = { 10,
					      { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 },
					      86400 };
static const struct esp_suite two_suite = { CIPHER_AES128, HASH_SHA256 };
static const struct ike_psk two_psk = { { { 4, { 0 } }, 0 }, { (const uint8_t *)"cisco", 5 } };
static const struct ike_config two_config = {
	.policies = &two_policy,
	.policy_count = 1,
	.psks = &two_psk,
	.psk_count = 1,
};

static inline void two_push(struct two *t, bool to_us, uint16_t from, uint16_t to, bool natt,
			    struct span octets)
{
	struct two_datagram *d = &t->queue[t->tail % TWO_QUEUE];

	if (t->no_messages)
		return;
	if (octets.len > TWO_MAX)
		abort();
	if (t->tail - t->head == TWO_QUEUE)
		t->head++; /* the oldest is lost */
	d->to_us = to_us;
	d->natt = natt;
	d->from = from;
	d->to = to;
	d->len = octets.len;
	memcpy(d->octets, octets.data, octets.len);
	t->tail++;
}

static inline void two_effect(struct two *t, bool us, const struct ike_effect *e)
{
	struct ike *core = us ? t->us : t->them;

	switch (e->kind) {
	case IKE_EFFECT_SEND:
		t->sent_by_us += us;
		two_push(t, !us, e->send.local.port, e->send.remote.port, e->send.natt,
			 e->send.data);
		break;
	case IKE_EFFECT_JOB:
		if (!t->no_jobs) {
			(t->run_job ? t->run_job : ike_job_run)(e->job);
			ike_job_done(core, t->now, e->job);
		}
		ike_job_free(e->job);
		break;
	case IKE_EFFECT_SA_ADD:
		t->sas_added += us;
		if (!t->no_kernel)
			ike_sa_done(core, t->now, e->add.token, t->kernel_error);
		t->kernel_error = 0;
		break;
	case IKE_EFFECT_PEER_UP:
		*(us ? &t->us_up : &t->them_up) = true;
		break;
	case IKE_EFFECT_PEER_DOWN:
	case IKE_EFFECT_PEER_FAILED:
		*(us ? &t->us_up : &t->them_up) = false;
		if (us)
			t->us_told = e->cause;
		break;
	case IKE_EFFECT_EVENT:
		if (us && e->event.kind == IKE_EVENT_EVIDENCE) {
			t->us_suspect = e->event.failure.cause;
			t->us_suspected++;
		} else if (us && e->event.kind == IKE_EVENT_FAILED) {
			t->us_failed = e->event;
		}
		break;
	case IKE_EFFECT_KEY:
		t->keys_told += us;
		if (!us || e->key.key.len > sizeof(t->key_told))
			break;
		t->key_told_len = e->key.key.len;
		memcpy(t->key_told, e->key.key.data, e->key.key.len);
		memcpy(t->key_cookie, e->key.icookie, sizeof(t->key_cookie));
		break;
	case IKE_EFFECT_QUERY_TRAFFIC:
		if (t->traffic)
			t->traffic(t, us, e);
		break;
	default:
		break;
	}
}

static inline void two_drain(struct two *t)
{
	struct ike_effect e;
	bool busy = true;

	while (busy) {
		for (busy = false; ike_next_effect(t->us, &e); busy = true)
			two_effect(t, true, &e);
		for (; ike_next_effect(t->them, &e); busy = true)
			two_effect(t, false, &e);
	}
}

static inline void two_init(struct two *t, const struct ike_config *us,
			    const struct ike_config *them, enum group_id pfs)
{
	uint8_t seed[2][DRBG_SEED] = { { 1 }, { 2 } };

	memset(t, 0, sizeof(*t));
	t->now = SECONDS(1000);
	t->our_end = (struct endpoint){ addr_v4(0x0a000001), 500 };
	t->their_end = (struct endpoint){ addr_v4(0x0a000002), 500 };
	t->profile = (struct ike_profile){ .name = "two",
					   .suites = &two_suite,
					   .suite_count = 1,
					   .pfs = pfs,
					   .life_seconds = 3600 };
	t->us = ike_new(us, seed[0]);
	t->them = ike_new(them, seed[1]);
	ike_local_add(t->us, &t->our_end.addr, &t->profile);
	ike_local_add(t->them, &t->their_end.addr, &t->profile);
}

static inline void two_free(struct two *t)
{
	ike_free(t->us);
	ike_free(t->them);
}

static inline void two_connect(struct two *t, bool us)
{
	if (us)
		ike_connect(t->us, t->now, &t->our_end.addr, &t->their_end.addr);
	else
		ike_connect(t->them, t->now, &t->their_end.addr, &t->our_end.addr);
	two_drain(t);
}

/* In memory of its own size, so that a sanitizer sees every octet too many. */
static inline void two_arrive(struct two *t, const struct two_datagram *d)
{
	uint8_t *copy = xmemdup(d->octets, d->len);
	struct ike_datagram in = {
		.local = { d->to_us ? t->our_end.addr : t->their_end.addr, d->to },
		.remote = { d->to_us ? t->their_end.addr : t->our_end.addr, d->from },
		.natt = d->natt,
		.data = { copy, d->len },
	};

	if (d->to_us)
		in.remote.port = (uint16_t)(in.remote.port + t->nat);
	else
		in.local.port = (uint16_t)(in.local.port - t->nat);
	ike_input(d->to_us ? t->us : t->them, t->now, &in);
	free(copy);
	two_drain(t);
}

/* As if the other one had said it where both are known. */
static inline void two_input(struct two *t, bool us, const void *octets, size_t len)
{
	struct two_datagram d = { .to_us = us,
				  .from = us ? t->their_end.port : t->our_end.port,
				  .to = us ? t->our_end.port
					   : (uint16_t)(t->their_end.port + t->nat),
				  .len = len };

	memcpy(d.octets, octets, len);
	two_arrive(t, &d);
}

static inline bool two_deliver_one(struct two *t)
{
	struct two_datagram d;

	if (t->head == t->tail)
		return false;
	d = t->queue[t->head++ % TWO_QUEUE];
	two_arrive(t, &d);
	return true;
}

/* So many datagrams, or all there are. */
static inline void two_deliver(struct two *t, unsigned int count)
{
	while (count-- && two_deliver_one(t))
		;
}

/* The oldest that waits, taken out; of no length where there is none. */
static inline struct two_datagram two_take(struct two *t)
{
	if (t->head == t->tail)
		return (struct two_datagram){ .len = 0 };
	return t->queue[t->head++ % TWO_QUEUE];
}

static inline void two_wait(struct two *t, msec duration)
{
	msec until = t->now + duration;

	for (;;) {
		msec at = MIN(ike_deadline(t->us), ike_deadline(t->them));

		if (at > until)
			break;
		t->now = MAX(t->now, at);
		ike_tick(t->us, t->now);
		ike_tick(t->them, t->now);
		two_drain(t);
	}
	t->now = until;
}

static inline void two_mark(struct two *t)
{
	t->sent_by_us = 0;
}

/* Their SA with us, of which the keys are borrowed; the newest. */
static inline struct isakmp_sa *two_their_sa(const struct two *t)
{
	struct isakmp_sa *sa = t->them->sas;

	while (sa && sa->hh.next)
		sa = sa->hh.next;
	return sa;
}

static inline enum ike_state two_our_state(const struct two *t)
{
	const void *cursor = NULL;
	struct ike_sa_info sa;

	return ike_sa_next(t->us, &cursor, &sa) ? sa.state : IKE_STATE_COUNT;
}

/* ---- messages of ours making, as if they came from them ---- */

struct forged {
	struct isakmp_builder b;
	uint8_t octets[TWO_MAX];
};

/* With the cookies of their SA, or where there is none with cookies of no SA. */
static inline void forge(struct two *t, struct forged *f, uint8_t exchange, uint32_t msgid)
{
	struct isakmp_header h = { .version = ISAKMP_VERSION,
				   .exchange = exchange,
				   .msgid = msgid,
				   .icookie = { 0x51 },
				   .rcookie = { 0x52 } };
	const struct isakmp_sa *sa = two_their_sa(t);

	if (sa) {
		memcpy(h.icookie, sa->cookies, ISAKMP_COOKIE);
		memcpy(h.rcookie, sa->cookies + ISAKMP_COOKIE, ISAKMP_COOKIE);
	}
	isakmp_begin(&f->b, f->octets, sizeof(f->octets), &h);
}

static inline void forged_send(struct two *t, struct forged *f)
{
	if (!isakmp_finish(&f->b, 1))
		abort();
	two_input(t, true, f->octets, f->b.w.len);
}

/* Encrypted with their keys: main mode's next IV, or that of a new message id. */
static inline void forged_seal(struct two *t, struct forged *f, bool main_mode)
{
	const struct isakmp_sa *sa = two_their_sa(t), *ours;
	uint8_t iv[CRYPTO_BLOCK_MAX];
	struct isakmp_header h;

	if (!isakmp_finish(&f->b, cipher_get(sa->suite.cipher)->block) ||
	    isakmp_parse_header(span_of(f->octets, f->b.w.len), &h))
		abort();
	/* Theirs has moved on with the message that this one comes before. */
	HASH_FIND(hh, t->us->sas, sa->cookies, sizeof(sa->cookies), ours);
	if (main_mode)
		memcpy(iv, (ours ? ours : sa)->x.iv, sizeof(iv));
	else
		keymat_iv_phase2(sa->suite.hash, sa->suite.cipher, sa->x.iv, h.msgid, iv);
	patch_u8(&f->b.w, 19, ISAKMP_FLAG_ENCRYPTED);
	crypto_cbc(sa->suite.cipher, true, sa->cipher_key, iv, f->octets + ISAKMP_HEADER,
		   f->b.w.len - ISAKMP_HEADER);
}

/* Room for the HASH payload of phase 2 in front. */
static inline void forged_hash_begin(struct two *t, struct forged *f)
{
	isakmp_payload_begin(&f->b, ISAKMP_HASH);
	write_zero(&f->b.w, two_their_sa(t)->keys.len);
	isakmp_payload_end(&f->b);
}

/* Fills in HASH(1), or what it is not, and encrypts. */
static inline void forged_seal_phase2(struct two *t, struct forged *f, bool right)
{
	const struct isakmp_sa *sa = two_their_sa(t);
	size_t at = ISAKMP_HEADER + 4u, rest = at + sa->keys.len;
	uint8_t hash[HASH_LEN_MAX];
	struct reader r = reader_of(f->octets + 20, 4);

	keymat_hash1(sa->suite.hash, &sa->keys, read_u32(&r),
		     span_of(f->octets + rest, f->b.w.len - rest), hash);
	hash[0] = (uint8_t)(hash[0] ^ !right);
	memcpy(f->octets + at, hash, sa->keys.len);
	forged_seal(t, f, false);
}

static inline void forged_send_phase2(struct two *t, struct forged *f, bool right)
{
	forged_seal_phase2(t, f, right);
	two_input(t, true, f->octets, f->b.w.len);
}

#endif
