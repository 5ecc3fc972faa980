/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Demultiplexing: the SA by its cookies, the exchange by its message id. Whatever fits nothing is
 * counted, told and dropped; nothing here answers.
 */
#include "ikev1/input.h"

#include "ikev1/exchange.h"
#include "ikev1/flood.h"
#include "ikev1/fragment.h"
#include "ikev1/info.h"
#include "ikev1/main_mode.h"
#include "ikev1/message.h"
#include "ikev1/path.h"
#include "ikev1/quick_mode.h"
#include "ikev1/sharing.h"
#include "ikev1/store.h"
#include "ikev1/switch_over.h"

static const uint8_t no_cookie[ISAKMP_COOKIE];

static bool is_encrypted(const struct isakmp_header *h)
{
	return h->flags & ISAKMP_FLAG_ENCRYPTED;
}

/* For one more half-open SA; the oldest unproven one makes room, as long as there is one. */
static bool has_room(struct ike *ike, struct ike_peer *p)
{
	bool room = true;

	p->ending = true; /* it stays, whatever is evicted */
	if (p->half_open >= ike->limits.half_open_per_source)
		room = sa_evict(ike, p);
	if (room && ike->counters.half_open >= ike->limits.half_open)
		room = sa_evict(ike, NULL);
	p->ending = false;
	return room && p->sa_count < ike->limits.sas_per_peer + ike->limits.half_open_per_source;
}

/* A stranger's first message: a new SA as responder, within limits. */
static void new_responder(struct ike *ike, const struct ike_datagram *d,
			  const struct isakmp_header *h)
{
	struct ike_peer *p = ike_peer_get(ike, &d->local.addr, &d->remote.addr);
	enum isakmp_flaw flaw;
	struct incoming in;
	struct isakmp_sa *sa;
	size_t offset;

	if (!p || sharing_is_pseudo(ike, &d->remote.addr)) {
		report_drop(ike, d, h, IKE_DROP_NO_LOCAL, ISAKMP_OK, 0);
		return;
	}
	if (!has_room(ike, p)) {
		report_drop(ike, d, h, IKE_DROP_HALF_OPEN_LIMIT, ISAKMP_OK, 0);
		ike_peer_tidy(p);
		return;
	}
	sa = sa_new(p, IKE_RESPONDER, &d->local, &d->remote);
	sa->natt = d->natt;
	memcpy(sa->cookies, h->icookie, ISAKMP_COOKIE);
	flaw = ike_message_read(sa, NULL, d, h, &in, &offset);
	if (flaw == ISAKMP_OK) {
		ike_message_report_received(&sa->x, sa, &in);
		if (!exchange_run(&sa->x, EV_RCV_MSG, &in))
			return;
	} else {
		report_drop(ike, d, h, IKE_DROP_MALFORMED, flaw, offset);
	}
	if (sa->x.state == MM_START) /* it did not begin */
		sa_end(sa, IKE_CAUSE_MALFORMED);
}

static void input_main(struct ike *ike, const struct ike_datagram *d, const struct isakmp_header *h)
{
	bool first = memcmp(h->rcookie, no_cookie, ISAKMP_COOKIE) == 0;
	bool encrypted = is_encrypted(h);
	struct isakmp_sa *sa;
	struct incoming in;
	enum isakmp_flaw flaw;
	size_t offset;

	sa = first ? sa_find_first(ike, h->icookie, &d->remote)
		   : sa_find(ike, h->icookie, h->rcookie);
	if (!sa && first && !encrypted && h->msgid == 0) {
		/*
		 * If it is our own, somebody sends it back: with a key that all share, or with our own
		 * certificate, we would prove to ourselves to be the peer.
		 */
		if (sa_find(ike, h->icookie, no_cookie))
			report_drop(ike, d, h, IKE_DROP_REFLECTED, ISAKMP_OK, 0);
		else if (flood_admits(ike, d, h->icookie))
			new_responder(ike, d, h);
		return;
	}
	/* The answer to our first message brings the responder's cookie. */
	if (!sa && !first)
		sa = sa_find(ike, h->icookie, no_cookie);
	if (!sa || !path_may_bring(sa, d, encrypted) || h->msgid != 0) {
		if (sa && sa->x.role == IKE_INITIATOR && !sa->x.done &&
		    !addr_equal(&sa->remote.addr, &d->remote.addr))
			report_elsewhere(sa, d, h);
		else
			report_drop(ike, d, h, IKE_DROP_UNKNOWN_SA, ISAKMP_OK, 0);
		return;
	}
	if (exchange_is_duplicate(&sa->x, d->data)) {
		exchange_resend(&sa->x);
		return;
	}
	/* Whatever follows message 1 brings our cookie back: who does not, has not seen our answer. */
	if (sa->x.done || first) {
		report_drop(ike, d, h, IKE_DROP_UNEXPECTED, ISAKMP_OK, 0);
		return;
	}
	if (encrypted && !sa->keys.len) {
		report_drop(ike, d, h, IKE_DROP_UNDECRYPTABLE, ISAKMP_OK, 0);
		return;
	}
	flaw = ike_message_read(sa, sa->x.iv, d, h, &in, &offset);
	if (flaw != ISAKMP_OK) {
		if (encrypted)
			main_mode_undecryptable(sa, flaw);
		else
			report_drop(ike, d, h, IKE_DROP_MALFORMED, flaw, offset);
		return;
	}
	ike_message_report_received(&sa->x, sa, &in);
	exchange_run(&sa->x, EV_RCV_MSG, &in);
}

/* The SA of a phase 2 or informational message; it must be there and be the peer's. */
static struct isakmp_sa *known_sa(struct ike *ike, const struct ike_datagram *d,
				  const struct isakmp_header *h)
{
	struct isakmp_sa *sa = sa_find(ike, h->icookie, h->rcookie);

	return sa && path_may_bring(sa, d, is_encrypted(h)) ? sa : NULL;
}

static bool hash1_is_right(struct isakmp_sa *sa, const struct incoming *in)
{
	uint8_t hash[HASH_LEN_MAX];
	struct span theirs, rest;

	if (!ike_message_hash_of(in, &theirs, &rest) || theirs.len != sa->keys.len)
		return false;
	keymat_hash1(sa->suite.hash, &sa->keys, in->m.header.msgid, rest, hash);
	return util_equal_ct(hash, theirs.data, theirs.len);
}

static void new_quick_mode(struct isakmp_sa *sa, const struct ike_datagram *d, struct incoming *in)
{
	struct ike *ike = sa->x.ike;
	struct ipsec_pair *pair;

	if (!hash1_is_right(sa, in)) {
		report_drop(ike, d, &in->m.header, IKE_DROP_HASH, ISAKMP_OK, 0);
		return;
	}
	if (!sa_use_msgid(sa, in->m.header.msgid)) {
		report_drop(ike, d, &in->m.header, IKE_DROP_REPLAY, ISAKMP_OK, 0);
		return;
	}
	/* The HASH tells who wrote it, not when. */
	path_doubt(sa, d);
	in->from = NULL;
	pair = pair_new(sa, IKE_RESPONDER, in->m.header.msgid);
	if (!pair) {
		sa_reuse_msgid(sa, in->m.header.msgid);
		report_drop(ike, d, &in->m.header, IKE_DROP_HALF_OPEN_LIMIT, ISAKMP_OK, 0);
		return;
	}
	report_exchange(&pair->x, IKE_EVENT_QM_START, LEVEL_ALWAYS);
	ike_message_report_received(&pair->x, sa, in);
	if (!exchange_run(&pair->x, EV_RCV_MSG, in))
		return;
	if (pair->x.state == QM_START)
		pair_end(pair, IKE_CAUSE_MALFORMED);
}

static void input_quick(struct ike *ike, const struct ike_datagram *d,
			const struct isakmp_header *h)
{
	struct isakmp_sa *sa = known_sa(ike, d, h);
	struct ipsec_pair *pair;
	struct incoming in;
	uint8_t iv[CRYPTO_BLOCK_MAX];
	enum isakmp_flaw flaw;
	size_t offset;

	if (!sa || sa->deleted) {
		report_drop(ike, d, h, IKE_DROP_UNKNOWN_SA, ISAKMP_OK, 0);
		return;
	}
	/* Not before phase 1 is done; the peer repeats it when our last message was slower. */
	if (!sa->x.done || h->msgid == 0) {
		report_drop(ike, d, h, IKE_DROP_UNEXPECTED, ISAKMP_OK, 0);
		return;
	}
	if (!is_encrypted(h)) {
		report_drop(ike, d, h, IKE_DROP_CLEARTEXT, ISAKMP_OK, 0);
		return;
	}
	pair = pair_find(ike, sa->conn_id, h->msgid);
	if (pair && exchange_is_duplicate(&pair->x, d->data)) {
		exchange_resend(&pair->x);
		switch_over_repeated(pair);
		return;
	}
	if (pair && pair->x.done) {
		report_drop(ike, d, h, IKE_DROP_REPLAY, ISAKMP_OK, 0);
		return;
	}
	if (pair)
		memcpy(iv, pair->x.iv, sizeof(iv));
	else
		keymat_iv_phase2(sa->suite.hash, sa->suite.cipher, sa->x.iv, h->msgid, iv);
	flaw = ike_message_read(sa, iv, d, h, &in, &offset);
	if (flaw != ISAKMP_OK) {
		report_drop(ike, d, h, IKE_DROP_UNDECRYPTABLE, flaw, offset);
		return;
	}
	if (!pair) {
		new_quick_mode(sa, d, &in);
		return;
	}
	ike_message_report_received(&pair->x, sa, &in);
	exchange_run(&pair->x, EV_RCV_MSG, &in);
}

static void input_info(struct ike *ike, const struct ike_datagram *d, const struct isakmp_header *h)
{
	struct isakmp_sa *sa = known_sa(ike, d, h);
	bool encrypted = is_encrypted(h);
	uint8_t iv[CRYPTO_BLOCK_MAX];
	struct incoming in;
	enum isakmp_flaw flaw;
	size_t offset;

	/* A refusal of our first message knows our cookie only, or brings one that we never use. */
	if (!sa && !encrypted) {
		sa = sa_find(ike, h->icookie, no_cookie);
		/* One of our message 2 may know the initiator's only. */
		if (!sa && memcmp(h->rcookie, no_cookie, ISAKMP_COOKIE) == 0)
			sa = sa_find_first(ike, h->icookie, &d->remote);
		if (sa && !path_may_bring(sa, d, false))
			sa = NULL;
	}
	if (!sa) {
		report_drop(ike, d, h, IKE_DROP_UNKNOWN_SA, ISAKMP_OK, 0);
		return;
	}
	if (encrypted && !sa->keys.len) {
		report_drop(ike, d, h, IKE_DROP_UNDECRYPTABLE, ISAKMP_OK, 0);
		return;
	}
	if (encrypted)
		keymat_iv_phase2(sa->suite.hash, sa->suite.cipher, sa->x.iv, h->msgid, iv);
	flaw = ike_message_read(sa, iv, d, h, &in, &offset);
	if (flaw != ISAKMP_OK) {
		report_drop(ike, d, h, encrypted ? IKE_DROP_UNDECRYPTABLE : IKE_DROP_MALFORMED,
			    flaw, offset);
		return;
	}
	ike_message_report_received(&sa->x, sa, &in);
	if (encrypted)
		info_input(sa, &in, d);
	else
		info_input_clear(sa, &in);
}

static void dispatch(struct ike *ike, const struct ike_datagram *d, const struct isakmp_header *h)
{
	switch (h->exchange) {
	case ISAKMP_XCHG_MAIN:
		input_main(ike, d, h);
		break;
	case ISAKMP_XCHG_QUICK:
		input_quick(ike, d, h);
		break;
	case ISAKMP_XCHG_INFO:
		input_info(ike, d, h);
		break;
	case ISAKMP_XCHG_AGGRESSIVE:
		report_drop(ike, d, h, IKE_DROP_AGGRESSIVE, ISAKMP_OK, 0);
		break;
	default:
		report_drop(ike, d, h, IKE_DROP_EXCHANGE_TYPE, ISAKMP_OK, 0);
	}
}

/* A fragment, and the message that it completes: one of the same SA's, and no fragment again. */
static void input_fragment(struct ike *ike, const struct ike_datagram *d,
			   const struct isakmp_header *h)
{
	struct isakmp_sa *sa = sa_find(ike, h->icookie, h->rcookie);
	struct ike_datagram whole = *d;
	struct isakmp_header inner;
	enum isakmp_flaw flaw;
	uint8_t *octets;

	if (!sa)
		sa = sa_find(ike, h->icookie, no_cookie);
	/* It may be of an encrypted message, which may come from another port. */
	if (!sa || !path_may_bring(sa, d, true)) {
		report_drop(ike, d, h, IKE_DROP_UNKNOWN_SA, ISAKMP_OK, 0);
		return;
	}
	octets = fragment_take(sa, d, h, &whole.data.len);
	if (!octets)
		return;
	whole.data.data = octets;
	flaw = isakmp_parse_header(whole.data, &inner);
	if (flaw != ISAKMP_OK)
		report_drop(ike, d, h, IKE_DROP_MALFORMED, flaw, 0);
	else if (inner.next_payload == ISAKMP_FRAGMENT ||
		 memcmp(inner.icookie, h->icookie, ISAKMP_COOKIE) != 0 ||
		 memcmp(inner.rcookie, h->rcookie, ISAKMP_COOKIE) != 0)
		report_drop(ike, d, h, IKE_DROP_FRAGMENT, ISAKMP_OK, 0);
	else
		dispatch(ike, &whole, &inner);
	free(octets);
}

void input_datagram(struct ike *ike, const struct ike_datagram *d)
{
	struct isakmp_header h;
	enum isakmp_flaw flaw = isakmp_parse_header(d->data, &h);

	ike->counters.received++;
	if (flaw != ISAKMP_OK) {
		bool v2 = flaw == ISAKMP_BAD_VERSION && d->data.data[17] >> 4 == 2;

		report_drop(ike, d, NULL, v2 ? IKE_DROP_IKEV2 : IKE_DROP_MALFORMED, flaw, 0);
		return;
	}
	if (h.next_payload == ISAKMP_FRAGMENT)
		input_fragment(ike, d, &h);
	else
		dispatch(ike, d, &h);
}
