/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvpnctl: sends a command to a running dmvpnd and prints its answer as IOS would, or as the JSON it
 * came in; without a command, a prompt for many.
 */
#include "daemon/dmvpnctl.h"

#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl.h"
#include "daemon/dmvpnctl_line.h"
#include "lib/util.h"

struct options {
	struct target to;
	enum form form;
	bool complete; /* for the shell: what may follow these words */
};

static void usage(FILE *out)
{
	fprintf(out, "usage: dmvpnctl [--instance NAME] [--socket PATH] [--json] [COMMAND...]\n"
		     "       dmvpnctl             a prompt, as on the router; a script on stdin\n"
		     "       dmvpnctl convert FILE   an IOS configuration in our own syntax\n"
		     "       dmvpnctl help        all commands; words may be abbreviated (sh dm)\n"
		     "       dmvpnctl show ?      what may follow (quote the ? in your shell)\n");
}

static void help(void)
{
	usage(stdout);
	printf("\n");
	line_help(stdout);
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "instance", required_argument, NULL, 'i' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "complete", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	/* "+": what follows the first word belongs to the command. */
	while ((c = getopt_long(argc, argv, "+i:s:jhV", known, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->to.instance = optarg;
			break;
		case 's':
			o->to.socket = optarg;
			break;
		case 'j':
			o->form = FORM_JSON;
			break;
		case 'c':
			o->complete = true;
			break;
		case 'h':
			help();
			exit(CTL_EXIT_OK);
		case 'V':
			printf("dmvpnctl %s\n", DMVPND_VERSION);
			exit(CTL_EXIT_OK);
		default:
			usage(stderr);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct options o = { .to.instance = CTL_INSTANCE };

	setlocale(LC_CTYPE, ""); /* whether the terminal takes more than ASCII */
	if (!read_options(argc, argv, &o))
		return CTL_EXIT_USAGE;
	argv += optind;
	argc -= optind;
	if (o.complete) {
		parse_candidates(argv, (size_t)argc, stdout, "");
		return CTL_EXIT_OK;
	}
	if (!argc)
		return shell_run(&o.to);
	/* Of the file system, not of a daemon: it has options of its own. */
	if (!strcmp(argv[0], "convert"))
		return convert_main(argc, argv);
	if (!strcmp(argv[0], "help")) {
		help();
		return CTL_EXIT_OK;
	}
	return line_run(&o.to, argv, o.form);
}
