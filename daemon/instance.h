/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a process a daemon: one per instance name (a locked pid file in RUNDIR), one per
 * network namespace (its policies and links are there once), the background, and the service
 * manager that wants to know when it is ready.
 */
#ifndef DAEMON_INSTANCE_H
#define DAEMON_INSTANCE_H

#include <stdbool.h>

#include "lib/util.h"

struct instance {
	char *pid_path;
	int pid_fd;	  /* locked as long as the process lives */
	int namespace_fd; /* an abstract socket: its name is taken in this namespace */
};

/*
 * Goes to the background: the caller returns in the child, while the parent waits for
 * instance_ready() and then ends with status 0, or with 1 when the child ends before. -1: an error
 * has been logged. Otherwise the pipe to the parent.
 */
int instance_background(void);
/* Tells the parent (pipe, or -1) and the service manager. The terminal is let go. */
void instance_ready(int pipe);
void instance_stopping(void);
/* When the service manager's watchdog has to hear again that the loop turns; MSEC_NEVER: there is none. */
msec instance_deadline(void);
void instance_tick(msec now);

/* False: an error has been logged (who holds what we need). */
bool instance_claim(struct instance *in, const char *name);
void instance_release(struct instance *in);

#endif
