/* SPDX-License-Identifier: GPL-2.0 */
/* What has to be seen in the kernel, and the names of the ways to see it: probes.def. */
#ifndef AIOSTALL_MODEL_PROBES_H
#define AIOSTALL_MODEL_PROBES_H

#include <stddef.h>

enum probe_need {
#define NEED(id, name, api, what) NEED_##id,
#include "model/probes.def"
	NEED_MAX
};

/* "submit"; NULL past the last need. */
const char *probe_need__name(size_t need);
/* "entry and exit of io_submit". */
const char *probe_need__what(enum probe_need need);
/* API_BIT() of each whose calls it tells of. */
unsigned int probe_need__apis(enum probe_need need);
/* The need of that name, the first len bytes of it; -1 if there is none. */
int probe_need__find(const char *name, size_t len);
/* The name of the i-th way, best first; NULL past the last. */
const char *probe_need__way(enum probe_need need, size_t i);
/* "fentry|kprobe|none", with that separator. buf is returned. */
char *probe_need__ways(enum probe_need need, const char *separator, char *buf, size_t size);

#endif
