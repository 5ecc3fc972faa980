/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can only be judged with the whole configuration in view. */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/draft.h"

/* Complains; a draft whose report has no error then is good for draft_finish(). */
void check_draft(struct draft *d);

#endif
