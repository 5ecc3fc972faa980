/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios_lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

/* Where the reading is. */
struct cursor {
	const char *p, *end;
	unsigned int number;
};

struct piece {
	const char *start;
	size_t len;
	size_t indent;
};

static bool is_blank(char c)
{
	/* A text from a terminal has NULs, backspaces and form feeds in places. */
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool begins(const struct piece *p, const char *with)
{
	size_t n = strlen(with);

	return p->len >= n && strncasecmp(p->start, with, n) == 0;
}

static void skip(struct piece *p, size_t n)
{
	p->start += n;
	p->len -= n;
}

static void trim(struct piece *p)
{
	while (p->len && is_blank(p->start[p->len - 1]))
		p->len--;
	for (p->indent = 0; p->len && is_blank(*p->start); p->indent++)
		skip(p, 1);
}

#define MORE	    "--more--"
#define MORE_ERASED 9 /* blanks by which a terminal wipes " --More-- " out */

/* What came after the pause stands on the same line, behind what wiped the word out. */
static void skip_more(struct piece *p)
{
	size_t n;

	if (!begins(p, MORE))
		return;
	for (n = p->len; n > 0 && p->start[n - 1] != '\b' && p->start[n - 1] != '\r'; n--)
		continue;
	skip(p, n ? n : strlen(MORE));
	trim(p);
	if (!n)
		p->indent -= MIN(p->indent, (size_t)MORE_ERASED);
}

/* "R1(config-if)#ip mtu 1400", "R1(ipsec-profile)# set ...": the line is what was typed. */
static void skip_prompt(struct piece *p)
{
	const char *hash = memchr(p->start, '#', p->len);

	if (!hash || hash == p->start || hash[-1] != ')' ||
	    memchr(p->start, ' ', (size_t)(hash - p->start)) ||
	    !memchr(p->start, '(', (size_t)(hash - p->start)))
		return;
	skip(p, (size_t)(hash - p->start) + 1);
	trim(p);
	p->indent = 0;
}

static bool next_line(struct cursor *c, struct piece *out)
{
	const char *eol;

	if (c->p >= c->end)
		return false;
	eol = memchr(c->p, '\n', (size_t)(c->end - c->p));
	if (!eol)
		eol = c->end;
	out->start = c->p;
	out->len = (size_t)(eol - c->p);
	c->p = eol + 1;
	c->number++;
	trim(out);
	skip_more(out);
	skip_prompt(out);
	return true;
}

/* What a console says by itself: "*Sep  9 14:12:02.934: %LINEPROTO-5-UPDOWN: ..." */
static bool is_message(const struct piece *p)
{
	return begins(p, "%") || (begins(p, "*") && memmem(p->start, p->len, ": %", 3));
}

/* What a terminal shows around a configuration; "SiteA#sh run" is the prompt with the command. */
static bool is_decoration(const struct piece *p)
{
	static const char *const starts[] = {
		"!",
		"building configuration",
		"current configuration",
		"using ",
		"```",
		"last configuration change",
		"nvram config last updated",
		"--more--",
		"uncompressed configuration",
		"enter configuration commands",
	};
	size_t word = 0;

	if (p->len == 0 || is_message(p))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (begins(p, starts[i]))
			return true;
	/* One word and a # or >: names hold no blanks, and no command has one there. */
	while (word < p->len && p->start[word] != ' ' && p->start[word] != '#' &&
	       p->start[word] != '>')
		word++;
	return word < p->len && p->start[word] != ' ';
}

/* `show running-config` writes a control character as two: ^C. */
static size_t delimiter_at(const char *at, const char *end)
{
	return *at == '^' && at + 1 < end ? 2 : 1;
}

static void skip_text(struct cursor *c, const char *at, const char *end)
{
	size_t n = delimiter_at(at, end);
	struct piece line;

	if (memmem(at + n, (size_t)(end - at) - n, at, n))
		return;
	while (next_line(c, &line) && !memmem(line.start, line.len, at, n))
		continue;
}

/* "banner motd ^C ... ^C": text up to the next delimiter, over several lines or on one. */
static bool skip_banner(struct cursor *c, const struct piece *p)
{
	const char *end = p->start + p->len, *at;

	if (begins(p, "banner ")) {
		at = memchr(p->start + 7, ' ', p->len - 7);
		while (at && at < end && *at == ' ')
			at++;
	} else {
		/* Others have such texts, too: menus, messages of a login. */
		at = memmem(p->start, p->len, "^C", 2);
		if (!at)
			return false;
	}
	if (at && at < end)
		skip_text(c, at, end);
	return true;
}

static bool is_hexadecimal(const struct piece *p)
{
	for (size_t i = 0; i < p->len; i++)
		if (!isxdigit((unsigned char)p->start[i]) && !is_blank(p->start[i]))
			return false;
	return true;
}

/* Its octets and the "quit" behind them, unless it is in a file of the router's. */
static void skip_certificate(struct cursor *c)
{
	struct cursor before = *c;
	struct piece line;

	while (next_line(c, &line) && is_hexadecimal(&line))
		before = *c;
	if (c->p <= c->end && !begins(&line, "quit"))
		*c = before;
}

static void add_words(struct ios_line *l)
{
	char *p = l->text;

	while (*p && l->count < IOS_WORDS_MAX) {
		size_t n = l->count + 1 < IOS_WORDS_MAX ? strcspn(p, " \t") : strlen(p);

		/* A comment behind a command; by itself no word of any. */
		if (l->count && n == 1 && *p == '!' && strcasecmp(l->word[0], "description") != 0)
			break;
		l->word[l->count] = xcalloc(1, n + 1);
		memcpy(l->word[l->count++], p, n);
		p += n;
		p += strspn(p, " \t");
	}
}

static void add_line(struct ios_lines *ls, const struct piece *p, unsigned int number, bool first)
{
	struct ios_line *l;

	/* Doubled by hand: realloc moves pointers only, the texts stay where they are. */
	ls->line = xreallocarray(ls->line, ls->count + 1, sizeof(*ls->line));
	l = &ls->line[ls->count++];
	*l = (struct ios_line){ .number = number, .indent = p->indent, .first = first };
	l->text = xcalloc(1, p->len + 1);
	for (size_t i = 0; i < p->len; i++)
		l->text[i] = is_blank(p->start[i]) ? ' ' : p->start[i];
	add_words(l);
	if (l->count > 1 && strcasecmp(l->word[0], "no") == 0) {
		l->no = true;
		free(l->word[0]);
		memmove(&l->word[0], &l->word[1], --l->count * sizeof(l->word[0]));
	}
}

static bool is(const struct ios_line *l, size_t word, const char *what)
{
	return word < l->count && strcasecmp(l->word[word], what) == 0;
}

/* Where nothing is indented: what can only stand outside of blocks, as far as it matters here. */
static bool is_heading(const struct ios_line *l)
{
	static const char *const words[] = { "hostname",  "interface",	 "int",	      "router",
					     "route-map", "crypto",	 "line",      "vrf",
					     "end",	  "access-list", "policy-map" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is(l, 0, words[i]))
			return true;
	return is(l, 0, "ip") && (is(l, 1, "route") || is(l, 1, "prefix-list") || is(l, 1, "vrf") ||
				  is(l, 1, "access-list"));
}

/* Some tools write over secrets and lose the blanks before such lines. */
static bool is_of_a_tunnel(const struct ios_line *l)
{
	return is(l, 0, "tunnel") || (is(l, 0, "ip") && is(l, 1, "nhrp"));
}

/*
 * A text that stands in another one is indented as a whole; one that was typed may have blocks that
 * are indented and others that are not.
 */
static void find_blocks(struct ios_lines *ls)
{
	size_t least = SIZE_MAX;
	bool flat = false; /* the block is not indented */

	for (size_t i = 0; i < ls->count; i++)
		least = MIN(least, ls->line[i].indent);
	for (size_t i = 0; i < ls->count; i++) {
		ls->line[i].indented = ls->line[i].indent > least;
		ls->indents |= ls->line[i].indented;
	}
	for (size_t i = 0; i < ls->count; i++) {
		struct ios_line *l = &ls->line[i];
		bool heading = is_heading(l);

		l->top = !l->indented &&
			 (heading || (ls->indents && (!flat || l->first) && !is_of_a_tunnel(l)));
		if (l->top)
			flat = heading && i + 1 < ls->count && !ls->line[i + 1].indented;
	}
}

void ios_lines_read(const char *text, size_t len, struct ios_lines *out)
{
	struct cursor c = { .p = text, .end = text + len };
	bool first = true;
	struct piece p;

	*out = (struct ios_lines){ 0 };
	while (next_line(&c, &p)) {
		/* The router writes a "!" between blocks, people write it before a comment. */
		first |= p.len == 1 && *p.start == '!';
		if (is_decoration(&p) || skip_banner(&c, &p))
			continue;
		if (begins(&p, "certificate ")) {
			skip_certificate(&c);
			continue;
		}
		add_line(out, &p, c.number, first);
		first = false;
	}
	find_blocks(out);
}

bool ios_is_config(const char *text, size_t len)
{
	static const char *const starts[] = { "interface ", "int tu", "crypto isakmp ",
					      "crypto ipsec ", "building configuration" };
	bool braces = memchr(text, '{', len) != NULL;
	struct cursor c = { .p = text, .end = text + len };
	struct piece p;

	/* None of these can be a line of ours: there a key has a = behind it, a section a {. */
	while (next_line(&c, &p)) {
		if (braces && (p.indent || memchr(p.start, '{', p.len)))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
			if (begins(&p, starts[i]))
				return true;
	}
	return false;
}

const struct ios_line *ios_lines_find(const struct ios_lines *ls, unsigned int number)
{
	size_t low = 0, high = ls->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ls->line[mid].number == number)
			return &ls->line[mid];
		if (ls->line[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void free_text(char *text)
{
	util_wipe(text, strlen(text));
	free(text);
}

void ios_lines_free(struct ios_lines *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		for (size_t j = 0; j < ls->line[i].count; j++)
			free_text(ls->line[i].word[j]);
		free_text(ls->line[i].text);
	}
	free(ls->line);
	*ls = (struct ios_lines){ 0 };
}
