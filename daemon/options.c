/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/ctl.h"

#define CONFIG SYSCONFDIR "/dmvpnd/dmvpnd.conf"

static const char help[] =
	"Usage: dmvpnd [OPTION]...\n"
	"A DMVPN hub or spoke: IKEv1, NHRP and multipoint GRE.\n"
	"\n"
	"  -c, --config FILE       configuration (" CONFIG "), our own or an IOS\n"
	"                          running-config as it is\n"
	"  -m, --map IOS=NAME      an IOS interface is this one here: FastEthernet0/0=eth0;\n"
	"                          may be given several times\n"
	"      --check FILE        check a configuration, say what is wrong, and end\n"
	"  -i, --instance NAME     name of this daemon, where several run (" CTL_INSTANCE ");\n"
	"                          its control socket is " RUNDIR "/NAME" CTL_SUFFIX "\n"
	"  -b, --background        come back when it runs, or say why it does not\n"
	"  -l, --log-level LEVEL   0 to 7 or emergencies, alerts, critical, errors, warnings,\n"
	"                          notifications, informational, debugging\n"
	"      --log-file FILE     log to a file, which SIGUSR1 opens again\n"
	"      --syslog            log to syslog\n"
	"      --keylog DIR        write keys there, for Wireshark to read captures; whoever\n"
	"                          reads them reads what the tunnels carry\n"
	"  -V, --version\n"
	"  -h, --help\n"
	"\n"
	"Without --log-file and --syslog the log goes where the configuration says, else to\n"
	"stderr, in the background to syslog. `dmvpnctl show dmvpn` shows what it does.\n"
	"SIGHUP and `dmvpnctl reload` read the configuration again: what it changes is changed,\n"
	"the rest goes on undisturbed.\n";

enum { OPT_CHECK = 256, OPT_LOG_FILE, OPT_SYSLOG, OPT_KEYLOG };

static const struct option table[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "map", required_argument, NULL, 'm' },
	{ "check", required_argument, NULL, OPT_CHECK },
	{ "instance", required_argument, NULL, 'i' },
	{ "background", no_argument, NULL, 'b' },
	{ "log-level", required_argument, NULL, 'l' },
	{ "log-file", required_argument, NULL, OPT_LOG_FILE },
	{ "syslog", no_argument, NULL, OPT_SYSLOG },
	{ "keylog", required_argument, NULL, OPT_KEYLOG },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool refuse(int *status, const char *what, const char *arg, const char *expected)
{
	fprintf(stderr, "dmvpnd: %s%s%s%s%s\n", what, arg ? " '" : "", arg ? arg : "",
		arg ? "'" : "", expected);
	*status = EXIT_SENSELESS;
	return false;
}

static int level_of(const char *text)
{
	if (text[0] >= '0' && text[0] <= '7' && !text[1])
		return text[0] - '0';
	return conf_log_level_by_name(text);
}

/* It becomes the name of a file in RUNDIR. */
static bool is_instance_name(const char *name)
{
	size_t longest = CTL_PATH_MAX - sizeof(RUNDIR "/" CTL_SUFFIX);

	return *name && *name != '.' && !strchr(name, '/') && strlen(name) <= longest;
}

static bool take(struct options *o, int opt, int *status)
{
	switch (opt) {
	case 'c':
		o->config = optarg;
		return true;
	case OPT_CHECK:
		o->check = optarg;
		return true;
	case 'm':
		return conf_interfaces_add(&o->map, optarg) ||
		       refuse(status, "--map", optarg, ": expected as FastEthernet0/0=eth0");
	case 'i':
		o->instance = optarg;
		return is_instance_name(optarg) ||
		       refuse(status, "--instance", optarg,
			      ": expected a short name without '/', such as Hub");
	case 'b':
		o->background = true;
		return true;
	case 'l':
		o->log_level = level_of(optarg);
		return o->log_level >= 0 ||
		       refuse(status, "--log-level", optarg,
			      ": expected 0 to 7, or a word such as informational or debugging");
	case OPT_LOG_FILE:
		o->log_file = optarg;
		return true;
	case OPT_SYSLOG:
		o->log_syslog = true;
		return true;
	case OPT_KEYLOG:
		o->keylog = optarg;
		return *optarg || refuse(status, "--keylog", optarg, ": expected a folder");
	case 'V':
		puts("dmvpnd " DMVPND_VERSION);
		return false;
	case 'h':
		fputs(help, stdout);
		return false;
	default:
		/* getopt has said what is wrong. */
		return refuse(status, "`dmvpnd --help` lists the options", NULL, "");
	}
}

bool options_parse(struct options *out, int argc, char **argv, int *status)
{
	int opt;

	*status = 0;
	*out = (struct options){ .config = CONFIG, .instance = CTL_INSTANCE, .log_level = -1 };
	while ((opt = getopt_long(argc, argv, "c:m:i:bl:Vh", table, NULL)) != -1)
		if (!take(out, opt, status))
			return false;
	if (optind < argc)
		return refuse(status, "no use for", argv[optind],
			      ": did you mean --config? `dmvpnd --help` lists the options");
	if (out->log_file && out->log_syslog)
		return refuse(status, "--log-file and --syslog: choose one", NULL, "");
	return true;
}
