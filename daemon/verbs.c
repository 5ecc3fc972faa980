/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/verbs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "daemon/ctl.h"
#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/reload.h"
#include "daemon/show.h"
#include "daemon/tunnel.h"
#include "daemon/verbs_debug.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

json_t *verbs_error(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return json_pack("{s:o}", "error", show_text(text));
}

/* Arguments. False: there is one and it makes no sense; *error is the answer. */

bool verbs_address(const json_t *args, const char *name, struct addr *out, json_t **error)
{
	const json_t *value = json_object_get(args, name);

	*out = (struct addr){ 0 };
	if (!value)
		return true;
	if (json_is_string(value) && addr_parse(json_string_value(value), out) && addr_to_v4(out))
		return true;
	*error = verbs_error("%s: expected an address like \"10.0.0.4\"", name);
	return false;
}

/* "Tu0" and "tunnel0" are Tunnel0, as on the router. */
static bool names_tunnel(const char *text, const char *name)
{
	size_t letters = strcspn(text, "0123456789"), all = strcspn(name, "0123456789");

	return letters && letters <= all && !strncasecmp(text, name, letters) &&
	       !strcasecmp(text + letters, name + all);
}

bool verbs_tunnel(struct daemon *d, const json_t *args, const char *name, const struct tunnel **out,
		  json_t **error)
{
	const json_t *value = json_object_get(args, name);
	const char *text = json_string_value(value);
	char names[256] = "";

	*out = NULL;
	if (!value)
		return true;
	TUNNELS_EACH (d, t) {
		size_t n = strlen(names);

		if (text && (!strcasecmp(t->conf->name, text) ||
			     (!*out && names_tunnel(text, t->conf->name))))
			*out = t;
		snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "", t->conf->name);
	}
	if (!*out)
		*error = verbs_error("%s: expected a tunnel of the configuration: %s", name, names);
	return *out != NULL;
}

bool verbs_number(const json_t *args, const char *name, json_int_t low, json_int_t high,
		  json_int_t *out, json_t **error)
{
	const json_t *value = json_object_get(args, name);

	if (!value)
		return true;
	*out = json_integer_value(value);
	if (json_is_integer(value) && *out >= low && *out <= high)
		return true;
	*error = verbs_error("%s: expected a number from %lld to %lld", name, (long long)low,
			     (long long)high);
	return false;
}

/* Clearing */

static void clear_peer(struct daemon *d, const struct addr *remote)
{
	TUNNELS_EACH (d, t)
		if (!addr_is_none(&t->local))
			ike_clear(d->ike, loop_now(), &t->local, remote);
}

static bool peer_has_sa(const struct daemon *d, const struct addr *remote)
{
	const void *cursor = NULL;
	struct ike_sa_info sa;
	struct ike_pair_info pair;

	while (ike_sa_next(d->ike, &cursor, &sa))
		if (addr_equal(&sa.remote.addr, remote))
			return true;
	cursor = NULL;
	while (ike_pair_next(d->ike, &cursor, &pair))
		if (addr_equal(&pair.remote, remote))
			return true;
	return false;
}

static json_t *clear_crypto_sa(struct daemon *d, const json_t *args)
{
	struct addr peer;
	json_t *error;
	char text[ADDR_TEXT];

	if (!verbs_address(args, "peer", &peer, &error))
		return error;
	if (addr_is_none(&peer)) {
		ike_clear(d->ike, loop_now(), NULL, NULL);
		return json_object();
	}
	if (!peer_has_sa(d, &peer))
		return verbs_error(
			"there is no SA with %s; \"show crypto isakmp sa\" and \"show crypto ipsec "
			"sa\" list them",
			addr_text(&peer, text));
	clear_peer(d, &peer);
	return json_object();
}

/* A phase 1 SA goes together with what it made: the peer's SAs. */
static json_t *clear_crypto_isakmp(struct daemon *d, const json_t *args)
{
	const void *cursor = NULL;
	struct ike_sa_info sa;
	json_int_t conn_id = 0;
	json_t *error;

	if (!verbs_number(args, "conn_id", 1, UINT32_MAX, &conn_id, &error))
		return error;
	if (!conn_id) {
		ike_clear(d->ike, loop_now(), NULL, NULL);
		return json_object();
	}
	while (ike_sa_next(d->ike, &cursor, &sa)) {
		if (sa.conn_id != conn_id)
			continue;
		ike_clear(d->ike, loop_now(), &sa.local.addr, &sa.remote.addr);
		return json_object();
	}
	return verbs_error("there is no SA with conn-id %lld; \"show crypto isakmp sa\" lists them",
			   (long long)conn_id);
}

static bool has_dynamic_entry(const struct daemon *d, const struct addr *protocol)
{
	const void *cursor = NULL;
	struct nhrp_entry e;

	while (nhrp_entry_next(d->nhrp, &cursor, &e))
		if (e.type != NHRP_ENTRY_LOCAL && e.type != NHRP_ENTRY_STATIC &&
		    addr_equal(&e.protocol, protocol))
			return true;
	return false;
}

static json_t *clear_ip_nhrp(struct daemon *d, const json_t *args)
{
	struct addr address;
	json_t *error;
	char text[ADDR_TEXT];

	if (!verbs_address(args, "address", &address, &error))
		return error;
	if (!addr_is_none(&address) && !has_dynamic_entry(d, &address))
		return verbs_error(
			"there is no dynamic entry for %s; \"show ip nhrp\" lists what is there",
			addr_text(&address, text));
	nhrp_clear(d->nhrp, loop_now(), NHRP_ALL, address);
	return json_object();
}

/* Forgets what was learned of the NBMA address, or of all of them where that is none. */
static void clear_learned(struct daemon *d, const struct addr *nbma)
{
	struct addr *found = NULL;
	size_t count = 0, room = 0;
	const void *cursor = NULL;
	struct nhrp_entry e;

	if (addr_is_none(nbma)) {
		nhrp_clear(d->nhrp, loop_now(), NHRP_ALL, *nbma);
		return;
	}
	/* First all of them: clearing changes what the cursor walks. */
	while (nhrp_entry_next(d->nhrp, &cursor, &e)) {
		if (e.type == NHRP_ENTRY_LOCAL || e.type == NHRP_ENTRY_STATIC ||
		    !addr_equal(&e.nbma, nbma))
			continue;
		if (count == room) {
			room = room ? 2 * room : 8;
			found = xreallocarray(found, room, sizeof(*found));
		}
		found[count++] = e.protocol;
	}
	for (size_t i = 0; i < count; i++)
		nhrp_clear(d->nhrp, loop_now(), NHRP_ALL, found[i]);
	free(found);
}

/* False: nothing is known of that tunnel address. */
static bool find_nbma(const struct daemon *d, const struct addr *protocol, struct addr *nbma)
{
	const void *cursor = NULL;
	struct nhrp_entry e;

	while (nhrp_entry_next(d->nhrp, &cursor, &e)) {
		if (e.type == NHRP_ENTRY_LOCAL || !addr_equal(&e.protocol, protocol))
			continue;
		*nbma = addr_is_none(&e.nbma) ? e.path : e.nbma;
		return !addr_is_none(nbma);
	}
	return false;
}

/* What was learned of a peer, and its SAs. */
static json_t *clear_dmvpn_session(struct daemon *d, const json_t *args)
{
	struct addr nbma, protocol;
	json_t *error;
	char text[ADDR_TEXT];

	if (json_object_size(args) > 1)
		return verbs_error("expected one of \"nbma\" and \"tunnel\"");
	if (!verbs_address(args, "nbma", &nbma, &error) ||
	    !verbs_address(args, "tunnel", &protocol, &error))
		return error;
	if (!addr_is_none(&protocol) && !find_nbma(d, &protocol, &nbma))
		return verbs_error("there is no peer %s; \"show dmvpn\" lists them",
				   addr_text(&protocol, text));
	if (!addr_is_none(&nbma) && !peer_has_sa(d, &nbma))
		return verbs_error("there is no peer %s; \"show dmvpn\" lists them",
				   addr_text(&nbma, text));
	clear_learned(d, &nbma);
	if (addr_is_none(&nbma))
		ike_clear(d->ike, loop_now(), NULL, NULL);
	else
		clear_peer(d, &nbma);
	return json_object();
}

/* Of a peer whose tunnel address NHRP knows, by its NBMA address. */
static json_t *show_by_nbma(struct daemon *d, const json_t *args,
			    json_t *(*show)(struct daemon *d, const json_t *args))
{
	struct addr peer, nbma;
	json_t *error, *named, *answer;

	if (!verbs_address(args, "peer", &peer, &error))
		return error;
	if (addr_is_none(&peer) || !find_nbma(d, &peer, &nbma))
		return show(d, args);
	named = json_pack("{s:o}", "peer", show_addr(&nbma));
	answer = show(d, named);
	json_decref(named);
	return answer;
}

static json_t *ladder_of(struct daemon *d, const json_t *args)
{
	return show_by_nbma(d, args, show_ladder);
}

static json_t *log_of(struct daemon *d, const json_t *args)
{
	return show_by_nbma(d, args, show_log_peer);
}

static json_t *reload_configuration(struct daemon *d, const json_t *args)
{
	(void)args;
	return reload(d);
}

void verbs_follow(struct ctl_client *c, enum ctl_stream stream)
{
	if (!ctl_follow(c, stream))
		ctl_answer(c, verbs_error("%d others follow already, which is the most there can be",
					  CTL_FOLLOWERS_MAX));
}

static void follow_events(struct daemon *d, const json_t *args, struct ctl_client *c)
{
	(void)d;
	(void)args;
	verbs_follow(c, CTL_EVENTS);
}

void verbs_forget(struct daemon *d, const struct ctl_client *c)
{
	kernel_forget(d, c);
	explain_forget(c);
}

/* The table */

static const struct verb {
	const char *words;
	/* One of these: the answer at once; by itself, perhaps later; one that grows with the peers. */
	show_fn *run;
	void (*start)(struct daemon *d, const json_t *args, struct ctl_client *c);
	show_list_fn *list;
	bool with_sas;	  /* the list needs the kernel's SAs */
	const char *args; /* their names, with a space between; NULL: none */
} verbs[] = {
	{ "clear crypto isakmp", .run = clear_crypto_isakmp, .args = "conn_id" },
	{ "clear crypto sa", .run = clear_crypto_sa, .args = "peer" },
	{ "clear dmvpn session", .run = clear_dmvpn_session, .args = "nbma tunnel" },
	{ "clear ip nhrp", .run = clear_ip_nhrp, .args = "address" },
	{ "debug", .start = verb_debug },
	{ "debug crypto condition peer", .run = verb_debug_peer, .args = "peer" },
	{ "debug crypto condition reset", .run = verb_debug_reset },
	{ "debug crypto condition tunnel", .run = verb_debug_tunnel, .args = "tunnel" },
	{ "debug crypto condition username", .run = verb_debug_username, .args = "username" },
	{ "debug crypto ipsec", .run = verb_debug_ipsec },
	{ "debug crypto isakmp", .run = verb_debug_isakmp, .args = "level" },
	{ "debug nhrp", .run = verb_debug_nhrp },
	{ "debug nhrp cache", .run = verb_debug_nhrp_cache },
	{ "debug nhrp error", .run = verb_debug_nhrp_error },
	{ "debug nhrp extension", .run = verb_debug_nhrp_extension },
	{ "debug nhrp packet", .run = verb_debug_nhrp_packet },
	{ "events", .start = follow_events },
	{ "explain", .start = explain_start, .args = "peer" },
	{ "ladder", .run = ladder_of, .args = "peer" },
	{ "map", .list = show_map, .with_sas = true },
	{ "reload", .run = reload_configuration },
	{ "show crypto ipsec sa", .list = show_crypto_ipsec_sa, .with_sas = true, .args = "peer interface" },
	{ "show crypto isakmp key", .run = show_crypto_isakmp_key },
	{ "show crypto isakmp peers", .list = show_crypto_isakmp_peers },
	{ "show crypto isakmp policy", .run = show_crypto_isakmp_policy },
	{ "show crypto isakmp sa", .list = show_crypto_isakmp_sa, .args = "peer" },
	{ "show crypto isakmp stats", .run = show_crypto_isakmp_stats },
	{ "show crypto session", .list = show_crypto_session, .with_sas = true },
	{ "show debugging", .run = verb_show_debugging },
	{ "show dmvpn", .list = show_dmvpn, .args = "interface nbma tunnel" },
	{ "show dmvpn detail", .list = show_dmvpn_detail, .with_sas = true, .args = "interface nbma tunnel" },
	{ "show interface", .run = show_interface, .args = "interface" },
	{ "show ip nhrp", .list = show_ip_nhrp, .args = "address" },
	{ "show ip nhrp dynamic", .list = show_ip_nhrp_dynamic },
	{ "show ip nhrp incomplete", .list = show_ip_nhrp_incomplete },
	{ "show ip nhrp multicast", .run = show_ip_nhrp_multicast },
	{ "show ip nhrp nhs", .run = show_ip_nhrp_nhs },
	{ "show ip nhrp redirect", .list = show_ip_nhrp_redirect },
	{ "show ip nhrp static", .list = show_ip_nhrp_static },
	{ "show ip nhrp traffic", .run = show_ip_nhrp_traffic },
	{ "show log peer", .run = log_of, .args = "peer" },
	{ "show running-config", .run = show_running_config },
	{ "show running-config ios", .run = show_running_config_ios },
	{ "show tunnel endpoints", .list = show_tunnel_endpoints },
	{ "show version", .run = show_version },
	{ "undebug all", .run = verb_undebug },
};

static bool is_one_of(const char *names, const char *name)
{
	size_t len;

	for (; *names; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		if (strlen(name) == len && !strncmp(names, name, len))
			return true;
	}
	return false;
}

/* An argument by another name is not one left out: that would clear more than was asked for. */
static json_t *refuse_args(const struct verb *v, const json_t *args)
{
	json_t *value;
	const char *name;

	if (args && !json_is_object(args))
		return verbs_error("\"args\": expected an object");
	/* Only jansson's iteration is not const. */
	json_object_foreach ((json_t *)(uintptr_t)args, name, value) {
		(void)value;
		if (!v->args)
			return verbs_error("%s: no argument was expected", name);
		if (!is_one_of(v->args, name))
			return verbs_error("%s: expected \"%s\", or no argument", name, v->args);
	}
	return NULL;
}

/* The request's words with a space between; false where it has none. */
static bool join_words(const json_t *request, char *buf, size_t size)
{
	const json_t *word;
	size_t i, len = 0;

	buf[0] = '\0';
	json_array_foreach (json_object_get(request, "verb"), i, word) {
		const char *text = json_string_value(word);

		if (!text)
			return false;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? " " : "", text);
		if (len >= size)
			return false;
	}
	return len > 0;
}

static void sas_arrived(struct daemon *d, void *ctx, uint64_t which, const struct kernel_answer *a)
{
	const json_t *args = json_object_get(ctl_request(ctx), "args");

	if (a->err)
		ctl_answer(ctx, verbs_error("%s", a->why));
	else
		ctl_send(ctx, verbs[which].list(d, args, a));
}

static void begin_list(struct daemon *d, const struct verb *v, const json_t *args,
		       struct ctl_client *c)
{
	if (!ctl_takes_turn(c))
		return;
	if (v->with_sas)
		kernel_sa_dump(d, sas_arrived, c, (uint64_t)(v - verbs));
	else
		ctl_send(c, v->list(d, args, NULL));
}

void verbs_run(struct daemon *d, const json_t *request, struct ctl_client *c)
{
	const json_t *args = json_object_get(request, "args");
	char words[128];

	if (!join_words(request, words, sizeof(words))) {
		ctl_answer(c, verbs_error("\"verb\": expected an array of words, as in "
					  "[\"show\", \"dmvpn\"]"));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		json_t *error;

		if (strcmp(verbs[i].words, words) != 0)
			continue;
		error = refuse_args(&verbs[i], args);
		if (error)
			ctl_answer(c, error);
		else if (verbs[i].start)
			verbs[i].start(d, args, c);
		else if (verbs[i].list)
			begin_list(d, &verbs[i], args, c);
		else
			ctl_answer(c, verbs[i].run(d, args));
		return;
	}
	ctl_answer(c,
		   verbs_error("dmvpnd %s does not know \"%s\"; is dmvpnctl of the same version?",
			       DMVPND_VERSION, words));
}
