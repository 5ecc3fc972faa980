/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shows as JSON: snapshots of the cores, the tunnels and the kernel. All of it walks what it
 * shows and sorts it by address; nothing is kept for it while packets flow.
 *
 * Times are seconds: "created", "since" and "age" ago, "expires", "next" and "remaining" ahead;
 * a time that is never is null or absent.
 */
#ifndef DAEMON_SHOW_H
#define DAEMON_SHOW_H

#include <jansson.h>

#include "lib/addr.h"
#include "lib/util.h"

struct ctl_client;
struct daemon;
struct kernel_answer;
struct nhrp_entry;
struct nhrp_shortcut;
struct show_pairs;
struct tunnel;

typedef json_t *show_fn(struct daemon *d, const json_t *args);

show_fn show_version, show_interface;			      /* show.c */
show_fn show_running_config, show_running_config_ios;	      /* show_config.c */
show_fn show_ladder;					      /* show_ladder.c */
show_fn show_log_peer;					      /* show_log.c */
show_fn show_dmvpn, show_tunnel_endpoints;		      /* show_peers.c */
show_fn show_ip_nhrp, show_ip_nhrp_nhs, show_ip_nhrp_traffic; /* show_nhrp.c */
show_fn show_ip_nhrp_multicast, show_ip_nhrp_redirect;
show_fn show_ip_nhrp_dynamic, show_ip_nhrp_static, show_ip_nhrp_incomplete;
show_fn show_crypto_isakmp_sa, show_crypto_isakmp_policy, show_crypto_isakmp_stats; /* show_ike.c */
show_fn show_crypto_isakmp_key, show_crypto_isakmp_peers;
/*
 * With the kernel's SAs; remote: of this peer only, none: of all; only: of this tunnel, NULL: of all,
 * what several tunnels share with the first of them.
 */
json_t *show_crypto_ipsec_sa(struct daemon *d, const struct addr *remote, const struct tunnel *only,
			     const struct kernel_answer *kernel); /* show_ipsec.c */
json_t *show_crypto_session(struct daemon *d, const struct kernel_answer *kernel); /* show_session.c */
/* show_map.c: what show dmvpn and show interface say, and each peer's traffic. */
json_t *show_map(struct daemon *d, const struct kernel_answer *kernel);
/* The same with next hop servers and sessions; args as for show_dmvpn(). */
json_t *show_dmvpn_detail(struct daemon *d, const json_t *args, const struct kernel_answer *kernel);

/* show_explain.c: answers later, unless explain_forget() comes first. */
void explain_start(struct daemon *d, const json_t *args, struct ctl_client *c);
void explain_forget(const struct ctl_client *c);

/*
 * IKE's pairs and the kernel's SAs, as they are at one moment: to look up many peers, each in
 * logarithmic time. In show_ipsec.c.
 */
struct show_pairs *show_pairs_take(struct daemon *d, const struct kernel_answer *kernel);
void show_pairs_free(struct show_pairs *s);
/* packets_out, bytes_out, packets_in, bytes_in of the SAs between these two; NULL: there are none. */
json_t *show_pairs_traffic(const struct show_pairs *s, const struct addr *local,
			   const struct addr *remote);

/* Helpers of these files, in show_values.c and show.c. */

json_t *show_addr(const struct addr *a);
/* Any text, also what json_string() refuses: a path or a message with octets that are no UTF-8. */
json_t *show_text(const char *text);
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
/* All entries of the NHRP cache, in no order; to be freed. */
struct nhrp_entry *show_nhrp_entries(struct daemon *d, size_t *count);
/* All shortcuts, in no order; to be freed. */
struct nhrp_shortcut *show_nhrp_shortcuts(struct daemon *d, size_t *count);
/* MTU of an interface; 0: unknown. */
unsigned int show_mtu(const char *interface);

#endif
