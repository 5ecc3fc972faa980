/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The surface of the room: takes what happened, hands it to the file that knows, and at the end of
 * every call lets go of the peers that nobody needs any more.
 */
#include "nhrp/nhrp.h"

#include <errno.h>

#include "nhrp/core.h"

struct nhrp *nhrp_new(const uint8_t seed[DRBG_SEED], size_t max_bindings)
{
	struct nhrp *n = xcalloc(1, sizeof(*n));

	drbg_init(&n->drbg, seed);
	STAILQ_INIT(&n->queue);
	TAILQ_INIT(&n->idle);
	TAILQ_INIT(&n->guests);
	n->max_dynamic = max_bindings ? max_bindings : NHRP_BINDINGS;
	return n;
}

/* Everything behind an interface, with the effects of its going. */
static void iface_free(struct iface *i, msec now)
{
	struct nhrp *n = i->core;
	struct binding *b, *next_b;
	struct peer *p, *next_p;

	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].protocol.len)
			nhs_stop(&i->nhs[k], now, NHRP_WHY_REMOVED);
	offers_withdraw(i, now);
	shortcuts_clear(i, &(struct addr){ 0 }, NHRP_WHY_REMOVED);
	HASH_ITER (hh, i->bindings, b, next_b)
		binding_free(b, NHRP_WHY_REMOVED);
	redirect_free(i);
	routes_forget(i);
	multicast_configure(i, now, NULL, 0);
	HASH_ITER (hh, i->peers, p, next_p)
		peer_let_go(p);
	util_wipe(i->authentication, sizeof(i->authentication));
	free(i->multicast);
	purges_free(i);
	authorize_free(i);
	HASH_DELETE(hh, n->ifaces, i);
	free(i);
}

void nhrp_free(struct nhrp *n)
{
	struct iface *i, *next;

	if (!n)
		return;
	HASH_ITER (hh, n->ifaces, i, next)
		iface_free(i, 0);
	effects_free(n);
	timers_free(&n->timers);
	drbg_wipe(&n->drbg);
	free(n);
}

static void set_config(struct iface *i, const struct nhrp_config *cfg)
{
	struct writer w = writer_of(i->authentication, sizeof(i->authentication));
	struct nhrp_config *c = &i->cfg;

	*c = *cfg;
	c->holding_time = c->holding_time ? c->holding_time : NHRP_HOLDING_TIME;
	c->hold_down = c->hold_down ? c->hold_down : NHRP_HOLD_DOWN;
	c->mtu = c->mtu ? c->mtu : NHRP_MTU;
	c->max_bindings_per_nbma =
		c->max_bindings_per_nbma ? c->max_bindings_per_nbma : NHRP_BINDINGS_PER_NBMA;
	c->prefix_min = c->prefix_min ? c->prefix_min : NHRP_PREFIX_MIN;
	c->max_resolutions = c->max_resolutions ? c->max_resolutions : NHRP_RESOLUTIONS;
	memset(i->cluster_max, 0, sizeof(i->cluster_max));
	for (size_t k = 0; k < cfg->n_clusters; k++)
		i->cluster_max[cfg->clusters[k].id] = cfg->clusters[k].max;
	i->authentication_len = 0;
	if (cfg->authentication.len) {
		write_u32(&w, 1); /* two reserved octets, SPI 1 */
		write_bytes(&w, cfg->authentication.data,
			    MIN(cfg->authentication.len, (size_t)NHRP_AUTHENTICATION_MAX));
		i->authentication_len = w.len;
	}
	/* The caller's memory, read once. */
	c->authentication = (struct span){ NULL, 0 };
	c->maps = NULL;
	c->nhs = NULL;
	c->clusters = NULL;
	c->authorize = NULL;
	c->multicast = NULL;
	c->n_maps = c->n_nhs = c->n_clusters = c->n_authorize = c->n_multicast = 0;
}

static void add_map(struct iface *i, msec now, const struct nhrp_map *map)
{
	struct peer *p;
	struct binding *b;

	if (binding_find(i, &map->protocol) || !addr_is_unicast(&map->nbma) ||
	    addr_equal(&map->nbma, &i->cfg.nbma))
		return;
	p = peer_get(i, &map->nbma);
	if (!p)
		return;
	b = binding_new(i, now, &map->protocol, NHRP_ENTRY_STATIC);
	binding_set_peer(b, now, p, false);
	binding_point(b, &map->nbma);
}

/* The NBMA address of the static entry for that address: of its map, or of the server it is. */
static const struct addr *static_nbma(struct iface *i, const struct nhrp_config *cfg,
				      const struct addr *protocol)
{
	const struct nhs *s = nhs_by_protocol(i, protocol);

	for (size_t k = 0; k < cfg->n_maps; k++)
		if (addr_equal(&cfg->maps[k].protocol, protocol))
			return &cfg->maps[k].nbma;
	for (size_t k = 0; k < cfg->n_nhs; k++) {
		if (!addr_equal(&cfg->nhs[k].protocol, protocol))
			continue;
		if (cfg->nhs[k].nbma.len)
			return &cfg->nhs[k].nbma;
		if (cfg->nhs[k].named && s && s->named && s->peer)
			return &s->peer->nbma;
	}
	return NULL;
}

static void add_maps(struct iface *i, msec now, const struct nhrp_config *cfg)
{
	for (size_t k = 0; k < cfg->n_maps; k++)
		add_map(i, now, &cfg->maps[k]);
	for (size_t k = 0; k < cfg->n_nhs; k++)
		if (cfg->nhs[k].nbma.len)
			add_map(i, now, &(struct nhrp_map){ cfg->nhs[k].protocol,
							    cfg->nhs[k].nbma });
}

static void add_servers(struct iface *i, msec now, const struct nhrp_config *cfg)
{
	for (size_t k = 0; k < cfg->n_nhs; k++)
		nhs_add(i, now, &cfg->nhs[k]);
	nhs_review(i, now);
}

void nhrp_interface_add(struct nhrp *n, msec now, int id, const struct nhrp_config *cfg)
{
	struct iface *i;

	nhrp_interface_remove(n, now, id);
	i = xcalloc(1, sizeof(*i));
	i->core = n;
	i->id = id;
	TAILQ_INIT(&i->flows_by_age);
	set_config(i, cfg);
	HASH_ADD_INT(n->ifaces, id, i);

	binding_new(i, now, &cfg->address.addr, NHRP_ENTRY_LOCAL);
	add_maps(i, now, cfg);
	add_servers(i, now, cfg);
	multicast_configure(i, now, cfg->multicast, cfg->n_multicast);
	authorize_configure(i, cfg->authorize, cfg->n_authorize);
	peers_sweep(n);
}

/* ---- another configuration ---- */

static const struct nhrp_nhs_config *server_in(const struct nhrp_config *cfg,
						const struct addr *protocol)
{
	for (size_t k = 0; k < cfg->n_nhs; k++)
		if (addr_equal(&cfg->nhs[k].protocol, protocol))
			return &cfg->nhs[k];
	return NULL;
}

/* It is configured, and is where it was. */
static bool keeps_server(const struct nhrp_config *cfg, const struct nhs *s)
{
	const struct addr *nbma = static_nbma(s->iface, cfg, &s->protocol);
	const struct nhrp_nhs_config *same = server_in(cfg, &s->protocol);

	if (!same)
		return false;
	return s->peer ? nbma && addr_equal(nbma, &s->peer->nbma) : !nbma && same->named == s->named;
}

static void change_maps(struct iface *i, msec now, const struct nhrp_config *cfg)
{
	struct binding *b, *next;
	const struct addr *nbma;

	HASH_ITER (hh, i->bindings, b, next) {
		if (b->type == NHRP_ENTRY_LOCAL)
			continue;
		nbma = static_nbma(i, cfg, &b->protocol);
		if (!server_in(cfg, &b->protocol))
			b->flags &= ~(unsigned int)NHRP_FLAG_NHS;
		/* A map that goes, one that leads elsewhere, and what a new one takes the place of. */
		if (b->type == NHRP_ENTRY_STATIC ? !nbma || !addr_equal(nbma, &b->peer->nbma)
						 : nbma != NULL)
			binding_free(b, NHRP_WHY_REMOVED);
	}
	add_maps(i, now, cfg);
}

void nhrp_interface_configure(struct nhrp *n, msec now, int id, const struct nhrp_config *cfg)
{
	struct iface *i = iface_find(n, id);
	uint8_t key[sizeof(i->authentication)];
	uint16_t holding_time, timeout;
	size_t key_len;
	bool again;

	if (!i)
		return;
	key_len = i->authentication_len;
	holding_time = i->cfg.holding_time;
	timeout = i->cfg.registration_timeout;
	memcpy(key, i->authentication, sizeof(key));
	set_config(i, cfg);
	again = holding_time != i->cfg.holding_time ||
		timeout != i->cfg.registration_timeout || key_len != i->authentication_len ||
		!util_equal_ct(key, i->authentication, key_len);
	util_wipe(key, sizeof(key));

	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].protocol.len && !keeps_server(cfg, &i->nhs[k]))
			nhs_remove(&i->nhs[k], now);
	change_maps(i, now, cfg);
	if (!cfg->shortcut)
		shortcuts_clear(i, &(struct addr){ 0 }, NHRP_WHY_DISABLED);
	add_servers(i, now, cfg);
	while (i->n_nhs && !i->nhs[i->n_nhs - 1].protocol.len)
		i->n_nhs--;
	multicast_configure(i, now, cfg->multicast, cfg->n_multicast);
	authorize_configure(i, cfg->authorize, cfg->n_authorize);
	server_review(i, now);
	for (size_t k = 0; again && k < i->n_nhs; k++)
		nhs_register(&i->nhs[k], now, false);
	peers_sweep(n);
}

void nhrp_interface_remove(struct nhrp *n, msec now, int id)
{
	struct iface *i = iface_find(n, id);

	if (i)
		iface_free(i, now);
}

void nhrp_interface_readdress(struct nhrp *n, msec now, int id, struct addr nbma)
{
	struct iface *i = iface_find(n, id);
	struct peer *p, *next;

	if (!i || addr_equal(&i->cfg.nbma, &nbma))
		return;
	i->cfg.nbma = nbma;
	/* Their SA pairs were with the old address. */
	HASH_ITER (hh, i->peers, p, next)
		if (nbma.len && p->up)
			peer_down(p, now);
	for (size_t k = 0; k < i->n_nhs; k++)
		nhs_register(&i->nhs[k], now, false);
	peers_sweep(n);
}

void nhrp_interface_rebind(struct nhrp *n, msec now, int id)
{
	struct iface *i = iface_find(n, id);

	(void)now;
	if (!i)
		return;
	for (struct binding *b = i->bindings; b; b = b->hh.next)
		if (b->path.len)
			binding_repoint(b);
	shortcuts_reinstall(i);
}

/* ---- packets ---- */

static void malformed(struct iface *i, msec now, const struct addr *from, struct span raw,
		      const struct nhrp_packet *p, enum nhrp_malformed why, size_t offset)
{
	i->counters.malformed++;
	event(i, NHRP_EV_MALFORMED, INFO, .nbma = *from, .malformed = why, .offset = offset,
	      .length = raw.len, .type = p->type);
	/* Told only where the packet was meant for NHRP without doubt: its checksum was right. */
	if (why == NHRP_BAD_CIE || why == NHRP_BAD_CIE_COUNT)
		message_error(i, now, from, NHRP_ERROR_PROTOCOL, offset, p, raw);
	else if (why == NHRP_BAD_EXTENSION || why == NHRP_BAD_EXTENSION_COUNT)
		message_error(i, now, from, NHRP_ERROR_INVALID_EXTENSION, offset, p, raw);
}

static void error_indication(const struct arrival *a)
{
	struct nhrp_packet *p = a->packet;
	struct nhrp_packet quoted;
	bool readable = nhrp_packet_quoted(p->inner, &quoted);

	a->iface->counters.errors_received[counter_index(p->code)]++;
	event(a->iface, NHRP_EV_ERROR_RECEIVED, WARNING, .nbma = a->from, .code = p->code,
	      .offset = p->offset, .type = quoted.type, .request_id = quoted.request_id,
	      .source = quoted.source, .protocol = quoted.destination);
	if (!addr_equal(&p->destination, &a->iface->cfg.address.addr))
		forward_back(a);
	else if (!readable || (!client_error(a, &quoted) && !resolve_error(a, &quoted) &&
				!shortcut_error(a, &quoted)))
		message_drop(a->iface, p, &a->from, NHRP_WHY_NO_ANSWER_NEEDED, NULL);
}

/* RFC 2332 5.3: who a request is for understands its compulsory extensions, or says so. */
static bool understood(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;

	bool reply = p->type == NHRP_RESOLUTION_REPLY || p->type == NHRP_REGISTRATION_REPLY ||
		     p->type == NHRP_PURGE_REPLY;

	if (p->type == NHRP_ERROR_INDICATION ||
	    !addr_equal(reply ? &p->source : &p->destination, &i->cfg.address.addr))
		return true;
	for (size_t k = 0; k < p->n_extensions; k++) {
		const struct nhrp_extension *e = &p->extensions[k];

		if (!e->compulsory || (e->type >= NHRP_EXT_RESPONDER && e->type <= NHRP_EXT_NAT))
			continue;
		event(i, NHRP_EV_UNKNOWN_EXTENSION, WARNING, .nbma = a->from, .type = p->type,
		      .source = p->source, .code = e->type);
		message_error(i, a->now, &a->from, NHRP_ERROR_EXTENSION,
			      (size_t)(e->value.data - a->raw.data) - 4, p, a->raw);
		return false;
	}
	return true;
}

static void dispatch(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;

	if (!understood(a))
		return;
	switch (p->type) {
	case NHRP_RESOLUTION_REQUEST:
		forward_request(a);
		break;
	case NHRP_RESOLUTION_REPLY:
		if (addr_equal(&p->source, &i->cfg.address.addr)) {
			message_untranslate(p);
			message_prefer(p);
			resolve_reply(a);
		} else {
			forward_back(a);
		}
		break;
	case NHRP_REGISTRATION_REQUEST:
		server_registration(a);
		break;
	case NHRP_REGISTRATION_REPLY:
		client_registration_reply(a);
		break;
	case NHRP_PURGE_REQUEST:
		purge_request(a);
		break;
	case NHRP_PURGE_REPLY:
		if (!offer_purged(a))
			purge_reply(a);
		break;
	case NHRP_ERROR_INDICATION:
		error_indication(a);
		break;
	case NHRP_TRAFFIC_INDICATION:
		shortcut_indicated(a);
		break;
	}
}

static bool admitted(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct nhrp_packet *p = a->packet;

	i->counters.received[p->type]++;
	event(i, NHRP_EV_RECEIVED, DEBUG, .nbma = a->from, .type = p->type,
	      .request_id = p->request_id, .source = p->source, .protocol = p->destination,
	      .code = p->n_cies ? p->cies[0].code : p->code, .length = a->raw.len);
	if (message_authentic(i, p, &a->from))
		return true;
	message_error(i, a->now, &a->from, NHRP_ERROR_AUTHENTICATION, 0, p, a->raw);
	return false;
}

/* Whatever it said, the other side has its SA pair. */
static void heard(struct iface *i, msec now, const struct addr *from)
{
	struct peer *p = peer_find(i, from);

	if (!p || p->heard)
		return;
	p->heard = true;
	resolve_peer_proven(p, now);
}

/*
 * So many packets at once and so many in a second are looked at, of each peer, so that one that
 * sends more hurts itself only. What a server sends comes from many, and it does the same.
 */
static bool within_share(struct iface *i, msec now, struct peer *p, const struct addr *from)
{
	msec interval = p ? 1000 / NHRP_PEER_RATE : 1000 / NHRP_STRANGERS_RATE;
	msec burst = p ? NHRP_PEER_BURST : NHRP_STRANGERS_BURST;
	msec *until = p ? &p->budget_until : &i->strangers_until, full = MAX(*until, now);

	if (nhs_by_nbma(i, from))
		return true;
	if (full <= now + (burst - 1) * interval) {
		if (p && full == now)
			p->flooding = false;
		*until = full + interval;
		return true;
	}
	i->counters.floods++;
	if (p && !p->flooding)
		event(i, NHRP_EV_DROPPED, WARNING, .nbma = *from, .reason = NHRP_WHY_FLOOD);
	if (p)
		p->flooding = true;
	return false;
}

void nhrp_input(struct nhrp *n, msec now, int id, struct addr source_nbma, const void *data,
		size_t len)
{
	struct nhrp_packet packet = { 0 };
	struct iface *i = iface_find(n, id);
	struct arrival a = { i, now, source_nbma, &packet, { data, len } };
	enum nhrp_malformed why;
	struct peer *p;
	size_t offset;

	if (!i)
		return;
	if (!addr_is_nbma(&source_nbma) || addr_equal(&source_nbma, &i->cfg.nbma)) {
		message_drop(i, &packet, &source_nbma, NHRP_WHY_OWN_ADDRESS, NULL);
		return;
	}
	p = peer_find(i, &source_nbma);
	if (p)
		p->own_packets++;
	if (!within_share(i, now, p, &source_nbma))
		return;
	why = nhrp_packet_parse(data, len, &packet, &offset);
	if (why) {
		malformed(i, now, &source_nbma, a.raw, &packet, why, offset);
	} else if (admitted(&a)) {
		dispatch(&a);
		heard(i, now, &source_nbma);
	}
	peers_sweep(n);
}

/* ---- what else happens ---- */

void nhrp_peer_up(struct nhrp *n, msec now, int id, struct addr nbma)
{
	struct iface *i = iface_find(n, id);
	struct peer *p = i && addr_is_nbma(&nbma) ? peer_get(i, &nbma) : NULL;

	if (p)
		peer_up(p, now);
	peers_sweep(n);
}

void nhrp_peer_nat(struct nhrp *n, int id, struct addr nbma, bool nat)
{
	struct iface *i = iface_find(n, id);
	struct peer *p = i ? peer_find(i, &nbma) : NULL;

	/* One that is new stays until the end of the next call. */
	if (!p && i && nat && addr_is_nbma(&nbma))
		p = peer_get(i, &nbma);
	if (p)
		p->nat = nat;
}

void nhrp_peer_identity(struct nhrp *n, int id, struct addr nbma, struct span identity)
{
	struct iface *i = iface_find(n, id);
	struct peer *p = i && addr_is_nbma(&nbma) ? peer_get(i, &nbma) : NULL;

	if (p)
		server_identity(p, identity);
}

void nhrp_nhs_address(struct nhrp *n, msec now, int id, struct addr protocol, struct addr nbma)
{
	struct iface *i = iface_find(n, id);
	struct nhs *s = i ? nhs_by_protocol(i, &protocol) : NULL;

	if (s && s->named && addr_is_unicast(&nbma) && !addr_equal(&nbma, &i->cfg.nbma))
		nhs_move(s, now, &nbma);
	peers_sweep(n);
}

void nhrp_peer_down(struct nhrp *n, msec now, int id, struct addr nbma)
{
	struct iface *i = iface_find(n, id);
	struct peer *p = i ? peer_find(i, &nbma) : NULL;

	if (p)
		peer_down(p, now);
	peers_sweep(n);
}

void nhrp_resolve(struct nhrp *n, msec now, int id, struct addr protocol)
{
	struct iface *i = iface_find(n, id);

	if (i)
		resolve_upcall(i, now, &protocol);
	peers_sweep(n);
}

void nhrp_bound(struct nhrp *n, msec now, uint64_t token, int error)
{
	struct binding *b = binding_answered(n, token);

	if (!b)
		return;
	if (error)
		event(b->iface, NHRP_EV_BIND_FAILED, ERROR, .protocol = b->protocol,
		      .nbma = b->path, .code = error);
	if (b->registration)
		server_bound(b, now, error);
	else if (error && b->type != NHRP_ENTRY_STATIC)
		binding_free(b, NHRP_WHY_KERNEL); /* a path of ours: the kernel asks again */
	peers_sweep(n);
}

void nhrp_used(struct nhrp *n, msec now, int id, struct addr nbma, uint64_t packets)
{
	struct iface *i = iface_find(n, id);
	struct peer *p = i ? peer_find(i, &nbma) : NULL;

	if (!p)
		return;
	p->payload += packets > p->own_packets ? packets - p->own_packets : 0;
	p->own_packets = 0;
	resolve_used(p, now);
	peers_sweep(n);
}

static void clear_iface(struct iface *i, msec now, const struct addr *protocol)
{
	struct binding *b, *next;

	shortcuts_clear(i, protocol, NHRP_WHY_CLEARED);
	HASH_ITER (hh, i->bindings, b, next) {
		if (b->type == NHRP_ENTRY_LOCAL || b->type == NHRP_ENTRY_STATIC)
			continue;
		if (protocol->len && !addr_equal(protocol, &b->protocol))
			continue;
		if (b->flags & NHRP_FLAG_REGISTERED)
			server_disown(b, now);
		server_forget(b, now, NHRP_WHY_CLEARED);
	}
	for (size_t k = 0; k < i->n_nhs && !protocol->len; k++)
		nhs_register(&i->nhs[k], now, false);
}

void nhrp_clear(struct nhrp *n, msec now, int id, struct addr protocol)
{
	for (struct iface *i = n->ifaces; i; i = i->hh.next)
		if (id == NHRP_ALL || id == i->id)
			clear_iface(i, now, &protocol);
	peers_sweep(n);
}

bool nhrp_knows_nbma(const struct nhrp *n, int id, struct addr nbma)
{
	const struct iface *i = iface_find(n, id);
	const struct peer *p = i ? peer_find(i, &nbma) : NULL;

	return p && (p->known || p->wanted || timer_armed(&p->lease));
}

/* ---- time ---- */

static void binding_timer(struct binding *b, msec now, enum timer_kind kind)
{
	if (kind == TIMER_STEP)
		resolve_step(b, now);
	else if (b->flags & NHRP_FLAG_REGISTERED)
		server_life(b, now);
	else
		resolve_life(b, now);
}

static void fire(struct timer *t, msec now)
{
	switch ((enum timer_kind)t->kind) {
	case TIMER_NHS:
		nhs_timer(container_of(t, struct nhs, timer), now);
		break;
	case TIMER_CONNECT:
		peer_timer(container_of(t, struct peer, connect), now, t);
		break;
	case TIMER_HELD:
		peer_timer(container_of(t, struct peer, held_timer), now, t);
		break;
	case TIMER_LEASE:
		peer_timer(container_of(t, struct peer, lease), now, t);
		break;
	case TIMER_STEP:
		binding_timer(container_of(t, struct binding, step_timer), now, TIMER_STEP);
		break;
	case TIMER_LIFE:
		binding_timer(container_of(t, struct binding, life), now, TIMER_LIFE);
		break;
	case TIMER_PURGE:
		purge_timer(t, now);
		break;
	case TIMER_FALLBACK:
		nhs_review(container_of(t, struct nhs, fallback)->iface, now);
		break;
	case TIMER_SHORTCUT_STEP:
		shortcut_step(container_of(t, struct shortcut, step), now);
		break;
	case TIMER_SHORTCUT_LIFE:
		shortcut_life(container_of(t, struct shortcut, life), now);
		break;
	case TIMER_OFFER:
		offer_timer(container_of(t, struct told, timer), now);
		break;
	}
}

void nhrp_tick(struct nhrp *n, msec now)
{
	struct timer *t;

	while ((t = timers_pop(&n->timers, now)))
		fire(t, now);
	peers_sweep(n);
}

msec nhrp_deadline(const struct nhrp *n)
{
	return timers_deadline(&n->timers);
}
