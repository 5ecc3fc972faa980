/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP packets on one mGRE link: a packet socket of GRE protocol type 0x2001 (RFC 2332 behind
 * RFC 2784). The kernel adds and removes the GRE header; the NBMA address is the outer one.
 *
 * The owner polls nhrp_sock_fd(), and when it is readable calls nhrp_sock_readable(), which
 * permits a bounded number of packets, then nhrp_sock_next() until false. What is left makes the
 * descriptor readable again, so one tunnel's flood does not stop the others.
 *
 * The socket belongs to the link's index: a link that went down and up keeps it, one that was
 * removed and made again needs a new one. Errors: see gre/link.h.
 */
#ifndef GRE_NHRP_SOCK_H
#define GRE_NHRP_SOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "gre/link.h"
#include "lib/addr.h"
#include "lib/wire.h"

#define NHRP_SOCK_PROTOCOL 0x2001
#define NHRP_SOCK_PACKET_MAX 9216 /* octets of NHRP; longer ones are dropped and counted */

struct nhrp_sock_packet {
	struct addr nbma;    /* outer source */
	struct span payload; /* from the fixed header on; valid until the next call */
};

struct nhrp_sock_counters {
	uint64_t received, sent;
	uint64_t receive_errors, send_errors;
	uint64_t dropped; /* too long, or without an IPv4 outer source */
};

struct nhrp_sock;

int nhrp_sock_open(struct nhrp_sock **out, unsigned int ifindex, char why[GRE_WHY]);
void nhrp_sock_close(struct nhrp_sock *s); /* NULL is fine */
int nhrp_sock_fd(const struct nhrp_sock *s);
void nhrp_sock_readable(struct nhrp_sock *s);
bool nhrp_sock_next(struct nhrp_sock *s, struct nhrp_sock_packet *out);
const struct nhrp_sock_counters *nhrp_sock_counters(const struct nhrp_sock *s);

/*
 * Sends one packet to an NBMA address, at once. 0 or a positive errno; NHRP repeats what gets
 * lost, so the caller counts it and goes on: ENETDOWN (the link is down), ENXIO or ENODEV (it is
 * gone), EMSGSIZE, EINVAL (not an IPv4 unicast address), ENOBUFS. EPERM or ENOENT can mean that
 * a policy refused it, which is not an error to the packet socket in general: a packet without
 * SA is dropped by the kernel and counted there.
 */
int nhrp_sock_send(struct nhrp_sock *s, const struct addr *nbma, struct span payload);

#endif
