/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failures of certificates in plain words. */
#include "daemon/diagnose_cert.h"

#include <ctype.h>
#include <time.h>

#include "daemon/diagnose.h"
#include "lib/addr.h"

void diagnose_cert_name(struct text *t, const struct ike_cert *c)
{
	text_add(t, "serial number: ");
	for (size_t i = 0; i < c->serial_len && i < sizeof(c->serial); i++)
		text_add(t, "%02X", c->serial[i]);
	text_add(t, ", subject name: %s", *c->subject ? c->subject : "(none)");
}

/* The certificate that is meant: the peer's own, or one between it and the anchor. */
static void add_which(struct text *t, const struct ike_cert *c, const char *peer)
{
	if (c->depth)
		text_add(t, "a CA certificate in the chain of %s", peer);
	else
		text_add(t, "the certificate of %s", peer);
	if (c->serial_len) {
		text_add(t, " (");
		diagnose_cert_name(t, c);
		text_add(t, ")");
	}
}

static void add_day(struct text *t, int64_t seconds)
{
	const time_t when = (time_t)seconds;
	struct tm tm;
	char day[40];

	if (gmtime_r(&when, &tm) && strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S UTC", &tm))
		text_add(t, "%s", day);
	else
		text_add(t, "a date that cannot be");
}

static void untrusted(struct text *t, const struct ike_cert *c, const char *peer)
{
	text_add(t,
		 "certificate chain is either invalid or not authorized: no trust anchor of ours "
		 "stands behind ");
	add_which(t, c, peer);
	if (*c->issuer)
		text_add(t, ", which was issued by %s", c->issuer);
	if (*c->detail)
		text_add(t, " (%s)", c->detail);
	text_add(t,
		 "; add its CA's certificate to \"ca\" of our trustpoint, or let the peer send the "
		 "certificates between");
}

static void validity(struct text *t, const struct ike_cert *c, const char *peer, bool expired)
{
	add_which(t, c, peer);
	if (expired) {
		text_add(t, " expired on ");
		add_day(t, c->not_after);
		text_add(t, "; renew it");
	} else {
		text_add(t, " is valid from ");
		add_day(t, c->not_before);
		text_add(t, " on only");
	}
	text_add(t, "; or a clock is wrong: look at this machine's (date) and the peer's");
}

static void revocation(struct text *t, const struct ike_cert *c, const char *peer, bool revoked)
{
	if (revoked) {
		add_which(t, c, peer);
		text_add(t, " was revoked by its CA; the peer needs a new one");
		return;
	}
	text_add(t, "whether ");
	add_which(t, c, peer);
	text_add(t,
		 " was revoked cannot be checked: no valid CRL of %s is there; put a new one into "
		 "\"crl\" of our trustpoint",
		 *c->issuer ? c->issuer : "its CA");
}

void diagnose_identity(struct text *t, const struct ike_id *id)
{
	struct addr a = addr_from_bytes(id->data, id->len);
	bool name = id->type == ISAKMP_ID_FQDN || id->type == ISAKMP_ID_USER_FQDN ||
		    id->type == ISAKMP_ID_DER_ASN1_DN;
	char address[ADDR_TEXT];

	if (id->type == ISAKMP_ID_IPV4_ADDR && !addr_is_none(&a)) {
		text_add(t, "%s", addr_text(&a, address));
		return;
	}
	for (size_t i = 0; i < id->len && i < sizeof(id->data); i++)
		text_add(t, name && isprint(id->data[i]) ? "%c" : "%02x", id->data[i]);
}

static void identity(struct text *t, const struct ike_cert *c, const char *peer)
{
	text_add(t, "unable to compare the IKE ID against the peer's certificate: %s calls itself ",
		 peer);
	if (c->id.len) {
		diagnose_identity(t, &c->id);
		text_add(t, " (%s), which", isakmp_id_name(c->id.type));
	} else {
		text_add(t, "what");
	}
	text_add(t, " is not in ");
	add_which(t, c, peer);
	text_add(t, *c->detail ? ", whose subject alternative name is %s" :
				 ", which has no subject alternative name%s", c->detail);
	text_add(t, "; let it send what is there (isakmp-identity; IOS: crypto isakmp identity), "
		    "issue a certificate with the right name, or set \"ignore-identity\" in our "
		    "trustpoint");
}

static void refused_by_peer(struct text *t, const struct ike_cert *c, const char *peer)
{
	text_add(t, "%s refuses our certificate or signature", peer);
	if (c->notify)
		text_add(t, " (%s)", isakmp_notify_name(c->notify));
	if (c->flaw != IKE_CAUSE_NONE)
		text_add(t, ": %s; replace ours", diagnose_cause_text(c->flaw));
	else
		text_add(t, ": we find nothing wrong with ours; compare the CAs that it trusts, "
			    "its clock and the name that it expects, its log may tell which");
}

bool diagnose_cert(struct text *t, const struct ike_event *e, const char *peer)
{
	const struct ike_cert *c = &e->failure.cert;

	switch (e->failure.cause) {
	case IKE_CAUSE_NO_TRUSTPOINT:
		text_add(t,
			 "rsa-sig is agreed on with %s, but we have no certificate: configure a "
			 "trustpoint, or \"authentication = pre-share\" in the isakmp-policy",
			 peer);
		return true;
	case IKE_CAUSE_NO_CERTIFICATE:
		text_add(t,
			 "%s sent no certificate, so its signature proves nothing; let it send its "
			 "certificate (and those of CAs between)",
			 peer);
		return true;
	case IKE_CAUSE_CERT_MALFORMED:
		add_which(t, c, peer);
		text_add(t,
			 " cannot be used: it cannot be read, or its key is not RSA with 1024 bits "
			 "or more%s%s",
			 *c->detail ? ": " : "", c->detail);
		return true;
	case IKE_CAUSE_CERT_UNTRUSTED:
		untrusted(t, c, peer);
		return true;
	case IKE_CAUSE_CERT_EXPIRED:
	case IKE_CAUSE_CERT_NOT_YET_VALID:
		validity(t, c, peer, e->failure.cause == IKE_CAUSE_CERT_EXPIRED);
		return true;
	case IKE_CAUSE_CERT_REVOKED:
	case IKE_CAUSE_CERT_NO_CRL:
		revocation(t, c, peer, e->failure.cause == IKE_CAUSE_CERT_REVOKED);
		return true;
	case IKE_CAUSE_CERT_KEY_USAGE:
		text_add(t,
			 "certificate validation failed: peer certificate key usage is invalid: ");
		add_which(t, c, peer);
		text_add(t, "; issue one with digitalSignature, or set \"ignore-key-usage\" in our "
			    "trustpoint");
		return true;
	case IKE_CAUSE_CERT_IDENTITY:
		identity(t, c, peer);
		return true;
	case IKE_CAUSE_SIGNATURE:
		text_add(t, "the signature of %s was not made with the key of its certificate",
			 peer);
		if (c->serial_len) {
			text_add(t, " (");
			diagnose_cert_name(t, c);
			text_add(t, ")");
		}
		text_add(t, ", or the messages were changed on the way");
		return true;
	case IKE_CAUSE_PEER_CERTIFICATE:
		refused_by_peer(t, c, peer);
		return true;
	default:
		return false;
	}
}
