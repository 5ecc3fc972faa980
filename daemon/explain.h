/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a tunnel is not up: from facts (what the flight recorder kept of the last hour, what IKE, NHRP
 * and the kernel say now, what this machine can check) to findings: the state that the peer hangs in
 * and what that means, the causes that the evidence supports, the likeliest first, what is ruled out,
 * and what to change on which side.
 *
 * Pure: the caller gathers the facts (explain_facts.c) and shows the findings. The sentences about
 * events are those of diagnose.h, which the log has at the moment of the failure. What the wire cannot
 * tell is not claimed: then the causes are "possible", in the order in which to check them.
 */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/recorder.h"
#include "ikev1/state.h"
#include "lib/addr.h"
#include "lib/util.h"

#define EXPLAIN_TEXT   1200
#define EXPLAIN_WAITING 4 /* of all tunnels */
#define EXPLAIN_CAUSES 8
#define EXPLAIN_RULED  12
#define EXPLAIN_NOTES  6
#define EXPLAIN_PERIOD SECONDS(3600) /* what is looked at */

enum explain_route {
	EXPLAIN_ROUTE_UNKNOWN,
	EXPLAIN_ROUTE_NONE,
	EXPLAIN_ROUTE_TUNNEL, /* through a tunnel of ours: it would carry itself */
	EXPLAIN_ROUTE_LOCAL,  /* the address is our own */
	EXPLAIN_ROUTE_FOUND,
};

enum explain_ping { EXPLAIN_PING_UNKNOWN, EXPLAIN_PING_SILENT, EXPLAIN_PING_ANSWERED };

/* The last ICMP error about IKE sent to the peer. */
struct explain_icmp {
	bool seen;
	int error;	  /* errno */
	bool filtered;	  /* "administratively prohibited" */
	struct addr from; /* who says so; none: this machine */
	msec at;
};

struct explain_facts {
	msec now;
	struct addr local, remote;     /* NBMA; local none: no tunnel's source has an address */
	struct addr protocol;	       /* in the tunnel; none: not known */
	const struct recorded *events; /* of EXPLAIN_PERIOD, oldest first */
	size_t count;

	bool mapped;  /* a map or next hop server of our configuration has this address */
	bool server;  /* it is a next hop server of ours */
	bool secured; /* the tunnel has a profile */

	/* Now. */
	bool up;		       /* a pair of SAs */
	bool registered;	       /* there, or with us */
	enum ike_state phase1, phase2; /* of what is under way or up; MM_START: nothing */
	bool counted;
	unsigned int kernel_sas;	  /* that the kernel has with the peer, counted: */
	uint64_t packets_in, packets_out; /* of the kernel's SAs with the peer, counted: */
	uint32_t auth_failures, replay_drops;
	msec silence; /* since the newest packet in; 0: not known */

	/* What this machine can check. */
	enum ike_cause
		own_flaw; /* of our own certificate by our own clock; NONE: no flaw, or none */
	char interface[IFNAMSIZ]; /* with the source address; empty: not known */
	bool interface_down;
	bool no_carrier;     /* it is up, and nothing is at the other end of the cable */
	char link[IFNAMSIZ]; /* the tunnel's; empty: there is none */
	bool link_down;
	enum explain_route route;
	struct explain_icmp icmp;
	enum explain_ping ping, ping_large;
	unsigned int wrong_way;	 /* packets that rp_filter dropped here while the pings were out */
	unsigned int pings_lost; /* small ones, before the one that was answered */
	unsigned int large;	 /* octets of the large one with its IP header */
	msec round_trip;	 /* of IKE messages, at best; 0: not known */
	/* To its tunnel address, through the tunnel, where SAs are up. */
	enum explain_ping ping_inside;
	bool gre_refused;    /* the peer's machine has no tunnel for what comes out of the SA */
	uint64_t tunnel_in;  /* packets that came out of the tunnel, from all peers */
	struct addr inside;  /* our tunnel address */
	unsigned int tunnel; /* index of the link; 0: none */
};

/* What concerns all peers. */
struct explain_machine {
	/* A tunnel shall redirect and cannot, because ...; NULL: all is well. */
	const char *redirect_why;
	/* Tunnels whose source has no address: what it lacks. */
	struct {
		const char *name, *why;
	} waiting[EXPLAIN_WAITING];
	size_t waiting_count;
};

enum explain_weight {
	EXPLAIN_CERTAIN,  /* the wire, the peer or the kernel says so */
	EXPLAIN_LIKELY,	  /* what was seen fits this, and little else */
	EXPLAIN_POSSIBLE, /* nothing speaks against it: to be checked in this order */
};

enum explain_side { EXPLAIN_HERE, EXPLAIN_THERE, EXPLAIN_BOTH, EXPLAIN_BETWEEN };

struct explain_cause {
	const char *name;  /* for programs: "phase1_hash" */
	const char *title; /* in a few words */
	enum explain_weight weight;
	enum explain_side side; /* where to change it */
	msec at;		/* of the failure that says so; of what was checked, now */
	char evidence[EXPLAIN_TEXT];
	char change[EXPLAIN_TEXT];
};

struct explain_ruled {
	const char *what;
	const char *why;
};

struct explanation {
	const char *state; /* "MM_WAIT_MSG2", "NHRP", "UP", "NONE" */
	const char *meaning;
	bool past; /* it is up; the causes are of an earlier time within the period */
	struct explain_cause cause[EXPLAIN_CAUSES];
	size_t causes;
	struct explain_ruled ruled[EXPLAIN_RULED];
	size_t n_ruled;
	char note[EXPLAIN_NOTES][EXPLAIN_TEXT];
	size_t notes;
};

/* Large: the caller allocates it. */
void explain(const struct explain_facts *facts, struct explanation *out);
/* The same of this machine; the number of causes, at most EXPLAIN_CAUSES. */
size_t explain_machine(const struct explain_machine *m, struct explain_cause out[EXPLAIN_CAUSES]);
/* Whether there is anything to say: it is not up, or something failed within the period. */
bool explain_matters(const struct explain_facts *facts, const struct explanation *x);

const char *explain_weight_name(enum explain_weight w); /* "certain" */
const char *explain_side_name(enum explain_side s);	/* "here" */

#endif
