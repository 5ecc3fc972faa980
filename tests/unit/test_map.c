/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map: what it looks like with two tunnels and names that are markup elsewhere (golden files);
 * that nothing lies upon anything else in a picture of any size; that very many peers become few.
 * LINK: daemon/dmvpnctl_map.c daemon/dmvpnctl_map_text.c daemon/dmvpnctl_map_svg.c daemon/dmvpnctl_svg.c
 * LINK: daemon/dmvpnctl_show.c
 */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "lib/util.h"

#define CARDS 500

static char *read_file(const char *name)
{
	char path[256], *text = NULL;
	size_t room = 0;
	FILE *in;

	snprintf(path, sizeof(path), "tests/unit/golden/%s", name);
	in = fopen(path, "r");
	cr_assert_not_null(in, "%s: run this from the top of the source tree", path);
	cr_assert_gt(getdelim(&text, &room, '\0', in), 0);
	fclose(in);
	return text;
}

static char *rendered(render_fn *render, const json_t *answer)
{
	static char *text; /* the stream knows where it is */
	static size_t len;
	FILE *out = open_memstream(&text, &len);

	render(answer, out);
	fclose(out);
	return text;
}

static void check_golden(render_fn *render, const char *name)
{
	char *input = read_file("map.json"), *want = read_file(name), *is;
	json_t *answer = json_loads(input, 0, NULL);

	cr_assert_not_null(answer);
	is = rendered(render, answer);
	cr_assert_str_eq(is, want, "%s:\n%s", name, is);
	json_decref(answer);
	free(input);
	free(want);
	free(is);
}

Test(map, in_the_terminal)
{
	setlocale(LC_CTYPE, "C");
	check_golden(render_map, "map.txt");
	cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
	check_golden(render_map, "map-utf8.txt");
}

Test(map, pictures)
{
	check_golden(render_map_svg, "map.svg");
	check_golden(render_map_dot, "map.dot");
}

/* ---- pictures of any size ---- */

static json_t *peer(size_t i, bool server)
{
	static const char *const states[] = { "UP", "UP", "IKE", "UP", "IPSEC", "UP", "NHRP" };
	const char *state = states[i % ARRAY_SIZE(states)];
	json_t *o =
		json_pack("{s:o, s:s, s:b, s:i, s:[{s:o, s:s, s:s}]}", "nbma",
			  json_sprintf("10.%zu.%zu.%zu", i >> 16, i >> 8 & 255, i & 255), "state",
			  state, "nhs", (int)server, "since", (int)i, "entries", "protocol",
			  json_sprintf("172.16.%zu.%zu", i >> 8 & 255, i & 255), "type",
			  server ? "static" : "dynamic", "attributes", server ? "S" : "D");

	if (!strcmp(state, "UP"))
		json_object_set_new(o, "traffic",
				    json_pack("{s:i, s:i, s:i, s:i}", "packets_out", (int)i,
					      "bytes_out", 10 * (int)i, "packets_in", 1, "bytes_in",
					      100));
	return o;
}

static json_t *network(size_t servers, size_t spokes)
{
	json_t *peers = json_array();

	for (size_t i = 0; i < servers + spokes; i++)
		json_array_append_new(peers, peer(i, i < servers));
	return json_pack("{s:s, s:[{s:s, s:s, s:s, s:s, s:o}]}", "hostname", "R1", "tunnels",
			 "interface", "Tunnel0", "type", servers ? "Spoke" : "Hub", "address",
			 "172.16.0.2/16", "source", "10.0.0.4", "peers", peers);
}

struct box {
	int x, y, w, h;
};

static size_t cards_of(const char *svg, struct box *cards)
{
	size_t n = 0;

	for (const char *at = svg; (at = strstr(at, "<rect class=\"card\"")); at++) {
		struct box *b = &cards[n++];
		int read = sscanf(
			at, "<rect class=\"card\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"",
			&b->x, &b->y, &b->w, &b->h);

		cr_assert_eq(read, 4);
		cr_assert_lt(n, CARDS);
	}
	return n;
}

static bool overlap(const struct box *a, const struct box *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* Lines may end at a card's edge. */
static void check_lines(const char *svg, const struct box *cards, size_t n)
{
	for (const char *at = svg; (at = strstr(at, " d=\"M")); at++) {
		int x, y, to, read;
		char way;
		struct box line;

		read = sscanf(at, " d=\"M%d,%d %c%d\"", &x, &y, &way, &to);
		cr_assert_eq(read, 4, "%.60s", at);
		line = way == 'V' ? (struct box){ x, MIN(y, to), 1, abs(to - y) }
				  : (struct box){ MIN(x, to), y, abs(to - x), 1 };
		for (size_t i = 0; i < n; i++)
			cr_assert_not(overlap(&line, &cards[i]), "%.60s", at);
	}
}

static void check_picture(size_t servers, size_t spokes)
{
	json_t *answer = network(servers, spokes);
	char *svg = rendered(render_map_svg, answer);
	struct box cards[CARDS];
	size_t n = cards_of(svg, cards);
	int width, height, read;

	cr_assert_eq(n, servers + spokes + 1);
	read = sscanf(strstr(svg, "viewBox"), "viewBox=\"0 0 %d %d\"", &width, &height);
	cr_assert_eq(read, 2);
	for (size_t i = 0; i < n; i++) {
		cr_assert(cards[i].x >= 10 && cards[i].x + cards[i].w <= width - 10);
		cr_assert(cards[i].y > 60 && cards[i].y + cards[i].h < height - 40);
		for (size_t j = 0; j < i; j++)
			cr_assert_not(overlap(&cards[i], &cards[j]), "%zu+%zu: %zu on %zu", servers,
				      spokes, i, j);
	}
	check_lines(svg, cards, n);
	free(svg);
	json_decref(answer);
}

Test(map, nothing_lies_upon_anything_else)
{
	for (size_t spokes = 0; spokes < 50; spokes++)
		for (size_t servers = 0; servers < 3; servers++)
			check_picture(servers, spokes);
	check_picture(0, 400);
	check_picture(9, 130);
}

Test(map, very_many_are_put_together)
{
	static const struct {
		render_fn *render;
		const char *says;
	} forms[] = {
		{ render_map, "the other 9977 are put together" },
		{ render_map, "5714 more " },
		{ render_map_svg, ">5714 more<" },
		{ render_map_svg, "the other 9977 are put together" },
		{ render_map_dot, "label=\"5714 more\\lUP\\l" },
		{ render_map, "10001 peers: 5715 UP, 1428 NHRP, 1429 IPSEC, 1429 IKE" },
	};
	json_t *answer = network(1, 10000);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *text = rendered(forms[i].render, answer);

		cr_expect_not_null(strstr(text, forms[i].says), "%s in\n%s", forms[i].says, text);
		/* The server is there whatever its state. */
		cr_expect_not_null(strstr(text, "hub 172.16.0.0"));
		cr_expect_lt(strlen(text), 20000);
		free(text);
	}
	json_decref(answer);
}

Test(map, an_answer_that_lacks_everything)
{
	json_t *answer = json_pack("{s:[{}, {s:[{}]}]}", "tunnels", "peers");
	char *text;

	text = rendered(render_map, answer);
	free(text);
	text = rendered(render_map_dot, answer);
	free(text);
	text = rendered(render_map_svg, answer);
	free(text);
	json_decref(answer);
}
