/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that main mode and quick mode have in common. */
#include "ikev1/step.h"

struct span step_process(struct exchange *x, const struct incoming *in, uint8_t type)
{
	const struct isakmp_payload *p = isakmp_find(&in->m, type);

	report_payload(x, IKE_EVENT_PROCESSING, p);
	return p->body;
}

bool step_take_nonce(struct nonce *n, struct span body)
{
	if (body.len < 8 || body.len > IKE_NONCE_MAX)
		return false;
	n->len = (uint16_t)body.len;
	memcpy(n->data, body.data, body.len);
	return true;
}

void step_make_nonce(struct exchange *x, struct nonce *n)
{
	n->len = IKE_NONCE_LEN;
	drbg_bytes(&x->ike->drbg, n->data, n->len);
}

enum ike_fsm_event step_then_build(struct exchange *x, const struct incoming *in)
{
	(void)x;
	(void)in;
	return EV_BLD_MSG;
}

enum ike_fsm_event step_then_send(struct exchange *x, const struct incoming *in)
{
	(void)x;
	(void)in;
	return EV_SND_MSG;
}
