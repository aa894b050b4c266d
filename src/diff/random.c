// SPDX-License-Identifier: GPL-2.0
#include "diff/random.h"

static uint64_t next_of(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

size_t random__below(struct random *r, size_t n)
{
	return (size_t)((unsigned __int128)next_of(r) * n >> 64);
}

double random__unit(struct random *r)
{
	return (double)(next_of(r) >> 11) * 0x1p-53;
}
