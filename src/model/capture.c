// SPDX-License-Identifier: GPL-2.0
#include "model/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct capture {
	struct source *source;
	struct ledger *ledger;
	const struct sink *to;
	struct capture_info info;
	bool stopped;
	uint64_t marked_ns;
	struct fs_counts marked;
};

struct capture *capture__new(struct source *source, struct ledger *ledger)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c) {
		source->ops->free(source);
		return NULL;
	}
	c->source = source;
	c->ledger = ledger;
	c->to = ledger__sink(ledger);
	return c;
}

void capture__set_sink(struct capture *c, const struct sink *to)
{
	c->to = to ? to : ledger__sink(c->ledger);
}

int capture__step(struct capture *c, int timeout_ms, struct pollfd *extra, size_t nr_extra)
{
	const struct source_ops *ops = c->source->ops;
	int ms = ops->patience_ms ? ops->patience_ms(c->source) : timeout_ms;

	if (!nr_extra)
		return ops->poll(c->source, c->to, timeout_ms);
	if (poll(extra, nr_extra, ms < timeout_ms ? ms : timeout_ms) < 0)
		return -errno;
	return ops->poll(c->source, c->to, 0);
}

int capture__counters(struct capture *c)
{
	return c->source->ops->counters(c->source, c->to);
}

int capture__asleep(struct capture *c, const struct sink *to)
{
	if (!c->source->ops->asleep)
		return -ENOTSUP;
	c->source->ops->asleep(c->source, to);
	return 0;
}

void capture__processes(struct capture *c)
{
	/* they are told as a whole each time */
	ledger__forget_asleep(c->ledger);
	if (c->source->ops->processes)
		c->source->ops->processes(c->source, c->to);
}

uint64_t capture__cost_ns(struct capture *c, bool *whole)
{
	*whole = false;
	return c->source->ops->cost_ns ? c->source->ops->cost_ns(c->source, whole) : 0;
}

int capture__mark(struct capture *c, uint64_t now_ns)
{
	const struct source_ops *ops = c->source->ops;
	int rc = ops->cut ? ops->cut(c->source, c->to) : capture__counters(c);

	c->marked_ns = now_ns;
	c->marked = *ledger__totals(c->ledger);
	return rc;
}

const struct fs_counts *capture__marked(const struct capture *c, uint64_t *since_ns)
{
	*since_ns = c->marked_ns;
	return &c->marked;
}

/* What a source tells of one instant alone takes the place of what it told of an earlier one. */
int capture__refresh(struct capture *c)
{
	const struct source_ops *ops = c->source->ops;

	if (c->stopped)
		return 0;
	if (!ops->now)
		return ops->counters(c->source, c->to);
	ledger__forget_asleep(c->ledger);
	return ops->now(c->source, c->to);
}

const struct report *capture__report(struct capture *c, const struct view *v, struct err *e)
{
	int rc = capture__refresh(c);
	const struct report *r = rc ? NULL : ledger__report(c->ledger, v, capture__info(c));

	if (rc)
		err__set(e, rc, "cannot read the counters: %s", strerror(-rc));
	else if (!r)
		err__set(e, -ENOMEM, "out of memory while building the report");
	return r;
}

int capture__brief(struct capture *c, struct brief *b)
{
	int rc = c->stopped ? 0 : capture__counters(c);

	*b = (struct brief){0};
	if (!rc && !c->stopped && c->source->ops->asleep) {
		ledger__forget_asleep(c->ledger);
		c->source->ops->asleep(c->source, c->to);
	}
	return rc ? rc : brief__make(b, c->ledger) ? 0 : -ENOMEM;
}

int capture__stop(struct capture *c)
{
	int rc;

	if (c->source->ops->now)
		ledger__forget_asleep(c->ledger);
	rc = c->source->ops->finish(c->source, c->to);
	c->info = *c->source->ops->capture(c->source);
	c->stopped = true;
	return rc;
}

struct capture_info *capture__info(struct capture *c)
{
	if (!c->stopped)
		c->info = *c->source->ops->capture(c->source);
	return &c->info;
}

void capture__free(struct capture *c)
{
	if (!c)
		return;
	c->source->ops->free(c->source);
	free(c);
}
