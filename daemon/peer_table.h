/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to peer.c and peer_nhrp.c: the two tables, of peers and of the SAs that IKE made and the
 * kernel holds.
 */
#ifndef DAEMON_PEER_TABLE_H
#define DAEMON_PEER_TABLE_H

#include <stdlib.h>
#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "daemon/limit.h"
#include "daemon/peer.h"

#define PEER_IDENTITY 64 /* with its terminating zero; a longer one is none */

struct sa_key {
	struct addr src, dst;
	uint8_t spi[4];
};

/* An SA that IKE made and the kernel holds. */
struct sa {
	struct sa_key key;
	struct xfrm_sa_id id;
	struct peer *peer;
	struct sa *next;   /* of the peer */
	uint64_t told;	   /* packets that nhrp_used() has been told of */
	uint64_t serial;   /* of its installation */
	uint64_t seen;	   /* the dump that found it last */
	UT_hash_handle hh; /* in peers->sas */
};

struct peer_key {
	struct addr local, remote;
};

/* Exists while it is up or has an SA. */
struct peer {
	struct peer_key key;
	bool up;  /* IKE says so */
	bool nat; /* it is behind a NAT */
	bool unneeded; /* when it was looked at last */
	char identity[PEER_IDENTITY]; /* that it has proven to have; empty: none */
	struct sa *sas;
	UT_hash_handle hh;
};

struct peers {
	struct peer *table;
	struct sa *sas;
	struct peer *look; /* at this one next; NULL: at the first */
	uint64_t serial, dumps;
	struct peers_counters count;
	struct limit acquire_log;
};

/* NULL: there is none. */
struct peer *peers_find(const struct peers *ps, const struct addr *local,
		       const struct addr *remote);
struct sa *peers_find_sa(const struct peers *ps, const struct xfrm_sa_id *id);
/* Frees it where it is neither up nor has an SA. */
void peers_put(struct daemon *d, struct peer *p);
/* Tells NHRP that the peer is up, and who it is. */
void peers_tell_up(struct daemon *d, const struct tunnel *t, const struct peer *p);
/* Whether NHRP on a tunnel of this source, other than `except`, has a use for the peer. */
bool peers_need(struct daemon *d, const struct tunnel *except, const struct addr *local,
		    const struct addr *remote);

#endif
