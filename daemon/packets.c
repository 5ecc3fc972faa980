/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/packets.h"

#include <stdlib.h>
#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/show.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/hairpin.h"
#include "gre/multicast.h"
#include "gre/neigh.h"
#include "gre/nhrp_sock.h"
#include "nhrp/nhrp.h"

_Static_assert(PACKETS_WHY >= GRE_WHY, "a room's sentence fits");

struct listener {
	struct addr nbma;
	UT_hash_handle hh;
};

struct packets {
	struct nhrp_sock *nhrp;
	struct multicast *multicast;
	struct hairpin *hairpin;
	struct loop_watch *nhrp_watch, *multicast_watch, *hairpin_watch;
	struct listener *listeners; /* whom NHRP has named, in that order */
	uint64_t send_errors;
};

/* ---- what arrives ---- */

static void nhrp_readable(struct daemon *d, void *arg)
{
	struct tunnel *t = arg;
	struct nhrp_sock *s = t->packets->nhrp;
	struct nhrp_sock_packet p;

	nhrp_sock_readable(s);
	while (nhrp_sock_next(s, &p)) {
		nhrp_peer_nat(d->nhrp, t->id, p.nbma, peers_is_behind_nat(d, &t->local, &p.nbma));
		nhrp_input(d->nhrp, loop_now(), t->id, p.nbma, p.payload.data, p.payload.len);
	}
}

static void multicast_can_read(struct daemon *d, void *arg)
{
	struct tunnel *t = arg;

	(void)d;
	multicast_readable(t->packets->multicast);
}

static void hairpin_can_read(struct daemon *d, void *arg)
{
	struct tunnel *t = arg;
	struct span packet;

	hairpin_readable(t->packets->hairpin);
	while (hairpin_next(t->packets->hairpin, &packet))
		nhrp_hairpin(d->nhrp, loop_now(), t->id, packet);
}

/* ---- opening and closing ---- */

void packets_prepare(struct daemon *d)
{
	if (!hairpin_load(&d->hairpin, HAIRPIN_INTERVAL, d->hairpin_why))
		return;
	d->hairpin = NULL;
	/* Where it is wanted, now or after a reload, open_hairpin() says so. */
	log_msg(LOG_DEBUG, "no redirects can be sent: %s", d->hairpin_why);
}

void packets_unprepare(struct daemon *d)
{
	hairpin_unload(d->hairpin);
	d->hairpin = NULL;
}

static void open_multicast(struct daemon *d, struct tunnel *t)
{
	struct packets *p = t->packets;
	char why[GRE_WHY];

	if (p->multicast || !p->listeners || !t->ifindex)
		return;
	if (multicast_open(&p->multicast, t->ifindex, why)) {
		p->multicast = NULL;
		log_msg(LOG_WARNING, "%s: multicast does not leave: %s", t->conf->name, why);
		return;
	}
	p->multicast_watch =
		loop_watch(d->loop, multicast_fd(p->multicast), multicast_can_read, t);
	for (struct listener *l = p->listeners; l; l = l->hh.next)
		multicast_add(p->multicast, &l->nbma);
}

static void close_multicast(struct packets *p)
{
	loop_unwatch(p->multicast_watch);
	multicast_close(p->multicast);
	p->multicast_watch = NULL;
	p->multicast = NULL;
}

static void open_hairpin(struct daemon *d, struct tunnel *t)
{
	struct packets *p = t->packets;
	char why[GRE_WHY];

	if (p->hairpin || !t->ifindex)
		return;
	if (!d->hairpin) {
		log_msg(LOG_WARNING, "%s: redirect does not work: %s", t->conf->name,
			d->hairpin_why);
		return;
	}
	if (hairpin_open(&p->hairpin, d->hairpin, t->ifindex, why)) {
		p->hairpin = NULL;
		log_msg(LOG_WARNING, "%s: redirect does not work: %s", t->conf->name, why);
		return;
	}
	p->hairpin_watch = loop_watch(d->loop, hairpin_fd(p->hairpin), hairpin_can_read, t);
}

static void close_hairpin(struct packets *p)
{
	loop_unwatch(p->hairpin_watch);
	hairpin_close(p->hairpin);
	p->hairpin_watch = NULL;
	p->hairpin = NULL;
}

void packets_configure(struct daemon *d, struct tunnel *t)
{
	if (t->conf->nhrp.redirect)
		open_hairpin(d, t);
	else
		close_hairpin(t->packets);
}

bool packets_open(struct daemon *d, struct tunnel *t, char why[PACKETS_WHY])
{
	struct packets *p = t->packets;

	if (!p)
		p = t->packets = xcalloc(1, sizeof(*p));
	if (nhrp_sock_open(&p->nhrp, t->ifindex, why)) {
		p->nhrp = NULL;
		return false;
	}
	p->nhrp_watch = loop_watch(d->loop, nhrp_sock_fd(p->nhrp), nhrp_readable, t);
	gre_neighs_watch(d->neighs, t->ifindex);
	open_multicast(d, t);
	packets_configure(d, t);
	return true;
}

void packets_close(struct daemon *d, struct tunnel *t)
{
	struct packets *p = t->packets;

	if (!p || !p->nhrp)
		return;
	close_hairpin(p);
	close_multicast(p);
	gre_neighs_unwatch(d->neighs, t->ifindex);
	loop_unwatch(p->nhrp_watch);
	nhrp_sock_close(p->nhrp);
	p->nhrp_watch = NULL;
	p->nhrp = NULL;
}

void packets_free(struct daemon *d, struct tunnel *t)
{
	struct listener *l, *next;

	if (!t->packets)
		return;
	packets_close(d, t);
	HASH_ITER (hh, t->packets->listeners, l, next) {
		HASH_DEL(t->packets->listeners, l);
		free(l);
	}
	free(t->packets);
	t->packets = NULL;
}

bool packets_are_open(const struct tunnel *t)
{
	return t->packets && t->packets->nhrp;
}

/* ---- what leaves ---- */

void packets_send_nhrp(struct tunnel *t, const struct addr *nbma, struct span packet)
{
	/* What gets lost is sent again; why it got lost shows in the link's own state. */
	if (t->packets && (!t->packets->nhrp || nhrp_sock_send(t->packets->nhrp, nbma, packet)))
		t->packets->send_errors++;
}

uint64_t packets_send_errors(const struct tunnel *t)
{
	return t->packets ? t->packets->send_errors : 0;
}

static struct listener *find(struct packets *p, const struct addr *nbma)
{
	struct listener *l;

	HASH_FIND(hh, p->listeners, nbma, sizeof(*nbma), l);
	return l;
}

static void add_listener(struct daemon *d, struct tunnel *t, const struct addr *nbma)
{
	struct packets *p = t->packets;
	struct listener *l;

	if (find(p, nbma))
		return;
	l = xcalloc(1, sizeof(*l));
	l->nbma = *nbma;
	HASH_ADD(hh, p->listeners, nbma, sizeof(l->nbma), l);
	if (p->multicast)
		multicast_add(p->multicast, nbma);
	else
		open_multicast(d, t);
}

static void remove_listener(struct tunnel *t, const struct addr *nbma)
{
	struct packets *p = t->packets;
	struct listener *l = find(p, nbma);

	if (!l)
		return;
	HASH_DEL(p->listeners, l);
	free(l);
	if (p->multicast)
		multicast_del(p->multicast, nbma);
	/* Nobody listens: nothing need be captured. */
	if (!p->listeners)
		close_multicast(p);
}

bool packets_effect(struct daemon *d, struct tunnel *t, const struct nhrp_effect *e)
{
	if (e->kind != NHRP_MULTICAST_ADD && e->kind != NHRP_MULTICAST_DEL)
		return false;
	if (t->packets && e->kind == NHRP_MULTICAST_ADD)
		add_listener(d, t, &e->nbma);
	else if (t->packets)
		remove_listener(t, &e->nbma);
	return true;
}

/* ---- shows ---- */

json_t *packets_show_multicast(const struct tunnel *t)
{
	json_t *list = json_array(), *o = json_pack("{s:o}", "listeners", list);
	struct multicast_counters c = { 0 };

	for (const struct listener *l = t->packets ? t->packets->listeners : NULL; l; l = l->hh.next)
		json_array_append_new(list, show_addr(&l->nbma));
	if (t->packets && t->packets->multicast)
		c = multicast_counters(t->packets->multicast);
	json_object_set_new(o, "captured", show_u64(c.captured));
	json_object_set_new(o, "copies", show_u64(c.copies));
	json_object_set_new(o, "errors", show_u64(c.errors));
	json_object_set_new(o, "dropped", show_u64(c.dropped));
	return o;
}

json_t *packets_show_redirect(const struct daemon *d, const struct tunnel *t)
{
	struct hairpin_counters c = { 0 };
	bool works = t->packets && t->packets->hairpin;
	json_t *o;

	if (works)
		c = hairpin_counters(t->packets->hairpin);
	o = json_pack("{s:b, s:o, s:o, s:o}", "works", (int)works, "seen", show_u64(c.seen),
		      "dropped", show_u64(c.dropped), "errors", show_u64(c.errors));
	if (!d->hairpin)
		json_object_set_new(o, "why", json_string(d->hairpin_why));
	return o;
}
