/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and building ISAKMP messages. The payload chain is walked by a reader that only moves
 * forward, at least four octets a step, so that no input makes it loop.
 */
#include "ikev1/isakmp.h"

#include <string.h>

#include "lib/util.h"

#define GENERIC_HEADER 4
#define AT_NEXT_PAYLOAD 16 /* where they are in the header */
#define AT_LENGTH 24
#define CLEAR_PADDING_MAX 3
#define ENCRYPTED_PADDING_MAX 255

static const char *const payload_names[] = {
	[ISAKMP_NONE] = "NONE",	      [ISAKMP_SA] = "SA",
	[ISAKMP_PROPOSAL] = "PROPOSAL", [ISAKMP_TRANSFORM] = "TRANSFORM",
	[ISAKMP_KE] = "KE",	      [ISAKMP_ID] = "ID",
	[ISAKMP_CERT] = "CERT",	      [ISAKMP_CR] = "CERT_REQ",
	[ISAKMP_HASH] = "HASH",	      [ISAKMP_SIG] = "SIG",
	[ISAKMP_NONCE] = "NONCE",     [ISAKMP_NOTIFY] = "NOTIFY",
	[ISAKMP_DELETE] = "DELETE",   [ISAKMP_VENDOR] = "VENDOR",
	[ISAKMP_NATD_DRAFT_08] = "NAT-D", [ISAKMP_NATOA_DRAFT_08] = "NAT-OA",
	[ISAKMP_NATD] = "NAT-D",      [ISAKMP_NATOA] = "NAT-OA",
	[ISAKMP_NATD_DRAFT] = "NAT-D", [ISAKMP_NATOA_DRAFT] = "NAT-OA",
	[ISAKMP_FRAGMENT] = "FRAGMENT",
};

const char *isakmp_payload_name(unsigned int type)
{
	if (type < ARRAY_SIZE(payload_names) && payload_names[type])
		return payload_names[type];
	return "UNKNOWN";
}

const char *isakmp_flaw_text(enum isakmp_flaw flaw)
{
	switch (flaw) {
	case ISAKMP_OK:
		return "no flaw";
	case ISAKMP_SHORT_HEADER:
		return "shorter than an ISAKMP header";
	case ISAKMP_BAD_VERSION:
		return "not ISAKMP version 1.0";
	case ISAKMP_BAD_LENGTH:
		return "the length in the header is not the message's";
	case ISAKMP_ZERO_COOKIE:
		return "the initiator's cookie is zero";
	case ISAKMP_PAYLOAD_LENGTH:
		return "a payload's length does not fit into the message";
	case ISAKMP_PAYLOAD_RESERVED:
		return "a payload type or reserved octet that IKEv1 does not know";
	case ISAKMP_TOO_MANY_PAYLOADS:
		return "too many payloads";
	case ISAKMP_EMPTY:
		return "no payload";
	case ISAKMP_BAD_PADDING:
		return "too many octets behind the last payload";
	case ISAKMP_BAD_CONTENT:
		return "lengths or counts inside a payload disagree";
	case ISAKMP_NOT_ENCRYPTED_BLOCKS:
		return "encrypted, but not in whole cipher blocks";
	}
	return "unknown flaw";
}

/* Reading */

enum isakmp_flaw isakmp_parse_header(struct span datagram, struct isakmp_header *out)
{
	static const uint8_t zero[ISAKMP_COOKIE];
	struct reader r = reader_of_span(datagram);
	struct isakmp_header h;

	read_bytes(&r, h.icookie, sizeof(h.icookie));
	read_bytes(&r, h.rcookie, sizeof(h.rcookie));
	h.next_payload = read_u8(&r);
	h.version = read_u8(&r);
	h.exchange = read_u8(&r);
	h.flags = read_u8(&r);
	h.msgid = read_u32(&r);
	h.length = read_u32(&r);
	if (r.bad)
		return ISAKMP_SHORT_HEADER;
	if (h.version != ISAKMP_VERSION)
		return ISAKMP_BAD_VERSION;
	if (h.length != datagram.len || h.length > ISAKMP_MESSAGE_MAX)
		return ISAKMP_BAD_LENGTH;
	if (memcmp(h.icookie, zero, sizeof(zero)) == 0)
		return ISAKMP_ZERO_COOKIE;
	*out = h;
	return ISAKMP_OK;
}

/* Whether a payload of that type may stand in the chain of a message. */
static bool belongs_in_chain(unsigned int type)
{
	if (type >= 128)
		return true;
	if (type == ISAKMP_PROPOSAL || type == ISAKMP_TRANSFORM)
		return false;
	return type < ARRAY_SIZE(payload_names) && payload_names[type];
}

static enum isakmp_flaw walk_chain(struct isakmp_message *m, struct reader *r, size_t padding_max)
{
	uint8_t type = m->header.next_payload;

	if (type == ISAKMP_NONE)
		return ISAKMP_EMPTY;
	while (type != ISAKMP_NONE) {
		struct reader here = *r;
		struct isakmp_payload *p = &m->payload[m->count];
		uint8_t next = read_u8(&here), reserved = read_u8(&here);
		uint16_t length = read_u16(&here);

		if (m->count == ISAKMP_PAYLOADS_MAX)
			return ISAKMP_TOO_MANY_PAYLOADS;
		if (!belongs_in_chain(type))
			return ISAKMP_PAYLOAD_RESERVED;
		if (here.bad || length < GENERIC_HEADER || length > reader_left(r))
			return ISAKMP_PAYLOAD_LENGTH;
		if (reserved != 0)
			return ISAKMP_PAYLOAD_RESERVED;
		p->type = type;
		p->raw = read_span(r, length);
		p->body = read_span(&here, length - GENERIC_HEADER);
		m->count++;
		type = next;
	}
	return reader_left(r) <= padding_max ? ISAKMP_OK : ISAKMP_BAD_PADDING;
}

enum isakmp_flaw isakmp_parse_payloads(struct isakmp_message *m, struct span chain, bool encrypted,
				       size_t *offset)
{
	struct reader r = reader_of_span(chain);
	enum isakmp_flaw flaw;

	m->count = 0;
	flaw = walk_chain(m, &r, encrypted ? ENCRYPTED_PADDING_MAX : CLEAR_PADDING_MAX);
	m->length = chain.len - reader_left(&r);
	if (offset)
		*offset = m->length;
	if (flaw != ISAKMP_OK)
		m->count = m->length = 0;
	return flaw;
}

const struct isakmp_payload *isakmp_find(const struct isakmp_message *m, unsigned int type)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->payload[i].type == type)
			return &m->payload[i];
	return NULL;
}

size_t isakmp_count(const struct isakmp_message *m, unsigned int type)
{
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		n += m->payload[i].type == type;
	return n;
}

#define ATTRIBUTE_TV 0x8000

static uint32_t number_of(struct span s)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (v >> 24)
			return UINT32_MAX;
		v = v << 8 | s.data[i];
	}
	return v;
}

bool isakmp_next_attribute(struct reader *r, struct isakmp_attribute *out)
{
	uint16_t type;

	if (r->bad || reader_left(r) == 0)
		return false;
	type = read_u16(r);
	out->type = type & (uint16_t)~ATTRIBUTE_TV;
	out->data = read_span(r, type & ATTRIBUTE_TV ? 2 : read_u16(r));
	out->numeric = out->data.len > 0;
	out->value = number_of(out->data);
	return !r->bad;
}

bool isakmp_parse_id(struct span body, struct isakmp_id *out)
{
	struct reader r = reader_of_span(body);
	struct isakmp_id id = { .type = read_u8(&r) };

	id.protocol = read_u8(&r);
	id.port = read_u16(&r);
	id.data = read_span(&r, reader_left(&r));
	if (r.bad)
		return false;
	if (id.type == ISAKMP_ID_IPV4_ADDR && id.data.len != 4)
		return false;
	if ((id.type == ISAKMP_ID_IPV4_SUBNET || id.type == ISAKMP_ID_IPV4_RANGE) &&
	    id.data.len != 8)
		return false;
	*out = id;
	return true;
}

bool isakmp_parse_notify(struct span body, struct isakmp_notify *out)
{
	struct reader r = reader_of_span(body);
	struct isakmp_notify n = { .doi = read_u32(&r) };
	uint8_t spi_len;

	n.protocol = read_u8(&r);
	spi_len = read_u8(&r);
	n.type = read_u16(&r);
	n.spi = read_span(&r, spi_len);
	n.data = read_span(&r, reader_left(&r));
	if (r.bad)
		return false;
	*out = n;
	return true;
}

bool isakmp_parse_delete(struct span body, struct isakmp_delete *out)
{
	struct reader r = reader_of_span(body);
	struct isakmp_delete d = { .doi = read_u32(&r) };

	d.protocol = read_u8(&r);
	d.spi_size = read_u8(&r);
	d.count = read_u16(&r);
	d.spis = read_span(&r, (size_t)d.spi_size * d.count);
	if (!reader_done(&r) || d.spis.len == 0)
		return false;
	*out = d;
	return true;
}

/* Names */

const char *isakmp_id_name(unsigned int type)
{
	static const char *const names[] = {
		NULL, "ID_IPV4_ADDR", "ID_FQDN", "ID_USER_FQDN", "ID_IPV4_ADDR_SUBNET",
		"ID_IPV6_ADDR", "ID_IPV6_ADDR_SUBNET", "ID_IPV4_ADDR_RANGE", "ID_IPV6_ADDR_RANGE",
		"ID_DER_ASN1_DN", "ID_DER_ASN1_GN", "ID_KEY_ID",
	};

	return type && type < ARRAY_SIZE(names) ? names[type] : "UNKNOWN";
}

const char *isakmp_notify_name(unsigned int type)
{
	/* RFC 2408 3.14.1 */
	static const char *const errors[] = {
		NULL, "INVALID_PAYLOAD_TYPE", "DOI_NOT_SUPPORTED", "SITUATION_NOT_SUPPORTED",
		"INVALID_COOKIE", "INVALID_MAJOR_VERSION", "INVALID_MINOR_VERSION",
		"INVALID_EXCHANGE_TYPE", "INVALID_FLAGS", "INVALID_MESSAGE_ID",
		"INVALID_PROTOCOL_ID", "INVALID_SPI", "INVALID_TRANSFORM_ID",
		"ATTRIBUTES_NOT_SUPPORTED", "NO_PROPOSAL_CHOSEN", "BAD_PROPOSAL_SYNTAX",
		"PAYLOAD_MALFORMED", "INVALID_KEY_INFORMATION", "INVALID_ID_INFORMATION",
		"INVALID_CERT_ENCODING", "INVALID_CERTIFICATE", "CERT_TYPE_UNSUPPORTED",
		"INVALID_CERT_AUTHORITY", "INVALID_HASH_INFORMATION", "AUTHENTICATION_FAILED",
		"INVALID_SIGNATURE", "ADDRESS_NOTIFICATION", "NOTIFY_SA_LIFETIME",
		"CERTIFICATE_UNAVAILABLE", "UNSUPPORTED_EXCHANGE_TYPE", "UNEQUAL_PAYLOAD_LENGTHS",
	};

	switch (type) {
	case ISAKMP_N_RESPONDER_LIFETIME:
		return "RESPONDER_LIFETIME";
	case ISAKMP_N_REPLAY_STATUS:
		return "REPLAY_STATUS";
	case ISAKMP_N_INITIAL_CONTACT:
		return "INITIAL_CONTACT";
	case ISAKMP_N_R_U_THERE:
		return "R_U_THERE";
	case ISAKMP_N_R_U_THERE_ACK:
		return "R_U_THERE_ACK";
	default:
		return type && type < ARRAY_SIZE(errors) ? errors[type] : "UNKNOWN";
	}
}

/* Building */

void isakmp_begin(struct isakmp_builder *b, void *buf, size_t cap, const struct isakmp_header *h)
{
	*b = (struct isakmp_builder){ .w = writer_of(buf, cap), .next_at = AT_NEXT_PAYLOAD };
	write_bytes(&b->w, h->icookie, sizeof(h->icookie));
	write_bytes(&b->w, h->rcookie, sizeof(h->rcookie));
	write_u8(&b->w, ISAKMP_NONE);
	write_u8(&b->w, h->version);
	write_u8(&b->w, h->exchange);
	write_u8(&b->w, h->flags);
	write_u32(&b->w, h->msgid);
	write_u32(&b->w, 0);
}

void isakmp_payload_begin(struct isakmp_builder *b, uint8_t type)
{
	patch_u8(&b->w, b->next_at, type);
	b->next_at = b->body_at = b->w.len;
	write_u8(&b->w, ISAKMP_NONE);
	write_u8(&b->w, 0);
	write_u16(&b->w, 0);
}

void isakmp_payload_end(struct isakmp_builder *b)
{
	size_t len = b->w.len - b->body_at;

	if (len > UINT16_MAX)
		b->w.bad = true;
	patch_u16(&b->w, b->body_at + 2, (uint16_t)len);
}

void isakmp_add_payload(struct isakmp_builder *b, uint8_t type, struct span body)
{
	isakmp_payload_begin(b, type);
	write_span(&b->w, body);
	isakmp_payload_end(b);
}

void isakmp_add_notify(struct isakmp_builder *b, uint8_t protocol, uint16_t type, struct span spi,
		       struct span data)
{
	isakmp_payload_begin(b, ISAKMP_NOTIFY);
	write_u32(&b->w, ISAKMP_DOI_IPSEC);
	write_u8(&b->w, protocol);
	write_u8(&b->w, (uint8_t)spi.len);
	write_u16(&b->w, type);
	write_span(&b->w, spi);
	write_span(&b->w, data);
	isakmp_payload_end(b);
}

void isakmp_add_delete(struct isakmp_builder *b, uint8_t protocol, const void *spi,
		       uint8_t spi_size)
{
	isakmp_payload_begin(b, ISAKMP_DELETE);
	write_u32(&b->w, ISAKMP_DOI_IPSEC);
	write_u8(&b->w, protocol);
	write_u8(&b->w, spi_size);
	write_u16(&b->w, 1);
	write_bytes(&b->w, spi, spi_size);
	isakmp_payload_end(b);
}

bool isakmp_finish(struct isakmp_builder *b, size_t block)
{
	size_t over = b->w.len < ISAKMP_HEADER ? 0 : (b->w.len - ISAKMP_HEADER) % block;

	if (over)
		write_zero(&b->w, block - over);
	if (b->w.len > ISAKMP_MESSAGE_MAX)
		b->w.bad = true;
	patch_u32(&b->w, AT_LENGTH, (uint32_t)b->w.len);
	return !b->w.bad;
}

void isakmp_write_attribute_tv(struct writer *w, uint16_t type, uint16_t value)
{
	write_u16(w, type | ATTRIBUTE_TV);
	write_u16(w, value);
}

void isakmp_write_attribute_u32(struct writer *w, uint16_t type, uint32_t value)
{
	write_u16(w, type);
	write_u16(w, sizeof(value));
	write_u32(w, value);
}

/* Vendor ids */

struct vid {
	const char *name;
	uint8_t len;
	uint8_t significant; /* octets that must match; the rest is a version or a set of flags */
	uint8_t bytes[20];
};

static const struct vid vids[VID_COUNT] = {
	[VID_NATT_RFC3947] = { "NAT-T RFC 3947", 16, 16, { 0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03,
		0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45, 0x2f } },
	[VID_NATT_DRAFT02] = { "NAT-T draft-02", 16, 16, { 0xcd, 0x60, 0x46, 0x43, 0x35, 0xdf,
		0x21, 0xf8, 0x7c, 0xfd, 0xb2, 0xfc, 0x68, 0xb6, 0xa4, 0x48 } },
	[VID_NATT_DRAFT02N] = { "NAT-T draft-02\\n", 16, 16, { 0x90, 0xcb, 0x80, 0x91, 0x3e, 0xbb,
		0x69, 0x6e, 0x08, 0x63, 0x81, 0xb5, 0xec, 0x42, 0x7b, 0x1f } },
	[VID_NATT_DRAFT03] = { "NAT-T draft-03", 16, 16, { 0x7d, 0x94, 0x19, 0xa6, 0x53, 0x10,
		0xca, 0x6f, 0x2c, 0x17, 0x9d, 0x92, 0x15, 0x52, 0x9d, 0x56 } },
	[VID_NATT_DRAFT07] = { "NAT-T draft-07", 16, 16, { 0x43, 0x9b, 0x59, 0xf8, 0xba, 0x67,
		0x6c, 0x4c, 0x77, 0x37, 0xae, 0x22, 0xea, 0xb8, 0xf5, 0x82 } },
	[VID_DPD] = { "DPD", 16, 14, { 0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86,
		0x96, 0xfc, 0x77, 0x57, 0x01, 0x00 } },
	[VID_UNITY] = { "Cisco Unity", 16, 14, { 0x12, 0xf5, 0xf2, 0x8c, 0x45, 0x71, 0x68, 0xa9,
		0x70, 0x2d, 0x9f, 0xe2, 0x74, 0xcc, 0x01, 0x00 } },
	[VID_XAUTH] = { "XAUTH", 8, 8, { 0x09, 0x00, 0x26, 0x89, 0xdf, 0xd6, 0xb7, 0x12 } },
	[VID_FRAGMENTATION] = { "FRAGMENTATION", 20, 16, { 0x40, 0x48, 0xb7, 0xd5, 0x6e, 0xbc,
		0xe8, 0x85, 0x25, 0xe7, 0xde, 0x7f, 0x00, 0xd6, 0xc2, 0xd3, 0x80, 0, 0, 0 } },
};

/* The longest that is known has 20 octets; one with more behind it is another's. */
enum isakmp_vid isakmp_vid_of(struct span body)
{
	for (enum isakmp_vid v = VID_UNKNOWN + 1; v < VID_COUNT; v++)
		if (body.len >= vids[v].significant && body.len <= vids[v].len &&
		    memcmp(body.data, vids[v].bytes, vids[v].significant) == 0)
			return v;
	return VID_UNKNOWN;
}

struct span isakmp_vid_bytes(enum isakmp_vid vid)
{
	if (vid <= VID_UNKNOWN || vid >= VID_COUNT)
		return (struct span){ NULL, 0 };
	return (struct span){ vids[vid].bytes, vids[vid].len };
}

const char *isakmp_vid_name(enum isakmp_vid vid)
{
	return vid > VID_UNKNOWN && vid < VID_COUNT ? vids[vid].name : "unknown";
}
