/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SA requests, dumps and events.
 *
 * Four sockets: requests (one batch under way at a time; the kernel answers in order, so an
 * answer's place in the batch is its sequence number less the first one's), dumps (whose parts
 * come when they are read), events (whose loss must not take answers with it), and the blocking
 * one of xfrm_policy.c.
 */
#include "xfrm/xfrm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "lib/fifo.h"
#include "xfrm/xfrm_nl.h"

#define BATCH_REQUESTS 64
#define BATCH_OCTETS 32768
#define BATCHES_AT_ONCE 8	  /* per xfrm_readable() */
#define MESSAGES_AT_ONCE 32	  /* datagrams of a dump or of events per xfrm_readable() */
#define EVENT_BUFFER (4 << 20)	  /* octets: some ten thousand events */
#define REQUEST_BUFFER (1 << 20)  /* more than the answers of a batch */

enum op { OP_ADD, OP_DELETE, OP_REPLACE, OP_DELETE_OLD, OP_GET };

struct request {
	enum op op;
	bool answered;
	uint64_t token;
	struct xfrm_sa_id id, old;
};

struct batch {
	struct batch *next;
	uint32_t first; /* sequence number of req[0] */
	unsigned int count, answered;
	size_t len;
	struct request req[BATCH_REQUESTS];
	_Alignas(struct nlmsghdr) uint8_t buf[BATCH_OCTETS];
};

struct dump {
	struct dump *next;
	uint64_t token;
	uint32_t reqid, count;
	uint32_t seq; /* once sent */
	bool sent;
};

struct xfrm {
	struct mnl_socket *requests, *dumps, *events;
	struct xfrm_sync sync;
	uint32_t seq, dump_seq; /* of the last message of each */
	struct batch *first, *last; /* the first is under way if sent */
	bool sent;
	struct dump *dump, *last_dump; /* likewise */
	struct fifo queue; /* struct xfrm_event */
	struct xfrm_counters counters;
	_Alignas(struct nlmsghdr) uint8_t rx[XFRM_NL_RECEIVE];
};

/* ---- Events ---- */

static struct xfrm_event *push(struct xfrm *x, enum xfrm_event_type type)
{
	struct xfrm_event *ev = fifo_push(&x->queue);

	ev->type = type;
	return ev;
}

bool xfrm_next_event(struct xfrm *x, struct xfrm_event *ev)
{
	return fifo_pop(&x->queue, ev);
}

/* The kernel dropped some, because nobody read them in time. */
static void push_resync(struct xfrm *x)
{
	x->counters.resyncs++;
	push(x, XFRM_EV_RESYNC);
}

static const char *const op_text[] = {
	[OP_ADD] = "install",
	[OP_DELETE] = "delete",
	[OP_REPLACE] = "install",
	[OP_DELETE_OLD] = "delete",
	[OP_GET] = "read",
};

static void push_ack(struct xfrm *x, const struct request *req, int err, const char *kernel_text)
{
	struct xfrm_ack *ack = &push(x, XFRM_EV_ACK)->ack;
	char src[ADDR_TEXT], dst[ADDR_TEXT], text[XFRM_WHY - 80];

	ack->token = req->token;
	ack->err = err;
	if (!err)
		return;
	x->counters.errors++;
	xfrm_nl_explain(err, kernel_text, text, sizeof(text));
	snprintf(ack->why, sizeof(ack->why), "cannot %s ESP SA %.15s -> %.15s SPI 0x%08x: %s",
		 op_text[req->op], addr_text(&req->id.src, src), addr_text(&req->id.dst, dst),
		 req->id.spi, text);
}

/* ---- Requests ---- */

/* The batch that the next message goes into; never the one under way. */
static struct batch *open_batch(struct xfrm *x)
{
	struct batch *b = x->last;

	if (b && !(x->sent && b == x->first) && b->count < BATCH_REQUESTS &&
	    b->len + XFRM_MSG_ROOM <= sizeof(b->buf))
		return b;
	b = xcalloc(1, sizeof(*b));
	if (x->last)
		x->last->next = b;
	else
		x->first = b;
	x->last = b;
	return b;
}

static struct nlmsghdr *encode(void *buf, uint32_t seq, const struct request *req,
			       const struct xfrm_sa *sa)
{
	switch (req->op) {
	case OP_ADD:
	case OP_REPLACE:
		return xfrm_msg_sa_add(buf, seq, sa);
	case OP_DELETE:
	case OP_DELETE_OLD:
		return xfrm_msg_sa_delete(buf, seq, &req->id);
	case OP_GET:
		return xfrm_msg_sa_get(buf, seq, &req->id);
	}
	return NULL;
}

static void enqueue(struct xfrm *x, const struct request *req, const struct xfrm_sa *sa)
{
	struct batch *b = open_batch(x);
	uint32_t seq = ++x->seq;
	struct nlmsghdr *nlh = encode(b->buf + b->len, seq, req, sa);

	x->counters.requests++;
	if (!b->count)
		b->first = seq;
	b->req[b->count++] = *req;
	if (nlh) {
		b->len += NLMSG_ALIGN((size_t)nlh->nlmsg_len);
		return;
	}
	/* It keeps its place, so that the answers' order is the requests'. */
	push_ack(x, req, EINVAL, "a value is out of range");
	b->req[b->count - 1].answered = true;
	b->answered++;
}

void xfrm_sa_add(struct xfrm *x, uint64_t token, const struct xfrm_sa *sa)
{
	enqueue(x, &(struct request){ .op = OP_ADD, .token = token, .id = sa->id }, sa);
}

void xfrm_sa_delete(struct xfrm *x, uint64_t token, const struct xfrm_sa_id *id)
{
	enqueue(x, &(struct request){ .op = OP_DELETE, .token = token, .id = *id }, NULL);
}

void xfrm_sa_replace_outbound(struct xfrm *x, uint64_t token, const struct xfrm_sa *sa,
			      const struct xfrm_sa_id *old)
{
	struct request req = { .op = OP_REPLACE, .token = token, .id = sa->id, .old = *old };

	enqueue(x, &req, sa);
}

void xfrm_sa_get(struct xfrm *x, uint64_t token, const struct xfrm_sa_id *id)
{
	enqueue(x, &(struct request){ .op = OP_GET, .token = token, .id = *id }, NULL);
}

/* The one place where a request ends. */
static void answer(struct xfrm *x, struct batch *b, struct request *req, int err,
		   const char *kernel_text)
{
	req->answered = true;
	b->answered++;
	if (req->op == OP_DELETE_OLD) {
		if (err && err != ESRCH)
			x->counters.errors++;
		return;
	}
	push_ack(x, req, err, kernel_text);
	if (req->op == OP_REPLACE && !err)
		enqueue(x, &(struct request){ .op = OP_DELETE_OLD, .id = req->old }, NULL);
}

static void fail_batch(struct xfrm *x, struct batch *b, int err)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (!b->req[i].answered)
			answer(x, b, &b->req[i], err, "");
}

static void end_batch(struct xfrm *x)
{
	struct batch *b = x->first;

	x->first = b->next;
	if (!x->first)
		x->last = NULL;
	x->sent = false;
	free(b);
}

/* Sends the next batch unless one is under way. */
static void send_batch(struct xfrm *x)
{
	struct batch *b;
	ssize_t n;

	while (!x->sent && (b = x->first)) {
		if (b->answered == b->count) {
			end_batch(x);
			continue;
		}
		n = mnl_socket_sendto(x->requests, b->buf, b->len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		x->counters.batches++;
		x->sent = true;
		util_wipe(b->buf, b->len);
		if (n < 0) {
			fail_batch(x, b, errno);
			end_batch(x);
		}
	}
}

static void take_reply(struct xfrm *x, const struct nlmsghdr *nlh)
{
	struct batch *b = x->first;
	uint32_t index = nlh->nlmsg_seq - b->first;
	struct xfrm_sa_info info;
	struct request *req;
	char text[96];
	int err;

	if (index >= b->count || b->req[index].answered) {
		x->counters.bad++;
		return;
	}
	req = &b->req[index];
	if (xfrm_msg_get_error(nlh, &err, text, sizeof(text))) {
		answer(x, b, req, err, text);
	} else if (req->op == OP_GET && xfrm_msg_get_sa(nlh, &info)) {
		push(x, XFRM_EV_SA)->sa = (struct xfrm_found){ req->token, info };
		answer(x, b, req, 0, "");
	} else {
		x->counters.bad++;
	}
}

/* Reads what has been answered of the batch under way, and ends it when that is all. */
static void receive_replies(struct xfrm *x)
{
	while (x->sent) {
		ssize_t n = xfrm_nl_receive(x->requests, x->rx, sizeof(x->rx));
		const struct nlmsghdr *nlh = (const void *)x->rx;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			fail_batch(x, x->first, (int)-n);
			push_resync(x);
		}
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_reply(x, nlh);
		if (n > 0)
			util_wipe(x->rx, (size_t)n);
		if (x->first->answered == x->first->count)
			end_batch(x);
	}
}

/* ---- Dumps ---- */

void xfrm_sa_dump(struct xfrm *x, uint64_t token, uint32_t reqid, uint32_t count)
{
	struct dump *d = xcalloc(1, sizeof(*d));

	*d = (struct dump){ .token = token, .reqid = reqid, .count = count };
	if (x->last_dump)
		x->last_dump->next = d;
	else
		x->dump = d;
	x->last_dump = d;
	x->counters.requests++;
}

static void end_dump(struct xfrm *x, int err)
{
	struct dump *d = x->dump;
	struct xfrm_ack *ack = &push(x, XFRM_EV_ACK)->ack;
	char text[XFRM_WHY - 80];

	ack->token = d->token;
	ack->err = err;
	if (err) {
		x->counters.errors++;
		xfrm_nl_explain(err, "", text, sizeof(text));
		snprintf(ack->why, sizeof(ack->why), "cannot read the kernel's SAs: %s", text);
	}
	x->dump = d->next;
	if (!x->dump)
		x->last_dump = NULL;
	free(d);
}

static void send_dump(struct xfrm *x)
{
	_Alignas(struct nlmsghdr) uint8_t buf[XFRM_MSG_ROOM];

	while (x->dump && !x->dump->sent) {
		struct nlmsghdr *nlh = xfrm_msg_sa_dump(buf, ++x->dump_seq);

		if (mnl_socket_sendto(x->dumps, nlh, nlh->nlmsg_len) < 0) {
			end_dump(x, errno);
			continue;
		}
		x->dump->seq = x->dump_seq;
		x->dump->sent = true;
	}
}

static void take_dumped(struct xfrm *x, const struct nlmsghdr *nlh)
{
	struct dump *d = x->dump;
	struct xfrm_sa_info info;
	int err;

	if (!d || !d->sent || nlh->nlmsg_seq != d->seq)
		return; /* the rest of one that was given up */
	if (nlh->nlmsg_type == NLMSG_DONE)
		end_dump(x, 0);
	else if (xfrm_msg_get_error(nlh, &err, NULL, 0))
		end_dump(x, err);
	else if (xfrm_msg_get_sa(nlh, &info) && info.reqid - d->reqid < d->count)
		push(x, XFRM_EV_SA)->sa = (struct xfrm_found){ d->token, info };
}

static void receive_dump(struct xfrm *x)
{
	for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
		ssize_t n = xfrm_nl_receive(x->dumps, x->rx, sizeof(x->rx));
		const struct nlmsghdr *nlh = (const void *)x->rx;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0 && x->dump && x->dump->sent)
			end_dump(x, (int)-n);
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_dumped(x, nlh);
		if (n > 0)
			util_wipe(x->rx, (size_t)n);
		send_dump(x);
	}
}

/* ---- What the kernel says by itself ---- */

static void take_event(struct xfrm *x, const struct nlmsghdr *nlh)
{
	struct xfrm_acquire acquire;
	struct xfrm_expire expire;

	if (xfrm_msg_get_acquire(nlh, &acquire)) {
		if (!xfrm_reqid_is_ours(acquire.reqid)) {
			x->counters.ignored++;
			return;
		}
		x->counters.acquires++;
		push(x, XFRM_EV_ACQUIRE)->acquire = acquire;
	} else if (xfrm_msg_get_expire(nlh, &expire)) {
		/* SPI 0: only the larval state of an unanswered ACQUIRE. */
		if (!xfrm_reqid_is_ours(expire.reqid) || !expire.id.spi) {
			x->counters.ignored++;
			return;
		}
		x->counters.expires++;
		push(x, XFRM_EV_EXPIRE)->expire = expire;
	} else if (nlh->nlmsg_type == XFRM_MSG_ACQUIRE || nlh->nlmsg_type == XFRM_MSG_EXPIRE) {
		x->counters.bad++;
	}
}

static void receive_events(struct xfrm *x)
{
	for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
		ssize_t n = xfrm_nl_receive(x->events, x->rx, sizeof(x->rx));
		const struct nlmsghdr *nlh = (const void *)x->rx;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0)
			push_resync(x);
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_event(x, nlh);
	}
}

/* ---- The owner's side ---- */

int xfrm_open(struct xfrm **out, char why[XFRM_WHY])
{
	struct xfrm *x = xcalloc(1, sizeof(*x));
	int err = 0;

	x->queue = fifo_of(sizeof(struct xfrm_event));
	x->requests = xfrm_nl_open(0, REQUEST_BUFFER, false, &err, why);
	if (x->requests)
		x->dumps = xfrm_nl_open(0, 0, false, &err, why);
	if (x->dumps)
		x->events = xfrm_nl_open(XFRMGRP_ACQUIRE | XFRMGRP_EXPIRE, EVENT_BUFFER, false, &err,
					 why);
	if (x->events)
		err = xfrm_sync_open(&x->sync, why);
	if (err) {
		xfrm_close(x);
		return err;
	}
	*out = x;
	return 0;
}

void xfrm_close(struct xfrm *x)
{
	struct mnl_socket *all[] = { x ? x->requests : NULL, x ? x->dumps : NULL,
				     x ? x->events : NULL };

	if (!x)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i])
			mnl_socket_close(all[i]);
	xfrm_sync_close(&x->sync);
	while (x->first) {
		util_wipe(x->first->buf, x->first->len);
		end_batch(x);
	}
	while (x->dump)
		end_dump(x, 0);
	fifo_free(&x->queue);
	free(x);
}

struct xfrm_sync *xfrm_sync_of(struct xfrm *x)
{
	return &x->sync;
}

int xfrm_fd(const struct xfrm *x, unsigned int i)
{
	const struct mnl_socket *all[] = { x->requests, x->dumps, x->events };

	return i < ARRAY_SIZE(all) ? mnl_socket_get_fd(all[i]) : -1;
}

void xfrm_readable(struct xfrm *x)
{
	for (int i = 0; i < BATCHES_AT_ONCE && x->sent; i++) {
		receive_replies(x);
		send_batch(x);
	}
	receive_dump(x);
	receive_events(x);
}

void xfrm_commit(struct xfrm *x)
{
	send_batch(x);
	send_dump(x);
}

static msec now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return SECONDS((msec)t.tv_sec) + (msec)t.tv_nsec / 1000000;
}

int xfrm_flush(struct xfrm *x, msec timeout, char why[XFRM_WHY])
{
	msec end = now_ms() + timeout, now;
	struct pollfd p = { .fd = mnl_socket_get_fd(x->requests), .events = POLLIN };

	for (;;) {
		send_batch(x);
		receive_replies(x);
		if (!x->first)
			return 0;
		now = now_ms();
		if (now >= end)
			break;
		if (x->sent)
			poll(&p, 1, (int)MIN(end - now, (msec)1000));
	}
	snprintf(why, XFRM_WHY, "the kernel did not answer all SA requests in %llu ms",
		 (unsigned long long)timeout);
	return ETIMEDOUT;
}

const struct xfrm_counters *xfrm_counters(const struct xfrm *x)
{
	return &x->counters;
}
