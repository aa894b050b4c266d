// SPDX-License-Identifier: GPL-2.0
/* AIO that is not asynchronous, though nothing may have slept; and what became of RWF_NOWAIT. */
#include "base/base.h"
#include "model/sums.h"
#include "report/print.h"
#include "report/text_sync.h"

/* ": 17.3k buffered, 2 with O_DIRECT", or which of the two all of them were. */
static void how_done(const struct counters *c, char *buf, size_t size)
{
	char buffered[16], direct[16];

	if (c->inside_buffered && c->inside_direct)
		snprintf(buf, size, ": %s buffered, %s with O_DIRECT",
			 fmt__count(c->inside_buffered, buffered, sizeof(buffered)),
			 fmt__count(c->inside_direct, direct, sizeof(direct)));
	else
		snprintf(buf, size, ", %s%s",
			 c->inside_buffered + c->inside_direct == 1 ? "" : "all ",
			 c->inside_buffered ? "buffered" : "with O_DIRECT");
}

static void print_inside(struct print *p, const struct report *r, const struct report_fs *f)
{
	const struct counters *c = &f->c;
	uint64_t inside = sat_add(c->inside_buffered, c->inside_direct);
	const char *verb = inside == 1 ? "was" : "were";
	char n[16], of[32], how[64];

	fmt__count(inside, n, sizeof(n));
	snprintf(of, sizeof(of), "%s", print__n(p, c->requests, "request"));
	if (!report__knows_completions(r)) {
		print__para(p, PRINT_PLAIN, "  ",
			    "%s: %s of %s %s buffered: done inside io_submit by the caller itself",
			    print__fs(p, f->fs, p->width), n, of, verb);
		return;
	}
	how_done(c, how, sizeof(how));
	print__para(p, PRINT_PLAIN, "  ",
		    "%s: %s of %s %s done inside io_submit by the caller itself%s",
		    print__fs(p, f->fs, p->width), n, of, verb, how);
}

/* Where completions are not watched, sleeps tell of some. */
static bool print_slept_inside(struct print *p, const struct report_fs *f)
{
	bool any = false;

	for (size_t i = 0; i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i];
		bool calls = c->knows_submits && c->submits_blocked;

		if (!c->inside || c->plane != PLANE_SUBMIT)
			continue;
		any = true;
		print__para(p, PRINT_PLAIN, "  ",
			    "%s: requests with O_DIRECT were done inside io_submit by the caller "
			    "itself, in %s (%s)",
			    print__fs(p, f->fs, p->width),
			    calls ? print__n(p, c->submits_blocked, "submit")
				  : print__n(p, c->sleeps, "sleep"),
			    print__safe(p, c->id));
	}
	return any;
}

static bool print_all_slept_inside(struct print *p, const struct report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->nr_fs && !report__knows_completions(r); i++)
		if (r->fs[i].fs->api == API_AIO)
			any |= print_slept_inside(p, &r->fs[i]);
	return any;
}

/* In the section's place: what is not known must not read as if there were none. */
static void print_not_known(struct print *p, const struct report *r, bool some_known)
{
	bool all_buffered = r->totals.requests && r->totals.inside_buffered >= r->totals.requests;

	if (report__knows_completions(r) || !report__has_api(r, API_AIO) || all_buffered)
		return;
	if (capture__sleeps_only(r->capture))
		print__para(p, PRINT_PLAIN, "  ",
			    "Which requests were done inside io_submit by the caller itself is not "
			    "known with --probe submit=none.");
	else
		print__para(p, PRINT_PLAIN, "  ",
			    "Whether %srequests with O_DIRECT were done inside io_submit%s is not "
			    "known: completions were not watched (that takes fentry or kprobes).",
			    some_known ? "other " : "",
			    some_known || !r->totals.inside_buffered ? "" : ", too,");
}

static void print_not_async(struct print *p, const struct report *r)
{
	bool any = r->totals.inside_buffered | r->totals.inside_direct, slept;

	if (!any && (report__knows_completions(r) || !report__has_api(r, API_AIO)))
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "", "NOT ASYNCHRONOUS, blocked or not:");
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].c.inside_buffered | r->fs[i].c.inside_direct)
			print_inside(p, r, &r->fs[i]);
	slept = print_all_slept_inside(p, r);
	if (r->totals.inside_direct || slept)
		print__para(p, PRINT_PLAIN, "  ",
			    "Filesystems finish direct writes in the call that append, are not "
			    "aligned, or need new blocks. Aligned ones on blocks that are "
			    "written already are asynchronous.");
	if (r->totals.inside_buffered)
		print__para(p, PRINT_PLAIN, "  ",
			    "Page cache, pipes and some filesystems do the work in the call: the "
			    "caller's CPU pays for it, and a cache miss is a sleep. O_DIRECT on "
			    "blocks that are written already is asynchronous.");
	print_not_known(p, r, slept);
}

/* The causes of sleeps that the flag did not prevent: "3 ext4.extent_read, 1 blk.tag". */
static void print_nowait_causes(struct print *p, const struct report_fs *f)
{
	const char *lead = "    slept in: ";
	char n[16];

	for (size_t i = 0; i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i];

		if (!c->nowait_sleeps)
			continue;
		print__para(p, PRINT_PLAIN, lead, "%s (%s): %s", print__safe(p, c->id),
			    fmt__count(c->nowait_sleeps, n, sizeof(n)),
			    print__safe(p, c->telling_frames));
		lead = "              ";
	}
}

static void print_nowait_fs(struct print *p, const struct report *r, const struct report_fs *f)
{
	const struct counters *c = &f->c;
	char refused[64] = "how many were refused with EAGAIN is not known", n[16], slept[64];

	if (report__knows_completions(r))
		snprintf(refused, sizeof(refused), "%s refused with EAGAIN inside io_submit",
			 fmt__count(c->nowait_refused, n, sizeof(n)));
	snprintf(slept, sizeof(slept), "none slept in spite of it");
	if (c->nowait_sleeps) {
		char time[16];

		fmt__count(c->nowait_sleeps, n, sizeof(n));
		snprintf(slept, sizeof(slept), "%s sleep%s in spite of it (%s)", n,
			 plural(c->nowait_sleeps), fmt__duration(c->nowait_ns, time, sizeof(time)));
	}
	print__para(p, c->nowait_sleeps ? PRINT_ALARM : PRINT_PLAIN, "  ", "%s: %s, %s, %s",
		    print__fs(p, f->fs, p->width), print__n(p, c->nowait, "request"), refused,
		    slept);
	print_nowait_causes(p, f);
}

static void print_nowait(struct print *p, const struct report *r)
{
	if (!r->totals.nowait)
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__line(p, PRINT_BOLD, "RWF_NOWAIT:");
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].c.nowait)
			print_nowait_fs(p, r, &r->fs[i]);
}

void text_sync__print(struct print *p, const struct report *r)
{
	print_not_async(p, r);
	print_nowait(p, r);
}
