// SPDX-License-Identifier: GPL-2.0
/*
 * diff_power [PAIRS]: how often diff calls two made-up recordings different, as docs/diff.md has it.
 * Of identical workloads that is its error, of a device that is slower its power.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "unit/made_load.h"

/* What the seconds of a recording have in common, and how many there are. */
struct setting {
	const char *name;
	double drift, memory, stalls, cluster;
	size_t seconds;
};

static const struct setting settings[] = {
	{"quiet machine", 0.1, 0.5, 0.3, 1, 10},
	{"quiet machine", 0.1, 0.5, 0.3, 1, 20},
	{"quiet machine", 0.1, 0.5, 0.3, 1, 60},
	{"busy, nothing kept", 0.25, 0, 0.3, 1, 16},
	{"busy machine", 0.25, 0.5, 0.3, 1, 16},
	{"busy machine", 0.25, 0.5, 0.3, 1, 60},
	{"stalls in clusters of 10", 0.1, 0.5, 0.3, 10, 20},
	{"rare stalls", 0.1, 0.5, 0.003, 3, 20},
	{"long swings", 0.1, 0.9, 0.3, 1, 20},
	{"long swings", 0.1, 0.9, 0.3, 1, 60},
};

static const double factors[] = {1, 1.1, 1.25, 1.5, 2};

/* Pairs of which anything was called different, the blocked time, the median sleep. */
struct found {
	int any, blocked, median;
};

static bool count_pair(const struct load *a, const struct load *b, size_t seconds, uint64_t seed,
		       struct found *f)
{
	struct sample *old = made_load(a, seconds, seed), *new = made_load(b, seconds, seed + 1);
	struct diff *d = old && new ? diff__new(old, new, DIFF_MARGIN, false) : NULL;
	bool ok = d && diff__judge(&d, 1, DIFF_SIGNIFICANCE) == 0;

	if (ok) {
		f->any += d->nr_different > 0;
		f->blocked += row_of(d, "", "blocked_per_1k")->different;
		f->median += row_of(d, "", "sleep_p50")->different;
	}
	diff__free(d);
	sample__free(old);
	sample__free(new);
	return ok;
}

static bool count_pairs(const struct setting *of, double factor, int pairs, struct found *f)
{
	struct load a = usual, b;

	a.drift = of->drift;
	a.memory = of->memory;
	a.stalls = of->stalls;
	a.cluster = of->cluster;
	b = a;
	b.sleep_ns *= factor;
	for (int i = 0; i < pairs; i++)
		if (!count_pair(&a, &b, of->seconds, 2 * (uint64_t)i + 1, f))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	int pairs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100;

	if (argc > 2 || pairs < 1) {
		fputs("usage: diff_power [PAIRS]\n", stderr);
		return 2;
	}
	printf("| recordings | seconds | identical |");
	for (size_t k = 1; k < ARRAY_SIZE(factors); k++)
		printf(" %g times |", factors[k]);
	printf("\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		printf("| %s | %zu |", settings[i].name, settings[i].seconds);
		for (size_t k = 0; k < ARRAY_SIZE(factors); k++) {
			struct found f = {0};

			if (!count_pairs(&settings[i], factors[k], pairs, &f))
				return 1;
			if (!k)
				printf(" %.1f %% |", 100.0 * f.any / pairs);
			else
				printf(" %.0f, %.0f %% |", 100.0 * f.blocked / pairs,
				       100.0 * f.median / pairs);
			fflush(stdout);
		}
		printf("\n");
	}
	return 0;
}
