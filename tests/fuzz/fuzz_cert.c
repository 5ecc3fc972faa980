/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as what a peer proves itself with: certificates, signature, identity. None is ever
 * accepted, since none is signed by the test's CA. The first octet's lowest bits choose, instead, to
 * read the input as a file of a trustpoint's.
 *
 *     tests/fuzz/run.sh cert
 *
 * LINK: ikev1/cert.c ikev1/isakmp.c lib/addr.c lib/wire.c tests/fuzz/replay.c
 */
#include "tests/certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)          \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

enum { AS_PROOF, AS_CA, AS_CERTIFICATE, AS_KEY, AS_CRL, AS_NAME, USES };

static struct span ca_pem, own_pem, key_pem;
static struct trustpoint *tp;

static void check_text(const char *text, size_t cap)
{
	size_t len = strnlen(text, cap);

	MUST(len < cap);
	for (size_t i = 0; i < len; i++)
		MUST(text[i] >= ' ' && text[i] < 127);
}

static void as_file(unsigned int use, struct span file)
{
	struct span anchors[2] = { ca_pem, file };
	struct trustpoint_source src = {
		.ca = anchors,
		.ca_count = use == AS_CA ? 2 : 1,
		.certificate = use == AS_CERTIFICATE ? file : own_pem,
		.key = use == AS_KEY ? file : key_pem,
		.crl = &file,
		.crl_count = use == AS_CRL,
	};
	enum trustpoint_flaw flaw;
	size_t index;
	struct trustpoint *made = trustpoint_new(&src, &flaw, &index);
	struct ike_cert about;

	MUST((made == NULL) == (flaw != TRUSTPOINT_OK));
	if (made)
		trustpoint_judge(made, CERTS_NOW, &about);
	trustpoint_release(made);
}

/* The next so many octets, or what is left. */
static struct span take(struct reader *r)
{
	size_t len = read_u16(r);

	return read_span(r, MIN(len, reader_left(r)));
}

static void as_proof(struct span input)
{
	static const uint8_t hash[32];
	struct reader r = reader_of_span(input);
	struct cert_proof p = { .hash = { hash, sizeof(hash) } };
	struct ike_cert about;

	p.id = take(&r);
	p.signature = take(&r);
	while (reader_left(&r) && p.count < CERT_CHAIN_MAX)
		p.chain[p.count++] = take(&r);
	MUST(cert_verify(tp, &p, CERTS_NOW, &about) != IKE_CAUSE_NONE);
	check_text(about.subject, sizeof(about.subject));
	check_text(about.issuer, sizeof(about.issuer));
	check_text(about.detail, sizeof(about.detail));
	MUST(about.serial_len <= sizeof(about.serial));
}

static void make_trustpoint(void)
{
	struct made_cert ca = certs_make(&(struct cert_wish){ .cn = "CA", .ca = true });
	struct made_cert own = certs_make(&(struct cert_wish){ .cn = "own", .issuer = &ca });

	ca_pem = certs_pem(&ca);
	own_pem = certs_pem(&own);
	key_pem = certs_key_pem(&own);
	tp = certs_trustpoint(&ca, &own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span input = { data + 1, len - 1 };
	unsigned int use;
	char text[80];

	if (!len)
		return 0;
	if (!tp)
		make_trustpoint();
	use = data[0] % 8;
	if (use >= AS_CA && use <= AS_CRL)
		as_file(use, input);
	else if (use == AS_NAME && cert_name_text(input, text, sizeof(text)))
		check_text(text, sizeof(text));
	else
		as_proof(input);
	return 0;
}
