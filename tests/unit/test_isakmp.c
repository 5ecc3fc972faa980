/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages, read and built. Crypto is linked only to check the vendor ids against what they are
 * made of.
 *
 * LINK: ikev1/isakmp.c ikev1/crypto.c lib/algo.c lib/wire.c
 */
#include <criterion/criterion.h>

#include "ikev1/crypto.h"
#include "ikev1/isakmp.h"
#include "tests/unit/vectors.h"

#define GENERIC 4

/* A message as it arrives: parsed as far as it goes, in memory of exactly its size. */
static enum isakmp_flaw parse(struct span datagram, bool encrypted, struct isakmp_message *m)
{
	uint8_t *copy = keep(xmemdup(datagram.data, datagram.len));
	struct span s = { copy, datagram.len };
	enum isakmp_flaw flaw = isakmp_parse_header(s, &m->header);
	size_t offset = 0;

	if (flaw == ISAKMP_OK) {
		struct span chain = { s.data + ISAKMP_HEADER, s.len - ISAKMP_HEADER };

		flaw = isakmp_parse_payloads(m, chain, encrypted, &offset);
		cr_assert_leq(offset, chain.len);
		cr_assert(flaw == ISAKMP_OK || m->count == 0);
		for (size_t i = 0; i < m->count; i++) {
			const struct isakmp_payload *p = &m->payload[i];

			cr_assert(p->raw.data >= chain.data &&
				  p->raw.data + p->raw.len <= chain.data + chain.len);
			cr_assert(p->raw.len == p->body.len + GENERIC);
			cr_assert(p->body.len == 0 || p->body.data == p->raw.data + GENERIC);
		}
	}
	/* The copy is left alone: the message points into it. */
	return flaw;
}

static const struct isakmp_header some_header = {
	.icookie = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.version = ISAKMP_VERSION,
	.exchange = ISAKMP_XCHG_MAIN,
};

/* A chain, with the first type put into the header, parsed alone. */
static enum isakmp_flaw parse_chain(uint8_t first, const char *octets, bool encrypted,
				    struct isakmp_message *m, size_t *offset)
{
	m->header = some_header;
	m->header.next_payload = first;
	return isakmp_parse_payloads(m, hex(octets), encrypted, offset);
}

Test(isakmp, build_and_parse)
{
	struct isakmp_header h = { .icookie = { 1 }, .rcookie = { 2 }, .version = ISAKMP_VERSION,
				   .exchange = ISAKMP_XCHG_QUICK, .flags = ISAKMP_FLAG_ENCRYPTED,
				   .msgid = 0x89abcdef, .next_payload = 77, .length = 9999 };
	uint8_t buf[256], spi[4] = { 0xde, 0xad, 0xbe, 0xef };
	struct isakmp_builder b;
	struct isakmp_message m;
	struct isakmp_notify n;
	struct isakmp_delete d;

	isakmp_begin(&b, buf, sizeof(buf), &h);
	isakmp_payload_begin(&b, ISAKMP_HASH);
	write_zero(&b.w, 20);
	isakmp_payload_end(&b);
	isakmp_add_payload(&b, ISAKMP_NONCE, hex("0011223344"));
	isakmp_add_payload(&b, ISAKMP_VENDOR, (struct span){ NULL, 0 });
	isakmp_add_notify(&b, ISAKMP_PROTO_ESP, ISAKMP_N_INITIAL_CONTACT, (struct span){ spi, 4 },
			  hex("aabb"));
	isakmp_add_delete(&b, ISAKMP_PROTO_ESP, spi, 4);
	cr_assert(isakmp_finish(&b, 16));
	cr_assert_eq((b.w.len - ISAKMP_HEADER) % 16, 0);
	cr_assert_eq(parse((struct span){ buf, b.w.len }, true, &m), ISAKMP_OK);
	cr_expect_eq(m.header.msgid, 0x89abcdef);
	cr_expect_eq(m.header.length, b.w.len);
	cr_expect_eq(m.header.exchange, ISAKMP_XCHG_QUICK);
	cr_expect(m.header.icookie[0] == 1 && m.header.rcookie[0] == 2);
	cr_assert_eq(m.count, 5);
	cr_expect_eq(m.length, 24 + 9 + 4 + 4 + 14 + 4 + 12);
	cr_expect(span_is(isakmp_find(&m, ISAKMP_NONCE)->body, hex("0011223344")));
	cr_expect_null(isakmp_find(&m, ISAKMP_SA));
	cr_expect_eq(isakmp_count(&m, ISAKMP_VENDOR), 1);
	cr_expect_eq(isakmp_count(&m, ISAKMP_CERT), 0);
	cr_assert(isakmp_parse_notify(isakmp_find(&m, ISAKMP_NOTIFY)->body, &n));
	cr_expect(n.doi == ISAKMP_DOI_IPSEC && n.protocol == ISAKMP_PROTO_ESP &&
		  n.type == ISAKMP_N_INITIAL_CONTACT);
	cr_expect(span_is(n.spi, (struct span){ spi, 4 }) && span_is(n.data, hex("aabb")));
	cr_assert(isakmp_parse_delete(isakmp_find(&m, ISAKMP_DELETE)->body, &d));
	cr_expect(d.protocol == ISAKMP_PROTO_ESP && d.spi_size == 4 && d.count == 1);
	cr_expect(span_is(d.spis, (struct span){ spi, 4 }));
}

/* Octet by octet, the smallest informational. */
Test(isakmp, build_octets)
{
	uint8_t buf[64];
	struct isakmp_builder b;

	isakmp_begin(&b, buf, sizeof(buf), &some_header);
	isakmp_add_notify(&b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_NO_PROPOSAL_CHOSEN,
			  (struct span){ NULL, 0 }, (struct span){ NULL, 0 });
	cr_assert(isakmp_finish(&b, 1));
	cr_expect(span_is((struct span){ buf, b.w.len },
			  hex("0102030405060708 0000000000000000 0b 10 02 00 00000000 00000028"
			      "00 00 000c 00000001 01 00 000e")));
}

/* Padding goes to the next block behind the header, none where it fits. */
Test(isakmp, build_padding)
{
	static const size_t blocks[] = { 1, 8, 16 };

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		for (size_t body = 0; body < 40; body++) {
			uint8_t buf[128], zero[40] = { 0 };
			size_t len = GENERIC + body, block = blocks[i];
			struct isakmp_builder b;

			memset(buf, 0xee, sizeof(buf));
			isakmp_begin(&b, buf, sizeof(buf), &some_header);
			isakmp_add_payload(&b, ISAKMP_VENDOR, (struct span){ zero, body });
			cr_assert(isakmp_finish(&b, block));
			cr_expect_eq(b.w.len, ISAKMP_HEADER + (len + block - 1) / block * block);
			for (size_t j = ISAKMP_HEADER + len; j < b.w.len; j++)
				cr_expect_eq(buf[j], 0);
			cr_expect_eq(buf[b.w.len], 0xee);
		}
}

/* What does not fit is told at the end, at every capacity. */
Test(isakmp, build_overflow)
{
	for (size_t cap = 0; cap < 80; cap++) {
		uint8_t *buf = xcalloc(1, cap);
		struct isakmp_builder b;

		isakmp_begin(&b, buf, cap, &some_header);
		isakmp_add_payload(&b, ISAKMP_NONCE, hex("000102030405060708090a0b0c0d0e0f"));
		isakmp_add_delete(&b, ISAKMP_PROTO_ESP, "abcd", 4);
		cr_expect_eq(isakmp_finish(&b, 16), cap >= ISAKMP_HEADER + 48);
		free(buf);
	}
}

Test(isakmp, build_too_long)
{
	static uint8_t big[70000], body[65532];
	struct isakmp_builder b;

	isakmp_begin(&b, big, sizeof(big), &some_header);
	isakmp_add_payload(&b, ISAKMP_CERT, (struct span){ body, sizeof(body) });
	cr_expect_not(isakmp_finish(&b, 1));
	isakmp_begin(&b, big, sizeof(big), &some_header);
	isakmp_add_payload(&b, ISAKMP_CERT,
			   (struct span){ body, ISAKMP_MESSAGE_MAX - ISAKMP_HEADER - GENERIC });
	cr_expect(isakmp_finish(&b, 1));
}

Test(isakmp, header)
{
	static const char *const good =
		"0102030405060708 1112131415161718 01 10 02 00 00000000 0000001c";
	struct isakmp_header h = { .msgid = 7 };
	uint8_t o[64] = { 0 };

	for (size_t len = 0; len < ISAKMP_HEADER; len++)
		cr_expect_eq(isakmp_parse_header((struct span){ keep(xmemdup(hex(good).data, len)), len },
						 &h),
			     ISAKMP_SHORT_HEADER);
	cr_expect_eq(h.msgid, 7, "untouched on a flaw");
	cr_expect_eq(isakmp_parse_header(hex(good), &h), ISAKMP_OK);
	cr_expect(h.next_payload == 1 && h.version == 0x10 && h.exchange == 2 && h.length == 28);
	memcpy(o, hex(good).data, ISAKMP_HEADER);
	for (size_t len = ISAKMP_HEADER + 1; len < sizeof(o); len++)
		cr_expect_eq(isakmp_parse_header((struct span){ o, len }, &h), ISAKMP_BAD_LENGTH);
	for (unsigned int v = 0; v <= 0xff; v++) {
		o[17] = (uint8_t)v;
		cr_expect_eq(isakmp_parse_header((struct span){ o, ISAKMP_HEADER }, &h),
			     v == 0x10 ? ISAKMP_OK : ISAKMP_BAD_VERSION);
	}
	o[17] = 0x10;
	for (unsigned int bit = 0; bit < 32; bit++) {
		o[24 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect_eq(isakmp_parse_header((struct span){ o, ISAKMP_HEADER }, &h),
			     ISAKMP_BAD_LENGTH);
		o[24 + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memset(o, 0, ISAKMP_COOKIE);
	cr_expect_eq(isakmp_parse_header((struct span){ o, ISAKMP_HEADER }, &h),
		     ISAKMP_ZERO_COOKIE);
}

Test(isakmp, header_longest)
{
	static uint8_t o[ISAKMP_MESSAGE_MAX + 1] = { [0] = 1, [17] = 0x10, [26] = 0x40 };
	struct isakmp_header h;

	cr_expect_eq(isakmp_parse_header((struct span){ o, ISAKMP_MESSAGE_MAX }, &h), ISAKMP_OK);
	o[27] = 1;
	cr_expect_eq(isakmp_parse_header((struct span){ o, sizeof(o) }, &h), ISAKMP_BAD_LENGTH);
}

/* Each recorded message, clear or decrypted, with its padding. */
typedef void each_fn(struct span message, bool encrypted);

static void each_recorded(each_fn *fn)
{
	static const char *const files[] = { "strongswan-3des-sha1-modp1024.json",
					     "strongswan-aes128-sha256-modp2048.json",
					     "strongswan-aes256-sha384-ecp384.json" };

	for (size_t f = 0; f < ARRAY_SIZE(files); f++) {
		const json_t *messages = json_object_get(vector_file(files[f]), "messages");

		cr_assert(json_array_size(messages) >= 9);
		for (size_t i = 0; i < json_array_size(messages); i++) {
			const json_t *j = json_array_get(messages, i);
			struct span bytes = json_hex(j, "bytes");
			bool encrypted = json_object_get(j, "plain");
			uint8_t *whole = keep(xmemdup(bytes.data, bytes.len));

			if (encrypted)
				memcpy(whole + ISAKMP_HEADER, json_hex(j, "plain").data,
				       bytes.len - ISAKMP_HEADER);
			fn((struct span){ whole, bytes.len }, encrypted);
		}
	}
}

static void parses_and_builds_again(struct span bytes, bool encrypted)
{
	uint8_t *again = keep(xcalloc(1, bytes.len));
	struct isakmp_builder b;
	struct isakmp_message m;

	cr_assert_eq(parse(bytes, encrypted, &m), ISAKMP_OK);
	isakmp_begin(&b, again, bytes.len, &m.header);
	for (size_t i = 0; i < m.count; i++)
		isakmp_add_payload(&b, m.payload[i].type, m.payload[i].body);
	/* To the same length: the recorded padding is zero, too. */
	write_zero(&b.w, bytes.len - b.w.len);
	cr_assert(isakmp_finish(&b, 1));
	cr_expect(span_is((struct span){ again, b.w.len }, bytes));
}

Test(isakmp, recorded)
{
	each_recorded(parses_and_builds_again);
}

/* Cut at every octet, with the header's length as it was and with the length corrected. */
static void survives_truncation(struct span bytes, bool encrypted)
{
	struct isakmp_message m;
	size_t length;

	cr_assert_eq(parse(bytes, encrypted, &m), ISAKMP_OK);
	length = ISAKMP_HEADER + m.length;
	for (size_t len = 0; len < bytes.len; len++) {
		uint8_t *cut = xmemdup(bytes.data, len);
		enum isakmp_flaw flaw = isakmp_parse_header((struct span){ cut, len }, &m.header);

		cr_expect_eq(flaw, len < ISAKMP_HEADER ? ISAKMP_SHORT_HEADER : ISAKMP_BAD_LENGTH);
		if (len >= ISAKMP_HEADER) {
			cut[26] = (uint8_t)(len >> 8);
			cut[27] = (uint8_t)len;
			flaw = parse((struct span){ cut, len }, encrypted, &m);
			cr_expect_eq(flaw == ISAKMP_OK, len >= length, "%zu of %zu: %d", len,
				     length, flaw);
		}
		free(cut);
	}
}

Test(isakmp, truncated)
{
	each_recorded(survives_truncation);
}

/* Any one octet replaced by any of some values: no more is asked than to come back unharmed. */
static void survives_flips(struct span bytes, bool encrypted)
{
	static const uint8_t values[] = { 0, 1, 3, 4, 5, 8, 0x7f, 0x80, 0xfe, 0xff };
	uint8_t *copy = keep(xmemdup(bytes.data, bytes.len));
	struct isakmp_message m;

	for (size_t at = 0; at < bytes.len; at++)
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			struct isakmp_id id;
			struct isakmp_notify n;
			struct isakmp_delete d;

			copy[at] = values[v];
			m.header.next_payload = copy[16];
			isakmp_parse_payloads(&m,
					      (struct span){ copy + ISAKMP_HEADER,
							     bytes.len - ISAKMP_HEADER },
					      encrypted, NULL);
			for (size_t i = 0; i < m.count; i++) {
				isakmp_parse_id(m.payload[i].body, &id);
				isakmp_parse_notify(m.payload[i].body, &n);
				isakmp_parse_delete(m.payload[i].body, &d);
			}
			copy[at] = bytes.data[at];
		}
}

Test(isakmp, flipped)
{
	each_recorded(survives_flips);
}

/* Every payload's length field, made one too short, one too long, zero and all ones. */
static void refuses_lengths(struct span bytes, bool encrypted)
{
	struct isakmp_message m, bad;

	cr_assert_eq(parse(bytes, encrypted, &m), ISAKMP_OK);
	for (size_t i = 0; i < m.count; i++) {
		static const uint16_t wrong[] = { 0, 1, 2, 3, 0xffff, 0x8000 };
		size_t before = 0, at;
		uint8_t *copy = xmemdup(bytes.data, bytes.len);

		for (size_t j = 0; j < i; j++)
			before += m.payload[j].raw.len;
		at = ISAKMP_HEADER + before + 2;
		for (size_t k = 0; k < ARRAY_SIZE(wrong); k++) {
			copy[at] = (uint8_t)(wrong[k] >> 8);
			copy[at + 1] = (uint8_t)wrong[k];
			cr_expect_eq(parse((struct span){ copy, bytes.len }, encrypted, &bad),
				     ISAKMP_PAYLOAD_LENGTH);
		}
		free(copy);
	}
}

Test(isakmp, payload_lengths)
{
	each_recorded(refuses_lengths);
}

Test(isakmp, payload_types)
{
	static const bool known[22] = { [1] = true, [4] = true, [5] = true, [6] = true, [7] = true,
					[8] = true, [9] = true, [10] = true, [11] = true,
					[12] = true, [13] = true, [15] = true, [16] = true,
					[20] = true, [21] = true };

	for (unsigned int type = 1; type <= 0xff; type++) {
		bool good = type >= 128 || (type < 22 && known[type]);
		struct isakmp_message m;
		char second[32];

		cr_expect_eq(parse_chain((uint8_t)type, "00000004", false, &m, NULL),
			     good ? ISAKMP_OK : ISAKMP_PAYLOAD_RESERVED, "type %u", type);
		cr_expect(!good || (m.count == 1 && m.payload[0].type == type));
		snprintf(second, sizeof(second), "%02x00000400000004", type);
		cr_expect_eq(parse_chain(ISAKMP_VENDOR, second, false, &m, NULL),
			     good ? ISAKMP_OK : ISAKMP_PAYLOAD_RESERVED, "type %u", type);
		cr_expect(!good || m.count == 2);
		cr_expect(strlen(isakmp_payload_name(type)) > 0);
		cr_expect(type >= 128 || good || type == 2 || type == 3 ||
			  strcmp(isakmp_payload_name(type), "UNKNOWN") == 0);
	}
}

Test(isakmp, chain_flaws)
{
	struct isakmp_message m;
	size_t offset;

	cr_expect_eq(parse_chain(ISAKMP_NONE, "", false, &m, &offset), ISAKMP_EMPTY);
	cr_expect_eq(parse_chain(ISAKMP_NONE, "00000004", false, &m, &offset), ISAKMP_EMPTY);
	cr_expect_eq(parse_chain(ISAKMP_SA, "", false, &m, &offset), ISAKMP_PAYLOAD_LENGTH);
	cr_expect_eq(parse_chain(ISAKMP_SA, "000000", false, &m, &offset), ISAKMP_PAYLOAD_LENGTH);
	/* A reserved octet; the offset is that of the payload. */
	cr_expect_eq(parse_chain(ISAKMP_VENDOR, "0d00000600000d0100040000", true, &m, &offset),
		     ISAKMP_PAYLOAD_RESERVED);
	cr_expect_eq(offset, 6);
	/* A chain that names one more than there is. */
	cr_expect_eq(parse_chain(ISAKMP_VENDOR, "0d000004", false, &m, &offset),
		     ISAKMP_PAYLOAD_LENGTH);
	cr_expect_eq(offset, 4);
	/* A payload of length zero that names itself would last forever. */
	cr_expect_eq(parse_chain(ISAKMP_VENDOR, "0d000000 0d000000 0d000000", true, &m, &offset),
		     ISAKMP_PAYLOAD_LENGTH);
	cr_expect_eq(offset, 0);
	cr_expect_eq(m.count, 0);
	cr_expect_eq(m.length, 0);
}

Test(isakmp, chain_padding)
{
	uint8_t chain[300] = { 0, 0, 0, 4 };
	struct isakmp_message m = { .header = { .next_payload = ISAKMP_VENDOR } };

	memset(chain + 4, 0xa5, sizeof(chain) - 4);
	for (size_t pad = 0; pad <= 260; pad++) {
		struct span s = { chain, 4 + pad };

		cr_expect_eq(isakmp_parse_payloads(&m, s, false, NULL),
			     pad < 4 ? ISAKMP_OK : ISAKMP_BAD_PADDING);
		cr_expect_eq(isakmp_parse_payloads(&m, s, true, NULL),
			     pad < 256 ? ISAKMP_OK : ISAKMP_BAD_PADDING);
		cr_expect_eq(m.length, pad < 256 ? 4 : 0);
	}
}

Test(isakmp, chain_count)
{
	uint8_t chain[4 * (ISAKMP_PAYLOADS_MAX + 1)];
	struct isakmp_message m = { .header = { .next_payload = ISAKMP_VENDOR } };

	for (size_t i = 0; i <= ISAKMP_PAYLOADS_MAX; i++)
		memcpy(chain + 4 * i, (uint8_t[]){ ISAKMP_VENDOR, 0, 0, 4 }, 4);
	chain[4 * (ISAKMP_PAYLOADS_MAX - 1)] = ISAKMP_NONE;
	cr_expect_eq(isakmp_parse_payloads(&m, (struct span){ chain, 4 * ISAKMP_PAYLOADS_MAX },
					   false, NULL),
		     ISAKMP_OK);
	cr_expect_eq(m.count, ISAKMP_PAYLOADS_MAX);
	chain[4 * (ISAKMP_PAYLOADS_MAX - 1)] = ISAKMP_VENDOR;
	chain[4 * ISAKMP_PAYLOADS_MAX] = ISAKMP_NONE;
	cr_expect_eq(isakmp_parse_payloads(&m, (struct span){ chain, sizeof(chain) }, false, NULL),
		     ISAKMP_TOO_MANY_PAYLOADS);
	cr_expect_eq(m.count, 0);
}

Test(isakmp, attributes)
{
	struct span s = hex("800b 0001  000c 0004 00015180  000c 0008 0000000000015180"
			    "000c 0008 0000000100000000  000c 0000  000c 0001 7f  ffff ffff");
	static const struct {
		uint16_t type;
		bool numeric;
		uint32_t value;
		size_t len;
	} expected[] = {
		{ 11, true, 1, 2 },	     { 12, true, 86400, 4 },   { 12, true, 86400, 8 },
		{ 12, true, UINT32_MAX, 8 }, { 12, false, 0, 0 },      { 12, true, 127, 1 },
		{ 0x7fff, true, 0xffff, 2 },
	};
	struct reader r = reader_of_span(s);
	struct isakmp_attribute a;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		cr_assert(isakmp_next_attribute(&r, &a));
		cr_expect_eq(a.type, expected[i].type);
		cr_expect_eq(a.numeric, expected[i].numeric);
		cr_expect_eq(a.value, expected[i].value);
		cr_expect_eq(a.data.len, expected[i].len);
	}
	cr_expect_not(isakmp_next_attribute(&r, &a));
	cr_expect(reader_done(&r));
	/* Cut anywhere but between two: an end that is a flaw. */
	for (size_t len = 0; len < s.len; len++) {
		static const size_t between[] = { 0, 4, 12, 24, 36, 40, 45 };
		bool flawless = false;

		r = reader_of(keep(xmemdup(s.data, len)), len);
		while (isakmp_next_attribute(&r, &a))
			;
		for (size_t i = 0; i < ARRAY_SIZE(between); i++)
			flawless |= between[i] == len;
		cr_expect_eq(reader_done(&r), flawless, "%zu", len);
	}
}

Test(isakmp, write_attributes)
{
	uint8_t buf[12];
	struct writer w = writer_of(buf, sizeof(buf));

	isakmp_write_attribute_tv(&w, 14, 128);
	isakmp_write_attribute_u32(&w, 12, 86400);
	cr_expect(span_is((struct span){ buf, w.len }, hex("800e0080000c000400015180")));
}

Test(isakmp, id)
{
	struct isakmp_id id;

	cr_assert(isakmp_parse_id(hex("01 11 01f4 0a000004"), &id));
	cr_expect(id.type == ISAKMP_ID_IPV4_ADDR && id.protocol == 17 && id.port == 500);
	cr_expect(span_is(id.data, hex("0a000004")));
	cr_expect(isakmp_parse_id(hex("02 00 0000 61"), &id));
	cr_expect(isakmp_parse_id(hex("04 2f 0000 0a000000ffffff00"), &id));
	cr_expect(isakmp_parse_id(hex("09 00 0000 30"), &id), "a one-octet name is a name");
	cr_expect(isakmp_parse_id(hex("ff 00 0000"), &id));
	for (size_t len = 0; len < 4; len++)
		cr_expect_not(isakmp_parse_id((struct span){ hex("0b000000").data, len }, &id));
	for (size_t len = 4; len < 20; len++) {
		static uint8_t body[20];

		body[0] = ISAKMP_ID_IPV4_ADDR;
		cr_expect_eq(isakmp_parse_id((struct span){ body, len }, &id), len == 8);
		body[0] = ISAKMP_ID_IPV4_SUBNET;
		cr_expect_eq(isakmp_parse_id((struct span){ body, len }, &id), len == 12);
		body[0] = ISAKMP_ID_IPV4_RANGE;
		cr_expect_eq(isakmp_parse_id((struct span){ body, len }, &id), len == 12);
		body[0] = ISAKMP_ID_KEY_ID;
		cr_expect(isakmp_parse_id((struct span){ body, len }, &id));
	}
}

Test(isakmp, notify)
{
	struct isakmp_notify n = { .type = 1 };
	struct span s = hex("00000001 01 10 8d28 000102030405060708090a0b0c0d0e0f 00000007");

	cr_assert(isakmp_parse_notify(s, &n));
	cr_expect(n.type == ISAKMP_N_R_U_THERE && n.spi.len == 16 && n.data.len == 4);
	for (size_t len = 0; len < s.len; len++) {
		struct span cut = { keep(xmemdup(s.data, len)), len };

		cr_expect_eq(isakmp_parse_notify(cut, &n), len >= 24);
	}
	cr_expect_eq(isakmp_parse_notify(hex("00000001 01 ff 0001 00"), &n), false);
}

Test(isakmp, delete)
{
	struct span s = hex("00000001 03 04 0002 11111111 22222222");
	struct isakmp_delete d;

	cr_assert(isakmp_parse_delete(s, &d));
	cr_expect(d.protocol == 3 && d.spi_size == 4 && d.count == 2 && d.spis.len == 8);
	for (size_t len = 0; len < s.len; len++)
		cr_expect_not(isakmp_parse_delete((struct span){ keep(xmemdup(s.data, len)), len }, &d));
	cr_expect_not(isakmp_parse_delete(hex("00000001 03 04 0001 11111111 22222222"), &d));
	cr_expect_not(isakmp_parse_delete(hex("00000001 03 04 ffff 11111111"), &d));
	cr_expect_not(isakmp_parse_delete(hex("00000001 03 ff ffff 11111111"), &d));
	/* SPIs of no octets would be 65535 of nothing; a delete of nothing means nothing. */
	cr_expect_not(isakmp_parse_delete(hex("00000001 03 00 ffff"), &d));
	cr_expect_not(isakmp_parse_delete(hex("00000001 03 04 0000"), &d));
}

static void expect_md5_of(enum isakmp_vid vid, const char *text)
{
	struct span s = text_span(text);
	uint8_t md5[16];

	crypto_hash(HASH_MD5, &s, 1, md5);
	cr_expect(span_is(isakmp_vid_bytes(vid), (struct span){ md5, 16 }), "%s", text);
}

Test(isakmp, vendor_ids)
{
	for (enum isakmp_vid v = VID_UNKNOWN + 1; v < VID_COUNT; v++) {
		struct span s = isakmp_vid_bytes(v);

		cr_assert(s.len >= 8);
		cr_expect_eq(isakmp_vid_of(s), v);
		for (size_t len = 0; len < 8; len++)
			cr_expect_eq(isakmp_vid_of((struct span){ s.data, len }), VID_UNKNOWN);
		cr_expect(strlen(isakmp_vid_name(v)) > 2);
	}
	expect_md5_of(VID_NATT_RFC3947, "RFC 3947");
	expect_md5_of(VID_NATT_DRAFT02, "draft-ietf-ipsec-nat-t-ike-02");
	expect_md5_of(VID_NATT_DRAFT02N, "draft-ietf-ipsec-nat-t-ike-02\n");
	expect_md5_of(VID_NATT_DRAFT03, "draft-ietf-ipsec-nat-t-ike-03");
	expect_md5_of(VID_NATT_DRAFT07, "draft-ietf-ipsec-nat-t-ike-07");
	cr_expect_eq(isakmp_vid_of(hex("afcad71368a1f1c96b8696fc7757 0100")), VID_DPD);
	cr_expect_eq(isakmp_vid_of(hex("afcad71368a1f1c96b8696fc7757 0200")), VID_DPD);
	cr_expect_eq(isakmp_vid_of(hex("12f5f28c457168a9702d9fe274cc 0204")), VID_UNITY);
	cr_expect_eq(isakmp_vid_of(hex("09002689dfd6b712")), VID_XAUTH);
	cr_expect_eq(isakmp_vid_of(hex("09002689dfd6b71200")), VID_UNKNOWN);
	cr_expect_eq(isakmp_vid_of(hex("4048b7d56ebce88525e7de7f00d6c2d3")), VID_FRAGMENTATION);
	cr_expect_eq(isakmp_vid_of(hex("4048b7d56ebce88525e7de7f00d6c2d3c0000000")),
		     VID_FRAGMENTATION);
	cr_expect_eq(isakmp_vid_of(hex("4048b7d56ebce88525e7de7f00d6c2d3c000000000")), VID_UNKNOWN);
	cr_expect_eq(isakmp_vid_of((struct span){ NULL, 0 }), VID_UNKNOWN);
	cr_expect_eq(isakmp_vid_bytes(VID_UNKNOWN).len, 0);
	cr_expect_eq(isakmp_vid_bytes(VID_COUNT).len, 0);
	cr_expect_str_eq(isakmp_vid_name(VID_COUNT), "unknown");
}

Test(isakmp, names)
{
	cr_expect_str_eq(isakmp_payload_name(ISAKMP_NONE), "NONE");
	cr_expect_str_eq(isakmp_payload_name(ISAKMP_NONCE), "NONCE");
	cr_expect_str_eq(isakmp_payload_name(ISAKMP_VENDOR), "VENDOR");
	cr_expect_str_eq(isakmp_payload_name(ISAKMP_NATD_DRAFT), "NAT-D");
	cr_expect_str_eq(isakmp_payload_name(1000), "UNKNOWN");
	cr_expect_str_eq(isakmp_id_name(ISAKMP_ID_IPV4_ADDR), "ID_IPV4_ADDR");
	cr_expect_str_eq(isakmp_id_name(ISAKMP_ID_KEY_ID), "ID_KEY_ID");
	cr_expect_str_eq(isakmp_id_name(0), "UNKNOWN");
	cr_expect_str_eq(isakmp_id_name(12), "UNKNOWN");
	cr_expect_str_eq(isakmp_notify_name(0), "UNKNOWN");
	cr_expect_str_eq(isakmp_notify_name(ISAKMP_N_NO_PROPOSAL_CHOSEN), "NO_PROPOSAL_CHOSEN");
	cr_expect_str_eq(isakmp_notify_name(ISAKMP_N_PAYLOAD_MALFORMED), "PAYLOAD_MALFORMED");
	cr_expect_str_eq(isakmp_notify_name(ISAKMP_N_INVALID_ID_INFORMATION),
			 "INVALID_ID_INFORMATION");
	cr_expect_str_eq(isakmp_notify_name(ISAKMP_N_AUTHENTICATION_FAILED),
			 "AUTHENTICATION_FAILED");
	cr_expect_str_eq(isakmp_notify_name(30), "UNEQUAL_PAYLOAD_LENGTHS");
	cr_expect_str_eq(isakmp_notify_name(31), "UNKNOWN");
	cr_expect_str_eq(isakmp_notify_name(ISAKMP_N_R_U_THERE_ACK), "R_U_THERE_ACK");
	for (enum isakmp_flaw f = ISAKMP_OK; f <= ISAKMP_NOT_ENCRYPTED_BLOCKS; f++)
		cr_expect_str_neq(isakmp_flaw_text(f), "unknown flaw");
}
