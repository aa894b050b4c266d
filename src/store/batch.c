// SPDX-License-Identifier: GPL-2.0
#include "store/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Memory above this is given back after a batch that was unusually large. */
#define BATCH_KEEP (1 << 20)

static void put(struct batch *b, const void *data, size_t size)
{
	if (b->err)
		return;
	if (size > b->room - b->used) {
		size_t room = b->room ? b->room : 4096;
		uint8_t *grown;

		while (room < b->used + size)
			room *= 2;
		grown = realloc(b->data, room);
		if (!grown) {
			b->err = -ENOMEM;
			return;
		}
		b->data = grown;
		b->room = room;
	}
	if (size)
		memcpy(b->data + b->used, data, size);
	b->used += size;
}

void batch__row(struct batch *b, enum batch_op op, uint8_t table, uint8_t nr_values)
{
	const uint8_t head[] = {(uint8_t)op, table, nr_values};

	put(b, head, sizeof(head));
}

static void put_value(struct batch *b, enum batch_type type, const void *data, uint32_t size)
{
	const uint8_t kind = (uint8_t)type;

	put(b, &kind, sizeof(kind));
	put(b, &size, sizeof(size));
	put(b, data, size);
}

void batch__int(struct batch *b, uint64_t v)
{
	put_value(b, BATCH_INT, &v, sizeof(v));
}

void batch__text(struct batch *b, const char *s)
{
	put_value(b, BATCH_TEXT, s ? s : "", s ? (uint32_t)strlen(s) : 0);
}

void batch__blob(struct batch *b, const void *data, size_t size)
{
	put_value(b, BATCH_BLOB, data, (uint32_t)size);
}

static uint64_t number_at(const void *p, enum schema_type type)
{
	switch (type) {
	case COLUMN_U32:
		return *(const uint32_t *)p;
	case COLUMN_U16:
		return *(const uint16_t *)p;
	case COLUMN_S32:
		return (uint64_t)(int64_t) * (const int32_t *)p;
	case COLUMN_BOOL:
		return *(const bool *)p;
	default:
		return *(const uint64_t *)p;
	}
}

void batch__columns(struct batch *b, const struct schema_columns *columns, const void *from)
{
	for (size_t i = 0; i < columns->nr; i++)
		batch__int(b, number_at((const char *)from + columns->column[i].offset,
					columns->column[i].type));
}

void batch__clear(struct batch *b)
{
	if (b->room > BATCH_KEEP)
		batch__free(b);
	b->used = 0;
	b->err = 0;
}

void batch__free(struct batch *b)
{
	free(b->data);
	*b = (struct batch){0};
}

bool batch__next_row(const struct batch *b, size_t *at, struct batch_row *row)
{
	const uint8_t *p = b->data + *at;

	if (*at >= b->used)
		return false;
	*row = (struct batch_row){(enum batch_op)p[0], p[1], p[2]};
	*at += 3;
	return true;
}

void batch__next_value(const struct batch *b, size_t *at, struct batch_value *v)
{
	const uint8_t *p = b->data + *at;
	uint32_t size;

	memcpy(&size, p + 1, sizeof(size));
	*v = (struct batch_value){.type = (enum batch_type)p[0], .data = p + 5, .size = size};
	if (v->type == BATCH_INT)
		memcpy(&v->number, v->data, sizeof(v->number));
	*at += 5 + size;
}
