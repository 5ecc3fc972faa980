/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub's part of phase 3. A packet that came in through the tunnel and leaves through it could
 * take a shorter way: who sent it is told so with a Traffic Indication (draft-detienne-dmvpn-01),
 * which quotes the start of the packet.
 *
 * The packet does not say through which peer it came: that is where the route of its source leads
 * to. A flow that goes on is told again, soon at first (the indication or the answer may be lost),
 * then at intervals. The flows of the last REDIRECT_MEMORY are kept in the order of their last
 * indication, so that forgetting them needs no timer.
 */
#include "nhrp/core.h"

struct flow {
	UT_hash_handle hh;
	TAILQ_ENTRY(flow) next;
	const struct iface *iface;
	struct flow_key key;
	msec interval; /* from the last indication to the next */
	msec next_one;
	msec until; /* remembered */
	struct addr nbma; /* who was told last; none: nobody could be */
	uint64_t told, limited;
};

static void flow_forget(struct iface *i, struct flow *f)
{
	TAILQ_REMOVE(&i->flows_by_age, f, next);
	HASH_DELETE(hh, i->flows, f);
	free(f);
}

void redirect_free(struct iface *i)
{
	struct flow *f;

	while ((f = TAILQ_FIRST(&i->flows_by_age)))
		flow_forget(i, f);
}

/* A packet of that flow is to be told. */
static bool flow_is_due(struct iface *i, msec now, const struct flow_key *key)
{
	struct flow *f;

	while ((f = TAILQ_FIRST(&i->flows_by_age)) && f->until <= now)
		flow_forget(i, f);
	HASH_FIND(hh, i->flows, key, sizeof(*key), f);
	if (f ? now < f->next_one : HASH_COUNT(i->flows) >= REDIRECT_FLOWS) {
		if (f)
			f->limited++;
		return false;
	}
	if (f) {
		f->interval = MIN(2 * f->interval, REDIRECT_LAST);
		TAILQ_REMOVE(&i->flows_by_age, f, next);
	} else {
		f = xcalloc(1, sizeof(*f));
		f->iface = i;
		f->key = *key;
		f->interval = REDIRECT_FIRST;
		HASH_ADD(hh, i->flows, key, sizeof(f->key), f);
	}
	/* Who hands the packets in has intervals, too, and these must not miss each other. */
	f->next_one = now + f->interval - REDIRECT_FIRST / 4;
	f->until = now + REDIRECT_MEMORY;
	TAILQ_INSERT_TAIL(&i->flows_by_age, f, next);
	return true;
}

static bool peer_budget(struct peer *p, msec now)
{
	msec full = MAX(p->redirects_until, now);

	if (full > now + (REDIRECT_BURST - 1) * REDIRECT_PACE)
		return false;
	p->redirects_until = full + REDIRECT_PACE;
	return true;
}

static void ignore(struct iface *i, const struct flow_key *key, enum nhrp_reason why)
{
	i->counters.hairpins_ignored++;
	event(i, NHRP_EV_REDIRECT_IGNORED, INFO, .source = key->source,
	      .protocol = key->destination, .reason = why);
}

void nhrp_hairpin(struct nhrp *n, msec now, int id, struct span packet)
{
	struct iface *i = iface_find(n, id);
	struct flow_key key;

	if (!i)
		return;
	i->counters.hairpins++;
	if (!i->cfg.redirect || !flow_read(packet, &key))
		i->counters.hairpins_ignored++;
	else if (!flow_is_due(i, now, &key))
		i->counters.hairpins_limited++;
	else
		route_ask(i,
			  &(struct question){ .kind = QUESTION_HAIRPIN_SOURCE,
					      .about = key.source },
			  flow_start(packet));
}

/* Whom packets for that address go to; NULL where that is nobody who can be reached here. */
static struct peer *peer_behind(struct iface *i, const struct question *q,
				const struct nhrp_route *r)
{
	struct addr next_hop = route_next_hop(i, q, r);
	const struct binding *b = next_hop.len ? binding_find(i, &next_hop) : NULL;

	return binding_is_settled(b) && b->peer->up ? b->peer : NULL;
}

void redirect_source_known(struct iface *i, msec now, const struct question *q,
			   const struct nhrp_route *r)
{
	struct span packet = { q->octets, q->len };
	struct peer *sender = peer_behind(i, q, r);
	struct flow_key key;

	(void)now;
	if (!flow_read(packet, &key))
		return;
	if (!sender) {
		ignore(i, &key, NHRP_WHY_NO_ROUTE);
		return;
	}
	route_ask(i,
		  &(struct question){ .kind = QUESTION_HAIRPIN_DESTINATION,
				      .about = key.destination,
				      .from = sender->nbma },
		  packet);
}

static void flow_told(struct iface *i, const struct flow_key *key, const struct addr *nbma)
{
	struct flow *f;

	HASH_FIND(hh, i->flows, key, sizeof(*key), f);
	if (!f)
		return;
	f->nbma = *nbma;
	f->told++;
}

static void indicate(struct iface *i, msec now, struct peer *to, const struct flow_key *key,
		     struct span packet)
{
	struct nhrp_packet p;

	message_start(i, &p, NHRP_TRAFFIC_INDICATION, &key->source);
	p.inner = packet;
	nhrp_extension_add(&p, NHRP_EXT_FORWARD_TRANSIT, (struct span){ NULL, 0 });
	nhrp_extension_add(&p, NHRP_EXT_REVERSE_TRANSIT, (struct span){ NULL, 0 });
	nhrp_extension_add(&p, NHRP_EXT_NAT, (struct span){ NULL, 0 });
	message_send(i, now, to, &p, NULL);
}

void redirect_destination_known(struct iface *i, msec now, const struct question *q,
				const struct nhrp_route *r)
{
	struct span packet = { q->octets, q->len };
	struct peer *egress = peer_behind(i, q, r);
	struct peer *sender = peer_find(i, &q->from);
	struct flow_key key;

	if (!flow_read(packet, &key))
		return;
	if (!sender || !sender->up) {
		ignore(i, &key, NHRP_WHY_PEER_DOWN);
	} else if (!egress) {
		ignore(i, &key, NHRP_WHY_NO_ROUTE);
	} else if (egress == sender) {
		ignore(i, &key, NHRP_WHY_SAME_PEER);
	} else if (forward_is_forbidden(sender, egress)) {
		ignore(i, &key, NHRP_WHY_PSEUDO);
	} else if (!peer_budget(sender, now)) {
		ignore(i, &key, NHRP_WHY_RATE);
	} else {
		event(i, NHRP_EV_REDIRECT_SENT, INFO, .source = key.source,
		      .protocol = key.destination, .nbma = sender->nbma,
		      .other_nbma = egress->nbma);
		flow_told(i, &key, &sender->nbma);
		indicate(i, now, sender, &key, packet);
	}
}

static const struct flow *first_from(const struct iface *i)
{
	while (i && !i->flows)
		i = i->hh.next;
	return i ? i->flows : NULL;
}

bool nhrp_flow_next(const struct nhrp *n, const void **cursor, struct nhrp_flow *out)
{
	const struct flow *f = *cursor;

	if (!f)
		f = first_from(n->ifaces);
	else
		f = f->hh.next ? f->hh.next : first_from(f->iface->hh.next);
	if (!f)
		return false;
	*cursor = f;
	*out = (struct nhrp_flow){
		.id = f->iface->id,
		.source = f->key.source,
		.destination = f->key.destination,
		.nbma = f->nbma,
		.told = f->told,
		.limited = f->limited,
		.next = f->next_one,
		.until = f->until,
	};
	return true;
}
