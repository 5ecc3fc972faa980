/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk through a transition table. */
#include "ikev1/exchange.h"

#include "ikev1/message.h"
#include "ikev1/path.h"
#include "ikev1/quick_mode.h"
#include "ikev1/store.h"

void exchange_init(struct exchange *x, struct ike *ike, int phase, enum ike_role role,
		   const struct transition *table, uint32_t msgid)
{
	x->ike = ike;
	x->phase = phase;
	x->role = role;
	x->table = table;
	x->msgid = msgid;
	x->state = table[0].state;
	x->began = ike->now;
	x->first = ++ike->moments;
	x->retransmit.kind = TIMER_RETRANSMIT;
	x->deadline.kind = TIMER_DEADLINE;
	timer_arm(&ike->timers, &x->deadline, ike->now + IKE_EXCHANGE_LIFETIME);
}

static void forget_sent(struct exchange *x)
{
	free(x->sent);
	x->sent = NULL;
	x->sent_len = 0;
	timer_disarm(&x->ike->timers, &x->retransmit);
}

void exchange_release(struct exchange *x)
{
	exchange_stop_waiting(x);
	forget_sent(x);
	free(x->cert);
	timer_disarm(&x->ike->timers, &x->deadline);
}

static void remember_step(struct exchange *x, enum ike_state state, enum ike_fsm_event event)
{
	x->history[x->history_at] = (struct ike_step){ state, event };
	x->history_at = (uint8_t)((x->history_at + 1) % IKE_HISTORY);
	x->history_len = (uint8_t)MIN(x->history_len + 1, IKE_HISTORY);
}

/* The only place where a state changes. */
static void set_state(struct exchange *x, enum ike_state next, enum ike_fsm_event event)
{
	struct ike_event *e = report_exchange(x, IKE_EVENT_STATE, LEVEL_ALWAYS);

	e->state.old_state = x->state;
	e->state.new_state = next;
	e->state.event = event;
	e->state.elapsed = x->ike->now - x->began;
	x->state = next;
	if (next == MM_ACTIVE || next == QM_ACTIVE) {
		x->done = x->ike->now;
		timer_disarm(&x->ike->timers, &x->retransmit);
		/* From now on the deadline only bounds how long the last answer is kept. */
		timer_arm(&x->ike->timers, &x->deadline, x->done + IKE_EXCHANGE_LIFETIME);
	}
}

/* Payloads of which a message carries one at the most (two identities in quick mode). */
static const uint64_t single = PAYLOAD_BIT(ISAKMP_SA) | PAYLOAD_BIT(ISAKMP_KE) |
			       PAYLOAD_BIT(ISAKMP_NONCE) | PAYLOAD_BIT(ISAKMP_HASH) |
			       PAYLOAD_BIT(ISAKMP_SIG);

static bool payloads_fit(const struct transition *row, const struct isakmp_message *m)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < m->count; i++) {
		unsigned int type = m->payload[i].type;
		uint64_t bit;

		if (type >= 32 && (type < ISAKMP_NATD_DRAFT || type > ISAKMP_FRAGMENT))
			continue; /* private and unknown: ignorable */
		bit = PAYLOAD_BIT(type);
		if (seen & bit & single)
			return false;
		seen |= bit;
	}
	return (seen & row->required) == row->required &&
	       !(seen & ~(row->required | row->optional));
}

/* A message may have several rows, by its payloads. */
static const struct transition *find_row(const struct exchange *x, enum ike_fsm_event event,
					 const struct incoming *in)
{
	for (const struct transition *row = x->table; row->event != EV_NONE; row++)
		if (row->state == x->state && row->event == event &&
		    (event != EV_RCV_MSG || payloads_fit(row, &in->m)))
			return row;
	return NULL;
}

static void drop(struct exchange *x, const struct incoming *in, enum ike_drop why)
{
	struct ike_event *e = report_exchange(x, IKE_EVENT_DROP, LEVEL_INFO);

	x->ike->counters.dropped[why]++;
	e->drop.why = why;
	e->drop.exchange = in->m.header.exchange;
	if (x->state == MM_START && in->m.header.next_payload != ISAKMP_SA)
		e->drop.not_sa = in->m.header.next_payload;
}

/* The message counted: IV, cache and timers follow in one go. */
static void commit_message(struct exchange *x, const struct incoming *in)
{
	if (in->encrypted) {
		memcpy(x->iv, in->iv, sizeof(x->iv));
		path_proven(sa_of(x), in->from);
	}
	crypto_hash(HASH_SHA1, &in->datagram, 1, x->received);
	x->has_received = true;
	x->resends = 0;
	forget_sent(x);
	timer_arm(&x->ike->timers, &x->deadline, x->ike->now + IKE_EXCHANGE_LIFETIME);
}

bool exchange_run(struct exchange *x, enum ike_fsm_event event, const struct incoming *in)
{
	while (event != EV_NONE) {
		const struct transition *row = find_row(x, event, in);
		enum ike_fsm_event follows;

		if (event == EV_RCV_MSG) {
			if (!row) {
				drop(x, in, IKE_DROP_UNEXPECTED);
				return true;
			}
			if (row->encrypted != in->encrypted) {
				drop(x, in, IKE_DROP_CLEARTEXT);
				return true;
			}
		} else if (!row) {
			/* A late answer of the owner's, to a question that no longer matters. */
			return true;
		}
		follows = row->action ? row->action(x, in) : EV_NONE;
		if (follows == EV_IGNORED)
			return true;
		remember_step(x, x->state, event);
		if (follows == EV_ERROR) {
			exchange_fail(x, EV_ERROR, x->cause);
			return false;
		}
		if (event == EV_RCV_MSG)
			commit_message(x, in);
		set_state(x, row->next, event);
		event = follows;
	}
	return true;
}

enum ike_fsm_event exchange_error(struct exchange *x, enum ike_cause cause)
{
	x->cause = cause;
	return EV_ERROR;
}

void exchange_suspect(struct exchange *x, enum ike_cause evidence)
{
	struct ike_event *e;

	if (x->evidence == evidence)
		return;
	x->evidence = evidence;
	e = report_exchange(x, IKE_EVENT_EVIDENCE, LEVEL_ALWAYS);
	e->failure.cause = evidence;
	e->failure.state = x->state;
	e->failure.auth = x->phase == 1 ? sa_of(x)->suite.auth : AUTH_NONE;
	e->failure.mismatch = x->mismatch;
}

void exchange_fail(struct exchange *x, enum ike_fsm_event event, enum ike_cause cause)
{
	enum ike_state was = x->state;
	struct ike_event *e;

	/* An error is already there, as the step that led to it; time and the peer are not. */
	if (event != EV_ERROR)
		remember_step(x, was, event);
	remember_step(x, x->phase == 1 ? MM_DONE : QM_DONE, EV_ERROR);
	set_state(x, x->phase == 1 ? MM_DONE : QM_DONE, event);
	x->ike->counters.failed[cause]++;
	e = report_exchange(x, IKE_EVENT_FAILED, LEVEL_ALWAYS);
	e->failure.cause = cause;
	e->failure.state = was;
	e->failure.auth = x->phase == 1 ? sa_of(x)->suite.auth : AUTH_NONE;
	e->failure.error = x->error;
	if (x->cert)
		e->failure.cert = *x->cert;
	else
		e->failure.mismatch = x->mismatch;
	if (cause == IKE_CAUSE_PROXY_IDENTITIES && x->phase == 2)
		memcpy(e->failure.proxy, pair_of(x)->qm->refused, sizeof(e->failure.proxy));
	if (cause == IKE_CAUSE_IDENTITY && x->phase == 1)
		e->failure.cert = (struct ike_cert){ .id = sa_of(x)->claims };
	e->failure.history_len = x->history_len;
	for (size_t i = 0; i < x->history_len; i++)
		e->failure.history[i] =
			x->history[(x->history_at + 2u * IKE_HISTORY - 1 - i) % IKE_HISTORY];
	if (x->phase == 1)
		sa_end(container_of(x, struct isakmp_sa, x), cause);
	else
		pair_end(pair_of(x), cause);
}

bool exchange_is_duplicate(const struct exchange *x, struct span datagram)
{
	uint8_t digest[20];

	if (!x->has_received)
		return false;
	crypto_hash(HASH_SHA1, &datagram, 1, digest);
	return memcmp(digest, x->received, sizeof(digest)) == 0;
}

static void send_again(struct exchange *x)
{
	struct isakmp_sa *sa = sa_of(x);

	if (!sa)
		return;
	ike_message_push(sa, span_of(x->sent, x->sent_len));
	x->ike->counters.retransmitted++;
}

void exchange_resend(struct exchange *x)
{
	x->ike->counters.duplicates++;
	report_exchange(x, IKE_EVENT_DUPLICATE, LEVEL_INFO)->flag = x->sent != NULL;
	if (!x->sent || x->resends >= IKE_RESEND_MAX)
		return;
	x->resends++;
	send_again(x);
}

static msec retransmit_wait(const struct exchange *x)
{
	msec last = x->phase == 1 ? IKE_RETRANSMIT_LAST : IKE_RETRANSMIT_LAST_2;

	return MIN((msec)IKE_RETRANSMIT_FIRST << MIN(x->sends, 6), last);
}

void exchange_sent(struct exchange *x, struct span datagram, bool expects_answer)
{
	forget_sent(x);
	x->sent = xmemdup(datagram.data, datagram.len);
	x->sent_len = datagram.len;
	x->sends = 0;
	if (expects_answer && x->persistent)
		timer_arm(&x->ike->timers, &x->retransmit, x->ike->now + retransmit_wait(x));
}

uint64_t exchange_wait(struct exchange *x)
{
	exchange_stop_waiting(x);
	x->wait_id = ++x->ike->next_wait;
	HASH_ADD(hh_wait, x->ike->waiting, wait_id, sizeof(x->wait_id), x);
	return x->wait_id;
}

struct exchange *exchange_waiting(struct ike *ike, uint64_t id)
{
	struct exchange *x;

	HASH_FIND(hh_wait, ike->waiting, &id, sizeof(id), x);
	return x;
}

void exchange_stop_waiting(struct exchange *x)
{
	if (!x->wait_id)
		return;
	HASH_DELETE(hh_wait, x->ike->waiting, x);
	x->wait_id = 0;
}

static void deadline_is_over(struct exchange *x)
{
	if (x->done)
		forget_sent(x); /* nobody has asked for it for long enough */
	else if (x->phase == 1)
		exchange_fail(x, EV_TIMED_OUT, x->evidence ? x->evidence : IKE_CAUSE_NO_ANSWER);
	else
		quick_mode_timed_out(pair_of(x));
}

void exchange_timer(struct exchange *x, enum ike_timer_kind kind)
{
	struct ike_event *e;

	if (kind == TIMER_DEADLINE) {
		deadline_is_over(x);
		return;
	}
	if (!x->sent)
		return;
	x->sends++;
	send_again(x);
	timer_arm(&x->ike->timers, &x->retransmit, x->ike->now + retransmit_wait(x));
	e = report_exchange(x, IKE_EVENT_RETRANSMIT, LEVEL_ALWAYS);
	e->retransmit.count = x->sends;
	e->retransmit.next = retransmit_wait(x);
}
