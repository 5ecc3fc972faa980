/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From events to causes: what went wrong, the evidence for it, and what to change on which side,
 * in one line. What this end cannot know it does not claim: then it says where to look first.
 *
 * Pure: an event in, a sentence out. Whoever logs, shows or explains uses the same sentences.
 */
#ifndef DAEMON_DIAGNOSE_H
#define DAEMON_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "ikev1/event.h"
#include "nhrp/event.h"

#define DIAGNOSE_TEXT  900
#define DIAGNOSE_VALUE 64

/*
 * For IKE_EVENT_FAILED and IKE_EVENT_EVIDENCE, and for those IKE_EVENT_DROPs that somebody should know about
 * (aggressive mode, IKEv2, mode configuration, an answer from elsewhere). False: no fault of anybody's
 * (superseded, cleared, expired), *buf is empty.
 */
bool diagnose_ike(const struct ike_event *e, char buf[DIAGNOSE_TEXT]);
/* Whether it has a sentence for this IKE_EVENT_DROP. */
bool diagnose_is_drop_telling(const struct ike_event *e);
/* For refusals, failed authentication, errors and what stays unanswered. */
bool diagnose_nhrp(const struct nhrp_event *e, char buf[DIAGNOSE_TEXT]);

/* A few words each. */
const char *diagnose_cause_name(enum ike_cause cause); /* for counters: "key_mismatch" */
const char *diagnose_drop_name(enum ike_drop why);     /* "unknown_sa" */
const char *diagnose_cause_text(enum ike_cause cause); /* "probable pre-shared key mismatch" */
const char *diagnose_nhrp_code(int code);  /* "unique address already registered (14)" */
const char *diagnose_nhrp_error(int code); /* "authentication failure (11)" */
const char *diagnose_nhrp_reason(enum nhrp_reason why);

/* What a mismatch compares: "ours 3des, theirs aes-128" goes into buf. */
void diagnose_mismatch(const struct mismatch *m, int phase, char buf[DIAGNOSE_TEXT]);
/* Whether the peer's value is one that can be configured here, and protects. */
bool diagnose_fits_here(const struct mismatch *m);
bool diagnose_is_xauth(unsigned int auth_method); /* of the wire */
/* Both sides' values of the attribute that differs; empty where there are none to name. */
void diagnose_values(const struct mismatch *m, int phase, char ours[DIAGNOSE_VALUE],
		     char theirs[DIAGNOSE_VALUE]);

#endif
