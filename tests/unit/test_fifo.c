/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK: lib/fifo.c
 */
#include <criterion/criterion.h>

#include "lib/fifo.h"

Test(fifo, empty)
{
	struct fifo f = fifo_of(sizeof(int));
	int v = 7;

	cr_assert_not(fifo_pop(&f, &v));
	cr_assert_eq(v, 7);
	fifo_free(&f);
}

/* Every mixture of pushes and pops keeps the order, through growth, reuse and shrinking. */
Test(fifo, order)
{
	struct fifo f = fifo_of(sizeof(unsigned int));
	unsigned int in = 0, out = 0, v, rng = 1;

	for (int round = 0; round < 2000; round++) {
		rng = rng * 1103515245u + 12345u;
		for (unsigned int n = rng >> 16 & 63; n; n--)
			*(unsigned int *)fifo_push(&f) = in++;
		rng = rng * 1103515245u + 12345u;
		for (unsigned int n = rng >> 16 & 63; n && fifo_pop(&f, &v); n--)
			cr_assert_eq(v, out++);
	}
	while (fifo_pop(&f, &v))
		cr_assert_eq(v, out++);
	cr_assert_eq(in, out);
	fifo_free(&f);
}

Test(fifo, a_place_is_zeroed_each_time)
{
	struct fifo f = fifo_of(sizeof(int));
	int v;

	for (int i = 0; i < 40; i++) {
		int *place = fifo_push(&f);

		cr_assert_eq(*place, 0);
		*place = -1;
		cr_assert(fifo_pop(&f, &v));
		cr_assert_eq(v, -1);
	}
	fifo_free(&f);
}
