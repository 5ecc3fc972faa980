/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever OpenSSL is given here comes from a stranger, but for the trustpoint itself: it is
 * bounded before it is parsed. Errors are returned, the library's queue of them is left empty.
 */
#define OPENSSL_API_COMPAT 30000
#define OPENSSL_NO_DEPRECATED
#include "ikev1/cert.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

#include "ikev1/isakmp.h"
#include "lib/util.h"

/* Octets of our certificates together: they share a message with ID and SIG. */
#define OWN_CHAIN_MAX 12288
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX (8 * CERT_SIGNATURE_MAX)

struct der {
	unsigned char *data; /* the library's */
	int len;
};

struct trustpoint {
	atomic_uint refs;
	X509_STORE *store; /* anchors and CRLs */
	EVP_PKEY *key;
	STACK_OF(X509) *own; /* ours first */
	struct der own_der[CERT_CHAIN_MAX + 1];
	struct der anchor[CERT_ANCHORS_MAX + 1];
	size_t anchors;
	struct der subject;
	enum cert_revocation revocation;
	bool ignore_key_usage, ignore_identity;
};

static struct span der_span(const struct der *d)
{
	return (struct span){ d->data, d->data ? (size_t)d->len : 0 };
}

/* ---- a trustpoint ---- */

static BIO *bio_of(struct span s)
{
	BIO *bio = s.len && s.len <= INT_MAX ? BIO_new_mem_buf(s.data, (int)s.len) : NULL;

	return bio;
}

/* Whether a PEM reader stopped because there was no more, and not in the middle of something. */
static bool pem_ended(void)
{
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return ended;
}

/* All certificates of a file; NULL where it has none, or one that is broken. */
static STACK_OF(X509) *read_certificates(struct span file)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = bio_of(file);
	const unsigned char *p = file.data;
	X509 *x;

	while (bio && all && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (!sk_X509_push(all, x))
			abort();
	BIO_free(bio);
	if (bio && all && pem_ended()) {
		if (sk_X509_num(all) == 0 && (x = d2i_X509(NULL, &p, (long)file.len)))
			sk_X509_push(all, x);
		if (sk_X509_num(all) > 0)
			return all;
	}
	ERR_clear_error();
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

static enum trustpoint_flaw add_anchors(struct trustpoint *tp, struct span file)
{
	STACK_OF(X509) *all = read_certificates(file);
	enum trustpoint_flaw flaw = all ? TRUSTPOINT_OK : TRUSTPOINT_CA;

	for (int i = 0; flaw == TRUSTPOINT_OK && i < sk_X509_num(all); i++) {
		X509 *x = sk_X509_value(all, i);
		struct der *name = &tp->anchor[tp->anchors];

		if (tp->anchors == CERT_ANCHORS_MAX) {
			flaw = TRUSTPOINT_CA_COUNT;
			break;
		}
		name->len = i2d_X509_NAME(X509_get_subject_name(x), &name->data);
		if (name->len <= 0 || !X509_STORE_add_cert(tp->store, x))
			flaw = TRUSTPOINT_CA;
		tp->anchors++;
	}
	sk_X509_pop_free(all, X509_free);
	return flaw;
}

static enum trustpoint_flaw add_crls(struct trustpoint *tp, struct span file)
{
	BIO *bio = bio_of(file);
	const unsigned char *p = file.data;
	int count = 0;
	bool good = bio;
	X509_CRL *crl;

	while (good && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		good = X509_STORE_add_crl(tp->store, crl);
		X509_CRL_free(crl);
		count++;
	}
	BIO_free(bio);
	good = good && pem_ended();
	if (good && count == 0) {
		crl = d2i_X509_CRL(NULL, &p, (long)file.len);
		good = crl && X509_STORE_add_crl(tp->store, crl);
		X509_CRL_free(crl);
	}
	ERR_clear_error();
	return good ? TRUSTPOINT_OK : TRUSTPOINT_CRL;
}

static bool rsa_fits(const EVP_PKEY *key)
{
	int bits = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_PKEY_get_bits(key) : 0;

	return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
}

static enum trustpoint_flaw set_certificate(struct trustpoint *tp, struct span file)
{
	int total = 0;
	X509 *own;

	tp->own = read_certificates(file);
	if (!tp->own)
		return TRUSTPOINT_CERTIFICATE;
	if (sk_X509_num(tp->own) > CERT_CHAIN_MAX)
		return TRUSTPOINT_CHAIN;
	own = sk_X509_value(tp->own, 0);
	if (!rsa_fits(X509_get0_pubkey(own)))
		return TRUSTPOINT_NOT_RSA;
	for (int i = 0; i < sk_X509_num(tp->own); i++) {
		struct der *d = &tp->own_der[i];

		d->len = i2d_X509(sk_X509_value(tp->own, i), &d->data);
		total += d->len;
		if (d->len <= 0 || d->len > CERT_LEN_MAX || total > OWN_CHAIN_MAX)
			return TRUSTPOINT_CHAIN;
	}
	tp->subject.len = i2d_X509_NAME(X509_get_subject_name(own), &tp->subject.data);
	return tp->subject.len > 0 ? TRUSTPOINT_OK : TRUSTPOINT_CERTIFICATE;
}

/* Without it the library would ask at the terminal. */
static int no_password(char *buf, int size, int rwflag, void *u)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)u;
	return -1;
}

static enum trustpoint_flaw set_key(struct trustpoint *tp, struct span file)
{
	BIO *bio = bio_of(file);
	const unsigned char *p = file.data;

	if (bio)
		tp->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (!tp->key && file.len)
		tp->key = d2i_AutoPrivateKey(NULL, &p, (long)file.len);
	ERR_clear_error();
	if (!tp->key)
		return TRUSTPOINT_KEY;
	if (X509_check_private_key(sk_X509_value(tp->own, 0), tp->key) == 1)
		return TRUSTPOINT_OK;
	ERR_clear_error();
	return TRUSTPOINT_KEY_OTHER;
}

static enum trustpoint_flaw fill(struct trustpoint *tp, const struct trustpoint_source *src,
				 size_t *index)
{
	enum trustpoint_flaw flaw = src->ca_count ? TRUSTPOINT_OK : TRUSTPOINT_CA;

	for (*index = 0; flaw == TRUSTPOINT_OK && *index < src->ca_count; ++*index)
		flaw = add_anchors(tp, src->ca[*index]);
	if (flaw != TRUSTPOINT_OK) {
		*index -= *index > 0;
		return flaw;
	}
	for (*index = 0; flaw == TRUSTPOINT_OK && *index < src->crl_count; ++*index)
		flaw = add_crls(tp, src->crl[*index]);
	if (flaw != TRUSTPOINT_OK) {
		--*index;
		return flaw;
	}
	flaw = set_certificate(tp, src->certificate);
	return flaw == TRUSTPOINT_OK ? set_key(tp, src->key) : flaw;
}

struct trustpoint *trustpoint_new(const struct trustpoint_source *src, enum trustpoint_flaw *flaw,
				  size_t *index)
{
	struct trustpoint *tp = xcalloc(1, sizeof(*tp));

	atomic_init(&tp->refs, 1);
	tp->revocation = src->revocation;
	tp->ignore_key_usage = src->ignore_key_usage;
	tp->ignore_identity = src->ignore_identity;
	tp->store = X509_STORE_new();
	if (!tp->store)
		abort();
	*flaw = fill(tp, src, index);
	if (*flaw == TRUSTPOINT_OK)
		return tp;
	trustpoint_release(tp);
	return NULL;
}

struct trustpoint *trustpoint_hold(struct trustpoint *tp)
{
	atomic_fetch_add(&tp->refs, 1);
	return tp;
}

void trustpoint_release(struct trustpoint *tp)
{
	if (!tp || atomic_fetch_sub(&tp->refs, 1) > 1)
		return;
	X509_STORE_free(tp->store);
	EVP_PKEY_free(tp->key); /* clears it */
	sk_X509_pop_free(tp->own, X509_free);
	for (size_t i = 0; i < ARRAY_SIZE(tp->own_der); i++)
		OPENSSL_free(tp->own_der[i].data);
	for (size_t i = 0; i < ARRAY_SIZE(tp->anchor); i++)
		OPENSSL_free(tp->anchor[i].data);
	OPENSSL_free(tp->subject.data);
	free(tp);
}

struct span trustpoint_certificate(const struct trustpoint *tp, size_t i)
{
	return der_span(&tp->own_der[MIN(i, CERT_CHAIN_MAX)]);
}

struct span trustpoint_anchor(const struct trustpoint *tp, size_t i)
{
	return der_span(&tp->anchor[MIN(i, CERT_ANCHORS_MAX)]);
}

struct span trustpoint_subject(const struct trustpoint *tp)
{
	return der_span(&tp->subject);
}

/* ---- what is said about a certificate ---- */

static void name_text(const X509_NAME *name, char *out, size_t cap)
{
	/* RFC 2253's escapes, which leave printable ASCII alone, in the order of the certificate. */
	unsigned long flags = ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;

	out[0] = '\0';
	if (bio && name && X509_NAME_print_ex(bio, name, 0, flags) >= 0)
		len = BIO_get_mem_data(bio, &text);
	len = MIN(MAX(len, 0), (long)cap - 1);
	if (text)
		memcpy(out, text, (size_t)len);
	out[text ? len : 0] = '\0';
	BIO_free(bio);
}

static X509_NAME *name_of(struct span der)
{
	const unsigned char *p = der.data;
	X509_NAME *name = NULL;

	if (der.len && der.len <= CERT_LEN_MAX)
		name = d2i_X509_NAME(NULL, &p, (long)der.len);
	if (name && p == der.data + der.len)
		return name;
	X509_NAME_free(name);
	ERR_clear_error();
	return NULL;
}

bool trustpoint_issued_by(const struct trustpoint *tp, struct span der)
{
	X509_NAME *name = name_of(der);
	bool found = false;

	for (int i = 0; name && i < sk_X509_num(tp->own); i++) {
		X509 *x = sk_X509_value(tp->own, i);

		found |= X509_NAME_cmp(name, X509_get_issuer_name(x)) == 0;
	}
	X509_NAME_free(name);
	return found;
}

bool cert_name_text(struct span der, char *out, size_t cap)
{
	X509_NAME *name = name_of(der);
	bool readable = name;

	name_text(name, out, cap);
	X509_NAME_free(name);
	ERR_clear_error();
	return readable;
}

static int64_t seconds_of(const ASN1_TIME *t)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;

	if (epoch && t)
		ASN1_TIME_diff(&days, &seconds, epoch, t);
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + seconds;
}

static void describe(X509 *x, int depth, struct ike_cert *about)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	int len = ASN1_STRING_length(serial);

	*about = (struct ike_cert){ .depth = (uint8_t)MIN(MAX(depth, 0), UINT8_MAX) };
	name_text(X509_get_subject_name(x), about->subject, sizeof(about->subject));
	name_text(X509_get_issuer_name(x), about->issuer, sizeof(about->issuer));
	about->serial_len = (uint8_t)MIN((size_t)MAX(len, 0), sizeof(about->serial));
	memcpy(about->serial, ASN1_STRING_get0_data(serial), about->serial_len);
	about->not_before = seconds_of(X509_get0_notBefore(x));
	about->not_after = seconds_of(X509_get0_notAfter(x));
}

static void set_detail(struct ike_cert *about, const char *text)
{
	memcpy(about->detail, text, MIN(strlen(text) + 1, sizeof(about->detail)));
	about->detail[sizeof(about->detail) - 1] = '\0';
}

/* ---- chains ---- */

/* What the configuration tolerates; the library calls it for each fault that it finds. */
static int tolerate(int ok, X509_STORE_CTX *ctx)
{
	const struct trustpoint *tp = X509_STORE_CTX_get_app_data(ctx);
	int top = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
	bool lenient = tp->revocation == CERT_REVOCATION_IF_PRESENT;

	if (ok)
		return ok;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		/* Nobody revokes an anchor but whoever configured it. */
		return lenient || X509_STORE_CTX_get_error_depth(ctx) == top;
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return lenient;
	default:
		return 0;
	}
}

static enum ike_cause cause_of_error(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return IKE_CAUSE_CERT_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return IKE_CAUSE_CERT_NOT_YET_VALID;
	case X509_V_ERR_CERT_REVOKED:
		return IKE_CAUSE_CERT_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
		return IKE_CAUSE_CERT_NO_CRL;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
	case X509_V_ERR_INVALID_EXTENSION:
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
		return IKE_CAUSE_CERT_MALFORMED;
	default:
		return IKE_CAUSE_CERT_UNTRUSTED;
	}
}

/* Whether a signature that the trust rests upon is made with a hash that can be forged. */
static X509 *weakly_signed(STACK_OF(X509) *chain, int *depth)
{
	for (*depth = 0; *depth < sk_X509_num(chain) - 1; ++*depth) {
		X509 *x = sk_X509_value(chain, *depth);
		int md = NID_undef;

		if (!X509_get_signature_info(x, &md, NULL, NULL, NULL) || md == NID_md2 ||
		    md == NID_md4 || md == NID_md5)
			return x;
	}
	return NULL;
}

static void set_parameters(const struct trustpoint *tp, X509_STORE_CTX *ctx, int64_t now)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (tp->revocation != CERT_REVOCATION_NONE)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_depth(param, CERT_CHAIN_MAX);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_STORE_CTX_set_app_data(ctx, (void *)(uintptr_t)tp);
	X509_STORE_CTX_set_verify_cb(ctx, tolerate);
}

static enum ike_cause check_chain(const struct trustpoint *tp, STACK_OF(X509) *chain, int64_t now,
				  struct ike_cert *about)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	enum ike_cause cause = IKE_CAUSE_CERT_UNTRUSTED;
	X509 *x;
	int depth;

	if (!ctx || !X509_STORE_CTX_init(ctx, tp->store, sk_X509_value(chain, 0), chain))
		abort();
	set_parameters(tp, ctx, now);
	if (X509_verify_cert(ctx) == 1) {
		x = weakly_signed(X509_STORE_CTX_get0_chain(ctx), &depth);
		if (x) {
			describe(x, depth, about);
			set_detail(about, "signed with a broken hash");
		} else {
			cause = IKE_CAUSE_NONE;
		}
	} else {
		int error = X509_STORE_CTX_get_error(ctx);

		x = X509_STORE_CTX_get_current_cert(ctx);
		describe(x ? x : sk_X509_value(chain, 0), X509_STORE_CTX_get_error_depth(ctx), about);
		set_detail(about, X509_verify_cert_error_string(error));
		cause = cause_of_error(error);
	}
	X509_STORE_CTX_free(ctx);
	return cause;
}

/* ---- key usage ---- */

static bool extended_usage_fits(X509 *x)
{
	static const int accepted[] = { NID_anyExtendedKeyUsage, NID_ipsec_IKE,	 NID_ipsecEndSystem,
					NID_ipsecTunnel,	 NID_ipsecUser,	 NID_server_auth,
					NID_client_auth };
	static const char ike_intermediate[] = "1.3.6.1.5.5.8.2.2";
	EXTENDED_KEY_USAGE *all;
	bool fits = false;
	int critical;

	all = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
	if (!all)
		return critical == -1; /* there is none, or one that cannot be read */
	for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++) {
		const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value(all, i);
		char text[sizeof(ike_intermediate) + 1];

		for (size_t j = 0; j < ARRAY_SIZE(accepted); j++)
			fits |= OBJ_obj2nid(usage) == accepted[j];
		OBJ_obj2txt(text, sizeof(text), usage, 1);
		fits |= strcmp(text, ike_intermediate) == 0;
	}
	EXTENDED_KEY_USAGE_free(all);
	return fits;
}

static bool usage_fits(X509 *x)
{
	/* All bits where there is no such extension. */
	return X509_get_key_usage(x) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION) &&
	       extended_usage_fits(x);
}

/* ---- identity ---- */

static bool same_octets(const ASN1_STRING *s, struct span want, bool fold_case)
{
	const char *a = (const char *)ASN1_STRING_get0_data(s), *b = (const char *)want.data;

	if (ASN1_STRING_length(s) <= 0 || (size_t)ASN1_STRING_length(s) != want.len)
		return false;
	/* strncasecmp() would be content with what stands before a zero. */
	if (fold_case)
		return !memchr(b, '\0', want.len) && strncasecmp(a, b, want.len) == 0;
	return memcmp(a, b, want.len) == 0;
}

/* In the subject alternative name, as a name of that kind. */
static bool in_alternative_name(X509 *x, int kind, struct span want)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		int this;
		const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &this);

		if (this == kind)
			found |= same_octets(value, want, kind != GEN_IPADD);
	}
	GENERAL_NAMES_free(all);
	return found;
}

/* As an attribute of the subject. */
static bool in_subject(X509 *x, int nid, struct span want)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	bool found = false;

	for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, nid, at)) >= 0;)
		found |= same_octets(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), want,
				     true);
	return found;
}

static bool is_subject(X509 *x, struct span der)
{
	X509_NAME *name = name_of(der);
	bool same = name && X509_NAME_cmp(name, X509_get_subject_name(x)) == 0;

	X509_NAME_free(name);
	return same;
}

/* The names that could have been the identity, as "DNS:hub.lab, IP Address:10.0.1.2". */
static void describe_names(X509 *x, struct ike_cert *about)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	size_t len;

	for (int i = 0; bio && i < sk_GENERAL_NAME_num(all); i++) {
		if (i)
			BIO_puts(bio, ", ");
		GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(all, i));
	}
	len = (size_t)(bio ? MAX(BIO_get_mem_data(bio, &text), 0) : 0);
	len = MIN(len, sizeof(about->detail) - 1);
	for (size_t i = 0; i < len; i++)
		about->detail[i] = text[i] >= ' ' && text[i] < 127 ? text[i] : '.';
	about->detail[len] = '\0';
	BIO_free(bio);
	GENERAL_NAMES_free(all);
}

static bool identity_is_in(X509 *x, struct span body)
{
	struct isakmp_id id;
	struct addr address;
	char text[ADDR_TEXT];

	if (!isakmp_parse_id(body, &id) || !id.data.len)
		return false;
	switch (id.type) {
	case ISAKMP_ID_IPV4_ADDR:
		address = addr_from_bytes(id.data.data, id.data.len);
		addr_text(&address, text);
		return in_alternative_name(x, GEN_IPADD, id.data) ||
		       in_subject(x, NID_pkcs9_unstructuredAddress,
				  (struct span){ (const uint8_t *)text, strlen(text) });
	case ISAKMP_ID_FQDN:
		return in_alternative_name(x, GEN_DNS, id.data) ||
		       in_subject(x, NID_pkcs9_unstructuredName, id.data);
	case ISAKMP_ID_USER_FQDN:
		return in_alternative_name(x, GEN_EMAIL, id.data) ||
		       in_subject(x, NID_pkcs9_emailAddress, id.data);
	case ISAKMP_ID_DER_ASN1_DN:
		return is_subject(x, id.data);
	default:
		return false;
	}
}

/* ---- signatures ---- */

size_t cert_sign(const struct trustpoint *tp, struct span hash, uint8_t out[CERT_SIGNATURE_MAX])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(tp->key, NULL);
	size_t len = CERT_SIGNATURE_MAX;

	if (!ctx || EVP_PKEY_sign_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_sign(ctx, out, &len, hash.data, hash.len) <= 0)
		len = 0;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return len;
}

static bool signature_is_right(X509 *x, struct span hash, struct span signature)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool right;

	right = ctx && signature.len == (size_t)EVP_PKEY_get_size(key) &&
		EVP_PKEY_verify_init(ctx) > 0 &&
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
		EVP_PKEY_verify(ctx, signature.data, signature.len, hash.data, hash.len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return right;
}

/* ---- the whole judgement ---- */

static enum ike_cause judge(const struct trustpoint *tp, STACK_OF(X509) *chain, int64_t now,
			    struct ike_cert *about)
{
	X509 *x = sk_X509_value(chain, 0);
	enum ike_cause cause;

	describe(x, 0, about);
	if (!rsa_fits(X509_get0_pubkey(x)))
		return IKE_CAUSE_CERT_MALFORMED;
	cause = check_chain(tp, chain, now, about);
	if (cause != IKE_CAUSE_NONE)
		return cause;
	return tp->ignore_key_usage || usage_fits(x) ? IKE_CAUSE_NONE : IKE_CAUSE_CERT_KEY_USAGE;
}

/* What cannot be read stays out, but the first must be there. */
static STACK_OF(X509) *parse_chain(const struct cert_proof *p)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	for (size_t i = 0; chain && i < p->count && i < CERT_CHAIN_MAX; i++) {
		const unsigned char *at = p->chain[i].data;
		X509 *x = NULL;

		if (p->chain[i].len && p->chain[i].len <= CERT_LEN_MAX)
			x = d2i_X509(NULL, &at, (long)p->chain[i].len);
		if (x && !sk_X509_push(chain, x))
			abort();
		if (!x && i == 0)
			break;
	}
	return chain;
}

enum ike_cause cert_verify(const struct trustpoint *tp, const struct cert_proof *p, int64_t now,
			   struct ike_cert *about)
{
	STACK_OF(X509) *chain = parse_chain(p);
	X509 *x = sk_X509_value(chain, 0);
	enum ike_cause cause;

	*about = (struct ike_cert){ 0 };
	if (!p->count)
		cause = IKE_CAUSE_NO_CERTIFICATE;
	else if (!x)
		cause = IKE_CAUSE_CERT_MALFORMED;
	else
		cause = judge(tp, chain, now, about);
	if (cause == IKE_CAUSE_NONE && !signature_is_right(x, p->hash, p->signature))
		cause = IKE_CAUSE_SIGNATURE;
	if (cause == IKE_CAUSE_NONE && !tp->ignore_identity && !identity_is_in(x, p->id)) {
		cause = IKE_CAUSE_CERT_IDENTITY;
		describe_names(x, about);
	}
	sk_X509_pop_free(chain, X509_free);
	ERR_clear_error();
	return cause;
}

enum ike_cause trustpoint_judge(const struct trustpoint *tp, int64_t now, struct ike_cert *about)
{
	enum ike_cause cause = judge(tp, tp->own, now, about);

	ERR_clear_error();
	return cause;
}
