/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads an IOS running-config: what dmvpnd does of it becomes text in our own syntax, which is then
 * read as any other; what it does not do is said. No line is passed over: each is either
 *
 *   - carried out: it becomes part of the text, with IOS's defaults for what it leaves out;
 *   - known, and nothing is to be done: it is counted, for the summary;
 *   - not supported: a warning with its line says what it would have done, or an error where the
 *     tunnel would be less safe without it than on the router.
 */
#ifndef CONF_IOS_H
#define CONF_IOS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/outline.h"
#include "conf/report.h"

/* What became of the lines. */
enum ios_use {
	IOS_APPLIED,	 /* is part of our configuration */
	IOS_ALWAYS,	 /* nothing to do: it is always so here */
	IOS_SYSTEM,	 /* the system's: interfaces and their addresses, logins, clocks */
	IOS_ROUTING,	 /* a routing daemon's */
	IOS_UNSUPPORTED, /* warned of */
	IOS_REFUSED,	 /* an error */
	IOS_USES
};

struct ios_text {
	struct outline_text ours;
	size_t count[IOS_USES]; /* lines */
};

/*
 * The text is made in any case; whether it is of use the report tells. Lines of the report are those
 * of the IOS text. out is for ios_text_free().
 */
void ios_convert(const char *text, size_t len, const struct conf_interfaces *here,
		 const struct complaints *c, struct ios_text *out);
void ios_text_free(struct ios_text *t);

#endif
