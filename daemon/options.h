/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of dmvpnd. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>

#include "conf/conf.h"
#include "daemon/trace.h"

/*
 * Exit status where starting once more would not help: the command line, or the configuration, makes no
 * sense. The systemd unit does not try again then.
 */
#define EXIT_SENSELESS 2

struct options {
	const char *config; /* what to run */
	struct conf_interfaces map; /* for one of IOS; goes with the program */
	const char *check;  /* what to check instead; NULL: run */
	const char *instance;
	const char *log_file; /* NULL: not said */
	bool log_syslog;
	const char *keylog; /* folder; NULL: no keys are written */
	int log_level; /* -1: not said */
	bool background;
};

/*
 * True: *out says what to do. False: the program is done and ends with *status (help was asked
 * for, or what is wrong has been printed).
 */
bool options_parse(struct options *out, int argc, char **argv, int *status);

#endif
