// SPDX-License-Identifier: GPL-2.0
#include "qualify/page.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "qualify/changes.h"
#include "qualify/page_part.h"

#define NOTES_MAX 64

static const struct page_form *const forms[] = {
#define FORMAT(name, help, printers) printers
#define PAGE(form) &(form),
#include "report/formats.def"
};

/* The explanations of one table, each said once. */
struct notes {
	char texts[NOTES_MAX][256];
	size_t nr;
};

const struct page_form *page__form(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i]->name, name))
			return forms[i];
	return NULL;
}

const char *page__anchor(const char *text, char *buf, size_t size)
{
	size_t len = 0;

	for (; *text && len + 1 < size; text++)
		if (isalnum((unsigned char)*text) || strchr("-_ ", *text))
			buf[len++] = (char)(*text == ' ' ? '-' : tolower((unsigned char)*text));
	buf[len] = '\0';
	return buf;
}

void page__add_name(const char **names, size_t *nr, size_t max, const char *name)
{
	for (size_t i = 0; i < *nr; i++)
		if (!strcmp(names[i], name))
			return;
	if (*nr < max)
		names[(*nr)++] = name;
}

static int compare_kernels(const void *a, const void *b)
{
	return changes__compare(*(const char *const *)a, *(const char *const *)b);
}

static void lay_out(struct page *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		page__add_name(p->kernels, &p->nr_kernels, PAGE_KERNELS_MAX, p->results[i]->kernel);
		page__add_name(p->labels, &p->nr_labels, PAGE_LABELS_MAX, p->results[i]->label);
	}
	qsort(p->kernels, p->nr_kernels, sizeof(*p->kernels), compare_kernels);
}

static bool is_of(const struct result *r, const char *label, const char *kernel)
{
	return r->nr_cells && !strcmp(r->label, label) && !strcmp(r->kernel, kernel);
}

const struct cell *page__find(const struct page *p, const char *label, const char *kernel,
			      const char *row)
{
	for (size_t i = 0; i < p->nr; i++) {
		const struct result *r = p->results[i];
		const struct cell *c =
			is_of(r, label, kernel) ? result__find(r, row, r->cells[0].engine) : NULL;

		if (c)
			return c;
	}
	return NULL;
}

/* Whether any kernel has a verdict of it. */
static bool has_verdict(const struct page *p, const char *label, const char *row)
{
	for (size_t i = 0; i < p->nr_kernels; i++) {
		const struct cell *c = page__find(p, label, p->kernels[i], row);

		if (c && c->verdict != VERDICT_NA)
			return true;
	}
	return false;
}

/* Where it stands among all rows; those that this version does not know come last. */
static size_t place_of(const struct page *p, const char *row)
{
	char id[ROW_ID_MAX];
	size_t i = 0;

	while (i < p->nr_rows && strcmp(row__id(&p->rows[i], id, sizeof(id)), row) != 0)
		i++;
	return i;
}

static void sort_rows(const struct page *p, const char **rows, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		for (size_t k = i; k && place_of(p, rows[k]) < place_of(p, rows[k - 1]); k--) {
			const char *row = rows[k];

			rows[k] = rows[k - 1];
			rows[k - 1] = row;
		}
}

/* All rows of a place, on any kernel, in the order of qualify; those that are n/a on all stand apart. */
static size_t rows_of(const struct page *p, const char *label, bool with_verdict, const char **rows)
{
	size_t nr = 0;

	for (size_t i = 0; i < p->nr; i++) {
		const struct result *r = p->results[i];

		for (size_t k = 0; !strcmp(r->label, label) && k < r->nr_cells; k++)
			if (!strcmp(r->cells[k].engine, r->cells[0].engine) &&
			    has_verdict(p, label, r->cells[k].row) == with_verdict)
				page__add_name(rows, &nr, PAGE_ROWS_MAX, r->cells[k].row);
	}
	sort_rows(p, rows, nr);
	return nr;
}

static bool has_kernel(const struct page *p, const char *label, const char *kernel)
{
	for (size_t i = 0; i < p->nr; i++)
		if (is_of(p->results[i], label, kernel))
			return true;
	return false;
}

size_t page__kernels_of(const struct page *p, const char *label, const char **kernels)
{
	size_t nr = 0;

	for (size_t i = 0; i < p->nr_kernels; i++)
		if (has_kernel(p, label, p->kernels[i]))
			kernels[nr++] = p->kernels[i];
	return nr;
}

/* Its number, from 1; 0 if there is no more room. */
static size_t add_note(struct notes *n, const char *text)
{
	for (size_t i = 0; i < n->nr; i++)
		if (!strcmp(n->texts[i], text))
			return i + 1;
	if (n->nr >= NOTES_MAX)
		return 0;
	snprintf(n->texts[n->nr++], sizeof(n->texts[0]), "%s", text);
	return n->nr;
}

static size_t explain(struct notes *n, const char *label, const struct cell *before,
		      const struct cell *c, const char *from, const char *to)
{
	const char *why = changes__explain(label, c->row, from, to, before->verdict, c->verdict);
	char text[256];
	struct row row;

	if (!why)
		why = changes__chance(label, c->row);
	if (why)
		return add_note(n, why);
	if (row__find(c->row, &row) && row.kind->side)
		return add_note(n, "two threads: how often they meet in a guest is partly chance");
	if (before->verdict == VERDICT_NA || c->verdict == VERDICT_NA) {
		const struct cell *na = c->verdict == VERDICT_NA ? c : before;

		snprintf(text, sizeof(text), "n/a on %s: %s", c->verdict == VERDICT_NA ? to : from,
			 na->reason);
		return add_note(n, text);
	}
	snprintf(text, sizeof(text), "%s to %s between %s and %s: not explained",
		 verdict__word(before->verdict), verdict__word(c->verdict), from, to);
	return add_note(n, text);
}

void page_td__set(struct page_td *td, const char *text, const char *class)
{
	*td = (struct page_td){.class = class};
	snprintf(td->text, sizeof(td->text), "%s", text);
}

/* Whether a few of a hundred requests sleep may be chance. */
bool page__is_change(enum verdict from, enum verdict to)
{
	bool from_good = from == VERDICT_ASYNC || from == VERDICT_RARE;
	bool to_good = to == VERDICT_ASYNC || to == VERDICT_RARE;

	return from != to && !(from_good && to_good);
}

/* What cannot be run on one of two kernels is a change, too. */
static void print_row(const struct page *p, const char *label, const char *row,
		      const char *const *kernels, size_t nr, struct notes *n)
{
	struct page_td td[PAGE_KERNELS_MAX + 1];
	const struct cell *before = NULL;
	const char *before_kernel = "";

	page_td__set(&td[0], row, "");
	for (size_t i = 0; i < nr; i++) {
		const struct cell *c = page__find(p, label, kernels[i], row);
		const char *word = c ? verdict__word(c->verdict) : "";

		page_td__set(&td[i + 1], word, word);
		if (!c)
			continue;
		if (before && page__is_change(before->verdict, c->verdict)) {
			td[i + 1].changed = true;
			snprintf(td[i + 1].text, sizeof(td[i + 1].text), "%s [%zu]", word,
				 explain(n, label, before, c, before_kernel, kernels[i]));
		}
		before = c;
		before_kernel = kernels[i];
	}
	p->form->row(p->out, td, nr + 1);
}

static void print_facts(const struct page *p, const char *label)
{
	const struct result *r = NULL;
	char line[768];

	for (size_t i = 0; i < p->nr; i++)
		if (!strcmp(p->results[i]->label, label))
			r = p->results[i];
	if (!r)
		return;
	snprintf(line, sizeof(line), "Block %s, direct I/O aligned to %s; %s%s%s%s",
		 result__fact(r, "block_bytes"), result__fact(r, "direct_align_bytes"),
		 *result__fact(r, "mount_options") ? "mounted " : "on ",
		 *result__fact(r, "mount_options") ? result__fact(r, "mount_options")
						   : result__fact(r, "device_kind"),
		 *result__fact(r, "data_profile") ? "; data profile " : "",
		 result__fact(r, "data_profile"));
	p->form->para(p->out, line);
}

/* The cause of a row's sleeps, NULL = it has none, or nothing to blame on it. */
static const struct cell_cause *cause_of(const struct page *p, const char *label,
					 const char *kernel, const char *row)
{
	const struct cell *c = page__find(p, label, kernel, row);

	return c && *c->cause.id && c->verdict >= VERDICT_RARE && c->verdict != VERDICT_REFUSES
		       ? &c->cause
		       : NULL;
}

/* Its rows behind it: "ext4.dio_sync, the write ...: append append-d4". */
static void print_cause(const struct page *p, const char *label, const char *kernel, const char *id,
			const char *const *rows, size_t nr)
{
	char list[1024] = "", line[1400];
	const char *name = "";
	size_t len = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct cell_cause *c = cause_of(p, label, kernel, rows[i]);

		if (!c || strcmp(c->id, id) != 0 || len >= sizeof(list))
			continue;
		name = c->name;
		len += (size_t)snprintf(list + len, sizeof(list) - len, " %s", rows[i]);
	}
	snprintf(line, sizeof(line), "%s, %s:%s", id, name, list);
	p->form->item(p->out, line);
}

static void print_causes(const struct page *p, const char *label, const char *kernel,
			 const char *const *rows, size_t nr)
{
	const char *ids[PAGE_ROWS_MAX];
	char line[128];
	size_t nr_ids = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct cell_cause *c = cause_of(p, label, kernel, rows[i]);

		if (c)
			page__add_name(ids, &nr_ids, PAGE_ROWS_MAX, c->id);
	}
	if (!nr_ids)
		return;
	snprintf(line, sizeof(line), "Causes on %s:", kernel);
	p->form->para(p->out, line);
	for (size_t i = 0; i < nr_ids; i++)
		print_cause(p, label, kernel, ids[i], rows, nr);
	p->form->end_items(p->out);
}

/* Of the first kernel that says why it has no verdict. */
static const char *reason_of(const struct page *p, const char *label, const char *row)
{
	for (size_t i = 0; i < p->nr_kernels; i++) {
		const struct cell *c = page__find(p, label, p->kernels[i], row);

		if (c && *c->reason)
			return c->reason;
	}
	return "not known why";
}

/* What no kernel could run, by the reason: "a device has no end and no holes: append, ...". */
static void print_absent(const struct page *p, const char *label)
{
	const char *rows[PAGE_ROWS_MAX], *reasons[PAGE_ROWS_MAX];
	size_t nr = rows_of(p, label, false, rows), nr_reasons = 0;
	char line[1900];

	for (size_t i = 0; i < nr; i++)
		page__add_name(reasons, &nr_reasons, PAGE_ROWS_MAX, reason_of(p, label, rows[i]));
	for (size_t k = 0; k < nr_reasons; k++) {
		snprintf(line, sizeof(line), "Not run, %s:", reasons[k]);
		for (size_t i = 0; i < nr; i++) {
			size_t len = strlen(line);

			if (!strcmp(reason_of(p, label, rows[i]), reasons[k]))
				snprintf(line + len, sizeof(line) - len, " %s", rows[i]);
		}
		p->form->para(p->out, line);
	}
}

static void print_notes(const struct page *p, const struct notes *n)
{
	char line[300];

	for (size_t i = 0; i < n->nr; i++) {
		snprintf(line, sizeof(line), "[%zu] %s", i + 1, n->texts[i]);
		p->form->item(p->out, line);
	}
	p->form->end_items(p->out);
}

static bool is_noted(const struct notes *n, const char *text)
{
	for (size_t i = 0; i < n->nr; i++)
		if (!strcmp(n->texts[i], text))
			return true;
	return false;
}

/* Rows that a known change is about have a verdict before and after it, and none the one that it brings. */
static bool is_contradicted(const struct page *p, const char *label, const char *const *kernels,
			    size_t change, const char *const *rows, size_t nr)
{
	bool concerned = false;

	for (size_t i = 0; i < nr; i++) {
		const struct cell *before = page__find(p, label, kernels[0], rows[i]);
		const struct cell *after = page__find(p, label, kernels[1], rows[i]);

		if (!before || !after || before->verdict == VERDICT_NA ||
		    after->verdict == VERDICT_NA || !changes__concerns(change, label, rows[i]))
			continue;
		if (changes__brings(change, after->verdict))
			return false;
		concerned = true;
	}
	return concerned;
}

/* What the kernel's history says of this place and the cells do not. */
static void print_missed(const struct page *p, const char *label, const char *const *rows,
			 size_t nr, const struct notes *n)
{
	const char *kernels[PAGE_KERNELS_MAX], *text;
	size_t nr_kernels = page__kernels_of(p, label, kernels), missed = 0;
	char line[400];

	for (size_t k = 1; k < nr_kernels; k++)
		for (size_t i = 0; (text = changes__between(i, kernels[k - 1], kernels[k])); i++) {
			if (!*text || is_noted(n, text) ||
			    !is_contradicted(p, label, kernels + k - 1, i, rows, nr))
				continue;
			snprintf(line, sizeof(line), "Contradicted, no cell of %s shows it: %s",
				 kernels[k], text);
			p->form->item(p->out, line);
			missed++;
		}
	if (missed)
		p->form->end_items(p->out);
}

static void print_place(const struct page *p, const char *label)
{
	const char *rows[PAGE_ROWS_MAX], *kernels[PAGE_KERNELS_MAX];
	size_t nr_rows = rows_of(p, label, true, rows), nr = page__kernels_of(p, label, kernels);
	struct notes *n = calloc(1, sizeof(*n));
	struct page_td td[PAGE_KERNELS_MAX + 1];

	if (!n || !nr) {
		free(n);
		return;
	}
	p->form->heading(p->out, 2, label);
	print_facts(p, label);
	page_td__set(&td[0], "row", "");
	for (size_t i = 0; i < nr; i++)
		page_td__set(&td[i + 1], kernels[i], "");
	p->form->head(p->out, td, nr + 1);
	for (size_t i = 0; i < nr_rows; i++)
		print_row(p, label, rows[i], kernels, nr, n);
	p->form->end_table(p->out);
	print_notes(p, n);
	print_missed(p, label, rows, nr_rows, n);
	print_absent(p, label);
	print_causes(p, label, kernels[nr - 1], rows, nr_rows);
	free(n);
}

/* One block of the intro. */
static void print_block(const struct page *p, char *block)
{
	if (!strncmp(block, "# ", 2))
		p->form->heading(p->out, 1, block + 2);
	else if (!strncmp(block, "## ", 3))
		p->form->heading(p->out, 2, block + 3);
	else if (!strncmp(block, "- ", 2))
		p->form->item(p->out, block + 2);
	else
		p->form->para(p->out, block);
}

static int print_intro(const struct page *p, const char *intro)
{
	char *copy = strdup(intro), *at = copy;
	bool items = false;

	if (!copy)
		return -ENOMEM;
	while (*at) {
		char *end = strstr(at, "\n\n"), *next = end ? end + 2 : at + strlen(at);

		if (end)
			*end = '\0';
		for (char *c = at; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		if (items && strncmp(at, "- ", 2) != 0)
			p->form->end_items(p->out);
		items = !strncmp(at, "- ", 2);
		if (*at)
			print_block(p, at);
		at = next;
	}
	if (items)
		p->form->end_items(p->out);
	free(copy);
	return 0;
}

static void print_verdicts(const struct page *p)
{
	char line[256];

	for (int v = 0; v < VERDICTS; v++) {
		snprintf(line, sizeof(line), "%s: %s", verdict__word((enum verdict)v),
			 verdict__meaning((enum verdict)v));
		p->form->item(p->out, line);
	}
	p->form->end_items(p->out);
}

int page__print(struct result *const *results, size_t nr, const char *intro,
		const struct page_form *form, FILE *out)
{
	struct page p = {.results = results, .nr = nr, .form = form, .out = out};
	int rc = 0;

	p.rows = row__all(&p.nr_rows);
	if (!p.rows)
		return -ENOMEM;
	lay_out(&p);
	form->begin(out, "What blocks, by kernel and filesystem");
	if (intro)
		rc = print_intro(&p, intro);
	form->heading(out, 2, "The words");
	print_verdicts(&p);
	page_glance__print(&p);
	for (size_t i = 0; i < p.nr_labels; i++)
		print_place(&p, p.labels[i]);
	for (size_t i = 0; i < nr; i++)
		page_engines__print(results[i], form, out);
	form->end(out);
	free(p.rows);
	return rc || !ferror(out) ? rc : -EIO;
}
