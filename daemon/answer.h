/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An answer on the control socket whose long lists are made while it is sent, so that neither the time
 * that the loop is held nor the memory grows as the answer does.
 *
 * A verb copies what it is about in one turn of the loop, as plain structures: that is its snapshot, and
 * it costs little. Where a list grows with the peers it says how many items there are and which
 * function makes JSON of one; all else is JSON as ever. Text is then asked for a slice at a time.
 *
 * Items are made from the snapshot alone, never from what lives on meanwhile: the answer is what was
 * there when it was begun, whole, whatever goes until its end has been sent.
 */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include <jansson.h>
#include <stddef.h>

#define ANSWER_SLICE 32768 /* octets after which a slice ends: some milliseconds to make */

struct answer;

struct answer *answer_new(void);
/* Frees what it owns, too. NULL is fine. */
void answer_free(struct answer *a);
/* `what` is released with the answer, the last first; returns it. */
void *answer_owns(struct answer *a, void *what, void (*release)(void *what));

/* Makes item i of a list of the snapshot `of`. */
typedef json_t *answer_item(const void *of, size_t i);
/* Stands for the list of the items from `first` on in the answer's JSON, where it is put at most once. */
json_t *answer_list(struct answer *a, answer_item *item, const void *of, size_t first,
		    size_t count);

/* The answer is this, which is taken over; returns a. Called once, when all lists are in it. */
struct answer *answer_is(struct answer *a, json_t *top);
/* An answer without such lists. */
struct answer *answer_of(json_t *top);

/* The next slice of its text, to be freed; NULL: that was all. */
char *answer_next(struct answer *a, size_t *len);

#endif
