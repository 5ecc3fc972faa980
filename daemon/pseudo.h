/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies of peers with a pseudo address (several behind one NAT, see ikev1/sharing.h): two for
 * each, there from before its first SA is installed until after its last one is gone.
 */
#ifndef DAEMON_PSEUDO_H
#define DAEMON_PSEUDO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

struct daemon;
struct pseudos;

struct pseudos *pseudos_new(void);
void pseudos_free(struct pseudos *ps); /* what is in the kernel stays; NULL is fine */

/* Entering twice is entering once; another outer address replaces it. False: it has been logged. */
bool pseudo_enter(struct daemon *d, const struct addr *local, const struct addr *pseudo,
		  const struct addr *outer, uint32_t reqid);
/* Nothing where there are none, as with all other peers. */
void pseudo_leave(struct daemon *d, const struct addr *local, const struct addr *pseudo);

#endif
