// SPDX-License-Identifier: GPL-2.0
/* For spreadsheets: a row for each filesystem, with an empty cause, and one for each of its causes. */
#include "report/csv.h"

#include "base/base.h"
#include "report/formats.h"
#include "report/print.h"

static void begin_field(struct csv *c)
{
	if (c->fields++)
		fputc(',', c->out);
}

void csv__text(struct csv *c, const char *s)
{
	char clean[4 * 4096 + 1];

	begin_field(c);
	esc__utf8(s ? s : "", clean, sizeof(clean));
	fputc('"', c->out);
	for (const char *p = clean; *p; p++) {
		if (*p == '"')
			fputc('"', c->out);
		fputc((unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p, c->out);
	}
	fputc('"', c->out);
}

void csv__u64(struct csv *c, uint64_t v)
{
	begin_field(c);
	fprintf(c->out, "%llu", (unsigned long long)v);
}

void csv__real(struct csv *c, double v)
{
	begin_field(c);
	fprintf(c->out, "%.6g", v);
}

void csv__end(struct csv *c)
{
	fputs("\r\n", c->out);
	c->fields = 0;
}

static void put_place(struct csv *c, const struct fs_info *fs, const char *cause)
{
	csv__text(c, fs->fstype);
	csv__text(c, fs->device_name);
	csv__text(c, fs->mount);
	csv__text(c, cause);
}

/* What nothing has counted is empty. */
static void put_if(struct csv *c, bool known, uint64_t v)
{
	if (known)
		csv__u64(c, v);
	else
		begin_field(c);
}

/* What is counted of calls. */
static const struct counted {
	const char *name;
	size_t offset; /* in struct counters */
} counted[] = {
#define COLUMN_CSV(name) {#name, offsetof(struct counters, name)},
#define COLUMN_NO(name)
#define COUNTER(name, adds, since, json, csv) COLUMN_##csv(name)
#define OPS()
#include "model/counters.def"
};

struct known {
	bool calls, punts, queue;
};

static void put_fs(struct csv *c, const struct report_fs *f, struct known known)
{
	bool calls = known.calls;

	put_place(c, f->fs, "");
	csv__u64(c, f->c.sleeps);
	csv__u64(c, f->c.blocked_ns);
	csv__u64(c, f->sleep.max);
	csv__u64(c, f->c.held_up_requests);
	csv__real(c, 1);
	for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
		put_if(c, calls, *(const uint64_t *)((const char *)&f->c + counted[i].offset));
	if (calls)
		csv__real(c, f->ctxsw_per_io);
	else
		begin_field(c);
	csv__u64(c, f->sleep.p50);
	csv__u64(c, f->sleep.p90);
	csv__u64(c, f->sleep.p99);
	csv__text(c, api__name(f->fs->api));
	csv__text(c, "");
	csv__u64(c, f->fs->generation + 1ULL);
	put_if(c, known.punts, f->c.punted);
	put_if(c, known.queue, f->c.queue_delays);
	put_if(c, known.queue, f->c.queue_delay_ns);
	put_if(c, known.queue, f->c.max_queue_delay_ns);
	csv__end(c);
}

/* What only a filesystem has is empty. */
static void put_cause(struct csv *c, const struct fs_info *fs, const struct report_cause *cause)
{
	put_place(c, fs, cause->id);
	csv__u64(c, cause->sleeps);
	csv__u64(c, cause->blocked_ns);
	csv__u64(c, cause->max_ns);
	csv__u64(c, cause->held_up_requests);
	csv__real(c, cause->share);
	for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
		begin_field(c);
	for (size_t i = 0; i < 4; i++) /* ctxsw_per_io and the quantiles */
		begin_field(c);
	csv__text(c, api__name(fs->api));
	csv__text(c, plane__name(cause->plane));
	csv__u64(c, fs->generation + 1ULL);
	for (size_t i = 0; i < 4; i++) /* punts and their waiting */
		begin_field(c);
	csv__end(c);
}

int csv__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	struct csv c = {.out = out};
	const struct known known = {!capture__sleeps_only(r->capture), report__knows_punts(r),
				    report__knows_queue(r)};

	(void)o;
	fputs("fstype,device,mount,cause,sleeps,blocked_ns,max_ns,held_up_requests,share", out);
	for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
		fprintf(out, ",%s", counted[i].name);
	fputs(",ctxsw_per_io,p50_ns,p90_ns,p99_ns,api,plane,generation,punted,"
	      "queue_delays,queue_delay_ns,max_queue_delay_ns\r\n",
	      out);
	for (size_t i = 0; i < r->nr_fs; i++) {
		put_fs(&c, &r->fs[i], known);
		for (size_t j = 0; j < r->fs[i].nr_causes; j++)
			put_cause(&c, r->fs[i].fs, &r->fs[i].causes[j]);
	}
	return print__flush(out);
}
