// SPDX-License-Identifier: GPL-2.0
#include "live/self.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "aiostall.skel.h"
#include "live/names.h"

static uint64_t process_cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
		return 0;
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

/* The positions of a ring buffer stand at the beginning of its first two pages (kernel/bpf/ringbuf.c). */
static const uint64_t *map_position(const struct live *lv, off_t page)
{
	long size = sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, bpf_map__fd(lv->skel->maps.ring),
			page * size);

	return at == MAP_FAILED ? NULL : at;
}

uint64_t self__ring_used(const struct live *lv)
{
	uint64_t taken;

	if (!lv->ring_taken || !lv->ring_written)
		return 0;
	taken = __atomic_load_n(lv->ring_taken, __ATOMIC_ACQUIRE);
	return __atomic_load_n(lv->ring_written, __ATOMIC_ACQUIRE) - taken;
}

void self__begin(struct live *lv)
{
	lv->stats_fd = lv->opts.self ? bpf_enable_stats(BPF_STATS_RUN_TIME) : -1;
}

void self__started(struct live *lv)
{
	lv->ring_taken = map_position(lv, 0);
	lv->ring_written = map_position(lv, 1);
	lv->self.startup_cpu_ns = process_cpu_ns();
}

static void add_program(struct self_cost *self, const struct bpf_program *p)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	struct self_program *to = &self->programs[self->nr_programs];

	if (self->nr_programs == SELF_PROGRAMS_MAX ||
	    bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
		return;
	/* the whole name; the kernel keeps 15 bytes of it */
	snprintf(to->name, sizeof(to->name), "%s", bpf_program__name(p));
	to->runs = info.run_cnt;
	to->run_ns = info.run_time_ns;
	to->missed = info.recursion_misses;
	self->programs_ns += info.run_time_ns;
	self->nr_programs++;
}

uint64_t self__cost_ns(const struct live *lv, bool *whole)
{
	struct self_cost now = {0};
	struct bpf_program *p;

	*whole = lv->stats_fd >= 0;
	bpf_object__for_each_program(p, lv->skel->obj) if (bpf_program__fd(p) >= 0)
		add_program(&now, p);
	return now.programs_ns + process_cpu_ns();
}

void self__end(struct live *lv)
{
	struct self_cost *self = &lv->self;
	struct rusage usage;
	struct bpf_program *p;

	if (!lv->opts.self)
		return;
	bpf_object__for_each_program(p, lv->skel->obj) if (bpf_program__fd(p) >= 0)
		add_program(self, p);
	self->traced_ns = clock__mono_ns() - lv->started_ns;
	self->reader_cpu_ns = process_cpu_ns() - self->startup_cpu_ns;
	if (!getrusage(RUSAGE_SELF, &usage))
		self->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
	self->names_recycled = live_names__recycled(lv);
	self->ring_bytes = bpf_map__max_entries(lv->skel->maps.ring);
	lv->capture.self = self;
}

static void unmap_position(const uint64_t *at)
{
	if (at)
		munmap((void *)at, (size_t)sysconf(_SC_PAGESIZE));
}

void self__free(struct live *lv)
{
	if (lv->stats_fd >= 0)
		close(lv->stats_fd);
	unmap_position(lv->ring_taken);
	unmap_position(lv->ring_written);
}
