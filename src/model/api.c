// SPDX-License-Identifier: GPL-2.0
#include "model/api.h"

#include <string.h>

static const char *const names[APIS] = {[API_AIO] = "aio"};

const char *api__name(enum api api)
{
	return api < APIS ? names[api] : "";
}

enum api api__find(const char *name)
{
	unsigned int api = 0;

	while (api < APIS && strcmp(names[api], name) != 0)
		api++;
	return (enum api)api;
}
