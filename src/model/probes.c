// SPDX-License-Identifier: GPL-2.0
#include "model/probes.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/api.h"

#define OF_AIO API_BIT(API_AIO)
#define OF_URING API_BIT(API_URING)
#define OF_BOTH (OF_AIO | OF_URING)

static const struct {
	const char *name, *what;
	unsigned int apis;
} needs[] = {
#define NEED(id, name, api, what) {name, what, OF_##api},
#include "model/probes.def"
};

static const struct {
	enum probe_need need;
	const char *name;
} ways[] = {
#define WAY(need, name, how, target, target2, program, program2, flags, lost) {NEED_##need, name},
#include "model/probes.def"
};

const char *probe_need__name(size_t need)
{
	return need < NEED_MAX ? needs[need].name : NULL;
}

const char *probe_need__what(enum probe_need need)
{
	return needs[need].what;
}

unsigned int probe_need__apis(enum probe_need need)
{
	return needs[need].apis;
}

int probe_need__find(const char *name, size_t len)
{
	for (int i = 0; i < NEED_MAX; i++)
		if (strlen(needs[i].name) == len && !strncmp(needs[i].name, name, len))
			return i;
	return -1;
}

const char *probe_need__way(enum probe_need need, size_t i)
{
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++)
		if (ways[w].need == need && i-- == 0)
			return ways[w].name;
	return NULL;
}

char *probe_need__ways(enum probe_need need, const char *separator, char *buf, size_t size)
{
	const char *way;
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; (way = probe_need__way(need, i)) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? separator : "", way);
	return buf;
}
