// SPDX-License-Identifier: GPL-2.0
#include "diff/print_diff.h"

#include <string.h>

#include "base/base.h"

static const struct {
	const char *format;
	diff_print_fn *print;
} printers[] = {
#define FORMAT(name, help, printers) {.format = name, printers},
#define DIFF(fn) .print = fn,
#include "report/formats.def"
};

diff_print_fn *diff_print__find(const char *format)
{
	for (size_t i = 0; i < ARRAY_SIZE(printers); i++)
		if (!strcmp(printers[i].format, format))
			return printers[i].print;
	return NULL;
}
