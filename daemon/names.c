/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/names.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/loop.h"
#include "daemon/notice.h"
#include "daemon/trace.h"
#include "daemon/tunnel.h"
#include "nhrp/nhrp.h"

#define ANSWERS_MAX 16

/*
 * Belongs to its thread until that has written its address into the pipe, then to the loop. The
 * thread looks at nothing else of ours.
 */
struct question {
	char *text;
	int pipe;
	int error; /* EAI_* */
	struct addr answer[ANSWERS_MAX];
	size_t count;
	struct name *name; /* the loop's; NULL: nobody wants to know any more */
};

/* Few: as many as there are nhs. */
struct name {
	LIST_ENTRY(name) next;
	struct daemon *d;
	int id; /* of the tunnel */
	struct addr protocol;
	char *text;
	struct addr nbma; /* what it stands for, as last told; none: not known yet */
	struct question *asking;
	msec due; /* the next question */
	msec asked;
	unsigned int failures; /* in a row */
	bool unreachable;      /* another address, if there is one */
	bool kept;	       /* names_enter(): still configured */
};

struct names {
	LIST_HEAD(, name) list;
	int pipe[2]; /* where questions come back */
	struct loop_watch *watch;
	size_t asking;
};

static loop_handler answers_readable;

struct names *names_new(struct daemon *d)
{
	struct names *ns = xcalloc(1, sizeof(*ns));

	LIST_INIT(&ns->list);
	if (pipe2(ns->pipe, O_CLOEXEC | O_NONBLOCK)) {
		free(ns);
		return NULL;
	}
	ns->watch = loop_watch(d->loop, ns->pipe[0], answers_readable, NULL);
	return ns;
}

/* ---- answers ---- */

/* An address that a server can have. */
static bool is_possible(struct daemon *d, const struct tunnel *t, const struct addr *a)
{
	return addr_is_unicast(a) && !addr_equal(a, &t->local) &&
	       !prefix_contains(&t->conf->address, a) && !prefix_contains(&d->conf->nat_pool, a);
}

/*
 * The one that is in use where it is among the answers; if that is not reached, the one behind it,
 * and behind the last the first.
 */
static struct addr choose(const struct name *n, const struct tunnel *t, const struct question *q)
{
	struct addr first = { 0 }, after = { 0 };
	bool found = false;

	for (size_t i = 0; i < q->count; i++) {
		const struct addr *a = &q->answer[i];

		if (!is_possible(n->d, t, a))
			continue;
		if (addr_is_none(&first))
			first = *a;
		if (found && addr_is_none(&after))
			after = *a;
		found |= addr_equal(a, &n->nbma);
	}
	if (found && !n->unreachable)
		return n->nbma;
	return addr_is_none(&after) ? first : after;
}

static void failed(struct name *n, const struct tunnel *t, const char *why)
{
	char text[ADDR_TEXT];

	n->due = loop_now() + MIN(NAMES_LATE, NAMES_SOON << MIN(n->failures, 8u));
	/* Said once, until it has worked again. */
	if (n->failures++)
		return;
	log_msg(LOG_WARNING, "%s: next hop server %s: the name %s cannot be resolved: %s%s%s",
		t->conf->name, addr_text(&n->protocol, text), n->text, why,
		addr_is_none(&n->nbma) ? "" : "; it stays where it was",
		"; it is tried again");
	notice_name(n->d, t, &n->protocol, n->text, NULL);
}

static void resolved(struct name *n, const struct tunnel *t, const struct addr *a)
{
	char nbma[ADDR_TEXT], protocol[ADDR_TEXT];

	n->due = loop_now() + NAMES_REFRESH;
	n->failures = 0;
	n->unreachable = false;
	if (addr_equal(a, &n->nbma))
		return;
	n->nbma = *a;
	log_msg(LOG_NOTICE, "%s: next hop server %s: %s is %s", t->conf->name,
		addr_text(&n->protocol, protocol), n->text, addr_text(a, nbma));
	nhrp_nhs_address(n->d->nhrp, loop_now(), n->id, n->protocol, *a);
	notice_name(n->d, t, &n->protocol, n->text, a);
}

static void answered(struct daemon *d, struct question *q)
{
	struct name *n = q->name;
	const struct tunnel *t = n ? tunnel_by_id(d, n->id) : NULL;
	struct addr a;

	d->names->asking--;
	if (n)
		n->asking = NULL;
	if (t && q->error) {
		failed(n, t, gai_strerror(q->error));
	} else if (t) {
		a = choose(n, t, q);
		if (addr_is_none(&a))
			failed(n, t, "none of its addresses can be that of a hub");
		else
			resolved(n, t, &a);
	}
	free(q->text);
	free(q);
}

static void answers_readable(struct daemon *d, void *arg)
{
	struct question *q;

	(void)arg;
	if (read(d->names->pipe[0], &q, sizeof(q)) == sizeof(q))
		answered(d, q);
}

/* ---- questions ---- */

static void collect(struct question *q, const struct addrinfo *list)
{
	for (const struct addrinfo *i = list; i && q->count < ANSWERS_MAX; i = i->ai_next) {
		struct sockaddr_in sin;

		if (i->ai_family != AF_INET || i->ai_addrlen < sizeof(sin))
			continue;
		memcpy(&sin, i->ai_addr, sizeof(sin));
		q->answer[q->count++] = addr_v4(ntohl(sin.sin_addr.s_addr));
	}
}

static void *asker(void *arg)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct question *q = arg;
	struct addrinfo *list = NULL;

	q->error = getaddrinfo(q->text, NULL, &hints, &list);
	if (!q->error) {
		collect(q, list);
		freeaddrinfo(list);
	}
	/* The daemon may have ended meanwhile. */
	if (write(q->pipe, &q, sizeof(q)) != sizeof(q)) {
		free(q->text);
		free(q);
	}
	return NULL;
}

/* Nobody waits for the thread; signals are the loop's. */
static int start_thread(struct question *q)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, asker, q);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_detach(thread);
	return err;
}

static void ask(struct name *n)
{
	const struct tunnel *t = tunnel_by_id(n->d, n->id);
	struct question *q = xcalloc(1, sizeof(*q));
	int err;

	q->text = xstrdup(n->text);
	q->pipe = n->d->names->pipe[1];
	q->name = n;
	n->asked = loop_now();
	n->due = MSEC_NEVER;
	err = start_thread(q);
	if (!err) {
		n->asking = q;
		n->d->names->asking++;
		return;
	}
	free(q->text);
	free(q);
	if (t)
		failed(n, t, strerror(err));
}

msec names_deadline(const struct daemon *d)
{
	const struct name *n;
	msec at = MSEC_NEVER;

	LIST_FOREACH (n, &d->names->list, next)
		at = MIN(at, n->due);
	return at;
}

void names_tick(struct daemon *d, msec now)
{
	struct name *n;

	LIST_FOREACH (n, &d->names->list, next) {
		if (n->due > now || n->asking)
			continue;
		if (d->names->asking == NAMES_ASKED_MAX)
			n->due = now + SECONDS(1);
		else
			ask(n);
	}
}

void names_unreachable(struct daemon *d, const struct tunnel *t, const struct addr *protocol)
{
	struct name *n;

	LIST_FOREACH (n, &d->names->list, next) {
		if (n->id != t->id || !addr_equal(&n->protocol, protocol) || n->asking)
			continue;
		n->unreachable = !addr_is_none(&n->nbma);
		n->due = MIN(n->due, MAX(loop_now(), n->asked + NAMES_SOON));
	}
}

/* ---- what is configured ---- */

static void drop(struct name *n)
{
	if (n->asking)
		n->asking->name = NULL;
	LIST_REMOVE(n, next);
	free(n->text);
	free(n);
}

static struct name *find(struct daemon *d, const struct tunnel *t, const struct conf_nhrp_nhs *nhs)
{
	struct name *n;

	LIST_FOREACH (n, &d->names->list, next)
		if (n->id == t->id && addr_equal(&n->protocol, &nhs->protocol) &&
		    strcmp(n->text, nhs->name) == 0)
			return n;
	return NULL;
}

static void enter(struct daemon *d, const struct tunnel *t, const struct conf_nhrp_nhs *nhs)
{
	struct name *n = find(d, t, nhs);

	if (n) {
		n->kept = true;
		/* NHRP may have been made anew, and knows nothing of it then. */
		if (!addr_is_none(&n->nbma))
			nhrp_nhs_address(d->nhrp, loop_now(), t->id, n->protocol, n->nbma);
		return;
	}
	n = xcalloc(1, sizeof(*n));
	n->d = d;
	n->id = t->id;
	n->protocol = nhs->protocol;
	n->text = xstrdup(nhs->name);
	n->kept = true;
	LIST_INSERT_HEAD(&d->names->list, n, next);
}

static void sweep(struct daemon *d, const struct tunnel *t)
{
	struct name *n, *next;

	for (n = LIST_FIRST(&d->names->list); n; n = next) {
		next = LIST_NEXT(n, next);
		if (n->id == t->id && !n->kept)
			drop(n);
		else
			n->kept = false;
	}
}

void names_enter(struct daemon *d, const struct tunnel *t)
{
	for (size_t i = 0; i < t->conf->nhrp.nhs_count; i++)
		if (t->conf->nhrp.nhs[i].name)
			enter(d, t, &t->conf->nhrp.nhs[i]);
	sweep(d, t);
}

void names_leave(struct daemon *d, const struct tunnel *t)
{
	sweep(d, t);
}

void names_free(struct daemon *d)
{
	if (!d->names)
		return;
	while (!LIST_EMPTY(&d->names->list))
		drop(LIST_FIRST(&d->names->list));
	loop_unwatch(d->names->watch);
	/* The other end stays: a thread may still write to it, and must not find something else there. */
	close(d->names->pipe[0]);
	free(d->names);
	d->names = NULL;
}

const char *names_of(const struct tunnel *t, const struct addr *protocol)
{
	for (size_t i = 0; i < t->conf->nhrp.nhs_count; i++)
		if (addr_equal(&t->conf->nhrp.nhs[i].protocol, protocol))
			return t->conf->nhrp.nhs[i].name;
	return NULL;
}
