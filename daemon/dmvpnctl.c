/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvpnctl: sends one command to a running dmvpnd and prints its answer as IOS would, or as the
 * JSON it came in.
 */
#include "daemon/dmvpnctl.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ctl.h"
#include "lib/util.h"

struct options {
	const char *instance;
	const char *socket; /* overrides the instance */
	bool json, svg;
};

static void usage(FILE *out)
{
	fprintf(out, "usage: dmvpnctl [--instance NAME] [--socket PATH] [--json] COMMAND...\n"
		     "       dmvpnctl convert FILE   an IOS configuration in our own syntax\n"
		     "       dmvpnctl help        all commands; words may be abbreviated (sh dm)\n"
		     "       dmvpnctl show ?      what may follow (quote the ? in your shell)\n");
}

static void help(void)
{
	usage(stdout);
	printf("\n");
	for (size_t i = 0; i < verb_count; i++)
		printf("  %-36s  %s\n", verbs[i].syntax, verbs[i].help);
}

/* Names of the instances that have a socket, as a hint when there is none to talk to. */
static void list_instances(void)
{
	DIR *dir = opendir(RUNDIR);
	const struct dirent *entry;
	unsigned int found = 0;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(CTL_SUFFIX);

		if (len <= suffix || strcmp(entry->d_name + len - suffix, CTL_SUFFIX) != 0)
			continue;
		fprintf(stderr, "%s%.*s", found++ ? ", " : "Instances in " RUNDIR ": ",
			(int)(len - suffix), entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (found)
		fprintf(stderr, " (choose one with --instance NAME)\n");
}

static void complain_connect(const struct options *o, const char *path, int error)
{
	fprintf(stderr, "dmvpnctl: cannot connect to %s: %s\n", path, strerror(error));
	if (error == EACCES || error == EPERM) {
		fprintf(stderr, "The socket is root's alone: try sudo dmvpnctl ...\n");
		return;
	}
	if (error == EAGAIN) {
		fprintf(stderr, "The daemon does not take more clients just now; try again.\n");
		return;
	}
	fprintf(stderr,
		"No daemon answers there. Start it: systemctl start dmvpnd, or\n"
		"  dmvpnd --config FILE --instance %s\n",
		o->instance);
	list_instances();
}

static int connect_to(const struct options *o)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char path[PATH_MAX];
	int fd, error;

	if (o->socket)
		snprintf(path, sizeof(path), "%s", o->socket);
	else
		snprintf(path, sizeof(path), "%s/%s" CTL_SUFFIX, RUNDIR, o->instance);
	if (strlen(path) >= sizeof(to.sun_path)) {
		fprintf(stderr, "dmvpnctl: %s: a socket's name is at most %zu octets long\n", path,
			sizeof(to.sun_path) - 1);
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	complain_connect(o, path, error);
	return -1;
}

static bool send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* The daemon's answer, NULL (and a message) where there is none. */
static json_t *ask(int fd, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	json_error_t error;
	json_t *answer = NULL;
	bool sent = line && send_all(fd, line, strlen(line)) && send_all(fd, "\n", 1);
	FILE *in;

	free(line);
	in = fdopen(fd, "r");
	if (in) {
		/* Also after a failed send: the daemon may have said why before it closed. */
		answer = json_loadf(in, JSON_DISABLE_EOF_CHECK, &error);
		fclose(in);
	}
	if (!answer)
		fprintf(stderr, "dmvpnctl: no answer from the daemon%s%s; its log may tell why\n",
			sent && in ? ": " : "", sent && in ? error.text : "");
	return answer;
}

static void complain(const json_t *answer)
{
	const json_t *detail;
	size_t i;

	fprintf(stderr, "%% %s\n", member_text(answer, "error"));
	json_array_foreach (json_object_get(answer, "errors"), i, detail)
		fprintf(stderr, "%%   %s\n", json_string_value(detail));
}

/* One line of those that follow each other. False: that was the last. */
static bool show_line(const struct options *o, const struct parsed *p, const char *line, int *status)
{
	json_t *answer = json_loads(line, 0, NULL);
	bool more = answer && !member_has(answer, "error");

	if (!answer)
		fprintf(stderr, "dmvpnctl: the daemon sent something that is no JSON\n");
	else if (!more)
		complain(answer);
	else if (o->json)
		fputs(line, stdout);
	else
		p->verb->render(answer, stdout);
	json_decref(answer);
	*status = more ? CTL_EXIT_OK : CTL_EXIT_DAEMON;
	return !fflush(stdout) && !ferror(stdout) && more;
}

/* Until the daemon ends, or whoever reads us. */
static int follow(const struct options *o, const struct parsed *p, int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT), *line = NULL;
	FILE *in = fdopen(fd, "r");
	int status = CTL_EXIT_DAEMON;
	size_t room = 0;

	if (in && text && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1))
		while (getline(&line, &room, in) > 0 && show_line(o, p, line, &status))
			;
	if (in)
		fclose(in);
	free(line);
	free(text);
	return status;
}

static int run(const struct options *o, const struct parsed *p)
{
	json_t *request, *answer;
	int fd, status = CTL_EXIT_OK;

	if (o->svg && !verb_picture(p->verb)) {
		fprintf(stderr, "%% There is no picture of this. Those with --svg are:\n");
		for (size_t i = 0; i < verb_count; i++)
			if (verb_picture(&verbs[i]))
				fprintf(stderr, "  %s\n", verbs[i].syntax);
		return CTL_EXIT_USAGE;
	}
	fd = connect_to(o);
	if (fd < 0)
		return CTL_EXIT_CONNECT;
	request = parse_request(p);
	if (p->verb->render == render_event) {
		status = follow(o, p, fd, request);
		json_decref(request);
		return status;
	}
	answer = ask(fd, request);
	json_decref(request);
	if (!answer)
		return CTL_EXIT_DAEMON;
	if (member_has(answer, "error")) {
		complain(answer);
		status = CTL_EXIT_DAEMON;
	}
	if (o->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		printf("\n");
	} else if (status == CTL_EXIT_OK) {
		(o->svg ? verb_picture(p->verb) : p->verb->render)(answer, stdout);
	}
	json_decref(answer);
	if (fflush(stdout) || ferror(stdout))
		return CTL_EXIT_DAEMON;
	return status;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "instance", required_argument, NULL, 'i' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	/* "+": what follows the first word belongs to the command. */
	while ((c = getopt_long(argc, argv, "+i:s:jhV", known, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->instance = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'j':
			o->json = true;
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
	struct options o = { .instance = CTL_INSTANCE };
	struct parsed p;
	char **words;
	size_t count, room = 1;
	int status;

	if (!read_options(argc, argv, &o))
		return CTL_EXIT_USAGE;
	/* Of the file system, not of a daemon: it has options of its own. */
	if (optind < argc && !strcmp(argv[optind], "convert"))
		return convert_main(argc - optind, argv + optind);
	for (int i = optind; i < argc; i++)
		room += strlen(argv[i]) + 1;
	words = xcalloc(room, sizeof(*words));
	count = parse_split(argv + optind, words, &o.json, &o.svg);
	if (!count) {
		usage(stderr);
		status = CTL_EXIT_USAGE;
	} else if (!strcmp(words[0], "help")) {
		help();
		status = CTL_EXIT_OK;
	} else if (!strcmp(words[count - 1], "?")) {
		status = CTL_EXIT_OK;
		if (!parse_help(words, count - 1, stdout, &p)) {
			parse_complain(&p, words, count - 1, stderr);
			status = CTL_EXIT_USAGE;
		}
	} else {
		p = parse_words(words, count);
		parse_complain(&p, words, count, stderr);
		status = p.result == PARSE_OK ? run(&o, &p) : CTL_EXIT_USAGE;
	}
	free(words);
	return status;
}
