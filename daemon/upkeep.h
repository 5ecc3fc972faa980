/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is looked after while the daemon runs, slowly and a little at a time: whether the kernel still
 * has what it was given (neighbours and shortcuts; others' are never touched), the MTU of tunnels with
 * `mtu = auto`, the kernel's settings, and which peers nobody needs any more.
 */
#ifndef DAEMON_UPKEEP_H
#define DAEMON_UPKEEP_H

#include "lib/util.h"

#define UPKEEP_INTERVAL SECONDS(60) /* between two looks at something; one tunnel each time */
#define UPKEEP_PEERS	SECONDS(10) /* between two looks at some peers, ... */
#define UPKEEP_PEERS_AT_ONCE 256    /* ... so many of them */

struct daemon;
struct tunnel;
struct upkeep;

struct upkeep *upkeep_new(void);
void upkeep_free(struct daemon *d); /* NULL is fine */

/* The settings of the kernel for this tunnel, as `kernel-settings` says; each is told once. */
void upkeep_settings(struct daemon *d, const struct tunnel *t);
/* Those of all, after the configuration has changed. */
void upkeep_all_settings(struct daemon *d);

msec upkeep_deadline(const struct daemon *d);
void upkeep_tick(struct daemon *d, msec now);

#endif
