/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ISAKMP messages: header, payload chain, attributes (RFC 2408 section 3). Reading never copies:
 * what is parsed points into the caller's buffer. A parser reads everything or nothing; nothing is
 * acted upon here.
 */
#ifndef IKEV1_ISAKMP_H
#define IKEV1_ISAKMP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/wire.h"

#define ISAKMP_COOKIE 8
#define ISAKMP_HEADER 28
#define ISAKMP_VERSION 0x10
#define ISAKMP_MESSAGE_MAX 16384 /* octets we are ready to read or build */
#define ISAKMP_PAYLOADS_MAX 32	 /* in one message; a message with more is malformed to us */

/* Exchange types, RFC 2408 3.1 and RFC 2409 appendix A. */
enum isakmp_exchange {
	ISAKMP_XCHG_BASE = 1,
	ISAKMP_XCHG_MAIN = 2, /* "identity protection" */
	ISAKMP_XCHG_AUTH_ONLY = 3,
	ISAKMP_XCHG_AGGRESSIVE = 4,
	ISAKMP_XCHG_INFO = 5,
	ISAKMP_XCHG_TRANSACTION = 6, /* mode configuration and XAuth (drafts) */
	ISAKMP_XCHG_QUICK = 32,
	ISAKMP_XCHG_NEW_GROUP = 33,
};

enum isakmp_flag { ISAKMP_FLAG_ENCRYPTED = 1, ISAKMP_FLAG_COMMIT = 2, ISAKMP_FLAG_AUTH_ONLY = 4 };

/* Payload types, RFC 2408 3.1, RFC 3947, fragmentation as Cisco does it. */
enum isakmp_payload_type {
	ISAKMP_NONE = 0,
	ISAKMP_SA = 1,
	ISAKMP_PROPOSAL = 2,
	ISAKMP_TRANSFORM = 3,
	ISAKMP_KE = 4,
	ISAKMP_ID = 5,
	ISAKMP_CERT = 6,
	ISAKMP_CR = 7,
	ISAKMP_HASH = 8,
	ISAKMP_SIG = 9,
	ISAKMP_NONCE = 10,
	ISAKMP_NOTIFY = 11,
	ISAKMP_DELETE = 12,
	ISAKMP_VENDOR = 13,
	ISAKMP_NATD_DRAFT_08 = 15, /* drafts 04 to 08 */
	ISAKMP_NATOA_DRAFT_08 = 16,
	ISAKMP_NATD = 20,
	ISAKMP_NATOA = 21,
	ISAKMP_NATD_DRAFT = 130, /* drafts 00 to 03 */
	ISAKMP_NATOA_DRAFT = 131,
	ISAKMP_FRAGMENT = 132,
};

/* Name as traces print it: "SA", "NONCE", "VENDOR"; "UNKNOWN" for others. */
const char *isakmp_payload_name(unsigned int type);

/* Why a message is malformed; the offset is in octets from the start of what was parsed. */
enum isakmp_flaw {
	ISAKMP_OK,
	ISAKMP_SHORT_HEADER,	    /* fewer than 28 octets */
	ISAKMP_BAD_VERSION,	    /* not 1.0 (IKEv2, or not IKE at all) */
	ISAKMP_BAD_LENGTH,	    /* the header's length is not the datagram's */
	ISAKMP_ZERO_COOKIE,	    /* the initiator's cookie is zero */
	ISAKMP_PAYLOAD_LENGTH,	    /* a payload shorter than its header, longer than what is left */
	ISAKMP_PAYLOAD_RESERVED,    /* a type without meaning here, or a reserved octet not zero */
	ISAKMP_TOO_MANY_PAYLOADS,
	ISAKMP_EMPTY,		    /* no payload at all */
	ISAKMP_BAD_PADDING,	    /* too much behind the last payload */
	ISAKMP_BAD_CONTENT,	    /* inside a payload: lengths or counts disagree */
	ISAKMP_NOT_ENCRYPTED_BLOCKS /* encrypted, but no multiple of the block: the caller's */
};
const char *isakmp_flaw_text(enum isakmp_flaw flaw);

struct isakmp_header {
	uint8_t icookie[ISAKMP_COOKIE];
	uint8_t rcookie[ISAKMP_COOKIE];
	uint8_t next_payload;
	uint8_t version;
	uint8_t exchange;
	uint8_t flags;
	uint32_t msgid;
	uint32_t length;
};

struct isakmp_payload {
	uint8_t type;
	struct span body; /* behind the generic header */
	struct span raw;  /* with it */
};

struct isakmp_message {
	struct isakmp_header header;
	size_t count;
	struct isakmp_payload payload[ISAKMP_PAYLOADS_MAX];
	size_t length; /* of the payload chain, without padding */
};

/*
 * Checks version, length, initiator cookie. The length must be the datagram's own: a message cut
 * short and one with something behind it are both malformed. *out is untouched on a flaw.
 */
enum isakmp_flaw isakmp_parse_header(struct span datagram, struct isakmp_header *out);

/*
 * Walks the chain in `chain` (what follows the header, decrypted) into m->payload, starting with
 * the type in m->header, which is the caller's. Types 128 and above are private and stay in the
 * array for the caller to ignore; other types without a meaning in IKEv1 (IKEv2's among them), and
 * proposals and transforms outside an SA, make the message malformed, as does a reserved octet
 * that is not zero (RFC 2408 5.3).
 *
 * Behind the last payload any octets are taken: in the clear up to 3 (peers that round up), where
 * `encrypted` up to 255: RFC 2409 appendix B does not bound the padding, and some peers hide the
 * message's length by a random amount of it.
 *
 * On a flaw m->count is 0 and *offset (NULL: not wanted) tells where in the chain it is.
 */
enum isakmp_flaw isakmp_parse_payloads(struct isakmp_message *m, struct span chain, bool encrypted,
				       size_t *offset);

/* The first payload of that type, NULL where there is none; the number of them. */
const struct isakmp_payload *isakmp_find(const struct isakmp_message *m, unsigned int type);
size_t isakmp_count(const struct isakmp_message *m, unsigned int type);

/*
 * An attribute, RFC 2408 3.3. TV or TLV makes no difference here: value is the octets as a number,
 * UINT32_MAX where they are too big for it.
 */
struct isakmp_attribute {
	uint16_t type; /* without the format bit */
	bool numeric;  /* there is a value: not so for a TLV of no octets */
	uint32_t value;
	struct span data;
};
/* False at the end and on a flaw (then r->bad). */
bool isakmp_next_attribute(struct reader *r, struct isakmp_attribute *out);
void isakmp_write_attribute_tv(struct writer *w, uint16_t type, uint16_t value);
/* As a 4-octet TLV. */
void isakmp_write_attribute_u32(struct writer *w, uint16_t type, uint32_t value);

/* Identification payload, RFC 2407 4.6.2. */
enum isakmp_id_type {
	ISAKMP_ID_IPV4_ADDR = 1,
	ISAKMP_ID_FQDN = 2,
	ISAKMP_ID_USER_FQDN = 3,
	ISAKMP_ID_IPV4_SUBNET = 4,
	ISAKMP_ID_IPV4_RANGE = 7,
	ISAKMP_ID_DER_ASN1_DN = 9,
	ISAKMP_ID_DER_ASN1_GN = 10,
	ISAKMP_ID_KEY_ID = 11,
};
const char *isakmp_id_name(unsigned int type); /* "ID_IPV4_ADDR" */
struct isakmp_id {
	uint8_t type;
	uint8_t protocol;
	uint16_t port;
	struct span data;
};
/* False also where an address type has not its length. */
bool isakmp_parse_id(struct span body, struct isakmp_id *out);

/* Notification payload, RFC 2408 3.14; the types that are sent or understood. */
enum isakmp_notify_type {
	ISAKMP_N_INVALID_PAYLOAD_TYPE = 1,
	ISAKMP_N_DOI_NOT_SUPPORTED = 2,
	ISAKMP_N_SITUATION_NOT_SUPPORTED = 3,
	ISAKMP_N_INVALID_COOKIE = 4,
	ISAKMP_N_INVALID_EXCHANGE_TYPE = 7,
	ISAKMP_N_INVALID_SPI = 11,
	ISAKMP_N_NO_PROPOSAL_CHOSEN = 14,
	ISAKMP_N_PAYLOAD_MALFORMED = 16,
	ISAKMP_N_INVALID_KEY_INFORMATION = 17,
	ISAKMP_N_INVALID_ID_INFORMATION = 18,
	ISAKMP_N_INVALID_CERT_ENCODING = 19,
	ISAKMP_N_INVALID_CERTIFICATE = 20,
	ISAKMP_N_CERT_TYPE_UNSUPPORTED = 21,
	ISAKMP_N_INVALID_CERT_AUTHORITY = 22,
	ISAKMP_N_INVALID_HASH_INFORMATION = 23,
	ISAKMP_N_AUTHENTICATION_FAILED = 24,
	ISAKMP_N_INVALID_SIGNATURE = 25,
	ISAKMP_N_CERTIFICATE_UNAVAILABLE = 28,
	ISAKMP_N_RESPONDER_LIFETIME = 24576,
	ISAKMP_N_REPLAY_STATUS = 24577,
	ISAKMP_N_INITIAL_CONTACT = 24578,
	ISAKMP_N_R_U_THERE = 36136,
	ISAKMP_N_R_U_THERE_ACK = 36137,
};
const char *isakmp_notify_name(unsigned int type); /* "NO_PROPOSAL_CHOSEN" */
struct isakmp_notify {
	uint32_t doi;
	uint8_t protocol;
	uint16_t type;
	struct span spi;
	struct span data;
};
bool isakmp_parse_notify(struct span body, struct isakmp_notify *out);

/*
 * Delete payload, RFC 2408 3.15: `count` SPIs of spi_size octets each; `spis` holds exactly these.
 * Neither number is 0.
 */
struct isakmp_delete {
	uint32_t doi;
	uint8_t protocol;
	uint8_t spi_size;
	uint16_t count;
	struct span spis;
};
bool isakmp_parse_delete(struct span body, struct isakmp_delete *out);

#define ISAKMP_DOI_IPSEC 1
#define ISAKMP_SIT_IDENTITY_ONLY 1
#define ISAKMP_PROTO_ISAKMP 1
#define ISAKMP_PROTO_AH 2
#define ISAKMP_PROTO_ESP 3

/*
 * Building. The builder chains payloads: isakmp_payload_begin() names the type in the payload
 * before it (or in the header), the caller writes the body to b->w, isakmp_payload_end() patches
 * the length. Of the header that isakmp_begin() is given, next_payload and length are not used.
 * A message that does not fit is told by isakmp_finish().
 */
struct isakmp_builder {
	struct writer w;
	size_t next_at;	    /* offset of the octet that names the next payload */
	size_t body_at;	    /* offset of the open payload's generic header */
};
void isakmp_begin(struct isakmp_builder *b, void *buf, size_t cap, const struct isakmp_header *h);
void isakmp_payload_begin(struct isakmp_builder *b, uint8_t type);
void isakmp_payload_end(struct isakmp_builder *b);
/* Begin, body, end in one. */
void isakmp_add_payload(struct isakmp_builder *b, uint8_t type, struct span body);
void isakmp_add_notify(struct isakmp_builder *b, uint8_t protocol, uint16_t type, struct span spi,
		       struct span data);
void isakmp_add_delete(struct isakmp_builder *b, uint8_t protocol, const void *spi,
		       uint8_t spi_size);
/* Pads with zeros to a multiple of block behind the header (block 1: none), writes the length. */
bool isakmp_finish(struct isakmp_builder *b, size_t block);

/* Vendor ids with a meaning here; DPD, Unity and fragmentation are known by their beginning. */
enum isakmp_vid {
	VID_UNKNOWN,
	VID_NATT_RFC3947,
	VID_NATT_DRAFT02,
	VID_NATT_DRAFT02N,
	VID_NATT_DRAFT03,
	VID_NATT_DRAFT07,
	VID_DPD,
	VID_UNITY,
	VID_XAUTH,
	VID_FRAGMENTATION,
	VID_COUNT
};
enum isakmp_vid isakmp_vid_of(struct span body);
struct span isakmp_vid_bytes(enum isakmp_vid vid);
const char *isakmp_vid_name(enum isakmp_vid vid);

#endif
