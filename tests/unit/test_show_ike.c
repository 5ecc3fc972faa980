/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show crypto isakmp sa, peers and key: of several SAs, of one that knows nothing yet, of secrets.
 * LINK: daemon/show_ike.c daemon/show_values.c daemon/answer.c daemon/diagnose.c daemon/diagnose_cert.c
 * LINK: daemon/diagnose_offer.c daemon/diagnose_nhrp.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c
 * LINK: lib/algo.c lib/addr.c lib/wire.c daemon/dmvpnctl_session.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_show.c
 */
#include <criterion/criterion.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/dmvpnctl.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/show.h"
#include "daemon/verbs.h"
#include "ikev1/ike.h"
#include "lib/util.h"
#include "tests/unit/answer_whole.h"

#define NOW SECONDS(1000)

static struct ike_sa_info sas[3];

bool ike_sa_next(const struct ike *ike, const void **cursor, struct ike_sa_info *out)
{
	size_t i = (size_t)*cursor;

	(void)ike;
	*cursor = (const void *)(i + 1);
	return i < ARRAY_SIZE(sas) && (*out = sas[i], true);
}

const struct ike_counters *ike_counters(const struct ike *ike)
{
	(void)ike;
	return NULL;
}

const struct peers_counters *peers_counters(const struct daemon *d)
{
	(void)d;
	return NULL;
}

const struct xfrm_counters *xfrm_counters(const struct xfrm *x)
{
	(void)x;
	return NULL;
}

msec loop_now(void)
{
	return NOW;
}

bool verbs_address(const json_t *args, const char *name, struct addr *out, json_t **error)
{
	const char *text = json_string_value(json_object_get(args, name));

	*out = (struct addr){ 0 };
	*error = text && !addr_parse(text, out) ? json_pack("{s:s}", "error", "no address") : NULL;
	return !*error;
}

static uint8_t secret[] = "ISAKMP-KEY";
static struct conf_isakmp_key key = { .key = secret, .len = sizeof(secret) - 1 };
static struct conf conf = { .isakmp_keys = &key, .isakmp_key_count = 1 };
static struct daemon d = { .conf = &conf };

/* Two with the hub, the newer of which does not know yet whom it talks to; one with a spoke. */
static void node(void)
{
	prefix_parse("0.0.0.0/0", &key.peers);
	sas[1] = (struct ike_sa_info){
		.conn_id = 1003,
		.local = { addr_v4(0x0a000004), 500 },
		.remote = { addr_v4(0x0a000102), 500 },
		.state = MM_ACTIVE,
		.claims = { 1, 4, { 10, 0, 1, 2 } },
		.dpd = true,
		.nat_them = true,
		.fragments = true,
		.since = NOW,
		.expires = MSEC_NEVER,
	};
	sas[0] = sas[1];
	sas[0].conn_id = 1004;
	sas[0].claims.len = 0;
	sas[0].dpd = sas[0].nat_them = sas[0].fragments = false;
	sas[2] = sas[0];
	sas[2].remote.addr = addr_v4(0x0a000006);
}

Test(show_ike, peers, .init = node)
{
	json_t *answer = answer_whole(show_crypto_isakmp_peers(&d, NULL, NULL));
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	render_isakmp_peers(answer, out);
	fclose(out);
	cr_assert_str_eq(text, "Peer: 10.0.0.6 Port: 500 Local: 10.0.0.4\n"
			       "Peer: 10.0.1.2 Port: 500 Local: 10.0.0.4\n Phase1 id: 10.0.1.2\n");
	json_decref(answer);
}

Test(show_ike, sas_of_one_peer, .init = node)
{
	json_t *args = json_pack("{s:s}", "peer", "10.0.1.2"), *list, *answer;

	answer = answer_whole(show_crypto_isakmp_sa(&d, args, NULL));
	list = json_object_get(answer, "sas");
	cr_assert_eq(json_array_size(list), 2);
	cr_expect_str_eq(member_text(json_array_get(list, 0), "capabilities"), "DNF");
	cr_expect_str_eq(member_text(json_array_get(list, 0), "phase1_id"), "10.0.1.2");
	cr_expect_str_eq(member_text(json_array_get(list, 1), "capabilities"), "");
	cr_expect_not(member_has(json_array_get(list, 1), "phase1_id"));
	json_decref(answer);
	json_object_set_new(args, "peer", json_string("hub"));
	answer = answer_whole(show_crypto_isakmp_sa(&d, args, NULL));
	cr_assert_str_eq(member_text(answer, "error"), "no address");
	json_decref(answer);
	json_decref(args);
}

Test(show_ike, keys_without_the_key, .init = node)
{
	json_t *answer = show_crypto_isakmp_key(&d, NULL);
	char *text = json_dumps(answer, 0);

	cr_assert_not_null(strstr(text, "\"0.0.0.0\""), "%s", text);
	cr_assert_not_null(strstr(text, CONF_SECRET_MASK), "%s", text);
	cr_assert_null(strstr(text, "KEY"), "%s", text);
	free(text);
	json_decref(answer);
}
