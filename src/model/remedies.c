// SPDX-License-Identifier: GPL-2.0
/* What is said against a cause: advice, remedies that were measured, settings of the programs that slept. */
#include <stdio.h>
#include <string.h>

#include "cause/causes.h"
#include "cause/programs.h"
#include "model/select.h"

/* Of programs that slept less often nothing is said. */
#define PROGRAMS_ASKED 8
#define SETTINGS_MAX 16

/* What the operator can do, then what the program's author can. */
static const char *joined(struct pool *p, const char *host, const char *program)
{
	size_t size = strlen(host) + strlen(program) + sizeof(" In the program: ");
	char *both;

	if (!*host || !*program)
		return *program ? program : host;
	both = pool__array(p, size, 1);
	if (!both)
		return host;
	snprintf(both, size, "%s In the program: %s", host, program);
	return both;
}

/* Whether all requests that are known of these stalls asked for O_DIRECT. */
static bool is_direct(const struct part *part)
{
	bool any = false;

	for (size_t i = 0; i < part->nr; i++) {
		const struct ledger_worst *w = &part->rows[i]->worst;

		if (!w->comm)
			continue;
		if (!(w->req.shape & SHAPE_DIRECT))
			return false;
		any = true;
	}
	return any;
}

static struct ledger_shapes shapes_of(const struct part *part)
{
	struct ledger_shapes s = {0};

	for (size_t i = 0; i < part->nr; i++)
		shapes__add(&s, part->rows[i]->shapes);
	return s;
}

/* To use O_DIRECT is no advice for who does: it says why the page cache was used all the same. */
static const char *direct_todo(struct pool *p, const struct cause *rule, uint32_t shape)
{
	char buf[160];

	if (!(shape & SHAPE_UNALIGNED_MEM) || !shape__memory_align(shape))
		return rule->direct_todo;
	snprintf(buf, sizeof(buf),
		 "align the memory of O_DIRECT requests to the block size, or they are buffered: "
		 "it is aligned to %u",
		 shape__memory_align(shape));
	return pool__str(p, buf);
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void build_advice(struct pool *p, struct report_cause *c, const struct part *part,
			 const struct cause *rule)
{
	const struct cause *cause = part->rows[0]->key.cause->cause;
	bool direct = rule && is_direct(part);
	const char *author =
		direct && *rule->direct_advice ? rule->direct_advice : text(cause->author_advice);

	c->advice = joined(p, text(cause->operator_advice), author);
	c->todo = direct && *rule->direct_todo ? direct_todo(p, rule, c->worst_shape) : cause->todo;
}

/* A rule that has several kinds of request in its name: where all that are known are of one kind, of that. */
static void tell_kind(struct report_cause *c, const struct part *part, const struct cause *rule)
{
	struct ledger_shapes s = shapes_of(part);

	if (!s.known)
		return;
	if (s.all & SHAPE_BEYOND_EOF && !(s.any & SHAPE_UNALIGNED) && *rule->append_name) {
		c->name = rule->append_name;
	} else if (s.all & SHAPE_UNALIGNED && !(s.any & SHAPE_BEYOND_EOF) &&
		   *rule->unaligned_name) {
		c->name = rule->unaligned_name;
		c->todo = *rule->unaligned_todo ? rule->unaligned_todo : c->todo;
	}
}

/* What io_uring calls the operations of io_submit that the rules advise. */
static const struct {
	const char *aio, *uring;
} operations[] = {
	{"IOCB_CMD_FDSYNC", "IORING_OP_FSYNC (with IORING_FSYNC_DATASYNC)"},
	{"IOCB_CMD_FSYNC", "IORING_OP_FSYNC"},
	{"IOCB_CMD_POLL", "IORING_OP_POLL_ADD"},
};

/* The text with the words of the interface that the requests came by. */
static const char *for_uring(struct pool *p, const char *text)
{
	for (size_t i = 0; text && i < ARRAY_SIZE(operations); i++) {
		const char *at = strstr(text, operations[i].aio);
		size_t size = strlen(text) + strlen(operations[i].uring) + 1;
		char *with = at ? pool__array(p, size, 1) : NULL;

		if (!with)
			continue;
		snprintf(with, size, "%.*s%s%s", (int)(at - text), text, operations[i].uring,
			 at + strlen(operations[i].aio));
		text = with;
	}
	return text;
}

static bool is_known(const struct report_cause *c, const struct program *p)
{
	for (size_t i = 0; i < c->nr_settings; i++)
		if (c->settings[i].setting == p->setting)
			return true;
	return false;
}

static void add_settings(struct report_cause *c, const struct causes *causes, const char *comm)
{
	const struct program *p;

	for (size_t at = 0;
	     c->nr_settings < SETTINGS_MAX && (p = causes__program(causes, comm, c->id, &at));) {
		if (!is_known(c, p))
			c->settings[c->nr_settings++] =
				(struct report_setting){comm, p->setting, p->why, p->source};
	}
}

void remedies__build(struct selection *s, struct report_cause *c, const struct part *part)
{
	const struct causes *causes = s->ledger->opts.causes;
	/* a recording has the cause's texts as they were, the measurements are those of today's rules */
	const struct cause *rule = causes ? causes__find(causes, c->id) : NULL;
	const struct part *comms;
	size_t nr;

	build_advice(s->pool, c, part, rule);
	if (part->rows[0]->key.fs->info.api == API_URING) {
		c->advice = for_uring(s->pool, c->advice);
		c->todo = for_uring(s->pool, c->todo);
	}
	if (!rule)
		return;
	tell_kind(c, part, rule);
	c->inside = *rule->inside;
	if (c->doubt) {
		c->advice = c->todo = "";
		return;
	}
	c->tried = rule->tried;
	c->nr_tried = rule->nr_tried;
	comms = parts__of(s->pool, part->rows, part->nr, row__by_comm, PARTS_BY_SLEEPS, &nr);
	c->settings = pool__array(s->pool, SETTINGS_MAX, sizeof(*c->settings));
	for (size_t i = 0; c->settings && i < nr && i < PROGRAMS_ASKED; i++)
		add_settings(c, causes, comms[i].rows[0]->key.comm->text);
}
