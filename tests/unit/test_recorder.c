/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder: what goes in comes out, of each peer the oldest goes first, nobody pushes out
 * what is kept of another, and memory has an end.
 *
 * LINK: daemon/recorder.c lib/addr.c
 */
#include <criterion/criterion.h>
#include <malloc.h>

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
	recorder_ike(r, &e, true); /* kept elsewhere, in the same millisecond */
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

/* Events of all sizes and addresses, as different as they can be. */
static struct ike_event some_event(uint32_t *random, uint32_t peer, msec at)
{
	struct ike_event e = state_event(peer, at, at);

	*random = *random * 1664525 + 1013904223;
	e.msgid = *random >> 30;
	if (*random & 0x100000) {
		e.kind = IKE_EVENT_PROCESSING;
		memset(&e.state, 0, sizeof(e.state));
		e.payload.type = (*random & 0x200000) ? ISAKMP_VENDOR : 0;
	}
	if ((*random & 0xf00000) == 0) {
		e.kind = IKE_EVENT_CERT;
		memset(e.cert.subject, 'x', *random >> 25);
	}
	if ((*random & 0xf0000) == 0) {
		e.kind = IKE_EVENT_NOTIFY;
		memset(&e.state, 0, sizeof(e.state));
		e.notify.type = ISAKMP_N_R_U_THERE;
	}
	return e;
}

/* Octet by octet, in order; what is missing is what is oldest. */
Test(recorder, each_event_comes_back_as_it_was)
{
	enum { EVENTS = 20000 };
	struct recorder *r = recorder_new(RECORDER_PEERS, 1 << 12);
	struct ike_event *in = xcalloc(EVENTS, sizeof(*in));
	struct recorded *out;
	uint32_t random = 1;
	size_t n, signs = 0, others = 0;

	for (uint32_t i = 0; i < EVENTS; i++) {
		in[i] = some_event(&random, 1, i + 1);
		recorder_ike(r, &in[i], false);
	}
	out = read_all(r, 1, &n);
	cr_assert_gt(n, 400);
	for (size_t i = 0; i < n; i++) {
		const struct ike_event *e = &in[out[i].at - 1];
		bool sign = e->kind == IKE_EVENT_NOTIFY;

		cr_assert(out[i].is_ike);
		cr_assert_arr_eq(&out[i].ike, e, sizeof(*e));
		cr_assert(!i || out[i].at > out[i - 1].at);
		*(sign ? &signs : &others) += 1;
	}
	/* Each kind's own newest, none left out. */
	for (size_t i = EVENTS, k = n; i-- && k;) {
		bool sign = in[i].kind == IKE_EVENT_NOTIFY;

		if (!*(sign ? &signs : &others))
			continue;
		*(sign ? &signs : &others) -= 1;
		cr_assert_eq(out[--k].at, i + 1);
	}
	free(out);
	free(in);
	recorder_free(r);
}

static size_t count_of(const struct recorder *r, uint32_t peer)
{
	size_t n;

	free(read_all(r, peer, &n));
	return n;
}

Test(recorder, a_peer_who_talks_much_pushes_out_nobody_else)
{
	struct recorder *r = recorder_new(RECORDER_PEERS, 1 << 12);
	uint32_t random = 1;

	for (msec t = 1; t <= 100; t++) {
		struct ike_event e = state_event(1, t, t);

		recorder_ike(r, &e, false);
	}
	for (msec t = 1; t <= 200000; t++) {
		struct ike_event e = some_event(&random, 2, t);

		recorder_ike(r, &e, false);
	}
	cr_assert_eq(count_of(r, 1), 100);
	cr_assert_gt(count_of(r, 2), 400);
	recorder_free(r);
}

/* A day of questions every ten seconds, and of renewed registrations, behind one negotiation. */
Test(recorder, routine_pushes_out_no_story)
{
	struct recorder *r = recorder_new(RECORDER_PEERS, 1 << 12);
	struct recorded *out;
	size_t n;

	for (msec t = 1; t <= 100; t++) {
		struct ike_event e = state_event(1, t, t);

		recorder_ike(r, &e, false);
	}
	for (msec t = 1000; t < SECONDS(86400); t += SECONDS(10)) {
		struct ike_event asked = { .kind = IKE_EVENT_DPD,
					   .at = t,
					   .remote = { host(1), 500 } };
		struct ike_event sent = asked, got = asked, ack = asked;
		struct nhrp_event packet = { .kind = NHRP_EV_SENT,
					     .level = NHRP_LEVEL_DEBUG,
					     .nbma = host(1) };

		asked.dpd.tries = 1;
		sent.kind = got.kind = IKE_EVENT_MESSAGE;
		sent.message.notify = ISAKMP_N_R_U_THERE;
		got.message.notify = ISAKMP_N_R_U_THERE_ACK;
		ack.kind = IKE_EVENT_NOTIFY;
		ack.notify.type = ISAKMP_N_R_U_THERE_ACK;
		recorder_ike(r, &asked, false);
		recorder_ike(r, &sent, false);
		recorder_ike(r, &got, false);
		recorder_ike(r, &ack, false);
		recorder_nhrp(r, t, &packet);
	}
	out = read_all(r, 1, &n);
	cr_assert(n > 130 && n < 300, "%zu", n);
	cr_assert_eq(out[99].ike.state.elapsed, 100);
	cr_assert_gt(out[n - 1].at, SECONDS(86400 - 20));
	free(out);
	recorder_free(r);
}

/* When all shares together are too much, those of whom nothing was new for the longest time go. */
Test(recorder, memory_has_an_end)
{
	struct recorder *r = recorder_new(1 << 20, 1 << 12);
	size_t before = mallinfo2().uordblks;
	uint32_t random = 1;

	for (uint32_t peer = 1; peer <= 2000; peer++)
		for (msec t = 1; t <= 100; t++) {
			struct ike_event e = some_event(&random, peer, peer * 100 + t), own = e;

			recorder_ike(r, &e, false);
			own.remote.addr = host(0);
			if (t == 1)
				recorder_ike(r, &own, false);
		}
	cr_assert_lt(mallinfo2().uordblks - before, (5 << 20) / 4);
	cr_assert_eq(count_of(r, 1000), 0);
	cr_assert_gt(count_of(r, 1999), 90);
	/* Who was there from the first to the last has kept its last ones. */
	cr_assert_gt(count_of(r, 0), 10);
	recorder_free(r);
}

/* From a hundred thousand addresses, 1000 the first. */
static void flood(struct recorder *r)
{
	for (uint32_t i = 0; i < 100000; i++) {
		struct ike_event e = state_event(1000 + i, 2, 2);

		recorder_ike(r, &e, true);
	}
}

Test(recorder, a_flood_of_strangers_pushes_out_no_peer)
{
	struct recorder *r = recorder_new(1 << 14, 1 << 14);
	struct ike_event peer = state_event(1, 1, 1);
	struct recorded *out;
	size_t count;

	recorder_ike(r, &peer, false);
	flood(r);
	out = read_all(r, 1, &count);
	cr_assert_eq(count, 1);
	free(out);
	out = read_all(r, 1000, &count);
	cr_assert_eq(count, 0);
	free(out);
	recorder_free(r);
}

/* How a main mode began is a stranger's until it is through. */
Test(recorder, nor_how_a_peer_came_up)
{
	struct recorder *r = recorder_new(1 << 16, 1 << 14);
	struct ike_event first = state_event(1, 1, 1),
			 done = { .kind = IKE_EVENT_PHASE1_DONE, .at = 3 };
	struct recorded *out;
	size_t count;

	done.remote.addr = host(1);
	recorder_ike(r, &first, true);
	recorder_ike(r, &done, false);
	flood(r);
	out = read_all(r, 1, &count);
	cr_assert_eq(count, 2);
	cr_assert(out[0].at == 1 && out[1].at == 3);
	free(out);
	recorder_free(r);
}

/* Of whom there is something since then. */
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
	cr_assert(addr_equal(&out[0], &stranger.remote.addr));
	cr_assert(addr_equal(&out[1], &peer.remote.addr));
	free(out);
	cr_assert_eq(recorder_peers(r, 501, &out), 0);
	free(out);
	recorder_free(r);
}
