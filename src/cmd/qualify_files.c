// SPDX-License-Identifier: GPL-2.0
#include "cmd/qualify_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/infile.h"
#include "cmd/cmd.h"
#include "cmd/confine.h"
#include "cmd/output.h"
#include "cmd/screen.h"
#include "qualify/page.h"
#include "qualify/result_diff.h"
#include "qualify/result_json.h"

#define FILES_MAX 512
#define INTRO_MAX (1u << 20)
/* What any file may cost, and what is added for what they hold; one is in memory as JSON at a time. */
#define CPU_S 1
#define BYTES_PER_CPU_S (1u << 20)
#define MEMORY_BYTES (64ULL << 20)
#define MEMORY_PER_BYTE 4
#define JSON_PER_BYTE 64
#define OUTPUT_BYTES (64ULL << 20)

/* All is opened before the first byte of a file is read, which happens in a confined child. */
struct job {
	char *const *paths;
	size_t nr;
	FILE *files[FILES_MAX], *intro_file;
	uint64_t bytes, largest_bytes;
	struct output *out;
	const struct page_form *form; /* NULL = compare */
	struct format_opts opts;
	struct result *results[FILES_MAX];
	size_t nr_results;
};

bool qualify_files__are_results(char *const *paths, size_t nr)
{
	char first;

	for (size_t i = 0; i < nr; i++) {
		struct stat st;
		int fd = infile__open(paths[i], &st);
		bool is = fd >= 0 && pread(fd, &first, 1, 0) == 1 && first == '{';

		if (fd >= 0)
			close(fd);
		if (!is)
			return false;
	}
	return nr > 0;
}

static FILE *open_one(struct job *j, const char *path, struct err *e)
{
	struct stat st;
	int fd = infile__open(path, &st);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	uint64_t bytes = f ? (uint64_t)st.st_size : 0;

	if (bytes > RESULT_JSON_MAX_BYTES)
		bytes = RESULT_JSON_MAX_BYTES; /* no more of it is read */
	j->bytes += bytes;
	if (bytes > j->largest_bytes)
		j->largest_bytes = bytes;
	if (f)
		return f;
	infile__failed(path, fd < 0 ? fd : -errno, e);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int open_all(struct job *j, const char *intro, const char *output, struct err *e)
{
	if (j->nr > FILES_MAX)
		return err__set(e, -E2BIG, "%d files at most", FILES_MAX);
	for (size_t i = 0; i < j->nr; i++) {
		j->files[i] = open_one(j, j->paths[i], e);
		if (!j->files[i])
			return -EIO;
	}
	j->intro_file = intro ? open_one(j, intro, e) : NULL;
	if (intro && !j->intro_file)
		return -EIO;
	j->out = output__open(output, e);
	if (!j->out)
		return -EIO;
	j->opts = screen__format_opts(output__fd(j->out), 0);
	return 0;
}

static void close_all(struct job *j)
{
	for (size_t i = 0; i < j->nr && i < FILES_MAX; i++)
		if (j->files[i])
			fclose(j->files[i]);
	if (j->intro_file)
		fclose(j->intro_file);
	output__free(j->out);
}

static char *read_intro(FILE *f)
{
	char *text = calloc(1, INTRO_MAX + 1);

	if (text && f && fread(text, 1, INTRO_MAX, f) == 0)
		*text = '\0';
	return text;
}

static int print_page(struct job *j)
{
	char *intro = read_intro(j->intro_file);
	int rc = intro ? page__print(j->results, j->nr_results, j->intro_file ? intro : NULL,
				     j->form, output__file(j->out))
		       : -ENOMEM;

	free(intro);
	return rc;
}

static int work(void *ctx)
{
	struct job *j = ctx;
	struct err e = {0};
	int rc = 0;

	for (; j->nr_results < j->nr; j->nr_results++) {
		j->results[j->nr_results] =
			result_json__read(j->files[j->nr_results], j->paths[j->nr_results], &e);
		if (!j->results[j->nr_results])
			return cmd__fail(&e);
	}
	rc = j->form ? print_page(j)
		     : result_diff__print(j->results[0], j->results[1], output__file(j->out),
					  &j->opts);
	/* the stream knows better why it failed */
	if (output__flush(j->out, &e))
		return cmd__fail(&e);
	if (rc)
		err__set(&e, rc, "cannot print: %s", strerror(-rc));
	return rc ? cmd__fail(&e) : CMD_OK;
}

static int work_confined(struct job *j, struct err *e)
{
	int keep[FILES_MAX + 1];
	unsigned int cpu_s = CPU_S + (unsigned int)(j->bytes / BYTES_PER_CPU_S);
	struct confine_limits limits = {.cpu_s = cpu_s,
					.more_cpu_s = cpu_s,
					.memory_bytes = MEMORY_BYTES + j->bytes * MEMORY_PER_BYTE +
							j->largest_bytes * JSON_PER_BYTE,
					.output_bytes = OUTPUT_BYTES,
					.output = output__fd(j->out),
					.keep = keep};
	struct confine_end end;
	int rc;

	for (size_t i = 0; i < j->nr; i++)
		keep[limits.nr_keep++] = fileno(j->files[i]);
	if (j->intro_file)
		keep[limits.nr_keep++] = fileno(j->intro_file);
	rc = confine__run(work, j, &limits, &end, e);
	if (rc)
		return rc;
	if (end.signal)
		return err__set(e, -EIO,
				"reading the files was ended by signal %d: one of them is "
				"not what it seems",
				end.signal);
	if (end.status == CMD_OK)
		return output__commit(j->out, e);
	/* it has said why */
	e->quiet = true;
	return -EIO;
}

static int run(struct job *j, const char *intro, const char *output)
{
	struct err e = {0};
	int rc = open_all(j, intro, output, &e);

	if (!rc)
		rc = work_confined(j, &e);
	close_all(j);
	free(j);
	return rc ? cmd__fail(&e) : CMD_OK;
}

static struct job *job__new(char *const *paths, size_t nr)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j) {
		j->paths = paths;
		j->nr = nr;
	}
	return j;
}

int qualify_files__page(char *const *paths, size_t nr, const struct page_form *form,
			const char *intro, const char *output)
{
	struct job *j = job__new(paths, nr);

	if (!j)
		return CMD_FAILED;
	j->form = form;
	return run(j, intro, output);
}

int qualify_files__diff(char *const *paths, size_t nr, const char *output)
{
	struct job *j = job__new(paths, nr);

	return j ? run(j, NULL, output) : CMD_FAILED;
}
