/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is shown to people and programs, wherever it came from: UTF-8, and nothing that a terminal acts on.
 *
 * LINK: daemon/dmvpnctl_svg.c
 */
#include <criterion/criterion.h>

#include "daemon/dmvpnctl_svg.h"
#include "daemon/text.h"

static const struct {
	const char *in, *utf8, *printable;
} cases[] = {
	{ "", "", "" },
	{ "Tunnel0 is up", "Tunnel0 is up", "Tunnel0 is up" },
	{ "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80", "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
	  "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80" },
	/* Latin-1; what was cut to fit; a lonely continuation. */
	{ "Z\xfcrich", "Z?rich", "Z?rich" },
	{ "caf\xc3", "caf?", "caf?" },
	{ "\xe2\x82", "??", "??" },
	{ "\xf0\x9f\x98", "???", "???" },
	{ "a\x80z", "a?z", "a?z" },
	/* Longer than it must be, a surrogate, beyond the last. */
	{ "\xc0\xaf", "??", "??" },
	{ "\xe0\x80\xaf", "???", "???" },
	{ "\xed\xa0\x80", "???", "???" },
	{ "\xf4\x90\x80\x80", "????", "????" },
	/* What a terminal acts on: ESC, a new line, DEL, C1's CSI. A tab stays. */
	{ "\x1b[2Jx", "\x1b[2Jx", "?[2Jx" },
	{ "a\nb\rc\td\x7f", "a\nb\rc\td\x7f", "a?b?c\td?" },
	{ "\xc2\x9b" "2Jx\xc2\xa0y", "\xc2\x9b" "2Jx\xc2\xa0y", "??2Jx\xc2\xa0y" },
};

Test(text, foreign)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].in);
		text_make_utf8(text);
		cr_expect_str_eq(text, cases[i].utf8, "case %zu", i);
		snprintf(text, sizeof(text), "%s", cases[i].in);
		text_make_printable(text);
		cr_expect_str_eq(text, cases[i].printable, "case %zu", i);
	}
}

Test(text, in_svg)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	svg_escaped(out, "<script>\x1b\"&\xff\xc3");
	fclose(out);
	cr_assert_str_eq(text, "&lt;script&gt;?&quot;&amp;??");
	free(text);
}
