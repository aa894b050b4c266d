// SPDX-License-Identifier: GPL-2.0
#include "model/loss.h"

#include <stdio.h>

#include "base/base.h"

static const struct loss_kind kinds[] = {
#define LOSS(name, kind, words) {#name, words, offsetof(struct loss, name), LOSS_##kind},
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

const char *loss__words(const struct loss *l, enum loss_weight weight, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && used < size; i++) {
		uint64_t n = loss__value(l, &kinds[i]);

		if (kinds[i].weight == weight && n)
			used += (size_t)snprintf(buf + used, size - used, "%s%llu %s",
						 used ? ", " : "", (unsigned long long)n,
						 kinds[i].words);
	}
	return buf;
}
