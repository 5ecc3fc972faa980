/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of settings, written where they differ: a read-only /proc/sys that is right will do. */
#include "gre/link_sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"

struct setting {
	const char *place, *name;
	char value;
	enum { LINK, LINK_IF_THERE, ALL_LINKS } of; /* not every kernel has all of them */
};

static const struct setting settings[] = {
	/* Neighbours are asked for by netlink, never on the wire. */
	{ "ipv4/neigh", "app_solicit", '1', LINK },
	{ "ipv4/neigh", "mcast_solicit", '0', LINK },
	{ "ipv4/neigh", "ucast_solicit", '0', LINK },
	/*
	 * In and out on the same link is how a hub works, and NHRP is what tells the spokes. A link
	 * sends redirects if it or `all` says so; the other links keep what they say themselves.
	 */
	{ "ipv4/conf", "send_redirects", '0', LINK },
	{ "ipv4/conf", "send_redirects", '0', ALL_LINKS },
	{ "ipv4/conf", "accept_redirects", '0', LINK },
	/* Loose; the larger of this and conf/all holds, so 0 would leave a strict one in force. */
	{ "ipv4/conf", "rp_filter", '2', LINK },
	/* So that a new address outlives the old one of the same prefix, and routes with it. */
	{ "ipv4/conf", "promote_secondaries", '1', LINK },
	/* Else router solicitations and listener reports go out as GRE. */
	{ "ipv6/conf", "disable_ipv6", '1', LINK_IF_THERE },
};

int link_sysctl_read(const char *path, long *value)
{
	char have[24] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (read(fd, have, sizeof(have) - 1) < 0)
		err = errno;
	close(fd);
	*value = strtol(have, NULL, 10);
	return err;
}

int link_sysctl_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		err = errno;
	close(fd);
	return err;
}

static int set(const char *path, char value)
{
	const char text[] = { value, '\0' };
	long have;
	int err = link_sysctl_read(path, &have);

	return err || have == value - '0' ? err : link_sysctl_write(path, text);
}

int link_sysctl_apply(const char *name, char why[GRE_WHY])
{
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		int err;

		snprintf(path, sizeof(path), "/proc/sys/net/%s/%.15s/%s", s->place,
			 s->of == ALL_LINKS ? "all" : name, s->name);
		err = set(path, s->value);
		if (!err || (err == ENOENT && s->of == LINK_IF_THERE))
			continue;
		snprintf(why, GRE_WHY, "cannot set %s to %c: %s; mount /proc/sys writable, or set it "
			 "before the start", path, s->value, strerror(err));
		return err;
	}
	return 0;
}
