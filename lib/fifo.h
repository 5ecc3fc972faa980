/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of values of one size: pushed at the end, popped at the front, both in constant time.
 * For events that wait to be drained. It grows as needed; what fills it bounds it.
 */
#ifndef LIB_FIFO_H
#define LIB_FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fifo {
	uint8_t *items;
	size_t size; /* octets of a value */
	size_t head, len, cap;
};

/* An empty queue for values of `size` octets. */
struct fifo fifo_of(size_t size);
void fifo_free(struct fifo *f);
/* A new value at the end, zeroed; the place is the caller's to fill until the next call. */
void *fifo_push(struct fifo *f);
/* Takes the first value out; false where there is none. */
bool fifo_pop(struct fifo *f, void *out);

#endif
