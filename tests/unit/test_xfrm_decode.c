/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink XFRM messages as the kernel sends them: read, cut at every octet, filled with nonsense.
 * What we send is test_xfrm_msg.c's.
 *
 * LINK: xfrm/xfrm_msg.c lib/addr.c lib/algo.c
 */
#include "xfrm/xfrm_msg.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>

union message {
	struct nlmsghdr nlh;
	uint8_t octets[XFRM_MSG_ROOM];
};

static union message m;

static const struct xfrm_tunnel_policy keyed = {
	.local = { 4, { 10, 0, 0, 4 } },
	.keyed = true,
	.key = 0x00010203,
	.reqid = XFRM_REQID_BASE + 1,
};

static struct nlmsghdr *made(uint16_t type, const void *header, size_t len)
{
	struct nlmsghdr *nlh;

	memset(&m, 0, sizeof(m));
	nlh = mnl_nlmsg_put_header(&m);
	nlh->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
	return nlh;
}

static struct nlmsghdr *made_sa(void)
{
	struct xfrm_usersa_info k = {
		.saddr.a4 = inet_addr("10.0.0.4"),
		.id = { .daddr.a4 = inet_addr("10.0.1.2"), .spi = htonl(0xabcd1234), .proto = 50 },
		.lft = { .soft_byte_limit = XFRM_INF,
			 .hard_byte_limit = 1000000,
			 .soft_add_expires_seconds = 60,
			 .hard_add_expires_seconds = 90 },
		.curlft = { .bytes = 5000000000, .packets = 42, .add_time = 100, .use_time = 110 },
		.stats = { .replay_window = 1, .replay = 2, .integrity_failed = 3 },
		.reqid = XFRM_REQID_BASE,
		.family = AF_INET,
	};
	struct xfrm_algo alg = { .alg_name = "ecb(cipher_null)" };
	struct xfrm_encap_tmpl e = { .encap_sport = htons(4500), .encap_dport = htons(1024) };
	struct nlmsghdr *nlh = made(XFRM_MSG_NEWSA, &k, sizeof(k));

	mnl_attr_put(nlh, XFRMA_ALG_CRYPT, sizeof(alg), &alg);
	mnl_attr_put(nlh, XFRMA_ENCAP, sizeof(e), &e);
	mnl_attr_put_u64(nlh, XFRMA_LASTUSED, 120);
	return nlh;
}

Test(xfrm_decode, get_sa)
{
	struct xfrm_sa_info i;

	cr_assert(xfrm_msg_get_sa(made_sa(), &i));
	cr_assert_eq(addr_to_v4(&i.id.src), 0x0a000004);
	cr_assert_eq(addr_to_v4(&i.id.dst), 0x0a000102);
	cr_assert_eq(i.id.spi, 0xabcd1234);
	cr_assert_eq(i.reqid, XFRM_REQID_BASE);
	cr_assert_eq(i.proto, 50);
	cr_assert_not(i.larval);
	cr_assert_not(i.tunnel);
	cr_assert_eq(i.bytes, 5000000000);
	cr_assert_eq(i.packets, 42);
	cr_assert_eq(i.added, 100);
	cr_assert_eq(i.first_used, 110);
	cr_assert_eq(i.last_used, 120);
	cr_assert_eq(i.soft_bytes, 0, "infinite is 0");
	cr_assert_eq(i.hard_bytes, 1000000);
	cr_assert_eq(i.soft_seconds, 60);
	cr_assert_eq(i.hard_seconds, 90);
	cr_assert_eq(i.replay_drops, 3);
	cr_assert_eq(i.auth_failures, 3);
	cr_assert_eq(i.encap_sport, 4500);
	cr_assert_eq(i.encap_dport, 1024);
}

static struct nlmsghdr *made_acquire(void)
{
	struct xfrm_user_acquire k = {
		.saddr.a4 = inet_addr("10.0.0.4"),
		.id.daddr.a4 = inet_addr("10.0.0.6"),
		.sel = { .proto = 47,
			 .family = AF_INET,
			 .sport = htons(1),
			 .dport = htons(2),
			 .sport_mask = 0xffff,
			 .dport_mask = 0xffff },
	};
	struct xfrm_user_tmpl t[2] = { { .reqid = XFRM_REQID_BASE + 7 }, { .reqid = 1 } };
	struct nlmsghdr *nlh = made(XFRM_MSG_ACQUIRE, &k, sizeof(k));

	mnl_attr_put(nlh, XFRMA_TMPL, sizeof(t), t);
	return nlh;
}

Test(xfrm_decode, get_acquire)
{
	struct xfrm_acquire a;

	cr_assert(xfrm_msg_get_acquire(made_acquire(), &a));
	cr_assert_eq(addr_to_v4(&a.src), 0x0a000004);
	cr_assert_eq(addr_to_v4(&a.dst), 0x0a000006);
	cr_assert_eq(a.reqid, XFRM_REQID_BASE + 7);
	cr_assert_eq(a.proto, 47);
	cr_assert_eq(a.key, 0x00010002);
}

static struct nlmsghdr *made_expire(void)
{
	struct xfrm_user_expire k = {
		.state = { .saddr.a4 = inet_addr("10.0.0.4"),
			   .id = { .daddr.a4 = inet_addr("10.0.1.2"), .spi = htonl(0x1000) },
			   .reqid = XFRM_REQID_BASE,
			   .family = AF_INET },
		.hard = 1,
	};

	return made(XFRM_MSG_EXPIRE, &k, sizeof(k));
}

Test(xfrm_decode, get_expire)
{
	struct xfrm_expire e;

	cr_assert(xfrm_msg_get_expire(made_expire(), &e));
	cr_assert_eq(addr_to_v4(&e.id.src), 0x0a000004);
	cr_assert_eq(addr_to_v4(&e.id.dst), 0x0a000102);
	cr_assert_eq(e.id.spi, 0x1000);
	cr_assert_eq(e.reqid, XFRM_REQID_BASE);
	cr_assert(e.hard);
}

static struct nlmsghdr *made_policy(void)
{
	xfrm_msg_policy_add(&m, 1, &keyed, XFRM_POL_OUT, false);
	return &m.nlh;
}

Test(xfrm_decode, get_mapping)
{
	struct xfrm_user_mapping k = {
		.id = { .daddr.a4 = inet_addr("10.0.1.2"), .spi = htonl(0xc0ffee01),
			.family = AF_INET, .proto = IPPROTO_ESP },
		.reqid = 0xd3000001,
		.old_saddr.a4 = inet_addr("10.0.0.4"),
		.new_saddr.a4 = inet_addr("10.0.0.5"),
		.old_sport = htons(4500),
		.new_sport = htons(31000),
	};
	struct addr src = addr_v4(0x0a000004), dst = addr_v4(0x0a000102), now = addr_v4(0x0a000005);
	struct xfrm_mapping map;

	mnl_nlmsg_put_header(&m)->nlmsg_type = XFRM_MSG_MAPPING;
	memcpy(mnl_nlmsg_put_extra_header(&m.nlh, sizeof(k)), &k, sizeof(k));
	cr_assert(xfrm_msg_get_mapping(&m.nlh, &map));
	cr_assert(addr_equal(&map.id.src, &src) && addr_equal(&map.id.dst, &dst));
	cr_assert_eq(map.id.spi, 0xc0ffee01);
	cr_assert_eq(map.reqid, 0xd3000001);
	cr_assert(addr_equal(&map.seen.addr, &now));
	cr_assert_eq(map.seen.port, 31000);
	m.nlh.nlmsg_len -= 4;
	cr_assert_not(xfrm_msg_get_mapping(&m.nlh, &map), "cut");
}

Test(xfrm_decode, get_policy)
{
	struct xfrm_userpolicy_info k;
	uint32_t reqid;

	cr_assert(xfrm_msg_get_policy(made_policy(), &k, &reqid));
	cr_assert_eq(reqid, keyed.reqid);
	cr_assert_eq(k.priority, XFRM_PRIO_TUNNEL);
	cr_assert_eq(k.sel.dport, htons(0x0203));
}

/* Other families and other messages are none of ours. */
Test(xfrm_decode, get_refuses_others)
{
	struct xfrm_user_acquire v6 = { .sel.family = AF_INET6 };
	struct xfrm_usersa_info sa6 = { .family = AF_INET6 };
	struct xfrm_user_expire ex6 = { .state.family = AF_INET6 };
	struct xfrm_sa_info i;
	struct xfrm_acquire a;
	struct xfrm_expire e;

	cr_assert_not(xfrm_msg_get_acquire(made(XFRM_MSG_ACQUIRE, &v6, sizeof(v6)), &a));
	cr_assert_not(xfrm_msg_get_sa(made(XFRM_MSG_NEWSA, &sa6, sizeof(sa6)), &i));
	cr_assert_not(xfrm_msg_get_expire(made(XFRM_MSG_EXPIRE, &ex6, sizeof(ex6)), &e));
	cr_assert_not(xfrm_msg_get_expire(made_sa(), &e));
	cr_assert_not(xfrm_msg_get_acquire(made_expire(), &a));
	cr_assert_not(xfrm_msg_get_sa(made_acquire(), &i));
}

static struct nlmsghdr *made_error(int error, const char *text, bool capped)
{
	struct nlmsgerr k = { .error = error };
	struct nlmsghdr *nlh;

	k.msg.nlmsg_len = capped ? 300 : sizeof(k.msg) + 24;
	nlh = made(NLMSG_ERROR, &k, sizeof(k));
	if (capped)
		nlh->nlmsg_flags |= NLM_F_CAPPED;
	else
		mnl_nlmsg_put_extra_header(nlh, 24);
	if (text) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	return nlh;
}

Test(xfrm_decode, get_error)
{
	char text[16];
	int err;

	cr_assert(xfrm_msg_get_error(made_error(0, NULL, true), &err, text, sizeof(text)));
	cr_assert_eq(err, 0);
	cr_assert_str_eq(text, "");
	cr_assert(xfrm_msg_get_error(made_error(-EEXIST, "taken", true), &err, text, sizeof(text)));
	cr_assert_eq(err, EEXIST);
	cr_assert_str_eq(text, "taken");
	cr_assert(xfrm_msg_get_error(made_error(-ESRCH, "behind it", false), &err, text,
				     sizeof(text)));
	cr_assert_str_eq(text, "behind it");
	cr_assert(xfrm_msg_get_error(made_error(-EINVAL, "longer than there is room", true), &err,
				     text, sizeof(text)));
	cr_assert_str_eq(text, "longer than the");
	cr_assert(xfrm_msg_get_error(made_error(-EINVAL, "x", true), &err, NULL, 0));
	cr_assert_not(xfrm_msg_get_error(made_error(5, NULL, true), &err, text, sizeof(text)));
	cr_assert_not(xfrm_msg_get_error(made_sa(), &err, text, sizeof(text)));
}

/*
 * The first len octets of a message in memory of exactly that size, for the sanitizers to guard;
 * nlmsg_len is cut with it, since a datagram that is cut further does not pass mnl_nlmsg_ok().
 */
static void decode_everything(const void *octets, size_t len)
{
	struct nlmsghdr *nlh = malloc(len);
	struct xfrm_userpolicy_info policy;
	struct xfrm_acquire acquire;
	struct xfrm_expire expire;
	struct xfrm_sa_info sa;
	uint32_t reqid;
	char text[8];
	int err;

	cr_assert_not_null(nlh);
	memcpy(nlh, octets, len);
	nlh->nlmsg_len = (uint32_t)len;
	xfrm_msg_get_sa(nlh, &sa);
	xfrm_msg_get_acquire(nlh, &acquire);
	xfrm_msg_get_expire(nlh, &expire);
	xfrm_msg_get_policy(nlh, &policy, &reqid);
	xfrm_msg_get_error(nlh, &err, text, sizeof(text));
	free(nlh);
}

static struct nlmsghdr *made_long_error(void)
{
	return made_error(-EEXIST, "some words of the kernel", false);
}

Test(xfrm_decode, every_truncation)
{
	static struct nlmsghdr *(*const make[])(void) = { made_sa, made_acquire, made_expire,
							  made_policy, made_long_error };
	static const size_t fixed[] = {
		sizeof(struct xfrm_usersa_info), sizeof(struct xfrm_user_acquire),
		sizeof(struct xfrm_user_expire), sizeof(struct xfrm_userpolicy_info),
		sizeof(struct nlmsgerr) + 24,
	};

	for (size_t i = 0; i < ARRAY_SIZE(make); i++) {
		size_t len = make[i]()->nlmsg_len;

		for (size_t cut = sizeof(struct nlmsghdr); cut <= len; cut++) {
			struct xfrm_userpolicy_info policy;
			struct xfrm_acquire acquire;
			struct xfrm_expire expire;
			struct xfrm_sa_info sa;
			uint32_t reqid;
			char text[8];
			int err;

			decode_everything(make[i](), cut);
			m.nlh.nlmsg_len = (uint32_t)cut;
			cr_assert_eq(xfrm_msg_get_sa(&m.nlh, &sa) ||
					     xfrm_msg_get_acquire(&m.nlh, &acquire) ||
					     xfrm_msg_get_expire(&m.nlh, &expire) ||
					     xfrm_msg_get_policy(&m.nlh, &policy, &reqid) ||
					     xfrm_msg_get_error(&m.nlh, &err, text, sizeof(text)),
				     cut >= sizeof(struct nlmsghdr) + fixed[i],
				     "message %zu cut at %zu", i, cut);
		}
	}
}

/* Nonsense in attributes: any length, any type, at any place. */
Test(xfrm_decode, random_octets)
{
	static const uint16_t types[] = { XFRM_MSG_NEWSA, XFRM_MSG_ACQUIRE, XFRM_MSG_EXPIRE,
					  XFRM_MSG_NEWPOLICY, NLMSG_ERROR };
	uint32_t rng = 1;

	for (int round = 0; round < 20000; round++) {
		size_t len = sizeof(struct nlmsghdr) + (size_t)round % 400;

		for (size_t i = 0; i < len; i++) {
			rng = rng * 1664525 + 1013904223;
			/* Mostly small values, so that lengths are often almost right. */
			m.octets[i] = (uint8_t)(rng >> 24) & (rng & 0x400000 ? 0x1f : 0xff);
		}
		m.nlh.nlmsg_type = types[(size_t)round % ARRAY_SIZE(types)];
		decode_everything(&m, len);
	}
}
