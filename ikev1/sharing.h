/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers that share an address, because a NAT has translated theirs to one. They are told apart by
 * that address and their phase 1 identity. The first is known by the address, as any peer is; each
 * further one by a pseudo address that only this machine knows (struct ike_config's pool).
 *
 * Two that share the address and have the same identity as well (the same private address, or the
 * same name) cannot be told apart: the later one takes the place of the earlier.
 */
#ifndef IKEV1_SHARING_H
#define IKEV1_SHARING_H

#include "ikev1/core.h"

/* A pseudo address: no datagram can come from it, and nobody can be found at it. */
bool sharing_is_pseudo(const struct ike *ike, const struct addr *a);
/* The peer has proven to be who it says. */
void sharing_remember(struct isakmp_sa *sa, const struct isakmp_id *id);
/*
 * Whose SA it is, now that the identity is known: the responder's SA goes to that peer. IDENTITY: the
 * one who answered is not the peer that was meant; SHARED_ADDRESS: there are too many already, behind
 * that address or in all.
 */
enum ike_cause sharing_settle(struct isakmp_sa *sa);
/* The peer goes. */
void sharing_forget(struct ike_peer *p);

#endif
