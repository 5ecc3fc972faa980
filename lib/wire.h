/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded reader and writer for wire formats, big-endian.
 *
 * Both have a sticky error: the first access past the end sets `bad`, every later read gives zero
 * and every later write is dropped, so a parser reads a whole structure and checks once at its
 * end. Neither owns the memory it works on. Safe for any input: an index never leaves the buffer.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of octets somewhere else: never owned, valid as long as what it points into. */
struct span {
	const uint8_t *data;
	size_t len;
};

struct reader {
	const uint8_t *pos;
	const uint8_t *end;
	bool bad;
};

struct reader reader_of(const void *data, size_t len);
struct reader reader_of_span(struct span s);
size_t reader_left(const struct reader *r);
/* All octets were used and none was missing. */
bool reader_done(const struct reader *r);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
/* The next len octets as a view; empty (data NULL) and bad where there are fewer. */
struct span read_span(struct reader *r, size_t len);
/* The next len octets as a reader of their own, so that an inner length cannot reach further. */
struct reader read_sub(struct reader *r, size_t len);
void read_bytes(struct reader *r, void *to, size_t len);
void read_skip(struct reader *r, size_t len);

struct writer {
	uint8_t *data;
	size_t cap;
	size_t len;
	bool bad;
};

struct writer writer_of(void *data, size_t cap);
void write_u8(struct writer *w, uint8_t v);
void write_u16(struct writer *w, uint16_t v);
void write_u32(struct writer *w, uint32_t v);
void write_bytes(struct writer *w, const void *from, size_t len);
void write_span(struct writer *w, struct span s);
void write_zero(struct writer *w, size_t len);
/* Back-patching of a field that was written before; an offset outside sets bad. */
void patch_u8(struct writer *w, size_t at, uint8_t v);
void patch_u16(struct writer *w, size_t at, uint16_t v);
void patch_u32(struct writer *w, size_t at, uint32_t v);

#endif
