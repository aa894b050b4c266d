// SPDX-License-Identifier: GPL-2.0
#include "report/text_causes.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cause/causes.h"
#include "report/names.h"

#define MAX_WAKERS 4

static void append(char *buf, size_t size, const char *sep, const char *s)
{
	size_t used = strlen(buf);

	snprintf(buf + used, size - used, "%s%s", used ? sep : "", s);
}

static void shape_words(uint32_t shape, char *buf, size_t size)
{
	const struct names_shape *s;

	buf[0] = '\0';
	for (size_t i = 0; (s = names__shape(i)); i++) {
		if (s->bit == SHAPE_UNALIGNED && shape & SHAPE_UNALIGNED_LB)
			continue; /* the logical block is a part of it */
		if (shape & s->bit && s->bit == SHAPE_UNALIGNED_MEM) {
			char memory[64];

			snprintf(memory, sizeof(memory), "memory aligned to %u only",
				 shape__memory_align(shape));
			append(buf, size, ", ", memory);
		} else if (shape & s->bit) {
			append(buf, size, ", ", s->text);
		}
	}
}

/* Counted from 1, as people do; the JSON index counts from 0. */
static void position(enum request_how how, uint32_t index, uint32_t nr, char *buf, size_t size)
{
	if (how == HOW_BATCH)
		snprintf(buf, size, "the whole batch of %u requests (final flush)", nr);
	else if (how == HOW_UNKNOWN && nr)
		snprintf(buf, size, "request not known, %u in the call", nr);
	else if (how == HOW_UNKNOWN)
		snprintf(buf, size, "request not known");
	else if (!nr) /* not by which call it was handed over */
		snprintf(buf, size, "request found %s",
			 how == HOW_SCANNED ? "by stack scan" : "exactly");
	else
		snprintf(buf, size, "request %llu of %u (%s)", index + 1ULL, nr,
			 how == HOW_SCANNED ? "by stack scan" : "exact");
}

/* op NULL: not known. */
static void describe(struct print *p, const char *lead, const char *head, const struct request *q,
		     const char *op)
{
	char where[96], shape[192], extent[80] = "";
	const char *path = q->path && *q->path ? print__path(p, q->path, p->width - 12) : "";

	position(q->how, q->index, q->nr, where, sizeof(where));
	shape_words(q->shape, shape, sizeof(shape));
	if (op)
		snprintf(extent, sizeof(extent), "offset %llu length %llu",
			 (unsigned long long)q->offset, (unsigned long long)q->len_bytes);
	print__para(p, PRINT_PLAIN, lead, "%s%s%s%s%s%s%s%s%s%s", head, where, op ? ", " : "",
		    op ? op : "", *path || *extent ? ", " : "", path, *path && *extent ? " " : "",
		    extent, *shape ? ", " : "", shape);
}

static bool has_request(enum request_how how)
{
	return how == HOW_EXACT || how == HOW_SCANNED;
}

void text_causes__request(struct print *p, const char *lead, const struct request *q)
{
	describe(p, lead, "", q, has_request(q->how) ? op__name(q->opcode) : NULL);
}

static void print_worst(struct print *p, const struct report_cause *c)
{
	const struct request q = {
		.how = c->worst_how,
		.index = c->worst_index,
		.nr = c->worst_nr,
		.offset = c->worst_offset,
		.len_bytes = c->worst_len_bytes,
		.shape = c->worst_shape,
		.path = c->worst_path,
	};
	const char *op = has_request(q.how) ? print__safe(p, c->worst_op) : NULL;
	char head[160], comm[80], max[16], at[64];

	esc__terminal(c->worst_comm ? c->worst_comm : "", comm, sizeof(comm));
	fmt__clock(c->worst_began_unix_ns, p->today_unix_ns, at, sizeof(at));
	snprintf(head, sizeof(head), "%s%s%s by %s pid %u, ",
		 fmt__duration(c->max_ns, max, sizeof(max)), *at ? " at " : "", at, comm,
		 c->worst_pid);
	describe(p, "    worst: ", head, &q, op);
}

static void print_wakers(struct print *p, const struct report_cause *c)
{
	char list[MAX_WAKERS * 128] = "", one[128], comm[80], n[16];

	for (size_t i = 0; i < c->nr_wakers && i < MAX_WAKERS; i++) {
		esc__terminal(c->wakers[i].comm ? c->wakers[i].comm : "", comm, sizeof(comm));
		snprintf(one, sizeof(one), "%s (%s)", comm,
			 fmt__count(c->wakers[i].sleeps, n, sizeof(n)));
		append(list, sizeof(list), ", ", one);
	}
	if (*list)
		print__para(p, PRINT_PLAIN, "    woken by: ", "%s%s", list,
			    c->nr_wakers > MAX_WAKERS ? ", ..." : "");
}

static void print_holders(struct print *p, const struct report_cause *c)
{
	char list[MAX_WAKERS * 128] = "", one[128], comm[80], n[16];

	for (size_t i = 0; i < c->nr_holders && i < MAX_WAKERS; i++) {
		esc__terminal(c->holders[i].comm, comm, sizeof(comm));
		fmt__count(c->holders[i].sleeps, n, sizeof(n));
		if (c->holders[i].pid)
			snprintf(one, sizeof(one), "%s pid %u (%s)", comm, c->holders[i].pid, n);
		else
			snprintf(one, sizeof(one), "%s (%s)", comm, n);
		append(list, sizeof(list), ", ", one);
	}
	if (*list)
		print__para(p, PRINT_PLAIN, "    lock held by: ", "%s%s", list,
			    c->nr_holders > MAX_WAKERS ? ", ..." : "");
}

/* "behind its own punted requests: ..." */
static void print_behind(struct print *p, const struct report_cause *c)
{
	char list[MAX_WAKERS * 128] = "", one[160], n[16], time[16], most[16], id[80];

	for (size_t i = 0; i < c->nr_behind && i < MAX_WAKERS; i++) {
		const struct report_behind *b = &c->behind[i];

		esc__terminal(b->id ? b->id : "a reason that is not known", id, sizeof(id));
		snprintf(one, sizeof(one), "%s (%s sleep%s, %s)", id,
			 fmt__count(b->sleeps, n, sizeof(n)), plural(b->sleeps),
			 fmt__duration(b->blocked_ns, time, sizeof(time)));
		append(list, sizeof(list), ", ", one);
	}
	if (*list)
		print__para(
			p, PRINT_PLAIN, "    ",
			"behind its own punted requests: up to %s worker%s at once wait%s for a "
			"lock that another one holds, which itself sleeps for %s%s",
			fmt__count(c->together ? c->together : 1, most, sizeof(most)),
			plural(c->together ? c->together : 1), c->together > 1 ? "" : "s", list,
			c->nr_behind > MAX_WAKERS ? ", ..." : "");
	if (c->followers)
		print__para(p, PRINT_PLAIN, "    ",
			    "other workers wait behind these sleeps for a lock: %s sleep%s, %s",
			    fmt__count(c->followers, n, sizeof(n)), plural(c->followers),
			    fmt__duration(c->followers_ns, time, sizeof(time)));
}

/* Of one cause. */
#define FILES_SHOWN 3

static void print_files(struct print *p, const struct report_cause *c, size_t top)
{
	const char *lead = "    files: ";

	/* the worst stall has named it */
	if (c->nr_files == 1 && c->worst_path && *c->worst_path)
		return;
	for (size_t i = 0; i < c->nr_files && i < top && i < FILES_SHOWN; i++) {
		const struct report_file *f = &c->files[i];
		char n[16], total[16];
		const char *path = f->path && *f->path ? f->path : "(not known)";

		print__line(p, PRINT_PLAIN, "%s%s (%s sleep%s, %s)", lead,
			    print__path(p, path, p->width - 37),
			    fmt__count(f->sleeps, n, sizeof(n)), plural(f->sleeps),
			    fmt__duration(f->blocked_ns, total, sizeof(total)));
		lead = "           ";
	}
}

/* How the requests were found, so that nobody takes a guess for a fact. */
static void print_how(struct print *p, const struct report_cause *c)
{
	static const struct {
		enum request_how how;
		const char *words;
	} kinds[] = {
		{HOW_EXACT, "exactly"},
		{HOW_SCANNED, "by stack scan"},
		{HOW_BATCH, "as the whole batch (final flush)"},
		{HOW_UNKNOWN, "not at all"},
	};
	char list[192] = "", one[64], n[16];

	if (c->how[HOW_EXACT] == c->sleeps)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!c->how[kinds[i].how])
			continue;
		snprintf(one, sizeof(one), "%s %s", fmt__count(c->how[kinds[i].how], n, sizeof(n)),
			 kinds[i].words);
		append(list, sizeof(list), ", ", one);
	}
	if (*list)
		print__para(p, PRINT_PLAIN, "    requests found: ", "%s", list);
}

/* A line each. */
static void print_facts(struct print *p, const char *facts)
{
	while (facts && *facts) {
		size_t len = strcspn(facts, "\n");
		char one[256];

		snprintf(one, sizeof(one), "%.*s", (int)(len < 255 ? len : 255), facts);
		print__para(p, PRINT_PLAIN, "    here: ", "%s", print__safe(p, one));
		facts += len + (facts[len] == '\n');
	}
}

/* "author; 6.18; align to the block size; 1000 -> 0" in words. */
static void print_tried(struct print *p, const char *tried)
{
	char who[32], kernel[64], what[256], figures[64];

	if (sscanf(tried, "%31[^;]; %63[^;]; %255[^;]; %63[^;]", who, kernel, what, figures) == 4)
		print__para(p, PRINT_PLAIN, "    tried: ", "%s: %s stalls per 1000 submits (%s)",
			    print__safe(p, what), print__safe(p, figures), print__safe(p, kernel));
}

void text_causes__doubt(struct print *p, const char *name, bool advice)
{
	char text[512];

	if (name)
		print__para(p, PRINT_PLAIN, "    doubt: ", "%s",
			    print__safe(p, causes__say_doubt(name, advice, text, sizeof(text))));
}

/* Its stack of most time may be one of the few that are not certain. */
static void print_at(struct print *p, const struct report_cause *c)
{
	const char *doubt = c->nr_stacks && !c->doubt ? c->stacks[0].doubt : NULL;

	if (c->telling_frames && *c->telling_frames)
		print__para(p, PRINT_PLAIN, "    at: ", "%s%s%s%s",
			    print__safe(p, c->telling_frames),
			    doubt ? " (not certain: no rule knows " : "",
			    doubt ? print__safe(p, doubt) : "", doubt ? ")" : "");
}

static void print_remedies(struct print *p, const struct report_cause *c)
{
	text_causes__doubt(p, c->doubt, true);
	if (c->advice && *c->advice)
		print__para(p, PRINT_PLAIN, "    do: ", "%s", print__safe(p, c->advice));
	for (size_t i = 0; i < c->nr_settings; i++)
		print__para(p, PRINT_PLAIN, "    try: ", "%s: %s; %s",
			    print__safe(p, c->settings[i].comm),
			    print__safe(p, c->settings[i].setting),
			    print__safe(p, c->settings[i].why));
}

/* What a reader wants who has decided to look into it. */
static void print_details(struct print *p, const struct report_cause *c, size_t top)
{
	/* of the stack that cost most: the same lock is waited for in reads, writes and time updates */
	if (c->nr_stacks && c->stacks[0].via && *c->stacks[0].via)
		print__para(p, PRINT_PLAIN, "    via: ", "%s", print__safe(p, c->stacks[0].via));
	print_how(p, c);
	print_wakers(p, c);
	print_files(p, c, top);
	print_facts(p, c->facts);
	for (size_t i = 0; i < c->nr_tried; i++)
		print_tried(p, c->tried[i]);
}

/* Each plane's time is a whole of its own. */
static const char *blocked_where(struct print *p, enum plane plane)
{
	return plane == PLANE_SUBMIT ? "blocked time"
				     : print__join(p, "time blocked in ", names__plane(plane), "");
}

static void print_cause(struct print *p, const struct report_cause *c, size_t top, bool full)
{
	char share[16], sleeps[16], total[16], max[16], longest[48] = "";
	bool held_up = c->nr_stacks && c->held_up_requests;

	print__para(p, PRINT_BOLD, "  ", "%s of %s: %s%s: %s",
		    fmt__percent(c->share, share, sizeof(share)), blocked_where(p, c->plane),
		    print__safe(p, c->id), c->doubt ? " (not certain)" : "",
		    print__safe(p, c->name));
	/* of sleeps known only by their number and time there is no more to tell */
	if (c->nr_stacks && c->sleeps > 1)
		snprintf(longest, sizeof(longest), ", longest %s",
			 fmt__duration(c->max_ns, max, sizeof(max)));
	print__para(p, PRINT_PLAIN, "    ", "%s sleep%s, %s%s%s%s%s%s",
		    fmt__count(c->sleeps, sleeps, sizeof(sleeps)), plural(c->sleeps),
		    fmt__duration(c->blocked_ns, total, sizeof(total)),
		    c->sleeps > 1 ? " in total" : "", longest, held_up ? "; " : "",
		    held_up ? print__n(p, c->held_up_requests, "request") : "",
		    held_up ? " held up" : "");
	print_at(p, c);
	if (c->nr_stacks)
		print_worst(p, c);
	print_holders(p, c);
	print_behind(p, c);
	/* the one to look for */
	if (!full && !c->nr_holders && strstr(c->advice ? c->advice : "", "woke the sleeper"))
		print_wakers(p, c);
	if (full)
		print_details(p, c, top);
	print_remedies(p, c);
}

/*
 * The one of most submits and the one of most time; where that is one, the next that is no trifle.
 * And what other threads than the submitter's wait for.
 */
static size_t those_that_matter(const struct report_fs *f, const struct report_cause *list[3])
{
	size_t n = 0;

	if (f->most_time)
		list[n++] = f->most_time;
	if (f->most_submits && f->most_submits != f->most_time)
		list[n++] = f->most_submits;
	else if (n && f->nr_causes > 1 && f->causes[1].plane == PLANE_SUBMIT &&
		 f->causes[1].share >= 0.1)
		list[n++] = &f->causes[1];
	if (f->most_elsewhere)
		list[n++] = f->most_elsewhere;
	return n;
}

static size_t print_causes(struct print *p, const struct report_fs *f, const struct format_opts *o)
{
	bool full = o && o->full;
	size_t top = o && o->top ? o->top : full ? f->nr_causes : 0, n;
	const struct report_cause *list[3];

	for (n = 0; n < top && n < f->nr_causes; n++)
		print_cause(p, &f->causes[n], o->top ? o->top : FILES_SHOWN, full);
	if (top)
		return n;
	n = those_that_matter(f, list);
	for (size_t i = 0; i < n; i++)
		print_cause(p, list[i], 0, false);
	return n;
}

static bool hurts_anywhere(const struct report *r)
{
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].severity == SEVERITY_HURTS)
			return true;
	return false;
}

bool text_causes__in_short(const struct report *r, const struct report_fs *f,
			   const struct format_opts *o)
{
	return f->severity == SEVERITY_LOOK && f->nr_causes && !(o && (o->full || o->top)) &&
	       hurts_anywhere(r);
}

void text_causes__left_out(struct print *p, const struct report *r, const struct format_opts *o)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nr_fs; i++)
		n += text_causes__in_short(r, &r->fs[i], o);
	if (!n)
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_PLAIN, "", "Details of %s worth a look: --full",
		    n == 1 ? "the filesystem that is"
			   : print__join(p, "the ", print__n(p, n, "filesystem"), " that are"));
}

void text_causes__print(struct print *p, const struct report_fs *f, const struct format_opts *o)
{
	bool all = o && (o->full || o->top);
	size_t shown;
	const char *options = f->fs && f->fs->mount_options ? f->fs->mount_options : "";
	const char *device = f->fs && f->fs->device_name ? f->fs->device_name : "";

	if (!f->nr_causes || (f->severity == SEVERITY_OK && !all) ||
	    (f->only_inside && !f->most_elsewhere && !all))
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "", "%s%s%s%s%s%s%s", print__api(f->fs),
		    print__fs(p, f->fs, p->width / 2), *device || *options ? " (" : "",
		    print__safe(p, device), *device && *options ? ": " : "",
		    print__safe(p, options), *device || *options ? ")" : "");
	shown = print_causes(p, f, o);
	if (f->nr_causes > shown)
		print__line(p, PRINT_PLAIN, "  and %zu more cause%s: --full", f->nr_causes - shown,
			    plural(f->nr_causes - shown));
}
