/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running-config says beside of tunnels and their protection. */
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/util.h"

static void hostname(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	outline_set(&x->root, "hostname", arg[0], x->at->number);
}

static void logging(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	outline_set(&x->root, "log-level", arg[0], x->at->number);
}

/* What is indented below belongs to the line and is treated as it is. */
static void block(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	ios_enter(x, IOS_BLOCK, NULL);
}

#define SYSTEM(words)                                             \
	{                                                         \
		IOS_GLOBAL, words " ...", IOS_SYSTEM, NULL, block \
	}

static const struct ios_command rows[] = {
	{ IOS_GLOBAL, "hostname $", IOS_APPLIED, NULL, hostname },
	{ IOS_GLOBAL, "logging trap $", IOS_APPLIED, NULL, logging },

	{ IOS_GLOBAL, "router ...", IOS_ROUTING, NULL, block },
	{ IOS_GLOBAL, "ip route|prefix-list|multicast-routing|pim|as-path|community-list ...",
	  IOS_ROUTING, NULL, block },
	{ IOS_GLOBAL, "route-map ...", IOS_ROUTING, NULL, block },
	{ IOS_GLOBAL, "key chain ...", IOS_ROUTING, NULL, block },
	{ IOS_GLOBAL, "ip vrf ...", IOS_UNSUPPORTED, "made a VRF", block },
	{ IOS_GLOBAL, "vrf ...", IOS_UNSUPPORTED, "made a VRF", block },
	{ IOS_GLOBAL, "access-list ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_GLOBAL, "ip access-list ...", IOS_SYSTEM, NULL, block },
	{ IOS_GLOBAL, "ip nat ...", IOS_UNSUPPORTED, "translated addresses (nftables does)",
	  block },
	{ IOS_GLOBAL, "ip local policy ...", IOS_UNSUPPORTED, "routed by policy (ip rule does)",
	  NULL },
	{ IOS_GLOBAL, "ipv6 ...", IOS_SYSTEM, NULL, block },
	SYSTEM("version|service|boot-start-marker|boot-end-marker|boot|no|end|exit|banner|alias"),
	SYSTEM("logging|enable|username|aaa|clock|ntp|snmp-server|line|archive|scheduler|memory-"
	       "size"),
	SYSTEM("memory|mmi|license|voice|voice-card|vlan|spanning-tree|redundancy|multilink|"
	       "control-plane"),
	SYSTEM("controller|class-map|policy-map|zone|zone-pair|parameter-map|track|event|privilege|"
	       "dot11"),
	SYSTEM("subscriber|diagnostic|platform|hw-module|card|mgcp|gatekeeper|dial-peer|tftp-"
	       "server|ssh"),
	SYSTEM("do|write|configure|process-max-time|security|upgrade|vtp|cdp|lldp|netconf|"
	       "restconf"),
	SYSTEM("ip cef|classless|subnet-zero|forward-protocol|http|domain|domain-name|domain-lookup"),
	SYSTEM("ip name-server|host|ssh|dhcp|tcp|flow-export|flow-cache|flow-top-talkers|sla|scp|ftp"),
	SYSTEM("ip tftp|telnet|source-route|finger|bootp|inspect|ips|radius|tacacs|admission|rcmd"),
	SYSTEM("ip auth-proxy|routing|arp|gratuitous-arps|spd|accounting|multicast|igmp|rsvp"),
	{ IOS_BLOCK, "...", IOS_SYSTEM, NULL, NULL },
};

const struct ios_commands ios_other = { rows, ARRAY_SIZE(rows) };
