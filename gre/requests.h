/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the room: requests to rtnetlink that nobody waits for. They are sent in batches, in
 * order, and each is answered by one call of take() with its record: from requests_commit(),
 * requests_readable() or requests_flush(), never from requests_add().
 */
#ifndef GRE_REQUESTS_H
#define GRE_REQUESTS_H

#include "gre/rtnl.h"
#include "lib/batch.h"
#include "lib/util.h"

/*
 * err: 0 or a positive errno with the kernel's words in text. answer: what a request without
 * NLM_F_ACK asked for, else NULL. record is gone after the call.
 */
typedef void requests_take(void *owner, const void *record, int err, const char *text,
			   const struct nlmsghdr *answer);

struct requests {
	struct nl_sock *sk;
	struct batch_queue batches;
	requests_take *take;
	void *owner;
	uint64_t bad; /* answers that could not be understood */
};

int requests_open(struct requests *q, size_t record_size, requests_take *take, void *owner,
		  char why[GRE_WHY]);
/* Of one that was never opened, too, if it is zeroed. Nobody is told. */
void requests_close(struct requests *q);
/*
 * Queues the message and frees it. It carries NLM_F_ACK, or it is a question that brings either
 * one message or an error. Returns its record, zeroed, to be filled until the next call.
 */
void *requests_add(struct requests *q, struct nl_msg *msg);
void requests_commit(struct requests *q);
void requests_readable(struct requests *q);
/* Sends everything and waits for all answers; ETIMEDOUT where none comes for that long. */
int requests_flush(struct requests *q, msec timeout);

#endif
