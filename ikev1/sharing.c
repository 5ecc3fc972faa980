/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers that share an address. */
#include "ikev1/sharing.h"

#include "ikev1/identity.h"
#include "ikev1/store.h"

/* An address behind which there is more than one. */
struct shared_address {
	struct {
		uint8_t secret[8];
		struct addr local, outer;
	} key;
	uint32_t pseudo_peers;
	UT_hash_handle hh;
};

/* Class E: no host has it and no router carries it, so that no peer's own address is among them. */
#define POOL ((struct prefix){ { 4, { 240 } }, 8 })

static struct prefix pool_of(const struct ike *ike)
{
	return ike->cfg->pseudo_pool.addr.len ? ike->cfg->pseudo_pool : POOL;
}

bool sharing_is_pseudo(const struct ike *ike, const struct addr *a)
{
	struct prefix pool = pool_of(ike);

	return prefix_contains(&pool, a);
}

void sharing_remember(struct isakmp_sa *sa, const struct isakmp_id *id)
{
	const struct span parts[] = { span_of(&id->type, 1), id->data };

	crypto_hash(HASH_SHA1, parts, ARRAY_SIZE(parts), sa->identity);
	sa->inside = id->type == ISAKMP_ID_IPV4_ADDR ? addr_from_bytes(id->data.data, id->data.len)
						     : (struct addr){ 0 };
	sa->claims = identity_of(id);
}

static struct shared_address *shared_address(struct ike *ike, const struct addr *local,
					     const struct addr *outer)
{
	struct shared_address *at = xcalloc(1, sizeof(*at)), *known;

	memcpy(at->key.secret, ike->hash_secret, sizeof(at->key.secret));
	at->key.local = *local;
	at->key.outer = *outer;
	HASH_FIND(hh, ike->shared, &at->key, sizeof(at->key), known);
	if (known) {
		free(at);
		return known;
	}
	HASH_ADD(hh, ike->shared, key, sizeof(at->key), at);
	return at;
}

static void forget_if_unused(struct ike *ike, struct shared_address *at)
{
	if (at->pseudo_peers)
		return;
	HASH_DELETE(hh, ike->shared, at);
	free(at);
}

static void unknow(struct ike_peer *p)
{
	if (p->is_known)
		HASH_DELETE(hh_who, p->ike->who, p);
	p->is_known = false;
}

void sharing_forget(struct ike_peer *p)
{
	unknow(p);
	if (!p->shares)
		return;
	p->ike->pseudo_peers--;
	p->shares->pseudo_peers--;
	forget_if_unused(p->ike, p->shares);
}

/* From now on this identity at this address means this peer. */
static void identify(struct ike_peer *p, const struct isakmp_sa *sa)
{
	unknow(p);
	p->who.local = sa->local.addr;
	p->who.outer = sa->remote.addr;
	memcpy(p->who.identity, sa->identity, sizeof(p->who.identity));
	HASH_ADD(hh_who, p->ike->who, who, sizeof(p->who), p);
	p->is_known = true;
	p->claims = sa->claims;
	p->auth = sa->suite.auth;
}

static struct ike_peer *find(struct ike *ike, const struct isakmp_sa *sa)
{
	struct ike_peer *p, key = { 0 };

	key.who.local = sa->local.addr;
	key.who.outer = sa->remote.addr;
	memcpy(key.who.identity, sa->identity, sizeof(key.who.identity));
	HASH_FIND(hh_who, ike->who, &key.who, sizeof(key.who), p);
	return p;
}

static bool is_same(const struct ike_peer *p, const struct isakmp_sa *sa)
{
	return p->is_known && memcmp(p->who.identity, sa->identity, sizeof(sa->identity)) == 0;
}

/* Somebody else has the name, and there is a NAT behind which both may be. */
static bool is_another(const struct ike_peer *p, const struct isakmp_sa *sa)
{
	return p->is_known && !is_same(p, sa) && ike_peer_has_sas(p) &&
	       (sa->nat.them || p->path.them);
}

/* A peer by an address of the pool; NULL where none is free. */
static struct ike_peer *new_from_pool(struct ike *ike, const struct addr *local)
{
	struct prefix pool = pool_of(ike);
	uint32_t size = pool.bits < 31 ? (UINT32_MAX >> pool.bits) - 1 : 0;

	for (uint32_t tries = 0; tries < size; tries++) {
		struct addr a = addr_v4(addr_to_v4(&pool.addr) + 1 + ike->next_pseudo++ % size);

		if (ike_peer_find(ike, local, &a))
			continue;
		return ike_peer_new(ike, local, &a);
	}
	return NULL;
}

/*
 * A new peer by a pseudo address; NULL where there are too many, in all or behind this address: who
 * stands there, and may take as many names as he likes, takes none from others.
 */
static struct ike_peer *new_pseudo(struct ike *ike, const struct addr *local,
				   const struct addr *outer)
{
	struct shared_address *at = shared_address(ike, local, outer);
	struct ike_peer *p = NULL;

	if (ike->pseudo_peers < ike->limits.pseudo_peers &&
	    at->pseudo_peers < ike->limits.pseudo_peers_per_address)
		p = new_from_pool(ike, local);
	if (p) {
		p->shares = at;
		at->pseudo_peers++;
		ike->pseudo_peers++;
	}
	forget_if_unused(ike, at);
	return p;
}

static void move_sa(struct isakmp_sa *sa, struct ike_peer *to)
{
	struct ike_peer *from = sa->peer;

	if (from == to)
		return;
	LIST_REMOVE(sa, of_peer);
	from->sa_count--;
	from->half_open--;
	LIST_INSERT_HEAD(&to->sas, sa, of_peer);
	to->sa_count++;
	to->half_open++;
	sa->peer = to;
	ike_peer_check_failed(from, IKE_CAUSE_IDENTITY);
	ike_peer_tidy(from);
}

static enum ike_cause settle_responder(struct isakmp_sa *sa)
{
	struct ike *ike = sa->x.ike;
	struct ike_peer *p = find(ike, sa);

	if (!p) {
		p = ike_peer_get(ike, &sa->local.addr, &sa->remote.addr);
		if (p && is_another(p, sa))
			p = new_pseudo(ike, &sa->local.addr, &sa->remote.addr);
	}
	if (!p)
		return IKE_CAUSE_SHARED_ADDRESS;
	identify(p, sa);
	move_sa(sa, p);
	return IKE_CAUSE_NONE;
}

enum ike_cause sharing_settle(struct isakmp_sa *sa)
{
	struct ike_peer *p = sa->peer;

	if (sa->x.role == IKE_RESPONDER)
		return settle_responder(sa);
	/* Its mapping has become another's. */
	if (sharing_is_pseudo(sa->x.ike, &p->key.remote) ? !is_same(p, sa) : is_another(p, sa))
		return IKE_CAUSE_IDENTITY;
	identify(p, sa);
	return IKE_CAUSE_NONE;
}
