/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: one unix stream socket per instance, RUNDIR/INSTANCE.ctl, for root alone.
 *
 * A request is one line of JSON: {"verb": ["show", "dmvpn"], "args": {"peer": "10.0.0.4"}}, the
 * words in full (dmvpnctl knows the abbreviations). The answer is one JSON object and a newline,
 * then the connection is closed; {"error": "..."} says what is wrong and what to do. doc/ lists
 * verbs and members.
 *
 * Two verbs are answered differently: the connection stays, and each notice (notice.h; "events") or each
 * line of the log ("debug") is a line of JSON from then on. Who reads slower than things happen is
 * told so in a last line and cut off.
 *
 * Bounded in clients, octets per request and seconds per connection. Verbs walk what they show;
 * nothing is kept up to date for them while packets flow. Some (the SAs' counters) wait for the
 * kernel: then the answer comes later, the loop goes on. An answer that grows with the peers leaves
 * a slice at a time (answer.h), the next one when the one before has been read and the loop has been
 * round; one client has its turn with these, others wait.
 */
#ifndef DAEMON_CTL_H
#define DAEMON_CTL_H

#include <jansson.h>
#include <stdbool.h>

#define CTL_INSTANCE	"dmvpnd" /* the name of the instance where none is given */
#define CTL_SUFFIX	".ctl"
#define CTL_PATH_MAX	108  /* of a unix socket's name, with its terminating zero */
#define CTL_REQUEST_MAX 4096 /* octets of a request with its newline */
#define CTL_CLIENTS_MAX 16
#define CTL_FOLLOWERS_MAX 8	/* of them: who only listens does not keep others out */
#define CTL_FOLLOWER_ROOM 65536 /* octets that may wait for one of these */
#define CTL_SECONDS	10 /* until a request has come and its answer, or a slice of it, has gone */

struct ctl;
struct ctl_client;
struct daemon;
struct event_base;

/*
 * Creates the socket at `path` (its folder too, mode 0755) and serves it from the loop. A socket
 * that a dead daemon left is replaced; one that somebody still answers is an error. NULL: an error
 * message has been logged.
 */
struct ctl *ctl_open(struct daemon *d, struct event_base *base, const char *path);
/* Drops the clients, removes the socket. NULL is fine. */
void ctl_close(struct ctl *ctl);

enum ctl_stream { CTL_EVENTS, CTL_LOG, CTL_STREAMS };

/* The client follows from now on. False: there are too many, it must be answered. */
bool ctl_follow(struct ctl_client *c, enum ctl_stream stream);
/* Whether anybody does; NULL is fine. */
bool ctl_is_followed(const struct ctl *ctl, enum ctl_stream stream);
/* A line for all who follow that; takes it over. */
void ctl_tell(struct ctl *ctl, enum ctl_stream stream, json_t *line);

#endif
