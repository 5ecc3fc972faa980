/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as values; inet_pton and inet_ntop do the text. */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addr addr_v4(uint32_t v)
{
	return (struct addr){ .len = 4,
			      .b = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
				     (uint8_t)v } };
}

uint32_t addr_to_v4(const struct addr *a)
{
	return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
}

struct addr addr_from_bytes(const void *b, size_t len)
{
	struct addr a = { 0 };

	if (len == 4) {
		a.len = 4;
		memcpy(a.b, b, 4);
	}
	return a;
}

bool addr_is_none(const struct addr *a)
{
	return a->len == 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool addr_is_unicast(const struct addr *a)
{
	return a->len == 4 && a->b[0] != 0 && a->b[0] != 127 && a->b[0] < 224;
}

bool addr_is_nbma(const struct addr *a)
{
	return addr_is_unicast(a) || (a->len == 4 && a->b[0] >= 240 && addr_to_v4(a) != UINT32_MAX);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

static uint32_t mask_of(uint8_t bits)
{
	return bits ? UINT32_MAX << (32 - bits) : 0;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	if (p->addr.len != 4 || a->len != 4 || p->bits > 32)
		return false;
	return ((addr_to_v4(&p->addr) ^ addr_to_v4(a)) & mask_of(p->bits)) == 0;
}

struct prefix prefix_network(const struct prefix *p)
{
	return (struct prefix){ addr_v4(addr_to_v4(&p->addr) & mask_of(p->bits)), p->bits };
}

bool addr_parse(const char *text, struct addr *out)
{
	uint8_t b[4];

	if (inet_pton(AF_INET, text, b) != 1)
		return false;
	*out = addr_from_bytes(b, 4);
	return true;
}

bool prefix_parse(const char *text, struct prefix *out)
{
	char host[INET_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix p = { .bits = 32 };

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (slash) {
		char *end;
		unsigned long bits = strtoul(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || *end || bits > 32)
			return false;
		p.bits = (uint8_t)bits;
	}
	if (!addr_parse(host, &p.addr))
		return false;
	*out = p;
	return true;
}

const char *addr_text(const struct addr *a, char buf[ADDR_TEXT])
{
	if (a->len == 4)
		inet_ntop(AF_INET, a->b, buf, ADDR_TEXT);
	else
		snprintf(buf, ADDR_TEXT, "none");
	return buf;
}

const char *prefix_text(const struct prefix *p, char buf[ADDR_TEXT])
{
	char host[ADDR_TEXT];

	snprintf(buf, ADDR_TEXT, "%.40s/%u", addr_text(&p->addr, host), p->bits);
	return buf;
}

const char *endpoint_text(const struct endpoint *e, char buf[ADDR_TEXT])
{
	char host[ADDR_TEXT];

	snprintf(buf, ADDR_TEXT, "%.40s:%u", addr_text(&e->addr, host), e->port);
	return buf;
}
