// SPDX-License-Identifier: GPL-2.0
#include "live/ended.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>

#include "aiostall.skel.h"
#include "base/base.h"

/* Some thousand rows are full soon; where many stay, to look at them is a twentieth of the time at most. */
#define REAP_NS (NSEC_PER_SEC / 5)
#define REAP_PART 20

/* Then no thread of it adds to its row any more. */
bool ended__is_gone(uint32_t pid)
{
	return kill((pid_t)pid, 0) && errno == ESRCH;
}

/* Its cgroup may be gone soon, too. */
static void take(struct live *lv, uint32_t pid, const struct wire_process *row)
{
	gone__add(&lv->gone, pid, row,
		  row->cgroup_id ? cgroups__path(lv->cgroups, row->cgroup_id) : "");
}

/* The next key is asked for before this one goes: without it the kernel would begin anew. */
static void reap_processes(struct live *lv)
{
	int map = bpf_map__fd(lv->skel->maps.processes);
	struct wire_process row;
	uint32_t pid, next;
	int rc = bpf_map_get_next_key(map, NULL, &pid);

	for (; !rc; pid = next) {
		rc = bpf_map_get_next_key(map, &pid, &next);
		if (!ended__is_gone(pid) || bpf_map_lookup_elem(map, &pid, &row))
			continue;
		if (!bpf_map_delete_elem(map, &pid))
			take(lv, pid, &row);
	}
}

static void reap_failures(struct live *lv)
{
	int map = bpf_map__fd(lv->skel->maps.failures);
	struct wire_failure_key key, next;
	__u64 calls;
	int rc = bpf_map_get_next_key(map, NULL, &key);

	for (; !rc; key = next) {
		rc = bpf_map_get_next_key(map, &key, &next);
		if (!ended__is_gone(key.pid) || bpf_map_lookup_elem(map, &key, &calls))
			continue;
		if (!bpf_map_delete_elem(map, &key))
			failures__add(&lv->gone_failures, (int)key.err, calls);
	}
}

void ended__reap(struct live *lv)
{
	uint64_t now = clock__mono_ns();

	if (now < lv->next_reap_ns)
		return;
	reap_processes(lv);
	reap_failures(lv);
	lv->next_reap_ns = now + REAP_NS + REAP_PART * (clock__mono_ns() - now);
}

void ended__free(struct live *lv)
{
	gone__release(&lv->gone);
	failures__release(&lv->gone_failures);
}
