/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the flight recorder kept of a peer, rendered as the log would have at its fullest. */
#include "daemon/show.h"

#include <stdio.h>

#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/recorder.h"
#include "daemon/text.h"
#include "daemon/trace.h"
#include "daemon/verbs.h"

#define EVENTS 1000 /* of one answer: the last ones; a negotiation has about a hundred */

struct lines {
	json_t *array;
	json_t *time; /* of the event that is being rendered */
};

static void add_line(void *ctx, const struct trace_line *line)
{
	struct lines *l = ctx;
	char text[TRACE_TEXT];

	snprintf(text, sizeof(text), "%s", line->text);
	text_make_printable(text);
	json_array_append_new(l->array, json_pack("{s:O, s:s?, s:i, s:i, s:s}", "time", l->time,
						  "tag", line->tag, "level", (int)line->level,
						  "severity", line->severity, "text", text));
}

json_t *show_log_peer(struct daemon *d, const json_t *args)
{
	const char *text = json_string_value(json_object_get(args, "peer"));
	struct lines l;
	struct recorded *events;
	struct addr peer;
	uint64_t epoch = show_epoch();
	size_t n;

	if (!text || !addr_parse(text, &peer))
		return verbs_error("peer: expected an address like \"10.0.0.4\"");
	l.array = json_array();
	n = recorder_read(d->recorder, &peer, 0, EVENTS, &events);
	for (size_t i = 0; i < n; i++) {
		l.time = show_wall_clock(epoch, events[i].at);
		if (events[i].is_ike)
			trace_render_ike(&events[i].ike, add_line, &l);
		else
			trace_render_nhrp(&events[i].nhrp, add_line, &l);
		json_decref(l.time);
	}
	free(events);
	return json_pack("{s:o, s:o}", "peer", show_addr(&peer), "lines", l.array);
}
