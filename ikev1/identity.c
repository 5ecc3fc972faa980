/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/identity.h"

#include "ikev1/cert.h"

static size_t build(uint8_t type, struct span data, uint8_t body[IDENTITY_MAX])
{
	struct writer w = writer_of(body, IDENTITY_MAX);

	write_u8(&w, type);
	write_u8(&w, 17); /* RFC 2407 4.6.2: in phase 1 zeros, or UDP and 500 */
	write_u16(&w, 500);
	write_span(&w, data);
	return w.bad ? 0 : w.len;
}

size_t identity_build(const struct isakmp_sa *sa, uint8_t body[IDENTITY_MAX])
{
	const struct ike_config *cfg = sa->x.ike->cfg;
	bool signs = sa->suite.auth == AUTH_RSA_SIG && cfg->trustpoint;
	size_t len = 0;

	if (signs && (cfg->identity == IKE_IDENTITY_DN || cfg->identity == IKE_IDENTITY_AUTO))
		len = build(ISAKMP_ID_DER_ASN1_DN, trustpoint_subject(cfg->trustpoint), body);
	else if (cfg->identity == IKE_IDENTITY_HOSTNAME && cfg->hostname.len)
		len = build(ISAKMP_ID_FQDN, cfg->hostname, body);
	return len ? len : build(ISAKMP_ID_IPV4_ADDR, span_of(sa->local.addr.b, 4), body);
}

bool identity_accept_psk(const struct isakmp_sa *sa, const struct isakmp_id *id)
{
	/*
	 * The key was found by the address, so an address identity must be that address. A name is
	 * taken: whoever has the key may call itself as it likes (IOS's "identity hostname"). Behind
	 * a NAT the peer knows itself by an address that does not show here.
	 */
	return id->type != ISAKMP_ID_IPV4_ADDR || sa->nat.them ||
	       memcmp(id->data.data, sa->remote.addr.b, 4) == 0;
}

struct ike_id identity_of(const struct isakmp_id *id)
{
	struct ike_id out = { .type = id->type };
	struct span value = id->data;
	char text[sizeof(out.data) + 1];

	if (id->type == ISAKMP_ID_DER_ASN1_DN && cert_name_text(id->data, text, sizeof(text)))
		value = span_of(text, strlen(text));
	out.len = (uint8_t)MIN(value.len, sizeof(out.data));
	if (out.len)
		memcpy(out.data, value.data, out.len);
	return out;
}

void identity_report(struct exchange *x, const struct isakmp_id *id, bool accepted)
{
	struct ike_event *e = report_exchange(x, IKE_EVENT_ID, LEVEL_STEPS);

	e->id.is = identity_of(id);
	e->id.accepted = accepted;
}
