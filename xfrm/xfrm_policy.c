/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies of tunnel sources, and the question what the kernel can do: rare, and wanted at once,
 * so on a blocking socket, one message after the other.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "xfrm/xfrm_nl.h"

struct policy {
	struct xfrm_userpolicy_info info;
	uint32_t reqid;
};

struct policies {
	struct policy *v;
	size_t len;
};

union message {
	struct nlmsghdr nlh;
	uint8_t octets[XFRM_MSG_ROOM];
};

static uint32_t next_seq(struct xfrm_sync *s)
{
	return ++s->seq;
}

static void keep(struct policies *found, const struct nlmsghdr *nlh)
{
	struct policy p;

	if (!found || !xfrm_msg_get_policy(nlh, &p.info, &p.reqid))
		return;
	found->v = xreallocarray(found->v, found->len + 1, sizeof(*found->v));
	found->v[found->len++] = p;
}

/*
 * Sends a request and waits for its end: the ACK, the end of a dump, or, for a get, the policy.
 * Policies that come go to found. Returns 0 or a positive errno, text has the kernel's words.
 */
static int call(struct xfrm_sync *s, const struct nlmsghdr *req, struct policies *found,
		char text[96])
{
	_Alignas(struct nlmsghdr) uint8_t rx[XFRM_NL_RECEIVE];
	bool one = req->nlmsg_type == XFRM_MSG_GETPOLICY && !(req->nlmsg_flags & NLM_F_DUMP);
	int err;

	text[0] = '\0';
	if (mnl_socket_sendto(s->nl, req, req->nlmsg_len) < 0)
		return errno;
	for (;;) {
		ssize_t n = xfrm_nl_receive(s->nl, rx, sizeof(rx));
		const struct nlmsghdr *nlh = (const void *)rx;
		int left = (int)n;

		if (n <= 0)
			return n ? (int)-n : ETIMEDOUT;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_seq != req->nlmsg_seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_DONE)
				return 0;
			if (xfrm_msg_get_error(nlh, &err, text, 96))
				return err;
			keep(found, nlh);
			if (one)
				return 0;
		}
	}
}

static const char *const kind_text[] = {
	[XFRM_POL_BLOCK] = "multicast block policy",
	[XFRM_POL_OUT] = "outgoing policy",
	[XFRM_POL_IN] = "incoming policy",
};

static int complain(const char *verb, const struct xfrm_tunnel_policy *p,
		    enum xfrm_policy_kind kind, int err, const char *text, char why[XFRM_WHY])
{
	char local[ADDR_TEXT], key[24] = "no key", words[XFRM_WHY - 96];

	if (p->keyed)
		snprintf(key, sizeof(key), "key %u", p->key);
	xfrm_nl_explain(err, text, words, sizeof(words));
	snprintf(why, XFRM_WHY, "cannot %s the %s of GRE from %.15s (%s): %s", verb, kind_text[kind],
		 addr_text(&p->local, local), key, words);
	return err;
}

static bool has_kind(const struct xfrm_tunnel_policy *p, int kind)
{
	return !p->bare || kind == XFRM_POL_BLOCK;
}

/* The policy with the selector of ours, if there is one; 0 and reqid 0 for a stranger's. */
static int look_up(struct xfrm_sync *s, const struct xfrm_tunnel_policy *p,
		   enum xfrm_policy_kind kind, struct policy *out, char text[96])
{
	struct policies found = { 0 };
	union message m;
	int err = call(s, xfrm_msg_policy_get(&m, next_seq(s), p, kind), &found, text);

	if (!err && !found.len)
		err = ENOENT;
	if (!err) {
		*out = found.v[0];
		if (!xfrm_reqid_is_ours(out->reqid))
			out->reqid = 0;
	}
	free(found.v);
	return err;
}

static int add_one(struct xfrm_sync *s, const struct xfrm_tunnel_policy *p,
		   enum xfrm_policy_kind kind, char why[XFRM_WHY])
{
	struct policy old;
	union message m;
	char text[96];
	int err = EINVAL;

	if (!xfrm_msg_policy_add(&m, next_seq(s), p, kind, false))
		return complain("install", p, kind, err, "address or reqid out of range", why);
	err = call(s, &m.nlh, NULL, text);
	if (err == EEXIST) {
		if (look_up(s, p, kind, &old, text) != 0 || !old.reqid)
			return complain("install", p, kind, EEXIST,
					"made by someone else, see ip xfrm policy", why);
		xfrm_msg_policy_add(&m, next_seq(s), p, kind, true);
		err = call(s, &m.nlh, NULL, text);
	}
	return err ? complain("install", p, kind, err, text, why) : 0;
}

static int delete_one(struct xfrm_sync *s, const struct xfrm_tunnel_policy *p,
		      enum xfrm_policy_kind kind, char why[XFRM_WHY])
{
	struct policy old;
	union message m;
	char text[96];
	int err = look_up(s, p, kind, &old, text);

	if (err == ENOENT || (!err && !old.reqid))
		return 0;
	if (!err)
		err = call(s, xfrm_msg_policy_delete(&m, next_seq(s), &old.info), NULL, text);
	return err && err != ENOENT ? complain("remove", p, kind, err, text, why) : 0;
}

int xfrm_policy_add(struct xfrm *x, const struct xfrm_tunnel_policy *p, char why[XFRM_WHY])
{
	char ignored[XFRM_WHY];

	for (int kind = 0; kind < XFRM_POL_COUNT; kind++) {
		int err = has_kind(p, kind) ?
				  add_one(xfrm_sync_of(x), p, (enum xfrm_policy_kind)kind, why) :
				  0;

		if (!err)
			continue;
		while (kind-- > 0)
			delete_one(xfrm_sync_of(x), p, (enum xfrm_policy_kind)kind, ignored);
		return err;
	}
	return 0;
}

/* The block policy last: until then no GRE leaves in the clear to a group. */
int xfrm_policy_del(struct xfrm *x, const struct xfrm_tunnel_policy *p, char why[XFRM_WHY])
{
	int first = 0;

	for (int kind = XFRM_POL_COUNT - 1; kind >= 0; kind--) {
		char text[XFRM_WHY];
		int err = has_kind(p, kind) ?
				  delete_one(xfrm_sync_of(x), p, (enum xfrm_policy_kind)kind, text) :
				  0;

		if (err && !first) {
			first = err;
			memcpy(why, text, XFRM_WHY);
		}
	}
	return first;
}

static int complain_peer(const char *verb, const struct xfrm_peer_policy *p, int err,
			 const char *text, char why[XFRM_WHY])
{
	char pseudo[ADDR_TEXT], outer[ADDR_TEXT], words[XFRM_WHY - 112];

	xfrm_nl_explain(err, text, words, sizeof(words));
	snprintf(why, XFRM_WHY, "cannot %s a policy for the peer at %.15s (pseudo address %.15s): %s",
		 verb, addr_text(&p->outer, outer), addr_text(&p->pseudo, pseudo), words);
	return err;
}

int xfrm_peer_policy_add(struct xfrm *x, const struct xfrm_peer_policy *p, char why[XFRM_WHY])
{
	static const uint8_t dirs[] = { XFRM_POLICY_IN, XFRM_POLICY_OUT };
	struct xfrm_sync *s = xfrm_sync_of(x);
	char text[96] = "address or reqid out of range", ignored[XFRM_WHY];
	union message m;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !err; i++)
		err = xfrm_msg_peer_policy_set(&m, next_seq(s), p, dirs[i]) ?
			      call(s, &m.nlh, NULL, text) :
			      EINVAL;
	if (!err)
		return 0;
	xfrm_peer_policy_del(x, p, ignored);
	return complain_peer("install", p, err, text, why);
}

int xfrm_peer_policy_del(struct xfrm *x, const struct xfrm_peer_policy *p, char why[XFRM_WHY])
{
	static const uint8_t dirs[] = { XFRM_POLICY_OUT, XFRM_POLICY_IN };
	struct xfrm_sync *s = xfrm_sync_of(x);
	char text[96];
	union message m;
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int err;

		xfrm_msg_peer_policy_delete(&m, next_seq(s), p, dirs[i]);
		err = call(s, &m.nlh, NULL, text);
		if (err && err != ENOENT && !first)
			first = complain_peer("remove", p, err, text, why);
	}
	return first;
}

static bool same_selector(const struct xfrm_selector *a, const struct xfrm_selector *b)
{
	return a->saddr.a4 == b->saddr.a4 && a->daddr.a4 == b->daddr.a4 &&
	       a->prefixlen_s == b->prefixlen_s && a->prefixlen_d == b->prefixlen_d &&
	       a->sport == b->sport && a->sport_mask == b->sport_mask && a->dport == b->dport &&
	       a->dport_mask == b->dport_mask && a->proto == b->proto && a->family == b->family &&
	       a->ifindex == b->ifindex;
}

static bool belongs_to(const struct policy *k, const struct xfrm_tunnel_policy *p)
{
	for (int kind = 0; kind < XFRM_POL_COUNT; kind++) {
		struct xfrm_selector sel = xfrm_msg_policy_selector(p, (enum xfrm_policy_kind)kind);

		if (has_kind(p, kind) && k->info.dir == xfrm_msg_policy_dir((enum xfrm_policy_kind)kind) &&
		    same_selector(&k->info.sel, &sel))
			return true;
	}
	return false;
}

static bool is_kept(const struct policy *k, const struct xfrm_tunnel_policy *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (belongs_to(k, &list[i]))
			return true;
	return false;
}

int xfrm_policy_sweep(struct xfrm *x, const struct xfrm_tunnel_policy *list, size_t n,
		      size_t *removed, char why[XFRM_WHY])
{
	struct xfrm_sync *s = xfrm_sync_of(x);
	struct policies found = { 0 };
	size_t count = 0;
	union message m;
	char text[96], words[XFRM_WHY - 80];
	int err = call(s, xfrm_msg_policy_dump(&m, next_seq(s)), &found, text);

	for (size_t i = 0; i < found.len && !err; i++) {
		const struct policy *k = &found.v[i];

		if (!xfrm_reqid_is_ours(k->reqid) || is_kept(k, list, n))
			continue;
		err = call(s, xfrm_msg_policy_delete(&m, next_seq(s), &k->info), NULL, text);
		if (err == ENOENT)
			err = 0;
		else if (!err)
			count++;
	}
	free(found.v);
	if (removed)
		*removed = count;
	if (err) {
		xfrm_nl_explain(err, text, words, sizeof(words));
		snprintf(why, XFRM_WHY, "cannot remove what is left of old policies: %s", words);
	}
	return err;
}

/* ---- What the kernel can do ---- */

/* Between addresses that no packet uses, with a reqid of ours, gone by itself soon. */
static struct xfrm_sa probe_sa(const struct esp_suite *suite, uint32_t spi, const uint8_t *key)
{
	return (struct xfrm_sa){
		.id = { addr_v4(INADDR_LOOPBACK), addr_v4(INADDR_LOOPBACK), spi },
		.reqid = XFRM_REQID_BASE + XFRM_REQID_COUNT - 1,
		.suite = *suite,
		.keymat = { key, esp_suite_keymat(suite) },
		.hard_seconds = 10,
	};
}

int xfrm_probe(struct xfrm *x, const struct esp_suite *suite, char why[XFRM_WHY])
{
	struct xfrm_sync *s = xfrm_sync_of(x);
	const struct cipher *c = cipher_get(suite->cipher);
	const struct hash *h = hash_get(suite->auth);
	uint8_t key[128];
	union message m;
	char text[96] = "", words[XFRM_WHY - 80];
	uint32_t spi = 0xd3000000;
	struct xfrm_sa sa;
	int err = EINVAL;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 1);
	do {
		sa = probe_sa(suite, spi++, key);
		if (sa.keymat.len <= sizeof(key) && xfrm_msg_sa_add(&m, next_seq(s), &sa))
			err = call(s, &m.nlh, NULL, text);
	} while (err == EEXIST && spi < 0xd3000010);
	if (!err) {
		xfrm_msg_sa_delete(&m, next_seq(s), &sa.id);
		call(s, &m.nlh, NULL, text);
		return 0;
	}
	xfrm_nl_explain(err, text, words, sizeof(words));
	snprintf(why, XFRM_WHY, "the kernel cannot do ESP with %s%s%s: %s", c ? c->name : "no cipher",
		 h ? " and " : "", h ? h->name : "", words);
	return err;
}
