/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of check.h that is about a tunnel's addresses and NHRP, and what both parts say things with. */
#ifndef CONF_CHECK_NHRP_H
#define CONF_CHECK_NHRP_H

#include "conf/draft.h"

void check_nhrp(struct draft *d, const struct draft_tunnel *t);

/* Shared, in check.c. "at" is a section's struct origin, "line" in the file. */

#define ERROR(d, line, at, ...) check_say(d, CONF_ERROR, line, at, __VA_ARGS__)
#define WARN(d, line, at, ...) check_say(d, CONF_WARNING, line, at, __VA_ARGS__)

__attribute__((format(printf, 5, 6))) void check_say(struct draft *d, enum conf_severity severity,
						     unsigned int line, const struct origin *at,
						     const char *fmt, ...);
void check_already(struct draft *d, const struct origin *second, const struct origin *first);
/* Whether a policy, or one that cannot be read, wants peers to prove themselves in that way. */
bool check_any_policy_with(const struct draft *d, enum auth_method auth);
bool check_overlap(const struct prefix *a, const struct prefix *b);

#endif
