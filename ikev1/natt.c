/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT traversal: what is said on the wire. */
#include "ikev1/natt.h"

/* The versions that are spoken, the best first, and how they differ. */
static const struct version {
	enum isakmp_vid vid;
	uint8_t discovery, original; /* payload types */
	enum proposal_encap encap;
} versions[] = {
	{ VID_NATT_RFC3947, ISAKMP_NATD, ISAKMP_NATOA, ENCAP_UDP_TRANSPORT },
	{ VID_NATT_DRAFT03, ISAKMP_NATD_DRAFT, ISAKMP_NATOA_DRAFT, ENCAP_UDP_TRANSPORT_DRAFT },
	{ VID_NATT_DRAFT02N, ISAKMP_NATD_DRAFT, ISAKMP_NATOA_DRAFT, ENCAP_UDP_TRANSPORT_DRAFT },
	{ VID_NATT_DRAFT02, ISAKMP_NATD_DRAFT, ISAKMP_NATOA_DRAFT, ENCAP_UDP_TRANSPORT_DRAFT },
};

static const struct version *version_of(const struct isakmp_sa *sa)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].vid == sa->nat.version)
			return &versions[i];
	return NULL;
}

void natt_add_vendor_ids(const struct isakmp_sa *sa, struct isakmp_builder *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (sa->x.role == IKE_INITIATOR || versions[i].vid == sa->nat.version)
			isakmp_add_payload(b, ISAKMP_VENDOR, isakmp_vid_bytes(versions[i].vid));
}

void natt_choose_version(struct isakmp_sa *sa)
{
	for (size_t i = ARRAY_SIZE(versions); i-- > 0;)
		if (sa->vendor_ids & 1u << versions[i].vid)
			sa->nat.version = versions[i].vid;
}

/* Discovery, RFC 3947 3.2 */

/* HASH(CKY-I | CKY-R | IP | Port), by the negotiated hash. */
static struct span discovery_hash(const struct isakmp_sa *sa, const struct endpoint *e,
				  uint8_t hash[HASH_LEN_MAX])
{
	const uint8_t port[2] = { (uint8_t)(e->port >> 8), (uint8_t)e->port };
	const struct span parts[] = {
		span_of(sa->cookies, sizeof(sa->cookies)),
		span_of(e->addr.b, e->addr.len),
		span_of(port, sizeof(port)),
	};

	crypto_hash(sa->suite.hash, parts, ARRAY_SIZE(parts), hash);
	return span_of(hash, hash_get(sa->suite.hash)->len);
}

void natt_add_discovery(const struct isakmp_sa *sa, struct isakmp_builder *b)
{
	const struct version *v = version_of(sa);
	uint8_t hash[HASH_LEN_MAX];

	if (!v)
		return;
	isakmp_add_payload(b, v->discovery, discovery_hash(sa, &sa->remote, hash));
	isakmp_add_payload(b, v->discovery, discovery_hash(sa, &sa->local, hash));
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

void natt_discover(struct isakmp_sa *sa, const struct incoming *in)
{
	const struct version *v = version_of(sa);
	bool us = false, them = true;
	uint8_t ours[HASH_LEN_MAX], theirs[HASH_LEN_MAX];
	struct span local = discovery_hash(sa, &sa->local, ours);
	struct span remote = discovery_hash(sa, &sa->remote, theirs);
	struct ike_event *e;
	size_t n = 0;

	for (size_t i = 0; v && i < in->m.count; i++) {
		const struct isakmp_payload *p = &in->m.payload[i];

		if (p->type != v->discovery)
			continue;
		report_payload(&sa->x, IKE_EVENT_PROCESSING, p);
		/* The first is where the message went to, the others are where it may have come from. */
		if (n++ == 0)
			us = !same(p->body, local);
		else if (same(p->body, remote))
			them = false;
	}
	/* It speaks NAT-T and sends none: then there is nothing that could be known. */
	if (n < 2)
		return;
	sa->nat.us = us;
	sa->nat.them = them;
	e = report_exchange(&sa->x, IKE_EVENT_NAT, us || them ? LEVEL_ALWAYS : LEVEL_INFO);
	e->nat.us = us;
	e->nat.them = them;
}

void natt_float(struct isakmp_sa *sa)
{
	if (sa->natt || (!sa->nat.us && !sa->nat.them))
		return;
	sa->natt = true;
	sa->local.port = sa->remote.port = NATT_PORT;
}

/* Quick mode */

bool natt_encapsulates(const struct isakmp_sa *sa)
{
	return sa->natt && (sa->nat.us || sa->nat.them);
}

enum proposal_encap natt_encap(const struct isakmp_sa *sa)
{
	const struct version *v = version_of(sa);

	return v && natt_encapsulates(sa) ? v->encap : ENCAP_TRANSPORT;
}

static void add_original_address(struct isakmp_builder *b, uint8_t type, const struct addr *a)
{
	isakmp_payload_begin(b, type);
	write_u8(&b->w, ISAKMP_ID_IPV4_ADDR);
	write_zero(&b->w, 3);
	write_bytes(&b->w, a->b, a->len);
	isakmp_payload_end(b);
}

void natt_add_original_addresses(const struct ipsec_pair *pair, struct isakmp_builder *b)
{
	const struct isakmp_sa *sa = pair->sa;
	const struct version *v = version_of(sa);
	bool initiator = pair->x.role == IKE_INITIATOR;

	if (!v || !natt_encapsulates(sa))
		return;
	add_original_address(b, v->original, initiator ? &sa->local.addr : &sa->remote.addr);
	add_original_address(b, v->original, initiator ? &sa->remote.addr : &sa->local.addr);
}

struct natt_original natt_original_addresses(const struct isakmp_sa *sa, const struct incoming *in)
{
	const struct version *v = version_of(sa);
	struct natt_original out = { 0 };
	size_t n = 0;

	for (size_t i = 0; v && i < in->m.count && n < 2; i++) {
		struct reader r = reader_of_span(in->m.payload[i].body);

		if (in->m.payload[i].type != v->original)
			continue;
		n++;
		if (read_u8(&r) != ISAKMP_ID_IPV4_ADDR || read_u8(&r) || read_u16(&r) ||
		    reader_left(&r) != 4)
			continue;
		*(n == 1 ? &out.initiator : &out.responder) = addr_from_bytes(r.pos, 4);
	}
	return out;
}
