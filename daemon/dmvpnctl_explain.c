/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An explanation for people: what hangs, why, what to change where, what it is not. */
#include <stdio.h>
#include <string.h>

#include "daemon/dmvpnctl.h"

#define WIDTH 96

/* Text in lines of WIDTH, each behind an indentation, the first one behind `label`. */
static void print_text(const char *label, int indent, const char *text, FILE *out)
{
	size_t room = WIDTH - (size_t)indent;

	fprintf(out, "%-*s", indent, label);
	while (strlen(text) > room) {
		size_t len = room;

		while (len && text[len] != ' ')
			len--;
		if (!len)
			len = strcspn(text, " ");
		fprintf(out, "%.*s\n%*s", (int)len, text, indent, "");
		text += len;
		text += *text == ' ';
	}
	fprintf(out, "%s\n", text);
}

static void print_cause(const json_t *cause, size_t number, FILE *out)
{
	const char *side = member_text(cause, "side");

	fprintf(out, "\n  %zu. %s (%s)\n", number, member_text(cause, "title"),
		member_text(cause, "likelihood"));
	print_text("     Evidence: ", 15, member_text(cause, "evidence"), out);
	if (!strcmp(side, "between"))
		print_text("     On the way: ", 17, member_text(cause, "change"), out);
	else if (!strcmp(side, "either side"))
		print_text("     On one side: ", 18, member_text(cause, "change"), out);
	else if (!strcmp(side, "here"))
		print_text("     Here: ", 11, member_text(cause, "change"), out);
	else
		print_text("     At the peer: ", 18, member_text(cause, "change"), out);
}

static void print_peer(const json_t *peer, FILE *out)
{
	const json_t *causes = json_object_get(peer, "causes"), *one;
	const json_t *ruled = json_object_get(peer, "ruled_out");
	const json_t *notes = json_object_get(peer, "notes");
	size_t i;

	fprintf(out, "Peer %s", member_text(peer, "nbma"));
	if (member_has(peer, "protocol"))
		fprintf(out, ", %s", member_text(peer, "protocol"));
	if (member_has(peer, "interface"))
		fprintf(out, " on %s", member_text(peer, "interface"));
	fprintf(out, ": %s\n", member_text(peer, "state"));
	print_text("  ", 2, member_text(peer, "meaning"), out);
	if (member_true(peer, "past") && json_array_size(causes))
		print_text("  ", 2, "Within the last hour something went wrong:", out);
	json_array_foreach (causes, i, one)
		print_cause(one, i + 1, out);
	if (!json_array_size(causes) && !member_true(peer, "up"))
		print_text("  ", 2, "Nothing that was seen tells why.", out);
	if (json_array_size(ruled))
		fprintf(out, "\n  Ruled out:\n");
	json_array_foreach (ruled, i, one) {
		char line[256];

		snprintf(line, sizeof(line), "%s: %s", member_text(one, "what"),
			 member_text(one, "why"));
		print_text("     - ", 7, line, out);
	}
	if (json_array_size(notes))
		fprintf(out, "\n");
	json_array_foreach (notes, i, one)
		print_text("  Note: ", 8, value_text(one), out);
}

void render_explain(const json_t *answer, FILE *out)
{
	const json_t *machine = json_object_get(answer, "machine"), *cause;
	const json_t *peers = json_object_get(answer, "peers"), *peer;
	int64_t left = member_int(answer, "left_out");
	size_t i;

	if (json_array_size(machine))
		fprintf(out, "This machine:\n");
	json_array_foreach (machine, i, cause)
		print_cause(cause, i + 1, out);
	if (json_array_size(machine))
		fprintf(out, "\n");
	if (!json_array_size(peers) && member_has(answer, "known") && !member_int(answer, "known"))
		print_text("", 0,
			   "No peer is known here: none is configured, and nothing came from one "
			   "within the last hour. If one should have called, \"explain A.B.C.D\" with "
			   "its NBMA address looks at the way to it.",
			   out);
	else if (!json_array_size(peers))
		fprintf(out,
			"Nothing to explain: all peers are up, and were during the last hour.\n");
	json_array_foreach (peers, i, peer) {
		if (i)
			fprintf(out, "\n");
		print_peer(peer, out);
	}
	if (left)
		fprintf(out, "\n%d more were not looked at: dmvpnctl explain ADDRESS does.\n",
			(int)left);
}
