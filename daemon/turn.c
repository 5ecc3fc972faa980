/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/turn.h"

#include "daemon/daemon.h"
#include "daemon/hook.h"
#include "daemon/instance.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/names.h"
#include "daemon/peer.h"
#include "daemon/reconcile.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "daemon/upkeep.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

/*
 * Each round of a drain answers what the round before caused, so a handful is usual. The limit is
 * for the descriptors' sake: what is left is done in the next turn, which does not wait.
 */
#define ROUNDS_MAX 64

msec turn_deadline(const struct daemon *d)
{
	msec at = MIN(ike_deadline(d->ike), nhrp_deadline(d->nhrp));

	at = MIN(at, trace_deadline());
	at = MIN(at, MIN(names_deadline(d), hook_deadline(d)));
	at = MIN(at, MIN(upkeep_deadline(d), instance_deadline()));
	return MIN(at, reconcile_deadline(d));
}

static void tick(struct daemon *d)
{
	msec now = loop_now();

	ike_wall_clock(d->ike, now, time(NULL));
	if (ike_deadline(d->ike) <= now)
		ike_tick(d->ike, now);
	if (nhrp_deadline(d->nhrp) <= now)
		nhrp_tick(d->nhrp, now);
	if (trace_deadline() <= now)
		trace_tick(now);
	if (names_deadline(d) <= now)
		names_tick(d, now);
	if (upkeep_deadline(d) <= now)
		upkeep_tick(d, now);
	if (hook_deadline(d) <= now)
		hook_tick(d, now);
	if (reconcile_deadline(d) <= now)
		reconcile_tick(d, now);
	if (instance_deadline() <= now)
		instance_tick(now);
}

/* True if it came to an end. */
static bool drain(struct daemon *d)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		bool busy = peers_drain_ike(d);

		busy |= peers_drain_nhrp(d);
		busy |= kernel_drain(d);
		if (!busy)
			return true;
	}
	return false;
}

bool turn_work(struct daemon *d)
{
	tick(d);
	if (!drain(d))
		return false;
	tunnels_settle(d);
	return true;
}
