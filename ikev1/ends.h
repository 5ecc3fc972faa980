/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of the tunnel as quick mode names them: the identities IDci and IDcr (RFC 2407 4.6.2),
 * which must be the two hosts, protocol GRE. Through a NAT each end sees other addresses, so there
 * an end may be named by the address that the peer sees, by its own, or by what NAT-OA says.
 */
#ifndef IKEV1_ENDS_H
#define IKEV1_ENDS_H

#include "ikev1/core.h"

/* The initiator's are made, the responder's repeat what came; NAT-OA after them. */
void ends_add(struct ipsec_pair *pair, struct isakmp_builder *b);
/* Reads them; false: absent, or not the two ends of this tunnel. */
bool ends_fit(struct exchange *x, const struct incoming *in);

#endif
