/* SPDX-License-Identifier: GPL-2.0 */
/* The two text forms that Prometheus reads: its own, version 0.0.4, and OpenMetrics 1.0. */
#ifndef AIOSTALL_SERVE_EXPO_H
#define AIOSTALL_SERVE_EXPO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum expo_type { EXPO_COUNTER, EXPO_GAUGE, EXPO_HISTOGRAM, EXPO_INFO };

struct expo {
	FILE *out;
	bool openmetrics;
	const char *name; /* of the family whose samples are written */
	enum expo_type type;
	bool has_label; /* of the sample that is written */
	uint64_t samples;
};

/*
 * What follows belongs to this family. name is without _total and _info, which its samples get as
 * their type has it; unit is its last word, NULL = none.
 */
void expo__family(struct expo *x, const char *name, enum expo_type type, const char *unit,
		  const char *help);
/* A sample: begin, labels, one value. suffix is "_bucket", "_sum", "_count" of a histogram, else "". */
void expo__begin(struct expo *x, const char *suffix);
/* Any bytes: control characters and what is not UTF-8 become \xNN. */
void expo__label(struct expo *x, const char *key, const char *value);
void expo__count(struct expo *x, uint64_t v);
void expo__seconds(struct expo *x, uint64_t ns);
/* After the last family. */
void expo__end(struct expo *x);
/* For the Content-Type header. */
const char *expo__content_type(bool openmetrics);
/* Whether a client that says this in its Accept header wants OpenMetrics; "" = it said nothing. */
bool expo__wants_openmetrics(const char *accept);

#endif
