/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IKE core's events as log lines, in the words and the order of the ASA's trace. As there, a
 * line says "IP = ..." alone until the peer's key is found, and "Group = ..., IP = ..." from then
 * on; a peer's group is its address.
 */
#include "daemon/trace.h"

#include <ctype.h>

#include "daemon/diagnose.h"
#include "daemon/diagnose_cert.h"
#include "daemon/text.h"
#include "lib/algo.h"

#define TAG	   "IKEv1"
#define TAG_DEBUG  "IKEv1 DEBUG"
#define TAG_DECODE "IKEv1 DECODE"

struct render {
	const struct ike_event *e;
	trace_sink *sink;
	void *ctx;
	char peer[ADDR_TEXT];
	bool group;   /* the next lines say "Group = " */
	int severity; /* of the next lines */
};

static void __attribute__((format(printf, 3, 4)))
say(struct render *r, const char *tag, const char *fmt, ...)
{
	struct trace_line line = { .severity = r->severity, .level = r->e->level, .tag = tag };
	struct text t = text_of(line.text, sizeof(line.text));
	va_list args;

	if (r->group)
		text_add(&t, "Group = %s, ", r->peer);
	text_add(&t, "IP = %s, ", r->peer);
	va_start(args, fmt);
	text_vadd(&t, fmt, args);
	va_end(args);
	r->sink(r->ctx, &line);
}

static const char *role_name(enum ike_role role)
{
	return role == IKE_INITIATOR ? "Initiator" : "Responder";
}

static void state(struct render *r)
{
	const struct ike_event *e = r->e;
	char msgid[24] = "";

	/* Steps inside a state are for those who want to see all. */
	if (e->state.old_state == e->state.new_state)
		r->severity = LOG_DEBUG;
	if (e->phase == 2)
		snprintf(msgid, sizeof(msgid), " (msgid=%x)", e->msgid);
	say(r, TAG, "%s %s%s: %s, %s --> %s (%llu ms)", e->phase == 2 ? "QM" : "MM",
	    role_name(e->role), msgid, ike_state_name(e->state.old_state),
	    ike_fsm_event_name(e->state.event), ike_state_name(e->state.new_state),
	    (unsigned long long)e->state.elapsed);
}

static void message(struct render *r)
{
	const struct ike_event *e = r->e;
	char chain[512];
	struct text t = text_of(chain, sizeof(chain));

	text_add(&t, "HDR");
	for (size_t i = 0; i < e->message.count && i < ISAKMP_PAYLOADS_MAX; i++)
		text_add(&t, " + %s (%u)", isakmp_payload_name(e->message.type[i]),
			 e->message.type[i]);
	say(r, TAG,
	    "IKE_DECODE %s Message (msgid=%x) with payloads : %s + NONE (0) total length : %u",
	    e->message.sent ? "SENDING" : "RECEIVED", e->msgid, chain, e->message.length);
}

/* Names of the vendor ids as the ASA's trace has them. */
static const char *const vid_texts[VID_COUNT] = {
	[VID_NATT_RFC3947] = "NAT-Traversal VID ver RFC",
	[VID_NATT_DRAFT02] = "NAT-Traversal VID ver 02",
	[VID_NATT_DRAFT02N] = "NAT-Traversal VID ver 02",
	[VID_NATT_DRAFT03] = "NAT-Traversal VID ver 03",
	[VID_NATT_DRAFT07] = "NAT-Traversal VID ver 07",
	[VID_DPD] = "dpd vid",
	[VID_UNITY] = "Cisco Unity VID",
	[VID_XAUTH] = "xauth V6 VID",
	[VID_FRAGMENTATION] = "Fragmentation VID + extended capabilities",
};

static const char *vid_text(enum isakmp_vid vid)
{
	return (unsigned int)vid < VID_COUNT && vid_texts[vid] ? vid_texts[vid] : "VID";
}

/* A payload's name in "constructing ... payload" and "processing ... payload". */
static const char *payload_text(uint8_t type)
{
	switch (type) {
	case ISAKMP_KE:
		return "ke";
	case ISAKMP_CERT:
		return "cert";
	case ISAKMP_CR:
		return "cert request";
	case ISAKMP_HASH:
		return "hash";
	case ISAKMP_SIG:
		return "RSA signature";
	case ISAKMP_NONCE:
		return "nonce";
	case ISAKMP_NOTIFY:
		return "notify";
	case ISAKMP_DELETE:
		return "delete";
	case ISAKMP_NATD:
	case ISAKMP_NATD_DRAFT:
	case ISAKMP_NATD_DRAFT_08:
		return "NAT-Discovery";
	case ISAKMP_NATOA:
	case ISAKMP_NATOA_DRAFT:
	case ISAKMP_NATOA_DRAFT_08:
		return "NAT-Original-Address";
	default:
		return isakmp_payload_name(type);
	}
}

/* Payloads that only exist once the peer's key was found. */
static bool behind_key(const struct ike_event *e)
{
	return e->phase == 2 || e->payload.type == ISAKMP_ID || e->payload.type == ISAKMP_HASH ||
	       e->payload.type == ISAKMP_NOTIFY || e->payload.type == ISAKMP_DELETE;
}

static void processing(struct render *r)
{
	uint8_t type = r->e->payload.type;

	r->group = behind_key(r->e);
	if (type == ISAKMP_VENDOR) {
		say(r, TAG_DEBUG, "processing VID payload");
		if (r->e->payload.vid != VID_UNKNOWN)
			say(r, TAG_DEBUG, "Received %s", vid_text(r->e->payload.vid));
		return;
	}
	say(r, TAG_DEBUG, "processing %s payload", payload_text(type));
	if (type == ISAKMP_KE)
		say(r, TAG_DEBUG, "processing ISA_KE payload");
}

static const char *quick_mode_payload(uint8_t type)
{
	switch (type) {
	case ISAKMP_SA:
		return "IPSec SA payload";
	case ISAKMP_NONCE:
		return "IPSec nonce payload";
	case ISAKMP_KE:
		return "pfs ke payload";
	case ISAKMP_ID:
		return "proxy ID";
	case ISAKMP_HASH:
		return "qm hash payload";
	default:
		return NULL;
	}
}

static void constructing(struct render *r)
{
	uint8_t type = r->e->payload.type;
	const char *quick = r->e->phase == 2 ? quick_mode_payload(type) : NULL;

	r->group = behind_key(r->e);
	if (type == ISAKMP_VENDOR)
		say(r, TAG_DEBUG, "constructing %s payload", vid_text(r->e->payload.vid));
	else if (quick)
		say(r, TAG_DEBUG, "constructing %s", quick);
	else if (type == ISAKMP_SA)
		say(r, TAG_DEBUG, "constructing ISAKMP SA payload");
	else
		say(r, TAG_DEBUG, "constructing %s payload", payload_text(type));
}

static void fragments(struct render *r)
{
	const struct ike_event *e = r->e;

	say(r, TAG_DEBUG, "IKE_DECODE %s %u fragments, total length of the message : %u",
	    e->fragments.sent ? "SENDING" : "RECEIVED", e->fragments.count, e->fragments.length);
}

static void new_phase1(struct render *r)
{
	char local[ADDR_TEXT];

	say(r, TAG,
	    "IKE %s: New Phase 1, IKE Peer %s local Proxy Address %s, remote Proxy Address %s",
	    role_name(r->e->role), r->peer, addr_text(&r->e->local.addr, local), r->peer);
}

static void lifetimes(struct render *r, uint32_t ours, uint32_t theirs)
{
	if (ours != theirs && theirs)
		say(r, TAG_DEBUG, "lifetimes differ: ours %u s, theirs %u s; the shorter holds",
		    ours, theirs);
}

static void policy_match(struct render *r)
{
	const struct ike_event *e = r->e;
	const struct cipher *c = cipher_get(e->match.isakmp.cipher);
	const struct hash *h = hash_get(e->match.isakmp.hash);

	if (e->role == IKE_INITIATOR)
		say(r, TAG_DEBUG, "Oakley proposal is acceptable");
	else
		say(r, TAG_DEBUG,
		    "IKE SA Proposal # 1, Transform # %u acceptable  Matches global IKE entry # %u",
		    e->match.transform, e->match.policy);
	say(r, TAG_DEBUG, "isakmp-policy %u: %s, %s, %s, group %u", e->match.policy,
	    c ? c->name : "none", h ? h->name : "none", auth_method_name(e->match.isakmp.auth),
	    e->match.isakmp.group);
	lifetimes(r, e->match.our_lifetime, e->match.their_lifetime);
}

static void esp_match(struct render *r)
{
	const struct ike_event *e = r->e;
	const struct cipher *c = cipher_get(e->match.esp.cipher);
	const struct hash *h = hash_get(e->match.esp.auth);

	r->group = true;
	say(r, TAG_DEBUG, "IPSec SA Proposal # 1, Transform # %u acceptable", e->match.transform);
	say(r, TAG_DEBUG, "transform-set: %s%s%s, PFS %s%.0u", c ? c->ios_esp : "none",
	    h ? " " : "", h ? h->ios_esp : "", e->match.pfs ? "group " : "none", e->match.pfs);
	lifetimes(r, e->match.our_lifetime, e->match.their_lifetime);
}

static void miss(struct render *r)
{
	const struct mismatch *m = &r->e->mismatch;
	int phase = r->e->kind == IKE_EVENT_POLICY_MISS ? 1 : 2;
	char difference[DIAGNOSE_TEXT];

	r->group = phase == 2;
	diagnose_mismatch(m, phase, difference);
	say(r, TAG, "%s SA proposal not acceptable: transform # %u does not match %s %u, %s",
	    phase == 1 ? "IKE" : "IPSec", m->transform,
	    phase == 1 ? "isakmp-policy" : "transform-set", m->policy, difference);
}

static void landed(struct render *r)
{
	say(r, TAG, "Connection landed on tunnel_group %s", r->peer);
}

static void keys(struct render *r)
{
	if (r->e->phase == 2) {
		r->group = true;
		say(r, TAG_DEBUG, "Generating Quick Mode Key!");
		return;
	}
	landed(r);
	r->group = true;
	say(r, TAG_DEBUG, "Generating keys for %s...", role_name(r->e->role));
}

static void hash(struct render *r)
{
	r->group = true;
	say(r, TAG_DEBUG, "Computing hash for ISAKMP");
	if (!r->e->flag)
		say(r, TAG_DEBUG, "the hash received is not the hash computed");
}

static void identity(struct render *r)
{
	const struct ike_event *e = r->e;
	char value[DIAGNOSE_TEXT];
	struct text t = text_of(value, sizeof(value));

	r->group = true;
	diagnose_identity(&t, &e->id.is);
	say(r, TAG_DECODE, "%s ID received %s%s", isakmp_id_name(e->id.is.type), value,
	    e->id.accepted ? "" : ", not accepted");
}

static void certificate(struct render *r)
{
	char name[DIAGNOSE_TEXT];
	struct text t = text_of(name, sizeof(name));

	r->group = true;
	diagnose_cert_name(&t, &r->e->cert);
	say(r, TAG, "Certificate was successfully validated. %s", name);
}

static void signature(struct render *r)
{
	r->group = true;
	say(r, TAG_DEBUG,
	    r->e->flag ? "RSA signature of the peer verified" : "RSA signature made with our key");
}

static void quick_mode_start(struct render *r)
{
	r->group = true;
	if (r->e->role == IKE_INITIATOR)
		say(r, TAG_DEBUG, "Oakley begin quick mode");
	say(r, TAG_DECODE, "IKE %s starting QM: msg id = %08x", role_name(r->e->role), r->e->msgid);
}

static void phase2_done(struct render *r)
{
	r->group = true;
	say(r, TAG,
	    "Security negotiation complete for peer (%s)  %s, Inbound SPI = 0x%08x, Outbound SPI = "
	    "0x%08x",
	    r->peer, role_name(r->e->role), r->e->phase2.spi_in, r->e->phase2.spi_out);
	say(r, TAG, "PHASE 2 COMPLETED (msgid=%08x)", r->e->msgid);
}

static void notify(struct render *r)
{
	const struct ike_event *e = r->e;
	const char *name = isakmp_notify_name(e->notify.type);

	if (e->notify.authenticated) {
		r->group = true;
		say(r, TAG, "Received notify message: %s (%u)", name, e->notify.type);
		return;
	}
	r->group = e->notify.keyed;
	say(r, TAG, "Received an un-encrypted %s notify message, dropping", name);
	if (e->notify.type == ISAKMP_N_PAYLOAD_MALFORMED)
		say(r, TAG,
		    "Error, peer has indicated that something is wrong with our message. This "
		    "could indicate a pre-shared key mismatch.");
	say(r, TAG, "Information Exchange processing failed");
}

static void deleted(struct render *r)
{
	const struct ike_event *e = r->e;

	r->group = true;
	if (e->phase == 2)
		say(r, TAG, "%s delete for IPSec SA: SPI = 0x%08x",
		    e->phase2.sent ? "sending" : "received",
		    e->phase2.sent ? e->phase2.spi_in : e->phase2.spi_out);
	else
		say(r, TAG, "%s delete for IKE SA MM:%02x%02x%02x%02x (conn-id %u)",
		    e->phase2.sent ? "sending" : "received", e->icookie[0], e->icookie[1],
		    e->icookie[2], e->icookie[3], e->conn_id);
}

static void retransmit(struct render *r)
{
	r->group = r->e->phase == 2;
	say(r, TAG, "Retransmitting last Phase %d packet, attempt %u, next in %llu ms", r->e->phase,
	    r->e->retransmit.count, (unsigned long long)r->e->retransmit.next);
}

static void duplicate(struct render *r)
{
	r->group = r->e->phase == 2;
	say(r, TAG, "Duplicate Phase %d packet detected.  %s", r->e->phase,
	    r->e->flag ? "Retransmitting last packet." : "No last packet to retransmit.");
}

/* With the keys of this peer: in main mode the words are the ASA's, whose keys are wrong then. */
static void undecryptable(struct render *r)
{
	const struct ike_event *e = r->e;

	if (e->phase != 1) {
		say(r, TAG, "ERROR, had problems decrypting packet (exchange %u, msgid=%x), dropping",
		    e->drop.exchange, e->msgid);
		return;
	}
	r->group = true;
	say(r, TAG, "Received encrypted Oakley Main Mode packet with invalid payloads, MessID = %x",
	    e->msgid);
	say(r, TAG,
	    "ERROR, had problems decrypting packet, probably due to mismatched pre-shared key, "
	    "dropping");
}

static void drop(struct render *r)
{
	const struct ike_event *e = r->e;
	char cause[DIAGNOSE_TEXT];

	if (diagnose_ike(e, cause)) {
		say(r, TAG, "%s", cause);
		return;
	}
	if (e->drop.not_sa)
		say(r, TAG, "Header invalid, missing SA payload! (next payload = %u)",
		    e->drop.not_sa);
	switch (e->drop.why) {
	case IKE_DROP_UNDECRYPTABLE:
		undecryptable(r);
		break;
	case IKE_DROP_MALFORMED:
		say(r, TAG, "malformed packet (exchange %u, msgid=%x) at octet %u: %s, dropping",
		    e->drop.exchange, e->msgid, e->drop.offset, isakmp_flaw_text(e->drop.flaw));
		break;
	default:
		say(r, TAG, "packet (exchange %u, msgid=%x) dropped: %s", e->drop.exchange,
		    e->msgid, diagnose_drop_name(e->drop.why));
	}
}

/* The state of an exchange that failed says whether the peer's key had been found. */
static bool has_keys(const struct ike_event *e)
{
	switch (e->failure.state) {
	case MM_SND_MSG4:
	case MM_WAIT_MSG5:
	case MM_BLD_MSG6:
	case MM_SND_MSG6:
	case MM_SND_MSG5:
	case MM_WAIT_MSG6:
	case MM_ACTIVE:
		return true;
	default:
		return e->phase == 2;
	}
}

static void history(struct render *r)
{
	const struct ike_event *e = r->e;
	char steps[800];
	struct text t = text_of(steps, sizeof(steps));

	for (size_t i = 0; i < e->failure.history_len && i < IKE_HISTORY; i++)
		text_add(&t, "%s%s, %s", i ? "-->" : "",
			 ike_state_name(e->failure.history[i].state),
			 ike_fsm_event_name(e->failure.history[i].event));
	say(r, TAG_DEBUG, "IKE %s %s FSM error history (conn-id %u) <state>, <event>: %s",
	    e->phase == 2 ? "QM" : "MM", role_name(e->role), e->conn_id, steps);
}

static void failed(struct render *r)
{
	const struct ike_event *e = r->e;
	char cause[DIAGNOSE_TEXT];
	bool fault = diagnose_ike(e, cause);

	r->group = has_keys(e);
	r->severity = fault ? LOG_NOTICE : LOG_INFO;
	if (fault && e->phase == 2)
		say(r, TAG, "QM FSM error (conn-id %u, mess id 0x%08x)!", e->conn_id, e->msgid);
	history(r);
	if (fault) {
		r->severity = LOG_WARNING;
		say(r, TAG, "%s", cause);
	}
}

/* What will probably end it, long before its time is over. */
static void evidence(struct render *r)
{
	char cause[DIAGNOSE_TEXT];

	r->group = has_keys(r->e);
	if (diagnose_ike(r->e, cause))
		say(r, TAG, "%s", cause);
}

static void gone(struct render *r)
{
	const struct ike_event *e = r->e;
	const char *why = diagnose_cause_text(e->failure.cause);

	r->group = true;
	if (e->phase == 2)
		say(r, TAG, "IPSec SA (conn-id %u, msgid=%08x) is gone: %s", e->conn_id, e->msgid,
		    why);
	else
		say(r, TAG_DEBUG, "IKE SA MM:%02x%02x%02x%02x terminating: %s", e->icookie[0],
		    e->icookie[1], e->icookie[2], e->icookie[3], why);
}

static void rekey(struct render *r)
{
	r->group = true;
	say(r, TAG, "IKE %s: Rekeying Phase %d, IKE Peer %s", role_name(r->e->role), r->e->phase,
	    r->peer);
}

static void dead_peer_detection(struct render *r)
{
	r->group = true;
	if (r->e->dpd.dead)
		say(r, TAG,
		    "IKE lost contact with remote peer, deleting connection (keepalive type: DPD, "
		    "%u questions without an answer)",
		    r->e->dpd.tries);
	else
		say(r, TAG_DEBUG, "Sending keep-alive of type DPD R-U-THERE (try %u)",
		    r->e->dpd.tries);
}

static void crossed(struct render *r)
{
	r->group = true;
	say(r, TAG, "both ends initiated Phase %d at once, %s is kept", r->e->phase,
	    r->e->flag ? "ours" : "theirs");
}

static void nat_status(struct render *r)
{
	const struct ike_event *e = r->e;

	r->group = true;
	say(r, TAG,
	    "Automatic NAT Detection Status:  Remote end %s behind a NAT device  This end %s behind a "
	    "NAT device",
	    e->nat.them ? "IS" : "is NOT", e->nat.us ? "IS" : "is NOT");
}

static void moved(struct render *r)
{
	char from[ADDR_TEXT], to[ADDR_TEXT];

	r->group = true;
	say(r, TAG, "NAT mapping of the peer has changed from %s to %s",
	    endpoint_text(&r->e->moved.from, from), endpoint_text(&r->e->remote, to));
}

static void flood(struct render *r)
{
	const struct ike_event *e = r->e;

	say(r, TAG,
	    "more than %u strangers a second begin a negotiation: this one, and %u others so far, are "
	    "answered when they repeat their first message",
	    e->flood.rate, e->flood.put_off);
}

static void phase1_done(struct render *r)
{
	r->group = true;
	say(r, TAG, "PHASE 1 COMPLETED");
}

/* How an event is rendered, and its severity where its level says that it always shows. */
static const struct {
	void (*render)(struct render *r);
	int severity;
} renderers[IKE_EVENT_COUNT] = {
	[IKE_EVENT_STATE] = { state, LOG_INFO },
	[IKE_EVENT_MESSAGE] = { message, LOG_INFO },
	[IKE_EVENT_FRAGMENTS] = { fragments, LOG_INFO },
	[IKE_EVENT_PROCESSING] = { processing, LOG_INFO },
	[IKE_EVENT_CONSTRUCTING] = { constructing, LOG_INFO },
	[IKE_EVENT_NEW_PHASE1] = { new_phase1, LOG_INFO },
	[IKE_EVENT_POLICY_MATCH] = { policy_match, LOG_INFO },
	[IKE_EVENT_POLICY_MISS] = { miss, LOG_NOTICE },
	[IKE_EVENT_ESP_MATCH] = { esp_match, LOG_INFO },
	[IKE_EVENT_ESP_MISS] = { miss, LOG_NOTICE },
	[IKE_EVENT_KEYS] = { keys, LOG_INFO },
	[IKE_EVENT_HASH] = { hash, LOG_INFO },
	[IKE_EVENT_ID] = { identity, LOG_INFO },
	[IKE_EVENT_LANDED] = { landed, LOG_INFO },
	[IKE_EVENT_CERT] = { certificate, LOG_INFO },
	[IKE_EVENT_SIGNATURE] = { signature, LOG_INFO },
	[IKE_EVENT_PHASE1_DONE] = { phase1_done, LOG_NOTICE },
	[IKE_EVENT_QM_START] = { quick_mode_start, LOG_DEBUG },
	[IKE_EVENT_PHASE2_DONE] = { phase2_done, LOG_NOTICE },
	[IKE_EVENT_NOTIFY] = { notify, LOG_NOTICE },
	[IKE_EVENT_DELETE] = { deleted, LOG_INFO },
	[IKE_EVENT_RETRANSMIT] = { retransmit, LOG_INFO },
	[IKE_EVENT_DUPLICATE] = { duplicate, LOG_INFO },
	[IKE_EVENT_DPD] = { dead_peer_detection, LOG_WARNING },
	[IKE_EVENT_REKEY] = { rekey, LOG_INFO },
	[IKE_EVENT_CROSSED] = { crossed, LOG_INFO },
	[IKE_EVENT_DROP] = { drop, LOG_NOTICE },
	[IKE_EVENT_EVIDENCE] = { evidence, LOG_WARNING },
	[IKE_EVENT_FAILED] = { failed, LOG_WARNING },
	[IKE_EVENT_SA_GONE] = { gone, LOG_INFO },
	[IKE_EVENT_NAT] = { nat_status, LOG_INFO },
	[IKE_EVENT_MOVED] = { moved, LOG_NOTICE },
	[IKE_EVENT_FLOOD] = { flood, LOG_WARNING },
};

int trace_ike_severity(const struct ike_event *e)
{
	if (e->kind == IKE_EVENT_DROP && diagnose_is_drop_telling(e))
		return LOG_WARNING;
	if (e->level > 1 || (unsigned int)e->kind >= IKE_EVENT_COUNT)
		return LOG_DEBUG;
	return renderers[e->kind].severity;
}

void trace_render_ike(const struct ike_event *e, trace_sink *sink, void *ctx)
{
	struct render r = { .e = e, .sink = sink, .ctx = ctx, .severity = trace_ike_severity(e) };

	if ((unsigned int)e->kind >= IKE_EVENT_COUNT || !renderers[e->kind].render)
		return;
	addr_text(&e->remote.addr, r.peer);
	renderers[e->kind].render(&r);
}
