/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/util.h"

const char *conf_severity_name(enum conf_severity severity)
{
	switch (severity) {
	case CONF_ERROR:
		return "error";
	case CONF_WARNING:
		return "warning";
	case CONF_NOTE:
		break;
	}
	return "note";
}

static void insert(struct conf_report *r, const struct conf_message *m)
{
	size_t i = r->count;

	r->messages = xreallocarray(r->messages, r->count + 1, sizeof(*r->messages));
	for (; i > 0 && r->messages[i - 1].line > m->line; i--)
		r->messages[i] = r->messages[i - 1];
	r->messages[i] = *m;
	r->count++;
}

unsigned int complaint_line(const struct complaints *c, unsigned int line)
{
	return c->made_from && line && line <= c->line_count ? c->made_from[line - 1] : line;
}

void vcomplain(const struct complaints *c, enum conf_severity severity, unsigned int line,
	       const char *where, const char *fmt, va_list ap)
{
	struct conf_message m = { .severity = severity, .line = complaint_line(c, line) };
	char number[16] = "";
	char *what;

	if (severity == CONF_ERROR)
		c->report->errors++;
	/* An error must not get lost behind warnings: the first one always has its place. */
	if (c->report->count >= CONF_MESSAGES_MAX &&
	    (severity != CONF_ERROR || c->report->errors > 1))
		return;
	if (vasprintf(&what, fmt, ap) < 0)
		abort();
	if (m.line)
		snprintf(number, sizeof(number), ":%u", m.line);
	if (asprintf(&m.text, "%s%s: %s%s%s", c->file, number, where, *where ? ": " : "", what) < 0)
		abort();
	free(what);
	insert(c->report, &m);
}

void complain(const struct complaints *c, enum conf_severity severity, unsigned int line,
	      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(c, severity, line, "", fmt, ap);
	va_end(ap);
}

void conf_report_free(struct conf_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		free(report->messages[i].text);
	free(report->messages);
	*report = (struct conf_report){ 0 };
}
