/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gre/dump.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define DATAGRAMS_AT_ONCE 8 /* per dump_readable(), some hundred entries each */

int dump_open(struct dump *d, char why[GRE_WHY])
{
	int err = 0, on = 1;

	*d = (struct dump){ .jobs = fifo_of(sizeof(struct dump_job)) };
	d->sk = rtnl_open(&(struct rtnl_options){ 0 }, &err, why);
	/* The kernel leaves out what was not asked for. Old ones send all, so the reader looks, too. */
	if (d->sk)
		setsockopt(nl_socket_get_fd(d->sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			   sizeof(on));
	return err;
}

void dump_close(struct dump *d)
{
	struct dump_job job;

	rtnl_close(d->sk);
	d->sk = NULL;
	if (d->running)
		d->job.end(d->job.arg, ECANCELED, "");
	while (fifo_pop(&d->jobs, &job)) {
		nlmsg_free(job.msg);
		job.end(job.arg, ECANCELED, "");
	}
	fifo_free(&d->jobs);
}

void dump_add(struct dump *d, const struct dump_job *job)
{
	*(struct dump_job *)fifo_push(&d->jobs) = *job;
}

static void end(struct dump *d, int err, const char *text)
{
	d->running = false;
	d->job.end(d->job.arg, err, text);
}

void dump_commit(struct dump *d)
{
	while (!d->running && fifo_pop(&d->jobs, &d->job)) {
		struct nlmsghdr *nlh = nlmsg_hdr(d->job.msg);
		int nle;

		nlh->nlmsg_seq = d->seq = nl_socket_use_seq(d->sk);
		nle = nl_sendto(d->sk, nlh, nlh->nlmsg_len);
		nlmsg_free(d->job.msg);
		d->running = true;
		if (nle < 0)
			end(d, ENOBUFS, "");
	}
}

/* What is left of a dump that has ended is of no use to the next one. */
static void take(struct dump *d, const struct nlmsghdr *nlh)
{
	char text[RTNL_TEXT] = "";
	int err;

	if (!d->running || nlh->nlmsg_seq != d->seq)
		return;
	if (nlh->nlmsg_type == NLMSG_DONE)
		end(d, 0, "");
	else if (rtnl_get_error(nlh, &err, text))
		end(d, err, text);
	else
		d->job.take(nlh, d->job.arg);
}

void dump_readable(struct dump *d)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE && d->running; i++) {
		unsigned char *datagram;
		ssize_t n = rtnl_receive(d->sk, &datagram);
		struct nlmsghdr *nlh = (void *)datagram;
		int left = (int)n;

		if (n == 0)
			break;
		if (n < 0)
			end(d, (int)-n, "");
		for (; n > 0 && nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			take(d, nlh);
		free(datagram);
	}
	dump_commit(d);
}
