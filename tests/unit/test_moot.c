// SPDX-License-Identifier: GPL-2.0
/* Advice never contradicts what is known: every rule beside every contradiction there is. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "cause/causes.h"
#include "cause/moots.h"
#include "cause/programs.h"
#include "model/moot.h"

/* Where each row of the table holds, in its order. */
static const struct beside {
	const char *facts, *options, *fstype;
	uint32_t shape;
	bool request;
} besides[] = {
	{"the file of the worst stall has 4k and 1 extent\nnothing is allocated behind its end", "",
	 "xfs", 0, false},
	{"1 of them are preallocated but were never written", "", "xfs", 0, false},
	{"1M are allocated behind its end", "", "xfs", 0, false},
	{"", "", "ext4", 0, true},
	{"the data profile is raid1", "", "btrfs", 0, false},
	{"", "rw,nodatacow", "btrfs", 0, false},
	{"", "rw", "ext4", 0, false},
	{"", "rw,lazytime", "xfs", 0, false},
	{"", "rw,noatime", "xfs", 0, false},
	{"", "", "xfs", SHAPE_DIRECT | SHAPE_DSYNC | SHAPE_UNALIGNED | SHAPE_BEYOND_EOF, true},
	{"", "", "xfs", SHAPE_DIRECT | SHAPE_UNALIGNED | SHAPE_BEYOND_EOF, true},
	{"", "", "btrfs", SHAPE_DIRECT | SHAPE_UNALIGNED_MEM | SHAPE_BEYOND_EOF, true},
	{"", "", "btrfs", SHAPE_UNALIGNED_MEM | SHAPE_BEYOND_EOF, true},
	{"", "", "btrfs", SHAPE_DIRECT | SHAPE_BEYOND_EOF, true},
	{"", "", "xfs", SHAPE_UNALIGNED | SHAPE_UNALIGNED_LB | SHAPE_BEYOND_EOF, true},
	{"", "", "xfs", SHAPE_BEYOND_EOF, true},
	{"queue/scheduler is none", "", "xfs", 0, false},
	{"queue/wbt_lat_usec is 0", "", "xfs", 0, false},
	{"extent_max_zeroout_kb is 0", "", "xfs", 0, false},
};

static struct report_cause cause_of(struct pool *p, const struct cause *rule,
				    const struct beside *b)
{
	char both[4096];
	const char *author = rule->author_advice ? rule->author_advice : "";

	snprintf(both, sizeof(both), "%s%s%s", rule->operator_advice,
		 *author && *rule->operator_advice ? " In the program: " : "", author);
	return (struct report_cause){
		.id = rule->id,
		.advice = pool__str(p, both),
		.todo = rule->todo,
		.tried = rule->tried,
		.nr_tried = rule->nr_tried,
		.facts = b->facts,
		.worst_shape = b->shape,
		.worst_how = b->request ? HOW_EXACT : HOW_UNKNOWN,
	};
}

#define MANY 32

/* Of every program that has a setting against the cause. */
static size_t settings_of(struct causes *all, const struct cause *rule, struct report_setting *to)
{
	const struct program *program;
	size_t n = 0;

	for (size_t at = 0; (program = causes__program(all, NULL, rule->id, &at));) {
		assert_true(n < MANY);
		to[n++] = (struct report_setting){"x", program->setting, program->why,
						  program->source};
	}
	return n;
}

static size_t how_many_name(const struct moot *m, const struct report_cause *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nr_settings; i++)
		n += moot__names(m, c->settings[i].setting);
	return n;
}

static void assert_sound(const char *id, const char *text)
{
	size_t len = strlen(text);
	bool ends_well = !len || !strchr(",;: ", text[len - 1]);

	if (!ends_well || strstr(text, ", .") || strstr(text, "..") || strstr(text, "  "))
		fail_msg("%s: \"%s\"", id, text);
	for (size_t i = 0; i + 2 < len; i++)
		if (!strncmp(text + i, ". ", 2) && islower((unsigned char)text[i + 2]))
			fail_msg("%s: a sentence has no capital: \"%s\"", id, text);
}

static size_t check(struct causes *all, size_t row)
{
	const struct moot *m = causes__moot(all, row);
	const struct fs_info fs = {.fstype = besides[row].fstype,
				   .mount_options = besides[row].options};
	const struct cause *rule;
	struct pool p = {0};
	size_t named = 0;

	for (size_t i = 0; (rule = causes__at(all, i)); i++) {
		struct report_cause c = cause_of(&p, rule, &besides[row]);
		struct report_setting settings[MANY];
		bool instead = *m->instead;
		const char *before = c.advice;

		c.settings = settings;
		c.nr_settings = settings_of(all, rule, settings);
		named += moot__names(m, before) || moot__names(m, c.todo) || how_many_name(m, &c);
		moot__apply(&p, all, &fs, &c);
		if (how_many_name(m, &c))
			fail_msg("%s beside row %zu: a setting that is moot", c.id, row);
		if (!instead && (moot__names(m, c.advice) || moot__names(m, c.todo)))
			fail_msg("%s beside row %zu: \"%s\" \"%s\"", c.id, row, c.advice, c.todo);
		if (instead && strcmp(before, c.advice) != 0 && !strstr(c.advice, m->instead + 1))
			fail_msg("%s beside row %zu: \"%s\"", c.id, row, c.advice);
		if (strcmp(before, c.advice) != 0)
			assert_sound(c.id, c.advice);
		assert_sound(c.id, c.todo);
	}
	pool__clear(&p);
	return named;
}

static void test_every_rule_beside_every_contradiction(void **state)
{
	char why[256];
	struct causes *all = causes__new(NULL, why, sizeof(why));

	(void)state;
	assert_non_null(all);
	for (size_t row = 0; causes__moot(all, row); row++) {
		assert_true(row < ARRAY_SIZE(besides));
		/* a row that no rule has the words of is of no use */
		if (!check(all, row))
			fail_msg("row %zu: no rule has these words", row);
	}
	assert_null(causes__moot(all, ARRAY_SIZE(besides)));
	causes__free(all);
}

static void test_nothing_known_takes_nothing(void **state)
{
	const struct fs_info fs = {.fstype = "xfs", .mount_options = "rw,relatime"};
	const struct beside nothing = {"", "", "xfs", 0, false};
	char why[256];
	struct causes *all = causes__new(NULL, why, sizeof(why));
	const struct cause *rule;
	struct pool p = {0};

	(void)state;
	for (size_t i = 0; (rule = causes__at(all, i)); i++) {
		struct report_cause c = cause_of(&p, rule, &nothing);
		const char *advice = c.advice, *todo = c.todo;
		struct report_setting settings[MANY];
		size_t nr = settings_of(all, rule, settings);

		c.settings = settings;
		c.nr_settings = nr;
		moot__apply(&p, all, &fs, &c);
		assert_int_equal(c.nr_settings, nr);
		assert_ptr_equal(c.advice, advice);
		assert_ptr_equal(c.todo, todo);
		assert_int_equal(c.nr_tried, rule->nr_tried);
	}
	pool__clear(&p);
	causes__free(all);
}

static void test_texts(void **state)
{
	static const char *const tried[] = {"author; 6.18; preallocate; 21 -> 0"};
	const struct fs_info fs = {.fstype = "ext4", .mount_options = "rw,checkpoint_merge"};
	struct pool p = {0};
	char why[256];
	struct causes *all = causes__new(NULL, why, sizeof(why));
	struct report_cause c = {
		.advice = "Preallocate the file, and keep free space. Mount with lazytime; noatime "
			  "spares the updates of reads. In the program: Defragment it, or wait.",
		.todo = "defragment the file, or mount with checkpoint_merge, or wait",
		.tried = tried,
		.nr_tried = 1,
		.facts = "the file has 4k and 1 extent\n1 of them are preallocated but were never "
			 "written",
	};

	(void)state;
	moot__apply(&p, all, &fs, &c);
	assert_string_equal(c.advice, "Keep free space. Noatime spares the updates of reads. In "
				      "the program: Wait. Write the preallocated file once before "
				      "it is used.");
	assert_string_equal(c.todo, "wait");
	assert_int_equal(c.nr_tried, 0);
	c.todo = "preallocate the file";
	moot__apply(&p, all, &fs, &c);
	assert_string_equal(c.todo, "write the preallocated file once before it is used");
	pool__clear(&p);
	causes__free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule_beside_every_contradiction),
		cmocka_unit_test(test_nothing_known_takes_nothing),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
