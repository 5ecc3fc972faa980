/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands around a command: the filters behind the "|", and what TAB would add.
 *
 * LINK: daemon/dmvpnctl_explain.c daemon/dmvpnctl_filter.c daemon/dmvpnctl_ladder.c daemon/dmvpnctl_map.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_dmvpn.c daemon/dmvpnctl_map_text.c daemon/dmvpnctl_map_svg.c daemon/dmvpnctl_svg.c daemon/dmvpnctl_verbs.c daemon/dmvpnctl_show.c
 * LINK: daemon/dmvpnctl_crypto.c daemon/dmvpnctl_session.c daemon/dmvpnctl_config.c daemon/dmvpnctl_events.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "daemon/dmvpnctl_line.h"
#include "lib/util.h"

static const char *const text[] = {
	"interface Tunnel0",   " ip address 172.16.0.1", "  peer 10.0.0.4 UP",
	" peer 10.0.0.6 DOWN", "interface Tunnel1",	 " ip address 172.16.1.1",
};

static const struct {
	const char *words[4];
	const char *shown; /* digits: lines of text */
} filters[] = {
	{ { "include", "peer" }, "23" },      { { "inc", "UP|DOWN" }, "23" },
	{ { "i", "peer", "10.0.0.4" }, "2" }, { { "exclude", "^ " }, "04" },
	{ { "begin", "DOWN" }, "345" },	      { { "section", "Tunnel0" }, "0123" },
	{ { "sec", "ip address" }, "125" },   { { "section", "nothing" }, "" },
};

Test(dmvpnctl_line, filters)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		char words[4][16] = { "" }, *pointers[4], shown[8] = "";
		struct filter f;
		size_t n = 0;

		for (; n < 4 && filters[i].words[n]; n++)
			pointers[n] = strcpy(words[n], filters[i].words[n]);
		cr_assert(filter_open(&f, pointers, n));
		for (size_t line = 0; line < ARRAY_SIZE(text); line++)
			if (filter_takes(&f, text[line]))
				shown[strlen(shown)] = (char)('0' + line);
		cr_expect_str_eq(shown, filters[i].shown, "%s: %s", filters[i].words[0], shown);
		filter_close(&f);
	}
}

Test(dmvpnctl_line, filters_that_are_none, .init = cr_redirect_stderr)
{
	char include[] = "include", foo[] = "foo", bad[] = "(";
	char *none[] = { foo, foo }, *bare[] = { include }, *broken[] = { include, bad };
	struct filter f;

	cr_assert_not(filter_open(&f, none, 2));
	cr_assert_not(filter_open(&f, bare, 1));
	cr_assert_not(filter_open(&f, broken, 2));
	cr_assert_not(filter_open(&f, NULL, 0));
	filter_close(&f);
}

static void check_candidates(const char *typed, const char *expected)
{
	char copy[100], *words[10], *found = NULL, *save;
	size_t count = 0, len;
	FILE *out = open_memstream(&found, &len);

	strcpy(copy, typed);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		words[count++] = w;
	if (!*typed || typed[strlen(typed) - 1] == ' ')
		words[count++] = copy + strlen(typed);
	parse_candidates(words, count, out, "");
	fclose(out);
	cr_expect_str_eq(found, expected, "%s: %s", typed, found);
	free(found);
}

Test(dmvpnctl_line, candidates)
{
	check_candidates("sho", "show\n");
	check_candidates("show ip ", "nhrp\n");
	check_candidates("sh cr i", "ikev1\nipsec\nisakmp\n");
	check_candidates("show nonsense ", "");
	check_candidates("und", "undebug\n");
	check_candidates("ladder ", ""); /* an address: nobody knows which */
}
