/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/kernel.h"

#include <errno.h>
#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "daemon/daemon.h"
#include "daemon/ipsec_settings.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/route.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/link.h"
#include "gre/neigh.h"
#include "gre/route.h"

#define WATCHES_MAX 16

/* A request that is not answered yet. */
struct request {
	uint64_t token;
	const char *what; /* for the log, where nobody else tells of an error */
	kernel_done *done;
	void *ctx;
	uint64_t arg;
	struct xfrm_sa_info *sas; /* found so far */
	size_t count, cap;
	UT_hash_handle hh;
};

struct kernel {
	struct request *pending; /* by token */
	uint64_t last_token;
	struct loop_watch *watch[WATCHES_MAX];
	size_t watches;
};

static void xfrm_can_read(struct daemon *d, void *arg)
{
	(void)arg;
	xfrm_readable(d->xfrm);
}

static void links_can_read(struct daemon *d, void *arg)
{
	(void)arg;
	gre_links_readable(d->links);
}

static void neighs_can_read(struct daemon *d, void *arg)
{
	(void)arg;
	gre_neighs_readable(d->neighs);
}

static void routes_can_read(struct daemon *d, void *arg)
{
	(void)arg;
	gre_routes_readable(d->routes);
}

static void watch(struct daemon *d, int fd, loop_handler *handler)
{
	struct kernel *k = d->kernel;

	if (k->watches == WATCHES_MAX)
		abort(); /* a room has more sockets than this file knows */
	k->watch[k->watches++] = loop_watch(d->loop, fd, handler, NULL);
}

bool kernel_open(struct daemon *d)
{
	char why[MAX(XFRM_WHY, GRE_WHY)] = "";
	int fd;

	d->kernel = xcalloc(1, sizeof(*d->kernel));
	if (xfrm_open(&d->xfrm, why) || gre_links_open(&d->links, why) ||
	    gre_neighs_open(&d->neighs, why) || gre_routes_open(&d->routes, why)) {
		log_msg(LOG_ERR, "%s", why);
		return false;
	}
	ipsec_settings_of_all();
	for (unsigned int i = 0; (fd = xfrm_fd(d->xfrm, i)) >= 0; i++)
		watch(d, fd, xfrm_can_read);
	for (unsigned int i = 0; (fd = gre_links_fd(d->links, i)) >= 0; i++)
		watch(d, fd, links_can_read);
	for (unsigned int i = 0; (fd = gre_neighs_fd(d->neighs, i)) >= 0; i++)
		watch(d, fd, neighs_can_read);
	for (unsigned int i = 0; (fd = gre_routes_fd(d->routes, i)) >= 0; i++)
		watch(d, fd, routes_can_read);
	return true;
}

static void finish(struct daemon *d, struct request *r, struct kernel_answer a)
{
	int err = a.err;

	a.sas = r->sas;
	a.count = r->count;
	HASH_DEL(d->kernel->pending, r);
	if (r->done)
		r->done(d, r->ctx, r->arg, &a);
	else if (r->what && err && err != ESRCH && err != ENOENT && err != ECANCELED)
		log_msg(LOG_WARNING, "%s: %s", r->what, a.why);
	free(r->sas);
	free(r);
}

void kernel_close(struct daemon *d)
{
	struct kernel *k = d->kernel;
	struct request *r, *next;

	if (!k)
		return;
	HASH_ITER (hh, k->pending, r, next)
		finish(d, r, (struct kernel_answer){ .err = ECANCELED, .why = "the daemon stops" });
	for (size_t i = 0; i < k->watches; i++)
		loop_unwatch(k->watch[i]);
	gre_routes_close(d->routes);
	gre_neighs_close(d->neighs);
	gre_links_close(d->links);
	xfrm_close(d->xfrm);
	free(k);
	d->kernel = NULL;
}

static struct request *find(struct kernel *k, uint64_t token)
{
	struct request *r;

	HASH_FIND(hh, k->pending, &token, sizeof(token), r);
	return r;
}

static void found(struct kernel *k, const struct xfrm_found *f)
{
	struct request *r = find(k, f->token);

	if (!r || f->info.larval)
		return;
	if (r->count == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 1;
		r->sas = xreallocarray(r->sas, r->cap, sizeof(*r->sas));
	}
	r->sas[r->count++] = f->info;
}

static void answered_with(struct daemon *d, uint64_t token, struct kernel_answer a)
{
	struct request *r = find(d->kernel, token);

	if (r)
		finish(d, r, a);
}

static void answered(struct daemon *d, uint64_t token, int err, const char *why)
{
	answered_with(d, token, (struct kernel_answer){ .err = err, .why = why });
}

static void xfrm_event(struct daemon *d, const struct xfrm_event *ev)
{
	switch (ev->type) {
	case XFRM_EV_ACK:
		answered(d, ev->ack.token, ev->ack.err, ev->ack.why);
		break;
	case XFRM_EV_SA:
		found(d->kernel, &ev->sa);
		break;
	case XFRM_EV_ACQUIRE:
		peers_acquire(d, &ev->acquire);
		break;
	case XFRM_EV_EXPIRE:
		peers_expire(d, &ev->expire);
		break;
	case XFRM_EV_MAPPING:
		peers_mapping(d, &ev->mapping);
		break;
	case XFRM_EV_RESYNC:
		log_msg(LOG_NOTICE,
			"IPsec events of the kernel were lost, comparing its SAs with ours");
		peers_resync(d);
		break;
	}
}

static void neigh_event(struct daemon *d, const struct gre_neigh_event *ev)
{
	const struct tunnel *t;

	switch (ev->type) {
	case GRE_NEIGH_ACK:
		answered(d, ev->ack.token, ev->ack.err, ev->ack.why);
		break;
	case GRE_NEIGH_UPCALL:
		t = tunnel_by_ifindex(d, ev->upcall.ifindex);
		if (t)
			peers_resolve(d, t, &ev->upcall.addr);
		break;
	case GRE_NEIGH_RECONCILED:
		answered_with(d, ev->reconciled.token,
			      (struct kernel_answer){ .err = ev->reconciled.err,
						      .why = ev->reconciled.why,
						      .restored = ev->reconciled.restored,
						      .removed = ev->reconciled.removed });
		break;
	case GRE_NEIGH_RESYNC:
		/* The kernel asks again for what still matters. */
		break;
	}
}

static void route_event(struct daemon *d, const struct gre_route_event *ev)
{
	switch (ev->type) {
	case GRE_ROUTE_ACK:
		answered(d, ev->ack.token, ev->ack.err, ev->ack.why);
		break;
	case GRE_ROUTE_FOUND:
		answered_with(d, ev->found.token, (struct kernel_answer){ .why = "", .route = ev });
		break;
	case GRE_ROUTE_RECONCILED:
		answered_with(d, ev->reconciled.token,
			      (struct kernel_answer){ .err = ev->reconciled.err,
						      .why = ev->reconciled.why,
						      .restored = ev->reconciled.restored,
						      .removed = ev->reconciled.removed });
		break;
	case GRE_ROUTE_CHANGED:
	case GRE_ROUTE_LOST:
	case GRE_ROUTE_RESYNC:
		route_changed(d, ev);
		break;
	}
}

bool kernel_drain(struct daemon *d)
{
	struct gre_route_event route;
	struct gre_neigh_event neigh;
	struct gre_link_event link;
	struct xfrm_event xfrm;
	bool any = false;

	/*
	 * In this order: a neighbour moves away before the SA that carried it goes. A shortcut comes
	 * after its gateway's neighbour was asked for; until that is there its packets wait.
	 */
	gre_neighs_commit(d->neighs);
	gre_routes_commit(d->routes);
	xfrm_commit(d->xfrm);
	for (; gre_neighs_next_event(d->neighs, &neigh); any = true)
		neigh_event(d, &neigh);
	for (; gre_routes_next_event(d->routes, &route); any = true)
		route_event(d, &route);
	for (; xfrm_next_event(d->xfrm, &xfrm); any = true)
		xfrm_event(d, &xfrm);
	for (; gre_links_next_event(d->links, &link); any = true)
		tunnel_link_event(d, &link);
	return any;
}

void kernel_flush(struct daemon *d, msec timeout)
{
	char why[MAX(XFRM_WHY, GRE_WHY)];

	if (gre_routes_flush(d->routes, timeout, why))
		log_msg(LOG_WARNING, "%s", why);
	if (gre_neighs_flush(d->neighs, timeout, why))
		log_msg(LOG_WARNING, "%s", why);
	if (xfrm_flush(d->xfrm, timeout, why))
		log_msg(LOG_WARNING, "%s", why);
}

static uint64_t request(struct daemon *d, const char *what, kernel_done *done, void *ctx,
			uint64_t arg)
{
	struct kernel *k = d->kernel;
	struct request *r = xcalloc(1, sizeof(*r));

	r->token = ++k->last_token;
	r->what = what;
	r->done = done;
	r->ctx = ctx;
	r->arg = arg;
	HASH_ADD(hh, k->pending, token, sizeof(r->token), r);
	return r->token;
}

void kernel_sa_add(struct daemon *d, const struct xfrm_sa *sa, const struct xfrm_sa_id *old,
		   kernel_done *done, void *ctx, uint64_t arg)
{
	uint64_t token = request(d, "new SA", done, ctx, arg);

	if (old)
		xfrm_sa_replace_outbound(d->xfrm, token, sa, old);
	else
		xfrm_sa_add(d->xfrm, token, sa);
}

void kernel_sa_update(struct daemon *d, const struct xfrm_sa *sa)
{
	xfrm_sa_update(d->xfrm, request(d, "SA of a peer whose mapping has changed", NULL, NULL, 0), sa);
}

void kernel_sa_delete(struct daemon *d, const struct xfrm_sa_id *id, kernel_done *done, void *ctx,
		      uint64_t arg)
{
	xfrm_sa_delete(d->xfrm, request(d, "old SA", done, ctx, arg), id);
}

void kernel_sa_get(struct daemon *d, const struct xfrm_sa_id *id, kernel_done *done, void *ctx,
		   uint64_t arg)
{
	xfrm_sa_get(d->xfrm, request(d, "SA", done, ctx, arg), id);
}

void kernel_sa_dump(struct daemon *d, kernel_done *done, void *ctx, uint64_t arg)
{
	xfrm_sa_dump(d->xfrm, request(d, "SAs", done, ctx, arg), XFRM_REQID_BASE, XFRM_REQID_COUNT);
}

void kernel_forget(struct daemon *d, const void *ctx)
{
	struct request *r, *next;

	HASH_ITER (hh, d->kernel->pending, r, next) {
		if (r->ctx != ctx)
			continue;
		r->done = NULL;
		r->what = NULL;
	}
}

void kernel_bind(struct daemon *d, unsigned int ifindex, const struct addr *protocol,
		 const struct addr *nbma, kernel_done *done, void *ctx, uint64_t arg)
{
	gre_neigh_put(d->neighs, request(d, "neighbour", done, ctx, arg), ifindex, protocol, nbma);
}

void kernel_unbind(struct daemon *d, unsigned int ifindex, const struct addr *protocol)
{
	gre_neigh_del(d->neighs, request(d, "old neighbour", NULL, NULL, 0), ifindex, protocol);
}

void kernel_route_add(struct daemon *d, unsigned int ifindex, const struct prefix *prefix,
		      const struct addr *gateway, kernel_done *done, void *ctx, uint64_t arg)
{
	gre_route_put(d->routes, request(d, "shortcut", done, ctx, arg), ifindex, prefix, gateway);
}

void kernel_route_del(struct daemon *d, unsigned int ifindex, const struct prefix *prefix)
{
	gre_route_del(d->routes, request(d, "old shortcut", NULL, NULL, 0), ifindex, prefix);
}

void kernel_route_lookup(struct daemon *d, const struct addr *to, kernel_done *done, void *ctx,
			 uint64_t arg)
{
	gre_route_lookup(d->routes, request(d, "route", done, ctx, arg), to);
}

void kernel_compare_neighbours(struct daemon *d, unsigned int ifindex, bool sweep,
			       kernel_done *done, void *ctx, uint64_t arg)
{
	gre_neighs_reconcile(d->neighs, request(d, "neighbours", done, ctx, arg), ifindex, sweep);
}

void kernel_compare_routes(struct daemon *d, unsigned int ifindex, bool sweep, kernel_done *done,
			   void *ctx, uint64_t arg)
{
	gre_routes_reconcile(d->routes, request(d, "shortcuts", done, ctx, arg), ifindex, sweep);
}
