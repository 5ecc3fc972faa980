/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/explain_facts.h"

#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/show.h"
#include "daemon/tunnel.h"
#include "daemon/udp.h"
#include "ikev1/cert.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

#define EVENTS 600 /* of one peer: the last five negotiations or so */

/* ---- all of them ---- */

/* How far IKE is with somebody. */
struct stage {
	struct addr remote;
	size_t nth; /* in IKE's order: of several the last one counts */
	enum ike_state state;
};

struct stages {
	struct stage *list;
	size_t n, room;
};

struct explain_view {
	struct daemon *d;
	struct nhrp_entry *entries; /* by NBMA address */
	size_t entry_count;
	struct stages phase1, phase2; /* by remote address */
	struct ifaddrs *interfaces;   /* NULL: the kernel does not tell */
	enum ike_cause own_flaw;      /* of our certificate */
};

static int by_nbma(const void *x, const void *y)
{
	const struct nhrp_entry *a = x, *b = y;
	int order = show_addr_order(&a->nbma, &b->nbma);

	return order ? order : show_addr_order(&a->protocol, &b->protocol);
}

static int by_remote(const void *x, const void *y)
{
	const struct stage *a = x, *b = y;
	int order = show_addr_order(&a->remote, &b->remote);

	return order ? order : a->nth < b->nth ? -1 : a->nth > b->nth;
}

static void add_stage(struct stages *s, const struct addr *remote, enum ike_state state)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->list = xreallocarray(s->list, s->room, sizeof(*s->list));
	}
	s->list[s->n] = (struct stage){ *remote, s->n, state };
	s->n++;
}

struct explain_view *explain_look(struct daemon *d)
{
	struct explain_view *v = xcalloc(1, sizeof(*v));
	const void *cursor = NULL;
	struct ike_sa_info sa;
	struct ike_pair_info pair;
	struct ike_cert about;

	v->d = d;
	v->entries = show_nhrp_entries(d, &v->entry_count);
	qsort(v->entries, v->entry_count, sizeof(*v->entries), by_nbma);
	while (ike_sa_next(d->ike, &cursor, &sa))
		add_stage(&v->phase1, &sa.remote.addr, sa.state);
	for (cursor = NULL; ike_pair_next(d->ike, &cursor, &pair);)
		add_stage(&v->phase2, &pair.remote, pair.state);
	if (v->phase1.n)
		qsort(v->phase1.list, v->phase1.n, sizeof(*v->phase1.list), by_remote);
	if (v->phase2.n)
		qsort(v->phase2.list, v->phase2.n, sizeof(*v->phase2.list), by_remote);
	if (getifaddrs(&v->interfaces) < 0)
		v->interfaces = NULL;
	if (d->trustpoint)
		v->own_flaw = trustpoint_judge(d->trustpoint, time(NULL), &about);
	return v;
}

void explain_look_end(struct explain_view *v)
{
	if (v->interfaces)
		freeifaddrs(v->interfaces);
	free(v->entries);
	free(v->phase1.list);
	free(v->phase2.list);
	free(v);
}

/* Of a key, which is an address, to what is sorted. */

static int key_to_entry(const void *key, const void *item)
{
	return show_addr_order(key, &((const struct nhrp_entry *)item)->nbma);
}

static int key_to_stage(const void *key, const void *item)
{
	return show_addr_order(key, &((const struct stage *)item)->remote);
}

/* ---- who ---- */

struct addrs {
	struct addr *list;
	size_t n, room;
};

static void add(struct addrs *a, const struct addr *one)
{
	if (addr_is_none(one))
		return;
	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 64;
		a->list = xreallocarray(a->list, a->room, sizeof(*a->list));
	}
	a->list[a->n++] = *one;
}

static int order(const void *a, const void *b)
{
	return show_addr_order(a, b);
}

/* Sorts those from `from` on and drops what is there twice, or stands before. */
static void settle(struct addrs *a, size_t from)
{
	size_t n = from;

	if (a->n == from)
		return;
	qsort(a->list + from, a->n - from, sizeof(*a->list), order);
	for (size_t i = from; i < a->n; i++) {
		const struct addr *one = &a->list[i];

		if (n > from && addr_equal(&a->list[n - 1], one))
			continue;
		if (from && bsearch(one, a->list, from, sizeof(*one), order))
			continue;
		a->list[n++] = *one;
	}
	a->n = n;
}

/* What is recorded of an address of ours is about what we said of ourselves. */
static bool is_ours(struct daemon *d, const struct addr *one)
{
	TUNNELS_EACH (d, t)
		if (addr_equal(&t->local, one))
			return true;
	return false;
}

size_t explain_candidates(const struct explain_view *v, struct addr **out)
{
	struct addrs a = { 0 };
	const void *cursor = NULL;
	struct nhrp_nhs nhs;
	struct addr *recorded;
	size_t known, n;

	for (size_t i = 0; i < v->entry_count; i++)
		if (v->entries[i].type != NHRP_ENTRY_LOCAL)
			add(&a, &v->entries[i].nbma);
	while (nhrp_nhs_next(v->d->nhrp, &cursor, &nhs))
		add(&a, &nhs.nbma);
	settle(&a, 0);
	known = a.n;
	for (size_t i = 0; i < v->phase1.n; i++)
		add(&a, &v->phase1.list[i].remote);
	n = recorder_peers(v->d->recorder, loop_now() - MIN(loop_now(), EXPLAIN_PERIOD), &recorded);
	for (size_t i = 0; i < n; i++)
		if (!is_ours(v->d, &recorded[i]))
			add(&a, &recorded[i]);
	free(recorded);
	settle(&a, known);
	*out = a.list;
	return a.n;
}

struct addr explain_nbma_of(const struct explain_view *v, const struct addr *any)
{
	const void *cursor = NULL;
	struct nhrp_nhs s;

	while (nhrp_nhs_next(v->d->nhrp, &cursor, &s))
		if (addr_equal(&s.protocol, any))
			return s.nbma;
	for (size_t i = 0; i < v->entry_count; i++)
		if (addr_equal(&v->entries[i].protocol, any))
			return v->entries[i].nbma;
	TUNNELS_EACH (v->d, t)
		if (prefix_contains(&t->conf->address, any))
			return (struct addr){ 0 };
	return *any;
}

/* ---- what ---- */

static void of_nhs(struct daemon *d, struct subject *s)
{
	const void *cursor = NULL;
	struct nhrp_nhs n;

	while (nhrp_nhs_next(d->nhrp, &cursor, &n)) {
		if (!addr_equal(&n.nbma, &s->facts.remote))
			continue;
		s->tunnel = n.id;
		s->facts.protocol = n.protocol;
		s->facts.mapped = s->facts.server = true;
		s->facts.registered = n.state == NHRP_NHS_UP || n.state == NHRP_NHS_STANDBY;
	}
}

/* Since when it has been up; MSEC_NEVER: it is not, or nobody knows. */
static msec of_entries(const struct explain_view *v, struct subject *s)
{
	struct explain_facts *f = &s->facts;
	msec since = MSEC_NEVER;
	size_t i = show_first(&f->remote, v->entries, v->entry_count, sizeof(*v->entries),
			      key_to_entry);

	for (; i < v->entry_count && addr_equal(&v->entries[i].nbma, &f->remote); i++) {
		const struct nhrp_entry *e = &v->entries[i];

		if (e->type == NHRP_ENTRY_LOCAL)
			continue;
		if (s->tunnel < 0)
			s->tunnel = e->id;
		if (addr_is_none(&f->protocol))
			f->protocol = e->protocol;
		if (e->peer_up)
			since = e->peer_since;
		if (e->type == NHRP_ENTRY_STATIC)
			f->mapped = true;
		/* A map without a server behind it, or a spoke that was resolved: nothing to register. */
		if (!f->server && (e->type == NHRP_ENTRY_STATIC || e->type == NHRP_ENTRY_DYNAMIC))
			f->registered = true;
	}
	return since;
}

/* What is under way counts more than what is done; MM_START: there is nothing. */
static enum ike_state stage_of(const struct stages *s, const struct addr *remote,
			       enum ike_state done)
{
	enum ike_state state = MM_START;
	size_t i = show_first(remote, s->list, s->n, sizeof(*s->list), key_to_stage);

	for (; i < s->n && addr_equal(&s->list[i].remote, remote); i++)
		if (state == MM_START || s->list[i].state != done)
			state = s->list[i].state;
	return state;
}

static void of_interface(const struct explain_view *v, struct explain_facts *f,
			 const struct conf_tunnel *t)
{
	memcpy(f->interface, t->source_if, sizeof(f->interface));
	for (const struct ifaddrs *i = v->interfaces; i; i = i->ifa_next) {
		const struct sockaddr_in *sin = (const void *)i->ifa_addr;

		if (sin && sin->sin_family == AF_PACKET && !strcmp(i->ifa_name, t->name)) {
			const struct rtnl_link_stats *seen = i->ifa_data;

			snprintf(f->link, sizeof(f->link), "%s", i->ifa_name);
			f->link_down = !(i->ifa_flags & IFF_UP);
			f->tunnel_in = seen ? seen->rx_packets : 0;
		}
		if (!sin || sin->sin_family != AF_INET ||
		    memcmp(&sin->sin_addr, f->local.b, sizeof(sin->sin_addr)) != 0)
			continue;
		snprintf(f->interface, sizeof(f->interface), "%s", i->ifa_name);
		f->interface_down = !(i->ifa_flags & IFF_UP);
		f->no_carrier = !f->interface_down && !(i->ifa_flags & IFF_RUNNING);
	}
}

static void of_tunnel(const struct explain_view *v, struct subject *s)
{
	struct daemon *d = v->d;
	struct explain_facts *f = &s->facts;
	struct tunnel *t = s->tunnel < 0 ? tunnel_next(d, NULL) : tunnel_by_id(d, s->tunnel);
	unsigned int link;

	f->secured = true;
	if (!t)
		return;
	f->local = t->local;
	/* Somebody who only called us may have called another source of ours. */
	for (size_t i = f->count; s->tunnel < 0 && i-- > 0;)
		if (f->events[i].is_ike) {
			f->local = f->events[i].ike.local.addr;
			break;
		}
	f->secured = tunnel_is_protected(t);
	f->inside = t->conf->address.addr;
	f->tunnel = t->ifindex;
	f->up = !f->secured || peers_is_up(d, &f->local, &f->remote);
	of_interface(v, f, t->conf);
	/* The longest that leaves: GRE and ESP around the tunnel's MTU. */
	link = f->interface[0] ? show_mtu(f->interface) : 0;
	f->large = link ? MIN(link, t->mtu + 84u) : 0;
}

void explain_gather_machine(struct daemon *d, struct explain_machine *out)
{
	*out = (struct explain_machine){ 0 };
	TUNNELS_EACH (d, t) {
		if (t->conf->nhrp.redirect && !d->hairpin)
			out->redirect_why = d->hairpin_why;
		if (!*t->waits || out->waiting_count == EXPLAIN_WAITING)
			continue;
		out->waiting[out->waiting_count].name = t->conf->name;
		out->waiting[out->waiting_count++].why = t->waits;
	}
}

static void of_icmp(struct daemon *d, struct explain_facts *f)
{
	const struct udp_icmp *i = udp_icmp_about(d, &f->remote);

	if (i && f->now - i->at <= EXPLAIN_PERIOD)
		f->icmp = (struct explain_icmp){ true, i->error, i->filtered, i->from, i->at };
}

/*
 * In main mode message follows on message: from sending one to the next one that comes. At best, since some
 * are repeated, and some wait for a computation.
 */
static msec round_trip(const struct explain_facts *f)
{
	const struct ike_event *sent = NULL;
	msec best = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct ike_event *e = &f->events[i].ike;

		if (!f->events[i].is_ike || e->kind != IKE_EVENT_MESSAGE || e->phase != 1)
			continue;
		if (!e->message.sent && sent && e->at > sent->at &&
		    memcmp(e->icookie, sent->icookie, sizeof(e->icookie)) == 0)
			best = best ? MIN(best, e->at - sent->at) : e->at - sent->at;
		sent = e->message.sent ? e : NULL;
	}
	return best;
}

uint64_t explain_wrong_way(void)
{
	static const char group[] = "TcpExt:", name[] = "IPReversePathFilter";
	char names[4096], values[4096], *n, *v, *next_name, *next_value;
	FILE *file = fopen("/proc/self/net/netstat", "re");
	uint64_t count = 0;

	/* A line of names, then one of values. */
	while (file && fgets(names, sizeof(names), file) && fgets(values, sizeof(values), file)) {
		if (strncmp(names, group, sizeof(group) - 1) != 0)
			continue;
		n = strtok_r(names, " \n", &next_name);
		v = strtok_r(values, " \n", &next_value);
		while (n && v && strcmp(n, name) != 0) {
			n = strtok_r(NULL, " \n", &next_name);
			v = strtok_r(NULL, " \n", &next_value);
		}
		count = n && v ? strtoull(v, NULL, 10) : 0;
		break;
	}
	if (file)
		fclose(file);
	return count;
}

void explain_count_again(struct subject *subjects, size_t count)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		const struct rtnl_link_stats *seen = i->ifa_data;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_PACKET || !seen)
			continue;
		for (size_t k = 0; k < count; k++)
			if (!strcmp(i->ifa_name, subjects[k].facts.link))
				subjects[k].facts.tunnel_in = seen->rx_packets;
	}
	freeifaddrs(list);
}

bool explain_gather(const struct explain_view *v, const struct addr *remote, bool force,
		    struct subject *out)
{
	struct explain_facts *f = &out->facts;
	msec now = loop_now(), from = now - MIN(now, EXPLAIN_PERIOD), since;

	*out = (struct subject){ .tunnel = -1 };
	f->now = now;
	f->remote = *remote;
	of_nhs(v->d, out);
	since = of_entries(v, out);
	if (!force && since < from && f->registered)
		return false;
	f->count = recorder_read(v->d->recorder, remote, from, EVENTS, &out->events);
	f->events = out->events;
	f->phase1 = stage_of(&v->phase1, remote, MM_ACTIVE);
	f->phase2 = stage_of(&v->phase2, remote, QM_ACTIVE);
	f->own_flaw = v->own_flaw;
	of_tunnel(v, out);
	of_icmp(v->d, f);
	f->round_trip = round_trip(f);
	return true;
}

void explain_release(struct subject *s)
{
	free(s->events);
	s->events = NULL;
}
