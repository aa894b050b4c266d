// SPDX-License-Identifier: GPL-2.0
#include "live/calls.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "aiostall.skel.h"

static size_t bytes_of(const struct live *lv)
{
	return (size_t)bpf_map__max_entries(lv->skel->maps.calls) * WIRE_CALL_BYTES;
}

int calls__open(struct live *lv, struct err *e)
{
	void *at = mmap(NULL, bytes_of(lv), PROT_READ, MAP_SHARED,
			bpf_map__fd(lv->skel->maps.calls), 0);

	if (at == MAP_FAILED)
		return err__set(e, -errno, "cannot map the records of threads: %s",
				strerror(errno));
	lv->calls = at;
	return 0;
}

void calls__close(struct live *lv)
{
	if (lv->calls)
		munmap((void *)lv->calls, bytes_of(lv));
	lv->calls = NULL;
}

bool calls__next(const struct live *lv, uint32_t *number, struct wire_call *c)
{
	uint32_t given = __atomic_load_n(&lv->skel->bss->next_call, __ATOMIC_ACQUIRE);
	uint32_t most = bpf_map__max_entries(lv->skel->maps.calls);

	while (*number < given && *number < most) {
		memcpy(c, lv->calls + (size_t)(*number)++ * WIRE_CALL_BYTES, sizeof(*c));
		if (c->tid)
			return true;
	}
	return false;
}

bool calls__of(const struct live *lv, uint32_t tid, struct wire_call *c)
{
	for (uint32_t number = 0; calls__next(lv, &number, c);)
		if (c->tid == tid)
			return true;
	return false;
}
