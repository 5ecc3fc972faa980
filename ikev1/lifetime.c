/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/lifetime.h"

#define DATA_MAX 32 /* both lifetimes, each as TV and TLV */

void lifetime_compare_phase1(struct isakmp_sa *sa, uint32_t seconds)
{
	sa->mm->tells_seconds =
		sa->x.role == IKE_RESPONDER && (!seconds || sa->lifetime < seconds);
}

void lifetime_compare_phase2(struct ipsec_pair *pair, uint32_t seconds, uint32_t kilobytes)
{
	bool responder = pair->x.role == IKE_RESPONDER;

	pair->qm->tells_seconds = responder && (!seconds || pair->life_seconds < seconds);
	pair->qm->tells_kilobytes = responder && pair->life_kilobytes &&
				    (!kilobytes || pair->life_kilobytes < kilobytes);
}

void lifetime_add_phase1(struct isakmp_builder *b, const struct isakmp_sa *sa)
{
	uint8_t data[DATA_MAX];
	struct writer w = writer_of(data, sizeof(data));

	if (!sa->mm->tells_seconds)
		return;
	proposal_build_life(&w, 1, sa->lifetime, 0);
	isakmp_add_notify(b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_RESPONDER_LIFETIME,
			  span_of(sa->cookies, sizeof(sa->cookies)), span_of(data, w.len));
}

void lifetime_add_phase2(struct isakmp_builder *b, const struct ipsec_pair *pair)
{
	const struct quick_mode *qm = pair->qm;
	uint8_t data[DATA_MAX], spi[4];
	struct writer w = writer_of(data, sizeof(data)), s = writer_of(spi, sizeof(spi));

	if (!qm->tells_seconds && !qm->tells_kilobytes)
		return;
	write_u32(&s, pair->spi_in);
	proposal_build_life(&w, 2, qm->tells_seconds ? pair->life_seconds : 0,
			    qm->tells_kilobytes ? pair->life_kilobytes : 0);
	isakmp_add_notify(b, ISAKMP_PROTO_ESP, ISAKMP_N_RESPONDER_LIFETIME,
			  span_of(spi, sizeof(spi)), span_of(data, w.len));
}

static uint32_t shorter(uint32_t agreed, uint32_t told)
{
	return told && (!agreed || told < agreed) ? told : agreed;
}

void lifetime_hear_phase1(struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	uint32_t seconds, kilobytes;

	if (n->type != ISAKMP_N_RESPONDER_LIFETIME || sa->x.role != IKE_INITIATOR)
		return;
	proposal_parse_life(n->data, 1, &seconds, &kilobytes);
	sa->lifetime = shorter(sa->lifetime, seconds);
}

void lifetime_hear_phase2(struct ipsec_pair *pair, const struct incoming *in)
{
	uint32_t seconds, kilobytes;
	struct isakmp_notify n;

	for (size_t i = 0; i < in->m.count; i++) {
		struct ike_event *e;

		if (in->m.payload[i].type != ISAKMP_NOTIFY ||
		    !isakmp_parse_notify(in->m.payload[i].body, &n))
			continue;
		e = report_exchange(&pair->x, IKE_EVENT_NOTIFY, LEVEL_INFO);
		e->notify.type = n.type;
		e->notify.authenticated = true;
		if (n.type != ISAKMP_N_RESPONDER_LIFETIME)
			continue;
		proposal_parse_life(n.data, 2, &seconds, &kilobytes);
		pair->life_seconds = shorter(pair->life_seconds, seconds);
		pair->life_kilobytes = shorter(pair->life_kilobytes, kilobytes);
	}
}
