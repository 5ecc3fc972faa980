/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions as IOS has them: with each peer of a protected tunnel what there is of phase 1 and of
 * phase 2, in one place. Put together from what the other shows say: a session is with whom NHRP
 * knows of, and with whoever else has an SA here.
 *
 * Each of these is a part of a session between two addresses. Sorted by them, what belongs to one
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

struct part {
	struct addr local, peer;
	enum { PART_PAIRS, PART_NHRP, PART_SA } kind; /* in the order in which they are told */
	uint32_t at;				      /* item of pairs, peers or sas */
	int tunnel; /* that shows what the tunnels of this source share */
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

static const char *text_of_member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name)) ?: "";
}

static json_int_t int_of_member(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static json_t *session_of(const struct sessions *s, const struct part *t)
{
	return json_pack("{s:s, s:o, s:i, s:n, s:n, s:o, s:[], s:i, s:i, s:i, s:i, s:i}",
			 "interface", show_tunnel_of(s->tunnels, t->tunnel)->name, "peer",
			 show_addr(&t->peer), "port", 500, "uptime", "phase1_id", "local",
			 show_addr(&t->local), "isakmp_sas", "active_sas", 0, "decaps", 0,
			 "in_drops", 0, "encaps", 0, "out_drops", 0);
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
		active |= !strcmp(text_of_member(sa, "state"), "QM_IDLE");
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

/* The tunnel that shows what the tunnels of this source share; -1: none is protected. */
static int first_on(struct daemon *d, const struct addr *local)
{
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, local));)
		if (tunnel_is_protected(t))
			return t->id;
	return -1;
}

/* False: no tunnel of this source is protected, so it belongs to no session. */
static bool add(struct sessions *s, struct daemon *d, const struct part *t)
{
	struct part *last = s->part_count ? &s->parts[s->part_count - 1] : NULL;
	/* Many come one after another from the same. */
	int tunnel =
		last && addr_equal(&last->local, &t->local) ? last->tunnel : first_on(d, &t->local);

	if (tunnel < 0)
		return false;
	/* Room for a power of two. */
	if (!(s->part_count & (s->part_count - 1)))
		s->parts = xreallocarray(s->parts, MAX(2 * s->part_count, (size_t)64),
					 sizeof(*s->parts));
	s->parts[s->part_count] = *t;
	s->parts[s->part_count++].tunnel = tunnel;
	return true;
}

/* Where an ISAKMP SA finds its session: what it has made SAs for, or where their packets go. */
struct way {
	uint32_t conn_id;
	struct addr local, outer;
	uint16_t port;
	uint32_t at; /* item of pairs */
};

static int by_conn_id(const void *x, const void *y)
{
	const struct way *a = x, *b = y;

	return a->conn_id < b->conn_id ? -1 : a->conn_id > b->conn_id;
}

static int by_path(const void *x, const void *y)
{
	const struct way *a = x, *b = y;
	int order = show_addr_order(&a->local, &b->local);

	if (!order)
		order = show_addr_order(&a->outer, &b->outer);
	return order ? order : a->port - b->port;
}

/* All ways in two orders. */
struct ways {
	struct way *by_conn_id, *by_path;
	size_t count;
};

static void add_pairs_of(struct sessions *s, struct daemon *d, struct ways *w)
{
	const struct ike_pair_info *p;
	size_t room = 0;

	for (uint32_t i = 0; show_pairs_at(s->pairs, i, 0); i++) {
		for (size_t n = 0; (p = show_pairs_at(s->pairs, i, n)); n++) {
			const struct part part = { p->local, p->remote, PART_PAIRS, i, 0 };

			if (!n && !add(s, d, &part))
				break;
			if (w->count == room) {
				room = room ? 2 * room : 64;
				w->by_path = xreallocarray(w->by_path, room, sizeof(*w->by_path));
			}
			w->by_path[w->count++] =
				(struct way){ p->conn_id, p->local, p->outer,
					      p->encap_remote ? p->encap_remote : 500, i };
		}
	}
	if (!w->count)
		return;
	w->by_conn_id = xmemdup(w->by_path, w->count * sizeof(*w->by_path));
	qsort(w->by_conn_id, w->count, sizeof(*w->by_conn_id), by_conn_id);
	qsort(w->by_path, w->count, sizeof(*w->by_path), by_path);
}

/* With whom NHRP wants one. */
static void add_peers(struct sessions *s, struct daemon *d)
{
	struct addr nbma;
	msec since;
	int tunnel;

	for (uint32_t i = 0; show_peers_at(s->peers, i, &tunnel, &nbma, &since); i++) {
		const struct addr *local = &show_tunnel_of(s->tunnels, tunnel)->local;

		if (!addr_is_none(&nbma))
			add(s, d, &(struct part){ *local, nbma, PART_NHRP, i, 0 });
	}
}

/*
 * A peer with a pseudo address has its ISAKMP SA with the address that the NAT shows. The one that
 * made its SAs is known by its number, a later one by the way that both go.
 */
static const struct way *way_of(const struct ways *w, const struct ike_sa_info *sa)
{
	const struct way key = { sa->conn_id, sa->local.addr, sa->remote.addr, sa->remote.port, 0 };
	const struct way *found = NULL;

	if (w->count)
		found = bsearch(&key, w->by_conn_id, w->count, sizeof(key), by_conn_id)
				?: bsearch(&key, w->by_path, w->count, sizeof(key), by_path);
	return found;
}

static void add_isakmp_sas(struct sessions *s, struct daemon *d, const struct ways *w)
{
	const struct ike_sa_info *sa;

	for (uint32_t i = 0; (sa = show_sas_at(s->sas, i)); i++) {
		const struct way *way = way_of(w, sa);
		const struct ike_pair_info *p = way ? show_pairs_at(s->pairs, way->at, 0) : NULL;

		add(s, d,
		    &(struct part){ p ? p->local : sa->local.addr, p ? p->remote : sa->remote.addr,
				    PART_SA, i, 0 });
	}
}

static int part_order(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int order = show_addr_order(&a->local, &b->local);

	if (!order)
		order = show_addr_order(&a->peer, &b->peer);
	if (!order)
		order = (int)a->kind - (int)b->kind;
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
			if (!addr_equal(&s->parts[next].local, &s->parts[i].local) ||
			    !addr_equal(&s->parts[next].peer, &s->parts[i].peer))
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
	struct ways w = { 0 };

	s->pairs = pairs;
	s->peers = peers;
	s->sas = show_sas_take(d, a);
	s->tunnels = show_tunnels_take(d, a);
	s->now = loop_now();
	add_pairs_of(s, d, &w);
	add_peers(s, d);
	add_isakmp_sas(s, d, &w);
	free(w.by_conn_id);
	free(w.by_path);
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
