/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Informational exchanges. */
#include "ikev1/info.h"

#include "ikev1/dpd.h"
#include "ikev1/exchange.h"
#include "ikev1/message.h"
#include "ikev1/path.h"
#include "ikev1/rsa_sig.h"
#include "ikev1/store.h"

/* Answers in the clear: so many at once, and so many more each second. */
#define CLEAR_BURST	 20
#define CLEAR_PER_SECOND 10

static uint32_t new_msgid(struct isakmp_sa *sa)
{
	uint32_t id;

	do
		id = drbg_u32(&sa->x.ike->drbg);
	while (!id || !sa_use_info_msgid(sa, id));
	return id;
}

static bool may_answer(struct ike *ike)
{
	msec passed = ike->now - ike->notify_refill;

	if (passed >= 1000 / CLEAR_PER_SECOND) {
		uint64_t tokens = ike->notify_tokens + passed * CLEAR_PER_SECOND / 1000;

		ike->notify_tokens = (uint32_t)MIN(tokens, CLEAR_BURST);
		ike->notify_refill = ike->now;
	}
	if (!ike->notify_tokens)
		return false;
	ike->notify_tokens--;
	return true;
}

void info_send_clear(struct isakmp_sa *sa, uint16_t type)
{
	struct isakmp_builder b;

	if (!may_answer(sa->x.ike))
		return;
	ike_message_begin(sa, &b, ISAKMP_XCHG_INFO, new_msgid(sa));
	isakmp_add_notify(&b, ISAKMP_PROTO_ISAKMP, type, span_of(sa->cookies, sizeof(sa->cookies)),
			  span_of(NULL, 0));
	ike_message_send(NULL, sa, &b, NULL);
}

/* The message behind its HASH payload is in b; closes and sends it. */
static void send_protected(struct isakmp_sa *sa, struct isakmp_builder *b, uint32_t msgid)
{
	uint8_t hash[HASH_LEN_MAX], iv[CRYPTO_BLOCK_MAX];

	keymat_hash1(sa->suite.hash, &sa->keys, msgid, ike_message_hash_rest(sa, b), hash);
	ike_message_hash_patch(sa, b, hash);
	keymat_iv_phase2(sa->suite.hash, sa->suite.cipher, sa->x.iv, msgid, iv);
	ike_message_send(NULL, sa, b, iv);
}

static uint32_t begin_protected(struct isakmp_sa *sa, struct isakmp_builder *b)
{
	uint32_t msgid = new_msgid(sa);

	ike_message_begin(sa, b, ISAKMP_XCHG_INFO, msgid);
	ike_message_hash_begin(sa, b);
	return msgid;
}

static void send_notify(struct isakmp_sa *sa, uint8_t protocol, uint16_t type, struct span spi,
			struct span data)
{
	struct isakmp_builder b;
	uint32_t msgid = begin_protected(sa, &b);

	isakmp_add_notify(&b, protocol, type, spi, data);
	send_protected(sa, &b, msgid);
}

void info_send_notify(struct isakmp_sa *sa, uint8_t protocol, uint16_t type, struct span spi)
{
	send_notify(sa, protocol, type, spi, span_of(NULL, 0));
}

void info_send_data(struct isakmp_sa *sa, uint16_t type, struct span data)
{
	send_notify(sa, ISAKMP_PROTO_ISAKMP, type, span_of(sa->cookies, sizeof(sa->cookies)), data);
}

void info_send_refusal(struct isakmp_sa *sa, uint16_t type)
{
	struct isakmp_builder b;
	uint32_t msgid = begin_protected(sa, &b);

	isakmp_add_notify(&b, ISAKMP_PROTO_ISAKMP, type, span_of(sa->cookies, sizeof(sa->cookies)),
			  span_of(NULL, 0));
	isakmp_add_delete(&b, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	send_protected(sa, &b, msgid);
}

void info_send_delete_sa(struct isakmp_sa *sa)
{
	struct isakmp_builder b;
	uint32_t msgid = begin_protected(sa, &b);
	struct ike_event *e = report_sa(sa, IKE_EVENT_DELETE, LEVEL_INFO);

	e->phase2.sent = true;
	isakmp_add_delete(&b, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	send_protected(sa, &b, msgid);
}

void info_send_delete_pair(struct isakmp_sa *sa, uint32_t spi_in)
{
	struct isakmp_builder b;
	uint32_t msgid = begin_protected(sa, &b);
	struct ike_event *e = report_sa(sa, IKE_EVENT_DELETE, LEVEL_INFO);
	uint8_t spi[4];
	struct writer w = writer_of(spi, sizeof(spi));

	e->phase = 2;
	e->phase2.spi_in = spi_in;
	e->phase2.sent = true;
	write_u32(&w, spi_in);
	isakmp_add_delete(&b, ISAKMP_PROTO_ESP, spi, sizeof(spi));
	send_protected(sa, &b, msgid);
}

/* What a notify means for an exchange that waits; NONE: nothing. */
static enum ike_cause cause_of(const struct isakmp_sa *sa, uint16_t type, int phase)
{
	bool signs = sa->suite.auth == AUTH_RSA_SIG;

	switch (type) {
	case ISAKMP_N_NO_PROPOSAL_CHOSEN:
		return phase == 1 ? IKE_CAUSE_PEER_NO_POLICY : IKE_CAUSE_PEER_NO_TRANSFORM;
	case ISAKMP_N_INVALID_ID_INFORMATION:
		return phase == 1 ? IKE_CAUSE_IDENTITY : IKE_CAUSE_PEER_PROXY_IDENTITIES;
	case ISAKMP_N_INVALID_KEY_INFORMATION:
		/* strongSwan says so instead of message 4. */
		return phase == 1 && !signs ? IKE_CAUSE_PEER_NO_KEY : IKE_CAUSE_NONE;
	case ISAKMP_N_AUTHENTICATION_FAILED:
	case ISAKMP_N_INVALID_SIGNATURE:
		if (signs && phase == 1)
			return IKE_CAUSE_PEER_CERTIFICATE;
		/* fall through */
	case ISAKMP_N_PAYLOAD_MALFORMED:
	case ISAKMP_N_INVALID_PAYLOAD_TYPE:
	case ISAKMP_N_INVALID_HASH_INFORMATION:
		return phase == 1 && !signs ? IKE_CAUSE_PEER_KEY_MISMATCH : IKE_CAUSE_MALFORMED;
	default:
		return IKE_CAUSE_NONE;
	}
}

/* The quick mode of ours that an error notify is about: by SPI, else the one that waits. */
static struct ipsec_pair *notified_pair(struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	struct reader r = reader_of_span(n->spi);
	uint32_t spi = n->spi.len == 4 ? read_u32(&r) : 0;
	struct ipsec_pair *pair, *only = NULL;

	LIST_FOREACH (pair, &sa->peer->pairs, of_peer) {
		if (pair->sa != sa || pair->x.state != QM_WAIT_MSG2)
			continue;
		if (spi && pair->spi_in == spi)
			return pair;
		only = pair;
	}
	return only;
}

/* False: the SA is gone. */
static bool process_notify(struct isakmp_sa *sa, const struct isakmp_notify *n)
{
	struct ike_event *e = report_sa(sa, IKE_EVENT_NOTIFY, LEVEL_INFO);
	struct ipsec_pair *pair;
	enum ike_cause cause;

	e->notify.type = n->type;
	e->notify.authenticated = true;
	if (n->type == ISAKMP_N_R_U_THERE) {
		dpd_r_u_there(sa, n);
		return true;
	}
	if (n->type == ISAKMP_N_R_U_THERE_ACK) {
		dpd_r_u_there_ack(sa, n);
		return true;
	}
	if (n->type == ISAKMP_N_INITIAL_CONTACT) {
		if (sa->x.done)
			ike_peer_initial_contact(sa);
		return true;
	}
	if (rsa_sig_is_refusal(sa, n)) {
		rsa_sig_refused(sa, n->type);
		return false;
	}
	if (!sa->x.done) {
		cause = cause_of(sa, n->type, 1);
		if (!cause)
			return true;
		/* Its HASH was made with the pre-shared key, and is right. */
		if (cause == IKE_CAUSE_PEER_KEY_MISMATCH || cause == IKE_CAUSE_PEER_NO_KEY)
			cause = IKE_CAUSE_PEER_REFUSES;
		exchange_fail(&sa->x, EV_ERROR, cause);
		return false;
	}
	cause = cause_of(sa, n->type, 2);
	pair = cause ? notified_pair(sa, n) : NULL;
	if (pair)
		exchange_fail(&pair->x, EV_ERROR, cause);
	return true;
}

static void process_delete_esp(struct isakmp_sa *sa, const struct isakmp_delete *d)
{
	struct reader r = reader_of_span(d->spis);

	for (size_t i = 0; i < d->count && d->spi_size == 4; i++) {
		struct ipsec_pair *pair = pair_find_spi_out(sa->peer, read_u32(&r));
		struct ike_event *e;

		if (!pair)
			continue;
		e = report_exchange(&pair->x, IKE_EVENT_DELETE, LEVEL_INFO);
		e->phase2.spi_in = pair->spi_in;
		e->phase2.spi_out = pair->spi_out;
		if (pair->x.done)
			pair_end(pair, IKE_CAUSE_PEER_DELETED);
		else
			exchange_fail(&pair->x, EV_DELETE,
				      pair_has_rival(pair) ? IKE_CAUSE_SUPERSEDED
							   : IKE_CAUSE_PEER_DELETED);
	}
}

static bool deletes_this_sa(const struct isakmp_sa *sa, const struct isakmp_delete *d)
{
	if (d->protocol != ISAKMP_PROTO_ISAKMP || d->spi_size != sizeof(sa->cookies))
		return false;
	for (size_t i = 0; i < d->count; i++)
		if (memcmp(d->spis.data + i * d->spi_size, sa->cookies, d->spi_size) == 0)
			return true;
	return false;
}

/* All payloads first, then what the message does to the SA that it came over. */
static void process_payloads(struct isakmp_sa *sa, const struct incoming *in)
{
	bool gone = false;

	for (size_t i = 0; i < in->m.count; i++) {
		const struct isakmp_payload *p = &in->m.payload[i];
		struct isakmp_notify n;
		struct isakmp_delete d;

		if (p->type == ISAKMP_NOTIFY && !sa->deleted && isakmp_parse_notify(p->body, &n)) {
			if (!process_notify(sa, &n))
				return;
		} else if (p->type == ISAKMP_DELETE && isakmp_parse_delete(p->body, &d)) {
			/* Until phase 1 is done nobody has proven to be who made the others. */
			if (d.protocol != ISAKMP_PROTO_ESP)
				gone |= deletes_this_sa(sa, &d);
			else if (sa->x.done)
				process_delete_esp(sa, &d);
		}
	}
	if (!gone)
		return;
	report_sa(sa, IKE_EVENT_DELETE, LEVEL_INFO);
	if (sa->x.done) {
		/* It had nothing to ask for: what it heard last was who we are. */
		if (!sa_had_quick_mode(sa) && LIST_EMPTY(&sa->peer->pairs) &&
		    sa->x.ike->now - sa->x.done < SECONDS(10))
			exchange_suspect(&sa->x, IKE_CAUSE_PEER_LEFT);
		sa_deleted(sa);
	} else {
		exchange_fail(&sa->x, EV_DELETE, IKE_CAUSE_PEER_DELETED);
	}
}

static bool is_ack(const struct incoming *in, struct isakmp_notify *n)
{
	const struct isakmp_payload *p = isakmp_find(&in->m, ISAKMP_NOTIFY);

	return p && isakmp_parse_notify(p->body, n) && n->type == ISAKMP_N_R_U_THERE_ACK;
}

void info_input(struct isakmp_sa *sa, const struct incoming *in, const struct ike_datagram *d)
{
	uint8_t hash[HASH_LEN_MAX];
	struct isakmp_notify n;
	struct span theirs, rest;

	if (!ike_message_hash_of(in, &theirs, &rest) || theirs.len != sa->keys.len)
		goto bad;
	keymat_hash1(sa->suite.hash, &sa->keys, in->m.header.msgid, rest, hash);
	if (!util_equal_ct(hash, theirs.data, theirs.len))
		goto bad;
	if (!sa_use_info_msgid(sa, in->m.header.msgid)) {
		report_drop(sa->x.ike, d, &in->m.header, IKE_DROP_REPLAY, ISAKMP_OK, 0);
		return;
	}
	if (is_ack(in, &n))
		path_answer(sa, &n, d);
	else
		path_doubt(sa, d);
	process_payloads(sa, in);
	return;
bad:
	report_drop(sa->x.ike, d, &in->m.header, IKE_DROP_HASH, ISAKMP_OK, 0);
}

void info_input_clear(struct isakmp_sa *sa, const struct incoming *in)
{
	for (size_t i = 0; i < in->m.count; i++) {
		struct isakmp_notify n;
		struct ike_event *e;
		enum ike_cause cause;

		if (in->m.payload[i].type != ISAKMP_NOTIFY ||
		    !isakmp_parse_notify(in->m.payload[i].body, &n))
			continue;
		e = report_sa(sa, IKE_EVENT_NOTIFY, LEVEL_ALWAYS);
		e->notify.type = n.type;
		e->notify.keyed = sa->keys.len > 0;
		cause = cause_of(sa, n.type, 1);
		if (cause && !sa->x.done && !sa->x.evidence)
			exchange_suspect(&sa->x, cause);
	}
}
