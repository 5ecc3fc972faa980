/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spoke that looks at its hub, told event by event, for the tests of explain.h. One story at a time: begin()
 * forgets the one before.
 */
#ifndef TESTS_UNIT_EXPLAIN_STORY_H
#define TESTS_UNIT_EXPLAIN_STORY_H

#include <criterion/criterion.h>
#include <errno.h>

#include "daemon/explain.h"

#define NOW  SECONDS(100000)
#define HUB  addr_v4(0x0a000102)
#define SITE addr_v4(0x0a000004)

static struct recorded events[64];
static struct explain_facts facts;
static struct explanation x;

/* A spoke that looks at its hub: configured, with a route, not up. */
static inline void begin(void)
{
	memset(events, 0, sizeof(events));
	facts = (struct explain_facts){ .now = NOW,
					.local = SITE,
					.remote = HUB,
					.protocol = addr_v4(0xac100001),
					.events = events,
					.mapped = true,
					.server = true,
					.secured = true,
					.interface = "eth0",
					.route = EXPLAIN_ROUTE_FOUND,
					.ping = EXPLAIN_PING_ANSWERED };
}

static inline struct ike_event *ike(enum ike_event_kind kind, int phase, enum ike_role role)
{
	struct recorded *r = &events[facts.count++];

	r->serial = facts.count;
	r->at = NOW - SECONDS(30) + facts.count;
	r->is_ike = true;
	r->ike = (struct ike_event){ .kind = kind,
				     .at = r->at,
				     .phase = phase,
				     .role = role,
				     .local = { SITE, 500 },
				     .remote = { HUB, 500 } };
	return &r->ike;
}

static inline struct nhrp_event *nhrp(enum nhrp_event_kind kind)
{
	struct recorded *r = &events[facts.count++];

	r->serial = facts.count;
	r->at = NOW - SECONDS(30) + facts.count;
	r->nhrp = (struct nhrp_event){ .kind = kind, .nbma = HUB, .protocol = facts.protocol };
	return &r->nhrp;
}

static inline void opens(enum ike_role role)
{
	if (role == IKE_INITIATOR)
		ike(IKE_EVENT_NEW_PHASE1, 1, role);
	ike(IKE_EVENT_MESSAGE, 1, role)->message.sent = role == IKE_INITIATOR;
	if (role == IKE_RESPONDER) {
		struct ike_event *e = ike(IKE_EVENT_STATE, 1, role);

		e->state.old_state = MM_START;
		e->state.new_state = MM_BLD_MSG2;
	}
}

static inline void hears(enum ike_role role)
{
	ike(IKE_EVENT_MESSAGE, 1, role);
}

static inline struct ike_event *fails(int phase, enum ike_role role, enum ike_cause cause,
				      enum ike_state state)
{
	struct ike_event *e = ike(IKE_EVENT_FAILED, phase, role);

	e->failure.cause = cause;
	e->failure.state = state;
	return e;
}

static inline void phase1_done(void)
{
	opens(IKE_INITIATOR);
	hears(IKE_INITIATOR);
	ike(IKE_EVENT_POLICY_MATCH, 1, IKE_INITIATOR)->match.isakmp.auth = AUTH_PSK;
	ike(IKE_EVENT_PHASE1_DONE, 1, IKE_INITIATOR);
	facts.phase1 = MM_ACTIVE;
}

static inline void phase2_done(void)
{
	phase1_done();
	ike(IKE_EVENT_PHASE2_DONE, 2, IKE_INITIATOR);
	facts.up = facts.counted = true;
	facts.phase2 = QM_ACTIVE;
	facts.packets_out = 7;
	facts.kernel_sas = 2;
}

static inline const struct explain_cause *named(const char *name)
{
	for (size_t i = 0; i < x.causes; i++)
		if (!strcmp(x.cause[i].name, name))
			return &x.cause[i];
	return NULL;
}

static inline void check_state(const char *state)
{
	explain(&facts, &x);
	cr_assert_str_eq(x.state, state, "%s", x.state);
	cr_assert(*x.meaning);
}

static inline void check_first(const char *name, enum explain_weight weight)
{
	explain(&facts, &x);
	cr_assert(x.causes > 0, "no cause, expected %s", name);
	cr_assert_str_eq(x.cause[0].name, name, "%s", x.cause[0].name);
	cr_assert_eq(x.cause[0].weight, weight, "%s", x.cause[0].name);
	cr_assert(explain_matters(&facts, &x));
	for (size_t i = 0; i < x.causes; i++) {
		cr_assert(*x.cause[i].evidence, "%s", x.cause[i].name);
		cr_assert(*x.cause[i].change, "%s", x.cause[i].name);
		/* No word was left unreplaced. */
		cr_assert_null(strchr(x.cause[i].change, '{') &&
					       strchr("pu", strchr(x.cause[i].change, '{')[1])
				       ? x.cause[i].change
				       : NULL,
			       "%s", x.cause[i].change);
	}
}

static inline bool rules_out(const char *what)
{
	for (size_t i = 0; i < x.n_ruled; i++)
		if (!strcmp(x.ruled[i].what, what))
			return true;
	return false;
}

static inline void differs(enum ike_cause cause, enum proposal_attr attr, uint32_t ours,
			   uint32_t theirs)
{
	bool one = cause == IKE_CAUSE_NO_POLICY;
	struct ike_event *e = fails(one ? 1 : 2, IKE_RESPONDER, cause, one ? MM_START : QM_START);

	e->failure.mismatch = (struct mismatch){
		.attr = attr, .policy = 10, .ours = ours, .theirs = theirs, .our_pfs = GROUP_2
	};
}

#endif
