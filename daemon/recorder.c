/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/recorder.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(msg) abort()
#include <uthash.h>

/*
 * Positions count octets from the first one ever written, so that an old one never means a new record:
 * what lies more than a ring's size behind the head is gone.
 */
struct record {
	uint32_t size; /* of all of it, a multiple of ALIGN */
	bool is_ike;
	bool filler; /* what was left at the end of the ring: nothing fits there */
	struct addr peer;
	uint64_t serial;
	msec at;
	uint64_t before; /* of the same peer; NONE: there is none */
			 /* behind it the event, without the part of its union that is not used */
};

#define ALIGN 8
#define NONE  UINT64_MAX

struct peer {
	struct addr addr;
	uint64_t last;
	UT_hash_handle hh;
};

struct ring {
	uint8_t *octets;
	uint64_t size, head, tail;
	struct peer *peers;
};

struct recorder {
	struct ring peers, strangers;
	uint64_t serial;
};

struct entry {
	const struct addr *peer;
	uint64_t serial;
	msec at;
	bool is_ike;
	const void *event;
	size_t len;
};

/* ---- a ring ---- */

static void ring_open(struct ring *g, size_t octets)
{
	g->size = octets & ~(uint64_t)(ALIGN - 1);
	g->octets = xcalloc(1, g->size);
}

static void ring_close(struct ring *g)
{
	struct peer *p, *next;

	HASH_ITER (hh, g->peers, p, next) {
		HASH_DEL(g->peers, p);
		free(p);
	}
	free(g->octets);
}

static struct record *record_at(const struct ring *g, uint64_t position)
{
	return (struct record *)(void *)(g->octets + position % g->size);
}

static struct peer *peer_find(const struct ring *g, const struct addr *addr)
{
	struct peer *p;

	HASH_FIND(hh, g->peers, addr, sizeof(*addr), p);
	return p;
}

/* The oldest record goes, and with its peer's last one the peer. */
static void drop_oldest(struct ring *g)
{
	const struct record *r = record_at(g, g->tail);
	struct peer *p = r->filler ? NULL : peer_find(g, &r->peer);

	if (p && p->last == g->tail) {
		HASH_DEL(g->peers, p);
		free(p);
	}
	g->tail += r->size;
}

/* Room for `size` octets in one piece, at the head. */
static struct record *make_room(struct ring *g, uint64_t size)
{
	uint64_t left = g->size - g->head % g->size;
	struct record *r;

	if (left < size) {
		while (g->head + left - g->tail > g->size)
			drop_oldest(g);
		/* All of a record may not fit, but these two do: they lie within its first ALIGN octets. */
		r = record_at(g, g->head);
		r->size = (uint32_t)left;
		r->filler = true;
		g->head += left;
	}
	while (g->head + size - g->tail > g->size)
		drop_oldest(g);
	r = record_at(g, g->head);
	memset(r, 0, sizeof(*r));
	r->size = (uint32_t)size;
	return r;
}

static void ring_add(struct ring *g, const struct entry *e)
{
	uint64_t size = (sizeof(struct record) + e->len + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	struct record *r = make_room(g, size);
	struct peer *p = peer_find(g, e->peer);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->addr = *e->peer;
		p->last = NONE;
		HASH_ADD(hh, g->peers, addr, sizeof(p->addr), p);
	}
	r->is_ike = e->is_ike;
	r->peer = *e->peer;
	r->serial = e->serial;
	r->at = e->at;
	r->before = p->last;
	memcpy(r + 1, e->event, e->len);
	p->last = g->head;
	g->head += size;
}

/* ---- what is kept of an event ---- */

#define USED(member) (offsetof(struct ike_event, member) + sizeof(((struct ike_event *)0)->member))

/* Octets of an event that mean something. */
static size_t ike_length(const struct ike_event *e)
{
	switch (e->kind) {
	case IKE_EVENT_STATE:
		return USED(state);
	case IKE_EVENT_MESSAGE:
		return USED(message);
	case IKE_EVENT_FRAGMENTS:
		return USED(fragments);
	case IKE_EVENT_PROCESSING:
	case IKE_EVENT_CONSTRUCTING:
		return USED(payload);
	case IKE_EVENT_POLICY_MATCH:
	case IKE_EVENT_ESP_MATCH:
		return USED(match);
	case IKE_EVENT_RETRANSMIT:
		return USED(retransmit);
	case IKE_EVENT_DROP:
		return USED(drop);
	case IKE_EVENT_NOTIFY:
		return USED(notify);
	case IKE_EVENT_NAT:
		return USED(nat);
	case IKE_EVENT_DPD:
		return USED(dpd);
	case IKE_EVENT_NEW_PHASE1:
	case IKE_EVENT_KEYS:
	case IKE_EVENT_LANDED:
	case IKE_EVENT_HASH:
	case IKE_EVENT_SIGNATURE:
	case IKE_EVENT_QM_START:
	case IKE_EVENT_DUPLICATE:
	case IKE_EVENT_REKEY:
	case IKE_EVENT_CROSSED:
		return USED(flag);
	default:
		return sizeof(*e);
	}
}

void recorder_ike(struct recorder *r, const struct ike_event *e, bool stranger)
{
	struct entry entry = { &e->remote.addr, ++r->serial, e->at, true, e, ike_length(e) };

	ring_add(stranger ? &r->strangers : &r->peers, &entry);
}

void recorder_nhrp(struct recorder *r, msec now, const struct nhrp_event *e)
{
	struct entry entry = { &e->nbma, ++r->serial, now, false, e, sizeof(*e) };

	if (!addr_is_none(&e->nbma))
		ring_add(&r->peers, &entry);
}

struct recorder *recorder_new(size_t octets_peers, size_t octets_strangers)
{
	struct recorder *r = xcalloc(1, sizeof(*r));

	ring_open(&r->peers, octets_peers);
	ring_open(&r->strangers, octets_strangers);
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	ring_close(&r->peers);
	ring_close(&r->strangers);
	free(r);
}

/* ---- reading ---- */

static void take(const struct record *r, struct recorded *out)
{
	size_t len = r->size - sizeof(*r);

	*out = (struct recorded){ .serial = r->serial, .at = r->at, .is_ike = r->is_ike };
	if (r->is_ike)
		memcpy(&out->ike, r + 1, MIN(len, sizeof(out->ike)));
	else
		memcpy(&out->nhrp, r + 1, MIN(len, sizeof(out->nhrp)));
}

/* Newest first; without `out` they are only counted. */
static size_t ring_read(const struct ring *g, const struct addr *addr, msec since, size_t max,
			struct recorded *out)
{
	const struct peer *p = peer_find(g, addr);
	uint64_t at = p ? p->last : NONE;
	size_t n = 0;

	while (at != NONE && at >= g->tail && n < max) {
		const struct record *r = record_at(g, at);

		if (r->at < since)
			break;
		if (out)
			take(r, &out[n]);
		n++;
		at = r->before;
	}
	return n;
}

size_t recorder_read(const struct recorder *r, const struct addr *peer, msec since, size_t max,
		     struct recorded **out)
{
	size_t n = ring_read(&r->peers, peer, since, max, NULL);
	size_t m = ring_read(&r->strangers, peer, since, max, NULL);
	struct recorded *all = xcalloc(n + m, sizeof(*all)), *merged;

	ring_read(&r->peers, peer, since, max, all);
	ring_read(&r->strangers, peer, since, max, all + n);
	/* Each ring's part is turned around on the way. */
	merged = xcalloc(n + m, sizeof(*merged));
	for (size_t i = n, j = m, k = 0; k < n + m; k++) {
		bool first = !j || (i && all[i - 1].serial < all[n + j - 1].serial);

		merged[k] = first ? all[--i] : all[n + --j];
	}
	free(all);
	*out = merged;
	if (n + m > max)
		memmove(merged, merged + (n + m - max), max * sizeof(*merged));
	return MIN(n + m, max);
}

static size_t ring_peers(const struct ring *g, msec since, struct addr *out)
{
	const struct peer *p, *next;
	size_t n = 0;

	HASH_ITER (hh, g->peers, p, next)
		if (record_at(g, p->last)->at >= since)
			out[n++] = p->addr;
	return n;
}

size_t recorder_peers(const struct recorder *r, msec since, struct addr **out)
{
	size_t room = HASH_COUNT(r->peers.peers) + HASH_COUNT(r->strangers.peers), n;

	*out = xcalloc(room, sizeof(**out));
	n = ring_peers(&r->peers, since, *out);
	return n + ring_peers(&r->strangers, since, *out + n);
}
