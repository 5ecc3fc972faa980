/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/configuration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/privilege.h"
#include "daemon/trace.h"
#include "daemon/trustpoint.h"
#include "xfrm/xfrm.h"

struct conf *configuration_read(const char *path, const struct conf_interfaces *map,
				struct conf_report *report, struct trustpoint **tp)
{
	struct conf *conf = conf_load(path, map, report);

	*tp = conf ? trustpoint_load(conf, path, report) : NULL;
	if (!report->errors)
		return conf;
	conf_free(conf);
	return NULL;
}

void configuration_log(const struct conf_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		log_msg(report->messages[i].severity == CONF_NOTE ? LOG_NOTICE : LOG_WARNING, "%s",
			report->messages[i].text);
}

bool configuration_probe(struct daemon *d, const struct conf *conf, char why[CONFIGURATION_WHY])
{
	char reason[XFRM_WHY];

	for (size_t i = 0; i < conf->transform_set_count; i++) {
		const struct conf_transform_set *ts = &conf->transform_sets[i];

		if (!xfrm_probe(d->xfrm, &ts->esp, reason))
			continue;
		snprintf(why, CONFIGURATION_WHY, "transform-set %s: %s", ts->name, reason);
		return false;
	}
	return true;
}

bool configuration_open_log(const struct options *o, const struct conf *conf)
{
	enum trace_to to = o->background ? TRACE_SYSLOG : TRACE_STDERR;
	const char *path = o->log_file ? o->log_file : conf->log_path;
	int level = o->log_level >= 0 ? o->log_level : conf->log_level;

	if (o->log_file)
		to = TRACE_FILE;
	else if (o->log_syslog || conf->log_to == CONF_LOG_SYSLOG)
		to = TRACE_SYSLOG;
	else if (conf->log_to == CONF_LOG_FILE)
		to = TRACE_FILE;
	else if (conf->log_to == CONF_LOG_STDERR && !o->background)
		to = TRACE_STDERR;
	if (trace_open(to, path, o->instance, level))
		return true;
	log_msg(LOG_ERR, "cannot log to %s: %s%s", path, strerror(errno),
		privilege_unit_forbids(errno)
			? "; the systemd unit lets the log go below /var/log"
			: "");
	return false;
}
