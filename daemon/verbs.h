/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control socket can be asked: one table from words to functions. Answers are JSON
 * objects; {"error": "..."} says what is wrong and what to do.
 */
#ifndef DAEMON_VERBS_H
#define DAEMON_VERBS_H

#include <jansson.h>

struct ctl_client;
struct daemon;

/*
 * Runs {"verb": [...], "args": {...}}. ctl_answer() is called exactly once: during this call, or
 * later where the kernel must be asked, unless verbs_forget() comes first.
 */
void verbs_run(struct daemon *d, const json_t *request, struct ctl_client *c);
/* This client is gone; nothing must be answered to it any more. */
void verbs_forget(struct daemon *d, const struct ctl_client *c);

/* ctl.c: sends the answer, which it takes over. */
void ctl_answer(struct ctl_client *c, json_t *answer);

/* An {"error": ...}. */
json_t *verbs_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
