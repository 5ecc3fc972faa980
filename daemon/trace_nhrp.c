/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NHRP core's events as log lines: [NHRP]: Tunnel0: ... */
#include "daemon/trace.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "daemon/diagnose.h"
#include "daemon/text.h"

#define INTERFACES_MAX 64

static char interface_names[INTERFACES_MAX][IFNAMSIZ];

void trace_name_interface(int id, const char *name)
{
	if (id >= 0 && id < INTERFACES_MAX)
		snprintf(interface_names[id], IFNAMSIZ, "%s", name ? name : "");
}

static void add_interface(struct text *t, int id)
{
	if (id >= 0 && id < INTERFACES_MAX && *interface_names[id])
		text_add(t, "%s: ", interface_names[id]);
	else
		text_add(t, "interface %d: ", id);
}

static const char *packet_name(uint8_t type)
{
	static const char *const names[NHRP_TYPES] = {
		[NHRP_RESOLUTION_REQUEST] = "Resolution Request",
		[NHRP_RESOLUTION_REPLY] = "Resolution Reply",
		[NHRP_REGISTRATION_REQUEST] = "Registration Request",
		[NHRP_REGISTRATION_REPLY] = "Registration Reply",
		[NHRP_PURGE_REQUEST] = "Purge Request",
		[NHRP_PURGE_REPLY] = "Purge Reply",
		[NHRP_ERROR_INDICATION] = "Error Indication",
		[NHRP_TRAFFIC_INDICATION] = "Traffic Indication",
	};

	return type < NHRP_TYPES && names[type] ? names[type] : "packet";
}

static const char *malformed_text(enum nhrp_malformed m)
{
	static const char *const texts[] = {
		[NHRP_WELL_FORMED] = "well-formed",
		[NHRP_BAD_TRUNCATED] = "it ends inside a field",
		[NHRP_BAD_FAMILY] = "not IPv4",
		[NHRP_BAD_VERSION] = "version is not 1",
		[NHRP_BAD_TYPE] = "unknown packet type",
		[NHRP_BAD_SIZE] = "its size field is wrong",
		[NHRP_BAD_CHECKSUM] = "its checksum is wrong",
		[NHRP_BAD_EXTENSION_OFFSET] = "its extension offset is wrong",
		[NHRP_BAD_ADDRESS_LENGTH] = "an address is not of 4 octets",
		[NHRP_BAD_ADDRESS] = "source or destination is absent",
		[NHRP_BAD_CIE] = "it ends inside a client information entry",
		[NHRP_BAD_CIE_COUNT] = "no client information entry, or too many",
		[NHRP_BAD_EXTENSION] = "it ends inside an extension",
		[NHRP_BAD_EXTENSION_COUNT] = "too many extensions",
		[NHRP_BAD_HOP_COUNT] = "its hop count is 0",
	};

	return (size_t)m < ARRAY_SIZE(texts) && texts[m] ? texts[m] : "malformed";
}

struct names {
	char protocol[ADDR_TEXT], nbma[ADDR_TEXT], other[ADDR_TEXT], source[ADDR_TEXT];
	char prefix[ADDR_TEXT], gateway[ADDR_TEXT];
};

static void packet(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	const char *what = packet_name(e->type);

	switch (e->kind) {
	case NHRP_EV_SENT:
		text_add(t, "Send %s to %s, packet size: %zu, src: %s, dst: %s, reqid: %u", what,
			 n->nbma, e->length, n->source, n->protocol, e->request_id);
		break;
	case NHRP_EV_RECEIVED:
		text_add(t, "Receive %s from %s, packet size: %zu, src: %s, dst: %s, reqid: %u",
			 what, n->nbma, e->length, n->source, n->protocol, e->request_id);
		break;
	case NHRP_EV_HELD:
		text_add(t, "%s about %s waits for an SA with %s", what, n->protocol, n->nbma);
		break;
	case NHRP_EV_DROPPED:
		text_add(t, "%s from %s about %s ignored: %s", what, n->nbma, n->protocol,
			 diagnose_nhrp_reason(e->reason));
		break;
	case NHRP_EV_MALFORMED:
		text_add(t, "malformed %s from %s dropped: %s (octet %zu of %zu)", what, n->nbma,
			 malformed_text(e->malformed), e->offset, e->length);
		break;
	case NHRP_EV_HOP_COUNT:
		text_add(t, "%s from %s about %s dropped: hop count used up", what, n->source,
			 n->protocol);
		break;
	case NHRP_EV_UNKNOWN_EXTENSION:
		text_add(t, "%s from %s has compulsory extension %d, which is not known", what,
			 n->nbma, e->code);
		break;
	case NHRP_EV_ERROR_SENT:
		text_add(t, "Send Error Indication to %s about its %s: %s", n->nbma, what,
			 diagnose_nhrp_error(e->code));
		break;
	default:
		text_add(t, "event %d", (int)e->kind);
	}
}

static bool client(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	switch (e->kind) {
	case NHRP_EV_NHS_CONNECTING:
		text_add(t, "next hop server %s: asking for an SA with %s", n->protocol, n->nbma);
		return true;
	case NHRP_EV_NHS_UP:
		text_add(t, "registered at next hop server %s (%s) for %u s", n->protocol, n->nbma,
			 e->seconds);
		return true;
	case NHRP_EV_NHS_REFRESHED:
		text_add(t, "registration at %s (%s) renewed for %u s", n->protocol, n->nbma,
			 e->seconds);
		return true;
	case NHRP_EV_NHS_IN_USE:
		text_add(t, "next hop server %s (%s) is used from now on, before: %s", n->protocol,
			 n->nbma, n->other);
		return true;
	case NHRP_EV_NAT:
		text_add(t, "next hop server %s (%s) sees us at %s: we are behind a NAT",
			 n->protocol, n->nbma, n->other);
		return true;
	case NHRP_EV_RESOLVING:
		text_add(t, "resolving %s: asked %s; its traffic takes %s meanwhile", n->protocol,
			 n->other, n->nbma);
		return true;
	case NHRP_EV_RESOLVE_IGNORED:
		text_add(t, "the kernel looks for %s and gets no answer: %s", n->protocol,
			 diagnose_nhrp_reason(e->reason));
		return true;
	case NHRP_EV_RESOLUTION_ANSWERED:
		text_add(t, "%s is at %s for %u s, says %s", n->protocol, n->nbma, e->seconds,
			 n->other);
		return true;
	case NHRP_EV_DIRECT:
		text_add(t, "%s: direct path to %s is up, away from %s", n->protocol, n->nbma,
			 n->other);
		return true;
	case NHRP_EV_PROVISIONAL:
		text_add(t, "%s: back to the path through %s, away from %s: %s", n->protocol,
			 n->nbma, n->other, diagnose_nhrp_reason(e->reason));
		return true;
	default:
		return false;
	}
}

static bool server(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	switch (e->kind) {
	case NHRP_EV_CLIENT_REGISTERED:
		text_add(t, "%s registered at %s for %u s", n->protocol, n->nbma, e->seconds);
		return true;
	case NHRP_EV_CLIENT_REFRESHED:
		text_add(t, "%s at %s renewed for %u s", n->protocol, n->nbma, e->seconds);
		return true;
	case NHRP_EV_REQUEST_FORWARDED:
		text_add(t, "%s (%s) asks for %s: forwarded to %s", n->source, n->other,
			 n->protocol, n->nbma);
		return true;
	case NHRP_EV_REQUEST_ANSWERED:
		text_add(t, "%s (%s) asks for %s: answered %s", n->source, n->other, n->protocol,
			 n->nbma);
		return true;
	case NHRP_EV_REQUEST_REFUSED:
		text_add(t, "%s (%s) asks for %s: refused with %s: %s", n->source, n->other,
			 n->protocol, diagnose_nhrp_code(e->code), diagnose_nhrp_reason(e->reason));
		return true;
	case NHRP_EV_BINDING_GONE:
		text_add(t, "%s at %s is gone: %s", n->protocol, n->nbma,
			 diagnose_nhrp_reason(e->reason));
		return true;
	default:
		return false;
	}
}

static bool shortcut(struct text *t, const struct nhrp_event *e, const struct names *n)
{
	const char *why = diagnose_nhrp_reason(e->reason);

	switch (e->kind) {
	case NHRP_EV_TRAFFIC_INDICATION:
		text_add(t, "Traffic Indication from %s: %s to %s has a shorter way%s%s", n->nbma,
			 n->source, n->protocol, e->reason ? "; ignored: " : "",
			 e->reason ? why : "");
		return true;
	case NHRP_EV_REDIRECT_SENT:
		text_add(t, "Traffic Indication to %s: %s to %s has a shorter way than through us "
			    "to %s", n->nbma, n->source, n->protocol, n->other);
		return true;
	case NHRP_EV_REDIRECT_IGNORED:
		text_add(t, "%s to %s came in and leaves through the tunnel, no redirect: %s",
			 n->source, n->protocol, why);
		return true;
	case NHRP_EV_SHORTCUT_UP:
		text_add(t, "shortcut to %s through %s (%s) is up for %u s%s", n->prefix, n->gateway,
			 n->nbma, e->seconds,
			 e->code ? ", by the route that was there" : "");
		return true;
	case NHRP_EV_SHORTCUT_GONE:
		text_add(t, "shortcut to %s through %s is gone: %s", n->prefix, n->gateway, why);
		return true;
	case NHRP_EV_SHORTCUT_FAILED:
		text_add(t, "no shortcut to %s: %s; tried again after %u s", n->protocol, why,
			 e->seconds);
		return true;
	case NHRP_EV_ROUTE_FAILED:
		text_add(t, "the kernel refuses the route of the shortcut to %s through %s: %s",
			 n->prefix, n->gateway, strerror(e->code));
		return true;
	case NHRP_EV_ANSWER_WITHDRAWN:
		text_add(t, "%s is not behind us any more: %s (%s) is told", n->prefix, n->source,
			 n->nbma);
		return true;
	default:
		return false;
	}
}

void trace_render_nhrp(const struct nhrp_event *e, trace_sink *sink, void *ctx)
{
	struct trace_line line = {
		.severity = (int)e->level,
		.level = e->level == NHRP_LEVEL_DEBUG ? 200 : 1,
		.tag = "NHRP",
	};
	struct text t = text_of(line.text, sizeof(line.text));
	char cause[DIAGNOSE_TEXT];
	struct names n;

	addr_text(&e->protocol, n.protocol);
	addr_text(&e->nbma, n.nbma);
	addr_text(&e->other_nbma, n.other);
	addr_text(&e->source, n.source);
	prefix_text(&e->prefix, n.prefix);
	addr_text(&e->gateway, n.gateway);
	add_interface(&t, e->id);
	if (diagnose_nhrp(e, cause))
		text_add(&t, "%s", cause);
	else if (!client(&t, e, &n) && !server(&t, e, &n) && !shortcut(&t, e, &n))
		packet(&t, e, &n);
	sink(ctx, &line);
}
