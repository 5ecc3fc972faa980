/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded reader and writer: every access goes through take() or put(), the only bounds checks. */
#include "lib/wire.h"

#include <string.h>

struct reader reader_of(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct reader){ .pos = p, .end = p ? p + len : p, .bad = !p && len };
}

struct reader reader_of_span(struct span s)
{
	return reader_of(s.data, s.len);
}

size_t reader_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->pos);
}

bool reader_done(const struct reader *r)
{
	return !r->bad && r->pos == r->end;
}

static const uint8_t *take(struct reader *r, size_t len)
{
	const uint8_t *p = r->pos;

	if (r->bad || (size_t)(r->end - r->pos) < len) {
		r->bad = true;
		return NULL;
	}
	if (len)
		r->pos += len;
	return p;
}

uint8_t read_u8(struct reader *r)
{
	const uint8_t *p = take(r, 1);

	return p ? p[0] : 0;
}

uint16_t read_u16(struct reader *r)
{
	const uint8_t *p = take(r, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

uint32_t read_u32(struct reader *r)
{
	const uint8_t *p = take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

struct span read_span(struct reader *r, size_t len)
{
	const uint8_t *p = take(r, len);

	return p ? (struct span){ p, len } : (struct span){ NULL, 0 };
}

struct reader read_sub(struct reader *r, size_t len)
{
	const uint8_t *p = take(r, len);

	return p ? reader_of(p, len) : (struct reader){ .bad = r->bad };
}

void read_bytes(struct reader *r, void *to, size_t len)
{
	const uint8_t *p = take(r, len);

	if (p && len)
		memcpy(to, p, len);
	else if (len)
		memset(to, 0, len);
}

void read_skip(struct reader *r, size_t len)
{
	take(r, len);
}

struct writer writer_of(void *data, size_t cap)
{
	return (struct writer){ .data = data, .cap = cap };
}

static uint8_t *put(struct writer *w, size_t len)
{
	uint8_t *p;

	if (w->bad || w->cap - w->len < len) {
		w->bad = true;
		return NULL;
	}
	if (len == 0)
		return NULL; /* there may be no memory at all */
	p = w->data + w->len;
	w->len += len;
	return p;
}

static void store_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store_u32(uint8_t *p, uint32_t v)
{
	store_u16(p, (uint16_t)(v >> 16));
	store_u16(p + 2, (uint16_t)v);
}

void write_u8(struct writer *w, uint8_t v)
{
	uint8_t *p = put(w, 1);

	if (p)
		*p = v;
}

void write_u16(struct writer *w, uint16_t v)
{
	uint8_t *p = put(w, 2);

	if (p)
		store_u16(p, v);
}

void write_u32(struct writer *w, uint32_t v)
{
	uint8_t *p = put(w, 4);

	if (p)
		store_u32(p, v);
}

void write_bytes(struct writer *w, const void *from, size_t len)
{
	uint8_t *p = put(w, len);

	if (p)
		memcpy(p, from, len);
}

void write_span(struct writer *w, struct span s)
{
	write_bytes(w, s.data, s.len);
}

void write_zero(struct writer *w, size_t len)
{
	uint8_t *p = put(w, len);

	if (p)
		memset(p, 0, len);
}

static uint8_t *written(struct writer *w, size_t at, size_t len)
{
	if (w->bad || at > w->len || w->len - at < len) {
		w->bad = true;
		return NULL;
	}
	return w->data + at;
}

void patch_u8(struct writer *w, size_t at, uint8_t v)
{
	uint8_t *p = written(w, at, 1);

	if (p)
		*p = v;
}

void patch_u16(struct writer *w, size_t at, uint16_t v)
{
	uint8_t *p = written(w, at, 2);

	if (p)
		store_u16(p, v);
}

void patch_u32(struct writer *w, size_t at, uint32_t v)
{
	uint8_t *p = written(w, at, 4);

	if (p)
		store_u32(p, v);
}
