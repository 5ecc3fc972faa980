/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to explain*.c: an hour of events boiled down to what the causes ask for. What a later success
 * has healed is forgotten, and what a later attempt did not come to or did not see again, unless all is
 * well by now: then it is what went wrong in the past.
 */
#ifndef DAEMON_EXPLAIN_DIGEST_H
#define DAEMON_EXPLAIN_DIGEST_H

#include "daemon/explain.h"
#include "daemon/text.h"

#define EXPLAIN_NHRP_KINDS (NHRP_EV_BIND_FAILED + 1)

struct seen_ike {
	const struct ike_event *e; /* the newest; NULL: none */
	unsigned int times;
};

struct seen_nhrp {
	const struct nhrp_event *e;
	msec at;
	unsigned int times;
};

struct digest {
	const struct explain_facts *f;
	bool well;  /* up, and registered where that is wanted */
	bool heals; /* a success ends what went wrong before it */

	struct seen_ike cause[IKE_CAUSE_COUNT];
	struct seen_ike drop[IKE_DROP_COUNT];
	struct seen_nhrp nhrp[EXPLAIN_NHRP_KINDS];
	const struct ike_event *failed; /* the newest failure that is somebody's fault */
	const struct ike_event *agreed; /* phase 1 policy */
	const struct ike_event *nat;
	const struct ike_event *phase1, *phase2; /* the newest success */
	const struct ike_event *dead;		 /* DPD says so */
	const struct ike_event *deleted;	 /* the newest delete of the peer's */
	bool asked;				 /* a quick mode has begun since phase 1 */

	msec began[2];		  /* the newest main mode, by role */
	unsigned int sent, heard; /* IKE messages */
	unsigned int heard_natt;  /* of those heard: on port 4500 */
	unsigned int repeated;	  /* messages of the peer's that came again, since it opened */
	unsigned int repeated2;	  /* the same in quick mode */
	uint32_t length, passed;  /* octets of our last message; of the longest that was answered */
	bool answered;		  /* something came that answers a message of ours */
	bool pending;		  /* one of ours or theirs was repeated, and nothing came since */
	unsigned int late;	  /* what came only after that, in the last two minutes */
	unsigned int renewed;	  /* phase 2, within the last minute */
	msec mute_since;	  /* phase 2 is done, and NHRP silent, since; 0: it is not */
	unsigned int nhrp_sent, nhrp_heard;
	unsigned int again; /* registrations that followed each other closely */
	msec heard_at, nhrp_heard_at;
	enum ike_state waits; /* the newest state of an exchange that is not done */
	bool we_opened;
};

/* past: where all is well by now, what went wrong before is kept. */
void explain_digest(const struct explain_facts *f, bool past, struct digest *g);

/* What a cause is known by, in explain_evidence.c and explain_tunnel.c; *evidence says it. */
typedef bool explain_test(const struct digest *g, struct text *evidence);
explain_test saw_no_route, saw_route_through_tunnel, saw_own_address, saw_interface_down,
	saw_no_daemon, saw_filtered, saw_unreachable, saw_peer_down, saw_udp500_likely,
	saw_udp500_possible, saw_map_address, saw_peer_ignores, saw_phase2_silent,
	saw_phase2_unconfirmed, saw_another_server, saw_wrong_server, saw_peer_ignores_likely,
	saw_nothing_received, saw_udp500_return, saw_udp4500_blocked, saw_udp4500_return, saw_psk_silent, saw_cert_silent,
	saw_peer_unaware, saw_long_lost, saw_black_hole, saw_peer_expects_other,
	saw_we_expect_other, saw_peer_died, saw_peer_names_flaw, saw_peer_names_none,
	saw_clock_there, saw_clock_here, saw_kernel_algorithm, saw_kernel_esp, saw_kernel_other,
	saw_neighbour_refused, saw_esp_blocked, saw_tunnel_key, saw_tunnel_key_there,
	saw_nhrp_key_here, saw_nhrp_key_there, saw_nhrp_error, saw_same_address_here,
	saw_same_address_there, saw_client_refused, saw_registration_refused,
	saw_registration_unanswered, saw_xauth, saw_no_xauth, saw_answer4_lost, saw_answer2_lost,
	saw_peer_left, saw_left_signed, saw_no_quick_mode, saw_no_nhrp, saw_gre_refused, saw_no_nhrp_there, saw_gone,
	saw_gone_in_tunnel, saw_esp_blocked_there, saw_not_registering, saw_esp_return_blocked,
	saw_tunnel_down, saw_kernel_lost, saw_local_firewall, saw_gre_filtered, saw_no_carrier,
	saw_not_sent, saw_answer_refused, saw_gateway_silent, saw_another_answer, saw_no_answer_policy, saw_mode_config,
	saw_elsewhere, saw_answer6_lost, saw_long_answer6_lost, saw_peer_closed, saw_loss,
	saw_integrity, saw_truncation, saw_truncation_there, saw_gre_unsent, saw_wrong_way, saw_gre_blocked, saw_gre_filtered_there;
/* SAs are up, long enough for an answer, and NHRP has heard nothing through them. */
bool explain_mute(const struct digest *g);
/* " (30 s ago, seen 2 times)" */
void explain_add_when(const struct digest *g, struct text *t, msec at, unsigned int times);
/* The sentence about something of NHRP's, and when it was; false: it was not. */
bool explain_add_nhrp(const struct digest *g, struct text *t, enum nhrp_event_kind kind);
/* The sentence about a failure, and when it was. */
void saw_ike(const struct digest *g, struct text *t, const struct seen_ike *s);

/*
 * The table of causes, in explain_causes.c: fills those that hold, in the order of the table; their
 * number, at most `max`.
 */
size_t explain_find_causes(const struct digest *g, struct explain_cause *out, size_t max);

#endif
