/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gre/requests.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#define MESSAGE_MAX	96	    /* more than any message of ours */
#define REQUEST_BUFFER	(256 << 10) /* more than the answers of a batch */
#define BATCHES_AT_ONCE 8	    /* per requests_readable() */

int requests_open(struct requests *q, size_t record_size, requests_take *take, void *owner,
		  char why[GRE_WHY])
{
	int err = 0;

	*q = (struct requests){ .take = take, .owner = owner };
	q->batches = batch_queue_of(record_size, MESSAGE_MAX);
	q->sk = rtnl_open(&(struct rtnl_options){ .receive = REQUEST_BUFFER }, &err, why);
	return err;
}

void requests_close(struct requests *q)
{
	rtnl_close(q->sk);
	q->sk = NULL;
	batch_queue_free(&q->batches);
}

void *requests_add(struct requests *q, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	size_t len = nlh->nlmsg_len;
	uint32_t seq;
	void *room = batch_room(&q->batches, &seq);

	if (len > MESSAGE_MAX)
		abort();
	nlh->nlmsg_seq = seq;
	memcpy(room, nlh, len);
	nlmsg_free(msg);
	return batch_add(&q->batches, len);
}

static void fail_batch(struct requests *q, int err)
{
	const void *record;

	while ((record = batch_fail(&q->batches)))
		q->take(q->owner, record, err, "", NULL);
	batch_end(&q->batches);
}

/* Sends the next batch unless one is under way. */
void requests_commit(struct requests *q)
{
	struct span s;

	while ((s = batch_next(&q->batches)).len) {
		int nle = nl_sendto(q->sk, (void *)(uintptr_t)s.data, s.len);

		if (nle == -NLE_AGAIN)
			return;
		batch_sent(&q->batches);
		if (nle < 0)
			fail_batch(q, ENOBUFS);
	}
}

static void take_answer(struct requests *q, const struct nlmsghdr *nlh)
{
	const struct nlmsghdr *answer = NULL;
	const void *record = NULL;
	char text[RTNL_TEXT] = "";
	int err = 0;

	if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
		answer = nlh;
	if (answer || rtnl_get_error(nlh, &err, text))
		record = batch_answer(&q->batches, nlh->nlmsg_seq);
	if (record)
		q->take(q->owner, record, err, text, answer);
	else
		q->bad++;
}

/* Reads what has been answered of the batch under way, and ends it when that is all. */
static void receive(struct requests *q)
{
	while (q->batches.sent) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(q->sk, &datagram);
		struct nlmsghdr *nlh = (void *)datagram;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			fail_batch(q, (int)-n);
			return;
		}
		for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			take_answer(q, nlh);
		free(datagram);
		batch_end(&q->batches);
	}
}

void requests_readable(struct requests *q)
{
	for (int i = 0; i < BATCHES_AT_ONCE && q->batches.sent; i++) {
		receive(q);
		requests_commit(q);
	}
}

int requests_flush(struct requests *q, msec timeout)
{
	struct pollfd p = { .fd = nl_socket_get_fd(q->sk), .events = POLLIN };

	for (;;) {
		requests_commit(q);
		receive(q);
		if (batch_empty(&q->batches))
			return 0;
		if (q->batches.sent && poll(&p, 1, (int)MIN(timeout, (msec)INT_MAX)) == 0)
			return ETIMEDOUT;
	}
}
