// SPDX-License-Identifier: GPL-2.0
#include "model/tee.h"

#include "base/base.h"

#define TO_BOTH(name, ...)                                                                         \
	do {                                                                                       \
		const struct tee *t = ctx;                                                         \
		for (size_t i = 0; i < ARRAY_SIZE(t->to); i++)                                     \
			if (t->to[i].name)                                                         \
				t->to[i].name(t->to[i].ctx, __VA_ARGS__);                          \
	} while (0)

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	TO_BOTH(stall, ev);
}

static void on_stalls(void *ctx, const struct ev_stalls *ev)
{
	TO_BOTH(stalls, ev);
}

static void on_submit(void *ctx, const struct ev_submit *ev)
{
	TO_BOTH(submit, ev);
}

static void on_unfinished(void *ctx, const struct ev_unfinished *ev)
{
	TO_BOTH(unfinished, ev);
}

static void on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *counts)
{
	TO_BOTH(fs_counts, fs, counts);
}

static void on_fs_restart(void *ctx, const struct fs_info *fs)
{
	struct tee *t = ctx;

	for (size_t i = 0; i < 2; i++)
		if (t->to[i].fs_restart)
			t->to[i].fs_restart(t->to[i].ctx, fs);
}

static void on_totals(void *ctx, const struct fs_counts *counts)
{
	TO_BOTH(totals, counts);
}

static void on_loss(void *ctx, const struct loss *loss)
{
	TO_BOTH(loss, loss);
}

static void on_sample(void *ctx, const struct ev_sample *ev)
{
	TO_BOTH(sample, ev);
}

static void on_process(void *ctx, const struct ev_process *ev)
{
	TO_BOTH(process, ev);
}

static void on_failed(void *ctx, const struct ev_failed *ev)
{
	TO_BOTH(failed, ev);
}

void tee__init(struct tee *t, const struct sink *first, const struct sink *second)
{
	*t = (struct tee){
		.sink =
			{
				.ctx = t,
				.stall = on_stall,
				.stalls = on_stalls,
				.submit = on_submit,
				.unfinished = on_unfinished,
				.fs_counts = on_fs_counts,
				.fs_restart = on_fs_restart,
				.totals = on_totals,
				.loss = on_loss,
				.sample = on_sample,
				.process = on_process,
				.failed = on_failed,
			},
		.to = {*first, *second},
	};
}
