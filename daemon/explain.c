/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of the explanation: the state and its meaning, what is ruled out, what is worth a note. The
 * causes are in explain_causes.c.
 */
#include "daemon/explain.h"

#include <string.h>

#include "daemon/explain_digest.h"

/* ---- where it hangs ---- */

/* What the peer's silence in a state means; what to check is said by the causes. */
static const struct {
	const char *state, *meaning;
} meanings[] = {
	{ "NONE", "Nothing was tried and nothing came from this peer within the last hour." },
	{ "MM_WAIT_MSG2", "Message 1 has been sent to the peer, and there is no answer yet." },
	{ "MM_WAIT_MSG3", "The peer opened main mode and we agreed to a policy; its key exchange "
			  "(message 3) has not come." },
	{ "MM_WAIT_MSG4", "The phase 1 policy is agreed on; our key exchange (message 3) has no "
			  "answer." },
	{ "MM_WAIT_MSG5", "Keys have been exchanged; the peer's identity (message 5, the first one "
			  "that is encrypted) has not come, or cannot be used." },
	{ "MM_WAIT_MSG6", "Keys have been exchanged and our identity is sent (message 5, the first "
			  "one that is encrypted); the peer's has not come, or cannot be used." },
	{ "MM_START", "Main mode ended with the first message: the offer was not acceptable." },
	{ "MM_BLD_MSG6", "The peer's identity or its proof was not accepted (message 5)." },
	{ "MM_ACTIVE", "Phase 1 is up; no SAs for the tunnel have been agreed on." },
	{ "QM_WAIT_MSG2", "Phase 1 is up; our offer for the tunnel's SAs (quick mode) has no "
			  "answer." },
	{ "QM_WAIT_MSG3", "Phase 1 is up; the peer has not confirmed the SAs for the tunnel." },
	{ "NHRP", "Both phases of IPsec are up; the registration by NHRP is missing." },
	{ "UP", "All is up." },
};

static const char *meaning_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (!strcmp(meanings[i].state, state))
			return meanings[i].meaning;
	if (!strncmp(state, "QM_", 3))
		return "Phase 1 is up; quick mode did not come to an agreement about the tunnel's "
		       "SAs.";
	return "Main mode has begun and is not done.";
}

/* A finished failure tells more than the fresh start that follows it. */
static enum ike_state hanging_state(const struct digest *g)
{
	const struct explain_facts *f = g->f;
	bool active = f->phase1 == MM_ACTIVE || f->phase1 == MM_START;

	if (f->phase2 != MM_START && f->phase2 != QM_ACTIVE)
		return f->phase2;
	if (g->failed && (active || f->phase1 == MM_WAIT_MSG2))
		return g->failed->failure.state;
	return f->phase1;
}

static const char *state_of(const struct digest *g)
{
	enum ike_state s = hanging_state(g);

	if (g->well)
		return "UP";
	if (g->f->up || !g->f->secured)
		return "NHRP";
	if (s == MM_START && !g->failed)
		return "NONE";
	return ike_state_name(s);
}

/* ---- what is ruled out ---- */

static const char *has_route(const struct digest *g)
{
	return g->f->route == EXPLAIN_ROUTE_FOUND ? "the kernel has one, and not through the tunnel"
						  : NULL;
}

static const char *interface_is_up(const struct digest *g)
{
	return g->f->interface[0] && !g->f->interface_down && !g->f->no_carrier ? "it is up" : NULL;
}

/* What was heard before it stopped answering says nothing about now. */
static bool heard_lately(const struct digest *g)
{
	return g->heard && (!g->dead || g->heard_at > g->dead->at);
}

static const char *peer_lives(const struct digest *g)
{
	if (heard_lately(g))
		return "IKE messages of it arrived";
	return g->f->ping == EXPLAIN_PING_ANSWERED ? "it answers a ping" : NULL;
}

static const char *udp500_comes(const struct digest *g)
{
	return heard_lately(g) && g->heard > g->heard_natt ? "messages of it arrived on port 500"
							   : NULL;
}

static const char *udp500_goes(const struct digest *g)
{
	return heard_lately(g) && g->answered ? "it answered messages of ours" : NULL;
}

static const char *policy_fits(const struct digest *g)
{
	return g->agreed && !g->cause[IKE_CAUSE_NO_POLICY].e &&
			       !g->cause[IKE_CAUSE_PEER_NO_POLICY].e
		       ? "both sides agreed on one"
		       : NULL;
}

static const char *authenticated(const struct digest *g)
{
	return g->phase1 && !g->cause[IKE_CAUSE_PEER_CERTIFICATE].e ? "phase 1 was completed"
								    : NULL;
}

static const char *natt_passes(const struct digest *g)
{
	/* With a NAT, phase 1 is not done without it. */
	return g->heard_natt || (g->nat && g->phase1) ? "messages of it arrived there" : NULL;
}

static const char *phase2_agreed(const struct digest *g)
{
	bool latest = g->phase2 && (!g->phase1 || g->phase1->at <= g->phase2->at);

	return latest && !g->cause[IKE_CAUSE_NO_TRANSFORM].e ? "phase 2 was completed" : NULL;
}

static const char *esp_comes(const struct digest *g)
{
	if (!g->f->secured)
		return NULL;
	if (g->f->counted && g->f->packets_in)
		return "the kernel has decrypted packets of the peer";
	return g->nhrp_heard ? "NHRP packets of it came through the SA" : NULL;
}

static const char *tunnel_key_fits(const struct digest *g)
{
	return g->nhrp_heard ? "NHRP packets of it came out of the tunnel" : NULL;
}

static const char *large_passes(const struct digest *g)
{
	return g->f->ping_large == EXPLAIN_PING_ANSWERED ? "a ping of full size was answered"
							 : NULL;
}

static const struct {
	const char *what;
	const char *(*why)(const struct digest *g);
} ruled_out[] = {
	{ "no route to the peer", has_route },
	{ "the source interface is down", interface_is_up },
	{ "the peer is down", peer_lives },
	{ "UDP port 500 blocked on the way here", udp500_comes },
	{ "UDP port 500 blocked on the way there", udp500_goes },
	{ "phase 1 policies", policy_fits },
	{ "pre-shared key, certificates, identity", authenticated },
	{ "UDP port 4500 blocked on the way here", natt_passes },
	{ "transform-set, mode, PFS, proxy identities", phase2_agreed },
	{ "ESP blocked on the way here", esp_comes },
	{ "tunnel key", tunnel_key_fits },
	{ "an MTU black hole", large_passes },
};

/* What is named as a cause is not ruled out by what was seen before it. */
static void rule_out(const struct digest *g, struct explanation *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(ruled_out) && x->n_ruled < EXPLAIN_RULED; i++) {
		const char *why = ruled_out[i].why(g);

		if (why)
			x->ruled[x->n_ruled++] = (struct explain_ruled){ ruled_out[i].what, why };
	}
}

/* ---- notes ---- */

static void note(struct explanation *x, const char *text)
{
	if (x->notes < EXPLAIN_NOTES)
		snprintf(x->note[x->notes++], EXPLAIN_TEXT, "%s", text);
}

static void notes(const struct digest *g, struct explanation *x)
{
	const struct ike_event *m = g->agreed;
	char text[EXPLAIN_TEXT];

	if (m && m->match.their_lifetime && m->match.their_lifetime != m->match.our_lifetime) {
		snprintf(text, sizeof(text),
			 "lifetimes of phase 1 differ (ours %u s, theirs %u s): no fault, the "
			 "shorter one holds",
			 m->match.our_lifetime, m->match.their_lifetime);
		note(x, text);
	}
	if (g->nat)
		note(x, g->nat->nat.us ? "this end is behind a NAT: IKE and ESP use UDP port 4500"
				       : "the peer is behind a NAT: IKE and ESP use UDP port 4500");
	if (g->renewed >= 5 && g->phase2) {
		snprintf(text, sizeof(text),
			 "phase 2 was negotiated %u times within the last minute (the last time "
			 "for %u s): the lifetimes are very short, or each side replaces what the "
			 "other has made",
			 g->renewed, g->phase2->phase2.life_seconds);
		note(x, text);
	}
	if (g->well && g->late >= 2) {
		snprintf(text, sizeof(text),
			 "%u IKE messages of the last two minutes had to be repeated: packets are "
			 "lost on the way, or take longer than a second",
			 g->late);
		note(x, text);
	}
	if (g->f->counted && g->f->replay_drops) {
		snprintf(text, sizeof(text),
			 "%u packets of the peer were dropped as replays: the way doubles or "
			 "reorders them",
			 (unsigned int)g->f->replay_drops);
		note(x, text);
	}
	if (!g->well && !g->f->mapped && !g->heard && !g->f->up)
		note(x, "no map and no next hop server of the configuration has this NBMA address");
}

/* By the books all is well, but what was checked just now says otherwise. */
static bool is_troubled(const struct digest *g, struct explanation *scratch)
{
	size_t n = explain_find_causes(g, scratch->cause, EXPLAIN_CAUSES);

	for (size_t i = 0; i < n; i++)
		if (scratch->cause[i].at == g->f->now)
			return true;
	return false;
}

void explain(const struct explain_facts *facts, struct explanation *out)
{
	struct digest g;

	explain_digest(facts, false, &g);
	/* What was healed is worth telling only where nothing is wrong now. */
	if (g.well && !is_troubled(&g, out))
		explain_digest(facts, true, &g);
	*out = (struct explanation){ .past = g.well };
	out->state = state_of(&g);
	out->meaning = meaning_of(out->state);
	if (!strcmp(out->state, "NHRP") && !facts->secured)
		out->meaning = "The tunnel has no IPsec; the registration by NHRP is missing.";
	if (!strcmp(out->state, "NONE") && (g.sent || g.heard))
		out->meaning = "There is no SA with this peer now, and none is being negotiated.";
	if (g.drop[IKE_DROP_AGGRESSIVE].e || g.drop[IKE_DROP_IKEV2].e)
		out->meaning =
			"What came from this peer was not IKEv1's main mode, and was dropped.";
	out->causes = explain_find_causes(&g, out->cause, EXPLAIN_CAUSES);
	for (size_t i = 0; i < out->causes; i++)
		if (g.well && out->cause[i].at == facts->now) {
			out->past = false;
			out->meaning =
				"All is up by what was negotiated; what was checked just now says "
				"otherwise.";
		}
	if (!g.well)
		rule_out(&g, out);
	notes(&g, out);
}

static void no_redirects(const char *why, struct explain_cause *out)
{
	*out = (struct explain_cause){ .name = "kernel_bpf",
				       .title = "redirects (phase 3) cannot be sent",
				       .weight = EXPLAIN_CERTAIN,
				       .side = EXPLAIN_HERE };
	snprintf(out->evidence, EXPLAIN_TEXT, "%s", why);
	snprintf(out->change, EXPLAIN_TEXT,
		 "a kernel with eBPF socket filters (CONFIG_BPF_SYSCALL), and in a container or "
		 "unit no filter of system calls that refuses bpf(2); until then traffic between "
		 "spokes takes the way through this hub (phase 3), or spokes have routes to each "
		 "other (phase 2)");
}

static void no_source(const char *tunnel, const char *why, struct explain_cause *out)
{
	*out = (struct explain_cause){ .name = "no_source",
				       .title = "a tunnel has no source, so nobody reaches it",
				       .weight = EXPLAIN_CERTAIN,
				       .side = EXPLAIN_HERE };
	snprintf(out->evidence, EXPLAIN_TEXT, "%s: %s", tunnel, why);
	snprintf(out->change, EXPLAIN_TEXT,
		 "give the interface its IPv4 address (ip -br addr shows what there is), or name "
		 "another one in tunnel %s { source = ... } (IOS: --map)",
		 tunnel);
}

size_t explain_machine(const struct explain_machine *m, struct explain_cause out[EXPLAIN_CAUSES])
{
	size_t n = 0;

	for (; n < m->waiting_count; n++)
		no_source(m->waiting[n].name, m->waiting[n].why, &out[n]);
	if (m->redirect_why)
		no_redirects(m->redirect_why, &out[n++]);
	return n;
}

bool explain_matters(const struct explain_facts *facts, const struct explanation *x)
{
	/* Spokes that talked to each other and are done are nobody's worry. */
	bool wanted = facts->mapped || facts->phase1 != MM_START;

	return x->causes || (wanted && strcmp(x->state, "UP") != 0);
}

const char *explain_weight_name(enum explain_weight w)
{
	static const char *const names[] = { "certain", "likely", "possible" };

	return names[w];
}

const char *explain_side_name(enum explain_side s)
{
	static const char *const names[] = { "here", "there", "either side", "between" };

	return names[s];
}
