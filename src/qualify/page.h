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
	bool to_place; /* it is the name of a place: a link to its heading */
};

/* A bar of a plot: share of the whole width, from 0 to 1. Texts are raw. */
struct page_bar {
	const char *name, *class; /* the verdict's word */
	char value[32];
	double share;
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
	void (*bars)(FILE *out, const char *title, const struct page_bar *bars, size_t nr);
	void (*end)(FILE *out);
};

#define PAGE_ROWS_MAX 512

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

/* For what prints a part of the page. page_engines__print() prints nothing of a result of one engine. */
void page_engines__print(const struct result *r, const struct page_form *form, FILE *out);
/*
 * What a link to the heading of this text has behind its "#", as hosts of Markdown make it: lower case,
 * blanks as dashes, letters and digits of ASCII only.
 */
const char *page__anchor(const char *text, char *buf, size_t size);
/* A name more, if it is not there yet and there is room. */
void page__add_name(const char **names, size_t *nr, size_t max, const char *name);
void page_td__set(struct page_td *td, const char *text, const char *class);

#endif
