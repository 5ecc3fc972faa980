/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE's failures in plain words. Each sentence names the cause, then the evidence, then what to
 * do. Those about offers are in diagnose_offer.c, those about certificates in diagnose_cert.c,
 * NHRP's in diagnose_nhrp.c.
 */
#include "daemon/diagnose.h"

#include <errno.h>
#include <string.h>

#include "daemon/diagnose_cert.h"
#include "daemon/diagnose_offer.h"
#include "daemon/text.h"

static const char *const cause_names[IKE_CAUSE_COUNT] = {
	[IKE_CAUSE_NONE] = "none",
	[IKE_CAUSE_NO_ANSWER] = "no_answer",
	[IKE_CAUSE_NO_POLICY] = "no_policy",
	[IKE_CAUSE_PEER_NO_POLICY] = "peer_no_policy",
	[IKE_CAUSE_NO_KEY] = "no_key",
	[IKE_CAUSE_KEY_MISMATCH] = "key_mismatch",
	[IKE_CAUSE_PEER_KEY_MISMATCH] = "peer_key_mismatch",
	[IKE_CAUSE_PEER_NO_KEY] = "peer_no_key",
	[IKE_CAUSE_PEER_REFUSES] = "peer_refuses",
	[IKE_CAUSE_PEER_LEFT] = "peer_left",
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
	[IKE_CAUSE_MOVED] = "moved",
	[IKE_CAUSE_SHARED_ADDRESS] = "shared-address",
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
	[IKE_CAUSE_PEER_NO_KEY] = "the peer has no pre-shared key for us",
	[IKE_CAUSE_PEER_REFUSES] = "refused by the peer, though the keys are the same",
	[IKE_CAUSE_PEER_LEFT] = "deleted by the peer right after phase 1",
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
	[IKE_CAUSE_MOVED] = "the peer has another address now",
	[IKE_CAUSE_SHARED_ADDRESS] = "too many peers behind one NAT address",
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
	[IKE_DROP_FLOOD] = "flood",
	[IKE_DROP_FRAGMENT] = "fragment",
	[IKE_DROP_REFLECTED] = "reflected",
	[IKE_DROP_ELSEWHERE] = "elsewhere",
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

/* Sentences. {peer} and {us} are addresses; the other words see add_sentence(). */

/* Nothing came back: the state says how far it had come. */
static const char *const silences[IKE_STATE_COUNT] = {
	[MM_WAIT_MSG2] =
		"{peer} does not answer message 1, nothing came back: is the address right and "
		"reachable (ping it), is UDP port 500 open both ways, does a daemon run there; "
		"else the peer does not know us or accepts none of our isakmp-policies and stays "
		"silent, which its log tells",
	[MM_WAIT_MSG4] =
		"{peer} agreed on a policy but does not answer message 3 (key exchange): look for "
		"a device on the way that drops longer UDP packets or fragments, and into the "
		"peer's log",
	[MM_WAIT_MSG6] =
		"probable pre-shared key mismatch with {peer}: it stays silent after our message "
		"5, as a peer does that cannot decrypt it; compare \"isakmp-key ...\" on both "
		"sides; else UDP is blocked from here on (port 4500 behind NAT)",
	[MM_WAIT_MSG3] =
		"{peer} opened a negotiation and did not go on after our message 2: our answers do "
		"not reach it (UDP port 500 blocked on the way back), or its address is forged; "
		"look into its log",
	[MM_WAIT_MSG5] =
		"{peer} did not go on after our message 4: it was lost, or the peer has no key for "
		"us, or its message 5, with certificates a long one, is lost on the way; look into "
		"its log",
	[QM_WAIT_MSG2] =
		"phase 1 is up, but {peer} does not answer quick mode: probably it accepts no "
		"transform-set, PFS group or proxy identity of ours and stays silent; compare them "
		"on both sides, its log may tell which",
	[QM_WAIT_MSG3] =
		"{peer} did not confirm quick mode (message 3): it was lost, or the peer could not "
		"install its SAs; look into its log",
};

/* The same after message 5, with certificates. */
static const char silence_signed[] =
	"{peer} stays silent after our message 5: it refuses our certificate without a word, "
	"which its log tells; or the message is lost, being a long one: look for a device on the "
	"way that drops longer UDP packets or fragments, and whether UDP is blocked from here on "
	"(port 4500 behind NAT)";

static const char overloaded[] =
	"the negotiation with {peer} did not get beyond {state} in time; this machine may be "
	"overloaded";

static const char *const causes[IKE_CAUSE_COUNT] = {
	[IKE_CAUSE_NONE] = "{exchange} with {peer} failed in {state}",
	[IKE_CAUSE_NO_KEY] = "no pre-shared key for {peer}: add isakmp-key \"{peer}\" { key = ... "
			     "}, or one for a prefix that holds it",
	[IKE_CAUSE_KEY_MISMATCH] =
		"probable pre-shared key mismatch with {peer}: its message {their message} does "
		"not decrypt with our key; compare \"isakmp-key ...\" on both sides",
	[IKE_CAUSE_PEER_KEY_MISMATCH] =
		"probable pre-shared key mismatch with {peer}: it complains about our message "
		"{our message}, as a peer does that cannot decrypt it; compare \"isakmp-key ...\" "
		"on both sides",
	[IKE_CAUSE_PEER_NO_KEY] =
		"{peer} says that it has no key for us (INVALID_KEY_INFORMATION): add one for {us} "
		"there (\"crypto isakmp key ... address {us}\")",
	[IKE_CAUSE_PEER_REFUSES] =
		"{peer} refuses us after message {our message}, although the pre-shared keys are "
		"the same (its refusal is encrypted with them): it expects another identity than "
		"ours, or another way to authenticate (XAuth, certificates), or aggressive mode; "
		"its log tells which",
	[IKE_CAUSE_PEER_LEFT] = "{peer} deleted the ISAKMP SA right after phase 1, before any "
				"quick mode: it does not "
				"accept our identity, or what it expects from us beyond that "
				"(XAuth) did not come; its "
				"log tells which",
	[IKE_CAUSE_AUTH_HASH] = "authentication of {peer} failed: its message {their message} "
				"decrypts, but its hash is not what we compute; the pre-shared "
				"keys differ, or the messages were changed on the way",
	[IKE_CAUSE_BAD_KE] =
		"the Diffie-Hellman value of {peer} is not one of the agreed group: the peer is "
		"faulty or hostile",
	[IKE_CAUSE_MALFORMED] =
		"a message of {peer} makes no sense (in {state}): the peer is faulty, or something "
		"changes packets on the way; \"debug crypto isakmp 254\" shows them",
	[IKE_CAUSE_PROXY_IDENTITIES] =
		"proxy identities of {peer} are not accepted{theirs}: quick mode must be for host "
		"{peer}, host {us}, protocol 47 (GRE); let the peer protect a GRE tunnel in "
		"transport mode (tunnel protection), not networks by a crypto map",
	[IKE_CAUSE_PEER_PROXY_IDENTITIES] =
		"{peer} says INVALID-ID-INFORMATION to our quick mode for host {us}, host {peer}, "
		"protocol 47 (GRE): it protects something else; let it protect a GRE tunnel with "
		"this address",
	[IKE_CAUSE_PEER_DELETED] =
		"{peer} deleted the SA during {exchange} ({state}); its log may tell why",
	[IKE_CAUSE_DEAD_PEER] =
		"{exchange} with {peer} given up: the peer does not answer keep-alives (DPD) any "
		"more; it is down or cannot be reached",
	[IKE_CAUSE_LIMIT] = "{exchange} with {peer} given up: too many negotiations at once; they "
			    "are bounded per address and in all",
	[IKE_CAUSE_SHARED_ADDRESS] =
		"{exchange} with {peer} given up: as many peers as there may be share that address "
		"already, behind a NAT; see who they are (`show crypto isakmp sa`)",
	/* SUPERSEDED, ADMIN, EXPIRED: nobody's fault. */
};

static const char our_identity_refused[] = "{peer} does not accept our phase 1 identity, which is "
					   "our address {us}; look for NAT on the way, and for "
					   "what the peer expects";

/* With certificates. */
static const char left_signed[] =
	"{peer} deleted the ISAKMP SA right after phase 1, before any quick mode: it does not "
	"accept our certificate (its CA, a CRL, the dates), or not the identity in it; its log "
	"tells which";

static const char our_message_refused[] = "{peer} says that a message of ours makes no sense to it "
					  "(in {state}); its log may tell why";

/* An end as IOS prints one: "host 10.0.0.4, protocol 47, port 0". */
static void add_proxy(struct text *t, const struct ike_proxy *p)
{
	struct addr a = addr_from_bytes(p->data, 4), b = addr_from_bytes(p->data + 4, 4);
	char one[ADDR_TEXT], other[ADDR_TEXT];

	addr_text(&a, one);
	addr_text(&b, other);
	if (p->type == ISAKMP_ID_IPV4_ADDR)
		text_add(t, "host %s", one);
	else if (p->type == ISAKMP_ID_IPV4_SUBNET)
		text_add(t, "network %s %s", one, other);
	else if (p->type == ISAKMP_ID_IPV4_RANGE)
		text_add(t, "%s to %s", one, other);
	else
		text_add(t, "%s", p->type ? isakmp_id_name(p->type) : "nobody");
	if (p->protocol)
		text_add(t, ", protocol %u", p->protocol);
	else
		text_add(t, ", any protocol");
	if (p->port)
		text_add(t, ", port %u", p->port);
}

/* What the peer asked for instead, its own end first. */
static void add_theirs(struct text *t, const struct ike_event *e)
{
	const struct ike_proxy *p = e->failure.proxy;
	bool initiator = e->role == IKE_INITIATOR;

	if (e->failure.cause != IKE_CAUSE_PROXY_IDENTITIES || (!p[0].type && !p[1].type))
		return;
	text_add(t, " (it wants ");
	add_proxy(t, &p[initiator]);
	text_add(t, " there and ");
	add_proxy(t, &p[!initiator]);
	text_add(t, " here)");
}

static void add_sentence(struct text *t, const char *sentence, const struct ike_event *e,
			 const char *peer)
{
	bool initiator = e->role == IKE_INITIATOR;
	char us[ADDR_TEXT], proxies[200];
	struct text theirs = text_of(proxies, sizeof(proxies));
	const struct text_word words[] = {
		{ "{peer}", peer },
		{ "{theirs}", proxies },
		{ "{us}", addr_text(&e->local.addr, us) },
		{ "{state}", ike_state_name(e->failure.state) },
		{ "{exchange}", e->phase == 2 ? "quick mode" : "main mode" },
		/* Those that are encrypted in main mode. */
		{ "{our message}", initiator ? "5" : "6" },
		{ "{their message}", initiator ? "6" : "5" },
	};

	add_theirs(&theirs, e);
	text_fill(t, sentence, words, ARRAY_SIZE(words));
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
	       (e->failure.history_len > 1 && e->failure.history[1].event == EV_TIMED_OUT);
}

/* Before message 5 nothing was encrypted with the keys. */
static bool before_keys(enum ike_state state)
{
	return state == MM_WAIT_MSG2 || state == MM_WAIT_MSG3 || state == MM_WAIT_MSG4;
}

static const char *sentence_for(const struct ike_event *e)
{
	enum ike_state state = e->failure.state;
	enum ike_cause cause = e->failure.cause;

	if ((unsigned int)cause >= IKE_CAUSE_COUNT || (unsigned int)state >= IKE_STATE_COUNT)
		return NULL;
	if (cause == IKE_CAUSE_NO_ANSWER && state == MM_WAIT_MSG6 &&
	    e->failure.auth == AUTH_RSA_SIG)
		return silence_signed;
	if (cause == IKE_CAUSE_NO_ANSWER)
		return silences[state] ? silences[state] : overloaded;
	if (cause == IKE_CAUSE_PEER_LEFT && e->failure.auth == AUTH_RSA_SIG)
		return left_signed;
	if (cause == IKE_CAUSE_IDENTITY)
		return our_identity_refused;
	if (cause == IKE_CAUSE_MALFORMED && !found_here(e) && !still_waits(e))
		return our_message_refused;
	if (cause == IKE_CAUSE_PEER_KEY_MISMATCH && before_keys(state))
		return our_message_refused;
	return causes[cause];
}

static const char *kernel_advice(int error)
{
	switch (error) {
	case ENOSYS:
	case ENOENT:
		return "it lacks an algorithm of the transform-set: load its module (ls "
		       "/proc/crypto shows what is there) or choose another transform-set";
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

static void identity(struct text *t, const char *peer, const struct ike_id *id)
{
	text_add(t, "the phase 1 identity of %s is not accepted: ", peer);
	if (id->len) {
		text_add(t, "it calls itself ");
		diagnose_identity(t, id);
		text_add(t, " (%s), and ", isakmp_id_name(id->type));
	}
	text_add(t, "an address identity must be the address that it sends from; set \"crypto "
		    "isakmp identity address\" there, or look for NAT on the way");
}

static bool failure(struct text *t, const struct ike_event *e, const char *peer)
{
	const char *sentence = sentence_for(e);

	if (e->failure.cause == IKE_CAUSE_KERNEL)
		kernel(t, peer, e->failure.error);
	else if (e->failure.cause == IKE_CAUSE_IDENTITY && found_here(e))
		identity(t, peer, &e->failure.cert.id);
	else if (sentence)
		add_sentence(t, sentence, e, peer);
	else
		return diagnose_offer(t, e, peer) || diagnose_cert(t, e, peer);
	return true;
}

/* NULL: nobody needs to know. */
static const char *drop_sentence(const struct ike_event *e)
{
	switch (e->drop.why) {
	case IKE_DROP_AGGRESSIVE:
		return "{peer} tries aggressive mode, which is refused: it shows identities and "
		       "lets everybody guess the pre-shared key; configure main mode there";
	case IKE_DROP_IKEV2:
		return "{peer} speaks IKEv2, which is not spoken here; configure IKEv1 main mode "
		       "there (\"crypto isakmp ...\", not \"crypto ikev2 ...\")";
	case IKE_DROP_EXCHANGE_TYPE:
		if (e->drop.exchange != ISAKMP_XCHG_TRANSACTION)
			return NULL;
		return "{peer} wants mode configuration or XAuth, which are not spoken here; "
		       "configure neither for this peer there (no pool of addresses, no extended "
		       "authentication)";
	case IKE_DROP_ELSEWHERE:
		return "our message to {peer} is answered from another address, {from}, which is "
		       "not accepted: let it answer from the address that it is called by (a "
		       "second address, a virtual one, a NAT on the way back), or call it by that "
		       "one";
	default:
		return NULL;
	}
}

bool diagnose_is_drop_telling(const struct ike_event *e)
{
	return drop_sentence(e);
}

static bool dropped(struct text *t, const struct ike_event *e, const char *peer)
{
	const char *sentence = drop_sentence(e);
	char from[ADDR_TEXT];
	const struct text_word words[] = {
		{ "{peer}", peer },
		{ "{from}", addr_text(&e->drop.from, from) },
	};

	if (sentence)
		text_fill(t, sentence, words, ARRAY_SIZE(words));
	return sentence;
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
