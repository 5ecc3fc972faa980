/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building and sending: what every packet of ours has in common, and the errors we tell others.
 *
 * The authentication extension carries a cleartext key as IOS does it: two reserved octets, SPI 1,
 * the key. It is checked and made anew at every hop.
 *
 * Cisco's NAT extension holds entries that say where an address is seen from outside: one with the
 * protocol address of a client and the NBMA address that its packets have behind its NAT. Who
 * registers puts the server's own two addresses there; the server adds where it sees the client, so
 * that the client knows. A server adds the same to a request that it passes on. Who answers from
 * behind a NAT adds it to the answer, whose own entries have the address inside, as IOS does it.
 */
#include "nhrp/core.h"

void message_start(const struct iface *i, struct nhrp_packet *p, enum nhrp_type type,
		   const struct addr *destination)
{
	*p = (struct nhrp_packet){
		.hop_count = NHRP_HOPS,
		.type = (uint8_t)type,
		.source_nbma = i->cfg.nbma,
		.source = i->cfg.address.addr,
		.destination = *destination,
	};
}

void message_add_extensions(struct nhrp_packet *p)
{
	nhrp_extension_add(p, NHRP_EXT_RESPONDER, (struct span){ NULL, 0 });
	nhrp_extension_add(p, NHRP_EXT_FORWARD_TRANSIT, (struct span){ NULL, 0 });
	nhrp_extension_add(p, NHRP_EXT_REVERSE_TRANSIT, (struct span){ NULL, 0 });
	if (p->type != NHRP_RESOLUTION_REQUEST && p->type != NHRP_REGISTRATION_REQUEST)
		return;
	p->flags |= NHRP_CISCO_NAT;
	nhrp_extension_add(p, NHRP_EXT_NAT, (struct span){ NULL, 0 });
}

struct addr message_nat_address(struct nhrp_packet *p, const struct addr *protocol)
{
	const struct nhrp_extension *e = nhrp_extension_find(p, NHRP_EXT_NAT);
	struct reader r = reader_of_span(e ? e->value : (struct span){ NULL, 0 });

	while (reader_left(&r)) {
		struct nhrp_cie cie = nhrp_cie_read(&r);

		if (r.bad)
			break;
		if (!cie.code && addr_equal(&cie.protocol, protocol) && addr_is_unicast(&cie.nbma))
			return cie.nbma;
	}
	return (struct addr){ 0 };
}

void message_nat_add(struct nhrp_packet *p, const struct addr *protocol, const struct addr *nbma,
		     struct nat_room *room)
{
	struct nhrp_extension *e = nhrp_extension_find(p, NHRP_EXT_NAT);
	struct writer w = writer_of(room->octets, sizeof(room->octets));
	struct nhrp_cie cie = { .prefix = 32, .nbma = *nbma, .protocol = *protocol };

	if (!e && !nhrp_extension_add(p, NHRP_EXT_NAT, (struct span){ NULL, 0 }))
		return;
	e = nhrp_extension_find(p, NHRP_EXT_NAT);
	write_span(&w, e->value);
	nhrp_cie_write(&w, &cie);
	/* One that does not fit is none of ours, and stays as it was. */
	if (!w.bad)
		e->value = (struct span){ room->octets, w.len };
}

void message_untranslate(struct nhrp_packet *p)
{
	for (size_t k = 0; k < p->n_cies; k++) {
		struct nhrp_cie *cie = &p->cies[k];
		struct addr protocol = cie->protocol.len ? cie->protocol : p->destination;
		struct addr nbma = message_nat_address(p, &protocol);

		if (cie->code || !nbma.len || addr_equal(&nbma, &cie->nbma))
			continue;
		cie->nbma = nbma;
		cie->translated = true;
	}
}

struct addr message_where_we_are_seen(const struct iface *i)
{
	const struct nhs *s = nhs_in_use(i);

	return s ? s->translated : (struct addr){ 0 };
}

struct nhrp_cie message_own_cie(const struct iface *i)
{
	return (struct nhrp_cie){
		.mtu = i->cfg.mtu,
		.holding_time = i->cfg.holding_time,
		.nbma = i->cfg.nbma,
		.protocol = i->cfg.address.addr,
	};
}

void message_reply(struct iface *i, struct nhrp_packet *p, enum nhrp_type type,
		   uint8_t room[NHRP_CIE_OCTETS])
{
	struct writer w = writer_of(room, NHRP_CIE_OCTETS);
	struct nhrp_cie own = message_own_cie(i);
	struct nhrp_packet request = *p;

	nhrp_cie_write(&w, &own);
	p->type = (uint8_t)type;
	p->hop_count = NHRP_HOPS;
	p->n_extensions = 0;
	for (size_t k = 0; k < request.n_extensions; k++) {
		const struct nhrp_extension *e = &request.extensions[k];

		if (e->type == NHRP_EXT_RESPONDER)
			nhrp_extension_add(p, e->type, (struct span){ room, w.len });
		else if (e->type == NHRP_EXT_FORWARD_TRANSIT)
			nhrp_extension_add(p, e->type, e->value);
		else if (e->type == NHRP_EXT_REVERSE_TRANSIT || e->type == NHRP_EXT_NAT)
			nhrp_extension_add(p, e->type, (struct span){ NULL, 0 });
	}
}

static bool add_authentication(const struct iface *i, struct nhrp_packet *p)
{
	struct nhrp_extension *e = nhrp_extension_find(p, NHRP_EXT_AUTHENTICATION);
	struct span value = { i->authentication, i->authentication_len };

	/* RFC 2332 5.2.7: an error indication carries no extensions. */
	if (!value.len || p->type == NHRP_ERROR_INDICATION)
		return true;
	if (!e && !nhrp_extension_add(p, NHRP_EXT_AUTHENTICATION, value))
		return false;
	e = e ? e : &p->extensions[p->n_extensions - 1];
	e->value = value;
	/* IOS has the NAT extension last. */
	if (e > p->extensions && e[-1].type == NHRP_EXT_NAT && e == &p->extensions[p->n_extensions - 1]) {
		struct nhrp_extension last = e[-1];

		e[-1] = *e;
		*e = last;
	}
	return true;
}

bool message_send(struct iface *i, msec now, struct peer *to, struct nhrp_packet *p,
		  const struct addr *through)
{
	uint8_t out[NHRP_PACKET_MAX];
	size_t len = add_authentication(i, p) ? nhrp_packet_encode(p, out, sizeof(out)) : 0;
	struct nhrp_event about = {
		.type = p->type,
		.request_id = p->request_id,
		.source = p->source,
		.protocol = p->destination,
		.code = p->n_cies ? p->cies[0].code : p->code,
	};

	if (!len)
		return false;
	peer_send(to, now, out, len, &about, through);
	return true;
}

bool message_authentic(struct iface *i, struct nhrp_packet *p, const struct addr *source_nbma)
{
	const struct nhrp_extension *e = nhrp_extension_find(p, NHRP_EXT_AUTHENTICATION);

	if (!i->authentication_len || (!e && p->type == NHRP_ERROR_INDICATION))
		return true;
	if (e && e->value.len == i->authentication_len &&
	    util_equal_ct(e->value.data, i->authentication, e->value.len))
		return true;
	i->counters.authentication_failures++;
	event(i, NHRP_EV_AUTHENTICATION_FAILED, WARNING, .nbma = *source_nbma, .type = p->type,
	      .request_id = p->request_id, .source = p->source, .protocol = p->destination,
	      .code = e ? 1 : 0);
	return false;
}

static bool error_budget(struct iface *i, msec now)
{
	msec full = MAX(i->errors_until, now);

	if (full > now + (ERROR_BURST - 1) * ERROR_INTERVAL)
		return false;
	i->errors_until = full + ERROR_INTERVAL;
	return true;
}

void message_error(struct iface *i, msec now, const struct addr *to, enum nhrp_error code,
		   size_t offset, const struct nhrp_packet *about, struct span packet)
{
	struct nhrp_packet p;
	struct peer *peer;

	if (about->type == NHRP_ERROR_INDICATION || !about->source.len || !error_budget(i, now))
		return;
	peer = peer_get(i, to);
	if (!peer)
		return;
	message_start(i, &p, NHRP_ERROR_INDICATION, &about->source);
	p.code = (uint16_t)code;
	p.offset = (uint16_t)offset;
	p.inner = packet;
	p.inner.len = MIN(packet.len, (size_t)(NHRP_PACKET_MAX - NHRP_HEADER - 20));
	i->counters.errors_sent[counter_index(code)]++;
	event(i, NHRP_EV_ERROR_SENT, INFO, .nbma = *to, .code = (int)code,
	      .offset = offset, .type = about->type, .request_id = about->request_id,
	      .source = about->source, .protocol = about->destination);
	message_send(i, now, peer, &p, NULL);
}

void message_drop(struct iface *i, const struct nhrp_packet *p, const struct addr *from,
		  enum nhrp_reason why, const struct addr *claimed)
{
	i->counters.dropped++;
	event(i, NHRP_EV_DROPPED, INFO, .nbma = *from, .type = p->type, .source = p->source,
	      .protocol = p->destination, .request_id = p->request_id, .reason = why,
	      .other_nbma = claimed ? *claimed : (struct addr){ 0 });
}

uint16_t message_mtu(const struct iface *i, uint16_t mtu)
{
	return mtu && mtu < i->cfg.mtu ? mtu : i->cfg.mtu;
}

/* RFC 2332 5.2.0.1: the higher value is preferred. */
void message_prefer(struct nhrp_packet *p)
{
	size_t best = 0;

	for (size_t k = 1; k < p->n_cies; k++)
		if (p->cies[best].code ? !p->cies[k].code
				       : !p->cies[k].code &&
						 p->cies[k].preference > p->cies[best].preference)
			best = k;
	if (best) {
		struct nhrp_cie first = p->cies[0];

		p->cies[0] = p->cies[best];
		p->cies[best] = first;
	}
}

uint32_t new_request_id(struct nhrp *n)
{
	return drbg_u32(&n->drbg);
}

unsigned int counter_index(unsigned int code)
{
	return MIN(code, 15U);
}
