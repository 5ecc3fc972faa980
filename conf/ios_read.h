/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the IOS reader share; nobody else includes it.
 *
 *     ios_lines.c	lines and words
 *     ios_survey.c	what must be known of all lines before the first is carried out
 *     ios.c		finds the command of each line, and does what can only be done at the end
 *     ios_crypto.c	commands of ISAKMP and IPsec
 *     ios_tunnel.c	commands of interfaces and of NHRP
 *     ios_other.c	all others that are known
 *     ios_frr.c	the routing part, for FRR
 *
 * A command is a row: the mode in which it is typed, its words, what becomes of it. The words of a
 * pattern are literal ("encr|encryption": either), "$" (any one word, which the function gets as an
 * argument) or, at the end, "..." (whatever follows, word by word). Words of a line may be cut, as people
 * type them. Of several that fit, the one with most literal words counts.
 */
#ifndef CONF_IOS_READ_H
#define CONF_IOS_READ_H

#include "conf/ios.h"
#include "conf/ios_lines.h"
#include "lib/addr.h"

enum ios_mode {
	IOS_GLOBAL,
	IOS_POLICY,	    /* crypto isakmp policy */
	IOS_KEYRING,	    /* crypto keyring */
	IOS_ISAKMP_PROFILE, /* crypto isakmp profile */
	IOS_TRANSFORM,	    /* crypto ipsec transform-set */
	IOS_PROFILE,	    /* crypto ipsec profile */
	IOS_TRUSTPOINT,	    /* crypto pki trustpoint */
	IOS_TUNNEL,	    /* interface Tunnel */
	IOS_INTERFACE,	    /* any other interface */
	IOS_BLOCK, /* a block that is not looked into: what holds for its first line holds */
};

struct ios;

/* arg: what stood for "$" and "..." in the pattern. */
typedef void ios_apply(struct ios *x, const char *const *arg, size_t n);

struct ios_command {
	enum ios_mode mode;
	const char *pattern;
	enum ios_use use;
	/*
	 * UNSUPPORTED: "would have ..."; REFUSED: why; APPLIED: the setting of the section that the
	 * first argument is, NULL where it is more than that; ALWAYS: what its "no" "would have ...",
	 * NULL where that is nothing; else NULL.
	 */
	const char *what;
	ios_apply *apply; /* APPLIED; for others what else there is to do, mostly NULL */
};

struct ios_commands {
	const struct ios_command *row;
	size_t count;
};

extern const struct ios_commands ios_crypto, ios_tunnel, ios_other;

#define IOS_INTERFACE_NAME 48

/* An interface of the router, other than a tunnel. */
struct ios_interface {
	char name[IOS_INTERFACE_NAME]; /* in full, without blanks */
	char address[ADDR_TEXT]; /* empty: none, or from DHCP */
	bool crypto_map;
};

/* What a tunnel says that is no setting of ours. */
struct ios_tunnel {
	char name[IOS_INTERFACE_NAME];
	unsigned int line; /* of its first block */
	bool nhrp, ipv6_nhrp, multipoint, shut;
	bool no_shortcut, no_dynamic;	   /* "no ip nhrp shortcut", "... map multicast dynamic" */
	const struct ios_line *protection; /* NULL: none */
	const char *vrf;		   /* that of its outer packets; NULL: none */
	/* From here on once it is read. */
	struct outline *section;
	const char *destination; /* NULL: none */
	const char *unnumbered;	 /* the interface whose address it borrows */
	bool crypto_map;
};

struct ios_names {
	const char **name;
	size_t count;
};

struct ios {
	const struct complaints *complaints;
	const struct conf_interfaces *here;
	struct ios_lines lines;
	const struct ios_line *at;
	enum ios_mode mode;
	enum ios_use use;   /* what becomes of the line */
	enum ios_use block; /* in IOS_BLOCK */
	struct outline root;
	struct outline *section; /* of the mode; NULL where none of ours belongs to it */
	struct ios_interface *interface;
	size_t interface_count;
	struct ios_tunnel *tunnel;
	size_t tunnel_count;
	struct ios_tunnel *tunnel_now; /* in IOS_TUNNEL */
	unsigned int version;	       /* 15 of "version 15.6"; 0: not said */
	bool ospf;		       /* it does OSPF */
	/* What tunnels of ours use. */
	struct ios_names profiles, sets, isakmp_profiles, keyrings;
	/* Transform-sets that are not done, and those that some profile has nothing else than. */
	struct ios_names odd_sets, needed_sets;
	/* match identity address, of isakmp profiles that they use: which peers are meant. */
	struct prefix *match;
	size_t match_count;
	unsigned int match_line;
	bool match_any;
	/* crypto ipsec security-association lifetime: for profiles that say nothing. */
	char *seconds, *kilobytes;
	unsigned int seconds_line, kilobytes_line;
	size_t count[IOS_USES];
};

/* Enters the block that the line opens; section may be NULL. */
void ios_enter(struct ios *x, enum ios_mode mode, struct outline *section);
/* About the line being read; the text must not show what may be a secret. */
__attribute__((format(printf, 3, 4))) void ios_say(struct ios *x, enum conf_severity severity,
						   const char *fmt, ...);
/* Words of commands are the same in any case. */
bool ios_is(const char *word, const char *what);
/*
 * A secret as a line has it: [0|6|7] SECRET. False after an error was told: type 6 is encrypted with
 * a password that the text does not have; type 7 only hides from a glance, and is read.
 */
#define IOS_SECRET_MAX 256
bool ios_secret(struct ios *x, const char *const *arg, size_t n, char out[IOS_SECRET_MAX]);
/* A name as our own syntax has it: what it may not contain becomes "_". Returns out. */
#define IOS_NAME_MAX 80
const char *ios_name(const char *word, char out[IOS_NAME_MAX]);
/* Shorthands for the section being read. */
void ios_set(struct ios *x, const char *key, const char *value);
/* Whether a word is this one, perhaps cut as IOS allows. */
bool ios_means(const char *word, const char *what);
/*
 * The name of an interface in full: "Gi0/1", or "Tunnel" and the next word "0". Returns out, which is
 * a name in any case.
 */
const char *ios_interface_name(const char *word, const char *next, char out[IOS_INTERFACE_NAME]);
/* "172.16.0.2 255.255.255.0" to "172.16.0.2/24"; false after an error was told. */
bool ios_prefix(struct ios *x, const char *address, const char *mask, char out[ADDR_TEXT]);

void ios_survey(struct ios *x);
void ios_survey_free(struct ios *x);
struct ios_tunnel *ios_tunnel_named(struct ios *x, const char *name);
/* Whether outer packets of any of ours are in that VRF. */
bool ios_is_outside(const struct ios *x, const char *vrf);
/* Whether it becomes one of this machine's. */
bool ios_is_ours(const struct ios_tunnel *t);
enum ios_kind { IOS_KIND_PROFILE, IOS_KIND_SET, IOS_KIND_ISAKMP_PROFILE, IOS_KIND_KEYRING };
/* Whether a tunnel of ours needs what has that name. */
bool ios_is_used(const struct ios *x, enum ios_kind kind, const char *name);
/* Whether we could propose the transform-set of that line, with the mode that stands below it. */
bool ios_set_is_done(const struct ios_line *l, bool transport);
/* One that is not done, where its profiles have others: the tunnel is no less safe without it. */
bool ios_set_is_left_out(const struct ios *x, const char *name);
/* What is indented below belongs to the line, and is treated as it is. */
ios_apply ios_block;
/* For a block that is not looked into: nothing is to be done of it, it is counted as the system's. */
void ios_pass_over(struct ios *x);

/* What is settled when all lines have been read. */
void ios_crypto_finish(struct ios *x);
void ios_tunnel_finish(struct ios *x);

#endif
