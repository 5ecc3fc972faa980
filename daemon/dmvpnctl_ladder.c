/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of negotiations as a ladder: our state, the message with its direction, the state that
 * the peer must be in. In the terminal, and as an SVG picture that stands alone.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "daemon/dmvpnctl_svg.h"
#include "lib/util.h"

#define ARROW 46 /* characters between the two lines */
#define CHAIN 200

/* "SA, VENDOR x4 (168)", "HASH, NOTIFY R_U_THERE (84)"; without `notify` only what payloads there are. */
static void list_payloads(const json_t *step, const char *notify, char out[CHAIN])
{
	const json_t *payloads = json_object_get(step, "payloads");
	size_t n = json_array_size(payloads), len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && len < CHAIN - 80;) {
		const char *name = value_text(json_array_get(payloads, i));
		size_t same = 1;

		while (i + same < n &&
		       strcmp(value_text(json_array_get(payloads, i + same)), name) == 0)
			same++;
		len += (size_t)snprintf(out + len, CHAIN - len, "%s%.20s", i ? ", " : "", name);
		if (same > 1)
			len += (size_t)snprintf(out + len, CHAIN - len, " x%zu", same);
		if (notify && !strcmp(name, "NOTIFY")) {
			len += (size_t)snprintf(out + len, CHAIN - len, " %.36s", notify);
			notify = NULL;
		}
		i += same;
	}
	snprintf(out + len, CHAIN - len, " (%d)", (int)member_int(step, "length"));
}

/*
 * What is written on the arrow, in `room` characters where it can be, and behind the line: the state of the
 * peer, with what is notified if there was no room for that.
 */
static void label_message(const json_t *step, size_t room, char chain[CHAIN], char behind[CHAIN])
{
	const char *state = member_text(step, "peer_state"), *notify = member_text(step, "notify");

	list_payloads(step, *notify ? notify : NULL, chain);
	if (strstr(chain, notify) && strlen(chain) <= room)
		notify = "";
	else
		list_payloads(step, NULL, chain);
	snprintf(behind, CHAIN, "%.40s%s%.60s", state, *state && *notify ? " " : "", notify);
}

/* "Nov 21 22:13:01.123" without the day: a heading has it. */
static const char *clock_in(const json_t *step, const char *member)
{
	const char *time = member_text(step, member);

	return strlen(time) > 7 ? time + 7 : time;
}

static const char *clock_of(const json_t *step)
{
	return clock_in(step, "time");
}

/* "peer key mismatch": the name of a cause, or of a reason, as people read it. */
static const char *name_of(const json_t *step, const char *member)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s", member_text(step, member));
	for (char *at = text; (at = strchr(at, '_'));)
		*at = ' ';
	return text;
}

static bool is_kind(const json_t *step, const char *kind)
{
	return strcmp(member_text(step, "kind"), kind) == 0;
}

/* "we asked whether they are alive: answered 12 times, last 22:13:01.123" */
static void alive_text(const json_t *step, char *out, size_t size)
{
	bool we = strcmp(member_text(step, "asked"), "we") == 0;
	int count = (int)member_int(step, "count");
	char times[60] = "once";

	if (count > 1)
		snprintf(times, sizeof(times), "%d times, last %.12s", count,
			 clock_in(step, "last"));
	snprintf(out, size, "%s asked whether %s alive: answered %s", we ? "we" : "they",
		 we ? "they are" : "we are", times);
}

/* "dropped: unknown sa (3 times)" */
static void dropped_text(const json_t *step, char *out, size_t size)
{
	int count = (int)member_int(step, "count");
	char times[32] = "";

	if (count > 1)
		snprintf(times, sizeof(times), " (%d times)", count);
	snprintf(out, size, "dropped: %s%s", name_of(step, "reason"), times);
}

/* Whether there is nothing but what was dropped. */
static bool is_outside(const json_t *exchange)
{
	const json_t *step;
	size_t i;

	json_array_foreach (json_object_get(exchange, "steps"), i, step)
		if (!is_kind(step, "dropped"))
			return false;
	return true;
}

static void heading_of(const json_t *exchange, char *out, size_t size)
{
	switch (member_int(exchange, "phase")) {
	case 1:
		snprintf(out, size, "phase 1, main mode, we are the %s",
			 member_text(exchange, "role"));
		break;
	case 2:
		snprintf(out, size, "phase 2, quick mode, we are the %s, msgid %s",
			 member_text(exchange, "role"), member_text(exchange, "msgid"));
		break;
	default:
		snprintf(out, size, "%s",
			 is_outside(exchange) ? "of no exchange" : "informational");
	}
}

/* ---- the terminal ---- */

static void print_message(const json_t *step, FILE *out)
{
	bool sent = member_true(step, "sent");
	char chain[CHAIN], behind[CHAIN];
	int fill, left;

	label_message(step, ARROW - 4, chain, behind);
	fprintf(out, "%-12s  %-14s ", clock_of(step), member_text(step, "state"));
	fill = ARROW - 4 - (int)strlen(chain);
	left = fill > 0 ? fill / 2 : 0;
	fprintf(out, "|%s", sent ? "-" : "<");
	for (int i = 0; i < left; i++)
		fputc('-', out);
	fprintf(out, " %s ", chain);
	for (int i = left; i < fill; i++)
		fputc('-', out);
	fprintf(out, "%s|%s%s\n", sent ? ">" : "-", *behind ? " " : "", behind);
}

/* Text in lines of that many characters, each behind an indentation. */
static void print_wrapped(const char *text, int indent, int width, FILE *out)
{
	while (*text) {
		size_t n = strlen(text);

		if (n > (size_t)width) {
			for (n = (size_t)width; n && text[n] != ' '; n--)
				continue;
			if (!n)
				n = (size_t)width;
		}
		fprintf(out, "%*s%.*s\n", indent, "", (int)n, text);
		text += n;
		text += strspn(text, " ");
	}
}

static void print_step(const json_t *step, int phase, FILE *out)
{
	char text[120];

	if (is_kind(step, "message")) {
		print_message(step, out);
	} else if (is_kind(step, "alive")) {
		alive_text(step, text, sizeof(text));
		fprintf(out, "%-12s  %-14s = %s\n", clock_of(step), "", text);
	} else if (is_kind(step, "dropped")) {
		dropped_text(step, text, sizeof(text));
		fprintf(out, "%-12s  %-14s x %s\n", clock_of(step), "", text);
		print_wrapped(member_text(step, "text"), 31, 70, out);
	} else if (is_kind(step, "again")) {
		fprintf(out, "%-12s  %-14s | no answer: once more (%d)\n", clock_of(step), "",
			(int)member_int(step, "count"));
	} else if (is_kind(step, "completed")) {
		fprintf(out, "%-12s  %-14s |=== PHASE %d COMPLETED ===\n", clock_of(step), "",
			phase);
	} else if (is_kind(step, "evidence")) {
		fprintf(out, "%-12s  %-14s ? %s\n", clock_of(step), "", name_of(step, "cause"));
	} else if (is_kind(step, "failed")) {
		fprintf(out, "%-12s  %-14s X FAILED in %s\n", clock_of(step), "",
			member_text(step, "state"));
		print_wrapped(member_text(step, "text"), 31, 70, out);
	}
}

void render_ladder(const json_t *answer, FILE *out)
{
	const json_t *exchange, *step;
	char heading[100];
	size_t i, k;

	if (!json_array_size(json_object_get(answer, "exchanges"))) {
		fprintf(out, "Nothing is recorded of %s.\n", member_text(answer, "peer"));
		return;
	}
	fprintf(out, "%*s%-*s %s\n", 29, "", ARROW, member_text(answer, "local"),
		member_text(answer, "peer"));
	json_array_foreach (json_object_get(answer, "exchanges"), i, exchange) {
		heading_of(exchange, heading, sizeof(heading));
		fprintf(out, "%.6s: %s\n", member_text(exchange, "time"), heading);
		json_array_foreach (json_object_get(exchange, "steps"), k, step)
			print_step(step, (int)member_int(exchange, "phase"), out);
	}
}

/* ---- the picture ---- */

#define WIDTH  820
#define LEFT   235
#define RIGHT  685
#define ROOM   60 /* characters between them */
#define HEIGHT 26 /* of a step */
#define TOP    56 /* of the first exchange */

static void svg_message(const json_t *step, int y, FILE *out)
{
	bool sent = member_true(step, "sent");
	char chain[CHAIN], behind[CHAIN];

	label_message(step, ROOM, chain, behind);
	svg_text(out, LEFT - 10, y, "left", member_text(step, "state"));
	svg_text(out, RIGHT + 10, y, "right", behind);
	svg_text(out, (LEFT + RIGHT) / 2, y - 5, "mid", chain);
	fprintf(out, "<path class=\"msg\" d=\"M%d,%d H%d\"/>\n", sent ? LEFT : RIGHT, y,
		sent ? RIGHT - 8 : LEFT + 8);
	fprintf(out, "<path class=\"tip\" d=\"M%d,%d l%d,-4 v8 z\"/>\n", sent ? RIGHT : LEFT, y,
		sent ? -8 : 8);
}

static void svg_step(const json_t *step, int phase, int y, FILE *out)
{
	const char *class = "bad";
	char text[200];

	svg_text(out, 20, y, "muted", clock_of(step));
	if (is_kind(step, "message")) {
		svg_message(step, y, out);
		return;
	}
	if (is_kind(step, "again")) {
		class = "again";
		snprintf(text, sizeof(text), "no answer: once more (%d)",
			 (int)member_int(step, "count"));
	} else if (is_kind(step, "completed")) {
		class = "good";
		snprintf(text, sizeof(text), "PHASE %d COMPLETED", phase);
	} else if (is_kind(step, "alive")) {
		class = "mid";
		alive_text(step, text, sizeof(text));
	} else if (is_kind(step, "dropped")) {
		class = "again";
		dropped_text(step, text, sizeof(text));
	} else {
		snprintf(text, sizeof(text), "%s: %.150s", member_text(step, "kind"),
			 name_of(step, "cause"));
	}
	svg_text(out, (LEFT + RIGHT) / 2, y, class, text);
}

static const struct svg_rule rules[] = {
	{ ".left", "text-anchor:end", NULL },
	{ ".mid", "text-anchor:middle", NULL },
	{ ".head", "font-weight:bold;text-anchor:middle", NULL },
	{ ".good", "fill:#1a7f37;font-weight:bold;text-anchor:middle", "fill:#3fb950" },
	{ ".again", "fill:#9a6700;text-anchor:middle", "fill:#d29922" },
	{ ".bad", "fill:#cf222e;font-weight:bold;text-anchor:middle", "fill:#f85149" },
	{ ".msg", "stroke:#33507a;stroke-width:1.5;fill:none", "stroke:#8fb3e0" },
	{ ".tip", "fill:#33507a", "fill:#8fb3e0" },
	{ ".life", "stroke:#9aa7b5", "stroke:#5b6675" },
	{ NULL, NULL, NULL },
};

/* Each exchange has lines of its own, below its heading; draws nothing without `out`. Where it ends. */
static int svg_exchange(const json_t *exchange, int y, FILE *out)
{
	const json_t *steps = json_object_get(exchange, "steps"), *step;
	int end = y + HEIGHT * (int)json_array_size(steps) + HEIGHT / 2;
	char heading[100];
	size_t i;

	if (!out)
		return end + HEIGHT;
	heading_of(exchange, heading, sizeof(heading));
	svg_text(out, 20, y, "muted", clock_of(exchange));
	svg_text(out, (LEFT + RIGHT) / 2, y, "head", heading);
	fprintf(out, "<path class=\"life\" d=\"M%d,%d V%d M%d,%d V%d\"/>\n", LEFT, y + 8, end,
		RIGHT, y + 8, end);
	json_array_foreach (steps, i, step)
		svg_step(step, (int)member_int(exchange, "phase"), y + HEIGHT * (int)(i + 1), out);
	return end + HEIGHT;
}

void render_ladder_svg(const json_t *answer, FILE *out)
{
	const json_t *exchanges = json_object_get(answer, "exchanges"), *exchange;
	char title[120];
	int y = TOP;
	size_t i;

	json_array_foreach (exchanges, i, exchange)
		y = svg_exchange(exchange, y, NULL);
	snprintf(title, sizeof(title), "Negotiations between %.45s and %.45s",
		 member_text(answer, "local"), member_text(answer, "peer"));
	svg_open(out, "ladder", WIDTH, y, title, rules);
	svg_text(out, LEFT, 24, "head", member_text(answer, "local"));
	svg_text(out, RIGHT, 24, "head", member_text(answer, "peer"));
	y = TOP;
	json_array_foreach (exchanges, i, exchange)
		y = svg_exchange(exchange, y, out);
	svg_close(out);
}
