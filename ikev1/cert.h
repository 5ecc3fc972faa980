/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X.509 certificates and RSA signatures (RFC 2409 5.1, RFC 4945), by OpenSSL.
 *
 * A trustpoint is what we are and whom we trust: our certificate and key, trust anchors, CRLs, and
 * how strictly peers are judged. It is made from octets (reading files is the caller's) and never
 * changes, so that any thread may use it; it is counted by reference, so that one that has been
 * replaced lives until the last job with it is done. Time is an argument, nothing here asks a clock.
 *
 * What is accepted of a peer's certificate:
 *  - RSA with 1024 to 8192 bits; in the chain no signature with MD5 or older.
 *  - A chain to one of the anchors (an anchor need not be self-signed), valid at the time given.
 *  - Key usage, where there is one, has digitalSignature or nonRepudiation (RFC 4945 5.1.3.2);
 *    extended key usage, where there is one, has anyExtendedKeyUsage, ipsecIKE, one of its
 *    predecessors (ipsecEndSystem, ipsecTunnel, ipsecUser, iKEIntermediate), serverAuth or
 *    clientAuth: CAs of today put the last two into certificates for everything.
 *  - The identity: an address is in the subject alternative name (or is IOS's unstructuredAddress),
 *    an FQDN likewise (or is IOS's unstructuredName), a USER_FQDN likewise (or is the subject's
 *    emailAddress), a distinguished name is the subject. A common name is no identity.
 */
#ifndef IKEV1_CERT_H
#define IKEV1_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ikev1/event.h"
#include "lib/wire.h"

#define CERT_CHAIN_MAX	   8	/* certificates of one peer, or of ours */
#define CERT_LEN_MAX	   8192 /* octets of one */
#define CERT_ANCHORS_MAX   64
#define CERT_SIGNATURE_MAX 1024 /* octets: RSA with 8192 bits */

enum cert_revocation {
	CERT_REVOCATION_NONE,
	CERT_REVOCATION_IF_PRESENT, /* a missing or outdated CRL does not matter */
	CERT_REVOCATION_REQUIRED,
};

/* The octets of files, PEM or DER. Only read while trustpoint_new() runs. */
struct trustpoint_source {
	const struct span *ca; /* each with one trust anchor or several */
	size_t ca_count;
	struct span certificate; /* ours first, then those between it and the anchor */
	struct span key;	 /* RSA, not encrypted */
	const struct span *crl;
	size_t crl_count;
	enum cert_revocation revocation;
	bool ignore_key_usage;
	bool ignore_identity; /* whatever identity a good certificate comes with is accepted */
};

enum trustpoint_flaw {
	TRUSTPOINT_OK,
	TRUSTPOINT_CA,		/* cannot be read as certificates */
	TRUSTPOINT_CA_COUNT,	/* more than CERT_ANCHORS_MAX */
	TRUSTPOINT_CERTIFICATE, /* cannot be read as certificates */
	TRUSTPOINT_CHAIN,	/* too many, or too long */
	TRUSTPOINT_NOT_RSA,	/* the certificate has a key of another kind or size */
	TRUSTPOINT_KEY,		/* cannot be read as a private key */
	TRUSTPOINT_KEY_OTHER,	/* is not the certificate's */
	TRUSTPOINT_CRL,		/* cannot be read as CRLs */
};

struct trustpoint;

/* NULL on a flaw; *index: of the ca or crl file that it is about. The caller releases it. */
struct trustpoint *trustpoint_new(const struct trustpoint_source *src, enum trustpoint_flaw *flaw,
				  size_t *index);
struct trustpoint *trustpoint_hold(struct trustpoint *tp);
void trustpoint_release(struct trustpoint *tp); /* wipes the key with the last; NULL is fine */

/* Certificates as they go into CERT payloads, ours first; an empty span behind the last. */
struct span trustpoint_certificate(const struct trustpoint *tp, size_t i);
/* Names of the anchors (DER) as they go into CERT_REQ payloads; an empty span behind the last. */
struct span trustpoint_anchor(const struct trustpoint *tp, size_t i);
/* Whether ours, or one of those above it, was issued under that name (DER). */
bool trustpoint_issued_by(const struct trustpoint *tp, struct span name);
struct span trustpoint_subject(const struct trustpoint *tp); /* DER */

/* Signs a hash as RFC 2409 5.1 says: PKCS#1 v1.5 without DigestInfo. Octets of out; 0: it failed. */
size_t cert_sign(const struct trustpoint *tp, struct span hash, uint8_t out[CERT_SIGNATURE_MAX]);

/* What a peer shows to prove who it is. */
struct cert_proof {
	struct span chain[CERT_CHAIN_MAX]; /* DER, its own first */
	size_t count;
	struct span hash; /* HASH_I or HASH_R as we compute it */
	struct span signature;
	struct span id; /* body of the identification payload */
};

/*
 * NONE, or the first thing that is wrong: the certificate and its chain, then the signature, then
 * the identity. *about is the certificate that it is about.
 */
enum ike_cause cert_verify(const struct trustpoint *tp, const struct cert_proof *p, int64_t now,
			   struct ike_cert *about);
/* What we would say of our own certificate were it a peer's. */
enum ike_cause trustpoint_judge(const struct trustpoint *tp, int64_t now, struct ike_cert *about);

/* A distinguished name (DER) as text, cut; false: it is none, *out is empty. */
bool cert_name_text(struct span der, char *out, size_t cap);

#endif
