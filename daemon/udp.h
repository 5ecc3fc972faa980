/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE's sockets, bound to each tunnel source's address and to ports 500 and 4500; two for a port, so
 * that strangers cannot crowd out those whom we have answered before. What comes
 * on 4500 is ESP in UDP, which the kernel takes, or IKE behind four zero octets, the non-ESP marker
 * (RFC 3948 2.2), which are put in front and taken off here.
 *
 * What is sent may get lost, so a send error is counted and logged now and then, never fatal; ICMP
 * errors that come back are evidence for the log ("nobody listens there"), never the end of an
 * exchange, because anybody can forge them.
 */
#ifndef DAEMON_UDP_H
#define DAEMON_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/util.h"
#include "lib/wire.h"

#define UDP_PORT_IKE 500
#define UDP_PORT_NATT 4500

struct daemon;
struct udp;

struct udp_counters {
	uint64_t received, sent;
	uint64_t send_errors, icmp_errors;
	uint64_t dropped; /* larger than any message that is read */
};

struct udp *udp_new(void);
void udp_free(struct udp *u); /* closes all; NULL is fine */

#define UDP_WHY 256 /* room for a sentence */

/* Both ports. Opening twice is opening once. False: why[] says what is wrong and what to do. */
bool udp_open(struct daemon *d, const struct addr *local, char why[UDP_WHY]);
void udp_close(struct daemon *d, const struct addr *local);
/* marked: with the non-ESP marker. */
void udp_send(struct daemon *d, const struct endpoint *local, const struct endpoint *remote,
	      bool marked, struct span data);
/* The last ICMP error about what was sent to this address, or why it could not be sent. */
struct udp_icmp {
	struct addr about;
	struct addr from; /* who says so; none: this machine */
	int error;	  /* errno */
	bool filtered;	  /* its code is one of "administratively prohibited" */
	msec at;
};
/* NULL: none, or too long ago; valid until the loop's next turn. */
const struct udp_icmp *udp_icmp_about(const struct daemon *d, const struct addr *remote);
const struct udp_counters *udp_counters(const struct daemon *d);

#endif
