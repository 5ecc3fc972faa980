/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a datagram to the exchange it belongs to. */
#ifndef IKEV1_INPUT_H
#define IKEV1_INPUT_H

#include "ikev1/core.h"

void input_datagram(struct ike *ike, const struct ike_datagram *d);

#endif
