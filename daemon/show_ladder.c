/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of a peer's negotiations, made from what the flight recorder kept: exchange by exchange,
 * since both ends may begin at once, each message with our state behind it, the state that the peer
 * must be in if it sent this one, and what became of the exchange. What was dropped is there, too: it may be why there are no messages.
 */
#include "daemon/show.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "daemon/daemon.h"
#include "daemon/diagnose.h"
#include "daemon/loop.h"
#include "daemon/recorder.h"
#include "daemon/verbs.h"
#include "ikev1/state.h"

#define EVENTS 2000 /* to look at, about twenty negotiations */

/* What messages belong together by. Informational exchanges of one ISAKMP SA are shown as one. */
struct exchange_key {
	uint8_t icookie[ISAKMP_COOKIE];
	uint32_t msgid;
	int phase;
};

struct exchange {
	struct exchange_key key;
	enum ike_state state; /* ours, before this event */
	json_t *shown;	      /* borrowed, as the next two */
	json_t *steps;
	json_t *last; /* the last message, which gets our next state */
	UT_hash_handle hh;
};

struct ladder {
	json_t *exchanges;
	struct exchange *by_key;
	uint64_t epoch;
};

/*
 * Whoever sent the message that takes us out of this state waits for our answer to it, or is done (RFC
 * 2409 section 5: messages alternate).
 */
static const enum ike_state senders_state[IKE_STATE_COUNT] = {
	[MM_START] = MM_WAIT_MSG2,     [MM_WAIT_MSG2] = MM_WAIT_MSG3, [MM_WAIT_MSG3] = MM_WAIT_MSG4,
	[MM_WAIT_MSG4] = MM_WAIT_MSG5, [MM_WAIT_MSG5] = MM_WAIT_MSG6, [MM_WAIT_MSG6] = MM_ACTIVE,
	[QM_START] = QM_WAIT_MSG2,     [QM_WAIT_MSG2] = QM_WAIT_MSG3, [QM_WAIT_MSG3] = QM_ACTIVE,
};

static bool is_step(const json_t *step, const char *kind)
{
	return strcmp(show_member(step, "kind"), kind) == 0;
}

static void count(json_t *step)
{
	json_int_t n = json_integer_value(json_object_get(step, "count"));

	json_object_set_new(step, "count", json_integer(n + 1));
}

static struct exchange_key key_of(const struct ike_event *e, int phase)
{
	struct exchange_key key;

	memset(&key, 0, sizeof(key)); /* with its padding */
	memcpy(key.icookie, e->icookie, sizeof(key.icookie));
	key.phase = phase;
	key.msgid = phase == 2 ? e->msgid : 0;
	return key;
}

/* NULL: there is none. */
static struct exchange *exchange_find(const struct ladder *l, const struct ike_event *e, int phase)
{
	struct exchange_key key = key_of(e, phase);
	struct exchange *x;

	HASH_FIND(hh, l->by_key, &key, sizeof(key), x);
	return x;
}

static struct exchange *exchange_of(struct ladder *l, const struct ike_event *e, int phase)
{
	struct exchange *x = exchange_find(l, e, phase);
	char msgid[16];

	if (x)
		return x;
	x = xcalloc(1, sizeof(*x));
	x->key = key_of(e, phase);
	x->state = phase == 2 ? QM_START : MM_START;
	snprintf(msgid, sizeof(msgid), "%08x", x->key.msgid);
	x->shown = json_pack("{s:o, s:i, s:s, s:s, s:I, s:[]}", "time",
			     show_wall_clock(l->epoch, e->at), "phase", phase, "role",
			     e->role == IKE_INITIATOR ? "initiator" : "responder", "msgid", msgid,
			     "conn_id", (json_int_t)e->conn_id, "steps");
	x->steps = json_object_get(x->shown, "steps");
	json_array_append_new(l->exchanges, x->shown);
	HASH_ADD(hh, l->by_key, key, sizeof(x->key), x);
	return x;
}

static json_t *add_step(struct ladder *l, struct exchange *x, const struct ike_event *e,
			const char *kind)
{
	json_t *s = json_pack("{s:s, s:o}", "kind", kind, "time", show_wall_clock(l->epoch, e->at));

	if (e->conn_id)
		json_object_set_new(x->shown, "conn_id", json_integer(e->conn_id));
	json_array_append_new(x->steps, s);
	return s;
}

static json_t *step(struct ladder *l, const struct ike_event *e, const char *kind)
{
	return add_step(l, exchange_of(l, e, e->phase), e, kind);
}

static void message(struct ladder *l, const struct ike_event *e)
{
	struct exchange *x = exchange_of(l, e, e->phase);
	bool aside = !e->phase || e->message.exchange == ISAKMP_XCHG_INFO;
	enum ike_state sender = senders_state[x->state];
	json_t *payloads = json_array(), *s;

	/* What is said while main mode goes on belongs to its story, what comes later does not. */
	if (aside && x->state == MM_ACTIVE)
		x = exchange_of(l, e, 0);
	s = add_step(l, x, e, "message");

	for (size_t i = 0; i < e->message.count && i < ISAKMP_PAYLOADS_MAX; i++)
		json_array_append_new(payloads,
				      json_string(isakmp_payload_name(e->message.type[i])));
	json_object_set_new(s, "sent", json_boolean(e->message.sent));
	json_object_set_new(s, "payloads", payloads);
	json_object_set_new(s, "length", json_integer(e->message.length));
	if (e->message.notify)
		json_object_set_new(s, "notify",
				    json_string(isakmp_notify_name(e->message.notify)));
	if (aside)
		return;
	json_object_set_new(s, "state", json_string(ike_state_name(x->state)));
	if (!e->message.sent && sender != MM_START)
		json_object_set_new(s, "peer_state", json_string(ike_state_name(sender)));
	x->last = s;
}

static void state(struct ladder *l, const struct ike_event *e)
{
	struct exchange *x = exchange_of(l, e, e->phase);

	x->state = e->state.new_state;
	/* What becomes of it much later is not the last message's doing. */
	if (x->last && x->state != MM_DONE && x->state != QM_DONE)
		json_object_set_new(x->last, "state", json_string(ike_state_name(x->state)));
}

static void failed(struct ladder *l, const struct ike_event *e, const char *kind)
{
	char text[DIAGNOSE_TEXT];
	json_t *s;

	if (!diagnose_ike(e, text))
		return;
	s = step(l, e, kind);
	json_object_set_new(s, "cause", json_string(diagnose_cause_name(e->failure.cause)));
	json_object_set_new(s, "state", json_string(ike_state_name(e->failure.state)));
	json_object_set_new(s, "text", show_text(text));
}

/* In the exchange that it wanted to be of, if that goes on; the same again is the same step. */
static void dropped(struct ladder *l, const struct ike_event *e)
{
	const char *reason = diagnose_drop_name(e->drop.why);
	struct exchange *x = exchange_find(l, e, e->msgid ? 2 : 1);
	char text[DIAGNOSE_TEXT];
	json_t *s;

	if (!x || x->state == MM_ACTIVE)
		x = exchange_of(l, e, 0);
	s = json_array_get(x->steps, json_array_size(x->steps) - 1);
	if (s && is_step(s, "dropped") && strcmp(show_member(s, "reason"), reason) == 0) {
		count(s);
		return;
	}
	s = add_step(l, x, e, "dropped");
	json_object_set_new(s, "reason", json_string(reason));
	if (diagnose_ike(e, text))
		json_object_set_new(s, "text", show_text(text));
	count(s);
}

static void add(struct ladder *l, const struct ike_event *e)
{
	switch (e->kind) {
	case IKE_EVENT_MESSAGE:
		message(l, e);
		break;
	case IKE_EVENT_STATE:
		state(l, e);
		break;
	case IKE_EVENT_DROP:
		dropped(l, e);
		break;
	case IKE_EVENT_RETRANSMIT:
		json_object_set_new(step(l, e, "again"), "count",
				    json_integer(e->retransmit.count));
		break;
	case IKE_EVENT_PHASE1_DONE:
	case IKE_EVENT_PHASE2_DONE:
		step(l, e, "completed");
		break;
	case IKE_EVENT_EVIDENCE:
		failed(l, e, "evidence");
		break;
	case IKE_EVENT_FAILED:
		failed(l, e, "failed");
		break;
	default:
		break;
	}
}

/* ---- signs of life ---- */

static bool notifies(const json_t *step, unsigned int type)
{
	return strcmp(show_member(step, "notify"), isakmp_notify_name(type)) == 0;
}

static bool is_sent(const json_t *step)
{
	return json_is_true(json_object_get(step, "sent"));
}

/* The step of all those in a row that are asked by the same end; a new one at the end of the steps. */
static json_t *alive_step(json_t *steps, const json_t *question)
{
	const char *asked = is_sent(question) ? "we" : "they";
	json_t *s;

	for (size_t i = json_array_size(steps); i-- > 0;) {
		s = json_array_get(steps, i);
		if (!is_step(s, "alive"))
			break;
		if (strcmp(show_member(s, "asked"), asked) == 0)
			return s;
	}
	s = json_pack("{s:s, s:O, s:s}", "kind", "alive", "time", json_object_get(question, "time"),
		      "asked", asked);
	json_array_append_new(steps, s);
	return s;
}

/*
 * A question of dead peer detection that is answered next is no more than a sign of life, and there are
 * many.
 */
static void fold(json_t *exchange)
{
	json_t *from = json_object_get(exchange, "steps"), *steps = json_array();

	for (size_t i = 0; i < json_array_size(from); i++) {
		json_t *s = json_array_get(from, i), *next = json_array_get(from, i + 1), *alive;

		if (!notifies(s, ISAKMP_N_R_U_THERE) || !notifies(next, ISAKMP_N_R_U_THERE_ACK) ||
		    is_sent(s) == is_sent(next)) {
			json_array_append(steps, s);
			continue;
		}
		alive = alive_step(steps, s);
		count(alive);
		json_object_set(alive, "last", json_object_get(next, "time"));
		i++;
	}
	json_object_set_new(exchange, "steps", steps);
}

static void forget_keys(struct ladder *l)
{
	struct exchange *x, *next;

	HASH_ITER (hh, l->by_key, x, next) {
		HASH_DEL(l->by_key, x);
		free(x);
	}
}

json_t *show_ladder(struct daemon *d, const json_t *args)
{
	const char *text = json_string_value(json_object_get(args, "peer"));
	struct ladder l = { .epoch = show_epoch() };
	struct addr peer, local = { 0 };
	struct recorded *events;
	json_t *exchange;
	size_t n, i;

	if (!text || !addr_parse(text, &peer))
		return verbs_error("peer: expected an address like \"10.0.0.4\"");
	l.exchanges = json_array();
	n = recorder_read(d->recorder, &peer, 0, EVENTS, &events);
	for (i = 0; i < n; i++) {
		if (!events[i].is_ike)
			continue;
		local = events[i].ike.local.addr;
		add(&l, &events[i].ike);
	}
	free(events);
	forget_keys(&l);
	json_array_foreach (l.exchanges, i, exchange)
		fold(exchange);
	return json_pack("{s:o, s:o, s:o}", "local", show_addr(&local), "peer", show_addr(&peer),
			 "exchanges", l.exchanges);
}
