/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of NAT traversal: a few IKE cores, NATs before some of them, a clock. A datagram takes
 * 10 ms; the kernel takes every SA at once. What the cores did is kept for the test to look at.
 */
#ifndef TESTS_NATT_NET_H
#define TESTS_NATT_NET_H

#include <criterion/criterion.h>

#include "ikev1/ike.h"

#define LATENCY 10
#define HOSTS 5
#define MAPPINGS 32
#define FLIGHTS 64
#define SAS 64

struct nat {
	struct addr outer;
	uint16_t next; /* port for a mapping that cannot keep its own */
	struct {
		struct endpoint inside, outside;
	} mapping[MAPPINGS];
	size_t n;
};

struct host {
	struct ike *ike;
	struct addr addr;
	struct nat *nat; /* before it; NULL: none */
	bool up;	 /* the last word about any peer */
	enum ike_cause cause;
	struct addr peer; /* it was about */
	struct ike_ipsec_sa sa[SAS]; /* that are installed, without keys */
	size_t n_sas, updates;
	unsigned int keepalives, messages;
	bool nat_us, nat_them;	 /* of the last discovery */
	uint16_t source_port;	 /* of the last message */
	struct ike_event moved;
	unsigned int vids[VID_COUNT]; /* vendor ids sent */
	struct ike_event sent[16]; /* the first messages: payload types */
	size_t n_sent;
};

struct flight {
	msec due;
	struct endpoint from, to;
	bool marked;
	size_t len;
	uint8_t octets[ISAKMP_MESSAGE_MAX];
};

struct net {
	msec now;
	struct host host[HOSTS];
	size_t hosts;
	struct nat nat[2];
	struct flight flight[FLIGHTS];
	size_t flights;
	/* May change a datagram under way; called with its endpoints after translation. */
	void (*look)(struct net *net, struct flight *f);
	struct flight kept; /* look()'s own */
};

static struct addr ip(const char *text)
{
	struct addr a = { 0 };

	cr_assert(addr_parse(text, &a), "%s", text);
	return a;
}

static struct ike_config config(void)
{
	static const struct ike_policy policy = {
		10, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 86400
	};
	static const struct ike_psk psk = { { { 4, { 0 } }, 0 }, { (const uint8_t *)"cisco", 5 } };

	return (struct ike_config){ .policies = &policy,
				    .policy_count = 1,
				    .psks = &psk,
				    .psk_count = 1 };
}

static void host_start(struct host *h, uint8_t seed)
{
	static const struct esp_suite suite = { CIPHER_AES128, HASH_SHA256 };
	static const struct ike_profile profile = { .name = "plain",
						    .suites = &suite,
						    .suite_count = 1,
						    .life_seconds = 3600 };
	static struct ike_config cfg;
	uint8_t octets[DRBG_SEED] = { seed };

	cfg = config();
	h->ike = ike_new(&cfg, octets);
	ike_local_add(h->ike, &h->addr, &profile);
}

static struct host *host_add(struct net *net, const char *addr, struct nat *nat)
{
	struct host *h = &net->host[net->hosts++];

	h->addr = ip(addr);
	h->nat = nat;
	host_start(h, (uint8_t)net->hosts);
	return h;
}

static struct net *net_new(void)
{
	struct net *net = xcalloc(1, sizeof(*net));

	net->now = SECONDS(1000);
	net->nat[0].outer = ip("192.0.2.1");
	net->nat[1].outer = ip("198.51.100.1");
	net->nat[0].next = net->nat[1].next = 20000;
	return net;
}

static void net_free(struct net *net)
{
	for (size_t i = 0; i < net->hosts; i++)
		ike_free(net->host[i].ike);
	free(net);
}

/* ---- the network ---- */

static void nat_map(struct nat *nat, const struct endpoint *inside, uint16_t port)
{
	cr_assert_lt(nat->n, MAPPINGS);
	nat->mapping[nat->n].inside = *inside;
	nat->mapping[nat->n].outside = (struct endpoint){ nat->outer, port };
	nat->n++;
}

static bool is_taken(const struct nat *nat, uint16_t port)
{
	for (size_t i = 0; i < nat->n; i++)
		if (nat->mapping[i].outside.port == port)
			return true;
	return false;
}

static struct endpoint outside_of(struct nat *nat, const struct endpoint *inside)
{
	for (size_t i = 0; i < nat->n; i++)
		if (endpoint_equal(&nat->mapping[i].inside, inside))
			return nat->mapping[i].outside;
	nat_map(nat, inside, is_taken(nat, inside->port) ? nat->next++ : inside->port);
	return nat->mapping[nat->n - 1].outside;
}

/* Another port for every mapping (the old ones are another's now), and perhaps another address. */
static void nat_forget(struct nat *nat, const char *outer)
{
	nat->n = 0;
	nat_map(nat, &(struct endpoint){ { 0 }, 1 }, 4500);
	nat_map(nat, &(struct endpoint){ { 0 }, 2 }, 500);
	if (outer)
		nat->outer = ip(outer);
}

static void net_send(struct net *net, struct host *h, const struct endpoint *from,
		     const struct endpoint *to, bool marked, struct span data)
{
	struct flight *f = &net->flight[net->flights++];

	cr_assert_leq(net->flights, FLIGHTS, "a storm");
	f->due = net->now + LATENCY;
	f->from = h && h->nat ? outside_of(h->nat, from) : *from;
	f->to = *to;
	f->marked = marked;
	f->len = data.len;
	memcpy(f->octets, data.data, data.len);
	if (net->look)
		net->look(net, f);
}

static void arrive(struct net *net, const struct flight *f)
{
	struct endpoint to = f->to;
	struct host *h = NULL;

	for (size_t k = 0; k < ARRAY_SIZE(net->nat); k++)
		for (size_t i = 0; i < net->nat[k].n; i++)
			if (endpoint_equal(&net->nat[k].mapping[i].outside, &f->to))
				to = net->nat[k].mapping[i].inside;
	for (size_t i = 0; i < net->hosts; i++)
		if (addr_equal(&net->host[i].addr, &to.addr) &&
		    (!net->host[i].nat || !addr_equal(&to.addr, &f->to.addr)))
			h = &net->host[i];
	if (!h || !h->ike || f->len == 1)
		return;
	ike_input(h->ike, net->now,
		  &(struct ike_datagram){ .local = to,
					  .remote = f->from,
					  .natt = f->marked,
					  .data = { f->octets, f->len } });
}

/* ---- effects ---- */

static void remove_sa(struct host *h, enum ike_direction direction, uint32_t spi)
{
	for (size_t i = 0; i < h->n_sas; i++)
		if (h->sa[i].direction == direction && h->sa[i].spi == spi)
			h->sa[i--] = h->sa[--h->n_sas];
}

static void happened(struct host *h, const struct ike_event *e)
{
	if (e->kind == IKE_EVENT_NAT) {
		h->nat_us = e->nat.us;
		h->nat_them = e->nat.them;
	} else if (e->kind == IKE_EVENT_MOVED) {
		h->moved = *e;
	} else if (e->kind == IKE_EVENT_CONSTRUCTING && e->payload.type == ISAKMP_VENDOR) {
		h->vids[e->payload.vid]++;
	} else if (e->kind == IKE_EVENT_MESSAGE && e->message.sent &&
		   h->n_sent < ARRAY_SIZE(h->sent)) {
		h->sent[h->n_sent++] = *e;
	}
}

static void sent(struct net *net, struct host *h, const struct ike_effect *e)
{
	cr_expect(addr_equal(&e->send.local.addr, &h->addr));
	if (e->send.data.len == 1) {
		cr_expect_eq(e->send.data.data[0], 0xff);
		cr_expect_eq(e->send.local.port, 4500);
		cr_expect_not(e->send.natt);
		h->keepalives++;
	} else {
		cr_expect_eq(e->send.natt, e->send.local.port == 4500);
		h->messages++;
		h->source_port = e->send.local.port;
	}
	net_send(net, h, &e->send.local, &e->send.remote, e->send.natt, e->send.data);
}

static void carry_out(struct net *net, struct host *h, const struct ike_effect *e)
{
	switch (e->kind) {
	case IKE_EFFECT_SEND:
		sent(net, h, e);
		break;
	case IKE_EFFECT_JOB:
		ike_job_run(e->job);
		ike_job_done(h->ike, net->now, e->job);
		ike_job_free(e->job);
		break;
	case IKE_EFFECT_SA_ADD:
		if (e->add.sa.replaces_spi)
			remove_sa(h, IKE_OUTBOUND, e->add.sa.replaces_spi);
		cr_assert_lt(h->n_sas, SAS);
		h->sa[h->n_sas++] = e->add.sa;
		ike_sa_done(h->ike, net->now, e->add.token, 0);
		break;
	case IKE_EFFECT_SA_UPDATE:
		h->updates++;
		for (size_t i = 0; i < h->n_sas; i++)
			if (h->sa[i].direction == e->add.sa.direction &&
			    h->sa[i].spi == e->add.sa.spi)
				h->sa[i] = e->add.sa;
		break;
	case IKE_EFFECT_SA_DELETE:
		remove_sa(h, e->del.direction, e->del.spi);
		break;
	case IKE_EFFECT_PEER_UP:
	case IKE_EFFECT_PEER_DOWN:
	case IKE_EFFECT_PEER_FAILED:
		h->up = e->kind == IKE_EFFECT_PEER_UP;
		h->peer = e->remote;
		h->cause = h->up ? IKE_CAUSE_NONE : e->cause;
		break;
	case IKE_EFFECT_EVENT:
		happened(h, &e->event);
		break;
	case IKE_EFFECT_QUERY_TRAFFIC:
	case IKE_EFFECT_KEY:
		break;
	}
}

static void drain(struct net *net)
{
	struct ike_effect e;

	for (size_t i = 0; i < net->hosts; i++)
		while (net->host[i].ike && ike_next_effect(net->host[i].ike, &e))
			carry_out(net, &net->host[i], &e);
}

/* The next thing that happens, or end. */
static msec next_due(const struct net *net, msec end)
{
	for (size_t i = 0; i < net->flights; i++)
		end = MIN(end, net->flight[i].due);
	for (size_t i = 0; i < net->hosts; i++)
		end = net->host[i].ike ? MIN(end, ike_deadline(net->host[i].ike)) : end;
	return MAX(end, net->now);
}

static void net_run(struct net *net, msec duration)
{
	msec end = net->now + duration;

	for (drain(net); (net->now = next_due(net, end)) < end;) {
		for (size_t i = 0; i < net->flights; i++) {
			struct flight *f;

			if (net->flight[i].due > net->now)
				continue;
			f = xmemdup(&net->flight[i], sizeof(*f));
			net->flight[i--] = net->flight[--net->flights];
			arrive(net, f);
			free(f);
		}
		for (size_t i = 0; i < net->hosts; i++)
			if (net->host[i].ike && ike_deadline(net->host[i].ike) <= net->now)
				ike_tick(net->host[i].ike, net->now);
		drain(net);
	}
}

static void connect_to(struct net *net, struct host *h, const char *remote)
{
	struct addr a = ip(remote);

	cr_assert(ike_connect(h->ike, net->now, &h->addr, &a));
	net_run(net, SECONDS(1));
	cr_assert(h->up, "the peer does not come up");
}

/* The newest SA of that direction. */
static const struct ike_ipsec_sa *newest(const struct host *h, enum ike_direction direction)
{
	for (size_t i = h->n_sas; i-- > 0;)
		if (h->sa[i].direction == direction)
			return &h->sa[i];
	cr_assert_fail("no such SA");
	return NULL;
}

#endif
