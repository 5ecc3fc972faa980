/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lookups, and the owner's side.
 *
 * The kernel answers a lookup with the route that matches best, which may be a shortcut of ours;
 * then the routes behind it are looked through, one dump for all questions that wait. That is rare:
 * once for each shortcut that is refreshed.
 */
#include "gre/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "gre/route_core.h"
#include "gre/rtnl.h"

#define EVENT_BUFFER (4 << 20)
#define TRIES	     3 /* of a lookup, where the kernel was short of memory */

/* ---- Lookups ---- */

static void look_up(struct gre_routes *rs, uint64_t token, const struct addr *to, int tries)
{
	struct request req = { .type = LOOKUP, .token = token, .to = *to, .tries = tries };

	route_enqueue(rs, &req, route_msg_lookup(to));
}

void gre_route_lookup(struct gre_routes *rs, uint64_t token, const struct addr *to)
{
	rs->counters.lookups++;
	look_up(rs, token, to, 1);
}
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
	job.msg = route_msg_dump_main();
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
		route_asked(owner, &req, answer);
	else
		route_acknowledged(owner, &req, err, text);
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
	rs->mirror = mirror_of(&route_mirror_ops, rs, &rs->dump);
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
	char text[RTNL_TEXT];

	if (!rs)
		return;
	requests_close(&rs->requests);
	/* Also where its removal has not been sent yet. */
	if (rs->had_rule)
		rtnl_call(rs->ask, route_msg_rule(false), NULL, NULL, text);
	dump_close(&rs->dump);
	mirror_free(&rs->mirror);
	route_drop_shortcuts(rs);
	rtnl_close(rs->ask);
	rtnl_close(rs->listen);
	route_forget_changes(rs);
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
	route_receive_changes(rs);
	dump_readable(&rs->dump);
}

void gre_routes_commit(struct gre_routes *rs)
{
	requests_commit(&rs->requests);
	dump_commit(&rs->dump);
}

bool gre_routes_next_event(struct gre_routes *rs, struct gre_route_event *ev)
{
	struct prefix changed;

	if (fifo_pop(&rs->queue, ev))
		return true;
	if (!route_next_change(rs, &changed))
		return false;
	*ev = (struct gre_route_event){ .type = GRE_ROUTE_CHANGED };
	ev->changed.prefix = changed;
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
