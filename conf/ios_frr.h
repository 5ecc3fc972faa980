/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing part of an IOS running-config as FRR's frr.conf: addresses, static routes and what
 * EIGRP, OSPF and BGP say, with the interfaces' names of this machine. FRR's syntax is IOS's but for
 * masks; what FRR has no word for stands there as a comment.
 */
#ifndef CONF_IOS_FRR_H
#define CONF_IOS_FRR_H

#include "conf/conf.h"
#include "conf/ios_lines.h"

/* For the caller to free(). */
char *ios_frr(const struct ios_lines *lines, const struct conf_interfaces *here);

#endif
