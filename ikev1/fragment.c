/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/fragment.h"

#define PACKET_MAX 1280
/* IP, UDP and the marker of NAT-T are around a datagram. */
#define DATAGRAM_MAX (PACKET_MAX - 20 - 8 - 4)
#define FLAG_LAST    1
#define OVERHEAD     (ISAKMP_HEADER + 8)
#define DATA_MAX     (DATAGRAM_MAX - OVERHEAD)

/* Capabilities that may follow the vendor id. */
#define FOR_MAIN_MODE 0x80
#define AT_CAPABILITIES 16

_Static_assert(ISAKMP_MESSAGE_MAX / DATA_MAX < FRAGMENT_COUNT_MAX, "every message can be sent");

struct part {
	uint8_t *data;
	size_t len;
};

/* Those of one message that have come. */
struct fragments {
	struct isakmp_sa *sa;
	TAILQ_ENTRY(fragments) of_all;
	struct timer timer;
	uint16_t id;
	unsigned int last; /* number of the last one; 0: not there yet */
	uint64_t have;	   /* a bit for each, from the lowest */
	size_t bytes;
	struct part part[FRAGMENT_COUNT_MAX];
};

struct fragment {
	uint16_t id;
	unsigned int number;
	bool last;
	struct span data;
};

bool fragment_announced(struct span vendor_id)
{
	return vendor_id.len <= AT_CAPABILITIES || vendor_id.data[AT_CAPABILITIES] & FOR_MAIN_MODE;
}

static void report_fragments(struct isakmp_sa *sa, bool sent, unsigned int count, size_t len)
{
	struct ike_event *e = report_sa(sa, IKE_EVENT_FRAGMENTS, LEVEL_STEPS);

	e->fragments.sent = sent;
	e->fragments.count = (uint8_t)count;
	e->fragments.length = (uint32_t)len;
}

/* ---- sending ---- */

static void send_one(struct isakmp_sa *sa, const struct isakmp_header *h, const struct fragment *f)
{
	uint8_t octets[DATAGRAM_MAX];
	struct isakmp_builder b;
	struct effect_node *n;

	isakmp_begin(&b, octets, sizeof(octets), h);
	isakmp_payload_begin(&b, ISAKMP_FRAGMENT);
	write_u16(&b.w, f->id);
	write_u8(&b.w, (uint8_t)f->number);
	write_u8(&b.w, f->last ? FLAG_LAST : 0);
	write_span(&b.w, f->data);
	isakmp_payload_end(&b);
	if (!isakmp_finish(&b, 1))
		return;
	n = ike_effect_push(sa->x.ike, IKE_EFFECT_SEND, octets, b.w.len);
	n->effect.send.local = sa->local;
	n->effect.send.remote = sa->remote;
	n->effect.send.natt = sa->natt;
	n->effect.send.data = span_of(n->extra, n->extra_len);
}

bool fragment_send(struct isakmp_sa *sa, struct span message)
{
	struct isakmp_header h;
	struct reader r = reader_of_span(message);
	struct fragment f = { 0 };

	if (message.len <= DATAGRAM_MAX || !(sa->vendor_ids & 1u << VID_FRAGMENTATION) ||
	    isakmp_parse_header(message, &h) != ISAKMP_OK)
		return false;
	h.flags = 0;
	/*
	 * From the message itself, so that a repetition has the same id, and the pieces of both make
	 * one message where each lost some.
	 */
	f.id = (uint16_t)(message.data[message.len - 2] << 8 | message.data[message.len - 1]);
	while (reader_left(&r)) {
		f.data = read_span(&r, MIN(reader_left(&r), DATA_MAX));
		f.number++;
		f.last = reader_left(&r) == 0;
		send_one(sa, &h, &f);
	}
	report_fragments(sa, true, f.number, message.len);
	return true;
}

/* ---- receiving ---- */

static void set_free(struct fragments *set)
{
	struct ike *ike = set->sa->x.ike;

	timer_disarm(&ike->timers, &set->timer);
	TAILQ_REMOVE(&ike->fragments, set, of_all);
	ike->fragment_bytes -= set->bytes;
	for (size_t i = 0; i < FRAGMENT_COUNT_MAX; i++)
		free(set->part[i].data);
	free(set);
}

void fragment_forget(struct isakmp_sa *sa)
{
	if (sa->fragments)
		set_free(sa->fragments);
	sa->fragments = NULL;
}

void fragment_timer(struct timer *t)
{
	fragment_forget(container_of(t, struct fragments, timer)->sa);
}

static struct fragments *set_new(struct isakmp_sa *sa, uint16_t id)
{
	struct fragments *set = xcalloc(1, sizeof(*set));

	fragment_forget(sa);
	set->sa = sa;
	set->id = id;
	TAILQ_INSERT_TAIL(&sa->x.ike->fragments, set, of_all);
	set->timer.kind = TIMER_FRAGMENTS;
	timer_arm(&sa->x.ike->timers, &set->timer, sa->x.ike->now + FRAGMENT_LIFETIME);
	return sa->fragments = set;
}

static enum isakmp_flaw parse(struct span datagram, const struct isakmp_header *h,
			      struct fragment *out)
{
	struct isakmp_message m = { .header = *h };
	struct span chain = span_of(datagram.data + ISAKMP_HEADER, datagram.len - ISAKMP_HEADER);
	enum isakmp_flaw flaw = isakmp_parse_payloads(&m, chain, false, NULL);
	struct reader r;

	if (flaw != ISAKMP_OK)
		return flaw;
	r = reader_of_span(m.payload[0].body);
	out->id = read_u16(&r);
	out->number = read_u8(&r);
	out->last = read_u8(&r) & FLAG_LAST;
	out->data = read_span(&r, reader_left(&r));
	if (r.bad || m.count != 1 || !out->data.len || !out->number ||
	    out->number > FRAGMENT_COUNT_MAX)
		return ISAKMP_BAD_CONTENT;
	return ISAKMP_OK;
}

static uint64_t bits_up_to(unsigned int number)
{
	return number < 64 ? (1ULL << number) - 1 : UINT64_MAX;
}

/* Whether it can be of the same message as those that are there. */
static bool agrees(const struct fragments *set, const struct fragment *f)
{
	if (set->last && f->number > set->last)
		return false;
	/* No tail before what is there, another tail among it. */
	return !f->last || !(set->have & ~bits_up_to(f->number));
}

/* Some peers never change the id: what has other octets is of another message. */
static bool is_there_otherwise(const struct fragments *set, const struct fragment *f)
{
	const struct part *p = &set->part[f->number - 1];

	return p->data &&
	       (p->len != f->data.len || memcmp(p->data, f->data.data, p->len) != 0);
}

/* For so much more; older sets go for it, since those of strangers would else keep out the others. */
static bool has_room(struct fragments *set, size_t len)
{
	struct ike *ike = set->sa->x.ike;
	struct fragments *oldest;

	if (set->bytes + len > ISAKMP_MESSAGE_MAX)
		return false;
	while (ike->fragment_bytes + len > FRAGMENT_BYTES_MAX) {
		oldest = TAILQ_FIRST(&ike->fragments);
		if (oldest == set)
			oldest = TAILQ_NEXT(set, of_all);
		if (!oldest)
			return false;
		fragment_forget(oldest->sa);
	}
	return true;
}

/* False: there is no room for it. */
static bool keep(struct fragments *set, const struct fragment *f)
{
	struct ike *ike = set->sa->x.ike;
	struct part *p = &set->part[f->number - 1];

	if (f->last)
		set->last = f->number;
	if (p->data)
		return true;
	if (!has_room(set, f->data.len))
		return false;
	p->data = xmemdup(f->data.data, f->data.len);
	p->len = f->data.len;
	set->bytes += p->len;
	ike->fragment_bytes += p->len;
	set->have |= 1ULL << (f->number - 1);
	return true;
}

static uint8_t *join(const struct fragments *set, size_t *len)
{
	uint8_t *whole = xcalloc(1, set->bytes);
	struct writer w = writer_of(whole, set->bytes);

	for (unsigned int i = 0; i < set->last; i++)
		write_bytes(&w, set->part[i].data, set->part[i].len);
	*len = w.len;
	return whole;
}

uint8_t *fragment_take(struct isakmp_sa *sa, const struct ike_datagram *d,
		       const struct isakmp_header *h, size_t *len)
{
	struct ike *ike = sa->x.ike;
	struct fragments *set = sa->fragments;
	struct fragment f;
	enum isakmp_flaw flaw = parse(d->data, h, &f);
	uint8_t *whole;

	if (flaw != ISAKMP_OK) {
		report_drop(ike, d, h, IKE_DROP_MALFORMED, flaw, 0);
		return NULL;
	}
	if (!set || set->id != f.id || is_there_otherwise(set, &f))
		set = set_new(sa, f.id);
	if (!agrees(set, &f) || !keep(set, &f)) {
		report_drop(ike, d, h, IKE_DROP_FRAGMENT, ISAKMP_OK, 0);
		return NULL;
	}
	if (!set->last || set->have != bits_up_to(set->last))
		return NULL;
	whole = join(set, len);
	report_fragments(sa, false, set->last, *len);
	fragment_forget(sa);
	return whole;
}
