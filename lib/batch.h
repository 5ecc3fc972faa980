/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that go to the kernel many at a time, and what is remembered of each until its answer
 * comes: pure, without a socket. One batch is under way at a time. Requests are numbered in order,
 * so an answer finds its request by its sequence number at once.
 *
 *	room = batch_room(q, &seq);	write the message, then
 *	record = batch_add(q, len);	fill the record
 *	s = batch_next(q);		send it, then
 *	batch_sent(q);
 *	record = batch_answer(q, seq);	for each answer, then
 *	batch_end(q);
 *
 * Messages may hold keys: they are wiped as soon as they are sent or dropped.
 */
#ifndef LIB_BATCH_H
#define LIB_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire.h"

#define BATCH_REQUESTS 64

struct batch;

struct batch_queue {
	size_t record_size, message_max; /* octets */
	struct batch *first, *last;	 /* the first is under way if sent */
	bool sent;
	uint32_t seq; /* of the last request */
};

struct batch_queue batch_queue_of(size_t record_size, size_t message_max);
void batch_queue_free(struct batch_queue *q);
/* Nothing waits, neither to be sent nor to be answered. */
bool batch_empty(const struct batch_queue *q);

/* Where the next message is to be written, message_max octets aligned to 4, and its number. */
void *batch_room(struct batch_queue *q, uint32_t *seq);
/*
 * The message in the room is this long; a request without one (0) keeps its place and counts as
 * answered. Returns its record, zeroed; it stays where it is until its batch ends.
 */
void *batch_add(struct batch_queue *q, size_t len);

/* What is to be sent next; empty while a batch is under way, or where nothing waits. */
struct span batch_next(struct batch_queue *q);
void batch_sent(struct batch_queue *q);
/* The record of a request under way, answered from now on; NULL for one that is not, or was. */
void *batch_answer(struct batch_queue *q, uint32_t seq);
/* The next one under way that has no answer, answered from now on; NULL where all have. */
void *batch_fail(struct batch_queue *q);
/* Ends the batch under way where all is answered; false where it goes on, or there is none. */
bool batch_end(struct batch_queue *q);

#endif
