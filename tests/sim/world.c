/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, the queue of what is to happen, the network, the seed. */
#include "tests/sim/world.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

#define LATE_WITHOUT_NUMBER 1500

struct happening {
	msec due;
	uint64_t serial; /* those of one moment happen in the order of their making */
	world_fn *fn;
	struct node *node;
	unsigned int life;
	void *arg;
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

uint64_t seeds_begin(void)
{
	return number_from("SIM_SEED", 1);
}

uint64_t seeds_end(unsigned int count)
{
	return getenv("SIM_SEED") ? seeds_begin() + 1 : 1 + number_from("SIM_SEEDS", count);
}

/* splitmix64 */
static uint64_t draw(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t world_random(struct world *w, uint32_t below)
{
	return (uint32_t)(draw(w) % below);
}

bool world_chance(struct world *w, unsigned int percent)
{
	return world_random(w, 100) < percent;
}

struct world *world_new(uint64_t seed)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->seed = w->random = seed;
	w->now = SECONDS(1000); /* no core may depend on a clock that starts at 0 */
	w->faults = GOOD_NETWORK;
	w->trace = number_from("SIM_TRACE", 0) != 0;
	return w;
}

void world_free(struct world *w)
{
	for (unsigned int i = 0; i < w->nodes; i++) {
		node_crash(w->node[i], true);
		free(w->node[i]);
	}
	for (size_t i = 0; i < w->queued; i++)
		free(w->queue[i].arg);
	free(w->queue);
	free(w);
}

void world_tell(struct world *w, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	if (!w->trace)
		return;
	fprintf(stderr, "%9.3f %-6s ", (double)w->now / 1000, n ? n->cfg.name : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void world_fail(struct world *w, const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cr_assert_fail("%s:%d: at %.3f s, SIM_SEED=%llu: %s", file, line, (double)w->now / 1000,
		       (unsigned long long)w->seed, text);
	abort();
}

/* ---- the queue: a heap by time ---- */

static bool before(const struct happening *a, const struct happening *b)
{
	return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

static void swap(struct happening *a, struct happening *b)
{
	struct happening c = *a;

	*a = *b;
	*b = c;
}

void world_after(struct world *w, msec delay, world_fn *fn, struct node *n, void *arg)
{
	size_t i = w->queued++;

	if (i == w->queue_cap) {
		w->queue_cap = w->queue_cap ? 2 * w->queue_cap : 256;
		w->queue = xreallocarray(w->queue, w->queue_cap, sizeof(*w->queue));
	}
	w->queue[i] =
		(struct happening){ w->now + delay, w->serial++, fn, n, n ? n->life : 0, arg };
	for (; i && before(&w->queue[i], &w->queue[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&w->queue[i], &w->queue[(i - 1) / 2]);
}

static struct happening take_first(struct world *w)
{
	struct happening first = w->queue[0];

	w->queue[0] = w->queue[--w->queued];
	for (size_t i = 0, child; (child = 2 * i + 1) < w->queued; i = child) {
		if (child + 1 < w->queued && before(&w->queue[child + 1], &w->queue[child]))
			child++;
		if (!before(&w->queue[child], &w->queue[i]))
			break;
		swap(&w->queue[i], &w->queue[child]);
	}
	return first;
}

/* The next thing, if it is due until then. */
static bool step(struct world *w, msec until)
{
	msec at = w->queued ? w->queue[0].due : MSEC_NEVER;
	struct node *n = NULL;
	struct happening h;

	for (unsigned int i = 0; i < w->nodes; i++) {
		if (w->node[i]->due >= at)
			continue;
		at = w->node[i]->due;
		n = w->node[i];
	}
	if (at > until || at == MSEC_NEVER)
		return false;
	w->now = MAX(w->now, at);
	if (n) {
		node_turn(n);
		world_check(w, n->due > w->now, "node %s has a deadline that stays", n->cfg.name);
		return true;
	}
	h = take_first(w);
	if (!h.node || h.life == h.node->life)
		h.fn(w, h.node, h.arg);
	free(h.arg);
	return true;
}

void world_run(struct world *w, msec duration)
{
	msec until = w->now + duration;

	while (step(w, until))
		;
	w->now = until;
}

bool world_run_until(struct world *w, world_condition *condition, msec at_most)
{
	msec until = w->now + at_most;

	while (!condition(w))
		if (!step(w, until))
			return false;
	return true;
}

/* ---- the network ---- */

struct packet *packet_new(enum packet_kind kind, unsigned int from, unsigned int to,
			  const void *octets, size_t len)
{
	struct packet *p = xcalloc(1, sizeof(*p) + len);

	p->kind = kind;
	p->from = from;
	p->to = to;
	p->len = len;
	if (len)
		memcpy(p->octets, octets, len);
	return p;
}

/* Whatever became of the node meanwhile: its address is the same in its next life. */
static void arrive(struct world *w, struct node *none, void *arg)
{
	const struct packet *p = arg;
	struct node *n = w->node[p->to];
	struct ike_datagram d = {
		.local = { n->nbma, 500 },
		.remote = { w->node[p->from]->nbma, 500 },
		.data = { p->octets, p->len },
	};

	(void)none;
	if (p->kind != PACKET_IKE) {
		kernel_receive(n, p);
	} else if (n->ike) {
		ike_input(n->ike, w->now, &d);
		node_turn(n);
	}
}

static void travel(struct world *w, struct packet *p, msec delay)
{
	world_after(w, delay, arrive, NULL, p);
}

static msec latency(struct world *w)
{
	return w->faults.latency +
	       (w->faults.jitter ? world_random(w, (uint32_t)w->faults.jitter) : 0);
}

void network_send(struct world *w, struct packet *p)
{
	enum verdict verdict = PASS;
	msec lateness = w->faults.lateness ? w->faults.lateness : LATE_WITHOUT_NUMBER;
	bool faulty = p->kind != PACKET_DATA || !w->data_is_safe;

	if (p->kind == PACKET_IKE)
		w->messages++;
	if (p->kind != PACKET_DATA && w->filter)
		verdict = w->filter(w, p);
	if (verdict == LOSE || (verdict == PASS && faulty && world_chance(w, w->faults.loss))) {
		world_tell(w, w->node[p->from], "-> %s lost, %zu octets", w->node[p->to]->cfg.name,
			   p->len);
		if (p->kind == PACKET_DATA)
			w->data.lost++;
		free(p);
		return;
	}
	if (p->kind != PACKET_DATA &&
	    (verdict == TWICE || (verdict == PASS && world_chance(w, w->faults.twice))))
		travel(w, xmemdup(p, sizeof(*p) + p->len), latency(w));
	if (verdict == LATE)
		travel(w, p, lateness);
	else if (faulty && w->faults.late && world_chance(w, w->faults.late))
		travel(w, p, latency(w) + world_random(w, (uint32_t)lateness));
	else
		travel(w, p, latency(w));
}

void network_inject(struct world *w, unsigned int from, unsigned int to, const void *octets,
		    size_t len)
{
	travel(w, packet_new(PACKET_IKE, from, to, octets, len), 0);
}
