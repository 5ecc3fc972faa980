/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to the daemon: its control socket. */
#include "daemon/dmvpnctl_line.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/ctl.h"

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

static void complain_connect(const struct target *o, const char *path, int error)
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
	/* The unit's is the instance without a name of its own. */
	fprintf(stderr,
		"No daemon answers there. Start it:%s\n  dmvpnd --config FILE --instance %s\n",
		strcmp(o->instance, CTL_INSTANCE) == 0 ? " systemctl start dmvpnd, or" : "",
		o->instance);
	list_instances();
}

int client_connect(const struct target *o)
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
json_t *client_ask(int fd, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	json_error_t error;
	json_t *answer = NULL;
	bool nothing = true;
	FILE *in;

	/* The answer is read in any case: the daemon may have said why before it closed. */
	if (line && send_all(fd, line, strlen(line)))
		send_all(fd, "\n", 1);
	free(line);
	in = fdopen(fd, "r");
	if (in) {
		int first = getc(in);

		nothing = first == EOF;
		ungetc(first, in);
		answer = json_loadf(in, JSON_DISABLE_EOF_CHECK, &error);
		fclose(in);
	}
	if (!answer && nothing)
		fputs("dmvpnctl: the daemon has ended before it answered; its log may tell why\n",
		      stderr);
	else if (!answer)
		fprintf(stderr,
			"dmvpnctl: the daemon's answer has no end (%s): it has ended meanwhile, or "
			"nobody read the answer for 10 seconds\n",
			error.text);
	return answer;
}

FILE *client_follow(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	bool sent = text && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1);
	FILE *in = sent ? fdopen(fd, "r") : NULL;

	free(text);
	if (!in)
		close(fd);
	return in;
}
