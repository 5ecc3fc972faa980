/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The spoke's part of phase 3: routes to prefixes behind other spokes, without the hub.
 *
 *     RESOLVING --answered--> CONNECTING --the path to the egress is direct--> UP
 *         |                       |                                           |
 *         +-- no answer, no ------+-- it cannot be had -----------------------+--> HOLD_DOWN
 *
 * A Traffic Indication begins it, if the packet that it quotes goes through its sender by our own
 * routing table. Whatever happens until UP, and after it, the traffic takes the kernel's own route:
 * nothing is lost. The path to the egress is a binding like all others (resolve.c), with its
 * change-over; several shortcuts may have the same. Where the kernel's own route leads to the
 * egress already, that binding is all that is needed ("overrides").
 *
 * One table, by prefix. What is looked for is there as a host, what was found as the prefix that
 * was answered, bounded by what is safe and by what has an effect: a shortcut is never wider than
 * the kernel's own route for that address.
 *
 * Two timers: `life` ends the state (or the shortcut), `step` repeats the request, and while UP
 * asks after a third and two thirds of the holding time whether the egress's SA pair was used; if
 * so the shortcut is refreshed, as in resolve.c.
 */
#include "nhrp/core.h"

static const struct addr nobody;

static struct shortcut *shortcut_find(const struct iface *i, const struct prefix *prefix)
{
	struct shortcut *s;

	HASH_FIND(hh, i->shortcuts, prefix, sizeof(*prefix), s);
	return s;
}

/* The next one that holds the address, from that length on to the wider ones. */
static struct shortcut *holds(const struct iface *i, const struct addr *address, uint8_t bits)
{
	struct shortcut *s = NULL;

	for (; bits && !s; bits--) {
		struct prefix p = prefix_network(&(struct prefix){ *address, bits });

		s = shortcut_find(i, &p);
	}
	return s;
}

static void tell(const struct shortcut *s, enum nhrp_event_kind kind, enum nhrp_level level,
		 enum nhrp_reason why, int code)
{
	struct nhrp_event e = {
		.prefix = s->prefix,
		.protocol = s->asked,
		.request_id = s->request_id,
		.reason = why,
		.code = code,
	};

	if (s->gateway) {
		e.gateway = s->gateway->protocol;
		e.nbma = s->gateway->peer ? s->gateway->peer->nbma : nobody;
	}
	if (kind == NHRP_EV_SHORTCUT_UP)
		e.seconds = s->holding_time;
	else if (kind == NHRP_EV_SHORTCUT_FAILED)
		e.seconds = s->iface->cfg.hold_down;
	event_push(s->iface, kind, level, &e);
}

static void set_state(struct shortcut *s, msec now, enum nhrp_shortcut_state state)
{
	if (s->state == state)
		return;
	if (state == NHRP_SHORTCUT_UP)
		s->iface->n_unresolved--;
	else if (s->state == NHRP_SHORTCUT_UP)
		s->iface->n_unresolved++;
	s->state = state;
	s->since = now;
}

/* ---- the kernel's route ---- */

static void token_forget(struct shortcut *s)
{
	if (s->token)
		HASH_DELETE(hh_token, s->iface->core->shortcuts_by_token, s);
	s->token = 0;
}

static void route_add(struct shortcut *s)
{
	struct nhrp *n = s->iface->core;

	token_forget(s);
	s->routed = true;
	s->token = ++n->last_token;
	HASH_ADD(hh_token, n->shortcuts_by_token, token, sizeof(s->token), s);
	effect_push(n, &(struct nhrp_effect){ .kind = NHRP_ROUTE_ADD,
					      .id = s->iface->id,
					      .token = s->token,
					      .prefix = s->prefix,
					      .protocol = s->gateway->protocol });
}

static void route_del(struct shortcut *s)
{
	token_forget(s);
	if (s->routed)
		effect_push(s->iface->core, &(struct nhrp_effect){ .kind = NHRP_ROUTE_DEL,
								   .id = s->iface->id,
								   .prefix = s->prefix });
	s->routed = false;
}

/* Ours, or none where the kernel's own route leads there anyway. */
static void route_settle(struct shortcut *s)
{
	bool overrides = addr_equal(&s->next_hop, &s->gateway->protocol);

	if (overrides)
		route_del(s);
	else if (!s->routed)
		route_add(s);
}

/* ---- life and death ---- */

static void detach(struct shortcut *s)
{
	route_del(s);
	if (s->gateway)
		LIST_REMOVE(s, same_gateway);
	s->gateway = NULL;
}

static void shortcut_free(struct shortcut *s, enum nhrp_reason why)
{
	struct iface *i = s->iface;
	struct nhrp *n = i->core;
	bool up = s->state == NHRP_SHORTCUT_UP;

	tell(s, NHRP_EV_SHORTCUT_GONE, up ? NHRP_LEVEL_NOTICE : NHRP_LEVEL_DEBUG, why, 0);
	detach(s);
	timer_disarm(&n->timers, &s->step);
	timer_disarm(&n->timers, &s->life);
	if (!up)
		i->n_unresolved--;
	n->n_dynamic--;
	HASH_DELETE(hh, i->shortcuts, s);
	free(s);
}

static void hold_down(struct shortcut *s, msec now, enum nhrp_reason why, int code)
{
	struct timers *ts = &s->iface->core->timers;

	if (s->state == NHRP_SHORTCUT_UP)
		tell(s, NHRP_EV_SHORTCUT_GONE, NHRP_LEVEL_NOTICE, why, code);
	else
		tell(s, NHRP_EV_SHORTCUT_FAILED, NHRP_LEVEL_INFO, why, code);
	detach(s);
	s->asking = false;
	set_state(s, now, NHRP_SHORTCUT_HOLD_DOWN);
	timer_disarm(ts, &s->step);
	timer_arm(ts, &s->life, now + SECONDS(s->iface->cfg.hold_down));
}

static void rekey(struct shortcut *s, const struct prefix *prefix)
{
	HASH_DELETE(hh, s->iface->shortcuts, s);
	s->prefix = *prefix;
	HASH_ADD(hh, s->iface->shortcuts, prefix, sizeof(s->prefix), s);
}

/* Sends the request, or repeats it, through whom the traffic takes or another server. */
static void ask(struct shortcut *s, msec now)
{
	struct iface *i = s->iface;
	struct peer *to = peer_find(i, &s->via);

	if (!to || !to->up) {
		struct nhs *server = nhs_in_use(i);

		to = server ? server->peer : s->gateway ? s->gateway->peer : NULL;
	}
	s->asking = true;
	if (to && to->up) {
		s->via = to->nbma;
		resolve_request(i, now, to, &s->asked, s->request_id);
	}
	timer_arm(&i->core->timers, &s->step, now + retry_after(s->tries++));
}

static void begin(struct iface *i, msec now, const struct question *q, const struct nhrp_route *r)
{
	struct shortcut *s = xcalloc(1, sizeof(*s));

	s->iface = i;
	s->prefix = (struct prefix){ q->about, 32 };
	s->asked = q->about;
	s->via = q->from;
	s->bits = r->prefix.bits;
	s->next_hop = route_next_hop(i, q, r);
	s->state = NHRP_SHORTCUT_RESOLVING;
	s->created = s->since = now;
	s->step.kind = TIMER_SHORTCUT_STEP;
	s->life.kind = TIMER_SHORTCUT_LIFE;
	s->request_id = new_request_id(i->core);
	i->n_unresolved++;
	i->core->n_dynamic++;
	HASH_ADD(hh, i->shortcuts, prefix, sizeof(s->prefix), s);
	timer_arm(&i->core->timers, &s->life, now + retry_after(ASK_TRIES) - RETRY_FIRST);
	event(i, NHRP_EV_RESOLVING, INFO, .protocol = s->asked, .nbma = s->via,
	      .other_nbma = s->via, .request_id = s->request_id);
	ask(s, now);
}

/* ---- indications ---- */

static void indication(struct iface *i, const struct addr *from, const struct flow_key *key,
		       enum nhrp_reason why)
{
	if (why)
		i->counters.dropped++;
	event(i, NHRP_EV_TRAFFIC_INDICATION, INFO, .nbma = *from, .source = key->source,
	      .protocol = key->destination, .reason = why);
}

void shortcut_indicated(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct flow_key key = { 0 };

	if (!flow_read(a->packet->inner, &key))
		indication(i, &a->from, &key, NHRP_WHY_CUT);
	else if (!i->cfg.shortcut)
		indication(i, &a->from, &key, NHRP_WHY_DISABLED);
	else if (binding_find(i, &key.destination) || in_tunnel(i, &key.destination))
		/* Its neighbour is resolved anyway, if the kernel needs it. */
		indication(i, &a->from, &key, NHRP_WHY_NO_ANSWER_NEEDED);
	else
		route_ask(i,
			  &(struct question){ .kind = QUESTION_INDICATION,
					      .about = key.destination,
					      .from = a->from },
			  flow_start(a->packet->inner));
}

/* Why nothing is to be done about the address; whose packets take the neighbour next_hop. */
static enum nhrp_reason why_not(struct iface *i, msec now, const struct question *q,
				const struct nhrp_route *r)
{
	const struct addr next_hop = route_next_hop(i, q, r);
	const struct binding *b = next_hop.len ? binding_find(i, &next_hop) : NULL;
	struct shortcut *s = holds(i, &q->about, 32);

	if (!next_hop.len)
		return NHRP_WHY_NO_ROUTE;
	if (!b || !addr_equal(&b->path, &q->from))
		return NHRP_WHY_NOT_ON_PATH;
	if (s && s->prefix.bits >= r->prefix.bits) {
		/* The kernel lost it? */
		if (s->routed && now - s->since >= REDIRECT_LAST)
			route_add(s);
		return s->state == NHRP_SHORTCUT_HOLD_DOWN ? NHRP_WHY_HOLD_DOWN : NHRP_WHY_RATE;
	}
	if (i->n_unresolved < i->cfg.max_resolutions && !dynamic_limit_reached(i))
		return NHRP_WHY_NONE;
	i->counters.limits++;
	return NHRP_WHY_LIMIT;
}

void shortcut_path_known(struct iface *i, msec now, const struct question *q,
			 const struct nhrp_route *r)
{
	enum nhrp_reason why = why_not(i, now, q, r);
	struct flow_key key;

	if (!flow_read((struct span){ q->octets, q->len }, &key) || !i->cfg.shortcut)
		return;
	indication(i, &q->from, &key, why);
	if (!why)
		begin(i, now, q, r);
}

/* ---- answers ---- */

static void confirmed(struct shortcut *s, msec now)
{
	struct timers *ts = &s->iface->core->timers;
	msec holding = SECONDS(s->holding_time);

	s->asking = false;
	s->tries = 0;
	s->questions = 0;
	s->question_open = false;
	timer_arm(ts, &s->life, now + holding);
	timer_arm(ts, &s->step, now + holding / 3);
}

static void go_up(struct shortcut *s, msec now)
{
	set_state(s, now, NHRP_SHORTCUT_UP);
	s->payload_seen = s->gateway->peer->payload;
	confirmed(s, now);
	route_settle(s);
	tell(s, NHRP_EV_SHORTCUT_UP, NHRP_LEVEL_NOTICE, NHRP_WHY_NONE, s->routed ? 0 : 1);
}

void shortcuts_ready(struct binding *b, msec now)
{
	struct shortcut *s;

	LIST_FOREACH(s, &b->shortcuts, same_gateway)
		if (s->state == NHRP_SHORTCUT_CONNECTING)
			go_up(s, now);
}

/* The prefix that an answer is good for; false where it is good for nothing. */
static bool bounded(const struct shortcut *s, const struct nhrp_cie *cie, const struct addr *nbma,
		    struct prefix *out)
{
	const struct prefix host = { s->asked, 32 };

	if (!prefix_of_cie(cie, &s->asked, out))
		return false;
	if (prefix_is_unsafe(s->iface, out, nbma))
		*out = host;
	else if (out->bits < s->bits)
		*out = prefix_network(&(struct prefix){ s->asked, s->bits });
	return !prefix_is_unsafe(s->iface, out, nbma);
}

/* A member of the tunnel. Where its mask tells none, a host that was asked for is one. */
static bool is_gateway(const struct iface *i, const struct addr *a)
{
	return in_tunnel(i, a) || (i->cfg.address.bits == 32 && addr_is_unicast(a));
}

static bool same_egress(const struct shortcut *s, const struct addr *gateway,
			const struct addr *nbma)
{
	return s->gateway && s->gateway->peer && addr_equal(&s->gateway->protocol, gateway) &&
	       addr_equal(&s->gateway->peer->nbma, nbma);
}

/* Its egress is known now, or is another one. May free s. */
static void lead_to(struct shortcut *s, const struct arrival *a, const struct addr *gateway,
		    const struct prefix *prefix, const struct nhrp_cie *cie)
{
	struct shortcut *other = shortcut_find(s->iface, prefix);
	struct binding *b;

	if (s->state == NHRP_SHORTCUT_UP)
		tell(s, NHRP_EV_SHORTCUT_GONE, NHRP_LEVEL_NOTICE, NHRP_WHY_REPLACED, 0);
	detach(s);
	if (other && other != s) /* found twice, through two of its addresses */
		shortcut_free(other, NHRP_WHY_REPLACED);
	set_state(s, a->now, NHRP_SHORTCUT_CONNECTING);
	s->asking = false;
	timer_disarm(&s->iface->core->timers, &s->step);
	rekey(s, prefix);
	b = resolve_gateway(a, gateway, cie);
	if (!b) {
		hold_down(s, a->now, NHRP_WHY_NO_NHS, 0);
		return;
	}
	s->gateway = b;
	LIST_INSERT_HEAD(&b->shortcuts, s, same_gateway);
	timer_arm(&s->iface->core->timers, &s->life, a->now + GATEWAY_TIME);
	if (resolve_is_direct(b))
		go_up(s, a->now);
}

static void positive(struct shortcut *s, const struct arrival *a, const struct nhrp_cie *cie)
{
	const struct addr *gateway = cie->protocol.len ? &cie->protocol : &s->asked;
	struct prefix prefix;
	struct shortcut *other;

	event(a->iface, NHRP_EV_RESOLUTION_ANSWERED, INFO, .protocol = s->asked,
	      .nbma = cie->nbma, .other_nbma = a->from, .request_id = s->request_id,
	      .seconds = cie->holding_time);
	if (!bounded(s, cie, &cie->nbma, &prefix)) {
		hold_down(s, a->now, NHRP_WHY_TOO_WIDE, 0);
		return;
	}
	s->holding_time = cie->holding_time;
	other = shortcut_find(a->iface, &prefix);
	if (other && other->state == NHRP_SHORTCUT_UP && same_egress(other, gateway, &cie->nbma)) {
		other->holding_time = cie->holding_time;
		confirmed(other, a->now); /* a refresh */
		if (other != s)
			shortcut_free(s, NHRP_WHY_REPLACED);
		return;
	}
	lead_to(s, a, gateway, &prefix, cie);
}

static void ask_anew(struct shortcut *s, msec now)
{
	s->tries = 0;
	s->request_id = new_request_id(s->iface->core);
	ask(s, now);
}

/*
 * No to a refresh: of the egress it is the last word. A server that says so may have started anew
 * and know nobody, so the egress is asked itself.
 */
static void negative(struct shortcut *s, const struct arrival *a, const struct nhrp_cie *cie)
{
	bool up = s->state == NHRP_SHORTCUT_UP;
	const struct addr *egress = up ? &s->gateway->peer->nbma : NULL;

	a->iface->counters.refusals_received[counter_index(cie->code)]++;
	event(a->iface, NHRP_EV_RESOLUTION_NEGATIVE, INFO, .protocol = s->asked,
	      .nbma = s->via, .other_nbma = a->from, .code = cie->code,
	      .request_id = s->request_id, .seconds = up ? 0 : a->iface->cfg.hold_down);
	s->asking = false;
	timer_disarm(&a->iface->core->timers, &s->step);
	if (!up) {
		hold_down(s, a->now, NHRP_WHY_REFUSED, cie->code);
	} else if (addr_equal(&a->from, egress)) {
		shortcut_free(s, NHRP_WHY_REFUSED);
	} else {
		s->via = *egress;
		ask_anew(s, a->now);
	}
}

static struct shortcut *waiting_for(const struct iface *i, const struct addr *about, uint32_t id)
{
	for (uint8_t bits = 32; bits; bits--) {
		struct shortcut *s = holds(i, about, bits);

		if (!s)
			break;
		if (s->asking && s->request_id == id && addr_equal(&s->asked, about))
			return s;
		bits = s->prefix.bits;
	}
	return NULL;
}

bool shortcut_reply(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;
	const struct nhrp_cie *cie = &p->cies[0];
	const struct addr *gateway = cie->protocol.len ? &cie->protocol : &p->destination;
	struct shortcut *s = waiting_for(i, &p->destination, p->request_id);
	enum nhrp_reason why = NHRP_WHY_NONE;

	if (!s)
		return false;
	if (!addr_equal(&a->from, &s->via) && (cie->code || !addr_equal(&a->from, &cie->nbma)))
		why = NHRP_WHY_STRANGER;
	else if (cie->code)
		negative(s, a, cie);
	else if (!addr_is_unicast(&cie->nbma) || addr_equal(&cie->nbma, &i->cfg.nbma) ||
		 addr_equal(gateway, &i->cfg.address.addr))
		why = NHRP_WHY_OWN_ADDRESS;
	else if (!is_gateway(i, gateway))
		why = NHRP_WHY_OUTSIDE;
	else if (cie->holding_time < HOLDING_TIME_MIN)
		why = NHRP_WHY_HOLDING_TIME;
	else
		positive(s, a, cie);
	if (why)
		message_drop(i, p, &a->from, why, &cie->nbma);
	return true;
}

bool shortcut_error(const struct arrival *a, const struct nhrp_packet *quoted)
{
	struct shortcut *s = quoted->type == NHRP_RESOLUTION_REQUEST
				     ? waiting_for(a->iface, &quoted->destination,
						   quoted->request_id)
				     : NULL;

	if (!s)
		return false;
	if (s->state == NHRP_SHORTCUT_RESOLVING && addr_equal(&a->from, &s->via))
		hold_down(s, a->now, NHRP_WHY_REFUSED, a->packet->code);
	return true;
}

/* ---- what ends it ---- */

void shortcuts_lost(struct binding *b, msec now, enum nhrp_reason why)
{
	msec enough = SECONDS(b->iface->cfg.hold_down);
	struct shortcut *s;

	while ((s = LIST_FIRST(&b->shortcuts)))
		if (why == NHRP_WHY_REPLACED ||
		    (s->state == NHRP_SHORTCUT_UP && now - s->since >= enough))
			shortcut_free(s, why);
		else
			hold_down(s, now, why, 0); /* no flapping */
}

void shortcuts_drop(struct binding *b, enum nhrp_reason why)
{
	while (!LIST_EMPTY(&b->shortcuts))
		shortcut_free(LIST_FIRST(&b->shortcuts), why);
}

/* Those of them whose egress the sender is, or whose server. */
bool shortcut_purge(const struct arrival *a, const struct nhrp_cie *cie)
{
	const struct peer *from = peer_find(a->iface, &a->from);
	bool server = nhs_by_nbma(a->iface, &a->from) != NULL, any = false;
	struct shortcut *s, *next;
	struct prefix prefix;
	struct binding *b;

	if (!cie->protocol.len || !prefix_of_cie(cie, &cie->protocol, &prefix))
		return false;
	s = server ? shortcut_find(a->iface, &prefix) : NULL;
	if (s && s->gateway) {
		shortcut_free(s, NHRP_WHY_PURGED);
		any = true;
	}
	for (b = from ? LIST_FIRST(&from->bindings) : NULL; b; b = LIST_NEXT(b, same_peer))
		for (s = LIST_FIRST(&b->shortcuts); s; s = next) {
			next = LIST_NEXT(s, same_gateway);
			if (!prefix_overlaps(&s->prefix, &prefix))
				continue;
			shortcut_free(s, NHRP_WHY_PURGED);
			any = true;
		}
	/* An answer that is under way may be what is purged here. */
	HASH_ITER (hh, a->iface->shortcuts, s, next)
		if (s->asking && prefix_contains(&prefix, &s->asked))
			ask_anew(s, a->now);
	return any;
}

void shortcuts_clear(struct iface *i, const struct addr *protocol, enum nhrp_reason why)
{
	struct shortcut *s, *next;

	HASH_ITER (hh, i->shortcuts, s, next)
		if (!protocol->len || prefix_contains(&s->prefix, protocol))
			shortcut_free(s, why);
}

void nhrp_routed(struct nhrp *n, msec now, uint64_t token, int error)
{
	struct shortcut *s;

	HASH_FIND(hh_token, n->shortcuts_by_token, &token, sizeof(token), s);
	if (!s)
		return;
	token_forget(s);
	if (error) {
		s->routed = false;
		tell(s, NHRP_EV_ROUTE_FAILED, NHRP_LEVEL_ERROR, NHRP_WHY_KERNEL, error);
		hold_down(s, now, NHRP_WHY_KERNEL, error);
	}
	peers_sweep(n);
}

void shortcuts_reinstall(struct iface *i)
{
	for (struct shortcut *s = i->shortcuts; s; s = s->hh.next)
		if (s->routed)
			route_add(s);
}

/* ---- the routing table changes ---- */

static void check(struct shortcut *s)
{
	if (s->checking)
		return;
	s->checking = true;
	route_ask(s->iface,
		  &(struct question){
			  .kind = QUESTION_SHORTCUT, .about = s->asked, .prefix = s->prefix },
		  (struct span){ NULL, 0 });
}

void shortcuts_check(struct iface *i, const struct prefix *changed)
{
	for (struct shortcut *s = i->shortcuts; s; s = s->hh.next)
		if (prefix_overlaps(&s->prefix, changed))
			check(s);
}

/*
 * A route away from the tunnel ends it, and a narrower one beside which it would have no effect.
 * Not one that is gone: when a hub dies its routes may go before those of the next one come.
 */
static bool still_good(const struct shortcut *s, const struct nhrp_route *r)
{
	if (s->state != NHRP_SHORTCUT_UP || (r->found && r->prefix.bits > s->prefix.bits))
		return false;
	return s->next_hop.len || !r->found || r->prefix.bits < s->bits;
}

void shortcut_checked(struct iface *i, msec now, const struct question *q,
		      const struct nhrp_route *r)
{
	struct shortcut *s = shortcut_find(i, &q->prefix);

	(void)now;
	if (!s || !s->checking)
		return;
	s->checking = false;
	s->next_hop = route_next_hop(i, q, r);
	if (still_good(s, r)) {
		s->bits = MAX(s->bits, r->prefix.bits);
		route_settle(s);
	} else if (s->state == NHRP_SHORTCUT_UP || !s->next_hop.len) {
		shortcut_free(s, NHRP_WHY_ROUTE_CHANGED);
	}
}

/* ---- time and use ---- */

/* Through a server, who knows if the prefix has moved. */
static void refresh(struct shortcut *s, msec now)
{
	struct nhs *server = nhs_in_use(s->iface);

	s->via = server ? server->peer->nbma : s->gateway->peer->nbma;
	ask_anew(s, now);
}

void shortcuts_used(struct binding *b, msec now)
{
	struct shortcut *s;

	LIST_FOREACH(s, &b->shortcuts, same_gateway) {
		bool used = s->payload_seen != b->peer->payload;

		if (s->state != NHRP_SHORTCUT_UP || !s->question_open)
			continue;
		s->question_open = false;
		s->payload_seen = b->peer->payload;
		s->used = used;
		if (!used || s->questions < 2)
			continue;
		refresh(s, now);
	}
}

void shortcuts_doubt(struct peer *p, msec now)
{
	struct binding *b;
	struct shortcut *s;

	LIST_FOREACH(b, &p->bindings, same_peer)
		LIST_FOREACH(s, &b->shortcuts, same_gateway)
			if (s->state == NHRP_SHORTCUT_UP)
				refresh(s, now);
}

static void ask_about_use(struct shortcut *s, msec now)
{
	struct nhrp *n = s->iface->core;

	s->questions++;
	s->question_open = true;
	effect_push(n, &(struct nhrp_effect){ .kind = NHRP_QUERY_USE,
					      .id = s->iface->id,
					      .nbma = s->gateway->peer->nbma });
	if (s->questions == 1)
		timer_arm(&n->timers, &s->step, now + SECONDS(s->holding_time) / 3);
}

void shortcut_step(struct shortcut *s, msec now)
{
	if (s->state == NHRP_SHORTCUT_UP && !s->asking)
		ask_about_use(s, now);
	else if (s->tries < ASK_TRIES)
		ask(s, now);
}

void shortcut_life(struct shortcut *s, msec now)
{
	switch (s->state) {
	case NHRP_SHORTCUT_RESOLVING:
		hold_down(s, now, NHRP_WHY_UNANSWERED, 0);
		break;
	case NHRP_SHORTCUT_CONNECTING:
		hold_down(s, now, NHRP_WHY_NO_SA, 0);
		break;
	case NHRP_SHORTCUT_UP:
		shortcut_free(s, s->used ? NHRP_WHY_EXPIRED : NHRP_WHY_IDLE);
		break;
	case NHRP_SHORTCUT_HOLD_DOWN:
		shortcut_free(s, NHRP_WHY_HOLD_DOWN);
		break;
	}
}

/* ---- show ---- */

bool nhrp_shortcut_next(const struct nhrp *n, const void **cursor, struct nhrp_shortcut *out)
{
	const struct shortcut *s = *cursor;
	const struct iface *i = s ? s->iface->hh.next : n->ifaces;

	s = s ? s->hh.next : NULL;
	for (; !s && i; i = i->hh.next)
		s = i->shortcuts;
	if (!s)
		return false;
	*cursor = s;
	*out = (struct nhrp_shortcut){
		.id = s->iface->id,
		.prefix = s->prefix,
		.state = s->state,
		.overrides = s->state == NHRP_SHORTCUT_UP && !s->routed,
		.used = s->used,
		.created = s->created,
		.expires = timer_armed(&s->life) ? s->life.due : MSEC_NEVER,
		.holding_time = s->holding_time,
	};
	if (s->gateway) {
		out->gateway = s->gateway->protocol;
		out->nbma = s->gateway->peer ? s->gateway->peer->nbma : nobody;
	}
	return true;
}
