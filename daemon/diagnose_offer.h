/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of diagnose.h that is about policies, transform-sets and PFS. */
#ifndef DAEMON_DIAGNOSE_OFFER_H
#define DAEMON_DIAGNOSE_OFFER_H

#include <stdbool.h>

#include "daemon/text.h"
#include "ikev1/event.h"

/* False: the event's cause is none of offers, nothing was added. */
bool diagnose_offer(struct text *t, const struct ike_event *e, const char *peer);

#endif
