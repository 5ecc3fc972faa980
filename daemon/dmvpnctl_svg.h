/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client's SVG pictures share. Each stands alone (no script, no font from elsewhere), is
 * dark where the reader's screen is, and can be put into a page with others: its rules begin with
 * its own class, and it has no ids.
 */
#ifndef DAEMON_DMVPNCTL_SVG_H
#define DAEMON_DMVPNCTL_SVG_H

#include <stdio.h>

/* One rule for both colours of screen: "fill:#123" for light, the other for dark. */
struct svg_rule {
	const char *selector, *light, *dark; /* dark: NULL: as in light */
};

/*
 * Opens a picture of that size in pixels, class="NAME", with a background, a title, and
 * rules[] (the last one's selector is NULL). svg_close() ends it.
 */
void svg_open(FILE *out, const char *name, int width, int height, const char *title,
	      const struct svg_rule *rules);
void svg_close(FILE *out);
void svg_text(FILE *out, int x, int y, const char *class, const char *text);
/* Text for XML: what would be markup is escaped, what XML cannot hold is a "?". */
void svg_escaped(FILE *out, const char *text);

#endif
