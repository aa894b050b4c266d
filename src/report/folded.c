// SPDX-License-Identifier: GPL-2.0
/*
 * Folded stacks for flame graphs, one line each, root first:
 *   comm;fstype;outermost;...;innermost MICROSECONDS
 * User frames, where there are any, stand between fstype and the kernel's, with "-" after them.
 * "(worker)" and the like stand after fstype where it is not the submitter itself that slept.
 * Samples of running calls, where they were asked for, have "(on-cpu)" for a comm.
 */
#define _GNU_SOURCE /* reallocarray */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "report/formats.h"
#include "report/print.h"

struct folded_line {
	char *text;
	uint64_t ns;
};

struct folded {
	struct folded_line *line;
	size_t nr, room;
};

/* The grammar's own separators and what a terminal would obey must not come from a name. */
static void put_name(FILE *mem, const char *name)
{
	char clean[1024];

	esc__utf8(name ? name : "", clean, sizeof(clean));
	if (!*clean)
		fputs("(none)", mem);
	for (const char *c = clean; *c; c++)
		fputc((unsigned char)*c <= ' ' || *c == ';' || *c == 0x7f ? '_' : *c, mem);
}

static void put_stack(FILE *mem, const struct stack *s)
{
	for (uint32_t i = s->depth; i > 0; i--) {
		fputc(';', mem);
		put_name(mem, s->frames[i - 1]);
	}
}

/* plane "": the submitter's own, or time on the CPU. */
static char *line_text(const struct fs_info *fs, const char *plane, const struct report_stack *rs)
{
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);

	if (!mem)
		return NULL;
	put_name(mem, rs->comm);
	fputc(';', mem);
	put_name(mem, fs ? fs->fstype : NULL);
	if (*plane)
		fprintf(mem, ";(%s)", plane);
	if (rs->user_stack && rs->user_stack->depth) {
		put_stack(mem, rs->user_stack);
		fputs(";-", mem);
	}
	if (rs->stack && rs->stack->depth)
		put_stack(mem, rs->stack);
	else
		fputs(";(stack_lost)", mem);
	if (fclose(mem) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int folded__add(struct folded *f, const struct fs_info *fs, const char *plane,
		       const struct report_stack *rs)
{
	char *text;

	if (!rs->blocked_ns)
		return 0;
	if (f->nr == f->room) {
		size_t room = f->room ? 2 * f->room : 64;
		struct folded_line *grown = reallocarray(f->line, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->line = grown;
		f->room = room;
	}
	text = line_text(fs, plane, rs);
	if (!text)
		return -ENOMEM;
	f->line[f->nr++] = (struct folded_line){text, rs->blocked_ns};
	return 0;
}

/* Time on the CPU stands apart from time asleep: its comm is "(on-cpu)". */
static int folded__samples(struct folded *f, const struct report *r)
{
	for (size_t i = 0; i < r->nr_samples; i++) {
		const struct ev_sample *s = &r->samples[i];
		struct report_stack rs = {.stack = s->stack, .comm = "(on-cpu)"};
		int rc;

		rs.blocked_ns = r->capture->sample_hz
					? s->count * (NSEC_PER_SEC / r->capture->sample_hz)
					: 0;
		rc = folded__add(f, s->fs, "", &rs);
		if (rc)
			return rc;
	}
	return 0;
}

static const char *plane_of(const struct report_cause *c)
{
	return c->plane == PLANE_SUBMIT ? "" : plane__name(c->plane);
}

static int folded__collect(struct folded *f, const struct report *r)
{
	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct report_fs *fs = &r->fs[i];

		for (size_t c = 0; c < fs->nr_causes; c++) {
			for (size_t s = 0; s < fs->causes[c].nr_stacks; s++) {
				int rc = folded__add(f, fs->fs, plane_of(&fs->causes[c]),
						     &fs->causes[c].stacks[s]);

				if (rc)
					return rc;
			}
		}
	}
	return folded__samples(f, r);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct folded_line *)a)->text, ((const struct folded_line *)b)->text);
}

/* Equal lines (the same stack on two filesystems of one type) are added up. */
static void folded__write(FILE *out, const struct folded *f)
{
	for (size_t i = 0; i < f->nr;) {
		const char *text = f->line[i].text;
		uint64_t ns = 0, us;

		for (; i < f->nr && strcmp(f->line[i].text, text) == 0; i++)
			ns += f->line[i].ns;
		us = ns / NSEC_PER_USEC;
		fprintf(out, "%s %llu\n", text, (unsigned long long)(us ? us : 1));
	}
}

int folded__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	struct folded f = {0};
	int rc;

	(void)o;
	rc = folded__collect(&f, r);
	if (!rc) {
		if (f.nr)
			qsort(f.line, f.nr, sizeof(*f.line), by_text);
		folded__write(out, &f);
		rc = print__flush(out);
	}
	for (size_t i = 0; i < f.nr; i++)
		free(f.line[i].text);
	free(f.line);
	return rc;
}
