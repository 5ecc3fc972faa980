/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of diagnose.h that is about certificates. */
#ifndef DAEMON_DIAGNOSE_CERT_H
#define DAEMON_DIAGNOSE_CERT_H

#include <stdbool.h>

#include "daemon/text.h"
#include "ikev1/event.h"

/* False: the event's cause is none of certificates, nothing was added. */
bool diagnose_cert(struct text *t, const struct ike_event *e, const char *peer);
/* "serial number: 6B00002B, subject name: CN=hub", as the ASA says it. */
void diagnose_cert_name(struct text *t, const struct ike_cert *c);
/* "10.0.0.4", a name, or hex digits. */
void diagnose_identity(struct text *t, const struct ike_id *id);

#endif
