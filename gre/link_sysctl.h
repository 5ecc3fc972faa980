/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the room: what an mGRE link needs under /proc/sys. */
#ifndef GRE_LINK_SYSCTL_H
#define GRE_LINK_SYSCTL_H

#include "gre/link.h"

/* A number of /proc/sys. 0 or a positive errno. */
int link_sysctl_read(const char *path, long *value);
int link_sysctl_write(const char *path, const char *value);
/* For a link of this network namespace. 0 or a positive errno with why. */
int link_sysctl_apply(const char *name, char why[GRE_WHY]);

#endif
