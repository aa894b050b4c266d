// SPDX-License-Identifier: GPL-2.0
#include "model/loss.h"

#include <stdio.h>

#include "base/base.h"

static const struct loss_kind kinds[] = {
#define LOSS(name, since, kind, words) {#name, words, offsetof(struct loss, name), LOSS_##kind},
#include "model/loss.def"
#undef LOSS
};

const struct loss_kind *loss__kind(size_t i)
{
	return i < ARRAY_SIZE(kinds) ? &kinds[i] : NULL;
}

uint64_t loss__value(const struct loss *l, const struct loss_kind *kind)
{
	return *(const uint64_t *)((const char *)l + kind->offset);
}

bool loss__any(const struct loss *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].weight == LOSS_INCOMPLETE && loss__value(l, &kinds[i]))
			return true;
	return false;
}

/* What a figure is a part of; where nobody watched the calls, of the sleeps. */
static uint64_t whole_of(const struct loss_kind *kind, const struct counters *totals)
{
	static const size_t of_calls[] = {offsetof(struct loss, unmatched),
					  offsetof(struct loss, skipped),
					  offsetof(struct loss, misjudged)};

	for (size_t i = 0; totals->submits && i < ARRAY_SIZE(of_calls); i++)
		if (kind->offset == of_calls[i])
			return totals->submits;
	if (totals->requests && kind->offset == offsetof(struct loss, unattributed))
		return totals->requests;
	return totals->sleeps;
}

double loss__share(const struct loss *l, const struct counters *totals)
{
	double most = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		double n = (double)loss__value(l, &kinds[i]);
		double whole = (double)whole_of(&kinds[i], totals);

		if (kinds[i].weight != LOSS_INCOMPLETE || n <= most * whole)
			continue;
		most = n < whole ? n / whole : 1;
	}
	return most;
}

const char *loss__words(const struct loss *l, enum loss_weight weight, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && used < size; i++) {
		uint64_t n = loss__value(l, &kinds[i]);
		char one[256];

		if (kinds[i].weight == weight && n)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 fmt__many(n, kinds[i].words, one, sizeof(one)));
	}
	return buf;
}
