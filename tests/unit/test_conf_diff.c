/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reload finds different between two configurations, and what it does not.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"

static const char base[] =
	"hostname = A\n"
	"isakmp-policy 1 { encryption = aes-256 authentication = pre-share group = 14 }\n"
	"isakmp-key 10.0.0.1 { key = aaaaaaaaaaaaaaaaaaaa }\n"
	"isakmp-key 10.0.0.2 { key = bbbbbbbbbbbbbbbbbbbb }\n"
	"transform-set S { encryption = esp-gcm }\n"
	"ipsec-profile P { transform-set = S }\n"
	"ipsec-profile Q { transform-set = S }\n"
	"tunnel T { address = 172.16.0.2/24 source = eth0 key = 1 profile = P mtu = 1400\n"
	"  nhrp { network-id = 1 authentication = KEY holdtime = 600\n"
	"    map 172.16.0.1 { nbma = 10.0.0.1 } nhs 172.16.0.1 { } } }\n"
	"tunnel U { address = 172.17.0.2/24 source = eth1 profile = Q nhrp { network-id = 2 } }\n";

/* The base with the first `from` replaced by `to`. */
static struct conf *edited(const char *from, const char *to)
{
	char *text = calloc(1, sizeof(base) + 1000);
	const char *at = strstr(base, from);
	struct conf_report r;
	struct conf *c;

	cr_assert_not_null(at, "%s", from);
	sprintf(text, "%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
	c = conf_parse(text, "t.conf", &r);
	cr_assert_not_null(c, "%s -> %s: %s", from, to, r.count ? r.messages[0].text : "");
	conf_report_free(&r);
	free(text);
	return c;
}

Test(conf_diff, one_thing_at_a_time)
{
	static const struct {
		const char *from, *to;
		unsigned int daemon, tunnel; /* what changes, of the daemon and of T */
	} cases[] = {
		{ "hostname", "hostname", 0, 0 },
		{ "hostname = A\n", "log-level = informational hostname = A\n", 0, 0 },
		{ "isakmp-policy", "isakmp-keepalive { interval = 10 } isakmp-policy", 0, 0 },
		{ "group = 14 }", "group = 14 hash = sha lifetime = 86400 }", 0, 0 },
		{ "hostname = A", "hostname = B", CONF_CHANGED_LOG, 0 },
		{ "hostname", "log-level = debugging hostname", CONF_CHANGED_LOG, 0 },
		{ "hostname", "log = /a/b hostname", CONF_CHANGED_LOG, 0 },
		{ "isakmp-policy", "isakmp-keepalive { interval = 11 } isakmp-policy", CONF_CHANGED_IKE, 0 },
		{ "isakmp-policy", "isakmp-keepalive { mode = on-demand } isakmp-policy", CONF_CHANGED_IKE, 0 },
		{ "policy 1", "policy 2", CONF_CHANGED_IKE, 0 },
		{ "group = 14", "group = 19", CONF_CHANGED_IKE, 0 },
		{ "group = 14", "group = 14 lifetime = 3600", CONF_CHANGED_IKE, 0 },
		{ "aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaab", CONF_CHANGED_IKE, 0 },
		{ "aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", CONF_CHANGED_IKE, 0 },
		{ "10.0.0.2", "10.0.0.3", CONF_CHANGED_IKE, 0 },
		{ "esp-gcm", "esp-gcm-256", CONF_CHANGED_IKE, 0 },
		{ "= S }", "= S pfs = group19 }", CONF_CHANGED_IKE, 0 },
		{ "= S }", "= S lifetime-seconds = 600 }", CONF_CHANGED_IKE, 0 },
		{ "172.16.0.2/24", "172.16.0.3/24", 0, CONF_CHANGED_NATURE },
		{ "172.16.0.2/24", "172.16.0.2/25", 0, CONF_CHANGED_NATURE },
		{ "key = 1 ", "key = 2 ", 0, CONF_CHANGED_NATURE },
		{ "key = 1 ", "", 0, CONF_CHANGED_NATURE },
		{ "profile = P mtu", "mtu", 0, CONF_CHANGED_NATURE },
		{ "source = eth0", "source = eth2", 0, CONF_CHANGED_SOURCE },
		{ "source = eth0", "source = 10.0.0.9", 0, CONF_CHANGED_SOURCE },
		{ "profile = P mtu", "profile = Q mtu", 0, CONF_CHANGED_PROFILE },
		{ "mtu = 1400", "mtu = 1300", 0, CONF_CHANGED_LINK | CONF_CHANGED_NHRP },
		{ "mtu = 1400", "ttl = 9", 0, CONF_CHANGED_LINK },
		{ "authentication = KEY", "authentication = KEYS", 0, CONF_CHANGED_NHRP },
		{ "authentication = KEY", "", 0, CONF_CHANGED_NHRP },
		{ "holdtime = 600", "holdtime = 601", 0, CONF_CHANGED_NHRP },
		{ "holdtime = 600", "holdtime = 600 hold-down = 9", 0, CONF_CHANGED_NHRP },
		{ "nbma = 10.0.0.1", "nbma = 10.0.0.2", 0, CONF_CHANGED_NHRP },
		{ "nhs 172.16.0.1 { }", "", 0, CONF_CHANGED_NHRP },
		{ "hostname", "hook = /bin/true hostname", CONF_CHANGED_HOST, 0 },
		{ "hostname", "kernel-settings = set hostname", CONF_CHANGED_HOST, 0 },
		{ "mtu = 1400", "mtu = auto", 0, CONF_CHANGED_LINK | CONF_CHANGED_NHRP },
		{ "mtu = 1400", "mtu = 1400 ignore-df = true", 0, CONF_CHANGED_LINK },
		{ "nhs", "redirect = true nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "shortcut = true nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "no-unique = true nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "nhs-fallback = 5 nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "map-multicast = dynamic nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "map-multicast = 10.0.0.1 nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "cluster 0 { max-connections = 1 } nhs", 0, CONF_CHANGED_NHRP },
		{ "nhs", "authorize a { address = 172.16.0.3 } nhs", 0, CONF_CHANGED_NHRP },
		{ "{ nbma = 10.0.0.1 } nhs 172.16.0.1 { }",
		  "{ nbma = 10.0.0.1 } nhs 172.16.0.1 { nbma = 10.0.0.1 priority = 0 cluster = 0 }", 0, 0 },
		{ "172.16.0.1 { }", "172.16.0.1 { priority = 1 }", 0, CONF_CHANGED_NHRP },
		{ "172.16.0.1 { }", "172.16.0.1 { cluster = 1 }", 0, CONF_CHANGED_NHRP },
		{ "172.16.0.1 { }", "172.16.0.1 { multicast = true }", 0, CONF_CHANGED_NHRP },
		{ "map 172.16.0.1 { nbma = 10.0.0.1 } nhs 172.16.0.1 { }",
		  "nhs 172.16.0.1 { nbma = hub.example.net }", 0, CONF_CHANGED_NHRP },
		{ "nhs", "map 172.16.0.9 { nbma = 10.0.0.2 } nhs", 0, CONF_CHANGED_NHRP },
	};
	struct conf *before = edited("", "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *after = edited(cases[i].from, cases[i].to);
		struct conf_diff *d = conf_diff(before, after);

		cr_expect_eq(d->what, cases[i].daemon, "%s: %#x", cases[i].to, d->what);
		cr_assert_eq(d->count, 2);
		cr_expect_eq(d->tunnels[0].what, cases[i].tunnel, "%s: %#x", cases[i].to,
			     d->tunnels[0].what);
		cr_expect_eq(d->tunnels[1].what, 0, "%s: U, too", cases[i].to);
		cr_expect_eq(d->changes, cases[i].tunnel ? 1 : 0);
		free(d);
		conf_free(after);
	}
	conf_free(before);
}

/* The order of keys of one length, and of sections, means nothing. */
Test(conf_diff, order)
{
	struct conf *a = edited("", ""), *b = edited("isakmp-key 10.0.0.1 { key = aaaaaaaaaaaaaaaaaaaa }\n"
						     "isakmp-key 10.0.0.2 { key = bbbbbbbbbbbbbbbbbbbb }\n",
						     "isakmp-key 10.0.0.2 { key = bbbbbbbbbbbbbbbbbbbb }\n"
						     "isakmp-key 10.0.0.1 { key = aaaaaaaaaaaaaaaaaaaa }\n");
	struct conf_diff *d = conf_diff(a, b);

	cr_expect_eq(d->what, 0);
	cr_expect_eq(d->changes, 0);
	free(d);
	conf_free(a);
	conf_free(b);
}

Test(conf_diff, tunnels_come_and_go)
{
	struct conf *a = edited("", ""), *b = edited("tunnel U ", "tunnel V ");
	struct conf_diff *d = conf_diff(a, b);

	cr_assert_eq(d->count, 3);
	cr_expect_eq(d->changes, 2);
	cr_expect_str_eq(d->tunnels[0].after->name, "T");
	cr_expect_str_eq(d->tunnels[1].before->name, "U");
	cr_expect_null(d->tunnels[1].after);
	cr_expect_null(d->tunnels[2].before);
	cr_expect_str_eq(d->tunnels[2].after->name, "V");
	free(d);
	conf_free(a);
	conf_free(b);
}
