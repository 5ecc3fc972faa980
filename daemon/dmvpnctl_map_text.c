/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map in the terminal, as a tree, and in graphviz's language. */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "daemon/dmvpnctl_map.h"
#include "daemon/text.h"
#include "lib/util.h"

#define TEXT_ROOM 60 /* peers of a tunnel in the terminal */
#define DOT_ROOM  400

/* ---- the terminal ---- */

/* What the tree is made of, by what the terminal's characters are. */
struct branches {
	const char *more, *last, *fixed, *dynamic, *down;
};

static const struct branches *branches(void)
{
	static const struct branches utf8 = { "├", "└", "══", "┄┄", "│" };
	static const struct branches ascii = { "|", "`", "==", "--", "|" };

	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &utf8 : &ascii;
}

static void text_peer(const struct map_peer *p, const struct branches *b, const char *stem,
		      bool last, FILE *out)
{
	char name[MAP_LINE], nbma[MAP_LINE], kind[MAP_LINE], sent[MAP_LINE], received[MAP_LINE];
	char more[3][MAP_LINE];
	size_t n = map_more(p, more);

	map_name(p, name);
	map_nbma(p, nbma);
	map_kind(p, kind);
	map_traffic(&p->out, sent);
	map_traffic(&p->in, received);
	fprintf(out, "%s  %s%s %-21s %-20s %-5s %s\n", stem, last ? b->last : b->more,
		p->fixed ? b->fixed : b->dynamic, name, nbma, p->state, kind);
	if (*sent)
		fprintf(out, "%s  %s      out %s; in %s\n", stem, last ? " " : b->down, sent, received);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s  %s      %s\n", stem, last ? " " : b->down, more[i]);
}

static void text_tunnel(const struct map_tunnel *t, const struct branches *b, bool last, FILE *out)
{
	char own[MAP_OWN][MAP_LINE], text[256];
	const char *stem = last ? " " : b->down;

	map_own(t, own);
	map_states(t, text, sizeof(text));
	fprintf(out, "%s%s %s: %s, %s\n%s  %s   %s; %s\n", last ? b->last : b->more, b->fixed,
		member_text(t->json, "interface"), own[0], own[1], stem, t->count ? b->down : " ",
		own[2], text);
	for (size_t i = 0; i < t->count; i++)
		text_peer(&t->peers[i], b, stem, i + 1 == t->count, out);
	map_note(t, text, sizeof(text));
	if (*text)
		fprintf(out, "%s  %s\n", stem, text);
}

void render_map(const json_t *answer, FILE *out)
{
	const struct branches *b = branches();
	struct map m;

	map_read(&m, answer, TEXT_ROOM);
	fprintf(out, "%s\n", m.hostname);
	for (size_t i = 0; i < m.count; i++)
		text_tunnel(&m.tunnels[i], b, i + 1 == m.count, out);
	fprintf(out,
		"\n%s static, %s dynamic. Missing where it says NHRP: the registration,\n"
		"IPSEC: phase 2, IKE: phase 1. Traffic: what the SAs that are there have\n"
		"counted, each since its last rekey.\n",
		b->fixed, b->dynamic);
	map_free(&m);
}

/* ---- DOT ---- */

/* Text inside of a quoted string, where graphviz reads HTML's entities, too. */
static void dot_escaped(FILE *out, const char *any)
{
	char *copy = xstrdup(any);

	text_make_printable(copy);
	for (const char *text = copy; *text; text++) {
		if (*text == '&') {
			fputs("&amp;", out);
			continue;
		}
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	free(copy);
}

static const char *dot_colour(const char *state)
{
	if (!strcmp(state, "UP"))
		return "#1a7f37";
	return strcmp(state, "IKE") && *state ? "#9a6700" : "#cf222e";
}

static void dot_line(FILE *out, const char *text)
{
	dot_escaped(out, text);
	fputs("\\l", out);
}

static void dot_peer(const struct map_peer *p, size_t tunnel, size_t index, FILE *out)
{
	char lines[MAP_LINES][MAP_LINE];
	size_t n = map_lines(p, lines);

	fprintf(out, "\t\"t%zup%zu\" [color=\"%s\", label=\"", tunnel, index, dot_colour(p->state));
	dot_line(out, lines[0]);
	dot_line(out, p->state);
	for (size_t i = 1; i < n; i++)
		dot_line(out, lines[i]);
	fprintf(out, "\"];\n\t\"t%zu\" -- \"t%zup%zu\" [style=%s, color=\"%s\"];\n", tunnel, tunnel,
		index, p->fixed ? "solid" : "dashed", dot_colour(p->state));
}

static void dot_tunnel(const struct map_tunnel *t, size_t index, FILE *out)
{
	char own[MAP_OWN][MAP_LINE], text[256];

	map_own(t, own);
	map_states(t, text, sizeof(text));
	fprintf(out, "\t\"t%zu\" [shape=box, style=rounded, label=\"", index);
	dot_line(out, member_text(t->json, "interface"));
	for (size_t i = 0; i < MAP_OWN; i++)
		dot_line(out, own[i]);
	dot_line(out, text);
	map_note(t, text, sizeof(text));
	if (*text)
		dot_line(out, text);
	fprintf(out, "\"];\n\t\"self\" -- \"t%zu\";\n", index);
	for (size_t i = 0; i < t->count; i++)
		dot_peer(&t->peers[i], index, i, out);
}

void render_map_dot(const json_t *answer, FILE *out)
{
	struct map m;

	map_read(&m, answer, DOT_ROOM);
	fputs("graph \"dmvpn\" {\n"
	      "\tgraph [rankdir=LR, label=\"solid: static, dashed: dynamic\"];\n"
	      "\tnode [shape=box, fontname=\"monospace\", fontsize=10];\n"
	      "\t\"self\" [style=bold, label=\"",
	      out);
	dot_escaped(out, m.hostname);
	fputs("\"];\n", out);
	for (size_t i = 0; i < m.count; i++)
		dot_tunnel(&m.tunnels[i], i, out);
	fputs("}\n", out);
	map_free(&m);
}
