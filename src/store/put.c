// SPDX-License-Identifier: GPL-2.0
#include "store/put.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "store/codec.h"

#define FRAMES_MAX 256

/* The next id of a table that gives its own. */
static void put_next_id(struct put *p)
{
	static const uint8_t nothing;

	batch__blob(&p->batch, &nothing, 0);
}

void put__info_int(struct put *p, const char *name, uint64_t v)
{
	batch__row(&p->batch, BATCH_INSERT, TABLE_INFO, 2);
	batch__text(&p->batch, name);
	batch__int(&p->batch, v);
}

void put__info_text(struct put *p, const char *name, const char *text)
{
	batch__row(&p->batch, BATCH_INSERT, TABLE_INFO, 2);
	batch__text(&p->batch, name);
	batch__text(&p->batch, text);
}

void put__fact(struct put *p, const char *what, const char *of, const char *value)
{
	batch__row(&p->batch, BATCH_INSERT, TABLE_FACT, 4);
	put_next_id(p);
	batch__text(&p->batch, what);
	batch__text(&p->batch, of);
	batch__text(&p->batch, value);
}

/* ---- names; 0 = none ---- */

static uint32_t name_no(struct put *p, struct ledger_name *n)
{
	if (!n)
		return 0;
	n->last_slice = p->slice;
	if (n->no)
		return n->no;
	n->no = ++p->last_name;
	batch__row(&p->batch, BATCH_INSERT, TABLE_STRING, 2);
	batch__int(&p->batch, n->no);
	batch__text(&p->batch, n->text);
	return n->no;
}

/* A string that nothing in the ledger refers to may be written again under another number. */
static uint32_t string_no(struct put *p, const char *s)
{
	struct ledger_name *n = ledger__name(p->ledger, s);
	uint32_t no = name_no(p, n);

	ledger__put_name(p->ledger, n);
	return no;
}

/* Frames joined by newlines; one inside a name becomes \n, a backslash \\. NULL on lack of memory. */
static char *joined(const struct stack *s)
{
	uint32_t depth = s->depth < FRAMES_MAX ? s->depth : FRAMES_MAX;
	size_t size = 1, used = 0;
	char *text;

	for (uint32_t i = 0; i < depth; i++)
		size += 2 * strlen(s->frames[i]) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	for (uint32_t i = 0; i < depth; i++) {
		for (const char *c = s->frames[i]; *c; c++) {
			if (*c == '\n' || *c == '\\')
				text[used++] = '\\';
			text[used++] = *c == '\n' ? 'n' : *c;
		}
		text[used++] = '\n';
	}
	text[used ? used - 1 : 0] = '\0';
	return text;
}

static uint32_t stack_no(struct put *p, struct ledger_stack *s)
{
	char *text;

	if (!s)
		return 0;
	s->last_slice = p->slice;
	if (s->no)
		return s->no;
	text = joined(&s->stack);
	if (!text)
		return 0;
	s->no = ++p->last_stack;
	batch__row(&p->batch, BATCH_INSERT, TABLE_STACK, 2);
	batch__int(&p->batch, s->no);
	batch__text(&p->batch, text);
	free(text);
	return s->no;
}

static uint32_t cause_no(struct put *p, const struct ledger_cause *known)
{
	/* the ledger's own, which only this looks at */
	struct ledger_cause *c = (struct ledger_cause *)known;

	if (!c || c->no)
		return c ? c->no : 0;
	c->no = ++p->last_cause;
	batch__row(&p->batch, BATCH_INSERT, TABLE_CAUSE, 6);
	batch__int(&p->batch, c->no);
	batch__text(&p->batch, c->cause->id);
	batch__text(&p->batch, c->cause->name);
	batch__text(&p->batch, c->cause->todo);
	batch__text(&p->batch, c->cause->operator_advice);
	batch__text(&p->batch, c->cause->author_advice);
	return c->no;
}

/* What became known of a filesystem since takes the place of what was written. */
static uint32_t fs_no(struct put *p, struct ledger_fs *fs)
{
	if (!fs)
		return 0;
	if (fs->no && !fs->renamed)
		return fs->no;
	if (!fs->no)
		fs->no = ++p->last_fs;
	fs->renamed = false;
	batch__row(&p->batch, BATCH_INSERT, TABLE_FS, 9);
	batch__int(&p->batch, fs->no);
	batch__int(&p->batch, fs->info.major);
	batch__int(&p->batch, fs->info.minor);
	batch__text(&p->batch, fs->info.fstype);
	batch__text(&p->batch, fs->info.device_name);
	batch__text(&p->batch, fs->info.mount);
	batch__text(&p->batch, fs->info.mount_options);
	batch__text(&p->batch, api__name(fs->info.api));
	batch__int(&p->batch, fs->info.generation);
	return fs->no;
}

void put__here(struct put *p, const struct fs_info *info, const char *cause, const char *text)
{
	uint32_t fs = *text ? fs_no(p, ledger__fs(p->ledger, info)) : 0;

	if (!fs)
		return;
	batch__row(&p->batch, BATCH_INSERT, TABLE_HERE, 4);
	put_next_id(p);
	batch__int(&p->batch, fs);
	batch__text(&p->batch, cause);
	batch__text(&p->batch, text);
}

/* ---- keys ---- */

uint32_t put__key(struct put *p, struct ledger_row *row)
{
	const struct ledger_key *k = &row->key;
	/* names that are new become rows themselves: not within this one. In use they are in any case. */
	const uint64_t values[] = {
		fs_no(p, k->fs),
		cause_no(p, k->cause),
		stack_no(p, k->stack),
		stack_no(p, k->user_stack),
		name_no(p, k->path),
		name_no(p, k->comm),
		name_no(p, k->cgroup),
		name_no(p, k->waker),
		name_no(p, k->holder),
		k->pid,
		k->cgroup_id,
		k->opcode,
		k->holder_pid,
		k->waker_kind,
		k->plane,
		k->behind ? cause_no(p, k->behind) : 0,
	};

	if (row->no)
		return row->no;
	row->no = ++p->last_key;
	batch__row(&p->batch, BATCH_INSERT, TABLE_KEY, 1 + ARRAY_SIZE(values));
	batch__int(&p->batch, row->no);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		batch__int(&p->batch, values[i]);
	return row->no;
}

/* ---- events in full ---- */

void put__stall(struct put *p, const struct ev_stall *ev, struct ledger_row *row,
		struct ledger_name *waker, uint32_t no)
{
	uint32_t key = put__key(p, row), waker_no = name_no(p, waker);

	batch__row(&p->batch, BATCH_INSERT, TABLE_STALL, (uint8_t)(4 + schema_stall.nr));
	batch__int(&p->batch, p->slice);
	batch__int(&p->batch, no);
	batch__int(&p->batch, key);
	batch__int(&p->batch, waker_no);
	batch__columns(&p->batch, &schema_stall, ev);
}

struct put_submit put__submit_of(struct put *p, const struct ev_submit *ev, uint32_t no)
{
	return (struct put_submit){
		.ev = *ev,
		.fs = fs_no(p, ledger__fs(p->ledger, ev->fs)),
		.comm = string_no(p, ev->who.comm),
		.cgroup = string_no(p, ev->who.cgroup),
		.no = no,
	};
}

void put__submit(struct put *p, const struct put_submit *s)
{
	batch__row(&p->batch, BATCH_INSERT, TABLE_SUBMIT, (uint8_t)(5 + schema_submit.nr));
	batch__int(&p->batch, p->slice);
	batch__int(&p->batch, s->no);
	batch__int(&p->batch, s->fs);
	batch__int(&p->batch, s->comm);
	batch__int(&p->batch, s->cgroup);
	batch__columns(&p->batch, &schema_submit, &s->ev);
}

void put__unfinished(struct put *p, const struct ev_unfinished *ev)
{
	struct ledger_stack *stack = ledger__stack(p->ledger, ev->stack);
	const uint32_t refs[] = {
		fs_no(p, ledger__fs(p->ledger, ev->fs)),
		cause_no(p, ledger__cause_of(p->ledger, stack)),
		stack_no(p, stack),
		string_no(p, ev->req.path),
		string_no(p, ev->who.comm),
		string_no(p, ev->who.cgroup),
	};

	ledger__put_stack(p->ledger, stack);
	batch__row(&p->batch, BATCH_INSERT, TABLE_UNFINISHED, (uint8_t)(7 + schema_unfinished.nr));
	put_next_id(p);
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++)
		batch__int(&p->batch, refs[i]);
	batch__columns(&p->batch, &schema_unfinished, ev);
}

void put__sample(struct put *p, const struct ev_sample *ev)
{
	struct ledger_stack *stack = ledger__stack(p->ledger, ev->stack);
	uint32_t fs = fs_no(p, ledger__fs(p->ledger, ev->fs)), no = stack_no(p, stack);

	ledger__put_stack(p->ledger, stack);
	batch__row(&p->batch, BATCH_INSERT, TABLE_SAMPLE, 4);
	put_next_id(p);
	batch__int(&p->batch, fs);
	batch__int(&p->batch, no);
	batch__int(&p->batch, ev->count);
}

void put__process(struct put *p, const struct ev_process *ev)
{
	uint32_t comm = string_no(p, ev->comm), cgroup = string_no(p, ev->cgroup);

	batch__row(&p->batch, BATCH_INSERT, TABLE_PROCESS, (uint8_t)(3 + schema_process.nr));
	put_next_id(p);
	batch__int(&p->batch, comm);
	batch__int(&p->batch, cgroup);
	batch__columns(&p->batch, &schema_process, ev);
}

void put__failed(struct put *p, const struct ev_failed *ev)
{
	batch__row(&p->batch, BATCH_INSERT, TABLE_FAILURE, 3);
	put_next_id(p);
	batch__int(&p->batch, (uint64_t)ev->err);
	batch__int(&p->batch, ev->calls);
}

/* ---- sums of a slice ---- */

void put__counters(struct put *p, struct ledger_fs *fs, const struct fs_counts *delta)
{
	uint8_t blob[CODEC_HIST_MAX];
	uint32_t no = fs_no(p, fs);

	batch__row(&p->batch, BATCH_INSERT, TABLE_COUNTERS, (uint8_t)(4 + schema_counters.nr));
	batch__int(&p->batch, p->slice);
	batch__int(&p->batch, no);
	batch__columns(&p->batch, &schema_counters, &delta->c);
	batch__blob(&p->batch, blob, codec__put_hist(&delta->sleep, blob));
	batch__blob(&p->batch, blob, codec__put_hist(&delta->submit, blob));
}

void put__sleeps(struct put *p, struct ledger_cell *cell)
{
	uint32_t key = put__key(p, cell->row);
	uint8_t blob[CODEC_HIST_MAX];

	batch__row(&p->batch, BATCH_INSERT, TABLE_SLEEPS, (uint8_t)(3 + schema_sleeps.nr));
	batch__int(&p->batch, p->slice);
	batch__int(&p->batch, key);
	batch__columns(&p->batch, &schema_sleeps, &cell->sum);
	batch__blob(&p->batch, blob, codec__put_sparse(&cell->hist, blob));
}

void put__loss(struct put *p, const struct loss *delta)
{
	batch__row(&p->batch, BATCH_INSERT, TABLE_LOSS, (uint8_t)(1 + schema_loss.nr));
	batch__int(&p->batch, p->slice);
	batch__columns(&p->batch, &schema_loss, delta);
}

/* ---- what goes ---- */

void put__gone(struct put *p, enum ledger_table table, uint32_t no)
{
	static const enum schema_table_no tables[] = {
		[LEDGER_NAMES] = TABLE_STRING,
		[LEDGER_STACKS] = TABLE_STACK,
		[LEDGER_ROWS] = TABLE_KEY,
		[LEDGER_FILESYSTEMS] = TABLE_FS,
	};

	batch__row(&p->batch, BATCH_DELETE_ID, (uint8_t)tables[table], 1);
	batch__int(&p->batch, no);
}

void put__delete_slice(struct put *p, uint32_t slice)
{
	batch__row(&p->batch, BATCH_DELETE_SLICE, TABLE_SLICE, 1);
	batch__int(&p->batch, slice);
}
