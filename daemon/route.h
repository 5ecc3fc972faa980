/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes between NHRP and the kernel: shortcuts (phase 3) that NHRP wants, what it asks about the
 * routes of others, and what it is told when those change.
 *
 *   NHRP QUERY_ROUTE         -> lookup -> nhrp_route()
 *   NHRP ROUTE_ADD, _DEL     -> a route with our protocol number -> nhrp_routed()
 *   kernel: a route changes  -> nhrp_routes_changed()
 */
#ifndef DAEMON_ROUTE_H
#define DAEMON_ROUTE_H

#include <stdbool.h>

struct daemon;
struct gre_route_event;
struct nhrp_effect;
struct tunnel;

/* Carries out an effect about routes; false: it is about something else. */
bool route_effect(struct daemon *d, const struct tunnel *t, const struct nhrp_effect *e);
/* The kernel tells that a route came, changed or went. */
void route_changed(struct daemon *d, const struct gre_route_event *ev);

#endif
