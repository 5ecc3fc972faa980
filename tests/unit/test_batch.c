/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK: lib/batch.c
 */
#include "lib/batch.h"

#include <criterion/criterion.h>
#include <string.h>

static uint32_t add(struct batch_queue *q, int value, size_t len)
{
	uint32_t seq;
	uint8_t *room = batch_room(q, &seq);

	memset(room, value, q->message_max);
	*(int *)batch_add(q, len) = value;
	return seq;
}

Test(batch, one_by_one)
{
	struct batch_queue q = batch_queue_of(sizeof(int), 100);
	uint32_t seq = add(&q, 7, 10);
	struct span s = batch_next(&q);
	int *record;

	cr_assert_eq(s.len, 12, "messages start on multiples of four");
	cr_assert_eq(s.data[9], 7);
	cr_assert_null(batch_answer(&q, seq), "not sent yet");
	batch_sent(&q);
	cr_assert_eq(s.data[0], 0, "wiped");
	cr_assert_eq(batch_next(&q).len, 0, "under way");
	cr_assert_not(batch_end(&q));
	cr_assert_null(batch_answer(&q, seq + 1));
	cr_assert_null(batch_answer(&q, seq - 1));
	record = batch_answer(&q, seq);
	cr_assert_eq(*record, 7);
	cr_assert_null(batch_answer(&q, seq), "once");
	cr_assert(batch_end(&q));
	cr_assert(batch_empty(&q));
	cr_assert_not(batch_end(&q));
}

/* What comes while a batch is under way waits for its end; batches end at 64 requests. */
Test(batch, order_and_size)
{
	struct batch_queue q = batch_queue_of(sizeof(int), 100);
	unsigned int batches = 0;
	int next = 0, in = 0;

	for (int i = 0; i < 100; i++)
		add(&q, in++, 8);
	while (batch_next(&q).len) {
		cr_assert_leq(batch_next(&q).len, BATCH_REQUESTS * 8);
		batches++;
		batch_sent(&q);
		if (in < 102)
			add(&q, in++, 8);
		do {
			int *record = batch_answer(&q, (uint32_t)next + 1);

			cr_assert_not_null(record);
			cr_assert_eq(*record, next++);
		} while (!batch_end(&q));
	}
	cr_assert_eq(next, in);
	cr_assert_eq(batches, 3);
	batch_queue_free(&q);
}

Test(batch, room_for_long_messages)
{
	struct batch_queue q = batch_queue_of(sizeof(int), 2048);
	size_t sum = 0;

	for (int i = 0; i < 64; i++)
		add(&q, i, 2000);
	while (batch_next(&q).len) {
		sum += batch_next(&q).len;
		batch_sent(&q);
		while (batch_fail(&q))
			;
		cr_assert(batch_end(&q));
	}
	cr_assert_eq(sum, 64 * 2000);
}

/* A request that has no message keeps the numbering, and a batch of such is never sent. */
Test(batch, requests_without_message)
{
	struct batch_queue q = batch_queue_of(sizeof(int), 100);
	uint32_t seq;

	add(&q, 1, 0);
	cr_assert_eq(batch_next(&q).len, 0);
	cr_assert(batch_empty(&q));
	add(&q, 2, 0);
	seq = add(&q, 3, 4);
	add(&q, 4, 0);
	cr_assert_eq(batch_next(&q).len, 4);
	batch_sent(&q);
	cr_assert_null(batch_answer(&q, seq - 1));
	cr_assert_null(batch_answer(&q, seq + 1));
	cr_assert_eq(*(int *)batch_fail(&q), 3);
	cr_assert_null(batch_fail(&q));
	cr_assert(batch_end(&q));
}

Test(batch, sequence_numbers_wrap)
{
	struct batch_queue q = batch_queue_of(sizeof(int), 100);
	uint32_t seq[4];

	q.seq = UINT32_MAX - 2;
	for (int i = 0; i < 4; i++)
		seq[i] = add(&q, i, 4);
	batch_next(&q);
	batch_sent(&q);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(*(int *)batch_answer(&q, seq[i]), i);
	cr_assert(batch_end(&q));
}

Test(batch, dropped_while_waiting)
{
	struct batch_queue q = batch_queue_of(sizeof(int), 100);

	for (int i = 0; i < 200; i++)
		add(&q, i, 100);
	batch_next(&q);
	batch_sent(&q);
	batch_queue_free(&q);
	cr_assert(batch_empty(&q));
}
