// SPDX-License-Identifier: GPL-2.0
#include "qualify/print_result.h"

#include <string.h>

#include "base/base.h"
#include "qualify/summary.h"
#include "report/print.h"

#define PRIMARY(r, c) (!strcmp((c)->engine, (r)->cells[0].engine))

static void print_head(struct print *p, const struct result *r)
{
	const char *device = result__fact(r, "device"), *build = result__fact(r, "kernel_build");
	char line[768], took[16];

	print__para(p, PRINT_BOLD, "", "%s", print__safe(p, summary__line(r, line, sizeof(line))));
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_PLAIN, "", "kernel %s (%s)", print__safe(p, r->kernel),
		    print__safe(p, *build ? build : "build not known"));
	if (*device)
		print__para(p, PRINT_PLAIN, "", "device %s (%s), scheduler %s, %s requests",
			    print__safe(p, device), print__safe(p, result__fact(r, "device_kind")),
			    print__safe(p, result__fact(r, "queue.scheduler")),
			    print__safe(p, result__fact(r, "queue.nr_requests")));
	print__para(p, PRINT_PLAIN, "", "block %s, direct I/O aligned to %s, memory to %s (by %s)",
		    print__safe(p, result__fact(r, "block_bytes")),
		    print__safe(p, result__fact(r, "direct_align_bytes")),
		    print__safe(p, result__fact(r, "direct_align_memory_bytes")),
		    print__safe(p, result__fact(r, "direct_align_from")));
	if (*result__fact(r, "mount_options"))
		print__para(p, PRINT_PLAIN, "", "mounted %s",
			    print__safe(p, result__fact(r, "mount_options")));
	if (!r->traced)
		print__para(p, PRINT_PLAIN, "", "verdicts by getrusage alone, without causes: %s",
			    print__safe(p, r->untraced_why));
	print__para(p, PRINT_PLAIN, "", "%zu cells in %s%s", r->nr_cells,
		    fmt__duration(r->duration_ns, took, sizeof(took)),
		    r->interrupted ? ", INTERRUPTED: the rest was not run" : "");
}

static void print_warm_up(struct print *p, const struct result *r)
{
	const struct cell *c = &r->warm_up;
	char max[16], p50[16];

	if (!*c->row || c->verdict == VERDICT_NA)
		return;
	print__para(p, PRINT_PLAIN, "",
		    "warm-up, the first %llu overwrites: %llu sleep%s, held %s at most, half of "
		    "them %s or less",
		    (unsigned long long)c->f.requests, (unsigned long long)c->f.sleeps,
		    plural(c->f.sleeps), fmt__duration(c->f.held_max_ns, max, sizeof(max)),
		    fmt__duration(c->f.held_p50_ns, p50, sizeof(p50)));
}

static const char *percent(uint64_t part, uint64_t of, char *buf, size_t size)
{
	return fmt__percent(of ? (double)part / (double)of : 0, buf, size);
}

static void print_cell(struct print *p, const struct cell *c)
{
	char n[16], blocked[16], refused[16], inside[16], p50[16], max[16];
	const struct figures *f = &c->f;

	if (c->verdict == VERDICT_NA) {
		print__line(p, PRINT_PLAIN, "%-23s %-11s %s", print__safe(p, c->row),
			    verdict__word(c->verdict), print__safe(p, c->reason));
		return;
	}
	print__line(p, c->verdict >= VERDICT_BLOCKS ? PRINT_ALARM : PRINT_PLAIN,
		    "%-23s %-11s %5s %5.2f %6s %6s %6s %5s %5s", print__safe(p, c->row),
		    verdict__word(c->verdict), fmt__count(f->requests, n, sizeof(n)),
		    cell__per_request(c, f->sleeps),
		    percent(f->submits_blocked, f->submits, blocked, sizeof(blocked)),
		    fmt__duration(f->held_p50_ns, p50, sizeof(p50)),
		    fmt__duration(f->held_max_ns, max, sizeof(max)),
		    percent(f->refused, f->requests, refused, sizeof(refused)),
		    percent(f->inside, f->requests, inside, sizeof(inside)));
}

static void print_rows(struct print *p, const struct result *r)
{
	print__line(p, PRINT_BOLD, "%-23s %-11s %5s %5s %6s %6s %6s %5s %5s", "ROW", "VERDICT", "N",
		    "CSWIO", "BLOCK%", "HELD50", "HELDMX", "EAGN%", "DONE%");
	for (size_t i = 0; i < r->nr_cells; i++)
		if (PRIMARY(r, &r->cells[i]))
			print_cell(p, &r->cells[i]);
	print__para(p, PRINT_PLAIN, "  ",
		    "rows are direct writes or reads of one block, one at a time, unless their "
		    "name says else: -lba logical block, -64k, -1m, -dN so many in flight. CSWIO: "
		    "sleeps per request, below 0.1 is good. BLOCK%%: submits that slept. HELD50, "
		    "HELDMX: how long a submit held the thread, half of them and the longest. "
		    "EAGN%%: requests refused. DONE%%: done when the submit returned.");
}

/* The first of the cells with this cause. */
static bool is_first_of_cause(const struct result *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(r->cells[k].cause.id, r->cells[i].cause.id))
			return false;
	return true;
}

static void print_cause(struct print *p, const struct result *r, size_t first)
{
	const struct cell_cause *cause = &r->cells[first].cause;
	char rows[1024] = "";

	for (size_t i = first; i < r->nr_cells; i++) {
		const struct cell *c = &r->cells[i];
		size_t len = strlen(rows);
		bool own = PRIMARY(r, c);

		if (!strcmp(c->cause.id, cause->id))
			snprintf(rows + len, sizeof(rows) - len, "%s%s%s%s", len ? ", " : "",
				 c->row, own ? "" : " by ", own ? "" : c->engine);
	}
	print__para(p, PRINT_BOLD, "  ", "%s: %s", print__safe(p, cause->id),
		    print__safe(p, cause->name));
	print__para(p, PRINT_PLAIN, "    rows: ", "%s", print__safe(p, rows));
	if (*cause->frames)
		print__para(p, PRINT_PLAIN, "    at: ", "%s", print__safe(p, cause->frames));
	if (*cause->todo)
		print__para(p, PRINT_PLAIN, "    do: ", "%s", print__safe(p, cause->todo));
}

static void print_causes(struct print *p, const struct result *r)
{
	bool any = false;

	for (size_t i = 0; i < r->nr_cells; i++) {
		if (!*r->cells[i].cause.id || !is_first_of_cause(r, i))
			continue;
		if (!any)
			print__line(p, PRINT_BOLD, "\nWHY, where most of the time asleep went:");
		any = true;
		print_cause(p, r, i);
	}
}

static bool has_several_engines(const struct result *r, const char *row)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nr_cells; i++)
		n += !strcmp(r->cells[i].row, row);
	return n > 1;
}

static void print_engine(struct print *p, const struct cell *c)
{
	char p50[16], done[16], p99[16], rate[16], cpu[16];
	const struct figures *f = &c->f;
	double seconds = (double)f->wall_ns / (double)NSEC_PER_SEC;

	if (c->verdict == VERDICT_NA) {
		print__line(p, PRINT_PLAIN, "  %-13s %-11s %s", print__safe(p, c->engine),
			    verdict__word(c->verdict), print__safe(p, c->reason));
		return;
	}
	print__line(p, PRINT_PLAIN, "  %-13s %-11s %7s %7s %7s %8s %8s", print__safe(p, c->engine),
		    verdict__word(c->verdict), fmt__duration(f->held_p50_ns, p50, sizeof(p50)),
		    fmt__duration(f->done_p50_ns, done, sizeof(done)),
		    fmt__duration(f->done_p99_ns, p99, sizeof(p99)),
		    fmt__count(seconds > 0 ? (uint64_t)((double)f->requests / seconds) : 0, rate,
			       sizeof(rate)),
		    fmt__duration(f->requests ? f->cpu_ns / f->requests : 0, cpu, sizeof(cpu)));
}

static void print_engines(struct print *p, const struct result *r)
{
	bool any = false;

	for (size_t i = 0; i < r->nr_cells && PRIMARY(r, &r->cells[i]); i++) {
		const char *row = r->cells[i].row;

		if (!has_several_engines(r, row))
			continue;
		if (!any)
			print__line(p, PRINT_BOLD, "\n%-15s %-11s %7s %7s %7s %8s %8s", "ENGINES",
				    "VERDICT", "HELD50", "DONE50", "DONE99", "REQ/S", "CPU/REQ");
		any = true;
		print__line(p, PRINT_BOLD, "%s", print__safe(p, row));
		for (size_t k = 0; k < r->nr_cells; k++)
			if (!strcmp(r->cells[k].row, row))
				print_engine(p, &r->cells[k]);
	}
	if (any)
		print__para(p, PRINT_PLAIN, "  ",
			    "HELD50: how long half of the submits held the thread at most. DONE50, "
			    "DONE99: from the submit to the completion. CPU/REQ: of all threads "
			    "together.");
}

int result_text__print(const struct result *r, FILE *out, const struct format_opts *o)
{
	struct print p;

	print__init(&p, out, o);
	print_head(&p, r);
	print_warm_up(&p, r);
	print__line(&p, PRINT_PLAIN, "%s", "");
	if (r->nr_cells)
		print_rows(&p, r);
	print_causes(&p, r);
	print_engines(&p, r);
	return print__finish(&p);
}
