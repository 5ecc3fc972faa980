/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/trustpoint.h"

#include <time.h>

#include "conf/report.h"
#include "daemon/diagnose.h"
#include "lib/util.h"

#define SOON (30 * 86400) /* seconds: who renews by hand should hear of it */

/* Where in the file a message points to. */
struct place {
	const struct conf_trustpoint *t;
	struct complaints to;
};

static struct span span_of_file(const struct conf_file *f)
{
	return (struct span){ f->data, f->len };
}

static void spans_of_files(const struct conf_files *files, struct span *out)
{
	for (size_t i = 0; i < files->count; i++)
		out[i] = span_of_file(&files->file[i]);
}

static void say_flaw(const struct place *at, enum trustpoint_flaw flaw, size_t index)
{
	const struct conf_trustpoint *t = at->t;
	const char *certificate = t->certificate.path, *key = t->key.path;

	switch (flaw) {
	case TRUSTPOINT_OK:
		break;
	case TRUSTPOINT_CA:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: ca: %s holds no certificate, or one that is broken: expected "
			 "PEM or DER", t->name, t->ca.file[index].path);
		break;
	case TRUSTPOINT_CA_COUNT:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: ca: more than %d certificates, too many to be meant", t->name,
			 CERT_ANCHORS_MAX);
		break;
	case TRUSTPOINT_CERTIFICATE:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: certificate: %s holds no certificate, or one that is broken: "
			 "expected PEM or DER", t->name, certificate);
		break;
	case TRUSTPOINT_CHAIN:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: certificate: %s holds more than %d certificates, or such as do "
			 "not fit into a message: ours and those between it and the CA are enough",
			 t->name, certificate, CERT_CHAIN_MAX);
		break;
	case TRUSTPOINT_NOT_RSA:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: certificate: the first in %s has no RSA key of 1024 to 8192 "
			 "bits, which IKEv1 needs", t->name, certificate);
		break;
	case TRUSTPOINT_KEY:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: key: %s holds no private key, or an encrypted one; to take the "
			 "password off: openssl pkey -in '%s' -out NEW", t->name, key, key);
		break;
	case TRUSTPOINT_KEY_OTHER:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: key: %s is not the key of the first certificate in %s; they "
			 "belong together when these print the same: openssl pkey -in '%s' -pubout, "
			 "openssl x509 -in '%s' -noout -pubkey",
			 t->name, key, certificate, key, certificate);
		break;
	case TRUSTPOINT_CRL:
		complain(&at->to, CONF_ERROR, t->line,
			 "trustpoint %s: crl: %s holds no revocation list, or one that is broken: "
			 "expected PEM or DER", t->name, t->crl.file[index].path);
		break;
	}
}

/* What every peer would find wrong with us. */
static void judge_ours(const struct place *at, const struct trustpoint *tp, time_t now)
{
	struct ike_cert about;
	enum ike_cause cause = trustpoint_judge(tp, now, &about);
	const char *name = at->t->name, *path = at->t->certificate.path;

	if (cause != IKE_CAUSE_NONE)
		complain(&at->to, CONF_WARNING, at->t->line,
			 "trustpoint %s: certificate: peers will refuse the one in %s: %s", name, path,
			 diagnose_cause_text(cause));
	else if (about.not_after - now < SOON)
		complain(&at->to, CONF_WARNING, at->t->line,
			 "trustpoint %s: certificate: the one in %s expires in %d days: renew it", name,
			 path, (int)((about.not_after - now) / 86400));
}

struct trustpoint *trustpoint_load(const struct conf *conf, const char *file,
				   struct conf_report *report)
{
	const struct conf_trustpoint *t = conf->trustpoint;
	const struct place at = { t, { .file = file, .report = report } };
	struct trustpoint_source src;
	enum trustpoint_flaw flaw;
	struct trustpoint *tp;
	struct span *spans;
	size_t index;

	if (!t)
		return NULL;
	spans = xcalloc(t->ca.count + t->crl.count, sizeof(*spans));
	spans_of_files(&t->ca, spans);
	spans_of_files(&t->crl, spans + t->ca.count);
	src = (struct trustpoint_source){
		.ca = spans,
		.ca_count = t->ca.count,
		.certificate = span_of_file(&t->certificate),
		.key = span_of_file(&t->key),
		.crl = spans + t->ca.count,
		.crl_count = t->crl.count,
		.revocation = t->revocation == CONF_REVOCATION_NONE ? CERT_REVOCATION_NONE :
			      t->revocation == CONF_REVOCATION_CRL  ? CERT_REVOCATION_REQUIRED :
								      CERT_REVOCATION_IF_PRESENT,
		.ignore_key_usage = t->ignore_key_usage,
		.ignore_identity = t->ignore_identity,
	};
	tp = trustpoint_new(&src, &flaw, &index);
	free(spans);
	if (tp)
		judge_ours(&at, tp, time(NULL));
	else
		say_flaw(&at, flaw, index);
	return tp;
}
