/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/verbs_debug.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ctl.h"
#include "daemon/daemon.h"
#include "daemon/debug.h"
#include "daemon/loop.h"
#include "daemon/show.h"
#include "daemon/text.h"
#include "daemon/trace.h"
#include "daemon/verbs.h"
#include "nhrp/nhrp.h"

static json_t *message(const char *text)
{
	return json_pack("{s:s}", "message", text);
}

json_t *verb_debug_isakmp(struct daemon *d, const json_t *args)
{
	json_int_t level = 1;
	json_t *error;
	char text[96];

	(void)d;
	if (!verbs_number(args, "level", 1, 255, &level, &error))
		return error;
	debug_set_isakmp((unsigned int)level);
	snprintf(text, sizeof(text), "Crypto ISAKMP debugging is on (level %lld)",
		 (long long)level);
	return message(text);
}

json_t *verb_debug_ipsec(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_set_ipsec(true);
	return message("Crypto IPSEC debugging is on");
}

json_t *verb_debug_nhrp(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_add_nhrp(DEBUG_NHRP_ALL);
	return message("NHRP protocol debugging is on");
}

json_t *verb_debug_nhrp_packet(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_add_nhrp(DEBUG_NHRP_PACKET);
	return message("NHRP activity debugging is on");
}

json_t *verb_debug_nhrp_cache(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_add_nhrp(DEBUG_NHRP_CACHE);
	return message("NHRP cache debugging is on");
}

json_t *verb_debug_nhrp_extension(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_add_nhrp(DEBUG_NHRP_EXTENSION);
	return message("NHRP extension processing debugging is on");
}

json_t *verb_debug_nhrp_error(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_add_nhrp(DEBUG_NHRP_ERROR);
	return message("NHRP error debugging is on");
}

/* ---- conditions ---- */

static json_t *too_many(void)
{
	return verbs_error(
		"there are %d conditions, which is the most; \"debug crypto condition reset\" "
		"takes all away",
		DEBUG_CONDITIONS_MAX);
}

static bool prefix_argument(const json_t *args, const char *name, struct prefix *out)
{
	const char *text = json_string_value(json_object_get(args, name));

	if (!text || !prefix_parse(text, out))
		return false;
	*out = prefix_network(out);
	return true;
}

json_t *verb_debug_peer(struct daemon *d, const json_t *args)
{
	struct prefix prefix;

	(void)d;
	if (!prefix_argument(args, "peer", &prefix))
		return verbs_error(
			"peer: expected an address like \"10.0.0.4\" or \"10.0.0.0/24\"");
	return debug_add_prefix(DEBUG_PEER, &prefix) ? json_object() : too_many();
}

/* Who has these addresses now is known from NHRP's cache, who will have them from its events. */
json_t *verb_debug_tunnel(struct daemon *d, const json_t *args)
{
	const void *cursor = NULL;
	struct nhrp_entry e;
	struct prefix prefix;

	if (!prefix_argument(args, "tunnel", &prefix))
		return verbs_error("tunnel: expected an address like \"172.16.0.2\" or "
				   "\"172.16.0.0/24\"");
	if (!debug_add_prefix(DEBUG_TUNNEL, &prefix))
		return too_many();
	while (nhrp_entry_next(d->nhrp, &cursor, &e))
		if (prefix_contains(&prefix, &e.protocol) && !addr_is_none(&e.nbma))
			debug_shows_nhrp(
				&(struct nhrp_event){ .protocol = e.protocol, .nbma = e.nbma });
	return json_object();
}

json_t *verb_debug_username(struct daemon *d, const json_t *args)
{
	const char *text = json_string_value(json_object_get(args, "username"));

	(void)d;
	if (!text || !*text || strlen(text) >= DEBUG_IDENTITY_MAX)
		return verbs_error(
			"username: expected a phase 1 identity of up to %d characters, like "
			"\"spoke1.example.net\"",
			DEBUG_IDENTITY_MAX - 1);
	return debug_add_identity(text) ? json_object() : too_many();
}

json_t *verb_debug_reset(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_clear_conditions();
	return json_object();
}

json_t *verb_show_debugging(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	return debug_json();
}

json_t *verb_undebug(struct daemon *d, const json_t *args)
{
	(void)d;
	(void)args;
	debug_off();
	return message("All possible debugging has been turned off");
}

/* ---- live ---- */

static void tell_line(void *ctx, const struct trace_line *line)
{
	struct daemon *d = ctx;
	char text[TRACE_TEXT];

	if (!ctl_is_followed(d->ctl, CTL_LOG))
		return;
	snprintf(text, sizeof(text), "%s", line->text);
	text_make_printable(text);
	ctl_tell(d->ctl, CTL_LOG,
		 json_pack("{s:o, s:s?, s:i, s:i, s:s}", "time",
			   show_wall_clock(show_epoch(), loop_now()), "tag", line->tag, "level",
			   (int)line->level, "severity", line->severity, "text", text));
}

void verb_debug(struct daemon *d, const json_t *args, struct ctl_client *c)
{
	(void)args;
	trace_follow(tell_line, d);
	verbs_follow(c, CTL_LOG);
}
