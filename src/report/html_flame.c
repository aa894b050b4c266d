// SPDX-License-Identifier: GPL-2.0
#include "report/html_flame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sums.h"
#include "report/htmlw.h"

/* About 100 KB: a page has to be small enough for a mail. */
#define STACKS_MAX 500

struct flame_stack {
	const struct report_fs *fs;
	const struct report_cause *cause;
	const struct report_stack *stack;
};

/* Strings with numbers in the order in which they were first seen. */
struct pool_of_names {
	const char **names;
	size_t nr, max;
	bool short_of_memory;
};

static int by_cost(const void *a, const void *b)
{
	const struct flame_stack *x = a, *y = b;
	uint64_t u = x->stack->blocked_ns, v = y->stack->blocked_ns;

	/* the report's own order is the same each time */
	return u == v ? (x->stack > y->stack) - (x->stack < y->stack) : (u < v) - (u > v);
}

static struct flame_stack *collect(const struct report *r, size_t *nr)
{
	size_t all = 0, n = 0;
	struct flame_stack *list;

	for (size_t i = 0; i < r->nr_fs; i++)
		for (size_t c = 0; c < r->fs[i].nr_causes; c++)
			all += r->fs[i].causes[c].nr_stacks;
	list = calloc(all ? all : 1, sizeof(*list));
	for (size_t i = 0; list && i < r->nr_fs; i++)
		for (size_t c = 0; c < r->fs[i].nr_causes; c++)
			for (size_t s = 0; s < r->fs[i].causes[c].nr_stacks; s++)
				list[n++] = (struct flame_stack){&r->fs[i], &r->fs[i].causes[c],
								 &r->fs[i].causes[c].stacks[s]};
	*nr = n;
	return list;
}

/* Its number; of a name that there is no memory for, 0. */
static size_t number_of(struct pool_of_names *p, const char *name)
{
	for (size_t i = 0; i < p->nr; i++)
		if (!strcmp(p->names[i], name))
			return i;
	if (p->nr == p->max) {
		size_t max = p->max ? 2 * p->max : 256;
		const char **grown = realloc(p->names, max * sizeof(*grown));

		if (!grown) {
			p->short_of_memory = true;
			return 0;
		}
		p->names = grown;
		p->max = max;
	}
	p->names[p->nr] = name;
	return p->nr++;
}

static void put_names(FILE *out, const char *key, const struct pool_of_names *p)
{
	fprintf(out, "\"%s\":[", key);
	for (size_t i = 0; i < p->nr; i++) {
		fputs(i ? "," : "", out);
		htmlw__json(out, p->names[i]);
	}
	fputs("],\n", out);
}

static void put_filesystems(FILE *out, const struct report *r)
{
	char name[8192];

	fputs("\"filesystems\":[", out);
	for (size_t i = 0; i < r->nr_fs; i++) {
		htmlw__fs_name(r->fs[i].fs, name, sizeof(name));
		fputs(i ? "," : "", out);
		htmlw__json(out, name);
	}
	fputs("],\n", out);
}

/* Outermost first, as they are drawn. */
static void put_stack(FILE *out, const struct report *r, const struct flame_stack *s,
		      struct pool_of_names *causes, struct pool_of_names *frames)
{
	const struct stack *stack = s->stack->stack;

	fprintf(out, "[%td,%zu,%llu,%llu,[", s->fs - r->fs, number_of(causes, s->cause->id),
		(unsigned long long)s->stack->blocked_ns, (unsigned long long)s->stack->sleeps);
	for (uint32_t i = stack ? stack->depth : 0; i > 0; i--)
		fprintf(out, "%zu%s", number_of(frames, stack->frames[i - 1]), i > 1 ? "," : "");
	fputs("]]", out);
}

static void put_place(FILE *out)
{
	fputs("<section aria-labelledby=\"h-flame\"><h2 id=\"h-flame\">Where the time went</h2>\n"
	      "<noscript><p>The flame graph needs scripts; the same stacks stand in the tables "
	      "below."
	      "</p></noscript>\n"
	      "<div id=\"flame-tools\" hidden><div class=\"tools\"><label>search <input "
	      "id=\"search\" "
	      "type=\"search\"></label> <button class=\"b\" id=\"reset\" "
	      "type=\"button\">all</button> "
	      "<span class=\"key f-blk\" style=\"background:#ffd9a0\">block layer</span> "
	      "<span class=\"key\" style=\"background:#a8d5f5\">filesystem</span> "
	      "<span class=\"key\" style=\"background:#b8e6c8\">memory</span> "
	      "<span class=\"key\" style=\"background:#f2c4de\">lock</span> "
	      "<span class=\"key\" style=\"background:#dedede\">other</span></div>\n"
	      "<p class=\"soft\">As wide as the time that was slept: filesystem, cause, then the "
	      "stack. "
	      "Click or Enter goes in, Escape out, arrows move, / searches.</p></div>\n"
	      "<div id=\"flame\" role=\"tree\" aria-label=\"Blocked time by filesystem, cause and "
	      "stack\" "
	      "hidden></div>\n<p class=\"soft\" id=\"flame-note\" "
	      "aria-live=\"polite\"></p>\n</section>\n",
	      out);
}

int html_flame__print(FILE *out, const struct report *r)
{
	struct pool_of_names causes = {0}, frames = {0};
	size_t nr, shown;
	struct flame_stack *list = collect(r, &nr);
	uint64_t left_ns = 0;
	int rc;

	if (!list)
		return -ENOMEM;
	qsort(list, nr, sizeof(*list), by_cost);
	shown = nr < STACKS_MAX ? nr : STACKS_MAX;
	for (size_t i = shown; i < nr; i++)
		left_ns = sat_add(left_ns, list[i].stack->blocked_ns);
	put_place(out);
	fputs("<script type=\"application/json\" id=\"stacks\">{\n\"stacks\":[", out);
	for (size_t i = 0; i < shown; i++) {
		fputs(i ? ",\n" : "", out);
		put_stack(out, r, &list[i], &causes, &frames);
	}
	fputs("],\n", out);
	put_filesystems(out, r);
	put_names(out, "causes", &causes);
	put_names(out, "frames", &frames);
	fprintf(out, "\"left_out\":%zu,\"left_out_ns\":%llu}\n</script>\n", nr - shown,
		(unsigned long long)left_ns);
	rc = causes.short_of_memory || frames.short_of_memory ? -ENOMEM : 0;
	free(causes.names);
	free(frames.names);
	free(list);
	return rc;
}
