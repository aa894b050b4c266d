// SPDX-License-Identifier: GPL-2.0
/* Samples of what runs inside io_submit: a timer on each CPU, counts by stack. */
#include "live/sample.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "aiostall.skel.h"
#include "live/names.h"
#include "live/stacks.h"

/*
 * The CPU clock needs no counter of the hardware, so it works in virtual
 * machines, and its tick is an interrupt like others, not an NMI.
 */
static int open_clock(int cpu, uint64_t hz)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = hz,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int attach_cpu(struct live *lv, int cpu)
{
	int fd = open_clock(cpu, lv->opts.sample_hz);
	struct bpf_link *link;

	if (fd == -ENODEV) /* possible, but not online */
		return 0;
	if (fd < 0)
		return fd;
	link = bpf_program__attach_perf_event(lv->skel->progs.sample_perf,
					      fd); /* owns fd from here on */
	if (!link) {
		close(fd);
		return -errno;
	}
	lv->sample_links[lv->nr_sample_links++] = link;
	return 0;
}

int sample__attach(struct live *lv, struct err *e)
{
	int rc = 0;

	if (!lv->opts.sample_hz)
		return 0;
	lv->sample_links = calloc((size_t)lv->cpus, sizeof(struct bpf_link *));
	if (!lv->sample_links)
		return err__set(e, -ENOMEM, "out of memory");
	for (int cpu = 0; cpu < lv->cpus && !rc; cpu++)
		rc = attach_cpu(lv, cpu);
	if (!rc)
		return 0;
	err__set(e, rc, "cannot sample %llu times a second: %s",
		 (unsigned long long)lv->opts.sample_hz, strerror(-rc));
	if (rc == -EINVAL)
		err__hint(e, "the limit is in /proc/sys/kernel/perf_event_max_sample_rate");
	return rc;
}

void sample__detach(struct live *lv)
{
	while (lv->nr_sample_links)
		bpf_link__destroy(lv->sample_links[--lv->nr_sample_links]);
	free(lv->sample_links);
	lv->sample_links = NULL;
}

void sample__deliver(struct live *lv, const struct sink *to)
{
	int map = bpf_map__fd(lv->skel->maps.samples);
	struct wire_sample_key key, *prev = NULL;
	uint64_t count;

	if (!lv->opts.sample_hz || !to->sample)
		return;
	for (; !bpf_map_get_next_key(map, prev, &key); prev = &key) {
		struct ev_sample ev = {0};

		if (bpf_map_lookup_elem(map, &key, &count))
			continue;
		/* a filesystem with a call that ended has its name already */
		ev.fs = live_names__fs(lv, key.fs, 0, "", 0);
		ev.stack = live_stacks__of(lv, key.stack_id);
		ev.count = count;
		to->sample(to->ctx, &ev);
	}
}
