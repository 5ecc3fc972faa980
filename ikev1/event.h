/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened, as typed events with plain values: the IKE core's only account of itself. The
 * daemon's trace renders them as log lines, its diagnosis finds causes in them, tests read them.
 * No pointer in an event outlives the next call into the core, except to constant texts.
 */
#ifndef IKEV1_EVENT_H
#define IKEV1_EVENT_H

#include "ikev1/isakmp.h"
#include "ikev1/proposal.h"
#include "ikev1/state.h"
#include "lib/addr.h"
#include "lib/util.h"

#define IKE_HISTORY 16 /* steps that an exchange remembers */

enum ike_role { IKE_INITIATOR, IKE_RESPONDER };

/* One step of an exchange, newest first in a history. */
struct ike_step {
	enum ike_state state;	  /* that it was in */
	enum ike_fsm_event event; /* that came */
};

/* Why an exchange failed, as far as this end can know. */
enum ike_cause {
	IKE_CAUSE_NONE,
	IKE_CAUSE_NO_ANSWER,	      /* nothing came back; the state tells where */
	IKE_CAUSE_NO_POLICY,	      /* the peer's phase 1 offer fits none of our policies */
	IKE_CAUSE_PEER_NO_POLICY,     /* the peer says NO-PROPOSAL-CHOSEN to our phase 1 offer */
	IKE_CAUSE_NO_KEY,	      /* no pre-shared key is configured for this peer */
	IKE_CAUSE_KEY_MISMATCH,	      /* MM5/MM6 does not decrypt to sense: probable PSK mismatch */
	IKE_CAUSE_PEER_KEY_MISMATCH,  /* the peer says so, or never answers MM5 */
	IKE_CAUSE_PEER_NO_KEY,	      /* the peer says that it has no key for us */
	IKE_CAUSE_PEER_REFUSES,	      /* the peer has the same key, and refuses us all the same */
	IKE_CAUSE_PEER_LEFT,	      /* the peer deleted the SA right after phase 1, with nothing on it */
	IKE_CAUSE_AUTH_HASH,	      /* decrypted, but HASH_I/HASH_R is wrong */
	IKE_CAUSE_IDENTITY,	      /* phase 1 identity not accepted */
	IKE_CAUSE_BAD_KE,	      /* the peer's public value is not one of the group */
	IKE_CAUSE_MALFORMED,
	IKE_CAUSE_NO_TRANSFORM,	      /* the peer's phase 2 offer fits no transform-set of ours */
	IKE_CAUSE_PEER_NO_TRANSFORM,  /* the peer says NO-PROPOSAL-CHOSEN to our phase 2 offer */
	IKE_CAUSE_PFS_REQUIRED,	      /* we ask for PFS, the peer does not */
	IKE_CAUSE_PFS_GROUP,	      /* both do, with different groups */
	IKE_CAUSE_PROXY_IDENTITIES,   /* quick-mode identities are not the GRE endpoints */
	IKE_CAUSE_PEER_PROXY_IDENTITIES, /* the peer says INVALID-ID-INFORMATION */
	IKE_CAUSE_PEER_DELETED,	      /* the peer deleted the SA under the exchange */
	IKE_CAUSE_KERNEL,	      /* the kernel refused an SA; `error` is its errno */
	IKE_CAUSE_SUPERSEDED,	      /* not a fault: another exchange does the same */
	IKE_CAUSE_LIMIT,	      /* too many half-open exchanges */
	IKE_CAUSE_ADMIN,	      /* cleared by the operator, or the daemon stops */
	IKE_CAUSE_DEAD_PEER,	      /* does not answer R-U-THERE any more */
	IKE_CAUSE_EXPIRED,	      /* lifetime is over */
	IKE_CAUSE_MOVED,	      /* the peer has another address now */
	IKE_CAUSE_SHARED_ADDRESS,     /* too many peers behind one NAT address, or behind all of them */
	/* Certificates; struct ike_cert says which one it is about. */
	IKE_CAUSE_NO_TRUSTPOINT,      /* rsa-sig is agreed on, and we have no trustpoint */
	IKE_CAUSE_NO_CERTIFICATE,     /* the peer sent none */
	IKE_CAUSE_CERT_MALFORMED,     /* it cannot be read, or its key is none that IKE uses */
	IKE_CAUSE_CERT_UNTRUSTED,     /* no chain to one of our trust anchors */
	IKE_CAUSE_CERT_EXPIRED,
	IKE_CAUSE_CERT_NOT_YET_VALID,
	IKE_CAUSE_CERT_REVOKED,
	IKE_CAUSE_CERT_NO_CRL,	      /* revocation cannot be checked, and must be */
	IKE_CAUSE_CERT_KEY_USAGE,
	IKE_CAUSE_CERT_IDENTITY,      /* the identity is not in the certificate */
	IKE_CAUSE_SIGNATURE,	      /* not made with the certificate's key over this exchange */
	IKE_CAUSE_PEER_CERTIFICATE,   /* the peer refuses our certificate or signature */
	IKE_CAUSE_COUNT
};

/* What a peer calls itself. */
struct ike_id {
	uint8_t type; /* enum isakmp_id_type */
	uint8_t len;
	uint8_t data[64]; /* cut; of a distinguished name its text */
};

/* What is said about a certificate; names as text without control characters, cut where longer. */
struct ike_cert {
	char subject[128], issuer[128];
	uint8_t serial[20]; /* the number's octets */
	uint8_t serial_len; /* 0: there is no certificate to speak of */
	uint8_t depth;	    /* 0: the peer's own, 1: its issuer's, ... */
	int64_t not_before, not_after; /* seconds since 1970 */
	/* The library's own words, where there are any; CERT_IDENTITY: the names that are in it. */
	char detail[128];
	struct ike_id id; /* CERT_IDENTITY, IDENTITY: what the peer calls itself; empty: not said */
	/* PEER_CERTIFICATE: what we ourselves find wrong with our own certificate; NONE: nothing. */
	enum ike_cause flaw;
	uint16_t notify; /* PEER_CERTIFICATE: how the peer said it */
};

/* An end as a quick mode names it; type 0: it names none. */
struct ike_proxy {
	uint8_t type; /* enum isakmp_id_type */
	uint8_t protocol;
	uint16_t port;
	uint8_t len;
	uint8_t data[8]; /* of addresses; longer ones are cut */
};

/* Why a datagram was dropped before it could touch an exchange. */
enum ike_drop {
	IKE_DROP_MALFORMED,	  /* `flaw` and `offset` say what */
	IKE_DROP_UNKNOWN_SA,	  /* cookies of no SA of ours */
	IKE_DROP_AGGRESSIVE,	  /* aggressive mode is refused: it shows identities and eases PSK guessing */
	IKE_DROP_EXCHANGE_TYPE,	  /* another exchange that is not spoken here */
	IKE_DROP_IKEV2,
	IKE_DROP_NO_LOCAL,	  /* to an address that no tunnel uses */
	IKE_DROP_HALF_OPEN_LIMIT, /* in all, or from this source */
	IKE_DROP_CLEARTEXT,	  /* in the clear where it must be encrypted */
	IKE_DROP_UNDECRYPTABLE,
	IKE_DROP_HASH,		  /* phase 2 or informational HASH is wrong or missing */
	IKE_DROP_UNEXPECTED,	  /* no row of the table fits: message or payloads out of place */
	IKE_DROP_REPLAY,	  /* a message id that was used */
	IKE_DROP_FLOOD,		  /* a first message, of more than are answered before they come again */
	IKE_DROP_FRAGMENT,	  /* a fragment that fits none of the others, or too many of them */
	IKE_DROP_REFLECTED,	  /* our own first message, sent back */
	IKE_DROP_ELSEWHERE,	  /* answers ours, from another address: `from`; `remote` was asked */
	IKE_DROP_COUNT
};

enum ike_event_kind {
	IKE_EVENT_STATE,	/* a state transition: state */
	IKE_EVENT_MESSAGE,	/* a message left or arrived: message */
	IKE_EVENT_FRAGMENTS,	/* a message was cut, or put together: fragments */
	IKE_EVENT_PROCESSING,	/* a payload is being read: payload */
	IKE_EVENT_CONSTRUCTING, /* a payload is being written: payload */
	IKE_EVENT_NEW_PHASE1,	/* "IKE Initiator: New Phase 1" */
	IKE_EVENT_POLICY_MATCH, /* phase 1: "Oakley proposal is acceptable": match */
	IKE_EVENT_POLICY_MISS,	/* phase 1: mismatch */
	IKE_EVENT_ESP_MATCH,	/* phase 2: match */
	IKE_EVENT_ESP_MISS,	/* phase 2: mismatch */
	IKE_EVENT_KEYS,		/* "Generating keys for Initiator..." */
	IKE_EVENT_HASH,		/* "Computing hash for ISAKMP"; flag: it is right, or ours */
	IKE_EVENT_ID,		/* identity received, from who has proven to have the key: id */
	IKE_EVENT_LANDED,	/* "Connection landed on tunnel_group": the peer has proven who it is */
	IKE_EVENT_CERT,		/* the peer's certificate was judged and is good: cert */
	IKE_EVENT_SIGNATURE,	/* our own was made (flag false), or the peer's verified */
	IKE_EVENT_PHASE1_DONE,	/* "PHASE 1 COMPLETED": phase1 */
	IKE_EVENT_QM_START,	/* "starting QM: msg id" */
	IKE_EVENT_PHASE2_DONE,	/* "PHASE 2 COMPLETED": phase2 */
	IKE_EVENT_NOTIFY,	/* notification received: notify */
	IKE_EVENT_DELETE,	/* delete received or sent: phase2.spi_* or the ISAKMP SA's */
	IKE_EVENT_RETRANSMIT,	/* our message goes again: retransmit */
	IKE_EVENT_DUPLICATE,	/* the peer's message came again */
	IKE_EVENT_DPD,		/* R-U-THERE is sent, or the peer is dead: dpd */
	IKE_EVENT_REKEY,	/* phase 1 or 2 is about to be replaced: phase */
	IKE_EVENT_CROSSED,	/* both ends initiated; flag: ours is kept */
	IKE_EVENT_DROP,		/* a datagram was dropped: drop */
	IKE_EVENT_EVIDENCE,	/* why it will probably fail: failure.cause, .state, .mismatch; once */
	IKE_EVENT_FAILED,	/* an exchange failed: failure */
	IKE_EVENT_SA_GONE,	/* an SA left: phase, failure.cause */
	IKE_EVENT_NAT,		/* what discovery found: nat */
	IKE_EVENT_MOVED,	/* the peer is at another port or address: moved */
	IKE_EVENT_FLOOD,	/* of first messages, now and then while it lasts: flood */
	IKE_EVENT_COUNT
};

struct ike_event {
	msec at;
	/* What it is about: the same in all events of one exchange. */
	struct endpoint local, remote;
	uint32_t conn_id; /* of the ISAKMP SA, as IOS counts them from 1001; 0: none yet */
	uint8_t icookie[ISAKMP_COOKIE];
	enum ike_role role;
	int phase;	/* 1 or 2; 0 where it is neither */
	uint32_t msgid; /* phase 2 and informational */

	enum ike_event_kind kind;
	uint8_t level; /* ASA debug level at which it shows: 1 always, 100 informational, 200 all, 254 */
	union {
		struct {
			enum ike_state old_state, new_state;
			enum ike_fsm_event event;
			msec elapsed; /* since the exchange began */
		} state;
		struct {
			bool sent;
			uint8_t exchange;
			uint8_t count;
			uint32_t length;
			uint16_t notify; /* what its first notification says; 0: there is none */
			uint8_t type[ISAKMP_PAYLOADS_MAX]; /* payload chain, without the closing NONE */
		} message;
		struct {
			bool sent;
			uint8_t count;
			uint32_t length; /* octets of the whole */
		} fragments;
		struct {
			uint8_t type;
			enum isakmp_vid vid; /* of a VENDOR payload */
		} payload;
		struct {
			unsigned int policy; /* priority (phase 1) */
			unsigned int transform;
			struct isakmp_suite isakmp;
			struct esp_suite esp;
			enum group_id pfs;
			uint32_t our_lifetime, their_lifetime; /* seconds: the shorter holds */
		} match;
		struct mismatch mismatch;
		struct {
			struct ike_id is;
			bool accepted;
		} id;
		struct ike_cert cert;
		struct {
			struct isakmp_suite suite;
			uint32_t lifetime; /* seconds */
		} phase1;
		struct {
			uint32_t spi_in, spi_out;
			struct esp_suite suite;
			enum group_id pfs;
			uint32_t life_seconds, life_kilobytes;
			bool sent;
		} phase2;
		struct {
			uint16_t type;
			bool authenticated;
			bool keyed; /* the ISAKMP SA that it is about has its keys */
		} notify;
		struct {
			unsigned int count;
			msec next; /* wait until the next one */
		} retransmit;
		struct {
			enum ike_drop why;
			enum isakmp_flaw flaw;
			uint32_t offset;
			uint8_t exchange;
			/* What stands where a main mode would begin, by an SA payload; NONE: no matter. */
			uint8_t not_sa;
			struct addr from; /* of ELSEWHERE */
		} drop;
		struct {
			enum ike_cause cause;
			enum ike_state state;  /* it was in */
			enum auth_method auth; /* phase 1, once agreed */
			int error;	       /* errno of the kernel */
			uint8_t history_len;
			struct ike_step history[IKE_HISTORY]; /* newest first */
			union {
				struct mismatch mismatch; /* of NO_POLICY, NO_TRANSFORM, PFS_* */
				struct ike_cert cert;	  /* of what is about certificates */
				/* of PROXY_IDENTITIES: IDci and IDcr, as the peer names them */
				struct ike_proxy proxy[2];
			};
		} failure;
		struct {
			uint8_t tries; /* questions that were asked in a row */
			bool dead;
		} dpd;
		struct {
			bool us, them; /* behind a NAT */
		} nat;
		struct {
			struct endpoint from; /* where it was; `remote` is where it is */
		} moved;
		struct {
			uint32_t rate;	  /* per second are answered at first sight */
			uint32_t put_off; /* others, since the last such event */
		} flood;
		bool flag;
	};
};

#endif
