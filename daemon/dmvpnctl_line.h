/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's ways of getting a command line and of running one: from the arguments of the program,
 * from a script, from somebody at the terminal.
 *
 * A line is a command, perhaps with --json, --svg, --watch, and perhaps a filter behind a "|" as on the
 * router: `show dmvpn | include UP`, exclude, begin, section (what matches, with what is indented below
 * it), count, each with a regular expression.
 */
#ifndef DAEMON_DMVPNCTL_LINE_H
#define DAEMON_DMVPNCTL_LINE_H

#include <regex.h>
#include <signal.h>

#include "daemon/dmvpnctl.h"

/* Whom to talk to. */
struct target {
	const char *instance;
	const char *socket; /* overrides the instance */
};

/* A socket, or -1 after a complaint. */
int client_connect(const struct target *to);
/* The daemon's answer, NULL (and a complaint) where there is none; closes the socket. */
json_t *client_ask(int fd, const json_t *request);
/* For an answer that goes on line by line: NULL where it could not be asked. Takes the socket. */
FILE *client_follow(int fd, const json_t *request);

/*
 * dmvpnctl_tech.c: writes the archive of show tech-support; `file` is its name, a folder for it, or
 * NULL. What render_tech_support() reads, or an "error".
 */
json_t *tech_collect(const struct target *to, const char *file);

enum filter_kind {
	FILTER_NONE,
	FILTER_INCLUDE,
	FILTER_EXCLUDE,
	FILTER_BEGIN,
	FILTER_SECTION,
	FILTER_COUNT
};

struct filter {
	enum filter_kind kind;
	regex_t regex;
	bool open;     /* BEGIN has begun; within a section of SECTION */
	size_t indent; /* of that section's first line */
	size_t count;  /* COUNT: lines that matched; none of them is shown */
};

/* The words behind the "|". False after a complaint. */
bool filter_open(struct filter *f, char *const *words, size_t count);
void filter_close(struct filter *f);
/* What may stand behind the "|", for the question mark. */
void filter_help(FILE *out);
/* The kinds that this can become, one a line; their number. */
size_t filter_candidates(const char *typed, FILE *out);
/* Before and behind a text. */
void filter_begin(struct filter *f);
void filter_end(const struct filter *f, FILE *out);
/* Whether this line, the next of the text, is shown. */
bool filter_takes(struct filter *f, const char *line);

/* dmvpnctl_hint.c: where to find what a router's command does that is none here; NULL: nobody knows. */
const char *hint_for(char *const *words, size_t count);

/*
 * Runs one line, given as the arguments of a program (NULL at the end, written to); its exit status.
 * In the terminal a running command is ended by SIGINT, which comes back here as line_interrupted.
 */
int line_run(const struct target *to, char **argv, enum form form);
/* The same of a line (written to) that stands on the terminal behind a prompt this wide: ^ points into it. */
int line_run_typed(const struct target *to, char *typed, size_t prompt);
extern volatile sig_atomic_t line_interrupted;
void line_help(FILE *out);

/* Lines of somebody at the terminal, or of a script on the standard input; the last one's status. */
int shell_run(const struct target *to);

#endif
