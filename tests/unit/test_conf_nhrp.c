/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tunnel's nhrp { } says about phase 3, multicast, several hubs and who may register what: how it
 * is taken, and what is said where it is wrong.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

#define CRYPTO \
	"isakmp-policy 1 { encryption = aes-256 authentication = pre-share group = 14 }\n" \
	"isakmp-key 0.0.0.0/1 { key = \"0123456789abcdefghij\" }\n" \
	"transform-set S { encryption = esp-gcm } ipsec-profile P { transform-set = S }\n"
/* What is in it begins on line 4. */
#define IN_NHRP(x) \
	CRYPTO "tunnel T { address = 172.16.0.9/24 source = eth0 profile = P nhrp { network-id = 1 " x " } }"
#define T "tunnel T: nhrp: "

static struct conf *parse(const char *text, struct conf_report *r)
{
	return conf_parse(text, "t.conf", r);
}

static struct conf *good(const char *text)
{
	struct conf_report r;
	struct conf *c = parse(text, &r);

	cr_assert_not_null(c, "%s", r.count ? r.messages[0].text : "no message");
	cr_assert_eq(r.count, 0, "%s", r.count ? r.messages[0].text : "");
	conf_report_free(&r);
	return c;
}

static bool is(const struct addr *a, const char *text)
{
	struct addr b = { 0 };

	return addr_parse(text, &b) && addr_equal(a, &b);
}

Test(conf_nhrp, left_out)
{
	struct conf *c = good(IN_NHRP(""));
	const struct conf_tunnel *t = &c->tunnels[0];

	cr_expect_eq(t->mtu, 1400);
	cr_expect_not(t->ignore_df);
	cr_expect_not(t->nhrp.redirect);
	cr_expect_not(t->nhrp.shortcut);
	cr_expect_not(t->nhrp.no_unique);
	cr_expect_not(t->nhrp.multicast_dynamic);
	cr_expect_eq(t->nhrp.multicast.count, 0);
	cr_expect_eq(t->nhrp.fallback, 0);
	cr_expect_eq(t->nhrp.cluster_count + t->nhrp.authorize_count, 0);
	cr_expect_null(c->hook);
	cr_expect_eq(c->sysctl, CONF_SYSCTL_CHECK);
	conf_free(c);
}

Test(conf_nhrp, two_hubs)
{
	struct conf *c = good(IN_NHRP(
		"nhs-fallback = 20 shortcut = true no-unique = true\n"
		"cluster 3 { max-connections = 1 }\n"
		"nhs 172.16.0.1 { nbma = 10.0.1.2 cluster = 3 priority = 1 multicast = true }\n"
		"nhs 172.16.0.2 { nbma = hub-2.example.net cluster = 3 priority = 255 }\n"
		"map 172.16.0.3 { nbma = 10.0.3.2 } nhs 172.16.0.3 { }"));
	const struct conf_nhrp *n = &c->tunnels[0].nhrp;

	cr_expect(n->shortcut && n->no_unique);
	cr_expect_eq(n->fallback, 20);
	cr_assert_eq(n->cluster_count, 1);
	cr_expect_eq(n->clusters[0].number, 3);
	cr_expect_eq(n->clusters[0].max, 1);
	cr_assert_eq(n->nhs_count, 3);
	cr_expect(is(&n->nhs[0].nbma, "10.0.1.2"));
	cr_expect(n->nhs[0].multicast && n->nhs[0].priority == 1 && n->nhs[0].cluster == 3);
	cr_expect_null(n->nhs[0].name);
	cr_expect(addr_is_none(&n->nhs[1].nbma));
	cr_expect_str_eq(n->nhs[1].name, "hub-2.example.net");
	cr_expect(!n->nhs[1].multicast && n->nhs[1].priority == 255);
	cr_expect(is(&n->nhs[2].nbma, "10.0.3.2"));
	conf_free(c);
}

Test(conf_nhrp, hub)
{
	struct conf *c = good("kernel-settings = set hook = /bin/true\n" IN_NHRP(
		"redirect = true map-multicast = { 10.0.0.1, dynamic, 10.0.0.2 }\n"
		"authorize \"CN=site-a,O=example\" { address = { 172.16.0.2, 172.16.0.3 } }\n"
		"authorize site-b.example.net { address = 172.16.0.4 }"));
	const struct conf_nhrp *n = &c->tunnels[0].nhrp;

	cr_expect(n->redirect && n->multicast_dynamic);
	cr_assert_eq(n->multicast.count, 2);
	cr_expect(is(&n->multicast.addr[1], "10.0.0.2"));
	cr_assert_eq(n->authorize_count, 2);
	cr_expect_str_eq(n->authorize[0].identity, "CN=site-a,O=example");
	cr_assert_eq(n->authorize[0].addresses.count, 2);
	cr_expect(is(&n->authorize[0].addresses.addr[1], "172.16.0.3"));
	cr_expect_str_eq(c->hook, "/bin/true");
	cr_expect_eq(c->sysctl, CONF_SYSCTL_SET);
	conf_free(c);
}

Test(conf_nhrp, mtu)
{
	struct conf *c = good(CRYPTO "tunnel T { address = 172.16.0.9/24 source = eth0 profile = P mtu = auto "
				     "ignore-df = true nhrp { network-id = 1 } }");

	cr_expect_eq(c->tunnels[0].mtu, 0);
	cr_expect(c->tunnels[0].ignore_df);
	conf_free(c);
}

/* All that is said, warnings with a W in front, without "t.conf:". */
static void expect(const char *config, const char *const messages[3])
{
	struct conf_report r;
	struct conf *c = parse(config, &r);

	for (size_t i = 0; i < 3; i++) {
		char got[600] = "";

		if (i < r.count)
			snprintf(got, sizeof(got), "%s%s",
				 r.messages[i].severity == CONF_WARNING ? "W " : "",
				 r.messages[i].text + strlen("t.conf:"));
		cr_expect_str_eq(got, messages[i] ? messages[i] : "", "in %s\nwant %s\ngot  %s", config,
				 messages[i] ? messages[i] : "nothing", got);
	}
	cr_expect_leq(r.count, 3);
	conf_free(c);
	conf_report_free(&r);
}

#define EXPECT_NBMA \
	"nbma: expected an IPv4 address or a name in the DNS, as 10.0.1.2 or hub.example.net, found "

Test(conf_nhrp, errors)
{
	static const struct {
		const char *config, *messages[3];
	} cases[] = {
		{ IN_NHRP("nhs 172.16.0.1 { nbma = 10.0.0 }"),
		  { "4: " T "nhs 172.16.0.1: " EXPECT_NBMA "\"10.0.0\"" } },
		{ IN_NHRP("nhs 172.16.0.1 { nbma = \"a..b\" }"),
		  { "4: " T "nhs 172.16.0.1: " EXPECT_NBMA "\"a..b\"" } },
		{ IN_NHRP("nhs 172.16.0.1 { nbma = \"a-.b\" }"),
		  { "4: " T "nhs 172.16.0.1: " EXPECT_NBMA "\"a-.b\"" } },
		{ IN_NHRP("nhs 172.16.0.1 { nbma = 10.0.0.1 }\nmap 172.16.0.1 { nbma = 10.0.0.2 }"),
		  { "4: " T "nhs 172.16.0.1: nbma: the map in line 5 says 10.0.0.2; remove one of them" } },
		{ IN_NHRP("nhs 172.16.0.1 { nbma = hub }\nmap 172.16.0.1 { nbma = 10.0.0.2 }"),
		  { "4: " T "nhs 172.16.0.1: nbma: the map in line 5 says 10.0.0.2; remove one of them" } },
		{ IN_NHRP("nhs 172.16.0.1 { nbma = 172.16.0.1 }"),
		  { "4: " T "nhs 172.16.0.1: nbma: this is an address in the tunnel; expected the one "
		    "outside" } },
		{ IN_NHRP("nhs 172.16.0.1 { nbma = 130.0.0.1 }"),
		  { "4: " T "nhs 172.16.0.1: nbma: no key for this peer; add: isakmp-key \"130.0.0.1\" { "
		    "key = \"...\" }" } },
		{ IN_NHRP("map-multicast = { dynamic, 10.0.0.1, 10.0.0.1 }"),
		  { "4: " T "map-multicast: \"10.0.0.1\" is there twice" } },
		{ IN_NHRP("map-multicast = all"),
		  { "4: " T "map-multicast: expected dynamic, or NBMA addresses, as { dynamic, "
		    "\"10.0.1.2\" }, found \"all\"" } },
		{ IN_NHRP("cluster 11 { max-connections = 1 }"),
		  { "4: " T "cluster 11: expected a number from 0 to 10, found \"11\"" } },
		{ IN_NHRP("cluster 1 { }"),
		  { "4: " T "cluster 1: max-connections: missing: expected a number from 1 to 16" } },
		{ IN_NHRP("cluster 1 { max-connections = 1 }"),
		  { "W 4: " T "cluster 1: no nhs is in it" } },
		{ IN_NHRP("cluster 0 { max-connections = 1 }\ncluster 0 { max-connections = 2 }\n"
			  "nhs 172.16.0.1 { nbma = 10.0.0.1 }"),
		  { "5: " T "cluster 0: there twice, first in line 4" } },
		{ IN_NHRP("nhs-fallback = 61"),
		  { "4: " T "nhs-fallback: expected a number from 0 to 60, found \"61\"" } },
		{ IN_NHRP("authorize a { address = 172.16.0.9 }\nauthorize a { address = 172.16.1.1 }"),
		  { "4: " T "authorize a: address: 172.16.0.9 is our own",
		    "5: " T "authorize a: there twice, first in line 4",
		    "5: " T "authorize a: address: expected addresses in the tunnel's network, "
		    "172.16.0.9/24, found 172.16.1.1" } },
		{ IN_NHRP("authorize a { address = 172.16.0.1 }\nauthorize b { address = 172.16.0.1 }"),
		  { "5: " T "authorize b: address: 172.16.0.1 belongs to authorize a (line 4) already" } },
		{ "hook = bin/true\n" IN_NHRP(""),
		  { "1: hook: expected the absolute path of a program, found \"bin/true\"" } },
		{ "hook = /nowhere/x\n" IN_NHRP(""), { "1: hook: /nowhere/x: No such file or directory" } },
		{ "hook = /etc/passwd\n" IN_NHRP(""),
		  { "1: hook: /etc/passwd is no program; run: chmod +x '/etc/passwd'" } },
		{ "kernel-settings = yes\n" IN_NHRP(""),
		  { "1: kernel-settings: expected check, set or ignore, found \"yes\"" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].config, cases[i].messages);
}
