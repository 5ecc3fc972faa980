/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ikev1/switch_over.h"

#include "ikev1/exchange.h"
#include "ikev1/quick_mode.h"
#include "ikev1/store.h"

#define FIRST_QUESTION 50 /* then after twice as long, and so on */

struct switch_over {
	struct timer timer;
	struct ipsec_pair *pair;
	msec at;       /* then, whatever happens */
	msec question; /* how long until the next one */
	bool asked;    /* the kernel, to install it */
	uint32_t replaces;
	uint8_t key_out[KEYMAT_MAX];
};

bool switch_over_applies(const struct ipsec_pair *pair)
{
	return ike_peer_pair(pair->peer) && ike_peer_sender(pair->peer) && !pair_loses(pair);
}

static void wait_for_sign(struct switch_over *s)
{
	struct ike *ike = s->pair->x.ike;

	timer_arm(&ike->timers, &s->timer, MIN(ike->now + s->question, s->at));
}

void switch_over_begin(struct ipsec_pair *pair)
{
	struct switch_over *s = xcalloc(1, sizeof(*s));

	s->timer.kind = TIMER_PAIR_SWITCH;
	s->pair = pair;
	s->at = pair->x.ike->now + IKE_SWITCH_WAIT;
	s->question = FIRST_QUESTION;
	memcpy(s->key_out, pair->qm->key_out, sizeof(s->key_out));
	pair->switch_over = s;
	wait_for_sign(s);
}

void switch_over_repeated(struct ipsec_pair *pair)
{
	struct switch_over *s = pair->switch_over;

	if (!s || s->asked)
		return;
	s->at = MIN(pair->x.ike->now + IKE_SWITCH_WAIT, pair->x.done + IKE_SWITCH_LAST);
	s->question = FIRST_QUESTION;
	wait_for_sign(s);
}

static void install(struct switch_over *s)
{
	struct ipsec_pair *pair = s->pair, *old = ike_peer_sender(pair->peer);

	if (s->asked)
		return;
	s->asked = true;
	timer_disarm(&pair->x.ike->timers, &s->timer);
	if (old) {
		s->replaces = old->spi_out;
		old->has_out = false;
	}
	pair->has_out = true;
	quick_mode_install_out(pair, s->key_out, s->replaces);
}

void switch_over_counted(struct ipsec_pair *pair, uint64_t packets_in)
{
	if (pair->switch_over && packets_in)
		install(pair->switch_over);
}

void switch_over_hurry(struct ike_peer *p)
{
	struct ipsec_pair *pair = ike_peer_pair(p);

	if (pair && pair->switch_over)
		install(pair->switch_over);
}

void switch_over_timer(struct timer *t)
{
	struct switch_over *s = container_of(t, struct switch_over, timer);

	if (s->pair->x.ike->now >= s->at) {
		install(s);
		return;
	}
	pair_query_traffic(s->pair);
	s->question *= 2;
	wait_for_sign(s);
}

void switch_over_free(struct ipsec_pair *pair)
{
	struct switch_over *s = pair->switch_over;

	if (!s)
		return;
	timer_disarm(&pair->x.ike->timers, &s->timer);
	util_wipe(s, sizeof(*s));
	free(s);
	pair->switch_over = NULL;
}

void switch_over_done(struct ipsec_pair *pair, int error)
{
	struct switch_over *s = pair->switch_over;

	if (!error) {
		switch_over_free(pair);
		return;
	}
	pair_out_refused(pair, s->replaces);
	if (!ike_peer_sender(pair->peer) && !pair->superseded) {
		pair->x.error = error;
		exchange_fail(&pair->x, EV_ERROR, IKE_CAUSE_KERNEL);
		return;
	}
	if (pair->superseded) {
		switch_over_free(pair);
		return;
	}
	/* The old one goes on: there is time to try again. */
	s->asked = false;
	s->replaces = 0;
	s->at = pair->x.ike->now + IKE_SWITCH_WAIT;
	wait_for_sign(s);
}

bool switch_over_undo(struct ipsec_pair *pair)
{
	struct ipsec_pair *old = ike_peer_sender(pair->peer);
	struct ike *ike = pair->x.ike;
	msec life_ends;

	if (!pair->switch_over || pair->switch_over->asked || pair->peer->ending || !old)
		return false;
	life_ends = old->x.done + SECONDS(old->life_seconds);
	old->superseded = false;
	timer_arm(&ike->timers, &old->expire, MAX(life_ends, ike->now));
	timer_arm(&ike->timers, &old->rekey, ike->now + IKE_SWITCH_WAIT);
	return true;
}

void switch_over_cancel(struct ipsec_pair *pair)
{
	/* The kernel's answer is waited for: by it is known what became of the old one. */
	if (pair->switch_over && !pair->switch_over->asked)
		switch_over_free(pair);
}
