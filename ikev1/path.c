/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a peer is reached. */
#include "ikev1/path.h"

#include "ikev1/info.h"
#include "ikev1/natt.h"
#include "ikev1/quick_mode.h"
#include "ikev1/sharing.h"
#include "ikev1/store.h"

#define KEEPALIVE  20	/* s, RFC 3948 4 */
#define DOUBT_PACE 1000 /* between two questions that old messages can cause */

static bool is_there(const struct isakmp_sa *sa, const struct ike_datagram *d)
{
	return endpoint_equal(&sa->remote, &d->remote) && endpoint_equal(&sa->local, &d->local);
}

bool path_may_bring(const struct isakmp_sa *sa, const struct ike_datagram *d, bool encrypted)
{
	bool same_address = addr_equal(&sa->remote.addr, &d->remote.addr);

	if (is_there(sa, d))
		return true;
	/*
	 * Where there is no NAT nobody moves. What is not encrypted cannot prove itself. The change to
	 * port 4500 is made in main mode and never back: what comes on port 500 afterwards is old.
	 */
	if (!encrypted || (!sa->nat.us && !sa->nat.them) || !d->natt ||
	    !addr_equal(&sa->local.addr, &d->local.addr))
		return false;
	/*
	 * Another address has to answer before it counts (path_doubt), for which there must be an SA: whoever
	 * knows the key could else put himself into another's place by a message 5 with a false source.
	 */
	return sa->x.done ? sa->natt : same_address;
}

static void place_sa(struct isakmp_sa *sa, const struct endpoint *local,
		     const struct endpoint *remote, bool natt)
{
	sa->local = *local;
	sa->remote = *remote;
	sa->natt = natt;
}

/* Behind a NAT of ours, for as long as the peer is there. */
static void keep_alive(struct ike_peer *p)
{
	uint32_t every = p->ike->cfg->nat_keepalive;

	if (p->path.natt && p->path.us)
		timer_arm(&p->ike->timers, &p->keepalive,
			  p->ike->now + SECONDS(every ? every : KEEPALIVE));
	else
		timer_disarm(&p->ike->timers, &p->keepalive);
}

/* All that is finished follows. */
static void move(struct ike_peer *p, const struct endpoint *local, const struct endpoint *remote)
{
	struct ike_event *e = report(p->ike, IKE_EVENT_MOVED, LEVEL_ALWAYS);
	bool another = !addr_equal(&p->path.remote.addr, &remote->addr);
	struct ipsec_pair *pair;
	struct isakmp_sa *sa;

	e->local = *local;
	e->remote = *remote;
	e->moved.from = p->path.remote;
	p->path.local = *local;
	p->path.remote = *remote;
	LIST_FOREACH (sa, &p->sas, of_peer)
		if (sa->x.done && sa->natt)
			place_sa(sa, local, remote, true);
	if (another) {
		timer_arm(&p->ike->timers, &p->moved, p->ike->now);
		return;
	}
	LIST_FOREACH (pair, &p->pairs, of_peer)
		quick_mode_moved(pair, local->port, remote->port);
}

void path_learn(struct isakmp_sa *sa)
{
	struct ike_peer *p = sa->peer;
	bool moved = p->path.natt && sa->natt &&
		     addr_equal(&p->path.remote.addr, &sa->remote.addr) &&
		     !endpoint_equal(&p->path.remote, &sa->remote);

	/* What was negotiated before goes the same way. */
	if (moved)
		move(p, &sa->local, &sa->remote);
	p->path.local = sa->local;
	p->path.remote = sa->remote;
	p->path.natt = sa->natt;
	p->path.us = sa->nat.us;
	p->path.them = sa->nat.them;
	keep_alive(p);
}

void path_proven(struct isakmp_sa *sa, const struct ike_datagram *from)
{
	if (!from || is_there(sa, from))
		return;
	/* The port changes with message 5; whose SA it will be is not decided yet. */
	if (!sa->x.done)
		place_sa(sa, &from->local, &from->remote, from->natt);
	else
		move(sa->peer, &from->local, &from->remote);
}

void path_doubt(struct isakmp_sa *sa, const struct ike_datagram *from)
{
	struct ike *ike = sa->x.ike;
	struct isakmp_sa there = { 0 };
	uint8_t number[4];
	struct writer w = writer_of(number, sizeof(number));

	if (is_there(sa, from) || !sa->x.done || !(sa->vendor_ids & 1u << VID_DPD) ||
	    ike->now - sa->probe.asked < DOUBT_PACE)
		return;
	sa->probe.asked = ike->now;
	sa->probe.at = from->remote;
	sa->probe.sequence = ++sa->dpd.sequence;
	write_u32(&w, sa->probe.sequence);
	place_sa(&there, &sa->local, &sa->remote, sa->natt);
	place_sa(sa, &from->local, &from->remote, from->natt);
	info_send_data(sa, ISAKMP_N_R_U_THERE, span_of(number, sizeof(number)));
	place_sa(sa, &there.local, &there.remote, there.natt);
}

void path_answer(struct isakmp_sa *sa, const struct isakmp_notify *n,
		 const struct ike_datagram *from)
{
	struct reader r = reader_of_span(n->data);

	if (n->data.len == 4 && sa->probe.sequence && read_u32(&r) == sa->probe.sequence &&
	    endpoint_equal(&from->remote, &sa->probe.at)) {
		sa->probe.sequence = 0;
		path_proven(sa, from);
	} else {
		path_doubt(sa, from);
	}
}

void path_esp(struct ike_peer *p, const struct endpoint *seen)
{
	struct endpoint local = p->path.local;

	if (p->path.natt && !endpoint_equal(&p->path.remote, seen))
		move(p, &local, seen);
}

void path_keepalive(struct ike_peer *p)
{
	static const uint8_t octet = 0xff;
	struct effect_node *n;

	/* Also beside ESP: what the kernel sends meanwhile is not seen here, and one octet is cheap. */
	n = ike_effect_push(p->ike, IKE_EFFECT_SEND, &octet, sizeof(octet));
	n->effect.send.local = p->path.local;
	n->effect.send.remote = p->path.remote;
	n->effect.send.natt = false; /* without a marker, RFC 3948 2.3 */
	n->effect.send.data = span_of(n->extra, n->extra_len);
	keep_alive(p);
}

void path_forget(struct ike_peer *p)
{
	if (!ike_peer_has_sas(p) && !sharing_is_pseudo(p->ike, &p->key.remote))
		p->path.natt = false;
}

void path_moved_away(struct ike_peer *p)
{
	ike_peer_end(p, IKE_CAUSE_MOVED);
}
