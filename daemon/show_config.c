/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration that runs: of what was read, not of the file, which may be another one by now.
 * Its secrets never leave conf/, whoever asks and in whatever form.
 */
#include "daemon/show.h"

#include <stdlib.h>

#include "conf/conf.h"
#include "daemon/daemon.h"

/* JSON is UTF-8; a name in the file need not be. */
static json_t *any_text(char *text)
{
	json_t *o = json_string(text);

	for (char *c = text; !o && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return o ?: json_string(text);
}

static json_t *answer(const struct daemon *d, char *text)
{
	json_t *o = json_pack("{s:s, s:o, s:s}", "config", d->config_path, "text",
			      any_text(text), "version", DMVPND_VERSION);

	/* For who collects logs. */
	if (d->conf->log_to == CONF_LOG_FILE)
		json_object_set_new(o, "log_file", json_string(d->conf->log_path));
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
