/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MTU of a tunnel: as configured, or what is left of the path when the worst of what may be
 * agreed on is taken off it: the largest of the profile's transforms, inside UDP.
 */
#ifndef DAEMON_MTU_H
#define DAEMON_MTU_H

#include <stdbool.h>
#include <stdint.h>

#include "gre/mtu.h"
#include "lib/addr.h"

struct daemon;
struct tunnel;

/* The arithmetic, for packets from that source address; false: the path's MTU is not known. */
bool mtu_arithmetic(struct daemon *d, const struct tunnel *t, const struct addr *local,
		    struct gre_mtu *out);
/* Octets; of a tunnel with `mtu = auto` whose path is not known, the usual ones. */
uint16_t mtu_of(struct daemon *d, const struct tunnel *t, const struct addr *local);

#endif
