/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the files of a configuration to IKE's trustpoint. What is wrong with them joins the report
 * of the configuration: errors, and warnings about our own certificate as peers will see it today.
 */
#ifndef DAEMON_TRUSTPOINT_H
#define DAEMON_TRUSTPOINT_H

#include "conf/conf.h"
#include "ikev1/cert.h"

/*
 * file: of the configuration, as messages name it. NULL without a trustpoint, or with errors (then
 * report->errors is more than before). The caller releases it.
 */
struct trustpoint *trustpoint_load(const struct conf *conf, const char *file,
				   struct conf_report *report);

#endif
