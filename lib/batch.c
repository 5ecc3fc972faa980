/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of batches; each has its messages end to end and its records in an array. */
#include "lib/batch.h"

#include "lib/util.h"

#define BATCH_OCTETS 32768

struct batch {
	struct batch *next;
	uint32_t first; /* sequence number of record 0 */
	uint32_t count, left; /* requests, and those without an answer */
	size_t len;
	bool answered[BATCH_REQUESTS];
	_Alignas(8) uint8_t messages[BATCH_OCTETS];
	_Alignas(8) uint8_t records[];
};

struct batch_queue batch_queue_of(size_t record_size, size_t message_max)
{
	return (struct batch_queue){ .record_size = (record_size + 7) & ~(size_t)7,
				     .message_max = MIN(message_max, (size_t)BATCH_OCTETS) };
}

static void drop_first(struct batch_queue *q)
{
	struct batch *b = q->first;

	q->first = b->next;
	if (!q->first)
		q->last = NULL;
	q->sent = false;
	util_wipe(b->messages, b->len);
	free(b);
}

void batch_queue_free(struct batch_queue *q)
{
	while (q->first)
		drop_first(q);
}

bool batch_empty(const struct batch_queue *q)
{
	return !q->first;
}

/* The batch that the next message goes into; never the one under way. */
static struct batch *open_batch(struct batch_queue *q)
{
	struct batch *b = q->last;

	if (b && !(q->sent && b == q->first) && b->count < BATCH_REQUESTS &&
	    b->len + q->message_max <= sizeof(b->messages))
		return b;
	b = xcalloc(1, sizeof(*b) + BATCH_REQUESTS * q->record_size);
	b->first = q->seq + 1;
	if (q->last)
		q->last->next = b;
	else
		q->first = b;
	q->last = b;
	return b;
}

void *batch_room(struct batch_queue *q, uint32_t *seq)
{
	struct batch *b = open_batch(q);

	*seq = q->seq + 1;
	return b->messages + b->len;
}

void *batch_add(struct batch_queue *q, size_t len)
{
	struct batch *b = q->last;

	q->seq++;
	b->len += (len + 3) & ~(size_t)3;
	b->answered[b->count] = len == 0;
	b->left += len != 0;
	return b->records + b->count++ * q->record_size;
}

struct span batch_next(struct batch_queue *q)
{
	while (!q->sent && q->first && !q->first->left)
		drop_first(q);
	if (q->sent || !q->first)
		return (struct span){ 0 };
	return (struct span){ q->first->messages, q->first->len };
}

void batch_sent(struct batch_queue *q)
{
	q->sent = true;
	util_wipe(q->first->messages, q->first->len);
}

static void *end_request(struct batch_queue *q, uint32_t index)
{
	q->first->answered[index] = true;
	q->first->left--;
	return q->first->records + index * q->record_size;
}

void *batch_answer(struct batch_queue *q, uint32_t seq)
{
	uint32_t index;

	if (!q->sent)
		return NULL;
	index = seq - q->first->first;
	if (index >= q->first->count || q->first->answered[index])
		return NULL;
	return end_request(q, index);
}

void *batch_fail(struct batch_queue *q)
{
	for (uint32_t i = 0; q->sent && i < q->first->count; i++)
		if (!q->first->answered[i])
			return end_request(q, i);
	return NULL;
}

bool batch_end(struct batch_queue *q)
{
	if (!q->sent || q->first->left)
		return false;
	drop_first(q);
	return true;
}
