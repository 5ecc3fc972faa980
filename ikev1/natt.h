/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NAT traversal in main mode and quick mode, RFC 3947 and its drafts 02 and 03: which of them both
 * ends speak, where a NAT is (NAT-D), the change to port 4500, the encapsulation mode, the original
 * addresses (NAT-OA). Draft 07, which Cisco lists beside the RFC, is known by name only.
 *
 * What follows from it later, when a peer's mapping changes, is path.h's.
 */
#ifndef IKEV1_NATT_H
#define IKEV1_NATT_H

#include "ikev1/core.h"

#define NATT_PORT 4500

/* Vendor ids: all that we speak into message 1, the one that was chosen into message 2. */
void natt_add_vendor_ids(const struct isakmp_sa *sa, struct isakmp_builder *b);
/* Chooses the best of what the peer's vendor ids say; nothing where there is none. */
void natt_choose_version(struct isakmp_sa *sa);

/* Messages 3 and 4: the hash of the peer's address and port, then of ours. */
void natt_add_discovery(const struct isakmp_sa *sa, struct isakmp_builder *b);
/* Reads the peer's, and knows then where a NAT is. */
void natt_discover(struct isakmp_sa *sa, const struct incoming *in);
/* The initiator's, once both hashes are known: from message 5 on over port 4500. */
void natt_float(struct isakmp_sa *sa);

/* ESP of this SA's pairs goes in UDP, and between which ports: sa->local and sa->remote. */
bool natt_encapsulates(const struct isakmp_sa *sa);
/* What quick mode offers, in the numbers of the version. */
enum proposal_encap natt_encap(const struct isakmp_sa *sa);

/* The addresses as this end sees them, initiator's first; nothing where there is no NAT. */
void natt_add_original_addresses(const struct ipsec_pair *pair, struct isakmp_builder *b);
/* What the peer's payloads say; an address that is none where they say nothing. */
struct natt_original {
	struct addr initiator, responder;
};
struct natt_original natt_original_addresses(const struct isakmp_sa *sa, const struct incoming *in);

#endif
