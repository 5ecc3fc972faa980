/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet sockets of a tunnel's link: NHRP in and out, copies of multicast to the listeners that
 * NHRP names, and, where `redirect` is configured, packets that come in and leave through the tunnel.
 *
 * NHRP's is there as long as the link is; the one for multicast while there is a listener; the one for
 * redirects while they are wanted and the kernel can. Listeners stay when the link is made again.
 */
#ifndef DAEMON_PACKETS_H
#define DAEMON_PACKETS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/wire.h"

struct daemon;
struct nhrp_effect;
struct packets;
struct tunnel;

#define PACKETS_WHY 256 /* room for a sentence */

/* Loads what `redirect` needs into the kernel, which takes more privileges than using it. */
void packets_prepare(struct daemon *d);
void packets_unprepare(struct daemon *d);

/* t->packets; false: why[] says what is wrong. */
bool packets_open(struct daemon *d, struct tunnel *t, char why[PACKETS_WHY]);
/* The configuration has changed. */
void packets_configure(struct daemon *d, struct tunnel *t);
/* The link is gone. What was opened stays known, for packets_open(). */
void packets_close(struct daemon *d, struct tunnel *t);
void packets_free(struct daemon *d, struct tunnel *t);

bool packets_are_open(const struct tunnel *t);
void packets_send_nhrp(struct tunnel *t, const struct addr *nbma, struct span packet);
/* NHRP packets that the kernel did not take. */
uint64_t packets_send_errors(const struct tunnel *t);
/* Carries out an effect about listeners; false: it is about something else. */
bool packets_effect(struct daemon *d, struct tunnel *t, const struct nhrp_effect *e);

/* {"listeners": [...], counters}; {"redirects": ...}: for the shows. */
json_t *packets_show_multicast(const struct tunnel *t);
json_t *packets_show_redirect(const struct daemon *d, const struct tunnel *t);

#endif
