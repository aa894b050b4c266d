// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as a recording, read in every way there is. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cause/causes.h"
#include "diff/load.h"
#include "diff/print_diff.h"
#include "report/formats.h"
#include "report/perfetto.h"
#include "store/load.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];
static FILE *nowhere;

static void remove_file(void)
{
	unlink(path);
}

static void write_file(const uint8_t *data, size_t size)
{
	FILE *out;

	if (!nowhere) {
		snprintf(path, sizeof(path), "/dev/shm/aiostall-fuzz.%d", (int)getpid());
		nowhere = fopen("/dev/null", "w");
		atexit(remove_file);
	}
	out = fopen(path, "w");
	if (!out || fwrite(data, 1, size, out) != size || fclose(out))
		abort();
}

/* A refusal says why. */
static void expect_reason(const struct err *e)
{
	if (!*e->text)
		abort();
}

/* The statistics take longer than all else: one in so many files is compared too. */
#define COMPARED 8

static void read_as_diff(bool compared, bool across)
{
	struct err e = {0};
	struct store_input *in = store_input__open(path, &e);
	struct sample *s = in ? load__sample(in, 0, &e) : NULL;
	struct diff *d;

	store_input__free(in);
	if (!s) {
		expect_reason(&e);
		return;
	}
	d = compared ? diff__new(s, s, DIFF_MARGIN, across) : NULL;
	if (d && !diff__judge(&d, 1, DIFF_SIGNIFICANCE)) {
		const struct gate none = {0};
		const struct diff_output o = {(const struct diff *const *)&d, 1, &none,
					      DIFF_SIGNIFICANCE};

		diff_text__print(nowhere, &o, NULL);
		diff_json__print(nowhere, &o, NULL);
	}
	diff__free(d);
	sample__free(s);
}

static void print_report(struct load *l, const struct view *v)
{
	static const char *const names[] = {"text", "json", "csv", "folded"};
	const struct report *r = ledger__report(load__ledger(l), v, load__capture(l));

	for (size_t i = 0; r && i < ARRAY_SIZE(names); i++)
		format__print(format__find(names[i]), nowhere, r,
			      &(struct format_opts){.width = 80});
}

/* As the verb does it, by all dimensions and with the causes as the rules of today have them. */
static void read_as_report(void)
{
	static struct causes *causes;
	char why[256];
	struct load_opts o = {.rematch = true, .distributions = true, .command = ""};
	struct view v = {.nr_by = BYS};
	struct err e = {0};
	struct store_input *in;
	struct load *l;

	if (!causes)
		causes = causes__new(NULL, why, sizeof(why));
	o.causes = causes;
	for (size_t i = 0; i < BYS; i++)
		v.by[i] = (enum view_by)i;
	in = store_input__open(path, &e);
	l = load__new(&o, &e);
	if (!in || !l || load__add(l, in, &e))
		expect_reason(&e);
	else {
		print_report(l, NULL);
		print_report(l, &v);
	}
	load__free(l);
	store_input__free(in);
}

/* Twice, as if there were two, of one time, and what some threads did alone. */
static void read_some(const struct load_opts *o)
{
	struct err e = {0};
	char text[256];
	struct load *l = load__new(o, &e);

	for (int i = 0; l && i < 2; i++) {
		struct store_input *in = store_input__open(path, &e);

		if (in && !load__add(l, in, &e))
			print_report(l, NULL);
		else
			expect_reason(&e);
		store_input__free(in);
	}
	if (l)
		load__nothing(l, text, sizeof(text));
	load__free(l);
}

static void read_parts(void)
{
	read_some(&(struct load_opts){
		.command = "", .range = {.since_ns = NSEC_PER_SEC, .until_ns = 3 * NSEC_PER_SEC}});
	read_some(&(struct load_opts){.command = "", .range = {.since_ns = 3600 * NSEC_PER_SEC}});
	read_some(&(struct load_opts){.command = "", .filter = {.min_ns = NSEC_PER_MSEC}});
}

static int add_stall(void *ctx, const struct ev_stall *ev, const struct store_key *key)
{
	return timeline__stall(ctx, ev, key->cause->id);
}

static int add_submit(void *ctx, const struct ev_submit *ev)
{
	return timeline__submit(ctx, ev);
}

/* And what --info says of it. */
static void read_as_timeline(void)
{
	struct timeline *t = timeline__new();
	struct err e = {0};
	struct store *s = store__open(path, NULL, &e);
	const struct store_visitor v = {.ctx = t, .stall = add_stall, .submit = add_submit};

	if (!t)
		abort();
	if (!s) {
		expect_reason(&e);
	} else {
		timeline__recording(t, store__capture(s));
		if (store__read(s, NULL, &v, &e))
			expect_reason(&e);
		info_text__print(nowhere, s, NULL);
		info_json__print(nowhere, s, NULL);
		timeline__print(nowhere, t);
	}
	store__free(s);
	timeline__free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	write_file(data, size);
	read_as_diff(size && data[size / 3] % COMPARED == 0, size % 2);
	read_as_report();
	read_as_timeline();
	if (size && data[size / 2] % COMPARED == 0)
		read_parts();
	return 0;
}
