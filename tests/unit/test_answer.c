/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers in slices: the text is that of the whole, each slice is of bounded length, and an item is made
 * when its turn comes, not before.
 * LINK: daemon/answer.c
 */
#include "tests/unit/answer_whole.h"

static size_t made, released;

static json_t *number(const void *of, size_t i)
{
	cr_assert_str_eq(of, "snapshot");
	made++;
	return json_integer((json_int_t)i);
}

static json_t *long_item(const void *of, size_t i)
{
	char text[1000];

	(void)of;
	made++;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	return json_pack("{s:I, s:s}", "i", (json_int_t)i, "text", text);
}

static void release(void *what)
{
	cr_assert_str_eq(what, released++ ? "first" : "second");
}

static char *text_of(struct answer *a)
{
	json_t *whole = answer_whole(a);
	char *text = json_dumps(whole, JSON_COMPACT);

	json_decref(whole);
	return text;
}

Test(answer, lists_where_they_were_put)
{
	struct answer *a = answer_new();
	/* Said in another order than they stand in, one of them never put anywhere. */
	json_t *last = answer_list(a, number, "snapshot", 7, 1);
	json_t *unused = answer_list(a, number, "snapshot", 0, 9);
	json_t *empty = answer_list(a, number, "snapshot", 3, 0);
	json_t *first = answer_list(a, number, "snapshot", 2, 3);
	char *text;

	json_decref(unused);
	text = text_of(
		answer_is(a, json_pack("{s:[{s:o, s:s}, {s:o}], s:[], s:o, s:{}}",
				       "a \"quoted\" one", "list", first, "text", "\n\xc3\xa4",
				       "list", empty, "none", "last", last, "nothing")));
	cr_assert_str_eq(text,
			 "{\"a \\\"quoted\\\" one\":[{\"list\":[2,3,4],\"text\":\"\\n\xc3\xa4\"},"
			 "{\"list\":[]}],\"none\":[],\"last\":[7],\"nothing\":{}}");
	cr_assert_eq(made, 4);
	free(text);
}

Test(answer, without_lists)
{
	char *text = text_of(answer_of(json_pack("{s:s}", "error", "says why")));

	cr_assert_str_eq(text, "{\"error\":\"says why\"}");
	free(text);
}

/* No slice is longer than it must be, and none is made of items that it does not have. */
Test(answer, slices)
{
	struct answer *a = answer_new();
	size_t len, all = 0, slices = 0;
	char *text;

	answer_is(a, json_pack("{s:o}", "list", answer_list(a, long_item, NULL, 0, 1000)));
	cr_assert_eq(made, 0);
	for (; (text = answer_next(a, &len)); slices++) {
		cr_assert_lt(len, ANSWER_SLICE + 1100);
		all += len;
		cr_assert_leq(made, all / 1000 + 1);
		free(text);
	}
	cr_assert_eq(made, 1000);
	cr_assert_leq(slices, all / ANSWER_SLICE + 1);
	cr_assert_geq(slices, all / (ANSWER_SLICE + 1100));
	answer_free(a);
}

Test(answer, one_that_is_given_up)
{
	struct answer *a = answer_new();
	size_t len;

	cr_assert_str_eq(answer_owns(a, (void *)(uintptr_t) "first", release), "first");
	answer_owns(a, (void *)(uintptr_t) "second", release);
	answer_is(a, json_pack("{s:o}", "list", answer_list(a, long_item, NULL, 0, 1000)));
	free(answer_next(a, &len));
	cr_assert_eq(released, 0);
	answer_free(a);
	cr_assert_eq(released, 2);
	cr_assert_lt(made, 100);
	answer_free(NULL);
}
