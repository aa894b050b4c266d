// SPDX-License-Identifier: GPL-2.0
#include "live/decode.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert(WIRE_HIST_BUCKETS == HIST_BUCKETS, "histograms have the same buckets");
static_assert((unsigned int)WIRE_HOW_BATCH == (unsigned int)HOW_BATCH,
	      "attributions have the same numbers");
static_assert((unsigned int)WIRE_WAKER_IRQ == (unsigned int)WAKER_IRQ,
	      "wakers have the same numbers");
static_assert((unsigned int)WIRE_LOCK_OTHER == (unsigned int)LOCK_OTHER,
	      "locks have the same numbers");
static_assert(WIRE_SHAPE_UNALIGNED_MEM == SHAPE_UNALIGNED_MEM &&
		      WIRE_SHAPE_MEM_SHIFT == SHAPE_MEM_SHIFT,
	      "shapes have the same bits");
static_assert((unsigned int)WIRE_API_URING == (unsigned int)API_URING,
	      "apis have the same numbers");
static_assert((unsigned int)WIRE_PLANE_TASKWORK == (unsigned int)PLANE_TASKWORK &&
		      (unsigned int)WIRE_PLANE_SQPOLL == (unsigned int)PLANE_SQPOLL,
	      "planes have the same numbers");
static_assert(WIRE_URING_OP == OP_URING, "opcodes have the same bit");

static void terminate(char *s, size_t size)
{
	s[size - 1] = '\0';
}

static int check_stall(struct wire_stall *s)
{
	if (s->req.how > WIRE_HOW_BATCH || s->waker_kind > WIRE_WAKER_IRQ ||
	    s->lock_kind > WIRE_LOCK_OTHER || s->plane > WIRE_PLANE_SQPOLL ||
	    s->req.fs.api > WIRE_API_URING)
		return -EBADMSG;
	if (s->req.how == WIRE_HOW_EXACT || s->req.how == WIRE_HOW_SCANNED)
		/* of io_uring a request may be known without its call */
		if (s->req.index >= s->req.nr && (s->req.nr || s->req.fs.api != WIRE_API_URING))
			s->req.how = WIRE_HOW_UNKNOWN;
	terminate(s->comm, sizeof(s->comm));
	terminate(s->waker_comm, sizeof(s->waker_comm));
	terminate(s->holder_comm, sizeof(s->holder_comm));
	terminate(s->req.fstype, sizeof(s->req.fstype));
	return 0;
}

int decode__record(const void *data, size_t size, union wire_record *out)
{
	struct wire_hdr hdr;
	size_t want;

	if (size < sizeof(hdr))
		return -EBADMSG;
	memcpy(&hdr, data, sizeof(hdr));
	want = hdr.kind == WIRE_STALL	 ? sizeof(struct wire_stall)
	       : hdr.kind == WIRE_SUBMIT ? sizeof(struct wire_submit)
					 : 0;
	/* the ring buffer rounds up to 8 bytes, so there may be more than the record says */
	if (!want || hdr.size != want || size < want)
		return -EBADMSG;
	memcpy(out, data, want);
	if (hdr.kind == WIRE_STALL)
		return check_stall(&out->stall);
	terminate(out->submit.comm, sizeof(out->submit.comm));
	terminate(out->submit.fstype, sizeof(out->submit.fstype));
	return 0;
}

int decode__spill(const struct wire_spill *w, struct wire_stall *longest, struct ev_stalls *out)
{
	struct sleep_sum *sum = &out->sum;

	*out = (struct ev_stalls){0};
	*sum = (struct sleep_sum){
		.sleeps = w->sleeps,
		.blocked_ns = w->blocked_ns,
		.runqueue_ns = w->runqueue_ns,
		.max_ns = w->longest.blocked_ns,
		.held_up_requests = w->held_up_requests,
		.iowait_sleeps = w->iowait_sleeps,
		.nowait_sleeps = w->nowait_sleeps,
	};
	for (size_t i = 0; i < WIRE_HIST_BUCKETS; i++)
		out->hist.n[i] = w->hist[i];
	*longest = w->longest;
	if (!w->sleeps || check_stall(longest))
		return -EBADMSG;
	/* all of them were found alike, see WIRE_HOW_* in the key */
	sum->how[longest->req.how] = w->sleeps;
	return 0;
}

void decode__request(const struct wire_req *w, struct request *r)
{
	*r = (struct request){
		.how = (enum request_how)w->how,
		.index = w->index,
		.nr = w->nr,
		.opcode = w->opcode,
		.fd = (int32_t)w->fd,
		.offset = w->offset,
		.len_bytes = w->len,
		.rw_flags = w->rw_flags,
		.shape = w->shape,
		.ino = w->ino,
		.user_data = w->opcode & WIRE_URING_OP ? w->iocb : 0,
		.path = "",
	};
}

enum plane decode__plane(const struct wire_call *w)
{
	if (w->api != WIRE_API_URING)
		return PLANE_SUBMIT;
	if (w->thread != WIRE_THREAD_OWN)
		return w->thread == WIRE_THREAD_WORKER ? PLANE_WORKER : PLANE_SQPOLL;
	return w->place == WIRE_PLACE_TASKWORK ? PLANE_TASKWORK : PLANE_SUBMIT;
}

bool decode__is_wait(const struct wire_call *w)
{
	return w->api == WIRE_API_URING && w->place == WIRE_PLACE_WAIT;
}

uint32_t decode__held_up(const struct wire_req *w)
{
	if ((w->how != WIRE_HOW_EXACT && w->how != WIRE_HOW_SCANNED) || w->index >= w->nr)
		return 0;
	return w->nr - 1 - w->index;
}

static void add_sum(uint64_t *to, __u64 v)
{
	*to += v;
}

static void add_max(uint64_t *to, __u64 v)
{
	if (v > *to)
		*to = v;
}

void decode__add_row(const struct wire_fs *w, struct fs_counts *to)
{
#define ADD_SUM add_sum
#define ADD_MAX add_max
#define COUNTER(name, adds, since, json, csv) ADD_##adds(&to->c.name, w->name);
#define OPS()
#include "model/counters.def"
	for (size_t i = 0; i < WIRE_OPS; i++)
		to->c.ops[i] += w->ops[i];
	for (size_t i = 0; i < WIRE_HIST_BUCKETS; i++) {
		to->sleep.n[i] += w->sleep_hist[i];
		to->submit.n[i] += w->submit_hist[i];
	}
}

void decode__add_unfinished(const struct wire_call *w, int fs, uint64_t now_ns,
			    struct fs_counts *to)
{
	struct counters *c = &to->c;
	uint64_t since = now_ns > w->since_ns ? now_ns - w->since_ns : 0;
	uint64_t on_cpu = w->on_cpu_ns + (w->state == WIRE_CALL_RUNNING ? since : 0);
	uint64_t preempted = w->preempted_ns + (w->state == WIRE_CALL_PREEMPTED ? since : 0);
	uint64_t own;

	c->on_cpu_ns += on_cpu;
	c->preempted_ns += preempted;
	c->runqueue_ns += w->runqueue_ns;
	c->wall_ns += on_cpu + preempted + w->runqueue_ns + w->blocked_ns + w->cq_wait_ns;
	c->waits += w->waits;
	c->waited_ns += w->cq_wait_ns;
	/* copied while the kernel may change it: the share can be newer than the sum */
	own = fs >= 0 ? w->fs[fs].blocked_ns : w->counted_ns;
	if (w->blocked_ns > own)
		c->blocked_elsewhere_ns += w->blocked_ns - own;
}

void decode__losses(const __u64 *w, struct loss *to)
{
	*to = (struct loss){
		.events = w[WIRE_LOSS_EVENTS],
		.stacks = w[WIRE_LOSS_STACKS],
		.map_full =
			w[WIRE_LOSS_CALLS_FULL] + w[WIRE_LOSS_FS_FULL] + w[WIRE_LOSS_FILES_FULL],
		.unmatched = w[WIRE_LOSS_UNMATCHED_EXIT] + w[WIRE_LOSS_UNMATCHED_ENTRY] +
			     w[WIRE_LOSS_NO_ENTRY] + w[WIRE_LOSS_NO_URING_ENTRY] +
			     w[WIRE_LOSS_DIED],
		.before_tracing = w[WIRE_LOSS_BEFORE_TRACING],
		.misjudged = w[WIRE_LOSS_MISJUDGED],
		.recovered = w[WIRE_LOSS_RECOVERED],
		.refused = w[WIRE_LOSS_REFUSED],
		.uncounted_sleeps = w[WIRE_LOSS_UNCOUNTED_SLEEPS],
		.unattributed = w[WIRE_LOSS_IOCB_UNREADABLE] + w[WIRE_LOSS_BEYOND] +
				w[WIRE_LOSS_FS_PER_CALL],
		.scan_agree = w[WIRE_LOSS_SCAN_AGREE],
		.scan_disagree = w[WIRE_LOSS_SCAN_DISAGREE],
	};
}
