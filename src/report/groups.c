// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* strchrnul */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/base.h"
#include "report/csv.h"
#include "report/formats.h"
#include "report/jsonw.h"
#include "report/print.h"
#include "report/text_uring.h"

#define DEFAULT_TOP 50

static bool is_by(const struct report *r, const char *name)
{
	for (size_t i = 0; i < r->nr_by; i++)
		if (!strcmp(r->by[i], name))
			return true;
	return false;
}

static size_t shown(const struct report *r, const struct format_opts *o)
{
	size_t top = o && o->top ? o->top : DEFAULT_TOP;

	return r->nr_groups < top ? r->nr_groups : top;
}

/* ---- text ---- */

/* "ext4  /data  blk.tag": a value that is empty is "-". */
static void join_values(const struct report *r, const struct report_group *row, char *buf,
			size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < r->nr_by && used < size; i++) {
		const char *v = *row->values[i] ? row->values[i] : "-";

		used += (size_t)snprintf(buf + used, size - used, "%s", i ? "  " : "");
		for (; *v && used < size; v += strcspn(v, "\n"), v += *v == '\n')
			used += (size_t)snprintf(buf + used, size - used, "%.*s%s",
						 (int)strcspn(v, "\n"), v,
						 *strchrnul(v, '\n') ? " < " : "");
	}
}

static void print_names(struct print *p, const struct report *r, bool submits)
{
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < r->nr_by && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? "  " : "",
					 r->by[i]);
	print__line(p, PRINT_BOLD, "%7s %6s %8s %8s %8s %8s%s  %s", "blocked", "share", "stalls",
		    "p50", "p99", "max", submits ? "  submits blocked ctxsw/io" : "", names);
}

/* What tells rows apart is at the end of a path and at the start of a name: the middle goes. */
static void elide(char *s, int columns)
{
	int all = print__columns(s), tail = (columns - 3) / 2, head = columns - 3 - tail;
	const char *rest;

	if (all <= columns || columns < 8)
		return;
	rest = s + print__bytes(s, all - tail);
	head = (int)print__bytes(s, head);
	memcpy(s + head, "...", 3);
	memmove(s + head + 3, rest, strlen(rest) + 1);
}

static void print_row(struct print *p, const struct report *r, const struct report_group *row,
		      const struct format_opts *o)
{
	char blocked[16], share[16], sleeps[16], p50[16], p99[16], max[16], values[16384];
	char of_submits[64] = "", count[16], part[16], figures[256];
	bool submits = row->has_submits;
	int used;

	if (submits)
		snprintf(of_submits, sizeof(of_submits), " %8s %7s %8.3f",
			 fmt__count(row->c.submits, count, sizeof(count)),
			 fmt__percent(row->blocked_share, part, sizeof(part)), row->ctxsw_per_io);
	join_values(r, row, values, sizeof(values));
	used = snprintf(figures, sizeof(figures), "%7s %6s %8s %8s %8s %8s%s  ",
			fmt__duration(row->c.blocked_ns, blocked, sizeof(blocked)),
			fmt__percent(row->share, share, sizeof(share)),
			fmt__count(row->c.sleeps, sleeps, sizeof(sleeps)),
			fmt__duration(row->p50, p50, sizeof(p50)),
			fmt__duration(row->p99, p99, sizeof(p99)),
			fmt__duration(row->c.max_sleep_ns, max, sizeof(max)), of_submits);
	esc__terminal(values, p->work, sizeof(p->work));
	if (o && o->terminal)
		elide(p->work, p->width - used);
	print__line(p, PRINT_PLAIN, "%s%s", figures, p->work);
}

/* It is no sleep, and no row's: it is known by kind of operation, whether they slept or not. */
static void print_queued(struct print *p, const struct report *r)
{
	char ops[128];

	if (is_by(r, "opcode") && report__knows_queue(r) &&
	    *text_uring__queued(&r->totals, ops, sizeof(ops)))
		print__para(p, PRINT_PLAIN, "  ",
			    "Until a worker took them, punted requests waited on average: %s", ops);
}

/* The figures are those of one plane, see groups__build(). */
static void print_other_planes(struct print *p, const struct report *r)
{
	const struct counters *c = &r->totals;

	if (!is_by(r, "plane") && (c->worker_sleeps || c->sqpoll_sleeps || c->taskwork_sleeps))
		print__para(
			p, PRINT_PLAIN, "  ",
			"These are the submitters' own sleeps. Those of worker threads, of SQPOLL "
			"and of work that was put off are told with plane in --by.");
}

int groups_text__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	bool submits = r->nr_groups && r->groups[0].has_submits;
	struct print p;

	print__init(&p, out, o);
	if (!o || !o->terminal)
		p.width = INT_MAX;
	if (r->incomplete)
		print__line(&p, PRINT_ALARM,
			    "INCOMPLETE: data was lost, the figures are lower bounds");
	if (!r->nr_groups)
		print__line(&p, PRINT_PLAIN, "There is nothing to report.");
	else
		print_names(&p, r, submits);
	for (size_t i = 0; i < shown(r, o); i++)
		print_row(&p, r, &r->groups[i], o);
	print_queued(&p, r);
	print_other_planes(&p, r);
	if (shown(r, o) < r->nr_groups)
		print__line(&p, PRINT_PLAIN, "and %zu more (--top shows more)",
			    r->nr_groups - shown(r, o));
	return print__finish(&p);
}

/* ---- csv ---- */

int groups_csv__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	struct csv c = {.out = out};

	(void)o;
	for (size_t i = 0; i < r->nr_by; i++)
		csv__text(&c, r->by[i]);
	fputs(",sleeps,blocked_ns,share,p50_ns,p90_ns,p99_ns,max_ns,held_up_requests,submits,"
	      "submits_blocked,requests,bytes,ctxsw_per_io\r\n",
	      out);
	c.fields = 0;
	for (size_t i = 0; i < r->nr_groups; i++) {
		const struct report_group *row = &r->groups[i];

		for (size_t d = 0; d < r->nr_by; d++)
			csv__text(&c, row->values[d]);
		csv__u64(&c, row->c.sleeps);
		csv__u64(&c, row->c.blocked_ns);
		csv__real(&c, row->share);
		csv__u64(&c, row->p50);
		csv__u64(&c, row->p90);
		csv__u64(&c, row->p99);
		csv__u64(&c, row->c.max_sleep_ns);
		csv__u64(&c, row->c.held_up_requests);
		if (row->has_submits) {
			csv__u64(&c, row->c.submits);
			csv__u64(&c, row->c.submits_blocked);
			csv__u64(&c, row->c.requests);
			csv__u64(&c, row->c.bytes);
			csv__real(&c, row->ctxsw_per_io);
		} else {
			fputs(",,,,,", out);
		}
		csv__end(&c);
	}
	return print__flush(out);
}

/* ---- json ---- */

static void put_value(struct jsonw *w, json_t *o, const char *name, const char *value)
{
	char frame[512];
	json_t *frames;

	if (strcmp(name, "stack") != 0) {
		jsonw__str(w, o, name, value);
		return;
	}
	frames = jsonw__array(w, o, name);
	for (; *value; value += strcspn(value, "\n"), value += *value == '\n') {
		snprintf(frame, sizeof(frame), "%.*s", (int)strcspn(value, "\n"), value);
		jsonw__add_str(w, frames, frame);
	}
}

static void put_group(struct jsonw *w, json_t *o, const struct report *r,
		      const struct report_group *row)
{
	json_t *sleep;

	for (size_t d = 0; d < r->nr_by; d++)
		put_value(w, o, r->by[d], row->values[d]);
	jsonw__u64(w, o, "sleeps", row->c.sleeps);
	jsonw__u64(w, o, "blocked_ns", row->c.blocked_ns);
	jsonw__real(w, o, "share", row->share);
	jsonw__u64(w, o, "held_up_requests", row->c.held_up_requests);
	sleep = jsonw__object(w, o, "sleep_ns");
	jsonw__u64(w, sleep, "p50", row->p50);
	jsonw__u64(w, sleep, "p90", row->p90);
	jsonw__u64(w, sleep, "p99", row->p99);
	jsonw__u64(w, sleep, "max", row->c.max_sleep_ns);
	if (!row->has_submits)
		return;
	jsonw__u64(w, o, "submits", row->c.submits);
	jsonw__u64(w, o, "submits_blocked", row->c.submits_blocked);
	jsonw__u64(w, o, "requests", row->c.requests);
	jsonw__u64(w, o, "bytes", row->c.bytes);
	jsonw__real(w, o, "ctxsw_per_io", row->ctxsw_per_io);
}

int groups_json__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	struct jsonw w = {0};
	json_t *root = json_object(), *by, *list;

	(void)o;
	jsonw__str(&w, root, "schema", "aiostall-groups/1");
	jsonw__loss(&w, root, r, r->any_loss);
	by = jsonw__array(&w, root, "by");
	for (size_t d = 0; d < r->nr_by; d++)
		jsonw__add_str(&w, by, r->by[d]);
	list = jsonw__array(&w, root, "groups");
	for (size_t i = 0; i < r->nr_groups; i++)
		put_group(&w, jsonw__item(&w, list), r, &r->groups[i]);
	if (is_by(r, "opcode"))
		jsonw__queued(&w, root, report__knows_queue(r), &r->totals);
	return jsonw__finish(&w, root, out, JSON_INDENT(2));
}

/* ---- folded ---- */

/* What separates names in a folded line is none in a name. */
static void put_name(FILE *out, const char *name, size_t len)
{
	char copy[512], clean[2048];

	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	esc__utf8(len ? copy : "-", clean, sizeof(clean));
	for (const char *c = clean; *c; c++)
		fputc((unsigned char)*c <= ' ' || *c == ';' || *c == 0x7f ? '_' : *c, out);
}

/* The frames of a stack, outermost first. */
static void put_names(FILE *out, const char *value)
{
	const char *end = value + strlen(value);

	for (;;) {
		const char *from = end;

		while (from > value && from[-1] != '\n')
			from--;
		put_name(out, from, (size_t)(end - from));
		if (from == value)
			return;
		end = from - 1;
		fputc(';', out);
	}
}

int groups_folded__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	(void)o;
	for (size_t i = 0; i < r->nr_groups; i++) {
		uint64_t us = r->groups[i].c.blocked_ns / NSEC_PER_USEC;

		if (!r->groups[i].c.blocked_ns)
			continue;
		for (size_t d = 0; d < r->nr_by; d++) {
			if (d)
				fputc(';', out);
			put_names(out, r->groups[i].values[d]);
		}
		fprintf(out, " %llu\n", (unsigned long long)(us ? us : 1));
	}
	return print__flush(out);
}
