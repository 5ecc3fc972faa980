/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One running daemon: the composition root's parts, in one place for those files of daemon/ that
 * join them. Nothing outside daemon/ sees it.
 *
 * Whoever calls a request of a core (ike_clear(), nhrp_clear(), ...) from a handler of the loop is
 * done: after the handlers of a turn have run, the loop drains the effects of both cores and
 * commits the kernel's batches, see loop.h. Cores are reached from the loop's thread only.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "lib/util.h"

struct daemon {
	const char *instance;	 /* names the control socket and the pid file */
	const char *config_path;
	const struct conf_interfaces *map; /* for a configuration of IOS */
	const struct options *options;
	struct conf *conf;	 /* another one after a reload */
	msec started;		 /* by loop_now() */
	time_t started_at;	 /* by the wall clock, for people */

	/* The cores, and the configuration as IKE borrows it. */
	struct trustpoint *trustpoint; /* NULL: no certificates */
	struct ike_terms *ike_terms;
	struct ike *ike;
	struct nhrp *nhrp;

	/* The kernel. */
	struct xfrm *xfrm;
	struct gre_links *links;
	struct gre_neighs *neighs;
	struct gre_routes *routes;
	struct hairpin_program *hairpin; /* what redirects are seen by; NULL: ... */
	char hairpin_why[256];		 /* ... because of that */

	/* This folder's. */
	struct loop *loop;
	struct kernel *kernel; /* requests to the kernel and who waits for the answer: kernel.h */
	struct udp *udp;       /* IKE's sockets: udp.h */
	struct pool *pool;     /* threads for costly arithmetic: pool.h */
	struct recorder *recorder; /* what happened with each peer: recorder.h */
	struct peers *peers;   /* what joins the cores, by pair of addresses: peer.h */
	struct pseudos *pseudos; /* peers that share an address: pseudo.h */
	struct tunnel *tunnels; /* room for all there can be, some free: tunnel.h */
	size_t tunnel_count;	/* behind the last that is in use */
	struct reconcile *reconcile; /* what a crash left, while that is being settled: reconcile.h */
	struct names *names; /* next hop servers that are known by name: names.h */
	struct hook *hook;   /* a program that is told what happens: hook.h */
	struct upkeep *upkeep; /* what is looked after slowly: upkeep.h */
	struct ctl *ctl;     /* the control socket: ctl.h */
	struct keylog *keylog; /* keys for Wireshark: keylog.h; NULL: they are not written */
};

#endif
