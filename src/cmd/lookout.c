// SPDX-License-Identifier: GPL-2.0
#include "cmd/lookout.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/aiousers.h"

#define MAX_LINES 5
#define TIMEOUT_MS 300 /* for what /proc does not tell at once */

struct lookout {
	struct aside *aside;
	char *buf;
	size_t size, used;
	size_t lines, more; /* that fit, and that do not */
	bool rings;
};

static void add(struct lookout *l, const char *line)
{
	int n;

	if (l->lines == MAX_LINES) {
		l->more++;
		return;
	}
	n = snprintf(l->buf + l->used, l->size - l->used, "%s%s", l->used ? "\n" : "", line);
	if (n > 0 && (size_t)n < l->size - l->used) {
		l->used += (size_t)n;
		l->lines++;
	} else {
		l->buf[l->used] = '\0';
	}
}

static void describe(const struct aiouser *u, char *line, size_t size)
{
	char who[96];

	snprintf(who, sizeof(who), "%s (pid %u)", u->comm, u->pid);
	if (u->contexts)
		snprintf(line, size, "%s has %u aio context%s%s", who, u->contexts,
			 plural(u->contexts), u->rings ? " and uses io_uring too" : "");
	else if (u->rings)
		snprintf(line, size, "%s uses io_uring and has no aio context", who);
	else
		snprintf(line, size, "%s has no aio context: it cannot call io_submit yet", who);
}

static void look_at_targets(struct lookout *l, const struct live_filter *f)
{
	char line[256];

	for (size_t i = 0; i < f->nr_pids; i++) {
		struct aiouser u = aiousers__look(l->aside, NULL, f->pids[i]);

		if (!u.known)
			continue;
		describe(&u, line, sizeof(line));
		add(l, line);
		l->rings |= u.rings && !u.contexts;
	}
}

static void note_user(void *ctx, const struct aiouser *u)
{
	struct lookout *l = ctx;
	char line[256];

	describe(u, line, sizeof(line));
	add(l, line);
	l->rings |= u->rings != 0;
}

/* Where rings are refused, who waits for requests of io_uring waits for nothing. */
static void note_refused(struct lookout *l)
{
	unsigned int refused = aiousers__rings_refused(NULL);

	if (refused == 1)
		add(l, "kernel.io_uring_disabled is 1: only CAP_SYS_ADMIN and the group "
		       "kernel.io_uring_group can make a ring of io_uring");
	else if (refused)
		add(l, "kernel.io_uring_disabled is 2: no process can make a ring of io_uring");
}

static void look_at_host(struct lookout *l, bool nobody)
{
	char line[64];

	if (nobody)
		add(l, "no process of this host has an aio context: none can call io_submit yet");
	if (aiousers__scan(l->aside, NULL, note_user, l))
		add(l, "some processes cannot be looked at: /proc does not answer for them");
	if (l->more) {
		snprintf(line, sizeof(line), "and %zu more", l->more);
		l->lines--;
		add(l, line);
	}
}

static bool nobody_has_contexts(void)
{
	uint64_t reserved;

	return aiousers__reserved(NULL, &reserved) && !reserved;
}

char *lookout__lines(const struct live_filter *f, char *buf, size_t size)
{
	struct lookout l = {.aside = aside__new(TIMEOUT_MS, 0), .buf = buf, .size = size};

	buf[0] = '\0';
	if (l.aside && f->nr_pids)
		look_at_targets(&l, f);
	else if (l.aside && !f->nr_tids)
		look_at_host(&l, nobody_has_contexts());
	aside__free(l.aside);
	if (f->apis != API_BIT(API_AIO))
		note_refused(&l);
	return buf;
}

static void look_at_start(struct lookout *l, const struct live_filter *f)
{
	bool any = false;

	for (size_t i = 0; i < f->nr_pids; i++)
		any |= aiousers__look(l->aside, NULL, f->pids[i]).contexts != 0;
	if (f->nr_pids && !any)
		look_at_targets(l, f);
	else if (!f->nr_pids && !f->nr_tids && nobody_has_contexts())
		look_at_host(l, true);
}

void lookout__at_start(const struct live_filter *f)
{
	char lines[2048] = "", safe[4 * 256 + 1];
	struct lookout l = {
		.aside = aside__new(TIMEOUT_MS, 0), .buf = lines, .size = sizeof(lines)};

	if (l.aside)
		look_at_start(&l, f);
	aside__free(l.aside);
	/* who uses io_uring is no news where that is traced, too */
	if (l.rings ? f->apis != API_BIT(API_AIO) : !isatty(STDERR_FILENO))
		return;
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		esc__terminal(line, safe, sizeof(safe));
		fprintf(stderr, "aiostall: %s\n", safe);
	}
}
