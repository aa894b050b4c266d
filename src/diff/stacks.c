// SPDX-License-Identifier: GPL-2.0
#include "diff/stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static double share_in_cause(const struct sample *s, const struct sample_stack *st)
{
	double sum = 0;

	for (size_t i = 0; i < s->nr_stacks; i++)
		if (!strcmp(s->stacks[i]->cause, st->cause))
			sum += (double)s->stacks[i]->sum.blocked_ns;
	return sum > 0 ? (double)st->sum.blocked_ns / sum : 0;
}

static bool same_stack(const struct sample_stack *a, const struct sample_stack *b)
{
	if (a->depth != b->depth || strcmp(a->cause, b->cause))
		return false;
	for (uint32_t i = 0; i < a->depth; i++)
		if (strcmp(a->frames[i], b->frames[i]))
			return false;
	return true;
}

static const struct sample_stack *find_stack(const struct sample *s,
					     const struct sample_stack *like)
{
	for (size_t i = 0; i < s->nr_stacks; i++)
		if (same_stack(s->stacks[i], like))
			return s->stacks[i];
	return NULL;
}

static void add_stack(struct diff *d, const struct sample_stack *old,
		      const struct sample_stack *new)
{
	struct diff_stack st = {
		.cause = old ? old->cause : new->cause,
		.old = old,
		.new = new,
		.old_share = old ? share_in_cause(d->old, old) : 0,
		.new_share = new ? share_in_cause(d->new, new) : 0,
	};

	if (st.old_share >= STACKS_MIN_SHARE || st.new_share >= STACKS_MIN_SHARE)
		d->stacks[d->nr_stacks++] = st;
}

static double larger_share(const struct diff_stack *st)
{
	return st->old_share > st->new_share ? st->old_share : st->new_share;
}

static int in_order(const void *a, const void *b)
{
	const struct diff_stack *x = a, *y = b;
	bool x_both = x->old && x->new, y_both = y->old && y->new;
	int c = strcmp(x->cause, y->cause);

	if (c)
		return c;
	if (x_both != y_both)
		return x_both - y_both;
	if (!x->old != !y->old)
		return !x->old - !y->old;
	return (larger_share(x) < larger_share(y)) - (larger_share(x) > larger_share(y));
}

int stacks__compare(struct diff *d)
{
	size_t most = d->old->nr_stacks + d->new->nr_stacks;

	d->stacks = calloc(most ? most : 1, sizeof(*d->stacks));
	if (!d->stacks)
		return -ENOMEM;
	for (size_t i = 0; i < d->old->nr_stacks; i++)
		add_stack(d, d->old->stacks[i], find_stack(d->new, d->old->stacks[i]));
	for (size_t i = 0; i < d->new->nr_stacks; i++)
		if (!find_stack(d->old, d->new->stacks[i]))
			add_stack(d, NULL, d->new->stacks[i]);
	qsort(d->stacks, d->nr_stacks, sizeof(*d->stacks), in_order);
	return 0;
}
