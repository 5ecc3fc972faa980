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

size_t explain_candidates(struct daemon *d, struct addr **out)
{
	struct addrs a = { 0 };
	const void *cursor = NULL;
	struct nhrp_entry entry;
	struct nhrp_nhs nhs;
	struct ike_sa_info sa;
	struct addr *recorded;
	size_t known, n;

	while (nhrp_entry_next(d->nhrp, &cursor, &entry))
		if (entry.type != NHRP_ENTRY_LOCAL)
			add(&a, &entry.nbma);
	for (cursor = NULL; nhrp_nhs_next(d->nhrp, &cursor, &nhs);)
		add(&a, &nhs.nbma);
	settle(&a, 0);
	known = a.n;
	for (cursor = NULL; ike_sa_next(d->ike, &cursor, &sa);)
		add(&a, &sa.remote.addr);
	n = recorder_peers(d->recorder, loop_now() - MIN(loop_now(), EXPLAIN_PERIOD), &recorded);
	for (size_t i = 0; i < n; i++)
		add(&a, &recorded[i]);
	free(recorded);
	settle(&a, known);
	*out = a.list;
	return a.n;
}

struct addr explain_nbma_of(struct daemon *d, const struct addr *any)
{
	const void *cursor = NULL;
	struct nhrp_entry e;
	struct nhrp_nhs s;

	for (; nhrp_nhs_next(d->nhrp, &cursor, &s);)
		if (addr_equal(&s.protocol, any))
			return s.nbma;
	for (cursor = NULL; nhrp_entry_next(d->nhrp, &cursor, &e);)
		if (addr_equal(&e.protocol, any))
			return e.nbma;
	TUNNELS_EACH(d, t)
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
static msec of_entries(struct daemon *d, struct subject *s)
{
	struct explain_facts *f = &s->facts;
	const void *cursor = NULL;
	struct nhrp_entry e;
	msec since = MSEC_NEVER;

	while (nhrp_entry_next(d->nhrp, &cursor, &e)) {
		if (e.type == NHRP_ENTRY_LOCAL || !addr_equal(&e.nbma, &f->remote))
			continue;
		if (s->tunnel < 0)
			s->tunnel = e.id;
		if (addr_is_none(&f->protocol))
			f->protocol = e.protocol;
		if (e.peer_up)
			since = e.peer_since;
		if (e.type == NHRP_ENTRY_STATIC)
			f->mapped = true;
		/* A map without a server behind it, or a spoke that was resolved: nothing to register. */
		if (!f->server && (e.type == NHRP_ENTRY_STATIC || e.type == NHRP_ENTRY_DYNAMIC))
			f->registered = true;
	}
	return since;
}

static void of_ike(struct daemon *d, struct explain_facts *f)
{
	const void *cursor = NULL;
	struct ike_sa_info sa;
	struct ike_pair_info pair;

	while (ike_sa_next(d->ike, &cursor, &sa))
		if (addr_equal(&sa.remote.addr, &f->remote) &&
		    (f->phase1 == MM_START || sa.state != MM_ACTIVE))
			f->phase1 = sa.state;
	for (cursor = NULL; ike_pair_next(d->ike, &cursor, &pair);)
		if (addr_equal(&pair.remote, &f->remote) &&
		    (f->phase2 == MM_START || pair.state != QM_ACTIVE))
			f->phase2 = pair.state;
}

static void of_interface(struct explain_facts *f, const struct conf_tunnel *t)
{
	struct ifaddrs *all, *i;

	if (t)
		memcpy(f->interface, t->source_if, sizeof(f->interface));
	if (getifaddrs(&all) < 0)
		return;
	for (i = all; i; i = i->ifa_next) {
		const struct sockaddr_in *sin = (const void *)i->ifa_addr;

		if (t && sin && sin->sin_family == AF_PACKET && !strcmp(i->ifa_name, t->name)) {
			const struct rtnl_link_stats *seen = i->ifa_data;

			snprintf(f->link, sizeof(f->link), "%s", i->ifa_name);
			f->link_down = !(i->ifa_flags & IFF_UP);
			f->tunnel_in = seen ? seen->rx_packets : 0;
		}
		if (!sin || sin->sin_family != AF_INET ||
		    memcmp(&sin->sin_addr, f->local.b, sizeof(sin->sin_addr)) != 0)
			continue;
		snprintf(f->interface, sizeof(f->interface), "%s", i->ifa_name);
		f->interface_down = !(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_RUNNING);
	}
	freeifaddrs(all);
}

static void of_tunnel(struct daemon *d, struct subject *s)
{
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
	of_interface(f, t->conf);
	/* The longest that leaves: GRE and ESP around the tunnel's MTU. */
	link = f->interface[0] ? show_mtu(f->interface) : 0;
	f->large = link ? MIN(link, t->mtu + 84u) : 0;
}

static void of_certificate(struct daemon *d, struct explain_facts *f)
{
	struct ike_cert about;

	if (d->trustpoint)
		f->own_flaw = trustpoint_judge(d->trustpoint, time(NULL), &about);
}

void explain_gather_machine(struct daemon *d, struct explain_machine *out)
{
	*out = (struct explain_machine){ 0 };
	TUNNELS_EACH(d, t)
	if (t->conf->nhrp.redirect && !d->hairpin)
		out->redirect_why = d->hairpin_why;
}

static void of_icmp(struct daemon *d, struct explain_facts *f)
{
	const struct udp_icmp *i = udp_icmp_about(d, &f->remote);

	if (i && f->now - i->at <= EXPLAIN_PERIOD)
		f->icmp = (struct explain_icmp){ true, i->error, i->filtered, i->from, i->at };
}

bool explain_gather(struct daemon *d, const struct addr *remote, bool force, struct subject *out)
{
	struct explain_facts *f = &out->facts;
	msec now = loop_now(), from = now - MIN(now, EXPLAIN_PERIOD), since;

	*out = (struct subject){ .tunnel = -1 };
	f->now = now;
	f->remote = *remote;
	of_nhs(d, out);
	since = of_entries(d, out);
	if (!force && since < from && f->registered)
		return false;
	f->count = recorder_read(d->recorder, remote, from, EVENTS, &out->events);
	f->events = out->events;
	of_ike(d, f);
	of_tunnel(d, out);
	of_icmp(d, f);
	of_certificate(d, f);
	return true;
}

void explain_release(struct subject *s)
{
	free(s->events);
	s->events = NULL;
}
