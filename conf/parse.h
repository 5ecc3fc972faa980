/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own syntax, read by libconfuse into a draft. */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf/draft.h"

/*
 * Fills *draft, which needs draft_free() (or draft_finish()) in any case. What is wrong goes to
 * the complaints; draft->incomplete says that reading stopped before the end.
 * Not for two threads at once: libconfuse's scanner is one for all.
 */
void parse_text(const char *text, size_t len, const struct complaints *c, struct draft *draft);

#endif
