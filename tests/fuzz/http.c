// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as what a client sends to serve. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct request_head *r)
{
	static const char *const keys[] = {"format", "by", "top", ""};
	static const char *const types[] = {"text/html", "application/json", "text/plain", "*/*",
					    ""};
	char value[32];

	if (!r->path || *r->path != '/' || !r->query || !r->accept || !r->host)
		abort();
	request__is_local(r->host);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (request__weight(r->accept, types[i]) > 1000)
			abort();
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (request__parameter(r->query, keys[i], value, sizeof(value)) &&
		    strlen(value) >= sizeof(value))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_head r = {0};
	char *buf = malloc(size + 1);
	size_t head;

	if (!buf)
		return 0;
	memcpy(buf, data, size);
	buf[size] = '\0';
	head = request__head_length(buf, size);
	if (head > size)
		abort();
	if (head && !request__parse(buf, head, &r))
		look_at(&r);
	free(buf);
	return 0;
}
