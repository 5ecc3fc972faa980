/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/limit.h"
#include "daemon/loop.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"

#define VARIABLES 16
#define VARIABLE_TEXT 96

#define SEARCH_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Made when it happened: the tunnel may be gone when its turn comes. */
struct call {
	STAILQ_ENTRY(call) next;
	char reason[VARIABLE_TEXT];
	char variable[VARIABLES][VARIABLE_TEXT];
	size_t count;
};

struct hook {
	STAILQ_HEAD(, call) queue;
	size_t waiting;
	size_t left_out; /* since there was room last */
	struct limit log;
	pid_t pid; /* that runs, 0: none */
	char reason[VARIABLE_TEXT];
	msec patience;
};

struct hook *hook_new(void)
{
	struct hook *h = xcalloc(1, sizeof(*h));

	STAILQ_INIT(&h->queue);
	h->log = limit_of(SECONDS(10), 5);
	return h;
}

static void kill_it(struct hook *h)
{
	/* Its group: what it has started, too. */
	if (kill(-h->pid, SIGKILL))
		kill(h->pid, SIGKILL);
}

void hook_free(struct daemon *d)
{
	struct hook *h = d->hook;
	struct call *c;

	if (!h)
		return;
	if (h->pid) {
		kill_it(h);
		waitpid(h->pid, NULL, 0);
	}
	while ((c = STAILQ_FIRST(&h->queue))) {
		STAILQ_REMOVE_HEAD(&h->queue, next);
		free(c);
	}
	free(h);
	d->hook = NULL;
}

/* ---- environment ---- */

__attribute__((format(printf, 2, 3))) static void set(struct call *c, const char *fmt, ...)
{
	va_list args;

	if (c->count == VARIABLES)
		abort();
	va_start(args, fmt);
	vsnprintf(c->variable[c->count++], VARIABLE_TEXT, fmt, args);
	va_end(args);
}

static void set_addr(struct call *c, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT];

	if (!addr_is_none(a))
		set(c, "%s=%s", name, addr_text(a, text));
}

static void set_all(struct call *c, const struct hook_call *call)
{
	const struct tunnel *t = call->tunnel;

	set(c, "%s", SEARCH_PATH);
	set(c, "NHRP_TYPE=%s", call->type);
	set(c, "NHRP_INTERFACE=%s", t->conf->name);
	set_addr(c, "NHRP_SRCADDR", &t->conf->address.addr);
	set_addr(c, "NHRP_SRCNBMA", &t->local);
	set_addr(c, "NHRP_DESTADDR", &call->dest.addr);
	if (!addr_is_none(&call->dest.addr))
		set(c, "NHRP_DESTPREFIX=%u", call->dest.bits);
	set_addr(c, "NHRP_DESTNBMA", &call->nbma);
	set_addr(c, "NHRP_NEXTHOP", &call->nexthop);
	if (t->conf->has_key)
		set(c, "NHRP_GRE_KEY=%u", t->conf->key);
	if (call->down_reason)
		set(c, "NHRP_PEER_DOWN_REASON=%s", call->down_reason);
}

/* ---- running ---- */

static int spawn(const char *program, struct call *c, pid_t *pid)
{
	char *argv[] = { (char *)(uintptr_t)program, c->reason, NULL };
	char *envp[VARIABLES + 1] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	for (size_t i = 0; i < c->count; i++)
		envp[i] = c->variable[i];
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	/* Ours close at an exec; these do not count on that, nor on whoever started us. */
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	err = posix_spawn(pid, program, &files, &attr, argv, envp);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return err;
}

static void run_next(struct daemon *d)
{
	struct hook *h = d->hook;
	const char *program = d->conf->hook;
	struct call *c;

	while (!h->pid && (c = STAILQ_FIRST(&h->queue))) {
		int err = 0;

		STAILQ_REMOVE_HEAD(&h->queue, next);
		h->waiting--;
		if (program)
			err = spawn(program, c, &h->pid);
		if (err) {
			h->pid = 0;
			if (limit_take(&h->log, loop_now()))
				log_msg(LOG_WARNING, "hook: %s cannot be run: %s", program,
					strerror(err));
		}
		memcpy(h->reason, c->reason, sizeof(h->reason));
		h->patience = loop_now() + HOOK_PATIENCE;
		free(c);
	}
}

void hook_run(struct daemon *d, const struct hook_call *call)
{
	struct hook *h = d->hook;
	struct call *c;

	if (h->waiting == HOOK_QUEUE) {
		if (!h->left_out++)
			log_msg(LOG_WARNING,
				"hook: %s is too slow, %d events wait: those that come now are left out",
				d->conf->hook, HOOK_QUEUE);
		return;
	}
	if (h->left_out && h->waiting < HOOK_QUEUE / 2) {
		log_msg(LOG_WARNING, "hook: %zu events were left out", h->left_out);
		h->left_out = 0;
	}
	c = xcalloc(1, sizeof(*c));
	snprintf(c->reason, sizeof(c->reason), "%s", call->reason);
	set_all(c, call);
	STAILQ_INSERT_TAIL(&h->queue, c, next);
	h->waiting++;
	run_next(d);
}

static void tell_status(struct daemon *d, int status)
{
	struct hook *h = d->hook;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (!limit_take(&h->log, loop_now()))
		return;
	if (WIFEXITED(status))
		log_msg(LOG_WARNING, "hook: %s ended with status %d", h->reason,
			WEXITSTATUS(status));
	else
		log_msg(LOG_WARNING, "hook: %s was ended by signal %d", h->reason,
			WTERMSIG(status));
}

void hook_ended(struct daemon *d)
{
	struct hook *h = d->hook;
	int status;

	if (!h || !h->pid || waitpid(h->pid, &status, WNOHANG) != h->pid)
		return;
	tell_status(d, status);
	h->pid = 0;
	run_next(d);
}

msec hook_deadline(const struct daemon *d)
{
	return d->hook && d->hook->pid ? d->hook->patience : MSEC_NEVER;
}

void hook_tick(struct daemon *d, msec now)
{
	struct hook *h = d->hook;

	if (limit_take(&h->log, now))
		log_msg(LOG_WARNING, "hook: %s took longer than %u s and is killed", h->reason,
			(unsigned int)(HOOK_PATIENCE / 1000));
	kill_it(h);
	/* Its end is told by SIGCHLD; should that take long, it is said again. */
	h->patience = now + HOOK_PATIENCE;
}
