/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ipsec_settings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/trace.h"
#include "lib/util.h"

#define ROOT "/proc/sys/net/"

/* One number. -1: it cannot be read. */
static int read_setting(const char *path)
{
	char text[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return atoi(text);
}

void ipsec_settings_of_all(void)
{
	if (read_setting(ROOT "core/xfrm_larval_drop") == 0)
		log_msg(LOG_WARNING,
			"net.core.xfrm_larval_drop is 0: while SAs with one peer are negotiated, "
			"packets to all others wait; set it back: sysctl -w net.core.xfrm_larval_drop=1");
}

/* sysctl(8) takes a slash for a dot in a name, as in eth0.100. */
static void sysctl_name(const char *interface, char out[IFNAMSIZ])
{
	snprintf(out, IFNAMSIZ, "%s", interface);
	for (char *dot; (dot = strchr(out, '.'));)
		*dot = '/';
}

struct setting {
	const char *name, *effect;
};

/* Measured: an interface's own and those of "all" hold, either is enough. */
static const struct setting outside[] = {
	{ "disable_xfrm", "what leaves there is not encrypted" },
	{ "disable_policy", "what comes in there is also taken in the clear" },
};
/* The tunnel's own packets are outside of it; these concern what is in them. */
static const struct setting inside[] = {
	{ "disable_xfrm", "no other IPsec policy holds for what is sent through the tunnel" },
	{ "disable_policy", "no other IPsec policy holds for what comes through the tunnel" },
};

static void check_interface(const char *tunnel, const char *interface,
			    const struct setting settings[2])
{
	char path[96], name[IFNAMSIZ];

	sysctl_name(interface, name);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), ROOT "ipv4/conf/%.15s/%s", interface,
			 settings[i].name);
		if (read_setting(path) <= 0)
			continue;
		log_msg(LOG_WARNING,
			"%s: net.ipv4.conf.%s.%s is not 0: %s; set it back: "
			"sysctl -w net.ipv4.conf.%s.%s=0",
			tunnel, name, settings[i].name, settings[i].effect, name,
			settings[i].name);
	}
}

/* Which interface has the address; false: none. */
static bool interface_of(const struct addr *local, char out[IFNAMSIZ])
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		return false;
	for (a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;

		if (in && in->sin_family == AF_INET && ntohl(in->sin_addr.s_addr) == addr_to_v4(local))
			break;
	}
	if (a)
		snprintf(out, IFNAMSIZ, "%s", a->ifa_name);
	freeifaddrs(all);
	return a;
}

void ipsec_settings_of_tunnel(const char *tunnel, const char *source_if, const struct addr *local)
{
	char source[IFNAMSIZ];

	check_interface(tunnel, tunnel, inside);
	check_interface(tunnel, "all", outside);
	if (source_if[0])
		check_interface(tunnel, source_if, outside);
	/* What is sent to an address of lo comes in elsewhere, and lo itself has both set. */
	else if (interface_of(local, source) && strcmp(source, "lo") != 0)
		check_interface(tunnel, source, outside);
}
