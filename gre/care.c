/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gre/care.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gre/link_sysctl.h"
#include "lib/util.h"

#define NEIGHBOURS	1024 /* the kernel's default */
#define NEIGHBOURS_MOST (1 << 20)

/* A setting of /proc/sys that must be at least this. */
struct wish {
	char path[96]; /* below /proc/sys: "net/ipv4/ip_forward" */
	long least;
	const char *else_what; /* what goes wrong otherwise */
};

static void add(struct gre_care_finding out[GRE_CARE_MAX], size_t *n, const struct wish *w,
		enum gre_care_policy policy)
{
	struct gre_care_finding *f = &out[*n];
	char value[24], path[112];
	long have;
	int err;

	if (*n == GRE_CARE_MAX)
		return;
	snprintf(path, sizeof(path), "/proc/sys/%s", w->path);
	/* A network namespace does not have all of them: then it is not ours to judge. */
	if (link_sysctl_read(path, &have) != 0 || have >= w->least)
		return;
	*f = (struct gre_care_finding){ 0 };
	for (size_t i = 0; w->path[i] && i + 1 < sizeof(f->setting); i++)
		f->setting[i] = w->path[i] == '/' ? '.' : w->path[i];
	snprintf(value, sizeof(value), "%ld", w->least);
	err = policy == GRE_CARE_SET ? link_sysctl_write(path, value) : 0;
	f->repaired = policy == GRE_CARE_SET && !err;
	if (f->repaired)
		snprintf(f->why, sizeof(f->why), "%.80s was %ld and now is %ld, else %s",
			 f->setting, have, w->least, w->else_what);
	else
		snprintf(f->why, sizeof(f->why), "%.80s is %ld%s%s: %s; run: sysctl -w %.80s=%ld",
			 f->setting, have, err ? ", and cannot be set: " : "",
			 err ? strerror(err) : "", w->else_what, f->setting, w->least);
	(*n)++;
}

static void forwarding(const struct gre_care *c, struct gre_care_finding out[GRE_CARE_MAX],
		       size_t *n)
{
	struct wish all = { .path = "net/ipv4/ip_forward",
			    .least = 1,
			    .else_what = "nothing is forwarded between tunnel and LAN" };
	struct wish link = { .least = 1,
			     .else_what = "nothing that comes by the tunnel is forwarded" };

	/* The first sets the other, unless that was set on its own. */
	add(out, n, &all, c->forwarding);
	if (*n && !out[*n - 1].repaired)
		return;
	snprintf(link.path, sizeof(link.path), "net/ipv4/conf/%.15s/forwarding", c->name);
	add(out, n, &link, c->forwarding);
}

/*
 * Ours are permanent, which the kernel neither counts nor removes since Linux 5.0; but each that is
 * still being resolved counts, and the table is one for all interfaces.
 */
static void neighbours(const struct gre_care *c, struct gre_care_finding out[GRE_CARE_MAX],
		       size_t *n)
{
	static const struct {
		const char *name;
		int divisor;
	} thresholds[] = { { "gc_thresh3", 1 }, { "gc_thresh2", 2 }, { "gc_thresh1", 8 } };
	size_t want = MIN(MAX(2 * c->peers, (size_t)NEIGHBOURS), (size_t)NEIGHBOURS_MOST);

	/* The largest first: each is to be no smaller than the next. */
	for (size_t i = 0; c->peers && i < ARRAY_SIZE(thresholds); i++) {
		struct wish w = { .least = (long)want / thresholds[i].divisor,
				  .else_what = "too few neighbours for so many peers" };

		snprintf(w.path, sizeof(w.path), "net/ipv4/neigh/default/%s", thresholds[i].name);
		add(out, n, &w, c->neighbours);
	}
}

size_t gre_care_check(const struct gre_care *c, struct gre_care_finding out[GRE_CARE_MAX])
{
	size_t n = 0;

	if (c->forwarding != GRE_CARE_NO)
		forwarding(c, out, &n);
	if (c->neighbours != GRE_CARE_NO)
		neighbours(c, out, &n);
	return n;
}

/* The column of a name in /proc/net/stat/arp_cache, added over all processors; false: not there. */
static bool read_overflows(uint64_t *out)
{
	FILE *f = fopen("/proc/net/stat/arp_cache", "re");
	char line[512], *save = NULL, *word;
	int column = 0, found = -1;

	if (!f)
		return false;
	word = fgets(line, sizeof(line), f) ? strtok_r(line, " \n", &save) : NULL;
	for (; word; word = strtok_r(NULL, " \n", &save), column++)
		if (strcmp(word, "table_fulls") == 0)
			found = column;
	*out = 0;
	while (found >= 0 && fgets(line, sizeof(line), f)) {
		column = 0;
		for (word = strtok_r(line, " \n", &save); word && column < found; column++)
			word = strtok_r(NULL, " \n", &save);
		*out += word ? strtoull(word, NULL, 16) : 0;
	}
	fclose(f);
	return found >= 0;
}

bool gre_care_neighbours_overflowed(uint64_t *seen, char why[GRE_WHY])
{
	uint64_t now, before = *seen;
	long size = NEIGHBOURS;

	if (!read_overflows(&now))
		return false;
	*seen = now;
	if (now <= before)
		return false;
	link_sysctl_read("/proc/sys/net/ipv4/neigh/default/gc_thresh3", &size);
	snprintf(why, GRE_WHY,
		 "the kernel's neighbour table is full (%llu times since it booted):"
		 " new peers and hosts cannot be reached; run: sysctl -w"
		 " net.ipv4.neigh.default.gc_thresh3=%ld, and look for who scans",
		 (unsigned long long)now, 4 * size);
	return true;
}
