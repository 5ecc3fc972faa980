/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command line: its command, what is to be done with the output, and the running of it. */
#include "daemon/dmvpnctl_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "daemon/text.h"
#include "lib/util.h"

#define WATCH_SECONDS 2

volatile sig_atomic_t line_interrupted;

struct line {
	const struct target *to;
	struct parsed command;
	struct filter filter;
	enum form form;
	bool watch;
	char interface[32]; /* "tunnel 0" in one word */
	const char *typed; /* what stands on the terminal, cut into the words; NULL: nothing does */
	size_t typed_len, prompt;
};

static void complain_line(const char *indent, const char *text)
{
	char *copy = xstrdup(text);

	text_make_printable(copy);
	fprintf(stderr, "%% %s%s\n", indent, copy);
	free(copy);
}

static void complain(const json_t *answer)
{
	const json_t *detail;
	size_t i;

	complain_line("", member_text(answer, "error"));
	json_array_foreach (json_object_get(answer, "errors"), i, detail)
		complain_line("  ", value_text(detail));
}

void line_help(FILE *out)
{
	for (size_t i = 0; i < verb_count; i++)
		fprintf(out, "  %-40s  %s\n", verbs[i].syntax, verbs[i].help);
	fprintf(out,
		"Behind a command: --json, --watch, --svg (ladder, map), --dot (map); | include, "
		"| exclude,\n| begin, | section, | count with a regular expression. Words may be "
		"abbreviated; ? says what\nmay follow.\n");
}

/* False: nobody reads any more. */
static bool finish_output(void)
{
	return !fflush(stdout) && !ferror(stdout);
}

/*
 * Shows a text, line by line, through the filter; the number of lines shown. It may be from anywhere: none
 * of it is for the terminal.
 */
static size_t show_text(struct line *l, char *text)
{
	size_t shown = 0;

	for (char *next; *text; text = next) {
		char *end = strchr(text, '\n');

		next = end ? end + 1 : text + strlen(text);
		if (end)
			*end = '\0';
		text_make_printable(text);
		if (filter_takes(&l->filter, text)) {
			printf("%s\n", text);
			shown++;
		}
	}
	return shown;
}

static void show(struct line *l, const json_t *answer)
{
	char *text = NULL;
	size_t len, shown;
	FILE *out;

	if (l->form == FORM_JSON) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		printf("\n");
		return;
	}
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	verb_renderer(l->command.verb, l->form)(answer, out);
	if (fclose(out))
		abort();
	if (!verb_follows(l->command.verb))
		filter_begin(&l->filter);
	shown = show_text(l, text);
	/* "sh run | b crypto isakmp", out of habit. */
	if (!shown && *text && l->filter.kind != FILTER_COUNT &&
	    l->command.verb->render == render_running_config)
		fprintf(stderr, "%% Nothing matches; the words of the router are in \"show "
				"running-config ios\".\n");
	if (!verb_follows(l->command.verb))
		filter_end(&l->filter, stdout);
	free(text);
}

/* ---- an answer that goes on ---- */

/* One line of it. False: that was the last. */
static bool show_event(struct line *l, const char *json, int *status)
{
	json_t *answer = json_loads(json, 0, NULL);
	bool more = answer && !member_has(answer, "error");

	if (!answer)
		fprintf(stderr, "dmvpnctl: the daemon sent something that is no JSON\n");
	else if (!more)
		complain(answer);
	else if (l->form == FORM_JSON)
		fputs(json, stdout);
	else
		show(l, answer);
	json_decref(answer);
	*status = more ? CTL_EXIT_OK : CTL_EXIT_DAEMON;
	return finish_output() && more;
}

/* Until the daemon ends, or whoever reads us, or somebody has seen enough. */
static int follow(struct line *l, int fd, const json_t *request)
{
	FILE *in = client_follow(fd, request);
	int status = CTL_EXIT_DAEMON;
	char *text = NULL;
	size_t room = 0;

	while (in && !line_interrupted && getline(&text, &room, in) > 0 &&
	       show_event(l, text, &status))
		continue;
	if (in)
		fclose(in);
	free(text);
	filter_end(&l->filter, stdout);
	return line_interrupted ? CTL_EXIT_OK : status;
}

/* ---- one that comes at once ---- */

/* Takes the answer, which may be NULL: that was told. */
static int show_answer(struct line *l, json_t *answer)
{
	int status = CTL_EXIT_OK;

	if (!answer)
		return CTL_EXIT_DAEMON;
	if (member_has(answer, "error")) {
		complain(answer);
		status = CTL_EXIT_DAEMON;
	}
	if (l->form == FORM_JSON || status == CTL_EXIT_OK)
		show(l, answer);
	json_decref(answer);
	return finish_output() ? status : CTL_EXIT_DAEMON;
}

/* A value that the daemon was not asked about is the renderer's, with the answer. */
static json_t *with_value(const struct line *l, json_t *answer)
{
	if (answer && l->form != FORM_JSON && l->command.value && !l->command.verb->arg)
		json_object_set_new(answer, "asked", json_string(l->command.value));
	return answer;
}

static int run_once(struct line *l)
{
	json_t *request;
	int fd, status;

	/* It asks for many things, and some that the daemon does not know. */
	if (l->command.verb->render == render_tech_support)
		return show_answer(l, tech_collect(l->to, l->command.value));
	fd = client_connect(l->to);
	if (fd < 0)
		return CTL_EXIT_CONNECT;
	request = parse_request(&l->command);
	if (verb_follows(l->command.verb))
		status = follow(l, fd, request);
	else
		status = show_answer(l, with_value(l, client_ask(fd, request)));
	json_decref(request);
	return status;
}

static int run_watching(struct line *l)
{
	int status;

	do {
		time_t now = time(NULL);
		char text[32] = "";

		strftime(text, sizeof(text), "%b %d %H:%M:%S", localtime(&now));
		printf("\033[H\033[2J%s every %d s: %s\n\n", text, WATCH_SECONDS,
		       l->command.verb->syntax);
		status = run_once(l);
		/* Interrupted in its last half second a sleep says 0, too. */
	} while (status == CTL_EXIT_OK && !line_interrupted && !sleep(WATCH_SECONDS) &&
		 !line_interrupted);
	return line_interrupted ? CTL_EXIT_OK : status;
}

static int run(struct line *l)
{
	if (l->form != FORM_JSON && !verb_renderer(l->command.verb, l->form)) {
		fprintf(stderr, "%% There is no such picture of this. Those with %s are:\n",
			l->form == FORM_SVG ? "--svg" : "--dot");
		for (size_t i = 0; i < verb_count; i++)
			if (verb_renderer(&verbs[i], l->form))
				fprintf(stderr, "  %s\n", verbs[i].syntax);
		return CTL_EXIT_USAGE;
	}
	if (l->watch && l->command.verb->render == render_tech_support) {
		fprintf(stderr, "%% An archive is written once: leave out --watch.\n");
		return CTL_EXIT_USAGE;
	}
	return l->watch ? run_watching(l) : run_once(l);
}

/* ---- reading it ---- */

/* The words of the command alone; `--watch` and what is behind a "|" are taken out. False: complained. */
static bool take_apart(struct line *l, char **words, size_t *count)
{
	size_t n = 0, bar = *count;

	for (size_t i = 0; i < bar; i++) {
		if (words[i][0] == '|') {
			bar = i;
			break;
		}
		if (!strcmp(words[i], "--watch"))
			l->watch = true;
		else
			words[n++] = words[i];
	}
	if (bar < *count) {
		/* "|include" is "| include". */
		char **behind = words[bar][1] ? &words[bar] : &words[bar + 1];
		size_t more = *count - bar - !words[bar][1];

		if (words[bar][1])
			words[bar]++;
		if (!filter_open(&l->filter, behind, more))
			return false;
	}
	*count = n;
	return true;
}

/* "interface tunnel 0" is "interface tunnel0". */
static void join_interface(struct line *l, char **words, size_t *count)
{
	for (size_t i = 0; i + 1 < *count; i++) {
		size_t len = strlen(words[i]);
		const char *number = words[i + 1];

		if (len < 2 || strncasecmp("tunnel", words[i], len) != 0 || !*number ||
		    number[strspn(number, "0123456789")])
			continue;
		snprintf(l->interface, sizeof(l->interface), "%s%.10s", words[i], number);
		words[i] = l->interface;
		memmove(&words[i + 1], &words[i + 2], (*count - i - 2) * sizeof(*words));
		(*count)--;
		return;
	}
}

/* "show dmvpn | ?" */
static bool asks_for_filters(char *const *words, size_t count)
{
	bool behind = false;

	for (size_t i = 0; i < count; i++)
		behind |= words[i][0] == '|';
	return behind && !strcmp(words[count - 1], "?");
}

static int question(char **words, size_t count)
{
	struct parsed p;

	if (parse_help(words, count, stdout, &p))
		return CTL_EXIT_OK;
	parse_complain(&p, words, count, stderr);
	return CTL_EXIT_USAGE;
}

/* The column of what is wrong, on the terminal; false where the words are not those that stand there. */
static bool typed_column(const struct line *l, char *const *words, size_t count, size_t *column)
{
	size_t at = l->command.column;

	if (!l->typed)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(words[i]);

		if (words[i] < l->typed || words[i] > l->typed + l->typed_len)
			return false;
		if (at <= len) {
			*column = l->prompt + (size_t)(words[i] - l->typed) + at;
			return true;
		}
		at -= len + 1;
	}
	return false;
}

static void complain_of_words(const struct line *l, char *const *words, size_t count)
{
	const char *hint = hint_for(words, count);
	size_t column;

	if (l->command.result == PARSE_INVALID && typed_column(l, words, count, &column))
		fprintf(stderr, "%*s^\n%% Invalid input detected at '^' marker.\n", (int)column,
			"");
	else
		parse_complain(&l->command, words, count, stderr);
	if (hint)
		fprintf(stderr, "%% %s\n", hint);
	if (l->typed)
		fputc('\n', stderr);
}

static int run_words(struct line *l, char **words, size_t count)
{

	if (asks_for_filters(words, count)) {
		filter_help(stdout);
		return CTL_EXIT_OK;
	}
	if (!take_apart(l, words, &count))
		return CTL_EXIT_USAGE;
	if (!count)
		return CTL_EXIT_OK;
	if (!strcmp(words[0], "help")) {
		line_help(stdout);
		return CTL_EXIT_OK;
	}
	if (!strcmp(words[count - 1], "?"))
		return question(words, count - 1);
	join_interface(l, words, &count);
	l->command = parse_words(words, count);
	if (l->command.result == PARSE_OK)
		return run(l);
	complain_of_words(l, words, count);
	return CTL_EXIT_USAGE;
}

static int run_line(struct line *l, char **argv)
{
	size_t room = 1, count;
	char **words;
	int status;

	for (char **a = argv; *a; a++)
		room += strlen(*a) + 1;
	words = xcalloc(room, sizeof(*words));
	count = parse_split(argv, words, &l->form);
	status = run_words(l, words, count);
	filter_close(&l->filter);
	free(words);
	return status;
}

int line_run(const struct target *to, char **argv, enum form form)
{
	struct line l = { .to = to, .form = form };

	return run_line(&l, argv);
}

int line_run_typed(const struct target *to, char *typed, size_t prompt)
{
	struct line l = { .to = to, .typed = typed, .typed_len = strlen(typed), .prompt = prompt };
	char *argv[] = { typed, NULL };

	return run_line(&l, argv);
}
