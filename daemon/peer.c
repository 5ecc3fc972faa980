/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/peer.h"

#include <errno.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/diagnose.h"
#include "daemon/diagnose_cert.h"
#include "daemon/kernel.h"
#include "daemon/keylog.h"
#include "daemon/loop.h"
#include "daemon/notice.h"
#include "daemon/peer_table.h"
#include "daemon/pool.h"
#include "daemon/pseudo.h"
#include "daemon/reconcile.h"
#include "daemon/recorder.h"
#include "daemon/trace.h"
#include "daemon/translate.h"
#include "daemon/tunnel.h"
#include "daemon/udp.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

#define GRE 47

struct peers *peers_new(void)
{
	struct peers *ps = xcalloc(1, sizeof(*ps));

	ps->acquire_log = limit_of(SECONDS(30), 3);
	return ps;
}

/* ---- the two tables ---- */

struct peer *peers_find(const struct peers *ps, const struct addr *local,
		       const struct addr *remote)
{
	struct peer_key key = { *local, *remote };
	struct peer *p;

	HASH_FIND(hh, ps->table, &key, sizeof(key), p);
	return p;
}

static struct peer *peer_get(struct peers *ps, const struct addr *local, const struct addr *remote)
{
	struct peer *p = peers_find(ps, local, remote);

	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->key = (struct peer_key){ *local, *remote };
	HASH_ADD(hh, ps->table, key, sizeof(p->key), p);
	return p;
}

void peers_put(struct daemon *d, struct peer *p)
{
	if (p->up || p->sas)
		return;
	pseudo_leave(d, &p->key.local, &p->key.remote);
	if (d->peers->look == p)
		d->peers->look = p->hh.next;
	HASH_DEL(d->peers->table, p);
	free(p);
}

/* What the kernel knows an SA by, without holes. */
static struct sa_key key_of(const struct xfrm_sa_id *id)
{
	struct sa_key key = { .src = id->src, .dst = id->dst };
	struct writer w = writer_of(key.spi, sizeof(key.spi));

	write_u32(&w, id->spi);
	return key;
}

struct sa *peers_find_sa(const struct peers *ps, const struct xfrm_sa_id *id)
{
	struct sa_key key = key_of(id);
	struct sa *sa;

	HASH_FIND(hh, ps->sas, &key, sizeof(key), sa);
	return sa;
}

static void sa_insert(struct peers *ps, struct peer *p, const struct xfrm_sa_id *id)
{
	struct sa *sa = peers_find_sa(ps, id);

	if (sa)
		return;
	sa = xcalloc(1, sizeof(*sa));
	sa->key = key_of(id);
	sa->id = *id;
	sa->peer = p;
	sa->serial = ++ps->serial;
	sa->next = p->sas;
	p->sas = sa;
	HASH_ADD(hh, ps->sas, key, sizeof(sa->key), sa);
}

static void sa_remove(struct daemon *d, struct sa *sa)
{
	struct peer *p = sa->peer;
	struct sa **at = &p->sas;

	while (*at != sa)
		at = &(*at)->next;
	*at = sa->next;
	HASH_DEL(d->peers->sas, sa);
	free(sa);
	peers_put(d, p);
}

bool peers_need(struct daemon *d, const struct tunnel *except, const struct addr *local,
		    const struct addr *remote)
{
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, local));)
		if (t != except && tunnel_is_protected(t) &&
		    nhrp_knows_nbma(d->nhrp, t->id, *remote))
			return true;
	return false;
}

void peers_free(struct peers *ps)
{
	struct peer *p, *next_peer;
	struct sa *sa, *next_sa;

	if (!ps)
		return;
	HASH_ITER (hh, ps->sas, sa, next_sa) {
		HASH_DEL(ps->sas, sa);
		free(sa);
	}
	HASH_ITER (hh, ps->table, p, next_peer) {
		HASH_DEL(ps->table, p);
		free(p);
	}
	free(ps);
}

bool peers_own_sa(const struct daemon *d, const struct xfrm_sa_id *id)
{
	return peers_find_sa(d->peers, id) != NULL;
}

bool peers_is_up(const struct daemon *d, const struct addr *local, const struct addr *remote)
{
	const struct peer *p = peers_find(d->peers, local, remote);

	return p && p->up;
}

bool peers_is_behind_nat(const struct daemon *d, const struct addr *local, const struct addr *remote)
{
	const struct peer *p = peers_find(d->peers, local, remote);

	return p && p->nat;
}

const struct peers_counters *peers_counters(const struct daemon *d)
{
	return &d->peers->count;
}

/* ---- what IKE wants ---- */

/* An SA on its way to the kernel. */
struct install {
	struct addr local, remote;
	struct xfrm_sa_id id, old;
	bool replaces, nat;
};

static void installed(struct daemon *d, void *ctx, uint64_t token, const struct kernel_answer *a)
{
	struct install *in = ctx;
	struct peers *ps = d->peers;

	if (a->err == ECANCELED) {
		free(in);
		return;
	}
	if (a->err) {
		ps->count.sas_refused++;
		log_msg(LOG_WARNING, "%s", a->why);
		if (!peers_find(ps, &in->local, &in->remote))
			pseudo_leave(d, &in->local, &in->remote);
	} else {
		struct peer *p = peer_get(ps, &in->local, &in->remote);
		struct sa *old = in->replaces ? peers_find_sa(ps, &in->old) : NULL;

		ps->count.sas_installed++;
		p->nat = in->nat;
		sa_insert(ps, p, &in->id);
		if (old)
			sa_remove(d, old);
	}
	free(in);
	ike_sa_done(d->ike, loop_now(), token, a->err);
}

static bool has_pseudo(const struct ike_ipsec_sa *sa)
{
	return !addr_equal(&sa->remote, &sa->outer);
}

static void sa_add(struct daemon *d, const struct ike_ipsec_sa *sa, uint64_t token)
{
	const struct tunnel *t = tunnel_next_on(d, NULL, &sa->local);
	uint8_t keymat[TRANSLATE_KEYMAT_MAX];
	struct install *in;
	struct xfrm_sa out;

	/* The source address may have left while the negotiation went on. */
	if (!t || !translate_sa(&out, sa, t->reqid, keymat) ||
	    (has_pseudo(sa) && !pseudo_enter(d, &sa->local, &sa->remote, &sa->outer, t->reqid))) {
		util_wipe(keymat, sizeof(keymat));
		ike_sa_done(d->ike, loop_now(), token, t ? EINVAL : EADDRNOTAVAIL);
		return;
	}
	keylog_esp(d->keylog, &out);
	in = xcalloc(1, sizeof(*in));
	in->local = sa->local;
	in->remote = sa->remote;
	in->id = out.id;
	in->nat = sa->nat;
	in->replaces = sa->replaces_spi != 0;
	if (in->replaces)
		in->old = translate_sa_id(&sa->local, &sa->outer, sa->direction, sa->replaces_spi);
	kernel_sa_add(d, &out, in->replaces ? &in->old : NULL, installed, in, token);
	util_wipe(keymat, sizeof(keymat));
}

static void sa_update(struct daemon *d, const struct ike_ipsec_sa *sa)
{
	const struct tunnel *t = tunnel_next_on(d, NULL, &sa->local);
	uint8_t none[TRANSLATE_KEYMAT_MAX];
	struct xfrm_sa out;

	if (t && translate_sa(&out, sa, t->reqid, none))
		kernel_sa_update(d, &out);
}

/* Also from the table: an SA whose ACK is still to come gets in before it leaves. */
static void deleted(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a)
{
	struct xfrm_sa_id *id = ctx;
	struct sa *sa = peers_find_sa(d->peers, id);

	(void)arg;
	if (sa)
		sa_remove(d, sa);
	if (a->err && a->err != ESRCH && a->err != ECANCELED)
		log_msg(LOG_WARNING, "%s", a->why);
	free(id);
}

static void sa_delete(struct daemon *d, const struct ike_effect *e)
{
	struct xfrm_sa_id id = translate_sa_id(&e->local, &e->outer, e->del.direction, e->del.spi);

	kernel_sa_delete(d, &id, deleted, xmemdup(&id, sizeof(id)), 0);
}

static bool is_readable(const struct ike_id *id)
{
	bool name = id->type == ISAKMP_ID_FQDN || id->type == ISAKMP_ID_USER_FQDN ||
		    id->type == ISAKMP_ID_DER_ASN1_DN;

	/* One that was cut is not the whole identity. */
	for (size_t i = 0; name && i < id->len; i++)
		name = id->data[i] >= ' ' && id->data[i] < 0x7f;
	return id->type == ISAKMP_ID_IPV4_ADDR || (name && id->len < sizeof(id->data));
}

/*
 * What the peer has proven to be. A certificate proves the identity that is in it; a pre-shared key
 * only that the peer has it, which says who it is where the key is for that address alone.
 */
static void identify(struct daemon *d, struct peer *p, const struct ike_effect *e)
{
	const struct conf_trustpoint *tp = d->conf->trustpoint;
	const struct conf_isakmp_key *key;
	char name[DIAGNOSE_TEXT];
	struct text t = text_of(name, sizeof(name));

	p->identity[0] = '\0';
	if (e->up.auth == AUTH_RSA_SIG) {
		if (tp && !tp->ignore_identity && is_readable(&e->up.identity))
			diagnose_identity(&t, &e->up.identity);
	} else if (e->up.auth == AUTH_PSK && !p->nat) {
		key = conf_isakmp_key_for(d->conf, &e->remote);
		if (key && key->peers.bits == 32)
			addr_text(&e->remote, name);
	}
	if (strlen(name) < sizeof(p->identity))
		memcpy(p->identity, name, strlen(name) + 1);
}

void peers_tell_up(struct daemon *d, const struct tunnel *t, const struct peer *p)
{
	const struct span identity = { (const uint8_t *)p->identity,
					strlen(p->identity) };

	nhrp_peer_nat(d->nhrp, t->id, p->key.remote, p->nat);
	nhrp_peer_identity(d->nhrp, t->id, p->key.remote, identity);
	nhrp_peer_up(d->nhrp, loop_now(), t->id, p->key.remote);
}

static void peer_up(struct daemon *d, const struct ike_effect *e)
{
	struct peer *p = peer_get(d->peers, &e->local, &e->remote);

	p->up = true;
	identify(d, p, e);
	reconcile_peer_up(d, &e->local, &e->remote);
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, &e->local));)
		if (tunnel_is_protected(t))
			peers_tell_up(d, t, p);
}

static void peer_down(struct daemon *d, const struct addr *local, const struct addr *remote)
{
	struct peer *p = peers_find(d->peers, local, remote);
	msec now = loop_now();

	if (p) {
		p->up = false;
		peers_put(d, p);
	}
	for (struct tunnel *t = NULL; (t = tunnel_next_on(d, t, local));)
		if (tunnel_is_protected(t))
			nhrp_peer_down(d->nhrp, now, t->id, *remote);
}

/* DPD asks whether a peer was heard through its SAs: both are asked for, the last answer tells. */
struct traffic_query {
	struct addr local, remote;
	uint32_t spi_in;
	unsigned int waiting;
	uint64_t in, out;
};

static void traffic_counted(struct daemon *d, void *ctx, uint64_t inbound,
			    const struct kernel_answer *a)
{
	struct traffic_query *q = ctx;
	bool stop = a->err == ECANCELED;

	if (!a->err && a->count)
		*(inbound ? &q->in : &q->out) = a->sas[0].packets;
	if (--q->waiting)
		return;
	if (!stop)
		ike_traffic(d->ike, loop_now(), &q->local, &q->remote, q->spi_in, q->in, q->out);
	free(q);
}

static void query_traffic(struct daemon *d, const struct ike_effect *e)
{
	struct traffic_query *q = xcalloc(1, sizeof(*q));
	struct xfrm_sa_id in = { .src = e->outer, .dst = e->local, .spi = e->query.spi_in };
	struct xfrm_sa_id out = { .src = e->local, .dst = e->outer, .spi = e->query.spi_out };

	q->local = e->local;
	q->remote = e->remote;
	q->spi_in = e->query.spi_in;
	q->waiting = 2;
	kernel_sa_get(d, &in, traffic_counted, q, true);
	kernel_sa_get(d, &out, traffic_counted, q, false);
}

static void ike_effect(struct daemon *d, const struct ike_effect *e)
{
	switch (e->kind) {
	case IKE_EFFECT_SEND:
		udp_send(d, &e->send.local, &e->send.remote, e->send.natt, e->send.data);
		break;
	case IKE_EFFECT_JOB:
		pool_submit(d->pool, e->job);
		break;
	case IKE_EFFECT_SA_ADD:
		sa_add(d, &e->add.sa, e->add.token);
		break;
	case IKE_EFFECT_SA_UPDATE:
		sa_update(d, &e->add.sa);
		break;
	case IKE_EFFECT_SA_DELETE:
		sa_delete(d, e);
		break;
	case IKE_EFFECT_PEER_UP:
		peer_up(d, e);
		notice_peer(d, e);
		break;
	case IKE_EFFECT_PEER_DOWN:
	case IKE_EFFECT_PEER_FAILED:
		notice_peer(d, e);
		peer_down(d, &e->local, &e->remote);
		break;
	case IKE_EFFECT_QUERY_TRAFFIC:
		query_traffic(d, e);
		break;
	case IKE_EFFECT_KEY:
		keylog_isakmp(d->keylog, e->key.icookie, e->key.key);
		break;
	case IKE_EFFECT_EVENT:
		recorder_ike(d->recorder, &e->event, trace_ike_is_strange(&e->event));
		trace_ike_event(&e->event);
		notice_ike(d, &e->event);
		break;
	}
}

bool peers_drain_ike(struct daemon *d)
{
	struct ike_effect e;
	bool any = false;

	for (; ike_next_effect(d->ike, &e); any = true)
		ike_effect(d, &e);
	return any;
}

/* ---- who is still needed ---- */

/* NHRP may forget a peer and look for it again a moment later: it is looked at twice. */
static void look_at(struct daemon *d, struct peer *p)
{
	bool needed = peers_need(d, NULL, &p->key.local, &p->key.remote);

	if (needed || p->unneeded)
		ike_need(d->ike, loop_now(), &p->key.local, &p->key.remote, needed);
	p->unneeded = !needed;
}

void peers_look(struct daemon *d, size_t count)
{
	struct peers *ps = d->peers;

	if (!ps->look)
		ps->look = ps->table;
	while (ps->look && count--) {
		struct peer *p = ps->look;

		ps->look = p->hh.next;
		if (p->up)
			look_at(d, p);
	}
}

/* ---- what the kernel says ---- */

void peers_resolve(struct daemon *d, const struct tunnel *t, const struct addr *protocol)
{
	nhrp_resolve(d->nhrp, loop_now(), t->id, *protocol);
}

/* IKE knows the peer by its name, the kernel by where it is. */
static void tell_expired(struct daemon *d, const struct sa *sa, bool hard)
{
	const struct peer_key key = sa->peer->key;
	bool in = addr_equal(&sa->id.dst, &key.local);
	uint32_t spi = sa->id.spi;

	ike_sa_expired(d->ike, loop_now(), in ? &key.remote : &key.local,
		       in ? &key.local : &key.remote, spi, hard);
}

static void expired(struct daemon *d, struct sa *sa)
{
	tell_expired(d, sa, true);
	sa_remove(d, sa);
}

void peers_expire(struct daemon *d, const struct xfrm_expire *exp)
{
	struct sa *sa = peers_find_sa(d->peers, &exp->id);

	/* Leftovers of an earlier life expire, too. */
	if (!sa)
		return;
	if (exp->hard)
		expired(d, sa);
	else
		tell_expired(d, sa, false);
}

void peers_mapping(struct daemon *d, const struct xfrm_mapping *map)
{
	const struct sa *sa = peers_find_sa(d->peers, &map->id);

	if (sa)
		ike_esp_seen(d->ike, loop_now(), &sa->peer->key.local, &sa->peer->key.remote,
			     &map->seen);
}

static void checked(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a)
{
	struct xfrm_sa_id *id = ctx;
	struct sa *sa = peers_find_sa(d->peers, id);

	(void)arg;
	if (a->err == ESRCH && sa)
		expired(d, sa);
	free(id);
}

void peers_acquire(struct daemon *d, const struct xfrm_acquire *acq)
{
	const struct peer *p = peers_find(d->peers, &acq->src, &acq->dst);
	struct peers *ps = d->peers;
	char text[ADDR_TEXT];

	if (acq->proto != GRE || !peers_need(d, NULL, &acq->src, &acq->dst)) {
		ps->count.acquires_ignored++;
		if (limit_take(&ps->acquire_log, loop_now()))
			log_msg(LOG_INFO,
				"a packet wants an SA with %s, which NHRP does not know: ignored",
				addr_text(&acq->dst, text));
		return;
	}
	ps->count.acquires++;
	if (!p || !p->up) {
		ike_connect(d->ike, loop_now(), &acq->src, &acq->dst);
		return;
	}
	/* IKE has SAs that the kernel does not use: somebody else removed them. */
	for (const struct sa *sa = p->sas; sa; sa = sa->next)
		kernel_sa_get(d, &sa->id, checked, xmemdup(&sa->id, sizeof(sa->id)), 0);
}

static void compared(struct daemon *d, void *ctx, uint64_t serial, const struct kernel_answer *a)
{
	struct peers *ps = d->peers;
	struct sa *sa, *next;
	uint64_t mark;

	(void)ctx;
	if (a->err) {
		if (a->err != ECANCELED)
			log_msg(LOG_WARNING, "%s", a->why);
		return;
	}
	mark = ++ps->dumps;
	for (size_t i = 0; i < a->count; i++) {
		sa = peers_find_sa(ps, &a->sas[i].id);
		if (sa)
			sa->seen = mark;
	}
	/* What came after the question was asked may be missing in its answer. */
	HASH_ITER (hh, ps->sas, sa, next)
		if (sa->seen != mark && sa->serial <= serial)
			expired(d, sa);
}

void peers_resync(struct daemon *d)
{
	kernel_sa_dump(d, compared, NULL, d->peers->serial);
}
