/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world in virtual time. Its nodes hold the real cores, joined as daemon/peer.c joins them,
 * and a kernel of the least kind: SAs, neighbours, packets. Between them lies a network that loses,
 * repeats and delays by a seed. Hours pass in milliseconds, and the same seed gives the same world.
 *
 *   world.c         time, the queue of what is to happen, the network, the seed
 *   node.c          the cores of a node, joined
 *   kernel.c        its kernel: which SA takes a packet, which one receives it, who is asked
 *   lan.c           the networks behind the nodes, and their routes (phase 3)
 *   setup.c         worlds that many tests start from
 *   inspect.c       what must hold of IKE, inside one node and between two
 *   inspect_nhrp.c  what must hold of NHRP
 *
 * Nodes are known by their index. NBMA addresses are 10.0.x.y, tunnel addresses 172.16.x.y; node 0
 * has .1 in both. Where there are LANs, LAN n is 192.168.n.0/24, and behind node n at first.
 *
 * A violation fails the running Criterion test and prints the seed: SIM_SEED=n runs that seed
 * alone, SIM_SEEDS=n runs so many instead of the test's own number, SIM_TRACE=1 tells everything
 * that happens.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "ikev1/ike.h"
#include "nhrp/nhrp.h"

#define WORLD_NODES 128
#define WORLD_WALL  1750000000 /* what the clock on the wall says when time begins */

struct world;
struct node;

/* ---- time and chance ---- */

/* Called at its time; arg is on the heap (or NULL) and freed afterwards, whatever happens. */
typedef void world_fn(struct world *w, struct node *n, void *arg);

/* What happens to packets under way; chances in percent. */
struct faults {
	unsigned int loss, twice, late;
	msec latency, jitter; /* of every packet: latency to latency + jitter */
	msec lateness;	      /* at most so much more for one that is late */
};
#define NOBODY (~0u)
#define GOOD_NETWORK ((struct faults){ .latency = 5, .jitter = 5 })

struct packet;
enum verdict {
	PASS,  /* as the faults say */
	LOSE,
	TWICE, /* both at once */
	LATE,  /* by faults.lateness, or by 1.5 s where that is 0 */
};
/* Looks at a message of IKE or NHRP before it leaves. */
typedef enum verdict world_filter(struct world *w, const struct packet *p);

struct world {
	uint64_t seed, random;
	msec now;
	struct faults faults;
	bool lans;	   /* data is between LANs, and routes to them change */
	bool data_is_safe; /* faults do not lose data packets: what is missing was lost by an SA */
	world_filter *filter;
	int subject; /* the filter's own */
	unsigned int messages; /* of IKE, that were sent so far */
	msec kernel_delay, dh_delay; /* at most so long until the answer comes */
	struct node *node[WORLD_NODES];
	unsigned int nodes;
	struct happening *queue;
	size_t queued, queue_cap;
	uint64_t serial;
	bool trace;
	unsigned int flows; /* a number for those that still flow */
	struct {
		uint64_t sent, delivered;
		uint64_t lost;	       /* by the network */
		uint64_t unresolved;   /* no neighbour in time */
		uint64_t unrouted;     /* no route, or round and round */
		uint64_t unprotected;  /* no outbound SA */
		uint64_t not_received; /* no inbound SA, or one with another key */
	} data;
};

struct world *world_new(uint64_t seed);
void world_free(struct world *w);
/* Uniform, below > 0. */
uint32_t world_random(struct world *w, uint32_t below);
bool world_chance(struct world *w, unsigned int percent);
void world_after(struct world *w, msec delay, world_fn *fn, struct node *n, void *arg);
void world_run(struct world *w, msec duration);
/* Until it holds, looked at after everything that happens; false: not within the time. */
typedef bool world_condition(struct world *w);
bool world_run_until(struct world *w, world_condition *condition, msec at_most);

/* Which seeds a test runs: for (uint64_t s = seeds_begin(); s < seeds_end(count); s++) */
uint64_t seeds_begin(void);
uint64_t seeds_end(unsigned int count);

_Noreturn void world_fail(struct world *w, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#define world_check(w, condition, ...) \
	((condition) ? (void)0 : world_fail(w, __FILE__, __LINE__, __VA_ARGS__))
void world_tell(struct world *w, const struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- the network ---- */

enum packet_kind { PACKET_IKE, PACKET_NHRP, PACKET_DATA };

struct packet {
	enum packet_kind kind;
	unsigned int from, to; /* nodes */
	/* ESP: not IKE */
	uint32_t spi;
	uint64_t key; /* stands for suite and keys */
	/* data */
	unsigned int source, destination; /* nodes, by their tunnel addresses, or LANs */
	bool lan;
	unsigned int hops;
	size_t len;
	uint8_t octets[];
};

struct packet *packet_new(enum packet_kind kind, unsigned int from, unsigned int to,
			  const void *octets, size_t len);
/* Takes the packet. */
void network_send(struct world *w, struct packet *p);
/* As one that the network delivers. */
void network_inject(struct world *w, unsigned int from, unsigned int to, const void *octets,
		    size_t len);

/* ---- a node ---- */

struct kernel_sa {
	struct kernel_sa *next;
	enum ike_direction direction;
	unsigned int peer;
	uint32_t spi;
	struct esp_suite suite;
	uint8_t keys[128]; /* cipher key, then authentication key */
	size_t keys_len;
	uint64_t key; /* stands for suite and keys */
	uint64_t serial;
	bool asleep; /* inbound: of no use until message 3 of quick mode has come */
	uint64_t soft_bytes, hard_bytes, bytes, packets;
	uint64_t told; /* packets that NHRP knows of */
	bool soft;     /* said once */
	bool leftover; /* of an earlier life of the daemon */
};

struct neighbour {
	bool known;
	unsigned int nbma; /* node */
	bool asked;
	unsigned int waiting; /* packets */
	bool leftover;	      /* of an earlier life of the daemon */
};

/* A shortcut to a LAN. */
struct shortcut_route {
	bool known;
	unsigned int gateway; /* node */
	bool leftover;	      /* of an earlier life of the daemon */
};

struct kernel {
	bool holds[WORLD_NODES];	/* the LAN is behind this node */
	unsigned int to[WORLD_NODES];	/* the hub's: the gateway for that LAN; NOBODY: no route */
	struct shortcut_route shortcut[WORLD_NODES]; /* by LAN */
	bool shortcut_seen[WORLD_NODES];	     /* by who inspects */
	struct kernel_sa *sas[WORLD_NODES]; /* by peer, newest first */
	uint64_t serial;
	struct neighbour neighbour[WORLD_NODES];
	msec acquired[WORLD_NODES]; /* last ACQUIRE */
	/* What the test wants refused: so many of the next SA_ADDs of that direction, with this errno. */
	struct {
		unsigned int count;
		enum ike_direction direction;
		int error;
	} refuse;
};

struct node_config {
	const char *name;
	struct ike_config ike;
	struct ike_profile profile;
	bool nhrp;
	bool hub; /* NHRP: the others' next hop servers are nodes 0 to hubs - 1, in this order */
	unsigned int hubs; /* 0: one */
	unsigned int hubs_at_once; /* so many of them are in use; 0: all */
	uint16_t fallback;
	struct addr false_tunnel, false_nbma; /* what it tells others; none: the truth */
	uint16_t holding_time, hold_down;
	enum nhrp_answer answer;
	bool redirect, shortcut;
	/* As responder it is of another make: it can receive through a pair once message 3 has come. */
	bool late_inbound;
};

struct node {
	struct world *world;
	unsigned int index;
	struct addr nbma, tunnel;
	struct node_config cfg;
	struct ike *ike;   /* NULL while the node is down */
	struct nhrp *nhrp; /* NULL also without NHRP */
	msec due;	   /* the next deadline of its cores */
	unsigned int life; /* counts its starts: late answers to an earlier life do not arrive */
	struct kernel kernel;
	bool up[WORLD_NODES];	 /* IKE says so */
	bool wanted[WORLD_NODES]; /* the test does: asked for again when it is down */
	unsigned int tries[WORLD_NODES];
	struct {
		uint64_t up, down, failed; /* PEER_ effects */
		uint64_t causes[IKE_CAUSE_COUNT], gone[IKE_CAUSE_COUNT];
		uint64_t events[IKE_EVENT_COUNT];
		uint64_t sent, answered; /* IKE messages; those sent before anything else happened */
		struct ike_event failure; /* the last one */
		enum ike_cause told;	  /* with the last PEER_DOWN or PEER_FAILED */
		uint64_t received; /* data packets for it */
		uint64_t bound;
	} seen;
};

struct node *node_new(struct world *w, const struct node_config *cfg);
/* After a crash it contacts those of whom it finds leftovers, as daemon/reconcile.c does. */
void node_start(struct node *n);
/* As by kill -9: what is in the kernel stays, unless the machine goes down with it. */
void node_crash(struct node *n, bool machine);
/* Carries out what its cores want done; to be called after each call into them. */
void node_turn(struct node *n);
struct node *node_by_nbma(struct world *w, const struct addr *a);
unsigned int index_of_nbma(const struct addr *a);
unsigned int index_of_tunnel(const struct addr *a);

/* Requests of the test's, with a turn each. node_want() asks again as NHRP does: 1, 2, ... 64 s. */
void node_connect(struct node *n, const struct node *peer);
void node_want(struct node *n, const struct node *peer);
void node_unwant(struct node *n, const struct node *peer);
void node_clear(struct node *n, const struct node *peer);
void node_shutdown(struct node *n); /* IKE only; the node goes on without SAs */
/* As the kernel's: soft is a request for a rekey. */
void node_expire(struct node *n, const struct node *peer, bool hard);

/* ---- its kernel ---- */

int kernel_sa_add(struct node *n, const struct ike_ipsec_sa *sa);
void kernel_sa_delete(struct node *n, unsigned int peer, enum ike_direction direction,
		      uint32_t spi);
void kernel_flush(struct node *n);
/* In the way of daemon/reconcile.c: leftovers stay in use until there is something new. */
void kernel_leave(struct node *n);
void kernel_reconcile(struct node *n, unsigned int peer);
void kernel_forget_neighbours(struct node *n);
const struct kernel_sa *kernel_sa_find(const struct node *n, unsigned int peer,
				       enum ike_direction direction, uint32_t spi);
/* The one that takes packets for that peer. */
const struct kernel_sa *kernel_outbound(const struct node *n, unsigned int peer);
unsigned int kernel_sa_count(const struct node *n, unsigned int peer);
uint64_t kernel_packets(struct node *n, unsigned int peer); /* since it was asked last */
void kernel_bind(struct node *n, unsigned int destination, unsigned int nbma);
void kernel_unbind(struct node *n, unsigned int destination);
/* Into the SA towards that NBMA address; takes the packet. */
void kernel_encapsulate(struct node *n, struct packet *p);
void kernel_receive(struct node *n, const struct packet *p);
/* A data packet: to a tunnel address, or straight to the peer of an SA where there is no NHRP. */
void kernel_send_data(struct node *n, const struct node *destination);
/* One every interval, from each of them to the other, until data_stop(). */
void data_flow(struct node *a, struct node *b, msec interval);
void data_stop(struct world *w);

/* ---- LANs ---- */

/* Each behind its own node, and the hub knows; the spokes know that all are behind the hub. */
void lans_begin(struct world *w);
/* From now on it is behind that node (or NOBODY); the hub's route follows some time later. */
void lan_move(struct world *w, unsigned int lan, unsigned int to, msec convergence);
bool lan_read(const struct addr *a, unsigned int *lan);
struct addr lan_address(unsigned int lan);
/* Where packets for that LAN go from there: a node of the tunnel; NOBODY: they end here. */
unsigned int lan_gateway(const struct node *n, unsigned int lan);
void lan_query(struct node *n, const struct nhrp_effect *e);
void lan_shortcut(struct node *n, const struct nhrp_effect *e);
void lan_shortcut_gone(struct node *n, const struct prefix *prefix);
/* A packet came in through the tunnel and was sent back into it. */
void lan_hairpin(struct node *n, const struct packet *p);
bool lan_is_direct(const struct node *n, unsigned int lan);

/* ---- what must hold ---- */

/* At any time. */
void inspect_node(struct node *n);
/* No exchange is under way in it, nor a change of outbound SA, by chance or because all came to their end. */
bool inspect_is_quiet(const struct node *n);
/* Nothing is under way any more: no half-open exchange, and the kernel has what the core says. */
void inspect_rest(struct node *n);
/* All was ended and its time is over: no state, no timer, nothing in the kernel. */
void inspect_nothing(struct node *n);
/* Both ends say the same; exactly one pair carries the traffic, or none where !up. */
void inspect_agreement(struct node *a, struct node *b, bool up);
/* Nor has one an ISAKMP SA that the other has not: only so where no delete was lost. */
void inspect_same_phase1(struct node *a, struct node *b);
/* At any time. */
void inspect_nhrp(struct node *n);
/* The hub has the spoke where it is, and what the spoke has found out is right. */
void inspect_bindings(struct node *hub, struct node *spoke);
/* Every shortcut leads to where its LAN is, and who that is knows of it. */
void inspect_shortcuts(struct world *w);
bool nhrp_was_registered(const struct node *spoke); /* ever, in this life */
bool nhrp_is_registered(const struct node *spoke); /* with any hub */
/* The hub that its requests and paths go through, NULL for none. */
struct node *nhrp_hub_of(const struct node *spoke);
bool hub_knows(const struct node *hub, const struct node *spoke);
bool nhrp_is_direct(const struct node *n, const struct node *other);

/* ---- set-ups ---- */

/* One policy, one suite, key for everybody; GROUP_19, because it is cheap. */
struct node_config plain_config(void);
/* Nodes 0 (A) and 1 (B), IKE only. */
struct world *world_of_two(uint64_t seed, const struct node_config *a, const struct node_config *b);
#define A(w) ((w)->node[0])
#define B(w) ((w)->node[1])
/* Runs on a good network until everything must have come to its end; every node is inspected. */
void world_rest(struct world *w);
#define REST SECONDS(200) /* longer than any packet is late, and then an exchange, and a drain */

#endif
