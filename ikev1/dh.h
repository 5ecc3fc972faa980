/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diffie-Hellman as a job that leaves as an effect, see ike.h. */
#ifndef IKEV1_DH_H
#define IKEV1_DH_H

#include "ikev1/core.h"

/*
 * Asks for g^x (make_public) and, where peer is not empty, for g^xy; the exchange waits.
 * private_value is made here with make_public, and used again without.
 */
void dh_start(struct exchange *x, enum group_id group, uint8_t *private_value, bool make_public,
	      struct span peer);

#endif
