/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SA requests, dumps and events.
 *
 * Four sockets: requests (one batch under way at a time), dumps (whose parts come when they are
 * read), events (whose loss must not take answers with it), and the blocking one of xfrm_policy.c.
 */
#include "xfrm/xfrm.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#include "lib/batch.h"
#include "lib/fifo.h"
#include "xfrm/xfrm_nl.h"

#define BATCHES_AT_ONCE 8	  /* per xfrm_readable() */
#define MESSAGES_AT_ONCE 32	  /* datagrams of a dump or of events per xfrm_readable() */
#define EVENT_GROUPS (XFRMGRP_ACQUIRE | XFRMGRP_EXPIRE | 1u << (XFRMNLGRP_MAPPING - 1))
#define EVENT_BUFFER (4 << 20)	  /* octets: some ten thousand events */
#define REQUEST_BUFFER (1 << 20)  /* more than the answers of a batch */

enum op { OP_ADD, OP_UPDATE, OP_DELETE, OP_REPLACE, OP_DELETE_OLD, OP_GET };

struct request {
	enum op op;
	uint64_t token;
	struct xfrm_sa_id id, old;
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
	struct batch_queue batches;    /* records: struct request */
	struct dump *dump, *last_dump; /* the first is under way if sent */
	uint32_t dump_seq;
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
	[OP_UPDATE] = "update",
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

static struct nlmsghdr *encode(void *buf, uint32_t seq, const struct request *req,
			       const struct xfrm_sa *sa)
{
	switch (req->op) {
	case OP_ADD:
	case OP_REPLACE:
		return xfrm_msg_sa_add(buf, seq, sa);
	case OP_UPDATE:
		return xfrm_msg_sa_update(buf, seq, sa);
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
	uint32_t seq;
	void *room = batch_room(&x->batches, &seq);
	struct nlmsghdr *nlh = encode(room, seq, req, sa);

	x->counters.requests++;
	*(struct request *)batch_add(&x->batches, nlh ? nlh->nlmsg_len : 0) = *req;
	if (!nlh)
		push_ack(x, req, EINVAL, "a value is out of range");
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

void xfrm_sa_update(struct xfrm *x, uint64_t token, const struct xfrm_sa *sa)
{
	enqueue(x, &(struct request){ .op = OP_UPDATE, .token = token, .id = sa->id }, sa);
}

void xfrm_sa_get(struct xfrm *x, uint64_t token, const struct xfrm_sa_id *id)
{
	enqueue(x, &(struct request){ .op = OP_GET, .token = token, .id = *id }, NULL);
}

/* The one place where a request ends. */
static void answer(struct xfrm *x, const struct request *req, int err, const char *kernel_text)
{
	if (req->op == OP_DELETE_OLD) {
		if (err && err != ESRCH)
			x->counters.errors++;
		return;
	}
	push_ack(x, req, err, kernel_text);
	if (req->op == OP_REPLACE && !err)
		enqueue(x, &(struct request){ .op = OP_DELETE_OLD, .id = req->old }, NULL);
}

static void fail_batch(struct xfrm *x, int err)
{
	const struct request *req;

	while ((req = batch_fail(&x->batches)))
		answer(x, req, err, "");
	batch_end(&x->batches);
}

/* Sends the next batch unless one is under way. */
static void send_batch(struct xfrm *x)
{
	struct span s;

	while ((s = batch_next(&x->batches)).len) {
		ssize_t n = mnl_socket_sendto(x->requests, s.data, s.len);
		int err = n < 0 ? errno : 0;

		if (err == EINTR || err == EAGAIN)
			return;
		batch_sent(&x->batches);
		x->counters.batches++;
		if (err)
			fail_batch(x, err);
	}
}

static void take_reply(struct xfrm *x, const struct nlmsghdr *nlh)
{
	struct xfrm_sa_info info;
	const struct request *req;
	char text[96] = "";
	bool found = false;
	int err;

	if (!xfrm_msg_get_error(nlh, &err, text, sizeof(text))) {
		found = xfrm_msg_get_sa(nlh, &info);
		err = found ? 0 : EBADMSG;
	}
	req = batch_answer(&x->batches, nlh->nlmsg_seq);
	if (!req) {
		x->counters.bad++;
		return;
	}
	if (found)
		push(x, XFRM_EV_SA)->sa = (struct xfrm_found){ req->token, info };
	answer(x, req, err, text);
}

/* Reads what has been answered of the batch under way, and ends it when that is all. */
static void receive_replies(struct xfrm *x)
{
	while (x->batches.sent) {
		ssize_t n = xfrm_nl_receive(x->requests, x->rx, sizeof(x->rx));
		const struct nlmsghdr *nlh = (const void *)x->rx;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			fail_batch(x, (int)-n);
			push_resync(x);
			return;
		}
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_reply(x, nlh);
		util_wipe(x->rx, (size_t)n);
		batch_end(&x->batches);
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
	struct xfrm_mapping mapping;

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
	} else if (xfrm_msg_get_mapping(nlh, &mapping)) {
		if (!xfrm_reqid_is_ours(mapping.reqid)) {
			x->counters.ignored++;
			return;
		}
		x->counters.mappings++;
		push(x, XFRM_EV_MAPPING)->mapping = mapping;
	} else if (nlh->nlmsg_type == XFRM_MSG_ACQUIRE || nlh->nlmsg_type == XFRM_MSG_EXPIRE ||
		   nlh->nlmsg_type == XFRM_MSG_MAPPING) {
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
	x->batches = batch_queue_of(sizeof(struct request), XFRM_MSG_ROOM);
	x->requests = xfrm_nl_open(0, REQUEST_BUFFER, false, &err, why);
	if (x->requests)
		x->dumps = xfrm_nl_open(0, 0, false, &err, why);
	if (x->dumps)
		x->events = xfrm_nl_open(EVENT_GROUPS, EVENT_BUFFER, false, &err,
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
	batch_queue_free(&x->batches);
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
	for (int i = 0; i < BATCHES_AT_ONCE && x->batches.sent; i++) {
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

int xfrm_flush(struct xfrm *x, msec timeout, char why[XFRM_WHY])
{
	struct pollfd p = { .fd = mnl_socket_get_fd(x->requests), .events = POLLIN };

	for (;;) {
		send_batch(x);
		receive_replies(x);
		if (batch_empty(&x->batches))
			return 0;
		if (x->batches.sent && poll(&p, 1, (int)MIN(timeout, (msec)INT_MAX)) == 0)
			break;
	}
	snprintf(why, XFRM_WHY, "the kernel does not answer: SAs may be left in it");
	return ETIMEDOUT;
}

const struct xfrm_counters *xfrm_counters(const struct xfrm *x)
{
	return &x->counters;
}
