/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP's parser, and a whole core behind it: the input is a conversation of packets from three NBMA
 * addresses, each with its checksum made right unless a flag says not to, so that the fuzzer gets
 * past it. A packet that parses must encode, and the encoded one must parse to the same.
 *
 *     tests/fuzz/run.sh nhrp_packet
 *
 * LINK: nhrp/ lib/ tests/fuzz/replay.c
 */
#include <stdlib.h>
#include <string.h>

#include "lib/wire.h"
#include "nhrp/nhrp.h"
#include "nhrp/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void parse_and_encode(const uint8_t *data, size_t len)
{
	struct nhrp_packet p, q;
	uint8_t out[65536], again[65536];
	size_t offset, n;

	if (nhrp_packet_parse(data, len, &p, &offset)) {
		if (offset > len)
			abort();
		return;
	}
	n = nhrp_packet_encode(&p, out, sizeof(out));
	if (!n)
		return; /* the end of extensions may push it over 65535 */
	if (nhrp_packet_parse(out, n, &q, &offset) ||
	    nhrp_packet_encode(&q, again, sizeof(again)) != n || memcmp(out, again, n) != 0)
		abort();
	nhrp_packet_quoted(p.inner, &q);
}

static struct nhrp *core(void)
{
	static const struct nhrp_map maps[] = {
		{ { 4, { 172, 16, 0, 1 } }, { 4, { 10, 0, 1, 2 } } },
	};
	static const struct nhrp_nhs_config nhs[] = { { .protocol = { 4, { 172, 16, 0, 1 } } } };
	static const uint8_t seed[DRBG_SEED];
	struct nhrp_config cfg = {
		.address = { { 4, { 172, 16, 0, 2 } }, 24 },
		.nbma = { 4, { 10, 0, 0, 4 } },
		.maps = maps,
		.n_maps = 1,
		.nhs = nhs,
		.n_nhs = 1,
		.max_resolutions = 8,
	};
	struct nhrp *n = nhrp_new(seed, 16);

	nhrp_interface_add(n, 0, 1, &cfg);
	nhrp_peer_up(n, 0, 1, maps[0].nbma);
	return n;
}

/* A request id that was drawn cannot be guessed by the fuzzer: replies may carry the last one. */
static uint32_t drain(struct nhrp *n, msec now, uint32_t id)
{
	struct nhrp_effect e;
	struct nhrp_packet p;
	size_t offset;

	while (nhrp_next_effect(n, &e)) {
		if (e.kind == NHRP_BIND)
			nhrp_bound(n, now, e.token, (int)(e.token % 16 == 0));
		else if (e.kind == NHRP_CONNECT)
			nhrp_peer_up(n, now, 1, e.nbma);
		else if (e.kind == NHRP_QUERY_USE)
			nhrp_used(n, now, 1, e.nbma, now);
		else if (e.kind == NHRP_SEND &&
			 nhrp_packet_parse(e.packet.data, e.packet.len, &p, &offset))
			abort(); /* whatever we send is well-formed */
		else if (e.kind == NHRP_SEND && p.request_id)
			id = p.request_id;
	}
	return id;
}

static void converse(struct reader r)
{
	static const struct addr from[] = { { 4, { 10, 0, 1, 2 } },
					    { 4, { 10, 0, 0, 6 } },
					    { 4, { 10, 0, 0, 8 } } };
	struct nhrp *n = core();
	msec now = 0;
	uint32_t id = drain(n, now, 0);

	while (reader_left(&r) > 3) {
		uint8_t flags = read_u8(&r), buf[256];
		size_t len = read_u8(&r);
		struct writer w = writer_of(buf, sizeof(buf));

		/* Time first, nothing to a day in powers of two; then perhaps the kernel asks. */
		now += (SECONDS(1) << (read_u8(&r) & 15)) / 8;
		nhrp_tick(n, now);
		if (flags & 0x08)
			nhrp_resolve(n, now, 1, (struct addr){ 4, { 172, 16, 0, 3 } });
		id = drain(n, now, id);
		len = len < reader_left(&r) ? len : reader_left(&r);
		write_span(&w, read_span(&r, len));
		if (flags & 0x40 && len > 28)
			patch_u32(&w, 24, id);
		if (!(flags & 0x80) && len >= NHRP_HEADER) {
			patch_u16(&w, 10, (uint16_t)len);
			patch_u16(&w, 12, 0);
			patch_u16(&w, 12, nhrp_checksum(buf, len));
		}
		if (flags & 0x20)
			nhrp_peer_down(n, now, 1, from[flags % 3]);
		if (flags & 0x10)
			nhrp_clear(n, now, NHRP_ALL, (struct addr){ 0 });
		nhrp_input(n, now, 1, from[flags % 3], buf, w.len);
		id = drain(n, now, id);
	}
	nhrp_interface_remove(n, now, 1);
	drain(n, now, id);
	if (nhrp_deadline(n) != MSEC_NEVER)
		abort(); /* nothing is left behind */
	nhrp_free(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	parse_and_encode(data, len);
	converse(reader_of(data, len));
	return 0;
}
