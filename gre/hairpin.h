/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that came in and leave on the same mGRE link (a hub between two spokes), seen by an eBPF
 * socket filter: the first of each flow (source and destination address), then one per interval.
 * No firewall rule, and nothing that would stop or change a packet.
 *
 * The program is loaded once and serves all links, so that CAP_BPF (CAP_SYS_ADMIN before Linux
 * 5.8) is needed while the daemon starts and not after. Opening on a link needs CAP_NET_RAW only.
 *
 * The owner polls hairpin_fd(), and when it is readable calls hairpin_readable(), which permits a
 * bounded number of packets, then hairpin_next() until false. What is left makes the descriptor
 * readable again. The socket belongs to the link's index. Errors: see gre/link.h.
 */
#ifndef GRE_HAIRPIN_H
#define GRE_HAIRPIN_H

#include <stdbool.h>
#include <stdint.h>

#include "gre/link.h"
#include "lib/util.h"
#include "lib/wire.h"

#define HAIRPIN_SNAP	 128	    /* octets that are seen of a packet, from its IPv4 header on */
#define HAIRPIN_FLOWS	 16384	    /* remembered, of all links; of more the oldest are forgotten */
#define HAIRPIN_INTERVAL SECONDS(2) /* the shortest that NHRP uses (nhrp/redirect.c) */

struct hairpin_counters {
	uint64_t seen;	  /* packets given to the owner */
	uint64_t dropped; /* that came faster than they were read */
	uint64_t errors;
};

struct hairpin_program;
struct hairpin;

/*
 * Loads the program and proves that it can be attached; says in why[] what this kernel or our
 * privileges lack, for the owner to tell: without it no spoke learns of another one. interval: between two packets of a flow, in ms.
 */
int hairpin_load(struct hairpin_program **out, msec interval, char why[GRE_WHY]);
/* What was opened with it goes on. NULL is fine. */
void hairpin_unload(struct hairpin_program *p);

int hairpin_open(struct hairpin **out, const struct hairpin_program *p, unsigned int ifindex,
		 char why[GRE_WHY]);
void hairpin_close(struct hairpin *h); /* NULL is fine */
int hairpin_fd(const struct hairpin *h);
void hairpin_readable(struct hairpin *h);
/* *packet is valid until the next call. */
bool hairpin_next(struct hairpin *h, struct span *packet);
struct hairpin_counters hairpin_counters(struct hairpin *h);

#endif
