/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of fragments to one SA. Each takes four octets of the input (id, number, flags, a
 * quarter of the data's length) and the data; an id of ff takes what follows as a whole datagram
 * behind the SA's cookies. At any time what is kept has its bounds, and at the end nothing is left.
 *
 *     tests/fuzz/run.sh fragment
 *
 * LINK: ikev1/ lib/ tests/fuzz/replay.c
 */
#include "ikev1/fragment.h"
#include "ikev1/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)          \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

static const struct ike_policy policy = {
	10, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 86400
};
static const struct ike_psk psk = { { { 4, { 0 } }, 0 }, { (const uint8_t *)"cisco", 5 } };
static const struct ike_config config = {
	.policies = &policy, .policy_count = 1, .psks = &psk, .psk_count = 1
};
static const struct ike_profile profile = { .name = "none" };

static void drain(struct ike *ike)
{
	struct ike_effect e;

	while (ike_next_effect(ike, &e))
		if (e.kind == IKE_EFFECT_JOB)
			ike_job_free(e.job);
}

/* A responder's SA that waits for message 3. */
static struct isakmp_sa *make_sa(struct ike *ike, const struct endpoint *local,
				 const struct endpoint *remote)
{
	struct isakmp_sa *sa;

	ike_local_add(ike, &local->addr, &profile);
	sa = sa_new(ike_peer_get(ike, &local->addr, &remote->addr), IKE_RESPONDER, local, remote);
	memset(sa->cookies, 0x11, ISAKMP_COOKIE);
	sa_choose_cookie(sa);
	sa->x.state = MM_WAIT_MSG3;
	sa->suite = policy.suite;
	return sa;
}

static size_t build(struct reader *r, const uint8_t *cookies, uint8_t out[1200])
{
	struct isakmp_header h = { .version = ISAKMP_VERSION, .exchange = ISAKMP_XCHG_MAIN };
	uint8_t id = read_u8(r), number = read_u8(r), flags = read_u8(r);
	size_t len = MIN(4u * read_u8(r), reader_left(r));
	struct isakmp_builder b;

	memcpy(h.icookie, cookies, ISAKMP_COOKIE);
	memcpy(h.rcookie, cookies + ISAKMP_COOKIE, ISAKMP_COOKIE);
	isakmp_begin(&b, out, 1200, &h);
	if (id == 0xff) {
		write_span(&b.w, read_span(r, len));
		patch_u8(&b.w, 16, ISAKMP_FRAGMENT);
	} else {
		isakmp_payload_begin(&b, ISAKMP_FRAGMENT);
		write_u16(&b.w, id);
		write_u8(&b.w, number);
		write_u8(&b.w, flags);
		write_span(&b.w, read_span(r, len));
		isakmp_payload_end(&b);
	}
	MUST(isakmp_finish(&b, 1));
	return b.w.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t seed[DRBG_SEED];
	struct ike *ike = ike_new(&config, seed);
	struct endpoint local = { addr_v4(0x0a000001), 500 }, remote = { addr_v4(0x0a000002), 500 };
	struct isakmp_sa *sa = make_sa(ike, &local, &remote);
	struct reader r = reader_of(data, len);
	uint8_t cookies[2 * ISAKMP_COOKIE], out[1200];
	msec now = 1000;

	memcpy(cookies, sa->cookies, sizeof(cookies));
	while (reader_left(&r)) {
		struct ike_datagram d = { .local = local, .remote = remote, .data = { out, 0 } };

		d.data.len = build(&r, cookies, out);
		ike_input(ike, now, &d);
		drain(ike);
		MUST(ike->fragment_bytes <= ISAKMP_MESSAGE_MAX);
		now += 100;
		ike_tick(ike, now);
	}
	now += FRAGMENT_LIFETIME;
	ike_tick(ike, now);
	MUST(ike->fragment_bytes == 0);
	drain(ike);
	ike_free(ike);
	return 0;
}
