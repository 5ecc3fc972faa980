/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMVPN as this node sees it, for a picture: the peers of show dmvpn with their traffic, the
 * tunnels of show interface.
 */
#include "daemon/show.h"

#include "daemon/daemon.h"
#include "daemon/tunnel.h"

/* The SAs' counters. Tunnels of one source share their SAs: each has all of the peer's traffic. */
static void add_traffic(json_t *tunnel, const struct tunnel *t, const struct show_pairs *pairs)
{
	json_t *peer, *traffic;
	struct addr nbma;
	size_t i;

	json_array_foreach (json_object_get(tunnel, "peers"), i, peer) {
		if (!addr_parse(json_string_value(json_object_get(peer, "nbma")), &nbma))
			continue;
		traffic = show_pairs_traffic(pairs, &t->local, &nbma);
		if (traffic)
			json_object_set_new(peer, "traffic", traffic);
	}
}

json_t *show_map(struct daemon *d, const struct kernel_answer *kernel)
{
	struct show_pairs *pairs = show_pairs_take(d, kernel);
	json_t *answer = show_dmvpn(d, NULL), *links = show_interface(d, NULL);
	json_t *version = show_version(d, NULL);
	size_t i = 0;

	json_object_set(answer, "hostname", json_object_get(version, "hostname"));
	TUNNELS_EACH(d, t)
	{
		json_t *tunnel = json_array_get(json_object_get(answer, "tunnels"), i);

		json_object_update_missing(tunnel,
					   json_array_get(json_object_get(links, "interfaces"), i));
		if (tunnel_is_protected(t))
			add_traffic(tunnel, t, pairs);
		i++;
	}
	json_decref(version);
	json_decref(links);
	show_pairs_free(pairs);
	return answer;
}
