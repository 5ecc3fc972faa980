/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE's failures in plain words. Each sentence names the cause, then the evidence, then what to
 * do; those of certificates are in diagnose_cert.c, NHRP's in diagnose_nhrp.c.
 */
#include "daemon/diagnose.h"

#include <errno.h>
#include <string.h>

#include "daemon/diagnose_cert.h"
#include "daemon/text.h"
#include "lib/algo.h"

static const char *const cause_names[IKE_CAUSE_COUNT] = {
	[IKE_CAUSE_NONE] = "none",
	[IKE_CAUSE_NO_ANSWER] = "no_answer",
	[IKE_CAUSE_NO_POLICY] = "no_policy",
	[IKE_CAUSE_PEER_NO_POLICY] = "peer_no_policy",
	[IKE_CAUSE_NO_KEY] = "no_key",
	[IKE_CAUSE_KEY_MISMATCH] = "key_mismatch",
	[IKE_CAUSE_PEER_KEY_MISMATCH] = "peer_key_mismatch",
	[IKE_CAUSE_AUTH_HASH] = "auth_hash",
	[IKE_CAUSE_IDENTITY] = "identity",
	[IKE_CAUSE_BAD_KE] = "bad_ke",
	[IKE_CAUSE_MALFORMED] = "malformed",
	[IKE_CAUSE_NO_TRANSFORM] = "no_transform",
	[IKE_CAUSE_PEER_NO_TRANSFORM] = "peer_no_transform",
	[IKE_CAUSE_PFS_REQUIRED] = "pfs_required",
	[IKE_CAUSE_PFS_GROUP] = "pfs_group",
	[IKE_CAUSE_PROXY_IDENTITIES] = "proxy_identities",
	[IKE_CAUSE_PEER_PROXY_IDENTITIES] = "peer_proxy_identities",
	[IKE_CAUSE_PEER_DELETED] = "peer_deleted",
	[IKE_CAUSE_KERNEL] = "kernel",
	[IKE_CAUSE_SUPERSEDED] = "superseded",
	[IKE_CAUSE_LIMIT] = "limit",
	[IKE_CAUSE_ADMIN] = "admin",
	[IKE_CAUSE_DEAD_PEER] = "dead_peer",
	[IKE_CAUSE_EXPIRED] = "expired",
	[IKE_CAUSE_NO_TRUSTPOINT] = "no_trustpoint",
	[IKE_CAUSE_NO_CERTIFICATE] = "no_certificate",
	[IKE_CAUSE_CERT_MALFORMED] = "cert_malformed",
	[IKE_CAUSE_CERT_UNTRUSTED] = "cert_untrusted",
	[IKE_CAUSE_CERT_EXPIRED] = "cert_expired",
	[IKE_CAUSE_CERT_NOT_YET_VALID] = "cert_not_yet_valid",
	[IKE_CAUSE_CERT_REVOKED] = "cert_revoked",
	[IKE_CAUSE_CERT_NO_CRL] = "cert_no_crl",
	[IKE_CAUSE_CERT_KEY_USAGE] = "cert_key_usage",
	[IKE_CAUSE_CERT_IDENTITY] = "cert_identity",
	[IKE_CAUSE_SIGNATURE] = "signature",
	[IKE_CAUSE_PEER_CERTIFICATE] = "peer_certificate",
};

static const char *const cause_texts[IKE_CAUSE_COUNT] = {
	[IKE_CAUSE_NONE] = "no cause",
	[IKE_CAUSE_NO_ANSWER] = "no answer",
	[IKE_CAUSE_NO_POLICY] = "no common phase 1 policy",
	[IKE_CAUSE_PEER_NO_POLICY] = "the peer has no common phase 1 policy",
	[IKE_CAUSE_NO_KEY] = "no pre-shared key for the peer",
	[IKE_CAUSE_KEY_MISMATCH] = "probable pre-shared key mismatch",
	[IKE_CAUSE_PEER_KEY_MISMATCH] = "probable pre-shared key mismatch",
	[IKE_CAUSE_AUTH_HASH] = "authentication failed",
	[IKE_CAUSE_IDENTITY] = "identity not accepted",
	[IKE_CAUSE_BAD_KE] = "bad Diffie-Hellman value",
	[IKE_CAUSE_MALFORMED] = "malformed message",
	[IKE_CAUSE_NO_TRANSFORM] = "no common transform-set",
	[IKE_CAUSE_PEER_NO_TRANSFORM] = "the peer has no common transform-set",
	[IKE_CAUSE_PFS_REQUIRED] = "PFS on our side only",
	[IKE_CAUSE_PFS_GROUP] = "PFS groups differ",
	[IKE_CAUSE_PROXY_IDENTITIES] = "proxy identities not accepted",
	[IKE_CAUSE_PEER_PROXY_IDENTITIES] = "the peer does not accept our proxy identities",
	[IKE_CAUSE_PEER_DELETED] = "deleted by the peer",
	[IKE_CAUSE_KERNEL] = "refused by the kernel",
	[IKE_CAUSE_SUPERSEDED] = "superseded by another negotiation",
	[IKE_CAUSE_LIMIT] = "limit reached",
	[IKE_CAUSE_ADMIN] = "administrator reset",
	[IKE_CAUSE_DEAD_PEER] = "dead peer: no answer to R-U-THERE",
	[IKE_CAUSE_EXPIRED] = "lifetime expired",
	[IKE_CAUSE_NO_TRUSTPOINT] = "no trustpoint",
	[IKE_CAUSE_NO_CERTIFICATE] = "no certificate",
	[IKE_CAUSE_CERT_MALFORMED] = "the certificate cannot be used",
	[IKE_CAUSE_CERT_UNTRUSTED] = "no trust anchor stands behind the certificate",
	[IKE_CAUSE_CERT_EXPIRED] = "the certificate has expired",
	[IKE_CAUSE_CERT_NOT_YET_VALID] = "the certificate is not valid yet",
	[IKE_CAUSE_CERT_REVOKED] = "the certificate was revoked",
	[IKE_CAUSE_CERT_NO_CRL] = "no valid CRL for the certificate",
	[IKE_CAUSE_CERT_KEY_USAGE] = "the certificate's key usage does not fit",
	[IKE_CAUSE_CERT_IDENTITY] = "the identity is not in the certificate",
	[IKE_CAUSE_SIGNATURE] = "wrong signature",
	[IKE_CAUSE_PEER_CERTIFICATE] = "the peer refuses our certificate",
};

static const char *const drop_names[IKE_DROP_COUNT] = {
	[IKE_DROP_MALFORMED] = "malformed",
	[IKE_DROP_UNKNOWN_SA] = "unknown_sa",
	[IKE_DROP_AGGRESSIVE] = "aggressive_mode",
	[IKE_DROP_EXCHANGE_TYPE] = "exchange_type",
	[IKE_DROP_IKEV2] = "ikev2",
	[IKE_DROP_NO_LOCAL] = "no_local_address",
	[IKE_DROP_HALF_OPEN_LIMIT] = "half_open_limit",
	[IKE_DROP_CLEARTEXT] = "cleartext",
	[IKE_DROP_UNDECRYPTABLE] = "undecryptable",
	[IKE_DROP_HASH] = "hash",
	[IKE_DROP_UNEXPECTED] = "unexpected",
	[IKE_DROP_REPLAY] = "replay",
};

static const char *name_in(const char *const *names, size_t count, unsigned int index)
{
	return index < count && names[index] ? names[index] : "unknown";
}

const char *diagnose_cause_name(enum ike_cause cause)
{
	return name_in(cause_names, IKE_CAUSE_COUNT, (unsigned int)cause);
}

const char *diagnose_cause_text(enum ike_cause cause)
{
	return name_in(cause_texts, IKE_CAUSE_COUNT, (unsigned int)cause);
}

const char *diagnose_drop_name(enum ike_drop why)
{
	return name_in(drop_names, IKE_DROP_COUNT, (unsigned int)why);
}

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

static void add_auth(struct text *t, unsigned int wire)
{
	if (wire == AUTH_PSK || wire == AUTH_RSA_SIG)
		text_add(t, "%s", auth_method_name(wire));
	else
		text_add(t, "authentication method %u", wire);
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
	text_add(t, "; compare encryption, hash, authentication and group on both sides "
		    "(lifetimes need not be equal), its log may name the first difference");
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
		    "sides, its log "
		    "may name the first difference");
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

/* What to look at where nothing came back; the state says how far it had come. */
static void no_answer(struct text *t, const char *peer, enum ike_state state)
{
	switch (state) {
	case MM_WAIT_MSG2:
		text_add(
			t,
			"%s does not answer message 1, nothing came back: is the address right and "
			"reachable (ping it), is UDP port 500 open both ways, does a daemon run "
			"there; "
			"else the peer does not know us or accepts none of our isakmp-policies and "
			"stays silent, which its log tells",
			peer);
		break;
	case MM_WAIT_MSG4:
		text_add(t,
			 "%s agreed on a policy but does not answer message 3 (key exchange): look "
			 "for "
			 "a device on the way that drops longer UDP packets or fragments, and into "
			 "the "
			 "peer's log",
			 peer);
		break;
	case MM_WAIT_MSG6:
		text_add(
			t,
			"probable pre-shared key mismatch with %s: it stays silent after our "
			"message 5, "
			"as a peer does that cannot decrypt it; compare \"isakmp-key ...\" on both "
			"sides; else UDP is blocked from here on (port 4500 behind NAT)",
			peer);
		break;
	case MM_WAIT_MSG3:
		text_add(t,
			 "%s opened a negotiation and did not go on after our message 2: our "
			 "answers do "
			 "not reach it (UDP port 500 blocked on the way back), or its address is "
			 "forged; look into its log",
			 peer);
		break;
	case MM_WAIT_MSG5:
		text_add(t,
			 "%s did not go on after our message 4: it was lost, or the peer has no "
			 "key for "
			 "us; look into its log",
			 peer);
		break;
	case QM_WAIT_MSG2:
		text_add(t,
			 "phase 1 is up, but %s does not answer quick mode: probably it accepts no "
			 "transform-set, PFS group or proxy identity of ours and stays silent; "
			 "compare them on both sides, its log may tell which",
			 peer);
		break;
	case QM_WAIT_MSG3:
		text_add(t,
			 "%s did not confirm quick mode (message 3): it was lost, or the peer "
			 "could not "
			 "install its SAs; look into its log",
			 peer);
		break;
	default:
		text_add(t,
			 "the negotiation with %s did not get beyond %s in time; this machine may "
			 "be "
			 "overloaded",
			 peer, ike_state_name(state));
	}
}

static const char *kernel_advice(int error)
{
	switch (error) {
	case ENOSYS:
	case ENOENT:
		return "it lacks an algorithm of the transform-set: load its module (ls "
		       "/proc/crypto "
		       "shows what is there) or choose another transform-set";
	case EPROTONOSUPPORT:
	case EOPNOTSUPP:
		return "it has no ESP: modprobe esp4, or use a kernel with CONFIG_INET_ESP";
	case EPERM:
	case EACCES:
		return "dmvpnd needs CAP_NET_ADMIN: start it as root";
	case EEXIST:
		return "the SPI is taken; the next attempt uses another";
	case ENOMEM:
	case ENOBUFS:
		return "it is out of memory";
	default:
		return "the kernel's log (dmesg) may tell more";
	}
}

static void kernel(struct text *t, const char *peer, int error)
{
	text_add(t, "the kernel refuses an IPsec SA with %s: %s (errno %d); %s", peer,
		 strerror(error), error, kernel_advice(error));
}

/*
 * Whether our own verdict ended the exchange: then its newest step but the last was taken in the
 * state where it failed. Else the peer has said so, while we waited, or time was over.
 */
static bool found_here(const struct ike_event *e)
{
	return e->failure.history_len > 1 && e->failure.history[0].event == EV_ERROR &&
	       e->failure.history[1].state == e->failure.state;
}

/* Not ended by a verdict: what came was not good enough to go on. */
static bool still_waits(const struct ike_event *e)
{
	return e->kind == IKE_EVENT_EVIDENCE ||
	       (e->failure.history_len && e->failure.history[0].event == EV_TIMED_OUT);
}

static void identity(struct text *t, const struct ike_event *e, const char *peer, const char *us)
{
	if (found_here(e))
		text_add(
			t,
			"the phase 1 identity of %s is not accepted: an address identity must be "
			"the "
			"address that it sends from; set \"crypto isakmp identity address\" there, "
			"or look for NAT on the way",
			peer);
	else
		text_add(t,
			 "%s does not accept our phase 1 identity, which is our address %s; look "
			 "for "
			 "NAT on the way, and for what the peer expects",
			 peer, us);
}

static void malformed(struct text *t, const struct ike_event *e, const char *peer)
{
	if (found_here(e) || still_waits(e))
		text_add(t,
			 "a message of %s makes no sense (in %s): the peer is faulty, or something "
			 "changes packets on the way; \"debug crypto isakmp 254\" shows them",
			 peer, ike_state_name(e->failure.state));
	else
		text_add(t,
			 "%s says that a message of ours makes no sense to it (in %s); its log may "
			 "tell "
			 "why",
			 peer, ike_state_name(e->failure.state));
}

/* Before the keys are used, the same notify says something else. */
static void peer_key_mismatch(struct text *t, const struct ike_event *e, const char *peer)
{
	if (e->failure.state == MM_WAIT_MSG2 || e->failure.state == MM_WAIT_MSG4 ||
	    e->failure.state == MM_WAIT_MSG3)
		text_add(t,
			 "%s says that a message of ours makes no sense to it (in %s); its log may "
			 "tell "
			 "why",
			 peer, ike_state_name(e->failure.state));
	else
		text_add(t,
			 "probable pre-shared key mismatch with %s: it complains about our message "
			 "%d, as "
			 "a peer does that cannot decrypt it; compare \"isakmp-key ...\" on both "
			 "sides",
			 peer, e->role == IKE_INITIATOR ? 5 : 6);
}

/* What does not depend on more than the peer and our role. */
static bool plain_cause(struct text *t, const struct ike_event *e, const char *peer)
{
	bool initiator = e->role == IKE_INITIATOR;
	int message = initiator ? 6 : 5;
	char us[ADDR_TEXT];

	addr_text(&e->local.addr, us);
	switch (e->failure.cause) {
	case IKE_CAUSE_NO_KEY:
		text_add(t,
			 "no pre-shared key for %s: add isakmp-key \"%s\" { key = ... }, or one "
			 "for a "
			 "prefix that holds it",
			 peer, peer);
		return true;
	case IKE_CAUSE_KEY_MISMATCH:
		text_add(
			t,
			"probable pre-shared key mismatch with %s: its message %d does not decrypt "
			"with our key; compare \"isakmp-key ...\" on both sides",
			peer, message);
		return true;
	case IKE_CAUSE_PEER_KEY_MISMATCH:
		peer_key_mismatch(t, e, peer);
		return true;
	case IKE_CAUSE_AUTH_HASH:
		text_add(
			t,
			"authentication of %s failed: its message %d decrypts, but HASH_%c is not "
			"what we compute; the pre-shared keys differ, or the messages were changed "
			"on the way",
			peer, message, initiator ? 'R' : 'I');
		return true;
	case IKE_CAUSE_IDENTITY:
		identity(t, e, peer, us);
		return true;
	case IKE_CAUSE_BAD_KE:
		text_add(t,
			 "the Diffie-Hellman value of %s is not one of the agreed group: the peer "
			 "is "
			 "faulty or hostile",
			 peer);
		return true;
	case IKE_CAUSE_MALFORMED:
		malformed(t, e, peer);
		return true;
	case IKE_CAUSE_PROXY_IDENTITIES:
		text_add(t,
			 "proxy identities of %s are not accepted: quick mode must be for host %s, "
			 "host "
			 "%s, protocol 47 (GRE); let the peer protect a GRE tunnel in transport "
			 "mode "
			 "(tunnel protection), not networks by a crypto map",
			 peer, peer, us);
		return true;
	case IKE_CAUSE_PEER_PROXY_IDENTITIES:
		text_add(t,
			 "%s says INVALID-ID-INFORMATION to our quick mode for host %s, host %s, "
			 "protocol 47 (GRE): it protects something else; let it protect a GRE "
			 "tunnel "
			 "with this address",
			 peer, us, peer);
		return true;
	default:
		return false;
	}
}

/* What comes from outside this negotiation. */
static bool other_cause(struct text *t, const struct ike_event *e, const char *peer)
{
	const char *what = e->phase == 2 ? "quick mode" : "main mode";

	switch (e->failure.cause) {
	case IKE_CAUSE_PEER_DELETED:
		text_add(t, "%s deleted the SA during %s (%s); its log may tell why", peer, what,
			 ike_state_name(e->failure.state));
		return true;
	case IKE_CAUSE_DEAD_PEER:
		text_add(t,
			 "%s with %s given up: the peer does not answer keep-alives (DPD) any "
			 "more; it is "
			 "down or cannot be reached",
			 what, peer);
		return true;
	case IKE_CAUSE_LIMIT:
		text_add(t,
			 "%s with %s given up: too many negotiations at once; they are bounded per "
			 "address and in all",
			 what, peer);
		return true;
	case IKE_CAUSE_NONE:
		text_add(t, "%s with %s failed in %s", what, peer,
			 ike_state_name(e->failure.state));
		return true;
	default:
		return false; /* nobody's fault */
	}
}

static bool failure(struct text *t, const struct ike_event *e, const char *peer)
{
	const struct mismatch *m = &e->failure.mismatch;

	switch (e->failure.cause) {
	case IKE_CAUSE_NO_ANSWER:
		no_answer(t, peer, e->failure.state);
		return true;
	case IKE_CAUSE_NO_POLICY:
		no_policy(t, peer, m);
		return true;
	case IKE_CAUSE_PEER_NO_POLICY:
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
	case IKE_CAUSE_KERNEL:
		kernel(t, peer, e->failure.error);
		return true;
	default:
		return plain_cause(t, e, peer) || diagnose_cert(t, e, peer) ||
		       other_cause(t, e, peer);
	}
}

static bool dropped(struct text *t, const struct ike_event *e, const char *peer)
{
	switch (e->drop.why) {
	case IKE_DROP_AGGRESSIVE:
		text_add(t,
			 "%s tries aggressive mode, which is refused: it shows identities and lets "
			 "everybody guess the pre-shared key; configure main mode there",
			 peer);
		return true;
	case IKE_DROP_IKEV2:
		text_add(t,
			 "%s speaks IKEv2, which is not spoken here; configure IKEv1 main mode "
			 "there "
			 "(\"crypto isakmp ...\", not \"crypto ikev2 ...\")",
			 peer);
		return true;
	default:
		return false;
	}
}

bool diagnose_ike(const struct ike_event *e, char buf[DIAGNOSE_TEXT])
{
	struct text t = text_of(buf, DIAGNOSE_TEXT);
	char peer[ADDR_TEXT];

	addr_text(&e->remote.addr, peer);
	if (e->kind == IKE_EVENT_FAILED || e->kind == IKE_EVENT_EVIDENCE)
		return failure(&t, e, peer);
	return e->kind == IKE_EVENT_DROP && dropped(&t, e, peer);
}
