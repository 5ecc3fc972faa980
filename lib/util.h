/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small things that everyone needs: time unit, memory, secrets.
 *
 * Allocation: the x* functions never return NULL, they abort. A daemon that cannot get a few
 * hundred octets is restarted by its supervisor; what a stranger can make us allocate is bounded
 * by limits where it is allocated, not by handling NULL.
 */
#ifndef LIB_UTIL_H
#define LIB_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Milliseconds of a clock that never jumps; only its owner (the loop, a simulation) reads it. */
typedef uint64_t msec;
#define MSEC_NEVER UINT64_MAX
#define SECONDS(n) ((msec)(n) * 1000)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

static inline void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

static inline void *xreallocarray(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

static inline void *xmemdup(const void *src, size_t len)
{
	void *p = xcalloc(1, len);

	if (len)
		memcpy(p, src, len);
	return p;
}

static inline char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

/* Overwrites a secret; the compiler may not leave it out. */
static inline void util_wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

/* Compares in a time that depends on len alone: for hashes and cookies that a peer sent. */
static inline bool util_equal_ct(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

#endif
