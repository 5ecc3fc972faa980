/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPsec SAs: IKE's pairs with the kernel's counters. IOS shows them by the interface that is
 * protected; tunnels of one source share their SAs, which are then shown once, with the first.
 */
#include "daemon/show.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/tunnel.h"
#include "daemon/verbs.h"
#include "ikev1/ike.h"
#include "lib/algo.h"
#include "xfrm/xfrm.h"

/* What the kernel says of an SA of ours. */
struct counted {
	bool is_there;
	uint32_t replay_drops, auth_failures, reqid;
	uint64_t packets, bytes, last_used;
};

struct pair {
	struct ike_pair_info ike;
	struct counted in, out;
};

/* Sorted by local and remote address, the one in use first. */
struct show_pairs {
	struct pair *pairs;
	size_t pair_count;
	uint32_t *firsts; /* of those between two addresses; behind the last, pair_count */
	size_t count;
	msec now;
};

static int pair_order(const void *x, const void *y)
{
	const struct ike_pair_info *a = &((const struct pair *)x)->ike;
	const struct ike_pair_info *b = &((const struct pair *)y)->ike;
	int order = show_addr_order(&a->local, &b->local);

	if (!order)
		order = show_addr_order(&a->remote, &b->remote);
	if (!order)
		order = (int)b->current - (int)a->current;
	return order ? order : a->since < b->since ? 1 : a->since > b->since ? -1 : 0;
}

static int id_order(const struct xfrm_sa_id *a, const struct xfrm_sa_id *b)
{
	int order = show_addr_order(&a->dst, &b->dst);

	return order ? order : a->spi < b->spi ? -1 : a->spi > b->spi;
}

static int sa_order(const void *x, const void *y)
{
	const struct xfrm_sa_info *const *a = x, *const *b = y;

	return id_order(&(*a)->id, &(*b)->id);
}

static int key_to_sa(const void *key, const void *item)
{
	const struct xfrm_sa_info *const *sa = item;

	return id_order(key, &(*sa)->id);
}

static void collect_pairs(struct daemon *d, struct show_pairs *s)
{
	const void *cursor = NULL;
	size_t n = 0, room = 0;
	struct pair *p;

	do {
		if (n == room) {
			room = room ? 2 * room : 64;
			s->pairs = xreallocarray(s->pairs, room, sizeof(*s->pairs));
		}
		p = &s->pairs[n];
		*p = (struct pair){ 0 };
		/* A negotiation that is under way has no SAs yet. */
	} while (ike_pair_next(d->ike, &cursor, &p->ike) &&
		 (n += p->ike.spi_in && p->ike.spi_out, true));
	qsort(s->pairs, n, sizeof(*s->pairs), pair_order);
	s->pairs = xreallocarray(s->pairs, n, sizeof(*s->pairs));
	s->pair_count = n;
}

static void group_pairs(struct show_pairs *s)
{
	s->firsts = xcalloc(s->pair_count + 1, sizeof(*s->firsts));
	for (size_t i = 0; i < s->pair_count; i++) {
		const struct ike_pair_info *p = &s->pairs[i].ike, *before = &s->pairs[i ? i - 1 : 0].ike;

		if (!i || !addr_equal(&p->local, &before->local) ||
		    !addr_equal(&p->remote, &before->remote))
			s->firsts[s->count++] = (uint32_t)i;
	}
	s->firsts[s->count] = (uint32_t)s->pair_count;
}

static struct counted counted(const struct xfrm_sa_info *const *sas, size_t count,
			      const struct addr *dst, uint32_t spi)
{
	const struct xfrm_sa_id key = { .dst = *dst, .spi = spi };
	const struct xfrm_sa_info *const *found =
		count ? bsearch(&key, sas, count, sizeof(*sas), key_to_sa) : NULL;

	if (!found)
		return (struct counted){ 0 };
	return (struct counted){ true,		   (*found)->replay_drops, (*found)->auth_failures,
				 (*found)->reqid,  (*found)->packets,	   (*found)->bytes,
				 (*found)->last_used };
}

static void count_pairs(struct show_pairs *s, const struct kernel_answer *kernel)
{
	const struct xfrm_sa_info **sas = xcalloc(kernel->count, sizeof(*sas));

	for (size_t i = 0; i < kernel->count; i++)
		sas[i] = &kernel->sas[i];
	qsort(sas, kernel->count, sizeof(*sas), sa_order);
	for (size_t i = 0; i < s->pair_count; i++) {
		struct pair *p = &s->pairs[i];

		p->in = counted(sas, kernel->count, &p->ike.local, p->ike.spi_in);
		p->out = counted(sas, kernel->count, &p->ike.outer, p->ike.spi_out);
	}
	free(sas);
}

static void release(void *arg)
{
	struct show_pairs *s = arg;

	free(s->pairs);
	free(s->firsts);
	free(s);
}

struct show_pairs *show_pairs_take(struct daemon *d, struct answer *a, const struct kernel_answer *kernel)
{
	struct show_pairs *s = answer_owns(a, xcalloc(1, sizeof(*s)), release);

	s->now = loop_now();
	collect_pairs(d, s);
	group_pairs(s);
	count_pairs(s, kernel);
	return s;
}

const struct ike_pair_info *show_pairs_at(const struct show_pairs *s, size_t i, size_t n)
{
	if (i >= s->count || n >= s->firsts[i + 1] - s->firsts[i])
		return NULL;
	return &s->pairs[s->firsts[i] + n].ike;
}

static json_t *transform_text(const struct esp_suite *suite)
{
	const struct cipher *c = cipher_get(suite->cipher);
	const struct hash *h = hash_get(suite->auth);

	return json_sprintf("%s%s%s", c ? c->ios_esp : "", h ? " " : "", h ? h->ios_esp : "");
}

static void add_kernel(json_t *o, const struct counted *k)
{
	json_object_set_new(o, "packets", show_u64(k->packets));
	json_object_set_new(o, "bytes", show_u64(k->bytes));
	json_object_set_new(o, "last_used", k->last_used ? show_u64(k->last_used) : json_null());
	json_object_set_new(o, "replay_drops", show_u64(k->replay_drops));
	json_object_set_new(o, "auth_failures", show_u64(k->auth_failures));
	json_object_set_new(o, "reqid", json_integer(k->reqid));
}

/* `serves`: it is not there only for what was sent before a newer one took its place. */
static json_t *sa_json(const struct ike_pair_info *p, uint32_t spi, const struct counted *k,
		       bool serves, msec now)
{
	const struct cipher *c = cipher_get(p->suite.cipher);
	uint64_t kilobytes = k->bytes / 1024;
	json_t *o = json_pack("{s:I, s:o, s:s, s:I, s:I}", "spi", (json_int_t)spi, "transform",
			      transform_text(&p->suite), "mode", "Transport", "conn_id",
			      (json_int_t)p->conn_id, "flow_id", (json_int_t)p->conn_id);

	if (p->life_kilobytes)
		json_object_set_new(o, "remaining_kilobytes",
				    show_u64(kilobytes < p->life_kilobytes
						     ? p->life_kilobytes - kilobytes
						     : 0));
	json_object_set_new(o, "remaining_seconds", show_ahead(now, p->expires));
	json_object_set_new(o, "iv_bytes", json_integer(c ? c->iv : 0));
	json_object_set_new(o, "replay_detection", json_true()); /* numbered out, checked in */
	json_object_set_new(o, "status",
			    json_string(!k->is_there ? "MISSING"
					: serves     ? "ACTIVE"
						     : "DRAINING"));
	json_object_set_new(o, "pfs_group", p->pfs ? json_integer(p->pfs) : json_null());
	json_object_set_new(o, "age", show_ago(now, p->since));
	if (k->is_there)
		add_kernel(o, k);
	return o;
}

json_t *show_pairs_json(const struct show_pairs *s, size_t i)
{
	const struct pair *first = &s->pairs[s->firsts[i]], *end = &s->pairs[s->firsts[i + 1]];
	json_t *inbound = json_array(), *outbound = json_array();
	uint64_t encaps = 0, decaps = 0, errors = 0;
	uint32_t outbound_spi = first->ike.spi_out;

	for (const struct pair *p = first; p < end; p++) {
		decaps += p->in.packets;
		errors += (uint64_t)p->in.replay_drops + p->in.auth_failures;
		encaps += p->out.packets;
		json_array_append_new(inbound, sa_json(&p->ike, p->ike.spi_in, &p->in,
						       p->ike.current, s->now));
		/* One pair sends: others have no outbound SA any more, or not yet. */
		if (p->ike.sends)
			outbound_spi = p->ike.spi_out;
		if (p->out.is_there || p->ike.sends)
			json_array_append_new(outbound, sa_json(&p->ike, p->ike.spi_out, &p->out,
								p->ike.sends, s->now));
	}
	return json_pack("{s:o, s:o, s:i, s:o, s:o, s:o, s:I, s:o, s:o}", "remote",
			 show_addr(&first->ike.remote), "outer", show_addr(&first->ike.outer), "port",
			 first->ike.encap_remote ? first->ike.encap_remote : 500, "encaps",
			 show_u64(encaps), "decaps", show_u64(decaps), "recv_errors",
			 show_u64(errors), "outbound_spi", (json_int_t)outbound_spi, "inbound",
			 inbound, "outbound", outbound);
}

static json_t *peer_item(const void *of, size_t i)
{
	return show_pairs_json(of, i);
}

/* Whom these addresses are, where they are given. */
struct ends {
	const struct show_pairs *of;
	const struct addr *local, *remote;
};

static int key_to_item(const void *key, const void *item)
{
	const struct ends *k = key;
	const struct ike_pair_info *p = &k->of->pairs[*(const uint32_t *)item].ike;
	int order = show_addr_order(k->local, &p->local);

	return order || !k->remote ? order : show_addr_order(k->remote, &p->remote);
}

/* The items between these; remote NULL: with anybody. They stand together. */
static size_t find_items(const struct show_pairs *s, const struct addr *local,
			 const struct addr *remote, size_t *count)
{
	const struct ends key = { s, local, remote };
	size_t first = show_first(&key, s->firsts, s->count, sizeof(*s->firsts), key_to_item);
	size_t end = first;

	while (end < s->count && !key_to_item(&key, &s->firsts[end]))
		end++;
	*count = end - first;
	return first;
}

static json_t *peers_at(struct answer *a, const struct show_pairs *s, const struct addr *local,
			const struct addr *remote)
{
	size_t count, first = find_items(s, local, addr_is_none(remote) ? NULL : remote, &count);

	return answer_list(a, peer_item, s, first, count);
}

static json_t *interface_json(struct daemon *d, struct answer *a, const struct show_pairs *s,
			      const struct tunnel *t, const struct addr *remote)
{
	unsigned int mtu = show_mtu(t->conf->source_if);
	json_t *o =
		json_pack("{s:s, s:o, s:o}", "interface", t->conf->name, "map",
			  json_sprintf("%s-head-0", t->conf->name), "local", show_addr(&t->local));
	json_t *sharing = json_array();

	if (mtu)
		json_object_set_new(o, "path_mtu", json_integer(mtu));
	if (t->conf->source_if[0])
		json_object_set_new(o, "source_interface", json_string(t->conf->source_if));
	for (struct tunnel *other = NULL; (other = tunnel_next_on(d, other, &t->local));)
		if (other != t && tunnel_is_protected(other))
			json_array_append_new(sharing, json_string(other->conf->name));
	json_object_set_new(o, "shared_with", sharing);
	json_object_set_new(o, "peers", peers_at(a, s, &t->local, remote));
	return o;
}

static bool is_first_on_source(struct daemon *d, const struct tunnel *t)
{
	for (struct tunnel *other = NULL; (other = tunnel_next_on(d, other, &t->local));)
		if (tunnel_is_protected(other))
			return other == t;
	return false;
}

json_t *show_pairs_traffic(const struct show_pairs *s, const struct addr *local,
			   const struct addr *remote)
{
	struct counted in = { 0 }, out = { 0 };
	size_t count, i = find_items(s, local, remote, &count);

	if (!count)
		return NULL;
	for (size_t n = s->firsts[i]; n < s->firsts[i + 1]; n++) {
		in.packets += s->pairs[n].in.packets;
		in.bytes += s->pairs[n].in.bytes;
		out.packets += s->pairs[n].out.packets;
		out.bytes += s->pairs[n].out.bytes;
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "packets_out", show_u64(out.packets), "bytes_out",
			 show_u64(out.bytes), "packets_in", show_u64(in.packets), "bytes_in",
			 show_u64(in.bytes));
}

struct answer *show_crypto_ipsec_sa(struct daemon *d, const json_t *args,
				    const struct kernel_answer *kernel)
{
	struct answer *a = answer_new();
	const struct tunnel *only;
	struct show_pairs *s;
	json_t *list, *error;
	struct addr remote;

	if (!verbs_address(args, "peer", &remote, &error) ||
	    !verbs_tunnel(d, args, "interface", &only, &error))
		return answer_is(a, error);
	s = show_pairs_take(d, a, kernel);
	list = json_array();
	TUNNELS_EACH (d, t)
		if (tunnel_is_protected(t) && (only ? t == only : is_first_on_source(d, t)))
			json_array_append_new(list, interface_json(d, a, s, t, &remote));
	return answer_is(a, json_pack("{s:o}", "interfaces", list));
}
