/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a file to a struct conf: read (parse.c), judge (check.c), finish (draft.c). */
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
	struct complaints c = { name, report };

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

struct conf *conf_load(const char *path, struct conf_report *report)
{
	struct complaints c = { path, report };
	struct conf *conf = NULL;
	ssize_t len = -1;
	char *buf;
	int fd;

	*report = (struct conf_report){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		complain(&c, CONF_ERROR, 0, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	buf = xcalloc(1, FILE_MAX + 1);
	len = read_all(fd, buf);
	if (len < 0)
		complain(&c, CONF_ERROR, 0, "cannot be read: %s", strerror(errno));
	else if ((size_t)len > FILE_MAX)
		complain(&c, CONF_ERROR, 0, "larger than %zu octets", FILE_MAX);
	else
		conf = parse(buf, (size_t)len, &c);
	if (conf && has_secrets(conf))
		check_mode(fd, &c);
	if (len > 0)
		util_wipe(buf, (size_t)len);
	free(buf);
	close(fd);
	return conf;
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
