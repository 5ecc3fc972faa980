/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations as text: read, printed and read again they say the same, in our own syntax and as
 * IOS prints them; no key is forgotten, and no secret is told.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diff.h"
#include "conf/schema.h"
#include "lib/util.h"

#define PSK  "psk-of-one-psk-of-one"
#define WORD "nhrpword"

static char fast[] = "FastEthernet0/0", eth[] = "eth0";
static struct conf_interface one[] = { { fast, eth } };
static const struct conf_interfaces map = { one, 1 };

static char *temporary(const char *text)
{
	char *path = xstrdup("/tmp/test_conf_print.XXXXXX");
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static struct conf *load(const char *path)
{
	struct conf_report r;
	struct conf *c = conf_load(path, &map, &r);

	for (size_t i = 0; i < r.count; i++)
		if (r.messages[i].severity == CONF_ERROR)
			cr_log_error("%s", r.messages[i].text);
	conf_report_free(&r);
	return c;
}

static struct conf *load_text(const char *text)
{
	char *path = temporary(text);
	struct conf *c = load(path);

	unlink(path);
	free(path);
	return c;
}

/* Every mask becomes the secret again, by the line that it stands in. */
static char *with_secrets(const char *text)
{
	char *out = xcalloc(8, strlen(text) + 1), *end = out;

	for (const char *mask; (mask = strstr(text, CONF_SECRET_MASK));
	     text = mask + strlen(CONF_SECRET_MASK)) {
		size_t len = (size_t)(mask - text), line = len;

		while (line && text[line - 1] != '\n')
			line--;
		end = mempcpy(end, text, len);
		end = stpcpy(end,
			     memmem(text + line, len - line, "authentication", 14) ? WORD : PSK);
	}
	strcpy(end, text);
	return out;
}

static void check_same(const struct conf *a, const struct conf *b, const char *what)
{
	struct conf_diff *d = conf_diff(a, b);

	cr_expect_eq(d->what, 0, "%s: %x", what, d->what);
	for (size_t i = 0; i < d->count; i++)
		cr_expect(d->tunnels[i].before && d->tunnels[i].after && !d->tunnels[i].what,
			  "%s: tunnel: %x", what, d->tunnels[i].what);
	free(d);
}

static void check_no_secret(const char *text)
{
	cr_expect_null(strstr(text, PSK), "%s", text);
	cr_expect_null(strstr(text, WORD), "%s", text);
}

static void check_round(const struct conf *c, bool ios, const char *name)
{
	char *text = ios ? conf_print_ios(c, &map) : conf_print(c), *filled, *again;
	struct conf *back;

	check_no_secret(text);
	filled = with_secrets(text);
	back = load_text(filled);
	cr_assert_not_null(back, "%s: %s", name, filled);
	check_same(c, back, name);
	again = ios ? conf_print_ios(back, &map) : conf_print(back);
	cr_expect_str_eq(text, again, "%s", name);
	conf_free(back);
	free(filled);
	free(again);
	free(text);
}

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	FILE *in = fopen(path, "r");

	cr_assert_not_null(in, "%s: run this from the top of the source tree", path);
	cr_assert_gt(getdelim(&text, &room, '\0', in), 0);
	fclose(in);
	return text;
}

static void replace_all(char **text, const char *what, const char *by)
{
	char *out = xcalloc(2, strlen(*text) + 256), *end = out;
	const char *at = *text;

	for (const char *p; (p = strstr(at, what)); at = p + strlen(what)) {
		end = mempcpy(end, at, (size_t)(p - at));
		end = stpcpy(end, by);
	}
	strcpy(end, at);
	free(*text);
	*text = out;
}

Test(conf_print, the_examples)
{
	static const char *const examples[] = { "conf/hub.conf", "conf/spoke.conf", "conf/hub.ios",
						"conf/sitea.ios", "conf/siteb.ios" };

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		char *text = read_file(examples[i]);
		struct conf *c;

		replace_all(&text, "ISAKMP-KEY", PSK);
		replace_all(&text, "NHRP-KEY", WORD);
		c = load_text(text);
		cr_assert_not_null(c, "%s", examples[i]);
		check_round(c, false, examples[i]);
		check_round(c, true, examples[i]);
		conf_free(c);
		free(text);
	}
}

/* Every key, none with its default; %s is a file that is there. */
#define EVERYTHING                                                                                 \
	"hostname = SiteA log-level = debugging log = /var/log/d.log isakmp-identity = hostname\n" \
	"nat-keepalive = 30 nat-pool = 241.0.0.0/16 hook = /bin/true kernel-settings = set\n"      \
	"isakmp-keepalive { interval = 30 retry = 5 mode = on-demand }\n"                          \
	"isakmp-policy 10 { encryption = aes-256 hash = sha384 authentication = rsa-sig\n"         \
	"  group = 19 lifetime = 3600 }\n"                                                         \
	"isakmp-policy 20 { encryption = aes-128 authentication = pre-share group = 14 }\n"        \
	"isakmp-key 10.0.0.0/24 { key = \"" PSK "\" }\n"                                           \
	"isakmp-key 10.0.1.2 { key = \"" PSK "\" }\n"                                              \
	"trustpoint CA { ca = { \"%1$s\", \"%1$s\" } certificate = \"%1$s\" key = \"%1$s\"\n"      \
	"  crl = \"%1$s\" revocation-check = crl ignore-key-usage = true\n"                        \
	"  ignore-identity = true }\n"                                                             \
	"transform-set G { encryption = esp-gcm-256 }\n"                                           \
	"transform-set T { encryption = esp-aes authentication = esp-sha256-hmac }\n"              \
	"ipsec-profile P { transform-set = { G, T } pfs = group20 lifetime-seconds = 600\n"        \
	"  lifetime-kilobytes = 4294967295 }\n"                                                    \
	"ipsec-profile Q { transform-set = T }\n"                                                  \
	"tunnel Tunnel0 { address = 172.16.0.2/24 source = 10.0.0.4 key = 0 profile = P\n"         \
	"  mtu = auto ignore-df = true ttl = 99\n"                                                 \
	"  nhrp { network-id = 7 authentication = " WORD " holdtime = 600 hold-down = 30\n"        \
	"    registration-timeout = 60\n"                                                          \
	"    resolution-answer = hub redirect = true shortcut = true no-unique = true\n"           \
	"    map-multicast = { dynamic, 10.0.1.2 } nhs-fallback = 20\n"                            \
	"    map 172.16.0.1 { nbma = 10.0.1.2 }\n"                                                 \
	"    nhs 172.16.0.1 { priority = 1 cluster = 3 multicast = true }\n"                       \
	"    nhs 172.16.0.9 { nbma = hub.example.net cluster = 3 }\n"                              \
	"    nhs 172.16.0.8 { nbma = 10.0.1.6 }\n"                                                 \
	"    cluster 3 { max-connections = 1 }\n"                                                  \
	"    authorize \"CN=a \\\"b\\\", O=c\" { address = { 172.16.0.77, 172.16.0.78 } } } }\n"   \
	"tunnel Tunnel1 { address = 172.17.0.1/16 source = eth9 nhrp { network-id = 8 } }\n"

static struct conf *everything(void)
{
	char *file = temporary("octets"), *text = NULL;
	struct conf *c;

	cr_assert_gt(asprintf(&text, EVERYTHING, file), 0);
	c = load_text(text);
	cr_assert_not_null(c);
	free(text);
	free(file); /* the file stays until the test's end, for the second reading */
	return c;
}

Test(conf_print, every_key_there_and_back)
{
	struct conf *c = everything();
	char *text = conf_print(c), word[80];

	check_round(c, false, "everything");
	for (enum section_id id = 0; id < SECTION_COUNT; id++) {
		const struct schema_section *s = schema_section(id);

		for (size_t i = 0; i < s->key_count; i++) {
			const char *key = s->keys[i].name;

			snprintf(word, sizeof(word), "%s%s = ", id == SECTION_FILE ? "" : "\t",
				 key);
			/* Of the mode there is one only, which is the default. */
			if (id != SECTION_TRANSFORM_SET || strcmp(key, "mode") != 0)
				cr_expect_not_null(strstr(text, word), "%s: %s", s->name, key);
		}
	}
	unlink(c->trustpoint->key.path);
	conf_free(c);
	free(text);
}

/* What IOS has no line for is in comments, with its value. */
Test(conf_print, everything_as_ios)
{
	static const char *const lines[] = {
		"hostname SiteA\n",
		"logging trap debugging\n",
		"! dmvpnd: log = /var/log/d.log\n",
		"! dmvpnd: nat-pool = 241.0.0.0/16\n",
		"! dmvpnd: hook = /bin/true\n",
		"! dmvpnd: kernel-settings = set\n",
		"crypto isakmp policy 10\n encr aes 256\n hash sha384\n group 19\n lifetime "
		"3600\n!\n",
		"crypto isakmp policy 20\n encr aes\n authentication pre-share\n group 14\n!\n",
		"crypto isakmp key ******** address 10.0.1.2\n"
		"crypto isakmp key ******** address 10.0.0.0 255.255.255.0\n"
		"crypto isakmp keepalive 30 5\n"
		"crypto isakmp nat keepalive 30\n"
		"crypto isakmp identity hostname\n!\n",
		"crypto pki trustpoint CA\n enrollment terminal\n revocation-check crl\n",
		" ! dmvpnd: ignore-identity = true\n",
		"crypto ipsec transform-set G esp-gcm 256\n mode transport\n!\n",
		"crypto ipsec transform-set T esp-aes esp-sha256-hmac\n mode transport\n!\n",
		"crypto ipsec profile P\n set security-association lifetime kilobytes disable\n"
		" set security-association lifetime seconds 600\n set transform-set G T\n"
		" set pfs group20\n!\n",
		"interface Tunnel0\n ip address 172.16.0.2 255.255.255.0\n no ip redirects\n"
		" ! dmvpnd: mtu = auto\n ! dmvpnd: ignore-df = true\n"
		" ip nhrp authentication ********\n ip nhrp map multicast dynamic\n"
		" ip nhrp map 172.16.0.1 10.0.1.2\n ip nhrp map multicast 10.0.1.2\n"
		" ip nhrp network-id 7\n ip nhrp holdtime 600\n"
		" ip nhrp nhs 172.16.0.1 multicast priority 1 cluster 3\n"
		" ip nhrp nhs 172.16.0.9 nbma hub.example.net cluster 3\n"
		" ip nhrp nhs 172.16.0.8 nbma 10.0.1.6\n"
		" ip nhrp nhs cluster 3 max-connections 1\n ip nhrp nhs fallback 20\n"
		" ip nhrp registration timeout 60\n ip nhrp registration no-unique\n ip nhrp "
		"shortcut\n ip nhrp redirect\n"
		" ! dmvpnd: hold-down = 30\n ! dmvpnd: resolution-answer = hub\n"
		" ! dmvpnd: authorize CN=a \"b\", O=c: 172.16.0.77 172.16.0.78\n"
		" tunnel source 10.0.0.4\n tunnel mode gre multipoint\n tunnel key 0\n"
		" tunnel ttl 99\n tunnel protection ipsec profile P\n!\n",
		" tunnel source eth9\n tunnel mode gre multipoint\n tunnel ttl 64\n!\nend\n",
	};
	struct conf *c = everything();
	char *text = conf_print_ios(c, &map);

	check_no_secret(text);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		cr_expect_not_null(strstr(text, lines[i]), "%s\n--- is not in\n%s", lines[i], text);
	unlink(c->trustpoint->key.path);
	conf_free(c);
	free(text);
}

/* IOS asks no peer unless it is told to; here it is the other way round. */
Test(conf_print, no_keepalive)
{
	char *text = read_file("conf/hub.conf"), *out;
	struct conf *c = load_text(text);

	c->keepalive.interval = 0;
	out = conf_print(c);
	cr_expect_not_null(strstr(out, "isakmp-keepalive {\n\tinterval = 0\n}\n"), "%s", out);
	free(out);
	out = conf_print_ios(c, &map);
	cr_expect_not_null(strstr(out, "\n! dmvpnd: isakmp-keepalive { interval = 0 }\n"), "%s",
			   out);
	conf_free(c);
	free(text);
	free(out);
}

/* Whoever pastes a masked configuration is told so, and gets no tunnel with a key that all know. */
Test(conf_print, a_mask_is_no_secret)
{
	char *text = read_file("conf/hub.conf"), *masked;
	struct conf *c = load_text(text);
	struct conf_report r;

	masked = conf_print(c);
	cr_assert_null(conf_parse(masked, "masked.conf", &r));
	cr_assert_eq(r.errors, 2);
	for (size_t i = 0; i < r.count; i++)
		if (r.messages[i].severity == CONF_ERROR)
			cr_expect_not_null(
				strstr(r.messages[i].text, "put the secret itself here"));
	conf_report_free(&r);
	conf_free(c);
	free(masked);
	free(text);
}
