/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as the shows say them in JSON. */
#include "daemon/show.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/loop.h"
#include "daemon/text.h"

json_t *show_text(const char *text)
{
	char *copy = xstrdup(text);
	json_t *o;

	text_make_utf8(copy);
	o = json_string(copy);
	free(copy);
	return o;
}

json_t *show_addr(const struct addr *a)
{
	char text[ADDR_TEXT];

	return addr_is_none(a) ? json_null() : json_string(addr_text(a, text));
}

json_t *show_u64(uint64_t n)
{
	return json_integer((json_int_t)n);
}

uint64_t show_epoch(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000 - loop_now();
}

json_t *show_wall_clock(uint64_t epoch, msec then)
{
	uint64_t ms = epoch + then;
	time_t seconds = (time_t)(ms / 1000);
	char day[32], text[40];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%b %d %H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03u", day, (unsigned int)(ms % 1000));
	return json_string(text);
}

json_t *show_ago(msec now, msec then)
{
	if (then == MSEC_NEVER)
		return json_null();
	return show_u64(then < now ? (now - then) / 1000 : 0);
}

json_t *show_ahead(msec now, msec then)
{
	if (then == MSEC_NEVER)
		return json_null();
	return show_u64(then > now ? (then - now) / 1000 : 0);
}

const char *show_member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name)) ?: "";
}

int show_addr_order(const struct addr *a, const struct addr *b)
{
	/* Ten thousand of them are sorted: not by memcmp(), which is a call. */
	for (size_t i = 0; i < sizeof(a->b); i += sizeof(uint64_t)) {
		uint64_t x, y;

		memcpy(&x, a->b + i, sizeof(x));
		memcpy(&y, b->b + i, sizeof(y));
		if (x != y)
			return be64toh(x) < be64toh(y) ? -1 : 1;
	}
	return 0;
}

size_t show_first(const void *key, const void *items, size_t n, size_t size,
		  int (*order)(const void *key, const void *item))
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (order(key, (const char *)items + middle * size) > 0)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}
