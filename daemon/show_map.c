/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMVPN as this node sees it, put together from the other shows: for a picture, and in all
 * detail.
 */
#include "daemon/show.h"

#include <stdio.h>

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

/* Into each of tunnels[] what this list says of the same interface. */
static void merge(json_t *answer, const json_t *list)
{
	json_t *tunnel, *other;
	size_t i, j;

	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel)
		json_array_foreach (list, j, other)
			if (json_equal(json_object_get(tunnel, "interface"),
				       json_object_get(other, "interface")))
				json_object_update_missing(tunnel, other);
}

static void add_links(struct daemon *d, json_t *answer)
{
	json_t *links = show_interface(d, NULL);

	merge(answer, json_object_get(links, "interfaces"));
	json_decref(links);
}

json_t *show_map(struct daemon *d, const struct kernel_answer *kernel)
{
	struct show_pairs *pairs = show_pairs_take(d, kernel);
	json_t *answer = show_dmvpn(d, NULL), *version = show_version(d, NULL);
	size_t i = 0;

	add_links(d, answer);
	json_object_set(answer, "hostname", json_object_get(version, "hostname"));
	TUNNELS_EACH(d, t)
	{
		json_t *tunnel = json_array_get(json_object_get(answer, "tunnels"), i++);

		if (tunnel_is_protected(t))
			add_traffic(tunnel, t, pairs);
	}
	json_decref(version);
	show_pairs_free(pairs);
	return answer;
}

/* ---- show dmvpn detail ---- */

/* "10.0.0.4 10.0.1.2", of all peers that are shown. */
static json_t *ends_of(const json_t *answer)
{
	json_t *ends = json_object(), *tunnel, *peer;
	char both[2 * ADDR_TEXT];
	size_t i, j;

	json_array_foreach (json_object_get(answer, "tunnels"), i, tunnel)
		json_array_foreach (json_object_get(tunnel, "peers"), j, peer) {
			snprintf(both, sizeof(both), "%s %s",
				 json_string_value(json_object_get(tunnel, "source")) ?: "",
				 json_string_value(json_object_get(peer, "nbma")) ?: "");
			json_object_set_new(ends, both, json_true());
		}
	return ends;
}

/* Sessions with these peers, and where all were asked for with whoever else has one. */
static json_t *sessions_with(struct daemon *d, const struct kernel_answer *kernel,
			     const json_t *answer, bool all)
{
	json_t *every = show_crypto_session(d, kernel), *ends = ends_of(answer), *session;
	json_t *list = json_array();
	char both[2 * ADDR_TEXT];
	size_t i;

	json_array_foreach (json_object_get(every, "sessions"), i, session) {
		snprintf(both, sizeof(both), "%s %s",
			 json_string_value(json_object_get(session, "local")) ?: "",
			 json_string_value(json_object_get(session, "peer")) ?: "");
		if (all || json_object_get(ends, both))
			json_array_append(list, session);
	}
	json_decref(ends);
	json_decref(every);
	return list;
}

json_t *show_dmvpn_detail(struct daemon *d, const json_t *args, const struct kernel_answer *kernel)
{
	json_t *answer = show_dmvpn(d, args), *servers;

	if (json_object_get(answer, "error"))
		return answer;
	add_links(d, answer);
	servers = show_ip_nhrp_nhs(d, NULL);
	merge(answer, json_object_get(servers, "tunnels"));
	json_decref(servers);
	json_object_set_new(answer, "sessions",
			    sessions_with(d, kernel, answer, !json_object_size(args)));
	return answer;
}
