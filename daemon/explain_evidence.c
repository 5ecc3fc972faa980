/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the causes are known by: each predicate says whether its own is to be seen in the digest, and
 * adds by what. Those about what goes through the tunnel are in explain_tunnel.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/diagnose.h"
#include "daemon/explain_digest.h"

void explain_add_when(const struct digest *g, struct text *t, msec at, unsigned int times)
{
	msec ago = g->f->now > at ? (g->f->now - at) / 1000 : 0;

	text_add(t, " (%llu s ago", (unsigned long long)ago);
	if (times > 1)
		text_add(t, ", seen %u times", times);
	text_add(t, ")");
}

void saw_ike(const struct digest *g, struct text *t, const struct seen_ike *s)
{
	char sentence[DIAGNOSE_TEXT];

	if (diagnose_ike(s->e, sentence))
		text_add(t, "%s", sentence);
	explain_add_when(g, t, s->e->at, s->times);
}

bool explain_add_nhrp(const struct digest *g, struct text *t, enum nhrp_event_kind kind)
{
	const struct seen_nhrp *s = &g->nhrp[kind];
	char sentence[DIAGNOSE_TEXT];

	if (!s->e)
		return false;
	if (diagnose_nhrp(s->e, sentence))
		text_add(t, "%s", sentence);
	explain_add_when(g, t, s->at, s->times);
	return true;
}

static const char *plural(unsigned int n)
{
	return n == 1 ? "" : "s";
}

static void add_ping(const struct digest *g, struct text *t)
{
	if (g->f->ping == EXPLAIN_PING_ANSWERED)
		text_add(t, "; it does answer a ping");
	else if (g->f->ping == EXPLAIN_PING_SILENT)
		text_add(t, "; it does not answer a ping either");
}

/* ---- this machine and the way ---- */

bool saw_no_route(const struct digest *g, struct text *t)
{
	/* Without its interface there is none. */
	if (g->well || g->f->route != EXPLAIN_ROUTE_NONE || g->f->interface_down ||
	    g->f->no_carrier)
		return false;
	text_add(t, "the kernel has no route to it");
	return true;
}

bool saw_route_through_tunnel(const struct digest *g, struct text *t)
{
	if (g->well || g->f->route != EXPLAIN_ROUTE_TUNNEL)
		return false;
	text_add(t, "the kernel's route to the peer's outer address leads into a tunnel of ours, "
		    "which would have to carry itself");
	return true;
}

bool saw_own_address(const struct digest *g, struct text *t)
{
	if (g->f->route != EXPLAIN_ROUTE_LOCAL)
		return false;
	text_add(t, "the address is one of this machine's own");
	return true;
}

bool saw_interface_down(const struct digest *g, struct text *t)
{
	if (g->f->interface_down)
		text_add(t, "%s, which has the tunnel's source address, is down", g->f->interface);
	else if (addr_is_none(&g->f->local))
		text_add(t, "the tunnel's source has no address");
	return t->len > 0;
}

bool saw_no_carrier(const struct digest *g, struct text *t)
{
	if (g->f->no_carrier)
		text_add(t, "%s, which has the tunnel's source address, is up, but has no carrier",
			 g->f->interface);
	return t->len > 0;
}

bool saw_tunnel_down(const struct digest *g, struct text *t)
{
	if (g->f->link_down)
		text_add(t, "%s is down: no packet enters or leaves the tunnel", g->f->link);
	return t->len > 0;
}

/* A pair is up for a moment before it is in the kernel's dump. */
bool saw_kernel_lost(const struct digest *g, struct text *t)
{
	if (!g->f->up || !g->f->secured || !g->f->counted || g->f->kernel_sas || !g->phase2 ||
	    g->f->now - g->phase2->at < SECONDS(2))
		return false;
	text_add(t, "a pair of SAs was agreed on and installed, and the kernel lists none");
	return true;
}

static bool is_ours(const struct digest *g, const struct explain_icmp *i)
{
	return addr_is_none(&i->from) || addr_equal(&i->from, &g->f->local);
}

/* Its answers come, and are not let in. */
bool saw_wrong_way(const struct digest *g, struct text *t)
{
	if (!g->f->wrong_way || g->f->ping != EXPLAIN_PING_SILENT)
		return false;
	text_add(
		t,
		"it does not answer a ping, and while that was out this machine dropped %u packets "
		"that came in by another interface than the one that leads back (rp_filter)",
		g->f->wrong_way);
	return true;
}

static bool icmp_says(const struct digest *g, struct text *t)
{
	const struct explain_icmp *i = &g->f->icmp;
	char from[ADDR_TEXT];

	/* What is still so is said again, as each message is repeated. */
	if (g->well || !i->seen || (g->heard && i->at < g->heard_at) ||
	    g->f->now - MIN(i->at, g->f->now) > SECONDS(120))
		return false;
	text_add(t, "%s says to our IKE messages: %s%s",
		 is_ours(g, i) ? "this machine" : addr_text(&i->from, from),
		 i->filtered ? "administratively prohibited, " : "", strerror(i->error));
	explain_add_when(g, t, i->at, 1);
	return true;
}

bool saw_no_daemon(const struct digest *g, struct text *t)
{
	return g->f->icmp.error == ECONNREFUSED && icmp_says(g, t);
}

bool saw_filtered(const struct digest *g, struct text *t)
{
	return g->f->icmp.filtered && icmp_says(g, t);
}

/* The kernel does not even send it. */
static bool refused_here(const struct explain_icmp *i)
{
	return addr_is_none(&i->from) && (i->error == EPERM || i->error == EACCES);
}

bool saw_local_firewall(const struct digest *g, struct text *t)
{
	return refused_here(&g->f->icmp) && icmp_says(g, t);
}

/* It does not even leave, though there is a route: a rule of policy routing, or the like. */
bool saw_not_sent(const struct digest *g, struct text *t)
{
	const struct explain_icmp *i = &g->f->icmp;

	return addr_is_none(&i->from) && !refused_here(i) && i->error != EMSGSIZE &&
	       i->error != ECONNREFUSED && g->f->route == EXPLAIN_ROUTE_FOUND &&
	       !g->f->interface_down && !g->f->no_carrier && icmp_says(g, t);
}

/* The kernel has asked for the next hop's link address in vain, and tells it by ICMP to itself. */
bool saw_gateway_silent(const struct digest *g, struct text *t)
{
	const struct explain_icmp *i = &g->f->icmp;

	if (addr_is_none(&i->from) || !is_ours(g, i) || i->error != EHOSTUNREACH ||
	    g->f->interface_down || g->f->no_carrier || !icmp_says(g, t))
		return false;
	text_add(t, ": the next hop on the way there does not answer ARP");
	return true;
}

bool saw_unreachable(const struct digest *g, struct text *t)
{
	return !is_ours(g, &g->f->icmp) && g->f->icmp.error != ECONNREFUSED &&
	       g->f->icmp.error != EMSGSIZE && !g->f->icmp.filtered && icmp_says(g, t);
}

/* What we send does not get as far as to the next machine, or is answered in another way. */
static bool answers_otherwise(const struct digest *g)
{
	char buf[EXPLAIN_TEXT];
	struct text t = text_of(buf, sizeof(buf));

	return saw_wrong_way(g, &t) || g->drop[IKE_DROP_ELSEWHERE].e || g->drop[IKE_DROP_IKEV2].e ||
	       g->f->interface_down || g->f->no_carrier || g->f->route == EXPLAIN_ROUTE_NONE ||
	       (is_ours(g, &g->f->icmp) && icmp_says(g, &t));
}

/* Nothing at all comes from there. */
static bool silent(const struct digest *g)
{
	return !g->well && !g->f->up && !g->heard && g->f->secured;
}

bool saw_peer_down(const struct digest *g, struct text *t)
{
	if (!silent(g) || answers_otherwise(g) || g->f->ping != EXPLAIN_PING_SILENT)
		return false;
	text_add(t, "it answers neither IKE nor a ping");
	return true;
}

static bool udp500_blocked(const struct digest *g, struct text *t)
{
	if (!silent(g) || !g->we_opened || g->f->icmp.error == ECONNREFUSED || answers_otherwise(g))
		return false;
	text_add(t, "no answer to what we sent (%u time%s)", g->sent, plural(g->sent));
	add_ping(g, t);
	text_add(t,
		 "; which way, this end cannot tell: where the peer's own state is MM_WAIT_MSG3, "
		 "ours arrive and its answers do not; where it knows nothing of us, ours do not");
	return true;
}

bool saw_udp500_likely(const struct digest *g, struct text *t)
{
	return g->f->ping == EXPLAIN_PING_ANSWERED && udp500_blocked(g, t);
}

bool saw_udp500_possible(const struct digest *g, struct text *t)
{
	return g->f->ping != EXPLAIN_PING_ANSWERED && udp500_blocked(g, t);
}

bool explain_mute(const struct digest *g)
{
	return !g->well && g->f->up && !g->f->registered && !g->nhrp_heard &&
	       (!g->phase2 || g->f->now - g->mute_since > SECONDS(2));
}

bool saw_map_address(const struct digest *g, struct text *t)
{
	if (!g->f->mapped)
		return false;
	if (silent(g) && g->we_opened)
		text_add(t, "nobody there speaks IKE with us");
	else if (explain_mute(g) && g->f->server)
		text_add(t, "whoever is there %sdoes not answer as a next hop server",
			 g->f->secured ? "speaks IKE with us, and " : "");
	return t->len > 0;
}

static bool peer_ignores(const struct digest *g, struct text *t)
{
	if (!silent(g) || !g->we_opened || g->f->icmp.error == ECONNREFUSED || answers_otherwise(g))
		return false;
	text_add(t, "a peer that does not know us, has no key for us or accepts none of our "
		    "isakmp-policies may stay silent");
	add_ping(g, t);
	return true;
}

bool saw_peer_ignores_likely(const struct digest *g, struct text *t)
{
	return g->f->ping == EXPLAIN_PING_ANSWERED && peer_ignores(g, t);
}

bool saw_peer_ignores(const struct digest *g, struct text *t)
{
	return g->f->ping != EXPLAIN_PING_ANSWERED && peer_ignores(g, t);
}

bool saw_nothing_received(const struct digest *g, struct text *t)
{
	if (!silent(g) || g->we_opened)
		return false;
	text_add(t, "nothing came from it within the last hour, and nothing made us call it");
	add_ping(g, t);
	return true;
}

/* ---- where silence begins ---- */

static bool waits_in(const struct digest *g, enum ike_state s)
{
	if (g->well || g->f->up)
		return false;
	if (g->failed)
		return g->failed->failure.cause == IKE_CAUSE_NO_ANSWER &&
		       g->failed->failure.state == s;
	return g->f->phase1 == s || g->f->phase2 == s;
}

static void add_state(const struct digest *g, struct text *t, enum ike_state s)
{
	if (g->failed)
		saw_ike(g, t, &g->cause[IKE_CAUSE_NO_ANSWER]);
	else
		text_add(t, "it waits in %s", ike_state_name(s));
}

bool saw_udp500_return(const struct digest *g, struct text *t)
{
	/* Who refuses them has them. */
	if (!waits_in(g, MM_WAIT_MSG3) || g->cause[IKE_CAUSE_PEER_NO_POLICY].e)
		return false;
	if (g->repeated)
		text_add(t, "its message 1 arrives and came again after we answered (%u time%s)",
			 g->repeated, plural(g->repeated));
	else
		text_add(t, "its message 1 arrives; to our answer nothing came");
	add_ping(g, t);
	return true;
}

bool saw_udp4500_blocked(const struct digest *g, struct text *t)
{
	bool waiting = waits_in(g, MM_WAIT_MSG6) || waits_in(g, MM_WAIT_MSG5);

	if (!waiting || !g->nat || g->heard_natt)
		return false;
	text_add(t, "there is a NAT on the way, so IKE goes on at UDP port 4500 from message 5 on; "
		    "nothing has come there");
	return true;
}

/* The other end goes on repeating what we have answered there. */
bool saw_udp4500_return(const struct digest *g, struct text *t)
{
	if (g->well || !g->nat || !g->repeated || !g->phase1 || g->phase2)
		return false;
	text_add(t,
		 "phase 1 is done for us, on UDP port 4500, but the peer repeats its message (%u "
		 "time%s): our answers there do not arrive",
		 g->repeated, plural(g->repeated));
	return true;
}

bool saw_psk_silent(const struct digest *g, struct text *t)
{
	if (!waits_in(g, MM_WAIT_MSG6) || (g->agreed && g->agreed->match.isakmp.auth != AUTH_PSK) ||
	    g->cause[IKE_CAUSE_PEER_KEY_MISMATCH].e)
		return false;
	add_state(g, t, MM_WAIT_MSG6);
	return true;
}

bool saw_cert_silent(const struct digest *g, struct text *t)
{
	if (!waits_in(g, MM_WAIT_MSG6) || !g->agreed ||
	    g->agreed->match.isakmp.auth != AUTH_RSA_SIG)
		return false;
	add_state(g, t, MM_WAIT_MSG6);
	return true;
}

bool saw_peer_unaware(const struct digest *g, struct text *t)
{
	enum ike_state s = waits_in(g, MM_WAIT_MSG4) ? MM_WAIT_MSG4 : MM_WAIT_MSG5;

	/* Who repeats message 3 has not had our answer to it; who sends message 5 has a key. */
	if (!waits_in(g, s) || (g->agreed && g->agreed->match.isakmp.auth == AUTH_RSA_SIG) ||
	    (s == MM_WAIT_MSG5 && (g->nat || g->repeated || g->cause[IKE_CAUSE_KEY_MISMATCH].e)))
		return false;
	add_state(g, t, s);
	return true;
}

bool saw_long_lost(const struct digest *g, struct text *t)
{
	bool certificates = g->agreed && g->agreed->match.isakmp.auth == AUTH_RSA_SIG;

	if (waits_in(g, MM_WAIT_MSG4))
		text_add(t, "message 3 is longer than message 1, which arrived");
	else if (certificates && waits_in(g, MM_WAIT_MSG6) && g->length > g->passed)
		text_add(t,
			 "our message 5, with a certificate, has %u octets; the longest one that "
			 "was answered has %u",
			 g->length, g->passed);
	else if (certificates && (waits_in(g, MM_WAIT_MSG5) || waits_in(g, MM_WAIT_MSG6)))
		text_add(t, "with certificates message 5 is long, and may be fragmented");
	return t->len > 0;
}

bool saw_answer4_lost(const struct digest *g, struct text *t)
{
	if (!waits_in(g, MM_WAIT_MSG5) || !g->repeated || g->heard_natt)
		return false;
	text_add(t,
		 "it repeats its message 3 (%u time%s), so our answer to it, message 4, does not "
		 "arrive; message 2, which is shorter, did",
		 g->repeated, plural(g->repeated));
	return true;
}

/* Phase 1 was done, and nothing of phase 2 followed. */
static bool only_phase1(const struct digest *g)
{
	return !g->well && !g->f->up && g->phase1 && !g->failed && !g->asked &&
	       (!g->phase2 || g->phase2->at < g->phase1->at);
}

static bool answer6_lost(const struct digest *g, struct text *t, bool signatures)
{
	bool of_signatures = g->agreed && g->agreed->match.isakmp.auth == AUTH_RSA_SIG;

	if (!only_phase1(g) || g->nat || !g->repeated || g->phase1->role != IKE_RESPONDER ||
	    of_signatures != signatures)
		return false;
	text_add(t,
		 "phase 1 is done for us, but the peer repeats its message 5 (%u time%s): our "
		 "answer to it, message 6%s, does not arrive; messages 2 and 4 did",
		 g->repeated, plural(g->repeated),
		 signatures ? ", which is long, with a certificate" : "");
	return true;
}

bool saw_answer6_lost(const struct digest *g, struct text *t)
{
	return answer6_lost(g, t, false);
}

bool saw_long_answer6_lost(const struct digest *g, struct text *t)
{
	return answer6_lost(g, t, true);
}

bool saw_answer2_lost(const struct digest *g, struct text *t)
{
	if (!waits_in(g, QM_WAIT_MSG3) || !g->repeated2)
		return false;
	text_add(t,
		 "it repeats its first message of quick mode (%u time%s), so our answer to it, the "
		 "longest message so far, does not arrive",
		 g->repeated2, plural(g->repeated2));
	return true;
}

bool saw_black_hole(const struct digest *g, struct text *t)
{
	/* Where short ones are lost, too, it is not for their length. */
	if (g->f->ping != EXPLAIN_PING_ANSWERED || g->f->ping_large != EXPLAIN_PING_SILENT ||
	    g->f->pings_lost)
		return false;
	text_add(t,
		 "a small ping is answered, one of %u octets is not, and nobody on the way says "
		 "that it is too long",
		 g->f->large);
	return true;
}

bool saw_phase2_silent(const struct digest *g, struct text *t)
{
	if (!waits_in(g, QM_WAIT_MSG2))
		return false;
	add_state(g, t, QM_WAIT_MSG2);
	return true;
}

bool saw_phase2_unconfirmed(const struct digest *g, struct text *t)
{
	if (!waits_in(g, QM_WAIT_MSG3) || g->repeated2)
		return false;
	add_state(g, t, QM_WAIT_MSG3);
	return true;
}

/* Rows of a peer that speaks of something else. */

bool saw_answer_refused(const struct digest *g, struct text *t)
{
	(void)t;
	return g->cause[IKE_CAUSE_PEER_NO_POLICY].e->role == IKE_RESPONDER;
}

bool saw_another_answer(const struct digest *g, struct text *t)
{
	return !saw_answer_refused(g, t) &&
	       g->cause[IKE_CAUSE_PEER_NO_POLICY].e->failure.mismatch.attr != ATTR_NONE;
}

bool saw_no_answer_policy(const struct digest *g, struct text *t)
{
	return !saw_another_answer(g, t) && !saw_answer_refused(g, t);
}

bool saw_mode_config(const struct digest *g, struct text *t)
{
	(void)t;
	return g->drop[IKE_DROP_EXCHANGE_TYPE].e->drop.exchange == ISAKMP_XCHG_TRANSACTION;
}

bool saw_peer_expects_other(const struct digest *g, struct text *t)
{
	(void)t;
	/* Where the verdict is ours, the peer's identity is known. */
	return !g->cause[IKE_CAUSE_IDENTITY].e->failure.cert.id.len;
}

bool saw_we_expect_other(const struct digest *g, struct text *t)
{
	return !saw_peer_expects_other(g, t);
}

bool saw_xauth(const struct digest *g, struct text *t)
{
	(void)t;
	return diagnose_is_xauth(g->cause[IKE_CAUSE_NO_POLICY].e->failure.mismatch.theirs);
}

bool saw_no_xauth(const struct digest *g, struct text *t)
{
	return !saw_xauth(g, t);
}

bool saw_left_signed(const struct digest *g, struct text *t)
{
	(void)t;
	return g->cause[IKE_CAUSE_PEER_LEFT].e->failure.auth == AUTH_RSA_SIG;
}

bool saw_peer_left(const struct digest *g, struct text *t)
{
	return !saw_left_signed(g, t);
}

bool saw_no_quick_mode(const struct digest *g, struct text *t)
{
	if (!only_phase1(g) || g->phase1->role != IKE_RESPONDER || g->repeated ||
	    g->f->now - g->phase1->at < SECONDS(2))
		return false;
	text_add(t, "it opened phase 1, which was completed, and has not begun a quick mode");
	explain_add_when(g, t, g->phase1->at, 1);
	return true;
}

/* Who took its leave and was not heard of since. */
bool saw_peer_closed(const struct digest *g, struct text *t)
{
	msec at = g->deleted ? g->deleted->at : 0;

	if (!at || g->well || g->f->up || g->failed || !g->f->mapped || !g->phase1 ||
	    at < g->phase1->at || at < g->began[IKE_INITIATOR] || at < g->began[IKE_RESPONDER])
		return false;
	text_add(t, "it deleted its SAs with us, in due form, and has not come back");
	explain_add_when(g, t, at, 1);
	return true;
}

bool saw_loss(const struct digest *g, struct text *t)
{
	if (g->well || g->late + g->f->pings_lost < 2)
		return false;
	if (g->f->pings_lost)
		text_add(t, "a ping was answered only when it was sent for the %s time%s",
			 g->f->pings_lost == 1	 ? "second"
			 : g->f->pings_lost == 2 ? "third"
						 : "fourth",
			 g->late ? "; " : "");
	if (g->late)
		text_add(t,
			 "%u messages of the last two minutes had to be repeated before the next "
			 "one came: some are lost, or they take longer than a second",
			 g->late);
	return true;
}

bool saw_peer_died(const struct digest *g, struct text *t)
{
	if (!g->dead)
		return false;
	text_add(t, "it stopped answering keep-alives (R-U-THERE)");
	explain_add_when(g, t, g->dead->at, 1);
	add_ping(g, t);
	return true;
}

/* ---- certificates and clocks ---- */

bool saw_peer_names_flaw(const struct digest *g, struct text *t)
{
	(void)t;
	return g->cause[IKE_CAUSE_PEER_CERTIFICATE].e->failure.cert.flaw != IKE_CAUSE_NONE;
}

bool saw_peer_names_none(const struct digest *g, struct text *t)
{
	return !saw_peer_names_flaw(g, t);
}

bool saw_clock_there(const struct digest *g, struct text *t)
{
	const struct ike_event *e = g->cause[IKE_CAUSE_PEER_CERTIFICATE].e;

	if (!e || e->failure.cert.flaw != IKE_CAUSE_NONE)
		return false;
	text_add(t, "it refuses a certificate that is valid by our clock");
	return true;
}

bool saw_clock_here(const struct digest *g, struct text *t)
{
	enum ike_cause newest = g->failed ? g->failed->failure.cause : IKE_CAUSE_NONE;

	if (newest != IKE_CAUSE_CERT_NOT_YET_VALID && newest != IKE_CAUSE_CERT_EXPIRED)
		return false;
	/* A peer alone that has let its certificate expire is no clock of ours. */
	if (g->f->own_flaw != IKE_CAUSE_CERT_NOT_YET_VALID &&
	    g->f->own_flaw != IKE_CAUSE_CERT_EXPIRED)
		return false;
	text_add(t, "by this machine's clock our own certificate is not valid either: %s",
		 diagnose_cause_text(g->f->own_flaw));
	return true;
}

/* ---- the kernel ---- */

static bool kernel_lacks(const struct digest *g, int one, int other)
{
	int error = g->cause[IKE_CAUSE_KERNEL].e->failure.error;

	return error == one || error == other;
}

bool saw_kernel_algorithm(const struct digest *g, struct text *t)
{
	(void)t;
	return kernel_lacks(g, ENOSYS, ENOENT);
}

bool saw_kernel_esp(const struct digest *g, struct text *t)
{
	(void)t;
	return kernel_lacks(g, EPROTONOSUPPORT, EOPNOTSUPP);
}

bool saw_kernel_other(const struct digest *g, struct text *t)
{
	return !saw_kernel_algorithm(g, t) && !saw_kernel_esp(g, t);
}

bool saw_neighbour_refused(const struct digest *g, struct text *t)
{
	return !g->well && explain_add_nhrp(g, t, NHRP_EV_BIND_FAILED);
}
