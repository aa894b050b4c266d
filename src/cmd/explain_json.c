// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "cause/programs.h"
#include "cmd/explain.h"
#include "cmd/fields.h"
#include "cmd/groups.h"
#include "report/jsonw.h"

static void add_task(struct jsonw *w, json_t *o, const struct task *t)
{
	json_t *task = jsonw__object(w, o, "task");
	char state[2] = {t->state, '\0'};

	jsonw__str(w, task, "comm", t->comm);
	jsonw__u64(w, task, "pid", t->pid);
	jsonw__str(w, task, "state", state);
	jsonw__u64(w, task, "hung_s", t->hung_s);
	jsonw__str(w, task, "queue", t->queue);
	if (!t->blocker_pid) {
		jsonw__null(w, task, "holder");
		return;
	}
	task = jsonw__object(w, task, "holder");
	jsonw__str(w, task, "comm", t->blocker_comm);
	jsonw__u64(w, task, "pid", t->blocker_pid);
	jsonw__str(w, task, "lock", t->lock);
}

/* Advice is for what is certain. */
static void add_cause(struct jsonw *w, json_t *o, const struct cause *cause, bool direct,
		      bool certain)
{
	json_t *tried;

	o = jsonw__object(w, o, "cause");
	jsonw__str(w, o, "id", cause->id);
	jsonw__str(w, o, "name", cause->name);
	jsonw__bool(w, o, "certain", certain);
	if (!certain)
		return;
	jsonw__str(w, o, "meaning", cause->meaning);
	jsonw__str(w, o, "advice",
		   direct && *cause->direct_todo ? cause->direct_todo : cause->todo);
	jsonw__str(w, o, "operator", cause->operator_advice);
	jsonw__str(w, o, "author",
		   direct && *cause->direct_advice ? cause->direct_advice : cause->author_advice);
	jsonw__str(w, o, "evidence", cause->evidence);
	tried = jsonw__array(w, o, "tried");
	for (size_t i = 0; i < cause->nr_tried; i++)
		if (fields__is_tried(cause, i, direct))
			jsonw__add_str(w, tried, cause->tried[i]);
}

static void add_programs(struct jsonw *w, json_t *o, const struct causes *causes,
			 const struct explained *e)
{
	json_t *array = jsonw__array(w, o, "programs");
	const struct program *p;

	for (size_t at = 0;
	     explain__is_certain(e) && *e->stack->task.comm &&
	     (p = causes__program(causes, e->stack->task.comm, e->cause->id, &at));) {
		json_t *row;

		if (!explain__fits(p, e))
			continue;
		row = jsonw__item(w, array);

		jsonw__str(w, row, "setting", p->setting);
		jsonw__str(w, row, "why", p->why);
		jsonw__str(w, row, "source", p->source);
	}
}

static void add_stack(struct jsonw *w, json_t *array, const struct causes *causes,
		      const struct paste *paste, const struct explained *e)
{
	static const char *const sleep[] = {[PASTE_ASLEEP] = "asleep",
					    [PASTE_PREEMPTED] = "preempted",
					    [PASTE_RUNNING] = "running",
					    [PASTE_RECORD] = "record"};
	json_t *o = jsonw__item(w, array), *frames;
	char text[1024];

	jsonw__u64(w, o, "line", e->stack->line);
	add_task(w, o, &e->stack->task);
	jsonw__bool(w, o, "submit", e->submit);
	jsonw__str(w, o, "sleep", sleep[e->stack->sleep]);
	add_programs(w, o, causes, e);
	if (e->stack->sleep == PASTE_ASLEEP)
		add_cause(w, o, e->cause, e->direct, explain__is_certain(e));
	else
		jsonw__null(w, o, "cause");
	jsonw__str(w, o, "via", causes__via(causes, e->names, e->depth, text, sizeof(text)));
	jsonw__str(w, o, "telling",
		   causes__telling(causes, e->names, e->depth, 3, text, sizeof(text)));
	jsonw__str(w, o, "where", explain__where(e, causes, paste, text, sizeof(text)));
	jsonw__str(w, o, "doubt", explain__doubt(e, text, sizeof(text)));
	jsonw__str(w, o, "role", e->role);
	jsonw__bool(w, o, "suspect", explain__is_suspect(e));
	frames = jsonw__array(w, o, "frames");
	for (size_t i = 0; i < e->depth; i++)
		jsonw__add_str(w, frames, e->names[i]);
}

static void add_lines(struct jsonw *w, json_t *root, const char *key,
		      const struct paste_line *lines, size_t nr)
{
	json_t *array = jsonw__array(w, root, key);

	for (size_t i = 0; i < nr; i++) {
		json_t *o = jsonw__item(w, array);

		jsonw__u64(w, o, "line", lines[i].number);
		jsonw__str(w, o, "text", lines[i].text);
		if (lines[i].what)
			jsonw__str(w, o, "means", lines[i].what);
	}
}

static void add_paste(struct jsonw *w, json_t *root, const struct paste *p)
{
	json_t *lines = jsonw__object(w, root, "lines");
	char text[1024];

	jsonw__u64(w, lines, "total", p->nr_lines);
	jsonw__u64(w, lines, "frames", p->nr_frame_lines);
	jsonw__u64(w, lines, "not_read", p->nr_lost);
	jsonw__bool(w, lines, "cut", p->cut);
	add_lines(w, root, "not_read", p->lost,
		  p->nr_lost < PASTE_LOST_MAX ? p->nr_lost : PASTE_LOST_MAX);
	jsonw__u64(w, root, "hung_s", p->hung_s);
	jsonw__str(w, root, "first", explain__hung(p, text, sizeof(text)));
	add_lines(w, root, "trouble", p->trouble, p->nr_trouble);
}

/* Those inside io_submit, then those that may hold them up, then the rest. */
static int rank(const struct explained *e)
{
	return e->submit ? 0 : explain__is_suspect(e) ? 1 : 2;
}

int explain__json(const struct causes *causes, const struct paste *paste, FILE *out)
{
	struct jsonw w = {0};
	json_t *root, *stacks;
	struct explained e;
	struct groups *g = groups__new(causes, paste);

	if (!g)
		return -ENOMEM;
	root = json_object();
	jsonw__str(&w, root, "schema", "aiostall-explain/1");
	add_paste(&w, root, paste);
	stacks = jsonw__array(&w, root, "stacks");
	for (int r = 0; r < 3; r++)
		for (size_t i = 0; i < paste->nr_stacks; i++) {
			groups__explain(g, paste, i, &e);
			if (rank(&e) == r)
				add_stack(&w, stacks, causes, paste, &e);
		}
	groups__free(g);
	return jsonw__finish(&w, root, out, JSON_INDENT(1));
}
