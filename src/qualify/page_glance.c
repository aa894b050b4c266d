// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "base/base.h"
#include "qualify/page_part.h"

/* What decides whether a place is fit for it; at depth 4 where one request alone would not show it. */
static const char *const glanced[] = {
	"append",	 "append-d4",	     "fill-hole-d4", "fill-unwritten-d4", "overwrite-d4",
	"overwrite-lba", "overwrite-nowait", "read-d4",	     "read-cold",
};

/* NULL: a kernel has no such row. */
static void set_cell(const struct cell *was, const struct cell *is, struct page_td *td)
{
	page_td__set(td, "-", "");
	if (!was || !is || (was->verdict == VERDICT_NA && is->verdict == VERDICT_NA))
		return;
	page_td__set(td, verdict__word(is->verdict), verdict__word(is->verdict));
	td->changed = page__is_change(was->verdict, is->verdict);
	if (td->changed)
		snprintf(td->text, sizeof(td->text), "%s, was %s", verdict__word(is->verdict),
			 verdict__word(was->verdict));
}

static void print_place(const struct page *p, const char *label)
{
	struct page_td td[ARRAY_SIZE(glanced) + 1];
	const char *kernels[PAGE_KERNELS_MAX];
	size_t nr = page__kernels_of(p, label, kernels);

	if (!nr)
		return;
	page_td__set(&td[0], label, "");
	td[0].to_place = true;
	for (size_t i = 0; i < ARRAY_SIZE(glanced); i++)
		set_cell(page__find(p, label, kernels[0], glanced[i]),
			 page__find(p, label, kernels[nr - 1], glanced[i]), &td[i + 1]);
	p->form->row(p->out, td, ARRAY_SIZE(td));
}

void page_glance__print(const struct page *p)
{
	struct page_td td[ARRAY_SIZE(glanced) + 1];
	char line[256];

	if (p->nr_labels < 2 || !p->nr_kernels)
		return;
	p->form->heading(p->out, 2, "At a glance");
	snprintf(line, sizeof(line),
		 "Verdicts of the newest kernel, %s, and of the oldest, %s, where they differ. "
		 "A dash: such requests cannot be made there.",
		 p->kernels[p->nr_kernels - 1], p->kernels[0]);
	p->form->para(p->out, line);
	page_td__set(&td[0], "place", "");
	for (size_t i = 0; i < ARRAY_SIZE(glanced); i++)
		page_td__set(&td[i + 1], glanced[i], "");
	p->form->head(p->out, td, ARRAY_SIZE(td));
	for (size_t l = 0; l < p->nr_labels; l++)
		print_place(p, p->labels[l]);
	p->form->end_table(p->out);
}
