/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole exchanges through the pure core. The input is a script: which message of an honest peer
 * arrives, which is lost, comes again, or comes changed; what is forged, what the kernel and the
 * owner do, how time goes by. The fuzzer knows the keys: it changes the plain octets, puts the HASH
 * right (or not) and encrypts them again, so that it gets behind the encryption. Diffie-Hellman is
 * played, because it costs a thousand times more than all the rest.
 *
 * After every step the core's own accounts must agree: no timer without an owner, no state without
 * a deadline, counts and tables right, limits kept. At the end everything ends by itself.
 *
 *     tests/fuzz/run.sh ike_exchange
 *
 * LINK: ikev1/ lib/ tests/fuzz/replay.c
 */
#include "ikev1/job.h"
#include "ikev1/message.h"
#include "ikev1/store.h"
#include "tests/unit/ike_two.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define STEPS 200 /* of a script, at most */

static struct two t;
static struct reader script;

/* ---- what must hold ---- */

static size_t armed(const struct timer *timer)
{
	return timer_armed(timer);
}

static size_t exchange_timers(const struct exchange *x)
{
	MUST(x->done || timer_armed(&x->deadline));
	MUST(!timer_armed(&x->retransmit) || (x->sent && !x->done));
	MUST(!x->done || !x->wait_id);
	MUST(!x->sent || timer_armed(&x->deadline));
	return armed(&x->retransmit) + armed(&x->deadline);
}

static size_t peer_timers(const struct ike *ike, const struct ike_peer *p)
{
	size_t timers = armed(&p->want) + armed(&p->keepalive) + armed(&p->moved);
	uint32_t sas = 0, pairs = 0, unfinished = 0, current = 0, serving = 0;
	const struct ipsec_pair *pair;
	const struct isakmp_sa *sa;

	LIST_FOREACH (sa, &p->sas, of_peer) {
		timers += exchange_timers(&sa->x) + armed(&sa->rekey) + armed(&sa->expire) +
			  armed(&sa->dpd.timer);
		sas++;
		serving += sa->x.done && !sa->retired;
		MUST(!sa->x.done || timer_armed(&sa->expire));
	}
	LIST_FOREACH (pair, &p->pairs, of_peer) {
		timers += exchange_timers(&pair->x) + armed(&pair->rekey) + armed(&pair->expire);
		timers += pair->switch_over && !pair->x.wait_id; /* until the kernel was asked */
		pairs++;
		unfinished += !pair->x.done;
		current += pair->x.done && !pair->superseded;
		MUST(!pair->x.done || timer_armed(&pair->expire));
		MUST(pair->x.done || (pair->sa && pair->qm));
	}
	MUST(sas == p->sa_count && pairs == p->pair_count && unfinished == p->unfinished);
	MUST(current <= 1 && serving <= 1 && p->up == (current == 1));
	MUST(pairs <= ike->limits.sas_per_peer && unfinished <= ike->limits.quick_modes_per_peer);
	MUST(sas || pairs || p->wanted);
	return timers;
}

static void check(const struct ike *ike)
{
	size_t timers = 0, half_open = 0, sas = 0, pairs = 0;

	for (const struct ike_peer *p = ike->peers; p; p = p->hh.next) {
		const struct isakmp_sa *sa;

		timers += peer_timers(ike, p);
		sas += p->sa_count;
		pairs += p->pair_count;
		LIST_FOREACH (sa, &p->sas, of_peer)
			half_open += !sa->x.done;
	}
	MUST(timers == ike->timers.len);
	MUST(half_open == ike->counters.half_open && sas == ike->counters.sas &&
	     pairs == ike->counters.pairs);
	MUST(HASH_CNT(hh, ike->pairs) == pairs && HASH_CNT(hh, ike->sas) <= sas);
}

/* ---- the peer's messages, changed ---- */

/* Group 1's arithmetic, with one public value and one secret for everybody. */
static void play(struct ike_job *job)
{
	MUST(job->kind == JOB_DH);
	memset(job->dh.public_value, 5, group_get(job->dh.group)->public_len);
	memset(job->dh.secret, 7, sizeof(job->dh.secret));
	job->dh.status = CRYPTO_DH_OK;
}

/* A few changes where the script says; the room is bigger than the message. */
static size_t change(uint8_t *octets, size_t len, size_t room)
{
	for (unsigned int n = read_u8(&script) % 4 + 1u; n && len; n--) {
		size_t at = read_u16(&script) % len;
		uint8_t how = read_u8(&script), value = read_u8(&script);

		if (how % 4 == 0) {
			octets[at] = value;
		} else if (how % 4 == 1) {
			octets[at] = (uint8_t)(octets[at] ^ 1u << value % 8);
		} else if (how % 4 == 2 && len + value <= room) {
			memmove(octets + at + value, octets + at, len - at);
			for (size_t i = 0; i < value; i++)
				octets[at + i] = read_u8(&script);
			len += value;
		} else if (how % 4 == 3) {
			size_t gone = MIN(value, len - at);

			memmove(octets + at, octets + at + gone, len - at - gone);
			len -= gone;
		}
	}
	return len;
}

/* Our IV for a message of theirs, before it is read. */
static bool iv_for(const struct isakmp_sa *sa, const struct isakmp_header *h,
		   const struct ipsec_pair *pair, uint8_t *iv)
{
	if (!sa || !sa->keys.len)
		return false;
	if (h->exchange == ISAKMP_XCHG_MAIN)
		memcpy(iv, sa->x.iv, CRYPTO_BLOCK_MAX);
	else if (pair)
		memcpy(iv, pair->x.iv, CRYPTO_BLOCK_MAX);
	else
		keymat_iv_phase2(sa->suite.hash, sa->suite.cipher, sa->x.iv, h->msgid, iv);
	return true;
}

/* HASH_I or HASH_R over the ID as it is now; the ID stands in front of the HASH. */
static void put_auth_hash_right(const struct isakmp_sa *sa, uint8_t *plain, size_t len)
{
	const struct group *g = group_get(sa->suite.group);
	const struct main_mode *mm = sa->mm;
	struct keymat_phase1 in;
	uint8_t hash[HASH_LEN_MAX];
	size_t id = len >= 4 ? (size_t)plain[2] << 8 | plain[3] : 0;

	if (!mm || !mm->dh || id < 4 || id + 4 + sa->keys.len > len)
		return;
	in = (struct keymat_phase1){
		.hash = sa->suite.hash,
		.ni = nonce_span(&mm->ni),
		.nr = nonce_span(&mm->nr),
		.gxi = span_of(mm->dh->gxi, g->public_len),
		.gxr = span_of(mm->dh->gxr, g->public_len),
		.gxy = span_of(mm->dh->gxy, g->secret_len),
		.icookie = span_of(sa->cookies, ISAKMP_COOKIE),
		.rcookie = span_of(sa->cookies + ISAKMP_COOKIE, ISAKMP_COOKIE),
		.sa_i = span_of(mm->sa_i, mm->sa_i_len),
	};
	keymat_auth_hash(&in, &sa->keys, sa->x.role == IKE_RESPONDER, span_of(plain + 4, id - 4),
			 hash);
	memcpy(plain + id + 4, hash, sa->keys.len);
}

/* HASH(1) or HASH(2); the padding that is covered with it is none for the reader. */
static void put_hash_right(const struct isakmp_sa *sa, const struct isakmp_header *h,
			   const struct ipsec_pair *pair, uint8_t *plain, size_t len)
{
	struct isakmp_message m = { .header = *h };
	uint8_t hash[HASH_LEN_MAX];
	struct span rest;
	size_t at = 4u + sa->keys.len;

	if (isakmp_parse_payloads(&m, span_of(plain, len), true, NULL) || m.length < at)
		return;
	rest = span_of(plain + at, m.length - at);
	if (pair && pair->qm && pair->x.role == IKE_INITIATOR)
		keymat_hash2(sa->suite.hash, &sa->keys, h->msgid, nonce_span(&pair->qm->ni), rest,
			     hash);
	else
		keymat_hash1(sa->suite.hash, &sa->keys, h->msgid, rest, hash);
	memcpy(plain + 4, hash, sa->keys.len);
}

/* Decrypts with our own keys, changes, puts the HASH right, encrypts. */
static void deliver_changed(struct two_datagram *d, bool right)
{
	uint8_t iv[CRYPTO_BLOCK_MAX], back[CRYPTO_BLOCK_MAX], *plain = d->octets + ISAKMP_HEADER;
	struct ipsec_pair *pair;
	struct isakmp_header h;
	struct isakmp_sa *sa;
	size_t len, block;

	if (isakmp_parse_header(span_of(d->octets, d->len), &h))
		return;
	len = d->len - ISAKMP_HEADER;
	sa = sa_find(t.us, h.icookie, h.rcookie);
	pair = sa ? pair_find(t.us, sa->conn_id, h.msgid) : NULL;
	if (!(h.flags & ISAKMP_FLAG_ENCRYPTED) || !iv_for(sa, &h, pair, iv)) {
		len = change(plain, len, TWO_MAX - ISAKMP_HEADER);
	} else {
		block = cipher_get(sa->suite.cipher)->block;
		memcpy(back, iv, sizeof(iv));
		if (!len || !crypto_cbc(sa->suite.cipher, false, sa->cipher_key, iv, plain, len))
			return;
		len = change(plain, len, TWO_MAX - ISAKMP_HEADER - block);
		while (len % block || !len)
			plain[len++] = 0;
		if (right && h.exchange == ISAKMP_XCHG_MAIN)
			put_auth_hash_right(sa, plain, len);
		else if (right)
			put_hash_right(sa, &h, pair, plain, len);
		crypto_cbc(sa->suite.cipher, true, sa->cipher_key, back, plain, len);
	}
	d->octets[24] = d->octets[25] = 0;
	d->octets[26] = (uint8_t)((len + ISAKMP_HEADER) >> 8);
	d->octets[27] = (uint8_t)(len + ISAKMP_HEADER);
	d->len = len + ISAKMP_HEADER;
	two_arrive(&t, d);
}

/* ---- messages that no peer has sent ---- */

static void forge_something(void)
{
	static const uint8_t exchanges[] = { ISAKMP_XCHG_MAIN, ISAKMP_XCHG_QUICK,
					     ISAKMP_XCHG_INFO };
	uint8_t how = read_u8(&script);
	uint8_t exchange = exchanges[how % ARRAY_SIZE(exchanges)];
	bool keyed = how & 0x40 && two_their_sa(&t) && two_their_sa(&t)->keys.len;
	struct forged f;

	forge(&t, &f, exchange, exchange == ISAKMP_XCHG_MAIN ? 0 : read_u16(&script) + 1u);
	if (keyed && exchange != ISAKMP_XCHG_MAIN)
		forged_hash_begin(&t, &f);
	for (unsigned int n = read_u8(&script) % 6; n; n--) {
		uint8_t type = read_u8(&script), len = read_u8(&script);
		struct span body = read_span(&script, MIN(len, reader_left(&script)));

		isakmp_add_payload(&f.b, type, body);
	}
	if (!keyed) {
		forged_send(&t, &f);
	} else if (exchange == ISAKMP_XCHG_MAIN) {
		if (f.b.w.len > ISAKMP_HEADER) {
			forged_seal(&t, &f, true);
			two_input(&t, true, f.octets, f.b.w.len);
		}
	} else {
		forged_send_phase2(&t, &f, how & 0x20);
	}
}

/* A notify or a delete of the peer's, well-formed and about something that is there. */
static void peer_says(void)
{
	uint16_t what = read_u16(&script);
	const struct isakmp_sa *sa = two_their_sa(&t);
	struct ipsec_pair *pair;
	struct forged f;
	uint8_t spi[4];
	struct writer w = writer_of(spi, sizeof(spi));

	if (!sa || !sa->keys.len)
		return;
	pair = sa->peer ? LIST_FIRST(&sa->peer->pairs) : NULL;
	write_u32(&w, pair ? (what & 1 ? pair->spi_in : pair->spi_out) : what);
	forge(&t, &f, ISAKMP_XCHG_INFO, read_u16(&script) + 1u);
	forged_hash_begin(&t, &f);
	if (what & 2)
		isakmp_add_delete(&f.b, ISAKMP_PROTO_ESP, spi, 4);
	if (what & 4)
		isakmp_add_delete(&f.b, ISAKMP_PROTO_ISAKMP, sa->cookies, sizeof(sa->cookies));
	if (what & 8)
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_INITIAL_CONTACT,
				  span_of(sa->cookies, sizeof(sa->cookies)), span_of(NULL, 0));
	if (what & 16)
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ESP, (uint16_t)(what >> 5), span_of(spi, 4),
				  span_of(spi, 4));
	if (what & 32)
		isakmp_add_notify(&f.b, ISAKMP_PROTO_ISAKMP, ISAKMP_N_R_U_THERE,
				  span_of(sa->cookies, sizeof(sa->cookies)), span_of(spi, 4));
	forged_send_phase2(&t, &f, true);
}

/* ---- what the kernel counts ---- */

static struct {
	uint64_t in, out;
	bool is_late;
	bool asked, asked_us; /* and was not answered yet */
	struct ike_effect question;
} traffic;

static void answer(bool us, const struct ike_effect *e)
{
	ike_traffic(us ? t.us : t.them, t.now, &e->local, &e->remote, e->query.spi_in, traffic.in,
		    traffic.out);
}

static void count(struct two *two, bool us, const struct ike_effect *e)
{
	(void)two;
	if (!traffic.is_late) {
		answer(us, e);
		return;
	}
	traffic.asked = true;
	traffic.asked_us = us;
	traffic.question = *e;
}

/* Time passes, with traffic or without; an answer that is late may come when its pair is gone. */
static void pass(uint8_t how, uint8_t quarters)
{
	traffic.in = how >> 5 & 1;
	traffic.out = how >> 6 & 1;
	traffic.is_late = how >> 7;
	two_wait(&t, (msec)quarters * 250);
	if (traffic.asked && !traffic.is_late) {
		traffic.asked = false;
		answer(traffic.asked_us, &traffic.question);
		two_drain(&t);
	}
}

/* ---- the script ---- */

static void expire(struct ike *ike, bool hard)
{
	const void *cursor = NULL;
	struct ike_pair_info pair;

	if (ike_pair_next(ike, &cursor, &pair))
		ike_sa_expired(ike, t.now, &pair.local, &pair.remote, pair.spi_out, hard);
	two_drain(&t);
}

static void owner_acts(void)
{
	const struct addr *local = &t.our_end.addr, *remote = &t.their_end.addr;

	switch (read_u8(&script) % 11) {
	case 0:
		ike_release(t.us, t.now, local, remote);
		break;
	case 1:
		ike_clear(t.us, t.now, NULL, NULL);
		break;
	case 2:
		ike_suspect(t.us, t.now, local, remote);
		break;
	case 3:
		ike_local_remove(t.us, t.now, local);
		two_drain(&t);
		ike_local_add(t.us, local, &t.profile);
		break;
	case 4:
		expire(t.us, true);
		break;
	case 5:
		expire(t.us, false);
		break;
	case 6:
		expire(t.them, false);
		break;
	case 7:
		ike_clear(t.them, t.now, NULL, NULL);
		break;
	case 8:
		t.kernel_error = read_u8(&script);
		break;
	case 9: /* the NAT's mapping changes */
		t.nat = (uint16_t)(t.nat ? t.nat + read_u8(&script) : 0);
		break;
	default:
		two_connect(&t, false);
	}
	two_drain(&t);
}

static void step(void)
{
	uint8_t op = read_u8(&script);
	struct two_datagram d;

	switch (op % 10) {
	case 0:
	case 1:
		two_deliver_one(&t);
		break;
	case 2: /* lost */
		two_take(&t);
		break;
	case 3: /* twice, or later than the next */
		d = two_take(&t);
		if (!d.len)
			break;
		if (op & 0x10)
			two_arrive(&t, &d);
		two_push(&t, d.to_us, d.from, d.to, d.natt, span_of(d.octets, d.len));
		break;
	case 4:
	case 5:
		d = two_take(&t);
		if (d.len && d.to_us)
			deliver_changed(&d, op & 0x10);
		else if (d.len)
			two_arrive(&t, &d);
		break;
	case 6:
		forge_something();
		break;
	case 7:
		peer_says();
		break;
	case 8:
		pass(op, read_u8(&script));
		break;
	default:
		owner_acts();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct ike_policy policy = { 10,
						  { CIPHER_AES128, HASH_SHA1, AUTH_PSK, GROUP_1 },
						  1200 };
	struct ike_config cfg = two_config;
	uint8_t first;

	script = reader_of(data, len);
	first = read_u8(&script);
	cfg.policies = &policy;
	cfg.limits.sas_per_peer = 4;
	cfg.limits.quick_modes_per_peer = 3;
	cfg.dpd.interval = first & 4 ? 10 : 0;
	two_init(&t, &cfg, &cfg, first & 1 ? GROUP_1 : GROUP_NONE);
	t.profile.life_seconds = 300;
	t.nat = first & 8 ? 1000 : 0;
	t.run_job = play;
	memset(&traffic, 0, sizeof(traffic));
	t.traffic = count;
	two_connect(&t, first & 2);
	/* The fuzzer need not learn the beginning by itself. */
	two_deliver(&t, first >> 4);
	for (int i = 0; i < STEPS && reader_left(&script); i++) {
		step();
		check(t.us);
		check(t.them);
	}
	t.no_messages = true;
	two_wait(&t, SECONDS(3000));
	MUST(!t.us->peers && !t.them->peers);
	MUST(ike_deadline(t.us) == MSEC_NEVER && ike_deadline(t.them) == MSEC_NEVER);
	two_free(&t);
	return 0;
}
