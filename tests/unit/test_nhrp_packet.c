/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP packets: as IOS sends them, cut at every octet, with every octet and every length field
 * changed.
 *
 * LINK: nhrp/packet.c lib/wire.c lib/addr.c
 */
#include <criterion/criterion.h>

#include "lib/util.h"
#include "nhrp/packet.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

struct octets {
	size_t len;
	uint8_t b[2048];
};

static struct octets octets(const char *text)
{
	struct span s = hex(text);
	struct octets o = { .len = s.len };

	memcpy(o.b, s.data, s.len);
	free((void *)s.data);
	return o;
}

static struct addr ip(const char *text)
{
	struct addr a = { 0 };

	cr_assert(addr_parse(text, &a));
	return a;
}

static void put16(struct octets *o, size_t at, unsigned int v)
{
	o->b[at] = (uint8_t)(v >> 8);
	o->b[at + 1] = (uint8_t)v;
}

static void fix_checksum(struct octets *o)
{
	put16(o, 12, 0);
	put16(o, 12, nhrp_checksum(o->b, o->len));
}

/* From memory of exactly that size, so that the sanitizer sees a step past its end. */
static enum nhrp_malformed parse(const struct octets *o, struct nhrp_packet *p, size_t *offset)
{
	static uint8_t *copy; /* what spans of the packet point to */

	free(copy);
	copy = xmemdup(o->b, o->len);
	return nhrp_packet_parse(copy, o->len, p, offset);
}

static enum nhrp_malformed why(const struct octets *o)
{
	struct nhrp_packet p;
	size_t offset;

	return parse(o, &p, &offset);
}

static const char *const ios[] = { IOS_REGISTRATION, IOS_INDICATION, IOS_REQUEST, IOS_FORWARDED,
				   IOS_REPLY };

Test(nhrp_packet, ios_packets_come_back_octet_for_octet)
{
	for (size_t i = 0; i < ARRAY_SIZE(ios); i++) {
		struct octets o = octets(ios[i]);
		struct nhrp_packet p;
		uint8_t out[NHRP_PACKET_MAX];
		size_t offset;

		cr_assert_eq(parse(&o, &p, &offset), NHRP_WELL_FORMED, "packet %zu", i);
		cr_expect_eq(nhrp_packet_encode(&p, out, sizeof(out)), o.len);
		cr_expect_arr_eq(out, o.b, o.len, "packet %zu", i);
		/* One octet less is too little room, and nothing is written past it. */
		cr_expect_eq(nhrp_packet_encode(&p, out, o.len - 1), 0);
	}
}

Test(nhrp_packet, registration_in_detail)
{
	struct octets o = octets(IOS_REGISTRATION);
	struct nhrp_packet p;
	struct nhrp_extension *e;
	size_t offset;

	cr_assert_eq(parse(&o, &p, &offset), NHRP_WELL_FORMED);
	cr_expect_eq(p.type, NHRP_REGISTRATION_REQUEST);
	cr_expect_eq(p.hop_count, 255);
	cr_expect_eq(p.flags, NHRP_REGISTRATION_UNIQUE);
	cr_expect_eq(p.request_id, 5);
	cr_expect(addr_equal(&p.source_nbma, &(struct addr){ 4, { 10, 0, 12, 2 } }));
	cr_expect(addr_equal(&p.source, &(struct addr){ 4, { 192, 168, 0, 2 } }));
	cr_expect(addr_equal(&p.destination, &(struct addr){ 4, { 192, 168, 0, 1 } }));
	cr_assert_eq(p.n_cies, 1);
	cr_expect_eq(p.cies[0].prefix, 255);
	cr_expect(nhrp_cie_is_host(&p.cies[0]));
	cr_expect_eq(p.cies[0].mtu, 1514);
	cr_expect_eq(p.cies[0].holding_time, 30);
	cr_expect(addr_is_none(&p.cies[0].nbma));
	cr_expect(addr_is_none(&p.cies[0].protocol));
	cr_expect_eq(p.n_extensions, 4);
	e = nhrp_extension_find(&p, NHRP_EXT_AUTHENTICATION);
	cr_assert(e);
	cr_expect(e->compulsory);
	cr_expect_eq(e->value.len, 9);
	cr_expect_arr_eq(e->value.data, "\0\0\0\1CISCO", 9);
	cr_expect_null(nhrp_extension_find(&p, NHRP_EXT_NAT));
}

Test(nhrp_packet, indication_and_reply_in_detail)
{
	struct octets o = octets(IOS_INDICATION);
	struct nhrp_packet p;
	struct nhrp_cie cie;
	struct reader r;
	struct addr a;
	size_t offset;

	cr_assert_eq(parse(&o, &p, &offset), NHRP_WELL_FORMED);
	cr_expect_eq(p.type, NHRP_TRAFFIC_INDICATION);
	cr_expect_eq(p.code, 0);
	cr_expect_eq(p.inner.len, 28);
	cr_expect_eq(p.inner.data[0], 0x45);
	cr_expect_not(nhrp_extension_find(&p, NHRP_EXT_NAT)->compulsory);

	o = octets(IOS_REPLY);
	cr_assert_eq(parse(&o, &p, &offset), NHRP_WELL_FORMED);
	cr_expect_eq(p.flags,
		     NHRP_Q | NHRP_A | NHRP_D | NHRP_U | NHRP_S | NHRP_CISCO_NAT);
	a = ip("192.168.200.2");
	cr_expect(addr_equal(&p.cies[0].nbma, &a));
	r = reader_of_span(nhrp_extension_find(&p, NHRP_EXT_FORWARD_TRANSIT)->value);
	cie = nhrp_cie_read(&r);
	a = ip("10.255.255.1");
	cr_expect(reader_done(&r));
	cr_expect(addr_equal(&cie.protocol, &a));
}

Test(nhrp_packet, every_truncation)
{
	for (size_t i = 0; i < ARRAY_SIZE(ios); i++) {
		struct octets whole = octets(ios[i]), o;

		for (size_t len = 0; len < whole.len; len++) {
			/* As it would come from the wire, and by one who fixes what he cuts. */
			o = whole;
			o.len = len;
			cr_expect_neq(why(&o), NHRP_WELL_FORMED, "%zu cut at %zu", i, len);
			if (len < NHRP_HEADER)
				continue;
			put16(&o, 10, (unsigned int)len);
			fix_checksum(&o);
			cr_expect_neq(why(&o), NHRP_WELL_FORMED, "%zu cut at %zu", i, len);
			/* Without extensions a packet may end with its mandatory part only. */
			put16(&o, 14, 0);
			fix_checksum(&o);
			why(&o);
		}
	}
}

Test(nhrp_packet, octets_behind_the_packet_do_not_matter)
{
	struct octets o = octets(IOS_REPLY);

	memset(o.b + o.len, 0x5a, 7);
	o.len += 7;
	cr_expect_eq(why(&o), NHRP_WELL_FORMED);
}

Test(nhrp_packet, every_octet_changed)
{
	for (size_t i = 0; i < ARRAY_SIZE(ios); i++) {
		struct octets whole = octets(ios[i]);

		for (size_t at = 0; at < whole.len; at++)
			for (unsigned int v = 0; v < 256; v++) {
				struct octets o = whole;
				struct nhrp_packet p;
				uint8_t out[NHRP_PACKET_MAX];
				size_t offset;

				if (o.b[at] == v)
					continue;
				o.b[at] = (uint8_t)v;
				if (!(at == 12 || at == 13))
					cr_expect_neq(why(&o), NHRP_WELL_FORMED);
				fix_checksum(&o);
				if (parse(&o, &p, &offset)) {
					cr_expect(offset <= o.len);
					continue;
				}
				cr_expect_neq(nhrp_packet_encode(&p, out, sizeof(out)), 0);
				nhrp_packet_quoted(p.inner, &p);
			}
	}
}

struct change {
	const char *packet;
	size_t at;
	unsigned int value;
	bool wide;
	enum nhrp_malformed expected;
};

static const struct change changes[] = {
	{ IOS_REPLY, 0, 2, true, NHRP_BAD_FAMILY },
	{ IOS_REPLY, 2, 0x86dd, true, NHRP_BAD_FAMILY },
	{ IOS_REPLY, 9, 0, false, NHRP_BAD_HOP_COUNT },
	{ IOS_REPLY, 10, 0, true, NHRP_BAD_SIZE },
	{ IOS_REPLY, 10, 19, true, NHRP_BAD_SIZE },
	{ IOS_REPLY, 10, 135, true, NHRP_BAD_SIZE },
	{ IOS_REPLY, 10, 65535, true, NHRP_BAD_SIZE },
	{ IOS_REPLY, 14, 1, true, NHRP_BAD_EXTENSION_OFFSET },
	{ IOS_REPLY, 14, 19, true, NHRP_BAD_EXTENSION_OFFSET },
	{ IOS_REPLY, 14, 20, true, NHRP_BAD_TRUNCATED },
	{ IOS_REPLY, 14, 39, true, NHRP_BAD_TRUNCATED },
	{ IOS_REPLY, 14, 40, true, NHRP_BAD_CIE_COUNT },
	{ IOS_REPLY, 14, 59, true, NHRP_BAD_CIE },
	{ IOS_REPLY, 14, 134, true, NHRP_BAD_CIE },
	{ IOS_REPLY, 14, 135, true, NHRP_BAD_EXTENSION_OFFSET },
	{ IOS_REPLY, 14, 65535, true, NHRP_BAD_EXTENSION_OFFSET },
	{ IOS_REPLY, 16, 0, false, NHRP_BAD_VERSION },
	{ IOS_REPLY, 16, 2, false, NHRP_BAD_VERSION },
	{ IOS_REPLY, 17, 0, false, NHRP_BAD_TYPE },
	{ IOS_REPLY, 17, 9, false, NHRP_BAD_TYPE },
	{ IOS_REPLY, 17, 255, false, NHRP_BAD_TYPE },
	{ IOS_REPLY, 18, 6, false, NHRP_BAD_ADDRESS_LENGTH },
	{ IOS_REPLY, 18, 63, false, NHRP_BAD_ADDRESS_LENGTH },
	{ IOS_REPLY, 18, 0, false, NHRP_BAD_ADDRESS },
	{ IOS_REPLY, 19, 1, false, NHRP_BAD_ADDRESS_LENGTH },
	{ IOS_REPLY, 20, 0, false, NHRP_BAD_ADDRESS },
	{ IOS_REPLY, 20, 5, false, NHRP_BAD_ADDRESS_LENGTH },
	{ IOS_REPLY, 21, 16, false, NHRP_BAD_ADDRESS_LENGTH },
	{ IOS_REPLY, 21, 255, false, NHRP_BAD_ADDRESS_LENGTH },
	/* The entry: NBMA length, subaddress length, protocol length. */
	{ IOS_REPLY, 48, 5, false, NHRP_BAD_CIE },
	{ IOS_REPLY, 48, 0, false, NHRP_BAD_CIE },
	{ IOS_REPLY, 49, 4, false, NHRP_BAD_CIE },
	{ IOS_REPLY, 50, 255, false, NHRP_BAD_CIE },
	/* Extensions: length of the first, of the authentication, of the last before the end. */
	{ IOS_REPLY, 62, 4, true, NHRP_BAD_EXTENSION },
	{ IOS_REPLY, 62, 19, true, NHRP_BAD_EXTENSION },
	{ IOS_REPLY, 62, 65535, true, NHRP_BAD_EXTENSION },
	{ IOS_REPLY, 114, 100, true, NHRP_BAD_EXTENSION },
	{ IOS_REPLY, 128, 5, true, NHRP_BAD_EXTENSION },
	/* The forward transit record's entry has a length of its own. */
	{ IOS_REPLY, 96, 6, false, NHRP_BAD_EXTENSION },
	{ IOS_REGISTRATION, 14, 40, true, NHRP_BAD_CIE_COUNT },
	{ IOS_INDICATION, 14, 30, true, NHRP_BAD_TRUNCATED },
	{ IOS_INDICATION, 18, 5, false, NHRP_BAD_ADDRESS_LENGTH },
};

Test(nhrp_packet, fields_that_lie)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *c = &changes[i];
		struct octets o = octets(c->packet);

		if (c->wide)
			put16(&o, c->at, c->value);
		else
			o.b[c->at] = (uint8_t)c->value;
		fix_checksum(&o);
		cr_expect_eq(why(&o), c->expected, "change %zu at %zu to %u: %d", i, c->at,
			     c->value, (int)why(&o));
	}
}

Test(nhrp_packet, e164_bit_is_no_length)
{
	struct octets o = octets(IOS_REPLY);

	o.b[18] |= 0x40;
	fix_checksum(&o);
	cr_expect_eq(why(&o), NHRP_WELL_FORMED);
}

Test(nhrp_packet, checksum_of_odd_length)
{
	struct octets o = octets(IOS_REGISTRATION);
	const uint8_t odd[] = { 0x12, 0x34, 0x56 };
	const uint8_t carries_twice[] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x01 };

	cr_assert_eq(o.len % 2, 1);
	cr_expect_eq(nhrp_checksum(o.b, o.len), 0);
	put16(&o, 12, 0);
	cr_expect_eq(nhrp_checksum(o.b, o.len), 0xe8e4);
	cr_expect_eq(nhrp_checksum(odd, 3), (uint16_t)~(0x1234 + 0x5600));
	cr_expect_eq(nhrp_checksum(odd, 0), 0xffff);
	cr_expect_eq(nhrp_checksum(carries_twice, 6), 0xfffe);
	o.b[80] ^= 1;
	cr_expect_eq(why(&o), NHRP_BAD_CHECKSUM);
}

Test(nhrp_packet, as_many_as_fit_and_one_more)
{
	struct nhrp_packet p = { .hop_count = 1,
				 .type = NHRP_REGISTRATION_REQUEST,
				 .source_nbma = ip("10.0.0.4"),
				 .source = ip("172.16.0.2"),
				 .destination = ip("172.16.0.1"),
				 .n_cies = NHRP_CIES },
			   q;
	struct octets o = { 0 };
	size_t offset;

	while (nhrp_extension_add(&p, NHRP_EXT_VENDOR, (struct span){ NULL, 0 }))
		;
	cr_expect_eq(p.n_extensions, NHRP_EXTENSIONS);
	o.len = nhrp_packet_encode(&p, o.b, sizeof(o.b));
	cr_assert_eq(parse(&o, &q, &offset), NHRP_WELL_FORMED);
	cr_expect_eq(q.n_cies, NHRP_CIES);
	cr_expect_eq(q.n_extensions, NHRP_EXTENSIONS);

	/* One more extension, in front of the end. */
	put16(&o, o.len, 0x8000);
	put16(&o, o.len + 2, 0);
	put16(&o, o.len - 4, 0x8008);
	o.len += 4;
	put16(&o, 10, (unsigned int)o.len);
	fix_checksum(&o);
	cr_expect_eq(why(&o), NHRP_BAD_EXTENSION_COUNT);

	/* One more entry. */
	p.n_extensions = 0;
	o.len = nhrp_packet_encode(&p, o.b, sizeof(o.b));
	memset(o.b + o.len, 0, 12);
	o.len += 12;
	put16(&o, 10, (unsigned int)o.len);
	fix_checksum(&o);
	cr_expect_eq(parse(&o, &q, &offset), NHRP_BAD_CIE_COUNT);
	cr_expect_eq(offset, o.len - 12);
}

Test(nhrp_packet, extensions_must_end)
{
	struct octets o = octets(IOS_REGISTRATION);

	put16(&o, o.len - 4, 0x8008); /* the end becomes an empty vendor extension */
	fix_checksum(&o);
	cr_expect_eq(why(&o), NHRP_BAD_EXTENSION);
	/* What stands behind the end is ignored, and the end may come without its bit. */
	o = octets(IOS_REGISTRATION);
	put16(&o, o.len - 4, 0);
	memset(o.b + o.len, 0xff, 3);
	o.len += 3;
	put16(&o, 10, (unsigned int)o.len);
	fix_checksum(&o);
	cr_expect_eq(why(&o), NHRP_WELL_FORMED);
}

Test(nhrp_packet, prefix_lengths_that_mean_a_host)
{
	for (unsigned int bits = 0; bits < 256; bits++) {
		struct nhrp_cie cie = { .prefix = (uint8_t)bits };

		cr_expect_eq(nhrp_cie_is_host(&cie), bits == 0 || bits == 32 || bits == 255);
	}
}

Test(nhrp_packet, error_quotes_a_packet)
{
	struct octets about = octets(IOS_REQUEST), o = { 0 };
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_ERROR_INDICATION,
				 .source_nbma = ip("192.168.200.1"),
				 .source = ip("10.255.255.1"),
				 .destination = ip("10.255.255.3"),
				 .code = NHRP_ERROR_LOOP,
				 .offset = 68 },
			   q, quoted;
	size_t offset;

	for (size_t len = 0; len <= about.len; len++) {
		p.inner = (struct span){ about.b, len };
		o.len = nhrp_packet_encode(&p, o.b, sizeof(o.b));
		cr_assert_eq(parse(&o, &q, &offset), NHRP_WELL_FORMED);
		cr_expect_eq(q.code, NHRP_ERROR_LOOP);
		cr_expect_eq(q.offset, 68);
		cr_expect_eq(q.inner.len, len);
		/* Header, fixed fields and three addresses are enough to know it again. */
		cr_expect_eq(nhrp_packet_quoted(q.inner, &quoted), len >= 40, "%zu", len);
	}
	cr_expect_eq(quoted.type, NHRP_RESOLUTION_REQUEST);
	cr_expect_eq(quoted.request_id, 5);
	cr_expect_eq(quoted.destination.b[3], 2);

	/* An error about an error is not read. */
	cr_expect_not(nhrp_packet_quoted((struct span){ o.b, o.len }, &quoted));
}
