// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: any bytes as the journal beside a real recording, of a transaction that was cut short. Their
 * checksums are made right, except in every eighth: what is behind them is what matters.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/load.h"
#include "store/pages.h"
#include "store/store.h"

#define DATABASE "build/fuzz/real/plain"
#define RECORD_BYTES (PAGE_BYTES + 8)
#define HEADER_BYTES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64], journal[80];

static void remove_files(void)
{
	unlink(path);
	unlink(journal);
}

static void write_file(const char *to, const uint8_t *data, size_t size)
{
	FILE *out = fopen(to, "w");

	if (!out || fwrite(data, 1, size, out) != size || fclose(out))
		abort();
}

static void copy_database(void)
{
	FILE *in = fopen(DATABASE, "r");
	static uint8_t data[4 << 20];
	size_t size = in ? fread(data, 1, sizeof(data), in) : 0;

	if (!size || size == sizeof(data))
		abort();
	fclose(in);
	snprintf(path, sizeof(path), "/dev/shm/aiostall-fuzz-journal.%d", (int)getpid());
	snprintf(journal, sizeof(journal), "%s-journal", path);
	atexit(remove_files);
	write_file(path, data, size);
}

/* As SQLite's pager makes it: every 200th byte of the page, from its end, and the nonce. */
static void put_checksum(uint8_t *record, uint32_t nonce)
{
	uint32_t sum = nonce;

	for (int i = PAGE_BYTES - 200; i > 0; i -= 200)
		sum += record[4 + i];
	for (int i = 0; i < 4; i++)
		record[4 + PAGE_BYTES + i] = (uint8_t)(sum >> (24 - 8 * i));
}

static void set_right(uint8_t *j, size_t size)
{
	if (size < HEADER_BYTES || j[size - 1] % 8 == 0)
		return;
	memcpy(j, JOURNAL_MAGIC, 8);
	for (size_t at = HEADER_BYTES; at + RECORD_BYTES <= size; at += RECORD_BYTES)
		put_checksum(j + at, pages__be32(j + 12));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct load_opts o = {.command = ""};
	struct store_input *in;
	struct err e = {0};
	struct load *l;
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		return 0;
	if (!*path)
		copy_database();
	memcpy(copy, data, size);
	set_right(copy, size);
	write_file(journal, copy, size);
	free(copy);
	in = store_input__open(path, &e);
	l = load__new(&o, &e);
	if ((!in || !l || load__add(l, in, &e)) && !*e.text)
		abort();
	load__free(l);
	store_input__free(in);
	return 0;
}
