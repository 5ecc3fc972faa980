/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renders the configuration, and what became of an archive for support. */
#include <string.h>
#include <strings.h>

#include "daemon/dmvpnctl.h"

/* The first lines are comments, so that all of it can be read again. */
void render_running_config(const json_t *answer, FILE *out)
{
	fprintf(out,
		"# What dmvpnd %s runs, read from %s.\n# Without what is as it is when nothing is "
		"said; secrets are masked.\n\n%s",
		member_text(answer, "version"), member_text(answer, "config"),
		member_text(answer, "text"));
}

void render_running_config_ios(const json_t *answer, FILE *out)
{
	const char *text = member_text(answer, "text");

	fprintf(out, "Building configuration...\n\nCurrent configuration : %zu bytes\n%s",
		strlen(text), text);
}

/* Whether the first `len` characters of a line are the name that was typed: "tu0" is Tunnel0. */
static bool names_interface(const char *name, size_t len, const char *typed)
{
	size_t letters = strcspn(typed, "0123456789");

	if (strlen(typed) == len && !strncasecmp(name, typed, len))
		return true;
	return letters >= 2 && letters < strlen("tunnel") &&
	       !strncasecmp("tunnel", typed, letters) && len > strlen("tunnel") &&
	       !strncasecmp(name, "tunnel", strlen("tunnel")) &&
	       strlen(typed + letters) == len - strlen("tunnel") &&
	       !strncmp(name + strlen("tunnel"), typed + letters, len - strlen("tunnel"));
}

void render_running_config_interface(const json_t *answer, FILE *out)
{
	static const char keyword[] = "interface ";
	const char *asked = member_text(answer, "asked"), *at = member_text(answer, "text"), *end;

	for (; *at; at = end + (*end == '\n')) {
		end = at + strcspn(at, "\n");
		if (strncmp(at, keyword, strlen(keyword)) != 0 ||
		    !names_interface(at + strlen(keyword), (size_t)(end - at) - strlen(keyword),
				     asked))
			continue;
		while (end[0] == '\n' && end[1] == ' ')
			end += 1 + strcspn(end + 1, "\n");
		fprintf(out,
			"Building configuration...\n\nCurrent configuration : %zu bytes\n!\n%.*s\n"
			"end\n\n",
			(size_t)(end - at) + strlen("!\n\nend\n"), (int)(end - at), at);
		return;
	}
	fprintf(out, "%% There is no tunnel \"%s\", and other interfaces are the machine's.\n",
		asked);
}

void render_tech_support(const json_t *answer, FILE *out)
{
	const json_t *missing;
	size_t i;

	fprintf(out, "Written: %s (%lld bytes, %lld files)\n", member_text(answer, "file"),
		(long long)member_int(answer, "bytes"), (long long)member_int(answer, "files"));
	json_array_foreach (json_object_get(answer, "missing"), i, missing)
		fprintf(out, "Not in it: %s\n", value_text(missing));
	fprintf(out, "Keys are not in it, neither those of the configuration nor those of SAs. "
		     "Addresses, names,\nlogs and firewall rules are: look at it before it is given "
		     "away.\n");
}
