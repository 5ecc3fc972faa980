/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The token bucket for lines that strangers can provoke.
 *
 * LINK: lib/addr.c
 */
#include <criterion/criterion.h>

#include "daemon/limit.h"

Test(limit, burst_then_one_per_interval)
{
	struct limit l = limit_of(1000, 3);
	msec now = 5;

	for (int i = 0; i < 3; i++)
		cr_assert(limit_take(&l, now));
	cr_assert_not(limit_take(&l, now));
	cr_assert_not(limit_take(&l, now + 999));
	cr_assert(limit_take(&l, now + 1000));
	cr_assert_not(limit_take(&l, now + 1001));
	cr_assert(limit_take(&l, now + 2000));
}

Test(limit, rest_fills_it_up_to_the_burst_only)
{
	struct limit l = limit_of(1000, 3);
	int taken = 0;

	while (limit_take(&l, 0))
		taken++;
	cr_assert_eq(taken, 3);
	for (taken = 0; limit_take(&l, SECONDS(3600)); taken++)
		continue;
	cr_assert_eq(taken, 3);
}
