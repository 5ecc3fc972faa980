/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/mtu.h"

#include "daemon/daemon.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/link.h"

bool mtu_arithmetic(struct daemon *d, const struct tunnel *t, const struct addr *local,
		    struct gre_mtu *out)
{
	(void)d;
	(void)t;
	(void)local;
	(void)out;
	return false;
}

uint16_t mtu_of(struct daemon *d, const struct tunnel *t, const struct addr *local)
{
	struct gre_mtu m;

	if (t->conf->mtu)
		return t->conf->mtu;
	return mtu_arithmetic(d, t, local, &m) ? m.mtu : GRE_LINK_MTU;
}
