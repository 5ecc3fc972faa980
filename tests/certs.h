/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A certification authority for tests, in memory: keys of 1024 bits, made once a process, and
 * certificates of every kind, good and bad. All that is made stays, and is known to be there, until
 * the process ends.
 */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "ikev1/cert.h"
#include "lib/util.h"

#define CERTS_NOW  1750000000 /* a Sunday in June 2025 */
#define CERTS_YEAR (365 * 86400)

struct made_cert {
	X509 *x;
	EVP_PKEY *key;
};

struct cert_wish {
	const char *cn;
	const char *names;    /* of the subject alternative name: "DNS:a.example,IP:10.0.0.1" */
	const char *usage;    /* key usage, "digitalSignature"; NULL: no such extension */
	const char *extended; /* extended key usage */
	const char *unstructured; /* unstructuredName, as IOS has it */
	bool ca;
	long serial;
	int64_t not_before, not_after; /* 0: a year around CERTS_NOW */
	const EVP_MD *md;	       /* NULL: SHA-256 */
	const struct made_cert *issuer; /* NULL: itself */
	EVP_PKEY *key;			/* NULL: one of its own */
};

static struct certs_kept {
	struct certs_kept *next;
	void *made;
} *certs_kept;

static inline void *certs_keep(void *made)
{
	struct certs_kept *k = xcalloc(1, sizeof(*k));

	if (!made)
		abort();
	k->next = certs_kept;
	k->made = made;
	certs_kept = k;
	return made;
}

static inline EVP_PKEY *certs_key(void)
{
	return certs_keep(EVP_RSA_gen(1024));
}

static inline void certs_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!e || !X509_add_ext(x, e, -1))
		abort();
	X509_EXTENSION_free(e);
}

static inline void certs_name(X509 *x, const struct cert_wish *w)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const uint8_t *)"Lab", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)w->cn, -1, -1, 0);
	if (w->unstructured)
		X509_NAME_add_entry_by_txt(name, "unstructuredName", MBSTRING_ASC,
					   (const uint8_t *)w->unstructured, -1, -1, 0);
	X509_set_subject_name(x, name);
	X509_NAME_free(name);
}

static inline struct made_cert certs_make(const struct cert_wish *w)
{
	struct made_cert c = { certs_keep(X509_new()), w->key ? w->key : certs_key() };
	const struct made_cert *issuer = w->issuer ? w->issuer : &c;

	X509_set_version(c.x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x), w->serial ? w->serial : 1);
	ASN1_TIME_set(X509_getm_notBefore(c.x),
		      w->not_before ? w->not_before : CERTS_NOW - CERTS_YEAR);
	ASN1_TIME_set(X509_getm_notAfter(c.x), w->not_after ? w->not_after : CERTS_NOW + CERTS_YEAR);
	certs_name(c.x, w);
	X509_set_issuer_name(c.x, X509_get_subject_name(issuer->x));
	X509_set_pubkey(c.x, c.key);
	certs_extension(c.x, issuer->x, NID_basic_constraints, w->ca ? "critical,CA:TRUE" : NULL);
	certs_extension(c.x, issuer->x, NID_key_usage,
			w->ca ? "critical,keyCertSign,cRLSign" : w->usage);
	certs_extension(c.x, issuer->x, NID_ext_key_usage, w->extended);
	certs_extension(c.x, issuer->x, NID_subject_alt_name, w->names);
	if (!X509_sign(c.x, issuer->key, w->md ? w->md : EVP_sha256()))
		abort();
	return c;
}

/* What was written to a memory BIO, as octets that stay. */
static inline struct span certs_octets(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	struct span s = { certs_keep(xmemdup(data, (size_t)len)), (size_t)len };

	BIO_free(bio);
	return s;
}

static inline struct span certs_pem(const struct made_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, c->x);
	return certs_octets(bio);
}

static inline struct span certs_pem_two(const struct made_cert *a, const struct made_cert *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, a->x);
	PEM_write_bio_X509(bio, b->x);
	return certs_octets(bio);
}

static inline struct span certs_key_pem(const struct made_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL);
	return certs_octets(bio);
}

static inline struct span certs_der(const struct made_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	i2d_X509_bio(bio, c->x);
	return certs_octets(bio);
}

static inline struct span certs_subject(const struct made_cert *c)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(c->x), &der);

	return (struct span){ certs_keep(der), (size_t)len };
}

/* A CRL of the CA's that revokes one serial number (0: none); valid from now - 1 day to `until`. */
static inline struct span certs_crl(const struct made_cert *ca, long revoked, int64_t until)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, CERTS_NOW - 86400);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x));
	X509_CRL_set1_lastUpdate(crl, t);
	if (revoked) {
		X509_REVOKED *r = X509_REVOKED_new();
		ASN1_INTEGER *n = ASN1_INTEGER_new();

		ASN1_INTEGER_set(n, revoked);
		X509_REVOKED_set_serialNumber(r, n);
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
		ASN1_INTEGER_free(n);
	}
	ASN1_TIME_set(t, until);
	X509_CRL_set1_nextUpdate(crl, t);
	ASN1_TIME_free(t);
	X509_CRL_sign(crl, ca->key, EVP_sha256());
	PEM_write_bio_X509_CRL(bio, crl);
	X509_CRL_free(crl);
	return certs_octets(bio);
}

/* A trustpoint with one anchor and our certificate. */
static inline struct trustpoint *certs_trustpoint(const struct made_cert *ca,
						  const struct made_cert *own)
{
	struct span anchor = certs_pem(ca);
	struct trustpoint_source src = { .ca = &anchor,
					 .ca_count = 1,
					 .certificate = certs_pem(own),
					 .key = certs_key_pem(own) };
	enum trustpoint_flaw flaw;
	size_t index;
	struct trustpoint *tp = trustpoint_new(&src, &flaw, &index);

	return tp ? tp : (abort(), NULL);
}

#endif
