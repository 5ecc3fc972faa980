/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of real routers as people have them: sent, copied, typed, printed in other ways, of two routers
 * at once; what must not be lost of them, and what must not be made of them.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "tests/unit/ios_text.h"

/* ---- how texts come ---- */

/* Each line of the text with something before it and behind it. */
static struct conf *framed(const char *text, const char *before, const char *behind)
{
	char out[4096] = "", *to = out;
	struct conf *c;

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		to += snprintf(to, sizeof(out) - (size_t)(to - out), "%s%.*s%s\n", before, (int)n,
			       line, behind);
		line += n + 1;
	}
	c = good(out);
	return c;
}

Test(conf_ios_wild, a_text_in_a_mail_or_marked_as_code)
{
	assert_same(good(BASE TUNNEL), framed(BASE TUNNEL, "> ", ""));
	assert_same(good(BASE TUNNEL), framed(BASE TUNNEL, ">", ""));
	assert_same(good(BASE TUNNEL), framed(BASE TUNNEL, "> > ", " "));
	assert_same(good(BASE TUNNEL), framed(BASE TUNNEL, "`", "`"));
	assert_same(good(BASE TUNNEL), framed(BASE TUNNEL, "  ", " "));
}

Test(conf_ios_wild, a_text_with_line_numbers)
{
	char out[4096] = "", *to = out;
	int number = 0;

	for (const char *line = BASE TUNNEL; *line; line += strcspn(line, "\n") + 1)
		to += snprintf(to, sizeof(out) - (size_t)(to - out), "%5d : %.*s\n", ++number,
			       (int)strcspn(line, "\n"), line);
	assert_same(good(BASE TUNNEL), good(out));
}

static void replace_all(const char *text, const char *what, const char *by, char out[4096])
{
	char *to = out;

	for (const char *p = text; *p;) {
		bool hit = strncmp(p, what, strlen(what)) == 0;

		to += snprintf(to, 8, "%.*s", hit ? 7 : 1, hit ? by : p);
		p += hit ? strlen(what) : 1;
	}
	*to = '\0';
}

/* From a web page, from an editor that marks UTF-8, from a system whose lines end with a CR only. */
Test(conf_ios_wild, blanks_and_ends_of_lines)
{
	char out[4096] = "\xef\xbb\xbf";

	replace_all(BASE TUNNEL, " ", "\xc2\xa0", out);
	assert_same(good(BASE TUNNEL), good(out));
	replace_all(BASE TUNNEL, "\n ", "\n\xe3\x80\x80", out);
	assert_same(good(BASE TUNNEL), good(out));
	replace_all(BASE TUNNEL, "\n", "\r", out);
	assert_same(good(BASE TUNNEL), good(out));
	replace_all(BASE TUNNEL, "\n", "\xc2\xa0\r\n", out);
	assert_same(good(BASE TUNNEL), good(out));
	snprintf(out, sizeof(out), "\xef\xbb\xbf%s", BASE TUNNEL);
	assert_same(good(BASE TUNNEL), good(out));
}

/* What a terminal and a router say in between, and what colours it. */
Test(conf_ios_wild, noise)
{
	struct conf_report r;
	struct conf *c =
		load("R1#show running-config\n"
		     "Load for five secs: 1%/0%; one minute: 1%; five minutes: 1%\n"
		     "Time source is NTP, 10:22:33.123 UTC Mon Mar 4 2019\n"
		     "\x1b[7m--More--\x1b[m\r\x1b[K" BASE
		     "000123: Mar  4 10:22:33.5: %LINK-3-UPDOWN: Interface Tunnel0, changed\n"
		     ".Mar  4 10:22:33: %SYS-5-CONFIG_I: Configured from console\n"
		     "\x1b[1;32m" TUNNEL "\x1b[0m\n"
		     "R1(config-if)#ip nhrp holdtime\n                    ^\n"
		     "% Invalid input detected at '^' marker.\n"
		     "R1#wr\nBuilding configuration...\n[OK]\nR1#\n",
		     &r);

	cr_assert_not_null(c, "%s", r.messages[0].text);
	cr_assert_null(find(&r, "unknown"));
	conf_report_free(&r);
	assert_same(good(BASE TUNNEL), c);
}

Test(conf_ios_wild, utf_16_is_told)
{
	const char *path = write_file("\xff\xfeh\0o\0", 6);
	struct conf_report r;

	cr_assert_null(conf_load(path, &map, &r));
	unlink(path);
	cr_assert_not_null(find(&r, "is UTF-16"));
	conf_report_free(&r);
}

/* Blanks before headings, none or some before what belongs to them. */
Test(conf_ios_wild, headings_that_are_indented)
{
	assert_same(
		good(BASE TUNNEL " ip nhrp nhs 172.16.0.1 nbma 192.0.2.1\n"),
		good("configure terminal\n!\n hostname R1\n"
		     "crypto isakmp policy 10\n  encr aes 256\n  authentication pre-share\n  group "
		     "14\n"
		     " crypto isakmp key 0123456789abcdefghij address 0.0.0.0 0.0.0.0\n"
		     " crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac\n  mode transport\n"
		     " crypto ipsec profile P\n set transform-set T\n!\n"
		     " interface fa0/1\n ip address 10.0.0.1 255.255.255.0\n no shutdown\n!\n"
		     " interface tu0    !! the cloud\n  ip address 172.16.0.2 255.255.255.0\n"
		     "  ip nhrp network-id 1\n  tunnel source fa0/0\n  tunnel mode gre multipoint\n"
		     "  tunnel protection ipsec profile P\n"
		     "  ip nhrp nhs 172.16.0.1 nbma 192.0.2.1\n!\n"
		     " router eigrp 1\n  network 10.0.0.0\n !\n"
		     " ip route 0.0.0.0 0.0.0.0 192.0.2.9\nend\n"));
}

/* What people write behind commands; a secret may begin so. */
Test(conf_ios_wild, comments)
{
	struct conf *c;

	assert_same(
		good(BASE TUNNEL),
		good(BASE
		     "interface Tunnel0   !! the cloud\n"
		     " ip address 172.16.0.2 255.255.255.0\t#ours\n ip nhrp network-id 1 # any\n"
		     " tunnel source FastEthernet0/0 !!!\n tunnel mode gre multipoint #mGRE\n"
		     " tunnel protection ipsec profile P\n"));
	c = good(BASE TUNNEL " ip nhrp authentication #abc\n"
			     "crypto isakmp key #a-key-for-one-peer address 192.0.2.1\n");
	cr_assert_arr_eq(c->tunnels[0].nhrp.authentication, "#abc", 4);
	cr_assert_arr_eq(c->isakmp_keys[0].key, "#a-key-for-one-peer", 19);
	conf_free(c);
}

/* Typed, each block was left by a word. */
Test(conf_ios_wild, leaving_a_block)
{
	struct conf_report r;
	struct conf *c = load(
		"hostname R1\ncrypto isakmp policy 10\n encr aes 256\n authentication pre-share\n"
		" group 14\n exit\n"
		"crypto isakmp key 0123456789abcdefghij address 0.0.0.0 0.0.0.0\n"
		"crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac\n mode transport\n exit\n"
		"crypto ipsec profile P\n set transform-set T\n exit\n" TUNNEL
		" do show dmvpn\n exit\n",
		&r);

	cr_assert_not_null(c);
	cr_assert_eq(r.count, 2, "%s",
		     r.messages[1].text); /* the summary, and that one key is for all */
	conf_report_free(&r);
	assert_same(good(BASE TUNNEL), c);
}

/* What stands below an unknown line is as unknown, also where no "!" is before it. */
Test(conf_ios_wild, blocks_of_other_things)
{
	struct conf *c = good(
		"enable\nconfigure terminal\n hostname R1\nfrobnicator a\n hostname a.example.net\n"
		" ip address 192.0.2.1\nwebvpn gateway b\n hostname b.example.net\n" BASE TUNNEL
		"crypto isakmp key k address 192.0.2.1\nfrobnicator c\n hostname c.example.net\n");

	cr_assert_str_eq(c->hostname, "R1");
	conf_free(c);
	c = good("configure terminal\n hostname R2\n" TUNNEL
		 " no tunnel protection ipsec profile P\n");
	cr_assert_str_eq(c->hostname, "R2");
	conf_free(c);
}

/* A crypto map of an interface opens nothing. */
Test(conf_ios_wild, what_looks_like_a_heading)
{
	struct conf_report r;
	struct conf *c = load(BASE "interface FastEthernet0/0\n crypto map M\n ip address dhcp\n"
				   "interface Tunnel0\n crypto ipsec df-bit clear\n"
				   " ip nhrp network-id 1\n" TUNNEL,
			      &r);

	cr_assert_not_null(c, "%s", r.messages[0].text);
	cr_assert_null(find(&r, "unknown"));
	conf_report_free(&r);
	conf_free(c);
}

/* A console of 80 columns breaks longer lines off. */
Test(conf_ios_wild, lines_that_a_console_broke)
{
	static const char whole[] =
		BASE TUNNEL " ip nhrp nhs 172.16.0.1 nbma "
			    "hub-1.dynamic.verylong-domain-name.example.com multicast\n"
			    " ip nhrp shortcut\n";
	static const char broken[] = BASE TUNNEL
		" ip nhrp nhs 172.16.0.1 nbma hub-1.dynamic.verylong-domain-name.example.com mult\n"
		"icast\n ip nhrp shortcut\n";
	static const char at_a_blank[] = BASE TUNNEL
		" description this is a very long description that somebody wrote for the tunnel \n"
		"to the head office\n"
		" ip nhrp nhs 172.16.0.1 nbma hub-1.dynamic.verylong-domain-name.example.com mult\n"
		"icast\n ip nhrp shortcut\n";

	assert_same(good(whole), good(broken));
	assert_same(good(whole), good(at_a_blank));
}

/* A line of just that length is whole where a command stands below it. */
Test(conf_ios_wild, a_line_of_80_columns_that_is_whole)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 BASE TUNNEL " description %067d\ncrypto isakmp keepalive 20\n!%079d\nnonsense\n", 1, 1);
	assert_same(good(BASE TUNNEL "crypto isakmp keepalive 20\n"), good(text));
}

Test(conf_ios_wild, tech_support)
{
	static const char text[] =
		"\n------------------ show version ------------------\n\n"
		"Cisco IOS Software, C2900 Software\ninterface Tunnel9\n shutdown\n"
		"------------------ show running-config ------------------\n\n"
		"Building configuration...\n" BASE TUNNEL "end\n\n"
		"------------------ show interfaces ------------------\n\n"
		"Interface GigabitEthernet0/0\nTunnel0 is up, line protocol is up\n"
		"interface Tunnel0\n shutdown\n";
	struct conf_report r;
	struct conf *c = load(text, &r);

	cr_assert_not_null(c);
	cr_assert_null(find(&r, "unknown"));
	conf_report_free(&r);
	assert_same(good(BASE TUNNEL), c);
}

/* ---- two at once ---- */

Test(conf_ios_wild, two_routers_are_not_mixed)
{
	struct conf_report r;

	cr_assert_null(load(BASE TUNNEL "end\nR2#sh run\nhostname R2\n" TUNNEL, &r));
	cr_assert_not_null(
		find(&r, ":19: hostname: here begins another router, R2; that of line 1"));
	conf_report_free(&r);
	/* One that was given a name later, and one that was printed twice. */
	conf_free(good("hostname Router\n" BASE TUNNEL));
	assert_same(good(BASE TUNNEL), good(BASE TUNNEL BASE TUNNEL));
}

Test(conf_ios_wild, an_address_that_another_replaces_is_told)
{
	struct conf_report r;
	struct conf *c =
		load(BASE TUNNEL "interface Tunnel0\n ip address 172.16.0.9 255.255.255.0\n", &r);

	cr_assert_not_null(c);
	cr_assert_not_null(find(&r, ":18: ip address: Tunnel0 had 172.16.0.2/24 before"));
	conf_report_free(&r);
	conf_free(c);
}

/* ---- what tunnels are protected by ---- */

/* Keyrings that are for tunnels of their own on the router. */
Test(conf_ios_wild, two_keys_for_one_address)
{
	struct conf_report r;

	cr_assert_null(
		load("crypto keyring A\n pre-shared-key address 0.0.0.0 0.0.0.0 key FIRSTsecret\n"
		     "crypto keyring B\n pre-shared-key address 0.0.0.0 0.0.0.0 key "
		     "OTHERsecret\n" TUNNEL,
		     &r));
	cr_assert_not_null(find(&r, ":4: line 2 has another key for 0.0.0.0/0"));
	for (size_t i = 0; i < r.count; i++)
		cr_assert_null(strstr(r.messages[i].text, "secret"), "%s", r.messages[i].text);
	conf_report_free(&r);
}

Test(conf_ios_wild, keys_that_were_taken_out)
{
	static const char *const masked[] = { "<removed>", "********", "xxxxxxxx", "{{psk}}",
					      "${KEY}" };

	for (size_t i = 0; i < ARRAY_SIZE(masked); i++) {
		struct conf_report r;
		char text[2048];

		snprintf(text, sizeof(text), "%scrypto isakmp key %s address 192.0.2.1\n",
			 BASE TUNNEL, masked[i]);
		cr_assert_null(load(text, &r), "%s", masked[i]);
		cr_assert_not_null(find(&r, ":17: the key is not in the text"), "%s", masked[i]);
		conf_report_free(&r);
		snprintf(text, sizeof(text), "%s ip nhrp authentication %s\n", BASE TUNNEL,
			 masked[i]);
		cr_assert_null(load(text, &r), "%s", masked[i]);
		conf_report_free(&r);
	}
	conf_free(good(BASE TUNNEL "crypto isakmp key <x>* address 192.0.2.1\n"));
}

#define PROFILE_OF(lines)                                                             \
	"crypto keyring K\n pre-shared-key address 192.0.2.0 255.255.255.0 key "      \
	"for-these-peers-only\n"                                                      \
	"crypto isakmp profile I\n keyring K\n" lines BASE "crypto ipsec profile P\n" \
	" set isakmp-profile I\n" TUNNEL

/* BASE has a key for all. */
Test(conf_ios_wild, peers_of_a_profile)
{
	struct conf_report r;

	conf_free(load(PROFILE_OF(" match identity address 192.0.2.0 255.255.255.0\n"), &r));
	cr_assert_not_null(find(&r, ":5: match identity address: would have limited the peers"));
	cr_assert_not_null(find(&r, "the key of line 11 is for 0.0.0.0/0"));
	cr_assert_null(find(&r, "the key of line 2"));
	conf_report_free(&r);
	conf_free(load(
		PROFILE_OF(
			" match identity address 192.0.2.1\n match identity address 0.0.0.0 X\n"),
		&r));
	cr_assert_null(find(&r, "would have limited the peers to these"));
	conf_report_free(&r);
}

/* Without profiles the VRF of outer packets says which keyring is used. */
Test(conf_ios_wild, a_keyring_of_the_front_door)
{
	static const char ring[] =
		"crypto keyring K vrf FVRF\n"
		" pre-shared-key address 192.0.2.1 key a-key-for-one-peer-only\n";
	struct conf_report r;
	char text[2048];

	snprintf(text, sizeof(text), "%s%s tunnel vrf FVRF\n", ring, BASE TUNNEL);
	cr_assert_null(load(text, &r));
	cr_assert_eq(r.errors, 2);
	cr_assert_not_null(find(&r, ":1: crypto keyring: VRFs are not supported"));
	conf_report_free(&r);
	snprintf(text, sizeof(text), "%s%s", ring, BASE TUNNEL);
	conf_free(good(text));
}

/* As it was done before there was tunnel protection. */
Test(conf_ios_wild, a_crypto_map_that_may_protect_the_tunnel)
{
	static const char bare[] = "interface Tunnel0\n ip address 172.16.0.2 255.255.255.0\n"
				   " ip nhrp network-id 1\n tunnel source FastEthernet0/0\n"
				   " tunnel mode gre multipoint\n";
	char text[2048];
	struct conf_report r;

	snprintf(text, sizeof(text), "%sinterface Fa0/0\n crypto map M\n", bare);
	cr_assert_null(load(text, &r));
	cr_assert_not_null(find(&r, ":1: Tunnel0: a crypto map may protect it"));
	conf_report_free(&r);
	snprintf(text, sizeof(text), "%s crypto map M\n", bare);
	cr_assert_null(load(text, &r));
	conf_report_free(&r);
	snprintf(text, sizeof(text), "%sinterface Fa0/1\n crypto map M\n", bare);
	conf_free(good(text));
	conf_free(good(BASE TUNNEL "interface Fa0/0\n crypto map M\n"));
}

/* Where a profile has others, one that is not done is no reason to refuse all. */
Test(conf_ios_wild, transform_sets_that_are_left_out)
{
	static const char *const odd[] = { "esp-3des esp-sha-hmac\n",
					   "esp-3des esp-sha-hmac\n mode tunnel\n",
					   "ah-sha-hmac esp-aes\n mode transport\n",
					   "esp-des esp-md5-hmac\n mode transport\n" };

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct conf_report r;
		struct conf *c;
		char text[2048];

		snprintf(text, sizeof(text),
			 "%scrypto ipsec transform-set U %scrypto ipsec profile P\n set "
			 "transform-set U T\n",
			 BASE TUNNEL, odd[i]);
		c = load(text, &r);
		cr_assert_not_null(c, "%s", odd[i]);
		cr_assert_not_null(
			find(&r, ":17: crypto ipsec transform-set U: tunnel mode and some"));
		cr_assert_eq(c->tunnels[0].profile->transform_set_count, 1);
		cr_assert_str_eq(c->tunnels[0].profile->transform_sets[0]->name, "T");
		conf_report_free(&r);
		conf_free(c);
		snprintf(text, sizeof(text),
			 "%scrypto ipsec transform-set U %scrypto ipsec profile P\n set "
			 "transform-set U\n",
			 BASE TUNNEL, odd[i]);
		cr_assert_null(load(text, &r), "%s", odd[i]);
		conf_report_free(&r);
	}
}

Test(conf_ios_wild, a_tunnel_for_ipv6_only)
{
	struct conf_report r;
	struct conf *c =
		load(BASE TUNNEL "interface Tunnel6\n no ip address\n ipv6 address 2001:db8::1/64\n"
				 " ipv6 nhrp network-id 6\n tunnel source FastEthernet0/0\n"
				 " tunnel mode gre multipoint\n tunnel key 6\n",
		     &r);

	cr_assert_not_null(c);
	cr_assert_eq(c->tunnel_count, 1);
	cr_assert_not_null(find(&r, ":17: Tunnel6: a tunnel for IPv6 only"));
	conf_report_free(&r);
	conf_free(c);
}

/* ---- values ---- */

Test(conf_ios_wild, lifetimes_of_newer_routers)
{
	struct conf_report r;
	struct conf *c = good(BASE TUNNEL "crypto ipsec profile P\n"
					  " set security-association lifetime days 1\n");

	cr_assert_eq(c->tunnels[0].profile->lifetime_seconds, 86400);
	conf_free(c);
	c = load(BASE TUNNEL "crypto ipsec security-association lifetime seconds 2592000\n", &r);
	cr_assert_not_null(c);
	cr_assert_eq(c->tunnels[0].profile->lifetime_seconds, 86400);
	cr_assert_not_null(find(&r, ":17: lifetime: 86400 seconds is the longest"));
	conf_report_free(&r);
	conf_free(c);
}

Test(conf_ios_wild, names_and_levels)
{
	struct conf_report r;
	struct conf *c = load("hostname R1_HUB\nlogging trap 3\n" TUNNEL
			      " no tunnel protection ipsec profile P\n",
			      &r);

	cr_assert_not_null(c);
	cr_assert_str_eq(c->hostname, "R1-HUB");
	cr_assert_not_null(find(&r, ":1: hostname: R1_HUB is no host name"));
	conf_report_free(&r);
	conf_free(c);
	conf_free(good(BASE TUNNEL "logging trap notif\n"));
}

/* OSPF compares it, and the text leaves it out. */
Test(conf_ios_wild, an_mtu_that_differs_from_the_routers)
{
	static const struct {
		const char *lines, *says;
	} texts[] = {
		{ " ip ospf 1 area 0\n",
		  ":11: Tunnel0: without ip mtu it is 1400 here and 1476 on" },
		{ " tunnel key 5\nrouter ospf 1\n network 10.0.0.0 0.255.255.255 area 0\n",
		  "1472 on a router" },
		{ " ip mtu 1400\n ip ospf 1 area 0\n", NULL },
		{ "router eigrp 1\n", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct conf_report r;
		char text[2048];

		snprintf(text, sizeof(text), "%s%s", BASE TUNNEL, texts[i].lines);
		conf_free(load(text, &r));
		cr_expect_eq(find(&r, texts[i].says ? texts[i].says : "without ip mtu") != NULL,
			     texts[i].says != NULL, "%s", texts[i].lines);
		conf_report_free(&r);
	}
}

static const struct {
	const char *line; /* behind a good tunnel */
	const char *says; /* NULL: nothing */
} told[] = {
	{ "crypto ipsec security-association replay window-size 128\n", NULL },
	{ "crypto ipsec security-association replay window-size 1024\n", "the window has 256" },
	{ "crypto ipsec security-association replay disable\n", "they are dropped" },
	{ "no crypto isakmp enable\n",
	  ":17: no crypto isakmp enable: not supported; it would have" },
	{ "no crypto ipsec nat-transparency udp-encapsulation\n",
	  "where there is a NAT, it is done" },
	{ "no crypto isakmp invalid-spi-recovery\n", NULL },
	{ "crypto ipsec df-bit clear\n", NULL },
	{ "crypto ipsec optional\n", "in the clear while there are no SAs" },
	{ " crypto ipsec df-bit set\n", ":17: crypto ipsec df-bit: not supported" },
	{ " crypto map M\n", ":17: crypto map: not supported" },
	{ " ip broadcast-address 255.255.255.255\n", NULL },
	{ " ip load-sharing per-destination\n", NULL },
	{ " ip mfib forwarding input\n", NULL },
	{ " ip nhrp multicast batch-size 10\n", NULL },
	{ " ip nhrp registration unique\n", NULL },
	{ " ip nhrp path preference 10\n", "told the others how much" },
	{ " tunnel source FastEthernet0 /0\n", NULL },
	{ "crypto isakmp profile A\n client authentication list x\n"
	  "crypto ipsec profile P\n set isakmp-profile A\n",
	  ":18: client authentication: not supported; it would have been for VPN clients" },
	{ " tunnel destination 192.0.2.1\n", ":17: tunnel destination: nothing is done about it" },
	{ " domain iwan path MPLS path-id 1\n", ":17: domain iwan: not supported" },
	{ "crypto ipsec profile P\n set security-association ecn discard\n",
	  ":18: set security-association: not supported" },
	{ "crypto ipsec profile P\n responder-only\n",
	  ":18: responder-only: not supported; it would "
	  "have let the other side begin" },
};

Test(conf_ios_wild, what_a_line_would_have_done)
{
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		char text[2048];
		struct conf_report r;

		snprintf(text, sizeof(text), "%s%s", BASE TUNNEL, told[i].line);
		conf_free(load(text, &r));
		cr_assert_eq(r.errors, 0, "%s", told[i].line);
		if (told[i].says)
			cr_expect_not_null(find(&r, told[i].says), "%s", told[i].line);
		for (size_t j = 0; j < r.count && !told[i].says; j++)
			cr_expect_lt(r.messages[j].line, 17, "%s", r.messages[j].text);
		conf_report_free(&r);
	}
}

/* ---- the routing part ---- */

static const struct {
	const char *ios, *frr;
} routing[] = {
	{ "interface Tunnel0\n bandwidth 10000\n", "\n bandwidth 10\n" },
	{ "interface Tunnel0\n bandwidth 56\n", "\n bandwidth 1\n" },
	{ "interface Tunnel0\n bandwidth 1000000000\n", "\n bandwidth 100000\n" },
	{ "interface Tunnel0\n ip ospf network point-to-multipoint non-broadcast\n",
	  "! FRR has nothing for: ip ospf network" },
	{ "router ospf 1\n area 0 range 10.0.0.0 255.0.0.0\n", "\n area 0 range 10.0.0.0/8\n" },
	{ "router ospf 1\n area 2 nssa no-summary\n", "\n area 2 nssa no-summary\n" },
	{ "router ospf 1\n area 2 nssa default-information-originate\n",
	  "\n area 2 nssa\n! FRR has nothing for: default-information-originate\n" },
	{ "router ospf 1\n max-metric router-lsa\n", "\n max-metric router-lsa administrative\n" },
	{ "router ospf 1\n max-metric router-lsa on-startup 300\n", " on-startup 300\n" },
	{ "router ospf 1\n timers pacing flood 5\n", "! FRR has nothing for: timers pacing" },
	{ "router eigrp 1\n net 10.0.0.0 0.0.0.255\n", "\n network 10.0.0.0/24\n" },
	{ "router eig X\n add ipv4 au 7\n net 10.0.0.0\n",
	  "\nrouter eigrp 7\n network 10.0.0.0/8\n" },
	{ "router bgp 1\n neighbor 192.0.2.1 remote-as 1\n neighbor 192.0.2.1 timers 5 15 15\n",
	  "! FRR has nothing for: neighbor 192.0.2.1 timers" },
	{ "router bgp 1\n address-family ipv4\n  neighbor 192.0.2.1 remote-as 1\n  network "
	  "10.0.0.0\n"
	  " exit-address-family\n",
	  " address-family ipv4\n exit-address-family\n neighbor 192.0.2.1 remote-as 1\n "
	  "address-family ipv4\n"
	  " network 10.0.0.0\n exit-address-family\n" },
	{ "router bgp 1\n maximum-paths eibgp 2\n", "! FRR has nothing for: maximum-paths eibgp" },
	{ "router bgp 1\n bgp listen range 10.0.0.0/8 peer-group S remote-as 5\n",
	  "\n bgp listen range 10.0.0.0/8 peer-group S\n! FRR has nothing for: remote-as 5\n" },
	{ "ip route 10.0.0.0 255.0.0.0 FastEthernet0/0 dhcp\n", "! FRR has nothing for: ip route" },
	{ "ip route 10.0.0.0 255.0.0.0 192.0.2.1 track 5\n",
	  "\nip route 10.0.0.0/8 192.0.2.1\n! FRR has nothing for: track 5\n" },
	{ "hostname R1\nkey chain K\n key 1\n", "! not translated: key chain K" },
	{ "ip as-path access-list 1 permit ^$\n", "\nbgp as-path access-list 1 permit ^$\n" },
	{ "access-list 10 permit 10.0.0.0 0.255.255.255\nroute-map X permit 10\n match ip address "
	  "10\n",
	  "\naccess-list 10 permit 10.0.0.0 0.255.255.255\n" },
	{ "ip access-list standard L\n 10 permit 10.0.0.0 0.255.255.255 log\n deny any\n"
	  "route-map X permit 10\n match ip address L\n",
	  "access-list L seq 10 permit 10.0.0.0 0.255.255.255\naccess-list L deny any\n" },
	{ "access-list 101 permit ip any any\nroute-map X permit 10\n match ip address 101\n",
	  "! FRR has nothing for: access-list 101" },
	{ "route-map X permit 10\n match tag 1 2\n", "! FRR has nothing for: match tag 1 2" },
	{ "route-map X permit 10\n set metric 1 2 3 4 5\n", "! FRR has nothing for: set metric" },
	{ "router eigrp 1\n redistribute static metric 1 2 3 4 5 route-map X\n",
	  "! FRR has nothing for: redistribute static" },
	{ "router ospf 1\n network 10.0.0.0 0.0.0.255 area 0\t#for now\n",
	  "\n network 10.0.0.0/24 area 0\n" },
	{ "ip pim rp-address 192.0.2.1\n", "\nip pim rp 192.0.2.1\n" },
	{ "ip mroute 10.0.0.0 255.0.0.0 192.0.2.1\n", "! not translated: ip mroute" },
};

/* FRR itself is asked where it is installed, about all of them at once. */
Test(conf_ios_wild, what_frr_says_in_other_words)
{
	bool installed = system("vtysh -C -f /dev/null >/dev/null 2>&1") == 0;
	char all[16384] = "", command[128];
	const char *path;
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(routing); i++) {
		struct conf_report r;
		char ios[1024], *text;

		snprintf(ios, sizeof(ios), "interface FastEthernet0/0\n ip address dhcp\n%s",
			 routing[i].ios);
		path = write_file(ios, strlen(ios));
		text = conf_convert(path, CONF_TO_FRR, &map, &r);
		unlink(path);
		cr_assert_not_null(text);
		cr_expect_not_null(strstr(text, routing[i].frr), "%s\n%s", routing[i].ios, text);
		/* Without its "end". */
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%.*s", (int)strlen(text) - 4,
					text);
		cr_assert_lt(len, sizeof(all));
		conf_text_free(text);
		conf_report_free(&r);
	}
	path = write_file(all, len);
	snprintf(command, sizeof(command), "vtysh -C -f %s >&2", path);
	if (installed)
		cr_expect_eq(system(command), 0, "%s", all);
	unlink(path);
}

/* Most access lists are for packets: they are not FRR's. */
Test(conf_ios_wild, an_access_list_that_routing_does_not_ask)
{
	static const char ios[] =
		"interface FastEthernet0/0\n ip access-group 10 in\n"
		"access-list 10 permit any\nip access-list extended E\n permit ip any any\n";
	const char *path = write_file(ios, strlen(ios));
	struct conf_report r;
	char *text = conf_convert(path, CONF_TO_FRR, &map, &r);

	unlink(path);
	cr_assert_not_null(text);
	cr_assert_null(strstr(text, "access-list"), "%s", text);
	conf_text_free(text);
	conf_report_free(&r);
}
