/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SA payloads. Parsing turns octets into struct transform and judges only their form; choosing
 * compares a transform with what we want, attribute by attribute, and keeps the closest miss.
 */
#include "ikev1/proposal.h"

#include <string.h>

#include "lib/util.h"

enum { PROPOSAL_HEADER = 8, TRANSFORM_HEADER = 8, ISAKMP_SPI_MAX = 16, SPI_LEN = 4, SPI_MIN = 256 };

/* Attribute types of phase 1 (RFC 2409 appendix A) and of phase 2 (RFC 2407 4.5). */
enum {
	P1_ENCRYPTION = 1,
	P1_HASH = 2,
	P1_AUTH_METHOD = 3,
	P1_GROUP = 4,
	P1_LIFE_TYPE = 11,
	P1_LIFE_DURATION = 12,
	P1_KEY_LENGTH = 14,
};
enum {
	P2_LIFE_TYPE = 1,
	P2_LIFE_DURATION = 2,
	P2_GROUP = 3,
	P2_ENCAP = 4,
	P2_AUTH = 5,
	P2_KEY_LENGTH = 6,
};
enum { LIFE_SECONDS = 1, LIFE_KILOBYTES = 2 };

/* Parsing: attributes */

static void not_understood(struct transform *t, uint16_t type)
{
	if (!t->unknown_attribute)
		t->unknown_type = type;
	t->unknown_attribute = true;
}

/* No attribute has a meaning for zero, which stands for absence here. */
static void set_once(struct transform *t, uint16_t *field, const struct isakmp_attribute *a)
{
	if (a->value == 0 || a->value > UINT16_MAX || (*field && *field != a->value))
		not_understood(t, a->type);
	else
		*field = (uint16_t)a->value;
}

/*
 * Life types and durations come as pairs, several of them, the type first; a duration that comes
 * before its type is taken as well. Zero is none of either.
 */
struct life {
	uint32_t type;
	uint32_t duration;
};

static void set_life(struct transform *t, struct life *life)
{
	uint32_t *field = NULL;

	if (life->type == LIFE_SECONDS)
		field = &t->life_seconds;
	else if (life->type == LIFE_KILOBYTES)
		field = &t->life_kilobytes;
	if (field && (*field == 0 || life->duration < *field))
		*field = life->duration;
	*life = (struct life){ 0 };
}

static void take_life(struct transform *t, struct life *life, const struct isakmp_attribute *a,
		      bool is_type)
{
	*(is_type ? &life->type : &life->duration) = a->value;
	if (life->type && life->duration)
		set_life(t, life);
}

static void take_phase1(struct transform *t, struct life *life, const struct isakmp_attribute *a)
{
	switch (a->type) {
	case P1_ENCRYPTION:
		set_once(t, &t->encryption, a);
		break;
	case P1_HASH:
		set_once(t, &t->hash, a);
		break;
	case P1_AUTH_METHOD:
		set_once(t, &t->auth, a);
		break;
	case P1_GROUP:
		set_once(t, &t->group, a);
		break;
	case P1_KEY_LENGTH:
		set_once(t, &t->key_bits, a);
		break;
	case P1_LIFE_TYPE:
	case P1_LIFE_DURATION:
		take_life(t, life, a, a->type == P1_LIFE_TYPE);
		break;
	default:
		not_understood(t, a->type);
	}
}

static void take_phase2(struct transform *t, struct life *life, const struct isakmp_attribute *a)
{
	switch (a->type) {
	case P2_GROUP:
		set_once(t, &t->group, a);
		break;
	case P2_ENCAP:
		set_once(t, &t->encap, a);
		break;
	case P2_AUTH:
		set_once(t, &t->auth, a);
		break;
	case P2_KEY_LENGTH:
		set_once(t, &t->key_bits, a);
		break;
	case P2_LIFE_TYPE:
	case P2_LIFE_DURATION:
		take_life(t, life, a, a->type == P2_LIFE_TYPE);
		break;
	default:
		not_understood(t, a->type);
	}
}

/* Parsing: payloads */

/*
 * The next payload of a list of one type. It must name another one exactly where octets are left,
 * so that the chain and the lengths cannot tell two stories.
 */
static bool next_in_list(struct reader *list, uint8_t type, size_t min, struct span *raw)
{
	struct reader here = *list;
	uint8_t next = read_u8(&here), reserved = read_u8(&here);
	uint16_t length = read_u16(&here);

	if (here.bad || reserved != 0 || length < min)
		return false;
	*raw = read_span(list, length);
	return !list->bad && next == (reader_left(list) ? type : ISAKMP_NONE);
}

static bool parse_transform(struct reader *list, int phase, struct transform *t)
{
	struct isakmp_attribute a;
	struct life life = { 0 };
	struct reader r;

	if (!next_in_list(list, ISAKMP_TRANSFORM, TRANSFORM_HEADER, &t->raw))
		return false;
	r = reader_of_span(t->raw);
	read_skip(&r, 4);
	t->number = read_u8(&r);
	t->id = read_u8(&r);
	read_skip(&r, 2);
	while (isakmp_next_attribute(&r, &a)) {
		if (phase == 1)
			take_phase1(t, &life, &a);
		else
			take_phase2(t, &life, &a);
	}
	/* A duration that never got its type: seconds are what everybody means. */
	if (life.duration) {
		life.type = LIFE_SECONDS;
		set_life(t, &life);
	}
	return reader_done(&r);
}

static bool parse_spi(struct reader *r, struct transform *t)
{
	struct reader spi = read_sub(r, t->spi_len);

	if (t->protocol != ISAKMP_PROTO_ESP && t->protocol != ISAKMP_PROTO_AH)
		return !r->bad && t->spi_len <= ISAKMP_SPI_MAX;
	t->spi = read_u32(&spi);
	return reader_done(&spi) && t->spi >= SPI_MIN;
}

/* One proposal, its transforms appended to *out; those that are too many are only checked. */
static bool parse_proposal(struct reader *list, int phase, struct offer *out, uint8_t *number)
{
	struct transform facts = { 0 }, scratch;
	struct span raw;
	struct reader r;
	unsigned int count;

	if (!next_in_list(list, ISAKMP_PROPOSAL, PROPOSAL_HEADER, &raw))
		return false;
	r = reader_of_span(raw);
	read_skip(&r, 4);
	facts.proposal = *number = read_u8(&r);
	facts.protocol = read_u8(&r);
	facts.spi_len = read_u8(&r);
	count = read_u8(&r);
	if (!parse_spi(&r, &facts) || count == 0)
		return false;
	facts.raw_proposal = (struct span){ raw.data, PROPOSAL_HEADER + (size_t)facts.spi_len };
	while (count--) {
		bool room = out->count < PROPOSAL_TRANSFORMS_MAX;
		struct transform *t = room ? &out->transform[out->count] : &scratch;

		*t = facts;
		if (!parse_transform(&r, phase, t))
			return false;
		if (room)
			out->count++;
		else
			out->ignored++;
	}
	return reader_done(&r);
}

/* Proposals that share a number are one offer of several protocols together (RFC 2408 4.2). */
static void mark_bundles(struct offer *o, const uint8_t proposals[256])
{
	for (size_t i = 0; i < o->count; i++)
		o->transform[i].bundled = proposals[o->transform[i].proposal] > 1;
}

enum isakmp_flaw proposal_parse(struct span body, int phase, struct offer *out)
{
	struct reader r = reader_of_span(body);
	uint8_t proposals[256] = { 0 }; /* with that number, two standing for more */
	uint8_t number;

	out->count = out->ignored = 0;
	out->doi = read_u32(&r);
	out->situation = read_u32(&r);
	if (r.bad)
		return ISAKMP_BAD_CONTENT;
	if (out->doi != ISAKMP_DOI_IPSEC || out->situation != ISAKMP_SIT_IDENTITY_ONLY)
		return ISAKMP_OK;
	do {
		if (!parse_proposal(&r, phase, out, &number)) {
			out->count = out->ignored = 0;
			return ISAKMP_BAD_CONTENT;
		}
		proposals[number] = proposals[number] ? 2 : 1;
	} while (reader_left(&r));
	mark_bundles(out, proposals);
	return ISAKMP_OK;
}

/* Choosing */

static bool miss(struct mismatch *m, enum proposal_attr attr, uint32_t ours, uint32_t theirs)
{
	m->attr = attr;
	m->ours = ours;
	m->theirs = theirs;
	return true;
}

static bool differs(struct mismatch *m, enum proposal_attr attr, uint32_t ours, uint32_t theirs)
{
	return ours != theirs && miss(m, attr, ours, theirs);
}

/* What no transform of either phase may have; last, so that it is named only where all else fits. */
static bool form_differs(struct mismatch *m, const struct transform *t)
{
	return (t->bundled && miss(m, ATTR_BUNDLE, 0, 0)) ||
	       (t->unknown_attribute && miss(m, ATTR_UNKNOWN, 0, t->unknown_type));
}

/* A policy that may be offered and chosen: none with DES or with an algorithm of ESP's alone. */
static bool usable_isakmp(const struct isakmp_suite *s)
{
	const struct cipher *c = cipher_get(s->cipher);

	return c && c->ike && !c->refused && hash_get(s->hash) && group_get(s->group);
}

static bool isakmp_differs(struct mismatch *m, const struct isakmp_suite *s,
			   const struct transform *t)
{
	const struct cipher *c = cipher_get(s->cipher);
	bool key_fits = cipher_by_ike(t->encryption, t->key_bits) == s->cipher;

	return differs(m, ATTR_PROTOCOL, ISAKMP_PROTO_ISAKMP, t->protocol) ||
	       differs(m, ATTR_PROTOCOL, PROPOSAL_KEY_IKE, t->id) ||
	       differs(m, ATTR_ENCRYPTION, c->ike, t->encryption) ||
	       (!key_fits && miss(m, ATTR_KEY_LENGTH, c->key_bits, t->key_bits)) ||
	       differs(m, ATTR_HASH, hash_get(s->hash)->ike, t->hash) ||
	       differs(m, ATTR_AUTH_METHOD, s->auth, t->auth) ||
	       differs(m, ATTR_GROUP, s->group, t->group) || form_differs(m, t);
}

/* Keeps *m where it is closer than what is there: of equals the first. */
static void keep_closest(struct mismatch *closest, struct mismatch *m, const struct transform *t)
{
	if (m->attr <= closest->attr)
		return;
	m->transform = t->number;
	m->their = *t;
	m->their.raw = m->their.raw_proposal = (struct span){ NULL, 0 };
	*closest = *m;
}

const struct transform *proposal_choose_isakmp(const struct offer *o,
					       const struct ike_policy *policies, size_t count,
					       const struct ike_policy **chosen,
					       struct mismatch *why)
{
	*why = (struct mismatch){ 0 };
	for (size_t i = 0; i < count; i++) {
		const struct isakmp_suite *s = &policies[i].suite;

		for (size_t j = 0; usable_isakmp(s) && j < o->count; j++) {
			struct mismatch m = { .policy = policies[i].priority, .our_isakmp = *s };

			if (!isakmp_differs(&m, s, &o->transform[j])) {
				*chosen = &policies[i];
				*why = (struct mismatch){ 0 };
				return &o->transform[j];
			}
			keep_closest(why, &m, &o->transform[j]);
		}
	}
	return NULL;
}

/* The numbers of RFC 3947 for those of its drafts. */
static uint32_t encap_of(uint32_t encap)
{
	if (encap == ENCAP_UDP_TUNNEL_DRAFT)
		return ENCAP_UDP_TUNNEL;
	return encap == ENCAP_UDP_TRANSPORT_DRAFT ? ENCAP_UDP_TRANSPORT : encap;
}

static bool usable_esp(const struct esp_suite *s)
{
	const struct cipher *c = cipher_get(s->cipher);

	return c && !c->refused && c->aead == !hash_get(s->auth);
}

static bool pfs_differs(struct mismatch *m, enum group_id pfs, const struct transform *t)
{
	if (pfs == GROUP_NONE && group_get(t->group))
		return false;
	return differs(m, ATTR_PFS_GROUP, (uint32_t)pfs, t->group);
}

static bool esp_differs(struct mismatch *m, const struct esp_suite *s, enum group_id pfs,
			enum proposal_encap encap, const struct transform *t)
{
	const struct cipher *c = cipher_get(s->cipher);
	const struct hash *auth = hash_get(s->auth);
	bool key_fits = cipher_by_esp(t->id, t->key_bits) == s->cipher;

	return differs(m, ATTR_PROTOCOL, ISAKMP_PROTO_ESP, t->protocol) ||
	       differs(m, ATTR_ESP_CIPHER, c->esp, t->id) ||
	       (!key_fits && miss(m, ATTR_KEY_LENGTH, c->key_bits, t->key_bits)) ||
	       differs(m, ATTR_ESP_AUTH, auth ? auth->esp : 0, t->auth) ||
	       (encap_of(encap) != encap_of(t->encap) &&
		miss(m, ATTR_ENCAP, (uint32_t)encap, t->encap)) ||
	       pfs_differs(m, pfs, t) || form_differs(m, t);
}

const struct transform *proposal_choose_esp(const struct offer *o, const struct ike_profile *p,
					    enum proposal_encap encap, struct esp_suite *chosen,
					    struct mismatch *why)
{
	*why = (struct mismatch){ 0 };
	for (size_t i = 0; i < p->suite_count; i++) {
		const struct esp_suite *s = &p->suites[i];

		for (size_t j = 0; usable_esp(s) && j < o->count; j++) {
			struct mismatch m = { .policy = (unsigned int)i + 1,
					      .our_esp = *s,
					      .our_pfs = p->pfs };

			if (!esp_differs(&m, s, p->pfs, encap, &o->transform[j])) {
				*chosen = *s;
				*why = (struct mismatch){ 0 };
				return &o->transform[j];
			}
			keep_closest(why, &m, &o->transform[j]);
		}
	}
	return NULL;
}

const char *proposal_attr_name(enum proposal_attr a)
{
	static const char *const names[ATTR_COUNT] = {
		[ATTR_NONE] = "nothing",
		[ATTR_PROTOCOL] = "protocol",
		[ATTR_ENCRYPTION] = "encryption algorithm",
		[ATTR_ESP_CIPHER] = "ESP encryption algorithm",
		[ATTR_KEY_LENGTH] = "key length",
		[ATTR_HASH] = "hash algorithm",
		[ATTR_AUTH_METHOD] = "authentication method",
		[ATTR_GROUP] = "Diffie-Hellman group",
		[ATTR_ESP_AUTH] = "ESP authentication algorithm",
		[ATTR_ENCAP] = "encapsulation mode",
		[ATTR_PFS_GROUP] = "PFS group",
		[ATTR_BUNDLE] = "bundle with another protocol",
		[ATTR_UNKNOWN] = "attribute that is not understood",
	};

	return (unsigned int)a < ATTR_COUNT ? names[a] : "unknown";
}

/* Building */

/* Opens a proposal or transform; its length is written when it is closed. */
static size_t open_payload(struct writer *w, uint8_t next)
{
	size_t at = w->len;

	write_u8(w, next);
	write_u8(w, 0);
	write_u16(w, 0);
	return at;
}

static void close_payload(struct writer *w, size_t at)
{
	if (w->len - at > UINT16_MAX)
		w->bad = true;
	patch_u16(w, at + 2, (uint16_t)(w->len - at));
}

static size_t open_proposal(struct writer *w, bool last, uint8_t number, uint8_t protocol,
			    struct span spi, uint8_t transforms)
{
	size_t at = open_payload(w, last ? ISAKMP_NONE : ISAKMP_PROPOSAL);

	write_u8(w, number);
	write_u8(w, protocol);
	write_u8(w, (uint8_t)spi.len);
	write_u8(w, transforms);
	write_span(w, spi);
	return at;
}

static size_t open_transform(struct writer *w, bool last, uint8_t number, uint8_t id)
{
	size_t at = open_payload(w, last ? ISAKMP_NONE : ISAKMP_TRANSFORM);

	write_u8(w, number);
	write_u8(w, id);
	write_u16(w, 0);
	return at;
}

static void write_doi(struct writer *w)
{
	write_u32(w, ISAKMP_DOI_IPSEC);
	write_u32(w, ISAKMP_SIT_IDENTITY_ONLY);
}

/* As short as it fits, as IOS does: 3600 as TV, 86400 as a TLV of 4. */
static void write_life(struct writer *w, uint16_t type_attr, uint16_t type, uint32_t duration)
{
	uint16_t duration_attr = (uint16_t)(type_attr + 1); /* in both phases */

	if (duration == 0)
		return;
	isakmp_write_attribute_tv(w, type_attr, type);
	if (duration <= UINT16_MAX)
		isakmp_write_attribute_tv(w, duration_attr, (uint16_t)duration);
	else
		isakmp_write_attribute_u32(w, duration_attr, duration);
}

void proposal_build_life(struct writer *w, int phase, uint32_t seconds, uint32_t kilobytes)
{
	uint16_t type = phase == 1 ? P1_LIFE_TYPE : P2_LIFE_TYPE;

	write_life(w, type, LIFE_SECONDS, seconds);
	write_life(w, type, LIFE_KILOBYTES, kilobytes);
}

void proposal_parse_life(struct span data, int phase, uint32_t *seconds, uint32_t *kilobytes)
{
	struct reader r = reader_of_span(data);
	struct transform t = { 0 };
	struct life life = { 0 };
	struct isakmp_attribute a;
	uint16_t type = phase == 1 ? P1_LIFE_TYPE : P2_LIFE_TYPE;

	while (isakmp_next_attribute(&r, &a))
		if (a.type == type || a.type == type + 1)
			take_life(&t, &life, &a, a.type == type);
	*seconds = t.life_seconds;
	*kilobytes = t.life_kilobytes;
}

static void write_isakmp_transform(struct writer *w, const struct ike_policy *p, uint8_t number,
				   bool last)
{
	const struct cipher *c = cipher_get(p->suite.cipher);
	size_t at;

	if (!usable_isakmp(&p->suite)) {
		w->bad = true;
		return;
	}
	at = open_transform(w, last, number, PROPOSAL_KEY_IKE);
	isakmp_write_attribute_tv(w, P1_ENCRYPTION, c->ike);
	if (c->key_length_attr)
		isakmp_write_attribute_tv(w, P1_KEY_LENGTH, c->key_bits);
	isakmp_write_attribute_tv(w, P1_HASH, hash_get(p->suite.hash)->ike);
	isakmp_write_attribute_tv(w, P1_AUTH_METHOD, (uint16_t)p->suite.auth);
	isakmp_write_attribute_tv(w, P1_GROUP, (uint16_t)p->suite.group);
	write_life(w, P1_LIFE_TYPE, LIFE_SECONDS, p->lifetime);
	close_payload(w, at);
}

/* Proposals and transforms are counted in an octet; nothing is no offer. */
static bool countable(size_t count)
{
	return count > 0 && count <= UINT8_MAX;
}

void proposal_build_isakmp(struct writer *w, const struct ike_policy *policies, size_t count)
{
	size_t at;

	w->bad |= !countable(count);
	write_doi(w);
	at = open_proposal(w, true, 1, ISAKMP_PROTO_ISAKMP, (struct span){ NULL, 0 },
			   (uint8_t)count);
	for (size_t i = 0; i < count && !w->bad; i++)
		write_isakmp_transform(w, &policies[i], (uint8_t)(i + 1), i + 1 == count);
	close_payload(w, at);
}

static void write_esp_transform(struct writer *w, const struct ike_profile *p,
				const struct esp_suite *s, enum proposal_encap encap)
{
	const struct cipher *c = cipher_get(s->cipher);
	const struct hash *auth = hash_get(s->auth);
	size_t at;

	if (!usable_esp(s)) {
		w->bad = true;
		return;
	}
	at = open_transform(w, true, 1, c->esp);
	isakmp_write_attribute_tv(w, P2_ENCAP, (uint16_t)encap);
	write_life(w, P2_LIFE_TYPE, LIFE_SECONDS, p->life_seconds);
	write_life(w, P2_LIFE_TYPE, LIFE_KILOBYTES, p->life_kilobytes);
	if (auth)
		isakmp_write_attribute_tv(w, P2_AUTH, auth->esp);
	if (c->key_length_attr)
		isakmp_write_attribute_tv(w, P2_KEY_LENGTH, c->key_bits);
	if (p->pfs != GROUP_NONE)
		isakmp_write_attribute_tv(w, P2_GROUP, (uint16_t)p->pfs);
	close_payload(w, at);
}

void proposal_build_esp(struct writer *w, const struct ike_profile *p, enum proposal_encap encap,
			uint32_t spi)
{
	uint8_t octets[SPI_LEN];
	struct writer spi_writer = writer_of(octets, sizeof(octets));

	write_u32(&spi_writer, spi);
	w->bad |= !countable(p->suite_count);
	write_doi(w);
	for (size_t i = 0; i < p->suite_count && !w->bad; i++) {
		size_t at = open_proposal(w, i + 1 == p->suite_count, (uint8_t)(i + 1),
					  ISAKMP_PROTO_ESP, (struct span){ octets, SPI_LEN }, 1);

		write_esp_transform(w, p, &p->suites[i], encap);
		close_payload(w, at);
	}
}

void proposal_build_answer(struct writer *w, const struct transform *t, const uint8_t *spi,
			   size_t spi_len)
{
	size_t at, transform_at;

	write_doi(w);
	at = open_proposal(w, true, t->proposal, t->protocol, (struct span){ spi, spi_len }, 1);
	transform_at = w->len;
	write_span(w, t->raw);
	patch_u8(w, transform_at, ISAKMP_NONE); /* in the offer another one may have followed */
	close_payload(w, at);
}
