/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's surface: requests in, timers, snapshots out. */
#include "ikev1/ike.h"

#include "ikev1/dpd.h"
#include "ikev1/exchange.h"
#include "ikev1/flood.h"
#include "ikev1/fragment.h"
#include "ikev1/input.h"
#include "ikev1/job.h"
#include "ikev1/main_mode.h"
#include "ikev1/path.h"
#include "ikev1/psk.h"
#include "ikev1/quick_mode.h"
#include "ikev1/store.h"
#include "ikev1/switch_over.h"

/* Defaults of struct ike_limits. */
#define HALF_OPEN	     16384
#define HALF_OPEN_PER_SOURCE 16
#define FIRST_MESSAGES	     250
#define QUICK_MODES_PER_PEER 8
#define SAS_PER_PEER	     16
#define PSEUDO_PEERS	     10000
#define PSEUDO_PEERS_PER_ADDRESS 256 /* a member may take many names */

static void set_now(struct ike *ike, msec now)
{
	ike->now = MAX(MAX(now, ike->now), 1); /* 0 means "not yet" in many places */
}

static uint32_t limit(uint32_t configured, uint32_t otherwise)
{
	return configured ? configured : otherwise;
}

struct ike *ike_new(const struct ike_config *cfg, const uint8_t seed[DRBG_SEED])
{
	struct ike *ike = xcalloc(1, sizeof(*ike));

	drbg_init(&ike->drbg, seed);
	drbg_bytes(&ike->drbg, ike->hash_secret, sizeof(ike->hash_secret));
	ike->flood = flood_new(ike);
	STAILQ_INIT(&ike->effects);
	TAILQ_INIT(&ike->unproven);
	TAILQ_INIT(&ike->fragments);
	ike->next_conn_id = 1000; /* IOS counts from 1001 */
	ike_configure(ike, cfg);
	return ike;
}

void ike_tell_keys(struct ike *ike, bool tell)
{
	ike->tells_keys = tell;
}

void ike_configure(struct ike *ike, const struct ike_config *cfg)
{
	ike->cfg = cfg;
	ike->limits.half_open = limit(cfg->limits.half_open, HALF_OPEN);
	ike->limits.half_open_per_source =
		limit(cfg->limits.half_open_per_source, HALF_OPEN_PER_SOURCE);
	ike->limits.first_messages = limit(cfg->limits.first_messages, FIRST_MESSAGES);
	ike->limits.quick_modes_per_peer =
		limit(cfg->limits.quick_modes_per_peer, QUICK_MODES_PER_PEER);
	ike->limits.sas_per_peer = limit(cfg->limits.sas_per_peer, SAS_PER_PEER);
	ike->limits.pseudo_peers = limit(cfg->limits.pseudo_peers, PSEUDO_PEERS);
	ike->limits.pseudo_peers_per_address =
		limit(cfg->limits.pseudo_peers_per_address, PSEUDO_PEERS_PER_ADDRESS);
	psk_index(ike);
}

static void end_all(struct ike *ike, enum ike_cause cause)
{
	struct ike_peer *p, *tmp;

	HASH_ITER (hh, ike->peers, p, tmp) {
		p->wanted = false;
		ike_peer_end(p, cause);
	}
}

void ike_free(struct ike *ike)
{
	struct ike_local *at, *tmp;

	if (!ike)
		return;
	end_all(ike, IKE_CAUSE_ADMIN);
	ike_effects_free(ike);
	HASH_ITER (hh, ike->locals, at, tmp) {
		HASH_DEL(ike->locals, at);
		free(at);
	}
	psk_free(ike);
	flood_free(ike->flood);
	timers_free(&ike->timers);
	util_wipe(ike, sizeof(*ike));
	free(ike);
}

void ike_local_add(struct ike *ike, const struct addr *local, const struct ike_profile *profile)
{
	struct ike_local *at;

	HASH_FIND(hh, ike->locals, local, sizeof(*local), at);
	if (!at) {
		at = xcalloc(1, sizeof(*at));
		at->addr = *local;
		HASH_ADD(hh, ike->locals, addr, sizeof(at->addr), at);
	}
	at->profile = profile;
}

void ike_local_remove(struct ike *ike, msec now, const struct addr *local)
{
	struct ike_peer *p, *tmp;
	struct ike_local *at;

	set_now(ike, now);
	HASH_FIND(hh, ike->locals, local, sizeof(*local), at);
	if (!at)
		return;
	HASH_ITER (hh, ike->peers, p, tmp)
		if (p->at == at)
			ike_peer_end(p, IKE_CAUSE_ADMIN);
	HASH_DEL(ike->locals, at);
	free(at);
}

/* Requests */

void ike_input(struct ike *ike, msec now, const struct ike_datagram *d)
{
	set_now(ike, now);
	input_datagram(ike, d);
}

bool ike_connect(struct ike *ike, msec now, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p = ike_peer_get(ike, local, remote);

	set_now(ike, now);
	if (!p)
		return false;
	p->wanted = true;
	p->unneeded = false;
	ike_peer_start(p);
	return true;
}

void ike_need(struct ike *ike, msec now, const struct addr *local, const struct addr *remote,
	      bool needed)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);
	struct ipsec_pair *pair = p ? ike_peer_pair(p) : NULL;
	bool late;

	set_now(ike, now);
	if (!p)
		return;
	late = p->unneeded && needed && pair && !pair->rekeying && !timer_armed(&pair->rekey);
	p->unneeded = !needed;
	/* Its time came while nobody needed it. */
	if (late)
		pair_rekey(pair);
}

void ike_release(struct ike *ike, msec now, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);

	set_now(ike, now);
	if (!p)
		return;
	p->wanted = false;
	p->up = false; /* whoever asks knows */
	ike_peer_end(p, IKE_CAUSE_ADMIN);
}

void ike_suspect(struct ike *ike, msec now, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);
	struct isakmp_sa *sa = p ? ike_peer_sa(p) : NULL;

	set_now(ike, now);
	if (!p || !ike_peer_pair(p))
		return;
	if (sa && sa->vendor_ids & 1u << VID_DPD) {
		dpd_probe(sa);
	} else if (!p->suspect && !ike_peer_negotiates(p)) {
		p->suspect = true;
		ike_peer_start_phase1(p);
	}
}

void ike_suspect_pair(struct ike *ike, msec now, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);

	if (p && ike_peer_pair(p))
		p->pair_suspect = true;
	ike_suspect(ike, now, local, remote);
}

void ike_traffic(struct ike *ike, msec now, const struct addr *local, const struct addr *remote,
		 uint32_t spi_in, uint64_t packets_in, uint64_t packets_out)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);
	struct isakmp_sa *sa = p ? ike_peer_sa(p) : NULL;
	struct ipsec_pair *pair = pair_find_spi_in(ike, spi_in);

	set_now(ike, now);
	if (pair && pair->peer == p && pair->switch_over)
		switch_over_counted(pair, packets_in);
	else if (sa)
		dpd_traffic(sa, packets_in, packets_out);
}

void ike_clear(struct ike *ike, msec now, const struct addr *local, const struct addr *remote)
{
	struct ike_peer *p, *tmp;

	set_now(ike, now);
	HASH_ITER (hh, ike->peers, p, tmp)
		if ((!local || addr_equal(local, &p->key.local)) &&
		    (!remote || addr_equal(remote, &p->key.remote)))
			ike_peer_end(p, IKE_CAUSE_ADMIN);
}

void ike_shutdown(struct ike *ike, msec now)
{
	set_now(ike, now);
	end_all(ike, IKE_CAUSE_ADMIN);
}

void ike_esp_seen(struct ike *ike, msec now, const struct addr *local, const struct addr *remote,
		  const struct endpoint *seen)
{
	struct ike_peer *p = ike_peer_find(ike, local, remote);

	set_now(ike, now);
	if (p)
		path_esp(p, seen);
}

void ike_sa_done(struct ike *ike, msec now, uint64_t token, int error)
{
	struct exchange *x = exchange_waiting(ike, token);

	set_now(ike, now);
	if (x && x->phase == 2)
		quick_mode_sa_done(pair_of(x), error);
}

void ike_sa_expired(struct ike *ike, msec now, const struct addr *src, const struct addr *dst,
		    uint32_t spi, bool hard)
{
	struct ike_peer *inbound = ike_peer_find(ike, dst, src),
			*outbound = ike_peer_find(ike, src, dst);
	struct ipsec_pair *pair = NULL;

	set_now(ike, now);
	if (inbound) {
		pair = pair_find_spi_in(ike, spi);
		if (pair && pair->peer != inbound)
			pair = NULL;
	}
	if (!pair && outbound)
		pair = pair_find_spi_out(outbound, spi);
	if (!pair || !pair->x.done)
		return;
	if (pair->superseded) {
		if (hard && pair->has_out && pair->spi_out == spi) {
			pair->has_out = false;
			switch_over_hurry(pair->peer);
		}
		return;
	}
	if (hard)
		pair_end(pair, IKE_CAUSE_EXPIRED);
	else
		pair_rekey(pair);
}

void ike_job_done(struct ike *ike, msec now, const struct ike_job *job)
{
	struct exchange *x = exchange_waiting(ike, job->id);

	set_now(ike, now);
	if (!x)
		return; /* it ended meanwhile */
	exchange_stop_waiting(x);
	if (x->phase == 1)
		main_mode_job_done(container_of(x, struct isakmp_sa, x), job);
	else
		quick_mode_dh_done(pair_of(x), &job->dh);
}

/* Time */

static void sa_rekey_due(struct isakmp_sa *sa)
{
	struct ike *ike = sa->x.ike;
	struct ike_peer *p = sa->peer;

	/* Nobody needs it: it may expire. */
	if ((!ike_peer_pair(p) || p->unneeded) && !p->wanted)
		return;
	timer_arm(&ike->timers, &sa->rekey, ike->now + IKE_EXCHANGE_LIFETIME);
	if (ike_peer_negotiates(p))
		return; /* a successor is on its way */
	report_sa(sa, IKE_EVENT_REKEY, LEVEL_INFO);
	ike_peer_start_phase1(p);
}

static void timer_due(struct timer *t)
{
	switch ((enum ike_timer_kind)t->kind) {
	case TIMER_RETRANSMIT:
		exchange_timer(container_of(t, struct exchange, retransmit), TIMER_RETRANSMIT);
		break;
	case TIMER_DEADLINE:
		exchange_timer(container_of(t, struct exchange, deadline), TIMER_DEADLINE);
		break;
	case TIMER_SA_REKEY:
		sa_rekey_due(container_of(t, struct isakmp_sa, rekey));
		break;
	case TIMER_SA_EXPIRE: {
		struct isakmp_sa *sa = container_of(t, struct isakmp_sa, expire);

		sa_end(sa, sa->retired ? IKE_CAUSE_SUPERSEDED : IKE_CAUSE_EXPIRED);
		break;
	}
	case TIMER_SA_DPD:
		dpd_timer(container_of(t, struct isakmp_sa, dpd.timer));
		break;
	case TIMER_PAIR_REKEY:
		pair_rekey(container_of(t, struct ipsec_pair, rekey));
		break;
	case TIMER_PAIR_EXPIRE: {
		struct ipsec_pair *pair = container_of(t, struct ipsec_pair, expire);

		pair_end(pair, pair->superseded ? IKE_CAUSE_SUPERSEDED : IKE_CAUSE_EXPIRED);
		break;
	}
	case TIMER_PAIR_SWITCH:
		switch_over_timer(t);
		break;
	case TIMER_PEER_WANT:
		ike_peer_start(container_of(t, struct ike_peer, want));
		break;
	case TIMER_PEER_KEEPALIVE:
		path_keepalive(container_of(t, struct ike_peer, keepalive));
		break;
	case TIMER_FRAGMENTS:
		fragment_timer(t);
		break;
	case TIMER_PEER_MOVED:
		path_moved_away(container_of(t, struct ike_peer, moved));
		break;
	}
}

void ike_wall_clock(struct ike *ike, msec now, int64_t seconds)
{
	set_now(ike, now);
	ike->wall = seconds;
	ike->wall_at = ike->now;
}

void ike_tick(struct ike *ike, msec now)
{
	struct timer *t;

	set_now(ike, now);
	while ((t = timers_pop(&ike->timers, ike->now)))
		timer_due(t);
}

msec ike_deadline(const struct ike *ike)
{
	return timers_deadline(&ike->timers);
}

/* Snapshots */

static struct ike_step last_step(const struct exchange *x)
{
	if (!x->history_len)
		return (struct ike_step){ x->state, EV_NONE };
	return x->history[(x->history_at + IKE_HISTORY - 1) % IKE_HISTORY];
}

bool ike_sa_next(const struct ike *ike, const void **cursor, struct ike_sa_info *out)
{
	const struct isakmp_sa *sa = *cursor;
	const struct ike_peer *p = sa ? sa->peer : ike->peers;

	sa = sa ? LIST_NEXT(sa, of_peer) : p ? LIST_FIRST(&p->sas) : NULL;
	while (!sa && p && (p = p->hh.next))
		sa = LIST_FIRST(&p->sas);
	*cursor = sa;
	if (!sa)
		return false;
	*out = (struct ike_sa_info){
		.conn_id = sa->conn_id,
		.local = sa->local,
		.remote = sa->remote,
		.role = sa->x.role,
		.state = sa->x.state,
		.last = last_step(&sa->x),
		.suite = sa->suite,
		.lifetime = sa->lifetime,
		.since = sa->x.began,
		.expires = sa->x.done ? sa->expire.due : MSEC_NEVER,
		.rekeying = sa->retired,
		.nat_us = sa->nat.us,
		.nat_them = sa->nat.them,
		.claims = sa->claims,
		.dpd = sa->vendor_ids & 1u << VID_DPD,
		.fragments = sa->vendor_ids & 1u << VID_FRAGMENTATION,
	};
	memcpy(out->icookie, sa->cookies, ISAKMP_COOKIE);
	memcpy(out->rcookie, sa->cookies + ISAKMP_COOKIE, ISAKMP_COOKIE);
	return true;
}

bool ike_pair_next(const struct ike *ike, const void **cursor, struct ike_pair_info *out)
{
	const struct ipsec_pair *pair = *cursor;
	const struct ike_peer *p = pair ? pair->peer : ike->peers;

	pair = pair ? LIST_NEXT(pair, of_peer) : p ? LIST_FIRST(&p->pairs) : NULL;
	while (!pair && p && (p = p->hh.next))
		pair = LIST_FIRST(&p->pairs);
	*cursor = pair;
	if (!pair)
		return false;
	*out = (struct ike_pair_info){
		.conn_id = pair->id.conn_id,
		.local = p->key.local,
		.remote = p->key.remote,
		.outer = pair->outer,
		.encap_local = pair->encap_local,
		.encap_remote = pair->encap_remote,
		.role = pair->x.role,
		.state = pair->x.state,
		.suite = pair->suite,
		.pfs = pair->pfs,
		.spi_in = pair->spi_in,
		.spi_out = pair->spi_out,
		.life_seconds = pair->life_seconds,
		.life_kilobytes = pair->life_kilobytes,
		.since = pair->x.began,
		.expires = pair->x.done ? pair->expire.due : MSEC_NEVER,
		.current = pair->x.done && !pair->superseded,
		.sends = pair->x.done && pair->has_out,
		.last = last_step(&pair->x),
	};
	return true;
}

const struct ike_counters *ike_counters(const struct ike *ike)
{
	return &ike->counters;
}
