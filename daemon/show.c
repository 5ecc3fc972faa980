/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shows of the daemon itself and its interfaces, and the tables that several shows walk. */
#include "daemon/show.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/answer.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/mtu.h"
#include "daemon/options.h"
#include "daemon/packets.h"
#include "daemon/tunnel.h"
#include "daemon/verbs.h"
#include "nhrp/nhrp.h"

struct nhrp_entry *show_nhrp_entries(struct daemon *d, size_t *count)
{
	struct nhrp_entry *entries = NULL;
	const void *cursor = NULL;
	size_t n = 0, room = 0;

	do {
		if (n == room) {
			room = room ? 2 * room : 64;
			entries = xreallocarray(entries, room, sizeof(*entries));
		}
	} while (nhrp_entry_next(d->nhrp, &cursor, &entries[n]) && ++n);
	*count = n;
	return xreallocarray(entries, n, sizeof(*entries));
}

struct nhrp_shortcut *show_nhrp_shortcuts(struct daemon *d, size_t *count)
{
	struct nhrp_shortcut *list = NULL;
	const void *cursor = NULL;
	size_t n = 0, room = 0;

	do {
		if (n == room) {
			room = room ? 2 * room : 16;
			list = xreallocarray(list, room, sizeof(*list));
		}
	} while (nhrp_shortcut_next(d->nhrp, &cursor, &list[n]) && ++n);
	*count = n;
	return xreallocarray(list, n, sizeof(*list));
}

struct show_tunnels *show_tunnels_take(struct daemon *d, struct answer *a)
{
	struct show_tunnels *all = xcalloc(1, sizeof(*all) + d->tunnel_count * sizeof(*all->tunnel));

	all->count = d->tunnel_count;
	TUNNELS_EACH (d, t) {
		struct show_tunnel *one = &all->tunnel[t->id];

		memcpy(one->name, t->conf->name, sizeof(one->name));
		one->local = t->local;
		one->is_protected = tunnel_is_protected(t);
	}
	return answer_owns(a, all, free);
}

const struct show_tunnel *show_tunnel_of(const struct show_tunnels *t, int id)
{
	static const struct show_tunnel none;

	return id >= 0 && (size_t)id < t->count ? &t->tunnel[id] : &none;
}

/* Asks the kernel about an interface; false: it is not there. */
static bool interface_request(const char *name, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known;

	*ifr = (struct ifreq){ 0 };
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	known = fd >= 0 && !ioctl(fd, request, ifr);
	if (fd >= 0)
		close(fd);
	return known;
}

unsigned int show_mtu(const char *interface)
{
	struct ifreq ifr;

	if (!*interface || !interface_request(interface, SIOCGIFMTU, &ifr))
		return 0;
	return (unsigned int)ifr.ifr_mtu;
}

static void add_link_state(json_t *o, const struct tunnel *t)
{
	struct ifreq ifr;
	bool there = interface_request(t->conf->name, SIOCGIFFLAGS, &ifr);
	bool up = there && (ifr.ifr_flags & IFF_UP);

	json_object_set_new(o, "link",
			    json_string(up	? "up"
					: there ? "administratively down"
						: "down"));
	json_object_set_new(o, "line_protocol", json_string(up && packets_are_open(t) ? "up" : "down"));
}

/* What the kernel has counted on the link; nothing where it is not there. */
static void add_counters(json_t *o, const char *interface)
{
	FILE *f = fopen("/proc/self/net/dev", "re");
	unsigned long long in[4], out[4];
	char *line = NULL, name[IFNAMSIZ];
	size_t room = 0;

	/* Received: bytes, packets, errors, drops and four others; then the same of what was sent. */
	while (f && getline(&line, &room, f) > 0) {
		if (sscanf(line, " %15[^:]: %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", name,
			   &in[0], &in[1], &in[2], &in[3], &out[0], &out[1], &out[2], &out[3]) != 9 ||
		    strcmp(name, interface) != 0)
			continue;
		json_object_set_new(
			o, "counters",
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "packets_in",
				  (json_int_t)in[1], "bytes_in", (json_int_t)in[0], "errors_in",
				  (json_int_t)in[2], "drops_in", (json_int_t)in[3], "packets_out",
				  (json_int_t)out[1], "bytes_out", (json_int_t)out[0], "errors_out",
				  (json_int_t)out[2], "drops_out", (json_int_t)out[3]));
		break;
	}
	free(line);
	if (f)
		fclose(f);
}

/* What a packet of the path's MTU is made of. */
static void add_mtu(struct daemon *d, json_t *o, const struct tunnel *t)
{
	struct gre_mtu m;

	json_object_set_new(o, "mtu_configured",
			    t->conf->mtu ? json_integer(t->conf->mtu) : json_string("auto"));
	json_object_set_new(o, "ignore_df", json_boolean(t->conf->ignore_df));
	if (!mtu_arithmetic(d, t, &t->local, &m))
		return;
	json_object_set_new(
		o, "mtu_arithmetic",
		json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "path",
			  (int)m.path, "outer_ip", (int)m.outer_ip, "udp", (int)m.udp, "esp",
			  (int)m.esp, "iv", (int)m.iv, "padding", (int)m.padding, "trailer",
			  (int)m.trailer, "icv", (int)m.icv, "gre", (int)m.gre, "mtu", (int)m.mtu,
			  "tcp_mss", (int)m.tcp_mss));
}

static json_t *interface_json(struct daemon *d, const struct tunnel *t)
{
	const struct conf_tunnel *c = t->conf;
	unsigned int mtu = show_mtu(c->name);
	char address[ADDR_TEXT];
	json_t *o = json_object();

	json_object_set_new(o, "interface", json_string(c->name));
	add_link_state(o, t);
	json_object_set_new(o, "address", json_string(prefix_text(&c->address, address)));
	json_object_set_new(o, "mtu", json_integer(mtu ? mtu : c->mtu));
	add_mtu(d, o, t);
	json_object_set_new(o, "source", show_addr(&t->local));
	if (c->source_if[0])
		json_object_set_new(o, "source_interface", json_string(c->source_if));
	if (c->has_key)
		json_object_set_new(o, "key", json_integer(c->key));
	json_object_set_new(o, "ttl", json_integer(c->ttl));
	if (c->profile)
		json_object_set_new(o, "profile", json_string(c->profile->name));
	if (c->nhrp.redirect)
		json_object_set_new(o, "redirect", packets_show_redirect(d, t));
	add_counters(o, c->name);
	return o;
}

json_t *show_interface(struct daemon *d, const json_t *args)
{
	const struct tunnel *only;
	json_t *list, *error;

	if (!verbs_tunnel(d, args, "interface", &only, &error))
		return error;
	list = json_array();
	TUNNELS_EACH (d, t)
	if (!only || only == t)
		json_array_append_new(list, interface_json(d, t));
	return json_pack("{s:o}", "interfaces", list);
}

json_t *show_version(struct daemon *d, const json_t *args)
{
	char hostname[256] = "";
	const char *name = d->conf->hostname;

	(void)args;
	if (!name) {
		gethostname(hostname, sizeof(hostname) - 1);
		name = hostname;
	}
	return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "version", DMVPND_VERSION,
			 "hostname", show_text(name), "instance", show_text(d->instance), "pid",
			 (json_int_t)getpid(), "uptime",
			 (json_int_t)((loop_now() - d->started) / 1000), "started",
			 (json_int_t)d->started_at, "config", show_text(d->config_path), "keylog",
			 d->keylog ? show_text(d->options->keylog) : json_null());
}
