/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of an SA: begin one, send it encrypted or in the clear, read one that came. The only
 * place that encrypts and decrypts, and the only one that makes IKE_EFFECT_SEND (with the cached
 * copies of exchange.c).
 */
#ifndef IKEV1_MESSAGE_H
#define IKEV1_MESSAGE_H

#include "ikev1/core.h"

/* In ike->building, with the SA's cookies. */
void ike_message_begin(struct isakmp_sa *sa, struct isakmp_builder *b, uint8_t exchange,
		       uint32_t msgid);
/*
 * Closes, tells, encrypts where iv is given (and moves it on), pushes the effect; what was sent, or
 * an empty span where the message did not fit.
 */
struct span ike_message_send(struct exchange *x, struct isakmp_sa *sa, struct isakmp_builder *b,
			     uint8_t *iv);

/* A message as it is, encrypted where it must be, leaves; in fragments where that helps. */
void ike_message_push(struct isakmp_sa *sa, struct span octets);

/* Room for a phase 2 HASH payload at the front; to be filled by ike_message_hash_patch(). */
void ike_message_hash_begin(struct isakmp_sa *sa, struct isakmp_builder *b);
/* What HASH(1) and HASH(2) cover: all behind the HASH payload. */
struct span ike_message_hash_rest(const struct isakmp_sa *sa, const struct isakmp_builder *b);
void ike_message_hash_patch(struct isakmp_sa *sa, struct isakmp_builder *b, const uint8_t *hash);

/*
 * Reads what follows the header into in->m, decrypting with a copy of iv where the flag says so;
 * in->iv is the IV after it. Not ISAKMP_OK where it makes no sense (*offset where).
 */
enum isakmp_flaw ike_message_read(struct isakmp_sa *sa, const uint8_t *iv,
				  const struct ike_datagram *d, const struct isakmp_header *h,
				  struct incoming *in, size_t *offset);
/* As message_read, and the message is told as received. */
void ike_message_report_received(struct exchange *x, struct isakmp_sa *sa,
				 const struct incoming *in);

/* The HASH payload in front of a phase 2 message, and what follows it; false: not there. */
bool ike_message_hash_of(const struct incoming *in, struct span *hash, struct span *rest);

#endif
