/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/notice.h"

#include <jansson.h>
#include <time.h>

#include "conf/conf.h"
#include "daemon/ctl.h"
#include "daemon/daemon.h"
#include "daemon/diagnose.h"
#include "daemon/hook.h"
#include "daemon/show.h"
#include "daemon/tunnel.h"
#include "ikev1/ike.h"
#include "ikev1/state.h"
#include "nhrp/nhrp.h"

/* A new one with what all have; NULL: nobody follows. */
static json_t *line_of(struct daemon *d, const char *event, const struct tunnel *t)
{
	struct timespec now;
	json_t *o;

	if (!ctl_is_followed(d->ctl, CTL_EVENTS))
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	o = json_pack("{s:f, s:s}", "time", (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1e3,
		      "event", event);
	if (t)
		json_object_set_new(o, "interface", json_string(t->conf->name));
	return o;
}

static void add_addr(json_t *o, const char *member, const struct addr *a)
{
	if (!addr_is_none(a))
		json_object_set_new(o, member, show_addr(a));
}

static void add_text(json_t *o, const char *member, const char *text)
{
	if (text && *text)
		json_object_set_new(o, member, json_string(text));
}

/* ---- NHRP ---- */

/* How an event of NHRP's is told; what is not here is not. */
static const struct nhrp_notice {
	enum nhrp_event_kind kind;
	const char *event; /* to those who follow */
	const char *hook;  /* the script's argument; NULL: it is not told */
	const char *type;  /* the script's NHRP_TYPE */
} nhrp_notices[] = {
	{ NHRP_EV_CLIENT_REGISTERED, "registration", "peer-up", "dynamic" },
	{ NHRP_EV_CLIENT_REFRESHED, "registration-renewed", NULL, NULL },
	{ NHRP_EV_CLIENT_REFUSED, "registration-refused", NULL, NULL },
	{ NHRP_EV_NHS_UP, "nhs-up", "nhs-up", "static" },
	{ NHRP_EV_NHS_DOWN, "nhs-down", "nhs-down", "static" },
	{ NHRP_EV_REGISTRATION_REFUSED, "nhs-refused", NULL, NULL },
	{ NHRP_EV_DIRECT, "path-direct", "peer-up", "cached" },
	{ NHRP_EV_PROVISIONAL, "path-through-hub", "peer-down", "cached" },
	{ NHRP_EV_RESOLUTION_NEGATIVE, "resolution-refused", NULL, NULL },
	{ NHRP_EV_RESOLUTION_TIMEOUT, "resolution-failed", NULL, NULL },
	{ NHRP_EV_BINDING_GONE, "binding-gone", "peer-down", "dynamic" },
	{ NHRP_EV_SHORTCUT_UP, "shortcut-up", "route-up", "shortcut-route" },
	{ NHRP_EV_SHORTCUT_GONE, "shortcut-gone", "route-down", "shortcut-route" },
	{ NHRP_EV_SHORTCUT_FAILED, "shortcut-failed", NULL, NULL },
	{ NHRP_EV_REDIRECT_SENT, "redirect-sent", NULL, NULL },
};

static const struct nhrp_notice *nhrp_notice_of(enum nhrp_event_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(nhrp_notices); i++)
		if (nhrp_notices[i].kind == kind)
			return &nhrp_notices[i];
	return NULL;
}

static void follow_nhrp(struct daemon *d, const struct tunnel *t, const struct nhrp_event *e,
			const struct nhrp_notice *n)
{
	json_t *o = line_of(d, n->event, t);
	char text[ADDR_TEXT];

	if (!o)
		return;
	add_addr(o, "protocol", &e->protocol);
	add_addr(o, "nbma", &e->nbma);
	add_addr(o, "other_nbma", &e->other_nbma);
	if (!addr_is_none(&e->prefix.addr))
		add_text(o, "prefix", prefix_text(&e->prefix, text));
	add_addr(o, "gateway", &e->gateway);
	if (e->reason != NHRP_WHY_NONE)
		add_text(o, "reason", diagnose_nhrp_reason(e->reason));
	if (e->seconds)
		json_object_set_new(o, "seconds", json_integer(e->seconds));
	ctl_tell(d->ctl, CTL_EVENTS, o);
}

/* opennhrp's words, where it has one; ours, with "-" between them, elsewhere. */
static const char *down_reason(enum nhrp_reason why)
{
	switch (why) {
	case NHRP_WHY_EXPIRED:
	case NHRP_WHY_IDLE:
		return "timeout";
	case NHRP_WHY_PURGED:
		return "purge";
	case NHRP_WHY_CLEARED:
	case NHRP_WHY_REMOVED:
		return "user-request";
	case NHRP_WHY_PEER_DOWN:
	case NHRP_WHY_NO_SA:
	case NHRP_WHY_UNANSWERED:
		return "lower-down";
	case NHRP_WHY_REPLACED:
		return "replaced";
	case NHRP_WHY_ROUTE_CHANGED:
		return "route-changed";
	default:
		return "other";
	}
}

static void hook_nhrp(struct daemon *d, const struct tunnel *t, const struct nhrp_event *e,
		      const struct nhrp_notice *n)
{
	bool route = !addr_is_none(&e->prefix.addr);
	struct hook_call call = {
		.reason = n->hook,
		.type = n->type,
		.tunnel = t,
		.dest = route ? e->prefix : (struct prefix){ e->protocol, 32 },
		.nbma = route ? (struct addr){ 0 } : e->nbma,
		.nexthop = route ? e->gateway : (struct addr){ 0 },
		.down_reason = e->reason == NHRP_WHY_NONE ? NULL : down_reason(e->reason),
	};

	if (!d->conf->hook)
		return;
	if (e->kind == NHRP_EV_CLIENT_REGISTERED) {
		struct hook_call first = call;

		first.reason = "peer-register";
		hook_run(d, &first);
	}
	/* Away from it: the direct path that is no more. */
	if (e->kind == NHRP_EV_PROVISIONAL)
		call.nbma = e->other_nbma;
	hook_run(d, &call);
}

void notice_nhrp(struct daemon *d, const struct tunnel *t, const struct nhrp_event *e)
{
	const struct nhrp_notice *n = nhrp_notice_of(e->kind);

	if (!n)
		return;
	follow_nhrp(d, t, e, n);
	if (n->hook)
		hook_nhrp(d, t, e, n);
}

/* ---- IKE ---- */

static json_t *ike_line(struct daemon *d, const char *event, const struct addr *local,
			const struct addr *remote)
{
	json_t *o = line_of(d, event, NULL);

	if (o) {
		add_addr(o, "local", local);
		add_addr(o, "remote", remote);
	}
	return o;
}

static void add_spis(json_t *o, const struct ike_event *e)
{
	json_object_set_new(o, "spi_in", json_integer(e->phase2.spi_in));
	json_object_set_new(o, "spi_out", json_integer(e->phase2.spi_out));
}

void notice_ike(struct daemon *d, const struct ike_event *e)
{
	bool second = e->phase == 2;
	const char *event;
	json_t *o;

	switch (e->kind) {
	case IKE_EVENT_PHASE1_DONE:
		event = "isakmp-sa-up";
		break;
	case IKE_EVENT_PHASE2_DONE:
		event = "ipsec-sa-up";
		break;
	case IKE_EVENT_SA_GONE:
		event = second ? "ipsec-sa-gone" : "isakmp-sa-gone";
		break;
	case IKE_EVENT_FAILED:
		event = second ? "ipsec-sa-failed" : "isakmp-sa-failed";
		break;
	case IKE_EVENT_REKEY:
		event = second ? "ipsec-sa-rekey" : "isakmp-sa-rekey";
		break;
	default:
		return;
	}
	o = ike_line(d, event, &e->local.addr, &e->remote.addr);
	if (!o)
		return;
	if (e->conn_id)
		json_object_set_new(o, "conn_id", json_integer(e->conn_id));
	if (e->kind == IKE_EVENT_PHASE2_DONE)
		add_spis(o, e);
	if (e->kind == IKE_EVENT_SA_GONE || e->kind == IKE_EVENT_FAILED)
		add_text(o, "reason", diagnose_cause_text(e->failure.cause));
	ctl_tell(d->ctl, CTL_EVENTS, o);
}

void notice_peer(struct daemon *d, const struct ike_effect *e)
{
	bool up = e->kind == IKE_EFFECT_PEER_UP;
	json_t *o = ike_line(d, up ? "peer-up" : e->kind == IKE_EFFECT_PEER_DOWN ? "peer-down"
										 : "peer-failed",
			     &e->local, &e->remote);

	if (!o)
		return;
	if (!up)
		add_text(o, "reason", diagnose_cause_text(e->cause));
	ctl_tell(d->ctl, CTL_EVENTS, o);
}

/* ---- tunnels ---- */

void notice_link(struct daemon *d, const struct tunnel *t, bool up)
{
	const struct hook_call call = {
		.reason = "interface-up", .type = "local", .tunnel = t, .dest = t->conf->address
	};
	json_t *o = line_of(d, up ? "interface-up" : "interface-down", t);

	if (o)
		ctl_tell(d->ctl, CTL_EVENTS, o);
	if (up && d->conf->hook)
		hook_run(d, &call);
}

void notice_name(struct daemon *d, const struct tunnel *t, const struct addr *protocol,
		 const char *name, const struct addr *nbma)
{
	json_t *o = line_of(d, nbma ? "name-resolved" : "name-failed", t);

	if (!o)
		return;
	add_addr(o, "protocol", protocol);
	add_text(o, "name", name);
	if (nbma)
		add_addr(o, "nbma", nbma);
	ctl_tell(d->ctl, CTL_EVENTS, o);
}
