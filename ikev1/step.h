/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that main mode and quick mode have in common. */
#ifndef IKEV1_STEP_H
#define IKEV1_STEP_H

#include "ikev1/core.h"

/* The body of a payload that the table has already required, told as being processed. */
struct span step_process(struct exchange *x, const struct incoming *in, uint8_t type);
/* False: not 8 to 256 octets (RFC 2409 section 5). */
bool step_take_nonce(struct nonce *n, struct span body);
void step_make_nonce(struct exchange *x, struct nonce *n);

/* Actions of rows that only lead on. */
enum ike_fsm_event step_then_build(struct exchange *x, const struct incoming *in);
enum ike_fsm_event step_then_send(struct exchange *x, const struct incoming *in);

#endif
