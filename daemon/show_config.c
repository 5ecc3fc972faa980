/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration that runs: of what was read, not of the file, which may be another one by now.
 * Its secrets never leave conf/, whoever asks and in whatever form.
 */
#include "daemon/show.h"

#include <stdlib.h>

#include "conf/conf.h"
#include "daemon/daemon.h"

static json_t *answer(const struct daemon *d, char *text)
{
	json_t *o = json_pack("{s:o, s:o, s:s}", "config", show_text(d->config_path),
			      "text", show_text(text), "version", DMVPND_VERSION);

	/* For who collects logs. */
	if (d->conf->log_to == CONF_LOG_FILE)
		json_object_set_new(o, "log_file", show_text(d->conf->log_path));
	free(text);
	return o;
}

json_t *show_running_config(struct daemon *d, const json_t *args)
{
	(void)args;
	return answer(d, conf_print(d->conf));
}

json_t *show_running_config_ios(struct daemon *d, const json_t *args)
{
	(void)args;
	return answer(d, conf_print_ios(d->conf, d->map));
}
