/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker threads, with jobs that only wait: every job comes back once, a full queue is worked
 * off by the one who fills it, and an early end takes what is still there.
 *
 * LINK: daemon/pool.c
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "daemon/pool.h"

/* The pool only carries them about. */
struct ike_job {
	int number;
	bool run;
};

static atomic_int in_memory, have_run;
static atomic_bool hold;

static struct ike_job *job_of(int number)
{
	struct ike_job *job = xcalloc(1, sizeof(*job));

	job->number = number;
	in_memory++;
	return job;
}

void ike_job_run(struct ike_job *job)
{
	while (hold && job->number < 0)
		usleep(1000);
	job->run = true;
	have_run++;
}

void ike_job_free(struct ike_job *job)
{
	in_memory--;
	free(job);
}

static bool wait_for_one(const struct pool *p)
{
	struct pollfd fd = { .fd = pool_fd(p), .events = POLLIN };

	return poll(&fd, 1, 10000) == 1;
}

Test(pool, every_job_comes_back_once)
{
	enum { JOBS = 4 * POOL_QUEUE };
	bool seen[JOBS] = { false };
	struct pool *p = pool_new();
	struct ike_job *job;

	cr_assert(p);
	for (int i = 0; i < JOBS; i++)
		pool_submit(p, job_of(i));
	for (int back = 0; back < JOBS;) {
		cr_assert(wait_for_one(p), "%d of %d came back", back, JOBS);
		for (; (job = pool_next(p)); back++) {
			cr_assert(job->run);
			cr_assert_not(seen[job->number], "%d came twice", job->number);
			seen[job->number] = true;
			ike_job_free(job);
		}
	}
	pool_free(p);
	cr_assert_eq(in_memory, 0);
}

Test(pool, nothing_to_read_without_results)
{
	struct pool *p = pool_new();
	struct pollfd fd = { .fd = pool_fd(p), .events = POLLIN };

	cr_assert_null(pool_next(p));
	cr_assert_eq(poll(&fd, 1, 0), 0);
	pool_submit(p, job_of(1));
	cr_assert(wait_for_one(p));
	ike_job_free(pool_next(p));
	cr_assert_null(pool_next(p));
	cr_assert_eq(poll(&fd, 1, 0), 0);
	pool_free(p);
}

/* All threads are busy for as long as the test likes: what does not fit is done by the submitter. */
Test(pool, a_full_queue_does_not_grow)
{
	struct pool *p = pool_new();
	int before;

	hold = true;
	for (int i = 0; i < POOL_THREADS_MAX + POOL_QUEUE; i++)
		pool_submit(p, job_of(i < POOL_THREADS_MAX ? -1 : i));
	/* The threads took some of them, so this many more certainly do not fit. */
	for (int i = 0; i < POOL_THREADS_MAX; i++)
		pool_submit(p, job_of(i));
	before = have_run;
	pool_submit(p, job_of(1));
	cr_assert_eq(have_run, before + 1, "it waits in a queue without end");
	hold = false;
	pool_free(p);
	cr_assert_eq(in_memory, 0);
}
