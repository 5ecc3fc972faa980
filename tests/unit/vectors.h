/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: octets from hexadecimal text, and the files in tests/vectors. A test that uses it runs
 * from the root of the tree, as make does. What is returned is never freed: tests are short. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#include "lib/util.h"
#include "lib/wire.h"

/* Reachable from here, so that a sanitizer does not take it for lost; also from threads. */
static inline void *keep(void *memory)
{
	static struct kept {
		struct kept *next;
		void *memory;
	} *first;
	struct kept *k = xcalloc(1, sizeof(*k));

	k->memory = memory;
	k->next = __atomic_load_n(&first, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&first, &k->next, k, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return memory;
}

/* Spaces are ignored. The memory is exactly as long as it must be, for the sanitizer's sake. */
static inline struct span hex(const char *text)
{
	size_t len = 0, digits = 0;
	unsigned int octet = 0;
	uint8_t *out;

	for (const char *p = text; *p; p++)
		len += *p != ' ';
	cr_assert(len % 2 == 0, "odd number of digits: %s", text);
	out = keep(xcalloc(1, len / 2));
	for (const char *p = text; *p; p++) {
		const char *digit = strchr("0123456789abcdef", *p >= 'A' && *p <= 'F' ? *p + 32 : *p);

		if (*p == ' ')
			continue;
		cr_assert(digit, "no digit: %s", text);
		octet = octet << 4 | (unsigned int)(digit - "0123456789abcdef");
		if (++digits % 2 == 0)
			out[digits / 2 - 1] = (uint8_t)octet;
	}
	return (struct span){ out, len / 2 };
}

static inline bool span_is(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static inline json_t *vector_file(const char *name)
{
	json_error_t error;
	char path[256];
	json_t *j;

	snprintf(path, sizeof(path), "tests/vectors/%s", name);
	j = keep(json_load_file(path, 0, &error));
	cr_assert(j, "%s: %s", path, error.text);
	return j;
}

static inline const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	cr_assert(text, "no %s", key);
	return text;
}

static inline struct span json_hex(const json_t *object, const char *key)
{
	return hex(json_text(object, key));
}

#endif
