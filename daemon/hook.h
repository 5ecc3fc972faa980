/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that the configuration names with `hook`: run with one argument, the reason, and an
 * environment in the names of opennhrp's script, so that scripts written for that can be used.
 *
 * One at a time and in the order in which things happened; the loop does not wait. HOOK_QUEUE may
 * wait, what comes when there is no room is left out and told once. One that takes longer than
 * HOOK_PATIENCE is killed with all that it has started. Nothing waits for its result: an exit status
 * other than 0 is a line in the log.
 *
 * It gets nothing of ours but privileges: no descriptor, a fresh environment, default signals; there is
 * no shell between. It lives under what the service manager allows the daemon.
 */
#ifndef DAEMON_HOOK_H
#define DAEMON_HOOK_H

#include "lib/addr.h"
#include "lib/util.h"

#define HOOK_QUEUE    1024
#define HOOK_PATIENCE SECONDS(10)

struct daemon;
struct hook;
struct tunnel;

/* What is told; constant texts. Addresses that are none, and NULLs, are left out. */
struct hook_call {
	const char *reason; /* interface-up, peer-register, peer-up, peer-down, nhs-up, ... */
	const char *type;   /* NHRP_TYPE */
	const struct tunnel *tunnel; /* NHRP_INTERFACE, NHRP_SRCADDR, NHRP_SRCNBMA, NHRP_GRE_KEY */
	struct prefix dest; /* NHRP_DESTADDR, NHRP_DESTPREFIX */
	struct addr nbma;   /* NHRP_DESTNBMA */
	struct addr nexthop; /* NHRP_NEXTHOP */
	const char *down_reason; /* NHRP_PEER_DOWN_REASON */
};

struct hook *hook_new(void);
/* Kills what runs; what waits is not run any more. */
void hook_free(struct daemon *d);

/* Copies what it needs; the program is d->conf->hook when its turn comes. */
void hook_run(struct daemon *d, const struct hook_call *call);
/* SIGCHLD. */
void hook_ended(struct daemon *d);
msec hook_deadline(const struct daemon *d);
void hook_tick(struct daemon *d, msec now);

#endif
