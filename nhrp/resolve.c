/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of our own to other members of the tunnel (phase 2), also those that shortcuts lead to
 * (phase 3).
 *
 *     ASKING ------named by the server-----> CONNECTING --SA pair up--> CONFIRMING
 *       |  \                                     |                          |
 *       |   +--the egress itself answered -------+--a packet came from it---+--> DIRECT
 *       |                                        |                          |
 *       +-- no answer, negative answer ----------+-- no SA pair, no answer -+--> HOLD_DOWN
 *
 * From ASKING to HOLD_DOWN the traffic takes the server, so nothing is lost and nothing has to be
 * queued. The neighbour moves to the direct path only when our SA pair with that NBMA address is up
 * and an NHRP packet has come from it: then the other side has its pair too. When a hold-down or a
 * direct path ends the neighbour is deleted; if there is still traffic the kernel asks again at
 * once and everything starts anew, without a loss.
 *
 * Two timers of a binding: `life` ends the step it is in (or the path), `step_timer` repeats the
 * request, and on a direct path asks after a third and two thirds of the holding time whether it
 * was used. The first answer only sets the mark: the path is refreshed if it carried traffic in
 * the second third, however much there was at its beginning.
 */
#include "nhrp/core.h"

static msec hold_down(const struct binding *b)
{
	return SECONDS(b->iface->cfg.hold_down);
}

static void enter(struct binding *b, msec now, enum step step, msec budget)
{
	b->step = step;
	b->tries = 0;
	timer_disarm(&b->iface->core->timers, &b->step_timer);
	binding_expire_at(b, now + budget);
}

void resolve_request(struct iface *i, msec now, struct peer *to, const struct addr *about,
		     uint32_t id)
{
	struct nhrp_packet p;

	message_start(i, &p, NHRP_RESOLUTION_REQUEST, about);
	p.flags = NHRP_Q | NHRP_A | NHRP_S; /* with the extensions comes Cisco's NAT flag */
	p.request_id = id;
	p.cies[0] = (struct nhrp_cie){ .mtu = i->cfg.mtu, .holding_time = i->cfg.holding_time };
	p.n_cies = 1;
	message_add_extensions(&p);
	message_send(i, now, to, &p, NULL);
}

/* Sends the request of this step, or of a refresh, and arms its repetition. */
static void ask(struct binding *b, msec now)
{
	struct iface *i = b->iface;
	struct peer *to = b->step == STEP_CONFIRMING ? b->peer : NULL;

	if (!to) {
		struct nhs *s = nhs_in_use(i);

		b->nhs = s ? s : b->nhs;
		/* A refresh of a path that works does not depend on the server. */
		to = s ? s->peer : b->step == STEP_DIRECT ? b->peer : NULL;
	}
	b->asking = true;
	if (to && to->up)
		resolve_request(i, now, to, &b->protocol, b->request_id);
	timer_arm(&i->core->timers, &b->step_timer, now + retry_after(b->tries++));
}

static void start_asking(struct binding *b, msec now, struct nhs *s)
{
	enter(b, now, STEP_ASKING, retry_after(ASK_TRIES) - RETRY_FIRST);
	b->nhs = s;
	b->request_id = new_request_id(b->iface->core);
	event(b->iface, NHRP_EV_RESOLVING, INFO, .protocol = b->protocol, .nbma = b->path,
	      .other_nbma = s->peer->nbma, .request_id = b->request_id);
	ask(b, now);
}

/* Back to (or still on) the path through a server; false where none is up. */
static bool point_to_server(struct binding *b, msec now, enum nhrp_reason why)
{
	struct nhs *s = nhs_in_use(b->iface);
	struct addr before = b->path;

	if (!s)
		return false;
	b->nhs = s;
	if (b->type == NHRP_ENTRY_DYNAMIC)
		event(b->iface, NHRP_EV_PROVISIONAL, NOTICE, .protocol = b->protocol,
		      .nbma = s->peer->nbma, .other_nbma = before, .reason = why);
	/* First: their traffic need not change its way twice. */
	shortcuts_lost(b, now, why);
	binding_set_type(b, NHRP_ENTRY_INCOMPLETE);
	binding_point(b, &s->peer->nbma);
	return true;
}

/* The direct path cannot be had now: through the server for a while. May free b. */
static void give_up(struct binding *b, msec now, enum nhrp_reason why)
{
	b->asking = false;
	if (!point_to_server(b, now, why)) {
		binding_free(b, why);
		return;
	}
	binding_set_peer(b, now, NULL, false);
	binding_set_type(b, NHRP_ENTRY_NEGATIVE);
	enter(b, now, STEP_HOLD_DOWN, hold_down(b));
}

static void timed_out(struct binding *b, msec now, enum nhrp_reason why)
{
	/* Between two that are behind NATs it is nothing out of the ordinary. */
	event_push(b->iface, NHRP_EV_RESOLUTION_TIMEOUT,
		   b->peer && b->peer->nat ? NHRP_LEVEL_INFO : NHRP_LEVEL_WARNING,
		   &(struct nhrp_event){ .protocol = b->protocol,
					 .nbma = b->path,
					 .other_nbma = b->peer ? b->peer->nbma : (struct addr){ 0 },
					 .reason = why,
					 .seconds = b->iface->cfg.hold_down });
	give_up(b, now, why);
}

static void ignore_upcall(struct iface *i, const struct addr *protocol, enum nhrp_reason why)
{
	if (why == NHRP_WHY_LIMIT)
		i->counters.limits++;
	event_push(i, NHRP_EV_RESOLVE_IGNORED,
		   why == NHRP_WHY_LIMIT ? NHRP_LEVEL_WARNING : NHRP_LEVEL_DEBUG,
		   &(struct nhrp_event){ .protocol = *protocol, .reason = why });
}

void resolve_upcall(struct iface *i, msec now, const struct addr *protocol)
{
	struct binding *b = binding_find(i, protocol);
	struct nhs *s = nhs_in_use(i);

	if (b && b->path.len) { /* the kernel lost it */
		binding_repoint(b);
		return;
	}
	if (b)
		ignore_upcall(i, protocol, NHRP_WHY_OWN_ADDRESS);
	else if (!in_tunnel(i, protocol))
		ignore_upcall(i, protocol, NHRP_WHY_OUTSIDE);
	else if (!i->n_nhs)
		ignore_upcall(i, protocol, NHRP_WHY_NO_BINDING);
	else if (!s)
		ignore_upcall(i, protocol, NHRP_WHY_NO_NHS);
	else if (i->n_unresolved >= i->cfg.max_resolutions || dynamic_limit_reached(i))
		ignore_upcall(i, protocol, NHRP_WHY_LIMIT);
	else {
		b = binding_new(i, now, protocol, NHRP_ENTRY_INCOMPLETE);
		binding_point(b, &s->peer->nbma);
		start_asking(b, now, s);
	}
}

/* ---- the change-over ---- */

static void confirmed(struct binding *b, msec now)
{
	msec holding = SECONDS(b->holding_time);

	b->asking = false;
	b->questions = 0;
	b->question_open = false;
	enter(b, now, STEP_DIRECT, holding);
	timer_arm(&b->iface->core->timers, &b->step_timer, now + holding / 3);
}

static void go_direct(struct binding *b, msec now)
{
	struct addr before = b->path;

	binding_set_peer(b, now, b->peer, false);
	binding_set_type(b, NHRP_ENTRY_DYNAMIC);
	b->direct_since = now;
	b->payload_seen = b->peer->payload;
	confirmed(b, now);
	binding_point(b, &b->peer->nbma);
	event(b->iface, NHRP_EV_DIRECT, NOTICE, .protocol = b->protocol, .nbma = b->peer->nbma,
	      .other_nbma = before, .seconds = b->holding_time);
	shortcuts_ready(b, now);
}

static void proceed(struct binding *b, msec now)
{
	struct peer *p = b->peer;

	if (!p->up || (b->step != STEP_CONNECTING && b->step != STEP_CONFIRMING))
		return;
	if (p->heard) {
		go_direct(b, now);
	} else if (b->step == STEP_CONNECTING) {
		enter(b, now, STEP_CONFIRMING, retry_after(CONFIRM_TRIES) - RETRY_FIRST);
		ask(b, now);
	}
}

void resolve_peer_proven(struct peer *p, msec now)
{
	struct binding *b, *following;

	for (b = LIST_FIRST(&p->bindings); b; b = following) {
		following = LIST_NEXT(b, same_peer);
		proceed(b, now);
	}
}

void resolve_peer_down(struct peer *p, msec now)
{
	struct binding *b, *following;

	for (b = LIST_FIRST(&p->bindings); b; b = following) {
		bool lasted = now - b->direct_since >= hold_down(b);

		following = LIST_NEXT(b, same_peer);
		if (b->step == STEP_NONE) {
			shortcuts_lost(b, now, NHRP_WHY_PEER_DOWN);
		} else if (b->step == STEP_CONFIRMING) {
			timed_out(b, now, NHRP_WHY_PEER_DOWN);
		} else if (b->step == STEP_DIRECT && !lasted) {
			give_up(b, now, NHRP_WHY_PEER_DOWN); /* no flapping */
		} else if (b->step == STEP_DIRECT) {
			if (!point_to_server(b, now, NHRP_WHY_PEER_DOWN)) {
				binding_free(b, NHRP_WHY_PEER_DOWN);
				continue;
			}
			binding_set_peer(b, now, NULL, false);
			start_asking(b, now, b->nhs);
		}
	}
}

/* ---- answers ---- */

static void negative(struct binding *b, const struct arrival *a, int code)
{
	struct nhs *s = nhs_by_nbma(a->iface, &a->from);
	bool direct = b->step == STEP_DIRECT;

	a->iface->counters.refusals_received[counter_index((unsigned int)code)]++;
	event(a->iface, NHRP_EV_RESOLUTION_NEGATIVE, INFO, .protocol = b->protocol,
	      .nbma = b->path, .other_nbma = a->from, .code = code,
	      .request_id = b->request_id, .seconds = direct ? 0 : a->iface->cfg.hold_down);
	b->asking = false;
	timer_disarm(&a->iface->core->timers, &b->step_timer);
	if (!direct) /* else it stays until it expires */
		give_up(b, a->now, NHRP_WHY_REFUSED);
	/* A server that has started anew knows nobody, us neither: not until the next renewal. */
	if (s)
		nhs_register(s, a->now, true);
}

/* The other answers of a resolution reply come as an error: hop count, loop, unreachable. */
bool resolve_error(const struct arrival *a, const struct nhrp_packet *quoted)
{
	struct binding *b = binding_find(a->iface, &quoted->destination);

	if (quoted->type != NHRP_RESOLUTION_REQUEST || !b || !b->asking ||
	    b->request_id != quoted->request_id)
		return false;
	if (b->step == STEP_ASKING && nhs_by_nbma(a->iface, &a->from))
		give_up(b, a->now, NHRP_WHY_REFUSED);
	return true;
}

static enum nhrp_reason judge(const struct iface *i, const struct binding *b,
			      const struct nhrp_cie *cie)
{
	if (!addr_is_unicast(&cie->nbma) || addr_equal(&cie->nbma, &i->cfg.nbma))
		return NHRP_WHY_OWN_ADDRESS;
	if (cie->protocol.len && !addr_equal(&cie->protocol, &b->protocol))
		return NHRP_WHY_NO_BINDING;
	if (!nhrp_cie_is_host(cie))
		return NHRP_WHY_PREFIX_LENGTH;
	if (cie->holding_time < HOLDING_TIME_MIN)
		return NHRP_WHY_HOLDING_TIME;
	return NHRP_WHY_NONE;
}

static void remember(struct binding *b, const struct arrival *a, const struct nhrp_cie *cie)
{
	uint16_t flags = a->packet->flags;

	b->holding_time = cie->holding_time;
	b->mtu = message_mtu(a->iface, cie->mtu);
	b->flags = (flags & NHRP_Q ? NHRP_FLAG_ROUTER : 0U) |
		   (flags & NHRP_A ? NHRP_FLAG_AUTHORITATIVE : 0U) |
		   (flags & NHRP_U ? NHRP_FLAG_UNIQUE : 0U) | (b->flags & NHRP_FLAG_USED);
}

static void answered(struct binding *b, const struct arrival *a, const struct nhrp_cie *cie)
{
	struct peer *p;

	if (b->step == STEP_DIRECT && addr_equal(&cie->nbma, &b->peer->nbma)) {
		remember(b, a, cie);
		confirmed(b, a->now); /* a refresh */
		return;
	}
	if (b->step == STEP_DIRECT && !point_to_server(b, a->now, NHRP_WHY_REPLACED)) {
		binding_free(b, NHRP_WHY_REPLACED);
		return;
	}
	p = peer_get(a->iface, &cie->nbma);
	if (!p) {
		give_up(b, a->now, NHRP_WHY_LIMIT);
		return;
	}
	if (!p->up) /* else it is known */
		p->nat = cie->translated;
	if (addr_equal(&a->from, &p->nbma))
		p->heard = true;
	remember(b, a, cie);
	binding_set_type(b, NHRP_ENTRY_INCOMPLETE);
	enter(b, a->now, STEP_CONNECTING, CONNECT_TIME);
	binding_set_peer(b, a->now, p, true);
	proceed(b, a->now);
}

bool resolve_is_direct(const struct binding *b)
{
	if (b->step == STEP_NONE)
		return b->peer && b->peer->up && addr_equal(&b->path, &b->peer->nbma);
	return b->step == STEP_DIRECT;
}

struct binding *resolve_gateway(const struct arrival *a, const struct addr *protocol,
				const struct nhrp_cie *cie)
{
	struct iface *i = a->iface;
	struct binding *b = binding_find(i, protocol);
	struct nhs *s = nhs_in_use(i);

	/* Configured or registered here: that counts, whatever others say. */
	if (b && b->step == STEP_NONE)
		return resolve_is_direct(b) ? b : NULL;
	if (b && b->step != STEP_HOLD_DOWN && b->peer && addr_equal(&b->peer->nbma, &cie->nbma))
		return b;
	if (!b && (!s || dynamic_limit_reached(i)))
		return NULL;
	if (!b) {
		b = binding_new(i, a->now, protocol, NHRP_ENTRY_INCOMPLETE);
		b->nhs = s;
		binding_point(b, &s->peer->nbma);
	}
	b->request_id = new_request_id(i->core);
	answered(b, a, cie);
	return binding_find(i, protocol);
}

void resolve_reply(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;
	struct binding *b = binding_find(i, &p->destination);
	const struct nhrp_cie *cie = &p->cies[0];
	enum nhrp_reason why = NHRP_WHY_NONE;
	bool from_server, from_egress;

	if (!b && shortcut_reply(a))
		return;
	if (!b || !b->asking || b->request_id != p->request_id) {
		i->counters.unexpected_replies++;
		message_drop(i, p, &a->from, NHRP_WHY_UNKNOWN_ID, NULL);
		return;
	}
	from_server = b->nhs && nhs_by_nbma(i, &a->from) == b->nhs;
	from_egress = cie->code ? b->peer && addr_equal(&a->from, &b->peer->nbma)
				: addr_equal(&a->from, &cie->nbma);
	if (!from_server && !from_egress)
		why = NHRP_WHY_STRANGER;
	else if (!cie->code)
		why = judge(i, b, cie);
	if (why) {
		message_drop(i, p, &a->from, why, &cie->nbma);
		return;
	}
	if (cie->code) {
		negative(b, a, cie->code);
		return;
	}
	event(i, NHRP_EV_RESOLUTION_ANSWERED, INFO, .protocol = b->protocol, .nbma = cie->nbma,
	      .other_nbma = a->from, .request_id = p->request_id, .seconds = cie->holding_time);
	answered(b, a, cie);
}

/* ---- time and use ---- */

static void ask_about_use(struct binding *b, msec now)
{
	struct nhrp *n = b->iface->core;

	b->questions++;
	b->question_open = true;
	effect_push(n, &(struct nhrp_effect){ .kind = NHRP_QUERY_USE,
					      .id = b->iface->id,
					      .nbma = b->peer->nbma });
	if (b->questions == 1)
		timer_arm(&n->timers, &b->step_timer, now + SECONDS(b->holding_time) / 3);
}

void resolve_used(struct peer *p, msec now)
{
	struct binding *b;

	LIST_FOREACH(b, &p->bindings, same_peer) {
		bool used = b->payload_seen != p->payload;

		shortcuts_used(b, now);
		if (b->step != STEP_DIRECT || !b->question_open)
			continue;
		b->question_open = false;
		b->payload_seen = p->payload;
		b->flags &= ~(unsigned int)NHRP_FLAG_USED;
		b->flags |= used ? NHRP_FLAG_USED : 0U;
		if (!used || b->questions < 2)
			continue;
		b->tries = 0;
		b->request_id = new_request_id(b->iface->core);
		ask(b, now);
	}
}

void resolve_step(struct binding *b, msec now)
{
	if (b->step == STEP_DIRECT && !b->asking)
		ask_about_use(b, now);
	else if (b->tries < (b->step == STEP_CONFIRMING ? CONFIRM_TRIES : ASK_TRIES))
		ask(b, now);
}

void resolve_life(struct binding *b, msec now)
{
	switch (b->step) {
	case STEP_ASKING:
	case STEP_CONFIRMING:
		timed_out(b, now, NHRP_WHY_UNANSWERED);
		break;
	case STEP_CONNECTING:
		timed_out(b, now, NHRP_WHY_NO_SA);
		break;
	case STEP_DIRECT:
		binding_free(b, b->flags & NHRP_FLAG_USED ? NHRP_WHY_EXPIRED : NHRP_WHY_IDLE);
		break;
	case STEP_HOLD_DOWN:
		binding_free(b, NHRP_WHY_HOLD_DOWN);
		break;
	case STEP_NONE:
		break;
	}
}
