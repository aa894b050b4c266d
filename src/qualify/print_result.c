// SPDX-License-Identifier: GPL-2.0
#include "qualify/print_result.h"

#include <string.h>

#include "base/base.h"

static const struct {
	const char *format;
	result_print_fn *print;
} printers[] = {
#define FORMAT(name, help, printers) {.format = name, printers},
#define RESULT(fn) .print = fn,
#include "report/formats.def"
};

result_print_fn *result_print__find(const char *format)
{
	for (size_t i = 0; i < ARRAY_SIZE(printers); i++)
		if (!strcmp(printers[i].format, format))
			return printers[i].print;
	return NULL;
}
