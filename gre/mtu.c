/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gre/mtu.h"

#include "lib/util.h"

#define OUTER_IP   20
#define UDP	   8
#define ESP	   8 /* SPI and sequence number */
#define TRAILER	   2 /* pad length and next header */
#define GRE	   4 /* and 4 more for the key */
#define IP_AND_TCP (20 + 20)

static uint16_t icv_of(const struct esp_suite *s)
{
	const struct cipher *c = cipher_get(s->cipher);
	const struct hash *h = hash_get(s->auth);

	if (c && c->aead)
		return c->icv;
	return h ? h->icv : 0;
}

/* What is encrypted ends on a boundary of 4 octets at least (RFC 4303 2.4). */
static int align_of(const struct cipher *c)
{
	/* A counter mode has blocks for the key stream only (RFC 4106 3.2). */
	return c->aead ? 4 : MAX(c->block, 4);
}

struct gre_mtu gre_mtu_of(const struct gre_mtu_config *c)
{
	const struct cipher *cipher = c->protect ? cipher_get(c->suite.cipher) : NULL;
	struct gre_mtu m = { .path = c->path, .outer_ip = OUTER_IP };
	int align = cipher ? align_of(cipher) : 1, room, left;

	m.gre = (uint16_t)(GRE + (c->keyed ? 4 : 0));
	if (cipher) {
		m.udp = c->udp ? UDP : 0;
		m.esp = ESP;
		m.iv = cipher->iv;
		m.trailer = TRAILER;
		m.icv = icv_of(&c->suite);
	}
	room = m.path - m.outer_ip - m.udp - m.esp - m.iv - m.icv;
	m.padding = (uint16_t)(room > 0 ? room % align : 0);
	left = room - m.padding - m.trailer - m.gre;
	m.mtu = (uint16_t)MAX(left, GRE_MTU_MIN);
	m.tcp_mss = (uint16_t)(m.mtu - IP_AND_TCP);
	return m;
}
