/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions as IOS has them: with each peer of a protected tunnel what there is of phase 1 and of
 * phase 2, in one place. Put together from what the other shows say: a session is with whom NHRP
 * knows of, and with whoever else has an SA here.
 *
 * Each of these is a part of a session of a tunnel with an address. Sorted by them, what belongs to one
 * session stands together; nothing is made JSON of before its turn comes.
 */
#include "daemon/show.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/tunnel.h"
#include "ikev1/ike.h"

enum part_kind { PART_PAIRS, PART_NHRP, PART_SA }; /* in the order in which they are told */

/* In a flood there are tens of thousands of them to be sorted: small. */
struct part {
	uint32_t at;	 /* item of pairs, peers or sas */
	uint16_t tunnel; /* that shows what the tunnels of this source share */
	uint8_t kind;
	struct addr peer;
};

struct sessions {
	const struct show_pairs *pairs;
	const struct show_peers *peers;
	const struct show_sas *sas;
	const struct show_tunnels *tunnels;
	struct part *parts;
	size_t part_count;
	uint32_t *firsts; /* of each session; behind the last, part_count */
	size_t count;
	msec now;
};

static json_int_t int_of_member(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static json_t *session_of(const struct sessions *s, const struct part *p)
{
	const struct show_tunnel *t = show_tunnel_of(s->tunnels, p->tunnel);

	return json_pack("{s:s, s:o, s:i, s:n, s:n, s:o, s:[], s:i, s:i, s:i, s:i, s:i}",
			 "interface", t->name, "peer", show_addr(&p->peer), "port", 500, "uptime",
			 "phase1_id", "local", show_addr(&t->local), "isakmp_sas", "active_sas", 0,
			 "decaps", 0, "in_drops", 0, "encaps", 0, "out_drops", 0);
}

static json_int_t drops(const json_t *sas)
{
	json_int_t n = 0;
	json_t *sa;
	size_t i;

	json_array_foreach (sas, i, sa)
		n += int_of_member(sa, "replay_drops") + int_of_member(sa, "auth_failures");
	return n;
}

/* How long the SA that is in use lives on: it stands first. */
static void add_life(json_t *session, const char *name, const json_t *sas)
{
	const json_t *sa = json_array_get(sas, 0);
	json_t *life = json_object();

	json_object_set(life, "kilobytes",
			json_object_get(sa, "remaining_kilobytes") ?: json_null());
	json_object_set(life, "seconds", json_object_get(sa, "remaining_seconds") ?: json_null());
	json_object_set_new(session, name, life);
}

/* Pairs with one peer, as show crypto ipsec sa has them. */
static void add_pairs(json_t *session, json_t *peer)
{
	const json_t *in = json_object_get(peer, "inbound"),
		     *out = json_object_get(peer, "outbound");
	json_t *sa;
	size_t i;

	json_object_set(session, "port", json_object_get(peer, "port"));
	json_object_set_new(session, "active_sas",
			    json_integer((json_int_t)(json_array_size(in) + json_array_size(out))));
	json_object_set(session, "decaps", json_object_get(peer, "decaps"));
	json_object_set(session, "encaps", json_object_get(peer, "encaps"));
	json_object_set_new(session, "in_drops", json_integer(drops(in)));
	json_object_set_new(session, "out_drops", json_integer(drops(out)));
	json_object_set(session, "outbound_spi", json_object_get(peer, "outbound_spi"));
	json_object_set(session, "transform",
			json_object_get(json_array_get(out, 0), "transform") ?: json_null());
	add_life(session, "inbound_life", in);
	add_life(session, "outbound_life", out);
	/* The oldest: until it is known better, the session is as old. */
	json_array_foreach (in, i, sa)
		json_object_set(session, "uptime", json_object_get(sa, "age"));
	json_decref(peer);
}

/* Since when NHRP has it. */
static void add_nhrp(json_t *session, const struct sessions *s, size_t at)
{
	struct addr nbma;
	msec since;
	int tunnel;

	if (int_of_member(session, "active_sas") &&
	    show_peers_at(s->peers, at, &tunnel, &nbma, &since) && since != MSEC_NEVER)
		json_object_set_new(session, "uptime", show_ago(s->now, since));
}

static void add_isakmp_sa(json_t *session, json_t *sa)
{
	json_array_append(json_object_get(session, "isakmp_sas"), sa);
	json_object_set(session, "port", json_object_get(sa, "remote_port"));
	if (json_is_string(json_object_get(sa, "phase1_id")))
		json_object_set(session, "phase1_id", json_object_get(sa, "phase1_id"));
	json_decref(sa);
}

static const char *status_of(const json_t *session)
{
	const json_t *sas = json_object_get(session, "isakmp_sas"), *sa;
	bool active = false;
	size_t i;

	json_array_foreach (sas, i, sa)
		active |= !strcmp(show_member(sa, "state"), "QM_IDLE");
	if (int_of_member(session, "active_sas"))
		return active ? "UP-ACTIVE" : "UP-NO-IKE";
	if (active)
		return "UP-IDLE";
	return json_array_size(sas) ? "DOWN-NEGOTIATING" : "DOWN";
}

static json_t *session_item(const void *of, size_t i)
{
	const struct sessions *s = of;
	const struct part *t = &s->parts[s->firsts[i]], *end = &s->parts[s->firsts[i + 1]];
	json_t *session = session_of(s, t);

	for (; t < end; t++) {
		if (t->kind == PART_PAIRS)
			add_pairs(session, show_pairs_json(s->pairs, t->at));
		else if (t->kind == PART_NHRP)
			add_nhrp(session, s, t->at);
		else
			add_isakmp_sa(session, show_sas_json(s->sas, t->at));
	}
	json_object_set_new(session, "status", json_string(status_of(session)));
	return session;
}

/* ---- the snapshot ---- */

/* Where an ISAKMP SA finds the pairs that it has made. */
struct maker {
	uint32_t conn_id;
	uint32_t at; /* item of pairs */
};

/* Where it finds those of a peer with a pseudo address: their packets go the same way. */
struct path {
	struct addr local, outer;
	uint16_t port;
	uint32_t at;
};

struct taking {
	struct daemon *d;
	struct sessions *s;
	struct addr local; /* asked for last: many come one after another from the same */
	int tunnel;
	struct maker *makers;
	size_t maker_count;
	struct path *paths;
	size_t path_count;
};

/* The tunnel that shows what the tunnels of this source share; -1: none is protected. */
static int first_on(struct taking *t, const struct addr *local)
{
	if (addr_equal(&t->local, local))
		return t->tunnel;
	t->local = *local;
	t->tunnel = -1;
	for (struct tunnel *one = NULL; t->tunnel < 0 && (one = tunnel_next_on(t->d, one, local));)
		if (tunnel_is_protected(one))
			t->tunnel = one->id;
	return t->tunnel;
}

/* Room for one more behind n, made in powers of two. */
static void *room_for(void *list, size_t n, size_t size)
{
	return n & (n - 1) ? list : xreallocarray(list, MAX(2 * n, (size_t)2), size);
}

/* False: no tunnel of this source is protected, so it belongs to no session. */
static bool add(struct taking *t, const struct addr *local, const struct addr *peer,
		enum part_kind kind, uint32_t at)
{
	struct sessions *s = t->s;
	int tunnel = first_on(t, local);

	if (tunnel < 0)
		return false;
	s->parts = room_for(s->parts, s->part_count, sizeof(*s->parts));
	s->parts[s->part_count++] = (struct part){ at, (uint16_t)tunnel, (uint8_t)kind, *peer };
	return true;
}

static int by_conn_id(const void *x, const void *y)
{
	const struct maker *a = x, *b = y;

	return a->conn_id < b->conn_id ? -1 : a->conn_id > b->conn_id;
}

static int by_path(const void *x, const void *y)
{
	const struct path *a = x, *b = y;
	int order = show_addr_order(&a->local, &b->local);

	if (!order)
		order = show_addr_order(&a->outer, &b->outer);
	return order ? order : a->port - b->port;
}

static void add_ways(struct taking *t, const struct ike_pair_info *p, uint32_t at)
{
	t->makers = room_for(t->makers, t->maker_count, sizeof(*t->makers));
	t->makers[t->maker_count++] = (struct maker){ p->conn_id, at };
	if (addr_equal(&p->remote, &p->outer))
		return;
	t->paths = room_for(t->paths, t->path_count, sizeof(*t->paths));
	t->paths[t->path_count++] =
		(struct path){ p->local, p->outer, p->encap_remote ? p->encap_remote : 500, at };
}

static void add_pairs_of(struct taking *t)
{
	const struct ike_pair_info *p;

	for (uint32_t i = 0; (p = show_pairs_at(t->s->pairs, i, 0)); i++)
		if (add(t, &p->local, &p->remote, PART_PAIRS, i))
			for (size_t n = 0; (p = show_pairs_at(t->s->pairs, i, n)); n++)
				add_ways(t, p, i);
	if (t->maker_count)
		qsort(t->makers, t->maker_count, sizeof(*t->makers), by_conn_id);
	if (t->path_count)
		qsort(t->paths, t->path_count, sizeof(*t->paths), by_path);
}

/* With whom NHRP wants one. */
static void add_peers(struct taking *t)
{
	struct addr nbma;
	msec since;
	int tunnel;

	for (uint32_t i = 0; show_peers_at(t->s->peers, i, &tunnel, &nbma, &since); i++)
		if (!addr_is_none(&nbma))
			add(t, &show_tunnel_of(t->s->tunnels, tunnel)->local, &nbma, PART_NHRP, i);
}

/*
 * A peer with a pseudo address has its ISAKMP SA with the address that the NAT shows. The one that
 * made its SAs is known by its number, a later one by the way that both go.
 */
static const struct ike_pair_info *pairs_of(const struct taking *t, const struct ike_sa_info *sa)
{
	const struct maker by_number = { .conn_id = sa->conn_id };
	const struct path by_way = { sa->local.addr, sa->remote.addr, sa->remote.port, 0 };
	const struct maker *maker = NULL;
	const struct path *path = NULL;

	if (t->maker_count)
		maker = bsearch(&by_number, t->makers, t->maker_count, sizeof(*maker), by_conn_id);
	if (!maker && t->path_count)
		path = bsearch(&by_way, t->paths, t->path_count, sizeof(*path), by_path);
	if (!maker && !path)
		return NULL;
	return show_pairs_at(t->s->pairs, maker ? maker->at : path->at, 0);
}

static void add_isakmp_sas(struct taking *t)
{
	const struct ike_sa_info *sa;

	for (uint32_t i = 0; (sa = show_sas_at(t->s->sas, i)); i++) {
		const struct ike_pair_info *p = pairs_of(t, sa);

		if (p)
			add(t, &p->local, &p->remote, PART_SA, i);
		else
			add(t, &sa->local.addr, &sa->remote.addr, PART_SA, i);
	}
}

static bool same_session(const struct part *a, const struct part *b)
{
	return a->tunnel == b->tunnel && addr_equal(&a->peer, &b->peer);
}

static int part_order(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int order = a->tunnel - b->tunnel;

	if (!order)
		order = show_addr_order(&a->peer, &b->peer);
	if (!order)
		order = a->kind - b->kind;
	return order ? order : a->at < b->at ? -1 : a->at > b->at;
}

/* all: every one; else those that NHRP is told of. */
static void group(struct sessions *s, bool all)
{
	size_t n = 0;

	if (s->part_count)
		qsort(s->parts, s->part_count, sizeof(*s->parts), part_order);
	s->firsts = xcalloc(s->part_count + 1, sizeof(*s->firsts));
	for (size_t i = 0, next; i < s->part_count; i = next) {
		bool known = all;
		size_t first = n;

		for (next = i; next < s->part_count; next++) {
			if (!same_session(&s->parts[next], &s->parts[i]))
				break;
			known |= s->parts[next].kind == PART_NHRP;
		}
		if (!known)
			continue;
		s->firsts[s->count++] = (uint32_t)first;
		memmove(&s->parts[n], &s->parts[i], (next - i) * sizeof(*s->parts));
		n += next - i;
	}
	s->firsts[s->count] = (uint32_t)n;
	s->parts = xreallocarray(s->parts, n, sizeof(*s->parts));
	s->part_count = n;
}

static void release(void *arg)
{
	struct sessions *s = arg;

	free(s->parts);
	free(s->firsts);
	free(s);
}

json_t *show_sessions(struct daemon *d, struct answer *a, const struct show_peers *peers,
		      const struct show_pairs *pairs, bool all)
{
	struct sessions *s = answer_owns(a, xcalloc(1, sizeof(*s)), release);
	struct taking t = { .d = d, .s = s, .tunnel = -1 };

	s->pairs = pairs;
	s->peers = peers;
	s->sas = show_sas_take(d, a);
	s->tunnels = show_tunnels_take(d, a);
	s->now = loop_now();
	add_pairs_of(&t);
	add_peers(&t);
	add_isakmp_sas(&t);
	free(t.makers);
	free(t.paths);
	group(s, all);
	return answer_list(a, session_item, s, 0, s->count);
}

struct answer *show_crypto_session(struct daemon *d, const json_t *args,
				   const struct kernel_answer *kernel)
{
	struct answer *a = answer_new();
	json_t *error;
	struct show_peers *peers = show_peers_take(d, a, args, &error);

	if (!peers)
		return answer_is(a, error);
	return answer_is(
		a, json_pack("{s:o}", "sessions",
			     show_sessions(d, a, peers, show_pairs_take(d, a, kernel), true)));
}
