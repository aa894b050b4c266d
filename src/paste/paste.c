// SPDX-License-Identifier: GPL-2.0
#include "paste/paste.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "paste/callers.h"
#include "paste/chars.h"
#include "paste/document.h"
#include "paste/folded.h"
#include "paste/frames.h"
#include "paste/lines.h"
#include "paste/order.h"
#include "paste/table.h"
#include "paste/tree.h"
#include "paste/trouble.h"

struct reader {
	struct paste *paste;
	char *free_name;  /* rest of paste->names */
	struct task next; /* of the stack that has not begun yet */
	struct task maybe;
	size_t maybe_line, asked; /* behind which line they are true */
	struct paste_stack stack; /* open while nr > 0 */
	struct tree tree;
	struct table table;
	const char *caller;	       /* "NAME from CALLER" of the last line */
	bool weak;		       /* the last line was a frame by its place only */
	bool whole;		       /* a line that is a stack of its own is read */
	bool in_interrupt, of_program; /* frames that are left out */
	bool switched, complete;       /* of the open stack */
	size_t cut_at; /* so many stacks were there when a frame, and no line, began another one */
	int rc;
};

static void *grow(void *v, size_t *cap, size_t nr, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *p;

	if (nr < *cap)
		return v;
	p = reallocarray(v, want, size);
	if (p)
		*cap = want;
	return p;
}

/* A copy that ends where the name ends; all of them together are shorter than the text. */
static const char *keep(struct reader *r, const char *s, size_t len)
{
	char *name = r->free_name;

	if (!s)
		return NULL;
	memcpy(name, s, len);
	name[len] = '\0';
	r->free_name += len + 1;
	return name;
}

static void push(struct reader *r, struct paste_frame f)
{
	struct paste *p = r->paste;
	struct paste_frame *v = grow(p->frames, &p->cap_frames, p->nr_frames, sizeof(*v));

	if (!v) {
		r->rc = -ENOMEM;
		return;
	}
	p->frames = v;
	if (r->stack.nr < PASTE_DEPTH_MAX) {
		p->frames[p->nr_frames++] = f;
		r->stack.nr++;
	}
}

static void end_stack(struct reader *r)
{
	struct paste *p = r->paste;
	struct paste_stack *s = &r->stack, *v;

	if (s->nr && r->caller)
		push(r, (struct paste_frame){.name = r->caller});
	r->caller = NULL;
	r->weak = r->in_interrupt = r->switched = r->complete = r->of_program = false;
	if (!s->nr) {
		s->interrupted = false;
		return;
	}
	v = grow(p->stacks, &p->cap_stacks, p->nr_stacks, sizeof(*v));
	if (!v) {
		r->rc = -ENOMEM;
		return;
	}
	p->stacks = v;
	order__turn_inward(p->frames + s->first, s->nr);
	s->sleep = order__sleep_of(p, s);
	s->mixed = order__is_mixed(p, s);
	p->stacks[p->nr_stacks++] = *s;
	*s = (struct paste_stack){.nr = 0};
}

/* Each path from the root of a tree to a leaf is a stack. */
static void end_path(struct reader *r, unsigned int line)
{
	struct task task = r->stack.nr ? r->stack.task : r->next;

	if (!r->tree.grown)
		return;
	end_stack(r);
	r->stack.first = r->paste->nr_frames;
	r->stack.task = task;
	r->stack.line = line;
	for (size_t i = 0; i < r->tree.nr; i++)
		push(r, r->tree.v[i].frame);
	r->next = task;
	r->tree.grown = false;
	end_stack(r);
}

static void end_all(struct reader *r, unsigned int line)
{
	end_path(r, line);
	if (r->tree.nr)
		r->next = (struct task){.pid = 0};
	r->tree.nr = 0;
	end_stack(r);
}

static void begin_stack(struct reader *r, unsigned int line)
{
	r->stack =
		(struct paste_stack){.task = r->next, .line = line, .first = r->paste->nr_frames};
	r->next = (struct task){.pid = 0};
}

/* A frame that can only be the innermost one begins another stack. */
static bool begins_another(const struct reader *r, const struct found_frame *f, const char *name)
{
	if (!r->stack.nr || f->guess || r->whole)
		return false;
	if (r->complete)
		return !f->user && !order__is_outermost(name);
	return r->switched && order__is_switch(name);
}

static void note_progress(struct reader *r, const char *name)
{
	const struct paste_frame *first = &r->paste->frames[r->stack.first];
	bool is_switch = order__is_switch(name);

	/* Written outermost first, the switch is the last of it. */
	if (is_switch && r->stack.nr > 1 && order__is_outermost(first->name))
		r->complete = true;
	else if (r->stack.nr > 1 && order__is_outermost(name))
		r->complete = !order__is_outermost(first->name);
	if (!is_switch && r->stack.nr > 1 && !r->switched)
		for (size_t i = 0; i + 1 < r->stack.nr; i++)
			r->switched |= order__is_switch(first[i].name);
}

static void add_frame(struct reader *r, const struct found_frame *f, unsigned int line)
{
	const char *name, *module;

	/* "a from b" is followed by "b from c". */
	if (r->caller && strlen(r->caller) == f->len && !strncmp(r->caller, f->name, f->len))
		r->caller = NULL;
	name = keep(r, f->name, f->len);
	module = keep(r, f->module, f->module_len);
	if (f->caller) {
		r->caller = name;
		return;
	}
	if (r->in_interrupt) {
		r->stack.interrupted = true;
		return;
	}
	if (begins_another(r, f, name)) {
		end_stack(r);
		r->cut_at = r->paste->nr_stacks;
	}
	if (!r->stack.nr) {
		bool interrupted = r->stack.interrupted;

		begin_stack(r, line);
		r->stack.interrupted = interrupted;
	}
	push(r, (struct paste_frame){name, module, f->guess});
	if (!f->guess)
		note_progress(r, name);
}

static void add_tree(struct reader *r, const struct found_frame *f, unsigned int line)
{
	if (f->branch && r->tree.nr && tree__cuts(&r->tree, f->column))
		end_path(r, line);
	tree__add(&r->tree, f->branch, f->column,
		  (struct paste_frame){.name = keep(r, f->name, f->len)});
}

/* More about a task that was named before. */
static void name_task(struct task *to, const struct task *t)
{
	uint32_t hung_s = t->hung_s ? t->hung_s : to->hung_s;
	bool same = to->pid && to->pid == t->pid;

	if (!same) {
		*to = *t;
		return;
	}
	if (*t->comm)
		memcpy(to->comm, t->comm, sizeof(to->comm));
	if (t->state)
		to->state = t->state;
	to->running |= t->running;
	to->hung_s = hung_s;
}

static void name_blocker(struct reader *r, const struct task *t)
{
	for (size_t i = r->paste->nr_stacks; i-- > 0;) {
		struct task *of = &r->paste->stacks[i].task;

		if (of->pid != t->pid)
			continue;
		of->blocker_pid = t->blocker_pid;
		memcpy(of->blocker_comm, t->blocker_comm, sizeof(of->blocker_comm));
		memcpy(of->lock, t->lock, sizeof(of->lock));
		return;
	}
}

/* Of the stack above; what looked like two, a program's frames behind the kernel's, has one foot. */
static void name_above(struct reader *r, const struct task *t)
{
	struct paste *p = r->paste;
	struct paste_stack *last = &p->stacks[p->nr_stacks - 1];

	if (r->cut_at && r->cut_at + 1 == p->nr_stacks &&
	    last[-1].nr + last->nr <= PASTE_DEPTH_MAX) {
		last[-1].nr += last->nr;
		p->nr_stacks--;
		last--;
	}
	r->cut_at = 0;
	last->task = *t;
}

static void read_head(struct reader *r, enum head_kind kind, const struct task *t,
		      unsigned int line)
{
	struct paste *p = r->paste;

	if (t->hung_s > p->hung_s)
		p->hung_s = t->hung_s;
	if (kind == HEAD_DETAIL) {
		struct task *of = r->stack.nr ? &r->stack.task : &r->next;

		memcpy(of->queue, t->queue, sizeof(of->queue));
		return;
	}
	end_all(r, line);
	if (kind == HEAD_TASK)
		name_task(&r->next, t);
	else if (kind == HEAD_END)
		r->next = (struct task){.pid = 0};
	else if (kind == HEAD_BLOCKER)
		name_blocker(r, t);
	else if (kind == HEAD_FOOT && p->nr_stacks && !p->stacks[p->nr_stacks - 1].task.pid)
		name_above(r, t);
}

/* A line that may name a task does so if the next one is a frame that no word can be. */
static void take_maybe(struct reader *r, size_t index)
{
	if (r->maybe_line && r->maybe_line == index) {
		end_all(r, 0);
		name_task(&r->next, &r->maybe);
	}
	r->maybe_line = 0;
}

static bool read_folded(struct reader *r, const char *line, unsigned int number)
{
	struct folded f;
	uint32_t pid = 0;

	if (!folded__read(line, &f, &pid) && !folded__read_chain(line, &f, &pid))
		return false;
	end_all(r, number);
	if (*f.comm) {
		r->next.pid = pid;
		memcpy(r->next.comm, f.comm, sizeof(r->next.comm));
	}
	/* Root first: pushed from the end. */
	r->whole = true;
	for (size_t i = f.nr; i-- > 0;)
		add_frame(r, &f.v[i], number);
	end_all(r, number);
	r->whole = false;
	return true;
}

/* "/proc/1234/stack:[<0>] schedule+0x1/0x2" of grep */
static void read_grep(struct reader *r, const char *line, const struct found *found)
{
	struct task t;

	if (!strstr(line, "/stack") || heads__read(line, &t) != HEAD_TASK)
		return;
	if (!r->stack.nr || r->stack.task.pid != t.pid || found->nr > 1) {
		end_all(r, 0);
		r->next = t;
	}
}

static void add_found(struct reader *r, const struct found *found, bool weak, const struct line *l)
{
	bool was_tree = r->tree.nr;

	r->paste->nr_frame_lines++;
	r->weak = weak;
	if (r->of_program)
		return;
	for (size_t i = 0; i < found->nr; i++)
		if (found->v[i].tree || (weak && was_tree))
			add_tree(r, &found->v[i], l->number);
		else
			add_frame(r, &found->v[i], l->number);
}

static void note_lost(struct paste *p, const struct line *l)
{
	if (p->nr_lost < PASTE_LOST_MAX)
		p->lost[p->nr_lost] = (struct paste_line){l->number, l->text, NULL};
	p->nr_lost++;
}

/* A frame that was not understood keeps its place: inward of what is known it may be the one that waits. */
static void add_hole(struct reader *r, const struct line *l)
{
	note_lost(r->paste, l);
	if (r->in_interrupt || r->of_program || strstr(l->text, "? ") ||
	    (!r->stack.nr && !r->next.pid))
		return;
	if (!r->stack.nr)
		begin_stack(r, l->number);
	push(r, (struct paste_frame){.name = PASTE_NOT_READ});
}

static void note_trouble(struct paste *p, const struct line *l)
{
	const char *what = trouble__in_line(l->text);

	if (what && p->nr_trouble < PASTE_TROUBLE_MAX)
		p->trouble[p->nr_trouble++] = (struct paste_line){l->number, l->text, what};
}

/* "    fio [4242]" under a stack of stackcount */
static bool is_foot(const char *line, const struct task *t)
{
	const char *open = strchr(line, '[');

	return t->pid && *t->comm && open && chars__is_blank(*line) && chars__is_blank(open[-1]) &&
	       chars__digits(open + 1) && !strcmp(open + 1 + chars__digits(open + 1), "]");
}

/* A line that may name a task; the pid may stand on one, the program on the next. */
static void note_maybe(struct reader *r, const struct line *l, size_t index)
{
	struct task t;

	if (heads__read_loosely(l->text, &t) != HEAD_MAYBE)
		return;
	/* A log names a task by its pid; a word alone is another message. */
	if (!t.pid && !t.state && frames__skip_prefix(l->text) != chars__skip_blanks(l->text))
		return;
	if (r->stack.nr && !r->stack.task.pid && is_foot(l->text, &t)) {
		read_head(r, HEAD_FOOT, &t, l->number);
		return;
	}
	if (!r->maybe_line || r->maybe_line != index || (t.pid && r->maybe.pid) ||
	    (*t.comm && *r->maybe.comm))
		r->maybe = (struct task){.pid = 0};
	if (t.pid)
		r->maybe.pid = t.pid;
	if (*t.comm)
		memcpy(r->maybe.comm, t.comm, sizeof(t.comm));
	if (t.state)
		r->maybe.state = t.state;
	r->maybe_line = index + 1;
}

static void read_other(struct reader *r, const struct line *l, size_t index,
		       const struct line *next)
{
	struct paste *p = r->paste;
	struct found found;
	struct task task;
	enum head_kind kind = heads__read_wrapped(l->text, next ? next->text : NULL, &task);
	bool map = kind != HEAD_NONE && strstr(l->text, "@[");
	bool lost;

	if (kind != HEAD_NONE) {
		/* "blk_mq_get_tagroot@db1:~# ": /proc/PID/wchan has no line break. */
		if (r->asked && r->asked == index && kind == HEAD_END &&
		    islower((unsigned char)*l->text))
			note_lost(p, l);
		read_head(r, kind, &task, l->number);
	}
	if (strstr(l->text, "/wchan"))
		r->asked = index + 1;
	if (kind != HEAD_NONE && !map) {
		note_trouble(p, l);
		return;
	}
	frames__find(l->text, &found);
	lost = found.lost;
	frames__find_weak(l->text, r->weak || r->tree.nr, &found);
	if (found.nr && !(map && *task.comm)) {
		if (!r->weak)
			take_maybe(r, index);
		add_found(r, &found, true, l);
		return;
	}
	if (frames__is_user(l->text)) {
		p->nr_frame_lines++;
		return;
	}
	if (lost || (found.lost && (r->stack.nr || r->tree.nr || strstr(l->text, "[<")))) {
		add_hole(r, l);
		return;
	}
	/* "? __pfx_kthread+0x10/0x10": no function is there. */
	if (strstr(l->text, "__pfx_"))
		return;
	note_trouble(p, l);
	note_maybe(r, l, index);
	if (r->complete)
		end_all(r, l->number);
	r->weak = false;
}

/* A row of a table of tasks is a stack of one frame; one above a stack is its head. */
static bool read_row(struct reader *r, const struct line *l, size_t index, const struct line *next)
{
	struct found_frame frame;
	struct found found = {.nr = 0};
	struct task task;
	bool row;

	if (table__read_head(l->text, &r->table)) {
		end_all(r, l->number);
		r->asked = index + 1;
		return true;
	}
	row = table__read_grep(l->text, &task, &frame) ||
	      table__read_row(&r->table, l->text, &task, &frame);
	if (row && next)
		frames__find(next->text, &found);
	if (!row || found.nr) {
		/* The row right below the head. */
		if (r->table.wchan && r->asked == index && index)
			note_lost(r->paste, l);
		r->table = (struct table){0};
		return false;
	}
	end_all(r, l->number);
	r->paste->nr_frame_lines++;
	if (!frame.len)
		return true;
	r->next = task;
	r->whole = true;
	add_frame(r, &frame, l->number);
	r->whole = false;
	end_all(r, l->number);
	return true;
}

/* next is the line behind it, NULL at the end */
static void read_line(struct reader *r, const struct line *l, size_t index, const struct line *next)
{
	struct found found;

	if (!*chars__skip_blanks(l->text)) {
		end_all(r, l->number);
		return;
	}
	r->paste->nr_lines++;
	/* Between the frames of the kernel and those of the program. */
	if (r->stack.nr && !strcmp(chars__skip_blanks(l->text), "--")) {
		r->of_program = true;
		return;
	}
	/* Between the stacks of who woke and who slept, of bcc's offwaketime. */
	if (chars__starts(chars__skip_blanks(l->text), "--  ")) {
		end_all(r, l->number);
		return;
	}
	if (read_row(r, l, index, next))
		return;
	if (read_folded(r, l->text, l->number)) {
		r->paste->nr_frame_lines++;
		return;
	}
	r->in_interrupt = heads__in_interrupt(l->text, r->in_interrupt);
	frames__find(l->text, &found);
	if (!found.nr) {
		read_other(r, l, index, next);
		return;
	}
	take_maybe(r, index);
	read_grep(r, l->text, &found);
	add_found(r, &found, false, l);
}

static int read_text(struct paste *p, size_t len)
{
	struct reader r = {.paste = p, .free_name = p->names};
	struct lines lines = {0};

	r.rc = lines__cut(&lines, p->text, len);
	p->cut |= lines.cut;
	if (!r.rc)
		r.rc = callers__part(&lines);
	for (size_t i = 0; !r.rc && i < lines.nr; i++)
		read_line(&r, &lines.v[i], i, i + 1 < lines.nr ? &lines.v[i + 1] : NULL);
	if (!r.rc)
		end_all(&r, 0);
	if (!r.rc && p->nr_stacks > 1)
		p->stacks[0].cut = order__begins_within(p, &lines);
	lines__release(&lines);
	return r.rc;
}

struct paste *paste__read(const char *text, size_t len)
{
	struct paste *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cut = len > PASTE_SIZE_MAX;
	if (p->cut)
		len = PASTE_SIZE_MAX;
	p->text = document__text(text, &len);
	/* A name takes one byte more than on the line, and has one that is no name behind it. */
	p->names = p->text ? malloc(len + 2) : NULL;
	if (!p->names || read_text(p, len)) {
		paste__free(p);
		return NULL;
	}
	return p;
}

void paste__free(struct paste *p)
{
	if (!p)
		return;
	free(p->frames);
	free(p->stacks);
	free(p->text);
	free(p->names);
	free(p);
}

/* Where all is guessed, words between those that put the task to sleep are stale, but for their like. */
static size_t last_wait(const struct paste_frame *f, size_t nr)
{
	size_t last = 0;

	for (size_t i = 0; i < nr; i++)
		if (order__is_wait(f[i].name))
			last = i;
	return last;
}

size_t paste__names(const struct paste *p, const struct paste_stack *s, const char **names)
{
	const struct paste_frame *f = p->frames + s->first;
	size_t sure = 0, n = 0, wait = last_wait(f, s->nr);

	for (size_t i = 0; i < s->nr; i++)
		sure += !f[i].guess && !order__is_outermost(f[i].name) &&
			strcmp(f[i].name, PASTE_NOT_READ) != 0;
	for (size_t i = 0; i < s->nr && n < PASTE_DEPTH_MAX; i++) {
		/* Below what puts the task to sleep nothing waits. */
		bool stale = i < wait && !order__is_wait(f[i].name) &&
			     (!sure || !strcmp(f[i].name, PASTE_NOT_READ));

		if (!stale && !(sure && f[i].guess))
			names[n++] = f[i].name;
	}
	return n;
}
