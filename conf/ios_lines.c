/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios_lines.h"

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
	bool indented;
};

static bool is_blank(char c)
{
	/* A text from a terminal has NULs, backspaces and form feeds in places. */
	return (unsigned char)c <= ' ' || c == 0x7f;
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
	while (out->len && is_blank(out->start[out->len - 1]))
		out->len--;
	out->indented = out->len && is_blank(out->start[0]);
	while (out->len && is_blank(out->start[0])) {
		out->start++;
		out->len--;
	}
	return true;
}

static bool begins(const struct piece *p, const char *with)
{
	size_t n = strlen(with);

	return p->len >= n && strncasecmp(p->start, with, n) == 0;
}

/* What a terminal shows around a configuration; "SiteA#sh run" is the prompt with the command. */
static bool is_decoration(const struct piece *p)
{
	static const char *const starts[] = {
		"!",	   "building configuration",	"current configuration",
		"using ",  "last configuration change", "nvram config last updated",
		"--more--"
	};
	const char *prompt = memchr(p->start, '#', p->len);

	if (p->len == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (begins(p, starts[i]))
			return true;
	/* One word and a #: names hold no blanks, and no command has a # there. */
	return prompt && !memchr(p->start, ' ', (size_t)(prompt - p->start));
}

/* "banner motd ^C ... ^C": text up to the next delimiter, over several lines or on one. */
static void skip_banner(struct cursor *c, const struct piece *p)
{
	const char *at = memchr(p->start + 7, ' ', p->len - 7), *end = p->start + p->len;
	struct piece line;
	char delimiter;

	while (at && at < end && *at == ' ')
		at++;
	if (!at || at == end)
		return;
	delimiter = *at;
	/* `show running-config` writes a control character as two: ^C. */
	at += delimiter == '^' && at + 1 < end ? 2 : 1;
	if (memchr(at, delimiter, (size_t)(end - at)))
		return;
	while (next_line(c, &line) && !memchr(line.start, delimiter, line.len))
		continue;
}

static void skip_certificate(struct cursor *c)
{
	struct piece line;

	while (next_line(c, &line) && !begins(&line, "quit"))
		continue;
}

static void add_words(struct ios_line *l)
{
	char *p = l->text;

	while (*p && l->count < IOS_WORDS_MAX) {
		size_t n = l->count + 1 < IOS_WORDS_MAX ? strcspn(p, " \t") : strlen(p);

		l->word[l->count] = xcalloc(1, n + 1);
		memcpy(l->word[l->count++], p, n);
		p += n;
		p += strspn(p, " \t");
	}
}

static void add_line(struct ios_lines *ls, const struct piece *p, unsigned int number)
{
	struct ios_line *l;

	/* Doubled by hand: realloc moves pointers only, the texts stay where they are. */
	ls->line = xreallocarray(ls->line, ls->count + 1, sizeof(*ls->line));
	l = &ls->line[ls->count++];
	*l = (struct ios_line){ .number = number, .indented = p->indented };
	l->text = xcalloc(1, p->len + 1);
	for (size_t i = 0; i < p->len; i++)
		l->text[i] = is_blank(p->start[i]) ? ' ' : p->start[i];
	add_words(l);
	if (l->count > 1 && strcasecmp(l->word[0], "no") == 0) {
		l->no = true;
		free(l->word[0]);
		memmove(&l->word[0], &l->word[1], --l->count * sizeof(l->word[0]));
	}
	ls->indents |= p->indented;
}

void ios_lines_read(const char *text, size_t len, struct ios_lines *out)
{
	struct cursor c = { .p = text, .end = text + len };
	struct piece p;

	*out = (struct ios_lines){ 0 };
	while (next_line(&c, &p)) {
		if (is_decoration(&p))
			continue;
		if (begins(&p, "banner "))
			skip_banner(&c, &p);
		else if (p.indented && begins(&p, "certificate "))
			skip_certificate(&c);
		else
			add_line(out, &p, c.number);
	}
}

bool ios_is_config(const char *text, size_t len)
{
	struct cursor c = { .p = text, .end = text + len };
	struct piece p;

	/* None of these can be a line of ours: there a key has a = behind it, a section a {. */
	while (next_line(&c, &p)) {
		if (p.indented || (p.len && memchr(p.start, '{', p.len)))
			continue;
		if (begins(&p, "interface ") || begins(&p, "crypto isakmp ") ||
		    begins(&p, "crypto ipsec ") || begins(&p, "building configuration"))
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
