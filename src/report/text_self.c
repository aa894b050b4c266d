// SPDX-License-Identifier: GPL-2.0
#include "report/text_self.h"

#include "base/base.h"
#include "report/print.h"

/* What part of the host's CPUs that is. */
static double part_of_host(const struct report *r, uint64_t cpu_ns)
{
	double cpus = r->capture->host.cpus ? r->capture->host.cpus : 1;

	return (double)cpu_ns / ((double)r->capture->self->traced_ns * cpus);
}

static void print_program(struct print *p, const struct report *r, const struct self_program *s)
{
	char runs[16], each[16], part[16];

	print__line(p, PRINT_PLAIN, "  %-18s %10s runs %10s each  %s of the CPUs%s",
		    print__safe(p, s->name), fmt__count(s->runs, runs, sizeof(runs)),
		    fmt__duration(s->runs ? s->run_ns / s->runs : 0, each, sizeof(each)),
		    fmt__percent(part_of_host(r, s->run_ns), part, sizeof(part)),
		    s->missed ? ", some missed" : "");
}

void text_self__print(struct print *p, const struct report *r)
{
	const struct self_cost *s = r->capture->self;
	char programs[16], reader[16], start[16], memory[16], peak[16], ring[16];

	if (!s || !s->traced_ns)
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "",
		    "COST of tracing: BPF programs %s of the host's CPUs, the reader %s of one "
		    "(and %s to "
		    "start), %s of memory, at most %s of %s in the ring buffer.",
		    fmt__percent(part_of_host(r, s->programs_ns), programs, sizeof(programs)),
		    fmt__percent((double)s->reader_cpu_ns / (double)s->traced_ns, reader,
				 sizeof(reader)),
		    fmt__duration(s->startup_cpu_ns, start, sizeof(start)),
		    fmt__size(s->peak_rss_bytes, memory, sizeof(memory)),
		    fmt__size(s->ring_peak_bytes, peak, sizeof(peak)),
		    fmt__size(s->ring_bytes, ring, sizeof(ring)));
	for (size_t i = 0; i < s->nr_programs; i++)
		print_program(p, r, &s->programs[i]);
	if (s->names_recycled)
		print__line(p, PRINT_PLAIN, "  %s made room for others",
			    print__n(p, s->names_recycled, "name"));
	if (!s->programs_ns)
		print__line(p, PRINT_PLAIN, "  (this kernel does not measure BPF programs)");
}
