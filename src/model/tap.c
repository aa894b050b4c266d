// SPDX-License-Identifier: GPL-2.0
#include "model/tap.h"

#define HAND_ON(name, ...)                                                                         \
	do {                                                                                       \
		const struct tap *t = ctx;                                                         \
		if (t->own.name)                                                                   \
			t->own.name(t->own.ctx, __VA_ARGS__);                                      \
		else if (t->to && t->to->name)                                                     \
			t->to->name(t->to->ctx, __VA_ARGS__);                                      \
	} while (0)

#define EVENT(name, type)                                                                          \
	static void on_##name(void *ctx, const struct type *ev)                                    \
	{                                                                                          \
		HAND_ON(name, ev);                                                                 \
	}
EVENT(stall, ev_stall)
EVENT(stalls, ev_stalls)
EVENT(submit, ev_submit)
EVENT(unfinished, ev_unfinished)
EVENT(fs_restart, fs_info)
EVENT(totals, fs_counts)
EVENT(loss, loss)
EVENT(sample, ev_sample)
EVENT(process, ev_process)
EVENT(failed, ev_failed)

static void on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *counts)
{
	HAND_ON(fs_counts, fs, counts);
}

void tap__init(struct tap *t, const struct sink *own, const struct sink *to)
{
	*t = (struct tap){
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
		.own = *own,
		.to = to,
	};
}
