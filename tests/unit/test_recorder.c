/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder: what goes in comes out, the oldest goes first, nobody pushes out a peer's.
 *
 * LINK: daemon/recorder.c lib/addr.c
 */
#include <criterion/criterion.h>

#include "daemon/recorder.h"

static struct addr host(uint32_t n)
{
	return addr_v4(0x0a000000 + n);
}

static struct ike_event state_event(uint32_t peer, msec at, msec elapsed)
{
	struct ike_event e = { .kind = IKE_EVENT_STATE, .at = at, .remote = { host(peer), 500 } };

	e.state.elapsed = elapsed;
	return e;
}

static struct recorded *read_all(const struct recorder *r, uint32_t peer, size_t *n)
{
	struct addr a = host(peer);
	struct recorded *out;

	*n = recorder_read(r, &a, 0, 100000, &out);
	return out;
}

Test(recorder, what_goes_in_comes_out_in_its_order)
{
	struct recorder *r = recorder_new(1 << 16, 1 << 12);
	struct ike_event e = state_event(1, 10, 7), f = { .kind = IKE_EVENT_FAILED, .at = 10 };
	struct nhrp_event n = { .kind = NHRP_EV_NHS_UP, .nbma = host(1), .seconds = 99 };
	struct recorded *out;
	size_t count;

	f.remote.addr = host(1);
	f.failure.cause = IKE_CAUSE_CERT_EXPIRED;
	memset(f.failure.cert.detail, 'x', sizeof(f.failure.cert.detail) - 1);
	recorder_ike(r, &e, true); /* in the other ring, in the same millisecond */
	recorder_ike(r, &f, false);
	recorder_nhrp(r, 10, &n);
	recorder_ike(r, &e, true);
	out = read_all(r, 1, &count);
	cr_assert_eq(count, 4);
	cr_assert(out[0].is_ike && out[0].ike.kind == IKE_EVENT_STATE);
	cr_assert_eq(out[0].ike.state.elapsed, 7);
	cr_assert_eq(out[1].ike.failure.cause, IKE_CAUSE_CERT_EXPIRED);
	cr_assert_arr_eq(out[1].ike.failure.cert.detail, f.failure.cert.detail,
			 sizeof(f.failure.cert.detail));
	cr_assert(!out[2].is_ike && out[2].nhrp.seconds == 99);
	cr_assert(out[3].is_ike && out[3].ike.kind == IKE_EVENT_STATE);
	free(out);
	out = read_all(r, 2, &count);
	cr_assert_eq(count, 0);
	free(out);
	recorder_free(r);
}

Test(recorder, the_last_ones_since_a_time)
{
	struct recorder *r = recorder_new(1 << 16, 1 << 12);
	struct addr a = host(1);
	struct recorded *out;

	for (msec t = 0; t < 100; t++) {
		struct ike_event e = state_event(1, t, t);

		recorder_ike(r, &e, false);
	}
	cr_assert_eq(recorder_read(r, &a, 90, 1000, &out), 10);
	cr_assert_eq(out[0].at, 90);
	free(out);
	cr_assert_eq(recorder_read(r, &a, 0, 5, &out), 5);
	cr_assert_eq(out[0].at, 95);
	cr_assert_eq(out[4].at, 99);
	free(out);
	recorder_free(r);
}

/* Any mixture of sizes and peers, through many rounds of a small ring. */
Test(recorder, the_oldest_go_first)
{
	struct recorder *r = recorder_new(5000, 1 << 12);
	uint64_t last[8] = { 0 };
	uint32_t random = 1;
	struct recorded *out;
	size_t count, total;

	for (msec t = 1; t < 20000; t++) {
		struct ike_event e;

		random = random * 1664525 + 1013904223;
		e = state_event(random >> 29, t, t);
		if (random & 0x100000)
			e.kind = IKE_EVENT_PROCESSING;
		if ((random & 0xf00000) == 0)
			e.kind = IKE_EVENT_CERT;
		recorder_ike(r, &e, false);
		last[random >> 29] = t;
		if (t % 97)
			continue;
		total = 0;
		for (uint32_t p = 0; p < 8; p++) {
			out = read_all(r, p, &count);
			for (size_t i = 0; i < count; i++) {
				cr_assert(addr_equal(
					&out[i].ike.remote.addr,
					&(struct addr){ host(p).len, { 10, 0, 0, (uint8_t)p } }));
				cr_assert(!i || out[i].at > out[i - 1].at);
				/* Nothing older than the ring is deep. */
				cr_assert_gt(out[i].at + 60, t);
			}
			if (count)
				cr_assert_eq(out[count - 1].at, last[p]);
			total += count;
			free(out);
		}
		cr_assert(total >= 6 && total < 60, "%zu", total);
	}
	recorder_free(r);
}

Test(recorder, a_flood_of_strangers_pushes_out_no_peer)
{
	struct recorder *r = recorder_new(1 << 14, 1 << 14);
	struct ike_event peer = state_event(1, 1, 1);
	struct recorded *out;
	size_t count;

	recorder_ike(r, &peer, false);
	for (uint32_t i = 0; i < 100000; i++) {
		struct ike_event e = state_event(1000 + i, 2, 2);

		recorder_ike(r, &e, true);
	}
	out = read_all(r, 1, &count);
	cr_assert_eq(count, 1);
	free(out);
	out = read_all(r, 1000, &count);
	cr_assert_eq(count, 0);
	free(out);
	recorder_free(r);
}

/* Of whom there is something since then: peers first, then strangers. */
Test(recorder, who_is_in_it)
{
	struct recorder *r = recorder_new(1 << 16, 1 << 12);
	struct ike_event old = state_event(1, 10, 0), peer = state_event(2, 500, 0),
			 stranger = state_event(3, 500, 0);
	struct addr *out;

	cr_assert_eq(recorder_peers(r, 0, &out), 0);
	free(out);
	recorder_ike(r, &old, false);
	recorder_ike(r, &stranger, true);
	recorder_ike(r, &peer, false);
	cr_assert_eq(recorder_peers(r, 0, &out), 3);
	free(out);
	cr_assert_eq(recorder_peers(r, 500, &out), 2);
	cr_assert(addr_equal(&out[0], &peer.remote.addr));
	cr_assert(addr_equal(&out[1], &stranger.remote.addr));
	free(out);
	cr_assert_eq(recorder_peers(r, 501, &out), 0);
	free(out);
	recorder_free(r);
}
