/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IKEv1 core: main mode, quick mode and informational exchanges, as initiator and responder,
 * for ESP transport SAs that carry GRE between two hosts (RFC 2407, 2408, 2409).
 *
 * Pure: no socket, clock, thread or randomness of its own. The owner tells what happened through
 * the requests below, each with the time (`now`, milliseconds, never going back), then drains
 * ike_next_effect() and does what the effects say. Nothing calls back. Effects appear in the order
 * in which they must be done.
 *
 * Peers are known by a pair of addresses: local (a tunnel's source) and remote.
 *
 * Memory: what is passed in is copied unless it says "borrowed". What an effect points to is the
 * core's and valid until the next call into the core.
 */
#ifndef IKEV1_IKE_H
#define IKEV1_IKE_H

#include "ikev1/crypto.h"
#include "ikev1/event.h"
#include "ikev1/proposal.h"
#include "lib/addr.h"
#include "lib/drbg.h"
#include "lib/util.h"

struct ike;

struct ike_psk {
	struct prefix peer; /* longest match wins; 0.0.0.0/0 is everybody */
	struct span key;
};

struct trustpoint;

/* Dead peer detection, RFC 3706; IOS: crypto isakmp keepalive INTERVAL RETRY [periodic]. */
struct ike_dpd {
	uint32_t interval; /* seconds without a sign of life; 0: never ask, only answer */
	uint32_t retry;	   /* seconds between questions; 0: the default, 2 */
	bool periodic;	   /* ask even when there is nothing to send */
};

struct ike_limits {
	/*
	 * Main modes that have not reached MM_ACTIVE, in all and as responder from one address. Beyond
	 * it a new one takes the place of the oldest whose initiator is not proven to be where it
	 * says (our cookie has not come back); where there is none, the new one is dropped.
	 */
	uint32_t half_open;
	uint32_t half_open_per_source;
	/* Of strangers, per second, that are answered at first sight; the others when they come again. */
	uint32_t first_messages;
	uint32_t quick_modes_per_peer; /* unfinished ones */
	uint32_t sas_per_peer;	       /* pairs of IPsec SAs, and ISAKMP SAs, each */
	/* That share an address with others: in all, and beside the first one of each address. */
	uint32_t pseudo_peers;
	uint32_t pseudo_peers_per_address;
};

/* What we call ourselves in phase 1; IOS: crypto isakmp identity. */
enum ike_identity {
	IKE_IDENTITY_AUTO, /* the address with a pre-shared key, the certificate's subject with one */
	IKE_IDENTITY_ADDRESS,
	IKE_IDENTITY_HOSTNAME,
	IKE_IDENTITY_DN, /* the certificate's subject; without one the address */
};

/* Borrowed, with everything it points to, for the core's life or until ike_configure(). */
struct ike_config {
	const struct ike_policy *policies; /* lowest priority number first */
	size_t policy_count;
	const struct ike_psk *psks;
	size_t psk_count;
	struct trustpoint *trustpoint; /* cert.h; NULL: no certificates */
	enum ike_identity identity;
	struct span hostname; /* of IKE_IDENTITY_HOSTNAME */
	struct ike_dpd dpd;
	uint32_t nat_keepalive; /* s, for a NAT of ours, RFC 3948 4; 0: the default, 20 */
	/*
	 * Addresses that stand for peers which share one behind a NAT, see sharing.h; no member or
	 * network may use any of them. None: 240.0.0.0/8.
	 */
	struct prefix pseudo_pool;
	struct ike_limits limits; /* a zero takes the default */
};

struct ike *ike_new(const struct ike_config *cfg, const uint8_t seed[DRBG_SEED]);
/* Wipes and frees everything; sends nothing (see ike_shutdown). */
void ike_free(struct ike *ike);
/* A changed configuration; holds for negotiations that begin from now on. */
void ike_configure(struct ike *ike, const struct ike_config *cfg);

/*
 * Whether the encryption key of each new ISAKMP SA is told as an effect of its own: for whoever wants to
 * read a capture. Not at first: no key leaves the core then, but those for the kernel.
 */
void ike_tell_keys(struct ike *ike, bool tell);

/* A tunnel source that IKE serves, and what quick mode may agree on there. Profile borrowed. */
void ike_local_add(struct ike *ike, const struct addr *local, const struct ike_profile *profile);
/* Deletes its SAs, telling the peers. */
void ike_local_remove(struct ike *ike, msec now, const struct addr *local);

/* Requests */

struct ike_datagram {
	struct endpoint local; /* as received */
	struct endpoint remote;
	bool natt;	  /* came on the NAT-T port, its non-ESP marker is removed */
	struct span data; /* borrowed for the call */
};
void ike_input(struct ike *ike, msec now, const struct ike_datagram *d);

/*
 * Somebody needs a pair of SAs with this peer. If there is one, PEER_UP is told again; else a
 * negotiation starts unless one is under way. One that fails is told as FAILED and not tried again
 * until asked. False: `local` is not one of ours, or `remote` a pseudo address that stands for
 * nobody now.
 */
bool ike_connect(struct ike *ike, msec now, const struct addr *local, const struct addr *remote);
/* Nobody needs this peer any more: its SAs are deleted, the peer is told. */
void ike_release(struct ike *ike, msec now, const struct addr *local, const struct addr *remote);
/*
 * Whether its SAs are to be renewed when their time comes: those of a peer that is not needed expire,
 * unless the peer renews them. True at first, and again with ike_connect().
 */
void ike_need(struct ike *ike, msec now, const struct addr *local, const struct addr *remote,
	      bool needed);
/*
 * The peer does not answer though its SAs look well: ask it (DPD), or where it cannot be asked, let
 * a new phase 1 tell. If it is dead, its SAs end with PEER_DOWN.
 */
void ike_suspect(struct ike *ike, msec now, const struct addr *local, const struct addr *remote);
/*
 * The same, and if it lives it may still have lost the pair: a Delete of it that got lost leaves us alone
 * with ours. Then another pair is negotiated when the peer has answered.
 */
void ike_suspect_pair(struct ike *ike, msec now, const struct addr *local,
		      const struct addr *remote);
/* Answers QUERY_TRAFFIC about that inbound SPI: what the kernel counted since the SAs were installed. */
void ike_traffic(struct ike *ike, msec now, const struct addr *local, const struct addr *remote,
		 uint32_t spi_in, uint64_t packets_in, uint64_t packets_out);
/* Operator's clear: as release, for one peer or (both NULL) for all. */
void ike_clear(struct ike *ike, msec now, const struct addr *local, const struct addr *remote);
/* Deletes everything, telling the peers; drain the effects, then ike_free(). */
void ike_shutdown(struct ike *ike, msec now);

/*
 * The kernel took ESP that came from another port or address than its SA says (after a NAT's mapping
 * has changed). The peer's SAs follow, or it starts anew.
 */
void ike_esp_seen(struct ike *ike, msec now, const struct addr *local, const struct addr *remote,
		  const struct endpoint *seen);

/* The kernel's answer to SA_ADD: 0 or an errno. */
void ike_sa_done(struct ike *ike, msec now, uint64_t token, int error);
/* The kernel says that a lifetime of the SA with this SPI is over; ours if the remote end is src. */
void ike_sa_expired(struct ike *ike, msec now, const struct addr *src, const struct addr *dst,
		    uint32_t spi, bool hard);

/*
 * Costly arithmetic (Diffie-Hellman, signatures) as a job, so that its cost can be borne by another
 * thread. The job that an effect brings is the owner's: it runs it wherever it likes, hands the
 * result back with ike_job_done() and frees it. One that is not handed back just stays unanswered.
 */
struct ike_job;
void ike_job_run(struct ike_job *job); /* any thread */
void ike_job_done(struct ike *ike, msec now, const struct ike_job *job);
void ike_job_free(struct ike_job *job); /* wipes it; NULL is fine */

/* Time */
/*
 * What the clock on the wall says (seconds since 1970), at least at the start and after a jump: by it
 * the validity of certificates is judged.
 */
void ike_wall_clock(struct ike *ike, msec now, int64_t seconds);
void ike_tick(struct ike *ike, msec now);
msec ike_deadline(const struct ike *ike); /* MSEC_NEVER: nothing to wait for */

/* Effects */

enum ike_direction { IKE_INBOUND, IKE_OUTBOUND };

struct ike_ipsec_sa {
	enum ike_direction direction;
	struct addr local, remote;
	/*
	 * Where its packets go. Other than `remote` only for a pseudo address: the kernel then knows
	 * `remote` inside of the SA, and this one outside.
	 */
	struct addr outer;
	uint16_t encap_local, encap_remote; /* UDP encapsulation ports; 0: plain ESP */
	bool nat;	       /* the peer is behind a NAT */
	uint32_t spi;
	struct esp_suite suite;
	struct span key;       /* cipher key, then salt */
	struct span auth_key;  /* empty for an AEAD */
	uint32_t hard_seconds; /* 0: no limit */
	uint64_t soft_bytes, hard_bytes;
	uint32_t replaces_spi; /* outbound: to be deleted in the same batch; 0: none */
};

enum ike_effect_kind {
	IKE_EFFECT_SEND,
	IKE_EFFECT_JOB,		  /* the job is the owner's from now on */
	IKE_EFFECT_SA_ADD,	  /* answer with ike_sa_done(token) */
	IKE_EFFECT_SA_UPDATE,	  /* other encapsulation ports, without keys; no answer is needed */
	IKE_EFFECT_SA_DELETE,	  /* no answer is needed */
	IKE_EFFECT_PEER_UP,	  /* the first pair of SAs with the peer is in the kernel */
	IKE_EFFECT_PEER_DOWN,	  /* the last one is gone; told before its SA_DELETEs */
	IKE_EFFECT_PEER_FAILED,	  /* what ike_connect() asked for did not come about */
	IKE_EFFECT_QUERY_TRAFFIC, /* answer with ike_traffic(), now or a little later */
	IKE_EFFECT_KEY,		  /* only after ike_tell_keys(): of an ISAKMP SA; secret, and no event */
	IKE_EFFECT_EVENT
};

struct ike_effect {
	enum ike_effect_kind kind;
	struct addr local, remote; /* PEER_*, SA_DELETE, QUERY_TRAFFIC */
	struct addr outer;	   /* SA_DELETE, QUERY_TRAFFIC: as in struct ike_ipsec_sa */
	union {
		struct {
			struct endpoint local, remote;
			bool natt; /* wants the non-ESP marker in front */
			struct span data;
		} send;
		struct ike_job *job;
		struct {
			uint64_t token;
			struct ike_ipsec_sa sa;
		} add; /* SA_UPDATE, too */
		struct {
			enum ike_direction direction;
			uint32_t spi;
		} del;
		struct {
			uint32_t spi_in, spi_out;
		} query;
		struct {
			uint8_t icookie[ISAKMP_COOKIE];
			struct span key; /* wiped with the effect */
		} key;
		enum ike_cause cause; /* PEER_DOWN, PEER_FAILED */
		struct {
			/*
			 * What the peer calls itself. A certificate proves it (unless ignore_identity);
			 * a pre-shared key only that the peer has the key.
			 */
			struct ike_id identity;
			enum auth_method auth;
		} up; /* PEER_UP */
		struct ike_event event;
	};
};
/* False: nothing (more) to do. */
bool ike_next_effect(struct ike *ike, struct ike_effect *out);

/* For shows and tests; a snapshot per SA. */

struct ike_sa_info {
	uint32_t conn_id;
	struct endpoint local, remote;
	enum ike_role role;
	enum ike_state state;
	struct ike_step last;	   /* the newest step of its history */
	struct isakmp_suite suite; /* zeros until agreed */
	uint32_t lifetime;	   /* seconds, agreed */
	msec since;		   /* creation */
	msec expires;		   /* MSEC_NEVER before MM_ACTIVE */
	bool rekeying;		   /* its successor is being negotiated */
	bool nat_us, nat_them;	   /* behind a NAT */
	struct ike_id claims;	   /* what the peer calls itself; of no length until it has told */
	bool dpd, fragments;	   /* the peer knows of that */
	uint8_t icookie[ISAKMP_COOKIE], rcookie[ISAKMP_COOKIE];
};
struct ike_pair_info {
	uint32_t conn_id; /* of the ISAKMP SA that made it */
	struct addr local, remote, outer; /* as in struct ike_ipsec_sa */
	uint16_t encap_local, encap_remote;
	enum ike_role role;
	enum ike_state state; /* QM_*: of an unfinished exchange; QM_ACTIVE */
	struct esp_suite suite;
	enum group_id pfs;
	uint32_t spi_in, spi_out;
	uint32_t life_seconds, life_kilobytes;
	msec since, expires;
	bool current; /* it carries the traffic; false: an old one being drained */
	/* Its outbound SA is in the kernel: the current one's, or at a rekey still the old one's. */
	bool sends;
	struct ike_step last;
};
/* Start with *cursor NULL; no other call into the core in between. False at the end. */
bool ike_sa_next(const struct ike *ike, const void **cursor, struct ike_sa_info *out);
bool ike_pair_next(const struct ike *ike, const void **cursor, struct ike_pair_info *out);

struct ike_counters {
	uint64_t received, sent, retransmitted, duplicates;
	uint64_t dropped[IKE_DROP_COUNT];
	uint64_t failed[IKE_CAUSE_COUNT];
	uint64_t phase1_up, phase2_up, rekeyed;
	uint64_t evicted;		/* unproven half-open ones, by newer ones */
	uint64_t half_open, sas, pairs; /* now */
};
const struct ike_counters *ike_counters(const struct ike *ike);

#endif
