// SPDX-License-Identifier: GPL-2.0
#include "host/pidwalk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* Each costs the time of a question; who has more such processes than that hides others. */
#define SILENT_MAX 8

/* What is looked for from where on. */
struct question {
	char root[256];
	pidwalk_fn *look;
	size_t size;
	uint32_t pid, key;
	uint32_t silent[SILENT_MAX]; /* not to be looked at */
	unsigned int nr_silent;
	uint64_t *at; /* the process that is looked at */
};

struct head {
	uint32_t nr;
	uint32_t pid, key; /* of the last one that was looked at */
	bool more;
};

#define ROOM (ASIDE_ANSWER_MAX - sizeof(struct answer))

struct answer {
	struct head head;
	_Alignas(16) char found[];
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool keep_number(uint32_t **list, size_t *nr, uint32_t number)
{
	uint32_t *grown = *list;

	/* room for 64, then twice as many each time */
	if (!(*nr & (*nr - 1)) && (!*nr || *nr >= 64)) {
		grown = realloc(*list, (*nr ? 2 * *nr : 64) * sizeof(**list));
		if (!grown)
			return false;
		*list = grown;
	}
	grown[(*nr)++] = number;
	return true;
}

uint32_t *pidwalk__numbers(const char *path, size_t *nr)
{
	DIR *dir = opendir(path);
	const struct dirent *d;
	uint32_t *list = NULL;
	uint64_t number;

	*nr = 0;
	while (dir && (d = readdir(dir)))
		if (!parse__u64(d->d_name, 1, UINT32_MAX, &number) &&
		    !keep_number(&list, nr, (uint32_t)number))
			break;
	if (dir)
		closedir(dir);
	if (*nr)
		qsort(list, *nr, sizeof(*list), by_number);
	return list;
}

static bool is_silent(const struct question *q, uint32_t pid)
{
	for (unsigned int i = 0; i < q->nr_silent; i++)
		if (q->silent[i] == pid)
			return true;
	return false;
}

/* False when the answer is full. */
static bool look_at(const struct question *q, uint32_t pid, uint32_t key, struct answer *a)
{
	size_t capacity = ROOM / q->size;

	*q->at = pid;
	a->head.pid = pid;
	while (q->look(q->root, pid, &key, a->found + a->head.nr * q->size)) {
		a->head.key = key;
		if (++a->head.nr == capacity)
			return false;
	}
	return true;
}

static int ask(const void *ctx, void *answer, int *fd)
{
	const struct question *q = ctx;
	struct answer *a = answer;
	size_t nr, i;
	uint32_t *pids;

	(void)fd;
	errno = 0;
	pids = pidwalk__numbers(q->root, &nr);
	if (!pids)
		return -errno;
	for (i = 0; i < nr && !a->head.more; i++)
		if (pids[i] >= q->pid && !is_silent(q, pids[i]))
			a->head.more = !look_at(q, pids[i], pids[i] == q->pid ? q->key : 0, a);
	free(pids);
	return 0;
}

static void tell(const struct pidwalk *w, const struct answer *a)
{
	for (uint32_t i = 0; i < a->head.nr; i++)
		w->fn(w->ctx, a->found + i * w->size);
}

/* From q on; *q is where to go on if that did not end in time. */
static int walk_on(struct aside *a, const struct pidwalk *w, struct question *q,
		   struct answer *answer)
{
	int rc;

	do {
		memset(answer, 0, ASIDE_ANSWER_MAX);
		rc = aside__ask(a, ask, q, sizeof(*q), answer, ASIDE_ANSWER_MAX, NULL);
		if (rc)
			break;
		tell(w, answer);
		q->pid = answer->head.pid;
		q->key = answer->head.key;
	} while (answer->head.more);
	return rc;
}

int pidwalk__each(struct aside *a, const char *root, const struct pidwalk *w)
{
	struct answer *answer = malloc(ASIDE_ANSWER_MAX);
	uint64_t here = 0, *at = a ? aside__progress(a) : &here;
	struct question q = {.look = w->look, .size = w->size, .at = at};
	int rc;

	if (!answer)
		return -ENOMEM;
	snprintf(q.root, sizeof(q.root), "%s", root);
	while ((rc = walk_on(a, w, &q, answer)) == -ETIMEDOUT && q.nr_silent < SILENT_MAX)
		q.silent[q.nr_silent++] = (uint32_t)*at;
	free(answer);
	return rc ? rc : q.nr_silent ? -ETIMEDOUT : 0;
}
