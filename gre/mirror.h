/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the room: what we have put into a table of the kernel's, a value (an address) for
 * each prefix of each link, and the comparison with what is there.
 */
#ifndef GRE_MIRROR_H
#define GRE_MIRROR_H

#define uthash_fatal(msg) abort()
#include <stdlib.h>
#include <uthash.h>

#include "gre/dump.h"
#include "lib/addr.h"

struct mirror_key {
	unsigned int ifindex;
	struct prefix prefix;
} __attribute__((packed));

struct mirror_entry {
	struct mirror_key key;
	struct addr value;
	uint64_t serial; /* of the put that set it */
	uint64_t round;	 /* the last comparison that has seen it */
	UT_hash_handle hh;
};

/* An entry as the kernel tells it. */
struct mirror_seen {
	struct mirror_key key;
	struct addr value;
	bool ours; /* by its tag; else it stands in the place of one of ours */
};

struct mirror_report {
	uint64_t token;
	int err; /* 0, or a positive errno with words */
	const char *text;
	unsigned int ifindex;
	bool sweep;
	size_t restored, removed;
};

struct mirror_ops {
	struct nl_msg *(*dump)(unsigned int ifindex);
	/* False: nothing that matters here. */
	bool (*read)(const struct nlmsghdr *nlh, struct mirror_seen *out);
	void (*put)(void *owner, const struct mirror_entry *e);
	void (*remove)(void *owner, const struct mirror_seen *s);
	/* A put does away with another value under the same key. */
	bool put_replaces;
	void (*done)(void *owner, const struct mirror_report *r);
};

struct mirror {
	const struct mirror_ops *ops;
	void *owner;
	struct dump *dump;
	struct mirror_entry *table;
	uint64_t last_serial, last_round;
};

struct mirror mirror_of(const struct mirror_ops *ops, void *owner, struct dump *dump);
void mirror_free(struct mirror *m);
struct mirror_key mirror_key_of(unsigned int ifindex, const struct prefix *p);
struct mirror_entry *mirror_find(struct mirror *m, const struct mirror_key *key);
/* Returns its serial number. */
uint64_t mirror_put(struct mirror *m, const struct mirror_key *key, const struct addr *value);
void mirror_del(struct mirror *m, const struct mirror_key *key);
/* The kernel refused the put with this serial number. */
void mirror_refused(struct mirror *m, const struct mirror_key *key, uint64_t serial);
void mirror_forget(struct mirror *m, unsigned int ifindex);
/* Dumps, and repairs by put() and remove(); done() is the end. */
void mirror_compare(struct mirror *m, uint64_t token, unsigned int ifindex, bool sweep);

#endif
