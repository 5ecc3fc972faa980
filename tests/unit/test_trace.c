/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: events as lines, levels, limits, files.
 * LINK: daemon/debug.c daemon/trace.c daemon/trace_ike.c daemon/trace_nhrp.c daemon/diagnose.c
 * LINK: daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c ikev1/state.c
 * LINK: ikev1/isakmp.c ikev1/proposal.c lib/algo.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/debug.h"
#include "daemon/trace.h"

/* Lines as the log has them, without time. */
struct collected {
	char text[8192];
	int severity; /* of the last one */
};

static void collect(void *ctx, const struct trace_line *line)
{
	struct collected *c = ctx;
	size_t len = strlen(c->text);

	snprintf(c->text + len, sizeof(c->text) - len, "[%s]: %s\n", line->tag, line->text);
	c->severity = line->severity;
}

static void check_ike(const struct ike_event *e, const char *want)
{
	struct collected c = { .text = "" };

	trace_render_ike(e, collect, &c);
	cr_assert_str_eq(c.text, want, "%s", c.text);
}

static void check_nhrp(const struct nhrp_event *e, const char *want)
{
	struct collected c = { .text = "" };

	trace_render_nhrp(e, collect, &c);
	cr_assert_str_eq(c.text, want, "%s", c.text);
}

static struct ike_event event(enum ike_event_kind kind, int phase, enum ike_role role)
{
	return (struct ike_event){
		.kind = kind,
		.level = 1,
		.local = { addr_v4(0x0a000004), 500 },
		.remote = { addr_v4(0x0a000102), 500 },
		.conn_id = 1003,
		.icookie = { 0x3a, 0x1e, 0xd8, 0x93 },
		.role = role,
		.phase = phase,
		.msgid = phase == 2 ? 0x26f952ae : 0,
	};
}

Test(trace_ike, state_transitions)
{
	struct ike_event e = event(IKE_EVENT_STATE, 1, IKE_INITIATOR);

	e.state.old_state = MM_WAIT_MSG2;
	e.state.event = EV_RCV_MSG;
	e.state.new_state = MM_BLD_MSG3;
	e.state.elapsed = 12;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, MM Initiator: MM_WAIT_MSG2, EV_RCV_MSG --> "
		      "MM_BLD_MSG3 (12 ms)\n");
	e = event(IKE_EVENT_STATE, 2, IKE_RESPONDER);
	e.state.old_state = QM_WAIT_MSG3;
	e.state.event = EV_RCV_MSG;
	e.state.new_state = QM_ACTIVE;
	e.state.elapsed = 1500;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, QM Responder (msgid=26f952ae): QM_WAIT_MSG3, "
		      "EV_RCV_MSG --> QM_ACTIVE (1500 ms)\n");
}

Test(trace_ike, steps_inside_a_state_are_for_debugging)
{
	struct ike_event e = event(IKE_EVENT_STATE, 1, IKE_INITIATOR);
	struct collected c = { .text = "" };

	e.state.old_state = e.state.new_state = MM_BLD_MSG3;
	trace_render_ike(&e, collect, &c);
	cr_assert_eq(c.severity, LOG_DEBUG);
}

/* The seed's lines, octet by octet but for the time and the peer's address. */
Test(trace_ike, messages)
{
	struct ike_event e = event(IKE_EVENT_MESSAGE, 1, IKE_INITIATOR);

	e.message.sent = true;
	e.message.count = 5;
	e.message.type[0] = ISAKMP_SA;
	for (int i = 1; i < 5; i++)
		e.message.type[i] = ISAKMP_VENDOR;
	e.message.length = 168;
	check_ike(&e,
		  "[IKEv1]: IP = 10.0.1.2, IKE_DECODE SENDING Message (msgid=0) with payloads : "
		  "HDR + SA (1) + VENDOR (13) + VENDOR (13) + VENDOR (13) + VENDOR (13) + NONE (0) "
		  "total length : 168\n");
	e = event(IKE_EVENT_MESSAGE, 1, IKE_INITIATOR);
	e.msgid = 0xce4a3ffe;
	e.message.count = 1;
	e.message.type[0] = ISAKMP_NOTIFY;
	e.message.length = 56;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, IKE_DECODE RECEIVED Message (msgid=ce4a3ffe) with "
		      "payloads : HDR + NOTIFY (11) + NONE (0) total length : 56\n");
}

static void check_payload(enum ike_event_kind kind, int phase, uint8_t type, enum isakmp_vid vid,
			  const char *want)
{
	struct ike_event e = event(kind, phase, IKE_INITIATOR);

	e.payload.type = type;
	e.payload.vid = vid;
	check_ike(&e, want);
}

Test(trace_ike, payloads_read)
{
	const enum ike_event_kind kind = IKE_EVENT_PROCESSING;

	check_payload(kind, 1, ISAKMP_SA, 0,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, processing SA payload\n");
	check_payload(kind, 1, ISAKMP_KE, 0,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, processing ke payload\n"
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, processing ISA_KE payload\n");
	check_payload(kind, 1, ISAKMP_NONCE, 0,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, processing nonce payload\n");
	check_payload(kind, 1, ISAKMP_VENDOR, VID_UNKNOWN,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, processing VID payload\n");
	check_payload(kind, 1, ISAKMP_VENDOR, VID_DPD,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, processing VID payload\n"
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, Received dpd vid\n");
	check_payload(kind, 1, ISAKMP_ID, 0,
		      "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, processing ID payload\n");
	check_payload(kind, 1, ISAKMP_HASH, 0,
		      "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, processing hash payload\n");
}

Test(trace_ike, payloads_written)
{
	const enum ike_event_kind kind = IKE_EVENT_CONSTRUCTING;

	check_payload(kind, 1, ISAKMP_SA, 0,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, constructing ISAKMP SA payload\n");
	check_payload(
		kind, 1, ISAKMP_VENDOR, VID_NATT_DRAFT02,
		"[IKEv1 DEBUG]: IP = 10.0.1.2, constructing NAT-Traversal VID ver 02 payload\n");
	check_payload(kind, 1, ISAKMP_VENDOR, VID_FRAGMENTATION,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, constructing Fragmentation VID + extended "
		      "capabilities payload\n");
	check_payload(kind, 1, ISAKMP_VENDOR, VID_DPD,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, constructing dpd vid payload\n");
	check_payload(kind, 1, ISAKMP_KE, 0,
		      "[IKEv1 DEBUG]: IP = 10.0.1.2, constructing ke payload\n");
	check_payload(kind, 1, ISAKMP_ID, 0,
		      "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, constructing ID payload\n");
	check_payload(kind, 2, ISAKMP_ID, 0,
		      "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, constructing proxy ID\n");
	check_payload(
		kind, 2, ISAKMP_SA, 0,
		"[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, constructing IPSec SA payload\n");
}

Test(trace_ike, milestones)
{
	struct ike_event e = event(IKE_EVENT_KEYS, 1, IKE_INITIATOR);

	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, Connection landed on tunnel_group 10.0.1.2\n"
		      "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, Generating keys for "
		      "Initiator...\n");
	e = event(IKE_EVENT_LANDED, 1, IKE_INITIATOR);
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, Connection landed on tunnel_group 10.0.1.2\n");
	e = event(IKE_EVENT_HASH, 1, IKE_INITIATOR);
	e.flag = true;
	check_ike(&e,
		  "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, Computing hash for ISAKMP\n");
	e = event(IKE_EVENT_PHASE1_DONE, 1, IKE_INITIATOR);
	check_ike(&e, "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, PHASE 1 COMPLETED\n");
	e = event(IKE_EVENT_QM_START, 2, IKE_INITIATOR);
	check_ike(&e, "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, Oakley begin quick mode\n"
		      "[IKEv1 DECODE]: Group = 10.0.1.2, IP = 10.0.1.2, IKE Initiator starting QM: "
		      "msg id = 26f952ae\n");
	e = event(IKE_EVENT_PHASE2_DONE, 2, IKE_RESPONDER);
	e.phase2.spi_in = 0xd7fce35f;
	e.phase2.spi_out = 0xf54a9d77;
	check_ike(
		&e,
		"[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, Security negotiation complete for peer "
		"(10.0.1.2)  Responder, Inbound SPI = 0xd7fce35f, Outbound SPI = 0xf54a9d77\n"
		"[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, PHASE 2 COMPLETED (msgid=26f952ae)\n");
}

Test(trace_ike, identities_hold_no_surprises)
{
	struct ike_event e = event(IKE_EVENT_ID, 1, IKE_INITIATOR);

	e.id.is.type = ISAKMP_ID_IPV4_ADDR;
	e.id.is.len = 4;
	e.id.accepted = true;
	memcpy(e.id.is.data, e.remote.addr.b, 4);
	check_ike(&e, "[IKEv1 DECODE]: Group = 10.0.1.2, IP = 10.0.1.2, ID_IPV4_ADDR ID received "
		      "10.0.1.2\n");
	e.id.is.type = ISAKMP_ID_FQDN;
	e.id.is.len = 5;
	e.id.accepted = false;
	memcpy(e.id.is.data,
	       "a\nb\033c",
	       5);
	check_ike(&e, "[IKEv1 DECODE]: Group = 10.0.1.2, IP = 10.0.1.2, ID_FQDN ID received "
		      "a0ab1bc, not accepted\n");
	e.id.is.type = 77;
	e.id.is.len = sizeof(e.id.is.data);
	trace_render_ike(&e, collect, &(struct collected){ .text = "" });
}

Test(trace_ike, notifies_in_the_clear)
{
	struct ike_event e = event(IKE_EVENT_NOTIFY, 1, IKE_INITIATOR);

	e.notify.type = ISAKMP_N_NO_PROPOSAL_CHOSEN;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, Received an un-encrypted NO_PROPOSAL_CHOSEN notify "
		      "message, dropping\n"
		      "[IKEv1]: IP = 10.0.1.2, Information Exchange processing failed\n");
	/* It answers message 5: there are keys, and therefore a group. */
	e.notify.type = ISAKMP_N_PAYLOAD_MALFORMED;
	e.notify.keyed = true;
	check_ike(&e,
		  "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, Received an un-encrypted PAYLOAD_MALFORMED notify "
		  "message, dropping\n"
		  "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, Error, peer has indicated that something is wrong with "
		  "our message. This could indicate a pre-shared key mismatch.\n"
		  "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, Information Exchange processing failed\n");
}

Test(trace_ike, what_does_not_decrypt)
{
	struct ike_event e = event(IKE_EVENT_DROP, 1, IKE_RESPONDER);

	e.msgid = 0;
	e.drop.why = IKE_DROP_UNDECRYPTABLE;
	e.drop.exchange = ISAKMP_XCHG_MAIN;
	check_ike(&e, "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, Received encrypted Oakley Main Mode "
		      "packet with invalid payloads, MessID = 0\n"
		      "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, ERROR, had problems decrypting packet, "
		      "probably due to mismatched pre-shared key, dropping\n");
	/* Behind phase 1 the keys are proven: it is something else. */
	e.phase = 0;
	e.msgid = 0x26f952ae;
	e.drop.exchange = ISAKMP_XCHG_QUICK;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, ERROR, had problems decrypting packet (exchange 32, "
		      "msgid=26f952ae), dropping\n");
}

Test(trace_ike, main_modes_without_a_beginning)
{
	struct ike_event e = event(IKE_EVENT_DROP, 0, IKE_RESPONDER);

	e.msgid = 0;
	e.drop.why = IKE_DROP_UNKNOWN_SA;
	e.drop.exchange = ISAKMP_XCHG_MAIN;
	e.drop.not_sa = ISAKMP_KE;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, Header invalid, missing SA payload! (next payload = 4)\n"
		      "[IKEv1]: IP = 10.0.1.2, packet (exchange 2, msgid=0) dropped: unknown_sa\n");
}

Test(trace_ike, failure_prints_history_and_cause)
{
	struct ike_event e = event(IKE_EVENT_FAILED, 1, IKE_RESPONDER);
	static const struct ike_step steps[] = { { MM_DONE, EV_ERROR },
						 { MM_BLD_MSG6, EV_COMPARE_IDS },
						 { MM_WAIT_MSG5, EV_RCV_MSG } };

	e.failure.cause = IKE_CAUSE_KEY_MISMATCH;
	e.failure.state = MM_WAIT_MSG5;
	e.failure.history_len = ARRAY_SIZE(steps);
	memcpy(e.failure.history, steps, sizeof(steps));
	check_ike(&e,
		  "[IKEv1 DEBUG]: Group = 10.0.1.2, IP = 10.0.1.2, IKE MM Responder FSM error history (conn-id 1003) "
		  "<state>, <event>: MM_DONE, EV_ERROR-->MM_BLD_MSG6, "
		  "EV_COMPARE_IDS-->MM_WAIT_MSG5, EV_RCV_MSG\n"
		  "[IKEv1]: Group = 10.0.1.2, IP = 10.0.1.2, probable pre-shared key mismatch with 10.0.1.2: its "
		  "message 5 does not decrypt with our key; compare \"isakmp-key ...\" on both "
		  "sides\n");
	/* A full history fits into a line. */
	e.failure.history_len = IKE_HISTORY;
	for (size_t i = 0; i < IKE_HISTORY; i++)
		e.failure.history[i] = (struct ike_step){ QM_WAIT_MSG2, EV_ACTIVATE_NEW_SA };
	e.phase = 2;
	trace_render_ike(&e, collect, &(struct collected){ .text = "" });
}

Test(trace_ike, flood)
{
	struct ike_event e = event(IKE_EVENT_FLOOD, 0, IKE_RESPONDER);

	e.flood.rate = 250;
	e.flood.put_off = 7;
	check_ike(&e, "[IKEv1]: IP = 10.0.1.2, more than 250 strangers a second begin a negotiation: "
		      "this one, and 7 others so far, are answered when they repeat their first message\n");
}

/* Every kind, filled with anything, renders to something that ends. */
Test(trace_ike, every_kind)
{
	for (int kind = 0; kind < IKE_EVENT_COUNT; kind++) {
		struct collected c = { .text = "" };
		struct ike_event e;

		memset(&e, 0xff, sizeof(e));
		e.kind = (enum ike_event_kind)kind;
		e.local.addr.len = e.remote.addr.len = 4;
		e.phase = 1;
		e.role = IKE_RESPONDER;
		if (kind == IKE_EVENT_CERT)
			memset(&e.cert, 0, sizeof(e.cert));
		if (kind == IKE_EVENT_SIGNATURE)
			e.flag = true;
		if (kind == IKE_EVENT_NOTIFY)
			e.notify.authenticated = e.notify.keyed = true;
		if (kind == IKE_EVENT_FAILED || kind == IKE_EVENT_EVIDENCE || kind == IKE_EVENT_ID)
			memset(&e.failure, 0, sizeof(e.failure));
		if (kind == IKE_EVENT_POLICY_MISS || kind == IKE_EVENT_ESP_MISS)
			memset(&e.mismatch, 0, sizeof(e.mismatch));
		if (kind == IKE_EVENT_DPD)
			e.dpd.dead = true;
		if (kind == IKE_EVENT_MESSAGE)
			e.message.sent = true;
		if (kind == IKE_EVENT_FRAGMENTS)
			e.fragments.sent = true;
		if (kind == IKE_EVENT_NAT)
			e.nat.us = e.nat.them = true;
		if (kind == IKE_EVENT_DELETE || kind == IKE_EVENT_PHASE2_DONE)
			e.phase2.sent = true;
		if (kind == IKE_EVENT_HASH || kind == IKE_EVENT_CROSSED ||
		    kind == IKE_EVENT_DUPLICATE)
			e.flag = true;
		trace_render_ike(&e, collect, &c);
		cr_assert_gt(strlen(c.text), 0, "kind %d", kind);
	}
}

static struct nhrp_event nhrp(enum nhrp_event_kind kind, enum nhrp_level level)
{
	return (struct nhrp_event){
		.kind = kind,
		.level = level,
		.protocol = addr_v4(0xac100001),
		.nbma = addr_v4(0x0a000102),
		.seconds = 7200,
	};
}

Test(trace_nhrp, lines)
{
	struct nhrp_event e = nhrp(NHRP_EV_NHS_UP, NHRP_LEVEL_NOTICE);

	check_nhrp(&e,
		   "[NHRP]: interface 0: registered at next hop server 172.16.0.1 (10.0.1.2) for "
		   "7200 s\n");
	trace_name_interface(0, "Tunnel0");
	check_nhrp(&e, "[NHRP]: Tunnel0: registered at next hop server 172.16.0.1 (10.0.1.2) for "
		       "7200 s\n");
	e = nhrp(NHRP_EV_SENT, NHRP_LEVEL_DEBUG);
	e.type = NHRP_REGISTRATION_REQUEST;
	e.source = addr_v4(0xac100002);
	e.length = 92;
	e.request_id = 5;
	check_nhrp(&e,
		   "[NHRP]: Tunnel0: Send Registration Request to 10.0.1.2, packet size: 92, src: "
		   "172.16.0.2, dst: 172.16.0.1, reqid: 5\n");
	e = nhrp(NHRP_EV_DIRECT, NHRP_LEVEL_NOTICE);
	e.protocol = addr_v4(0xac100003);
	e.nbma = addr_v4(0x0a000006);
	e.other_nbma = addr_v4(0x0a000102);
	check_nhrp(&e, "[NHRP]: Tunnel0: 172.16.0.3: direct path to 10.0.0.6 is up, away from "
		       "10.0.1.2\n");
}

Test(trace_nhrp, every_kind)
{
	for (int kind = NHRP_EV_SENT; kind <= NHRP_EV_BIND_FAILED; kind++) {
		struct nhrp_event e = nhrp((enum nhrp_event_kind)kind, NHRP_LEVEL_INFO);
		struct collected c = { .text = "" };

		trace_render_nhrp(&e, collect, &c);
		cr_assert_gt(strlen(c.text), 30, "kind %d: %s", kind, c.text);
		cr_assert_null(strstr(c.text, ": event "), "kind %d: %s", kind, c.text);
	}
}

/* What is let through, seen in a file. */

static char log_path[] = "/tmp/test_trace.XXXXXX";

static void begin(int severity)
{
	close(mkstemp(log_path));
	cr_assert(trace_open(TRACE_FILE, log_path, NULL, severity));
}

static size_t lines_in_log(void)
{
	FILE *in = fopen(log_path, "r");
	size_t n = 0;
	int c;

	while ((c = fgetc(in)) != EOF)
		n += c == '\n';
	fclose(in);
	return n;
}

static const char *log_text(void)
{
	static char buf[4096];
	FILE *in = fopen(log_path, "r");

	buf[fread(buf, 1, sizeof(buf) - 1, in)] = '\0';
	fclose(in);
	return buf;
}

static void end(void)
{
	trace_close();
	unlink(log_path);
}

Test(log, lines_have_time_and_severity)
{
	regex_t re;

	begin(LOG_INFO);
	log_msg(LOG_INFO, "it is %d", 42);
	log_msg(LOG_WARNING, "not well");
	log_msg(LOG_ERR, "with\ncontrol\x1b characters");
	log_msg(LOG_DEBUG, "not to be seen");
	cr_assert_eq(
		regcomp(&re,
			"^[A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} it is 42\n"
			"[A-Z][^\n]* warning: not well\n"
			"[A-Z][^\n]* error: with\\?control\\? characters\n$",
			REG_EXTENDED | REG_NOSUB),
		0);
	cr_assert_eq(regexec(&re, log_text(), 0, NULL, 0), 0, "%s", log_text());
	regfree(&re);
	end();
}

Test(log, severity_and_debug_level)
{
	struct ike_event e = event(IKE_EVENT_MESSAGE, 1, IKE_INITIATOR);

	e.level = 200;
	begin(LOG_INFO);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 0);
	debug_set_isakmp(199);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 0);
	debug_set_isakmp(200);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 1);
	debug_set_isakmp(0);
	trace_set_severity(LOG_DEBUG);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 2);
	trace_set_severity(LOG_ERR);
	e = event(IKE_EVENT_PHASE1_DONE, 1, IKE_INITIATOR);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 2);
	debug_set_isakmp(1);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 3);
	end();
}

/* A line of an event that is let through may still be one that is not. */
Test(log, steps_inside_a_state)
{
	struct ike_event e = event(IKE_EVENT_STATE, 1, IKE_INITIATOR);

	e.state.old_state = e.state.new_state = MM_BLD_MSG3;
	begin(LOG_INFO);
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), 0);
	end();
}

Test(log, strangers_cannot_fill_it)
{
	struct ike_event e = event(IKE_EVENT_DROP, 0, IKE_RESPONDER);
	size_t n;

	e.drop.why = IKE_DROP_AGGRESSIVE;
	e.at = 1000;
	begin(LOG_INFO);
	cr_assert_eq(trace_deadline(), MSEC_NEVER);
	for (int i = 0; i < 10000; i++)
		trace_ike_event(&e);
	n = lines_in_log();
	cr_assert_leq(n, 20);
	cr_assert_geq(n, 1);
	cr_assert_eq(trace_deadline(), 6000);
	trace_tick(5999);
	cr_assert_eq(lines_in_log(), n);
	trace_tick(6000);
	cr_assert_eq(lines_in_log(), n + 1);
	cr_assert_not_null(
		strstr(log_text(), " more messages about dropped packets were suppressed"));
	cr_assert_eq(trace_deadline(), MSEC_NEVER);
	e.at = 60000;
	trace_ike_event(&e);
	cr_assert_eq(lines_in_log(), n + 2);
	end();
}

/* A flood of forged first messages must not hide what concerns a peer that we called. */
Test(log, a_flood_does_not_hide_our_own_negotiations)
{
	struct ike_event theirs = event(IKE_EVENT_STATE, 1, IKE_RESPONDER);
	struct ike_event ours = event(IKE_EVENT_FAILED, 1, IKE_INITIATOR);
	size_t n;

	theirs.at = ours.at = 1000;
	theirs.state.new_state = MM_BLD_MSG2;
	ours.failure.cause = IKE_CAUSE_NO_ANSWER;
	ours.failure.state = MM_WAIT_MSG2;
	begin(LOG_INFO);
	for (int i = 0; i < 20000; i++)
		trace_ike_event(&theirs);
	n = lines_in_log();
	cr_assert_leq(n, 5000);
	trace_ike_event(&ours);
	cr_assert_eq(lines_in_log(), n + 2);
	end();
}

static void check_lines(const struct ike_event *e, size_t want)
{
	size_t before = lines_in_log();

	trace_ike_event(e);
	cr_assert_eq(lines_in_log() - before, want, "%s", log_text());
}

/* A spoke that cannot negotiate tries again and again; its hub tells it once a minute. */
Test(log, the_same_failure_is_not_told_each_time)
{
	struct ike_event e = event(IKE_EVENT_FAILED, 1, IKE_RESPONDER);

	e.failure.cause = IKE_CAUSE_NO_KEY;
	e.at = 1000;
	begin(LOG_INFO);
	check_lines(&e, 2);
	e.at += 2000;
	check_lines(&e, 0);
	check_lines(&e, 0);
	/* Another peer, another cause. */
	e.remote.addr = addr_v4(0x0a000063);
	check_lines(&e, 2);
	e.remote.addr = addr_v4(0x0a000102);
	e.failure.cause = IKE_CAUSE_KEY_MISMATCH;
	check_lines(&e, 2);
	check_lines(&e, 0);
	e.at += 61000;
	check_lines(&e, 2);
	cr_assert_not_null(strstr(log_text(), "(1 more since this was said last)"));
	check_lines(&e, 0);
	debug_set_isakmp(1);
	check_lines(&e, 2);
	debug_set_isakmp(0);
	end();
}

Test(log, a_file_is_opened_again_after_rotation)
{
	char rotated[64];

	begin(LOG_INFO);
	log_msg(LOG_INFO, "one");
	snprintf(rotated, sizeof(rotated), "%s.1", log_path);
	cr_assert_eq(rename(log_path, rotated), 0);
	log_msg(LOG_INFO, "two");
	cr_assert(trace_reopen());
	log_msg(LOG_INFO, "three");
	cr_assert_eq(lines_in_log(), 1);
	cr_assert_not(trace_open(TRACE_FILE, "/nonexistent/log", NULL, LOG_INFO));
	log_msg(LOG_INFO, "four");
	cr_assert_eq(lines_in_log(), 2);
	unlink(rotated);
	end();
}

/* The standard error is a file that pretends to be systemd's journal, then one that does not. */
Test(log, the_journal_gets_severities_instead_of_times)
{
	char name[64];
	struct stat st;
	int fd;

	close(mkstemp(log_path));
	fd = open(log_path, O_WRONLY | O_APPEND);
	cr_assert(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0 && fstat(fd, &st) == 0);
	snprintf(name, sizeof(name), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", name, 1);
	cr_assert(trace_open(TRACE_STDERR, NULL, NULL, LOG_INFO));
	log_msg(LOG_WARNING, "one");
	log_msg(LOG_INFO, "two");
	cr_assert_str_eq(log_text(), "<4>warning: one\n<6>two\n");
	setenv("JOURNAL_STREAM", "1:1", 1);
	cr_assert(trace_open(TRACE_STDERR, NULL, NULL, LOG_INFO));
	log_msg(LOG_INFO, "three");
	cr_assert_null(strstr(log_text(), "<6>three"));
	cr_assert_not_null(strstr(log_text(), " three\n"));
	end();
}

Test(log, whoever_starts_it_hears_of_errors)
{
	char here[] = "/tmp/test_trace.err.XXXXXX", buf[256] = "";
	int fd = mkstemp(here);

	begin(LOG_INFO);
	cr_assert(dup2(fd, STDERR_FILENO) >= 0);
	trace_starting(true);
	log_msg(LOG_WARNING, "not this");
	log_msg(LOG_ERR, "this");
	trace_starting(false);
	log_msg(LOG_ERR, "nor that");
	cr_assert_eq(lines_in_log(), 3);
	cr_assert(pread(fd, buf, sizeof(buf) - 1, 0) > 0);
	cr_assert_eq(strcspn(buf, "\n") + 1, strlen(buf), "one line: %s", buf);
	cr_assert_not_null(strstr(buf, " error: this\n"), "%s", buf);
	unlink(here);
	end();
}
