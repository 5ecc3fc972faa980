/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration between the reader and the checks: each section as it was read, with the lines
 * it came from, references still by name. A reader (parse.c; later one for IOS's own text) fills a
 * draft, check.c judges it as a whole, draft_finish() makes a struct conf of one that is good.
 *
 * A section's struct begins with its part of struct conf, so that the offsets of the schema hold
 * for both.
 */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/schema.h"

/* Where a section was found. */
struct origin {
	unsigned int line; /* of its opening brace; 0: it was not there */
	unsigned int key_line[SCHEMA_KEYS_MAX]; /* 0: the key was not given */
	bool bad;	   /* an error was told: its values need not make sense */
	char *path;	   /* for messages: "tunnel Tunnel0: nhrp: map 172.16.0.1" */
};

struct draft_names {
	char **name;
	size_t count;
};

struct draft_policy {
	struct conf_isakmp_policy v;
	struct origin from;
};

struct draft_key {
	struct conf_isakmp_key v;
	struct origin from;
};

struct draft_trustpoint {
	struct conf_trustpoint v;
	struct origin from;
};

struct draft_set {
	struct conf_transform_set v;
	struct origin from;
	bool used;
};

struct draft_profile {
	struct conf_ipsec_profile v; /* transform_sets is still empty */
	struct draft_names sets;
	struct origin from;
	bool used;
};

struct draft_map {
	struct conf_nhrp_map v;
	struct origin from;
};

struct draft_nhs {
	struct conf_nhrp_nhs v; /* nbma may still be that of its map */
	struct origin from;
};

struct draft_cluster {
	struct conf_nhrp_cluster v;
	struct origin from;
};

struct draft_authorize {
	struct conf_nhrp_authorize v;
	struct origin from;
};

struct draft_tunnel {
	struct conf_tunnel v; /* profile and nhrp's sections are still empty */
	char *profile;
	struct origin from, nhrp_from;
	struct draft_map *maps;
	size_t map_count;
	struct draft_nhs *nhs;
	size_t nhs_count;
	struct draft_cluster *clusters;
	size_t cluster_count;
	struct draft_authorize *authorize;
	size_t authorize_count;
};

struct draft {
	struct complaints complaints;
	bool incomplete; /* reading stopped at an error: what is missing may follow it */
	struct conf v;	 /* the file's own keys */
	struct origin from, keepalive_from;
	struct draft_policy *policies;
	size_t policy_count;
	struct draft_key *keys;
	size_t key_count;
	struct draft_trustpoint *trustpoints; /* one, or it is an error */
	size_t trustpoint_count;
	struct draft_set *sets;
	size_t set_count;
	struct draft_profile *profiles;
	size_t profile_count;
	struct draft_tunnel *tunnels;
	size_t tunnel_count;
	/* The sections that are being read, one of each kind at most. */
	struct draft_policy policy;
	struct draft_key key;
	struct draft_trustpoint trustpoint;
	struct draft_set set;
	struct draft_profile profile;
	struct draft_tunnel tunnel;
	struct draft_map map;
	struct draft_nhs one_nhs;
	struct draft_cluster cluster;
	struct draft_authorize authorize;
};

/* The struct that the schema's offsets refer to, and the origin, of the section being read. */
void *draft_section(struct draft *d, enum section_id id);
struct origin *draft_origin(struct draft *d, enum section_id id);
/* The section being read is complete: it joins its array, and the next may begin. */
void draft_add(struct draft *d, enum section_id id);

/* Whether the key was given. */
bool origin_has(const struct origin *from, enum section_id id, const char *key);
/* The line of a key, or of its section where the key was left out. */
unsigned int origin_line(const struct origin *from, enum section_id id, const char *key);

struct draft_set *draft_find_set(const struct draft *d, const char *name);
struct draft_profile *draft_find_profile(const struct draft *d, const char *name);
struct draft_map *draft_find_map(const struct draft_tunnel *t, const struct addr *protocol);

/* Moves all out of a draft without errors, which then is empty. */
struct conf *draft_finish(struct draft *d);
/* Wipes the secrets that are left. */
void draft_free(struct draft *d);

#endif
