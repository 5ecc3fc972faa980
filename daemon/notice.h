/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened that somebody outside of the daemon may want to know: each notice goes as a line of
 * JSON to those who follow (`dmvpnctl events`, ctl.h) and, where it is one of those that opennhrp's
 * scripts know, to the hook (hook.h). Costs a comparison where nobody wants it.
 *
 * doc/control.md lists them.
 */
#ifndef DAEMON_NOTICE_H
#define DAEMON_NOTICE_H

#include <stdbool.h>

#include "lib/addr.h"

struct daemon;
struct ike_effect;
struct ike_event;
struct nhrp_event;
struct tunnel;

/* NHRP: registrations, next hop servers, direct paths, shortcuts. */
void notice_nhrp(struct daemon *d, const struct tunnel *t, const struct nhrp_event *e);
/* IKE: SAs, failures. */
void notice_ike(struct daemon *d, const struct ike_event *e);
/* PEER_UP, PEER_DOWN, PEER_FAILED. */
void notice_peer(struct daemon *d, const struct ike_effect *e);
/* The tunnel's link is up, or is not any more. */
void notice_link(struct daemon *d, const struct tunnel *t, bool up);
/* What the name of a next hop server stands for; NULL: it cannot be resolved. */
void notice_name(struct daemon *d, const struct tunnel *t, const struct addr *protocol,
		 const char *name, const struct addr *nbma);

#endif
