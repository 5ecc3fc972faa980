/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the IOS reader: a configuration that lacks nothing, and what reads texts. */
#ifndef TESTS_UNIT_IOS_TEXT_H
#define TESTS_UNIT_IOS_TEXT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diff.h"

static char fast[] = "FastEthernet0/0", eth[] = "eth0";
static struct conf_interface one[] = { { fast, eth } };
static const struct conf_interfaces map = { one, 1 };

/* What a configuration needs, for tests of the rest; lines are added below. */
#define BASE                                                                             \
	"hostname R1\n"                                                                  \
	"crypto isakmp policy 10\n encr aes 256\n authentication pre-share\n group 14\n" \
	"crypto isakmp key 0123456789abcdefghij address 0.0.0.0 0.0.0.0\n"               \
	"crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac\n mode transport\n"    \
	"crypto ipsec profile P\n set transform-set T\n"
#define TUNNEL                                                      \
	"interface Tunnel0\n ip address 172.16.0.2 255.255.255.0\n" \
	" ip nhrp network-id 1\n tunnel source FastEthernet0/0\n"   \
	" tunnel mode gre multipoint\n tunnel protection ipsec profile P\n"

static inline const char *write_file(const char *text, size_t len)
{
	static char path[] = "/tmp/test_conf_ios.XXXXXX";
	int fd;

	snprintf(path + sizeof(path) - 7, 7, "XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
	return path;
}

static inline struct conf *load(const char *text, struct conf_report *r)
{
	const char *path = write_file(text, strlen(text));
	struct conf *c = conf_load(path, &map, r);

	unlink(path);
	return c;
}

static inline const struct conf_message *find(const struct conf_report *r, const char *part)
{
	for (size_t i = 0; i < r->count; i++)
		if (strstr(r->messages[i].text, part))
			return &r->messages[i];
	return NULL;
}

static inline struct conf *good(const char *text)
{
	struct conf_report r;
	struct conf *c = load(text, &r);

	cr_assert_not_null(c, "%s", r.count ? r.messages[0].text : "no message");
	conf_report_free(&r);
	return c;
}

static inline void assert_same(struct conf *a, struct conf *b)
{
	struct conf_diff *d = conf_diff(a, b);

	cr_assert_eq(d->what & ~(unsigned int)CONF_CHANGED_LOG, 0, "%x", d->what);
	cr_assert_eq(d->changes, 0);
	free(d);
	conf_free(a);
	conf_free(b);
}

#endif
