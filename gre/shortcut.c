/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shortcuts in the kernel's table: how they are put so that they win, and what we have put compared
 * with what is there. See GRE_ROUTE_METRIC in route.h.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "gre/route_core.h"
#include "gre/rtnl.h"

void route_enqueue(struct gre_routes *rs, const struct request *req, struct nl_msg *msg)
{
	*(struct request *)requests_add(&rs->requests, msg) = *req;
	rs->counters.requests++;
}

struct shortcut *route_shortcut(struct gre_routes *rs, const struct mirror_key *key)
{
	struct shortcut *s;

	HASH_FIND(hh, rs->shortcuts, key, sizeof(*key), s);
	return s;
}

/* The rule for host routes; s, if any, is whom it is for, and then the token's. */
static void set_rule(struct gre_routes *rs, bool add, const struct shortcut *s, uint64_t token)
{
	struct request req = { .type = add ? RULE : NO_RULE, .token = token, .quiet = !s };

	if (s)
		req.key = s->key;
	rs->rule = add;
	rs->had_rule = rs->had_rule || add;
	route_enqueue(rs, &req, route_msg_rule(add));
}

static void drop(struct gre_routes *rs, struct shortcut *s)
{
	HASH_DEL(rs->shortcuts, s);
	if (s->host && --rs->hosts == 0 && rs->rule)
		set_rule(rs, false, NULL, 0);
	free(s);
}

void route_drop_shortcuts(struct gre_routes *rs)
{
	struct shortcut *s, *next;

	HASH_ITER (hh, rs->shortcuts, s, next) {
		HASH_DEL(rs->shortcuts, s);
		free(s);
	}
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

static void put_part(struct gre_routes *rs, const struct request *req, const struct addr *gateway)
{
	struct prefix p = req->part.prefix;

	route_enqueue(rs, req, route_msg_put(req->part.ifindex, &p, gateway));
}

static void del_part(struct gre_routes *rs, const struct request *req, const struct addr *gateway)
{
	struct prefix p = req->part.prefix;

	route_enqueue(rs, req, route_msg_del(req->part.ifindex, &p, gateway));
}

/* The last request tells how it went. */
static void put_parts(struct gre_routes *rs, struct shortcut *s, uint64_t token, bool quiet)
{
	struct mirror_key parts[2];
	size_t n = parts_of(s, parts);
	bool host = s->key.prefix.bits + (s->form == HALVES) == 32, rule = host && !rs->rule;

	for (size_t i = 0; i < n; i++) {
		struct request req = { .type = PUT,
				       .token = token,
				       .quiet = quiet || rule || i + 1 < n,
				       .key = s->key,
				       .part = parts[i] };
		struct mirror_entry *e = mirror_find(&rs->mirror, &parts[i]);
		struct addr old = e ? e->value : (struct addr){ 0 };

		req.serial = mirror_put(&rs->mirror, &parts[i], &s->gateway);
		put_part(rs, &req, &s->gateway);
		if (addr_is_none(&old) || addr_equal(&old, &s->gateway))
			continue;
		req.type = DEL;
		req.quiet = true;
		del_part(rs, &req, &old);
	}
	if (host && !s->host) {
		s->host = true;
		rs->hosts++;
	}
	if (rule)
		set_rule(rs, true, quiet ? NULL : s, token);
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
		del_part(rs, &req, &s->gateway);
	}
}

void gre_route_put(struct gre_routes *rs, uint64_t token, unsigned int ifindex,
		   const struct prefix *prefix, const struct addr *gateway)
{
	struct mirror_key key = mirror_key_of(ifindex, prefix);
	struct request req = { .type = ASK, .token = token, .key = key };
	struct shortcut *s = route_shortcut(rs, &key);
	struct addr first = key.prefix.addr;

	if (!s) {
		s = xcalloc(1, sizeof(*s));
		s->key = key;
		HASH_ADD(hh, rs->shortcuts, key, sizeof(s->key), s);
	}
	s->gateway = *gateway;
	if (s->form == UNKNOWN)
		route_enqueue(rs, &req, route_msg_lookup(&first));
	else
		put_parts(rs, s, token, false);
}

void gre_route_del(struct gre_routes *rs, uint64_t token, unsigned int ifindex,
		   const struct prefix *prefix)
{
	struct mirror_key key = mirror_key_of(ifindex, prefix);
	struct request req = { .type = DEL, .token = token, .key = key, .part = key };
	struct shortcut *s = route_shortcut(rs, &key);

	/* Of an earlier life, maybe. */
	if (!s || s->form == UNKNOWN)
		del_part(rs, &req, &(struct addr){ 0 });
	else
		del_parts(rs, s, token, false);
	if (s)
		drop(rs, s);
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

/* A shortcut without one of its parts is none, nor is a host route without the rule. */
static void refused(struct gre_routes *rs, const struct request *req)
{
	struct mirror_entry *e = mirror_find(&rs->mirror, &req->part);
	struct shortcut *s = route_shortcut(rs, &req->key);

	if (req->type == RULE)
		rs->rule = false;
	if (!s || (req->type == PUT && (!e || e->serial != req->serial)))
		return;
	del_parts(rs, s, 0, true);
	drop(rs, s);
}

void route_acknowledged(struct gre_routes *rs, const struct request *req, int err, const char *text)
{
	/* The same of ours is there already. */
	if ((req->type == PUT || req->type == RULE) && err == EEXIST)
		err = 0;
	if (req->type == NO_RULE && err == ENOENT)
		err = 0;
	rs->counters.errors += err != 0;
	if (err && (req->type == PUT || req->type == RULE))
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

	if (p->bits == 32)
		return HOST;
	if (!r->prefix.addr.len || (r->prefix.bits < p->bits && !ours))
		return WHOLE;
	return HALVES;
}

void route_asked(struct gre_routes *rs, const struct request *req, const struct nlmsghdr *answer)
{
	struct shortcut *s = route_shortcut(rs, &req->key);
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

void route_outdone(struct gre_routes *rs, const struct route_info *r)
{
	struct mirror_key key = mirror_key_of(r->ifindex, &r->prefix);
	struct shortcut *s = route_shortcut(rs, &key), old;

	if (!s || s->form != WHOLE)
		return;
	old = *s;
	s->form = HALVES;
	put_parts(rs, s, 0, true);
	del_parts(rs, &old, 0, true);
}

/* ---- Comparing ---- */

static struct nl_msg *dump_message(unsigned int ifindex)
{
	return route_msg_dump_ours(ifindex);
}

static bool read_seen(const struct nlmsghdr *nlh, struct mirror_seen *out)
{
	struct route_info r;

	if (nlh->nlmsg_type != RTM_NEWROUTE || !route_msg_read(nlh, &r) || r.cloned ||
	    (r.table != RT_TABLE_MAIN && r.table != GRE_ROUTE_TABLE) ||
	    r.protocol != GRE_ROUTE_PROTOCOL)
		return false;
	*out = (struct mirror_seen){ .key = mirror_key_of(r.ifindex, &r.prefix),
				     .value = r.gateway,
				     .ours = true };
	return true;
}

static void restore(void *owner, const struct mirror_entry *e)
{
	struct gre_routes *rs = owner;
	/* A half is not refused on its own: the next comparison will tell. */
	struct request req = {
		.type = PUT, .quiet = true, .key = e->key, .part = e->key, .serial = e->serial
	};

	rs->counters.restored++;
	put_part(rs, &req, &e->value);
}

static void remove_seen(void *owner, const struct mirror_seen *s)
{
	struct request req = { .type = DEL, .quiet = true, .key = s->key, .part = s->key };
	struct gre_routes *rs = owner;

	rs->counters.removed++;
	del_part(rs, &req, &s->value);
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

	/* The rule, too: somebody may have removed it, or a crash may have left it. */
	if (r->err != ECANCELED && (rs->hosts || r->sweep))
		set_rule(rs, rs->hosts != 0, NULL, 0);
	ev->type = GRE_ROUTE_RECONCILED;
	ev->reconciled.token = r->token;
	ev->reconciled.err = r->err;
	ev->reconciled.ifindex = r->ifindex;
	ev->reconciled.restored = r->restored;
	ev->reconciled.removed = r->removed;
	if (r->err)
		complain(r->ifindex, r->err, r->text, ev->reconciled.why);
}

const struct mirror_ops route_mirror_ops = {
	.dump = dump_message,
	.read = read_seen,
	.put = restore,
	.remove = remove_seen,
	.done = compared,
};

void gre_routes_reconcile(struct gre_routes *rs, uint64_t token, unsigned int ifindex, bool sweep)
{
	/* There may be a rule of an earlier life, and a stop may come before the answer. */
	rs->had_rule = rs->had_rule || sweep;
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
