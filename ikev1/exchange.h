/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What main mode and quick mode have in common: the walk through a transition table, the one
 * function that changes a state, history, retransmission, duplicates, deadline, waiting.
 *
 * A function here that says false has ended the exchange and freed its owner: touch neither again.
 */
#ifndef IKEV1_EXCHANGE_H
#define IKEV1_EXCHANGE_H

#include "ikev1/core.h"

void exchange_init(struct exchange *x, struct ike *ike, int phase, enum ike_role role,
		   const struct transition *table, uint32_t msgid);
/* Lets go of timers, waits and caches; its owner goes. */
void exchange_release(struct exchange *x);

/*
 * Gives it an event (EV_RCV_MSG with `in`) and follows the table until a row waits. A message that
 * no row takes, or that an action ignores, changes nothing.
 */
bool exchange_run(struct exchange *x, enum ike_fsm_event event, const struct incoming *in);
/* Ends it: state DONE, the failure is told, the owner is freed. */
void exchange_fail(struct exchange *x, enum ike_fsm_event event, enum ike_cause cause);

/*
 * Unauthenticated input suggests why it will fail. That does not end it, but is told at once, and
 * again if nothing better comes until the deadline.
 */
void exchange_suspect(struct exchange *x, enum ike_cause evidence);

/* For actions: "cause" and EV_ERROR in one. */
enum ike_fsm_event exchange_error(struct exchange *x, enum ike_cause cause);

/* The last message that counted came again: answer as before, within bounds. */
bool exchange_is_duplicate(const struct exchange *x, struct span datagram);
void exchange_resend(struct exchange *x);
/* Remembers what was sent; arms the retransmission where this side may repeat it by itself. */
void exchange_sent(struct exchange *x, struct span datagram, bool expects_answer);

/* An id for something that is asked of the owner; the answer finds the exchange by it. */
uint64_t exchange_wait(struct exchange *x);
struct exchange *exchange_waiting(struct ike *ike, uint64_t id);
void exchange_stop_waiting(struct exchange *x);

/* TIMER_RETRANSMIT and TIMER_DEADLINE. */
void exchange_timer(struct exchange *x, enum ike_timer_kind kind);

#endif
