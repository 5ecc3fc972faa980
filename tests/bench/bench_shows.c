/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it costs a hub of ten thousand spokes when somebody looks at it: how long each show holds the loop
 * at a time, and what memory its answer holds until it has been read.
 *
 *     make build/tests/bench/bench_shows && build/tests/bench/bench_shows
 *
 * The verbs and the shows are the daemon's; the cores and the kernel are stand-ins that tell what is in
 * arrays. So a walk over the cores' tables costs somewhat less here than there, and the dump of the
 * kernel's SAs, which the loop reads a part at a time before, is not in it. Times are CPU time: `first`
 * is the turn in which the verb is run and the snapshot taken, `slice` the longest of the later ones,
 * `all` their sum. Octets are those of the text, and those of malloc: what is held between the
 * slices.
 *
 * LINK: daemon/verbs.c daemon/answer.c daemon/show.c daemon/show_values.c daemon/show_nhrp.c daemon/show_peers.c
 * LINK: daemon/show_map.c daemon/show_ike.c daemon/show_ipsec.c daemon/show_session.c daemon/show_explain.c
 * LINK: daemon/explain.c daemon/explain_facts.c daemon/explain_causes.c daemon/explain_digest.c
 * LINK: daemon/explain_evidence.c daemon/explain_tunnel.c daemon/recorder.c
 * LINK: daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c
 * LINK: daemon/dmvpnctl_show.c ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#define PEERS	   10000
#define STRANGERS  16384 /* half-open SAs: as many as there can be */
#define NODE_PEERS (PEERS + STRANGERS + 8)
#define NODE_IS_A_BENCH

#include <malloc.h>
#include <time.h>

#include "tests/unit/show_node.h"

#include "daemon/explain_facts.h"
#include "daemon/explain_probe.h"
#include "daemon/recorder.h"
#include "daemon/udp.h"
#include "ikev1/cert.h"

/* ---- what explain asks ---- */

bool peers_is_up(const struct daemon *daemon, const struct addr *local, const struct addr *remote)
{
	(void)daemon;
	(void)local;
	(void)remote;
	return true;
}

const struct udp_icmp *udp_icmp_about(const struct daemon *daemon, const struct addr *remote)
{
	(void)daemon;
	(void)remote;
	return NULL;
}

struct probe *probe_start(struct daemon *daemon, struct explain_facts *const *facts, size_t n,
			  void (*done)(void *ctx), void *ctx)
{
	(void)daemon;
	(void)facts;
	(void)n;
	(void)done;
	(void)ctx;
	return NULL;
}

void probe_free(struct probe *p)
{
	(void)p;
}

void kernel_route_lookup(struct daemon *daemon, const struct addr *to, kernel_done *done, void *ctx,
			 uint64_t arg)
{
	(void)to;
	done(daemon, ctx, arg, &(struct kernel_answer){ .err = ENOENT, .why = "" });
}

struct tunnel *tunnel_by_ifindex(struct daemon *daemon, unsigned int ifindex)
{
	(void)daemon;
	(void)ifindex;
	return NULL;
}

enum ike_cause trustpoint_judge(const struct trustpoint *tp, int64_t now, struct ike_cert *about)
{
	(void)tp;
	(void)now;
	(void)about;
	return IKE_CAUSE_NONE;
}

/* ---- what is measured ---- */

static struct answer *sent;

void ctl_send(struct ctl_client *c, struct answer *answer)
{
	(void)c;
	sent = answer;
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return (double)(m.uordblks + m.hblkhd);
}

static char *text_of_answered(size_t *len)
{
	char *text = answered ? json_dumps(answered, JSON_COMPACT) : NULL;

	*len = text ? strlen(text) : 0;
	json_decref(answered);
	answered = NULL;
	return text;
}

/* Slices of an answer that has some; a whole one is told at once. */
static void measure(const char *words, const char *args)
{
	json_t *request = json_pack("{s:[], s:o}", "verb", "args", json_loads(args, 0, NULL));
	double before = allocated(), first = 0, slice = 0, all = 0, held = 0;
	char *copy = xstrdup(words), *text;
	size_t octets = 0, len;
	bool more = true;

	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		json_array_append_new(json_object_get(request, "verb"), json_string(w));
	asked = request;
	for (bool begun = false; more; begun = true) {
		double t = cpu_ms();

		if (!begun)
			verbs_run(&d, request, NULL);
		text = sent ? answer_next(sent, &len) : text_of_answered(&len);
		t = cpu_ms() - t;
		if (begun)
			slice = MAX(slice, t);
		else
			first = t;
		all += t;
		more = sent && text;
		octets += len;
		held = MAX(held, allocated() - before);
		free(text);
	}
	answer_free(sent);
	sent = NULL;
	printf("%-32s %8.1f %7.1f %8.1f %12zu %12.0f\n", words, first, slice, all, octets, held);
	json_decref(request);
	free(copy);
}

/* ---- ten thousand spokes, in no order ---- */

static void add_spoke(uint32_t i)
{
	struct addr nbma = addr_v4(0x0b000000 + i * 7919 % PEERS);

	add_entry(TUNNEL(i + 16), nbma, NHRP_ENTRY_DYNAMIC);
	add_pair(nbma, 0x1000 + i, 0x900000 + i, true);
	pairs[pair_count - 1].conn_id = i + 1;
	sas[sa_count] = sas[0];
	sas[sa_count].conn_id = i + 1;
	sas[sa_count].claims = (struct ike_id){ .type = 2, .len = 20 };
	snprintf((char *)sas[sa_count].claims.data, 21, "spoke-%05u.example", i);
	sas[sa_count++].remote.addr = nbma;
	for (int n = 0; n < 4; n++)
		recorder_ike(
			d.recorder,
			&(struct ike_event){ .kind = n ? IKE_EVENT_MESSAGE : IKE_EVENT_PHASE2_DONE,
					     .at = NOW - 1000,
					     .phase = 2,
					     .local = { SITE_A, 500 },
					     .remote = { nbma, 500 } },
			false);
}

static void add_stranger(uint32_t i)
{
	sas[sa_count] = sas[0];
	sas[sa_count].conn_id = 2 * PEERS + i;
	sas[sa_count].state = MM_WAIT_MSG3;
	sas[sa_count].claims.len = 0;
	sas[sa_count++].remote.addr = addr_v4(0x0c000000 + i * 7919);
}

static void hub(void)
{
	site_a();
	conf_tunnel.nhrp.nhs_count = 0;
	nhs_count = 0;
	d.recorder = recorder_new(RECORDER_PEERS, RECORDER_STRANGERS);
	for (uint32_t i = 0; i < PEERS; i++)
		add_spoke(i);
}

int main(void)
{
	static const char *const shows[] = {
		"show dmvpn",
		"show dmvpn detail",
		"map",
		"show tunnel endpoints",
		"show ip nhrp",
		"show ip nhrp dynamic",
		"show ip nhrp static",
		"show ip nhrp incomplete",
		"show ip nhrp redirect",
		"show crypto isakmp sa",
		"show crypto isakmp peers",
		"show crypto ipsec sa",
		"show crypto session",
		"explain",
	};

	hub();
	printf("%-32s %8s %7s %8s %12s %12s\n", "", "first", "slice", "all ms", "octets", "held");
	for (size_t i = 0; i < ARRAY_SIZE(shows); i++)
		measure(shows[i], "{}");
	printf("with a network behind each, of one peer:\n");
	for (uint32_t i = 0; i < PEERS; i++)
		shortcuts[shortcut_count++] = (struct nhrp_shortcut){
			.prefix = { addr_v4(0xc0000000 + i * 256), 24 },
			.nbma = addr_v4(0x0b000000 + i),
			.state = NHRP_SHORTCUT_UP,
		};
	measure("show dmvpn", "{}");
	measure("show ip nhrp", "{}");
	measure("show dmvpn", "{\"nbma\": \"11.0.0.9\"}");
	measure("show dmvpn detail", "{\"nbma\": \"11.0.0.9\"}");
	measure("show crypto ipsec sa", "{\"peer\": \"11.0.0.9\"}");
	measure("explain", "{\"peer\": \"11.0.0.9\"}");
	printf("in a flood:\n");
	for (uint32_t i = 0; i < STRANGERS; i++)
		add_stranger(i);
	measure("show dmvpn detail", "{}");
	measure("show crypto isakmp sa", "{}");
	measure("show crypto isakmp peers", "{}");
	measure("show crypto session", "{}");
	measure("explain", "{}");
	return 0;
}
