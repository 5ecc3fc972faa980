/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said about configurations that are wrong, word for word with line, or worth a warning;
 * that all of it is said at once, and that no secret is in it.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

#define POLICY "isakmp-policy 1 { encryption = aes-256 authentication = pre-share group = 14 }\n"
#define KEY "isakmp-key 0.0.0.0/1 { key = \"0123456789abcdefghij\" }\n"
#define SET "transform-set S { encryption = esp-gcm }\n"
#define PROFILE "ipsec-profile P { transform-set = S }\n"
#define NHRP "nhrp { network-id = 1 }"
#define T_BEGIN "tunnel T { address = 172.16.0.1/24 source = eth0 profile = P "
#define TUNNEL T_BEGIN NHRP " }\n"
/* Line 6 is the first behind these. */
#define GOOD POLICY KEY SET PROFILE TUNNEL
/* A whole configuration around the content of one section, which stands on line 1. */
#define IN_POLICY(x) "isakmp-policy 2 { " x " }\n" GOOD
#define IN_SET(x) "transform-set S { " x " }\n" POLICY KEY PROFILE TUNNEL
#define IN_PROFILE(x) "ipsec-profile P { " x " }\n" POLICY KEY SET TUNNEL
#define IN_TUNNEL(x) "tunnel T { " x " }\n" POLICY KEY SET PROFILE
#define IN_NHRP(x) T_BEGIN "nhrp { " x " } }\n" POLICY KEY SET PROFILE

struct expected {
	const char *config;
	const char *messages[4]; /* all of them, warnings with a W in front, without "t.conf:" */
};

static void expect(const struct expected *e)
{
	struct conf_report r;
	struct conf *c = conf_parse(e->config, "t.conf", &r);
	size_t errors = 0;

	for (size_t i = 0; i < r.count || (i < ARRAY_SIZE(e->messages) && e->messages[i]); i++) {
		const char *want = i < ARRAY_SIZE(e->messages) ? e->messages[i] : NULL;
		char got[600] = "";

		if (i < r.count)
			snprintf(got, sizeof(got), "%s%s",
				 r.messages[i].severity == CONF_WARNING ? "W " : "",
				 r.messages[i].text + strlen("t.conf:"));
		cr_expect(want && strcmp(got, want) == 0, "in %s\nwant %s\ngot  %s", e->config,
			  want ? want : "nothing", got);
		errors += i < r.count && r.messages[i].severity == CONF_ERROR;
	}
	cr_expect_eq(r.errors, errors);
	cr_expect_eq(c == NULL, errors > 0);
	conf_free(c);
	conf_report_free(&r);
}

static void expect_all(const struct expected *e, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(&e[i]);
}

#define EXPECT_ALL(array) expect_all(array, ARRAY_SIZE(array))

Test(conf_errors, the_good_ones_are_good)
{
	static const struct expected e[] = { { GOOD, { NULL } } };

	EXPECT_ALL(e);
}

Test(conf_errors, lexical)
{
	static const struct expected e[] = {
		{ GOOD "# x\n/* y\n\n hostname = x", { "7: this comment has no end: expected */" } },
		{ GOOD "hostname = \"x\nlog = syslog",
		  { "6: this string has no end: expected its closing quote on the same line" } },
		{ GOOD "hostname = 'x", { "6: this string has no end: expected its closing quote on "
					  "the same line" } },
		{ GOOD "hostname = 'x\\n'\nhostname = 'x\\",
		  { "6: unknown escape in a string: write \\\\ for one \\",
		    "7: unknown escape in a string: write \\\\ for one \\",
		    "7: this string has no end: expected its closing quote on the same line" } },
		{ GOOD "hostname = 'x\x01'", { "6: a string holds a control character" } },
		{ GOOD "}", { "6: a } without its {" } },
		{ GOOD "tunnel U {\n\nnhrp {\n}\n", { "6: this { has no }" } },
		{ GOOD "hostname = a#b",
		  { "6: a # within a word: put quotes around the value, or a blank before the comment" } },
		{ GOOD "hostname = a*b",
		  { "6: a character that needs quotes: without them a value holds letters, digits and "
		    ". _ - / : only" } },
		{ GOOD "\nhostname = \xc3\xa4\xc3\xa4",
		  { "7: a character that needs quotes: without them a value holds letters, digits and "
		    ". _ - / : only" } },
		{ "a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{", { "1: too many braces within braces" } },
	};

	EXPECT_ALL(e);
}

#define REST "; nothing behind it was read"
#define QUOTES "put quotes around a value with blanks or signs in it"

Test(conf_errors, grammar)
{
	static const struct expected e[] = {
		{ GOOD "hostname A", { "6: expected a = behind \"hostname\"" REST } },
		{ GOOD "isakmp-policy {", { "6: this { has no }" } },
		{ GOOD "isakmp-policy { }", { "6: expected a title behind \"isakmp-policy\"" REST } },
		{ GOOD "isakmp-policy 5 = 3", { "6: expected a { behind \"isakmp-policy\"" REST } },
		{ GOOD "hostname = =", { "6: did not expect \"=\"" REST } },
		{ GOOD "hostname = { }", { "6: did not expect \"{\"" REST } },
		{ GOOD "hostname =\n", { "7: the file ends in the middle of something" } },
		{ GOOD "tunnel\n", { "7: the file ends in the middle of something" } },
		{ IN_PROFILE("transform-set = { S S }"),
		  { "1: ipsec-profile P: did not expect \"S\"" REST } },
		{ IN_POLICY("encryption = aes 256"),
		  { "1: isakmp-policy 2: did not expect \"256\"; " QUOTES REST } },
		{ "tunel T { address = 1 }\n" GOOD,
		  { "1: unknown key \"tunel\"; did you mean \"tunnel\"?" REST } },
	};

	EXPECT_ALL(e);
}

Test(conf_errors, unknown_keys)
{
	static const struct expected e[] = {
		{ GOOD "hostnam = A\nlgo = syslog\n",
		  { "6: unknown key \"hostnam\"; did you mean \"hostname\"?",
		    "7: unknown key \"lgo\"; expected one of hostname, log-level, log, "
		    "isakmp-identity, nat-keepalive, nat-pool, hook, kernel-settings, isakmp-keepalive, "
		    "isakmp-policy, isakmp-key, trustpoint, "
		    "transform-set, ipsec-profile, tunnel" } },
		{ IN_POLICY("encr = aes-256 encryption = aes-256 authentication = pre-share group = 14"),
		  { "1: isakmp-policy 2: unknown key \"encr\"; did you mean \"encryption\"?" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 source = eth0 profile = P network-id = 1 " NHRP),
		  { "1: tunnel T: unknown key \"network-id\"; it belongs into nhrp { }" } },
		{ IN_NHRP("network-id = 1 hostname = a"),
		  { "1: tunnel T: nhrp: unknown key \"hostname\"; it belongs outside of all braces (is "
		    "a } missing?)" } },
		{ IN_NHRP("network-id = 1 nhs 172.16.0.2 { rank = 1 } map 172.16.0.2 { nbma = 1.1.1.1 }"),
		  { "1: tunnel T: nhrp: nhs 172.16.0.2: unknown key \"rank\"; expected one of nbma, "
		    "priority, cluster, multicast" } },
		{ IN_NHRP("network-id = 1 authentication = X hodtime = 1"),
		  { "1: tunnel T: nhrp: unknown key behind a secret; did you mean \"holdtime\"?" } },
		{ GOOD "include = x", { "6: unknown key \"include\"; expected one of hostname, "
					"log-level, log, isakmp-identity, nat-keepalive, nat-pool, hook, "
					"kernel-settings, isakmp-keepalive, "
					"isakmp-policy, isakmp-key, trustpoint, transform-set, "
					"ipsec-profile, tunnel" } },
		{ GOOD "'tunnel|key' = 1",
		  { "6: unknown key \"tunnel|key\"; expected one of hostname, log-level, log, "
		    "isakmp-identity, nat-keepalive, nat-pool, hook, kernel-settings, isakmp-keepalive, "
		    "isakmp-policy, isakmp-key, trustpoint, "
		    "transform-set, ipsec-profile, tunnel" } },
	};

	EXPECT_ALL(e);
}

Test(conf_errors, given_twice_or_not_at_all)
{
	static const struct expected e[] = {
		{ "", { " no tunnel: expected tunnel NAME { }" } },
		{ POLICY KEY SET PROFILE, { " no tunnel: expected tunnel NAME { }" } },
		{ GOOD "hostname = a\nhostname = b", { "7: hostname: given twice, first in line 6" } },
		{ GOOD POLICY, { "6: isakmp-policy 1: there twice, first in line 1" } },
		{ GOOD KEY, { "6: isakmp-key 0.0.0.0/1: there twice, first in line 2" } },
		{ GOOD SET, { "6: transform-set S: there twice, first in line 3" } },
		{ GOOD PROFILE, { "6: ipsec-profile P: there twice, first in line 4" } },
		{ GOOD "isakmp-policy 01 { encryption = aes authentication = pre-share group = 14 }",
		  { "6: isakmp-policy 01: there twice, first in line 1" } },
		{ GOOD "tunnel T { address = 172.17.0.1/24 source = eth1 profile = P " NHRP " }",
		  { "6: tunnel T: there twice, first in line 5" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 source = eth0 profile = P\n" NHRP "\n" NHRP),
		  { "3: tunnel T: nhrp: there twice, first in line 2" } },
		{ IN_NHRP("network-id = 1\nmap 172.16.0.2 { nbma = 1.1.1.1 }\n"
			  "map 172.16.0.2 { nbma = 1.1.1.2 }"),
		  { "3: tunnel T: nhrp: map 172.16.0.2: there twice, first in line 2" } },
		{ IN_NHRP("network-id = 1 map 172.16.0.2 { nbma = 1.1.1.1 }\nnhs 172.16.0.2 { }\n"
			  "nhs 172.16.0.2 { }"),
		  { "3: tunnel T: nhrp: nhs 172.16.0.2: there twice, first in line 2" } },
		{ IN_PROFILE("transform-set = { S, S }"),
		  { "1: ipsec-profile P: transform-set: S is there twice" } },
		{ IN_PROFILE("transform-set = S\ntransform-set = S"),
		  { "2: ipsec-profile P: transform-set: given twice, first in line 1" } },
		{ IN_PROFILE("transform-set = { }"),
		  { "1: ipsec-profile P: transform-set: missing: expected the name of a transform-set, "
		    "or several as { A, B }" } },
		{ GOOD "\nisakmp-policy 2\n{\n}\n",
		  { "8: isakmp-policy 2: encryption: missing: expected one of 3des, aes-128, aes-192, "
		    "aes-256",
		    "8: isakmp-policy 2: authentication: missing: expected pre-share or rsa-sig",
		    "8: isakmp-policy 2: group: missing: expected one of 1, 2, 5, 14, 15, 16, 19, 20, "
		    "21" } },
		{ IN_TUNNEL("profile = P"),
		  { "1: tunnel T: address: missing: expected our address in the tunnel with its prefix "
		    "length (8 to 30), as 172.16.0.2/24",
		    "1: tunnel T: source: missing: expected an interface of this machine, as eth0, or "
		    "its IPv4 address",
		    "1: tunnel T: missing: expected a section nhrp { }" } },
		{ IN_NHRP(""), { "1: tunnel T: nhrp: network-id: missing: expected a number from 1 to "
				 "4294967295" } },
		{ IN_NHRP("network-id = 1 map 172.16.0.2 { }"),
		  { "1: tunnel T: nhrp: map 172.16.0.2: nbma: missing: expected an IPv4 address, as "
		    "10.0.1.2" } },
		{ GOOD "isakmp-key 10.0.0.1 { }",
		  { "6: isakmp-key 10.0.0.1: key: missing: expected a pre-shared key of 1 to 255 "
		    "octets" } },
	};

	EXPECT_ALL(e);
}

#define P_REST "authentication = pre-share group = 14"

Test(conf_errors, values_outside_of_tunnels)
{
	static const struct expected e[] = {
		{ GOOD "hostname = '-a'", { "6: hostname: expected a host name of up to 63 letters, "
					    "digits and . -, found \"-a\"" } },
		{ GOOD "log-level = debug", { "6: log-level: expected one of emergencies, alerts, "
					      "critical, errors, warnings, notifications, "
					      "informational, debugging, found \"debug\"" } },
		{ GOOD "log = file", { "6: log: expected stderr, syslog or the absolute path of a file, "
				       "found \"file\"" } },
		{ GOOD "isakmp-policy 10001 { encryption = aes " P_REST " }",
		  { "6: isakmp-policy 10001: expected a number from 1 to 10000, found \"10001\"" } },
		{ IN_POLICY("encryption = des " P_REST),
		  { "1: isakmp-policy 2: encryption: DES is broken and refused: use aes-128 or better, "
		    "or 3des where the peer has nothing else" } },
		{ IN_POLICY("encryption = gcm " P_REST),
		  { "1: isakmp-policy 2: encryption: expected one of 3des, aes-128, aes-192, aes-256, "
		    "found \"gcm\"" } },
		{ IN_POLICY("encryption = aes hash = sha3 " P_REST),
		  { "1: isakmp-policy 2: hash: expected one of md5, sha, sha256, sha384, sha512, found "
		    "\"sha3\"" } },
		{ IN_POLICY("encryption = aes authentication = rsa-sig\ngroup = 22 lifetime = 59"),
		  { "1: isakmp-policy 2: authentication: rsa-sig needs a trustpoint, there is none",
		    "2: isakmp-policy 2: group: expected one of 1, 2, 5, 14, 15, 16, 19, 20, 21, found "
		    "\"22\"",
		    "2: isakmp-policy 2: lifetime: expected a number from 60 to 86400, found \"59\"" } },
		{ IN_POLICY("encryption = aes authentication = rsa-encr group = 14"),
		  { "1: isakmp-policy 2: authentication: expected pre-share or rsa-sig, found \"rsa-encr\"" } },
		{ IN_POLICY("encryption = aes lifetime = ' 60' " P_REST),
		  { "1: isakmp-policy 2: lifetime: expected a number from 60 to 86400, found \" 60\"" } },
		{ GOOD "isakmp-key here { key = 0123456789abcdefghij }",
		  { "6: isakmp-key here: expected an IPv4 address or prefix, as 10.0.1.2 or 0.0.0.0/0, "
		    "found \"here\"" } },
		{ GOOD "isakmp-key 10.0.0.1/24 { key = 0123456789abcdefghij }",
		  { "6: isakmp-key 10.0.0.1/24: the address has more bits than the prefix: write "
		    "\"10.0.0.0/24\" for all of that network or \"10.0.0.1\" for one peer" } },
		{ GOOD "isakmp-key 10.0.0.1 { key = '' }",
		  { "6: isakmp-key 10.0.0.1: key: expected 1 to 255 octets, found 0" } },
		{ IN_SET("encryption = esp-des authentication = esp-sha-hmac"),
		  { "1: transform-set S: encryption: DES is broken and refused: use esp-aes or better, "
		    "or esp-3des where the peer has nothing else" } },
		{ IN_SET("encryption = aes authentication = sha"),
		  { "1: transform-set S: encryption: expected one of esp-3des, esp-aes, esp-aes-192, "
		    "esp-aes-256, esp-gcm, esp-gcm-192, esp-gcm-256, esp-null, found \"aes\"",
		    "1: transform-set S: authentication: expected one of esp-md5-hmac, esp-sha-hmac, "
		    "esp-sha256-hmac, esp-sha384-hmac, esp-sha512-hmac, found \"sha\"" } },
		{ IN_SET("encryption = esp-gcm mode = tunnel"),
		  { "1: transform-set S: mode: GRE is the tunnel here, IPsec in tunnel mode would add a "
		    "second one: use transport, on the peers, too" } },
		{ IN_SET("encryption = esp-gcm mode = beet"),
		  { "1: transform-set S: mode: expected transport, found \"beet\"" } },
		{ IN_SET("encryption = esp-aes"),
		  { "1: transform-set S: authentication: missing: esp-aes needs one, as "
		    "esp-sha256-hmac" } },
		{ IN_SET("encryption = esp-gcm-256\nauthentication = esp-sha-hmac"),
		  { "2: transform-set S: authentication: esp-gcm 256 has its own: remove this line" } },
		{ IN_PROFILE("transform-set = S pfs = group3"),
		  { "1: ipsec-profile P: pfs: expected none or one of group1, group2, group5, group14, "
		    "group15, group16, group19, group20, group21, found \"group3\"" } },
		{ IN_PROFILE("transform-set = S lifetime-seconds = 119\nlifetime-kilobytes = 2559"),
		  { "1: ipsec-profile P: lifetime-seconds: expected a number from 120 to 86400, found "
		    "\"119\"",
		    "2: ipsec-profile P: lifetime-kilobytes: expected a number from 2560 to 4294967295, "
		    "found \"2559\"" } },
	};

	EXPECT_ALL(e);
}

#define T_REST " source = eth0 profile = P " NHRP

Test(conf_errors, values_in_tunnels)
{
	static const struct expected e[] = {
		{ "tunnel Tunnel0/0 { address = 172.16.0.1/24" T_REST " }\n" POLICY KEY SET PROFILE,
		  { "1: tunnel Tunnel0/0: expected a name for a network interface (up to 15 characters, "
		    "no / or :), found \"Tunnel0/0\"" } },
		{ IN_TUNNEL("address = 172.16.0.1" T_REST),
		  { "1: tunnel T: address: expected our address in the tunnel with its prefix length (8 "
		    "to 30), as 172.16.0.2/24, found \"172.16.0.1\"" } },
		{ IN_TUNNEL("address = 172.16.0.0/24" T_REST),
		  { "1: tunnel T: address: \"172.16.0.0/24\" is the network's own address, not a "
		    "host's" } },
		{ IN_TUNNEL("address = 172.16.0.255/24" T_REST),
		  { "1: tunnel T: address: \"172.16.0.255/24\" is the network's broadcast address, not "
		    "a host's" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 source = FastEthernet0/0 profile = P " NHRP),
		  { "1: tunnel T: source: expected an interface of this machine, as eth0, or its IPv4 "
		    "address, found \"FastEthernet0/0\"" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 source = 10.0.0.256 profile = P " NHRP),
		  { "1: tunnel T: source: expected an interface of this machine, as eth0, or its IPv4 "
		    "address, found \"10.0.0.256\"" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 key = 4294967296" T_REST),
		  { "1: tunnel T: key: expected a number from 0 to 4294967295, found \"4294967296\"" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 mtu = 575 ttl = 256" T_REST),
		  { "1: tunnel T: mtu: expected auto or a number from 576 to 9216, found \"575\"",
		    "1: tunnel T: ttl: expected a number from 1 to 255, found \"256\"" } },
		{ IN_NHRP("network-id = 0 authentication = NHRP-KEY9\nholdtime = 65536 hold-down = 0"),
		  { "1: tunnel T: nhrp: network-id: expected a number from 1 to 4294967295, found \"0\"",
		    "1: tunnel T: nhrp: authentication: expected 1 to 8 octets (IOS takes no more), "
		    "found 9",
		    "2: tunnel T: nhrp: holdtime: expected a number from 1 to 65535, found \"65536\"",
		    "2: tunnel T: nhrp: hold-down: expected a number from 1 to 3600, found \"0\"" } },
		{ IN_NHRP("network-id = 1 resolution-answer = both"),
		  { "1: tunnel T: nhrp: resolution-answer: expected egress or hub, found \"both\"" } },
		{ IN_NHRP("network-id = 1 map 172.16.0.256 { nbma = here }"),
		  { "1: tunnel T: nhrp: map 172.16.0.256: nbma: expected an IPv4 address, as 10.0.1.2, "
		    "found \"here\"",
		    "1: tunnel T: nhrp: map 172.16.0.256: expected an IPv4 address, as 172.16.0.1, found "
		    "\"172.16.0.256\"" } },
		{ IN_NHRP("network-id = 1 nhs 224.0.0.1 { }"),
		  { "1: tunnel T: nhrp: nhs 224.0.0.1: expected an IPv4 address, as 172.16.0.1, found "
		    "\"224.0.0.1\"" } },
	};

	EXPECT_ALL(e);
}

Test(conf_errors, references)
{
	static const struct expected e[] = {
		{ IN_PROFILE("transform-set = { S,\nX }") "transform-set A { encryption = esp-gcm }\n",
		  { "1: ipsec-profile P: transform-set: no transform-set \"X\"; there is S, A" } },
		{ POLICY KEY PROFILE TUNNEL,
		  { "3: ipsec-profile P: transform-set: no transform-set \"S\"; there is none" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 source = eth0\nprofile = Q " NHRP),
		  { "2: tunnel T: profile: no ipsec-profile \"Q\"; there is P" } },
		{ KEY SET PROFILE TUNNEL,
		  { "4: tunnel T: profile: protection needs an isakmp-policy, there is none" } },
		{ POLICY SET PROFILE TUNNEL,
		  { "4: tunnel T: profile: protection needs an isakmp-key, there is none" } },
		{ IN_NHRP("network-id = 1\nmap 172.16.0.2 { nbma = 130.0.0.1 }"),
		  { "2: tunnel T: nhrp: map 172.16.0.2: nbma: no key for this peer; add: isakmp-key "
		    "\"130.0.0.1\" { key = \"...\" }" } },
		{ IN_NHRP("network-id = 1\nnhs 172.16.0.2 { }"),
		  { "2: tunnel T: nhrp: nhs 172.16.0.2: it is not said where it is; add: nbma = "
		    "\"its address outside\"" } },
		{ IN_NHRP("network-id = 1\nnhs 172.16.0.1 { }\nnhs 172.16.1.1 { }"),
		  { "2: tunnel T: nhrp: nhs 172.16.0.1: this is our own address in the tunnel; a hub has "
		    "no nhs",
		    "3: tunnel T: nhrp: nhs 172.16.1.1: expected an address in the tunnel's network, "
		    "172.16.0.1/24" } },
		{ IN_NHRP("network-id = 1\nmap 172.16.0.1 { nbma = 1.1.1.1 }\n"
			  "map 172.16.1.1 { nbma = 1.1.1.1 }\nmap 172.16.0.3 { nbma = 172.16.0.3 }"),
		  { "2: tunnel T: nhrp: map 172.16.0.1: this is our own address in the tunnel",
		    "3: tunnel T: nhrp: map 172.16.1.1: expected an address in the tunnel's network, "
		    "172.16.0.1/24",
		    "4: tunnel T: nhrp: map 172.16.0.3: nbma: this is an address in the tunnel; expected "
		    "the one outside" } },
		{ IN_TUNNEL("address = 172.16.0.1/24 source = 1.1.1.1 profile = P\n"
			    "nhrp { network-id = 1 map 172.16.0.2 { nbma = 1.1.1.1 } }"),
		  { "2: tunnel T: nhrp: map 172.16.0.2: nbma: this is our own source address" } },
	};

	EXPECT_ALL(e);
}

Test(conf_errors, tunnels_side_by_side)
{
	static const struct expected e[] = {
		{ GOOD "tunnel U { address = 172.17.0.1/24 source = eth0 profile = P key = 0 " NHRP " }",
		  { NULL } },
		{ GOOD "tunnel U { address = 172.17.0.1/24 source = eth0 profile = P " NHRP " }",
		  { "6: tunnel U: key: tunnel T has the same source and the same key: packets could not "
		    "be told apart" } },
		{ GOOD "tunnel U { address = 172.17.0.1/24 source = eth0 key = 2\nprofile = Q " NHRP " }\n"
		       "ipsec-profile Q { transform-set = S }",
		  { "7: tunnel U: profile: tunnel T has the same source: expected its profile, P" } },
		{ GOOD "tunnel U { address = 172.17.0.1/24 source = eth0 key = 2 " NHRP " }",
		  { "6: tunnel U: profile: tunnel T has the same source: expected its profile, P",
		    "W 6: tunnel U: no profile: all traffic of this tunnel can be read and forged" } },
		{ GOOD "tunnel U { source = eth1 profile = P " NHRP "\naddress = 172.16.0.2/16 }",
		  { "7: tunnel U: address: its network overlaps that of tunnel T (172.16.0.1/24)" } },
	};

	EXPECT_ALL(e);
}

#define POOL "W 6: nat-pool: no peer may have one of these addresses; 240.0.0.0/8 is safe, because " \
	     "nobody has one of those"
#define OF_POOL(pool) ": expected none of the addresses of nat-pool (" pool "), which nobody may have"

Test(conf_errors, nat_pool)
{
	static const struct expected e[] = {
		{ GOOD "nat-pool = 240.1.2.0/16", { NULL } },
		{ GOOD "nat-pool = 100.64.0.0/10", { POOL } },
		{ GOOD "nat-pool = 240.0.0.1",
		  { "6: nat-pool: expected a network of 8 to 24 bits, as 240.0.0.0/8, found \"240.0.0.1\"" } },
		{ GOOD "nat-pool = 224.0.0.0/8",
		  { "6: nat-pool: expected a network of 8 to 24 bits, as 240.0.0.0/8, found \"224.0.0.0/8\"" } },
		{ GOOD "nat-pool = 172.0.0.0/8",
		  { "5: tunnel T: address" OF_POOL("172.0.0.0/8"), POOL } },
	};

	EXPECT_ALL(e);
}

#define WEAK_3DES "3DES is weak (64-bit blocks): AES is better, where the peer can"
#define WEAK_MD5 "MD5 is weak: SHA-256 is better, where the peer can"

Test(conf_errors, warnings)
{
	static const struct expected e[] = {
		{ IN_POLICY("encryption = 3des hash = md5 authentication = pre-share\ngroup = 5"),
		  { "W 1: isakmp-policy 2: encryption: " WEAK_3DES,
		    "W 1: isakmp-policy 2: hash: " WEAK_MD5,
		    "W 2: isakmp-policy 2: group: group 5 is weak (1536 bits): 14 or better is good, "
		    "where the peer can" } },
		{ IN_SET("encryption = esp-3des authentication = esp-md5-hmac"),
		  { "W 1: transform-set S: encryption: " WEAK_3DES,
		    "W 1: transform-set S: authentication: " WEAK_MD5 } },
		{ IN_SET("encryption = esp-null authentication = esp-sha-hmac"),
		  { "W 1: transform-set S: encryption: esp-null does not encrypt: all can be read on "
		    "the way" } },
		{ IN_PROFILE("transform-set = S pfs = group1"),
		  { "W 1: ipsec-profile P: pfs: group 1 is weak (768 bits): 14 or better is good, where "
		    "the peer can" } },
		{ GOOD "isakmp-key 10.0.0.1 {\nkey = 0123456789abcdefghi }",
		  { "W 7: isakmp-key 10.0.0.1: key: has 19 octets: whoever once poses as a peer can "
		    "guess it offline; use 20 random ones or more (openssl rand -base64 24)" } },
		{ GOOD "isakmp-key 0.0.0.0/0 { key = short }",
		  { "W 6: isakmp-key 0.0.0.0/0: key: has 5 octets and is the same for every peer: "
		    "whoever once poses as a peer can guess it offline; use 20 random ones or more "
		    "(openssl rand -base64 24)" } },
		{ GOOD "isakmp-key 0.0.0.0/0 { key = 0123456789abcdefghij }",
		  { "W 6: isakmp-key 0.0.0.0/0: key: is the same for every peer: whoever has it can "
		    "pose as any of them" } },
		{ GOOD "isakmp-key 10.0.0.1 { key = \"0123456789abcdefghij \" }",
		  { "W 6: isakmp-key 10.0.0.1: key: begins or ends with a blank, which is part of it: is "
		    "it part of the peer's, too?" } },
		{ GOOD "transform-set X { encryption = esp-gcm }\nipsec-profile Y { transform-set = S }",
		  { "W 6: transform-set X: no ipsec-profile uses it",
		    "W 7: ipsec-profile Y: no tunnel uses it" } },
		{ "tunnel T { address = 172.16.0.1/24 source = eth0 " NHRP " }",
		  { "W 1: tunnel T: no profile: all traffic of this tunnel can be read and forged" } },
	};

	EXPECT_ALL(e);
}

Test(conf_errors, limits)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct conf_report r;

	for (unsigned int i = 1; i <= CONF_POLICIES_MAX + 1; i++)
		fprintf(f, "isakmp-policy %u { encryption = aes authentication = pre-share group = 14 }\n",
			i);
	fprintf(f, KEY "ipsec-profile P { transform-set = {\n");
	for (unsigned int i = 0; i <= CONF_TRANSFORM_SETS_MAX; i++)
		fprintf(f, "S%u%s", i, i < CONF_TRANSFORM_SETS_MAX ? "," : "}}\n");
	for (unsigned int i = 0; i <= CONF_TRANSFORM_SETS_MAX; i++)
		fprintf(f, "transform-set S%u { encryption = esp-gcm }\n", i);
	fprintf(f, T_BEGIN "nhrp { network-id = 1\n");
	for (unsigned int i = 2; i <= CONF_NHS_MAX + 2; i++)
		fprintf(f, "nhs 172.16.0.%u { } map 172.16.0.%u { nbma = 10.0.0.%u }\n", i, i, i);
	fprintf(f, "} }\n");
	fclose(f);
	cr_assert_null(conf_parse(text, "t.conf", &r));
	cr_assert_eq(r.errors, 3);
	cr_assert_str_eq(r.messages[0].text, "t.conf:65: isakmp-policy 65: more than 64 policies");
	cr_assert_str_eq(r.messages[1].text,
			 "t.conf:68: ipsec-profile P: transform-set: more than 16 of them");
	cr_assert_str_eq(r.messages[2].text,
			 "t.conf:103: tunnel T: nhrp: nhs 172.16.0.18: more than 16 of them");
	conf_report_free(&r);
	free(text);
}

/* libconfuse would think about it for a minute. */
Test(conf_errors, endless_word)
{
	const size_t size = 1 << 20;
	char *text = xcalloc(1, size + 1);
	struct conf_report r;

	memset(text, 'a', size);
	cr_assert_null(conf_parse(text, "t.conf", &r));
	cr_assert_str_eq(r.messages[0].text, "t.conf:1: a word of more than 255 octets");
	conf_report_free(&r);
	free(text);
}

Test(conf_errors, too_many_to_read)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct conf_report r;

	for (unsigned int i = 0; i < 500; i++)
		fprintf(f, "isakmp-policy 1 { encryption = 3des }\n");
	fclose(f);
	cr_assert_null(conf_parse(text, "t.conf", &r));
	cr_assert_eq(r.count, 100);
	cr_assert_geq(r.errors, 1000);
	conf_report_free(&r);
	free(text);
}

/* Whatever is wrong near a secret, no part of it is said. */
Test(conf_errors, no_secret_is_told)
{
	static const char *const tries[] = {
		GOOD "isakmp-key 1.1.1.1 { key = Hush Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush Hush = Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = \"Hush\" \"Hush\" }",
		GOOD "isakmp-key 1.1.1.1 { key = \"Hush\"Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush* }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush#Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush= }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush, Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = { Hush } }",
		GOOD "isakmp-key 1.1.1.1 { key = \"Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = \"Hush\\Hush\" }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush } Hush",
		GOOD "isakmp-key 1.1.1.1 { key = Hush\nkey = Hush }",
		GOOD "isakmp-key 1.1.1.1 { key = Hush }",
		IN_NHRP("network-id = 1 authentication = HushHush9"),
		IN_NHRP("network-id = 1 authentication = HushHush Hush"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct conf_report r;

		conf_free(conf_parse(tries[i], "t.conf", &r));
		cr_assert_gt(r.count, 0);
		for (size_t j = 0; j < r.count; j++)
			cr_expect_null(strstr(r.messages[j].text, "Hush"), "%s\n%s", tries[i],
				       r.messages[j].text);
		conf_report_free(&r);
	}
}
