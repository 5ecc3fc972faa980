/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the causes are known by, where IPsec is up: ESP, the tunnel's key, NHRP. As explain_evidence.c
 * otherwise.
 */
#include "daemon/diagnose.h"
#include "daemon/explain_digest.h"

/* With a server: what it sent came out of the tunnel. (With spokes, others' packets would count.) */
static bool came_out(const struct digest *g)
{
	return g->f->server && g->f->counted && g->f->packets_in &&
	       g->f->tunnel_in >= g->f->packets_in;
}

/* The peer decrypts what we send. */
static bool esp_arrives(const struct digest *g)
{
	return g->f->ping_inside == EXPLAIN_PING_ANSWERED || g->f->gre_refused;
}

bool saw_no_nhrp(const struct digest *g, struct text *t)
{
	if (!explain_mute(g))
		return false;
	if (g->f->ping_inside == EXPLAIN_PING_ANSWERED)
		text_add(t,
			 "its tunnel address answers a ping through the tunnel, so %sthe tunnel "
			 "keys are the same; no NHRP packet of it came",
			 g->f->secured ? "ESP passes and " : "");
	else if (came_out(g))
		text_add(t,
			 "%llu packets of the peer were decrypted and came out of the tunnel, none "
			 "of them NHRP's",
			 (unsigned long long)g->f->packets_in);
	return t->len > 0;
}

/* All is up, and nothing comes through. A quiet tunnel's peer answers the ping. */
static bool gone(const struct digest *g)
{
	return g->well && g->f->up && g->f->secured && !g->again &&
	       g->f->ping_inside == EXPLAIN_PING_SILENT && g->f->silence > SECONDS(5);
}

bool saw_gre_refused(const struct digest *g, struct text *t)
{
	char peer[ADDR_TEXT];

	if ((!explain_mute(g) && !gone(g)) || !g->f->gre_refused)
		return false;
	text_add(t,
		 "%s refused by %s itself (ICMP, about GRE): no tunnel there that is up has our "
		 "addresses and our key",
		 g->f->secured ? "ESP arrives, but what comes out of it is" : "what we send is",
		 addr_text(&g->f->remote, peer));
	return true;
}

/* SAs are up, and the kernel has got nothing through them. */
static bool nothing_through(const struct digest *g)
{
	return explain_mute(g) && !esp_arrives(g) && g->f->secured && g->f->counted &&
	       !g->f->packets_in;
}

/* A tunnel without IPsec: the kernel counts nothing for a peer. */
static bool plain_silence(const struct digest *g)
{
	return explain_mute(g) && !esp_arrives(g) && !g->f->secured;
}

bool saw_gre_blocked(const struct digest *g, struct text *t)
{
	if (!plain_silence(g))
		return false;
	text_add(t, "no NHRP packet of it came, and its tunnel address does not answer a ping; the "
		    "tunnel has no IPsec, so its packets are IP protocol 47");
	return true;
}

/* Packets come, and the kernel does not take them for the peer's. */
static bool unauthentic(const struct digest *g)
{
	const struct explain_facts *f = g->f;

	return f->up && f->counted && f->auth_failures && f->packets_in / 100 < f->auth_failures;
}

static bool by_sha256(const struct digest *g)
{
	return g->phase2 && g->phase2->phase2.suite.auth == HASH_SHA256;
}

static void add_refused(const struct digest *g, struct text *t)
{
	text_add(
		t,
		"the kernel has refused %u packets of the peer, whose authentication is wrong, and "
		"taken %llu",
		(unsigned int)g->f->auth_failures, (unsigned long long)g->f->packets_in);
}

/* Both have the same key, or phase 2 had failed. */
bool saw_truncation(const struct digest *g, struct text *t)
{
	if (!unauthentic(g) || g->f->packets_in || !by_sha256(g))
		return false;
	add_refused(g, t);
	text_add(t, "; the SAs authenticate by HMAC-SHA-256, which some implementations cut to 96 "
		    "bits instead of 128");
	return true;
}

bool saw_integrity(const struct digest *g, struct text *t)
{
	if (!unauthentic(g) || saw_truncation(g, t))
		return false;
	add_refused(g, t);
	return true;
}

/* Nothing waits to be sent: it went into the tunnel and did not come to the SA. */
bool saw_gre_unsent(const struct digest *g, struct text *t)
{
	if (!nothing_through(g) || g->f->packets_out || !g->f->kernel_sas || g->nhrp_sent < 2)
		return false;
	text_add(t,
		 "%u NHRP packets have left for the tunnel, and the kernel has put none of them "
		 "into the SA",
		 g->nhrp_sent);
	return true;
}

bool saw_esp_blocked(const struct digest *g, struct text *t)
{
	if (!nothing_through(g) || !g->f->packets_out || g->f->auth_failures)
		return false;
	text_add(t,
		 "the SAs are up, the kernel has sent %llu packets through them and got none "
		 "back (%s)",
		 (unsigned long long)g->f->packets_out,
		 g->nat ? "ESP inside UDP port 4500, as there is a NAT" : "IP protocol 50");
	return true;
}

/* Who only waits for a registration has sent nothing that could have been answered. */
bool saw_esp_blocked_there(const struct digest *g, struct text *t)
{
	if (!nothing_through(g) || g->f->packets_out || g->f->auth_failures)
		return false;
	text_add(t, "the SAs are up, and nothing has come through them (%s)",
		 g->nat ? "ESP inside UDP port 4500, as there is a NAT" : "IP protocol 50");
	return true;
}

bool saw_not_registering(const struct digest *g, struct text *t)
{
	if ((!nothing_through(g) && !plain_silence(g)) || g->f->server)
		return false;
	text_add(t,
		 "no registration has come; a peer that has %sno NHRP on that tunnel, or another "
		 "next hop server, sends none",
		 g->f->secured ? "the SAs and " : "");
	return true;
}

bool saw_esp_return_blocked(const struct digest *g, struct text *t)
{
	if (!g->f->up || !g->again || g->f->ping_inside != EXPLAIN_PING_SILENT)
		return false;
	text_add(t,
		 "it registers again and again, as if it had not had our answers (%u times), and a "
		 "ping to it through the tunnel has no answer",
		 g->again + 1);
	explain_add_when(g, t, g->nhrp[NHRP_EV_CLIENT_REFRESHED].at, 1);
	return true;
}

static void add_silence(const struct digest *g, struct text *t)
{
	text_add(t,
		 "its tunnel address does not answer a ping through the tunnel, and nothing came "
		 "out of its SAs for %llu s (who answers no pings, and has nothing to say, looks "
		 "the same)",
		 (unsigned long long)(g->f->silence / 1000));
}

bool saw_gone_in_tunnel(const struct digest *g, struct text *t)
{
	if (!gone(g) || g->f->gre_refused || g->f->ping != EXPLAIN_PING_ANSWERED)
		return false;
	add_silence(g, t);
	text_add(t, "; outside it does answer");
	return true;
}

bool saw_gone(const struct digest *g, struct text *t)
{
	/* Signs of life are no ping's business. */
	if (!gone(g) || g->f->ping != EXPLAIN_PING_SILENT ||
	    (g->heard_at && g->f->now - g->heard_at < SECONDS(15)))
		return false;
	add_silence(g, t);
	text_add(t, "; it does not answer a ping outside either");
	return true;
}

bool saw_tunnel_key(const struct digest *g, struct text *t)
{
	if (!explain_mute(g) || esp_arrives(g) || came_out(g) || !g->f->counted ||
	    !g->f->packets_in)
		return false;
	text_add(t,
		 "the kernel has decrypted %llu packets of the peer, and none of them came out of "
		 "the tunnel",
		 (unsigned long long)g->f->packets_in);
	return true;
}

/* What is decrypted passes this machine's firewall once more, as GRE. */
bool saw_gre_filtered(const struct digest *g, struct text *t)
{
	if (!saw_tunnel_key(g, t))
		return false;
	*t = text_of(t->buf, t->cap);
	text_add(t,
		 "what comes out of ESP passes this machine's firewall once more, as IP protocol "
		 "47, and a rule that drops it there would look the same");
	return true;
}

bool saw_tunnel_key_there(const struct digest *g, struct text *t)
{
	if (!plain_silence(g) && !saw_esp_blocked(g, t))
		return false;
	*t = text_of(t->buf, t->cap);
	text_add(t, "a peer whose tunnel has another key takes our packets for nobody's; its own "
		    "\"explain\" tells whether ours arrive");
	return true;
}

/* One that says nothing about it. */
bool saw_gre_filtered_there(const struct digest *g, struct text *t)
{
	if (!saw_esp_blocked(g, t))
		return false;
	*t = text_of(t->buf, t->cap);
	text_add(t,
		 "what comes out of ESP passes the peer's firewall once more, as IP protocol 47; "
		 "one that drops it there is as silent");
	return true;
}

bool saw_truncation_there(const struct digest *g, struct text *t)
{
	if (!by_sha256(g) || !saw_esp_blocked(g, t))
		return false;
	*t = text_of(t->buf, t->cap);
	text_add(t,
		 "the SAs authenticate by HMAC-SHA-256, which some implementations cut to 96 bits "
		 "instead of 128: such a one takes none of our packets");
	return true;
}

bool saw_no_nhrp_there(const struct digest *g, struct text *t)
{
	if (!g->f->server || (!plain_silence(g) && !saw_esp_blocked(g, t)))
		return false;
	*t = text_of(t->buf, t->cap);
	text_add(t, "a machine that has %sno NHRP on that tunnel is as silent",
		 g->f->secured ? "the SAs and " : "");
	return true;
}

bool saw_nhrp_key_here(const struct digest *g, struct text *t)
{
	return explain_add_nhrp(g, t, NHRP_EV_AUTHENTICATION_FAILED);
}

bool saw_nhrp_key_there(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_ERROR_RECEIVED].e;

	return e && e->code == NHRP_ERROR_AUTHENTICATION &&
	       explain_add_nhrp(g, t, NHRP_EV_ERROR_RECEIVED);
}

static bool registration_unreachable(const struct nhrp_event *e)
{
	return e->code == NHRP_ERROR_UNREACHABLE && e->type == NHRP_REGISTRATION_REQUEST;
}

/* The one that is there says that it is another. */
bool saw_another_server(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_ERROR_RECEIVED].e;

	return e && registration_unreachable(e) && explain_add_nhrp(g, t, NHRP_EV_ERROR_RECEIVED);
}

bool saw_nhrp_error(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_ERROR_RECEIVED].e;

	return !g->well && e && e->code != NHRP_ERROR_AUTHENTICATION &&
	       !registration_unreachable(e) && explain_add_nhrp(g, t, NHRP_EV_ERROR_RECEIVED);
}

bool saw_same_address_here(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_CLIENT_REFUSED].e;

	return e && e->reason == NHRP_WHY_UNIQUE && explain_add_nhrp(g, t, NHRP_EV_CLIENT_REFUSED);
}

bool saw_same_address_there(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_REGISTRATION_REFUSED].e;

	return e && e->code == NHRP_CODE_ALREADY_UNIQUE &&
	       explain_add_nhrp(g, t, NHRP_EV_REGISTRATION_REFUSED);
}

bool saw_client_refused(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_CLIENT_REFUSED].e;

	return e && e->reason != NHRP_WHY_UNIQUE && explain_add_nhrp(g, t, NHRP_EV_CLIENT_REFUSED);
}

bool saw_registration_refused(const struct digest *g, struct text *t)
{
	const struct nhrp_event *e = g->nhrp[NHRP_EV_REGISTRATION_REFUSED].e;

	return e && e->code != NHRP_CODE_ALREADY_UNIQUE &&
	       explain_add_nhrp(g, t, NHRP_EV_REGISTRATION_REFUSED);
}

bool saw_wrong_server(const struct digest *g, struct text *t)
{
	const struct seen_nhrp *s = &g->nhrp[NHRP_EV_DROPPED];
	char server[ADDR_TEXT];

	if (!s->e || s->e->type != NHRP_REGISTRATION_REQUEST || s->e->reason != NHRP_WHY_NOT_FOR_US)
		return false;
	text_add(t,
		 "it sends us registrations that are for the next hop server %s, which we are not",
		 addr_text(&s->e->protocol, server));
	explain_add_when(g, t, s->at, s->times);
	return true;
}

bool saw_registration_unanswered(const struct digest *g, struct text *t)
{
	return !g->well && g->nhrp_heard && !g->nhrp[NHRP_EV_REGISTRATION_REFUSED].e &&
	       !g->nhrp[NHRP_EV_ERROR_RECEIVED].e &&
	       explain_add_nhrp(g, t, NHRP_EV_REGISTRATION_UNANSWERED);
}
