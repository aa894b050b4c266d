// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: any bytes as files of /proc and /sys, whose names, comms, maps and cgroups strangers
 * choose. An input is files one after the other, each begun by a byte that says which, 0xf0 for the first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* parse_map() is its own */
#include "host/usyms.c"

#include "host/aiousers.h"
#include "host/fstypes.h"
#include "host/hostfacts.h"
#include "host/inflight.h"
#include "host/memlimit.h"
#include "host/mounted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
	"proc/7/task/7/syscall",
	"proc/7/task/7/stat",
	"proc/7/task/7/stack",
	"proc/7/task/7/comm",
	"proc/7/comm",
	"proc/7/maps",
	"proc/7/status",
	"proc/7/fdinfo/3",
	"proc/self/cgroup",
	"proc/self/mountinfo",
	"proc/filesystems",
	"proc/sys/fs/aio-nr",
	"proc/version",
	"sys/fs/cgroup/memory.max",
	"sys/fs/cgroup/memory.current",
	"sys/fs/cgroup/memory.stat",
};
static const char *const folders[] = {
	"proc",	     "proc/7",	 "proc/7/task", "proc/7/task/7", "proc/7/fdinfo", "proc/7/fd",
	"proc/self", "proc/sys", "proc/sys/fs", "sys",		 "sys/fs",	  "sys/fs/cgroup",
};
static char root[64];

static void below(const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", root, name);
}

static void remove_all(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command))
		abort();
}

static void make_root(void)
{
	char path[256];

	snprintf(root, sizeof(root), "/dev/shm/aiostall-fuzz-proc.%d", (int)getpid());
	mkdir(root, 0700);
	atexit(remove_all);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		below(folders[i], path);
		mkdir(path, 0700);
	}
	below("proc/7/fd/3", path);
	if (symlink("anon_inode:[io_uring]", path))
		abort();
}

static void put_file(const char *name, const uint8_t *data, size_t size)
{
	char path[256];
	int fd;

	below(name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* A byte of 0xf0 and above ends a file, and says what the next one is. */
static void put_files(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put_file(files[i], NULL, 0);
	for (size_t at = 0; at < size;) {
		const char *name = files[data[at] % ARRAY_SIZE(files)];
		size_t end = at + 1;

		while (end < size && data[end] < 0xf0)
			end++;
		put_file(name, data + at + 1, end - at - 1);
		at = end;
	}
}

static void look_at_thread(void *ctx, const struct inflight *in)
{
	(void)ctx;
	if (in->depth > INFLIGHT_FRAMES || !in->comm)
		abort();
	for (uint32_t i = 0; i < in->depth; i++)
		if (!*in->frames[i])
			abort();
}

static void look_at_user(void *ctx, const struct aiouser *u)
{
	(void)ctx;
	if (strlen(u->comm) >= sizeof(u->comm))
		abort();
}

static void look_at_fact(void *ctx, const char *what, const char *of, const char *value)
{
	(void)ctx;
	if (!*what || !of || !value)
		abort();
}

static void parse_maps(struct usyms *u, const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *pos = text, *line;

	if (!u || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	while ((line = procfile__line(&pos, text + size))) {
		struct map m = {0};

		if (parse_map(u, line, &m))
			continue;
		if (m.start >= m.end || !m.path)
			abort();
		intern__put(u->strings, m.path);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct usyms *u;
	struct mounted *m;
	struct memlimit limit;
	struct err e = {0};
	char proc[256];
	uint64_t nr;

	if (!*root)
		make_root();
	put_files(data, size);
	below("proc", proc);
	inflight__scan(NULL, proc, look_at_thread, NULL);
	aiousers__scan(NULL, proc, look_at_user, NULL);
	aiousers__reserved(proc, &nr);
	hostfacts__each(root, look_at_fact, NULL);
	fstypes__check(root, "exr4", &e);
	memlimit__read(root, &limit);
	m = mounted__new(root, &e);
	for (size_t i = 0; m && i < mounted__refresh(m); i++)
		if (!*mounted__at(m, i)->device)
			abort();
	mounted__free(m);
	u = u ? u : usyms__new(NULL);
	parse_maps(u, data, size);
	return 0;
}
