// SPDX-License-Identifier: GPL-2.0
/* replay FIXTURE FORMAT [WIDTH [RULES]]: a text fixture through rules, model and one format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "model/model.h"
#include "report/format.h"
#include "source_text.h"

#define SLOW_NS NSEC_PER_MSEC

struct replay {
	FILE *in;
	struct source *source;
	struct causes *causes;
	struct model *model;
};

static int replay__open(struct replay *r, const char *fixture, const char *rules, struct err *e)
{
	struct model_opts opts = {.slow_threshold_ns = SLOW_NS};
	char why[512];

	r->in = fopen(fixture, "r");
	if (!r->in)
		return err__set(e, -errno, "%s", strerror(errno));
	r->causes = causes__new(rules, why, sizeof(why));
	if (!r->causes)
		return err__set(e, -EINVAL, "%s", why);
	opts.causes = r->causes;
	r->model = model__new(&opts);
	r->source = source_text__new(r->in, e);
	return r->model && r->source ? 0 : err__set(e, -ENOMEM, "out of memory");
}

static int replay__print(struct replay *r, const struct format *format, int width, struct err *e)
{
	struct format_opts opts = {.width = width};
	const struct report *report;
	int rc = r->source->ops->finish(r->source, model__sink(r->model));

	if (rc)
		return rc;
	report = model__report(r->model, r->source->ops->capture(r->source));
	if (!report)
		return err__set(e, -ENOMEM, "out of memory");
	rc = format->print(stdout, report, &opts);
	return rc ? err__set(e, rc, "printing: %s", strerror(-rc)) : 0;
}

static void replay__close(struct replay *r)
{
	model__free(r->model);
	if (r->source)
		r->source->ops->free(r->source);
	causes__free(r->causes);
	if (r->in)
		fclose(r->in);
}

int main(int argc, char **argv)
{
	const struct format *format = argc > 2 ? format__find(argv[2]) : NULL;
	struct replay r = {0};
	struct err e = {0};
	uint64_t width = 80;
	int rc;

	if (!format || argc > 5 || (argc > 3 && parse__u64(argv[3], 1, 1000, &width))) {
		fprintf(stderr, "usage: replay FIXTURE %s [WIDTH [RULES]]\n", format__names());
		return 2;
	}
	rc = replay__open(&r, argv[1], argc > 4 ? argv[4] : NULL, &e);
	if (!rc)
		rc = replay__print(&r, format, (int)width, &e);
	if (rc)
		fprintf(stderr, "%s: %s\n", argv[1], e.text[0] ? e.text : strerror(-rc));
	replay__close(&r);
	return rc ? 1 : 0;
}
