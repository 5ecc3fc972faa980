/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is put or deleted while a dump is under way may or may not be in it. Repairs go into the
 * same queue of requests as everything else, and always say what the table says then, so that the
 * last request about a key is right whatever came before it: too much is harmless.
 */
#include "gre/mirror.h"

#include "lib/util.h"

struct comparison {
	struct mirror *m;
	struct mirror_report report;
	uint64_t round, serial; /* serial: of the last put before it */
};

struct mirror mirror_of(const struct mirror_ops *ops, void *owner, struct dump *dump)
{
	return (struct mirror){ .ops = ops, .owner = owner, .dump = dump };
}

static void drop(struct mirror *m, struct mirror_entry *e)
{
	HASH_DEL(m->table, e);
	free(e);
}

void mirror_free(struct mirror *m)
{
	struct mirror_entry *e, *next;

	HASH_ITER (hh, m->table, e, next)
		drop(m, e);
}

struct mirror_key mirror_key_of(unsigned int ifindex, const struct prefix *p)
{
	return (struct mirror_key){ .ifindex = ifindex, .prefix = prefix_network(p) };
}

struct mirror_entry *mirror_find(struct mirror *m, const struct mirror_key *key)
{
	struct mirror_entry *e;

	HASH_FIND(hh, m->table, key, sizeof(*key), e);
	return e;
}

uint64_t mirror_put(struct mirror *m, const struct mirror_key *key, const struct addr *value)
{
	struct mirror_entry *e = mirror_find(m, key);

	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->key = *key;
		HASH_ADD(hh, m->table, key, sizeof(e->key), e);
	}
	e->value = *value;
	e->serial = ++m->last_serial;
	return e->serial;
}

void mirror_del(struct mirror *m, const struct mirror_key *key)
{
	struct mirror_entry *e = mirror_find(m, key);

	if (e)
		drop(m, e);
}

void mirror_refused(struct mirror *m, const struct mirror_key *key, uint64_t serial)
{
	struct mirror_entry *e = mirror_find(m, key);

	if (e && e->serial == serial)
		drop(m, e);
}

void mirror_forget(struct mirror *m, unsigned int ifindex)
{
	struct mirror_entry *e, *next;

	HASH_ITER (hh, m->table, e, next)
		if (e->key.ifindex == ifindex)
			drop(m, e);
}

static void take(const struct nlmsghdr *nlh, void *arg)
{
	struct comparison *c = arg;
	struct mirror_entry *e;
	struct mirror_seen s;

	if (!c->m->ops->read(nlh, &s) || s.key.ifindex != c->report.ifindex)
		return;
	e = mirror_find(c->m, &s.key);
	if (e && (!s.ours || addr_equal(&s.value, &e->value))) {
		e->round = c->round;
		return;
	}
	if (!s.ours || (e ? c->m->ops->put_replaces : !c->report.sweep))
		return;
	c->report.removed++;
	c->m->ops->remove(c->m->owner, &s);
}

static void end(void *arg, int err, const char *text)
{
	struct comparison *c = arg;
	struct mirror_entry *e, *next;

	HASH_ITER (hh, c->m->table, e, next) {
		if (err || e->key.ifindex != c->report.ifindex || e->round == c->round ||
		    e->serial > c->serial)
			continue;
		c->report.restored++;
		c->m->ops->put(c->m->owner, e);
	}
	c->report.err = err;
	c->report.text = text;
	c->m->ops->done(c->m->owner, &c->report);
	free(c);
}

void mirror_compare(struct mirror *m, uint64_t token, unsigned int ifindex, bool sweep)
{
	struct comparison *c = xcalloc(1, sizeof(*c));
	struct dump_job job = { .msg = m->ops->dump(ifindex), .take = take, .end = end, .arg = c };

	*c = (struct comparison){ .m = m, .round = ++m->last_round, .serial = m->last_serial };
	c->report.token = token;
	c->report.ifindex = ifindex;
	c->report.sweep = sweep;
	dump_add(m->dump, &job);
}
