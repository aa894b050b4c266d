// SPDX-License-Identifier: GPL-2.0
#include "diff/figures.h"

#include <math.h>
#include <stdio.h>

#include "base/base.h"

const char *figures__apis(const struct sample *s)
{
	switch (s->series->apis) {
	case API_BIT(API_AIO):
		return ", by io_submit";
	case API_BIT(API_URING):
		return ", by io_uring";
	default:
		return "";
	}
}

char *figures__value(const struct measure *m, double v, char *buf, size_t size)
{
	if (!isfinite(v))
		snprintf(buf, size, "-");
	else if (m->is_time)
		fmt__duration(whole_number(v + 0.5), buf, size);
	else
		snprintf(buf, size, v < 10 ? "%.3f" : v < 10000 ? "%.1f" : "%.3g", v);
	return buf;
}

char *figures__change(double ratio, char *buf, size_t size)
{
	if (isnan(ratio))
		snprintf(buf, size, "-");
	else if (isinf(ratio))
		snprintf(buf, size, "new");
	else if (ratio == 0)
		snprintf(buf, size, "gone");
	else if (ratio >= 10)
		snprintf(buf, size, ratio < 1000 ? "x%.1f" : "x%.1e", ratio);
	else
		snprintf(buf, size, "%+.1f%%", (ratio - 1) * 100);
	return buf;
}

static char *format_bound(double ratio, char *buf, size_t size)
{
	if (isinf(ratio))
		snprintf(buf, size, "any");
	else if (ratio <= 0)
		snprintf(buf, size, "-100%%");
	else
		figures__change(ratio, buf, size);
	return buf;
}

char *figures__interval(const struct compared *c, char *buf, size_t size)
{
	char low[16], high[16];

	if (c->tested)
		snprintf(buf, size, "%s..%s", format_bound(c->low, low, sizeof(low)),
			 format_bound(c->high, high, sizeof(high)));
	else
		snprintf(buf, size, "%s", "");
	return buf;
}

char *figures__p(const struct diff_row *row, char *buf, size_t size)
{
	if (!row->c.tested)
		snprintf(buf, size, "%s", "");
	else if (row->p < 0.001)
		snprintf(buf, size, "<0.001");
	else
		snprintf(buf, size, "%.3f", row->p);
	return buf;
}
