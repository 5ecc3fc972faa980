/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of value.h that is about tunnels, next hop servers and what the daemon does around them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/value.h"
#include "lib/util.h"

#define PATH_SHOWN 100
#define DNS_NAME_MAX 253 /* RFC 1035 2.3.4, as text */
#define DNS_LABEL_MAX 63

bool read_mtu(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	if (strcmp(text, "auto") != 0)
		return read_number(key, text, field, remark);
	*(uint16_t *)field = 0;
	return true;
}

const char *const sysctl_words[] = { [CONF_SYSCTL_CHECK] = "check",
				     [CONF_SYSCTL_SET] = "set",
				     [CONF_SYSCTL_IGNORE] = "ignore" };

bool read_sysctl(const struct schema_key *key, const char *text, void *field,
		 char remark[REMARK_MAX])
{
	(void)key;
	(void)remark;
	for (size_t i = 0; i < ARRAY_SIZE(sysctl_words); i++)
		if (strcmp(sysctl_words[i], text) == 0) {
			*(enum conf_sysctl *)field = (enum conf_sysctl)i;
			return true;
		}
	return false;
}

/*
 * It runs with our privileges: whoever can write it has them, too. That it is there now does not
 * mean that it will be, so this is not the last time that an error about it can be told.
 */
bool read_hook(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	struct stat st;

	(void)key;
	if (text[0] != '/')
		return false;
	if (stat(text, &st)) {
		snprintf(remark, REMARK_MAX, "%.*s: %s", PATH_SHOWN, text, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || access(text, X_OK)) {
		snprintf(remark, REMARK_MAX, "%.*s is no program; run: chmod +x '%.*s'", PATH_SHOWN,
			 text, PATH_SHOWN / 2, text);
		return false;
	}
	if (st.st_mode & S_IWOTH)
		snprintf(remark, REMARK_MAX,
			 "everybody on this machine can change it; run: chmod o-w '%.*s'",
			 PATH_SHOWN, text);
	*(char **)field = xstrdup(text);
	return true;
}

bool read_addresses(const struct schema_key *key, const char *text, void *field,
		    char remark[REMARK_MAX])
{
	struct conf_addrs *list = field;
	struct addr a;

	if (!read_address(key, text, &a, remark))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (addr_equal(&list->addr[i], &a)) {
			snprintf(remark, REMARK_MAX, "\"%.20s\" is there twice", text);
			return false;
		}
	if (list->count == CONF_ADDRS_MAX) {
		snprintf(remark, REMARK_MAX, "more than %d of them", CONF_ADDRS_MAX);
		return false;
	}
	list->addr = xreallocarray(list->addr, list->count + 1, sizeof(*list->addr));
	list->addr[list->count++] = a;
	return true;
}

bool read_multicast(const struct schema_key *key, const char *text, void *field,
		    char remark[REMARK_MAX])
{
	struct conf_nhrp *n = field;

	if (strcmp(text, "dynamic") != 0)
		return read_addresses(key, text, &n->multicast, remark);
	n->multicast_dynamic = true;
	return true;
}

/* Labels of letters, digits and "-", with a letter somewhere: 10.0.0 is a mistyped address. */
static bool is_dns_name(const char *text)
{
	size_t label = 0, len = strlen(text);
	bool letter = false;

	if (len > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '.' && (!label || text[i - 1] == '-'))
			return false;
		if (c != '.' && !isalnum(c) && (c != '-' || !label))
			return false;
		letter |= isalpha(c) != 0;
		label = c == '.' ? 0 : label + 1;
		if (label > DNS_LABEL_MAX)
			return false;
	}
	return letter && text[len - 1] != '-';
}

bool read_nhs_nbma(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	struct conf_nhrp_nhs *nhs = field;

	if (!is_dns_name(text))
		return read_address(key, text, &nhs->nbma, remark);
	nhs->name = xstrdup(text);
	return true;
}

bool read_identity_text(const struct schema_key *key, const char *text, void *field,
			char remark[REMARK_MAX])
{
	(void)remark;
	if (!*text || strlen(text) > key->max)
		return false;
	*(char **)field = xstrdup(text);
	return true;
}
