/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a crash the keys are gone, the kernel's SAs and neighbours are not. They are kept working
 * while everybody finds together again: each peer address found in a leftover SA is contacted,
 * paced (its INITIAL-CONTACT makes the peer start anew), and after a grace time what nobody has
 * claimed is removed. A peer's leftover outbound SA goes as soon as its successor is installed,
 * since the kernel would fall back to it.
 *
 * Leftovers are known by their reqid (SAs) and by their protocol tag on an adopted link
 * (neighbours, shortcut routes). Policies and links are adopted by tunnel.h at once.
 */
#ifndef DAEMON_RECONCILE_H
#define DAEMON_RECONCILE_H

#include "lib/addr.h"
#include "lib/util.h"

struct daemon;
struct tunnel;

#define RECONCILE_PACE	50 /* peers contacted per second */
#define RECONCILE_GRACE SECONDS(60)

/* Starts it, once the tunnels are up: asks the kernel what is there. */
void reconcile_start(struct daemon *d);
/* IKE has a new pair with this peer in the kernel. */
void reconcile_peer_up(struct daemon *d, const struct addr *local, const struct addr *remote);
/* A next hop server took the tunnel's registration: leftover paths can be found again. */
void reconcile_nhs_up(struct daemon *d, const struct tunnel *t);
/* All of them do nothing once everything is settled. */
msec reconcile_deadline(const struct daemon *d);
void reconcile_tick(struct daemon *d, msec now);
/* Removes now what nobody has claimed: at the end of the grace time, and when the daemon stops. */
void reconcile_finish(struct daemon *d);
void reconcile_free(struct daemon *d);

#endif
