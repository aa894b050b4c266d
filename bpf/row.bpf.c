// SPDX-License-Identifier: GPL-2.0
#include "row.bpf.h"

struct wire_row rows[WIRE_MAX_ROWS] = {};

__noinline __u32 new_row(__u32 dev, __u32 kind, __u64 super)
{
	struct wire_fs_key key = {.dev = dev, .kind = kind, .api = kind >> 16, .super = super};
	__u32 n = 0, *known;
	struct wire_row *row;

	if (bpf_map_pop_elem(&free_rows, &n))
		return 0;
	if (!bpf_map_update_elem(&row_of, &key, &n, BPF_NOEXIST)) {
		row = &rows[BOUNDED(n, WIRE_MAX_ROWS)];
		row->key = key;
		*(volatile __u32 *)&row->used = WIRE_ROW_USED;
		return n + 1;
	}
	bpf_map_push_elem(&free_rows, &n, BPF_ANY);
	known = bpf_map_lookup_elem(&row_of, &key);
	return known ? *known + 1 : 0;
}

__noinline __u32 known_row(__u32 n, __u32 dev, __u32 kind, __u64 super)
{
	struct wire_fs_key key = {.dev = dev, .kind = kind, .api = kind >> 16, .super = super};

	return is_row_of(n - 1, &key) ? n : row_number(&key);
}

__noinline __u32 hist_bucket(__u64 v)
{
	__u32 e = 0;
	__u64 x = v;

	if (v < 8)
		return v;
	if (x >> 32) {
		e += 32;
		x >>= 32;
	}
	if (x >> 16) {
		e += 16;
		x >>= 16;
	}
	if (x >> 8) {
		e += 8;
		x >>= 8;
	}
	if (x >> 4) {
		e += 4;
		x >>= 4;
	}
	if (x >> 2) {
		e += 2;
		x >>= 2;
	}
	if (x >> 1)
		e += 1;
	e = (e - 2) * 8 + ((v >> (e - 3)) & 7);
	return e < WIRE_HIST_BUCKETS ? e : WIRE_HIST_BUCKETS - 1;
}

/* The call as a whole has what its rows have, too. */
static __always_inline void total_add_fs(struct wire_fs *total, const struct wire_call_fs *f)
{
	total->bytes += f->bytes;
	total->bytes_unknown += f->bytes_unknown;
	row_add_sync(total, f);
	row_add_ops(total, f);
}

__noinline __u32 flush_row(__u32 number, __u32 i, __u64 wall, __s64 ret)
{
	struct call *c = call_numbered(number);
	struct wire_fs *row, *more, *less;
	struct wire_call_fs *f;
	bool again;

	if (!c)
		return 0;
	f = &c->fs[BOUNDED(i, WIRE_FS_PER_CALL)];
	again = c->ended_by == PROGRAM_AGAIN;
	more = totals_here(TOTAL_MORE, again, c->epoch);
	less = totals_here(TOTAL_LESS, again, c->epoch);
	if (!more || !less)
		return 0;
	total_add_fs(more, f);
	row = row_of_call(f, again, c->epoch);
	if (!row)
		return f->requests;
	/* first: whoever adds up meanwhile, and reads this last, has too little and not too much */
	row_add_fs(less, c, f, wall, ret);
	flush_one_row(row, c, f, wall, ret);
	return f->requests;
}

__noinline __u32 flush_only(__u32 number, __u64 wall, __s64 ret)
{
	struct call *c = call_numbered(number);

	return c ? flush_only_row(c, &c->fs[0], wall, ret) : 0;
}
