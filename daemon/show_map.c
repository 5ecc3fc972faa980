/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMVPN as this node sees it, put together from the other shows: for a picture, and in all
 * detail.
 */
#include "daemon/show.h"

#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/verbs.h"

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

struct answer *show_map(struct daemon *d, const json_t *args, const struct kernel_answer *kernel)
{
	struct answer *a = answer_new();
	json_t *answer, *version, *error;
	struct show_peers *peers = show_peers_take(d, a, args, &error);

	if (!peers)
		return answer_is(a, error);
	version = show_version(d, NULL);
	answer = json_pack("{s:o}", "tunnels",
			   show_peers_tunnels(d, a, peers, show_pairs_take(d, a, kernel)));
	add_links(d, answer);
	json_object_set(answer, "hostname", json_object_get(version, "hostname"));
	json_decref(version);
	return answer_is(a, answer);
}

struct answer *show_dmvpn_detail(struct daemon *d, const json_t *args,
				 const struct kernel_answer *kernel)
{
	struct answer *a = answer_new();
	json_t *answer, *servers, *error;
	struct show_peers *peers;

	if (json_object_size(args) > 1)
		return answer_is(a, verbs_error("expected one of \"interface\", \"nbma\" and "
						"\"tunnel\""));
	peers = show_peers_take(d, a, args, &error);
	if (!peers)
		return answer_is(a, error);
	answer = json_pack("{s:o}", "tunnels", show_peers_tunnels(d, a, peers, NULL));
	add_links(d, answer);
	servers = show_ip_nhrp_nhs(d, NULL);
	merge(answer, json_object_get(servers, "tunnels"));
	json_decref(servers);
	json_object_set_new(answer, "sessions",
			    show_sessions(d, a, peers, show_pairs_take(d, a, kernel),
					  !json_object_size(args)));
	return answer_is(a, answer);
}
