// SPDX-License-Identifier: GPL-2.0
#include "diff/sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cause/frame.h"

struct sample *sample__new(const char *name, uint64_t slices, unsigned int apis)
{
	struct sample *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->name = strdup(name);
	s->series = series__new(slices, apis);
	if (s->name && s->series)
		return s;
	sample__free(s);
	return NULL;
}

static void stack__free(struct sample_stack *st)
{
	if (!st)
		return;
	for (uint32_t i = 0; st->frames && i < st->depth; i++)
		free(st->frames[i]);
	free(st->frames);
	free(st->cause);
	free(st);
}

void sample__free(struct sample *s)
{
	if (!s)
		return;
	series__free(s->series);
	for (size_t i = 0; i < s->nr_stacks; i++)
		stack__free(s->stacks[i]);
	for (size_t i = 0; i < s->nr_facts; i++) {
		free(s->facts[i].what);
		free(s->facts[i].of);
		free(s->facts[i].value);
	}
	free(s->name);
	free(s);
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static struct sample_stack *stack__new(const char *cause, const char *const *frames, uint32_t depth)
{
	struct sample_stack *st = calloc(1, sizeof(*st));
	bool ok = st != NULL;

	if (!ok)
		return NULL;
	ok &= (st->cause = strdup(cause)) != NULL;
	ok &= (st->frames = calloc(depth ? depth : 1, sizeof(char *))) != NULL;
	st->depth = ok ? depth : 0;
	for (uint32_t i = 0; ok && i < depth; i++) {
		struct name n = frame__name(text(frames[i]));

		ok &= (st->frames[i] = strndup(n.s, n.len)) != NULL;
	}
	if (ok)
		return st;
	stack__free(st);
	return NULL;
}

void sample__add_stack(struct sample *s, const char *cause, const char *const *frames,
		       uint32_t depth, const struct sleep_sum *sum)
{
	struct sample_stack *st;

	if (s->nr_stacks == SAMPLE_STACKS_MAX) {
		s->left_out = true;
		return;
	}
	st = stack__new(cause, frames, depth);
	if (!st) {
		s->err = -ENOMEM;
		return;
	}
	st->sum = *sum;
	s->stacks[s->nr_stacks++] = st;
}

void sample__add_fact(struct sample *s, const char *what, const char *of, const char *value)
{
	struct fact f = {strdup(what), strdup(text(of)), strdup(text(value))};

	if (s->nr_facts < SAMPLE_FACTS_MAX && f.what && f.of && f.value) {
		s->facts[s->nr_facts++] = f;
		return;
	}
	if (s->nr_facts < SAMPLE_FACTS_MAX)
		s->err = -ENOMEM;
	s->left_out = true;
	free(f.what);
	free(f.of);
	free(f.value);
}
