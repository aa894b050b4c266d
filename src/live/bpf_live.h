/* SPDX-License-Identifier: GPL-2.0 */
/* The live source's own state, shared by opening (bpf_open.c), reading (bpf_source.c) and naming (bpf_names.c). */
#ifndef AIOSTALL_LIVE_BPF_LIVE_H
#define AIOSTALL_LIVE_BPF_LIVE_H

#include <uthash.h>

#include "bpf/wire.h"
#include "live/bpf_probe.h"
#include "host/cgroups.h"
#include "host/devices.h"
#include "host/intern.h"
#include "host/ksyms.h"
#include "live/live.h"
#include "host/mounts.h"
#include "host/usyms.h"

struct aiostall_bpf;
struct bpf_link;
struct ring_buffer;

#define LIVE_LINKS_MAX 16

struct live;

struct live_stack;
struct live_fs;
struct live_file;

struct live {
	struct source src;
	struct live_opts opts;
	struct capture_info capture;
	uint64_t started_ns;
	struct probe_plan plan;
	struct aiostall_bpf *skel;
	struct bpf_link *links[LIVE_LINKS_MAX]; /* in the order of attaching */
	size_t nr_links;
	struct bpf_link **sample_links; /* one a CPU, with --sample */
	size_t nr_sample_links;
	int cgroup_fd;
	struct ring_buffer *ring;
	const struct sink *to; /* of the poll under way */
	int cpus;
	/* the ring buffer's positions, and how long the reader waits between looks at it */
	const uint64_t *ring_taken, *ring_written;
	uint32_t poll_ms;
	int stats_fd; /* the kernel measures programs as long as it is open; -1 = not asked for */
	struct self_cost self;
	uint64_t malformed;
	uint64_t spills_seen; /* of the programs' count */
	uint64_t spills_lost; /* of them that could not be read */
	bool spill_b;	      /* the second of the two tables is in use */
	uint64_t stacks_lost; /* here, beside those that the kernel could not take */
	/* names */
	struct ksyms *ksyms;
	struct usyms *usyms;
	struct mounts *mounts;
	struct devices *devices;
	struct cgroups *cgroups;
	struct intern *strings;
	struct live_stack *stacks;
	struct live_fs *filesystems;
	struct live_file *files;
};

/* Naming: cached, results live as long as the source. */
const struct stack *live__stack(struct live *lv, uint64_t id);
/* A copy of a stack with names of its own, kept like the others; NULL if empty or out of memory. */
const struct stack *live__keep_stack(struct live *lv, const struct stack *stack);
const struct fs_info *live__fs(struct live *lv, struct wire_fs_key key, uint32_t mnt_id,
			       const char *fstype, uint32_t pid);
const char *live__path(struct live *lv, const struct wire_req *req, uint32_t pid);
void live__names_free(struct live *lv);

/* A stall as the programs record it, with names; valid as long as w. ev->fs is NULL on lack of memory. */
void live__stall(struct live *lv, const struct wire_stall *w, struct ev_stall *ev);

/* Deliver stalls that were summed up since the last time; `all`: those under way now, too. */
void live__deliver_spilled(struct live *lv, const struct sink *to, bool all);

/* The table of operations of this source. */
extern const struct source_ops live_ops;

/* --sample: nothing is done without it. 0 or -errno with e set. */
int live__sample_attach(struct live *lv, struct err *e);
void live__sample_detach(struct live *lv);
/* After the rows: they have named the filesystems. */
void live__sample_deliver(struct live *lv, const struct sink *to);

/* Take the probes off, newest first. */
void live__detach(struct live *lv);

#endif
