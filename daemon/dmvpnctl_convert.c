/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvpnctl convert: an IOS running-config in our own syntax, or its routing part in FRR's. */
#include <getopt.h>
#include <jansson.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/ctl.h"
#include "daemon/dmvpnctl.h"
#include "daemon/text.h"

struct convert {
	const char *file;
	enum conf_target to;
	struct conf_interfaces map;
	bool json;
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: dmvpnctl convert [--map FastEthernet0/0=eth0]... [--frr] [--json] FILE\n"
		"FILE is an IOS running-config; the result goes to the standard output.\n");
}

static bool read_options(struct convert *c, int argc, char **argv)
{
	static const struct option known[] = {
		{ "map", required_argument, NULL, 'm' },
		{ "frr", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int opt;

	/* 0 forgets that of the program's own options none may stand behind a word: here they may. */
	optind = 0;
	while ((opt = getopt_long(argc, argv, "m:", known, NULL)) != -1) {
		if (opt == 'f')
			c->to = CONF_TO_FRR;
		else if (opt == 'j')
			c->json = true;
		else if (opt != 'm')
			return false;
		else if (!conf_interfaces_add(&c->map, optarg)) {
			fprintf(stderr, "dmvpnctl: --map '%s': expected as FastEthernet0/0=eth0\n",
				optarg);
			return false;
		}
	}
	if (optind + 1 != argc)
		return false;
	c->file = argv[optind];
	return true;
}

/* What a router printed may be in any character set; JSON is UTF-8. */
static void print_json(char *text, const struct conf_report *report)
{
	json_t *messages = json_array(), *all;

	if (text)
		text_make_utf8(text);
	all = json_pack("{s:s?, s:o}", "text", text, "messages", messages);

	for (size_t i = 0; i < report->count; i++) {
		const struct conf_message *m = &report->messages[i];

		text_make_utf8(m->text);
		json_array_append_new(messages, json_pack("{s:s, s:i, s:s}", "severity",
							  conf_severity_name(m->severity), "line",
							  (int)m->line, "text", m->text));
	}
	json_dumpf(all, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(all);
}

static int convert(const struct convert *c)
{
	struct conf_report report;
	char *text = conf_convert(c->file, c->to, &c->map, &report);
	int status = text && !report.errors ? CTL_EXIT_OK : CTL_EXIT_DAEMON;

	if (c->json)
		print_json(text, &report);
	else if (text)
		fputs(text, stdout);
	for (size_t i = 0; i < report.count && !c->json; i++)
		fprintf(stderr, "%s: %s\n", conf_severity_name(report.messages[i].severity),
			report.messages[i].text);
	conf_text_free(text);
	conf_report_free(&report);
	if (fflush(stdout) || ferror(stdout))
		return CTL_EXIT_DAEMON;
	return status;
}

int convert_main(int argc, char **argv)
{
	struct convert c = { .to = CONF_TO_OURS };
	int status = CTL_EXIT_USAGE;

	if (read_options(&c, argc, argv))
		status = convert(&c);
	else
		usage(stderr);
	conf_interfaces_free(&c.map);
	return status;
}
