// SPDX-License-Identifier: GPL-2.0
#include "base/base.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

typedef unsigned long long ull;

char *fmt__many(uint64_t n, const char *words, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%llu ", (ull)n);

	while (*words && used < size) {
		size_t plain = strcspn(words, "{"), one = strcspn(words + plain, "|"),
		       both = strcspn(words + plain, "}");
		const char *choice = words + plain + (n == 1 ? 1 : one + 1);
		int len = words[plain] ? (int)(n == 1 ? one - 1 : both - one - 1) : 0;

		used += (size_t)snprintf(buf + used, size - used, "%.*s%.*s", (int)plain, words,
					 len, len ? choice : "");
		words += plain + (words[plain] ? both + 1 : 0);
	}
	return buf;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_yday == b->tm_yday;
}

/* Seconds since 1970 in parts, and the milliseconds beyond them; false = not known. */
static bool parts_of(int64_t unix_ns, struct tm *(*zone)(const time_t *, struct tm *),
		     struct tm *tm, int *ms)
{
	time_t secs = (time_t)(unix_ns / (int64_t)NSEC_PER_SEC);

	*ms = (int)(unix_ns % (int64_t)NSEC_PER_SEC / (int64_t)NSEC_PER_MSEC);
	return unix_ns > 0 && zone(&secs, tm);
}

char *fmt__clock(int64_t unix_ns, int64_t beside, char *buf, size_t size)
{
	char text[64] = "";
	struct tm tm, other;
	int ms, other_ms;

	buf[0] = '\0';
	if (!parts_of(unix_ns, localtime_r, &tm, &ms))
		return buf;
	if (!parts_of(beside, localtime_r, &other, &other_ms) || !same_day(&tm, &other))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	else
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03d", text, ms);
	return buf;
}

char *fmt__utc(int64_t unix_ns, char *buf, size_t size)
{
	char text[64] = "";
	struct tm tm;
	int ms;

	buf[0] = '\0';
	if (!parts_of(unix_ns, gmtime_r, &tm, &ms))
		return buf;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03dZ", text, ms);
	return buf;
}

/* Three digits of v / unit, zeros after the point removed: "5.3", "12", "1.25". */
static void three_digits(uint64_t v, uint64_t unit, const char *name, char *buf, size_t size)
{
	double x = (double)v / (double)unit;
	int decimals = x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
	char digits[32];

	snprintf(digits, sizeof(digits), "%.*f", decimals, x);
	if (strchr(digits, '.')) {
		size_t len = strlen(digits);

		while (digits[len - 1] == '0')
			digits[--len] = '\0';
		if (digits[len - 1] == '.')
			digits[len - 1] = '\0';
	}
	snprintf(buf, size, "%s%s", digits, name);
}

/* Seconds beyond a minute, in two units. */
static void long_duration(uint64_t s, char *buf, size_t size)
{
	if (s < 3600)
		snprintf(buf, size, "%llum%02llus", (ull)(s / 60), (ull)(s % 60));
	else if (s < 100 * 3600)
		snprintf(buf, size, "%lluh%02llum", (ull)(s / 3600), (ull)(s % 3600 / 60));
	else
		snprintf(buf, size, "%llud", (ull)(s / 86400));
}

char *fmt__duration(uint64_t ns, char *buf, size_t size)
{
	/* Each limit is where rounding would give 1000 of the unit. */
	static const struct {
		uint64_t limit, unit;
		const char *name;
	} rows[] = {
		{1000, 1, "ns"},
		{999500, NSEC_PER_USEC, "us"},
		{999500000, NSEC_PER_MSEC, "ms"},
		{59950 * NSEC_PER_MSEC, NSEC_PER_SEC, "s"},
	};

	if (!ns) {
		snprintf(buf, size, "0");
		return buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (ns < rows[i].limit) {
			three_digits(ns, rows[i].unit, rows[i].name, buf, size);
			return buf;
		}
	}
	/* 59.95 s and more are a minute, as rounded above. */
	long_duration(ns < 60 * NSEC_PER_SEC ? 60 : ns / NSEC_PER_SEC, buf, size);
	return buf;
}

/* v in the largest unit that leaves at least 1: "4.0k", "12.3M", "123G"; plain below the first. */
static char *scaled(uint64_t v, double base, const char *const *units, size_t n, uint64_t plain,
		    char *buf, size_t size)
{
	double x = (double)v;
	size_t i = 0;

	if (v < plain) {
		snprintf(buf, size, "%llu", (ull)v);
		return buf;
	}
	x /= base;
	/* 999.5 would be printed as 1000 of the unit */
	while (x >= base - 0.5 && i + 1 < n) {
		x /= base;
		i++;
	}
	snprintf(buf, size, "%.*f%s", x < 99.95 ? 1 : 0, x, units[i]);
	return buf;
}

char *fmt__size(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"k", "M", "G", "T", "P", "E"};

	return scaled(bytes, 1024, units, ARRAY_SIZE(units), 1024, buf, size);
}

char *fmt__count(uint64_t n, char *buf, size_t size)
{
	static const char *const units[] = {"k", "M", "G", "T", "P", "E"};

	return scaled(n, 1000, units, ARRAY_SIZE(units), 10000, buf, size);
}

char *fmt__exact(uint64_t n, char *buf, size_t size)
{
	char digits[24], out[32];
	int len = snprintf(digits, sizeof(digits), "%llu", (ull)n), used = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	snprintf(buf, size, "%.*s", used, out);
	return buf;
}

char *fmt__percent(double share, char *buf, size_t size)
{
	/* NaN, of 0 / 0, is nothing too */
	if (!(share > 0))
		snprintf(buf, size, "0%%");
	else if (share >= 1)
		snprintf(buf, size, "100%%");
	else if (share < 0.001)
		snprintf(buf, size, "<0.1%%");
	else if (share > 0.999)
		snprintf(buf, size, ">99.9%%");
	else
		snprintf(buf, size, "%.1f%%", 100 * share);
	return buf;
}
