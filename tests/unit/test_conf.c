/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations that are good: what they become, defaults, order, lexical rules, files, secrets;
 * and any octets at all: never a crash.
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

/* Its allocator has no heap of the usual kind, and keeps what was freed on purpose. */
#ifdef __SANITIZE_ADDRESS__
#define ASAN true
#elif defined(__has_feature)
#define ASAN __has_feature(address_sanitizer)
#else
#define ASAN false
#endif

/* The article's SiteA, on as few lines as it goes. */
static const char site_a[] =
	"hostname = SiteA\n"
	"isakmp-policy 10 { encryption = 3des  authentication = pre-share  group = 2 }\n"
	"isakmp-key \"0.0.0.0/0\" { key = \"ISAKMP-KEY\" }\n"
	"transform-set DMVPN { encryption = esp-3des  authentication = esp-sha-hmac  mode = transport }\n"
	"ipsec-profile DMVPN { transform-set = { DMVPN }  pfs = group2 }\n"
	"tunnel Tunnel0 {\n"
	"    address = \"172.16.0.2/24\"  source = eth0  key = 1  profile = DMVPN\n"
	"    nhrp { network-id = 100  authentication = \"NHRP-KEY\"\n"
	"           map \"172.16.0.1\" { nbma = \"10.0.1.2\" }\n"
	"           nhs \"172.16.0.1\" { } }\n"
	"}\n";

/* What every configuration needs, for tests of the rest. */
#define CRYPTO \
	"isakmp-policy 1 { encryption = aes-256 authentication = pre-share group = 14 }\n" \
	"isakmp-key \"0.0.0.0/0\" { key = \"0123456789abcdefghij\" }\n" \
	"transform-set S { encryption = esp-gcm }\n" \
	"ipsec-profile P { transform-set = S }\n"
#define TUNNEL \
	"tunnel T { address = 172.16.0.1/24 source = eth0 profile = P nhrp { network-id = 1 } }\n"

static struct conf *good(const char *text)
{
	struct conf_report r;
	struct conf *c = conf_parse(text, "t.conf", &r);

	cr_assert_not_null(c, "%s", r.count ? r.messages[0].text : "no message");
	cr_assert_eq(r.errors, 0);
	conf_report_free(&r);
	return c;
}

static struct addr address(const char *text)
{
	struct addr a = { 0 };

	cr_assert(addr_parse(text, &a));
	return a;
}

static void check_site_a(const struct conf *c)
{
	const struct conf_tunnel *t = &c->tunnels[0];
	const struct conf_ipsec_profile *p = t->profile;
	struct addr hub = address("172.16.0.1"), nbma = address("10.0.1.2");

	cr_assert_eq(c->isakmp_policy_count, 1);
	cr_assert_eq(c->isakmp_policies[0].number, 10);
	cr_assert_eq(c->isakmp_policies[0].suite.cipher, CIPHER_3DES);
	cr_assert_eq(c->isakmp_policies[0].suite.hash, HASH_SHA1);
	cr_assert_eq(c->isakmp_policies[0].suite.auth, AUTH_PSK);
	cr_assert_eq(c->isakmp_policies[0].suite.group, GROUP_2);
	cr_assert_eq(c->isakmp_policies[0].lifetime, 86400);
	cr_assert_eq(c->isakmp_key_count, 1);
	cr_assert_eq(c->isakmp_keys[0].peers.bits, 0);
	cr_assert_eq(c->isakmp_keys[0].len, 10);
	cr_assert_eq(memcmp(c->isakmp_keys[0].key, "ISAKMP-KEY", 10), 0);
	cr_assert_eq(c->tunnel_count, 1);
	cr_assert_str_eq(t->name, "Tunnel0");
	cr_assert_eq(addr_to_v4(&t->address.addr), 0xac100002);
	cr_assert_eq(t->address.bits, 24);
	cr_assert_str_eq(t->source_if, "eth0");
	cr_assert(addr_is_none(&t->source));
	cr_assert(t->has_key);
	cr_assert_eq(t->key, 1);
	cr_assert_eq(t->mtu, 1400);
	cr_assert_eq(t->ttl, 64);
	cr_assert_eq(p, &c->ipsec_profiles[0]);
	cr_assert_str_eq(p->name, "DMVPN");
	cr_assert_eq(p->transform_set_count, 1);
	cr_assert_eq(p->transform_sets[0], &c->transform_sets[0]);
	cr_assert_eq(p->transform_sets[0]->esp.cipher, CIPHER_3DES);
	cr_assert_eq(p->transform_sets[0]->esp.auth, HASH_SHA1);
	cr_assert_eq(p->pfs, GROUP_2);
	cr_assert_eq(p->lifetime_seconds, 3600);
	cr_assert_eq(p->lifetime_kilobytes, 4608000);
	cr_assert_eq(t->nhrp.network_id, 100);
	cr_assert_eq(t->nhrp.authentication_len, 8);
	cr_assert_eq(memcmp(t->nhrp.authentication, "NHRP-KEY", 8), 0);
	cr_assert_eq(t->nhrp.holdtime, 7200);
	cr_assert_eq(t->nhrp.hold_down, 60);
	cr_assert_eq(t->nhrp.resolution_answer, CONF_NHRP_ANSWER_EGRESS);
	cr_assert_eq(t->nhrp.map_count, 1);
	cr_assert(addr_equal(&t->nhrp.maps[0].protocol, &hub));
	cr_assert(addr_equal(&t->nhrp.maps[0].nbma, &nbma));
	cr_assert_eq(t->nhrp.nhs_count, 1);
	cr_assert(addr_equal(&t->nhrp.nhs[0].protocol, &hub));
	cr_assert(addr_equal(&t->nhrp.nhs[0].nbma, &nbma));
	cr_assert_not(conf_tunnel_is_hub(t));
}

Test(conf, site_a)
{
	struct conf *c = good(site_a);

	cr_assert_str_eq(c->hostname, "SiteA");
	cr_assert_eq(c->log_level, 6);
	cr_assert_eq(c->log_to, CONF_LOG_DEFAULT);
	cr_assert_null(c->log_path);
	check_site_a(c);
	conf_free(c);
}

Test(conf, examples)
{
	struct conf_report r;
	static const char *const modern[] = { "conf/spoke-modern.conf", "conf/hub-modern.conf" };
	struct conf *c = conf_load("conf/spoke.conf", NULL, &r);

	cr_assert_not_null(c);
	check_site_a(c);
	conf_free(c);
	conf_report_free(&r);

	c = conf_load("conf/hub.conf", NULL, &r);
	cr_assert_not_null(c);
	cr_assert_str_eq(c->hostname, "Hub");
	cr_assert(conf_tunnel_is_hub(&c->tunnels[0]));
	cr_assert_eq(addr_to_v4(&c->tunnels[0].address.addr), 0xac100001);
	conf_free(c);
	conf_report_free(&r);

	for (size_t f = 0; f < ARRAY_SIZE(modern); f++) {
		c = conf_load(modern[f], NULL, &r);
		cr_assert_not_null(c);
		cr_assert_eq(c->ipsec_profiles[0].transform_sets[0]->esp.cipher, CIPHER_GCM256);
		cr_assert_eq(conf_tunnel_is_hub(&c->tunnels[0]), f == 1);
		/* The mode of a file in the source tree is nobody's fault; today's algorithms are good. */
		for (size_t i = 0; i < r.count; i++)
			cr_assert_eq(r.messages[i].line, 0, "%s", r.messages[i].text);
		conf_free(c);
		conf_report_free(&r);
	}
}

Test(conf, everything_given)
{
	struct conf *c = good(
		"log-level = debugging log = /var/log/dmvpnd.log\n"
		"isakmp-keepalive { interval = 3600 retry = 60 mode = on-demand }\n"
		"tunnel a { address = 10.9.0.1/30 source = 192.0.2.1 mtu = 1300 ttl = 255\n"
		"  profile = P nhrp { network-id = 4294967295 holdtime = 65535 hold-down = 1\n"
		"  resolution-answer = hub } }\n"
		"tunnel b { address = 10.8.0.1/16 source = 192.0.2.1 key = 4294967295 profile = P\n"
		"  nhrp { network-id = 1 nhs 10.8.0.2 { } nhs 10.8.0.3 { }\n"
		"  map 10.8.0.3 { nbma = 192.0.2.3 } map 10.8.0.2 { nbma = 192.0.2.2 } } }\n"
		"ipsec-profile P { transform-set = { \"B\", A } pfs = 19 lifetime-seconds = 120\n"
		"  lifetime-kilobytes = 4294967295 }\n"
		"transform-set A { encryption = \"esp-aes 256\" authentication = esp-sha512-hmac }\n"
		"transform-set B { encryption = esp-gcm-256 }\n"
		"isakmp-policy 20 { encryption = aes hash = sha384 authentication = pre-share\n"
		"  group = 21 lifetime = 60 }\n"
		"isakmp-policy 3 { encryption = \"aes 192\" authentication = pre-share group = group15 }\n"
		"isakmp-key 192.0.2.0/24 { key = aaaaaaaaaaaaaaaaaaaa }\n"
		"isakmp-key 0.0.0.0/0 { key = bbbbbbbbbbbbbbbbbbbb }\n"
		"isakmp-key 192.0.2.2 { key = cccccccccccccccccccc }\n");
	struct addr peer = address("192.0.2.2"), other = address("192.0.2.3"), far = address("9.9.9.9");
	const struct conf_tunnel *a = &c->tunnels[0], *b = &c->tunnels[1];

	cr_assert_eq(c->log_level, 7);
	cr_assert_eq(c->log_to, CONF_LOG_FILE);
	cr_assert_str_eq(c->log_path, "/var/log/dmvpnd.log");
	cr_assert_eq(c->keepalive.interval, 3600);
	cr_assert_eq(c->keepalive.retry, 60);
	cr_assert_not(c->keepalive.periodic);
	cr_assert_null(c->hostname);
	cr_assert_str_eq(a->source_if, "");
	cr_assert_eq(addr_to_v4(&a->source), 0xc0000201);
	cr_assert_not(a->has_key);
	cr_assert_eq(a->nhrp.resolution_answer, CONF_NHRP_ANSWER_HUB);
	cr_assert_eq(a->nhrp.network_id, UINT32_MAX);
	cr_assert_eq(a->nhrp.authentication_len, 0);
	cr_assert_eq(b->key, UINT32_MAX);
	cr_assert_eq(b->nhrp.nhs_count, 2);
	cr_assert_eq(addr_to_v4(&b->nhrp.nhs[0].nbma), 0xc0000202);
	cr_assert_eq(addr_to_v4(&b->nhrp.nhs[1].nbma), 0xc0000203);
	/* Preference as written, priority by number, keys by length. */
	cr_assert_str_eq(a->profile->transform_sets[0]->name, "B");
	cr_assert_str_eq(a->profile->transform_sets[1]->name, "A");
	cr_assert_eq(a->profile->transform_sets[1]->esp.cipher, CIPHER_AES256);
	cr_assert_eq(c->isakmp_policies[0].number, 3);
	cr_assert_eq(c->isakmp_policies[0].suite.cipher, CIPHER_AES192);
	cr_assert_eq(c->isakmp_policies[1].suite.cipher, CIPHER_AES128);
	cr_assert_eq(conf_isakmp_key_for(c, &peer)->key[0], 'c');
	cr_assert_eq(conf_isakmp_key_for(c, &other)->key[0], 'a');
	cr_assert_eq(conf_isakmp_key_for(c, &far)->key[0], 'b');
	conf_free(c);
}

/* Some of its keys given, none, or the section left out: the others have their defaults. */
Test(conf, keepalive)
{
	struct conf_report r;
	struct conf *c = conf_load("conf/hub.conf", NULL, &r);

	conf_report_free(&r);
	cr_assert_eq(c->keepalive.interval, 10);
	cr_assert_eq(c->keepalive.retry, 2);
	cr_assert(c->keepalive.periodic);
	conf_free(c);
	c = good(CRYPTO "isakmp-keepalive { interval = 0 }" TUNNEL);
	cr_assert_eq(c->keepalive.interval, 0);
	cr_assert_eq(c->keepalive.retry, 2);
	cr_assert(c->keepalive.periodic);
	conf_free(c);
}

Test(conf, lexical_rules)
{
	struct conf *c = good(CRYPTO "hostname = 'A'# no blank is needed behind a string\n"
				     "// a comment\n//another\n/* and { \" */\r\n" TUNNEL
				     "isakmp-key '192.0.2.1' { key = \"${HOME} \\\\ \\\" # '\" }\n"
				     "isakmp-key '192.0.2.2' { key = '\\'\xc3\xa4// \"' } // end");
	struct addr one = address("192.0.2.1"), two = address("192.0.2.2");
	const struct conf_isakmp_key *k = conf_isakmp_key_for(c, &one);

	cr_assert_str_eq(c->hostname, "A");
	cr_assert_eq(k->len, strlen("${HOME} \\ \" # '"));
	cr_assert_eq(memcmp(k->key, "${HOME} \\ \" # '", k->len), 0);
	k = conf_isakmp_key_for(c, &two);
	cr_assert_eq(k->len, strlen("'\xc3\xa4// \""));
	cr_assert_eq(memcmp(k->key, "'\xc3\xa4// \"", k->len), 0);
	conf_free(c);
}

Test(conf, log_levels)
{
	cr_assert_eq(conf_log_level_by_name("emergencies"), 0);
	cr_assert_eq(conf_log_level_by_name("debugging"), 7);
	cr_assert_eq(conf_log_level_by_name("debug"), -1);
	cr_assert_str_eq(conf_log_level_name(4), "warnings");
	cr_assert_str_eq(conf_log_level_name(8), "unknown");
}

Test(conf, free_nothing)
{
	conf_free(NULL);
}

/* Written without stdio, which would keep a copy. */
static void write_file(const char *path, mode_t mode, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void temporary(char path[64])
{
	int fd;

	strcpy(path, "/tmp/dmvpnd-test.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
}

Test(conf, readable_file_with_secrets)
{
	static const struct {
		mode_t mode;
		const char *who;
	} cases[] = { { 0644, "everybody on this machine" }, { 0640, "its group" }, { 0600, NULL } };
	struct conf_report r;
	char path[64], text[200];

	temporary(path);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_file(path, cases[i].mode, CRYPTO TUNNEL, strlen(CRYPTO TUNNEL));
		conf_free(conf_load(path, NULL, &r));
		cr_assert_eq(r.errors, 0);
		snprintf(text, sizeof(text), "%s: %s can read the keys in it; run: chmod 600 '%s'", path,
			 cases[i].who ? cases[i].who : "", path);
		cr_assert_eq(r.messages[0].severity, CONF_WARNING);
		if (cases[i].who)
			cr_assert_str_eq(r.messages[0].text, text);
		else
			cr_assert_neq(r.messages[0].line, 0);
		conf_report_free(&r);
	}
	unlink(path);
}

Test(conf, unreadable_files)
{
	struct conf_report r;
	char path[64];
	static char large[(4 << 20) + 1];

	cr_assert_null(conf_load("/nonexistent/dmvpnd.conf", NULL, &r));
	cr_assert_str_eq(r.messages[0].text,
			 "/nonexistent/dmvpnd.conf: cannot be opened: No such file or directory");
	conf_report_free(&r);
	cr_assert_null(conf_load("/", NULL, &r));
	cr_assert_str_eq(r.messages[0].text, "/: cannot be read: Is a directory");
	conf_report_free(&r);

	temporary(path);
	memset(large, ' ', sizeof(large));
	write_file(path, 0600, large, sizeof(large));
	cr_assert_null(conf_load(path, NULL, &r));
	cr_assert_eq(r.errors, 1);
	cr_assert(strstr(r.messages[0].text, "larger than 4194304 octets"));
	conf_report_free(&r);
	unlink(path);
}

/* Copies of a secret in this process's heap, freed parts of it included. */
static unsigned int copies_in_heap(const char *secret, size_t len)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int found = 0;
	char line[512];

	cr_assert_not_null(maps);
	setvbuf(maps, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), maps)) {
		char *from, *to;

		if (!strstr(line, "[heap]") || sscanf(line, "%p-%p", (void **)&from, (void **)&to) != 2)
			continue;
		while ((from = memmem(from, (size_t)(to - from), secret, len))) {
			found++;
			from++;
		}
	}
	fclose(maps);
	return found;
}

/* Neither we nor libconfuse leave a copy behind, in a good file and in one that fails late. */
static void leaves_nothing(const char *end)
{
	char path[64], text[1024], secret[24], nhrp[9];
	struct conf_report r;
	struct conf *c;
	int n;

	for (size_t i = 0; i < sizeof(secret) - 1; i++)
		secret[i] = (char)('A' + (i * 7 + 3) % 26);
	secret[sizeof(secret) - 1] = '\0';
	for (size_t i = 0; i < sizeof(nhrp) - 1; i++)
		nhrp[i] = (char)('a' + (i * 5 + 2) % 26);
	nhrp[sizeof(nhrp) - 1] = '\0';
	n = snprintf(text, sizeof(text),
		     CRYPTO "isakmp-key 10.0.0.1 { key = \"%s\" }\n"
			    "isakmp-key 10.0.0.2 { key = %s } # %s\n"
			    "tunnel T { address = 172.16.0.1/24 source = eth0 profile = P\n"
			    "nhrp { network-id = 1 authentication = %s } }\n"
			    "tunnel U { address = 172.17.0.1/24 source = eth1 profile = P\n"
			    "nhrp { network-id = 1 authentication = '%s' } }\n%s",
		     secret, secret, secret, nhrp, nhrp, end);
	temporary(path);
	write_file(path, 0600, text, (size_t)n);
	c = conf_load(path, NULL, &r);
	cr_assert_eq(!c, *end != '\0');
	if (c)
		cr_assert_geq(copies_in_heap(secret, sizeof(secret) - 1), 2, "the search works");
	conf_free(c);
	cr_assert_eq(copies_in_heap(secret, sizeof(secret) - 1), 0);
	cr_assert_eq(copies_in_heap(nhrp, sizeof(nhrp) - 1), 0);
	for (size_t i = 0; i < r.count; i++) {
		cr_assert_null(strstr(r.messages[i].text, secret));
		cr_assert_null(strstr(r.messages[i].text, nhrp));
	}
	conf_report_free(&r);
	unlink(path);
}

Test(conf, secrets_are_wiped, .disabled = ASAN)
{
	leaves_nothing("");
}

Test(conf, secrets_are_wiped_after_errors, .disabled = ASAN)
{
	leaves_nothing("lg = 1 hostnam = 2 tunnel { }");
}

Test(conf, secrets_are_wiped_after_lexical_errors, .disabled = ASAN)
{
	leaves_nothing("tunnel \"");
}

/* Numbers that are the same on every run. */
static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void survive(const char *text, size_t len)
{
	struct conf_report r;
	char *copy = xcalloc(1, len + 1);
	struct conf *c;

	memcpy(copy, text, len);
	c = conf_parse(copy, "t.conf", &r);
	cr_assert_eq(c == NULL, r.errors > 0);
	for (size_t i = 0; i < r.count; i++)
		cr_assert(strncmp(r.messages[i].text, "t.conf:", 7) == 0);
	conf_free(c);
	conf_report_free(&r);
	free(copy);
}

Test(conf, survives_truncation)
{
	for (size_t i = 0; i <= strlen(site_a); i++)
		survive(site_a, i);
	/* A file that failed leaves nothing behind that would hurt the next. */
	conf_free(good(site_a));
}

Test(conf, survives_mutation)
{
	static const char signs[] = "{}=,\"'\\#/*$|@+()\n \t\x01\x80;0a-";
	static const char *const words[] = { "tunnel",	"nhrp",	 "map",	 "nhs",	   "key",	  " = ",
					     " { ",	" } ",	 "@0",	 "nhrp|key", "'nhrp|map' =", "root",
					     "include(", "''",	 "= {",	 "__unknown" };
	uint32_t state = 1;
	char text[2048];

	for (int run = 0; run < 4000; run++) {
		size_t len = strlen(site_a);

		memcpy(text, site_a, len);
		for (uint32_t n = next_number(&state) % 6 + 1; n > 0; n--) {
			size_t where = next_number(&state) % len;
			const char *word = words[next_number(&state) % ARRAY_SIZE(words)];
			size_t cut = next_number(&state) % 12;

			switch (next_number(&state) % 3) {
			case 0:
				text[where] = signs[next_number(&state) % (sizeof(signs) - 1)];
				break;
			case 1:
				cut = MIN(cut, len - where - 1);
				memmove(text + where, text + where + cut, len - where - cut);
				len -= cut;
				break;
			default:
				if (len + strlen(word) > sizeof(text))
					break;
				memmove(text + where + strlen(word), text + where, len - where);
				memcpy(text + where, word, strlen(word));
				len += strlen(word);
			}
		}
		survive(text, len);
	}
	conf_free(good(site_a));
}
