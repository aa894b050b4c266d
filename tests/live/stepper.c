// SPDX-License-Identifier: GPL-2.0
/*
 * stepper PID: a capture of one process that is told on stdin what to do, a letter each, while it
 * goes on: r the report, a who sleeps, s the final report and the end. Each answer is one line of
 * JSON. "ready" comes first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause/causes.h"
#include "live/live.h"
#include "model/capture.h"
#include "report/formats.h"

static int fail(const struct err *e)
{
	fprintf(stderr, "stepper: %s\n", e->text);
	return 1;
}

/* On one line. */
static int print_report(struct capture *c, struct err *e)
{
	const struct report *r = capture__report(c, NULL, e);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!r || !out)
		return -1;
	json__print(out, r, &(struct format_opts){.width = 80});
	fclose(out);
	for (char *p = text; *p; p++)
		putchar(*p == '\n' ? ' ' : *p);
	putchar('\n');
	free(text);
	return fflush(stdout);
}

static void print_sleeper(void *ctx, const struct ev_unfinished *ev)
{
	printf("%s{\"tid\": %u, \"age_ns\": %llu, \"fstype\": \"%s\"}", *(int *)ctx ? ", " : "",
	       ev->who.tid, (unsigned long long)ev->age_ns, ev->fs->fstype);
	++*(int *)ctx;
}

static int print_asleep(struct capture *c)
{
	int n = 0;
	const struct sink sink = {.ctx = &n, .unfinished = print_sleeper};

	putchar('[');
	capture__asleep(c, &sink);
	puts("]");
	return fflush(stdout);
}

static int obey(struct capture *c, struct err *e)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char letter;

	for (;;) {
		if (capture__step(c, 1000, &in, 1) < 0)
			return -1;
		if (!in.revents)
			continue;
		if (read(STDIN_FILENO, &letter, 1) != 1 || letter == 's')
			break;
		if (letter == 'a' ? print_asleep(c) : print_report(c, e))
			return -1;
	}
	return capture__stop(c) ? -1 : print_report(c, e);
}

int main(int argc, char **argv)
{
	struct live_opts opts = {.slow_ns = NSEC_PER_MSEC};
	struct ledger_opts ledger_opts = {.slow_threshold_ns = NSEC_PER_MSEC};
	struct err e = {0};
	struct causes *causes;
	struct ledger *ledger;
	struct source *source;
	struct capture *capture;
	char why[256];
	int rc;

	if (argc != 2)
		return 2;
	opts.filter.pids[opts.filter.nr_pids++] = (uint32_t)strtoul(argv[1], NULL, 10);
	causes = causes__new(NULL, why, sizeof(why));
	ledger_opts.causes = causes;
	ledger = ledger__new(&ledger_opts);
	if (!causes || !ledger || live__open(&opts, &source, &e))
		return fail(&e);
	capture = capture__new(source, ledger);
	puts("ready");
	fflush(stdout);
	rc = capture ? obey(capture, &e) : -1;
	capture__free(capture);
	ledger__free(ledger);
	causes__free(causes);
	return rc ? fail(&e) : 0;
}
