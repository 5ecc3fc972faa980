/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/route.h"

#include <errno.h>

#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/route.h"
#include "nhrp/nhrp.h"

/* What NHRP knows a link by. */
static int id_of(struct daemon *d, unsigned int ifindex)
{
	const struct tunnel *t = tunnel_by_ifindex(d, ifindex);

	return t ? t->id : NHRP_ALL;
}

static void looked_up(struct daemon *d, void *ctx, uint64_t token, const struct kernel_answer *a)
{
	struct nhrp_route route = { .id = NHRP_ALL };

	(void)ctx;
	if (a->err == ECANCELED)
		return;
	/* A question that the kernel does not answer is answered with "no route": nothing is done. */
	if (a->route && a->route->found.found) {
		route.found = true;
		route.local = a->route->found.local;
		route.id = id_of(d, a->route->found.ifindex);
		route.prefix = a->route->found.prefix;
		route.gateway = a->route->found.gateway;
	}
	nhrp_route(d->nhrp, loop_now(), token, &route);
}

static void added(struct daemon *d, void *ctx, uint64_t token, const struct kernel_answer *a)
{
	(void)ctx;
	if (a->err == ECANCELED)
		return;
	if (a->err)
		log_msg(LOG_WARNING, "%s", a->why);
	nhrp_routed(d->nhrp, loop_now(), token, a->err);
}

bool route_effect(struct daemon *d, const struct tunnel *t, const struct nhrp_effect *e)
{
	switch (e->kind) {
	case NHRP_QUERY_ROUTE:
		kernel_route_lookup(d, &e->protocol, looked_up, NULL, e->token);
		return true;
	case NHRP_ROUTE_ADD:
		kernel_route_add(d, t->ifindex, &e->prefix, &e->protocol, added, NULL, e->token);
		return true;
	case NHRP_ROUTE_DEL:
		kernel_route_del(d, t->ifindex, &e->prefix);
		return true;
	default:
		return false;
	}
}

/* What is put again, because it is still wanted. */
static void put_again(struct daemon *d, unsigned int ifindex)
{
	if (tunnel_by_ifindex(d, ifindex))
		kernel_compare_routes(d, ifindex, false, NULL, NULL, 0);
}

void route_changed(struct daemon *d, const struct gre_route_event *ev)
{
	switch (ev->type) {
	case GRE_ROUTE_CHANGED:
		nhrp_routes_changed(d->nhrp, loop_now(), ev->changed.prefix);
		break;
	case GRE_ROUTE_LOST:
		put_again(d, ev->changed.ifindex);
		break;
	case GRE_ROUTE_RESYNC:
		nhrp_routes_changed(d->nhrp, loop_now(), (struct prefix){ addr_v4(0), 0 });
		TUNNELS_EACH (d, t)
			if (t->ifindex)
				put_again(d, t->ifindex);
		break;
	default:
		break;
	}
}
