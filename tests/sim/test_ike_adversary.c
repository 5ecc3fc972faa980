/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody who has no key sees all that is said and says it again: late, to the wrong end, in another's
 * name, changed in a place or cut. He may spoil a phase 1 that is under way, because nothing protects
 * that, and else nothing: at rest both ends agree, who is up stays up, nothing is left over.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "ikev1/isakmp.h"
#include "tests/sim/world.h"

#define HEARD	  200
#define OCTETS_MAX 2000

static struct heard {
	unsigned int from, to;
	size_t len;
	uint8_t octets[OCTETS_MAX];
} heard[HEARD];
static unsigned int count;

static enum verdict listen(struct world *w, const struct packet *p)
{
	struct heard *h = &heard[count < HEARD ? count : world_random(w, HEARD)];

	if (p->kind != PACKET_IKE || p->len > OCTETS_MAX)
		return PASS;
	count++;
	h->from = p->from;
	h->to = p->to;
	h->len = p->len;
	memcpy(h->octets, p->octets, p->len);
	return PASS;
}

/* One change of those that a parser or a state machine might care for. */
static void change(struct world *w, struct heard *h)
{
	static const uint8_t exchanges[] = { ISAKMP_XCHG_MAIN, ISAKMP_XCHG_AGGRESSIVE,
					     ISAKMP_XCHG_INFO, ISAKMP_XCHG_QUICK };
	size_t len = h->len;

	switch (world_random(w, 8)) {
	case 0: /* an octet */
		h->octets[world_random(w, (uint32_t)len)] ^= (uint8_t)(1 + world_random(w, 255));
		return;
	case 1: /* the end, which the header confirms */
		len = ISAKMP_HEADER + world_random(w, (uint32_t)(len - ISAKMP_HEADER));
		h->octets[26] = (uint8_t)(len >> 8);
		h->octets[27] = (uint8_t)len;
		h->len = len;
		return;
	case 2:
		h->octets[18] = exchanges[world_random(w, 4)];
		return;
	case 3: /* in the clear, or not */
		h->octets[19] ^= ISAKMP_FLAG_ENCRYPTED;
		return;
	case 4: /* no cookie of the responder */
		memset(h->octets + ISAKMP_COOKIE, 0, ISAKMP_COOKIE);
		return;
	case 5: /* another message id */
		h->octets[23] = (uint8_t)world_random(w, 256);
		return;
	case 6: /* the cookies of another message */
		memcpy(h->octets, heard[world_random(w, MIN(count, HEARD))].octets,
		       2 * ISAKMP_COOKIE);
		return;
	default: /* another first payload */
		h->octets[16] = (uint8_t)world_random(w, 256);
	}
}

static void attack(struct world *w)
{
	struct heard h;

	if (!count)
		return;
	h = heard[world_random(w, MIN(count, HEARD))];
	switch (world_random(w, 4)) {
	case 0: /* back to whom it comes from */
		network_inject(w, h.to, h.from, h.octets, h.len);
		return;
	case 1: /* in another's name */
		change(w, &h);
		network_inject(w, world_random(w, w->nodes), h.to, h.octets, h.len);
		return;
	case 2:
		change(w, &h);
		break;
	default:
		break;
	}
	network_inject(w, h.from, h.to, h.octets, h.len);
}

static struct world *world_of_three(uint64_t seed)
{
	static const struct ike_policy short_lived = {
		10, { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 }, 900
	};
	static const char *const names[] = { "A", "B", "C" };
	struct node_config cfg = plain_config();
	struct world *w = world_new(seed);

	cfg.ike.policies = &short_lived;
	/* Names as identities: so that it is not the address that tells our own messages from a peer's. */
	cfg.ike.identity = IKE_IDENTITY_HOSTNAME;
	cfg.ike.hostname = (struct span){ (const uint8_t *)"all", 3 };
	cfg.profile.life_seconds = 400;
	cfg.ike.dpd.interval = 20;
	cfg.ike.dpd.periodic = seed % 2;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		cfg.name = names[i];
		node_new(w, &cfg);
	}
	w->kernel_delay = world_random(w, 20);
	w->dh_delay = world_random(w, 50);
	w->filter = listen;
	count = 0;
	return w;
}

static void all_want_all(struct world *w)
{
	for (unsigned int i = 0; i < w->nodes; i++)
		for (unsigned int k = 0; k < w->nodes; k++)
			if (i != k)
				node_want(w->node[i], w->node[k]);
}

static void all_agree(struct world *w)
{
	for (unsigned int i = 0; i < w->nodes; i++)
		for (unsigned int k = 0; k < i; k++)
			inspect_agreement(w->node[i], w->node[k], true);
}

/* While they negotiate, are cleared and restart. */
Test(adversary, beginnings)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(200); seed++) {
		struct world *w = world_of_three(seed);

		for (int i = 0; i < 400; i++) {
			unsigned int n = world_random(w, w->nodes), peer = world_random(w, w->nodes);

			if (n != peer && i % 10 == 0)
				node_want(w->node[n], w->node[peer]);
			if (n != peer && i % 60 == 0)
				node_clear(w->node[n], w->node[peer]);
			attack(w);
			world_run(w, world_random(w, 200));
		}
		all_want_all(w);
		world_rest(w);
		all_agree(w);
		world_free(w);
	}
}

/* Once they are up, through renewals of both phases: nobody goes down. */
Test(adversary, established)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(100); seed++) {
		struct world *w = world_of_three(seed);

		all_want_all(w);
		world_run(w, SECONDS(70));
		all_agree(w);
		for (int i = 0; i < 2500; i++) {
			attack(w);
			world_run(w, world_random(w, 400));
		}
		for (unsigned int i = 0; i < w->nodes; i++)
			world_check(w, !w->node[i]->seen.down, "%s lost a peer: cause %d",
				    w->node[i]->cfg.name, (int)w->node[i]->seen.told);
		world_rest(w);
		all_agree(w);
		world_free(w);
	}
}
