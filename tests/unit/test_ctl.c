/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: requests and answers over a real socket, its limits, clients that go away.
 * LINK: daemon/ctl.c daemon/answer.c
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/answer.h"
#include "daemon/ctl.h"
#include "daemon/trace.h"
#include "daemon/verbs.h"
#include "lib/util.h"

/* What ctl.c calls. */

static struct ctl_client *waiting; /* asked for "later" */
static const struct ctl_client *forgotten;
static bool followed;
static char logged[512];

/* An answer that grows with the peers: of ten thousand of them. */

#define ITEMS 10000

static unsigned int snapshots, begun; /* that are there; that ever were */
static size_t made;		      /* items of all of them */

static json_t *item(const void *of, size_t i)
{
	(void)of;
	made++;
	return json_pack("{s:I, s:s}", "i", (json_int_t)i, "text",
			 "a peer is some five hundred octets of text: .................................."
			 "....................................................................."
			 "....................................................................."
			 "....................................................................."
			 "....................................................................."
			 ".....................................................................");
}

static void release(void *snapshot)
{
	snapshots--;
	free(snapshot);
}

static void run_list(struct ctl_client *c)
{
	struct answer *a;

	if (!ctl_takes_turn(c))
		return;
	snapshots++;
	begun++;
	a = answer_new();
	answer_owns(a, xcalloc(1, 100), release);
	ctl_send(c, answer_is(a, json_pack("{s:o}", "list", answer_list(a, item, NULL, 0, ITEMS))));
}

void verbs_run(struct daemon *d, const json_t *request, struct ctl_client *c)
{
	const char *word = json_string_value(json_array_get(json_object_get(request, "verb"), 0));
	json_t *text;

	(void)d;
	if (word && !strcmp(word, "later")) {
		waiting = c;
		return;
	}
	if (word && !strcmp(word, "list")) {
		run_list(c);
		return;
	}
	if (word && !strcmp(word, "events")) {
		followed = ctl_follow(c, CTL_EVENTS);
		if (!followed)
			ctl_answer(c, json_pack("{s:s}", "error", "too many"));
		return;
	}
	if (word && !strcmp(word, "much")) {
		char *big = xcalloc(1, 5000001);

		memset(big, 'x', 5000000);
		text = json_string(big);
		free(big);
	} else {
		text = json_string(word ? word : "no verb");
	}
	ctl_answer(c, json_pack("{s:o}", "echo", text));
}

void verbs_forget(struct daemon *d, const struct ctl_client *c)
{
	(void)d;
	forgotten = c;
	if (waiting == c)
		waiting = NULL;
}

void log_msg(int severity, const char *fmt, ...)
{
	va_list args;

	(void)severity;
	va_start(args, fmt);
	vsnprintf(logged, sizeof(logged), fmt, args);
	va_end(args);
}

/* The other end. */

static char folder[] = "/tmp/test_ctl.XXXXXX";
static char path[64];
static struct event_base *base;
static struct ctl *ctl;

static void begin(void)
{
	signal(SIGPIPE, SIG_IGN); /* as main.c does */
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/run/x.ctl", folder);
	base = event_base_new();
	ctl = ctl_open(NULL, base, path);
	cr_assert_not_null(ctl, "%s", logged);
}

static void end(void)
{
	char run[64];

	ctl_close(ctl);
	cr_assert_neq(access(path, F_OK), 0, "the socket is left behind");
	event_base_free(base);
	snprintf(run, sizeof(run), "%s/run", folder);
	rmdir(run);
	rmdir(folder);
}

static int connect_client(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void turns(int n)
{
	while (n--)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Everything until the server closes; NULL: it does not. To be freed. */
static char *hear(int fd)
{
	size_t len = 0, room = 1 << 16;
	char *text = xcalloc(1, room + 1);

	for (int i = 0; i < 100000; i++) {
		ssize_t n = read(fd, text + len, room - len);

		if (!n) {
			text[len] = '\0';
			return text;
		}
		if (n > 0)
			len += (size_t)n;
		if (len == room)
			text = xreallocarray(text, (room *= 2) + 1, 1);
		turns(1);
	}
	free(text);
	return NULL;
}

static void check_answer(const char *request, const char *want)
{
	int fd = connect_client();
	char *answer;

	say(fd, request);
	answer = hear(fd);
	cr_assert_not_null(answer);
	cr_assert_str_eq(answer, want, "%s", answer);
	free(answer);
	close(fd);
}

Test(ctl, question_and_answer)
{
	begin();
	check_answer("{\"verb\": [\"show\"]}\n", "{\"echo\":\"show\"}\n");
	check_answer("{}\n", "{\"echo\":\"no verb\"}\n");
	check_answer("[]\nmore that nobody reads\n", "{\"echo\":\"no verb\"}\n");
	end();
}

Test(ctl, for_root_alone)
{
	struct stat st;

	begin();
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	end();
}

Test(ctl, a_request_in_pieces)
{
	const char *request = "{\"verb\": [\"show\"]}\n";
	char *answer;
	int fd;

	begin();
	fd = connect_client();
	for (; *request; request++) {
		cr_assert_eq(send(fd, request, 1, 0), 1);
		turns(2);
	}
	answer = hear(fd);
	cr_assert_str_eq(answer, "{\"echo\":\"show\"}\n");
	free(answer);
	close(fd);
	end();
}

Test(ctl, what_is_not_json)
{
	begin();
	check_answer(
		"show dmvpn\n",
		"{\"error\":\"the request is not a line of JSON: {\\\"verb\\\": [\\\"show\\\", "
		"\\\"dmvpn\\\"], \\\"args\\\": {}}\"}\n");
	check_answer(
		"\n",
		"{\"error\":\"the request is not a line of JSON: {\\\"verb\\\": [\\\"show\\\", "
		"\\\"dmvpn\\\"], \\\"args\\\": {}}\"}\n");
	end();
}

Test(ctl, a_request_that_never_ends)
{
	char request[CTL_REQUEST_MAX + 1];

	begin();
	memset(request, '[', sizeof(request) - 1);
	request[sizeof(request) - 1] = '\0';
	check_answer(request, "{\"error\":\"the request is too long\"}\n");
	end();
}

Test(ctl, a_long_answer_to_a_slow_reader)
{
	char *answer;
	int fd;

	begin();
	fd = connect_client();
	say(fd, "{\"verb\": [\"much\"]}\n");
	turns(10);
	answer = hear(fd);
	cr_assert_not_null(answer);
	cr_assert_eq(strlen(answer), 5000000 + strlen("{\"echo\":\"\"}\n"));
	free(answer);
	close(fd);
	end();
}

static int ask_for_list(void)
{
	int fd = connect_client();

	say(fd, "{\"verb\": [\"list\"]}\n");
	turns(3);
	return fd;
}

static void check_list(int fd)
{
	char *answer = hear(fd);
	json_t *parsed;

	cr_assert_not_null(answer);
	cr_assert_eq(strlen(strchr(answer, '\n')), 1, "more than one line");
	parsed = json_loads(answer, 0, NULL);
	cr_assert_not_null(parsed);
	cr_assert_eq(json_array_size(json_object_get(parsed, "list")), ITEMS);
	json_decref(parsed);
	free(answer);
	close(fd);
}

/* One slice at a turn of the loop; while nobody reads, no more than sockets hold is made. */
Test(ctl, a_list_is_made_as_it_is_read)
{
	size_t before;
	int fd;

	begin();
	fd = ask_for_list();
	for (int i = 0; i < 20; i++) {
		before = made;
		turns(1);
		cr_assert_leq(made - before, ANSWER_SLICE / 400 + 1);
	}
	turns(200);
	before = made;
	cr_assert_lt(before, ITEMS / 4);
	turns(50);
	cr_assert_eq(made, before);
	check_list(fd);
	cr_assert_eq(made, ITEMS);
	turns(5);
	cr_assert_eq(snapshots, 0);
	end();
}

/* However many ask, there is one snapshot at a time; short answers do not wait for it. */
Test(ctl, lists_one_after_another)
{
	int fds[CTL_CLIENTS_MAX - 1];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = ask_for_list();
	turns(50);
	cr_assert_eq(begun, 1);
	check_answer("{\"verb\": [\"show\"]}\n", "{\"echo\":\"show\"}\n");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		check_list(fds[i]); /* in the order in which they came */
		cr_assert_leq(snapshots, 1);
	}
	turns(5);
	cr_assert_eq(begun, ARRAY_SIZE(fds));
	cr_assert_eq(snapshots, 0);
	end();
}

/* Who goes away while it is its turn, or before, holds up nobody. */
Test(ctl, the_turn_of_who_has_gone)
{
	int fds[4];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = ask_for_list();
	close(fds[1]);
	turns(5);
	close(fds[0]);
	turns(5);
	cr_assert_eq(begun, 2);
	cr_assert_eq(snapshots, 1);
	check_list(fds[2]);
	turns(2);
	cr_assert_eq(begun, 3);
	/* The end of the daemon's side begins no other. */
	fds[0] = ask_for_list();
	end();
	cr_assert_eq(begun, 3);
	cr_assert_eq(snapshots, 0);
	close(fds[3]);
	close(fds[0]);
}

Test(ctl, an_answer_that_comes_later)
{
	char *answer;
	int fd;

	begin();
	fd = connect_client();
	say(fd, "{\"verb\": [\"later\"]}\n");
	cr_assert_eq(shutdown(fd, SHUT_WR), 0); /* it may say that it asks for no more */
	turns(5);
	cr_assert_not_null(waiting);
	ctl_answer(waiting, json_pack("{s:i}", "n", 1));
	answer = hear(fd);
	cr_assert_str_eq(answer, "{\"n\":1}\n");
	cr_assert_null(waiting);
	free(answer);
	close(fd);
	end();
}

Test(ctl, a_client_that_goes_away)
{
	const struct ctl_client *gone;
	int fd;

	begin();
	fd = connect_client();
	turns(2);
	say(fd, "{\"verb\"");
	close(fd);
	turns(5);
	cr_assert_not_null(forgotten);

	fd = connect_client();
	say(fd, "{\"verb\": [\"later\"]}\n");
	turns(5);
	gone = waiting;
	cr_assert_not_null(gone);
	/* Closing the daemon's side forgets who still waits. */
	end();
	cr_assert_eq(forgotten, gone);
	close(fd);
}

Test(ctl, clients_beyond_the_limit_wait)
{
	int fds[CTL_CLIENTS_MAX];
	char *answer;
	int late;

	begin();
	for (size_t i = 0; i < CTL_CLIENTS_MAX; i++)
		fds[i] = connect_client();
	turns(CTL_CLIENTS_MAX + 5);
	late = connect_client();
	say(late, "{\"verb\": [\"show\"]}\n");
	turns(20);
	cr_assert_eq(read(late, &(char){ 0 }, 1), -1);
	close(fds[3]);
	answer = hear(late);
	cr_assert_str_eq(answer, "{\"echo\":\"show\"}\n");
	free(answer);
	close(late);
	for (size_t i = 0; i < CTL_CLIENTS_MAX; i++)
		if (i != 3)
			close(fds[i]);
	end();
}

Test(ctl, another_daemon_at_the_same_place)
{
	begin();
	cr_assert_null(ctl_open(NULL, base, path));
	cr_assert_not_null(strstr(logged, "another daemon answers at"));
	check_answer("{\"verb\": [\"show\"]}\n", "{\"echo\":\"show\"}\n");
	end();
}

Test(ctl, a_dead_daemons_socket_is_replaced)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char run[64];

	cr_assert_not_null(mkdtemp(folder));
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(path, sizeof(path), "%s/run/x.ctl", folder);
	cr_assert_eq(mkdir(run, 0755), 0);
	memcpy(at.sun_path, path, strlen(path) + 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	base = event_base_new();
	ctl = ctl_open(NULL, base, path);
	cr_assert_not_null(ctl);
	check_answer("{\"verb\": [\"show\"]}\n", "{\"echo\":\"show\"}\n");
	end();
}

Test(ctl, a_name_that_is_too_long)
{
	char longer[200];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	base = event_base_new();
	cr_assert_null(ctl_open(NULL, base, longer));
	cr_assert_not_null(strstr(logged, "at most 107 octets"));
	event_base_free(base);
}

/* What has come by now; to be freed. */
static char *overheard(int fd)
{
	char *text = xcalloc(1, 4096);
	ssize_t n;

	turns(5);
	n = read(fd, text, 4095);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int follow(void)
{
	static const char hello[] = "{\"event\":\"following\"}\n";
	int fd = connect_client();
	char *text;

	say(fd, "{\"verb\": [\"events\"]}\n");
	text = overheard(fd);
	cr_assert(followed);
	cr_assert_str_eq(text, hello);
	free(text);
	return fd;
}

static void tell(int n)
{
	ctl_tell(ctl, CTL_EVENTS, json_pack("{s:i}", "n", n));
}

Test(ctl, who_follows_hears_all_until_he_goes)
{
	int fd[2];
	char *text;

	begin();
	cr_expect_not(ctl_is_followed(ctl, CTL_EVENTS));
	cr_expect_not(ctl_is_followed(NULL, CTL_EVENTS));
	fd[0] = follow();
	fd[1] = follow();
	cr_expect_not(ctl_is_followed(ctl, CTL_LOG));
	ctl_tell(ctl, CTL_LOG, json_pack("{s:s}", "for", "others"));
	cr_expect(ctl_is_followed(ctl, CTL_EVENTS));
	check_answer("{\"verb\": [\"show\"]}\n", "{\"echo\":\"show\"}\n");
	tell(1);
	tell(2);
	for (int i = 0; i < 2; i++) {
		text = overheard(fd[i]);
		cr_expect_str_eq(text, "{\"n\":1}\n{\"n\":2}\n");
		free(text);
	}
	close(fd[0]);
	turns(5);
	/* It may say that it asks for no more, and still listens. */
	cr_assert_eq(shutdown(fd[1], SHUT_WR), 0);
	turns(5);
	tell(3);
	text = overheard(fd[1]);
	cr_expect_str_eq(text, "{\"n\":3}\n");
	free(text);
	close(fd[1]);
	tell(4);
	turns(5);
	cr_expect_not(ctl_is_followed(ctl, CTL_EVENTS));
	end();
}

Test(ctl, who_goes_is_not_followed_by_anybody)
{
	int fd;

	begin();
	fd = follow();
	close(fd);
	turns(5);
	cr_expect_not(ctl_is_followed(ctl, CTL_EVENTS));
	end();
}

Test(ctl, a_slow_reader_is_cut_off)
{
	int fd, quick;
	char *text, *last;

	begin();
	fd = follow();
	quick = follow();
	for (int i = 0; i < 200000 && ctl_is_followed(ctl, CTL_EVENTS); i++) {
		tell(i);
		if (i % 100 == 0)
			turns(1);
	}
	cr_assert_not(ctl_is_followed(ctl, CTL_EVENTS));
	text = hear(fd);
	cr_assert_not_null(text);
	last = strstr(text, "{\"event\":\"cut-off\"");
	cr_assert_not_null(last);
	cr_expect_eq(strchr(last, '\n')[1], '\0', "%s", last);
	free(text);
	close(fd);
	close(quick);
	end();
}

Test(ctl, followers_beyond_the_limit)
{
	int fds[CTL_FOLLOWERS_MAX];

	begin();
	for (size_t i = 0; i < CTL_FOLLOWERS_MAX; i++)
		fds[i] = follow();
	check_answer("{\"verb\": [\"events\"]}\n", "{\"error\":\"too many\"}\n");
	check_answer("{\"verb\": [\"show\"]}\n", "{\"echo\":\"show\"}\n");
	for (size_t i = 0; i < CTL_FOLLOWERS_MAX; i++)
		close(fds[i]);
	end();
}
