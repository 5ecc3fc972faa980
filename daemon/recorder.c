/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/recorder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define uthash_fatal(msg) abort()
#include <uthash.h>

/*
 * One event, in octets behind it: without the zeroes at its end and, of an IKE event, without its time,
 * and without what it is about where that is the same as of the IKE event before it in the chunk. So an
 * event takes a twentieth of its size, mostly.
 */
struct record {
	uint32_t serial, at; /* since the chunk's first */
	uint16_t len;	     /* of what stands behind it */
	bool is_ike, same;
};

#define ALIGN _Alignof(struct record)
#define ABOUT offsetof(struct ike_event, local)
#define SAYS  offsetof(struct ike_event, kind)

/* What is allocated and forgotten at once. */
struct chunk {
	TAILQ_ENTRY(chunk) by_use;  /* of the shelf: what was written to last at the end */
	TAILQ_ENTRY(chunk) of_file; /* in the order of time */
	struct file *file;
	uint64_t serial;   /* of the first record */
	msec first, last;  /* when the first and the last one were added */
	size_t room, used; /* octets */
	const void *about; /* of its last IKE event; NULL: it has none */
	uint8_t octets[] __attribute__((aligned(ALIGN)));
};

TAILQ_HEAD(chunks, chunk);

/* PROVEN: what a peer did as a stranger, before it had proven who it is. */
enum shelf_kind { STORY, PROVEN, ROUTINE, STRANGE, SHELVES };

/* Of one address what is on one shelf. */
struct file {
	struct peer *peer;
	enum shelf_kind kind;
	struct chunks chunks;
	size_t octets;
};

struct peer {
	struct addr addr;
	struct file files[SHELVES];
	UT_hash_handle hh;
};

struct shelf {
	size_t octets, max; /* of all chunks with their heads */
	TAILQ_HEAD(, chunk) by_use;
};

struct recorder {
	struct shelf shelves[SHELVES];
	struct peer *peers;
	uint64_t serial;
};

/* Octets of a chunk, and of all chunks of one address. */
static const struct {
	size_t chunk, share;
} sizes[SHELVES] = {
	[STORY] = { 1024, RECORDER_SHARE },
	[PROVEN] = { 512, RECORDER_SHARE / 2 },
	[ROUTINE] = { 512, RECORDER_SHARE / 8 },
	[STRANGE] = { 512, RECORDER_SHARE / 4 },
};

struct entry {
	const struct addr *peer;
	enum shelf_kind kind;
	msec at;
	bool is_ike;
	const uint8_t *event;
	size_t size;
};

/* ---- chunks ---- */

static size_t octets_of(const struct chunk *c)
{
	return sizeof(*c) + c->room;
}

static void take_out(struct recorder *r, struct chunk *c)
{
	struct shelf *s = &r->shelves[c->file->kind];

	TAILQ_REMOVE(&c->file->chunks, c, of_file);
	TAILQ_REMOVE(&s->by_use, c, by_use);
	s->octets -= octets_of(c);
	c->file->octets -= octets_of(c);
}

/* With the last one of its peer goes the peer. */
static void drop(struct recorder *r, struct chunk *c)
{
	struct peer *p = c->file->peer;

	take_out(r, c);
	free(c);
	for (size_t i = 0; i < SHELVES; i++)
		if (!TAILQ_EMPTY(&p->files[i].chunks))
			return;
	HASH_DEL(r->peers, p);
	free(p);
}

static struct peer *peer_find(const struct recorder *r, const struct addr *addr)
{
	struct peer *p;

	HASH_FIND(hh, r->peers, addr, sizeof(*addr), p);
	return p;
}

static struct peer *peer_get(struct recorder *r, const struct addr *addr)
{
	struct peer *p = peer_find(r, addr);

	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->addr = *addr;
	for (size_t i = 0; i < SHELVES; i++) {
		p->files[i].peer = p;
		p->files[i].kind = (enum shelf_kind)i;
		TAILQ_INIT(&p->files[i].chunks);
	}
	HASH_ADD(hh, r->peers, addr, sizeof(p->addr), p);
	return p;
}

/* At the end of the file; what is too much goes, but never this one. */
static void put(struct recorder *r, struct file *f, struct chunk *c)
{
	struct shelf *s = &r->shelves[f->kind];

	c->file = f;
	TAILQ_INSERT_TAIL(&f->chunks, c, of_file);
	TAILQ_INSERT_TAIL(&s->by_use, c, by_use);
	s->octets += octets_of(c);
	f->octets += octets_of(c);
	while (f->octets > sizes[f->kind].share && TAILQ_FIRST(&f->chunks) != c)
		drop(r, TAILQ_FIRST(&f->chunks));
	while (s->octets > s->max && TAILQ_FIRST(&s->by_use) != c)
		drop(r, TAILQ_FIRST(&s->by_use));
}

static struct chunk *chunk_new(struct recorder *r, struct file *f, size_t need)
{
	size_t octets = MAX(sizes[f->kind].chunk, sizeof(struct chunk) + need);
	struct chunk *c = xcalloc(1, octets);

	c->room = octets - sizeof(*c);
	put(r, f, c);
	return c;
}

/* Somebody has proven who he is: no stranger pushes out any more how it began. */
static void prove(struct recorder *r, const struct addr *addr)
{
	struct peer *p = peer_get(r, addr);
	struct chunk *c;

	while ((c = TAILQ_FIRST(&p->files[STRANGE].chunks))) {
		take_out(r, c);
		put(r, &p->files[PROVEN], c);
	}
}

/* ---- writing ---- */

static size_t without_zeroes(const uint8_t *octets, size_t from, size_t to)
{
	while (to > from && !octets[to - 1])
		to--;
	return to;
}

static size_t record_size(size_t len)
{
	return (sizeof(struct record) + len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static bool fits(const struct chunk *c, msec at, uint64_t serial, size_t len)
{
	return at - c->first <= UINT32_MAX && serial - c->serial <= UINT32_MAX &&
	       c->room - c->used >= record_size(len);
}

static void append(struct chunk *c, const struct entry *e, uint64_t serial, size_t from, size_t to)
{
	struct record *r = (struct record *)(void *)(c->octets + c->used);

	if (!c->used) {
		c->serial = serial;
		c->first = e->at;
	}
	*r = (struct record){ .serial = (uint32_t)(serial - c->serial),
			      .at = (uint32_t)(e->at - c->first),
			      .len = (uint16_t)(to - from),
			      .is_ike = e->is_ike,
			      .same = from == SAYS };
	memcpy(r + 1, e->event + from, to - from);
	if (e->is_ike && !r->same)
		c->about = r + 1;
	c->used += record_size(r->len);
	c->last = e->at;
}

static void add(struct recorder *r, const struct entry *e)
{
	struct shelf *s = &r->shelves[e->kind];
	struct file *f = &peer_get(r, e->peer)->files[e->kind];
	struct chunk *c = TAILQ_LAST(&f->chunks, chunks);
	bool same =
		e->is_ike && c && c->about && memcmp(c->about, e->event + ABOUT, SAYS - ABOUT) == 0;
	size_t start = e->is_ike ? ABOUT : 0, from = same ? SAYS : start;
	size_t to = without_zeroes(e->event, e->is_ike ? SAYS : 0, e->size);

	r->serial++;
	if (!c || !fits(c, e->at, r->serial, to - from)) {
		from = start;
		c = chunk_new(r, f, record_size(to - from));
	}
	append(c, e, r->serial, from, to);
	TAILQ_REMOVE(&s->by_use, c, by_use);
	TAILQ_INSERT_TAIL(&s->by_use, c, by_use);
}

static bool is_sign_of_life(uint16_t notify)
{
	return notify == ISAKMP_N_R_U_THERE || notify == ISAKMP_N_R_U_THERE_ACK;
}

/* What goes on for ever when all is well. */
static bool is_routine(const struct ike_event *e)
{
	switch (e->kind) {
	case IKE_EVENT_MESSAGE:
		return is_sign_of_life(e->message.notify);
	case IKE_EVENT_NOTIFY:
		return is_sign_of_life(e->notify.type);
	case IKE_EVENT_DPD:
		return e->dpd.tries == 1 && !e->dpd.dead;
	default:
		return false;
	}
}

void recorder_ike(struct recorder *r, const struct ike_event *e, bool stranger)
{
	struct entry entry = { .peer = &e->remote.addr,
			       .kind = is_routine(e) ? ROUTINE : STORY,
			       .at = e->at,
			       .is_ike = true,
			       .event = (const uint8_t *)e,
			       .size = sizeof(*e) };

	if (stranger)
		entry.kind = STRANGE;
	add(r, &entry);
	if (e->kind == IKE_EVENT_PHASE1_DONE)
		prove(r, &e->remote.addr);
}

void recorder_nhrp(struct recorder *r, msec now, const struct nhrp_event *e)
{
	struct entry entry = { .peer = &e->nbma,
			       .kind = e->level == NHRP_LEVEL_DEBUG ? ROUTINE : STORY,
			       .at = now,
			       .event = (const uint8_t *)e,
			       .size = sizeof(*e) };

	if (!addr_is_none(&e->nbma))
		add(r, &entry);
}

struct recorder *recorder_new(size_t peers, size_t strangers)
{
	struct recorder *r = xcalloc(1, sizeof(*r));

	for (size_t i = 0; i < SHELVES; i++)
		TAILQ_INIT(&r->shelves[i].by_use);
	r->shelves[STORY].max = peers / 2;
	r->shelves[PROVEN].max = r->shelves[ROUTINE].max = peers / 4;
	r->shelves[STRANGE].max = strangers;
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < SHELVES; i++)
		while (!TAILQ_EMPTY(&r->shelves[i].by_use))
			drop(r, TAILQ_FIRST(&r->shelves[i].by_use));
	free(r);
}

/* ---- reading ---- */

/* Where one reads in a file. */
struct place {
	const struct chunk *chunk; /* NULL: at the end */
	size_t at;
	const void *about; /* of the last IKE event before */
};

static const struct record *here(struct place *p)
{
	while (p->chunk && p->at == p->chunk->used)
		*p = (struct place){ TAILQ_NEXT(p->chunk, of_file), 0, NULL };
	return p->chunk ? (const struct record *)(const void *)(p->chunk->octets + p->at) : NULL;
}

/* Goes on behind it; fills it in where `out` is not NULL. */
static void take(struct place *p, struct recorded *out)
{
	const struct record *r = here(p);
	uint8_t *ike = out ? (uint8_t *)&out->ike : NULL;

	p->at += record_size(r->len);
	if (r->is_ike && !r->same)
		p->about = r + 1;
	if (!out)
		return;
	*out = (struct recorded){ .serial = p->chunk->serial + r->serial,
				  .at = p->chunk->first + r->at,
				  .is_ike = r->is_ike };
	if (!r->is_ike) {
		memcpy(&out->nhrp, r + 1, r->len);
		return;
	}
	out->ike.at = out->at;
	if (r->same)
		memcpy(ike + ABOUT, p->about, SAYS - ABOUT);
	memcpy(ike + (r->same ? SAYS : ABOUT), r + 1, r->len);
}

/* The first one since then in each file; the number of those that follow, it included. */
static size_t start(const struct peer *peer, msec since, struct place places[SHELVES])
{
	size_t n = 0;

	for (size_t i = 0; i < SHELVES; i++) {
		struct place *p = &places[i], count;
		const struct chunk *c = TAILQ_FIRST(&peer->files[i].chunks);

		while (c && c->last < since)
			c = TAILQ_NEXT(c, of_file);
		*p = (struct place){ c, 0, NULL };
		while (here(p) && p->chunk->first + here(p)->at < since)
			take(p, NULL);
		for (count = *p; here(&count); n++)
			take(&count, NULL);
	}
	return n;
}

static uint64_t serial(struct place *p)
{
	return here(p)->serial + p->chunk->serial;
}

/* Where the oldest of all that is not read yet stands. */
static struct place *oldest(struct place places[SHELVES])
{
	struct place *first = NULL;

	for (size_t i = 0; i < SHELVES; i++)
		if (here(&places[i]) && (!first || serial(&places[i]) < serial(first)))
			first = &places[i];
	return first;
}

size_t recorder_read(const struct recorder *r, const struct addr *peer, msec since, size_t max,
		     struct recorded **out)
{
	const struct peer *p = peer_find(r, peer);
	struct place places[SHELVES] = { 0 };
	size_t n = p ? start(p, since, places) : 0;

	for (; n > max; n--)
		take(oldest(places), NULL);
	*out = xcalloc(n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		take(oldest(places), &(*out)[i]);
	return n;
}

static bool heard_since(const struct peer *p, msec since)
{
	for (size_t i = 0; i < SHELVES; i++) {
		const struct chunk *c = TAILQ_LAST(&p->files[i].chunks, chunks);

		if (c && c->last >= since)
			return true;
	}
	return false;
}

size_t recorder_peers(const struct recorder *r, msec since, struct addr **out)
{
	const struct peer *p, *next;
	size_t n = 0;

	*out = xcalloc(HASH_COUNT(r->peers), sizeof(**out));
	HASH_ITER (hh, r->peers, p, next)
		if (heard_since(p, since))
			(*out)[n++] = p->addr;
	return n;
}
