// SPDX-License-Identifier: GPL-2.0
/* The word that was meant: near enough to be offered, or no offer at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "base/suggest.h"

static const char *meant(const char *word)
{
	static const char *const known[] = {"stat",  "trace",  "record", "report", "diff",
					    "check", "causes", "ext4",	 "vfat"};
	struct suggest s;

	suggest__init(&s, word);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		suggest__offer(&s, known[i]);
	return suggest__best(&s);
}

static void test_what_was_meant(void **state)
{
	static const char *const rows[][2] = {
		{"stats", "stat"}, {"sat", "stat"},	 {"satt", "stat"},    {"tarce", "trace"},
		{"rep", "report"}, {"reprot", "report"}, {"cause", "causes"}, {"EXT4", "ext4"},
		{"ext5", "ext4"},  {"recrod", "record"}, {"diff", "diff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(meant(rows[i][0]), rows[i][1]);
}

static void test_nothing_was_meant(void **state)
{
	static const char *const rows[] = {"", "x", "fio", "mariadbd", "btrfs", "s"};
	char longest[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_null(meant(rows[i]));
	memset(longest, 's', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(meant(longest));
}

static void test_lists(void **state)
{
	struct suggest s;
	char best[8];

	(void)state;
	suggest__init(&s, "jsn");
	suggest__offer_list(&s, "text, json, csv, folded", best, sizeof(best));
	assert_string_equal(suggest__best(&s), "json");
	suggest__init(&s, "yaml");
	suggest__offer_list(&s, "text, json, csv, folded", best, sizeof(best));
	assert_null(suggest__best(&s));
	suggest__init(&s, "text");
	suggest__offer_list(&s, "", best, sizeof(best));
	assert_null(suggest__best(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_meant),
		cmocka_unit_test(test_nothing_was_meant),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
