/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of sections and keys: how each is spelled, read, limited, what it is when left out,
 * and what is said about it in errors and in the documentation. A new key is a new row here and a
 * member in conf.h (and an entry in doc/dmvpnd.conf.5, a test compares).
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum section_id {
	SECTION_FILE, /* what stands outside of all braces */
	SECTION_KEEPALIVE,
	SECTION_ISAKMP_POLICY,
	SECTION_ISAKMP_KEY,
	SECTION_TRUSTPOINT,
	SECTION_TRANSFORM_SET,
	SECTION_IPSEC_PROFILE,
	SECTION_TUNNEL,
	SECTION_NHRP,
	SECTION_MAP,
	SECTION_NHS,
	SECTION_CLUSTER,
	SECTION_AUTHORIZE,
	SECTION_COUNT
};

#define SCHEMA_KEYS_MAX 12 /* of one section */
#define REMARK_MAX 200
#define EXPECTED_MAX 200

struct schema_key;

/*
 * Stores the value of `text` at `field`. True with *remark set: good, but to be warned about. False
 * with *remark set: this is why; without: "expected ..., found ...". Never puts a secret there.
 */
typedef bool value_reader(const struct schema_key *key, const char *text, void *field,
			  char remark[REMARK_MAX]);

struct schema_key {
	const char *name;
	value_reader *read;
	size_t offset, size;   /* of the field in the section's struct (draft.h) */
	uint32_t min, max;     /* of numbers, octets of secrets */
	const char *def;       /* as one would write it; NULL: none */
	const char *otherwise; /* for the documentation: what "none" means */
	const char *expected;  /* "expected ..." in errors; NULL: a number from min to max */
	const char *ios;       /* the IOS line it stands for; NULL: there is none */
	const char *help;
	bool mandatory;
	bool secret; /* its value is never shown */
	bool list;
};

struct schema_section {
	const char *name;
	enum section_id parent;
	struct schema_key title; /* .read is NULL where there is none */
	const struct schema_key *keys;
	size_t key_count;
	bool single;	/* at most once in its parent; left out, its keys have their defaults */
	bool mandatory; /* at least once in its parent */
	const char *ios;
	const char *help;
};

const struct schema_section *schema_section(enum section_id id);
/* SECTION_COUNT: no such section. */
enum section_id schema_section_by_name(enum section_id parent, const char *name);
/* Index in the section's keys, -1: no such key. */
int schema_key_index(enum section_id id, const char *name);
/* What stands behind "expected" for this key; returns buf. */
const char *schema_expected(const struct schema_key *key, char buf[EXPECTED_MAX]);
/*
 * What to say about a word that is no key or section of this one: `did you mean "group"?` or where
 * it belongs or what there is. Returns buf.
 */
#define HINT_MAX 300
const char *schema_hint(enum section_id id, const char *word, char buf[HINT_MAX]);

#endif
