/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/dmvpnctl_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "lib/util.h"

#define FEW 24 /* who stands alone where there is no room for all */

/* In the order in which they are counted. */
static const char *const states[] = { "UP", "NHRP", "IPSEC", "IKE", "" };

static bool is_network(const json_t *entry)
{
	return strchr(member_text(entry, "attributes"), 'T') != NULL;
}

/* ---- reading ---- */

static struct map_traffic traffic_of(const json_t *peer, const char *packets, const char *bytes)
{
	const json_t *t = json_object_get(peer, "traffic");

	return (struct map_traffic){ t != NULL, (uint64_t)member_int(t, packets),
				     (uint64_t)member_int(t, bytes) };
}

static struct map_peer peer_of(const json_t *tunnel, size_t index)
{
	bool at_hub = member_is(tunnel, "type", "Hub");
	const json_t *peer = json_array_get(json_object_get(tunnel, "peers"), index), *entry;
	struct map_peer p = { .json = peer, .index = index, .count = 1 };
	size_t i;

	p.state = member_text(peer, "state");
	json_array_foreach (json_object_get(peer, "entries"), i, entry)
		p.fixed |= member_is(entry, "type", "static");
	p.role = member_true(peer, "nhs") ? MAP_HUB : p.fixed && at_hub ? MAP_PEER : MAP_SPOKE;
	p.out = traffic_of(peer, "packets_out", "bytes_out");
	p.in = traffic_of(peer, "packets_in", "bytes_in");
	return p;
}

static int by_role(const void *x, const void *y)
{
	const struct map_peer *a = x, *b = y;

	return a->role != b->role ? (int)a->role - (int)b->role : a->index < b->index ? -1 : 1;
}

/* Who is looked for first. */
static int by_interest(const void *x, const void *y)
{
	const struct map_peer *a = x, *b = y;
	bool a_up = !strcmp(a->state, "UP"), b_up = !strcmp(b->state, "UP");
	uint64_t a_bytes = a->in.bytes + a->out.bytes, b_bytes = b->in.bytes + b->out.bytes;

	if (a->role != b->role)
		return (int)a->role - (int)b->role;
	if (a_up != b_up)
		return (int)a_up - (int)b_up;
	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? 1 : -1;
	return a->index < b->index ? -1 : 1;
}

static void add_to(struct map_traffic *sum, const struct map_traffic *t)
{
	sum->known |= t->known;
	sum->packets += t->packets;
	sum->bytes += t->bytes;
}

/* Peers behind the first FEW become one for each state. */
static void put_together(struct map_tunnel *t)
{
	struct map_peer groups[ARRAY_SIZE(states)] = { 0 };

	qsort(t->peers, t->count, sizeof(*t->peers), by_interest);
	for (size_t i = FEW; i < t->count; i++) {
		const struct map_peer *p = &t->peers[i];
		size_t s = 0;

		while (s + 1 < ARRAY_SIZE(states) && strcmp(states[s], p->state) != 0)
			s++;
		groups[s].state = states[s];
		groups[s].role = MAP_SPOKE;
		groups[s].count++;
		groups[s].fixed = p->fixed && (groups[s].count == 1 || groups[s].fixed);
		add_to(&groups[s].out, &p->out);
		add_to(&groups[s].in, &p->in);
	}
	t->count = t->alone = FEW;
	for (size_t s = 0; s < ARRAY_SIZE(states); s++)
		if (groups[s].count)
			t->peers[t->count++] = groups[s];
}

static void read_tunnel(struct map_tunnel *t, const json_t *tunnel, size_t room)
{
	t->json = tunnel;
	t->total = t->count = t->alone = json_array_size(json_object_get(tunnel, "peers"));
	t->peers = xcalloc(t->total + 1, sizeof(*t->peers));
	for (size_t i = 0; i < t->total; i++)
		t->peers[i] = peer_of(tunnel, i);
	if (t->total > MAX(room, FEW + ARRAY_SIZE(states)))
		put_together(t);
	else
		qsort(t->peers, t->count, sizeof(*t->peers), by_role);
}

void map_read(struct map *m, const json_t *answer, size_t room)
{
	const json_t *tunnels = json_object_get(answer, "tunnels");

	m->hostname = member_text(answer, "hostname");
	m->count = json_array_size(tunnels);
	m->tunnels = xcalloc(m->count, sizeof(*m->tunnels));
	for (size_t i = 0; i < m->count; i++)
		read_tunnel(&m->tunnels[i], json_array_get(tunnels, i), room);
}

void map_free(struct map *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->tunnels[i].peers);
	free(m->tunnels);
}

/* ---- saying ---- */

/* The tunnel address that a peer is known by; NULL: it has none. */
static const json_t *first_entry(const struct map_peer *p)
{
	return json_array_get(json_object_get(p->json, "entries"), 0);
}

void map_name(const struct map_peer *p, char out[MAP_LINE])
{
	static const char *const roles[] = {
		[MAP_HUB] = "hub", [MAP_PEER] = "peer", [MAP_SPOKE] = "spoke"
	};

	if (p->json)
		snprintf(out, MAP_LINE, "%s %.45s", roles[p->role],
			 member_text(first_entry(p), "protocol"));
	else
		snprintf(out, MAP_LINE, "%zu more", p->count);
}

void map_nbma(const struct map_peer *p, char out[MAP_LINE])
{
	bool nat = strchr(member_text(first_entry(p), "attributes"), 'N') != NULL;

	snprintf(out, MAP_LINE, "%.45s%s", member_text(p->json, "nbma"), nat ? ", NAT" : "");
}

void map_kind(const struct map_peer *p, char out[MAP_LINE])
{
	bool has_sas = !strcmp(p->state, "UP") || !strcmp(p->state, "NHRP");
	const char *kind = p->fixed ? "static" : "dynamic";
	char time[IOS_TIME_TEXT];

	if (!p->json)
		snprintf(out, MAP_LINE, "together");
	else if (member_is(first_entry(p), "type", "incomplete"))
		snprintf(out, MAP_LINE, "incomplete");
	else if (!member_has(p->json, "since"))
		snprintf(out, MAP_LINE, "%s%s", kind, has_sas ? "" : ", never up");
	else
		snprintf(out, MAP_LINE, "%s, %s %s", kind, has_sas ? "up" : "down",
			 ios_time(member_int(p->json, "since"), time));
}

void map_traffic(const struct map_traffic *t, char out[MAP_LINE])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double amount = (double)t->bytes / 1000;
	size_t unit = 0;
	int len;

	out[0] = '\0';
	if (!t->known)
		return;
	len = snprintf(out, MAP_LINE, "%llu packet%s, ", (unsigned long long)t->packets,
		       t->packets == 1 ? "" : "s");
	for (; amount >= 999.95 && unit + 1 < ARRAY_SIZE(units); unit++)
		amount /= 1000;
	if (t->bytes < 1000)
		snprintf(out + len, (size_t)(MAP_LINE - len), "%u B", (unsigned int)t->bytes);
	else
		snprintf(out + len, (size_t)(MAP_LINE - len), "%.1f %s", amount, units[unit]);
}

/* "also 172.16.0.9, +2": of the entries that `belongs` takes, but the one that the peer is named by. */
static size_t entries_line(const struct map_peer *p, const char *title,
			   bool (*belongs)(const json_t *entry), char line[MAP_LINE])
{
	const json_t *entry;
	size_t i, n = 0;

	json_array_foreach (json_object_get(p->json, "entries"), i, entry) {
		if (!i || !belongs(entry))
			continue;
		if (!n++)
			snprintf(line, MAP_LINE, "%s %.45s", title, member_text(entry, "protocol"));
	}
	if (n > 1)
		snprintf(line + strlen(line), MAP_LINE - strlen(line), ", +%zu", n - 1);
	return n > 0;
}

static bool is_address(const json_t *entry)
{
	return !is_network(entry) && !member_is(entry, "type", "incomplete");
}

static bool is_sought(const json_t *entry)
{
	return member_is(entry, "type", "incomplete");
}

size_t map_more(const struct map_peer *p, char lines[3][MAP_LINE])
{
	size_t n = entries_line(p, "also", is_address, lines[0]);

	n += entries_line(p, "network", is_network, lines[n]);
	n += entries_line(p, "resolving", is_sought, lines[n]);
	return n;
}

size_t map_lines(const struct map_peer *p, char lines[MAP_LINES][MAP_LINE])
{
	char text[MAP_LINE];
	size_t n = 1;

	map_name(p, lines[0]);
	if (p->json) {
		map_nbma(p, text);
		snprintf(lines[n++], MAP_LINE, "NBMA %.58s", text);
		map_kind(p, lines[n++]);
	}
	map_traffic(&p->out, text);
	if (*text)
		snprintf(lines[n++], MAP_LINE, "out %.59s", text);
	map_traffic(&p->in, text);
	if (*text)
		snprintf(lines[n++], MAP_LINE, "in  %.59s", text);
	return n + map_more(p, &lines[n]);
}

void map_own(const struct map_tunnel *t, char lines[MAP_OWN][MAP_LINE])
{
	const json_t *j = t->json;
	bool named = member_has(j, "source_interface"), hub = member_is(j, "type", "Hub");
	int len = 0;

	snprintf(lines[0], MAP_LINE, "%s %.45s", hub ? "hub" : "spoke", member_text(j, "address"));
	snprintf(lines[1], MAP_LINE, "NBMA %.30s%s%.16s%s",
		 member_has(j, "source") ? member_text(j, "source") : "none yet", named ? " (" : "",
		 member_text(j, "source_interface"), named ? ")" : "");
	if (member_has(j, "key"))
		len = snprintf(lines[2], MAP_LINE, "GRE key %lld, ",
			       (long long)member_int(j, "key"));
	snprintf(lines[2] + len, (size_t)(MAP_LINE - len), "%s%.30s",
		 member_has(j, "profile") ? "IPsec profile " : "no IPsec",
		 member_text(j, "profile"));
}

void map_states(const struct map_tunnel *t, char *out, size_t size)
{
	size_t counts[ARRAY_SIZE(states)] = { 0 };
	const char *separator = ": ";

	for (size_t i = 0; i < t->count; i++) {
		size_t s = 0;

		while (s + 1 < ARRAY_SIZE(states) && strcmp(states[s], t->peers[i].state) != 0)
			s++;
		counts[s] += t->peers[i].count;
	}
	snprintf(out, size, "%zu peer%s", t->total, t->total == 1 ? "" : "s");
	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		size_t len = strlen(out);

		if (!counts[s])
			continue;
		snprintf(out + len, size - len, "%s%zu %s", separator, counts[s], states[s]);
		separator = ", ";
	}
}

void map_note(const struct map_tunnel *t, char *out, size_t size)
{
	out[0] = '\0';
	if (t->alone != t->total)
		snprintf(
			out, size,
			"Too many to be drawn one by one: the other %zu are put together by state.",
			t->total - t->alone);
}
