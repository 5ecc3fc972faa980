/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: what is known about their subject is filled in here, once. */
#include "ikev1/core.h"

struct ike_event *report(struct ike *ike, enum ike_event_kind kind, uint8_t level)
{
	struct ike_event *e = &ike_effect_push(ike, IKE_EFFECT_EVENT, NULL, 0)->effect.event;

	e->kind = kind;
	e->level = level;
	e->at = ike->now;
	return e;
}

struct ike_event *report_sa(const struct isakmp_sa *sa, enum ike_event_kind kind, uint8_t level)
{
	struct ike_event *e = report(sa->x.ike, kind, level);

	e->local = sa->local;
	e->remote = sa->remote;
	e->conn_id = sa->conn_id;
	memcpy(e->icookie, sa->cookies, ISAKMP_COOKIE);
	e->role = sa->x.role;
	e->phase = 1;
	return e;
}

struct ike_event *report_exchange(struct exchange *x, enum ike_event_kind kind, uint8_t level)
{
	struct isakmp_sa *sa = sa_of(x);
	struct ike_event *e;

	if (sa) {
		e = report_sa(sa, kind, level);
	} else {
		const struct ipsec_pair *p = pair_of(x);

		e = report(x->ike, kind, level);
		e->local.addr = p->peer->key.local;
		e->remote.addr = p->peer->key.remote;
		e->conn_id = p->id.conn_id;
	}
	e->role = x->role;
	e->phase = x->phase;
	e->msgid = x->msgid;
	return e;
}

void report_payload(struct exchange *x, enum ike_event_kind kind, const struct isakmp_payload *p)
{
	struct ike_event *e = report_exchange(x, kind, LEVEL_STEPS);

	e->payload.type = p->type;
	if (p->type == ISAKMP_VENDOR)
		e->payload.vid = isakmp_vid_of(p->body);
}

void report_elsewhere(const struct isakmp_sa *sa, const struct ike_datagram *d,
		      const struct isakmp_header *h)
{
	struct ike_event *e = report_sa(sa, IKE_EVENT_DROP, LEVEL_INFO);

	sa->x.ike->counters.dropped[IKE_DROP_ELSEWHERE]++;
	e->drop.exchange = h->exchange;
	e->drop.why = IKE_DROP_ELSEWHERE;
	e->drop.from = d->remote.addr;
}

void report_drop(struct ike *ike, const struct ike_datagram *d, const struct isakmp_header *h,
		 enum ike_drop why, enum isakmp_flaw flaw, size_t offset)
{
	struct ike_event *e = report(ike, IKE_EVENT_DROP, LEVEL_INFO);

	ike->counters.dropped[why]++;
	e->local = d->local;
	e->remote = d->remote;
	if (h) {
		memcpy(e->icookie, h->icookie, ISAKMP_COOKIE);
		e->msgid = h->msgid;
		e->drop.exchange = h->exchange;
		if (why == IKE_DROP_UNKNOWN_SA && h->exchange == ISAKMP_XCHG_MAIN &&
		    h->next_payload != ISAKMP_SA)
			e->drop.not_sa = h->next_payload;
	}
	e->drop.why = why;
	e->drop.flaw = flaw;
	e->drop.offset = (uint32_t)offset;
}
