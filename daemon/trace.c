/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: where it goes, what is let through, what is left out because there is too much of it. */
#include "daemon/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/debug.h"
#include "daemon/limit.h"
#include "daemon/text.h"

#define LINE_MAX_OCTETS (TRACE_TEXT + 128) /* with time and tag */
#define TELL_AFTER	SECONDS(5)	   /* how long what is suppressed is only counted */

/* Lines that peers can provoke; those that find no room are counted and told in one. */
struct bucket {
	const char *what;
	struct limit limit;
	uint64_t suppressed;
	msec tell_at;
};

enum bucket_name { BUCKET_NONE = -1, BUCKET_DROPS, BUCKET_UNPROVEN, BUCKET_FAILURES, BUCKET_COUNT };

static struct {
	enum trace_to to;
	int fd;
	char *path;
	char *ident;
	int severity;
	bool starting;					   /* errors go to stderr, too */
	enum { NOT_ASKED, JOURNAL, NO_JOURNAL } stderr_is; /* asked for the first line there */
	trace_sink *follower;
	void *follower_ctx;
	struct bucket buckets[BUCKET_COUNT];
} trace = {
	.to = TRACE_STDERR,
	.fd = STDERR_FILENO,
	.severity = LOG_INFO,
	/* The restart of a hub with a few hundred spokes fits; a flood does not fill a disk. */
	.buckets = {
		[BUCKET_DROPS] = { .what = "dropped packets",
				   .limit = { .interval = 500, .burst = 20 } },
		[BUCKET_UNPROVEN] = { .what = "negotiations that peers opened",
				      .limit = { .interval = 50, .burst = 1000 } },
		[BUCKET_FAILURES] = { .what = "failures of negotiations that peers opened",
				      .limit = { .interval = 100, .burst = 200 } },
	},
};

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

/* Lets go of where the log went until now. */
static void leave(void)
{
	if (trace.to == TRACE_SYSLOG)
		closelog();
	if (trace.to == TRACE_FILE)
		close(trace.fd);
	free(trace.path);
	free(trace.ident);
	trace.path = trace.ident = NULL;
	trace.to = TRACE_STDERR;
	trace.fd = STDERR_FILENO;
}

bool trace_open(enum trace_to to, const char *path, const char *ident, int severity)
{
	char *own_path = to == TRACE_FILE ? xstrdup(path) : NULL;
	char *own_ident = xstrdup(ident ? ident : "dmvpnd");
	int fd = STDERR_FILENO;

	if (to == TRACE_FILE) {
		fd = open_file(path);
		if (fd < 0) {
			int error = errno;

			free(own_path);
			free(own_ident);
			errno = error;
			return false;
		}
	}
	leave();
	trace.to = to;
	trace.fd = fd;
	trace.path = own_path;
	trace.ident = own_ident;
	trace.severity = severity;
	trace.stderr_is = NOT_ASKED;
	if (to == TRACE_SYSLOG)
		openlog(trace.ident, LOG_PID, LOG_DAEMON);
	return true;
}

bool trace_reopen(void)
{
	int fd;

	if (trace.to != TRACE_FILE)
		return true;
	fd = open_file(trace.path);
	if (fd < 0)
		return false;
	close(trace.fd);
	trace.fd = fd;
	return true;
}

void trace_close(void)
{
	leave();
}

void trace_set_severity(int severity)
{
	trace.severity = severity;
}

int trace_severity(void)
{
	return trace.severity;
}

void trace_starting(bool starting)
{
	trace.starting = starting;
}

void trace_follow(trace_sink *sink, void *ctx)
{
	trace.follower = sink;
	trace.follower_ctx = ctx;
}

/* Writing */

static void add_time(struct text *t)
{
	struct timespec now;
	struct tm tm;
	char day[32];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(day, sizeof(day), "%b %d %H:%M:%S", &tm);
	text_add(t, "%s.%03ld ", day, now.tv_nsec / 1000000);
}

/*
 * Whether the standard error is systemd's journal, which then names its device and inode. It has a time
 * for each line, and takes the severity from the line's beginning, see sd-daemon(3).
 */
static bool stderr_is_journal(void)
{
	const char *name = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (trace.stderr_is == NOT_ASKED)
		trace.stderr_is = name && sscanf(name, "%llu:%llu", &device, &inode) == 2 &&
						  !fstat(STDERR_FILENO, &st) &&
						  st.st_dev == device && st.st_ino == inode
					  ? JOURNAL
					  : NO_JOURNAL;
	return trace.stderr_is == JOURNAL;
}

static void write_to(enum trace_to to, int fd, const struct trace_line *line)
{
	char buf[LINE_MAX_OCTETS];
	struct text t = text_of(buf, sizeof(buf) - 1); /* room for the newline */

	if (to == TRACE_STDERR && stderr_is_journal())
		text_add(&t, "<%d>", line->severity);
	else if (to != TRACE_SYSLOG)
		add_time(&t);
	if (line->tag)
		text_add(&t, "[%s]: ", line->tag);
	text_add(&t, "%s", line->text);
	text_make_printable(buf);
	if (to == TRACE_SYSLOG) {
		syslog(line->severity, "%s", buf);
		return;
	}
	buf[t.len++] = '\n';
	/* A log that cannot be written must not stop the daemon, and there is nobody to tell. */
	while (write(fd, buf, t.len) < 0 && errno == EINTR)
		;
}

static void write_line(const struct trace_line *line)
{
	if (trace.follower)
		trace.follower(trace.follower_ctx, line);
	write_to(trace.to, trace.fd, line);
	if (trace.starting && line->severity <= LOG_ERR && trace.to != TRACE_STDERR)
		write_to(TRACE_STDERR, STDERR_FILENO, line);
}

void log_msg(int severity, const char *fmt, ...)
{
	struct trace_line line = { .severity = severity };
	struct text t = text_of(line.text, sizeof(line.text));
	va_list args;

	if (severity > trace.severity)
		return;
	if (severity <= LOG_ERR)
		text_add(&t, "error: ");
	else if (severity == LOG_WARNING)
		text_add(&t, "warning: ");
	va_start(args, fmt);
	text_vadd(&t, fmt, args);
	va_end(args);
	write_line(&line);
}

/* Limits */

static void tell(struct bucket *b, msec now)
{
	uint64_t n = b->suppressed;

	if (!n || now < b->tell_at)
		return;
	b->suppressed = 0;
	log_msg(LOG_NOTICE, "%llu more messages about %s were suppressed", (unsigned long long)n,
		b->what);
}

static bool admit(enum bucket_name name, msec now)
{
	struct bucket *b;

	if (name == BUCKET_NONE)
		return true;
	b = &trace.buckets[name];
	tell(b, now);
	if (limit_take(&b->limit, now))
		return true;
	if (!b->suppressed++)
		b->tell_at = now + TELL_AFTER;
	return false;
}

void trace_tick(msec now)
{
	for (int i = 0; i < BUCKET_COUNT; i++)
		tell(&trace.buckets[i], now);
}

msec trace_deadline(void)
{
	msec deadline = MSEC_NEVER;

	for (int i = 0; i < BUCKET_COUNT; i++)
		if (trace.buckets[i].suppressed)
			deadline = MIN(deadline, trace.buckets[i].tell_at);
	return deadline;
}

/* Events of the cores */

/*
 * A peer that cannot negotiate tries again and again. What was said about it less than REPEAT_AFTER
 * ago is only counted, unless somebody is debugging; the next time says how often it was.
 */
#define REPEAT_AFTER SECONDS(60)
#define REPEATS	     256

static struct repeat {
	struct addr remote;
	enum ike_event_kind kind;
	enum ike_cause cause;
	enum ike_role role;
	msec until;
	unsigned int count;
} repeats[REPEATS]; /* by the address's last octets: who falls together is told more often */

static bool is_repeated(const struct ike_event *e, unsigned int *before)
{
	bool told = e->kind == IKE_EVENT_FAILED || e->kind == IKE_EVENT_EVIDENCE;
	enum ike_cause cause = told ? e->failure.cause : IKE_CAUSE_NONE;
	struct repeat *r =
		&repeats[(addr_to_v4(&e->remote.addr) * 3 + (unsigned int)e->kind) % REPEATS];
	bool same = r->kind == e->kind && r->cause == cause && r->role == e->role &&
		    addr_equal(&r->remote, &e->remote.addr);

	*before = same ? r->count : 0;
	if (same && e->at < r->until) {
		r->count++;
		return true;
	}
	*r = (struct repeat){ e->remote.addr, e->kind, cause, e->role, e->at + REPEAT_AFTER, 0 };
	return false;
}

/* Faults that come again with each attempt; not those of a trace somebody asked for. */
static bool may_repeat(const struct ike_event *e)
{
	return trace.severity < LOG_DEBUG &&
	       (e->kind == IKE_EVENT_FAILED || e->kind == IKE_EVENT_EVIDENCE ||
		e->kind == IKE_EVENT_POLICY_MISS || e->kind == IKE_EVENT_ESP_MISS ||
		(e->kind == IKE_EVENT_DROP &&
		 (e->drop.why == IKE_DROP_ELSEWHERE || e->drop.why == IKE_DROP_EXCHANGE_TYPE)));
}

struct ike_lines {
	bool debugged;	     /* all of them are shown */
	unsigned int before; /* how often the same was not told */
};

static void log_ike(void *ctx, const struct trace_line *line)
{
	const struct ike_lines *lines = ctx;
	struct trace_line more;
	struct text t;

	if (!lines->debugged && line->severity > trace.severity)
		return;
	if (!lines->before || line->severity > LOG_WARNING) {
		write_line(line);
		return;
	}
	more = *line;
	t = (struct text){ .buf = more.text, .cap = sizeof(more.text), .len = strlen(more.text) };
	text_add(&t, " (%u more since this was said last)", lines->before);
	write_line(&more);
}

static enum bucket_name ike_bucket(const struct ike_event *e)
{
	bool strange = e->phase == 1 && e->role == IKE_RESPONDER;

	switch (e->kind) {
	case IKE_EVENT_DROP:
		return BUCKET_DROPS;
	case IKE_EVENT_NOTIFY:
		return e->notify.authenticated ? BUCKET_NONE : BUCKET_DROPS;
	case IKE_EVENT_FAILED:
	case IKE_EVENT_EVIDENCE:
	case IKE_EVENT_POLICY_MISS:
		return strange ? BUCKET_FAILURES : BUCKET_NONE;
	case IKE_EVENT_PHASE1_DONE:
		return BUCKET_NONE;
	default:
		return strange ? BUCKET_UNPROVEN : BUCKET_NONE;
	}
}

bool trace_ike_is_strange(const struct ike_event *e)
{
	return ike_bucket(e) != BUCKET_NONE;
}

void trace_ike_event(const struct ike_event *e)
{
	struct ike_lines lines = { .debugged = debug_is_on() && debug_shows_ike(e) };

	if (!lines.debugged && trace_ike_severity(e) > trace.severity)
		return;
	if (!lines.debugged && may_repeat(e) && is_repeated(e, &lines.before))
		return;
	if (admit(ike_bucket(e), e->at))
		trace_render_ike(e, log_ike, &lines);
}

static msec clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec)now.tv_sec * 1000 + (msec)now.tv_nsec / 1000000;
}

static void log_nhrp(void *ctx, const struct trace_line *line)
{
	(void)ctx;
	write_line(line);
}

static enum bucket_name nhrp_bucket(const struct nhrp_event *e)
{
	switch (e->kind) {
	case NHRP_EV_DROPPED:
	case NHRP_EV_MALFORMED:
	case NHRP_EV_AUTHENTICATION_FAILED:
	case NHRP_EV_LOOP:
	case NHRP_EV_HOP_COUNT:
	case NHRP_EV_UNKNOWN_EXTENSION:
	case NHRP_EV_ERROR_SENT:
	case NHRP_EV_ERROR_RECEIVED:
		return BUCKET_DROPS;
	case NHRP_EV_CLIENT_REFUSED:
	case NHRP_EV_REQUEST_REFUSED:
		return BUCKET_FAILURES;
	default:
		return BUCKET_NONE;
	}
}

void trace_nhrp_event(const struct nhrp_event *e)
{
	bool debugged = debug_is_on() && debug_shows_nhrp(e);

	if ((int)e->level > trace.severity && !debugged)
		return;
	if (admit(nhrp_bucket(e), clock_now()))
		trace_render_nhrp(e, log_nhrp, NULL);
}
