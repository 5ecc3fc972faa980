/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A changed configuration takes effect while the daemon runs (SIGHUP, `dmvpnctl reload`). A file with
 * errors changes nothing. Of a good one only what is different is touched:
 *
 *   policies, keys, profiles, trustpoint, keepalive   hold for negotiations that begin from now on
 *   log-level, log, hostname                          at once, unless the command line says otherwise
 *   a tunnel's maps, nhs, timers, mtu, ttl, profile   while it works; its SAs and peers stay
 *   a tunnel's source                                 as when its address changes, with goodbyes
 *   a tunnel's address, key or protection             it is removed and made anew
 *
 * A tunnel that cannot be made stays configured and is tried again when an address changes.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <jansson.h>

struct daemon;

/* {"changed": [TEXT...]}, or {"error": TEXT, "errors": [TEXT...]}; the log has it, too. */
json_t *reload(struct daemon *d);

#endif
