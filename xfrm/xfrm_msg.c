/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink XFRM, encode and decode (linux/xfrm.h is the reference).
 *
 * Structures are built beside the message and copied in, and copied out before they are read: a
 * message in a batch or a dump starts on a multiple of four octets, and these hold 64-bit fields.
 * They are cleared first, so that no octet between their fields is left to chance.
 */
#include "xfrm/xfrm_msg.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>

/* Everything in a message starts on a multiple of four octets. */
static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static struct nlmsghdr *start(void *buf, uint32_t seq, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	memset(buf, 0, XFRM_MSG_ROOM);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = seq;
	return nlh;
}

static void put_header(struct nlmsghdr *nlh, const void *header, size_t len)
{
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
}

/* An attribute's place, zeroed, to be written in place: a key needs no second copy to wipe. */
static void *put_room(struct nlmsghdr *nlh, uint16_t type, size_t len)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(sizeof(*attr) + len);
	nlh->nlmsg_len += (uint32_t)aligned(attr->nla_len);
	return mnl_attr_get_payload(attr);
}

static xfrm_address_t address_of(const struct addr *a)
{
	xfrm_address_t x = { 0 };

	memcpy(&x, a->b, 4);
	return x;
}

static struct addr addr_of(const xfrm_address_t *x)
{
	return addr_from_bytes(x, 4);
}

static uint64_t limit(uint64_t v)
{
	return v ? v : XFRM_INF;
}

static uint64_t unlimit(uint64_t v)
{
	return v == XFRM_INF ? 0 : v;
}

static struct xfrm_lifetime_cfg infinite(void)
{
	return (struct xfrm_lifetime_cfg){ .soft_byte_limit = XFRM_INF,
					   .hard_byte_limit = XFRM_INF,
					   .soft_packet_limit = XFRM_INF,
					   .hard_packet_limit = XFRM_INF };
}

static bool id_is_sane(const struct xfrm_sa_id *id)
{
	return id->src.len == 4 && id->dst.len == 4 && id->spi > 255;
}

/* GRE between two hosts. */
static struct xfrm_selector selector_of(const struct addr *src, const struct addr *dst)
{
	struct xfrm_selector sel;

	memset(&sel, 0, sizeof(sel));
	sel.saddr = address_of(src);
	sel.daddr = address_of(dst);
	sel.prefixlen_s = 32;
	sel.prefixlen_d = 32;
	sel.proto = IPPROTO_GRE;
	sel.family = AF_INET;
	return sel;
}

/* Packets of an SA: between its two ends, as they appear inside. */
static struct xfrm_selector sa_selector(const struct xfrm_sa *sa)
{
	const struct addr *src = &sa->id.src, *dst = &sa->id.dst;

	if (sa->pseudo.len && sa->outbound)
		dst = &sa->pseudo;
	else if (sa->pseudo.len)
		src = &sa->pseudo;
	return selector_of(src, dst);
}

/*
 * The kernel's truncation length of a hash differs from the RFC's for SHA-256 (96, not 128 bits)
 * unless it is said, so it is always said.
 */
static void put_auth(struct nlmsghdr *nlh, const struct hash *h, const uint8_t *key)
{
	struct xfrm_algo_auth *a =
		put_room(nlh, XFRMA_ALG_AUTH_TRUNC, sizeof(*a) + h->len);

	strncpy(a->alg_name, h->kernel, sizeof(a->alg_name) - 1);
	a->alg_key_len = h->len * 8u;
	a->alg_trunc_len = h->icv * 8u;
	memcpy(a->alg_key, key, h->len);
}

static void put_crypt(struct nlmsghdr *nlh, const struct cipher *c, const uint8_t *key)
{
	size_t octets = c->key_bits / 8u;
	struct xfrm_algo *a = put_room(nlh, XFRMA_ALG_CRYPT, sizeof(*a) + octets);

	strncpy(a->alg_name, c->kernel, sizeof(a->alg_name) - 1);
	a->alg_key_len = c->key_bits;
	if (octets)
		memcpy(a->alg_key, key, octets);
}

/* RFC 4106: the kernel takes the salt as the last octets of the key. */
static void put_aead(struct nlmsghdr *nlh, const struct cipher *c, const uint8_t *key)
{
	size_t octets = c->key_bits / 8u + c->salt;
	struct xfrm_algo_aead *a = put_room(nlh, XFRMA_ALG_AEAD, sizeof(*a) + octets);

	strncpy(a->alg_name, c->kernel, sizeof(a->alg_name) - 1);
	a->alg_key_len = (unsigned int)octets * 8u;
	a->alg_icv_len = c->icv * 8u;
	memcpy(a->alg_key, key, octets);
}

/* KEYMAT is cipher key, salt, authentication key (RFC 2409 5.5, RFC 4106 8.1). */
static bool put_algorithms(struct nlmsghdr *nlh, const struct xfrm_sa *sa)
{
	const struct cipher *c = cipher_get(sa->suite.cipher);
	const struct hash *h = hash_get(sa->suite.auth);

	if (!c || c->refused || !c->esp || c->aead == (h != NULL) ||
	    sa->keymat.len != esp_suite_keymat(&sa->suite))
		return false;
	if (c->aead) {
		put_aead(nlh, c, sa->keymat.data);
		return true;
	}
	put_crypt(nlh, c, sa->keymat.data);
	put_auth(nlh, h, sa->keymat.data + c->key_bits / 8u);
	return true;
}

/* The fixed part of the message holds windows up to 32; larger ones bring their own bitmap. */
static void put_replay(struct nlmsghdr *nlh, uint32_t window)
{
	struct xfrm_replay_state_esn *r;
	uint32_t words = (window + 31) / 32;

	r = put_room(nlh, XFRMA_REPLAY_ESN_VAL, sizeof(*r) + words * sizeof(r->bmp[0]));
	r->bmp_len = words;
	r->replay_window = window;
}

static void put_encap(struct nlmsghdr *nlh, uint16_t sport, uint16_t dport)
{
	struct xfrm_encap_tmpl *e = put_room(nlh, XFRMA_ENCAP, sizeof(*e));

	e->encap_type = UDP_ENCAP_ESPINUDP;
	e->encap_sport = htons(sport);
	e->encap_dport = htons(dport);
}

static struct nlmsghdr *sa_message(void *buf, uint32_t seq, const struct xfrm_sa *sa, uint16_t type,
				   uint16_t flags)
{
	struct nlmsghdr *nlh = start(buf, seq, type, NLM_F_ACK | flags);
	uint32_t window = sa->outbound ? 0 : sa->replay_window;
	struct xfrm_usersa_info info;

	if (!id_is_sane(&sa->id) || window > XFRM_REPLAY_MAX)
		return NULL;
	memset(&info, 0, sizeof(info));
	info.sel = sa_selector(sa);
	info.id.daddr = address_of(&sa->id.dst);
	info.id.spi = htonl(sa->id.spi);
	info.id.proto = IPPROTO_ESP;
	info.saddr = address_of(&sa->id.src);
	info.lft = infinite();
	info.lft.soft_byte_limit = limit(sa->soft_bytes);
	info.lft.hard_byte_limit = limit(sa->hard_bytes);
	info.lft.soft_add_expires_seconds = sa->soft_seconds;
	info.lft.hard_add_expires_seconds = sa->hard_seconds;
	info.reqid = sa->reqid;
	info.family = AF_INET;
	info.mode = sa->pseudo.len ? XFRM_MODE_BEET : XFRM_MODE_TRANSPORT;
	info.replay_window = (uint8_t)(window <= 32 ? window : 0);
	put_header(nlh, &info, sizeof(info));
	if (!put_algorithms(nlh, sa))
		return NULL;
	if (window > 32)
		put_replay(nlh, window);
	if (sa->encap_sport || sa->encap_dport)
		put_encap(nlh, sa->encap_sport, sa->encap_dport);
	if (sa->output_mark)
		mnl_attr_put_u32(nlh, XFRMA_SET_MARK, sa->output_mark);
	return nlh;
}

struct nlmsghdr *xfrm_msg_sa_add(void *buf, uint32_t seq, const struct xfrm_sa *sa)
{
	return sa_message(buf, seq, sa, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
}

struct nlmsghdr *xfrm_msg_sa_update(void *buf, uint32_t seq, const struct xfrm_sa *sa)
{
	struct xfrm_sa with_key = *sa;
	uint8_t key[128];

	/* Not all the same: 3DES would find it weak. */
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 1);
	with_key.keymat = (struct span){ key, MIN(esp_suite_keymat(&sa->suite), sizeof(key)) };
	return sa_message(buf, seq, &with_key, XFRM_MSG_UPDSA, 0);
}

static struct nlmsghdr *sa_by_id(void *buf, uint32_t seq, uint16_t type, uint16_t flags,
				 const struct xfrm_sa_id *id)
{
	struct nlmsghdr *nlh = start(buf, seq, type, flags);
	struct xfrm_usersa_id usid;

	if (!id_is_sane(id))
		return NULL;
	memset(&usid, 0, sizeof(usid));
	usid.daddr = address_of(&id->dst);
	usid.spi = htonl(id->spi);
	usid.family = AF_INET;
	usid.proto = IPPROTO_ESP;
	put_header(nlh, &usid, sizeof(usid));
	return nlh;
}

struct nlmsghdr *xfrm_msg_sa_delete(void *buf, uint32_t seq, const struct xfrm_sa_id *id)
{
	return sa_by_id(buf, seq, XFRM_MSG_DELSA, NLM_F_ACK, id);
}

struct nlmsghdr *xfrm_msg_sa_get(void *buf, uint32_t seq, const struct xfrm_sa_id *id)
{
	return sa_by_id(buf, seq, XFRM_MSG_GETSA, 0, id);
}

/* A dump's attributes follow the netlink header at once. */
struct nlmsghdr *xfrm_msg_sa_dump(void *buf, uint32_t seq)
{
	struct nlmsghdr *nlh = start(buf, seq, XFRM_MSG_GETSA, NLM_F_DUMP);

	mnl_attr_put_u8(nlh, XFRMA_PROTO, IPPROTO_ESP);
	return nlh;
}

uint8_t xfrm_msg_policy_dir(enum xfrm_policy_kind kind)
{
	return kind == XFRM_POL_IN ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
}

/*
 * For GRE the kernel compares the key with the two ports, the upper half with the source's. A
 * packet without a key compares as key 0, so an exact 0 keeps other tunnels' keyed GRE out.
 */
struct xfrm_selector xfrm_msg_policy_selector(const struct xfrm_tunnel_policy *p,
					      enum xfrm_policy_kind kind)
{
	uint32_t key = p->keyed ? p->key : 0;
	struct addr groups = addr_v4(0xe0000000);
	struct xfrm_selector sel;

	memset(&sel, 0, sizeof(sel));
	sel.sport = htons((uint16_t)(key >> 16));
	sel.sport_mask = 0xffff;
	sel.dport = htons((uint16_t)key);
	sel.dport_mask = 0xffff;
	sel.proto = IPPROTO_GRE;
	sel.family = AF_INET;
	if (kind == XFRM_POL_IN) {
		sel.daddr = address_of(&p->local);
		sel.prefixlen_d = 32;
		return sel;
	}
	sel.saddr = address_of(&p->local);
	sel.prefixlen_s = 32;
	if (kind == XFRM_POL_BLOCK) {
		sel.daddr = address_of(&groups);
		sel.prefixlen_d = 4;
	}
	return sel;
}

static struct xfrm_user_tmpl template_of(uint32_t reqid, uint8_t mode)
{
	struct xfrm_user_tmpl tmpl;

	memset(&tmpl, 0, sizeof(tmpl));
	tmpl.id.proto = IPPROTO_ESP;
	tmpl.family = AF_INET;
	tmpl.reqid = reqid;
	tmpl.mode = mode;
	tmpl.share = XFRM_SHARE_ANY;
	tmpl.aalgos = UINT32_MAX;
	tmpl.ealgos = UINT32_MAX;
	tmpl.calgos = UINT32_MAX;
	return tmpl;
}

static struct xfrm_userpolicy_info policy_info(const struct xfrm_selector *sel, uint8_t dir,
					       uint32_t priority)
{
	struct xfrm_userpolicy_info info;

	memset(&info, 0, sizeof(info));
	info.sel = *sel;
	info.lft = infinite();
	info.priority = priority;
	info.dir = dir;
	info.action = XFRM_POLICY_ALLOW;
	info.share = XFRM_SHARE_ANY;
	return info;
}

struct nlmsghdr *xfrm_msg_policy_add(void *buf, uint32_t seq, const struct xfrm_tunnel_policy *p,
				     enum xfrm_policy_kind kind, bool update)
{
	struct nlmsghdr *nlh = start(buf, seq, update ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY,
				     NLM_F_ACK | NLM_F_CREATE | (update ? 0 : NLM_F_EXCL));
	struct xfrm_selector sel = xfrm_msg_policy_selector(p, kind);
	struct xfrm_user_tmpl tmpl = template_of(p->reqid, XFRM_MODE_TRANSPORT);
	bool block = kind == XFRM_POL_BLOCK;
	struct xfrm_userpolicy_info info =
		policy_info(&sel, xfrm_msg_policy_dir(kind), block ? XFRM_PRIO_BLOCK : XFRM_PRIO_TUNNEL);

	if (p->local.len != 4 || !xfrm_reqid_is_ours(p->reqid))
		return NULL;
	if (block)
		info.action = XFRM_POLICY_BLOCK;
	put_header(nlh, &info, sizeof(info));
	/* Also on the block policy, which has no use for it, so that it carries a reqid as its tag. */
	mnl_attr_put(nlh, XFRMA_TMPL, sizeof(tmpl), &tmpl);
	return nlh;
}

/* Any GRE key: nobody else has traffic with a pseudo address. */
static struct xfrm_selector peer_selector(const struct xfrm_peer_policy *p, uint8_t dir)
{
	bool out = dir == XFRM_POLICY_OUT;

	return selector_of(out ? &p->local : &p->pseudo, out ? &p->pseudo : &p->local);
}

struct nlmsghdr *xfrm_msg_peer_policy_set(void *buf, uint32_t seq, const struct xfrm_peer_policy *p,
					  uint8_t dir)
{
	struct nlmsghdr *nlh =
		start(buf, seq, XFRM_MSG_UPDPOLICY, NLM_F_ACK | NLM_F_CREATE);
	struct xfrm_selector sel = peer_selector(p, dir);
	struct xfrm_userpolicy_info info = policy_info(&sel, dir, XFRM_PRIO_PEER);
	struct xfrm_user_tmpl tmpl = template_of(p->reqid, XFRM_MODE_BEET);
	bool out = dir == XFRM_POLICY_OUT;

	if (p->local.len != 4 || p->pseudo.len != 4 || p->outer.len != 4 ||
	    !xfrm_reqid_is_ours(p->reqid))
		return NULL;
	tmpl.saddr = address_of(out ? &p->local : &p->outer);
	tmpl.id.daddr = address_of(out ? &p->outer : &p->local);
	put_header(nlh, &info, sizeof(info));
	mnl_attr_put(nlh, XFRMA_TMPL, sizeof(tmpl), &tmpl);
	return nlh;
}

static struct nlmsghdr *policy_by_id(void *buf, uint32_t seq, uint16_t type, uint16_t flags,
				     const struct xfrm_selector *sel, uint8_t dir, uint32_t index)
{
	struct nlmsghdr *nlh = start(buf, seq, type, flags);
	struct xfrm_userpolicy_id id;

	memset(&id, 0, sizeof(id));
	id.sel = *sel;
	id.dir = dir;
	id.index = index;
	put_header(nlh, &id, sizeof(id));
	return nlh;
}

struct nlmsghdr *xfrm_msg_policy_delete(void *buf, uint32_t seq,
					const struct xfrm_userpolicy_info *info)
{
	return policy_by_id(buf, seq, XFRM_MSG_DELPOLICY, NLM_F_ACK, &info->sel, info->dir,
			    info->index);
}

struct nlmsghdr *xfrm_msg_peer_policy_delete(void *buf, uint32_t seq,
					     const struct xfrm_peer_policy *p, uint8_t dir)
{
	struct xfrm_selector sel = peer_selector(p, dir);

	return policy_by_id(buf, seq, XFRM_MSG_DELPOLICY, NLM_F_ACK, &sel, dir, 0);
}

struct nlmsghdr *xfrm_msg_policy_get(void *buf, uint32_t seq, const struct xfrm_tunnel_policy *p,
				     enum xfrm_policy_kind kind)
{
	struct xfrm_selector sel = xfrm_msg_policy_selector(p, kind);

	return policy_by_id(buf, seq, XFRM_MSG_GETPOLICY, 0, &sel, xfrm_msg_policy_dir(kind), 0);
}

struct nlmsghdr *xfrm_msg_policy_dump(void *buf, uint32_t seq)
{
	return start(buf, seq, XFRM_MSG_GETPOLICY, NLM_F_DUMP);
}

/* The payload of the first attribute of a type that lies whole behind `skip` octets of payload. */
static struct span attribute(const struct nlmsghdr *nlh, size_t skip, uint16_t type)
{
	size_t at = sizeof(*nlh) + aligned(skip);

	while (at < nlh->nlmsg_len) {
		const void *pos = (const uint8_t *)nlh + at;
		const struct nlattr *attr = pos;

		if (!mnl_attr_ok(attr, (int)(nlh->nlmsg_len - at)))
			break;
		if (mnl_attr_get_type(attr) == type)
			return (struct span){ mnl_attr_get_payload(attr),
					      mnl_attr_get_payload_len(attr) };
		at += aligned(attr->nla_len);
	}
	return (struct span){ 0 };
}

/* Copies the fixed part out; false where the message is of another type or shorter than that. */
static bool get_header(const struct nlmsghdr *nlh, uint16_t type, void *to, size_t len)
{
	if (nlh->nlmsg_type != type || nlh->nlmsg_len < sizeof(*nlh) + len)
		return false;
	memcpy(to, mnl_nlmsg_get_payload(nlh), len);
	return true;
}

static bool get_attribute(const struct nlmsghdr *nlh, size_t skip, uint16_t type, void *to,
			  size_t len)
{
	struct span s = attribute(nlh, skip, type);

	if (s.len < len)
		return false;
	memcpy(to, s.data, len);
	return true;
}

bool xfrm_msg_get_sa(const struct nlmsghdr *nlh, struct xfrm_sa_info *out)
{
	struct xfrm_usersa_info k;
	struct xfrm_encap_tmpl encap = { 0 };
	uint64_t last_used = 0;

	if (!get_header(nlh, XFRM_MSG_NEWSA, &k, sizeof(k)) || k.family != AF_INET)
		return false;
	get_attribute(nlh, sizeof(k), XFRMA_ENCAP, &encap, sizeof(encap));
	get_attribute(nlh, sizeof(k), XFRMA_LASTUSED, &last_used, sizeof(last_used));
	*out = (struct xfrm_sa_info){
		.id = { addr_of(&k.saddr), addr_of(&k.id.daddr), ntohl(k.id.spi) },
		.reqid = k.reqid,
		.proto = k.id.proto,
		.larval = !attribute(nlh, sizeof(k), XFRMA_ALG_CRYPT).data &&
			  !attribute(nlh, sizeof(k), XFRMA_ALG_AEAD).data,
		.tunnel = k.mode != XFRM_MODE_TRANSPORT && k.mode != XFRM_MODE_BEET,
		.bytes = k.curlft.bytes,
		.packets = k.curlft.packets,
		.added = k.curlft.add_time,
		.first_used = k.curlft.use_time,
		.last_used = last_used,
		.soft_seconds = k.lft.soft_add_expires_seconds,
		.hard_seconds = k.lft.hard_add_expires_seconds,
		.soft_bytes = unlimit(k.lft.soft_byte_limit),
		.hard_bytes = unlimit(k.lft.hard_byte_limit),
		.replay_drops = k.stats.replay + k.stats.replay_window,
		.auth_failures = k.stats.integrity_failed,
		.encap_sport = ntohs(encap.encap_sport),
		.encap_dport = ntohs(encap.encap_dport),
	};
	return true;
}

bool xfrm_msg_get_acquire(const struct nlmsghdr *nlh, struct xfrm_acquire *out)
{
	struct xfrm_user_acquire k;
	struct xfrm_user_tmpl tmpl = { 0 };

	if (!get_header(nlh, XFRM_MSG_ACQUIRE, &k, sizeof(k)) || k.sel.family != AF_INET)
		return false;
	get_attribute(nlh, sizeof(k), XFRMA_TMPL, &tmpl, sizeof(tmpl));
	*out = (struct xfrm_acquire){
		.src = addr_of(&k.saddr),
		.dst = addr_of(&k.id.daddr),
		.reqid = tmpl.reqid,
		.proto = k.sel.proto,
		.key = (uint32_t)ntohs(k.sel.sport) << 16 | ntohs(k.sel.dport),
	};
	return true;
}

bool xfrm_msg_get_expire(const struct nlmsghdr *nlh, struct xfrm_expire *out)
{
	struct xfrm_user_expire k;

	if (!get_header(nlh, XFRM_MSG_EXPIRE, &k, sizeof(k)) || k.state.family != AF_INET)
		return false;
	*out = (struct xfrm_expire){
		.id = { addr_of(&k.state.saddr), addr_of(&k.state.id.daddr),
			ntohl(k.state.id.spi) },
		.reqid = k.state.reqid,
		.hard = k.hard != 0,
	};
	return true;
}

bool xfrm_msg_get_mapping(const struct nlmsghdr *nlh, struct xfrm_mapping *out)
{
	struct xfrm_user_mapping k;

	if (!get_header(nlh, XFRM_MSG_MAPPING, &k, sizeof(k)) || k.id.family != AF_INET)
		return false;
	*out = (struct xfrm_mapping){
		.id = { addr_of(&k.old_saddr), addr_of(&k.id.daddr), ntohl(k.id.spi) },
		.reqid = k.reqid,
		.seen = { addr_of(&k.new_saddr), ntohs(k.new_sport) },
	};
	return true;
}

bool xfrm_msg_get_policy(const struct nlmsghdr *nlh, struct xfrm_userpolicy_info *out,
			 uint32_t *reqid)
{
	struct xfrm_user_tmpl tmpl = { 0 };

	if (!get_header(nlh, XFRM_MSG_NEWPOLICY, out, sizeof(*out)))
		return false;
	get_attribute(nlh, sizeof(*out), XFRMA_TMPL, &tmpl, sizeof(tmpl));
	*reqid = tmpl.reqid;
	return true;
}

bool xfrm_msg_get_error(const struct nlmsghdr *nlh, int *err, char *text, size_t size)
{
	struct nlmsgerr k;
	size_t skip = sizeof(k);
	struct span s = { 0 };

	if (!get_header(nlh, NLMSG_ERROR, &k, sizeof(k)) || k.error > 0 || k.error < -4095)
		return false;
	*err = -k.error;
	/* The request follows unless the kernel was told to leave it out. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (k.msg.nlmsg_len < sizeof(k.msg) ||
		    k.msg.nlmsg_len - sizeof(k.msg) > nlh->nlmsg_len - sizeof(*nlh) - sizeof(k))
			return false;
		skip += k.msg.nlmsg_len - sizeof(k.msg);
	}
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		s = attribute(nlh, skip, NLMSGERR_ATTR_MSG);
	if (size) {
		size_t n = s.len ? strnlen((const char *)s.data, MIN(s.len, size - 1)) : 0;

		if (n)
			memcpy(text, s.data, n);
		text[n] = '\0';
	}
	return true;
}
