/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about the kernel's routing table, and what waits for their answers. */
#include "nhrp/core.h"

void nhrp_route(struct nhrp *n, msec now, uint64_t token, const struct nhrp_route *route)
{
	(void)n;
	(void)now;
	(void)token;
	(void)route;
}

void nhrp_routes_changed(struct nhrp *n, msec now, struct prefix prefix)
{
	(void)n;
	(void)now;
	(void)prefix;
}
