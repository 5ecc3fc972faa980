/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What NHRP knows, whom it is registered at, what it has sent and received. */
#include "daemon/show.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/diagnose.h"
#include "daemon/loop.h"
#include "daemon/names.h"
#include "daemon/packets.h"
#include "daemon/tunnel.h"
#include "daemon/verbs.h"
#include "nhrp/nhrp.h"

/* Entries of the cache and shortcuts, in one list. */
struct cache {
	struct nhrp_entry *entries;
	size_t entry_count;
	struct nhrp_shortcut *shortcuts;
	size_t shortcut_count;
	const struct show_tunnels *tunnels;
	msec now;
};

static const char *interface_name(const struct show_tunnels *tunnels, int id)
{
	return show_tunnel_of(tunnels, id)->name;
}

static int by_protocol(const void *x, const void *y)
{
	const struct nhrp_entry *a = x, *b = y;

	return a->id != b->id ? a->id - b->id : show_addr_order(&a->protocol, &b->protocol);
}

static const char *type_name(enum nhrp_entry_type type)
{
	switch (type) {
	case NHRP_ENTRY_LOCAL:
		return "local";
	case NHRP_ENTRY_STATIC:
		return "static";
	case NHRP_ENTRY_DYNAMIC:
		return "dynamic";
	default:
		return "incomplete";
	}
}

static json_t *flags_json(const struct nhrp_entry *e)
{
	static const struct {
		enum nhrp_entry_flag flag;
		const char *name;
	} names[] = {
		{ NHRP_FLAG_AUTHORITATIVE, "authoritative" }, { NHRP_FLAG_UNIQUE, "unique" },
		{ NHRP_FLAG_REGISTERED, "registered" },	      { NHRP_FLAG_ROUTER, "router" },
		{ NHRP_FLAG_IMPLICIT, "implicit" },	      { NHRP_FLAG_USED, "used" },
	};
	json_t *flags = json_array();

	if (e->type == NHRP_ENTRY_LOCAL)
		json_array_append_new(flags, json_string("local"));
	if (e->type == NHRP_ENTRY_NEGATIVE)
		json_array_append_new(flags, json_string("negative"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (e->flags & names[i].flag)
			json_array_append_new(flags, json_string(names[i].name));
	/* Whom we are registered at is in use. */
	if ((e->flags & NHRP_FLAG_NHS) && !(e->flags & NHRP_FLAG_USED) && e->peer_up)
		json_array_append_new(flags, json_string("used"));
	if (e->nat)
		json_array_append_new(flags, json_string("nat"));
	return flags;
}

static json_t *entry_json(const struct cache *c, const struct nhrp_entry *e)
{
	msec now = c->now;
	json_t *o = json_pack("{s:s, s:o, s:i, s:o, s:o, s:s, s:o, s:o, s:o}", "interface",
			      interface_name(c->tunnels, e->id), "protocol", show_addr(&e->protocol),
			      "prefix_length", 32, "nbma", show_addr(&e->nbma), "path",
			      show_addr(&e->path), "type", type_name(e->type), "flags",
			      flags_json(e), "created", show_ago(now, e->created), "expires",
			      show_ahead(now, e->expires));

	if (!addr_is_none(&e->nat_nbma))
		json_object_set_new(o, "nat_nbma", show_addr(&e->nat_nbma));
	json_object_set_new(o, "nhs", json_boolean(e->flags & NHRP_FLAG_NHS));
	json_object_set_new(o, "up", json_boolean(e->peer_up));
	json_object_set_new(o, "mtu", json_integer(e->mtu));
	json_object_set_new(o, "holding_time", json_integer(e->holding_time));
	return o;
}

static int by_prefix(const void *x, const void *y)
{
	const struct nhrp_shortcut *a = x, *b = y;
	int order = a->id != b->id ? a->id - b->id
				   : show_addr_order(&a->prefix.addr, &b->prefix.addr);

	return order ? order : a->prefix.bits - b->prefix.bits;
}

/* "rib": there is a route of ours; "nho": the routing table leads to that gateway already. */
static json_t *shortcut_flags(const struct nhrp_shortcut *s)
{
	json_t *flags = json_array();

	if (s->state == NHRP_SHORTCUT_HOLD_DOWN)
		json_array_append_new(flags, json_string("negative"));
	if (s->state == NHRP_SHORTCUT_UP) {
		json_array_append_new(flags, json_string("router"));
		json_array_append_new(flags, json_string(s->overrides ? "nho" : "rib"));
	}
	if (s->used)
		json_array_append_new(flags, json_string("used"));
	return flags;
}

static const char *shortcut_state_name(enum nhrp_shortcut_state state)
{
	switch (state) {
	case NHRP_SHORTCUT_RESOLVING:
		return "resolving";
	case NHRP_SHORTCUT_CONNECTING:
		return "connecting";
	case NHRP_SHORTCUT_UP:
		return "up";
	case NHRP_SHORTCUT_HOLD_DOWN:
		return "hold-down";
	}
	return "unknown";
}

static const char *shortcut_type(const struct nhrp_shortcut *s)
{
	return s->state == NHRP_SHORTCUT_UP ? "dynamic" : "incomplete";
}

/* A member of entries[], as all others. */
static json_t *shortcut_json(const struct cache *c, const struct nhrp_shortcut *s)
{
	msec now = c->now;
	bool up = s->state == NHRP_SHORTCUT_UP;
	json_t *o = json_pack("{s:s, s:o, s:i, s:o, s:o, s:s, s:o, s:o, s:o}", "interface",
			      interface_name(c->tunnels, s->id), "protocol", show_addr(&s->prefix.addr),
			      "prefix_length", (int)s->prefix.bits, "nbma", show_addr(&s->nbma),
			      "path", show_addr(&s->nbma), "type", shortcut_type(s),
			      "flags", shortcut_flags(s), "created", show_ago(now, s->created),
			      "expires", show_ahead(now, s->expires));

	json_object_set_new(o, "gateway", show_addr(&s->gateway));
	json_object_set_new(o, "shortcut", json_string(shortcut_state_name(s->state)));
	json_object_set_new(o, "up", json_boolean(up));
	json_object_set_new(o, "holding_time", json_integer(s->holding_time));
	return o;
}

/* Which entries are asked for. */
struct which {
	const char *type;     /* NULL: all */
	struct addr protocol; /* none: all; else those that are about this address */
};

static bool is_wanted(const struct which *w, const char *type, const struct prefix *about)
{
	return (!w->type || !strcmp(w->type, type)) &&
	       (addr_is_none(&w->protocol) || prefix_contains(about, &w->protocol));
}

static json_t *cache_item(const void *of, size_t i)
{
	const struct cache *c = of;

	return i < c->entry_count ? entry_json(c, &c->entries[i]) :
				    shortcut_json(c, &c->shortcuts[i - c->entry_count]);
}

static void cache_release(void *arg)
{
	struct cache *c = arg;

	free(c->entries);
	free(c->shortcuts);
	free(c);
}

/* Only what is asked for stays. */
static void choose(struct cache *c, const struct which *w)
{
	size_t n = 0;

	for (size_t i = 0; i < c->entry_count; i++) {
		const struct nhrp_entry *e = &c->entries[i];

		if (is_wanted(w, type_name(e->type), &(struct prefix){ e->protocol, 32 }))
			c->entries[n++] = *e;
	}
	c->entry_count = n;
	n = 0;
	for (size_t i = 0; i < c->shortcut_count; i++)
		if (is_wanted(w, shortcut_type(&c->shortcuts[i]), &c->shortcuts[i].prefix))
			c->shortcuts[n++] = c->shortcuts[i];
	c->shortcut_count = n;
}

static struct answer *cache_answer(struct daemon *d, const struct which *w)
{
	struct answer *a = answer_new();
	struct cache *c = answer_owns(a, xcalloc(1, sizeof(*c)), cache_release);

	c->now = loop_now();
	c->tunnels = show_tunnels_take(d, a);
	c->entries = show_nhrp_entries(d, &c->entry_count);
	c->shortcuts = show_nhrp_shortcuts(d, &c->shortcut_count);
	choose(c, w);
	qsort(c->entries, c->entry_count, sizeof(*c->entries), by_protocol);
	qsort(c->shortcuts, c->shortcut_count, sizeof(*c->shortcuts), by_prefix);
	return answer_is(a, json_pack("{s:o, s:I}", "entries",
				      answer_list(a, cache_item, c, 0,
						  c->entry_count + c->shortcut_count),
				      "bytes", (json_int_t)nhrp_cache_octets(d->nhrp)));
}

struct answer *show_ip_nhrp(struct daemon *d, const json_t *args, const struct kernel_answer *unused)
{
	struct which w = { 0 };
	json_t *error;

	(void)unused;
	if (!verbs_address(args, "address", &w.protocol, &error))
		return answer_of(error);
	return cache_answer(d, &w);
}

struct answer *show_ip_nhrp_dynamic(struct daemon *d, const json_t *args,
				    const struct kernel_answer *unused)
{
	(void)args;
	(void)unused;
	return cache_answer(d, &(struct which){ .type = "dynamic" });
}

struct answer *show_ip_nhrp_static(struct daemon *d, const json_t *args,
				   const struct kernel_answer *unused)
{
	(void)args;
	(void)unused;
	return cache_answer(d, &(struct which){ .type = "static" });
}

struct answer *show_ip_nhrp_incomplete(struct daemon *d, const json_t *args,
				       const struct kernel_answer *unused)
{
	(void)args;
	(void)unused;
	return cache_answer(d, &(struct which){ .type = "incomplete" });
}

struct flows {
	struct nhrp_flow *list;
	size_t count;
	const struct show_tunnels *tunnels;
	msec now;
};

static int by_destination(const void *x, const void *y)
{
	const struct nhrp_flow *a = x, *b = y;
	int order = a->id != b->id ? a->id - b->id
				   : show_addr_order(&a->destination, &b->destination);

	return order ? order : show_addr_order(&a->source, &b->source);
}

static void collect_flows(struct daemon *d, struct flows *all)
{
	const void *cursor = NULL;
	size_t n = 0, room = 0;

	do {
		if (n == room) {
			room = room ? 2 * room : 64;
			all->list = xreallocarray(all->list, room, sizeof(*all->list));
		}
		/* Those that are over are forgotten when the next packet comes. */
	} while (nhrp_flow_next(d->nhrp, &cursor, &all->list[n]) &&
		 (n += all->list[n].until > all->now, true));
	qsort(all->list, n, sizeof(*all->list), by_destination);
	all->count = n;
}

static json_t *flow_item(const void *of, size_t i)
{
	const struct flows *all = of;
	const struct nhrp_flow *f = &all->list[i];

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "interface",
			 interface_name(all->tunnels, f->id), "nbma", show_addr(&f->nbma), "source",
			 show_addr(&f->source), "destination", show_addr(&f->destination), "told",
			 show_u64(f->told), "dropped", show_u64(f->limited), "next",
			 show_ahead(all->now, f->next), "expires", show_ahead(all->now, f->until));
}

static void flows_release(void *arg)
{
	struct flows *all = arg;

	free(all->list);
	free(all);
}

struct answer *show_ip_nhrp_redirect(struct daemon *d, const json_t *args,
				     const struct kernel_answer *unused)
{
	struct answer *a = answer_new();
	struct flows *all = answer_owns(a, xcalloc(1, sizeof(*all)), flows_release);

	(void)args;
	(void)unused;
	all->now = loop_now();
	all->tunnels = show_tunnels_take(d, a);
	collect_flows(d, all);
	return answer_is(a, json_pack("{s:o}", "flows", answer_list(a, flow_item, all, 0, all->count)));
}

static const char *nhs_state_name(enum nhrp_nhs_state state)
{
	switch (state) {
	case NHRP_NHS_NO_MAP:
		return "no map";
	case NHRP_NHS_CONNECTING:
		return "connecting";
	case NHRP_NHS_REGISTERING:
		return "registering";
	case NHRP_NHS_UP:
		return "up";
	case NHRP_NHS_REFUSED:
		return "refused";
	case NHRP_NHS_STANDBY:
		return "standby";
	}
	return "unknown";
}

static json_t *nhs_json(const struct tunnel *t, const struct nhrp_nhs *s, msec now)
{
	const char *name = names_of(t, &s->protocol);
	uint64_t answered = s->replies + s->refusals;
	/* The one that is under way has not failed yet. */
	uint64_t pending = s->state == NHRP_NHS_REGISTERING;
	json_t *o = json_pack("{s:o, s:o, s:s, s:b, s:b}", "protocol", show_addr(&s->protocol),
			      "nbma", show_addr(&s->nbma), "state", nhs_state_name(s->state),
			      "expecting", (int)(s->state != NHRP_NHS_NO_MAP), "responding",
			      (int)(s->state == NHRP_NHS_UP || s->state == NHRP_NHS_REFUSED));

	json_object_set_new(o, "priority", json_integer(s->priority));
	json_object_set_new(o, "cluster", json_integer(s->cluster));
	if (name)
		json_object_set_new(o, "name", json_string(name));
	json_object_set_new(o, "since", show_ago(now, s->since));
	json_object_set_new(o, "registered", show_ago(now, s->registered));
	json_object_set_new(o, "next", show_ahead(now, s->next));
	json_object_set_new(o, "requests", show_u64(s->requests_sent));
	json_object_set_new(o, "replies", show_u64(answered));
	json_object_set_new(o, "failures",
			    show_u64(s->requests_sent > answered + pending
					     ? s->requests_sent - answered - pending
					     : 0));
	json_object_set_new(o, "refusals", show_u64(s->refusals));
	if (s->state == NHRP_NHS_REFUSED)
		json_object_set_new(o, "refusal", json_string(diagnose_nhrp_code(s->last_code)));
	return o;
}

static json_t *servers_of(struct daemon *d, const struct tunnel *t, msec now)
{
	json_t *list = json_array();
	const void *cursor = NULL;
	struct nhrp_nhs s;

	while (nhrp_nhs_next(d->nhrp, &cursor, &s))
		if (s.id == t->id)
			json_array_append_new(list, nhs_json(t, &s, now));
	return list;
}

json_t *show_ip_nhrp_nhs(struct daemon *d, const json_t *args)
{
	json_t *list = json_array();

	(void)args;
	TUNNELS_EACH (d, t)
		if (!conf_tunnel_is_hub(t->conf))
			json_array_append_new(list, json_pack("{s:s, s:o}", "interface",
							      t->conf->name, "servers",
							      servers_of(d, t, loop_now())));
	return json_pack("{s:o}", "tunnels", list);
}

static json_t *by_type(const uint64_t counts[NHRP_TYPES])
{
	static const char *const names[NHRP_TYPES] = {
		[NHRP_RESOLUTION_REQUEST] = "resolution_request",
		[NHRP_RESOLUTION_REPLY] = "resolution_reply",
		[NHRP_REGISTRATION_REQUEST] = "registration_request",
		[NHRP_REGISTRATION_REPLY] = "registration_reply",
		[NHRP_PURGE_REQUEST] = "purge_request",
		[NHRP_PURGE_REPLY] = "purge_reply",
		[NHRP_ERROR_INDICATION] = "error_indication",
		[NHRP_TRAFFIC_INDICATION] = "traffic_indication",
	};
	json_t *o = json_object();

	for (int i = 1; i < NHRP_TYPES; i++)
		json_object_set_new(o, names[i], show_u64(counts[i]));
	return o;
}

/* Only what has happened: 16 rows of zeros say nothing. */
static json_t *by_code(const uint64_t counts[16], const char *(*name)(int))
{
	json_t *o = json_object();

	for (int i = 0; i < 16; i++)
		if (counts[i])
			json_object_set_new(o, name(i), show_u64(counts[i]));
	return o;
}

static json_t *dropped(const struct nhrp_counters *c)
{
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = {
		{ "malformed", c->malformed },
		{ "authentication failed", c->authentication_failures },
		{ "forwarding loop", c->loops },
		{ "reply to no request", c->unexpected_replies },
		{ "waited for an SA in vain", c->held_expired },
		{ "limit reached", c->limits },
		{ "other", c->dropped },
	};
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].count)
			json_object_set_new(o, counts[i].name, show_u64(counts[i].count));
	return o;
}

static json_t *traffic_json(const struct tunnel *t, const struct nhrp_counters *c)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "interface", t->conf->name, "sent", by_type(c->sent), "received", by_type(c->received),
			 "forwarded", by_type(c->forwarded), "refusals_sent",
			 by_code(c->refusals_sent, diagnose_nhrp_code), "refusals_received",
			 by_code(c->refusals_received, diagnose_nhrp_code), "errors_sent",
			 by_code(c->errors_sent, diagnose_nhrp_error), "errors_received",
			 by_code(c->errors_received, diagnose_nhrp_error), "dropped", dropped(c),
			 "held", show_u64(c->held), "hairpins", show_u64(c->hairpins),
			 "hairpins_limited", show_u64(c->hairpins_limited), "hairpins_ignored",
			 show_u64(c->hairpins_ignored), "send_errors", show_u64(packets_send_errors(t)));
}

static json_t *configured_listeners(const struct tunnel *t)
{
	const struct conf_addrs *a = &t->conf->nhrp.multicast;
	json_t *list = json_array();

	for (size_t i = 0; i < a->count; i++)
		json_array_append_new(list, show_addr(&a->addr[i]));
	return list;
}

json_t *show_ip_nhrp_multicast(struct daemon *d, const json_t *args)
{
	json_t *list = json_array();

	(void)args;
	TUNNELS_EACH (d, t) {
		json_t *o = packets_show_multicast(t);

		json_object_set_new(o, "interface", json_string(t->conf->name));
		json_object_set_new(o, "dynamic", json_boolean(t->conf->nhrp.multicast_dynamic));
		json_object_set_new(o, "static", configured_listeners(t));
		json_array_append_new(list, o);
	}
	return json_pack("{s:o}", "tunnels", list);
}

json_t *show_ip_nhrp_traffic(struct daemon *d, const json_t *args)
{
	json_t *list = json_array();

	(void)args;
	TUNNELS_EACH (d, t) {
		struct nhrp_counters c;

		if (nhrp_counters_get(d->nhrp, t->id, &c))
			json_array_append_new(list, traffic_json(t, &c));
	}
	return json_pack("{s:o}", "tunnels", list);
}
