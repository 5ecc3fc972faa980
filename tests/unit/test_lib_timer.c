/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK: lib/timer.c
 */
#include <criterion/criterion.h>

#include "lib/timer.h"

Test(timer, order)
{
	struct timers ts = { 0 };
	struct timer a = { .kind = 1 }, b = { .kind = 2 }, c = { .kind = 3 };

	cr_expect_eq(timers_deadline(&ts), MSEC_NEVER);
	cr_expect_null(timers_pop(&ts, MSEC_NEVER));
	timer_arm(&ts, &b, 200);
	timer_arm(&ts, &a, 100);
	timer_arm(&ts, &c, 300);
	cr_expect(timer_armed(&a) && timer_armed(&b) && timer_armed(&c));
	cr_expect_eq(timers_deadline(&ts), 100);
	cr_expect_null(timers_pop(&ts, 99));
	cr_expect_eq(timers_pop(&ts, 100), &a);
	cr_expect_not(timer_armed(&a));
	cr_expect_null(timers_pop(&ts, 199));
	cr_expect_eq(timers_pop(&ts, 1000), &b);
	cr_expect_eq(timers_pop(&ts, 1000), &c);
	cr_expect_null(timers_pop(&ts, 1000));
	timers_free(&ts);
}

Test(timer, arm_again_moves)
{
	struct timers ts = { 0 };
	struct timer a = { 0 }, b = { 0 };

	timer_arm(&ts, &a, 100);
	timer_arm(&ts, &b, 200);
	timer_arm(&ts, &a, 300);
	cr_expect_eq(ts.len, 2);
	cr_expect_eq(timers_pop(&ts, 1000), &b);
	timer_arm(&ts, &a, 50);
	cr_expect_eq(timers_deadline(&ts), 50);
	timer_disarm(&ts, &a);
	timer_disarm(&ts, &a); /* harmless */
	cr_expect_eq(timers_deadline(&ts), MSEC_NEVER);
	timers_free(&ts);
}

#define MANY 500

static void expect_sound(const struct timers *ts)
{
	for (size_t i = 0; i < ts->len; i++) {
		cr_assert_eq(ts->heap[i]->slot, i + 1);
		cr_assert(i == 0 || ts->heap[(i - 1) / 2]->due <= ts->heap[i]->due);
	}
}

/* Arming, moving, disarming and popping at random, against a list that is searched. */
Test(timer, random)
{
	struct timers ts = { 0 };
	struct timer *t = xcalloc(MANY, sizeof(*t));
	unsigned int rng = 1;

	for (int step = 0; step < 50000; step++) {
		struct timer *one;
		msec earliest = MSEC_NEVER;

		rng = rng * 1103515245u + 12345u;
		one = &t[(rng >> 16) % MANY];
		rng = rng * 1103515245u + 12345u;
		if (rng >> 30 == 0) {
			timer_disarm(&ts, one);
		} else if (rng >> 30 == 1) {
			msec due = timers_deadline(&ts);

			one = timers_pop(&ts, due);
			cr_assert(one ? one->due == due && !timer_armed(one) : due == MSEC_NEVER);
		} else {
			timer_arm(&ts, one, rng >> 8 & 1023);
		}
		for (size_t i = 0; i < MANY; i++)
			if (timer_armed(&t[i]) && t[i].due < earliest)
				earliest = t[i].due;
		cr_assert_eq(timers_deadline(&ts), earliest);
		if (step % 100 == 0)
			expect_sound(&ts);
	}
	timers_free(&ts);
	free(t);
}

/* Timers that are due at once come, all of them, and each one once. */
Test(timer, same_time)
{
	struct timers ts = { 0 };
	struct timer t[100] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < 100; i++)
		timer_arm(&ts, &t[i], 5);
	for (struct timer *one; (one = timers_pop(&ts, 5)); n++)
		one->kind++;
	cr_expect_eq(n, 100);
	for (size_t i = 0; i < 100; i++)
		cr_expect_eq(t[i].kind, 1);
	timers_free(&ts);
}
