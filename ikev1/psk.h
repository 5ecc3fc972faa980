/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pre-shared keys by address: the longest prefix that holds the peer wins. */
#ifndef IKEV1_PSK_H
#define IKEV1_PSK_H

#include "ikev1/core.h"

/* Indexes ike->cfg's keys, so that a look-up does not depend on how many there are. */
void psk_index(struct ike *ike);
void psk_free(struct ike *ike);
/* NULL: no key for this peer. */
const struct ike_psk *psk_find(const struct ike *ike, const struct addr *peer);

#endif
