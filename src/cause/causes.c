// SPDX-License-Identifier: GPL-2.0
#include "cause/causes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause/frame.h"
#include "cause/ruleset.h"

/* BPF keeps at most 127 frames; a pasted stack may be longer, its outermost frames tell nothing. */
#define STACK_MAX 256

struct causes {
	struct ruleset rules;
	const struct cause *unknown;
};

/* A stack ready to match: bare names, innermost first, without the tracer and the scheduler. */
struct stack {
	struct name names[STACK_MAX];
	bool primitive[STACK_MAX];
	size_t at[STACK_MAX]; /* which of the frames as given */
	size_t depth;
	size_t locker; /* who takes the lock that is waited for; depth where it is no lock */
};

static bool in_range(const struct ruleset *rs, struct range r, struct name n)
{
	for (uint32_t i = 0; i < r.count; i++) {
		const struct glob *g = &rs->globs[r.first + i];

		if (glob__match(g->text, g->len, n))
			return true;
	}
	return false;
}

static bool name_is(struct name n, const char *s)
{
	return n.len == strlen(s) && !memcmp(n.s, s, n.len);
}

/* What lies inward of the switch is the scheduler's and the tracer's own business. */
static size_t innermost_frame(const char *const *frames, size_t depth)
{
	size_t first = 0;

	for (size_t i = 0; i < depth; i++)
		if (frames[i] && name_is(frame__name(frames[i]), "__schedule"))
			first = i + 1;
	return first;
}

/* Of the primitives that are innermost one is a lock's: what is outward of them takes it. */
static size_t find_locker(const struct stack *st, const struct ruleset *rs)
{
	bool lock = false;
	size_t i;

	for (i = 0; i < st->depth && st->primitive[i]; i++)
		lock |= in_range(rs, rs->locks, st->names[i]);
	return lock ? i : st->depth;
}

static void stack__init(struct stack *st, const struct ruleset *rs, const char *const *frames,
			size_t depth)
{
	if (depth > STACK_MAX)
		depth = STACK_MAX;
	st->depth = 0;
	for (size_t i = innermost_frame(frames, depth); i < depth; i++) {
		struct name n = frame__name(frames[i] ? frames[i] : "");

		if (!n.len || in_range(rs, rs->tracer, n))
			continue;
		st->primitive[st->depth] = in_range(rs, rs->primitives, n);
		st->at[st->depth] = i;
		st->names[st->depth++] = n;
		if (in_range(rs, rs->entry, n))
			break;
	}
	st->locker = find_locker(st, rs);
}

/*
 * Frames where the steps so far can end, moved outward by one step. A tight
 * step reaches only over wait primitives, the first one not beyond limit. Returns whether any
 * frame is left.
 */
static bool advance(const struct ruleset *rs, const struct step *step, const struct stack *st,
		    bool first, size_t limit, const bool *from, bool *to)
{
	bool reach = first, any = false;

	for (size_t i = 0; i < st->depth; i++) {
		to[i] = reach && (!first || i <= limit) && in_range(rs, step->globs, st->names[i]);
		any |= to[i];
		if (step->tight)
			reach = (reach && st->primitive[i]) || (!first && from[i]);
		else
			reach = reach || (!first && from[i]);
	}
	return any;
}

/* *first: the innermost frame that its first step is true of. */
static bool chain__matches(const struct ruleset *rs, const struct chain *chain,
			   const struct stack *st, size_t *first)
{
	size_t limit = chain->past_locks ? st->depth : st->locker;
	bool ends[2][STACK_MAX];

	for (uint32_t i = 0; i < chain->nr_steps; i++) {
		if (!advance(rs, &chain->steps[i], st, i == 0, limit, ends[i % 2],
			     ends[(i + 1) % 2]))
			return false;
		if (!i)
			*first = (size_t)((bool *)memchr(ends[1], true, st->depth) - ends[1]);
	}
	return true;
}

/* *first: of all its matches the innermost frame. */
static bool rule__matches_at(const struct ruleset *rs, const struct rule *rule,
			     const struct stack *st, size_t *first)
{
	bool any = false;
	size_t at;

	for (uint32_t i = 0; i < rule->chains.count; i++) {
		if (!chain__matches(rs, &rs->chains[rule->chains.first + i], st, &at))
			continue;
		*first = any && *first < at ? *first : at;
		any = true;
	}
	return any;
}

static bool rule__matches(const struct ruleset *rs, const struct rule *rule, const struct stack *st)
{
	size_t at;

	for (uint32_t i = 0; i < rule->chains.count; i++)
		if (chain__matches(rs, &rs->chains[rule->chains.first + i], st, &at))
			return true;
	return false;
}

struct causes *causes__new(const char *rules_file, char *err, size_t err_size)
{
	struct causes *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	if (ruleset__read(&c->rules, rules_file, err, err_size)) {
		causes__free(c);
		return NULL;
	}
	c->unknown = causes__find(c, CAUSE_UNKNOWN);
	if (!c->unknown) {
		snprintf(err, err_size, "built-in rules: no cause with the id " CAUSE_UNKNOWN);
		causes__free(c);
		return NULL;
	}
	return c;
}

void causes__free(struct causes *c)
{
	if (!c)
		return;
	ruleset__release(&c->rules);
	free(c);
}

const struct cause *causes__match(const struct causes *c, const char *const *frames, size_t depth)
{
	struct stack st;

	stack__init(&st, &c->rules, frames, depth);
	for (size_t i = 0; i < c->rules.causes.nr; i++)
		if (rule__matches(&c->rules, &c->rules.causes.v[i], &st))
			return &c->rules.causes.v[i].cause;
	return c->unknown;
}

/* Is it a name of any rule, or of what may stand inward of one? */
static bool is_known(const struct ruleset *rs, struct name n)
{
	if (in_range(rs, rs->between, n))
		return true;
	for (size_t i = 0; i < rs->causes.nr; i++) {
		struct range chains = rs->causes.v[i].chains;

		for (uint32_t k = 0; k < chains.count; k++) {
			const struct chain *chain = &rs->chains[chains.first + k];

			for (uint32_t s = 0; s < chain->nr_steps; s++)
				if (in_range(rs, chain->steps[s].globs, n))
					return true;
		}
	}
	return false;
}

const char *causes__doubt(const struct causes *c, const char *id, const char *const *frames,
			  size_t depth)
{
	const struct ruleset *rs = &c->rules;
	struct stack st;
	size_t at;

	stack__init(&st, rs, frames, depth);
	for (size_t i = 0; i < rs->causes.nr; i++) {
		if (strcmp(rs->causes.v[i].cause.id, id) != 0 ||
		    !rule__matches_at(rs, &rs->causes.v[i], &st, &at))
			continue;
		for (size_t k = 0; k < at; k++)
			if (!st.primitive[k] && !is_known(rs, st.names[k]))
				return frames[st.at[k]];
		break;
	}
	return NULL;
}

char *causes__say_doubt(const char *name, bool advice, char *buf, size_t buf_size)
{
	snprintf(buf, buf_size,
		 "No rule knows %.200s, which stands inward of what the cause is told from: it may "
		 "wait for something else. Look there first%s.",
		 name, advice ? "; advice is left out" : "");
	return buf;
}

/* Append to a string of *len in buf; what does not fit whole is left out. False then. */
static bool append(char *buf, size_t size, size_t *len, const char *separator, struct name n)
{
	size_t gap = *len ? strlen(separator) : 0;

	if (*len + gap + n.len >= size)
		return false;
	memcpy(buf + *len, separator, gap);
	memcpy(buf + *len + gap, n.s, n.len);
	*len += gap + n.len;
	buf[*len] = '\0';
	return true;
}

char *causes__telling(const struct causes *c, const char *const *frames, size_t depth, size_t max,
		      char *buf, size_t buf_size)
{
	struct stack st;
	size_t len = 0, nr = 0;

	if (!buf_size)
		return buf;
	buf[0] = '\0';
	stack__init(&st, &c->rules, frames, depth);
	for (size_t i = 0; i < st.depth && nr < max; i++) {
		if (st.primitive[i])
			continue;
		if (!append(buf, buf_size, &len, " < ", st.names[i]))
			break;
		nr++;
	}
	/* Nothing but primitives: the innermost of them is better than nothing. */
	if (!nr && st.depth && max)
		append(buf, buf_size, &len, "", st.names[0]);
	return buf;
}

char *causes__via(const struct causes *c, const char *const *frames, size_t depth, char *buf,
		  size_t buf_size)
{
	const struct ruleset *rs = &c->rules;
	struct stack st;
	size_t len = 0;

	if (!buf_size)
		return buf;
	buf[0] = '\0';
	stack__init(&st, rs, frames, depth);
	for (size_t i = 0; i < rs->tags.nr; i++) {
		const char *tag = rs->tags.v[i].cause.id;

		if (rule__matches(rs, &rs->tags.v[i], &st))
			append(buf, buf_size, &len, ",", (struct name){tag, strlen(tag)});
	}
	return buf;
}

const char *causes__where(const struct causes *c, const char *const *frames, size_t depth)
{
	struct stack st;

	stack__init(&st, &c->rules, frames, depth);
	for (size_t i = 0; i < c->rules.places.nr; i++)
		if (rule__matches(&c->rules, &c->rules.places.v[i], &st))
			return c->rules.places.v[i].cause.id;
	return NULL;
}

size_t causes__waiter(const struct causes *c, const char *const *frames, size_t depth)
{
	for (size_t i = innermost_frame(frames, depth); i < depth; i++) {
		struct name n = frame__name(frames[i] ? frames[i] : "");

		if (n.len && !in_range(&c->rules, c->rules.tracer, n) &&
		    !in_range(&c->rules, c->rules.primitives, n))
			return i;
	}
	return depth;
}

const struct program *causes__program(const struct causes *c, const char *comm, const char *id,
				      size_t *at)
{
	return programs__next(&c->rules.programs, comm, id, at);
}

bool causes__entered(const struct causes *c, const char *const *frames, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		if (frames[i] && in_range(&c->rules, c->rules.entry, frame__name(frames[i])))
			return true;
	return false;
}

const char *causes__role(const struct causes *c, const char *const *frames, size_t depth)
{
	struct stack st;

	stack__init(&st, &c->rules, frames, depth);
	for (size_t i = 0; i < c->rules.roles.nr; i++)
		if (rule__matches(&c->rules, &c->rules.roles.v[i], &st))
			return c->rules.roles.v[i].cause.id;
	return NULL;
}

const struct moot *causes__moot(const struct causes *c, size_t i)
{
	return i < c->rules.moots.nr ? &c->rules.moots.v[i] : NULL;
}

const struct cause *causes__at(const struct causes *c, size_t i)
{
	return i < c->rules.causes.nr ? &c->rules.causes.v[i].cause : NULL;
}

const struct cause *causes__find(const struct causes *c, const char *id)
{
	for (size_t i = 0; i < c->rules.causes.nr; i++)
		if (!strcmp(c->rules.causes.v[i].cause.id, id))
			return &c->rules.causes.v[i].cause;
	return NULL;
}
