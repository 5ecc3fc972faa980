/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/upkeep.h"

#include <errno.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "gre/care.h"
#include "nhrp/nhrp.h"

#define TOLD_MAX 32

struct upkeep {
	msec next;
	msec next_peers;
	int last; /* id of the tunnel that was compared last */
	uint64_t overflows;
	char told[TOLD_MAX][sizeof(((struct gre_care_finding *)0)->setting)];
	size_t n_told;
};

struct upkeep *upkeep_new(void)
{
	struct upkeep *u = xcalloc(1, sizeof(*u));

	u->next = loop_now() + UPKEEP_INTERVAL;
	u->next_peers = loop_now() + UPKEEP_PEERS;
	u->last = -1;
	return u;
}

void upkeep_free(struct daemon *d)
{
	free(d->upkeep);
	d->upkeep = NULL;
}

/* ---- settings of the kernel ---- */

static bool tell_once(struct upkeep *u, const char *setting)
{
	for (size_t i = 0; i < u->n_told; i++)
		if (strcmp(u->told[i], setting) == 0)
			return false;
	if (u->n_told < TOLD_MAX)
		memcpy(u->told[u->n_told++], setting, strnlen(setting, sizeof(u->told[0]) - 1) + 1);
	return true;
}

/* As many as there can be in the tunnels' networks, or as NHRP takes. */
static size_t neighbours_of_all(struct daemon *d)
{
	size_t n = 0;

	TUNNELS_EACH (d, t)
		n += MIN((size_t)1 << (32 - t->conf->address.bits), (size_t)NHRP_BINDINGS);
	return n;
}

void upkeep_settings(struct daemon *d, const struct tunnel *t)
{
	static const enum gre_care_policy policies[] = {
		[CONF_SYSCTL_CHECK] = GRE_CARE_CHECK,
		[CONF_SYSCTL_SET] = GRE_CARE_SET,
		[CONF_SYSCTL_IGNORE] = GRE_CARE_NO,
	};
	struct gre_care care = { .neighbours = policies[d->conf->sysctl],
				 .peers = neighbours_of_all(d) };
	struct gre_care_finding found[GRE_CARE_MAX];
	size_t n;

	/* A hub forwards between its spokes; a spoke may be a host that has nothing behind it. */
	care.forwarding = conf_tunnel_is_hub(t->conf) || d->conf->sysctl == CONF_SYSCTL_SET
				  ? policies[d->conf->sysctl]
				  : GRE_CARE_NO;
	memcpy(care.name, t->conf->name, sizeof(care.name));
	n = gre_care_check(&care, found);
	for (size_t i = 0; i < n; i++)
		if (found[i].repaired || tell_once(d->upkeep, found[i].setting))
			log_msg(found[i].repaired ? LOG_NOTICE : LOG_WARNING, "%s: %s",
				t->conf->name, found[i].why);
}

void upkeep_all_settings(struct daemon *d)
{
	d->upkeep->n_told = 0;
	TUNNELS_EACH (d, t)
		if (t->ifindex)
			upkeep_settings(d, t);
}

/* ---- from time to time ---- */

static void compared(struct daemon *d, void *ctx, uint64_t id, const struct kernel_answer *a)
{
	const struct tunnel *t = tunnel_by_id(d, (int)id);
	const char *what = ctx;

	if (!t || a->err == ECANCELED)
		return;
	if (a->err)
		log_msg(LOG_WARNING, "%s: %s", t->conf->name, a->why);
	else if (a->restored || a->removed)
		log_msg(LOG_NOTICE, "%s: %s of the kernel repaired: %zu put again, %zu removed",
			t->conf->name, what, a->restored, a->removed);
}

/* The next one that has a link, and after the last the first. */
static struct tunnel *next_tunnel(struct daemon *d)
{
	size_t n = d->tunnel_count;

	for (size_t i = 1; i <= n; i++) {
		struct tunnel *t = tunnel_by_id(d, (int)(((size_t)(d->upkeep->last + 1) + i - 1) % n));

		if (t && t->ifindex)
			return t;
	}
	return NULL;
}

static void compare_next(struct daemon *d)
{
	struct tunnel *t = next_tunnel(d);
	static char neighbours[] = "neighbours", shortcuts[] = "shortcuts";

	if (!t)
		return;
	d->upkeep->last = t->id;
	/* Leftovers of a crash are for reconcile.h, as long as it is at work. */
	kernel_compare_neighbours(d, t->ifindex, !d->reconcile, compared, neighbours,
				  (uint64_t)t->id);
	kernel_compare_routes(d, t->ifindex, !d->reconcile, compared, shortcuts, (uint64_t)t->id);
	tunnel_check_mtu(d, t);
}

msec upkeep_deadline(const struct daemon *d)
{
	return MIN(d->upkeep->next, d->upkeep->next_peers);
}

void upkeep_tick(struct daemon *d, msec now)
{
	char why[GRE_WHY];

	if (d->upkeep->next_peers <= now) {
		d->upkeep->next_peers = now + UPKEEP_PEERS;
		peers_look(d, UPKEEP_PEERS_AT_ONCE);
	}
	if (d->upkeep->next > now)
		return;
	d->upkeep->next = now + UPKEEP_INTERVAL;
	compare_next(d);
	if (gre_care_neighbours_overflowed(&d->upkeep->overflows, why))
		log_msg(LOG_WARNING, "%s", why);
}
