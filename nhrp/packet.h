/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP packets as typed data: RFC 2332 section 5, with Cisco's traffic indication (type 8).
 *
 * nhrp_packet_parse() reads a whole packet or says why not, and touches nothing else: after it
 * every address has 0 or 4 octets, every extension that holds client information entries holds
 * whole ones, all counts are bounded. Spans point into the packet that was parsed. Only IPv4 over
 * IPv4; subaddresses do not exist there.
 *
 * nhrp_packet_encode() is its inverse and deterministic: the packets of IOS come out of a parse and
 * an encode octet for octet.
 */
#ifndef NHRP_PACKET_H
#define NHRP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/wire.h"
#include "nhrp/event.h"

#define NHRP_HEADER 20	      /* octets of the fixed header */
#define NHRP_PACKET_MAX 1400  /* octets of what we build or forward */
#define NHRP_CIES 16	      /* client information entries in a mandatory part */
#define NHRP_EXTENSIONS 16    /* without the one that ends them */
#define NHRP_CIE_OCTETS 20    /* of one with both addresses */
#define NHRP_HOPS 255	      /* hop count of what starts here */

/* Flags of resolution requests and replies. */
#define NHRP_Q 0x8000 /* the source is a router */
#define NHRP_A 0x4000 /* request: only authoritative answers; reply: this is one */
#define NHRP_D 0x2000 /* the destination's binding is stable */
#define NHRP_U 0x1000 /* and unique */
#define NHRP_S 0x0800 /* the source's binding is stable */
/* Of registrations, of purges, and Cisco's in all of them. */
#define NHRP_REGISTRATION_UNIQUE 0x8000
#define NHRP_PURGE_NO_REPLY 0x8000
#define NHRP_CISCO_NAT 0x0002

enum nhrp_extension_type {
	NHRP_EXT_END = 0,
	NHRP_EXT_RESPONDER = 3,	      /* the address of who answers */
	NHRP_EXT_FORWARD_TRANSIT = 4, /* servers that a request passed */
	NHRP_EXT_REVERSE_TRANSIT = 5, /* servers that a reply passed */
	NHRP_EXT_AUTHENTICATION = 7,
	NHRP_EXT_VENDOR = 8,
	NHRP_EXT_NAT = 9, /* Cisco's; RFC 2735 gave the number to something else */
};

/* Client information entry. An address with length 0 is absent. */
struct nhrp_cie {
	uint8_t code;
	uint8_t prefix; /* bits; 0 and 255 mean the same as 32 */
	uint8_t preference;
	uint16_t mtu;
	uint16_t holding_time;
	struct addr nbma;
	struct addr protocol;
	bool translated; /* not on the wire: nbma is what the NAT extension says */
};

struct nhrp_extension {
	uint16_t type; /* without the compulsory bit */
	bool compulsory;
	struct span value;
};

struct nhrp_packet {
	uint8_t hop_count;
	uint8_t type;	     /* enum nhrp_type */
	uint16_t flags;	     /* types 1 to 6; unused octets of the others */
	uint32_t request_id; /* types 1 to 6 */
	struct addr source_nbma;
	struct addr source;
	struct addr destination;
	uint16_t code;	 /* type 7: enum nhrp_error; type 8: the traffic code */
	uint16_t offset; /* type 7: of the error in the packet it is about */
	struct span inner; /* types 7 and 8: (the start of) the packet it is about */
	size_t n_cies;
	struct nhrp_cie cies[NHRP_CIES];
	size_t n_extensions;
	struct nhrp_extension extensions[NHRP_EXTENSIONS];
};

/* On failure *offset is where, and p->type is set where it could be read (0 otherwise). */
enum nhrp_malformed nhrp_packet_parse(const void *data, size_t len, struct nhrp_packet *p,
				      size_t *offset);
/*
 * What the start of a packet says of itself, as an error indication quotes it: type, request id and
 * addresses of types 1 to 6. The end of the quotation may be missing; checksums are not looked at.
 */
bool nhrp_packet_quoted(struct span inner, struct nhrp_packet *p);
/* Octets written, 0 where they do not fit. Adds size, checksum and the end of extensions. */
size_t nhrp_packet_encode(const struct nhrp_packet *p, uint8_t *out, size_t cap);

/* The first of that type, or NULL. */
struct nhrp_extension *nhrp_extension_find(struct nhrp_packet *p, unsigned int type);
/* Appends; false where the packet is full. Compulsory unless it is Cisco's. */
bool nhrp_extension_add(struct nhrp_packet *p, unsigned int type, struct span value);
/* Reads one entry; sets r->bad for what is no entry with addresses of 0 or 4 octets. */
struct nhrp_cie nhrp_cie_read(struct reader *r);
void nhrp_cie_write(struct writer *w, const struct nhrp_cie *cie);
/* The prefix length means one host. */
bool nhrp_cie_is_host(const struct nhrp_cie *cie);

/* What belongs into a checksum field that is zero now; 0 where the right one is there. */
uint16_t nhrp_checksum(const void *data, size_t len);

#endif
