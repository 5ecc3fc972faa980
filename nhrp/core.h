/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share; nobody else includes it. The surface is nhrp/nhrp.h.
 *
 *     nhrp.c      the surface: dispatch of packets and timers, show
 *     effect.c    the queue of effects and events
 *     cache.c     interfaces and bindings (protocol address -> peer), kernel neighbours
 *     peer.c      NBMA addresses: SA pair wanted and up, packets that wait for it
 *     message.c   building and sending packets, extensions, errors
 *     nhs.c       next hop servers: which are needed, which one is in use, where they are
 *     client.c    registering with them
 *     resolve.c   paths of our own: provisional, direct, back
 *     server.c    judging registrations
 *     authorize.c which identity may have which address
 *     purge.c     that an answer does not hold any more: told and obeyed
 *     forward.c   answering and forwarding requests of others
 *     multicast.c who gets copies of multicast packets
 *     route.c     questions about the kernel's routes, and what waits for their answers
 *     redirect.c  phase 3 at the hub: telling spokes that there is a shorter way
 *     shortcut.c  phase 3 at the spoke: routes to prefixes behind other spokes
 *     offer.c     phase 3 at the egress: what was answered to whom, and taking it back
 *
 * Lifetimes. A binding refers to at most one peer, a next hop server to one; a peer that nobody
 * refers to is freed by peers_sweep() at the end of the call into the core, never before, so
 * a pointer to a peer is good throughout a call. A binding is freed by binding_free() only. A
 * shortcut whose egress is known hangs on the binding of its gateway and goes before it; what we
 * offered hangs on the peer that it was told.
 *
 * Timers of the room (kind: enum timer_kind), with what stands behind each in the comments.
 */
#ifndef NHRP_CORE_H
#define NHRP_CORE_H

#include <sys/queue.h>

/* A table that cannot grow ends the daemon like any other lack of memory. */
#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "lib/timer.h"
#include "nhrp/nhrp.h"
#include "nhrp/packet.h"

enum timer_kind {
	TIMER_NHS = 1,	    /* a registration: again, or renew */
	TIMER_CONNECT,	    /* an SA pair: ask again */
	TIMER_HELD,	    /* packets that waited too long for an SA pair */
	TIMER_LEASE,	    /* somebody may use the SA pair though nothing here does */
	TIMER_STEP,	    /* a binding: ask again, ask about use */
	TIMER_LIFE,	    /* a binding: ends, or the step it is in failed */
	TIMER_FALLBACK,	    /* a better server has been back for long enough */
	TIMER_SHORTCUT_STEP, /* a shortcut: ask again, ask about use */
	TIMER_SHORTCUT_LIFE, /* a shortcut: ends, or the state it is in failed */
	TIMER_OFFER,	    /* what somebody was told about a prefix: ends, or purge it again */
	TIMER_PURGE,	    /* one that was not answered: again */
};

#define RETRY_FIRST SECONDS(1)
#define RETRY_LAST SECONDS(64)
#define CONNECT_LAST SECONDS(8) /* asking for the SA pair with a server: who returns is found soon */
#define HELD_TIME SECONDS(10)	/* a packet waits for its SA pair */
#define HELD_PER_PEER 4
#define ASK_TRIES 4		/* at 0, 1, 3, 7 s; given up at 15 */
#define CONFIRM_TRIES 3		/* at 0, 1, 3 s; given up at 7 */
#define CONNECT_TIME SECONDS(10) /* for the SA pair of a direct path */
#define BOUND_TIME SECONDS(5)	/* for the kernel to take a registered client's neighbour */
#define CONTACT_GRACE SECONDS(60) /* for a peer that we told something to come back on it */
#define LEASE_MARGIN SECONDS(10) /* what we answered is used a little longer than we count */
#define NHS_PATIENCE 3		/* unanswered registrations until the server counts as down */
#define NHS_CONNECT_TRIES 3	/* CONNECTs, at 0, 1, 3 s, until the next server is tried, too */
#define RENEW_AT_ONCE_GAP SECONDS(10) /* between registrations that doubt caused */
#define HOLDING_TIME_MIN 5	/* s; a path for less is not worth its SA pair */
#define REDIRECT_FIRST SECONDS(2) /* between indications of one flow; the double each time */
#define REDIRECT_LAST SECONDS(8)  /* and at most that, which is IOS's */
#define REDIRECT_MEMORY SECONDS(16) /* a flow that begins anew after that is told at once */
#define REDIRECT_FLOWS 4096	/* of an interface, in that time */
#define REDIRECT_BURST 32	/* indications to one peer */
#define REDIRECT_PACE 50	/* ms, of those to one peer after the burst */
#define QUESTIONS 1024		/* open ones that packets caused, of all interfaces */
#define OFFERS_PER_PEER 256	/* prefixes that one peer may know from us */
#define GATEWAY_TIME SECONDS(30) /* for the path to an egress; longer than all its steps */
#define ERROR_BURST 10
#define ERROR_INTERVAL 100	/* ms */

struct iface;
struct peer;
struct binding;
struct shortcut;
struct question;
struct offer;
struct told;
struct flow;

/* ---- effect.c ---- */

struct queued {
	STAILQ_ENTRY(queued) next;
	struct nhrp_effect effect;
	uint8_t packet[];
};

STAILQ_HEAD(queue, queued);

void effect_push(struct nhrp *n, const struct nhrp_effect *effect);
void event_push(struct iface *i, enum nhrp_event_kind kind, enum nhrp_level level,
		const struct nhrp_event *fields);
/* event(i, NHRP_EV_DIRECT, NOTICE, .protocol = a, .nbma = b) */
#define event(i, kind, level, ...)                                  \
	event_push(i, kind, NHRP_LEVEL_##level,                     \
		   &(struct nhrp_event){ __VA_ARGS__ })
void effects_free(struct nhrp *n);

/* ---- the core ---- */

struct nhrp {
	struct iface *ifaces; /* by id */
	struct timers timers;
	struct drbg drbg;
	struct queue queue;
	struct queued *taken; /* the one that was handed out last */
	struct binding *by_token;
	uint64_t last_token;
	size_t n_dynamic; /* bindings that somebody else can make us keep */
	size_t max_dynamic;
	TAILQ_HEAD(, peer) idle; /* peers to look at in peers_sweep() */
	struct question *questions;		 /* by token */
	TAILQ_HEAD(questions, question) guests; /* those that packets caused, oldest first */
	size_t n_guests;
	struct shortcut *shortcuts_by_token;
};

/* A next hop server of ours. */
struct nhs {
	struct iface *iface;
	struct addr protocol;
	struct peer *peer; /* NULL: no map */
	uint8_t priority;
	uint8_t cluster;
	bool multicast;
	bool named;  /* its address is what nhrp_nhs_address() said */
	bool wanted; /* not on standby: its pair is wanted */
	bool failed; /* was wanted and did not come up, or went; until it is up again */
	struct addr translated; /* where it sees us; none: where we are */
	msec trusted_from;	/* preferred to worse ones from then on (fallback) */
	struct timer fallback;
	enum nhrp_nhs_state state;
	msec since;
	msec registered;
	msec asked; /* the last request left */
	unsigned int tries; /* requests without an answer, also refused ones */
	bool outstanding;
	bool proven; /* answered since it was suspected */
	uint32_t request_id; /* of the last registration, answered or not */
	uint8_t last_code;
	uint64_t requests_sent;
	uint64_t replies;
	uint64_t refusals;
	struct timer timer;
};

struct authorization;
struct purge;

struct iface {
	UT_hash_handle hh;
	struct nhrp *core;
	int id;
	struct nhrp_config cfg; /* defaults filled in; maps and nhs are not kept there */
	uint8_t authentication[4 + NHRP_AUTHENTICATION_MAX]; /* the extension's value */
	size_t authentication_len;			     /* 0: none */
	struct binding *bindings;			     /* by protocol address */
	struct peer *peers;				     /* by NBMA address */
	size_t n_nhs;
	struct nhs nhs[NHRP_NHS_MAX];
	struct nhs *nhs_in_use;	    /* NULL: none is up */
	uint8_t cluster_max[256];   /* 0: all */
	struct addr *multicast;	    /* static listeners, each wanted */
	size_t n_multicast;
	struct authorization *by_identity, *by_protocol; /* authorize.c's */
	size_t n_authorize;
	struct purge *purges;	    /* by id: those that were not answered yet */
	msec strangers_until;	    /* as peer->budget_until, for all who are no peer yet */
	size_t n_unresolved; /* bindings that are incomplete or negative */
	size_t n_held;
	msec errors_until; /* the time at which the error budget is full again */
	struct shortcut *shortcuts; /* by prefix */
	struct offer *offers;	    /* by prefix */
	struct flow *flows;	    /* that were redirected a short while ago */
	TAILQ_HEAD(flows, flow) flows_by_age;
	struct nhrp_counters counters;
};

/* ---- peer.c ---- */

struct held {
	STAILQ_ENTRY(held) next;
	msec until;
	struct addr through; /* who may carry it if its own SA pair does not come; none: nobody */
	struct nhrp_event about;
	size_t len;
	uint8_t packet[];
};

struct registration;

struct peer {
	UT_hash_handle hh;
	struct addr nbma;
	struct iface *iface;
	bool up;
	bool nat;   /* behind a NAT: the NBMA address in its packets is one inside */
	bool heard; /* an NHRP packet came from it since its pair is there */
	bool asked; /* CONNECT was said, or it is up: RELEASE when it goes */
	bool touched; /* somebody here needed it once; else its pair is the other side's affair */
	bool idle;  /* in core->idle */
	bool multicast; /* a static listener */
	bool listening; /* MULTICAST_ADD was said */
	bool flooding; /* told */
	bool stranger; /* it has another identity than who registered from its address */
	msec since;
	msec budget_until; /* the time at which it may send a whole burst again */
	uint8_t *identity; /* what phase 1 proved it to be; NULL: unknown */
	size_t identity_len;
	unsigned int known;  /* who knows it */
	unsigned int wanted; /* who needs the SA pair now */
	unsigned int tries;
	uint64_t own_packets; /* NHRP's share of what the pair carried since nhrp_used() */
	uint64_t payload;     /* packets of others, ever */
	LIST_HEAD(, binding) bindings;
	STAILQ_HEAD(, held) held;
	size_t n_held;
	struct registration *registration; /* waits for the kernel */
	LIST_HEAD(, told) told;		   /* prefixes that it knows from us */
	size_t n_told;
	uint32_t answered; /* the request of it that was answered last, over its pair */
	msec redirects_until; /* the time at which its budget of indications is full again */
	TAILQ_ENTRY(peer) next_idle;
	struct timer connect;
	struct timer held_timer;
	struct timer lease;
};

struct peer *peer_find(const struct iface *i, const struct addr *nbma);
/* A client of ours (not a server) that is behind a NAT. */
bool peer_is_inside(struct iface *i, const struct addr *nbma);
/* Makes it where it is not there yet; NULL at the limit. */
struct peer *peer_get(struct iface *i, const struct addr *nbma);
void peer_know(struct peer *p);
void peer_forget(struct peer *p);
/* Wanting asks for the SA pair, at once and on the schedule. */
void peer_want(struct peer *p, msec now);
void peer_unwant(struct peer *p);
/* The other side may use the pair until then. */
void peer_lease(struct peer *p, msec now, msec until);
/* Now, or when its pair is up. `about`: type, request_id, source, protocol of the packet. */
void peer_send(struct peer *p, msec now, const uint8_t *packet, size_t len,
	       const struct nhrp_event *about, const struct addr *through);
void peer_up(struct peer *p, msec now);
void peer_down(struct peer *p, msec now);
void peer_timer(struct peer *p, msec now, struct timer *t);
/* Does without its pair, where nothing wants it, also if something still knows it. */
void peer_release(struct peer *p, msec now);
/* Says RELEASE where it must, and frees it. */
void peer_let_go(struct peer *p);
void peers_sweep(struct nhrp *n);
/* 1, 2, 4 ... 64 s for try 0, 1, 2 ... */
msec retry_after(unsigned int tries);

/* ---- cache.c ---- */

enum step {
	STEP_NONE,	 /* local, static, registered with us */
	STEP_ASKING,	 /* the server was asked */
	STEP_CONNECTING, /* it named an NBMA address; the SA pair is not there yet */
	STEP_CONFIRMING, /* asked over that pair */
	STEP_DIRECT,
	STEP_HOLD_DOWN,
};

struct binding {
	UT_hash_handle hh;
	UT_hash_handle hh_token;
	LIST_ENTRY(binding) same_peer;
	struct iface *iface;
	struct addr protocol;
	enum nhrp_entry_type type;
	unsigned int flags; /* enum nhrp_entry_flag */
	struct peer *peer;  /* whom the address belongs to; NULL while unknown */
	bool wants;	    /* peer is wanted, not only known */
	struct addr path;   /* where the kernel's neighbour points; none: there is none */
	struct addr inside; /* what it says its NBMA address is, where it is not where we see it */
	uint64_t token;	    /* of the BIND that was not answered yet; 0: all were */
	struct registration *registration; /* is answered when the kernel took the neighbour */
	struct asker *askers; /* server.c's: who was told of it from our cache */
	uint16_t mtu;
	uint16_t holding_time;
	msec created;
	msec expires;
	/* resolve.c's */
	enum step step;
	struct nhs *nhs;     /* who was asked, who carries the traffic meanwhile */
	bool asking;	     /* a request with request_id may still be answered */
	uint32_t request_id;
	unsigned int tries;
	unsigned int questions; /* QUERY_USE said since the path was last confirmed */
	bool question_open;
	uint64_t payload_seen; /* peer->payload at the last answer */
	msec direct_since;
	LIST_HEAD(, shortcut) shortcuts; /* whose gateway this is */
	struct timer step_timer;
	struct timer life;
};

struct iface *iface_find(const struct nhrp *n, int id);
struct binding *binding_find(const struct iface *i, const struct addr *protocol);
struct binding *binding_new(struct iface *i, msec now, const struct addr *protocol,
			    enum nhrp_entry_type type);
/* Keeps the limits' counts right. */
void binding_set_type(struct binding *b, enum nhrp_entry_type type);
/* peer may be NULL; `wants`: its SA pair is needed now. */
void binding_set_peer(struct binding *b, msec now, struct peer *peer, bool wants);
/* Points the kernel's neighbour there, where it does not already. */
void binding_point(struct binding *b, const struct addr *nbma);
void binding_repoint(struct binding *b);
/* Whose BIND that was; NULL where it does not matter any more. */
struct binding *binding_answered(struct nhrp *n, uint64_t token);
void binding_expire_at(struct binding *b, msec when);
/* UNBIND, tells why, lets go of the peer. */
void binding_free(struct binding *b, enum nhrp_reason why);
bool dynamic_limit_reached(const struct iface *i);
/* A host address of the tunnel's prefix, neither its network's nor its broadcast address. */
bool in_tunnel(const struct iface *i, const struct addr *a);
/* Registered here, or configured: packets for it can be sent there. NULL is not. */
bool binding_is_settled(const struct binding *b);

/* ---- message.c ---- */

/* A packet of ours, hop count 255, with our source addresses. */
void message_start(const struct iface *i, struct nhrp_packet *p, enum nhrp_type type,
		   const struct addr *destination);
/* Responder address, forward and reverse transit record, all empty, as IOS sends them. */
void message_add_extensions(struct nhrp_packet *p);
/* An entry with our own addresses for a reply or a transit record. */
struct nhrp_cie message_own_cie(const struct iface *i);
/*
 * Turns a request into the reply that goes back to its source: our entry in the responder address
 * extension, the forward record as it came. room holds the entry until the packet is sent.
 */
void message_reply(struct iface *i, struct nhrp_packet *p, enum nhrp_type type,
		   uint8_t room[NHRP_CIE_OCTETS]);
/* Where that protocol address is seen, by the NAT extension; none where it does not say. */
struct addr message_nat_address(struct nhrp_packet *p, const struct addr *protocol);
/* Adds that to the NAT extension; room holds it until the packet is sent. */
struct nat_room {
	uint8_t octets[8 * NHRP_CIE_OCTETS];
};
void message_nat_add(struct nhrp_packet *p, const struct addr *protocol, const struct addr *nbma,
		     struct nat_room *room);
/* In an answer for us: the entries get the NBMA addresses that can be reached from here. */
void message_untranslate(struct nhrp_packet *p);
/* Our NBMA address as others see it; none: our own, or unknown. */
struct addr message_where_we_are_seen(const struct iface *i);
/* Adds the authentication, encodes, counts, sends (or holds). False: larger than we send. */
bool message_send(struct iface *i, msec now, struct peer *to, struct nhrp_packet *p,
		  const struct addr *through);
/* The key in the packet is ours, or we have none. */
bool message_authentic(struct iface *i, struct nhrp_packet *p, const struct addr *source_nbma);
/* Says so to where the packet came from, unless that is about an error or there were too many. */
void message_error(struct iface *i, msec now, const struct addr *to, enum nhrp_error code,
		   size_t offset, const struct nhrp_packet *about, struct span packet);
/* A well-formed packet is not acted upon: counted and told. */
void message_drop(struct iface *i, const struct nhrp_packet *p, const struct addr *from,
		  enum nhrp_reason why, const struct addr *claimed);
/* Never more than ours; 0 means that there is nothing to say. */
uint16_t message_mtu(const struct iface *i, uint16_t mtu);
/* The entry to act upon comes first: no refusal, and of several the preferred one. */
void message_prefer(struct nhrp_packet *p);
uint32_t new_request_id(struct nhrp *n);
unsigned int counter_index(unsigned int code);

/* A packet on its way through the core. */
struct arrival {
	struct iface *iface;
	msec now;
	struct addr from; /* outer source */
	struct nhrp_packet *packet;
	struct span raw;
};

/* ---- nhs.c ---- */

void nhs_add(struct iface *i, msec now, const struct nhrp_nhs_config *cfg);
void nhs_remove(struct nhs *s, msec now);
/* It has another NBMA address than before, or one at last. */
void nhs_move(struct nhs *s, msec now, const struct addr *nbma);
/*
 * Something about a server or the configuration changed: starts those that are needed, puts those
 * that are not on standby, and moves what goes through a server to the best one that is up.
 */
void nhs_review(struct iface *i, msec now);
/* The best that is up, NULL for none. */
struct nhs *nhs_in_use(const struct iface *i);
/* The server with that NBMA address, NULL for none. */
struct nhs *nhs_by_nbma(struct iface *i, const struct addr *nbma);
struct nhs *nhs_by_protocol(struct iface *i, const struct addr *protocol);
/* The pair with a server does not come about: the next one is tried, this one still is. */
void nhs_unreachable(const struct peer *p, msec now);

/* ---- multicast.c ---- */

/* Something changed that decides whether it is a listener. */
void multicast_review(struct peer *p);
void multicast_configure(struct iface *i, msec now, const struct addr *list, size_t count);

/* ---- client.c ---- */

void nhs_set_state(struct nhs *s, msec now, enum nhrp_nhs_state state);
/* Asks for its pair and registers over it. */
void nhs_start(struct nhs *s, msec now);
/* Withdraws the registration and does not need the pair any more. */
void nhs_stop(struct nhs *s, msec now, enum nhrp_reason why);
void nhs_timer(struct nhs *s, msec now);
void nhs_peer_up(struct nhs *s, msec now);
void nhs_peer_down(struct nhs *s, msec now);
/* Registers at once; with `doubt` only where that did not just happen. */
void nhs_register(struct nhs *s, msec now, bool doubt);
void client_registration_reply(const struct arrival *a);
/* An error about our registration; false where it is not about one. */
bool client_error(const struct arrival *a, const struct nhrp_packet *quoted);

/* ---- resolve.c ---- */

/* A resolution request of ours; each has an id of its own until it is answered. */
void resolve_request(struct iface *i, msec now, struct peer *to, const struct addr *about,
		     uint32_t id);
/*
 * A reply said that `protocol` is at that NBMA address: a path there begins, or is there already.
 * NULL where it cannot be had.
 */
struct binding *resolve_gateway(const struct arrival *a, const struct addr *protocol,
				const struct nhrp_cie *cie);
/* Packets for it go straight to whom it belongs to. */
bool resolve_is_direct(const struct binding *b);
void resolve_upcall(struct iface *i, msec now, const struct addr *protocol);
void resolve_reply(const struct arrival *a);
bool resolve_error(const struct arrival *a, const struct nhrp_packet *quoted);
/* A packet came from that peer, or its pair came up: paths that waited for that go on. */
void resolve_peer_proven(struct peer *p, msec now);
void resolve_peer_down(struct peer *p, msec now);
void resolve_used(struct peer *p, msec now);
void resolve_step(struct binding *b, msec now);
void resolve_life(struct binding *b, msec now);

/* ---- server.c ---- */

void server_registration(const struct arrival *a);
void server_bound(struct binding *b, msec now, int error);
void server_life(struct binding *b, msec now);
/* The client is told, so that it registers anew. */
void server_disown(struct binding *b, msec now);
/* Frees a binding of any kind; who was told of it by us is told that it is gone. */
void server_forget(struct binding *b, msec now, enum nhrp_reason why);
/* The requester at that peer was told where b is. */
void server_remember_asker(struct binding *b, const struct peer *to, const struct addr *requester);
void askers_free(struct binding *b);
/* Forgets the registrations that are not allowed any more. */
void server_review(struct iface *i, msec now);
/* Who the peer is has become known: its packets may have come before. */
void server_review_peer(struct peer *p, msec now);
void server_identity(struct peer *p, struct span identity);
/* Somebody else is at this NBMA address than before: what that one registered is no more. */
void server_stranger(struct peer *p, msec now);
void registration_free(struct registration *r); /* NULL is fine */
/* The binding goes; its registration does not wait for it any more. */
void registration_leave(struct binding *b);

/* ---- authorize.c ---- */

void authorize_configure(struct iface *i, const struct nhrp_authorize *list, size_t count);
void authorize_free(struct iface *i);
bool authorized(const struct iface *i, const struct peer *p, const struct addr *protocol);

/* ---- purge.c ---- */

/* One of ours that was not answered yet. */
struct purge {
	UT_hash_handle hh;
	struct iface *iface;
	struct addr nbma;
	struct addr destination;
	struct nhrp_cie cie;
	uint32_t id;
	unsigned int tries;
	struct timer timer;
};

/* Until it is answered, or the peer is gone. Its pair is kept for a while. */
void purge_send(struct peer *to, msec now, const struct addr *destination,
		const struct nhrp_cie *cie);
/* Once, for no answer. Both: nothing where its pair is not up. */
void purge_send_once(struct peer *to, msec now, const struct addr *destination,
		     const struct nhrp_cie *cie, uint32_t id);
void purge_request(const struct arrival *a);
void purge_reply(const struct arrival *a);
void purge_timer(struct timer *t, msec now);
void purges_free(struct iface *i);

/* ---- forward.c ---- */

void forward_request(const struct arrival *a);
/* The route of the address that a request is about. */
void forward_routed(struct iface *i, msec now, const struct question *q,
		    const struct nhrp_route *r);
/* Two clients that cannot reach each other directly. */
bool forward_is_forbidden(const struct peer *a, const struct peer *b);
/* A reply or an error for one of our clients. */
void forward_back(const struct arrival *a);

/* ---- route.c ---- */

/* Who asked, and what is done with the answer. */
enum question_kind {
	QUESTION_HAIRPIN_SOURCE = 1,  /* redirect.c */
	QUESTION_HAIRPIN_DESTINATION, /* redirect.c */
	QUESTION_REQUEST,	      /* forward.c */
	QUESTION_REQUEST_BESIDE,      /* forward.c: about an address beside ours */
	QUESTION_INDICATION,	      /* shortcut.c */
	QUESTION_SHORTCUT,	      /* shortcut.c */
	QUESTION_OFFER,		      /* offer.c */
};

struct question {
	UT_hash_handle hh;
	TAILQ_ENTRY(question) next; /* guests only */
	uint64_t token;
	int id;
	enum question_kind kind;
	struct addr about;    /* the route of this address */
	struct addr from;     /* NBMA address of who made us ask */
	struct prefix prefix; /* which shortcut or offer */
	bool stale;	      /* a route changed since it was put */
	size_t len;
	uint8_t octets[]; /* the packet that is waiting */
};

/*
 * Asks; of *about only kind, about, from and prefix count. Those that packets cause are bounded:
 * the oldest is forgotten for a new one.
 */
void route_ask(struct iface *i, const struct question *about, struct span packet);
void routes_forget(struct iface *i);
/* The member of this tunnel that the packets go to; none where they do not leave through it. */
struct addr route_next_hop(const struct iface *i, const struct question *q,
			   const struct nhrp_route *r);
/* Who talks to whom in (the start of) an IPv4 packet; false where it is no packet for a host. */
struct flow_key {
	struct addr source, destination;
};
bool flow_read(struct span packet, struct flow_key *key);
/* The start of an IPv4 packet, as an indication quotes it: its header and 8 octets. */
struct span flow_start(struct span packet);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);
/* A client information entry's prefix for that address; false for a length that is none. */
bool prefix_of_cie(const struct nhrp_cie *cie, const struct addr *about, struct prefix *out);
/*
 * No route for it may lead through the tunnel: it is wider than we are told to believe, or holds
 * addresses that the tunnel itself needs (its own, the NBMA addresses of ours, of the servers, and
 * `other`).
 */
bool prefix_is_unsafe(const struct iface *i, const struct prefix *p, const struct addr *other);

/* ---- redirect.c ---- */

void redirect_source_known(struct iface *i, msec now, const struct question *q,
			   const struct nhrp_route *r);
void redirect_destination_known(struct iface *i, msec now, const struct question *q,
				const struct nhrp_route *r);
void redirect_free(struct iface *i);

/* ---- shortcut.c ---- */

struct shortcut {
	UT_hash_handle hh;
	UT_hash_handle hh_token;
	LIST_ENTRY(shortcut) same_gateway;
	struct iface *iface;
	struct prefix prefix;
	struct addr asked;    /* requests are about this address of it */
	struct addr via;      /* NBMA address of who was asked */
	uint8_t bits;	      /* of the kernel's own route: a wider shortcut would have no effect */
	struct addr next_hop; /* of the kernel's own route */
	enum nhrp_shortcut_state state;
	struct binding *gateway; /* NULL while unknown */
	bool routed;		 /* the kernel has a route of ours */
	uint64_t token;		 /* of the ROUTE_ADD that was not answered yet; 0: all were */
	uint16_t holding_time;
	uint32_t request_id;
	bool asking; /* a request with request_id may still be answered */
	unsigned int tries;
	unsigned int questions; /* QUERY_USE said since it was confirmed */
	bool question_open;
	bool used;
	uint64_t payload_seen;
	bool checking; /* its route is being asked for */
	msec created;
	msec since; /* of this state */
	struct timer step;
	struct timer life;
};

void shortcut_indicated(const struct arrival *a);
/* The route of an address that an indication is about. */
void shortcut_path_known(struct iface *i, msec now, const struct question *q,
			 const struct nhrp_route *r);
/* The route beside a shortcut, after a change. */
void shortcut_checked(struct iface *i, msec now, const struct question *q,
		      const struct nhrp_route *r);
void shortcuts_check(struct iface *i, const struct prefix *changed);
/* False where no shortcut waits for it. */
bool shortcut_reply(const struct arrival *a);
bool shortcut_error(const struct arrival *a, const struct nhrp_packet *quoted);
/* False where the entry is not about shortcuts of its sender. */
bool shortcut_purge(const struct arrival *a, const struct nhrp_cie *cie);
/* The path to their gateway is direct; or is not any more. */
void shortcuts_ready(struct binding *b, msec now);
void shortcuts_lost(struct binding *b, msec now, enum nhrp_reason why);
/* The binding goes, for good. */
void shortcuts_drop(struct binding *b, enum nhrp_reason why);
void shortcuts_used(struct binding *b, msec now);
/* The peer has started anew: perhaps it would say something else now. */
void shortcuts_doubt(struct peer *p, msec now);
void shortcuts_reinstall(struct iface *i);
/* Those that hold the address, or all where it is none. */
void shortcuts_clear(struct iface *i, const struct addr *protocol, enum nhrp_reason why);
void shortcut_step(struct shortcut *s, msec now);
void shortcut_life(struct shortcut *s, msec now);

/* ---- offer.c ---- */

/* What a peer was told about a prefix of ours, until its holding time is over. */
struct told {
	LIST_ENTRY(told) same_offer, same_peer;
	struct offer *offer;
	struct peer *peer;
	struct addr requester; /* its protocol address */
	msec until;
	bool withdrawn; /* a purge waits for its reply */
	uint32_t request_id;
	unsigned int tries;
	struct timer timer;
};

/* The prefix to answer for the address; false where packets for it do not leave the tunnel here. */
bool offer_prefix(const struct iface *i, const struct addr *about, const struct nhrp_route *r,
		  const struct addr *requester_nbma, struct prefix *out);
/* Remembers what we are about to answer; false at a limit. */
bool offer_tell(struct iface *i, msec now, struct peer *to, const struct addr *requester,
		const struct prefix *prefix, const struct addr *about);
/* What was told there is about that address. */
bool offer_holds(const struct told *t, const struct addr *address);
/* The reply to a purge of ours; false where none waits for it. */
bool offer_purged(const struct arrival *a);
void offers_check(struct iface *i, const struct prefix *changed);
void offer_checked(struct iface *i, msec now, const struct question *q,
		   const struct nhrp_route *r);
void offer_timer(struct told *t, msec now);
/* Its pair is up again: what was to be taken back meanwhile is. */
void offers_resume(struct peer *p, msec now);
void offers_forget(struct peer *p);
/* Takes everything back, without waiting for replies: the interface goes. */
void offers_withdraw(struct iface *i, msec now);

#endif
