/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/draft.h"
#include "lib/util.h"

/* Where weak algorithms are named, so is what to take instead. */
#define WEAK_3DES "3DES is weak (64-bit blocks): AES is better, where the peer can"
#define WEAK_MD5 "MD5 is weak: SHA-256 is better, where the peer can"

static const char *const log_levels[] = { "emergencies", "alerts",	  "critical",	   "errors",
					  "warnings",	 "notifications", "informational", "debugging" };

int conf_log_level_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_levels); i++)
		if (strcmp(name, log_levels[i]) == 0)
			return (int)i;
	return -1;
}

const char *conf_log_level_name(int level)
{
	return level >= 0 && level < (int)ARRAY_SIZE(log_levels) ? log_levels[level] : "unknown";
}

bool read_number(const struct schema_key *key, const char *text, void *field,
		 char remark[REMARK_MAX])
{
	unsigned long v;
	char *end;

	(void)remark;
	errno = 0;
	v = strtoul(text, &end, 10);
	/* strtoul would also take blanks and a sign. */
	if (!isdigit((unsigned char)text[0]) || *end || errno || v < key->min || v > key->max)
		return false;
	switch (key->size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)v;
		return true;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)v;
		return true;
	default:
		*(uint32_t *)field = (uint32_t)v;
		return true;
	}
}

/* Who pastes what a show has printed would have a key that everybody can guess. */
static bool is_mask(const char *text, char remark[REMARK_MAX])
{
	if (strcmp(text, CONF_SECRET_MASK) != 0)
		return false;
	snprintf(remark, REMARK_MAX,
		 "this is what show running-config prints instead of it: put the secret itself here");
	return true;
}

bool read_secret(const struct schema_key *key, const char *text, void *field,
		 char remark[REMARK_MAX])
{
	struct conf_isakmp_key *k = field;
	size_t len = strlen(text);

	if (len < key->min || len > key->max) {
		snprintf(remark, REMARK_MAX, "expected %u to %u octets, found %zu", key->min,
			 key->max, len);
		return false;
	}
	if (is_mask(text, remark))
		return false;
	k->key = xmemdup(text, len);
	k->len = len;
	return true;
}

bool read_nhrp_secret(const struct schema_key *key, const char *text, void *field,
		      char remark[REMARK_MAX])
{
	struct conf_nhrp *n = field;
	size_t len = strlen(text);

	if (len < key->min || len > key->max) {
		snprintf(remark, REMARK_MAX,
			 "expected %u to %u octets (IOS takes no more), found %zu", key->min,
			 key->max, len);
		return false;
	}
	if (is_mask(text, remark))
		return false;
	memcpy(n->authentication, text, len);
	n->authentication_len = (uint8_t)len;
	return true;
}

static bool is_name(const char *text, size_t max, const char *also)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (!isalnum((unsigned char)text[n]) && !strchr(also, text[n]))
			return false;
	return n > 0 && n <= max;
}

bool read_name(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	(void)remark;
	if (!is_name(text, key->max, "._-"))
		return false;
	*(char **)field = xstrdup(text);
	return true;
}

bool read_names(const struct schema_key *key, const char *text, void *field,
		char remark[REMARK_MAX])
{
	struct draft_names *names = field;
	char *name;

	if (names->count == CONF_TRANSFORM_SETS_MAX) {
		snprintf(remark, REMARK_MAX, "more than %d of them", CONF_TRANSFORM_SETS_MAX);
		return false;
	}
	if (!read_name(key, text, &name, remark))
		return false;
	names->name = xreallocarray(names->name, names->count + 1, sizeof(*names->name));
	names->name[names->count++] = name;
	return true;
}

bool read_hostname(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	(void)remark;
	if (!is_name(text, key->max, ".-") || text[0] == '.' || text[0] == '-')
		return false;
	*(char **)field = xstrdup(text);
	return true;
}

bool read_log_level(const struct schema_key *key, const char *text, void *field,
		    char remark[REMARK_MAX])
{
	int level = conf_log_level_by_name(text);

	(void)key;
	(void)remark;
	if (level < 0)
		return false;
	*(int *)field = level;
	return true;
}

bool read_log(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	struct conf *conf = field;

	(void)key;
	(void)remark;
	if (strcmp(text, "stderr") == 0) {
		conf->log_to = CONF_LOG_STDERR;
	} else if (strcmp(text, "syslog") == 0) {
		conf->log_to = CONF_LOG_SYSLOG;
	} else if (text[0] == '/' && text[1]) {
		conf->log_to = CONF_LOG_FILE;
		conf->log_path = xstrdup(text);
	} else {
		return false;
	}
	return true;
}

bool read_keepalive_mode(const struct schema_key *key, const char *text, void *field,
			 char remark[REMARK_MAX])
{
	bool periodic = strcmp(text, "periodic") == 0;

	(void)key;
	(void)remark;
	if (!periodic && strcmp(text, "on-demand") != 0)
		return false;
	*(bool *)field = periodic;
	return true;
}

bool read_isakmp_cipher(const struct schema_key *key, const char *text, void *field,
			char remark[REMARK_MAX])
{
	enum cipher_id id = cipher_by_isakmp_name(text);

	(void)key;
	if (id == CIPHER_NONE)
		return false;
	if (cipher_get(id)->refused) {
		snprintf(remark, REMARK_MAX, "DES is broken and refused: use aes-128 or better, or "
					     "3des where the peer has nothing else");
		return false;
	}
	if (id == CIPHER_3DES)
		snprintf(remark, REMARK_MAX, WEAK_3DES);
	*(enum cipher_id *)field = id;
	return true;
}

bool read_isakmp_hash(const struct schema_key *key, const char *text, void *field,
		      char remark[REMARK_MAX])
{
	enum hash_id id = hash_by_isakmp_name(text);

	(void)key;
	if (id == HASH_NONE)
		return false;
	if (id == HASH_MD5)
		snprintf(remark, REMARK_MAX, WEAK_MD5);
	*(enum hash_id *)field = id;
	return true;
}

bool read_isakmp_auth(const struct schema_key *key, const char *text, void *field,
		      char remark[REMARK_MAX])
{
	(void)key;
	(void)remark;
	if (strcmp(text, auth_method_name(AUTH_PSK)) == 0)
		*(enum auth_method *)field = AUTH_PSK;
	else if (strcmp(text, auth_method_name(AUTH_RSA_SIG)) == 0)
		*(enum auth_method *)field = AUTH_RSA_SIG;
	else
		return false;
	return true;
}

/* The index of a word; -1: none of them. */
static int word_index(const char *const *words, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}

const char *const identity_words[] = { [CONF_IDENTITY_AUTO] = "auto",
				       [CONF_IDENTITY_ADDRESS] = "address",
				       [CONF_IDENTITY_HOSTNAME] = "hostname",
				       [CONF_IDENTITY_DN] = "dn" };

bool read_identity(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	int i = word_index(identity_words, ARRAY_SIZE(identity_words), text);

	(void)key;
	(void)remark;
	if (i >= 0)
		*(enum conf_identity *)field = (enum conf_identity)i;
	return i >= 0;
}

const char *const revocation_words[] = { [CONF_REVOCATION_NONE] = "none",
					 [CONF_REVOCATION_IF_PRESENT] = "crl-if-present",
					 [CONF_REVOCATION_CRL] = "crl" };

bool read_revocation(const struct schema_key *key, const char *text, void *field,
		     char remark[REMARK_MAX])
{
	int i = word_index(revocation_words, ARRAY_SIZE(revocation_words), text);

	(void)key;
	(void)remark;
	if (i >= 0)
		*(enum conf_revocation *)field = (enum conf_revocation)i;
	return i >= 0;
}

bool read_bool(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	static const char *const words[] = { "false", "true" };
	int i = word_index(words, ARRAY_SIZE(words), text);

	(void)key;
	(void)remark;
	if (i >= 0)
		*(bool *)field = i;
	return i >= 0;
}

bool read_isakmp_group(const struct schema_key *key, const char *text, void *field,
		       char remark[REMARK_MAX])
{
	enum group_id id = group_by_name(text);

	(void)key;
	if (id == GROUP_NONE)
		return false;
	if (group_get(id)->weak)
		snprintf(remark, REMARK_MAX,
			 "group %d is weak (%u bits): 14 or better is good, where the peer can", id,
			 group_get(id)->bits);
	*(enum group_id *)field = id;
	return true;
}

bool read_pfs(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	if (strcmp(text, "none") == 0) {
		*(enum group_id *)field = GROUP_NONE;
		return true;
	}
	return read_isakmp_group(key, text, field, remark);
}

bool read_esp_cipher(const struct schema_key *key, const char *text, void *field,
		     char remark[REMARK_MAX])
{
	enum cipher_id id = cipher_by_esp_name(text);

	(void)key;
	if (id == CIPHER_NONE)
		return false;
	if (cipher_get(id)->refused) {
		snprintf(remark, REMARK_MAX, "DES is broken and refused: use esp-aes or better, or "
					     "esp-3des where the peer has nothing else");
		return false;
	}
	if (id == CIPHER_3DES)
		snprintf(remark, REMARK_MAX, WEAK_3DES);
	else if (id == CIPHER_NULL)
		snprintf(remark, REMARK_MAX, "esp-null does not encrypt: all can be read on the way");
	*(enum cipher_id *)field = id;
	return true;
}

bool read_esp_hash(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	enum hash_id id = hash_by_esp_name(text);

	(void)key;
	if (id == HASH_NONE)
		return false;
	if (id == HASH_MD5)
		snprintf(remark, REMARK_MAX, WEAK_MD5);
	*(enum hash_id *)field = id;
	return true;
}

bool read_esp_mode(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	(void)key;
	(void)field;
	if (strcmp(text, "tunnel") == 0)
		snprintf(remark, REMARK_MAX, "GRE is the tunnel here, IPsec in tunnel mode would add a "
					     "second one: use transport, on the peers, too");
	return strcmp(text, "transport") == 0;
}

bool read_address(const struct schema_key *key, const char *text, void *field,
		  char remark[REMARK_MAX])
{
	struct addr a;

	(void)key;
	(void)remark;
	if (!addr_parse(text, &a) || !addr_is_unicast(&a))
		return false;
	*(struct addr *)field = a;
	return true;
}

bool read_key_prefix(const struct schema_key *key, const char *text, void *field,
		     char remark[REMARK_MAX])
{
	struct prefix p, network;
	char net[ADDR_TEXT], host[ADDR_TEXT];

	(void)key;
	if (!prefix_parse(text, &p))
		return false;
	network = prefix_network(&p);
	if (!addr_equal(&network.addr, &p.addr)) {
		snprintf(remark, REMARK_MAX, "the address has more bits than the prefix: write \"%s\" "
					     "for all of that network or \"%s\" for one peer",
			 prefix_text(&network, net), addr_text(&p.addr, host));
		return false;
	}
	*(struct prefix *)field = p;
	return true;
}

bool read_nat_pool(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	struct prefix p;

	(void)key;
	if (!prefix_parse(text, &p) || !strchr(text, '/') || !addr_is_nbma(&p.addr) || p.bits < 8 ||
	    p.bits > 24)
		return false;
	if (addr_is_unicast(&p.addr))
		snprintf(remark, REMARK_MAX,
			 "no peer may have one of these addresses; 240.0.0.0/8 is safe, because "
			 "nobody has one of those");
	*(struct prefix *)field = prefix_network(&p);
	return true;
}

bool read_tunnel_address(const struct schema_key *key, const char *text, void *field,
			 char remark[REMARK_MAX])
{
	struct prefix p;
	uint32_t host, hosts;

	(void)key;
	if (!prefix_parse(text, &p) || !strchr(text, '/') || !addr_is_unicast(&p.addr) ||
	    p.bits < 8 || p.bits > 30)
		return false;
	hosts = UINT32_MAX >> p.bits;
	host = addr_to_v4(&p.addr) & hosts;
	if (host == 0 || host == hosts) {
		snprintf(remark, REMARK_MAX, "\"%.20s\" is the network's %s address, not a host's", text,
			 host == 0 ? "own" : "broadcast");
		return false;
	}
	*(struct prefix *)field = p;
	return true;
}

/* What the kernel takes as the name of a link. */
static bool is_interface(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (!isgraph((unsigned char)text[n]) || text[n] == '/' || text[n] == ':')
			return false;
	return n > 0 && n < IFNAMSIZ && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

bool read_interface(const struct schema_key *key, const char *text, void *field,
		    char remark[REMARK_MAX])
{
	(void)key;
	(void)remark;
	if (!is_interface(text))
		return false;
	strcpy(field, text);
	return true;
}

bool read_source(const struct schema_key *key, const char *text, void *field,
		 char remark[REMARK_MAX])
{
	struct conf_tunnel *t = field;

	/* A mistyped address is not meant to be an interface. */
	if (text[strspn(text, "0123456789./")] == '\0')
		return read_address(key, text, &t->source, remark);
	return read_interface(key, text, t->source_if, remark);
}

bool read_resolution_answer(const struct schema_key *key, const char *text, void *field,
			    char remark[REMARK_MAX])
{
	(void)key;
	(void)remark;
	if (strcmp(text, "egress") == 0)
		*(enum conf_nhrp_answer *)field = CONF_NHRP_ANSWER_EGRESS;
	else if (strcmp(text, "hub") == 0)
		*(enum conf_nhrp_answer *)field = CONF_NHRP_ANSWER_HUB;
	else
		return false;
	return true;
}
