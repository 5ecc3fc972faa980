/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a file fit for libconfuse and keeps its secrets out of there.
 *
 * libconfuse 3.3 (Debian 12) counts a line with a comment several times, takes the end of the file
 * for a closing brace, drops characters that it does not know, puts environment variables into
 * strings, and frees buffers with passwords in them unwiped. So it gets a text of the same lines
 * in which comments are blank and every value, that is every quoted string and every word behind a
 * '=', is a handle "@0", "@1", ... to a table that is ours. What is left for it is the grammar.
 *
 * Lexical rules (dmvpnd.conf(5) has them for users): comments are # and // to the end of the
 * line where a word could begin, and C's; strings stand in either kind of quotes on one line, with
 * \\ \" \' as the only escapes; a word without quotes holds letters, digits and . _ - / : only.
 */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/report.h"

struct lexed {
	char *grammar; /* for libconfuse */
	char **values; /* by handle; may be secrets */
	size_t value_count;
	/*
	 * Lines of the '{' of all sections, in the order in which the sections close: libconfuse
	 * tells only where a section ends.
	 */
	unsigned int *section_lines;
	size_t section_count;
};

/* False after complaints about all lexical errors; *out needs lex_free() in either case. */
bool lex_text(const char *in, size_t len, const struct complaints *c, struct lexed *out);
/* Wipes the values. */
void lex_free(struct lexed *t);
/* The value behind a handle; any other word is its own value. */
const char *lex_value(const struct lexed *t, const char *word);

#endif
