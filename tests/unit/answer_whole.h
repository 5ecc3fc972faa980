/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All slices of an answer put together, as the client does: one object on one line. */
#ifndef TESTS_ANSWER_WHOLE_H
#define TESTS_ANSWER_WHOLE_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "lib/util.h"

static inline json_t *answer_whole(struct answer *a)
{
	char *text = NULL, *slice;
	size_t all = 0, len;
	json_t *answer;

	while ((slice = answer_next(a, &len))) {
		text = xreallocarray(text, all + len, 1);
		memcpy(text + all, slice, len);
		all += len;
		free(slice);
	}
	answer_free(a);
	cr_assert(all && memchr(text, '\n', all) == text + all - 1, "not one line");
	answer = json_loadb(text, all, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(answer, "%.*s", (int)all, text);
	free(text);
	return answer;
}

#endif
