// SPDX-License-Identifier: GPL-2.0
#include "serve/expo.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static const char *const type_names[] = {"counter", "gauge", "histogram", "info"};

/* What a name has at its end: in OpenMetrics samples have it, in the older form families, too. */
static const char *ending(enum expo_type type)
{
	return type == EXPO_COUNTER ? "_total" : type == EXPO_INFO ? "_info" : "";
}

void expo__family(struct expo *x, const char *name, enum expo_type type, const char *unit,
		  const char *help)
{
	const char *end = x->openmetrics ? "" : ending(type);
	/* the older form knows no type of its own for facts */
	const char *word = type == EXPO_INFO && !x->openmetrics ? "gauge" : type_names[type];

	x->name = name;
	x->type = type;
	fprintf(x->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end, help, name, end, word);
	if (x->openmetrics && unit)
		fprintf(x->out, "# UNIT %s %s\n", name, unit);
}

void expo__begin(struct expo *x, const char *suffix)
{
	fprintf(x->out, "%s%s", x->name, *suffix ? suffix : ending(x->type));
	x->has_label = false;
	x->samples++;
}

void expo__label(struct expo *x, const char *key, const char *value)
{
	size_t size = 4 * strlen(value) + 1;
	char *clean = malloc(size);

	fprintf(x->out, "%s%s=\"", x->has_label ? "," : "{", key);
	x->has_label = true;
	/* people read it with curl, on a terminal */
	if (clean)
		esc__terminal(value, clean, size);
	for (const char *s = clean ? clean : ""; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(x->out, "\\%c", *s);
		else
			putc(*s, x->out);
	}
	putc('"', x->out);
	free(clean);
}

static void end_labels(struct expo *x)
{
	fputs(x->has_label ? "} " : " ", x->out);
}

void expo__count(struct expo *x, uint64_t v)
{
	end_labels(x);
	fprintf(x->out, "%llu\n", (unsigned long long)v);
}

void expo__seconds(struct expo *x, uint64_t ns)
{
	end_labels(x);
	fprintf(x->out, "%llu.%09llu\n", (unsigned long long)(ns / NSEC_PER_SEC),
		(unsigned long long)(ns % NSEC_PER_SEC));
}

void expo__end(struct expo *x)
{
	if (x->openmetrics)
		fputs("# EOF\n", x->out);
}

const char *expo__content_type(bool openmetrics)
{
	return openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			   : "text/plain; version=0.0.4; charset=utf-8";
}

/*
 * Prometheus lists all it can read with weights, OpenMetrics first; others that name it
 * without a version, or only a newer one, get what everybody reads.
 */
bool expo__wants_openmetrics(const char *accept)
{
	const char *at = strstr(accept, "application/openmetrics-text");

	while (at) {
		size_t len = strcspn(at, ",");
		const char *version = strstr(at, "version=");
		const char *weight = strstr(at, "q=0");
		bool refused = weight && weight < at + len && strcspn(weight, ",;") == 3;

		if (!refused &&
		    (!version || version > at + len || !strncmp(version, "version=1.0.0", 13) ||
		     !strncmp(version, "version=0.0.1", 13)))
			return true;
		at = strstr(at + len, "application/openmetrics-text");
	}
	return false;
}
