/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any octets as an IOS configuration. Each of its lines must be accounted for, what is made of it must
 * be text that our own reader can read to its end, and FRR's part must end as a configuration does.
 *
 *     tests/fuzz/run.sh ios
 *
 * LINK: conf/ lib/addr.c lib/algo.c tests/fuzz/replay.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/ios.h"
#include "conf/ios_frr.h"
#include "conf/ios_lines.h"
#include "lib/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(condition)          \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

static char gi[] = "GigabitEthernet0/1", fa[] = "FastEthernet0/0", eth0[] = "eth0", eth1[] = "eth1";
static struct conf_interface list[] = { { gi, eth1 }, { fa, eth0 } };
static const struct conf_interfaces here = { list, ARRAY_SIZE(list) };

static void check_lines(const struct ios_lines *ls, const struct ios_text *t, size_t len)
{
	size_t counted = 0;

	for (size_t i = 0; i < IOS_USES; i++)
		counted += t->count[i];
	MUST(counted == ls->count && ls->count <= len);
	for (size_t i = 0; i < ls->count; i++) {
		const struct ios_line *l = &ls->line[i];

		MUST(l->count > 0 && l->count <= IOS_WORDS_MAX);
		MUST(i == 0 || l->number > ls->line[i - 1].number);
		MUST(ios_lines_find(ls, l->number) == l);
	}
}

/* Values may be wrong, quotes and braces may not. */
static void check_grammar(const struct conf_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		MUST(!strstr(r->messages[i].text, "nothing behind it was read"));
}

static void check_ours(const struct ios_text *t)
{
	struct conf_report r;

	conf_free(conf_parse(t->ours.text, "made", &r));
	check_grammar(&r);
	conf_report_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf_report report = { 0 };
	struct complaints c = { .file = "ios", .report = &report };
	char *text = xmemdup(data, len), *frr;
	struct ios_lines lines;
	struct ios_text t;

	ios_is_config(text, len);
	ios_lines_read(text, len, &lines);
	ios_convert(text, len, &here, &c, &t);
	check_lines(&lines, &t, len);
	check_ours(&t);
	ios_lines_take_back(&lines);
	frr = ios_frr(&lines, &here);
	MUST(strlen(frr) > 4 && !strcmp(frr + strlen(frr) - 4, "end\n"));
	free(frr);
	ios_lines_free(&lines);
	ios_text_free(&t);
	conf_report_free(&report);
	free(text);
	return 0;
}
