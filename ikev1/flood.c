/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/flood.h"

#include "ikev1/store.h"

#define BURST  4	   /* seconds' worth of answers at first sight */
#define BITS   (1u << 22)  /* of a filter */
#define PROBES 4	   /* bits of a message; one in 200 is taken for another at the worst */
#define FULL   (1u << 18)  /* messages */
#define AGE    SECONDS(16) /* of the filter that is filled */
#define CALM   SECONDS(60) /* then there is no need for the filters */
#define TELL   SECONDS(60)

struct filter {
	uint64_t word[BITS / 64];
};

struct flood {
	uint8_t secret[16];
	uint32_t tokens;
	msec refilled;
	struct filter *now, *before; /* NULL: nobody had to be put off */
	msec since;		     /* of the filter that is filled */
	uint32_t count;		     /* what is in it */
	msec last;		     /* time that somebody was put off */
	msec told;
	uint32_t put_off; /* others, since then */
};

struct flood *flood_new(struct ike *ike)
{
	struct flood *f = xcalloc(1, sizeof(*f));

	drbg_bytes(&ike->drbg, f->secret, sizeof(f->secret));
	return f;
}

static void forget_all(struct flood *f)
{
	free(f->now);
	free(f->before);
	f->now = f->before = NULL;
}

void flood_free(struct flood *f)
{
	if (!f)
		return;
	forget_all(f);
	util_wipe(f, sizeof(*f));
	free(f);
}

static bool take_token(struct ike *ike, struct flood *f)
{
	uint32_t rate = ike->limits.first_messages;
	msec passed = ike->now - f->refilled;
	uint64_t more = MIN(passed, SECONDS(BURST)) * rate / 1000;

	if (more) {
		f->tokens = (uint32_t)MIN(f->tokens + more, (uint64_t)rate * BURST);
		f->refilled = ike->now;
	}
	if (!f->tokens)
		return false;
	f->tokens--;
	return true;
}

/* The filter that is full or old becomes the one before. */
static void turn_filters(struct flood *f, msec now)
{
	struct filter *old = f->before;

	if (!f->now) {
		f->now = xcalloc(1, sizeof(*f->now));
		f->before = xcalloc(1, sizeof(*f->before));
	} else if (f->count < FULL && now - f->since < AGE) {
		return;
	} else {
		f->before = f->now;
		f->now = old;
		memset(f->now, 0, sizeof(*f->now));
	}
	f->since = now;
	f->count = 0;
}

/* Which bits stand for a message. */
static void probe(const struct flood *f, const struct ike_datagram *d, const uint8_t *icookie,
		  uint32_t bit[PROBES])
{
	const struct span parts[] = { span_of(f->secret, sizeof(f->secret)),
				      span_of(icookie, ISAKMP_COOKIE),
				      span_of(&d->remote, sizeof(d->remote)) };
	uint8_t digest[20];
	struct reader r = reader_of(digest, sizeof(digest));

	crypto_hash(HASH_SHA1, parts, ARRAY_SIZE(parts), digest);
	for (size_t i = 0; i < PROBES; i++)
		bit[i] = read_u32(&r) % BITS;
}

static bool has(const struct filter *f, const uint32_t bit[PROBES])
{
	for (size_t i = 0; i < PROBES; i++)
		if (!(f->word[bit[i] / 64] & 1ULL << bit[i] % 64))
			return false;
	return true;
}

/* Remembers it; true where that was done before. */
static bool came_before(struct flood *f, const struct ike_datagram *d, const uint8_t *icookie,
			msec now)
{
	uint32_t bit[PROBES];

	turn_filters(f, now);
	probe(f, d, icookie, bit);
	if (has(f->now, bit) || has(f->before, bit))
		return true;
	for (size_t i = 0; i < PROBES; i++)
		f->now->word[bit[i] / 64] |= 1ULL << bit[i] % 64;
	f->count++;
	return false;
}

static void tell(struct ike *ike, struct flood *f, const struct ike_datagram *d)
{
	struct ike_event *e;

	if (f->told && ike->now - f->told < TELL) {
		f->put_off++;
		return;
	}
	e = report(ike, IKE_EVENT_FLOOD, LEVEL_ALWAYS);
	e->local = d->local;
	e->remote = d->remote;
	e->flood.rate = ike->limits.first_messages;
	e->flood.put_off = f->put_off;
	f->told = ike->now;
	f->put_off = 0;
}

bool flood_admits(struct ike *ike, const struct ike_datagram *d, const uint8_t *icookie)
{
	const struct ike_peer *p = ike_peer_find(ike, &d->local.addr, &d->remote.addr);
	struct flood *f = ike->flood;

	/* Somebody else may send in a member's name: there is a limit for each source. */
	if (p && ike_peer_has_sas(p))
		return true;
	if (take_token(ike, f)) {
		if (f->now && ike->now - f->last >= CALM)
			forget_all(f);
		return true;
	}
	f->last = ike->now;
	if (came_before(f, d, icookie, ike->now))
		return true;
	ike->counters.dropped[IKE_DROP_FLOOD]++;
	tell(ike, f, d);
	return false;
}
