// SPDX-License-Identifier: GPL-2.0
/*
 * wander COMM: the memory of the program of that name goes from one NUMA node to the other and back,
 * as NUMA balancing and compaction move it. It runs until it is killed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOVED_AT_ONCE 512
#define PAGE 4096ul
/* <linux/mempolicy.h> */
#define MOVE_ALL 4

static pid_t find(const char *comm)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	pid_t pid = 0;

	while (!pid && (e = readdir(dir))) {
		char path[300], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		if (fscanf(f, "%31s", name) == 1 && !strcmp(name, comm))
			pid = (pid_t)strtoul(e->d_name, NULL, 10);
		fclose(f);
	}
	closedir(dir);
	return pid;
}

static void move(pid_t pid, uintptr_t from, uintptr_t to, int node)
{
	void *pages[MOVED_AT_ONCE];
	int nodes[MOVED_AT_ONCE], status[MOVED_AT_ONCE];

	while (from < to) {
		unsigned long n = 0;

		for (; n < MOVED_AT_ONCE && from < to; n++, from += PAGE) {
			pages[n] = (void *)from;
			nodes[n] = node;
		}
		syscall(SYS_move_pages, pid, n, pages, nodes, status, MOVE_ALL);
	}
}

static void move_all(pid_t pid, int node)
{
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long from, to, inode = 1;

		if (sscanf(line, "%lx-%lx rw%*s %*s %*s %lu", &from, &to, &inode) == 3 && !inode)
			move(pid, from, to, node);
	}
	if (f)
		fclose(f);
}

static void wander(const char *comm)
{
	for (int node = 0;; node = !node) {
		pid_t pid = find(comm);

		if (pid)
			move_all(pid, node);
		else
			usleep(10000);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	wander(argv[1]);
}
