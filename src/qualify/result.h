/* SPDX-License-Identifier: GPL-2.0 */
/* What was found out about one place: made by run.h or read from a file, printed, compared, judged. */
#ifndef AIOSTALL_QUALIFY_RESULT_H
#define AIOSTALL_QUALIFY_RESULT_H

#include "qualify/row.h"
#include "qualify/verdict.h"

#define RESULT_CELLS_MAX 4096
#define RESULT_FACTS_MAX 64

/* Why it sleeps, where the kernel was traced. */
struct cell_cause {
	char id[48], name[128], todo[256], frames[256];
	uint64_t sleeps; /* all that were traced, of all causes */
	double share;	 /* of the time asleep, 0..1 */
};

struct cell {
	char row[ROW_ID_MAX], engine[24];
	enum verdict verdict;
	char reason[128]; /* of n/a */
	struct figures f;
	struct cell_cause cause; /* the one with most of the time; id "" = none, or not traced */
};

/* What decides besides the patterns: kernel, filesystem, device. */
struct fact {
	char name[40], value[256];
};

struct result {
	char place[256]; /* "ext4 /data", "device nvme0n1" */
	char label[64];	 /* for the heads of tables, "ext4" */
	char kernel[80]; /* exact build, "6.12.117-1" or the release */
	int64_t started_unix_ns;
	uint64_t duration_ns;
	bool traced;
	char untraced_why[512];
	bool interrupted;
	struct fact facts[RESULT_FACTS_MAX];
	size_t nr_facts;
	struct cell warm_up; /* the first requests, apart; no row = none */
	struct cell *cells;
	size_t nr_cells;
};

struct result *result__new(void);
void result__free(struct result *r); /* free(NULL) works */
/* What does not fit is cut; more than RESULT_FACTS_MAX are left out. */
void result__add_fact(struct result *r, const char *name, const char *value);
const char *result__fact(const struct result *r, const char *name);
/* A cell to be filled in, NULL on lack of memory or beyond RESULT_CELLS_MAX. Earlier ones may move. */
struct cell *result__add_cell(struct result *r);
const struct cell *result__find(const struct result *r, const char *row, const char *engine);

/* Its verdict, from its row and its figures. */
void cell__judge(struct cell *c);

static inline double cell__per_request(const struct cell *c, uint64_t n)
{
	return c->f.requests ? (double)n / (double)c->f.requests : 0;
}

#endif
