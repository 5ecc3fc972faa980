/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of keys against itself, against the table of algorithms and against the manual page:
 * what errors promise is what is read, and no key is without its entry in dmvpnd.conf(5), and no entry
 * without its key.
 *
 * LINK: conf/ lib/addr.c lib/algo.c
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conf/draft.h"
#include "conf/schema.h"
#include "lib/util.h"
#include "tests/unit/manual.h"

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

/* The heading of a section in dmvpnd.conf(5). */
static const char *heading(const struct schema_section *s, char buf[80])
{
	snprintf(buf, 80, ".Ss %s%s%s", s->parent == SECTION_COUNT ? "Outside of all braces" : s->name,
		 s->title.read ? " " : "", s->title.read ? s->title.name : "");
	return buf;
}

/* What is said of a key there; prose of its own may follow. */
static void format_entry(char *buf, size_t size, const struct schema_key *k)
{
	char expected[EXPECTED_MAX];

	snprintf(buf, size, ENTRY "%s\n%c%s. Takes %s\n.Pq %s%s .\n%s%s%s", k->name,
		 toupper(k->help[0]), k->help + 1, schema_expected(k, expected),
		 k->def ? "default Ql " : k->mandatory ? "required" : "default: ",
		 k->def ? k->def : k->mandatory ? "" : k->otherwise, k->ios ? "In IOS:\n.Ql " : "",
		 k->ios ? k->ios : "", k->ios ? " .\n" : "");
}

static void check_is_key(const char *entry, void *arg)
{
	const enum section_id *id = arg;

	cr_expect_geq(schema_key_index(*id, entry), 0,
		      "doc/dmvpnd.conf.5, %s: \"" ENTRY
		      "%s\" is no key of that section in conf/schema.c: remove the entry, or move it",
		      schema_section(*id)->name, entry);
}

Test(conf_schema, manual_has_every_key_and_no_other)
{
	char *page = manual_read("doc/dmvpnd.conf.5");
	char title[80], entry[1024];

	for (enum section_id id = 0; id < SECTION_COUNT; id++) {
		const struct schema_section *s = schema_section(id);
		char *text = manual_below(page, heading(s, title));

		cr_assert_not_null(text, "doc/dmvpnd.conf.5: add a section with the heading\n%s",
				   title);
		for (size_t i = 0; i < s->key_count; i++) {
			format_entry(entry, sizeof(entry), &s->keys[i]);
			cr_expect_not_null(strstr(text, entry),
					   "doc/dmvpnd.conf.5, under \"%s\": add, or change to, "
					   "exactly this (text may be wrapped, more may follow):\n%s",
					   title, entry);
		}
		manual_entries(text, ENTRY, check_is_key, &id);
		free(text);
	}
	free(page);
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
