// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as a result of qualify, printed in each form and compared with the one before. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "qualify/page.h"
#include "qualify/result_diff.h"
#include "qualify/result_json.h"
#include "qualify/print_result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct result *read_one(const uint8_t *data, size_t size)
{
	FILE *in = size ? fmemopen((void *)data, size, "r") : NULL;
	struct err e = {0};
	struct result *r;

	if (!in)
		return NULL;
	r = result_json__read(in, "result", &e);
	if (!r && !*e.text)
		abort();
	fclose(in);
	return r;
}

static void print(struct result *r, struct result *before, FILE *out)
{
	struct result *both[] = {before, r};
	struct format_opts o = {.width = 80};

	if (result_json__print(r, out, &o) || result_text__print(r, out, &o) ||
	    result_diff__print(before, r, out, &o) || page__print(both, 2, "#", &page_md, out) ||
	    page__print(both, 2, NULL, &page_html, out))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result *before;
	static FILE *out;
	struct result *r = read_one(data, size);

	if (!out)
		out = fopen("/dev/null", "w");
	if (!r)
		return 0;
	print(r, before ? before : r, out);
	result__free(before);
	before = r;
	return 0;
}
