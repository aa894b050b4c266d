/* SPDX-License-Identifier: GPL-2.0 */
/* For what prints a part of the page of several kernels. */
#ifndef AIOSTALL_QUALIFY_PAGE_PART_H
#define AIOSTALL_QUALIFY_PAGE_PART_H

#include "qualify/page.h"

#define PAGE_KERNELS_MAX 32
#define PAGE_LABELS_MAX 64

/* What stands in rows and columns; names are the results'. */
struct page {
	struct result *const *results;
	size_t nr;
	const char *kernels[PAGE_KERNELS_MAX], *labels[PAGE_LABELS_MAX];
	size_t nr_kernels, nr_labels;
	struct row *rows; /* all there are */
	size_t nr_rows;
	const struct page_form *form;
	FILE *out;
};

/* Of the engine that comes first in its result; NULL = there is none. */
const struct cell *page__find(const struct page *p, const char *label, const char *kernel,
			      const char *row);
/* The kernels that have a result of this place, the oldest first: how many of kernels[PAGE_KERNELS_MAX]. */
size_t page__kernels_of(const struct page *p, const char *label, const char **kernels);
/* Another verdict, and not by a few of a hundred requests that sleep by chance. */
bool page__is_change(enum verdict from, enum verdict to);

/* The first table: a row for each place, from its oldest kernel to its newest. */
void page_glance__print(const struct page *p);

#endif
