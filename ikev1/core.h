/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core's own data, shared by the files of this room and by nobody else.
 *
 *   ike        everything
 *    peer      a pair of addresses; owns what was negotiated with it
 *     isakmp_sa   phase 1: an exchange (main mode) and then the keys it made
 *     ipsec_pair  phase 2: an exchange (quick mode) and then a pair of SAs in the kernel
 *
 * An exchange is what main mode and quick mode have in common: a state, a table, a history, the
 * last message sent and the last received, retransmission and a deadline. What an exchange needs
 * only while it runs is in a scratch block (mm, qm) that is wiped when it ends.
 */
#ifndef IKEV1_CORE_H
#define IKEV1_CORE_H

#include <sys/queue.h>
#define uthash_fatal(msg) abort() /* as the x* functions of lib/util.h do */
#include <uthash.h>

#include "ikev1/ike.h"
#include "ikev1/keymat.h"
#include "lib/timer.h"

#define IKE_NONCE_MAX	256
#define IKE_NONCE_LEN	32 /* of ours, RFC 2409: 8 to 256 */
#define IKE_NONCE_ORDER 32 /* octets of the initiator's nonce kept to settle a crossing */
#define IKE_SEEN_MSGIDS 24
#define IKE_IDENTITY_DIGEST	20 /* octets of an identity's digest */
#define IKE_DPD_TRIES	4  /* questions until a peer is dead */
#define IKE_RESEND_MAX	16 /* answers to duplicates of one message */

/* Times, milliseconds. */
#define IKE_RETRANSMIT_FIRST   1000  /* then doubled ... */
#define IKE_RETRANSMIT_LAST    4000  /* ... up to this: who comes back is found within seconds */
#define IKE_RETRANSMIT_LAST_2  2000  /* in phase 2: traffic hangs on it, and the peer is proven */
#define IKE_EXCHANGE_LIFETIME  30000 /* without a message that counted */
#define IKE_DRAIN	       60000 /* a superseded SA still receives: the peer may switch late */
#define IKE_LINGER	       3000  /* one that the peer deleted still reads what was sent before */
#define IKE_SWITCH_WAIT	       5000  /* for a sign that the responder can receive: it repeats itself */
#define IKE_SWITCH_LAST	       20000 /* however often it does */
#define IKE_RESPONDER_PATIENCE 2000  /* for the other end's quick mode before ours */

enum ike_timer_kind {
	TIMER_RETRANSMIT,  /* exchange */
	TIMER_DEADLINE,	   /* exchange: ends it, or lets go of its cached answer */
	TIMER_SA_REKEY,	   /* isakmp_sa */
	TIMER_SA_EXPIRE,   /* isakmp_sa */
	TIMER_SA_DPD,	   /* isakmp_sa: a peer was not heard, or did not answer */
	TIMER_PAIR_REKEY,  /* ipsec_pair */
	TIMER_PAIR_EXPIRE, /* ipsec_pair: lifetime or drain is over */
	TIMER_PAIR_SWITCH, /* switch_over: next question, or no more waiting */
	TIMER_PEER_WANT,   /* ike_peer: the other end had its chance to start quick mode */
	TIMER_PEER_KEEPALIVE, /* ike_peer: for a NAT of ours */
	TIMER_FRAGMENTS,   /* of an SA: too old to become a message */
	TIMER_PEER_MOVED,  /* ike_peer: it has another address */
};

/* Not in every sys/queue.h: the element may be removed inside the loop. */
#ifndef LIST_FOREACH_SAFE
#define LIST_FOREACH_SAFE(var, head, field, next) \
	for ((var) = LIST_FIRST(head); (var) && ((next) = LIST_NEXT(var, field), 1); (var) = (next))
#endif

struct nonce {
	uint16_t len;
	uint8_t data[IKE_NONCE_MAX];
};

/* A message that arrived, readable: decrypted where it was encrypted. */
struct incoming {
	struct isakmp_message m;
	bool encrypted;
	uint8_t iv[CRYPTO_BLOCK_MAX]; /* after it, to be committed once it is accepted */
	struct span datagram;	      /* as it came */
	const struct ike_datagram *from; /* NULL: whence it came says nothing */
};

/* Message ids that were used, so that an old message is known as one: a ring. */
struct msgids {
	uint32_t seen[IKE_SEEN_MSGIDS];
	uint8_t at;
};

struct exchange;

/* A row of a transition table: state and event decide, everything else follows. */
struct transition {
	enum ike_state state;
	enum ike_fsm_event event;
	enum ike_state next;
	/* Returns the event that follows; EV_NONE to wait, EV_IGNORED, EV_ERROR (x->cause is set). */
	enum ike_fsm_event (*action)(struct exchange *x, const struct incoming *in);
	/* EV_RCV_MSG only: payloads as bits, see PAYLOAD_BIT. */
	uint64_t required, optional;
	bool encrypted;
};
/* The private types that have a meaning (130 to 132) sit in the upper half. */
#define PAYLOAD_BIT(type) (1ULL << ((type) < 32 ? (type) : (type)-ISAKMP_NATD_DRAFT + 32))

struct exchange {
	struct ike *ike;
	int phase; /* 1: inside an isakmp_sa, 2: inside an ipsec_pair */
	enum ike_role role;
	enum ike_state state;
	const struct transition *table; /* ends with a row whose event is EV_NONE */
	uint32_t msgid;
	msec began;
	msec done;	      /* reached its ACTIVE state; 0: not yet */
	uint64_t first, last; /* the core's moments of both: milliseconds may be shared */
	bool outlived;	      /* given up: it may still be completed, but never be the one that serves */
	uint8_t iv[CRYPTO_BLOCK_MAX];

	struct timer retransmit, deadline;
	uint8_t *sent; /* last message, for retransmission and for duplicates */
	size_t sent_len;
	bool persistent;      /* may repeat it on its own timer: the peer's address is proven */
	uint8_t sends;	      /* of ours, on our own timer */
	uint8_t resends;      /* asked for by duplicates */
	uint8_t received[20]; /* digest of the last message that counted */
	bool has_received;

	uint64_t wait_id; /* what it waits for: a DH job or the kernel; 0: nothing */
	UT_hash_handle hh_wait;

	enum ike_cause cause;	 /* set with EV_ERROR */
	enum ike_cause evidence; /* what unauthenticated input suggests; told when time is over */
	int error;
	struct mismatch mismatch;
	struct ike_cert *cert; /* with a cause that is about one */
	struct ike_step history[IKE_HISTORY]; /* ring */
	uint8_t history_len, history_at;
};

/* What Diffie-Hellman needs; made when the peer's cookie has come back, so that a forger costs less. */
struct main_mode_dh {
	uint8_t private_value[CRYPTO_PRIVATE_MAX];
	uint8_t gxi[GROUP_PUBLIC_MAX], gxr[GROUP_PUBLIC_MAX];
	uint8_t gxy[GROUP_SECRET_MAX];
};

/* What main mode needs until it is done. */
struct main_mode {
	struct nonce ni, nr;
	uint8_t *sa_i; /* body of the initiator's SA payload, part of HASH_I and HASH_R */
	size_t sa_i_len;
	uint8_t *answer; /* responder: the SA payload's body that goes into message 2 */
	size_t answer_len;
	struct main_mode_dh *dh;
	struct main_mode_sig *sig; /* rsa_sig.c: with RSA signatures */
	bool initial_contact;	   /* the peer said so in message 5 or 6 */
	bool tells_seconds;	   /* responder: our lifetime is shorter than the one offered */
};

struct isakmp_sa {
	struct exchange x;
	struct ike_peer *peer;
	struct endpoint local, remote;
	bool natt;
	uint8_t cookies[2 * ISAKMP_COOKIE]; /* initiator's, responder's */
	UT_hash_handle hh;		    /* by cookies */
	struct {
		uint8_t secret[8]; /* so that nobody can choose which keys collide */
		uint8_t icookie[ISAKMP_COOKIE];
		struct endpoint remote;
	} first; /* finds the SA of a repeated message 1 */
	UT_hash_handle hh_first;
	LIST_ENTRY(isakmp_sa) of_peer;
	/* Responder's, until the cookie that we chose has come back: among those that may be evicted. */
	TAILQ_ENTRY(isakmp_sa) unproven;
	bool is_unproven;
	uint32_t conn_id;

	struct isakmp_suite suite;
	uint32_t lifetime; /* seconds */
	struct keymat_skeyid keys;
	uint8_t cipher_key[CRYPTO_KEY_MAX];
	uint8_t order[IKE_NONCE_ORDER]; /* of the initiator's nonce */
	struct main_mode *mm;
	struct timer rekey, expire;
	uint32_t vendor_ids; /* of the peer, as bits of enum isakmp_vid */
	struct {
		enum isakmp_vid version; /* that both ends speak; VID_UNKNOWN: none */
		bool us, them;		 /* behind a NAT */
	} nat;
	uint8_t identity[IKE_IDENTITY_DIGEST]; /* digest of the peer's */
	struct ike_id claims;			/* the same, for people */
	struct addr inside;		/* its own address, where the identity is one */
	struct {			/* path.c: asked at a new place whether it is there */
		struct endpoint at;
		uint32_t sequence; /* of the question; 0: none */
		msec asked;
	} probe;
	/* It named CAs that it trusts, ours among them, or others. */
	bool asks_for_ours, asks_for_others;
	struct fragments *fragments; /* fragment.c: of a message that is not complete; NULL: none */
	struct {
		struct timer timer;
		msec heard; /* anything authenticated */
		uint32_t sequence;
		uint8_t tries; /* questions without an answer; 0: not asking */
		bool was_asked;
		uint32_t asked; /* the number of the peer's last question that was news */
		uint64_t packets_in, packets_out; /* of ESP, as last told */
	} dpd;
	bool told_done;			/* sa_tell_done() */
	bool retired;			/* another one took its place; it ends after the drain */
	bool deleted;			/* by the peer; ends when nothing more can come from before */
	/* Apart, so that many signs of life do not make us forget the few quick modes. */
	struct msgids quick_ids, info_ids;
};

/* What quick mode needs until it is done. */
struct quick_mode {
	struct nonce ni, nr;
	uint8_t private_value[CRYPTO_PRIVATE_MAX];
	uint8_t public_value[GROUP_PUBLIC_MAX];
	uint8_t peer_public[GROUP_PUBLIC_MAX];
	uint8_t gxy[GROUP_SECRET_MAX];
	bool tells_seconds, tells_kilobytes; /* responder: ours is shorter than the one offered */
	bool has_ke;
	uint8_t *
		answer; /* responder: the SA payload's body for message 2, from the chosen transform */
	size_t answer_len;
	uint8_t key_in[KEYMAT_MAX], key_out[KEYMAT_MAX];
	bool in_added, out_added; /* the kernel was asked */
	uint32_t replaces;	  /* the outbound SPI that goes with that */
	bool in_done;		  /* and it has the inbound one */
	uint8_t id[2][12]; /* bodies of IDci and IDcr, as the initiator sent them */
	uint8_t id_len[2];
	struct ike_proxy refused[2]; /* those of the peer's that are not the ends of the tunnel */
};

struct ipsec_pair {
	struct exchange x;
	struct ike_peer *peer;
	struct isakmp_sa *sa; /* that negotiates or negotiated it; NULL once that one is gone */
	struct {
		uint32_t conn_id, msgid;
	} id;
	UT_hash_handle hh; /* by id */
	uint32_t spi_in, spi_out;
	UT_hash_handle hh_spi; /* by spi_in */
	struct addr outer;     /* where its packets go: the peer's name, or what the NAT shows */
	uint16_t encap_local, encap_remote; /* UDP ports around them, 0: none */
	LIST_ENTRY(ipsec_pair) of_peer;

	struct esp_suite suite;
	enum group_id pfs;
	uint32_t life_seconds, life_kilobytes;
	uint8_t order[IKE_NONCE_ORDER];
	struct quick_mode *qm;
	struct switch_over *switch_over; /* its outbound SA is still to come; NULL: it is not */
	struct timer rekey, expire;
	bool announced;	 /* the peer may know its inbound SPI */
	bool rekeying;	 /* its successor is being negotiated */
	bool has_out;	 /* its outbound SA is in the kernel */
	/*
	 * Another pair carries the traffic; this one drains. It still sends while the other one waits
	 * with its outbound SA.
	 */
	bool superseded;
};

struct ike_local {
	struct addr addr;
	const struct ike_profile *profile;
	UT_hash_handle hh;
};

struct ike_peer {
	struct {
		uint8_t secret[8]; /* so that nobody can choose which keys collide */
		struct addr local, remote;
	} key;
	UT_hash_handle hh;
	struct ike *ike;
	const struct ike_local *at;
	LIST_HEAD(, isakmp_sa) sas;
	LIST_HEAD(, ipsec_pair) pairs;
	uint32_t sa_count, pair_count;
	uint32_t half_open;  /* main modes here as responder */
	uint32_t unfinished; /* quick modes */
	bool wanted;	     /* ike_connect() was called and not answered yet */
	bool up;	     /* PEER_UP was told */
	bool suspect;	     /* not answering: the phase 1 under way decides */
	bool pair_suspect;   /* if it lives, it may still not have the pair */
	bool ending;	     /* all of it is being ended */
	bool unneeded;	     /* ike_need(): not renewed by us */
	struct timer want;
	struct { /* sharing.c: who it is */
		struct addr local, outer;
		uint8_t identity[IKE_IDENTITY_DIGEST];
	} who;
	bool is_known;
	struct shared_address *shares; /* sharing.c: where it has a pseudo address; NULL: it has none */
	struct ike_id claims; /* what it calls itself, and how it has proven to be a member */
	enum auth_method auth;
	UT_hash_handle hh_who;
	struct { /* path.c: where it was reached last */
		struct endpoint local, remote;
		bool natt;     /* on the port of NAT-T */
		bool us, them; /* behind a NAT */
	} path;
	struct timer keepalive, moved;
};

struct effect_node {
	STAILQ_ENTRY(effect_node) next;
	struct ike_effect effect;
	size_t extra_len; /* octets behind the node that belong to it */
	_Alignas(8) uint8_t extra[];
};

struct ike {
	const struct ike_config *cfg;
	struct ike_limits limits;
	struct psk_node *psks; /* psk.c: by prefix */
	uint64_t psk_lengths;  /* a bit for each prefix length that occurs */
	struct drbg drbg;
	msec now;	  /* of the request being served */
	int64_t wall;	  /* seconds since 1970, as it was ... */
	msec wall_at;	  /* ... then */
	uint64_t moments; /* counted: exchanges begin and end at one of their own */
	struct timers timers;
	struct ike_local *locals;
	struct ike_peer *peers;
	struct ike_peer *who;	     /* those whose identity is known */
	uint32_t next_pseudo;	     /* of the pool's addresses */
	uint32_t pseudo_peers;	     /* how many there are ... */
	struct shared_address *shared; /* ... and behind which addresses */
	struct isakmp_sa *sas;	     /* by cookies */
	TAILQ_HEAD(, isakmp_sa) unproven; /* oldest first */
	struct isakmp_sa *sas_first; /* responder's, by first message */
	struct ipsec_pair *pairs;    /* by conn-id and message id */
	struct ipsec_pair *spis;     /* by inbound SPI */
	struct exchange *waiting;    /* by wait_id */
	uint64_t next_wait;
	uint32_t next_conn_id;
	uint8_t hash_secret[8];
	TAILQ_HEAD(, fragments) fragments; /* of all SAs, oldest first */
	size_t fragment_bytes;
	struct flood *flood; /* flood.c: of first messages */
	bool tells_keys;	/* ike_tell_keys() */
	uint32_t notify_tokens; /* unauthenticated answers that may still leave */
	msec notify_refill;
	STAILQ_HEAD(, effect_node) effects;
	struct effect_node *taken; /* handed out last, freed at the next call */
	struct ike_counters counters;
	uint8_t plain[ISAKMP_MESSAGE_MAX];    /* the message being read, decrypted */
	uint8_t building[ISAKMP_MESSAGE_MAX]; /* the message being written */
};

/* effect.c: the queue */
struct effect_node *ike_effect_push(struct ike *ike, enum ike_effect_kind kind, const void *extra,
				    size_t extra_len);
void ike_effects_free(struct ike *ike);

/* report.c: events about something that is known */
struct ike_event *report(struct ike *ike, enum ike_event_kind kind, uint8_t level);
struct ike_event *report_sa(const struct isakmp_sa *sa, enum ike_event_kind kind, uint8_t level);
struct ike_event *report_exchange(struct exchange *x, enum ike_event_kind kind, uint8_t level);
void report_payload(struct exchange *x, enum ike_event_kind kind, const struct isakmp_payload *p);
/* Of an SA of ours, from somebody who was not asked. */
void report_elsewhere(const struct isakmp_sa *sa, const struct ike_datagram *d,
		      const struct isakmp_header *h);
void report_drop(struct ike *ike, const struct ike_datagram *d, const struct isakmp_header *h,
		 enum ike_drop why, enum isakmp_flaw flaw, size_t offset);

/* The levels at which events show, as the ASA's debug levels do. */
enum { LEVEL_ALWAYS = 1, LEVEL_INFO = 100, LEVEL_STEPS = 200, LEVEL_ALL = 254 };

static inline struct isakmp_sa *sa_of(struct exchange *x)
{
	return x->phase == 1 ? container_of(x, struct isakmp_sa, x)
			     : container_of(x, struct ipsec_pair, x)->sa;
}

static inline struct ipsec_pair *pair_of(struct exchange *x)
{
	return container_of(x, struct ipsec_pair, x);
}

static inline struct span span_of(const void *data, size_t len)
{
	return (struct span){ data, len };
}

static inline int64_t ike_wall(const struct ike *ike)
{
	return ike->wall + (int64_t)((ike->now - ike->wall_at) / 1000);
}

static inline struct span nonce_span(const struct nonce *n)
{
	return span_of(n->data, n->len);
}

#endif
