/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renders the NHRP cache in the tables that IOS 12.4 has for many entries. */
#include <stdio.h>
#include <string.h>

#include "daemon/dmvpnctl.h"

void ios_short_name(const char *interface, char out[IOS_SHORT_NAME])
{
	if (!strncmp(interface, "Tunnel", 6))
		snprintf(out, IOS_SHORT_NAME, "Tu%.13s", interface + 6);
	else
		snprintf(out, IOS_SHORT_NAME, "%.15s", interface);
}

void render_nhrp_brief(const json_t *answer, FILE *out)
{
	const json_t *entry;
	size_t i;

	fprintf(out,
		"   Target             Via            NBMA           Mode   Intfc   Claimed\n");
	json_array_foreach (json_object_get(answer, "entries"), i, entry) {
		const char *gateway = member_has(entry, "gateway") ? "gateway" : "protocol";
		char target[64], interface[IOS_SHORT_NAME];

		if (member_is(entry, "type", "local"))
			continue;
		snprintf(target, sizeof(target), "%.45s/%lld", member_text(entry, "protocol"),
			 (long long)member_int(entry, "prefix_length"));
		ios_short_name(member_text(entry, "interface"), interface);
		fprintf(out, "%20s %-15s %-15s %-8s %-7s <%s>\n", target,
			member_text(entry, gateway), member_text(entry, "nbma"),
			member_text(entry, "type"), interface,
			member_has(entry, "nat_nbma") ? member_text(entry, "nat_nbma") : "   ");
	}
}

void render_nhrp_summary(const json_t *answer, FILE *out)
{
	long long fixed = 0, dynamic = 0, incomplete = 0, all;
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(answer, "entries"), i, entry) {
		fixed += member_is(entry, "type", "static");
		dynamic += member_is(entry, "type", "dynamic");
		incomplete += member_is(entry, "type", "incomplete");
	}
	all = fixed + dynamic + incomplete;
	fprintf(out, "IP NHRP cache %lld %s, %lld bytes\n", all, all == 1 ? "entry" : "entries",
		(long long)member_int(answer, "bytes"));
	fprintf(out, "    %lld static  %lld dynamic  %lld incomplete\n", fixed, dynamic,
		incomplete);
}

/* "Drop Count" are the packets that were not told of, because others had been just before. */
void render_nhrp_redirect(const json_t *answer, FILE *out)
{
	const json_t *flow;
	size_t i;

	fprintf(out, "I/F      NBMA address    Destination     Drop Count  Expiry    Source"
		     "           Told\n");
	json_array_foreach (json_object_get(answer, "flows"), i, flow) {
		char interface[IOS_SHORT_NAME], time[IOS_TIME_TEXT];

		ios_short_name(member_text(flow, "interface"), interface);
		fprintf(out, "%-8s %-15s %-15s %10lld  %8s  %-15s %5lld\n", interface,
			member_has(flow, "nbma") ? member_text(flow, "nbma") : "(nobody)",
			member_text(flow, "destination"), (long long)member_int(flow, "dropped"),
			ios_time(member_int(flow, "expires"), time), member_text(flow, "source"),
			(long long)member_int(flow, "told"));
	}
}
