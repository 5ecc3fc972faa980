/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reconcile.h"

#include <errno.h>
#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/neigh.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

struct leftover {
	struct xfrm_sa_id id;
	struct leftover *next; /* of the same stranger */
};

/* A pair of addresses found in leftover SAs. */
struct stranger {
	struct {
		struct addr local, remote;
	} key;
	struct leftover *sas;
	struct stranger *next; /* to be contacted */
	UT_hash_handle hh;
};

struct reconcile {
	struct stranger *table;
	struct stranger *contact; /* who was not contacted yet */
	size_t sas, strangers;
	msec next;  /* contact */
	msec grace; /* ends */
};

/* The one of our addresses; the other is the peer's. None: the configuration has changed. */
static bool is_ours(struct daemon *d, const struct addr *a)
{
	return tunnel_next_on(d, NULL, a) != NULL;
}

static struct stranger *find(struct reconcile *r, const struct addr *local,
			     const struct addr *remote)
{
	struct stranger *s, key = { .key = { *local, *remote } };

	HASH_FIND(hh, r->table, &key.key, sizeof(key.key), s);
	return s;
}

static void add(struct daemon *d, const struct xfrm_sa_id *id)
{
	struct reconcile *r = d->reconcile;
	bool out = is_ours(d, &id->src);
	const struct addr *local = out ? &id->src : &id->dst, *remote = out ? &id->dst : &id->src;
	struct stranger *s = find(r, local, remote);
	struct leftover *l = xcalloc(1, sizeof(*l));

	if (!s) {
		s = xcalloc(1, sizeof(*s));
		s->key.local = *local;
		s->key.remote = *remote;
		HASH_ADD(hh, r->table, key, sizeof(s->key), s);
		s->next = r->contact;
		r->contact = s;
		r->strangers++;
	}
	l->id = *id;
	l->next = s->sas;
	s->sas = l;
	r->sas++;
}

static void found(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a)
{
	struct reconcile *r = d->reconcile;

	(void)ctx;
	(void)arg;
	if (!r || a->err == ECANCELED)
		return;
	if (a->err)
		log_msg(LOG_WARNING, "what an earlier run left cannot be read: %s", a->why);
	for (size_t i = 0; i < a->count; i++)
		if (!peers_own_sa(d, &a->sas[i].id))
			add(d, &a->sas[i].id);
	if (r->strangers)
		log_msg(LOG_NOTICE,
			"an earlier run left %zu SAs with %zu peers: contacting them, and removing"
			" what nobody claims in %u s",
			r->sas, r->strangers, (unsigned int)(RECONCILE_GRACE / 1000));
	r->next = loop_now();
}

void reconcile_start(struct daemon *d)
{
	struct reconcile *r = xcalloc(1, sizeof(*r));

	d->reconcile = r;
	r->next = MSEC_NEVER;
	r->grace = loop_now() + RECONCILE_GRACE;
	kernel_sa_dump(d, found, NULL, 0);
}

/* The inbound ones are left for what is still on its way, until the grace time ends. */
void reconcile_peer_up(struct daemon *d, const struct addr *local, const struct addr *remote)
{
	struct stranger *s = d->reconcile ? find(d->reconcile, local, remote) : NULL;

	for (const struct leftover *l = s ? s->sas : NULL; l; l = l->next)
		if (addr_equal(&l->id.src, local) && !peers_own_sa(d, &l->id))
			kernel_sa_delete(d, &l->id, NULL, NULL, 0);
}

msec reconcile_deadline(const struct daemon *d)
{
	const struct reconcile *r = d->reconcile;

	return r ? MIN(r->next, r->grace) : MSEC_NEVER;
}

static void contact_next(struct daemon *d, msec now)
{
	struct reconcile *r = d->reconcile;
	struct stranger *s = r->contact;

	r->next = MSEC_NEVER;
	if (!s)
		return;
	r->contact = s->next;
	r->next = now + 1000 / RECONCILE_PACE;
	if (!peers_is_up(d, &s->key.local, &s->key.remote))
		ike_connect(d->ike, now, &s->key.local, &s->key.remote);
}

static bool is_known(struct daemon *d, const struct stranger *s)
{
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, &s->key.local));)
		if (nhrp_knows_nbma(d->nhrp, t->id, s->key.remote))
			return true;
	return false;
}

static size_t remove_sas(struct daemon *d)
{
	struct stranger *s, *next;
	size_t removed = 0;

	HASH_ITER (hh, d->reconcile->table, s, next) {
		for (const struct leftover *l = s->sas; l; l = l->next) {
			if (peers_own_sa(d, &l->id))
				continue; /* the same SPI again */
			kernel_sa_delete(d, &l->id, NULL, NULL, 0);
			removed++;
		}
		if (peers_is_up(d, &s->key.local, &s->key.remote) && !is_known(d, s))
			ike_release(d->ike, loop_now(), &s->key.local, &s->key.remote);
	}
	return removed;
}

static int compare_addr(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

/* The protocol addresses that NHRP has bound on the tunnel in this life, sorted. */
static struct addr *bound_addresses(struct daemon *d, const struct tunnel *t, size_t *count)
{
	const void *cursor = NULL;
	struct addr *out = NULL;
	struct nhrp_entry e;
	size_t n = 0, cap = 0;

	while (nhrp_entry_next(d->nhrp, &cursor, &e)) {
		if (e.id != t->id || addr_is_none(&e.path))
			continue;
		if (n == cap) {
			cap = cap ? 2 * cap : 64;
			out = xreallocarray(out, cap, sizeof(*out));
		}
		out[n++] = e.protocol;
	}
	if (n)
		qsort(out, n, sizeof(*out), compare_addr);
	*count = n;
	return out;
}

/*
 * The tunnel's neighbours that NHRP knows nothing of, to be freed; *count may be 0. Only a link that
 * was there at start can have any.
 */
static struct addr *unknown_neighbours(struct daemon *d, const struct tunnel *t, size_t *count)
{
	struct gre_neigh_entry *list;
	struct addr *bound, *out;
	size_t n, n_bound;
	char why[GRE_WHY];

	*count = 0;
	if (!t->ifindex || !t->adopted)
		return NULL;
	if (gre_neigh_list(d->neighs, t->ifindex, &list, &n, why)) {
		log_msg(LOG_WARNING, "%s", why);
		return NULL;
	}
	bound = bound_addresses(d, t, &n_bound);
	out = xcalloc(n, sizeof(*out));
	for (size_t i = 0; i < n; i++)
		if (!n_bound ||
		    !bsearch(&list[i].addr, bound, n_bound, sizeof(*bound), compare_addr))
			out[(*count)++] = list[i].addr;
	free(bound);
	free(list);
	return out;
}

static size_t remove_neighbours(struct daemon *d, struct tunnel *t)
{
	size_t count;
	struct addr *list = unknown_neighbours(d, t, &count);

	for (size_t i = 0; i < count; i++)
		kernel_unbind(d, t->ifindex, &list[i]);
	free(list);
	return count;
}

/* While the neighbour is there the kernel does not ask: we do in its place. */
void reconcile_nhs_up(struct daemon *d, const struct tunnel *t)
{
	struct addr *list;
	size_t count;

	if (!d->reconcile)
		return;
	list = unknown_neighbours(d, t, &count);
	for (size_t i = 0; i < count; i++)
		nhrp_resolve(d->nhrp, loop_now(), t->id, list[i]);
	free(list);
}

void reconcile_tick(struct daemon *d, msec now)
{
	if (now < d->reconcile->grace)
		contact_next(d, now);
	else
		reconcile_finish(d);
}

void reconcile_finish(struct daemon *d)
{
	size_t sas, neighbours = 0;

	if (!d->reconcile)
		return;
	/* A neighbour moves away before the SA that carried it goes. */
	TUNNELS_EACH (d, t) {
		if (t->ifindex)
			kernel_compare_routes(d, t->ifindex, true, NULL, NULL, 0);
		neighbours += remove_neighbours(d, t);
	}
	sas = remove_sas(d);
	if (sas || neighbours)
		log_msg(LOG_NOTICE, "removed what an earlier run left: %zu SAs, %zu neighbours",
			sas, neighbours);
	reconcile_free(d);
}

void reconcile_free(struct daemon *d)
{
	struct reconcile *r = d->reconcile;
	struct stranger *s, *next;

	if (!r)
		return;
	HASH_ITER (hh, r->table, s, next) {
		while (s->sas) {
			struct leftover *l = s->sas;

			s->sas = l->next;
			free(l);
		}
		HASH_DEL(r->table, s);
		free(s);
	}
	free(r);
	d->reconcile = NULL;
}
