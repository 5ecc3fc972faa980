/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One configured tunnel on this machine: its policies, its link, its NHRP socket, its source
 * address, and its registration with the two cores.
 *
 * Fail closed: the policies are there before the link comes up and until after it is gone, and
 * when the source address changes the new address's policies come before the link uses it.
 *
 * A tunnel whose source has no address (yet) waits for it; one that cannot be made at start is an
 * error that ends the start.
 */
#ifndef DAEMON_TUNNEL_H
#define DAEMON_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "gre/link.h"
#include "lib/addr.h"

struct packets;

#define TUNNEL_WHY 256

struct tunnel {
	const struct conf_tunnel *conf; /* NULL: this place is free */
	int id;		     /* index in d->tunnels, and the NHRP core's interface id */
	struct addr local;   /* source address; none: still waiting for one */
	struct addr leaving; /* a former source address whose policies are still to be removed */
	uint32_t reqid;	     /* of its SAs and policies; shared by the tunnels of a source */
	uint32_t leaving_reqid;
	unsigned int ifindex; /* 0: the link is not made */
	bool adopted;	      /* the link was there at start */
	char waits[TUNNEL_WHY]; /* what its source lacks; empty: nothing */
	uint16_t mtu;	      /* of the link */
	struct packets *packets; /* packets.h; NULL until the link is made */
};

/* Makes all tunnels whose source has an address. False: an error has been logged. */
bool tunnels_start(struct daemon *d);
/*
 * The clean stop, in two steps: first the cores let go (registrations purged, neighbours and SAs
 * deleted, peers told; drain the effects, flush the kernel), then links and policies go.
 */
void tunnels_release(struct daemon *d);
void tunnels_remove(struct daemon *d);

/* What a turn left to be done after the cores' effects are: sockets and policies of old addresses. */
void tunnels_settle(struct daemon *d);
void tunnel_link_event(struct daemon *d, const struct gre_link_event *ev);

/*
 * Reload, in this order. The cores have let go of what was removed when tunnels_drop() returns; it
 * waits for that, some milliseconds. Errors are logged, and told by false.
 */
void tunnels_drop(struct daemon *d, struct tunnel *const *list, size_t count);
/* All that are left have their new configuration, and IKE its terms: what changed of this one. */
bool tunnel_change(struct daemon *d, struct tunnel *t, unsigned int what); /* enum conf_change */
bool tunnel_add(struct daemon *d, const struct conf_tunnel *conf);
/* IKE's profiles are those of d->ike_terms from now on. */
void tunnels_reprofile(struct daemon *d);

/* The next configured one after `after` (NULL: the first). */
static inline struct tunnel *tunnel_next(const struct daemon *d, const struct tunnel *after)
{
	size_t i = after ? (size_t)(after - d->tunnels) + 1 : 0;

	while (i < d->tunnel_count && !d->tunnels[i].conf)
		i++;
	return i < d->tunnel_count ? &d->tunnels[i] : NULL;
}
#define TUNNELS_EACH(d, t) for (struct tunnel *t = NULL; (t = tunnel_next(d, t));)

/* With `mtu = auto`: the path may be another by now. */
void tunnel_check_mtu(struct daemon *d, struct tunnel *t);
struct tunnel *tunnel_by_ifindex(struct daemon *d, unsigned int ifindex);
struct tunnel *tunnel_by_id(struct daemon *d, int id);
/*
 * The next tunnel after `after` (NULL: the first) that is up with this source address; those of
 * one address share their SAs.
 */
struct tunnel *tunnel_next_on(struct daemon *d, struct tunnel *after, const struct addr *local);
static inline bool tunnel_is_protected(const struct tunnel *t)
{
	return t->conf->profile != NULL;
}

#endif
