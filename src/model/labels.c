// SPDX-License-Identifier: GPL-2.0
#include "model/labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "model/state.h"

/* What was slept so long ago weighs a third. */
#define AGE_S 600.0
/* Who takes the place of another has slept so many times as much: no turns between equals. */
#define CLEARLY_MORE 2.0
/* Names that wait for a place, to one that has one. */
#define WAITING_PER_PLACE 8
#define NAME_MAX_BYTES 255

static const char *const label_names[] = {[LABEL_CGROUP] = "cgroup", [LABEL_COMM] = "comm"};

struct name {
	UT_hash_handle hh;
	double weight; /* blocked ns, those of long ago less */
	bool has_place;
	char text[];
};

struct sum {
	UT_hash_handle hh;
	struct sum *prev, *next; /* used longest ago first */
	struct labels_row row;
	bool is_told;
	uint64_t told_sleeps, told_ns; /* what was read last; 0 unless is_told */
	size_t key_len;
	char key[]; /* api, type, device, name, with a NUL after each */
};

struct labels {
	enum label label;
	size_t most, places;
	struct name *names;
	struct sum *sums, *by_use;
	struct labels_row *list; /* the last that was asked for */
	uint64_t overflow, taken_ns;
};

const char *label__name(enum label label)
{
	return label_names[label];
}

int labels__parse(const char *text, enum label *label, size_t *most, struct err *e)
{
	size_t len = strcspn(text, ":");
	uint64_t n = LABELS_DEFAULT;

	if (text[len] && parse__u64(text + len + 1, 1, LABELS_MAX, &n))
		return err__set(e, -EINVAL, "--label %s: how many is 1 to %d", text, LABELS_MAX);
	*most = n;
	for (size_t i = 0; i < ARRAY_SIZE(label_names); i++) {
		*label = (enum label)i;
		if (strlen(label_names[i]) == len && !strncmp(text, label_names[i], len))
			return 0;
	}
	return err__set(e, -EINVAL, "--label %s: there are cgroup and comm", text);
}

struct labels *labels__new(enum label label, size_t most)
{
	struct labels *l = calloc(1, sizeof(*l));

	if (l)
		*l = (struct labels){.label = label, .most = most};
	return l;
}

enum label labels__by(const struct labels *l)
{
	return l->label;
}

uint64_t labels__overflow(const struct labels *l)
{
	return l->overflow;
}

size_t labels__per_fs(const struct labels *l)
{
	return l->most + 2;
}

/* ---- sums ---- */

static void drop_sum(struct labels *l, struct sum *s)
{
	HASH_DEL(l->sums, s);
	DL_DELETE(l->by_use, s);
	free(s);
}

static size_t put_string(char *to, size_t at, const char *s)
{
	size_t size = strlen(s) + 1;

	memcpy(to + at, s, size);
	return at + size;
}

static struct sum *new_sum(const struct fs_info *fs, const char *name)
{
	size_t len = 2 + strlen(fs->fstype) + 1 + strlen(fs->device_name) + 1 + strlen(name) + 1;
	struct sum *s = calloc(1, sizeof(*s) + len);
	size_t device, text;

	if (!s)
		return NULL;
	s->key[0] = (char)('0' + fs->api);
	device = put_string(s->key, 2, fs->fstype);
	text = put_string(s->key, device, fs->device_name);
	s->key_len = put_string(s->key, text, name);
	s->row = (struct labels_row){.api = fs->api,
				     .fstype = s->key + 2,
				     .device = s->key + device,
				     .name = s->key + text};
	return s;
}

/* NULL if there is none, or on lack of memory. */
static struct sum *find_sum(struct labels *l, const struct fs_info *fs, const char *name)
{
	struct sum *like = new_sum(fs, name), *s = NULL;

	if (like)
		HASH_FIND(hh, l->sums, like->key, like->key_len, s);
	free(like);
	return s;
}

/* NULL on lack of memory. */
static struct sum *sum_of(struct labels *l, const struct fs_info *fs, const char *name)
{
	struct sum *s = find_sum(l, fs, name);

	if (s) {
		DL_DELETE(l->by_use, s);
		DL_APPEND(l->by_use, s);
		return s;
	}
	s = new_sum(fs, name);
	if (!s)
		return NULL;
	if (HASH_COUNT(l->sums) >= LABELS_ROWS_MAX)
		drop_sum(l, l->by_use);
	HASH_ADD_KEYPTR(hh, l->sums, s->key, s->key_len, s);
	if (!s->hh.tbl) {
		free(s);
		return NULL;
	}
	DL_APPEND(l->by_use, s);
	return s;
}

static void sum__add(struct sum *s, uint64_t sleeps, uint64_t blocked_ns)
{
	s->row.sleeps = sat_add(s->row.sleeps, sleeps);
	s->row.blocked_ns = sat_add(s->row.blocked_ns, blocked_ns);
}

/* As long as a sum is not told where "other" is, its growth would not be seen. */
static void add(struct labels *l, const struct fs_info *fs, const char *name,
		const struct sleep_sum *more)
{
	struct sum *own = sum_of(l, fs, name), *other = own ? sum_of(l, fs, LABELS_OTHER) : NULL;

	if (other)
		sum__add(other->is_told && !own->is_told ? other : own, more->sleeps,
			 more->blocked_ns);
}

void labels__want(struct labels *l, const struct fs_info *fs)
{
	sum_of(l, fs, LABELS_OTHER);
}

/* ---- who has a place ---- */

/* The one that has slept least, of those with a place or of those without. */
static struct name *least(const struct labels *l, bool with_place)
{
	struct name *found = NULL;

	for (struct name *n = l->names; n; n = n->hh.next)
		if (n->has_place == with_place && (!found || n->weight < found->weight))
			found = n;
	return found;
}

static struct name *heaviest_waiting(const struct labels *l)
{
	struct name *found = NULL;

	for (struct name *n = l->names; n; n = n->hh.next)
		if (!n->has_place && (!found || n->weight > found->weight))
			found = n;
	return found;
}

static void drop_name(struct labels *l, struct name *n)
{
	HASH_DEL(l->names, n);
	free(n);
}

/* A path that is too long is told by its end. */
static const char *end_of(const char *text)
{
	size_t len = strlen(text);

	return text + (len > NAME_MAX_BYTES ? len - NAME_MAX_BYTES : 0);
}

static struct name *find_name(const struct labels *l, const char *text)
{
	struct name *n;

	HASH_FIND_STR(l->names, end_of(text), n);
	return n;
}

/* NULL on lack of memory. */
static struct name *name_of(struct labels *l, const char *text)
{
	struct name *n = find_name(l, text);

	if (n)
		return n;
	text = end_of(text);
	if (HASH_COUNT(l->names) >= l->most * (1 + WAITING_PER_PLACE))
		drop_name(l, least(l, false));
	n = calloc(1, sizeof(*n) + strlen(text) + 1);
	if (!n)
		return NULL;
	put_string(n->text, 0, text);
	HASH_ADD_STR(l->names, text, n);
	if (!n->hh.tbl) {
		free(n);
		return NULL;
	}
	return n;
}

/* What was not read yet is in "other" instead. */
static void take_back(struct labels *l, struct sum *s)
{
	const struct fs_info fs = {
		.api = s->row.api, .fstype = s->row.fstype, .device_name = s->row.device};
	struct sum *other = find_sum(l, &fs, LABELS_OTHER);
	uint64_t sleeps = s->row.sleeps - s->told_sleeps;

	s->is_told = false;
	if (!other)
		return;
	sum__add(other, sleeps, s->row.blocked_ns - s->told_ns);
	l->overflow = sat_add(l->overflow, sleeps);
	s->row.sleeps = s->told_sleeps;
	s->row.blocked_ns = s->told_ns;
}

/* Its sums are told no more until it has a place again. */
static void lose_place(struct labels *l, struct name *n)
{
	struct sum *s;

	n->has_place = false;
	DL_FOREACH(l->by_use, s)
	{
		if (!strcmp(s->row.name, n->text))
			take_back(l, s);
	}
}

static void give_places(struct labels *l)
{
	struct name *in, *out;

	while ((in = heaviest_waiting(l)) && l->places < l->most) {
		in->has_place = true;
		l->places++;
	}
	out = least(l, true);
	if (!in || !out || in->weight <= CLEARLY_MORE * out->weight)
		return;
	lose_place(l, out);
	in->has_place = true;
}

static void age(struct labels *l, uint64_t now_ns)
{
	double s = (double)sat_sub(now_ns, l->taken_ns) / (double)NSEC_PER_SEC;
	/* as good as a power, which would want libm */
	double factor = AGE_S / (AGE_S + s);

	for (struct name *n = l->names; n; n = n->hh.next)
		n->weight *= factor;
	l->taken_ns = now_ns;
}

/* ---- slices ---- */

static const char *text_of(const struct labels *l, const struct ledger_key *k)
{
	return l->label == LABEL_COMM ? k->comm->text : k->cgroup->text;
}

static bool is_unknown(const char *text)
{
	return !*text || !strcmp(text, "(unknown)");
}

static bool is_told_apart(const char *text)
{
	return !is_unknown(text) && strcmp(text, LEDGER_OTHER) != 0;
}

static void weigh(struct labels *l, const struct ledger_cell *c)
{
	const char *text = text_of(l, &c->row->key);
	struct name *n = is_told_apart(text) ? name_of(l, text) : NULL;

	if (n)
		n->weight += (double)c->sum.blocked_ns;
}

static void take_cell(struct labels *l, const struct ledger_cell *c)
{
	const struct ledger_key *k = &c->row->key;
	const char *text = text_of(l, k);
	struct name *n = is_told_apart(text) ? find_name(l, text) : NULL;

	if (n && n->has_place)
		add(l, &k->fs->info, n->text, &c->sum);
	else if (is_unknown(text))
		add(l, &k->fs->info, LABELS_UNKNOWN, &c->sum);
	else
		add(l, &k->fs->info, LABELS_OTHER, &c->sum);
	if (is_told_apart(text) && !(n && n->has_place))
		l->overflow = sat_add(l->overflow, c->sum.sleeps);
}

/* Places first: who gets one is in the next list. */
void labels__take(struct labels *l, const struct ledger *of, uint64_t now_ns)
{
	struct ledger_cell *c;

	age(l, now_ns);
	LL_FOREACH(of->slice.cells, c)
	if (c->row->key.plane == PLANE_SUBMIT)
		weigh(l, c);
	give_places(l);
	LL_FOREACH(of->slice.cells, c)
	if (c->row->key.plane == PLANE_SUBMIT)
		take_cell(l, c);
}

/* ---- the list ---- */

static int by_labels(const void *a, const void *b)
{
	const struct labels_row *x = a, *y = b;
	int d = strcmp(api__name(x->api), api__name(y->api));

	d = d ? d : strcmp(x->fstype, y->fstype);
	d = d ? d : strcmp(x->device, y->device);
	return d ? d : strcmp(x->name, y->name);
}

static bool is_shown(const struct labels *l, const struct sum *s)
{
	const struct name *n;

	if (!strcmp(s->row.name, LABELS_OTHER) || !strcmp(s->row.name, LABELS_UNKNOWN))
		return true;
	n = find_name(l, s->row.name);
	return n && n->has_place;
}

void labels__told(struct labels *l)
{
	struct sum *s;

	DL_FOREACH(l->by_use, s)
	{
		s->is_told = is_shown(l, s);
		if (s->is_told) {
			s->told_sleeps = s->row.sleeps;
			s->told_ns = s->row.blocked_ns;
		}
	}
}

const struct labels_row *labels__rows(struct labels *l, size_t *nr)
{
	struct labels_row *list = realloc(l->list, (HASH_COUNT(l->sums) + 1) * sizeof(*list));
	struct sum *s;
	size_t n = 0;

	*nr = 0;
	if (!list)
		return NULL;
	l->list = list;
	DL_FOREACH(l->by_use, s)
	if (is_shown(l, s))
		list[n++] = s->row;
	if (n)
		qsort(list, n, sizeof(*list), by_labels);
	*nr = n;
	return list;
}

void labels__free(struct labels *l)
{
	struct name *n, *next_n;
	struct sum *s, *next;

	if (!l)
		return;
	HASH_ITER(hh, l->names, n, next_n)
	{
		drop_name(l, n);
	}
	DL_FOREACH_SAFE(l->by_use, s, next)
	{
		drop_sum(l, s);
	}
	free(l->list);
	free(l);
}
