/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of keys against itself, against the table of algorithms and against the documentation:
 * what errors promise is what is read, and no key is without its row in doc/configuration.md.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "conf/draft.h"
#include "conf/schema.h"
#include "lib/util.h"

static bool reads(enum section_id id, const char *name, const char *value)
{
	const struct schema_key *key = &schema_section(id)->keys[schema_key_index(id, name)];
	struct draft *d = xcalloc(1, sizeof(*d));
	char remark[REMARK_MAX] = "";
	bool ok = key->read(key, value, (char *)draft_section(d, id) + key->offset, remark);

	draft_free(d);
	free(d);
	return ok;
}

/* Every word of "one of a, b, c" is read, and the words are as many as the algorithms. */
static void check_words(enum section_id id, const char *name, size_t count)
{
	char expected[EXPECTED_MAX], *words, *save, *word;
	size_t n = 0;

	schema_expected(&schema_section(id)->keys[schema_key_index(id, name)], expected);
	words = strstr(expected, "one of ");
	cr_assert_not_null(words);
	for (word = strtok_r(words + 7, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		cr_expect(reads(id, name, word), "%s: %s", name, word);
		n++;
	}
	cr_expect_eq(n, count, "%s: %zu words for %zu", name, n, count);
}

Test(conf_schema, words_and_algorithms)
{
	size_t ike_ciphers = 0, esp_ciphers = 0, hashes = 0, groups = 0;

	for (enum cipher_id i = CIPHER_NONE + 1; i < CIPHER_COUNT; i++) {
		ike_ciphers += cipher_get(i)->ike && !cipher_get(i)->refused;
		esp_ciphers += cipher_get(i)->esp && !cipher_get(i)->refused;
	}
	for (enum hash_id i = HASH_NONE + 1; i < HASH_COUNT; i++)
		hashes++;
	while (group_at(groups))
		groups++;
	check_words(SECTION_ISAKMP_POLICY, "encryption", ike_ciphers);
	check_words(SECTION_ISAKMP_POLICY, "hash", hashes);
	check_words(SECTION_ISAKMP_POLICY, "group", groups);
	check_words(SECTION_TRANSFORM_SET, "encryption", esp_ciphers);
	check_words(SECTION_TRANSFORM_SET, "authentication", hashes);
	check_words(SECTION_IPSEC_PROFILE, "pfs", groups);
	check_words(SECTION_FILE, "log-level", 8);
}

Test(conf_schema, rows_are_complete)
{
	for (enum section_id id = 0; id < SECTION_COUNT; id++) {
		const struct schema_section *s = schema_section(id);

		cr_expect_leq(s->key_count, SCHEMA_KEYS_MAX);
		cr_expect_not_null(s->help);
		for (size_t i = 0; i < s->key_count; i++) {
			const struct schema_key *k = &s->keys[i];

			cr_expect_not_null(k->help, "%s", k->name);
			/* Left out, a key is missing, has a default, or means something. */
			cr_expect_eq(k->mandatory + !!k->def + !!k->otherwise, 1, "%s", k->name);
			if (k->def)
				cr_expect(reads(id, k->name, k->def), "%s", k->name);
			cr_expect(k->expected || k->max > k->min, "%s", k->name);
		}
	}
}

static char *read_document(void)
{
	FILE *f = fopen("doc/configuration.md", "re");
	char *text = xcalloc(1, 1 << 16);

	cr_assert_not_null(f);
	cr_assert_gt(fread(text, 1, (1 << 16) - 1, f), 0);
	fclose(f);
	return text;
}

static void format_row(char *row, size_t size, const struct schema_key *k)
{
	char expected[EXPECTED_MAX];
	const char *tick = k->def ? "`" : "", *ios = k->ios ? "`" : "";

	snprintf(row, size, "\n| `%s` | %s | %s%s%s | %s%s%s | %s |\n", k->name,
		 schema_expected(k, expected), tick,
		 k->def ? k->def : k->mandatory ? "required" : k->otherwise, tick, ios,
		 k->ios ? k->ios : "", ios, k->help);
}

Test(conf_schema, documentation)
{
	char *text = read_document(), *section = text;
	char row[1024];

	for (enum section_id id = 0; id < SECTION_COUNT; id++) {
		const struct schema_section *s = schema_section(id);

		if (id != SECTION_FILE) {
			snprintf(row, sizeof(row), "# %s%s%s\n", s->name, s->title.read ? " " : "",
				 s->title.read ? s->title.name : "");
			section = strstr(section, row);
			cr_assert_not_null(section, "no heading %s", row);
		}
		for (size_t i = 0; i < s->key_count; i++) {
			format_row(row, sizeof(row), &s->keys[i]);
			cr_expect_not_null(strstr(section, row), "missing or different:%s", row);
		}
	}
	free(text);
}

Test(conf_schema, hints)
{
	char hint[HINT_MAX];

	cr_assert_str_eq(schema_hint(SECTION_TUNNEL, "adress", hint), "did you mean \"address\"?");
	cr_assert_str_eq(schema_hint(SECTION_TUNNEL, "prof", hint), "did you mean \"profile\"?");
	cr_assert_str_eq(schema_hint(SECTION_TUNNEL, "nrhp", hint), "did you mean \"nhrp\"?");
	cr_assert_str_eq(schema_hint(SECTION_FILE, "holdtime", hint), "it belongs into nhrp { }");
	cr_assert_str_eq(schema_hint(SECTION_NHRP, "tunnel", hint),
			 "it belongs outside of all braces (is a } missing?)");
	cr_assert_str_eq(schema_hint(SECTION_NHS, "zzz", hint),
			 "expected one of nbma, priority, cluster, multicast");
	cr_assert_str_eq(schema_hint(SECTION_MAP, "a-word-that-is-longer-than-all-of-ours", hint),
			 "expected one of nbma");
	cr_assert_str_eq(schema_hint(SECTION_MAP, "", hint), "expected one of nbma");
}
