// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches empty programs and reads the kernel's figures of all programs.
 * Prints "ready", then one JSON line for every line on stdin; ends with stdin.
 *
 *	probe [--empty | --fentry | --switch | --sched | --least] [--stats]
 *
 * --empty attaches the programs of empty.bpf.c, --fentry those alone that aiostall's fentry
 * programs stand for, --switch the one of sched_switch alone,
 * --sched that and the one of sched_waking, --least what no tracer of
 * requests can do without, beside nothing else; --stats has the kernel measure
 * the run time of all programs.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/empty.skel.h"

static void print_program(int fd, const char *sep)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	printf("%s{\"id\":%u,\"name\":\"%.*s\",\"runs\":%llu,\"ns\":%llu,\"jited\":%u,\"xlated\":%"
	       "u,"
	       "\"verified\":%u}",
	       sep, info.id, (int)sizeof(info.name), info.name, info.run_cnt, info.run_time_ns,
	       info.jited_prog_len, info.xlated_prog_len, info.verified_insns);
}

static void print_programs(void)
{
	const char *sep = "";
	__u32 id = 0;

	printf("[");
	while (!bpf_prog_get_next_id(id, &id)) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		print_program(fd, sep);
		sep = ",";
		close(fd);
	}
	printf("]\n");
	fflush(stdout);
}

static bool begins(const char *name, const char *with)
{
	return with && !strncmp(name, with, strlen(with));
}

/* Attached, all or those whose names begin so: 0 or -errno. */
static int attach_empty(struct empty_bpf **empty, const char *only, const char *also)
{
	struct bpf_program *p;
	int rc;

	*empty = empty_bpf__open();
	if (!*empty)
		return -errno;
	bpf_object__for_each_program(p, (*empty)->obj) if (only) bpf_program__set_autoload(
		p, begins(bpf_program__name(p), only) || begins(bpf_program__name(p), also));
	rc = empty_bpf__load(*empty);
	return rc ? rc : empty_bpf__attach(*empty);
}

int main(int argc, char **argv)
{
	struct empty_bpf *empty = NULL;
	const char *only = NULL, *also = NULL;
	bool want_empty = false, want_stats = false;
	char line[64];
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--empty"))
			want_empty = true;
		else if (!strcmp(argv[i], "--fentry"))
			want_empty = true, only = "fentry_";
		else if (!strcmp(argv[i], "--sched"))
			want_empty = true, only = "empty_switch", also = "empty_waking";
		else if (!strcmp(argv[i], "--least"))
			want_empty = true, only = "least_";
		else if (!strcmp(argv[i], "--switch"))
			want_empty = true, only = "empty_switch";
		else if (!strcmp(argv[i], "--stats"))
			want_stats = true;
		else
			return 2;
	}
	/* The measuring ends with the descriptor, so it stays open. */
	if (want_stats && bpf_enable_stats(BPF_STATS_RUN_TIME) < 0) {
		perror("probe: bpf_enable_stats");
		return 1;
	}
	if (want_empty && attach_empty(&empty, only, also)) {
		fprintf(stderr, "probe: cannot attach the empty programs\n");
		empty_bpf__destroy(empty);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		print_programs();
	empty_bpf__destroy(empty);
	return 0;
}
