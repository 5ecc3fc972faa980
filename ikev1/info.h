/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Informational exchanges, RFC 2409 5.7: notify and delete, both ways. Protected by HASH(1) as soon
 * as there are keys; what comes in the clear is never more than evidence.
 */
#ifndef IKEV1_INFO_H
#define IKEV1_INFO_H

#include "ikev1/core.h"

/* In the clear, for an exchange that cannot go on; rate-limited over all peers. */
void info_send_clear(struct isakmp_sa *sa, uint16_t type);
/* Encrypted. */
void info_send_notify(struct isakmp_sa *sa, uint8_t protocol, uint16_t type, struct span spi);
/* About the ISAKMP SA itself, with data: RFC 3706. */
void info_send_data(struct isakmp_sa *sa, uint16_t type, struct span data);
/*
 * Phase 1 ends here though the peer has finished it: why, and the deletion, in one message, so that
 * one cannot overtake the other.
 */
void info_send_refusal(struct isakmp_sa *sa, uint16_t type);
void info_send_delete_sa(struct isakmp_sa *sa);
void info_send_delete_pair(struct isakmp_sa *sa, uint32_t spi_in);

/* An encrypted one that decrypted well; HASH and message id are still to be checked. */
void info_input(struct isakmp_sa *sa, const struct incoming *in, const struct ike_datagram *d);
/* One in the clear, about an SA of ours. */
void info_input_clear(struct isakmp_sa *sa, const struct incoming *in);

#endif
