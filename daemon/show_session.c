/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions as IOS has them: with each peer of a protected tunnel what there is of phase 1 and of
 * phase 2, in one place. Put together from what the other shows say: a session is with whom NHRP
 * knows of, and with whoever else has an SA here.
 */
#include "daemon/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/tunnel.h"

struct sessions {
	json_t *by_ends;    /* "10.0.0.4 10.0.1.2": a session */
	json_t *by_conn_id; /* of the ISAKMP SA that made its SAs; borrows from by_ends */
	json_t *by_path;    /* "10.0.0.4 10.0.1.2 4500": as packets of its SAs go; borrows, too */
};

static const char *text_of_member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name)) ?: "";
}

static json_int_t int_of_member(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* The tunnel that shows what the tunnels of this source share. */
static const struct tunnel *first_on(struct daemon *d, const struct addr *local)
{
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, local));)
		if (tunnel_is_protected(t))
			return t;
	return NULL;
}

static json_t *session_with(struct sessions *s, const struct tunnel *t, const char *peer)
{
	char local[ADDR_TEXT], ends[2 * ADDR_TEXT];
	json_t *o;

	addr_text(&t->local, local);
	snprintf(ends, sizeof(ends), "%s %s", local, peer);
	o = json_object_get(s->by_ends, ends);
	if (o)
		return o;
	o = json_pack("{s:s, s:s, s:i, s:n, s:n, s:s, s:[], s:i, s:i, s:i, s:i, s:i}", "interface",
		      t->conf->name, "peer", peer, "port", 500, "uptime", "phase1_id", "local",
		      local, "isakmp_sas", "active_sas", 0, "decaps", 0, "in_drops", 0, "encaps", 0,
		      "out_drops", 0);
	json_object_set_new(s->by_ends, ends, o);
	return o;
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

	json_object_set(life, "kilobytes", json_object_get(sa, "remaining_kilobytes") ?: json_null());
	json_object_set(life, "seconds", json_object_get(sa, "remaining_seconds") ?: json_null());
	json_object_set_new(session, name, life);
}

/* Of several peers behind one NAT each has a port of its own there. */
static void name_path(char *name, size_t size, const char *local, const char *remote,
		      json_int_t port)
{
	snprintf(name, size, "%s %s %lld", local, remote, (long long)port);
}

/* Pairs with one peer, as show crypto ipsec sa has them. */
static void add_pairs(struct sessions *s, const struct tunnel *t, const json_t *peer)
{
	const json_t *in = json_object_get(peer, "inbound"), *out = json_object_get(peer, "outbound");
	json_t *session = session_with(s, t, text_of_member(peer, "remote")), *sa;
	char conn_id[24], path[2 * ADDR_TEXT + 24];
	size_t i;

	name_path(path, sizeof(path), text_of_member(session, "local"),
		  text_of_member(peer, "outer"), int_of_member(peer, "port"));
	json_object_set(s->by_path, path, session);
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
	json_array_foreach (in, i, sa) {
		snprintf(conn_id, sizeof(conn_id), "%lld", (long long)int_of_member(sa, "conn_id"));
		json_object_set(s->by_conn_id, conn_id, session);
		/* The oldest: until it is known better, the session is as old. */
		json_object_set(session, "uptime", json_object_get(sa, "age"));
	}
}

static void add_all_pairs(struct sessions *s, struct daemon *d, const struct kernel_answer *kernel)
{
	json_t *all = show_crypto_ipsec_sa(d, &(struct addr){ 0 }, NULL, kernel), *link, *peer;
	struct addr local;
	size_t i, j;

	json_array_foreach (json_object_get(all, "interfaces"), i, link) {
		const struct tunnel *t = addr_parse(text_of_member(link, "local"), &local) ?
						 first_on(d, &local) :
						 NULL;

		json_array_foreach (json_object_get(link, "peers"), j, peer)
			if (t)
				add_pairs(s, t, peer);
	}
	json_decref(all);
}

/* With whom NHRP wants one, and since when it has one. */
static void add_nhrp(struct sessions *s, struct daemon *d)
{
	json_t *all = show_dmvpn(d, NULL), *peer;
	size_t at = 0, i;

	TUNNELS_EACH (d, t) {
		const json_t *tunnel = json_array_get(json_object_get(all, "tunnels"), at++);
		const struct tunnel *first = first_on(d, &t->local);

		json_array_foreach (json_object_get(tunnel, "peers"), i, peer) {
			const char *nbma = text_of_member(peer, "nbma");
			struct addr address;
			json_t *session;

			if (!first || !addr_parse(nbma, &address))
				continue;
			session = session_with(s, first, nbma);
			if (int_of_member(session, "active_sas") &&
			    json_is_integer(json_object_get(peer, "since")))
				json_object_set(session, "uptime", json_object_get(peer, "since"));
		}
	}
	json_decref(all);
}

/*
 * A peer with a pseudo address has its ISAKMP SA with the address that the NAT shows. The one that
 * made its SAs is known by its number, a later one by the way that both go.
 */
static json_t *session_of_sa(struct sessions *s, struct daemon *d, const json_t *sa)
{
	const struct tunnel *t;
	struct addr local;
	char conn_id[24], path[2 * ADDR_TEXT + 24];
	json_t *session;

	snprintf(conn_id, sizeof(conn_id), "%lld", (long long)int_of_member(sa, "conn_id"));
	name_path(path, sizeof(path), text_of_member(sa, "local"), text_of_member(sa, "remote"),
		  int_of_member(sa, "remote_port"));
	session = json_object_get(s->by_conn_id, conn_id) ?: json_object_get(s->by_path, path);
	if (session)
		return session;
	t = addr_parse(text_of_member(sa, "local"), &local) ? first_on(d, &local) : NULL;
	return t ? session_with(s, t, text_of_member(sa, "remote")) : NULL;
}

static void add_isakmp_sas(struct sessions *s, struct daemon *d)
{
	json_t *all = show_crypto_isakmp_sa(d, NULL), *sa;
	size_t i;

	json_array_foreach (json_object_get(all, "sas"), i, sa) {
		json_t *session = session_of_sa(s, d, sa);

		if (!session)
			continue;
		json_array_append(json_object_get(session, "isakmp_sas"), sa);
		json_object_set(session, "port", json_object_get(sa, "remote_port"));
		if (json_is_string(json_object_get(sa, "phase1_id")))
			json_object_set(session, "phase1_id", json_object_get(sa, "phase1_id"));
	}
	json_decref(all);
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

struct place {
	struct addr local, peer;
	json_t *session;
};

static int place_order(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int order = show_addr_order(&a->local, &b->local);

	return order ? order : show_addr_order(&a->peer, &b->peer);
}

static json_t *in_order(json_t *by_ends)
{
	size_t count = json_object_size(by_ends), n = 0;
	struct place *places = xcalloc(count, sizeof(*places));
	json_t *list = json_array(), *session;
	const char *ends;

	json_object_foreach (by_ends, ends, session) {
		struct place *p = &places[n++];

		json_object_set_new(session, "status", json_string(status_of(session)));
		p->session = session;
		addr_parse(text_of_member(session, "local"), &p->local);
		addr_parse(text_of_member(session, "peer"), &p->peer);
	}
	if (n)
		qsort(places, n, sizeof(*places), place_order);
	for (size_t i = 0; i < n; i++)
		json_array_append(list, places[i].session);
	free(places);
	return list;
}

json_t *show_crypto_session(struct daemon *d, const struct kernel_answer *kernel)
{
	struct sessions s = { json_object(), json_object(), json_object() };
	json_t *list;

	add_all_pairs(&s, d, kernel);
	add_nhrp(&s, d);
	add_isakmp_sas(&s, d);
	list = in_order(s.by_ends);
	json_decref(s.by_conn_id);
	json_decref(s.by_path);
	json_decref(s.by_ends);
	return json_pack("{s:o}", "sessions", list);
}
