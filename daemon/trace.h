/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: its own messages, and the typed events of the cores rendered as lines in the
 * vocabulary of the ASA (`[IKEv1]: IP = 10.0.1.2, ...`).
 *
 * What is shown: a line has a severity (as syslog counts: 0 emergencies to 7 debugging) and, when
 * it comes from a core's event, the event's ASA debug level (1 to 255). It is shown when its
 * severity is within the log level, or when somebody debugs what it tells of (debug.h). An event that
 * neither lets through costs one comparison.
 *
 * What strangers can provoke without a key (dropped datagrams, half-open exchanges, their
 * failures) goes through token buckets; what is left out is counted and told in one line.
 *
 * There is one log per process, so its state lives in trace.c; no secret ever reaches it, because
 * no event holds one. Not for other threads than the loop's.
 */
#ifndef DAEMON_TRACE_H
#define DAEMON_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h> /* LOG_EMERG (0) ... LOG_DEBUG (7): the severities */

#include "ikev1/event.h"
#include "lib/util.h"
#include "nhrp/event.h"

enum trace_to { TRACE_STDERR, TRACE_SYSLOG, TRACE_FILE };

/*
 * Where the log goes and down to which severity. Before the first call it goes to stderr at
 * LOG_INFO. The texts are copied. False: the file cannot be opened (errno says why), nothing has
 * changed. `ident` names this instance to syslog.
 */
bool trace_open(enum trace_to to, const char *path, const char *ident, int severity);
/* Opens the log file by its name again (log rotation, SIGUSR1); on an error the old one stays. */
bool trace_reopen(void);
void trace_close(void);
/*
 * While the daemon starts, errors also go to stderr: whoever has started it waits there to hear why it
 * does not run.
 */
void trace_starting(bool starting);

void trace_set_severity(int severity);
int trace_severity(void);
/* The daemon's own messages: one line, without its newline. */
void log_msg(int severity, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What anybody can cause who is no peer, or is not proven to be one. */
bool trace_ike_is_strange(const struct ike_event *e);
/* The cores' events, each as it is drained. */
void trace_ike_event(const struct ike_event *e);
void trace_nhrp_event(const struct nhrp_event *e);

/* What the NHRP core's interface of that id is called; it stands in front of its lines. */
void trace_name_interface(int id, const char *name);

/*
 * Tells what was suppressed once its bucket has room again. Deadline: when there will be something
 * to tell, MSEC_NEVER where nothing is pending. The same clock as the events'.
 */
void trace_tick(msec now);
msec trace_deadline(void);

/* Rendering alone, for tests and for whoever follows or records a trace besides the log. */

#define TRACE_TEXT 1024 /* a line that is longer is cut */

struct trace_line {
	int severity;
	unsigned int level; /* ASA debug level; 0: a message of the daemon's own */
	const char *tag;    /* "IKEv1", "IKEv1 DEBUG", "IKEv1 DECODE", "NHRP"; NULL: none */
	char text[TRACE_TEXT];
};
typedef void trace_sink(void *ctx, const struct trace_line *line);

/* Every line that is written goes there, too; NULL: nowhere. It must not write any itself. */
void trace_follow(trace_sink *sink, void *ctx);

/* The most severe of the lines that an event renders to. */
int trace_ike_severity(const struct ike_event *e);
void trace_render_ike(const struct ike_event *e, trace_sink *sink, void *ctx);
void trace_render_nhrp(const struct nhrp_event *e, trace_sink *sink, void *ctx);

#endif
