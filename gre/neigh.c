/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours by rtnetlink. Messages are built on libnl's core: its neighbour object knows no
 * NDA_PROTOCOL.
 */
#include "gre/neigh.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <uthash.h>

#include "gre/rtnl.h"
#include "lib/batch.h"
#include "lib/fifo.h"

#define MESSAGE_MAX 64		   /* more than any message of ours */
#define REQUEST_BUFFER (256 << 10) /* more than the answers of a batch */
#define EVENT_BUFFER (4 << 20)
#define BATCHES_AT_ONCE 8    /* per gre_neighs_readable() */
#define DATAGRAMS_AT_ONCE 64 /* likewise, upcalls */

struct request {
	uint64_t token;
	bool put;
	unsigned int ifindex;
	struct addr addr;
};

struct watched {
	unsigned int ifindex;
	UT_hash_handle hh;
};

struct gre_neighs {
	struct nl_sock *requests, *upcalls, *ask;
	struct batch_queue batches; /* records: struct request */
	struct watched *watched;    /* hash by ifindex */
	struct fifo queue;	    /* struct gre_neigh_event */
	struct gre_neigh_counters counters;
};

/* ---- Messages ---- */

static struct nl_msg *neigh_message(int type, int flags, unsigned int ifindex,
				    const struct addr *addr)
{
	struct ndmsg ndm = { .ndm_family = AF_INET,
			     .ndm_ifindex = (int)ifindex,
			     .ndm_state = type == RTM_NEWNEIGH ? NUD_PERMANENT : 0 };
	struct nl_msg *msg = rtnl_message(type, flags, &ndm, sizeof(ndm));

	nla_put(msg, NDA_DST, 4, addr->b);
	return msg;
}

static struct nl_msg *put_message(unsigned int ifindex, const struct addr *addr,
				  const struct addr *nbma)
{
	struct nl_msg *msg = neigh_message(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
					   ifindex, addr);

	nla_put(msg, NDA_LLADDR, 4, nbma->b);
	nla_put_u8(msg, NDA_PROTOCOL, GRE_NEIGH_PROTOCOL);
	return msg;
}

/* The fixed part and the destination of a neighbour message; false where it is not IPv4's. */
static bool get_neigh(const struct nlmsghdr *nlh, struct nlattr *tb[NDA_MAX + 1],
		      unsigned int *ifindex, struct addr *addr)
{
	const struct ndmsg *ndm = nlmsg_data(nlh);

	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ndm), tb, NDA_MAX, NULL) < 0)
		return false;
	if (ndm->ndm_family != AF_INET || !tb[NDA_DST] || nla_len(tb[NDA_DST]) != 4)
		return false;
	*ifindex = (unsigned int)ndm->ndm_ifindex;
	*addr = addr_from_bytes(nla_data(tb[NDA_DST]), 4);
	return true;
}

/* ---- Requests ---- */

static void enqueue(struct gre_neighs *ns, const struct request *req, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	uint32_t seq;
	void *room = batch_room(&ns->batches, &seq);

	if (nlh->nlmsg_len > MESSAGE_MAX)
		abort();
	nlh->nlmsg_seq = seq;
	memcpy(room, nlh, nlh->nlmsg_len);
	*(struct request *)batch_add(&ns->batches, nlh->nlmsg_len) = *req;
	ns->counters.requests++;
	nlmsg_free(msg);
}

void gre_neigh_put(struct gre_neighs *ns, uint64_t token, unsigned int ifindex,
		   const struct addr *addr, const struct addr *nbma)
{
	struct request req = { .token = token, .put = true, .ifindex = ifindex, .addr = *addr };

	enqueue(ns, &req, put_message(ifindex, addr, nbma));
}

void gre_neigh_del(struct gre_neighs *ns, uint64_t token, unsigned int ifindex,
		   const struct addr *addr)
{
	struct request req = { .token = token, .ifindex = ifindex, .addr = *addr };

	enqueue(ns, &req, neigh_message(RTM_DELNEIGH, NLM_F_ACK, ifindex, addr));
}

/* The one place where a request ends. */
static void answer(struct gre_neighs *ns, const struct request *req, int err, const char *text)
{
	struct gre_neigh_event *ev = fifo_push(&ns->queue);
	char ip[ADDR_TEXT], words[GRE_WHY - 96];

	ev->type = GRE_NEIGH_ACK;
	ev->ack.token = req->token;
	ev->ack.err = err;
	if (!err)
		return;
	ns->counters.errors++;
	rtnl_explain(err, text, words, sizeof(words));
	snprintf(ev->ack.why, sizeof(ev->ack.why), "cannot %s neighbour %.15s on interface %u: %s",
		 req->put ? "set" : "remove", addr_text(&req->addr, ip), req->ifindex, words);
}

static void fail_batch(struct gre_neighs *ns, int err)
{
	const struct request *req;

	while ((req = batch_fail(&ns->batches)))
		answer(ns, req, err, "");
	batch_end(&ns->batches);
}

/* Sends the next batch unless one is under way. */
static void send_batch(struct gre_neighs *ns)
{
	struct span s;

	while ((s = batch_next(&ns->batches)).len) {
		int nle = nl_sendto(ns->requests, (void *)(uintptr_t)s.data, s.len);

		if (nle == -NLE_AGAIN)
			return;
		batch_sent(&ns->batches);
		if (nle < 0)
			fail_batch(ns, ENOBUFS);
	}
}

static void take_reply(struct gre_neighs *ns, const struct nlmsghdr *nlh)
{
	const struct request *req = NULL;
	char text[RTNL_TEXT];
	int err;

	if (rtnl_get_error(nlh, &err, text))
		req = batch_answer(&ns->batches, nlh->nlmsg_seq);
	if (req)
		answer(ns, req, err, text);
	else
		ns->counters.bad++;
}

/* Reads what has been answered of the batch under way, and ends it when that is all. */
static void receive_replies(struct gre_neighs *ns)
{
	while (ns->batches.sent) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(ns->requests, &datagram);
		struct nlmsghdr *nlh = (void *)datagram;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			fail_batch(ns, (int)-n);
			return;
		}
		for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			take_reply(ns, nlh);
		free(datagram);
		batch_end(&ns->batches);
	}
}

/* ---- Upcalls ---- */

void gre_neighs_watch(struct gre_neighs *ns, unsigned int ifindex)
{
	struct watched *w;

	HASH_FIND(hh, ns->watched, &ifindex, sizeof(ifindex), w);
	if (w)
		return;
	w = xcalloc(1, sizeof(*w));
	w->ifindex = ifindex;
	HASH_ADD(hh, ns->watched, ifindex, sizeof(w->ifindex), w);
}

void gre_neighs_unwatch(struct gre_neighs *ns, unsigned int ifindex)
{
	struct watched *w;

	HASH_FIND(hh, ns->watched, &ifindex, sizeof(ifindex), w);
	if (w) {
		HASH_DEL(ns->watched, w);
		free(w);
	}
}

static void take_upcall(struct gre_neighs *ns, const struct nlmsghdr *nlh)
{
	struct nlattr *tb[NDA_MAX + 1];
	struct gre_neigh_event *ev;
	struct watched *w = NULL;
	unsigned int ifindex;
	struct addr addr;

	if (nlh->nlmsg_type != RTM_GETNEIGH)
		return;
	if (get_neigh(nlh, tb, &ifindex, &addr))
		HASH_FIND(hh, ns->watched, &ifindex, sizeof(ifindex), w);
	if (!w) {
		ns->counters.ignored++;
		return;
	}
	ns->counters.upcalls++;
	ev = fifo_push(&ns->queue);
	ev->type = GRE_NEIGH_UPCALL;
	ev->upcall.ifindex = ifindex;
	ev->upcall.addr = addr;
}

static void receive_upcalls(struct gre_neighs *ns)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(ns->upcalls, &datagram);
		struct nlmsghdr *nlh = (void *)datagram;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			struct gre_neigh_event *ev = fifo_push(&ns->queue);

			ev->type = GRE_NEIGH_RESYNC;
			ns->counters.resyncs++;
		}
		for (; n > 0 && nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			take_upcall(ns, nlh);
		free(datagram);
	}
}

/*
 * The group carries every change of every neighbour, our own ones back to us included; only
 * questions need to wake us. The filter loads big-endian, the field is in host order.
 */
static void filter_upcalls(struct nl_sock *sk)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap16(RTM_GETNEIGH), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		code[1].k = RTM_GETNEIGH;
	/* Without it everything still works, at a cost. */
	setsockopt(nl_socket_get_fd(sk), SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* ---- The owner's side ---- */

int gre_neighs_open(struct gre_neighs **out, char why[GRE_WHY])
{
	static const int groups[] = { RTNLGRP_NEIGH, 0 };
	struct gre_neighs *ns = xcalloc(1, sizeof(*ns));
	int err = 0;

	ns->queue = fifo_of(sizeof(struct gre_neigh_event));
	ns->batches = batch_queue_of(sizeof(struct request), MESSAGE_MAX);
	ns->requests = rtnl_open(&(struct rtnl_options){ .receive = REQUEST_BUFFER }, &err, why);
	if (ns->requests)
		ns->ask = rtnl_open(&(struct rtnl_options){ .blocking = true }, &err, why);
	if (ns->ask)
		ns->upcalls = rtnl_open(&(struct rtnl_options){ .groups = groups,
								.receive = EVENT_BUFFER },
					&err, why);
	if (!ns->upcalls) {
		gre_neighs_close(ns);
		return err;
	}
	filter_upcalls(ns->upcalls);
	*out = ns;
	return 0;
}

void gre_neighs_close(struct gre_neighs *ns)
{
	struct watched *w, *next;

	if (!ns)
		return;
	rtnl_close(ns->requests);
	rtnl_close(ns->ask);
	rtnl_close(ns->upcalls);
	batch_queue_free(&ns->batches);
	HASH_ITER(hh, ns->watched, w, next) {
		HASH_DEL(ns->watched, w);
		free(w);
	}
	fifo_free(&ns->queue);
	free(ns);
}

int gre_neighs_fd(const struct gre_neighs *ns, unsigned int i)
{
	const struct nl_sock *all[] = { ns->requests, ns->upcalls };

	return i < ARRAY_SIZE(all) ? nl_socket_get_fd(all[i]) : -1;
}

void gre_neighs_readable(struct gre_neighs *ns)
{
	for (int i = 0; i < BATCHES_AT_ONCE && ns->batches.sent; i++) {
		receive_replies(ns);
		send_batch(ns);
	}
	receive_upcalls(ns);
}

void gre_neighs_commit(struct gre_neighs *ns)
{
	send_batch(ns);
}

bool gre_neighs_next_event(struct gre_neighs *ns, struct gre_neigh_event *ev)
{
	return fifo_pop(&ns->queue, ev);
}

const struct gre_neigh_counters *gre_neighs_counters(const struct gre_neighs *ns)
{
	return &ns->counters;
}

int gre_neighs_flush(struct gre_neighs *ns, msec timeout, char why[GRE_WHY])
{
	struct pollfd p = { .fd = nl_socket_get_fd(ns->requests), .events = POLLIN };

	for (;;) {
		send_batch(ns);
		receive_replies(ns);
		if (batch_empty(&ns->batches))
			return 0;
		if (ns->batches.sent && poll(&p, 1, (int)MIN(timeout, (msec)INT_MAX)) == 0)
			break;
	}
	snprintf(why, GRE_WHY, "the kernel does not answer: neighbours may be left in it");
	return ETIMEDOUT;
}

/* ---- What is there ---- */

struct listing {
	unsigned int ifindex;
	struct gre_neigh_entry *v;
	size_t len, cap;
};

static void take_entry(const struct nlmsghdr *nlh, void *arg)
{
	struct listing *l = arg;
	struct nlattr *tb[NDA_MAX + 1];
	struct gre_neigh_entry e;
	unsigned int ifindex;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || !get_neigh(nlh, tb, &ifindex, &e.addr))
		return;
	if (ifindex != l->ifindex || !tb[NDA_PROTOCOL] || nla_len(tb[NDA_PROTOCOL]) < 1 ||
	    nla_get_u8(tb[NDA_PROTOCOL]) != GRE_NEIGH_PROTOCOL)
		return;
	if (!tb[NDA_LLADDR] || nla_len(tb[NDA_LLADDR]) != 4)
		return;
	e.nbma = addr_from_bytes(nla_data(tb[NDA_LLADDR]), 4);
	if (l->len == l->cap) {
		l->cap = MAX(l->cap * 2, (size_t)64);
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->len++] = e;
}

int gre_neigh_list(struct gre_neighs *ns, unsigned int ifindex, struct gre_neigh_entry **out,
		   size_t *count, char why[GRE_WHY])
{
	struct ndmsg ndm = { .ndm_family = AF_INET };
	struct nl_msg *msg = rtnl_message(RTM_GETNEIGH, NLM_F_DUMP, &ndm, sizeof(ndm));
	struct listing l = { .ifindex = ifindex };
	char text[RTNL_TEXT], words[GRE_WHY - 64];
	int err;

	nla_put_u32(msg, NDA_IFINDEX, ifindex);
	err = rtnl_call(ns->ask, msg, take_entry, &l, text);
	if (err) {
		free(l.v);
		rtnl_explain(err, text, words, sizeof(words));
		snprintf(why, GRE_WHY, "cannot read the neighbours of interface %u: %s", ifindex,
			 words);
		return err;
	}
	*out = l.v;
	*count = l.len;
	return 0;
}
