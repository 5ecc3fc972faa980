/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show tech-support: all shows, what the flight recorder has of each peer, the log, and the kernel's
 * state in the daemon's network namespace, in one archive, made by the client: files in a folder that
 * nobody else may enter, tar(1) over it, and the folder is removed. (A library for archives would cost
 * every command its start: libarchive brings ten others.)
 *
 * No secret can be in it, because none is asked for: the daemon tells none, and the kernel is not
 * asked for the keys of SAs. tests/netns/support.t looks for each of them.
 *
 * Without a daemon it has what the kernel and the log tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/dmvpnctl_line.h"
#include "daemon/text.h"
#include "lib/util.h"

#define PATIENCE_MS 2000	       /* so long nothing is said about how far it is */
#define OUTPUT_MAX  ((size_t)16 << 20) /* octets of one command or file; of a log the last ones */
#define PEERS_MAX   100 /* whose recorded events are taken: who is not up comes first */
#define NAME_ROOM   200

struct tech {
	const struct target *to;
	char path[PATH_MAX];
	char collected[PATH_MAX]; /* the folder of ours with the files, empty: there is none */
	int folder_fd;		  /* of `folder`, in it */
	char folder[NAME_ROOM];	  /* in the archive, of all that is in it */
	bool daemon;		  /* it answers */
	int netns;		  /* the daemon's; -1: ours */
	char *log_file;		  /* NULL: it is not known to have one */
	struct timespec began;
	bool told; /* that it takes long */
	long long files;
	json_t *missing; /* texts: what was left out, and why */
	bool failed;	 /* the archive cannot be written: why is in `error` */
	char error[PATH_MAX + 200];
};

static void fail(struct tech *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct tech *t, const char *fmt, ...)
{
	va_list args;

	if (t->failed)
		return;
	va_start(args, fmt);
	vsnprintf(t->error, sizeof(t->error), fmt, args);
	va_end(args);
	text_make_utf8(t->error);
	t->failed = true;
}

static void leave_out(struct tech *t, const char *what, const char *why)
{
	json_array_append_new(t->missing, json_sprintf("%s: %s", what, why));
}

/* What is being waited for; on a terminal in one line, which end_progress() takes away. */
static void tell_progress(struct tech *t, const char *what)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - t->began.tv_sec) * 1000 + (now.tv_nsec - t->began.tv_nsec) / 1000000 <
	    PATIENCE_MS)
		return;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Kcollecting, %lld files so far: %.50s", t->files, what);
	else if (!t->told)
		fprintf(stderr, "collecting, this takes some seconds ...\n");
	t->told = true;
}

static void end_progress(const struct tech *t)
{
	if (t->told && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

/* False: no more is to be done. */
static bool go_on(struct tech *t, const char *what)
{
	if (line_interrupted)
		fail(t, "interrupted");
	if (!t->failed)
		tell_progress(t, what);
	return !t->failed;
}

/* ---- the archive ---- */

/* "show/show-dmvpn.txt": in a folder of its own, which may be there. */
static void add_file(struct tech *t, const char *name, const char *text, size_t len)
{
	char folder[NAME_ROOM];
	FILE *out = NULL;
	bool written;
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", (int)strcspn(name, "/"), name);
	if (strchr(name, '/') && mkdirat(t->folder_fd, folder, 0700) && errno != EEXIST) {
		fail(t, "%s/%s cannot be made: %s", t->collected, folder, strerror(errno));
		return;
	}
	fd = openat(t->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		out = fdopen(fd, "w");
	written = out && fwrite(text, 1, len, out) == len;
	/* What is buffered may fail only now. */
	if ((out && fclose(out)) || !written)
		fail(t, "%s/%s cannot be written: %s", t->collected, name, strerror(errno));
	t->files++;
}

/* "show ip nhrp" in folder "show" is "show/show-ip-nhrp.txt". */
static const char *file_name(char buf[NAME_ROOM], const char *folder, const char *words,
			     const char *suffix)
{
	size_t n = (size_t)snprintf(buf, NAME_ROOM, "%s/", folder);

	for (; *words && n + strlen(suffix) + 1 < NAME_ROOM; words++)
		buf[n++] = strchr(" /|", *words) ? '-' : *words;
	snprintf(buf + n, NAME_ROOM - n, "%s", suffix);
	return buf;
}

/* ---- the daemon ---- */

static json_t *ask(struct tech *t, const struct parsed *command)
{
	int fd = client_connect(t->to);
	json_t *request, *answer;

	if (fd < 0)
		return NULL;
	request = parse_request(command);
	answer = client_ask(fd, request);
	json_decref(request);
	return answer;
}

static json_t *ask_line(struct tech *t, const char *line)
{
	char copy[NAME_ROOM], *words[16], *save;
	struct parsed p;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w && n < ARRAY_SIZE(words);
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	p = parse_words(words, n);
	return p.result == PARSE_OK ? ask(t, &p) : NULL;
}

static void add_rendered(struct tech *t, const char *name, render_fn *render, const json_t *answer)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	render(answer, out);
	if (fclose(out))
		abort();
	add_file(t, name, text, len);
	free(text);
}

static void add_show(struct tech *t, const struct verb *v)
{
	const struct parsed command = { .verb = v };
	char name[NAME_ROOM], *text;
	json_t *answer;

	if (!go_on(t, v->syntax))
		return;
	answer = ask(t, &command);
	if (!answer || member_has(answer, "error")) {
		leave_out(t, v->syntax, answer ? member_text(answer, "error") : "no answer");
		json_decref(answer);
		return;
	}
	add_rendered(t, file_name(name, "show", v->syntax, ".txt"), v->render, answer);
	/* Of several verbs that show the same data, the one that has no other's. */
	if (!v->request) {
		text = json_dumps(answer, JSON_INDENT(2));
		add_file(t, file_name(name, "json", v->syntax, ".json"), text, strlen(text));
		free(text);
	}
	json_decref(answer);
}

static bool is_for_all(const struct verb *v)
{
	static const char *const others[] = { "explain", "map" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(v->syntax, others[i]))
			return true;
	return !strncmp(v->syntax, "show ", 5) && !v->arg && v->render != render_tech_support;
}

static void add_shows(struct tech *t)
{
	for (size_t i = 0; i < verb_count && !t->failed; i++)
		if (is_for_all(&verbs[i]))
			add_show(t, &verbs[i]);
}

/* The addresses are members of the object, in the order in which they come. */
static void want_peers(struct tech *t, json_t *peers, const char *line, const char *list,
		       const char *member)
{
	json_t *answer = ask_line(t, line), *one;
	size_t i;

	json_array_foreach (json_object_get(answer, list), i, one)
		if (*member_text(one, member))
			json_object_set_new(peers, member_text(one, member), json_null());
	json_decref(answer);
}

static void add_recorded(struct tech *t, const char *peer)
{
	char line[NAME_ROOM], name[NAME_ROOM];
	json_t *answer;

	snprintf(line, sizeof(line), "show log peer %s", peer);
	answer = ask_line(t, line);
	if (answer && !member_has(answer, "error"))
		add_rendered(t, file_name(name, "log", peer, ".txt"), render_log, answer);
	json_decref(answer);
}

/* Who explain has something to say of comes first. */
static void add_peers(struct tech *t)
{
	json_t *peers = json_object(), *value;
	const char *peer;
	size_t n = 0;

	want_peers(t, peers, "explain", "peers", "nbma");
	want_peers(t, peers, "show crypto session", "sessions", "peer");
	json_object_foreach (peers, peer, value) {
		(void)value;
		if (n++ < PEERS_MAX && go_on(t, peer))
			add_recorded(t, peer);
	}
	if (n > PEERS_MAX)
		leave_out(t, "show log peer", "of the first 100 peers only");
	json_decref(peers);
}

/* ---- the machine ---- */

/* All that can be read, up to OUTPUT_MAX; for free(). */
static char *read_all(int fd, size_t *len)
{
	char *buf = NULL;
	size_t room = 0;

	*len = 0;
	for (;;) {
		ssize_t n;

		if (*len == room) {
			room = room ? 2 * room : 1 << 16;
			buf = xreallocarray(buf, room, 1);
		}
		n = read(fd, buf + *len, room - *len);
		if (n < 0 && errno == EINTR && !line_interrupted)
			continue;
		if (n <= 0)
			return buf;
		*len += (size_t)n;
		if (*len > OUTPUT_MAX)
			return buf;
	}
}

static void add_end_of(struct tech *t, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text;
	size_t len;

	if (fd < 0) {
		leave_out(t, path, strerror(errno));
		return;
	}
	/* What is shorter cannot do that, and is read from its beginning. */
	lseek(fd, -(off_t)OUTPUT_MAX, SEEK_END);
	text = read_all(fd, &len);
	add_file(t, name, text, len);
	free(text);
	close(fd);
}

/* The program, in a network namespace where there is one to enter. */
static void become(int netns, char *const *argv, int out, int err)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	static char *environment[] = { path, locale, NULL };

	if (netns >= 0 && setns(netns, CLONE_NEWNET))
		_exit(126);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	environ = environment;
	execvp(argv[0], argv);
	_exit(127);
}

/* How it ended, as waitpid() says it. */
static int status_of(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static char *output_of(const struct tech *t, char *const *argv, size_t *len, int *status)
{
	char *text;
	pid_t pid;
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid)
		become(t->netns, argv, p[1], p[1]);
	close(p[1]);
	text = pid > 0 ? read_all(p[0], len) : NULL;
	close(p[0]);
	*status = pid > 0 ? status_of(pid) : 0;
	return text;
}

static void add_command(struct tech *t, const char *name, const char *line)
{
	char copy[NAME_ROOM], *argv[24], *save, *text;
	size_t n = 0, len = 0;
	int status = 0;

	if (!go_on(t, line))
		return;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w && n + 1 < ARRAY_SIZE(argv);
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	text = output_of(t, argv, &len, &status);
	if (!text || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		leave_out(t, line, "is not installed");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
		leave_out(t, line, "the daemon's network namespace cannot be entered");
	else
		add_file(t, name, text, len);
	free(text);
}

static void add_machine(struct tech *t)
{
	static const struct {
		const char *name, *line;
	} commands[] = {
		{ "system/uname.txt", "uname -a" },
		{ "system/ip-version.txt", "ip -V" },
		{ "system/ip-link.txt", "ip -s -d link show" },
		{ "system/ip-address.txt", "ip -d address show" },
		{ "system/ip-route.txt", "ip -d route show table all" },
		{ "system/ip-rule.txt", "ip rule show" },
		{ "system/ip-neigh.txt", "ip -s -d neigh show" },
		/* Without "nokeys" it shows them. One that does not know the word shows nothing. */
		{ "system/ip-xfrm-state.txt", "ip -s xfrm state list nokeys" },
		{ "system/ip-xfrm-policy.txt", "ip -s xfrm policy list" },
		{ "system/xfrm_stat.txt", "cat /proc/net/xfrm_stat" },
		{ "system/sockets.txt", "ss -n -u -a -p" },
		{ "system/nft.txt", "nft list ruleset" },
		{ "system/iptables.txt", "iptables-save" },
		{ "system/sysctl.txt",
		  "sysctl -a -r net.(ipv4.(ip_forward|conf|neigh)|core.xfrm_)" },
		{ "system/os-release.txt", "cat /etc/os-release" },
		{ "system/modules.txt", "cat /proc/modules" },
		{ "system/algorithms.txt", "cat /proc/crypto" },
		{ "system/memory.txt", "cat /proc/meminfo" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands) && !t->failed; i++)
		add_command(t, commands[i].name, commands[i].line);
}

static void add_log(struct tech *t)
{
	char line[NAME_ROOM];

	if (t->log_file) {
		add_end_of(t, "log/dmvpnd.txt", t->log_file);
		return;
	}
	/* By both names: what systemd's unit writes to stderr, and what goes to syslog. */
	snprintf(line, sizeof(line), "journalctl --no-pager -n 20000 -t dmvpnd -t %.60s",
		 t->to->instance);
	add_command(t, "log/journal.txt", line);
}

/* For whoever has only the archive. */
static void add_about(struct tech *t)
{
	json_t *missing;
	char *text = NULL, now[64];
	time_t seconds = time(NULL);
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	strftime(now, sizeof(now), "%Y-%m-%d %H:%M:%S %z", localtime(&seconds));
	fprintf(out, "show tech-support of dmvpnctl %s, instance %s, %s\n", DMVPND_VERSION,
		t->to->instance, now);
	json_array_foreach (t->missing, i, missing)
		fprintf(out, "Not in it: %s\n", value_text(missing));
	if (fclose(out))
		abort();
	add_file(t, "about.txt", text, len);
	free(text);
}

/* ---- all of it ---- */

/* Which daemon it is, where it lives and logs. */
static void meet_daemon(struct tech *t, char *host, size_t size)
{
	int fd = client_connect(t->to);
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	char netns[64];
	json_t *answer;

	gethostname(host, size - 1);
	t->netns = -1;
	if (fd < 0) {
		leave_out(t, "what the daemon knows", "it does not answer");
		return;
	}
	/* Not what it calls itself: that would be the number in its own PID namespace. */
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && peer.pid > 0) {
		snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)peer.pid);
		t->netns = open(netns, O_RDONLY | O_CLOEXEC);
	}
	close(fd);
	if (t->netns < 0)
		leave_out(t, "the daemon's network namespace",
			  "cannot be entered, the kernel's "
			  "state is that of the client's");
	t->daemon = true;
	answer = ask_line(t, "show version");
	if (*member_text(answer, "hostname"))
		snprintf(host, size, "%s", member_text(answer, "hostname"));
	json_decref(answer);
	answer = ask_line(t, "show running-config");
	if (member_has(answer, "log_file"))
		t->log_file = xstrdup(member_text(answer, "log_file"));
	json_decref(answer);
}

static void choose_names(struct tech *t, const char *file, const char *host)
{
	char now[32], folder[PATH_MAX];
	time_t seconds = time(NULL);
	struct stat st;

	strftime(now, sizeof(now), "%Y%m%d-%H%M%S", localtime(&seconds));
	snprintf(t->folder, sizeof(t->folder), "tech-support-%.64s-%.60s-%s", host, t->to->instance,
		 now);
	/* In ASCII, which every archiver writes in every locale. */
	for (char *c = t->folder; *c; c++)
		if (*c == '/' || *c <= ' ' || *c > '~')
			*c = '-';
	if (file && (stat(file, &st) || !S_ISDIR(st.st_mode)))
		snprintf(t->path, sizeof(t->path), "%s", file);
	else if (!realpath(file ?: ".", folder) ||
		 (size_t)snprintf(t->path, sizeof(t->path), "%s/%s.tar.gz", folder, t->folder) >=
			 sizeof(t->path))
		fail(t, "%s: %s", file ?: ".", strerror(errno));
}

/* A folder for what is collected, and in it the one that will be in the archive. */
static void open_collection(struct tech *t)
{
	char folder[PATH_MAX + NAME_ROOM];
	const char *where = getenv("TMPDIR");

	snprintf(t->collected, sizeof(t->collected), "%s/dmvpnctl.XXXXXX",
		 where && *where ? where : "/tmp");
	if (!mkdtemp(t->collected)) {
		fail(t, "%s cannot be made: %s; TMPDIR says where", t->collected, strerror(errno));
		t->collected[0] = '\0';
		return;
	}
	snprintf(folder, sizeof(folder), "%s/%s", t->collected, t->folder);
	if (mkdir(folder, 0700) ||
	    (t->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		fail(t, "%s cannot be made: %s", folder, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

static void close_collection(struct tech *t)
{
	if (t->folder_fd >= 0)
		close(t->folder_fd);
	if (t->collected[0])
		nftw(t->collected, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int open_archive(struct tech *t)
{
	/* New, so that it cannot be somebody else's link; for its owner alone. */
	int fd = t->failed ? -1
			   : open(t->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				  0600);

	if (fd < 0)
		fail(t, "%s cannot be made: %s; say where: show tech-support FILE", t->path,
		     strerror(errno));
	return fd;
}

/* What is collected goes into the archive; what tar complains about is seen. */
static void pack(struct tech *t, int fd)
{
	static char tar[] = "tar", in[] = "-C", owner[] = "--owner=root", group[] = "--group=root",
		    how[] = "-czf", to[] = "-";
	char *const argv[] = { tar, in, t->collected, owner, group, how, to, t->folder, NULL };
	pid_t pid = fork();
	int status;

	if (!pid)
		become(-1, argv, fd, STDERR_FILENO);
	status = pid > 0 ? status_of(pid) : -1;
	if (line_interrupted)
		fail(t, "interrupted");
	else if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail(t, "%s cannot be written: tar failed", t->path);
}

static json_t *close_archive(struct tech *t, int fd)
{
	char whole[PATH_MAX];
	struct stat st = { 0 };

	if (!t->failed)
		pack(t, fd);
	if (fd >= 0 && (fstat(fd, &st) || close(fd)))
		fail(t, "%s: %s", t->path, strerror(errno));
	if (t->failed) {
		if (fd >= 0)
			unlink(t->path);
		return json_pack("{s:s}", "error", t->error);
	}
	if (!realpath(t->path, whole))
		memcpy(whole, t->path, sizeof(whole));
	text_make_utf8(whole);
	return json_pack("{s:s, s:I, s:I, s:O}", "file", whole, "bytes", (json_int_t)st.st_size,
			 "files", (json_int_t)t->files, "missing", t->missing);
}

static void on_interrupt(int number)
{
	(void)number;
	line_interrupted = 1;
}

static json_t *write_archive(struct tech *t, const char *file, const char *host)
{
	/* Half an archive is not left behind. */
	const struct sigaction interrupt = { .sa_handler = on_interrupt };
	struct sigaction before;
	json_t *answer;
	int fd;

	sigaction(SIGINT, &interrupt, &before);
	choose_names(t, file, host);
	fd = open_archive(t);
	if (!t->failed)
		open_collection(t);
	if (t->daemon && !t->failed) {
		add_shows(t);
		add_peers(t);
	}
	if (!t->failed)
		add_machine(t);
	if (!t->failed)
		add_log(t);
	if (!t->failed)
		add_about(t);
	answer = close_archive(t, fd);
	close_collection(t);
	sigaction(SIGINT, &before, NULL);
	return answer;
}

json_t *tech_collect(const struct target *to, const char *file)
{
	struct tech t = { .to = to, .netns = -1, .folder_fd = -1, .missing = json_array() };
	char host[256] = "";
	json_t *answer;

	clock_gettime(CLOCK_MONOTONIC, &t.began);
	meet_daemon(&t, host, sizeof(host));
	answer = write_archive(&t, file, host);
	end_progress(&t);
	if (t.netns >= 0)
		close(t.netns);
	free(t.log_file);
	json_decref(t.missing);
	return answer;
}
