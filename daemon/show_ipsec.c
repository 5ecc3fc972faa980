/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPsec SAs: IKE's pairs with the kernel's counters. IOS shows them by the interface that is
 * protected; tunnels of one source share their SAs, which are then shown once, with the first.
 */
#include "daemon/show.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/kernel.h"
#include "daemon/loop.h"
#include "daemon/tunnel.h"
#include "ikev1/ike.h"
#include "lib/algo.h"
#include "xfrm/xfrm.h"

/* Pairs sorted by local and remote address, the one in use first, and the kernel's SAs by SPI. */
struct show_pairs {
	struct ike_pair_info *pairs;
	size_t pair_count;
	struct xfrm_sa_info *sas;
	size_t sa_count;
	msec now;
};

static int pair_order(const void *x, const void *y)
{
	const struct ike_pair_info *a = x, *b = y;
	int order = show_addr_order(&a->local, &b->local);

	if (!order)
		order = show_addr_order(&a->remote, &b->remote);
	if (!order)
		order = (int)b->current - (int)a->current;
	return order ? order : a->since < b->since ? 1 : a->since > b->since ? -1 : 0;
}

static int sa_order(const void *x, const void *y)
{
	const struct xfrm_sa_info *a = x, *b = y;
	int order = show_addr_order(&a->id.dst, &b->id.dst);

	return order ? order : a->id.spi < b->id.spi ? -1 : a->id.spi > b->id.spi;
}

static struct ike_pair_info *collect_pairs(struct daemon *d, size_t *count)
{
	struct ike_pair_info *pairs = NULL;
	const void *cursor = NULL;
	size_t n = 0, room = 0;

	do {
		if (n == room) {
			room = room ? 2 * room : 64;
			pairs = xreallocarray(pairs, room, sizeof(*pairs));
		}
		/* A negotiation that is under way has no SAs yet. */
	} while (ike_pair_next(d->ike, &cursor, &pairs[n]) &&
		 (n += pairs[n].spi_in && pairs[n].spi_out, true));
	qsort(pairs, n, sizeof(*pairs), pair_order);
	*count = n;
	return pairs;
}

static const struct xfrm_sa_info *find_sa(const struct show_pairs *s, const struct addr *dst,
					  uint32_t spi)
{
	const struct xfrm_sa_info key = { .id = { .dst = *dst, .spi = spi } };

	if (!s->sa_count)
		return NULL;
	return bsearch(&key, s->sas, s->sa_count, sizeof(*s->sas), sa_order);
}

static json_t *transform_text(const struct esp_suite *suite)
{
	const struct cipher *c = cipher_get(suite->cipher);
	const struct hash *h = hash_get(suite->auth);

	return json_sprintf("%s%s%s", c ? c->ios_esp : "", h ? " " : "", h ? h->ios_esp : "");
}

static void add_kernel(json_t *o, const struct xfrm_sa_info *k)
{
	json_object_set_new(o, "packets", show_u64(k->packets));
	json_object_set_new(o, "bytes", show_u64(k->bytes));
	json_object_set_new(o, "last_used", k->last_used ? show_u64(k->last_used) : json_null());
	json_object_set_new(o, "replay_drops", show_u64(k->replay_drops));
	json_object_set_new(o, "auth_failures", show_u64(k->auth_failures));
	json_object_set_new(o, "reqid", json_integer(k->reqid));
}

/* `serves`: it is not there only for what was sent before a newer one took its place. */
static json_t *sa_json(const struct show_pairs *s, const struct ike_pair_info *p,
		       const struct addr *dst, uint32_t spi, bool serves)
{
	const struct xfrm_sa_info *k = find_sa(s, dst, spi);
	const struct cipher *c = cipher_get(p->suite.cipher);
	uint64_t kilobytes = k ? k->bytes / 1024 : 0;
	json_t *o = json_pack("{s:I, s:o, s:s, s:I, s:I}", "spi", (json_int_t)spi, "transform",
			      transform_text(&p->suite), "mode", "Transport", "conn_id",
			      (json_int_t)p->conn_id, "flow_id", (json_int_t)p->conn_id);

	if (p->life_kilobytes)
		json_object_set_new(o, "remaining_kilobytes",
				    show_u64(kilobytes < p->life_kilobytes
						     ? p->life_kilobytes - kilobytes
						     : 0));
	json_object_set_new(o, "remaining_seconds", show_ahead(s->now, p->expires));
	json_object_set_new(o, "iv_bytes", json_integer(c ? c->iv : 0));
	json_object_set_new(o, "replay_detection", json_true()); /* numbered out, checked in */
	json_object_set_new(o, "status",
			    json_string(!k	 ? "MISSING"
					: serves ? "ACTIVE"
						 : "DRAINING"));
	json_object_set_new(o, "pfs_group", p->pfs ? json_integer(p->pfs) : json_null());
	json_object_set_new(o, "age", show_ago(s->now, p->since));
	if (k)
		add_kernel(o, k);
	return o;
}

/* All pairs with one peer: p[0..count). */
static json_t *peer_json(const struct show_pairs *s, const struct ike_pair_info *p, size_t count)
{
	json_t *inbound = json_array(), *outbound = json_array();
	uint64_t encaps = 0, decaps = 0, errors = 0;
	uint32_t outbound_spi = p->spi_out;

	for (size_t i = 0; i < count; i++) {
		const struct xfrm_sa_info *in = find_sa(s, &p[i].local, p[i].spi_in);
		const struct xfrm_sa_info *out = find_sa(s, &p[i].outer, p[i].spi_out);

		decaps += in ? in->packets : 0;
		errors += in ? in->replay_drops + in->auth_failures : 0;
		encaps += out ? out->packets : 0;
		json_array_append_new(inbound, sa_json(s, &p[i], &p[i].local, p[i].spi_in,
						       p[i].current));
		/* One pair sends: others have no outbound SA any more, or not yet. */
		if (p[i].sends)
			outbound_spi = p[i].spi_out;
		if (out || p[i].sends)
			json_array_append_new(outbound, sa_json(s, &p[i], &p[i].outer, p[i].spi_out,
								p[i].sends));
	}
	return json_pack("{s:o, s:o, s:i, s:o, s:o, s:o, s:I, s:o, s:o}", "remote",
			 show_addr(&p->remote), "outer", show_addr(&p->outer), "port",
			 p->encap_remote ? p->encap_remote : 500, "encaps", show_u64(encaps), "decaps",
			 show_u64(decaps), "recv_errors", show_u64(errors), "outbound_spi",
			 (json_int_t)outbound_spi, "inbound", inbound, "outbound", outbound);
}

static json_t *peers_at(const struct show_pairs *s, const struct addr *local,
			const struct addr *remote)
{
	json_t *list = json_array();

	for (size_t i = 0, n; i < s->pair_count; i += n) {
		const struct ike_pair_info *p = &s->pairs[i];

		n = 1;
		while (i + n < s->pair_count && addr_equal(&p[n].local, &p->local) &&
		       addr_equal(&p[n].remote, &p->remote))
			n++;
		if (addr_equal(&p->local, local) &&
		    (addr_is_none(remote) || addr_equal(&p->remote, remote)))
			json_array_append_new(list, peer_json(s, p, n));
	}
	return list;
}

static json_t *interface_json(struct daemon *d, const struct show_pairs *s, const struct tunnel *t,
			      const struct addr *remote)
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
	json_object_set_new(o, "peers", peers_at(s, &t->local, remote));
	return o;
}

static bool is_first_on_source(struct daemon *d, const struct tunnel *t)
{
	for (struct tunnel *other = NULL; (other = tunnel_next_on(d, other, &t->local));)
		if (tunnel_is_protected(other))
			return other == t;
	return false;
}

struct show_pairs *show_pairs_take(struct daemon *d, const struct kernel_answer *kernel)
{
	struct show_pairs *s = xcalloc(1, sizeof(*s));

	s->now = loop_now();
	s->pairs = collect_pairs(d, &s->pair_count);
	s->sa_count = kernel->count;
	s->sas = xcalloc(kernel->count, sizeof(*s->sas));
	if (kernel->count) {
		memcpy(s->sas, kernel->sas, kernel->count * sizeof(*s->sas));
		qsort(s->sas, s->sa_count, sizeof(*s->sas), sa_order);
	}
	return s;
}

void show_pairs_free(struct show_pairs *s)
{
	free(s->pairs);
	free(s->sas);
	free(s);
}

static int key_to_pair(const void *key, const void *item)
{
	const struct ike_pair_info *k = key, *p = item;

	return show_addr_order(&k->local, &p->local) ?: show_addr_order(&k->remote, &p->remote);
}

/* The first of the pairs between these two, which stand together; NULL: none. */
static const struct ike_pair_info *first_pair(const struct show_pairs *s, const struct addr *local,
					      const struct addr *remote)
{
	const struct ike_pair_info key = { .local = *local, .remote = *remote };
	size_t i = show_first(&key, s->pairs, s->pair_count, sizeof(*s->pairs), key_to_pair);

	return i < s->pair_count && !key_to_pair(&key, &s->pairs[i]) ? &s->pairs[i] : NULL;
}

json_t *show_pairs_traffic(const struct show_pairs *s, const struct addr *local,
			   const struct addr *remote)
{
	const struct ike_pair_info *p = first_pair(s, local, remote), *end = s->pairs + s->pair_count;
	struct xfrm_sa_info in = { 0 }, out = { 0 };

	if (!p)
		return NULL;
	for (; p < end && addr_equal(&p->local, local) && addr_equal(&p->remote, remote); p++) {
		const struct xfrm_sa_info *i = find_sa(s, &p->local, p->spi_in);
		const struct xfrm_sa_info *o = find_sa(s, &p->outer, p->spi_out);

		in.packets += i ? i->packets : 0;
		in.bytes += i ? i->bytes : 0;
		out.packets += o ? o->packets : 0;
		out.bytes += o ? o->bytes : 0;
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "packets_out", show_u64(out.packets), "bytes_out",
			 show_u64(out.bytes), "packets_in", show_u64(in.packets), "bytes_in",
			 show_u64(in.bytes));
}

json_t *show_crypto_ipsec_sa(struct daemon *d, const struct addr *remote, const struct tunnel *only,
			     const struct kernel_answer *kernel)
{
	struct show_pairs *s = show_pairs_take(d, kernel);
	json_t *list = json_array();

	TUNNELS_EACH (d, t)
		if (tunnel_is_protected(t) && (only ? t == only : is_first_on_source(d, t)))
			json_array_append_new(list, interface_json(d, s, t, remote));
	show_pairs_free(s);
	return json_pack("{s:o}", "interfaces", list);
}
