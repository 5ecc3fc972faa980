/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/trace.h"

/* In the namespace of abstract socket names, which belongs to the network namespace. */
static const char namespace_name[] = "dmvpnd";

int instance_background(void)
{
	int ends[2];
	pid_t child;
	char ready;

	if (pipe2(ends, O_CLOEXEC)) {
		log_msg(LOG_ERR, "cannot go to the background: %s", strerror(errno));
		return -1;
	}
	child = fork();
	if (child < 0) {
		log_msg(LOG_ERR, "cannot go to the background: %s", strerror(errno));
		return -1;
	}
	if (child) {
		close(ends[1]);
		_exit(read(ends[0], &ready, 1) == 1 ? 0 : 1);
	}
	close(ends[0]);
	setsid();
	return ends[1];
}

/* sd_notify(3), as far as it is needed. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sun,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

/* ---- the service manager's watchdog, sd_watchdog_enabled(3) ---- */

static struct {
	msec interval, due;
} watchdog = { .due = MSEC_NEVER };

static void watchdog_start(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return;
	/* Twice within the time that it waits. */
	watchdog.interval = (msec)(strtoull(usec, NULL, 10) / 2000);
	if (watchdog.interval > 0)
		watchdog.due = 0;
}

msec instance_deadline(void)
{
	return watchdog.due;
}

void instance_tick(msec now)
{
	notify("WATCHDOG=1");
	watchdog.due = now + watchdog.interval;
}

void instance_ready(int pipe)
{
	notify("READY=1");
	watchdog_start();
	if (pipe < 0)
		return;
	/* Not to another folder: a log file's relative name keeps its meaning. */
	for (int fd = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC); fd <= 2; fd++)
		dup2(null, fd);
	if (write(pipe, "", 1) != 1)
		log_msg(LOG_NOTICE, "who started this daemon did not wait for it");
	close(pipe);
}

void instance_stopping(void)
{
	notify("STOPPING=1");
}

static bool claim_namespace(struct instance *in)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(namespace_name));
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(sun.sun_path + 1, namespace_name, sizeof(namespace_name) - 1);
	if (fd < 0) {
		log_msg(LOG_ERR, "cannot make a unix socket: %s", strerror(errno));
		return false;
	}
	if (!bind(fd, (struct sockaddr *)&sun, len) && !listen(fd, 1)) {
		in->namespace_fd = fd;
		return true;
	}
	if (!connect(fd, (struct sockaddr *)&sun, len))
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
	close(fd);
	log_msg(LOG_ERR,
		"another dmvpnd (process %d) runs in this network namespace: stop it first, or put"
		" its tunnels into one configuration",
		(int)who.pid);
	return false;
}

static bool claim_name(struct instance *in, const char *name)
{
	char text[32] = "";
	int n;

	if (mkdir(RUNDIR, 0755) && errno != EEXIST) {
		log_msg(LOG_ERR, "cannot make %s: %s", RUNDIR, strerror(errno));
		return false;
	}
	if (asprintf(&in->pid_path, RUNDIR "/%s.pid", name) < 0)
		abort();
	in->pid_fd = open(in->pid_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (in->pid_fd < 0) {
		log_msg(LOG_ERR, "cannot write %s: %s", in->pid_path, strerror(errno));
		return false;
	}
	if (flock(in->pid_fd, LOCK_EX | LOCK_NB)) {
		if (read(in->pid_fd, text, sizeof(text) - 1) <= 0)
			strcpy(text, "?");
		text[strcspn(text, "\n")] = '\0';
		log_msg(LOG_ERR,
			"instance %s runs already (process %s): stop it, or give this one another"
			" name with --instance",
			name, text);
		close(in->pid_fd);
		in->pid_fd = -1;
		return false;
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(in->pid_fd, 0) || write(in->pid_fd, text, (size_t)n) != n)
		log_msg(LOG_WARNING, "cannot write %s: %s", in->pid_path, strerror(errno));
	return true;
}

bool instance_claim(struct instance *in, const char *name)
{
	*in = (struct instance){ .pid_fd = -1, .namespace_fd = -1 };
	return claim_name(in, name) && claim_namespace(in);
}

void instance_release(struct instance *in)
{
	if (in->namespace_fd >= 0)
		close(in->namespace_fd);
	if (in->pid_fd >= 0) {
		unlink(in->pid_path);
		close(in->pid_fd);
	}
	free(in->pid_path);
	*in = (struct instance){ .pid_fd = -1, .namespace_fd = -1 };
}
