/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `dmvpnctl convert`: its options, before the file and behind it, as the guide writes them.
 *
 * LINK: conf/ daemon/dmvpnctl_convert.c lib/addr.c lib/algo.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <getopt.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "lib/util.h"

static void redirect(void)
{
	cr_redirect_stdout();
	cr_redirect_stderr();
}

/* As the program does: its own options end at the first word. */
static int run(const char *line)
{
	char text[160], *argv[10], *save;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	optind = 0;
	cr_assert_eq(getopt_long(argc, argv, "+i:j", (struct option[]){ { 0 } }, NULL), -1);
	return convert_main(argc - optind, argv + optind);
}

Test(convert, options, .init = redirect)
{
	static const struct {
		const char *line;
		int status;
	} cases[] = {
		{ "dmvpnctl convert --map FastEthernet0/0=eth0 conf/sitea.ios", CTL_EXIT_OK },
		{ "dmvpnctl convert conf/sitea.ios --map FastEthernet0/0=eth0", CTL_EXIT_OK },
		{ "dmvpnctl convert conf/sitea.ios --frr", CTL_EXIT_OK },
		{ "dmvpnctl convert conf/sitea.ios", CTL_EXIT_DAEMON }, /* which interface is it? */
		{ "dmvpnctl convert", CTL_EXIT_USAGE },
		{ "dmvpnctl convert conf/sitea.ios conf/siteb.ios", CTL_EXIT_USAGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(run(cases[i].line), cases[i].status, "%s", cases[i].line);
}
