/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/pseudo.h"

#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "daemon/daemon.h"
#include "daemon/trace.h"
#include "xfrm/xfrm.h"

struct pseudo {
	struct {
		struct addr local, pseudo;
	} key;
	struct xfrm_peer_policy policy;
	UT_hash_handle hh;
};

struct pseudos {
	struct pseudo *table;
};

struct pseudos *pseudos_new(void)
{
	return xcalloc(1, sizeof(struct pseudos));
}

void pseudos_free(struct pseudos *ps)
{
	struct pseudo *p, *next;

	if (!ps)
		return;
	HASH_ITER (hh, ps->table, p, next) {
		HASH_DEL(ps->table, p);
		free(p);
	}
	free(ps);
}

static struct pseudo *find(const struct pseudos *ps, const struct addr *local,
			   const struct addr *pseudo)
{
	struct pseudo *p, key = { .key = { *local, *pseudo } };

	HASH_FIND(hh, ps->table, &key.key, sizeof(key.key), p);
	return p;
}

bool pseudo_enter(struct daemon *d, const struct addr *local, const struct addr *pseudo,
		  const struct addr *outer, uint32_t reqid)
{
	struct pseudo *p = find(d->pseudos, local, pseudo);
	char why[XFRM_WHY], name[ADDR_TEXT], where[ADDR_TEXT];

	if (p && addr_equal(&p->policy.outer, outer))
		return true;
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->key.local = *local;
		p->key.pseudo = *pseudo;
		HASH_ADD(hh, d->pseudos->table, key, sizeof(p->key), p);
		log_msg(LOG_NOTICE, "several peers have the address %s: one of them is called %s here",
			addr_text(outer, where), addr_text(pseudo, name));
	}
	p->policy = (struct xfrm_peer_policy){ *local, *pseudo, *outer, reqid };
	if (!xfrm_peer_policy_add(d->xfrm, &p->policy, why))
		return true;
	log_msg(LOG_WARNING, "%s", why);
	HASH_DEL(d->pseudos->table, p);
	free(p);
	return false;
}

void pseudo_leave(struct daemon *d, const struct addr *local, const struct addr *pseudo)
{
	struct pseudo *p = find(d->pseudos, local, pseudo);
	char why[XFRM_WHY];

	if (!p)
		return;
	if (xfrm_peer_policy_del(d->xfrm, &p->policy, why))
		log_msg(LOG_WARNING, "%s", why);
	HASH_DEL(d->pseudos->table, p);
	free(p);
}
