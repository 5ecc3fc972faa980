/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"
#include "daemon/configuration.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/show.h"
#include "daemon/trace.h"
#include "daemon/translate.h"
#include "daemon/tunnel.h"
#include "daemon/upkeep.h"
#include "daemon/verbs.h"
#include "ikev1/cert.h"
#include "ikev1/ike.h"

/* What is read, judged and ready to take the place of what runs. */
struct fresh {
	struct conf *conf;
	struct trustpoint *trustpoint;
};

static json_t *refuse(struct daemon *d, const struct conf_report *report)
{
	json_t *errors = json_array(), *answer;

	for (size_t i = 0; i < report->count; i++) {
		if (report->messages[i].severity != CONF_ERROR)
			continue;
		log_msg(LOG_ERR, "%s", report->messages[i].text);
		json_array_append_new(errors, show_text(report->messages[i].text));
	}
	log_msg(LOG_ERR, "%s has errors: nothing is changed", d->config_path);
	answer = verbs_error("%s has errors: nothing is changed", d->config_path);
	json_object_set_new(answer, "errors", errors);
	return answer;
}

static json_t *refuse_because(struct daemon *d, const char *why)
{
	log_msg(LOG_ERR, "%s; nothing is changed", why);
	(void)d;
	return json_pack("{s:o}", "error", json_sprintf("%s; nothing is changed", why));
}

__attribute__((format(printf, 2, 3))) static void told(json_t *changed, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_msg(LOG_NOTICE, "reload: %s", text);
	json_array_append_new(changed, json_string(text));
}

static struct tunnel *tunnel_of(struct daemon *d, const struct conf_tunnel *conf)
{
	TUNNELS_EACH (d, t)
		if (t->conf == conf)
			return t;
	return NULL;
}

/* Those that are gone, and those that will be made anew. */
static void drop(struct daemon *d, const struct conf_diff *diff, json_t *changed)
{
	struct tunnel **list = xcalloc(diff->count, sizeof(struct tunnel *));
	size_t n = 0;

	for (size_t i = 0; i < diff->count; i++) {
		const struct conf_tunnel_diff *td = &diff->tunnels[i];

		if (!td->before || (td->after && !(td->what & CONF_CHANGED_NATURE)))
			continue;
		list[n++] = tunnel_of(d, td->before);
		told(changed, "tunnel %s: %s", td->before->name,
		     td->after ? "made anew, for its address, key or protection" : "removed");
	}
	tunnels_drop(d, list, n);
	free(list);
}

/* From here on nothing points into the old configuration. */
static void swap(struct daemon *d, const struct conf_diff *diff, const struct fresh *fresh)
{
	struct ike_terms *old_terms = d->ike_terms;

	for (size_t i = 0; i < diff->count; i++) {
		const struct conf_tunnel_diff *td = &diff->tunnels[i];
		struct tunnel *t = td->before && td->after ? tunnel_of(d, td->before) : NULL;

		if (t)
			t->conf = td->after;
	}
	d->ike_terms = translate_ike(fresh->conf, fresh->trustpoint);
	d->conf = fresh->conf;
	ike_configure(d->ike, &d->ike_terms->config);
	tunnels_reprofile(d);
	ike_terms_free(old_terms);
}

/* What the others have become, and those that are new. */
static bool bring_up(struct daemon *d, const struct conf_diff *diff, json_t *changed)
{
	bool ok = true;

	for (size_t i = 0; i < diff->count; i++) {
		const struct conf_tunnel_diff *td = &diff->tunnels[i];
		struct tunnel *t = td->after ? tunnel_of(d, td->after) : NULL;

		if (!td->after)
			continue;
		if (!t) {
			if (!td->before)
				told(changed, "tunnel %s: added", td->after->name);
			ok &= tunnel_add(d, td->after);
		} else if (td->what) {
			told(changed, "tunnel %s: changed", td->after->name);
			ok &= tunnel_change(d, t, td->what);
		}
	}
	return ok;
}

static json_t *apply(struct daemon *d, const struct conf_diff *diff, const struct fresh *fresh)
{
	struct conf *old = d->conf;
	struct trustpoint *old_trustpoint = d->trustpoint;
	json_t *changed = json_array(), *answer = json_pack("{s:o}", "changed", changed);
	bool ok = true;

	if (diff->what & CONF_CHANGED_LOG) {
		ok = configuration_open_log(d->options, fresh->conf);
		told(changed, "hostname, log-level or log");
	}
	if (diff->what & CONF_CHANGED_IKE)
		told(changed, "isakmp, certificates or ipsec: for negotiations from now on");
	if (diff->what & CONF_CHANGED_HOST)
		told(changed, "hook or kernel-settings");
	drop(d, diff, changed);
	swap(d, diff, fresh);
	d->trustpoint = fresh->trustpoint;
	ok &= bring_up(d, diff, changed);
	if (diff->what & CONF_CHANGED_HOST)
		upkeep_all_settings(d);
	trustpoint_release(old_trustpoint);
	conf_free(old);
	if (!ok)
		json_object_set_new(answer, "error",
				    json_string("not all of it could be done: the log tells why"));
	return answer;
}

static json_t *judge(struct daemon *d, struct fresh *fresh)
{
	struct conf_diff *diff;
	char why[CONFIGURATION_WHY];
	json_t *answer;

	if (!configuration_probe(d, fresh->conf, why))
		return refuse_because(d, why);
	diff = conf_diff(d->conf, fresh->conf);
	if (!diff->what && !diff->changes) {
		log_msg(LOG_NOTICE, "reload: nothing has changed");
		answer = json_pack("{s:[]}", "changed");
	} else {
		answer = apply(d, diff, fresh);
		*fresh = (struct fresh){ 0 };
	}
	free(diff);
	return answer;
}

json_t *reload(struct daemon *d)
{
	struct conf_report report = { 0 };
	struct fresh fresh = { 0 };
	json_t *answer;

	fresh.conf = configuration_read(d->config_path, d->map, &report, &fresh.trustpoint);
	if (!fresh.conf) {
		answer = refuse(d, &report);
	} else {
		configuration_log(&report);
		answer = judge(d, &fresh);
	}
	trustpoint_release(fresh.trustpoint);
	conf_free(fresh.conf);
	conf_report_free(&report);
	return answer;
}
