/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands around a command: the filters behind the "|", what TAB would add, and what is said to
 * commands of a router that are none here.
 *
 * LINK: daemon/dmvpnctl_hint.c daemon/dmvpnctl_explain.c daemon/dmvpnctl_filter.c daemon/dmvpnctl_ladder.c daemon/dmvpnctl_map.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_dmvpn.c daemon/dmvpnctl_map_text.c daemon/dmvpnctl_map_svg.c daemon/dmvpnctl_svg.c daemon/dmvpnctl_verbs.c daemon/dmvpnctl_show.c
 * LINK: daemon/dmvpnctl_crypto.c daemon/dmvpnctl_session.c daemon/dmvpnctl_config.c daemon/dmvpnctl_events.c lib/addr.c lib/wire.c
 * LINK: daemon/dmvpnctl_line.c daemon/dmvpnctl_client.c daemon/dmvpnctl_tech.c
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
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

/* None of the lines, but their number; of the next text only that of its own. */
Test(dmvpnctl_line, filter_that_counts)
{
	char count[] = "cou", regex[] = "^ .*10[.]", *words[] = { count, regex }, said[100];
	struct filter f;

	cr_assert(filter_open(&f, words, 2));
	for (int i = 0; i < 2; i++) {
		FILE *out = fmemopen(said, sizeof(said), "w");

		filter_begin(&f);
		for (size_t line = 0; line < ARRAY_SIZE(text); line++)
			cr_expect_not(filter_takes(&f, text[line]));
		filter_end(&f, out);
		fclose(out);
		cr_expect_str_eq(said, "Number of lines which match regexp = 2\n");
	}
	filter_close(&f);
}

static bool hints_at(const char *typed, const char *part)
{
	char copy[100], *words[10], *save;
	const char *hint;
	size_t count = 0;

	strcpy(copy, typed);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		words[count++] = w;
	hint = hint_for(words, count);
	return part ? hint && strstr(hint, part) : !hint;
}

Test(dmvpnctl_line, hints)
{
	cr_expect(hints_at("conf t", "reload"));
	cr_expect(hints_at("wr mem", "reload"));
	cr_expect(hints_at("Sh Log", "journalctl"));
	cr_expect(hints_at("show ip route 10.0.0.0", "ip route"));
	cr_expect(hints_at("term mon", "\"debug\" alone"));
	cr_expect(hints_at("terminal length 0", "paged"));
	cr_expect(hints_at("no debug crypto isakmp", "no debug all"));
	cr_expect(hints_at("no shutdown", "reload"));
	cr_expect(hints_at("ping 172.16.0.1", "ping"));
	cr_expect(hints_at("debug dmvpn condition peer", "crypto condition"));
	cr_expect(hints_at("debug dmvpn detail all", "together"));
	cr_expect(hints_at("clear crypto isakmp sa", "conn-id"));
	cr_expect(hints_at("show", NULL));
	cr_expect(hints_at("show ip", NULL));
	cr_expect(hints_at("show dmvpm", NULL));
	cr_expect(hints_at("show loggings", NULL));
	cr_expect(hints_at("sh cry isa sadet", NULL));
	cr_expect(hints_at("d nonsense", NULL));
}

/* Who follows a hint must get somewhere: what is quoted in it is a command of the table. */
Test(dmvpnctl_line, hints_that_name_commands)
{
	static const char *const typed[] = { "show crypto map",	   "show crypto engine",
					     "show crypto sockets", "show isakmp",
					     "show vpn-sessiondb",  "show nhrp",
					     "clear crypto ikev1",  "clear crypto ipsec",
					     "debug all",	    "debug tunnel" };

	for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
		char copy[100], *words[10], *save, *hint, *at;
		size_t count = 0;

		strcpy(copy, typed[i]);
		for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
			words[count++] = w;
		cr_assert_not_null(hint_for(words, count), "%s", typed[i]);
		hint = xstrdup(hint_for(words, count));
		for (at = strchr(hint, '"'); at; at = strchr(at, '"')) {
			char *end = strchr(++at, '"'), *named[10];

			cr_assert_not_null(end);
			*end = '\0';
			at[strcspn(at, "|")] = '\0';
			count = 0;
			for (char *w = strtok_r(at, " ", &save); w; w = strtok_r(NULL, " ", &save))
				named[count++] = w;
			cr_expect_eq(parse_words(named, count).result, PARSE_OK, "%s: %s", typed[i], at);
			at = end + 1;
		}
		free(hint);
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
	check_candidates("clear ", "crypto\ndmvpn\nip\n");
	check_candidates("ladder ", ""); /* an address: nobody knows which */
}

/* TAB behind the bar. */
Test(dmvpnctl_line, filters_become)
{
	static const struct {
		const char *typed, *become;
	} cases[] = { { "inc", "include\n" },
		      { "X", "" },
		      { "", "begin\ncount\nexclude\ninclude\nsection\n" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char become[100] = "";
		FILE *out = fmemopen(become, sizeof(become), "w");
		size_t lines = 0;

		for (const char *at = cases[i].become; (at = strchr(at, '\n')); at++)
			lines++;
		cr_expect_eq(filter_candidates(cases[i].typed, out), lines);
		fclose(out);
		cr_expect_str_eq(become, cases[i].become);
	}
}

/* On the terminal the mark is below the line as it was typed, behind the prompt. */
Test(dmvpnctl_line, mark_below_what_was_typed)
{
	char twice[] = "  show   crypto foo", joined[] = "show int tunnel 0 x", said[200] = "";
	const struct target nobody = { .socket = "/nonexistent" };
	FILE *err;

	cr_redirect_stderr();
	err = cr_get_redirected_stderr();
	cr_assert_eq(line_run_typed(&nobody, twice, strlen("SiteA#")), CTL_EXIT_USAGE);
	cr_assert_eq(line_run_typed(&nobody, joined, strlen("SiteA#")), CTL_EXIT_USAGE);
	fflush(stderr);
	cr_assert_gt(fread(said, 1, sizeof(said) - 1, err), 0);
	cr_assert_str_eq(said, "                      ^\n"
			       "% Invalid input detected at '^' marker.\n\n"
			       /* Where the words are not those that were typed, they are shown. */
			       "show int tunnel0 x\n                 ^\n"
			       "% Invalid input detected at '^' marker.\n\n");
}
