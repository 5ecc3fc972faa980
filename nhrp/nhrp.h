/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP, client and server, for multipoint GRE (RFC 2332, DMVPN phases 1 to 3): the whole surface.
 *
 * Pure: no socket, clock, thread or randomness of its own. The owner tells what happened (a packet,
 * an SA pair, a kernel's question, time) and what time it is, then drains nhrp_next_effect() until
 * it says false, and calls nhrp_tick() no later than nhrp_deadline(). Nothing calls back. Effects
 * are carried out in the order in which they leave: a neighbour moves before an SA pair goes, a
 * purge leaves before the pair that carries it is released.
 *
 * An "interface" is one mGRE tunnel; its id is a small number of the owner's choice. A "peer" is an
 * NBMA address on an interface. Nothing is sent to a peer before the owner has said nhrp_peer_up():
 * the core asks for it with NHRP_CONNECT and holds back (bounded, timed) what it wants to say.
 * A tunnel without protection answers every CONNECT with nhrp_peer_up() at once.
 *
 * No call fails: what is impossible (an unknown id, more than the limits allow) is ignored, counted
 * and told as an event. Times are milliseconds of one monotonic clock.
 */
#ifndef NHRP_NHRP_H
#define NHRP_NHRP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/drbg.h"
#include "lib/util.h"
#include "lib/wire.h"
#include "nhrp/event.h"

struct nhrp;

#define NHRP_NHS_MAX 16		 /* next hop servers of one interface */
#define NHRP_AUTHENTICATION_MAX 64 /* octets; IOS takes 8 */
#define NHRP_ALL (-1)		 /* every interface, in nhrp_clear() */

/* Defaults, taken where a configuration says 0. */
#define NHRP_HOLDING_TIME 7200	 /* s, IOS's; registrations are renewed at a third of it */
#define NHRP_HOLD_DOWN 60	 /* s until a path that could not be had is tried again */
#define NHRP_MTU 1400
#define NHRP_BINDINGS 20000	 /* dynamic bindings, of all interfaces */
#define NHRP_BINDINGS_PER_NBMA 8
#define NHRP_RESOLUTIONS 1024	 /* addresses without a direct path yet, of one interface */
#define NHRP_PREFIX_MIN 8	 /* bits; a shortcut is never wider */
#define NHRP_IDENTITY_MAX 255	 /* octets of a peer's identity; a longer one is none */
/* Packets of one peer that are looked at: so many at once, and then so many in a second. */
#define NHRP_PEER_BURST 300
#define NHRP_PEER_RATE 20
/* The same of all together who are no peer yet: on a tunnel without protection a hub that starts. */
#define NHRP_STRANGERS_BURST 5000
#define NHRP_STRANGERS_RATE 1000

/* What a server says to a resolution request for one of its registered clients. */
enum nhrp_answer {
	NHRP_FORWARD, /* sends it on to that client, who answers itself */
	NHRP_ANSWER,  /* answers from its cache */
};

struct nhrp_map {
	struct addr protocol;
	struct addr nbma;
};

struct nhrp_nhs_config {
	struct addr protocol;
	struct addr nbma; /* none: of the static map for this address, or it is `named` */
	uint8_t priority; /* 0 first */
	uint8_t cluster;
	bool multicast; /* is a multicast listener while it is up */
	bool named;	/* nhrp_nhs_address() tells its NBMA address, now and then another one */
};

/* At most so many servers of a cluster are in use at a time; of one without an entry, all. */
struct nhrp_cluster {
	uint8_t id;
	uint8_t max; /* 0: all */
};

/*
 * A peer of that identity may register only these addresses, and only such a peer may register
 * them. Several entries may have the same identity or the same address.
 */
struct nhrp_authorize {
	struct span identity;
	struct addr protocol;
};

/* Copied by nhrp_interface_add(), with all it points to. */
struct nhrp_config {
	struct prefix address;	    /* own protocol address, with the tunnel's mask */
	struct addr nbma;	    /* own NBMA address; none while the source interface has none */
	struct span authentication; /* cleartext key (RFC 2332 5.3.4.1's place, as IOS uses it) */
	uint32_t network_id;	    /* local meaning only, never on the wire */
	uint16_t holding_time;	    /* s, announced in registrations and replies */
	uint16_t registration_timeout; /* s between registrations; 0: a third of the holding time */
	uint16_t hold_down;	    /* s */
	uint16_t mtu;
	bool no_unique; /* registrations go without the unique flag: another NBMA may take over */
	enum nhrp_answer answer;
	const struct nhrp_map *maps;
	size_t n_maps;
	const struct nhrp_nhs_config *nhs; /* none: a server only, never resolves for itself */
	size_t n_nhs;
	const struct nhrp_cluster *clusters;
	size_t n_clusters;
	uint16_t fallback; /* s until a better server that came back is used again; 0: at once */
	const struct nhrp_authorize *authorize;
	size_t n_authorize;
	bool multicast_dynamic;	      /* every registered client is a multicast listener */
	const struct addr *multicast; /* NBMA addresses that always are */
	size_t n_multicast;
	bool redirect; /* says with a Traffic Indication that there is a shorter way (phase 3 hub) */
	bool shortcut; /* takes it (phase 3 spoke) */
	uint8_t prefix_min; /* bits of the widest prefix that is answered, or taken as an answer */
	size_t max_bindings_per_nbma;
	size_t max_resolutions;
};

/* max_bindings 0: the default. */
struct nhrp *nhrp_new(const uint8_t seed[DRBG_SEED], size_t max_bindings);
void nhrp_free(struct nhrp *n);

/* Installs the static maps and starts registering. An id that is in use is replaced. */
void nhrp_interface_add(struct nhrp *n, msec now, int id, const struct nhrp_config *cfg);
/*
 * Withdraws our registrations (a purge that wants no answer), then UNBINDs everything, then
 * RELEASEs every peer. All of that is in the queue when this returns; the id is free again.
 */
void nhrp_interface_remove(struct nhrp *n, msec now, int id);
/*
 * Another configuration for an interface whose address stays: only what is different is touched.
 * Servers and maps come and go, the bindings of the others stay as they are; a changed key or
 * holding time is registered at once. (A change of the servers' order alone changes nothing.)
 */
void nhrp_interface_configure(struct nhrp *n, msec now, int id, const struct nhrp_config *cfg);
/* The source interface has another address (or none): registers anew as soon as it can. */
void nhrp_interface_readdress(struct nhrp *n, msec now, int id, struct addr nbma);
/*
 * The kernel's neighbours may be gone (link was down, events were lost): BIND again for all that
 * should be there. Work grows with the number of bindings.
 */
void nhrp_interface_rebind(struct nhrp *n, msec now, int id);

/*
 * An NHRP packet arrived with this outer source. On a protected tunnel the caller has made sure
 * that it came through the SA whose selector holds that source: NHRP trusts it.
 */
void nhrp_input(struct nhrp *n, msec now, int id, struct addr source_nbma, const void *data,
		size_t len);

/*
 * The SA pair with that NBMA address is usable, both directions. Said again for a peer that is up:
 * the peer has started anew and forgotten us (INITIAL-CONTACT); a rekey is not told.
 */
void nhrp_peer_up(struct nhrp *n, msec now, int id, struct addr nbma);
/*
 * To be said before nhrp_peer_up() and before a packet of the peer is handed in: whether the peer is
 * behind a NAT. Then the NBMA address that it says it has is one inside; what counts is the outer
 * source of its packets, as for all others. It is told where it is seen (Cisco's NAT extension), and
 * others who ask for it are; except for a pseudo address (240/4), which no other peer can reach.
 */
void nhrp_peer_nat(struct nhrp *n, int id, struct addr nbma, bool nat);
/*
 * To be said before nhrp_peer_up(): what phase 1 proved the peer to be, as text. Copied. Another
 * identity than before at that NBMA address: what the other one had registered is forgotten.
 */
void nhrp_peer_identity(struct nhrp *n, int id, struct addr nbma, struct span identity);
/* The pair is gone, or did not come about. Not necessary after a RELEASE. */
void nhrp_peer_down(struct nhrp *n, msec now, int id, struct addr nbma);

/* The kernel looks for the neighbour of that protocol address (RTM_GETNEIGH). */
void nhrp_resolve(struct nhrp *n, msec now, int id, struct addr protocol);
/* The kernel took the BIND of that token (error 0) or refused it (an errno). */
void nhrp_bound(struct nhrp *n, msec now, uint64_t token, int error);
/*
 * Answers QUERY_USE: packets that the pair with nbma carried, both directions together, since the
 * last answer (since it came up, the first time). The core subtracts its own. Who cannot tell
 * says 0: the path then expires and, where it was in use, is found again without loss.
 */
void nhrp_used(struct nhrp *n, msec now, int id, struct addr nbma, uint64_t packets);

/*
 * What the name of a next hop server stands for now. none: nothing that is known, it stays where it
 * was. Another address than before: registers there, and not here any more.
 */
void nhrp_nhs_address(struct nhrp *n, msec now, int id, struct addr protocol, struct addr nbma);

/*
 * A packet that came in through the tunnel and leaves through it: from its IPv4 header on, maybe
 * cut. Ignored unless the interface has `redirect`.
 */
void nhrp_hairpin(struct nhrp *n, msec now, int id, struct span packet);

/* A route of the kernel, as it stands for one address. Shortcuts of ours never count. */
struct nhrp_route {
	bool found;
	bool local;	       /* the address is one of this machine's own */
	int id;		       /* the tunnel it leaves through; NHRP_ALL: no tunnel of ours */
	struct prefix prefix;  /* of the route that matched */
	struct addr gateway;   /* none: on link */
};

/* Answers QUERY_ROUTE. */
void nhrp_route(struct nhrp *n, msec now, uint64_t token, const struct nhrp_route *route);
/* A route for this prefix came, changed or went; not one of our shortcuts. 0 bits: perhaps all. */
void nhrp_routes_changed(struct nhrp *n, msec now, struct prefix prefix);
/* The kernel took the ROUTE_ADD of that token (error 0) or refused it (an errno). */
void nhrp_routed(struct nhrp *n, msec now, uint64_t token, int error);

/*
 * Forgets dynamic bindings (all, or the one of `protocol` where that is not none) of an interface
 * or of NHRP_ALL. A client that clears all registers again at once; a server tells the clients
 * whose registrations it forgets, so that they do.
 */
void nhrp_clear(struct nhrp *n, msec now, int id, struct addr protocol);

/*
 * Whether that is the NBMA address of a map, a binding or something that is being looked for:
 * whether an SA pair with it has a use (for ACQUIRE, and to decide about a rekey).
 */
bool nhrp_knows_nbma(const struct nhrp *n, int id, struct addr nbma);

void nhrp_tick(struct nhrp *n, msec now);
/* MSEC_NEVER where nothing is due. */
msec nhrp_deadline(const struct nhrp *n);

enum nhrp_effect_kind {
	NHRP_SEND = 1,	/* id, nbma, packet: to nbma, GRE protocol 0x2001 */
	NHRP_CONNECT,	/* id, nbma: bring up an SA pair; said again on a schedule while needed */
	NHRP_RELEASE,	/* id, nbma: nothing here needs the pair any more */
	NHRP_SUSPECT,	/* id, nbma: its pair is up and it does not answer; prove or rebuild it */
	NHRP_PROBE,	/* id, nbma: somebody else claims its address; prove that it lives */
	NHRP_BIND,	/* token, id, protocol, nbma: install or replace the kernel's neighbour */
	NHRP_UNBIND,	/* id, protocol: delete it */
	NHRP_QUERY_USE, /* id, nbma: answer with nhrp_used() */
	NHRP_QUERY_ROUTE, /* token, id, protocol: answer with nhrp_route() */
	/*
	 * token, id, prefix, protocol: install or replace a route of ours to `prefix` through the
	 * gateway `protocol` on this link, whose neighbour was bound before; answer with
	 * nhrp_routed().
	 */
	NHRP_ROUTE_ADD,
	NHRP_ROUTE_DEL,	    /* id, prefix: delete it */
	NHRP_MULTICAST_ADD, /* id, nbma: copies of multicast packets go there, too */
	NHRP_MULTICAST_DEL, /* id, nbma: not any more */
	NHRP_EVENT,	/* event */
};

struct nhrp_effect {
	enum nhrp_effect_kind kind;
	int id;
	struct addr nbma;
	struct addr protocol;
	struct prefix prefix;
	uint64_t token;
	struct span packet; /* valid until the next call with this core */
	struct nhrp_event event;
};

/* The oldest effect that was not taken yet; false where there is none. */
bool nhrp_next_effect(struct nhrp *n, struct nhrp_effect *effect);

/* ---- what the show commands read ---- */

enum nhrp_entry_type {
	NHRP_ENTRY_LOCAL,      /* our own address */
	NHRP_ENTRY_STATIC,     /* a configured map */
	NHRP_ENTRY_DYNAMIC,    /* registered with us, or resolved and direct */
	NHRP_ENTRY_INCOMPLETE, /* being resolved; traffic goes through the server */
	NHRP_ENTRY_NEGATIVE,   /* could not be had; through the server until the hold-down ends */
};

enum nhrp_entry_flag {
	NHRP_FLAG_UNIQUE = 1 << 0,
	NHRP_FLAG_REGISTERED = 1 << 1, /* registered with us */
	NHRP_FLAG_USED = 1 << 2,       /* carried traffic when last asked */
	NHRP_FLAG_ROUTER = 1 << 3,
	NHRP_FLAG_AUTHORITATIVE = 1 << 4,
	NHRP_FLAG_IMPLICIT = 1 << 5,  /* learned from a request, not from a reply */
	NHRP_FLAG_NHS = 1 << 6,	      /* a next hop server of ours */
};

struct nhrp_entry {
	int id;
	struct addr protocol;
	struct addr nbma; /* none while unknown */
	struct addr path; /* where the kernel's neighbour points; none: no neighbour */
	enum nhrp_entry_type type;
	unsigned int flags;
	msec created;
	msec expires; /* MSEC_NEVER: does not */
	uint16_t mtu;
	uint16_t holding_time;
	bool nat;	 /* it is behind a NAT: nbma is where it is seen */
	struct addr nat_nbma; /* the address that it has inside; none: none, or unknown */
	bool peer_up;	 /* SA pair with nbma */
	msec peer_since; /* when it last came up or went down; MSEC_NEVER: has never been up */
};

enum nhrp_nhs_state {
	NHRP_NHS_NO_MAP,      /* its NBMA address is unknown */
	NHRP_NHS_CONNECTING,  /* no SA pair */
	NHRP_NHS_REGISTERING, /* asked, not answered */
	NHRP_NHS_UP,
	NHRP_NHS_REFUSED, /* it said no (last_code); asked again on the schedule */
	NHRP_NHS_STANDBY, /* not needed: enough better ones of its cluster are up */
};

struct nhrp_nhs {
	int id;
	struct addr protocol;
	struct addr nbma;
	uint8_t priority;
	uint8_t cluster;
	bool in_use; /* paths that need a server go through it */
	struct addr translated; /* where it sees us, if that is not our own address (NAT) */
	enum nhrp_nhs_state state;
	msec since;	 /* of this state */
	msec registered; /* the last accepted registration; MSEC_NEVER: none */
	msec next;	 /* renewal or retry; MSEC_NEVER: waits for the SA pair */
	uint8_t last_code;
	uint64_t requests_sent;
	uint64_t replies;
	uint64_t refusals;
};

/* A destination outside the tunnel's prefix and the way there without the hub (phase 3). */
enum nhrp_shortcut_state {
	NHRP_SHORTCUT_RESOLVING,  /* asked; traffic goes where the routing table says */
	NHRP_SHORTCUT_CONNECTING, /* the way to its egress is being built */
	NHRP_SHORTCUT_UP,
	NHRP_SHORTCUT_HOLD_DOWN,  /* could not be had */
};

struct nhrp_shortcut {
	int id;
	struct prefix prefix; /* the destination that was asked for, or what was answered */
	struct addr gateway;  /* the egress; none while unknown */
	struct addr nbma;     /* its; none while unknown */
	enum nhrp_shortcut_state state;
	bool overrides; /* no route of ours: the kernel's own leads to that gateway already */
	bool used;	/* carried traffic when last asked */
	msec created;
	msec expires;
	uint16_t holding_time;
};

struct nhrp_counters {
	uint64_t sent[NHRP_TYPES];     /* by enum nhrp_type, forwarded ones included */
	uint64_t received[NHRP_TYPES]; /* well-formed ones */
	uint64_t forwarded[NHRP_TYPES];
	uint64_t refusals_sent[16];	/* replies by enum nhrp_code; index 15: any above */
	uint64_t refusals_received[16];
	uint64_t errors_sent[16]; /* by enum nhrp_error */
	uint64_t errors_received[16];
	uint64_t malformed;
	uint64_t authentication_failures;
	uint64_t loops;
	uint64_t unexpected_replies;
	uint64_t dropped; /* well-formed and ignored, for any other reason */
	uint64_t held;	  /* had to wait for an SA pair */
	uint64_t held_expired;
	uint64_t limits; /* refused for one of the limits */
	uint64_t floods; /* not looked at: their sender had sent more than its share */
	uint64_t purges_unanswered; /* sent again until there was no use in it */
	uint64_t refused[NHRP_REASONS]; /* registrations and requests, by enum nhrp_reason */
	uint64_t hairpins;	   /* packets that came in and left through the tunnel, as told */
	uint64_t hairpins_limited; /* of them: no indication, another one was sent just before */
	uint64_t hairpins_ignored; /* of them: no indication, for any other reason */
};

/* Packets from one address to another that came in and left through the tunnel (phase 3 hub). */
struct nhrp_flow {
	int id;
	struct addr source, destination;
	struct addr nbma; /* who was told that there is a shorter way; none: nobody could be */
	uint64_t told;	  /* indications sent */
	uint64_t limited; /* packets without one, because another one was sent just before */
	msec next;	  /* not told again before that */
	msec until;	  /* remembered, unless it is told again */
};

/*
 * Iteration: *cursor is NULL at first; false at the end. No call that changes the core may come
 * between. In no particular order.
 */
bool nhrp_entry_next(const struct nhrp *n, const void **cursor, struct nhrp_entry *out);
bool nhrp_nhs_next(const struct nhrp *n, const void **cursor, struct nhrp_nhs *out);
bool nhrp_shortcut_next(const struct nhrp *n, const void **cursor, struct nhrp_shortcut *out);
bool nhrp_flow_next(const struct nhrp *n, const void **cursor, struct nhrp_flow *out);
/* What all entries and shortcuts take, in octets. */
size_t nhrp_cache_octets(const struct nhrp *n);
/* False for an unknown id. */
bool nhrp_counters_get(const struct nhrp *n, int id, struct nhrp_counters *out);

#endif
