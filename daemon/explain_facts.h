/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts about peers for explain.h: who there is to explain, and what the daemon knows of each at
 * once. What must be waited for (the kernel's answers, pings) is added by show_explain.c.
 */
#ifndef DAEMON_EXPLAIN_FACTS_H
#define DAEMON_EXPLAIN_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/explain.h"

struct daemon;

struct subject {
	struct explain_facts facts;
	struct recorded *events; /* facts.events, to be freed */
	int tunnel;		 /* id; -1: none that is known */
};

/*
 * What NHRP and IKE know at one moment, sorted: to look up many peers, each in logarithmic time. It is
 * not kept across a turn of the loop.
 */
struct explain_view;
struct explain_view *explain_look(struct daemon *d);
void explain_look_end(struct explain_view *v);

/* NBMA addresses of all whom NHRP, IKE or the recorder know of, those of NHRP first; to be freed. */
size_t explain_candidates(const struct explain_view *v, struct addr **out);
/* A tunnel address or an NBMA address as the NBMA address; none: nobody knows that tunnel address. */
struct addr explain_nbma_of(const struct explain_view *v, const struct addr *any);
/*
 * False: all is well with it and has been for the whole period, nothing was gathered; not with `force`.
 */
bool explain_gather(const struct explain_view *v, const struct addr *remote, bool force,
		    struct subject *out);
/* Packets that this machine has dropped, as they came in where it would not answer (rp_filter). */
uint64_t explain_wrong_way(void);
/* What has come out of their tunnels by now. */
void explain_count_again(struct subject *subjects, size_t count);
void explain_gather_machine(struct daemon *d, struct explain_machine *out);
void explain_release(struct subject *s);

#endif
