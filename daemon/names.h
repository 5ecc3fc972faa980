/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Next hop servers that are configured by a name: the machine's resolver is asked (getaddrinfo(): the
 * DNS, /etc/hosts, whatever it is configured for), in a thread of its own, because it may take its
 * time, and NHRP is told what the name stands for. It is asked again every NAMES_REFRESH,
 * sooner while the server is not reached, and later and later while there is no answer; meanwhile what
 * was known stays. Of several addresses one that is in use is kept while it works.
 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include <jansson.h>

#include "lib/addr.h"
#include "lib/util.h"

#define NAMES_REFRESH SECONDS(300)
#define NAMES_SOON    SECONDS(10) /* between two questions about one that is not reached */
#define NAMES_LATE    SECONDS(60) /* the longest wait while there is no answer */

struct daemon;
struct names;
struct tunnel;

#define NAMES_ASKED_MAX 8 /* questions at a time; the others wait */

/* NULL: no descriptor could be had, errno says why. */
struct names *names_new(struct daemon *d);
void names_free(struct daemon *d); /* NULL is fine */

/* The names that the tunnel has now; those that it had before keep what is known of them. */
void names_enter(struct daemon *d, const struct tunnel *t);
void names_leave(struct daemon *d, const struct tunnel *t);
/* This next hop server is not reached; nothing where it has no name. */
void names_unreachable(struct daemon *d, const struct tunnel *t, const struct addr *protocol);

msec names_deadline(const struct daemon *d);
void names_tick(struct daemon *d, msec now);

/* The name of a next hop server; NULL: it has none. */
const char *names_of(const struct tunnel *t, const struct addr *protocol);

#endif
