/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show crypto session: what it makes of the other shows, which are stand-ins here.
 * LINK: daemon/show_session.c daemon/show_values.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/show.h"
#include "daemon/tunnel.h"

static const char *ipsec, *isakmp, *dmvpn;

msec loop_now(void)
{
	return 0;
}

static json_t *given(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	cr_assert_not_null(o, "%s", text);
	return o;
}

json_t *show_crypto_ipsec_sa(struct daemon *d, const struct addr *remote, const struct tunnel *only,
			     const struct kernel_answer *kernel)
{
	(void)d;
	(void)kernel;
	cr_assert(addr_is_none(remote) && !only);
	return given(ipsec);
}

json_t *show_crypto_isakmp_sa(struct daemon *d, const json_t *args)
{
	(void)d;
	cr_assert_null(args);
	return given(isakmp);
}

json_t *show_dmvpn(struct daemon *d, const json_t *args)
{
	(void)d;
	cr_assert_null(args);
	return given(dmvpn);
}

static struct conf_ipsec_profile profile;
static struct conf_tunnel protected = { .name = "Tunnel0", .profile = &profile };
static struct conf_tunnel shares = { .name = "Tunnel1", .profile = &profile };
static struct conf_tunnel bare = { .name = "Tunnel2" };
static struct tunnel tunnels[3];
static struct daemon d = { .tunnels = tunnels, .tunnel_count = 3 };

struct tunnel *tunnel_next_on(struct daemon *daemon, struct tunnel *after, const struct addr *local)
{
	struct tunnel *t = tunnel_next(daemon, after);

	while (t && !addr_equal(&t->local, local))
		t = tunnel_next(daemon, t);
	return t;
}

/* Two tunnels of one source, and one that is not protected. */
static void node(void)
{
	tunnels[0] = (struct tunnel){ .conf = &protected, .local = addr_v4(0x0a000004) };
	tunnels[1] = (struct tunnel){ .conf = &shares, .id = 1, .local = addr_v4(0x0a000004) };
	tunnels[2] = (struct tunnel){ .conf = &bare, .id = 2, .local = addr_v4(0x0a000104) };
	ipsec = "{\"interfaces\": []}";
	isakmp = "{\"sas\": []}";
	dmvpn = "{\"tunnels\": []}";
}

static const json_t *session(const json_t *answer, size_t i, const char *peer, const char *status)
{
	const json_t *s = json_array_get(json_object_get(answer, "sessions"), i);

	cr_assert_str_eq(json_string_value(json_object_get(s, "peer")) ?: "none", peer);
	cr_assert_str_eq(json_string_value(json_object_get(s, "status")), status);
	cr_assert_str_eq(json_string_value(json_object_get(s, "interface")), "Tunnel0");
	return s;
}

static json_int_t number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

#define SA(id, state, remote)                                                                \
	"{\"conn_id\": " id ", \"state\": \"" state "\", \"local\": \"10.0.0.4\", "          \
	"\"remote\": \"" remote "\", \"remote_port\": 4500, \"phase1_id\": \"name-" id "\"}"
#define PEER(remote, conn_id)                                                                \
	"{\"remote\": \"" remote "\", \"port\": 500, \"encaps\": 5, \"decaps\": 4, "         \
	"\"inbound\": [{\"conn_id\": " conn_id ", \"age\": 3, \"remaining_kilobytes\": 99, " \
	"\"remaining_seconds\": 60, \"replay_drops\": 2, \"auth_failures\": 1}], "           \
	"\"outbound\": [{\"conn_id\": " conn_id ", \"remaining_seconds\": 61}]}"

/* One of each status, in the order of the addresses, whatever the order of what they are made of. */
Test(show_session, statuses, .init = node)
{
	const json_t *s;
	json_t *answer;

	ipsec = "{\"interfaces\": [{\"local\": \"10.0.0.4\", \"peers\": ["
		PEER("10.0.1.2", "1") ", " PEER("10.0.0.100", "7") "]}]}";
	isakmp = "{\"sas\": [" SA("1", "QM_IDLE", "10.0.1.2") ", " SA("2", "QM_IDLE", "10.0.0.9") ", "
		 SA("3", "MM_NO_STATE", "10.0.0.30") "]}";
	dmvpn = "{\"tunnels\": [{\"peers\": [{\"nbma\": \"10.0.1.2\", \"since\": 1372}]}, "
		"{\"peers\": [{\"nbma\": \"10.0.0.7\", \"since\": 9}, {\"nbma\": \"UNKNOWN\"}]}, "
		"{\"peers\": [{\"nbma\": \"10.9.9.9\", \"since\": 1}]}]}";
	answer = show_crypto_session(&d, NULL);
	cr_assert_eq(json_array_size(json_object_get(answer, "sessions")), 5);
	s = session(answer, 0, "10.0.0.7", "DOWN");
	cr_assert(json_is_null(json_object_get(s, "uptime")));
	session(answer, 1, "10.0.0.9", "UP-IDLE");
	session(answer, 2, "10.0.0.30", "DOWN-NEGOTIATING");
	s = session(answer, 3, "10.0.0.100", "UP-NO-IKE");
	cr_assert_eq(number(s, "uptime"), 3);
	cr_assert_eq(number(s, "active_sas"), 2);
	s = session(answer, 4, "10.0.1.2", "UP-ACTIVE");
	cr_assert_eq(number(s, "uptime"), 1372);
	cr_assert_eq(number(s, "port"), 4500);
	cr_assert_eq(number(s, "in_drops"), 3);
	cr_assert_eq(number(s, "decaps"), 4);
	cr_assert_eq(number(json_object_get(s, "inbound_life"), "kilobytes"), 99);
	cr_assert_eq(number(json_object_get(s, "outbound_life"), "seconds"), 61);
	cr_assert_str_eq(json_string_value(json_object_get(s, "phase1_id")), "name-1");
	json_decref(answer);
}

/* Its ISAKMP SA is with the NAT's address: one session, not two. */
Test(show_session, peer_with_a_pseudo_address, .init = node)
{
	json_t *answer;

	ipsec = "{\"interfaces\": [{\"local\": \"10.0.0.4\", \"peers\": [" PEER("240.0.0.1", "8") "]}]}";
	isakmp = "{\"sas\": [" SA("8", "QM_IDLE", "10.0.2.2") "]}";
	dmvpn = "{\"tunnels\": [{\"peers\": [{\"nbma\": \"240.0.0.1\", \"since\": 20}]}]}";
	answer = show_crypto_session(&d, NULL);
	cr_assert_eq(json_array_size(json_object_get(answer, "sessions")), 1);
	session(answer, 0, "240.0.0.1", "UP-ACTIVE");
	json_decref(answer);
}

/*
 * Two behind one NAT, whose ISAKMP SAs are not those any more that made their SAs: each of them is in
 * the session with its own port.
 */
Test(show_session, peers_behind_one_nat_after_a_rekey, .init = node)
{
	static const struct {
		const char *peer, *id;
		json_int_t port;
	} want[] = { { "10.0.2.2", "192.168.2.2", 4500 }, { "240.0.0.1", "192.168.3.2", 10036 } };
	json_t *answer;

	ipsec = "{\"interfaces\": [{\"local\": \"10.0.0.4\", \"peers\": ["
		"{\"remote\": \"10.0.2.2\", \"outer\": \"10.0.2.2\", \"port\": 4500, "
		"\"inbound\": [{\"conn_id\": 1}], \"outbound\": [{\"conn_id\": 1}]}, "
		"{\"remote\": \"240.0.0.1\", \"outer\": \"10.0.2.2\", \"port\": 10036, "
		"\"inbound\": [{\"conn_id\": 2}], \"outbound\": [{\"conn_id\": 2}]}]}]}";
	isakmp = "{\"sas\": ["
		 "{\"conn_id\": 8, \"state\": \"QM_IDLE\", \"local\": \"10.0.0.4\", \"remote\": "
		 "\"10.0.2.2\", \"remote_port\": 4500, \"phase1_id\": \"192.168.2.2\"}, "
		 "{\"conn_id\": 9, \"state\": \"QM_IDLE\", \"local\": \"10.0.0.4\", \"remote\": "
		 "\"10.0.2.2\", \"remote_port\": 10036, \"phase1_id\": \"192.168.3.2\"}]}";
	dmvpn = "{\"tunnels\": []}";
	answer = show_crypto_session(&d, NULL);
	cr_assert_eq(json_array_size(json_object_get(answer, "sessions")), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *s = session(answer, i, want[i].peer, "UP-ACTIVE");

		cr_expect_eq(json_array_size(json_object_get(s, "isakmp_sas")), 1);
		cr_expect_eq(number(s, "port"), want[i].port);
		cr_expect_str_eq(json_string_value(json_object_get(s, "phase1_id")), want[i].id);
	}
	json_decref(answer);
}

/* A source that is no tunnel's any more, and nothing at all. */
Test(show_session, nothing_to_show, .init = node)
{
	json_t *answer = show_crypto_session(&d, NULL);

	cr_assert_eq(json_array_size(json_object_get(answer, "sessions")), 0);
	json_decref(answer);
	isakmp = "{\"sas\": [{\"conn_id\": 1, \"state\": \"QM_IDLE\", \"local\": \"10.7.7.7\", "
		 "\"remote\": \"10.0.1.2\"}]}";
	answer = show_crypto_session(&d, NULL);
	cr_assert_eq(json_array_size(json_object_get(answer, "sessions")), 0);
	json_decref(answer);
}
