/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a peer costs a hub: octets that the cores have allocated for each established one, and for each
 * stranger that has sent a first message and nothing more; and the time that such a message takes.
 *
 *     make build/tests/bench/bench_memory && build/tests/bench/bench_memory
 *
 * The spokes' cores are real, too; each is freed when its tunnel is up, so that what is left is the
 * hub's. Octets are those of malloc with its own overhead (mallinfo2). The daemon's table of peers
 * and the kernel's SAs are not in it.
 *
 * LINK: daemon/recorder.c ikev1/ nhrp/ lib/
 */
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "daemon/recorder.h"
#include "ikev1/ike.h"
#include "lib/util.h"
#include "nhrp/nhrp.h"

#define PEERS	  2000
#define STRANGERS 10000
#define MESSAGES  100000
#define HUB_NBMA  0x0a000102u
#define HUB_INNER 0xac100001u

static const struct ike_policy policy = { 10, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 86400 };
static const struct esp_suite suite = { CIPHER_AES128, HASH_SHA256 };
static const struct ike_psk psk = { { { 4, { 0 } }, 0 }, { (const uint8_t *)"0123456789", 10 } };
static const struct ike_profile profile = {
	.name = "P", .suites = &suite, .suite_count = 1, .life_seconds = 3600, .life_kilobytes = 4608000
};
static const struct ike_config config = {
	.policies = &policy, .policy_count = 1, .psks = &psk, .psk_count = 1,
	.dpd = { .interval = 10, .periodic = true },
};

static msec now = 1000;
static const struct ike *recorded; /* whose events the recorder keeps; NULL: they are forgotten */
static struct recorder *recorder;

static double allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return (double)(m.uordblks + m.hblkhd);
}

static double cpu_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* It answers all that comes, for the sake of what an answer costs. */
static const struct ike_config answers_all = {
	.policies = &policy, .policy_count = 1, .psks = &psk, .psk_count = 1,
	.dpd = { .interval = 10, .periodic = true },
	.limits = { .first_messages = 1000000 },
};

static struct ike *ike_at(const struct ike_config *cfg, const struct addr *local, uint8_t number)
{
	uint8_t seed[DRBG_SEED] = { number };
	struct ike *ike = ike_new(cfg, seed);

	ike_local_add(ike, local, &profile);
	return ike;
}

/* Carries out what one core wants, with `other` at the far end; true if there was anything. */
static bool carry_out(struct ike *ike, struct ike *other)
{
	struct ike_effect e;
	bool any = false;

	for (; ike_next_effect(ike, &e); any = true) {
		if (e.kind == IKE_EFFECT_JOB) {
			ike_job_run(e.job);
			ike_job_done(ike, now, e.job);
			ike_job_free(e.job);
		} else if (e.kind == IKE_EFFECT_SA_ADD) {
			ike_sa_done(ike, now, e.add.token, 0);
		} else if (e.kind == IKE_EFFECT_EVENT && ike == recorded) {
			recorder_ike(recorder, &e.event, false);
		} else if (e.kind == IKE_EFFECT_SEND && other) {
			struct ike_datagram d = { .local = e.send.remote,
						  .remote = e.send.local,
						  .natt = e.send.natt,
						  .data = e.send.data };

			ike_input(other, now, &d);
		}
	}
	return any;
}

static void connect_spoke(struct ike *hub, const struct addr *hub_addr, uint32_t number)
{
	struct addr nbma = addr_v4(0x0b000000u + number);
	struct ike *spoke = ike_at(&config, &nbma, (uint8_t)(1 + number % 250));
	bool busy;

	ike_connect(spoke, now, &nbma, hub_addr);
	do {
		busy = carry_out(spoke, hub);
		busy |= carry_out(hub, spoke);
	} while (busy);
	ike_free(spoke);
}

static struct nhrp_config nhrp_config_of(uint32_t inner, uint32_t nbma)
{
	return (struct nhrp_config){ .address = { addr_v4(inner), 12 },
				     .nbma = addr_v4(nbma),
				     .authentication = { (const uint8_t *)"NHRP-KEY", 8 },
				     .holding_time = 7200 };
}

static bool nhrp_carry_out(struct nhrp *n, struct nhrp *other, struct addr self)
{
	struct nhrp_effect e;
	bool any = false;

	for (; nhrp_next_effect(n, &e); any = true) {
		if (e.kind == NHRP_CONNECT)
			nhrp_peer_up(n, now, 0, e.nbma);
		else if (e.kind == NHRP_BIND)
			nhrp_bound(n, now, e.token, 0);
		else if (e.kind == NHRP_SEND)
			nhrp_input(other, now, 0, self, e.packet.data, e.packet.len);
	}
	return any;
}

static void register_spoke(struct nhrp *hub, uint32_t number)
{
	uint8_t seed[DRBG_SEED] = { (uint8_t)number };
	uint32_t inner = HUB_INNER + 1 + number, nbma = 0x0b000000u + number;
	struct nhrp_config cfg = nhrp_config_of(inner, nbma);
	struct nhrp_map map = { addr_v4(HUB_INNER), addr_v4(HUB_NBMA) };
	struct nhrp_nhs_config nhs = { .protocol = addr_v4(HUB_INNER) };
	struct nhrp *spoke = nhrp_new(seed, 0);
	bool busy;

	cfg.maps = &map;
	cfg.nhs = &nhs;
	cfg.n_maps = cfg.n_nhs = 1;
	nhrp_peer_up(hub, now, 0, addr_v4(nbma));
	nhrp_interface_add(spoke, now, 0, &cfg);
	do {
		busy = nhrp_carry_out(spoke, hub, addr_v4(nbma));
		busy |= nhrp_carry_out(hub, spoke, addr_v4(HUB_NBMA));
	} while (busy);
	nhrp_free(spoke);
}

static unsigned int registered(const struct nhrp *hub)
{
	const void *cursor = NULL;
	struct nhrp_entry e;
	unsigned int n = 0;

	while (nhrp_entry_next(hub, &cursor, &e))
		n += !!(e.flags & NHRP_FLAG_REGISTERED);
	return n;
}

static void print(const char *what, double octets, unsigned int count)
{
	printf("%-58s %7.0f octets\n", what, octets / count);
}

/* A first message, from another address and with another cookie each time. */
static void flood(struct ike *hub, const struct addr *hub_addr, const uint8_t *message, size_t len,
		  unsigned int count)
{
	uint8_t copy[1024];

	for (unsigned int i = 0; i < count; i++) {
		struct ike_datagram d = { .local = { *hub_addr, 500 },
					  .remote = { addr_v4(0x0c000000u + i), 500 },
					  .data = { copy, len } };

		memcpy(copy, message, len);
		memcpy(copy, &i, sizeof(i));
		ike_input(hub, now, &d);
		carry_out(hub, NULL);
	}
}

/* What they cost the flight recorder, its own cores aside. */
static void record_peers(const struct addr *hub_addr)
{
	struct ike *hub = ike_at(&answers_all, hub_addr, 0);
	double before = allocated(), usec, with;

	for (uint32_t i = 0; i < PEERS; i++)
		connect_spoke(hub, hub_addr, i);
	before = allocated() - before;
	ike_free(hub);

	hub = ike_at(&answers_all, hub_addr, 0);
	recorded = hub;
	recorder = recorder_new(RECORDER_PEERS, RECORDER_STRANGERS);
	with = allocated();
	for (uint32_t i = 0; i < PEERS; i++)
		connect_spoke(hub, hub_addr, i);
	print("flight recorder: a peer that came up", allocated() - with - before, PEERS);
	usec = cpu_usec();
	for (unsigned int i = 0; i < MESSAGES; i++) {
		struct ike_event event = { .kind = IKE_EVENT_STATE, .at = now };

		event.local = event.remote =
			(struct endpoint){ addr_v4(0x0b000000u + i % PEERS), 500 };
		event.state.elapsed = i;
		recorder_ike(recorder, &event, false);
	}
	printf("%-58s %7.2f us of CPU\n", "flight recorder: an event",
	       (cpu_usec() - usec) / MESSAGES);
	recorder_free(recorder);
	recorded = NULL;
	ike_free(hub);
}

int main(void)
{
	struct addr hub_addr = addr_v4(HUB_NBMA), spoke_addr = addr_v4(0x0b000000u);
	struct nhrp_config cfg = nhrp_config_of(HUB_INNER, HUB_NBMA);
	struct ike *hub = ike_at(&answers_all, &hub_addr, 0), *spoke;
	struct nhrp *server = nhrp_new((const uint8_t[DRBG_SEED]){ 1 }, 0);
	struct ike_effect e;
	uint8_t message[1024];
	size_t len = 0;
	double before, usec;

	nhrp_interface_add(server, now, 0, &cfg);
	connect_spoke(hub, &hub_addr, PEERS);
	before = allocated();
	for (uint32_t i = 0; i < PEERS; i++)
		connect_spoke(hub, &hub_addr, i);
	print("IKE: an established peer, both phases, at once", allocated() - before, PEERS);
	now += SECONDS(40); /* answers are not kept longer */
	ike_tick(hub, now);
	while (carry_out(hub, NULL))
		;
	print("IKE: the same, 40 s later", allocated() - before, PEERS);

	before = allocated();
	for (uint32_t i = 0; i < PEERS; i++)
		register_spoke(server, i);
	print("NHRP: a registered spoke", allocated() - before, PEERS);
	if (ike_counters(hub)->pairs != PEERS + 1 || registered(server) != PEERS) {
		fprintf(stderr, "bench_memory: not all of them are up\n");
		return 1;
	}

	spoke = ike_at(&config, &spoke_addr, 9);
	ike_connect(spoke, now, &spoke_addr, &hub_addr);
	while (ike_next_effect(spoke, &e))
		if (e.kind == IKE_EFFECT_SEND && e.send.data.len <= sizeof(message))
			memcpy(message, e.send.data.data, len = e.send.data.len);
	ike_free(spoke);
	before = allocated();
	flood(hub, &hub_addr, message, len, STRANGERS);
	print("IKE: a stranger's half-open SA", allocated() - before, STRANGERS);
	usec = cpu_usec();
	flood(hub, &hub_addr, message, len, MESSAGES);
	printf("%-58s %7.1f us of CPU\n", "IKE: a stranger's first message, with its answer",
	       (cpu_usec() - usec) / MESSAGES);
	ike_free(hub);
	hub = ike_at(&config, &hub_addr, 0);
	flood(hub, &hub_addr, message, len, STRANGERS);
	usec = cpu_usec();
	flood(hub, &hub_addr, message, len, MESSAGES);
	printf("%-58s %7.1f us of CPU\n", "IKE: one that is put off until it comes again",
	       (cpu_usec() - usec) / MESSAGES);
	nhrp_free(server);
	ike_free(hub);
	record_peers(&hub_addr);
	return 0;
}
