/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the flight recorder to the terminal: the log of a peer, the ladder of its negotiations.
 *
 * LINK: daemon/show_ladder.c daemon/show_log.c daemon/show_values.c daemon/recorder.c daemon/debug.c daemon/trace.c
 * LINK: daemon/trace_ike.c daemon/trace_nhrp.c daemon/diagnose.c daemon/diagnose_cert.c
 * LINK: daemon/diagnose_offer.c daemon/diagnose_nhrp.c daemon/dmvpnctl_ladder.c daemon/dmvpnctl_svg.c daemon/dmvpnctl_show.c
 * LINK: daemon/dmvpnctl_crypto.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/dmvpnctl.h"
#include "daemon/loop.h"
#include "daemon/recorder.h"
#include "daemon/show.h"
#include "daemon/trace.h"
#include "daemon/verbs.h"

#define NOW    SECONDS(100000)
#define SITE_A addr_v4(0x0a000004)
#define SITE_B addr_v4(0x0a000006)

static struct daemon d;

msec loop_now(void)
{
	return NOW;
}

json_t *verbs_error(const char *fmt, ...)
{
	return json_pack("{s:s}", "error", fmt);
}

static char *rendered(show_fn *show, const char *peer, render_fn *render)
{
	json_t *args = json_pack("{s:s}", "peer", peer), *answer = show(&d, args);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	render(answer, out);
	fclose(out);
	json_decref(answer);
	json_decref(args);
	return text;
}

/* A failure of an hour ago, in full, though the log shows nothing below warnings. */
Test(show_recorder, log_of_a_peer)
{
	struct ike_event e = { .kind = IKE_EVENT_PHASE1_DONE,
			       .level = 1,
			       .at = NOW - SECONDS(3600),
			       .remote = { SITE_B, 500 } };
	json_t *answer;
	char *text;

	d.recorder = recorder_new(1 << 16, 1 << 12);
	trace_set_severity(LOG_WARNING);
	recorder_ike(d.recorder, &e, false);
	text = rendered(show_log_peer, "10.0.0.6", render_log);
	cr_assert_not_null(
		strstr(text, " [IKEv1]: Group = 10.0.0.6, IP = 10.0.0.6, PHASE 1 COMPLETED\n"));
	/* "Nov 22 02:06:00.253": when it happened stands before it. */
	cr_assert_eq(strcspn(text, "["), strlen("Mmm dd hh:mm:ss.mmm "), "%s", text);
	cr_assert(text[9] == ':' && text[12] == ':' && text[15] == '.', "%s", text);
	free(text);
	text = rendered(show_log_peer, "10.0.0.7", render_log);
	cr_assert_str_eq(text, "Nothing is recorded of 10.0.0.7.\n");
	free(text);
	answer = show_log_peer(&d, NULL);
	cr_assert_str_eq(member_text(answer, "error"),
			 "peer: expected an address like \"10.0.0.4\"");
	json_decref(answer);
	recorder_free(d.recorder);
}

static void record(struct ike_event e, unsigned int ms)
{
	e.at = NOW - SECONDS(1) + ms;
	e.local.addr = SITE_A;
	e.remote.addr = SITE_B;
	e.phase = 1;
	recorder_ike(d.recorder, &e, false);
}

static void record_message(bool sent, unsigned int length, unsigned int ms)
{
	struct ike_event e = { .kind = IKE_EVENT_MESSAGE };

	e.message.sent = sent;
	e.message.length = length;
	e.message.count = 3;
	e.message.type[0] = ISAKMP_SA;
	e.message.type[1] = e.message.type[2] = ISAKMP_VENDOR;
	record(e, ms);
}

static void record_state(enum ike_state old_state, enum ike_state new_state, unsigned int ms)
{
	struct ike_event e = { .kind = IKE_EVENT_STATE };

	e.state.old_state = old_state;
	e.state.new_state = new_state;
	record(e, ms);
}

/* The ladder has these, one behind the other. */
static void check_ladder(const char *const *lines, size_t count)
{
	char *text = rendered(show_ladder, "10.0.0.6", render_ladder);
	const char *at = text;

	for (size_t i = 0; i < count; i++) {
		at = strstr(at, lines[i]);
		cr_assert_not_null(at, "%s in\n%s", lines[i], text);
		at += strlen(lines[i]);
	}
	free(text);
}

Test(show_recorder, ladder)
{
	static const char *const lines[] = {
		"phase 1, main mode, we are the initiator\n",
		"MM_WAIT_MSG2   |------------ SA, VENDOR x2 (168) ------------>|\n",
		"               | no answer: once more (1)\n",
		"MM_BLD_MSG3    |<----------- SA, VENDOR x2 (104) -------------| MM_WAIT_MSG3\n",
		"|<------ NOTIFY NO_PROPOSAL_CHOSEN (56) -------|\n",
		"               X FAILED in MM_WAIT_MSG4\n",
	};
	struct ike_event again = { .kind = IKE_EVENT_RETRANSMIT, .retransmit.count = 1 };
	struct ike_event failed = { .kind = IKE_EVENT_FAILED,
				    .failure.cause = IKE_CAUSE_NO_ANSWER,
				    .failure.state = MM_WAIT_MSG4 };
	struct ike_event said = { .kind = IKE_EVENT_MESSAGE };
	char *text;

	d.recorder = recorder_new(1 << 16, 1 << 12);
	record((struct ike_event){ .kind = IKE_EVENT_NEW_PHASE1 }, 0);
	record_message(true, 168, 0);
	record_state(MM_START, MM_WAIT_MSG2, 0);
	record(again, 500);
	record_message(false, 104, 510);
	record_state(MM_WAIT_MSG2, MM_BLD_MSG3, 510);
	said.message.exchange = ISAKMP_XCHG_INFO;
	said.message.length = 56;
	said.message.count = 1;
	said.message.type[0] = ISAKMP_NOTIFY;
	said.message.notify = ISAKMP_N_NO_PROPOSAL_CHOSEN;
	record(said, 600);
	record(failed, 900);
	check_ladder(lines, ARRAY_SIZE(lines));
	text = rendered(show_ladder, "10.0.0.6", render_ladder_svg);
	cr_assert_eq(strncmp(text, "<svg ", 5), 0);
	cr_assert_not_null(strstr(text, ">SA, VENDOR x2 (104)</text>"));
	cr_assert_not_null(strstr(text, ">NOTIFY NO_PROPOSAL_CHOSEN (56)</text>"));
	cr_assert_not_null(strstr(text, "</svg>\n"));
	free(text);
	recorder_free(d.recorder);
}

/* Both ends begin at once, as the article's own ping makes them: two ladders, not one of both. */
Test(show_recorder, ladders_of_crossed_negotiations)
{
	static const char *const lines[] = {
		"phase 1, main mode, we are the initiator\n",
		"MM_WAIT_MSG2   |---",
		"MM_BLD_MSG3    |<--",
		"phase 1, main mode, we are the responder\n",
		"MM_BLD_MSG2    |<--",
		"MM_WAIT_MSG3   |---",
	};
	struct ike_event ours = { .kind = IKE_EVENT_MESSAGE, .icookie = { 1 } };
	struct ike_event theirs = { .kind = IKE_EVENT_MESSAGE, .role = IKE_RESPONDER };
	struct ike_event our_state = { .kind = IKE_EVENT_STATE, .icookie = { 1 } };
	struct ike_event their_state = { .kind = IKE_EVENT_STATE, .role = IKE_RESPONDER };

	d.recorder = recorder_new(1 << 16, 1 << 12);
	ours.message.sent = true;
	record(ours, 0);
	our_state.state.new_state = MM_WAIT_MSG2;
	record(our_state, 0);
	record(theirs, 1);
	their_state.state.new_state = MM_BLD_MSG2;
	record(their_state, 1);
	theirs.message.sent = true;
	record(theirs, 2);
	their_state.state.new_state = MM_WAIT_MSG3;
	record(their_state, 2);
	ours.message.sent = false;
	record(ours, 3);
	our_state.state.new_state = MM_BLD_MSG3;
	record(our_state, 3);
	our_state.state.new_state = MM_DONE;
	record(our_state, 900);
	check_ladder(lines, ARRAY_SIZE(lines));
	recorder_free(d.recorder);
}

/* Of many questions that were answered one line; what was not answered is seen, question by question. */
Test(show_recorder, ladder_of_signs_of_life)
{
	static const char *const lines[] = {
		"informational\n",
		" = we asked whether they are alive: answered 3 times, last ",
		" = they asked whether we are alive: answered once\n",
		"NOTIFY R_U_THERE (92)",
		"NOTIFY R_U_THERE (92)",
		"NOTIFY R_U_THERE (92)",
	};
	struct ike_event up = { .kind = IKE_EVENT_STATE, .state.new_state = MM_ACTIVE };
	struct ike_event asked = { .kind = IKE_EVENT_MESSAGE };
	struct ike_event answered;
	char *text;

	d.recorder = recorder_new(1 << 16, 1 << 12);
	record(up, 0);
	asked.message.exchange = ISAKMP_XCHG_INFO;
	asked.message.length = 92;
	asked.message.count = 2;
	asked.message.type[0] = ISAKMP_HASH;
	asked.message.type[1] = ISAKMP_NOTIFY;
	answered = asked;
	asked.message.notify = ISAKMP_N_R_U_THERE;
	answered.message.notify = ISAKMP_N_R_U_THERE_ACK;
	for (unsigned int i = 0; i < 4; i++) {
		asked.message.sent = i != 1;
		answered.message.sent = i == 1;
		record(asked, i + 1);
		record(answered, i + 1);
	}
	asked.message.sent = true;
	record(asked, 10);
	asked.message.sent = false;
	record(asked, 11);
	asked.message.sent = true;
	record(asked, 12);
	check_ladder(lines, ARRAY_SIZE(lines));
	text = rendered(show_ladder, "10.0.0.6", render_ladder_svg);
	cr_assert_not_null(strstr(text, "we asked whether they are alive: answered 3 times"));
	free(text);
	recorder_free(d.recorder);
}

/* Messages that were not let in: in the exchange that they were meant for, or in none. */
Test(show_recorder, ladder_of_what_was_dropped)
{
	static const char *const lines[] = {
		"phase 1, main mode, we are the initiator\n",
		"MM_WAIT_MSG2   |---",
		" x dropped: elsewhere (2 times)\n",
		"our message to 10.0.0.6 is answered from another address, 10.0.0.9,",
		" | no answer: once more (1)\n",
		"of no exchange\n",
		" x dropped: ikev2\n",
		"10.0.0.6 speaks IKEv2, ",
	};
	struct ike_event again = { .kind = IKE_EVENT_RETRANSMIT, .retransmit.count = 1 };
	struct ike_event elsewhere = { .kind = IKE_EVENT_DROP, .drop.why = IKE_DROP_ELSEWHERE };
	struct ike_event ikev2 = { .kind = IKE_EVENT_DROP,
				   .icookie = { 7 },
				   .drop.why = IKE_DROP_IKEV2 };
	char *text;

	d.recorder = recorder_new(1 << 16, 1 << 14);
	elsewhere.drop.from = addr_v4(0x0a000009);
	record_message(true, 168, 0);
	record_state(MM_START, MM_WAIT_MSG2, 0);
	record(elsewhere, 10);
	record(elsewhere, 20);
	record(again, 1000);
	record(ikev2, 2000);
	check_ladder(lines, ARRAY_SIZE(lines));
	text = rendered(show_ladder, "10.0.0.6", render_ladder_svg);
	cr_assert_not_null(strstr(text, ">dropped: elsewhere (2 times)</text>"));
	free(text);
	recorder_free(d.recorder);
}
