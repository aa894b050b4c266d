// SPDX-License-Identifier: GPL-2.0
#include "model/convoy.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/base.h"

/* Threads that are remembered, by number: where two have the same place the later one has it. */
#define THREADS 1024
/* Of each, its last sleeps: it may have slept elsewhere between holding the lock and the waiter's return. */
#define SLEEPS 4
/* The last ones who waited for a worker's lock: more workers a ring seldom has. */
#define WAITERS 64

struct sleep {
	uint64_t begin_ns, end_ns;
	const struct ledger_cause *cause; /* what it stood behind, if it did */
};

struct thread {
	uint32_t tid, next;
	struct sleep sleeps[SLEEPS];
};

struct waiter {
	uint32_t pid, tid;
	uint64_t ino, end_ns;
};

struct convoy {
	struct thread threads[THREADS];
	struct waiter waiters[WAITERS];
	uint32_t next;
};

struct convoy *convoy__new(void)
{
	return calloc(1, sizeof(struct convoy));
}

void convoy__free(struct convoy *c)
{
	free(c);
}

static uint64_t begin_of(const struct ev_stall *ev)
{
	uint64_t slept_ns = ev->blocked_ns + ev->runqueue_ns;

	return slept_ns >= ev->blocked_ns && ev->end_ns > slept_ns ? ev->end_ns - slept_ns : 0;
}

static const struct ledger_cause *slept_for(const struct thread *t, uint64_t begin_ns,
					    uint64_t end_ns)
{
	const struct ledger_cause *cause = NULL;
	uint64_t most_ns = 0;

	for (size_t i = 0; i < ARRAY_SIZE(t->sleeps); i++) {
		const struct sleep *s = &t->sleeps[i];
		uint64_t from = s->begin_ns > begin_ns ? s->begin_ns : begin_ns;
		uint64_t to = s->end_ns < end_ns ? s->end_ns : end_ns;

		if (s->cause && to > from && to - from > most_ns) {
			most_ns = to - from;
			cause = s->cause;
		}
	}
	return cause;
}

/* With those who came later but have gone by now: a lock may be stolen from who waits for it. */
static uint32_t count_waiter(struct convoy *c, const struct ev_stall *ev, uint64_t begin_ns)
{
	struct waiter *own = NULL;
	uint32_t together = 1;

	for (size_t i = 0; i < WAITERS; i++) {
		struct waiter *w = &c->waiters[i];

		if (w->tid == ev->who.tid)
			own = w;
		else
			together += w->pid == ev->who.pid && w->ino == ev->req.ino &&
				    w->end_ns > begin_ns;
	}
	if (!own)
		own = &c->waiters[c->next++ % WAITERS];
	*own = (struct waiter){ev->who.pid, ev->who.tid, ev->req.ino, ev->end_ns};
	return together;
}

struct convoy_found convoy__add(struct convoy *c, const struct ev_stall *ev,
				const struct ledger_cause *cause)
{
	struct thread *self = &c->threads[ev->who.tid % THREADS];
	const struct thread *holder = &c->threads[ev->holder_tid % THREADS];
	struct convoy_found found = {NULL, 0};
	uint64_t begin_ns = begin_of(ev);

	if (ev->plane != PLANE_WORKER || !ev->who.tid)
		return found;
	if (ev->holder_tid && ev->holder_pid == ev->who.pid) {
		found.together = count_waiter(c, ev, begin_ns);
		if (holder->tid == ev->holder_tid)
			found.behind = slept_for(holder, begin_ns, ev->end_ns);
	}
	if (self->tid != ev->who.tid)
		*self = (struct thread){.tid = ev->who.tid};
	self->sleeps[self->next++ % SLEEPS] = (struct sleep){begin_ns, ev->end_ns,
							     found.behind     ? found.behind
							     : ev->holder_tid ? NULL
									      : cause};
	return found;
}
