/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tunnel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/diff.h"
#include "daemon/daemon.h"
#include "daemon/ipsec_settings.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/mtu.h"
#include "daemon/names.h"
#include "daemon/notice.h"
#include "daemon/packets.h"
#include "daemon/peer.h"
#include "daemon/trace.h"
#include "daemon/translate.h"
#include "daemon/turn.h"
#include "daemon/udp.h"
#include "daemon/upkeep.h"
#include "gre/neigh.h"
#include "gre/route.h"

#define WHY MAX(MAX(XFRM_WHY, GRE_WHY), UDP_WHY)

/* How long the kernel may take to let go of a tunnel. */
#define PATIENCE SECONDS(3)

struct tunnel *tunnel_by_id(struct daemon *d, int id)
{
	return id >= 0 && (size_t)id < d->tunnel_count && d->tunnels[id].conf ? &d->tunnels[id]
									      : NULL;
}

/* Tunnels are few, and upcalls are answered by the kernel's own pace: no table is needed. */
struct tunnel *tunnel_by_ifindex(struct daemon *d, unsigned int ifindex)
{
	for (size_t i = 0; ifindex && i < d->tunnel_count; i++)
		if (d->tunnels[i].ifindex == ifindex)
			return &d->tunnels[i];
	return NULL;
}

struct tunnel *tunnel_next_on(struct daemon *d, struct tunnel *after, const struct addr *local)
{
	struct tunnel *t = after ? after + 1 : d->tunnels;

	for (; t < d->tunnels + d->tunnel_count; t++)
		if (t->ifindex && addr_equal(&t->local, local))
			return t;
	return NULL;
}

/* Another protected tunnel on this address. */
static struct tunnel *companion(struct daemon *d, const struct tunnel *self,
				const struct addr *local)
{
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, local));)
		if (t != self && tunnel_is_protected(t))
			return t;
	return NULL;
}

static int source_address(struct daemon *d, const struct tunnel *t, struct addr *out, char *why)
{
	if (t->conf->source_if[0])
		return gre_links_address_of(d->links, t->conf->source_if, out, why);
	*out = t->conf->source;
	return gre_links_is_local(d->links, out, why);
}

/* ---- an address comes into use, and goes out of use ---- */

static void drop_policies(struct daemon *d, const struct tunnel *t, const struct addr *local,
			  uint32_t reqid)
{
	struct xfrm_tunnel_policy policy = translate_policy(t->conf, local, reqid);
	char why[WHY];

	if (xfrm_policy_del(d->xfrm, &policy, why))
		log_msg(LOG_WARNING, "%s", why);
}

/*
 * The address will not be used. Where that ends the start, a link that an earlier run left may still
 * use it: then the policies stay, so that nothing leaves through it in the clear.
 */
static void abandon_policies(struct daemon *d, const struct tunnel *t, const struct addr *local,
			     uint32_t reqid)
{
	if (t->ifindex || !if_nametoindex(t->conf->name))
		drop_policies(d, t, local, reqid);
}

/*
 * What must be there before the link sends from `local`: policies (without protection one, which keeps
 * the kernel's own copies of multicast) and, for IKE, a socket. Tunnels
 * of one address share SAs, so they share the reqid and must agree on the profile.
 */
static bool prepare_source(struct daemon *d, const struct tunnel *t, const struct addr *local,
			   uint32_t *reqid, char *why)
{
	const struct tunnel *other = companion(d, t, local);
	struct xfrm_tunnel_policy policy;
	char text[ADDR_TEXT];

	*reqid = other ? other->reqid : XFRM_REQID_BASE + (uint32_t)t->id;
	if (tunnel_is_protected(t) && other && other->conf->profile != t->conf->profile) {
		snprintf(why, WHY,
			 "%s and %s have the source %s, so they need the same ipsec-profile"
			 " (they have %s and %s)",
			 t->conf->name, other->conf->name, addr_text(local, text),
			 t->conf->profile->name, other->conf->profile->name);
		return false;
	}
	policy = translate_policy(t->conf, local, *reqid);
	if (xfrm_policy_add(d->xfrm, &policy, why))
		return false;
	if (!tunnel_is_protected(t) || udp_open(d, local, why))
		return true;
	abandon_policies(d, t, local, *reqid);
	return false;
}

/* The link as it should be with that source address. */
static struct gre_link_config link_config(struct daemon *d, struct tunnel *t,
					  const struct addr *local)
{
	t->mtu = mtu_of(d, t, local);
	return translate_link(t->conf, local, t->mtu);
}

static void enter_nhrp(struct daemon *d, struct tunnel *t,
		       void (*enter)(struct nhrp *, msec, int, const struct nhrp_config *))
{
	struct nhrp_terms terms;

	translate_nhrp(&terms, t->conf, t->local, t->mtu);
	enter(d->nhrp, loop_now(), t->id, &terms.config);
	nhrp_terms_free(&terms);
}

/* t->local is set and prepared. */
static void enter_cores(struct daemon *d, struct tunnel *t)
{
	if (tunnel_is_protected(t) && !companion(d, t, &t->local))
		ike_local_add(d->ike, &t->local,
			      ike_terms_profile(d->ike_terms, d->conf, t->conf->profile));
	enter_nhrp(d, t, nhrp_interface_add);
	names_enter(d, t);
}

/* ---- start ---- */

static bool make_tunnel(struct daemon *d, struct tunnel *t, const struct addr *local, char *why)
{
	struct gre_link_config link = link_config(d, t, local);
	char text[ADDR_TEXT];

	if (!prepare_source(d, t, local, &t->reqid, why))
		return false;
	if (gre_link_ensure(d->links, &link, &t->ifindex, &t->adopted, why)) {
		t->ifindex = 0;
		abandon_policies(d, t, local, t->reqid);
		return false;
	}
	t->local = *local;
	if (!packets_open(d, t, why))
		return false; /* tunnels_remove() takes the link away */
	enter_cores(d, t);
	log_msg(LOG_NOTICE, "%s: source %s%s%s%s", t->conf->name, addr_text(local, text),
		tunnel_is_protected(t) ? ", protected by profile " : ", not protected",
		tunnel_is_protected(t) ? t->conf->profile->name : "",
		t->adopted ? "; the link was there and stays" : "");
	ipsec_settings_of_tunnel(t->conf->name, t->conf->source_if, local);
	upkeep_settings(d, t);
	notice_link(d, t, true);
	return true;
}

static void wait_for_source(struct tunnel *t, const char *why)
{
	if (!*t->waits)
		log_msg(LOG_WARNING, "%s: %s; waiting for it", t->conf->name, why);
	snprintf(t->waits, sizeof(t->waits), "%s", why);
}

/* False only for an error that waiting will not cure. */
static bool try_tunnel(struct daemon *d, struct tunnel *t)
{
	char why[WHY] = "";
	struct addr local;
	int err = source_address(d, t, &local, why);

	if (!err && make_tunnel(d, t, &local, why)) {
		*t->waits = '\0';
		return true;
	}
	if (err == EADDRNOTAVAIL || err == ENODEV) {
		wait_for_source(t, why);
		return true;
	}
	log_msg(LOG_ERR, "%s: %s", t->conf->name, why);
	return false;
}

/* Links that an earlier run left under a name that no tunnel has now. */
static bool sweep_links(struct daemon *d)
{
	const char **keep = xcalloc(d->tunnel_count, sizeof(*keep));
	char why[WHY];
	size_t removed;
	int err;

	for (size_t i = 0; i < d->tunnel_count; i++)
		keep[i] = d->tunnels[i].conf->name;
	err = gre_links_sweep(d->links, keep, d->tunnel_count, &removed, why);
	free(keep);
	if (err)
		log_msg(LOG_ERR, "%s", why);
	else if (removed)
		log_msg(LOG_NOTICE, "removed %zu links of tunnels that are configured no more",
			removed);
	return !err;
}

/*
 * Policies of tunnels that are configured no more; the links that needed them are gone. A tunnel that
 * still waits for its address may have a link that needs its old ones: then all stay.
 */
static void sweep_policies(struct daemon *d)
{
	struct xfrm_tunnel_policy *keep = xcalloc(d->tunnel_count, sizeof(*keep));
	size_t n = 0, removed = 0;
	bool waiting = false;
	char why[WHY];

	for (size_t i = 0; i < d->tunnel_count; i++) {
		const struct tunnel *t = &d->tunnels[i];

		waiting |= !t->ifindex;
		if (t->ifindex)
			keep[n++] = translate_policy(t->conf, &t->local, t->reqid);
	}
	if (!waiting && xfrm_policy_sweep(d->xfrm, keep, n, &removed, why))
		log_msg(LOG_WARNING, "%s", why);
	if (removed)
		log_msg(LOG_NOTICE, "removed %zu policies that no tunnel needs any more", removed);
	free(keep);
}

bool tunnels_start(struct daemon *d)
{
	d->tunnel_count = d->conf->tunnel_count;
	d->tunnels = xcalloc(CONF_TUNNELS_MAX, sizeof(*d->tunnels));
	for (size_t i = 0; i < d->tunnel_count; i++) {
		d->tunnels[i].conf = &d->conf->tunnels[i];
		d->tunnels[i].id = (int)i;
		trace_name_interface((int)i, d->conf->tunnels[i].name);
	}
	packets_prepare(d);
	if (!sweep_links(d))
		return false;
	for (size_t i = 0; i < d->tunnel_count; i++)
		if (!try_tunnel(d, &d->tunnels[i]))
			return false;
	sweep_policies(d);
	return true;
}

/* ---- changes ---- */

static void settle(struct daemon *d, struct tunnel *t)
{
	if (addr_is_none(&t->leaving))
		return;
	if (!companion(d, NULL, &t->leaving))
		udp_close(d, &t->leaving);
	drop_policies(d, t, &t->leaving, t->leaving_reqid);
	t->leaving = (struct addr){ 0 };
}

void tunnels_settle(struct daemon *d)
{
	TUNNELS_EACH (d, t)
		settle(d, t);
}

/*
 * New policies, then the link's address, then the cores; the old policies and IKE's old socket go
 * at the end of the turn, when the goodbyes to the old address's peers have left.
 */
static void readdress(struct daemon *d, struct tunnel *t, const struct addr *local)
{
	struct gre_link_config link = link_config(d, t, local);
	char from[ADDR_TEXT], to[ADDR_TEXT], why[WHY];
	struct addr old = t->local;
	msec now = loop_now();
	uint32_t reqid;

	settle(d, t);
	log_msg(LOG_NOTICE, "%s: source address changes from %s to %s", t->conf->name,
		addr_text(&old, from), addr_text(local, to));
	if (!prepare_source(d, t, local, &reqid, why)) {
		log_msg(LOG_ERR, "%s: %s; it stays on %s", t->conf->name, why, from);
		return;
	}
	if (gre_link_update(d->links, t->ifindex, &link, why)) {
		log_msg(LOG_ERR, "%s: %s; it stays on %s", t->conf->name, why, from);
		drop_policies(d, t, local, reqid);
		return;
	}
	ipsec_settings_of_tunnel(t->conf->name, t->conf->source_if, local);
	t->leaving = old;
	t->leaving_reqid = t->reqid;
	t->local = *local;
	t->reqid = reqid;
	if (tunnel_is_protected(t) && !companion(d, t, local))
		ike_local_add(d->ike, local,
			      ike_terms_profile(d->ike_terms, d->conf, t->conf->profile));
	nhrp_interface_readdress(d->nhrp, now, t->id, *local);
	if (tunnel_is_protected(t) && !companion(d, t, &old))
		ike_local_remove(d->ike, now, &old);
}

/* Some address came or went; also said of the addresses of an interface that is renamed. */
static void check_source(struct daemon *d, struct tunnel *t)
{
	struct addr local;
	char why[WHY];
	int err;

	if (!t->ifindex) {
		/* An error is logged; the next change of an address is the next chance. */
		try_tunnel(d, t);
		return;
	}
	err = source_address(d, t, &local, why);
	if (err) {
		wait_for_source(t, why);
		return;
	}
	if (*t->waits)
		log_msg(LOG_NOTICE, "%s: its source is there again", t->conf->name);
	*t->waits = '\0';
	if (!addr_equal(&local, &t->local))
		readdress(d, t, &local);
}

static void link_up(struct daemon *d, struct tunnel *t)
{
	log_msg(LOG_INFO, "%s: link is up", t->conf->name);
	notice_link(d, t, true);
	nhrp_interface_rebind(d->nhrp, loop_now(), t->id);
	kernel_compare_routes(d, t->ifindex, false, NULL, NULL, 0);
}

/* The policies are still there, so that nothing leaves in the clear meanwhile. */
static void link_removed(struct daemon *d, struct tunnel *t)
{
	struct gre_link_config link = link_config(d, t, &t->local);
	char why[WHY];

	log_msg(LOG_WARNING, "%s: somebody removed the link, making it again", t->conf->name);
	packets_close(d, t);
	gre_neighs_forget(d->neighs, t->ifindex);
	gre_routes_forget(d->routes, t->ifindex);
	if (gre_link_ensure(d->links, &link, &t->ifindex, NULL, why) || !packets_open(d, t, why)) {
		log_msg(LOG_ERR, "%s: %s; restart the daemon when this is repaired", t->conf->name,
			why);
		return;
	}
	nhrp_interface_rebind(d->nhrp, loop_now(), t->id);
}

void tunnel_link_event(struct daemon *d, const struct gre_link_event *ev)
{
	struct tunnel *t = tunnel_by_ifindex(d, ev->ifindex);

	switch (ev->type) {
	case GRE_LINK_UP:
		if (t)
			link_up(d, t);
		break;
	case GRE_LINK_DOWN:
		if (!t)
			break;
		log_msg(LOG_WARNING, "%s: link is down; `ip link set %s up` brings it back",
			t->conf->name, t->conf->name);
		notice_link(d, t, false);
		break;
	case GRE_LINK_REMOVED:
		if (t)
			link_removed(d, t);
		break;
	case GRE_LINK_ADDR_ADDED:
	case GRE_LINK_ADDR_REMOVED:
		TUNNELS_EACH (d, t_on)
			check_source(d, t_on);
		break;
	case GRE_LINK_MTU_CHANGED:
		TUNNELS_EACH (d, t_on)
			tunnel_check_mtu(d, t_on);
		break;
	case GRE_LINK_RESYNC:
		TUNNELS_EACH (d, t_on) {
			check_source(d, t_on);
			tunnel_check_mtu(d, t_on);
			if (t_on->ifindex)
				nhrp_interface_rebind(d->nhrp, loop_now(), t_on->id);
		}
		break;
	}
}

/* ---- stop ---- */

void tunnels_release(struct daemon *d)
{
	TUNNELS_EACH (d, t)
		nhrp_interface_remove(d->nhrp, loop_now(), t->id);
}

static void take_away(struct daemon *d, struct tunnel *t)
{
	char why[WHY];

	settle(d, t);
	names_leave(d, t);
	packets_free(d, t);
	gre_neighs_forget(d->neighs, t->ifindex);
	gre_routes_forget(d->routes, t->ifindex);
	if (t->ifindex && gre_link_delete(d->links, t->ifindex, why))
		/* Without its policies it would send in the clear. */
		log_msg(LOG_WARNING, "%s; its policies stay", why);
	else if (t->ifindex)
		drop_policies(d, t, &t->local, t->reqid);
	t->ifindex = 0;
}

void tunnels_remove(struct daemon *d)
{
	TUNNELS_EACH (d, t)
		take_away(d, t);
}

/* ---- reload ---- */

/* Effects are carried out and the kernel has answered, as far as it does. */
static void work_off(struct daemon *d)
{
	while (!turn_work(d))
		continue;
	kernel_flush(d, PATIENCE);
	while (!turn_work(d))
		continue;
}

void tunnels_drop(struct daemon *d, struct tunnel *const *list, size_t count)
{
	if (!count)
		return;
	for (size_t i = 0; i < count; i++) {
		log_msg(LOG_NOTICE, "%s: removed", list[i]->conf->name);
		nhrp_interface_remove(d->nhrp, loop_now(), list[i]->id);
	}
	work_off(d);
	for (size_t i = 0; i < count; i++)
		if (list[i]->ifindex && tunnel_is_protected(list[i]) &&
		    !companion(d, list[i], &list[i]->local))
			ike_local_remove(d->ike, loop_now(), &list[i]->local);
	work_off(d);
	for (size_t i = 0; i < count; i++) {
		struct addr local = list[i]->local;

		take_away(d, list[i]);
		if (!companion(d, list[i], &local))
			udp_close(d, &local);
		*list[i] = (struct tunnel){ 0 };
	}
}

void tunnels_reprofile(struct daemon *d)
{
	TUNNELS_EACH (d, t)
		if (t->ifindex && tunnel_is_protected(t))
			ike_local_add(d->ike, &t->local,
				      ike_terms_profile(d->ike_terms, d->conf, t->conf->profile));
}

static bool change_link(struct daemon *d, struct tunnel *t)
{
	struct gre_link_config link = link_config(d, t, &t->local);
	char why[WHY];

	if (!gre_link_update(d->links, t->ifindex, &link, why))
		return true;
	log_msg(LOG_ERR, "%s: %s", t->conf->name, why);
	return false;
}

void tunnel_check_mtu(struct daemon *d, struct tunnel *t)
{
	uint16_t before = t->mtu;

	if (t->conf->mtu || !t->ifindex || mtu_of(d, t, &t->local) == before)
		return;
	if (!change_link(d, t))
		return;
	log_msg(LOG_NOTICE, "%s: MTU changes from %u to %u", t->conf->name, before, t->mtu);
	enter_nhrp(d, t, nhrp_interface_configure);
}

/*
 * It moves by choice, so at the old address it can still say goodbye. A server would refuse the same
 * client elsewhere as long as it finds somebody there, such as another tunnel of ours.
 */
static void change_source(struct daemon *d, struct tunnel *t)
{
	struct addr local;
	char why[WHY];

	if (!t->ifindex || source_address(d, t, &local, why) || addr_equal(&local, &t->local)) {
		check_source(d, t);
		return;
	}
	nhrp_interface_remove(d->nhrp, loop_now(), t->id);
	work_off(d);
	check_source(d, t);
	enter_nhrp(d, t, nhrp_interface_add);
	names_enter(d, t);
}

bool tunnel_change(struct daemon *d, struct tunnel *t, unsigned int what)
{
	bool ok = true;

	if (what & CONF_CHANGED_SOURCE)
		change_source(d, t);
	if (!t->ifindex)
		return true; /* it waits for its source, and is then made as it should be */
	if (what & CONF_CHANGED_LINK)
		ok = change_link(d, t);
	if (what & CONF_CHANGED_NHRP) {
		enter_nhrp(d, t, nhrp_interface_configure);
		names_enter(d, t);
		packets_configure(d, t);
	}
	return ok;
}

/* In the first free place: places do not move while the daemon runs. */
static struct tunnel *place(struct daemon *d, const struct conf_tunnel *conf)
{
	size_t i = 0;

	while (i < d->tunnel_count && d->tunnels[i].conf)
		i++;
	d->tunnel_count = MAX(d->tunnel_count, i + 1);
	d->tunnels[i] = (struct tunnel){ .conf = conf, .id = (int)i };
	trace_name_interface((int)i, conf->name);
	return &d->tunnels[i];
}

bool tunnel_add(struct daemon *d, const struct conf_tunnel *conf)
{
	struct tunnel *t = place(d, conf);

	if (try_tunnel(d, t))
		return true;
	/* It stays configured: the next change of an address is its next chance. */
	take_away(d, t);
	return false;
}
