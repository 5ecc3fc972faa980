/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the room: dumps of rtnetlink that are read a part at a time, one after the other.
 * The kernel goes on with a dump as it is read, so a large one neither stops the loop nor needs
 * a large buffer.
 */
#ifndef GRE_DUMP_H
#define GRE_DUMP_H

#include "gre/rtnl.h"
#include "lib/fifo.h"

/* Called from dump_readable(), dump_commit() or dump_close(). */
struct dump_job {
	struct nl_msg *msg; /* NLM_F_DUMP */
	rtnl_take *take;    /* one message of the dump */
	/* The last call for this job; err: 0 or a positive errno with the kernel's words. */
	void (*end)(void *arg, int err, const char *text);
	void *arg;
};

struct dump {
	struct nl_sock *sk;
	struct fifo jobs; /* struct dump_job, which wait */
	struct dump_job job;
	bool running;
	uint32_t seq;
};

int dump_open(struct dump *d, char why[GRE_WHY]);
/* Of one that was never opened, too, if it is zeroed. Jobs end with ECANCELED. */
void dump_close(struct dump *d);
void dump_add(struct dump *d, const struct dump_job *job);
void dump_commit(struct dump *d);
void dump_readable(struct dump *d);

#endif
