/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvpnctl without a command: a prompt as on the router, with history, TAB and the question mark; and the
 * same lines from a script.
 */
#include "daemon/dmvpnctl_line.h"

#include <ctype.h>
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/util.h"

#define HISTORY 500
#define WORDS	64

struct shell {
	const struct target *to;
	EditLine *edit;
	char prompt[80];
};

static void interrupt(int number)
{
	(void)number;
	line_interrupted = 1;
}

static bool is_end(const char *text)
{
	/* As far as they are told from explain and enable. */
	static const struct {
		const char *word;
		size_t least;
	} words[] = { { "exit", 3 }, { "quit", 1 }, { "logout", 3 }, { "end", 3 } };
	size_t n = strcspn(text += strspn(text, " \t"), " \t\r\n");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (n >= words[i].least && n <= strlen(words[i].word) &&
		    !strncasecmp(words[i].word, text, n))
			return true;
	return false;
}

/* ---- a script ---- */

static int run_script(const struct target *to)
{
	int status = CTL_EXIT_OK;
	char *text = NULL;
	size_t room = 0;

	while (getline(&text, &room, stdin) > 0 && !is_end(text)) {
		text[strcspn(text, "\r\n")] = '\0';
		if (*text && *text != '!') {
			char *argv[] = { text, NULL };
			int one;

			line_interrupted = 0;
			one = line_run(to, argv, FORM_TEXT);
			status = MAX(status, one);
		}
	}
	free(text);
	return status;
}

/* ---- the terminal ---- */

static char *prompt(EditLine *edit)
{
	struct shell *s;

	el_get(edit, EL_CLIENTDATA, &s);
	return s->prompt;
}

/* The words before the cursor, in a copy; the last one may be cut, and is empty behind a blank. */
static size_t words_before(EditLine *edit, char *copy, size_t size, char **words)
{
	const LineInfo *line = el_line(edit);
	size_t len = MIN((size_t)(line->cursor - line->buffer), size - 1), count = 0;
	char *save;

	memcpy(copy, line->buffer, len);
	copy[len] = '\0';
	for (char *w = strtok_r(copy, " \t", &save); w && count < WORDS - 1;
	     w = strtok_r(NULL, " \t", &save))
		words[count++] = w;
	if (!len || isspace((unsigned char)line->buffer[len - 1]))
		words[count++] = copy + len;
	return count;
}

/* `?`: what may follow, without Enter. */
static unsigned char question(EditLine *edit, int key)
{
	char copy[512], *words[WORDS];
	size_t count = words_before(edit, copy, sizeof(copy), words);
	struct parsed p;

	(void)key;
	printf("?\n");
	for (size_t i = 0; i < count; i++) {
		if (words[i][0] == '|') {
			filter_help(stdout);
			return CC_REDISPLAY;
		}
	}
	if (!*words[count - 1]) {
		if (!parse_help(words, count - 1, stdout, &p)) {
			if (p.result == PARSE_INVALID)
				printf("%% Unrecognized command\n");
			else
				parse_complain(&p, words, count - 1, stdout);
		}
		if (count == 1)
			printf("  exit            Leave the prompt\n"
			       "  help            All commands\n");
	} else if (!parse_candidates(words, count, stdout, "  ")) {
		printf("%% Unrecognized command\n");
	}
	return CC_REDISPLAY;
}

/* TAB: the rest of the word where there is one way to go on, else the ways. */
static unsigned char complete(EditLine *edit, int key)
{
	char copy[512], *words[WORDS], *found = NULL;
	size_t count = words_before(edit, copy, sizeof(copy), words), len;
	FILE *out = open_memstream(&found, &len);
	size_t ways;

	(void)key;
	if (!out)
		abort();
	if (count > 1 && !strcmp(words[count - 2], "|"))
		ways = filter_candidates(words[count - 1], out);
	else
		ways = parse_candidates(words, count, out, "");
	fclose(out);
	if (ways == 1) {
		found[strcspn(found, "\n")] = '\0';
		el_insertstr(edit, found + strlen(words[count - 1]));
		el_insertstr(edit, " ");
	} else if (ways) {
		printf("\n%s", found);
	}
	free(found);
	return ways == 1 ? CC_REFRESH : ways ? CC_REDISPLAY : CC_ERROR;
}

/* "SiteA#", from the daemon; without one there is no name to show. */
static void name_prompt(struct shell *s)
{
	char show[] = "show", version[] = "version", *words[] = { show, version };
	struct parsed p = parse_words(words, 2);
	json_t *request, *answer = NULL;
	int fd = client_connect(s->to);

	snprintf(s->prompt, sizeof(s->prompt), "dmvpnctl#");
	if (fd < 0)
		return;
	request = parse_request(&p);
	answer = client_ask(fd, request);
	if (answer && *member_text(answer, "hostname"))
		snprintf(s->prompt, sizeof(s->prompt), "%.70s#", member_text(answer, "hostname"));
	json_decref(answer);
	json_decref(request);
}

static void run_terminal(struct shell *s)
{
	History *past = history_init();
	const char *line;
	HistEvent event;
	int len;

	history(past, &event, H_SETSIZE, HISTORY);
	el_set(s->edit, EL_CLIENTDATA, s);
	el_set(s->edit, EL_PROMPT, prompt);
	el_set(s->edit, EL_EDITOR, "emacs");
	el_set(s->edit, EL_HIST, history, past);
	el_set(s->edit, EL_ADDFN, "question", "what may follow", question);
	el_set(s->edit, EL_ADDFN, "complete", "the rest of the word", complete);
	el_set(s->edit, EL_BIND, "?", "question", NULL);
	el_set(s->edit, EL_BIND, "^I", "complete", NULL);
	el_source(s->edit, NULL);
	for (;;) {
		char *text;

		line_interrupted = 0;
		line = el_gets(s->edit, &len);
		if (line_interrupted) {
			/* ^C throws the line away, as on the router. */
			printf("\n");
			el_reset(s->edit);
			continue;
		}
		if (!line || len <= 0 || is_end(line))
			break;
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		history(past, &event, H_ENTER, line);
		text = xstrdup(line);
		text[strcspn(text, "\r\n")] = '\0';
		line_interrupted = 0;
		line_run_typed(s->to, text, strlen(s->prompt));
		/* Behind the ^C that the terminal shows. */
		if (line_interrupted)
			printf("\n");
		free(text);
	}
	history_end(past);
}

int shell_run(const struct target *to)
{
	struct sigaction on_interrupt = { .sa_handler = interrupt };
	struct shell s = { .to = to };

	if (!isatty(STDIN_FILENO))
		return run_script(to);
	/* Without SA_RESTART: what is being waited for ends. */
	sigaction(SIGINT, &on_interrupt, NULL);
	name_prompt(&s);
	s.edit = el_init("dmvpnctl", stdin, stdout, stderr);
	if (!s.edit)
		return CTL_EXIT_DAEMON;
	run_terminal(&s);
	el_end(s.edit);
	printf("\n");
	return CTL_EXIT_OK;
}
