/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours by rtnetlink. Messages are built on libnl's core: its neighbour object knows no
 * NDA_PROTOCOL.
 */
#include "gre/neigh.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <sys/socket.h>

#include "gre/dump.h"
#include "gre/mirror.h"
#include "gre/requests.h"
#include "gre/rtnl.h"
#include "lib/fifo.h"

#define EVENT_BUFFER (4 << 20)
#define DATAGRAMS_AT_ONCE 64 /* per gre_neighs_readable(), upcalls */

struct request {
	uint64_t token;
	bool put;
	bool repair; /* nobody asked for it */
	struct mirror_key key;
	uint64_t serial; /* of a put */
};

struct watched {
	unsigned int ifindex;
	UT_hash_handle hh;
};

struct gre_neighs {
	struct requests requests; /* records: struct request */
	struct dump dump;
	struct nl_sock *upcalls, *ask;
	struct mirror mirror;
	struct watched *watched; /* hash by ifindex */
	struct fifo queue;	 /* struct gre_neigh_event */
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

static struct mirror_key key_of(unsigned int ifindex, const struct addr *addr)
{
	return mirror_key_of(ifindex, &(struct prefix){ .addr = *addr, .bits = 32 });
}

static void enqueue(struct gre_neighs *ns, const struct request *req, struct nl_msg *msg)
{
	*(struct request *)requests_add(&ns->requests, msg) = *req;
	ns->counters.requests++;
}

void gre_neigh_put(struct gre_neighs *ns, uint64_t token, unsigned int ifindex,
		   const struct addr *addr, const struct addr *nbma)
{
	struct request req = { .token = token, .put = true, .key = key_of(ifindex, addr) };

	req.serial = mirror_put(&ns->mirror, &req.key, nbma);
	enqueue(ns, &req, put_message(ifindex, addr, nbma));
}

void gre_neigh_del(struct gre_neighs *ns, uint64_t token, unsigned int ifindex,
		   const struct addr *addr)
{
	struct request req = { .token = token, .key = key_of(ifindex, addr) };

	mirror_del(&ns->mirror, &req.key);
	enqueue(ns, &req, neigh_message(RTM_DELNEIGH, NLM_F_ACK, ifindex, addr));
}

/* The one place where a request ends. */
static void answer(void *owner, const void *record, int err, const char *text,
		   const struct nlmsghdr *unused)
{
	const struct request *req = record;
	struct gre_neighs *ns = owner;
	struct addr addr = req->key.prefix.addr;
	char ip[ADDR_TEXT], words[GRE_WHY - 96];
	struct gre_neigh_event *ev;

	(void)unused;
	if (err && req->put)
		mirror_refused(&ns->mirror, &req->key, req->serial);
	ns->counters.errors += err != 0;
	if (req->repair)
		return;
	ev = fifo_push(&ns->queue);
	ev->type = GRE_NEIGH_ACK;
	ev->ack.token = req->token;
	ev->ack.err = err;
	if (!err)
		return;
	rtnl_explain(err, text, words, sizeof(words));
	snprintf(ev->ack.why, sizeof(ev->ack.why), "cannot %s neighbour %.15s on interface %u: %s",
		 req->put ? "set" : "remove", addr_text(&addr, ip), req->key.ifindex, words);
}

/* ---- Comparing ---- */

static struct nl_msg *dump_message(unsigned int ifindex)
{
	struct ndmsg ndm = { .ndm_family = AF_INET };
	struct nl_msg *msg = rtnl_message(RTM_GETNEIGH, NLM_F_DUMP, &ndm, sizeof(ndm));

	nla_put_u32(msg, NDA_IFINDEX, ifindex);
	return msg;
}

static bool has_tag(struct nlattr *const *tb)
{
	return tb[NDA_PROTOCOL] && nla_len(tb[NDA_PROTOCOL]) == 1 &&
	       nla_get_u8(tb[NDA_PROTOCOL]) == GRE_NEIGH_PROTOCOL;
}

/* Somebody else's counts where it is meant to stay; what the kernel is still asking about does not. */
static bool read_seen(const struct nlmsghdr *nlh, struct mirror_seen *out)
{
	const struct ndmsg *ndm = nlmsg_data(nlh);
	struct nlattr *tb[NDA_MAX + 1];
	unsigned int ifindex;
	struct addr addr;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || !get_neigh(nlh, tb, &ifindex, &addr) ||
	    !(ndm->ndm_state & NUD_PERMANENT) || !tb[NDA_LLADDR] || nla_len(tb[NDA_LLADDR]) != 4)
		return false;
	out->key = key_of(ifindex, &addr);
	out->value = addr_from_bytes(nla_data(tb[NDA_LLADDR]), 4);
	out->ours = has_tag(tb);
	return true;
}

static void restore(void *owner, const struct mirror_entry *e)
{
	struct request req = { .put = true, .repair = true, .key = e->key, .serial = e->serial };
	struct addr addr = e->key.prefix.addr;
	struct gre_neighs *ns = owner;

	ns->counters.restored++;
	enqueue(ns, &req, put_message(e->key.ifindex, &addr, &e->value));
}

static void remove_seen(void *owner, const struct mirror_seen *s)
{
	struct request req = { .repair = true, .key = s->key };
	struct addr addr = s->key.prefix.addr;
	struct gre_neighs *ns = owner;

	ns->counters.removed++;
	enqueue(ns, &req, neigh_message(RTM_DELNEIGH, NLM_F_ACK, s->key.ifindex, &addr));
}

static int complain(unsigned int ifindex, int err, const char *text, char why[GRE_WHY])
{
	char words[GRE_WHY - 64];

	rtnl_explain(err, text, words, sizeof(words));
	snprintf(why, GRE_WHY, "cannot read the neighbours of interface %u: %s", ifindex, words);
	return err;
}

static void compared(void *owner, const struct mirror_report *r)
{
	struct gre_neighs *ns = owner;
	struct gre_neigh_event *ev = fifo_push(&ns->queue);

	ev->type = GRE_NEIGH_RECONCILED;
	ev->reconciled.token = r->token;
	ev->reconciled.err = r->err;
	ev->reconciled.ifindex = r->ifindex;
	ev->reconciled.restored = r->restored;
	ev->reconciled.removed = r->removed;
	if (r->err)
		complain(r->ifindex, r->err, r->text, ev->reconciled.why);
}

static const struct mirror_ops mirror_ops = {
	.dump = dump_message,
	.read = read_seen,
	.put = restore,
	.remove = remove_seen,
	.put_replaces = true,
	.done = compared,
};

void gre_neighs_reconcile(struct gre_neighs *ns, uint64_t token, unsigned int ifindex, bool sweep)
{
	mirror_compare(&ns->mirror, token, ifindex, sweep);
}

void gre_neighs_forget(struct gre_neighs *ns, unsigned int ifindex)
{
	mirror_forget(&ns->mirror, ifindex);
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
	ns->mirror = mirror_of(&mirror_ops, ns, &ns->dump);
	err = requests_open(&ns->requests, sizeof(struct request), answer, ns, why);
	if (!err)
		err = dump_open(&ns->dump, why);
	if (!err)
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
	requests_close(&ns->requests);
	dump_close(&ns->dump);
	mirror_free(&ns->mirror);
	rtnl_close(ns->ask);
	rtnl_close(ns->upcalls);
	HASH_ITER (hh, ns->watched, w, next) {
		HASH_DEL(ns->watched, w);
		free(w);
	}
	fifo_free(&ns->queue);
	free(ns);
}

int gre_neighs_fd(const struct gre_neighs *ns, unsigned int i)
{
	const struct nl_sock *all[] = { ns->requests.sk, ns->upcalls, ns->dump.sk };

	return i < ARRAY_SIZE(all) ? nl_socket_get_fd(all[i]) : -1;
}

void gre_neighs_readable(struct gre_neighs *ns)
{
	requests_readable(&ns->requests);
	receive_upcalls(ns);
	dump_readable(&ns->dump);
}

void gre_neighs_commit(struct gre_neighs *ns)
{
	requests_commit(&ns->requests);
	dump_commit(&ns->dump);
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
	int err = requests_flush(&ns->requests, timeout);

	if (err)
		snprintf(why, GRE_WHY, "the kernel does not answer: neighbours may be left in it");
	return err;
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
	struct mirror_seen s;

	if (!read_seen(nlh, &s) || !s.ours || s.key.ifindex != l->ifindex)
		return;
	if (l->len == l->cap) {
		l->cap = MAX(l->cap * 2, (size_t)64);
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->len++] = (struct gre_neigh_entry){ s.key.prefix.addr, s.value };
}

int gre_neigh_list(struct gre_neighs *ns, unsigned int ifindex, struct gre_neigh_entry **out,
		   size_t *count, char why[GRE_WHY])
{
	struct listing l = { .ifindex = ifindex };
	char text[RTNL_TEXT];
	int err = rtnl_call(ns->ask, dump_message(ifindex), take_entry, &l, text);

	if (err) {
		free(l.v);
		return complain(ifindex, err, text, why);
	}
	*out = l.v;
	*count = l.len;
	return 0;
}
