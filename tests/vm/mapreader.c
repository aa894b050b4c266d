// SPDX-License-Identifier: GPL-2.0
/*
 * Another program that reads BPF maps, all the time:
 *
 *   mapreader PROCESSES
 *
 * Each of the processes looks up the large entry of a map of its own until it is killed. While a
 * look-up by bpf(2) is under way the kernel runs no kprobe or tracepoint program on that CPU
 * (bpf_disable_instrumentation()), and with a preemptible kernel another thread may be there then.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define VALUE_BYTES (256 << 10)

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = VALUE_BYTES,
		.max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int read_for_ever(int map)
{
	static char value[VALUE_BYTES];
	__u32 key = 0;
	union bpf_attr attr = {
		.map_fd = (__u32)map,
		.key = (__u64)(unsigned long)&key,
		.value = (__u64)(unsigned long)value,
	};

	while (!bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		;
	return errno;
}

int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 1, map = make_map();

	if (map < 0) {
		fprintf(stderr, "mapreader: cannot make a map: %s\n", strerror(errno));
		return 1;
	}
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			return read_for_ever(map);
		}
	}
	printf("%d\n", processes);
	fflush(stdout);
	while (wait(NULL) > 0)
		;
	return 0;
}
