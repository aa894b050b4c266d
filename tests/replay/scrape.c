// SPDX-License-Identifier: GPL-2.0
/* scrape [-o] FIXTURE: what Prometheus would read of a text fixture; -o: as OpenMetrics. */
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "model/capture.h"
#include "serve/metrics.h"
#include "source_text.h"

static int print(struct capture *c, bool openmetrics)
{
	const struct fs_info quiet = {8, 17, "ext4", "sdb1", "/quiet", "rw", API_AIO, 0};
	struct brief b;
	struct metrics m = {
		.brief = &b,
		.capture = capture__info(c),
		.self = {1500 * NSEC_PER_MSEC, 20 << 20, 12, 1767225600 * (int64_t)NSEC_PER_SEC},
		.attached = true,
	};
	int rc = capture__brief(c, &b);

	if (!rc) {
		brief__want_cause(&b, brief__want_fs(&b, &quiet), "ext4.alloc");
		brief__sort(&b);
		rc = metrics__print(stdout, &m, openmetrics) < 0;
	}
	brief__free(&b);
	return rc;
}

int main(int argc, char **argv)
{
	bool openmetrics = argc > 2 && !strcmp(argv[1], "-o");
	FILE *in = argc > 1 ? fopen(argv[argc - 1], "r") : NULL;
	char why[384];
	struct causes *causes = causes__new(NULL, why, sizeof(why));
	struct ledger *ledger = ledger__new(&(struct ledger_opts){.causes = causes});
	struct err e = {0};
	struct source *source = in ? source_text__new(in, &e) : NULL;
	struct capture *c = source ? capture__new(source, ledger) : NULL;
	int rc = c ? capture__stop(c) : 1;

	if (!rc)
		rc = print(c, openmetrics);
	if (rc)
		fprintf(stderr, "scrape: %s\n", e.text);
	capture__free(c);
	ledger__free(ledger);
	causes__free(causes);
	if (in)
		fclose(in);
	return rc != 0;
}
