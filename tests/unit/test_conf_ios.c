/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOS running-configs: the article's three unchanged, what becomes of each kind of line, and any
 * octets at all: never a crash.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diff.h"
#include "conf/ios.h"
#include "lib/util.h"
#include "tests/unit/ios_text.h"

/* ---- the article ---- */

static struct conf *article(const char *file)
{
	struct conf_report r;
	struct conf *c = conf_load(file, &map, &r);

	cr_assert_not_null(c, "%s", r.count ? r.messages[0].text : "no message");
	cr_assert_null(find(&r, "not supported;"));
	cr_assert_null(find(&r, "unknown"));
	cr_assert_not_null(find(&r, "are carried out"));
	conf_report_free(&r);
	return c;
}

Test(conf_ios, the_articles_spoke)
{
	struct conf *c = article("conf/sitea.ios");
	const struct conf_tunnel *t = &c->tunnels[0];
	const struct conf_isakmp_policy *p = &c->isakmp_policies[0];

	cr_assert_str_eq(c->hostname, "SiteA");
	cr_assert_eq(c->isakmp_policy_count, 1);
	cr_assert_eq(p->number, 10);
	cr_assert_eq(p->suite.cipher, CIPHER_3DES);
	cr_assert_eq(p->suite.hash, HASH_SHA1);
	cr_assert_eq(p->suite.auth, AUTH_PSK);
	cr_assert_eq(p->suite.group, GROUP_2);
	cr_assert_eq(p->lifetime, 86400);
	cr_assert_eq(c->isakmp_keys[0].len, 10);
	cr_assert_arr_eq(c->isakmp_keys[0].key, "ISAKMP-KEY", 10);
	cr_assert_eq(c->isakmp_keys[0].peers.bits, 0);
	cr_assert_str_eq(t->name, "Tunnel0");
	cr_assert_str_eq(t->source_if, "eth0");
	cr_assert_eq(t->address.bits, 24);
	cr_assert(t->has_key && t->key == 1);
	cr_assert_str_eq(t->profile->name, "DMVPN");
	cr_assert_eq(t->profile->pfs, GROUP_2);
	cr_assert_eq(t->profile->lifetime_seconds, 3600);
	cr_assert_eq(t->profile->lifetime_kilobytes, 4608000);
	cr_assert_eq(t->nhrp.network_id, 100);
	cr_assert_eq(t->nhrp.holdtime, 7200);
	cr_assert_arr_eq(t->nhrp.authentication, "NHRP-KEY", 8);
	cr_assert_eq(t->nhrp.map_count, 1);
	cr_assert_eq(t->nhrp.nhs_count, 1);
	cr_assert_eq(addr_to_v4(&t->nhrp.nhs[0].nbma), 0x0a000102);
	cr_assert_eq(t->nhrp.multicast.count, 1);
	conf_free(c);
}

Test(conf_ios, the_articles_others)
{
	struct conf *hub = article("conf/hub.ios"), *b = article("conf/siteb.ios");

	cr_assert(conf_tunnel_is_hub(&hub->tunnels[0]));
	cr_assert(hub->tunnels[0].nhrp.multicast_dynamic);
	cr_assert_eq(addr_to_v4(&b->tunnels[0].address.addr), 0xac100003);
	conf_free(hub);
	conf_free(b);
}

/* Without --map the hub's own address is known, the spoke's comes from DHCP. */
Test(conf_ios, an_interface_without_a_map)
{
	struct conf_report r;
	struct conf *c = conf_load("conf/hub.ios", NULL, &r);

	cr_assert_not_null(c);
	cr_assert_eq(addr_to_v4(&c->tunnels[0].source), 0x0a000102);
	cr_assert_not_null(find(&r, "--map FastEthernet0/0=eth0"));
	conf_report_free(&r);
	conf_free(c);

	cr_assert_null(conf_load("conf/sitea.ios", NULL, &r));
	cr_assert_eq(r.errors, 1);
	cr_assert_not_null(
		find(&r, "sitea.ios:43: tunnel source FastEthernet0/0: which interface"));
	conf_report_free(&r);
}

/* What `dmvpnctl convert` prints means the same as the IOS text itself. */
Test(conf_ios, a_converted_text_is_the_same_configuration)
{
	static const char *const files[] = { "conf/hub.ios", "conf/sitea.ios", "conf/siteb.ios" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct conf_report r;
		char *text = conf_convert(files[i], CONF_TO_OURS, &map, &r);
		struct conf *c;

		cr_assert_not_null(text);
		conf_report_free(&r);
		c = conf_parse(text, "converted", &r);
		cr_assert_not_null(c, "%s", r.count ? r.messages[0].text : "no message");
		conf_report_free(&r);
		conf_text_free(text);
		assert_same(c, article(files[i]));
	}
}

Test(conf_ios, the_ios_line_stands_beside_each)
{
	struct conf_report r;
	char *text = conf_convert("conf/sitea.ios", CONF_TO_OURS, &map, &r);

	cr_assert_not_null(strstr(text, "\tencryption = 3des                       # encr 3des\n"));
	cr_assert_not_null(
		strstr(text, "\tlifetime = 86400                        # IOS's default\n"));
	conf_text_free(text);
	conf_report_free(&r);
}

Test(conf_ios, the_routing_part_for_frr)
{
	struct conf_report r;
	char *text = conf_convert("conf/hub.ios", CONF_TO_FRR, &map, &r);

	cr_assert_not_null(strstr(text, "interface lo\n ip address 172.16.1.1/32\n"));
	cr_assert_not_null(strstr(text, "interface eth0\n ip address 10.0.1.2/30\n"));
	cr_assert_not_null(strstr(text, "router eigrp 1\n"));
	cr_assert_not_null(strstr(text, "\n network 172.16.0.0/24\n"));
	cr_assert_not_null(strstr(text, "ip route 0.0.0.0/0 10.0.1.1\n"));
	cr_assert_not_null(strstr(text, "! FRR has nothing for: no ip split-horizon eigrp 1\n"));
	cr_assert_null(strstr(text, "KEY"));
	conf_text_free(text);
	conf_report_free(&r);
}

/* What differs between the two, of every protocol; FRR itself is asked where it is installed. */
Test(conf_ios, what_frr_says_in_other_words)
{
	static const char ios[] =
		"hostname H\n"
		"interface Tunnel0\n ip nhrp network-id 1\n ip ospf 1 area 0\n ip pim sparse-mode\n"
		" ip ospf message-digest-key 1 md5 7 02050D480809\n"
		"interface FastEthernet0/0\n ip address 192.0.2.2 255.255.255.0\n"
		"interface FastEthernet0/1\n ip address 192.0.3.2 255.255.255.0\n"
		"router eigrp CORP\n address-family ipv4 unicast autonomous-system 7\n"
		"  af-interface default\n   passive-interface\n  exit-af-interface\n"
		"  af-interface Tunnel0\n   no passive-interface\n  exit-af-interface\n"
		"  network 172.16.0.0 0.0.0.255\n exit-address-family\n"
		"router ospf 1\n redistribute static subnets metric 20\n network 0.0.0.0 255.255.255.255 "
		"area 0\n redistribute eigrp 7 subnets\n no redistribute eigrp 7\n"
		"router bgp 65000\n neighbor 172.16.0.1 remote-as 65000\n"
		" neighbor 172.16.0.1 update-source Tunnel0\n neighbor 172.16.0.1 fall-over bfd\n"
		" neighbor 172.16.0.1 password 7 02050D480809\n"
		" aggregate-address 10.0.0.0 255.0.0.0 summary-only\n"
		" address-family ipv4 vrf RED\n  neighbor 192.0.2.9 remote-as 1\n exit-address-family\n"
		"ip route 0.0.0.0 0.0.0.0 FastEthernet0/0 192.0.2.1 250 name X track 1\n"
		"ip route 10.9.0.0 255.255.0.0 Null0\nip route vrf RED 0.0.0.0 0.0.0.0 192.0.2.1\n";
	static const char *const has[] = {
		"\n ip ospf area 0\n",
		"\n ip pim\n",
		"! FRR has nothing for: ip ospf message-digest-key",
		"\ninterface eth0\n ip address 192.0.2.2/24\n",
		"! say --map FastEthernet0/1=eth0 to have: ip address 192.0.3.2",
		"\nrouter eigrp 7\n",
		"! FRR has nothing for: passive-interface\n",
		"! FRR has nothing for: no passive-interface\n",
		"\n network 172.16.0.0/24\n",
		"\n redistribute static metric 20\n",
		"\n network 0.0.0.0/0 area 0\n",
		"\n neighbor 172.16.0.1 update-source Tunnel0\n neighbor 172.16.0.1 bfd\n",
		"\n aggregate-address 10.0.0.0/8 summary-only\n",
		"! FRR has nothing for: neighbor 192.0.2.9 remote-as 1\n",
		"\nip route 0.0.0.0/0 192.0.2.1 eth0 250\n",
		"\nip route 10.9.0.0/16 Null0\n",
		"! FRR has nothing for: ip route vrf RED",
	};
	const char *path = write_file(ios, strlen(ios));
	struct conf_report r;
	char *text = conf_convert(path, CONF_TO_FRR, &map, &r), command[128];

	cr_assert_not_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		cr_expect_not_null(strstr(text, has[i]), "no \"%s\" in:\n%s", has[i], text);
	cr_expect_null(strstr(text, "redistribute eigrp"));
	if (system("vtysh -C -f /dev/null >/dev/null 2>&1") == 0) {
		FILE *f = fopen(path, "we");

		cr_assert_not_null(f);
		fputs(text, f);
		fclose(f);
		snprintf(command, sizeof(command), "vtysh -C -f %s >&2", path);
		cr_expect_eq(system(command), 0, "%s", text);
	}
	unlink(path);
	conf_text_free(text);
	conf_report_free(&r);
}

/* ---- how texts come ---- */

/* Pasted through something that removes blanks at the start of lines, and "!" with them. */
Test(conf_ios, a_paste_without_indentation)
{
	char text[] = BASE TUNNEL "ip route 0.0.0.0 0.0.0.0 10.0.0.1\nline vty 0 4\n login\n";
	char flat[sizeof(text)], *to = flat;

	for (const char *p = text; *p; p++)
		if (*p != ' ' || p[-1] != '\n')
			*to++ = *p;
	*to = '\0';
	assert_same(good(text), good(flat));
}

Test(conf_ios, terminals_leave_traces)
{
	assert_same(good(BASE TUNNEL),
		    good("R1#show running-config\r\nBuilding configuration...\r\n\r\n"
			 "Current configuration : 1576 bytes\r\n!\r\n"
			 "banner motd ^C\r\ninterface Tunnel0\r\n shutdown\r\n^C\r\n" BASE
			 " --More-- \b\b\b\n"
			 "crypto pki certificate chain CA\n certificate 01\n  30820202 3082016B\n"
			 "  \tquit\n" TUNNEL "end\r\nR1#\r\n"));
}

/* What stands behind the word of a pager, and what wiped it out, is a line like any other. */
Test(conf_ios, a_pager_wipes_itself_out)
{
	assert_same(good(BASE TUNNEL),
		    good(BASE "interface Tunnel0\n"
			      " --More-- \b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b ip address 172.16.0.2 "
			      "255.255.255.0\n"
			      " --More--          ip nhrp network-id 1\n"
			      " tunnel source FastEthernet0/0\n tunnel mode gre multipoint\n"
			      " tunnel protection ipsec profile P\n"));
}

Test(conf_ios, a_session_in_the_configuration_mode)
{
	assert_same(good(BASE TUNNEL " ip nhrp map multicast dynamic\n"),
		    good("R1>enable\nR1#conf t\nEnter configuration commands, one per line.  End with CNTL/Z.\n" BASE
			 "R1(config)# int tu 0\n"
			 "R1(config-if)#ip add 172.16.0.2 255.255.255.0 ! ours\n"
			 "*Sep  9 14:12:02.934: %LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel0\n"
			 "R1(config-if)#ip nh net 1\nR1(config-if)#\n"
			 "R1(config-if)#tun so Fast 0/0\nR1(config-if)#tun mode gre multi\n"
			 "R1(config-if)#ip nh map multi dyn\n"
			 "R1(config-if)#tun prot ipsec prof P\nR1(config-if)#no shut\nR1#wr\n"));
}

/* Some blocks indented, others not. */
Test(conf_ios, a_text_half_indented)
{
	char text[] = TUNNEL, flat[sizeof(text)], *to = flat, all[2048];

	for (const char *p = text; *p; p++)
		if (*p != ' ' || p[-1] != '\n')
			*to++ = *p;
	*to = '\0';
	snprintf(all, sizeof(all), "%s%s", BASE, flat);
	assert_same(good(BASE TUNNEL), good(all));
	snprintf(all, sizeof(all), "%s%s%s", flat, "!\nip cef\n!\n", BASE);
	assert_same(good(BASE TUNNEL), good(all));
}

Test(conf_ios, a_text_within_another)
{
	assert_same(good("interface Tunnel0\n ip address 172.16.0.2 255.255.255.0\n"
			 " ip nhrp network-id 1\n tunnel source 192.0.2.1\n"),
		    good("```\n  interface Tunnel0\n    ip address 172.16.0.2 255.255.255.0\n"
			 "    ip nhrp network-id 1\n    tunnel source 192.0.2.1\n```\n"));
}

/* Text up to its delimiter, a certificate in a file: neither swallows what follows. */
Test(conf_ios, what_is_left_out_has_an_end)
{
	assert_same(good(BASE TUNNEL),
		    good("banner exec ^CC\n* 2 ^ 3, interface Tunnel1\ninterface Tunnel2\n *^C\n"
			 "banner login #\n Welcome #\nbanner motd + short +\n"
			 "menu M title ^C\ninterface Tunnel9\n^C\n"
			 "crypto pki certificate chain A\n"
			 " certificate self-signed 01 nvram:IOS-Self-Sig#1.cer\n"
			 "crypto pki certificate chain B\n certificate ca 02\n"
			 "  30820321 30820209 A0030201\n  32310E30\n  \tquit\n" BASE TUNNEL));
}

/* ---- what is taken back, what is not ours ---- */

Test(conf_ios, no_takes_back)
{
	assert_same(good(BASE TUNNEL),
		    good(BASE TUNNEL
			 " shutdown\n ip nhrp map 172.16.0.9 192.0.2.9\n ip nhrp nhs 172.16.0.9\n"
			 " ip nhrp shortcut\n"
			 "interface Tunnel7\n ip nhrp network-id 7\n tunnel mode gre multipoint\n"
			 "crypto isakmp key another-key-0123456789 address 192.0.2.9\n"
			 "interface Tunnel 0\n no shutdown\n no ip nhrp nhs 172.16.0.9\n"
			 " no ip nhrp map 172.16.0.9 192.0.2.9\n no ip nhrp shortcut\n"
			 "no interface Tunnel7\n"
			 "no crypto isakmp key another-key-0123456789 address 192.0.2.9\n"));
}

/* What would be an error in a tunnel of ours is none in what the router does besides. */
Test(conf_ios, the_rest_of_the_router_is_no_error)
{
	assert_same(good(BASE TUNNEL),
		    good(BASE TUNNEL
			 "crypto keyring OTHER vrf RED\n pre-shared-key address 0.0.0.0 0.0.0.0 key X\n"
			 "crypto isakmp profile EASY\n keyring OTHER\n initiate mode aggressive\n"
			 "crypto ipsec transform-set VTI ah-sha-hmac\n mode tunnel\n"
			 "crypto ipsec profile VTI\n set transform-set VTI\n set ikev2-profile I\n"
			 "interface Tunnel5\n vrf forwarding RED\n tunnel mode ipsec ipv4\n"
			 " tunnel destination 192.0.2.5\n tunnel protection ipsec profile VTI\n"
			 "crypto isakmp policy 20\n authentication rsa-encr\n encr aes\n group 2\n"
			 "crypto isakmp policy 30\n authentication pre-share\n encr aes\n group 24\n"));
}

Test(conf_ios, a_keyring_of_a_profile)
{
	struct conf *c =
		good("crypto keyring K\n pre-shared-key address 192.0.2.1 key a-key-for-one-peer-only\n"
		     "crypto keyring OTHER\n pre-shared-key address 192.0.2.9 key not-for-this-one-at-all\n"
		     "crypto isakmp profile I\n keyring K\n match identity address 192.0.2.1\n"
		     "crypto isakmp profile J\n keyring OTHER\n" BASE TUNNEL
		     "crypto ipsec profile P\n set isakmp-profile I\n");

	cr_assert_eq(c->isakmp_key_count, 2);
	cr_assert_eq(c->isakmp_keys[0].len, strlen("a-key-for-one-peer-only"));
	conf_free(c);
}

/* ---- values ---- */

/* As newer routers print a key for any peer. */
Test(conf_ios, a_key_for_any_peer_without_a_mask)
{
	struct conf *c = good("crypto isakmp key 0123456789abcdefghij address 0.0.0.0\n" BASE TUNNEL);

	cr_assert_eq(c->isakmp_key_count, 1);
	cr_assert_eq(c->isakmp_keys[0].peers.bits, 0);
	conf_free(c);
}

Test(conf_ios, secrets_of_type_7)
{
	struct conf *c = good(BASE "crypto isakmp key 7 02050D480809 address 192.0.2.1\n" TUNNEL
				   " ip nhrp authentication 7 0822455D0A16\n");

	cr_assert_arr_eq(c->tunnels[0].nhrp.authentication, "cisco", 5);
	cr_assert_eq(c->isakmp_keys[0].len, 5);
	cr_assert_arr_eq(c->isakmp_keys[0].key, "cisco", 5);
	conf_free(c);
}

Test(conf_ios, names_that_ours_cannot_have)
{
	struct conf *c = good(BASE "crypto ipsec transform-set AES256/GCM/TRANSFORM esp-gcm 256\n"
				   " mode transport\ncrypto ipsec profile D@1\n"
				   " set transform-set AES256/GCM/TRANSFORM\n" TUNNEL
				   " tunnel protection ipsec profile D@1 shared\n");

	cr_assert_str_eq(c->tunnels[0].profile->name, "D_1");
	cr_assert_str_eq(c->tunnels[0].profile->transform_sets[0]->name, "AES256_GCM_TRANSFORM");
	conf_free(c);
}

/* Phase 1: the one end of the tunnel is where its server is, and where multicast goes. */
Test(conf_ios, a_point_to_point_spoke)
{
	struct conf *c = good("interface Tunnel0\n ip address 172.16.0.2 255.255.255.0\n"
			      " ip nhrp network-id 1\n ip nhrp nhs 172.16.0.1\n"
			      " tunnel source 192.0.2.2\n tunnel destination 192.0.2.1\n");
	const struct conf_nhrp *n = &c->tunnels[0].nhrp;

	cr_assert_eq(n->nhs_count, 1);
	cr_assert_eq(addr_to_v4(&n->nhs[0].nbma), 0xc0000201);
	cr_assert_eq(n->multicast.count, 1);
	conf_free(c);
}

Test(conf_ios, defaults_of_ios_xe)
{
	struct conf *old = good("version 15.6\n" BASE TUNNEL), *xe = good("version 16.9\n" BASE TUNNEL);
	struct conf *off = good("version 17.3\n" BASE TUNNEL " no ip nhrp shortcut\n"
				" no ip nhrp map multicast dynamic\n");

	cr_assert(!old->tunnels[0].nhrp.shortcut && !old->tunnels[0].nhrp.multicast_dynamic);
	cr_assert(xe->tunnels[0].nhrp.shortcut && xe->tunnels[0].nhrp.multicast_dynamic);
	cr_assert(!off->tunnels[0].nhrp.shortcut && !off->tunnels[0].nhrp.multicast_dynamic);
	conf_free(old);
	conf_free(xe);
	conf_free(off);
}

Test(conf_ios, an_interface_in_other_words)
{
	static char gi[] = "gi0/0/0.100", wan[] = "wan0";
	static struct conf_interface list[] = { { gi, wan } };
	static const struct conf_interfaces here = { list, 1 };
	const char *path = write_file(BASE TUNNEL " tunnel source GigabitEthernet 0/0/0.100\n",
				      strlen(BASE TUNNEL " tunnel source GigabitEthernet 0/0/0.100\n"));
	struct conf_report r;
	struct conf *c = conf_load(path, &here, &r);

	unlink(path);
	cr_assert_not_null(c, "%s", r.count ? r.messages[0].text : "no message");
	cr_assert_str_eq(c->tunnels[0].source_if, "wan0");
	conf_report_free(&r);
	conf_free(c);
}

Test(conf_ios, our_own_syntax_is_not_taken_for_it)
{
	struct conf_report r;
	struct conf *c = conf_load("conf/hub.conf", NULL, &r);

	cr_assert_not_null(c);
	cr_assert_null(find(&r, "IOS configuration"));
	conf_report_free(&r);
	conf_free(c);
	cr_assert_null(conf_convert("conf/hub.conf", CONF_TO_OURS, NULL, &r));
	cr_assert_not_null(find(&r, "is no IOS configuration"));
	conf_report_free(&r);
}

/* ---- lines ---- */

Test(conf_ios, phase_1)
{
	struct conf *c =
		good("crypto isakmp policy 5\n encr aes\n hash sha256\n authentication pre-share\n"
		     " group 19\n lifetime 3600\n"
		     "crypto isakmp keepalive 30 5 periodic\n"
		     "crypto isakmp key 0 a-key-for-one-peer-only address 192.0.2.1\n"
		     "crypto keyring K\n"
		     "  pre-shared-key address 198.51.100.0 255.255.255.0 key a-key-for-a-network\n"
		     "crypto isakmp identity hostname\n" BASE TUNNEL);

	cr_assert_eq(c->isakmp_policy_count, 2);
	cr_assert_eq(c->isakmp_policies[0].number, 5);
	cr_assert_eq(c->isakmp_policies[0].suite.cipher, CIPHER_AES128);
	cr_assert_eq(c->isakmp_policies[0].suite.hash, HASH_SHA256);
	cr_assert_eq(c->isakmp_policies[0].lifetime, 3600);
	cr_assert_eq(c->isakmp_policies[1].suite.cipher, CIPHER_AES256);
	cr_assert_eq(c->keepalive.interval, 30);
	cr_assert_eq(c->keepalive.retry, 5);
	cr_assert(c->keepalive.periodic);
	cr_assert_eq(c->isakmp_key_count, 3);
	cr_assert_eq(c->isakmp_keys[0].peers.bits, 32);
	cr_assert_eq(c->isakmp_keys[1].peers.bits, 24);
	cr_assert_eq(c->isakmp_keys[1].len, strlen("a-key-for-a-network"));
	cr_assert_eq(c->isakmp_identity, CONF_IDENTITY_HOSTNAME);
	conf_free(c);
}

Test(conf_ios, phase_2)
{
	struct conf *c =
		good(BASE "crypto ipsec security-association lifetime seconds 1800\n"
			  "crypto ipsec transform-set G esp-gcm 256\n mode transport\n"
			  "crypto ipsec profile P\n set transform-set T G\n set pfs group14\n"
			  " set security-association lifetime kilobytes disable\n" TUNNEL);
	const struct conf_ipsec_profile *p = c->tunnels[0].profile;

	cr_assert_eq(p->transform_set_count, 2);
	cr_assert_eq(p->transform_sets[0]->esp.cipher, CIPHER_AES256);
	cr_assert_eq(p->transform_sets[1]->esp.cipher, CIPHER_GCM256);
	cr_assert_eq(p->pfs, GROUP_14);
	cr_assert_eq(p->lifetime_seconds, 1800);
	cr_assert_eq(p->lifetime_kilobytes, UINT32_MAX);
	conf_free(c);
}

Test(conf_ios, nhrp_of_phase_3_with_two_hubs)
{
	struct conf *c =
		good(BASE TUNNEL
		     " ip nhrp shortcut\n ip nhrp redirect\n ip nhrp holdtime 300\n ip mtu 1380\n"
		     " ip nhrp registration no-unique\n ip nhrp registration timeout 60\n"
		     " ip nhrp nhs 172.16.0.1 nbma 192.0.2.1 multicast priority 1 cluster 2\n"
		     " ip nhrp nhs 172.16.0.9 nbma hub.example.net priority 2 cluster 2\n"
		     " ip nhrp nhs cluster 2 max-connections 1\n ip nhrp nhs fallback 20\n");
	const struct conf_nhrp *n = &c->tunnels[0].nhrp;

	cr_assert(n->shortcut && n->redirect && n->no_unique);
	cr_assert_eq(n->holdtime, 300);
	cr_assert_eq(n->registration_timeout, 60);
	cr_assert_eq(c->tunnels[0].mtu, 1380);
	cr_assert_eq(n->nhs_count, 2);
	cr_assert(n->nhs[0].multicast && n->nhs[0].priority == 1 && n->nhs[0].cluster == 2);
	cr_assert_str_eq(n->nhs[1].name, "hub.example.net");
	cr_assert_eq(n->cluster_count, 1);
	cr_assert_eq(n->clusters[0].max, 1);
	cr_assert_eq(n->fallback, 20);
	conf_free(c);
}

Test(conf_ios, a_tunnel_that_is_none_of_ours_is_left_out)
{
	struct conf_report r;
	struct conf *c = load(BASE TUNNEL "interface Tunnel7\n tunnel source FastEthernet0/0\n"
					  " tunnel destination 192.0.2.9\n"
					  "interface Tunnel8\n ip nhrp network-id 8\n shutdown\n",
			      &r);

	cr_assert_not_null(c);
	cr_assert_eq(c->tunnel_count, 1);
	cr_assert_not_null(find(&r, "Tunnel7: a tunnel without NHRP"));
	cr_assert_not_null(find(&r, "Tunnel8: is shut down"));
	conf_report_free(&r);
	conf_free(c);
}

static const struct {
	const char *line; /* behind a good tunnel */
	enum conf_severity severity;
	const char *says;
} told[] = {
	{ " ip tcp adjust-mss 1360\n", CONF_WARNING, ":17: ip tcp adjust-mss: not supported" },
	{ " ip nhrp max-send 100 every 10\n", CONF_WARNING, "limited NHRP packets" },
	{ " ip access-group 101 in\n", CONF_WARNING, "filtered packets" },
	{ " vrf forwarding RED\n", CONF_ERROR, ":17: vrf forwarding: VRFs are not supported" },
	{ " tunnel vrf RED\n", CONF_ERROR, "VRFs are not supported" },
	{ " tunnel mode ipsec ipv4\n", CONF_ERROR, "only GRE over IPv4" },
	{ " tunnel protection ipsec profile P ikev2-profile Q\n", CONF_ERROR, "IKEv1 only" },
	{ " ip address 172.16.0.2 255.0.255.0\n", CONF_ERROR, "the mask 255.0.255.0 has a hole" },
	{ " ip nhrp nhs dynamic nbma 192.0.2.1\n", CONF_ERROR, "ip nhrp nhs dynamic" },
	{ " ip mtu 99\n", CONF_ERROR, ":17: tunnel Tunnel0: mtu: expected auto or a number" },
	{ " frobnicate 1 2 3\n", CONF_WARNING, ":17: frobnicate 1 ...: unknown" },
	{ " nhrp map group GOLD service-policy output Q\n", CONF_WARNING, "nhrp map group" },
	{ " if-state nhrp\n", CONF_WARNING, "taken the line down" },
	{ " tunnel route-via Dialer1 mandatory\n", CONF_WARNING, "tunnel route-via" },
	{ " tunnel source Dialer1\n", CONF_ERROR, ":17: tunnel source Dialer1: which interface" },
	{ " ip nhrp authentication 6 ABCDEFGH\n", CONF_ERROR,
	  ":17: the key is encrypted (type 6)" },
	{ " ip nhrp authentication 7 XYZ\n", CONF_ERROR, "no obfuscated one (type 7)" },
	{ "interface Gi0/1\n vrf forwarding MGMT\n", CONF_WARNING, ":18: vrf forwarding: not" },
	{ "vrf definition MGMT\n address-family ipv4\n", CONF_WARNING, "made a VRF" },
	{ "frobnicator 1\n one\n two\n", CONF_WARNING, ":17: frobnicator ...: unknown" },
	{ "crypto isakmp key 6 XXXXXXXXXXXX address 192.0.2.1\n", CONF_ERROR,
	  "encrypted (type 6)" },
	{ "crypto isakmp key secret hostname r2\n", CONF_WARNING, "only keys by IPv4 address" },
	{ "crypto isakmp profile A\n initiate mode aggressive\n"
	  "crypto ipsec profile P\n set isakmp-profile A\n",
	  CONF_WARNING, ":18: initiate mode aggressive: not supported; it would have begun" },
	{ "crypto isakmp policy 20\n authentication pre-share\n", CONF_WARNING,
	  "policy 20: DES, IOS's default, is not done" },
	{ "crypto isakmp policy 30\n encr aes\n group 14\n", CONF_WARNING,
	  "policy 30: rsa-sig needs certificates" },
	{ "crypto ipsec transform-set T ah-sha-hmac\n mode transport\n", CONF_ERROR,
	  "\"ah-sha-hmac\"" },
	{ "crypto ipsec transform-set U esp-aes esp-sha-hmac\n"
	  "crypto ipsec profile P\n set transform-set U\n",
	  CONF_ERROR, "transform-set U: tunnel mode, IOS's default, is not done" },
	{ "crypto ikev2 proposal X\n encryption aes-cbc-256\n", CONF_WARNING, "set up IKEv2" },
	{ "crypto map M 10 ipsec-isakmp\n set peer 192.0.2.7\n", CONF_WARNING,
	  "protected traffic other than" },
};

Test(conf_ios, what_is_not_done_is_said_with_its_line)
{
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		char text[2048];
		const struct conf_message *m;
		struct conf_report r;
		struct conf *c;

		snprintf(text, sizeof(text), "%s%s", BASE TUNNEL, told[i].line);
		c = load(text, &r);
		m = find(&r, told[i].says);
		cr_assert_not_null(m, "%s", told[i].line);
		cr_assert_eq(m->severity, told[i].severity, "%s", m->text);
		cr_assert_eq(c == NULL, told[i].severity == CONF_ERROR, "%s", told[i].line);
		conf_report_free(&r);
		conf_free(c);
	}
}

/* Nothing to say about them: no warning, no error. */
static const char *const quiet[] = {
	" description to the hub\n",
	" bandwidth 1000\n",
	" no ip redirects\n",
	" load-interval 30\n",
	" ip ospf network broadcast\n",
	" tunnel path-mtu-discovery\n",
	" no ip split-horizon eigrp 1\n",
	"crypto isakmp invalid-spi-recovery\n",
	"no ip http server\n",
	"ip cef\n",
	"router ospf 1\n network 172.16.0.0 0.0.0.255 area 0\n",
	"line vty 0 4\n login local\n",
	"snmp-server community PRIVATE rw\n",
	"interface GigabitEthernet0/1\n ip address dhcp\n speed 100\n",
	"crypto pki trustpoint CA\n enrollment terminal\n",
	"access-list 10 permit any\n",
};

Test(conf_ios, what_needs_nothing_is_not_told)
{
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		char text[2048];
		struct conf_report r;

		snprintf(text, sizeof(text), "%s%s", BASE TUNNEL, quiet[i]);
		conf_free(load(text, &r));
		for (size_t j = 0; j < r.count; j++)
			cr_assert(r.messages[j].line < 17, "%s: %s", quiet[i], r.messages[j].text);
		cr_assert_eq(r.errors, 0, "%s", quiet[i]);
		conf_report_free(&r);
	}
}

Test(conf_ios, secrets_are_never_told)
{
	static const char text[] =
		BASE TUNNEL " ip nhrp authentication NHRPsecretTooLong\n"
			    "crypto isakmp key TOPsecret\n"
			    "crypto isakmp key TOPsecret frobnicate 1.2.3.4 5.6.7.8\n"
			    "crypto isakmp key TOPsecret address 1.2.3.4 255.0.255.0\n"
			    "crypto keyring K\n pre-shared-key address 1.2.3.4 key TOPsecret\n"
			    " pre-shared-key hostname x key TOPsecret\n"
			    "unknown word TOPsecret\n";
	struct conf_report r;

	conf_free(load(text, &r));
	cr_assert_gt(r.count, 3);
	for (size_t i = 0; i < r.count; i++)
		cr_assert_null(strstr(r.messages[i].text, "secret"), "%s", r.messages[i].text);
	conf_report_free(&r);
}

/* ---- anything ---- */

static void survive(const char *text, size_t len)
{
	struct conf_report report = { 0 };
	struct complaints c = { .file = "t.ios", .report = &report };
	struct ios_text t;

	ios_convert(text, len, &map, &c, &t);
	ios_text_free(&t);
	conf_report_free(&report);
}

Test(conf_ios, cut_at_every_octet)
{
	static const char text[] = "banner motd ^C x\n ^C\n" BASE TUNNEL
				   " ip nhrp nhs 172.16.0.1 nbma 192.0.2.1 multicast priority 1\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = xmemdup(text, len);

		survive(copy, len);
		free(copy);
	}
}

/* Commands without their arguments, and with the arguments of others. */
Test(conf_ios, words_missing)
{
	char text[] =
		BASE TUNNEL " ip nhrp map multicast dynamic\n ip nhrp nhs 1.2.3.4 priority 1\n"
			    "crypto isakmp keepalive 10 3 periodic\n";

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char copy[sizeof(text)];

		memcpy(copy, text, sizeof(text));
		if (copy[i] == ' ' && i && copy[i - 1] != '\n')
			copy[i] = '\n';
		survive(copy, sizeof(text) - 1);
		copy[i] = '\0';
		survive(copy, sizeof(text) - 1);
	}
}
