/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of registering: one struct nhs per next hop server. nhs.c says which of them
 * are started and stopped.
 *
 *     CONNECTING --SA pair up--> REGISTERING --accepted--> UP --a third of the holding time--+
 *         ^                       |      ^ |                ^------------renewed-------------+
 *         +------pair down--------+      | +--refused--> REFUSED
 *                                        +--unanswered, or again on the schedule
 *
 * One timer: it repeats an unanswered request (1, 2, 4 ... 64 s, same id: RFC 2332 5.2.0.1), tries
 * again after a refusal (same schedule, new id) and renews, after registration_timeout where there is
 * one. A renewal that stays unanswered does not take the server down before NHS_PATIENCE requests
 * were lost.
 */
#include "nhrp/core.h"

void nhs_set_state(struct nhs *s, msec now, enum nhrp_nhs_state state)
{
	if (s->state == state)
		return;
	s->state = state;
	s->since = now;
	multicast_review(s->peer);
}

static void leave_up(struct nhs *s, msec now, enum nhrp_nhs_state state, enum nhrp_reason why,
		     int code)
{
	if (s->state == NHRP_NHS_UP)
		event(s->iface, NHRP_EV_NHS_DOWN, NOTICE, .protocol = s->protocol,
		      .nbma = s->peer->nbma, .reason = why, .code = code);
	nhs_set_state(s, now, state);
}

/* It does not serve any more, or not yet: another one may have to. This one may be stopped by it. */
static void down(struct nhs *s, msec now, enum nhrp_nhs_state state, enum nhrp_reason why, int code)
{
	leave_up(s, now, state, why, code);
	s->failed = true;
	nhs_review(s->iface, now);
}

void nhs_start(struct nhs *s, msec now)
{
	if (s->wanted)
		return;
	s->wanted = true;
	nhs_set_state(s, now, NHRP_NHS_CONNECTING);
	event(s->iface, NHRP_EV_NHS_CONNECTING, INFO, .protocol = s->protocol,
	      .nbma = s->peer->nbma, .seconds = (uint32_t)(RETRY_FIRST / 1000));
	peer_want(s->peer, now);
	/* Nobody says it again of a pair that is there for another reason. */
	if (s->peer->up)
		nhs_peer_up(s, now);
}

static void send_request(struct nhs *s, msec now)
{
	struct iface *i = s->iface;
	struct nat_room nat;
	struct nhrp_packet p;

	message_start(i, &p, NHRP_REGISTRATION_REQUEST, &s->protocol);
	p.flags = i->cfg.no_unique ? 0 : NHRP_REGISTRATION_UNIQUE;
	p.request_id = s->request_id;
	/* No addresses in it: they are those of the packet's source. 255 goes with "unique". */
	p.cies[0] = (struct nhrp_cie){
		.prefix = 255,
		.mtu = i->cfg.mtu,
		.holding_time = i->cfg.holding_time,
	};
	p.n_cies = 1;
	message_add_extensions(&p);
	message_nat_add(&p, &s->protocol, &s->peer->nbma, &nat);
	s->requests_sent++;
	message_send(i, now, s->peer, &p, NULL);
}

static void ask(struct nhs *s, msec now, bool anew)
{
	struct timers *ts = &s->iface->core->timers;

	if (!s->iface->cfg.nbma.len) { /* nothing to register yet: readdress() comes back */
		timer_disarm(ts, &s->timer);
		return;
	}
	if (anew || !s->request_id)
		s->request_id = new_request_id(s->iface->core);
	s->outstanding = true;
	s->asked = now;
	if (s->state != NHRP_NHS_UP)
		nhs_set_state(s, now, NHRP_NHS_REGISTERING);
	send_request(s, now);
	timer_arm(ts, &s->timer, now + retry_after(s->tries++));
}

void nhs_register(struct nhs *s, msec now, bool doubt)
{
	if (!s->wanted || !s->peer->up)
		return;
	if (doubt && (s->outstanding || now - s->asked < RENEW_AT_ONCE_GAP))
		return;
	s->tries = 0;
	ask(s, now, true);
}

void nhs_timer(struct nhs *s, msec now)
{
	if (!s->outstanding) { /* a renewal, or again after a refusal */
		ask(s, now, true);
		return;
	}
	event(s->iface, NHRP_EV_REGISTRATION_UNANSWERED, WARNING, .protocol = s->protocol,
	      .nbma = s->peer->nbma, .request_id = s->request_id,
	      .seconds = (uint32_t)(retry_after(s->tries) / 1000));
	if (s->tries >= NHS_PATIENCE) {
		down(s, now, NHRP_NHS_REGISTERING, NHRP_WHY_UNANSWERED, 0);
		if (!s->wanted)
			return;
		/* Only who once answered: else its pair would be rebuilt forever. */
		if (s->proven)
			effect_push(s->iface->core, &(struct nhrp_effect){ .kind = NHRP_SUSPECT,
									   .id = s->iface->id,
									   .nbma = s->peer->nbma });
		s->proven = false;
	}
	ask(s, now, false);
}

void nhs_peer_up(struct nhs *s, msec now)
{
	s->tries = 0;
	ask(s, now, true);
}

void nhs_peer_down(struct nhs *s, msec now)
{
	timer_disarm(&s->iface->core->timers, &s->timer);
	s->outstanding = false;
	event(s->iface, NHRP_EV_NHS_CONNECTING, INFO, .protocol = s->protocol,
	      .nbma = s->peer->nbma, .seconds = (uint32_t)(RETRY_FIRST / 1000));
	down(s, now, NHRP_NHS_CONNECTING, NHRP_WHY_PEER_DOWN, 0);
}

static void withdraw(struct nhs *s, msec now)
{
	const struct nhrp_config *cfg = &s->iface->cfg;
	struct nhrp_cie cie = { .prefix = 255,
				.mtu = cfg->mtu,
				.nbma = cfg->nbma,
				.protocol = cfg->address.addr };

	/* Nobody will be here to read an answer. */
	if (s->registered != MSEC_NEVER)
		purge_send_once(s->peer, now, &s->protocol, &cie, s->request_id);
}

void nhs_stop(struct nhs *s, msec now, enum nhrp_reason why)
{
	struct timers *ts = &s->iface->core->timers;
	bool wanted = s->wanted;

	timer_disarm(ts, &s->timer);
	timer_disarm(ts, &s->fallback);
	if (!s->peer)
		return;
	s->wanted = s->outstanding = s->failed = s->proven = false;
	if (wanted) {
		withdraw(s, now);
		peer_unwant(s->peer);
	}
	leave_up(s, now, NHRP_NHS_STANDBY, why, 0);
	s->registered = MSEC_NEVER;
	s->trusted_from = 0;
	/* Its static entry still knows it. An interface that goes takes its time for all pairs. */
	if (wanted && why != NHRP_WHY_REMOVED)
		peer_release(s->peer, now);
}

static void refused(struct nhs *s, msec now, uint8_t code)
{
	msec after = retry_after(s->tries ? s->tries - 1 : 0);

	s->outstanding = false;
	s->refusals++;
	s->last_code = code;
	s->iface->counters.refusals_received[counter_index(code)]++;
	down(s, now, NHRP_NHS_REFUSED, NHRP_WHY_REFUSED, code);
	if (!s->wanted)
		return;
	event(s->iface, NHRP_EV_REGISTRATION_REFUSED, ERROR, .protocol = s->protocol,
	      .nbma = s->peer->nbma, .code = code, .seconds = (uint32_t)(after / 1000));
	timer_arm(&s->iface->core->timers, &s->timer, now + after);
}

/* As configured, but never so late that what was granted is over. */
static msec renewal(const struct nhs *s, uint16_t holding)
{
	uint16_t timeout = s->iface->cfg.registration_timeout;

	return timeout && timeout < holding ? SECONDS(timeout) : SECONDS(holding) / 3;
}

static void accepted(struct nhs *s, msec now, uint16_t granted)
{
	uint16_t holding = s->iface->cfg.holding_time;
	bool was_up = s->state == NHRP_NHS_UP;

	if (granted && granted < holding)
		holding = granted;
	s->outstanding = false;
	s->proven = true;
	s->tries = 0;
	s->last_code = 0;
	s->registered = now;
	if (s->failed && s->iface->cfg.fallback) {
		s->trusted_from = now + SECONDS(s->iface->cfg.fallback);
		timer_arm(&s->iface->core->timers, &s->fallback, s->trusted_from);
	}
	s->failed = false;
	nhs_set_state(s, now, NHRP_NHS_UP);
	event_push(s->iface, was_up ? NHRP_EV_NHS_REFRESHED : NHRP_EV_NHS_UP,
		   was_up ? NHRP_LEVEL_DEBUG : NHRP_LEVEL_NOTICE,
		   &(struct nhrp_event){ .protocol = s->protocol,
					 .nbma = s->peer->nbma,
					 .request_id = s->request_id,
					 .seconds = holding });
	timer_arm(&s->iface->core->timers, &s->timer, now + renewal(s, holding));
	nhs_review(s->iface, now);
}

static void learn_translation(struct nhs *s, struct nhrp_packet *p)
{
	struct iface *i = s->iface;
	struct addr seen = message_nat_address(p, &i->cfg.address.addr);

	if (addr_equal(&seen, &i->cfg.nbma))
		seen = (struct addr){ 0 };
	if (seen.len && !addr_equal(&seen, &s->translated))
		event(i, NHRP_EV_NAT, NOTICE, .protocol = s->protocol, .nbma = s->peer->nbma,
		      .other_nbma = seen);
	s->translated = seen;
}

/* The server that a request of ours with that id was sent to, and that may answer it now. */
static struct nhs *asked(const struct arrival *a, uint32_t id)
{
	struct nhs *s = nhs_by_nbma(a->iface, &a->from);

	return s && s->outstanding && s->request_id == id ? s : NULL;
}

void client_registration_reply(const struct arrival *a)
{
	struct nhrp_packet *p = a->packet;
	struct nhs *s = asked(a, p->request_id);

	if (!s || !addr_equal(&p->source, &a->iface->cfg.address.addr)) {
		a->iface->counters.unexpected_replies++;
		message_drop(a->iface, p, &a->from, NHRP_WHY_UNKNOWN_ID, NULL);
		return;
	}
	s->replies++;
	learn_translation(s, p);
	if (p->cies[0].code == NHRP_CODE_SUCCESS)
		accepted(s, a->now, p->cies[0].holding_time);
	else
		refused(s, a->now, p->cies[0].code);
}

bool client_error(const struct arrival *a, const struct nhrp_packet *quoted)
{
	struct nhs *s = asked(a, quoted->request_id);

	/*
	 * Evidence, already told as an event: the error is not authenticated, so the registration
	 * stays on its schedule and ends, or not, by what the server answers.
	 */
	return s && quoted->type == NHRP_REGISTRATION_REQUEST;
}
