/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any JSON as the daemon's answer to any command of dmvpnctl: whatever is missing, or of another type
 * or size than it should be, something is printed, and a picture is text that a browser can read.
 *
 *     tests/fuzz/run.sh answer
 *
 * LINK: daemon/dmvpnctl_config.c daemon/dmvpnctl_crypto.c daemon/dmvpnctl_dmvpn.c daemon/dmvpnctl_events.c
 * LINK: daemon/dmvpnctl_explain.c daemon/dmvpnctl_hint.c daemon/dmvpnctl_ladder.c daemon/dmvpnctl_map.c
 * LINK: daemon/dmvpnctl_map_svg.c daemon/dmvpnctl_map_text.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_session.c
 * LINK: daemon/dmvpnctl_show.c daemon/dmvpnctl_svg.c daemon/dmvpnctl_verbs.c lib/addr.c lib/wire.c
 * LINK: tests/fuzz/replay.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "daemon/dmvpnctl.h"
#include "daemon/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_picture(const char *text)
{
	while (*text) {
		size_t len = text_character(text);

		if (!len || (text_is_control(text) && *text != '\n'))
			abort();
		text += len;
	}
}

static void print(const struct verb *v, enum form form, const json_t *answer)
{
	render_fn *render = verb_renderer(v, form);
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!render)
		return;
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	render(answer, out);
	if (fclose(out))
		abort();
	if (form != FORM_TEXT)
		check_picture(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *answer = json_loadb((const char *)data, len, 0, NULL);

	for (size_t i = 0; answer && i < verb_count; i++) {
		print(&verbs[i], FORM_TEXT, answer);
		print(&verbs[i], FORM_SVG, answer);
		print(&verbs[i], FORM_DOT, answer);
	}
	json_decref(answer);
	return 0;
}
