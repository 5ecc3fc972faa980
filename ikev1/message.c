/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of an SA. */
#include "ikev1/message.h"

#include "ikev1/fragment.h"

#define FLAGS_OFFSET 19

void ike_message_begin(struct isakmp_sa *sa, struct isakmp_builder *b, uint8_t exchange,
		       uint32_t msgid)
{
	struct isakmp_header h = { .version = ISAKMP_VERSION,
				   .exchange = exchange,
				   .msgid = msgid };

	memcpy(h.icookie, sa->cookies, ISAKMP_COOKIE);
	memcpy(h.rcookie, sa->cookies + ISAKMP_COOKIE, ISAKMP_COOKIE);
	isakmp_begin(b, sa->x.ike->building, sizeof(sa->x.ike->building), &h);
}

static struct ike_event *report_about(struct exchange *x, struct isakmp_sa *sa,
				      enum ike_event_kind kind, uint8_t level)
{
	return x ? report_exchange(x, kind, level) : report_sa(sa, kind, level);
}

static void report_message(struct exchange *x, struct isakmp_sa *sa, const struct isakmp_message *m,
			   bool sent)
{
	struct ike_event *e = report_about(x, sa, IKE_EVENT_MESSAGE, LEVEL_STEPS);
	const struct isakmp_payload *notify = isakmp_find(m, ISAKMP_NOTIFY);
	struct isakmp_notify n;

	if (notify && isakmp_parse_notify(notify->body, &n))
		e->message.notify = n.type;
	e->msgid = m->header.msgid;
	e->message.sent = sent;
	e->message.exchange = m->header.exchange;
	e->message.length = m->header.length;
	e->message.count = (uint8_t)m->count;
	for (size_t i = 0; i < m->count; i++)
		e->message.type[i] = m->payload[i].type;
}

/* Our own message, read back before it is encrypted, so that what is told is what leaves. */
static void report_built(struct exchange *x, struct isakmp_sa *sa, const struct isakmp_builder *b)
{
	struct isakmp_message m = { .count = 0 };

	if (isakmp_parse_header(span_of(b->w.data, b->w.len), &m.header) != ISAKMP_OK ||
	    isakmp_parse_payloads(&m, span_of(b->w.data + ISAKMP_HEADER, b->w.len - ISAKMP_HEADER),
				  true, NULL) != ISAKMP_OK)
		return;
	for (size_t i = 0; x && i < m.count; i++) {
		report_payload(x, IKE_EVENT_CONSTRUCTING, &m.payload[i]);
		if (x->phase == 1 && m.payload[i].type == ISAKMP_HASH)
			report_exchange(x, IKE_EVENT_HASH, LEVEL_STEPS)->flag = true;
	}
	report_message(x, sa, &m, true);
}

void ike_message_push(struct isakmp_sa *sa, struct span octets)
{
	struct effect_node *n;

	if (fragment_send(sa, octets))
		return;
	n = ike_effect_push(sa->x.ike, IKE_EFFECT_SEND, octets.data, octets.len);
	n->effect.send.local = sa->local;
	n->effect.send.remote = sa->remote;
	n->effect.send.natt = sa->natt;
	n->effect.send.data = span_of(n->extra, n->extra_len);
}

struct span ike_message_send(struct exchange *x, struct isakmp_sa *sa, struct isakmp_builder *b,
			     uint8_t *iv)
{
	struct ike *ike = sa->x.ike;
	const struct cipher *c = cipher_get(sa->suite.cipher);

	if (!isakmp_finish(b, iv ? c->block : 1))
		return span_of(NULL, 0);
	report_built(x, sa, b);
	if (iv) {
		patch_u8(&b->w, FLAGS_OFFSET, ISAKMP_FLAG_ENCRYPTED);
		crypto_cbc(sa->suite.cipher, true, sa->cipher_key, iv, b->w.data + ISAKMP_HEADER,
			   b->w.len - ISAKMP_HEADER);
	}
	ike_message_push(sa, span_of(b->w.data, b->w.len));
	ike->counters.sent++;
	return span_of(b->w.data, b->w.len);
}

static size_t hash_payload_len(const struct isakmp_sa *sa)
{
	return 4u + hash_get(sa->suite.hash)->len;
}

void ike_message_hash_begin(struct isakmp_sa *sa, struct isakmp_builder *b)
{
	isakmp_payload_begin(b, ISAKMP_HASH);
	write_zero(&b->w, hash_get(sa->suite.hash)->len);
	isakmp_payload_end(b);
}

struct span ike_message_hash_rest(const struct isakmp_sa *sa, const struct isakmp_builder *b)
{
	size_t at = ISAKMP_HEADER + hash_payload_len(sa);

	return b->w.bad ? span_of(NULL, 0) : span_of(b->w.data + at, b->w.len - at);
}

void ike_message_hash_patch(struct isakmp_sa *sa, struct isakmp_builder *b, const uint8_t *hash)
{
	if (!b->w.bad)
		memcpy(b->w.data + ISAKMP_HEADER + 4, hash, hash_get(sa->suite.hash)->len);
}

enum isakmp_flaw ike_message_read(struct isakmp_sa *sa, const uint8_t *iv,
				  const struct ike_datagram *d, const struct isakmp_header *h,
				  struct incoming *in, size_t *offset)
{
	struct span chain = span_of(d->data.data + ISAKMP_HEADER, d->data.len - ISAKMP_HEADER);

	in->m.header = *h;
	in->datagram = d->data;
	in->from = d;
	in->encrypted = h->flags & ISAKMP_FLAG_ENCRYPTED;
	*offset = 0;
	if (in->encrypted) {
		uint8_t *plain = sa->x.ike->plain;

		if (chain.len > sizeof(sa->x.ike->plain))
			return ISAKMP_BAD_LENGTH;
		memcpy(plain, chain.data, chain.len);
		memcpy(in->iv, iv, sizeof(in->iv));
		if (!chain.len ||
		    !crypto_cbc(sa->suite.cipher, false, sa->cipher_key, in->iv, plain, chain.len))
			return ISAKMP_NOT_ENCRYPTED_BLOCKS;
		chain.data = plain;
	}
	return isakmp_parse_payloads(&in->m, chain, in->encrypted, offset);
}

void ike_message_report_received(struct exchange *x, struct isakmp_sa *sa,
				 const struct incoming *in)
{
	report_message(x, sa, &in->m, false);
}

bool ike_message_hash_of(const struct incoming *in, struct span *hash, struct span *rest)
{
	const struct isakmp_payload *first = &in->m.payload[0];

	if (!in->m.count || first->type != ISAKMP_HASH)
		return false;
	*hash = first->body;
	*rest = span_of(first->raw.data + first->raw.len, in->m.length - first->raw.len);
	return true;
}
