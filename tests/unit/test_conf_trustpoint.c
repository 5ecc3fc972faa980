/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trustpoints in the configuration: their files are read with it, and what is wrong is told with
 * its line.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/util.h"

#define POLICY "isakmp-policy 1 { encryption = aes-256 authentication = rsa-sig group = 14 }\n"
#define REST                                                                               \
	"transform-set S { encryption = esp-gcm }\n"                                       \
	"ipsec-profile P { transform-set = S }\n"                                          \
	"tunnel T { address = 172.16.0.1/24 source = eth0 profile = P nhrp { network-id = 1 } }\n"

static char folder[] = "/tmp/test-trustpoint-XXXXXX";

static void put(const char *name, mode_t mode)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, name, strlen(name)), (ssize_t)strlen(name));
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(folder));
	put("ca", 0644);
	put("ca2", 0644);
	put("cert", 0644);
	put("key", 0600);
	put("open", 0644);
	put("crl", 0644);
}

static void teardown(void)
{
	static const char *const all[] = { "ca", "ca2", "cert", "key", "open", "crl" };
	char path[100];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, all[i]);
		unlink(path);
	}
	rmdir(folder);
}

TestSuite(conf_trustpoint, .init = setup, .fini = teardown);

/* @ stands for the folder. */
static struct conf *parse(const char *text, struct conf_report *r)
{
	static char full[8192];
	size_t n = 0;

	for (; *text; text++)
		n += (size_t)(*text == '@' ? snprintf(full + n, sizeof(full) - n, "%s", folder)
					   : snprintf(full + n, sizeof(full) - n, "%c", *text));
	return conf_parse(full, "t.conf", r);
}

static void expect(const char *text, const char *message)
{
	struct conf_report r;
	struct conf *c = parse(text, &r);
	char want[600];

	snprintf(want, sizeof(want), message, folder, folder);
	cr_assert_geq(r.count, 1, "nothing is said of %s", text);
	cr_expect_str_eq(r.messages[0].text, want);
	cr_expect_eq(c == NULL, r.messages[0].severity == CONF_ERROR);
	conf_free(c);
	conf_report_free(&r);
}

Test(conf_trustpoint, is_read)
{
	struct conf_report r;
	struct conf *c = parse("trustpoint CA { ca = { \"@/ca\", \"@/ca2\" } certificate = \"@/cert\"\n"
			       "key = \"@/key\" crl = \"@/crl\" revocation-check = crl\n"
			       "ignore-key-usage = true }\nisakmp-identity = dn\n" POLICY REST, &r);
	const struct conf_trustpoint *t;

	cr_expect_eq(r.count, 0, "%s", r.count ? r.messages[0].text : "");
	cr_assert_not_null(c);
	cr_expect_eq(c->isakmp_identity, CONF_IDENTITY_DN);
	cr_expect_eq(c->isakmp_policies[0].suite.auth, AUTH_RSA_SIG);
	t = c->trustpoint;
	cr_assert_not_null(t);
	cr_expect_str_eq(t->name, "CA");
	cr_expect_eq(t->line, 1);
	cr_assert_eq(t->ca.count, 2);
	cr_expect_eq(t->ca.file[1].len, 3);
	cr_expect_eq(memcmp(t->ca.file[1].data, "ca2", 3), 0);
	cr_expect_eq(memcmp(t->certificate.data, "cert", 4), 0);
	cr_expect_eq(memcmp(t->key.data, "key", 3), 0);
	cr_assert_eq(t->crl.count, 1);
	cr_expect_eq(t->revocation, CONF_REVOCATION_CRL);
	cr_expect(t->ignore_key_usage);
	cr_expect_not(t->ignore_identity);
	conf_free(c);
	conf_report_free(&r);
}

#define GOOD "ca = \"@/ca\" certificate = \"@/cert\" key = \"@/key\""

Test(conf_trustpoint, what_is_wrong)
{
	expect("trustpoint CA { ca = \"@/no\" certificate = \"@/cert\" key = \"@/key\" }\n" POLICY REST,
	       "t.conf:1: trustpoint CA: ca: %s/no cannot be read: No such file or directory");
	expect("trustpoint CA { ca = \"@\" certificate = \"@/cert\" key = \"@/key\" }\n" POLICY REST,
	       "t.conf:1: trustpoint CA: ca: %s is no file with 1 to 4194304 octets");
	expect("trustpoint CA { ca = ca.pem certificate = \"@/cert\" key = \"@/key\" }\n" POLICY REST,
	       "t.conf:1: trustpoint CA: ca: expected the absolute path of a file, or several as { A, "
	       "B }, found \"ca.pem\"");
	expect("trustpoint CA { ca = \"@/ca\" certificate = \"@/cert\"\nkey = \"@/open\" }\n" POLICY REST,
	       "t.conf:2: trustpoint CA: key: everybody on this machine can read it; run: chmod 600 "
	       "'%s/open'");
	expect("trustpoint CA { ca = \"@/ca\" certificate = \"@/cert\" }\n" POLICY REST,
	       "t.conf:1: trustpoint CA: key: missing: expected the absolute path of a file");
	expect("trustpoint CA { " GOOD " revocation-check = ocsp }\n" POLICY REST,
	       "t.conf:1: trustpoint CA: revocation-check: expected one of none, crl-if-present, crl, "
	       "found \"ocsp\"");
	expect("trustpoint CA { " GOOD " ignore-identity = yes }\n" POLICY REST,
	       "t.conf:1: trustpoint CA: ignore-identity: expected true or false, found \"yes\"");
	expect("trustpoint A { " GOOD " }\ntrustpoint B { " GOOD " }\n" POLICY REST,
	       "t.conf:2: trustpoint B: there can be one only, the first ends in line 1; several CAs "
	       "are ca = { A, B }");
	expect(POLICY REST, "t.conf:1: isakmp-policy 1: authentication: rsa-sig needs a trustpoint, "
			    "there is none");
	expect("isakmp-identity = dn\n"
	       "isakmp-key 0.0.0.0/1 { key = \"0123456789abcdefghij\" }\n"
	       "isakmp-policy 1 { encryption = aes authentication = pre-share group = 14 }\n" REST,
	       "t.conf:1: isakmp-identity: dn needs a trustpoint, there is none");
	expect("trustpoint CA { " GOOD " }\n"
	       "isakmp-key 0.0.0.0/1 { key = \"0123456789abcdefghij\" }\n"
	       "isakmp-policy 1 { encryption = aes authentication = pre-share group = 14 }\n" REST,
	       "t.conf:1: trustpoint CA: no isakmp-policy uses it: none has authentication = rsa-sig");
}
