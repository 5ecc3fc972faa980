/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Phase 1: SAs, peers, policies, keys, counters. */
#include "daemon/show.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/diagnose.h"
#include "daemon/diagnose_cert.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/text.h"
#include "daemon/verbs.h"
#include "ikev1/ike.h"
#include "lib/algo.h"
#include "xfrm/xfrm.h"

static int by_conn_id(const void *x, const void *y)
{
	const struct ike_sa_info *a = x, *b = y;

	return a->conn_id < b->conn_id ? -1 : a->conn_id > b->conn_id;
}

struct show_sas {
	struct ike_sa_info *sas;
	size_t count;
	msec now;
};

static void release(void *arg)
{
	struct show_sas *s = arg;

	free(s->sas);
	free(s);
}

struct show_sas *show_sas_take(struct daemon *d, struct answer *a)
{
	struct show_sas *s = answer_owns(a, xcalloc(1, sizeof(*s)), release);
	const void *cursor = NULL;
	size_t n = 0, room = 0;

	do {
		if (n == room) {
			room = room ? 2 * room : 64;
			s->sas = xreallocarray(s->sas, room, sizeof(*s->sas));
		}
	} while (ike_sa_next(d->ike, &cursor, &s->sas[n]) && ++n);
	qsort(s->sas, n, sizeof(*s->sas), by_conn_id);
	s->sas = xreallocarray(s->sas, n, sizeof(*s->sas));
	s->count = n;
	s->now = loop_now();
	return s;
}

const struct ike_sa_info *show_sas_at(const struct show_sas *s, size_t i)
{
	return i < s->count ? &s->sas[i] : NULL;
}

/* As the last column of IOS's detail has them. */
static const char *auth_short(enum auth_method auth)
{
	return auth == AUTH_PSK ? "psk" : auth == AUTH_RSA_SIG ? "rsig" : "";
}

static void add_suite(json_t *o, const struct isakmp_suite *s)
{
	const struct cipher *c = cipher_get(s->cipher);
	const struct hash *h = hash_get(s->hash);

	if (!c)
		return; /* nothing is agreed on yet */
	json_object_set_new(o, "encryption", json_string(c->name));
	json_object_set_new(o, "hash", json_string(h ? h->name : ""));
	json_object_set_new(o, "authentication", json_string(auth_method_name(s->auth)));
	json_object_set_new(o, "auth", json_string(auth_short(s->auth)));
	json_object_set_new(o, "group", json_integer(s->group));
}

static json_t *cookie(const uint8_t c[ISAKMP_COOKIE])
{
	return json_sprintf("%02x%02x%02x%02x%02x%02x%02x%02x", c[0], c[1], c[2], c[3], c[4], c[5],
			    c[6], c[7]);
}

/* What the peer calls itself; null before it has told. */
static json_t *phase1_id(const struct ike_sa_info *sa)
{
	char name[DIAGNOSE_TEXT];
	struct text t = text_of(name, sizeof(name));

	if (!sa->claims.len)
		return json_null();
	diagnose_identity(&t, &sa->claims);
	return json_string(name);
}

/* IOS's letters. */
static json_t *capabilities(const struct ike_sa_info *sa)
{
	return json_sprintf("%s%s%s", sa->dpd ? "D" : "", sa->nat_us || sa->nat_them ? "N" : "",
			    sa->fragments ? "F" : "");
}

json_t *show_sas_json(const struct show_sas *s, size_t i)
{
	const struct ike_sa_info *sa = &s->sas[i];
	bool initiator = sa->role == IKE_INITIATOR;
	const struct addr *responder = initiator ? &sa->remote.addr : &sa->local.addr;
	const struct addr *from = initiator ? &sa->local.addr : &sa->remote.addr;
	json_t *o = json_pack("{s:o, s:o, s:s, s:I, s:i, s:s}", "dst", show_addr(responder), "src",
			      show_addr(from), "state", ike_state_ios_name(sa->state), "conn_id",
			      (json_int_t)sa->conn_id, "slot", 0, "status", "ACTIVE");

	json_object_set_new(o, "local", show_addr(&sa->local.addr));
	json_object_set_new(o, "local_port", json_integer(sa->local.port));
	json_object_set_new(o, "remote", show_addr(&sa->remote.addr));
	json_object_set_new(o, "remote_port", json_integer(sa->remote.port));
	json_object_set_new(o, "role", json_string(initiator ? "initiator" : "responder"));
	json_object_set_new(o, "mm_state", json_string(ike_state_name(sa->state)));
	json_object_set_new(o, "last_event", json_string(ike_fsm_event_name(sa->last.event)));
	add_suite(o, &sa->suite);
	json_object_set_new(o, "lifetime", json_integer(sa->lifetime));
	json_object_set_new(o, "age", show_ago(s->now, sa->since));
	json_object_set_new(o, "remaining", show_ahead(s->now, sa->expires));
	json_object_set_new(o, "rekeying", json_boolean(sa->rekeying));
	json_object_set_new(o, "phase1_id", phase1_id(sa));
	json_object_set_new(o, "capabilities", capabilities(sa));
	json_object_set_new(o, "initiator_cookie", cookie(sa->icookie));
	json_object_set_new(o, "responder_cookie", cookie(sa->rcookie));
	return o;
}

static json_t *sa_item(const void *of, size_t i)
{
	return show_sas_json(of, i);
}

struct answer *show_crypto_isakmp_sa(struct daemon *d, const json_t *args,
				     const struct kernel_answer *unused)
{
	struct answer *a = answer_new();
	struct show_sas *s;
	struct addr peer;
	json_t *error;
	size_t n = 0;

	(void)unused;
	if (!verbs_address(args, "peer", &peer, &error))
		return answer_is(a, error);
	s = show_sas_take(d, a);
	for (size_t i = 0; i < s->count; i++)
		if (addr_is_none(&peer) || addr_equal(&s->sas[i].remote.addr, &peer))
			s->sas[n++] = s->sas[i];
	s->count = n;
	return answer_is(a, json_pack("{s:o}", "sas", answer_list(a, sa_item, s, 0, s->count)));
}

/* By addresses, of one pair of them the oldest SA first. */
static int by_peer(const void *x, const void *y)
{
	const struct ike_sa_info *a = x, *b = y;
	int order = show_addr_order(&a->remote.addr, &b->remote.addr);

	if (!order)
		order = show_addr_order(&a->local.addr, &b->local.addr);
	return order ? order : by_conn_id(x, y);
}

static bool same_peer(const struct ike_sa_info *a, const struct ike_sa_info *b)
{
	return addr_equal(&a->remote.addr, &b->remote.addr) && a->remote.port == b->remote.port &&
	       addr_equal(&a->local.addr, &b->local.addr);
}

static json_t *peer_item(const void *of, size_t i)
{
	const struct ike_sa_info *sa = show_sas_at(of, i);

	return json_pack("{s:o, s:i, s:o, s:o}", "peer", show_addr(&sa->remote.addr), "port",
			 (int)sa->remote.port, "local", show_addr(&sa->local.addr), "phase1_id",
			 phase1_id(sa));
}

struct answer *show_crypto_isakmp_peers(struct daemon *d, const json_t *args,
					const struct kernel_answer *unused)
{
	struct answer *a = answer_new();
	struct show_sas *s = show_sas_take(d, a);
	size_t n = 0;

	(void)args;
	(void)unused;
	qsort(s->sas, s->count, sizeof(*s->sas), by_peer);
	for (size_t i = 0; i < s->count; i++) {
		if (!n || !same_peer(&s->sas[n - 1], &s->sas[i]))
			s->sas[n++] = s->sas[i];
		else if (s->sas[i].claims.len)
			/* The last of several is the newest; what it has not told yet an older one may have. */
			s->sas[n - 1].claims = s->sas[i].claims;
	}
	s->count = n;
	return answer_is(a, json_pack("{s:o}", "peers", answer_list(a, peer_item, s, 0, s->count)));
}

/* A key is never told, nor how long it is. */
json_t *show_crypto_isakmp_key(struct daemon *d, const json_t *args)
{
	json_t *list = json_array();

	(void)args;
	for (size_t i = 0; i < d->conf->isakmp_key_count; i++) {
		const struct prefix *p = &d->conf->isakmp_keys[i].peers;

		json_array_append_new(list, json_pack("{s:s, s:o, s:i, s:s}", "keyring", "default",
						      "address", show_addr(&p->addr),
						      "prefix_length", (int)p->bits, "key",
						      CONF_SECRET_MASK));
	}
	return json_pack("{s:o}", "keys", list);
}

static const char *auth_long(enum auth_method auth)
{
	return auth == AUTH_PSK ? "Pre-Shared Key" : "Rivest-Shamir-Adleman Signature";
}

static json_t *policy_json(const struct conf_isakmp_policy *p)
{
	const struct cipher *c = cipher_get(p->suite.cipher);
	const struct hash *h = hash_get(p->suite.hash);
	const struct group *g = group_get(p->suite.group);

	return json_pack("{s:i, s:s?, s:s?, s:s?, s:s?, s:s, s:s, s:i, s:i, s:i}", "priority",
			 (int)p->number, "encryption", c ? c->name : NULL, "encryption_text",
			 c ? c->ios_long : NULL, "hash", h ? h->name : NULL, "hash_text",
			 h ? h->ios_long : NULL, "authentication", auth_method_name(p->suite.auth),
			 "authentication_text", auth_long(p->suite.auth), "group",
			 (int)p->suite.group, "group_bits", g ? g->bits : 0, "lifetime",
			 (int)p->lifetime);
}

json_t *show_crypto_isakmp_policy(struct daemon *d, const json_t *args)
{
	json_t *list = json_array();

	(void)args;
	for (size_t i = 0; i < d->conf->isakmp_policy_count; i++)
		json_array_append_new(list, policy_json(&d->conf->isakmp_policies[i]));
	return json_pack("{s:o}", "policies", list);
}

static json_t *dropped(const struct ike_counters *c)
{
	json_t *o = json_object();

	for (int i = 0; i < IKE_DROP_COUNT; i++)
		json_object_set_new(o, diagnose_drop_name((enum ike_drop)i),
				    show_u64(c->dropped[i]));
	return o;
}

static json_t *failed(const struct ike_counters *c)
{
	json_t *o = json_object();

	for (int i = IKE_CAUSE_NONE + 1; i < IKE_CAUSE_COUNT; i++)
		json_object_set_new(o, diagnose_cause_name((enum ike_cause)i),
				    show_u64(c->failed[i]));
	return o;
}

static json_t *kernel_counters(struct daemon *d)
{
	const struct peers_counters *p = peers_counters(d);
	const struct xfrm_counters *x = xfrm_counters(d->xfrm);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "requests",
			 show_u64(x->requests), "errors", show_u64(x->errors), "acquires",
			 show_u64(p->acquires), "acquires_ignored", show_u64(p->acquires_ignored),
			 "expires", show_u64(x->expires), "resyncs", show_u64(x->resyncs),
			 "sas_installed", show_u64(p->sas_installed), "sas_refused",
			 show_u64(p->sas_refused));
}

json_t *show_crypto_isakmp_stats(struct daemon *d, const json_t *args)
{
	const struct ike_counters *c = ike_counters(d->ike);

	(void)args;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "received", show_u64(c->received), "sent", show_u64(c->sent),
			 "retransmitted", show_u64(c->retransmitted), "duplicates",
			 show_u64(c->duplicates), "phase1_up", show_u64(c->phase1_up), "phase2_up",
			 show_u64(c->phase2_up), "rekeyed", show_u64(c->rekeyed), "half_open",
			 show_u64(c->half_open), "evicted", show_u64(c->evicted), "sas", show_u64(c->sas), "pairs",
			 show_u64(c->pairs), "dropped", dropped(c), "failed", failed(c), "kernel",
			 kernel_counters(d));
}
