/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identities of phase 1 (RFC 2407 4.6.2): what we call ourselves, and whether a peer that has
 * proven itself by a pre-shared key may call itself as it does. With certificates cert.c judges.
 */
#ifndef IKEV1_IDENTITY_H
#define IKEV1_IDENTITY_H

#include "ikev1/core.h"

#define IDENTITY_MAX (4 + 1024) /* octets of a payload's body: a long distinguished name */

/* The body of our ID payload; where the configured kind cannot be had, our address. */
size_t identity_build(const struct isakmp_sa *sa, uint8_t body[IDENTITY_MAX]);
bool identity_accept_psk(const struct isakmp_sa *sa, const struct isakmp_id *id);
struct ike_id identity_of(const struct isakmp_id *id); /* for events */
/* Tells what the peer calls itself. */
void identity_report(struct exchange *x, const struct isakmp_id *id, bool accepted);

#endif
