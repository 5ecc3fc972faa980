/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes by rtnetlink: requests, a monitor of changes, and a table of what we have put.
 *
 * The kernel answers a lookup with the route that matches best, which may be a shortcut of ours;
 * then the routes behind it are looked through, one dump for all questions that wait. That is rare:
 * once for each shortcut that is refreshed.
 */
#include "gre/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "gre/dump.h"
#include "gre/mirror.h"
#include "gre/requests.h"
#include "gre/route_msg.h"
#include "gre/rtnl.h"
#include "lib/fifo.h"

#define EVENT_BUFFER	  (4 << 20)
#define DATAGRAMS_AT_ONCE 256 /* per gre_routes_readable(), changes */
#define CHANGES_MAX	  64  /* prefixes; more at once are told as 0.0.0.0/0 */
#define QUESTIONS_AT_ONCE 64  /* answered by one dump */
#define TRIES		  3   /* of a lookup, where the kernel was short of memory */

enum request_type { ASK, PUT, DEL, LOOKUP };

struct request {
	enum request_type type;
	uint64_t token;
	bool quiet;		/* nobody asked for it, or another one will tell */
	struct mirror_key key;	/* of the shortcut */
	struct mirror_key part; /* of what is put or deleted of it */
	uint64_t serial;	/* of a put */
	struct addr to;		/* of a lookup */
	int tries;
};

/* How a shortcut is in the kernel; see GRE_ROUTE_METRIC. */
enum form { UNKNOWN, WHOLE, HALVES, IN_FRONT };

struct shortcut {
	struct mirror_key key;
	struct addr gateway;
	enum form form; /* UNKNOWN: the kernel has been asked what there is */
	UT_hash_handle hh;
};

/* A lookup that has met a shortcut. */
struct question {
	uint64_t token;
	struct addr to;
	bool answered;
	struct route_info best;
};

struct change {
	struct prefix prefix;
	UT_hash_handle hh;
};

struct gre_routes {
	struct requests requests; /* records: struct request */
	struct dump dump;
	struct nl_sock *listen, *ask;
	uint32_t port;				  /* of the requests: changes with it are ours */
	struct shortcut *shortcuts;		  /* hash by key */
	struct mirror mirror;			  /* their parts */
	struct fifo waiting;			  /* struct question */
	struct question asked[QUESTIONS_AT_ONCE]; /* of the dump under way */
	size_t n_asked;
	struct change *changes; /* hash by prefix, in their order */
	struct fifo queue;	/* struct gre_route_event, all others */
	struct gre_route_counters counters;
};

static const struct prefix everything = { .addr = { .len = 4 } };

/* ---- Requests ---- */

static void enqueue(struct gre_routes *rs, const struct request *req, struct nl_msg *msg)
{
	*(struct request *)requests_add(&rs->requests, msg) = *req;
	rs->counters.requests++;
}

static struct shortcut *find(struct gre_routes *rs, const struct mirror_key *key)
{
	struct shortcut *s;

	HASH_FIND(hh, rs->shortcuts, key, sizeof(*key), s);
	return s;
}

static void drop(struct gre_routes *rs, struct shortcut *s)
{
	HASH_DEL(rs->shortcuts, s);
	free(s);
}

/* What a shortcut is made of in the kernel: how many. */
static size_t parts_of(const struct shortcut *s, struct mirror_key out[2])
{
	if (s->form == UNKNOWN)
		return 0;
	out[0] = out[1] = s->key;
	if (s->form != HALVES)
		return 1;
	out[0].prefix.bits++;
	out[1].prefix.bits++;
	out[1].prefix.addr.b[s->key.prefix.bits / 8] |= (uint8_t)(0x80 >> s->key.prefix.bits % 8);
	return 2;
}

static void put_part(struct gre_routes *rs, const struct request *req, const struct addr *gateway,
		     enum form form)
{
	struct prefix p = req->part.prefix;

	enqueue(rs, req,
		route_msg_put(req->part.ifindex, &p, gateway,
			      form == IN_FRONT ? 0 : GRE_ROUTE_METRIC));
}

static void del_part(struct gre_routes *rs, const struct request *req, const struct addr *gateway,
		     uint32_t metric)
{
	struct prefix p = req->part.prefix;

	enqueue(rs, req, route_msg_del(req->part.ifindex, &p, gateway, metric));
}

/* The last part tells how it went. */
static void put_parts(struct gre_routes *rs, const struct shortcut *s, uint64_t token, bool quiet)
{
	struct mirror_key parts[2];
	size_t n = parts_of(s, parts);

	for (size_t i = 0; i < n; i++) {
		struct request req = { .type = PUT,
				       .token = token,
				       .quiet = quiet || i + 1 < n,
				       .key = s->key,
				       .part = parts[i] };
		struct mirror_entry *e = mirror_find(&rs->mirror, &parts[i]);
		struct addr old = e ? e->value : (struct addr){ 0 };

		req.serial = mirror_put(&rs->mirror, &parts[i], &s->gateway);
		put_part(rs, &req, &s->gateway, s->form);
		if (addr_is_none(&old) || addr_equal(&old, &s->gateway))
			continue;
		req.type = DEL;
		req.quiet = true;
		del_part(rs, &req, &old, 0);
	}
}

static void del_parts(struct gre_routes *rs, const struct shortcut *s, uint64_t token, bool quiet)
{
	struct mirror_key parts[2];
	size_t n = parts_of(s, parts);

	for (size_t i = 0; i < n; i++) {
		struct request req = { .type = DEL,
				       .token = token,
				       .quiet = quiet || i + 1 < n,
				       .key = s->key,
				       .part = parts[i] };

		mirror_del(&rs->mirror, &parts[i]);
		del_part(rs, &req, &s->gateway, s->form == IN_FRONT ? 0 : GRE_ROUTE_METRIC);
	}
}

void gre_route_put(struct gre_routes *rs, uint64_t token, unsigned int ifindex,
		   const struct prefix *prefix, const struct addr *gateway)
{
	struct mirror_key key = mirror_key_of(ifindex, prefix);
	struct request req = { .type = ASK, .token = token, .key = key };
	struct shortcut *s = find(rs, &key);
	struct addr first = key.prefix.addr;

	if (!s) {
		s = xcalloc(1, sizeof(*s));
		s->key = key;
		HASH_ADD(hh, rs->shortcuts, key, sizeof(s->key), s);
	}
	s->gateway = *gateway;
	if (s->form == UNKNOWN)
		enqueue(rs, &req, route_msg_lookup(&first));
	else
		put_parts(rs, s, token, false);
}

void gre_route_del(struct gre_routes *rs, uint64_t token, unsigned int ifindex,
		   const struct prefix *prefix)
{
	struct mirror_key key = mirror_key_of(ifindex, prefix);
	struct request req = { .type = DEL, .token = token, .key = key, .part = key };
	struct shortcut *s = find(rs, &key);

	/* Of an earlier life, maybe. */
	if (!s || s->form == UNKNOWN)
		del_part(rs, &req, &(struct addr){ 0 }, 0);
	else
		del_parts(rs, s, token, false);
	if (s)
		drop(rs, s);
}

static void look_up(struct gre_routes *rs, uint64_t token, const struct addr *to, int tries)
{
	struct request req = { .type = LOOKUP, .token = token, .to = *to, .tries = tries };

	enqueue(rs, &req, route_msg_lookup(to));
}

void gre_route_lookup(struct gre_routes *rs, uint64_t token, const struct addr *to)
{
	rs->counters.lookups++;
	look_up(rs, token, to, 1);
}

static void acknowledge(struct gre_routes *rs, const struct request *req, int err, const char *text)
{
	struct gre_route_event *ev = fifo_push(&rs->queue);
	struct prefix p = req->key.prefix;
	char ip[ADDR_TEXT], words[GRE_WHY - 96];

	ev->type = GRE_ROUTE_ACK;
	ev->ack.token = req->token;
	ev->ack.err = err;
	if (!err)
		return;
	rtnl_explain(err, text, words, sizeof(words));
	snprintf(ev->ack.why, sizeof(ev->ack.why),
		 "cannot %s the route to %.18s through interface %u: %s",
		 req->type == DEL ? "remove" : "add", prefix_text(&p, ip), req->key.ifindex, words);
}

/* A shortcut without one of its parts is none. */
static void refused(struct gre_routes *rs, const struct request *req)
{
	struct mirror_entry *e = mirror_find(&rs->mirror, &req->part);
	struct shortcut *s = find(rs, &req->key);

	if (!s || !e || e->serial != req->serial)
		return;
	del_parts(rs, s, 0, true);
	drop(rs, s);
}

static void put_or_deleted(struct gre_routes *rs, const struct request *req, int err,
			   const char *text)
{
	/* The same route of ours is there already. */
	if (req->type == PUT && err == EEXIST)
		err = 0;
	rs->counters.errors += err != 0;
	if (err && req->type == PUT)
		refused(rs, req);
	if (!req->quiet)
		acknowledge(rs, req, err, text);
}

/*
 * How to put a new shortcut, from the route that matches its first address (answer NULL: none). One
 * that is longer, or ours, may hide another one of the same prefix: halves are right in any case.
 */
static enum form form_for(const struct prefix *p, const struct route_info *r)
{
	bool ours = r->protocol == GRE_ROUTE_PROTOCOL;

	if (!r->prefix.addr.len || (r->prefix.bits < p->bits && !ours))
		return WHOLE;
	if (p->bits < 32)
		return HALVES;
	return ours ? WHOLE : IN_FRONT;
}

static void asked(struct gre_routes *rs, const struct request *req, const struct nlmsghdr *answer)
{
	struct shortcut *s = find(rs, &req->key);
	struct prefix p = req->key.prefix;
	struct route_info r = { 0 };

	if (!s) {
		acknowledge(rs, req, ECANCELED, "it was deleted before it was there");
		return;
	}
	if (answer && (answer->nlmsg_type != RTM_NEWROUTE || !route_msg_read(answer, &r)))
		r = (struct route_info){ 0 };
	if (r.protocol != GRE_ROUTE_PROTOCOL && memcmp(&r.prefix, &p, sizeof(p)) == 0 &&
	    addr_is_none(&r.gateway) && r.ifindex != s->key.ifindex) {
		rs->counters.errors++;
		acknowledge(rs, req, EEXIST, "it is the prefix of another interface");
		if (s->form == UNKNOWN)
			drop(rs, s);
		return;
	}
	if (s->form == UNKNOWN)
		s->form = form_for(&p, &r);
	put_parts(rs, s, req->token, false);
}

/* A route of others has come that has the same prefix and wins. */
static void outdone(struct gre_routes *rs, const struct route_info *r)
{
	struct mirror_key key = mirror_key_of(r->ifindex, &r->prefix);
	struct shortcut *s = find(rs, &key), old;

	if (!s || s->form != WHOLE)
		return;
	old = *s;
	s->form = key.prefix.bits < 32 ? HALVES : IN_FRONT;
	put_parts(rs, s, 0, true);
	/* Of a host, the mirror has the other one under the same key. */
	if (s->form == HALVES) {
		del_parts(rs, &old, 0, true);
	} else {
		struct request req = { .type = DEL, .quiet = true, .key = key, .part = key };

		del_part(rs, &req, &old.gateway, GRE_ROUTE_METRIC);
	}
}

/* ---- Lookups ---- */

static void found(struct gre_routes *rs, uint64_t token, const struct route_info *r)
{
	struct gre_route_event *ev = fifo_push(&rs->queue);

	ev->type = GRE_ROUTE_FOUND;
	ev->found.token = token;
	if (!r || (r->type != RTN_LOCAL && (r->type != RTN_UNICAST || !r->ifindex)))
		return;
	ev->found.found = true;
	ev->found.local = r->type == RTN_LOCAL;
	ev->found.ifindex = r->ifindex;
	ev->found.prefix = r->prefix;
	ev->found.gateway = r->gateway;
	ev->found.mtu = r->mtu;
}

/* As the kernel chooses: the longer prefix, then the lower metric, then the first. */
static bool is_better(const struct route_info *r, const struct question *q)
{
	if (!q->answered || r->prefix.bits != q->best.prefix.bits)
		return !q->answered || r->prefix.bits > q->best.prefix.bits;
	return r->metric < q->best.metric;
}

static void take_behind(const struct nlmsghdr *nlh, void *arg)
{
	struct gre_routes *rs = arg;
	struct route_info r;

	if (nlh->nlmsg_type != RTM_NEWROUTE || !route_msg_read(nlh, &r) || r.cloned || r.tos ||
	    r.table != RT_TABLE_MAIN || r.protocol == GRE_ROUTE_PROTOCOL)
		return;
	if (r.type == RTN_UNICAST && !r.ifindex)
		return; /* all its ways are dead: the kernel goes on to the next */
	for (struct question *q = rs->asked; q < rs->asked + rs->n_asked; q++) {
		if (!prefix_contains(&r.prefix, &q->to) || !is_better(&r, q))
			continue;
		q->best = r;
		q->answered = true;
	}
}

static void look_behind(struct gre_routes *rs);

static void end_behind(void *arg, int err, const char *text)
{
	struct gre_routes *rs = arg;

	(void)text;
	rs->counters.errors += err != 0;
	for (const struct question *q = rs->asked; q < rs->asked + rs->n_asked; q++)
		found(rs, q->token, q->answered ? &q->best : NULL);
	rs->n_asked = 0;
	if (err != ECANCELED)
		look_behind(rs);
}

/* The answer to all who wait, unless one is being looked for. */
static void look_behind(struct gre_routes *rs)
{
	struct dump_job job = { .take = take_behind, .end = end_behind, .arg = rs };

	if (rs->n_asked)
		return;
	while (rs->n_asked < QUESTIONS_AT_ONCE && fifo_pop(&rs->waiting, &rs->asked[rs->n_asked]))
		rs->n_asked++;
	if (!rs->n_asked)
		return;
	job.msg = route_msg_dump(0, 0);
	dump_add(&rs->dump, &job);
}

static void looked_up(struct gre_routes *rs, const struct request *req, int err,
		      const struct nlmsghdr *answer)
{
	struct route_info r;
	struct question *q;

	if ((err == ENOBUFS || err == ENOMEM) && req->tries < TRIES) {
		look_up(rs, req->token, &req->to, req->tries + 1);
		return;
	}
	/* Else an error says that no route matches, or one that forbids. */
	if (err || !answer || answer->nlmsg_type != RTM_NEWROUTE || !route_msg_read(answer, &r)) {
		rs->counters.bad += !err;
		found(rs, req->token, NULL);
		return;
	}
	if (r.protocol != GRE_ROUTE_PROTOCOL) {
		found(rs, req->token, &r);
		return;
	}
	q = fifo_push(&rs->waiting);
	q->token = req->token;
	q->to = req->to;
	look_behind(rs);
}

static void answer_request(void *owner, const void *record, int err, const char *text,
			   const struct nlmsghdr *answer)
{
	/* A copy: another request may be queued from here. */
	const struct request req = *(const struct request *)record;

	if (req.type == LOOKUP)
		looked_up(owner, &req, err, answer);
	else if (req.type == ASK)
		asked(owner, &req, answer);
	else
		put_or_deleted(owner, &req, err, text);
}

/* ---- Comparing ---- */

static struct nl_msg *dump_message(unsigned int ifindex)
{
	return route_msg_dump(GRE_ROUTE_PROTOCOL, ifindex);
}

static bool read_seen(const struct nlmsghdr *nlh, struct mirror_seen *out)
{
	struct route_info r;

	if (nlh->nlmsg_type != RTM_NEWROUTE || !route_msg_read(nlh, &r) || r.cloned ||
	    r.table != RT_TABLE_MAIN || r.protocol != GRE_ROUTE_PROTOCOL)
		return false;
	*out = (struct mirror_seen){ .key = mirror_key_of(r.ifindex, &r.prefix),
				     .value = r.gateway,
				     .ours = true };
	return true;
}

static void restore(void *owner, const struct mirror_entry *e)
{
	struct gre_routes *rs = owner;
	const struct shortcut *s = find(rs, &e->key);
	/* A half is not refused on its own: the next comparison will tell. */
	struct request req = {
		.type = PUT, .quiet = true, .key = e->key, .part = e->key, .serial = e->serial
	};

	rs->counters.restored++;
	put_part(rs, &req, &e->value, s ? s->form : HALVES);
}

static void remove_seen(void *owner, const struct mirror_seen *s)
{
	struct request req = { .type = DEL, .quiet = true, .key = s->key, .part = s->key };
	struct gre_routes *rs = owner;

	rs->counters.removed++;
	del_part(rs, &req, &s->value, 0);
}

static int complain(unsigned int ifindex, int err, const char *text, char why[GRE_WHY])
{
	char words[GRE_WHY - 64];

	rtnl_explain(err, text, words, sizeof(words));
	snprintf(why, GRE_WHY, "cannot read the routes through interface %u: %s", ifindex, words);
	return err;
}

static void compared(void *owner, const struct mirror_report *r)
{
	struct gre_routes *rs = owner;
	struct gre_route_event *ev = fifo_push(&rs->queue);

	ev->type = GRE_ROUTE_RECONCILED;
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
	.done = compared,
};

void gre_routes_reconcile(struct gre_routes *rs, uint64_t token, unsigned int ifindex, bool sweep)
{
	mirror_compare(&rs->mirror, token, ifindex, sweep);
}

void gre_routes_forget(struct gre_routes *rs, unsigned int ifindex)
{
	struct shortcut *s, *next;

	HASH_ITER (hh, rs->shortcuts, s, next)
		if (s->key.ifindex == ifindex)
			drop(rs, s);
	mirror_forget(&rs->mirror, ifindex);
}

/* ---- Changes ---- */

static void forget_changes(struct gre_routes *rs)
{
	struct change *c, *next;

	HASH_ITER (hh, rs->changes, c, next) {
		HASH_DEL(rs->changes, c);
		free(c);
	}
}

static void changed(struct gre_routes *rs, const struct prefix *prefix)
{
	struct prefix p = prefix_network(prefix);
	struct change *c;

	HASH_FIND(hh, rs->changes, &p, sizeof(p), c);
	if (c)
		return;
	/* A default route may be in force anywhere: it stands for everything, too. */
	if (HASH_COUNT(rs->changes) == CHANGES_MAX || !p.bits) {
		forget_changes(rs);
		p = everything;
	} else {
		struct prefix all = everything;

		HASH_FIND(hh, rs->changes, &all, sizeof(all), c);
		if (c)
			return;
	}
	c = xcalloc(1, sizeof(*c));
	c->prefix = p;
	HASH_ADD(hh, rs->changes, prefix, sizeof(c->prefix), c);
	rs->counters.changes++;
}

/* Somebody has removed a route with our tag: a shortcut, or half of one. */
static void take_lost(struct gre_routes *rs, const struct route_info *r)
{
	struct mirror_key key = mirror_key_of(r->ifindex, &r->prefix);
	struct mirror_entry *e = mirror_find(&rs->mirror, &key);
	struct gre_route_event *ev;

	if (!e || !addr_equal(&e->value, &r->gateway))
		return;
	if (!find(rs, &key)) {
		struct prefix both = { .addr = r->prefix.addr,
				       .bits = (uint8_t)(r->prefix.bits - 1) };

		key = mirror_key_of(r->ifindex, &both);
	}
	ev = fifo_push(&rs->queue);
	ev->type = GRE_ROUTE_LOST;
	ev->changed.ifindex = r->ifindex;
	ev->changed.prefix = key.prefix;
}

static void take_others(struct gre_routes *rs, int type, const struct route_info *r)
{
	if (type == RTM_NEWROUTE && r->table == RT_TABLE_MAIN && !r->tos)
		outdone(rs, r);
	changed(rs, &r->prefix);
}

static void take_route_change(struct gre_routes *rs, const struct nlmsghdr *nlh)
{
	struct route_info r;

	if (nlh->nlmsg_pid == rs->port)
		return;
	if (!route_msg_read(nlh, &r))
		rs->counters.bad++;
	else if (r.cloned || r.table == RT_TABLE_LOCAL)
		return;
	else if (r.protocol != GRE_ROUTE_PROTOCOL)
		take_others(rs, nlh->nlmsg_type, &r);
	else if (nlh->nlmsg_type == RTM_DELROUTE)
		take_lost(rs, &r);
}

/* The routes through a link that goes down go without a word. */
static void take_link_change(struct gre_routes *rs, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifi)))
		rs->counters.bad++;
	else if (nlh->nlmsg_type == RTM_DELLINK ||
		 ((ifi->ifi_change & IFF_UP) && !(ifi->ifi_flags & IFF_UP)))
		changed(rs, &everything);
}

static void take_change(struct gre_routes *rs, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		take_route_change(rs, nlh);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link_change(rs, nlh);
		break;
	}
}

static void receive_changes(struct gre_routes *rs)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(rs->listen, &datagram);
		struct nlmsghdr *nlh = (void *)datagram;
		int left = (int)n;

		if (n == 0)
			return;
		if (n < 0) {
			struct gre_route_event *ev = fifo_push(&rs->queue);

			ev->type = GRE_ROUTE_RESYNC;
			rs->counters.resyncs++;
		}
		for (; n > 0 && nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			take_change(rs, nlh);
		free(datagram);
	}
}

/* ---- The owner's side ---- */

int gre_routes_open(struct gre_routes **out, char why[GRE_WHY])
{
	static const int groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_LINK, 0 };
	const struct rtnl_options listen = { .groups = groups, .receive = EVENT_BUFFER };
	struct gre_routes *rs = xcalloc(1, sizeof(*rs));
	int err;

	rs->queue = fifo_of(sizeof(struct gre_route_event));
	rs->waiting = fifo_of(sizeof(struct question));
	rs->mirror = mirror_of(&mirror_ops, rs, &rs->dump);
	err = requests_open(&rs->requests, sizeof(struct request), answer_request, rs, why);
	if (!err)
		err = dump_open(&rs->dump, why);
	if (!err)
		rs->ask = rtnl_open(&(struct rtnl_options){ .blocking = true }, &err, why);
	if (!err)
		rs->listen = rtnl_open(&listen, &err, why);
	if (err) {
		gre_routes_close(rs);
		return err;
	}
	rs->port = nl_socket_get_local_port(rs->requests.sk);
	*out = rs;
	return 0;
}

void gre_routes_close(struct gre_routes *rs)
{
	struct shortcut *s, *next;

	if (!rs)
		return;
	requests_close(&rs->requests);
	dump_close(&rs->dump);
	mirror_free(&rs->mirror);
	HASH_ITER (hh, rs->shortcuts, s, next)
		drop(rs, s);
	rtnl_close(rs->ask);
	rtnl_close(rs->listen);
	forget_changes(rs);
	fifo_free(&rs->waiting);
	fifo_free(&rs->queue);
	free(rs);
}

int gre_routes_fd(const struct gre_routes *rs, unsigned int i)
{
	const struct nl_sock *all[] = { rs->requests.sk, rs->listen, rs->dump.sk };

	return i < ARRAY_SIZE(all) ? nl_socket_get_fd(all[i]) : -1;
}

void gre_routes_readable(struct gre_routes *rs)
{
	requests_readable(&rs->requests);
	receive_changes(rs);
	dump_readable(&rs->dump);
}

void gre_routes_commit(struct gre_routes *rs)
{
	requests_commit(&rs->requests);
	dump_commit(&rs->dump);
}

bool gre_routes_next_event(struct gre_routes *rs, struct gre_route_event *ev)
{
	struct change *c = rs->changes;

	if (fifo_pop(&rs->queue, ev))
		return true;
	if (!c)
		return false;
	*ev = (struct gre_route_event){ .type = GRE_ROUTE_CHANGED };
	ev->changed.prefix = c->prefix;
	HASH_DEL(rs->changes, c);
	free(c);
	return true;
}

const struct gre_route_counters *gre_routes_counters(const struct gre_routes *rs)
{
	return &rs->counters;
}

int gre_routes_flush(struct gre_routes *rs, msec timeout, char why[GRE_WHY])
{
	int err = requests_flush(&rs->requests, timeout);

	if (err)
		snprintf(why, GRE_WHY, "the kernel does not answer: routes may be left in it");
	return err;
}

struct listing {
	unsigned int ifindex;
	struct gre_route_entry *v;
	size_t len, cap;
};

static void take_entry(const struct nlmsghdr *nlh, void *arg)
{
	struct listing *l = arg;
	struct mirror_seen s;

	if (!read_seen(nlh, &s) || s.key.ifindex != l->ifindex)
		return;
	if (l->len == l->cap) {
		l->cap = MAX(l->cap * 2, (size_t)64);
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->len++] = (struct gre_route_entry){ s.key.prefix, s.value };
}

int gre_route_list(struct gre_routes *rs, unsigned int ifindex, struct gre_route_entry **out,
		   size_t *count, char why[GRE_WHY])
{
	struct listing l = { .ifindex = ifindex };
	char text[RTNL_TEXT];
	int err = rtnl_call(rs->ask, dump_message(ifindex), take_entry, &l, text);

	if (err) {
		free(l.v);
		return complain(ifindex, err, text, why);
	}
	*out = l.v;
	*count = l.len;
	return 0;
}
