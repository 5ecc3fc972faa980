/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody wants to see of what the cores tell, beyond what the log level lets through: `debug crypto
 * isakmp`, `debug crypto ipsec`, `debug nhrp ...`, and `debug crypto condition ...`, which cuts all of
 * that down to some peers. As there is one log, there is one of these.
 *
 * Cost where nothing is debugged: one comparison for an event.
 */
#ifndef DAEMON_DEBUG_H
#define DAEMON_DEBUG_H

#include <jansson.h>
#include <stdbool.h>

#include "ikev1/event.h"
#include "lib/addr.h"
#include "nhrp/event.h"

enum debug_nhrp {
	DEBUG_NHRP_PACKET = 1 << 0, /* every packet */
	DEBUG_NHRP_CACHE = 1 << 1,  /* bindings, paths, servers, shortcuts */
	DEBUG_NHRP_EXTENSION =
		1 << 2, /* extensions: unknown ones, authentication, transit records, NAT */
	DEBUG_NHRP_ERROR = 1 << 3, /* errors, refusals, what is malformed */
	DEBUG_NHRP_ALL = (1 << 4) - 1,
};

#define DEBUG_CONDITIONS_MAX 16
#define DEBUG_IDENTITY_MAX   64 /* octets of an identity's text, with its zero */

enum debug_condition_kind {
	DEBUG_PEER = 1, /* NBMA addresses of a prefix */
	DEBUG_TUNNEL,	/* tunnel addresses of a prefix, and who has them outside */
	DEBUG_IDENTITY, /* what a peer calls itself in phase 1 */
};

/* 0: off; else the ASA's level, 1 to 255. */
void debug_set_isakmp(unsigned int level);
unsigned int debug_isakmp(void);
void debug_set_ipsec(bool on);
bool debug_ipsec(void);
/* Adds to what is on. */
void debug_add_nhrp(unsigned int kinds);
unsigned int debug_nhrp(void);
/* Several conditions: any of them. False: there are too many. */
bool debug_add_prefix(enum debug_condition_kind kind, const struct prefix *prefix);
bool debug_add_identity(const char *identity);
void debug_clear_conditions(void);
/* All of it. */
void debug_off(void);
bool debug_is_on(void);

/*
 * Whether an event is to be shown though the log level is against it. They also learn which NBMA address
 * has the tunnel address or the identity of a condition, so they are to see each event once.
 */
bool debug_shows_ike(const struct ike_event *e);
bool debug_shows_nhrp(const struct nhrp_event *e);
/* What is on, for show debugging. */
json_t *debug_json(void);

#endif
