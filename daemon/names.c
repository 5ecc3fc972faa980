/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/names.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/queue.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/notice.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "nhrp/nhrp.h"

/* Its answer comes even after it was cancelled: then to nobody. */
struct question {
	struct daemon *d;
	struct name *name; /* NULL: gone */
	struct evdns_getaddrinfo_request *request; /* NULL: not asked yet */
};

/* Few: as many as there are nhs. */
struct name {
	LIST_ENTRY(name) next;
	struct daemon *d;
	int id; /* of the tunnel */
	struct addr protocol;
	char *text;
	struct addr nbma; /* what it stands for, as last told; none: not known yet */
	struct question *asking;
	msec due; /* the next question */
	msec asked;
	unsigned int failures; /* in a row */
	bool unreachable;      /* another address, if there is one */
	bool kept;	       /* names_enter(): still configured */
};

struct names {
	LIST_HEAD(, name) list;
	struct evdns_base *dns;
	size_t asking;
};

struct names *names_new(void)
{
	struct names *ns = xcalloc(1, sizeof(*ns));

	LIST_INIT(&ns->list);
	return ns;
}

/* ---- answers ---- */

/* An address that a server can have. */
static bool is_possible(struct daemon *d, const struct tunnel *t, const struct addr *a)
{
	return addr_is_unicast(a) && !addr_equal(a, &t->local) &&
	       !prefix_contains(&t->conf->address, a) && !prefix_contains(&d->conf->nat_pool, a);
}

/*
 * The one that is in use where it is among the answers; if that is not reached, the one behind it,
 * and behind the last the first.
 */
static struct addr choose(const struct name *n, const struct tunnel *t,
			  const struct evutil_addrinfo *list)
{
	struct addr first = { 0 }, after = { 0 };
	bool found = false;

	for (const struct evutil_addrinfo *i = list; i; i = i->ai_next) {
		struct sockaddr_in sin;
		struct addr a;

		if (i->ai_family != AF_INET || i->ai_addrlen < sizeof(sin))
			continue;
		memcpy(&sin, i->ai_addr, sizeof(sin));
		a = addr_v4(ntohl(sin.sin_addr.s_addr));
		if (!is_possible(n->d, t, &a))
			continue;
		if (addr_is_none(&first))
			first = a;
		if (found && addr_is_none(&after))
			after = a;
		found |= addr_equal(&a, &n->nbma);
	}
	if (found && !n->unreachable)
		return n->nbma;
	return addr_is_none(&after) ? first : after;
}

static void failed(struct name *n, const struct tunnel *t, const char *why)
{
	char text[ADDR_TEXT];

	n->due = loop_now() + MIN(NAMES_LATE, NAMES_SOON << MIN(n->failures, 8u));
	/* Said once, until it has worked again. */
	if (n->failures++)
		return;
	log_msg(LOG_WARNING, "%s: next hop server %s: the name %s cannot be resolved: %s%s%s",
		t->conf->name, addr_text(&n->protocol, text), n->text, why,
		addr_is_none(&n->nbma) ? "" : "; it stays where it was",
		"; it is tried again");
	notice_name(n->d, t, &n->protocol, n->text, NULL);
}

static void resolved(struct name *n, const struct tunnel *t, const struct addr *a)
{
	char nbma[ADDR_TEXT], protocol[ADDR_TEXT];

	n->due = loop_now() + NAMES_REFRESH;
	n->failures = 0;
	n->unreachable = false;
	if (addr_equal(a, &n->nbma))
		return;
	n->nbma = *a;
	log_msg(LOG_NOTICE, "%s: next hop server %s: %s is %s", t->conf->name,
		addr_text(&n->protocol, protocol), n->text, addr_text(a, nbma));
	nhrp_nhs_address(n->d->nhrp, loop_now(), n->id, n->protocol, *a);
	notice_name(n->d, t, &n->protocol, n->text, a);
}

/* From the loop, or during the question where the answer is in /etc/hosts. */
static void answered(int error, struct evutil_addrinfo *list, void *arg)
{
	struct question *q = arg;
	struct name *n = q->name;
	const struct tunnel *t = n ? tunnel_by_id(n->d, n->id) : NULL;
	struct addr a;

	if (q->d->names)
		q->d->names->asking--;
	free(q);
	if (n)
		n->asking = NULL;
	if (!t) {
		/* Nobody wants to know any more. */
	} else if (error) {
		failed(n, t, evutil_gai_strerror(error));
	} else {
		a = choose(n, t, list);
		if (addr_is_none(&a))
			failed(n, t, "none of its addresses can be that of a hub");
		else
			resolved(n, t, &a);
	}
	if (list)
		evutil_freeaddrinfo(list);
}

/* ---- questions ---- */

/* With the name servers that the machine has now; they change as its addresses do. */
static void read_servers(struct daemon *d)
{
	struct names *ns = d->names;

	if (ns->asking)
		return;
	if (ns->dns)
		evdns_base_free(ns->dns, 1);
	ns->dns = evdns_base_new(loop_base(d->loop), EVDNS_BASE_INITIALIZE_NAMESERVERS |
							     EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (ns->dns)
		return;
	/* No name server is configured: there may be one later. */
	ns->dns = evdns_base_new(loop_base(d->loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!ns->dns)
		abort();
	evdns_base_load_hosts(ns->dns, "/etc/hosts");
}

static void ask(struct name *n)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct names *ns = n->d->names;
	struct evdns_getaddrinfo_request *r;
	struct question *q = xcalloc(1, sizeof(*q));

	n->asked = loop_now();
	n->due = MSEC_NEVER;
	read_servers(n->d);
	ns->asking++;
	q->d = n->d;
	q->name = n;
	n->asking = q;
	r = evdns_getaddrinfo(ns->dns, n->text, NULL, &hints, answered, q);
	/* NULL: answered() has been called already, and the question is gone. */
	if (r)
		q->request = r;
}

msec names_deadline(const struct daemon *d)
{
	const struct name *n;
	msec at = MSEC_NEVER;

	LIST_FOREACH (n, &d->names->list, next)
		at = MIN(at, n->due);
	return at;
}

void names_tick(struct daemon *d, msec now)
{
	struct name *n;

	LIST_FOREACH (n, &d->names->list, next)
		if (n->due <= now && !n->asking)
			ask(n);
}

void names_unreachable(struct daemon *d, const struct tunnel *t, const struct addr *protocol)
{
	struct name *n;

	LIST_FOREACH (n, &d->names->list, next) {
		if (n->id != t->id || !addr_equal(&n->protocol, protocol) || n->asking)
			continue;
		n->unreachable = !addr_is_none(&n->nbma);
		n->due = MIN(n->due, MAX(loop_now(), n->asked + NAMES_SOON));
	}
}

/* ---- what is configured ---- */

static void drop(struct name *n)
{
	if (n->asking) {
		n->asking->name = NULL;
		evdns_getaddrinfo_cancel(n->asking->request);
	}
	LIST_REMOVE(n, next);
	free(n->text);
	free(n);
}

static struct name *find(struct daemon *d, const struct tunnel *t, const struct conf_nhrp_nhs *nhs)
{
	struct name *n;

	LIST_FOREACH (n, &d->names->list, next)
		if (n->id == t->id && addr_equal(&n->protocol, &nhs->protocol) &&
		    strcmp(n->text, nhs->name) == 0)
			return n;
	return NULL;
}

static void enter(struct daemon *d, const struct tunnel *t, const struct conf_nhrp_nhs *nhs)
{
	struct name *n = find(d, t, nhs);

	if (n) {
		n->kept = true;
		/* NHRP may have been made anew, and knows nothing of it then. */
		if (!addr_is_none(&n->nbma))
			nhrp_nhs_address(d->nhrp, loop_now(), t->id, n->protocol, n->nbma);
		return;
	}
	n = xcalloc(1, sizeof(*n));
	n->d = d;
	n->id = t->id;
	n->protocol = nhs->protocol;
	n->text = xstrdup(nhs->name);
	n->kept = true;
	LIST_INSERT_HEAD(&d->names->list, n, next);
}

static void sweep(struct daemon *d, const struct tunnel *t)
{
	struct name *n, *next;

	for (n = LIST_FIRST(&d->names->list); n; n = next) {
		next = LIST_NEXT(n, next);
		if (n->id == t->id && !n->kept)
			drop(n);
		else
			n->kept = false;
	}
}

void names_enter(struct daemon *d, const struct tunnel *t)
{
	for (size_t i = 0; i < t->conf->nhrp.nhs_count; i++)
		if (t->conf->nhrp.nhs[i].name)
			enter(d, t, &t->conf->nhrp.nhs[i]);
	sweep(d, t);
}

void names_leave(struct daemon *d, const struct tunnel *t)
{
	sweep(d, t);
}

void names_free(struct daemon *d)
{
	if (!d->names)
		return;
	while (!LIST_EMPTY(&d->names->list))
		drop(LIST_FIRST(&d->names->list));
	if (d->names->dns)
		evdns_base_free(d->names->dns, 0);
	free(d->names);
	d->names = NULL;
}

const char *names_of(const struct tunnel *t, const struct addr *protocol)
{
	for (size_t i = 0; i < t->conf->nhrp.nhs_count; i++)
		if (addr_equal(&t->conf->nhrp.nhs[i].protocol, protocol))
			return t->conf->nhrp.nhs[i].name;
	return NULL;
}
