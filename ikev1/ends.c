/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/ends.h"

#include "ikev1/natt.h"

#define PROTOCOL_GRE 47

static void make_id(struct quick_mode *qm, size_t i, const struct addr *a)
{
	struct writer w = writer_of(qm->id[i], sizeof(qm->id[i]));

	write_u8(&w, ISAKMP_ID_IPV4_ADDR);
	write_u8(&w, PROTOCOL_GRE);
	write_u16(&w, 0);
	write_bytes(&w, a->b, 4);
	qm->id_len[i] = (uint8_t)w.len;
}

void ends_add(struct ipsec_pair *pair, struct isakmp_builder *b)
{
	struct quick_mode *qm = pair->qm;

	if (pair->x.role == IKE_INITIATOR) {
		make_id(qm, 0, &pair->sa->local.addr);
		make_id(qm, 1, &pair->sa->remote.addr);
	}
	for (size_t i = 0; i < ARRAY_SIZE(qm->id); i++)
		isakmp_add_payload(b, ISAKMP_ID, span_of(qm->id[i], qm->id_len[i]));
	natt_add_original_addresses(pair, b);
}

/* One end, as we know it. */
struct end {
	struct addr here;     /* as it appears here */
	struct addr inside;   /* the peer's own address, where it told us one */
	struct addr original; /* NAT-OA */
	bool translated;      /* it is behind a NAT */
};

static bool is_end(const struct addr *a, const struct end *e)
{
	if (addr_equal(a, &e->here))
		return true;
	/* Without NAT-OA its address on the other side of the NAT may be any. */
	return e->translated && (addr_equal(a, &e->inside) || addr_equal(a, &e->original) ||
				 addr_is_none(&e->original));
}

static bool id_fits(struct span body, const struct end *e)
{
	static const uint8_t host_mask[4] = { 255, 255, 255, 255 };
	struct isakmp_id id;
	struct addr a;

	if (!isakmp_parse_id(body, &id) || id.protocol != PROTOCOL_GRE || id.port != 0)
		return false;
	if (id.type == ISAKMP_ID_IPV4_SUBNET && memcmp(id.data.data + 4, host_mask, 4) != 0)
		return false;
	if (id.type != ISAKMP_ID_IPV4_ADDR && id.type != ISAKMP_ID_IPV4_SUBNET)
		return false;
	a = addr_from_bytes(id.data.data, 4);
	return is_end(&a, e);
}

static bool fit(const struct exchange *x, const struct isakmp_sa *sa, const struct incoming *in,
		const struct span id[2])
{
	struct natt_original original = natt_original_addresses(sa, in);
	bool encapsulates = natt_encapsulates(sa);
	struct end us = { .here = sa->local.addr, .translated = encapsulates && sa->nat.us };
	struct end them = { .here = sa->remote.addr,
			    .inside = sa->inside,
			    .translated = encapsulates && sa->nat.them };
	const struct end *initiator = x->role == IKE_INITIATOR ? &us : &them;
	const struct end *responder = x->role == IKE_INITIATOR ? &them : &us;

	us.original = x->role == IKE_INITIATOR ? original.initiator : original.responder;
	them.original = x->role == IKE_INITIATOR ? original.responder : original.initiator;
	return id_fits(id[0], initiator) && id_fits(id[1], responder);
}

/* For the account of a refusal. */
static void keep(struct ike_proxy *out, struct span body)
{
	struct isakmp_id id;

	if (!isakmp_parse_id(body, &id))
		return;
	*out = (struct ike_proxy){ .type = id.type, .protocol = id.protocol, .port = id.port };
	out->len = (uint8_t)MIN(id.data.len, sizeof(out->data));
	memcpy(out->data, id.data.data, out->len);
}

/* Absent identities would mean any protocol between the hosts: refused. */
bool ends_fit(struct exchange *x, const struct incoming *in)
{
	struct ipsec_pair *pair = pair_of(x);
	struct quick_mode *qm = pair->qm;
	struct span id[2];
	size_t n = 0;

	for (size_t i = 0; i < in->m.count; i++) {
		if (in->m.payload[i].type != ISAKMP_ID)
			continue;
		report_payload(x, IKE_EVENT_PROCESSING, &in->m.payload[i]);
		if (n == 2)
			return false;
		keep(&qm->refused[n], in->m.payload[i].body);
		id[n++] = in->m.payload[i].body;
	}
	if (n != 2 || !fit(x, pair->sa, in, id))
		return false;
	for (size_t i = 0; i < n && x->role == IKE_RESPONDER; i++) {
		/* What fits has 8 or 12 octets. */
		memcpy(qm->id[i], id[i].data, id[i].len);
		qm->id_len[i] = (uint8_t)id[i].len;
	}
	return true;
}
