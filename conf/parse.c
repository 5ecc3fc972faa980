/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libconfuse tells of each value and of the end of each section, in the order of the file, while
 * its idea of the line is right; all is taken and judged there and then, and a section that has
 * ended is dropped from libconfuse, so that at most one of each kind is open.
 *
 * libconfuse gives up at the first unknown key. To go on, such a key is added to those that it
 * knows and the text is read anew from the start; then it arrives as a value like any other.
 */
#include "conf/parse.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/lex.h"
#include "lib/util.h"

#define LEARNED_MAX 20 /* a file with more unknown keys than that is some other file */

struct learned {
	enum section_id section;
	char *name;
};

struct reader {
	struct draft *draft;
	const struct lexed *text;
	cfg_t *root;
	size_t closed; /* sections so far */
	struct learned learned[LEARNED_MAX];
	size_t learned_count;
	bool again;
	unsigned int value_line;  /* of the value before */
	unsigned int secret_line; /* of the secret before */
};

/* libconfuse hands no pointer of ours to its callbacks. */
static struct reader *reading;

static enum section_id section_of(cfg_t *cfg)
{
	enum section_id id = SECTION_FILE;

	if (cfg == reading->root)
		return id;
	while (++id < SECTION_COUNT - 1 && strcmp(cfg_name(cfg), schema_section(id)->name) != 0)
		;
	return id;
}

/* The section of that kind that is being read. */
static cfg_t *open_section(enum section_id id)
{
	const struct schema_section *s = schema_section(id);

	if (id == SECTION_FILE)
		return reading->root;
	return cfg_opt_getnsec(cfg_getopt(open_section(s->parent), s->name), 0);
}

static const char *title_of(cfg_t *cfg)
{
	return cfg_title(cfg) ? lex_value(reading->text, cfg_title(cfg)) : "";
}

/* Makes origin.path of a section that is being read, and of those around it. */
static const char *path_of(enum section_id id)
{
	const struct schema_section *s = schema_section(id);
	struct origin *from = draft_origin(reading->draft, id);
	const char *around;

	if (from->path)
		return from->path;
	if (id == SECTION_FILE)
		return from->path = xstrdup("");
	around = path_of(s->parent);
	if (asprintf(&from->path, "%s%s%s%s%.64s", around, *around ? ": " : "", s->name,
		     s->title.read ? " " : "", title_of(open_section(id))) < 0)
		abort();
	return from->path;
}

/* About a key of a section, or with key NULL about the section itself. */
__attribute__((format(printf, 5, 6))) static void say(enum conf_severity severity,
						      unsigned int line, enum section_id id,
						      const char *key, const char *fmt, ...)
{
	const char *path = path_of(id);
	char where[512];
	va_list ap;

	snprintf(where, sizeof(where), "%s%s%s", path, *path && key ? ": " : "", key ? key : "");
	va_start(ap, fmt);
	vcomplain(&reading->draft->complaints, severity, line, where, fmt, ap);
	va_end(ap);
	if (severity == CONF_ERROR)
		draft_origin(reading->draft, id)->bad = true;
}

static void read_value(enum section_id id, const struct schema_key *key, const char *value,
		       unsigned int line)
{
	char *section = draft_section(reading->draft, id);
	bool is_title = key == &schema_section(id)->title;
	const char *name = is_title ? NULL : key->name;
	char remark[REMARK_MAX] = "", expected[EXPECTED_MAX];

	if (key->read(key, value, section + key->offset, remark)) {
		if (remark[0])
			say(CONF_WARNING, line, id, name, "%s", remark);
	} else if (remark[0]) {
		say(CONF_ERROR, line, id, name, "%s", remark);
	} else if (key->secret) {
		say(CONF_ERROR, line, id, name, "expected %s", schema_expected(key, expected));
	} else {
		say(CONF_ERROR, line, id, name, "expected %s, found \"%.64s\"",
		    schema_expected(key, expected), value);
	}
}

/* Behind an error that ends the reading, so that nobody takes the list for complete. */
#define STOPPED "; nothing behind it was read"
#define QUOTES "put quotes around a value with blanks or signs in it"

/* A word that is no key of ours, but stands where a key does: a = is behind it. */
static void unknown_key(enum section_id id, const char *word, unsigned int line)
{
	char hint[HINT_MAX];

	word = lex_value(reading->text, word);
	schema_hint(id, word, hint);
	if (line != reading->secret_line)
		say(CONF_ERROR, line, id, NULL, "unknown key \"%.64s\"; %s", word, hint);
	else
		say(CONF_ERROR, line, id, NULL, "unknown key behind a secret; %s",
		    strncmp(hint, "expected", 8) == 0 ? QUOTES : hint);
}

/* The same without the =, and the end of the reading. It may be the rest of a value, of a secret. */
static void unknown_word(enum section_id id, const char *word, unsigned int line)
{
	char hint[HINT_MAX];

	word = lex_value(reading->text, word);
	schema_hint(id, word, hint);
	if (line == reading->secret_line)
		say(CONF_ERROR, line, id, NULL, QUOTES STOPPED);
	else if (line == reading->value_line && strncmp(hint, "expected", 8) == 0)
		say(CONF_ERROR, line, id, NULL, "did not expect \"%.64s\"; " QUOTES STOPPED, word);
	else
		say(CONF_ERROR, line, id, NULL, "unknown key \"%.64s\"; %s" STOPPED, word, hint);
}

static void take_value(enum section_id id, int index, const char *value, unsigned int line,
		       bool first)
{
	const struct schema_key *key = &schema_section(id)->keys[index];
	struct origin *from = draft_origin(reading->draft, id);

	/* Of a section that is there twice, the second is not looked into. */
	if (from->line)
		return;
	if (from->key_line[index] && first) {
		say(CONF_ERROR, line, id, key->name, "given twice, first in line %u",
		    complaint_line(&reading->draft->complaints, from->key_line[index]));
		return;
	}
	if (first)
		from->key_line[index] = line;
	read_value(id, key, value, line);
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	enum section_id id = section_of(cfg);
	unsigned int n = cfg_opt_size(opt), line = (unsigned int)cfg->line;
	int index = schema_key_index(id, cfg_opt_name(opt));
	char *word = n ? cfg_opt_getnstr(opt, n - 1) : NULL;

	/* At the end of a list we are called with its last element again. */
	if (!word || !word[0])
		return 0;
	if (index < 0 && n == 1)
		unknown_key(id, cfg_opt_name(opt), line);
	else if (index >= 0)
		take_value(id, index, lex_value(reading->text, word), line, n == 1);
	word[0] = '\0';
	reading->value_line = line;
	if (index >= 0 && schema_section(id)->keys[index].secret)
		reading->secret_line = line;
	return 0;
}

static void read_defaults(enum section_id id)
{
	const struct schema_section *s = schema_section(id);

	for (size_t i = 0; i < s->key_count; i++)
		if (s->keys[i].def)
			read_value(id, &s->keys[i], s->keys[i].def, 0);
}

/* What must be there and is not, and what was left out and has a default. */
static void complete_section(enum section_id id)
{
	const struct schema_section *s = schema_section(id);
	struct origin *from = draft_origin(reading->draft, id);
	char expected[EXPECTED_MAX];

	for (size_t i = 0; i < s->key_count; i++) {
		const struct schema_key *key = &s->keys[i];

		if (from->key_line[i])
			continue;
		if (key->def)
			read_value(id, key, key->def, from->line);
		else if (key->mandatory)
			say(CONF_ERROR, from->line, id, key->name, "missing: expected %s",
			    schema_expected(key, expected));
	}
	for (enum section_id i = 0; i < SECTION_COUNT; i++) {
		const struct schema_section *child = schema_section(i);

		if (child->parent != id || !child->single || draft_origin(reading->draft, i)->line)
			continue;
		if (!child->mandatory)
			read_defaults(i);
		else
			say(CONF_ERROR, from->line, id, NULL, "missing: expected a section %s { }",
			    child->name);
	}
}

static int on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *sec = cfg_opt_getnsec(opt, 0);
	enum section_id id = section_of(sec);
	const struct schema_section *s = schema_section(id);
	struct origin *from = draft_origin(reading->draft, id);
	unsigned int line = (unsigned int)cfg->line;

	if (reading->closed < reading->text->section_count)
		line = reading->text->section_lines[reading->closed++];
	if (s->single && from->line) {
		say(CONF_ERROR, line, id, NULL, "there twice, first in line %u",
		    complaint_line(&reading->draft->complaints, from->line));
	} else {
		path_of(id);
		from->line = line;
		if (s->title.read)
			read_value(id, &s->title, title_of(sec), line);
		complete_section(id);
		draft_add(reading->draft, id);
	}
	cfg_free_value(opt);
	return 0;
}

static bool is_learned(enum section_id id, const char *name)
{
	for (size_t i = 0; i < reading->learned_count; i++)
		if (reading->learned[i].section == id &&
		    strcmp(reading->learned[i].name, name) == 0)
			return true;
	return false;
}

static void on_unknown(enum section_id id, const char *name, unsigned int line)
{
	unknown_word(id, name, line);
	if (reading->learned_count == LEARNED_MAX)
		return;
	reading->learned[reading->learned_count].section = id;
	reading->learned[reading->learned_count++].name = xstrdup(name);
	reading->again = true;
}

/*
 * libconfuse's own errors, in our words; each ends the reading. Values never get here, only what
 * stands where a name or a sign was expected.
 */
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const struct {
		const char *theirs, *ours;
	} known[] = {
		{ "missing equal sign after option '%s'", "expected a = behind" },
		{ "missing opening brace for section '%s'", "expected a { behind" },
		{ "missing title for section '%s'", "expected a title behind" },
		{ "unexpected token '%s'", "did not expect" },
	};
	enum section_id id = section_of(cfg);
	unsigned int line = (unsigned int)cfg->line;
	const char *word = strstr(fmt, "'%s'") ? va_arg(ap, const char *) : "";

	if (strcmp(fmt, "no such option '%s'") == 0) {
		on_unknown(id, word, line);
		return;
	}
	if (is_learned(id, word)) {
		unknown_word(id, word, line);
		return;
	}
	if (line == reading->secret_line) {
		say(CONF_ERROR, line, id, NULL, QUOTES STOPPED);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(fmt, known[i].theirs) != 0)
			continue;
		say(CONF_ERROR, line, id, NULL, "%s \"%.64s\"" STOPPED, known[i].ours,
		    lex_value(reading->text, word));
		return;
	}
	if (strcmp(fmt, "premature end of file") == 0)
		say(CONF_ERROR, line, id, NULL, "the file ends in the middle of something");
	else
		say(CONF_ERROR, line, id, NULL, "syntax error" STOPPED);
}

static cfg_opt_t *make_opts(const struct reader *r, enum section_id id)
{
	const struct schema_section *s = schema_section(id);
	cfg_opt_t *opts = xcalloc(s->key_count + SECTION_COUNT + LEARNED_MAX + 1, sizeof(*opts));
	cfg_opt_t *o = opts;

	for (size_t i = 0; i < s->key_count; i++, o++) {
		if (s->keys[i].list)
			*o = (cfg_opt_t)CFG_STR_LIST(s->keys[i].name, NULL, CFGF_NODEFAULT);
		else
			*o = (cfg_opt_t)CFG_STR(s->keys[i].name, NULL, CFGF_NODEFAULT);
		o->validcb = on_value;
	}
	for (size_t i = 0; i < r->learned_count; i++) {
		if (r->learned[i].section != id)
			continue;
		*o = (cfg_opt_t)CFG_STR_LIST(r->learned[i].name, NULL, CFGF_NODEFAULT);
		o++->validcb = on_value;
	}
	for (enum section_id i = 0; i < SECTION_COUNT; i++) {
		const struct schema_section *child = schema_section(i);
		cfg_flag_t title = child->title.read ? CFGF_TITLE | CFGF_MULTI : CFGF_NONE;

		if (child->parent != id)
			continue;
		*o = (cfg_opt_t)CFG_SEC(child->name, make_opts(r, i), title | CFGF_NODEFAULT);
		o++->validcb = on_section_end;
	}
	*o = (cfg_opt_t)CFG_END();
	return opts;
}

static void free_opts(cfg_opt_t *opts)
{
	for (cfg_opt_t *o = opts; o->name; o++)
		if (o->subopts)
			free_opts(o->subopts);
	free(opts);
}

static void read_once(struct reader *r)
{
	cfg_opt_t *opts = make_opts(r, SECTION_FILE);

	r->root = cfg_init(opts, CFGF_NONE);
	if (!r->root)
		abort();
	free_opts(opts); /* cfg_init() has copied them */
	cfg_set_error_function(r->root, on_error);
	r->closed = 0;
	r->value_line = 0;
	r->secret_line = 0;
	r->again = false;
	reading = r;
	path_of(SECTION_FILE);
	r->draft->incomplete = cfg_parse_buf(r->root, r->text->grammar) != CFG_SUCCESS;
	if (!r->draft->incomplete)
		complete_section(SECTION_FILE);
	else if (r->draft->complaints.report->errors == 0)
		say(CONF_ERROR, 0, SECTION_FILE, NULL, "cannot be parsed");
	reading = NULL;
	cfg_free(r->root);
}

void parse_text(const char *text, size_t len, const struct complaints *c, struct draft *draft)
{
	struct lexed t;
	struct reader r = { .draft = draft, .text = &t };

	*draft = (struct draft){ .complaints = *c, .incomplete = true };
	if (lex_text(text, len, c, &t)) {
		read_once(&r);
		while (r.again) {
			conf_report_free(c->report);
			draft_free(draft);
			draft->complaints = *c;
			read_once(&r);
		}
	}
	for (size_t i = 0; i < r.learned_count; i++)
		free(r.learned[i].name);
	lex_free(&t);
}
