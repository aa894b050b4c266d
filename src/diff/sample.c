// SPDX-License-Identifier: GPL-2.0
#include "diff/sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cause/frame.h"

#define DEPTH_MAX 128

static const struct fs_info whole = {.fstype = "", .mount = "", .device_name = ""};

struct sample *sample__new(const char *name, uint64_t slices)
{
	struct sample *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->name = strdup(name);
	s->merged = slices / SAMPLE_SLICES_MAX + (slices % SAMPLE_SLICES_MAX != 0);
	s->merged = s->merged ? s->merged : 1;
	s->nr_slices = (size_t)(slices / s->merged);
	s->nr_slices = s->nr_slices ? s->nr_slices : 1;
	if (!s->name || !sample__scope(s, NULL, "")) {
		sample__free(s);
		return NULL;
	}
	return s;
}

static void scope__free(struct scope *sc)
{
	if (!sc)
		return;
	for (size_t i = 0; i < SLICE_COLUMNS; i++)
		free(sc->column[i]);
	free(sc->sleep_hist);
	free(sc->fstype);
	free(sc->mount);
	free(sc->device);
	free(sc->options);
	free(sc->cause);
	free(sc);
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
	for (size_t i = 0; i < s->nr_scopes; i++)
		scope__free(s->scopes[i]);
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

size_t sample__slice(const struct sample *s, uint64_t i)
{
	return i / s->merged < s->nr_slices ? (size_t)(i / s->merged) : s->nr_slices - 1;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static struct scope *scope__new(const struct sample *s, const struct fs_info *fs, const char *cause)
{
	struct scope *sc = calloc(1, sizeof(*sc));
	bool ok = sc != NULL;

	if (!ok)
		return NULL;
	for (size_t i = 0; i < SLICE_COLUMNS; i++)
		ok &= (sc->column[i] = calloc(s->nr_slices, sizeof(double))) != NULL;
	ok &= (sc->sleep_hist = calloc(s->nr_slices, HIST_BUCKETS * sizeof(uint32_t))) != NULL;
	ok &= (sc->fstype = strdup(text(fs->fstype))) != NULL;
	ok &= (sc->mount = strdup(text(fs->mount))) != NULL;
	ok &= (sc->device = strdup(text(fs->device_name))) != NULL;
	ok &= (sc->options = strdup(text(fs->mount_options))) != NULL;
	ok &= (sc->cause = strdup(cause)) != NULL;
	if (ok)
		return sc;
	scope__free(sc);
	return NULL;
}

static bool scope__is(const struct scope *sc, const struct fs_info *fs, const char *cause)
{
	return !strcmp(sc->cause, cause) && !strcmp(sc->fstype, text(fs->fstype)) &&
	       !strcmp(sc->mount, text(fs->mount)) && !strcmp(sc->device, text(fs->device_name));
}

struct scope *sample__scope(struct sample *s, const struct fs_info *fs, const char *cause)
{
	struct scope *sc;

	if (!fs)
		fs = &whole;
	for (size_t i = 0; i < s->nr_scopes; i++)
		if (scope__is(s->scopes[i], fs, cause))
			return s->scopes[i];
	if (s->nr_scopes == SAMPLE_SCOPES_MAX) {
		s->left_out = true;
		return NULL;
	}
	sc = scope__new(s, fs, cause);
	if (!sc)
		s->err = -ENOMEM;
	else
		s->scopes[s->nr_scopes++] = sc;
	return sc;
}

void scope__add(struct scope *sc, size_t slice, enum slice_column column, double amount)
{
	sc->column[column][slice] += amount;
	sc->sum[column] += amount;
}

void scope__add_hist(struct scope *sc, size_t slice, const struct hist *h)
{
	uint32_t *row = sc->sleep_hist + slice * HIST_BUCKETS;

	for (size_t b = 0; b < HIST_BUCKETS; b++) {
		uint64_t sum = row[b] + (h->n[b] < UINT32_MAX ? h->n[b] : UINT32_MAX);

		row[b] = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
	}
}

static bool stack__is(const struct sample_stack *st, const char *cause, const char *const *frames,
		      uint32_t depth)
{
	if (st->depth != depth || strcmp(st->cause, cause))
		return false;
	for (uint32_t i = 0; i < depth; i++) {
		struct name n = frame__name(text(frames[i]));

		if (strlen(st->frames[i]) != n.len || memcmp(st->frames[i], n.s, n.len))
			return false;
	}
	return true;
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
		       uint32_t depth, double sleeps, double blocked_ns)
{
	struct sample_stack *st = NULL;

	depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	for (size_t i = 0; !st && i < s->nr_stacks; i++)
		if (stack__is(s->stacks[i], cause, frames, depth))
			st = s->stacks[i];
	if (!st && s->nr_stacks == SAMPLE_STACKS_MAX) {
		s->left_out = true;
		return;
	}
	if (!st) {
		st = stack__new(cause, frames, depth);
		if (!st) {
			s->err = -ENOMEM;
			return;
		}
		s->stacks[s->nr_stacks++] = st;
	}
	st->sleeps += sleeps;
	st->blocked_ns += blocked_ns;
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
