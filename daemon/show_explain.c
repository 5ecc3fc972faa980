/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb "explain": gathers the facts, waits for the kernel and for pings, and answers with the
 * findings as JSON. Few ask, so the requests under way are a list.
 */
#include "daemon/show.h"

#include <string.h>
#include <time.h>

#include "daemon/daemon.h"
#include "daemon/explain_facts.h"
#include "daemon/explain_probe.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/tunnel.h"
#include "daemon/verbs.h"

#define SUBJECTS 32 /* of one answer */

struct job {
	struct job *next;
	struct ctl_client *client; /* NULL: gone */
	struct daemon *d;
	struct subject subject[SUBJECTS];
	size_t count;
	size_t known; /* peers that were looked at */
	size_t left_out;
	bool one;      /* it was asked for by its address */
	bool counting; /* the kernel's counters are what is left to come */
	unsigned int waiting;
	uint64_t wrong_way; /* before the pings */
	struct probe *probe;
};

/* One loop per process, as with the log. */
static struct job *jobs;

/* ---- the answer ---- */

static json_t *cause_json(const struct explain_cause *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "cause", c->name, "title", c->title,
			 "likelihood", explain_weight_name(c->weight), "side",
			 explain_side_name(c->side), "evidence", show_text(c->evidence), "change",
			 show_text(c->change));
}

static json_t *peer_json(struct daemon *d, const struct subject *s, const struct explanation *x)
{
	const struct tunnel *t = s->tunnel < 0 ? NULL : tunnel_by_id(d, s->tunnel);
	json_t *causes = json_array(), *ruled = json_array(), *notes = json_array();

	for (size_t i = 0; i < x->causes; i++)
		json_array_append_new(causes, cause_json(&x->cause[i]));
	for (size_t i = 0; i < x->n_ruled; i++)
		json_array_append_new(ruled, json_pack("{s:s, s:s}", "what", x->ruled[i].what,
						       "why", x->ruled[i].why));
	for (size_t i = 0; i < x->notes; i++)
		json_array_append_new(notes, show_text(x->note[i]));
	return json_pack("{s:o, s:o, s:s?, s:o, s:b, s:s, s:s, s:b, s:o, s:o, s:o}", "nbma",
			 show_addr(&s->facts.remote), "protocol", show_addr(&s->facts.protocol),
			 "interface", t ? t->conf->name : NULL, "local", show_addr(&s->facts.local),
			 "up", (int)(strcmp(x->state, "UP") == 0), "state", x->state, "meaning",
			 x->meaning, "past", (int)x->past, "causes", causes, "ruled_out", ruled,
			 "notes", notes);
}

static json_t *machine_json(struct daemon *d)
{
	struct explain_cause *causes = xcalloc(EXPLAIN_CAUSES, sizeof(*causes));
	struct explain_machine facts;
	json_t *out = json_array();
	size_t n;

	explain_gather_machine(d, &facts);
	n = explain_machine(&facts, causes);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, cause_json(&causes[i]));
	free(causes);
	return out;
}

static json_t *answer(struct job *j)
{
	struct explanation *x = xcalloc(1, sizeof(*x));
	json_t *peers = json_array();

	for (size_t i = 0; i < j->count; i++) {
		explain(&j->subject[i].facts, x);
		if (j->one || explain_matters(&j->subject[i].facts, x))
			json_array_append_new(peers, peer_json(j->d, &j->subject[i], x));
	}
	free(x);
	return json_pack("{s:o, s:o, s:I, s:I}", "machine", machine_json(j->d), "peers", peers,
			 "known", (json_int_t)j->known, "left_out", (json_int_t)j->left_out);
}

static void job_free(struct job *j)
{
	struct job **at = &jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	probe_free(j->probe);
	for (size_t i = 0; i < j->count; i++)
		explain_release(&j->subject[i]);
	free(j);
}

static void sas_arrived(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a);

/* The counters come last: they have the pings that went through the tunnel, too. */
static void arrived(struct job *j)
{
	if (--j->waiting)
		return;
	if (j->client && !j->counting) {
		j->counting = true;
		j->waiting = 1;
		kernel_sa_dump(j->d, sas_arrived, j, 0);
		return;
	}
	if (j->client)
		ctl_answer(j->client, answer(j));
	job_free(j);
}

/* ---- what must be waited for ---- */

static void sas_arrived(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a)
{
	struct job *j = ctx;
	uint64_t wrong_way = explain_wrong_way() - j->wrong_way;

	(void)arg;
	explain_count_again(j->subject, j->count);
	for (size_t i = 0; i < j->count; i++) {
		struct explain_facts *f = &j->subject[i].facts;
		uint64_t last = 0, now = (uint64_t)time(NULL);

		/* Who shares its address with others has SAs that the address does not tell. */
		f->wrong_way = (unsigned int)wrong_way;
		f->counted = !a->err && !prefix_contains(&d->conf->nat_pool, &f->remote);
		for (size_t k = 0; f->counted && k < a->count; k++) {
			const struct xfrm_sa_info *sa = &a->sas[k];

			if (sa->larval)
				continue;
			if (addr_equal(&sa->id.dst, &f->remote)) {
				f->packets_out += sa->packets;
				f->kernel_sas++;
			}
			if (!addr_equal(&sa->id.src, &f->remote))
				continue;
			f->kernel_sas++;
			f->packets_in += sa->packets;
			last = MAX(last, MAX(sa->last_used, sa->added));
			f->auth_failures += sa->auth_failures;
			f->replay_drops += sa->replay_drops;
		}
		f->silence = last && last < now ? SECONDS(now - last) : 0;
	}
	arrived(j);
}

static void route_arrived(struct daemon *d, void *ctx, uint64_t arg, const struct kernel_answer *a)
{
	struct job *j = ctx;
	enum explain_route *route = &j->subject[arg].facts.route;

	if (a->err || !a->route)
		*route = EXPLAIN_ROUTE_UNKNOWN;
	else if (!a->route->found.found)
		*route = EXPLAIN_ROUTE_NONE;
	else if (a->route->found.local)
		*route = EXPLAIN_ROUTE_LOCAL;
	else if (tunnel_by_ifindex(d, a->route->found.ifindex))
		*route = EXPLAIN_ROUTE_TUNNEL;
	else
		*route = EXPLAIN_ROUTE_FOUND;
	arrived(j);
}

static void pings_arrived(void *ctx)
{
	struct job *j = ctx;

	probe_free(j->probe);
	j->probe = NULL;
	arrived(j);
}

static void ask(struct job *j)
{
	struct explain_facts *facts[SUBJECTS];

	j->waiting = 1 + (unsigned int)j->count; /* one for this function */
	for (size_t i = 0; i < j->count; i++)
		facts[i] = &j->subject[i].facts;
	j->wrong_way = explain_wrong_way();
	j->probe = probe_start(j->d, facts, j->count, pings_arrived, j);
	j->waiting += j->probe != NULL;
	for (size_t i = 0; i < j->count; i++)
		kernel_route_lookup(j->d, &j->subject[i].facts.remote, route_arrived, j, i);
	arrived(j);
}

/* ---- the verb ---- */

static void choose(struct job *j, const struct explain_view *v)
{
	struct explanation *x = xcalloc(1, sizeof(*x));
	struct addr *all;
	size_t n = explain_candidates(v, &all);

	j->known = n;
	for (size_t i = 0; i < n; i++) {
		struct subject *s = &j->subject[j->count];

		if (j->count == SUBJECTS) {
			j->left_out = n - i;
			break;
		}
		if (!explain_gather(v, &all[i], false, s))
			continue;
		explain(&s->facts, x);
		if (explain_matters(&s->facts, x))
			j->count++;
		else
			explain_release(s);
	}
	free(all);
	free(x);
}

void explain_start(struct daemon *d, const json_t *args, struct ctl_client *c)
{
	const char *text = json_string_value(json_object_get(args, "peer"));
	struct addr peer = { 0 }, nbma;
	struct explain_view *view;
	struct job *j;

	if (json_object_get(args, "peer") && (!text || !addr_parse(text, &peer))) {
		ctl_answer(c, verbs_error("peer: expected an address like \"10.0.0.4\""));
		return;
	}
	view = explain_look(d);
	nbma = explain_nbma_of(view, &peer);
	if (!addr_is_none(&peer) && addr_is_none(&nbma)) {
		ctl_answer(c, verbs_error("%s: nobody is known by this tunnel address, and no map "
					  "tells its NBMA address; \"show ip nhrp\" lists who is",
					  text));
		explain_look_end(view);
		return;
	}
	j = xcalloc(1, sizeof(*j));
	j->d = d;
	j->client = c;
	j->one = !addr_is_none(&peer);
	j->next = jobs;
	jobs = j;
	if (j->one)
		j->known = j->count = explain_gather(view, &nbma, true, &j->subject[0]);
	else
		choose(j, view);
	explain_look_end(view);
	ask(j);
}

/* Nobody waits: neither do we, for pings; the kernel answers in any case. */
void explain_forget(const struct ctl_client *c)
{
	for (struct job *j = jobs, *next; j; j = next) {
		next = j->next;
		if (j->client != c)
			continue;
		j->client = NULL;
		if (j->probe)
			pings_arrived(j);
	}
}
