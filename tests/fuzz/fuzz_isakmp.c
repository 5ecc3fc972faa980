/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as an ISAKMP message. What parses must lie inside the input, in order and without
 * gaps, and built again it must be the same message.
 *
 * The first octet's lowest bit says whether the rest counts as decrypted; the next says whether the
 * header's length and cookie are made right, so that the fuzzer need not find that out.
 *
 *     tests/fuzz/run.sh isakmp
 *
 * LINK: ikev1/isakmp.c lib/wire.c tests/fuzz/replay.c
 */
#include <stdlib.h>

#include "ikev1/isakmp.h"
#include "lib/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)          \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

static bool inside(struct span inner, struct span outer)
{
	return inner.len <= outer.len && (inner.len == 0 || (inner.data >= outer.data &&
		inner.data + inner.len <= outer.data + outer.len));
}

static void check_contents(struct span body)
{
	struct reader r = reader_of_span(body);
	struct isakmp_attribute a;
	struct isakmp_notify n;
	struct isakmp_delete d;
	struct isakmp_id id;

	if (isakmp_parse_id(body, &id))
		MUST(inside(id.data, body));
	if (isakmp_parse_notify(body, &n))
		MUST(inside(n.spi, body) && inside(n.data, body));
	if (isakmp_parse_delete(body, &d))
		MUST(inside(d.spis, body) && d.spis.len == (size_t)d.spi_size * d.count);
	while (isakmp_next_attribute(&r, &a))
		MUST(inside(a.data, body) && a.numeric == (a.data.len > 0));
	MUST(r.bad || reader_done(&r));
	MUST(isakmp_vid_of(body) < VID_COUNT);
}

static void check_payloads(const struct isakmp_message *m, struct span chain)
{
	size_t at = 0;

	MUST(m->count > 0 && m->count <= ISAKMP_PAYLOADS_MAX && m->length <= chain.len);
	for (size_t i = 0; i < m->count; i++) {
		const struct isakmp_payload *p = &m->payload[i];

		MUST(p->raw.data == chain.data + at && p->raw.len >= 4);
		MUST(p->body.len == p->raw.len - 4 && inside(p->body, p->raw));
		MUST(isakmp_find(m, p->type) && isakmp_count(m, p->type) > 0);
		at += p->raw.len;
		check_contents(p->body);
	}
	MUST(at == m->length);
}

static void check_round_trip(const struct isakmp_message *m, struct span chain)
{
	static uint8_t out[ISAKMP_MESSAGE_MAX];
	struct isakmp_builder b;

	isakmp_begin(&b, out, sizeof(out), &m->header);
	for (size_t i = 0; i < m->count; i++)
		isakmp_add_payload(&b, m->payload[i].type, m->payload[i].body);
	MUST(isakmp_finish(&b, 1));
	MUST(b.w.len == ISAKMP_HEADER + m->length);
	MUST(memcmp(out + ISAKMP_HEADER, chain.data, m->length) == 0);
}

static void make_right(uint8_t *message, size_t len)
{
	struct writer w = writer_of(message, len);

	write_zero(&w, 0);
	w.len = len;
	patch_u8(&w, 0, 1);
	patch_u8(&w, 17, ISAKMP_VERSION);
	patch_u32(&w, 24, (uint32_t)len);
}

static void one(struct span datagram, bool encrypted)
{
	struct isakmp_message m;
	struct span chain;
	enum isakmp_flaw flaw;
	size_t offset = 0;

	if (isakmp_parse_header(datagram, &m.header) != ISAKMP_OK)
		return;
	chain = (struct span){ datagram.data + ISAKMP_HEADER, datagram.len - ISAKMP_HEADER };
	flaw = isakmp_parse_payloads(&m, chain, encrypted, &offset);
	MUST(offset <= chain.len);
	if (flaw != ISAKMP_OK) {
		MUST(m.count == 0);
		return;
	}
	check_payloads(&m, chain);
	check_round_trip(&m, chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *message;

	if (len == 0)
		return 0;
	message = xmemdup(data + 1, len - 1);
	if (data[0] & 2)
		make_right(message, len - 1);
	one((struct span){ message, len - 1 }, data[0] & 1);
	free(message);
	return 0;
}
