/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/mtu.h"

#include "daemon/daemon.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/link.h"

static struct gre_mtu worst(const struct conf_tunnel *conf, uint16_t path)
{
	const struct conf_ipsec_profile *p = conf->profile;
	struct gre_mtu_config c = { .path = path, .keyed = conf->has_key };
	struct gre_mtu least;

	if (!p)
		return gre_mtu_of(&c);
	c.protect = true;
	c.udp = true;
	for (size_t i = 0; i < p->transform_set_count; i++) {
		struct gre_mtu m;

		c.suite = p->transform_sets[i]->esp;
		m = gre_mtu_of(&c);
		if (!i || m.mtu < least.mtu)
			least = m;
	}
	return least;
}

bool mtu_arithmetic(struct daemon *d, const struct tunnel *t, const struct addr *local,
		    struct gre_mtu *out)
{
	const struct addr anywhere = { 0 };
	char why[GRE_WHY];
	uint16_t path;

	if (addr_is_none(local) || gre_links_path_mtu(d->links, local, &anywhere, &path, why))
		return false;
	*out = worst(t->conf, path);
	return true;
}

uint16_t mtu_of(struct daemon *d, const struct tunnel *t, const struct addr *local)
{
	struct gre_mtu m;

	if (t->conf->mtu)
		return t->conf->mtu;
	return mtu_arithmetic(d, t, local, &m) ? m.mtu : GRE_LINK_MTU;
}
