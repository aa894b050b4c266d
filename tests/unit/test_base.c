// SPDX-License-Identifier: GPL-2.0
/* Parsing, formatting and escaping at their edges. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/base.h"

struct parsed {
	const char *text;
	int rc;
	uint64_t value;
};

static void test_duration(void **state)
{
	static const struct parsed rows[] = {
		{"0", 0, 0},
		{"7", 0, 7 * NSEC_PER_SEC},
		{"250ns", 0, 250},
		{"500us", 0, 500 * NSEC_PER_USEC},
		{"10ms", 0, 10 * NSEC_PER_MSEC},
		{"2s", 0, 2 * NSEC_PER_SEC},
		{"1m", 0, 60 * NSEC_PER_SEC},
		{"1h", 0, 3600 * NSEC_PER_SEC},
		{"7d", 0, 7 * 24 * 3600 * NSEC_PER_SEC},
		{"1.5s", 0, 1500 * NSEC_PER_MSEC},
		{"0.25ms", 0, 250 * NSEC_PER_USEC},
		{"1.0000000009s", 0, NSEC_PER_SEC},
		{"18446744073709551615ns", 0, UINT64_MAX},
		{"18446744073709551616ns", -ERANGE, 0},
		{"18446744073709551615.9us", -ERANGE, 0},
		{"18446744073.9s", -ERANGE, 0},
		{"5124096h", -ERANGE, 0},
		{"99999999999999999999999s", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"+1s", -EINVAL, 0},
		{" 1s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".5s", 0, 500 * NSEC_PER_MSEC},
		{".000001ms", 0, 1},
		{".5", 0, 500 * NSEC_PER_MSEC},
		{".", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{"..5s", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{"1..5s", -EINVAL, 0},
		{"1e3s", -EINVAL, 0},
		{"0x10s", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1sec", -EINVAL, 0},
		{"99999999999999999999999y", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ns = 1234;
		int rc = parse__duration(rows[i].text, NSEC_PER_SEC, &ns);

		if (rc != rows[i].rc || ns != (rc ? 1234 : rows[i].value))
			fail_msg("\"%s\": rc %d, %llu", rows[i].text, rc, (unsigned long long)ns);
	}
}

static void test_duration_needs_unit(void **state)
{
	uint64_t ns = 1;

	(void)state;
	assert_int_equal(parse__duration("10", 0, &ns), -EINVAL);
	assert_int_equal(parse__duration("0.3", 0, &ns), -EINVAL);
	assert_int_equal(parse__duration(".3", 0, &ns), -EINVAL);
	assert_int_equal(parse__duration("10ms", 0, &ns), 0);
	assert_int_equal(parse__duration("0", 0, &ns), 0);
	assert_int_equal(ns, 0);
}

static void test_size(void **state)
{
	static const struct parsed rows[] = {
		{"0", 0, 0},
		{"512", 0, 512},
		{"4k", 0, 4096},
		{"4K", 0, 4096},
		{"1M", 0, 1 << 20},
		{"2G", 0, 2ULL << 30},
		{"1T", 0, 1ULL << 40},
		{"1.5k", 0, 1536},
		{".5k", 0, 512},
		{"16777215T", 0, 16777215ULL << 40},
		{"16777216T", -ERANGE, 0},
		{"4kB", -EINVAL, 0},
		{"k", -EINVAL, 0},
		{"-4k", -EINVAL, 0},
		{"1m", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 1234;
		int rc = parse__size(rows[i].text, &bytes);

		if (rc != rows[i].rc || bytes != (rc ? 1234 : rows[i].value))
			fail_msg("\"%s\": rc %d, %llu", rows[i].text, rc,
				 (unsigned long long)bytes);
	}
}

static void test_u64(void **state)
{
	uint64_t v = 1234;

	(void)state;
	assert_int_equal(parse__u64("9", 10, 20, &v), -ERANGE);
	assert_int_equal(parse__u64("21", 10, 20, &v), -ERANGE);
	assert_int_equal(parse__u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(parse__u64("12x", 0, 20, &v), -EINVAL);
	assert_int_equal(parse__u64("-1", 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(parse__u64("", 0, 20, &v), -EINVAL);
	assert_int_equal(v, 1234);
	assert_int_equal(parse__u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse__u64("00010", 10, 20, &v), 0);
	assert_int_equal(v, 10);
}

struct formatted {
	uint64_t value;
	const char *text;
};

static void check_format(char *(*format)(uint64_t, char *, size_t), const struct formatted *rows,
			 size_t n)
{
	char buf[32];

	for (size_t i = 0; i < n; i++)
		assert_string_equal(format(rows[i].value, buf, sizeof(buf)), rows[i].text);
}

static void test_format_duration(void **state)
{
	static const struct formatted rows[] = {
		{0, "0"},
		{1, "1ns"},
		{999, "999ns"},
		{1000, "1us"},
		{12000, "12us"},
		{999499, "999us"},
		{999500, "1ms"},
		{5300000, "5.3ms"},
		{1250000000, "1.25s"},
		{59940 * NSEC_PER_MSEC, "59.9s"},
		{59999 * NSEC_PER_MSEC, "1m00s"},
		{90 * NSEC_PER_SEC, "1m30s"},
		{3599 * NSEC_PER_SEC, "59m59s"},
		{3600 * NSEC_PER_SEC, "1h00m"},
		{100 * 3600 * NSEC_PER_SEC, "4d"},
		{UINT64_MAX, "213503d"},
	};

	(void)state;
	check_format(fmt__duration, rows, ARRAY_SIZE(rows));
}

static void test_format_size(void **state)
{
	static const struct formatted rows[] = {
		{0, "0"},
		{1023, "1023"},
		{1024, "1.0k"},
		{4096, "4.0k"},
		{1536 << 10, "1.5M"},
		{(1 << 20) - 1, "1.0M"},
		{UINT64_MAX, "16.0E"},
	};

	(void)state;
	check_format(fmt__size, rows, ARRAY_SIZE(rows));
}

static void test_format_count(void **state)
{
	static const struct formatted rows[] = {
		{0, "0"},	  {1234, "1234"},    {9999, "9999"},
		{12345, "12.3k"}, {123456, "123k"},  {999499, "999k"},
		{999500, "1.0M"}, {4500000, "4.5M"}, {UINT64_MAX, "18.4E"},
	};

	(void)state;
	check_format(fmt__count, rows, ARRAY_SIZE(rows));
}

/* No value is wider than the columns that tables leave for it. */
static void test_format_widths(void **state)
{
	char buf[32];

	(void)state;
	for (uint64_t v = 1; v < UINT64_MAX / 3; v += v / 7 + 1) {
		assert_true(strlen(fmt__duration(v, buf, sizeof(buf))) <= 7);
		assert_true(strlen(fmt__size(v, buf, sizeof(buf))) <= 6);
		assert_true(strlen(fmt__count(v, buf, sizeof(buf))) <= 6);
	}
}

static void test_format_cut(void **state)
{
	char buf[4];

	(void)state;
	assert_string_equal(fmt__duration(1250000000, buf, sizeof(buf)), "1.2");
	assert_string_equal(fmt__count(12345, buf, sizeof(buf)), "12.");
	assert_string_equal(fmt__percent(0.352, buf, sizeof(buf)), "35.");
}

static void test_format_percent(void **state)
{
	static const struct {
		double share;
		const char *text;
	} rows[] = {
		{0, "0%"},	  {-1, "0%"},	     {1, "100%"},	 {7, "100%"},
		{0.352, "35.2%"}, {0.0004, "<0.1%"}, {0.9996, ">99.9%"}, {0.001, "0.1%"},
	};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(fmt__percent(rows[i].share, buf, sizeof(buf)), rows[i].text);
	assert_string_equal(fmt__percent(__builtin_nan(""), buf, sizeof(buf)), "0%");
}

static void test_terminal(void **state)
{
	static const struct {
		const char *src, *dst;
		size_t columns;
	} rows[] = {
		{"", "", 0},
		{"plain name", "plain name", 10},
		{"a\\b", "a\\\\b", 4},
		{"\033[31m", "\\x1b[31m", 8},
		{"\n\t\x7f", "\\x0a\\x09\\x7f", 12},
		{"\xc3\xa4", "\xc3\xa4", 1},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 1},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m", 11}, /* a C1 control is an escape sequence too */
		{"\xe2\x80\xae", "\\xe2\\x80\\xae", 12}, /* right-to-left override */
		{"\xff\xc3(", "\\xff\\xc3(", 9},
		{"\xc0\xaf", "\\xc0\\xaf", 8},		 /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", 12}, /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16},
		{"\xe2\x82", "\\xe2\\x82", 8}, /* cut short */
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t columns = esc__terminal(rows[i].src, buf, sizeof(buf));

		assert_string_equal(buf, rows[i].dst);
		assert_int_equal(columns, rows[i].columns);
	}
}

/* Every size of buffer gives a whole prefix: no torn escape, no torn character, no byte beyond. */
static void test_terminal_cut(void **state)
{
	static const char src[] = "a\xc3\xa4\x1b\\z";
	static const char *const want[] = {"",		"",	     "a",
					   "a",		"a\xc3\xa4", "a\xc3\xa4",
					   "a\xc3\xa4", "a\xc3\xa4", "a\xc3\xa4\\x1b"};

	(void)state;
	for (size_t size = 1; size < ARRAY_SIZE(want); size++) {
		char *buf =
			malloc(size); /* to the byte, so that the sanitizer sees what is beyond */

		assert_non_null(buf);
		esc__terminal(src, buf, size);
		assert_string_equal(buf, want[size]);
		free(buf);
	}
	assert_int_equal(esc__terminal(src, NULL, 0), 0);
}

static void test_utf8(void **state)
{
	char buf[32], small[4];

	(void)state;
	assert_string_equal(esc__utf8("a\xff\xc3\xa4\x01", buf, sizeof(buf)),
			    "a\xef\xbf\xbd\xc3\xa4\x01");
	assert_string_equal(esc__utf8("\xe2\x82", buf, sizeof(buf)), "\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(esc__utf8("ab\xc3\xa4", small, sizeof(small)), "ab");
	assert_string_equal(esc__utf8("a\xff", small, sizeof(small)), "a");
}

static void test_tail(void **state)
{
	char buf[32], small[6];

	(void)state;
	assert_string_equal(esc__tail("/a/b", 4, buf, sizeof(buf)), "/a/b");
	assert_string_equal(esc__tail("/srv/data/file", 8, buf, sizeof(buf)), ".../file");
	/* an escape is dropped as a whole */
	assert_string_equal(esc__tail("/abc\\x1bz", 7, buf, sizeof(buf)), "...z");
	assert_string_equal(esc__tail("/abc\\x1bz", 8, buf, sizeof(buf)), "...\\x1bz");
	assert_string_equal(esc__tail("/abcd\\\\z", 5, buf, sizeof(buf)), "...z");
	assert_string_equal(esc__tail("aaaa\xc3\xa4\xc3\xa4", 5, buf, sizeof(buf)),
			    "...\xc3\xa4\xc3\xa4");
	assert_string_equal(esc__tail("/srv/data/file", 2, buf, sizeof(buf)), "..");
	assert_string_equal(esc__tail("/srv/data/file", 0, buf, sizeof(buf)), "");
	assert_string_equal(esc__tail("/srv/data/file", 10, small, sizeof(small)), "...le");
}

static void test_err(void **state)
{
	struct err e = {.hint = "old"};
	char longer[2000];

	(void)state;
	assert_int_equal(err__set(&e, -ENOENT, "no %s", "file"), -ENOENT);
	assert_string_equal(e.text, "no file");
	assert_string_equal(e.hint, "");
	err__set(&e, -EMFILE, "too many");
	assert_string_equal(e.hint, ERR_FILES_HINT);
	err__set(&e, -ENOENT, "no file");
	assert_string_equal(e.hint, "");
	assert_int_equal(err__set(&e, -EIO, "reading: %s", e.text), -EIO);
	assert_string_equal(e.text, "reading: no file");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err__set(&e, -1, "%s", longer);
	err__hint(&e, "%s", longer);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	assert_int_equal(err__set(NULL, -EPERM, "x"), -EPERM);
	err__hint(NULL, "x");
}

static void test_clock(void **state)
{
	uint64_t first = clock__mono_ns();

	(void)state;
	assert_true(first > 0);
	assert_true(clock__mono_ns() >= first);
	assert_true(clock__wall_ns() > 1500000000LL * 1000000000LL);
}

static void test_many(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(fmt__many(1, "entr{y|ies} that {is|are} lost", buf, sizeof(buf)),
			    "1 entry that is lost");
	assert_string_equal(fmt__many(0, "entr{y|ies} that {is|are} lost", buf, sizeof(buf)),
			    "0 entries that are lost");
	assert_string_equal(fmt__many(2, "call{|s}", buf, sizeof(buf)), "2 calls");
	assert_string_equal(fmt__many(1, "call{|s}", buf, sizeof(buf)), "1 call");
	assert_string_equal(fmt__many(12, "events", buf, 6), "12 ev");
}

static void test_time_of_day(void **state)
{
	const int64_t day = 86400 * 1000000000LL, at = 20454 * day + 50587123456789LL;
	char buf[64];

	(void)state;
	setenv("TZ", "UTC-1", 1);
	tzset();
	assert_string_equal(fmt__clock(at, at - 1000000000LL, buf, sizeof(buf)), "15:03:07.123");
	assert_string_equal(fmt__clock(at, at - day, buf, sizeof(buf)), "2026-01-01 15:03:07.123");
	assert_string_equal(fmt__clock(at, 0, buf, sizeof(buf)), "2026-01-01 15:03:07.123");
	assert_string_equal(fmt__clock(0, at, buf, sizeof(buf)), "");
	assert_string_equal(fmt__clock(INT64_MIN, at, buf, sizeof(buf)), "");
	assert_string_equal(fmt__utc(at, buf, sizeof(buf)), "2026-01-01T14:03:07.123Z");
	assert_string_equal(fmt__utc(-1, buf, sizeof(buf)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_needs_unit),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_format_duration),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_format_count),
		cmocka_unit_test(test_format_widths),
		cmocka_unit_test(test_format_cut),
		cmocka_unit_test(test_format_percent),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_terminal_cut),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_time_of_day),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
