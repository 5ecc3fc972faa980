/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file to a struct conf: read (parse.c), judge (check.c), finish (draft.c). An IOS
 * running-config becomes text in our own syntax first (ios.c).
 */
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/check.h"
#include "conf/draft.h"
#include "conf/file.h"
#include "conf/ios.h"
#include "conf/ios_frr.h"
#include "conf/ios_lines.h"
#include "conf/parse.h"
#include "conf/report.h"
#include "lib/util.h"

#define FILE_MAX ((size_t)4 << 20) /* octets; ten thousand peers with a key each need less */

static bool has_secrets(const struct conf *c)
{
	for (size_t i = 0; i < c->tunnel_count; i++)
		if (c->tunnels[i].nhrp.authentication_len)
			return true;
	return c->isakmp_key_count > 0;
}

static struct conf *parse(const char *text, size_t len, const struct complaints *c)
{
	struct draft d;

	parse_text(text, len, c, &d);
	check_draft(&d);
	if (c->report->errors == 0)
		return draft_finish(&d);
	draft_free(&d);
	return NULL;
}

struct conf *conf_parse(const char *text, const char *name, struct conf_report *report)
{
	struct complaints c = { .file = name, .report = report };

	*report = (struct conf_report){ 0 };
	return parse(text, strlen(text), &c);
}

/* Up to FILE_MAX + 1 octets; -1 with errno. */
static ssize_t read_all(int fd, char *buf)
{
	size_t len = 0;

	while (len <= FILE_MAX) {
		ssize_t n = read(fd, buf + len, FILE_MAX + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static void check_mode(int fd, const struct complaints *c)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & (S_IRGRP | S_IROTH)))
		return;
	complain(c, CONF_WARNING, 0, "%s can read the keys in it; run: chmod 600 '%s'",
		 st.st_mode & S_IROTH ? "everybody on this machine" : "its group", c->file);
}

/* What was done of an IOS configuration, in one sentence. */
static void summarize(const struct ios_text *t, const struct complaints *c)
{
	const size_t *n = t->count;

	complain(c, CONF_NOTE, 0,
		 "an IOS configuration: of %zu lines %zu are carried out, %zu need nothing here (%zu "
		 "are always so, %zu are the system's, %zu a routing daemon's), %zu are not supported "
		 "and warned of",
		 n[IOS_APPLIED] + n[IOS_ALWAYS] + n[IOS_SYSTEM] + n[IOS_ROUTING] +
			 n[IOS_UNSUPPORTED] + n[IOS_REFUSED],
		 n[IOS_APPLIED], n[IOS_ALWAYS] + n[IOS_SYSTEM] + n[IOS_ROUTING], n[IOS_ALWAYS],
		 n[IOS_SYSTEM], n[IOS_ROUTING], n[IOS_UNSUPPORTED]);
}

static struct conf *parse_ios(const struct ios_text *t, const struct complaints *c)
{
	struct complaints made = *c;

	made.made_from = t->ours.line;
	made.line_count = t->ours.line_count;
	summarize(t, c);
	return parse(t->ours.text, t->ours.len, &made);
}

static struct conf *parse_either(const char *text, size_t len, const struct conf_interfaces *here,
				 const struct complaints *c)
{
	struct ios_text t;
	struct conf *conf;

	if (!ios_is_config(text, len))
		return parse(text, len, c);
	ios_convert(text, len, here, c, &t);
	conf = parse_ios(&t, c);
	ios_text_free(&t);
	return conf;
}

/* A file's content, FILE_MAX + 1 octets of room; NULL after a complaint. */
static char *read_file_text(const char *path, const struct complaints *c, size_t *len, int *fd)
{
	char *buf;
	ssize_t n;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		complain(c, CONF_ERROR, 0, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	buf = xcalloc(1, FILE_MAX + 1);
	n = read_all(*fd, buf);
	if (n < 0)
		complain(c, CONF_ERROR, 0, "cannot be read: %s", strerror(errno));
	else if ((size_t)n > FILE_MAX)
		complain(c, CONF_ERROR, 0, "larger than %zu octets", FILE_MAX);
	else if (n > 1 && (memcmp(buf, "\xff\xfe", 2) == 0 || memcmp(buf, "\xfe\xff", 2) == 0))
		complain(c, CONF_ERROR, 0,
			 "is UTF-16 (\"Unicode\" in Windows): save it as UTF-8, or iconv -f UTF-16 "
			 "-t UTF-8");
	*len = n < 0 ? 0 : (size_t)n;
	if (!c->report->errors)
		return buf;
	util_wipe(buf, *len);
	free(buf);
	close(*fd);
	return NULL;
}

struct conf *conf_load(const char *path, const struct conf_interfaces *here,
		       struct conf_report *report)
{
	struct complaints c = { .file = path, .report = report };
	struct conf *conf;
	size_t len;
	char *buf;
	int fd;

	*report = (struct conf_report){ 0 };
	buf = read_file_text(path, &c, &len, &fd);
	if (!buf)
		return NULL;
	conf = parse_either(buf, len, here, &c);
	if (conf && has_secrets(conf))
		check_mode(fd, &c);
	util_wipe(buf, len);
	free(buf);
	close(fd);
	return conf;
}

static char *convert_to_ours(const char *text, size_t len, const struct conf_interfaces *here,
			     const struct complaints *c)
{
	struct ios_text t;
	char *out;

	ios_convert(text, len, here, c, &t);
	conf_free(parse_ios(&t, c));
	out = xstrdup(t.ours.text);
	ios_text_free(&t);
	return out;
}

static char *convert_to_frr(const char *text, size_t len, const struct conf_interfaces *here)
{
	struct ios_lines lines;
	char *out;

	ios_lines_read(text, len, &lines);
	ios_lines_take_back(&lines);
	out = ios_frr(&lines, here);
	ios_lines_free(&lines);
	return out;
}

char *conf_convert(const char *path, enum conf_target to, const struct conf_interfaces *here,
		   struct conf_report *report)
{
	struct complaints c = { .file = path, .report = report };
	char *buf, *text = NULL;
	size_t len;
	int fd;

	*report = (struct conf_report){ 0 };
	buf = read_file_text(path, &c, &len, &fd);
	if (!buf)
		return NULL;
	if (!ios_is_config(buf, len))
		complain(&c, CONF_ERROR, 0,
			 "is no IOS configuration: expected what show running-config prints");
	else if (to == CONF_TO_OURS)
		text = convert_to_ours(buf, len, here, &c);
	else
		text = convert_to_frr(buf, len, here);
	util_wipe(buf, len);
	free(buf);
	close(fd);
	return text;
}

void conf_text_free(char *text)
{
	if (text)
		util_wipe(text, strlen(text));
	free(text);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->isakmp_key_count; i++) {
		util_wipe(c->isakmp_keys[i].key, c->isakmp_keys[i].len);
		free(c->isakmp_keys[i].key);
	}
	if (c->trustpoint)
		file_free_trustpoint(c->trustpoint);
	free(c->trustpoint);
	for (size_t i = 0; i < c->transform_set_count; i++)
		free(c->transform_sets[i].name);
	for (size_t i = 0; i < c->ipsec_profile_count; i++) {
		free(c->ipsec_profiles[i].name);
		free(c->ipsec_profiles[i].transform_sets);
	}
	for (size_t i = 0; i < c->tunnel_count; i++) {
		struct conf_nhrp *n = &c->tunnels[i].nhrp;

		util_wipe(n->authentication, sizeof(n->authentication));
		for (size_t j = 0; j < n->nhs_count; j++)
			free(n->nhs[j].name);
		for (size_t j = 0; j < n->authorize_count; j++) {
			free(n->authorize[j].identity);
			free(n->authorize[j].addresses.addr);
		}
		free(n->multicast.addr);
		free(n->maps);
		free(n->nhs);
		free(n->clusters);
		free(n->authorize);
	}
	free(c->hostname);
	free(c->log_path);
	free(c->hook);
	free(c->isakmp_policies);
	free(c->isakmp_keys);
	free(c->transform_sets);
	free(c->ipsec_profiles);
	free(c->tunnels);
	free(c);
}

const struct conf_isakmp_key *conf_isakmp_key_for(const struct conf *conf, const struct addr *peer)
{
	for (size_t i = 0; i < conf->isakmp_key_count; i++)
		if (prefix_contains(&conf->isakmp_keys[i].peers, peer))
			return &conf->isakmp_keys[i];
	return NULL;
}

bool conf_tunnel_is_hub(const struct conf_tunnel *tunnel)
{
	return tunnel->nhrp.nhs_count == 0;
}
