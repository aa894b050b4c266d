// SPDX-License-Identifier: GPL-2.0
#include "model/severity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct severity_limits severity_defaults = {
	.look =
		{
			[MEASURE_STALL] = 10.0 * NSEC_PER_MSEC,
			[MEASURE_SHARE] = 0.01,
			[MEASURE_CTXSW] = 0.1,
			[MEASURE_INSIDE] = 0.1,
		},
	.hurts =
		{
			[MEASURE_STALL] = 100.0 * NSEC_PER_MSEC,
			[MEASURE_SHARE] = 0.1,
			[MEASURE_CTXSW] = 0.5,
			[MEASURE_INSIDE] = INFINITY,
		},
	.max_loss = 0.001,
};

enum unit { UNIT_TIME, UNIT_SHARE, UNIT_NUMBER };

static const struct {
	const char *name;
	enum unit unit;
} measures[MEASURES] = {
	[MEASURE_STALL] = {"stall", UNIT_TIME},
	[MEASURE_SHARE] = {"share", UNIT_SHARE},
	[MEASURE_CTXSW] = {"ctxsw", UNIT_NUMBER},
	[MEASURE_INSIDE] = {"inside", UNIT_SHARE},
};

enum severity severity__of(const struct severity_limits *limits,
			   const struct severity_figures *figures, enum severity_measure *by)
{
	enum severity worst = SEVERITY_OK;

	*by = MEASURES;
	for (int m = 0; m < MEASURES; m++) {
		double value = figures->value[m];
		enum severity s = SEVERITY_OK;

		if (m == MEASURE_CTXSW && figures->sleeps < SEVERITY_MIN_SLEEPS)
			continue;
		if (value > 0 && value >= limits->hurts[m])
			s = SEVERITY_HURTS;
		else if (value > 0 && value >= limits->look[m])
			s = SEVERITY_LOOK;
		if (s > worst) {
			worst = s;
			*by = (enum severity_measure)m;
		}
	}
	return worst;
}

const char *severity__name(enum severity s)
{
	static const char *const names[] = {"ok", "worth a look", "hurts"};

	return (size_t)s < ARRAY_SIZE(names) ? names[s] : "hurts";
}

const char *severity_measure__name(enum severity_measure m)
{
	return m < MEASURES ? measures[m].name : NULL;
}

/* "1%" or "0.01" is a share. */
static bool parse_number(const char *text, bool share, double *v)
{
	char *end;

	if (strspn(text, "0123456789.%") != strlen(text))
		return false;
	*v = strtod(text, &end);
	if (share && *end == '%') {
		*v /= 100;
		end++;
	}
	return end != text && !*end;
}

static bool parse_limit(const char *text, enum unit unit, double *v)
{
	uint64_t ns;

	if (!strcmp(text, "never")) {
		*v = INFINITY;
		return true;
	}
	if (unit != UNIT_TIME)
		return parse_number(text, unit == UNIT_SHARE, v) && *v > 0;
	if (parse__duration(text, 0, &ns) || !ns)
		return false;
	*v = (double)ns;
	return true;
}

bool severity__parse_share(const char *text, double *share)
{
	return parse_number(text, true, share) && *share <= 1;
}

static int find_measure(const char *name, size_t len)
{
	for (int m = 0; m < MEASURES; m++)
		if (strlen(measures[m].name) == len && !strncmp(measures[m].name, name, len))
			return m;
	return -1;
}

/* "stall=10ms:100ms" */
static int parse_one(const char *text, struct severity_limits *limits, struct err *e)
{
	static const char *const like[] = {"stall=10ms:100ms", "share=1%:10%", "ctxsw=0.1:0.5"};
	size_t name = strcspn(text, "="), len;
	int m = text[name] ? find_measure(text, name) : -1;
	char look[32] = "", hurts[32] = "";

	if (m < 0) {
		err__set(e, -EINVAL, "--severity \"%s\": there is no such measure", text);
		err__hint(e, "There are stall, share, ctxsw and inside, as in stall=10ms:100ms.");
		return -EINVAL;
	}
	text += name + 1;
	len = strcspn(text, ":");
	if (text[len] && len < sizeof(look) && strlen(text + len + 1) < sizeof(hurts)) {
		memcpy(look, text, len);
		strncpy(hurts, text + len + 1, sizeof(hurts) - 1);
	}
	if (parse_limit(look, measures[m].unit, &limits->look[m]) &&
	    parse_limit(hurts, measures[m].unit, &limits->hurts[m]) &&
	    limits->look[m] <= limits->hurts[m])
		return 0;
	return err__set(e, -EINVAL,
			"--severity %s=%s: must be two limits, the lower one first, as in %s",
			measures[m].name, text, like[measures[m].unit]);
}

int severity__parse(const char *text, struct severity_limits *limits, struct err *e)
{
	char one[128];

	for (;;) {
		size_t len = strcspn(text, ",");

		if (len >= sizeof(one))
			return err__set(e, -EINVAL, "--severity \"%s\": too long", text);
		memcpy(one, text, len);
		one[len] = '\0';
		if (parse_one(one, limits, e))
			return -EINVAL;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}
