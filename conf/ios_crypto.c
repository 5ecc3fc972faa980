/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of ISAKMP and IPsec. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "conf/schema.h"
#include "lib/addr.h"
#include "lib/util.h"

#define POLICY	"isakmp-policy"
#define KEY	"isakmp-key"
#define SET	"transform-set"
#define PROFILE "ipsec-profile"

#define REPLAY_WINDOW 256 /* packets, of each of our SAs */

/* Whether our own table of keys knows the value. */
static bool is_known(enum section_id section, const char *name, const char *value)
{
	const struct schema_key *k =
		&schema_section(section)->keys[schema_key_index(section, name)];
	union {
		struct conf_isakmp_policy policy;
		struct conf_transform_set set;
	} scratch = { 0 };
	char remark[REMARK_MAX] = "";

	return k->read(k, value, (char *)&scratch + k->offset, remark);
}

/* ---- phase 1 policies ---- */

static void policy(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	ios_enter(x, IOS_POLICY, outline_child(&x->root, POLICY, arg[0], x->at->number));
}

static void encryption(struct ios *x, const char *const *arg, size_t n)
{
	char name[32];

	if (ios_is(arg[0], "aes"))
		snprintf(name, sizeof(name), "aes-%.8s", n > 1 ? arg[1] : "128");
	else
		snprintf(name, sizeof(name), "%.20s", arg[0]);
	ios_set(x, "encryption", name);
}

/* ---- keys ---- */

/* Without a mask one peer is meant, with 0.0.0.0 any. */
static void add_key(struct ios *x, const char *key, const char *address, const char *mask)
{
	char prefix[ADDR_TEXT];
	struct outline *o;
	const char *before;

	if (!mask)
		mask = ios_is(address, "0.0.0.0") ? address : "255.255.255.255";
	if (!ios_prefix(x, address, mask, prefix))
		return;
	o = outline_child(&x->root, KEY, prefix, x->at->number);
	before = outline_get(o, "key");
	/* Keyrings may say so, each for tunnels of its own. */
	if (before && strcmp(before, key) != 0)
		ios_say(x, CONF_ERROR,
			"line %u has another key for %s: dmvpnd has one key for an address; give "
			"each the addresses of its peers",
			o->line, prefix);
	else
		outline_set(o, "key", key, x->at->number);
}

#define BY_ADDRESS                                                                        \
	"only keys by IPv4 address are supported; main mode chooses a pre-shared key by " \
	"the peer's address: write that one"

static bool is_type(const char *word)
{
	return strlen(word) == 1 && word[0] >= '0' && word[0] <= '9';
}

/* What hides a secret of type 7. */
static const char veil[] = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

/* Two digits say where in the veil it begins, then two hexadecimal ones for each octet. */
static bool unveil(const char *text, char out[IOS_SECRET_MAX])
{
	size_t n = strlen(text), at, len = 0;

	if (n < 4 || n % 2 || n / 2 > IOS_SECRET_MAX || !isdigit(text[0]) || !isdigit(text[1]) ||
	    strspn(text, "0123456789ABCDEFabcdef") != n)
		return false;
	at = (size_t)(text[0] - '0') * 10 + (size_t)(text[1] - '0');
	for (size_t i = 2; i < n; i += 2) {
		char octet[3] = { text[i], text[i + 1] };

		out[len++] = (char)((unsigned char)strtoul(octet, NULL, 16) ^
				    (unsigned char)veil[at++ % (sizeof(veil) - 1)]);
	}
	out[len] = '\0';
	return strlen(out) == len;
}

/* What stands for a secret that somebody took out: <removed>, {{ key }}, ******, xxxxxx */
static bool is_masked(const char *secret)
{
	size_t n = strlen(secret);

	return (n > 2 && secret[0] == '<' && secret[n - 1] == '>') ||
	       strncmp(secret, "{{", 2) == 0 || strncmp(secret, "${", 2) == 0 ||
	       (n > 2 && (strspn(secret, "*") == n || strspn(secret, "xX") == n));
}

bool ios_secret(struct ios *x, const char *const *arg, size_t n, char out[IOS_SECRET_MAX])
{
	bool typed = n > 1 && is_type(arg[0]);

	out[0] = '\0';
	if (typed && arg[0][0] == '6') {
		ios_say(x, CONF_ERROR,
			"the key is encrypted (type 6) with a password that is not in the text: "
			"write the key as it is instead of 6 and what follows");
		return false;
	}
	if (is_masked(arg[typed])) {
		ios_say(x, CONF_ERROR,
			"the key is not in the text, something else stands in its place: write "
			"the key there");
		return false;
	}
	if (typed && arg[0][0] == '7') {
		if (!unveil(arg[1], out))
			ios_say(x, CONF_ERROR,
				"the key is no obfuscated one (type 7): expected two digits, then "
				"hexadecimal digits");
		return out[0] != '\0';
	}
	if (strlen(arg[typed]) >= IOS_SECRET_MAX) {
		ios_say(x, CONF_ERROR, "the key is longer than %d octets", IOS_SECRET_MAX - 1);
		return false;
	}
	snprintf(out, IOS_SECRET_MAX, "%s", arg[typed]);
	return true;
}

static void add_secret(struct ios *x, const char *const *secret, size_t n, const char *address,
		       const char *mask)
{
	char key[IOS_SECRET_MAX];

	if (ios_secret(x, secret, n, key))
		add_key(x, key, address, mask);
	util_wipe(key, sizeof(key));
}

/*
 * [0|6|7] KEY {address ADDRESS [MASK] | hostname NAME} [no-xauth], in the global form; in a keyring the
 * key comes last, behind "key".
 */
static void key(struct ios *x, const char *const *arg, size_t n)
{
	size_t i = n > 2 && is_type(arg[0]) && !ios_is(arg[1], "address") ? 1 : 0;

	/* Perhaps of several words. */
	if (n > i && (is_masked(arg[i]) || arg[i][0] == '<') && n > i + 1 &&
	    !ios_means(arg[i + 1], "address")) {
		ios_say(x, CONF_ERROR,
			"crypto isakmp key: expected a key of one word, then address ADDRESS");
		return;
	}
	if (n < i + 3 || !ios_means(arg[i + 1], "address") || ios_is(arg[i + 2], "ipv6")) {
		ios_say(x, CONF_WARNING, "crypto isakmp key: " BY_ADDRESS);
		return;
	}
	add_secret(x, arg, i + 1, arg[i + 2],
		   n > i + 3 && !ios_is(arg[i + 3], "no-xauth") ? arg[i + 3] : NULL);
}

static void pre_shared_key(struct ios *x, const char *const *arg, size_t n)
{
	size_t k = 1;

	while (k < n && !ios_is(arg[k], "key"))
		k++;
	if (!ios_means(arg[0], "address") || k < 2 || k > 3 || ios_is(arg[1], "ipv6")) {
		ios_say(x, CONF_WARNING, "pre-shared-key: " BY_ADDRESS);
		return;
	}
	if (k + 1 < n)
		add_secret(x, arg + k + 1, n - k - 1, arg[1], k == 3 ? arg[2] : NULL);
}

/* crypto keyring NAME [vrf NAME] */
static void keyring(struct ios *x, const char *const *arg, size_t n)
{
	/* One of a VRF is used if a profile names it, or where it is that of outer packets. */
	bool named = !x->profiles.count || x->isakmp_profiles.count ||
		     (n > 2 && ios_is_outside(x, arg[2]));

	if (!ios_is_used(x, IOS_KIND_KEYRING, arg[0]) || (n > 1 && !named)) {
		ios_pass_over(x);
		return;
	}
	if (n > 1)
		ios_say(x, CONF_ERROR,
			"crypto keyring: VRFs are not supported, so this key would be used for "
			"peers of all; where nothing else is on this machine, leave out vrf and its "
			"name");
	ios_enter(x, IOS_KEYRING, NULL);
}

static void isakmp_profile(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	if (ios_is_used(x, IOS_KIND_ISAKMP_PROFILE, arg[0]))
		ios_enter(x, IOS_ISAKMP_PROFILE, NULL);
	else
		ios_pass_over(x);
}

/* match identity address ADDRESS [MASK] [VRF] */
static void match_address(struct ios *x, const char *const *arg, size_t n)
{
	struct prefix p = { .bits = 32 };
	char text[ADDR_TEXT];
	struct addr mask;

	if (ios_is(arg[0], "0.0.0.0")) {
		x->match_any = true;
		return;
	}
	if (n > 1 && addr_parse(arg[1], &mask)) {
		if (!ios_prefix(x, arg[0], arg[1], text) || !prefix_parse(text, &p))
			return;
	} else if (!addr_parse(arg[0], &p.addr)) {
		ios_say(x, CONF_WARNING, "match identity address: only IPv4 addresses are known");
		return;
	}
	x->match = xreallocarray(x->match, x->match_count + 1, sizeof(*x->match));
	x->match[x->match_count++] = p;
	x->match_line = x->at->number;
}

/* crypto isakmp keepalive SECONDS [RETRIES] [periodic | on-demand] */
static void keepalive(struct ios *x, const char *const *arg, size_t n)
{
	struct outline *o = outline_child(&x->root, "isakmp-keepalive", NULL, x->at->number);
	bool retry = n > 1 && arg[1][0] >= '0' && arg[1][0] <= '9';

	outline_set(o, "interval", arg[0], x->at->number);
	outline_set(o, "retry", retry ? arg[1] : "2", retry ? x->at->number : 0);
	outline_set(o, "mode", ios_is(arg[n - 1], "periodic") ? "periodic" : "on-demand",
		    x->at->number);
}

/* keepalive SECONDS retry SECONDS, of an isakmp profile. */
static void profile_keepalive(struct ios *x, const char *const *arg, size_t n)
{
	struct outline *o = outline_child(&x->root, "isakmp-keepalive", NULL, x->at->number);

	(void)n;
	outline_set(o, "interval", arg[0], x->at->number);
	outline_set(o, "retry", arg[1], x->at->number);
	outline_set(o, "mode", "on-demand", 0);
}

static void nat_keepalive(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	outline_set(&x->root, "nat-keepalive", arg[0], x->at->number);
}

static void identity(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	outline_set(&x->root, "isakmp-identity", ios_is(arg[0], "fqdn") ? "hostname" : arg[0],
		    x->at->number);
}

/* ---- phase 2 ---- */

#define TRANSFORM_MAX 32

/* "esp-aes" and "256" as our own syntax has it. Returns its key, NULL where there is none. */
static const char *transform(const char *word, const char *bits, char out[TRANSFORM_MAX])
{
	size_t n = strlen(word);

	if (n > 5 && ios_is(word + n - 5, "-hmac")) {
		snprintf(out, TRANSFORM_MAX, "%.30s", word);
		return "authentication";
	}
	if (strncasecmp(word, "esp-", 4) != 0 || ios_is(word, "esp-gmac"))
		return NULL;
	/* 128 is what our names mean without a number. */
	snprintf(out, TRANSFORM_MAX, "%.20s%s%.4s", word, bits && !ios_is(bits, "128") ? "-" : "",
		 bits && !ios_is(bits, "128") ? bits : "");
	return "encryption";
}

static bool is_bits(const char *const *word, size_t count, size_t i)
{
	return i < count && isdigit((unsigned char)word[i][0]);
}

bool ios_set_is_done(const struct ios_line *l, bool transport)
{
	const char *const *word = (const char *const *)l->word;
	char value[TRANSFORM_MAX];

	for (size_t i = 4; i < l->count && transport; i++) {
		bool bits = is_bits(word, l->count, i + 1);
		const char *key_name = transform(word[i], bits ? word[i + 1] : NULL, value);

		transport = key_name && is_known(SECTION_TRANSFORM_SET, key_name, value);
		i += bits;
	}
	return transport;
}

static void transform_set(struct ios *x, const char *const *arg, size_t n)
{
	char name[IOS_NAME_MAX], value[TRANSFORM_MAX];

	if (!ios_is_used(x, IOS_KIND_SET, arg[0])) {
		ios_pass_over(x);
		return;
	}
	if (ios_set_is_left_out(x, arg[0])) {
		ios_say(x, CONF_WARNING,
			"crypto ipsec transform-set %.40s: tunnel mode and some algorithms are not "
			"done; "
			"it is left out, its profile has others",
			arg[0]);
		x->use = IOS_UNSUPPORTED;
		ios_enter(x, IOS_BLOCK, NULL);
		return;
	}
	ios_enter(x, IOS_TRANSFORM,
		  outline_child(&x->root, SET, ios_name(arg[0], name), x->at->number));
	for (size_t i = 1; i < n; i++) {
		bool bits = is_bits(arg, n, i + 1);
		const char *key_name = transform(arg[i], bits ? arg[i + 1] : NULL, value);

		if (key_name)
			ios_set(x, key_name, value);
		else
			ios_say(x, CONF_ERROR,
				"crypto ipsec transform-set: \"%.20s\" is not supported: expected "
				"ESP "
				"with encryption",
				arg[i]);
		i += bits;
	}
}

static void ipsec_profile(struct ios *x, const char *const *arg, size_t n)
{
	char name[IOS_NAME_MAX];

	(void)n;
	if (!ios_is_used(x, IOS_KIND_PROFILE, arg[0])) {
		ios_pass_over(x);
		return;
	}
	ios_enter(x, IOS_PROFILE,
		  outline_child(&x->root, PROFILE, ios_name(arg[0], name), x->at->number));
}

static void set_transform_set(struct ios *x, const char *const *arg, size_t n)
{
	char name[IOS_NAME_MAX];
	bool again = false;

	for (size_t i = 0; i < n; i++) {
		if (ios_set_is_left_out(x, arg[i]))
			continue;
		/* Said again, it replaces what was said before. */
		if (again)
			outline_add(x->section, "transform-set", ios_name(arg[i], name),
				    x->at->number);
		else
			ios_set(x, "transform-set", ios_name(arg[i], name));
		again = true;
	}
}

static void set_pfs(struct ios *x, const char *const *arg, size_t n)
{
	ios_set(x, "pfs", n ? arg[0] : "group1");
}

static void set_kilobytes(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	ios_set(x, "lifetime-kilobytes", ios_is(arg[0], "disable") ? "4294967295" : arg[0]);
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = xstrdup(by);
}

#define SECONDS_MAX 86400 /* IOS XE takes more */

/* {seconds | days} N, as our own syntax takes it. */
static const char *lifetime(struct ios *x, const char *const *arg, char out[24])
{
	unsigned long seconds = strtoul(arg[1], NULL, 10);

	if (ios_means(arg[0], "days"))
		seconds = MIN(seconds, 1000UL) * 86400;
	if (arg[1][strspn(arg[1], "0123456789")] != '\0')
		return arg[1];
	if (seconds > SECONDS_MAX) {
		ios_say(x, CONF_WARNING, "lifetime: %d seconds is the longest that is done",
			SECONDS_MAX);
		seconds = SECONDS_MAX;
	}
	snprintf(out, 24, "%lu", seconds);
	return out;
}

static void set_seconds(struct ios *x, const char *const *arg, size_t n)
{
	char text[24];

	(void)n;
	ios_set(x, "lifetime-seconds", lifetime(x, arg, text));
}

static void all_seconds(struct ios *x, const char *const *arg, size_t n)
{
	char text[24];

	(void)n;
	replace(&x->seconds, lifetime(x, arg, text));
	x->seconds_line = x->at->number;
}

/* crypto ipsec security-association replay window-size N, and of a profile. */
static void replay_window(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	if (strtoul(arg[0], NULL, 10) <= REPLAY_WINDOW)
		return;
	x->use = IOS_UNSUPPORTED;
	ios_say(x, CONF_WARNING, "replay window-size: the window has %d packets", REPLAY_WINDOW);
}

static void all_kilobytes(struct ios *x, const char *const *arg, size_t n)
{
	(void)n;
	replace(&x->kilobytes, ios_is(arg[0], "disable") ? "4294967295" : arg[0]);
	x->kilobytes_line = x->at->number;
}

/* ---- what is not done ---- */

static void trustpoint(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	ios_enter(x, IOS_TRUSTPOINT, NULL);
}

#define NO_REPLAY "let packets in that were there before; they are dropped"
#define DF	  "set the DF bit of outer packets, which the tunnel leaves clear"
#define NOT_IKEV2                                                                               \
	"dmvpnd speaks IKEv1 only, so this tunnel would have no protection: give it a profile " \
	"without, here and on all members, or shut it down"

static const struct ios_command rows[] = {
	{ IOS_GLOBAL, "crypto isakmp policy $", IOS_APPLIED, NULL, policy },
	{ IOS_POLICY, "encr|encryption $ ...", IOS_APPLIED, NULL, encryption },
	{ IOS_POLICY, "hash $", IOS_APPLIED, "hash", NULL },
	{ IOS_POLICY, "authentication $", IOS_APPLIED, "authentication", NULL },
	{ IOS_POLICY, "group $", IOS_APPLIED, "group", NULL },
	{ IOS_POLICY, "lifetime $", IOS_APPLIED, "lifetime", NULL },

	{ IOS_GLOBAL, "crypto isakmp key $ ...", IOS_APPLIED, NULL, key },
	{ IOS_GLOBAL, "crypto keyring $ ...", IOS_APPLIED, NULL, keyring },
	{ IOS_KEYRING, "pre-shared-key $ ...", IOS_APPLIED, NULL, pre_shared_key },
	{ IOS_KEYRING, "description ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_KEYRING, "local-address ...", IOS_UNSUPPORTED,
	  "limited these keys to one of our own addresses; they are used with all", NULL },

	{ IOS_GLOBAL, "crypto isakmp profile $ ...", IOS_APPLIED, NULL, isakmp_profile },
	{ IOS_ISAKMP_PROFILE, "keyring $", IOS_ALWAYS, NULL, NULL },
	{ IOS_ISAKMP_PROFILE, "description ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_ISAKMP_PROFILE, "match identity address $ ...", IOS_ALWAYS, NULL, match_address },
	{ IOS_ISAKMP_PROFILE, "match ...", IOS_UNSUPPORTED,
	  "limited the peers to those of this identity; `authorize` binds identities to tunnel "
	  "addresses instead",
	  NULL },
	{ IOS_ISAKMP_PROFILE, "self-identity $ ...", IOS_APPLIED, NULL, identity },
	{ IOS_ISAKMP_PROFILE, "keepalive $ retry $", IOS_APPLIED, NULL, profile_keepalive },
	{ IOS_ISAKMP_PROFILE, "vrf ...", IOS_REFUSED,
	  "VRFs are not supported, so the tunnels would not be kept apart; where nothing else is "
	  "on "
	  "this machine, leave the line out",
	  NULL },
	{ IOS_ISAKMP_PROFILE, "initiate mode aggressive", IOS_UNSUPPORTED,
	  "begun with aggressive mode, which shows everybody what a key can be guessed from; main "
	  "mode is used, which a peer takes as well unless it knows our key by a name only",
	  NULL },
	{ IOS_ISAKMP_PROFILE, "local-address ...", IOS_UNSUPPORTED,
	  "limited the profile to one of our own addresses; its keys are used with all", NULL },
	{ IOS_ISAKMP_PROFILE, "ca trust-point $", IOS_ALWAYS, NULL, NULL },
	{ IOS_ISAKMP_PROFILE, "client|isakmp|virtual-template|accounting|qos-group ...",
	  IOS_UNSUPPORTED, "been for VPN clients (EasyVPN)", NULL },
	{ IOS_ISAKMP_PROFILE, "...", IOS_UNSUPPORTED,
	  "changed how peers of this profile are treated", NULL },

	{ IOS_GLOBAL, "crypto isakmp keepalive $ ...", IOS_APPLIED, NULL, keepalive },
	{ IOS_GLOBAL, "crypto isakmp identity $", IOS_APPLIED, NULL, identity },
	{ IOS_GLOBAL, "crypto isakmp invalid-spi-recovery", IOS_ALWAYS, NULL, NULL },
	{ IOS_GLOBAL, "crypto isakmp fragmentation", IOS_ALWAYS, NULL, NULL },
	{ IOS_GLOBAL, "crypto isakmp enable", IOS_ALWAYS,
	  "turned ISAKMP off, so that no protected tunnel comes up", NULL },
	{ IOS_GLOBAL, "crypto isakmp aggressive-mode disable", IOS_ALWAYS, NULL, NULL },
	{ IOS_GLOBAL, "crypto isakmp nat keepalive $", IOS_APPLIED, NULL, nat_keepalive },
	{ IOS_GLOBAL, "crypto isakmp peer ...", IOS_UNSUPPORTED,
	  "begun with aggressive mode, with a key of its own; main mode is used, with the keys by "
	  "address",
	  ios_block },
	{ IOS_GLOBAL, "crypto isakmp client ...", IOS_UNSUPPORTED, "let in VPN clients (EasyVPN)",
	  ios_block },
	{ IOS_GLOBAL, "crypto isakmp disconnect-revoked-peers", IOS_UNSUPPORTED,
	  "ended SAs of peers whose certificate was revoked meanwhile", NULL },
	{ IOS_GLOBAL, "crypto isakmp ...", IOS_UNSUPPORTED, "changed how phase 1 is done",
	  ios_block },

	{ IOS_GLOBAL, "crypto ipsec transform-set $ ...", IOS_APPLIED, NULL, transform_set },
	{ IOS_TRANSFORM, "mode $ ...", IOS_APPLIED, "mode", NULL },
	{ IOS_GLOBAL, "crypto ipsec profile $", IOS_APPLIED, NULL, ipsec_profile },
	{ IOS_PROFILE, "description ...", IOS_SYSTEM, NULL, NULL },
	{ IOS_PROFILE, "set transform-set $ ...", IOS_APPLIED, NULL, set_transform_set },
	{ IOS_PROFILE, "set pfs ...", IOS_APPLIED, NULL, set_pfs },
	{ IOS_PROFILE, "set security-association lifetime $ $", IOS_APPLIED, NULL, set_seconds },
	{ IOS_PROFILE, "set security-association lifetime kilobytes $", IOS_APPLIED, NULL,
	  set_kilobytes },
	{ IOS_PROFILE, "set security-association idle-time ...", IOS_UNSUPPORTED,
	  "ended SAs that nothing used; those of paths that nothing uses end with the path", NULL },
	{ IOS_PROFILE, "set security-association replay window-size $", IOS_ALWAYS, NULL,
	  replay_window },
	{ IOS_PROFILE, "set security-association replay disable", IOS_UNSUPPORTED, NO_REPLAY,
	  NULL },
	{ IOS_PROFILE, "set security-association dfbit clear", IOS_ALWAYS, NULL, NULL },
	{ IOS_PROFILE, "set security-association dfbit ...", IOS_UNSUPPORTED, DF, NULL },
	{ IOS_PROFILE, "responder-only", IOS_UNSUPPORTED,
	  "let the other side begin; here each side does that has something to send", NULL },
	{ IOS_PROFILE, "set isakmp-profile $", IOS_ALWAYS, NULL, NULL },
	{ IOS_PROFILE, "set ikev2-profile $", IOS_REFUSED, NOT_IKEV2, NULL },
	{ IOS_PROFILE, "set identity $", IOS_UNSUPPORTED,
	  "limited the peers to those of an identity list", NULL },
	{ IOS_PROFILE, "...", IOS_UNSUPPORTED, "changed how SAs of this profile are made", NULL },

	{ IOS_GLOBAL, "crypto ipsec security-association lifetime $ $", IOS_APPLIED, NULL,
	  all_seconds },
	{ IOS_GLOBAL, "crypto ipsec security-association lifetime kilobytes $", IOS_APPLIED, NULL,
	  all_kilobytes },
	{ IOS_GLOBAL, "crypto ipsec security-association idle-time $", IOS_UNSUPPORTED,
	  "ended SAs that nothing used; those of paths that nothing uses end with the path", NULL },
	{ IOS_GLOBAL, "crypto ipsec security-association replay window-size $", IOS_ALWAYS, NULL,
	  replay_window },
	{ IOS_GLOBAL, "crypto ipsec security-association replay disable", IOS_UNSUPPORTED,
	  NO_REPLAY, NULL },
	{ IOS_GLOBAL, "crypto ipsec nat-transparency udp-encapsulation", IOS_ALWAYS,
	  "done without NAT traversal; where there is a NAT, it is done", NULL },
	{ IOS_GLOBAL, "crypto ipsec fragmentation ...", IOS_ALWAYS, NULL, NULL },
	{ IOS_GLOBAL, "crypto ipsec df-bit clear", IOS_ALWAYS, NULL, NULL },
	{ IOS_GLOBAL, "crypto ipsec df-bit ...", IOS_UNSUPPORTED, DF, NULL },
	{ IOS_GLOBAL, "crypto ipsec optional ...", IOS_UNSUPPORTED,
	  "let packets through in the clear while there are no SAs; here none ever leaves so",
	  NULL },
	{ IOS_GLOBAL, "crypto ipsec ...", IOS_UNSUPPORTED, "changed how phase 2 is done",
	  ios_block },

	{ IOS_GLOBAL, "crypto pki trustpoint $", IOS_SYSTEM, NULL, trustpoint },
	{ IOS_GLOBAL, "crypto pki certificate chain ...", IOS_SYSTEM, NULL, ios_block },
	{ IOS_GLOBAL, "crypto pki ...", IOS_SYSTEM, NULL, ios_block },
	{ IOS_GLOBAL, "crypto ca ...", IOS_SYSTEM, NULL, ios_block },
	{ IOS_GLOBAL, "crypto key ...", IOS_SYSTEM, NULL, ios_block },
	{ IOS_TRUSTPOINT, "...", IOS_SYSTEM, NULL, NULL },
	{ IOS_GLOBAL, "crypto ikev2 ...", IOS_UNSUPPORTED, "set up IKEv2", ios_block },
	{ IOS_GLOBAL, "crypto map ...", IOS_UNSUPPORTED,
	  "protected traffic other than the tunnels'", ios_block },
	{ IOS_GLOBAL, "crypto dynamic-map ...", IOS_UNSUPPORTED,
	  "protected traffic other than the tunnels'", ios_block },
	{ IOS_GLOBAL, "crypto engine|call|logging|mib|ssl|ctcp|vpn|provisioning|wui|identity ...",
	  IOS_SYSTEM, NULL, ios_block },
	{ IOS_GLOBAL, "crypto gdoi ...", IOS_UNSUPPORTED, "set up group encryption (GET VPN)",
	  ios_block },
	{ IOS_GLOBAL, "crypto ...", IOS_UNSUPPORTED, "changed encryption", ios_block },
};

const struct ios_commands ios_crypto = { rows, ARRAY_SIZE(rows) };

/* ---- at the end ---- */

static void set_default(struct outline *o, const char *key_name, const char *value)
{
	if (!outline_get(o, key_name))
		outline_set(o, key_name, value, 0);
}

static bool is_section(const struct outline *o, const char *name)
{
	return strcmp(o->name, name) == 0;
}

/* A policy that we cannot do is only left out: with the others the tunnel is no less safe. */
static bool is_possible(struct ios *x, const struct outline *o, bool by_default)
{
	static const char *const names[] = { "encryption", "hash", "authentication", "group" };
	const char *cipher = outline_get(o, "encryption");
	const char *auth = outline_get(o, "authentication");

	if (ios_is(cipher, "des")) {
		complain(x->complaints, CONF_WARNING, o->line,
			 "crypto isakmp policy %.8s: DES%s is not done, anybody can break it; the "
			 "policy is left out",
			 o->title, by_default ? ", IOS's default," : "");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (is_known(SECTION_ISAKMP_POLICY, names[i], outline_get(o, names[i])))
			continue;
		complain(x->complaints, CONF_WARNING, o->line,
			 "crypto isakmp policy %.8s: %s %.20s is not done; the policy is left out",
			 o->title, names[i], outline_get(o, names[i]));
		return false;
	}
	if (!ios_is(auth, "rsa-sig"))
		return true;
	complain(x->complaints, CONF_WARNING, o->line,
		 "crypto isakmp policy %.8s: rsa-sig needs certificates and a private key, which "
		 "are "
		 "not in the text, the policy is left out: export them (crypto pki export) and put "
		 "a "
		 "trustpoint into what `dmvpnctl convert` writes",
		 o->title);
	return false;
}

static void finish_policies(struct ios *x)
{
	for (size_t i = x->root.child_count; i-- > 0;) {
		struct outline *o = x->root.child[i];
		bool by_default;

		if (!is_section(o, POLICY))
			continue;
		by_default = !outline_get(o, "encryption");
		set_default(o, "encryption", "des");
		set_default(o, "hash", "sha");
		set_default(o, "authentication", "rsa-sig");
		set_default(o, "group", "1");
		set_default(o, "lifetime", "86400");
		if (!is_possible(x, o, by_default))
			outline_remove(&x->root, o);
	}
}

static void finish_set(struct ios *x, struct outline *o)
{
	const char *m = outline_get(o, "mode");

	if (m && ios_is(m, "transport"))
		return;
	complain(x->complaints, CONF_ERROR, o->line,
		 "crypto ipsec transform-set %.40s: tunnel mode%s is not done: say mode transport, "
		 "here and on all members",
		 o->title, m ? "" : ", IOS's default,");
	outline_set(o, "mode", "transport", 0);
}

static void finish_profiles(struct ios *x)
{
	for (size_t i = 0; i < x->root.child_count; i++) {
		struct outline *o = x->root.child[i];

		if (is_section(o, SET))
			finish_set(x, o);
		if (!is_section(o, PROFILE))
			continue;
		if (!outline_get(o, "lifetime-seconds"))
			outline_set(o, "lifetime-seconds", x->seconds ? x->seconds : "3600",
				    x->seconds_line);
		if (!outline_get(o, "lifetime-kilobytes"))
			outline_set(o, "lifetime-kilobytes",
				    x->kilobytes ? x->kilobytes : "4608000", x->kilobytes_line);
	}
}

/* A profile limits its peers to some addresses; with us a key does. */
static void finish_matches(struct ios *x)
{
	for (size_t i = 0; x->match_count && !x->match_any && i < x->root.child_count; i++) {
		const struct outline *o = x->root.child[i];
		bool inside = false;
		struct prefix key;

		if (!is_section(o, KEY) || !prefix_parse(o->title, &key))
			continue;
		for (size_t m = 0; m < x->match_count; m++)
			inside |= x->match[m].bits <= key.bits &&
				  prefix_contains(&x->match[m], &key.addr);
		if (!inside)
			complain(x->complaints, CONF_WARNING, x->match_line,
				 "match identity address: would have limited the peers to these "
				 "addresses; the key of line %u is for %s: give it those instead",
				 o->line, o->title);
	}
}

void ios_crypto_finish(struct ios *x)
{
	finish_matches(x);
	finish_policies(x);
	finish_profiles(x);
}
