/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From events to causes: the sentences that users read when a tunnel does not come up.
 * LINK: daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c
 * LINK: ikev1/state.c ikev1/proposal.c ikev1/isakmp.c lib/algo.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "daemon/diagnose.h"

static struct ike_event failed(int phase, enum ike_role role, enum ike_cause cause,
			       enum ike_state state)
{
	return (struct ike_event){
		.kind = IKE_EVENT_FAILED,
		.local = { addr_v4(0x0a000102), 500 },
		.remote = { addr_v4(0x0a000004), 500 },
		.role = role,
		.phase = phase,
		.failure = { .cause = cause, .state = state },
	};
}

static void check(const struct ike_event *e, const char *want)
{
	char text[DIAGNOSE_TEXT];

	cr_assert(diagnose_ike(e, text));
	cr_assert_str_eq(text, want, "%s", text);
}

static void check_holds(const struct ike_event *e, const char *part)
{
	char text[DIAGNOSE_TEXT];

	cr_assert(diagnose_ike(e, text));
	cr_assert_not_null(strstr(text, part), "%s", text);
	cr_assert_not_null(strstr(text, "10.0.0.4"), "%s", text);
	cr_assert_lt(strlen(text), DIAGNOSE_TEXT - 100, "%s", text);
}

static void check_nhrp(const struct nhrp_event *e, const char *want)
{
	char text[DIAGNOSE_TEXT];

	cr_assert(diagnose_nhrp(e, text));
	cr_assert_str_eq(text, want, "%s", text);
}

/* A wrong key, as each end can know it. */

Test(diagnose, key_mismatch_at_the_responder)
{
	struct ike_event e = failed(1, IKE_RESPONDER, IKE_CAUSE_KEY_MISMATCH, MM_WAIT_MSG5);

	check(&e,
	      "probable pre-shared key mismatch with 10.0.0.4: its message 5 does not decrypt with "
	      "our key; compare \"isakmp-key ...\" on both sides");
}

Test(diagnose, key_mismatch_at_the_initiator)
{
	struct ike_event e = failed(1, IKE_INITIATOR, IKE_CAUSE_PEER_KEY_MISMATCH, MM_WAIT_MSG6);

	check(&e, "probable pre-shared key mismatch with 10.0.0.4: it complains about our message "
		  "5, as a peer does that cannot decrypt it; compare \"isakmp-key ...\" on both "
		  "sides");
	e.failure.cause = IKE_CAUSE_NO_ANSWER;
	check(&e,
	      "probable pre-shared key mismatch with 10.0.0.4: it stays silent after our message "
	      "5, as a peer does that cannot decrypt it; compare \"isakmp-key ...\" on both sides; "
	      "else UDP is blocked from here on (port 4500 behind NAT)");
	e.failure.cause = IKE_CAUSE_KEY_MISMATCH;
	check_holds(&e, "its message 6 does not decrypt");
}

/* The peer's word is told at once, not only when time is over. */
Test(diagnose, evidence)
{
	struct ike_event e = failed(1, IKE_INITIATOR, IKE_CAUSE_PEER_KEY_MISMATCH, MM_WAIT_MSG6);

	e.kind = IKE_EVENT_EVIDENCE;
	check_holds(&e, "probable pre-shared key mismatch with 10.0.0.4: it complains");
	e.failure.state = MM_WAIT_MSG2;
	check_holds(&e,
		    "10.0.0.4 says that a message of ours makes no sense to it (in MM_WAIT_MSG2)");
	e.failure.cause = IKE_CAUSE_MALFORMED;
	check_holds(&e, "a message of 10.0.0.4 makes no sense");
}

/* A refusal that is encrypted with our own key does not blame the key. */
Test(diagnose, refused_with_the_right_key)
{
	struct ike_event e = failed(1, IKE_INITIATOR, IKE_CAUSE_PEER_REFUSES, MM_WAIT_MSG6);

	check_holds(&e, "10.0.0.4 refuses us after message 5, although the pre-shared keys are the "
			"same");
	e.failure.cause = IKE_CAUSE_PEER_LEFT;
	e.failure.auth = AUTH_PSK;
	check_holds(&e, "10.0.0.4 deleted the ISAKMP SA right after phase 1, before any quick mode: it does "
			"not accept our identity");
	e.failure.auth = AUTH_RSA_SIG;
	check_holds(&e, "it does not accept our certificate");
	e.failure.cause = IKE_CAUSE_PEER_NO_KEY;
	check_holds(&e, "10.0.0.4 says that it has no key for us");
}

Test(diagnose, no_key)
{
	struct ike_event e = failed(1, IKE_RESPONDER, IKE_CAUSE_NO_KEY, MM_START);

	check(&e, "no pre-shared key for 10.0.0.4: add isakmp-key \"10.0.0.4\" { key = ... }, or "
		  "one for a prefix that holds it");
}

/* Policies. */

static struct mismatch policy_mismatch(void)
{
	return (struct mismatch){
		.attr = ATTR_ENCRYPTION,
		.policy = 10,
		.transform = 1,
		.ours = 5,
		.theirs = 7,
		.our_isakmp = { CIPHER_3DES, HASH_SHA1, AUTH_PSK, GROUP_2 },
		.their = { .protocol = ISAKMP_PROTO_ISAKMP,
			   .encryption = 7,
			   .key_bits = 256,
			   .hash = 4,
			   .auth = 1,
			   .group = 14 },
	};
}

Test(diagnose, no_policy)
{
	struct ike_event e = failed(1, IKE_RESPONDER, IKE_CAUSE_NO_POLICY, MM_START);

	e.failure.mismatch = policy_mismatch();
	check(&e,
	      "no common phase 1 policy with 10.0.0.4: it offers (aes-256, sha256, pre-share, "
	      "group 14), the closest of ours is isakmp-policy 10 (3des, sha, pre-share, group 2); "
	      "first difference: encryption algorithm: ours 3des, theirs aes-256; make one "
	      "isakmp-policy the same on both sides");
	e.failure.mismatch = (struct mismatch){ 0 };
	check_holds(&e, "nothing in it can be compared with ours");
}

Test(diagnose, peer_no_policy)
{
	struct ike_event e = failed(1, IKE_INITIATOR, IKE_CAUSE_PEER_NO_POLICY, MM_WAIT_MSG2);

	check(&e,
	      "10.0.0.4 says NO-PROPOSAL-CHOSEN to our phase 1 offer: no isakmp-policy of ours "
	      "fits one of its; compare encryption, hash, authentication and group on both "
	      "sides (lifetimes need not be equal), its log may name the first difference; some "
	      "peers say the same where they do not know our address, or speak IKEv2 only");
	e.failure.mismatch.our_isakmp = policy_mismatch().our_isakmp;
	check_holds(&e, "fits one of its (our first is 3des, sha, pre-share, group 2); compare");
	e.failure.mismatch = policy_mismatch();
	check_holds(
		&e,
		"answered with a phase 1 policy that we did not offer: encryption algorithm: ours "
		"3des, theirs aes-256");
}

static void check_difference(struct mismatch m, int phase, const char *want)
{
	char text[DIAGNOSE_TEXT];

	diagnose_mismatch(&m, phase, text);
	cr_assert_str_eq(text, want, "%s", text);
}

Test(diagnose, each_attribute_of_phase_1)
{
	struct mismatch m = policy_mismatch();

	m.attr = ATTR_HASH, m.ours = 2, m.theirs = 4;
	check_difference(m, 1, "hash algorithm: ours sha, theirs sha256");
	m.theirs = 3;
	check_difference(m, 1, "hash algorithm: ours sha, theirs hash algorithm 3");
	m.attr = ATTR_AUTH_METHOD, m.ours = 1, m.theirs = 3;
	check_difference(m, 1, "authentication method: ours pre-share, theirs rsa-sig");
	m.theirs = 65001;
	check_difference(m, 1, "authentication method: ours pre-share, theirs XAuth (65001)");
	m.attr = ATTR_GROUP, m.ours = 2, m.theirs = 14;
	check_difference(m, 1, "Diffie-Hellman group: ours group 2, theirs group 14");
	m.attr = ATTR_KEY_LENGTH, m.ours = 128, m.theirs = 0;
	check_difference(m, 1, "key length: ours 128 bits, theirs none");
	m.attr = ATTR_ENCRYPTION, m.ours = 5, m.theirs = 1, m.their.key_bits = 0;
	check_difference(m, 1, "encryption algorithm: ours 3des, theirs des");
	m.theirs = 99;
	check_difference(m, 1,
			 "encryption algorithm: ours 3des, theirs encryption algorithm 99 without "
			 "key length");
	m.attr = ATTR_UNKNOWN, m.theirs = 13;
	check_difference(m, 1, "attribute that is not understood: theirs has attribute 13");
}

/* Transforms. */

static struct mismatch esp_mismatch(void)
{
	return (struct mismatch){
		.attr = ATTR_ESP_CIPHER,
		.policy = 1,
		.transform = 1,
		.ours = 3,
		.theirs = 12,
		.our_esp = { CIPHER_3DES, HASH_SHA1 },
		.our_pfs = GROUP_2,
		.their = { .protocol = ISAKMP_PROTO_ESP,
			   .id = 12,
			   .key_bits = 128,
			   .auth = 5,
			   .encap = ENCAP_TRANSPORT,
			   .group = 2 },
	};
}

Test(diagnose, no_transform)
{
	struct ike_event e = failed(2, IKE_RESPONDER, IKE_CAUSE_NO_TRANSFORM, QM_START);

	e.failure.mismatch = esp_mismatch();
	check(&e,
	      "no common transform-set with 10.0.0.4: it offers (esp-aes esp-sha256-hmac, "
	      "transport, PFS group 2), the closest of ours is (esp-3des esp-sha-hmac, transport, "
	      "PFS group 2); first difference: ESP encryption algorithm: ours esp-3des, theirs "
	      "esp-aes; make the transform-set the same on both sides");
	e.failure.mismatch.attr = ATTR_ENCAP;
	e.failure.mismatch.ours = ENCAP_TRANSPORT;
	e.failure.mismatch.theirs = e.failure.mismatch.their.encap = ENCAP_TUNNEL;
	check_holds(
		&e,
		"encapsulation mode: ours transport, theirs tunnel; set \"mode transport\" in the "
		"peer's transform-set");
}

Test(diagnose, each_attribute_of_phase_2)
{
	struct mismatch m = esp_mismatch();

	m.attr = ATTR_PROTOCOL, m.ours = ISAKMP_PROTO_ESP, m.theirs = ISAKMP_PROTO_AH;
	check_difference(m, 2, "protocol: ours ESP, theirs AH");
	m.attr = ATTR_ESP_AUTH, m.ours = 2, m.theirs = 0;
	check_difference(m, 2,
			 "ESP authentication algorithm: ours esp-sha-hmac, theirs no ESP "
			 "authentication");
	m.attr = ATTR_BUNDLE;
	check_difference(m, 2,
			 "bundle with another protocol: ours ESP alone, theirs ESP together with "
			 "another protocol");
	m.attr = ATTR_PFS_GROUP, m.ours = 2, m.theirs = 0;
	check_difference(m, 2, "PFS group: ours group 2, theirs no group");
}

Test(diagnose, peer_no_transform)
{
	struct ike_event e = failed(2, IKE_INITIATOR, IKE_CAUSE_PEER_NO_TRANSFORM, QM_WAIT_MSG2);

	check_holds(
		&e,
		"says NO-PROPOSAL-CHOSEN to our quick mode: transform-set, \"mode transport\" or "
		"PFS differ");
	e.failure.mismatch.our_esp = esp_mismatch().our_esp;
	check_holds(&e, "(our first offer is esp-3des esp-sha-hmac, transport, PFS no group): "
			"transform-set");
}

Test(diagnose, pfs)
{
	struct ike_event e = failed(2, IKE_RESPONDER, IKE_CAUSE_PFS_REQUIRED, QM_START);

	e.failure.mismatch = esp_mismatch();
	e.failure.mismatch.attr = ATTR_PFS_GROUP;
	e.failure.mismatch.theirs = 0;
	check(&e, "PFS on our side only: our ipsec-profile asks for group 2, 10.0.0.4 sends no "
		  "PFS; set \"pfs\" to this group there, or \"pfs = none\" here");
	e.failure.cause = IKE_CAUSE_PFS_GROUP;
	e.failure.mismatch.theirs = 14;
	check(&e, "PFS groups differ: our ipsec-profile asks for group 2, 10.0.0.4 offers group "
		  "14; set the same \"pfs\" on both sides");
}

Test(diagnose, proxy_identities)
{
	struct ike_event e = failed(2, IKE_RESPONDER, IKE_CAUSE_PROXY_IDENTITIES, QM_START);

	check_holds(&e, "quick mode must be for host 10.0.0.4, host 10.0.1.2, protocol 47 (GRE)");
	e.failure.proxy[0] = (struct ike_proxy){ ISAKMP_ID_IPV4_RANGE, 6, 22, 8,
						 { 10, 0, 0, 1, 10, 0, 0, 9 } };
	e.failure.proxy[1] = (struct ike_proxy){ .type = ISAKMP_ID_FQDN };
	check_holds(&e, "not accepted (it wants 10.0.0.1 to 10.0.0.9, protocol 6, port 22 there and "
			"ID_FQDN, any protocol here): quick mode must be");
	e.failure.cause = IKE_CAUSE_PEER_PROXY_IDENTITIES;
	check_holds(
		&e,
		"says INVALID-ID-INFORMATION to our quick mode for host 10.0.1.2, host 10.0.0.4");
}

/* The two failures that the troubleshooting article explains, and their neighbours. */

static struct ike_event cert_failed(enum ike_cause cause)
{
	struct ike_event e = failed(1, IKE_RESPONDER, cause, MM_WAIT_MSG5);

	e.failure.cert = (struct ike_cert){
		.subject = "CN=Petes-Router",
		.issuer = "CN=PNL-CA",
		.serial = { 0x6b, 0x00, 0x2b },
		.serial_len = 3,
		.not_before = 0,
		.not_after = 1577836800,
	};
	return e;
}

/* Silence after message 5 means something else with certificates. */
Test(diagnose, silence_after_a_signature)
{
	struct ike_event e = failed(1, IKE_INITIATOR, IKE_CAUSE_NO_ANSWER, MM_WAIT_MSG6);

	check_holds(&e, "probable pre-shared key mismatch");
	e.failure.auth = AUTH_RSA_SIG;
	check_holds(&e, "it refuses our certificate without a word");
}

Test(diagnose, certificates)
{
	struct ike_event e = cert_failed(IKE_CAUSE_CERT_KEY_USAGE);

	check(&e, "certificate validation failed: peer certificate key usage is invalid: the "
		  "certificate of 10.0.0.4 (serial number: 6B002B, subject name: CN=Petes-Router); "
		  "issue one with digitalSignature, or set \"ignore-key-usage\" in our trustpoint");
	e = cert_failed(IKE_CAUSE_CERT_IDENTITY);
	check_holds(&e, "unable to compare the IKE ID against the peer's certificate");
	e.failure.cert.id = (struct ike_id){ ISAKMP_ID_FQDN, 5, "a.lab" };
	strcpy(e.failure.cert.detail, "DNS:b.lab");
	check_holds(&e,
		    "calls itself a.lab (ID_FQDN), which is not in the certificate of 10.0.0.4");
	check_holds(&e, "whose subject alternative name is DNS:b.lab;");
	e = cert_failed(IKE_CAUSE_CERT_UNTRUSTED);
	check_holds(&e, "certificate chain is either invalid or not authorized");
	check_holds(&e, "which was issued by CN=PNL-CA");
	e = cert_failed(IKE_CAUSE_CERT_EXPIRED);
	check_holds(&e, "expired on 2020-01-01 00:00:00 UTC; renew it; or a clock is wrong");
	e = cert_failed(IKE_CAUSE_CERT_NOT_YET_VALID);
	e.failure.cert.depth = 1;
	check_holds(&e, "a CA certificate in the chain of 10.0.0.4");
	e = cert_failed(IKE_CAUSE_PEER_CERTIFICATE);
	e.failure.cert.flaw = IKE_CAUSE_CERT_EXPIRED;
	e.failure.cert.notify = ISAKMP_N_AUTHENTICATION_FAILED;
	check_holds(&e, "(AUTHENTICATION_FAILED): the certificate has expired; replace ours");
}

/* Silence: the state tells how far it had come. */
Test(diagnose, no_answer)
{
	static const struct {
		enum ike_state state;
		int phase;
		enum ike_role role;
		const char *part;
	} cases[] = {
		{ MM_WAIT_MSG2, 1, IKE_INITIATOR,
		  "10.0.0.4 does not answer message 1, nothing came back" },
		{ MM_WAIT_MSG2, 1, IKE_INITIATOR, "UDP port 500" },
		{ MM_WAIT_MSG2, 1, IKE_INITIATOR, "does not know us" },
		{ MM_WAIT_MSG4, 1, IKE_INITIATOR,
		  "agreed on a policy but does not answer message 3" },
		{ MM_WAIT_MSG6, 1, IKE_INITIATOR, "probable pre-shared key mismatch" },
		{ MM_WAIT_MSG3, 1, IKE_RESPONDER, "did not go on after our message 2" },
		{ MM_WAIT_MSG5, 1, IKE_RESPONDER, "did not go on after our message 4" },
		{ QM_WAIT_MSG2, 2, IKE_INITIATOR, "does not answer quick mode" },
		{ QM_WAIT_MSG3, 2, IKE_RESPONDER, "did not confirm quick mode" },
		{ MM_BLD_MSG3, 1, IKE_INITIATOR, "did not get beyond MM_BLD_MSG3 in time" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ike_event e =
			failed(cases[i].phase, cases[i].role, IKE_CAUSE_NO_ANSWER, cases[i].state);

		check_holds(&e, cases[i].part);
	}
}

Test(diagnose, kernel)
{
	struct ike_event e = failed(2, IKE_INITIATOR, IKE_CAUSE_KERNEL, QM_BLD_MSG3);

	e.failure.error = ENOSYS;
	check(&e, "the kernel refuses an IPsec SA with 10.0.0.4: Function not implemented (errno "
		  "38); it lacks an algorithm of the transform-set: load its module (ls "
		  "/proc/crypto shows what is there) or choose another transform-set");
	e.failure.error = EPROTONOSUPPORT;
	check_holds(&e, "modprobe esp4");
	e.failure.error = EPERM;
	check_holds(&e, "CAP_NET_ADMIN");
}

/* Whether we say no or the peer does is seen from the step before. */
Test(diagnose, who_said_no)
{
	struct ike_event e = failed(1, IKE_INITIATOR, IKE_CAUSE_IDENTITY, MM_WAIT_MSG6);

	e.failure.history_len = 2;
	e.failure.history[0] = (struct ike_step){ MM_DONE, EV_ERROR };
	e.failure.history[1] = (struct ike_step){ MM_SND_MSG5, EV_SND_MSG };
	check_holds(&e, "does not accept our phase 1 identity, which is our address 10.0.1.2");
	e.failure.history[1] = (struct ike_step){ MM_WAIT_MSG6, EV_COMPARE_IDS };
	check_holds(&e, "the phase 1 identity of 10.0.0.4 is not accepted");
	e.failure.cert.id = (struct ike_id){ ISAKMP_ID_FQDN, 3, "hub" };
	check_holds(&e, "is not accepted: it calls itself hub (");
	e.failure.cause = IKE_CAUSE_MALFORMED;
	check_holds(&e, "a message of 10.0.0.4 makes no sense");
	e.failure.history[1] = (struct ike_step){ MM_WAIT_MSG6, EV_TIMED_OUT };
	check_holds(&e, "a message of 10.0.0.4 makes no sense");
	e.failure.history_len = 0;
	check_holds(&e, "10.0.0.4 says that a message of ours makes no sense");
}

Test(diagnose, what_is_nobodys_fault_is_not_told)
{
	static const enum ike_cause quiet[] = { IKE_CAUSE_SUPERSEDED, IKE_CAUSE_ADMIN,
						IKE_CAUSE_EXPIRED };
	char text[DIAGNOSE_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		struct ike_event e = failed(1, IKE_INITIATOR, quiet[i], MM_ACTIVE);

		cr_assert_not(diagnose_ike(&e, text));
		cr_assert_str_eq(text, "");
	}
}

Test(diagnose, every_cause_has_name_text_and_sentence)
{
	for (int cause = 0; cause < IKE_CAUSE_COUNT; cause++) {
		struct ike_event e = failed(1, IKE_INITIATOR, (enum ike_cause)cause, MM_WAIT_MSG2);
		char text[DIAGNOSE_TEXT];

		cr_assert_str_neq(diagnose_cause_name((enum ike_cause)cause), "unknown");
		cr_assert_str_neq(diagnose_cause_text((enum ike_cause)cause), "unknown");
		if (diagnose_ike(&e, text))
			cr_assert_gt(strlen(text), 20, "%d: %s", cause, text);
	}
	for (int why = 0; why < IKE_DROP_COUNT; why++)
		cr_assert_str_neq(diagnose_drop_name((enum ike_drop)why), "unknown");
}

Test(diagnose, wrong_protocols)
{
	struct ike_event e = { .kind = IKE_EVENT_DROP, .remote = { addr_v4(0x0a000004), 500 } };

	e.drop.why = IKE_DROP_AGGRESSIVE;
	check_holds(&e, "tries aggressive mode, which is refused");
	e.drop.why = IKE_DROP_IKEV2;
	check_holds(&e, "speaks IKEv2");
	e.drop.why = IKE_DROP_ELSEWHERE;
	e.drop.from = addr_v4(0x0a000009);
	check_holds(&e, "is answered from another address, 10.0.0.9, which is not accepted");
	e.drop.why = IKE_DROP_EXCHANGE_TYPE;
	e.drop.exchange = ISAKMP_XCHG_TRANSACTION;
	check_holds(&e, "wants mode configuration or XAuth");
	e.drop.exchange = ISAKMP_XCHG_BASE;
	cr_assert_not(diagnose_ike(&e, (char[DIAGNOSE_TEXT]){ "" }));
	e.drop.why = IKE_DROP_UNKNOWN_SA;
	cr_assert_not(diagnose_ike(&e, (char[DIAGNOSE_TEXT]){ "" }));
}

/* NHRP */

static struct nhrp_event nhrp(enum nhrp_event_kind kind)
{
	return (struct nhrp_event){
		.kind = kind,
		.protocol = addr_v4(0xac100001),
		.nbma = addr_v4(0x0a000102),
		.other_nbma = addr_v4(0x0a000006),
		.seconds = 64,
	};
}

Test(diagnose_nhrp, registration_refused)
{
	struct nhrp_event e = nhrp(NHRP_EV_REGISTRATION_REFUSED);

	e.code = NHRP_CODE_ALREADY_UNIQUE;
	check_nhrp(&e,
		   "next hop server 172.16.0.1 (10.0.1.2) refuses our registration: unique address "
		   "already registered (14); another NBMA address holds our tunnel address: two "
		   "spokes have the same, or ours has changed and the old registration has not "
		   "expired (clear ip nhrp there); next attempt in 64 s");
	e.code = NHRP_CODE_RESOURCES;
	check_nhrp(&e,
		   "next hop server 172.16.0.1 (10.0.1.2) refuses our registration: insufficient "
		   "resources (5); the server has reached a limit; next attempt in 64 s");
}

Test(diagnose_nhrp, client_refused)
{
	struct nhrp_event e = nhrp(NHRP_EV_CLIENT_REFUSED);

	e.protocol = addr_v4(0xac100003);
	e.nbma = addr_v4(0x0a000004);
	e.reason = NHRP_WHY_UNIQUE;
	e.code = NHRP_CODE_ALREADY_UNIQUE;
	check_nhrp(
		&e,
		"registration of 172.16.0.3 by 10.0.0.4 refused: another NBMA address holds it "
		"(10.0.0.6); two spokes have this tunnel address, or the spoke moved: \"clear ip "
		"nhrp 172.16.0.3\" lets it in at once");
}

Test(diagnose_nhrp, authentication)
{
	struct nhrp_event e = nhrp(NHRP_EV_AUTHENTICATION_FAILED);

	e.code = 1;
	check_nhrp(
		&e,
		"NHRP authentication of 10.0.1.2 failed: its key is not ours; compare "
		"\"authentication\" of the tunnel's nhrp on both sides (ip nhrp authentication)");
	e.kind = NHRP_EV_ERROR_RECEIVED;
	e.code = NHRP_ERROR_AUTHENTICATION;
	check_nhrp(
		&e,
		"10.0.1.2 answers with an error indication: authentication failure (11); compare "
		"\"authentication\" of the tunnel's nhrp on both sides (ip nhrp authentication)");
}

Test(diagnose_nhrp, every_reason_has_words)
{
	for (int why = 0; why <= NHRP_WHY_HOLD_DOWN; why++)
		cr_assert_str_neq(diagnose_nhrp_reason((enum nhrp_reason)why), "unknown reason",
				  "%d", why);
}

Test(diagnose_nhrp, what_is_no_fault)
{
	struct nhrp_event e = nhrp(NHRP_EV_NHS_UP);
	char text[DIAGNOSE_TEXT];

	cr_assert_not(diagnose_nhrp(&e, text));
	cr_assert_str_eq(text, "");
}
