// SPDX-License-Identifier: GPL-2.0
#include "live/calls.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "aiostall.skel.h"

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
