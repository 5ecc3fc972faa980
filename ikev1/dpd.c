/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dead peer detection. */
#include "ikev1/dpd.h"

#include "ikev1/info.h"
#include "ikev1/store.h"

/* 0: we do not ask, only answer. */
static msec interval(const struct isakmp_sa *sa)
{
	return SECONDS(sa->x.ike->cfg->dpd.interval);
}

static msec retry(const struct isakmp_sa *sa)
{
	return SECONDS(sa->x.ike->cfg->dpd.retry ? sa->x.ike->cfg->dpd.retry : 2);
}

static void watch(struct isakmp_sa *sa, msec from)
{
	/* Up to a tenth earlier, so that thousands that came up together do not ask together. */
	uint32_t spread = (uint32_t)MIN(interval(sa) / 10, UINT32_MAX - 1);

	timer_arm(&sa->x.ike->timers, &sa->dpd.timer,
		  from + interval(sa) - drbg_below(&sa->x.ike->drbg, spread + 1));
}

void dpd_start(struct isakmp_sa *sa)
{
	sa->dpd.heard = sa->x.ike->now;
	/* RFC 3706 7.1: the first number is random, its first bit clear so that it lasts. */
	sa->dpd.sequence = drbg_u32(&sa->x.ike->drbg) & INT32_MAX;
	if (interval(sa) && sa->vendor_ids & 1u << VID_DPD)
		watch(sa, sa->x.ike->now);
}

/* Something that was said now, and by the peer, came over this SA. */
static void heard(struct isakmp_sa *sa)
{
	sa->dpd.heard = sa->x.ike->now;
	if (!sa->dpd.tries)
		return;
	sa->dpd.tries = 0;
	if (interval(sa))
		watch(sa, sa->x.ike->now);
	else
		timer_disarm(&sa->x.ike->timers, &sa->dpd.timer);
}

static void ask(struct isakmp_sa *sa)
{
	struct ike_event *e = report_sa(sa, IKE_EVENT_DPD, LEVEL_STEPS);
	uint8_t number[4];
	struct writer w = writer_of(number, sizeof(number));

	sa->dpd.tries++;
	write_u32(&w, ++sa->dpd.sequence);
	e->dpd.tries = sa->dpd.tries;
	info_send_data(sa, ISAKMP_N_R_U_THERE, span_of(number, sizeof(number)));
	timer_arm(&sa->x.ike->timers, &sa->dpd.timer, sa->x.ike->now + retry(sa));
}

static void dead(struct isakmp_sa *sa)
{
	struct ike_event *e = report_sa(sa, IKE_EVENT_DPD, LEVEL_ALWAYS);

	e->dpd.tries = sa->dpd.tries;
	e->dpd.dead = true;
	ike_peer_end(sa->peer, IKE_CAUSE_DEAD_PEER);
}

/* Whether it was heard through ESP only the kernel knows; the answer decides. */
static void query(struct isakmp_sa *sa)
{
	const struct ipsec_pair *pair = ike_peer_pair(sa->peer);

	watch(sa, sa->x.ike->now);
	if (pair)
		pair_query_traffic(pair);
	else if (sa->x.ike->cfg->dpd.periodic)
		ask(sa);
}

void dpd_timer(struct isakmp_sa *sa)
{
	if (sa->retired)
		return;
	if (sa->dpd.tries >= IKE_DPD_TRIES)
		dead(sa);
	else if (sa->dpd.tries)
		ask(sa);
	else if (sa->x.ike->now - sa->dpd.heard < interval(sa) / 2)
		watch(sa, sa->dpd.heard);
	else
		query(sa);
}

void dpd_traffic(struct isakmp_sa *sa, uint64_t packets_in, uint64_t packets_out)
{
	bool in = packets_in != sa->dpd.packets_in, out = packets_out != sa->dpd.packets_out;

	sa->dpd.packets_in = packets_in;
	sa->dpd.packets_out = packets_out;
	if (in) {
		/* At some moment since the last question: so the next one comes earlier. */
		heard(sa);
		sa->dpd.heard -= MIN(interval(sa) / 2, sa->dpd.heard);
		if (interval(sa))
			watch(sa, sa->dpd.heard);
	} else if (!sa->dpd.tries && (out || sa->x.ike->cfg->dpd.periodic))
		ask(sa);
}

void dpd_probe(struct isakmp_sa *sa)
{
	if (!sa->dpd.tries)
		ask(sa);
}

static bool about(const struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	return sa->x.done && n->spi.len == sizeof(sa->cookies) &&
	       memcmp(n->spi.data, sa->cookies, sizeof(sa->cookies)) == 0 && n->data.len == 4;
}

/*
 * Message ids are not remembered for ever, numbers only rise: an old question is no sign of life,
 * neither the peer's nor one of our own that somebody sends back.
 */
static bool is_news(const struct isakmp_sa *sa, uint32_t number)
{
	return (!sa->dpd.was_asked || (int32_t)(number - sa->dpd.asked) > 0) &&
	       sa->dpd.sequence - number > UINT16_MAX;
}

void dpd_r_u_there(struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	struct reader r = reader_of_span(n->data);
	uint32_t number = read_u32(&r);

	if (!about(sa, n))
		return;
	if (is_news(sa, number)) {
		sa->dpd.was_asked = true;
		sa->dpd.asked = number;
		heard(sa);
	}
	info_send_data(sa, ISAKMP_N_R_U_THERE_ACK, n->data);
}

void dpd_r_u_there_ack(struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	struct reader r = reader_of_span(n->data);

	/* An old answer, or one to a question of nobody's, says nothing about now (RFC 3706 6.1). */
	if (about(sa, n) && sa->dpd.sequence - read_u32(&r) < sa->dpd.tries) {
		heard(sa);
		pair_renew_suspect(sa->peer);
	}
}
