// SPDX-License-Identifier: GPL-2.0
#include "live/symbols.h"

#include <errno.h>
#include <stddef.h>

#include "bpf/wire.h"
#include "aiostall.skel.h"
#include "live/probe.h"
#include "live/telling.h"

/* The end first: the programs take what has a start for known. */
static void tell_range(const struct ksyms *k, const char *function, __u64 *to_start, __u64 *to_end)
{
	uint64_t start, end;

	if (ksyms__range(k, function, &start, &end))
		return;
	__atomic_store_n(to_end, end, __ATOMIC_RELEASE);
	__atomic_store_n(to_start, start, __ATOMIC_RELEASE);
}

static void tell_ranges(struct live *lv)
{
	struct aiostall_bpf__bss *bss = lv->skel->bss;

	tell_range(lv->ksyms, probe__submit_function(), &bss->submit_start, &bss->submit_end);
	tell_range(lv->ksyms, "io_submit_one", &bss->submit_one_start, &bss->submit_one_end);
	tell_range(lv->ksyms, probe__compat_function(), &bss->compat_start, &bss->compat_end);
	telling__fill(lv->ksyms, bss->telling);
}

static void read_symbols(void *ctx)
{
	struct live *lv = ctx;

	lv->ksyms = ksyms__new(NULL, &lv->symbols_err);
}

/*
 * Own programs among the frames would be taken for their neighbours where they are not known. Those
 * of tracepoints and kprobes are never there, since stacks begin with __schedule; but the calls run
 * through the trampolines of fentry and fexit, so these are attached first.
 */
static bool own_code_is_in_stacks(const struct live *lv)
{
	for (size_t i = 0; i < NEED_MAX; i++)
		if (lv->plan.chosen[i]->how == WAY_FENTRY)
			return true;
	return lv->opts.sample_hz != 0;
}

void symbols__begin(struct live *lv)
{
	if (!own_code_is_in_stacks(lv))
		beside__start(&lv->reading_symbols, read_symbols, lv);
}

int symbols__open(struct live *lv, struct err *e)
{
	if (own_code_is_in_stacks(lv))
		read_symbols(lv);
	beside__wait(&lv->reading_symbols);
	if (!lv->ksyms) {
		*e = lv->symbols_err;
		return -EIO;
	}
	tell_ranges(lv);
	if (lv->plan.chosen[NEED_SUBMIT]->how != WAY_NOTHING || lv->skel->bss->submit_start)
		return 0;
	return err__set(e, -ENOENT, "--probe submit=none: %s is not among the kernel's symbols",
			probe__submit_function());
}
