/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failures of offers: both sides' proposals in words, and the first attribute that differs. */
#include "daemon/diagnose_offer.h"

#include "daemon/diagnose.h"
#include "lib/algo.h"

/* Algorithms by their wire numbers: an unknown one still has its number. */

static void add_cipher_ike(struct text *t, unsigned int wire, unsigned int key_bits)
{
	const struct cipher *c = cipher_get(cipher_by_ike(wire, key_bits));

	if (c)
		text_add(t, "%s", c->name);
	else if (key_bits)
		text_add(t, "encryption algorithm %u with %u bits", wire, key_bits);
	else
		text_add(t, "encryption algorithm %u without key length", wire);
}

static void add_cipher_esp(struct text *t, unsigned int wire, unsigned int key_bits)
{
	const struct cipher *c = cipher_get(cipher_by_esp(wire, key_bits));

	if (c)
		text_add(t, "%s", c->ios_esp);
	else if (key_bits)
		text_add(t, "ESP transform %u with %u bits", wire, key_bits);
	else
		text_add(t, "ESP transform %u", wire);
}

static void add_hash_ike(struct text *t, unsigned int wire)
{
	const struct hash *h = hash_get(hash_by_ike(wire));

	if (h)
		text_add(t, "%s", h->name);
	else
		text_add(t, "hash algorithm %u", wire);
}

static void add_hash_esp(struct text *t, unsigned int wire)
{
	const struct hash *h = hash_get(hash_by_esp(wire));

	if (h)
		text_add(t, "%s", h->ios_esp);
	else if (wire)
		text_add(t, "ESP authentication %u", wire);
	else
		text_add(t, "no ESP authentication");
}

/* XAuth and hybrid authentication (drafts of ipsec-isakmp-xauth and -hybrid-auth). */
bool diagnose_is_xauth(unsigned int wire)
{
	return (wire >= 65001 && wire <= 65010) || (wire >= 64221 && wire <= 64224);
}

static void add_auth(struct text *t, unsigned int wire)
{
	if (wire == AUTH_PSK || wire == AUTH_RSA_SIG)
		text_add(t, "%s", auth_method_name(wire));
	else
		text_add(t, diagnose_is_xauth(wire) ? "XAuth (%u)" : "authentication method %u",
			 wire);
}

static void add_group(struct text *t, unsigned int group)
{
	if (group)
		text_add(t, "group %u", group);
	else
		text_add(t, "no group");
}

static void add_encap(struct text *t, unsigned int wire)
{
	switch (wire) {
	case ENCAP_TUNNEL:
	case ENCAP_UDP_TUNNEL:
	case ENCAP_UDP_TUNNEL_DRAFT:
		text_add(t, "tunnel");
		break;
	case ENCAP_TRANSPORT:
	case ENCAP_UDP_TRANSPORT:
	case ENCAP_UDP_TRANSPORT_DRAFT:
		text_add(t, "transport");
		break;
	default:
		text_add(t, "encapsulation %u", wire);
	}
}

static void add_protocol(struct text *t, unsigned int wire)
{
	static const char *const names[] = { NULL, "ISAKMP", "AH", "ESP", "IPCOMP" };

	if (wire && wire < ARRAY_SIZE(names))
		text_add(t, "%s", names[wire]);
	else
		text_add(t, "protocol %u", wire);
}

static void add_key_bits(struct text *t, unsigned int bits)
{
	if (bits)
		text_add(t, "%u bits", bits);
	else
		text_add(t, "none");
}

/* One side's value of the attribute that differs; key_bits tells AES from AES. */
static void add_value(struct text *t, const struct mismatch *m, uint32_t value,
		      unsigned int key_bits)
{
	switch (m->attr) {
	case ATTR_PROTOCOL:
		add_protocol(t, value);
		break;
	case ATTR_ENCRYPTION:
		add_cipher_ike(t, value, key_bits);
		break;
	case ATTR_KEY_LENGTH:
		add_key_bits(t, value);
		break;
	case ATTR_HASH:
		add_hash_ike(t, value);
		break;
	case ATTR_AUTH_METHOD:
		add_auth(t, value);
		break;
	case ATTR_GROUP:
	case ATTR_PFS_GROUP:
		add_group(t, value);
		break;
	case ATTR_ESP_CIPHER:
		add_cipher_esp(t, value, key_bits);
		break;
	case ATTR_ESP_AUTH:
		add_hash_esp(t, value);
		break;
	case ATTR_ENCAP:
		add_encap(t, value);
		break;
	default:
		text_add(t, "%u", value);
	}
}

static unsigned int our_key_bits(const struct mismatch *m, int phase)
{
	const struct cipher *c = cipher_get(phase == 1 ? m->our_isakmp.cipher : m->our_esp.cipher);

	return c && c->key_length_attr ? c->key_bits : 0;
}

static void add_difference(struct text *t, const struct mismatch *m, int phase)
{
	if (m->attr == ATTR_NONE) {
		text_add(t, "nothing in it can be compared with ours");
		return;
	}
	text_add(t, "%s: ", proposal_attr_name(m->attr));
	if (m->attr == ATTR_BUNDLE) {
		text_add(t, "ours ESP alone, theirs ESP together with another protocol");
	} else if (m->attr == ATTR_UNKNOWN) {
		text_add(t, "theirs has attribute %u", m->theirs);
	} else {
		text_add(t, "ours ");
		add_value(t, m, m->ours, our_key_bits(m, phase));
		text_add(t, ", theirs ");
		add_value(t, m, m->theirs, m->their.key_bits);
	}
}

void diagnose_mismatch(const struct mismatch *m, int phase, char buf[DIAGNOSE_TEXT])
{
	struct text t = text_of(buf, DIAGNOSE_TEXT);

	add_difference(&t, m, phase);
}

void diagnose_values(const struct mismatch *m, int phase, char ours[DIAGNOSE_VALUE],
		     char theirs[DIAGNOSE_VALUE])
{
	struct text o = text_of(ours, DIAGNOSE_VALUE), t = text_of(theirs, DIAGNOSE_VALUE);

	if (m->attr == ATTR_NONE || m->attr == ATTR_BUNDLE || m->attr == ATTR_UNKNOWN)
		return;
	add_value(&o, m, m->ours, our_key_bits(m, phase));
	add_value(&t, m, m->theirs, m->their.key_bits);
}

bool diagnose_fits_here(const struct mismatch *m)
{
	const struct cipher *c;

	switch (m->attr) {
	case ATTR_ENCRYPTION:
		c = cipher_get(cipher_by_ike(m->theirs, m->their.key_bits));
		return c && !c->refused;
	case ATTR_ESP_CIPHER:
		c = cipher_get(cipher_by_esp(m->theirs, m->their.key_bits));
		return c && !c->refused && c->key_bits;
	case ATTR_HASH:
		return hash_get(hash_by_ike(m->theirs));
	case ATTR_ESP_AUTH:
		return hash_get(hash_by_esp(m->theirs));
	case ATTR_AUTH_METHOD:
		return m->theirs == AUTH_PSK || m->theirs == AUTH_RSA_SIG;
	case ATTR_GROUP:
	case ATTR_PFS_GROUP:
		return group_get((enum group_id)m->theirs);
	default:
		return true;
	}
}

/* Whole proposals */

static void add_our_policy(struct text *t, const struct isakmp_suite *s)
{
	const struct cipher *c = cipher_get(s->cipher);
	const struct hash *h = hash_get(s->hash);

	text_add(t, "%s, %s, %s, ", c ? c->name : "none", h ? h->name : "none",
		 auth_method_name(s->auth));
	add_group(t, s->group);
}

static void add_their_policy(struct text *t, const struct transform *o)
{
	add_cipher_ike(t, o->encryption, o->key_bits);
	text_add(t, ", ");
	add_hash_ike(t, o->hash);
	text_add(t, ", ");
	add_auth(t, o->auth);
	text_add(t, ", ");
	add_group(t, o->group);
}

static void add_our_transform(struct text *t, const struct mismatch *m)
{
	const struct cipher *c = cipher_get(m->our_esp.cipher);
	const struct hash *h = hash_get(m->our_esp.auth);

	text_add(t, "%s", c ? c->ios_esp : "none");
	if (h)
		text_add(t, " %s", h->ios_esp);
	text_add(t, ", transport, PFS ");
	add_group(t, m->our_pfs);
}

static void add_their_transform(struct text *t, const struct transform *o)
{
	if (o->protocol != ISAKMP_PROTO_ESP)
		add_protocol(t, o->protocol);
	else
		add_cipher_esp(t, o->id, o->key_bits);
	if (o->auth) {
		text_add(t, " ");
		add_hash_esp(t, o->auth);
	}
	text_add(t, ", ");
	add_encap(t, o->encap);
	text_add(t, ", PFS ");
	add_group(t, o->group);
}
/* Causes. `peer` is the other end's address. */

static void no_policy(struct text *t, const char *peer, const struct mismatch *m)
{
	text_add(t, "no common phase 1 policy with %s", peer);
	if (m->attr != ATTR_NONE) {
		text_add(t, ": it offers (");
		add_their_policy(t, &m->their);
		text_add(t, "), the closest of ours is isakmp-policy %u (", m->policy);
		add_our_policy(t, &m->our_isakmp);
		text_add(t, ")");
	}
	text_add(t, "; first difference: ");
	add_difference(t, m, 1);
	text_add(t, "; make one isakmp-policy the same on both sides");
}

/* To what we chose of its own offer. */
static void answer_refused(struct text *t, const char *peer)
{
	text_add(t,
		 "%s says NO-PROPOSAL-CHOSEN to our answer, which is one of its own offers: it lacks "
		 "what that needs, most likely a pre-shared key for us under the identities of the "
		 "connection there; its log names it",
		 peer);
}

static void peer_no_policy(struct text *t, const char *peer, const struct mismatch *m)
{
	if (m->attr != ATTR_NONE) {
		text_add(t, "%s answered with a phase 1 policy that we did not offer: ", peer);
		add_difference(t, m, 1);
		text_add(t, "; a fault of the peer's");
		return;
	}
	text_add(t,
		 "%s says NO-PROPOSAL-CHOSEN to our phase 1 offer: no isakmp-policy of ours fits "
		 "one of its",
		 peer);
	if (cipher_get(m->our_isakmp.cipher)) {
		text_add(t, " (our first is ");
		add_our_policy(t, &m->our_isakmp);
		text_add(t, ")");
	}
	text_add(t, "; compare encryption, hash, authentication and group on both sides (lifetimes "
		    "need not be equal), its log may name the first difference; some peers say the "
		    "same where they do not know our address, or speak IKEv2 only");
}

static void no_transform(struct text *t, const char *peer, const struct mismatch *m)
{
	text_add(t, "no common transform-set with %s", peer);
	if (m->attr != ATTR_NONE) {
		text_add(t, ": it offers (");
		add_their_transform(t, &m->their);
		text_add(t, "), the closest of ours is (");
		add_our_transform(t, m);
		text_add(t, ")");
	}
	text_add(t, "; first difference: ");
	add_difference(t, m, 2);
	if (m->attr == ATTR_ENCAP)
		text_add(t, "; set \"mode transport\" in the peer's transform-set");
	else
		text_add(t, "; make the transform-set the same on both sides");
}

static void peer_no_transform(struct text *t, const char *peer, const struct mismatch *m)
{
	text_add(t, "%s says NO-PROPOSAL-CHOSEN to our quick mode", peer);
	if (cipher_get(m->our_esp.cipher)) {
		text_add(t, " (our first offer is ");
		add_our_transform(t, m);
		text_add(t, ")");
	}
	text_add(t, ": transform-set, \"mode transport\" or PFS differ; compare them on both "
		    "sides, its log may name the first difference");
}

static void pfs_required(struct text *t, const char *peer, const struct mismatch *m)
{
	text_add(t, "PFS on our side only: our ipsec-profile asks for ");
	add_group(t, m->our_pfs);
	text_add(t, ", %s sends no PFS; set \"pfs\" to this group there, or \"pfs = none\" here",
		 peer);
}

static void pfs_group(struct text *t, const char *peer, const struct mismatch *m)
{
	text_add(t, "PFS groups differ: our ipsec-profile asks for ");
	add_group(t, m->our_pfs);
	text_add(t, ", %s offers ", peer);
	add_group(t, m->theirs);
	text_add(t, "; set the same \"pfs\" on both sides");
}
bool diagnose_offer(struct text *t, const struct ike_event *e, const char *peer)
{
	const struct mismatch *m = &e->failure.mismatch;

	switch (e->failure.cause) {
	case IKE_CAUSE_NO_POLICY:
		no_policy(t, peer, m);
		return true;
	case IKE_CAUSE_PEER_NO_POLICY:
		if (e->role == IKE_RESPONDER)
			answer_refused(t, peer);
		else
			peer_no_policy(t, peer, m);
		return true;
	case IKE_CAUSE_NO_TRANSFORM:
		no_transform(t, peer, m);
		return true;
	case IKE_CAUSE_PEER_NO_TRANSFORM:
		peer_no_transform(t, peer, m);
		return true;
	case IKE_CAUSE_PFS_REQUIRED:
		pfs_required(t, peer, m);
		return true;
	case IKE_CAUSE_PFS_GROUP:
		pfs_group(t, peer, m);
		return true;
	default:
		return false;
	}
}
