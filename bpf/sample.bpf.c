// SPDX-License-Identifier: GPL-2.0
/* What calls do while they are on the CPU: stacks at the ticks of a timer. */
#include "lifecycle.bpf.h"
#include "stack.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct wire_sample_key);
	__type(value, __u64);
} samples SEC(".maps");

/*
 * The timer is a clock event, not an NMI: it comes between none of the
 * programs that use the scratch, which run with interrupts off.
 */
static __always_inline int take_sample(void *ctx)
{
	struct call *c = tracing() ? call_on_cpu() : NULL;
	struct scratch *s = scratch_here();
	struct wire_sample_key key = {};
	__u64 one = 1, *n;
	bool again;

	if (!c || c->state != WIRE_CALL_RUNNING || !s)
		return 0;
	key.stack_id = save_stack(ctx, s, 0, 0, &again);
	if (!key.stack_id)
		return 0;
	if (c->nr_fs == 1)
		key.fs = c->fs[0].key;
	else
		key.fs.kind = c->nr_fs ? WIRE_FS_BATCH : WIRE_FS_NONE;
	n = bpf_map_lookup_elem(&samples, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else if (bpf_map_update_elem(&samples, &key, &one, BPF_NOEXIST))
		lose(WIRE_LOSS_STACKS, 1);
	return 0;
}

/* ---- the programs: samples ---- */

SEC("?perf_event")
int sample_perf(void *ctx)
{
	return take_sample(ctx);
}
