/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash by prefix; a look-up asks for each length that occurs, longest first. */
#include "ikev1/psk.h"

struct psk_node {
	struct prefix prefix; /* network only */
	const struct ike_psk *psk;
	UT_hash_handle hh;
};

void psk_index(struct ike *ike)
{
	psk_free(ike);
	for (size_t i = 0; i < ike->cfg->psk_count; i++) {
		struct psk_node *n = xcalloc(1, sizeof(*n));
		struct psk_node *old;

		n->prefix = prefix_network(&ike->cfg->psks[i].peer);
		n->psk = &ike->cfg->psks[i];
		HASH_REPLACE(hh, ike->psks, prefix, sizeof(n->prefix), n, old);
		free(old);
		ike->psk_lengths |= 1ULL << n->prefix.bits;
	}
}

void psk_free(struct ike *ike)
{
	struct psk_node *n, *tmp;

	HASH_ITER (hh, ike->psks, n, tmp) {
		HASH_DEL(ike->psks, n);
		free(n);
	}
	ike->psk_lengths = 0;
}

const struct ike_psk *psk_find(const struct ike *ike, const struct addr *peer)
{
	for (int bits = 32; bits >= 0; bits--) {
		struct prefix host = { *peer, (uint8_t)bits }, key;
		struct psk_node *n;

		if (!(ike->psk_lengths & 1ULL << bits))
			continue;
		memset(&key, 0, sizeof(key));
		key = prefix_network(&host);
		HASH_FIND(hh, ike->psks, &key, sizeof(key), n);
		if (n)
			return n->psk;
	}
	return NULL;
}
