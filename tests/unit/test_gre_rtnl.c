/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink errors: codes and words, cut at every octet; and what is said about them.
 *
 * LINK: gre/rtnl.c
 */
#include "gre/rtnl.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

/* As the kernel builds it, with the request behind it or (capped) only its header. */
static size_t make_error(uint8_t *to, int error, bool capped, const char *words)
{
	struct nlmsghdr nlh = { .nlmsg_type = NLMSG_ERROR,
				.nlmsg_flags = (uint16_t)(capped ? NLM_F_CAPPED : 0) };
	struct nlmsgerr e = { .error = error, .msg = { .nlmsg_len = sizeof(e.msg) + 20 } };
	size_t len = sizeof(nlh) + sizeof(e) + (capped ? 0 : 20);

	memset(to, 0, 256);
	if (words) {
		struct nlattr attr = { .nla_type = NLMSGERR_ATTR_MSG,
				       .nla_len = (uint16_t)(sizeof(attr) + strlen(words) + 1) };

		nlh.nlmsg_flags |= NLM_F_ACK_TLVS;
		memcpy(to + len, &attr, sizeof(attr));
		memcpy(to + len + sizeof(attr), words, strlen(words));
		len += NLMSG_ALIGN((size_t)attr.nla_len);
	}
	nlh.nlmsg_len = (uint32_t)len;
	memcpy(to, &nlh, sizeof(nlh));
	memcpy(to + sizeof(nlh), &e, sizeof(e));
	return len;
}

static bool get(const uint8_t *octets, size_t len, int *err, char text[RTNL_TEXT])
{
	struct nlmsghdr *nlh = malloc(len); /* exactly, for the sanitizers to guard */
	bool good;

	cr_assert_not_null(nlh);
	memcpy(nlh, octets, len);
	nlh->nlmsg_len = (uint32_t)len;
	good = rtnl_get_error(nlh, err, text);
	free(nlh);
	return good;
}

Test(gre_rtnl, codes_and_words)
{
	_Alignas(struct nlmsghdr) uint8_t m[256];
	char text[RTNL_TEXT];
	int err;

	cr_assert(get(m, make_error(m, 0, true, NULL), &err, text));
	cr_assert_eq(err, 0);
	cr_assert_str_eq(text, "");
	cr_assert(get(m, make_error(m, -EEXIST, true, "taken"), &err, text));
	cr_assert_eq(err, EEXIST);
	cr_assert_str_eq(text, "taken");
	cr_assert(get(m, make_error(m, -EINVAL, false, "behind the request"), &err, text));
	cr_assert_eq(err, EINVAL);
	cr_assert_str_eq(text, "behind the request");
	cr_assert_not(get(m, make_error(m, 7, true, NULL), &err, text));
}

Test(gre_rtnl, every_truncation)
{
	_Alignas(struct nlmsghdr) uint8_t m[256];
	char text[RTNL_TEXT];
	int err;

	for (int capped = 0; capped < 2; capped++) {
		size_t len = make_error(m, -ENODEV, capped, "some words of the kernel");
		size_t fixed = sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr) + (capped ? 0 : 20);

		for (size_t cut = sizeof(struct nlmsghdr); cut <= len; cut++)
			cr_assert_eq(get(m, cut, &err, text), cut >= fixed, "cut at %zu", cut);
	}
}

Test(gre_rtnl, advice)
{
	char buf[GRE_WHY];

	rtnl_explain(EPERM, "", buf, sizeof(buf));
	cr_assert_not_null(strstr(buf, "CAP_NET_ADMIN"));
	rtnl_explain(EOPNOTSUPP, "Unknown device type", buf, sizeof(buf));
	cr_assert_not_null(strstr(buf, "(Unknown device type)"));
	cr_assert_not_null(strstr(buf, "ip_gre"));
	rtnl_explain(EEXIST, "a longer text than there is room", buf, 12);
	cr_assert_eq(strlen(buf), 11);
}
