/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of this machine (network namespace) that a tunnel depends on but that are not the
 * tunnel's own, which gre_link_ensure() sets: forwarding, source checks, room for neighbours.
 * Each is looked at, set where that is allowed, else there is a sentence with the command to run.
 */
#ifndef GRE_CARE_H
#define GRE_CARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre/link.h"

#define GRE_CARE_MAX 8 /* findings */

enum gre_care_policy {
	GRE_CARE_NO,	/* not looked at */
	GRE_CARE_CHECK, /* tell what is wrong */
	GRE_CARE_SET,	/* make it right, and tell what could not be */
};

struct gre_care {
	char name[IFNAMSIZ];		 /* of the tunnel's link */
	enum gre_care_policy forwarding; /* net.ipv4.ip_forward and the link's own */
	enum gre_care_policy neighbours; /* net.ipv4.neigh.default.gc_thresh* */
	size_t peers;			 /* neighbours that the machine may get, in all tunnels */
};

struct gre_care_finding {
	char setting[96]; /* "net.ipv4.ip_forward" */
	bool repaired;	  /* it was wrong, and now is right */
	char why[GRE_WHY];
};

/* How many findings; none: all is well. */
size_t gre_care_check(const struct gre_care *c, struct gre_care_finding out[GRE_CARE_MAX]);
/*
 * For a slow timer: true, with a sentence, where the kernel's neighbour table has overflowed since
 * the last call with the same *seen (start with 0). Only in the first network namespace can it say.
 */
bool gre_care_neighbours_overflowed(uint64_t *seen, char why[GRE_WHY]);

#endif
