/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the parts of this room add to the report that conf_load() gives. */
#ifndef CONF_REPORT_H
#define CONF_REPORT_H

#include <stdarg.h>

#include "conf/conf.h"

/* Where complaints about one file go. All is borrowed. */
struct complaints {
	const char *file;
	struct conf_report *report;
	/* The text was made from another: of which of its lines line i + 1 was. NULL: it is the file. */
	const unsigned int *made_from;
	size_t line_count;
};

/*
 * Keeps the report ordered by line, in the order of the calls within a line. Line 0 is the file as
 * a whole. Past CONF_MESSAGES_MAX they are only counted: nobody reads the five hundredth.
 */
__attribute__((format(printf, 4, 5))) void complain(const struct complaints *c,
						    enum conf_severity severity, unsigned int line,
						    const char *fmt, ...);
/* The same about a place within the text ("tunnel T: mtu"), which may be "". */
void vcomplain(const struct complaints *c, enum conf_severity severity, unsigned int line,
	       const char *where, const char *fmt, va_list ap);

/* Of which line of the user's text a line is, for texts that name a second one. */
unsigned int complaint_line(const struct complaints *c, unsigned int line);

#endif
