/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, prefixes and endpoints as plain values: comparable with memcmp, usable as a hash key
 * (unused octets are always zero). `len` is 0 for "none", 4 for IPv4; 16 is reserved for IPv6.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr {
	uint8_t len;
	uint8_t b[16];
};

struct prefix {
	struct addr addr;
	uint8_t bits;
};

/* Packed, since padding would make two equal ones differ as (parts of) hash keys. */
struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
} __attribute__((packed));

/* Room for the text of any of the three, with its terminating zero. */
#define ADDR_TEXT 64

struct addr addr_v4(uint32_t host_order);
uint32_t addr_to_v4(const struct addr *a);
/* From the octets of a packet; a length other than 4 gives "none". */
struct addr addr_from_bytes(const void *b, size_t len);
bool addr_is_none(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);
/* 0.0.0.0, 127/8, 224/4 and above: never the address of a peer or of a tunnel's member. */
bool addr_is_unicast(const struct addr *a);
/*
 * What may stand for a peer of a tunnel: a unicast address, or one of class E (240/4), which no host
 * has, so that peers without an address of their own get names from there.
 */
bool addr_is_nbma(const struct addr *a);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
bool prefix_contains(const struct prefix *p, const struct addr *a);
/* The prefix with all octets behind its mask set to zero. */
struct prefix prefix_network(const struct prefix *p);

/* "10.0.0.1"; false and *out untouched for anything else. */
bool addr_parse(const char *text, struct addr *out);
/* "10.0.0.0/24", or an address alone (/32); the octets behind the mask are kept. */
bool prefix_parse(const char *text, struct prefix *out);
/* All return buf. */
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT]);
const char *prefix_text(const struct prefix *p, char buf[ADDR_TEXT]);
const char *endpoint_text(const struct endpoint *e, char buf[ADDR_TEXT]); /* 10.0.0.1:500 */

#endif
