/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transition tables, walked: every state is reached and every way leads on, a state that waits
 * for a message says which payloads it takes, and whatever does not come, the deadline ends it.
 *
 * LINK: ikev1/ lib/
 */
#include <criterion/criterion.h>

#include "ikev1/main_mode.h"
#include "ikev1/quick_mode.h"
#include "tests/unit/ike_two.h"

static const struct {
	const char *name;
	const struct transition *table;
	enum ike_state last;
} tables[] = {
	{ "main mode, initiator", main_mode_initiator, MM_ACTIVE },
	{ "main mode, responder", main_mode_responder, MM_ACTIVE },
	{ "quick mode, initiator", quick_mode_initiator, QM_ACTIVE },
	{ "quick mode, responder", quick_mode_responder, QM_ACTIVE },
};

/* States that can be reached from one, as bits; backwards: from which it can be reached. */
static uint64_t reach(const struct transition *table, enum ike_state from, bool backwards)
{
	uint64_t seen = 1ULL << from, before = 0;

	while (seen != before) {
		before = seen;
		for (const struct transition *row = table; row->event != EV_NONE; row++) {
			enum ike_state a = backwards ? row->next : row->state;
			enum ike_state b = backwards ? row->state : row->next;

			if (seen & 1ULL << a)
				seen |= 1ULL << b;
		}
	}
	return seen;
}

static uint64_t states_of(const struct transition *table)
{
	uint64_t states = 0;

	for (const struct transition *row = table; row->event != EV_NONE; row++)
		states |= 1ULL << row->state | 1ULL << row->next;
	return states;
}

Test(ike_tables, every_state_is_on_a_way)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct transition *table = tables[i].table;
		uint64_t states = states_of(table);

		cr_assert_lt(IKE_STATE_COUNT, 64);
		cr_expect_eq(reach(table, table[0].state, false), states,
			     "%s: states that nothing leads to", tables[i].name);
		cr_expect_eq(reach(table, tables[i].last, true), states,
			     "%s: states that lead nowhere", tables[i].name);
	}
}

/* Nothing that happens fits two rows; of messages their payloads decide. */
static bool no_choice(const struct transition *a, const struct transition *b)
{
	return a->state != b->state || a->event != b->event ||
	       a->required & ~(b->required | b->optional) ||
	       b->required & ~(a->required | a->optional);
}

Test(ike_tables, rows_are_sound)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct transition *row = tables[i].table; row->event != EV_NONE; row++) {
			const char *state = ike_state_name(row->state);
			bool waits = strstr(state, "WAIT") != NULL, first = row == tables[i].table;

			cr_expect(row->action, "%s, %s: does nothing", tables[i].name, state);
			if (row->event == EV_RCV_MSG)
				cr_expect((waits || first) && row->required &&
						  !(row->required & row->optional),
					  "%s, %s: payload sets", tables[i].name, state);
			else
				cr_expect(!row->required && !row->optional && !row->encrypted,
					  "%s, %s: payloads without a message", tables[i].name,
					  state);
			for (const struct transition *other = row + 1; other->event != EV_NONE;
			     other++)
				cr_expect(no_choice(row, other), "%s, %s: two rows for %s",
					  tables[i].name, state, ike_fsm_event_name(row->event));
		}
	}
}

Test(ike_tables, who_waits_takes_a_message)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (int s = 0; s < IKE_STATE_COUNT; s++) {
			const struct transition *row = tables[i].table;
			const char *name = ike_state_name((enum ike_state)s);
			bool takes = false;

			if (!(states_of(row) & 1ULL << s) || !strstr(name, "WAIT"))
				continue;
			for (; row->event != EV_NONE; row++)
				takes |= (int)row->state == s && row->event == EV_RCV_MSG;
			cr_expect(takes, "%s: %s takes no message", tables[i].name, name);
		}
	}
}

/* ---- and run ---- */

static void ends_by_itself(const struct ike *core, const char *what, unsigned int messages)
{
	const struct ike_counters *c = ike_counters(core);

	cr_expect_eq(c->half_open, 0, "%s, %u messages", what, messages);
	for (const struct ike_peer *p = core->peers; p; p = p->hh.next)
		cr_expect(!p->unfinished && !p->wanted, "%s, %u messages", what, messages);
}

/* After so many messages nothing comes any more: no message, no result, no answer of the kernel. */
static void silence(unsigned int messages, int what)
{
	static const char *const missing[] = { "messages", "jobs", "the kernel" };
	static struct two t;

	two_init(&t, &two_config, &two_config, GROUP_19);
	two_connect(&t, true);
	two_deliver(&t, messages);
	t.no_jobs = what == 1;
	t.no_kernel = what == 2;
	if (what)
		two_deliver(&t, 1);
	t.no_messages = true;
	t.head = t.tail;
	two_wait(&t, SECONDS(200));
	ends_by_itself(t.us, missing[what], messages);
	ends_by_itself(t.them, missing[what], messages);
	/* What is up expires, in the end. */
	two_wait(&t, SECONDS(100000));
	cr_expect_null(t.us->peers, "%s, %u messages", missing[what], messages);
	cr_expect_null(t.them->peers, "%s, %u messages", missing[what], messages);
	cr_expect_eq(ike_deadline(t.us), MSEC_NEVER);
	cr_expect_eq(ike_deadline(t.them), MSEC_NEVER);
	two_free(&t);
}

Test(ike_tables, silence_ends_everything)
{
	for (unsigned int messages = 0; messages <= 9; messages++)
		for (int what = 0; what < 3; what++)
			silence(messages, what);
}

/* Of an SA that hangs its last step is shown: the one that led to the state it is in. */
Test(ike_tables, last_step_of_what_waits)
{
	static struct two t;
	static const struct {
		unsigned int messages;
		enum ike_state state;
		struct ike_step last;
	} cases[] = {
		{ 0, MM_WAIT_MSG2, { MM_SND_MSG1, EV_SND_MSG } },
		{ 2, MM_WAIT_MSG4, { MM_SND_MSG3, EV_SND_MSG } },
		{ 4, MM_WAIT_MSG6, { MM_SND_MSG5, EV_SND_MSG } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const void *cursor = NULL;
		struct ike_sa_info sa;

		two_init(&t, &two_config, &two_config, GROUP_NONE);
		two_connect(&t, true);
		two_deliver(&t, cases[i].messages);
		cr_assert(ike_sa_next(t.us, &cursor, &sa));
		cr_expect_eq(sa.state, cases[i].state);
		cr_expect_eq(sa.last.state, cases[i].last.state, "%s",
			     ike_state_name(sa.last.state));
		cr_expect_eq(sa.last.event, cases[i].last.event);
		two_free(&t);
	}
}
