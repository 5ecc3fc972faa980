/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new configuration changes of the one that runs, so that a reload touches only that.
 * Compared are meanings, not texts or the order of sections. Pure.
 *
 * Tunnels are the same if their names are. Policies, keys and profiles hold for negotiations that
 * begin later, so nothing that runs depends on what changed of them.
 */
#ifndef CONF_DIFF_H
#define CONF_DIFF_H

#include "conf/conf.h"

enum conf_change {
	/* Of the daemon. */
	CONF_CHANGED_LOG = 1 << 0,  /* hostname, log-level or where the log goes */
	CONF_CHANGED_IKE = 1 << 1,  /* isakmp-*, trustpoint and its files, transform-sets, profiles */
	CONF_CHANGED_HOST = 1 << 7, /* hook, kernel-settings */
	/* Of a tunnel; what is not named here can be changed while it works. */
	CONF_CHANGED_NATURE = 1 << 2, /* address, key, or whether it is protected: another tunnel */
	CONF_CHANGED_SOURCE = 1 << 3,
	CONF_CHANGED_PROFILE = 1 << 4, /* another one, by name */
	CONF_CHANGED_LINK = 1 << 5,    /* mtu, ttl, ignore-df */
	CONF_CHANGED_NHRP = 1 << 6,    /* maps, nhs, and all else in nhrp { } and mtu */
};

struct conf_tunnel_diff {
	const struct conf_tunnel *before, *after; /* NULL: it is new, it is gone */
	unsigned int what;			  /* enum conf_change; 0: the same, new or gone */
};

struct conf_diff {
	unsigned int what; /* of the daemon */
	size_t count;	   /* every tunnel of either configuration */
	size_t changes;	   /* of those, how many are not the same */
	struct conf_tunnel_diff tunnels[];
};

/* Borrows from both. The caller frees it. */
struct conf_diff *conf_diff(const struct conf *before, const struct conf *after);

#endif
