/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/loop.h"

#include <event2/event.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/turn.h"

#define SIGNALS_MAX 8

struct loop_signal {
	struct daemon *d;
	struct event *event;
	loop_signal_handler *handler;
};

struct loop {
	struct daemon *d;
	struct event_base *base;
	int timer; /* by the clock of loop_now(), which libevent's own timers do not follow */
	struct loop_watch *timer_watch;
	struct loop_signal signal[SIGNALS_MAX];
	size_t signals;
	bool stop;
	bool unfinished;
};

struct loop_watch {
	struct daemon *d;
	struct event *event;
	loop_handler *handler;
	void *arg;
};

msec loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return SECONDS(ts.tv_sec) + (msec)ts.tv_nsec / 1000000;
}

/* Waking up is all it is for: the turn looks at every deadline itself. */
static void timer_fired(struct daemon *d, void *arg)
{
	struct loop *l = arg;
	uint64_t count;
	ssize_t n = read(l->timer, &count, sizeof(count));

	(void)d;
	(void)n;
}

/* MSEC_NEVER disarms; a moment that has passed fires at once. */
static void timer_set(struct loop *l, msec at)
{
	struct itimerspec its = { 0 };

	if (at != MSEC_NEVER) {
		its.it_value.tv_sec = (time_t)(at / 1000);
		its.it_value.tv_nsec = (long)(at % 1000 * 1000000);
		/* All zeros would disarm. */
		its.it_value.tv_nsec += !at;
	}
	timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &its, NULL);
}

struct loop *loop_new(struct daemon *d)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->d = d;
	l->base = event_base_new();
	l->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!l->base || l->timer < 0)
		abort();
	l->timer_watch = loop_watch(l, l->timer, timer_fired, l);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->signals; i++)
		event_free(l->signal[i].event);
	loop_unwatch(l->timer_watch);
	close(l->timer);
	event_base_free(l->base);
	free(l);
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

static void readable(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd;
	(void)what;
	w->handler(w->d, w->arg);
}

struct loop_watch *loop_watch(struct loop *l, int fd, loop_handler *handler, void *arg)
{
	struct loop_watch *w = xcalloc(1, sizeof(*w));

	w->d = l->d;
	w->handler = handler;
	w->arg = arg;
	w->event = event_new(l->base, fd, EV_READ | EV_PERSIST, readable, w);
	if (!w->event || event_add(w->event, NULL))
		abort();
	return w;
}

void loop_unwatch(struct loop_watch *w)
{
	if (!w)
		return;
	event_free(w->event);
	free(w);
}

static void signalled(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)what;
	s->handler(s->d, (int)number);
}

void loop_signal(struct loop *l, int number, loop_signal_handler *handler)
{
	struct loop_signal *s;

	if (l->signals == SIGNALS_MAX)
		abort();
	s = &l->signal[l->signals++];
	s->d = l->d;
	s->handler = handler;
	s->event = event_new(l->base, number, EV_SIGNAL | EV_PERSIST, signalled, s);
	if (!s->event || event_add(s->event, NULL))
		abort();
}

static void one_turn(struct loop *l)
{
	struct daemon *d = l->d;

	if (!l->unfinished)
		timer_set(l, turn_deadline(d));
	event_base_loop(l->base, l->unfinished ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	l->unfinished = !turn_work(d);
}

void loop_run(struct loop *l)
{
	/* What the start has asked for waits to be done: the first turn does not wait for more. */
	l->unfinished = true;
	while (!l->stop)
		one_turn(l);
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
