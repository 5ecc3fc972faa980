/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink XFRM messages as we send them, compared with linux/xfrm.h's structures and with octets
 * written out. What we read is test_xfrm_decode.c's.
 *
 * LINK: xfrm/xfrm_msg.c lib/addr.c lib/algo.c
 */
#include "xfrm/xfrm_msg.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>

union message {
	struct nlmsghdr nlh;
	uint8_t octets[XFRM_MSG_ROOM];
};

static uint8_t keymat[128];
static union message m;

static void fill_keymat(void)
{
	for (size_t i = 0; i < sizeof(keymat); i++)
		keymat[i] = (uint8_t)(i + 1);
}

TestSuite(xfrm_msg, .init = fill_keymat);

static struct xfrm_sa sa_of(enum cipher_id cipher, enum hash_id auth)
{
	struct xfrm_sa sa = {
		.id = { addr_v4(0x0a000004), addr_v4(0x0a000102), 0xc0ffee01 },
		.reqid = XFRM_REQID_BASE + 2,
		.suite = { cipher, auth },
		.replay_window = 32,
		.soft_seconds = 3300,
		.hard_seconds = 3600,
		.hard_bytes = 4608000000u,
	};

	sa.keymat = (struct span){ keymat, esp_suite_keymat(&sa.suite) };
	return sa;
}

/* The first attribute of a type (any where it is 0) behind skip octets; counts all on the way. */
static struct span attr_scan(const struct nlmsghdr *nlh, size_t skip, uint16_t type,
			     unsigned int *count)
{
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, skip);
	const char *end = mnl_nlmsg_get_payload_tail(nlh);
	struct span s = { 0 };

	for (*count = 0; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr), ++*count)
		if (!s.data && mnl_attr_get_type(attr) == type)
			s = (struct span){ mnl_attr_get_payload(attr),
					   mnl_attr_get_payload_len(attr) };
	return s;
}

static struct span attr_of(const struct nlmsghdr *nlh, size_t skip, uint16_t type)
{
	unsigned int count;

	return attr_scan(nlh, skip, type, &count);
}

static unsigned int attr_count(const struct nlmsghdr *nlh, size_t skip)
{
	unsigned int count;

	attr_scan(nlh, skip, 0, &count);
	return count;
}

/* ---- Encoding ---- */

Test(xfrm_msg, sa_add_fixed_part)
{
	struct xfrm_sa sa = sa_of(CIPHER_AES128, HASH_SHA256);
	struct nlmsghdr *nlh = xfrm_msg_sa_add(&m, 77, &sa);
	struct xfrm_usersa_info k;

	cr_assert_eq(nlh, &m.nlh);
	cr_assert_eq(nlh->nlmsg_type, XFRM_MSG_NEWSA);
	cr_assert_eq(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	cr_assert_eq(nlh->nlmsg_seq, 77);
	cr_assert(mnl_nlmsg_ok(nlh, sizeof(m)));
	memcpy(&k, mnl_nlmsg_get_payload(nlh), sizeof(k));
	cr_assert_eq(k.id.daddr.a4, inet_addr("10.0.1.2"));
	cr_assert_eq(k.saddr.a4, inet_addr("10.0.0.4"));
	cr_assert_eq(k.id.spi, htonl(0xc0ffee01));
	cr_assert_eq(k.id.proto, IPPROTO_ESP);
	cr_assert_eq(k.family, AF_INET);
	cr_assert_eq(k.mode, XFRM_MODE_TRANSPORT);
	cr_assert_eq(k.reqid, 0xd3000002);
	cr_assert_eq(k.replay_window, 32);
	cr_assert_eq(k.flags, 0);
	cr_assert_eq(k.seq, 0);
}

Test(xfrm_msg, sa_add_has_its_own_selector)
{
	struct xfrm_sa sa = sa_of(CIPHER_AES128, HASH_SHA1);
	struct xfrm_usersa_info k;
	struct xfrm_selector want = {
		.saddr.a4 = inet_addr("10.0.0.4"),
		.daddr.a4 = inet_addr("10.0.1.2"),
		.prefixlen_s = 32,
		.prefixlen_d = 32,
		.proto = 47,
		.family = AF_INET,
	};

	xfrm_msg_sa_add(&m, 1, &sa);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_arr_eq(&k.sel.saddr, &want.saddr, sizeof(want.saddr));
	cr_assert_arr_eq(&k.sel.daddr, &want.daddr, sizeof(want.daddr));
	cr_assert_eq(k.sel.prefixlen_s, 32);
	cr_assert_eq(k.sel.prefixlen_d, 32);
	cr_assert_eq(k.sel.proto, 47);
	cr_assert_eq(k.sel.family, AF_INET);
	/* Any GRE key: tunnels of one source share the SAs of a peer. */
	cr_assert_eq(k.sel.sport_mask, 0);
	cr_assert_eq(k.sel.dport_mask, 0);
}

Test(xfrm_msg, sa_add_limits)
{
	struct xfrm_sa sa = sa_of(CIPHER_3DES, HASH_MD5);
	struct xfrm_usersa_info k;

	xfrm_msg_sa_add(&m, 1, &sa);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.lft.soft_add_expires_seconds, 3300);
	cr_assert_eq(k.lft.hard_add_expires_seconds, 3600);
	cr_assert_eq(k.lft.soft_use_expires_seconds, 0);
	cr_assert_eq(k.lft.hard_use_expires_seconds, 0);
	cr_assert_eq(k.lft.soft_byte_limit, XFRM_INF);
	cr_assert_eq(k.lft.hard_byte_limit, 4608000000u);
	cr_assert_eq(k.lft.soft_packet_limit, XFRM_INF);
	cr_assert_eq(k.lft.hard_packet_limit, XFRM_INF);
	sa.soft_bytes = 3916800000u;
	xfrm_msg_sa_add(&m, 1, &sa);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.lft.soft_byte_limit, 3916800000u);
}

/* The whole attribute part of AES-128 with SHA-256, octet by octet. */
Test(xfrm_msg, sa_add_aes_sha256_octets)
{
	struct xfrm_sa sa = sa_of(CIPHER_AES128, HASH_SHA256);
	uint8_t want[4 + 68 + 16 + 4 + 72 + 32] = { 0 };
	size_t fixed = sizeof(struct nlmsghdr) + sizeof(struct xfrm_usersa_info);
	uint32_t bits;

	((struct nlattr *)(void *)want)->nla_len = 4 + 68 + 16;
	((struct nlattr *)(void *)want)->nla_type = XFRMA_ALG_CRYPT;
	memcpy(want + 4, "cbc(aes)", 8);
	bits = 128;
	memcpy(want + 4 + 64, &bits, 4);
	memcpy(want + 4 + 68, keymat, 16);
	((struct nlattr *)(void *)(want + 88))->nla_len = 4 + 72 + 32;
	((struct nlattr *)(void *)(want + 88))->nla_type = XFRMA_ALG_AUTH_TRUNC;
	memcpy(want + 92, "hmac(sha256)", 12);
	bits = 256;
	memcpy(want + 92 + 64, &bits, 4);
	bits = 128; /* RFC 4868, not the kernel's 96 */
	memcpy(want + 92 + 68, &bits, 4);
	memcpy(want + 92 + 72, keymat + 16, 32);

	xfrm_msg_sa_add(&m, 1, &sa);
	cr_assert_eq(m.nlh.nlmsg_len, fixed + sizeof(want));
	cr_assert_arr_eq(m.octets + fixed, want, sizeof(want));
}

Test(xfrm_msg, sa_add_gcm)
{
	struct xfrm_sa sa = sa_of(CIPHER_GCM256, HASH_NONE);
	struct xfrm_algo_aead a;
	struct span s;

	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
	s = attr_of(&m.nlh, sizeof(struct xfrm_usersa_info), XFRMA_ALG_AEAD);
	cr_assert_eq(s.len, sizeof(a) + 36);
	memcpy(&a, s.data, sizeof(a));
	cr_assert_str_eq(a.alg_name, "rfc4106(gcm(aes))");
	cr_assert_eq(a.alg_key_len, 288); /* key and salt */
	cr_assert_eq(a.alg_icv_len, 128);
	cr_assert_arr_eq(s.data + sizeof(a), keymat, 36);
	cr_assert_eq(attr_count(&m.nlh, sizeof(struct xfrm_usersa_info)), 1);
}

Test(xfrm_msg, sa_add_null_cipher)
{
	struct xfrm_sa sa = sa_of(CIPHER_NULL, HASH_SHA1);
	struct xfrm_algo c;
	struct xfrm_algo_auth a;
	struct span s;

	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
	s = attr_of(&m.nlh, sizeof(struct xfrm_usersa_info), XFRMA_ALG_CRYPT);
	cr_assert_eq(s.len, sizeof(c));
	memcpy(&c, s.data, sizeof(c));
	cr_assert_str_eq(c.alg_name, "ecb(cipher_null)");
	cr_assert_eq(c.alg_key_len, 0);
	s = attr_of(&m.nlh, sizeof(struct xfrm_usersa_info), XFRMA_ALG_AUTH_TRUNC);
	cr_assert_eq(s.len, sizeof(a) + 20);
	memcpy(&a, s.data, sizeof(a));
	cr_assert_eq(a.alg_trunc_len, 96);
	cr_assert_arr_eq(s.data + sizeof(a), keymat, 20);
}

Test(xfrm_msg, sa_add_truncation_of_every_hash)
{
	static const struct {
		enum hash_id id;
		const char *name;
		unsigned int key, icv;
	} rows[] = {
		{ HASH_MD5, "hmac(md5)", 128, 96 },	  { HASH_SHA1, "hmac(sha1)", 160, 96 },
		{ HASH_SHA256, "hmac(sha256)", 256, 128 }, { HASH_SHA384, "hmac(sha384)", 384, 192 },
		{ HASH_SHA512, "hmac(sha512)", 512, 256 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct xfrm_sa sa = sa_of(CIPHER_AES256, rows[i].id);
		struct xfrm_algo_auth a;
		struct span s;

		cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
		s = attr_of(&m.nlh, sizeof(struct xfrm_usersa_info), XFRMA_ALG_AUTH_TRUNC);
		cr_assert_geq(s.len, sizeof(a));
		memcpy(&a, s.data, sizeof(a));
		cr_assert_str_eq(a.alg_name, rows[i].name);
		cr_assert_eq(a.alg_key_len, rows[i].key);
		cr_assert_eq(a.alg_trunc_len, rows[i].icv);
	}
}

Test(xfrm_msg, sa_add_replay_windows)
{
	struct xfrm_sa sa = sa_of(CIPHER_AES128, HASH_SHA1);
	struct xfrm_replay_state_esn r;
	struct xfrm_usersa_info k;
	struct span s;

	sa.replay_window = 64;
	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.replay_window, 0, "the kernel wants one place only");
	s = attr_of(&m.nlh, sizeof(k), XFRMA_REPLAY_ESN_VAL);
	cr_assert_eq(s.len, sizeof(r) + 8);
	memcpy(&r, s.data, sizeof(r));
	cr_assert_eq(r.replay_window, 64);
	cr_assert_eq(r.bmp_len, 2);

	sa.outbound = true;
	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.replay_window, 0);
	cr_assert_eq(attr_of(&m.nlh, sizeof(k), XFRMA_REPLAY_ESN_VAL).len, 0);

	sa.outbound = false;
	sa.replay_window = XFRM_REPLAY_MAX;
	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
	cr_assert_leq(m.nlh.nlmsg_len, XFRM_MSG_ROOM);
	sa.replay_window = XFRM_REPLAY_MAX + 1;
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa));
}

Test(xfrm_msg, sa_add_encapsulation_and_mark)
{
	struct xfrm_sa sa = sa_of(CIPHER_AES128, HASH_SHA1);
	struct xfrm_encap_tmpl e;
	struct span s;

	sa.encap_sport = 4500;
	sa.encap_dport = 61234;
	sa.output_mark = 0x12345678;
	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &sa));
	s = attr_of(&m.nlh, sizeof(struct xfrm_usersa_info), XFRMA_ENCAP);
	cr_assert_eq(s.len, sizeof(e));
	memcpy(&e, s.data, sizeof(e));
	cr_assert_eq(e.encap_type, UDP_ENCAP_ESPINUDP);
	cr_assert_eq(e.encap_sport, htons(4500));
	cr_assert_eq(e.encap_dport, htons(61234));
	s = attr_of(&m.nlh, sizeof(struct xfrm_usersa_info), XFRMA_SET_MARK);
	cr_assert_eq(s.len, 4);
	cr_assert_eq(*(const uint32_t *)(const void *)s.data, 0x12345678);
}

/* A peer with a pseudo address: that one inside, where it is outside. */
Test(xfrm_msg, sa_add_pseudo_address)
{
	struct xfrm_sa sa = sa_of(CIPHER_AES128, HASH_SHA1);
	struct xfrm_usersa_info k;

	sa.pseudo = addr_v4(0xf0000001);
	xfrm_msg_sa_add(&m, 1, &sa);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.mode, XFRM_MODE_BEET);
	cr_assert_eq(k.saddr.a4, inet_addr("10.0.0.4"));
	cr_assert_eq(k.id.daddr.a4, inet_addr("10.0.1.2"));
	cr_assert_eq(k.sel.saddr.a4, inet_addr("240.0.0.1"), "inbound: the peer sends");
	cr_assert_eq(k.sel.daddr.a4, inet_addr("10.0.1.2"));
	sa.outbound = true;
	xfrm_msg_sa_add(&m, 1, &sa);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.sel.saddr.a4, inet_addr("10.0.0.4"));
	cr_assert_eq(k.sel.daddr.a4, inet_addr("240.0.0.1"), "outbound: to the peer");
}

Test(xfrm_msg, sa_update)
{
	struct xfrm_sa sa = sa_of(CIPHER_3DES, HASH_SHA1);
	struct xfrm_encap_tmpl encap;
	struct xfrm_usersa_info k;
	struct span s;

	sa.keymat = (struct span){ NULL, 0 };
	sa.encap_sport = 4500;
	sa.encap_dport = 31000;
	cr_assert(xfrm_msg_sa_update(&m, 9, &sa));
	cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_UPDSA);
	cr_assert_eq(m.nlh.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.id.spi, htonl(0xc0ffee01));
	cr_assert_eq(k.lft.hard_add_expires_seconds, 3600, "the limits are set anew");
	s = attr_of(&m.nlh, sizeof(k), XFRMA_ENCAP);
	cr_assert_eq(s.len, sizeof(encap));
	memcpy(&encap, s.data, sizeof(encap));
	cr_assert_eq(ntohs(encap.encap_dport), 31000);
	s = attr_of(&m.nlh, sizeof(k), XFRMA_ALG_CRYPT);
	cr_assert(s.data, "the kernel wants a key");
	s.data += s.len - 24;
	cr_assert(memcmp(s.data, s.data + 8, 8) != 0 && memcmp(s.data + 8, s.data + 16, 8) != 0,
		  "and not a weak one");
}

Test(xfrm_msg, peer_policies)
{
	struct xfrm_peer_policy p = { addr_v4(0x0a000102), addr_v4(0xf0000001),
				      addr_v4(0x0a000004), XFRM_REQID_BASE };
	struct xfrm_userpolicy_info info;
	struct xfrm_user_tmpl tmpl;
	struct span s;

	for (uint8_t dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_OUT; dir++) {
		bool out = dir == XFRM_POLICY_OUT;

		cr_assert(xfrm_msg_peer_policy_set(&m, 3, &p, dir));
		cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_UPDPOLICY);
		memcpy(&info, mnl_nlmsg_get_payload(&m.nlh), sizeof(info));
		cr_assert_eq(info.dir, dir);
		cr_assert_eq(info.priority, XFRM_PRIO_PEER);
		cr_assert_eq(info.sel.saddr.a4, inet_addr(out ? "10.0.1.2" : "240.0.0.1"));
		cr_assert_eq(info.sel.daddr.a4, inet_addr(out ? "240.0.0.1" : "10.0.1.2"));
		cr_assert_eq(info.sel.prefixlen_s + info.sel.prefixlen_d, 64);
		cr_assert_eq(info.sel.proto, 47);
		s = attr_of(&m.nlh, sizeof(info), XFRMA_TMPL);
		cr_assert_eq(s.len, sizeof(tmpl));
		memcpy(&tmpl, s.data, sizeof(tmpl));
		cr_assert_eq(tmpl.mode, XFRM_MODE_BEET);
		cr_assert_eq(tmpl.reqid, XFRM_REQID_BASE);
		cr_assert_eq(tmpl.saddr.a4, inet_addr(out ? "10.0.1.2" : "10.0.0.4"));
		cr_assert_eq(tmpl.id.daddr.a4, inet_addr(out ? "10.0.0.4" : "10.0.1.2"));
		cr_assert(xfrm_msg_peer_policy_delete(&m, 4, &p, dir));
		cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_DELPOLICY);
	}
	p.reqid = 1;
	cr_assert_not(xfrm_msg_peer_policy_set(&m, 3, &p, XFRM_POLICY_OUT));
}

Test(xfrm_msg, sa_add_refuses_what_cannot_be)
{
	struct xfrm_sa good = sa_of(CIPHER_AES128, HASH_SHA1), sa;

	cr_assert_not_null(xfrm_msg_sa_add(&m, 1, &good));
	sa = good;
	sa.keymat.len--;
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa));
	sa = good;
	sa.keymat.len++;
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa));
	sa = good;
	sa.suite.auth = HASH_NONE;
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa), "a cipher alone");
	sa = sa_of(CIPHER_GCM128, HASH_SHA1);
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa), "two integrity checks");
	sa = sa_of(CIPHER_DES, HASH_SHA1);
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa), "single DES");
	sa = good;
	sa.suite.cipher = CIPHER_NONE;
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa));
	sa = good;
	sa.id.spi = 255; /* reserved, RFC 4303 2.1 */
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa));
	sa = good;
	sa.id.dst.len = 0;
	cr_assert_null(xfrm_msg_sa_add(&m, 1, &sa));
}

Test(xfrm_msg, sa_delete_and_get)
{
	struct xfrm_sa_id id = { addr_v4(0x0a000004), addr_v4(0x0a000102), 0x1234 };
	struct xfrm_usersa_id k;

	cr_assert_not_null(xfrm_msg_sa_delete(&m, 5, &id));
	cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_DELSA);
	cr_assert_eq(m.nlh.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.daddr.a4, inet_addr("10.0.1.2"));
	cr_assert_eq(k.spi, htonl(0x1234));
	cr_assert_eq(k.proto, IPPROTO_ESP);
	cr_assert_eq(k.family, AF_INET);

	cr_assert_not_null(xfrm_msg_sa_get(&m, 5, &id));
	cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_GETSA);
	cr_assert_eq(m.nlh.nlmsg_flags, NLM_F_REQUEST, "one answer, not two");
	id.spi = 0;
	cr_assert_null(xfrm_msg_sa_delete(&m, 5, &id));
	cr_assert_null(xfrm_msg_sa_get(&m, 5, &id));
}

/* The kernel parses a dump's attributes from the end of the netlink header on. */
Test(xfrm_msg, sa_dump)
{
	cr_assert_not_null(xfrm_msg_sa_dump(&m, 9));
	cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_GETSA);
	cr_assert_eq(m.nlh.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	cr_assert_eq(attr_of(&m.nlh, 0, XFRMA_PROTO).len, 1);
	cr_assert_eq(*attr_of(&m.nlh, 0, XFRMA_PROTO).data, IPPROTO_ESP);
}

static const struct xfrm_tunnel_policy keyed = {
	.local = { 4, { 10, 0, 0, 4 } },
	.keyed = true,
	.key = 0x00010203,
	.reqid = XFRM_REQID_BASE + 1,
};

Test(xfrm_msg, policy_selectors)
{
	struct xfrm_tunnel_policy plain = keyed;
	struct xfrm_selector s = xfrm_msg_policy_selector(&keyed, XFRM_POL_OUT);

	cr_assert_eq(s.saddr.a4, inet_addr("10.0.0.4"));
	cr_assert_eq(s.prefixlen_s, 32);
	cr_assert_eq(s.daddr.a4, 0);
	cr_assert_eq(s.prefixlen_d, 0);
	cr_assert_eq(s.proto, 47);
	cr_assert_eq(s.sport, htons(0x0001));
	cr_assert_eq(s.dport, htons(0x0203));
	cr_assert_eq(s.sport_mask, 0xffff);
	cr_assert_eq(s.dport_mask, 0xffff);

	s = xfrm_msg_policy_selector(&keyed, XFRM_POL_IN);
	cr_assert_eq(s.saddr.a4, 0);
	cr_assert_eq(s.prefixlen_s, 0);
	cr_assert_eq(s.daddr.a4, inet_addr("10.0.0.4"));
	cr_assert_eq(s.prefixlen_d, 32);

	s = xfrm_msg_policy_selector(&keyed, XFRM_POL_BLOCK);
	cr_assert_eq(s.saddr.a4, inet_addr("10.0.0.4"));
	cr_assert_eq(s.daddr.a4, inet_addr("224.0.0.0"));
	cr_assert_eq(s.prefixlen_d, 4);

	plain.keyed = false;
	s = xfrm_msg_policy_selector(&plain, XFRM_POL_OUT);
	cr_assert_eq(s.sport, 0);
	cr_assert_eq(s.dport, 0);
	cr_assert_eq(s.sport_mask, 0xffff, "no key is key 0, not any key");
	cr_assert_eq(s.dport_mask, 0xffff);
}

Test(xfrm_msg, policy_add)
{
	static const struct {
		enum xfrm_policy_kind kind;
		uint8_t dir, action;
		uint32_t priority;
	} rows[] = {
		{ XFRM_POL_BLOCK, XFRM_POLICY_OUT, XFRM_POLICY_BLOCK, 100 },
		{ XFRM_POL_OUT, XFRM_POLICY_OUT, XFRM_POLICY_ALLOW, 1000 },
		{ XFRM_POL_IN, XFRM_POLICY_IN, XFRM_POLICY_ALLOW, 1000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct xfrm_userpolicy_info k;
		struct xfrm_user_tmpl t;
		struct span s;

		cr_assert_not_null(xfrm_msg_policy_add(&m, 3, &keyed, rows[i].kind, false));
		cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_NEWPOLICY);
		memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
		cr_assert_eq(k.dir, rows[i].dir);
		cr_assert_eq(k.action, rows[i].action);
		cr_assert_eq(k.priority, rows[i].priority);
		cr_assert_eq(k.lft.hard_byte_limit, XFRM_INF);
		cr_assert_eq(k.lft.hard_add_expires_seconds, 0);
		s = attr_of(&m.nlh, sizeof(k), XFRMA_TMPL);
		cr_assert_eq(s.len, sizeof(t));
		memcpy(&t, s.data, sizeof(t));
		cr_assert_eq(t.id.proto, IPPROTO_ESP);
		cr_assert_eq(t.id.spi, 0);
		cr_assert_eq(t.mode, XFRM_MODE_TRANSPORT);
		cr_assert_eq(t.reqid, keyed.reqid, "also the block policy's tag");
		cr_assert_eq(t.family, AF_INET);
		cr_assert_eq(t.optional, 0, "never in the clear");
		cr_assert_eq(t.aalgos & t.ealgos & t.calgos, UINT32_MAX);

		cr_assert_not_null(xfrm_msg_policy_add(&m, 3, &keyed, rows[i].kind, true));
		cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_UPDPOLICY);
		cr_assert_not(m.nlh.nlmsg_flags & NLM_F_EXCL);
	}
}

Test(xfrm_msg, policy_add_refuses_a_foreign_reqid)
{
	struct xfrm_tunnel_policy p = keyed;

	p.reqid = 1;
	cr_assert_null(xfrm_msg_policy_add(&m, 3, &p, XFRM_POL_OUT, false));
	p.reqid = XFRM_REQID_BASE + XFRM_REQID_COUNT;
	cr_assert_null(xfrm_msg_policy_add(&m, 3, &p, XFRM_POL_OUT, false));
	p = keyed;
	p.local.len = 0;
	cr_assert_null(xfrm_msg_policy_add(&m, 3, &p, XFRM_POL_OUT, false));
}

Test(xfrm_msg, policy_get_and_delete)
{
	struct xfrm_userpolicy_info info = { .index = 1234, .dir = XFRM_POLICY_OUT };
	struct xfrm_userpolicy_id k;

	cr_assert_not_null(xfrm_msg_policy_get(&m, 3, &keyed, XFRM_POL_IN));
	cr_assert_eq(m.nlh.nlmsg_type, XFRM_MSG_GETPOLICY);
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.dir, XFRM_POLICY_IN);
	cr_assert_eq(k.index, 0);
	cr_assert_eq(k.sel.prefixlen_d, 32);
	cr_assert_not_null(xfrm_msg_policy_delete(&m, 3, &info));
	memcpy(&k, mnl_nlmsg_get_payload(&m.nlh), sizeof(k));
	cr_assert_eq(k.index, 1234);
	cr_assert_eq(k.dir, XFRM_POLICY_OUT);
}
