/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How large a packet may be to go through a tunnel and its ESP transport SA in one piece over a
 * path (RFC 4303 2, RFC 3948 2.1, RFC 2890 2). Arithmetic only: each addend is there to be shown.
 */
#ifndef GRE_MTU_H
#define GRE_MTU_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/algo.h"

#define GRE_MTU_MIN 576 /* what every IPv4 host must take; a smaller result is set to it */

struct gre_mtu_config {
	uint16_t path; /* octets of the outer packet */
	bool keyed;
	bool protect; /* by ESP with `suite`, else the two are not looked at */
	bool udp;     /* UDP encapsulation */
	struct esp_suite suite;
};

/*
 * Octets. path is the sum of all others but tcp_mss, unless it is so small that mtu is GRE_MTU_MIN:
 * larger packets then are fragmented outside.
 */
struct gre_mtu {
	uint16_t path;
	uint16_t outer_ip;
	uint16_t udp;
	uint16_t esp; /* SPI and sequence number */
	uint16_t iv;
	uint16_t padding; /* lost to the cipher's block at this size */
	uint16_t trailer; /* pad length and next header */
	uint16_t icv;
	uint16_t gre;
	uint16_t mtu;	  /* of the tunnel */
	uint16_t tcp_mss; /* of TCP over IPv4 without options */
};

struct gre_mtu gre_mtu_of(const struct gre_mtu_config *c);

#endif
