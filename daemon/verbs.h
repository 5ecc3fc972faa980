/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control socket can be asked: one table from words to functions. Answers are JSON
 * objects; {"error": "..."} says what is wrong and what to do.
 */
#ifndef DAEMON_VERBS_H
#define DAEMON_VERBS_H

#include <jansson.h>
#include <stdbool.h>

#include "daemon/ctl.h"

struct addr;
struct answer;
struct daemon;
struct tunnel;

/*
 * Runs {"verb": [...], "args": {...}}. ctl_answer() or ctl_send() is called exactly once: during this
 * call, or later where the kernel must be asked or it is others' turn, unless verbs_forget() comes first.
 */
void verbs_run(struct daemon *d, const json_t *request, struct ctl_client *c);
/* This client is gone; nothing must be answered to it any more. */
void verbs_forget(struct daemon *d, const struct ctl_client *c);

/* ctl.c: sends the answer, which it takes over. */
void ctl_answer(struct ctl_client *c, json_t *answer);
void ctl_send(struct ctl_client *c, struct answer *answer);
/*
 * Whether it is this client's turn to have an answer that grows with the peers made. False: it waits,
 * verbs_run() will be called again with the same request. The turn ends with the client.
 */
bool ctl_takes_turn(struct ctl_client *c);
/* What the client has asked, for as long as there is the client. */
const json_t *ctl_request(const struct ctl_client *c);

/* An {"error": ...}. */
json_t *verbs_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For the functions behind the verbs. */

/* False: the argument is there and makes no sense, *error is the answer. Absent: *out is none. */
bool verbs_address(const json_t *args, const char *name, struct addr *out, json_t **error);
/* The tunnel of that name; absent: NULL. */
bool verbs_tunnel(struct daemon *d, const json_t *args, const char *name, const struct tunnel **out,
		  json_t **error);
/* The same of a number; absent: *out stays. */
bool verbs_number(const json_t *args, const char *name, json_int_t low, json_int_t high,
		  json_int_t *out, json_t **error);
/* The client follows from now on, or is answered that it cannot. */
void verbs_follow(struct ctl_client *c, enum ctl_stream stream);

#endif
