/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NAT traversal between real cores: where the NAT is found to be, what is said in each version,
 * which ports the SAs get, mappings that change, peers that share an address.
 *
 * LINK: ikev1/ lib/
 */
#include "tests/unit/natt_net.h"

#include "ikev1/core.h"
#include "ikev1/natt.h"
#include "ikev1/store.h"

#define INSIDE "192.168.2.2"
#define HUB "203.0.113.1"

static void sa_is(const struct ike_ipsec_sa *sa, const char *remote, const char *outer,
		  uint16_t local_port, uint16_t remote_port)
{
	struct addr name = ip(remote), where = ip(outer);

	cr_expect(addr_equal(&sa->remote, &name));
	cr_expect(addr_equal(&sa->outer, &where));
	cr_expect_eq(sa->encap_local, local_port, "%u", sa->encap_local);
	cr_expect_eq(sa->encap_remote, remote_port, "%u", sa->encap_remote);
}

/* How many payloads of that type are in the message. */
static unsigned int payloads(const struct host *h, size_t message, uint8_t type)
{
	unsigned int n = 0;

	cr_assert_lt(message, h->n_sent);
	for (size_t i = 0; i < h->sent[message].message.count; i++)
		n += h->sent[message].message.type[i] == type;
	return n;
}

/* ---- where the NAT is ---- */

static void find(bool spoke_inside, bool hub_inside)
{
	struct net *net = net_new();
	struct host *spoke = host_add(net, INSIDE, spoke_inside ? &net->nat[0] : NULL);
	struct host *hub = host_add(net, "10.9.9.9", hub_inside ? &net->nat[1] : NULL);
	const char *hub_seen = hub_inside ? "198.51.100.1" : "10.9.9.9";
	const char *spoke_seen = spoke_inside ? "192.0.2.1" : INSIDE;
	uint16_t port = spoke_inside || hub_inside ? 4500 : 0;

	if (hub_inside)
		for (uint16_t p = 500; p <= 4500; p += 4000)
			nat_map(&net->nat[1], &(struct endpoint){ hub->addr, p }, p);
	connect_to(net, spoke, hub_seen);
	cr_expect_eq(spoke->nat_us, spoke_inside);
	cr_expect_eq(spoke->nat_them, hub_inside);
	cr_expect_eq(hub->nat_us, hub_inside);
	cr_expect_eq(hub->nat_them, spoke_inside);
	cr_expect_eq(spoke->source_port, port ? 4500 : 500);
	cr_expect_eq(hub->source_port, port ? 4500 : 500);
	sa_is(newest(spoke, IKE_OUTBOUND), hub_seen, hub_seen, port, port);
	sa_is(newest(spoke, IKE_INBOUND), hub_seen, hub_seen, port, port);
	sa_is(newest(hub, IKE_OUTBOUND), spoke_seen, spoke_seen, port, port);
	sa_is(newest(hub, IKE_INBOUND), spoke_seen, spoke_seen, port, port);
	cr_expect_eq(newest(hub, IKE_INBOUND)->nat, spoke_inside);
	/* One octet every 20 s, from whoever is behind a NAT. */
	net_run(net, SECONDS(60));
	cr_expect_eq(spoke->keepalives, spoke_inside ? 3 : 0, "%u", spoke->keepalives);
	cr_expect_eq(hub->keepalives, hub_inside ? 3 : 0, "%u", hub->keepalives);
	ike_shutdown(spoke->ike, net->now);
	net_run(net, SECONDS(60));
	cr_expect_eq(hub->n_sas + spoke->n_sas, 0);
	cr_expect_eq(hub->cause, IKE_CAUSE_PEER_DELETED);
	cr_expect_eq(ike_deadline(spoke->ike), MSEC_NEVER, "a keepalive without a peer");
	net_free(net);
}

Test(natt, nowhere)
{
	find(false, false);
}

Test(natt, before_the_initiator)
{
	find(true, false);
}

Test(natt, before_the_responder)
{
	find(false, true);
}

Test(natt, before_both)
{
	find(true, true);
}

/* ---- versions ---- */

/* Makes vendor ids of message 1 unknown, all but this one. */
static enum isakmp_vid only;

static void keep_only(struct net *net, struct flight *f)
{
	(void)net;
	for (enum isakmp_vid v = VID_NATT_RFC3947; v <= VID_NATT_DRAFT07; v++) {
		struct span id = isakmp_vid_bytes(v);
		uint8_t *at = memmem(f->octets, f->len, id.data, id.len);

		if (at && v != only)
			at[0] ^= 0xff;
	}
}

static void version(enum isakmp_vid vid, uint8_t discovery, uint8_t original, uint16_t port)
{
	struct net *net = net_new();
	struct host *spoke = host_add(net, INSIDE, discovery ? &net->nat[0] : NULL);
	struct host *hub = host_add(net, HUB, NULL);
	const char *seen = discovery ? "192.0.2.1" : INSIDE;

	only = vid;
	net->look = keep_only;
	connect_to(net, spoke, HUB);
	/* All versions but 07 are offered, the one that is spoken is answered. */
	for (enum isakmp_vid v = VID_NATT_RFC3947; v <= VID_NATT_DRAFT07; v++) {
		cr_expect_eq(spoke->vids[v], v != VID_NATT_DRAFT07, "%s", isakmp_vid_name(v));
		cr_expect_eq(hub->vids[v], v == vid, "%s", isakmp_vid_name(v));
	}
	if (discovery) {
		cr_expect_eq(payloads(spoke, 1, discovery), 2);
		cr_expect_eq(payloads(hub, 1, discovery), 2);
		cr_expect_eq(payloads(spoke, 3, original), 2);
		cr_expect_eq(payloads(hub, 3, original), 2);
	}
	cr_expect_eq(payloads(spoke, 1, ISAKMP_NATD) + payloads(spoke, 1, ISAKMP_NATD_DRAFT) +
			     payloads(spoke, 1, ISAKMP_NATD_DRAFT_08),
		     discovery ? 2 : 0);
	sa_is(newest(hub, IKE_OUTBOUND), seen, seen, port, port);
	net_free(net);
}

Test(natt, rfc3947)
{
	version(VID_NATT_RFC3947, 20, 21, 4500);
}

Test(natt, draft_03)
{
	version(VID_NATT_DRAFT03, 130, 131, 4500);
}

Test(natt, draft_02n)
{
	version(VID_NATT_DRAFT02N, 130, 131, 4500);
}

Test(natt, draft_02)
{
	version(VID_NATT_DRAFT02, 130, 131, 4500);
}

Test(natt, none_in_common)
{
	version(VID_UNKNOWN, 0, 0, 0);
}

/* Then a NAT cannot be passed: the identity does not fit the address, and the hub says so. */
Test(natt, none_in_common_behind_nat)
{
	struct net *net = net_new();
	struct host *spoke = host_add(net, INSIDE, &net->nat[0]);
	struct host *hub = host_add(net, HUB, NULL);

	only = VID_UNKNOWN;
	net->look = keep_only;
	ike_connect(spoke->ike, net->now, &spoke->addr, &hub->addr);
	net_run(net, SECONDS(60));
	cr_expect_not(spoke->up);
	cr_expect_eq(ike_counters(hub->ike)->failed[IKE_CAUSE_IDENTITY], 1);
	cr_expect_eq(hub->n_sas + spoke->n_sas, 0);
	net_free(net);
}

Test(natt, best_version)
{
	static const struct {
		uint32_t vids;
		enum isakmp_vid chosen;
		enum proposal_encap encap;
	} cases[] = {
		{ 0, VID_UNKNOWN, ENCAP_TRANSPORT },
		{ 1u << VID_DPD | 1u << VID_UNKNOWN, VID_UNKNOWN, ENCAP_TRANSPORT },
		{ 1u << VID_NATT_DRAFT07, VID_UNKNOWN, ENCAP_TRANSPORT },
		{ 1u << VID_NATT_DRAFT07 | 1u << VID_NATT_DRAFT02, VID_NATT_DRAFT02,
		  ENCAP_UDP_TRANSPORT_DRAFT },
		{ 1u << VID_NATT_DRAFT02 | 1u << VID_NATT_DRAFT02N, VID_NATT_DRAFT02N,
		  ENCAP_UDP_TRANSPORT_DRAFT },
		{ 1u << VID_NATT_DRAFT02 | 1u << VID_NATT_DRAFT03, VID_NATT_DRAFT03,
		  ENCAP_UDP_TRANSPORT_DRAFT },
		{ UINT32_MAX, VID_NATT_RFC3947, ENCAP_UDP_TRANSPORT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct isakmp_sa sa = { .vendor_ids = cases[i].vids };

		natt_choose_version(&sa);
		cr_expect_eq(sa.nat.version, cases[i].chosen, "case %zu", i);
		cr_expect_eq(natt_encap(&sa), ENCAP_TRANSPORT, "no NAT was found");
		sa.nat.them = true;
		cr_expect_eq(natt_encap(&sa), ENCAP_TRANSPORT, "not on the port for it");
		sa.natt = true;
		cr_expect_eq(natt_encap(&sa), cases[i].encap, "case %zu", i);
	}
}

/* RFC 3947 3.2: HASH(CKY-I | CKY-R | IP | Port), destination first. */
static void read_message3(struct net *net, struct flight *f)
{
	struct isakmp_message m = { .count = 0 };
	struct endpoint ends[2] = { { ip(HUB), 500 }, { ip(INSIDE), 500 } };
	struct span body = { f->octets + ISAKMP_HEADER, f->len - ISAKMP_HEADER };
	size_t n = 0;

	if (f->len < ISAKMP_HEADER || isakmp_parse_header((struct span){ f->octets, f->len },
							  &m.header) != ISAKMP_OK ||
	    m.header.flags || isakmp_parse_payloads(&m, body, false, NULL) != ISAKMP_OK ||
	    !isakmp_find(&m, ISAKMP_KE) || !addr_equal(&f->to.addr, &ends[0].addr))
		return;
	for (size_t i = 0; i < m.count; i++) {
		uint8_t octets[22], hash[HASH_LEN_MAX];
		struct writer w = writer_of(octets, sizeof(octets));
		struct span all = { octets, sizeof(octets) };

		if (m.payload[i].type != ISAKMP_NATD)
			continue;
		cr_assert_lt(n, 2);
		write_bytes(&w, f->octets, 16);
		write_bytes(&w, ends[n].addr.b, 4);
		write_u16(&w, ends[n].port);
		crypto_hash(HASH_SHA256, &all, 1, hash);
		cr_expect_eq(m.payload[i].body.len, 32);
		cr_expect_arr_eq(m.payload[i].body.data, hash, 32, "payload %zu", n);
		n++;
	}
	cr_expect_eq(n, 2);
	net->kept.len = n;
}

Test(natt, discovery_octets)
{
	struct net *net = net_new();
	struct host *spoke = host_add(net, INSIDE, &net->nat[0]);

	host_add(net, HUB, NULL);
	net->look = read_message3;
	connect_to(net, spoke, HUB);
	cr_expect_eq(net->kept.len, 2, "message 3 was not seen");
	net_free(net);
}

/* ---- mappings that change ---- */

struct two {
	struct net *net;
	struct host *spoke, *hub;
};

static struct two inside_and_hub(void)
{
	struct two t = { .net = net_new() };

	t.spoke = host_add(t.net, INSIDE, &t.net->nat[0]);
	t.hub = host_add(t.net, HUB, NULL);
	connect_to(t.net, t.spoke, HUB);
	return t;
}

Test(natt, mapping_seen_by_esp)
{
	struct two t = inside_and_hub();
	struct endpoint seen = { ip("192.0.2.1"), 31000 };

	nat_forget(&t.net->nat[0], NULL);
	nat_map(&t.net->nat[0], &(struct endpoint){ t.spoke->addr, 4500 }, 31000);
	ike_esp_seen(t.hub->ike, t.net->now, &t.hub->addr, &seen.addr, &seen);
	ike_esp_seen(t.hub->ike, t.net->now, &t.hub->addr, &seen.addr, &seen);
	net_run(t.net, SECONDS(1));
	cr_expect_eq(t.hub->updates, 2, "one for each direction, once: %zu", t.hub->updates);
	cr_expect_eq(t.hub->moved.moved.from.port, 4500);
	cr_expect_eq(t.hub->moved.remote.port, 31000);
	sa_is(newest(t.hub, IKE_OUTBOUND), "192.0.2.1", "192.0.2.1", 4500, 31000);
	sa_is(newest(t.hub, IKE_INBOUND), "192.0.2.1", "192.0.2.1", 4500, 31000);
	/* IKE goes there, too. */
	ike_shutdown(t.hub->ike, t.net->now);
	net_run(t.net, SECONDS(1));
	cr_expect_not(t.spoke->up);
	cr_expect_eq(t.spoke->cause, IKE_CAUSE_PEER_DELETED);
	net_free(t.net);
}

/* What IKE says from a new port is asked back, and believed when it is answered. */
Test(natt, mapping_seen_by_ike)
{
	struct two t = inside_and_hub();
	struct addr hub = ip(HUB);

	nat_forget(&t.net->nat[0], NULL);
	ike_suspect(t.spoke->ike, t.net->now, &t.spoke->addr, &hub); /* sends R-U-THERE */
	net_run(t.net, SECONDS(1));
	sa_is(newest(t.hub, IKE_OUTBOUND), "192.0.2.1", "192.0.2.1", 4500, 20000);
	net_run(t.net, SECONDS(10));
	cr_expect(t.spoke->up, "DPD was answered");
	net_free(t.net);
}

/* The first encrypted message of the spoke after phase 2. */
static void keep_one(struct net *net, struct flight *f)
{
	if (f->to.port == 4500 && f->len > 1 && !net->kept.len)
		net->kept = *f;
}

/* An old message from elsewhere has a right HASH, and moves nobody. */
Test(natt, old_message_from_elsewhere)
{
	struct two t = inside_and_hub();
	struct addr hub = ip(HUB);
	struct endpoint elsewhere = { ip("198.51.100.66"), 4500 };
	unsigned int before;

	t.net->look = keep_one;
	ike_suspect(t.spoke->ike, t.net->now, &t.spoke->addr, &hub);
	net_run(t.net, SECONDS(1));
	t.net->look = NULL;
	cr_assert(t.net->kept.len);
	/* So many that the hub has forgotten the message id. */
	for (int i = 0; i < 40; i++) {
		ike_suspect(t.spoke->ike, t.net->now, &t.spoke->addr, &hub);
		net_run(t.net, SECONDS(3));
	}
	before = t.hub->messages;
	for (int i = 0; i < 20; i++)
		net_send(t.net, NULL, &elsewhere, &t.net->kept.to, true,
			 (struct span){ t.net->kept.octets, t.net->kept.len });
	net_run(t.net, SECONDS(1));
	/* Its answer goes to the peer, and one question to the other place. */
	cr_expect_leq(t.hub->messages - before, 2, "%u", t.hub->messages - before);
	cr_expect_eq(t.hub->updates, 0);
	sa_is(newest(t.hub, IKE_OUTBOUND), "192.0.2.1", "192.0.2.1", 4500, 4500);
	ike_suspect(t.hub->ike, t.net->now, &t.hub->addr, &t.net->nat[0].outer);
	net_run(t.net, SECONDS(20));
	cr_expect(t.hub->up, "it is still there");
	net_free(t.net);
}

/* Another address is another name for NHRP: the peer starts anew. */
Test(natt, another_address)
{
	struct two t = inside_and_hub();
	struct addr hub = ip(HUB), before = t.net->nat[0].outer;

	nat_forget(&t.net->nat[0], "192.0.2.77");
	ike_suspect(t.spoke->ike, t.net->now, &t.spoke->addr, &hub);
	net_run(t.net, SECONDS(1));
	cr_expect_not(t.hub->up);
	cr_expect_eq(t.hub->cause, IKE_CAUSE_MOVED);
	cr_expect(addr_equal(&t.hub->peer, &before));
	cr_expect_not(t.spoke->up, "it was told goodbye");
	cr_expect_eq(t.hub->n_sas + t.spoke->n_sas, 0);
	connect_to(t.net, t.spoke, HUB);
	cr_expect(addr_equal(&t.hub->peer, &t.net->nat[0].outer));
	net_free(t.net);
}

/* ---- peers that share an address ---- */

static struct addr name_of_last(const struct host *hub)
{
	return newest(hub, IKE_OUTBOUND)->remote;
}

static bool is_pseudo(const struct addr *a)
{
	return a->b[0] == 240;
}

Test(natt, three_behind_one_address)
{
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);
	struct host *spoke[3];
	struct addr name[3], again;

	for (size_t i = 0; i < 3; i++) {
		char text[] = "192.168.2.2";

		text[8] = (char)('2' + i);
		spoke[i] = host_add(net, text, &net->nat[0]);
		connect_to(net, spoke[i], HUB);
		name[i] = name_of_last(hub);
		cr_expect(addr_equal(&newest(hub, IKE_OUTBOUND)->outer, &net->nat[0].outer));
		cr_expect(addr_equal(&newest(hub, IKE_INBOUND)->outer, &net->nat[0].outer));
	}
	cr_expect(addr_equal(&name[0], &net->nat[0].outer), "the first has the address itself");
	cr_expect(is_pseudo(&name[1]) && is_pseudo(&name[2]));
	cr_expect_not(addr_equal(&name[1], &name[2]));
	cr_expect_eq(hub->n_sas, 6);

	/* One that starts anew is known again; its INITIAL-CONTACT ends its own SAs only. */
	ike_free(spoke[1]->ike);
	host_start(spoke[1], 99);
	spoke[1]->n_sas = 0;
	connect_to(net, spoke[1], HUB);
	again = name_of_last(hub);
	cr_expect(addr_equal(&again, &name[1]));
	cr_expect_eq(hub->n_sas, 6, "%zu", hub->n_sas);
	cr_expect(spoke[0]->up && spoke[2]->up);

	/* From the hub's side each is reached by its name. */
	ike_clear(hub->ike, net->now, &hub->addr, &name[2]);
	net_run(net, SECONDS(1));
	cr_expect_not(spoke[2]->up);
	cr_expect(spoke[0]->up && spoke[1]->up);

	/* A pseudo address that stands for nobody cannot be connected to. */
	cr_expect_not(ike_connect(hub->ike, net->now, &hub->addr, &name[2]));
	net_free(net);
}

Test(natt, keepalives_as_often_as_configured)
{
	static struct ike_config cfg;
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);
	struct host *spoke = host_add(net, "192.168.2.2", &net->nat[0]);

	cfg = config();
	cfg.nat_keepalive = 5;
	ike_configure(spoke->ike, &cfg);
	connect_to(net, spoke, HUB);
	net_run(net, SECONDS(61));
	cr_expect_eq(spoke->keepalives, 12, "%u", spoke->keepalives);
	cr_expect_eq(hub->keepalives, 0);
	net_free(net);
}

static void too_many(const struct ike_limits *limits)
{
	static struct ike_config cfg;
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL), *third;

	cfg = config();
	cfg.limits = *limits;
	ike_configure(hub->ike, &cfg);
	connect_to(net, host_add(net, "192.168.2.2", &net->nat[0]), HUB);
	connect_to(net, host_add(net, "192.168.3.2", &net->nat[0]), HUB);
	third = host_add(net, "192.168.4.2", &net->nat[0]);
	ike_connect(third->ike, net->now, &third->addr, &hub->addr);
	net_run(net, SECONDS(60));
	cr_expect_not(third->up);
	cr_expect_eq(ike_counters(hub->ike)->failed[IKE_CAUSE_SHARED_ADDRESS], 1);
	cr_expect_eq(hub->n_sas, 4);
	/* One that goes makes room. */
	ike_shutdown(net->host[2].ike, net->now);
	net_run(net, SECONDS(5));
	connect_to(net, third, HUB);
	cr_expect_eq(hub->n_sas, 4);
	net_free(net);
}

Test(natt, too_many_behind_one_address)
{
	too_many(&(struct ike_limits){ .pseudo_peers_per_address = 1 });
	too_many(&(struct ike_limits){ .pseudo_peers = 1 });
}

/* Those behind one address take no place from those behind another. */
Test(natt, too_many_behind_another_address)
{
	static struct ike_config cfg;
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);

	cfg = config();
	cfg.limits.pseudo_peers_per_address = 1;
	ike_configure(hub->ike, &cfg);
	connect_to(net, host_add(net, "192.168.2.2", &net->nat[0]), HUB);
	connect_to(net, host_add(net, "192.168.3.2", &net->nat[0]), HUB);
	connect_to(net, host_add(net, "192.168.4.2", &net->nat[1]), HUB);
	connect_to(net, host_add(net, "192.168.5.2", &net->nat[1]), HUB);
	cr_expect_eq(hub->n_sas, 8);
	ike_shutdown(hub->ike, net->now);
	net_run(net, SECONDS(60));
	cr_expect_null(hub->ike->shared);
	net_free(net);
}

/* The one that has the address goes; the next one that comes gets it. */
Test(natt, address_is_free_again)
{
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);
	struct host *a = host_add(net, "192.168.2.2", &net->nat[0]);
	struct host *b = host_add(net, "192.168.3.2", &net->nat[0]);
	struct addr name;

	connect_to(net, a, HUB);
	connect_to(net, b, HUB);
	ike_shutdown(a->ike, net->now);
	net_run(net, SECONDS(1));
	connect_to(net, a, HUB);
	name = name_of_last(hub);
	cr_expect(addr_equal(&name, &net->nat[0].outer));
	net_free(net);
}

/* Each of two renews both phases, begun by either end; both keep their names and their traffic. */
Test(natt, rekey_of_two)
{
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);
	struct host *a = host_add(net, "192.168.2.2", &net->nat[0]);
	struct host *b = host_add(net, "192.168.3.2", &net->nat[0]);
	struct addr name;

	connect_to(net, a, HUB);
	connect_to(net, b, HUB);
	name = name_of_last(hub);
	/* The kernel's soft limit, at the hub: it begins. */
	for (size_t i = 0; i < 4; i++)
		if (hub->sa[i].direction == IKE_OUTBOUND)
			ike_sa_expired(hub->ike, net->now, &hub->addr, &hub->sa[i].remote,
				       hub->sa[i].spi, false);
	net_run(net, SECONDS(90));
	cr_expect_eq(hub->n_sas, 4, "%zu", hub->n_sas);
	cr_expect_eq(a->n_sas, 2);
	cr_expect_eq(b->n_sas, 2);
	/* Phase 1 in the course of a day, phase 2 in the course of an hour. */
	net_run(net, SECONDS(2 * 3600));
	cr_expect(a->up && b->up && hub->up);
	cr_expect_eq(hub->n_sas, 4, "%zu", hub->n_sas);
	for (size_t i = 0; i < hub->n_sas; i++)
		cr_expect(addr_equal(&hub->sa[i].remote, &name) ||
			  addr_equal(&hub->sa[i].remote, &net->nat[0].outer));
	net_free(net);
}

/* The mappings of two have become each other's: he who answers is not the one who was meant. */
Test(natt, mappings_that_are_swapped)
{
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);
	struct host *a = host_add(net, "192.168.2.2", &net->nat[0]);
	struct host *b = host_add(net, "192.168.3.2", &net->nat[0]);
	struct endpoint at[2];
	struct addr name;

	connect_to(net, a, HUB);
	connect_to(net, b, HUB);
	name = name_of_last(hub);
	at[0] = outside_of(&net->nat[0], &(struct endpoint){ a->addr, 4500 });
	at[1] = outside_of(&net->nat[0], &(struct endpoint){ b->addr, 4500 });
	net->nat[0].n = 0;
	nat_map(&net->nat[0], &(struct endpoint){ a->addr, 4500 }, at[1].port);
	nat_map(&net->nat[0], &(struct endpoint){ b->addr, 4500 }, at[0].port);
	ike_peer_start_phase1(ike_peer_find(hub->ike, &hub->addr, &net->nat[0].outer));
	net_run(net, SECONDS(1));
	cr_expect_eq(ike_counters(hub->ike)->failed[IKE_CAUSE_IDENTITY], 1);
	ike_peer_start_phase1(ike_peer_find(hub->ike, &hub->addr, &name));
	net_run(net, SECONDS(1));
	cr_expect_eq(ike_counters(hub->ike)->failed[IKE_CAUSE_IDENTITY], 2);
	cr_expect_eq(hub->n_sas, 4, "nobody has lost anything by that");
	net_free(net);
}

/* By its name, which is no hostname's business, a peer's own address is in NAT-OA only. */
Test(natt, original_address_of_a_named_peer)
{
	static struct ike_config cfg;
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL);
	struct host *spoke = host_add(net, INSIDE, &net->nat[0]);

	cfg = config();
	cfg.identity = IKE_IDENTITY_HOSTNAME;
	cfg.hostname = (struct span){ (const uint8_t *)"spoke", 5 };
	ike_configure(spoke->ike, &cfg);
	connect_to(net, spoke, HUB);
	/* And the other way, as the responder of a rekey. */
	ike_sa_expired(hub->ike, net->now, &hub->addr, &net->nat[0].outer,
		       newest(hub, IKE_OUTBOUND)->spi, false);
	net_run(net, SECONDS(90));
	cr_expect(spoke->up && hub->up);
	cr_expect_eq(ike_counters(hub->ike)->phase2_up, 2);
	cr_expect_eq(ike_counters(hub->ike)->failed[IKE_CAUSE_PEER_PROXY_IDENTITIES], 0);
	net_free(net);
}

/* NAT-OA is an identification payload: of an address, no protocol, no port, four octets. */
Test(natt, original_addresses_of_odd_form)
{
	static const struct {
		size_t len;
		uint8_t octets[12];
		bool right;
	} cases[] = {
		{ 8, { 1, 0, 0, 0, 10, 0, 0, 1 }, true },  { 7, { 1, 0, 0, 0, 10, 0, 0 }, false },
		{ 9, { 1, 0, 0, 0, 10, 0, 0, 1 }, false }, { 4, { 1, 0, 0, 0 }, false },
		{ 0, { 0 }, false },			   { 8, { 2, 0, 0, 0, 10, 0, 0, 1 }, false },
		{ 8, { 1, 6, 0, 0, 10, 0, 0, 1 }, false }, { 8, { 1, 0, 1, 0, 10, 0, 0, 1 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct isakmp_sa sa = { .nat.version = VID_NATT_RFC3947 };
		uint8_t *body = xmemdup(cases[i].octets, cases[i].len);
		struct incoming in = { .m = { .count = 1 } };
		struct natt_original o;

		in.m.payload[0].type = ISAKMP_NATOA;
		in.m.payload[0].body = (struct span){ body, cases[i].len };
		o = natt_original_addresses(&sa, &in);
		cr_expect_eq(!addr_is_none(&o.initiator), cases[i].right, "%zu", i);
		cr_expect(addr_is_none(&o.responder));
		free(body);
	}
}

/* ---- who lies about where he is ---- */

static struct endpoint false_source;

static void lie_in_message_5(struct net *net, struct flight *f)
{
	if (addr_equal(&f->from.addr, &net->nat[0].outer) && f->octets[19] & ISAKMP_FLAG_ENCRYPTED)
		f->from = false_source;
}

static void from_false_source(struct net *net, struct flight *f)
{
	if (addr_equal(&f->from.addr, &net->nat[1].outer))
		f->from = false_source;
}

/* A pseudo address is a name in here: no message comes from it. */
Test(natt, message_from_a_pseudo_address)
{
	struct net *net = net_new();
	struct host *hub = host_add(net, HUB, NULL), *liar;

	connect_to(net, host_add(net, "192.168.2.2", &net->nat[0]), HUB);
	connect_to(net, host_add(net, "192.168.3.2", &net->nat[0]), HUB);
	false_source = (struct endpoint){ name_of_last(hub), 500 };
	cr_assert(is_pseudo(&false_source.addr));
	liar = host_add(net, "192.168.4.2", &net->nat[1]);
	net->look = from_false_source;
	ike_connect(liar->ike, net->now, &liar->addr, &hub->addr);
	net_run(net, 100);
	cr_expect_eq(ike_counters(hub->ike)->dropped[IKE_DROP_NO_LOCAL], 1);
	cr_expect_eq(ike_counters(hub->ike)->half_open, 0);
	net_free(net);
}

/*
 * All have one key, so anybody may say that he is another, but not be where that one is: with a false
 * source from message 5 on he would take its place at the hub, or one that is free.
 */
Test(natt, message_5_with_a_false_source)
{
	static struct ike_config cfg;

	for (int there = 0; there < 2; there++) {
		struct net *net = net_new();
		struct host *hub = host_add(net, HUB, NULL);
		struct host *victim = host_add(net, "203.0.113.5", NULL);
		struct host *liar = host_add(net, "192.168.2.2", &net->nat[0]);

		cfg = config();
		cfg.identity = IKE_IDENTITY_HOSTNAME;
		cfg.hostname = (struct span){ (const uint8_t *)"victim", 6 };
		ike_configure(victim->ike, &cfg);
		ike_configure(liar->ike, &cfg);
		if (there)
			connect_to(net, victim, HUB);
		net->look = lie_in_message_5;
		false_source = (struct endpoint){ victim->addr, 4500 };
		ike_connect(liar->ike, net->now, &liar->addr, &hub->addr);
		net_run(net, SECONDS(60));
		cr_expect_eq(ike_counters(hub->ike)->phase1_up, (uint64_t)there);
		cr_expect_eq(hub->n_sas, 2 * (size_t)there);
		cr_expect_eq(ike_counters(hub->ike)->sas, (uint64_t)there);
		cr_expect_eq(victim->up, there);
		net_free(net);
	}
}
