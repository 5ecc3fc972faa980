/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which identities may register which addresses: pairs, by identity and by address. Looked up by
 * halves, so that many thousands of them cost no more than a few.
 */
#include "nhrp/core.h"

struct authorization {
	struct span identity; /* what both arrays point to is the first one's */
	struct addr protocol;
};

static int compare_identity(const void *a, const void *b)
{
	const struct span *x = &((const struct authorization *)a)->identity;
	const struct span *y = &((const struct authorization *)b)->identity;
	int sign = memcmp(x->data, y->data, MIN(x->len, y->len));

	return sign ? sign : (x->len > y->len) - (x->len < y->len);
}

static int compare_protocol(const void *a, const void *b)
{
	return memcmp(&((const struct authorization *)a)->protocol,
		      &((const struct authorization *)b)->protocol, sizeof(struct addr));
}

static int compare_both(const void *a, const void *b)
{
	int sign = compare_identity(a, b);

	return sign ? sign : compare_protocol(a, b);
}

void authorize_free(struct iface *i)
{
	for (size_t k = 0; k < i->n_authorize; k++)
		free((void *)(uintptr_t)i->by_identity[k].identity.data);
	free(i->by_identity);
	free(i->by_protocol);
	i->by_identity = i->by_protocol = NULL;
	i->n_authorize = 0;
}

void authorize_configure(struct iface *i, const struct nhrp_authorize *list, size_t count)
{
	authorize_free(i);
	if (!count)
		return;
	i->by_identity = xcalloc(count, sizeof(*i->by_identity));
	for (size_t k = 0; k < count; k++) {
		size_t len = list[k].identity.len;

		if (!len || len > NHRP_IDENTITY_MAX)
			continue;
		i->by_identity[i->n_authorize++] = (struct authorization){
			{ xmemdup(list[k].identity.data, len), len }, list[k].protocol
		};
	}
	i->by_protocol = xmemdup(i->by_identity, count * sizeof(*i->by_identity));
	qsort(i->by_identity, i->n_authorize, sizeof(*i->by_identity), compare_both);
	qsort(i->by_protocol, i->n_authorize, sizeof(*i->by_protocol), compare_protocol);
}

bool authorized(const struct iface *i, const struct peer *p, const struct addr *protocol)
{
	struct authorization key = { { p->identity, p->identity_len }, *protocol };
	size_t n = i->n_authorize, size = sizeof(key);

	if (!n)
		return true;
	if (!key.identity.len)
		return !bsearch(&key, i->by_protocol, n, size, compare_protocol);
	if (bsearch(&key, i->by_identity, n, size, compare_both))
		return true;
	return !bsearch(&key, i->by_identity, n, size, compare_identity) &&
	       !bsearch(&key, i->by_protocol, n, size, compare_protocol);
}
