/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/debug.h"

#include <stdio.h>
#include <string.h>

#include "daemon/diagnose.h"
#include "daemon/diagnose_cert.h"
#include "daemon/text.h"
#include "lib/util.h"

#define IPSEC_LEVEL 200 /* of the ASA's levels: messages and payloads */

struct condition {
	enum debug_condition_kind kind;
	struct prefix prefix;
	char identity[DEBUG_IDENTITY_MAX];
	struct addr nbma; /* TUNNEL, IDENTITY: who was seen to have it last; none: nobody yet */
};

static struct {
	unsigned int isakmp, nhrp;
	bool ipsec;
	struct condition condition[DEBUG_CONDITIONS_MAX];
	size_t count;
} debug;

void debug_set_isakmp(unsigned int level)
{
	debug.isakmp = level;
}

unsigned int debug_isakmp(void)
{
	return debug.isakmp;
}

void debug_set_ipsec(bool on)
{
	debug.ipsec = on;
}

bool debug_ipsec(void)
{
	return debug.ipsec;
}

void debug_add_nhrp(unsigned int kinds)
{
	debug.nhrp |= kinds;
}

unsigned int debug_nhrp(void)
{
	return debug.nhrp;
}

void debug_clear_conditions(void)
{
	debug.count = 0;
}

void debug_off(void)
{
	memset(&debug, 0, sizeof(debug));
}

bool debug_is_on(void)
{
	return debug.isakmp || debug.ipsec || debug.nhrp;
}

static struct condition *add(enum debug_condition_kind kind)
{
	struct condition *c;

	if (debug.count == DEBUG_CONDITIONS_MAX)
		return NULL;
	c = &debug.condition[debug.count++];
	*c = (struct condition){ .kind = kind };
	return c;
}

bool debug_add_prefix(enum debug_condition_kind kind, const struct prefix *prefix)
{
	struct condition *c = add(kind);

	if (c)
		c->prefix = *prefix;
	return c != NULL;
}

bool debug_add_identity(const char *identity)
{
	struct condition *c = add(DEBUG_IDENTITY);

	if (c)
		snprintf(c->identity, sizeof(c->identity), "%s", identity);
	return c != NULL;
}

/* ---- conditions ---- */

static bool meets(const struct addr *nbma)
{
	for (size_t i = 0; i < debug.count; i++) {
		const struct condition *c = &debug.condition[i];

		if (c->kind == DEBUG_PEER ? prefix_contains(&c->prefix, nbma)
					  : c->nbma.len && addr_equal(&c->nbma, nbma))
			return true;
	}
	return debug.count == 0;
}

static void learn_identity(const struct ike_event *e)
{
	char text[DIAGNOSE_TEXT];
	struct text t = text_of(text, sizeof(text));

	diagnose_identity(&t, &e->id.is);
	for (size_t i = 0; i < debug.count; i++)
		if (debug.condition[i].kind == DEBUG_IDENTITY &&
		    !strcmp(debug.condition[i].identity, text))
			debug.condition[i].nbma = e->remote.addr;
}

static void learn_tunnel(const struct nhrp_event *e)
{
	for (size_t i = 0; i < debug.count; i++)
		if (debug.condition[i].kind == DEBUG_TUNNEL && e->protocol.len && e->nbma.len &&
		    prefix_contains(&debug.condition[i].prefix, &e->protocol))
			debug.condition[i].nbma = e->nbma;
}

static bool names_tunnel(const struct nhrp_event *e)
{
	for (size_t i = 0; i < debug.count; i++)
		if (debug.condition[i].kind == DEBUG_TUNNEL &&
		    (prefix_contains(&debug.condition[i].prefix, &e->protocol) ||
		     prefix_contains(&debug.condition[i].prefix, &e->source)))
			return true;
	return false;
}

/* ---- events ---- */

bool debug_shows_ike(const struct ike_event *e)
{
	bool wanted = e->level <= debug.isakmp ||
		      (debug.ipsec && e->phase == 2 && e->level <= IPSEC_LEVEL);

	if (e->kind == IKE_EVENT_ID && e->id.accepted && debug.count)
		learn_identity(e);
	return wanted && meets(&e->remote.addr);
}

static unsigned int kinds_of(const struct nhrp_event *e)
{
	switch (e->kind) {
	case NHRP_EV_SENT:
	case NHRP_EV_RECEIVED:
	case NHRP_EV_HELD:
	case NHRP_EV_TRAFFIC_INDICATION:
	case NHRP_EV_REDIRECT_SENT:
	case NHRP_EV_REDIRECT_IGNORED:
		return DEBUG_NHRP_PACKET;
	case NHRP_EV_AUTHENTICATION_FAILED:
	case NHRP_EV_LOOP:
	case NHRP_EV_UNKNOWN_EXTENSION:
		return DEBUG_NHRP_EXTENSION | DEBUG_NHRP_ERROR;
	case NHRP_EV_NAT:
		return DEBUG_NHRP_EXTENSION;
	case NHRP_EV_DROPPED:
	case NHRP_EV_MALFORMED:
	case NHRP_EV_HOP_COUNT:
	case NHRP_EV_ERROR_SENT:
	case NHRP_EV_ERROR_RECEIVED:
	case NHRP_EV_REGISTRATION_REFUSED:
	case NHRP_EV_CLIENT_REFUSED:
	case NHRP_EV_REQUEST_REFUSED:
	case NHRP_EV_RESOLUTION_NEGATIVE:
	case NHRP_EV_RESOLUTION_TIMEOUT:
	case NHRP_EV_ROUTE_FAILED:
	case NHRP_EV_BIND_FAILED:
	case NHRP_EV_SHORTCUT_FAILED:
		return DEBUG_NHRP_ERROR | DEBUG_NHRP_CACHE;
	default:
		return DEBUG_NHRP_CACHE;
	}
}

bool debug_shows_nhrp(const struct nhrp_event *e)
{
	if (debug.count)
		learn_tunnel(e);
	return (kinds_of(e) & debug.nhrp) != 0 &&
	       (meets(&e->nbma) || meets(&e->other_nbma) || names_tunnel(e));
}

/* ---- for people ---- */

static json_t *condition_json(const struct condition *c)
{
	static const char *const names[] = {
		[DEBUG_PEER] = "peer", [DEBUG_TUNNEL] = "tunnel", [DEBUG_IDENTITY] = "username"
	};
	char text[ADDR_TEXT];

	return json_pack("{s:s, s:s}", "kind", names[c->kind], "value",
			 c->kind == DEBUG_IDENTITY ? c->identity : prefix_text(&c->prefix, text));
}

json_t *debug_json(void)
{
	static const struct {
		unsigned int kind;
		const char *name;
	} kinds[] = {
		{ DEBUG_NHRP_PACKET, "packet" },
		{ DEBUG_NHRP_CACHE, "cache" },
		{ DEBUG_NHRP_EXTENSION, "extension" },
		{ DEBUG_NHRP_ERROR, "error" },
	};
	json_t *nhrp = json_array(), *conditions = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (debug.nhrp & kinds[i].kind)
			json_array_append_new(nhrp, json_string(kinds[i].name));
	for (size_t i = 0; i < debug.count; i++)
		json_array_append_new(conditions, condition_json(&debug.condition[i]));
	return json_pack("{s:i, s:b, s:o, s:o}", "crypto_isakmp", (int)debug.isakmp, "crypto_ipsec",
			 (int)debug.ipsec, "nhrp", nhrp, "conditions", conditions);
}
