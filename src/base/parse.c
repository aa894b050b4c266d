// SPDX-License-Identifier: GPL-2.0
#include "base/base.h"

#include <errno.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{"ns", 1},
	{"us", NSEC_PER_USEC},
	{"ms", NSEC_PER_MSEC},
	{"s", NSEC_PER_SEC},
	{"m", 60 * NSEC_PER_SEC},
	{"h", 3600 * NSEC_PER_SEC},
	{"d", 24 * 3600 * NSEC_PER_SEC},
};

static const struct unit sizes[] = {
	{"k", 1ULL << 10}, {"K", 1ULL << 10}, {"M", 1ULL << 20},
	{"G", 1ULL << 30}, {"T", 1ULL << 40},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Leading decimal digits; *end is what follows them. */
static int digits(const char *s, const char **end, uint64_t *v)
{
	uint64_t n = 0;
	int rc = 0;

	if (!is_digit(*s))
		return -EINVAL;
	for (; is_digit(*s); s++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			rc = -ERANGE;
	}
	*end = s;
	*v = n;
	return rc;
}

/* What ".25" of a factor is; digits finer than the result can hold count as nothing. */
static int fraction(const char *s, const char **end, uint64_t factor, uint64_t *v)
{
	uint64_t part = 0, scale = 1;

	if (!is_digit(*s))
		return -EINVAL;
	for (; is_digit(*s); s++) {
		if (scale >= 1000000)
			continue;
		scale *= 10;
		part = part * 10 + (uint64_t)(*s - '0');
	}
	*end = s;
	*v = factor / scale * part + factor % scale * part / scale;
	return 0;
}

static const struct unit *unit__find(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	}
	return NULL;
}

/*
 * A number, perhaps with a fraction (".5" is "0.5"), and a unit; without one bare counts (0: only "0"
 * may be).
 */
static int number_with_unit(const char *s, const struct unit *units, size_t n, uint64_t bare,
			    uint64_t *out)
{
	const char *point = s, *end;
	uint64_t whole = 0, part = 0, factor = bare, v;
	int rc = *s == '.' ? 0 : digits(s, &point, &whole);

	if (rc == -EINVAL)
		return rc;
	end = point;
	if (*point == '.') {
		end = point + 1;
		while (is_digit(*end))
			end++;
	}
	if (*end) {
		const struct unit *u = unit__find(units, n, end);

		if (!u)
			return -EINVAL;
		factor = u->factor;
	} else if (!bare && (whole || *point)) {
		return -EINVAL;
	}
	if (*point == '.' && fraction(point + 1, &end, factor, &part))
		return -EINVAL;
	if (rc || __builtin_mul_overflow(whole, factor, &v) || __builtin_add_overflow(v, part, &v))
		return -ERANGE;
	*out = v;
	return 0;
}

int parse__duration(const char *s, uint64_t default_unit_ns, uint64_t *ns)
{
	return number_with_unit(s, durations, ARRAY_SIZE(durations), default_unit_ns, ns);
}

int parse__size(const char *s, uint64_t *bytes)
{
	return number_with_unit(s, sizes, ARRAY_SIZE(sizes), 1, bytes);
}

int parse__u64(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	const char *end;
	uint64_t n;
	int rc = digits(s, &end, &n);

	if (rc == -EINVAL || *end)
		return -EINVAL;
	if (rc || n < min || n > max)
		return -ERANGE;
	*v = n;
	return 0;
}
