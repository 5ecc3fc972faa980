/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings under /proc/sys/net that others may have changed and with which the kernel does not what
 * this daemon relies on: IPsec is passed by, or one peer's negotiation holds up all others. They are
 * the administrator's, so nothing is changed; a warning says which, what follows, and the command.
 *
 * A file that cannot be read is no warning: not every kernel has all of them.
 */
#ifndef DAEMON_IPSEC_SETTINGS_H
#define DAEMON_IPSEC_SETTINGS_H

#include "lib/addr.h"

/* Those of the network namespace; once, at the start. */
void ipsec_settings_of_all(void);
/*
 * Those of the tunnel's interface, of all, and of the one that has its source address: source_if, or,
 * where that is empty, whichever has `local`. When the tunnel is made, and when its source changes.
 */
void ipsec_settings_of_tunnel(const char *tunnel, const char *source_if,
			       const struct addr *local);

#endif
