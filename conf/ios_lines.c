/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/ios_lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

/* Where the reading is. */
struct cursor {
	const char *p, *end;
	char eol;
	unsigned int number;
};

struct piece {
	const char *start;
	size_t len;
	size_t indent;
	size_t width; /* octets of the line as it stood there */
	bool gap;     /* a blank was its last one */
};

static struct cursor start_of(const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf"; /* by which editors say UTF-8 */
	bool marked = len >= 3 && memcmp(text, mark, 3) == 0;

	return (struct cursor){
		.p = text + (marked ? 3 : 0),
		.end = text + len,
		.eol = memchr(text, '\n', len) ? '\n' : '\r',
	};
}

static bool is_blank(char c)
{
	/* A text from a terminal has NULs, backspaces and form feeds in places. */
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/*
 * Octets of the blank there, 0: none is. A text from a web page has such as are not to be broken, and
 * those of other scripts; one from a terminal has what moves it and colours it.
 */
static size_t blank_at(const char *p, size_t len)
{
	size_t n = 2;

	if (!len)
		return 0;
	if (len > 2 && memcmp(p, "\x1b[", 2) == 0) {
		while (n + 1 < len && p[n] >= ' ' && p[n] < '@')
			n++;
		return n + 1;
	}
	if (is_blank(*p))
		return 1;
	if (len > 1 && memcmp(p, "\xc2\xa0", 2) == 0)
		return 2;
	return len > 2 && memcmp(p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

#define BLANK_MAX 8 /* octets of one at the end of a line */

/* The same for the blank that ends there. */
static size_t blank_before(const char *start, size_t len)
{
	for (size_t n = MIN(len, BLANK_MAX); n > 0; n--)
		if (blank_at(start + len - n, n) == n)
			return n;
	return 0;
}

/* A blank stands for any. */
static bool begins(const struct piece *p, const char *with)
{
	size_t at = 0;

	for (; *with; with++) {
		size_t n = *with == ' ' ? blank_at(p->start + at, p->len - at)
					: at < p->len && tolower((unsigned char)p->start[at]) ==
								 tolower((unsigned char)*with);

		if (!n)
			return false;
		at += n;
	}
	return true;
}

static void skip(struct piece *p, size_t n)
{
	p->start += n;
	p->len -= n;
}

static void trim(struct piece *p)
{
	while (blank_before(p->start, p->len))
		p->len -= blank_before(p->start, p->len);
	for (p->indent = 0; blank_at(p->start, p->len); p->indent++)
		skip(p, blank_at(p->start, p->len));
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

/* What stands around lines of a text that was sent or written about. */
static void skip_frame(struct piece *p)
{
	size_t digits = 0, indent = p->indent;

	/* Mail: "> interface Tunnel0" */
	while (begins(p, ">")) {
		skip(p, 1);
		trim(p);
	}
	/* `show running-config linenum`: "   12 : interface Tunnel0" */
	while (digits < p->len && isdigit((unsigned char)p->start[digits]))
		digits++;
	if (digits && p->len > digits + 1 && memcmp(p->start + digits, " :", 2) == 0) {
		skip(p, digits + 2);
		trim(p);
	}
	/* Each line of it marked as code: `interface Tunnel0` */
	if (p->len > 2 && begins(p, "`") && !begins(p, "``") && p->start[p->len - 1] == '`') {
		skip(p, 1);
		p->len--;
		trim(p);
		p->indent += indent;
	}
}

static bool next_line(struct cursor *c, struct piece *out)
{
	const char *eol;

	if (c->p >= c->end)
		return false;
	eol = memchr(c->p, c->eol, (size_t)(c->end - c->p));
	if (!eol)
		eol = c->end;
	out->start = c->p;
	out->len = (size_t)(eol - c->p);
	c->p = eol + 1;
	c->number++;
	out->width = out->len - (out->len && eol[-1] == '\r');
	out->gap = out->width && is_blank(out->start[out->width - 1]);
	trim(out);
	skip_frame(out);
	skip_more(out);
	skip_prompt(out);
	return true;
}

/* What a console says by itself: "*Sep  9 14:12:02.934: %LINEPROTO-5-UPDOWN: ..." */
static bool is_message(const struct piece *p)
{
	const char *mark = memmem(p->start, p->len, ": %", 3), *end = p->start + p->len;

	if (begins(p, "%"))
		return true;
	for (mark = mark ? mark + 3 : end;
	     mark < end &&
	     (isupper((unsigned char)*mark) || *mark == '_' || isdigit((unsigned char)*mark));
	     mark++)
		continue;
	return end - mark > 2 && mark[0] == '-' && isdigit((unsigned char)mark[1]) &&
	       mark[2] == '-';
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
		"load for five secs",
		"time source is",
		"[ok]",
		"^",
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

/*
 * A comment behind a command, which is no word of any: "! ours". People who write about a configuration
 * say "# ours" as well, and "#ours": not where the line may have a text or a secret.
 */
static bool is_comment(const struct ios_line *l, const char *p, size_t n)
{
	static const char *const plain[] = { "tunnel", "network", "encr",      "encryption",
					     "hash",   "group",	  "lifetime",  "mode",
					     "set",    "delay",	  "bandwidth", "interface",
					     "int",    "router" };
	static const char *const texts[] = { "auth", "pass", "key",	 "secret",
					     "desc", "name", "community" };

	if (!l->count || strncasecmp(l->word[0], "desc", 4) == 0)
		return false;
	if (strspn(p, "!") == n)
		return true;
	if (*p != '#')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (strcasecmp(l->word[0], plain[i]) == 0)
			return true;
	for (size_t w = 1; w < l->count; w++)
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
			if (strcasestr(l->word[w], texts[i]))
				return false;
	return strcasecmp(l->word[0], "ip") == 0;
}

static void add_words(struct ios_line *l)
{
	char *p = l->text;

	while (*p && l->count < IOS_WORDS_MAX) {
		size_t n = l->count + 1 < IOS_WORDS_MAX ? strcspn(p, " \t") : strlen(p);

		if (is_comment(l, p, n))
			break;
		l->word[l->count] = xcalloc(1, n + 1);
		memcpy(l->word[l->count++], p, n);
		p += n;
		p += strspn(p, " \t");
	}
}

static void free_text(char *text)
{
	util_wipe(text, strlen(text));
	free(text);
}

static void free_words(struct ios_line *l)
{
	for (size_t i = 0; i < l->count; i++)
		free_text(l->word[i]);
	l->count = 0;
}

static void read_words(struct ios_line *l)
{
	add_words(l);
	l->no = l->count > 1 && strcasecmp(l->word[0], "no") == 0;
	if (l->no) {
		free(l->word[0]);
		memmove(&l->word[0], &l->word[1], --l->count * sizeof(l->word[0]));
	}
}

/* Behind what is there already. */
static char *with_text(const char *before, const struct piece *p)
{
	size_t n = strlen(before);
	char *text = xcalloc(1, n + p->len + 1);

	memcpy(text, before, n);
	for (size_t i = 0, blank; i < p->len; i += blank ? blank : 1) {
		blank = blank_at(p->start + i, p->len - i);
		text[n++] = blank ? ' ' : p->start[i];
	}
	return text;
}

static void add_line(struct ios_lines *ls, const struct piece *p, unsigned int number, bool first)
{
	struct ios_line *l;

	/* Doubled by hand: realloc moves pointers only, the texts stay where they are. */
	ls->line = xreallocarray(ls->line, ls->count + 1, sizeof(*ls->line));
	l = &ls->line[ls->count++];
	*l = (struct ios_line){ .number = number, .indent = p->indent, .first = first };
	l->text = with_text("", p);
	read_words(l);
}

/* What a console of 80 columns broke off goes back behind the line; a blank may have been the 80th. */
static void join(struct ios_line *l, const struct piece *p, bool gap)
{
	struct piece blank = { .start = " ", .len = gap };
	char *before = with_text(l->text, &blank);

	free_text(l->text);
	l->text = with_text(before, p);
	free_text(before);
	free_words(l);
	read_words(l);
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

/* Of these, what nothing can stand below. */
static bool is_alone(const struct ios_line *l)
{
	return is(l, 0, "hostname") || is(l, 0, "end") || is(l, 0, "access-list") ||
	       (is(l, 0, "ip") && (is(l, 1, "route") || is(l, 1, "prefix-list")));
}

/* The same for people who indent such lines, too: what no block has within it. */
static bool is_heading_anywhere(const struct ios_line *l)
{
	if (l->count < 2 || l->no)
		return false;
	if (is(l, 0, "interface") || is(l, 0, "int"))
		return strpbrk(l->word[l->count > 2 ? 2 : 1], "0123456789") != NULL;
	if (is(l, 0, "router"))
		return is(l, 1, "eigrp") || is(l, 1, "ospf") || is(l, 1, "bgp");
	return is(l, 0, "crypto") &&
	       (is(l, 1, "isakmp") || is(l, 1, "keyring") ||
		(is(l, 1, "ipsec") && (is(l, 2, "transform-set") || is(l, 2, "profile"))));
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
	size_t least = SIZE_MAX, level;
	bool flat = false; /* the block is not indented */

	for (size_t i = 0; i < ls->count; i++)
		least = MIN(least, ls->line[i].indent);
	level = least;
	for (size_t i = 0; i < ls->count; i++) {
		struct ios_line *l = &ls->line[i];

		if (l->indent == least || is_heading_anywhere(l))
			level = l->indent;
		l->indented = l->indent > level;
		ls->indents |= l->indented;
	}
	for (size_t i = 0; i < ls->count; i++) {
		struct ios_line *l = &ls->line[i];
		bool heading = is_heading(l);

		l->top = !l->indented &&
			 (heading || (ls->indents && (!flat || l->first) && !is_of_a_tunnel(l)));
		if (l->top)
			flat = heading && !is_alone(l) && i + 1 < ls->count &&
			       !ls->line[i + 1].indented;
	}
}

#define COLUMNS 80 /* of a console that breaks lines */

/*
 * Whether a line goes on with what begins in the first column below it, where only what no block is
 * in could stand: none of these words.
 */
static bool is_rest(const struct piece *before, const struct piece *p)
{
	static const char *const starts[] = {
		"!",	      "interface ",  "router ",	      "crypto ",
		"ip ",	      "ipv6 ",	     "line ",	      "no ",
		"end",	      "exit",	     "access-list ",  "snmp",
		"ntp ",	      "logging ",    "username ",     "route-map ",
		"class-map ", "policy-map ", "vrf ",	      "aaa ",
		"banner ",    "version ",    "service ",      "hostname ",
		"radius",     "tacacs",	     "control-plane", "key ",
		"track ",     "event ",	     "license ",      "voice ",
		"dial-peer ", "call-home",   "alias ",	      "privilege ",
		"enable ",    "archive",     "redundancy",
	};

	if (before->width != COLUMNS || p->indent || !p->len)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (begins(p, starts[i]))
			return false;
	return true;
}

/* `show tech-support`: what stands above each of its parts. */
static bool is_part(const struct piece *p, const char *what)
{
	return begins(p, "----------") && memmem(p->start, p->len, what, strlen(what));
}

/* Of such a text only one part is the configuration; false where it is no such text. */
static bool skip_to_config(struct cursor *c)
{
	struct cursor at = *c;
	struct piece p;

	while (next_line(&at, &p)) {
		if (!is_part(&p, " show running-config"))
			continue;
		*c = at;
		return true;
	}
	return false;
}

void ios_lines_read(const char *text, size_t len, struct ios_lines *out)
{
	struct cursor c = start_of(text, len);
	struct piece p, before = { 0 };
	bool first = true, part = skip_to_config(&c);

	*out = (struct ios_lines){ 0 };
	for (; next_line(&c, &p) && !(part && is_part(&p, " show ")); before = p) {
		if (out->count && is_rest(&before, &p) && !is_decoration(&p)) {
			join(&out->line[out->count - 1], &p, before.gap);
			continue;
		}
		/* The router writes a "!" between blocks, people write it before a comment. */
		first |= p.len == 1 && *p.start == '!';
		if (is_decoration(&p) || skip_banner(&c, &p)) {
			p.width = 0;
		} else if (begins(&p, "certificate ")) {
			skip_certificate(&c);
			p.width = 0;
		} else {
			add_line(out, &p, c.number, first);
			first = false;
		}
	}
	find_blocks(out);
}

bool ios_is_config(const char *text, size_t len)
{
	static const char *const starts[] = { "interface ", "int tu", "crypto isakmp ",
					      "crypto ipsec ", "building configuration" };
	bool braces = memchr(text, '{', len) != NULL;
	struct cursor c = start_of(text, len);
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

void ios_lines_free(struct ios_lines *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		free_words(&ls->line[i]);
		free_text(ls->line[i].text);
	}
	free(ls->line);
	*ls = (struct ios_lines){ 0 };
}
