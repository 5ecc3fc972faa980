/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map as a picture: for each tunnel its servers, ourselves below them, all others below us, in
 * cards on a grid. Lines run between the rows and down the left margin, as an Ethernet's in a network
 * plan (a multipoint tunnel is one network), so they never cross a card, however many there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "daemon/dmvpnctl_map.h"
#include "daemon/dmvpnctl_svg.h"
#include "lib/util.h"

#define ROOM	400 /* cards of a tunnel */
#define MARGIN	36  /* around all; the left one has the line that joins the rows */
#define CARD	244
#define GAP_X	20
#define GAP_Y	40
#define LINE	17
#define HEADING 84
#define FOOT	40
#define COLUMNS 24

/* Cards from `first` on, in rows. */
struct grid {
	const struct map_peer *peers;
	size_t count, columns, rows;
	int line_count; /* of the card with the most */
};

struct section {
	const struct map_tunnel *tunnel;
	struct grid above, below;
	int height;
};

struct painter {
	FILE *out;
	int width;
};

static int card_height(int lines)
{
	return lines * LINE + 14;
}

static int row_height(const struct grid *g)
{
	return card_height(g->line_count) + GAP_Y;
}

/* As many columns as make the picture about as wide as a screen is. */
static size_t columns_for(size_t count, int line_count)
{
	size_t best = 1;
	double best_error = 1e9;

	for (size_t c = 1; c <= COLUMNS && c <= count; c++) {
		double width = (double)c * (CARD + GAP_X);
		double height = (double)((count + c - 1) / c) * (card_height(line_count) + GAP_Y);
		double ratio = width / height, error = ratio > 1.6 ? ratio / 1.6 : 1.6 / ratio;

		/* Few stand in one row. */
		if (count <= 4)
			error = 1.0 / (double)c;
		if (error < best_error) {
			best_error = error;
			best = c;
		}
	}
	return best;
}

static struct grid grid_of(const struct map_peer *peers, size_t count)
{
	struct grid g = { .peers = peers, .count = count };

	for (size_t i = 0; i < count; i++) {
		char lines[MAP_LINES][MAP_LINE];
		int n = (int)map_lines(&peers[i], lines);

		g.line_count = MAX(g.line_count, n);
	}
	g.columns = columns_for(count, g.line_count);
	g.rows = (count + g.columns - 1) / g.columns;
	return g;
}

static struct section section_of(const struct map_tunnel *t)
{
	struct section s = { .tunnel = t };
	size_t servers = 0;

	while (servers < t->count && t->peers[servers].role == MAP_HUB)
		servers++;
	s.above = grid_of(t->peers, servers);
	s.below = grid_of(t->peers + servers, t->count - servers);
	s.height = HEADING + (int)s.above.rows * row_height(&s.above) + card_height(MAP_OWN + 1) +
		   GAP_Y + (int)s.below.rows * row_height(&s.below);
	return s;
}

static const char *state_class(const char *state)
{
	if (!strcmp(state, "UP"))
		return "up";
	return strcmp(state, "IKE") && *state ? "mid" : "bad";
}

static void card(const struct painter *p, int x, int y, int line_count, const char *class)
{
	fprintf(p->out,
		"<rect class=\"card\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n"
		"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"5\" height=\"%d\" rx=\"2\"/>\n",
		x, y, CARD, card_height(line_count), class, x, y, card_height(line_count));
}

static void peer_card(const struct painter *p, const struct map_peer *peer, int x, int y,
		      int line_count)
{
	char lines[MAP_LINES][MAP_LINE], class[16];
	size_t n = map_lines(peer, lines);

	card(p, x, y, line_count, state_class(peer->state));
	svg_text(p->out, x + 14, y + LINE + 2, "name", lines[0]);
	snprintf(class, sizeof(class), "state %s", state_class(peer->state));
	svg_text(p->out, x + CARD - 8, y + LINE + 2, class, peer->state);
	for (size_t i = 1; i < n; i++)
		svg_text(p->out, x + 14, y + LINE * ((int)i + 1) + 2, i == 1 ? "plain" : "muted",
			 lines[i]);
}

/* The x of a grid's card in this column; a grid of one row stands in the middle. */
static int column_x(const struct painter *p, const struct grid *g, size_t column)
{
	int used = (int)g->columns * (CARD + GAP_X) - GAP_X;

	return (p->width - used) / 2 + (int)column * (CARD + GAP_X);
}

/*
 * Rows of cards from y on downwards, each with its line on the side of us: above the cards (`side` 1)
 * or below them (-1); a line in the margin joins them up to `join`, where our own card's is.
 */
static void paint_grid(const struct painter *p, const struct grid *g, int y, int side, int join)
{
	int margin = column_x(p, g, 0) - GAP_X / 2 - 4, far = join;

	for (size_t i = 0; i < g->count; i++) {
		size_t row = i / g->columns, column = i % g->columns;
		int x = column_x(p, g, column), top = y + (int)row * row_height(g);
		int bottom = top + card_height(g->line_count), middle = x + CARD / 2;
		int bus = side > 0 ? top - GAP_Y / 2 : bottom + GAP_Y / 2;
		bool ends = column + 1 == g->columns || i + 1 == g->count;

		fprintf(p->out, "<path class=\"%s %s-line\" d=\"M%d,%d V%d\"/>\n",
			g->peers[i].fixed ? "fixed" : "dynamic", state_class(g->peers[i].state),
			middle, bus, side > 0 ? top : bottom);
		if (ends)
			fprintf(p->out, "<path class=\"bus\" d=\"M%d,%d H%d\"/>\n",
				g->rows > 1 ? margin : column_x(p, g, 0) + CARD / 2, bus,
				MAX(middle, bus == join ? p->width / 2 : middle));
		far = side > 0 ? MAX(far, bus) : MIN(far, bus);
		peer_card(p, &g->peers[i], x, top, g->line_count);
	}
	if (g->rows > 1)
		fprintf(p->out, "<path class=\"bus\" d=\"M%d,%d V%d\"/>\n", margin, join, far);
}

static void own_card(const struct painter *p, const struct map_tunnel *t, const char *hostname,
		     int y)
{
	char own[MAP_OWN][MAP_LINE];
	int x = (p->width - CARD) / 2;

	map_own(t, own);
	card(p, x, y, MAP_OWN + 1, "self");
	fprintf(p->out,
		"<rect class=\"own\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", x,
		y, CARD, card_height(MAP_OWN + 1));
	svg_text(p->out, x + 14, y + LINE + 2, "name", hostname);
	for (int i = 0; i < MAP_OWN; i++)
		svg_text(p->out, x + 14, y + LINE * (i + 2) + 2, i ? "muted" : "plain", own[i]);
}

static void paint_section(const struct painter *p, const struct section *s, const char *hostname,
			  int y)
{
	int own_y = y + HEADING + (int)s->above.rows * row_height(&s->above);
	int own_bottom = own_y + card_height(MAP_OWN + 1), x = p->width / 2;
	char text[256];

	svg_text(p->out, MARGIN, y + 26, "heading", member_text(s->tunnel->json, "interface"));
	map_states(s->tunnel, text, sizeof(text));
	svg_text(p->out, MARGIN, y + 46, "muted", text);
	map_note(s->tunnel, text, sizeof(text));
	svg_text(p->out, MARGIN, y + 62, "muted", text);
	if (s->above.count) {
		fprintf(p->out, "<path class=\"bus\" d=\"M%d,%d V%d\"/>\n", x, own_y - GAP_Y / 2,
			own_y);
		paint_grid(p, &s->above, y + HEADING, -1, own_y - GAP_Y / 2);
	}
	if (s->below.count) {
		fprintf(p->out, "<path class=\"bus\" d=\"M%d,%d V%d\"/>\n", x, own_bottom,
			own_bottom + GAP_Y / 2);
		paint_grid(p, &s->below, own_bottom + GAP_Y, 1, own_bottom + GAP_Y / 2);
	}
	own_card(p, s->tunnel, hostname, own_y);
}

static const struct svg_rule rules[] = {
	{ ".heading", "font-size:16px;font-weight:bold", NULL },
	{ ".name", "font-weight:bold", NULL },
	{ ".state", "font-weight:bold;text-anchor:end", NULL },
	{ ".card", "fill:#f5f7fa;stroke:#c3ccd8", "fill:#1a212b;stroke:#394555" },
	{ ".own", "fill:none;stroke:#0a58ca;stroke-width:2", "stroke:#6ea8fe" },
	{ ".self", "fill:#0a58ca", "fill:#6ea8fe" },
	{ ".bus", "fill:none;stroke:#7b8794;stroke-width:2", "stroke:#8593a3" },
	{ ".up", "fill:#1a7f37", "fill:#3fb950" },
	{ ".mid", "fill:#9a6700", "fill:#d29922" },
	{ ".bad", "fill:#cf222e", "fill:#f85149" },
	{ ".up-line", "stroke:#1a7f37", "stroke:#3fb950" },
	{ ".mid-line", "stroke:#9a6700", "stroke:#d29922" },
	{ ".bad-line", "stroke:#cf222e", "stroke:#f85149" },
	{ ".fixed", "stroke-width:2.5", NULL },
	{ ".dynamic", "stroke-width:2;stroke-dasharray:4 3", NULL },
	{ NULL, NULL, NULL },
};

static void paint(const struct map *m, const struct section *sections, int width, int height,
		  FILE *out)
{
	struct painter p = { out, width };
	char title[120];
	int y = 0;

	snprintf(title, sizeof(title), "The DMVPN as %.80s sees it", m->hostname);
	svg_open(out, "map", width, height, title, rules);
	for (size_t i = 0; i < m->count; i++) {
		paint_section(&p, &sections[i], m->hostname, y);
		y += sections[i].height;
	}
	svg_text(out, MARGIN, height - FOOT + 12, "muted",
		 "Solid: static, dashed: dynamic. Missing where it says NHRP: the registration, "
		 "IPSEC: "
		 "phase 2, IKE: phase 1.");
	svg_text(out, MARGIN, height - FOOT + 28, "muted",
		 "Traffic: what the SAs that are there have counted, each since its last rekey.");
	svg_close(out);
}

void render_map_svg(const json_t *answer, FILE *out)
{
	struct section *sections;
	size_t columns = 3; /* at least: there are sentences to be read */
	int height = FOOT;
	struct map m;

	map_read(&m, answer, ROOM);
	sections = xcalloc(m.count, sizeof(*sections));
	for (size_t i = 0; i < m.count; i++) {
		sections[i] = section_of(&m.tunnels[i]);
		columns = MAX(columns, MAX(sections[i].above.columns, sections[i].below.columns));
		height += sections[i].height;
	}
	paint(&m, sections, 2 * MARGIN + (int)columns * (CARD + GAP_X) - GAP_X, height, out);
	free(sections);
	map_free(&m);
}
