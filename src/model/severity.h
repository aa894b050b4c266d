/* SPDX-License-Identifier: GPL-2.0 */
/* How much a filesystem's stalls matter, by thresholds that the user may set. Pure functions. */
#ifndef AIOSTALL_MODEL_SEVERITY_H
#define AIOSTALL_MODEL_SEVERITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum severity { SEVERITY_OK, SEVERITY_LOOK, SEVERITY_HURTS };

/* What is measured; the first that reaches the highest severity is the reason for it. */
enum severity_measure {
	MEASURE_STALL,	/* the longest sleep, ns; one that has not ended counts by its age */
	MEASURE_SHARE,	/* of the time traced, that the process that lost most was blocked, 0..1 */
	MEASURE_CTXSW,	/* sleeps per request */
	MEASURE_INSIDE, /* of the requests, done inside the call by the caller itself, 0..1 */
	MEASURES
};

struct severity_limits {
	double look[MEASURES], hurts[MEASURES]; /* from there on; INFINITY = never */
	double max_loss;			/* 0..1; of more than that a report is incomplete */
};

/* What is not known is 0. */
struct severity_figures {
	double value[MEASURES];
	uint64_t sleeps; /* below SEVERITY_MIN_SLEEPS sleeps per request are an accident */
};
#define SEVERITY_MIN_SLEEPS 10

extern const struct severity_limits severity_defaults;

/* by: what decided; MEASURES if nothing did, which is SEVERITY_OK. */
enum severity severity__of(const struct severity_limits *limits,
			   const struct severity_figures *figures, enum severity_measure *by);
/* "ok", "worth a look", "hurts": on the screen and in JSON. */
const char *severity__name(enum severity s);
/* "stall", "share", "ctxsw", "inside"; NULL for MEASURES. */
const char *severity_measure__name(enum severity_measure m);
/* "0.1%" or "0.001", from 0 to 1. */
bool severity__parse_share(const char *text, double *share);
/* "stall=10ms:100ms,share=1%:10%" over what limits holds. 0 or -EINVAL with e set. */
int severity__parse(const char *text, struct severity_limits *limits, struct err *e);

#endif
