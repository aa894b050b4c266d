/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results of several kernels side by side: for each place a table, rows by kernels, with what changed
 * from one kernel to the next marked and, where it is known, explained. A form is one file with one
 * struct page_form.
 */
#ifndef AIOSTALL_QUALIFY_PAGE_H
#define AIOSTALL_QUALIFY_PAGE_H

#include <stdio.h>

#include "qualify/result.h"

/* One cell of a table. Texts are raw: a form escapes them. */
struct page_td {
	char text[128];
	const char *class; /* the verdict's word, or "" */
	bool changed;
};

struct page_form {
	const char *name; /* "md", "html" */
	void (*begin)(FILE *out, const char *title);
	void (*heading)(FILE *out, int level, const char *text);
	void (*para)(FILE *out, const char *text);
	void (*item)(FILE *out, const char *text);
	void (*end_items)(FILE *out);
	void (*head)(FILE *out, const struct page_td *td, size_t nr);
	void (*row)(FILE *out, const struct page_td *td, size_t nr);
	void (*end_table)(FILE *out);
	void (*end)(FILE *out);
};

extern const struct page_form page_md;
extern const struct page_form page_html;

/* NULL: there is no such form. */
const struct page_form *page__form(const char *name);
/*
 * intro stands before the tables, NULL = none: blocks of lines, between empty ones; those that begin
 * with "# ", "## " or "- " are headings and items. 0 or -errno.
 */
int page__print(struct result *const *results, size_t nr, const char *intro,
		const struct page_form *form, FILE *out);

#endif
