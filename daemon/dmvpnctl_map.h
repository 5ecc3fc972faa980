/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon says of the DMVPN, made ready to be drawn: in the terminal, as SVG, as DOT.
 *
 * Of many peers each would be a dot that nobody can read. Where there is no room for all, the ones
 * that somebody would look for stand alone (servers, those that are not up, those with the most
 * traffic), the others together, by state.
 */
#ifndef DAEMON_DMVPNCTL_MAP_H
#define DAEMON_DMVPNCTL_MAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum map_role { MAP_HUB, MAP_PEER, MAP_SPOKE };

struct map_traffic {
	bool known;
	uint64_t packets, bytes;
};

/* A peer, or several. */
struct map_peer {
	const json_t *json; /* NULL: several */
	size_t index;	    /* in the daemon's order, that of the tunnel addresses */
	size_t count;
	enum map_role role;
	const char *state;
	bool fixed; /* a static mapping; else a dynamic one, or one that is not complete yet */
	struct map_traffic out, in;
};

struct map_tunnel {
	const json_t *json;
	struct map_peer *peers; /* as they are drawn: servers first */
	size_t count;
	size_t total; /* how many peers these are */
	size_t alone; /* how many of them stand for themselves */
};

struct map {
	const char *hostname;
	struct map_tunnel *tunnels;
	size_t count;
};

/* Points into the answer. More than `room` peers of a tunnel are put together. */
void map_read(struct map *m, const json_t *answer, size_t room);
void map_free(struct map *m);

#define MAP_LINES 8
#define MAP_LINE  64

/* What is said of a peer in a picture, in lines, the first one its name; their number. */
size_t map_lines(const struct map_peer *p, char lines[MAP_LINES][MAP_LINE]);
/* Its parts: "hub 172.16.0.1", "10.0.1.2, NAT" (empty of several), "static, up 00:00:42". */
void map_name(const struct map_peer *p, char out[MAP_LINE]);
void map_nbma(const struct map_peer *p, char out[MAP_LINE]);
void map_kind(const struct map_peer *p, char out[MAP_LINE]);
/* "120 packets, 14.2 kB"; empty where nothing is counted. */
void map_traffic(const struct map_traffic *t, char out[MAP_LINE]);
/* Further lines: other tunnel addresses, networks behind it, what is being resolved through it. */
size_t map_more(const struct map_peer *p, char lines[3][MAP_LINE]);

/* Ourselves on a tunnel: "172.16.0.2/24, spoke", "source 10.0.0.4 (eth0)", "GRE key 1, IPsec profile x". */
#define MAP_OWN 3
void map_own(const struct map_tunnel *t, char lines[MAP_OWN][MAP_LINE]);
/* "40 peers: 38 UP, 2 IKE" */
void map_states(const struct map_tunnel *t, char *out, size_t size);
/* What the reader must know where peers are put together; empty where none are. */
void map_note(const struct map_tunnel *t, char *out, size_t size);

#endif
