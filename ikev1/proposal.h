/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SA payloads: build an offer, choose from one, and say why not (RFC 2408 3.4 to 3.6, RFC 2407 4.4
 * and 4.5, RFC 2409 appendix A). Parsing fills a bounded array of typed transforms; choosing and
 * comparing work on these alone.
 */
#ifndef IKEV1_PROPOSAL_H
#define IKEV1_PROPOSAL_H

#include "ikev1/isakmp.h"
#include "lib/algo.h"

#define PROPOSAL_TRANSFORMS_MAX 64
#define PROPOSAL_KEY_IKE 1

enum proposal_encap {
	ENCAP_TUNNEL = 1,
	ENCAP_TRANSPORT = 2,
	ENCAP_UDP_TUNNEL = 3,
	ENCAP_UDP_TRANSPORT = 4,
	ENCAP_UDP_TUNNEL_DRAFT = 61443,
	ENCAP_UDP_TRANSPORT_DRAFT = 61444,
};

/*
 * One transform as offered, with its proposal's facts. Numbers are the wire's, so that an unknown
 * algorithm can still be named in a message; 0 means absent. Of several lifetimes the shortest.
 */
struct transform {
	uint8_t proposal;	/* proposal number */
	uint8_t protocol;	/* ISAKMP_PROTO_* */
	uint8_t spi_len;
	uint32_t spi;		/* ESP: 4 octets, host order */
	uint8_t number;
	uint8_t id;		/* ISAKMP: PROPOSAL_KEY_IKE; ESP: the cipher */
	bool bundled;		/* another protocol has the same proposal number: ESP *and* AH */
	/*
	 * It has an attribute that changes the meaning and is not understood (ESN, a PRF, ...),
	 * that disagrees with an earlier one or that is zero; the type of the first such.
	 */
	bool unknown_attribute;
	uint16_t unknown_type;
	uint16_t encryption;	/* phase 1 */
	uint16_t hash;		/* phase 1 */
	uint16_t auth;		/* phase 1: method; phase 2: HMAC */
	uint16_t group;		/* both */
	uint16_t key_bits;
	uint16_t encap;		/* phase 2 */
	uint32_t life_seconds;
	uint32_t life_kilobytes;
	struct span raw_proposal; /* the proposal payload's fixed part and SPI */
	struct span raw;	/* the transform payload, generic header included */
};

struct offer {
	uint32_t doi;
	uint32_t situation;
	size_t count;
	size_t ignored; /* transforms beyond the limit: checked for form, not considered */
	struct transform transform[PROPOSAL_TRANSFORMS_MAX];
};

/*
 * body: of the SA payload. Phase 1 or 2 decides how attributes are read. Lengths and counts that
 * disagree anywhere make the whole offer malformed; an algorithm or attribute that is not known
 * does not. Where DOI or situation are not ours, what follows has a form that we do not know:
 * that is ISAKMP_OK with a count of 0, and the caller answers by the notify for it.
 */
enum isakmp_flaw proposal_parse(struct span body, int phase, struct offer *out);

/*
 * The first attribute that keeps an offer and a policy apart. They are in the order in which they
 * are compared, so that the greater of two misses is the closer one.
 */
enum proposal_attr {
	ATTR_NONE, /* nothing differs, or nothing was there to compare */
	ATTR_PROTOCOL,
	ATTR_ENCRYPTION, /* phase 1 */
	ATTR_ESP_CIPHER, /* phase 2 */
	ATTR_KEY_LENGTH,
	ATTR_HASH,
	ATTR_AUTH_METHOD,
	ATTR_GROUP,
	ATTR_ESP_AUTH,
	ATTR_ENCAP,
	ATTR_PFS_GROUP,
	ATTR_BUNDLE,
	ATTR_UNKNOWN, /* not understood, see struct transform; theirs is its type */
	ATTR_COUNT
};

/* The closest miss: the pair that agreed longest before it differed. */
struct mismatch {
	enum proposal_attr attr;
	unsigned int policy;	/* our policy's priority; phase 2: index + 1 in the profile */
	unsigned int transform; /* the offered transform's number */
	uint32_t ours;		/* wire numbers of the differing attribute, 0: absent */
	uint32_t theirs;
	struct isakmp_suite our_isakmp; /* phase 1: our whole policy */
	struct esp_suite our_esp;	/* phase 2 */
	enum group_id our_pfs;
	struct transform their; /* the whole transform; its raw spans are NULL here */
};

/* Phase 1 */

struct ike_policy {
	unsigned int priority; /* lower first, as IOS numbers them */
	struct isakmp_suite suite;
	uint32_t lifetime; /* seconds */
};

/*
 * Writes the SA payload's body (DOI, situation, one proposal, a transform per policy). Like all
 * that build here it sets w->bad where that cannot be: no policies, more than 255, or one that
 * names an algorithm which its phase does not have.
 */
void proposal_build_isakmp(struct writer *w, const struct ike_policy *policies, size_t count);
/*
 * Our policies, which are in order of priority, against the transforms in the offered order. NULL:
 * none fits, *why says the closest miss. Lifetimes never decide. An initiator uses it, too, to see
 * whether an answer is one of its own policies.
 */
const struct transform *proposal_choose_isakmp(const struct offer *o,
					       const struct ike_policy *policies, size_t count,
					       const struct ike_policy **chosen,
					       struct mismatch *why);
/*
 * The answer, in both phases: DOI, situation, the chosen proposal with its one transform, octets as
 * offered, and our SPI (none in phase 1).
 */
void proposal_build_answer(struct writer *w, const struct transform *t, const uint8_t *spi,
			   size_t spi_len);

/* Phase 2 */

struct ike_profile {
	const char *name;
	const struct esp_suite *suites; /* in order of preference */
	size_t suite_count;
	enum group_id pfs;	/* GROUP_NONE: not asked for */
	uint32_t life_seconds;	/* 0: not offered */
	uint32_t life_kilobytes;
};

/* A proposal per suite, all with the same SPI; encap is transport or UDP-transport. */
void proposal_build_esp(struct writer *w, const struct ike_profile *p, enum proposal_encap encap,
			uint32_t spi);
/*
 * Our suites in order of preference. A group that the peer offers though we ask for none is taken
 * (more protection, as IOS does); a group other than ours, or none where we ask for one, is a miss.
 * The numbers of the drafts count as those of RFC 3947. Whether the message's KE payload belongs to
 * the group is the caller's to see. *chosen is set on success only.
 */
const struct transform *proposal_choose_esp(const struct offer *o, const struct ike_profile *p,
					    enum proposal_encap encap, struct esp_suite *chosen,
					    struct mismatch *why);

/* Lifetimes as the data of a RESPONDER-LIFETIME notify (RFC 2407 4.6.3.1); 0: nothing about it. */
void proposal_build_life(struct writer *w, int phase, uint32_t seconds, uint32_t kilobytes);
void proposal_parse_life(struct span data, int phase, uint32_t *seconds, uint32_t *kilobytes);

const char *proposal_attr_name(enum proposal_attr a);

#endif
