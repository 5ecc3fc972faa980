/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renders a notice of the daemon's as one line; there is nothing of IOS's to follow here. */
#include "daemon/dmvpnctl.h"

#include <string.h>
#include <time.h>

static void when(const json_t *event, FILE *out)
{
	double at = json_real_value(json_object_get(event, "time"));
	char day[32];
	time_t seconds;
	struct tm tm;

	if (!(at >= 1 && at < 1e11)) /* no time of the next three thousand years */
		return;
	seconds = (time_t)at;
	localtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%b %d %H:%M:%S", &tm);
	fprintf(out, "%s.%03d ", day, (int)((at - (double)seconds) * 1000 + 0.5));
}

void render_event(const json_t *event, FILE *out)
{
	/* What stands first, in this order; the rest follows as it comes. */
	static const char *const first[] = { "interface", "event" };
	const char *name;
	json_t *value;

	when(event, out);
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (member_has(event, first[i]))
			fprintf(out, "%s%s", member_text(event, first[i]), i ? "" : ": ");
	json_object_foreach ((json_t *)(uintptr_t)event, name, value) {
		if (!strcmp(name, "time") || !strcmp(name, "event") || !strcmp(name, "interface"))
			continue;
		if (json_is_integer(value))
			fprintf(out, ", %s %lld", name, (long long)json_integer_value(value));
		else if (json_is_string(value))
			fprintf(out, ", %s %s", name, value_text(value));
	}
	fprintf(out, "\n");
}
