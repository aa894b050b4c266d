// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "base/base.h"
#include "qualify/page_part.h"

/* What decides whether a place is fit for it; at depth 4 where one request alone would not show it. */
static const char *const glanced[] = {
	"append",	 "append-d4",	     "fill-hole-d4", "fill-unwritten-d4", "overwrite-d4",
	"overwrite-lba", "overwrite-nowait", "read-d4",	     "read-cold",
};

/* Of the oldest or the newest kernel that has the place, NULL = it has no such row. */
static const struct cell *cell_at_end(const struct page *p, const char *label, const char *row,
				      bool newest)
{
	const char *kernels[PAGE_KERNELS_MAX];
	size_t nr = page__kernels_of(p, label, kernels);

	return nr ? page__find(p, label, kernels[newest ? nr - 1 : 0], row) : NULL;
}

static void set_cell(const struct page *p, const char *label, const char *row, struct page_td *td)
{
	const struct cell *was = cell_at_end(p, label, row, false);
	const struct cell *is = cell_at_end(p, label, row, true);

	page_td__set(td, "-", "");
	if (!was || !is || (was->verdict == VERDICT_NA && is->verdict == VERDICT_NA))
		return;
	page_td__set(td, verdict__word(is->verdict), verdict__word(is->verdict));
	td->changed = page__is_change(was->verdict, is->verdict);
	if (td->changed)
		snprintf(td->text, sizeof(td->text), "%s, was %s", verdict__word(is->verdict),
			 verdict__word(was->verdict));
}

void page_glance__print(const struct page *p)
{
	struct page_td td[ARRAY_SIZE(glanced) + 1];
	char line[256];

	if (p->nr_labels < 2 || !p->nr_kernels)
		return;
	p->form->heading(p->out, 2, "At a glance");
	snprintf(line, sizeof(line),
		 "Verdicts of the newest kernel, %s, and of the oldest, %s, where they differ. A "
		 "dash: "
		 "such requests cannot be made there.",
		 p->kernels[p->nr_kernels - 1], p->kernels[0]);
	p->form->para(p->out, line);
	page_td__set(&td[0], "place", "");
	for (size_t i = 0; i < ARRAY_SIZE(glanced); i++)
		page_td__set(&td[i + 1], glanced[i], "");
	p->form->head(p->out, td, ARRAY_SIZE(td));
	for (size_t l = 0; l < p->nr_labels; l++) {
		page_td__set(&td[0], p->labels[l], "");
		td[0].to_place = true;
		for (size_t i = 0; i < ARRAY_SIZE(glanced); i++)
			set_cell(p, p->labels[l], glanced[i], &td[i + 1]);
		p->form->row(p->out, td, ARRAY_SIZE(td));
	}
	p->form->end_table(p->out);
}
