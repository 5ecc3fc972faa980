/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers: a table by (local, remote) NBMA addresses that joins NHRP, IKE and the kernel. NHRP asks
 * for a peer, IKE makes the SAs, the kernel holds them; what each says is told to the others here.
 * The only place where the types of the cores and of the kernel's rooms meet.
 *
 *   NHRP CONNECT            -> ike_connect(), or nhrp_peer_up() at once (no protection, or up)
 *   NHRP RELEASE            -> ike_release(), unless another tunnel of the source needs the peer
 *   NHRP SUSPECT            -> the pair is proven or rebuilt
 *   NHRP PROBE              -> the peer is asked whether it lives
 *   NHRP BIND, UNBIND       -> neighbour -> nhrp_bound()
 *   NHRP QUERY_USE          -> the SAs' counters -> nhrp_used()
 *   IKE SA_ADD              -> kernel -> ike_sa_done()
 *   IKE PEER_UP, DOWN       -> nhrp_peer_up(), nhrp_peer_down() of each tunnel of that source
 *   kernel ACQUIRE          -> ike_connect(), for an address that NHRP knows
 *   kernel EXPIRE           -> ike_sa_expired()
 *   kernel MAPPING          -> ike_esp_seen()
 */
#ifndef DAEMON_PEER_H
#define DAEMON_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/util.h"
#include "xfrm/xfrm.h"

struct daemon;
struct peers;
struct tunnel;

struct peers *peers_new(void);
void peers_free(struct peers *ps); /* NULL is fine */

/* Carries out what the cores want done; true if there was anything. For the loop. */
bool peers_drain_ike(struct daemon *d);
bool peers_drain_nhrp(struct daemon *d);

/* The kernel asks for a neighbour of the tunnel's link. */
void peers_resolve(struct daemon *d, const struct tunnel *t, const struct addr *protocol);
void peers_acquire(struct daemon *d, const struct xfrm_acquire *acq);
void peers_expire(struct daemon *d, const struct xfrm_expire *exp);
void peers_mapping(struct daemon *d, const struct xfrm_mapping *map);
/* The kernel's events were lost: what it no longer holds is told to IKE as expired. */
void peers_resync(struct daemon *d);

/*
 * Looks at the next so many peers, after the last at the first again: IKE does not renew the SAs of
 * those that NHRP has had no use for twice.
 */
void peers_look(struct daemon *d, size_t count);

/* Whether an SA in the kernel is one that IKE made in this life. */
bool peers_own_sa(const struct daemon *d, const struct xfrm_sa_id *id);
bool peers_is_up(const struct daemon *d, const struct addr *local, const struct addr *remote);
bool peers_is_behind_nat(const struct daemon *d, const struct addr *local,
			 const struct addr *remote);

struct peers_counters {
	uint64_t acquires;	   /* that led to a connect */
	uint64_t acquires_ignored; /* for an address that NHRP does not know */
	uint64_t sas_installed, sas_refused;
	uint64_t binds_refused;
};
const struct peers_counters *peers_counters(const struct daemon *d);

#endif
