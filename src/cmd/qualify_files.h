/* SPDX-License-Identifier: GPL-2.0 */
/* What is made of results that qualify has written: pages and comparisons. They are not trusted. */
#ifndef AIOSTALL_CMD_QUALIFY_FILES_H
#define AIOSTALL_CMD_QUALIFY_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct page_form;

/* Each begins as JSON does, and a recording does not. */
bool qualify_files__are_results(char *const *paths, size_t nr);
/* The page of all, to output (NULL = stdout); intro is a file, NULL = none. An enum cmd_status. */
int qualify_files__page(char *const *paths, size_t nr, const struct page_form *form,
			const char *intro, const char *output);
/* The second compared with the first, as text. An enum cmd_status. */
int qualify_files__diff(char *const *paths, size_t nr, const char *output);

#endif
