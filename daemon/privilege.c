/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "daemon/trace.h"

/* The leak checker of a test build looks into its own process from another one. */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_BUILD 1
#endif
#endif
#ifndef TEST_BUILD
#define TEST_BUILD 0
#endif

/* Links, policies, neighbours; NHRP's packet sockets; UDP port 500. */
static const unsigned int needed[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE };

bool privilege_check(void)
{
	capng_get_caps_process();
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, needed[i]))
			continue;
		log_msg(LOG_ERR, "the capability %s is missing: start as root",
			capng_capability_to_name(needed[i]));
		return false;
	}
	return true;
}

static bool drop_capabilities(void)
{
	/* Without CAP_SETPCAP there is no bounding set to lower: whoever started us has. */
	bool bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			     needed[i]);
	return capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0;
}

bool privilege_drop(void)
{
	const struct rlimit none = { 0, 0 };

	if (!drop_capabilities() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		log_msg(LOG_ERR, "cannot let go of privileges: %s", strerror(errno));
		return false;
	}
	if (TEST_BUILD)
		return true;
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		log_msg(LOG_ERR, "cannot turn off core dumps, which would hold keys: %s",
			strerror(errno));
		return false;
	}
	return true;
}
