/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's IPsec: security associations and policies through netlink XFRM (RFC 4301 4.4, ESP
 * of RFC 4303 in transport mode).
 *
 * Sockets but no loop. The owner polls every descriptor that xfrm_fd() lists, calls
 * xfrm_readable() when any of them is readable and calls xfrm_commit() once per turn of its loop;
 * after each of the two it drains xfrm_next_event() until false. Nothing calls back.
 *
 * Requests are queued in order, sent in batches by xfrm_commit(), and each is answered by exactly
 * one XFRM_EV_ACK with the caller's token (a get or a dump that succeeds brings its XFRM_EV_SA
 * first). One batch is under way at a time, and each call does a bounded amount of work, so ten
 * thousand requests do not stop the loop. What start and stop need at once is synchronous, and
 * says so.
 *
 * Errors: functions that can fail return 0 or a positive errno and then leave in why[] one
 * sentence that says what failed, where, and what to do about it. ACK events carry the same two.
 */
#ifndef XFRM_XFRM_H
#define XFRM_XFRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/algo.h"
#include "lib/util.h"
#include "lib/wire.h"

#define XFRM_WHY 256 /* room for a sentence */

/*
 * Everything that we put into the kernel carries a reqid of this range, so that what a crash left
 * behind is known as ours. The owner numbers its tunnel sources from XFRM_REQID_BASE.
 */
#define XFRM_REQID_BASE 0xd3000000u
#define XFRM_REQID_COUNT 0x1000u

static inline bool xfrm_reqid_is_ours(uint32_t reqid)
{
	return reqid - XFRM_REQID_BASE < XFRM_REQID_COUNT;
}

/* The lower number wins. */
#define XFRM_PRIO_BLOCK 100
#define XFRM_PRIO_PEER 500
#define XFRM_PRIO_TUNNEL 1000

/* What names an SA in the kernel. */
struct xfrm_sa_id {
	struct addr src, dst; /* outer */
	uint32_t spi;	      /* host order */
};

/*
 * An ESP transport SA. Its own selector is src/32 -> dst/32, protocol 47: a transport SA without
 * one accepts any outer source. With a pseudo address of the peer it is a BEET SA (the same on the
 * wire): that address is in the selector and in the packets inside, and id has the one outside.
 * keymat is what esp_suite_keymat() octets of IKE's KEYMAT hold:
 * cipher key, salt of an AEAD, authentication key; it is only read during the call, and every
 * copy is wiped when it has gone to the kernel.
 */
struct xfrm_sa {
	struct xfrm_sa_id id;
	bool outbound; /* no replay window */
	uint32_t reqid;
	struct esp_suite suite;
	struct span keymat;
	uint32_t replay_window; /* packets, inbound only; up to XFRM_REPLAY_MAX */
	/* 0: no limit. Reaching a soft one raises XFRM_EV_EXPIRE, a hard one ends the SA. */
	uint32_t soft_seconds, hard_seconds;
	uint64_t soft_bytes, hard_bytes;
	/* UDP encapsulation (RFC 3948), 0 for none. */
	uint16_t encap_sport, encap_dport;
	uint32_t output_mark; /* 0 for none */
	struct addr pseudo;   /* of the peer; none: its outer address is its only one */
};

#define XFRM_REPLAY_MAX 4096

/*
 * An SA as the kernel tells it. Limits of 0: none. Times are seconds of the wall clock, 0: never.
 * last_used comes from kernels since 6.2 only: whether an SA is idle is safer told by its packets.
 */
struct xfrm_sa_info {
	struct xfrm_sa_id id;
	uint32_t reqid;
	uint8_t proto;	   /* 50 */
	bool larval;	   /* made by an ACQUIRE, without keys */
	bool tunnel;	   /* any mode but transport and BEET */
	uint64_t bytes, packets;
	uint64_t added, first_used, last_used;
	uint64_t soft_seconds, hard_seconds; /* since added */
	uint64_t soft_bytes, hard_bytes;
	uint32_t replay_drops, auth_failures; /* inbound packets refused */
	uint16_t encap_sport, encap_dport;
};

/* What one tunnel source needs: three policies, or one, see xfrm_policy_add(). */
struct xfrm_tunnel_policy {
	struct addr local; /* outer address of ours */
	bool keyed;
	uint32_t key; /* GRE key, host order */
	uint32_t reqid;
	bool bare; /* not protected: the block policy alone */
};

/*
 * What a peer with a pseudo address needs beside the policies of its tunnel source: one each way
 * between local and the pseudo address, with a BEET template between local and the outer address.
 */
struct xfrm_peer_policy {
	struct addr local, pseudo, outer;
	uint32_t reqid;
};

enum xfrm_event_type {
	XFRM_EV_ACK,	 /* the answer to a request */
	XFRM_EV_SA,	 /* an SA that a get or a dump found; the ACK follows */
	XFRM_EV_ACQUIRE, /* a packet wants an SA that is not there */
	XFRM_EV_EXPIRE,	 /* a limit of an SA was reached */
	XFRM_EV_MAPPING, /* a NAT has another mapping for a peer */
	XFRM_EV_RESYNC,	 /* events were lost: dump and reconcile */
};

struct xfrm_ack {
	uint64_t token;
	int err;	    /* 0, or a positive errno: EEXIST, ESRCH, ... */
	char why[XFRM_WHY]; /* empty without error */
};

struct xfrm_found {
	uint64_t token;
	struct xfrm_sa_info info;
};

/*
 * The kernel wants an SA for src -> dst. It asks once per destination until its larval state
 * expires (net.core.xfrm_acq_expires, 30 s). Whether to trust the address is the owner's
 * judgement: any local user who can send into the tunnel can raise this.
 */
struct xfrm_acquire {
	struct addr src, dst; /* outer */
	uint32_t reqid;	      /* of the policy's template, 0 where it had none */
	uint8_t proto;	      /* of the packet: 47 */
	uint32_t key;	      /* GRE key of the packet, 0 also where it has none */
};

struct xfrm_expire {
	struct xfrm_sa_id id;
	uint32_t reqid;
	bool hard; /* the SA is gone */
};

/*
 * ESP of an inbound SA came from another address or port than the SA has; the packet was taken. Comes
 * with each packet until the SA is updated.
 */
struct xfrm_mapping {
	struct xfrm_sa_id id; /* src as the SA has it */
	uint32_t reqid;
	struct endpoint seen;
};

struct xfrm_event {
	enum xfrm_event_type type;
	union {
		struct xfrm_ack ack;
		struct xfrm_found sa;
		struct xfrm_acquire acquire;
		struct xfrm_expire expire;
		struct xfrm_mapping mapping;
	};
};

struct xfrm_counters {
	uint64_t requests, batches, errors; /* errors: ACKs with one */
	uint64_t acquires, expires, mappings;
	uint64_t ignored; /* larval expiries, what is not ours */
	uint64_t bad;	  /* messages that could not be understood */
	uint64_t resyncs;
};

struct xfrm;

int xfrm_open(struct xfrm **out, char why[XFRM_WHY]);
/* Closes the sockets; what is in the kernel stays there. NULL is fine. */
void xfrm_close(struct xfrm *x);

/* The descriptors to poll for reading: call with i = 0, 1, ... until -1. They never change. */
int xfrm_fd(const struct xfrm *x, unsigned int i);
void xfrm_readable(struct xfrm *x);
/* Starts to send what is queued. Cheap when nothing is. */
void xfrm_commit(struct xfrm *x);
bool xfrm_next_event(struct xfrm *x, struct xfrm_event *ev);
const struct xfrm_counters *xfrm_counters(const struct xfrm *x);

/*
 * Sends everything and waits until all but dumps is answered; ETIMEDOUT where the kernel says
 * nothing for that long. The events wait for xfrm_next_event(). For the clean stop.
 */
int xfrm_flush(struct xfrm *x, msec timeout, char why[XFRM_WHY]);

/*
 * Whether the kernel can do this suite, asked by installing and removing an SA of no use. Also
 * makes it load its modules, which takes longer than a handshake. Synchronous.
 */
int xfrm_probe(struct xfrm *x, const struct esp_suite *suite, char why[XFRM_WHY]);

/*
 * Asynchronous requests. EEXIST: the (dst, spi) is taken. ESRCH: there is no such SA.
 * A suite, keymat length or address that cannot be is an ACK with EINVAL like any other error.
 */
void xfrm_sa_add(struct xfrm *x, uint64_t token, const struct xfrm_sa *sa);
void xfrm_sa_delete(struct xfrm *x, uint64_t token, const struct xfrm_sa_id *id);
/*
 * A rekey of the outbound direction: installs the new SA (it carries the traffic from the next
 * packet on) and removes the old one in the same turn, because the kernel would fall back to it
 * when the new one soft-expires. The old SA goes only once the kernel has accepted the new one:
 * after an ACK with an error it is still there. An old SA that had gone already is no error.
 */
void xfrm_sa_replace_outbound(struct xfrm *x, uint64_t token, const struct xfrm_sa *sa,
			      const struct xfrm_sa_id *old);
/*
 * Gives an SA other UDP ports. sa is as it was installed but for these; keymat is not looked at, the
 * SA's own stays.
 */
void xfrm_sa_update(struct xfrm *x, uint64_t token, const struct xfrm_sa *sa);
void xfrm_sa_get(struct xfrm *x, uint64_t token, const struct xfrm_sa_id *id);
/*
 * All SAs whose reqid is in [reqid, reqid + count), larval ones too, as XFRM_EV_SA events, a part
 * at each xfrm_readable(); the ACK is the end. Dumps that overlap wait for each other.
 */
void xfrm_sa_dump(struct xfrm *x, uint64_t token, uint32_t reqid, uint32_t count);

/*
 * The policies of a tunnel source, all or none; fail closed from here on. Synchronous.
 *
 *   out  local/32 -> 224.0.0.0/4, GRE, key   block, priority 100
 *   out  local/32 -> 0.0.0.0/0, GRE, key     ESP transport with reqid, priority 1000
 *   in   0.0.0.0/0 -> local/32, GRE, key     likewise
 *
 * The first also where the tunnel is not protected: multicast is copied to its listeners, the kernel's
 * own copy would leave to the outer group.
 *
 * Without a key they match GRE without a key (or with key 0), never another tunnel's keyed GRE.
 * A policy with the same selector that carries a reqid of our range is a leftover and is taken
 * over; any other is a stranger's and gives EEXIST.
 */
int xfrm_policy_add(struct xfrm *x, const struct xfrm_tunnel_policy *p, char why[XFRM_WHY]);
/* Removes them; those that are gone already are no error, a stranger's are left. Synchronous. */
int xfrm_policy_del(struct xfrm *x, const struct xfrm_tunnel_policy *p, char why[XFRM_WHY]);
/*
 * The same for a peer: installs or replaces them, all or none; removes them. A stranger's with the
 * same selector is replaced, too: nobody else has traffic with a pseudo address.
 */
int xfrm_peer_policy_add(struct xfrm *x, const struct xfrm_peer_policy *p, char why[XFRM_WHY]);
int xfrm_peer_policy_del(struct xfrm *x, const struct xfrm_peer_policy *p, char why[XFRM_WHY]);
/*
 * Removes policies with a reqid of our range that do not belong to any of keep[]: what a crash
 * left of a tunnel that is configured no more. *removed may be NULL. Synchronous, for start-up.
 */
int xfrm_policy_sweep(struct xfrm *x, const struct xfrm_tunnel_policy *keep, size_t n,
		      size_t *removed, char why[XFRM_WHY]);

#endif
