/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/addr.h"
#include "lib/util.h"

/* ---- for the commands ---- */

void ios_enter(struct ios *x, enum ios_mode mode, struct outline *section)
{
	x->mode = mode;
	x->section = section;
}

static void count(struct ios *x, enum ios_use use)
{
	x->count[use]++;
}

void ios_say(struct ios *x, enum conf_severity severity, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(x->complaints, severity, x->at ? x->at->number : 0, "", fmt, ap);
	va_end(ap);
}

bool ios_is(const char *word, const char *what)
{
	return strcasecmp(word, what) == 0;
}

void ios_set(struct ios *x, const char *key, const char *value)
{
	outline_set(x->section, key, value, x->at->number);
}

struct ios_tunnel *ios_this_tunnel(struct ios *x)
{
	return &x->tunnel[x->tunnel_count - 1];
}

bool ios_prefix(struct ios *x, const char *address, const char *mask, char out[ADDR_TEXT])
{
	struct addr a, m;
	uint32_t bits;

	if (!addr_parse(address, &a) || !addr_parse(mask, &m)) {
		ios_say(x, CONF_ERROR,
			"expected an address and a mask, as 172.16.0.2 255.255.255.0");
		return false;
	}
	bits = addr_to_v4(&m);
	if (~bits & (~bits + 1)) {
		ios_say(x, CONF_ERROR, "the mask %s has a hole: expected one as 255.255.255.0",
			mask);
		return false;
	}
	snprintf(out, ADDR_TEXT, "%.40s/%d", address, __builtin_popcount(bits));
	return true;
}

/* ---- finding the command of a line ---- */

static bool is_alternative(const char *pattern, size_t len, const char *word)
{
	while (len) {
		const char *bar = memchr(pattern, '|', len);
		size_t n = bar ? (size_t)(bar - pattern) : len;

		if (strlen(word) == n && strncasecmp(pattern, word, n) == 0)
			return true;
		if (!bar)
			return false;
		pattern += n + 1;
		len -= n + 1;
	}
	return false;
}

/* arg[] has room for every word of a line. */
static bool fits(const char *pattern, const struct ios_line *l, const char **arg, size_t *n)
{
	size_t word = 0;

	*n = 0;
	while (*pattern) {
		size_t len = strcspn(pattern, " ");

		if (len == 3 && memcmp(pattern, "...", 3) == 0) {
			while (word < l->count)
				arg[(*n)++] = l->word[word++];
			return true;
		}
		if (word == l->count)
			return false;
		if (len == 1 && *pattern == '$')
			arg[(*n)++] = l->word[word];
		else if (!is_alternative(pattern, len, l->word[word]))
			return false;
		word++;
		pattern += len;
		pattern += *pattern == ' ';
	}
	return word == l->count;
}

static bool is_wildcard(const struct ios_command *c)
{
	return strcmp(c->pattern, "...") == 0;
}

static const struct ios_command *find_in(const struct ios_commands *set, enum ios_mode mode,
					 const struct ios_line *l, bool wildcards, const char **arg,
					 size_t *n)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->row[i].mode == mode && is_wildcard(&set->row[i]) == wildcards &&
		    fits(set->row[i].pattern, l, arg, n))
			return &set->row[i];
	return NULL;
}

static const struct ios_command *find(enum ios_mode mode, const struct ios_line *l, bool wildcards,
				      const char **arg, size_t *n)
{
	const struct ios_commands *const sets[] = { &ios_crypto, &ios_tunnel, &ios_other };
	const struct ios_command *c = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sets) && !c; i++)
		c = find_in(sets[i], mode, l, wildcards, arg, n);
	return c;
}

/* The literal words of a pattern: they are no secrets. */
static const char *name_of(const struct ios_command *c, char *buf, size_t size)
{
	size_t len = 0;

	for (const char *p = c->pattern; *p;) {
		size_t word = strcspn(p, " "), shown = strcspn(p, " |");

		if (*p == '$' || *p == '.')
			break;
		len += (size_t)snprintf(buf + len, size - len, "%s%.*s", len ? " " : "", (int)shown,
					p);
		p += word;
		p += *p == ' ';
	}
	return buf;
}

static void carry_out(struct ios *x, const struct ios_command *c, const char *const *arg, size_t n)
{
	char name[80] = "";
	size_t errors = x->complaints->report->errors;

	name_of(c, name, sizeof(name));
	if (c->use == IOS_UNSUPPORTED)
		ios_say(x, CONF_WARNING, "%s: not supported; it would have %s", name, c->what);
	else if (c->use == IOS_REFUSED)
		ios_say(x, CONF_ERROR, "%s: %s", name, c->what);
	x->block = c->use;
	if (c->use == IOS_APPLIED && c->what)
		ios_set(x, c->what, arg[0]);
	if (c->apply)
		c->apply(x, arg, n);
	count(x, x->complaints->report->errors > errors ? IOS_REFUSED : c->use);
}

/*
 * The mode's own commands come first; one of the top ends the block, where the text is not indented
 * and so does not say where blocks end.
 */
static const struct ios_command *find_command(struct ios *x, const struct ios_line *l,
					      const char **arg, size_t *n)
{
	const struct ios_command *c;

	if (!l->indented && x->lines.indents)
		ios_enter(x, IOS_GLOBAL, NULL);
	c = find(x->mode, l, false, arg, n);
	if (c)
		return c;
	if (x->mode != IOS_GLOBAL && !l->indented) {
		c = find(IOS_GLOBAL, l, false, arg, n);
		if (c) {
			ios_enter(x, IOS_GLOBAL, NULL);
			return c;
		}
	}
	return find(x->mode, l, true, arg, n);
}

static void read_line(struct ios *x, const struct ios_line *l)
{
	const char *arg[IOS_WORDS_MAX];
	const struct ios_command *c;
	size_t n;

	x->at = l;
	c = find_command(x, l, arg, &n);
	if (c && c->mode == IOS_BLOCK) {
		count(x, x->block);
	} else if (l->no) {
		/* Takes back what is not there: off by default, and here off as well. */
		count(x,
		      c && (c->use == IOS_ROUTING || c->use == IOS_SYSTEM) ? c->use : IOS_ALWAYS);
	} else if (c) {
		carry_out(x, c, arg, n);
	} else {
		ios_say(x, CONF_WARNING, "%s %s%s: unknown; nothing is done about it", l->word[0],
			l->count > 1 ? l->word[1] : "", l->count > 2 ? " ..." : "");
		count(x, IOS_UNSUPPORTED);
	}
}

/* ---- all of it ---- */

static const char *comment(unsigned int line, const void *arg)
{
	const struct ios_line *l = line ? ios_lines_find(arg, line) : NULL;

	return l ? l->text : "IOS's default";
}

static void ios_free(struct ios *x)
{
	ios_lines_free(&x->lines);
	outline_clear(&x->root);
	free(x->interface);
	free(x->tunnel);
	free(x->seconds);
	free(x->kilobytes);
}

void ios_convert(const char *text, size_t len, const struct conf_interfaces *here,
		 const struct complaints *c, struct ios_text *out)
{
	struct ios x = { .complaints = c, .here = here };

	ios_lines_read(text, len, &x.lines);
	for (size_t i = 0; i < x.lines.count; i++)
		read_line(&x, &x.lines.line[i]);
	x.at = NULL;
	ios_crypto_finish(&x);
	ios_tunnel_finish(&x);
	outline_write(&x.root, comment, &x.lines, &out->ours);
	memcpy(out->count, x.count, sizeof(out->count));
	ios_free(&x);
}

void ios_text_free(struct ios_text *t)
{
	outline_text_free(&t->ours);
	*t = (struct ios_text){ 0 };
}
