/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as the daemon takes it in, at its start and at a reload: the file with those that
 * it names, what of it this kernel cannot do, and where the log goes.
 */
#ifndef DAEMON_CONFIGURATION_H
#define DAEMON_CONFIGURATION_H

#include <stdbool.h>

#include "conf/conf.h"

struct daemon;
struct options;
struct trustpoint;

/* The file and those that it names. NULL, and no trustpoint, where there is any error. */
struct conf *configuration_read(const char *path, const struct conf_interfaces *map,
				struct conf_report *report, struct trustpoint **tp);
/* What is to be said about one that is good. */
void configuration_log(const struct conf_report *report);
/*
 * Whether the kernel knows all algorithms of the transform-sets; it also loads its modules then, so
 * that the first peer need not wait for them.
 */
#define CONFIGURATION_WHY 512
bool configuration_probe(struct daemon *d, const struct conf *conf, char why[CONFIGURATION_WHY]);
/* What the command line says comes before what the file says. False: an error has been logged. */
bool configuration_open_log(const struct options *o, const struct conf *conf);

#endif
