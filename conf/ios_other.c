/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running-config says beside of tunnels and their protection. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/util.h"

static void hostname(struct ios *x, const char *const *arg, size_t n)
{
	char name[64];

	(void)n;
	snprintf(name, sizeof(name), "%s", arg[0]);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '.')
			*c = '-';
	if (strcmp(name, arg[0]) != 0)
		ios_say(x, CONF_WARNING, "hostname: %.63s is no host name of the DNS, %s is taken",
			arg[0], name);
	outline_set(&x->root, "hostname", name, x->at->number);
}

/* logging trap {0..7 | NAME} */
static void logging(struct ios *x, const char *const *arg, size_t n)
{
	static const char *const levels[] = { "emergencies",   "alerts",   "critical",
					      "errors",	       "warnings", "notifications",
					      "informational", "debugging" };
	const char *level = arg[0];

	(void)n;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (ios_means(arg[0], levels[i]) || (arg[0][0] == '0' + (int)i && !arg[0][1]))
			level = levels[i];
	outline_set(&x->root, "log-level", level, x->at->number);
}

#define SYSTEM(words)                                             \
	{                                                         \
		IOS_GLOBAL, words " ...", IOS_SYSTEM, NULL, ios_block \
	}

static const struct ios_command rows[] = {
	{ IOS_GLOBAL, "hostname $", IOS_APPLIED, NULL, hostname },
	{ IOS_GLOBAL, "logging trap $", IOS_APPLIED, NULL, logging },

	{ IOS_GLOBAL, "router|route-map|mpls|bfd|bfd-template ...", IOS_ROUTING, NULL, ios_block },
	{ IOS_GLOBAL,
	  "ip "
	  "route|prefix-list|multicast-routing|pim|as-path|community-list|extcommunity-list|mroute|"
	  "msdp|bgp-community|default-network|default-gateway|igmp|ospf|rsvp ...",
	  IOS_ROUTING, NULL, ios_block },
	{ IOS_GLOBAL, "key chain ...", IOS_ROUTING, NULL, ios_block },
	{ IOS_GLOBAL, "ip vrf ...", IOS_UNSUPPORTED, "made a VRF", ios_block },
	{ IOS_GLOBAL, "vrf ...", IOS_UNSUPPORTED, "made a VRF", ios_block },
	{ IOS_GLOBAL, "access-list ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_GLOBAL, "ip access-list ...", IOS_SYSTEM, NULL, ios_block },
	{ IOS_GLOBAL, "ip nat ...", IOS_UNSUPPORTED, "translated addresses (nftables does)",
	  ios_block },
	{ IOS_GLOBAL, "ip local policy ...", IOS_UNSUPPORTED, "routed by policy (ip rule does)",
	  NULL },
	{ IOS_GLOBAL, "ip nhrp ...", IOS_UNSUPPORTED,
	  "been for a tunnel; no interface is open at this line", NULL },
	{ IOS_GLOBAL, "tunnel ...", IOS_UNSUPPORTED,
	  "been for a tunnel; no interface is open at this line", NULL },
	{ IOS_GLOBAL, "ipv6 ...", IOS_SYSTEM, NULL, ios_block },
	/* What is typed on the way: what follows may be indented, and is none of theirs. */
	{ IOS_GLOBAL, "end|exit|quit|do|write|configure|show|copy|enable ...", IOS_SYSTEM, NULL,
	  NULL },
	SYSTEM("version|service|boot-start-marker|boot-end-marker|boot|no|banner|alias|webvpn"),
	SYSTEM("logging|username|user-name|aaa|clock|ntp|snmp-server|snmp|line|archive"),
	SYSTEM("scheduler|memory-size|memory|mmi|license|voice|voice-card|vlan|spanning-tree"),
	SYSTEM("redundancy|multilink|control-plane|controller|class-map|policy-map|zone|zone-pair"),
	SYSTEM("parameter-map|track|event|privilege|dot11|subscriber|diagnostic|platform|hw-module"),
	SYSTEM("card|mgcp|gatekeeper|dial-peer|tftp-server|ssh"),
	SYSTEM("process|process-max-time|security|upgrade|vtp|cdp|lldp|netconf|netconf-yang|restconf"),
	SYSTEM("ethernet|login|call-home|isdn|dialer|dialer-list|chat-script|vpdn|vpdn-group|flow"),
	SYSTEM("object-group|time-range|file|errdisable|parser|password|key|macro|sip-ua|stcapp"),
	SYSTEM("ccm-manager|telephony-service|dspfarm|dsp|fhrp|standby|cts|device-sensor|iox"),
	SYSTEM("app-hosting|performance|metadata|domain|pfr|oer|l2tp-class|pseudowire-class|bridge"),
	SYSTEM("bridge-domain|exception|prompt|terminal|terminal-queue|switch|stackwise|system|udld"),
	SYSTEM("monitor|fax|tclsh|kron|power|facility-alarm|transceiver|rep|ptp|scada|alarm-profile"),
	SYSTEM("aqm-register-fnf|nat64|ppp|modemcap|virtual-profile|async-bootp|dot1x|radius-server"),
	SYSTEM("radius|tacacs-server|tacacs|warm-reboot|buffers|cwmp|beep|wsma|sampler|gw-accounting"),
	SYSTEM("pae|mac|mac-address-table|arp|default|authentication|identity|eap|wireless|ip-sla|rtr"),
	SYSTEM("table-map|lacp|port-channel|hostname-prefix|dmvpn|global-address-family|mvrp|port"),
	SYSTEM("ip cef|classless|subnet-zero|forward-protocol|http|domain|domain-name|domain-lookup"),
	SYSTEM("ip domain-list|name-server|host|host-routing|ssh|dhcp|dhcp-server|tcp|flow-export"),
	SYSTEM("ip flow-cache|flow-top-talkers|flow|sla|scp|ftp|tftp|telnet|source-route|finger|bootp"),
	SYSTEM("ip inspect|ips|radius|tacacs|admission|rcmd|auth-proxy|routing|arp|gratuitous-arps"),
	SYSTEM("ip spd|accounting|accounting-threshold|multicast|icmp|dns|ddns|local|wccp|nbar|audit"),
	SYSTEM("ip urlfilter|virtual-reassembly|verify|rtcp|rtp|portbundle|identd|options|tos"),
	SYSTEM("ip traffic-export|dhcp-client|reflexive-list|bridge|cache-pool|device"),
	{ IOS_BLOCK, "...", IOS_SYSTEM, NULL, NULL },
};

const struct ios_commands ios_other = { rows, ARRAY_SIZE(rows) };
