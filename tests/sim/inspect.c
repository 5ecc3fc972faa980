/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold of IKE. Looks into the core's own data, as no other test does: every object is
 * counted where it should be, has the timers that end it, and no timer belongs to nothing.
 */
#include "ikev1/core.h"
#include "ikev1/store.h"
#include "tests/sim/world.h"

#define check(n, condition, ...) world_check((n)->world, condition, __VA_ARGS__)

/* ---- at any time ---- */

struct tally {
	size_t timers, waiting, half_open, sas, pairs, unfinished;
};

static void count_timer(struct tally *t, const struct timer *timer)
{
	t->timers += timer_armed(timer);
}

/* An exchange on its way has a deadline, and one that will repeat its message has one to repeat. */
static void look_at_exchange(struct node *n, struct tally *t, const struct exchange *x)
{
	count_timer(t, &x->retransmit);
	count_timer(t, &x->deadline);
	t->waiting += x->wait_id != 0;
	check(n, x->done || timer_armed(&x->deadline), "%s: %s without a deadline", n->cfg.name,
	      ike_state_name(x->state));
	check(n, !timer_armed(&x->retransmit) || (x->sent && !x->done), "%s: %s repeats nothing",
	      n->cfg.name, ike_state_name(x->state));
	check(n, !x->sent || timer_armed(&x->deadline), "%s: %s keeps its last message for ever",
	      n->cfg.name, ike_state_name(x->state));
	check(n, !x->done || x->state == MM_ACTIVE || x->state == QM_ACTIVE, "%s: done in state %s",
	      n->cfg.name, ike_state_name(x->state));
}

static void look_at_sa(struct node *n, struct tally *t, const struct isakmp_sa *sa)
{
	look_at_exchange(n, t, &sa->x);
	count_timer(t, &sa->rekey);
	count_timer(t, &sa->expire);
	count_timer(t, &sa->dpd.timer);
	t->sas++;
	t->half_open += !sa->x.done;
	check(n, !sa->x.done == !!sa->mm, "%s: main mode's scratch of an SA in %s", n->cfg.name,
	      ike_state_name(sa->x.state));
	check(n, !sa->x.done || !sa->x.wait_id, "%s: waits for something and is done", n->cfg.name);
	check(n, !sa->x.done || timer_armed(&sa->expire), "%s: an ISAKMP SA that never expires",
	      n->cfg.name);
}

static void look_at_pair(struct node *n, struct tally *t, const struct ipsec_pair *pair)
{
	look_at_exchange(n, t, &pair->x);
	count_timer(t, &pair->rekey);
	count_timer(t, &pair->expire);
	t->pairs++;
	t->unfinished += !pair->x.done;
	check(n, !pair->x.done == !!pair->qm, "%s: quick mode's scratch of a pair in %s",
	      n->cfg.name, ike_state_name(pair->x.state));
	check(n, pair->x.done || pair->sa, "%s: an unfinished pair without an ISAKMP SA",
	      n->cfg.name);
	check(n, !pair->x.done || timer_armed(&pair->expire), "%s: a pair that never expires",
	      n->cfg.name);
	check(n, !pair->x.done || pair->superseded || pair->peer->unneeded || timer_armed(&pair->rekey),
	      "%s: a pair that is never replaced", n->cfg.name);
	check(n, !pair->x.done || !pair->x.wait_id || pair->switch_over, "%s: waits for something and is done",
	      n->cfg.name);
	/* Its timer runs until the kernel was asked. */
	t->timers += pair->switch_over && !pair->x.wait_id;
}

static void look_at_peer(struct node *n, struct tally *all, const struct ike_peer *p)
{
	const struct ipsec_pair *pair;
	const struct isakmp_sa *sa;
	struct tally t = { 0 };
	unsigned int current = 0, serving = 0, senders = 0;

	count_timer(all, &p->want);
	LIST_FOREACH (sa, &p->sas, of_peer) {
		look_at_sa(n, &t, sa);
		t.timers += sa->fragments != NULL;
		serving += sa->x.done && !sa->retired;
	}
	LIST_FOREACH (pair, &p->pairs, of_peer) {
		look_at_pair(n, &t, pair);
		current += pair->x.done && !pair->superseded;
		senders += pair->x.done && pair->has_out;
	}
	check(n, t.sas == p->sa_count && t.pairs == p->pair_count && t.unfinished == p->unfinished,
	      "%s: a peer's counts are wrong", n->cfg.name);
	check(n, current <= 1, "%s: %u pairs carry the traffic", n->cfg.name, current);
	check(n, senders <= 1, "%s: %u pairs send", n->cfg.name, senders);
	check(n, serving <= 1, "%s: %u ISAKMP SAs serve", n->cfg.name, serving);
	check(n,
	      t.pairs <= n->ike->limits.sas_per_peer &&
		      t.unfinished <= n->ike->limits.quick_modes_per_peer &&
		      t.sas <= n->ike->limits.sas_per_peer + n->ike->limits.half_open_per_source,
	      "%s: %zu pairs, %zu of them unfinished, %zu ISAKMP SAs", n->cfg.name, t.pairs,
	      t.unfinished, t.sas);
	check(n, p->up == (current == 1), "%s: up is %d, pairs that carry traffic: %u", n->cfg.name,
	      p->up, current);
	check(n, t.sas || t.pairs || p->wanted, "%s: a peer of nothing", n->cfg.name);
	check(n, !p->wanted || t.half_open || t.unfinished || timer_armed(&p->want),
	      "%s: somebody is wanted and nothing is done", n->cfg.name);
	all->timers += t.timers;
	all->waiting += t.waiting;
	all->half_open += t.half_open;
	all->sas += t.sas;
	all->pairs += t.pairs;
}

void inspect_node(struct node *n)
{
	const struct ike *ike = n->ike;
	struct tally t = { 0 };

	if (!ike)
		return;
	for (const struct ike_peer *p = ike->peers; p; p = p->hh.next)
		look_at_peer(n, &t, p);
	check(n, t.timers == ike->timers.len, "%s: %zu timers, %zu of them known", n->cfg.name,
	      ike->timers.len, t.timers);
	check(n, t.waiting == HASH_CNT(hh_wait, ike->waiting), "%s: waits for nobody", n->cfg.name);
	check(n,
	      t.half_open == ike->counters.half_open && t.sas == ike->counters.sas &&
		      t.pairs == ike->counters.pairs,
	      "%s: the counters are wrong", n->cfg.name);
	check(n,
	      HASH_CNT(hh, ike->sas) <= t.sas && HASH_CNT(hh_first, ike->sas_first) <= t.sas &&
		      HASH_CNT(hh, ike->pairs) == t.pairs && HASH_CNT(hh_spi, ike->spis) <= t.pairs,
	      "%s: the tables hold what is not there", n->cfg.name);
}

/* ---- at rest ---- */

static unsigned int sas_expected(struct node *n, const struct ike_peer *p)
{
	unsigned int peer = index_of_nbma(&p->key.remote), expected = 0;
	const struct ipsec_pair *pair;

	LIST_FOREACH (pair, &p->pairs, of_peer) {
		check(n, kernel_sa_find(n, peer, IKE_INBOUND, pair->spi_in),
		      "%s: the kernel has no inbound SA %08x", n->cfg.name, pair->spi_in);
		expected++;
		if (pair->superseded)
			continue;
		check(n, pair->has_out, "%s: pair %08x has no outbound SA", n->cfg.name,
		      pair->spi_in);
		check(n, kernel_sa_find(n, peer, IKE_OUTBOUND, pair->spi_out),
		      "%s: the kernel has no outbound SA %08x", n->cfg.name, pair->spi_out);
		expected++;
	}
	return expected;
}

bool inspect_is_quiet(const struct node *n)
{
	unsigned int unfinished = 0;
	const struct ipsec_pair *pair;

	for (const struct ike_peer *p = n->ike ? n->ike->peers : NULL; p; p = p->hh.next) {
		unfinished += p->unfinished;
		LIST_FOREACH (pair, &p->pairs, of_peer)
			unfinished += pair->switch_over != NULL;
	}
	return !n->ike || (!unfinished && !n->ike->counters.half_open);
}

void inspect_rest(struct node *n)
{
	unsigned int expected[WORLD_NODES] = { 0 };

	if (!n->ike)
		return;
	inspect_node(n);
	check(n, !n->ike->counters.half_open, "%s: %llu half-open at rest", n->cfg.name,
	      (unsigned long long)n->ike->counters.half_open);
	for (const struct ike_peer *p = n->ike->peers; p; p = p->hh.next) {
		check(n, !p->unfinished, "%s: %u unfinished at rest", n->cfg.name, p->unfinished);
		check(n, !p->wanted, "%s: wants something at rest", n->cfg.name);
		expected[index_of_nbma(&p->key.remote)] = sas_expected(n, p);
	}
	for (unsigned int i = 0; i < n->world->nodes; i++)
		check(n, kernel_sa_count(n, i) == expected[i],
		      "%s: the kernel has %u SAs with %s, the core %u", n->cfg.name,
		      kernel_sa_count(n, i), n->world->node[i]->cfg.name, expected[i]);
}

void inspect_nothing(struct node *n)
{
	const struct ike *ike = n->ike;

	if (!ike)
		return;
	check(n, !ike->peers && !ike->who && !ike->sas && !ike->sas_first && !ike->pairs &&
			 !ike->spis && !ike->waiting,
	      "%s: something is left", n->cfg.name);
	check(n, TAILQ_EMPTY(&ike->unproven) && TAILQ_EMPTY(&ike->fragments) && !ike->fragment_bytes &&
			 !ike->pseudo_peers,
	      "%s: something small is left", n->cfg.name);
	check(n, !ike->timers.len && ike_deadline(ike) == MSEC_NEVER, "%s: %zu timers are left",
	      n->cfg.name, ike->timers.len);
	check(n, !ike->counters.half_open && !ike->counters.sas && !ike->counters.pairs,
	      "%s: the counters say that something is left", n->cfg.name);
	for (unsigned int i = 0; i < n->world->nodes; i++)
		check(n, !kernel_sa_count(n, i), "%s: the kernel has SAs left", n->cfg.name);
}

/* ---- between two ---- */

static const struct ike_peer *peer_of(const struct node *n, const struct node *other)
{
	return n->ike ? ike_peer_find(n->ike, &n->nbma, &other->nbma) : NULL;
}

static const struct ipsec_pair *current_pair(const struct ike_peer *p)
{
	return p ? ike_peer_pair(p) : NULL;
}

static void same_key(struct node *a, struct node *b, uint32_t spi)
{
	const struct kernel_sa *out = kernel_sa_find(a, b->index, IKE_OUTBOUND, spi);
	const struct kernel_sa *in = kernel_sa_find(b, a->index, IKE_INBOUND, spi);

	check(a, out && in, "SA %08x from %s to %s is at one end only", spi, a->cfg.name,
	      b->cfg.name);
	check(a,
	      out->keys_len == in->keys_len && !memcmp(out->keys, in->keys, in->keys_len) &&
		      out->suite.cipher == in->suite.cipher && out->suite.auth == in->suite.auth,
	      "SA %08x from %s to %s has two keys", spi, a->cfg.name, b->cfg.name);
}

static void same_isakmp_sa(struct node *a, struct node *b)
{
	const struct isakmp_sa *sa, *other;
	const struct ike_peer *p = peer_of(a, b), *q = peer_of(b, a);

	if (!p || !(sa = ike_peer_sa(p)))
		return;
	check(a, q, "%s has an ISAKMP SA with %s, which knows nothing", a->cfg.name, b->cfg.name);
	LIST_FOREACH (other, &q->sas, of_peer)
		if (!memcmp(sa->cookies, other->cookies, sizeof(sa->cookies)))
			break;
	check(a, other && other->x.done, "%s has an ISAKMP SA that %s has not", a->cfg.name,
	      b->cfg.name);
	check(a, other->x.role != sa->x.role && !memcmp(&other->keys, &sa->keys, sizeof(sa->keys)),
	      "an ISAKMP SA is two");
	/* The answer has the offer's octets, so only the responder knows that its own is shorter. */
	check(a, sa->x.role == IKE_INITIATOR || sa->lifetime <= other->lifetime,
	      "the longer lifetime of an ISAKMP SA holds");
}

void inspect_same_phase1(struct node *a, struct node *b)
{
	same_isakmp_sa(a, b);
	same_isakmp_sa(b, a);
}

void inspect_agreement(struct node *a, struct node *b, bool up)
{
	const struct ipsec_pair *p = current_pair(peer_of(a, b)), *q = current_pair(peer_of(b, a));

	check(a, !!p == up, "%s is %s for %s", b->cfg.name, p ? "up" : "down", a->cfg.name);
	check(a, !!q == up, "%s is %s for %s", a->cfg.name, q ? "up" : "down", b->cfg.name);
	check(a, a->up[b->index] == up && b->up[a->index] == up, "the owners were told otherwise");
	if (!up)
		return;
	check(a, p->spi_in == q->spi_out && p->spi_out == q->spi_in,
	      "%s has the pair %08x/%08x, %s has %08x/%08x", a->cfg.name, p->spi_in, p->spi_out,
	      b->cfg.name, q->spi_out, q->spi_in);
	check(a, p->pfs == q->pfs && p->x.role != q->x.role, "a pair is two");
	same_key(a, b, p->spi_out);
	same_key(b, a, p->spi_in);
}
