// SPDX-License-Identifier: GPL-2.0
#include "report/text_notes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"
#include "model/loss.h"
#include "report/text_uring.h"
#include "report/verdict.h"

struct notes {
	struct print *p;
	bool any;
};

static void __attribute__((format(printf, 2, 3))) note(struct notes *n, const char *fmt, ...)
{
	char text[1280];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!n->any) {
		print__line(n->p, PRINT_PLAIN, "%s", "");
		print__line(n->p, PRINT_BOLD, "NOTES:");
	}
	n->any = true;
	print__para(n->p, PRINT_PLAIN, "  - ", "%s", text);
}

static void say_spilled(struct notes *n, const struct report *r)
{
	uint64_t stalls = r->capture->spilled;
	char text[256];

	if (stalls)
		note(n, "%s",
		     fmt__many(stalls,
			       "{stall|stalls} came faster than they could be read and {was|were} "
			       "summed up in the kernel: wakers and lock holders of these are not "
			       "known",
			       text, sizeof(text)));
}

/* What the kernel did not run is a loss where it is an entry; the other programs are told of here. */
static void say_skips(struct notes *n, const struct report *r)
{
	const struct capture_info *c = r->capture;

	if (!capture__skips_known(c))
		note(n, "Whether the kernel skipped the probes for some calls is not known: %s",
		     print__safe(n->p, c->skips_unknown));
	if (c->skips && *c->skips)
		note(n, "The kernel skipped runs of these programs: %s",
		     print__safe(n->p, c->skips));
}

/* Nothing is missing, but the reader should know what counts and how it became known. */
static void say_notes(struct notes *n, const struct report *r)
{
	const struct loss_kind *kind;
	char share[16], words[1024];

	if (r->any_loss && !r->incomplete)
		note(n, "%s lost: %s", fmt__percent(r->loss_share, share, sizeof(share)),
		     loss__words(&r->loss, LOSS_INCOMPLETE, words, sizeof(words)));
	for (size_t i = 0; (kind = loss__kind(i)); i++)
		if (kind->weight == LOSS_NOTE && loss__value(&r->loss, kind))
			note(n, "%s",
			     fmt__many(loss__value(&r->loss, kind), kind->words, words,
				       sizeof(words)));
	if (r->loss.uncounted_sleeps && r->totals.requests)
		note(n, "CTXSW/IO has these sleeps without their requests: it is too high on "
			"the filesystems where they fell");
}

static void say_asleep(struct notes *n, const struct report *r)
{
	char age[16];

	if (r->nr_unfinished && !r->long_asleep)
		note(n, "%zu thread%s asleep inside %s when tracing ended, for at most %s",
		     r->nr_unfinished, r->nr_unfinished == 1 ? " was" : "s were",
		     text_uring__asleep_in(r),
		     fmt__duration(r->unfinished[0].ev.age_ns, age, sizeof(age)));
}

static void say_unwatched(struct notes *n, const struct report *r)
{
	char text[256];

	if (*verdict__unwatched(r, text, sizeof(text)))
		note(n, "%s", text);
}

void text_notes__print(struct print *p, const struct report *r, const struct format_opts *o)
{
	struct notes n = {.p = p};

	say_unwatched(&n, r);
	say_spilled(&n, r);
	say_notes(&n, r);
	say_asleep(&n, r);
	say_skips(&n, r);
	if (o && o->full)
		note(&n, "probes: %s", print__probes(p, r->capture));
}
