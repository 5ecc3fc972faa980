/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys for Wireshark: its lines to the letter, which folders and files are refused, what happens to a full
 * one; and that the core tells a key only when asked to.
 *
 * LINK: daemon/keylog.c daemon/debug.c daemon/trace.c daemon/trace_ike.c daemon/trace_nhrp.c
 * LINK: daemon/diagnose.c daemon/diagnose_cert.c daemon/diagnose_offer.c daemon/diagnose_nhrp.c
 * LINK: ikev1/ lib/
 */
#include "daemon/keylog.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/trace.h"
#include "tests/unit/ike_two.h"

static char top[] = "/tmp/dmvpnd-keylog-XXXXXX", folder[128], why[KEYLOG_WHY];

static const char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/keys", top);
	trace_open(TRACE_FILE, "/dev/null", NULL, LOG_ERR);
}

static void teardown(void)
{
	static const char *const names[] = { "esp_sa", "ikev1_decryption_table", "esp_sa.old",
					     "preferences", "elsewhere" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(in_folder(names[i]));
	if (rmdir(folder))
		unlink(folder);
	rmdir(top);
}

TestSuite(keylog, .init = setup, .fini = teardown);

static struct keylog *opened(void)
{
	struct keylog *k = keylog_open(folder, why);

	cr_assert_not_null(k, "%s", why);
	return k;
}

static void check_refused(const char *because)
{
	cr_assert_null(keylog_open(folder, why), "%s", because);
	cr_assert_not_null(strstr(why, because), "\"%s\" is not in: %s", because, why);
	cr_assert_not_null(strstr(why, folder), "%s", why);
}

static void check_file(const char *name, const char *expected)
{
	char text[2048];
	FILE *in = fopen(in_folder(name), "r");
	size_t len;

	cr_assert_not_null(in, "%s", name);
	len = fread(text, 1, sizeof(text) - 1, in);
	text[len] = '\0';
	fclose(in);
	cr_assert_str_eq(text, expected, "%s:\n%s", name, text);
}

/* ---- lines ---- */

static uint8_t keymat[128];

static struct xfrm_sa sa_of_suite(enum cipher_id cipher, enum hash_id auth)
{
	struct xfrm_sa sa = { .id = { addr_v4(0x0a000004), addr_v4(0x0a000102), 0x0badcafe },
			      .suite = { cipher, auth } };

	for (size_t i = 0; i < sizeof(keymat); i++)
		keymat[i] = (uint8_t)(i + 1);
	sa.keymat = (struct span){ keymat, esp_suite_keymat(&sa.suite) };
	return sa;
}

static const char *const esp_begin = "\"IPv4\",\"10.0.0.4\",\"10.0.1.2\",\"0x0badcafe\",";

static void check_esp(enum cipher_id cipher, enum hash_id auth, const char *rest)
{
	struct keylog *k = opened();
	struct xfrm_sa sa = sa_of_suite(cipher, auth);
	char line[1024];

	keylog_esp(k, &sa);
	snprintf(line, sizeof(line), "%s%s\n", esp_begin, rest);
	check_file("esp_sa", line);
	unlink(in_folder("esp_sa"));
	keylog_close(k);
}

Test(keylog, isakmp)
{
	static const uint8_t cookie[] = { 0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3 };
	static const uint8_t key[] = { 0x00, 0x0a, 0xff };
	struct keylog *k = opened();

	keylog_isakmp(k, cookie, (struct span){ key, sizeof(key) });
	keylog_isakmp(k, cookie, (struct span){ key, 1 });
	check_file("ikev1_decryption_table", "deadbeef00010203,000aff\ndeadbeef00010203,00\n");
	check_file("preferences", "# Written by dmvpnd --keylog\n"
				  "esp.enable_encryption_decode: TRUE\n"
				  "esp.enable_authentication_check: TRUE\n");
	keylog_close(k);
	keylog_isakmp(NULL, cookie, (struct span){ key, 1 });
}

#define K1_24  "0102030405060708090a0b0c0d0e0f101112131415161718"
#define K1_16  "0102030405060708090a0b0c0d0e0f10"
#define K17_20 "11121314"
#define K25_44 "191a1b1c1d1e1f202122232425262728292a2b2c"
#define K17_48 "1112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
#define K25_36 "191a1b1c1d1e1f2021222324"

Test(keylog, esp)
{
	check_esp(CIPHER_3DES, HASH_SHA1,
		  "\"TripleDES-CBC [RFC2451]\",\"0x" K1_24
		  "\",\"HMAC-SHA-1-96 [RFC2404]\",\"0x" K25_44 "\"");
	check_esp(CIPHER_AES128, HASH_SHA256,
		  "\"AES-CBC [RFC3602]\",\"0x" K1_16 "\",\"HMAC-SHA-256-128 [RFC4868]\",\"0x" K17_48
		  "\"");
	check_esp(CIPHER_AES128, HASH_MD5,
		  "\"AES-CBC [RFC3602]\",\"0x" K1_16 "\",\"HMAC-MD5-96 [RFC2403]\",\"0x" K17_20
		  "15161718"
		  "191a1b1c1d1e1f20\"");
	/* The salt belongs to the key. */
	check_esp(CIPHER_GCM128, HASH_NONE,
		  "\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x" K1_16 K17_20 "\",\"NULL\",\"\"");
	check_esp(CIPHER_NULL, HASH_MD5, "\"NULL\",\"\",\"HMAC-MD5-96 [RFC2403]\",\"0x" K1_16 "\"");
}

/* Of everything that we can negotiate Wireshark knows a name, and of no key an octet is missing. */
Test(keylog, every_suite_has_its_line)
{
	struct keylog *k = opened();
	size_t lines = 0;
	struct stat before = { 0 }, after;

	for (enum cipher_id c = CIPHER_NONE + 1; c < CIPHER_COUNT; c++)
		for (enum hash_id h = HASH_NONE; h < HASH_COUNT; h++) {
			struct xfrm_sa sa = sa_of_suite(c, h);

			if (cipher_get(c)->refused || cipher_get(c)->aead != (h == HASH_NONE))
				continue;
			keylog_esp(k, &sa);
			cr_assert_eq(stat(in_folder("esp_sa"), &after), 0);
			cr_assert_gt(after.st_size - before.st_size,
				     (off_t)(strlen(esp_begin) + 2 * sa.keymat.len),
				     "cipher %d, hash %d", c, h);
			before = after;
			lines++;
		}
	cr_assert_eq(lines, 3 + 5 * 5);
	keylog_close(k);
}

Test(keylog, who_is_nobody_has_no_line)
{
	struct keylog *k = opened();
	struct xfrm_sa sa = sa_of_suite(CIPHER_DES, HASH_SHA1);

	keylog_esp(k, &sa);
	check_file("esp_sa", "");
	/* Keys that are not there are not made up. */
	sa = sa_of_suite(CIPHER_AES128, HASH_SHA1);
	sa.keymat.len--;
	keylog_esp(k, &sa);
	check_file("esp_sa", "");
	keylog_close(k);
}

Test(keylog, behind_a_nat_the_spi_alone_names_it)
{
	struct keylog *k = opened();
	struct xfrm_sa sa = sa_of_suite(CIPHER_NULL, HASH_MD5);

	sa.encap_sport = sa.encap_dport = 4500;
	keylog_esp(k, &sa);
	check_file("esp_sa", "\"IPv4\",\"*\",\"*\",\"0x0badcafe\",\"NULL\",\"\","
			     "\"HMAC-MD5-96 [RFC2403]\",\"0x" K1_16 "\"\n");
	keylog_close(k);
}

/* ---- files ---- */

Test(keylog, only_the_owner_can_look)
{
	static const char *const names[] = { "", "esp_sa", "ikev1_decryption_table",
					     "preferences" };
	struct keylog *k;
	struct stat st;

	umask(0);
	k = opened();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cr_assert_eq(stat(in_folder(names[i]), &st), 0);
		cr_assert_eq(st.st_mode & 07777U, *names[i] ? 0600 : 0700, "%s", names[i]);
	}
	keylog_close(k);
}

Test(keylog, goes_on_where_it_was)
{
	static const uint8_t octets[8] = { 1 };
	struct keylog *k = opened();

	keylog_isakmp(k, octets, (struct span){ octets, 1 });
	keylog_close(k);
	k = opened();
	keylog_isakmp(k, octets, (struct span){ octets, 1 });
	check_file("ikev1_decryption_table", "0100000000000000,01\n0100000000000000,01\n");
	keylog_close(k);
}

Test(keylog, folders_that_are_refused)
{
	struct keylog *k;

	cr_assert_eq(mkdir(folder, 0700), 0);
	chmod(folder, 0720);
	check_refused("chmod go-w");
	chmod(folder, 0702);
	check_refused("chmod go-w");
	/* As root, where it may. */
	if (chown(folder, 1, 0) == 0) {
		chmod(folder, 0700);
		check_refused("chown root");
		cr_assert_eq(chown(folder, 0, 0), 0);
	}
	chmod(folder, 0755);
	k = opened();
	check_refused("another dmvpnd");
	keylog_close(k);
	teardown();
	mkdir(top, 0700);
	cr_assert_eq(symlink("/", folder), 0);
	check_refused("link");
	unlink(folder);
	close(open(folder, O_CREAT | O_WRONLY, 0600));
	check_refused("folder itself");
	unlink(folder);
	snprintf(folder, sizeof(folder), "%s/not/there", top);
	check_refused("No such file");
}

static void make_file(const char *name, mode_t mode)
{
	close(open(in_folder(name), O_CREAT | O_WRONLY, 0600));
	chmod(in_folder(name), mode);
}

Test(keylog, files_that_are_refused)
{
	char other[256];

	cr_assert_eq(mkdir(folder, 0700), 0);
	make_file("esp_sa", 0640);
	check_refused("esp_sa (user");
	chmod(in_folder("esp_sa"), 0600);
	if (chown(in_folder("esp_sa"), 1, 0) == 0)
		check_refused("esp_sa (user 1");
	unlink(in_folder("esp_sa"));

	make_file("elsewhere", 0600);
	snprintf(other, sizeof(other), "%s", in_folder("elsewhere"));
	cr_assert_eq(symlink(other, in_folder("esp_sa")), 0);
	check_refused("link");
	unlink(in_folder("esp_sa"));
	cr_assert_eq(link(other, in_folder("esp_sa")), 0);
	check_refused("plain file");
	unlink(in_folder("esp_sa"));
	cr_assert_eq(mkfifo(in_folder("esp_sa"), 0600), 0);
	check_refused("esp_sa");
}

/* What somebody has set in Wireshark stays. */
Test(keylog, preferences_stay)
{
	cr_assert_eq(mkdir(folder, 0700), 0);
	make_file("preferences", 0644);
	keylog_close(opened());
	check_file("preferences", "");
}

Test(keylog, a_full_file_stands_back)
{
	struct keylog *k = opened();
	struct xfrm_sa sa = sa_of_suite(CIPHER_NULL, HASH_MD5);
	struct stat st, old;
	char line[256];

	keylog_esp(k, &sa);
	cr_assert_eq(stat(in_folder("esp_sa"), &st), 0);
	keylog_limit(k, 2 * (size_t)st.st_size);
	keylog_esp(k, &sa);
	cr_assert_neq(access(in_folder("esp_sa.old"), F_OK), 0);
	for (int i = 0; i < 3; i++)
		keylog_esp(k, &sa);
	/* The fifth is alone; the first two are gone. */
	snprintf(line, sizeof(line), "%s\"NULL\",\"\",\"HMAC-MD5-96 [RFC2403]\",\"0x%s\"\n",
		 esp_begin, K1_16);
	check_file("esp_sa", line);
	cr_assert_eq(stat(in_folder("esp_sa"), &st), 0);
	cr_assert_eq(stat(in_folder("esp_sa.old"), &old), 0);
	cr_assert_eq(st.st_mode & 07777U, 0600);
	cr_assert_eq(old.st_size, 2 * st.st_size);
	keylog_close(k);
}

/* ---- the core ---- */

static void check_told(bool we_begin, bool tell)
{
	struct two t;
	const struct isakmp_sa *sa;

	two_init(&t, &two_config, &two_config, GROUP_NONE);
	ike_tell_keys(t.us, tell);
	two_connect(&t, we_begin);
	two_deliver(&t, 20);
	sa = two_their_sa(&t);
	cr_assert(t.us_up);
	cr_assert_eq(t.keys_told, tell);
	if (tell) {
		cr_assert_eq(t.key_told_len, 16);
		cr_assert_arr_eq(t.key_told, sa->cipher_key, 16);
		cr_assert_arr_eq(t.key_cookie, sa->cookies, ISAKMP_COOKIE);
	}
	two_free(&t);
}

Test(keylog, no_key_leaves_the_core_unasked)
{
	check_told(true, false);
	check_told(false, false);
	check_told(true, true);
	check_told(false, true);
}
