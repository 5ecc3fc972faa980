/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/ios_read.h"
#include "lib/addr.h"
#include "lib/util.h"

#define ABBREVIATION_MIN 2 /* letters */

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

const char *ios_name(const char *word, char out[IOS_NAME_MAX])
{
	snprintf(out, IOS_NAME_MAX, "%s", word);
	for (char *c = out; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
	return out;
}

void ios_set(struct ios *x, const char *key, const char *value)
{
	outline_set(x->section, key, value, x->at->number);
}

bool ios_means(const char *word, const char *what)
{
	size_t n = strlen(word);

	return n >= ABBREVIATION_MIN ? strncasecmp(word, what, n) == 0 : ios_is(word, what);
}

void ios_block(struct ios *x, const char *const *arg, size_t n)
{
	(void)arg;
	(void)n;
	ios_enter(x, IOS_BLOCK, NULL);
}

void ios_pass_over(struct ios *x)
{
	x->use = IOS_SYSTEM;
	ios_enter(x, IOS_BLOCK, NULL);
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

static bool is_alternative(const char *pattern, size_t len, const char *word, bool cut)
{
	size_t letters = strlen(word);

	/* A whole word, which another one begins with. */
	cut &= !ios_is(word, "ip");
	while (len) {
		const char *bar = memchr(pattern, '|', len);
		size_t n = bar ? (size_t)(bar - pattern) : len;

		if ((letters == n || (cut && letters < n && letters >= ABBREVIATION_MIN)) &&
		    strncasecmp(pattern, word, letters) == 0)
			return true;
		if (!bar)
			return false;
		pattern += n + 1;
		len -= n + 1;
	}
	return false;
}

/* A command that a line may be. */
struct match {
	const struct ios_command *command;
	unsigned int score; /* 0: none */
	const char *arg[IOS_WORDS_MAX];
	size_t n;
};

/* How many words of the pattern the line has literally, and whether any of them is cut; -1: another. */
static int compare(const char *pattern, const struct ios_line *l, bool *cut, struct match *m)
{
	int literal = 0;
	size_t word = 0;

	m->n = 0;
	*cut = false;
	for (; *pattern; word++) {
		size_t len = strcspn(pattern, " ");

		if (len == 3 && memcmp(pattern, "...", 3) == 0) {
			while (word < l->count)
				m->arg[m->n++] = l->word[word++];
			return literal;
		}
		if (word == l->count)
			return -1;
		if (len == 1 && *pattern == '$') {
			m->arg[m->n++] = l->word[word];
		} else if (is_alternative(pattern, len, l->word[word], true)) {
			*cut |= !is_alternative(pattern, len, l->word[word], false);
			literal++;
		} else {
			return -1;
		}
		pattern += len;
		pattern += *pattern == ' ';
	}
	return word == l->count ? literal : -1;
}

/* A pattern without literal words is for what no other one takes. */
static unsigned int score(int literal, bool cut, bool own)
{
	if (literal <= 0)
		return literal == 0;
	return (unsigned int)literal * 8 + (cut ? 0 : 4) + (own ? 2 : 0);
}

/*
 * The command that says most of a line literally; of equal ones one whose words are not cut, then one
 * of the mode itself, then the first.
 */
static void find_best(enum ios_mode mode, const struct ios_line *l, bool own, struct match *best)
{
	static const struct ios_commands *const sets[] = { &ios_crypto, &ios_tunnel, &ios_other };

	for (size_t s = 0; s < ARRAY_SIZE(sets); s++) {
		for (size_t i = 0; i < sets[s]->count; i++) {
			struct match m = { .command = &sets[s]->row[i] };
			int literal;
			bool cut;

			if (m.command->mode != mode)
				continue;
			literal = compare(m.command->pattern, l, &cut, &m);
			m.score = score(literal, cut, own);
			if (m.score > best->score)
				*best = m;
		}
	}
}

static bool is_keyword(const char *word)
{
	return word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

/*
 * The words of a line that are literal in the pattern: they are no secrets. Of a command for all that
 * begins so, the next word, too, and two where nothing is literal.
 */
static const char *name_of(const struct ios_command *c, const struct ios_line *l, char *buf,
			   size_t size)
{
	const char *p = c->pattern;
	size_t len = 0, i = 0;

	for (; *p && *p != '$' && *p != '.' && i < l->count && len < size; i++) {
		len += (size_t)snprintf(buf + len, size - len, "%s%.30s", len ? " " : "",
					l->word[i]);
		p += strcspn(p, " ");
		p += *p == ' ';
	}
	for (size_t more = i ? 1 : 2;
	     *p == '.' && more && i < 3 && i < l->count && len < size && is_keyword(l->word[i]);
	     more--, i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%.30s", len ? " " : "",
					l->word[i]);
	return buf;
}

static void carry_out(struct ios *x, const struct ios_command *c, const char *const *arg, size_t n)
{
	char name[160] = "";
	size_t errors = x->complaints->report->errors;

	name_of(c, x->at, name, sizeof(name));
	if (c->use == IOS_UNSUPPORTED)
		ios_say(x, CONF_WARNING, "%s: not supported; it would have %s", name, c->what);
	else if (c->use == IOS_REFUSED)
		ios_say(x, CONF_ERROR, "%s: %s", name, c->what);
	x->use = c->use;
	if (c->use == IOS_APPLIED && c->what)
		ios_set(x, c->what, arg[0]);
	if (c->apply)
		c->apply(x, arg, n);
	if (x->complaints->report->errors > errors)
		x->use = IOS_REFUSED;
	x->block = x->use;
	count(x, x->use);
}

/*
 * Of a line that is indented the mode's own commands are looked at, of one that is not all: a text
 * that is not indented does not say where blocks end, a command of the top does it.
 */
static void find_command(struct ios *x, const struct ios_line *l, struct match *best)
{
	if (x->lines.indents && l->top)
		ios_enter(x, IOS_GLOBAL, NULL);
	*best = (struct match){ 0 };
	find_best(x->mode, l, true, best);
	if (l->indented || x->mode == IOS_GLOBAL)
		return;
	find_best(IOS_GLOBAL, l, false, best);
	if (best->command && best->command->mode == IOS_GLOBAL)
		ios_enter(x, IOS_GLOBAL, NULL);
}

/* The last word is never repeated: of "key-string WORD", wherever it stands, that is the secret. */
static void read_unknown(struct ios *x, const struct ios_line *l)
{
	bool two = l->count > 2;

	ios_say(x, CONF_WARNING, "%s%s%s%s: unknown; nothing is done about it", l->word[0],
		two ? " " : "", two ? l->word[1] : "", l->count > 1 ? " ..." : "");
	count(x, IOS_UNSUPPORTED);
	/* What it opens is as unknown; once is enough to say so. */
	x->block = IOS_UNSUPPORTED;
	if (x->lines.indents && (l->top || (!l->indented && x->mode == IOS_GLOBAL)))
		ios_enter(x, IOS_BLOCK, NULL);
}

/* Most take back what is not there, off by default, and here off as well. */
static void read_no(struct ios *x, const struct ios_line *l, const struct ios_command *c)
{
	char name[160] = "";

	if (!l->gone && c && c->use == IOS_ALWAYS && c->what) {
		ios_say(x, CONF_WARNING, "no %s: not supported; it would have %s",
			name_of(c, l, name, sizeof(name)), c->what);
		count(x, IOS_UNSUPPORTED);
		return;
	}
	count(x, c && (c->use == IOS_ROUTING || c->use == IOS_SYSTEM) ? c->use : IOS_ALWAYS);
}

static void read_line(struct ios *x, const struct ios_line *l)
{
	const struct ios_command *c;
	struct match m;

	x->at = l;
	find_command(x, l, &m);
	c = m.command;
	if (l->indented && (ios_is(l->word[0], "exit") || ios_is(l->word[0], "end") ||
			    (ios_is(l->word[0], "do") && l->count > 1)))
		count(x, IOS_SYSTEM); /* as it was typed; blanks say where a block ends */
	else if (c && c->mode == IOS_BLOCK)
		count(x, x->block);
	else if (l->gone || l->no)
		read_no(x, l, c);
	else if (c)
		carry_out(x, c, m.arg, m.n);
	else
		read_unknown(x, l);
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
	ios_survey_free(x);
	free(x->match);
	free(x->seconds);
	free(x->kilobytes);
}

void ios_convert(const char *text, size_t len, const struct conf_interfaces *here,
		 const struct complaints *c, struct ios_text *out)
{
	struct ios x = { .complaints = c, .here = here };

	ios_lines_read(text, len, &x.lines);
	ios_survey(&x);
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
