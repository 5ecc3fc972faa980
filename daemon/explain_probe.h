/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Can you ping it?", the first question about a silent peer: two echo requests to each, a small one
 * and one as long as the tunnel's longest packets are outside, which must not be fragmented; and a
 * third one through the tunnel where SAs are up; repeated while there is no answer. Sent only when somebody
 * asks for an explanation.
 */
#ifndef DAEMON_EXPLAIN_PROBE_H
#define DAEMON_EXPLAIN_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/explain.h"

struct daemon;
struct probe;

#define PROBE_SECONDS	  1
#define PROBE_SECONDS_MAX 4 /* where IKE's messages take long, too */

/*
 * Sends, from facts->local of each. `done` is called once, from the loop, when all have answered or time
 * is over; facts' ping, ping_large and ping_inside are set by then. NULL: it cannot be done, done is not called. The
 * facts must stay where they are.
 */
struct probe *probe_start(struct daemon *d, struct explain_facts *const *facts, size_t count,
			  void (*done)(void *ctx), void *ctx);
/* From done() or earlier. NULL is fine. */
void probe_free(struct probe *p);

#endif
