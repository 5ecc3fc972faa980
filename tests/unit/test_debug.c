/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What debugging shows, and of whom; the verbs around it; following it live.
 *
 * LINK: daemon/debug.c daemon/verbs_debug.c daemon/show_values.c daemon/trace.c daemon/trace_ike.c
 * LINK: daemon/trace_nhrp.c daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c
 * LINK: daemon/diagnose_nhrp.c daemon/dmvpnctl_show.c daemon/dmvpnctl_crypto.c ikev1/state.c
 * LINK: ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/debug.h"
#include "daemon/dmvpnctl.h"
#include "daemon/loop.h"
#include "daemon/trace.h"
#include "daemon/verbs.h"
#include "daemon/verbs_debug.h"
#include "nhrp/nhrp.h"

#define HUB    addr_v4(0x0a000102)
#define SITE_B addr_v4(0x0a000006)
#define TUNNEL addr_v4(0xac100003)

static struct daemon d;
static json_t *told;
static bool cached;

/* ---- stand-ins ---- */

msec loop_now(void)
{
	return SECONDS(1000);
}

json_t *verbs_error(const char *fmt, ...)
{
	return json_pack("{s:s}", "error", fmt);
}

bool verbs_number(const json_t *args, const char *name, json_int_t low, json_int_t high,
		  json_int_t *out, json_t **error)
{
	const json_t *value = json_object_get(args, name);

	*out = value ? json_integer_value(value) : *out;
	*error = NULL;
	return *out >= low && *out <= high;
}

void verbs_follow(struct ctl_client *c, enum ctl_stream stream)
{
	(void)c;
	cr_assert_eq(stream, CTL_LOG);
}

bool ctl_is_followed(const struct ctl *ctl, enum ctl_stream stream)
{
	(void)ctl;
	return stream == CTL_LOG;
}

void ctl_tell(struct ctl *ctl, enum ctl_stream stream, json_t *line)
{
	(void)ctl;
	(void)stream;
	json_decref(told);
	told = line;
}

bool nhrp_entry_next(const struct nhrp *n, const void **cursor, struct nhrp_entry *out)
{
	(void)n;
	if (*cursor || !cached)
		return false;
	*cursor = &cached;
	*out = (struct nhrp_entry){ .protocol = TUNNEL, .nbma = SITE_B };
	return true;
}

/* ---- help ---- */

static void run(debug_verb *verb, const char *name, const char *value)
{
	json_t *args = name ? json_pack("{s:s}", name, value) : NULL, *answer = verb(&d, args);

	cr_assert_not(member_has(answer, "error"), "%s %s", name, value);
	json_decref(answer);
	json_decref(args);
}

static bool shows_ike(struct addr remote, int phase, uint8_t level)
{
	struct ike_event e = {
		.kind = IKE_EVENT_KEYS, .level = level, .phase = phase, .remote = { remote, 500 }
	};

	return debug_shows_ike(&e);
}

static bool shows_nhrp(enum nhrp_event_kind kind, struct addr nbma, struct addr protocol)
{
	return debug_shows_nhrp(
		&(struct nhrp_event){ .kind = kind, .nbma = nbma, .protocol = protocol });
}

/* ---- tests ---- */

Test(debug, kinds)
{
	cr_assert_not(debug_is_on());
	run(verb_debug_ipsec, NULL, NULL);
	cr_assert(shows_ike(HUB, 2, 200));
	cr_assert_not(shows_ike(HUB, 2, 254));
	cr_assert_not(shows_ike(HUB, 1, 1));
	debug_set_isakmp(100);
	cr_assert(shows_ike(HUB, 1, 100));
	cr_assert_not(shows_ike(HUB, 1, 101));
	run(verb_debug_nhrp_error, NULL, NULL);
	cr_assert(shows_nhrp(NHRP_EV_MALFORMED, HUB, TUNNEL));
	cr_assert(shows_nhrp(NHRP_EV_CLIENT_REFUSED, HUB, TUNNEL));
	cr_assert_not(shows_nhrp(NHRP_EV_SENT, HUB, TUNNEL));
	cr_assert_not(shows_nhrp(NHRP_EV_NHS_UP, HUB, TUNNEL));
	run(verb_debug_nhrp_cache, NULL, NULL);
	cr_assert(shows_nhrp(NHRP_EV_NHS_UP, HUB, TUNNEL));
	run(verb_debug_nhrp_packet, NULL, NULL);
	cr_assert(shows_nhrp(NHRP_EV_SENT, HUB, TUNNEL));
	cr_assert_not(shows_nhrp(NHRP_EV_NAT, HUB, TUNNEL));
	run(verb_debug_nhrp_extension, NULL, NULL);
	cr_assert(shows_nhrp(NHRP_EV_NAT, HUB, TUNNEL));
	run(verb_undebug, NULL, NULL);
	cr_assert_not(debug_is_on());
}

Test(debug, condition_peer)
{
	debug_set_isakmp(255);
	debug_add_nhrp(DEBUG_NHRP_ALL);
	run(verb_debug_peer, "peer", "10.0.1.0/24");
	cr_assert(shows_ike(HUB, 1, 1));
	cr_assert_not(shows_ike(SITE_B, 1, 1));
	cr_assert(shows_nhrp(NHRP_EV_SENT, HUB, TUNNEL));
	cr_assert_not(shows_nhrp(NHRP_EV_SENT, SITE_B, TUNNEL));
	run(verb_debug_peer, "peer", "10.0.0.6");
	cr_assert(shows_ike(SITE_B, 1, 1));
	run(verb_debug_reset, NULL, NULL);
	cr_assert(shows_ike(addr_v4(1), 1, 1));
}

/* A tunnel address stands for whoever has it: as the cache knows, and as NHRP learns. */
Test(debug, condition_tunnel)
{
	debug_set_isakmp(255);
	debug_add_nhrp(DEBUG_NHRP_CACHE);
	cached = true;
	run(verb_debug_tunnel, "tunnel", "172.16.0.3");
	cr_assert(shows_ike(SITE_B, 1, 1));
	cr_assert_not(shows_ike(HUB, 1, 1));
	cr_assert(shows_nhrp(NHRP_EV_CLIENT_REGISTERED, HUB, TUNNEL));
	cr_assert(shows_ike(HUB, 1, 1));
	cr_assert_not(shows_ike(SITE_B, 1, 1));
}

Test(debug, condition_username)
{
	struct ike_event e = { .kind = IKE_EVENT_ID, .level = 200, .remote = { SITE_B, 500 } };

	debug_set_isakmp(255);
	run(verb_debug_username, "username", "spoke.example.net");
	cr_assert_not(shows_ike(SITE_B, 1, 1));
	e.id.is = (struct ike_id){ .type = ISAKMP_ID_FQDN, .len = 17, .data = "spoke.example.net" };
	debug_shows_ike(&e); /* not proven */
	cr_assert_not(shows_ike(SITE_B, 1, 1));
	e.id.accepted = true;
	cr_assert(debug_shows_ike(&e));
	cr_assert(shows_ike(SITE_B, 1, 1));
	cr_assert_not(shows_ike(HUB, 1, 1));
}

Test(debug, what_makes_no_sense)
{
	static const struct {
		debug_verb *verb;
		const char *name, *value;
	} wrong[] = {
		{ verb_debug_peer, "peer", "10.0.0" },
		{ verb_debug_peer, "tunnel", "10.0.0.1" },
		{ verb_debug_tunnel, "tunnel", "" },
		{ verb_debug_username, "username", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		json_t *args = json_pack("{s:s}", wrong[i].name, wrong[i].value);
		json_t *answer = wrong[i].verb(&d, args);

		cr_expect(member_has(answer, "error"), "%zu", i);
		json_decref(answer);
		json_decref(args);
	}
	for (int i = 0; i < DEBUG_CONDITIONS_MAX; i++)
		cr_assert(debug_add_identity("a"));
	cr_assert_not(debug_add_identity("a"));
}

Test(debug, show)
{
	json_t *answer;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	debug_set_isakmp(200);
	debug_set_ipsec(true);
	debug_add_nhrp(DEBUG_NHRP_CACHE | DEBUG_NHRP_ERROR);
	run(verb_debug_peer, "peer", "10.0.0.6");
	answer = verb_show_debugging(&d, NULL);
	render_debugging(answer, out);
	fclose(out);
	cr_assert_str_eq(text, "Cryptographic Subsystem:\n"
			       "  Crypto ISAKMP debugging is on (level 200)\n"
			       "  Crypto IPSEC debugging is on\n"
			       "NHRP:\n  NHRP cache debugging is on\n  NHRP error debugging is on\n"
			       "Crypto conditional debug is on for:\n  peer 10.0.0.6/32\n");
	free(text);
	json_decref(answer);
}

Test(debug, live)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	verb_debug(&d, NULL, NULL);
	log_msg(LOG_NOTICE, "a name with \033[2J in it");
	render_log_line(told, out);
	fclose(out);
	cr_assert_not_null(strstr(text, " a name with ?[2J in it\n"));
	free(text);
	json_decref(told);
	trace_follow(NULL, NULL);
}
