/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A job in one of the two lists; first in, first out. */
struct item {
	struct item *next;
	struct ike_job *job;
};

struct list {
	struct item *first, **last;
	size_t len;
};

struct pool {
	pthread_mutex_t lock; /* guards all below but `event` and `threads` */
	pthread_cond_t work;  /* something is queued, or stop is set */
	struct list queued, finished;
	bool stop;
	int event;
	pthread_t thread[POOL_THREADS_MAX];
	size_t threads;
};

static void list_init(struct list *l)
{
	*l = (struct list){ .last = &l->first };
}

static void list_push(struct list *l, struct item *it)
{
	it->next = NULL;
	*l->last = it;
	l->last = &it->next;
	l->len++;
}

static struct item *list_pop(struct list *l)
{
	struct item *it = l->first;

	if (!it)
		return NULL;
	l->first = it->next;
	if (!l->first)
		l->last = &l->first;
	l->len--;
	return it;
}

static void item_free(struct item *it)
{
	ike_job_free(it->job);
	free(it);
}

static void list_free(struct list *l)
{
	struct item *it;

	while ((it = list_pop(l)))
		item_free(it);
}

/* With the lock held. The descriptor is a counter that cannot overflow here: writing cannot fail. */
static void finish(struct pool *p, struct item *it)
{
	uint64_t one = 1;
	ssize_t n;

	list_push(&p->finished, it);
	n = write(p->event, &one, sizeof(one));
	(void)n;
}

static void *worker(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		struct item *it = list_pop(&p->queued);

		if (!it) {
			pthread_cond_wait(&p->work, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		ike_job_run(it->job);
		pthread_mutex_lock(&p->lock);
		finish(p, it);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Threads inherit the mask: signals are the loop's. */
static int start_threads(struct pool *p, size_t count)
{
	sigset_t all, before;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->threads < count) {
		err = pthread_create(&p->thread[p->threads], NULL, worker, p);
		if (err)
			break;
		p->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* Fewer than wanted still do the work. */
	return p->threads ? 0 : err;
}

struct pool *pool_new(void)
{
	struct pool *p = xcalloc(1, sizeof(*p));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	list_init(&p->queued);
	list_init(&p->finished);
	p->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = p->event < 0 ? errno : start_threads(p, (size_t)MAX(1, MIN(cores, POOL_THREADS_MAX)));
	if (err) {
		pool_free(p);
		errno = err;
		return NULL;
	}
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	list_free(&p->queued);
	list_free(&p->finished);
	if (p->event >= 0)
		close(p->event);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int pool_fd(const struct pool *p)
{
	return p->event;
}

void pool_submit(struct pool *p, struct ike_job *job)
{
	struct item *it = xcalloc(1, sizeof(*it));
	bool full;

	it->job = job;
	pthread_mutex_lock(&p->lock);
	full = p->queued.len >= POOL_QUEUE;
	if (!full) {
		list_push(&p->queued, it);
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	if (!full)
		return;
	ike_job_run(job);
	pthread_mutex_lock(&p->lock);
	finish(p, it);
	pthread_mutex_unlock(&p->lock);
}

struct ike_job *pool_next(struct pool *p)
{
	struct ike_job *job;
	struct item *it;
	uint64_t count;

	pthread_mutex_lock(&p->lock);
	it = list_pop(&p->finished);
	if (!it) {
		/* Only an empty list is not readable any more. */
		ssize_t n = read(p->event, &count, sizeof(count));

		(void)n;
	}
	pthread_mutex_unlock(&p->lock);
	if (!it)
		return NULL;
	job = it->job;
	free(it);
	return job;
}
