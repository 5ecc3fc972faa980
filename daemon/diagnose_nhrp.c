/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP's refusals and silences in plain words: what was refused, what the code means, what to
 * change on which side.
 */
#include "daemon/diagnose.h"

#include <stdio.h>
#include <string.h>

#include "daemon/text.h"

/* The number stands behind the words, so that it can be looked up. */
static const char *with_number(const char *words, int code)
{
	static char buf[96];

	snprintf(buf, sizeof(buf), "%s (%d)", words, code);
	return buf;
}

const char *diagnose_nhrp_code(int code)
{
	switch (code) {
	case NHRP_CODE_SUCCESS:
		return with_number("success", code);
	case NHRP_CODE_PROHIBITED:
		return with_number("administratively prohibited", code);
	case NHRP_CODE_RESOURCES:
		return with_number("insufficient resources", code);
	case NHRP_CODE_NO_BINDING:
		return with_number("no such binding exists", code);
	case NHRP_CODE_NOT_UNIQUE:
		return with_number("binding exists but is not unique", code);
	case NHRP_CODE_ALREADY_UNIQUE:
		return with_number("unique address already registered", code);
	default:
		return with_number("code", code);
	}
}

const char *diagnose_nhrp_error(int code)
{
	switch (code) {
	case NHRP_ERROR_EXTENSION:
		return with_number("unrecognized extension", code);
	case NHRP_ERROR_LOOP:
		return with_number("loop detected", code);
	case NHRP_ERROR_UNREACHABLE:
		return with_number("protocol address unreachable", code);
	case NHRP_ERROR_PROTOCOL:
		return with_number("protocol error", code);
	case NHRP_ERROR_SIZE:
		return with_number("packet too large", code);
	case NHRP_ERROR_INVALID_EXTENSION:
		return with_number("invalid extension", code);
	case NHRP_ERROR_INVALID_REPLY:
		return with_number("invalid resolution reply", code);
	case NHRP_ERROR_AUTHENTICATION:
		return with_number("authentication failure", code);
	case NHRP_ERROR_HOP_COUNT:
		return with_number("hop count exceeded", code);
	default:
		return with_number("error", code);
	}
}

const char *diagnose_nhrp_reason(enum nhrp_reason why)
{
	static const char *const texts[] = {
		[NHRP_WHY_NONE] = "no reason",
		[NHRP_WHY_NBMA_MISMATCH] = "it claims another NBMA address than it sends from",
		[NHRP_WHY_OWN_ADDRESS] = "the address is our own",
		[NHRP_WHY_OUTSIDE] = "the address is not a host of the tunnel's prefix",
		[NHRP_WHY_STATIC] = "a configured map holds the address",
		[NHRP_WHY_UNIQUE] = "another NBMA address holds it",
		[NHRP_WHY_PREFIX_LENGTH] = "it registers more than one host",
		[NHRP_WHY_HOLDING_TIME] = "its holding time is zero",
		[NHRP_WHY_LIMIT] = "limit reached",
		[NHRP_WHY_LIMIT_NBMA] = "limit of one NBMA address reached",
		[NHRP_WHY_KERNEL] = "the kernel refused the neighbour",
		[NHRP_WHY_NOT_REGISTERED] = "the sender is not registered here",
		[NHRP_WHY_NOT_OWNER] = "the sender does not hold the binding",
		[NHRP_WHY_STRANGER] = "from somebody who was not asked",
		[NHRP_WHY_NOT_FOR_US] = "it is for somebody else and not to be passed on",
		[NHRP_WHY_UNKNOWN_ID] = "no request of ours has this id",
		[NHRP_WHY_NO_BINDING] = "nobody is registered for the address",
		[NHRP_WHY_EGRESS_DOWN] = "the SA with the address's owner is down",
		[NHRP_WHY_NO_ANSWER_NEEDED] = "no answer is needed",
		[NHRP_WHY_PEER_DOWN] = "its SA is down",
		[NHRP_WHY_UNANSWERED] = "no answer",
		[NHRP_WHY_REFUSED] = "refused",
		[NHRP_WHY_NO_SA] = "no SA came up in time",
		[NHRP_WHY_NO_MAP] = "no map tells its NBMA address",
		[NHRP_WHY_NO_NHS] = "no next hop server is up",
		[NHRP_WHY_EXPIRED] = "expired",
		[NHRP_WHY_IDLE] = "expired unused",
		[NHRP_WHY_PURGED] = "purged by its owner",
		[NHRP_WHY_CLEARED] = "cleared",
		[NHRP_WHY_REPLACED] = "another NBMA address took its place",
		[NHRP_WHY_REMOVED] = "the tunnel is removed",
		[NHRP_WHY_HOLD_DOWN] = "tried a short while ago",
		[NHRP_WHY_DISABLED] = "not configured (redirect, shortcut)",
		[NHRP_WHY_CUT] = "not the start of an IPv4 packet to a host",
		[NHRP_WHY_NO_ROUTE] = "no route to it through this tunnel",
		[NHRP_WHY_SAME_PEER] = "it goes back to where it came from",
		[NHRP_WHY_RATE] = "done a short while ago",
		[NHRP_WHY_NOT_ON_PATH] = "the packet does not go through the sender",
		[NHRP_WHY_THROUGH_TUNNEL] = "the other end would send it back through the tunnel",
		[NHRP_WHY_TOO_WIDE] = "the prefix is no answer to what was asked",
		[NHRP_WHY_ROUTE_CHANGED] = "the routing table changed",
		[NHRP_WHY_AUTHORIZE] =
			"\"authorize\" gives the address to another identity, or this "
			"identity another address",
		[NHRP_WHY_IDENTITY] = "somebody else is at that NBMA address now",
		[NHRP_WHY_STANDBY] = "enough better servers of its cluster are up",
		[NHRP_WHY_FLOOD] = "it sends more than its share",
		[NHRP_WHY_PSEUDO] =
			"one of both shares its address with others behind a NAT, the path "
			"through the hub stays",
	};

	return (size_t)why < ARRAY_SIZE(texts) && texts[why] ? texts[why] : "unknown reason";
}

struct names {
	char protocol[ADDR_TEXT], nbma[ADDR_TEXT], other[ADDR_TEXT], source[ADDR_TEXT];
};

static void name(const struct nhrp_event *e, struct names *n)
{
	addr_text(&e->protocol, n->protocol);
	addr_text(&e->nbma, n->nbma);
	addr_text(&e->other_nbma, n->other);
	addr_text(&e->source, n->source);
}

/* What a refused registration means for the one who reads the client's log. */
static void registration_refused(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	text_add(t, "next hop server %s (%s) refuses our registration: %s", n->protocol, n->nbma,
		 diagnose_nhrp_code(e->code));
	switch (e->code) {
	case NHRP_CODE_ALREADY_UNIQUE:
		text_add(t, "; another NBMA address holds our tunnel address: two spokes have the "
			    "same, or ours has changed and the old registration has not expired "
			    "(clear ip nhrp there)");
		break;
	case NHRP_CODE_PROHIBITED:
		text_add(t, "; the server does not permit this tunnel or NBMA address: compare "
			    "\"address\" of the tunnel with the server's prefix, and with what its "
			    "\"authorize\" gives to our identity");
		break;
	case NHRP_CODE_RESOURCES:
		text_add(t, "; the server has reached a limit");
		break;
	default:
		break;
	}
	text_add(t, "; next attempt in %u s", e->seconds);
}

static void client_refused(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	text_add(t, "registration of %s by %s refused: %s", n->protocol, n->nbma,
		 diagnose_nhrp_reason(e->reason));
	switch (e->reason) {
	case NHRP_WHY_UNIQUE:
		text_add(t,
			 " (%s); two spokes have this tunnel address, or the spoke moved: \"clear "
			 "ip nhrp %s\" lets it in at once",
			 n->other, n->protocol);
		break;
	case NHRP_WHY_NBMA_MISMATCH:
		text_add(
			t,
			" (it claims %s); is there NAT on the way, or a wrong tunnel source there?",
			n->other);
		break;
	case NHRP_WHY_OUTSIDE:
	case NHRP_WHY_OWN_ADDRESS:
		text_add(t, "; change \"address\" of the tunnel there");
		break;
	case NHRP_WHY_STATIC:
		text_add(t,
			 "; change map \"%s\" of our nhrp to this NBMA address, or \"address\" of "
			 "the tunnel there",
			 n->protocol);
		break;
	case NHRP_WHY_KERNEL:
		text_add(t, ": %s", strerror(e->code));
		break;
	case NHRP_WHY_AUTHORIZE:
		text_add(t,
			 "; compare \"authorize\" of our nhrp with what the peer has proven to be");
		break;
	default:
		break;
	}
}

static void authentication(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	if (e->code)
		text_add(t, "NHRP authentication of %s failed: its key is not ours", n->nbma);
	else
		text_add(t, "NHRP authentication of %s failed: it sends no key", n->nbma);
	text_add(t, "; compare \"authentication\" of the tunnel's nhrp on both sides (ip nhrp "
		    "authentication)");
}

static void error_received(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	text_add(t, "%s answers with an error indication: %s", n->nbma,
		 diagnose_nhrp_error(e->code));
	if (e->code == NHRP_ERROR_AUTHENTICATION)
		text_add(t,
			 "; compare \"authentication\" of the tunnel's nhrp on both sides (ip nhrp "
			 "authentication)");
	else if (e->code == NHRP_ERROR_UNREACHABLE && e->type == NHRP_REGISTRATION_REQUEST)
		text_add(t, "; the next hop server %s is not there: compare its map", n->protocol);
	else if (e->code == NHRP_ERROR_UNREACHABLE)
		text_add(t, "; nobody is registered there for %s", n->protocol);
}

static void nhs_down(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	text_add(t, "next hop server %s", n->protocol);
	if (!addr_is_none(&e->nbma))
		text_add(t, " (%s)", n->nbma);
	text_add(t, " is down: %s", diagnose_nhrp_reason(e->reason));
	if (e->reason == NHRP_WHY_NO_MAP)
		text_add(t, "; add map \"%s\" { nbma = ... } to the tunnel's nhrp", n->protocol);
	else if (e->reason == NHRP_WHY_REFUSED)
		text_add(t, ", %s", diagnose_nhrp_code(e->code));
	else if (e->reason == NHRP_WHY_UNANSWERED)
		text_add(t,
			 " to our registrations over a working SA; is its tunnel up, with the same "
			 "tunnel key and NHRP authentication?");
}

bool diagnose_nhrp(const struct nhrp_event *e, char buf[DIAGNOSE_TEXT])
{
	struct text t = text_of(buf, DIAGNOSE_TEXT);
	struct names n;

	name(e, &n);
	switch (e->kind) {
	case NHRP_EV_REGISTRATION_REFUSED:
		registration_refused(&t, e, &n);
		return true;
	case NHRP_EV_REGISTRATION_UNANSWERED:
		text_add(
			&t,
			"next hop server %s (%s) does not answer our registration; next attempt "
			"in %u s; if this goes on: does ESP pass, are tunnel key and NHRP "
			"authentication the same on both sides?",
			n.protocol, n.nbma, e->seconds);
		return true;
	case NHRP_EV_NHS_DOWN:
		nhs_down(&t, e, &n);
		return true;
	case NHRP_EV_CLIENT_REFUSED:
		client_refused(&t, e, &n);
		return true;
	case NHRP_EV_AUTHENTICATION_FAILED:
		authentication(&t, e, &n);
		return true;
	case NHRP_EV_ERROR_RECEIVED:
		error_received(&t, e, &n);
		return true;
	case NHRP_EV_RESOLUTION_NEGATIVE:
		text_add(&t,
			 "%s cannot be resolved: %s says %s; its traffic stays on the hub, next "
			 "attempt in %u s",
			 n.protocol, n.other, diagnose_nhrp_code(e->code), e->seconds);
		return true;
	case NHRP_EV_RESOLUTION_TIMEOUT:
		text_add(&t,
			 "%s: no direct path: %s; its traffic stays on the hub, next attempt in %u "
			 "s",
			 n.protocol, diagnose_nhrp_reason(e->reason), e->seconds);
		return true;
	case NHRP_EV_BIND_FAILED:
		text_add(&t, "the kernel refuses the neighbour %s at %s: %s", n.protocol, n.nbma,
			 strerror(e->code));
		return true;
	case NHRP_EV_LOOP:
		text_add(
			&t,
			"a packet about %s came back to us: the next hop servers forward in a loop",
			n.protocol);
		return true;
	default:
		return false;
	}
}
