// SPDX-License-Identifier: GPL-2.0
#include "live/calls.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "aiostall.skel.h"

int calls__number(int queue, uint32_t records)
{
	for (uint32_t n = 0; n < records; n++)
		if (bpf_map_update_elem(queue, NULL, &n, BPF_ANY))
			return errno == E2BIG ? 0 : -errno;
	return 0;
}

int calls__open(const struct live *lv, struct err *e)
{
	const struct bpf_map *queue = lv->skel->maps.free_calls;
	int rc = calls__number(bpf_map__fd(queue), bpf_map__max_entries(queue));

	return rc ? err__set(e, rc, "cannot number the records of threads: %s", strerror(-rc)) : 0;
}

bool calls__of(const struct live *lv, uint32_t tid, struct wire_call *c)
{
	union {
		struct wire_call call;
		char bytes[WIRE_CALL_BYTES];
	} value;
	uint32_t number;

	if (bpf_map_lookup_elem(bpf_map__fd(lv->skel->maps.call_numbers), &tid, &number) ||
	    bpf_map_lookup_elem(bpf_map__fd(lv->skel->maps.calls), &number, &value))
		return false;
	if (value.call.tid != tid) /* it has ended, and the record is another one's */
		return false;
	*c = value.call;
	return true;
}

bool calls__next(const struct live *lv, const uint32_t *prev, uint32_t *tid, struct wire_call *c)
{
	int map = bpf_map__fd(lv->skel->maps.call_numbers);

	for (; !bpf_map_get_next_key(map, prev, tid); prev = tid)
		if (calls__of(lv, *tid, c))
			return true;
	return false;
}
