/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's parts: the table of verbs and the reading of a command line against it, and the
 * rendering of the daemon's JSON in the layouts of IOS 12.4.
 *
 * Renderers take what the daemon answered and write to a FILE; they do nothing else, so tests pin
 * their output. A member that is missing from the JSON leaves its place in the text out, or empty.
 */
#ifndef DAEMON_DMVPNCTL_H
#define DAEMON_DMVPNCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. */
enum { CTL_EXIT_OK = 0, CTL_EXIT_DAEMON = 1, CTL_EXIT_USAGE = 2, CTL_EXIT_CONNECT = 3 };

typedef void render_fn(const json_t *answer, FILE *out);

/*
 * One command. A word of `syntax` is a literal, or stands for a value: "A.B.C.D" an address,
 * "<1-255>" a number in that range, WORD anything.
 */
struct verb {
	const char *syntax;
	const char *request; /* words for the daemon; NULL: the literals of syntax */
	/* Member of "args" that takes the value of syntax; NULL: it has none, or it is the renderer's. */
	const char *arg;
	render_fn *render;
	const char *help;
};

extern const struct verb verbs[];
extern const size_t verb_count;
/* Whether its answer goes on, line by line, until somebody has seen enough. */
bool verb_follows(const struct verb *v);

/* What an answer is printed as. */
enum form { FORM_TEXT, FORM_JSON, FORM_SVG, FORM_DOT };
/* The verb's renderer for text or a picture; NULL: it has none of that form. */
render_fn *verb_renderer(const struct verb *v, enum form form);

enum parse_result {
	PARSE_OK,
	PARSE_INVALID, /* column: where */
	PARSE_INCOMPLETE,
	PARSE_AMBIGUOUS,
};

struct parsed {
	enum parse_result result;
	const struct verb *verb;
	const char *value; /* of the word that stands for a value; NULL where there is none */
	size_t column;	   /* PARSE_INVALID: octets into the words joined by single spaces */
};

/*
 * The words of a command line (which ends with NULL and is written to), into words[], which has room
 * for all of its octets; their number. One argument may hold several (dmvpnctl "show dmvpn"), and
 * --json, --svg or --dot may stand behind the command (*form; the last one counts). An empty one
 * stays, and is wrong: a shell's unset variable must not make "clear crypto isakmp" of a command
 * that names one SA.
 */
size_t parse_split(char **argv, char **words, enum form *form);
/* Words may be cut as long as they are unique where they stand. */
struct parsed parse_words(char *const *words, size_t count);
/* The complaint as IOS words it. */
void parse_complain(const struct parsed *p, char *const *words, size_t count, FILE *out);
/* What may follow the words (`show ?`). False: nothing can, *p says why. */
bool parse_help(char *const *words, size_t count, FILE *out, struct parsed *p);
/*
 * The words that the last of these (of at least one; may be empty) can become, one a line behind
 * `indent`; their number.
 */
size_t parse_candidates(char *const *words, size_t count, FILE *out, const char *indent);
/* {"verb": [...], "args": {...}}, a new reference. */
json_t *parse_request(const struct parsed *p);

/* Seconds as IOS prints a time: 00:22:52, 1d02h, 3w0d, 1y2w. */
#define IOS_TIME_TEXT 24
const char *ios_time(int64_t seconds, char buf[IOS_TIME_TEXT]);

/* A transform as it is shown of an SA, where "esp-aes 256" of the configuration is "esp-256-aes". */
#define IOS_TRANSFORM_TEXT 64
void ios_transform(const char *transform, char buf[IOS_TRANSFORM_TEXT]); /* dmvpnctl_crypto.c */

/* "Tu0" of Tunnel0; names that are no router's stay as they are. */
#define IOS_SHORT_NAME 16
void ios_short_name(const char *interface, char out[IOS_SHORT_NAME]); /* dmvpnctl_nhrp.c */

/* A text, "" for what is none. */
const char *value_text(const json_t *value);
/* Members of an object, with a default for what is missing or of another type. */
const char *member_text(const json_t *o, const char *name); /* "" */
int64_t member_int(const json_t *o, const char *name);	    /* 0 */
bool member_true(const json_t *o, const char *name);	    /* false */
bool member_is(const json_t *o, const char *name, const char *text);
bool member_has(const json_t *o, const char *name);	    /* there and not null */

/* `dmvpnctl convert ...`: argv[0] is "convert"; the program's status. */
int convert_main(int argc, char **argv);

render_fn render_nothing; /* IOS says nothing when a clear succeeds */
render_fn render_message; /* {"message": "..."} */
render_fn render_tracing; /* the same, and where the trace is to be seen */
render_fn render_reload;
render_fn render_dmvpn_detail;					/* dmvpnctl_dmvpn.c */
render_fn render_dmvpn, render_tunnel_endpoints, render_interface, render_version;
render_fn render_nhrp, render_nhrp_detail, render_nhrp_nhs, render_nhrp_nhs_detail, render_nhrp_traffic;
render_fn render_nhrp_multicast;
render_fn render_nhrp_brief, render_nhrp_redirect, render_nhrp_summary; /* dmvpnctl_nhrp.c */
render_fn render_nhrp_shortcut;
render_fn render_event; /* a line of "events" */
render_fn render_isakmp_sa, render_isakmp_sa_detail, render_isakmp_policy, render_isakmp_stats;
render_fn render_ipsec_sa;
render_fn render_isakmp_key, render_isakmp_peers; /* dmvpnctl_session.c, to the next empty line */
render_fn render_session, render_session_detail, render_session_brief;
render_fn render_ikev1_sa, render_ikev1_sa_detail;

render_fn render_running_config, render_running_config_ios; /* dmvpnctl_config.c */
render_fn render_running_config_interface; /* of the router's text, what is "asked" */
render_fn render_tech_support; /* of what tech_collect() answers */

render_fn render_debugging, render_log, render_log_line;
render_fn render_explain; /* dmvpnctl_explain.c */
render_fn render_ladder, render_ladder_svg; /* dmvpnctl_ladder.c */
render_fn render_map, render_map_dot;	    /* dmvpnctl_map_text.c */
render_fn render_map_svg;		    /* dmvpnctl_map_svg.c */

/* Whether a next hop server is on standby: it is not asked, nothing is expected of it. */
bool nhs_waits(const json_t *nhs);

/* Parts of a session that show dmvpn detail has, too: dmvpnctl_session.c */
void render_session_isakmp_sa(const json_t *sa, bool detail, FILE *out);
void render_session_flow(const json_t *session, bool detail, FILE *out);

#endif
