/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/dmvpnctl_svg.h"

#include <stdlib.h>

#include "daemon/text.h"
#include "lib/util.h"

void svg_escaped(FILE *out, const char *any)
{
	char *copy = xstrdup(any);

	text_make_printable(copy);
	for (const char *text = copy; *text; text++) {
		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc(*text, out);
	}
	free(copy);
}

/* The background and the text's colour; each picture's own rules come behind them. */
static const struct svg_rule common[] = {
	{ ".back", "fill:#ffffff", "fill:#10151c" },
	{ "text", "fill:#1c2430", "fill:#e3e9f0" },
	{ ".muted", "fill:#5b6675", "fill:#9aa7b5" },
	{ NULL, NULL, NULL },
};

static void print_rules(FILE *out, const char *name, const struct svg_rule *rules, int dark)
{
	for (; rules->selector; rules++)
		if (!dark || rules->dark)
			fprintf(out, "svg.%s %s{%s}\n", name, rules->selector,
				dark ? rules->dark : rules->light);
}

void svg_open(FILE *out, const char *name, int width, int height, const char *title,
	      const struct svg_rule *rules)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"%s\" role=\"img\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"12\">\n"
		"<title>",
		name, width, height, width, height);
	svg_escaped(out, title);
	fputs("</title>\n<style>\n", out);
	print_rules(out, name, common, 0);
	print_rules(out, name, rules, 0);
	fputs("@media (prefers-color-scheme: dark) {\n", out);
	print_rules(out, name, common, 1);
	print_rules(out, name, rules, 1);
	fputs("}\n</style>\n<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n", out);
}

void svg_close(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_text(FILE *out, int x, int y, const char *class, const char *text)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	svg_escaped(out, text);
	fputs("</text>\n", out);
}
