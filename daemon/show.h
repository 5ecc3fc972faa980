/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shows as JSON: snapshots of the cores, the tunnels and the kernel. All of it walks what it
 * shows and sorts it by address; nothing is kept for it while packets flow. What grows with the peers
 * is a snapshot and lists of it (answer.h).
 *
 * Times are seconds: "created", "since" and "age" ago, "expires", "next" and "remaining" ahead;
 * a time that is never is null or absent.
 */
#ifndef DAEMON_SHOW_H
#define DAEMON_SHOW_H

#include <jansson.h>

#include "lib/addr.h"
#include "lib/util.h"

struct answer;
struct ctl_client;
struct daemon;
struct ike_pair_info;
struct ike_sa_info;
struct kernel_answer;
struct nhrp_entry;
struct nhrp_shortcut;

typedef json_t *show_fn(struct daemon *d, const json_t *args);
/* Those that grow with the peers; kernel: its SAs, for those that say so, only during the call. */
typedef struct answer *show_list_fn(struct daemon *d, const json_t *args,
				    const struct kernel_answer *kernel);

show_fn show_version, show_interface;			      /* show.c */
show_fn show_running_config, show_running_config_ios;	      /* show_config.c */
show_fn show_ladder;					      /* show_ladder.c */
show_fn show_log_peer;					      /* show_log.c */
show_list_fn show_dmvpn, show_tunnel_endpoints;		      /* show_peers.c */
show_list_fn show_ip_nhrp, show_ip_nhrp_redirect;	      /* show_nhrp.c */
show_list_fn show_ip_nhrp_dynamic, show_ip_nhrp_static, show_ip_nhrp_incomplete;
show_fn show_ip_nhrp_nhs, show_ip_nhrp_traffic, show_ip_nhrp_multicast;
show_list_fn show_crypto_isakmp_sa, show_crypto_isakmp_peers; /* show_ike.c */
show_fn show_crypto_isakmp_policy, show_crypto_isakmp_stats, show_crypto_isakmp_key;
/* With the kernel's SAs. What several tunnels share is shown with the first of them. */
show_list_fn show_crypto_ipsec_sa; /* show_ipsec.c */
show_list_fn show_crypto_session;  /* show_session.c */
/* show_map.c: what show dmvpn and show interface say, and each peer's traffic. */
show_list_fn show_map;
/* The same with next hop servers and sessions. */
show_list_fn show_dmvpn_detail;

/* show_explain.c: answers later, unless explain_forget() comes first. */
void explain_start(struct daemon *d, const json_t *args, struct ctl_client *c);
void explain_forget(const struct ctl_client *c);

/*
 * The snapshots that several answers are made of; each belongs to the answer that it is taken for. Items
 * are numbered in their order.
 */

/* show_ike.c: ISAKMP SAs by conn-id. */
struct show_sas;
struct show_sas *show_sas_take(struct daemon *d, struct answer *a);
/* NULL behind the last. */
const struct ike_sa_info *show_sas_at(const struct show_sas *s, size_t i);
/* A member of sas[]. */
json_t *show_sas_json(const struct show_sas *s, size_t i);

/*
 * show_ipsec.c: IKE's pairs with the counters of the kernel's SAs, by local and remote address: each item
 * are those between two addresses.
 */
struct show_pairs;
struct show_pairs *show_pairs_take(struct daemon *d, struct answer *a, const struct kernel_answer *kernel);
/* Pair n of item i, the one in use first; NULL: there are no more. */
const struct ike_pair_info *show_pairs_at(const struct show_pairs *s, size_t i, size_t n);
/* A member of peers[] of show crypto ipsec sa. */
json_t *show_pairs_json(const struct show_pairs *s, size_t i);
/* packets_out, bytes_out, packets_in, bytes_in of the SAs between these two; NULL: there are none. */
json_t *show_pairs_traffic(const struct show_pairs *s, const struct addr *local,
			   const struct addr *remote);

/* show_peers.c: the peers that show dmvpn shows with these args; NULL: they make no sense, *error. */
struct show_peers;
struct show_peers *show_peers_take(struct daemon *d, struct answer *a, const json_t *args,
				   json_t **error);
/* tunnels[] of show dmvpn. Each peer with its traffic, where pairs (may be NULL) have it. */
json_t *show_peers_tunnels(struct daemon *d, struct answer *a, struct show_peers *p,
			   const struct show_pairs *pairs);
/* Tunnel, NBMA address, and since when it is up or down, of peer i; false behind the last. */
bool show_peers_at(const struct show_peers *p, size_t i, int *tunnel, struct addr *nbma, msec *since);

/* show_session.c: sessions[] with these peers; all: and with whoever else has an SA. */
json_t *show_sessions(struct daemon *d, struct answer *a, const struct show_peers *peers,
		      const struct show_pairs *pairs, bool all);

/* Helpers of these files, in show_values.c and show.c. */

json_t *show_addr(const struct addr *a);
/* Any text, also what json_string() refuses: a path or a message with octets that are no UTF-8. */
json_t *show_text(const char *text);
/* A member's text, "" where there is none. */
const char *show_member(const json_t *object, const char *name);
/*
 * Milliseconds from 1970 to the beginning of the loop's clock. Taken once for all of an answer: the
 * times in it are then as far from each other as they were.
 */
uint64_t show_epoch(void);
/* A time of the loop's clock as the log writes times: "Nov 21 22:13:01.123". */
json_t *show_wall_clock(uint64_t epoch, msec then);
/* Seconds since then; null for MSEC_NEVER. */
json_t *show_ago(msec now, msec then);
/* Seconds until then; null for MSEC_NEVER. */
json_t *show_ahead(msec now, msec then);
json_t *show_u64(uint64_t n);
int show_addr_order(const struct addr *a, const struct addr *b);
/*
 * Index of the first of n sorted items of this size that does not stand before the key: where those
 * with this key begin, if there are any. `order` is as for bsearch(): the key comes first.
 */
size_t show_first(const void *key, const void *items, size_t n, size_t size,
		  int (*order)(const void *key, const void *item));
/* What lists say of the tunnels, by id: a reload may take them away. */
struct show_tunnel {
	char name[16];
	struct addr local;
	bool is_protected;
};
struct show_tunnels {
	size_t count;
	struct show_tunnel tunnel[];
};
struct show_tunnels *show_tunnels_take(struct daemon *d, struct answer *a);
/* All empty where there is none. */
const struct show_tunnel *show_tunnel_of(const struct show_tunnels *t, int id);
/* All entries of the NHRP cache, in no order; to be freed. */
struct nhrp_entry *show_nhrp_entries(struct daemon *d, size_t *count);
/* All shortcuts, in no order; to be freed. */
struct nhrp_shortcut *show_nhrp_shortcuts(struct daemon *d, size_t *count);
/* MTU of an interface; 0: unknown. */
unsigned int show_mtu(const char *interface);

#endif
