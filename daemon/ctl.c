/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: clients, their one request, their one answer. */
#include "daemon/ctl.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <poll.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/answer.h"
#include "daemon/trace.h"
#include "daemon/verbs.h"
#include "lib/util.h"

struct ctl_client {
	TAILQ_ENTRY(ctl_client) next;
	struct ctl *ctl;
	struct bufferevent *io;
	struct event *deadline;
	json_t *request; /* NULL: none was taken */
	bool asked;      /* it was, or made no sense */
	bool waits;	 /* for its turn */
	struct answer *answer; /* of which slices are still to be made */
	bool answered; /* what is in the buffer is the answer; when it is gone, so is the client */
	bool follows;
	enum ctl_stream stream; /* that it follows */
};

struct ctl {
	struct daemon *d;
	struct event_base *base;
	struct evconnlistener *listener;
	TAILQ_HEAD(, ctl_client) clients; /* the oldest first */
	struct ctl_client *turn; /* whose answer may grow with the peers; NULL: nobody's */
	unsigned int count, followers, following[CTL_STREAMS];
	struct sockaddr_un name;
};

static void unfollow(struct ctl_client *c)
{
	if (!c->follows)
		return;
	c->ctl->followers--;
	c->ctl->following[c->stream]--;
	c->follows = false;
}

/* Whoever has waited longest is next. */
static void pass_turn(struct ctl *ctl)
{
	struct ctl_client *c;

	ctl->turn = NULL;
	TAILQ_FOREACH (c, &ctl->clients, next)
		if (c->waits)
			break;
	if (!c || !ctl->listener)
		return;
	c->waits = false;
	verbs_run(ctl->d, c->request, c);
}

static void client_free(struct ctl_client *c)
{
	struct ctl *ctl = c->ctl;
	bool had_turn = ctl->turn == c;

	verbs_forget(ctl->d, c);
	unfollow(c);
	TAILQ_REMOVE(&ctl->clients, c, next);
	event_free(c->deadline);
	bufferevent_free(c->io);
	answer_free(c->answer);
	json_decref(c->request);
	free(c);
	/* Those who had to wait are in the listener's backlog. */
	if (ctl->count-- == CTL_CLIENTS_MAX && ctl->listener)
		evconnlistener_enable(ctl->listener);
	if (had_turn)
		pass_turn(ctl);
}

static void give_time(struct ctl_client *c)
{
	const struct timeval patience = { .tv_sec = CTL_SECONDS };

	evtimer_add(c->deadline, &patience);
}

bool ctl_takes_turn(struct ctl_client *c)
{
	c->waits = c->ctl->turn && c->ctl->turn != c;
	if (c->waits) {
		/* Those before it have a limit; its own time begins with its turn. */
		event_del(c->deadline);
		return false;
	}
	c->ctl->turn = c;
	give_time(c);
	return true;
}

const json_t *ctl_request(const struct ctl_client *c)
{
	return c->request;
}

void ctl_answer(struct ctl_client *c, json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT);

	json_decref(answer);
	if (!text)
		text = xstrdup("{\"error\": \"the answer cannot be written as JSON\"}");
	c->answered = true;
	bufferevent_write(c->io, text, strlen(text));
	bufferevent_write(c->io, "\n", 1);
	bufferevent_disable(c->io, EV_READ);
	free(text);
}

/* False: that was all. */
static bool send_slice(struct ctl_client *c)
{
	size_t len;
	char *text = answer_next(c->answer, &len);

	if (!text)
		return false;
	bufferevent_write(c->io, text, len);
	free(text);
	give_time(c);
	return true;
}

void ctl_send(struct ctl_client *c, struct answer *answer)
{
	c->answer = answer;
	bufferevent_disable(c->io, EV_READ);
	send_slice(c);
}

/* What a follower is sent, in one piece; the last line is its end. */
static void send_line(struct ctl_client *c, const char *text, size_t len)
{
	bufferevent_write(c->io, text, len);
	bufferevent_write(c->io, "\n", 1);
}

bool ctl_follow(struct ctl_client *c, enum ctl_stream stream)
{
	static const char hello[] = "{\"event\":\"following\"}";

	if (c->ctl->followers == CTL_FOLLOWERS_MAX)
		return false;
	c->ctl->followers++;
	c->ctl->following[stream]++;
	c->follows = true;
	c->stream = stream;
	event_del(c->deadline);
	send_line(c, hello, sizeof(hello) - 1);
	return true;
}

bool ctl_is_followed(const struct ctl *ctl, enum ctl_stream stream)
{
	return ctl && ctl->following[stream] > 0;
}

/* It has so much to read that it will not catch up: a last line, and as long as an answer may take. */
static void cut_off(struct ctl_client *c)
{
	static const char last[] = "{\"event\":\"cut-off\",\"reason\":\"read too slowly: events are "
				   "missing from here on; ask again\"}";

	unfollow(c);
	c->answered = true;
	send_line(c, last, sizeof(last) - 1);
	give_time(c);
}

void ctl_tell(struct ctl *ctl, enum ctl_stream stream, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	struct ctl_client *c;

	json_decref(line);
	TAILQ_FOREACH (c, &ctl->clients, next) {
		if (!c->follows || c->stream != stream || !len)
			continue;
		if (evbuffer_get_length(bufferevent_get_output(c->io)) + len > CTL_FOLLOWER_ROOM)
			cut_off(c);
		else
			send_line(c, text, len);
	}
	free(text);
}

static void answer_error(struct ctl_client *c, const char *text)
{
	ctl_answer(c, json_pack("{s:s}", "error", text));
}

static void request_arrived(struct ctl_client *c, const char *line, size_t len)
{
	json_error_t error;

	c->asked = true;
	c->request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (c->request)
		verbs_run(c->ctl->d, c->request, c);
	else
		answer_error(c, "the request is not a line of JSON: {\"verb\": [\"show\", "
				"\"dmvpn\"], \"args\": {}}");
}

static void client_readable(struct bufferevent *io, void *arg)
{
	struct ctl_client *c = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	char *line;
	size_t len;

	if (c->asked)
		return; /* one connection, one request */
	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line)
		request_arrived(c, line, len);
	else if (evbuffer_get_length(in) >= CTL_REQUEST_MAX)
		answer_error(c, "the request is too long");
	free(line);
}

/* Everything that was to be sent so far is in the kernel. */
static void client_written(struct bufferevent *io, void *arg)
{
	struct ctl_client *c = arg;

	(void)io;
	if (c->answer && send_slice(c))
		return;
	if (c->answer || c->answered)
		client_free(c);
}

/* The end of who follows or waits is found here; that of others by the answer, or by their time. */
static bool has_hung_up(const struct ctl_client *c)
{
	struct pollfd p = { .fd = bufferevent_getfd(c->io) };

	return (c->follows || c->waits) && poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

static void client_event(struct bufferevent *io, short what, void *arg)
{
	struct ctl_client *c = arg;

	(void)io;
	/* A client may shut down its side once it has asked, and still wait for the answer. */
	if ((what & BEV_EVENT_EOF) && c->asked && !(what & BEV_EVENT_WRITING) && !has_hung_up(c))
		return;
	client_free(c);
}

static void client_too_slow(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_free(arg);
}

static void accept_client(struct evconnlistener *listener, evutil_socket_t fd,
			  struct sockaddr *from, int from_len, void *arg)
{
	struct ctl *ctl = arg;
	struct ctl_client *c = xcalloc(1, sizeof(*c));

	(void)from;
	(void)from_len;
	c->ctl = ctl;
	c->io = bufferevent_socket_new(ctl->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->deadline = evtimer_new(ctl->base, client_too_slow, c);
	if (!c->io || !c->deadline)
		abort();
	bufferevent_setcb(c->io, client_readable, client_written, client_event, c);
	bufferevent_setwatermark(c->io, EV_READ, 0, CTL_REQUEST_MAX);
	bufferevent_enable(c->io, EV_READ | EV_WRITE);
	give_time(c);
	TAILQ_INSERT_TAIL(&ctl->clients, c, next);
	if (++ctl->count == CTL_CLIENTS_MAX)
		evconnlistener_disable(listener);
}

/* Opening */

static bool make_folder(const char *path)
{
	char folder[CTL_PATH_MAX];
	char *slash;

	memcpy(folder, path, strlen(path) + 1);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return true;
	*slash = '\0';
	if (!mkdir(folder, 0755) || errno == EEXIST)
		return true;
	log_msg(LOG_ERR, "cannot make the folder %s for the control socket: %s", folder,
		strerror(errno));
	return false;
}

static bool somebody_answers(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 && !connect(fd, (const struct sockaddr *)name, sizeof(*name));

	/* EAGAIN: it is there, and busy. */
	if (fd >= 0 && !alive)
		alive = errno == EAGAIN;
	if (fd >= 0)
		close(fd);
	return alive;
}

static int listen_at(const struct sockaddr_un *name)
{
	int fd, error;
	mode_t before;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(name->sun_path);
	before = umask(0177); /* so that it is never open to others, not even for a moment */
	error = bind(fd, (const struct sockaddr *)name, sizeof(*name)) ? errno : 0;
	umask(before);
	if (!error && !listen(fd, CTL_CLIENTS_MAX))
		return fd;
	error = error ? error : errno;
	close(fd);
	errno = error;
	return -1;
}

struct ctl *ctl_open(struct daemon *d, struct event_base *base, const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct ctl *ctl;
	int fd;

	if (strlen(path) >= sizeof(name.sun_path)) {
		log_msg(LOG_ERR,
			"%s: a socket's name is at most %zu octets long; use a shorter --instance",
			path, sizeof(name.sun_path) - 1);
		return NULL;
	}
	memcpy(name.sun_path, path, strlen(path) + 1);
	if (!make_folder(path))
		return NULL;
	if (somebody_answers(&name)) {
		log_msg(LOG_ERR, "another daemon answers at %s; stop it or use another --instance",
			path);
		return NULL;
	}
	fd = listen_at(&name);
	if (fd < 0) {
		log_msg(LOG_ERR, "cannot open the control socket %s: %s", path, strerror(errno));
		return NULL;
	}
	ctl = xcalloc(1, sizeof(*ctl));
	ctl->d = d;
	ctl->base = base;
	ctl->name = name;
	TAILQ_INIT(&ctl->clients);
	ctl->listener = evconnlistener_new(base, accept_client, ctl,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!ctl->listener)
		abort();
	return ctl;
}

void ctl_close(struct ctl *ctl)
{
	if (!ctl)
		return;
	evconnlistener_free(ctl->listener);
	ctl->listener = NULL;
	unlink(ctl->name.sun_path);
	while (!TAILQ_EMPTY(&ctl->clients))
		client_free(TAILQ_FIRST(&ctl->clients));
	free(ctl);
}
