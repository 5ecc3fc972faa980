/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to route.c (lookups, the owner's side), shortcut.c (what is put, deleted and compared) and
 * route_watch.c (what others change).
 */
#ifndef GRE_ROUTE_CORE_H
#define GRE_ROUTE_CORE_H

#include "gre/dump.h"
#include "gre/mirror.h"
#include "gre/requests.h"
#include "gre/route.h"
#include "gre/route_msg.h"
#include "lib/fifo.h"

#define QUESTIONS_AT_ONCE 64 /* lookups behind shortcuts, answered by one dump */

enum request_type { ASK, PUT, DEL, RULE, NO_RULE, LOOKUP };

struct request {
	enum request_type type;
	uint64_t token;
	bool quiet;		/* nobody asked for it, or another one will tell */
	struct mirror_key key;	/* of the shortcut */
	struct mirror_key part; /* of what is put or deleted of it */
	uint64_t serial;	/* of a put */
	struct addr to;		/* of a lookup */
	int tries;
};

/* How a shortcut is in the kernel; see GRE_ROUTE_METRIC and GRE_ROUTE_TABLE. */
enum form { UNKNOWN, WHOLE, HALVES, HOST };

struct shortcut {
	struct mirror_key key;
	struct addr gateway;
	bool host;	/* it has counted as one */
	enum form form; /* UNKNOWN: the kernel has been asked what there is */
	UT_hash_handle hh;
};

/* A lookup that has met a shortcut. */
struct question {
	uint64_t token;
	struct addr to;
	bool answered;
	struct route_info best;
};

struct change;

struct gre_routes {
	struct requests requests; /* records: struct request */
	struct dump dump;
	struct nl_sock *listen, *ask;
	uint32_t port;		    /* of the requests: changes with it are ours */
	struct shortcut *shortcuts; /* hash by key */
	size_t hosts;		    /* of them, in a table that needs a rule */
	bool rule;		    /* it is there, or asked for */
	bool had_rule;
	struct mirror mirror;			  /* their parts */
	struct fifo waiting;			  /* struct question */
	struct question asked[QUESTIONS_AT_ONCE]; /* of the dump under way */
	size_t n_asked;
	struct change *changes; /* hash by prefix, in their order */
	struct fifo queue;	/* struct gre_route_event, all others */
	struct gre_route_counters counters;
};

/* ---- shortcut.c ---- */

extern const struct mirror_ops route_mirror_ops;
void route_enqueue(struct gre_routes *rs, const struct request *req, struct nl_msg *msg);
struct shortcut *route_shortcut(struct gre_routes *rs, const struct mirror_key *key);
void route_drop_shortcuts(struct gre_routes *rs);
/* The answers to ASK, and to all others but LOOKUP. */
void route_asked(struct gre_routes *rs, const struct request *req, const struct nlmsghdr *answer);
void route_acknowledged(struct gre_routes *rs, const struct request *req, int err,
			const char *text);
/* A route of others has come that has the same prefix and wins. */
void route_outdone(struct gre_routes *rs, const struct route_info *r);

/* ---- route_watch.c ---- */

void route_receive_changes(struct gre_routes *rs);
/* The next prefix that has changed; false: none. */
bool route_next_change(struct gre_routes *rs, struct prefix *out);
void route_forget_changes(struct gre_routes *rs);

#endif
