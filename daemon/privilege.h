/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileges: the daemon stays root (its files and its sockets belong to root) with three
 * capabilities and no way to others. CAP_NET_ADMIN also writes what a tunnel needs under
 * /proc/sys/net, so that links can be made later.
 */
#ifndef DAEMON_PRIVILEGE_H
#define DAEMON_PRIVILEGE_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* Whether what the daemon needs is there. False: an error has been logged. */
bool privilege_check(void);
/*
 * Lets go of all that is not needed any more, and keeps keys out of core dumps. False: an error
 * has been logged.
 */
bool privilege_drop(void);
/* Whether a file could not be written, by this errno, for what systemd's unit leaves writable. */
static inline bool privilege_unit_forbids(int err)
{
	return getenv("NOTIFY_SOCKET") && (err == EROFS || err == EACCES);
}

#endif
