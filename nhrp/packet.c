/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing NHRP packets. The fixed header says where the extensions start and how long
 * everything is; each part is then read through a reader of its own, so that no length inside one
 * part can reach into another.
 */
#include "nhrp/packet.h"

#define FAMILY_IPV4 1
#define PROTOCOL_IPV4 0x0800
#define VERSION 1
#define LENGTH_MASK 0x3f /* the upper bits tell E.164 from NSAP, of no meaning for IPv4 */
#define COMPULSORY 0x8000
#define TYPE_MASK 0x3fff
#define CHECKSUM_AT 12

struct header {
	uint8_t hop_count;
	uint8_t type;
	uint8_t nbma_len;
	uint8_t subaddress_len;
	size_t size;
	size_t extensions; /* offset, 0: none */
};

/* Where a reader of a part of data stands. */
static size_t at(const void *data, const struct reader *r)
{
	return (size_t)(r->pos - (const uint8_t *)data);
}

uint16_t nhrp_checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	/* 65535 octets at most: 32 bits do not overflow. */
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool nhrp_cie_is_host(const struct nhrp_cie *cie)
{
	return cie->prefix == 0 || cie->prefix == 32 || cie->prefix == 255;
}

static struct addr read_addr(struct reader *r, size_t len)
{
	struct span s = read_span(r, len);

	return addr_from_bytes(s.data, s.len);
}

struct nhrp_cie nhrp_cie_read(struct reader *r)
{
	struct nhrp_cie cie = { 0 };
	uint8_t nbma, subaddress, protocol;

	cie.code = read_u8(r);
	cie.prefix = read_u8(r);
	read_skip(r, 2);
	cie.mtu = read_u16(r);
	cie.holding_time = read_u16(r);
	nbma = read_u8(r) & LENGTH_MASK;
	subaddress = read_u8(r) & LENGTH_MASK;
	protocol = read_u8(r);
	cie.preference = read_u8(r);
	if ((nbma != 0 && nbma != 4) || subaddress != 0 || (protocol != 0 && protocol != 4))
		r->bad = true;
	cie.nbma = read_addr(r, nbma);
	cie.protocol = read_addr(r, protocol);
	return cie;
}

void nhrp_cie_write(struct writer *w, const struct nhrp_cie *cie)
{
	write_u8(w, cie->code);
	write_u8(w, cie->prefix);
	write_u16(w, 0);
	write_u16(w, cie->mtu);
	write_u16(w, cie->holding_time);
	write_u8(w, cie->nbma.len);
	write_u8(w, 0);
	write_u8(w, cie->protocol.len);
	write_u8(w, cie->preference);
	write_bytes(w, cie->nbma.b, cie->nbma.len);
	write_bytes(w, cie->protocol.b, cie->protocol.len);
}

struct nhrp_extension *nhrp_extension_find(struct nhrp_packet *p, unsigned int type)
{
	for (size_t i = 0; i < p->n_extensions; i++)
		if (p->extensions[i].type == type)
			return &p->extensions[i];
	return NULL;
}

bool nhrp_extension_add(struct nhrp_packet *p, unsigned int type, struct span value)
{
	if (p->n_extensions == NHRP_EXTENSIONS)
		return false;
	p->extensions[p->n_extensions++] = (struct nhrp_extension){
		.type = (uint16_t)type,
		.compulsory = type != NHRP_EXT_NAT,
		.value = value,
	};
	return true;
}

/* ---- parsing ---- */

static enum nhrp_malformed parse_header(struct reader *r, const void *data, struct header *h,
					size_t *offset)
{
	size_t len = reader_left(r);
	uint16_t family, protocol;
	uint8_t version;

	family = read_u16(r);
	protocol = read_u16(r);
	read_skip(r, 5); /* the SNAP form, unused with a short protocol type */
	h->hop_count = read_u8(r);
	h->size = read_u16(r);
	read_skip(r, 2); /* checksum */
	h->extensions = read_u16(r);
	version = read_u8(r);
	h->type = read_u8(r);
	h->nbma_len = read_u8(r) & LENGTH_MASK;
	h->subaddress_len = read_u8(r) & LENGTH_MASK;

	*offset = len;
	if (r->bad)
		return NHRP_BAD_TRUNCATED;
	*offset = 0;
	if (family != FAMILY_IPV4 || protocol != PROTOCOL_IPV4)
		return NHRP_BAD_FAMILY;
	*offset = 16;
	if (version != VERSION)
		return NHRP_BAD_VERSION;
	*offset = 10;
	if (h->size < NHRP_HEADER || h->size > len)
		return NHRP_BAD_SIZE;
	*offset = CHECKSUM_AT;
	if (nhrp_checksum(data, h->size) != 0)
		return NHRP_BAD_CHECKSUM;
	*offset = 17;
	if (h->type == 0 || h->type >= NHRP_TYPES)
		return NHRP_BAD_TYPE;
	*offset = 9;
	if (h->hop_count == 0)
		return NHRP_BAD_HOP_COUNT;
	*offset = 14;
	if (h->extensions && (h->extensions < NHRP_HEADER || h->extensions > h->size))
		return NHRP_BAD_EXTENSION_OFFSET;
	*offset = 18;
	if ((h->nbma_len != 0 && h->nbma_len != 4) || h->subaddress_len != 0)
		return NHRP_BAD_ADDRESS_LENGTH;
	return NHRP_WELL_FORMED;
}

static bool quotes_a_packet(uint8_t type)
{
	return type == NHRP_ERROR_INDICATION || type == NHRP_TRAFFIC_INDICATION;
}

/* What stands before the entries or the quoted packet; r is the mandatory part. */
static enum nhrp_malformed parse_common(struct reader *r, uint8_t nbma_len, struct nhrp_packet *p)
{
	uint8_t source_len = read_u8(r), destination_len = read_u8(r);

	p->flags = read_u16(r);
	if (quotes_a_packet(p->type)) {
		p->code = read_u16(r);
		p->offset = read_u16(r);
	} else {
		p->request_id = read_u32(r);
	}
	if (r->bad)
		return NHRP_BAD_TRUNCATED;
	if ((source_len != 0 && source_len != 4) || (destination_len != 0 && destination_len != 4))
		return NHRP_BAD_ADDRESS_LENGTH;
	p->source_nbma = read_addr(r, nbma_len);
	p->source = read_addr(r, source_len);
	p->destination = read_addr(r, destination_len);
	if (r->bad)
		return NHRP_BAD_TRUNCATED;
	if (!quotes_a_packet(p->type) &&
	    (!p->source_nbma.len || !p->source.len || !p->destination.len))
		return NHRP_BAD_ADDRESS;
	return NHRP_WELL_FORMED;
}

static enum nhrp_malformed parse_cies(struct reader *r, struct nhrp_packet *p)
{
	while (!r->bad && reader_left(r)) {
		struct reader start = *r;
		struct nhrp_cie cie = nhrp_cie_read(r);

		if (r->bad || p->n_cies == NHRP_CIES) {
			bool full = !r->bad;

			*r = start; /* the offset that is told is the entry's */
			return full ? NHRP_BAD_CIE_COUNT : NHRP_BAD_CIE;
		}
		p->cies[p->n_cies++] = cie;
	}
	/* RFC 2332 5.2.1: only a resolution request goes without. */
	if (!p->n_cies && p->type != NHRP_RESOLUTION_REQUEST)
		return NHRP_BAD_CIE_COUNT;
	return NHRP_WELL_FORMED;
}

static bool holds_cies(unsigned int type)
{
	return type == NHRP_EXT_RESPONDER || type == NHRP_EXT_FORWARD_TRANSIT ||
	       type == NHRP_EXT_REVERSE_TRANSIT;
}

static enum nhrp_malformed parse_extensions(struct reader *r, struct nhrp_packet *p)
{
	for (;;) {
		struct reader start = *r, value;
		uint16_t type = read_u16(r), len = read_u16(r);
		struct nhrp_extension *e = &p->extensions[p->n_extensions];
		bool end = (type & TYPE_MASK) == NHRP_EXT_END;

		if (!end && !r->bad && p->n_extensions == NHRP_EXTENSIONS) {
			*r = start;
			return NHRP_BAD_EXTENSION_COUNT;
		}
		if (!r->bad && end)
			return NHRP_WELL_FORMED;
		if (!r->bad)
			*e = (struct nhrp_extension){ type & TYPE_MASK, type & COMPULSORY,
						      read_span(r, len) };
		value = r->bad ? *r : reader_of_span(e->value);
		while (!r->bad && holds_cies(e->type) && reader_left(&value)) {
			nhrp_cie_read(&value);
			r->bad = value.bad;
		}
		if (r->bad) {
			*r = start;
			return NHRP_BAD_EXTENSION;
		}
		p->n_extensions++;
	}
}

enum nhrp_malformed nhrp_packet_parse(const void *data, size_t len, struct nhrp_packet *p,
				      size_t *offset)
{
	struct reader r = reader_of(data, len), part;
	struct header h = { 0 };
	enum nhrp_malformed why;

	*p = (struct nhrp_packet){ 0 };
	why = parse_header(&r, data, &h, offset);
	p->type = h.type < NHRP_TYPES ? h.type : 0;
	p->hop_count = h.hop_count;
	if (why)
		return why;

	part = read_sub(&r, (h.extensions ? h.extensions : h.size) - NHRP_HEADER);
	why = parse_common(&part, h.nbma_len, p);
	if (!why && quotes_a_packet(p->type))
		p->inner = read_span(&part, reader_left(&part));
	else if (!why)
		why = parse_cies(&part, p);
	*offset = at(data, &part);
	if (why || !h.extensions)
		return why;

	part = read_sub(&r, h.size - h.extensions);
	why = parse_extensions(&part, p);
	*offset = at(data, &part);
	return why;
}

bool nhrp_packet_quoted(struct span inner, struct nhrp_packet *p)
{
	struct reader r = reader_of_span(inner);
	uint8_t nbma_len;

	*p = (struct nhrp_packet){ 0 };
	read_skip(&r, 17);
	p->type = read_u8(&r);
	nbma_len = read_u8(&r) & LENGTH_MASK;
	read_skip(&r, 1);
	if (p->type == 0 || p->type >= NHRP_ERROR_INDICATION)
		return false;
	return parse_common(&r, nbma_len, p) == NHRP_WELL_FORMED;
}

/* ---- building ---- */

static void write_extensions(struct writer *w, const struct nhrp_packet *p)
{
	for (size_t i = 0; i < p->n_extensions; i++) {
		const struct nhrp_extension *e = &p->extensions[i];

		write_u16(w, e->compulsory ? e->type | COMPULSORY : e->type);
		write_u16(w, (uint16_t)e->value.len);
		write_span(w, e->value);
	}
	write_u16(w, COMPULSORY | NHRP_EXT_END);
	write_u16(w, 0);
}

static void write_header(struct writer *w, const struct nhrp_packet *p)
{
	write_u16(w, FAMILY_IPV4);
	write_u16(w, PROTOCOL_IPV4);
	write_zero(w, 5);
	write_u8(w, p->hop_count);
	write_zero(w, 6); /* size, checksum, extension offset */
	write_u8(w, VERSION);
	write_u8(w, p->type);
	write_u8(w, p->source_nbma.len);
	write_u8(w, 0);
}

size_t nhrp_packet_encode(const struct nhrp_packet *p, uint8_t *out, size_t cap)
{
	struct writer w = writer_of(out, cap < UINT16_MAX ? cap : UINT16_MAX);

	write_header(&w, p);
	write_u8(&w, p->source.len);
	write_u8(&w, p->destination.len);
	write_u16(&w, p->flags);
	if (quotes_a_packet(p->type)) {
		write_u16(&w, p->code);
		write_u16(&w, p->offset);
	} else {
		write_u32(&w, p->request_id);
	}
	write_bytes(&w, p->source_nbma.b, p->source_nbma.len);
	write_bytes(&w, p->source.b, p->source.len);
	write_bytes(&w, p->destination.b, p->destination.len);
	if (quotes_a_packet(p->type))
		write_span(&w, p->inner);
	for (size_t i = 0; i < p->n_cies; i++)
		nhrp_cie_write(&w, &p->cies[i]);
	if (p->n_extensions) {
		patch_u16(&w, 14, (uint16_t)w.len);
		write_extensions(&w, p);
	}
	patch_u16(&w, 10, (uint16_t)w.len);
	if (w.bad)
		return 0;
	patch_u16(&w, CHECKSUM_AT, nhrp_checksum(out, w.len));
	return w.len;
}
