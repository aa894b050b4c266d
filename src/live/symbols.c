// SPDX-License-Identifier: GPL-2.0
#include "live/symbols.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bpf/wire.h"
#include "aiostall.skel.h"
#include "live/probe.h"
#include "live/telling.h"

/* The end first: the programs take what has a start for known. */
static void tell_range(const struct live_range *r, __u64 *to_start, __u64 *to_end)
{
	__atomic_store_n(to_end, r->end, __ATOMIC_RELEASE);
	__atomic_store_n(to_start, r->start, __ATOMIC_RELEASE);
}

static void tell_ranges(struct live *lv)
{
	struct aiostall_bpf__bss *bss = lv->skel->bss;

	tell_range(&lv->ranges.submit, &bss->submit_start, &bss->submit_end);
	tell_range(&lv->ranges.submit_one, &bss->submit_one_start, &bss->submit_one_end);
	tell_range(&lv->ranges.compat, &bss->compat_start, &bss->compat_end);
	memcpy(bss->telling, lv->ranges.telling, sizeof(lv->ranges.telling));
}

/* {0, 0} where the kernel has none. */
static struct live_range range_of(const struct ksyms *k, const char *function)
{
	struct live_range r = {0};

	return ksyms__range(k, function, &r.start, &r.end) ? (struct live_range){0} : r;
}

/* Each range is looked for by its name among all, so that is done here too. */
static void read_symbols(void *ctx)
{
	struct live *lv = ctx;

	lv->ksyms = ksyms__new(NULL, &lv->symbols_err);
	if (!lv->ksyms)
		return;
	lv->ranges.submit = range_of(lv->ksyms, probe__submit_function());
	lv->ranges.submit_one = range_of(lv->ksyms, "io_submit_one");
	lv->ranges.compat = range_of(lv->ksyms, probe__compat_function());
	telling__fill(lv->ksyms, lv->ranges.telling);
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
