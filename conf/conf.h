/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole configuration of one daemon as one struct, which nobody changes once it is loaded.
 *
 * What a caller may rely on without checking again:
 *  - Every value lies in the range that dmvpnd.conf(5) gives, defaults are filled in.
 *  - Where a policy says rsa-sig there is a trustpoint; its files are read, but not understood.
 *  - Every reference (profile, transform-set) points to an element of the same struct conf.
 *  - Policies come in the order of their priority, keys with the longest prefix first (the first
 *    that contains a peer's address is the one to use), transform-sets in order of preference, all
 *    else in the order of the file.
 *  - Tunnels that share a source share their profile, and no two have the same source and key, the
 *    same name or the same tunnel prefix.
 *  - Every nhs has its NBMA address or a name for it, lies within the tunnel's prefix and is not
 *    ourselves.
 *
 * Strings are NUL-terminated and NULL where absent, an empty array has the count 0. Times are in
 * seconds, volumes in kilobytes (1024 octets), lengths in octets.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/algo.h"

/* Peers (IOS among them) use no more of the NHRP authentication string. */
#define CONF_NHRP_AUTH_MAX 8
#define CONF_SECRET_MASK "********" /* what is shown instead of any secret */
#define CONF_POLICIES_MAX 64	   /* what fits a phase 1 proposal with room to spare */
#define CONF_TRANSFORM_SETS_MAX 16 /* of one profile */
#define CONF_NHS_MAX 16		   /* of one tunnel */
#define CONF_CLUSTER_MAX 10	   /* number of a cluster */
#define CONF_ADDRS_MAX 1024	   /* of one list of addresses */
#define CONF_TUNNELS_MAX 256
#define CONF_MESSAGES_MAX 100 /* of one report; the rest is only counted */

struct conf_addrs {
	struct addr *addr;
	size_t count;
};

/* What is done about settings of the kernel that forwarding through tunnels depends on. */
enum conf_sysctl {
	CONF_SYSCTL_CHECK, /* looked at; a warning says what to run */
	CONF_SYSCTL_SET,   /* changed where they do not fit */
	CONF_SYSCTL_IGNORE,
};

enum conf_log_to {
	CONF_LOG_DEFAULT, /* not configured: the daemon knows whether somebody sees its stderr */
	CONF_LOG_STDERR,
	CONF_LOG_SYSLOG,
	CONF_LOG_FILE, /* conf.log_path */
};

/* isakmp-keepalive { }: dead peer detection, RFC 3706. */
struct conf_keepalive {
	uint32_t interval; /* seconds; 0: never ask, only answer */
	uint32_t retry;	   /* seconds between questions that stay unanswered */
	bool periodic;	   /* ask an idle peer, too */
};

/* isakmp-policy N { }: one phase 1 proposal. */
struct conf_isakmp_policy {
	unsigned int number; /* 1 (tried first) to 10000 */
	struct isakmp_suite suite;
	uint32_t lifetime; /* seconds */
};

/* isakmp-key "PREFIX" { }: the pre-shared key of the peers whose address is in the prefix. */
struct conf_isakmp_key {
	struct prefix peers; /* the octets behind the mask are zero */
	uint8_t *key; /* a secret, len octets, no terminating zero; len is at least 1 */
	size_t len;
};

/* A file that is named in the configuration, and what is in it. */
struct conf_file {
	char *path;
	uint8_t *data;
	size_t len; /* octets; at least 1 */
};

struct conf_files {
	struct conf_file *file;
	size_t count;
};

/* Whether a certificate was revoked is asked ... */
enum conf_revocation {
	CONF_REVOCATION_NONE,	    /* never */
	CONF_REVOCATION_IF_PRESENT, /* where there is a CRL */
	CONF_REVOCATION_CRL,	    /* always: no CRL, no tunnel */
};

/* trustpoint NAME { }: our certificate, and whose certificates we trust. */
struct conf_trustpoint {
	char *name;
	unsigned int line; /* where it ends in the file */
	struct conf_files ca;
	struct conf_file certificate;
	struct conf_file key; /* data is a secret */
	struct conf_files crl;
	enum conf_revocation revocation;
	bool ignore_key_usage;
	bool ignore_identity;
};

/* What we call ourselves in phase 1. */
enum conf_identity {
	CONF_IDENTITY_AUTO, /* address with pre-share, dn with rsa-sig */
	CONF_IDENTITY_ADDRESS,
	CONF_IDENTITY_HOSTNAME,
	CONF_IDENTITY_DN,
};

/* transform-set NAME { }: one phase 2 proposal, always ESP in transport mode. */
struct conf_transform_set {
	char *name;
	struct esp_suite esp;
};

/* ipsec-profile NAME { } */
struct conf_ipsec_profile {
	char *name;
	const struct conf_transform_set **transform_sets; /* the preferred one first */
	size_t transform_set_count;			  /* at least 1 */
	enum group_id pfs;				  /* GROUP_NONE: no PFS */
	uint32_t lifetime_seconds;
	uint32_t lifetime_kilobytes;
};

/* map "PROTOCOL" { nbma = "NBMA" }: a static entry of the NHRP cache. */
struct conf_nhrp_map {
	struct addr protocol; /* in the tunnel */
	struct addr nbma;     /* outside */
};

/* nhs "PROTOCOL" { }: a next hop server to register at. */
struct conf_nhrp_nhs {
	struct addr protocol;
	struct addr nbma; /* its own or from its map; none: to be asked for by name */
	char *name;	  /* in the DNS; NULL where nbma is known */
	uint8_t priority; /* 0: the first choice */
	uint8_t cluster;
	bool multicast;
};

/* cluster N { }: of those nhs at most so many are used at a time. */
struct conf_nhrp_cluster {
	uint8_t number;
	uint8_t max; /* 1 and up */
};

/* authorize "IDENTITY" { }: who may register these tunnel addresses. */
struct conf_nhrp_authorize {
	char *identity; /* as phase 1 has proven it: an address, a name or a subject */
	struct conf_addrs addresses;
};

/* Who answers a resolution request for a client that is registered here. */
enum conf_nhrp_answer {
	CONF_NHRP_ANSWER_EGRESS, /* the request is forwarded to the client, which answers itself */
	CONF_NHRP_ANSWER_HUB,	 /* we do, from our cache, unless the request forbids it */
};

struct conf_nhrp {
	uint32_t network_id; /* 1 and up; local, never on the wire */
	uint8_t authentication[CONF_NHRP_AUTH_MAX]; /* a secret, zeros behind its end */
	uint8_t authentication_len;		    /* 0: no authentication extension */
	uint16_t holdtime;  /* seconds that our registrations hold */
	uint16_t registration_timeout; /* seconds until they are renewed; 0: a third of that */
	uint16_t hold_down; /* seconds until a path that could not be had is tried again */
	enum conf_nhrp_answer resolution_answer;
	bool redirect;	/* tell spokes of shorter ways (phase 3, hub) */
	bool shortcut;	/* take them (phase 3, spoke) */
	bool no_unique; /* our address may be registered from elsewhere, too */
	bool multicast_dynamic;	     /* copies of multicast to everybody who has registered ... */
	struct conf_addrs multicast; /* ... and always to these NBMA addresses */
	uint8_t fallback; /* seconds that a better nhs must be up before it is used again */
	struct conf_nhrp_map *maps;
	size_t map_count;
	struct conf_nhrp_nhs *nhs;
	size_t nhs_count; /* 0 on a hub */
	struct conf_nhrp_cluster *clusters; /* one that is not there is not limited */
	size_t cluster_count;
	struct conf_nhrp_authorize *authorize;
	size_t authorize_count;
};

/* tunnel NAME { }: one mGRE interface. */
struct conf_tunnel {
	char name[IFNAMSIZ];	/* of the interface, too */
	struct prefix address;	/* our own, with its octets behind the mask: 172.16.0.2/24 */
	char source_if[IFNAMSIZ]; /* take the source address from here (it may change), or "" ... */
	struct addr source;	/* ... and then this is the source address; "none" otherwise */
	bool has_key;
	uint32_t key; /* GRE key, when has_key */
	const struct conf_ipsec_profile *profile; /* NULL: GRE in the clear */
	uint16_t mtu; /* 0: from the source's MTU and the cipher */
	bool ignore_df; /* a packet that is too large is fragmented, whatever it says */
	uint8_t ttl; /* of the outer header */
	struct conf_nhrp nhrp;
};

struct conf {
	char *hostname; /* for prompts and logs; NULL: the machine's */
	int log_level;	/* as syslog counts: 0 emergencies ... 7 debugging */
	enum conf_log_to log_to;
	char *log_path;
	char *hook; /* a program that is told of events; NULL: none */
	enum conf_sysctl sysctl;
	struct conf_keepalive keepalive;
	struct conf_isakmp_policy *isakmp_policies;
	size_t isakmp_policy_count;
	struct conf_isakmp_key *isakmp_keys;
	size_t isakmp_key_count;
	enum conf_identity isakmp_identity;
	uint32_t nat_keepalive; /* seconds between octets that keep a NAT of ours as it is */
	struct prefix nat_pool; /* names for peers that share an address behind a NAT */
	struct conf_trustpoint *trustpoint; /* NULL: none */
	struct conf_transform_set *transform_sets;
	size_t transform_set_count;
	struct conf_ipsec_profile *ipsec_profiles;
	size_t ipsec_profile_count;
	struct conf_tunnel *tunnels;
	size_t tunnel_count; /* at least 1 */
};

enum conf_severity {
	CONF_ERROR,
	CONF_WARNING,
	CONF_NOTE, /* good to know, nothing to do */
};

/* "error", "warning", "note". */
const char *conf_severity_name(enum conf_severity severity);

/* One complaint, complete for the reader: "hub.conf:12: isakmp-policy 10: group: expected ...". */
struct conf_message {
	enum conf_severity severity;
	unsigned int line; /* 0: about the file as a whole */
	char *text;	   /* without the severity, without newline, never a secret */
};

/* All that is to be said about a file, by line. Start with { 0 }. */
struct conf_report {
	struct conf_message *messages;
	size_t count;
	size_t errors; /* how many of them are errors */
};

/* Which interface of this machine an IOS configuration's means: FastEthernet0/0 is eth0. */
struct conf_interface {
	char *ios;
	char *here;
};

/* Start with { 0 }. */
struct conf_interfaces {
	struct conf_interface *interface;
	size_t count;
};

/* Adds "FastEthernet0/0=eth0"; false for anything else. */
bool conf_interfaces_add(struct conf_interfaces *list, const char *text);
void conf_interfaces_free(struct conf_interfaces *list);

/*
 * Reads and checks a file, in our own syntax or an IOS running-config: which of them, the text tells.
 * here is for the latter, NULL is fine. NULL if there was any error; the report is filled in either case (it
 * may hold warnings only) and is the caller's to free. Nothing is printed. Not for two threads at
 * once.
 */
struct conf *conf_load(const char *path, const struct conf_interfaces *here,
		       struct conf_report *report);
/* The same from memory, our own syntax only; name stands for the file in messages. */
struct conf *conf_parse(const char *text, const char *name, struct conf_report *report);
/* Wipes the secrets first. NULL is fine. */
void conf_free(struct conf *conf);
void conf_report_free(struct conf_report *report);

enum conf_target {
	CONF_TO_OURS, /* in our own syntax, with the IOS line as a comment beside each */
	CONF_TO_FRR,  /* its routing part, as FRR's frr.conf */
};

/*
 * An IOS running-config in another syntax; NULL where the file cannot be read or is none. The report
 * says what it leaves out, and what dmvpnd would say to it. The text may hold secrets: for
 * conf_text_free().
 */
char *conf_convert(const char *path, enum conf_target to, const struct conf_interfaces *here,
		   struct conf_report *report);
void conf_text_free(char *text); /* NULL is fine */

/*
 * A loaded configuration as text, in our own syntax or as IOS prints it (its interfaces by the
 * router's names, where `here`, which may be NULL, knows them). What is as it is when nothing is said
 * is left out. Each secret is CONF_SECRET_MASK, which is an error where the text is read again. For
 * free().
 */
char *conf_print(const struct conf *conf);
char *conf_print_ios(const struct conf *conf, const struct conf_interfaces *here);

/* The first, that is the longest, match; NULL if we have no key for this peer. */
const struct conf_isakmp_key *conf_isakmp_key_for(const struct conf *conf, const struct addr *peer);
/* A tunnel without next hop servers of its own (Type:Hub in show dmvpn). */
bool conf_tunnel_is_hub(const struct conf_tunnel *tunnel);
/* "informational" and the like (log-level's words) to 0..7; -1 for anything else. */
int conf_log_level_by_name(const char *name);
const char *conf_log_level_name(int level);

#endif
