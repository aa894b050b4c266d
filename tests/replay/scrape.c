// SPDX-License-Identifier: GPL-2.0
/* scrape [-o] [-l cgroup|comm[:N]] FIXTURE: what Prometheus would read of a text fixture; -o: as OpenMetrics. */
#include <stdlib.h>
#include <unistd.h>

#include "cause/causes.h"
#include "model/capture.h"
#include "model/state.h"
#include "serve/metrics.h"
#include "source_text.h"

struct asked {
	bool openmetrics;
	struct labels *labels; /* NULL = none */
};

static int print(struct capture *c, const struct asked *asked)
{
	const struct fs_info quiet = {8, 17, "ext4", "sdb1", "/quiet", "rw", API_AIO, 0, 0};
	struct brief b;
	struct metrics m = {
		.brief = &b,
		.capture = capture__info(c),
		.self = {1500 * NSEC_PER_MSEC, 20 << 20, 12, 1767225600 * (int64_t)NSEC_PER_SEC},
		.attached = true,
		.labels = asked->labels,
	};
	int rc = capture__brief(c, &b);

	if (!rc) {
		brief__want_cause(&b, brief__want_fs(&b, &quiet), "ext4.alloc");
		brief__sort(&b);
		rc = metrics__print(stdout, &m, asked->openmetrics) < 0;
	}
	brief__free(&b);
	return rc;
}

static struct labels *labels_of(const char *text, struct err *e)
{
	enum label label;
	size_t most;

	return labels__parse(text, &label, &most, e) ? NULL : labels__new(label, most);
}

static struct asked parse(int argc, char **argv, struct err *e)
{
	struct asked a = {0};

	for (int opt; (opt = getopt(argc, argv, "ol:")) >= 0;) {
		a.openmetrics |= opt == 'o';
		if (opt == 'l')
			a.labels = labels_of(optarg, e);
	}
	return a;
}

int main(int argc, char **argv)
{
	struct err e = {0};
	struct asked asked = parse(argc, argv, &e);
	FILE *in = optind < argc ? fopen(argv[optind], "r") : NULL;
	char why[384];
	struct causes *causes = causes__new(NULL, why, sizeof(why));
	struct ledger *ledger = ledger__new(&(struct ledger_opts){.causes = causes});
	struct source *source = in ? source_text__new(in, &e) : NULL;
	struct capture *c = source ? capture__new(source, ledger) : NULL;
	int rc;

	ledger__take_slices(ledger, 0, NULL, NULL);
	rc = c ? capture__stop(c) : 1;
	if (!rc && asked.labels)
		labels__take(asked.labels, ledger, 0);
	if (!rc)
		rc = print(c, &asked);
	if (rc)
		fprintf(stderr, "scrape: %s\n", e.text);
	labels__free(asked.labels);
	capture__free(c);
	ledger__free(ledger);
	causes__free(causes);
	if (in)
		fclose(in);
	return rc != 0;
}
