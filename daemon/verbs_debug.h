/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs around debug.h: what is to be shown, of whom, and following it live. */
#ifndef DAEMON_VERBS_DEBUG_H
#define DAEMON_VERBS_DEBUG_H

#include <jansson.h>

struct ctl_client;
struct daemon;

typedef json_t *debug_verb(struct daemon *d, const json_t *args);

debug_verb verb_debug_isakmp, verb_debug_ipsec;
debug_verb verb_debug_nhrp, verb_debug_nhrp_packet, verb_debug_nhrp_cache;
debug_verb verb_debug_nhrp_extension, verb_debug_nhrp_error;
debug_verb verb_debug_peer, verb_debug_tunnel, verb_debug_username, verb_debug_reset;
debug_verb verb_show_debugging, verb_undebug;

/* The log, line by line, as it is written. */
void verb_debug(struct daemon *d, const json_t *args, struct ctl_client *c);

#endif
